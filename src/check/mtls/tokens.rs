//! Client certificates at the authorization server, and the tokens that are bound to them (RFC 8705 §2 to §5).

use serde_json::Value;

use crate::check::judgement::challenges::bearer_error;
use crate::check::judgement::expect;
use crate::check::judgement::oauth::claims_of;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{
    Accept, Alter, Fill, FormAuth, INVALID, MetadataDocument, On, OtherConnection, Who, fetch, introspect, send, token,
    token_alias,
};
use crate::check::token::GRANT;
use crate::check::{Check, Doc, Level, PLAIN, Severity, Step, Tier};
use crate::observe::{ForgeryId, Outcome, Response, StepId};

/// What the good client asks for.
const OWN: (&str, Fill) = ("scope", Fill::OwnScope);
/// RFC 6749 §5.2, RFC 8705 §2.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];
/// The token whose binding is looked at.
const ISSUED: StepId = StepId::new("issued");
/// What the authorization server says about it.
const INTROSPECTED: StepId = StepId::new("introspected");
/// A token request at the alias.
const AT_ALIAS: StepId = StepId::new("at-alias");
/// The slot of the token.
const BOUND: &str = "bound";

/// A token of the good client, over a connection with its certificate.
const OBTAINED: Step = token(FormAuth::Good, &[GRANT, OWN]).granted().keep(BOUND).id(ISSUED).called("a token request");
/// What is said about it, where somebody may ask.
const LOOKED_AT: Step = introspect(FormAuth::Good, &[("token", Fill::Slot(BOUND))])
    .id(INTROSPECTED)
    .if_given()
    .called("the introspection of the token");

const fn forged(id: &'static str, description: &'static str) -> Step {
    token(FormAuth::ForgedCertificate(ForgeryId::new(id)), &[GRANT]).denied(BAD_CLIENT).if_given().called(description)
}

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "mtls.client-binding-at-token-endpoint",
        title: "The certificate belongs to the client that client_id names",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8705 §2", "RFC 8705 §2.1.2", "RFC 8705 §2.2.2"],
        doc: Doc {
            sends: "Token requests with the client_id of the good client: over a connection with the certificate of another client, over one without a certificate, and over connections with certificates that only look like its own: of another subject, of another CA of the same name, and self-signed with the same names.",
            matters: "Whoever holds any certificate that the server trusts is then every client of it.",
            fix: "Compare the subject of the certificate, or the certificate itself, with what is registered for the client_id (RFC 8705 §2.1.2, §2.2.2).",
        },
        steps: &[
            token(FormAuth::CertificateOfAnother, &[GRANT])
                .denied(BAD_CLIENT)
                .called("the certificate of another client"),
            token(FormAuth::IdOnly, &[GRANT]).denied(BAD_CLIENT).called("client_id without a certificate"),
            forged("other-subject", "a certificate of the same CA for another subject"),
            forged("unknown", "a certificate with the same names from another CA of the same name"),
            forged("self-signed", "a self-signed certificate with the same names"),
        ],
        expect: |case| expect::wants_error(case, &["invalid_client"]),
        fault: "any-trusted-cert",
        ..PLAIN
    },
    Check {
        id: "mtls.issued-token-has-thumbprint",
        title: "A certificate-bound token carries the thumbprint of the certificate",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 8705 §3.1", "RFC 8705 §3.2"],
        doc: Doc {
            sends: "A token request over a connection with the certificate of the client; the token is decoded, or introspected where it is opaque.",
            matters: "A resource server that computes the thumbprint by the RFC refuses the token to its owner, and one that cannot compare the two may stop doing so.",
            fix: "Put the SHA-256 of the certificate in DER, in base64url without padding, into `x5t#S256` of `cnf`.",
        },
        steps: &[OBTAINED, LOOKED_AT],
        expect: thumbprint,
        fault: "thumbprint-of-pem",
        ..PLAIN
    },
    Check {
        id: "mtls.bound-token-needs-certificate",
        title: "A certificate-bound token is refused without its certificate",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 8705 §3"],
        doc: Doc {
            sends: "A token that is bound to the certificate of its client, over a connection without a certificate and over one with the certificate of another client: to each resource that is read (at most 16) and, where the target is `owned`, to each that writes (at most 8).",
            matters: "A token that is bound to a key and is accepted without it is a bearer token: whoever reads it uses it.",
            fix: "Compare `x5t#S256` of the token with the certificate of the connection, and answer 401 with error=\"invalid_token\" (RFC 8705 §3).",
        },
        steps: &[
            OBTAINED,
            LOOKED_AT,
            send(Who::Good, On::EachRoute)
                .with(&[Alter::Connection(OtherConnection::WithoutCertificate)])
                .denied(&[INVALID])
                .called("the token without a certificate"),
            send(Who::Good, On::EachWrite)
                .with(&[Alter::Connection(OtherConnection::WithoutCertificate)])
                .denied(&[INVALID])
                .if_given()
                .called("the token without a certificate"),
            send(Who::Good, On::EachRoute)
                .with(&[Alter::Connection(OtherConnection::OfAnother)])
                .denied(&[INVALID])
                .if_given()
                .called("the token with the certificate of another client"),
            send(Who::Good, On::EachWrite)
                .with(&[Alter::Connection(OtherConnection::OfAnother)])
                .denied(&[INVALID])
                .if_given()
                .called("the token with the certificate of another client"),
        ],
        expect: needs_certificate,
        fault: "cnf-ignored",
        ..PLAIN
    },
];

