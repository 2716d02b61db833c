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
    /// No check and no phase was selected.
    NothingSelected,
    /// Controls broke, or too little ran for a verdict.
    Inconclusive,
    /// SIGINT; what was done is in the reports.
    Interrupted,
    /// SIGTERM; what was done is in the reports.
    Terminated,
}

impl Exit {
    /// The process exit code.
    pub fn code(self) -> u8 {
        match self {
            Exit::Passed => 0,
            Exit::Findings => 1,
            Exit::Usage => 2,
            Exit::Broken => 3,
            Exit::NothingSelected => 4,
            Exit::Inconclusive => 5,
            Exit::Interrupted => 130,
            Exit::Terminated => 143,
        }
    }

    /// The end that a code stands for; none of a code that no run ends with.
    pub fn of_code(code: u8) -> Option<Self> {
        let all = [
            Exit::Passed,
            Exit::Findings,
            Exit::Usage,
            Exit::Broken,
            Exit::NothingSelected,
            Exit::Inconclusive,
            Exit::Interrupted,
            Exit::Terminated,
        ];
        all.into_iter().find(|exit| exit.code() == code)
    }

    /// One line that says why, for the end of standard error.
    pub fn reason(self) -> &'static str {
        match self {
            Exit::Passed => "everything that ran passed",
            Exit::Findings => "there are findings",
            Exit::Usage => "the arguments, a scenario or a secret are wrong",
            Exit::Broken => "the run itself broke: a target was not reached or a report was not written",
            Exit::NothingSelected => "nothing was selected to run",
            Exit::Inconclusive => "inconclusive: controls broke or too little ran for a verdict",
            Exit::Interrupted => "interrupted; the reports hold what was done",
            Exit::Terminated => "terminated; the reports hold what was done",
        }
    }

    /// Of two ends, the one that counts: usage, then signals, broken, findings, inconclusive, passed. That nothing was
    /// selected counts only where it holds for all.
    pub fn worst(self, other: Exit) -> Exit {
        if self.rank() >= other.rank() { self } else { other }
    }

    fn rank(self) -> u8 {
        match self {
            Exit::NothingSelected => 0,
            Exit::Passed => 1,
            Exit::Inconclusive => 2,
            Exit::Findings => 3,
            Exit::Broken => 4,
            Exit::Interrupted | Exit::Terminated => 5,
            Exit::Usage => 6,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
