//! The header lines that go along with the writes of a login, such as the one with its CSRF token.

use super::{LoginError, LoginSession};
use crate::scheme::{CarrierPlace, Companion};

impl LoginSession {
    /// The lines, with what answers have had so far.
    pub(super) fn write_lines(&self) -> Result<Vec<Companion>, LoginError> {
        let mut lines = Vec::new();
        for (name, text) in &self.procedure.write_headers {
            let value = self.state.filled(text, &self.procedure.account);
            let value = value.map_err(|missing| missing.of(&format!("the header {name} for writes"), None))?;
            if value.has_control_characters() {
                return Err(LoginError::ControlCharacter);
            }
            lines.push(Companion { place: CarrierPlace::Header(name.clone()), value, path: None, writes_only: true });
        }
        Ok(lines)
    }

    /// The lines as they were before the request of the login that carries the password, or its last one; none where no answer had
    /// what they need by then.
    pub fn earlier_lines(&self) -> Option<&[Companion]> {
        self.earlier_lines.as_deref()
    }
}
