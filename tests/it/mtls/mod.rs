//! Client certificates against servers of our own, through the real binary: correct ones in several shapes, and broken ones.

mod bound;
mod server;

use std::path::Path;

use rcgen::ExtendedKeyUsagePurpose::ClientAuth;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::Value;

use crate::binary::{authbench, told};
use server::{Authority, Manner, serve};

const CHECKS: [&str; 5] = [
    "mtls.valid-accepted",
    "mtls.missing-certificate-refused",
    "mtls.untrusted-chain-refused",
    "mtls.validity-and-usage-checked",
    "mtls.certificate-header-spoof",
];

/// Writes the certificates of the CA and of clients into a folder.
fn files(folder: &Path, authority: &Authority, clients: &[&str]) {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("writes");
    write("ca.pem", &authority.pem);
    write("ca.key", &authority.key.serialize_pem());
    for name in clients {
        let (certificate, key) = authority.signed(&format!("{name}.test"), ClientAuth);
        write(&format!("{name}.pem"), &certificate);
        write(&format!("{name}.key"), &key);
    }
}

fn scenario(address: std::net::SocketAddr, more: &str) -> String {
    format!(
        "authbench: 1\nname: certificates\ntarget: {{ url: \"https://{address}\", owned: true, tls: {{ ca: ca.pem }} }}\n\
         scheme: mtls\ncredentials:\n  device: {{ tls: {{ certificate: device.pem, key: device.key }} }}\n\
         resources:\n  - request: GET /secrets\n{more}"
    )
}

