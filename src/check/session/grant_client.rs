//! How clients authenticate at the token endpoint that a login asks (RFC 6749 §2.3, §5.2).

use crate::check::judgement::{Judgement, ObservedCheck, expect, oauth, sameness, unclear};
use crate::check::metadata::{BY_BASIC, BY_POST, advertised};
use crate::check::session::published::document;
use crate::check::step::{
    Accept, ClientProof, GrantChange, MalformedGrant, MetadataDocument, SessionAct, Step, Want, fetch, login,
};
use crate::check::token::requests::{BODY_ALONE, form_only, one_method};
use crate::check::{Check, Doc, Level, PLAIN, REFUSAL, Severity, Tier};
use crate::observe::{Exchange, Outcome, Place, Request};

/// What RFC 6749 §5.2 allows for a client that is not authenticated.
const BAD_CLIENT: &[Accept] = &[Accept::Status(400), Accept::Status(401)];
/// The control that each of these has: the login as it is.
const THE_LOGIN: Step = login(SessionAct::LogIn("s")).granted().called("the login");
/// The login in the name of a client that nobody has registered.
const UNKNOWN: Step = proven_by(ClientProof::Unknown);
const WRONG_SECRET: Step = login(SessionAct::ChangedGrant(GrantChange::WrongClientSecret));

const fn proven_by(proof: ClientProof) -> Step {
    login(SessionAct::ChangedGrant(GrantChange::Client(proof)))
}

