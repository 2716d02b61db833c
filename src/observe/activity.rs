//! What a run does at this moment, for whoever watches it. It is no part of the record, and decides nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

/// What is done and waited for at this moment. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct Activity(Arc<Mutex<Board>>);

#[derive(Debug, Default)]
struct Board {
    next: u64,
    ongoing: BTreeMap<u64, Doing>,
    study: Option<StudyProgress>,
}

/// Something that is being done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Doing {
    /// A check runs.
    Check(String),
    /// Something else is done, such as `starting the target`.
    Step(String),
    /// Something is waited for, such as `a token to expire`.
    Wait {
        /// What has to happen.
        what: String,
        /// When the wait is over at the latest, where that is known.
        until: Option<Instant>,
    },
}

/// How far an overhead study is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyProgress {
    /// The round that runs, from 1.
    pub round: u32,
    /// How many rounds there are.
    pub rounds: u32,
    /// The row that is measured.
    pub measuring: usize,
    /// The baseline first.
    pub rows: Vec<StudyRow>,
    /// When the study is over.
    pub until: Option<Instant>,
}

/// One row of an overhead study, as far as it came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StudyRow {
    /// Name of the scheme.
    pub name: String,
    /// Pairs so far.
    pub pairs: usize,
    /// Median difference from the baseline so far, in microseconds.
    pub median_us: Option<f64>,
}

impl Activity {
    /// Shows something for as long as the result is kept.
    #[must_use = "it is shown until this is dropped"]
    pub fn shows(&self, doing: Doing) -> Ongoing {
        let mut board = self.board();
        let key = board.next;
        board.next += 1;
        board.ongoing.insert(key, doing);
        Ongoing { activity: self.clone(), key }
    }

    /// Shows that something is waited for.
    #[must_use = "it is shown until this is dropped"]
    pub fn waits(&self, what: &str, until: Option<Instant>) -> Ongoing {
        self.shows(Doing::Wait { what: what.to_owned(), until })
    }

    /// Shows how far an overhead study is; none where it is over.
    pub fn studies(&self, study: Option<StudyProgress>) {
        self.board().study = study;
    }

    /// Everything that is done at this moment, the oldest first.
    pub fn ongoing(&self) -> Vec<Doing> {
        self.board().ongoing.values().cloned().collect()
    }

    /// How far an overhead study is, where one runs.
    pub fn study(&self) -> Option<StudyProgress> {
        self.board().study.clone()
    }

    fn board(&self) -> MutexGuard<'_, Board> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is shown until this is dropped, also where a task is cut.
#[derive(Debug)]
pub struct Ongoing {
    activity: Activity,
    key: u64,
}

impl Drop for Ongoing {
    fn drop(&mut self) {
        self.activity.board().ongoing.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_is_no_longer_shown() {
        let activity = Activity::default();
        let check = activity.clone().shows(Doing::Check("a.b".to_owned()));
        let wait = activity.waits("a token to expire", None);
        let shown = |doing: &[Doing]| assert_eq!(activity.ongoing(), doing);
        let waiting = Doing::Wait { what: "a token to expire".to_owned(), until: None };
        shown(&[Doing::Check("a.b".to_owned()), waiting.clone()]);
        drop(check);
        shown(&[waiting]);
        drop(wait);
        shown(&[]);
    }
}
