//! One scenario against one server of our own.

use std::time::Duration;

use crate::event::{CheckResult, Event, Finding, Note};
use crate::exit::Exit;
use crate::run::{Launch, Only, Options, prepare, run};
use crate::scenario::{NoVariables, ScenarioError, load_text};

/// How the reference issues tokens at a login, and what they open.
const LOGIN: &str = r#"
logins:
  app:
    request: { post: /login-token/login, json: { username: "{username}", password: "{password}" } }
    refresh: { post: /login-token/refresh, json: { refresh_token: "{/refresh_token}" } }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
    password_change: { post: /login-token/password, headers: { Authorization: "Bearer {token}" }, json: { password: "{password}", new_password: "{new_password}" } }
    password_reset: { post: /login-token/forgot, json: { username: "{username}" } }
    reset_completion:
      mail: { get: "/outbox/{username}" }
      request: { post: /login-token/reset, json: { username: "{username}", token: "{reset_token}", new_password: "{new_password}" } }
    registration: { post: /login-token/register, json: { username: "{username}", password: "{new_password}" } }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: app, username: reader, password: reader-Lantern-4-quiet, scopes: [read:orders], tenant: a }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - { request: POST /login-token/orders, scopes: [write:orders], writes: true, json: { item: lamp } }
  - request: GET /login-token/account
  - { request: GET /public, public: true }
"#;

/// The same where the login asks a token endpoint by the password grant, of two clients.
const GRANT: &str = r#"
logins:
  app:
    password: { token_url: /login-token/token, client_id: service, client_secret: service-Secret-5vK8mT2x }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
  other:
    password: { token_url: /login-token/token, client_id: reader, client_secret: reader-Secret-9pQ4wZ7c }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: other, username: reader, password: reader-Lantern-4-quiet, scopes: [read:orders], tenant: a }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - { request: GET /public, public: true }
"#;

/// The same where the login ends with an authorization code, of two clients.
const CODE: &str = r#"
logins:
  app:
    request:
      - get: "/login-token/authorize?response_type=code&client_id=service&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback&state=x7&scope=openid&nonce=n-0S6&resource=https%3A%2F%2Fapi.example.test%2F&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
      - { post: /login-token/authorize, form: { request: "{input:request}", username: "{username}", password: "{password}" } }
      - post: /login-token/token
        basic: { username: service, password: service-Secret-5vK8mT2x }
        form: { grant_type: authorization_code, code: "{location:code}", redirect_uri: "https://app.example.test/callback", code_verifier: dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk }
    refresh: { post: /login-token/token, basic: { username: service, password: service-Secret-5vK8mT2x }, form: { grant_type: refresh_token, refresh_token: "{/refresh_token}" } }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
  other:
    request:
      - get: "/login-token/authorize?response_type=code&client_id=reader&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback"
      - { post: /login-token/authorize, form: { request: "{input:request}", username: "{username}", password: "{password}" } }
      - post: /login-token/token
        basic: { username: reader, password: reader-Secret-9pQ4wZ7c }
        form: { grant_type: authorization_code, code: "{location:code}", redirect_uri: "https://app.example.test/callback" }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
  device:
    request:
      - get: "/login-token/authorize?response_type=code&client_id=public-app&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
      - { post: /login-token/authorize, form: { request: "{input:request}", username: "{username}", password: "{password}" } }
      - post: /login-token/token
        form: { grant_type: authorization_code, client_id: public-app, code: "{location:code}", redirect_uri: "https://app.example.test/callback", code_verifier: dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: other, username: reader, password: reader-Lantern-4-quiet, scopes: [read:orders], tenant: a }
  phone: { login: device, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - { request: GET /public, public: true }
"#;

/// The same where a resource needs a scope that one of the credentials lacks.
const CODE_FOR_WRITES: &str = r#"
logins:
  app:
    request:
      - get: "/login-token/authorize?response_type=code&client_id=service&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback"
      - { post: /login-token/authorize, form: { request: "{input:request}", username: "{username}", password: "{password}" } }
      - post: /login-token/token
        basic: { username: service, password: service-Secret-5vK8mT2x }
        form: { grant_type: authorization_code, code: "{location:code}", redirect_uri: "https://app.example.test/callback" }
  other:
    request:
      - get: "/login-token/authorize?response_type=code&client_id=reader&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback"
      - { post: /login-token/authorize, form: { request: "{input:request}", username: "{username}", password: "{password}" } }
      - post: /login-token/token
        basic: { username: reader, password: reader-Secret-9pQ4wZ7c }
        form: { grant_type: authorization_code, code: "{location:code}", redirect_uri: "https://app.example.test/callback" }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: other, username: reader, password: reader-Lantern-4-quiet, scopes: [read:orders], tenant: a }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - { request: POST /login-token/orders, scopes: [write:orders], writes: true, json: { item: lamp, count: 1 } }
  - { request: GET /public, public: true }
"#;

