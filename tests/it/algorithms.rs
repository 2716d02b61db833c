//! Algorithms of today: names of RFC 9864, ML-DSA (RFC 9964) and the key exchange X25519MLKEM768, from a scenario to the reference.

use authbench::check::Verdict;
use authbench::clock::unix_seconds;
use authbench::event::{Event, NoteKind};
use authbench::exit::Exit;
use authbench::reference::{Config, ReferenceServer, start};
use authbench::run::selftest::Trial;
use authbench::run::{Launch, Options, prepare, run};
use authbench::scenario::{LoadedScenario, NoVariables, load_paths, load_text};
use authbench::scheme::jose::{Alg, SigningKey, UnsignedToken};
use authbench::seed::READ;
use authbench::seed::keys::{AUDIENCE, ISSUER, ring};

/// Names that the library which the reference verifies with does not know.
const NAMES: [&str; 4] = ["Ed25519", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"];

/// A good token of the seeded issuer under a name, signed by the client's side.
fn token(name: &str, written: &str) -> String {
    let first = ring(name).expect("has keys").first;
    let key = SigningKey::read(first.key, Some(first.kid.to_owned()), Alg::named(name)).expect("a key");
    let mut token = UnsignedToken { header: Default::default(), claims: Default::default() };
    let now = unix_seconds();
    for (name, value) in [("alg", written), ("typ", "at+jwt"), ("kid", first.kid)] {
        token.header.set(name, value);
    }
    for (name, value) in
        [("iss", ISSUER), ("aud", AUDIENCE), ("sub", "service"), ("client_id", "service"), ("jti", "1")]
    {
        token.claims.set(name, value);
    }
    token.claims.set("iat", now);
    token.claims.set("exp", now + 60);
    token.claims.set("scope", READ);
    token.signed(|input| key.sign(input)).text()
}

async fn status(running: &ReferenceServer, name: &str, token: &str) -> u16 {
    let client = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/jwt/{}/orders", running.url(), name.to_lowercase());
    client.get(url).bearer_auth(token).send().await.expect("answers").status().as_u16()
}

#[tokio::test]
async fn each_name_opens_its_own_resources_alone() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let running = start(Config::default()).await.expect("starts");
    for name in NAMES {
        let good = token(name, name);
        for other in NAMES.into_iter().chain(["EdDSA"]) {
            let expected = if name == other { 200 } else { 401 };
            assert_eq!(status(&running, other, &good).await, expected, "{name} at {other}");
        }
        let last = if good.ends_with('A') { 'Q' } else { 'A' };
        let changed = format!("{}{last}", &good[..good.len() - 1]);
        assert_eq!(status(&running, name, &changed).await, 401, "{name} with a changed signature");
    }
    // the same key, the same signature, the other of its two names
    assert_eq!(status(&running, "EdDSA", &token("EdDSA", "EdDSA")).await, 200);
    assert_eq!(status(&running, "EdDSA", &token("EdDSA", "Ed25519")).await, 401);
    assert_eq!(status(&running, "Ed25519", &token("EdDSA", "EdDSA")).await, 401);
    running.stop().await;
}

