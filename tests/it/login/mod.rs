//! Logins of a scenario: how a credential is obtained, kept, renewed and given back.

mod application;
mod changed_accounts;
mod checks;
mod frameworks;
mod registrations;
mod reset_codes;
mod resets;
mod second_factor;
mod token_endpoint;

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;
use std::time::Duration;

use application::{Application, CLIENT, Counts, Manner, PASSWORD, USER};
use serde_json::Value;

use crate::binary::{authbench, told};
use crate::busy::{assert_right_answers, tried_later};

const RESOURCES: &str = "resources:\n  - request: GET /orders\n  - { request: POST /orders, writes: true }\n";

/// A scenario against the application.
fn scenario(address: SocketAddr, scheme: &str, login: &str, rest: &str) -> String {
    format!(
        "authbench: 1\nname: logins\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: {scheme}\n\
         credentials:\n  alice:\n    login:\n{login}{RESOURCES}{rest}"
    )
}

const JSON: &str =
    "      request: { post: /auth/login, json: { email: \"${USER_NAME}\", password: \"${USER_PASSWORD}\" } }
      refresh: { post: /auth/refresh, json: { refresh_token: \"{/refresh_token}\" } }
      logout: { post: /auth/logout, headers: { Authorization: \"Bearer {token}\" } }
";
const SESSION: &str = "      request:
        - get: /login
        - post: /login
          form: { user: \"${USER_NAME}\", pass: \"${USER_PASSWORD}\", csrf: \"{input:csrf}\" }
          success: { status: 302 }
      token: { cookie: sid }
      lifetime: 600s
      write_headers: { X-CSRFToken: \"{cookie:csrftoken}\" }
      logout: { post: /logout }
";

async fn run(folder: &Path, scenario: String, arguments: &[&str]) -> (Output, Value) {
    std::fs::write(folder.join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder);
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=out.json"]).args(arguments);
    command.envs([("USER_NAME", USER), ("USER_PASSWORD", PASSWORD), ("CLIENT_SECRET", CLIENT.1)]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let report = std::fs::read(folder.join("out.json")).unwrap_or_default();
    (output, serde_json::from_slice(&report).unwrap_or_default())
}

/// Ids of checks with a verdict.
fn with_verdict(report: &Value, verdict: &str) -> Vec<String> {
    let checks = report["scenarios"][0]["checks"].as_array().into_iter().flatten();
    let found = checks.filter(|check| check["verdict"] == verdict);
    found.filter_map(|check| check["id"].as_str()).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_login_opens_the_application() {
    let password = format!(
        "      password: {{ token_url: /oauth/token, client_id: {}, client_secret: \"${{CLIENT_SECRET}}\" }}\n    username: {USER}\n    password: \"${{USER_PASSWORD}}\"\n",
        CLIENT.0
    );
    let client = format!(
        "      client: {{ token_url: /oauth/token, client_id: {}, client_secret: \"${{CLIENT_SECRET}}\", client_auth: post }}\n",
        CLIENT.0
    );
    for (kind, scheme, login) in [
        ("JSON", "bearer", JSON),
        ("another header", "{ bearer: { header: X-Token } }", JSON),
        ("another prefix", "{ bearer: { header: Authorization, prefix: Token } }", JSON),
        ("session", "{ session: { cookie: sid } }", SESSION),
        ("password grant", "bearer", &password),
        ("client credentials", "bearer", &client),
    ] {
        let (application, address) = Application::start(Manner::default()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let rest = "conformance: { include: [bearer.garbage-token-401, common.protected-route-denies-anonymous, \
                    common.denied-write-has-no-effect, bearer.valid-accepted] }\n";
        let scenario = scenario(address, scheme, login, rest);
        let (output, report) = run(folder.path(), scenario, &[]).await;
        let said = told(&output);
        assert_eq!(with_verdict(&report, "fail"), [""; 0], "{kind}\n{said}");
        assert_eq!(with_verdict(&report, "inconclusive"), [""; 0], "{kind}\n{said}");
        assert!(!with_verdict(&report, "pass").is_empty(), "{kind}\n{said}");
        assert_eq!(output.status.code(), Some(0), "{kind}\n{said}");
        let counts = application.counts();
        // one that is kept, and one that shows that it does not end the first
        assert_eq!((counts.logins, counts.failed), (2, 0), "{kind}: a login is kept within a run");
        assert_eq!(
            counts.logouts,
            if login.contains("logout") { 2 } else { 0 },
            "{kind}: what is obtained is given back"
        );
        for text in [said, report.to_string()] {
            assert!(
                !text.contains(PASSWORD) && !text.contains(CLIENT.1) && !text.contains("issued-"),
                "{kind}\n{text}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_no_credential_ends() {
    for (kind, scheme, login) in [("refresh", "bearer", JSON), ("session", "{ session: { cookie: sid } }", SESSION)] {
        let manner = Manner { lifetime: Duration::from_secs(4), ..Manner::default() };
        let login = login.replace("lifetime: 600s", "lifetime: 4s");
        let rest =
            "load: [{ name: steady, rate: 40/s, duration: 9s, connections: 4, timeout: 60s, max_lateness: 60s }]\n";
        // a machine that stands still for seconds sends a credential whose time is over
        let attempt = async || {
            let (application, address) = Application::start(manner).await;
            let folder = tempfile::tempdir().expect("a folder");
            let yaml = scenario(address, scheme, &login, rest);
            let (output, report) = run(folder.path(), yaml, &["--only", "load"]).await;
            (output, report, application.counts())
        };
        let (output, report, counts) = tried_later(attempt, |(_, _, counts)| counts.ended == 0).await;
        let said = told(&output);
        assert_eq!(counts.ended, 0, "{kind}: no request came with a credential that had ended\n{said}");
        assert_right_answers(&output, &report);
        let load = &report["scenarios"][0]["load"][0];
        // what ended before the run did cannot be ended again, and that is no news
        assert!(!said.contains("a login was not ended"), "{kind}\n{said}");
        assert!(load["tokens_obtained"].as_u64().is_some_and(|obtained| obtained >= 3), "{kind}\n{load}");
        assert!(if kind == "refresh" { counts.refreshes >= 2 } else { counts.logins >= 3 }, "{kind} {counts:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_prints_the_credential() {
    let (_, address) = Application::start(Manner::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    // a client of its own: what a command line tool does that logs in elsewhere
    let script = format!(
        "import json,sys,urllib.request as u\nr=u.Request('http://{address}/auth/login',json.dumps({{'email':'{USER}','password':sys.stdin.read() or '{PASSWORD}'}}).encode(),{{'content-type':'application/json'}})\nt=json.load(u.urlopen(r))\nprint(t['access_token'] if len(sys.argv)>1 else json.dumps({{'auth':{{'t':t['access_token'],'s':900}}}}))\n"
    );
    std::fs::write(folder.path().join("login.py"), script).expect("writes");
    for command in [
        "      command: [python3, login.py, bare]\n      lifetime: 50m\n",
        "      command: [python3, login.py]\n      token: /auth/t\n      expires_in: /auth/s\n",
    ] {
        let rest = "conformance: { include: [bearer.garbage-token-401] }\n";
        let (output, report) = run(folder.path(), scenario(address, "bearer", command, rest), &[]).await;
        assert_eq!(output.status.code(), Some(0), "{}", told(&output));
        assert_eq!(with_verdict(&report, "pass").len(), 2, "{}", told(&output));
        let unseen = "is obtained by a `command`, of which no answer is seen: checks of logins, sessions and refreshes are not planned";
        assert!(told(&output).contains(unseen), "{}", told(&output));
        let (forbidden, _) = run(folder.path(), scenario(address, "bearer", command, rest), &["--no-command"]).await;
        assert_eq!(forbidden.status.code(), Some(5), "{}", told(&forbidden));
        assert!(
            told(&forbidden).contains("--no-command or --untrusted forbids starting python3"),
            "{}",
            told(&forbidden)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_login_says_which_step_what_was_sent_and_what_came() {
    for (login, expected) in [
        (
            JSON.replace("${USER_PASSWORD}", "another-password-of-hers"),
            "the request (POST /auth/login with JSON with email, password) of the login failed: the answer is 401 ",
        ),
        (
            SESSION.replace("{input:csrf}", "{input:other}"),
            "request 2 (POST /login with a form with csrf, pass, user) of the login cannot be sent: no answer before it has the input other",
        ),
        (
            SESSION.replace("pass: \"${USER_PASSWORD}\"", "pass: wrong"),
            "request 2 (POST /login with a form with csrf, pass, user) of the login failed: the answer is 200 of the type text/html; charset=utf-8; `success` names status 302",
        ),
        (
            JSON.replace("      logout", "      token: /jwt\n      logout"),
            "the login succeeded but its answer has no JSON value /jwt; name its place with `token`",
        ),
    ] {
        let (application, address) = Application::start(Manner::default()).await;
        let folder = tempfile::tempdir().expect("a folder");
        let scheme = if login.contains("cookie: sid") { "{ session: { cookie: sid } }" } else { "bearer" };
        let (output, _) = run(folder.path(), scenario(address, scheme, &login, ""), &[]).await;
        let said = told(&output);
        assert_eq!(output.status.code(), Some(5), "{said}");
        assert!(said.contains(expected), "{said}");
        assert!(said.contains("a.yaml:7:5: "), "the place of the credential\n{said}");
        assert!(!said.contains(PASSWORD) && !said.contains("another-password-of-hers"), "{said}");
        assert!(application.counts().failed <= 3, "{:?}", application.counts());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_login_serves_several_identities() {
    let (application, address) = Application::start(Manner::default()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "authbench: 1\nname: shared\ntarget: {{ url: \"http://{address}\" }}\nscheme: bearer\n\
         logins:\n  app: {{ request: {{ post: /auth/login, json: {{ email: \"{{username}}\", password: \"{{password}}\" }} }} }}\n\
         credentials:\n  alice: {{ login: app, username: {USER}, password: \"${{USER_PASSWORD}}\" }}\n  \
         also: {{ login: app, username: {USER}, password: \"${{USER_PASSWORD}}\" }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [bearer.garbage-token-401, \"case.*\"] }}\n\
         cases: [{{ name: the other one, with: also, request: GET /orders, expect: {{ status: 200 }} }}]\n"
    );
    let (output, _) = run(folder.path(), scenario, &[]).await;
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
    assert_eq!(application.counts(), Counts { logins: 3, ..Counts::default() }, "each identity has its own");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_endpoint_and_one_that_ends_old_tokens_raise_no_finding() {
    for (kind, manner) in [
        ("slow", Manner { delay: Duration::from_millis(1500), lifetime: Duration::from_secs(3), ..Manner::default() }),
        ("one at a time", Manner { lifetime: Duration::from_secs(4), one_at_a_time: true, ..Manner::default() }),
    ] {
        let (_, address) = Application::start(manner).await;
        let scenario = format!(
            "authbench: 1\nname: slow\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
             scheme: {{ oauth2-client-credentials: {{ token_url: /oauth/token }} }}\n\
             credentials:\n  robot: {{ client_id: {}, client_secret: \"${{CLIENT_SECRET}}\" }}\n{RESOURCES}\
             conformance: {{ include: [\"bearer.*\", common.protected-route-denies-anonymous], exclude: [\"*.malformed-*\"] }}\n",
            CLIENT.0
        );
        let mut inconclusive = Vec::new();
        for jobs in ["1", "8"] {
            let folder = tempfile::tempdir().expect("a folder");
            let (output, report) = run(folder.path(), scenario.clone(), &["--jobs", jobs]).await;
            let said = told(&output);
            let findings = report["scenarios"][0]["findings"].as_array().expect("a list").clone();
            let access = findings.iter().filter(|finding| finding["part"] == "access").count();
            assert_eq!(access, 0, "{kind}, {jobs} jobs\n{said}");
            assert!(with_verdict(&report, "pass").contains(&"bearer.expired-token-401".to_owned()), "{kind}\n{said}");
            assert_eq!(said.contains("checks run one at a time"), kind == "one at a time", "{said}");
            inconclusive.push(with_verdict(&report, "inconclusive"));
        }
        assert_eq!(inconclusive[0], inconclusive[1], "{kind}");
        assert_eq!(inconclusive[0], [""; 0], "{kind}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_end_that_a_login_states_is_waited_for() {
    let declared = SESSION.replace("lifetime: 600s", "lifetime: 4s");
    for (kind, scheme, login, keeps_ended, verdict) in [
        ("ends", "bearer", JSON, false, "pass"),
        ("does not end", "bearer", JSON, true, "fail"),
        // that may be shorter than what the application has in mind
        ("the scenario says when", "{ bearer: { cookie: sid } }", declared.as_str(), true, "not_tested"),
    ] {
        let manner = Manner { lifetime: Duration::from_secs(4), keeps_ended, ..Manner::default() };
        let (_, address) = Application::start(manner).await;
        let folder = tempfile::tempdir().expect("a folder");
        let rest = "conformance: { include: [bearer.expired-token-401, common.protected-route-denies-anonymous] }\n";
        let (output, report) = run(folder.path(), scenario(address, scheme, login, rest), &["--verbose"]).await;
        let said = told(&output);
        let verdicts = with_verdict(&report, verdict);
        match verdict {
            "not_tested" => {
                assert!(said.contains("bearer.expired-token-401  no credential with `state: expired`"), "{said}")
            }
            _ => assert!(verdicts.contains(&"bearer.expired-token-401".to_owned()), "{kind}\n{said}"),
        }
    }
}
