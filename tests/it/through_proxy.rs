//! Runs through a proxy of HTTP: everything goes through it, and its refusals are not taken for those of the target.
//!
//! The targets have a name that nothing but the proxy can resolve, or a port where nothing listens: what goes past the proxy
//! reaches nobody.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::Output;
use std::sync::{Arc, Mutex};

use serde_json::Value;

use crate::binary::{Served, authbench, told};
use crate::busy::assert_right_answers;

const PASSWORD: &str = "proxy-Password-0123456789";

/// How the proxy behaves.
#[derive(Clone, Copy, Default)]
struct Manner {
    /// Whether it wants a user name and a password.
    asks: bool,
    /// Whether it opens no tunnel.
    reaches_nobody: bool,
    /// Whether it lets no request without a credential for the target pass.
    wants_credentials_of_the_target: bool,
}

/// A proxy, and the lines of the requests that it got.
struct Proxy {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Proxy {
    fn start(target: &str, manner: Manner) -> Self {
        let target = target.split("://").nth(1).expect("is an address").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has an address").to_string();
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let lines = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (target, lines) = (target.clone(), lines.clone());
                std::thread::spawn(move || pass(stream, &target, manner, &lines));
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("whole").clone()
    }
}

/// Passes one request on, or opens one tunnel.
fn pass(mut client: TcpStream, target: &str, manner: Manner, lines: &Mutex<Vec<String>>) -> Option<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    let (line, fields) = head.split_once("\r\n")?;
    lines.lock().expect("whole").push(line.to_owned());
    let field = |name: &str| {
        let named = |line: &&str| line.split_once(':').is_some_and(|(own, _)| own.eq_ignore_ascii_case(name));
        fields.lines().find(named).map(|line| line.split_once(':').expect("has one").1.trim().to_owned())
    };
    let refuses = |mut client: TcpStream, status: &str| {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 7\r\nConnection: close\r\n\r\nblocked");
        client.write_all(answer.as_bytes()).ok()
    };
    // "proxy:" and the password
    use base64::Engine as _;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("proxy:{PASSWORD}"));
    if manner.asks && field("proxy-authorization") != Some(format!("Basic {pair}")) {
        return refuses(client, "407 Proxy Authentication Required");
    }
    if manner.wants_credentials_of_the_target && line.contains("/orders") && field("x-api-key").is_none() {
        return refuses(client, "407 Proxy Authentication Required");
    }
    if manner.reaches_nobody {
        return refuses(client, "502 Bad Gateway");
    }
    let mut server = TcpStream::connect(target).ok()?;
    let (method, rest) = line.split_once(' ')?;
    if method == "CONNECT" {
        client.write_all(b"HTTP/1.1 200 Connection established\r\n\r\n").ok()?;
        let (mut from_client, mut to_server) = (client.try_clone().ok()?, server.try_clone().ok()?);
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut from_client, &mut to_server);
            let _ = to_server.shutdown(Shutdown::Write);
        });
    } else {
        let path = rest.strip_prefix("http://api.invalid")?;
        let kept = fields.lines().filter(|line| {
            let name = line.split(':').next().unwrap_or_default().to_ascii_lowercase();
            !line.is_empty() && name != "proxy-authorization" && name != "connection"
        });
        // the reference serves no other name
        let kept: String = kept.map(|line| format!("{line}\r\n")).collect();
        let kept = kept.replace("Host: api.invalid", "Host: localhost").replace("host: api.invalid", "host: localhost");
        let mut body = vec![0; field("content-length").and_then(|length| length.parse().ok()).unwrap_or(0)];
        client.read_exact(&mut body).ok()?;
        server.write_all(format!("{method} {path}\r\n{kept}Connection: close\r\n\r\n").as_bytes()).ok()?;
        server.write_all(&body).ok()?;
    }
    let _ = std::io::copy(&mut server, &mut client);
    let _ = client.shutdown(Shutdown::Write);
    Some(())
}

const LOAD: &str =
    "load: [{ name: steady, rate: 20/s, connections: 1, duration: 300ms, timeout: 60s, max_lateness: 60s }]\n";

/// A run against a target behind a proxy; what it wrote, and its report.
fn run(target: &str, (scheme, rest): (&str, &str), options: &[&str], variables: &[(&str, &str)]) -> (Output, Value) {
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!("authbench: 1\nname: behind\ntarget: {{ {target}, owned: true }}\nscheme: {scheme}\n{rest}");
    std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
    let certificate = variables.iter().find(|(name, _)| *name == "CERTIFICATE");
    certificate.iter().for_each(|(_, pem)| std::fs::write(folder.path().join("ca.pem"), pem).expect("writes"));
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--report", "json=out.json", "--verbose"]).args(options);
    let output = command.envs(variables.iter().copied()).output().expect("runs");
    let report = std::fs::read(folder.path().join("out.json")).unwrap_or_default();
    (output, serde_json::from_slice(&report).unwrap_or_default())
}

