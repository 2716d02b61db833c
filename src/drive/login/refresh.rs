//! How a login is renewed by what an answer of it had (RFC 6749 §6), and renewals that are wrong on purpose.

use std::sync::Arc;

use super::session::{LoginSession, default_position};
use super::turns::{Distance, is_break};
use super::{HeldCredential, LoginError, Logins};
use crate::clock;
use crate::drive::control::{ControlError, Token};
use crate::plan::login::{LoginPart, LoginProcedure, LoginStep, LoginText};
use crate::secret::Secret;

impl LoginSession {
    /// A new credential by a refresh, and in no other way.
    ///
    /// # Errors
    /// When the refresh is refused, or its answer has no credential.
    pub async fn refreshed_only(&mut self, logins: &Logins) -> Result<HeldCredential, ControlError> {
        let turn = logins.turn(self.distance).await;
        turn.end(Box::pin(self.refreshed_now(logins)).await)
    }

    /// The same where it may break because another token came in the same second: then once more in another one. A refusal of the
    /// second refresh counts where it has to be refused; else the first may have used the refresh token up, and its break stays.
    ///
    /// # Errors
    /// When the refresh is refused, or its answer has no credential.
    pub async fn refreshed_patiently(
        &mut self,
        logins: &Logins,
        may_be_refused: bool,
    ) -> Result<HeldCredential, ControlError> {
        let first = match self.refreshed_only(logins).await {
            Err(error) if is_break(&error) => error,
            ended => return ended,
        };
        let mut again = self.clone().keeping(Distance::Always);
        match again.refreshed_only(logins).await {
            Err(error) if !may_be_refused && !is_break(&error) => Err(first),
            ended => {
                *self = again.keeping(self.distance);
                ended
            }
        }
    }

    async fn refreshed_now(&mut self, logins: &Logins) -> Result<HeldCredential, ControlError> {
        let procedure = self.procedure.clone();
        let Some(step) = &procedure.refresh else {
            return Err(ControlError::Unusable("the login has no `refresh`".to_owned()));
        };
        self.begin();
        let asked = clock::now();
        self.step(logins, step, "the refresh").await?;
        let position = procedure.refreshed.as_ref().or(procedure.token.as_ref()).cloned();
        let position = position.unwrap_or_else(default_position);
        let value = self.state.credential(&position);
        let value = value.ok_or_else(|| LoginError::NoToken("credential".to_owned()))?;
        let token = self.token(value, asked)?;
        let held = self.hold(logins, token)?;
        self.held = Some(held.clone());
        Ok(held)
    }

    /// The refresh token: what the refresh takes from an answer and is not the credential itself; none where it takes
    /// nothing else.
    pub fn refresh_token(&self) -> Option<Secret> {
        let taken =
            |part: &&LoginPart| matches!(part, LoginPart::Pointer(_) | LoginPart::Header(_) | LoginPart::Cookie(_));
        let parts = self.procedure.refresh.iter().flat_map(LoginStep::parts).filter(taken);
        let values =
            parts.filter_map(|part| self.state.filled(&LoginText(vec![part.clone()]), &self.procedure.account).ok());
        values.into_iter().find(|value| Some(value) != self.state.token.as_ref())
    }

    /// Whether its refresh sends the credential itself, and nothing else of an answer.
    pub fn renews_by_credential(&self) -> bool {
        let taken = |part: &LoginPart| {
            use LoginPart::{Cookie, Header, Pointer, Token};
            matches!(part, Token | Pointer(_) | Header(_) | Cookie(_))
        };
        let mut parts = self.procedure.refresh.iter().flat_map(LoginStep::parts);
        parts.any(taken) && self.refresh_token().is_none()
    }

    /// The values of its scope: what an answer says that was granted, or what was asked for (RFC 6749 §5.1); none where neither is
    /// known.
    pub fn scope(&self) -> Option<Vec<String>> {
        let answered = self.state.pointed("/scope").and_then(|scope| scope.as_str().map(str::to_owned));
        let scope = answered.or_else(|| self.procedure.requested_scope())?;
        Some(scope.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect())
    }

    /// Whether its refresh authenticates a client, however that is written: then refresh tokens are bound to it (RFC 9700 §4.14.2).
    pub fn refreshes_for_a_client(&self) -> bool {
        let Some(step) = &self.procedure.refresh else { return false };
        let proves = step.client.as_ref().is_some_and(|(client, _)| client.secret.is_some() || client.key.is_some());
        proves || step.basic.is_some() || step.field("client_secret").is_some()
    }

    /// A copy that has another text in place of its refresh token, wherever its requests or its cookies hold it.
    #[must_use]
    pub fn with_refresh_token(&self, other: Secret) -> Self {
        let mut changed = self.clone();
        changed.state.replace(self.refresh_token(), other);
        changed
    }

    /// A copy that goes on by another procedure.
    #[must_use]
    pub fn by(&self, procedure: Arc<LoginProcedure>) -> Self {
        let mut other = self.clone();
        other.procedure = procedure;
        other
    }

    /// Refreshes; none where that is not possible or was refused.
    pub(super) async fn refreshed(&mut self, logins: &Logins) -> Option<Token> {
        self.held.as_ref()?;
        let procedure = self.procedure.clone();
        let step = procedure.refresh.as_ref()?;
        self.begin();
        let asked = clock::now();
        self.step(logins, step, "the refresh").await.ok()?;
        let position = procedure.refreshed.as_ref().or(procedure.token.as_ref());
        // what a refresh does not replace stays (RFC 6749 §6)
        let value =
            self.state.credential(position.unwrap_or(&default_position())).or_else(|| self.state.token.clone())?;
        self.token(value, asked).ok()
    }
}
