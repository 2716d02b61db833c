//! How wrong messages are made of a good one.

use super::component::Component;
use super::parts::MessageParts;
use crate::scheme::signing::{in_seconds, with_query as target_with_query};
use crate::scheme::{Carried, CarrierPlace, Forged, ForgeryContext, Occasion, RequestPart, Unforgeable};

/// What a good message says, and what it is made for.
pub(super) fn good<'a>(context: &ForgeryContext<'a>) -> Result<(MessageParts, &'a Occasion<'a>), Unforgeable> {
    let occasion = context.occasion.ok_or_else(|| Unforgeable("no message to sign".to_owned()))?;
    Ok((MessageParts::of(context.proof, occasion)?, occasion))
}

/// A message that is signed after a change.
pub(super) fn altered(context: &ForgeryContext<'_>, alter: impl FnOnce(&mut MessageParts, &Occasion<'_>)) -> Forged {
    let (mut parts, occasion) = good(context)?;
    alter(&mut parts, occasion);
    Ok(parts.signed(context.carrier))
}

/// The same for a message that has a digest.
pub(super) fn with_digest(
    context: &ForgeryContext<'_>,
    alter: impl FnOnce(&mut MessageParts, &Occasion<'_>),
) -> Forged {
    if good(context)?.0.digest.is_none() {
        return Err(Unforgeable("the request has no body".to_owned()));
    }
    altered(context, alter)
}

/// A correct signature at another time, by the window of the server.
pub(super) fn at(context: &ForgeryContext<'_>, offset: fn(i64) -> i64) -> Forged {
    altered(context, |parts, _| {
        let offset = offset(in_seconds(parts.own.window));
        parts.created = parts.created.map(|created| created.saturating_add(offset));
    })
}

/// A signature of another message than the one that is sent. Where the components of the scheme do not tell the two apart, it
/// would be a good one.
pub(super) fn tampered(context: &ForgeryContext<'_>, alter: impl FnOnce(&mut MessageParts, &Occasion<'_>)) -> Forged {
    let (own, occasion) = good(context)?;
    let mut parts = own.clone();
    alter(&mut parts, occasion);
    match parts.as_received(&own).base() == parts.base() {
        true => Err(Unforgeable("the `components` of the scheme do not cover what this forgery changes".to_owned())),
        false => Ok(parts.signed(context.carrier)),
    }
}

/// A correct signature over other components. A scheme that covers no more has no such forgery.
pub(super) fn covering(context: &ForgeryContext<'_>, covered: fn(&[Component]) -> Vec<Component>) -> Forged {
    let (mut parts, _) = good(context)?;
    let covered = covered(&parts.components);
    if covered == parts.components {
        return Err(Unforgeable(
            "the `components` of the scheme cover nothing that this forgery could leave out".to_owned(),
        ));
    }
    parts.components = covered;
    Ok(parts.signed(context.carrier))
}

/// The components without the query: an address is covered by its other parts.
pub(super) fn without_query(components: &[Component]) -> Vec<Component> {
    let mut covered: Vec<Component> = Vec::new();
    for component in components {
        let parts = match component.name() {
            "@query" | "@query-param" => Vec::new(),
            "@request-target" => ["@path"].map(Component::named).to_vec(),
            "@target-uri" => ["@scheme", "@authority", "@path"].map(Component::named).to_vec(),
            _ => vec![component.clone()],
        };
        for part in parts {
            if !covered.contains(&part) {
                covered.push(part);
            }
        }
    }
    covered
}

pub(super) fn with_query(occasion: &Occasion<'_>, query: &str) -> String {
    target_with_query(occasion.request, query)
}

/// A correct signature of a request with this query.
pub(super) fn query(context: &ForgeryContext<'_>, query: &str) -> Forged {
    altered(context, |parts, occasion| {
        parts.target = with_query(occasion, query);
        let target = parts.target.clone();
        parts.send_target(target);
    })
}

/// The path of a request up to its last slash, and the rest of the target.
fn at_last_slash(target: &str) -> (&str, &str) {
    let path = target.split('?').next().unwrap_or_default();
    target.split_at(path.rfind('/').unwrap_or_default())
}