/// What holds where a login asks a token endpoint.
pub(crate) const CHECKS: &[Check] = &[
    Check {
        id: "grant.published-authentication-works",
        title: "The client of a login can authenticate by the methods that the metadata publish",
        severity: Severity::Low,
        tier: Tier::Extended,
        sources: &["RFC 8414 §2", "RFC 6749 §2.3.1"],
        doc: Doc {
            sends: "The metadata document, and the login of the scenario with its client authenticated by HTTP Basic alone and by the body alone. HTTP Basic without `client_id` in the body has to work where the client authenticates by HTTP Basic in the scenario. Another published method that is refused is information: a client may be registered for one method (`token_endpoint_auth_method`, RFC 7591 §2). A method that works has to be published; that of a client without a secret (`none`) is information.",
            matters: "Libraries of clients choose from the published methods: one that does not work locks them out, and nobody watches one that is not published.",
            fix: "Support HTTP Basic for each client with a secret, without client_id in the body (RFC 6749 §2.3.1, §4.1.3), and list in token_endpoint_auth_methods_supported what works.",
        },
        steps: &[
            fetch(MetadataDocument::Discovered),
            THE_LOGIN,
            proven_by(ClientProof::Basic).id(BY_BASIC).if_given(),
            proven_by(ClientProof::Body).id(BY_POST).if_given(),
        ],
        expect: published_methods,
        fault: "grant-secrets-in-body-unpublished",
        ..PLAIN
    },
    Check {
        id: "grant.unknown-client-refused",
        title: "A login of a client that nobody has registered is refused",
        level: Level::Must,
        severity: Severity::High,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.3", "RFC 6749 §3.2.1", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with a client identifier in its token request that nobody has registered; and then as it is.",
            matters: "A server that takes unknown clients for clients without a secret gives the tokens of its users to whoever sends a code or a password.",
            fix: "Look up the client first, and answer invalid_client where there is none (RFC 6749 §5.2).",
        },
        steps: &[UNKNOWN.denied(&[Accept::Range(400, 499)]), THE_LOGIN],
        implied_by: &["grant.authenticates-client"],
        fault: "grant-takes-unknown-clients",
        ..REFUSAL
    },
    Check {
        id: "grant.client-error-body",
        title: "A client that is not authenticated at the token endpoint of a login gets error=invalid_client, and 401 with a challenge to HTTP Basic",
        level: Level::Must,
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §5.2", "RFC 7617 §2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with a client identifier that nobody has registered and, where its client has a secret, with a wrong one. The right login follows.",
            matters: "Libraries of clients read the error code: with another one they ask the user to log in again, where the client is wrong.",
            fix: "Answer 401 with error=invalid_client, and WWW-Authenticate: Basic realm=\"…\" to a client that sent HTTP Basic (RFC 6749 §5.2).",
        },
        steps: &[UNKNOWN.denied(BAD_CLIENT), WRONG_SECRET.denied(BAD_CLIENT).if_given(), THE_LOGIN],
        expect: |case| {
            let judgement = expect::wants_error(case, &["invalid_client"]);
            judgement.and(oauth::matching_challenges(case)).and(oauth::realms(case))
        },
        implied_by: &["grant.unknown-client-refused", "grant.authenticates-client"],
        fault: "grant-client-error-code",
        ..PLAIN
    },
    Check {
        id: "grant.unknown-client-indistinct",
        title: "An unknown client looks like a wrong secret at the token endpoint of a login",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["ASVS 6.3.8", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The login of the scenario, which asks a token endpoint, with a client identifier that nobody has registered, and with a wrong secret of its client; the answers are compared.",
            matters: "Answers that differ tell an attacker which clients exist.",
            fix: "Answer both with the same status, error and description.",
        },
        steps: &[UNKNOWN.denied(BAD_CLIENT), WRONG_SECRET.denied(BAD_CLIENT)],
        // which error is right is for another check to say
        compares_answers: true,
        expect: sameness::all,
        implied_by: &["grant.unknown-client-refused", "grant.authenticates-client"],
        fault: "grant-names-unknown-client",
        ..PLAIN
    },
    Check {
        id: "grant.two-authentications-refused",
        title: "A token request of a login whose client authenticates in two ways at once is refused",
        severity: Severity::Low,
        tier: Tier::Extended,
        remote_safe: false,
        // what a client must not do (§2.3) a server calls an invalid_request (§5.2); no clause says MUST of that
        sources: &["RFC 6749 §2.3", "RFC 6749 §5.2"],
        doc: Doc {
            sends: "The login of the scenario with the secret of its client in the body alone; and by HTTP Basic and in the body at once: both right, and each of them wrong. A server that does not take the body alone reads no secret there, and is not judged for it. The login as it is follows.",
            matters: "A server that takes whichever is right lets a guess ride along with a good credential.",
            fix: "Answer 400 with error=invalid_request where a request uses more than one method (RFC 6749 §5.2).",
        },
        steps: &[
            proven_by(ClientProof::Body).id(BODY_ALONE),
            proven_by(ClientProof::BasicAndBody).denied(BAD_CLIENT),
            proven_by(ClientProof::BasicAndWrongBody).denied(BAD_CLIENT),
            proven_by(ClientProof::BodyAndWrongBasic).denied(BAD_CLIENT),
            THE_LOGIN,
        ],
        expect: one_method,
        implied_by: &["grant.authenticates-client"],
        fault: "grant-two-authentications",
        ..PLAIN
    },
    Check {
        id: "grant.form-content-type-required",
        title: "A token endpoint that a login asks reads forms alone",
        severity: Severity::Info,
        tier: Tier::Extended,
        remote_safe: false,
        sources: &["RFC 6749 §4.1.3", "RFC 6749 §B"],
        doc: Doc {
            sends: "The login of the scenario with its token request as JSON, and in parts (multipart/form-data); and then as it is.",
            matters: "A second parser is a second set of mistakes.",
            fix: "Refuse every media type but application/x-www-form-urlencoded.",
        },
        steps: &[
            login(SessionAct::ChangedGrant(GrantChange::Malformed(MalformedGrant::Json))),
            login(SessionAct::ChangedGrant(GrantChange::Malformed(MalformedGrant::Multipart))),
            THE_LOGIN,
        ],
        expect: form_only,
        fault: "grant-takes-json",
        ..REFUSAL
    },
];

