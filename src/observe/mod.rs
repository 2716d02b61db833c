//! Facts: what was sent, what came back, and how long it took. No judgement here.

mod access_members;
mod activity;
mod answer_signature;
mod bytes;
mod capacity;
mod challenge;
mod description;
mod evidence;
mod exchange;
mod fingerprint;
mod fixed_texts;
mod foreign_secret;
mod grouped;
mod histograms;
mod id;
mod internals;
mod latency;
mod lenient_json;
mod marks;
mod masking;
mod multipart;
mod outage;
mod outcome;
pub mod page;
mod password_hash;
mod recognition;
mod set_cookie;
mod stable_state;
mod timing;
mod trust;
mod unite;

pub use access_members::{AccessMember, WrittenObject};
pub use activity::{Activity, Doing, Ongoing, StudyProgress, StudyRow};
pub use answer_signature::{AnswerSignature, components_asked};
pub use bytes::{contains, is_a_time, media_type_of, without_pair};
pub use capacity::{CapacityFigures, CapacityStep};
pub use challenge::{Challenge, ChallengeError, parse_challenges};
pub use description::{Description, Phrase};
pub use evidence::{
    AuthorizationRequest, ControlRun, Effect, Evidence, Observation, Place, RefreshTokenUser, ResetMail, TimingRun,
};
pub use exchange::{
    ConnectionOf, Exchange, Header, RecordedExchange, RecordedHeader, Request, Response, Silence, takes_content,
};
pub use fingerprint::Fingerprint;
pub use fixed_texts::FixedTexts;
pub use foreign_secret::foreign_secret_in;
pub use grouped::grouped;
pub use histograms::{Histograms, NoDistribution, decode, encode, encode_unless_empty, histogram};
pub use id::{ForgeryId, ForgeryIds, StepId};
pub use internals::internals_in;
pub use latency::{Interval, LaneFigures, Latency, Limit, LoadFigures, Model, Outcomes, TargetCost, curve};
pub use lenient_json::parse_json;
pub use marks::Marks;
pub use masking::without_signatures;
pub use multipart::{MULTIPART, multipart};
pub use outage::{Outage, SentBy};
pub use outcome::Outcome;
pub use password_hash::password_hash_in;
pub use recognition::{
    Answered, Asked, Atom, BodyKind, Declared, Learned, Reading, Recognition, meaning_of_status, without_query,
};
pub use set_cookie::SetCookie;
pub use stable_state::StableState;
pub use timing::{ClockOffset, PhaseTiming};
pub use trust::doubts;
pub use unite::{ShardFigures, UniteError, unite};
