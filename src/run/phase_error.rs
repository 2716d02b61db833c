//! Why a load phase cannot be run.

use std::path::PathBuf;

use super::descriptors::TooMany;
use super::pool::MOST;
use crate::drive::barrier::BarrierError;
use crate::drive::control::ControlError;
use crate::drive::probe::RequestError;
use crate::drive::wire::BadDestination;
use crate::drive::wire::http2::NotInHttp2;
use crate::file::FileError;
use crate::observe::UniteError;
use crate::shard::Shard;

/// Why a load phase cannot be run.
#[derive(Debug, thiserror::Error)]
pub(super) enum PhaseError {
    #[error("no protected resource that a valid credential may read")]
    NoResource,
    #[error("{method} {path} is not among the resources")]
    UnknownResource { method: String, path: String },
    #[error("no valid credential for its resource")]
    NoCredential,
    #[error("no token for {who}: {source}")]
    NoToken { who: String, source: ControlError },
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error(transparent)]
    Request(#[from] RequestError),
    #[error(transparent)]
    Destination(#[from] BadDestination),
    #[error(transparent)]
    Http2(#[from] Http2Error),
    #[error(transparent)]
    TooMany(#[from] TooMany),
    #[error(
        "its lanes present different certificates (`tls`), or it has several of them over HTTP/2, and a connection has one: use \
         a phase for each"
    )]
    Certificates,
    #[error("its credentials present {0} certificates, and a connection has one: write `connections: {0}` or more")]
    FewConnections(usize),
    #[error("authbench failed inside its load engine")]
    Engine,
    #[error(transparent)]
    Together(#[from] TogetherError),
    #[error("{0}")]
    Ended(String),
    #[error("the search was ended before its first step")]
    SearchEnded,
}

/// Why shards cannot take a step of a capacity search together.
#[derive(Debug, thiserror::Error)]
pub(super) enum TogetherError {
    #[error(transparent)]
    Barrier(#[from] BarrierError),
    #[error(transparent)]
    Unite(#[from] UniteError),
    #[error("shard {0} did not start the step with the others: {1}")]
    NotStarted(Shard, String),
    #[error("the result of shard {shard} cannot be read: {source}")]
    Result { shard: Shard, source: serde_json::Error },
    #[error("the decision of the step cannot be read: {0}")]
    Decision(serde_json::Error),
    #[error("failed to write what was measured in the step: {0}")]
    Write(serde_json::Error),
}

/// Why a pool yields no identities.
#[derive(Debug, thiserror::Error)]
pub(super) enum PoolError {
    #[error("a pool of tokens needs a scheme that obtains them")]
    NoClient,
    #[error("line {0} of the pool is no credential of the scheme")]
    Line(usize),
    #[error("the pool holds no credential")]
    Empty,
    #[error("the pool holds more than {MOST} credentials")]
    TooMany,
    #[error("the pool {} cannot be read: {source}", .path.display())]
    Unreadable { path: PathBuf, source: FileError },
}

/// Why a phase cannot be spoken in HTTP/2.
#[derive(Debug, thiserror::Error)]
pub(super) enum Http2Error {
    #[error("HTTP/2 cannot carry the requests of its lane {lane}: {source}")]
    Request { lane: String, source: NotInHttp2 },
    #[error("in HTTP/2 the lane {0} sends the same as a good request")]
    Same(String),
    #[error("the target does not speak HTTP/2 {way}: {did}; leave out `http: 2` to measure HTTP/1.1")]
    NotSpoken { way: &'static str, did: String },
}
