//! Pieces of the identifier of a session in what scripts can read.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use percent_encoding::percent_decode_str;
use serde_json::Value;

/// Characters from which on a piece is in a body by no chance, and less is left to guess.
const LEAST: usize = 16;
/// A piece is no less than one of so many parts: less of a long value leaves enough to guess.
const PARTS: usize = 4;
/// Different characters that a piece has at least: fillings and zeros in Base64 have fewer.
const LEAST_DIFFERENT: usize = 8;
/// Characters that a piece has in common with another session of the user at most: what both begin with, the time, or who the user is.
const COMMON: usize = 8;

/// What of a value identifies its session and is random: neither a payload that anybody can read nor a word.
struct Identifying {
    text: String,
    /// Characters of all that it is a part of.
    of: usize,
}

/// How many characters of the identifier of a session a body has in a row, where these are a piece that tells something: values of
/// its cookie, and those of another session of the same user.
pub(super) fn piece_shown(values: &[String], others: &[String], bodies: &[&str]) -> Option<usize> {
    let elsewhere: Vec<Identifying> = others.iter().flat_map(|value| identifying(value)).collect();
    if elsewhere.is_empty() {
        return None;
    }
    let shown = |piece: &str| bodies.iter().any(|body| body.contains(piece));
    values.iter().flat_map(|value| identifying(value)).find_map(|own| {
        let length = LEAST.max(own.of.div_ceil(PARTS));
        // what splits it is ASCII, and so is the rest
        let mut starts = 0..(own.text.len() + 1).saturating_sub(length);
        starts.find_map(|start| {
            let rest = own.text.get(start..)?;
            let piece = rest.get(..length)?;
            if !is_random(piece) || is_common(piece, &elsewhere) || !shown(piece) {
                return None;
            }
            (length..=rest.len()).take_while(|end| rest.get(..*end).is_some_and(shown)).last()
        })
    })
}

/// Whether a piece looks as if it was made at random. One in forty of 22 characters in Base64 has no digit.
fn is_random(piece: &str) -> bool {
    let different: BTreeSet<char> = piece.chars().collect();
    let has = |kind: fn(&char) -> bool| piece.chars().any(|c| kind(&c));
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_alphabetic);
    different.len() >= LEAST_DIFFERENT && (is_mixed || (has(char::is_ascii_uppercase) && has(char::is_ascii_lowercase)))
}

/// Whether another session of the user has so much of a piece that it identifies none.
fn is_common(piece: &str, elsewhere: &[Identifying]) -> bool {
    let mut runs = (0..=piece.len().saturating_sub(COMMON)).filter_map(|at| piece.get(at..at + COMMON));
    runs.any(|run| elsewhere.iter().any(|other| other.text.contains(run)))
}

/// What of the value of a cookie identifies the session: its parts but for those that are text in Base64, such as the header and the
/// claims of a JWT and what a framework signs, which are no secret. Of JSON it is the member that names the session; the claims of
/// a JWT are public, whatever they are called.
fn identifying(value: &str) -> Vec<Identifying> {
    let value = percent_decode_str(value.trim_matches('"')).decode_utf8_lossy().into_owned();
    if let Some(json) = object(&value) {
        return of_members(&json);
    }
    let parts: Vec<&str> = value.split(|c: char| !c.is_ascii_alphanumeric() && !"-_+/=".contains(c)).collect();
    let is_jwt = parts.first().and_then(|part| readable(part)).is_some_and(|text| text.contains("\"alg\""));
    let mut found = Vec::new();
    for part in parts.iter().filter(|part| part.len() >= LEAST) {
        match readable(part) {
            None => found.push(Identifying { text: (*part).to_owned(), of: value.len() }),
            Some(text) if !is_jwt => found.extend(object(&text).iter().flat_map(of_members)),
            Some(_) => {}
        }
    }
    found
}

/// The texts of JSON whose names say that they identify a session.
fn of_members(json: &Value) -> Vec<Identifying> {
    let names_session = |name: &str| {
        let name = name.to_ascii_lowercase();
        name == "sid" || name.contains("session")
    };
    let members = json.as_object().into_iter().flatten().filter(|(name, _)| names_session(name));
    let texts = members.filter_map(|(_, value)| value.as_str()).filter(|text| text.is_ascii());
    texts.map(|text| Identifying { text: text.to_owned(), of: text.len() }).collect()
}

fn object(text: &str) -> Option<Value> {
    serde_json::from_str(text).ok().filter(Value::is_object)
}