/// RFC 8414 §2 lists what the endpoint supports; RFC 6749 §2.3.1 has HTTP Basic work for each client with a password.
fn published_methods(case: &ObservedCheck<'_>) -> Judgement {
    let mut judgement = Judgement::default();
    let Some((_, document)) = document(case, &mut judgement) else { return judgement };
    let own = case.observations().find(|(_, seen)| seen.place == Place::Login && seen.outcome == Outcome::Granted);
    let Some(own) = own.map(|(_, seen)| &seen.exchange) else { return judgement };
    if !is_at(document["token_endpoint"].as_str(), own) {
        judgement.leaves_open("the metadata name another token endpoint than the login asks".to_owned());
        return judgement;
    }
    let listed: Vec<&str> = match document.get("token_endpoint_auth_methods_supported").and_then(|one| one.as_array()) {
        Some(listed) => listed.iter().filter_map(|method| method.as_str()).collect(),
        None => vec!["client_secret_basic"],
    };
    let proof = OwnProof::of(&own.request);
    let tried = case.observations_of(BY_BASIC).chain(case.observations_of(BY_POST)).next().is_some();
    match proof {
        OwnProof::Nothing if !listed.contains(&"none") => {
            let text =
                "a client without a secret is served, and token_endpoint_auth_methods_supported does not list none";
            judgement.remarks.push(text.to_owned());
            judgement.needs_review = true;
            return judgement;
        }
        OwnProof::Nothing => return judgement,
        _ if !tried => {
            judgement.not_applicable = Some("the client of the login sends no secret".to_owned());
            return judgement;
        }
        _ => {}
    }
    let mut judgement = advertised::at_token(case);
    for step in [BY_BASIC, BY_POST] {
        for (index, seen) in case.observations_of(step) {
            match seen.outcome {
                Outcome::Refused => {}
                Outcome::Unclear => {
                    judgement.leaves_open(unclear(seen));
                    continue;
                }
                Outcome::Broke => {
                    case.judge_as(index, Want::Granted, &mut judgement);
                    continue;
                }
                Outcome::Granted | Outcome::Silent => continue,
            }
            let status = seen.exchange.status().unwrap_or_default();
            let text = case.about(index, format_args!("refused with {status}"));
            if step == BY_BASIC && proof == OwnProof::Basic {
                judgement.remarks.clear();
                judgement.deviates(index, text, "granted");
            }
        }
    }
    judgement
}

/// How the client of the login authenticates as the scenario has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OwnProof {
    Basic,
    /// It names itself alone.
    Nothing,
    Other,
}

impl OwnProof {
    fn of(request: &Request) -> Self {
        let is_basic = |value: &[u8]| value.len() > 6 && value[..6].eq_ignore_ascii_case(b"basic ");
        let names: Vec<_> = url::form_urlencoded::parse(&request.body).map(|(name, _)| name).collect();
        let sends = |wanted: &str| names.iter().any(|name| name == wanted);
        match request.value_of("authorization") {
            Some(value) if is_basic(value) => Self::Basic,
            None if sends("client_id") && !sends("client_secret") && !sends("client_assertion") => Self::Nothing,
            _ => Self::Other,
        }
    }
}

