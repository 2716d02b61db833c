//! What the reference costs its processor without authentication, beside bare hyper that answers the same bytes.
//!
//! Both run as processes of their own and are kept busy in turns; figures are processor time of the server a request.
//! `cargo bench --bench reference_cost -- [rounds]`; 15 if not named.

use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use authbench::drive::paired::{Contender, ProcessCpu, saturate};
use authbench::drive::wire::{Destination, Limits};
use authbench::observe::{Fingerprint, Request};
use authbench::scheme;
use authbench::stats::median;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

/// How this program is told to be bare hyper.
const SERVE: &str = "--serve-bare-hyper";
/// How long a server is kept busy at a time.
const LENGTH: Duration = Duration::from_millis(300);

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        return bare_hyper();
    }
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(15);
    let this = std::env::current_exe().expect("this program");
    let reference = ["serve", "--port", "0", "--format", "json", "--until-stdin-closes"];
    let mut servers = [
        Server::start(Command::new(this).arg(SERVE)),
        Server::start(Command::new(env!("CARGO_BIN_EXE_authbench")).args(reference)),
    ];
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (server, costs) in servers.iter().zip(&mut costs) {
            costs.push(server.micros_a_request());
        }
    }
    servers.iter_mut().for_each(|server| server.child.kill().expect("the server ends"));
    report(&costs);
}

/// A server with a process of its own.
struct Server {
    child: Child,
    cpu: ProcessCpu,
    destination: Destination,
    request: Contender,
}

impl Server {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it has an output");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let described: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let url: url::Url = described["url"].as_str().and_then(|url| url.parse().ok()).expect("an address");
        let destination = Destination::of(&url, None).expect("loopback in clear text");
        let none = scheme::find("none").expect("the scheme is registered");
        let request = Contender {
            name: "none".to_owned(),
            bare: Request::new("GET", "/none/orders").header("Host", format!("127.0.0.1:{}", destination.port)),
            scheme: none,
            carrier: none.carrier(),
            proof: None,
            fingerprint: Fingerprint {
                status: 200,
                content_type: Some("application/json".to_owned()),
                pointer: Some("/orders".to_owned()),
                members: Default::default(),
                text: None,
            },
        };
        let cpu = ProcessCpu::of(child.id()).expect("its processor time can be read");
        Self { child, cpu, destination, request }
    }

    fn micros_a_request(&self) -> f64 {
        let measured = saturate(&self.request, &self.destination, Limits::default(), &self.cpu, LENGTH);
        let (answers, seconds) = measured.expect("it answers").expect("its processor time can be read");
        seconds * 1e6 / answers as f64
    }
}

/// The bytes that the reference answers, from hyper and nothing else.
fn bare_hyper() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        say_where(listener.local_addr().expect("an address").port());
        loop {
            let Ok((stream, _)) = listener.accept().await else { continue };
            let _ = stream.set_nodelay(true);
            tokio::spawn(async move {
                let service = service_fn(async |_| Ok::<_, Infallible>(answer()));
                let _ =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
            });
        }
    });
}

fn answer() -> hyper::Response<Full<Bytes>> {
    const BODY: &[u8] = br#"{"count":3,"orders":[{"id":1,"item":"lamp"},{"id":2,"item":"chair"}]}"#;
    hyper::Response::builder()
        .header("content-type", "application/json")
        .header("server-timing", "auth;dur=0.000120")
        .body(Full::new(Bytes::from_static(BODY)))
        .expect("a lawful answer")
}

#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn say_where(port: u16) {
    println!("{}", serde_json::json!({ "url": format!("http://127.0.0.1:{port}") }));
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn report(costs: &[Vec<f64>; 2]) {
    let middle = |values: &[f64]| median(values).unwrap_or_default();
    let ratios: Vec<f64> = costs[0].iter().zip(&costs[1]).map(|(bare, reference)| reference / bare).collect();
    let (least, most) = ratios.iter().fold((f64::MAX, 0.0_f64), |(least, most), r| (least.min(*r), most.max(*r)));
    println!("{} rounds, processor time of the server a request, us (median)", ratios.len());
    println!("  bare hyper  {:.2}", middle(&costs[0]));
    println!("  reference   {:.2}", middle(&costs[1]));
    println!("  ratio       {:.3} [{least:.3}..{most:.3}] (median of the rounds)", middle(&ratios));
}
