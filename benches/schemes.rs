//! What each scheme costs: to verify, to prepare a request, to mint a token for it, and for a whole round trip over loopback.
//! Rows have the names that `scenarios/overhead.yaml` gives them; those that ask an introspection endpoint stand there alone,
//! for they are measured with a network in between or not at all.
//!
//! `cargo bench --bench schemes`, or a part of it: `cargo bench --bench schemes -- verify/`.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

use authbench::drive::paired::Socket;
use authbench::drive::wire::{Destination, Limits};
use authbench::observe::{Request, parse_challenges};
use authbench::reference::{self, Verifier};
use authbench::scheme::dpop::{BoundToken, ProofKey};
use authbench::scheme::httpsig::{self, MessageKey};
use authbench::scheme::jose::{Alg, SigningKey};
use authbench::scheme::mtls::client_certificate;
use authbench::scheme::signing::{SigningCredential, WINDOW};
use authbench::scheme::{self, Occasion, Proof, Reuse, Scheme, Turn, jwt};
use authbench::secret::Secret;
use authbench::seed::{self, keys};
use criterion::measurement::WallTime;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, criterion_main};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Name, path of the resource, and who speaks to it.
const ROWS: [(&str, &str, &str); 26] = [
    ("none", "none", "none"),
    ("api-key", "api-key", "api-key"),
    ("basic", "basic", "basic"),
    ("basic-cached", "basic-cached", "basic"),
    ("digest", "digest", "digest"),
    ("hmac", "hmac", "hmac"),
    ("sigv4", "sigv4", "sigv4"),
    ("httpsig-hmac-sha256", "http-signature", "http-signature"),
    ("httpsig-rsa-v1_5-sha256", "http-signature", "http-signature"),
    ("httpsig-rsa-pss-sha512", "http-signature", "http-signature"),
    ("httpsig-ecdsa-p256-sha256", "http-signature", "http-signature"),
    ("httpsig-ecdsa-p384-sha384", "http-signature", "http-signature"),
    ("httpsig-ed25519", "http-signature", "http-signature"),
    ("bearer", "bearer", "bearer"),
    ("oauth2", "oauth2", "bearer"),
    ("oauth2-jwt", "oauth2-jwt", "bearer"),
    ("jwt-hs256", "jwt/hs256", "bearer"),
    ("jwt-rs256", "jwt/rs256", "bearer"),
    ("jwt-es256", "jwt/es256", "bearer"),
    ("jwt-eddsa", "jwt/eddsa", "bearer"),
    ("jwt-ml-dsa-44", "jwt/ml-dsa-44", "bearer"),
    ("jwt-ml-dsa-65", "jwt/ml-dsa-65", "bearer"),
    ("jwt-ml-dsa-87", "jwt/ml-dsa-87", "bearer"),
    ("dpop-es256", "dpop", "oauth2-client-credentials-dpop"),
    ("dpop-eddsa", "dpop", "oauth2-client-credentials-dpop"),
    ("mtls", "mtls", "mtls"),
];

/// A row of the study: a verifier of the reference, and how a client speaks to it.
struct Row {
    name: &'static str,
    prefix: &'static str,
    scheme: &'static dyn Scheme,
    proof: Proof,
    /// What the server asked for, where the scheme answers challenges.
    turn: Turn,
}

/// One of [`ROWS`] for a server at an address; `issued` obtains its token where somebody issues one, bound to a key where
/// there is one.
fn row(
    (name, prefix, scheme): (&'static str, &'static str, &str),
    origin: &str,
    issued: impl FnOnce(Option<&ProofKey>) -> String,
) -> Row {
    let service = &seed::IDENTITIES[0];
    let bound = |alg, issued: &mut dyn FnMut(Option<&ProofKey>) -> String| {
        let key = Arc::new(ProofKey::generated(alg, origin, Arc::default()));
        Proof::Bound(BoundToken { token: Secret::new(issued(Some(&key))), key })
    };
    let mut issued = Some(issued);
    let mut issued = |key: Option<&ProofKey>| issued.take().map(|issued| issued(key)).unwrap_or_default();
    let proof = match name {
        "dpop-es256" => bound(Alg::ES256, &mut issued),
        "dpop-eddsa" => bound(Alg::EdDSA, &mut issued),
        // nothing is added to a request whose connection says who sends it
        "none" | "mtls" => Proof::Key(Secret::new("")),
        "api-key" => Proof::Key(Secret::new(service.api_key)),
        "basic" | "basic-cached" | "digest" => {
            Proof::Password { user: service.name.to_owned(), password: Secret::new(service.password) }
        }
        "hmac" | "sigv4" => Proof::Signing(Arc::new(SigningCredential {
            region: seed::SIGV4_REGION.to_owned(),
            service: seed::SIGV4_SERVICE.to_owned(),
            ..SigningCredential::new(service.name, Secret::new(service.client_secret))
        })),
        name if scheme == "http-signature" => Proof::Message(Arc::new(message_key(&name["httpsig-".len()..]))),
        "bearer" => Proof::Token(Secret::new(service.token)),
        _ => Proof::Token(Secret::new(issued(None))),
    };
    Row { name, prefix, scheme: scheme::find(scheme).expect("the scheme is registered"), proof, turn: Turn::of(None) }
}

