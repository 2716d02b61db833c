//! The examples of RFC 9421, as the client side reads and makes them.

use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

use super::component::{Message, StartLine, lines};
use super::{AnswerRules, Component, MessageKey, MessageParts, algorithm_named};
use crate::observe::{AnswerSignature, Exchange, Request, Response, Silence};
use crate::scheme::jose::{SigningKey, VerificationKey};
use crate::scheme::{Occasion, Proof};

fn published() -> Value {
    serde_json::from_str(include_str!("../../../tests/vectors/rfc9421.json")).expect("JSON")
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().unwrap_or_default()
}

/// The lines of a message, folded ones joined (RFC 9112 §5.2), and its content.
fn read(message: &str) -> (String, Vec<(String, String)>, &str) {
    let (head, content) = message.split_once("\n\n").expect("a head");
    let mut lines = head.lines();
    let start = lines.next().expect("a start line").to_owned();
    let mut fields: Vec<(String, String)> = Vec::new();
    for line in lines {
        match line.split_once(':').filter(|_| !line.starts_with(' ')) {
            Some((name, value)) => fields.push((name.to_owned(), value.trim().to_owned())),
            None => {
                let last = &mut fields.last_mut().expect("a field").1;
                *last = format!("{last} {}", line.trim());
            }
        }
    }
    (start, fields, content)
}

fn request(message: &str) -> Request {
    let (start, fields, content) = read(message);
    let mut words = start.split(' ');
    let mut request = Request::new(words.next().expect("a method"), words.next().expect("a target"));
    fields.iter().for_each(|(name, value)| request.push(name, value, false));
    request.body = content.as_bytes().to_vec();
    request
}

fn response(message: &str) -> Response {
    let (start, fields, content) = read(message);
    let status = start.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
    let headers = fields.into_iter().map(|(name, value)| (name, value.into_bytes())).collect();
    Response { status, headers, body: content.as_bytes().to_vec(), truncated: false }
}

/// The components and the parameters of a label, as they are written.
fn input_of<'a>(message: &'a str, label: &str) -> (Vec<Component>, &'a str) {
    let line = message.lines().find_map(|line| line.strip_prefix("Signature-Input: ")).expect("is signed");
    let (_, rest) = line.split_once(&format!("{label}=")).expect("the label");
    let written = rest.split(", ").next().unwrap_or(rest);
    let (covered, _) = written[1..].split_once(')').expect("a list");
    let components = covered.split(' ').filter(|one| !one.is_empty());
    let components = components.map(|one| Component::read(&one.replacen('"', "", 2)).expect("a component"));
    (components.collect(), written)
}

fn param<'a>(written: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = written.split_once(&format!(";{name}="))?;
    Some(rest.split(';').next().unwrap_or(rest).trim_matches('"'))
}

#[test]
fn requests_are_signed_as_those_of_the_rfc() {
    let published = published();
    let (mut verified, mut made) = (0, 0);
    for case in published["signed"].as_array().expect("cases") {
        let (name, message, label) = (text(case, "name"), text(case, "message"), text(case, "label"));
        if message.starts_with("HTTP/") {
            continue;
        }
        let key = &published["keys"][text(case, "key")];
        let alg = algorithm_named(text(key, "alg")).expect("is registered");
        let signing = SigningKey::read(&key["jwk"].to_string(), None, Some(alg)).expect("a key");
        let verifying = VerificationKey::of(&signing);
        let (components, written) = input_of(message, label);
        let own = MessageKey {
            key: Arc::new(signing),
            key_id: text(case, "key").to_owned(),
            components: components.clone(),
            tag: param(written, "tag").map(str::to_owned),
            window: Duration::from_secs(300),
            over_tls: true,
        };
        let (proof, request) = (Proof::Message(Arc::new(own)), request(message));
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "" };
        let mut parts = MessageParts::of(&proof, &occasion).expect("can be signed");
        // its digest is one of its fields, by SHA-512
        (parts.components, parts.digest) = (components, None);
        parts.created = param(written, "created").and_then(|created| created.parse().ok());
        parts.nonce = param(written, "nonce").map(str::to_owned);
        parts.alg = None;
        let signature = message.lines().find_map(|line| line.strip_prefix("Signature: ")).expect("is signed");
        let (_, rest) = signature.split_once(&format!("{label}=:")).expect("the label");
        let signature = base64(rest.split(':').next().unwrap_or_default());
        let base = parts.base();
        let valid = case["valid"] == true;
        let same_parameters = parts.params() == written;
        if valid && same_parameters {
            assert_eq!(base, text(case, "base"), "{name}");
            // some algorithms make another signature each time
            assert!(verifying.verifies(base.as_bytes(), &parts.signature()), "{name}");
            if matches!(text(key, "alg"), "hmac-sha256" | "ed25519") {
                assert_eq!(parts.signature(), signature, "{name}");
            }
            made += 1;
        }
        if same_parameters {
            assert_eq!(verifying.verifies(base.as_bytes(), &signature), valid, "{name}");
        }
        assert!(verifying.verifies(text(case, "base").as_bytes(), &signature), "{name}");
        verified += 1;
    }
    // the proxy of §4.3 writes its parameters in another order
    assert_eq!((verified, made), (17, 13));
}

