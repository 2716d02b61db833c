//! Authorization server metadata (RFC 8414).

use super::key_sets;
use super::metadata_members;
use super::step::{Document, fetch};
use super::{Check, Doc, Level, PLAIN, Severity};

pub(super) const CHECKS: &[Check] = &[
    Check {
        id: "meta.issuer-identical",
        title: "The issuer member equals the configured issuer exactly",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 8414 §3.3", "RFC 8414 §2"],
        doc: Doc {
            sends: "The metadata document; its issuer is compared code point by code point.",
            matters: "Clients that accept another issuer can be led to an attacker's endpoints.",
            fix: "Publish the issuer exactly as it is configured, without a trailing slash that is not part of it.",
        },
        steps: &[fetch(Document::AuthorizationServer)],
        expect: metadata_members::issuer_identical,
        fault: "issuer-trailing-slash",
        ..PLAIN
    },
    Check {
        id: "meta.no-alg-none",
        title: "alg none is not offered for client authentication or DPoP",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 8414 §2", "RFC 9449 §5.1", "RFC 9449 §11.6"],
        doc: Doc {
            sends: "The metadata document; the lists of signature algorithms are read.",
            matters: "A server that offers none for client authentication accepts unsigned assertions.",
            fix: "Take none out of every list of algorithms for client authentication.",
        },
        steps: &[fetch(Document::AuthorizationServer)],
        expect: metadata_members::no_alg_none,
        fault: "advertises-none",
        ..PLAIN
    },
    Check {
        id: "meta.jwks-public-only",
        title: "The JWKS has no private or symmetric material",
        level: Level::Must,
        severity: Severity::Critical,
        sources: &["RFC 7517 §9.2", "RFC 7518 §6.2.2", "RFC 7518 §6.3.2"],
        doc: Doc {
            sends: "A request for the key set; its keys are searched for private members.",
            matters: "Whoever reads a private key signs for the issuer.",
            fix: "Publish the public members alone, and take every key that was shown out of use.",
        },
        steps: &[fetch(Document::KeySet)],
        expect: key_sets::public_only,
        fault: "jwks-leaks-private",
        ..PLAIN
    },
    Check {
        id: "meta.jwks-key-quality",
        title: "Keys are strong enough and identifiable",
        level: Level::Should,
        tier: super::Tier::Extended,
        sources: &["RFC 7518 §3.3", "RFC 7517 §4.5", "RFC 8725 §3.5"],
        doc: Doc {
            sends: "A request for the key set; sizes, curves, identifiers and uses are compared.",
            matters: "A short key can be computed, and two keys of one name cannot be told apart.",
            fix: "Use RSA of 2048 bits and more or a registered curve, and give each key a kid of its own.",
        },
        steps: &[fetch(Document::KeySet)],
        expect: key_sets::key_quality,
        fault: "rsa-1024",
        ..PLAIN
    },
];
