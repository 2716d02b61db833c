//! Whose login a step about logins uses.

use super::{Caster, Missing, missing};
use crate::check::step::{ExtraScope, GrantChange, LoginRevocation, RefreshChange, SessionAct, SessionStep};

/// Why no scope of another credential is asked for.
const NOBODY_LACKS_A_SCOPE: &str = "a scope of another credential, for no valid credential whose login has a `refresh` at a token endpoint \
                                    lacks a scope that another one has (`scopes`)";

/// Why nobody asks for a scope of another credential.
const NOBODY_ASKS_FOR_MORE: &str = "the credential that lacks a scope of a resource has no login that uses a code, or no request of that has `response_type`";

impl Caster<'_> {
    /// The identity; none where the step is left out.
    pub(super) fn whose_login(&mut self, step: &SessionStep) -> Result<Option<usize>, Missing> {
        let subject = self.subject;
        let Some(good) = subject.login_identity() else {
            return missing("no valid credential with a `login` of requests");
        };
        // what such a login is for is the revocation of its refresh token
        let revokes = || subject.revoking(good, LoginRevocation::OwnRefreshToken(None)).is_some();
        match step.act {
            SessionAct::LogIn(_) if step.optional && !revokes() => Ok(None),
            SessionAct::LogInWithin(..) => Ok(Some(subject.second_login(good).unwrap_or(good))),
            SessionAct::LogInSecond(_) => match subject.second_login(good) {
                Some(second) => Ok(Some(second)),
                None => missing("no second valid credential with a `login` of requests"),
            },
            SessionAct::LogInForMoreScope(_)
            | SessionAct::RefreshChanged(_, RefreshChange::MoreScope(ExtraScope::OfAnother)) => {
                let lacking = subject.lacks_a_scope(good);
                if lacking.is_none() {
                    self.script.not_tried = Some(NOBODY_LACKS_A_SCOPE.to_owned());
                }
                Ok(lacking)
            }
            SessionAct::LogInAskingForMore(_) => match subject.asking_for_lacked_scope() {
                Some((lacking, _)) => Ok(Some(lacking)),
                None if subject.scope_gap(None).is_none() => Err(self.no_scope_gap(false)),
                None => missing(NOBODY_ASKS_FOR_MORE),
            },
            SessionAct::LogInOfPublicClient(_) | SessionAct::ChangedGrant(GrantChange::NoProofKey) => {
                match subject.of_public_client(good) {
                    Some(public) => Ok(Some(public)),
                    None => missing("no valid credential with a login that uses a code of a client without a secret"),
                }
            }
            _ => Ok(Some(good)),
        }
    }
}
