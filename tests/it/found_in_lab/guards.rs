//! Guards of one value of the Authorization field, each with a manner of its own.

use authbench::check::Verdict;
use authbench::clock::unix_seconds;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation, decode, encode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{Ended, KEY, PROMPT, SECRET, against, presented, refused, serve};

const ORDERS: &str = "{\"orders\":[\"6c1f0a8e52d94b37\",\"b07d3e9a41f8c265\"]}";

/// A guard of this one value of the Authorization field; `odd` may answer what it refuses in its own way.
fn guarding(good: String, odd: fn(&[u8]) -> Option<StatusCode>) -> Router {
    let orders = move |headers: HeaderMap| async move {
        let value = headers.get(header::AUTHORIZATION).map(|value| value.as_bytes()).unwrap_or_default();
        match odd(value) {
            _ if value == good.as_bytes() => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            Some(status) => status.into_response(),
            None => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    Router::new().route("/orders", get(orders))
}

async fn of_guard(odd: fn(&[u8]) -> Option<StatusCode>, include: &str) -> Ended {
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{include}] }}\n"
    );
    against(serve(guarding(format!("Bearer {KEY}"), odd)).await, &yaml, PROMPT).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parser_that_breaks_on_another_scheme_than_its_own_is_found() {
    let breaks =
        |value: &[u8]| (value.starts_with(b"Basic ") && !value.is_ascii()).then_some(StatusCode::INTERNAL_SERVER_ERROR);
    let ended = of_guard(breaks, "common.malformed-credential-never-5xx").await;
    let result = ended.of("common.malformed-credential-never-5xx");
    assert_eq!(result.verdict, Verdict::Fail, "{}", result.summary);
    assert!(result.summary.contains("the scheme Basic with 8-bit bytes"), "{}", result.summary);
}

