//! Correct servers whose answers change, repeat or say little: none of them is a finding.

mod content;

use std::fmt::Write as _;

use authbench::check::Verdict;

use crate::broken::correct;
use crate::broken::schemes::Scheme;
use crate::broken::trial::{self, Ended};
use content::Kind;

/// Deviations of these servers that are true, and no false alarm.
fn is_true(kind: Kind, id: &str) -> bool {
    kind == Kind::Echo
        && matches!(id, "apikey.not-echoed" | "common.auth-error-no-internals" | "common.credential-not-repeated")
}

/// What cannot be proven about these servers: a write that does not show in what is read back, and a public page that looks
/// like the protected one.
fn cannot_be_proven(kind: Kind, id: &str) -> bool {
    match id {
        "common.denied-write-has-no-effect" | "common.method-override-header-ignored" => {
            matches!(kind, Kind::Changes | Kind::HtmlPages | Kind::NoContent | Kind::OkTrue | Kind::Pages)
        }
        "common.rewrite-header-not-a-bypass" => matches!(kind, Kind::HtmlPages | Kind::SameAsPublic),
        _ => false,
    }
}

fn scenario(scheme: Scheme, address: std::net::SocketAddr) -> String {
    format!(
        "authbench: 1\nname: dynamic\ntarget: {{ url: \"http://{address}\", owned: true }}\n{}\
         resources:\n  - {{ request: GET /orders, scopes: [\"read:orders\"] }}\n  \
         - {{ request: POST /orders, scopes: [\"write:orders\"], json: {{ item: 1 }}, writes: true }}\n  \
         - {{ request: GET /health, public: true }}\n\
         load:\n  - {{ name: lanes, rate: 100/s, connections: 2, duration: 300ms, max_lateness: 5s, \
         mix: {{ valid: 40%, no-credential: 30%, unknown: 30% }} }}\n",
        scheme.scenario()
    )
}

fn try_out(&(scheme, kind): &(Scheme, Kind)) -> Ended {
    let run = || {
        let server = correct::start(scheme, move |visit| kind.answer(visit).map(Into::into));
        trial::of(&scenario(scheme, server.address), &mut |_| {})
    };
    trial::unless_busy(run, |ended| ended)
}

#[test]
fn answers_that_change_or_say_little_are_no_finding() {
    let trials: Vec<_> = Scheme::ALL.into_iter().flat_map(|scheme| Kind::ALL.map(|kind| (scheme, kind))).collect();
    let ended = trial::all(&trials, try_out);
    let mut alarms = String::new();
    for ((scheme, kind), ended) in trials.iter().zip(&ended) {
        let deviates = |verdict| matches!(verdict, Verdict::Fail | Verdict::Warn);
        for result in ended.results.iter().filter(|result| deviates(result.verdict) && !is_true(*kind, &result.id)) {
            let _ =
                writeln!(alarms, "{}, {kind:?}: {} {}: {}", scheme.name(), result.verdict, result.id, result.summary);
        }
        let open = ended.results.iter().filter(|result| result.verdict == Verdict::Inconclusive);
        let (known, unknown): (Vec<_>, Vec<_>) = open.partition(|result| cannot_be_proven(*kind, &result.id));
        for result in unknown {
            let _ = writeln!(alarms, "{}, {kind:?}: {}: {}", scheme.name(), result.id, result.summary);
        }
        let expected = if known.is_empty() { 0 } else { 5 };
        if ended.code() != expected {
            let _ = writeln!(alarms, "{}, {kind:?}: exit {}", scheme.name(), ended.code());
            let _ = writeln!(alarms, "{}", ended.told());
        }
    }
    assert!(alarms.is_empty(), "{alarms}");
}
