//! `authbench selftest` proves what it is asked to prove, and says so where it cannot.

use std::process::Command;

use authbench::check::profile::PROFILES;
use authbench::exit::Exit;
use authbench::reference::hopeless::Manner;
use authbench::run::selftest::{Effort, Hope, Kill, OthersBeside, SelftestProof, Sound, prove};

fn selftest(arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_authbench")).arg("selftest").args(arguments).output();
    let output = output.expect("the program starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[test]
fn one_fault_is_killed_by_its_check() {
    let (code, page, _) = selftest(&["--fault", "bare-401"]);
    assert_eq!(code, Some(0), "{page}");
    assert!(page.contains("1 of 1 faults killed"), "{page}");

    let (code, document, _) = selftest(&["--fault", "revoke-noop", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
    assert_eq!((code, &document["holds"]), (Some(0), &true.into()));
    assert_eq!(document["kills"][0]["check"], "revoke.valid-token");
}

#[test]
fn the_others_that_see_a_fault_are_shown_where_they_are_asked_for() {
    let also = |arguments: &[&str]| {
        let (code, document, told) = selftest(arguments);
        let document: serde_json::Value = serde_json::from_str(&document).expect("JSON");
        assert_eq!(code, Some(0), "{told}");
        document["kills"][0]["also"].as_array().expect("is a list").len()
    };
    let own = ["--fault", "active-string", "--format", "json"];
    assert_eq!(also(&own), 0);
    assert!(also(&[&own[..], &["--others"]].concat()) > 0);
}

#[test]
fn a_fault_that_does_not_exist_is_a_mistake_of_the_user() {
    let (code, _, told) = selftest(&["--fault", "bare-402"]);
    assert_eq!(code, Some(2));
    assert!(told.contains("did you mean \"bare-401\"?"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_a_profile_that_excuses_it_a_wrong_status_survives() {
    // any refusal will do there: the proof has to show that nobody would notice
    let effort = |profile| Effort {
        profile,
        faults: vec!["authz-as-401".to_owned()],
        others: OthersBeside::Nothing,
        statistical: false,
        jobs: 1,
    };
    assert!(prove(&effort("api-key-403")).await.holds());
    let lenient = prove(&effort("gateway-lenient")).await;
    assert!(!lenient.holds());
    assert!(lenient.text().contains("SURVIVED"), "{}", lenient.text());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_profile_excuses_access() {
    let faults = ["missing-key-is-anonymous", "accepts-any-key", "scope-ignored", "accepts-any-token"];
    for profile in PROFILES {
        let faults = faults.iter().map(|fault| (*fault).to_owned()).collect();
        let proof = prove(&Effort {
            profile: profile.name,
            faults,
            others: OthersBeside::Nothing,
            statistical: false,
            jobs: 4,
        })
        .await;
        assert_eq!(proof.kills.len(), 4);
        assert!(proof.holds(), "{}: {}", profile.name, proof.text());
    }
}

#[test]
fn one_hole_in_the_proof_breaks_it() {
    let kill = |killed| Kill {
        fault: "f",
        check: "a.b",
        kind: authbench::reference::FaultKind::Principal,
        scheme: "basic",
        killed,
        also: Vec::new(),
        said: "pass: 1 probe".to_owned(),
    };
    let sound = |tripped: &[&str]| Sound {
        scheme: "basic",
        executed: 9,
        tripped: tripped.iter().map(|one| (*one).to_owned()).collect(),
    };
    let hope = |exit, fooled: &[&str]| Hope {
        manner: Manner::Forbidden,
        scheme: "basic",
        exit,
        results: 9,
        fooled: fooled.iter().map(|one| (*one).to_owned()).collect(),
    };
    let whole = || SelftestProof {
        kills: vec![kill(true)],
        sound: vec![sound(&[])],
        hopes: vec![hope(Exit::Inconclusive, &[])],
        ..SelftestProof::default()
    };
    assert!(whole().holds());
    for broken in [
        SelftestProof { kills: vec![kill(true), kill(false)], ..whole() },
        SelftestProof { sound: vec![sound(&["a.b fail: x"])], ..whole() },
        SelftestProof { hopes: vec![hope(Exit::Findings, &["a.b"])], ..whole() },
        SelftestProof { hopes: vec![hope(Exit::Passed, &[])], ..whole() },
        SelftestProof { unproved: vec!["a.b and the fault f do not name each other".to_owned()], ..whole() },
        SelftestProof { broken: vec!["no such scheme".to_owned()], ..whole() },
    ] {
        assert!(!broken.holds(), "{}", broken.text());
    }
}
