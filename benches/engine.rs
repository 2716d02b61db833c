//! What a request costs the client's processor: the load engine, the wire that probes use, hyper and reqwest.
//!
//! Each keeps the same number of connections busy on one thread, in turns with the others; the server is a process of its
//! own. Figures are processor time of the client a request, connecting included. The load engine judges each answer by its
//! fingerprint and keeps three histograms, the others read it and look at its status.
//!
//! `cargo bench --bench engine -- [rounds]`; 15 if not named.

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use authbench::drive::load::{Http, Lane, LaneRequest, Phase, SuccessMarks, run};
use authbench::drive::stop::Stop;
use authbench::drive::wire::{Connection, Destination, Limits};
use authbench::observe::{Fingerprint, Request};
use authbench::stats::median;
use http_body_util::BodyExt as _;
use rustix::time::{ClockId, clock_gettime};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;

/// The argument that makes this program the server.
const SERVE: &str = "--serve";
const CONNECTIONS: usize = 16;
/// How long each keeps them busy at a time.
const LENGTH: Duration = Duration::from_millis(300);
const KEY: &str = "key-0042-0123456789abcdef";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 26\r\n\r\n{\"ok\":true,\"n\":1234567890}";

/// A client, by the answers that it gets until the time is over.
type Client = fn(SocketAddr) -> u64;

const CLIENTS: [(&str, Client); 4] =
    [("load engine", load_engine), ("wire of probes", wire), ("hyper", hyper_client), ("reqwest", reqwest_client)];

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        return serve();
    }
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(15);
    let (mut server, address) = server();
    let mut costs = [const { Vec::new() }; CLIENTS.len()];
    for _ in 0..rounds {
        for ((_, client), costs) in CLIENTS.iter().zip(&mut costs) {
            let before = processor_time();
            let answers = client(address);
            costs.push((processor_time() - before).as_secs_f64() * 1e6 / answers as f64);
        }
    }
    server.kill().expect("the server ends");
    report(&costs);
}

/// Of this process: threads that have ended are counted.
fn processor_time() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().expect("it never runs backwards")
}

fn server() -> (Child, SocketAddr) {
    let this = std::env::current_exe().expect("this program");
    let mut child = Command::new(this).arg(SERVE).stdout(Stdio::piped()).spawn().expect("the server starts");
    let mut line = String::new();
    let stdout = child.stdout.take().expect("it has an output");
    BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
    (child, line.trim().parse().expect("an address"))
}

/// Answers whatever comes at once.
fn serve() {
    runtime().block_on(async {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
        say_where(listener.local_addr().expect("has an address"));
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let mut read = [0; 4096];
                while matches!(stream.read(&mut read).await, Ok(1..)) && stream.write_all(ANSWER).await.is_ok() {}
            });
        }
    });
}

fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Keeps all connections busy on this thread; `connection` is what one of them does, and says how many answers it got.
fn together<F: Future<Output = u64> + Send + 'static>(connection: impl Fn(Instant) -> F) -> u64 {
    let end = Instant::now() + LENGTH;
    runtime().block_on(async {
        let mut connections: JoinSet<u64> = (0..CONNECTIONS).map(|_| connection(end)).collect();
        let mut answers = 0;
        while let Some(more) = connections.join_next().await {
            answers += more.expect("it answers");
        }
        answers
    })
}

fn load_engine(address: SocketAddr) -> u64 {
    let members = ["ok".to_owned()].into();
    let fingerprint = Fingerprint { status: 200, content_type: None, pointer: None, text: None, members };
    let lane = Lane {
        name: "valid".to_owned(),
        share: 1.0,
        expects_grant: true,
        requests: vec![LaneRequest::new(Request::new("GET", "/").header("Host", "h").header("X-API-Key", KEY))],
        marks: SuccessMarks::of(&fingerprint),
    };
    let phase = Phase {
        name: "bench".to_owned(),
        arrivals: None,
        http: Http::One,
        connections: CONNECTIONS,
        threads: 1,
        spins: false,
        warmup: Duration::ZERO,
        duration: LENGTH,
        may_have_body: true,
        may_repeat: true,
        lateness_bound: Duration::MAX,
        seed: 1,
        shard: Default::default(),
        gate: Default::default(),
        server: None,
    };
    run(&phase, &[lane], &destination(address), Limits::default(), &Stop::default(), &mut |_| {}).requests
}

fn destination(address: SocketAddr) -> Destination {
    Destination::of(
        &format!("http://{address}").parse().expect("a URL"),
        None,
        &authbench::target::hosts::AllowedHosts::default(),
    )
    .expect("a destination")
}

fn wire(address: SocketAddr) -> u64 {
    let destination = destination(address);
    together(|end| {
        let destination = destination.clone();
        async move {
            let request = Request::new("GET", "/").header("Host", "h").header("X-API-Key", KEY);
            let mut connection = Connection::open(&destination, Limits::default()).await.expect("connects");
            let mut answers = 0;
            while Instant::now() < end {
                let answer = connection.exchange(&request).await.answer.expect("an answer");
                assert_eq!(answer.status, 200);
                answers += 1;
            }
            answers
        }
    })
}

fn hyper_client(address: SocketAddr) -> u64 {
    together(|end| async move {
        let tcp = TcpStream::connect(address).await.expect("connects");
        tcp.set_nodelay(true).expect("sets");
        let shaken = hyper::client::conn::http1::handshake(hyper_util::rt::TokioIo::new(tcp)).await;
        let (mut sender, connection) = shaken.expect("shakes hands");
        tokio::spawn(connection);
        let mut answers = 0;
        while Instant::now() < end {
            let request = hyper::Request::get("/").header("host", "h").header("x-api-key", KEY);
            sender.ready().await.expect("is ready");
            let request = request.body(String::new()).expect("a request");
            let answer = sender.send_request(request).await.expect("an answer");
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.expect("a body");
            answers += 1;
        }
        answers
    })
}

fn reqwest_client(address: SocketAddr) -> u64 {
    let client = reqwest::Client::builder().no_proxy().tcp_nodelay(true).build().expect("a client");
    together(|end| {
        let (client, url) = (client.clone(), format!("http://{address}/"));
        async move {
            let mut answers = 0;
            while Instant::now() < end {
                let answer = client.get(&url).header("x-api-key", KEY).send().await.expect("an answer");
                assert_eq!(answer.status(), 200);
                answer.bytes().await.expect("a body");
                answers += 1;
            }
            answers
        }
    })
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn say_where(address: SocketAddr) {
    println!("{address}");
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn report(costs: &[Vec<f64>; CLIENTS.len()]) {
    println!("{} rounds, {CONNECTIONS} connections, processor time of the client a request", costs[0].len());
    println!("{:16}{:>12}{:>28}", "client", "us (median)", "load engine relative to it");
    for ((name, _), other) in CLIENTS.iter().zip(costs) {
        let mut ratios: Vec<f64> = costs[0].iter().zip(other).map(|(ours, other)| ours / other).collect();
        ratios.sort_by(f64::total_cmp);
        let middle = |values: &[f64]| median(values).unwrap_or_default();
        let range = format!("{:.2} [{:.2}..{:.2}]", middle(&ratios), ratios[0], ratios[ratios.len() - 1]);
        println!("{name:16}{:12.2}{range:>28}", middle(other));
    }
}
