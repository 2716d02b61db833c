//! A service under test that the scenario starts: arguments without a shell, an environment of its own, output that is
//! kept for the day it does not start.

use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _};
use tokio::process::Child;
use url::Url;

use super::address::{BadAddress, join, shown};
use super::child::{SpawnError, Spawner, terminate};
use super::destination::Destination;
use super::hosts::AllowedHosts;
use super::trust::Trust;
use super::{Held, Running, StartError};
use crate::clock;
use crate::secret::{Scrubber, Secret};

/// Between two looks whether a command is ready.
const POLL: Duration = Duration::from_millis(50);
/// Lines of its output that a failure shows.
const LAST_LINES: usize = 12;
/// Bytes of such a line.
const LINE_LIMIT: usize = 400;
/// Bytes that are read at once.
const PIECE: usize = 16 * 1024;

/// What is to be started.
#[derive(Clone, Debug)]
pub struct CommandLine {
    /// Arguments; `{port}` is a free port.
    pub argv: Vec<String>,
    /// Variables of the child; it gets these, PATH and nothing else.
    pub env: Vec<(String, Secret)>,
    /// Path that answers when the service is ready.
    pub ready: String,
    /// How long it may take to be ready.
    pub timeout: Duration,
    /// Its address, where it is not the free port in clear text.
    pub url: Option<Result<Url, BadAddress>>,
}

impl CommandLine {
    /// The program, for a reader.
    pub fn program(&self) -> String {
        self.argv.first().cloned().unwrap_or_default()
    }

    /// Starts it on a free port and waits until it answers.
    ///
    /// # Errors
    /// When it is not started, ends, or does not answer in time.
    pub async fn start(
        &self,
        spawner: &Spawner,
        (trust, hosts): (Arc<Trust>, &AllowedHosts),
        answers: impl AsyncFn(&Url, &AllowedHosts) -> bool,
    ) -> Result<Running, StartError> {
        let failed = |why: String| StartError::Command { program: self.program(), why };
        let port = free_port().map_err(|error| failed(error.to_string()))?;
        let (base, hosts) = match &self.url {
            Some(url) => (url.clone()?, hosts.clone()),
            None => {
                let base: Url = format!("http://127.0.0.1:{port}").parse().map_err(BadAddress::from)?;
                (base.clone(), hosts.clone().and(&base))
            }
        };
        Destination::of(&base, Some(trust.for_target()), &hosts)?;
        let argv = self.argv.iter().map(|argument| argument.replace("{port}", &port.to_string()));
        let argv: Vec<String> = argv.collect();
        let started = spawner.start(&argv, &self.env, [Stdio::null(), Stdio::piped(), Stdio::piped()]);
        let mut child = started.await.map_err(|error| match error {
            SpawnError::Forbidden(_) => StartError::CommandForbidden,
            SpawnError::System(error) => failed(error.to_string()),
        })?;
        let said = Said::listen(&mut child, self.scrubber());
        let ready = join(&base, &self.ready).map_err(|error| failed(error.to_string()))?;
        let began = clock::now();
        while !answers(&ready, &hosts).await {
            if let Ok(Some(status)) = child.try_wait() {
                return Err(failed(format!("it ended with {status}{}", said.last().await)));
            }
            if clock::now() - began > self.timeout {
                terminate(&mut child).await;
                let limit = humantime::format_duration(self.timeout);
                return Err(failed(format!("{} did not answer within {limit}{}", self.ready, said.last().await)));
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(Running { name: shown(&base), base, trust, hosts, local: true, pid: None, held: Held::Child(child) })
    }

    fn scrubber(&self) -> Scrubber {
        let mut scrubber = Scrubber::default();
        self.env.iter().for_each(|(_, value)| scrubber.add(value.expose().as_bytes()));
        scrubber
    }
}

/// The last lines that a child wrote, scrubbed. They are read as long as it lives, so that it never blocks on them.
struct Said {
    lines: Arc<Mutex<Vec<String>>>,
    readers: Vec<tokio::task::JoinHandle<()>>,
}

impl Said {
    fn listen(child: &mut Child, scrubber: Scrubber) -> Self {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let mut readers = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            readers.push(tokio::spawn(keep_last(stdout, lines.clone(), scrubber.clone())));
        }
        if let Some(stderr) = child.stderr.take() {
            readers.push(tokio::spawn(keep_last(stderr, lines.clone(), scrubber)));
        }
        Self { lines, readers }
    }

    /// What was said last, once the child has closed its output.
    async fn last(self) -> String {
        for reader in self.readers {
            // a grandchild may hold the output open
            let _ = tokio::time::timeout(Duration::from_millis(500), reader).await;
        }
        let lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        if lines.is_empty() { String::new() } else { format!("; it said:\n  {}", lines.join("\n  ")) }
    }
}

async fn keep_last(mut output: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>, scrubber: Scrubber) {
    let keep = |line: &[u8]| {
        let line = scrubber.scrub(&String::from_utf8_lossy(line));
        let shown: String = line.chars().filter(|c| !c.is_control()).collect();
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(shown);
        let surplus = lines.len().saturating_sub(LAST_LINES);
        lines.drain(..surplus);
    };
    let (mut line, mut piece) = (Vec::new(), vec![0; PIECE]);
    while let Ok(length @ 1..) = output.read(&mut piece).await {
        for (at, part) in piece[..length].split(|byte| *byte == b'\n').enumerate() {
            if at > 0 {
                keep(&line);
                line.clear();
            }
            // the rest of a long line is read and forgotten
            line.extend_from_slice(&part[..part.len().min(LINE_LIMIT - line.len())]);
        }
    }
    if !line.is_empty() {
        keep(&line);
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
