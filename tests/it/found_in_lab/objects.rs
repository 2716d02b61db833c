//! Objects of two tenants below parents of theirs, and what HEAD shows of them.

use authbench::check::Verdict;
use axum::extract::Path;
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;

use super::{Ended, PROMPT, against, presented, refused, serve};

const ALICE: &str = "k-alice-3f9a1c7be2d84f60";
const BOB: &str = "k-bob-58d2e7b9a04c4e13";

/// What a target compares before it shows an invoice.
#[derive(Clone, Copy, PartialEq)]
enum Compares {
    /// The project with whoever asks, and the invoice with the project.
    Both,
    /// The project alone.
    Project,
    /// Both; each project numbers its invoices by itself.
    OwnNumbers,
}

/// The tenant of a project, and of an invoice.
fn tenant(number: &str) -> &'static str {
    if matches!(number, "1" | "71") { "a" } else { "b" }
}

fn invoice(compares: Compares, headers: &HeaderMap, project: &str, invoice: &str) -> Response {
    let own = match presented(headers) {
        Some(line) if line == format!("Bearer {ALICE}") => "a",
        Some(line) if line == format!("Bearer {BOB}") => "b",
        _ => return refused("Bearer realm=\"a\""),
    };
    let belongs = match compares {
        Compares::Both => tenant(invoice) == tenant(project),
        Compares::Project | Compares::OwnNumbers => true,
    };
    if tenant(project) != own || !belongs {
        return StatusCode::NOT_FOUND.into_response();
    }
    let of = if compares == Compares::OwnNumbers { format!("{project}-{invoice}") } else { invoice.to_owned() };
    let customer = format!("customer of {of}, {}", "0123456789abcdef".repeat(1 + of.len() % 3));
    Json(json!({ "number": invoice, "status": "due", "currency": "EUR", "customer": customer, "note": format!("paid {of}") }))
        .into_response()
}