/// A server that reads one `Accept` line only gets the one of the scenario.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_scenario_accepts_takes_the_place_of_what_every_request_does() {
    let orders = |headers: HeaderMap| async move {
        let lines: Vec<_> = headers.get_all(header::ACCEPT).iter().collect();
        match presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}")) {
            _ if lines != ["application/json"] => StatusCode::NOT_ACCEPTABLE.into_response(),
            true => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            false => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders, headers: {{ accept: application/json }} }}]\n\
         conformance: {{ include: [bearer.valid-accepted, bearer.garbage-token-401] }}\n"
    );
    let ended = against(serve(Router::new().route("/orders", get(orders))).await, &yaml, PROMPT).await;
    for check in ["bearer.valid-accepted", "bearer.garbage-token-401"] {
        let result = ended.of(check);
        assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_is_too_long_may_be_refused_with_413() {
    let too_large = |value: &[u8]| (value.len() > 10_000).then_some(StatusCode::PAYLOAD_TOO_LARGE);
    let ended = of_guard(too_large, "bearer.malformed-header").await;
    let result = ended.of("bearer.malformed-header");
    assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_that_ends_each_connection_is_timed_on_new_ones() {
    let good = format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(format!("alice:{KEY}")));
    let closing = axum::middleware::map_response(|mut response: Response| async move {
        response.headers_mut().insert(header::CONNECTION, "close".parse().expect("is a value"));
        response
    });
    let router = guarding(good, |_| None).layer(closing);
    let yaml = format!(
        "scheme: basic\ncredentials: {{ a: {{ username: alice, password: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders }}]\nconformance: {{ include: [basic.timing-user-enumeration] }}\n"
    );
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of("basic.timing-user-enumeration");
    // a busy machine may be too noisy for a verdict
    let judged = matches!(result.verdict, Verdict::Pass | Verdict::Warn | Verdict::Inconclusive);
    assert!(judged && !result.summary.contains("connection"), "{:?}: {}", result.verdict, result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_leeway_is_judged_by_minted_tokens_where_there_is_the_key() {
    let login = || async {
        let claims = json!({ "sub": "alice-7f3e", "exp": unix_seconds() + 2 });
        let token = encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()));
        Json(json!({ "access_token": token.expect("signs") }))
    };
    let orders = |headers: HeaderMap| async move {
        let validation = Validation { leeway: 180, validate_aud: false, ..Validation::new(Algorithm::HS256) };
        let token = presented(&headers).and_then(|line| line.strip_prefix("Bearer ")).unwrap_or_default();
        match decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation) {
            Ok(_) => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            Err(_) => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let router = Router::new().route("/orders", get(orders)).route("/login", axum::routing::post(login));
    let address = serve(router).await;
    for (key, verdict) in [("", Verdict::Warn), ("issuer_key", Verdict::Info)] {
        let material = match key {
            "" => String::new(),
            key => format!("material: {{ {key}: {{ secret: \"{SECRET}\", alg: HS256 }} }}\n"),
        };
        let yaml = format!(
            "scheme: jwt\ncredentials: {{ a: {{ login: {{ request: {{ post: /login }} }} }} }}\n{material}\
             resources: [{{ request: GET /orders }}]\nconformance: {{ include: [bearer.expired-token-401] }}\n"
        );
        let ended = against(address, &yaml, PROMPT).await;
        let result = ended.of("bearer.expired-token-401");
        assert_eq!(result.verdict, verdict, "{key}: {} {:?}", result.summary, result.deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_foreign_host_in_what_a_write_has_made_is_found() {
    let made = |headers: HeaderMap| async move {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        match presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}")) {
            true => (StatusCode::CREATED, [(header::LOCATION, format!("http://{host}/orders/7"))]).into_response(),
            false => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let router = guarding(format!("Bearer {KEY}"), |_| None).route("/orders/new", axum::routing::post(made));
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources:\n\
         \x20 - request: GET /orders\n\x20 - {{ request: POST /orders/new, writes: true }}\n\
         conformance: {{ include: [common.foreign-host-not-reflected] }}\n"
    );
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of("common.foreign-host-not-reflected");
    assert!(matches!(result.verdict, Verdict::Fail | Verdict::Warn), "{:?} {}", result.verdict, result.summary);
    assert!(result.summary.contains("/orders/new") || !result.deviations.is_empty(), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_looks_before_it_asks_for_a_credential_is_found_without_tenants() {
    for (absent, verdict) in [(StatusCode::NOT_FOUND, Verdict::Warn), (StatusCode::UNAUTHORIZED, Verdict::Pass)] {
        let nothing = move || async move {
            match absent {
                StatusCode::UNAUTHORIZED => refused("Bearer realm=\"a\", error=\"invalid_token\""),
                status => status.into_response(),
            }
        };
        let router = guarding(format!("Bearer {KEY}"), |_| None).route("/orders/none", get(nothing));
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
             resources: [{{ request: GET /orders, absent: /orders/none }}]\n\
             conformance: {{ include: [common.existence-oracle] }}\n"
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of("common.existence-oracle");
        assert_eq!(result.verdict, verdict, "{absent}: {} {:?}", result.summary, result.deviations);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_password_outside_ascii_that_no_encoding_opens_is_said_to_be_that() {
    // one account works, the other one with an umlaut does not
    let good = base64::engine::general_purpose::STANDARD.encode("alice:correct-horse-7");
    let yaml = "scheme: basic\ncredentials: { a: { username: alice, password: correct-horse-7 } }\n\
                material: { utf8_password_account: { username: dora, password: \"p\u{e4}ssw\u{f6}rt-9\" } }\n\
                resources: [{ request: GET /orders }]\nconformance: { include: [basic.utf8-credentials] }\n";
    let ended = against(serve(guarding(format!("Basic {good}"), |_| None)).await, yaml, PROMPT).await;
    let result = ended.of("basic.utf8-credentials");
    assert_eq!(result.verdict, Verdict::NotApplicable, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("neither in UTF-8 nor in Latin-1"), "{}", result.summary);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_subject_that_is_no_text_and_breaks_the_server_is_found() {
    let orders = |headers: HeaderMap| async move {
        let validation = Validation { validate_aud: false, ..Validation::new(Algorithm::HS256) };
        let token = presented(&headers).and_then(|line| line.strip_prefix("Bearer ")).unwrap_or_default();
        match decode::<Value>(token, &DecodingKey::from_secret(SECRET.as_bytes()), &validation) {
            Ok(token) if !token.claims["sub"].is_string() && !token.claims["sub"].is_null() => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            Ok(_) => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            Err(_) => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let address = serve(Router::new().route("/orders", get(orders))).await;
    let yaml = format!(
        "scheme: jwt\ncredentials: {{ a: {{ claims: {{ sub: alice-7f3e }} }} }}\n\
         material: {{ issuer_key: {{ secret: \"{SECRET}\", alg: HS256 }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [jwt.unusual-claims-never-5xx] }}\n"
    );
    let ended = against(address, &yaml, PROMPT).await;
    let result = ended.of("jwt.unusual-claims-never-5xx");
    assert!(matches!(result.verdict, Verdict::Fail | Verdict::Warn), "{:?} {}", result.verdict, result.summary);
}

/// Answers one request: the field counts as it was sent, with the spaces at its end.
async fn untrimmed(mut stream: tokio::net::TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await? > 0 {}
    let head = String::from_utf8_lossy(&head).into_owned();
    let good = head.lines().any(|line| line.to_ascii_lowercase() == format!("authorization: bearer {KEY}"));
    let (status, body) = if good { ("200 OK", ORDERS) } else { ("401 Unauthorized", "{}") };
    let challenge = "WWW-Authenticate: Bearer realm=\"a\", error=\"invalid_token\"\r\nContent-Type: application/json\r\nConnection: close";
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{challenge}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spaces_at_the_end_of_a_field_that_count_are_reported() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(untrimmed(stream));
        }
    });
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [bearer.scheme-case-insensitive] }}\n"
    );
    let ended = against(address, &yaml, PROMPT).await;
    let result = ended.of("bearer.scheme-case-insensitive");
    assert_eq!(result.verdict, Verdict::Info, "{} {:?}", result.summary, result.deviations);
    assert!(result.summary.contains("two spaces behind the credential"), "{}", result.summary);
}

/// An API that has status 200 for everything, and says in the body how it went.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_refusal_with_a_status_of_success_shows_is_seen() {
    let orders = |headers: HeaderMap| async move {
        match presented(&headers) {
            Some(line) if line == format!("Bearer {KEY}") => {
                ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response()
            }
            Some(_) => {
                Json(json!({ "error": "SQLITE_AUTH(23): not authorized in INSERT INTO orders" })).into_response()
            }
            None => Json(json!({ "error": "no credential" })).into_response(),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders, success: {{ json: /orders }}, refusal: {{ json: /error }} }}]\n\
         conformance: {{ include: [bearer.metacharacters-denied, common.auth-error-no-internals] }}\n"
    );
    let ended = against(serve(Router::new().route("/orders", get(orders))).await, &yaml, PROMPT).await;
    let result = ended.of("common.auth-error-no-internals");
    assert_eq!(result.verdict, Verdict::Warn, "{} {:?}", result.summary, result.deviations);
    assert!(result.deviations.iter().any(|text| text.contains("of bearer.")), "{:?}", result.deviations);
}

/// Whatever is behind the path of its resource breaks it: how that is written does not matter, and is not said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_on_unknown_paths_does_not_break_on_what_they_are_written_like() {
    const CHECK: &str = "common.malformed-target-never-5xx";
    let good = format!("Bearer {KEY}");
    let router = guarding(good, |_| None).fallback(|| async { StatusCode::INTERNAL_SERVER_ERROR });
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    let expected = ["no credential", "the good credential"]
        .map(|who| format!("{who}, path written as /path/authbench: answered with 500"));
    assert_eq!(result.deviations, expected, "{}", result.summary);
}

/// What is said of parameters: the one that breaks the server, and how it was written.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_breaks_on_parameters_and_numbers_of_another_type_is_found() {
    const CHECK: &str = "common.malformed-target-never-5xx";
    let orders = |headers: HeaderMap, uri: axum::http::Uri| async move {
        let number = |text: &str| text.parse::<u64>().is_ok();
        let mut pairs = uri.query().unwrap_or_default().split('&').filter_map(|pair| pair.split_once('='));
        match presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}")) {
            false => refused("Bearer realm=\"a\""),
            true if pairs.any(|(name, value)| name == "page" && !number(value)) => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            true if !number(uri.path().rsplit('/').next().unwrap_or_default()) && uri.path().len() > 30 => {
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
            true => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
         resources: [{{ request: GET /orders?state=open&page=1 }}, {{ request: GET /orders/of/7 }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let router = Router::new().route("/orders", get(orders)).route("/orders/of/{number}", get(orders));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    let expected = ["parameter 2 written as name=authbench", "99999999999999999999999 for each number in its path"];
    for text in expected {
        assert!(result.deviations.iter().any(|one| one.contains(text)), "{text}: {:?}", result.deviations);
    }
    let wrongly = ["parameter 1", "parameter 2 written as name[]", "parameter 3"];
    assert!(
        !result.deviations.iter().any(|one| wrongly.iter().any(|text| one.contains(text))),
        "{:?}",
        result.deviations
    );
}

/// A limit of the length is no look at the body, and neither is a field that the good body lacks as well.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_that_is_too_long_may_be_refused_before_the_credential() {
    const CHECK: &str = "common.auth-before-input-validation";
    let orders = |headers: HeaderMap, body: axum::body::Bytes| async move {
        match presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}")) {
            _ if body.len() > 300 => StatusCode::BAD_REQUEST.into_response(),
            true => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            false => refused("Bearer realm=\"a\", error=\"invalid_token\""),
        }
    };
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
         resources: [{{ request: POST /orders, writes: true, json: {{ text: a }} }}, \
         {{ request: POST /checked, writes: true, json: {{ text: a }} }}]\nconformance: {{ include: [{CHECK}] }}\n"
    );
    let checked = move |headers: HeaderMap, body: axum::body::Bytes| async move {
        match presented(&headers) {
            Some(_) => orders(headers, body).await,
            // such as a check of CSRF that comes before all others
            None => StatusCode::UNPROCESSABLE_ENTITY.into_response(),
        }
    };
    let router = Router::new().route("/orders", axum::routing::post(orders));
    let router = router.route("/checked", axum::routing::post(checked));
    let ended = against(serve(router).await, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    assert_eq!(result.verdict, Verdict::Pass, "{} {:?}", result.summary, result.deviations);
}

