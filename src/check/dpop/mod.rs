//! Tokens that are bound to keys, at the API (RFC 9449 §4.3, §7).

mod judgements;
pub(crate) mod nonces;
pub(crate) mod tokens;

use crate::check::judgement::expect;
use crate::check::step::{Accept, Alter, Fill, INVALID, MISSING, On, Who, each_forged, forged, send};
use crate::check::{Check, Doc, Explanation, Level, Mode, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::StepId;

/// What a wrong proof may be answered with (RFC 9449 §7.1, RFC 6750 §3.1).
pub(super) const BAD_PROOF: &[Accept] = &[INVALID, Accept::Status(400), MISSING];

/// Proofs whose time is far from now, and those that are as far apart as clocks are.
pub(super) const FAR: StepId = StepId::new("far");
pub(super) const FUTURE: StepId = StepId::new("future");
pub(super) const TEXT: StepId = StepId::new("text");
pub(super) const BEHIND: StepId = StepId::new("behind");
pub(super) const AHEAD: StepId = StepId::new("ahead");
/// A request with a query, and addresses that are written in another way.
pub(super) const QUERY: StepId = StepId::new("query");
pub(super) const SPELLED: StepId = StepId::new("spelled");
pub(super) const PORT: StepId = StepId::new("port");
pub(super) const PATH: StepId = StepId::new("path");
/// A time with a fraction.
pub(super) const FRACTION: StepId = StepId::new("fraction");

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "dpop.valid-accepted",
        title: "A fresh, correct proof with a bound token is accepted (positive control)",
        level: Level::Must,
        severity: Severity::Info,
        control: true,
        sources: &["RFC 9449 §4.3", "RFC 9449 §7.1"],
        doc: Doc {
            sends: "For every protected resource a bound token behind the scheme name DPoP, and a new proof for the request.",
            matters: "Without this control no refusal proves anything.",
            fix: "Check the address that the server compares htu with: behind a proxy it is the one that the client uses.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "dpop-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "dpop.missing-proof-refused",
        title: "A bound token without a proof is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9449 §7.1", "RFC 9449 §4.3"],
        doc: Doc {
            sends: "A bound token behind the scheme name DPoP, and no proof.",
            matters: "A token that works without a proof is a bearer token: whoever steals it can use it.",
            fix: "Refuse a request with a bound token and no DPoP field: 401 with a DPoP challenge and its error.",
        },
        steps: &[send(forged("no-proof"), On::EachUsed).denied(&[INVALID, Accept::Status(400)])],
        expect: judgements::reason_named,
        shows: Explanation::Binding,
        fault: "proof-optional",
        ..PLAIN
    },
    Check {
        id: "dpop.scheme-case-insensitive",
        title: "The DPoP scheme name is case-insensitive",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9110 §11.1", "RFC 9110 §11.4", "RFC 9449 §7.1"],
        doc: Doc {
            sends: "A bound token with a good proof behind dpop, DPOP and dPoP, and behind two spaces.",
            matters: "Clients that write the name in lower case are right, and are shut out.",
            fix: "Compare the scheme name without regard to case (RFC 9110 §11.1).",
        },
        steps: &[
            send(forged("scheme-lower-case"), On::Protected).granted(),
            send(forged("scheme-upper-case"), On::Protected).granted(),
            send(forged("scheme-mixed-case"), On::Protected).granted(),
            send(forged("two-spaces"), On::Protected),
        ],
        expect: expect::scheme_read,
        fault: "dpop-case-sensitive-scheme",
        ..PLAIN
    },
    Check {
        id: "dpop.bearer-downgrade-refused",
        title: "A bound token that is sent as a bearer token is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9449 §7.2"],
        doc: Doc {
            sends: "A bound token behind the scheme name Bearer: without a proof to each resource that writes nothing (at most 16), and with one.",
            matters: "A second way in that takes the same token without a proof makes the proof worthless.",
            fix: "In the code that takes bearer tokens, refuse each token that has cnf.jkt.",
        },
        steps: &[
            send(forged("as-bearer"), On::EachRoute).denied(BAD_PROOF),
            send(forged("as-bearer-with-proof"), On::Protected).denied(BAD_PROOF),
        ],
        shows: Explanation::Binding,
        fault: "bearer-downgrade",
        ..REFUSAL
    },
    Check {
        id: "dpop.single-proof-header",
        title: "A request with more than one proof is refused",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 9449 §4.3"],
        doc: Doc {
            sends: "Two good proofs in two fields, and a good one followed by one with a wrong signature.",
            matters: "Two readers of the same request, such as a gateway and a service, may each take another proof.",
            fix: "Count the DPoP fields before any of them is read.",
        },
        steps: &[
            send(forged("two-proofs"), On::Protected).denied(BAD_PROOF),
            send(forged("good-then-wrong"), On::Protected).denied(BAD_PROOF),
        ],
        fault: "first-proof-used",
        ..REFUSAL
    },
    Check {
        id: "dpop.proof-shape-enforced",
        title: "A proof without a required member, or of another type, is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9449 §4.2", "RFC 9449 §4.3", "RFC 9449 §11.5", "RFC 7519 §4.1.7"],
        doc: Doc {
            sends: "Correctly signed proofs that lack typ, alg, jwk, jti, htm, htu, iat or ath, one of the type JWT, ones whose jti is a number or a list, and one that is no JWT.",
            matters: "What is verified only where it is present is not verified: an attacker leaves it out.",
            fix: "Require each member of RFC 9449 §4.2, with its type, before its value is looked at.",
        },
        steps: &[
            send(forged("no-typ"), On::Protected).denied(BAD_PROOF),
            send(forged("typ-jwt"), On::Protected).denied(BAD_PROOF),
            send(forged("no-alg"), On::Protected).denied(BAD_PROOF),
            send(forged("no-jwk"), On::Protected).denied(BAD_PROOF),
            send(forged("no-jti"), On::Protected).denied(BAD_PROOF),
            send(forged("no-htm"), On::Protected).denied(BAD_PROOF),
            send(forged("no-htu"), On::Protected).denied(BAD_PROOF),
            send(forged("no-iat"), On::Protected).denied(BAD_PROOF),
            send(forged("no-ath"), On::Protected).denied(BAD_PROOF),
            send(forged("jti-number"), On::Protected),
            send(forged("jti-list"), On::Protected),
            send(forged("no-jwt"), On::Protected).denied(BAD_PROOF),
        ],
        expect: judgements::read_strictly,
        fault: "missing-jti-ok",
        ..REFUSAL
    },
    Check {
        id: "dpop.proof-crit-enforced",
        title: "A proof with a critical extension that is not understood is refused",
        level: Level::Must,
        severity: Severity::Medium,
        sources: &["RFC 7515 §4.1.11", "RFC 9449 §4.3"],
        doc: Doc {
            sends: "A correctly signed proof whose header lists an extension in crit that does not exist. To accept it is a warning: only the holder of the key can make it.",
            matters: "An extension that changes what a proof means is ignored by a server that does not look at crit.",
            fix: "Refuse each proof that has crit, unless the server implements all that it lists.",
        },
        steps: &[send(Who::Good, On::Protected).granted(), send(forged("crit-unknown"), On::Protected)],
        expect: judgements::read_strictly,
        fault: "proof-crit-ignored",
        ..REFUSAL
    },
    Check {
        id: "dpop.proof-encoding-strict",
        title: "A proof whose signature is not base64url without padding is refused",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7515 §2", "RFC 7515 §5.2"],
        doc: Doc {
            sends: "Correctly signed proofs with padding after the signature, and with the standard alphabet of Base64 in it.",
            matters: "A list of used proofs that is kept by their text takes another spelling of one for another proof.",
            fix: "Decode each part as base64url without padding, and refuse everything else.",
        },
        steps: &[
            send(Who::Good, On::Protected).granted(),
            send(each_forged(&["signature-padded", "signature-standard-alphabet"]), On::Protected),
        ],
        expect: judgements::read_strictly,
        fault: "proof-encoding-lenient",
        ..REFUSAL
    },
    Check {
        id: "dpop.alg-and-key-sane",
        title: "A proof needs an asymmetric algorithm and a public key",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9449 §4.3", "RFC 9449 §11.6"],
        doc: Doc {
            sends: "Proofs with alg none, with HS256 and a secret in jwk, with a jwk that has a private part, and with a signature of zeros.",
            matters: "Whoever knows a stolen token and its public key, which each proof carries, could make proofs without the private key.",
            fix: "Accept a list of asymmetric algorithms, and refuse a jwk that has other members than those of a public key.",
        },
        steps: &[
            send(forged("alg-none"), On::Protected).denied(BAD_PROOF),
            send(forged("alg-hs256"), On::Protected).denied(BAD_PROOF),
            send(forged("jwk-private"), On::Protected),
            send(forged("signature-zero"), On::Protected).denied(BAD_PROOF),
        ],
        expect: judgements::read_strictly,
        implied_by: &["dpop.signature-verified"],
        fault: "dpop-alg-none",
        ..REFUSAL
    },
    Check {
        id: "dpop.signature-verified",
        title: "The signature of a proof is verified with the key in it",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9449 §4.3"],
        doc: Doc {
            sends: "A proof with one bit of its signature changed, and one that names the bound key and that another key signed.",
            matters: "The public key is in each proof: a server that compares only its thumbprint lets everybody in who saw one.",
            fix: "Verify the signature with the key in jwk before anything else in the proof is believed.",
        },
        steps: &[
            send(forged("signature-changed"), On::Protected).denied(BAD_PROOF),
            send(forged("signed-by-other"), On::Protected).denied(BAD_PROOF),
        ],
        fault: "proof-unsigned",
        ..REFUSAL
    },
    Check {
        id: "dpop.htm-htu-match",
        title: "A proof for another method or address is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9449 §4.3"],
        doc: Doc {
            sends: "Proofs for another method, and for it in lower case; for another path, host, port and scheme; and one whose htu is a number.",
            matters: "A proof that a client made for one server or operation could be used for another.",
            fix: "Compare htm with the method as it is, and htu with the address that clients use, after normalisation.",
        },
        steps: &[
            send(forged("htm-other"), On::Protected).denied(BAD_PROOF),
            send(forged("htm-lower"), On::Protected),
            send(forged("htu-other-path"), On::Protected).denied(BAD_PROOF),
            send(forged("htu-other-host"), On::Protected).denied(BAD_PROOF),
            send(forged("htu-other-port"), On::Protected).denied(BAD_PROOF),
            send(forged("htu-other-scheme"), On::Protected).denied(BAD_PROOF),
            send(forged("htu-number"), On::Protected).denied(BAD_PROOF),
        ],
        expect: judgements::read_strictly,
        fault: "htu-ignored",
        ..REFUSAL
    },
    Check {
        id: "dpop.htu-equivalents-accepted",
        title: "The query of a request is ignored, and the address of a proof is normalised",
        level: Level::Should,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 9449 §4.3", "RFC 3986 §6.2.2", "RFC 3986 §6.2.3"],
        doc: Doc {
            sends: "A request with a query and a good proof, whose htu has none; proofs with scheme and host in upper case, with a percent-encoded letter and with a segment of one dot in the path; and, where the target uses the default port, one that writes it out.",
            matters: "Clients of another library are refused although their proofs are correct.",
            fix: "Parse htu as an address, drop query and fragment, and compare what the parser normalises.",
        },
        steps: &[
            send(Who::Good, On::Protected)
                .with(&[Alter::Query("authbench", Fill::Text("1"))])
                .granted()
                .id(QUERY)
                .called("a request with a query, and a proof for the address without it"),
            send(forged("htu-upper-case"), On::Protected).id(SPELLED),
            send(each_forged(&["htu-encoded-letter", "htu-dot-segment"]), On::Protected).id(PATH),
            send(forged("htu-default-port"), On::Protected).id(PORT),
        ],
        expect: judgements::same_address,
        fault: "htu-string-compare",
        ..PLAIN
    },
    Check {
        id: "dpop.iat-window",
        title: "A proof that is far from its time is refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 9449 §4.3", "RFC 9449 §11.1", "RFC 7519 §2", "RFC 7519 §4.1.6"],
        doc: Doc {
            sends: "Proofs whose iat is an hour ago, in an hour, and the right time as text, which is a warning where it is accepted; and proofs of five seconds ago and in five seconds, as clocks are that differ, and of half a second ago.",
            matters: "A proof that is accepted for ever can be made in advance, or taken from a log, and used later.",
            fix: "Accept an iat of the last seconds or minutes alone, or give out nonces that end and require one in each proof.",
        },
        steps: &[
            send(forged("iat-old"), On::Protected).denied(BAD_PROOF).id(FAR),
            send(forged("iat-future"), On::Protected).denied(BAD_PROOF).id(FUTURE),
            send(forged("iat-text"), On::Protected).id(TEXT),
            send(forged("iat-5-behind"), On::Protected).id(BEHIND),
            send(forged("iat-5-ahead"), On::Protected).id(AHEAD),
            send(forged("iat-fraction"), On::Protected).id(FRACTION),
        ],
        expect: judgements::window,
        shows: Explanation::Time,
        fault: "iat-ignored",
        ..REFUSAL
    },
    Check {
        id: "dpop.jti-replay-refused",
        title: "A proof that is sent a second time is refused",
        severity: Severity::High,
        sources: &["RFC 9449 §11.1"],
        doc: Doc {
            sends: "A good request to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8), and then the same request with the same proof.",
            matters: "Whoever records a request with its token and its proof can send it again for as long as the proof is fresh.",
            fix: "Keep the jti of each proof, or a hash of it, for as long as the proof would be accepted.",
        },
        steps: &[
            send(Who::Good, On::EachRepeatable).granted().called("a good request"),
            send(forged("replayed"), On::EachRepeatable).denied(BAD_PROOF),
        ],
        fault: "no-jti-store",
        ..REFUSAL
    },
    Check {
        id: "dpop.ath-verified",
        title: "A proof for another token is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9449 §4.3", "RFC 9449 §4.2"],
        doc: Doc {
            sends: "Proofs whose ath is the hash of another token, also behind the scheme name in lower case, and the right hash with padding.",
            matters: "Proofs that were made in advance could be used with every later token of the same key.",
            fix: "Compare ath with the base64url encoding, without padding, of the SHA-256 of the token.",
        },
        steps: &[
            send(forged("ath-other"), On::Protected).denied(BAD_PROOF),
            send(forged("ath-other-lower-case"), On::Protected).denied(BAD_PROOF),
            send(forged("ath-padded"), On::Protected),
        ],
        expect: judgements::read_strictly,
        shows: Explanation::Binding,
        fault: "ath-ignored",
        ..REFUSAL
    },
    Check {
        id: "dpop.key-matches-token",
        title: "A proof of another key than the bound one is refused",
        level: Level::Must,
        severity: Severity::Critical,
        mode: Mode::Deterministic,
        sources: &["RFC 9449 §4.3", "RFC 9449 §6"],
        doc: Doc {
            sends: "The good token with a proof that is correct in all, and that another key signed.",
            matters: "A thief makes a key of its own: unless the key is compared, a proof proves nothing about the token.",
            fix: "Compare the SHA-256 thumbprint of the key in the proof (RFC 7638) with cnf.jkt of the token.",
        },
        steps: &[send(forged("other-key"), On::EachUsed).denied(BAD_PROOF)],
        shows: Explanation::Binding,
        fault: "jkt-ignored",
        ..REFUSAL
    },
    Check {
        id: "dpop.challenge-lists-algs",
        title: "A DPoP challenge lists the algorithms of proofs",
        level: Level::Should,
        severity: Severity::Info,
        tier: Tier::Extended,
        about_authorization: true,
        sources: &["RFC 9449 §7.1"],
        doc: Doc {
            sends: "A request without a credential, and one with a bound token and no proof; the DPoP challenges are read.",
            matters: "A client that does not learn which algorithms are accepted has to guess which key to make.",
            fix: "Add algs=\"ES256 …\", separated by spaces, to each DPoP challenge.",
        },
        steps: &[
            send(Who::Anonymous, On::Protected).denied(&[Accept::Range(400, 499)]),
            send(forged("no-proof"), On::Protected).denied(&[Accept::Range(400, 499)]),
        ],
        expect: judgements::algorithms,
        fault: "no-algs",
        ..PLAIN
    },
];
