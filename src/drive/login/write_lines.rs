//! The header lines and fields that go along with the writes of a login, such as the one with its CSRF token.

use super::{LoginError, LoginSession};
use crate::plan::login::BesideWrites;
use crate::scheme::{CarrierPlace, Companion};

impl LoginSession {
    /// The lines, with what answers have had so far.
    pub(super) fn write_lines(&self) -> Result<Vec<Companion>, LoginError> {
        let mut lines = Vec::new();
        let BesideWrites { headers, fields, of_reads } = &self.procedure.beside_writes;
        let headers = headers.iter().map(|one| (one, CarrierPlace::Header as fn(String) -> CarrierPlace, "header"));
        let fields = fields.iter().map(|one| (one, CarrierPlace::Form as fn(String) -> CarrierPlace, "field"));
        for ((name, text), place, kind) in headers.chain(fields) {
            let value = self.state.filled(text, &self.procedure.account);
            let value = value.map_err(|missing| missing.of(&format!("the {kind} {name} for writes"), None))?;
            if value.has_control_characters() {
                return Err(LoginError::ControlCharacter);
            }
            let place = place(name.clone());
            let is_header = matches!(place, CarrierPlace::Header(_));
            let with_reads = is_header && of_reads.iter().any(|own| own.eq_ignore_ascii_case(name));
            lines.push(Companion { with_reads, ..Companion::of_writes(place, value) });
        }
        Ok(lines)
    }

    /// The lines as they were before the request of the login that carries the password, or its last one; none where no answer had
    /// what they need by then.
    pub fn earlier_lines(&self) -> Option<&[Companion]> {
        self.earlier_lines.as_deref()
    }
}
