//! What the reference costs its processor without authentication, beside bare hyper that answers the same bytes.
//!
//! Both run as processes of their own and are kept busy in turns; figures are processor time of the server a request.
//! `cargo bench --bench reference_cost -- [rounds]`; 15 if not named.

mod served;

use std::convert::Infallible;
use std::process::Command;
use std::time::Duration;

use authbench::drive::paired::{Contender, saturate};
use authbench::drive::process::ProcessCpu;
use authbench::drive::wire::Limits;
use authbench::stats::median;
use http_body_util::Full;
use hyper::body::Bytes;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;

use served::Served;

/// The argument that makes this program the bare hyper server.
const SERVE: &str = "--serve-bare-hyper";
/// How long a server is kept busy at a time.
const LENGTH: Duration = Duration::from_millis(300);

fn main() {
    if std::env::args().any(|argument| argument == SERVE) {
        return bare_hyper();
    }
    let rounds = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(15);
    let this = std::env::current_exe().expect("this program");
    let mut servers = [Server::of(Served::start(Command::new(this).arg(SERVE))), Server::of(Served::reference())];
    let mut costs = [Vec::new(), Vec::new()];
    for _ in 0..rounds {
        for (server, costs) in servers.iter().zip(&mut costs) {
            costs.push(server.micros_a_request());
        }
    }
    servers.iter_mut().for_each(|server| server.served.child.kill().expect("the server ends"));
    report(&costs);
}

/// A server whose processor time is read.
struct Server {
    served: Served,
    cpu: ProcessCpu,
    request: Contender,
}

impl Server {
    fn of(served: Served) -> Self {
        let cpu = ProcessCpu::of(served.child.id()).expect("its processor time can be read");
        Self { request: served.orders("none".to_owned()), cpu, served }
    }

    fn micros_a_request(&self) -> f64 {
        let measured = saturate(&self.request, &self.served.destination, Limits::default(), &self.cpu, LENGTH);
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
    const BODY: &[u8] = br#"{"count":3,"owner":"shop","verified":false,"orders":[{"id":"eYRioWLDbWx6","item":"v9r_mYnwj1HB","note":"33pSHK1rtqAc"},{"id":"r2W1p-fbXQ_z","item":"NEYszQYB6wyD","note":"NWJ-lfRuo1Rt"}]}"#;
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
