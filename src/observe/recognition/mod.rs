//! How the answers of one resource are recognised, grants and refusals alike: one function for probes, load and cases.
//!
//! A good answer has *stable* atoms: those that both learned good answers have. What is *protected* is stable and appears
//! in no answer that anybody gets. Protected atoms in an answer are access, whatever its status says; a refusal is a
//! status that refuses, with nothing protected beside it. Everything else is unclear, and proves nothing.

mod atoms;
mod body;
mod learned;
mod likeness;
mod redirect;
mod search;
mod status;
mod unclear;

pub use atoms::{Atom, BodyKind};
pub use learned::{Declared, Learned};
pub use status::meaning_of_status;

use std::borrow::Cow;

use super::{Exchange, Fingerprint, Outcome, Request, Response};
use learned::path_at_origin;
use likeness::GoodMembers;
use redirect::RefusingAddress;
use search::{FoundShare, Needles};
use sha2::{Digest as _, Sha256};
use unclear::Doubt;

/// A complete answer, as far as its meaning depends on it.
#[derive(Clone, Copy)]
pub struct Answered<'a> {
    /// Status code.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<&'a [u8]>,
    /// `Content-Encoding`.
    pub content_encoding: Option<&'a [u8]>,
    /// `Location`.
    pub location: Option<&'a [u8]>,
    /// Body, up to the limit of the reader.
    pub body: &'a [u8],
    /// Whether the body was longer than that.
    pub truncated: bool,
}

/// Shows status and size, never the body.
impl std::fmt::Debug for Answered<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({} bytes)", self.status, self.body.len())
    }
}

impl<'a> Answered<'a> {
    /// A response as it is looked at.
    pub fn from_response(response: &'a Response) -> Self {
        let field = |name: &str| {
            let found = response.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.as_slice())
        };
        Self {
            status: response.status,
            content_type: field("content-type"),
            content_encoding: field("content-encoding"),
            location: field("location"),
            body: &response.body,
            truncated: response.truncated,
        }
    }
}

/// Who asked, as far as the meaning of the answer depends on it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked<'a> {
    /// Whether the request carried no credential.
    pub anonymous: bool,
    /// Whether the request carried a good credential that opens the resource: the marks of success suffice then.
    pub entitled: bool,
    /// What was sent: an answer that repeats it shows nothing.
    pub request: Option<&'a Request>,
    /// Atoms that the credential of the request may read elsewhere.
    pub readable: &'a [Atom],
    /// Whether it carried such a credential and lacks something else, such as a CSRF token: what a page shows of its own user says
    /// nothing of what was asked.
    pub own: bool,
    /// Whether nothing but its content identifies the resource: another one of the same kind may have been asked for.
    pub by_content: bool,
}

/// What an answer means, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The meaning.
    pub outcome: Outcome,
    /// What a reader of a finding has to know beside outcome and status.
    pub why: Option<String>,
    /// Whether the whole body was searched and nothing protected was in it.
    pub clean: bool,
}

impl Reading {
    fn plain(outcome: Outcome) -> Self {
        Self { outcome, why: None, clean: true }
    }

    fn because(outcome: Outcome, why: impl Into<String>) -> Self {
        Self { outcome, why: Some(why.into()), clean: true }
    }
}

/// How the answers of one resource are recognised.
#[derive(Clone)]
pub struct Recognition {
    success: Fingerprint,
    /// Whether the scenario declares `success`.
    declared: bool,
    /// What of success it names; the rest was learned.
    named: Declared,
    refusals: Vec<Declared>,
    /// Whether the learned fingerprint of success also fits an anonymous answer: it tells nothing then.
    void: bool,
    kind: BodyKind,
    /// Status and body of the good answers that were learned from, the body as its digest.
    good: Vec<(u16, [u8; 32])>,
    /// What the good answers share member by member, unless an answer that anybody gets elsewhere has it too.
    members: Option<GoodMembers>,
    stable: Needles,
    protected: Needles,
    /// What every good answer has, whoever could know it: together it distinguishes the resource from others of its kind.
    content: Vec<Atom>,
    /// Addresses that anonymous requests are sent to (RFC 9110 §10.2.2).
    anonymous_locations: Vec<RefusingAddress>,
    /// Addresses, without queries, of redirects that the scenario knows as refusals elsewhere.
    refusing: Vec<Vec<u8>>,
    /// Pages of logins, without queries, that anonymous requests are sent to: nobody who may ask has to log in.
    login_pages: Vec<Vec<u8>>,
    /// Paths of the pages with which logins begin, whoever is sent there.
    first_pages: Vec<Vec<u8>>,
    /// Addresses, without queries, that good answers redirect to.
    good_locations: Vec<Vec<u8>>,
    head: status::HeadMarks,
}

