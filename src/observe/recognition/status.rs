//! What a status alone says, and what the fields of an answer to HEAD say beside it.

use super::Reading;
use crate::observe::{Outcome, Response};

/// What a status means where nothing else is known (RFC 9110 §15). A client error refuses, unless it is about the
/// connection or the moment: 407, which a proxy sends (RFC 9110 §15.5.8), 408, 421, 425 (RFC 8470 §5.2) and 429 (RFC 6585
/// §4).
pub fn meaning_of_status(status: u16) -> Outcome {
    match status {
        407 | 408 | 421 | 425 | 429 | 502..=504 => Outcome::Unclear,
        400..=499 | 501 => Outcome::Refused,
        500.. => Outcome::Broke,
        _ => Outcome::Unclear,
    }
}

/// Fields that an answer to HEAD shares with the answer to GET (RFC 9110 §9.3.2).
const SHARED_FIELDS: [&str; 3] = ["content-length", "etag", "last-modified"];

/// What distinguishes a granted answer to HEAD.
#[derive(Clone, Debug, Default)]
pub(super) struct HeadMarks {
    status: u16,
    good: [Option<String>; 3],
    anonymous: Vec<(u16, [Option<String>; 3])>,
    /// Whether the answers to anonymous requests are refusals that the scenario declares.
    refuses: bool,
}

fn fields(response: &Response) -> [Option<String>; 3] {
    SHARED_FIELDS.map(|name| response.header(name).map(std::borrow::Cow::into_owned))
}

impl HeadMarks {
    pub(super) fn of(status: u16, good: &[Response], anonymous: &[Response], refuses: bool) -> Self {
        let mut shared = good.first().map(fields).unwrap_or_default();
        for other in good.iter().skip(1).map(fields) {
            for (field, other) in shared.iter_mut().zip(other) {
                if *field != other {
                    *field = None;
                }
            }
        }
        let anonymous = anonymous.iter().map(|response| (response.status, fields(response))).collect();
        Self { status, good: shared, anonymous, refuses }
    }

    pub(super) fn read(&self, response: &Response, meaning: Outcome, entitled: bool) -> Reading {
        if response.status == self.status && entitled {
            return Reading::plain(Outcome::Granted);
        }
        if response.status != self.status {
            return Reading::plain(meaning);
        }
        let seen = fields(response);
        let is_good = |at: usize| {
            let of_anybody = self.anonymous.iter().any(|(_, other)| other[at] == self.good[at]);
            seen[at].is_some() && seen[at] == self.good[at] && !of_anybody
        };
        let is_of_anybody = |at: usize| {
            let same =
                |(status, other): &(u16, [Option<String>; 3])| *status == response.status && other[at] == seen[at];
            seen[at].is_some() && seen[at] != self.good[at] && self.anonymous.iter().any(same)
        };
        if self.refuses && (0..SHARED_FIELDS.len()).any(is_of_anybody) {
            return Reading::plain(Outcome::Refused);
        }
        match (0..SHARED_FIELDS.len()).find(|at| is_good(*at)) {
            Some(at) => Reading::because(
                Outcome::Granted,
                format!("it has the {} of the good answer to GET", SHARED_FIELDS[at]),
            ),
            None => Reading::because(
                Outcome::Unclear,
                format!("{} to HEAD without a field that only a good answer has", response.status),
            ),
        }
    }
}
