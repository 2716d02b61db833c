//! Client certificates (RFC 8705, RFC 8446 §4.4.2).

pub(crate) mod tokens;

use crate::check::judgement::expect;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{INVALID, MISSING, On, Who, each_forged, forged, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity};
use crate::observe::{Outcome, StepId};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "mtls.valid-accepted",
        title: "A trusted client certificate is accepted (positive control)",
        severity: Severity::Info,
        control: true,
        sources: &["RFC 8705 §2", "ASVS 12.1.3"],
        doc: Doc {
            sends: "A handshake with the certificate of the credential, and its requests to every protected resource.",
            matters: "A target that refuses everybody refuses a wrong certificate for the wrong reason: without this control no refusal proves anything.",
            fix: "Check the certificate, its key and the CA that the target trusts for clients.",
        },
        steps: &[send(Who::Good, On::EachProtected).granted()],
        fault: "mtls-rejects-everything",
        ..PLAIN
    },
    Check {
        id: "mtls.missing-certificate-refused",
        title: "A client without a certificate is refused",
        severity: Severity::Critical,
        sources: &["RFC 8446 §4.4.2.4", "RFC 8446 §6.2", "ASVS 12.1.3"],
        doc: Doc {
            sends: "The request of the control over a connection that presents no certificate. In TLS 1.3 the alert may come as late as the first answer, so it is read before anything is concluded.",
            matters: "A server that asks for a certificate and does not look whether there was one opens the API to everybody.",
            fix: "Require the certificate in the handshake, or refuse the request before any handler runs.",
        },
        steps: &[send(Who::Anonymous, On::EachProtected).denied(&[MISSING]).thoroughly()],
        shows: Explanation::Anonymous,
        fault: "certificate-optional",
        ..REFUSAL
    },
    Check {
        id: "mtls.untrusted-chain-refused",
        title: "A certificate from another CA is refused",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 5280 §6.1", "ASVS 12.1.3"],
        doc: Doc {
            sends: "Certificates with the subject and the names of the good one: from another CA of the same name, signed by themselves, and signed by the client's own certificate as if that were a CA; the first two to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8).",
            matters: "Whoever reads the name in a certificate without verifying its chain believes everybody who writes that name into one.",
            fix: "Verify the chain up to the CA of the clients in the TLS library, and switch off modes such as `optional_no_ca`.",
        },
        steps: &[
            send(forged("unknown"), On::EachRoute).denied(&[INVALID]),
            send(forged("self-signed"), On::EachRoute).denied(&[INVALID]),
            send(each_forged(STRANGERS), On::EachWrite).denied(&[INVALID]).if_given(),
            send(forged("leaf-as-ca"), On::Protected).denied(&[INVALID]),
        ],
        shows: Explanation::UnknownCredential,
        fault: "trusts-subject-only",
        ..REFUSAL
    },
    Check {
        id: "mtls.validity-and-usage-checked",
        title: "An expired, a future and a wrong-purpose certificate are refused",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 5280 §6.1.3", "RFC 5280 §4.1.2.5", "RFC 5280 §4.2.1.12", "RFC 5280 §4.2"],
        doc: Doc {
            sends: "Certificates that `material.client_ca` signs and that differ from the good one in one thing: ended a day ago, valid from tomorrow on, for servers alone, with a critical extension that nobody knows; the one that ended also to each other resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8). One that differs in nothing is sent first and has to be accepted.",
            matters: "A verifier of its own that forgets the dates or the usage lets in whoever left long ago, and every server as a client.",
            fix: "Leave the verification to the TLS library, with the purpose of client authentication.",
        },
        steps: &[
            send(forged("twin"), On::Protected).id(TWIN),
            send(forged("expired"), On::EachRoute).denied(&[INVALID]),
            send(forged("expired"), On::EachWrite).denied(&[INVALID]).if_given(),
            send(forged("not-yet-valid"), On::Protected).denied(&[INVALID]),
            send(forged("server-usage"), On::Protected).denied(&[INVALID]),
            send(forged("unknown-critical-extension"), On::Protected).denied(&[INVALID]),
        ],
        expect: beside_the_twin,
        fault: "no-validity-check",
        ..REFUSAL
    },
    Check {
        id: "mtls.certificate-header-spoof",
        title: "A certificate in a header field of the client is not believed",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 9440 §2.4", "RFC 9700 §4.13", "ASVS 4.1.3"],
        doc: Doc {
            sends: "The request of the control without a certificate, and with the good one in the fields by which proxies pass certificates on: Client-Cert, X-Forwarded-Client-Cert, X-SSL-Client-Cert, SSL_CLIENT_CERT, X-Client-DN and X-SSL-Client-Verify; to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8).",
            matters: "A certificate is public: whoever believes one in a header field lets in everybody who has seen it.",
            fix: "Have the proxy remove these fields from every request before it sets them, and let the application take them from the proxy alone.",
        },
        steps: &[
            send(forged("header-client-cert"), On::EachRoute).denied(&[MISSING, INVALID]),
            send(forged("header-forwarded"), On::EachRoute).denied(&[MISSING, INVALID]),
            send(forged("header-ssl-cert"), On::EachRoute).denied(&[MISSING, INVALID]),
            send(forged("header-subject"), On::EachRoute).denied(&[MISSING, INVALID]),
            send(each_forged(IN_FIELDS), On::EachWrite).denied(&[MISSING, INVALID]).if_given(),
        ],
        fault: "trusts-client-cert-header",
        ..REFUSAL
    },
];

/// Certificates that nobody signed whom the target trusts.
const STRANGERS: &[&str] = &["unknown", "self-signed"];
/// The good certificate in the fields of a proxy.
const IN_FIELDS: &[&str] = &["header-client-cert", "header-forwarded", "header-ssl-cert", "header-subject"];
/// The certificate that differs from the good one in nothing but its signature.
const TWIN: StepId = StepId::new("twin");

/// Refusals of what the CA signs prove something only where it is the CA that the target trusts.
fn beside_the_twin(case: &ObservedCheck<'_>) -> Judgement {
    let judgement = expect::wants(case);
    let refused = case.observations_of(TWIN).find(|(_, seen)| seen.outcome != Outcome::Granted);
    let Some((_, seen)) = refused else { return judgement };
    let why = format!("{}: it was not accepted, so refusals of its siblings prove nothing", seen.description);
    // what was granted stands, for it was seen
    let open = judgement.access.is_empty().then_some(why);
    Judgement { open: open.into_iter().collect(), ..judgement }
}
