//! A listener of authbench: it sees who follows an address that a token names, and it publishes keys for a target that
//! reads them here. Before anything is concluded from its silence, it proves itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Why a listener is of no use.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum ListenerError {
    /// Its address cannot be had.
    #[error("failed to listen on {address}: {why}")]
    NotListening {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        why: String,
    },
    /// It does not see what is sent to it.
    #[error("the listener on {0} did not see a request of its own")]
    Blind(SocketAddr),
}

/// Where the key set stands that a target reads.
const KEYS: &str = "/jwks.json";
/// Bytes of a request head.
const HEAD_LIMIT: usize = 16 * 1024;
/// Time for one request.
const TIME_LIMIT: Duration = Duration::from_secs(5);
/// Paths that are remembered.
const REMEMBERED: usize = 10_000;

/// What it shows, and what it has seen.
#[derive(Default)]
struct Board {
    seen: Vec<String>,
    keys: Vec<Value>,
    strangers: Value,
    fetches: usize,
}

/// A listener.
pub struct Listener {
    address: SocketAddr,
    /// Its address as the target sees it.
    url: String,
    board: Arc<Mutex<Board>>,
    server: JoinHandle<()>,
}

impl Listener {
    /// Listens on an address, or on a free port of the loopback interface, and publishes a key set. Whoever asks for
    /// anything else is shown the keys of strangers.
    ///
    /// # Errors
    /// When the address cannot be had.
    pub async fn start(
        bind: Option<SocketAddr>,
        url: Option<String>,
        key_set: &Value,
        strangers: Value,
    ) -> Result<Self, ListenerError> {
        let bind = bind.unwrap_or_else(|| (Ipv4Addr::LOCALHOST, 0).into());
        let failed = |error: std::io::Error| ListenerError::NotListening { address: bind, why: error.to_string() };
        let socket = TcpListener::bind(bind).await.map_err(failed)?;
        let address = socket.local_addr().map_err(failed)?;
        let keys = key_set["keys"].as_array().cloned().unwrap_or_default();
        let board = Arc::new(Mutex::new(Board { keys, strangers, ..Board::default() }));
        let shown = board.clone();
        let server = tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = socket.accept().await else {
                    // out of file descriptors, most likely: let some connections end
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                };
                let board = shown.clone();
                tokio::spawn(async move { drop(tokio::time::timeout(TIME_LIMIT, answer(stream, &board)).await) });
            }
        });
        Ok(Self { address, url: url.unwrap_or_else(|| format!("http://{address}")), board, server })
    }

    /// Its address as the target sees it.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where the key set stands.
    pub fn keys_url(&self) -> String {
        format!("{}{KEYS}", self.url)
    }

    /// Asks itself and looks whether it has seen it: a listener that sees nothing would find nothing.
    ///
    /// # Errors
    /// When the request was not seen.
    pub async fn prove_itself(&self) -> Result<(), ListenerError> {
        let path = "/does-it-see-this";
        let asked = async {
            let mut stream = TcpStream::connect(self.address).await?;
            stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: listener\r\n\r\n").as_bytes()).await?;
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).await.map(drop)
        };
        let asked: Result<std::io::Result<()>, _> = tokio::time::timeout(TIME_LIMIT, asked).await;
        match asked {
            Ok(Ok(())) if !self.seen_below(path).is_empty() => Ok(()),
            _ => Err(ListenerError::Blind(self.address)),
        }
    }

    /// Paths that were asked for below a prefix.
    pub fn seen_below(&self, prefix: &str) -> Vec<String> {
        let board = self.board.lock().unwrap_or_else(PoisonError::into_inner);
        board.seen.iter().filter(|path| path.starts_with(prefix)).cloned().collect()
    }

    /// How often the key set was fetched.
    pub fn key_fetches(&self) -> usize {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).fetches
    }

    /// Publishes a key beside the others.
    pub fn publish(&self, key: Value) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).keys.push(key);
    }

    /// Withdraws the key of an identifier.
    pub fn withdraw(&self, kid: &str) {
        self.board.lock().unwrap_or_else(PoisonError::into_inner).keys.retain(|key| key["kid"] != kid);
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn answer(mut stream: TcpStream, board: &Mutex<Board>) -> std::io::Result<()> {
    let mut head = Vec::new();
    let mut room = [0; 2048];
    while !head.windows(4).any(|window| window == b"\r\n\r\n") && head.len() < HEAD_LIMIT {
        let length = stream.read(&mut room).await?;
        if length == 0 {
            break;
        }
        head.extend_from_slice(&room[..length]);
    }
    let line = String::from_utf8_lossy(head.split(|byte| *byte == b'\r').next().unwrap_or_default()).into_owned();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let body = shown(&path, board);
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await
}

/// The key set at its own path; elsewhere keys of nobody's, for whoever trusts an address that a token names.
fn shown(path: &str, board: &Mutex<Board>) -> String {
    let mut board = board.lock().unwrap_or_else(PoisonError::into_inner);
    if path == KEYS {
        board.fetches += 1;
        return json!({ "keys": board.keys }).to_string();
    }
    if board.seen.len() < REMEMBERED {
        board.seen.push(path.to_owned());
    }
    board.strangers.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn it_sees_what_is_asked_and_shows_what_is_published() {
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = Listener::start(None, None, &json!({ "keys": [{ "kid": "a" }] }), json!({ "keys": [] }))
            .await
            .expect("listens");
        assert_eq!(listener.prove_itself().await, Ok(()));
        assert!(listener.seen_below("/other").is_empty());
        listener.publish(json!({ "kid": "b" }));
        listener.withdraw("a");
        let keys = reqwest::Client::builder().no_proxy().build().expect("a client").get(listener.keys_url());
        let keys = keys.send().await.expect("answers").text().await.expect("has a body");
        assert_eq!((keys.as_str(), listener.key_fetches()), (r#"{"keys":[{"kid":"b"}]}"#, 1));
    }
}
