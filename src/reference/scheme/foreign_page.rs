//! Credentials that browsers add to the requests of any page: only the pages of the site itself may write with them.

use axum::http::request::Parts;
use axum::http::{Method, StatusCode};

use super::Guard;
use crate::reference::rejection::Rejection;
use crate::reference::state::ReferenceState;

/// Refuses a write that a page of another site made a browser send (W3C Fetch Metadata §2.3).
pub(super) fn refused(state: &ReferenceState, guard: Guard, parts: &Parts) -> Result<(), Rejection> {
    let fault = match guard {
        Guard::Basic | Guard::BasicCached => "basic-foreign-pages-write",
        Guard::Digest(_) => "digest-foreign-pages-write",
        Guard::Mtls => "mtls-foreign-pages-write",
        _ => return Ok(()),
    };
    let is_read = matches!(parts.method, Method::GET | Method::HEAD);
    let is_foreign = || parts.headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site");
    match !is_read && is_foreign() && !state.fault(fault) {
        true => Err(Rejection::new(StatusCode::FORBIDDEN, "foreign_page")),
        false => Ok(()),
    }
}
