//! Proofs that are wrong on purpose: each differs from a good one in what its id names, and in what has to be fresh.

use serde_json::{Value, json};
use url::Url;

use super::binding::{ProofKey, ProvenRequest, fresh_id, hash_of, public};
use crate::scheme::Unforgeable;
use crate::scheme::jose::key::{mac, strangers};
use crate::scheme::jose::{Alg, UnsignedToken, encoded};

/// Seconds by which a proof is too old, or too new, for any server.
const FAR: i64 = 3600;
/// How often a proof is made anew until its signature has a certain form.
const TRIES: usize = 64;
/// Seconds that clocks may be apart.
const NEAR: i64 = 5;

/// The values of the proof fields for a request to a token endpoint, wrong in one way.
///
/// # Errors
/// When there is no such proof of this key.
pub fn endpoint_proofs(
    id: &str,
    key: &ProofKey,
    address: &str,
    nonce: Option<&str>,
) -> Result<Vec<String>, Unforgeable> {
    let jti = fresh_id();
    proofs(id, key, &ProvenRequest::of_endpoint(address, nonce, &jti))
}

/// The values of the proof fields for a request, wrong in one way.
pub(super) fn proofs(id: &str, key: &ProofKey, of: &ProvenRequest<'_>) -> Result<Vec<String>, Unforgeable> {
    let good = key.draft(of);
    let signed = |draft: &UnsignedToken| draft.signed(|input| key.key().sign(input)).text();
    let header = |change: &dyn Fn(&mut UnsignedToken)| {
        let mut draft = good.clone();
        change(&mut draft);
        vec![signed(&draft)]
    };
    let claim = |name: &str, value: Value| header(&|draft| draft.claims.set(name, value.clone()));
    let without = |name: &str| header(&|draft| draft.claims.remove(name));
    let made_at = |offset: i64| claim("iat", json!(of.at.saturating_add(offset)));
    // a server that goes by nonces asks for one, and one that goes by iat looks at that
    let far_off = |offset: i64| {
        header(&|draft| {
            draft.claims.remove("nonce");
            draft.claims.set("iat", of.at.saturating_add(offset));
        })
    };
    let changed = || {
        let mut jws = good.signed(|input| key.key().sign(input));
        if let Some(last) = jws.signature.last_mut() {
            *last ^= 1;
        }
        jws.text()
    };
    Ok(match id {
        "no-typ" => header(&|draft| draft.header.remove("typ")),
        "typ-jwt" => header(&|draft| draft.header.set("typ", "JWT")),
        "crit-unknown" => header(&|draft| {
            draft.header.set("crit", vec!["authbench"]);
            draft.header.set("authbench", true);
        }),
        "no-alg" => header(&|draft| draft.header.remove("alg")),
        "no-jwk" => header(&|draft| draft.header.remove("jwk")),
        "no-jti" => without("jti"),
        "no-htm" => without("htm"),
        "no-htu" => without("htu"),
        "no-iat" => without("iat"),
        "no-ath" => without("ath"),
        "no-nonce" => without("nonce"),
        "nonce-made-up" => claim("nonce", json!("authbench-made-up-nonce")),
        "no-jwt" => vec!["authbench".to_owned()],
        "jti-number" => claim("jti", json!(4_242_424_242_u64)),
        "jti-list" => claim("jti", json!([fresh_id()])),
        "alg-none" => {
            let mut draft = good.clone();
            draft.header.set("alg", "none");
            vec![draft.signed(|_| Vec::new()).text()]
        }
        "alg-hs256" => {
            let (mut draft, secret) = (good.clone(), fresh_id());
            draft.header.set("alg", "HS256");
            draft.header.set("jwk", json!({ "kty": "oct", "k": encoded(&secret) }));
            vec![draft.signed(|input| mac(Alg::HS256, secret.as_bytes(), input)).text()]
        }
        "jwk-private" => header(&|draft| {
            let mut jwk = key.jwk().clone();
            // not the one of this key, which leaves this process in no form
            jwk["d"] = json!(encoded([7_u8; 32]));
            draft.header.set("jwk", jwk);
        }),
        "signature-padded" => vec![padded(&signed(&good))?],
        "signature-standard-alphabet" => vec![in_standard_alphabet(key, of)?],
        "signature-zero" => vec![good.signed(|_| vec![0; 64]).text()],
        "signature-changed" => vec![changed()],
        "signed-by-other" => vec![good.signed(|input| strangers(key.key().alg).sign(input)).text()],
        "other-key" => {
            let (mut draft, other) = (good.clone(), strangers(key.key().alg));
            draft.header.set("jwk", public(other));
            vec![draft.signed(|input| other.sign(input)).text()]
        }
        "two-proofs" => {
            let jti = fresh_id();
            vec![signed(&good), signed(&key.draft(&ProvenRequest { jti: &jti, ..*of }))]
        }
        "good-then-wrong" => vec![signed(&good), changed()],
        "htm-other" => claim("htm", json!(if of.method == "PATCH" { "PUT" } else { "PATCH" })),
        "htm-lower" => claim("htm", json!(of.method.to_ascii_lowercase())),
        "htu-other-path" => claim("htu", json!(altered(of.address, |url| url.set_path("/authbench-another-path"))?)),
        "htu-other-host" => claim("htu", json!(altered(of.address, other_host)?)),
        "htu-other-port" => claim("htu", json!(altered(of.address, other_port)?)),
        "htu-other-scheme" => claim("htu", json!(altered(of.address, other_scheme)?)),
        "htu-number" => claim("htu", json!(1)),
        "htu-upper-case" => claim("htu", json!(in_upper_case(of.address))),
        "htu-default-port" => claim("htu", json!(with_default_port(of.address)?)),
        "htu-encoded-letter" => claim("htu", json!(with_encoded_letter(of.address)?)),
        "htu-dot-segment" => claim("htu", json!(with_dot_segment(of.address)?)),
        "iat-old" => far_off(-FAR),
        "iat-future" => far_off(FAR),
        "iat-5-behind" => made_at(-NEAR),
        "iat-5-ahead" => made_at(NEAR),
        "iat-fraction" => header(&|draft| draft.claims.set_raw("iat", &format!("{}.5", of.at - 1))),
        "iat-text" => claim("iat", json!(of.at.to_string())),
        "ath-other" | "ath-other-lower-case" => claim("ath", json!(hash_of(&fresh_id()))),
        "ath-padded" => claim("ath", json!(format!("{}=", hash_of(of.token.unwrap_or_default())))),
        _ => return Err(Unforgeable(format!("there is no proof {id}"))),
    })
}

