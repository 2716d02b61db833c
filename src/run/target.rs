//! Targets: the reference as a child process, a command of the scenario, or an address.

mod command;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use super::Options;
use crate::drive::control::{ControlPlane, join};
use crate::plan::Values;
use crate::plan::subject::AuthorizationServer;
use crate::reference;
use crate::reference::hopeless::{self, Manner};
use crate::scenario::LoadedScenario;
use crate::scenario::model::{SchemeFields, TargetFields};
use crate::secret::Secret;
use command::CommandLine;

/// How long the reference may take to start.
const REFERENCE_START: Duration = Duration::from_secs(10);
/// How long a command may take to be ready, unless the scenario says otherwise.
const COMMAND_START: Duration = Duration::from_secs(10);
/// How long a child may take to end after SIGTERM.
const TERM_GRACE: Duration = Duration::from_secs(2);

/// How the reference is started.
#[derive(Clone, Debug)]
pub enum Launch {
    /// As a child process of this program.
    Child(PathBuf),
    /// In this process, for tests.
    InProcess,
    /// In this process, with a server in its place that nothing can be proved about.
    Hopeless(Manner),
}

/// What a scenario wants to be started.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Reference(Box<reference::Config>),
    Url { url: Result<Url, String>, ca: Option<PathBuf> },
    Command(CommandLine),
}

impl Wanted {
    pub(super) fn name(&self) -> String {
        match self {
            Wanted::Reference(_) => "reference".to_owned(),
            Wanted::Url { url: Ok(url), .. } => shown(url),
            Wanted::Url { url: Err(_), .. } => "unknown".to_owned(),
            Wanted::Command(line) => line.program(),
        }
    }
}

impl Wanted {
    /// Whether it shares this machine, so that it can reach the loopback interface of authbench.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Wanted::Reference(_) | Wanted::Command(_) => true,
            Wanted::Url { url, .. } => url.as_ref().is_ok_and(is_local),
        }
    }
}

/// An address without user information and query.
fn shown(url: &Url) -> String {
    let mut url = url.clone();
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.to_string()
}

/// A target that is there.
pub(super) struct Running {
    pub(super) name: String,
    pub(super) base: Url,
    pub(super) ca_pem: Option<Vec<u8>>,
    /// Whether it shares this machine's processors.
    pub(super) local: bool,
    held: Held,
}

enum Held {
    Nothing,
    Child(Child),
    InProcess(reference::ReferenceServer),
    Hopeless(hopeless::HopelessServer),
}

/// Why a target is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFailure(String);

impl std::fmt::Display for StartFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for StartFailure {}

/// What a scenario wants, with its values read.
pub(super) fn wanted(loaded: &LoadedScenario, values: &Values<'_>) -> Wanted {
    let TargetFields { reference, url, tls, command, .. } = &loaded.scenario.target.value.0;
    let url = url.as_ref().map(|template| {
        let text = values.text(template);
        text.parse::<Url>().map_err(|error| format!("{text:?} is not an address: {error}"))
    });
    if let Some(command) = command {
        return Wanted::Command(CommandLine {
            argv: command.run.clone(),
            env: command.env.iter().map(|(name, value)| (name.clone(), Secret::new(values.text(value)))).collect(),
            ready: command.ready.clone(),
            timeout: command.timeout.map_or(COMMAND_START, |length| length.0),
            url,
        });
    }
    match (reference, url) {
        (Some(reference), _) => {
            let mut config =
                reference::Config { faults: reference.faults.clone(), tls: reference.tls, ..Default::default() };
            if let Some(lifetime) = reference.token_lifetime {
                config.token_lifetime = lifetime.0;
            }
            if let Some(busy) = reference.busy {
                config.busy = busy.0;
            }
            config.strict = reference.strict;
            config.api_key = key_location(&loaded.scenario.scheme.value.0).unwrap_or(config.api_key);
            Wanted::Reference(Box::new(config))
        }
        (None, url) => {
            let ca = tls.as_ref().map(|tls| loaded.folder().join(&tls.ca));
            Wanted::Url { url: url.unwrap_or_else(|| Err("the target has no address".to_owned())), ca }
        }
    }
}

fn key_location(scheme: &SchemeFields) -> Option<reference::KeyLocation> {
    let SchemeFields::ApiKey(key) = scheme else { return None };
    let header = key.header.clone().map(reference::KeyLocation::Header);
    let query = key.query.clone().map(reference::KeyLocation::Query);
    header.or(query).or_else(|| key.cookie.clone().map(reference::KeyLocation::Cookie))
}

/// Starts a target, or looks whether it is there.
pub(super) async fn start(wanted: &Wanted, options: &Options) -> Result<Running, StartFailure> {
    match wanted {
        Wanted::Reference(config) => match &options.launch {
            Launch::Child(program) => reference_child(config, program).await,
            Launch::InProcess => {
                let running = reference::start(config.as_ref().clone()).await;
                let running = running.map_err(|error| StartFailure(error.to_string()))?;
                let base = running.url().parse().map_err(|_| StartFailure("no address".to_owned()))?;
                let ca_pem = running.certificate().map(|pem| pem.as_bytes().to_vec());
                let name = "reference".to_owned();
                Ok(Running { name, base, ca_pem, local: true, held: Held::InProcess(running) })
            }
            Launch::Hopeless(manner) => {
                let running = hopeless::start(*manner, config.as_ref().clone()).await;
                let running = running.map_err(|error| StartFailure(error.to_string()))?;
                let base = running.url().parse().map_err(|_| StartFailure("no address".to_owned()))?;
                let name = manner.name().to_owned();
                Ok(Running { name, base, ca_pem: None, local: true, held: Held::Hopeless(running) })
            }
        },
        Wanted::Url { url, ca } => {
            let base = url.clone().map_err(StartFailure)?;
            let read = |path: &PathBuf| {
                std::fs::read(path).map_err(|error| StartFailure(format!("{} cannot be read: {error}", path.display())))
            };
            let ca_pem = ca.as_ref().map(read).transpose()?;
            reachable(&base).await?;
            Ok(Running { name: shown(&base), local: is_local(&base), base, ca_pem, held: Held::Nothing })
        }
        Wanted::Command(_) if !options.commands => {
            Err(StartFailure("the scenario starts a command, and --no-command forbids it".to_owned()))
        }
        Wanted::Command(line) => line.start(options.path.as_ref()).await,
    }
}