async fn of(compares: Compares) -> Ended {
    let shown = move |headers: HeaderMap, Path((project, number)): Path<(String, String)>| async move {
        invoice(compares, &headers, &project, &number)
    };
    let router = Router::new().route("/projects/{project}/invoices/{number}", get(shown));
    let yaml = format!(
        "scheme: bearer\ncredentials:\n  alice: {{ token: \"{ALICE}\", tenant: a }}\n  bob: {{ token: \"{BOB}\", tenant: b }}\n\
         resources:\n  - {{ request: GET /projects/1/invoices/71, tenant: a }}\n  \
         - {{ request: GET /projects/2/invoices/82, tenant: b }}\n\
         conformance: {{ include: [bearer.object-ownership] }}\n"
    );
    against(serve(router).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_object_below_an_own_parent_is_compared_with_that_parent() {
    for (compares, verdict, deviations) in [
        (Compares::Both, Verdict::Pass, 0),
        (Compares::Project, Verdict::Fail, 2),
        // the own invoice of that number is no other's
        (Compares::OwnNumbers, Verdict::Pass, 0),
    ] {
        let ended = of(compares).await;
        let result = ended.of("bearer.object-ownership");
        assert_eq!(result.verdict, verdict, "{} {:?}", result.summary, result.deviations);
        assert_eq!(result.deviations.len(), deviations, "{:?}", result.deviations);
        let asked: Vec<&str> = result.evidence.iter().map(|one| one.exchange.target.as_str()).collect();
        for path in ["/projects/2/invoices/71", "/projects/1/invoices/82"] {
            assert!(verdict == Verdict::Pass || asked.contains(&path), "{path}: {asked:?}");
        }
    }
}

/// A handler of HEAD that asks nobody, and the version that it shows, which the object has for a moment.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_head_that_needs_no_credential_is_another_decision_than_get() {
    const CHECK: &str = "common.head-same-decision-as-get";
    for (tag, status, verdict, said) in [
        (Some("\"5250\""), 200, Verdict::Fail, "of the good answer"),
        (None, 200, Verdict::Warn, "200 without a field that only a good answer has"),
        (None, 405, Verdict::Pass, ""),
        (None, 501, Verdict::Pass, ""),
    ] {
        let answer = move |method: Method, headers: HeaderMap| async move {
            let is_good = presented(&headers).is_some_and(|line| line == format!("Bearer {ALICE}"));
            let tag = tag.map(|tag| [(header::ETAG, tag)]);
            match (method == Method::HEAD, is_good) {
                (true, _) if status != 200 => StatusCode::from_u16(status).expect("is one").into_response(),
                (true, _) => (tag, [(header::CONTENT_LENGTH, "0")]).into_response(),
                (false, true) => (tag, Json(json!({ "id": "prj-93ab", "name": "Website relaunch" }))).into_response(),
                (false, false) => refused("Bearer realm=\"a\""),
            }
        };
        let router = Router::new().route("/projects/1", get(answer));
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ alice: {{ token: \"{ALICE}\" }} }}\n\
             resources: [{{ request: GET /projects/1 }}]\nconformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        let found = format!("{} {:?}", result.summary, result.deviations);
        match verdict {
            Verdict::Pass => {
                assert!(matches!(result.verdict, Verdict::Pass | Verdict::Info), "{:?} {found}", result.verdict)
            }
            verdict => assert_eq!(result.verdict, verdict, "{found}"),
        }
        assert!(found.contains(said), "{found}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_no_check_visits_is_said_in_one_note() {
    let shown = |headers: HeaderMap, Path(number): Path<String>| async move {
        match presented(&headers).is_some_and(|line| line == format!("Bearer {ALICE}")) {
            true => Json(json!({ "number": number, "name": format!("project of number {number}") })).into_response(),
            false => refused("Bearer realm=\"a\""),
        }
    };
    let resources: String = (1..=18).map(|at| format!("  - request: GET /projects/{at}\n")).collect();
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ alice: {{ token: \"{ALICE}\" }} }}\nresources:\n{resources}\
         conformance: {{ include: [{}] }}\n",
        "bearer.query-token-refused, common.head-same-decision-as-get"
    );
    let router = Router::new().route("/projects/{number}", get(shown));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let told: Vec<&str> =
        ended.notes.iter().map(|(_, text)| text.as_str()).filter(|text| text.contains("not visited")).collect();
    assert_eq!(told.len(), 1, "{:?}", ended.notes);
    assert!(told[0].starts_with("GET /projects/17, GET /projects/18: not visited by 2 of the checks"), "{}", told[0]);
}

/// A page around every answer to whoever is logged in, which names no object.
fn page(content: &str) -> Response {
    let around = ["Expand the sidebar", "Monitoring of all hosts", "Inventory of hosts", "Reports and services"];
    let items: String = around.iter().map(|item| format!("<li><a href=\"/menu\">{item}</a></li>\n")).collect();
    let body = format!("<html><title>Host inventory</title>\n<ul>\n{items}</ul>\n<main>\n{content}\n</main></html>");
    ([(header::CONTENT_TYPE, "text/html; charset=utf-8")], body).into_response()
}

/// What somebody else gets at the object of a tenant, and gets where there is none, shows nothing of the object.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_that_another_tenant_gets_for_nothing_as_well_shows_nothing_of_an_object() {
    for (looks_at_owner, verdict) in [(true, Verdict::Pass), (false, Verdict::Fail)] {
        let shown = move |headers: HeaderMap, Path(number): Path<String>| async move {
            let who = presented(&headers).unwrap_or_default().to_owned();
            let is_alice = who == format!("Bearer {ALICE}");
            if !is_alice && who != format!("Bearer {BOB}") {
                return refused("Bearer realm=\"a\"");
            }
            match number.as_str() {
                "71" if is_alice || !looks_at_owner => {
                    page("<h1>web-71.example.test</h1>\n<p>serial 6c1f0a8e52d94b37</p>\n<p>rack 12, second floor</p>")
                }
                "82" if !is_alice => page("<h1>db-82.example.test</h1>\n<p>serial 52d94b376c1f0a8e</p>"),
                _ => page("<p>No permissions to referred object or it does not exist!</p>"),
            }
        };
        let yaml = format!(
            "scheme: bearer\ncredentials:\n  alice: {{ token: \"{ALICE}\", tenant: a }}\n  bob: {{ token: \"{BOB}\", tenant: b }}\n\
             resources:\n  - {{ request: GET /hosts/71, tenant: a, absent: /hosts/99, refusal: {{ text: No permissions }} }}\n  \
             - {{ request: GET /hosts/82, tenant: b, refusal: {{ text: No permissions }} }}\nconformance: {{ include: [bearer.object-ownership] }}\n"
        );
        let ended = against(serve(Router::new().route("/hosts/{number}", get(shown))).await, &yaml, PROMPT).await;
        let result = ended.of("bearer.object-ownership");
        assert_eq!(result.verdict, verdict, "{looks_at_owner}: {} {:?}", result.summary, result.deviations);
    }
}