/// The key of `service` for an algorithm of RFC 9421.
fn message_key(name: &str) -> MessageKey {
    let alg = httpsig::algorithm_named(name).expect("it is registered");
    let ring = keys::ring(if alg == Alg::PS512 { "RS256" } else { alg.name() }).expect("the reference has keys for it");
    let key_id = format!("service-{name}");
    let key = SigningKey::read(ring.first.key, Some(key_id.clone()), Some(alg)).expect("a key");
    let components = httpsig::COMPONENTS.iter().map(|name| httpsig::Component::named(name)).collect();
    MessageKey { key: Arc::new(key), key_id, components, tag: None, window: WINDOW, over_tls: false }
}

impl Row {
    /// The row with the challenge of a server.
    fn asked(self, line: Option<&str>) -> Self {
        let challenges = parse_challenges(line).expect("the challenge parses");
        Self { turn: Turn::of(self.scheme.challenge(&challenges)), ..self }
    }

    /// The row with the challenge of a verifier.
    fn asked_by(self, verifier: &Verifier) -> Self {
        let anonymous = parts(&bare(&self, "localhost"));
        let line = verifier.challenge(&anonymous);
        self.asked(line.as_deref())
    }
}

fn verifier(prefix: &str) -> Verifier {
    Verifier::of(prefix).expect("the reference has it")
}

/// A token that the verifier accepts, bound to a key where there is one.
fn token(verifier: &Verifier, key: Option<&ProofKey>) -> String {
    let issued = key.map_or_else(|| verifier.token(), |key| verifier.bound_token(&key.thumbprint()));
    issued.expect("the client is registered")
}

/// The request as it goes over the wire.
fn request(row: &Row, host: &str) -> Request {
    let mut request = bare(row, host);
    let carried = match row.scheme.reuse() {
        Reuse::WhileHeld => row.scheme.carry(&row.scheme.carrier(), &row.proof),
        Reuse::Once => {
            let (count, random) = row.turn.next();
            let challenge = row.turn.challenge.as_ref();
            let occasion = Occasion { request: &request, challenge, count, random: &random };
            row.scheme.prove(&row.scheme.carrier(), &row.proof, &occasion).expect("a challenge was there")
        }
    };
    for carried in carried {
        carried.apply(&mut request);
    }
    request
}

/// The same without a credential.
fn bare(row: &Row, host: &str) -> Request {
    Request::new("GET", &format!("/{}/orders", row.prefix)).header("Host", host)
}

/// Hashing a password takes milliseconds: fewer samples of it say as much.
fn sized(group: &mut BenchmarkGroup<'_, WallTime>, slow: bool) {
    group.sample_size(if slow { 10 } else { 50 });
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_millis(if slow { 1500 } else { 1000 }));
}

fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    for entry in ROWS {
        let verifier = verifier(entry.1);
        let row = row(entry, "http://localhost", |key| token(&verifier, key)).asked_by(&verifier);
        let presented = (row.name == "mtls").then(certificate);
        let made = || {
            let parts = parts(&request(&row, "localhost"));
            match &presented {
                Some(certificate) => Verifier::presenting(parts, certificate),
                None => parts,
            }
        };
        let parts = made();
        assert!(verifier.verify(&parts).is_some(), "{} refuses the good credential", row.name);
        sized(&mut group, row.name == "basic");
        group.bench_function(row.name, |bencher| match row.scheme.reuse() {
            Reuse::WhileHeld => bencher.iter(|| verifier.verify(black_box(&parts))),
            // what was verified once is refused the second time
            Reuse::Once => bencher.iter_batched(made, |parts| verifier.verify(&parts), BatchSize::SmallInput),
        });
    }
    group.finish();
}

/// The certificate of the first client, in DER.
fn certificate() -> Vec<u8> {
    let service = &seed::IDENTITIES[0];
    let key = service.client_key.expect("has one").key;
    let name = format!("{}{}", service.name, seed::CLIENT_DOMAIN);
    let chain = client_certificate(seed::CLIENT_CA, service.name, &name, key).expect("is made");
    CertificateDer::from_pem_slice(chain.as_bytes()).expect("is a certificate").to_vec()
}

/// The same request as a server sees it.
fn parts(request: &Request) -> axum::http::request::Parts {
    let mut builder = axum::http::Request::builder().uri(String::from_utf8_lossy(&request.target).as_ref());
    for header in &request.headers {
        builder = builder.header(&header.name, &header.value[..]);
    }
    builder.body(()).expect("a lawful request").into_parts().0
}

