//! How the requests of a login are answered when nothing is wrong with it: whether a login that was changed has failed by its change.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::observe::Exchange;

/// The statuses that the logins of each identity were answered with when they last gave a credential.
#[derive(Default)]
pub(super) struct UsualAnswers(Mutex<HashMap<String, Vec<Option<u16>>>>);

impl UsualAnswers {
    pub(super) fn note(&self, name: &str, exchanges: &[Exchange]) {
        let statuses = exchanges.iter().map(Exchange::status).collect();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(name.to_owned(), statuses);
    }

    /// Why a login says nothing about what was changed in it from a place on: it went another way before that, such as one of too
    /// many, whose page says so with 200. None where nothing is known.
    pub(super) fn departed(&self, name: &str, exchanges: &[Exchange], place: usize) -> Option<String> {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let usual = known.get(name)?;
        let mut before = usual.iter().zip(exchanges).enumerate().take(place);
        let other = before.find(|(_, (usual, seen))| **usual != seen.status());
        if let Some((at, (usual, seen))) = other {
            let shown =
                |status: Option<u16>| status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
            let (seen, usual) = (shown(seen.status()), shown(*usual));
            return Some(format!(
                "request {} of the login was answered with {seen} instead of {usual}, before what was changed was sent",
                at + 1
            ));
        }
        (exchanges.len() <= place).then(|| "the login ended before what was changed was sent".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::{Request, Response, Silence};

    #[test]
    fn a_login_that_went_another_way_before_its_change_says_nothing_about_it() {
        let answered = |statuses: &[u16]| -> Vec<Exchange> {
            let exchange = |status: &u16| {
                let answer = Response { status: *status, headers: Vec::new(), body: Vec::new(), truncated: false };
                Exchange { answer: Ok(answer), ..Exchange::unanswered(Request::new("POST", "/"), Silence::Closed) }
            };
            statuses.iter().map(exchange).collect()
        };
        let usual = UsualAnswers::default();
        assert_eq!(usual.departed("alice", &answered(&[200]), 2), None, "nothing is known");
        usual.note("alice", &answered(&[200, 302, 200, 302, 200]));
        for (statuses, place, expected) in [
            (&[200, 302, 400][..], 2, None),
            (&[200, 302, 302], 2, None),
            (&[400], 0, None),
            (&[200, 200, 302], 2, Some("request 2 of the login was answered with 200 instead of 302")),
            (&[200, 429, 302], 2, Some("request 2 of the login was answered with 429 instead of 302")),
            (&[200, 302], 2, Some("the login ended before")),
        ] {
            let departed = usual.departed("alice", &answered(statuses), place);
            let is_expected = match (&departed, expected) {
                (Some(text), Some(expected)) => text.starts_with(expected),
                (departed, expected) => departed.is_none() && expected.is_none(),
            };
            assert!(is_expected, "{statuses:?} {place}: {departed:?}");
        }
    }
}
