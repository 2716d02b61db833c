//! Every fault trips its check, and the correct server trips none: the whole matrix is one snapshot, of the same function
//! that `authbench selftest` prints.

use std::collections::{BTreeMap, BTreeSet};

use authbench::check::{Verdict, catalogue};
use authbench::reference::{Fault, FaultKind, faults};
use authbench::run::selftest::{Effort, Kill, OthersBeside, Trial, page, prove};
use authbench::scheme::SCHEMES;

use crate::busy::takes_samples;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_trips_its_check() {
    // what samples find depends on the quiet of the machine
    let effort = Effort {
        profile: "strict-rfc",
        faults: Vec::new(),
        others: OthersBeside::PrincipalFaults,
        statistical: false,
        jobs: 6,
    };
    let proof = prove(&effort).await;
    assert!(proof.holds(), "{}", proof.text());
    let page = page(&proof.kills);
    let kills: Vec<&str> = page.lines().map(|line| line.split("   also ").next().unwrap_or(line).trim_end()).collect();
    insta::assert_snapshot!(kills.join("\n"));
    others_that_see_it(&proof.kills);
}

/// Beside its own check, the principal fault of a check is seen by none but those of tests/kills/also.txt: one cause stays one finding
/// with what it is known to affect. On a busy machine one of them may come to no verdict, so that fewer are no mistake.
/// `AUTHBENCH_BLESS=1 cargo test --test it faults::every_fault` adds those that are new.
fn others_that_see_it(kills: &[Kill]) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kills/also.txt");
    let text = std::fs::read_to_string(&path).expect("is there");
    let lines = text.lines().map(|line| line.split_once(": ").expect("FAULT: CHECKS"));
    let mut known: BTreeMap<&str, BTreeSet<&str>> =
        lines.map(|(fault, checks)| (fault, checks.split(' ').collect())).collect();
    let mut added = Vec::new();
    for kill in kills {
        let known = known.entry(kill.fault).or_default();
        let new = kill.also.iter().filter(|check| known.insert(check));
        added.extend(new.map(|check| format!("{} is also seen by {check}", kill.fault)));
    }
    if std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1") {
        let is_tried = |kill: &Kill| kill.kind == FaultKind::Principal;
        known.retain(|fault, checks| {
            !checks.is_empty() && kills.iter().any(|kill| kill.fault == *fault && is_tried(kill))
        });
        let lines = known.iter().map(|(fault, checks)| {
            let checks: Vec<&str> = checks.iter().copied().collect();
            format!("{fault}: {}\n", checks.join(" "))
        });
        std::fs::write(&path, lines.collect::<String>()).expect("writes");
    } else {
        assert!(added.is_empty(), "{}", added.join("\n"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_server_trips_none_under_the_default_profile() {
    let schemes = SCHEMES.iter().map(|scheme| (scheme.name(), None)).filter(|(scheme, _)| *scheme != "none");
    for (scheme, alg) in schemes.chain([("jwt", Some("RS256")), ("jwt", Some("HS256"))]) {
        let trial = Trial { alg, profile: "api-key-403", ..Trial::of(scheme) };
        let ended = trial.run().await.expect("is a scenario");
        assert!(ended.results.len() > 10, "{scheme}: only {} checks", ended.results.len());
        for result in &ended.results {
            let fine =
                matches!(result.verdict, Verdict::Pass | Verdict::Info | Verdict::NotTested | Verdict::NotApplicable);
            let fine = fine || (result.verdict == Verdict::Inconclusive && takes_samples(&result.id));
            assert!(fine, "{scheme}: {} {}: {}", result.id, result.verdict, result.summary);
        }
    }
}

#[test]
fn every_check_has_its_fault_and_every_fault_its_check() {
    let checks: BTreeMap<&str, &str> = catalogue().map(|check| (check.id, check.fault)).collect();
    let (principal, others): (Vec<&Fault>, Vec<&Fault>) =
        faults().into_iter().partition(|fault| fault.kind == FaultKind::Principal);
    let number = principal.len();
    let principal: BTreeMap<&str, &str> = principal.into_iter().map(|fault| (fault.check, fault.name)).collect();
    assert_eq!((checks.len(), &checks), (number, &principal), "a check has one principal fault");
    for fault in others {
        assert!(checks.contains_key(fault.check), "{} names {}", fault.name, fault.check);
    }
}

#[test]
fn the_names_of_faults_are_unique() {
    let mut names = BTreeSet::new();
    assert!(faults().into_iter().all(|fault| names.insert(fault.name)));
}
