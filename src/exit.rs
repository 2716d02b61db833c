//! Exit codes: one place, one `match`.

/// How a run ended, as a script sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Everything that ran passed.
    Passed,
    /// A check failed, a threshold broke, a waiver expired, something became worse than a baseline.
    Findings,
    /// Arguments, scenario, secret or waiver are wrong.
    Usage,
    /// The target could not be reached, or a report could not be written.
    Broken,
    /// A filter left no check and no phase to run.
    NothingSelected,
    /// Nothing could be proven, controls broke, or too little ran for a verdict.
    Inconclusive,
    /// SIGINT; the reports are partial.
    Interrupted,
    /// SIGTERM; the reports are partial.
    Terminated,
    /// SIGHUP; the reports are partial.
    HungUp,
}

impl Exit {
    /// Every end, in the order of the codes.
    pub const ALL: [Exit; 9] = [
        Exit::Passed,
        Exit::Findings,
        Exit::Usage,
        Exit::Broken,
        Exit::NothingSelected,
        Exit::Inconclusive,
        Exit::HungUp,
        Exit::Interrupted,
        Exit::Terminated,
    ];

    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Broken => 3,
            Exit::NothingSelected => 4,
            Exit::Inconclusive => 5,
            Exit::HungUp => 129,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The end of a run that was asked to end, by a signal of this number or by none.
    pub fn of_signal(signal: Option<i32>) -> Self {
        match signal {
            Some(1) => Exit::HungUp,
            Some(15) => Exit::Terminated,
            _ => Exit::Interrupted,
        }
    }

    /// The end that a code stands for; none of a code that no run ends with.
    pub fn of_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| exit.code() == code)
    }

    /// What the code stands for, for the list of all codes.
    pub fn meaning(self) -> &'static str {
        match self {
            Exit::Passed => "everything that ran passed",
            Exit::Findings => "findings: a failed check, a broken threshold, an expired or stale waiver, a regression",
            Exit::Usage => "arguments, a scenario, a secret or a waiver are wrong",
            Exit::Broken => "the run failed: a target was not reached or a report was not written",
            Exit::NothingSelected => "a filter selected nothing to run",
            Exit::Inconclusive => {
                "inconclusive: nothing could be proven, controls broke, or too little ran for a verdict"
            }
            Exit::HungUp => "hung up: the terminal was closed; partial reports were written",
            Exit::Interrupted => "interrupted; partial reports were written",
            Exit::Terminated => "terminated; partial reports were written",
        }
    }

    /// One line that says why, for the end of standard error.
    pub fn reason(self) -> &'static str {
        match self {
            Exit::Findings => "there are findings",
            Exit::Usage => "the arguments, a scenario or a secret are wrong",
            Exit::NothingSelected => "nothing was selected to run",
            other => other.meaning(),
        }
    }

    /// Of two ends, the one that counts: usage, then signals, broken, findings, inconclusive, passed. That nothing was
    /// selected counts only where it holds for all: a filter selects something in a few scenarios of many.
    pub fn worst(self, other: Exit) -> Exit {
        if self.rank() >= other.rank() { self } else { other }
    }

    /// The end of one shard: what was found, and what was not judged, is decided once the shards are merged.
    #[must_use]
    pub fn of_shard(self) -> Exit {
        match self {
            Exit::Findings | Exit::Inconclusive | Exit::NothingSelected => Exit::Passed,
            other => other,
        }
    }

    fn rank(self) -> u8 {
        match self {
            Exit::NothingSelected => 0,
            Exit::Passed => 1,
            Exit::Inconclusive => 2,
            Exit::Findings => 3,
            Exit::Broken => 4,
            Exit::HungUp | Exit::Interrupted | Exit::Terminated => 5,
            Exit::Usage => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_what_scripts_know() {
        assert_eq!(Exit::ALL.map(Exit::code), [0, 1, 2, 3, 4, 5, 129, 130, 143]);
        assert!(Exit::ALL.into_iter().all(|exit| Exit::of_code(exit.code()) == Some(exit)));
    }

    #[test]
    fn worse_ends_outrank_better_ones() {
        let by_rank = [
            Exit::NothingSelected,
            Exit::Passed,
            Exit::Inconclusive,
            Exit::Findings,
            Exit::Broken,
            Exit::Interrupted,
            Exit::Usage,
        ];
        for pair in by_rank.windows(2) {
            assert_eq!(pair[0].worst(pair[1]), pair[1]);
            assert_eq!(pair[1].worst(pair[0]), pair[1]);
        }
    }
}
