//! What users ask for who are not logged in.

use super::{LoginSession, Logins};
use crate::drive::control::ControlError;
use crate::secret::Secret;

impl LoginSession {
    /// Asks for another password in place of one that was forgotten, as the scenario says.
    ///
    /// # Errors
    /// When a request is not answered as a success.
    pub async fn ask_for_reset(&mut self, logins: &Logins) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        self.start_over();
        for (at, step) in procedure.password_reset.iter().enumerate() {
            let name = format!("request {} of the password reset", at + 1);
            self.step(logins, step, &name).await?;
        }
        Ok(())
    }

    /// Makes an account of its user with a password, as the scenario says.
    ///
    /// # Errors
    /// When a request is not answered as a success.
    pub async fn register(&mut self, logins: &Logins, password: Secret) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        self.start_over();
        self.state.new_password = Some(password);
        for (at, step) in procedure.registration.iter().enumerate() {
            let name = format!("request {} of the registration", at + 1);
            self.step(logins, step, &name).await?;
        }
        Ok(())
    }
}