fn base64(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.decode(text).expect("Base64")
}

#[test]
fn public_keys_in_pem_are_those_of_the_rfc() {
    let published = published();
    let keys = published["keys"].as_object().expect("keys");
    let mut read = 0;
    for case in published["signed"].as_array().expect("cases") {
        let key = &keys[text(case, "key")];
        let alg = algorithm_named(text(key, "alg"));
        let Some(pem) = key["public_pem"].as_str() else { continue };
        let key = VerificationKey::read(pem, None, alg).expect("a key");
        let (_, rest) = text(case, "message").split_once(&format!("{}=:", text(case, "label"))).expect("a signature");
        let signature = base64(rest.split(':').next().unwrap_or_default());
        assert!(key.verifies(text(case, "base").as_bytes(), &signature), "{}", text(case, "name"));
        read += 1;
    }
    assert_eq!(read, 19);
}

fn rules(published: &Value, case: &Value, components: &[&str]) -> AnswerRules {
    let key = &published["keys"][text(case, "key")];
    let alg = algorithm_named(text(key, "alg"));
    AnswerRules {
        key: Arc::new(VerificationKey::read(&key["jwk"].to_string(), None, alg).expect("a key")),
        components: components.iter().map(|one| Component::read(one).expect("a component")).collect(),
        window: Duration::from_secs(300),
        over_tls: true,
    }
}

fn exchange(request: Request, response: Response) -> Exchange {
    Exchange { answer: Ok(response), ..Exchange::unanswered(request, Silence::Closed) }
}

/// RFC 9421 §2.4 and §B.2.4.
#[test]
fn answers_are_verified_as_those_of_the_rfc() {
    let published = published();
    let answers = published["signed"].as_array().expect("cases").iter();
    let answers: Vec<&Value> = answers.filter(|case| text(case, "message").starts_with("HTTP/")).collect();
    assert_eq!(answers.len(), 3);
    for case in answers {
        let name = text(case, "name");
        let (asked, answered) = (request(text(case, "request")), response(text(case, "message")));
        let (covered, written) = input_of(text(case, "message"), text(case, "label"));
        let created: i64 = param(written, "created").and_then(|created| created.parse().ok()).expect("is dated");
        let rules = AnswerRules { components: covered, ..rules(&published, case, &[]) };
        let exchange = exchange(asked, answered);
        let verify = |now| rules.verify(&exchange, now).expect("an answer");
        assert_eq!(verify(created), AnswerSignature::Good, "{name}");
        assert_eq!(verify(created + 301), AnswerSignature::OutOfWindow(301), "{name}");
        assert_eq!(verify(created - 301), AnswerSignature::OutOfWindow(-301), "{name}");
    }
}

