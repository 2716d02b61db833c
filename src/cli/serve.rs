//! `authbench serve`: the reference alone.

use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use tokio::io::AsyncReadExt as _;

use super::print;
use crate::exit::Exit;
use crate::reference::{self, Config, KeyLocation};

/// Run the built-in reference server, with every scheme, on the loopback interface.
///
/// It prints its test credentials. They are public: never use them elsewhere.
#[derive(Debug, Args)]
pub(super) struct ServeArguments {
    /// Port; 0 takes a free one.
    #[arg(long, default_value_t = 8377, env = "AUTHBENCH_SERVE_PORT")]
    port: u16,
    /// Open a deliberate vulnerability by name; repeatable. `authbench list faults` shows all.
    #[arg(long = "fault", value_name = "NAME", value_delimiter = ',', env = "AUTHBENCH_SERVE_FAULT")]
    faults: Vec<String>,
    /// Life of access tokens.
    #[arg(long, default_value = "1h", env = "AUTHBENCH_SERVE_TOKEN_LIFETIME", value_parser = humantime::parse_duration)]
    token_lifetime: Duration,
    /// Header that carries API keys.
    #[arg(long, default_value = crate::seed::API_KEY_HEADER, env = "AUTHBENCH_SERVE_KEY_HEADER")]
    key_header: String,
    /// Query parameter that carries API keys, instead of the header.
    #[arg(long, env = "AUTHBENCH_SERVE_KEY_QUERY")]
    key_query: Option<String>,
    /// Cookie that carries API keys, instead of the header.
    #[arg(long, env = "AUTHBENCH_SERVE_KEY_COOKIE")]
    key_cookie: Option<String>,
    /// Speak TLS with a certificate made for this run.
    #[arg(long, env = "AUTHBENCH_SERVE_TLS", value_parser = FalseyValueParser::new())]
    tls: bool,
    /// Busy-wait on protected answers, to slow them by a known time.
    #[arg(long, default_value = "0s", env = "AUTHBENCH_SERVE_BUSY", value_parser = humantime::parse_duration)]
    busy: Duration,
    /// Answer a wrong API key with 401 and a challenge, as RFC 9110 §11.4 suggests, and not with 403.
    #[arg(long, env = "AUTHBENCH_SERVE_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    strict: bool,
    /// How addresses and credentials are printed.
    #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_SERVE_FORMAT")]
    format: Form,
    /// End when standard input closes.
    #[arg(long, hide = true)]
    until_stdin_closes: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(arguments: ServeArguments) -> Exit {
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            print::error(&format!("error: failed to start: {error}"));
            return Exit::Broken;
        }
    };
    runtime.block_on(serve(arguments))
}

async fn serve(arguments: ServeArguments) -> Exit {
    let query = arguments.key_query.map(KeyLocation::Query);
    let cookie = arguments.key_cookie.map(KeyLocation::Cookie);
    let config = Config {
        port: arguments.port,
        faults: arguments.faults,
        token_lifetime: arguments.token_lifetime,
        api_key: query.or(cookie).unwrap_or(KeyLocation::Header(arguments.key_header)),
        tls: arguments.tls,
        busy: arguments.busy,
        strict: arguments.strict,
    };
    let running = match reference::start(config).await {
        Ok(running) => running,
        Err(error) => {
            print::error(&format!("error: {error}"));
            return if matches!(error, reference::ReferenceError::UnknownFault(..)) {
                Exit::Usage
            } else {
                Exit::Broken
            };
        }
    };
    let described = reference::describe(&running);
    match arguments.format {
        Form::Json => print::line(&described.to_string()),
        Form::Text => text(&described),
    }
    wait(arguments.until_stdin_closes).await;
    running.stop().await;
    Exit::Passed
}

fn text(described: &serde_json::Value) {
    let at =
        |pointer: &str| described.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (url, key, password) = (at("/url"), at("/identities/0/api_key"), at("/identities/0/password"));
    let (client, secret) = (at("/identities/0/client_id"), at("/identities/0/client_secret"));
    print::line(&format!("serving on {url} (test credentials, public: never use them elsewhere)\n"));
    print::line(&format!("  curl -H '{}: {key}' {url}/api-key/orders", at("/api_key_header")));
    print::line(&format!("  curl -u '{}:{password}' {url}/basic/orders", at("/identities/0/name")));
    print::line(&format!("  curl -H 'Authorization: Bearer {}' {url}/bearer/orders", at("/identities/0/token")));
    print::line(&format!("  curl -u '{client}:{secret}' -d grant_type=client_credentials {url}/oauth2/token\n"));
    print::line("--format json prints everything; Ctrl-C ends");
}

/// Returns at a signal, or when whoever started this has gone.
async fn wait(until_stdin_closes: bool) {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
    let (Ok(mut interrupt), Ok(mut terminate)) = (interrupt, terminate) else { return };
    let closed = async {
        if !until_stdin_closes {
            return std::future::pending().await;
        }
        let mut stdin = tokio::io::stdin();
        while stdin.read(&mut [0; 64]).await.is_ok_and(|length| length > 0) {}
    };
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
        () = closed => {}
    }
}
