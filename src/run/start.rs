//! Starts what a scenario names: the reference as a child process, a command, or nothing where it names an address.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Command;
use url::Url;

use super::Options;
use crate::drive::control::answers;
use crate::drive::process::ProcessCpu;
use crate::drive::reach::reach;
use crate::drive::wire::Destination;
use crate::observe::ConnectionOf;
use crate::plan::Values;
use crate::plan::overhead::OverheadStudy;
use crate::plan::subject::{IdentityCertificate, Subject};
use crate::reference;
use crate::reference::hopeless::{self, Manner};
use crate::scenario::model::{KeyExchangeGroup, SchemeFields, TargetFields, TargetProxyFields, TargetTls};
use crate::scenario::{At, LoadedScenario, ScenarioError, Template};
use crate::scheme::mtls;
use crate::secret::Secret;
use crate::target::address::{self, BadAddress, is_local, shown};
use crate::target::command::CommandLine;
use crate::target::hosts::AllowedHosts;
use crate::target::key_exchange::KeyExchange;
use crate::target::proxy::{BadProxy, Proxy};
use crate::target::tls_identity::ClientCertificate;
use crate::target::trust::{BadTrust, Trust};
use crate::target::{Held, Running, Server, StartError};

/// How long the reference may take to start.
const REFERENCE_START: Duration = Duration::from_secs(10);
/// Bytes that the reference may print when it starts.
const REFERENCE_OUTPUT: u64 = 1 << 20;
/// How long a command may take to be ready, unless the scenario says otherwise.
const COMMAND_START: Duration = Duration::from_secs(10);
/// How long a target may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(5);

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

/// Why a process id of a scenario is of no use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum BadProcess {
    /// No number.
    #[error("expected a process id such as 4242")]
    NoNumber,
    /// Nobody has it.
    #[error("there is no process {0} on this machine")]
    Absent(u32),
    /// The target is elsewhere.
    #[error("the target is not on this machine, so `pid` is not the id of its process")]
    Elsewhere,
}

impl BadProcess {
    fn way_out(self) -> &'static str {
        match self {
            Self::NoNumber => "write the number, or a template such as \"${PID}\" or \"${file:service.pid}\"",
            Self::Absent(_) => "write the id of the process that serves the address of `url`",
            Self::Elsewhere => "remove `pid`",
        }
    }
}

/// What a scenario names for TLS: the contents of its files.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedTls {
    ca: Option<Vec<u8>>,
    certificate: Option<Vec<u8>>,
    key: Option<Secret>,
    /// What is offered for the key exchange; what the library offers where it is empty.
    key_exchanges: Vec<KeyExchange>,
    /// Those of credentials, and what is forged from them, by the names of their connections.
    of_credentials: BTreeMap<String, Arc<IdentityCertificate>>,
    /// Whether the key of the CA that the scenario names for clients signs no certificate.
    has_useless_ca: bool,
    /// The connections that prove who a client is, where that is the scheme: the target may open no others.
    proving: Option<ConnectionOf>,
}

impl NamedTls {
    fn of(tls: &At<TargetTls>, values: &Values<'_>) -> Self {
        let file = |written: &Option<Template>| written.as_ref().and_then(|written| values.pem(written));
        let key = file(&tls.key).map(|bytes| Secret::new(String::from_utf8_lossy(&bytes)));
        let key_exchanges = tls.key_exchange.iter().map(|group| match group {
            KeyExchangeGroup::X25519MlKem768 => KeyExchange::X25519MlKem768,
            KeyExchangeGroup::X25519 => KeyExchange::X25519,
            KeyExchangeGroup::Secp256r1 => KeyExchange::Secp256r1,
            KeyExchangeGroup::Secp384r1 => KeyExchange::Secp384r1,
        });
        let key_exchanges = key_exchanges.collect();
        Self { ca: file(&tls.ca), certificate: file(&tls.certificate), key, key_exchanges, ..Self::default() }
    }

