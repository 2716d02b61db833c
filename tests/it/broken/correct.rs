//! A correct API: what the servers of other tests are made of, each with one thing of its own.

use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::content::{orders, receipt};
use super::http::{Answer, Reply, Request, Server};
use super::schemes::{Caller, Scheme, Verifier};
use super::token;

/// What a request leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    Token,
    Orders,
    Write,
    Export,
    /// Open to everybody.
    Health,
}

impl Route {
    /// The route of a request, or the answer where there is none.
    pub(crate) fn of(request: &Request) -> Result<Self, Answer> {
        match (request.path.as_str(), request.method.as_str()) {
            ("/token", "POST") => Ok(Self::Token),
            ("/token", _) => Err(Answer::empty(405).header("Allow", "POST")),
            ("/orders", "GET" | "HEAD") => Ok(Self::Orders),
            ("/orders", "POST") => Ok(Self::Write),
            ("/orders", _) => Err(Answer::empty(405).header("Allow", "GET, HEAD, POST")),
            ("/orders/export", "GET" | "HEAD") => Ok(Self::Export),
            ("/health", "GET" | "HEAD") => Ok(Self::Health),
            ("/orders/export" | "/health", _) => Err(Answer::empty(405).header("Allow", "GET, HEAD")),
            _ => Err(Answer::json(404, &json!({ "error": "not found" }))),
        }
    }
}

/// A request that reached a route.
pub(crate) struct Visit<'a> {
    pub(crate) request: &'a Request,
    pub(crate) route: Route,
    pub(crate) caller: Caller,
    /// The refusal that is due, without a body; none where the caller may do this.
    pub(crate) refusal: Option<Answer>,
    /// Its number, from 0.
    pub(crate) serial: usize,
    /// Writes that happened before.
    pub(crate) written: usize,
}

impl Visit<'_> {
    /// What a correct API answers.
    pub(crate) fn answer(&self) -> Answer {
        match &self.refusal {
            Some(refusal) => refusal.clone().with("application/json", json!({ "error": "access denied" }).to_string()),
            None => self.content(),
        }
    }

    /// What the route answers to those who may ask.
    pub(crate) fn content(&self) -> Answer {
        let content = match self.route {
            Route::Write => receipt(),
            Route::Export => json!({ "export": "exp_b1946ac92492", "columns": ["customer", "total"] }),
            Route::Health => json!({ "health": "everything is in good order" }),
            _ => orders(Some(self.written)),
        };
        Answer::json(200, &content).header("Cache-Control", "no-store")
    }
}

/// Starts such an API; `other` is asked first, for an answer of its own.
pub(crate) fn start(scheme: Scheme, other: impl Fn(&Visit<'_>) -> Option<Reply> + Send + Sync + 'static) -> Server {
    let verifier = Verifier::of(scheme);
    let (serial, written) = (AtomicUsize::new(0), AtomicUsize::new(0));
    Server::start(move |request, _| {
        let route = match Route::of(request) {
            Ok(Route::Token) => {
                return Reply::from(token::answer(&verifier, request, |refusal, error| {
                    refusal.with("application/json", error.to_string())
                }));
            }
            Ok(route) => route,
            Err(answer) => return answer.into(),
        };
        let caller = verifier.caller(request);
        let may = match route {
            Route::Health => true,
            Route::Write => caller == Caller::Writer,
            _ => matches!(caller, Caller::Reader | Caller::Writer),
        };
        // a browser adds a password to whatever pages of other sites make it send
        if may && route == Route::Write && request.header("Sec-Fetch-Site") == Some("cross-site") {
            return Answer::json(403, &json!({ "error": "another site" })).into();
        }
        let refusal = scheme.refusal(caller).filter(|_| !may);
        let visit = Visit {
            request,
            route,
            caller,
            refusal,
            serial: serial.fetch_add(1, Ordering::Relaxed),
            written: written.fetch_add(usize::from(may && route == Route::Write), Ordering::Relaxed),
        };
        other(&visit).unwrap_or_else(|| visit.answer().into())
    })
}
