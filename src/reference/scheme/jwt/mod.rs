//! JSON Web Tokens as access tokens (RFC 7519, RFC 8725, RFC 9068): read strictly, verified by a library.

mod claims;
pub(crate) mod deployment;
mod encrypted;
pub(crate) mod faults;
pub(crate) mod remote;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::request::Parts;
use serde_json::{Map, Value};

use crate::reference::jose::algorithm::JwsAlgorithm;
use crate::reference::jose::compact::{Compact, Leniency};
use crate::reference::jose::signature::verifies;
use crate::reference::rejection::Rejection;
use crate::reference::scheme::bearer::{self, invalid};
use crate::reference::state::{Principal, ReferenceState, principal};
use crate::seed::IDENTITIES;
use deployment::{Deployment, Deployments};
use remote::RemoteKeys;

/// What this scheme needs beside the state that all share.
pub(crate) struct JwtVerifier {
    /// APIs that accept JWTs.
    pub(crate) deployments: Deployments,
    /// Keys of their first issuer that are fetched.
    pub(crate) remote_keys: RemoteKeys,
    /// Claims of tokens that were verified once, by their text.
    remembered: Mutex<HashMap<String, Map<String, Value>>>,
}

impl JwtVerifier {
    /// One whose keys are those of the seed and of the authorization server.
    pub(crate) fn new(deployments: Deployments) -> Self {
        Self { deployments, remote_keys: RemoteKeys::default(), remembered: Mutex::default() }
    }

    /// Fetches what has to be fetched before a token can be verified.
    pub(crate) async fn prepare(&self, state: &ReferenceState, parts: &Parts) {
        if self.remote_keys.are_used(&state.faults) {
            let Ok(token) = bearer::presented(state, parts) else { return };
            self.remote_keys.refresh(&token, &state.faults).await;
        }
    }

    /// Who sent a request for a resource that is guarded with an algorithm.
    pub(crate) fn verify(
        &self,
        state: &ReferenceState,
        parts: &Parts,
        algorithm: JwsAlgorithm,
    ) -> Result<Arc<Principal>, Rejection> {
        self.verify_for(state, parts, self.deployments.of(algorithm))
    }

    /// Who sent a request whose token the authorization server issued: one that it revoked is refused.
    pub(crate) fn verify_issued(&self, state: &ReferenceState, parts: &Parts) -> Result<Arc<Principal>, Rejection> {
        let principal = self.verify_for(state, parts, self.deployments.of_authority())?;
        let token = &*bearer::presented(state, parts)?;
        let record = state.issued_jwts.look_up(token);
        let revoked = record.is_some_and(|record| record.is_revoked())
            && !state.fault("introspection-cache-forever")
            && !bearer::faults::at_account(state, parts, "account-takes-revoked-token")
            && !bearer::faults::at_write(state, parts, "write-takes-revoked-token");
        if revoked { Err(invalid()) } else { Ok(principal) }
    }

    fn verify_for(
        &self,
        state: &ReferenceState,
        parts: &Parts,
        deployment: &Deployment,
    ) -> Result<Arc<Principal>, Rejection> {
        let token = &*bearer::presented(state, parts)?;
        if state.fault("jwt-rejects-everything") {
            return Err(invalid());
        }
        if faults::breaks(state, token) {
            return Err(Rejection::broken());
        }
        if faults::accepts_payload(state, deployment, token) {
            return Ok(Arc::new(principal(&IDENTITIES[0])));
        }
        let claims = match state.fault("jwt-verified-once") {
            true => self.verified_once(state, deployment, token),
            false => self.verified(state, deployment, token),
        };
        let claims = claims.ok_or_else(invalid)?;
        let bound_to = bearer::bound::certificate(claims.get("cnf"))?;
        if !bearer::bound::holds(state, parts, bound_to) {
            return Err(invalid());
        }
        claims::principal(state, &claims).map(Arc::new).ok_or_else(invalid)
    }

    /// The claims of a token that was good once: nobody looks at its end again.
    fn verified_once(
        &self,
        state: &ReferenceState,
        deployment: &Deployment,
        token: &str,
    ) -> Option<Map<String, Value>> {
        let remembered = || self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(claims) = remembered().get(token) {
            return Some(claims.clone());
        }
        let claims = self.verified(state, deployment, token)?;
        remembered().insert(token.to_owned(), claims.clone());
        Some(claims)
    }

    fn verified(&self, state: &ReferenceState, deployment: &Deployment, token: &str) -> Option<Map<String, Value>> {
        let leniency = Leniency {
            base64: state.fault("lenient-base64"),
            utf_16: state.fault("claims-in-utf-16"),
            first_duplicate: state.fault("first-duplicate-wins"),
        };
        let rewritten = faults::rewritten(state, deployment, token);
        let token = rewritten.as_deref().unwrap_or(token);
        let compact = Compact::read(token, leniency)?;
        // RFC 7515 §4.1.11: no extension is understood here, so whatever is critical makes the token invalid
        if compact.header.contains_key("crit") && !state.fault("ignores-crit") {
            return None;
        }
        let good = is_access_token(state, &compact)
            && self.accepts(state, deployment, &compact, token, leniency)
            && claims::ours_hold(state, &compact);
        good.then_some(compact.claims)
    }

    /// Signature and registered claims.
    fn accepts(
        &self,
        state: &ReferenceState,
        deployment: &Deployment,
        compact: &Compact,
        token: &str,
        leniency: Leniency,
    ) -> bool {
        if faults::accepts_signature(state, &self.remote_keys, deployment, compact) {
            return claims::registered_hold(deployment, compact);
        }
        // RFC 8725 §3.1: the algorithm is the deployment's, whatever the header says
        if compact.header_text("alg") != Some(deployment.algorithm.name()) {
            return false;
        }
        let fetched;
        let key = match self.remote_keys.key_of(compact, deployment, &state.faults) {
            remote::RemoteKey::Nothing => return false,
            remote::RemoteKey::NotUsed => deployment.key_of(compact, &state.faults),
            remote::RemoteKey::Key(key) => {
                fetched = key;
                Some(&*fetched)
            }
        };
        let Some(key) = key else { return false };
        match (deployment.algorithm, key.library()) {
            _ if leniency != Leniency::default() => {
                verifies(compact, key, deployment.algorithm) && claims::registered_hold(deployment, compact)
            }
            (JwsAlgorithm::Library(_), Some(key)) => {
                jsonwebtoken::decode::<Value>(token, key, &deployment.validation).is_ok()
            }
            // the library does not read a header with a name that it does not know
            _ => verifies(compact, key, deployment.algorithm) && claims::hold(&deployment.validation, &compact.claims),
        }
    }
}

/// RFC 9068 §4, RFC 7515 §4.1.9: `at+jwt`, or the same as a media type, without regard to case.
fn is_access_token(state: &ReferenceState, compact: &Compact) -> bool {
    if state.fault("typ-ignored") {
        return true;
    }
    let Some(typ) = compact.header_text("typ") else { return false };
    if state.fault("typ-exact-string") {
        return typ == "at+jwt";
    }
    typ.eq_ignore_ascii_case("at+jwt") || typ.eq_ignore_ascii_case("application/at+jwt")
}
