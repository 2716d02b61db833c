//! A message as it is signed (RFC 9421 §2).

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{MessageKey, registered_name};
use crate::clock;
use crate::scheme::{Carried, Carrier, CarrierPlace, Occasion, Proof, RequestPart, Unforgeable};

/// A message as it is signed. A forgery changes some of it, and may send something else than what it signs.
#[derive(Clone, Debug)]
pub(crate) struct MessageParts {
    pub(super) own: Arc<MessageKey>,
    pub(super) key_id: Option<String>,
    pub(super) alg: Option<String>,
    pub(super) created: Option<i64>,
    pub(super) expires: Option<i64>,
    pub(super) nonce: Option<String>,
    pub(super) tag: Option<String>,
    /// Identifiers of the covered components, in order.
    pub(super) components: Vec<String>,
    pub(super) method: String,
    pub(super) target: String,
    pub(super) authority: String,
    /// Fields of the message: names in lower case, with their values.
    pub(super) fields: Vec<(String, String)>,
    /// `Content-Digest`, where the message has one.
    pub(super) digest: Option<String>,
    /// What is sent beside the signature, or in place of a part of the message.
    pub(super) sent: Vec<Carried>,
}

/// `Content-Digest` of a body (RFC 9530 §2).
pub(super) fn content_digest(body: &[u8]) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, body);
    format!("sha-256=:{}:", STANDARD.encode(digest.as_ref()))
}

