//! What a login sent and got, for checks that judge it.

use std::time::Duration;

use url::Url;

use crate::drive::control::{ControlAnswer, ControlError};
use crate::observe::{Exchange, Marks, Request, Response, Silence};
use crate::target::address::host_field;

/// Exchanges that are kept.
const MOST: usize = 16;
/// Header fields that hold no credential.
const PLAIN_FIELDS: [&str; 13] = [
    "Accept",
    "Accept-Language",
    "Content-Type",
    "Forwarded",
    "Host",
    "Origin",
    "Referer",
    "Sec-Fetch-Mode",
    "Sec-Fetch-Site",
    "User-Agent",
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Requested-With",
];

/// Exchanges of one login, refresh or logout, in order.
#[derive(Clone, Debug, Default)]
pub(super) struct Transcript(Vec<Exchange>);

impl Transcript {
    pub(super) fn exchanges(&self) -> &[Exchange] {
        &self.0
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// A request as it is sent; every header line that a login adds may be a credential.
    pub(super) fn request(
        method: &str,
        (url, base): (&Url, &Url),
        headers: &[(String, Vec<u8>)],
        body: Option<&(&str, Vec<u8>)>,
    ) -> Request {
        let mut request = Request::new(method, url.path());
        let is_elsewhere = url.origin() != base.origin();
        request.origin = is_elsewhere.then(|| url.origin().ascii_serialization().into());
        if let Some(query) = url.query() {
            request.target.push(b'?');
            request.target.extend_from_slice(query.as_bytes());
        }
        // the client adds it where no header line names another
        if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host")) {
            request.push("Host", host_field(url), false);
        }
        for (name, value) in headers {
            let is_plain = PLAIN_FIELDS.iter().any(|plain| plain.eq_ignore_ascii_case(name));
            request.push(name, value, !is_plain);
        }
        let Some((media, body)) = body else { return request.with_length() };
        let mut request = request.with_body(media, body.clone());
        request.headers.retain(|header| !header.name.eq_ignore_ascii_case("content-type") || !header.value.is_empty());
        request
    }

    /// Keeps what came of a request.
    pub(super) fn take(&mut self, request: Request, answer: &Result<ControlAnswer, ControlError>, took: Duration) {
        // what a rate limit held back is no time of the target
        let took = answer.as_ref().map_or(took, |answer| answer.took);
        let answer = match answer {
            Ok(answer) => Ok(Response {
                status: answer.status,
                headers: answer.headers.clone(),
                body: answer.body.clone(),
                truncated: false,
            }),
            Err(ControlError::Closed) => Err(Silence::Closed),
            Err(ControlError::TimedOut) => Err(Silence::TimedOut),
            Err(ControlError::Unreachable(why)) => Err(Silence::Unreachable(why.clone())),
            Err(error) => Err(Silence::Unreachable(error.to_string())),
        };
        self.add(Exchange { request, answer, took, marks: Marks::default() });
    }

    pub(super) fn add(&mut self, exchange: Exchange) {
        if self.0.len() < MOST {
            self.0.push(exchange);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_to_another_server_names_it() {
        let base = Url::parse("http://127.0.0.1:8000/v1").expect("a URL");
        for (address, origin) in [
            ("http://127.0.0.1:8000/v1/login?a=1", None),
            ("http://127.0.0.1:9000/authorize?a=1", Some("http://127.0.0.1:9000")),
            ("https://127.0.0.1:8000/login", Some("https://127.0.0.1:8000")),
        ] {
            let url = Url::parse(address).expect("a URL");
            let request = Transcript::request("GET", (&url, &base), &[], None);
            assert_eq!(request.origin.as_deref(), origin, "{address}");
        }
    }
}
