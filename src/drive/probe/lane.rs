//! Requests of load lanes: what a lane sends is made like a probe.

use std::time::{Duration, Instant};

use rand::SeedableRng as _;
use rand::rngs::StdRng;

use super::{Prober, RequestError};
use crate::clock;
use crate::drive::control::{ControlError, Renewals, Token};
use crate::drive::load::Signer;
use crate::drive::login::{HeldCredential, LoginSession};
use crate::observe::{Evidence, Exchange, Outcome, Request};
use crate::plan::subject::{CaseRequest, ClientCredential, CredentialState, Identity, Login};
use crate::scheme::jose::Jws;
use crate::scheme::{ForgeryContext, Reuse, Unforgeable};
use crate::secret::Secret;

/// Between two looks whether a token has ended.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// A credential that a lane of a load phase has for itself.
pub struct LaneCredential {
    identity: Identity,
    /// What is held now.
    pub held: HeldCredential,
    /// When it is to be renewed.
    pub due: Instant,
    session: Option<LoginSession>,
    renewals: Renewals,
}

impl Prober {
    /// What a lane sends: `valid`, `no-credential`, `expired`, `revoked`, or a forgery of the scheme.
    ///
    /// # Errors
    /// When a token is not obtained, or the lane's forgery cannot be made.
    pub async fn lane_request(&self, lane: &str, identity: usize, resource: usize) -> Result<Request, RequestError> {
        let subject = self.subject();
        let state = match lane {
            "no-credential" => return Ok(self.bare_request(resource)),
            "expired" => Some(CredentialState::Expired),
            "revoked" => Some(CredentialState::Revoked),
            _ => None,
        };
        let of_state = state.and_then(|state| subject.in_state(state));
        if state == Some(CredentialState::Expired) && of_state.is_none() {
            return self.expired(identity, resource).await;
        }
        if state.is_some() && of_state.is_none() {
            return Err(RequestError::NoCredentialInState(lane.to_owned()));
        }
        let who = &subject.identities[of_state.unwrap_or(identity)];
        let no_token = |source| RequestError::NoToken { who: who.name.clone(), source };
        let held = self.held(who).await.map_err(no_token)?;
        if lane == "valid" || state.is_some() {
            return Ok(self.request_with(&held, resource).await);
        }
        let mut rng = StdRng::seed_from_u64(self.seed_of(lane));
        let (scheme, carrier) = (subject.scheme, &subject.carrier);
        let mut context =
            ForgeryContext { scheme, carrier, proof: &held.proof, rng: &mut rng, kit: &subject.kit, occasion: None };
        let written = forgery_of(lane);
        let unforgeable = |why: Unforgeable| RequestError::Unforgeable { lane: lane.to_owned(), why: why.0 };
        let missing = || Unforgeable(format!("{} has no forgery {written}", scheme.name()));
        let forgery = scheme.forgery_named(written).ok_or_else(missing).map_err(unforgeable)?;
        let carried = (forgery.forge)(&mut context).map_err(unforgeable)?;
        let mut request = self.bare_request(resource);
        for one in carried {
            one.apply(&mut request);
        }
        held.accompany(&mut request);
        Ok(request)
    }

