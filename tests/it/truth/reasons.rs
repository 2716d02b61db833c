//! Why a check is not tested, and what can be tested without a second credential.

use authbench::check::Verdict;
use authbench::plan::PlannedCheck;
use authbench::run::{Launch, Options, plan_of, prepare};
use authbench::scenario::{NoVariables, load_paths};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::json;

use super::{SECRET, challenged, claims, issued, one, results, scenario, serve};

fn planned(scenario: &str) -> Vec<PlannedCheck> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    std::fs::write(&file, scenario).expect("writes");
    let loaded = load_paths(&[file]).unwrap_or_else(|errors| panic!("{}", errors[0].render(false)));
    let ready = prepare(loaded, Some(&NoVariables), &Options::new(Launch::InProcess));
    plan_of(&ready.unwrap_or_else(|errors| panic!("{}", errors[0].render(false)))[0])
}

#[test]
fn a_check_that_is_not_tested_says_what_is_missing_and_what_to_add() {
    const TWO: &str = "scheme: api-key\ncredentials: { a: { key: \"${A:-k-aaaa-0123456789}\", scopes: [r, w] }, \
                       b: { key: \"${B:-k-bbbb-0123456789}\", scopes: [r] } }\n";
    const OAUTH: &str =
        "credentials: { a: { client_id: a, client_secret: \"${S:-secret}\" } }\nresources: [{ request: GET /o }]\n";
    let plans = [
        (TWO, "resources: [{ request: GET /o }]", "apikey.scope-enforced", "no protected resource has `scopes`"),
        (
            TWO,
            "resources: [{ request: GET /o, scopes: [w] }]",
            "apikey.scope-enforced",
            "`b` lacks a scope of GET /o, and may use no other protected resource",
        ),
        (TWO, "resources: [{ request: GET /o, scopes: [r] }]", "apikey.scope-enforced", "every valid credential holds"),
        (
            TWO,
            "resources: [{ request: GET /o }, { request: POST /o, writes: true, scopes: [x] }]",
            "common.denied-write-has-no-effect",
            "no valid credential may use POST /o: add one with the scopes x",
        ),
        (
            TWO,
            "resources: [{ request: GET /o }]",
            "apikey.cross-tenant-denied",
            "no protected resource with a `tenant`",
        ),
    ];
    for (credentials, resources, check, reason) in plans {
        let text = scenario(([127, 0, 0, 1], 9).into(), &format!("{credentials}{resources}\n"));
        let plan = planned(&text);
        let check = plan.iter().find(|planned| planned.check.id == check).expect("is planned");
        let missing = check.script.as_ref().expect_err("is not tested");
        assert!(missing.why.contains(reason) && !missing.may_be_discovered, "{reason}: {}", missing.why);
    }
    // what the metadata of an issuer may name is not known before it is read
    let known = "scheme: { oauth2-client-credentials: { token_url: /token, access_token: jwt } }\n";
    let issuer = "scheme: { oauth2-client-credentials: { issuer: \"http://127.0.0.1:9\", access_token: jwt } }\n";
    for (scheme, may) in [(known, false), (issuer, true)] {
        let plan = planned(&scenario(([127, 0, 0, 1], 9).into(), &format!("{scheme}{OAUTH}")));
        for id in ["introspect.active-response", "revoke.valid-token", "meta.jwks-public-only"] {
            let check = plan.iter().find(|planned| planned.check.id == id).expect("is planned");
            let missing = check.script.as_ref().expect_err("is not tested");
            assert_eq!(missing.may_be_discovered, may, "{id}: {}", missing.why);
        }
    }
    // a key set needs no issuer
    let text = "scheme: { jwt: { jwks_url: /keys } }\ncredentials: { a: { token: \"${T:-a.b.c}\" } }\n\
                resources: [{ request: GET /o }]\n";
    let plan = planned(&scenario(([127, 0, 0, 1], 9).into(), text));
    assert!(plan.iter().all(|planned| planned.script.as_ref().err().is_none_or(|why| !why.why.contains("issuer`"))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_asks_for_less_stands_for_a_second_credential() {
    let scoped = |needed: &'static str| {
        get(move |headers: HeaderMap| async move {
            let claims = claims(&headers, 0);
            let scope = claims.as_ref().map(|claims| claims["scope"].as_str().unwrap_or_default().to_owned());
            match scope {
                None => challenged("Bearer realm=\"orders\", error=\"invalid_token\""),
                Some(scope) if scope.split(' ').any(|one| one == needed) => {
                    Json(json!({ "of": needed, "orders": ["7b0d6b3e2f9a", "55c9c1e08d1f"] })).into_response()
                }
                Some(_) => {
                    let challenge = "Bearer realm=\"orders\", error=\"insufficient_scope\"";
                    (StatusCode::FORBIDDEN, [(header::WWW_AUTHENTICATE, challenge)]).into_response()
                }
            }
        })
    };
    let token = |gives_all: bool| {
        post(move |body: Bytes| async move {
            let pairs = url::form_urlencoded::parse(&body).into_owned();
            let asked = pairs.filter(|(name, _)| name == "scope").map(|(_, scope)| scope).next().unwrap_or_default();
            issued(600, if gives_all { "read admin" } else { &asked })
        })
    };
    for (gives_all, verdict) in [(false, Verdict::Pass), (true, Verdict::NotTested)] {
        let router = Router::new().route("/orders", scoped("read")).route("/admin", scoped("admin"));
        let address = serve(router.route("/token", token(gives_all))).await;
        let results = results(scenario(
            address,
            "scheme: { oauth2-client-credentials: { token_url: /token } }\n\
             credentials: { a: { client_id: a, client_secret: \"${S:-secret}\", scopes: [read, admin] } }\n\
             resources: [{ request: GET /orders, scopes: [read] }, { request: GET /admin, scopes: [admin] }]\n\
             conformance: { include: [bearer.insufficient-scope-403] }\n",
        ))
        .await;
        let result = one(&results, "bearer.insufficient-scope-403");
        assert_eq!(result.verdict, verdict, "{}", result.summary);
    }
    // minted by authbench; a claim that only RFC 9068 requires is not asked of other tokens (RFC 9068 §2.2)
    let router = Router::new().route("/orders", scoped("read")).route("/admin", scoped("admin"));
    let address = serve(router).await;
    let results = results(scenario(
        address,
        &format!(
            "scheme: jwt\ncredentials: {{ a: {{ claims: {{ sub: a, client_id: a, scope: read admin }}, \
             scopes: [read, admin] }} }}\n\
             material: {{ issuer_key: {{ secret: \"${{S:-{SECRET}}}\", alg: HS256 }} }}\n\
             resources: [{{ request: GET /orders, scopes: [read] }}, {{ request: GET /admin, scopes: [admin] }}]\n\
             conformance: {{ include: [bearer.insufficient-scope-403, jwt.claim-type-confusion-safe] }}\n"
        ),
    ))
    .await;
    let scope = one(&results, "bearer.insufficient-scope-403");
    assert_eq!(scope.verdict, Verdict::Pass, "{}", scope.summary);
    let types = one(&results, "jwt.claim-type-confusion-safe");
    assert!(types.verdict.executed(), "{}", types.summary);
    assert!(types.deviations.iter().all(|text| !text.contains("client_id")), "{:?}", types.deviations);
}