/// A scheme whose tokens come from the target too, and its credential.
fn tokens(served: &Served) -> (&'static str, String) {
    let secret = served.described["identities"][0]["client_secret"].as_str().expect("is a text");
    let rest = format!(
        "credentials:\n  a: {{ client_id: service, client_secret: \"${{S:-{secret}}}\", scopes: [\"read:orders\", \"write:orders\"] }}\n\
         resources: [{{ request: GET /oauth2/orders, scopes: [\"read:orders\"] }}]\n\
         conformance: {{ include: [bearer.valid-accepted, bearer.garbage-token-401, token.client-credentials-success] }}\n{LOAD}"
    );
    ("{ oauth2-client-credentials: { token_url: /oauth2/token } }", rest)
}

fn verdict<'a>(report: &'a Value, id: &str) -> &'a str {
    let checks = report["scenarios"][0]["checks"].as_array().into_iter().flatten();
    let found = checks.into_iter().find(|check| check["id"] == id);
    found.and_then(|check| check["verdict"].as_str()).unwrap_or("absent")
}

#[test]
fn plain_http_goes_through_the_proxy_in_absolute_form() {
    let served = Served::start(&[]);
    let proxy = Proxy::start(served.url(), Manner { asks: true, ..Manner::default() });
    let (scheme, rest) = tokens(&served);
    let pair = format!("proxy:{PASSWORD}");
    let target = format!(
        "url: \"http://api.invalid\", proxy: {{ url: \"http://{}\", username: proxy, password: \"${{PROXY_PASSWORD}}\" }}",
        proxy.address
    );
    let of_caller = format!("http://{}", proxy.address);
    for (target, options, variables) in [
        (target.as_str(), &[][..], [("PROXY_PASSWORD", PASSWORD)]),
        ("url: \"http://api.invalid\"", &["--proxy", of_caller.as_str()], [("AUTHBENCH_PROXY_AUTH", pair.as_str())]),
    ] {
        let (output, report) = run(target, (scheme, &rest), options, &variables);
        let said = told(&output);
        assert_right_answers(&output, &report);
        assert_eq!(verdict(&report, "bearer.garbage-token-401"), "pass", "{said}");
        for part in [
            format!("all requests went through the proxy {}", proxy.address),
            format!("measured through the proxy {}", proxy.address),
        ] {
            assert!(said.contains(&part) && report.to_string().contains(&part), "{part}\n{said}");
        }
        assert!(!said.contains(PASSWORD) && !report.to_string().contains(PASSWORD), "{said}");
    }
    let asked = proxy.asked();
    for line in ["GET http://api.invalid/oauth2/orders HTTP/1.1", "POST http://api.invalid/oauth2/token HTTP/1.1"] {
        assert!(asked.iter().any(|asked| asked == line), "{asked:?}");
    }
    assert!(asked.iter().all(|line| line.contains(" http://api.invalid/")), "{asked:?}");
}

#[test]
fn https_and_http_2_go_through_a_tunnel() {
    let served = Served::start(&["--tls"]);
    let proxy = Proxy::start(served.url(), Manner { asks: true, ..Manner::default() });
    let (scheme, rest) = tokens(&served);
    let rest = rest.replace("rate: 20/s", "http: 2, rate: 20/s");
    let certificate = served.described["certificate"].as_str().expect("is PEM");
    let target = format!(
        "url: \"https://localhost:9\", tls: {{ ca: ca.pem }}, proxy: {{ url: \"http://{}\", username: proxy, password: \"${{PROXY_PASSWORD}}\" }}",
        proxy.address
    );
    let (output, report) =
        run(&target, (scheme, &rest), &[], &[("PROXY_PASSWORD", PASSWORD), ("CERTIFICATE", certificate)]);
    assert_right_answers(&output, &report);
    assert_eq!(verdict(&report, "bearer.garbage-token-401"), "pass", "{}", told(&output));
    let asked = proxy.asked();
    assert!(asked.len() > 3, "{asked:?}");
    assert!(asked.iter().all(|line| line == "CONNECT localhost:9 HTTP/1.1"), "{asked:?}");
}

