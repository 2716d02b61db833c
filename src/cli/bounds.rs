//! What scenarios may start, read and talk to: for files that somebody else wrote.

use clap::Args;
use clap::builder::FalseyValueParser;
use globset::{Glob, GlobSet, GlobSetBuilder};
use url::Url;

use super::ProcessEnvironment;
use crate::run::Options;
use crate::scenario::Environment;
use crate::secret::Secret;
use crate::target::address::{BadAddress, of_http};
use crate::target::hosts::{AllowedHost, AllowedHosts};
use crate::target::proxy::{BadProxy, Proxy};

/// Bounds of scenarios.
#[derive(Clone, Debug, Args)]
pub(super) struct Bounds {
    /// Test this address in place of the `url` or the `command` of each scenario; the built-in reference stays.
    #[arg(long, value_name = "URL", env = "AUTHBENCH_BASE_URL", value_parser = base_url, help_heading = "What runs")]
    base_url: Option<Url>,
    /// Send every request to a `url` through this HTTP proxy, such as `http://proxy.example.test:3128`. User name and password come from AUTHBENCH_PROXY_AUTH (USER:PASSWORD).
    #[arg(long, value_name = "URL", env = "AUTHBENCH_PROXY", value_parser = proxy, help_heading = "Execution")]
    proxy: Option<Proxy>,
    /// Start no command of a scenario: neither its target nor its hooks.
    #[arg(long, env = "AUTHBENCH_NO_COMMAND", value_parser = FalseyValueParser::new(), help_heading = "What scenarios may do")]
    no_command: bool,
    /// Let scenarios read only variables whose name matches; repeatable (default: all).
    #[arg(long = "allow-env", value_name = "GLOB", env = "AUTHBENCH_ALLOW_ENV", value_delimiter = ',', value_parser = Glob::new, help_heading = "What scenarios may do")]
    variables: Vec<Glob>,
    /// Let scenarios talk only to this host, to --base-url and to what authbench starts; repeatable (default: any host).
    #[arg(
        long = "allow-host",
        value_name = "HOST[:PORT]",
        env = "AUTHBENCH_ALLOW_HOST",
        value_delimiter = ',',
        help_heading = "What scenarios may do"
    )]
    hosts: Vec<AllowedHost>,
    /// Trust no scenario: it starts nothing, reads no variable that --allow-env does not allow and no file outside its
    /// folder, and talks to the host of --base-url and to those of --allow-host.
    #[arg(long, env = "AUTHBENCH_UNTRUSTED", value_parser = FalseyValueParser::new(), help_heading = "What scenarios may do")]
    untrusted: bool,
}

fn base_url(text: &str) -> Result<Url, BadAddress> {
    of_http(text)
}

/// The variable with the user name and the password of the proxy of the command line.
const PROXY_PAIR: &str = "AUTHBENCH_PROXY_AUTH";

fn proxy(text: &str) -> Result<Proxy, WrongProxy> {
    let proxy = Proxy::at(text).map_err(|why| match why {
        BadProxy::UserInformation => WrongProxy::UserInformation,
        other => WrongProxy::Address(other),
    })?;
    match ProcessEnvironment.variable(PROXY_PAIR).filter(|pair| !pair.is_empty()) {
        Some(pair) => proxy.with_pair(Secret::new(pair)).map_err(WrongProxy::Pair),
        None => Ok(proxy),
    }
}

/// Why a proxy of the command line cannot be used.
#[derive(Debug, thiserror::Error)]
enum WrongProxy {
    #[error(transparent)]
    Address(BadProxy),
    #[error("the address of a proxy has no user name and no password; set {PROXY_PAIR}=USER:PASSWORD")]
    UserInformation,
    #[error("{PROXY_PAIR}: {0}")]
    Pair(BadProxy),
}

impl Bounds {
    /// Whether the caller names a proxy.
    pub(super) fn has_proxy(&self) -> bool {
        self.proxy.is_some()
    }

    /// Whether scenarios are confined to their folders.
    pub(super) fn confine(&self) -> bool {
        self.untrusted
    }

    /// The options of a run within these bounds.
    pub(super) fn applied(&self, options: Options) -> Options {
        let hosts = match self.untrusted || !self.hosts.is_empty() {
            true => AllowedHosts::only(self.hosts.clone()),
            false => AllowedHosts::default(),
        };
        let hosts = self.base_url.iter().fold(hosts, |hosts, url| hosts.and(url));
        let commands = !self.no_command && !self.untrusted;
        let proxy = self.proxy.clone().map(std::sync::Arc::new);
        Options { hosts, commands, bounds: self.words(), base_url: self.base_url.clone(), proxy, ..options }
    }

    /// The options as they would be written.
    fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        let mut push = |option: &str, value: String| words.extend([option.to_owned(), value]);
        self.base_url.iter().for_each(|url| push("--base-url", url.to_string()));
        self.proxy.iter().for_each(|proxy| push("--proxy", format!("http://{}", proxy.authority())));
        self.variables.iter().for_each(|glob| push("--allow-env", glob.glob().to_owned()));
        self.hosts.iter().for_each(|host| push("--allow-host", host.to_string()));
        let flags = [(self.no_command, "--no-command"), (self.untrusted, "--untrusted")];
        words.extend(flags.into_iter().filter(|(is_set, _)| *is_set).map(|(_, option)| option.to_owned()));
        words
    }

    /// The environment that scenarios may read.
    pub(super) fn environment(&self) -> Result<BoundedEnvironment, globset::Error> {
        if !self.untrusted && self.variables.is_empty() {
            return Ok(BoundedEnvironment { allowed: None });
        }
        let mut allowed = GlobSetBuilder::new();
        for glob in &self.variables {
            allowed.add(glob.clone());
        }
        Ok(BoundedEnvironment { allowed: Some(allowed.build()?) })
    }
}

/// The part of the environment that scenarios may read.
pub(super) struct BoundedEnvironment {
    allowed: Option<GlobSet>,
}

impl Environment for BoundedEnvironment {
    fn variable(&self, name: &str) -> Option<String> {
        ProcessEnvironment.variable(name).filter(|_| self.allows(name))
    }

    fn allows(&self, name: &str) -> bool {
        self.allowed.as_ref().is_none_or(|allowed| allowed.is_match(name))
    }
}