/// The same where whoever has logged in before gets a code at once.
const SINGLE_SIGN_ON: &str = r#"
logins:
  app:
    request:
      - { post: /login-token/login, json: { username: "{username}", password: "{password}" } }
      - get: "/login-token/authorize?response_type=code&client_id=service&redirect_uri=https%3A%2F%2Fapp.example.test%2Fcallback&state=x7"
        headers: { Authorization: "Bearer {/access_token}" }
      - post: /login-token/token
        basic: { username: service, password: service-Secret-5vK8mT2x }
        form: { grant_type: authorization_code, code: "{location:code}", redirect_uri: "https://app.example.test/callback" }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - { request: GET /public, public: true }
"#;

/// Sessions that are renewed by a cookie.
const REFRESHED_SESSION: &str = r#"
logins:
  form:
    request:
      - get: /session/login
      - { post: /session/login, form: { csrf: "{input:csrf}", username: "{username}", password: "{password}" }, success: { status: 302 } }
    token: { cookie: session }
    refresh: { post: /session/refresh, success: { status: 204 } }
    write_headers: { X-CSRF-Token: "{cookie:csrf}" }
    logout: { post: /session/logout }
credentials:
  service: { login: form, username: service, password: correct-Horse-7-battery, scopes: [read:orders, write:orders], tenant: a }
resources:
  - { request: GET /session/orders, scopes: [read:orders] }
  - request: GET /session/account
  - { request: GET /public, public: true }
"#;

/// Logins with a one-time code: in a request of its own after the password, or beside it.
const ONE_TIME: &str = r#"
logins:
  app:
    request:
      - { post: /login-token/otp/password, json: { username: "{username}", password: "{password}" } }
      - { post: /login-token/otp/code, json: { mfa_token: "{/mfa_token}", code: "{totp}" } }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
  other:
    request: { post: /login-token/otp/login, json: { username: "{username}", password: "{password}", code: "{totp}" } }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, totp: { secret: N52HALLTMVZHM2LDMUWVM4JYGJWUY6BU, period: 2s }, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: other, username: reader, password: reader-Lantern-4-quiet, totp: { secret: N52HALLSMVQWIZLSFU3WQV3OGNNGWUTU, period: 2s }, scopes: [read:orders], tenant: a }
material:
  expendable_code_account: { username: expendable, password: expendable-Kettle-6-marble, totp: { secret: N52HALLFPBYGK3TEFU2XSR3DHFCHAVDT, period: 2s } }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - request: GET /login-token/account
  - { request: GET /public, public: true }
"#;

/// The same where the code that is looked at comes beside the password.
const ONE_TIME_BESIDE: &str = r#"
logins:
  app:
    request: { post: /login-token/otp/login, json: { username: "{username}", password: "{password}", code: "{totp}" } }
    logout: { post: /login-token/logout, headers: { Authorization: "Bearer {token}" } }
credentials:
  service: { login: app, username: service, password: correct-Horse-7-battery, totp: { secret: N52HALLTMVZHM2LDMUWVM4JYGJWUY6BU, period: 2s }, scopes: [read:orders, write:orders], tenant: a }
  reader: { login: app, username: reader, password: reader-Lantern-4-quiet, totp: { secret: N52HALLSMVQWIZLSFU3WQV3OGNNGWUTU, period: 2s }, scopes: [read:orders], tenant: a }
material:
  expendable_code_account: { username: expendable, password: expendable-Kettle-6-marble, totp: { secret: N52HALLFPBYGK3TEFU2XSR3DHFCHAVDT, period: 2s } }
resources:
  - { request: GET /login-token/orders, scopes: [read:orders] }
  - request: GET /login-token/account
  - { request: GET /public, public: true }
"#;

/// Where the credentials of a trial come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrialLogin {
    /// They are what the scheme says.
    None,
    /// A login of requests.
    Requests,
    /// A login by the password grant (RFC 6749 §4.3).
    Grant,
    /// A login by an authorization code (RFC 6749 §4.1).
    Code,
    /// The same where a resource needs a scope that one of two credentials lacks.
    CodeForWrites,
    /// The same of somebody who has logged in before.
    SingleSignOn,
    /// A login with a one-time code in a request of its own.
    OneTime,
    /// The same beside the password.
    OneTimeBeside,
    /// A login to a session that a cookie of its own renews.
    RefreshedSession,
}

/// What is tried: a scheme with everything declared, against a server.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The scheme of the scenario.
    pub scheme: &'static str,
    /// The algorithm of the reference's JWT resources, if it is not the one of the seed.
    pub alg: Option<&'static str>,
    /// The profile.
    pub profile: &'static str,
    /// Faults of the reference that are open.
    pub faults: Vec<&'static str>,
    /// What is started as the target.
    pub launch: Launch,
    /// Ids of the checks; all if empty.
    pub checks: Vec<&'static str>,
    /// Whether the credentials of the scheme come from a login, where they are given otherwise.
    pub login: TrialLogin,
    /// Whether the reference speaks TLS.
    pub tls: bool,
    /// Whether the clients of an authorization server authenticate by certificates (RFC 8705 §2).
    pub certificates: bool,
    /// Whether the scheme is used in its other form: an API key behind a scheme name in `Authorization`, AWS Signature Version 4
    /// with bodies in chunks that are signed one by one.
    pub other_form: bool,
    /// Checks that run side by side.
    pub jobs: usize,
    /// How long an answer may take.
    pub time_limit: Duration,
    /// Whether results have the exchanges that they were judged by: masking them takes longer than judging.
    pub exchanges: bool,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Ended {
    /// The code that the run alone would end with.
    pub exit: Exit,
    /// All results.
    pub results: Vec<CheckResult>,
    /// All notes.
    pub notes: Vec<Note>,
    /// Failures by cause.
    pub findings: Vec<Finding>,
}

