//! One side of a comparison: a request that is prepared anew each time, and how its answer is recognised.

use super::socket::Socket;
use crate::clock;
use crate::drive::login::{HeldCredential, accompany};
use crate::drive::wire::{Destination, metric_duration};
use crate::observe::{Fingerprint, Request, Response, Silence, parse_challenges};
use crate::scheme::{Carrier, Occasion, Reuse, Scheme, Turn};

/// A scheme that is compared, ready to send.
#[derive(Clone)]
pub struct Contender {
    /// Name, for reports.
    pub name: String,
    /// The request without a credential.
    pub bare: Request,
    /// The scheme.
    pub scheme: &'static dyn Scheme,
    /// Where the credential goes.
    pub carrier: Carrier,
    /// The credential; none where there is none.
    pub held: Option<HeldCredential>,
    /// How access granted looks.
    pub fingerprint: Fingerprint,
    /// Where its connections go, where they present a certificate that those of others do not.
    pub destination: Option<Destination>,
    /// Whether each request is first sent without a credential, for a challenge of its own.
    pub asks_each_time: bool,
}

/// One request and its answer. Times in microseconds.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sample {
    /// From the first step of preparing to the last byte read.
    pub(super) total: f64,
    /// Preparing: from the credential in memory to the bytes of the request.
    pub(super) client: f64,
    /// What the server says it spent on authentication.
    pub(super) server: Option<f64>,
}

/// Why a sample does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SampleFailure {
    /// No whole answer.
    #[error("no answer: {0}")]
    Silent(Silence),
    /// An answer, but not that of access granted: what such an exchange costs is not what was asked.
    #[error("{name} was not accepted (status {status}); the cost of a refusal is no cost of the scheme")]
    NotAccepted {
        /// Which scheme.
        name: String,
        /// The status that came instead.
        status: u16,
    },
}

impl Contender {
    /// The bytes of the request with its credential, as an answer to a challenge where the scheme answers one.
    pub(super) fn prepare(&self, turn: &Turn, destination: &Destination) -> Vec<u8> {
        let mut request = self.bare.clone();
        if let Some(held) = &self.held {
            let carried = match self.scheme.reuse() {
                Reuse::WhileHeld => self.scheme.carry(&self.carrier, &held.proof),
                Reuse::Once => {
                    let (count, random) = turn.next();
                    let challenge = turn.challenge.as_ref();
                    let occasion = Occasion { request: &self.bare, challenge, count, random: &random };
                    self.scheme.prove(&self.carrier, &held.proof, &occasion).unwrap_or_default()
                }
            };
            for carried in carried {
                carried.apply(&mut request);
            }
            accompany(&turn.companions, &mut request);
            held.accompany(&mut request);
        }
        destination.bytes_of(&request)
    }

    /// What the target asks for, where the scheme answers challenges; one request without a credential.
    pub(super) fn turn(&self, socket: &mut Socket) -> Result<Turn, SampleFailure> {
        if self.held.is_none() || !self.scheme.answers_challenges() {
            return Ok(Turn::of(None));
        }
        let bytes = socket.destination().bytes_of(&self.bare);
        socket.exchange(&bytes).map_err(SampleFailure::Silent)?;
        let response = socket.response().ok_or(SampleFailure::Silent(Silence::Closed))?;
        let lines: Vec<_> = response.header_values("www-authenticate").collect();
        let challenges = parse_challenges(lines.iter().map(AsRef::as_ref)).unwrap_or_default();
        let cookies: Vec<_> = response.header_values("set-cookie").collect();
        Ok(Turn::of(self.scheme.challenge(&challenges)).with_cookies(cookies.iter().map(AsRef::as_ref)))
    }

    /// Prepares, sends and waits. The answer is judged outside of what is timed. A challenge is fetched beforehand where
    /// there is none yet, and within what is timed where each request asks for one.
    pub(super) fn sample(&self, socket: &mut Socket, turn: &mut Turn, metric: &str) -> Result<Sample, SampleFailure> {
        if !self.asks_each_time && turn.challenge.is_none() {
            *turn = self.turn(socket)?;
        }
        let began = clock::now();
        if self.asks_each_time {
            *turn = self.turn(socket)?;
        }
        let asked = clock::now();
        let bytes = self.prepare(turn, socket.destination());
        let prepared = clock::now();
        let done = socket.exchange(&bytes).map_err(SampleFailure::Silent)?;
        let response = socket.response().ok_or(SampleFailure::Silent(Silence::Closed))?;
        self.accepts(&response)?;
        Ok(Sample {
            total: micros(done - began),
            client: micros(prepared - asked),
            server: server_timing(&response, metric),
        })
    }

    pub(super) fn accepts(&self, response: &Response) -> Result<(), SampleFailure> {
        match self.fingerprint.matches(response) {
            true => Ok(()),
            false => Err(SampleFailure::NotAccepted { name: self.name.clone(), status: response.status }),
        }
    }
}

pub(super) fn micros(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1e6
}

/// The duration of a metric of `Server-Timing`, in microseconds.
pub fn server_timing(response: &Response, metric: &str) -> Option<f64> {
    let mut lines = response.headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("server-timing"));
    let nanoseconds = lines.find_map(|(_, line)| metric_duration(line, metric.as_bytes()));
    #[expect(clippy::cast_precision_loss, reason = "below 10^15")]
    nanoseconds.map(|nanoseconds| nanoseconds as f64 / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_servers_own_time_is_read() {
        for (line, expected) in [
            ("auth;dur=0.0125", Some(12.5)),
            ("db;dur=5, auth;desc=\"x\";dur=1", Some(1000.0)),
            ("auth; dur=\"2\"", Some(2000.0)),
            ("authz;dur=5", None),
            ("auth", None),
            ("auth;dur=-1", None),
            ("auth;dur=nan", None),
        ] {
            let headers = vec![("Server-Timing".to_owned(), line.as_bytes().to_vec())];
            let response = Response { status: 200, headers, body: Vec::new(), truncated: false };
            assert_eq!(server_timing(&response, "auth"), expected, "{line}");
        }
    }
}
