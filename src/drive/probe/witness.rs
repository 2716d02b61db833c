//! What the answers of a run show whichever check asked for them: each 401 and each error with a challenge, for that, each 405, for
//! the methods that it names, each 429, for what caches make of it, each redirect of a request with a body, each page with a form, each error that shows a secret of
//! the scenario, or how the target is built, and each answer that shows the hash of a password, or repeats the credential of its
//! request. It is looked for before anything is masked.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

use super::echoes::Echoes;
use super::outages;
use crate::observe::page::form_of;
use crate::observe::{
    Exchange, Request, Response, SentBy, contains, foreign_secret_in, internals_in, parse_challenges, password_hash_in,
};
use crate::secret::Disclosures;

/// Answers that are kept of each kind.
const MOST: usize = 64;

/// An answer that is looked at once more, with the check that asked for it.
#[derive(Clone)]
pub(super) struct Witnessed {
    pub(super) by: SentBy,
    pub(super) exchange: Exchange,
    /// What it shows.
    pub(super) what: Option<String>,
}

/// What was seen.
pub(super) struct Witness {
    secrets: Disclosures,
    /// Credentials that were let in.
    pub(super) valid: Echoes,
    challenging: Mutex<Kept>,
    /// Those of them that have no challenge: many right ones leave them room.
    unchallenged: Mutex<Kept>,
    not_allowed: Mutex<Kept>,
    internals: Mutex<Kept>,
    leaks: Mutex<Kept>,
    foreign: Mutex<Kept>,
    hashes: Mutex<Kept>,
    echoes: Mutex<Kept>,
    throttled: Mutex<Kept>,
    redirects: Mutex<Kept>,
    forms: Mutex<Kept>,
}

/// Answers of which each shows something else than the others, or elsewhere.
#[derive(Default)]
struct Kept {
    known: BTreeSet<String>,
    answers: Vec<Witnessed>,
}

impl Kept {
    fn keep(&mut self, key: String, exchange: &Exchange, what: Option<String>) {
        if self.answers.len() < MOST && self.known.insert(key) {
            self.answers.push(Witnessed { by: outages::sender(), exchange: exchange.shortened(), what });
        }
    }
}

impl Witness {
    pub(super) fn new(secrets: Disclosures, valid: Echoes) -> Self {
        let kept = Mutex::<Kept>::default;
        Self {
            secrets,
            valid,
            challenging: kept(),
            unchallenged: kept(),
            not_allowed: kept(),
            internals: kept(),
            leaks: kept(),
            foreign: kept(),
            hashes: kept(),
            echoes: kept(),
            throttled: kept(),
            redirects: kept(),
            forms: kept(),
        }
    }

