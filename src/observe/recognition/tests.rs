use std::io::Write as _;

use super::*;
use crate::observe::Silence;

/// What the protected resource answers to a good request.
const DATA: &str =
    r#"{"orders":[{"id":"ord_7f3c91aa","item":"walnut desk"},{"id":"ord_90bde112","item":"brass lamp"}],"page":1}"#;
/// What it answers to anybody else.
const REFUSAL: &str = r#"{"error":"invalid_token","request_id":"8c1f"}"#;

pub(super) fn response(status: u16, content_type: &str, body: impl Into<Vec<u8>>) -> Response {
    let headers = vec![("Content-Type".to_owned(), content_type.as_bytes().to_vec())];
    Response { status, headers, body: body.into(), truncated: false }
}

pub(super) fn learned() -> Learned {
    Learned {
        good: vec![response(200, "application/json", DATA), response(200, "application/json", DATA)],
        anonymous: vec![response(401, "application/json", REFUSAL), response(401, "application/json", REFUSAL)],
        elsewhere: vec![response(404, "application/json", r#"{"error":"not found"}"#)],
        words: vec!["alice".to_owned(), "read:orders".to_owned()],
        ..Learned::default()
    }
}

pub(super) fn outcome(recognition: &Recognition, response: &Response, anonymous: bool) -> Outcome {
    let asked = Asked { anonymous, ..Asked::default() };
    recognition.read_answer(&Answered::from_response(response), &asked).outcome
}

/// The protected data in every form in which a server may give it away.
fn shapes() -> Vec<(&'static str, Response)> {
    let json: serde_json::Value = serde_json::from_str(DATA).expect("is JSON");
    let mut short = json.clone();
    short.as_object_mut().expect("an object").remove("page");
    let mut one_order = json.clone();
    one_order["orders"].as_array_mut().expect("a list").pop();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(DATA.as_bytes()).expect("into memory");
    let mut zipped = response(200, "application/json", gzip.finish().expect("into memory"));
    zipped.headers.push(("Content-Encoding".to_owned(), b"gzip".to_vec()));
    let long = format!(r#"{{"filler":"{}","data":{DATA}}}"#, "x".repeat(1_300_000));
    vec![
        ("same JSON", response(200, "application/json", DATA)),
        ("wrapped", response(200, "application/json", serde_json::json!({ "error": "no", "data": json }).to_string())),
        ("in a list", response(200, "application/json", serde_json::json!([json]).to_string())),
        ("one member short", response(200, "application/json", short.to_string())),
        ("one order short", response(200, "application/json", one_order.to_string())),
        ("text/plain", response(200, "text/plain", DATA)),
        ("no JSON any more", response(200, "text/plain", format!("denied: {DATA}"))),
        ("1.3 MB", response(200, "application/json", long)),
        ("gzip", zipped),
        ("BOM", response(200, "application/json", format!("\u{feff}{DATA}"))),
        ("another media type", response(200, "application/vnd.orders+json", DATA)),
        ("a string of JSON", response(200, "application/json", serde_json::json!({ "detail": DATA }).to_string())),
        ("HTML", response(200, "text/html", "<p>Your walnut desk (ord_7f3c91aa)</p><p>brass lamp</p>")),
    ]
}

#[test]
fn protected_content_is_access_whatever_its_shape_and_status() {
    let recognition = learned().recognition();
    for status in [200, 202, 203, 206, 302, 401, 403, 404, 500] {
        for (shape, answer) in shapes() {
            for anonymous in [true, false] {
                let answer = Response { status, ..answer.clone() };
                assert_eq!(outcome(&recognition, &answer, anonymous), Outcome::Granted, "{shape} with {status}");
            }
        }
    }
}

#[test]
fn a_refusal_is_a_status_that_refuses_with_nothing_protected() {
    let recognition = learned().recognition();
    for (status, expected) in [
        (400, Outcome::Refused),
        (401, Outcome::Refused),
        (403, Outcome::Refused),
        (404, Outcome::Refused),
        (405, Outcome::Refused),
        (418, Outcome::Refused),
        (501, Outcome::Refused),
        (101, Outcome::Unclear),
        (200, Outcome::Unclear),
        (204, Outcome::Unclear),
        (206, Outcome::Unclear),
        (302, Outcome::Unclear),
        (304, Outcome::Unclear),
        (408, Outcome::Unclear),
        (421, Outcome::Unclear),
        (425, Outcome::Unclear),
        (429, Outcome::Unclear),
        (502, Outcome::Unclear),
        (503, Outcome::Unclear),
        (504, Outcome::Unclear),
        (500, Outcome::Broke),
        (507, Outcome::Broke),
    ] {
        let bodies =
            [REFUSAL, "", "<html><p>Please log in to go on</p></html>", r#"{"user":"alice","needs":"read:orders"}"#];
        for body in bodies {
            assert_eq!(
                outcome(&recognition, &response(status, "application/json", body), true),
                expected,
                "{status} {body}"
            );
        }
    }
}

#[test]
fn one_protected_atom_in_a_refusal_is_unclear_and_named() {
    let recognition = learned().recognition();
    let answer = response(403, "application/json", r#"{"error":"you may not see walnut desk"}"#);
    let reading = recognition.read_answer(&Answered::from_response(&answer), &Asked::default());
    assert_eq!(reading.outcome, Outcome::Unclear);
    assert!(reading.why.as_deref().is_some_and(|why| why.contains("`item`")), "{reading:?}");
}

#[test]
fn what_the_request_carried_and_what_its_credential_may_read_shows_nothing() {
    let recognition = learned().recognition();
    let leak = response(403, "application/json", DATA);
    let mut request = Request::new("POST", "/orders").credential_header("Authorization", "Basic d2FsbnV0IGRlc2s6eA==");
    request = request.with_body("application/json", r#"{"id":"ord_7f3c91aa","x":"ord_90bde112","y":"brass lamp"}"#);
    let asked = Asked { request: Some(&request), ..Asked::default() };
    assert_eq!(recognition.read_answer(&Answered::from_response(&leak), &asked).outcome, Outcome::Refused);
    let readable = recognition.stable_atoms().to_vec();
    let asked = Asked { readable: &readable, ..Asked::default() };
    assert_eq!(recognition.read_answer(&Answered::from_response(&leak), &asked).outcome, Outcome::Refused);
}

#[test]
fn the_first_anonymous_answer_may_be_the_one_that_leaks() {
    let mut learned = learned();
    learned.anonymous[0] = response(200, "application/json", DATA);
    let recognition = learned.recognition();
    assert!(!recognition.void && !recognition.is_blind());
    assert_eq!(outcome(&recognition, &learned.anonymous[0], true), Outcome::Granted);
    assert_eq!(outcome(&recognition, &learned.anonymous[1], true), Outcome::Refused);
    // what leaked stays protected: an unknown credential that gets the same was let in
    assert_eq!(outcome(&recognition, &learned.anonymous[0], false), Outcome::Granted);
    let asked = Asked { entitled: true, ..Asked::default() };
    let good = recognition.read_answer(&Answered::from_response(&learned.good[0]), &asked);
    assert_eq!(good.outcome, Outcome::Granted);
}

#[test]
fn an_open_route_is_one_although_its_answer_has_a_time_and_short_values() {
    let measured = |at: u64| response(200, "application/json", format!("{{\"m1\":21.4,\"m2\":19.9,\"at\":{at}}}"));
    let page = |page: u64| response(200, "application/json", format!("{{\"page\":{page},\"at\":1795959653000}}"));
    let learned = |anonymous: Vec<Response>, elsewhere: Vec<Response>| Learned {
        good: vec![measured(1_795_959_653_644), measured(1_795_959_653_702)],
        anonymous,
        elsewhere,
        ..Learned::default()
    };
    let open = measured(1_795_959_654_000);
    let closed = response(401, "application/json", REFUSAL);
    for (known, expected) in [
        (learned(vec![open.clone(), open.clone()], Vec::new()), Outcome::Granted),
        (learned(vec![closed.clone(), open.clone()], Vec::new()), Outcome::Granted),
        // what anybody gets elsewhere as well is nothing of this resource
        (learned(vec![open.clone(), open.clone()], vec![measured(1_795_959_653_000)]), Outcome::Unclear),
        (Learned { good: vec![page(1), page(1)], ..learned(vec![page(1)], vec![page(1)]) }, Outcome::Unclear),
    ] {
        assert_eq!(outcome(&known.recognition(), &measured(1_795_959_654_111), true), expected, "{known:?}");
        assert_eq!(outcome(&known.recognition(), &closed, true), Outcome::Refused, "{known:?}");
    }
    // a refusal with the status of a success, as it is declared
    let refusal = Declared { pointer: Some("/at".to_owned()), ..Declared::default() };
    let declared = Learned { refusals: vec![refusal], ..learned(vec![open.clone(), open.clone()], Vec::new()) };
    assert_eq!(outcome(&declared.recognition(), &measured(1_795_959_654_111), true), Outcome::Refused);
}

#[test]
fn content_that_changes_by_itself_is_no_reason_for_alarm() {
    for (good, refused) in [
        // every answer has its own id and time, refusals too
        (
            r#"{"id":"a%","at":"2026-11-26T01:00:0%Z","token":"csrf-abcdef-%"}"#,
            r#"{"id":"b%","token":"csrf-ffffff-%"}"#,
        ),
        // nothing but a flag
        (r#"{"ok":true}"#, r#"{"ok":false}"#),
        // an envelope that refusals have as well
        (
            r#"{"version":"2026.11-build7","data":{"x%":"value-%-of-now"}}"#,
            r#"{"version":"2026.11-build7","error":"no"}"#,
        ),
    ] {
        let filled = |text: &str, n: usize| text.replace('%', &n.to_string());
        let learned = Learned {
            good: [1, 2].map(|n| response(200, "application/json", filled(good, n))).to_vec(),
            anonymous: [3, 4].map(|n| response(401, "application/json", filled(refused, n))).to_vec(),
            elsewhere: vec![response(404, "application/json", filled(refused, 5))],
            ..Learned::default()
        };
        let recognition = learned.recognition();
        assert_eq!(
            outcome(&recognition, &response(401, "application/json", filled(refused, 6)), true),
            Outcome::Refused
        );
        assert_eq!(outcome(&recognition, &response(200, "application/json", filled(good, 7)), false), Outcome::Granted);
    }
}

#[test]
fn a_login_page_is_unclear_until_it_is_declared() {
    let page = |text: &str| response(200, "text/html", format!("<html><h1>Orders Inc.</h1><p>{text}</p></html>"));
    let mut learned = Learned {
        good: vec![page("Your walnut desk is on its way"), page("Your walnut desk is on its way")],
        anonymous: vec![page("Please log in first"), page("Please log in first")],
        elsewhere: vec![response(404, "text/html", "nothing here")],
        ..Learned::default()
    };
    assert_eq!(outcome(&learned.recognition(), &page("Please log in first"), true), Outcome::Unclear);
    learned.refusals = vec![Declared { status: Some(200), text: Some("log in".to_owned()), ..Declared::default() }];
    assert_eq!(outcome(&learned.recognition(), &page("Please log in first"), true), Outcome::Refused);
    assert_eq!(outcome(&learned.recognition(), &page("Your walnut desk is on its way"), true), Outcome::Granted);
    learned.success = Some(Declared { text: Some("on its way".to_owned()), ..Declared::default() });
    assert_eq!(outcome(&learned.recognition(), &page("Please log in first"), true), Outcome::Refused);
}

#[test]
fn a_redirect_refuses_where_anonymous_requests_are_sent_to_the_same_place() {
    let redirect = |to: &str| {
        let mut response = response(302, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    let mut learned = learned();
    learned.anonymous = vec![redirect("/login"), redirect("/login")];
    let recognition = learned.recognition();
    assert_eq!(outcome(&recognition, &redirect("/login"), false), Outcome::Refused);
    assert_eq!(outcome(&recognition, &redirect("/elsewhere"), false), Outcome::Unclear);
}

#[test]
fn a_redirect_that_refuses_elsewhere_refuses_here_whatever_its_query() {
    let redirect = |to: &str| {
        let mut response = response(302, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    let declared = Declared { status: Some(302), ..Declared::default() };
    assert_eq!(declared.redirect(&redirect("/login?next=%2Fa#top")), Some(b"/login".to_vec()));
    assert_eq!(declared.redirect(&response(401, "text/html", "")), None);
    let mut learned = learned();
    assert_eq!(outcome(&learned.recognition(), &redirect("/login?next=%2Fb"), false), Outcome::Unclear);
    learned.refusing = vec![b"/login".to_vec()];
    let recognition = learned.recognition();
    assert_eq!(outcome(&recognition, &redirect("/login?next=%2Fb"), false), Outcome::Refused);
    assert_eq!(outcome(&recognition, &redirect("/login/done"), false), Outcome::Unclear);
    // servers write a session that they have begun into the address
    assert_eq!(outcome(&recognition, &redirect("/login;jsessionid=7f0c?next=%2Fb"), false), Outcome::Refused);
    assert_eq!(declared.redirect(&redirect("/a;v=1/login;jsessionid=7f0c?x;y")), Some(b"/a/login".to_vec()));
    // what is protected stays so, whatever stands beside it
    let mut leaking = redirect("/login");
    leaking.body = DATA.into();
    assert_eq!(outcome(&recognition, &leaking, false), Outcome::Granted);
}

#[test]
fn the_way_back_in_a_redirect_is_not_compared() {
    let redirect = |to: &str| {
        let mut response = response(302, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    let encoded = "/login?next=%2Fnotes";
    let whole = "https://id.test/in?app=a&ru=https%3A%2F%2Fapi.test%2Fv1%2Fnotes&v=2#top";
    for (resource, anonymous, asked, answered, expected) in [
        // the same path with another query
        ("/notes", encoded, "/notes?limit=x", "/login?next=%2Fnotes%3Flimit%3Dx", Outcome::Refused),
        ("/notes", encoded, "/notes?limit=x", "/login?next=/notes?limit=x", Outcome::Refused),
        ("/notes?a=1", "/login?next=%2Fnotes%3Fa%3D1", "/notes", encoded, Outcome::Refused),
        ("/a%20b", "/login?next=%2Fa%20b", "/a%20b?c", "/login?next=%2Fa%20b%3Fc", Outcome::Refused),
        ("/a%20b", "/login?next=%2Fa%2520b", "/a%20b?c", "/login?next=%2Fa%2520b%3Fc", Outcome::Refused),
        ("/notes", whole, "/notes?q", &whole.replace("notes&", "notes%3Fq&"), Outcome::Refused),
        // another spelling of the path, as it was asked for
        ("/notes", encoded, "//notes", "/login?next=%2F%2Fnotes", Outcome::Refused),
        ("/notes", encoded, "/Notes", "/login?next=%2FNotes", Outcome::Refused),
        ("/", "/login?next=%2F", "/?q", "/login?next=%2F%3Fq", Outcome::Refused),
        ("/", "/login?next=https://api.test/", "/?q", "/login?next=https://api.test/?q", Outcome::Refused),
        // everything else counts
        ("/notes", encoded, "/notes", "/login?next=%2Fnotes%2Fdone", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?next=%2Fdone%2Fnotes", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?next=%2Fhome", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?next=https://api.test/notes", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?to=%2Fnotes%3Fq", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?next=%2Fnotes&welcome=1", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/login?next=%2Fnotes#welcome", Outcome::Unclear),
        ("/notes", encoded, "/notes", "/welcome?next=%2Fnotes", Outcome::Unclear),
        ("/notes", whole, "/notes?q", &whole.replace("notes&v=2", "notes%3Fq&v=3"), Outcome::Unclear),
        ("/notes", whole, "/notes?q", &whole.replace("api.test", "api.invalid"), Outcome::Unclear),
        ("/notes", "/login?from=menu", "/notes?q", "/login?from=list", Outcome::Unclear),
        ("/", "/login?next=%2Fhome", "/?q", "/login?next=%2Fstart", Outcome::Unclear),
    ] {
        let mut learned = learned();
        learned.anonymous = vec![redirect(anonymous); 2];
        learned.requests = vec![Request::new("GET", resource); 2];
        let recognition = learned.recognition();
        for method in ["GET", "HEAD"] {
            let request = Request::new(method, asked);
            let exchange = Exchange {
                answer: Ok(redirect(answered)),
                ..Exchange::unanswered(request, super::super::Silence::Closed)
            };
            let read = recognition.read(&exchange, &Asked::default());
            assert_eq!(read.outcome, expected, "{method} {resource}: {anonymous}, {asked}: {answered}");
        }
    }
}

#[test]
fn the_way_back_is_compared_where_good_answers_redirect_to_the_same_place() {
    let redirect = |to: &str| {
        let mut response = response(302, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    for (good, answered, expected) in [
        ("/goto?to=/orders/done", "/goto?to=/orders", Outcome::Refused),
        ("/goto?to=/orders/done", "/goto?to=/orders/done", Outcome::Unclear),
        ("/goto?to=/orders?done", "/goto?to=/orders?done", Outcome::Unclear),
        ("/goto?to=/orders?done", "/goto?to=/orders?other", Outcome::Unclear),
        ("/orders/done", "/goto?to=/orders?limit=x", Outcome::Refused),
        ("/orders/done", "/orders/done", Outcome::Unclear),
    ] {
        let mut learned = learned();
        learned.good = vec![redirect(good); 2];
        learned.anonymous = vec![redirect("/goto?to=/orders"); 2];
        learned.requests = vec![Request::new("POST", "/orders"); 2];
        let declared = Declared { status: Some(302), ..Declared::default() };
        assert_eq!(outcome(&learned.recognition(), &redirect(answered), false), expected, "{good}: {answered}");
        // a status that is declared as success is one, unless it leads to another place than good answers do
        learned.success = Some(declared);
        let elsewhere = good == "/orders/done" && answered != good;
        let expected = if elsewhere { Outcome::Refused } else { Outcome::Granted };
        assert_eq!(outcome(&learned.recognition(), &redirect(answered), false), expected, "{answered}");
    }
}

#[test]
fn an_answer_to_head_is_told_by_the_fields_that_it_shares_with_get() {
    let with = |status: u16, length: &str| {
        let headers = vec![("Content-Length".to_owned(), length.as_bytes().to_vec())];
        Response { status, headers, body: Vec::new(), truncated: false }
    };
    let mut learned = learned();
    learned.good.iter_mut().for_each(|good| good.headers.push(("Content-Length".to_owned(), b"105".to_vec())));
    let recognition = learned.recognition();
    let read = |response: Response, entitled: bool| {
        let exchange = Exchange {
            answer: Ok(response),
            ..Exchange::unanswered(Request::new("HEAD", "/"), super::super::Silence::Closed)
        };
        recognition.read(&exchange, &Asked { entitled, ..Asked::default() }).outcome
    };
    for (response, entitled, expected) in [
        (with(200, "105"), false, Outcome::Granted),
        (with(200, "44"), false, Outcome::Unclear),
        (with(200, "44"), true, Outcome::Granted),
        (with(401, "44"), false, Outcome::Refused),
    ] {
        assert_eq!(read(response.clone(), entitled), expected, "{response:?} {entitled}");
    }
}

#[test]
fn a_success_without_a_body_is_told_by_its_status() {
    let empty = |status| Response { status, headers: Vec::new(), body: Vec::new(), truncated: false };
    let learned = Learned { good: vec![empty(204); 2], anonymous: vec![empty(401); 2], ..Learned::default() };
    let recognition = learned.recognition();
    assert_eq!(outcome(&recognition, &empty(204), false), Outcome::Granted);
    assert_eq!(outcome(&recognition, &empty(401), false), Outcome::Refused);
    assert_eq!(outcome(&recognition, &empty(200), false), Outcome::Unclear);
}

#[test]
fn a_redirect_to_the_login_is_no_success_of_a_write_that_ends_with_one() {
    let redirect = |to: &str| {
        let mut response = response(303, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    for (good, anonymous, expected) in [
        ("/settings", "/login?next=/settings", Outcome::Refused),
        ("/orders/7", "/login", Outcome::Refused),
        ("/7", "/login", Outcome::Refused),
        // an open route
        ("/settings", "/settings", Outcome::Granted),
        ("/orders/7", "/orders/8", Outcome::Granted),
        ("/orders/desk", "/orders/lamp", Outcome::Granted),
        ("/7", "/8", Outcome::Granted),
    ] {
        let mut learned = learned();
        learned.good = vec![redirect(good)];
        learned.anonymous = vec![redirect(anonymous)];
        learned.requests = vec![Request::new("POST", "/settings")];
        learned.success = Some(Declared { status: Some(303), ..Declared::default() });
        let recognition = learned.recognition();
        assert_eq!(outcome(&recognition, &redirect(anonymous), true), expected, "{good}: {anonymous}");
        // whoever may write is answered in another way now and then
        let asked = Asked { entitled: true, ..Asked::default() };
        let read = recognition.read_answer(&Answered::from_response(&redirect("/elsewhere")), &asked);
        assert_eq!(read.outcome, Outcome::Granted, "{good}");
    }
}

#[test]
fn a_redirect_to_the_page_of_a_login_lets_nobody_in() {
    let redirect = |to: &str| {
        let mut response = response(303, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    for (page, good, anonymous, expected) in [
        // the credential has ended by the time that the good answer is learned
        ("/login", "/login?next=/a", "/login?next=/a", Outcome::Refused),
        ("/login", "http://api.test/login", "http://api.test/login", Outcome::Refused),
        // a page that is no login's, or to which nobody is sent who has none
        ("/enter", "/login?next=/a", "/login?next=/a", Outcome::Granted),
        ("/login", "/login", "/settings", Outcome::Granted),
        ("/settings", "/settings", "/settings", Outcome::Granted),
    ] {
        let mut learned = learned();
        (learned.good, learned.anonymous) = (vec![redirect(good)], vec![redirect(anonymous)]);
        learned.requests = vec![Request::new("POST", "/settings")];
        learned.login_pages = vec![page.as_bytes().to_vec()];
        learned.success = Some(Declared { status: Some(303), ..Declared::default() });
        let recognition = learned.recognition();
        for anonymous_request in [true, false] {
            let asked = Asked { anonymous: anonymous_request, entitled: !anonymous_request, ..Asked::default() };
            let read = recognition.read_answer(&Answered::from_response(&redirect(good)), &asked);
            assert_eq!(read.outcome, expected, "{page} {good} {anonymous} {anonymous_request}");
        }
    }
}

/// A description of a resource has names of what is in it.
#[test]
fn the_answer_to_options_shows_a_resource_where_it_has_its_content() {
    let plugin = |name: &str, uri: &str| {
        format!(
            "{{\"plugin\":\"{name}\",\"status\":\"inactive\",\"plugin_uri\":\"{uri}\",\"context\":\"view-embed-edit\"}}"
        )
    };
    let plugins = format!(
        "[{},{}]",
        plugin("akismet/akismet", "https://akismet.test/"),
        plugin("hello-dolly/hello", "https://dolly.test/plugins")
    );
    let mut learned = learned();
    learned.good = vec![response(200, "application/json", plugins.clone()); 2];
    let recognition = learned.recognition();
    let schema = r#"{"endpoints":[{"methods":["GET"],"args":{"context":{"enum":["view-embed-edit"]},"status":{"enum":["inactive","active"]}}}]}"#;
    for (method, body, expected) in [
        ("OPTIONS", schema, Outcome::Unclear),
        ("OPTIONS", plugins.as_str(), Outcome::Granted),
        ("GET", plugins.as_str(), Outcome::Granted),
    ] {
        let asked = Exchange::unanswered(Request::new(method, "/plugins"), Silence::Closed);
        let exchange = Exchange { answer: Ok(response(200, "application/json", body)), ..asked };
        let anonymous = Asked { anonymous: true, ..Asked::default() };
        assert_eq!(recognition.read(&exchange, &anonymous).outcome, expected, "{method} {body}");
    }
}

/// A guard against forged requests answers a write without a cookie before the one that asks for a login does.
#[test]
fn a_redirect_to_a_login_with_a_way_back_lets_nobody_in() {
    let redirect = |to: &str| {
        let mut response = response(302, "text/html", "");
        response.headers.push(("Location".to_owned(), to.as_bytes().to_vec()));
        response
    };
    let mut learned = learned();
    (learned.good, learned.anonymous) = (vec![redirect("/groups/")], vec![response(403, "text/html", "no token")]);
    learned.requests = vec![Request::new("POST", "/groups/add/")];
    learned.login_pages = vec![b"/login/".to_vec()];
    learned.success = Some(Declared { status: Some(302), ..Declared::default() });
    let recognition = learned.recognition();
    for (to, expected) in [
        ("/groups/", Outcome::Granted),
        ("/login/?next=/groups/add/", Outcome::Refused),
        ("http://api.test/login/?next=%2Fgroups%2Fadd%2F", Outcome::Refused),
        // no way back to what was asked for, or another page
        ("/login/?next=/members/", Outcome::Unclear),
        ("/enter/?next=/groups/add/", Outcome::Unclear),
    ] {
        let exchange =
            Exchange { answer: Ok(redirect(to)), ..Exchange::unanswered(learned.requests[0].clone(), Silence::Closed) };
        assert_eq!(recognition.read(&exchange, &Asked::default()).outcome, expected, "{to}");
    }
}

#[test]
fn a_redirect_to_the_resource_shows_nothing_of_it() {
    let body = |address: &str| format!("{{\"owner\":\"6c1f0a8e52d94b37\",\"links\":{{\"self\":\"{address}\"}}}}");
    let good = response(200, "application/json", body("http://api.test/regions/lab"));
    let request = Request::new("GET", "/regions/lab").header("Host", "api.test");
    let learned = Learned {
        good: vec![good; 2],
        requests: vec![request; 2],
        anonymous: vec![response(401, "application/json", REFUSAL); 2],
        ..Learned::default()
    };
    let recognition = learned.recognition();
    let page = |text: &str| response(308, "text/html", format!("<a href=\"{text}\">{text}</a>"));
    for (answer, expected) in
        [(page("http://api.test/regions/lab"), Outcome::Unclear), (page("6c1f0a8e52d94b37"), Outcome::Granted)]
    {
        assert_eq!(outcome(&recognition, &answer, true), expected, "{answer:?}");
    }
}

#[test]
fn by_its_content_alone_a_resource_is_told_from_another_of_its_kind() {
    let invoice = |id: &str, customer: &str, status: &str, cents: u32| {
        let body =
            serde_json::json!({ "id": id, "customer": customer, "status": status, "currency": "EUR", "cents": cents });
        response(200, "application/json", body.to_string())
    };
    let good = || invoice("7", "Acme Laundry Ltd", "reminded twice", 12_500);
    let recognition = Learned { good: vec![good(), good()], ..learned() }.recognition();
    let own = invoice("8", "Globex Bakery SA", "reminded never", 800);
    let readable = Learned { good: vec![own.clone(), own], ..learned() }.recognition().content().to_vec();
    let request = Request::new("GET", "/projects/2/invoices/7");
    let asked = Asked { request: Some(&request), readable: &readable, by_content: true, ..Asked::default() };
    let read = |answer: &Response| recognition.read_answer(&Answered::from_response(answer), &asked);
    assert_eq!(read(&good()).outcome, Outcome::Granted);
    // an own one of that number, with some values in common
    for own in [
        invoice("7", "Globex Bakery SA", "reminded never", 90),
        invoice("7", "Globex Bakery SA", "reminded twice", 90),
        response(200, "application/json", "{}"),
    ] {
        let reading = read(&own);
        assert_eq!((reading.outcome, reading.clean), (Outcome::Unclear, true), "{reading:?}");
    }
    let most = read(&invoice("7", "Acme Laundry Ltd", "reminded twice", 90));
    assert_eq!((most.outcome, most.clean), (Outcome::Unclear, false), "{most:?}");
    assert_eq!(read(&response(404, "application/json", r#"{"error":"not found"}"#)).outcome, Outcome::Refused);
}
