//! Load against servers that die, dawdle or flood: the phase ends, nothing is dropped, and the figures say what happened.

mod ahead;
mod http2;
use crate::slow;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use authbench::drive::load::{ArrivalProcess, Http, Lane, LaneRequest, Phase, SuccessMarks, run};
use authbench::drive::process::ProcessCpu;
use authbench::drive::stop::Stop;
use authbench::drive::wire::{Destination, Limits};
use authbench::observe::{Fingerprint, Limit, LoadFigures, Request};

use slow::dawdle;

const GOOD: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"orders\":[]}";
/// How long a request may take where it is to be given up.
const SHORT: Duration = Duration::from_millis(400);
/// How long it may take where an answer is expected, on a machine with other work.
const LONG: Duration = Duration::from_secs(60);
/// What ends the wait for a phase that never ends; no assertion about how long one takes.
const PATIENCE: Duration = Duration::from_secs(600);

/// Serves each connection on a thread of its own; the address, and how many connections came.
fn server(serve: impl Fn(TcpStream) + Clone + Send + 'static) -> (Destination, Arc<AtomicU64>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let url = format!("http://{}", listener.local_addr().expect("has an address")).parse().expect("a URL");
    let came = Arc::new(AtomicU64::new(0));
    let counted = came.clone();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            let serve = serve.clone();
            std::thread::spawn(move || serve(stream));
        }
    });
    (Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default()).expect("a destination"), came)
}

/// Reads a request; none at the end of the connection.
fn request(stream: &mut TcpStream) -> Option<()> {
    let mut bytes = Vec::new();
    let mut part = [0; 1024];
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
    }
    Some(())
}

fn lane(name: &str, expects_grant: bool) -> Lane {
    let fingerprint = Fingerprint {
        status: 200,
        content_type: Some("application/json".to_owned()),
        pointer: None,
        text: None,
        members: ["orders".to_owned()].into(),
    };
    Lane {
        name: name.to_owned(),
        share: 1.0,
        expects_grant,
        requests: vec![LaneRequest::new(Request::new("GET", "/").header("Host", "h"))],
        marks: SuccessMarks::of(&fingerprint),
    }
}

fn phase(arrivals: Option<ArrivalProcess>, connections: usize, duration: Duration) -> Phase {
    Phase {
        name: "truth".to_owned(),
        arrivals,
        http: Http::One,
        connections,
        threads: 1,
        spins: false,
        warmup: Duration::ZERO,
        duration,
        may_have_body: true,
        may_repeat: true,
        lateness_bound: Duration::from_millis(5),
        seed: 1,
        shard: Default::default(),
        gate: Default::default(),
        server: None,
    }
}

/// Runs a phase, and holds that it ended and that no request is missing from the seconds.
fn figures(phase: &Phase, destination: &Destination, limit: Duration) -> LoadFigures {
    let began = Instant::now();
    let limits = Limits { time: limit, ..Limits::default() };
    let mut in_seconds = 0;
    let lanes = [lane("valid", true)];
    let figures =
        run(phase, &lanes, destination, limits, &Stop::default(), &mut |second| in_seconds += second.outcomes.total());
    assert!(began.elapsed() < PATIENCE, "the phase took {:?}", began.elapsed());
    assert_eq!(figures.requests, figures.lanes[0].outcomes.total());
    assert_eq!(in_seconds, figures.requests, "each request is in its second");
    figures
}

/// The target is named as the limit, unless this machine was too busy to send in time.
fn assert_blames_target(figures: &LoadFigures) {
    let why = figures.inconclusive.as_deref().unwrap_or_default();
    assert!(figures.limited_by == Some(Limit::Target) || why.starts_with("authbench itself"), "{why}");
}

/// As many as the schedule has, whatever the target did.
fn assert_nothing_dropped(figures: &LoadFigures, scheduled: u64) {
    assert_eq!(figures.requests, scheduled, "{:?}", figures.lanes[0].outcomes);
}

#[test]
fn a_server_that_dies_in_the_middle_is_told() {
    let left = Arc::new(AtomicU64::new(100));
    let answered = left.clone();
    let (destination, _) = server(move |mut stream| {
        while request(&mut stream).is_some() {
            // dead: it accepts nothing and answers nothing more
            if answered.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_err() {
                return;
            }
            if stream.write_all(GOOD).is_err() {
                return;
            }
        }
    });
    let figures = figures(&phase(Some(ArrivalProcess::Constant(500.0)), 4, Duration::from_secs(1)), &destination, LONG);
    assert_nothing_dropped(&figures, 500);
    let outcomes = figures.lanes[0].outcomes;
    assert_eq!((outcomes.granted, outcomes.silent), (100, 400));
    assert!(figures.inconclusive.is_some());
    assert_eq!(left.load(Ordering::Relaxed), 0);
}

#[test]
fn a_target_that_is_not_there_is_told_and_not_stormed() {
    let url = format!("http://{}", crate::ports::reserved()).parse().expect("a URL");
    let destination =
        Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default()).expect("a destination");
    for arrivals in [Some(ArrivalProcess::Constant(2000.0)), None] {
        let figures = figures(&phase(arrivals, 4, Duration::from_millis(300)), &destination, LONG);
        assert_eq!(figures.lanes[0].outcomes.silent, figures.requests);
        assert_eq!(figures.silences.keys().collect::<Vec<_>>(), ["no connection"]);
        assert!(figures.inconclusive.is_some());
        match arrivals {
            Some(_) => assert_nothing_dropped(&figures, 600),
            // 4 connections that wait 20 ms between two tries
            None => assert!(figures.requests <= 4 * 16, "{}", figures.requests),
        }
    }
}

