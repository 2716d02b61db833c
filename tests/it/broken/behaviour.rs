//! What a broken server does in place of a refusal, and its correct twin: the same bodies and shapes, but refused.

use serde_json::{Value, json};

use super::content::{Shape, nothing};
use super::http::{Answer, Framing, Reply};

/// What a server does to a request that it has to refuse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Behaviour {
    /// The right status, and the data in the body.
    RefusedWith(Shape),
    /// The data with another status of success.
    GrantedWith(u16),
    /// The data in another shape.
    GrantedAs(Shape),
    /// A status that says nothing, without a body.
    Status(u16),
    Empty,
    Endless,
    Cut,
    Reset,
    /// The data for the first anonymous request.
    First,
    /// The data for every tenth request that should be refused.
    Tenth,
    /// The data for everybody on every second connection.
    SecondConnection,
    /// The data for everybody on a connection that had a good credential.
    KnownConnection,
    /// A token that works in the refusal of a client.
    TokenInRefusal,
    /// The refused write happens, 300 ms later.
    LateWrite,
    /// The refused write happens, and no reading shows it.
    UnseenWrite,
}

impl Behaviour {
    /// All of them.
    pub(crate) fn all() -> Vec<Self> {
        let mut all: Vec<_> = Shape::ALL.into_iter().map(Self::RefusedWith).collect();
        all.extend([206, 203, 202].map(Self::GrantedWith));
        all.extend([Shape::Text, Shape::Wrapped, Shape::List].map(Self::GrantedAs));
        all.extend([429, 204, 304, 101].map(Self::Status));
        all.extend([Self::Empty, Self::Endless, Self::Cut, Self::Reset, Self::First, Self::Tenth]);
        all.extend([Self::SecondConnection, Self::KnownConnection, Self::TokenInRefusal]);
        all.extend([Self::LateWrite, Self::UnseenWrite]);
        all
    }

    pub(crate) fn name(self) -> String {
        match self {
            Self::RefusedWith(shape) => format!("refused with the data, {}", shape.name()),
            Self::GrantedWith(status) => format!("granted with {status}"),
            Self::GrantedAs(shape) => format!("granted with 200, {}", shape.name()),
            Self::Status(status) => format!("answered {status}"),
            Self::Empty => "answered 200, empty".to_owned(),
            Self::Endless => "answered 200, endless".to_owned(),
            Self::Cut => "answer cut".to_owned(),
            Self::Reset => "connection reset".to_owned(),
            Self::First => "granted to the first".to_owned(),
            Self::Tenth => "granted to every tenth".to_owned(),
            Self::SecondConnection => "granted on every second connection".to_owned(),
            Self::KnownConnection => "granted on an authenticated connection".to_owned(),
            Self::TokenInRefusal => "refused with a token that works".to_owned(),
            Self::LateWrite => "refused, and written 300 ms later".to_owned(),
            Self::UnseenWrite => "refused, and written out of sight".to_owned(),
        }
    }

    /// The exit that a run has to end with: access that was seen is a finding, what proves nothing is inconclusive.
    pub(crate) fn exit(self) -> u8 {
        match self {
            Self::Status(_) | Self::Empty | Self::Endless | Self::Cut | Self::Reset | Self::UnseenWrite => 5,
            _ => 1,
        }
    }

    /// Whether the servers of a scheme can have it.
    pub(crate) fn is_of(self, scheme: super::schemes::Scheme) -> bool {
        self != Self::TokenInRefusal || scheme == super::schemes::Scheme::ClientCredentials
    }

    /// What goes back in place of a refusal, where every refusal is broken alike.
    pub(crate) fn breaks(self, refusal: Answer, data: &Value) -> Option<Reply> {
        let reply = match self {
            Self::RefusedWith(shape) => shape.fill(refusal, data),
            Self::GrantedWith(status) => Shape::Same.fill(Answer::empty(status), data),
            Self::GrantedAs(shape) => shape.fill(Answer::empty(200), data),
            Self::Status(101) => Answer::empty(101).header("Connection", "Upgrade").header("Upgrade", "chat").closing(),
            Self::Status(status) => Answer::empty(status),
            Self::Empty => Answer::empty(200),
            Self::Endless => return Some(Reply::Endless(Answer::empty(200).header("Content-Type", "text/plain"))),
            // a refusal that did not arrive
            Self::Cut => return Some(Reply::Cut(Answer::json(refusal.status, &nothing()))),
            Self::Reset => return Some(Reply::Reset),
            _ => return None,
        };
        Some(reply.into())
    }

    /// A good answer of the twin: in the shape in which the broken one gives the data away.
    pub(crate) fn good(self, data: &Value) -> Answer {
        match self {
            Self::GrantedWith(206) => {
                let answer = Shape::Same.fill(Answer::empty(206), data);
                let last = answer.body.len() - 1;
                answer.header("Content-Range", format!("bytes 0-{last}/9000"))
            }
            Self::GrantedWith(status) => Shape::Same.fill(Answer::empty(status), data),
            Self::GrantedAs(shape) => shape.fill(Answer::empty(200), data),
            _ => Shape::Same.fill(Answer::empty(200), data),
        }
    }

    /// A refusal of the twin; `nth` counts the refusals of this server, `known` says whether the connection had a good
    /// credential, `odd` whether it is a second one.
    pub(crate) fn refuses(self, refusal: Answer, nth: usize, known: bool, odd: bool) -> Answer {
        let plain = |answer: Answer| Shape::Same.fill(answer, &json!({ "error": "access denied" }));
        match self {
            Self::RefusedWith(shape) => shape.fill(refusal, &nothing()),
            Self::Status(429) => plain(refusal.header("Retry-After", "1")),
            Self::Status(304) => plain(refusal.header("ETag", "\"denied\"")),
            Self::Status(101) => plain(refusal.header("Upgrade", "chat")),
            Self::Status(_) | Self::Empty => refusal,
            Self::Endless => refusal.with("text/plain", ".".repeat(64 * 1024)).framed(Framing::Chunked),
            Self::Cut => plain(refusal).framed(Framing::Close),
            Self::Reset => plain(refusal).closing(),
            Self::First if nth == 0 => refusal.with("text/plain", "please read the manual first"),
            Self::Tenth if nth % 10 == 9 => refusal.with("text/plain", "have you lost your credential?"),
            Self::SecondConnection if odd => plain(refusal).closing(),
            Self::KnownConnection if known => refusal.with("text/plain", "this session is over").closing(),
            _ => plain(refusal),
        }
    }
}
