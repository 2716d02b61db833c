//! Faults in what an answer of a guarded resource amounts to: refusals that carry the data, grants in another shape, and
//! answers that are neither. They are data, and applied at one place, around the answer of the guard; so they work under
//! every scheme.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use axum::http::request::Parts;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use tokio::net::TcpStream;

use super::outcome_bodies::{Shape, cut, endless, failing};
use super::{Sent, at_hand};
use crate::reference::answer::{self, Answer};
use crate::reference::fault::{Fault, Faults, outcome, undecidable};
use crate::reference::request::is_anonymous;
use crate::reference::resource::guarded;
use crate::reference::resource::orders::ReferenceResource;
use crate::reference::scheme::{Guard, Verifiers};
use crate::reference::state::principal;
use crate::seed::IDENTITIES;

/// Which refused requests get another answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum When {
    /// All of them.
    Refused,
    /// Those without a credential.
    Anonymous,
    /// The first one without a credential.
    FirstAnonymous,
    /// Every tenth one without a credential.
    TenthAnonymous,
    /// Those without a credential on every second connection.
    SecondConnection,
    /// Those without a credential on a connection that was authenticated before.
    AfterAuthenticated,
    /// Writes.
    Write,
}

/// What such a request gets, or what else happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    /// The refusal, with the data in its body.
    Refusal(Shape),
    /// The data under a status.
    Data(StatusCode, Shape),
    /// A status and no body.
    Empty(StatusCode),
    /// 200 and a body that does not end before the connection does.
    Endless,
    /// 101, although nobody asked for another protocol.
    SwitchingProtocols,
    /// The head of the refusal, and half of its body.
    Cut,
    /// A reset of the connection.
    Reset,
    /// The refusal; what was refused happens [`LATER`].
    ActsLater,
}

/// When a refused write happens.
const LATER: Duration = Duration::from_millis(800);

/// One of these faults.
#[derive(Debug)]
pub(crate) struct OutcomeFault {
    pub(crate) fault: Fault,
    when: When,
    what: What,
}

/// The check that must find all of them but one.
const DENIED: &str = "common.protected-route-denies-anonymous";
/// The check of what refused writes do.
const NO_EFFECT: &str = "common.denied-write-has-no-effect";

const fn grants(name: &'static str, opens: &'static str, when: When, what: What) -> OutcomeFault {
    OutcomeFault { fault: outcome(name, DENIED, opens), when, what }
}

const fn obscures(name: &'static str, opens: &'static str, what: What) -> OutcomeFault {
    OutcomeFault { fault: undecidable(name, DENIED, opens), when: When::Anonymous, what }
}