fn altered(address: &str, change: impl FnOnce(&mut Url)) -> Result<String, Unforgeable> {
    let mut url: Url = address.parse().map_err(|_| Unforgeable("the request has no address".to_owned()))?;
    change(&mut url);
    match url.as_str() == address {
        true => Err(Unforgeable("the address of the request cannot be changed in this way".to_owned())),
        false => Ok(url.into()),
    }
}

fn other_host(url: &mut Url) {
    let _ = url.set_host(Some("authbench.invalid"));
}

fn other_port(url: &mut Url) {
    let port = url.port_or_known_default().unwrap_or(80);
    let _ = url.set_port(Some(if port == u16::MAX { 1024 } else { port + 1 }));
}

fn other_scheme(url: &mut Url) {
    let other = if url.scheme() == "https" { "http" } else { "https" };
    let _ = url.set_scheme(other);
}

/// Scheme and host in upper case: the same address (RFC 3986 §6.2.2.1).
fn in_upper_case(address: &str) -> String {
    let Some((scheme, rest)) = address.split_once("://") else { return address.to_owned() };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    format!("{}://{}{path}", scheme.to_ascii_uppercase(), authority.to_ascii_uppercase())
}

/// The same address with its default port (RFC 3986 §6.2.3).
fn with_default_port(address: &str) -> Result<String, Unforgeable> {
    let port = if address.starts_with("https:") { 443 } else { 80 };
    let url: Option<Url> = address.parse().ok();
    if url.is_none_or(|url| url.port().is_some()) {
        return Err(Unforgeable("the target does not use the default port of its scheme".to_owned()));
    }
    let Some((scheme, rest)) = address.split_once("://") else {
        return Err(Unforgeable("the request has no address".to_owned()));
    };
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Ok(format!("{scheme}://{authority}:{port}{path}"))
}

/// The same address with a percent-encoded letter in its path (RFC 3986 §6.2.2.2).
fn with_encoded_letter(address: &str) -> Result<String, Unforgeable> {
    let (start, path) = at_path(address)?;
    let Some(at) = path.find(|c: char| c.is_ascii_alphabetic()) else {
        return Err(Unforgeable("the path of the address has no letter".to_owned()));
    };
    Ok(format!("{start}{}%{:02X}{}", &path[..at], path.as_bytes()[at], &path[at + 1..]))
}

