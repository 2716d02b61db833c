//! Caches before applications, what applications answer below the paths that they have, and refusals of several kinds.

use std::collections::HashMap;
use std::sync::Arc;

use authbench::check::Verdict;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{Html, IntoResponse as _, Redirect, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use tokio::sync::Mutex;

use super::{Ended, PROMPT, against, presented, refused, serve};

const TOKEN: &str = "t-77c1d09be5a24f38";

/// What an application answers below its account.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Below {
    /// Nothing.
    Nothing,
    /// The page of the application in the browser, whoever asks.
    Page,
    /// The account, to whoever may read it.
    Account,
    /// The same, and caches may keep it.
    Keepable,
    /// The same, and a cache keeps what ends like a stylesheet.
    Kept,
    /// The account, to everybody whose path ends like a stylesheet.
    Exempt,
}

async fn account(below: Below, cache: Arc<Mutex<HashMap<String, String>>>, headers: HeaderMap, uri: Uri) -> Response {
    let path = uri.path().to_owned();
    let (is_own, is_static) = (path == "/account", path.ends_with(".css"));
    if below == Below::Page && !is_own {
        return Html("<html><div id=\"app\">Loading the application</div></html>").into_response();
    }
    if (below == Below::Nothing && !is_own) || !path.starts_with("/account") {
        return StatusCode::NOT_FOUND.into_response();
    }
    if let Some(kept) = cache.lock().await.get(&path) {
        return kept.clone().into_response();
    }
    let may = presented(&headers) == Some(&format!("Bearer {TOKEN}")) || (below == Below::Exempt && is_static);
    if !may {
        return refused("Bearer realm=\"a\"");
    }
    let shown = json!({ "account": "9d20c6b1f3e84a57", "mail": "alice.7f3e@example.test" });
    if below == Below::Kept && is_static {
        cache.lock().await.insert(path, shown.to_string());
    }
    let mut answer = Json(shown).into_response();
    if below != Below::Keepable {
        answer.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    }
    answer
}

async fn of(router: Router, resource: &str, check: &str) -> Ended {
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: \"{TOKEN}\" }} }}\nresources: [{{ {resource} }}]\n\
         conformance: {{ include: [{check}] }}\n"
    );
    against(serve(router).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_comes_from_a_cache_where_nobody_needs_a_credential_for_it_any_more() {
    const CHECK: &str = "common.static-name-not-cached";
    for (below, verdict, says) in [
        (Below::Nothing, Verdict::Pass, ""),
        (Below::Page, Verdict::Pass, ""),
        (Below::Account, Verdict::Pass, ""),
        (Below::Keepable, Verdict::Info, "a cache that goes by the names of files may keep it"),
        (Below::Kept, Verdict::Fail, "the protected content that was asked for with a credential before"),
        (Below::Exempt, Verdict::Inconclusive, "common.path-normalisation-not-a-bypass"),
    ] {
        let cache = Arc::new(Mutex::new(HashMap::new()));
        let router =
            Router::new().fallback(get(move |headers: HeaderMap, uri: Uri| account(below, cache, headers, uri)));
        let ended = of(router, "request: GET /account", CHECK).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{below:?}: {} {:?}", result.summary, result.deviations);
        assert!(result.summary.contains(says), "{below:?}: {}", result.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_of_several_declared_refusals_is_one() {
    const CHECK: &str = "bearer.garbage-token-401, common.protected-route-denies-anonymous";
    const GOOD: &str = "<h1>Your orders</h1><p>walnut desk for alice.7f3e</p>";
    // who has no credential is sent to the login, and who has a wrong one reads its page
    let guarded = |headers: HeaderMap| async move {
        match presented(&headers) {
            Some(line) if line == format!("Bearer {TOKEN}") => Html(GOOD).into_response(),
            Some(_) => Html("<h1>Shop</h1><p>Please log in to go on</p>").into_response(),
            None => Redirect::to("/login").into_response(),
        }
    };
    for (refusal, is_open) in [
        ("{ status: 303 }", true),
        ("[{ status: 303 }, { status: 200, text: Buy something }]", true),
        ("[{ status: 303 }, { status: 200, text: Please log in }]", false),
    ] {
        let resource = format!("request: GET /orders, success: {{ text: Your orders }}, refusal: {refusal}");
        let ended = of(Router::new().route("/orders", get(guarded)), &resource, CHECK).await;
        let result = ended.of("bearer.garbage-token-401");
        let seen = format!("{refusal}: {:?} {}", result.verdict, result.summary);
        assert_eq!(result.verdict == Verdict::Inconclusive, is_open, "{seen}");
        for part in ["`success` names the text `Your orders`", "add it to `refusal`, which takes a list"] {
            assert_eq!(result.summary.contains(part), is_open, "{seen}");
        }
        let anonymous = ended.of("common.protected-route-denies-anonymous");
        assert_ne!(anonymous.verdict, Verdict::Fail, "{refusal}: {}", anonymous.summary);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_origin_that_an_answer_depends_on_is_named_in_vary() {
    const CHECK: &str = "common.cors-answers-vary-by-origin";
    const TRUSTED: &str = "https://app.example.com";
    // the origin that is allowed, and whether the answer says that it depends on it
    for (any, varies, verdict) in
        [(false, false, Verdict::Warn), (false, true, Verdict::Pass), (true, false, Verdict::Pass)]
    {
        let guarded = move |headers: HeaderMap| async move {
            if presented(&headers) != Some(&format!("Bearer {TOKEN}")) {
                return refused("Bearer realm=\"a\"");
            }
            let mut answer = Json(json!({ "account": "9d20c6b1f3e84a57" })).into_response();
            let is_trusted = headers.get(header::ORIGIN).is_some_and(|origin| origin == TRUSTED);
            let allowed = if any { "*" } else { TRUSTED };
            if any || is_trusted {
                let allowed = header::HeaderValue::from_static(allowed);
                answer.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
            }
            if varies {
                answer.headers_mut().insert(header::VARY, header::HeaderValue::from_static("accept, Origin"));
            }
            answer
        };
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ alice: {{ token: \"{TOKEN}\" }} }}\nresources: [{{ request: GET /account }}]\n\
             material: {{ trusted_origins: [\"{TRUSTED}\"] }}\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(Router::new().route("/account", get(guarded))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, verdict, "{any} {varies}: {} {:?}", result.summary, result.deviations);
    }
}