/// What Base64 says, where that is text.
fn readable(part: &str) -> Option<String> {
    let bare = part.trim_end_matches('=');
    let bytes = URL_SAFE_NO_PAD.decode(bare).or_else(|_| STANDARD_NO_PAD.decode(bare)).ok()?;
    let text = String::from_utf8(bytes).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6c1f0a8e52d94b3791e07d25ab68fc03";
    const OTHER: &str = "d3b85f27c09a416e8f12e6709b4dc5a1";

    fn found(value: &str, other: &str, body: &str) -> Option<usize> {
        piece_shown(&[value.to_owned()], &[other.to_owned()], &[body])
    }

    fn encoded(text: &str) -> String {
        URL_SAFE_NO_PAD.encode(text)
    }

    #[test]
    fn a_piece_of_an_identifier_is_found() {
        let long = [ID, OTHER, ID].concat();
        let longer = |text: &str| text.chars().rev().collect::<String>();
        for (value, other, body, expected) in [
            // the end of it as a CSRF token
            (ID.to_owned(), OTHER.to_owned(), ID[16..].to_owned(), Some(16)),
            (ID.to_owned(), OTHER.to_owned(), ID[3..25].to_owned(), Some(22)),
            (ID.to_owned(), OTHER.to_owned(), ID[17..].to_owned(), None),
            // letters alone, as some of Base64 are
            ("qYw_KdRbTzMhLpVnXgJsCfUe".to_owned(), OTHER.to_owned(), "TzMhLpVnXgJsCfUe".to_owned(), Some(16)),
            ("qyw-kdrbtzmhlpvnxgjscfue".to_owned(), OTHER.to_owned(), "tzmhlpvnxgjscfue".to_owned(), None),
            // a quarter of it
            (long.clone(), longer(&long), long[..24].to_owned(), Some(24)),
            (long.clone(), longer(&long), long[..23].to_owned(), None),
            // an identifier without its signature
            (
                format!("s%3A{ID}.{}", longer(ID)),
                format!("s%3A{OTHER}.{}", longer(OTHER)),
                format!("sid {ID}"),
                Some(32),
            ),
            // the identifier within what is signed
            (
                encoded(&format!("{{\"sessionid\":\"{ID}\",\"sign\":\"{OTHER}\"}}")),
                encoded(&format!("{{\"sessionid\":\"{OTHER}\",\"sign\":\"{ID}\"}}")),
                ID[16..].to_owned(),
                Some(16),
            ),
            (
                format!("%7B%22session_id%22%3A%22{ID}%22%7D"),
                format!("%7B%22session_id%22%3A%22{OTHER}%22%7D"),
                ID[..20].to_owned(),
                Some(20),
            ),
        ] {
            assert_eq!(found(&value, &other, &format!("<input value=\"{body}\">")), expected, "{value} {body}");
        }
    }

    #[test]
    fn what_anybody_may_see_is_no_piece() {
        let jwt = |claims: &str, signature: &str| {
            format!("{}.{}.{signature}", encoded(r#"{"alg":"HS256","typ":"JWT"}"#), encoded(claims))
        };
        let (claims, later) = (r#"{"sub":"alice","iat":1764507061}"#, r#"{"sub":"alice","iat":1764507099}"#);
        let sid = |id: &str| format!(r#"{{"sub":"alice","sid":"{id}"}}"#);
        let user = "507f1f77bcf86cd799439011";
        for (value, other, body) in [
            // another token, of the same second, and what it says
            (jwt(claims, ID), jwt(later, OTHER), jwt(claims, "pQ7xV2mB4nR9tYqK3wL8sD6fG1hJ5zC0")),
            (jwt(&sid(ID), &ID[..20]), jwt(&sid(OTHER), &OTHER[..20]), ID.to_owned()),
            // what a framework signs
            (format!("{}.aSzXQg.{ID}", encoded(claims)), format!("{}.aSzXQx.{OTHER}", encoded(later)), encoded(claims)),
            (
                format!("{}.aSzXQg.{ID}", encoded(claims)),
                format!("{}.aSzXQx.{OTHER}", encoded(later)),
                claims.to_owned(),
            ),
            // who the user is, which both sessions have
            (format!("{user}{ID}"), format!("{user}{OTHER}"), user.to_owned()),
            (format!("{user}{ID}"), format!("{user}{OTHER}"), format!("{user}{}", &ID[..7])),
            // one identifier for all sessions is for another check
            (ID.to_owned(), ID.to_owned(), ID[16..].to_owned()),
            // a token of its own
            (ID.to_owned(), OTHER.to_owned(), "91e07d25ab68fc0491e07d25ab68fc04".to_owned()),
            // zeros in Base64, a time, and a word
            (format!("{}qK3vX9w2", "A".repeat(24)), format!("{}tYqK3wL8", "B".repeat(24)), "A".repeat(24)),
            (
                "20261130130212345678-aB".to_owned(),
                "19991130130212999999-xY".to_owned(),
                "20261130130212345678".to_owned(),
            ),
            ("administrator-of-the-house-1".to_owned(), OTHER.to_owned(), "administrator-of-the-house".to_owned()),
            // nothing to compare with
            (ID.to_owned(), String::new(), ID[16..].to_owned()),
        ] {
            assert_eq!(found(&value, &other, &body), None, "{value} {other} {body}");
        }
    }
}
