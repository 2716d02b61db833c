//! The secrets of a subject: what no report shows, and what no answer of the target may show.

use super::subject::{Login, Subject};
use crate::scheme::Proof;
use crate::secret::Secret;

impl Subject {
    /// The secrets that the target knows, each with its name for a reader.
    pub fn named_secrets(&self) -> Vec<(String, &Secret)> {
        let mut named: Vec<(String, &Secret)> = Vec::new();
        for identity in &self.identities {
            let name = &identity.name;
            match &identity.login {
                Login::Proof(Proof::Key(secret)) => named.push((format!("the key of `{name}`"), secret)),
                Login::Proof(Proof::Token(secret)) => named.push((format!("the token of `{name}`"), secret)),
                Login::Proof(Proof::Password { password, .. }) => {
                    named.push((format!("the password of `{name}`"), password));
                }
                Login::Proof(Proof::Signing(own)) => {
                    named.push((format!("the secret key of `{name}`"), &own.secret));
                }
                Login::Client { secret: Some(secret), .. } => {
                    named.push((format!("the client secret of `{name}`"), secret));
                }
                Login::Procedure(procedure) => {
                    let secrets = procedure.secrets();
                    named.extend(
                        secrets.into_iter().map(|secret| (format!("a secret of the login of `{name}`"), secret)),
                    );
                }
                // the token of another identity
                Login::Rescoped { .. } => {}
                Login::Proof(Proof::Certificate(_) | Proof::Bound(_) | Proof::Message(_))
                | Login::Client { secret: None, .. }
                | Login::Minted { .. }
                | Login::Nothing => {}
            }
        }
        let material = &self.material;
        let keys =
            material.signing_secrets.iter().map(|secret| ("a key that signs tokens or assertions".to_owned(), secret));
        named.extend(keys);
        for client in material.clients() {
            named.extend(
                client.secret.iter().map(|secret| (format!("the secret of the client `{}`", client.id), secret)),
            );
        }
        named
    }

    /// Every secret value, for the scrubber.
    pub fn secrets(&self) -> Vec<&Secret> {
        let mut secrets: Vec<&Secret> = Vec::new();
        for identity in &self.identities {
            match &identity.login {
                Login::Proof(Proof::Key(secret) | Proof::Token(secret) | Proof::Password { password: secret, .. })
                | Login::Rescoped { token: secret, .. }
                | Login::Client { secret: Some(secret), .. } => secrets.push(secret),
                Login::Proof(Proof::Signing(own)) => {
                    secrets.push(&own.secret);
                    secrets.extend(&own.session_token);
                }
                Login::Procedure(procedure) => secrets.extend(procedure.secrets()),
                Login::Proof(Proof::Certificate(_) | Proof::Bound(_) | Proof::Message(_))
                | Login::Client { secret: None, .. }
                | Login::Minted { .. }
                | Login::Nothing => {}
            }
        }
        let material = &self.material;
        secrets.extend(material.clients().filter_map(|client| client.secret.as_ref()));
        let alone = [&material.other_audience_token, &material.refresh_token, &material.expendable_password];
        secrets.extend(alone.into_iter().flatten());
        if let Some(account) = &material.expendable_codes {
            secrets.push(&account.password);
            secrets.extend(account.one_time.secrets());
        }
        secrets.extend(&material.signing_secrets);
        secrets.extend(material.refresh_grant.iter().flat_map(|grant| [&grant.refresh_token, &grant.access_token]));
        secrets.extend(material.accounts.iter().map(|account| &account.password));
        secrets
    }
}
