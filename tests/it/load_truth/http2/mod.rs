//! The same truth over HTTP/2: streams that are refused, reset, held or cut off, and targets that do not speak it.

pub(crate) mod target;

use std::io::{Read as _, Write as _};
use std::sync::atomic::Ordering;
use std::time::Duration;

use authbench::drive::load::{ArrivalProcess, Http, Lane, LaneRequest, Phase, run};
use authbench::drive::stop::Stop;
use authbench::drive::wire::Limits;
use authbench::drive::wire::http2::speaks;
use authbench::observe::{LoadFigures, Request, Silence};
use h2::Reason;

use super::{LONG, SHORT, assert_nothing_dropped, figures, lane, phase, server};
use target::{Deed, Target, target};

/// What a request with a body carries.
pub(crate) const BODY: &str = "{\"item\":1}";

fn over_http2(arrivals: Option<ArrivalProcess>, connections: usize, streams: usize, millis: u64) -> Phase {
    Phase { http: Http::Two { streams }, ..phase(arrivals, connections, Duration::from_millis(millis)) }
}

/// Sends at a rate for half a second.
fn sent(target: &Target, rate: f64, limit: Duration) -> LoadFigures {
    figures(&over_http2(Some(ArrivalProcess::Constant(rate)), 2, 4, 500), &target.destination, limit)
}

#[test]
fn every_request_is_answered_over_few_connections() {
    let target = target(100, |_| Deed::Answer);
    let figures = sent(&target, 200.0, LONG);
    assert_nothing_dropped(&figures, 100);
    assert_eq!(figures.lanes[0].outcomes.granted, 100);
    assert_eq!((figures.http, figures.connections, figures.streams), (2, 2, Some(4)));
    assert_eq!(target.connections.load(Ordering::Relaxed), 2);
    assert_eq!(target.requests.load(Ordering::Relaxed), 100);
}

#[test]
fn the_closed_model_fills_its_streams() {
    let target = target(100, |at| if at < 12 { Deed::Ignore } else { Deed::Answer });
    // long enough for both connections to be there before the phase ends
    let figures = figures(&over_http2(None, 2, 6, 2000), &target.destination, SHORT);
    // each stream sent its first request before any had an answer
    assert_eq!(figures.lanes[0].outcomes.silent, 12, "{:?}", figures.silences);
    assert_eq!(target.connections.load(Ordering::Relaxed), 2);
}

#[test]
fn no_more_streams_are_opened_than_the_target_allows() {
    let target = target(2, |_| Deed::Answer);
    let figures = sent(&target, 100.0, LONG);
    assert_eq!((figures.lanes[0].outcomes.granted, figures.streams), (50, Some(2)));
    assert!(figures.notes.iter().any(|note| note.contains("allows 2 streams")), "{:?}", figures.notes);
}

#[test]
fn a_target_that_dies_in_the_middle_is_told() {
    for (connections, streams) in [(1, 1), (2, 4)] {
        let target = target(100, |at| if at < 50 { Deed::Answer } else { Deed::Cut });
        let phase = over_http2(Some(ArrivalProcess::Constant(200.0)), connections, streams, 500);
        let figures = figures(&phase, &target.destination, LONG);
        assert_nothing_dropped(&figures, 100);
        let outcomes = figures.lanes[0].outcomes;
        // the end of a connection may take answers along that were on their way on its other streams
        let most_lost = u64::from(streams > 1) * 8;
        assert!((50 - most_lost..=50).contains(&outcomes.granted), "{outcomes:?}");
        assert_eq!(outcomes.silent, 100 - outcomes.granted, "{:?}", figures.silences);
        assert!(figures.inconclusive.is_some());
    }
}

#[test]
fn a_target_that_is_not_there_is_told_and_not_stormed() {
    let url = format!("http://{}", crate::ports::reserved()).parse().expect("a URL");
    let destination =
        authbench::drive::wire::Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default())
            .expect("a destination")
            .over_http2();
    for arrivals in [Some(ArrivalProcess::Constant(500.0)), None] {
        let figures = figures(&over_http2(arrivals, 2, 4, 200), &destination, LONG);
        assert_eq!(figures.lanes[0].outcomes.silent, figures.requests);
        assert_eq!(figures.silences.keys().collect::<Vec<_>>(), ["no connection"]);
        match arrivals {
            Some(_) => assert_nothing_dropped(&figures, 100),
            // 8 streams that wait 20 ms between two tries
            None => assert!(figures.requests <= 8 * 11, "{}", figures.requests),
        }
    }
}

#[test]
fn a_stream_that_is_reset_is_no_answer_and_not_sent_again() {
    let target = target(100, |at| if at % 2 == 0 { Deed::Answer } else { Deed::Reset(Reason::INTERNAL_ERROR) });
    let figures = sent(&target, 200.0, LONG);
    let outcomes = figures.lanes[0].outcomes;
    assert_eq!((outcomes.granted, outcomes.silent), (50, 50), "{:?}", figures.silences);
    assert_eq!(target.requests.load(Ordering::Relaxed), 100);
    // the connection went on
    assert_eq!(target.connections.load(Ordering::Relaxed), 2);
}

