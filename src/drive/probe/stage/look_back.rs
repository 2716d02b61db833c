//! What all checks of the run have seen, for a check that comes after them.

use super::{Halt, Stage};
use crate::check::step::{Endpoint, LookedFor};
use crate::clock;
use crate::drive::probe::witness::Witnessed;
use crate::drive::probe::{echoes, outages, values};
use crate::observe::{Description, Evidence, Exchange, Observation, Outcome, Place, SentBy, password_hash_in};
use crate::plan::subject::Resource;
use crate::scheme::Reuse;

/// Why no answer can be searched for a credential.
const UNSEARCHABLE: &str =
    "no valid credential is long enough to be searched for: add one of 12 characters or more, with letters and digits";

impl Stage<'_> {
    pub(super) fn look_back(&self, step: usize, wanted: LookedFor, evidence: &mut Evidence) -> Result<(), Halt> {
        match wanted {
            LookedFor::Outages => {
                evidence.outages = self.prober.outages.seen();
                for (exchange, by) in evidence.outages.iter().filter_map(|seen| seen.cause.clone()).collect::<Vec<_>>()
                {
                    let seen = Recalled { step, by, outcome: Outcome::Silent, why: None };
                    self.recall(seen, exchange, evidence);
                }
            }
            LookedFor::Challenges => {
                let mut challenges = self.prober.witness.challenging();
                let has_one = |exchange: &Exchange| {
                    exchange.response().is_some_and(|response| response.header("www-authenticate").is_some())
                };
                challenges.retain(|seen| has_one(&seen.exchange));
                self.recall_refusals(step, challenges, evidence);
            }
            LookedFor::Unauthorized => {
                let seen = self.prober.witness.challenging().into_iter();
                let has_own_checks = self.prober.subject().scheme.groups().contains(&"token");
                for Witnessed { by, exchange, .. } in seen.filter(|seen| seen.exchange.status() == Some(401)) {
                    // the check has judged what it asked for itself; an endpoint of clients has to name a challenge where its
                    // client used HTTP Basic (RFC 6749 §5.2); its other answers have checks of their own, but where a login
                    // asks for them
                    let of_client =
                        matches!(self.place_of(&exchange), Place::Token | Place::Introspection | Place::Revocation);
                    let is_judged = of_client && has_own_checks && !exchange.request.is_by_basic();
                    if by.check != self.check.id && !is_judged {
                        self.recall(Recalled { step, by, outcome: Outcome::Refused, why: None }, exchange, evidence);
                    }
                }
            }
            LookedFor::MethodsNotAllowed => self.recall_refusals(step, self.prober.witness.not_allowed(), evidence),
            LookedFor::Throttled => self.recall_refusals(step, self.prober.witness.throttled(), evidence),
            LookedFor::Forms => {
                for Witnessed { by, exchange, what } in self.prober.witness.forms() {
                    if what.is_some() || self.place_of(&exchange) == Place::Login {
                        self.recall(Recalled { step, by, outcome: Outcome::Granted, why: what }, exchange, evidence);
                    }
                }
            }
            LookedFor::RedirectsOfLogins => {
                let mut redirects = self.prober.witness.redirects();
                redirects.retain(|seen| self.place_of(&seen.exchange) == Place::Login);
                self.recall_refusals(step, redirects, evidence);
            }
            LookedFor::Internals => self.recall_refusals(step, self.prober.witness.internals(), evidence),
            LookedFor::PasswordHashes => {
                for Witnessed { by, exchange, what } in self.prober.witness.hashes() {
                    let body = exchange.response().map(|response| response.body.clone()).unwrap_or_default();
                    password_hash_in(&body).iter().for_each(|(_, hash)| values::note_text(hash, evidence));
                    self.recall(Recalled { step, by, outcome: Outcome::Granted, why: what }, exchange, evidence);
                }
            }
            LookedFor::Disclosures | LookedFor::ForeignSecrets => {
                let witness = &self.prober.witness;
                let found = if wanted == LookedFor::Disclosures { witness.leaks() } else { witness.foreign_secrets() };
                for Witnessed { by, exchange, what } in found {
                    self.recall(Recalled { step, by, outcome: Outcome::Refused, why: what }, exchange, evidence);
                }
            }
            LookedFor::Echoes => self.look_for_echoes(step, evidence)?,
        }
        Ok(())
    }

    /// Answers of resources that repeat a valid credential: what a login or an authorization server hands out is another matter.
    fn look_for_echoes(&self, step: usize, evidence: &mut Evidence) -> Result<(), Halt> {
        let subject = self.prober.subject();
        if subject.scheme.proves_in_handshake() {
            return Err(Halt::Inapplicable("the credential is a key that no request carries".to_owned()));
        }
        if subject.scheme.reuse() == Reuse::Once {
            return Err(Halt::Inapplicable(
                "each request is authenticated by a value that is made for it alone".to_owned(),
            ));
        }
        if self.prober.witness.valid.is_empty() {
            return Err(Halt::Untestable(UNSEARCHABLE.to_owned()));
        }
        for Witnessed { by, exchange, what } in self.prober.witness.echoes() {
            if matches!(self.place_of(&exchange), Place::Resource(_) | Place::Elsewhere) {
                let is_error = exchange.status().is_some_and(|status| status >= 400);
                let outcome = if is_error { Outcome::Refused } else { Outcome::Granted };
                for credential in echoes::presented(&exchange.request, &subject.carrier) {
                    values::note_text(&credential, evidence);
                }
                self.recall(Recalled { step, by, outcome, why: what }, exchange, evidence);
            }
        }
        Ok(())
    }

    /// Takes the refusals that other checks have seen for this one.
    fn recall_refusals(&self, step: usize, refusals: Vec<Witnessed>, evidence: &mut Evidence) {
        for Witnessed { by, exchange, what } in refusals.into_iter().filter(|seen| seen.by.check != self.check.id) {
            self.recall(Recalled { step, by, outcome: Outcome::Refused, why: what }, exchange, evidence);
        }
    }

    /// Takes the exchange of another check for this one.
    fn recall(&self, seen: Recalled, exchange: Exchange, evidence: &mut Evidence) {
        for header in exchange.request.headers.iter().filter(|header| header.sensitive) {
            values::note_line(header, evidence);
        }
        if let Some(response) = exchange.response() {
            values::note_tokens(response, evidence);
        }
        let Recalled { step, by, outcome, why } = seen;
        evidence.observe(Observation {
            step,
            credential: None,
            forgery: None,
            description: Description::new(outages::named(&exchange.request, &by)),
            place: self.place_of(&exchange),
            exchange,
            outcome,
            why,
            clean: true,
            at: clock::unix_seconds(),
            reproduced: true,
        });
    }
}

