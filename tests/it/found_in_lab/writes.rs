//! Writes: what an answer to one says, and what came of it.

use std::sync::Arc;
use std::time::Duration;

use authbench::check::Verdict;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use super::{PROMPT, against, presented, refused, serve};

const TOKEN: &str = "t-5b9fa81c0f7d4e62";

/// A server that says 202 and writes a moment later (RFC 9110 §15.3.3).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_that_is_carried_out_late_is_not_taken_for_a_refused_one() {
    let ink = Arc::new(Mutex::new("green".to_owned()));
    // writes are carried out one after the other, in the order in which they came
    let (accepted, mut waiting) = tokio::sync::mpsc::unbounded_channel::<String>();
    let work = ink.clone();
    tokio::spawn(async move {
        while let Some(colour) = waiting.recv().await {
            tokio::time::sleep(Duration::from_millis(150)).await;
            *work.lock().await = colour;
        }
    });
    let user = |headers: &HeaderMap| match presented(headers) {
        Some("Bearer t-5b9fa81c0f7d4e62") => Some(true),
        Some("Bearer t-0c7d4e625b9fa81f") => Some(false),
        _ => None,
    };
    let read = ink.clone();
    let shown = move |headers: HeaderMap| {
        let read = read.clone();
        async move {
            match user(&headers) {
                Some(_) => Json(json!({ "colour": *read.lock().await, "bottle": "6c1f0a8e52d94b37" })).into_response(),
                None => refused("Bearer realm=\"a\", error=\"invalid_token\""),
            }
        }
    };
    let written = move |headers: HeaderMap, Json(body): Json<Value>| {
        let accepted = accepted.clone();
        async move {
            match user(&headers) {
                Some(true) => {
                    let colour = body["colour"].as_str().unwrap_or_default().to_owned();
                    accepted.send(colour).expect("the worker is there");
                    (StatusCode::ACCEPTED, Json(json!({ "accepted": true }))).into_response()
                }
                Some(false) => (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response(),
                None => refused("Bearer realm=\"a\", error=\"invalid_token\""),
            }
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials:\n  alice: {{ token: {TOKEN}, scopes: [ink] }}\n  \
         muse: {{ token: t-0c7d4e625b9fa81f, scopes: [] }}\nresources:\n  - {{ request: GET /ink }}\n  \
         - {{ request: PUT /ink, json: {{ colour: green }}, scopes: [ink], writes: true, \
         before: [{{ request: PUT /ink, json: {{ colour: blue }} }}] }}\n\
         conformance: {{ include: [common.denied-write-has-no-effect] }}\n"
    );
    let ended = against(serve(Router::new().route("/ink", get(shown).put(written))).await, &yaml, PROMPT).await;
    let result = ended.of("common.denied-write-has-no-effect");
    assert_eq!(result.verdict, Verdict::Pass, "{}", result.summary);
}

/// What becomes of a write by somebody who may not do it, that is answered with 204.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Forbidden {
    /// Nothing.
    Ignored,
    /// It is carried out.
    CarriedOut,
    /// It is carried out on an object of whoever sent it.
    OnOwn,
}

/// The colours of two users: of one ink that both see, or of one each.
async fn inks(forbidden: Forbidden) -> Router {
    let inks = Arc::new(Mutex::new(["red".to_owned(), "black".to_owned()]));
    let of = move |headers: &HeaderMap| match presented(headers) {
        Some("Bearer t-5b9fa81c0f7d4e62") => Some(0),
        Some("Bearer t-0c7d4e625b9fa81f") => Some(1),
        _ => None,
    };
    let no_token = || refused("Bearer realm=\"a\", error=\"invalid_token\"");
    let seen_by = move |user: usize| if forbidden == Forbidden::OnOwn { user } else { 0 };
    let read = inks.clone();
    let shown = move |headers: HeaderMap| {
        let read = read.clone();
        async move {
            let Some(user) = of(&headers) else { return no_token() };
            Json(json!({ "colour": read.lock().await[seen_by(user)], "bottle": "6c1f0a8e52d94b37" })).into_response()
        }
    };
    let written = move |headers: HeaderMap, Json(body): Json<Value>| {
        let inks = inks.clone();
        async move {
            let Some(user) = of(&headers) else { return no_token() };
            if user == 0 || forbidden != Forbidden::Ignored {
                inks.lock().await[seen_by(user)] = body["colour"].as_str().unwrap_or_default().to_owned();
            }
            StatusCode::NO_CONTENT.into_response()
        }
    };
    Router::new().route("/ink", get(shown).put(written))
}

