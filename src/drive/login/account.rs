//! What users ask for who are not logged in.

use super::{LoginSession, Logins};
use crate::drive::control::ControlError;

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
}
