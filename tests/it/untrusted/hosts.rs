//! `--allow-host`, `--base-url` and `--untrusted`: nothing is sent to anybody else.

use std::net::TcpListener;

use super::{ended, folder, refused};
use crate::binary::{Served, told};

const KEY: &str = "abk_live_q7Wn2Zp4XcRt9Vb3";

/// Somebody who must not hear of the run.
struct Stranger(TcpListener);

impl Stranger {
    fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").expect("binds"))
    }

    fn authority(&self) -> String {
        self.0.local_addr().expect("has one").to_string()
    }

    /// Whether nobody has connected so far.
    fn is_alone(&self) -> bool {
        self.0.set_nonblocking(true).expect("is a socket");
        self.0.accept().is_err_and(|error| error.kind() == std::io::ErrorKind::WouldBlock)
    }
}

fn scenario(url: &str, scheme: &str, credential: &str) -> String {
    format!(
        "authbench: 1\nname: n\ntarget: {{ url: \"{url}\" }}\nscheme: {scheme}\ncredentials: {{ a: {{ {credential} }} }}\n\
         resources: [{{ request: GET /api-key/orders, scopes: [\"read:orders\"] }}]\n"
    )
}

#[test]
fn a_scenario_sends_nothing_to_a_host_that_is_not_allowed() {
    let (served, stranger) = (Served::start(&[]), Stranger::new());
    let (home, away) = (served.url().trim_start_matches("http://"), stranger.authority());
    let client = "client_id: c, client_secret: s-0123456789abcdef";
    let oauth = |endpoints: &str| {
        let at = endpoints.replace("AWAY", &format!("http://{away}"));
        scenario(served.url(), &format!("{{ oauth2-client-credentials: {{ {at} }} }}"), client)
    };
    let jwt = format!("{{ jwt: {{ issuer: i, audience: a, jwks_url: \"http://{away}/jwks\" }} }}");
    for (yaml, place) in [
        (scenario(&format!("http://{away}"), "api-key", &format!("key: {KEY}")), "a.yaml:3:"),
        (oauth("token_url: \"AWAY/token\""), "a.yaml:4:"),
        (oauth("issuer: \"AWAY\""), "a.yaml:4:"),
        (oauth("token_url: /oauth2/token, introspection_url: \"AWAY/i\""), "a.yaml:4:"),
        (oauth("token_url: /oauth2/token, revocation_url: \"AWAY/r\""), "a.yaml:4:"),
        (oauth("token_url: /oauth2/token, access_token: jwt, jwks_url: \"AWAY/k\""), "a.yaml:4:"),
        (scenario(served.url(), &jwt, "claims: { sub: a }"), "a.yaml:4:"),
    ] {
        let folder = folder(&[("a.yaml", &yaml)]);
        let output = ended(folder.path(), &["run", "a.yaml", "--allow-host", home], &[]);
        assert!(told(&output).contains(place), "{}", told(&output));
        refused(&output, &[&format!("{away}, which no --allow-host allows")]);
        let untrusted = ["run", "a.yaml", "--untrusted", "--base-url", served.url()];
        let output = ended(folder.path(), &untrusted, &[]);
        assert_eq!(output.status.code() == Some(2), place == "a.yaml:4:", "{}", told(&output));
    }
    assert!(stranger.is_alone());
}

#[test]
fn the_base_url_takes_the_place_of_what_the_scenario_names() {
    let (served, stranger) = (Served::start(&[]), Stranger::new());
    let yaml = scenario(
        &format!("http://{}/${{UNSET}}", stranger.authority()),
        "api-key",
        &format!("key: {KEY}, scopes: [\"read:orders\"]"),
    );
    let command = yaml.replace("url:", "command: { run: [touch, started], ready: / }, url:");
    for yaml in [yaml, command] {
        let folder = folder(&[("a.yaml", &yaml)]);
        let arguments = ["run", "a.yaml", "--base-url", served.url(), "--check", "apikey.missing-denied"];
        for arguments in [&arguments[..], &[&arguments[..], &["--untrusted"]].concat()] {
            let output = ended(folder.path(), arguments, &[]);
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
        }
        assert!(!folder.path().join("started").exists());
    }
    assert!(stranger.is_alone());
}

#[test]
fn an_untrusted_scenario_needs_an_address_of_the_caller() {
    let served = Served::start(&[]);
    let folder = folder(&[
        ("a.yaml", &scenario(served.url(), "api-key", &format!("key: {KEY}"))),
        ("reference.yaml", "authbench: 1\nname: r\ntarget: reference\nscheme: api-key\n"),
    ]);
    refused(
        &ended(folder.path(), &["run", "a.yaml", "--untrusted"], &[]),
        &["a.yaml:3:", "--base-url sets the address"],
    );
    // what authbench starts itself is nobody else's
    let arguments = ["run", "reference.yaml", "--untrusted", "--check", "apikey.missing-denied"];
    let output = ended(folder.path(), &arguments, &[]);
    assert_eq!(output.status.code(), Some(0), "{}", told(&output));
}

#[test]
fn addresses_of_the_command_line_are_checked() {
    let folder = folder(&[("a.yaml", "authbench: 1\nname: r\ntarget: reference\nscheme: api-key\n")]);
    for (option, value, says) in [
        ("--base-url", "ftp://a.test", "http:// or https://"),
        ("--base-url", "a.test", "expected an address"),
        ("--allow-host", "http://a.test", "expected HOST or HOST:PORT"),
        ("--allow-env", "[", "error"),
    ] {
        refused(&ended(folder.path(), &["run", "a.yaml", option, value], &[]), &[says]);
    }
}
