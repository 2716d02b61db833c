//! Where a request of a login goes that follows a redirect, and redirects that lead to the client, which is authbench itself.

use url::Url;

use super::LoginSession;
use super::error::LoginError;
use crate::drive::control::ControlError;
use crate::observe::page::parameter_of_redirect;
use crate::plan::login::{LoginPart, LoginProcedure, LoginStep};
use crate::target::address::{below, join, shown};

/// The header field that a redirect is followed by (RFC 9110 §10.2.2).
const LOCATION: &str = "location";
/// Errors that say nothing about the request (RFC 6749 §4.1.2.1).
const OF_THE_SERVER: [&str; 2] = ["server_error", "temporarily_unavailable"];

/// An answer that redirects: from where, and where to.
#[derive(Clone, Debug)]
pub(super) struct Redirect {
    pub(super) from: Option<Url>,
    pub(super) to: String,
}

impl LoginSession {
    /// The address of a request, and the name of the request for a reader, with the whole address where it is one that an answer
    /// gave.
    pub(super) fn address(&self, base: &Url, step: &LoginStep, what: &str) -> Result<(Url, String), ControlError> {
        let name = format!("{what} ({}{})", step.name(), step.sends());
        let followed = step.address.0.iter().any(is_location).then(|| self.state.redirect()).flatten();
        if let Some(redirect) = &followed
            && let Some(error) = self.procedure.led_to_client(&redirect.to, base)
        {
            return Err(LoginError::LedToClient { step: name, error }.into());
        }
        let text = self.state.filled_address(&step.address, &self.procedure.account);
        let text = text.map_err(|missing| missing.of(&name, self.error_to_client(base)))?;
        // RFC 9110 §10.2.2: relative to the address that was asked
        let from = followed.filter(|_| step.address.0.first().is_some_and(is_location)).and_then(|one| one.from);
        let Some(from) = from else { return Ok((below(base, text.expose())?, name)) };
        let url = join(&from, text.expose())?;
        let name = format!("{what} ({} {}{})", step.method, self.masked(shown(&url)), step.sends());
        Ok((url, name))
    }

    /// The error with which the latest answer leads to the client.
    pub(super) fn error_to_client(&self, base: &Url) -> Option<String> {
        let location = self.state.latest()?.led_to()?;
        self.procedure.led_to_client(&location, base)?
    }
}

impl LoginProcedure {
    /// Whether a redirect leads to the redirection URI of a login that takes its code from there, and with which error. One with a
    /// code that leads to the target itself may be followed.
    fn led_to_client(&self, location: &str, base: &Url) -> Option<Option<String>> {
        let used_with = self.code_request()?.field("redirect_uri").and_then(|uri| uri.whole().map(str::to_owned));
        let led_to = self.redirection_uri().into_iter().chain(used_with).find(|uri| leads_to(location, uri))?;
        let error = parameter_of_redirect(location, "error");
        let is_foreign = Url::parse(&led_to).map_or(true, |uri| uri.origin() != base.origin());
        (error.is_some() || is_foreign).then_some(error)
    }
}

/// Whether a redirect leads to this redirection URI, whatever it has behind that.
pub(super) fn leads_to(location: &str, uri: &str) -> bool {
    location.strip_prefix(uri).is_some_and(|rest| rest.is_empty() || rest.starts_with(['?', '#', '&']))
}

/// Whether an error of an authorization server refuses the request that it answers.
pub(super) fn refuses(error: &str) -> bool {
    !OF_THE_SERVER.contains(&error)
}