#[test]
fn a_stream_that_was_not_processed_is_sent_again_and_counted() {
    // three in all, so that no request is refused more often than it is sent again, in whatever order they come
    let some =
        target(100, |at| if [10, 20, 30].contains(&at) { Deed::Reset(Reason::REFUSED_STREAM) } else { Deed::Answer });
    let figures = sent(&some, 200.0, LONG);
    assert_eq!(figures.lanes[0].outcomes.granted, 100, "{:?}", figures.silences);
    assert!(figures.notes.iter().any(|note| note.contains("sent again")), "{:?}", figures.notes);
    // a target that refuses for ever is asked three times more, and no more
    let always = target(100, |_| Deed::Reset(Reason::REFUSED_STREAM));
    let figures = sent(&always, 100.0, LONG);
    assert_eq!(figures.lanes[0].outcomes.silent, 50);
    assert_eq!(always.requests.load(Ordering::Relaxed), 4 * 50);
}

#[test]
fn a_connection_that_is_wound_down_costs_no_answer() {
    let target = target(100, |at| if [19, 49, 79].contains(&at) { Deed::AnswerAndLeave } else { Deed::Answer });
    let figures = sent(&target, 200.0, LONG);
    assert_nothing_dropped(&figures, 100);
    assert_eq!(figures.lanes[0].outcomes.granted, 100, "{:?}", figures.silences);
    assert!(target.connections.load(Ordering::Relaxed) > 2);
}

#[test]
fn one_stream_without_an_answer_holds_up_no_other() {
    let target = target(100, |at| if at % 10 == 0 { Deed::Ignore } else { Deed::Answer });
    let figures = sent(&target, 100.0, SHORT);
    assert_nothing_dropped(&figures, 50);
    let outcomes = figures.lanes[0].outcomes;
    assert!(outcomes.silent >= 5 && outcomes.granted > 0, "{outcomes:?}");
    assert_eq!(figures.silences.keys().collect::<Vec<_>>(), ["no whole answer in time"]);
    assert_eq!(target.connections.load(Ordering::Relaxed), 2);
}

#[test]
fn an_answer_without_measure_is_cut_or_none() {
    let flood = target(100, |_| Deed::Flood(1 << 20));
    let limits = Limits { body: 1000, ..Limits::default() };
    let phase = over_http2(Some(ArrivalProcess::Constant(20.0)), 1, 2, 500);
    let figures = run(&phase, &[lane("valid", true)], &flood.destination, limits, &Stop::default(), &mut |_| {});
    assert_eq!(figures.lanes[0].outcomes.granted, 10, "{:?}", figures.silences);
    assert!(figures.notes.iter().any(|note| note.contains("cut")), "{:?}", figures.notes);
    assert_eq!(flood.connections.load(Ordering::Relaxed), 1);

    for count in [200, 10_000] {
        let target = target(100, move |_| Deed::Headers(count));
        let figures = sent(&target, 20.0, LONG);
        assert_eq!(figures.lanes[0].outcomes.silent, 10, "{count} header lines: {:?}", figures.silences);
        assert_eq!(figures.silences.keys().collect::<Vec<_>>(), ["not a usable HTTP answer"], "{count} header lines");
    }
}

#[test]
fn a_body_is_sent_whole() {
    let target = target(100, |_| Deed::Answer);
    let request = Request::new("POST", "/").header("Host", "h").with_body("application/json", BODY);
    let lane = Lane { requests: vec![LaneRequest::new(request)], ..lane("valid", true) };
    let phase = over_http2(Some(ArrivalProcess::Constant(100.0)), 1, 4, 300);
    let figures = run(&phase, &[lane], &target.destination, Limits::default(), &Stop::default(), &mut |_| {});
    assert_eq!(figures.lanes[0].outcomes.granted, 30, "{:?}", figures.silences);
}

#[test]
fn a_target_of_http_1_is_told_apart_and_never_asked_in_it() {
    let (destination, _) = server(|mut stream| {
        // the preface of HTTP/2 begins like a request (RFC 9113 §3.4)
        while matches!(stream.read(&mut [0; 1024]), Ok(1..)) {
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let told = runtime.block_on(speaks(&destination, &Limits::default()));
    assert!(matches!(told, Err(Silence::Malformed(_))), "{told:?}");
    let (closing, _) = server(drop);
    let told = runtime.block_on(speaks(&closing, &Limits::default()));
    assert_eq!(told, Err(Silence::Closed));
    let figures = figures(&over_http2(Some(ArrivalProcess::Constant(100.0)), 2, 2, 300), &destination, LONG);
    assert_nothing_dropped(&figures, 30);
    assert_eq!(figures.lanes[0].outcomes.silent, 30);
    assert!(figures.inconclusive.is_some());
}
