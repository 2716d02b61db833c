//! A service under test that the scenario starts: arguments without a shell, an environment of its own, output that is
//! kept for the day it does not start.

use std::ffi::OsString;
use std::net::TcpListener;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use url::Url;

use super::address::{BadAddress, join, shown};
use super::child::terminate;
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
        path: Option<&OsString>,
        trust: Arc<Trust>,
        answers: impl AsyncFn(&Url) -> bool,
    ) -> Result<Running, StartError> {
        let failed = |why: String| StartError::Command { program: self.program(), why };
        let port = free_port().map_err(|error| failed(error.to_string()))?;
        let mut child = self.command(port, path).spawn().map_err(|error| failed(error.to_string()))?;
        let said = Said::listen(&mut child, self.scrubber());
        let base = match &self.url {
            Some(url) => url.clone()?,
            None => format!("http://127.0.0.1:{port}").parse().map_err(|_| failed("no address".to_owned()))?,
        };
        let ready = join(&base, &self.ready).map_err(|error| failed(error.to_string()))?;
        let began = clock::now();
        while !answers(&ready).await {
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
        Ok(Running { name: shown(&base), base, trust, local: true, held: Held::Child(child) })
    }

    fn command(&self, port: u16, path: Option<&OsString>) -> Command {
        let argv = self.argv.iter().map(|argument| argument.replace("{port}", &port.to_string()));
        let argv: Vec<String> = argv.collect();
        let mut command = Command::new(self.program());
        command.args(argv.get(1..).unwrap_or_default()).env_clear();
        command.envs(self.env.iter().map(|(name, value)| (name, value.expose())));
        if let Some(path) = path {
            command.env("PATH", path);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command
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

async fn keep_last(output: impl AsyncRead + Unpin, lines: Arc<Mutex<Vec<String>>>, scrubber: Scrubber) {
    let mut reader = BufReader::new(output).split(b'\n');
    while let Ok(Some(line)) = reader.next_segment().await {
        let line = scrubber.scrub(&String::from_utf8_lossy(&line[..line.len().min(LINE_LIMIT)]));
        let shown: String = line.chars().filter(|c| !c.is_control()).collect();
        let mut lines = lines.lock().unwrap_or_else(PoisonError::into_inner);
        lines.push(shown);
        let surplus = lines.len().saturating_sub(LAST_LINES);
        lines.drain(..surplus);
    }
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
