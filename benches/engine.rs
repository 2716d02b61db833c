//! What one request over loopback costs: the measured path, the wire that probes use, hyper and reqwest.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::time::{Duration, Instant};

use authbench::drive::load::{Http, Lane, LaneRequest, Marks, Phase, run};
use authbench::drive::stop::Stop;
use authbench::drive::wire::{Connection, Destination, Limits};
use authbench::observe::{Fingerprint, Request};
use criterion::Criterion;
use http_body_util::BodyExt as _;

const KEY: &str = "key-0042-0123456789abcdef";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{\"ok\":true,\"n\":1234567890}";
/// One run of the load engine.
const RUN: Duration = Duration::from_millis(200);

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    round_trips(&mut criterion);
    criterion.final_summary();
}

/// A server that answers every request at once, one thread a connection.
fn server() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has an address");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let _ = stream.set_nodelay(true);
            std::thread::spawn(move || {
                let mut read = [0; 4096];
                while matches!(stream.read(&mut read), Ok(1..)) && stream.write_all(ANSWER).is_ok() {}
            });
        }
    });
    address
}

fn round_trips(criterion: &mut Criterion) {
    let address = server();
    let destination =
        Destination::of(&format!("http://{address}").parse().expect("a URL"), None).expect("a destination");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut group = criterion.benchmark_group("round trip, one connection");
    group.bench_function("load engine", |bencher| bencher.iter_custom(|count| engine(&destination, count)));
    let limits = Limits::default();
    let mut wire = runtime.block_on(Connection::open(&destination, limits)).expect("connects");
    let request = Request::new("GET", "/").header("Host", "h").header("X-API-Key", KEY);
    group.bench_function("wire of probes", |bencher| {
        bencher.iter(|| runtime.block_on(wire.exchange(&request)).answer.expect("an answer").body.len());
    });
    let (mut sender, connection) = runtime.block_on(async {
        let tcp = tokio::net::TcpStream::connect(address).await.expect("connects");
        tcp.set_nodelay(true).expect("sets");
        hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(tcp)).await.expect("shakes hands")
    });
    runtime.spawn(connection);
    group.bench_function("hyper", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let request = hyper::Request::get("/").header("host", "h").header("x-api-key", KEY);
                sender.ready().await.expect("is ready");
                let answer =
                    sender.send_request(request.body(String::new()).expect("a request")).await.expect("an answer");
                answer.into_body().collect().await.expect("a body").to_bytes().len()
            })
        });
    });
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().expect("a client");
    let url = format!("http://{address}/");
    group.bench_function("reqwest", |bencher| {
        bencher.iter(|| {
            runtime.block_on(async {
                let request = client.get(&url).header("x-api-key", KEY);
                request.send().await.expect("an answer").bytes().await.expect("a body").len()
            })
        });
    });
    group.finish();
}

/// What some requests take, by the share of a closed phase that they are.
fn engine(destination: &Destination, count: u64) -> Duration {
    let members = ["ok".to_owned()].into();
    let fingerprint = Fingerprint { status: 200, content_type: None, pointer: None, text: None, members };
    let lane = Lane {
        name: "valid".to_owned(),
        share: 1.0,
        expects_accepted: true,
        requests: vec![LaneRequest::new(Request::new("GET", "/").header("Host", "h").header("X-API-Key", KEY))],
        marks: Marks::of(&fingerprint),
    };
    let phase = Phase {
        name: "bench".to_owned(),
        arrivals: None,
        http: Http::One,
        connections: 1,
        threads: 1,
        spins: false,
        warmup: Duration::ZERO,
        duration: RUN,
        may_have_body: true,
        may_repeat: true,
        lateness_bound: Duration::MAX,
        seed: 1,
    };
    let began = Instant::now();
    let figures = run(&phase, &[lane], destination, Limits::default(), &Stop::default(), &mut |_| {});
    assert!(figures.requests > 0, "no answer within {:?}", began.elapsed());
    Duration::from_secs_f64(figures.duration_s / figures.requests as f64 * count as f64)
}
