//! What is asked in the place of a resource where there is nothing but an authorization server to test: its introspection endpoint says
//! whether a token lives, and its token endpoint answers good clients, unknown ones and nobody.

use super::{Act, Caster, Control, Missing, NO_RESOURCES, missing};
use crate::check::Check;
use crate::check::step::{
    ClientRole, Encoding, Endpoint, Fill, FormAuth, FormStep, LookedFor, On, Send, Step, Want, Who,
};
use crate::observe::{Description, ForgeryId};
use crate::plan::describe;

/// What takes the place of a resource in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum StandIn {
    /// Nothing: the check is about resources.
    Nothing,
    /// The introspection of a token: one that is active has access.
    Introspection,
    /// A request for a token: the check looks at what other checks were answered, and needs a proof that there are answers.
    TokenRequest,
}

/// A request for a token.
const TOKEN_REQUEST: FormStep = FormStep {
    id: None,
    endpoint: Endpoint::Token,
    auth: FormAuth::Good,
    headers: &[],
    origin: None,
    proof: None,
    params: &[("grant_type", Fill::Text("client_credentials"))],
    method: "POST",
    encoding: Encoding::Form,
    want: Want::Granted,
    description: None,
    times: 1,
    optional: false,
    exhausts: false,
    keep: None,
    unhinted: false,
};

impl StandIn {
    /// What takes that place in this check.
    pub(super) fn of(check: &Check) -> Self {
        // answers that repeat a credential are looked for at resources alone
        let looks_back = |step: &Step| matches!(step, Step::LookBack(wanted) if *wanted != LookedFor::Echoes);
        match check.group() {
            "token" | "revoke" => Self::Introspection,
            _ if check.steps.iter().any(looks_back) => Self::TokenRequest,
            _ => Self::Nothing,
        }
    }
}

impl Caster<'_> {
    /// Asks in the place of a resource.
    pub(super) fn stand_in(&mut self, index: usize, send: &'static Send) -> Result<(), Missing> {
        let is_plain = send.on == On::Protected && send.alter.is_empty();
        match (self.stand_in, send.who) {
            (StandIn::Introspection, Who::Slot(slot)) if is_plain => {
                self.introspects()?;
                let what = send.description.map_or_else(|| "the token".to_owned(), |what| what.to_string());
                let description = Description::new(format!("{what}, as introspection sees it"));
                self.push(index, Some(description), Act::Introspect(slot));
                Ok(())
            }
            (StandIn::TokenRequest, Who::Anonymous) if is_plain => self.token_request(index, send, FormAuth::None),
            (StandIn::TokenRequest, Who::Forged(ForgeryId::UNKNOWN)) if is_plain => {
                self.token_request(index, send, FormAuth::UnknownClient)
            }
            (StandIn::TokenRequest, Who::Good) if is_plain => self.token_request(index, send, FormAuth::Good),
            // what is sent beside these is about resources alone
            (StandIn::TokenRequest, _) => Ok(()),
            _ => missing(NO_RESOURCES),
        }
    }

    /// Whether introspection takes the place of a resource, between controls of a token that lives.
    pub(super) fn introspects(&mut self) -> Result<(), Missing> {
        let lacks = |lacking: Missing| Missing {
            why: format!("the scenario has no `resources`, and {}", lacking.why),
            ..lacking
        };
        self.endpoint(Endpoint::Introspection).map_err(lacks)?;
        self.client(ClientRole::Good)?;
        self.control(Control::Endpoint { endpoint: Endpoint::Introspection, auth: FormAuth::Good });
        Ok(())
    }

    fn token_request(&mut self, index: usize, send: &'static Send, auth: FormAuth) -> Result<(), Missing> {
        self.endpoint(Endpoint::Token)?;
        self.client(ClientRole::Good)?;
        // a good client that is granted a token is a proof of its own
        if matches!(send.want, Want::Denied(_)) {
            self.control(Control::Endpoint { endpoint: Endpoint::Token, auth: FormAuth::Good });
        }
        let description = send.description.unwrap_or_else(|| describe::client_auth(auth));
        let form = FormStep { auth, want: send.want, ..TOKEN_REQUEST };
        self.push(index, Some(description.into()), Act::Form(form));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::cast::script;
    use crate::plan::resolve;
    use crate::plan::subject::Subject;
    use crate::plan::values::Values;
    use crate::scenario::load_text;

    fn alone(endpoints: &str) -> Subject {
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"https://as.example\", owned: true }}\nscheme:\n  \
             oauth2-client-credentials: {{ token_url: /token{endpoints} }}\ncredentials:\n  \
             shop: {{ client_id: shop, client_secret: first-secret }}\n  \
             robot: {{ client_id: robot, client_secret: second-secret }}\n"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        resolve::subject(&loaded, &Values::blind(&loaded))
    }

    /// What a check does, one letter for each action, and what proves it; or why it is not tested.
    fn planned(check: &str, subject: &Subject) -> Result<(String, Vec<Endpoint>), String> {
        let check = crate::check::find(check).expect("is in the catalogue");
        let script = script(check, subject).map_err(|missing| missing.why)?;
        let letter = |action: &crate::plan::Action| match &action.act {
            Act::Obtain { .. } => 'o',
            Act::Form(form) if form.auth == FormAuth::None => 'n',
            Act::Form(form) if form.auth == FormAuth::UnknownClient => 'u',
            Act::Form(_) => 'f',
            Act::Introspect(_) => 'i',
            Act::AwaitInactive(_) => 'w',
            Act::LookBack(_) => 'l',
            _ => '-',
        };
        let proven_by = |control: &Control| match control {
            Control::Endpoint { endpoint, .. } => Some(*endpoint),
            _ => None,
        };
        Ok((script.actions.iter().map(letter).collect(), script.controls.iter().filter_map(proven_by).collect()))
    }

    #[test]
    fn introspection_and_token_requests_take_the_place_of_resources() {
        use Endpoint::{Introspection, Revocation, Token};
        let whole = alone(", introspection_url: /introspect, revocation_url: /revoke");
        for (check, acts, proven_by) in [
            ("revoke.valid-token", "oifwi", vec![Introspection]),
            ("revoke.client-auth-required", "onffi", vec![Revocation, Introspection]),
            ("common.auth-error-no-internals", "nul", vec![Token]),
            ("common.errors-show-no-secrets", "fll", vec![]),
            ("common.401-carries-challenge", "nul", vec![Token]),
            ("common.challenge-grammar", "nul", vec![Token]),
        ] {
            let (seen, by) = planned(check, &whole).expect("is tested");
            assert_eq!((seen.as_str(), by), (acts, proven_by), "{check}");
        }
        let why = planned("revoke.valid-token", &alone(", revocation_url: /revoke")).expect_err("is not tested");
        assert!(why.contains("no `resources`") && why.contains("no `introspection_url`"), "{why}");
        for check in ["bearer.valid-accepted", "bearer.revoked-token-401", "common.credential-not-repeated"] {
            let why = planned(check, &whole).expect_err("is about resources");
            assert!(why.contains("no `resources`"), "{check}: {why}");
        }
    }
}