#[test]
fn one_byte_a_second_is_no_answer() {
    let (destination, _) = server(|mut stream| {
        while request(&mut stream).is_some() {
            for byte in GOOD {
                if stream.write_all(&[*byte]).is_err() || !dawdle(&stream, Duration::from_secs(1)) {
                    return;
                }
            }
        }
    });
    let figures =
        figures(&phase(Some(ArrivalProcess::Constant(100.0)), 4, Duration::from_millis(500)), &destination, SHORT);
    assert_nothing_dropped(&figures, 50);
    assert_eq!(figures.lanes[0].outcomes.silent, 50);
    assert!(figures.silences.contains_key("no whole answer in time"), "{:?}", figures.silences);
    // what was waited for counts with its time, in full
    assert!(figures.response_time_us.p50 >= SHORT.as_secs_f64() * 1e6 * 0.9, "{:?}", figures.response_time_us);
    assert_blames_target(&figures);
}

#[test]
fn an_endless_body_is_cut_and_its_begin_judged() {
    let (destination, _) = server(|mut stream| {
        if request(&mut stream).is_some() {
            let head =
                "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1073741824\r\n\r\n{\"orders\":[";
            if stream.write_all(head.as_bytes()).is_err() {
                return;
            }
            let part = [b' '; 64 * 1024];
            let mut left = 1 << 30_usize;
            while left > 0 && stream.write_all(&part).is_ok() {
                left -= part.len();
            }
        }
    });
    let figures =
        figures(&phase(Some(ArrivalProcess::Constant(20.0)), 2, Duration::from_millis(500)), &destination, SHORT);
    assert_nothing_dropped(&figures, 10);
    let answered = figures.lanes[0].outcomes.granted + figures.lanes[0].outcomes.silent;
    assert_eq!(answered, 10);
    assert!(figures.notes.iter().any(|note| note.contains("cut")) || figures.lanes[0].outcomes.granted == 0);
}

#[test]
fn ten_thousand_headers_are_no_answer() {
    let answer = format!("HTTP/1.1 200 OK\r\n{}\r\n", "A: b\r\n".repeat(10_000));
    let (destination, _) = server(move |mut stream| {
        if request(&mut stream).is_some() {
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    let figures =
        figures(&phase(Some(ArrivalProcess::Constant(50.0)), 2, Duration::from_millis(400)), &destination, SHORT);
    assert_nothing_dropped(&figures, 20);
    assert_eq!(figures.lanes[0].outcomes.silent, 20);
    assert!(figures.inconclusive.is_some());
}

#[test]
fn a_connection_that_the_target_closes_between_requests_costs_no_answer() {
    let (destination, came) = server(|mut stream| {
        // keeps alive by its word, and closes after each answer
        if request(&mut stream).is_some() {
            let _ = stream.write_all(GOOD);
        }
    });
    let figures =
        figures(&phase(Some(ArrivalProcess::Constant(100.0)), 2, Duration::from_millis(300)), &destination, LONG);
    assert_nothing_dropped(&figures, 30);
    assert_eq!(figures.lanes[0].outcomes.granted, 30, "{:?}", figures.notes);
    assert!(came.load(Ordering::Relaxed) >= 30);
}

#[test]
fn a_slow_target_is_not_blamed_on_the_generator() {
    let (destination, _) = server(|mut stream| {
        while request(&mut stream).is_some() {
            if !dawdle(&stream, Duration::from_millis(20)) || stream.write_all(GOOD).is_err() {
                return;
            }
        }
    });
    // two connections of 50 answers a second each, and 400 asked for
    let figures =
        figures(&phase(Some(ArrivalProcess::Constant(400.0)), 2, Duration::from_millis(500)), &destination, LONG);
    assert_nothing_dropped(&figures, 200);
    assert_blames_target(&figures);
    assert!(figures.backlog_max > 0);
    // waiting in the backlog is part of the response, and none of the service
    assert!(figures.response_time_us.p95 > figures.service_time_us.p50);
}

#[test]
fn refusals_of_good_requests_prove_nothing() {
    let (destination, _) = server(|mut stream| {
        while request(&mut stream).is_some() {
            if stream.write_all(b"HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n").is_err() {
                return;
            }
        }
    });
    let figures = figures(&phase(None, 2, Duration::from_millis(200)), &destination, LONG);
    assert_eq!(figures.lanes[0].outcomes.unclear, figures.requests);
    assert!(figures.inconclusive.as_ref().is_some_and(|why| why.contains("good credential")), "{figures:?}");
}

#[test]
fn a_process_of_the_target_that_ends_meanwhile_is_told() {
    let brief = std::process::Command::new("sleep").arg("600").spawn().expect("starts");
    let process = ProcessCpu::of(brief.id()).expect("is there");
    let brief = Arc::new(std::sync::Mutex::new(Some(brief)));
    let (destination, _) = server(move |mut stream| {
        while request(&mut stream).is_some() {
            if let Some(mut brief) = brief.lock().expect("is not poisoned").take() {
                let _ = brief.kill();
                let _ = brief.wait();
            }
            let _ = stream.write_all(GOOD);
        }
    });
    let phase =
        Phase { server: Some(process), ..phase(Some(ArrivalProcess::Constant(100.0)), 2, Duration::from_millis(500)) };
    let figures = figures(&phase, &destination, LONG);
    assert!(!process.is_there() && figures.target_cost.is_none());
    let told = format!("the process {} of the target ended during the phase", process.pid());
    assert!(figures.notes.iter().any(|note| note.contains(&told)), "{:?}", figures.notes);
}
