//! Whether the time that the answer to a forgotten password takes says who exists.

use std::collections::BTreeSet;

use super::indistinct::says_nothing_about_users;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{SessionAct, SessionStep, Step, Want, login};
use crate::check::{Check, Doc, Mode, PLAIN, Severity, Tier};
use crate::observe::{Observation, Outcome, StepId};

/// What the time of a reset says.
pub(crate) const CHECKS: &[Check] = &[Check {
    id: "login.timing-reset-enumeration",
    title: "The time of a password reset does not reveal whether the user exists",
    severity: Severity::Low,
    tier: Tier::Extended,
    mode: Mode::Statistical,
    // it sends mails
    remote_safe: false,
    sources: &["ASVS 6.3.8", "OWASP Forgot Password Cheat Sheet", "CWE-208", "WSTG-IDNT-04"],
    doc: Doc {
        sends: "The login of the scenario, and then its `password_reset`, in turn five times for the user of the credential and five times for users that nobody has, each another one, after one more of those. The time of all answers from the request on that has the user-id counts. The kinds differ where each reset of one kind takes longer than each of the other, the medians are 50 ms apart or more, and the longer one is five times the shorter one or the gap between the kinds is twice as wide as the times of either kind are scattered; 10 ms are enough where that gap is four times as wide. A target that sends no second mail soon after the first shows less. The user may get five mails.",
        matters: "An application that sends the mail before it answers shows by its response time who exists, whatever the text of the answer is.",
        fix: "Put the mail into a queue and answer at once, whoever the user is.",
    },
    steps: &[
        // a target that lets nobody in may answer everything alike
        login(SessionAct::LogIn("s")).granted().called("the login"),
        // what caches save at the first one is no difference between the two
        login(SessionAct::AskForResetOfNobody).id(WARM_UP).called("a password reset of an unknown user, to warm up"),
        OF_KNOWN,
        OF_UNKNOWN,
        OF_UNKNOWN,
        OF_KNOWN,
        OF_KNOWN,
        OF_UNKNOWN,
        OF_UNKNOWN,
        OF_KNOWN,
        OF_KNOWN,
        OF_UNKNOWN,
    ],
    expect: times_alike,
    fault: "reset-waits-for-mail",
    ..PLAIN
}];

/// One that is not counted.
const WARM_UP: StepId = StepId::new("warm-up");
/// What is compared.
const KNOWN: SessionAct = SessionAct::AskForReset;
const UNKNOWN: SessionAct = SessionAct::AskForResetOfNobody;
const OF_KNOWN: Step = login(KNOWN).called("a password reset of a known user");
const OF_UNKNOWN: Step = login(UNKNOWN).called("a password reset of an unknown user");

/// Resets of each kind: more would be a nuisance to whoever gets the mails. Of ten times in any order, all of one kind come before
/// all of the other by chance in 2 of 252 cases; what else is asked for leaves next to none of these.
const EACH: usize = 5;
/// How far the medians have to be apart, in milliseconds, where the times are scattered: more than a network and a busy server add to
/// each answer about one user and to none about the others.
const LEAST_MS: f64 = 50.0;
/// The same where they are not: what it takes to store a token and to hand a mail over to a queue on the same machine.
const LEAST_CLEAR_MS: f64 = 10.0;
/// How many times as wide as what either kind is scattered the gap has to be for that.
const CLEAR_GAP: f64 = 4.0;
/// How many times as long the longer one takes that needs no more to be told.
const FACTOR: f64 = 5.0;
/// How many times as wide as what either kind is scattered the gap between the kinds has to be, where it is less.
const GAP: f64 = 2.0;
/// What may stay unseen where it passes, in milliseconds: mails take as long in most cases.
const COARSEST_MS: f64 = 500.0;

