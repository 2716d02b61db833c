//! Checks whose steps are carried out once for each write that they are about.

use super::several::{OBJECTS, RIGHTS};
use super::{Caster, Missing, NO_RESOURCES, missing};
use crate::check::Check;
use crate::check::step::{On, Step};
use crate::plan::object_write::ObjectWrite;

/// Steps in a row that are carried out once for each round, or once for all of them.
pub(super) struct StepsInARow {
    pub for_each: bool,
    pub steps: std::ops::Range<usize>,
}

/// The parts of a check: what waits for others, or for late effects, does so once for all rounds.
pub(super) fn parts(check: &Check) -> Vec<StepsInARow> {
    let waits = |step: &Step| matches!(step, Step::Meet | Step::AwaitEffects | Step::AwaitFormerEffects);
    let mut start = 0;
    let part = |steps: &[Step]| {
        let part = StepsInARow { for_each: !waits(&steps[0]), steps: start..start + steps.len() };
        start += steps.len();
        part
    };
    check.steps.chunk_by(|one, next| waits(one) == waits(next)).map(part).collect()
}

impl Caster<'_> {
    /// The rounds of a check: one without a write of its own for most.
    pub(super) fn rounds(&mut self, check: &'static Check) -> Result<Vec<Option<ObjectWrite>>, Missing> {
        let asks = |on: On| check.steps.iter().any(|step| matches!(step, Step::Send(send) if send.on == on));
        let (written, shown) = (asks(On::WrittenObject), asks(On::ShownWrite));
        if !written && !shown {
            return Ok(vec![None]);
        }
        if self.subject.resources.is_empty() {
            return missing(NO_RESOURCES);
        }
        let (mut writes, most) = match written {
            true => (self.subject.object_writes().map_err(|why| Missing::of(why.to_string()))?, RIGHTS),
            false => (self.subject.shown_writes(), OBJECTS),
        };
        if writes.is_empty() {
            return Err(self.no_shown_write());
        }
        let beyond = writes.split_off(writes.len().min(most));
        self.does_not_visit(beyond.into_iter().map(|beyond| beyond.write).collect());
        // what is deleted cannot be written any more
        writes.sort_by_key(|one| self.subject.resources[one.write].method == "DELETE");
        self.names_writes = written || writes.len() > 1;
        Ok(writes.into_iter().map(Some).collect())
    }
}
