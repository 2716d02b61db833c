//! Requests to the endpoints of an authorization server.

use super::{Act, Caster, Control, Missing, missing};
use crate::check::step::{ClientRole, Endpoint, Fetch, FormAuth, FormStep, MetadataDocument, Want};
use crate::observe::{ForgeryId, Phrase};
use crate::plan::describe;
use crate::plan::near_password::near_secret;
use crate::plan::subject::{ClientAuthMethod, ClientCredential};

/// A certificate of the CA that the target trusts, for another subject.
const OTHER_SUBJECT: ForgeryId = ForgeryId::new("other-subject");

impl Caster<'_> {
    pub(super) fn form(&mut self, index: usize, form: &'static FormStep) -> Result<(), Missing> {
        if !form.optional {
            self.endpoint(form.endpoint)?;
        }
        self.client(ClientRole::Good)?;
        match self.endpoint(form.endpoint).and_then(|()| self.client_auth(form)) {
            Err(Missing { why, .. }) if form.optional => {
                self.left_out.get_or_insert(why);
                return Ok(());
            }
            given => given?,
        }
        self.budget(form.exhausts)?;
        self.check_fills(form.params.iter().map(|(_, fill)| *fill))?;
        // what may be answered either way is read for what it does not grant: somebody else must be granted it
        let either = matches!(form.want, Want::Either) && !self.is_control;
        let introspects = form.endpoint == Endpoint::Introspection;
        // what an optional introspection shows is a proof of its own
        let describes = introspects && form.optional;
        if !describes && (either || introspects || matches!(form.want, Want::Denied(_))) {
            let auth = self.correct_twin(form.auth);
            self.control(Control::Endpoint { endpoint: form.endpoint, auth });
        }
        let description = form.description.unwrap_or_else(|| describe::client_auth(form.auth));
        self.push(index, Some(description.into()), Act::Form(*form));
        Ok(())
    }

    /// Failed authentications of the good client and of clients that do not exist.
    pub(super) fn compare_clients(&mut self, index: usize) -> Result<(), Missing> {
        self.endpoint(Endpoint::Token)?;
        self.good_client_has(|client| client.secret.is_some(), "client_secret")?;
        self.control(Control::Endpoint { endpoint: Endpoint::Token, auth: FormAuth::Good });
        let description = Phrase::new("failed authentications of a known client and of unknown ones");
        self.push(index, Some(description.into()), Act::CompareClients);
        Ok(())
    }

    /// How the client of a form authenticates correctly: what it gets then shows that a refusal was one of what is wrong.
    fn correct_twin(&self, auth: FormAuth) -> FormAuth {
        let has_secret = self.sends_its_secret().is_ok();
        // a client may be registered for one method (RFC 7591 §2)
        let by_basic = self.uses_basic(Endpoint::Token).is_ok();
        match auth {
            auth if auth.is_assertion() => FormAuth::Assertion,
            FormAuth::Second | FormAuth::LowScope | FormAuth::ForeignResourceServer => auth,
            FormAuth::NearSecret(_) => FormAuth::Good,
            FormAuth::WrongPost if has_secret => FormAuth::Post,
            // where the client sends its secret otherwise, the control shows whether the target takes HTTP Basic from it at all
            FormAuth::WrongBasic if has_secret => FormAuth::Basic,
            FormAuth::Both
            | FormAuth::BothBodyWrong
            | FormAuth::Contradicting
            | FormAuth::TwoHeaders
            | FormAuth::OtherSecret(_)
            | FormAuth::SecretBefore(_)
            | FormAuth::Respelled(_)
            | FormAuth::Behind(_)
            | FormAuth::EncodedId
                if has_secret && by_basic =>
            {
                FormAuth::Basic
            }
            _ => FormAuth::Good,
        }
    }

    pub(super) fn client_auth(&self, form: &FormStep) -> Result<(), Missing> {
        let material = &self.subject.material;
        let (there, key) = match form.auth {
            FormAuth::Public => (material.public_client_id.is_some(), "public_client_id"),
            FormAuth::ExpendableWrong => (material.expendable_client_id.is_some(), "expendable_client_id"),
            FormAuth::WithoutGrant => (material.client_without_grant.is_some(), "client_without_grant"),
            FormAuth::Special | FormAuth::SpecialRaw => (material.special_client.is_some(), "special_client"),
            FormAuth::ForeignResourceServer => {
                (material.foreign_introspection_client.is_some(), "foreign_introspection_client")
            }
            FormAuth::Second => return self.client(ClientRole::Second).map(drop),
            FormAuth::LowScope => return self.client(ClientRole::LowScope).map(drop),
            FormAuth::Basic
            | FormAuth::Post
            | FormAuth::Both
            | FormAuth::BothBodyWrong
            | FormAuth::Contradicting
            | FormAuth::InQuery
            | FormAuth::TwoHeaders => return self.sends_its_secret(),
            FormAuth::NearSecret(kind) => {
                self.sends_its_secret_alone()?;
                let good = self.subject.identities[self.client(ClientRole::Good)?].client();
                let near = good.and_then(|client| near_secret(client.secret.as_ref()?, kind));
                return near.map(drop).ok_or_else(|| Missing::of("the client secret offers nothing to change"));
            }
            FormAuth::Behind(_) | FormAuth::EncodedId => return self.uses_basic(form.endpoint),
            FormAuth::Respelled(spelling) => {
                self.uses_basic(form.endpoint)?;
                let good = self.subject.identities[self.client(ClientRole::Good)?].client();
                let is_padded = good.is_some_and(|client| client.basic_pair_len() % 3 != 0);
                return match is_padded || !spelling.needs_padding() {
                    true => Ok(()),
                    false => missing("the client credentials have no padding in Base64"),
                };
            }
            FormAuth::IdOnly if matches!(form.endpoint, Endpoint::Introspection | Endpoint::Revocation) => {
                return self.has_to_prove_itself(form.endpoint);
            }
            auth if auth.is_assertion() => return self.signs_assertions(),
            FormAuth::CertificateOfAnother => {
                self.by_certificate()?;
                let good = self.client(ClientRole::Good)?;
                let second = self.subject.second_client(good).map(|at| &self.subject.identities[at]);
                return match second.is_some_and(|second| second.certificate.is_some()) {
                    true => Ok(()),
                    false => missing("no second client with a certificate (`tls`) among `credentials`"),
                };
            }
            FormAuth::ForgedCertificate(id) => {
                let method = self.by_certificate()?;
                let needs_ca = id == OTHER_SUBJECT && method == ClientAuthMethod::TlsClientAuth;
                if id == OTHER_SUBJECT && !needs_ca {
                    return missing("a self-signed certificate has no CA that could sign another one");
                }
                (!needs_ca || material.client_ca.is_some(), "client_ca")
            }
            _ if form.endpoint == Endpoint::TokenAlias => return self.by_certificate().map(drop),
            _ => (true, ""),
        };
        if there { Ok(()) } else { missing(format!("no `material.{key}`")) }
    }

    /// Whether the good client has a secret that it may send: what is registered for assertions is refused in every other form.
    fn sends_its_secret(&self) -> Result<(), Missing> {
        self.good_client_has(|client| client.secret.is_some(), "client_secret")?;
        let good = self.subject.identities[self.client(ClientRole::Good)?].client();
        match good.is_some_and(|client| client.method(self.usual_method()) == ClientAuthMethod::SecretJwt) {
            true => missing("the client proves its secret by `client-secret-jwt`, and sends it to nobody"),
            false => Ok(()),
        }
    }

    /// Whether the client of an endpoint is none that names itself and proves nothing (RFC 6749 §2.1).
    fn has_to_prove_itself(&self, endpoint: Endpoint) -> Result<(), Missing> {
        let material = &self.subject.material;
        let own = material.introspection_client.clone().filter(|_| endpoint == Endpoint::Introspection);
        let client = own.or(self.subject.identities[self.client(ClientRole::Good)?].client());
        let proves = |client: &ClientCredential| {
            let has_proof = client.secret.as_ref().is_some_and(|secret| !secret.expose().is_empty())
                || client.assertion_key(self.usual_method()).is_some()
                || client.connection.0.is_some();
            has_proof && material.public_client_id.as_ref() != Some(&client.id)
        };
        match client.as_ref().is_some_and(proves) {
            true => Ok(()),
            false => missing("the client of the endpoint is a public one"),
        }
    }

    /// Whether the good client authenticates by a secret that it sends.
    fn sends_its_secret_alone(&self) -> Result<(), Missing> {
        self.sends_its_secret()?;
        let good = self.subject.identities[self.client(ClientRole::Good)?].client();
        let method = good.map(|client| client.method(self.usual_method()));
        match method {
            Some(ClientAuthMethod::Basic | ClientAuthMethod::Post) => Ok(()),
            _ => missing("the client does not authenticate by its secret"),
        }
    }

    /// Whether a client can sign an assertion, with its key or its secret.
    fn signs_assertions(&self) -> Result<(), Missing> {
        match self.subject.assertion_identity() {
            Some(_) => Ok(()),
            None => missing("no client has a `client_key`, or authenticates by `client-secret-jwt`"),
        }
    }

    /// How the good client authenticates, where it does so by its certificate.
    fn by_certificate(&self) -> Result<ClientAuthMethod, Missing> {
        let good = self.subject.identities[self.client(ClientRole::Good)?].client();
        let method = good.map(|client| client.method(self.usual_method()));
        match method.filter(|method| method.is_by_certificate()) {
            Some(method) => Ok(method),
            None => missing("the client does not authenticate by a certificate (`client_auth: tls-client-auth`)"),
        }
    }

    fn usual_method(&self) -> ClientAuthMethod {
        self.subject.authorization_server.as_ref().map_or(ClientAuthMethod::Basic, |server| server.client_auth)
    }

    /// Whether the client of an endpoint authenticates by HTTP Basic there: how a server reads a header that it does not
    /// offer is not asked.
    fn uses_basic(&self, endpoint: Endpoint) -> Result<(), Missing> {
        let subject = self.subject;
        let good = subject.identities[self.client(ClientRole::Good)?].client();
        let own = subject.material.introspection_client.clone().filter(|_| endpoint == Endpoint::Introspection);
        let wanted = self.usual_method();
        let is_basic =
            |client: &ClientCredential| client.secret.is_some() && client.method(wanted) == ClientAuthMethod::Basic;
        match own.or(good).as_ref().is_some_and(is_basic) {
            true => Ok(()),
            false => missing("the client does not authenticate by HTTP Basic"),
        }
    }

    fn good_client_has(&self, has: fn(&ClientCredential) -> bool, key: &str) -> Result<(), Missing> {
        let good = self.subject.identities[self.client(ClientRole::Good)?].client();
        if good.as_ref().is_some_and(has) { Ok(()) } else { missing(format!("the good client has no `{key}`")) }
    }

    pub(super) fn endpoint(&self, endpoint: Endpoint) -> Result<(), Missing> {
        let Some(server) = &self.subject.authorization_server else {
            return missing("the scheme has no authorization server");
        };
        // with an issuer, endpoints that the scenario does not name are discovered when the run begins
        let (there, key) = match endpoint {
            Endpoint::Token => (server.token.is_some(), "token_url"),
            Endpoint::TokenAlias if server.token_alias.is_some() => return Ok(()),
            Endpoint::TokenAlias => {
                let why = "no `mtls_endpoint_aliases` in the issuer's metadata names a token endpoint on the origin of the issuer or at `token_url`";
                return Err(Missing { may_be_discovered: self.discovers(), ..Missing::of(why) });
            }
            Endpoint::Introspection => (server.introspection.is_some(), "introspection_url"),
            Endpoint::Revocation => (server.revocation.is_some(), "revocation_url"),
        };
        if there {
            return Ok(());
        }
        let may_be_discovered = self.discovers();
        let why = match (may_be_discovered, &server.issuer) {
            (true, _) => format!("no `{key}` in the scenario: the issuer's metadata may name it"),
            (false, Some(_)) => format!("no `{key}` in the scenario, and no such endpoint in the issuer's metadata"),
            (false, None) => format!("no `{key}` in the scenario, and no `issuer` whose metadata could name it"),
        };
        Err(Missing { may_be_discovered, ..Missing::of(why) })
    }

    /// Whether the metadata of the issuer has still to be read.
    pub(super) fn discovers(&self) -> bool {
        let server = self.subject.authorization_server.as_ref();
        server.is_some_and(|server| server.issuer.is_some() && !server.is_discovered)
    }

    /// Whether the scenario names an issuer that is a claim of tokens alone.
    pub(super) fn names_issuer_of_tokens(&self) -> bool {
        self.subject.scheme.name() == "jwt" && self.subject.kit.issuer.is_some()
    }

    /// Why there is no issuer whose metadata could be read.
    pub(super) fn lacks_issuer(&self) -> &'static str {
        match self.names_issuer_of_tokens() {
            true => {
                "the `issuer` of scheme `jwt` is the `iss` of tokens, and names no authorization server: write `scheme: { bearer: \
                 { issuer: … } }` with the address of that server, in a scenario of its own"
            }
            false => "no `issuer` in the scheme",
        }
    }

    pub(super) fn fetch(&mut self, index: usize, fetch: &'static Fetch) -> Result<(), Missing> {
        let issuer = self.subject.authorization_server.as_ref().and_then(|server| server.issuer.as_ref());
        match fetch.document {
            MetadataDocument::ProtectedResource if self.subject.material.resource_identifier.is_none() => {
                return missing("no `material.resource_identifier`");
            }
            MetadataDocument::KeySet if self.subject.kit.keys_at.is_none() => {
                let why = "no `jwks_url` in the scheme and no `jwks_uri` in the issuer's metadata";
                return Err(Missing { may_be_discovered: self.discovers(), ..Missing::of(why) });
            }
            MetadataDocument::OfMainResource => drop(self.main_resource()?),
            MetadataDocument::ProtectedResource
            | MetadataDocument::OfHost
            | MetadataDocument::NamedByChallenge
            | MetadataDocument::KeySet => {}
            _ if issuer.is_none() => return missing(self.lacks_issuer()),
            _ => {}
        }
        let description = fetch.description.unwrap_or(Phrase::new("the metadata document"));
        self.push(index, Some(description.into()), Act::Fetch(*fetch));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use crate::plan::resolve;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    #[test]
    fn the_first_client_with_a_key_signs_assertions() {
        const SIGNS: &str = ", client_auth: client-secret-jwt";
        for (first, second, expected) in
            [("", SIGNS, Some("robot")), (SIGNS, SIGNS, Some("shop")), (SIGNS, "", Some("shop")), ("", "", None)]
        {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"https://as.example\" }}\nscheme:\n  \
                 oauth2-client-credentials: {{ token_url: \"https://as.example/token\" }}\ncredentials:\n  \
                 shop: {{ client_id: shop, client_secret: first-secret{first} }}\n  \
                 robot: {{ client_id: robot, client_secret: second-secret{second} }}\n"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::blind(&loaded));
            let found = subject.assertion_identity().map(|at| subject.identities[at].name.as_str());
            assert_eq!(found, expected, "{first:?} {second:?}");
        }
    }
}