    /// The certificates of the credentials, and those that are forged from them.
    fn of_identities(&mut self, subject: &Subject) {
        let own = subject.identities.iter().filter_map(|identity| identity.certificate.clone());
        self.of_credentials = own.map(|own| (own.connection.clone(), own)).collect();
        let forging: BTreeSet<usize> = match subject.scheme.proves_in_handshake() {
            true => subject.protected().filter_map(|at| subject.good_for(at)).collect(),
            false => subject.client_by_certificate().into_iter().collect(),
        };
        if forging.is_empty() {
            return;
        }
        self.proving = forging.first().map(|first| subject.identities[*first].connection());
        let key = subject.material.client_ca.as_ref().map(|ca| ca.key.expose());
        self.has_useless_ca = key.is_some_and(|key| !mtls::signs_certificates(key));
        let wrong = forging.iter().filter_map(|at| {
            let identity = &subject.identities[*at];
            let own = identity.certificate.as_ref()?;
            mtls::wrong_certificates(&own.connection, &own.chain, own.key.expose(), key)
        });
        for made in wrong.flatten().chain(mtls::malformed_certificates()) {
            let (connection, chain, key) = (made.connection, made.chain.into_bytes(), Secret::new(made.key));
            let forged = IdentityCertificate { connection: connection.clone(), chain, key, is_forged: true };
            self.of_credentials.insert(connection, Arc::new(forged));
        }
    }

    /// The certificates of what an overhead study compares.
    fn of_sides<'s>(&mut self, sides: impl Iterator<Item = &'s Subject>) {
        let own = sides.flat_map(|side| &side.identities).filter_map(|identity| identity.certificate.clone());
        for certificate in own {
            self.of_credentials.entry(certificate.connection.clone()).or_insert(certificate);
        }
    }

    /// Where the first connection goes.
    fn first_destination(&self, trust: &Trust, base: &Url, hosts: &AllowedHosts) -> Result<Destination, StartError> {
        let connection = self.proving.clone().unwrap_or_default();
        let tls = trust.for_connection(&connection).unwrap_or_else(|| trust.for_target());
        Ok(Destination::of(base, Some(tls), hosts)?)
    }

    /// Trust in what it names, or in the machine's store, with the certificate that it presents.
    fn trust(&self) -> Result<Trust, BadTrust> {
        let own = match (&self.certificate, &self.key) {
            (Some(certificate), Some(key)) => Some(ClientCertificate::read(certificate, key.expose().as_bytes())?),
            _ => None,
        };
        let mut others = BTreeMap::new();
        for (name, named) in &self.of_credentials {
            others.insert(name.clone(), read(named)?);
        }
        Trust::offering(&self.key_exchanges, self.ca.as_deref(), own.as_ref(), &others)
    }

    /// The same for a target that says by itself which certificate it has.
    fn trusting(&self, ca: Option<&[u8]>) -> Result<Trust, BadTrust> {
        Self { ca: ca.map(<[u8]>::to_vec), ..self.clone() }.trust()
    }
}

fn read(named: &IdentityCertificate) -> Result<ClientCertificate, BadTrust> {
    let key = named.key.expose().as_bytes();
    match named.is_forged {
        true => ClientCertificate::read_forged(&named.chain, key),
        false => ClientCertificate::read(&named.chain, key),
    }
}

/// What a scenario wants to be started.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Reference(Box<reference::Config>, NamedTls),
    Url {
        url: Result<Url, BadAddress>,
        tls: NamedTls,
        pid: Option<Result<u32, BadProcess>>,
        proxy: Option<Result<Proxy, BadProxy>>,
    },
    Command {
        line: CommandLine,
        tls: NamedTls,
    },
}

impl Wanted {
    pub(super) fn name(&self) -> String {
        match self {
            Wanted::Reference(..) => "reference".to_owned(),
            Wanted::Url { url: Ok(url), .. } => shown(url),
            Wanted::Url { url: Err(_), .. } => "unknown".to_owned(),
            Wanted::Command { line, .. } => line.program(),
        }
    }
}

impl Wanted {
    /// The proxy before a target that the scenario names by its address: that of the command line, or its own. What
    /// authbench starts on this machine is asked without one.
    pub(super) fn proxy(&self, options: &Options) -> Option<Arc<Proxy>> {
        let Wanted::Url { proxy, .. } = self else { return None };
        let own = || proxy.clone()?.ok().map(Arc::new);
        options.proxy.clone().or_else(own)
    }

    /// Whether it shares this machine, so that it can reach the loopback interface of authbench.
    pub(super) fn is_local(&self) -> bool {
        match self {
            Wanted::Reference(..) | Wanted::Command { .. } => true,
            Wanted::Url { url, .. } => url.as_ref().is_ok_and(is_local),
        }
    }
}