fn is_location(part: &LoginPart) -> bool {
    matches!(part, LoginPart::Header(name) if name.eq_ignore_ascii_case(LOCATION))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drive::control::ControlAnswer;
    use crate::plan::Values;
    use crate::plan::login::CredentialSource;
    use crate::plan::resolve;
    use crate::scenario::load_text;
    use crate::secret::Secret;

    const BASE: &str = "https://api.test/v1";

    /// A login at an authorization server, of which the second request has this address, after an answer with this `Location`.
    fn after(location: &str, address: &str, redirection_uri: &str) -> LoginSession {
        let uri: String = url::form_urlencoded::byte_serialize(redirection_uri.as_bytes()).collect();
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"{BASE}\", owned: true }}\nscheme: bearer\ncredentials:\n  alice:\n    \
             login:\n      request:\n        - get: \"https://as.test/t/authorize?response_type=code&redirect_uri={uri}\"\n        \
             - get: \"{address}\"\n        - post: https://as.test/t/token\n          \
             form: {{ grant_type: authorization_code, code: \"{{location:code}}\", redirect_uri: \"{redirection_uri}\" }}\n\
             resources: [{{ request: GET /orders }}]\n"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::blind(&loaded));
        let mut session = LoginSession::new(subject.procedure_of(0).expect("has a login").clone());
        let headers = vec![("Location".to_owned(), location.as_bytes().to_vec())];
        let answer = ControlAnswer { status: 302, headers, body: Vec::new(), took: Default::default() };
        session.state.take(answer, Url::parse("https://as.test/t/authorize?response_type=code").ok());
        session
    }

    fn second(session: &LoginSession) -> Result<(String, String), ControlError> {
        let CredentialSource::Requests(steps) = &session.procedure().source else { panic!("requests") };
        let base = Url::parse(BASE).expect("a URL");
        let (url, name) = session.address(&base, &steps[1], "request 2")?;
        Ok((url.into(), name))
    }

    #[test]
    fn a_redirect_is_relative_to_the_address_that_it_came_from() {
        const FOLLOWED: &str = "{header:Location}";
        for (location, address, expected, name) in [
            ("/login?req=1", FOLLOWED, "https://as.test/login?req=1", "request 2 (GET https://as.test/login)"),
            ("login?req=1", FOLLOWED, "https://as.test/t/login?req=1", "request 2 (GET https://as.test/t/login)"),
            ("?req=1", FOLLOWED, "https://as.test/t/authorize?req=1", "request 2 (GET https://as.test/t/authorize)"),
            ("//id.test/a", FOLLOWED, "https://id.test/a", "request 2 (GET https://id.test/a)"),
            ("https://id.test/a", FOLLOWED, "https://id.test/a", "request 2 (GET https://id.test/a)"),
            ("/login", "{header:location}?x=1", "https://as.test/login?x=1", "request 2 (GET https://as.test/login)"),
            // what is written before it says where it goes
            ("/login", "https://as.test{header:Location}", "https://as.test/login", "request 2 (GET https://as.test…)"),
            // what an answer does not say is on the target
            ("/login", "/page", "https://api.test/v1/page", "request 2 (GET /page)"),
        ] {
            let found = second(&after(location, address, "https://app.test/cb")).expect("has an address");
            assert_eq!((found.0.as_str(), found.1.as_str()), (expected, name), "{location} {address}");
        }
    }

    #[test]
    fn the_values_of_an_address_are_percent_encoded() {
        for (address, expected) in [
            ("/in?u={username}&p={password}", "https://api.test/v1/in?u=a%20b&p=p%26%25%2B%23%C3%A9%20"),
            ("/in/{username}?next=/a%20b", "https://api.test/v1/in/a%20b?next=/a%20b"),
            ("/in?{header:Location}", "https://api.test/v1/in?/to?a=b&c=d%20e"),
            ("/in?a={location:a}&c={location:c}", "https://api.test/v1/in?a=b&c=d%20e"),
        ] {
            let mut session = after("/to?a=b&c=d%20e", address, "https://app.test/cb");
            session.procedure = session.procedure().with_account("a b", Secret::new("p&%+#\u{e9} "));
            assert_eq!(second(&session).expect("has an address").0, expected, "{address}");
        }
    }

    #[test]
    fn nothing_is_sent_to_the_client() {
        const APP: &str = "https://app.test/cb";
        // at the target itself
        const OWN: &str = "https://api.test/cb";
        const PREFIXED: &str = "https://as.test{header:Location}";
        for (location, address, uri, expected) in [
            ("https://app.test/cb?error=invalid_request&state=x", "{header:Location}", APP, Some(true)),
            ("https://app.test/cb?error=invalid_request", PREFIXED, APP, Some(true)),
            ("https://app.test/cb#error=access_denied", "{header:Location}", APP, Some(true)),
            ("https://app.test/cb?error=server_error", "{header:Location}", APP, Some(false)),
            ("https://app.test/cb?code=1", "{header:Location}", APP, Some(false)),
            ("https://api.test/cb?error=invalid_request", "{header:Location}", OWN, Some(true)),
            ("https://api.test/cb?code=1", "{header:Location}", OWN, None),
            ("/login?error=login_required", "{header:Location}", APP, None),
            ("https://app.test/cbx?error=invalid_request", "{header:Location}", APP, None),
        ] {
            let refused = match second(&after(location, address, uri)) {
                Ok(_) => None,
                Err(ControlError::Login(error @ LoginError::LedToClient { .. })) => Some(error.is_refused_to_client()),
                Err(other) => panic!("{other}"),
            };
            assert_eq!(refused, expected, "{location} {address}");
        }
    }

    #[test]
    fn a_value_that_is_missing_beside_an_error_to_the_client_was_refused() {
        for (location, expected) in [
            ("https://app.test/cb?error=invalid_request", true),
            ("/login?error=invalid_request", false),
            ("/login", false),
        ] {
            match second(&after(location, "/page?csrf={input:csrf}", "https://app.test/cb")) {
                Err(ControlError::Login(error)) => assert_eq!(error.is_refused_to_client(), expected, "{location}"),
                other => panic!("{other:?}"),
            }
        }
    }
}