const KEY: &str =
    "credentials: { a: { key: \"${K:-0123456789abcdef}\" } }\nresources: [{ request: GET /api-key/orders }]\n";

#[test]
fn what_a_proxy_refuses_is_said_to_be_the_proxys() {
    let served = Served::start(&[]);
    let asks = Manner { asks: true, ..Manner::default() };
    let reaches_nobody = Manner { reaches_nobody: true, ..Manner::default() };
    for (url, manner, parts) in [
        ("http://api.invalid", asks, ["refused the request with 407", "AUTHBENCH_PROXY_AUTH"]),
        ("https://api.invalid", asks, ["refused the request with 407", "AUTHBENCH_PROXY_AUTH"]),
        ("https://api.invalid", reaches_nobody, ["refused the request with 502", "does not reach the target"]),
    ] {
        let proxy = Proxy::start(served.url(), manner);
        let target = format!("url: \"{url}\", proxy: \"http://{}\"", proxy.address);
        let (output, report) = run(&target, ("api-key", KEY), &[], &[]);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(3), "{url}\n{said}");
        assert!(said.contains(&format!("the proxy {}", proxy.address)), "{url}\n{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{url}\n{said}");
        assert_eq!(verdict(&report, "apikey.missing-denied"), "absent", "{said}");
    }
    let gone = crate::ports::reserved();
    let (output, _) =
        run(&format!("url: \"http://api.invalid\", proxy: \"http://{gone}\""), ("api-key", KEY), &[], &[]);
    assert!(told(&output).contains(&format!("the proxy {gone} refused the connection")), "{}", told(&output));
    assert_eq!(output.status.code(), Some(3), "{}", told(&output));
}

#[test]
fn a_refusal_of_the_proxy_is_none_of_the_target() {
    let served = Served::start(&["--fault", "accepts-any-key"]);
    let key = served.described["identities"][0]["api_key"].as_str().expect("is a text");
    let manner = Manner { wants_credentials_of_the_target: true, ..Manner::default() };
    let proxy = Proxy::start(served.url(), manner);
    let rest = format!(
        "{}conformance: {{ include: [apikey.valid-accepted, apikey.missing-denied, common.protected-route-denies-anonymous] }}\n",
        KEY.replace("0123456789abcdef", key)
    );
    let target = format!("url: \"http://api.invalid\", proxy: \"http://{}\"", proxy.address);
    let (output, report) = run(&target, ("api-key", &rest), &[], &[]);
    let said = told(&output);
    for id in ["apikey.missing-denied", "common.protected-route-denies-anonymous"] {
        assert_eq!(verdict(&report, id), "inconclusive", "{id}\n{said}");
    }
    assert_eq!(output.status.code(), Some(5), "{said}");
}

#[test]
fn a_proxy_is_bounded_and_holds_no_literal_password() {
    let target = |proxy: &str| format!("url: \"http://api.invalid\", proxy: \"{proxy}\"");
    let untrusted = ["--untrusted", "--base-url", "http://api.invalid", "--allow-env", "K"];
    for (target, options, parts) in [
        (
            target("http://proxy.invalid:3128"),
            &untrusted[..],
            ["proxy.invalid:3128", "--allow-host proxy.invalid:3128"],
        ),
        (target("http://proxy.invalid:3128"), &["--allow-host", "api.invalid"], ["proxy.invalid:3128", "--allow-host"]),
        (target("http://user:hunter2-hunter2@proxy.invalid"), &[], ["no user name and no password", "username: NAME"]),
        (target("socks5://proxy.invalid"), &[], ["expected the address of an HTTP proxy", "SOCKS"]),
        ("reference: {}, proxy: \"http://proxy.invalid\"".to_owned(), &[], ["asked without a proxy", "remove `proxy`"]),
    ] {
        let rest = if target.starts_with("reference") { "" } else { KEY };
        let (output, _) = run(&target, ("api-key", rest), options, &[]);
        let said = told(&output);
        assert_eq!(output.status.code(), Some(2), "{target}\n{said}");
        assert!(parts.iter().all(|part| said.contains(part)), "{target}\n{said}");
    }
    let literal = ["--proxy", "http://user:hunter2-hunter2@proxy.invalid"];
    let (output, _) = run("url: \"http://api.invalid\"", ("api-key", KEY), &literal, &[]);
    assert_eq!(output.status.code(), Some(2), "{}", told(&output));
    assert!(told(&output).contains("set AUTHBENCH_PROXY_AUTH=USER:PASSWORD"), "{}", told(&output));
}
