//! Whether the time of a refusal tells an attacker something (CWE-208).

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Compare, On, SessionAct, Step, Want, Who, compare, forged, login};
use crate::check::{Check, Doc, Explanation, Mode, PLAIN, Severity, Tier};
use crate::observe::TimingRun;

/// Runs that have to agree.
const RUNS: usize = 2;

/// For API keys.
pub(crate) const API_KEY: &[Check] = &[
    Check {
        id: "apikey.timing-independent-of-prefix",
        title: "Denial time does not depend on matching prefix length",
        tier: Tier::Extended,
        mode: Mode::Statistical,
        remote_safe: false,
        sources: &["CWE-208", "ASVS 11.2.4"],
        doc: Doc {
            sends: "Wrong keys that share no character with the good one, and ones that share all but the last four, each a new one, interleaved on one connection (on a new one for each where the target ends it), in two runs with an A/A control, and up to three more where those show neither a difference nor that there is none.",
            matters: "A comparison that ends at the first difference lets a key be guessed character by character.",
            fix: "Look keys up by their hash, or compare in constant time.",
        },
        steps: PREFIX,
        expect: independent,
        fault: "byte-by-byte-compare",
        ..PLAIN
    },
    Check {
        id: "apikey.timing-independent-of-existence",
        title: "Response time does not reveal whether a key identifier exists",
        severity: Severity::Low,
        tier: Tier::Extended,
        mode: Mode::Statistical,
        remote_safe: false,
        sources: &["CWE-208", "ASVS 6.3.8"],
        doc: Doc {
            sends: "Wrong keys with the identifier of the good one, and ones with an unknown identifier, interleaved on one connection (on a new one for each where the target ends it), in two runs with an A/A control, and up to three more where those show neither a difference nor that there is none.",
            matters: "Response times that differ show which customers exist.",
            fix: "Do the same work for an unknown identifier as for a known one.",
        },
        steps: EXISTENCE,
        expect: independent,
        fault: "hash-only-known-ids",
        ..PLAIN
    },
];

/// For HTTP Basic.
pub(crate) const BASIC: &[Check] = &[Check {
    id: "basic.timing-user-enumeration",
    title: "Response time does not reveal whether the user exists",
    severity: Severity::Low,
    tier: Tier::Extended,
    mode: Mode::Statistical,
    remote_safe: false,
    sources: &["CWE-208", "ASVS 6.3.8"],
    doc: Doc {
        sends: "A known user with wrong passwords, and users that do not exist, each request with a new value, interleaved on one connection (on a new one for each where the target ends it), in two runs with an A/A control, and up to three more where those show neither a difference nor that there is none.",
        matters: "A server that computes a password hash for known users alone shows by its response time who exists.",
        fix: "Hash the password of an unknown user as well, against a fixed value.",
    },
    steps: USER,
    expect: independent,
    fault: "hash-skipped-for-unknown-user",
    ..PLAIN
}];

/// For the token endpoint.
pub(crate) const TOKEN: &[Check] = &[Check {
    id: "token.timing-client-enumeration",
    title: "The time of a failed client authentication does not reveal whether the client exists",
    severity: Severity::Low,
    tier: Tier::Extended,
    mode: Mode::Statistical,
    remote_safe: false,
    sources: &["CWE-208", "WSTG-IDNT-04"],
    doc: Doc {
        sends: "The good client with wrong secrets, and clients that do not exist, interleaved on one connection (on a new one for each where the target ends it), in two runs with an A/A control, and up to three more where those show neither a difference nor that there is none. No value is sent twice. Before `failure_budget` (3 where it is absent) is used up, the good client obtains a token.",
        matters: "A secret whose hash is computed for known clients only tells by time which clients exist.",
        fix: "Hash the secret of an unknown client as well, against a fixed value.",
    },
    steps: &[Step::CompareClients(Want::Denied(REFUSED))],
    expect: independent,
    fault: "client-hash-skipped-for-unknown",
    ..PLAIN
}];

/// For logins by password.
pub(crate) const LOGIN: &[Check] = &[Check {
    id: "login.timing-user-enumeration",
    title: "The time of a failed login does not reveal whether the user exists",
    severity: Severity::Low,
    tier: Tier::Extended,
    mode: Mode::Statistical,
    remote_safe: false,
    sources: &["ASVS 6.3.8", "CWE-208", "WSTG-IDNT-04"],
    doc: Doc {
        sends: "The login of a known user with wrong passwords, and of users that do not exist, interleaved, in two runs with an A/A control, and up to three more where those show neither a difference nor that there is none; the last request of the login is timed. No value is sent twice. Before `max_failures` is used up, the known user logs in. The known user is `expendable_username` where the scenario has its `expendable_password` as well, and else that of the credential.",
        matters: "A server that computes a password hash for known users alone shows by its response time who exists.",
        fix: "Hash the password of an unknown user as well, against a fixed value.",
    },
    steps: &[login(SessionAct::CompareUsers).denied(REFUSED)],
    expect: independent,
    fault: "login-hash-skipped-for-unknown-user",
    ..PLAIN
}];

/// Which status refuses is for other checks to say: this one looks at the time that it takes.
const REFUSED: &[Accept] = &[Accept::Range(400, 499)];

const PREFIX: &[Step] = &[compare(forged("no-common-prefix"), forged("last-changed"), On::Protected).denied(REFUSED)];
const EXISTENCE: &[Step] = &[compare(forged("unknown-id"), forged("unknown"), On::Protected).denied(REFUSED)];
const USER: &[Step] = &[compare(forged("unknown-user"), forged("unknown"), On::Protected).denied(REFUSED)];

