//! A message as it is signed (RFC 9421 §2).

use std::fmt::Write as _;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::component::{Component, Message, StartLine, quoted};
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
    /// The covered components, in order.
    pub(super) components: Vec<Component>,
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
        components.retain(|component| !component.is("content-digest"));
        components.extend(digest.iter().map(|_| Component::named("content-digest")));
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

    /// The covered components with the parameters of the signature (RFC 9421 §2.3).
    pub(super) fn params(&self) -> String {
        let covered: Vec<String> = self.components.iter().map(Component::to_string).collect();
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
            let _ = write!(text, ";{name}=\"{}\"", quoted(value));
        }
        text
    }

    /// The signature base (RFC 9421 §2.5). What the message does not have is signed as an empty text, which servers refuse: a
    /// forgery covers it, or `components` of the scenario names what this request lacks.
    pub(super) fn base(&self) -> String {
        let (method, target, authority) = (&self.method, &self.target, &self.authority);
        let start = StartLine::Request { method, target, authority, over_tls: self.own.over_tls };
        let message = Message { fields: &self.fields, digest: self.digest.as_deref(), start };
        let mut base = String::new();
        for component in &self.components {
            let _ = writeln!(base, "{component}: {}", message.value(component).unwrap_or_default());
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
    use super::*;

    /// RFC 9530 appendix D, §B.1, §B.2 and §B.3.
    #[test]
    fn digests_are_those_of_the_rfc() {
        for (content, digest) in [
            ("{\"hello\": \"world\"}", "X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE="),
            ("{\"hello\": \"world\"}\n", "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg="),
            ("", "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="),
            ("\"world\"}\n", "jjcgBDWNAtbYUXI37CVG3gRuGOAjaaDRGpIUFsdyepQ="),
        ] {
            assert_eq!(content_digest(content.as_bytes()), format!("sha-256=:{digest}:"), "{content}");
        }
    }
}