/// Whoever lacks the scope of an object learns from a status whether it is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_looked_up_before_the_scope() {
    const CHECK: &str = "common.existence-oracle";
    const LOW: &str = "t-low-5b9fa81c0f7d4e62";
    for (absent, expected) in [(StatusCode::NOT_FOUND, Verdict::Fail), (StatusCode::FORBIDDEN, Verdict::Pass)] {
        let answer = move |headers: HeaderMap, known: bool, open: bool| {
            let good = presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}"));
            let low = presented(&headers).is_some_and(|line| line == format!("Bearer {LOW}"));
            match known {
                _ if !good && !low => refused("Bearer realm=\"a\""),
                true if good || open => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
                false if good => StatusCode::NOT_FOUND.into_response(),
                true => StatusCode::FORBIDDEN.into_response(),
                false => absent.into_response(),
            }
        };
        let router = Router::new()
            .route("/orders/1", get(move |headers: HeaderMap| async move { answer(headers, true, false) }))
            .route("/orders/2", get(move |headers: HeaderMap| async move { answer(headers, false, false) }))
            .route("/me", get(move |headers: HeaderMap| async move { answer(headers, true, true) }));
        let yaml = format!(
            "scheme: bearer\ncredentials:\n  a: {{ token: \"{KEY}\", scopes: [read] }}\n  b: {{ token: \"{LOW}\", scopes: [] }}\n\
             resources:\n  - {{ request: GET /me }}\n  - {{ request: GET /orders/1, scopes: [read], absent: /orders/2 }}\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(router).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(
            result.verdict == Verdict::Pass,
            expected == Verdict::Pass,
            "{:?} {:?}",
            result.verdict,
            result.deviations
        );
        let is_named = result.deviations.iter().any(|text| text.contains("by whoever lacks the scope"));
        assert_eq!(is_named, expected != Verdict::Pass, "{} {:?}", result.summary, result.deviations);
    }
}

