//! Resources of the reference that ask the authorization server about tokens (RFC 7662), each time or once in a while.

use authbench::reference::{Config, ReferenceServer, start};
use authbench::scheme::mtls::client_certificate;
use authbench::seed::{CLIENT_CA, CLIENT_DOMAIN, GRANT, IDENTITIES, OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN, SeedIdentity};
use serde_json::Value;

/// The certificate of an identity with its key, in PEM.
fn certificate(identity: &SeedIdentity) -> String {
    let key = identity.client_key.expect("has a key").key;
    let dns_name = format!("{}{CLIENT_DOMAIN}", identity.name);
    client_certificate(CLIENT_CA, identity.name, &dns_name, key).expect("is signed") + key
}

fn client(running: &ReferenceServer, certificate: Option<&str>) -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let own = running.certificate().map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate"));
    let builder = reqwest::Client::builder().no_proxy().tls_certs_merge(own);
    let identity = certificate.map(|pem| reqwest::Identity::from_pem(pem.as_bytes()).expect("an identity"));
    identity.into_iter().fold(builder, reqwest::ClientBuilder::identity).build().expect("a client")
}

/// The status of a resource, and the error that its challenge names.
async fn asked(running: &ReferenceServer, path: &str, token: Option<&str>) -> (u16, String) {
    asked_with(running, None, path, token).await
}

/// The same over a connection with a certificate.
async fn asked_with(
    running: &ReferenceServer,
    certificate: Option<&str>,
    path: &str,
    token: Option<&str>,
) -> (u16, String) {
    let request = client(running, certificate).get(format!("{}{path}", running.url()));
    let request = token.iter().fold(request, |request, token| request.bearer_auth(token));
    let answer = request.send().await.expect("answers");
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().expect("text").to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default())
}

async fn posted(running: &ReferenceServer, certificate: Option<&str>, endpoint: &str, form: &[(&str, &str)]) -> Value {
    let service = &IDENTITIES[0];
    let request = client(running, certificate).post(format!("{}/oauth2/{endpoint}", running.url())).form(form);
    let answer = request.basic_auth(service.name, Some(service.client_secret)).send().await.expect("answers");
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default()
}

async fn token(running: &ReferenceServer, certificate: Option<&str>, scope: &str) -> String {
    let answer = posted(running, certificate, "token", &[("grant_type", "client_credentials"), ("scope", scope)]).await;
    answer["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_live_tokens_for_this_api_open_it() {
    for tls in [false, true] {
        let running = start(Config { tls, ..Config::default() }).await.expect("starts");
        let (good, write) = (token(&running, None, "read:orders").await, token(&running, None, "write:orders").await);
        for prefix in ["opaque-introspection", "opaque-introspection-cached"] {
            let path = format!("/{prefix}/orders");
            for (token, status, error) in [
                (Some(good.as_str()), 200, ""),
                (Some(good.as_str()), 200, ""),
                (Some("abt_nobody_issued_this"), 401, "invalid_token"),
                (Some(OTHER_AUDIENCE_TOKEN), 401, "invalid_token"),
                (Some(REFRESH_TOKEN), 401, "invalid_token"),
                (Some(write.as_str()), 403, "insufficient_scope"),
                (None, 401, "Bearer"),
            ] {
                let (seen, challenge) = asked(&running, &path, token).await;
                assert_eq!(seen, status, "{path} {challenge}");
                assert!(challenge.contains(error), "{path}: {challenge}");
            }
        }
        running.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_revoked_token_is_refused_at_once_by_whoever_asks_each_time() {
    let running = start(Config::default()).await.expect("starts");
    let (each, kept) = ("/opaque-introspection/orders", "/opaque-introspection-cached/orders");
    for path in [each, kept] {
        assert_eq!(asked(&running, path, Some(GRANT.access_token)).await.0, 200);
    }
    posted(&running, None, "revoke", &[("token", GRANT.access_token)]).await;
    assert_eq!(asked(&running, each, Some(GRANT.access_token)).await.0, 401);
    // the price of an answer that is kept: it is fresh for half a minute
    assert_eq!(asked(&running, kept, Some(GRANT.access_token)).await.0, 200);
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_is_bound_to_a_certificate_opens_it_with_that_alone() {
    let running = start(Config { tls: true, ..Config::default() }).await.expect("starts");
    let (own, other) = (certificate(&IDENTITIES[0]), certificate(&IDENTITIES[1]));
    let bound = token(&running, Some(&own), "read:orders").await;
    for prefix in ["opaque-introspection", "opaque-introspection-cached"] {
        let path = format!("/{prefix}/orders");
        // what is kept of an answer opens nothing without the certificate
        for (certificate, status) in
            [(None, 401), (Some(&own), 200), (None, 401), (Some(&other), 401), (Some(&own), 200)]
        {
            let (seen, challenge) = asked_with(&running, certificate.map(String::as_str), &path, Some(&bound)).await;
            assert_eq!(seen, status, "{path}: {challenge}");
            assert_eq!(challenge.contains("invalid_token"), status == 401, "{path}: {challenge}");
        }
    }
    running.stop().await;
}