/// What a scenario wants, with its values read.
pub(super) fn wanted(
    loaded: &LoadedScenario,
    (subject, comparison): (&Subject, Option<&OverheadStudy>),
    values: &Values<'_>,
) -> Wanted {
    let TargetFields { reference, url, tls, command, pid, proxy, .. } = &loaded.scenario.target.value.0;
    let url = url.as_ref().map(|template| address::of_http(&values.text(template)));
    let mut tls = tls.as_ref().map(|tls| NamedTls::of(tls, values)).unwrap_or_default();
    tls.of_identities(subject);
    let compared = || comparison.into_iter().flat_map(OverheadStudy::sides).map(|side| &side.subject);
    tls.of_sides(compared());
    if let Some(command) = command {
        let line = CommandLine {
            argv: command.run.clone(),
            env: command.env.iter().map(|(name, value)| (name.clone(), Secret::new(values.text(value)))).collect(),
            ready: command.ready.clone(),
            timeout: command.timeout.map_or(COMMAND_START, |length| length.0),
            url,
        };
        return Wanted::Command { line, tls };
    }
    match (reference, url) {
        (Some(reference), _) => {
            // a certificate is presented in a handshake
            let by_certificate = subject.client_by_certificate().is_some();
            let in_handshake = |subject: &Subject| subject.scheme.proves_in_handshake();
            let speaks_tls = reference.tls || by_certificate || in_handshake(subject) || compared().any(in_handshake);
            let mut config =
                reference::Config { faults: reference.faults.clone(), tls: speaks_tls, ..Default::default() };
            if let Some(lifetime) = reference.token_lifetime {
                config.token_lifetime = lifetime.0;
            }
            if let Some(busy) = reference.busy {
                config.busy = busy.0;
            }
            config.strict = reference.strict;
            config.api_key = key_location(&loaded.scenario.scheme.value.0).unwrap_or(config.api_key);
            Wanted::Reference(Box::new(config), tls)
        }
        (None, url) => {
            let number = |pid: &Template| values.text(pid).trim().parse::<u32>().map_err(|_| BadProcess::NoNumber);
            let pid = pid.as_ref().map(number);
            let proxy = proxy.as_ref().map(|proxy| proxy_of(&proxy.value.0, values));
            Wanted::Url { url: url.unwrap_or(Err(BadAddress::Missing)), tls, pid, proxy }
        }
    }
}

