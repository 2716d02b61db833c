//! Objects that `before` makes for each write: what an answer names is what the write is about.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use authbench::check::Verdict;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use serde_json::{Value, json};

use crate::judged;

const CLERK: &str = "0123456789abcdef0123456789abcdef";
const READER: &str = "fedcba9876543210fedcba9876543210";
const CHECKS: [&str; 3] = ["apikey.scope-enforced", "apikey.missing-denied", "common.denied-write-has-no-effect"];

/// What it forgets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mistake {
    None,
    /// Whoever reads may delete.
    NoScope,
    /// It deletes, and then says that this is not allowed.
    ActsFirst,
}

#[derive(Clone)]
struct Shop {
    orders: Arc<Mutex<BTreeMap<u32, String>>>,
    /// Orders that were made, and paths that name none.
    seen: Arc<Mutex<(u32, Vec<String>)>>,
    mistake: Mistake,
}

fn who(headers: &HeaderMap) -> Option<&'static str> {
    let key = headers.get("x-api-key")?.to_str().ok()?;
    [CLERK, READER].into_iter().find(|known| *known == key)
}

fn said(status: StatusCode, text: &str) -> Response {
    (status, axum::Json(json!({ "message": text }))).into_response()
}

async fn orders(State(shop): State<Shop>, method: Method, headers: HeaderMap, body: String) -> Response {
    let Some(key) = who(&headers) else { return said(StatusCode::FORBIDDEN, "no key") };
    let mut orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    if method == Method::GET {
        let listed = orders.iter().map(|(id, name)| json!({ "id": id, "name": name })).collect::<Vec<_>>();
        return axum::Json(json!({ "shop": "7d1c40b95e6a28f3", "orders": listed })).into_response();
    }
    if key != CLERK {
        return said(StatusCode::FORBIDDEN, "not for you");
    }
    let mut seen = shop.seen.lock().unwrap_or_else(PoisonError::into_inner);
    seen.0 += 1;
    let id = 1000 + seen.0;
    let name = serde_json::from_str::<Value>(&body).ok().and_then(|body| Some(body["name"].as_str()?.to_owned()));
    orders.insert(id, name.unwrap_or_default());
    let location = [("Location", format!("/orders/{id}"))];
    (StatusCode::CREATED, location, axum::Json(json!({ "order": { "id": id } }))).into_response()
}

async fn order(State(shop): State<Shop>, Path(id): Path<String>, method: Method, headers: HeaderMap) -> Response {
    let mut orders = shop.orders.lock().unwrap_or_else(PoisonError::into_inner);
    let known = id.parse::<u32>().ok().filter(|id| *id > 1000);
    if known.is_none() {
        shop.seen.lock().unwrap_or_else(PoisonError::into_inner).1.push(format!("{method} {id}"));
    }
    let key = who(&headers);
    let may = key == Some(CLERK) || (key == Some(READER) && shop.mistake == Mistake::NoScope);
    if may || (key.is_some() && shop.mistake == Mistake::ActsFirst) {
        let is_gone = known.and_then(|id| orders.remove(&id)).is_some();
        match (may, is_gone) {
            (true, true) => return StatusCode::NO_CONTENT.into_response(),
            (true, false) => return said(StatusCode::NOT_FOUND, "no such order"),
            _ => {}
        }
    }
    said(StatusCode::FORBIDDEN, "not for you")
}

async fn start(shop: Shop) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    let account = |headers: HeaderMap| async move {
        match who(&headers) {
            Some(_) => axum::Json(json!({ "account": "3be95d07c1a4f682" })).into_response(),
            None => said(StatusCode::FORBIDDEN, "no key"),
        }
    };
    let router = Router::new()
        .route("/orders", any(orders))
        .route("/orders/{id}", any(order))
        .route("/account", get(account))
        .with_state(shop);
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

/// The verdicts of the checks with the reasons, what was asked for that was never made, and how many orders remain.
async fn verdicts(mistake: Mistake, keep: &str) -> (Vec<(Verdict, String)>, Vec<String>, usize) {
    let shop = Shop { orders: Arc::default(), seen: Arc::default(), mistake };
    let address = start(shop.clone()).await;
    let yaml = format!(
        "authbench: 1\nname: shop\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: api-key\n\
         credentials:\n  clerk: {{ key: \"{CLERK}\", scopes: [sell] }}\n  reader: {{ key: \"{READER}\" }}\n\
         resources:\n  - request: GET /account\n  - request: GET /orders\n  - request: DELETE /orders/{{order}}\n    scopes: [sell]\n    \
         writes: true\n    before:\n      - {{ request: POST /orders, json: {{ name: chair }}, keep: {{ order: {keep} }} }}\n    \
         after:\n      - {{ request: \"DELETE /orders/{{order}}\" }}\n\
         conformance:\n  include: [{}]\n",
        CHECKS.join(", ")
    );
    let (_, results) = judged::ended(&yaml).await;
    let of = |id: &str| {
        let result = results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"));
        (result.verdict, result.summary.clone())
    };
    let verdicts = CHECKS.into_iter().map(of).collect();
    let left = shop.orders.lock().unwrap_or_else(PoisonError::into_inner).len();
    let unknown = shop.seen.lock().unwrap_or_else(PoisonError::into_inner).1.clone();
    (verdicts, unknown, left)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_is_about_what_was_made_for_it() {
    for (mistake, keep, expected) in [
        (Mistake::None, "/order/id", [Verdict::Pass, Verdict::Pass, Verdict::Pass]),
        (Mistake::None, "{ header: Location }", [Verdict::Pass, Verdict::Pass, Verdict::Pass]),
        (Mistake::NoScope, "/order/id", [Verdict::Fail, Verdict::Pass, Verdict::Fail]),
        (Mistake::ActsFirst, "{ header: Location }", [Verdict::Pass, Verdict::Pass, Verdict::Fail]),
    ] {
        let (verdicts, unknown, left) = verdicts(mistake, keep).await;
        let shown: Vec<Verdict> = verdicts.iter().map(|(verdict, _)| *verdict).collect();
        assert_eq!(shown, expected, "{mistake:?} {keep}: {verdicts:?}");
        // the path beside it that names nothing is the only one that nobody made
        let others: Vec<&String> = unknown.iter().filter(|asked| !asked.contains("absent-")).collect();
        assert!(others.is_empty(), "{mistake:?} {keep}: {others:?}");
        assert_eq!(left, 0, "{mistake:?} {keep}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_the_answer_lacks_is_named() {
    let (verdicts, ..) = verdicts(Mistake::None, "/id").await;
    let named = "the answer lacks the value that `keep` names `order`";
    assert!(verdicts.iter().any(|(_, why)| why.contains(named)), "{verdicts:?}");
    assert!(verdicts.iter().all(|(verdict, _)| *verdict != Verdict::Fail), "{verdicts:?}");
}
