//! What hostile servers of HTTP/1.1 send.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::LazyLock;

use serde_json::json;

use crate::broken::http::{Answer, Framing, Reply, Request};

/// A head that refuses, up to its last field.
const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\n";
/// Bytes that are written again and again.
const BLOCK: [u8; 16 * 1024] = [b'.'; 16 * 1024];

/// What is hostile about an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hostile {
    EndlessHead,
    ManyFields,
    LongFields,
    EndlessBody,
    Drip,
    Silence,
    Cut,
    Reset,
    Garbage,
    LengthTooLong,
    LengthTooShort,
    TwoLengths,
    EndlessChunks,
    ChunkOverflow,
    ChunkGarbage,
    GzipBomb,
    LargeJson,
    DeepJson,
    InterimFlood,
    StatusZero,
    RedirectLoop,
    Echo,
}

impl Hostile {
    pub(super) const ALL: [Self; 22] = [
        Self::EndlessHead,
        Self::ManyFields,
        Self::LongFields,
        Self::EndlessBody,
        Self::Drip,
        Self::Silence,
        Self::Cut,
        Self::Reset,
        Self::Garbage,
        Self::LengthTooLong,
        Self::LengthTooShort,
        Self::TwoLengths,
        Self::EndlessChunks,
        Self::ChunkOverflow,
        Self::ChunkGarbage,
        Self::GzipBomb,
        Self::LargeJson,
        Self::DeepJson,
        Self::InterimFlood,
        Self::StatusZero,
        Self::RedirectLoop,
        Self::Echo,
    ];

    /// Whether a whole refusal comes, with something odd about it.
    pub(super) fn refuses(self) -> bool {
        matches!(self, Self::LongFields | Self::LengthTooShort | Self::LargeJson | Self::DeepJson | Self::Echo)
    }

    /// Whether nothing but the patience of the client ends an answer.
    pub(super) fn lasts(self) -> bool {
        matches!(self, Self::Drip | Self::Silence)
    }

    pub(super) fn reply(self, request: &Request, turn: usize) -> Reply {
        let refused = || Answer::json(403, &json!({ "error": "forbidden" }));
        match self {
            Self::EndlessBody => Reply::Endless(refused()),
            Self::Cut => Reply::Cut(refused()),
            Self::Reset => Reply::Reset,
            Self::GzipBomb => {
                refused().with("application/json", BOMB.clone()).header("Content-Encoding", "gzip").into()
            }
            Self::LargeJson => refused().with("application/json", format!("[{}1]", "1,".repeat(900_000))).into(),
            Self::DeepJson => refused().with("application/json", "[".repeat(1_000_000)).into(),
            Self::RedirectLoop => Answer::empty(302).header("Location", request.path.clone()).into(),
            Self::Echo => {
                let sent = request
                    .headers()
                    .find(|(name, _)| ["authorization", "x-api-key"].contains(&name.to_lowercase().as_str()));
                let value = sent.map(|(_, value)| value.rsplit(' ').next().unwrap_or_default()).unwrap_or_default();
                let echo = crate::scrubber::echo(turn, value).replace(['\r', '\n', '\0'], "?");
                refused()
                    .with("text/plain", format!("no such credential: {echo}"))
                    .header("X-Echo", echo.trim())
                    .framed(Framing::Length)
                    .into()
            }
            _ => Reply::Raw(Box::new(move |stream| self.write(stream).is_ok())),
        }
    }

