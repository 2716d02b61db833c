//! What an authorization server makes of client credentials that cannot be read (RFC 6749 §2.3.1, §5.2).

use crate::check::judgement::expect;
use crate::check::judgement::oauth;
use crate::check::judgement::{Judgement, ObservedCheck};
use crate::check::step::{Accept, Fill, FormAuth, token};
use crate::check::{Check, Doc, Level, PLAIN, Severity, Tier};

/// The parameter of a correct request.
const GRANT: (&str, Fill) = ("grant_type", Fill::Text("client_credentials"));
/// RFC 6749 §5.2: whatever is wrong with it, it is a client error.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];

pub(crate) const CHECKS: &[Check] = &[Check {
    id: "token.malformed-client-auth",
    title: "Client credentials that cannot be read are refused like wrong ones",
    level: Level::Must,
    severity: Severity::Medium,
    tier: Tier::Extended,
    sources: &["RFC 6749 §5.2", "RFC 7617 §2", "CWE-158"],
    doc: Doc {
        sends: "HTTP Basic that is empty, no Base64, without a colon, not UTF-8 and outside ASCII, and the good client with a \
                secret outside ASCII, and with a NUL and more behind its own.",
        matters: "A parser that breaks is a way to take the endpoint down, and clients can act on OAuth errors only.",
        fix: "Answer what does not decode like a wrong secret: 401, error invalid_client, WWW-Authenticate: Basic realm=\"…\".",
    },
    steps: &[
        token(FormAuth::Line("Basic"), &[GRANT]).denied(BAD_CLIENT).called("Basic and nothing after it"),
        token(FormAuth::Line("Basic !!not-base64!!"), &[GRANT]).denied(BAD_CLIENT).called("Basic with no Base64"),
        // "authbench-without-colon"
        token(FormAuth::Line("Basic YXV0aGJlbmNoLXdpdGhvdXQtY29sb24="), &[GRANT])
            .denied(BAD_CLIENT)
            .called("Basic without a colon"),
        // the bytes ff fe 3a 78
        token(FormAuth::Line("Basic //46eA=="), &[GRANT]).denied(BAD_CLIENT).called("Basic that is not UTF-8"),
        token(FormAuth::Line("Basic \u{fc}\u{fc}"), &[GRANT]).denied(BAD_CLIENT).called("Basic outside ASCII"),
        token(FormAuth::OtherSecret("\u{e9}"), &[GRANT]).denied(BAD_CLIENT).called("a secret outside ASCII"),
        token(FormAuth::SecretBefore("\0authbench"), &[GRANT])
            .denied(BAD_CLIENT)
            .called("the good secret with a NUL and more behind it"),
    ],
    expect: refused_like_wrong,
    fault: "client-auth-crash",
    ..PLAIN
}];

fn refused_like_wrong(case: &ObservedCheck<'_>) -> Judgement {
    let judgement = expect::wants_error(case, &["invalid_client", "invalid_request"]);
    judgement.and(oauth::realms(case))
}