/// The target of a request with a segment before its last one that means the same directory (RFC 3986 §5.2.4).
pub(super) fn with_dot_segment(occasion: &Occasion<'_>) -> String {
    let target = String::from_utf8_lossy(&occasion.request.target).into_owned();
    let (start, rest) = at_last_slash(&target);
    format!("{start}/%2e{rest}")
}

/// The target of a request with the first letter of its last segment percent-encoded.
pub(super) fn with_encoded_letter(occasion: &Occasion<'_>) -> Result<String, Unforgeable> {
    let target = String::from_utf8_lossy(&occasion.request.target).into_owned();
    let (start, rest) = at_last_slash(&target);
    let path = &rest[..rest.find('?').unwrap_or(rest.len())];
    let Some(at) = path.find(|c: char| c.is_ascii_alphabetic()) else {
        return Err(Unforgeable("the last segment of the path has no letter".to_owned()));
    };
    Ok(format!("{start}{}%{:02X}{}", &rest[..at], rest.as_bytes()[at], &rest[at + 1..]))
}

/// A good message with one bit of its signature changed.
pub(super) fn changed(parts: &MessageParts, context: &ForgeryContext<'_>) -> Forged {
    let mut made = parts.signature();
    let middle = made.len() / 2;
    made[middle] ^= 1;
    Ok(parts.written(context.carrier, &made))
}

/// A correct signature that covers one more component first, whose identifier stands as it is in the base and in the parameters.
pub(super) fn covering_first(
    context: &ForgeryContext<'_>,
    identifier: &str,
    value: fn(&MessageParts) -> String,
) -> Forged {
    let (parts, _) = good(context)?;
    let widened = |text: &str| text.replacen('(', &format!("({identifier} "), 1);
    let base = parts.base();
    let (components, params) = at_params(&base);
    let base = format!("{identifier}: {}\n{components}{}", value(&parts), widened(params));
    let made = parts.own.key.sign(base.as_bytes());
    Ok(relabelled(parts.written(context.carrier, &made), widened))
}

/// A correct signature by RSASSA-PSS with a salt of this length.
pub(super) fn salted(context: &ForgeryContext<'_>, length: usize) -> Forged {
    let (parts, _) = good(context)?;
    let made = parts.own.key.sign_with_salt(length, parts.base().as_bytes());
    let made = made.ok_or_else(|| Unforgeable("the algorithm is not rsa-pss-sha512".to_owned()))?;
    Ok(parts.written(context.carrier, &made))
}

/// A base, cut before its last line: the parameters.
fn at_params(base: &str) -> (&str, &str) {
    base.split_at(base.rfind('\n').map_or(0, |at| at + 1))
}

/// A correct signature whose time of creation is written in another way.
pub(super) fn timed(context: &ForgeryContext<'_>, write: fn(i64) -> String) -> Forged {
    let (parts, _) = good(context)?;
    let created = parts.created.unwrap_or_default();
    let rewritten = |text: &str| text.replacen(&format!(";created={created}"), &write(created), 1);
    let base = parts.base();
    let (components, params) = at_params(&base);
    let made = parts.own.key.sign(format!("{components}{}", rewritten(params)).as_bytes());
    Ok(relabelled(parts.written(context.carrier, &made), rewritten))
}

pub(super) fn is_input(one: &Carried) -> bool {
    one.place == CarrierPlace::Beside(RequestPart::Field("Signature-Input".to_owned()))
}

/// With another Signature-Input.
pub(super) fn relabelled(mut carried: Vec<Carried>, change: impl Fn(&str) -> String) -> Vec<Carried> {
    for one in carried.iter_mut().filter(|one| is_input(one)) {
        one.value = change(&String::from_utf8_lossy(&one.value)).into_bytes();
    }
    carried
}

/// Two signatures, the second under a label of its own.
pub(super) fn both(mut first: Vec<Carried>, second: &[Carried]) -> Vec<Carried> {
    let find = |input: bool| second.iter().find(|one| is_input(one) == input && (input || one.is_secret()));
    for one in first.iter_mut().filter(|one| is_input(one) || one.is_secret()) {
        if let Some(other) = find(is_input(one)) {
            let text = String::from_utf8_lossy(&other.value).replacen("sig1=", "sig2=", 1);
            one.value.extend_from_slice(format!(", {text}").as_bytes());
        }
    }
    first
}
