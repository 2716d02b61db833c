//! How the answers of each resource are recognised: learned by good and by anonymous requests when it is first asked for.

use std::sync::{Arc, PoisonError, RwLock};

use tokio::sync::OnceCell;

use super::preparing::When;
use super::{Prober, allowance, handshake};
use crate::drive::login::HeldCredential;
use crate::observe::{
    Asked, Atom, Declared, Evidence, Exchange, Learned, Outcome, Reading, Recognition, Request, Response,
    meaning_of_status, without_query,
};
use crate::plan::subject::{CaseRequest, DeclaredAnswer, Resource};
use crate::scheme::CarrierPlace;

/// Public resources whose answers are looked at: what anybody may read is not protected.
const MOST_PUBLIC: usize = 4;
/// Good answers that are kept to learn from.
const MOST_GOOD: usize = 8;
/// Bytes of such answers that are kept, beyond the first two.
const MOST_BYTES: usize = 1 << 20;

/// What is known about the answers of one resource.
pub(super) struct Known {
    learned: RwLock<Learned>,
    recognition: RwLock<Arc<Recognition>>,
    /// The requests without a credential that it was learned from: they are judged as probes too.
    anonymous: Vec<Exchange>,
}

impl Known {
    fn recognition(&self) -> Arc<Recognition> {
        self.recognition.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes note of a further good answer: what it lacks is not in every good answer.
    fn renew(&self, good: &Response) {
        let mut learned = self.learned.write().unwrap_or_else(PoisonError::into_inner);
        let bytes = learned.good.iter().map(|good| good.body.len()).sum::<usize>() + good.body.len();
        let enough = learned.good.len() >= MOST_GOOD || (learned.good.len() > 1 && bytes > MOST_BYTES);
        if enough || (!learned.good.is_empty() && self.recognition().knows(good)) {
            return;
        }
        learned.good.push(good.clone());
        *self.recognition.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(learned.recognition());
    }
}

impl Prober {
    /// How the answers of a resource are recognised; learned when it is first asked for.
    pub async fn recognition(&self, resource: usize) -> Arc<Recognition> {
        self.known(resource).await.recognition()
    }

    /// What an exchange with a resource means.
    pub(super) async fn read(&self, resource: usize, exchange: &Exchange, asked: &Asked<'_>) -> Reading {
        let reading = self.recognition(resource).await.read(exchange, asked);
        handshake::reading(self.subject(), exchange, reading)
    }

    /// What an exchange with the good credential of an identity means. A granted one teaches what good answers have in
    /// common, where the resource was learned with that identity: what another may read is another matter.
    pub(super) async fn read_good(&self, (identity, resource): (usize, usize), exchange: &Exchange) -> Reading {
        let known = self.known(resource).await;
        let reading = known.recognition().read(exchange, &Asked { entitled: true, ..Asked::default() });
        if self.subject().good_for(resource) == Some(identity)
            && reading.outcome == Outcome::Granted
            && exchange.request.method != "HEAD"
            && let Some(response) = exchange.response()
        {
            known.renew(response);
        }
        if reading.outcome == Outcome::Granted {
            self.witness.valid.learn(&exchange.request);
        }
        handshake::reading(self.subject(), exchange, reading)
    }

    /// What the exchange of a case means: like that of a probe where its request is one of the resources, else by its
    /// status.
    pub async fn case_reading(&self, sent: &CaseRequest, with: Option<&str>, exchange: &Exchange) -> Reading {
        let subject = self.subject();
        let is_sent = |resource: &Resource| resource.method == sent.method && resource.path == sent.path;
        let resource = subject.resources.iter().position(is_sent);
        let identity = with.and_then(|name| subject.identities.iter().find(|identity| identity.name == name));
        match resource.filter(|at| subject.owned || !subject.resources[*at].writes) {
            Some(at) => {
                let entitled = identity.is_some_and(|identity| subject.resources[at].open_to(identity));
                self.read(at, exchange, &Asked { anonymous: with.is_none(), entitled, ..Asked::default() }).await
            }
            None => Reading {
                outcome: match exchange.status() {
                    None => Outcome::Silent,
                    Some(200..300) => Outcome::Granted,
                    Some(status) => self.with_redirects(meaning_of_status(status), exchange).await,
                },
                why: None,
                clean: true,
            },
        }
    }