/// All of these faults.
pub(crate) const FAULTS: &[OutcomeFault] = &[
    grants("refusal-with-data", "refuses with the data in the body", When::Refused, What::Refusal(Shape::Same)),
    grants(
        "refusal-with-wrapped-data",
        "refuses with the data inside another object",
        When::Refused,
        What::Refusal(Shape::Wrapped),
    ),
    grants(
        "refusal-with-most-data",
        "refuses with all members of the data but one",
        When::Refused,
        What::Refusal(Shape::OneMemberShort),
    ),
    grants("refusal-with-text-data", "refuses with the data as text/plain", When::Refused, What::Refusal(Shape::Text)),
    grants(
        "refusal-with-gzip-data",
        "refuses with the data compressed by gzip",
        When::Refused,
        What::Refusal(Shape::Gzip),
    ),
    grants(
        "refusal-with-padded-data",
        "refuses with the data after 1.3 MB of padding",
        When::Refused,
        What::Refusal(Shape::Padded),
    ),
    grants(
        "anonymous-206",
        "answers anonymous requests 206 with the data",
        When::Anonymous,
        What::Data(StatusCode::PARTIAL_CONTENT, Shape::Same),
    ),
    grants(
        "anonymous-203",
        "answers anonymous requests 203 with the data",
        When::Anonymous,
        What::Data(StatusCode::NON_AUTHORITATIVE_INFORMATION, Shape::Same),
    ),
    grants(
        "anonymous-text",
        "gives anonymous requests the data as text/plain",
        When::Anonymous,
        What::Data(StatusCode::OK, Shape::Text),
    ),
    grants(
        "anonymous-wrapped",
        "gives anonymous requests the data inside another object",
        When::Anonymous,
        What::Data(StatusCode::OK, Shape::Wrapped),
    ),
    grants(
        "anonymous-list",
        "gives anonymous requests the data in a list",
        When::Anonymous,
        What::Data(StatusCode::OK, Shape::InList),
    ),
    grants(
        "anonymous-first-request",
        "gives the data to the first anonymous request only",
        When::FirstAnonymous,
        What::Data(StatusCode::OK, Shape::Same),
    ),
    grants(
        "anonymous-every-tenth-request",
        "gives the data to every tenth anonymous request",
        When::TenthAnonymous,
        What::Data(StatusCode::OK, Shape::Same),
    ),
    grants(
        "anonymous-every-second-connection",
        "gives the data to anonymous requests on every second connection",
        When::SecondConnection,
        What::Data(StatusCode::OK, Shape::Same),
    ),
    grants(
        "connection-stays-authenticated",
        "gives the data to anonymous requests on a connection that was authenticated before",
        When::AfterAuthenticated,
        What::Data(StatusCode::OK, Shape::Same),
    ),
    obscures("anonymous-429", "answers anonymous requests 429", What::Empty(StatusCode::TOO_MANY_REQUESTS)),
    obscures("anonymous-204", "answers anonymous requests 204", What::Empty(StatusCode::NO_CONTENT)),
    obscures("anonymous-304", "answers anonymous requests 304", What::Empty(StatusCode::NOT_MODIFIED)),
    obscures("anonymous-empty-200", "answers anonymous requests 200 without a body", What::Empty(StatusCode::OK)),
    obscures("anonymous-endless-200", "answers anonymous requests 200 with a body that never ends", What::Endless),
    obscures("anonymous-101", "answers anonymous requests 101", What::SwitchingProtocols),
    obscures("anonymous-cut-body", "closes the connection inside the body of an anonymous refusal", What::Cut),
    obscures("anonymous-reset", "resets the connection of anonymous requests", What::Reset),
    OutcomeFault {
        fault: outcome("refused-write-happens-later", NO_EFFECT, "refuses a write and does it 800 ms later"),
        when: When::Write,
        what: What::ActsLater,
    },
];

/// The faults of this kind that are open, and what they count.
#[derive(Debug)]
pub(super) struct OpenOutcomeFaults {
    open: Vec<&'static OutcomeFault>,
    anonymous: AtomicU64,
    connections: AtomicU64,
}

impl OpenOutcomeFaults {
    /// Those that are open; nothing where none is.
    pub(super) fn of(faults: &Faults) -> Option<Arc<Self>> {
        let open: Vec<_> = FAULTS.iter().filter(|one| faults.on(one.fault.name)).collect();
        let (anonymous, connections) = (AtomicU64::new(0), AtomicU64::new(0));
        (!open.is_empty()).then(|| Arc::new(Self { open, anonymous, connections }))
    }

    /// A new connection.
    pub(super) fn connect(self: &Arc<Self>, stream: &TcpStream) -> FaultyConnection {
        let number = self.connections.fetch_add(1, Ordering::Relaxed);
        let resets = self.open.iter().any(|one| one.what == What::Reset);
        let socket = resets.then(|| second_handle(stream)).flatten();
        FaultyConnection { faults: self.clone(), number, was_authenticated: AtomicBool::new(false), socket }
    }
}

/// One connection to a server with such faults.
#[derive(Debug)]
pub(super) struct FaultyConnection {
    faults: Arc<OpenOutcomeFaults>,
    number: u64,
    was_authenticated: AtomicBool,
    /// A second handle of the socket, to reset it.
    socket: Option<TcpStream>,
}