impl Stage<'_> {
    /// Where a request went, by its address.
    fn place_of(&self, exchange: &Exchange) -> Place {
        let (prober, request) = (self.prober, &exchange.request);
        let path = outages::path_of(request);
        let endpoints = [
            (Endpoint::Token, Place::Token),
            (Endpoint::TokenAlias, Place::Token),
            (Endpoint::Introspection, Place::Introspection),
            (Endpoint::Revocation, Place::Revocation),
        ];
        let is_at = |endpoint| prober.endpoint(endpoint).is_ok_and(|url| url.path() == path);
        if let Some((_, place)) = endpoints.into_iter().find(|(endpoint, _)| is_at(*endpoint)) {
            return place;
        }
        let base = prober.equipment.base.path().trim_end_matches('/');
        let is_resource = |(at, resource): (usize, &Resource)| {
            let own = prober.path(at);
            let own = own.split('?').next().unwrap_or_default();
            let method = if request.method == "HEAD" { "GET" } else { &request.method };
            (resource.method == method && format!("{base}{own}") == path).then_some(at)
        };
        if let Some(resource) = prober.subject().resources.iter().enumerate().find_map(is_resource) {
            return Place::Resource(resource);
        }
        let below = path.strip_prefix(base).unwrap_or(&path);
        let is_login = |identity| {
            let procedure = prober.subject().procedure_of(identity);
            procedure.is_some_and(|procedure| procedure.has_path(&path) || procedure.has_path(below))
        };
        match (0..prober.subject().identities.len()).any(is_login) {
            true => Place::Login,
            false => Place::Elsewhere,
        }
    }
}

/// What an exchange of another check means here.
struct Recalled {
    step: usize,
    /// The check that sent it.
    by: SentBy,
    outcome: Outcome,
    why: Option<String>,
}
