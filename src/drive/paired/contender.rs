//! One side of a comparison: a request that is prepared anew each time, and how its answer is recognised.

use super::socket::Socket;
use crate::clock;
use crate::drive::login::HeldCredential;
use crate::observe::{Fingerprint, Request, Response, Silence};
use crate::scheme::{Carrier, Scheme};

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
    /// The bytes of the request with its credential.
    pub(super) fn prepare(&self) -> Vec<u8> {
        let mut request = self.bare.clone();
        if let Some(held) = &self.held {
            for carried in self.scheme.carry(&self.carrier, &held.proof) {
                carried.apply(&mut request);
            }
            held.accompany(&mut request);
        }
        request.to_bytes()
    }

    /// Prepares, sends and waits. The answer is judged outside of what is timed.
    pub(super) fn sample(&self, socket: &mut Socket, metric: &str) -> Result<Sample, SampleFailure> {
        let began = clock::now();
        let bytes = self.prepare();
        let prepared = clock::now();
        let done = socket.exchange(&bytes).map_err(SampleFailure::Silent)?;
        let response = socket.response().ok_or(SampleFailure::Silent(Silence::Closed))?;
        self.accepts(&response)?;
        Ok(Sample {
            total: micros(done - began),
            client: micros(prepared - began),
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

/// The duration of a metric of `Server-Timing` (W3C Server Timing §2), which is given in milliseconds, in microseconds.
pub fn server_timing(response: &Response, metric: &str) -> Option<f64> {
    response.header_values("server-timing").find_map(|line| {
        let mut metrics = line.split(',').map(|metric| metric.split(';').map(str::trim));
        let mut parameters = metrics.find_map(|mut parts| (parts.next() == Some(metric)).then_some(parts))?;
        let duration = parameters.find_map(|parameter| parameter.strip_prefix("dur="))?;
        let milliseconds: f64 = duration.trim_matches('"').parse().ok()?;
        (0.0..1e9).contains(&milliseconds).then_some(milliseconds * 1e3)
    })
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