    /// Writes the answer; an error where the connection is over.
    fn write(self, mut stream: &TcpStream) -> std::io::Result<()> {
        let over = || Err(std::io::ErrorKind::ConnectionAborted.into());
        let line = |text: String| { stream }.write_all(text.as_bytes());
        match self {
            Self::EndlessHead => loop {
                line(format!("{REFUSED}X-More: {}", "m".repeat(60_000)))?;
            },
            Self::ManyFields => line(format!("{REFUSED}{}Content-Length: 0\r\n\r\n", "X-More: 1\r\n".repeat(5_000))),
            Self::LongFields => {
                let long = "l".repeat(30_000);
                line(format!(
                    "{REFUSED}Location: /{long}\r\nWWW-Authenticate: Basic realm=\"{long}\"\r\nContent-Length: 0\r\n\r\n"
                ))
            }
            Self::Drip => {
                line(format!("{REFUSED}Content-Length: 100000\r\n\r\n"))?;
                loop {
                    line(".".to_owned())?;
                    std::thread::sleep(std::time::Duration::from_millis(20));
                }
            }
            Self::Silence => {
                let mut rest = [0; 16];
                stream.set_read_timeout(Some(std::time::Duration::from_secs(30)))?;
                let _ = std::io::Read::read(&mut stream, &mut rest);
                over()
            }
            Self::Garbage => {
                line("\0\u{1}\u{ff}not HTTP at all\r\n\r\n".repeat(100))?;
                over()
            }
            Self::LengthTooLong => {
                line(format!("{REFUSED}Content-Length: 99999999999999\r\n\r\nforbidden"))?;
                over()
            }
            Self::LengthTooShort => {
                line(format!("{REFUSED}Content-Length: 4\r\n\r\nforbidden, and more\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"))?;
                over()
            }
            Self::TwoLengths => {
                line(format!("{REFUSED}Content-Length: 4\r\nContent-Length: 9\r\n\r\nforbidden"))?;
                over()
            }
            Self::EndlessChunks => {
                line(format!("{REFUSED}Transfer-Encoding: chunked\r\n\r\n"))?;
                loop {
                    line("4000\r\n".to_owned())?;
                    { stream }.write_all(&BLOCK)?;
                    line("\r\n".to_owned())?;
                }
            }
            Self::ChunkOverflow => {
                line(format!("{REFUSED}Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nforbidden"))?;
                over()
            }
            Self::ChunkGarbage => {
                line(format!("{REFUSED}Transfer-Encoding: chunked\r\n\r\nzz\r\nforbidden\r\n-1\r\n"))?;
                over()
            }
            Self::InterimFlood => loop {
                line("HTTP/1.1 102 Processing\r\n\r\n".repeat(100))?;
            },
            Self::StatusZero => {
                line("HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n".to_owned())?;
                over()
            }
            _ => over(),
        }
    }
}

/// A megabyte of gzip, and a gigabyte of zeros.
static BOMB: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let block = vec![b'0'; 1 << 20];
    for _ in 0..200 {
        gzip.write_all(&block).expect("into memory");
    }
    gzip.finish().expect("into memory")
});

/// What is hostile about the answer of a token endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenTrick {
    LineBreak,
    Megabyte,
    ExpiresNever,
    ExpiresBefore,
    ExpiresNowhere,
    Redirect,
    Endless,
    NoJson,
}

impl TokenTrick {
    pub(super) const ALL: [Self; 8] = [
        Self::LineBreak,
        Self::Megabyte,
        Self::ExpiresNever,
        Self::ExpiresBefore,
        Self::ExpiresNowhere,
        Self::Redirect,
        Self::Endless,
        Self::NoJson,
    ];

    pub(super) fn reply(self) -> Reply {
        let of = |token: &str, expires: serde_json::Value| {
            Answer::json(200, &json!({ "access_token": token, "token_type": "Bearer", "expires_in": expires }))
        };
        match self {
            Self::LineBreak => of("abcdefgh12345678\r\nX-Admin: 1", 600.into()).into(),
            Self::Megabyte => of(&"0123456789abcdef".repeat(60_000), 600.into()).into(),
            Self::ExpiresNever => of("nobody-knows-this-1", json!(1e308)).into(),
            Self::ExpiresBefore => of("nobody-knows-this-2", json!(-1)).into(),
            Self::ExpiresNowhere => of("nobody-knows-this-3", json!({ "never": [] })).into(),
            Self::Redirect => Answer::empty(307).header("Location", "/token").into(),
            Self::Endless => Reply::Endless(Answer::json(200, &json!({ "access_token": "x" }))),
            Self::NoJson => Answer::empty(200).with("text/html", "<html>login</html>").into(),
        }
    }
}