/// Answers one request; what it cannot read ends its connection.
async fn closing(mut stream: tokio::net::TcpStream) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") && stream.read_buf(&mut head).await? > 0 {}
    let head = String::from_utf8_lossy(&head).to_ascii_lowercase();
    if head.contains("x-forwarded-for: authbench") {
        return Ok(());
    }
    let good = head.lines().any(|line| line == format!("authorization: bearer {KEY}"));
    let (status, body) = if good { ("200 OK", ORDERS) } else { ("401 Unauthorized", "{}") };
    let fields = "WWW-Authenticate: Bearer realm=\"a\"\r\nContent-Type: application/json\r\nConnection: close";
    let length = body.len();
    let answer = format!("HTTP/1.1 {status}\r\n{fields}\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(answer.as_bytes()).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_ends_the_connection_each_time_is_found() {
    const CHECK: &str = "common.malformed-field-never-5xx";
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(closing(stream));
        }
    });
    let yaml = format!(
        "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{{ request: GET /orders }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    let ended = against(address, &yaml, PROMPT).await;
    let result = ended.of(CHECK);
    let expected = ["no credential", "the good credential"].map(|who| {
        format!("{who}, with X-Forwarded-For: authbench: no whole answer, each time: the connection is closed")
    });
    assert_eq!(result.deviations, expected, "{}", result.summary);
}