fn is_local(url: &Url) -> bool {
    matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"))
}

async fn reachable(base: &Url) -> Result<(), StartFailure> {
    let host = base.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
    let port = base.port_or_known_default().unwrap_or(80);
    let connect = tokio::net::TcpStream::connect((host.as_str(), port));
    let failed = |why: String| StartFailure(format!("{} is not reachable: {why}", shown(base)));
    match tokio::time::timeout(Duration::from_secs(5), connect).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(failed(error.to_string())),
        Err(_) => Err(failed("no connection within 5 s".to_owned())),
    }
}

async fn reference_child(config: &reference::Config, program: &PathBuf) -> Result<Running, StartFailure> {
    let failed = |why: String| StartFailure(format!("the reference did not start: {why}"));
    let mut command = Command::new(program);
    command.args(["serve", "--port", "0", "--format", "json", "--until-stdin-closes"]);
    command.arg("--token-lifetime").arg(humantime::format_duration(config.token_lifetime).to_string());
    command.arg("--busy").arg(humantime::format_duration(config.busy).to_string());
    let (flag, name) = match &config.api_key {
        reference::KeyLocation::Header(name) => ("--key-header", name),
        reference::KeyLocation::Query(name) => ("--key-query", name),
        reference::KeyLocation::Cookie(name) => ("--key-cookie", name),
    };
    command.arg(flag).arg(name);
    for fault in &config.faults {
        command.args(["--fault", fault]);
    }
    if config.tls {
        command.arg("--tls");
    }
    if config.strict {
        command.arg("--strict");
    }
    // its input stays open while this process lives, so that it can never outlive it
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("no output".to_owned()))?;
    let mut line = String::new();
    let read = tokio::time::timeout(REFERENCE_START, BufReader::new(stdout).read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(length)) if length > 0) {
        let mut said = String::new();
        if let Some(mut stderr) = child.stderr.take() {
            let reading = tokio::io::AsyncReadExt::read_to_string(&mut stderr, &mut said);
            let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
        }
        return Err(failed(said.trim().to_owned()));
    }
    let described: serde_json::Value = serde_json::from_str(&line).map_err(|error| failed(error.to_string()))?;
    let base = described["url"].as_str().and_then(|url| url.parse().ok());
    let base = base.ok_or_else(|| failed("it did not say where it listens".to_owned()))?;
    let ca_pem = described["certificate"].as_str().map(|pem| pem.as_bytes().to_vec());
    Ok(Running { name: "reference".to_owned(), base, ca_pem, local: true, held: Held::Child(child) })
}

/// TERM to the process group, then KILL.
async fn terminate(child: &mut Child) {
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        let _ = rustix::process::kill_process_group(pid, rustix::process::Signal::TERM);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    if tokio::time::timeout(TERM_GRACE, child.wait()).await.is_err() {
        let _ = child.kill().await;
    }
}

impl Running {
    /// The process id of a server that serves nobody but this run, in a process of its own.
    pub(super) fn own_process(&self) -> Option<u32> {
        match &self.held {
            Held::Child(child) => child.id(),
            Held::Nothing | Held::InProcess(_) | Held::Hopeless(_) => None,
        }
    }

    /// Ends what was started.
    pub(super) async fn stop(self) {
        match self.held {
            Held::Nothing => {}
            Held::Child(mut child) => terminate(&mut child).await,
            Held::InProcess(running) => running.stop().await,
            Held::Hopeless(running) => running.stop().await,
        }
    }
}

/// Completes the endpoints from the issuer's metadata (RFC 8414), as far as the scenario does not name them.
pub(super) async fn discover(
    server: &mut AuthorizationServer,
    running: &Running,
    time_limit: Duration,
) -> Result<(), String> {
    let base = &running.base;
    let (Some(issuer), None) = (&server.issuer, &server.token) else { return Ok(()) };
    let issuer = join(base, issuer).map_err(|error| error.to_string())?;
    let control = ControlPlane::new(base, None, running.ca_pem.as_deref()).map_err(|error| error.to_string())?;
    let control = control.within(time_limit);
    let metadata = control.metadata(&issuer).await;
    let metadata = metadata.map_err(|error| format!("the metadata of {} is not there: {error}", shown(&issuer)))?;
    for (endpoint, member) in [
        (&mut server.token, "token_endpoint"),
        (&mut server.introspection, "introspection_endpoint"),
        (&mut server.revocation, "revocation_endpoint"),
    ] {
        let Some(found) = metadata[member].as_str().filter(|_| endpoint.is_none()) else { continue };
        let same = found.parse::<Url>().is_ok_and(|found| found.origin() == issuer.origin());
        if !same {
            return Err(format!(
                "{member} is not on the origin of the issuer; name it in the scenario if that is meant"
            ));
        }
        *endpoint = Some(found.to_owned());
    }
    match server.token {
        Some(_) => Ok(()),
        None => Err("the metadata names no token_endpoint".to_owned()),
    }
}
