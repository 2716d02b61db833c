//! A target that stops answering in the middle of a run.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::http::{HeaderMap, StatusCode};
use axum::response::IntoResponse as _;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use crate::binary::{authbench, told};

const KEY: &str = "0123456789abcdef0123456789abcdef";
/// Requests that are answered.
const ANSWERED: usize = 30;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_falls_silent_is_not_asked_for_everything_else() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let orders = move |headers: HeaderMap| {
        let count = count.clone();
        async move {
            if count.fetch_add(1, Ordering::Relaxed) >= ANSWERED {
                std::future::pending::<()>().await;
            }
            match headers.get("x-api-key").is_some_and(|key| key.as_bytes() == KEY.as_bytes()) {
                true => Json(json!({ "orders": ["0123456789abcdef", "fedcba9876543210"] })).into_response(),
                false => (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response(),
            }
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/orders", get(orders))).await });
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = format!(
        "authbench: 1\nname: silent\ntarget: {{ url: \"http://{address}\" }}\nscheme: api-key\n\
         credentials:\n  a: {{ key: \"${{K:-{KEY}}}\" }}\nresources:\n  - request: GET /orders\n"
    );
    std::fs::write(folder.path().join("silent.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "silent.yaml", "--seed", "1", "--timeout", "1500ms", "--jobs", "4"]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let said = told(&output);
    assert_eq!(output.status.code(), Some(5), "{said}");
    assert!(said.contains("the last 10 requests got no answer"), "{said}");
    // ten in a row, those on the way beside them, and a look now and then
    let silent = asked.load(Ordering::Relaxed) - ANSWERED;
    assert!((10..40).contains(&silent), "{silent} requests after the target fell silent\n{said}");
}
