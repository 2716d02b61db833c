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
    let known = known_others();
    let new = |kill: &Kill| kill.also.iter().any(|check| !is_known(&known, kill, check));
    let seen_once: Vec<String> =
        proof.kills.iter().filter(|kill| new(kill)).map(|kill| kill.fault.to_owned()).collect();
    let seen_twice = match seen_once.is_empty() {
        true => Vec::new(),
        false => prove(&Effort { faults: seen_once, jobs: 1, ..effort }).await.kills,
    };
    others_that_see_it(known, &proof.kills, &seen_twice);
}

/// The file that says which other checks see a fault.
fn path_of_others() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kills/also.txt")
}

/// What it says: checks by faults.
fn known_others() -> BTreeMap<String, BTreeSet<String>> {
    let text = std::fs::read_to_string(path_of_others()).expect("is there");
    let of_line = |line: &str| {
        let (fault, checks) = line.split_once(": ").expect("FAULT: CHECKS");
        (fault.to_owned(), checks.split(' ').map(str::to_owned).collect())
    };
    text.lines().map(of_line).collect()
}

fn is_known(known: &BTreeMap<String, BTreeSet<String>>, kill: &Kill, check: &str) -> bool {
    known.get(kill.fault).is_some_and(|checks| checks.contains(check))
}

/// Beside its own check, the principal fault of a check is seen by none but those of tests/kills/also.txt: one cause stays one finding
/// with what it is known to affect. What is seen belongs to the fault if it is seen again, alone. On a busy machine one of them may
/// come to no verdict, so that fewer are no mistake.
/// `AUTHBENCH_BLESS=1 cargo test --test it faults::every_fault` adds those that are new.
fn others_that_see_it(mut known: BTreeMap<String, BTreeSet<String>>, kills: &[Kill], again: &[Kill]) {
    let mut added = Vec::new();
    for kill in again {
        let before = kills.iter().find(|before| before.fault == kill.fault).map(|before| &before.also);
        let is_seen_twice = |check: &&String| before.is_some_and(|before| before.contains(check));
        for check in kill.also.iter().filter(is_seen_twice) {
            if known.entry(kill.fault.to_owned()).or_default().insert(check.clone()) {
                added.push(format!("{} is also seen by {check}", kill.fault));
            }
        }
    }
    if std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1") {
        let has_others = |kill: &Kill| kill.kind == FaultKind::Principal || !kill.also.is_empty();
        let is_tried = |name: &str| kills.iter().any(|kill| kill.fault == name && has_others(kill));
        known.retain(|fault, checks| !checks.is_empty() && is_tried(fault));
        let lines = known.iter().map(|(fault, checks)| {
            let checks: Vec<&str> = checks.iter().map(String::as_str).collect();
            format!("{fault}: {}\n", checks.join(" "))
        });
        std::fs::write(path_of_others(), lines.collect::<String>()).expect("writes");
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
