//! Authorization server metadata (RFC 8414).

pub(crate) mod advertised;
pub(crate) mod announced;
pub(crate) mod foreign_host;
pub(crate) mod members;

use crate::check::jwt::key_sets;
use crate::check::step::{Fill, FormAuth, MetadataDocument, On, Who, fetch, introspect, revoke, send, token};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};
use crate::observe::StepId;

pub(crate) const CHECKS: &[Check] = &[
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
        steps: &[fetch(MetadataDocument::Discovered)],
        expect: members::issuer_identical,
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
        steps: &[fetch(MetadataDocument::Discovered)],
        expect: members::no_alg_none,
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
        steps: &[fetch(MetadataDocument::KeySet)],
        expect: key_sets::public_only,
        fault: "jwks-leaks-private",
        ..PLAIN
    },
    Check {
        id: "meta.jwks-key-quality",
        title: "Keys are strong enough and identifiable",
        level: Level::Should,
        tier: crate::check::Tier::Extended,
        sources: &["RFC 7518 §3.3", "RFC 7517 §4.5", "RFC 8725 §3.5"],
        doc: Doc {
            sends: "A request for the key set; sizes, curves, identifiers and uses are compared.",
            matters: "A short key can be computed, and two keys of one name cannot be told apart.",
            fix: "Use RSA of 2048 bits and more or a registered curve, and give each key a kid of its own.",
        },
        steps: &[fetch(MetadataDocument::KeySet)],
        expect: key_sets::key_quality,
        fault: "rsa-1024",
        ..PLAIN
    },
    Check {
        id: "meta.as-document",
        title: "Authorization-server metadata is served and complete",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 8414 §3", "RFC 8414 §2", "RFC 8414 §3.2", "OpenID Connect Discovery 1.0 (section 4)"],
        doc: Doc {
            sends: "The metadata document at its well-known place, at the one behind the issuer's path, and at that of OpenID Connect Discovery, which is enough.",
            matters: "Clients that follow the standard find nothing elsewhere, and cannot use a document without its members.",
            fix: "Serve the document between host and path of the issuer (RFC 8414 §3.1), as JSON, without empty lists.",
        },
        steps: &[
            fetch(MetadataDocument::AuthorizationServer).id(WELL_KNOWN),
            fetch(MetadataDocument::AuthorizationServerAppended)
                .id(APPENDED)
                .called("the document behind the issuer's path"),
            fetch(MetadataDocument::OpenIdConfiguration).id(OPENID).called("the document of OpenID Connect Discovery"),
        ],
        expect: members::complete,
        fault: "well-known-appended",
        ..PLAIN
    },
    Check {
        id: "meta.auth-methods-truthful",
        title: "Advertised client authentication methods are exactly those that work",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 8414 §2", "ASVS 10.4.16"],
        doc: Doc {
            sends: "The metadata document, and token requests by HTTP Basic and by body parameters.",
            matters: "A method that works and is not advertised is one that nobody watches.",
            fix: "Advertise every method that works, and switch the others off.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            token(FormAuth::Basic, &[("grant_type", Fill::Text("client_credentials"))])
                .id(BY_BASIC)
                .called("client_secret_basic"),
            token(FormAuth::Post, &[("grant_type", Fill::Text("client_credentials"))])
                .id(BY_POST)
                .called("client_secret_post"),
        ],
        expect: advertised::at_token,
        fault: "undeclared-post",
        ..PLAIN
    },
    Check {
        id: "meta.introspection-auth-methods-truthful",
        title: "Client authentication methods that work at the introspection endpoint are advertised",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 8414 §2", "ASVS 10.4.16"],
        doc: Doc {
            sends: "The metadata document, and introspection requests by HTTP Basic and by body parameters.",
            matters: "A method that works and is not advertised is one that nobody watches.",
            fix: "Advertise every method that works in introspection_endpoint_auth_methods_supported, and switch the others off.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            introspect(FormAuth::Basic, &[("token", Fill::Random)]).id(BY_BASIC).called("client_secret_basic"),
            introspect(FormAuth::Post, &[("token", Fill::Random)]).id(BY_POST).called("client_secret_post"),
        ],
        expect: advertised::at_introspection,
        fault: "undeclared-introspection-post",
        ..PLAIN
    },
    Check {
        id: "meta.revocation-auth-methods-truthful",
        title: "Client authentication methods that work at the revocation endpoint are advertised",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 8414 §2", "ASVS 10.4.16"],
        doc: Doc {
            sends: "The metadata document, and revocation requests for a token that nobody issued, by HTTP Basic and by body parameters.",
            matters: "A method that works and is not advertised is one that nobody watches.",
            fix: "Advertise every method that works in revocation_endpoint_auth_methods_supported, and switch the others off.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            revoke(FormAuth::Basic, &[("token", Fill::Random)]).id(BY_BASIC).called("client_secret_basic"),
            revoke(FormAuth::Post, &[("token", Fill::Random)]).id(BY_POST).called("client_secret_post"),
        ],
        expect: advertised::at_revocation,
        fault: "undeclared-revocation-post",
        ..PLAIN
    },
    Check {
        id: "meta.grant-types-truthful",
        title: "Grants that work are advertised",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 8414 §2", "ASVS 10.4.4"],
        doc: Doc {
            sends: "The metadata document, a token request with client credentials, and one by the password grant with a made-up user.",
            matters: "A grant that works and is not advertised is one that nobody reviews.",
            fix: "List every grant that works in grant_types_supported, and switch the others off.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            token(FormAuth::Good, &[("grant_type", Fill::Text("client_credentials")), ("scope", Fill::OwnScope)])
                .id(BY_CLIENT_CREDENTIALS)
                .called("client_credentials"),
            token(
                FormAuth::Good,
                &[
                    ("grant_type", Fill::Text("password")),
                    ("username", Fill::Text("authbench")),
                    ("password", Fill::Text("authbench-no-such-password")),
                ],
            )
            .id(BY_PASSWORD)
            .called("password"),
        ],
        expect: advertised::grants,
        fault: "undeclared-grant",
        ..PLAIN
    },
    Check {
        id: "meta.protected-resource-document",
        title: "Protected-resource metadata matches the resource",
        level: Level::Must,
        tier: Tier::Extended,
        sources: &["RFC 9728 §3.3", "RFC 9728 §2", "RFC 9728 §3.2", "RFC 9728 §5.1"],
        doc: Doc {
            sends: "The metadata document of the resource, and a request without a token, whose challenge may point to it.",
            matters: "A document that names another resource leads clients to ask for tokens that an attacker can use.",
            fix: "Publish resource exactly as clients know it, and let resource_metadata in the challenge point to the same document.",
        },
        steps: &[
            fetch(MetadataDocument::ProtectedResource).called("the metadata of the resource"),
            send(Who::Anonymous, On::Protected).id(ANONYMOUS).called("a request without a token"),
        ],
        expect: members::protected_resource,
        implied_by: &["bearer.resource-metadata-consistent"],
        fault: "prm-resource-mismatch",
        ..PLAIN
    },
];

/// The document at its well-known place (RFC 8414 §3).
pub(crate) const WELL_KNOWN: StepId = StepId::new("well-known");
/// The document at the other place.
pub(crate) const APPENDED: StepId = StepId::new("appended");
/// The document of OpenID Connect Discovery.
pub(crate) const OPENID: StepId = StepId::new("openid");
/// A token request by client credentials.
pub(crate) const BY_CLIENT_CREDENTIALS: StepId = StepId::new("by-client-credentials");
/// A token request by the password grant.
pub(crate) const BY_PASSWORD: StepId = StepId::new("by-password");
/// A request by HTTP Basic.
pub(crate) const BY_BASIC: StepId = StepId::new("by-basic");
/// A request by body parameters.
pub(crate) const BY_POST: StepId = StepId::new("by-post");
/// A request to the resource without a token.
pub(crate) const ANONYMOUS: StepId = StepId::new("anonymous");
