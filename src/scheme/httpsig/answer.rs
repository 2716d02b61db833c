//! Signatures of answers: how a client asks for them (RFC 9421 §5), and how it verifies them (RFC 9421 §3.2).

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{self, SHA256, SHA512};
use sfv::{Dictionary, InnerList, Item, ListEntry, Parser};

use super::component::{Component, Message, StartLine, lines, quoted};
use super::registered_name;
use crate::observe::{AnswerSignature, Exchange, Request, Response};
use crate::scheme::jose::VerificationKey;

/// What the signatures of a target's answers have to be.
#[derive(Clone, Debug)]
pub struct AnswerRules {
    /// The key that verifies them.
    pub key: Arc<VerificationKey>,
    /// What they have to cover.
    pub components: Vec<Component>,
    /// How old, or how far ahead, a signature may be.
    pub window: Duration,
    /// Whether the target speaks TLS.
    pub over_tls: bool,
}

/// One signature of an answer.
struct MadeSignature {
    covered: InnerList,
    bytes: Vec<u8>,
}

impl MadeSignature {
    fn text(&self, param: &str) -> Option<&str> {
        Some(self.covered.params.get(param)?.as_string()?.as_str())
    }

    fn number(&self, param: &str) -> Option<i64> {
        Some(self.covered.params.get(param)?.as_integer()?.into())
    }
}

impl AnswerRules {
    /// The field that asks for a signature (RFC 9421 §5.1).
    pub fn asked(&self) -> String {
        let covered: Vec<String> = self.components.iter().map(Component::to_string).collect();
        let key = self.key.kid.as_ref().map(|kid| format!(";keyid=\"{}\"", quoted(kid))).unwrap_or_default();
        format!("sig1=({});created{key}", covered.join(" "))
    }

    /// What the signature of an answer is worth at a time, in seconds since 1970; none where there is no answer.
    pub fn verify(&self, exchange: &Exchange, now: i64) -> Option<AnswerSignature> {
        let response = exchange.response()?;
        Some(self.verified(&exchange.request, response, now).err().unwrap_or(AnswerSignature::Good))
    }

    fn verified(&self, request: &Request, response: &Response, now: i64) -> Result<(), AnswerSignature> {
        let made = self.find(response)?;
        let alg = registered_name(self.key.alg);
        if let Some(named) = made.text("alg").filter(|named| Some(*named) != alg) {
            return Err(AnswerSignature::OtherAlgorithm(named.to_owned()));
        }
        let identifier = |item: &Item| AnswerSignature::Underivable(sfv::FieldType::serialize(item));
        let covered = made.covered.items.iter().map(|item| Component::of(item).ok_or_else(|| identifier(item)));
        let covered: Vec<Component> = covered.collect::<Result<_, _>>()?;
        let base = self.base(request, response, (covered.as_slice(), &made.covered));
        let base = base.map_err(|component| AnswerSignature::Underivable(component.to_string()))?;
        if !self.key.verifies(base.as_bytes(), &made.bytes) {
            return Err(AnswerSignature::Invalid);
        }
        let left_out = self.components.iter().filter(|wanted| !covered.contains(wanted));
        let left_out: Vec<String> = left_out.map(Component::to_string).collect();
        if !left_out.is_empty() {
            return Err(AnswerSignature::Narrow(left_out));
        }
        self.is_of_this_time(&made, now)?;
        match covered.iter().any(|component| component.name() == "content-digest" && !component.is_of_request()) {
            true => content_fits(response),
            false => Ok(()),
        }
    }

