//! What answers of a resource were learned from, and what follows from them.

use std::collections::BTreeSet;

use super::atoms::{self, Atom, BodyKind};
use super::likeness::GoodMembers;
use super::redirect::RefusingAddress;
use super::search::{Needles, Searched, Sent};
use super::{Answered, Asked, Recognition, body, status, without_parameters, without_query};
use crate::observe::{Fingerprint, Request, Response, contains, media_type_of, parse_json};

/// Atoms that are searched for; half of them, or three, are a grant.
const MOST_NEEDLES: usize = 256;

/// How an answer is recognised, as the scenario declares it under `success` or `refusal`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// Status; any 2xx under `success`, any status under `refusal`, where absent.
    pub status: Option<u16>,
    /// Media type.
    pub content_type: Option<String>,
    /// JSON pointer (RFC 6901) that resolves.
    pub pointer: Option<String>,
    /// Text that the body contains.
    pub text: Option<String>,
}

impl Declared {
    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether it is declared by this status alone, so that an answer without a body shows it.
    pub(super) fn fits_status(&self, status: u16) -> bool {
        self.status == Some(status)
    }

    /// Where a redirect leads, without query and fragment, if it is what is declared.
    pub fn redirect(&self, answer: &Response) -> Option<Vec<u8>> {
        let to = location(answer).filter(|_| self.fits(&Answered::from_response(answer)))?;
        Some(without_query(&to).to_vec())
    }

    /// Whether an answer has everything that is declared.
    pub(super) fn fits(&self, answer: &Answered<'_>) -> bool {
        let decoded = body::decoded(answer.body, answer.content_encoding);
        let body = &decoded.bytes;
        let media = |expected: &String| media_type_of(answer.content_type).eq_ignore_ascii_case(expected.as_bytes());
        let resolves =
            |pointer: &String| parse_json(atoms::without_bom(body)).is_some_and(|json| json.pointer(pointer).is_some());
        !self.is_empty()
            && self.status.is_none_or(|status| status == answer.status)
            && self.content_type.as_ref().is_none_or(media)
            && self.text.as_ref().is_none_or(|text| contains(body, text.as_bytes()))
            && self.pointer.as_ref().is_none_or(resolves)
    }
}

/// Answers that a resource was learned from.
#[derive(Clone, Debug, Default)]
pub struct Learned {
    /// Answers to good requests.
    pub good: Vec<Response>,
    /// The good requests: what an answer repeats of them is not its content.
    pub requests: Vec<Request>,
    /// Answers to requests without a credential.
    pub anonymous: Vec<Response>,
    /// Answers that anybody gets elsewhere: of an absent path, of public resources.
    pub elsewhere: Vec<Response>,
    /// Names, scopes and tenants that the scenario declares: an error page may name them.
    pub words: Vec<String>,
    /// What the scenario declares.
    pub success: Option<Declared>,
    /// The ways in which the scenario says that access is refused.
    pub refusals: Vec<Declared>,
    /// Addresses of redirects that refuse at other resources, as the scenario declares there; without queries.
    pub refusing: Vec<Vec<u8>>,
    /// Paths of the pages with which the logins of the scenario begin.
    pub login_pages: Vec<Vec<u8>>,
}