impl FaultyConnection {
    /// Answers a request for a guarded resource.
    pub(super) async fn answer(
        &self,
        verifiers: &Verifiers,
        guard: Guard,
        resource: &ReferenceResource,
        request: Request<Incoming>,
    ) -> Response<Sent> {
        let (parts, body) = request.into_parts();
        let sent = parts.clone();
        let answer = guarded::answer(verifiers, guard, resource, Request::from_parts(parts, body)).await;
        let is_anonymous = is_anonymous(&verifiers.state.key_location, &sent);
        if !is_anonymous && answer.status().is_success() {
            self.was_authenticated.store(true, Ordering::Relaxed);
        }
        let refused = [StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN];
        if !refused.contains(&answer.status()) {
            return at_hand(answer);
        }
        let what = self.what_happens(is_anonymous, &sent.method);
        self.changed(what, answer, (verifiers, guard, resource, &sent))
    }

    /// What a refused request gets instead; nothing where it gets the refusal.
    fn what_happens(&self, is_anonymous: bool, method: &Method) -> Option<What> {
        let counted = || self.faults.anonymous.fetch_add(1, Ordering::Relaxed);
        let reads = [Method::GET, Method::HEAD].contains(method);
        let happens = |when| match when {
            When::Refused => true,
            When::Write => *method == Method::POST,
            _ if !is_anonymous => false,
            When::Anonymous => true,
            When::FirstAnonymous => reads && counted() == 0,
            When::TenthAnonymous => reads && counted() % 10 == 9,
            When::SecondConnection => self.number % 2 == 1,
            When::AfterAuthenticated => self.was_authenticated.load(Ordering::Relaxed),
        };
        self.faults.open.iter().find(|one| happens(one.when)).map(|one| one.what)
    }

    fn changed(
        &self,
        what: Option<What>,
        refusal: Answer,
        (verifiers, guard, resource, sent): (&Verifiers, Guard, &ReferenceResource, &Parts),
    ) -> Response<Sent> {
        let data = || {
            let reads = [Method::GET, Method::HEAD].contains(&sent.method);
            let granted = || resource.answer(&verifiers.state, guard, &principal(&IDENTITIES[0]), sent);
            reads.then(granted).filter(|granted| granted.status() == StatusCode::OK)
        };
        match what {
            None => at_hand(refusal),
            Some(What::Refusal(shape)) => at_hand(match data() {
                None => refusal,
                Some(granted) => shape.put(granted.body(), refusal),
            }),
            Some(What::Data(status, shape)) => at_hand(match data() {
                None => refusal,
                Some(granted) => shape.put(granted.body(), answer::empty(status)),
            }),
            Some(What::Empty(status)) => at_hand(answer::empty(status)),
            Some(What::Endless) => endless(),
            Some(What::SwitchingProtocols) => {
                let mut switching = answer::empty(StatusCode::SWITCHING_PROTOCOLS);
                switching.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
                switching.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("upgrade"));
                at_hand(switching)
            }
            Some(What::Cut) => cut(refusal),
            Some(What::Reset) => {
                let resets = self.socket.as_ref().map(TcpStream::set_zero_linger);
                drop(resets);
                failing()
            }
            Some(What::ActsLater) => {
                if *resource == ReferenceResource::Orders {
                    let state = verifiers.state.clone();
                    tokio::spawn(async move {
                        tokio::time::sleep(LATER).await;
                        state.orders.fetch_add(1, Ordering::Relaxed);
                    });
                }
                at_hand(refusal)
            }
        }
    }
}

/// A second handle of a socket: what is set on one holds for both.
#[cfg(unix)]
fn second_handle(stream: &TcpStream) -> Option<TcpStream> {
    let socket = std::os::fd::AsFd::as_fd(stream).try_clone_to_owned().ok()?;
    TcpStream::from_std(std::net::TcpStream::from(socket)).ok()
}

/// Without one the connection is closed and not reset.
#[cfg(not(unix))]
fn second_handle(_: &TcpStream) -> Option<TcpStream> {
    None
}
