//! Checks whose steps are carried out once for each write that they are about.

use super::several::RIGHTS;
use super::{Caster, Missing, NO_RESOURCES, missing};
use crate::check::Check;
use crate::check::step::{On, Step};
use crate::plan::object_write::ObjectWrite;

impl Caster<'_> {
    /// The rounds of a check: one without a write of its own for most.
    pub(super) fn rounds(&mut self, check: &'static Check) -> Result<Vec<Option<ObjectWrite>>, Missing> {
        let is_of_writes = |step: &Step| matches!(step, Step::Send(send) if send.on == On::WrittenObject);
        if !check.steps.iter().any(is_of_writes) {
            return Ok(vec![None]);
        }
        if self.subject.resources.is_empty() {
            return missing(NO_RESOURCES);
        }
        let mut writes = self.subject.object_writes().map_err(|why| Missing::of(why.to_string()))?;
        let beyond = writes.split_off(writes.len().min(RIGHTS));
        self.does_not_visit(beyond.into_iter().map(|beyond| beyond.write).collect());
        Ok(writes.into_iter().map(Some).collect())
    }
}