/// A success that answers a forbidden write is access where something came of it, and a refusal with an odd status where nothing did.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_success_by_which_nothing_is_written_is_no_access() {
    let yaml = format!(
        "scheme: {{ api-key: {{ header: Authorization, prefix: Bearer }} }}\ncredentials:\n  \
         alice: {{ key: {TOKEN}, scopes: [read, ink] }}\n  \
         muse: {{ key: t-0c7d4e625b9fa81f, scopes: [read] }}\nresources:\n  - {{ request: GET /ink, scopes: [read] }}\n  \
         - {{ request: PUT /ink, json: {{ colour: green }}, scopes: [ink], writes: true, \
         before: [{{ request: PUT /ink, json: {{ colour: blue }} }}] }}\n\
         conformance: {{ include: [apikey.scope-enforced, common.insufficient-is-403, common.denied-write-has-no-effect] }}\n"
    );
    for (forbidden, scope, status, effect) in [
        (Forbidden::Ignored, Verdict::Pass, Verdict::Warn, Verdict::Pass),
        (Forbidden::CarriedOut, Verdict::Fail, Verdict::Fail, Verdict::Fail),
        (Forbidden::OnOwn, Verdict::Fail, Verdict::Fail, Verdict::Fail),
    ] {
        let ended = against(serve(inks(forbidden).await).await, &yaml, PROMPT).await;
        let of = |id: &str| ended.of(id);
        let checks =
            ["apikey.scope-enforced", "common.insufficient-is-403", "common.denied-write-has-no-effect"].map(of);
        let told = checks.map(|result| (&result.summary, &result.deviations));
        assert_eq!(checks.map(|result| result.verdict), [scope, status, effect], "{forbidden:?}: {told:?}");
        let says = checks[1]
            .deviations
            .iter()
            .any(|text| text.contains("refused with 204: nothing came of it: GET /ink shows no change"));
        assert_eq!(says, forbidden == Forbidden::Ignored, "{:?}", checks[1].deviations);
    }
}

