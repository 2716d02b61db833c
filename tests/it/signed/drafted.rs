//! Scenarios that `authbench init` drafts of signatures run once they are filled in as their comments say.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use authbench::reference;

use super::server::{SignatureServer, serve};
use super::{aws, message, server};
use crate::binary::{authbench, told};

/// What is changed in a draft: each text and what takes its place.
type Changes<'a> = &'a [(&'a str, &'a str)];

/// Drafts the scenario of a document with one scheme, changes it, and runs its checks.
async fn drafted(address: SocketAddr, (path, scheme): (&str, &str), changes: Changes<'_>, variables: Changes<'_>) {
    let folder = tempfile::tempdir().expect("a folder");
    let document = format!(
        "openapi: 3.0.1\ninfo: {{ title: Drafted }}\nservers: [{{ url: \"http://{address}\" }}]\n\
         components: {{ securitySchemes: {{ one: {scheme} }} }}\nsecurity: [{{ one: [] }}]\npaths: {{ {path}: {{ get: {{}} }} }}\n"
    );
    std::fs::write(folder.path().join("openapi.yaml"), document).expect("writes");
    let init = in_background(folder.path(), &["init"], &[]).await;
    assert_eq!(init.status.code(), Some(0), "{}", told(&init));
    let scenario = folder.path().join("scenarios/drafted.yaml");
    let mut text = std::fs::read_to_string(&scenario).expect("is there");
    for (from, to) in changes {
        assert!(text.contains(from), "{from}: {text}");
        text = text.replace(from, to);
    }
    // samples of time may come to no verdict on a busy machine
    let exclude = "exclude: [\"*.timing-*\"]";
    let profile = text.contains("\nconformance:\n");
    let quick = if profile {
        text.replace("\nconformance:\n", &format!("\nconformance:\n  {exclude}\n"))
    } else {
        format!("{text}conformance: {{ {exclude} }}\n")
    };
    std::fs::write(&scenario, quick).expect("writes");
    let run = in_background(folder.path(), &["run", "scenarios/drafted.yaml", "--seed", "1"], variables).await;
    assert!(!told(&run).contains("None of your credentials was accepted"), "{scheme}: {}", told(&run));
    assert!(matches!(run.status.code(), Some(0 | 1)), "{scheme}: {}", told(&run));
    for (_, secret) in variables.iter().filter(|(name, _)| name.contains("SECRET")) {
        assert!(!told(&run).contains(secret), "{scheme}: {}", told(&run));
    }
}

async fn in_background(folder: &Path, arguments: &[&str], variables: Changes<'_>) -> Output {
    let mut command = authbench(folder);
    command.args(arguments).envs(variables.iter().copied());
    tokio::task::spawn_blocking(move || command.output().expect("runs")).await.expect("ends")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_of_the_extension_of_api_gateway_signs_as_aws_does() {
    let (address, _) = aws::serve(aws::AwsServer::default()).await;
    let scheme = "{ type: apiKey, in: header, name: Authorization, x-amazon-apigateway-authtype: awsSigv4 }";
    let changes = [(
        "secret_key: \"${AWS_SECRET_ACCESS_KEY}\"",
        "secret_key: \"${AWS_SECRET_ACCESS_KEY}\", session_token: \"${AWS_SESSION_TOKEN}\"",
    )];
    let variables = [
        ("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE"),
        ("AWS_SECRET_ACCESS_KEY", aws::SECRET),
        ("AWS_SESSION_TOKEN", aws::SESSION),
    ];
    drafted(address, ("/prod/orders", scheme), &changes, &variables).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_of_a_scheme_named_hmac_signs_in_the_documented_form() {
    let (address, _) = serve(SignatureServer::default()).await;
    let variables = [("API_KEY_ID", "alice"), ("API_SECRET_KEY", server::SECRET)];
    drafted(address, ("/orders", "{ type: http, scheme: hmac }"), &[], &variables).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_of_message_signatures_signs_once_key_and_components_are_filled_in() {
    let address = message::serve_lenient().await;
    let changes = [
        (
            "scheme: http-signature",
            "scheme: { http-signature: { components: [\"@method\", \"@authority\", \"@path\"] } }",
        ),
        ("{ file: signing-key.pem, kid: key-1 }", "{ secret: \"${API_SECRET}\", alg: HS256, kid: a }"),
    ];
    let scheme = "{ type: apiKey, in: header, name: Signature-Input }";
    drafted(address, ("/orders", scheme), &changes, &[("API_SECRET", message::SECRET)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draft_of_tokens_bound_to_keys_runs_against_the_reference() {
    let running = reference::start(reference::Config::default()).await.expect("starts");
    let described = reference::describe(&running);
    let at = |pointer: &str| described.pointer(pointer).and_then(serde_json::Value::as_str).expect(pointer).to_owned();
    let (client, secret, token) =
        (at("/identities/0/client_id"), at("/identities/0/client_secret"), at("/token_endpoint"));
    let variables = [("API_CLIENT_ID", &*client), ("API_CLIENT_SECRET", &*secret), ("API_TOKEN_URL", &*token)];
    drafted(running.addr(), ("/dpop/account", "{ type: http, scheme: DPoP }"), &[], &variables).await;
    running.stop().await;
}