/// The verdict of each check, the exit code, and what was said.
async fn run(folder: &Path, text: &str) -> (Option<i32>, Vec<(String, String)>, String) {
    std::fs::write(folder.join("a.yaml"), text).expect("writes");
    let mut command = authbench(folder);
    command.args(["run", "a.yaml", "--seed", "1", "--report", "json=r.json"]);
    let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
    let report = std::fs::read_to_string(folder.join("r.json")).unwrap_or_default();
    let report: Value = serde_json::from_str(&report).unwrap_or_default();
    let checks = report["scenarios"][0]["checks"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let verdicts = checks.iter().map(|check| (text(&check["id"]), text(&check["verdict"]))).collect();
    (output.status.code(), verdicts, told(&output))
}

const WITH_THE_CA: &str = "material: { client_ca: { certificate: ca.pem, key: ca.key } }\n\
                           conformance: { include: [\"mtls.*\"] }\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn correct_servers_pass_in_each_shape_and_each_broken_one_fails_its_check() {
    let pass = ["pass"; 5];
    for (manner, expected) in [
        (Manner::Strict, pass),
        (Manner::StrictTls12, pass),
        (Manner::Answers400, pass),
        // no alert and no answer: that nobody was let in is not proven
        (Manner::ClosesSilently, ["pass", "inconclusive", "inconclusive", "inconclusive", "inconclusive"]),
        (Manner::AnyIssuer, ["pass", "pass", "fail", "pass", "pass"]),
        (Manner::AnyDate, ["pass", "pass", "pass", "fail", "pass"]),
        (Manner::AnyUsage, ["pass", "pass", "pass", "fail", "pass"]),
        (Manner::NoneIsFine, ["pass", "fail", "pass", "pass", "fail"]),
        (Manner::BelievesHeader, ["pass", "pass", "pass", "pass", "fail"]),
    ] {
        let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
        let (address, _) = serve(&authority, manner).await;
        files(folder.path(), &authority, &["device"]);
        let (code, verdicts, said) = run(folder.path(), &scenario(address, WITH_THE_CA)).await;
        for (check, expected) in CHECKS.iter().zip(expected) {
            let verdict = verdicts.iter().find(|(id, _)| id == check).map(|(_, verdict)| verdict.as_str());
            assert_eq!(verdict, Some(expected), "{manner:?}: {check}\n{said}");
        }
        let expected = if expected.contains(&"fail") {
            1
        } else if expected == pass {
            0
        } else {
            5
        };
        assert_eq!(code, Some(expected), "{manner:?}\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_closes_on_untrusted_certificates_without_an_alert_has_not_stopped() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    let (address, _) = serve(&authority, Manner::ClosesSilently).await;
    files(folder.path(), &authority, &["device"]);
    let more = WITH_THE_CA.replace("\"mtls.*\"", "\"mtls.*\", common.keeps-answering");
    let (_, verdicts, said) = run(folder.path(), &scenario(address, &more)).await;
    let verdict = verdicts.iter().find(|(id, _)| id == "common.keeps-answering").map(|(_, verdict)| verdict.as_str());
    assert_eq!(verdict, Some("pass"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_ca_of_somebody_else_proves_nothing_and_without_one_nothing_is_claimed() {
    let (authority, stranger) = (Authority::new(), Authority::new());
    let folder = tempfile::tempdir().expect("a folder");
    let (address, _) = serve(&authority, Manner::Strict).await;
    files(folder.path(), &authority, &["device"]);
    std::fs::write(folder.path().join("ca.key"), stranger.key.serialize_pem()).expect("writes");
    for (more, expected) in [(WITH_THE_CA, "inconclusive"), ("conformance: { include: [\"mtls.*\"] }\n", "not-tested")]
    {
        let (_, verdicts, said) = run(folder.path(), &scenario(address, more)).await;
        let verdict = verdicts.iter().find(|(id, _)| id == CHECKS[3]).map(|(_, verdict)| verdict.as_str());
        assert_eq!(verdict, Some(expected), "{said}");
        assert!(!said.contains("PRIVATE KEY"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_and_keys_come_from_variables_too_and_are_never_shown() {
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    let (address, _) = serve(&authority, Manner::Strict).await;
    let (certificate, key) = authority.signed("device.test", ClientAuth);
    let text = scenario(address, "conformance: { include: [\"mtls.*\"] }\n")
        .replace("ca: ca.pem", "ca: \"${CA}\"")
        .replace("certificate: device.pem, key: device.key", "certificate: \"${CERTIFICATE}\", key: \"${KEY}\"");
    std::fs::write(folder.path().join("a.yaml"), text).expect("writes");
    let secret = key.lines().nth(1).expect("has lines").to_owned();
    for (key, expected) in [(key.clone(), 0), (key.replace("-----BEGIN", "----BEGIN"), 2)] {
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--seed", "1"]).env("CA", &authority.pem);
        command.env("CERTIFICATE", &certificate).env("KEY", key);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        assert_eq!(output.status.code(), Some(expected), "{}", told(&output));
        assert!(!told(&output).contains(&secret), "{}", told(&output));
    }
    for entry in std::fs::read_dir(folder.path().join("reports")).expect("wrote reports") {
        let report = std::fs::read(entry.expect("is readable").path()).expect("is a file");
        assert!(!String::from_utf8_lossy(&report).contains(&secret));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_identities_have_connections_of_their_own_under_load() {
    let names: Vec<String> = (1..=8).map(|number| format!("device-{number}")).collect();
    let (authority, folder) = (Authority::new(), tempfile::tempdir().expect("a folder"));
    let (address, seen) = serve(&authority, Manner::Strict).await;
    files(folder.path(), &authority, &names.iter().map(String::as_str).collect::<Vec<_>>());
    let credentials: String = names
        .iter()
        .map(|name| format!("  {name}: {{ tls: {{ certificate: {name}.pem, key: {name}.key }} }}\n"))
        .collect();
    let text = format!(
        "authbench: 1\nname: certificates\ntarget: {{ url: \"https://{address}\", owned: true, tls: {{ ca: ca.pem }} }}\n\
         scheme: mtls\ncredentials:\n{credentials}resources:\n  - request: GET /secrets\n\
         load: [{{ name: steady, duration: 3s, connections: 16, pool: declared, max_lateness: 5s }}]\n\
         conformance: {{ include: [mtls.valid-accepted] }}\n"
    );
    let (_, _, said) = run(folder.path(), &text).await;
    assert!(!said.contains("did not run"), "{said}");
    let seen = seen.lock().expect("is not poisoned").clone();
    let mut of_connection = std::collections::BTreeMap::new();
    for (shown, number) in seen {
        let shown = shown.expect("no request came without a certificate");
        assert_eq!(*of_connection.entry(number).or_insert(shown.clone()), shown);
    }
    for name in &names {
        let pem = std::fs::read(folder.path().join(format!("{name}.pem"))).expect("is there");
        let der = CertificateDer::from_pem_slice(&pem).expect("is PEM").to_vec();
        let connections = of_connection.values().filter(|shown| **shown == der).count();
        assert!(connections >= 2, "{name} has {connections} connections\n{said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_fit_the_scheme_is_a_mistake_of_the_scenario() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, expected) in [
        (
            "target: { url: \"https://a.test\" }\nscheme: mtls\ncredentials: { a: { } }\n",
            "write `tls: { certificate: FILE, key: FILE }` in the credential",
        ),
        (
            "target: { url: \"http://a.test\" }\nscheme: mtls\ncredentials: { a: { tls: { certificate: a, key: b } } }\n",
            "write an address that starts with `https:`",
        ),
        (
            "target: { url: \"https://a.test\", tls: { certificate: a, key: b } }\nscheme: mtls\n\
             credentials: { a: { tls: { certificate: a, key: b } } }\n",
            "move `certificate` and `key` to `tls` of the credentials",
        ),
    ] {
        std::fs::write(
            folder.path().join("a.yaml"),
            format!("authbench: 1\nname: a\n{text}resources: [{{ request: GET /a }}]\n"),
        )
        .expect("writes");
        let output = authbench(folder.path()).args(["check", "a.yaml"]).output().expect("runs");
        assert_eq!(output.status.code(), Some(2), "{}", told(&output));
        assert!(told(&output).contains(expected), "{expected}\n{}", told(&output));
    }
}

#[test]
fn fewer_connections_than_certificates_are_a_mistake_before_anything_is_sent() {
    for (connections, code) in [(1, 2), (8, 0)] {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = format!(
            "authbench: 1\nname: few\ntarget: reference\nscheme: mtls\n\
             load: [{{ name: steady, rate: 10/s, connections: {connections}, duration: 1s, pool: declared }}]\n"
        );
        std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
        let output = authbench(folder.path()).args(["check", "a.yaml"]).output().expect("runs");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(code), "{connections}: {said}");
        assert_eq!(said.contains("certificates, and a connection has one"), code == 2, "{connections}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_requests_under_load_present_the_certificate_of_who_signs_them() {
    let authority = Authority::new();
    let folder = tempfile::tempdir().expect("a folder");
    files(folder.path(), &authority, &["device"]);
    let (address, seen) = serve(&authority, Manner::StrictAndSigned).await;
    let scenario = format!(
        "authbench: 1\nname: both\ntarget: {{ url: \"https://{address}\", owned: true, tls: {{ ca: ca.pem }} }}\n\
         scheme: hmac\ncredentials:\n  device: {{ key_id: device, secret_key: \"${{S:-a-signing-secret-1}}\", \
         tls: {{ certificate: device.pem, key: device.key }} }}\n\
         resources:\n  - request: GET /secrets\nconformance: {{ include: [hmac.valid-accepted] }}\n\
         load: [{{ name: steady, rate: 100/s, duration: 500ms, connections: 2, max_lateness: 5s, mix: {{ valid: 90%, no-key-id: 10% }} }}]\n\
         thresholds: [error_rate < 0.1%]\n"
    );
    let (code, _, said) = run(folder.path(), &scenario).await;
    assert_eq!(code, Some(0), "{said}");
    // the handshake ends for whoever has no certificate: what is counted here had one
    assert!(seen.lock().expect("is not poisoned").len() >= 50, "{said}");
}