/// What is another tenant's is not touched by a removal that finds nothing of one's own, and says so with 204.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_removal_that_leaves_the_object_of_another_is_no_access() {
    for (looks_at_owner, verdict) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let note: Arc<Mutex<Option<String>>> = Arc::default();
        let of = |headers: &HeaderMap| presented(headers).map(str::to_owned);
        let is_alice = |who: &str| who.ends_with(TOKEN);
        let answered =
            |status: StatusCode| -> Response { (status, Json(json!({ "detail": status.as_u16() }))).into_response() };
        let known = |who: &str| ["Bearer t-5b9fa81c0f7d4e62", "Bearer t-0c7d4e625b9fa81f"].contains(&who);
        let no_token = || refused("Bearer realm=\"a\", error=\"invalid_token\"");
        let (read, put, removed) = (note.clone(), note.clone(), note);
        let get_it = move |headers: HeaderMap| {
            let read = read.clone();
            async move {
                match of(&headers).filter(|who| known(who)) {
                    None => no_token(),
                    Some(who) if !is_alice(&who) => answered(StatusCode::NOT_FOUND),
                    Some(_) => match &*read.lock().await {
                        Some(text) => Json(json!({ "text": text, "note": "6c1f0a8e52d94b37" })).into_response(),
                        None => answered(StatusCode::NOT_FOUND),
                    },
                }
            }
        };
        let put_it = move |headers: HeaderMap, Json(body): Json<Value>| {
            let put = put.clone();
            async move {
                match of(&headers).filter(|who| known(who)) {
                    None => no_token(),
                    Some(who) if !is_alice(&who) => answered(StatusCode::NOT_FOUND),
                    Some(_) => {
                        *put.lock().await = body["text"].as_str().map(str::to_owned);
                        StatusCode::NO_CONTENT.into_response()
                    }
                }
            }
        };
        let remove_it = move |headers: HeaderMap| {
            let removed = removed.clone();
            async move {
                let Some(who) = of(&headers).filter(|who| known(who)) else { return no_token() };
                if is_alice(&who) || !looks_at_owner {
                    *removed.lock().await = None;
                }
                StatusCode::NO_CONTENT.into_response()
            }
        };
        let other = |headers: HeaderMap| async move {
            match presented(&headers) {
                Some("Bearer t-0c7d4e625b9fa81f") => Json(json!({ "muse": "0a8e52d94b376c1f" })).into_response(),
                Some("Bearer t-5b9fa81c0f7d4e62") => StatusCode::FORBIDDEN.into_response(),
                _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
            }
        };
        let router =
            Router::new().route("/notes/7", get(get_it).put(put_it).delete(remove_it)).route("/muse", get(other));
        let yaml = format!(
            "scheme: {{ api-key: {{ header: Authorization, prefix: Bearer }} }}\ncredentials:\n  \
             alice: {{ key: {TOKEN}, tenant: alice }}\n  muse: {{ key: t-0c7d4e625b9fa81f, tenant: muse }}\nresources:\n  \
             - {{ request: GET /muse, tenant: muse }}\n  - request: DELETE /notes/7\n    tenant: alice\n    \
             writes: true\n    before: [{{ request: PUT /notes/7, json: {{ text: verse }} }}]\n    \
             after: [{{ request: PUT /notes/7, json: {{ text: verse }} }}]\n  \
             - {{ request: GET /notes/7, tenant: alice }}\n\
             conformance: {{ include: [apikey.cross-tenant-denied, common.role-header-spoof] }}\n"
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of("apikey.cross-tenant-denied");
        assert_eq!(result.verdict, verdict, "{looks_at_owner}: {} {:?}", result.summary, result.deviations);
        // the same without the headers is asked of an object that is there again
        let named: Vec<&str> = ended.findings.iter().map(|(check, _)| check.as_str()).collect();
        assert!(!named.contains(&"common.role-header-spoof"), "{looks_at_owner}: {named:?}");
    }
}

