//! What a deviation shows about the target: the explanation that failures of several checks can have in common.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::step::{Alter, Artefact, Class, Send, Step, Who};
use crate::observe::ForgeryId;

/// Why a check failed at a resource, as far as its probe can show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Explanation {
    /// A request without a credential is granted.
    Anonymous,
    /// A credential that was never issued is granted.
    UnknownCredential,
    /// A token whose signature does not fit is granted.
    Unverified,
    /// A token that names no algorithm, and has no signature, is granted.
    Unsigned,
    /// A credential is granted after its end.
    Time,
    /// A credential is granted after it was revoked.
    Revocation,
    /// A token of another issuer is granted.
    Issuer,
    /// A token for another audience is granted.
    Audience,
    /// A credential is granted away from what it is bound to.
    Binding,
    /// A principal is granted what its scopes or roles do not allow.
    Scope,
    /// A principal is granted what belongs to another tenant.
    Tenant,
    /// A credential is granted from a place where it must not travel.
    Carrier,
    /// Another spelling of the request passes the guard.
    Spelling,
    /// Another method passes the guard.
    Method,
    /// Requests are granted while credentials cannot be verified.
    Outage,
    /// A request that was refused took effect.
    ExecutedWrite,
    /// A good credential is refused.
    GoodRefused,
    /// The status for a missing credential is another one than the profile expects.
    MissingStatus,
    /// The status for an invalid credential is another one than the profile expects.
    InvalidStatus,
    /// The status for missing permissions is another one than the profile expects.
    InsufficientStatus,
    /// The status for a malformed credential is another one than the profile expects.
    MalformedStatus,
    /// A challenge that has to be there is not.
    ChallengeAbsent,
    /// A challenge is there and is not as it has to be.
    ChallengeGrammar,
    /// A challenge does not say why the request was refused.
    ChallengeReason,
    /// Client credentials are granted behind the name of another authentication scheme.
    ClientScheme,
    /// Client credentials are refused behind a lawful spelling of their scheme name.
    ClientSchemeSpelling,
    /// A client whose HTTP Basic credentials are wrong is refused with another status than 401.
    ClientStatus,
    /// An error has no code that a client could read.
    ErrorAbsent,
    /// The server breaks each time.
    ServerError,
    /// A document that has to be there is not.
    DocumentAbsent,
    /// An answer shows what has to stay secret.
    Secret,
    /// Times tell what has to stay secret.
    Timing,
    /// An answer links to a host that its client named.
    ForeignHost,
    /// What the check is about, and nothing else.
    #[default]
    Own,
}

use Explanation::{
    Anonymous, Audience, ChallengeAbsent, ChallengeGrammar, ChallengeReason, ErrorAbsent, InsufficientStatus,
    InvalidStatus, MalformedStatus, MissingStatus, Own, Revocation, Scope, Tenant, Time, UnknownCredential, Unverified,
};

/// Statuses of any class.
const STATUS: &[Explanation] = &[MissingStatus, InvalidStatus, InsufficientStatus, MalformedStatus];

