//! What those servers answer.

use authbench::clock::unix_seconds;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use crate::broken::content::{nothing, orders};
use crate::broken::correct::{Route, Visit};
use crate::broken::http::Answer;
use crate::broken::schemes::Caller;

/// A way to answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Plain,
    /// The time of the answer in every answer.
    Timestamps,
    /// An identifier of the request in every answer.
    RequestIds,
    /// A random token against forged requests in every answer.
    CsrfTokens,
    /// The same token in every answer of an hour.
    StableCsrfToken,
    /// A refusal names who was refused, as a good answer does.
    NamesUser,
    /// A refusal names the scope that it wants, as a good answer does.
    NamesScope,
    /// Every answer repeats the request, its credential decoded.
    Echo,
    /// Each reading is the next page.
    Pages,
    /// Each reading has other content.
    Changes,
    /// A good answer is `{"ok":true}`.
    OkTrue,
    /// A good answer has no content.
    NoContent,
    /// What needs a credential is what everybody reads elsewhere.
    SameAsPublic,
    /// Refusals are pages.
    HtmlRefusals,
    /// All answers are pages of one layout.
    HtmlPages,
    /// A refusal shows how a good answer looks, with nothing in it.
    Template,
}

impl Kind {
    pub(crate) const ALL: [Self; 16] = [
        Self::Plain,
        Self::Timestamps,
        Self::RequestIds,
        Self::CsrfTokens,
        Self::StableCsrfToken,
        Self::NamesUser,
        Self::NamesScope,
        Self::Echo,
        Self::Pages,
        Self::Changes,
        Self::OkTrue,
        Self::NoContent,
        Self::SameAsPublic,
        Self::HtmlRefusals,
        Self::HtmlPages,
        Self::Template,
    ];

    /// The answer, where it is another one than that of any correct API.
    pub(crate) fn answer(self, visit: &Visit<'_>) -> Option<Answer> {
        let random = || format!("{:032x}", rand::random::<u128>());
        let good = visit.refusal.is_none();
        Some(
            match self {
                Self::Plain => return None,
                Self::Timestamps => {
                    let now = unix_seconds();
                    let text = authbench::clock::timestamp().to_string();
                    added(visit, json!({ "generated_at": text, "epoch": now, "millis": now * 1000 }))
                }
                Self::RequestIds => {
                    let id = random();
                    added(visit, json!({ "request_id": id, "trace": { "span": random() } })).header("X-Request-Id", id)
                }
                Self::CsrfTokens => added(visit, json!({ "csrf_token": random() })),
                Self::StableCsrfToken => added(visit, json!({ "csrf_token": "c5rf-9b1deb4d3b7d4bad9bdd2b0d7b3dcb6d" })),
                Self::NamesUser => added(visit, json!({ "user": name(visit), "tenant": "Brightwater Logistics" })),
                Self::NamesScope => {
                    let scope = if visit.route == Route::Write { "write:orders" } else { "read:orders" };
                    added(visit, json!({ "scope": scope, "needs": ["a credential with the scope", scope] }))
                }
                Self::Echo => added(visit, json!({ "you_sent": echo(visit) })),
                Self::Pages if good && visit.route == Route::Orders => Answer::json(200, &page(visit.serial)),
                Self::Changes if good && visit.route == Route::Orders => Answer::json(200, &changing()),
                Self::OkTrue if visit.route != Route::Health => {
                    let (status, body) = (visit.refusal.clone().unwrap_or(Answer::empty(200)), json!({ "ok": good }));
                    status.with("application/json", body.to_string())
                }
                Self::NoContent if good && visit.route != Route::Health => Answer::empty(204),
                Self::SameAsPublic if good => Answer::json(200, &orders(Some(visit.written))),
                Self::HtmlRefusals if !good => {
                    visit.refusal.clone()?.with("text/html; charset=utf-8", html("Log in", ""))
                }
                Self::HtmlPages => {
                    let answer = visit.refusal.clone().unwrap_or(Answer::empty(200));
                    let content = if good { visit.answer().body } else { Vec::new() };
                    answer.with("text/html; charset=utf-8", html("Orders", &String::from_utf8_lossy(&content)))
                }
                Self::Template if !good => visit.refusal.clone()?.with("application/json", nothing().to_string()),
                Self::Pages | Self::Changes | Self::OkTrue | Self::NoContent | Self::SameAsPublic => return None,
                Self::HtmlRefusals | Self::Template => return None,
            }
            .header("Cache-Control", "no-store"),
        )
    }
}

/// What a correct API answers, and these members beside it.
fn added(visit: &Visit<'_>, members: Value) -> Answer {
    let mut body: Value = serde_json::from_slice(&visit.answer().body).expect("is JSON");
    if let (Some(object), Value::Object(members)) = (body.as_object_mut(), members) {
        object.extend(members);
    }
    visit.refusal.clone().unwrap_or(Answer::empty(200)).with("application/json", body.to_string())
}

/// The name in a Basic credential, whoever sent it; elsewhere that of the caller.
fn name(visit: &Visit<'_>) -> String {
    let sent = visit.request.authorization("basic").and_then(|line| STANDARD.decode(line).ok());
    let sent = sent.and_then(|account| String::from_utf8(account).ok());
    match (sent, visit.caller) {
        (Some(account), _) => account.split(':').next().unwrap_or_default().to_owned(),
        (None, Caller::Nobody | Caller::Unknown) => "nobody".to_owned(),
        (None, Caller::Reader) => "reader".to_owned(),
        (None, Caller::Writer) => "writer".to_owned(),
    }
}

/// Method, path, headers and body, with the credential decoded as far as it can be.
fn echo(visit: &Visit<'_>) -> Value {
    let request = visit.request;
    let headers: Vec<String> = request.headers().map(|(name, value)| format!("{name}: {value}")).collect();
    let account = request.authorization("basic").and_then(|line| STANDARD.decode(line).ok());
    let token = request.authorization("bearer").unwrap_or_default();
    let claims = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    json!({
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": headers,
        "account": account.map(|account| String::from_utf8_lossy(&account).into_owned()),
        "claims": claims.and_then(|claims| serde_json::from_slice::<Value>(&claims).ok()),
        "body": String::from_utf8_lossy(&request.body),
    })
}

fn page(number: usize) -> Value {
    let order =
        |at: usize| json!({ "id": format!("ord_{:012x}", at * 7_919_777), "customer": format!("customer {at}") });
    let orders: Vec<Value> = (number * 3..number * 3 + 3).map(order).collect();
    json!({ "orders": orders, "page": number, "total": 48_210, "next": format!("/orders?page={}", number + 1) })
}

fn changing() -> Value {
    let order =
        |_| json!({ "id": format!("ord_{:012x}", rand::random::<u64>() >> 16), "total": rand::random::<u32>() });
    json!({ "orders": (0..3).map(order).collect::<Vec<Value>>() })
}

fn html(title: &str, content: &str) -> String {
    format!(
        "<!doctype html>\n<html><head><title>{title} – Brightwater Logistics</title></head>\n<body>\n\
         <nav>Home Orders Customers Reports</nav>\n<h1>{title}</h1>\n<main>{content}</main>\n\
         <footer>Brightwater Logistics, Harbour Road 9, Rotterdam</footer>\n</body></html>\n"
    )
}
