//! Scenarios that cannot be tested as they are written, through the real binary: the cause, the line to change, the exit.

mod peer;

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;

use crate::binary::authbench;
use crate::ports::reserved;
use peer::{Certificate, Peer, answer, certificate, self_signed, serve, serve_tls, signed_by};

const KEY: &str = "0123456789abcdef0123456789abcdef";

/// What a run came to: its exit code and what it printed.
struct Ended {
    code: Option<i32>,
    said: String,
}

/// Runs a scenario in a folder of its own, with a file `ca.pem` beside it.
async fn run(yaml: &str, ca: &str, arguments: &[&str]) -> Ended {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("ca.pem"), ca).expect("writes");
    run_in(folder.path(), yaml, arguments).await
}

async fn run_in(folder: &Path, yaml: &str, arguments: &[&str]) -> Ended {
    std::fs::write(folder.join("orders.yaml"), yaml).expect("writes");
    let mut command = authbench(folder);
    command.args(["run", "orders.yaml", "--seed", "1", "--timeout", "30s"]).args(arguments);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    Ended { code: output.status.code(), said: crate::binary::told(&output) }
}

fn scenario(url: &str, tls: bool) -> String {
    let ca = if tls { ", tls: { ca: ca.pem }" } else { "" };
    format!(
        "authbench: 1\nname: orders\ntarget: {{ url: \"{url}\"{ca} }}\nscheme: api-key\n\
         credentials:\n  service: {{ key: \"{KEY}\" }}\n\
         resources:\n  - request: GET /orders\n\
         conformance:\n  include: [apikey.valid-accepted, apikey.invalid-denied]\n"
    )
}

fn oauth(url: &str, endpoint: &str) -> String {
    format!(
        "authbench: 1\nname: orders\ntarget: {{ url: \"{url}\" }}\n\
         scheme: {{ oauth2-client-credentials: {{ {endpoint} }} }}\n\
         credentials:\n  service: {{ client_id: a, client_secret: \"{KEY}\" }}\n\
         resources:\n  - request: GET /orders\n\
         conformance:\n  include: [bearer.valid-accepted, bearer.garbage-token-401]\n"
    )
}

/// The causes that a run names, without what differs from run to run.
fn causes(said: &str, port: u16) -> Vec<String> {
    let errors = said.lines().filter_map(|line| line.trim_start().strip_prefix("error "));
    errors.map(|line| line.trim().replace(&format!(":{port}"), ":PORT")).collect()
}

fn url(scheme: &str, address: SocketAddr) -> String {
    format!("{scheme}://127.0.0.1:{}", address.port())
}