/// The second of two writes is carried out before it is refused.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_write_that_can_be_read_back_is_looked_at() {
    let user = |headers: &HeaderMap| match presented(headers) {
        Some("Bearer t-5b9fa81c0f7d4e62") => Some(true),
        Some("Bearer t-0c7d4e625b9fa81f") => Some(false),
        _ => None,
    };
    let colour = move |acts_first: bool| {
        let ink = Arc::new(Mutex::new("green".to_owned()));
        let read = ink.clone();
        let shown = move |headers: HeaderMap| {
            let read = read.clone();
            async move {
                match user(&headers) {
                    Some(_) => {
                        Json(json!({ "colour": *read.lock().await, "bottle": "6c1f0a8e52d94b37" })).into_response()
                    }
                    None => refused("Bearer realm=\"a\", error=\"invalid_token\""),
                }
            }
        };
        let written = move |headers: HeaderMap, Json(body): Json<Value>| {
            let ink = ink.clone();
            async move {
                let may = user(&headers);
                if may == Some(true) || (may == Some(false) && acts_first) {
                    *ink.lock().await = body["colour"].as_str().unwrap_or_default().to_owned();
                }
                match may {
                    Some(true) => Json(json!({ "written": true })).into_response(),
                    Some(false) => (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response(),
                    None => refused("Bearer realm=\"a\", error=\"invalid_token\""),
                }
            }
        };
        get(shown).put(written.clone()).patch(written)
    };
    let write = |request: &str, colour: &str| {
        format!(
            "  - {{ request: {request}, json: {{ colour: {colour} }}, scopes: [ink], writes: true, \
             before: [{{ request: {request}, json: {{ colour: blue }} }}] }}\n"
        )
    };
    let yaml = format!(
        "scheme: bearer\ncredentials:\n  alice: {{ token: {TOKEN}, scopes: [ink] }}\n  \
         muse: {{ token: t-0c7d4e625b9fa81f, scopes: [] }}\nresources:\n  - {{ request: GET /ink }}\n  \
         - {{ request: GET /pen }}\n{}{}{}conformance: {{ include: [common.denied-write-has-no-effect] }}\n",
        write("PUT /ink", "green"),
        write("PUT /pen", "green"),
        write("PATCH /pen", "red"),
    );
    for (acts_first, verdict) in [(true, Verdict::Fail), (false, Verdict::Pass)] {
        let router = Router::new().route("/ink", colour(false)).route("/pen", colour(acts_first));
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of("common.denied-write-has-no-effect");
        assert_eq!(result.verdict, verdict, "{}: {:?}", result.summary, result.deviations);
        // those of the pen, and not that of the ink
        let expected = ["a refused PUT changed the state", "a refused PATCH changed the state"];
        assert_eq!(result.deviations, if acts_first { &expected[..] } else { &[] });
    }
}

/// Each of the checks that write side by side asks once: what one of them may write is not seen by the other as a change.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_that_write_side_by_side_do_not_see_each_other() {
    let (count, forbidden) = (Arc::new(Mutex::new(0)), Arc::new(Mutex::new(0)));
    let refusals = forbidden.clone();
    let ledger = move |method: Method, headers: HeaderMap| {
        let (count, refusals) = (count.clone(), refusals.clone());
        async move {
            match (presented(&headers), method) {
                (Some("Bearer t-5b9fa81c0f7d4e62"), Method::POST) => {
                    *count.lock().await += 1;
                    (StatusCode::CREATED, Json(json!({ "written": true }))).into_response()
                }
                (Some("Bearer t-5b9fa81c0f7d4e62" | "Bearer t-0c7d4e625b9fa81f"), Method::GET) => {
                    Json(json!({ "entries": *count.lock().await, "ledger": "6c1f0a8e52d94b37" })).into_response()
                }
                (Some("Bearer t-0c7d4e625b9fa81f"), _) => {
                    *refusals.lock().await += 1;
                    (StatusCode::FORBIDDEN, Json(json!({ "error": "forbidden" }))).into_response()
                }
                _ => refused("Bearer realm=\"a\", error=\"invalid_token\""),
            }
        }
    };
    let writers = ["common.denied-write-has-no-effect", "common.method-override-header-ignored"];
    let yaml = format!(
        "scheme: bearer\ncredentials:\n  alice: {{ token: {TOKEN}, scopes: [ink] }}\n  \
         muse: {{ token: t-0c7d4e625b9fa81f, scopes: [] }}\nresources:\n  - {{ request: GET /ledger }}\n  \
         - {{ request: POST /ledger, json: {{ entry: 1 }}, scopes: [ink], writes: true }}\n\
         conformance: {{ include: [{}] }}\n",
        writers.join(", ")
    );
    let router = Router::new().route("/ledger", get(ledger.clone()).post(ledger));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    for id in writers {
        assert_eq!(ended.of(id).verdict, Verdict::Pass, "{id}: {}", ended.of(id).summary);
    }
    assert_eq!(*forbidden.lock().await, writers.len(), "each is refused its write once, for none is repeated alone");
}