    /// The signature of an answer that names the key; the first, where the key has no name.
    fn find(&self, response: &Response) -> Result<MadeSignature, AnswerSignature> {
        let line = |name| response.header_values(name).collect::<Vec<_>>().join(", ");
        let (inputs, signatures) = (line("signature-input"), line("signature"));
        match (inputs.is_empty(), signatures.is_empty()) {
            (true, true) => return Err(AnswerSignature::Absent),
            (true, false) => return Err(AnswerSignature::Malformed("Signature-Input")),
            (false, true) => return Err(AnswerSignature::Malformed("Signature")),
            (false, false) => {}
        }
        let inputs = dictionary(&inputs).ok_or(AnswerSignature::Malformed("Signature-Input"))?;
        let signatures = dictionary(&signatures).ok_or(AnswerSignature::Malformed("Signature"))?;
        for (label, input) in inputs {
            let ListEntry::InnerList(covered) = input else {
                return Err(AnswerSignature::Malformed("Signature-Input"));
            };
            let kid = covered.params.get("keyid").and_then(|kid| kid.as_string()).map(|kid| kid.as_str());
            if self.key.kid.is_some() && self.key.kid.as_deref() != kid {
                continue;
            }
            let made = match signatures.get(label.as_str()) {
                Some(ListEntry::Item(item)) => item.bare_item.as_byte_sequence(),
                _ => None,
            };
            let bytes = made.ok_or(AnswerSignature::Malformed("Signature"))?.to_vec();
            return Ok(MadeSignature { covered, bytes });
        }
        Err(AnswerSignature::OtherKey)
    }

    /// The signature base (RFC 9421 §2.5).
    fn base(
        &self,
        request: &Request,
        response: &Response,
        (covered, written): (&[Component], &InnerList),
    ) -> Result<String, Component> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        let of_request: Vec<(String, String)> =
            request.headers.iter().map(|one| (one.name.to_ascii_lowercase(), text(&one.value))).collect();
        let of_answer: Vec<(String, String)> =
            response.headers.iter().map(|(name, value)| (name.to_ascii_lowercase(), text(value))).collect();
        let (target, authority) = (text(&request.target), text(request.value_of("host").unwrap_or_default()));
        let authority = authority.to_ascii_lowercase();
        let start = StartLine::Request {
            method: &request.method,
            target: &target,
            authority: &authority,
            over_tls: self.over_tls,
        };
        let asked = Message { fields: &of_request, digest: None, start };
        let start = StartLine::Answer { status: response.status };
        let answered = Message { fields: &of_answer, digest: None, start };
        let lines = lines(&answered, Some(&asked), covered)?;
        Ok(format!("{lines}\"@signature-params\": {}", written_strictly(written)))
    }

    fn is_of_this_time(&self, made: &MadeSignature, now: i64) -> Result<(), AnswerSignature> {
        let created = made.number("created").ok_or(AnswerSignature::Undated)?;
        let window = i64::try_from(self.window.as_secs()).unwrap_or(i64::MAX);
        let age = now.saturating_sub(created);
        if age.saturating_abs() > window {
            return Err(AnswerSignature::OutOfWindow(age));
        }
        match made.number("expires") {
            Some(expires) if expires < now => Err(AnswerSignature::Expired(now.saturating_sub(expires))),
            _ => Ok(()),
        }
    }
}

/// A field that is a dictionary (RFC 9651 §3.2).
fn dictionary(text: &str) -> Option<Dictionary> {
    Parser::new(text).parse().ok()
}

/// The components and parameters of a signature as its base has them (RFC 9421 §2.3).
fn written_strictly(covered: &InnerList) -> String {
    let list: sfv::List = vec![covered.clone().into()];
    sfv::FieldType::serialize(&list).unwrap_or_default()
}

/// Whether every digest of the content that is known here is that of the body, and one is known (RFC 9530 §2).
fn content_fits(response: &Response) -> Result<(), AnswerSignature> {
    let line = response.header_values("content-digest").collect::<Vec<_>>().join(", ");
    let digests = dictionary(&line).ok_or(AnswerSignature::Malformed("Content-Digest"))?;
    if response.truncated {
        return Err(AnswerSignature::ContentCut);
    }
    let fits = |(name, value): (&sfv::Key, &ListEntry)| {
        let algorithm = match name.as_str() {
            "sha-256" => &SHA256,
            "sha-512" => &SHA512,
            _ => return None,
        };
        let ListEntry::Item(item) = value else { return Some(false) };
        Some(item.bare_item.as_byte_sequence() == Some(digest::digest(algorithm, &response.body).as_ref()))
    };
    let known: Vec<bool> = digests.iter().filter_map(fits).collect();
    match !known.is_empty() && known.iter().all(|fits| *fits) {
        true => Ok(()),
        false => Err(AnswerSignature::OtherContent),
    }
}