    /// Looks at an answer of a resource, of an authorization server, or of a login.
    pub(super) fn look_at(&self, exchange: &Exchange) {
        self.look_for_hash(exchange);
        self.look_for_echo(exchange);
        self.look_for_redirect(exchange);
        self.look_for_form(exchange);
        let Some(response) = exchange.response().filter(|response| response.status >= 400) else { return };
        let place = outages::named(&exchange.request, &SentBy::default());
        let is_challenge = response.header("www-authenticate").is_some();
        if response.status == 401 || is_challenge {
            let key = format!("{place} {} {}", response.status, shape(exchange));
            let kept = if is_challenge { &self.challenging } else { &self.unchallenged };
            kept.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, None);
        }
        if response.status == 405 {
            let named = response.header("allow").is_some();
            let key = format!("{} {named}", outages::path_of(&exchange.request));
            self.not_allowed.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, None);
        }
        if response.status == 429 {
            let kept: Vec<_> = response.header_values("cache-control").collect();
            let key = format!("{place} {}", kept.join(","));
            self.throttled.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, None);
        }
        self.look_at_error(exchange);
    }

    fn look_for_hash(&self, exchange: &Exchange) {
        let Some((name, hash)) = exchange.response().and_then(|response| password_hash_in(&response.body)) else {
            return;
        };
        // what was sent may be repeated
        if !contains(&exchange.request.to_bytes(), hash.as_bytes()) {
            let key = format!("{} {name}", outages::path_of(&exchange.request));
            self.hashes.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, Some(name.to_owned()));
        }
    }

    fn look_for_echo(&self, exchange: &Exchange) {
        let (Some(what), Some(status)) = (self.valid.repeated(exchange), exchange.status()) else { return };
        let key = match status {
            // one for each kind and status: what an error page repeats it repeats at each place
            400.. => format!("{status} {what}"),
            _ => format!("{} {what}", outages::named(&exchange.request, &SentBy::default())),
        };
        self.echoes.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, Some(what));
    }

    fn look_for_redirect(&self, exchange: &Exchange) {
        let redirects = |status| matches!(status, 301..=303 | 307 | 308) && !exchange.request.body.is_empty();
        if let Some(status) = exchange.status().filter(|status| redirects(*status)) {
            let key = format!("{status} {}", outages::path_of(&exchange.request));
            self.redirects.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, None);
        }
    }

    fn look_for_form(&self, exchange: &Exchange) {
        let is_page = |response: &&Response| {
            let media = response.media_type().unwrap_or_default();
            media.eq_ignore_ascii_case("text/html") || media.eq_ignore_ascii_case("application/xhtml+xml")
        };
        // what no browser shows cannot be framed, whatever a server answers to it
        let is_shown = matches!(&*exchange.request.method, "GET" | "POST");
        let Some(page) = exchange.response().filter(is_page).filter(|_| is_shown) else { return };
        if let Some(asks) = form_of(&String::from_utf8_lossy(&page.body)) {
            let key = format!("{asks} {}", outages::path_of(&exchange.request));
            let what = asks.then(|| "it asks for a password".to_owned());
            self.forms.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, what);
        }
    }

    /// Looks at an answer that refuses, though its status is one of success: a page has texts of its own, and is left out.
    pub(super) fn look_at_refusal(&self, exchange: &Exchange) {
        let is_text = |response: &&Response| {
            let media = response.header("content-type").unwrap_or_default().to_ascii_lowercase();
            response.status < 300 && !media.contains("html")
        };
        if exchange.response().filter(is_text).is_some() {
            self.look_at_error(exchange);
        }
    }

    fn look_at_error(&self, exchange: &Exchange) {
        let Some(response) = exchange.response() else { return };
        let place = outages::named(&exchange.request, &SentBy::default());
        let sent = || carried(&exchange.request);
        if let Some(says) = internals_in(response, sent) {
            // one for each kind and status: what an error page says it says at each place
            let key = format!("{} {says}", response.status);
            self.internals.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, Some(says));
        }
        if let Some(found) = foreign_secret_in(&response.body, sent) {
            // one for each kind: what an error page says it says at each place
            let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
            foreign.keep(found.clone(), exchange, Some(found));
        }
        let fields = response.headers.iter().map(|(_, value)| &value[..]);
        let found = fields.chain([&response.body[..]]).find_map(|bytes| self.secrets.first_in(bytes, sent));
        if let Some(found) = found {
            let key = format!("{place} {found}");
            self.leaks.lock().unwrap_or_else(PoisonError::into_inner).keep(key, exchange, Some(found));
        }
    }

    /// Each 401, and each other error with a challenge, whose challenges are others, or that came from elsewhere.
    pub(super) fn challenging(&self) -> Vec<Witnessed> {
        let of = |kept: &Mutex<Kept>| kept.lock().unwrap_or_else(PoisonError::into_inner).answers.clone();
        [of(&self.unchallenged), of(&self.challenging)].concat()
    }

    /// A 405 with `Allow` and one without from each path that sent one.
    pub(super) fn not_allowed(&self) -> Vec<Witnessed> {
        self.not_allowed.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// A 429 of each place, and of each `Cache-Control` there.
    pub(super) fn throttled(&self) -> Vec<Witnessed> {
        self.throttled.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// A redirect of each path and status that answers a request with a body.
    pub(super) fn redirects(&self) -> Vec<Witnessed> {
        self.redirects.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// A page with a form of each path; `what` says that it asks for a password.
    pub(super) fn forms(&self) -> Vec<Witnessed> {
        self.forms.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Errors that say how the target is built, each in another way.
    pub(super) fn internals(&self) -> Vec<Witnessed> {
        self.internals.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Answers that show the hash of a password: one of each path.
    pub(super) fn hashes(&self) -> Vec<Witnessed> {
        self.hashes.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Answers that repeat the valid credential of their request.
    pub(super) fn echoes(&self) -> Vec<Witnessed> {
        self.echoes.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Errors that show a secret of another system: one of each kind.
    pub(super) fn foreign_secrets(&self) -> Vec<Witnessed> {
        self.foreign.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }

    /// Errors that show a secret which their request did not carry.
    pub(super) fn leaks(&self) -> Vec<Witnessed> {
        self.leaks.lock().unwrap_or_else(PoisonError::into_inner).answers.clone()
    }
}

/// What a request holds, with what its credentials come to when a server decodes them, once and twice.
fn carried(request: &Request) -> Vec<u8> {
    let mut carried = request.to_bytes();
    let values = request.headers.iter().filter(|header| header.sensitive).map(|header| &header.value[..]);
    let mut coded: Vec<Vec<u8>> =
        values.flat_map(|value| value.split(u8::is_ascii_whitespace)).map(<[u8]>::to_vec).collect();
    for _ in 0..2 {
        let words = coded.iter().flat_map(|word| word.split(|byte| *byte == b':' || *byte == b'.'));
        let whole = coded.iter().map(Vec::as_slice);
        coded = whole.chain(words).filter_map(|word| decode(std::str::from_utf8(word).ok()?)).collect();
        for decoded in &coded {
            carried.push(b'\n');
            carried.extend_from_slice(decoded);
        }
    }
    carried
}

/// Base64 of either alphabet, padded or not.
fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.trim_end_matches('=');
    STANDARD_NO_PAD.decode(text).or_else(|_| URL_SAFE_NO_PAD.decode(text)).ok().filter(|decoded| !decoded.is_empty())
}

/// The challenges of an answer, without the values that change from one to the next; and whether its client authenticated by
/// `Authorization` and by HTTP Basic, which decides whether a challenge has to be there, and which (RFC 6749 §5.2).
fn shape(exchange: &Exchange) -> String {
    let authorized = match exchange.request.value_of("authorization") {
        Some(_) if exchange.request.is_by_basic() => "basic",
        Some(_) => "true",
        None => "false",
    };
    let lines: Vec<_> = exchange.response().into_iter().flat_map(|one| one.header_values("www-authenticate")).collect();
    match parse_challenges(lines.iter().map(AsRef::as_ref)) {
        Err(why) => format!("{authorized} {why}"),
        Ok(challenges) => {
            let names = challenges.iter().map(|challenge| {
                let params = challenge.params.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>();
                format!("{} {}", challenge.scheme, params.join(","))
            });
            format!("{authorized} {} {}", lines.len(), names.collect::<Vec<_>>().join(";"))
        }
    }
}