impl Learned {
    /// How the answers of the resource are recognised.
    pub fn recognition(&self) -> Recognition {
        // a good answer that is no success teaches nothing: the control fails and says so
        let good: Vec<Response> = self.good.iter().filter(|good| (200..300).contains(&good.status)).cloned().collect();
        let success = self.fingerprint(&good);
        let declared = self.success.as_ref().is_some_and(|success| !success.is_empty());
        let (kind, stable) = stable(&good);
        let generic = self.elsewhere.iter().flat_map(atoms_in).collect::<BTreeSet<_>>();
        let named = |atom: &Atom| {
            let text = String::from_utf8_lossy(&atom.value);
            self.words.iter().any(|word| word.eq_ignore_ascii_case(&text))
        };
        let sent: Vec<Sent> = self.requests.iter().map(Sent::of).collect();
        let repeated = |atom: &Atom| sent.iter().any(|sent| sent.is_repeated_by(&atom.value));
        let own = |atom: &Atom| !generic.contains(atom) && !named(atom) && !repeated(atom);
        let content: Vec<Atom> = stable.iter().filter(|atom| !generic.contains(*atom)).cloned().collect();
        let stable: BTreeSet<Atom> = stable.into_iter().filter(own).collect();
        let stable = Needles::new(spread(stable.into_iter().collect()));
        // an anonymous answer that is itself a good one leaks: what it shows stays protected
        let declared_page =
            |answer: &Response| answer.status < 400 && fits_one_of(&self.refusals, &Answered::from_response(answer));
        let members = GoodMembers::of(&good).filter(|members| {
            !self.elsewhere.iter().any(|other| members.are_those_of(&Answered::from_response(other)))
        });
        let is_alike = |answer: &Response| {
            let has_content = || !stable.found_in(&Searched::of(&decoded(answer)), &Asked::default()).is_empty();
            success.fits(&Answered::from_response(answer))
                && members.as_ref().is_some_and(|members| members.are_those_of(&Answered::from_response(answer)))
                && has_content()
        };
        let leaks = |answer: &&Response| {
            !declared_page(answer)
                && (stable.are_nearly_all_in(&decoded(answer), kind) || is_one_of(answer, &good) || is_alike(answer))
        };
        let refusals: Vec<&Response> = self.anonymous.iter().filter(|answer| !leaks(answer)).collect();
        let shown = shown_by(&stable, self.elsewhere.iter().chain(refusals.iter().copied()));
        let protected: Vec<Atom> = stable.atoms().iter().filter(|atom| !shown.contains(atom)).cloned().collect();
        let fits_anybody = refusals.iter().any(|answer| success.fits(&Answered::from_response(answer)));
        Recognition {
            void: !declared && fits_anybody,
            declared,
            named: self.success.clone().unwrap_or_default(),
            refusals: self.refusals.clone(),
            kind,
            good: good.iter().map(|answer| (answer.status, super::digest(&answer.body))).collect(),
            members,
            stable,
            protected: Needles::new(protected),
            content: spread(content),
            anonymous_locations: self.anonymous_locations(),
            good_locations: self.good.iter().filter_map(location).map(|to| without_query(&to).to_vec()).collect(),
            refusing: self.refusing.iter().filter(|to| !self.leads_back(to)).cloned().collect(),
            login_pages: self.pages_to_log_in(),
            first_pages: self.login_pages.clone(),
            head: status::HeadMarks::of(success.status, &good, &self.anonymous, self.declares_refusal()),
            success,
        }
    }

    /// Where requests without a credential are sent.
    fn anonymous_locations(&self) -> Vec<RefusingAddress> {
        // a redirection to the resource itself sends nobody away
        let refusing = self.anonymous.iter().filter_map(location).filter(|to| !self.leads_back(to));
        let known = |to: Vec<u8>| {
            // where good answers redirect to the same place, its query may be all that distinguishes them from refusals
            let mut good = self.good.iter().filter_map(location);
            match good.any(|good| without_query(&good) == without_query(&to)) {
                true => RefusingAddress::exactly(to),
                false => RefusingAddress::with_way_back(to, &self.requests),
            }
        };
        refusing.map(known).collect()
    }

    /// Pages of logins to which requests without a credential are sent, as addresses without queries.
    fn pages_to_log_in(&self) -> Vec<Vec<u8>> {
        let places = self.anonymous.iter().filter_map(location).map(|to| without_query(&to).to_vec());
        let is_page = |place: &Vec<u8>| self.login_pages.iter().any(|page| page == path_at_origin(place));
        places.filter(|place| is_page(place) && !self.leads_back(place)).collect()
    }