    /// What the object shows whose leading identifiers are asked for with the last one of another tenant's: the same in the answer tells
    /// nothing about the other one.
    pub(super) async fn content_of_own(&self, object: usize) -> Vec<Atom> {
        match self.subject().mixed_path_at(object) {
            Some(mixed) => self.recognition(mixed.own).await.content().to_vec(),
            None => Vec::new(),
        }
    }

    /// What is around what an identity is answered at the path beside an object that names nothing: the same at the object shows nothing
    /// of it. Of a success at the object, only what the scenario says of such a path counts.
    pub(super) async fn seen_beside(&self, identity: usize, object: usize, answer: &Exchange) -> Vec<Atom> {
        let subject = self.subject();
        let refuses = answer.status().is_some_and(|status| (400..500).contains(&status));
        if subject.resources[object].absent.is_none() && !refuses {
            return Vec::new();
        }
        let Ok(held) = self.held(&subject.identities[identity]).await else { return Vec::new() };
        self.around_nothing(&held, object).await
    }

    /// What is around the answer to a credential at the path beside an object that names nothing, such as the menu of whoever is
    /// logged in.
    pub(super) async fn around_nothing(&self, held: &HeldCredential, object: usize) -> Vec<Atom> {
        let resource = &self.subject().resources[object];
        if resource.writes {
            return Vec::new();
        }
        let mut request = self.absent_request(object, resource);
        self.carry(held, &mut request, &mut Evidence::default()).await;
        let exchange = self.send_to(object, &request).await;
        let recognition = self.recognition(object).await;
        exchange.response().map(|answer| recognition.around(answer)).unwrap_or_default()
    }

    /// The requests without a credential that a resource was learned from.
    pub(super) async fn anonymous_lessons(&self, resource: usize) -> Vec<Exchange> {
        self.known(resource).await.anonymous.clone()
    }

    /// Whether a resource is refused to whoever has no credential, each time.
    pub async fn refuses_anonymous(&self, resource: usize) -> bool {
        let lessons = self.anonymous_lessons(resource).await;
        let asked = Asked { anonymous: true, ..Asked::default() };
        for exchange in &lessons {
            if self.read(resource, exchange, &asked).await.outcome != Outcome::Refused {
                return false;
            }
        }
        !lessons.is_empty()
    }

    /// Resources that were asked, and whose good answers have nothing that could be recognised in a refusal: a refusal
    /// that carries their data cannot be told from another.
    pub fn blind_resources(&self) -> Vec<String> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut blind: Vec<usize> = Vec::new();
        for (at, cell) in known.iter() {
            if cell.get().is_some_and(|known| known.recognition().is_blind()) && !self.subject().resources[*at].public {
                blind.push(*at);
            }
        }
        blind.sort_unstable();
        blind.into_iter().map(|at| self.subject().resources[at].name()).collect()
    }

