//! `authbench serve`: the reference alone.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Args, ValueEnum};
use tokio::io::AsyncReadExt as _;

use super::print;
use crate::exit::Exit;
use crate::file::{self, FileError, SECRET_LIMIT};
use crate::reference::{self, Config, KeyLocation};
use crate::report::{ReportError, write_atomically};
use crate::secret::Secret;

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
    /// Lifetime of access tokens.
    #[arg(long, default_value = "1h", env = "AUTHBENCH_SERVE_TOKEN_LIFETIME", value_parser = humantime::parse_duration)]
    token_lifetime: Duration,
    /// Header that carries API keys; in Authorization they stand behind the scheme name APIKey.
    #[arg(long, default_value = crate::seed::API_KEY_HEADER, env = "AUTHBENCH_SERVE_KEY_HEADER")]
    key_header: String,
    /// Query parameter that carries API keys, instead of the header.
    #[arg(long, env = "AUTHBENCH_SERVE_KEY_QUERY")]
    key_query: Option<String>,
    /// Cookie that carries API keys, instead of the header.
    #[arg(long, env = "AUTHBENCH_SERVE_KEY_COOKIE")]
    key_cookie: Option<String>,
    /// Speak TLS.
    #[arg(long, env = "AUTHBENCH_SERVE_TLS", value_parser = FalseyValueParser::new())]
    tls: bool,
    /// File with the certificate of --tls and its private key, in PEM; created if it is absent (default: a certificate made
    /// for this run).
    #[arg(long, value_name = "FILE", requires = "tls", env = "AUTHBENCH_SERVE_TLS_IDENTITY")]
    tls_identity: Option<PathBuf>,
    /// Busy-wait on protected answers, to slow them by a known time.
    #[arg(long, default_value = "0s", env = "AUTHBENCH_SERVE_BUSY", value_parser = humantime::parse_duration)]
    busy: Duration,
    /// Answer a wrong API key with 401 and a challenge, as RFC 9110 §11.4 suggests, and not with 403.
    #[arg(long, env = "AUTHBENCH_SERVE_STRICT", value_parser = clap::builder::FalseyValueParser::new())]
    strict: bool,
    /// Output format of addresses and credentials.
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
    let tls_identity = match arguments.tls_identity.as_deref().map(kept_identity).transpose() {
        Ok(identity) => identity,
        Err(error) => {
            print::error(&format!("error: {error}"));
            return Exit::Usage;
        }
    };
    let config = Config {
        port: arguments.port,
        faults: arguments.faults,
        token_lifetime: arguments.token_lifetime,
        api_key: query.or(cookie).unwrap_or(KeyLocation::Header(arguments.key_header)),
        tls: arguments.tls,
        tls_identity,
        busy: arguments.busy,
        strict: arguments.strict,
    };
    let running = match reference::start(config).await {
        Ok(running) => running,
        Err(error) => {
            print::error(&format!("error: {error}"));
            use reference::ReferenceError::{Certificate, UnknownFault};
            return if matches!(error, UnknownFault(..) | Certificate(_)) { Exit::Usage } else { Exit::Broken };
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

/// Why there is no certificate to keep.
#[derive(Debug, thiserror::Error)]
enum IdentityError {
    #[error("failed to read {}: {source}", .path.display())]
    Read { path: PathBuf, source: FileError },
    #[error("failed to {0}")]
    Write(#[from] ReportError),
    #[error("failed to make a certificate: {0}")]
    Make(#[from] reference::NoCertificate),
}

/// The certificate of a file, which is made where it is absent; only its owner may read it.
fn kept_identity(path: &Path) -> Result<Secret, IdentityError> {
    match file::text(path, SECRET_LIMIT) {
        Ok(text) => Ok(Secret::new(text)),
        Err(FileError::Io(error)) if error.kind() == io::ErrorKind::NotFound => {
            let identity = reference::identity()?;
            write_atomically(path, identity.expose().as_bytes())?;
            Ok(identity)
        }
        Err(source) => Err(IdentityError::Read { path: path.to_owned(), source }),
    }
}

fn text(described: &serde_json::Value) {
    let at =
        |pointer: &str| described.pointer(pointer).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (url, key, password) = (at("/url"), at("/identities/0/api_key"), at("/identities/0/password"));
    let (client, secret) = (at("/identities/0/client_id"), at("/identities/0/client_secret"));
    print::line(&format!("serving on {url} (test credentials, public: never use them elsewhere)\n"));
    let header = at("/api_key_header");
    let scheme = if header.eq_ignore_ascii_case("authorization") { "APIKey " } else { "" };
    print::line(&format!("  curl -H '{header}: {scheme}{key}' {url}/api-key/orders"));
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