/// Sizes of signatures, alone and in a token, as docs/algorithms.md has them.
#[test]
fn signatures_have_the_sizes_of_the_documentation() {
    let page = std::fs::read_to_string("docs/algorithms.md").expect("is there");
    for name in ["HS256", "ES256", "EdDSA", "RS256", "ML-DSA-44", "ML-DSA-65", "ML-DSA-87"] {
        let key = ring(name).expect("has keys").first;
        let key = SigningKey::read(key.key, None, Alg::named(name)).expect("a key");
        let signature = key.sign(b"input").len();
        // base64url of the signature, and the dot before it (RFC 7515 §7.1)
        let in_token = (signature * 4).div_ceil(3) + 1;
        let row = format!("\n| {name} | {signature} | {in_token} |");
        assert!(page.contains(&row), "no row {row}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_correct_server_passes_all_checks_under_the_names_of_today() {
    for alg in ["Ed25519", "ML-DSA-44", "ML-DSA-87"] {
        let ended = Trial { alg: Some(alg), ..Trial::of("jwt") }.run().await.expect("is a scenario");
        assert!(ended.results.len() > 50, "{alg}: only {} checks", ended.results.len());
        for result in &ended.results {
            let fine =
                matches!(result.verdict, Verdict::Pass | Verdict::Info | Verdict::NotTested | Verdict::NotApplicable);
            assert!(fine, "{alg}: {} {}: {}", result.id, result.verdict, result.summary);
        }
    }
}

/// Faults of signatures are found under ML-DSA as well: the forgeries are made with keys of its kind.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_are_found_under_ml_dsa() {
    for (fault, check) in [
        ("decode-without-verify", "jwt.signature-verified"),
        ("rs-hs-confusion", "jwt.alg-confusion-refused"),
        ("trusts-header-jwk", "jwt.embedded-jwk-ignored"),
        ("jwt-accepts-expired-token", "jwt.exp-enforced"),
    ] {
        let trial = Trial { alg: Some("ML-DSA-44"), faults: vec![fault], checks: vec![check], ..Trial::of("jwt") };
        let ended = trial.run().await.expect("is a scenario");
        let found = ended.results.iter().find(|result| result.id == check).expect("is selected");
        assert_eq!(found.verdict, Verdict::Fail, "{fault}: {}", found.summary);
    }
}

/// What is wrong with a scenario, as a user reads it.
fn mistake(scenario: &str) -> String {
    let loaded = load_text("a.yaml".to_owned(), scenario.to_owned());
    let ready =
        loaded.and_then(|one| prepare(vec![one], Some(&NoVariables), &Options::new(Launch::InProcess)).map(drop));
    ready.err().map(|errors| errors[0].render(false)).unwrap_or_default()
}

#[test]
fn names_that_are_none_of_jose_are_answered_with_those_that_are() {
    let own = |alg: &str| format!("authbench: 1\nname: a\ntarget: reference\nscheme: {{ jwt: {{ alg: {alg} }} }}\n");
    assert_eq!(mistake(&own("Ed25519")), "");
    assert!(mistake(&own("ESP256")).contains("write `ES256` in JOSE"), "{}", mistake(&own("ESP256")));
    let unknown = mistake(&own("ML-DSA-128"));
    assert!(unknown.contains("no keys for the algorithm \"ML-DSA-128\"") && unknown.contains("ML-DSA-44"), "{unknown}");
    let key = |alg: &str| format!("{}material: {{ issuer_key: {{ secret: abcdefgh, alg: {alg} }} }}\n", own("ES256"));
    assert!(mistake(&key("ESP384")).contains("write `ES384` in JOSE"), "{}", mistake(&key("ESP384")));
    let twice = "authbench: 1\nname: a\ntarget: { reference: { tls: true }, tls: { key_exchange: [x25519, x25519] } }\nscheme: basic\n";
    assert!(mistake(twice).contains("twice"), "{}", mistake(twice));
}

/// How a scenario ends, and what its notes say.
async fn ran(scenario: String) -> (Exit, Vec<String>) {
    notes_of(vec![load_text("a.yaml".to_owned(), scenario).expect("reads")], NoteKind::Info).await
}

/// The same for scenarios that were loaded, and notes of one kind.
async fn notes_of(loaded: Vec<LoadedScenario>, kind: NoteKind) -> (Exit, Vec<String>) {
    let options = Options::new(Launch::InProcess);
    let ready = prepare(loaded, Some(&NoVariables), &options).expect("is right");
    let mut notes = Vec::new();
    let exit = Box::pin(run(ready, &options, &mut |event| match event {
        Event::Note(note) if note.kind == kind => notes.push(note.text),
        _ => {}
    }))
    .await;
    (exit, notes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_exchange_that_a_scenario_offers_is_the_one_of_its_connections() {
    for (offered, chosen) in
        [("X25519MLKEM768", "X25519MLKEM768"), ("secp384r1", "secp384r1"), ("X25519MLKEM768, x25519", "X25519MLKEM768")]
    {
        let (exit, notes) = ran(format!(
            "authbench: 1\nname: a\ntarget: {{ reference: {{ tls: true }}, tls: {{ key_exchange: [{offered}] }} }}\n\
             scheme: basic\nconformance: {{ include: [basic.valid-accepted] }}\n"
        ))
        .await;
        assert_eq!(exit, Exit::Passed, "{offered}: {notes:?}");
        assert!(notes.contains(&format!("TLS key exchange: {chosen}")), "{offered}: {notes:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_reference_takes_proofs_under_either_name_of_ed25519() {
    for alg in ["Ed25519", "EdDSA"] {
        let (exit, notes) = ran(format!(
            "authbench: 1\nname: a\ntarget: reference\n\
             scheme: {{ oauth2-client-credentials: {{ dpop: {{ alg: {alg} }} }} }}\nconformance: {{ include: [\"dpop.*\"] }}\n"
        ))
        .await;
        assert_eq!(exit, Exit::Passed, "{alg}: {notes:?}");
    }
}

/// Answers each request with these metadata: an issuer that lists one algorithm for DPoP proofs.
async fn issuer_that_lists(names: &'static [&'static str]) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = format!("http://{}", listener.local_addr().expect("has one"));
    let metadata = serde_json::json!({
        "issuer": address, "token_endpoint": format!("{address}/token"),
        "dpop_signing_alg_values_supported": names,
        "token_endpoint_auth_signing_alg_values_supported": names,
    });
    let router = axum::Router::new().fallback(async move || axum::Json(metadata));
    tokio::spawn(async move { axum::serve(listener, router).await });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_algorithm_that_the_metadata_do_not_list_is_named() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("key.pem"), ring("Ed25519").expect("has keys").first.key).expect("writes");
    for (listed, doubts) in [(&["EdDSA"][..], 2), (&["Ed25519"][..], 0)] {
        let issuer = issuer_that_lists(listed).await;
        let scenario = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"{issuer}\" }}\n\
             scheme: {{ oauth2-client-credentials: {{ issuer: \"{issuer}\", client_auth: private-key-jwt, dpop: {{ alg: Ed25519 }} }} }}\n\
             credentials: {{ service: {{ client_id: service, client_key: {{ file: key.pem, alg: Ed25519 }} }} }}\n\
             conformance: {{ include: [meta.as-document] }}\n"
        );
        let file = folder.path().join("a.yaml");
        std::fs::write(&file, scenario).expect("writes");
        let (_, notes) = notes_of(load_paths(&[file]).expect("reads"), NoteKind::Warning).await;
        let named = notes.iter().filter(|note| note.contains("list EdDSA") && note.contains("signs with Ed25519"));
        assert_eq!(named.count(), doubts, "{notes:?}");
    }
}
