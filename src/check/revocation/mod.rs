//! Token revocation (RFC 7009).

use crate::check::judgement::oauth;
use crate::check::step::{Accept, Artefact, Encoding, Fill, FormAuth, INVALID, On, Step, Who, obtain, revoke, send};
use crate::check::{Check, Doc, Explanation, Level, PLAIN, REFUSAL, Severity, Tier};

pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "revoke.valid-token",
        title: "Revoking a token answers 200 and ends it (positive control)",
        level: Level::Must,
        severity: Severity::High,
        control: true,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2", "RFC 7009 §2", "RFC 7009 §2.2.1"],
        doc: Doc {
            sends: "A token that worked is revoked by its client and used again. A JWT that works on is a warning, or information where it ends by itself within `self_contained_life` (5 min).",
            matters: "Revocation that answers 200 and does nothing is worse than none.",
            fix: "Mark the token as revoked where resource servers look.",
        },
        steps: &[
            obtain("t"),
            send(Who::Slot("t"), On::Protected).lasting().called("the token before its revocation"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("its revocation"),
            Step::AwaitRefusal("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token after its revocation"),
        ],
        expect: oauth::revocations,
        shows: Explanation::Revocation,
        fault: "revoke-noop",
        ..REFUSAL
    },
    Check {
        id: "revoke.client-auth-required",
        title: "Revocation needs client authentication",
        level: Level::Must,
        severity: Severity::High,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The token of a confidential client with no and with wrong client credentials, and with its `client_id` and nothing else; then the token is used.",
            matters: "Whoever may revoke without proof can log everybody out.",
            fix: "Authenticate the client before the token is looked at, and answer 401 with a challenge of the scheme that was used.",
        },
        steps: &[
            obtain("t"),
            revoke(FormAuth::None, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            revoke(FormAuth::WrongSecret, &[("token", Fill::Slot("t"))]).denied(REFUSED),
            revoke(FormAuth::IdOnly, &[("token", Fill::Slot("t"))])
                .denied(REFUSED)
                .if_given()
                .called("the client_id of its client and nothing else"),
            send(Who::Slot("t"), On::Protected).granted().id(oauth::STILL_HELD).called("the token afterwards"),
        ],
        expect: oauth::revocation_refused,
        fault: "open-revocation",
        ..PLAIN
    },
    Check {
        id: "revoke.foreign-token-refused",
        title: "A client cannot revoke another client token",
        level: Level::Must,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 7009 §2.1"],
        doc: Doc {
            sends: "A token is revoked by its own client. Another client tries to revoke a second one, which is then used.",
            matters: "Clients that can revoke each other's tokens can shut each other out.",
            fix: "Compare the owner of the token with the client (RFC 7009 §2.1).",
        },
        steps: &[
            obtain("own"),
            Step::Revoke("own"),
            Step::AwaitRefusal("own"),
            send(Who::Slot("own"), On::Protected).id(oauth::OWN_REVOKED).called("a token that its own client revoked"),
            obtain("t"),
            revoke(FormAuth::Second, &[("token", Fill::Slot("t"))]).called("another client revokes it"),
            send(Who::Slot("t"), On::Protected).granted().called("the token afterwards"),
        ],
        expect: oauth::foreign_revocation,
        fault: "cross-client-revocation",
        ..PLAIN
    },
    Check {
        id: "revoke.refresh-cascades",
        title: "Revoking a refresh token ends its access tokens",
        level: Level::Should,
        severity: Severity::High,
        remote_safe: false,
        sources: &["RFC 7009 §2.1"],
        doc: Doc {
            sends: "A refresh token is revoked by its client; then an access token of the same grant is used.",
            matters: "Who revokes a refresh token means to log out: an access token that survives keeps the session open.",
            fix: "Revoke the access tokens of a grant with its refresh token (RFC 7009 §2.1).",
        },
        steps: &[
            Step::Given("t", Artefact::GrantAccessToken),
            Step::Given("r", Artefact::GrantRefreshToken),
            send(Who::Slot("t"), On::Protected).lasting().called("the access token before"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("r")), ("token_type_hint", Fill::Text("refresh_token"))])
                .granted()
                .called("the revocation of the refresh token"),
            Step::AwaitRefusal("t"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the access token afterwards"),
        ],
        implied_by: &["revoke.valid-token", "revoke.hint-ignored"],
        fault: "no-cascade",
        ..REFUSAL
    },
    Check {
        id: "revoke.unknown-token-200",
        title: "Unknown and already revoked tokens give 200",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7009 §2.2"],
        doc: Doc {
            sends: "The revocation of a token that was never issued, and of one token twice.",
            matters: "What the client wants holds already: an error makes it try again, and tells which tokens exist.",
            fix: "Answer 200 where the token is not alive (RFC 7009 §2.2).",
        },
        steps: &[
            obtain("t"),
            revoke(FormAuth::Good, &[("token", Fill::Random)]).granted().called("a token that was never issued"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().id(oauth::LIVE).called("a live token"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("t"))]).granted().called("the same token again"),
        ],
        expect: oauth::lawful_revocations,
        fault: "revoke-unknown-error",
        ..PLAIN
    },
    Check {
        id: "revoke.hint-ignored",
        title: "A wrong or unknown token_type_hint does not stop revocation",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2.2"],
        doc: Doc {
            sends: "Access tokens are revoked with token_type_hint=refresh_token and with a hint that does not exist; then they are used. A JWT that works on is a warning, or information where it ends by itself within `self_contained_life` (5 min).",
            matters: "A revocation that looks in one place only says 200 and leaves the token alive.",
            fix: "Search all kinds of tokens when the hinted kind does not have it (RFC 7009 §2.1).",
        },
        steps: &[
            obtain("t"),
            obtain("u"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("t")), ("token_type_hint", Fill::Text("refresh_token"))])
                .granted()
                .called("its revocation with a wrong hint"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("u")), ("token_type_hint", Fill::Text("authbench"))])
                .granted()
                .called("its revocation with an unknown hint"),
            Step::AwaitRefusal("t"),
            Step::AwaitRefusal("u"),
            send(Who::Slot("t"), On::Protected).denied(&[INVALID]).called("the token revoked with a wrong hint"),
            send(Who::Slot("u"), On::Protected).denied(&[INVALID]).called("the token revoked with an unknown hint"),
        ],
        expect: oauth::revocations,
        implied_by: &["revoke.valid-token"],
        fault: "revoke-hint-filter",
        ..REFUSAL
    },
    Check {
        id: "revoke.bad-request",
        title: "Missing token is invalid_request and GET is not a revocation",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 7009 §2.1", "RFC 7009 §2", "RFC 7009 §2.2.1"],
        doc: Doc {
            sends: "A revocation without token, and a GET with a live token in the query; then the token is used.",
            matters: "A link that revokes is one that a page can make a browser follow.",
            fix: "Offer POST only, and answer 400 invalid_request where the token is missing.",
        },
        steps: &[
            obtain("t"),
            revoke(FormAuth::Good, &[("token_type_hint", Fill::Text("access_token"))]).denied(BAD).called("no token"),
            revoke(FormAuth::Good, &[("token", Fill::Slot("t"))])
                .by("GET")
                .encoded(Encoding::Query)
                .denied(BAD)
                .called("a GET with the token in the query"),
            send(Who::Slot("t"), On::Protected).granted().called("the token afterwards"),
        ],
        expect: oauth::bad_request,
        fault: "revoke-get",
        ..PLAIN
    },
];

/// A request that is not served.
const BAD: &[Accept] = &[Accept::Status(400), Accept::Status(404), Accept::Status(405)];

/// What a refused revocation may answer.
const REFUSED: &[Accept] = &[Accept::Status(400), Accept::Status(401)];
