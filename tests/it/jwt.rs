//! The reference accepts what its issuers sign, algorithm by algorithm, and nothing else.

use authbench::clock::unix_seconds;
use authbench::reference::{Config, ReferenceServer, start};
use authbench::seed::keys::{AUDIENCE, ISSUER, ring};
use authbench::seed::{IDENTITIES, READ};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use serde_json::{Value, json};

const ALGORITHMS: [(Algorithm, &str); 8] = [
    (Algorithm::HS256, "HS256"),
    (Algorithm::HS384, "HS384"),
    (Algorithm::HS512, "HS512"),
    (Algorithm::RS256, "RS256"),
    (Algorithm::PS256, "PS256"),
    (Algorithm::ES256, "ES256"),
    (Algorithm::ES384, "ES384"),
    (Algorithm::EdDSA, "EdDSA"),
];

fn token(algorithm: Algorithm, name: &str, change: impl FnOnce(&mut Value)) -> String {
    let key = ring(name).expect("has keys").first;
    let signing = match algorithm {
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => EncodingKey::from_secret(key.key.as_bytes()),
        Algorithm::ES256 | Algorithm::ES384 => EncodingKey::from_ec_pem(key.key.as_bytes()).expect("a key"),
        Algorithm::EdDSA => EncodingKey::from_ed_pem(key.key.as_bytes()).expect("a key"),
        _ => EncodingKey::from_rsa_pem(key.key.as_bytes()).expect("a key"),
    };
    let now = unix_seconds();
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "service", "client_id": "service", "jti": "1",
        "iat": now, "exp": now + 60, "scope": READ,
    });
    change(&mut claims);
    let mut header = Header::new(algorithm);
    header.typ = Some("at+jwt".to_owned());
    header.kid = Some(key.kid.to_owned());
    encode(&header, &claims, &signing).expect("signs")
}

async fn status(running: &ReferenceServer, path: &str, token: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}{path}", running.url());
    client.get(url).bearer_auth(token).send().await.expect("answers").status().as_u16()
}

async fn reference() -> ReferenceServer {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    start(Config::default()).await.expect("starts")
}

#[tokio::test]
async fn each_algorithm_opens_its_own_resources_alone() {
    let running = reference().await;
    for (algorithm, name) in ALGORITHMS {
        let good = token(algorithm, name, |_| {});
        for (_, other) in ALGORITHMS {
            let path = format!("/jwt/{}/orders", other.to_lowercase());
            let expected = if name == other { 200 } else { 401 };
            assert_eq!(status(&running, &path, &good).await, expected, "{name} at {path}");
        }
    }
    running.stop().await;
}

#[tokio::test]
async fn claims_are_enforced() {
    let running = reference().await;
    let now = unix_seconds();
    let changes: [(&str, Value, u16); 8] = [
        ("scope", json!(READ), 200),
        ("scope", json!("other"), 403),
        ("exp", json!(now - 1), 401),
        ("nbf", json!(now + 100), 401),
        ("iat", json!(now + 1000), 401),
        ("aud", json!("https://other.test"), 401),
        ("iss", json!("https://other.test"), 401),
        ("sub", json!("retired"), 401),
    ];
    for (claim, value, expected) in changes {
        let changed = token(Algorithm::ES256, "ES256", |claims| claims[claim] = value.clone());
        assert_eq!(status(&running, "/jwt/es256/orders", &changed).await, expected, "{claim} {value}");
    }
    running.stop().await;
}

#[tokio::test]
async fn the_authorization_server_issues_tokens_that_its_keys_verify() {
    let running = reference().await;
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let asked = client
        .post(format!("{}/oauth2-jwt/token", running.url()))
        .basic_auth("service", Some(IDENTITIES[0].client_secret))
        .form(&[("grant_type", "client_credentials")]);
    let answer: Value = asked.send().await.expect("answers").json().await.expect("is JSON");
    let token = answer["access_token"].as_str().expect("a token").to_owned();
    assert_eq!(status(&running, "/oauth2-jwt/orders", &token).await, 200);
    assert_eq!(status(&running, "/oauth2/orders", &token).await, 401, "opaque tokens alone");
    let set: jsonwebtoken::jwk::JwkSet = client
        .get(format!("{}/oauth2-jwt/jwks", running.url()))
        .send()
        .await
        .expect("answers")
        .json()
        .await
        .expect("a key set");
    let kid = jsonwebtoken::decode_header(&token).expect("a header").kid.expect("a kid");
    assert!(set.find(&kid).is_some(), "{kid} is published");
    let revoked = client
        .post(format!("{}/oauth2-jwt/revoke", running.url()))
        .basic_auth("service", Some(IDENTITIES[0].client_secret))
        .form(&[("token", token.as_str())]);
    assert_eq!(revoked.send().await.expect("answers").status().as_u16(), 200);
    assert_eq!(status(&running, "/oauth2-jwt/orders", &token).await, 401, "revoked");
    running.stop().await;
}
