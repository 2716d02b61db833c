//! The certificate that a client presents: connections and TLS sessions belong to one identity.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use authbench::drive::wire::{Destination, Limits, send_once};
use authbench::observe::Request;
use authbench::target::hosts::AllowedHosts;
use authbench::target::tls_identity::ClientCertificate;
use authbench::target::trust::Trust;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{HandshakeKind, RootCertStore, ServerConfig};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::binary::{authbench, told};

const KEY: &str = "abk_of_the_service_4Tq8";
const OTHER_KEY: &str = "abk_of_the_reader_9Wm1";

/// A CA that signs the certificates of the server and of its clients.
struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "a CA");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = parameters.self_signed(&key).expect("signs").pem();
        Self { parameters, key, pem }
    }

    /// A certificate and its key, both in PEM.
    fn signed(&self, name: &str) -> (String, String) {
        let parameters = CertificateParams::new([name.to_owned()]).expect("are names");
        let key = KeyPair::generate().expect("a key");
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        (parameters.signed_by(&key, &issuer).expect("signs").pem(), key.serialize_pem())
    }
}

/// What the server saw of one connection: the certificate of the client, whether the handshake was a whole one, and the
/// request.
type Seen = (Option<Vec<u8>>, bool, String);

/// A server that asks for certificates, needs them if so, and opens its orders to a key.
async fn serve(authority: &Authority, needs: bool) -> (SocketAddr, Arc<Mutex<Vec<Seen>>>) {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).expect("is PEM")).expect("is a CA");
    let verifier = WebPkiClientVerifier::builder_with_provider(roots.into(), provider.clone());
    let verifier = if needs { verifier } else { verifier.allow_unauthenticated() };
    let (certificate, key) = authority.signed("127.0.0.1");
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("has versions")
        .with_client_cert_verifier(verifier.build().expect("verifies"))
        .with_single_cert(
            vec![CertificateDer::from_pem_slice(certificate.as_bytes()).expect("is PEM")],
            PrivateKeyDer::from_pem_slice(key.as_bytes()).expect("is PEM"),
        )
        .expect("is a certificate with its key");
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
    let noted = seen.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, noted) = (acceptor.clone(), noted.clone());
            tokio::spawn(async move {
                let mut stream = acceptor.accept(stream).await.ok()?;
                let (mut head, mut room) = (Vec::new(), [0; 4096]);
                while !head.ends_with(b"\r\n\r\n") {
                    let length = stream.read(&mut room).await.ok().filter(|length| *length > 0)?;
                    head.extend_from_slice(&room[..length]);
                }
                let session = stream.get_ref().1;
                let shown = session.peer_certificates().map(|chain| chain[0].to_vec());
                let whole = session.handshake_kind() != Some(HandshakeKind::Resumed);
                noted.lock().expect("is not poisoned").push((
                    shown,
                    whole,
                    String::from_utf8_lossy(&head).into_owned(),
                ));
                let head = String::from_utf8_lossy(&head);
                let good = [KEY, OTHER_KEY].iter().any(|key| carries(&head, key));
                let (status, body) = match good {
                    true => ("200 OK", "{\"orders\":[{\"id\":\"ord_7Hq2Zx91\",\"item\":\"a lamp of brass\"}]}"),
                    false => ("401 Unauthorized", "{\"error\":\"no key\"}"),
                };
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nWWW-Authenticate: ApiKey realm=\"a\"\r\n\
                     Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.ok()?;
                stream.shutdown().await.ok()
            });
        }
    });
    (address, seen)
}

/// Whether a request has a key, whatever the case of its field names (RFC 9110 §5.1).
fn carries(head: &str, key: &str) -> bool {
    let mut fields = head.lines().filter_map(|line| line.split_once(": "));
    fields.any(|(name, value)| name.eq_ignore_ascii_case("x-api-key") && value == key)
}