/// Resets of a known user take as long as those of users that nobody has.
fn times_alike(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let is_login = |seen: &Observation| !matches!(case.step_of(seen).wanted(), Want::Either);
    case.observations().filter(|(_, seen)| is_login(seen)).for_each(|(index, _)| case.judge(index, &mut judgement));
    if !judgement.open.is_empty() {
        return judgement;
    }
    if statuses_tell(case) {
        let why = "the status of the answer says who exists, and the time nothing more: see login.reset-indistinct";
        judgement.not_applicable = Some(why.to_owned());
        return judgement;
    }
    for (index, seen) in case.observations().filter(|(_, seen)| !is_login(seen)) {
        let status = seen.exchange.status().unwrap_or_default();
        let fails = seen.outcome != Outcome::Granted && does(case.step_of(seen), KNOWN);
        if seen.exchange.response().is_none() {
            case.judge_as(index, Want::Either, &mut judgement);
        } else if says_nothing_about_users(status) || status >= 500 || fails {
            judgement.leaves_open(format!("{}: {status}, so no times can be compared", seen.description));
        }
    }
    if !judgement.open.is_empty() {
        return judgement;
    }
    let [known, unknown] = [KNOWN, UNKNOWN].map(|act| times(case, act));
    if known.len() < EACH || unknown.len() < EACH {
        judgement.leaves_open(format!("{} of {EACH} resets were answered", known.len().min(unknown.len())));
        return judgement;
    }
    let (known, unknown) = (Times::of(known), Times::of(unknown));
    let (one, other) = (known.shown(), unknown.shown());
    let unseen = known.unseen(&unknown);
    if known.are_apart(&unknown) {
        let index = compared(case, KNOWN).next().map_or(0, |(index, _)| index);
        let text = format!("a password reset of a known user takes {one}, one of an unknown user {other}");
        judgement.deviates(index, text, "times that cannot be told apart");
    } else if unseen > COARSEST_MS {
        judgement.leaves_open(format!(
            "the times are too noisy: a known user {one}, an unknown one {other}; a mail may take less than the {unseen:.0} ms that would show"
        ));
    } else {
        judgement.remarks.push(format!(
            "a known user takes {one}, an unknown one {other}: a difference of {unseen:.0} ms or more would have shown"
        ));
    }
    judgement
}

/// Whether all answers about a known user have one status, which says that the mail was sent or that this breaks, and all about
/// others another one.
fn statuses_tell(case: &ObservedCheck<'_>) -> bool {
    let statuses = |act| -> BTreeSet<Option<u16>> {
        let answers: Vec<_> = compared(case, act).collect();
        let ends = answers.chunk_by(|(_, one), (_, next)| one.step == next.step).filter_map(|reset| reset.last());
        ends.map(|(_, seen)| seen.exchange.status()).collect()
    };
    let only = |all: BTreeSet<Option<u16>>| all.first().copied().flatten().filter(|_| all.len() == 1);
    let (Some(known), Some(unknown)) = (only(statuses(KNOWN)), only(statuses(UNKNOWN))) else { return false };
    let is_answered = |status: u16| !says_nothing_about_users(status);
    known != unknown && !(400..500).contains(&known) && is_answered(known) && is_answered(unknown)
}

/// Whether a step is one of those that are compared.
fn does(step: &Step, act: SessionAct) -> bool {
    let asks = matches!(step, Step::Session(SessionStep { act: own, .. }) if *own == act);
    asks && step.step_id() != Some(WARM_UP)
}

/// The answers to resets of one kind.
fn compared<'a>(case: &'a ObservedCheck<'_>, act: SessionAct) -> impl Iterator<Item = (usize, &'a Observation)> {
    case.observations().filter(move |(_, seen)| does(case.step_of(seen), act))
}

/// How long each reset of one kind took, in milliseconds: all of its answers together.
fn times(case: &ObservedCheck<'_>, act: SessionAct) -> Vec<f64> {
    let mut resets: Vec<(usize, f64)> = Vec::new();
    for (_, seen) in compared(case, act) {
        let took = seen.exchange.took.as_secs_f64() * 1e3;
        match resets.last_mut().filter(|(step, _)| *step == seen.step) {
            Some((_, sum)) => *sum += took,
            None => resets.push((seen.step, took)),
        }
    }
    resets.into_iter().map(|(_, took)| took).collect()
}

/// Times of one kind.
struct Times {
    least: f64,
    median: f64,
    most: f64,
}

impl Times {
    fn of(mut times: Vec<f64>) -> Self {
        times.sort_by(f64::total_cmp);
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        Self { least: at(0), median: at(times.len() / 2), most: at(times.len().saturating_sub(1)) }
    }

    fn scatter(&self) -> f64 {
        self.most - self.least
    }

    /// Whether the times of one kind are so much longer than those of the other that no chance is left.
    fn are_apart(&self, other: &Self) -> bool {
        let (short, long) = if self.median <= other.median { (self, other) } else { (other, self) };
        let (gap, scatter) = (long.least - short.most, self.scatter().max(other.scatter()));
        let difference = long.median - short.median;
        let is_wide = gap >= GAP * scatter || long.median >= FACTOR * short.median;
        let is_clear = difference >= LEAST_CLEAR_MS && gap >= CLEAR_GAP * scatter;
        gap > 0.0 && (is_clear || (difference >= LEAST_MS && is_wide))
    }

    /// A difference that would have shown in these times, whatever they are.
    fn unseen(&self, other: &Self) -> f64 {
        let scatter = self.scatter().max(other.scatter());
        LEAST_MS.max((2.0 + GAP) * scatter).min(LEAST_CLEAR_MS.max((2.0 + CLEAR_GAP) * scatter))
    }

