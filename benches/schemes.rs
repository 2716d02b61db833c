//! What each scheme costs: to verify, to prepare a request, and for a whole round trip over loopback.
//!
//! `cargo bench --bench schemes`, or a part of it: `cargo bench --bench schemes -- verify/`.

use std::hint::black_box;
use std::time::Duration;

use authbench::drive::paired::Socket;
use authbench::drive::wire::{Destination, Limits};
use authbench::observe::Request;
use authbench::reference::{self, Verifier};
use authbench::scheme::{self, Proof, Scheme};
use authbench::secret::Secret;
use authbench::seed;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main};

/// A row of the study: a verifier of the reference, and how a client speaks to it.
struct Row {
    prefix: &'static str,
    scheme: &'static dyn Scheme,
    proof: Proof,
}

fn rows() -> Vec<Row> {
    let service = &seed::IDENTITIES[0];
    let password = || Proof::Password { user: service.name.to_owned(), password: Secret::new(service.password) };
    let given = Proof::Token(Secret::new(service.token));
    let proofs = [
        ("none", "none", Proof::Key(Secret::new(""))),
        ("api-key", "api-key", Proof::Key(Secret::new(service.api_key))),
        ("basic", "basic", password()),
        ("basic-cached", "basic", password()),
        ("bearer", "bearer", given),
    ];
    let rows = proofs.into_iter().map(|(prefix, scheme, proof)| Row {
        prefix,
        scheme: scheme::find(scheme).expect("the scheme is registered"),
        proof,
    });
    rows.collect()
}

/// The request as it goes over the wire.
fn request(row: &Row, host: &str) -> Request {
    let mut request = Request::new("GET", &format!("/{}/orders", row.prefix)).header("Host", host);
    for carried in row.scheme.carry(&row.scheme.carrier(), &row.proof) {
        carried.apply(&mut request);
    }
    request
}

/// Hashing a password takes milliseconds: fewer samples of it say as much.
fn sized(group: &mut BenchmarkGroup<'_, WallTime>, prefix: &str) {
    let slow = prefix == "basic";
    group.sample_size(if slow { 10 } else { 50 });
    group.warm_up_time(Duration::from_millis(300));
    group.measurement_time(Duration::from_millis(if slow { 1500 } else { 1000 }));
}

fn verify(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("verify");
    let given = rows().into_iter().map(|row| {
        let verifier = Verifier::of(row.prefix).expect("the reference has it");
        (row, verifier)
    });
    let issued = ["oauth2", "jwt/hs256", "jwt/rs256", "jwt/es256", "jwt/eddsa"].map(|prefix| {
        let verifier = Verifier::of(prefix).expect("the reference has it");
        let token = verifier.token().expect("the client is registered");
        let scheme = scheme::find("bearer").expect("the scheme is registered");
        (Row { prefix, scheme, proof: Proof::Token(Secret::new(token)) }, verifier)
    });
    for (row, verifier) in given.chain(issued) {
        let parts = parts(&request(&row, "localhost"));
        assert!(verifier.verify(&parts).is_some(), "{} refuses the good credential", row.prefix);
        sized(&mut group, row.prefix);
        group.bench_function(row.prefix.replace('/', "-"), |bencher| {
            bencher.iter(|| verifier.verify(black_box(&parts)))
        });
    }
    group.finish();
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
    for row in rows() {
        sized(&mut group, "");
        group.bench_function(row.prefix, |bencher| bencher.iter(|| request(black_box(&row), "localhost").to_bytes()));
    }
    group.finish();
}

fn round_trip(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("round-trip");
    let server = runtime();
    let running = server.block_on(reference::start(reference::Config::default())).expect("the reference starts");
    let url: url::Url = running.url().parse().expect("an address");
    let destination = Destination::of(&url, None).expect("loopback in clear text");
    for row in rows() {
        let bytes = request(&row, &running.addr().to_string()).to_bytes();
        let mut socket = Socket::open(&destination, Limits::default()).expect("connects");
        sized(&mut group, row.prefix);
        group.bench_function(row.prefix, |bencher| {
            bencher.iter(|| socket.exchange(&bytes).expect("answers"));
            assert_eq!(socket.response().map(|response| response.status), Some(200));
        });
    }
    group.finish();
    server.block_on(running.stop());
}

/// The server has a thread of its own.
fn runtime() -> tokio::runtime::Runtime {
    let built = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    built.expect("a runtime")
}

criterion_group!(benches, verify, prepare, round_trip);
criterion_main!(benches);
