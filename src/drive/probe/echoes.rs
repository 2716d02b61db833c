//! Credentials that good requests carried, to see which answers repeat the one of their own request.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::observe::{Exchange, Request, without_pair};
use crate::scheme::{Carrier, CarrierPlace};
use crate::secret::{Disclosures, Secret};

/// Credentials that are kept: what is renewed again and again is one more each time.
const MOST: usize = 512;

/// The credentials that somebody was let in with, each with the search for it.
pub(super) struct Echoes {
    /// Where they are; none where each request has its own.
    carrier: Option<Carrier>,
    known: RwLock<BTreeMap<String, Disclosures>>,
}

impl Echoes {
    pub(super) fn new(carrier: Option<Carrier>) -> Self {
        Self { carrier, known: RwLock::default() }
    }

    /// Takes note of what a request carried that was granted what its credential opens.
    pub(super) fn learn(&self, request: &Request) {
        let Some(carrier) = &self.carrier else { return };
        for credential in presented(request, carrier) {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            if known.len() < MOST && !known.contains_key(&credential) {
                let search = search(&credential, carrier);
                // what is short, or a word, is in answers by accident
                if !search.is_empty() {
                    known.insert(credential, search);
                }
            }
        }
    }

    /// Whether there is any credential to look for.
    pub(super) fn is_empty(&self) -> bool {
        self.known.read().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What an answer repeats of the valid credential of its request, in words.
    pub(super) fn repeated(&self, exchange: &Exchange) -> Option<String> {
        let (carrier, request, response) = (self.carrier.as_ref()?, &exchange.request, exchange.response()?);
        // a check of its own is about TRACE
        if request.method.eq_ignore_ascii_case("TRACE") || self.is_empty() {
            return None;
        }
        // nor about pages with the cookie of a session (`session.cookie-not-in-body`)
        if matches!(carrier.place, CarrierPlace::Cookie(_)) && response.status < 400 {
            return None;
        }
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        presented(request, carrier).iter().find_map(|credential| {
            let search = known.get(credential)?;
            // a cookie goes back to where it is kept
            let fields = response.headers.iter().filter(|(name, _)| !name.eq_ignore_ascii_case("set-cookie"));
            let values = fields.map(|(_, value)| &value[..]).chain([&response.body[..]]);
            let found = values.into_iter().find_map(|bytes| match &carrier.place {
                CarrierPlace::Query(name) => search.first_in(&without_pair(bytes, name, credential), Vec::new),
                _ => search.first_in(bytes, Vec::new),
            })?;
            Some(found.strip_suffix(" in plain").map(str::to_owned).unwrap_or(found))
        })
    }
}

/// The credentials of a request, as far as they are where the scheme puts them.
pub(super) fn presented(request: &Request, carrier: &Carrier) -> Vec<String> {
    let lines = |name: &str| {
        let lines = request.headers.iter().filter(|line| line.name.eq_ignore_ascii_case(name));
        lines.filter_map(|line| std::str::from_utf8(&line.value).ok()).map(str::to_owned).collect::<Vec<_>>()
    };
    let found: Vec<String> = match &carrier.place {
        CarrierPlace::Header(name) => lines(name),
        CarrierPlace::Cookie(name) => {
            let lines = lines("cookie");
            let pairs = lines.iter().flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
            pairs.filter(|(own, _)| own == name).map(|(_, value)| value.to_owned()).collect()
        }
        CarrierPlace::Query(name) => {
            let query = request.target.splitn(2, |byte| *byte == b'?').nth(1).unwrap_or_default();
            let pairs = url::form_urlencoded::parse(query).filter(|(own, _)| own == name);
            pairs.map(|(_, value)| value.into_owned()).collect()
        }
        _ => Vec::new(),
    };
    // RFC 9110 §11.1: the name of a scheme is the same in any case of letters
    let behind_prefix = |value: &String| {
        let (prefix, credential) = value.split_at_checked(carrier.prefix.len())?;
        prefix.eq_ignore_ascii_case(&carrier.prefix).then(|| credential.trim_matches([' ', '\t']).to_owned())
    };
    found.iter().filter_map(behind_prefix).collect()
}

/// The search for a credential, and for the password in it (RFC 7617 §2).
fn search(credential: &str, carrier: &Carrier) -> Disclosures {
    let is_basic = carrier.is_authorization() && carrier.prefix.trim_end().eq_ignore_ascii_case("basic");
    let pair = is_basic.then(|| STANDARD.decode(credential).ok()).flatten();
    let pair = pair.and_then(|pair| String::from_utf8(pair).ok());
    let password = pair.as_deref().and_then(|pair| pair.split_once(':')).map(|(_, password)| Secret::new(password));
    let whole = Secret::new(credential);
    // the one before the other: in Base64 the pair has the password in it
    let known = [("the credential".to_owned(), &whole)].into_iter();
    Disclosures::of(known.chain(password.iter().map(|password| ("the password".to_owned(), password))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Response, Silence};
    use crate::scheme::Carried;

    const KEY: &str = "abk_live_7f3c9a1e";

    fn asked(request: Request, field: (&str, &str), body: &str) -> Exchange {
        let headers = vec![(field.0.to_owned(), field.1.as_bytes().to_vec())];
        let response = Response { status: 404, headers, body: body.as_bytes().to_vec(), truncated: false };
        Exchange { answer: Ok(response), ..Exchange::unanswered(request, Silence::Closed) }
    }

    fn repeated(carrier: &Carrier, value: &str, method: &str, field: (&str, &str), body: &str) -> Option<String> {
        let with = |value: &str, method: &str| {
            let mut request = Request::new(method, "/orders?page=2");
            Carried::new(&carrier.place, format!("{}{value}", carrier.prefix)).apply(&mut request);
            request
        };
        let echoes = Echoes::new(Some(carrier.clone()));
        // what nobody was let in with is no secret
        assert_eq!(echoes.repeated(&asked(with(value, method), field, body)), None);
        echoes.learn(&with(value, "GET"));
        // nor is that of another request: errors that show it are for another check
        assert_eq!(echoes.repeated(&asked(with("another-of-7f3c9a1e", method), field, body)), None);
        echoes.repeated(&asked(with(value, method), field, body))
    }

    #[test]
    fn what_an_answer_repeats_is_found_in_each_carrier_and_form() {
        let cookie = Carrier { place: CarrierPlace::Cookie("sid".to_owned()), prefix: String::new() };
        let query = Carrier { place: CarrierPlace::Query("key".to_owned()), prefix: String::new() };
        let (header, bearer) = (Carrier::header("X-Key"), Carrier::authorization("Bearer"));
        let basic = Carrier::authorization("Basic");
        let pair = STANDARD.encode("alice:tr0ub4dor&three");
        let none = ("X-A", "b");
        let coded = STANDARD.encode(KEY);
        for (carrier, value, method, field, body, found) in [
            (&header, KEY, "GET", none, format!("X-Key: {KEY}"), Some("the credential")),
            (&header, KEY, "GET", none, coded, Some("the credential in Base64")),
            (&header, KEY, "GET", ("X-Was", KEY), String::new(), Some("the credential")),
            (&header, KEY, "GET", none, KEY[..KEY.len() - 1].to_owned(), None),
            (&header, "administrator", "GET", none, "administrator".to_owned(), None),
            (&header, KEY, "TRACE", none, format!("X-Key: {KEY}"), None),
            (&bearer, KEY, "GET", none, format!("{{\"authorization\":\"Bearer {KEY}\"}}"), Some("the credential")),
            (&basic, &pair, "GET", none, format!("Basic {pair}"), Some("the credential")),
            (&basic, &pair, "GET", none, "no tr0ub4dor&three".to_owned(), Some("the password")),
            (&basic, &pair, "GET", none, "no alice".to_owned(), None),
            (&cookie, KEY, "GET", none, format!("a=1; sid={KEY}"), Some("the credential")),
            (&cookie, KEY, "GET", ("Set-Cookie", KEY), String::new(), None),
            (&query, KEY, "GET", none, format!("no {KEY}"), Some("the credential")),
            (&query, KEY, "GET", none, format!("{{\"next\":\"/orders?key={KEY}&page=3\"}}"), None),
            (&query, KEY, "GET", ("Location", "/orders/?page=2&key=abk_live_7f3c9a1e"), String::new(), None),
        ] {
            let seen = repeated(carrier, value, method, field, &body);
            assert_eq!(seen.as_deref(), found, "{carrier:?} {method} {field:?} {body}");
        }
    }

    #[test]
    fn a_credential_is_found_behind_its_prefix_and_under_its_name() {
        let of = |carrier: &Carrier, request: Request| presented(&request, carrier);
        let get = |name: &str, value: &str| Request::new("GET", "/a?key=a%2Bb").header(name, value);
        let bearer = Carrier::authorization("Bearer");
        assert_eq!(of(&bearer, get("authorization", "bearer t1")), ["t1"]);
        assert_eq!(of(&bearer, get("Authorization", "Basic t1")), Vec::<String>::new());
        assert_eq!(of(&bearer, get("Authorization", "Bear")), Vec::<String>::new());
        let cookie = Carrier { place: CarrierPlace::Cookie("sid".to_owned()), prefix: String::new() };
        assert_eq!(of(&cookie, get("Cookie", "csrf=a; sid=b; sids=c")), ["b"]);
        let query = Carrier { place: CarrierPlace::Query("key".to_owned()), prefix: String::new() };
        assert_eq!(of(&query, get("Cookie", "key=c")), ["a+b"]);
    }
}
