//! What a handshake of TLS 1.3 costs the client and the server, apart: a full one with the key exchange x25519 and with
//! X25519MLKEM768, one that resumes a session, and one in which the client proves by a certificate who it is, which is never
//! resumed. The bytes that each side sends are printed before the times. Both sides run in this process, without a network; the
//! messages of one are handed to the other. A connection that stays open pays this once: requests over it are the rows of the
//! bench `schemes`.
//!
//! `cargo bench --bench handshakes`, or a part of it: `cargo bench --bench handshakes -- mtls`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use authbench::observe::ConnectionOf;
use authbench::reference;
use authbench::scheme::mtls::client_certificate;
use authbench::seed;
use authbench::target::key_exchange::KeyExchange;
use authbench::target::tls_identity::ClientCertificate;
use authbench::target::trust::Trust;
use criterion::{Criterion, criterion_group, criterion_main};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, HandshakeKind, ServerConfig, ServerConnection};

/// Kinds of handshakes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Full(KeyExchange),
    Resumed,
    WithCertificate,
}

const KINDS: [(&str, Kind); 4] = [
    ("tls-full", Kind::Full(KeyExchange::X25519)),
    ("tls-full-x25519mlkem768", Kind::Full(KeyExchange::X25519MlKem768)),
    ("tls-resumed", Kind::Resumed),
    ("mtls-full", Kind::WithCertificate),
];

/// Who of the two is timed.
#[derive(Clone, Copy)]
enum Side {
    Client,
    Server,
}

/// Time that each side took, and bytes that it sent.
#[derive(Default)]
struct Took {
    client: Duration,
    server: Duration,
    client_bytes: usize,
    server_bytes: usize,
}

/// Plays a handshake to its end, with the tickets that follow it.
fn shake(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (Took, ClientConnection) {
    let mut took = Took::default();
    let mut began = Instant::now();
    let name = ServerName::try_from("localhost").expect("is a name");
    let mut client = ClientConnection::new(client.clone(), name).expect("is configured");
    took.client += began.elapsed();
    began = Instant::now();
    let mut server = ServerConnection::new(server.clone()).expect("is configured");
    took.server += began.elapsed();
    loop {
        began = Instant::now();
        let mut sent = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut sent).expect("writes to memory");
        }
        took.client += began.elapsed();
        began = Instant::now();
        let mut rest = &sent[..];
        while !rest.is_empty() {
            server.read_tls(&mut rest).expect("reads from memory");
            server.process_new_packets().expect("the server accepts");
        }
        let mut answered = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut answered).expect("writes to memory");
        }
        took.server += began.elapsed();
        took.client_bytes += sent.len();
        took.server_bytes += answered.len();
        if sent.is_empty() && answered.is_empty() {
            break;
        }
        began = Instant::now();
        let mut rest = &answered[..];
        while !rest.is_empty() {
            client.read_tls(&mut rest).expect("reads from memory");
            client.process_new_packets().expect("the client accepts");
        }
        took.client += began.elapsed();
    }
    assert!(!client.is_handshaking() && !server.is_handshaking());
    (took, client)
}

/// The TLS of a client that trusts the reference: with sessions of its own, one key exchange, and a certificate if so.
fn client(ca: &str, key_exchange: KeyExchange, presents: bool) -> Arc<ClientConfig> {
    let service = &seed::IDENTITIES[0];
    let key = service.client_key.expect("has one").key;
    let name = format!("{}{}", service.name, seed::CLIENT_DOMAIN);
    let chain = client_certificate(seed::CLIENT_CA, service.name, &name, key).expect("is made");
    let own = ClientCertificate::read(chain.as_bytes(), key.as_bytes()).expect("is a certificate");
    let named = BTreeMap::from([(service.name.to_owned(), own)]);
    let trust = Trust::offering(&[key_exchange], Some(ca.as_bytes()), None, &named).expect("is trust");
    let connection = ConnectionOf(presents.then(|| service.name.into()));
    trust.for_connection(&connection).expect("is there").config
}

#[expect(clippy::print_stdout, reason = "criterion prints times alone")]
fn handshakes(criterion: &mut Criterion) {
    let (server, ca) = reference::server_tls().expect("the reference has a certificate");
    let mut group = criterion.benchmark_group("handshake");
    group.sample_size(30).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    for (name, kind) in KINDS {
        for (of, side) in [("client", Side::Client), ("server", Side::Server)] {
            // one client keeps its sessions; who is to make a full handshake has none
            let keeps = client(&ca, KeyExchange::X25519, false);
            let _ = shake(&keeps, &server);
            let config = || match kind {
                Kind::Full(key_exchange) => client(&ca, key_exchange, false),
                Kind::Resumed => keeps.clone(),
                Kind::WithCertificate => client(&ca, KeyExchange::X25519, true),
            };
            let (sent, agreed) = shake(&config(), &server);
            if let Kind::Full(key_exchange) = kind {
                let group = agreed.negotiated_key_exchange_group().map(|group| group.name());
                assert_eq!(group.and_then(KeyExchange::of_group), Some(key_exchange), "{name}");
            }
            match side {
                Side::Client => println!("{name}: the client sends {} bytes", sent.client_bytes),
                Side::Server => println!("{name}: the server sends {} bytes", sent.server_bytes),
            }
            group.bench_function(format!("{name}/{of}"), |bencher| {
                bencher.iter_custom(|count| {
                    let mut total = Duration::ZERO;
                    for _ in 0..count {
                        let config = config();
                        let (took, shaken) = shake(&config, &server);
                        let expected = if kind == Kind::Resumed { HandshakeKind::Resumed } else { HandshakeKind::Full };
                        assert_eq!(shaken.handshake_kind(), Some(expected), "{name}");
                        total += match side {
                            Side::Client => took.client,
                            Side::Server => took.server,
                        };
                    }
                    total
                });
            });
        }
    }
    group.finish();
}

criterion_group!(benches, handshakes);
criterion_main!(benches);
