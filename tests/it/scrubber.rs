//! A server that echoes the credential in every encoding, in bodies, fields and reason phrases: no report shows twelve bytes of
//! it, in any of them.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aho_corasick::AhoCorasick;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::json;

use crate::binary::{authbench, told};
use crate::broken::http::{Answer, Reply, Request, Server};

/// This much of a secret is a leak.
const PIECE: usize = 12;
const KEY: &str = "zq_9fQ2xL7vB4nT8wZ1cR6mK3hJ5pD0sGyXa7Ue";
const PASSWORD: &str = "Tr4vel&\"<Quartz>'9 Lim/e+7:Bq5Zk%2w";
const JWT: &str = "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJzdWIiOiJzZXJ2aWNlIiwiZXhwIjo0MTAwMDAwMDAwfQ.\
                   4pQz8sLk1VdXn0Rw7uTbYcJm2GhEf5Ao9iKqPvNxZsM";

type Encode = fn(&[u8]) -> String;

fn each(value: &[u8], write: fn(u8) -> String) -> String {
    value.iter().map(|byte| write(*byte)).collect()
}

fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).into_owned()
}

/// Encodings of single characters: a piece of the encoded value is the encoded piece.
const OF_CHARACTERS: &[(&str, Encode)] = &[
    ("verbatim", text),
    ("upper case", |value| text(value).to_uppercase()),
    ("lower case", |value| text(value).to_lowercase()),
    ("reversed", |value| text(value).chars().rev().collect()),
    ("hex", |value| each(value, |byte| format!("{byte:02x}"))),
    ("hex in upper case", |value| each(value, |byte| format!("{byte:02X}"))),
    ("percent", |value| each(value, |byte| format!("%{byte:02X}"))),
    ("percent in lower case", |value| each(value, |byte| format!("%{byte:02x}"))),
    ("HTML decimal", |value| each(value, |byte| format!("&#{byte};"))),
    ("HTML hex", |value| each(value, |byte| format!("&#x{byte:x};"))),
    ("HTML named", |value| {
        let text = text(value).replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
        text.replace('"', "&quot;").replace('\'', "&apos;")
    }),
    ("JSON escapes", |value| each(value, |byte| format!("\\u{byte:04x}"))),
    ("spaced", |value| each(value, |byte| format!("{} ", char::from(byte)))),
    ("dashed", |value| each(value, |byte| format!("{}-", char::from(byte)))),
];

/// What a server echoes at its turn.
pub(crate) fn echo(turn: usize, value: &str) -> String {
    let base64 = [
        STANDARD.encode(value),
        STANDARD.encode(format!("x{value}")),
        URL_SAFE_NO_PAD.encode(format!("xy{value}")),
        value.as_bytes().chunks(4).map(text).collect::<Vec<_>>().join(" "),
        format!("{}...", value.chars().take(20).collect::<String>()),
        format!("...{}", value.chars().rev().take(18).collect::<String>().chars().rev().collect::<String>()),
    ];
    match OF_CHARACTERS.get(turn % (OF_CHARACTERS.len() + base64.len())) {
        Some((_, encode)) => encode(value.as_bytes()),
        None => base64[turn % (OF_CHARACTERS.len() + base64.len()) - OF_CHARACTERS.len()].clone(),
    }
}

/// Pieces of a secret in all these encodings, and as reports write them.
pub(crate) fn pieces(secret: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    for piece in secret.as_bytes().windows(PIECE) {
        pieces
            .extend(OF_CHARACTERS.iter().map(|(_, encode)| encode(piece).trim_end().trim_end_matches('-').to_owned()));
    }
    for offset in 0..3 {
        let encoded = STANDARD.encode([&b"xyz"[..offset], secret.as_bytes()].concat());
        let own = &encoded.trim_end_matches('=').as_bytes()[offset * 2..];
        let own = &own[..own.len() - 1];
        pieces.extend(own.windows(PIECE * 4 / 3 + 2).map(text));
        pieces.extend(own.windows(PIECE * 4 / 3 + 2).map(|part| text(part).replace('+', "-").replace('/', "_")));
    }
    let written =
        |piece: &String| [piece.replace('\\', "\\\\"), piece.replace('&', "&amp;"), piece.replace('&', "&#38;")];
    let more: Vec<String> = pieces.iter().flat_map(written).collect();
    pieces.extend(more);
    pieces
}

/// The credential that a request carries, in a field of its own or in `Authorization`.
fn credential(request: &Request) -> Option<String> {
    if let Some(key) = request.header("x-api-key") {
        return Some(key.to_owned());
    }
    if let Some(token) = request.authorization("bearer") {
        return Some(token.to_owned());
    }
    let pair = STANDARD.decode(request.authorization("basic")?).ok()?;
    Some(String::from_utf8_lossy(&pair).split_once(':')?.1.to_owned())
}

