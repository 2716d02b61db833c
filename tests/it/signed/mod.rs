//! Signed requests against servers that share no code with the client nor with the reference.

mod aws;
mod drafted;
mod message;
mod server;

use std::collections::BTreeMap;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use serde_json::Value;

use crate::binary::{authbench, told};
use crate::busy::assert_right_answers;
use server::{SECRET, SignatureServer, serve};

/// What came of a run: the exit code, the verdict of each check, and what was said and reported.
struct Outcome {
    code: Option<i32>,
    verdicts: BTreeMap<String, String>,
    said: String,
    output: Output,
    report: Value,
}

impl Outcome {
    fn verdict(&self, check: &str) -> Option<&str> {
        self.verdicts.get(check).map(String::as_str)
    }

    /// Checks with this verdict.
    fn with(&self, verdict: &str) -> Vec<&str> {
        self.verdicts.iter().filter(|(_, other)| *other == verdict).map(|(check, _)| check.as_str()).collect()
    }
}

/// Runs a scenario, and looks that none of its secrets is shown.
async fn run(scenario: String, secrets: &'static [&'static str]) -> Outcome {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
    let mut command = authbench(folder.path());
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=r.json"]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let report = std::fs::read_to_string(folder.path().join("r.json")).unwrap_or_default();
    let said = told(&output);
    for secret in secrets {
        assert!(!said.contains(secret) && !report.contains(secret), "{secret}: {said}");
    }
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    let checks = report["scenarios"][0]["checks"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verdicts = checks.iter().map(|check| (text(&check["id"]), text(&check["verdict"]))).collect();
    Outcome { code: output.status.code(), verdicts, said, output, report }
}

/// Runs a scenario of the scheme hmac against a server.
async fn against(server: SignatureServer, rest: &str) -> (Outcome, Arc<SignatureServer>) {
    let (address, server) = serve(server).await;
    let scenario = format!(
        "authbench: 1\nname: signed\ntarget: {{ url: \"http://{address}\", owned: true }}\nscheme: {{ hmac: {{ window: 60s }} }}\n\
         credentials:\n  a: {{ key_id: alice, secret_key: \"${{S:-{SECRET}}}\" }}\n\
         resources:\n  - request: GET /orders?page=1\n  - {{ request: POST /orders, writes: true, json: {{ item: lamp }} }}\n{rest}"
    );
    (run(scenario, &[SECRET]).await, server)
}

const CHECKS: &str = "conformance: { include: [\"hmac.*\"], exclude: [hmac.timing-safe-compare] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correct_server_in_another_shape_passes_and_each_request_under_load_is_signed_anew() {
    for http in [1, 2] {
        let load = format!(
            "{CHECKS}load: [{{ name: steady, rate: 80/s, connections: 4, duration: 3s, timeout: 60s, http: {http}, max_lateness: 60s, mix: {{ valid: 90%, unknown: 5%, stale: 5% }} }}]\n\
             thresholds: [error_rate < 0.1%]\n"
        );
        let (outcome, server) = against(SignatureServer::default(), &load).await;
        assert_right_answers(&outcome.output, &outcome.report);
        // eleven checks, and the two lanes that have to be refused
        assert_eq!(outcome.with("pass").len(), 13, "{}", outcome.said);
        assert!(server.accepted.load(Ordering::Relaxed) > 150, "the load was accepted");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_forget_one_rule_are_found_by_the_check_of_that_rule() {
    let wrong = |change: fn(&mut SignatureServer)| {
        let mut server = SignatureServer::default();
        change(&mut server);
        server
    };
    for (server, check) in [
        (wrong(|server| server.keeps_nonces = false), "hmac.replay-denied"),
        (wrong(|server| server.hashes_bodies = false), "hmac.body-tamper-denied"),
        (wrong(|server| server.compares_times = false), "hmac.timestamp-window"),
        (wrong(|server| server.needs_the_host = false), "hmac.signed-header-tamper-denied"),
        (wrong(|server| server.signs_the_query = false), "hmac.request-line-tamper-denied"),
    ] {
        let (outcome, _) = against(server, CHECKS).await;
        assert_eq!(outcome.code, Some(1), "{check}: {}", outcome.said);
        assert_eq!(outcome.verdict(check), Some("fail"), "{check}: {}", outcome.said);
        assert_eq!(outcome.verdict("hmac.valid-accepted"), Some("pass"), "{check}: {}", outcome.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_error_that_shows_the_expected_signature_is_found() {
    let server = SignatureServer { tells_the_expected: true, ..SignatureServer::default() };
    let (outcome, _) = against(server, CHECKS).await;
    assert_eq!(outcome.code, Some(1), "{}", outcome.said);
    assert_eq!(outcome.verdict("hmac.no-expected-signature-in-error"), Some("fail"), "{}", outcome.said);
}

/// Runs a scenario of the scheme sigv4 against a server.
async fn against_aws(server: aws::AwsServer, scheme: &str, load: &str) -> (Outcome, Arc<aws::AwsServer>) {
    let (address, server) = aws::serve(server).await;
    let scenario = format!(
        "authbench: 1\nname: aws\ntarget: {{ url: \"http://{address}\", owned: true }}\n\
         scheme: {{ sigv4: {{ region: us-east-1, service: execute-api{scheme} }} }}\n\
         credentials:\n  a: {{ access_key: AKIDEXAMPLE, secret_key: \"${{S:-{}}}\", session_token: \"${{T:-{}}}\" }}\n\
         resources:\n  - request: GET /prod/orders\n  - {{ request: POST /prod/orders, writes: true, json: {{ item: lamp }} }}\n\
         conformance: {{ profile: aws-sigv4, include: [\"hmac.*\"], exclude: [hmac.timing-safe-compare] }}\n{load}",
        aws::SECRET,
        aws::SESSION
    );
    (run(scenario, &[aws::SECRET, aws::SESSION, "%2Bsession%2Ftoken"]).await, server)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_of_aws_is_tested_and_loaded_by_fields_and_by_presigned_addresses() {
    let load = "load: [{ name: steady, rate: 80/s, connections: 4, duration: 3s, timeout: 60s, max_lateness: 60s, mix: { valid: 90%, unknown: 5%, stale: 5% } }]\n\
                thresholds: [error_rate < 0.1%]\n";
    for scheme in ["", ", presigned: true", ", chunked: true"] {
        let (outcome, server) = against_aws(aws::AwsServer::default(), scheme, load).await;
        assert_right_answers(&outcome.output, &outcome.report);
        assert!(server.accepted.load(Ordering::Relaxed) > 150, "{scheme}: the load was accepted");
        assert_eq!(outcome.with("fail"), [""; 0], "{scheme}: {}", outcome.said);
        assert!(outcome.with("pass").len() >= 9, "{scheme}: {}", outcome.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn chunks_that_a_server_believes_are_found() {
    for (believes_chunks, verdict) in [(false, "pass"), (true, "fail")] {
        let server = aws::AwsServer { believes_chunks, ..aws::AwsServer::default() };
        let (outcome, _) = against_aws(server, ", chunked: true", "").await;
        assert_eq!(outcome.verdict("hmac.body-tamper-denied"), Some(verdict), "{}", outcome.said);
        assert_eq!(outcome.verdict("hmac.valid-accepted"), Some("pass"), "{}", outcome.said);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_write_is_a_warning_and_the_text_that_is_signed_is_recorded() {
    let server = aws::AwsServer { shows_the_text: true, ..aws::AwsServer::default() };
    let (outcome, _) = against_aws(server, "", "").await;
    assert_eq!(outcome.code, Some(0), "{}", outcome.said);
    // there is no nonce, and the text holds nothing that its client does not know
    for (check, verdict) in [("hmac.replay-denied", "warn"), ("hmac.no-expected-signature-in-error", "info")] {
        assert_eq!(outcome.verdict(check), Some(verdict), "{check}: {}", outcome.said);
    }
}
