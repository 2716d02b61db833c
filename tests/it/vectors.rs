//! Published examples of RFC 7515 (appendix A), RFC 8037 (appendix A), RFC 7638 (§3.1) and RFC 9964 (appendix A), on both sides: the
//! client's own signatures, and the library that the reference verifies with.

use authbench::scheme::jose::published::{thumbprint, verifies};
use authbench::scheme::jose::{Alg, Jws, SigningKey, decoded, encoded};
use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
use jsonwebtoken::{Algorithm, DecodingKey};
use serde_json::{Value, json};

const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";

fn rfc_7515_a2() -> Value {
    json!({ "kty": "RSA", "e": "AQAB", "n": "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ" })
}

fn rfc_7515_a3() -> Value {
    json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
        "d": "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI",
    })
}

fn rfc_8037() -> Value {
    json!({
        "kty": "OKP", "crv": "Ed25519",
        "d": "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
        "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
    })
}

/// Key, algorithm, what is signed, signature.
fn signed() -> [(Value, Alg, Algorithm, String, &'static str); 3] {
    [
        (
            rfc_7515_a2(),
            Alg::RS256,
            Algorithm::RS256,
            format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}"),
            "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
        ),
        (
            rfc_7515_a3(),
            Alg::ES256,
            Algorithm::ES256,
            format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}"),
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
        ),
        (
            rfc_8037(),
            Alg::EdDSA,
            Algorithm::EdDSA,
            "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc".to_owned(),
            "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
        ),
    ]
}

#[test]
fn published_signatures_verify_on_both_sides() {
    for (jwk, alg, algorithm, input, signature) in signed() {
        let made = decoded(signature).expect("base64url");
        assert!(verifies(&jwk, alg, input.as_bytes(), &made), "{}: the client's side", alg.name());
        let known: Jwk = serde_json::from_value(jwk).expect("a JWK");
        let key = DecodingKey::from_jwk(&known).expect("a key");
        let verified = jsonwebtoken::crypto::verify(signature, input.as_bytes(), &key, algorithm).expect("verifies");
        assert!(verified, "{}: the library", alg.name());
    }
}

#[test]
fn the_signature_of_rfc_7515_a1_is_made_byte_for_byte() {
    let key = json!({
        "kty": "oct",
        "k": "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow",
    });
    let key = SigningKey::read(&key.to_string(), None, Some(Alg::HS256)).expect("a key");
    let token =
        format!("eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.{PAYLOAD}.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
    let read = Jws::read(&token).expect("a token");
    assert_eq!(key.sign(read.signing_input().as_bytes()), read.signature);
    assert_eq!(read.text(), token);
}

#[test]
fn the_signature_of_rfc_8037_a4_is_made_byte_for_byte() {
    let [_, _, (jwk, alg, _, input, signature)] = signed();
    let key = SigningKey::read(&jwk.to_string(), None, Some(alg)).expect("a key");
    assert_eq!(Some(key.sign(input.as_bytes())), decoded(signature));
}

#[test]
fn thumbprints_are_those_of_rfc_7638_and_rfc_8037() {
    let rsa = json!({ "kty": "RSA", "e": "AQAB", "alg": "RS256", "kid": "2011-04-29", "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw" });
    let expected = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    assert_eq!(thumbprint(&rsa).as_deref(), Some(expected));
    let known: Jwk = serde_json::from_value(rsa).expect("a JWK");
    assert_eq!(known.thumbprint(ThumbprintHash::SHA256).expect("has one"), expected);
    assert_eq!(thumbprint(&rfc_8037()).as_deref(), Some("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"));
}

/// The keys of RFC 9964 appendix A have a seed of zeros, and their thumbprints for a `kid`: seed, public half and thumbprint
/// are right together.
#[test]
fn public_halves_and_thumbprints_of_ml_dsa_are_those_of_rfc_9964() {
    use aws_lc_rs::signature::{KeyPair as _, ML_DSA_44_SIGNING, ML_DSA_65_SIGNING, ML_DSA_87_SIGNING, PqdsaKeyPair};
    let zeros = encoded([0; 32]);
    for (alg, signing, kid) in [
        (Alg::MlDsa44, &ML_DSA_44_SIGNING, "T4xl70S7MT6Zeq6r9V9fPJGVn76wfnXJ21-gyo0Gu6o"),
        (Alg::MlDsa65, &ML_DSA_65_SIGNING, "Suiu29qbfuaBaR4Ats-c6XQBePB_OpAxAwcTR_0KXVM"),
        (Alg::MlDsa87, &ML_DSA_87_SIGNING, "tRn1JNIkgMsABVQBlXeDHxAIcclh-2IX0UdDEzPt5XU"),
    ] {
        let pair = PqdsaKeyPair::from_seed(signing, &[0; 32]).expect("a seed");
        let public = encoded(pair.public_key().as_ref());
        let jwk = json!({ "kty": "AKP", "alg": alg.name(), "pub": public, "priv": zeros });
        assert_eq!(thumbprint(&jwk).as_deref(), Some(kid));
        let key = SigningKey::read(&jwk.to_string(), None, None).expect("a key");
        assert_eq!(key.alg, alg);
        assert!(verifies(&jwk, alg, b"input", &key.sign(b"input")), "{}", alg.name());
    }
}

/// The certificate of RFC 8705 appendix A (figure 6).
const RFC_8705: &str = include_str!("../vectors/rfc8705.pem");

#[test]
fn thumbprints_of_certificates_are_those_of_rfc_8705() {
    let thumbprint = authbench::scheme::mtls::thumbprint_of(RFC_8705.as_bytes());
    assert_eq!(thumbprint.as_deref(), Some("A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"));
}
