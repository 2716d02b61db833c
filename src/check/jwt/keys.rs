//! JSON Web Tokens: keys that come and go, and tokens as they are issued (RFC 7517, RFC 9068 §2).

use crate::check::jwt::judgements;
use crate::check::step::{
    Fill, FormAuth, INVALID, KeyChange, MetadataDocument, On, Step, Who, each_forged, fetch, send, token,
};
use crate::check::{Check, Doc, Level, Mode, REFUSAL, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "jwt.rotation-new-key",
        title: "Tokens by a newly published key are accepted soon",
        tier: Tier::Extended,
        mode: Mode::Timed,
        sources: &["RFC 7517 §4.5", "RFC 8725 §3.10"],
        doc: Doc {
            sends: "A token by a key that was published a moment ago, until it is accepted or the tolerance has passed.",
            matters: "Keys that are read once at the start turn every rotation into an outage.",
            fix: "Fetch the key set again when a kid is unknown, at most once in a while.",
        },
        steps: &[
            Step::Keys(KeyChange::Publish("new")),
            Step::AwaitAcceptance("new"),
            send(Who::Slot("new"), On::Protected).granted().called("a token by the new key"),
        ],
        fault: "jwks-loaded-once",
        ..REFUSAL
    },
    Check {
        id: "jwt.rotation-retired-key",
        title: "Tokens by a withdrawn key are refused",
        severity: Severity::High,
        mode: Mode::Timed,
        sources: &["ASVS 9.1.3", "RFC 8725 §3.10"],
        doc: Doc {
            sends: "A token by a key that was accepted and has left the key set, until it is refused or the tolerance has \
                    passed.",
            matters: "A key is withdrawn when it is lost: a cache that only grows keeps trusting the thief.",
            fix: "Replace the cached key set as a whole, and let it expire.",
        },
        steps: &[
            Step::Keys(KeyChange::Publish("old")),
            Step::AwaitAcceptance("old"),
            send(Who::Slot("old"), On::Protected).lasting().called("a token by the key before it is withdrawn"),
            Step::Keys(KeyChange::Withdraw),
            Step::AwaitRefusal("old"),
            send(Who::Slot("old"), On::Protected).denied(&[INVALID]).called("a token by the withdrawn key"),
        ],
        expect: judgements::retired,
        fault: "keys-never-evicted",
        ..REFUSAL
    },
    Check {
        id: "jwt.unknown-kid-fetch-limited",
        title: "A flood of unknown kids does not become a flood of JWKS fetches",
        tier: Tier::Extended,
        mode: Mode::OutOfBand,
        remote_safe: false,
        sources: &["OWASP API4:2023"],
        doc: Doc {
            sends: "A hundred tokens, each with a kid that nobody published; the fetches of the key set are counted.",
            matters: "One request that makes the server ask another is an amplifier for anybody who wants one.",
            fix: "Fetch the key set at most once in a while, whatever kids arrive.",
        },
        steps: &[send(each_forged(&["kid-random"]), On::Protected).times(100).denied(&[INVALID])],
        expect: judgements::few_fetches,
        fault: "refetch-per-kid",
        ..REFUSAL
    },
    Check {
        id: "jwt.issued-token-profile",
        title: "Issued JWT access tokens follow the profile",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 9068 §2.1", "RFC 9068 §2.2", "RFC 9068 §2.2.3"],
        doc: Doc {
            sends: "A token request; the token is decoded and verified with the issuer's key set.",
            matters: "APIs of other people rely on the type and the claims that the profile promises.",
            fix: "Issue at+jwt with iss, exp, aud, sub, client_id, iat and jti, for an hour or less.",
        },
        steps: &[
            token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials"))])
                .granted()
                .called("a token request"),
            fetch(MetadataDocument::KeySet).called("the key set"),
        ],
        expect: judgements::issued_profile,
        fault: "issues-without-jti",
        ..REFUSAL
    },
];
