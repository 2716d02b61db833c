//! The examples of RFC 9421 and RFC 9530, as this server verifies them.

use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request};
use serde_json::Value;

use super::components::{SignedMessage, Surroundings, base, lines};
use super::fields::{CoveredParts, byte_sequences, covered, labels};
use super::{ALGORITHMS, digest_fits};
use crate::reference::fault::Faults;
use crate::reference::jose::keys::VerifyingKey;
use crate::reference::request::ReceivedBody;
use crate::reference::state::{KeyLocation, ReferenceState};

fn published() -> Value {
    serde_json::from_str(include_str!("../../../../tests/vectors/rfc9421.json")).expect("JSON")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// Start line, fields and content of a message; lines that are folded are joined (RFC 9112 §5.2).
fn read(message: &str) -> (Vec<&str>, HeaderMap, &str) {
    let (head, content) = message.split_once("\n\n").expect("a head");
    let unfolded = head.replace("\n    ", " ");
    let mut headers = HeaderMap::new();
    for line in unfolded.lines().skip(1) {
        let (name, value) = line.split_once(':').expect("a field");
        let name: HeaderName = name.parse().expect("a name");
        headers.append(name, HeaderValue::from_str(value.trim()).expect("a value"));
    }
    (head.lines().next().expect("a start").split(' ').collect(), headers, content)
}

fn request(message: &str) -> Parts {
    let (start, headers, content) = read(message);
    let (mut parts, ()) = Request::builder().method(start[0]).uri(start[1]).body(()).expect("a request").into_parts();
    parts.headers = headers;
    parts.extensions.insert(ReceivedBody(content.to_owned().into()));
    parts
}

fn around(over_tls: bool) -> Surroundings {
    Surroundings { scheme: if over_tls { "https" } else { "http" }, ..Surroundings::default() }
}

/// The base of a signature of a case, as it is built here.
fn base_of(case: &Value, label: &CoveredParts) -> Option<String> {
    let message = text(case, "message");
    if message.starts_with("HTTP/") {
        let (start, headers, _) = read(message);
        let request = request(text(case, "request"));
        return base(
            around(true),
            label,
            SignedMessage::Answer(start[1].parse().expect("a status"), &headers, &request),
        );
    }
    base(around(true), label, SignedMessage::Request(&request(message)))
}

#[test]
fn signatures_of_the_rfc_are_verified() {
    let published = published();
    let cases = published["signed"].as_array().expect("cases");
    assert_eq!(cases.len(), 20);
    for case in cases {
        let (name, key) = (text(case, "name"), &published["keys"][text(case, "key")]);
        let (algorithm, ..) =
            ALGORITHMS.into_iter().find(|(_, alg, _)| *alg == text(key, "alg")).expect("is registered");
        let verifying = VerifyingKey::from_jwk(&key["jwk"]).expect("a key");
        let (_, headers, _) = read(text(case, "message"));
        let field = |name: &str| headers[name].to_str().expect("text").to_owned();
        let inputs = covered(&field("signature-input")).expect("is a dictionary of lists");
        let label = inputs.iter().find(|one| one.label == text(case, "label")).expect("the label");
        let signatures = byte_sequences(&field("signature")).expect("is a dictionary");
        let (_, made) = signatures.iter().find(|(label, _)| label == text(case, "label")).expect("the label");
        let verifies = |base: &str| verifying.verifies(base.as_bytes(), made, algorithm.into());
        let valid = case["valid"] == true;
        let built = base_of(case, label).expect("a base");
        assert_eq!(built == text(case, "base"), valid, "{name}: {built}");
        assert_eq!(verifies(&built), valid, "{name}");
        assert!(verifies(text(case, "base")), "{name}");
    }
}

#[test]
fn lines_of_bases_are_those_of_the_rfc() {
    let published = published();
    let mut count = 0;
    for case in published["lines"].as_array().expect("cases") {
        let (start, headers, _) = read(text(case, "message"));
        let is_answer = start[0].starts_with("HTTP/");
        let request = request(if is_answer { "GET / HTTP/1.1\n\n" } else { text(case, "message") });
        let message = match is_answer {
            true => SignedMessage::Answer(start[1].parse().expect("a status"), &headers, &request),
            false => SignedMessage::Request(&request),
        };
        for line in case["lines"].as_array().expect("lines").iter().filter_map(Value::as_str) {
            let (identifier, _) = line.split_once(": ").expect("a line");
            let components = labels(&format!("a=({identifier})")).expect("a component").remove(0).components;
            let seen = lines(around(case["over_tls"] == true), &components, message);
            assert_eq!(seen.as_deref(), Some(format!("{line}\n").as_str()), "{}", text(case, "name"));
            count += 1;
        }
    }
    assert_eq!(count, 35);
}

#[test]
fn components_that_are_not_there_or_do_not_fit_have_no_base() {
    let request = request("GET /?q=1&r=1&r=2 HTTP/1.1\nHost: a\nPriority: u=1\nX-List: a, b\n\n");
    let seen = |identifier: &str| {
        let read = labels(&format!("a=({identifier})")).expect("a component").remove(0);
        lines(around(false), &read.components, SignedMessage::Request(&request))
    };
    assert_eq!(seen("\"priority\";key=\"u\"").as_deref(), Some("\"priority\";key=\"u\": 1\n"));
    for wrong in [
        "\"priority\";key=\"v\"",
        "\"priority\";sf;bs",
        "\"priority\";tr",
        "\"priority\";req",
        "\"x-list\";sf",
        "\"x-none\"",
        "\"@status\"",
        "\"@method\";sf",
        "\"@method\";req",
        "\"@query-param\"",
        "\"@query-param\";name=\"s\"",
        "\"@query-param\";name=\"r\"",
        "\"@unknown\"",
    ] {
        assert_eq!(seen(wrong), None, "{wrong}");
    }
}

/// RFC 9530 appendix D, §B.1, §B.2 and §2.
#[test]
fn digests_of_the_rfc_fit() {
    let state = ReferenceState::new(
        Faults::default(),
        KeyLocation::Header("X-API-Key".to_owned()),
        std::time::Duration::ZERO,
        false,
    );
    let fits = |content: &str, field: &str| {
        let message = format!("POST / HTTP/1.1\nContent-Digest: {field}\n\n{content}");
        digest_fits(&state, &request(&message))
    };
    let (bare, ended) = ("{\"hello\": \"world\"}", "{\"hello\": \"world\"}\n");
    let sha512 = "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:";
    let of_nothing = "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:";
    assert!(fits(bare, sha512));
    assert!(fits(bare, "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:"));
    assert!(fits(ended, "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"));
    let both = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:, sha-512=:YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==:";
    assert!(fits(ended, both));
    assert!(fits("", of_nothing));
    assert!(!fits(ended, sha512) && !fits(bare, of_nothing));
    // what an attacker can make fit counts for nothing (RFC 9530 §5)
    assert!(!fits(bare, "md5=:Sd/dVLAcvNLSq16eXua5uQ==:"));
    let crc = format!("{sha512}, crc32c=:Q3lHIA==:");
    assert!(fits(bare, &crc), "digests by other algorithms are left to others");
}