#[test]
fn what_is_wrong_with_the_signature_of_an_answer_is_said() {
    let published = published();
    let cases = published["signed"].as_array().expect("cases");
    let case = cases.iter().find(|case| text(case, "name").ends_with("a response to a request")).expect("is there");
    let (_, written) = input_of(text(case, "message"), text(case, "label"));
    let now: i64 = param(written, "created").and_then(|created| created.parse().ok()).expect("is dated");
    let rules = rules(&published, case, super::ANSWER_COMPONENTS);
    let verdict = |change: &dyn Fn(&mut Request, &mut Response)| {
        let (mut asked, mut answered) = (request(text(case, "request")), response(text(case, "message")));
        change(&mut asked, &mut answered);
        rules.verify(&exchange(asked, answered), now).expect("an answer")
    };
    fn replace(response: &mut Response, name: &str, from: &str, to: &str) {
        for (_, value) in response.headers.iter_mut().filter(|(other, _)| other == name) {
            *value = String::from_utf8_lossy(value).replace(from, to).into_bytes();
        }
    }
    let without = |name: &'static str| {
        move |_: &mut Request, response: &mut Response| response.headers.retain(|(other, _)| other != name)
    };
    // the query of the request is left out there
    assert_eq!(verdict(&|_, _| {}), AnswerSignature::Narrow(vec!["\"@query\";req".to_owned()]));
    assert_eq!(verdict(&|_, response| response.headers.clear()), AnswerSignature::Absent);
    assert_eq!(verdict(&without("Signature")), AnswerSignature::Malformed("Signature"));
    assert_eq!(verdict(&without("Signature-Input")), AnswerSignature::Malformed("Signature-Input"));
    let changed = |name: &'static str, from: &'static str, to: &'static str| {
        verdict(&move |_: &mut Request, response: &mut Response| replace(response, name, from, to))
    };
    assert_eq!(changed("Signature-Input", "reqres=(", "reqres="), AnswerSignature::Malformed("Signature-Input"));
    assert_eq!(changed("Signature", "reqres", "other"), AnswerSignature::Malformed("Signature"));
    assert_eq!(changed("Signature-Input", "test-key", "other-key"), AnswerSignature::OtherKey);
    assert_eq!(changed("Signature", ":dMT", ":eMT"), AnswerSignature::Invalid);
    assert_eq!(
        changed("Signature-Input", ";keyid", ";alg=\"ed25519\";keyid"),
        AnswerSignature::OtherAlgorithm("ed25519".to_owned())
    );
    assert_eq!(
        changed("Signature-Input", "\"@status\"", "\"@status\" \"date\";tr"),
        AnswerSignature::Underivable("\"date\";tr".to_owned())
    );
    assert_eq!(
        verdict(&|request, _| request.method = "PUT".to_owned()),
        AnswerSignature::Invalid,
        "the request that was sent is the one that the answer is for"
    );
    let lenient = AnswerRules { components: Vec::new(), ..rules.clone() };
    let content = |change: &dyn Fn(&mut Response)| {
        let mut answered = response(text(case, "message"));
        change(&mut answered);
        lenient.verify(&exchange(request(text(case, "request")), answered), now).expect("an answer")
    };
    assert_eq!(content(&|_| {}), AnswerSignature::Good);
    assert_eq!(content(&|response| response.body.push(b' ')), AnswerSignature::OtherContent);
    assert_eq!(content(&|response| response.truncated = true), AnswerSignature::ContentCut);
    assert_eq!(
        rules.asked(),
        "sig1=(\"@status\" \"content-digest\" \"@method\";req \"@authority\";req \"@path\";req \"@query\";req);created;keyid=\"test-key-ecc-p256\""
    );
}

/// RFC 9421 §2.1 and §2.2.
#[test]
fn lines_of_bases_are_those_of_the_rfc() {
    let published = published();
    let cases = published["lines"].as_array().expect("cases");
    let mut count = 0;
    for case in cases {
        let (name, message) = (text(case, "name"), text(case, "message"));
        let (start, fields, _) = read(message);
        let fields: Vec<(String, String)> =
            fields.into_iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
        let words: Vec<&str> = start.split(' ').collect();
        let start = match words[0].starts_with("HTTP/") {
            true => StartLine::Answer { status: words[1].parse().expect("a status") },
            false => {
                let (method, target, over_tls) = (words[0], words[1], case["over_tls"] == true);
                StartLine::Request { method, target, authority: "www.example.com", over_tls }
            }
        };
        let of = Message { fields: &fields, digest: None, start };
        for line in case["lines"].as_array().expect("lines").iter().filter_map(Value::as_str) {
            let (identifier, _) = line.split_once(": ").expect("a line");
            let component = Component::read(&identifier.replacen('"', "", 2)).expect("a component");
            assert_eq!(lines(&of, None, &[component]).as_deref(), Ok(format!("{line}\n").as_str()), "{name}");
            count += 1;
        }
    }
    assert_eq!(count, 35);
}
