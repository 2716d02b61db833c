//! Faults that every scheme can have: around the guard, in challenges, in throttling, and before the router.

use crate::reference::fault::{Fault, row, variant};

/// Faults of every scheme; those before the router are implemented in `serve/`.
pub(crate) const FAULTS: &[Fault] = &[
    row("last-header-wins", "common.duplicate-credential-header", "takes whichever of two keys is good"),
    row("unguarded-route", "common.protected-route-denies-anonymous", "mounts /account outside the guard"),
    row("act-then-check", "common.denied-write-has-no-effect", "writes an order before it checks who writes"),
    row("head-unguarded", "common.head-same-decision-as-get", "guards every method but HEAD"),
    row(
        "override-after-auth",
        "common.method-override-header-ignored",
        "decides by the method and acts by the override header",
    ),
    row("trusts-x-forwarded-user", "common.identity-header-spoof", "believes whoever names a user in X-Forwarded-User"),
    variant("trusts-x-consumer", "common.identity-header-spoof", "believes whoever names a consumer as gateways do"),
    variant(
        "trusts-certificate-headers",
        "common.identity-header-spoof",
        "believes whoever says that a certificate was verified",
    ),
    variant("trusts-internal-request", "common.identity-header-spoof", "believes whoever says to be inside"),
    row("panics-on-bad-base64", "common.malformed-credential-never-5xx", "breaks on a credential that does not decode"),
    row(
        "fail-open",
        "common.fail-closed-on-backend-outage",
        "lets everybody in while the store of credentials is away",
    ),
    row("authz-as-401", "common.insufficient-is-403", "answers 401 to a principal without the scope"),
    row("bare-401", "common.401-carries-challenge", "sends 401 without a challenge"),
    row("malformed-challenge", "common.challenge-grammar", "prints a challenge outside the grammar"),
    row(
        "unknown-method-falls-through",
        "common.unlisted-method-not-a-bypass",
        "handles an unknown method like GET, unguarded",
    ),
    row(
        "prefix-matcher-bypass",
        "common.path-normalisation-not-a-bypass",
        "guards the path as sent and routes the path as normalised",
    ),
    variant("decodes-paths-twice", "common.path-normalisation-not-a-bypass", "decodes paths once more after the guard"),
    variant(
        "backslash-is-slash",
        "common.path-normalisation-not-a-bypass",
        "turns backslashes into slashes after the guard",
    ),
    row(
        "honours-x-original-url",
        "common.rewrite-header-not-a-bypass",
        "routes by X-Original-URL and guards by the request line",
    ),
    row("reflects-origin", "common.cors-credentials-not-open", "allows credentials to whatever origin asks"),
    row("no-throttle", "common.failed-auth-throttled", "lets every source guess as often as it likes"),
    row("global-lockout", "common.throttle-is-per-principal", "counts the failures of all sources together"),
    row("cacheable-429", "common.429-not-cacheable", "lets 429 be cached"),
    row(
        "dumps-the-store",
        "common.errors-show-no-secrets",
        "prints a credential of somebody else, in Base64, into errors",
    ),
    variant("shows-path-of-program", "common.auth-error-no-internals", "shows a file path where an address is unknown"),
    row("echoes-credential", "common.auth-error-no-internals", "repeats the credential in the error"),
    row("lookup-before-auth", "common.existence-oracle", "looks an object up before it asks who wants it"),
    row("validate-before-auth", "common.auth-before-input-validation", "parses bodies before it asks who sends them"),
    row("options-runs-handler", "common.preflight-exposes-nothing", "answers OPTIONS like GET"),
    row("head-with-content", "common.head-without-content", "ends its answers to HEAD like a body in chunks"),
    row("host-not-required", "common.host-required", "serves requests that name no host"),
    row("no-allow-behind-guard", "common.405-names-methods", "answers 405 without Allow behind its guard"),
    row("links-to-host", "common.foreign-host-not-reflected", "serves every host and links to the one that is named"),
    row("stops-after-trace", "common.keeps-answering", "answers nobody for a while after TRACE"),
    row("trace-echo", "common.trace-disabled", "answers TRACE with the request"),
    row(
        "cache-key-ignores-credential",
        "common.authenticated-response-not-shared-cached",
        "keeps answers by their path and serves them to everybody",
    ),
    row("tls10-enabled", "common.tls-floor", "goes on in TLS 1.0 and 1.1 where a client offers nothing later"),
    row("http-alias", "common.plain-http-refused", "serves its API in clear text on the port of TLS"),
    row("no-hsts", "common.hsts-present", "leaves Strict-Transport-Security out of answers with errors"),
    row("names-its-version", "common.version-not-named", "names its product and version in Server"),
    row(
        "remembers-by-bare-cookie",
        "common.answer-cookie-guarded",
        "sets a cookie without Secure, HttpOnly and SameSite, and accepts it in place of a credential",
    ),
    row("clock-ahead", "common.server-clock-sane", "has a clock that is ten minutes fast"),
];