fn der(pem: &str) -> Vec<u8> {
    CertificateDer::from_pem_slice(pem.as_bytes()).expect("is PEM").to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_identities_share_neither_a_connection_nor_a_session() {
    let authority = Authority::new();
    let (address, seen) = serve(&authority, false).await;
    let url = format!("https://{address}").parse().expect("a URL");
    let (one, other) = (authority.signed("one.test"), authority.signed("other.test"));
    let destination = |identity: Option<&(String, String)>| {
        let own = identity.map(|(certificate, key)| {
            ClientCertificate::read(certificate.as_bytes(), key.as_bytes()).expect("is a certificate")
        });
        let trust = Trust::presenting(Some(authority.pem.as_bytes()), own.as_ref()).expect("trusts");
        Destination::of(&url, Some(trust.for_target()), &AllowedHosts::default()).expect("a destination")
    };
    let (one_goes, other_goes, nobody_goes) = (destination(Some(&one)), destination(Some(&other)), destination(None));
    assert_ne!(one_goes.key(), other_goes.key());
    assert_ne!(one_goes.key(), nobody_goes.key());
    assert_eq!(one_goes.key(), destination(Some(&one)).key(), "the same certificate is the same identity");
    let request = Request::new("GET", "/orders").header("Host", "a.test");
    // in turns, so that a session that was kept for the host would be taken up by somebody else
    for destination in [&one_goes, &other_goes, &nobody_goes, &one_goes, &other_goes, &nobody_goes] {
        let exchange = send_once(destination, &Limits::default(), &request).await;
        assert_eq!(exchange.status(), Some(401), "{:?}", exchange.answer);
    }
    let seen = seen.lock().expect("is not poisoned").clone();
    let shown: Vec<_> = seen.iter().map(|(shown, ..)| shown.clone()).collect();
    let (one, other) = (Some(der(&one.0)), Some(der(&other.0)));
    assert_eq!(
        shown,
        [one.clone(), other.clone(), None, one, other, None],
        "six connections, each with its certificate"
    );
    let whole: Vec<bool> = seen.iter().map(|(_, whole, _)| *whole).collect();
    assert_eq!(whole[..5], [true; 5], "whoever presents a certificate resumes nothing");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_scenario_presents_its_certificate_and_says_where_it_is_refused() {
    let authority = Authority::new();
    let (address, seen) = serve(&authority, true).await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    let (certificate, key) = authority.signed("a-device.test");
    let stranger = Authority::new().signed("a-stranger.test");
    for (name, text) in [
        ("ca.pem", &authority.pem),
        ("device.pem", &certificate),
        ("device.key", &key),
        ("stranger.pem", &stranger.0),
        ("stranger.key", &stranger.1),
    ] {
        write(name, text);
    }
    let run = async |tls: &str| {
        let scenario = format!(
            "authbench: 1\nname: mutual\ntarget: {{ url: \"https://{address}\", tls: {{ ca: ca.pem{tls} }} }}\n\
             scheme: api-key\ncredentials:\n  service: {{ key: {KEY} }}\nresources:\n  - request: GET /orders\n\
             conformance:\n  include: [apikey.valid-accepted, apikey.invalid-denied]\n"
        );
        write("a.yaml", &scenario);
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--seed", "1"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        (output.status.code(), told(&output))
    };
    let (code, said) = run(", certificate: device.pem, key: device.key").await;
    assert!(matches!(code, Some(0 | 1)) && said.contains("apikey.invalid-denied") | said.contains("passed"), "{said}");
    let shown: Vec<_> = seen.lock().expect("is not poisoned").drain(..).map(|(shown, ..)| shown).collect();
    assert!(!shown.is_empty() && shown.iter().all(|one| *one == Some(der(&certificate))), "on every connection");
    for tls in ["", ", certificate: stranger.pem, key: stranger.key"] {
        let (code, said) = run(tls).await;
        assert!(matches!(code, Some(3 | 5)), "{tls}: {code:?}\n{said}");
        assert!(seen.lock().expect("is not poisoned").is_empty(), "{tls}: nothing was answered");
    }
    let (code, said) = run(", certificate: device.pem, key: stranger.key").await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("the key of `tls.key` is not that of the certificate") && said.contains("a.yaml:3:"),
        "{said}"
    );
    assert!(!said.contains("PRIVATE KEY"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_credential_presents_its_own_certificate() {
    let authority = Authority::new();
    let (address, seen) = serve(&authority, true).await;
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).expect("writes");
    let (service, reader) = (authority.signed("service.test"), authority.signed("reader.test"));
    write("ca.pem", &authority.pem);
    for (name, (certificate, key)) in [("service", &service), ("reader", &reader)] {
        write(&format!("{name}.pem"), certificate);
        write(&format!("{name}.key"), key);
    }
    let own = |name: &str| format!("tls: {{ certificate: {name}.pem, key: {name}.key }}");
    let run = async |reader: &str, load: &str| {
        let scenario = format!(
            "authbench: 1\nname: mutual\ntarget: {{ url: \"https://{address}\", owned: true, tls: {{ ca: ca.pem }} }}\n\
             scheme: api-key\ncredentials:\n  service: {{ key: {KEY}, {} }}\n  reader: {{ key: {OTHER_KEY}, {reader} }}\n\
             resources:\n  - request: GET /orders\n{load}",
            own("service")
        );
        write("a.yaml", &scenario);
        let mut command = authbench(folder.path());
        command.args(["run", "a.yaml", "--seed", "1"]);
        let output = tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends");
        (output.status.code(), told(&output))
    };
    let case = |name: &str| {
        format!("  - {{ name: the {name} reads, with: {name}, request: GET /orders, expect: {{ status: 200 }} }}\n")
    };
    let cases = format!("cases:\n{}{}", case("service"), case("reader"));
    let (code, said) = run(&own("reader"), &cases).await;
    assert!(matches!(code, Some(0 | 1)), "{code:?}\n{said}");
    let requests = std::mem::take(&mut *seen.lock().expect("is not poisoned"));
    let with = |key: &str| -> Vec<Option<Vec<u8>>> {
        requests.iter().filter(|(.., head)| carries(head, key)).map(|(shown, ..)| shown.clone()).collect()
    };
    for (key, certificate) in [(KEY, &service.0), (OTHER_KEY, &reader.0)] {
        let shown = with(key);
        assert!(!shown.is_empty(), "{key} was sent\n{said}");
        assert!(shown.iter().all(|one| *one == Some(der(certificate))), "{key} with its own certificate");
    }
    let anonymous = requests.iter().filter(|(.., head)| !head.to_ascii_lowercase().contains("x-api-key"));
    assert!(anonymous.clone().count() > 0 && anonymous.clone().all(|(shown, ..)| shown.is_some()), "{said}");
    // under load each has connections of its own, and their certificates are never mixed up
    let load = "load: [{ name: steady, duration: 3s, connections: 2, pool: declared, max_lateness: 5s }]\n\
                conformance: { include: [apikey.valid-accepted] }\n";
    seen.lock().expect("is not poisoned").clear();
    let (_, said) = run(&own("reader"), load).await;
    assert!(!said.contains("did not run") && said.contains("steady"), "{said}");
    let requests = std::mem::take(&mut *seen.lock().expect("is not poisoned"));
    for (key, certificate) in [(KEY, &service.0), (OTHER_KEY, &reader.0)] {
        let of_key = requests.iter().filter(|(.., head)| carries(head, key));
        assert!(of_key.clone().count() > 2, "{key} was sent under load\n{said}");
        assert!(
            of_key.into_iter().all(|(shown, ..)| *shown == Some(der(certificate))),
            "{key} with its own certificate"
        );
    }
    let (code, said) = run(&own("reader"), &load.replace("connections: 2", "connections: 1")).await;
    assert!(code == Some(2) && said.contains("a.yaml:10:"), "{code:?}\n{said}");
    assert!(said.contains("write `connections: 2` or more"), "{said}");
    // what is no key is a mistake of that credential
    let (code, said) = run("tls: { certificate: reader.pem, key: service.key }", "").await;
    assert!(code == Some(2) && said.contains("a.yaml:7:") && said.contains("is not that of the certificate"), "{said}");
}