impl Recognition {
    /// How granted answers look.
    pub fn success(&self) -> &Fingerprint {
        &self.success
    }

    /// The same with another fingerprint of success, as if the scenario declared it.
    #[must_use]
    pub fn with_success(self, success: Fingerprint) -> Self {
        Self { success, declared: true, void: false, ..self }
    }

    /// Whether nothing of a good answer could be recognised in the body of a refusal.
    pub fn is_blind(&self) -> bool {
        self.protected.is_empty()
    }

    /// Whether marks that show without parsing a body suffice: not where status and media type are all of them and the
    /// scenario says how a refusal looks.
    pub fn marks_suffice(&self) -> bool {
        self.declared || self.refusals.is_empty()
    }

    /// The atoms that every good answer has.
    pub fn stable_atoms(&self) -> &[Atom] {
        self.stable.atoms()
    }

    /// What of the pages that good answers are is around another answer as well, such as a menu. Nothing where that has nearly all of a
    /// good answer, which leaks, or where those are no pages: what is in JSON is content.
    pub fn around(&self, answer: &Response) -> Vec<Atom> {
        let decoded = body::decoded(&answer.body, Answered::from_response(answer).content_encoding);
        let body = search::Searched::of(&decoded.bytes);
        let found = [&self.stable, &self.protected].map(|needles| needles.found_in(&body, &Asked::default()));
        if self.kind != BodyKind::Text || self.stable.are_nearly_all(&found[0], self.kind) {
            return Vec::new();
        }
        let content = Needles::new(self.content.clone());
        let of_content = content.found_in(&body, &Asked::default());
        found.into_iter().flatten().chain(of_content).cloned().collect()
    }

    /// The same with what their requests said, and with names of the scenario.
    pub fn content(&self) -> &[Atom] {
        &self.content
    }

    /// Whether a further good answer has everything that is known of good answers.
    pub fn knows(&self, good: &Response) -> bool {
        let answer = Answered::from_response(good);
        let decoded = body::decoded(answer.body, answer.content_encoding);
        let body = &decoded.bytes;
        let asked = Asked::default();
        self.stable.found_in(&search::Searched::of(body), &asked).len() == self.stable.atoms().len()
    }

    /// What an exchange means.
    pub fn read(&self, exchange: &Exchange, asked: &Asked<'_>) -> Reading {
        let Ok(response) = &exchange.answer else { return Reading::plain(Outcome::Silent) };
        // what OPTIONS tells of a resource has the names of what is in it (RFC 9110 §9.3.7)
        let by_content = asked.by_content || exchange.request.method == "OPTIONS";
        let asked = Asked { request: Some(&exchange.request), by_content, ..*asked };
        let answer = Answered::from_response(response);
        // what comes behind the fields of an answer to HEAD is seen only where it is looked for (RFC 9110 §9.3.2)
        if exchange.request.method == "HEAD" {
            if !response.body.is_empty() {
                let shown = self.read_answer(&answer, &asked);
                if shown.outcome == Outcome::Granted {
                    let why = shown.why.unwrap_or_else(|| CONTENT_OF_HEAD.to_owned());
                    return Reading::because(Outcome::Granted, why);
                }
            }
            let meaning = match self.refusals.iter().any(|refusal| refusal.fits_status(response.status)) {
                true if response.status != self.success.status => Outcome::Refused,
                _ => self.status_of(response.status, answer.location, asked.request),
            };
            return self.head.read(response, meaning, asked.entitled);
        }
        self.read_answer(&answer, &asked)
    }