    /// Whether an address is that of the resource: a path, or the same path at an origin.
    fn leads_back(&self, to: &[u8]) -> bool {
        self.requests.iter().any(|request| request.target == path_at_origin(to))
    }

    /// Whether the answers to anonymous requests are refusals as the scenario declares them.
    fn declares_refusal(&self) -> bool {
        let fits = |answer: &Response| fits_one_of(&self.refusals, &Answered::from_response(answer));
        !self.anonymous.is_empty() && self.anonymous.iter().all(fits)
    }

    fn fingerprint(&self, good: &[Response]) -> Fingerprint {
        let declared = self.success.clone().unwrap_or_default();
        let mut fingerprint = good.first().map_or_else(|| Fingerprint::of_status(200), Fingerprint::of);
        for other in good.iter().skip(1).map(Fingerprint::of) {
            // what one good answer lacks is no mark of them
            fingerprint.members.retain(|member| other.members.contains(member));
        }
        if !declared.is_empty() {
            fingerprint.members.clear();
        }
        if let Some(status) = declared.status {
            fingerprint.status = status;
        }
        if declared.content_type.is_some() {
            fingerprint.content_type = declared.content_type;
        }
        fingerprint.pointer = declared.pointer;
        fingerprint.text = declared.text;
        fingerprint
    }
}

/// Whether an answer is one of those that are declared.
pub(super) fn fits_one_of(declared: &[Declared], answer: &Answered<'_>) -> bool {
    declared.iter().any(|one| one.fits(answer))
}

/// The atoms that these answers have.
fn shown_by<'n>(stable: &'n Needles, answers: impl Iterator<Item = &'n Response>) -> BTreeSet<&'n Atom> {
    let mut shown = BTreeSet::new();
    for answer in answers {
        let body = decoded(answer);
        shown.extend(stable.found_in(&Searched::of(&body), &Asked::default()));
    }
    shown
}

/// Whether an answer is a success, byte for byte one of these.
fn is_one_of(answer: &Response, good: &[Response]) -> bool {
    good.iter().any(|good| good.status == answer.status && good.body == answer.body)
}

fn decoded(response: &Response) -> Vec<u8> {
    let answer = Answered::from_response(response);
    body::decoded(answer.body, answer.content_encoding).bytes.to_vec()
}

fn atoms_in(response: &Response) -> BTreeSet<Atom> {
    atoms::atoms_of(&decoded(response)).1
}

/// Atoms that all good answers share.
fn stable(good: &[Response]) -> (BodyKind, BTreeSet<Atom>) {
    let mut answers = good.iter().map(|answer| atoms::atoms_of(&decoded(answer)));
    let Some((kind, mut shared)) = answers.next() else { return (BodyKind::Binary, BTreeSet::new()) };
    for (_, other) in answers {
        shared.retain(|atom| other.contains(atom));
    }
    (kind, shared)
}

fn location(response: &Response) -> Option<Vec<u8>> {
    let is_redirect = (300..400).contains(&response.status);
    let found = response.headers.iter().find(|(name, _)| is_redirect && name.eq_ignore_ascii_case("location"));
    found.map(|(_, value)| without_parameters(value).into_owned())
}

/// What is behind the origin of an address: its path, with query and fragment.
pub(super) fn path_at_origin(to: &[u8]) -> &[u8] {
    // an address in the query of a path is none of an origin
    let is_scheme = |at: &usize| !to[..*at].iter().any(|byte| matches!(byte, b'/' | b'?' | b'#'));
    let Some(scheme) = to.windows(3).position(|part| part == b"://").filter(is_scheme) else { return to };
    let authority = &to[scheme + 3..];
    let path = authority.iter().position(|byte| *byte == b'/').unwrap_or(authority.len());
    &authority[path..]
}

/// A long list is searched for in samples that lie all over it.
fn spread(atoms: Vec<Atom>) -> Vec<Atom> {
    let step = atoms.len().div_ceil(MOST_NEEDLES).max(1);
    atoms.into_iter().step_by(step).collect()
}