fn proxy_of(written: &TargetProxyFields, values: &Values<'_>) -> Result<Proxy, BadProxy> {
    if written.url.written().contains("${") && !values.reads() {
        return Proxy::at("http://unread.invalid");
    }
    let proxy = Proxy::at(&values.text(&written.url))?;
    match (&written.username, &written.password) {
        (None, None) => Ok(proxy),
        (user, password) => {
            let text = |template: &Option<Template>| {
                template.as_ref().map(|template| values.text(template)).unwrap_or_default()
            };
            proxy.with_pair(Secret::new(format!("{}:{}", text(user), text(password))))
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
pub(super) async fn start(wanted: &Wanted, options: &Options) -> Result<Running, StartError> {
    match wanted {
        Wanted::Reference(config, tls) => match &options.launch {
            Launch::Child(program) => reference_child(config, program, (tls, options)).await,
            Launch::InProcess => {
                let running = reference::start(config.as_ref().clone()).await.map_err(not_started)?;
                let ca_pem = running.certificate().map(|pem| pem.as_bytes().to_vec());
                let trust = tls.trusting(ca_pem.as_deref())?;
                in_process("reference", &running.url(), (trust, options), Held::Server(Box::new(running)))
            }
            Launch::Hopeless(manner) => {
                let running = hopeless::start(*manner, config.as_ref().clone()).await.map_err(not_started)?;
                let trust = tls.trusting(running.certificate().map(str::as_bytes))?;
                in_process(manner.name(), &running.url(), (trust, options), Held::Server(Box::new(running)))
            }
        },
        Wanted::Url { url, tls, pid, .. } => {
            let base = url.clone()?;
            let trust = Arc::new(tls.trust()?);
            let hosts = options.hosts.clone().behind(wanted.proxy(options));
            let destination = tls.first_destination(&trust, &base, &hosts)?;
            reach(&base, &destination, trust.names_authorities(), CONNECT.min(options.time_limit)).await?;
            let pid = pid.and_then(Result::ok);
            Ok(Running { name: shown(&base), local: is_local(&base), base, trust, hosts, pid, held: Held::Nothing })
        }
        Wanted::Command { line, tls } => {
            let trust = Arc::new(tls.trust()?);
            let asked = async |ready: &Url, hosts: &AllowedHosts| answers(ready, &trust, hosts).await;
            line.start(&options.spawner(), (trust.clone(), &options.hosts), asked).await
        }
    }
}

/// What is wrong with the certificates that a scenario names, once they were read.
pub(super) fn bad_authorities(loaded: &LoadedScenario, wanted: &Wanted) -> Option<ScenarioError> {
    let (Wanted::Url { tls, .. } | Wanted::Command { tls, .. }) = wanted else { return None };
    // a certificate of a credential that is wrong by itself has the place of that credential
    for (name, named) in &tls.of_credentials {
        let wrong = read(named).and_then(|own| Trust::presenting(None, Some(&own)).map(drop)).err();
        let place = loaded.scenario.credentials.get(name).and_then(|written| Some(written.tls.as_ref()?.place));
        if let (Some(wrong), Some(place)) = (wrong.filter(|wrong| !matches!(wrong, BadTrust::Machine(_))), place) {
            let help = "name a certificate and its own private key in PEM, relative to the scenario";
            return Some(loaded.error(place, wrong.to_string()).with_help(help));
        }
    }
    if let Some(written) = loaded.scenario.material.client_ca.as_ref().filter(|_| tls.has_useless_ca) {
        let error = loaded.error(written.place, "the `key` of `material.client_ca` is no private key that can be read");
        let help = "name a file with the key of that CA in PEM (PKCS #8, SEC 1 or PKCS #1; RSA, P-256, P-384, P-521 or Ed25519) \
                    without a passphrase";
        return Some(error.with_help(help));
    }
    let place = loaded.scenario.target.value.0.tls.as_ref()?.place;
    let wrong = tls.trust().err().filter(|wrong| !matches!(wrong, BadTrust::Machine(_)))?;
    let help = match wrong {
        BadTrust::NoClientKey => "name a file with a private key in PEM, relative to the scenario",
        BadTrust::OtherClientKey => "name the certificate and its own key",
        _ => "name a file with one or more certificates in PEM, relative to the scenario",
    };
    Some(loaded.error(place, wrong.to_string()).with_help(help))
}

/// What is wrong with the proxy that a scenario names, once its values were read.
pub(super) fn bad_proxy(loaded: &LoadedScenario, wanted: &Wanted, options: &Options) -> Option<ScenarioError> {
    let written = loaded.scenario.target.value.0.proxy.as_ref()?;
    let Wanted::Url { proxy, .. } = wanted else {
        let error = loaded.error(written.place, "a target that authbench starts is asked without a proxy");
        return Some(error.with_help("remove `proxy`, or name the target by its `url`"));
    };
    let proxy = match proxy.as_ref()? {
        Err(why) => {
            let help = match why {
                BadProxy::UserInformation => {
                    "write `{ url: …, username: NAME, password: \"${PROXY_PASSWORD}\" }` under `proxy`"
                }
                BadProxy::Unreadable => "write `http:`, a host and a port; SOCKS and proxies behind TLS are not used",
                BadProxy::NoPair => "write both under `proxy`, without line breaks",
            };
            return Some(loaded.error(written.place, why.to_string()).with_help(help));
        }
        Ok(proxy) => proxy,
    };
    let forbidden = options.proxy.is_none() && !options.hosts.admit(proxy.url());
    let host = proxy.authority();
    forbidden.then(|| {
        let text = format!("the scenario sends requests to the proxy {host}, which no --allow-host allows");
        let help = format!("--allow-host {host} allows it; --proxy names a proxy of the caller");
        loaded.error(written.place, text).with_help(help)
    })
}

/// What is wrong with the address that a scenario names, once it was read: what no request would carry.
pub(super) fn bad_address(loaded: &LoadedScenario, wanted: &Wanted) -> Option<ScenarioError> {
    let Wanted::Url { url: Err(wrong), .. } = wanted else { return None };
    let help = match wrong {
        BadAddress::UserInformation => "write the user name and the password under `credentials`",
        BadAddress::Query => "write the query in `request` of the resources",
        BadAddress::Unreadable(_) | BadAddress::NotHttp => {
            "write the address with `http://` or `https://`, such as `https://api.example.test`"
        }
        BadAddress::Missing => return None,
    };
    let target = &loaded.scenario.target;
    let place = target.value.0.url.as_ref().map_or(target.place, Template::place);
    Some(loaded.error(place, wrong.to_string()).with_help(help))
}

/// Faults of the reference that a scenario names and that nobody knows.
pub(super) fn bad_faults(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let target = &loaded.scenario.target;
    let named = target.value.0.reference.iter().flat_map(|reference| &reference.faults);
    let known = || crate::reference::faults().into_iter().map(|fault| fault.name);
    let unknown = named.filter(|fault| !known().any(|name| name == fault.as_str()));
    let mistake = |fault: &String| {
        let help = match crate::scenario::nearest(fault, known()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`authbench list faults` shows all".to_owned(),
        };
        loaded.error(target.place, format!("no fault is called `{fault}`")).with_help(help)
    };
    unknown.map(mistake).collect()
}

/// What is wrong with the process id that a scenario names, once it was read.
pub(super) fn bad_process(loaded: &LoadedScenario, wanted: &Wanted) -> Option<ScenarioError> {
    let Wanted::Url { pid: Some(pid), .. } = wanted else { return None };
    let wrong = match pid {
        Err(wrong) => *wrong,
        Ok(_) if !wanted.is_local() => BadProcess::Elsewhere,
        Ok(pid) if ProcessCpu::of(*pid).is_none() => BadProcess::Absent(*pid),
        Ok(_) => return None,
    };
    let place = loaded.scenario.target.value.0.pid.as_ref().map(Template::place)?;
    Some(loaded.error(place, wrong.to_string()).with_help(wrong.way_out()))
}

fn not_started(error: impl std::fmt::Display) -> StartError {
    StartError::Reference(error.to_string())
}

fn in_process(name: &str, url: &str, (trust, options): (Trust, &Options), held: Held) -> Result<Running, StartError> {
    let base: Url = url.parse().map_err(|_| not_started("no address"))?;
    let hosts = options.hosts.clone().and(&base);
    Ok(Running { name: name.to_owned(), base, trust: Arc::new(trust), hosts, local: true, pid: None, held })
}

impl Server for reference::ReferenceServer {
    fn stop(self: Box<Self>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(reference::ReferenceServer::stop(*self))
    }
}

impl Server for hopeless::HopelessServer {
    fn stop(self: Box<Self>) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send>> {
        Box::pin(hopeless::HopelessServer::stop(*self))
    }
}

async fn reference_child(
    config: &reference::Config,
    program: &PathBuf,
    (tls, options): (&NamedTls, &Options),
) -> Result<Running, StartError> {
    let failed = StartError::Reference;
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
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).env_clear().kill_on_drop(true);
    let mut child = command.spawn().map_err(|error| failed(error.to_string()))?;
    let stdout = child.stdout.take().ok_or_else(|| failed("no output".to_owned()))?;
    let mut line = String::new();
    let read =
        tokio::time::timeout(REFERENCE_START, BufReader::new(stdout.take(REFERENCE_OUTPUT)).read_line(&mut line)).await;
    if !matches!(read, Ok(Ok(length)) if length > 0) {
        let mut said = String::new();
        if let Some(stderr) = child.stderr.take() {
            let mut stderr = stderr.take(REFERENCE_OUTPUT);
            let reading = stderr.read_to_string(&mut said);
            let _ = tokio::time::timeout(Duration::from_secs(1), reading).await;
        }
        return Err(failed(said.trim().to_owned()));
    }
    let described: serde_json::Value = serde_json::from_str(&line).map_err(|error| failed(error.to_string()))?;
    let base = described["url"].as_str().and_then(|url| url.parse().ok());
    let base: Url = base.ok_or_else(|| failed("it did not say where it listens".to_owned()))?;
    let trust = Arc::new(tls.trusting(described["certificate"].as_str().map(str::as_bytes))?);
    let hosts = options.hosts.clone().and(&base);
    Ok(Running { name: "reference".to_owned(), base, trust, hosts, local: true, pid: None, held: Held::Child(child) })
}