    /// What a complete answer means.
    pub fn read_answer(&self, answer: &Answered<'_>, asked: &Asked<'_>) -> Reading {
        let decoded = body::decoded(answer.body, answer.content_encoding);
        let answer = &Answered { body: &decoded.bytes, ..*answer };
        let whole = decoded.whole && !answer.truncated;
        if asked.by_content && (200..300).contains(&answer.status) {
            return self.read_content(answer, whole, asked);
        }
        let fits = self.success.fits(answer);
        let refuses = learned::fits_one_of(&self.refusals, answer);
        // a refusal that the scenario declares is none of the good answers that were learned
        let may_be_good = fits && (self.declared || !refuses) && !self.leads_away(answer, asked);
        if may_be_good && (asked.entitled || !(self.void || self.is_weak())) {
            return Reading::plain(Outcome::Granted);
        }
        let body = search::Searched::of(answer.body);
        if asked.own && may_be_good && !self.void && self.stable.are_nearly_all_in(answer.body, self.kind) {
            return Reading::plain(Outcome::Granted);
        }
        // to whoever may read it, the scenario says how success looks
        let says_nothing = asked.own || (asked.entitled && self.declared && !fits);
        let found = if says_nothing { Vec::new() } else { self.protected.found_in(&body, asked) };
        if may_be_good && !self.void && !found.is_empty() {
            return Reading::plain(Outcome::Granted);
        }
        if self.protected.are_shown_by(&found) {
            let why = format!("its body carries protected content ({})", search::listed(&found));
            return Reading::because(Outcome::Granted, why);
        }
        if asked.anonymous && !refuses {
            if let Some(why) = self.shown_to_anybody(&body, asked) {
                return Reading::because(Outcome::Granted, why);
            }
            if self.is_a_good_answer(answer) {
                return Reading::because(Outcome::Granted, IDENTICAL);
            }
            if fits && self.has_the_members_of_a_good_answer(answer, &body, asked) {
                return Reading::because(Outcome::Granted, ALIKE);
            }
        }
        if !found.is_empty() {
            let why = format!("its body carries something protected ({})", search::listed(&found));
            let why = match answer.status {
                200..300 if !fits => match self.doubt(false).lacks(answer) {
                    Some(lacks) => format!("{why}: {lacks}"),
                    None => format!("{why} and lacks what every good answer had: declare `success` for the resource"),
                },
                _ => why,
            };
            return Reading { clean: false, ..Reading::because(Outcome::Unclear, why) };
        }
        match if refuses { Outcome::Refused } else { self.status_of(answer.status, answer.location, asked.request) } {
            Outcome::Refused | Outcome::Unclear if !whole => {
                let why = "its body was not searched to its end: it is longer than the limit, or its Content-Encoding is \
                           not known here or broken";
                Reading { clean: false, ..Reading::because(Outcome::Unclear, why) }
            }
            Outcome::Unclear => {
                let doubt = self.doubt(self.leads_away(answer, asked));
                Reading::because(Outcome::Unclear, doubt.of_status(answer, fits))
            }
            outcome => Reading::plain(outcome),
        }
    }

    /// Whether a success shows this resource, and not another one of the same kind, which has the same members and some of the values.
    fn read_content(&self, answer: &Answered<'_>, whole: bool, asked: &Asked<'_>) -> Reading {
        let content = Needles::new(self.content.clone());
        let found = content.found_in(&search::Searched::of(answer.body), asked);
        match content.share_of(&found, asked) {
            FoundShare::Nearly => Reading::because(
                Outcome::Granted,
                format!("its body carries the content of the resource ({})", search::listed(&found)),
            ),
            FoundShare::Most => {
                let why = format!("its body carries something protected ({})", search::listed(&found));
                Reading { clean: false, ..Reading::because(Outcome::Unclear, why) }
            }
            FoundShare::Little if whole => {
                let why = format!("{} without the content of the resource", answer.status);
                Reading::because(Outcome::Unclear, why)
            }
            FoundShare::Little => {
                let why = "its body was not searched to its end";
                Reading { clean: false, ..Reading::because(Outcome::Unclear, why) }
            }
        }
    }

    /// An anonymous answer that has most of what every good answer has: the first one may have leaked already, and what
    /// it showed is not protected any more.
    fn shown_to_anybody(&self, body: &search::Searched<'_>, asked: &Asked<'_>) -> Option<String> {
        let found = self.stable.found_in(body, asked);
        self.stable
            .are_nearly_all(&found, self.kind)
            .then(|| format!("it carries the content of a good answer ({})", search::listed(&found)))
    }

    /// Whether status and media type are all that is learned of a good answer, although its content would tell more.
    fn is_weak(&self) -> bool {
        let Fingerprint { pointer, text, members, .. } = &self.success;
        pointer.is_none() && text.is_none() && members.is_empty() && !self.declared && !self.protected.is_empty()
    }

    /// Whether an answer redirects to another place than good answers do, of a resource whose success is a redirect: one to the login
    /// has the status of a success. Whoever may ask is sent away only where those without a credential are sent.
    fn leads_away(&self, answer: &Answered<'_>, asked: &Asked<'_>) -> bool {
        let Some(to) = answer.location.filter(|_| (300..400).contains(&answer.status)) else { return false };
        let to = without_parameters(to);
        if self.leads_to_login(&to, asked.request) {
            return true;
        }
        !self.good_locations.is_empty()
            && !self.good_locations.iter().any(|good| redirect::are_of_one_kind(good, without_query(&to)))
            && (!asked.entitled || self.status_of(answer.status, answer.location, asked.request) == Outcome::Refused)
    }