/// What anybody may read has conditions of its own, and the redirect of one route is no property of another.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conditions_of_what_is_open_and_redirects_of_a_second_resource() {
    let orders = |headers: HeaderMap| async move {
        match headers.contains_key(header::IF_NONE_MATCH) {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
        }
    };
    let contacts = |headers: HeaderMap| async move {
        match presented(&headers).is_some_and(|line| line == format!("Bearer {KEY}")) {
            true => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
            false => refused("Bearer realm=\"a\""),
        }
    };
    let redirect = |headers: HeaderMap| async move {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, format!("http://{host}/contacts"))]).into_response()
    };
    let router = Router::new().route("/open", get(orders)).route("/account", get(contacts));
    let router = router.route("/contacts", get(contacts)).route("/contacts/", get(redirect));
    let scenario = |resources: &str, check: &str| {
        format!(
            "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\nresources: [{resources}]\n\
             conformance: {{ include: [{check}] }}\n"
        )
    };
    let address = serve(router).await;
    let yaml = scenario("{ request: GET /account }, { request: GET /open }", "common.conditions-after-auth");
    let conditions = against(address, &yaml, PROMPT).await;
    let result = conditions.of("common.conditions-after-auth");
    assert!(result.deviations.is_empty(), "{} {:?}", result.summary, result.deviations);
    let yaml = scenario("{ request: GET /account }, { request: GET /contacts }", "common.foreign-host-not-reflected");
    let hosts = against(address, &yaml, PROMPT).await;
    let result = hosts.of("common.foreign-host-not-reflected");
    assert!(
        result.deviations.iter().any(|text| text.contains("GET /contacts")),
        "{} {:?}",
        result.summary,
        result.deviations
    );
}

/// A guard that calls what it does not know a bad request, whatever the body is, and one that says so of the body.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_body_is_read_where_bad_requests_differ() {
    const CHECK: &str = "common.auth-before-input-validation";
    for (reads, expected) in [(false, Verdict::Pass), (true, Verdict::Warn)] {
        let answer = move |headers: HeaderMap, body: Bytes| async move {
            let is_read = serde_json::from_slice::<serde_json::Value>(&body).is_ok_and(|body| body["item"].is_string());
            match presented(&headers) == Some(&format!("Bearer {KEY}")) {
                true => ([(header::CONTENT_TYPE, "application/json")], ORDERS).into_response(),
                false if reads && !is_read => (StatusCode::BAD_REQUEST, "unexpected end of the body").into_response(),
                false => (StatusCode::BAD_REQUEST, "the name of the user is empty").into_response(),
            }
        };
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ a: {{ token: \"{KEY}\" }} }}\n\
             resources: [{{ request: POST /orders, writes: true, json: {{ item: lamp }}, refusal: {{ status: 400 }} }}]\n\
             conformance: {{ include: [{CHECK}] }}\n"
        );
        let ended = against(serve(Router::new().route("/orders", post(answer))).await, &yaml, PROMPT).await;
        let result = ended.of(CHECK);
        assert_eq!(result.verdict, expected, "{} {:?}", result.summary, result.deviations);
    }
}