impl Explanation {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Explanation::Anonymous => "anonymous",
            Explanation::UnknownCredential => "unknown-credential",
            Explanation::Unverified => "unverified",
            Explanation::Unsigned => "unsigned",
            Explanation::Time => "time",
            Explanation::Revocation => "revocation",
            Explanation::Issuer => "issuer",
            Explanation::Audience => "audience",
            Explanation::Binding => "binding",
            Explanation::Scope => "scope",
            Explanation::Tenant => "tenant",
            Explanation::Carrier => "carrier",
            Explanation::Spelling => "spelling",
            Explanation::Method => "method",
            Explanation::Outage => "outage",
            Explanation::ExecutedWrite => "executed-write",
            Explanation::GoodRefused => "good-refused",
            Explanation::MissingStatus => "missing-status",
            Explanation::InvalidStatus => "invalid-status",
            Explanation::InsufficientStatus => "insufficient-status",
            Explanation::MalformedStatus => "malformed-status",
            Explanation::ChallengeAbsent => "challenge-absent",
            Explanation::ChallengeGrammar => "challenge-grammar",
            Explanation::ChallengeReason => "challenge-reason",
            Explanation::ClientScheme => "client-scheme",
            Explanation::ClientSchemeSpelling => "client-scheme-spelling",
            Explanation::ClientStatus => "client-status",
            Explanation::ErrorAbsent => "error-absent",
            Explanation::ServerError => "server-error",
            Explanation::DocumentAbsent => "document-absent",
            Explanation::Secret => "secret",
            Explanation::Timing => "timing",
            Explanation::ForeignHost => "foreign-host",
            Explanation::Own => "own",
        }
    }

    /// Whether a check is the one that is about it, among others that meet it.
    pub fn is_topic_of(self, check: &str) -> bool {
        let topics: &[&str] = match self {
            ChallengeAbsent => &["common.401-carries-challenge", "bearer.denial-has-challenge"],
            ChallengeGrammar => &["common.challenge-grammar"],
            ChallengeReason => &["bearer.denial-has-challenge"],
            Explanation::ClientStatus => &["token.bad-secret-basic-401"],
            ErrorAbsent => &["token.error-body-shape"],
            Explanation::ServerError => &["common.malformed-credential-never-5xx"],
            Explanation::DocumentAbsent => &["meta.as-document"],
            Explanation::ForeignHost => &["common.foreign-host-not-reflected"],
            Explanation::Secret => &["apikey.not-echoed", "common.auth-error-no-internals"],
            _ => &[],
        };
        topics.contains(&check)
    }

    /// Whether it is a property of one route. Everything else is one of the verifier, or of how answers are made: it is the
    /// same cause wherever a probe meets it.
    pub fn is_of_route(self) -> bool {
        matches!(
            self,
            Anonymous
                | Explanation::Binding
                | Scope
                | Tenant
                | Explanation::Carrier
                | Explanation::Spelling
                | Explanation::Method
                | Explanation::ExecutedWrite
                | Explanation::GoodRefused
        )
    }

    /// Whether it is about how requests are read, or about what a check alone is about: what one check finds at several routes is one
    /// cause, although others may explain it at one of them. Rights and methods have a guard at each route.
    pub fn is_of_reading(self) -> bool {
        matches!(self, Explanation::Spelling | Explanation::Carrier | Explanation::Binding | Own)
    }

    /// What no other failure explains, and what explains no other.
    pub fn stands_alone(self) -> bool {
        use Explanation::{ExecutedWrite, Secret, ServerError, Timing};
        matches!(self, ExecutedWrite | Secret | ServerError | Timing)
    }

    /// That the status of a class is another one than the profile expects.
    pub fn of_status(class: Class) -> Self {
        match class {
            Class::Missing => MissingStatus,
            Class::Invalid => InvalidStatus,
            Class::Insufficient => InsufficientStatus,
            Class::Malformed => MalformedStatus,
        }
    }

    /// Explanations of protocol deviations that explain this one too, the strongest first: an answer of another status
    /// has no challenge, and what is not there has no grammar.
    pub fn protocol_implied_by(self) -> &'static [Explanation] {
        match self {
            ChallengeAbsent => STATUS,
            ChallengeGrammar => &[MissingStatus, InvalidStatus, InsufficientStatus, MalformedStatus, ChallengeAbsent],
            ChallengeReason => {
                &[MissingStatus, InvalidStatus, InsufficientStatus, MalformedStatus, ChallengeAbsent, ChallengeGrammar]
            }
            ErrorAbsent => STATUS,
            _ => &[],
        }
    }

    /// What a grant to a step shows that has to be refused: what its check is about, or what the step says by itself.
    pub fn of_grant(check: Explanation, step: &Step) -> Self {
        if check != Own {
            return check;
        }
        let Step::Send(Send { who, alter, .. }) = step else { return Own };
        // what a request claims beside its credential is another matter than what that credential opens by itself
        let claims = alter.iter().any(|alter| matches!(alter, Alter::Header(..) | Alter::Query(..)));
        match who {
            Who::LowScope | Who::OtherTenant if claims => Own,
            Who::Anonymous if alter.is_empty() => Anonymous,
            Who::Forged(ForgeryId::UNKNOWN) if alter.is_empty() => UnknownCredential,
            Who::Revoked => Revocation,
            Who::Expired => Time,
            Who::LowScope | Who::OtherLowScope | Who::LookalikeScope | Who::ForgedLow(_) => Scope,
            Who::OtherTenant | Who::OtherOwner => Tenant,
            Who::Artefact(Artefact::OtherAudienceToken) => Audience,
            _ => Own,
        }
    }

    /// Explanations of which any implies a grant to a step, the strongest first: whoever needs no credential accepts any,
    /// and whoever accepts one that was never issued accepts every forgery.
    pub fn grant_implied_by(step: &Step) -> &'static [Explanation] {
        let who = match step {
            Step::Send(Send { who, .. }) => who,
            Step::Compare(compare) => &compare.other,
            _ => return &[],
        };
        match who {
            Who::Anonymous
            | Who::OfForeignPage
            | Who::WithoutWriteHeaders
            | Who::WithoutWritePair
            | Who::WithEmptyWritePair
            | Who::WithWriteHeadersOf(_)
            | Who::WithWritePairOf(_) => &[Anonymous],
            Who::Good | Who::Second | Who::Account(_) | Who::DefaultAccount(_) => &[],
            // whoever asks for no audience takes a token for the client, too
            Who::EachForged(ids) if ids.iter().all(|id| id == ForgeryId::ID_TOKEN) => {
                &[Anonymous, UnknownCredential, Unverified, Audience]
            }
            _ => &[Anonymous, UnknownCredential, Unverified],
        }
    }
}