/// Why a trial cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TrialError {
    /// A scheme, a check or a fault that does not exist.
    #[error("{}", .0.render(false))]
    Scenario(ScenarioError),
    /// A fault whose check no scheme selects.
    #[error("no scheme sees {0}")]
    Unseen(&'static str),
}

impl Trial {
    /// All checks of a scheme against the sound reference, judged to the letter of the RFCs.
    pub fn of(scheme: &'static str) -> Self {
        Self {
            scheme,
            alg: None,
            profile: "strict-rfc",
            faults: Vec::new(),
            launch: Launch::InProcess,
            checks: Vec::new(),
            login: TrialLogin::None,
            tls: false,
            certificates: false,
            other_form: false,
            jobs: 8,
            time_limit: Duration::from_secs(10),
            exchanges: true,
        }
    }

    fn scenario(&self) -> String {
        // the reference can be sound to the letter of the RFCs, or as services answer that refuse keys with 403
        let (strict, faults) = (self.profile == "strict-rfc", self.faults.join(", "));
        // a rotated API key is gone at once; a key set is fetched again after a second
        let rotation = if self.scheme.ends_with("jwt") { "5s" } else { "0s" };
        let tls = self.tls;
        let login = match self.login {
            TrialLogin::None => "",
            TrialLogin::Requests => LOGIN,
            TrialLogin::Grant => GRANT,
            TrialLogin::Code => CODE,
            TrialLogin::CodeForWrites => CODE_FOR_WRITES,
            TrialLogin::SingleSignOn => SINGLE_SIGN_ON,
            TrialLogin::OneTime => ONE_TIME,
            TrialLogin::OneTimeBeside => ONE_TIME_BESIDE,
            TrialLogin::RefreshedSession => REFRESHED_SESSION,
        };
        let scheme = match (self.scheme, self.alg) {
            ("oauth2-client-credentials-dpop", _) => "{ oauth2-client-credentials: { dpop: {} } }".to_owned(),
            ("oauth2-client-credentials" | "oauth2-client-credentials-jwt", _) => {
                let form = if self.scheme.ends_with("jwt") { "jwt" } else { "opaque" };
                let method = if self.certificates { "tls-client-auth" } else { "basic" };
                format!(
                    "{{ oauth2-client-credentials: {{ access_token: {form}, client_auth: {method}, \
                     assertion_rules: rfc7523bis }} }}"
                )
            }
            ("sigv4", _) if self.other_form => "{ sigv4: { chunked: true } }".to_owned(),
            ("api-key", _) if self.other_form => "{ api-key: { header: Authorization, prefix: APIKey } }".to_owned(),
            ("bearer", _) if self.login == TrialLogin::Code => "{ bearer: { issuer: /login-token } }".to_owned(),
            (scheme, Some(alg)) => format!("{{ {scheme}: {{ alg: {alg} }} }}"),
            (scheme, None) => scheme.to_owned(),
        };
        format!(
            "authbench: 1\n\
             name: selftest\n\
             target: {{ reference: {{ faults: [{faults}], strict: {strict}, token_lifetime: 3s, tls: {tls} }} }}\n\
             scheme: {scheme}\n\
             conformance: {{ profile: {}, tolerances: {{ max_leeway: 0s, excess_leeway: 7s, rotation_delay: {rotation} }} }}\n{login}",
            self.profile
        )
    }

    /// Runs it.
    ///
    /// # Errors
    /// When the scenario cannot be made: a scheme or a fault that does not exist.
    pub async fn run(&self) -> Result<Ended, TrialError> {
        let first = |mut errors: Vec<ScenarioError>| TrialError::Scenario(errors.remove(0));
        let loaded = load_text("selftest.yaml".to_owned(), self.scenario()).map_err(first)?;
        let options = Options {
            only: Some(Only::Conformance),
            checks: self.checks.iter().map(|check| (*check).to_owned()).collect(),
            jobs: self.jobs,
            time_limit: self.time_limit,
            exchanges: self.exchanges,
            ..Options::new(self.launch.clone())
        };
        let ready = prepare(vec![loaded], Some(&NoVariables), &options).map_err(first)?;
        let (mut results, mut notes, mut findings) = (Vec::new(), Vec::new(), Vec::new());
        let mut take = |event| match event {
            Event::CheckFinished(result) => results.push(*result),
            Event::Note(note) => notes.push(note),
            Event::ScenarioFinished(finished) => findings.extend(finished.findings.into_iter().flatten()),
            _ => {}
        };
        // on the heap: many trials are polled from one stack
        let exit = Box::pin(run(ready, &options, &mut take)).await;
        Ok(Ended { exit, results, notes, findings })
    }
}