/// One mistake: its name, the address of the target, the scenario, and its CA file.
pub(crate) type Mistake = (&'static str, SocketAddr, String, String);

async fn in_clear_text() -> Vec<Mistake> {
    let no_ca = String::new;
    let mut mistakes = Vec::new();
    let address = reserved();
    mistakes.push(("nothing listens", address, scenario(&url("http", address), false), no_ca()));
    for (name, reply) in [
        ("a path that is not there", answer("404 Not Found", "", "{}")),
        (
            "a redirect to another host",
            answer("308 Permanent Redirect", "Location: https://api.example.test/v2/orders?ticket=abc\r\n", ""),
        ),
        ("a redirect to a login", answer("302 Found", "Location: /login\r\n", "")),
        ("a key that nobody knows", answer("401 Unauthorized", "WWW-Authenticate: ApiKey realm=\"a\"\r\n", "{}")),
        ("a key without rights", answer("403 Forbidden", "", "{}")),
        ("another host", answer("421 Misdirected Request", "", "{}")),
        ("a host that is not allowed", answer("400 Bad Request", "", "invalid host")),
        ("another method", answer("405 Method Not Allowed", "Allow: POST\r\n", "")),
        ("a service that breaks", answer("503 Service Unavailable", "", "{}")),
        ("a service that hangs up", String::new()),
        ("a service that is no HTTP", "220 mail.example.test ESMTP\r\n".to_owned()),
    ] {
        let address = serve(move |_| reply.clone()).await;
        mistakes.push((name, address, scenario(&url("http", address), false), no_ca()));
    }
    let address = serve(|_| answer("200 OK", "Content-Type: application/json\r\n", "{\"items\":[]}")).await;
    let yaml = scenario(&url("http", address), false)
        .replace("GET /orders\n", "GET /orders\n    success: { json: /orders }\n");
    mistakes.push(("success that looks otherwise", address, yaml, no_ca()));
    mistakes
}

async fn with_tokens() -> Vec<Mistake> {
    let address = serve(|head| match head.starts_with("POST /token") {
        true => answer("401 Unauthorized", "Content-Type: application/json\r\n", "{\"error\":\"invalid_client\"}"),
        false => answer("404 Not Found", "", ""),
    })
    .await;
    let of = |endpoint: &str| (address, oauth(&url("http", address), endpoint), String::new());
    let named = |name, (address, yaml, ca): (SocketAddr, String, String)| (name, address, yaml, ca);
    vec![
        named("a client that nobody knows", of("token_url: /token")),
        named("a token endpoint that is not there", of("token_url: /elsewhere")),
        named("an issuer without metadata", of("issuer: /")),
    ]
}

async fn under_tls() -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    let own = self_signed("127.0.0.1");
    let ca = certificate("a CA", |parameters| parameters.is_ca = peer::CA);
    let other = certificate("another CA", |parameters| parameters.is_ca = peer::CA);
    let signed = signed_by(&ca, "127.0.0.1", |_| ());
    let expired = signed_by(&ca, "127.0.0.1", |parameters| parameters.not_after = rcgen::date_time_ymd(2001, 1, 1));
    let elsewhere = signed_by(&ca, "api.example.test", |_| ());
    let mut add = |name, address: SocketAddr, authorities: Option<&Certificate>| {
        let yaml = scenario(&url("https", address), authorities.is_some());
        mistakes.push((name, address, yaml, authorities.map(|one| one.pem.clone()).unwrap_or_default()));
    };
    let at_own = serve_tls(&own, granting).await;
    add("a certificate that signed itself", at_own, None);
    add("a certificate that signed itself, beside another", at_own, Some(&self_signed("127.0.0.1")));
    let at_signed = serve_tls(&signed, granting).await;
    add("a CA that nobody trusts", at_signed, None);
    add("a CA that is another one", at_signed, Some(&other));
    add("a certificate that has expired", serve_tls(&expired, granting).await, Some(&ca));
    add("a certificate for another host", serve_tls(&elsewhere, granting).await, Some(&ca));
    let clear = serve(granting).await;
    add("https to a port of http", clear, None);
    mistakes.push(("http to a port of https", at_own, scenario(&url("http", at_own), false), String::new()));
    mistakes
}

/// Grants what has the key, and refuses the rest as the default profile wants it.
fn granting(head: &str) -> String {
    if head.contains(&format!("X-API-Key: {KEY}\r\n")) {
        answer("200 OK", "Content-Type: application/json\r\n", "{\"orders\":[\"ord-5f2c9b1e\"]}")
    } else {
        answer("403 Forbidden", "Content-Type: application/json\r\n", "{\"error\":\"forbidden\"}")
    }
}

/// All mistakes that only a server shows.
pub(crate) async fn network_mistakes() -> Vec<Mistake> {
    [in_clear_text().await, with_tokens().await, under_tls().await].concat()
}

