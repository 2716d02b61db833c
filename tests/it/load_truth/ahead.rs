//! Requests that are made one by one are made ahead of their time: what that takes is not in what is measured.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use authbench::drive::load::{ArrivalProcess, Http, Lane, LaneRequest, Phase, Signer, run};
use authbench::drive::stop::Stop;
use authbench::drive::wire::{Destination, Limits};
use authbench::observe::{Challenge, LoadFigures, Phrase, Request};
use authbench::scheme::{Carried, Carrier, CarrierPlace, Forged, Forgery, Occasion, Proof, Reuse, Scheme};
use authbench::secret::Secret;

use crate::busy::tried;

use super::http2::target::{Deed, target};
use super::{GOOD, LONG, lane, phase, server};

/// What making one request takes: far more than the server needs, on a machine with other work.
const MAKING: Duration = Duration::from_millis(100);

/// A scheme that takes its time for each request, and answers a challenge.
struct Slow;

impl Scheme for Slow {
    fn name(&self) -> &'static str {
        "slow"
    }

    fn profile_name(&self) -> &'static str {
        "slow"
    }

    fn groups(&self) -> &'static [&'static str] {
        &[]
    }

    fn carrier(&self) -> Carrier {
        Carrier { place: CarrierPlace::Header("Authorization".to_owned()), prefix: "Slow ".to_owned() }
    }

    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn challenge(&self, challenges: &[Challenge]) -> Option<Challenge> {
        challenges.iter().find(|challenge| challenge.param("nonce").is_some()).cloned()
    }

    fn prove(&self, _: &Carrier, _: &Proof, occasion: &Occasion<'_>) -> Forged {
        std::thread::sleep(MAKING);
        let nonce = occasion.challenge.and_then(|challenge| challenge.param("nonce")).unwrap_or_default();
        let place = CarrierPlace::Header("Authorization".to_owned());
        Ok(vec![Carried::new(&place, format!("Slow {nonce}:{}", occasion.count).as_str())])
    }

    fn forgeries(&self) -> &'static [Forgery] {
        &[]
    }

    fn malformed(&self, _: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        Vec::new()
    }
}

