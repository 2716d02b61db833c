//! Resources of the reference that ask the authorization server about tokens (RFC 7662), each time or once in a while.

use authbench::reference::{Config, ReferenceServer, start};
use authbench::seed::{GRANT, IDENTITIES, OTHER_AUDIENCE_TOKEN, REFRESH_TOKEN};
use serde_json::Value;

fn client(running: &ReferenceServer) -> reqwest::Client {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let own = running.certificate().map(|pem| reqwest::Certificate::from_pem(pem.as_bytes()).expect("a certificate"));
    reqwest::Client::builder().no_proxy().tls_certs_merge(own).build().expect("a client")
}

/// The status of a resource, and the error that its challenge names.
async fn asked(running: &ReferenceServer, path: &str, token: Option<&str>) -> (u16, String) {
    let request = client(running).get(format!("{}{path}", running.url()));
    let request = token.iter().fold(request, |request, token| request.bearer_auth(token));
    let answer = request.send().await.expect("answers");
    let challenge = answer.headers().get("www-authenticate").map(|value| value.to_str().expect("text").to_owned());
    (answer.status().as_u16(), challenge.unwrap_or_default())
}

async fn posted(running: &ReferenceServer, endpoint: &str, form: &[(&str, &str)]) -> Value {
    let service = &IDENTITIES[0];
    let request = client(running).post(format!("{}/oauth2/{endpoint}", running.url())).form(form);
    let answer = request.basic_auth(service.name, Some(service.client_secret)).send().await.expect("answers");
    assert_eq!(answer.status(), 200);
    serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default()
}

async fn token(running: &ReferenceServer, scope: &str) -> String {
    let answer = posted(running, "token", &[("grant_type", "client_credentials"), ("scope", scope)]).await;
    answer["access_token"].as_str().expect("a token").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_live_tokens_for_this_api_open_it() {
    for tls in [false, true] {
        let running = start(Config { tls, ..Config::default() }).await.expect("starts");
        let (good, write) = (token(&running, "read:orders").await, token(&running, "write:orders").await);
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
    posted(&running, "revoke", &[("token", GRANT.access_token)]).await;
    assert_eq!(asked(&running, each, Some(GRANT.access_token)).await.0, 401);
    // the price of an answer that is kept: it is fresh for half a minute
    assert_eq!(asked(&running, kept, Some(GRANT.access_token)).await.0, 200);
    running.stop().await;
}