/// Of metadata: an entry of the group `meta`.
pub(crate) const METADATA: &[Check] = &[Check {
    id: "meta.mtls-aliases",
    title: "The token endpoint of mtls_endpoint_aliases issues tokens to clients with certificates",
    level: Level::May,
    severity: Severity::Info,
    tier: Tier::Extended,
    sources: &["RFC 8705 §5"],
    doc: Doc {
        sends: "The metadata document, and a token request at the token endpoint of its `mtls_endpoint_aliases`, over a connection with the certificate of the client.",
        matters: "Clients with certificates use the alias in preference to the endpoint: one that asks for no certificate shuts them out.",
        fix: "Have the host of the alias ask for certificates in the handshake, or remove the alias.",
    },
    steps: &[
        fetch(MetadataDocument::Discovered),
        token_alias(FormAuth::Good, &[GRANT, OWN]).granted().id(AT_ALIAS).called("a token request at the alias"),
    ],
    expect: alias,
    fault: "dead-alias",
    ..PLAIN
}];

/// What a token says that it is bound to.
enum Binding {
    /// The thumbprint of a certificate, and the observation that shows it.
    Certificate(usize, String),
    /// Nothing, or something else than a certificate.
    Otherwise,
    /// Nobody says it: the token is opaque, and it was not introspected.
    Unknown,
}

fn binding(case: &ObservedCheck<'_>) -> Binding {
    let in_token = case
        .answers_of(ISSUED)
        .find_map(|(index, answer)| Some((index, claims_of(&answer.json_text("access_token")?)?)));
    let active = |answer: &Response| answer.json().filter(|json| json.get("active").is_some());
    let introspected = || case.answers_of(INTROSPECTED).find_map(|(index, answer)| Some((index, active(answer)?)));
    let thumbprint = |(index, said): &(usize, Value)| {
        let thumbprint = said.pointer("/cnf/x5t#S256")?.as_str()?.to_owned();
        Some(Binding::Certificate(*index, thumbprint))
    };
    match (in_token, introspected()) {
        (None, None) => Binding::Unknown,
        (token, answer) => {
            let bound = token.as_ref().and_then(thumbprint).or_else(|| answer.as_ref().and_then(thumbprint));
            bound.unwrap_or(Binding::Otherwise)
        }
    }
}

const NOT_BOUND: &str =
    "the token is not bound to a certificate: neither the token nor its introspection has `x5t#S256` in `cnf`";
const OPAQUE: &str = "nothing shows whether the token is bound to a certificate: it is opaque, and was not introspected (add `introspection_url` and `material.introspection_client`)";

fn thumbprint(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = expect::wants(case);
    match (binding(case), &case.evidence.thumbprint) {
        (Binding::Otherwise, _) => judgement.not_applicable = Some(NOT_BOUND.to_owned()),
        (Binding::Unknown, _) => judgement.not_applicable = Some(OPAQUE.to_owned()),
        (Binding::Certificate(..), None) => {
            judgement.open.push("the certificate of the client cannot be read".to_owned())
        }
        (Binding::Certificate(index, seen), Some(own)) if seen != *own => {
            let seen: String = seen.chars().filter(char::is_ascii_graphic).take(64).collect();
            judgement.deviates(index, format!("x5t#S256 is {seen:?}"), format!("{own:?} (RFC 8705 §3.1)"));
        }
        (Binding::Certificate(..), Some(_)) => {}
    }
    judgement
}

fn needs_certificate(case: &ObservedCheck<'_>) -> Judgement {
    let judgement = expect::wants(case).and(bearer_error(case, "invalid_token"));
    let why = match binding(case) {
        Binding::Certificate(..) => return judgement,
        Binding::Otherwise => NOT_BOUND,
        Binding::Unknown => OPAQUE,
    };
    Judgement { not_applicable: Some(why.to_owned()), ..Judgement::default() }
}

/// RFC 8705 §5: a client that means to do mutual TLS uses the alias.
fn alias(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    for (index, seen) in case.observations_of(AT_ALIAS) {
        match (seen.outcome, seen.exchange.status()) {
            (Outcome::Granted, _) => {}
            (Outcome::Refused, Some(status)) => {
                judgement.advises(index, case.about(index, format_args!("refused with {status}")), "a token");
            }
            (Outcome::Refused, None) => {
                judgement.advises(index, case.about(index, "refused in the handshake"), "a token")
            }
            _ => case.judge(index, &mut judgement),
        }
    }
    judgement
}