fn prepare(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("prepare");
    for entry in ROWS {
        let verifier = verifier(entry.1);
        let row = row(entry, "http://localhost", |key| token(&verifier, key)).asked_by(&verifier);
        sized(&mut group, false);
        group.bench_function(row.name, |bencher| bencher.iter(|| request(black_box(&row), "localhost").to_bytes()));
    }
    group.finish();
}

/// What a client takes that signs its tokens itself; one token serves many requests.
fn mint(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("mint");
    for alg in [Alg::HS256, Alg::RS256, Alg::ES256, Alg::EdDSA, Alg::MlDsa44, Alg::MlDsa65, Alg::MlDsa87] {
        let ring = keys::ring(alg.name()).expect("the reference has keys for it");
        let key = SigningKey::read(ring.first.key, Some(ring.first.kid.to_owned()), Some(alg)).expect("a key");
        let kit = jwt::Kit {
            issuer_key: Some(Arc::new(key)),
            issuer: Some(keys::ISSUER.to_owned()),
            audience: Some(keys::AUDIENCE.to_owned()),
            typ: Some("at+jwt".to_owned()),
            ..jwt::Kit::default()
        };
        let claims: Vec<_> = ["sub", "client_id", "scope", "tenant"].map(|name| (name.to_owned(), name.into())).into();
        sized(&mut group, false);
        group.bench_function(format!("jwt-{}", alg.name().to_lowercase()), |bencher| {
            bencher.iter(|| jwt::mint(&kit, black_box(&claims), 3600, "0123456789abcdefghijkl").expect("signs"));
        });
    }
    group.finish();
}

fn round_trip(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("round-trip");
    let server = runtime();
    let running = server.block_on(reference::start(reference::Config::default())).expect("the reference starts");
    let url: url::Url = running.url().parse().expect("an address");
    let destination = Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default())
        .expect("loopback in clear text");
    let host = running.addr().to_string();
    // certificates belong to TLS, which has a bench of its own
    for entry in ROWS.into_iter().filter(|entry| entry.0 != "mtls") {
        // tokens under one of the seed's keys open any reference, those of its own authorization server that one alone
        let row = row(entry, &running.url(), |key| match entry.1.starts_with("jwt/") {
            true => token(&verifier(entry.1), None),
            false => obtain(&destination, entry.1, key),
        });
        let mut socket = Socket::open(&destination, Limits::default()).expect("connects");
        socket.exchange(&bare(&row, &host).to_bytes()).expect("answers");
        let asked = socket.response().and_then(|response| response.header("www-authenticate").map(String::from));
        let row = row.asked(asked.as_deref());
        let bytes = request(&row, &host).to_bytes();
        sized(&mut group, row.name == "basic");
        group.bench_function(row.name, |bencher| {
            match row.scheme.reuse() {
                Reuse::WhileHeld => bencher.iter(|| socket.exchange(&bytes).expect("answers")),
                // each request is made for itself: what that takes is part of the round trip
                Reuse::Once => bencher.iter(|| socket.exchange(&request(&row, &host).to_bytes()).expect("answers")),
            }
            assert_eq!(socket.response().map(|response| response.status), Some(200), "{}", row.name);
        });
    }
    group.finish();
    server.block_on(running.stop());
}

/// A token of the authorization server (RFC 6749 §4.4), bound to a key where there is one: then a first request learns the
/// nonce of the server (RFC 9449 §8).
fn obtain(destination: &Destination, prefix: &str, key: Option<&ProofKey>) -> String {
    let service = &seed::IDENTITIES[0];
    // bound tokens come from the server of opaque ones
    let prefix = if key.is_some() { "oauth2" } else { prefix };
    let address = format!("http://localhost/{prefix}/token");
    let proof = |nonce: Option<&str>| {
        key.map(|key| format!("DPoP: {}\r\n", key.endpoint_proof(&address, nonce))).unwrap_or_default()
    };
    let body =
        format!("grant_type=client_credentials&client_id={}&client_secret={}", service.name, service.client_secret);
    let request = |nonce: Option<&str>| {
        format!(
            "POST /{prefix}/token HTTP/1.1\r\nHost: localhost\r\n{}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{body}",
            proof(nonce),
            body.len()
        )
    };
    let mut socket = Socket::open(destination, Limits::default()).expect("connects");
    socket.exchange(request(None).as_bytes()).expect("answers");
    let mut response = socket.response().expect("a whole answer");
    if let Some(nonce) = response.header("dpop-nonce").map(String::from) {
        socket.exchange(request(Some(&nonce)).as_bytes()).expect("answers");
        response = socket.response().expect("a whole answer");
    }
    let answer: serde_json::Value = serde_json::from_slice(&response.body).expect("JSON");
    answer["access_token"].as_str().unwrap_or_else(|| panic!("no token: {answer}")).to_owned()
}

/// The server has a thread of its own.
fn runtime() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    built.expect("a runtime")
}

criterion_group!(benches, verify, prepare, mint, round_trip);
criterion_main!(benches);
