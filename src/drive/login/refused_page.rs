//! The page that a refused login leads to: a browser shows it, and not the redirect.

use url::Url;

use super::transcript::Transcript;
use super::{LoginSession, Logins};
use crate::clock;
use crate::observe::{Exchange, Response};
use crate::target::address::join;

/// Redirects that are followed.
const MOST: usize = 3;

impl LoginSession {
    /// What a browser shows of the answer that came last: where that redirects to the target itself, the page behind it, with the
    /// cookies that were set until then. None where it does not, or where nothing came.
    pub async fn page_of_refusal(&mut self, logins: &Logins) -> Option<Exchange> {
        let mut shown = None;
        let mut last = self.exchanges().last()?.clone();
        for _ in 0..MOST {
            let Some(url) = led_to(&last, &logins.base) else { break };
            let answer = last.response();
            let set: Vec<String> =
                answer.into_iter().flat_map(|answer| answer.header_values("set-cookie")).map(Into::into).collect();
            self.state.jar.take_lines(set.into_iter());
            let cookies = self.cookie_field(url.path());
            let headers: Vec<_> =
                cookies.map(|cookies| ("Cookie".to_owned(), cookies.into_bytes())).into_iter().collect();
            let request = Transcript::request("GET", (&url, &logins.base), &headers, None);
            let began = clock::now();
            let answer = logins.control.exchange("GET", url, &headers, None).await;
            let mut one = Transcript::default();
            one.take(request, &answer, clock::now() - began);
            let exchange = one.exchanges().first().filter(|exchange| exchange.answer.is_ok())?.clone();
            self.add(exchange.clone());
            last = exchange.clone();
            shown = Some(exchange);
        }
        shown
    }
}

/// Where a browser goes by GET after this answer, on the target (RFC 9110 §15.4).
fn led_to(exchange: &Exchange, base: &Url) -> Option<Url> {
    let answer: &Response = exchange.response().filter(|answer| matches!(answer.status, 301..=303))?;
    let origin = exchange.request.origin.as_deref().and_then(|origin| Url::parse(origin).ok());
    let target = String::from_utf8_lossy(&exchange.request.target).into_owned();
    let asked = join(&origin.unwrap_or_else(|| base.clone()), &target).ok()?;
    let to = answer.header("location")?;
    let to = join(&asked, to.trim()).ok()?;
    (to.origin() == base.origin()).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Request, Silence};

    #[test]
    fn a_browser_follows_redirects_of_the_target() {
        let base = Url::parse("http://127.0.0.1:8000/app/").expect("a URL");
        for (status, location, expected) in [
            (302, Some("/login?failed=1"), Some("http://127.0.0.1:8000/login?failed=1")),
            (303, Some("login"), Some("http://127.0.0.1:8000/app/login")),
            (301, Some("http://127.0.0.1:8000/"), Some("http://127.0.0.1:8000/")),
            (302, Some("http://127.0.0.1:9000/login"), None),
            (307, Some("/login"), None),
            (200, Some("/login"), None),
            (302, None, None),
        ] {
            let headers = location.map(|to| ("Location".to_owned(), to.as_bytes().to_vec())).into_iter().collect();
            let answer = Response { status, headers, body: Vec::new(), truncated: false };
            let asked = Exchange::unanswered(Request::new("POST", "/app/check"), Silence::Closed);
            let to = led_to(&Exchange { answer: Ok(answer), ..asked }, &base);
            assert_eq!(to.as_ref().map(Url::as_str), expected, "{status} {location:?}");
        }
    }
}