    /// Whether an address is one to log in at: a page to which those without a credential are sent, or the first one of a login with a way
    /// back to what was asked for.
    fn leads_to_login(&self, to: &[u8], request: Option<&Request>) -> bool {
        let place = without_query(to);
        let is_first = || self.first_pages.iter().any(|page| page == path_at_origin(place));
        self.login_pages.iter().any(|page| page == place)
            || (is_first() && request.is_some_and(|request| redirect::has_way_back(to, request)))
    }

    fn is_a_good_answer(&self, answer: &Answered<'_>) -> bool {
        (200..300).contains(&answer.status) && self.good.contains(&(answer.status, digest(answer.body)))
    }

    /// The same but for what changes by itself, and some of the content of good answers in it, however short.
    fn has_the_members_of_a_good_answer(
        &self,
        answer: &Answered<'_>,
        body: &search::Searched<'_>,
        asked: &Asked<'_>,
    ) -> bool {
        // the body is decoded already
        let answer = Answered { content_encoding: None, ..*answer };
        (200..300).contains(&answer.status)
            && self.members.as_ref().is_some_and(|members| members.are_those_of(&answer))
            && !self.stable.found_in(body, asked).is_empty()
    }

    fn status_of(&self, status: u16, location: Option<&[u8]>, request: Option<&Request>) -> Outcome {
        match status {
            300..=399
                if location.map(without_parameters).is_some_and(|to| {
                    self.anonymous_locations.iter().any(|known| known.is(&to, request))
                        || self.refusing.iter().any(|known| known == without_query(&to))
                        || self.leads_to_login(&to, request)
                }) =>
            {
                Outcome::Refused
            }
            _ => meaning_of_status(status),
        }
    }

    /// What is said of answers that are unclear.
    fn doubt(&self, leads_away: bool) -> Doubt<'_> {
        Doubt {
            success: &self.success,
            declared: Some(&self.named).filter(|_| self.declared),
            declares_refusal: !self.refusals.is_empty(),
            void: self.void,
            leads_away,
        }
    }
}

/// Shows how much is known, never what good answers say.
impl std::fmt::Debug for Recognition {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (stable, protected) = (self.stable.atoms().len(), self.protected.atoms().len());
        write!(f, "Recognition({} good answers, {stable} stable and {protected} protected atoms)", self.good.len())
    }
}

/// An address without its query and its fragment: they say where somebody came from.
pub fn without_query(address: &[u8]) -> &[u8] {
    address.split(|byte| matches!(byte, b'?' | b'#')).next().unwrap_or_default()
}

/// An address without the parameters of its path (RFC 3986 §3.3), in which servers write the identifier of a session.
pub(super) fn without_parameters(address: &[u8]) -> Cow<'_, [u8]> {
    if !address.contains(&b';') {
        return Cow::Borrowed(address);
    }
    let (path, rest) = address.split_at(without_query(address).len());
    let segments: Vec<&[u8]> = path.split(|byte| *byte == b'/').collect();
    let plain = segments.iter().map(|segment| segment.split(|byte| *byte == b';').next().unwrap_or_default());
    let plain = plain.collect::<Vec<_>>().join(&b'/');
    Cow::Owned([&plain[..], rest].concat())
}

/// What stands for a body where only its equality with another counts.
fn digest(body: &[u8]) -> [u8; 32] {
    Sha256::digest(body).into()
}

/// Both readings of a good and an anonymous answer that are the same.
const IDENTICAL: &str = "it is the answer that a good credential gets: either the route is open, or its answers cannot be \
                         told apart (declare `success` and `refusal` on the resource)";
/// An anonymous answer that differs from the good ones in nothing but what differs among them.
const ALIKE: &str = "it is the answer that a good credential gets, but for values that change from one good answer to the \
                     next: either the route is open, or its answers cannot be told apart (declare `success` and `refusal` \
                     on the resource)";
/// What follows the header section of an answer to HEAD.
const CONTENT_OF_HEAD: &str = "the content of a good answer follows its header section";
/// Bytes of shared content below which two answers may be alike by chance.
const ENOUGH_BYTES: usize = 16;

#[cfg(test)]
mod tests;