#[test]
fn codes_are_listed_in_the_help_and_in_the_readme() {
    let readme = std::fs::read_to_string("README.md").expect("is there");
    let help = authbench::cli::command().render_help().to_string();
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for exit in authbench::exit::Exit::ALL {
        let (code, meaning) = (exit.code(), exit.meaning());
        assert!(readme.contains(&format!("| {code} | {meaning} |")), "README.md lacks {code}");
        assert!(help.contains(&format!(" {code} {meaning}")), "--help lacks {code}: {help}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_mistake_is_named_with_its_line_and_its_exit() {
    let mut page = String::new();
    for (name, address, yaml, ca) in network_mistakes().await {
        let ended = run(&yaml, &ca, &[]).await;
        let causes = causes(&ended.said, address.port());
        assert!(!causes.is_empty(), "{name}: {}", ended.said);
        assert!(!ended.said.contains(KEY) && !ended.said.contains("ticket"), "{name}: {}", ended.said);
        assert!(!ended.said.contains("FAIL"), "{name}: {}", ended.said);
        let _ = writeln!(page, "{name}: exit {}", ended.code.unwrap_or(-1));
        for cause in causes {
            let _ = writeln!(page, "  {cause}");
        }
    }
    insta::assert_snapshot!(page);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_certificate_is_trusted_that_the_scenario_names() {
    // as `openssl req -x509` makes them: for no host, and marked as a CA
    let plain = certificate("localhost", |parameters| parameters.is_ca = peer::CA);
    let authority = certificate("a CA", |parameters| parameters.is_ca = peer::CA);
    let signed = signed_by(&authority, "127.0.0.1", |_| ());
    let own = self_signed("127.0.0.1");
    for (shown, named) in [(&plain, &plain), (&own, &own), (&signed, &authority), (&signed, &signed)] {
        let address = serve_tls(shown, granting).await;
        let ended = run(&scenario(&url("https", address), true), &named.pem, &[]).await;
        assert_eq!(ended.code, Some(0), "{}", ended.said);
    }
}

#[tokio::test]
async fn a_file_of_authorities_that_cannot_be_used_is_a_mistake_in_the_scenario() {
    for (ca, why) in [("no PEM\n", "holds no certificate"), ("-----BEGIN CERTIFICATE-----\n", "is not PEM")] {
        let ended = run(&scenario("https://127.0.0.1:9/", true), ca, &[]).await;
        assert_eq!(ended.code, Some(2), "{}", ended.said);
        assert!(ended.said.contains(why) && ended.said.contains("orders.yaml:3:"), "{}", ended.said);
    }
    let elsewhere = scenario("https://127.0.0.1:9/", true).replace("ca.pem", "missing.pem");
    let ended = run(&elsewhere, "", &[]).await;
    assert_eq!(ended.code, Some(2), "{}", ended.said);
    assert!(
        ended.said.contains("missing.pem cannot be read") && ended.said.contains("orders.yaml:3:"),
        "{}",
        ended.said
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_one_resource_proves_makes_the_refusal_of_another_a_finding() {
    let two = |address| {
        scenario(&url("http", address), false)
            .replace("- request: GET /orders\n", "- request: GET /orders\n  - request: GET /bills\n")
    };
    let with_bills =
        |reply: String| move |head: &str| if head.starts_with("GET /bills") { reply.clone() } else { granting(head) };
    for (reply, expected) in [
        (answer("403 Forbidden", "", "{}"), 1),
        // what breaks, or is not there, says nothing about the key
        (answer("500 Internal Server Error", "", "{}"), 5),
        (answer("404 Not Found", "", "{}"), 5),
        (answer("301 Moved Permanently", "Location: /v2/bills\r\n", ""), 5),
        (String::new(), 5),
    ] {
        let told = reply.lines().next().unwrap_or("no answer").to_owned();
        let ended = run(&two(serve(with_bills(reply)).await), "", &["--verbose"]).await;
        assert_eq!(ended.code, Some(expected), "{told}: {}", ended.said);
        assert_eq!(ended.said.contains("FAIL apikey.valid-accepted"), expected == 1, "{told}: {}", ended.said);
        // the other resource is tested nevertheless
        let passed = ended.said.lines().any(|line| line.contains("pass") && line.contains("apikey.invalid-denied"));
        assert!(passed, "{told}: {}", ended.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_passed_and_cannot_be_tested_any_more_became_worse() {
    let folder = tempfile::tempdir().expect("a folder");
    let peer = Peer::start(granting).await;
    let yaml = scenario(&url("http", peer.address), false);
    let first = run_in(folder.path(), &yaml, &["--save-baseline", "good"]).await;
    assert_eq!(first.code, Some(0), "{}", first.said);
    let moved = serve(|_| answer("404 Not Found", "", "{}")).await;
    for (yaml, alone) in [(scenario(&url("http", moved), false), 5), (scenario(&url("http", reserved()), false), 3)] {
        let ended = run_in(folder.path(), &yaml, &[]).await;
        assert_eq!(ended.code, Some(alone), "{}", ended.said);
        let ended = run_in(folder.path(), &yaml, &["--baseline", "good"]).await;
        assert_eq!(ended.code, Some(1), "{}", ended.said);
        assert!(ended.said.contains("cannot be tested now"), "{}", ended.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_allowance_makes_an_untestable_scenario_pass() {
    let address = serve(|_| answer("404 Not Found", "", "{}")).await;
    let yaml = scenario(&url("http", address), false);
    let yaml = format!(
        "{yaml}  min_coverage: 90%\ncases:\n  - name: orders\n    request: GET /orders\n    expect: {{ status: 200 }}\n"
    );
    let ended = run(&yaml, "", &["--inconclusive", "pass"]).await;
    assert_eq!(ended.code, Some(5), "{}", ended.said);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_to_run_is_4_where_a_filter_did_it_and_5_elsewhere() {
    let address = serve(granting).await;
    let yaml = scenario(&url("http", address), false);
    let none = yaml.split("scheme:").next().expect("has a start").to_owned();
    let none = format!("{none}scheme: none\nresources:\n  - request: GET /orders\n    public: true\n");
    for (yaml, arguments, expected) in [(yaml.as_str(), vec!["--only", "load"], 4), (&none, vec![], 5)] {
        let ended = run(yaml, "", &arguments).await;
        assert_eq!(ended.code, Some(expected), "{arguments:?}: {}", ended.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_lifetime_of_tokens_ends_a_check_or_floods_the_token_endpoint() {
    for lifetime in ["18446744073709551615", "0", "-1", "0.5", "1e300"] {
        let peer = Peer::start(move |head: &str| {
            if head.starts_with("POST /token") {
                let json =
                    format!("{{\"access_token\":\"tok-{KEY}\",\"token_type\":\"Bearer\",\"expires_in\":{lifetime}}}");
                return answer("200 OK", "Content-Type: application/json\r\nCache-Control: no-store\r\n", &json);
            }
            match head.contains(&format!("uthorization: Bearer tok-{KEY}\r\n")) {
                true => answer("200 OK", "Content-Type: application/json\r\n", "{\"orders\":[\"ord-5f2c9b1e\"]}"),
                false => answer(
                    "401 Unauthorized",
                    "Retry-After: 99999999999999999999\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n",
                    "{}",
                ),
            }
        })
        .await;
        let checks = "bearer.valid-accepted, bearer.garbage-token-401, bearer.expired-token-401, jwt.exp-enforced";
        let yaml = oauth(&url("http", peer.address), "token_url: /token")
            .replace("bearer.valid-accepted, bearer.garbage-token-401", checks)
            .replace(
                &format!("url: \"{}\"", url("http", peer.address)),
                &format!("url: \"{}\", owned: true", url("http", peer.address)),
            );
        let yaml =
            format!("{yaml}load:\n  - name: steady\n    rate: 50/s\n    duration: 2s\n    mix: {{ valid: 100% }}\n");
        let ended = run(&yaml, "", &["--verbose"]).await;
        assert!(
            !ended.said.contains("panicked") && !ended.said.contains("authbench failed"),
            "{lifetime}: {}",
            ended.said
        );
        assert!(matches!(ended.code, Some(0 | 1 | 5)), "{lifetime}: {:?} {}", ended.code, ended.said);
        let tokens = peer.seen("POST /token");
        assert!(tokens < 60, "{lifetime}: {tokens} token requests: {}", ended.said);
    }
}