fn reply(request: &Request, good: &str, turn: usize) -> Reply {
    let Some(credential) = credential(request) else {
        return Answer::json(401, &json!({ "error": "unauthorized" })).header("WWW-Authenticate", "Bearer").into();
    };
    let echo = echo(turn, &credential).replace(['\r', '\n', '\0'], "?");
    let (status, body) = match credential == good {
        true => (200, json!({ "orders": ["a1b2c3d4e5f60718", "9988776655443322"], "asked_with": echo }).to_string()),
        false => (403, format!("<html><p>Not a valid key: {echo} (try again)</p>")),
    };
    let media = if status == 200 { "application/json" } else { "text/html" };
    let length = body.len();
    let (challenge, field) = (format!("Bearer realm=\"{}\"", echo.replace(['"', '\\'], "'")), echo.clone());
    let head = format!(
        "HTTP/1.1 {status} {echo}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\nX-Echo: {field}\r\n\
         Location: /login?key={field}\r\nWWW-Authenticate: {challenge}\r\n\r\n"
    );
    let is_head = request.method == "HEAD";
    Reply::Raw(Box::new(move |mut stream| {
        let body = if is_head { "" } else { body.as_str() };
        stream.write_all([head.as_bytes(), body.as_bytes()].concat().as_slice()).is_ok()
    }))
}

fn nothing_of_it_is_shown(secret: &'static str, scheme: &str, credential: &str, known: &str) {
    let turns = Arc::<AtomicUsize>::default();
    let counted = turns.clone();
    let server = Server::start(move |request: &Request, _: &mut _| {
        reply(request, secret, counted.fetch_add(1, Ordering::Relaxed))
    });
    let folder = tempfile::tempdir().expect("a folder");
    let yaml = format!(
        "authbench: 1\nname: echo\ntarget: {{ url: \"http://{}\", owned: true }}\nscheme: {scheme}\ncredentials:\n  \
         a: {{ {credential}: \"${{SECRET}}\"{known} }}\nresources:\n  \
         - {{ request: GET /orders, success: {{ status: 200, json: /orders }} }}\ncases:\n  \
         - {{ name: shown, with: a, request: GET /orders, expect: {{ status: 204 }} }}\n",
        server.address
    );
    std::fs::write(folder.path().join("echo.yaml"), yaml).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "echo.yaml", "--verbose", "--evidence", "all", "--seed", "1"]).env("SECRET", secret);
    for format in authbench::report::FORMATS {
        command.arg("--report").arg(format!("{}=out.{}", format.name, format.extension));
    }
    let output = command.output().expect("runs");
    assert_eq!(output.status.code(), Some(1), "{}", told(&output));
    assert!(turns.load(Ordering::Relaxed) > 100, "{} echoes", turns.load(Ordering::Relaxed));
    let mut outputs = vec![("stdout".to_owned(), output.stdout), ("stderr".to_owned(), output.stderr)];
    for format in authbench::report::FORMATS {
        let name = format!("out.{}", format.extension);
        outputs.push((name.clone(), std::fs::read(folder.path().join(name)).expect("was written")));
    }
    let own = secret.strip_prefix("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.").unwrap_or(secret);
    let pieces = pieces(own);
    let search = AhoCorasick::new(&pieces).expect("is built");
    for (name, bytes) in &outputs {
        if let Some(found) = search.find(bytes) {
            let around = &bytes[found.start().saturating_sub(80)..(found.end() + 80).min(bytes.len())];
            panic!("{scheme}: {name} shows {:?}: {}", pieces[found.pattern().as_usize()], text(around));
        }
    }
    let json = &outputs.iter().find(|(name, _)| name == "out.json").expect("is there").1;
    // which encoding the answer of which check has is a matter of order: in every order at least one echo is recorded, masked
    let json = text(json);
    let echoes: Vec<&str> =
        json.split("Not a valid key: ").skip(1).filter_map(|rest| rest.split(" (try").next()).collect();
    assert!(echoes.iter().any(|echo| echo.contains("···")), "no masked echo is recorded: {echoes:?}");
}

#[test]
fn an_echoed_api_key_is_in_no_report() {
    nothing_of_it_is_shown(KEY, "{ api-key: { header: X-API-Key } }", "key", "");
}

#[test]
fn an_echoed_password_is_in_no_report() {
    nothing_of_it_is_shown(PASSWORD, "basic", "password", ", username: service");
}

#[test]
fn an_echoed_token_is_in_no_report() {
    nothing_of_it_is_shown(JWT, "bearer", "token", "");
}
