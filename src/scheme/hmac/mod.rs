//! Requests that are signed with a shared secret, in a canonical form of our own: `docs/signatures.md`.

use crate::observe::Phrase;
use crate::scheme::forgery::malformed;
use crate::scheme::signing::{Dialect, Piece, SigningForgeries, SigningParts, canonical_query, proven};
use crate::scheme::{Carried, Carrier, Forged, Forgery, Occasion, Proof, Reuse, Scheme};

pub(crate) struct HmacScheme;

impl Scheme for HmacScheme {
    fn name(&self) -> &'static str {
        "hmac"
    }

    fn profile_name(&self) -> &'static str {
        "hmac-signature"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["hmac", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization(HmacDialect::ALGORITHM)
    }

    /// Without a request there is nothing to sign.
    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn prove(&self, carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
        proven::<HmacDialect>(carrier, proof, occasion)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        SigningForgeries::<HmacDialect>::TABLE
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        malformed::behind_prefix(carrier)
    }
}

/// How this scheme writes what it signs.
struct HmacDialect;

impl Dialect for HmacDialect {
    const ALGORITHM: &'static str = "HMAC-SHA256";
    const OPTIONAL: &'static [Piece] = &[];

    fn text(parts: &SigningParts) -> String {
        canonical(parts)
    }

    fn carried(parts: &SigningParts, carrier: &Carrier, signature: &str) -> Vec<Carried> {
        let members = [
            (Piece::KeyId, "keyid", parts.key_id.as_str()),
            (Piece::Time, "time", &time(parts)),
            (Piece::Nonce, "nonce", &parts.nonce),
            (Piece::Fields, "fields", &parts.names()),
            (Piece::Body, "body", &parts.body),
            (Piece::Signature, "signature", signature),
        ];
        let written = members.iter().filter(|(piece, ..)| parts.has(*piece));
        let text = written.map(|(_, name, value)| format!("{name}=\"{value}\"")).collect::<Vec<_>>().join(", ");
        let carrier = Carrier { prefix: format!("{} ", parts.algorithm), ..carrier.clone() };
        vec![carrier.carrying(&text)]
    }
}

fn time(parts: &SigningParts) -> String {
    parts.time.map_or_else(|| parts.at.to_string(), str::to_owned)
}

/// What is signed: one line for each part. No line holds a line break, so that no two requests have one text.
fn canonical(parts: &SigningParts) -> String {
    let (path, query) = parts.path_and_query();
    let mut lines = vec![
        parts.algorithm.clone(),
        parts.key_id.clone(),
        time(parts),
        parts.nonce.clone(),
        parts.method.clone(),
        path.to_owned(),
        canonical_query(query),
    ];
    lines.extend(parts.sorted_fields().into_iter().map(|(name, value)| format!("{name}:{}", value.trim())));
    lines.push(parts.names());
    lines.push(parts.body.clone());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::observe::Request;
    use crate::scheme::signing::{SigningCredential, parts, sha256};
    use crate::secret::Secret;

    #[test]
    fn the_text_that_is_signed_is_that_of_the_documentation() {
        let credential = SigningCredential::new("service", Secret::new("secret"));
        let proof = Proof::Signing(Arc::new(credential));
        let request = Request::new("POST", "/orders?b=2&a=%7e").header("Host", "api.example.test");
        let request = request.with_body("application/json", r#"{"item":"lamp"}"#);
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "Zk3v9QxTb2Lm7RwY" };
        let mut parts = parts::<HmacDialect>(&proof, &occasion).expect("can be signed");
        parts.at = 1_764_000_000;
        let body = sha256(br#"{"item":"lamp"}"#);
        let text = format!(
            "HMAC-SHA256\nservice\n1764000000\nZk3v9QxTb2Lm7RwY\nPOST\n/orders\na=~&b=2\nhost:api.example.test\nhost\n{body}"
        );
        assert_eq!(canonical(&parts), text);
        let page = include_str!("../../../docs/signatures.md");
        assert!(page.contains(&text), "docs/signatures.md shows this text");
        let field = String::from_utf8(HmacScheme.carrier().place_of(&parts)).expect("text");
        assert!(page.contains(&field), "docs/signatures.md shows this field: {field}");
    }

    impl Carrier {
        fn place_of(&self, parts: &SigningParts) -> Vec<u8> {
            HmacDialect::carried(parts, self, &HmacDialect::signature(parts)).pop().expect("one").value
        }
    }
}
