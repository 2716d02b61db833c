//! A redirect that the scenario knows as a refusal at one resource refuses at the others too.

use axum::Router;
use axum::extract::Request;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use serde_json::Value;

use crate::binary::{authbench, told};

const KEY: &str = "key-0123456789abcdef";

/// Data for whoever has the key; anybody else is sent to the login, with a query that is new each time.
async fn guarded(headers: HeaderMap, request: Request) -> Response {
    if headers.get("x-api-key").is_some_and(|key| key == KEY) {
        return format!("{{\"order\":\"ord_7f3c91aa-{}\",\"item\":\"walnut desk\"}}", request.uri().path())
            .into_response();
    }
    let number = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).expect("after 1970").as_nanos();
    let to = format!("/login?next={}&n={number}", request.uri().path());
    (StatusCode::FOUND, [(header::LOCATION, to)]).into_response()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refusal_of_one_resource_is_one_of_the_others() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let router = Router::new().route("/a", get(guarded)).route("/b", get(guarded));
    tokio::spawn(async move { axum::serve(listener, router).await });
    for (declared, verdict) in [("refusal: { status: 302 }", "pass"), ("", "inconclusive")] {
        let folder = tempfile::tempdir().expect("a folder");
        let yaml = format!(
            "authbench: 1\nname: redirects\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: api-key\n\
             credentials: {{ a: {{ key: {KEY} }} }}\n\
             resources:\n  - {{ request: GET /b }}\n  - {{ request: GET /a, {declared} }}\n\
             conformance: {{ include: [common.protected-route-denies-anonymous] }}\n"
        );
        std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--report", "json=out.json"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        let said = told(&output);
        let report: Value =
            serde_json::from_slice(&std::fs::read(folder.path().join("out.json")).expect("is there")).expect("is JSON");
        let checks = report["scenarios"][0]["checks"].as_array().expect("a list");
        let found = checks.iter().find(|check| check["id"] == "common.protected-route-denies-anonymous");
        assert_eq!(found.map(|found| &found["verdict"]), Some(&Value::from(verdict)), "{declared}\n{said}");
    }
}