    /// What makes the requests of a lane one by one, where the scheme makes a credential for each; none for a lane without
    /// a credential. They are made from what is given, or from what the identity holds.
    ///
    /// # Errors
    /// When there is no such credential, or no such forgery.
    pub async fn signer(
        &self,
        lane: &str,
        identity: &Identity,
        held: Option<&HeldCredential>,
    ) -> Result<Option<Signer>, RequestError> {
        let subject = self.subject();
        if subject.scheme.reuse() == Reuse::WhileHeld || lane == "no-credential" {
            return Ok(None);
        }
        let of_state = match lane {
            "expired" => Some(CredentialState::Expired),
            "revoked" => Some(CredentialState::Revoked),
            _ => None,
        };
        let who = match of_state {
            Some(state) => {
                let found = subject.in_state(state).map(|at| &subject.identities[at]);
                found.ok_or_else(|| RequestError::NoCredentialInState(lane.to_owned()))?
            }
            None => identity,
        };
        let forgery = match of_state.is_some() || lane == "valid" {
            true => None,
            false => {
                let written = forgery_of(lane);
                let why = || format!("{} has no forgery {written}", subject.scheme.name());
                let missing = || RequestError::Unforgeable { lane: lane.to_owned(), why: why() };
                Some(subject.scheme.forgery_named(written).ok_or_else(missing)?.id)
            }
        };
        let no_token = |source| RequestError::NoToken { who: who.name.clone(), source };
        let held = match held {
            Some(held) => held.clone(),
            None => self.held(who).await.map_err(no_token)?,
        };
        let (scheme, carrier, kit) = (subject.scheme, subject.carrier.clone(), subject.kit.clone());
        let seed = self.seed_of(lane);
        Ok(Some(Signer { scheme, carrier, proof: held.proof.into(), forgery, kit, seed }))
    }

    /// The request of a resource without a credential, which a signer adds, on the connections of who signs it.
    pub fn unsigned_request(&self, identity: &Identity, resource: usize) -> Request {
        Request { connection: identity.connection(), ..self.bare_request(resource) }
    }

    /// A token that is obtained, and waited for until it has ended.
    async fn expired(&self, identity: usize, resource: usize) -> Result<Request, RequestError> {
        let identity = &self.subject().identities[identity];
        if !identity.is_obtained() {
            return Err(RequestError::NoCredentialInState("expired".to_owned()));
        }
        let no_token = |source| RequestError::NoToken { who: identity.name.clone(), source };
        let credential = self.lane_credential(identity).await.map_err(no_token)?;
        let request = self.request_with(&credential.held, resource).await;
        let token = credential.held.token.clone().ok_or(RequestError::LongLived)?;
        self.give_back(credential);
        let brief = token.lifetime.is_some_and(|lifetime| lifetime <= super::stage::LONGEST_WAIT);
        let end = token.has_ended_at().filter(|_| brief).ok_or(RequestError::LongLived)?;
        let end = end + self.subject().tolerances.max_leeway + super::stage::ROUNDING;
        let _shown = self.equipment.activity.waits("a token to expire before the load starts", Some(end));
        tokio::time::sleep_until(end.into()).await;
        if !self.subject().tolerances.leeway_is_declared && Jws::read(token.value.expose()).is_some() {
            self.await_leeway(&request, resource, clock::now()).await?;
        }
        Ok(request)
    }