/// The same address with a segment of one dot before its path (RFC 3986 §6.2.2.3).
fn with_dot_segment(address: &str) -> Result<String, Unforgeable> {
    let (start, path) = at_path(address)?;
    Ok(format!("{start}/.{path}"))
}

/// An address, cut before its path.
fn at_path(address: &str) -> Result<(&str, &str), Unforgeable> {
    let authority = address.find("://").map(|at| at + 3);
    let path = authority.and_then(|at| Some(at + address[at..].find('/')?));
    path.map(|at| address.split_at(at)).ok_or_else(|| Unforgeable("the address of the request has no path".to_owned()))
}

/// A token whose signature has the padding of Base64, which the base64url of a JWS does not have (RFC 7515 §2).
fn padded(token: &str) -> Result<String, Unforgeable> {
    let signature = token.rsplit('.').next().unwrap_or_default();
    match signature.len() % 4 {
        0 => Err(Unforgeable("the signature needs no padding".to_owned())),
        rest => Ok(format!("{token}{}", "=".repeat(4 - rest))),
    }
}

/// A proof with the alphabet of Base64 in its signature, made anew until the two alphabets differ.
fn in_standard_alphabet(key: &ProofKey, of: &ProvenRequest<'_>) -> Result<String, Unforgeable> {
    for _ in 0..TRIES {
        let jti = fresh_id();
        let jws = key.draft(&ProvenRequest { jti: &jti, ..*of }).signed(|input| key.key().sign(input));
        let signature = encoded(&jws.signature);
        let standard = signature.replace('-', "+").replace('_', "/");
        if standard != signature {
            return Ok(format!("{}.{standard}", jws.signing_input()));
        }
    }
    Err(Unforgeable("no signature has a character in which the alphabets differ".to_owned()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::scheme::dpop::{ServerNonce, hash_of};
    use crate::scheme::jose::published::{thumbprint, verifies};
    use crate::scheme::jose::{Jws, decoded};

    fn key(alg: Alg) -> ProofKey {
        ProofKey::generated(alg, "https://api.example.com", Arc::new(ServerNonce::default()))
    }

    fn read(proof: &str) -> (Jws, UnsignedToken) {
        let jws = Jws::read(proof).expect("is a JWS");
        let draft = jws.unsigned().expect("has two objects");
        (jws, draft)
    }

    #[test]
    fn a_good_proof_has_all_members_and_verifies_with_its_own_key() {
        for alg in [Alg::ES256, Alg::EdDSA, Alg::Ed25519] {
            let key = key(alg);
            let (jws, draft) = read(&key.endpoint_proof("https://as.example.com/token", Some("n1")));
            let jwk = draft.header.value("jwk").expect("has a key");
            assert!(verifies(&jwk, alg, jws.signing_input().as_bytes(), &jws.signature), "{alg:?}");
            assert_eq!(thumbprint(&jwk), Some(key.thumbprint()));
            assert_eq!(draft.header.text("typ").as_deref(), Some("dpop+jwt"));
            assert_eq!(draft.header.text("alg").as_deref(), Some(alg.name()));
            assert_eq!(draft.claims.text("htm").as_deref(), Some("POST"));
            assert_eq!(draft.claims.text("htu").as_deref(), Some("https://as.example.com/token"));
            assert_eq!(draft.claims.text("nonce").as_deref(), Some("n1"));
            assert!(draft.claims.has("jti") && draft.claims.has("iat") && !draft.claims.has("ath"));
        }
    }

    /// RFC 9449, figures 2, 13 and 14, and the thumbprint of §6.1.
    #[test]
    fn the_examples_of_the_rfc_verify() {
        const START: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNydiI6IlAtMjU2In19";
        let token = "eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4YW1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiOSsX0x7NVY-FNyJK70nfbV37xRZT3Lg";
        let resource = "eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtzbVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
        for (rest, ath) in [(token, None), (resource, Some("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"))] {
            let (jws, draft) = read(&format!("{START}.{rest}"));
            let jwk = draft.header.value("jwk").expect("has a key");
            assert!(verifies(&jwk, Alg::ES256, jws.signing_input().as_bytes(), &jws.signature));
            assert_eq!(thumbprint(&jwk).as_deref(), Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
            assert_eq!(draft.claims.text("ath"), ath.map(hash_of));
        }
    }

    /// What each wrong proof has that the good one does not, or lacks: members of the header and claims; and whether its
    /// signature verifies with the key that it names.
    const WRONG: &[(&str, &[&str], &[&str], bool)] = &[
        ("no-typ", &["typ"], &[], true),
        ("typ-jwt", &["typ"], &[], true),
        ("no-alg", &["alg"], &[], true),
        ("no-jwk", &["jwk"], &[], true),
        ("crit-unknown", &["authbench", "crit"], &[], true),
        ("alg-none", &["alg"], &[], false),
        ("alg-hs256", &["alg", "jwk"], &[], false),
        ("jwk-private", &["jwk"], &[], true),
        ("other-key", &["jwk"], &[], true),
        ("signature-zero", &[], &[], false),
        ("signature-changed", &[], &[], false),
        ("signed-by-other", &[], &[], false),
        ("no-jti", &[], &["jti"], true),
        ("jti-number", &[], &["jti"], true),
        ("jti-list", &[], &["jti"], true),
        ("no-htm", &[], &["htm"], true),
        ("htm-other", &[], &["htm"], true),
        ("htm-lower", &[], &["htm"], true),
        ("no-htu", &[], &["htu"], true),
        ("htu-other-path", &[], &["htu"], true),
        ("htu-other-host", &[], &["htu"], true),
        ("htu-other-port", &[], &["htu"], true),
        ("htu-other-scheme", &[], &["htu"], true),
        ("htu-number", &[], &["htu"], true),
        ("htu-upper-case", &[], &["htu"], true),
        ("htu-default-port", &[], &["htu"], true),
        ("htu-encoded-letter", &[], &["htu"], true),
        ("htu-dot-segment", &[], &["htu"], true),
        ("no-iat", &[], &["iat"], true),
        ("iat-fraction", &[], &["iat"], true),
        ("iat-old", &[], &["iat", "nonce"], true),
        ("iat-future", &[], &["iat", "nonce"], true),
        ("iat-5-behind", &[], &["iat"], true),
        ("iat-5-ahead", &[], &["iat"], true),
        ("iat-text", &[], &["iat"], true),
        ("no-ath", &[], &["ath"], true),
        ("ath-other", &[], &["ath"], true),
        ("ath-other-lower-case", &[], &["ath"], true),
        ("ath-padded", &[], &["ath"], true),
        ("no-nonce", &[], &["nonce"], true),
        ("nonce-made-up", &[], &["nonce"], true),
    ];

    fn request() -> ProvenRequest<'static> {
        ProvenRequest {
            method: "GET",
            address: "https://api.example.com/orders",
            token: Some("token"),
            nonce: Some("n"),
            jti: "one",
            at: 1_764_000_000,
        }
    }

    #[test]
    fn a_wrong_proof_differs_in_what_its_id_names_and_nowhere_else() {
        for alg in [Alg::ES256, Alg::EdDSA] {
            let (key, of) = (key(alg), request());
            let good = key.draft(&of);
            for &(id, header, claims, is_signed) in WRONG {
                let made = proofs(id, &key, &of).expect("can be made");
                assert_eq!(made.len(), 1, "{id}");
                let (jws, draft) = read(&made[0]);
                assert_eq!(draft.header.differing(&good.header), header, "{id}");
                assert_eq!(draft.claims.differing(&good.claims), claims, "{id}");
                let jwk = draft.header.value("jwk").unwrap_or_else(|| key.jwk().clone());
                assert_eq!(verifies(&jwk, alg, jws.signing_input().as_bytes(), &jws.signature), is_signed, "{id}");
            }
        }
    }

    #[test]
    fn values_of_wrong_proofs_are_wrong_in_the_way_of_their_names() {
        let (key, of) = (key(Alg::ES256), request());
        let claim = |id: &str, name: &str| {
            let made = proofs(id, &key, &of).expect("can be made");
            read(&made[0]).1.claims.value(name).unwrap_or_default()
        };
        for (id, name, expected) in [
            ("iat-old", "iat", json!(of.at - FAR)),
            ("iat-future", "iat", json!(of.at + FAR)),
            ("iat-5-behind", "iat", json!(of.at - NEAR)),
            ("iat-5-ahead", "iat", json!(of.at + NEAR)),
            ("iat-text", "iat", json!(of.at.to_string())),
            ("htm-other", "htm", json!("PATCH")),
            ("htm-lower", "htm", json!("get")),
            ("htu-other-path", "htu", json!("https://api.example.com/authbench-another-path")),
            ("htu-other-host", "htu", json!("https://authbench.invalid/orders")),
            ("htu-other-port", "htu", json!("https://api.example.com:444/orders")),
            ("htu-other-scheme", "htu", json!("http://api.example.com/orders")),
            ("htu-upper-case", "htu", json!("HTTPS://API.EXAMPLE.COM/orders")),
            ("htu-default-port", "htu", json!("https://api.example.com:443/orders")),
            ("ath-padded", "ath", json!(format!("{}=", hash_of("token")))),
        ] {
            assert_eq!(claim(id, name), expected, "{id}");
        }
    }

    #[test]
    fn two_proofs_are_two_and_what_is_no_jwt_is_none() {
        let (key, of) = (key(Alg::ES256), request());
        let good = key.draft(&of);
        let two = proofs("two-proofs", &key, &of).expect("can be made");
        let [one, other] = [read(&two[0]), read(&two[1])];
        assert_eq!(two.len(), 2);
        assert!(one.1.claims.differing(&good.claims).is_empty());
        assert_eq!(other.1.claims.differing(&good.claims), ["jti"]);
        let wrong = proofs("good-then-wrong", &key, &of).expect("can be made");
        let signed = |proof: &str| {
            let jws = read(proof).0;
            verifies(key.jwk(), Alg::ES256, jws.signing_input().as_bytes(), &jws.signature)
        };
        assert_eq!(wrong.iter().map(|proof| signed(proof)).collect::<Vec<_>>(), [true, false]);
        assert!(Jws::read(&proofs("no-jwt", &key, &of).expect("can be made")[0]).is_none());
        assert_eq!(decoded(&hash_of("token")).map(|hash| hash.len()), Some(32));
    }

    #[test]
    fn every_forgery_of_a_proof_is_in_the_table() {
        let (key, of) = (key(Alg::ES256), request());
        let others = ["two-proofs", "good-then-wrong", "no-jwt", "signature-padded", "signature-standard-alphabet"];
        let mut known: Vec<&str> = WRONG.iter().map(|(id, ..)| *id).chain(others).collect();
        let forgeries = crate::scheme::find("oauth2-client-credentials-dpop").expect("is registered").forgeries();
        let ids = forgeries.iter().map(|forgery| forgery.id.as_str());
        let mut forged: Vec<&str> = ids.filter(|id| proofs(id, &key, &of).is_ok()).collect();
        known.sort_unstable();
        forged.sort_unstable();
        assert_eq!(forged, known);
    }

    #[test]
    fn other_spellings_of_an_address_and_of_a_signature_mean_the_same() {
        let address = "https://api.example.com/orders/1";
        assert_eq!(with_encoded_letter(address).as_deref(), Ok("https://api.example.com/%6Frders/1"));
        assert_eq!(with_dot_segment(address).as_deref(), Ok("https://api.example.com/./orders/1"));
        assert!(with_encoded_letter("https://api.example.com/1").is_err());
        assert!(with_dot_segment("https://api.example.com").is_err());
        for alg in [Alg::ES256, Alg::EdDSA] {
            let key = key(alg);
            let of = ProvenRequest { method: "GET", address, token: None, nonce: None, jti: "one", at: 1_764_000_000 };
            let plain = |id: &str| {
                let made = proofs(id, &key, &of).expect("can be made").remove(0);
                let text = made.trim_end_matches('=').replace('+', "-").replace('/', "_");
                assert_ne!(text, made, "{id}");
                text
            };
            for id in ["signature-padded", "signature-standard-alphabet"] {
                let (jws, draft) = read(&plain(id));
                let jwk = draft.header.value("jwk").expect("has a key");
                assert!(verifies(&jwk, alg, jws.signing_input().as_bytes(), &jws.signature), "{id}");
            }
        }
    }

    #[test]
    fn a_nonce_that_is_none_is_not_learnt() {
        let nonce = ServerNonce::default();
        for wrong in ["", "a b", "a\"b", "a\\b", "\u{e9}", &"x".repeat(2000)] {
            assert!(!nonce.learn(wrong.as_bytes()), "{wrong}");
        }
        assert!(nonce.learn(b"eyJ7S_zG.eyJH0-Z.HX4w-7v"));
        assert_eq!(nonce.current().as_deref(), Some("eyJ7S_zG.eyJH0-Z.HX4w-7v"));
    }
}