    fn shown(&self) -> String {
        format!("{:.0} ms ({:.0} to {:.0})", self.median, self.least, self.most)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Exchange, Observation, Request, Response, Silence};

    /// Deviations, what is left open, remarks, and whether it applies. Each reset is answered by two requests.
    fn judged(known: [f64; EACH], unknown: [f64; EACH], statuses: [u16; 2]) -> (usize, usize, usize, bool) {
        let check = find("login.timing-reset-enumeration").expect("is in the catalogue");
        let profile = Effective::of(["api-key-403"], "session");
        let mut evidence = Evidence::default();
        let (mut known, mut unknown) = (known.into_iter(), unknown.into_iter());
        for (at, step) in check.steps.iter().enumerate() {
            let (took, status) = match step {
                step if does(step, KNOWN) => (known.next(), statuses[0]),
                step if does(step, UNKNOWN) => (unknown.next(), statuses[1]),
                _ => (Some(9000.0), statuses[1]),
            };
            for share in [0.75, 0.25] {
                let answer = Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
                let asked = Exchange::unanswered(Request::new("POST", "/forgot"), Silence::Closed);
                let took = Duration::from_secs_f64(took.expect("as many as there are steps") * share / 1e3);
                let outcome = if status < 400 { Outcome::Granted } else { Outcome::Refused };
                evidence.observe(Observation::in_test(at, Exchange { answer: Ok(answer), took, ..asked }, outcome));
            }
        }
        assert!(known.next().is_none() && unknown.next().is_none(), "a step for each time");
        let found = times_alike(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.open.len(), found.remarks.len(), found.not_applicable.is_none())
    }

    #[test]
    fn a_mail_that_is_waited_for_shows_and_noise_does_not() {
        let (apart, alike, noisy) = ((1, 0, 0, true), (0, 0, 1, true), (0, 1, 0, true));
        for (known, unknown, expected) in [
            ([464.0, 458.0, 471.0, 460.0, 466.0], [9.0, 8.0, 9.0, 12.0, 8.0], apart),
            // the other way round
            ([9.0, 8.0, 9.0, 12.0, 8.0], [464.0, 458.0, 471.0, 460.0, 466.0], apart),
            // five times as long, and scattered
            ([70.0, 300.0, 90.0, 900.0, 400.0], [9.0, 8.0, 9.0, 12.0, 8.0], apart),
            // less than five times, and not scattered
            ([290.0, 292.0, 289.0, 295.0, 291.0], [100.0, 101.0, 99.0, 110.0, 104.0], apart),
            // less than five times, and scattered
            ([290.0, 220.0, 210.0, 305.0, 240.0], [100.0, 101.0, 99.0, 110.0, 199.0], alike),
            // one mail was sent, and no second one soon after it
            ([464.0, 9.0, 8.0, 9.0, 9.0], [9.0, 8.0, 9.0, 12.0, 8.0], noisy),
            ([9.0, 8.0, 9.0, 12.0, 8.0], [9.0, 9.0, 8.0, 10.0, 8.0], alike),
            // apart by the work before a mail, and not scattered
            ([21.0, 21.0, 22.0, 21.5, 21.0], [6.0, 6.5, 6.0, 7.0, 6.0], apart),
            // the same, and scattered; and less
            ([40.0, 31.0, 30.0, 42.0, 38.0], [5.0, 5.0, 16.0, 5.0, 5.0], alike),
            ([13.0, 13.1, 13.0, 13.2, 13.1], [5.0, 5.1, 5.0, 5.2, 5.0], alike),
            // one pause among the others
            ([60.0, 58.0, 61.0, 62.0, 59.0], [9.0, 8.0, 60.5, 12.0, 8.0], alike),
            // a delay at random, as a defence
            ([900.0, 610.0, 720.0, 560.0, 980.0], [100.0, 400.0, 330.0, 250.0, 510.0], noisy),
        ] {
            assert_eq!(judged(known, unknown, [202, 202]), expected, "{known:?} {unknown:?}");
        }
    }

    #[test]
    fn times_of_what_fails_show_nothing() {
        let (slow, fast) = ([464.0; EACH], [9.0; EACH]);
        for (statuses, expected) in [
            ([200, 200], (1, 0, 0, true)),
            ([200, 404], (0, 0, 0, false)),
            ([500, 202], (0, 0, 0, false)),
            ([403, 404], (0, 1, 0, true)),
            ([403, 403], (0, 1, 0, true)),
            ([429, 429], (0, 1, 0, true)),
            ([200, 429], (0, 1, 0, true)),
            ([500, 500], (0, 1, 0, true)),
        ] {
            assert_eq!(judged(slow, fast, statuses), expected, "{statuses:?}");
        }
    }
}