/// Whether an address has the path of a request.
fn is_at(endpoint: Option<&str>, asked: &Exchange) -> bool {
    let path = endpoint.and_then(|address| url::Url::parse(address).ok()).map(|url| url.path().to_owned());
    let target = String::from_utf8_lossy(&asked.request.target).into_owned();
    path.is_some_and(|path| target.split('?').next() == Some(path.as_str()))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::check::find;
    use crate::check::profile::Effective;
    use crate::observe::{Evidence, Observation, Response, Silence};

    const BY_HEADER: (&str, &str) = ("Basic YXBwOnM=", "code=1");
    const BY_BODY: (&str, &str) = ("", "code=1&client_id=app&client_secret=s");
    const PUBLIC: (&str, &str) = ("", "code=1&client_id=app");

    fn observed(step: usize, place: Place, (line, form): (&str, &str), (status, body): (u16, &Value)) -> Observation {
        let headers = vec![("Content-Type".to_owned(), b"application/json".to_vec())];
        let answer = Response { status, headers, body: body.to_string().into_bytes(), truncated: false };
        let mut asked = Request::new("POST", "/token").with_body("application/x-www-form-urlencoded", form);
        if !line.is_empty() {
            asked.push("Authorization", line, true);
        }
        let outcome = if status < 300 { Outcome::Granted } else { Outcome::Refused };
        let exchange = Exchange { answer: Ok(answer), ..Exchange::unanswered(asked, Silence::Closed) };
        Observation { place, ..Observation::in_test(step, exchange, outcome) }
    }

    /// Deviations, advice, remarks, and whether it stays open, of a client and of how it is answered by each method.
    fn judged(metadata: &Value, own: (&str, &str), answers: &[(usize, u16)]) -> (usize, usize, usize, bool) {
        let check = find("grant.published-authentication-works").expect("is in the catalogue");
        let mut evidence = Evidence::default();
        evidence.observe(observed(0, Place::Metadata, ("", ""), (200, metadata)));
        evidence.observe(observed(1, Place::Login, own, (200, &json!({ "access_token": "t" }))));
        for (step, status) in answers {
            evidence.observe(observed(*step, Place::Login, own, (*status, &json!({ "error": "invalid_client" }))));
        }
        let profile = Effective::of(["api-key-403"], "bearer");
        let found = (check.expect)(&ObservedCheck { check, evidence: &evidence, profile: &profile });
        (found.protocol.len(), found.advice.len(), found.remarks.len(), !found.open.is_empty())
    }

    #[test]
    fn what_is_published_works_and_what_works_is_published() {
        const BASIC: usize = 2;
        const BODY: usize = 3;
        let at = |more: Value| {
            let mut document = json!({ "token_endpoint": "https://as.test/token" });
            document.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            document
        };
        let both =
            at(json!({ "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"] }));
        let silent = at(json!({}));
        let registers = at(json!({
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "registration_endpoint": "https://as.test/register",
        }));
        let elsewhere = json!({ "token_endpoint": "https://as.test/other" });
        let open = at(json!({ "token_endpoint_auth_methods_supported": ["client_secret_post", "none"] }));
        for (metadata, own, answers, expected) in [
            (&both, BY_HEADER, vec![(BASIC, 200), (BODY, 200)], (0, 0, 0, false)),
            // registered for one method
            (&both, BY_BODY, vec![(BASIC, 401), (BODY, 200)], (0, 0, 1, false)),
            (&both, BY_HEADER, vec![(BASIC, 200), (BODY, 401)], (0, 0, 1, false)),
            // HTTP Basic works in the scenario beside client_id alone
            (&registers, BY_HEADER, vec![(BASIC, 401), (BODY, 401)], (1, 0, 0, false)),
            (&registers, BY_BODY, vec![(BASIC, 401), (BODY, 200)], (0, 0, 1, false)),
            // HTTP Basic is what is meant where nothing is said
            (&silent, BY_HEADER, vec![(BASIC, 200), (BODY, 200)], (1, 0, 0, false)),
            (&silent, BY_BODY, vec![(BASIC, 401), (BODY, 200)], (1, 0, 1, false)),
            (&both, PUBLIC, vec![], (0, 0, 1, false)),
            (&open, PUBLIC, vec![], (0, 0, 0, false)),
            (&elsewhere, BY_HEADER, vec![(BASIC, 401)], (0, 0, 0, true)),
        ] {
            assert_eq!(judged(metadata, own, &answers), expected, "{metadata} {own:?} {answers:?}");
        }
    }
}