    async fn known(&self, resource: usize) -> Arc<Known> {
        let cell: Arc<OnceCell<Arc<Known>>> = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.entry(resource).or_default().clone()
        };
        // what is learned is for all checks: it has a time of its own
        let learn = || {
            allowance::within(self.equipment.check_time, &self.equipment.activity, async {
                Arc::new(self.learn(resource).await)
            })
        };
        cell.get_or_init(learn).await.clone()
    }

    async fn learn(&self, at: usize) -> Known {
        let resource = &self.subject().resources[at];
        // a write is not repeated for the sake of learning: the controls renew what is known about it
        let times = if resource.writes { 1 } else { 2 };
        let mut good = Vec::new();
        let mut anonymous = Vec::new();
        for _ in 0..times {
            good.extend(self.good_answer(at).await);
        }
        if !resource.public {
            anonymous.extend(self.unchallenged(at));
            for _ in 0..times {
                anonymous.push(self.send_to(at, &self.bare_request(at)).await);
            }
        }
        let mut elsewhere = Vec::new();
        if !resource.public {
            elsewhere.push(self.send_to(at, &self.absent_request(at, resource)).await);
            elsewhere.extend(self.public_answers().await);
        }
        // an answer without an end teaches with its start
        for exchange in good.iter_mut().chain(&mut anonymous).chain(&mut elsewhere) {
            if let Some(response) = exchange.answer.as_mut().ok().filter(|response| response.truncated) {
                response.body.truncate(MOST_BYTES / 4);
                response.body.shrink_to_fit();
            }
        }
        let write_lines = self.with_write_lines(at).await;
        let responses = |exchanges: &[Exchange]| exchanges.iter().filter_map(Exchange::response).cloned().collect();
        let learned = Learned {
            good: responses(&good),
            requests: good.iter().map(|exchange| exchange.request.clone()).chain(write_lines).collect(),
            anonymous: responses(&anonymous),
            elsewhere: responses(&elsewhere),
            words: self.declared_words(),
            success: resource.success.as_ref().map(declared),
            refusals: resource.refusals.iter().map(declared).collect(),
            refusing: self.refusing_redirects().await.to_vec(),
            login_pages: self.login_pages(),
        };
        let recognition = RwLock::new(Arc::new(learned.recognition()));
        Known { learned: RwLock::new(learned), recognition, anonymous }
    }

    /// Where the logins of the scenario begin: paths without queries.
    fn login_pages(&self) -> Vec<Vec<u8>> {
        let subject = self.subject();
        let logins = (0..subject.identities.len()).filter_map(|identity| subject.procedure_of(identity));
        logins.filter_map(|login| login.page()).map(|page| without_query(page.as_bytes()).to_vec()).collect()
    }

    /// Where resources redirect requests without a credential to, if the scenario says that this refuses (`refusal`): such a
    /// redirect refuses at every other resource and endpoint too. As it came, and as a path where it is on the target.
    pub(super) async fn refusing_redirects(&self) -> &[Vec<u8>] {
        let look = || async {
            let mut found = Vec::new();
            let redirects = |resource: &Resource| {
                let mut statuses = resource.refusals.iter().filter_map(|refusal| refusal.status);
                !resource.writes && !resource.public && statuses.any(|status| (300..400).contains(&status))
            };
            let resources = self.subject().resources.iter().enumerate();
            for (at, resource) in resources.filter(|(_, resource)| redirects(resource)).take(MOST_PUBLIC) {
                let exchange = self.send_to(at, &self.bare_request(at)).await;
                let mut refusals = resource.refusals.iter().map(declared);
                let redirect = |response| refusals.find_map(|refusal| refusal.redirect(response));
                let Some(to) = exchange.response().and_then(redirect) else { continue };
                let origin = self.equipment.base.origin().ascii_serialization();
                match to.strip_prefix(origin.as_bytes()) {
                    Some(path) => found.push(path.to_vec()),
                    None if to.starts_with(b"/") => found.push([origin.as_bytes(), &to].concat()),
                    None => {}
                }
                found.push(to);
            }
            found
        };
        self.refusing.get_or_init(look).await
    }

    /// What an endpoint's answer means that its status does not decide: a redirect that the scenario knows as a refusal.
    pub(super) async fn with_redirects(&self, outcome: Outcome, exchange: &Exchange) -> Outcome {
        let to = exchange.response().filter(|answer| (300..400).contains(&answer.status));
        let Some(to) = to.and_then(|answer| answer.header("location")).filter(|_| outcome == Outcome::Unclear) else {
            return outcome;
        };
        let refuses = self.refusing_redirects().await.iter().any(|known| known == without_query(to.as_bytes()));
        if refuses { Outcome::Refused } else { outcome }
    }

    /// The anonymous request that was sent for a challenge of this resource and got an answer instead.
    fn unchallenged(&self, resource: usize) -> Option<Exchange> {
        let mut first = self.unchallenged.lock().unwrap_or_else(PoisonError::into_inner);
        first.take_if(|(of, _)| *of == resource).map(|(_, exchange)| exchange)
    }

    async fn good_answer(&self, resource: usize) -> Option<Exchange> {
        let subject = self.subject();
        let mut evidence = Evidence::default();
        self.prepare(resource, When::Before, &mut evidence).await.ok()?;
        let request = if subject.resources[resource].public {
            self.bare_request(resource)
        } else {
            let good = subject.good_for(resource)?;
            let held = self.held(&subject.identities[good]).await.ok()?;
            self.good_request(&held, resource, &mut evidence).await
        };
        let exchange = self.send_to(resource, &request).await;
        if subject.resources[resource].writes {
            Box::pin(self.follow(&exchange)).await;
        }
        // what is left behind is seen by the next control
        drop(self.prepare(resource, When::After, &mut evidence).await);
        Some(exchange)
    }

    /// A request with nothing but the lines that go along with writes: every page may have the CSRF token for its forms, and what
    /// whoever sends it knows is not protected.
    async fn with_write_lines(&self, at: usize) -> Option<Request> {
        let subject = self.subject();
        let held = self.held(&subject.identities[subject.good_for(at)?]).await.ok()?;
        let lines = held.companions.iter().filter(|companion| companion.writes_only);
        let mut request = self.bare_request(at);
        let before = request.headers.len();
        for line in lines {
            let name = match &line.place {
                CarrierPlace::Header(name) | CarrierPlace::Form(name) => name,
                _ => continue,
            };
            request.push(name, line.value.expose().as_bytes(), true);
        }
        (request.headers.len() > before).then_some(request)
    }

    /// A request without a credential for something beside the resource that does not exist.
    fn absent_request(&self, at: usize, resource: &Resource) -> Request {
        let mut request = self.bare_request(at);
        let path = resource.absent.clone().unwrap_or_else(|| {
            let path = self.path(at);
            let path = path.split('?').next().unwrap_or_default();
            let folder = path.trim_end_matches('/').rsplit_once('/').map_or("", |(folder, _)| folder);
            format!("{folder}/absent-{:08x}", self.seed_of("absent") as u32)
        });
        let base = self.equipment.base.path().trim_end_matches('/');
        request.target = format!("{base}{path}").into_bytes();
        request
    }

    /// What anybody may read at the public resources of the scenario.
    async fn public_answers(&self) -> Vec<Exchange> {
        let resources = self.subject().resources.iter().enumerate();
        let readable = resources.filter(|(_, other)| other.public && !other.writes).take(MOST_PUBLIC);
        let readable: Vec<usize> = readable.map(|(at, _)| at).collect();
        let public = self.public.get_or_init(|| async {
            let mut answers = Vec::new();
            for at in readable {
                answers.push(self.send_to(at, &self.bare_request(at)).await);
            }
            answers
        });
        public.await.clone()
    }

    /// Names, scopes and tenants of the scenario, which an error page may show.
    fn declared_words(&self) -> Vec<String> {
        let subject = self.subject();
        let identities = subject.identities.iter();
        let of_identities = identities.flat_map(|identity| {
            let scopes = identity.scopes.iter().cloned();
            let own = [Some(identity.name.clone()), identity.tenant.clone(), identity.account_name()];
            own.into_iter().flatten().chain(scopes)
        });
        let of_resources = subject
            .resources
            .iter()
            .flat_map(|resource| resource.scopes.iter().cloned().chain(resource.tenant.clone()));
        of_identities.chain(of_resources).collect()
    }
}

fn declared(answer: &DeclaredAnswer) -> Declared {
    Declared {
        status: answer.status,
        content_type: answer.content_type.clone(),
        pointer: answer.pointer.clone(),
        text: answer.text.clone(),
    }
}