    /// RFC 7519 §4.1.4: a JWT may live on for a small leeway, and nobody says how small. It is not sent under load before the
    /// target refuses it.
    async fn await_leeway(&self, request: &Request, resource: usize, since: Instant) -> Result<(), RequestError> {
        let most = clock::after(since, super::stage::LONGEST_WAIT);
        let _shown = self.equipment.activity.waits("an expired token to be refused", Some(most));
        loop {
            let exchange = self.send_to(resource, request).await;
            if self.outcome(resource, &exchange).await != Outcome::Granted {
                return Ok(());
            }
            if clock::now() - since > super::stage::LONGEST_WAIT {
                return Err(RequestError::LongLeeway(super::stage::LONGEST_WAIT.as_secs()));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// A new token of a client.
    ///
    /// # Errors
    /// When there is no answer, a refusal, or an answer without a token.
    pub async fn renew(&self, client: &ClientCredential) -> Result<Token, ControlError> {
        self.equipment.control.obtain(client, None).await
    }

    /// A credential of an identity for a lane alone: obtained by its client or its login, or signed with the issuer's key.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn lane_credential(&self, identity: &Identity) -> Result<LaneCredential, ControlError> {
        let mut renewals = Renewals::default();
        let scheme = self.subject().scheme;
        let (held, due, session) = match &identity.login {
            Login::Procedure(procedure) => {
                let (session, held, due) = self.equipment.logins.separate(&identity.name, procedure).await?;
                (held, due, Some(session))
            }
            _ => {
                let token = match identity.client() {
                    Some(client) => self.renew(&client).await?,
                    None => self.minted(identity, None)?,
                };
                let due = renewals.next(&token);
                (HeldCredential::obtained(scheme, token), due, None)
            }
        };
        let held = HeldCredential { connection: Some(identity.connection()), ..held };
        Ok(LaneCredential { identity: identity.clone(), held, due, session, renewals })
    }

    /// Renews a credential of a lane, and sets when that is due again, also where it failed.
    ///
    /// # Errors
    /// When there is none to be had.
    pub async fn renew_lane(&self, credential: &mut LaneCredential) -> Result<(), ControlError> {
        let renewed = match (&mut credential.session, credential.identity.client()) {
            (Some(session), _) => session.renewed(&self.equipment.logins).await,
            (None, Some(client)) => self.renew(&client).await.map(|token| {
                let due = credential.renewals.next(&token);
                (HeldCredential::obtained(self.subject().scheme, token), due)
            }),
            (None, None) => self.minted(&credential.identity, None).map(|token| {
                let due = credential.renewals.next(&token);
                (HeldCredential::obtained(self.subject().scheme, token), due)
            }),
        };
        match renewed {
            Ok((held, due)) => {
                let connection = credential.held.connection.take();
                (credential.held, credential.due) = (HeldCredential { connection, ..held }, due);
                Ok(())
            }
            Err(error) => {
                let session = credential.session.as_mut();
                credential.due = session.map_or_else(|| credential.renewals.retry(), LoginSession::retry);
                Err(error)
            }
        }
    }

    /// Takes a credential of a lane back; it is logged out at the end.
    pub fn give_back(&self, credential: LaneCredential) {
        if let Some(session) = credential.session {
            self.equipment.logins.give_back(session);
        }
    }

    /// The request of a resource with the credential that an identity has as it is; none where it has to be obtained.
    pub async fn request_of(&self, identity: &Identity, resource: usize) -> Option<Request> {
        match &identity.login {
            Login::Proof(proof) => {
                let held = HeldCredential::given(proof.clone());
                let held = HeldCredential { connection: Some(identity.connection()), ..held };
                Some(self.request_with(&held, resource).await)
            }
            Login::Nothing => Some(self.bare_request(resource)),
            _ => None,
        }
    }

    /// The request of a resource with a credential.
    pub async fn request_with(&self, held: &HeldCredential, resource: usize) -> Request {
        // on the heap: what is noted is large
        let mut evidence = Box::<Evidence>::default();
        Box::pin(self.good_request(held, resource, &mut evidence)).await
    }
}

/// The forgery that a lane sends, by its name.
fn forgery_of(lane: &str) -> &str {
    if lane == "flipped-bit" { "middle-changed" } else { lane }
}

impl Prober {
    /// Sends a request of the user's own, with a credential by its name; the exchange and what it carried.
    ///
    /// # Errors
    /// When there is no such credential, or no token for it.
    pub async fn case(&self, sent: &CaseRequest, with: Option<&str>) -> Result<(Exchange, Vec<Secret>), RequestError> {
        let subject = self.subject();
        let mut evidence = Evidence::default();
        let mut request = self.plain_request(&sent.method, &sent.path, &sent.headers);
        if let Some(json) = sent.json.clone() {
            request = request.with_body("application/json", json);
        }
        if let Some(name) = with {
            let identity = subject.identities.iter().find(|identity| identity.name == name);
            let identity = identity.ok_or_else(|| RequestError::NoCredential(name.to_owned()))?;
            let no_token = |source| RequestError::NoToken { who: name.to_owned(), source };
            let held = self.held(identity).await.map_err(no_token)?;
            self.carry(&held, &mut request, &mut evidence).await;
        }
        let exchange = self.send_to(0, &request).await;
        Ok((exchange, evidence.sent_secrets))
    }
}