impl MessageParts {
    /// What a good message says.
    pub(super) fn of(proof: &Proof, occasion: &Occasion<'_>) -> Result<Self, Unforgeable> {
        let Proof::Message(own) = proof else {
            return Err(Unforgeable("the credential has no key that signs messages".to_owned()));
        };
        let request = occasion.request;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let reads = request.body.is_empty() && matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "TRACE");
        let digest = (!reads).then(|| content_digest(&request.body));
        let mut components = own.components.clone();
        // a message without content has no such field, and no component is covered twice (RFC 9421 §2.5)
        components.retain(|component| component != "content-digest");
        components.extend(digest.iter().map(|_| "content-digest".to_owned()));
        Ok(Self {
            key_id: Some(own.key_id.clone()),
            alg: registered_name(own.key.alg).map(str::to_owned),
            created: Some(clock::unix_seconds()),
            expires: None,
            nonce: Some(occasion.random.to_owned()),
            tag: own.tag.clone(),
            own: own.clone(),
            components,
            method: request.method.clone(),
            target: String::from_utf8_lossy(&request.target).into_owned(),
            authority: text(request.value_of("host").unwrap_or_default()).to_ascii_lowercase(),
            fields: request.headers.iter().map(|one| (one.name.to_ascii_lowercase(), text(&one.value))).collect(),
            digest,
            sent: Vec::new(),
        })
    }

    /// The value of a component (RFC 9421 §2.1, §2.2); an empty text where the message has no such field.
    fn value(&self, component: &str) -> String {
        let (path, query) = self.target.split_once('?').unwrap_or((&self.target, ""));
        match component {
            "@method" => self.method.clone(),
            "@authority" => self.authority.clone(),
            "@path" if path.is_empty() => "/".to_owned(),
            "@path" => path.to_owned(),
            "@query" => format!("?{query}"),
            "@request-target" => self.target.clone(),
            "@scheme" => self.scheme().to_owned(),
            "@target-uri" => format!("{}://{}{}", self.scheme(), self.authority, self.target),
            "content-digest" => self.digest.clone().unwrap_or_default(),
            name => {
                let values = self.fields.iter().filter(|(other, _)| other == name).map(|(_, value)| value.as_str());
                values.collect::<Vec<_>>().join(", ")
            }
        }
    }

    /// The scheme of the target's address.
    fn scheme(&self) -> &'static str {
        if self.own.over_tls { "https" } else { "http" }
    }

    /// The covered components with the parameters of the signature (RFC 9421 §2.3).
    pub(super) fn params(&self) -> String {
        let covered: Vec<String> = self.components.iter().map(|component| format!("\"{component}\"")).collect();
        let mut text = format!("({})", covered.join(" "));
        let numbers = [("created", self.created), ("expires", self.expires)];
        for (name, value) in numbers.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let _ = write!(text, ";{name}={value}");
        }
        let texts = [
            ("keyid", self.key_id.as_ref()),
            ("alg", self.alg.as_ref()),
            ("nonce", self.nonce.as_ref()),
            ("tag", self.tag.as_ref()),
        ];
        for (name, value) in texts.into_iter().filter_map(|(name, value)| Some((name, value?))) {
            let _ = write!(text, ";{name}=\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""));
        }
        text
    }

    /// The signature base (RFC 9421 §2.5).
    pub(super) fn base(&self) -> String {
        let mut base = String::new();
        for component in &self.components {
            let _ = writeln!(base, "\"{component}\": {}", self.value(component));
        }
        let _ = write!(base, "\"@signature-params\": {}", self.params());
        base
    }

    /// The message as a server receives it that was signed like this, where the good one was meant to be sent.
    pub(super) fn as_received(&self, good: &Self) -> Self {
        let mut received = Self {
            method: good.method.clone(),
            target: good.target.clone(),
            authority: good.authority.clone(),
            fields: good.fields.clone(),
            ..self.clone()
        };
        for one in &self.sent {
            let value = String::from_utf8_lossy(&one.value).into_owned();
            match &one.place {
                CarrierPlace::Beside(RequestPart::Target) => received.target = value,
                CarrierPlace::Beside(RequestPart::Field(name)) => {
                    received.fields.push((name.to_ascii_lowercase(), value));
                }
                _ => {}
            }
        }
        received
    }

    /// The signature, in the form of its algorithm (RFC 9421 §3.3).
    pub(super) fn signature(&self) -> Vec<u8> {
        self.own.key.sign(self.base().as_bytes())
    }

    /// What goes onto the wire.
    pub(super) fn signed(&self, carrier: &Carrier) -> Vec<Carried> {
        self.written(carrier, &self.signature())
    }

    /// The same with another signature. The signature is the last that is carried.
    pub(super) fn written(&self, carrier: &Carrier, signature: &[u8]) -> Vec<Carried> {
        let input = Carried::beside("Signature-Input", format!("sig1={}", self.params()));
        let made = carrier.carrying(&format!("sig1=:{}:", STANDARD.encode(signature)));
        let digest = self.digest.iter().map(|digest| Carried::beside("Content-Digest", digest));
        self.sent.iter().cloned().chain(digest).chain([input, made]).collect()
    }

    /// Sends another target than the one of the request.
    pub(super) fn send_target(&mut self, target: impl Into<String>) {
        self.sent.push(Carried::new(&CarrierPlace::Beside(RequestPart::Target), target.into()));
    }

    /// Sends another body than the one of the request.
    pub(super) fn send_body(&mut self, body: Vec<u8>) {
        self.sent.push(Carried::new(&CarrierPlace::Beside(RequestPart::Body), body));
    }

    /// Sends a field that the request does not have.
    pub(super) fn send_field(&mut self, name: &str, value: &str) {
        self.sent.push(Carried::beside(name, value));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::observe::Request;
    use crate::scheme::jose::SigningKey;
    use crate::scheme::jose::key::verifies;

    /// The request of RFC 9421 §B.2.
    fn request() -> Request {
        Request::new("POST", "/foo?param=Value&Pet=dog")
            .header("Host", "example.com")
            .header("Date", "Tue, 20 Apr 2021 02:07:55 GMT")
            .header("Content-Type", "application/json")
            .header("Content-Length", "18")
    }

    #[test]
    fn bases_and_signatures_are_those_of_the_rfc() {
        let vectors: Value = serde_json::from_str(include_str!("../../../tests/vectors/rfc9421.json")).expect("JSON");
        for case in vectors["cases"].as_array().expect("cases") {
            let text = |name: &str| case[name].as_str().unwrap_or_default();
            let alg = super::super::algorithm_named(text("alg")).expect("is registered");
            let key = match case["secret"].as_str() {
                Some(secret) => SigningKey::secret(&STANDARD.decode(secret).expect("Base64"), alg, None),
                None => SigningKey::read(text("key"), None, Some(alg)).expect("a key"),
            };
            let names = |name: &str| -> Vec<String> {
                case[name]
                    .as_array()
                    .expect("a list")
                    .iter()
                    .map(|one| one.as_str().expect("text").to_owned())
                    .collect()
            };
            let own = MessageKey {
                key: Arc::new(key),
                key_id: text("keyid").to_owned(),
                components: names("components"),
                tag: case["tag"].as_str().map(str::to_owned),
                window: std::time::Duration::from_secs(300),
                over_tls: true,
            };
            let proof = Proof::Message(Arc::new(own));
            let request = request();
            let occasion = Occasion { request: &request, challenge: None, count: 1, random: "" };
            let mut parts = MessageParts::of(&proof, &occasion).expect("can be signed");
            parts.components = names("components");
            parts.digest = Some(text("digest").to_owned());
            parts.created = case["created"].as_i64();
            parts.nonce = case["nonce"].as_str().map(str::to_owned);
            parts.alg = None;
            let base = text("base");
            assert_eq!(parts.base(), base, "{}", text("name"));
            let signature = STANDARD.decode(text("signature")).expect("Base64");
            match case["deterministic"] == true {
                true => assert_eq!(parts.signature(), signature, "{}", text("name")),
                false => {
                    let public = parts.own.key.public_jwk().expect("a public half");
                    assert!(verifies(&public, alg, base.as_bytes(), &signature), "{}", text("name"));
                    let anew = parts.own.key.sign(base.as_bytes());
                    assert!(verifies(&public, alg, base.as_bytes(), &anew), "{}", text("name"));
                }
            }
        }
    }

    #[test]
    fn a_digest_is_that_of_the_rfc() {
        // RFC 9530 §B.1
        assert_eq!(
            content_digest(b"{\"hello\": \"world\"}\n"),
            "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
        );
    }
}