/// Reads a request; none at the end of the connection.
fn head(stream: &mut TcpStream) -> Option<String> {
    use std::io::Read as _;
    let (mut bytes, mut part) = (Vec::new(), [0; 1024]);
    while !bytes.ends_with(b"\r\n\r\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(length) => bytes.extend_from_slice(&part[..length]),
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// What a server found wrong: answers to a nonce that was not the last of their connection, and counts that do not grow.
#[derive(Default)]
struct Wrong {
    nonces: AtomicU64,
    counts: AtomicU64,
    challenges: AtomicU64,
}

/// A server that gives each connection a nonce, and another one after so many answers.
fn challenging(uses: u64) -> (Destination, Arc<Wrong>) {
    let wrong: Arc<Wrong> = Arc::default();
    let noted = wrong.clone();
    let (destination, _) = server(move |mut stream| {
        let (mut nonce, mut used, mut counted) = (None::<u64>, 0, 0);
        while let Some(head) = head(&mut stream) {
            let answer = head.lines().find_map(|line| line.strip_prefix("Authorization: Slow "));
            let answer = answer.and_then(|answer| answer.split_once(':'));
            let good = match (answer, nonce) {
                (Some((given, count)), Some(last)) if given == last.to_string() && used < uses => {
                    used += 1;
                    // a request that was made and got too old is not sent, and its count is left out
                    let count: u64 = count.parse().unwrap_or_default();
                    noted.counts.fetch_add(u64::from(count <= counted), Ordering::Relaxed);
                    counted = count;
                    true
                }
                (Some((given, _)), Some(last)) => {
                    // the last one that was given out may have been used up; an older one is a mistake
                    noted.nonces.fetch_add(u64::from(given != last.to_string()), Ordering::Relaxed);
                    false
                }
                _ => false,
            };
            let sent = match good {
                true => stream.write_all(GOOD),
                false => {
                    let next = noted.challenges.fetch_add(1, Ordering::Relaxed);
                    let stale = if nonce.replace(next).is_some() { ", stale=true" } else { "" };
                    (used, counted) = (0, 0);
                    let challenge = format!("WWW-Authenticate: Slow realm=\"a\", nonce=\"{next}\"{stale}");
                    let answer = format!("HTTP/1.1 401 Unauthorized\r\n{challenge}\r\nContent-Length: 0\r\n\r\n");
                    stream.write_all(answer.as_bytes())
                }
            };
            if sent.is_err() {
                return;
            }
        }
    });
    (destination, wrong)
}

/// A phase of such requests; an answer may take so long.
fn figures(phase: &Phase, destination: &Destination, time: Duration) -> LoadFigures {
    let signer = Signer {
        scheme: &Slow,
        carrier: Slow.carrier(),
        proof: Proof::Key(Secret::new("a key")).into(),
        forgery: None,
        kit: Default::default(),
        seed: 1,
    };
    let request = Request::new("GET", "/").header("Host", "h");
    let lanes = [Lane { requests: vec![LaneRequest::signed(request, signer)], ..lane("valid", true) }];
    let limits = Limits { time, ..Limits::default() };
    run(phase, &lanes, destination, limits, &Stop::default(), &mut drop)
}

/// Holds that what making takes is in none of the measured times of one of several tries: they depend on the machine, and what
/// making takes is in each of them or in none.
fn assert_making_is_not_measured(model: &str, run: impl Fn() -> LoadFigures) {
    let times = |figures: &LoadFigures| {
        [figures.service_time_us, figures.response_time_us, figures.lateness_us].map(|times| times.p50)
    };
    let is_free = |times: &[f64; 3]| times.iter().all(|time| *time < MAKING.as_secs_f64() * 1e6);
    let seen = tried(|| times(&run()), is_free);
    assert!(is_free(&seen), "{model}: service, response and lateness {seen:?}");
}

#[test]
fn making_a_request_is_no_part_of_what_is_measured() {
    for (model, arrivals) in [("open", Some(ArrivalProcess::Constant(4.0))), ("closed", None)] {
        assert_making_is_not_measured(model, || {
            let (destination, wrong) = challenging(u64::MAX);
            let phase = Phase { warmup: Duration::from_millis(500), ..phase(arrivals, 1, Duration::from_secs(2)) };
            let figures = figures(&phase, &destination, LONG);
            let granted = figures.lanes[0].outcomes.granted;
            assert!(granted >= 4 && granted == figures.requests, "{model}: {:?}", figures.lanes[0].outcomes);
            assert_eq!(wrong.challenges.load(Ordering::Relaxed), 1, "{model}: one nonce for the connection");
            assert_eq!(wrong.counts.load(Ordering::Relaxed), 0, "{model}: each request has a higher count");
            figures
        });
    }
}

#[test]
fn nor_is_it_over_http2() {
    assert_making_is_not_measured("HTTP/2", || {
        let target = target(1, |at| if at == 0 { Deed::Challenge } else { Deed::Answer });
        let over_http2 = phase(Some(ArrivalProcess::Constant(4.0)), 1, Duration::from_secs(2));
        let warmup = Duration::from_millis(500);
        let over_http2 = Phase { http: Http::Two { streams: 1 }, warmup, ..over_http2 };
        let figures = figures(&over_http2, &target.destination, LONG);
        assert_eq!(figures.lanes[0].outcomes.granted, 8, "{:?}", figures.lanes[0].outcomes);
        let asked = target.requests.load(Ordering::Relaxed);
        assert_eq!(asked, 11, "ten arrivals, one of which was asked for a nonce first");
        figures
    });
}

#[test]
fn a_request_that_was_made_ahead_never_answers_an_older_nonce() {
    let (destination, wrong) = challenging(3);
    let phase = phase(Some(ArrivalProcess::Constant(5.0)), 3, Duration::from_secs(4));
    let figures = figures(&phase, &destination, LONG);
    assert_eq!(figures.lanes[0].outcomes.granted, figures.requests, "{:?}", figures.lanes[0].outcomes);
    assert_eq!(figures.requests, 20, "no arrival is lost between the lines");
    let (nonces, counts) = (wrong.nonces.load(Ordering::Relaxed), wrong.counts.load(Ordering::Relaxed));
    assert_eq!((nonces, counts), (0, 0), "each connection answers its last nonce, in order");
    assert!(wrong.challenges.load(Ordering::Relaxed) >= 6, "each connection had several");
}

#[test]
fn arrivals_that_were_taken_ahead_and_not_sent_are_counted() {
    // a server that never answers: every line but the first keeps what it took until it is given up
    let (destination, _) = server(|mut stream| while head(&mut stream).is_some() {});
    let phase = phase(Some(ArrivalProcess::Constant(20.0)), 4, Duration::from_secs(1));
    let figures = figures(&phase, &destination, Duration::from_millis(400));
    assert_eq!((figures.requests, figures.lanes[0].outcomes.silent), (20, 20), "{:?}", figures.lanes[0].outcomes);
}