/// The two kinds of requests whose times are compared.
fn kinds(steps: &[Step]) -> (&'static str, &'static str) {
    let forgery = |who: Who| match who {
        Who::Forged(id) => id.as_str(),
        _ => "",
    };
    let called = |id: &str, secret: &'static str| match id {
        "no-common-prefix" => "a key that begins otherwise, behind what says what it is",
        "last-changed" => "one that has all but its end",
        "unknown-id" => "a key of an unknown identifier",
        "unknown-user" => "an unknown user",
        _ => secret,
    };
    steps
        .iter()
        .find_map(|step| match step {
            Step::Compare(Compare { one, other, .. }) => {
                let (one, other) = (forgery(*one), forgery(*other));
                let secret = if one == "unknown-user" { "a known one" } else { "one of a known identifier" };
                Some((called(one, secret), called(other, secret)))
            }
            Step::CompareClients(_) => Some(("a known client", "an unknown one")),
            _ => None,
        })
        .unwrap_or(("a known user", "an unknown one"))
}

/// The greatest difference that may stay unseen where a comparison passes, in microseconds: hashes of passwords take longer in most cases.
const COARSEST_US: f64 = 20_000.0;

/// Why nothing was compared.
const GRANTED: &str = "access was granted to what has to be refused: other checks are about that, and this one compares the times of refusals";

/// An effect is one that every run shows, beyond its interval and that of its A/A control and in the same direction, while
/// the A/A control of no run shows any. What passes is "cannot be told apart below so much".
pub(crate) fn independent(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    if !judgement.access.is_empty() {
        judgement.access.clear();
        judgement.open.push(GRANTED.to_owned());
        return judgement;
    }
    let runs = &case.evidence.timings;
    if runs.len() < RUNS {
        judgement.open.push(format!("{} of {RUNS} runs had samples enough", runs.len()));
        return judgement;
    }
    if let Some(run) = runs.iter().find(|run| run.control.beyond(TimingRun::LEAST_US) != 0) {
        judgement.open.push(format!("the A/A control shows an effect of {:.0} µs: too noisy", run.control.value));
        return judgement;
    }
    let directions: Vec<i8> = runs.iter().map(TimingRun::direction).collect();
    let described = |run: &TimingRun| {
        let (low, high) = (run.difference.low.abs(), run.difference.high.abs());
        format!("{:.0} µs ({:.0} to {:.0})", run.difference.value.abs(), low.min(high), low.max(high))
    };
    if directions.iter().all(|direction| *direction == 1) || directions.iter().all(|direction| *direction == -1) {
        let seen: Vec<String> = runs.iter().map(described).collect();
        let (one, other) = kinds(case.check.steps);
        let (longer, shorter) = if directions[0] == 1 { (other, one) } else { (one, other) };
        let seen = seen.join(", and again by ");
        let text = format!("{longer} takes longer to refuse than {shorter}: by {seen}");
        judgement.deviates_by(
            Explanation::Timing,
            0,
            text,
            format!("no difference above {:.0} µs", TimingRun::LEAST_US),
        );
        return judgement;
    }
    let above = runs.iter().map(|run| run.difference.greatest()).fold(0.0, f64::max);
    let samples: usize = runs.iter().map(|run| run.samples).sum();
    let seen = format!("cannot be told apart below {above:.0} µs ({RUNS} runs, {samples} samples of each kind)");
    match above > COARSEST_US {
        true => judgement.open.push(format!("{seen}: the hash of a password may take less")),
        false => judgement.remarks.push(seen),
    }
    judgement
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Effect, Evidence, Exchange, Observation, Outcome, Request, Silence};

    #[test]
    fn what_could_hide_the_hash_of_a_password_is_no_pass() {
        let check = find("login.timing-user-enumeration").expect("is in the catalogue");
        let profile = Effective::of(["session"], "session");
        for (high, open, remarks) in [(5_000.0, 0, 1), (COARSEST_US, 0, 1), (COARSEST_US + 1.0, 1, 0)] {
            let effect = |high| Effect { value: 0.0, low: -10.0, high };
            let run = TimingRun { difference: effect(high), control: effect(10.0), samples: 60 };
            let evidence = Evidence { timings: vec![run; RUNS], ..Evidence::default() };
            let judged = independent(&ObservedCheck { check, evidence: &evidence, profile: &profile });
            assert_eq!((judged.open.len(), judged.remarks.len()), (open, remarks), "{high}: {:?}", judged.open);
        }
    }

    #[test]
    fn what_was_granted_is_no_time_of_a_refusal() {
        let check = find("login.timing-user-enumeration").expect("is in the catalogue");
        let profile = Effective::of(["session"], "session");
        let mut evidence = Evidence::default();
        let exchange = Exchange::unanswered(Request::new("POST", "/login"), Silence::Closed);
        evidence.observe(Observation::in_test(0, exchange, Outcome::Granted));
        let judged = independent(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        assert_eq!((judged.access.len(), judged.open), (0, vec![GRANTED.to_owned()]));
    }

    #[test]
    fn the_kinds_are_named_in_the_order_in_which_they_are_compared() {
        let named = |check: &[Check]| check.iter().map(|check| kinds(check.steps)).collect::<Vec<_>>();
        assert_eq!(named(BASIC), [("an unknown user", "a known one")]);
        assert_eq!(named(TOKEN), [("a known client", "an unknown one")]);
        assert_eq!(named(LOGIN), [("a known user", "an unknown one")]);
        let key = "a key that begins otherwise, behind what says what it is";
        let prefix = (key, "one that has all but its end");
        assert_eq!(named(API_KEY), [prefix, ("a key of an unknown identifier", "one of a known identifier")]);
    }
}
