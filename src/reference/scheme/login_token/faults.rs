//! Faults of tokens that a login issues, and of how they are renewed.

use crate::reference::fault::{Fault, row, variant};

/// Faults of refresh tokens.
pub(crate) const FAULTS: &[Fault] = &[
    row("refresh-refused", "refresh.renews-credential", "refuses every refresh token"),
    row("used-refresh-token-accepted", "refresh.reuse-refused", "renews with a refresh token that was used before"),
    row(
        "family-survives-reuse",
        "refresh.reuse-ends-family",
        "refuses a used refresh token and keeps the newest one alive",
    ),
    row(
        "access-token-survives-reuse",
        "refresh.reuse-ends-access-token",
        "revokes the refresh tokens of a family and not its access tokens",
    ),
    row("refresh-token-opens-resources", "refresh.token-opens-nothing", "takes a refresh token for an access token"),
    row(
        "refresh-survives-logout",
        "refresh.logout-ends-refresh-token",
        "ends the access token at logout and nothing else",
    ),
    row(
        "password-change-keeps-refresh-tokens",
        "refresh.password-change-ends-refresh-tokens",
        "ends access tokens when the password of their user changes, and no refresh tokens",
    ),
    row("grant-answer-cacheable", "grant.response-no-store", "lets caches keep the token answer to a password grant"),
    row("cacheable-grant-error", "grant.error-no-store", "lets caches keep the errors of its token endpoint"),
    row(
        "repeated-grant-parameter",
        "grant.repeated-parameter-refused",
        "takes the first of several parameters of one name in a token request",
    ),
    variant(
        "repeated-refresh-parameter",
        "grant.repeated-parameter-refused",
        "takes the first of several parameters of one name in a refresh",
    ),
    row(
        "grant-breaks-on-nul",
        "grant.malformed-never-5xx",
        "breaks on a token request with a text that is no UTF-8, or holds NUL",
    ),
    variant("grant-breaks-on-lists", "grant.malformed-never-5xx", "breaks on a token request with a list"),
    variant("grant-breaks-on-json", "grant.malformed-never-5xx", "breaks on a token request that is no form"),
    variant(
        "grant-breaks-without-media-type",
        "grant.malformed-never-5xx",
        "breaks on a token request without Content-Type",
    ),
    variant(
        "grant-breaks-on-basic",
        "grant.malformed-never-5xx",
        "breaks on a token request with HTTP Basic that is no Base64",
    ),
    row("grant-error-text", "grant.error-body", "answers a password grant with a wrong password by 401 and a text"),
    row("login-answer-cacheable", "login.response-no-store", "lets caches keep the answer of a login"),
    row("grant-type-ignored", "grant.type-required", "issues tokens to whatever grant type comes with a password"),
    row(
        "grant-without-client",
        "grant.authenticates-client",
        "does not look at the secret of a client that names itself",
    ),
    row(
        "unknown-refresh-token-accepted",
        "refresh.unknown-refused",
        "renews with a refresh token that it never issued",
    ),
    row("refresh-token-compared-in-part", "refresh.near-miss-refused", "looks at the first half of refresh tokens"),
    row("access-token-refreshes", "refresh.access-token-refused", "renews with an access token"),
    row("refresh-error-text", "grant.refresh-error-body", "answers an unknown refresh token by 401 and a text"),
    row(
        "refresh-without-client",
        "grant.refresh-authenticates-client",
        "renews for a client that names itself and does not authenticate",
    ),
    variant(
        "refresh-with-wrong-secret",
        "grant.refresh-authenticates-client",
        "renews for a client with whatever secret",
    ),
    row(
        "refresh-widens-scope",
        "grant.refresh-scope-not-widened",
        "issues at a refresh whatever scope the client asks for",
    ),
    row(
        "refresh-ignores-scope",
        "grant.refresh-scope-narrowed",
        "issues at a refresh the scope of the login, also where the client asks for a part of it",
    ),
    row(
        "refresh-token-of-any-client",
        "grant.refresh-token-bound-to-client",
        "renews with the refresh token of another client",
    ),
    row("any-redirection-uri", "code.redirection-uri-exact", "sends codes to whatever redirection URI a request names"),
    variant(
        "redirection-uri-by-beginning",
        "code.redirection-uri-exact",
        "looks at the beginning of redirection URIs, and not at their end",
    ),
    variant(
        "redirection-uri-on-any-port",
        "code.redirection-uri-exact",
        "compares redirection URIs without their ports",
    ),
    variant(
        "redirection-uri-parsed",
        "code.redirection-uri-exact",
        "compares redirection URIs as addresses, and not as texts, and leads to the registered one",
    ),
    variant(
        "redirection-uri-without-fragment",
        "code.redirection-uri-exact",
        "compares redirection URIs without their fragments",
    ),
    variant(
        "redirection-uri-without-slash",
        "code.redirection-uri-exact",
        "compares redirection URIs without the slash at their end",
    ),
    row("codes-used-twice", "code.used-once", "issues tokens for a code as often as it comes"),
    row(
        "tokens-survive-reuse-of-code",
        "code.reuse-ends-tokens",
        "refuses a used code and leaves the tokens of its first use",
    ),
    variant(
        "refresh-token-survives-reuse-of-code",
        "code.reuse-ends-tokens",
        "refuses a used code and leaves the refresh token of its first use",
    ),
    row("short-codes", "code.hard-to-guess", "issues codes of eight characters"),
    variant("counted-codes", "code.hard-to-guess", "issues codes that count"),
    row("code-answer-cacheable", "code.response-no-store", "lets caches keep the redirect with a code"),
    row("code-race", "code.concurrent-use", "marks a code as used after it has answered"),
    row("state-encoded-twice", "code.state-returned", "escapes the state of an authorization request twice"),
    row(
        "authorization-error-page",
        "code.request-errors",
        "shows errors of authorization requests to the user, and not to the client",
    ),
    row("short-challenges", "code.challenge-length", "takes challenges of whatever length"),
    row("any-challenge-method", "code.challenge-method-known", "takes any code_challenge_method for S256"),
    row(
        "repeated-authorization-parameter",
        "code.repeated-parameter-refused",
        "takes the last of several parameters of one name in an authorization request",
    ),
    row(
        "authorization-breaks-on-nul",
        "code.malformed-never-5xx",
        "breaks on an authorization request with NUL, or with what is no UTF-8",
    ),
    variant(
        "authorization-breaks-on-addresses",
        "code.malformed-never-5xx",
        "breaks on a redirection URI that does not parse",
    ),
    variant("authorization-breaks-on-numbers", "code.malformed-never-5xx", "breaks on a max_age that is no number"),
    variant("authorization-breaks-on-json", "code.malformed-never-5xx", "breaks on claims that are no JSON"),
    variant(
        "authorization-breaks-on-challenges",
        "code.malformed-never-5xx",
        "breaks on a code_challenge that is short",
    ),
    row("verifier-not-checked", "code.verifier-checked", "does not look at the verifier of a code"),
    variant("verifier-optional", "code.verifier-checked", "checks the verifier of a code only where one comes"),
    variant(
        "verifier-compared-plainly",
        "code.verifier-checked",
        "takes the challenge of a code for its verifier, whatever its method",
    ),
    variant(
        "verifier-with-empty-challenge",
        "code.verifier-needs-challenge",
        "takes any verifier where the challenge of the authorization request was empty",
    ),
    row(
        "verifier-without-challenge",
        "code.verifier-needs-challenge",
        "takes any verifier where the authorization request had no challenge",
    ),
    row(
        "redirection-uri-not-compared",
        "code.redirection-uri-compared",
        "does not look at the redirection URI that comes with a code",
    ),
    row("code-of-any-client", "code.bound-to-client", "issues tokens for the code of another client"),
    row("any-code-accepted", "code.unknown-refused", "issues tokens for a code that it never issued"),
    row(
        "authorization-without-issuer",
        "code.issuer-in-answers",
        "promises iss in its metadata and leaves it out of its answers to clients",
    ),
    variant(
        "authorization-error-without-issuer",
        "code.issuer-in-answers",
        "leaves iss out of the errors of authorization requests",
    ),
    row(
        "challenge-methods-unpublished",
        "code.challenge-methods-published",
        "does not list its methods of code challenges in its metadata",
    ),
    row(
        "openid-document-incomplete",
        "openid.document-complete",
        "leaves a required member out of the document of OpenID Connect Discovery",
    ),
    row("id-token-without-nonce", "openid.id-token-claims", "leaves the nonce out of ID tokens"),
    variant("id-token-for-api", "openid.id-token-claims", "writes the API into aud of ID tokens, and not the client"),
    row(
        "id-token-of-unpublished-key",
        "openid.id-token-signed",
        "signs ID tokens with a key that its key set does not have",
    ),
    row("code-error-text", "code.error-body", "answers an unknown code by 401 and a text"),
    row("refresh-race", "refresh.concurrent-use", "marks a refresh token as used after it has answered"),
];
