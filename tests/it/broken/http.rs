//! A small HTTP server of these tests: plain threads and sockets, and answers that a library would not let anybody give.
//! It shares no code with the reference.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Longest time that a connection waits for its client.
const IDLE: Duration = Duration::from_secs(20);
/// What an endless body is made of.
const BLOCK: [u8; 16 * 1024] = [b'.'; 16 * 1024];

/// What a client asks for.
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    /// The value of a header field that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(known, _)| known.eq_ignore_ascii_case(name));
        values.next().filter(|_| values.next().is_none()).map(|(_, value)| value.as_str())
    }

    /// All header fields as they came.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The credential of an `Authorization` field of this scheme, whose name has no case (RFC 9110 §11.1).
    pub(crate) fn authorization(&self, scheme: &str) -> Option<&str> {
        let (name, credential) = self.header("authorization")?.split_once(' ')?;
        name.eq_ignore_ascii_case(scheme).then(|| credential.trim())
    }
}

/// What a server may remember of a connection.
#[derive(Default)]
pub(crate) struct Connection {
    /// Its number in the order of arrival, from 0.
    pub(crate) number: usize,
    /// Whether a good credential came on it.
    pub(crate) known: bool,
}

/// How the end of a body is recognised (RFC 9112 §6.3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Framing {
    Length,
    Chunked,
    /// By the end of the connection.
    Close,
}

/// A whole answer.
#[derive(Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) framing: Framing,
    pub(crate) closes: bool,
}

impl Answer {
    /// JSON.
    pub(crate) fn json(status: u16, body: &serde_json::Value) -> Self {
        Self::empty(status).with("application/json", body.to_string())
    }

    /// The same answer with this content.
    pub(crate) fn with(mut self, media: &str, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self.header("Content-Type", media)
    }

    /// Without any content.
    pub(crate) fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: Vec::new(), framing: Framing::Length, closes: false }
    }

    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same answer on a connection that ends with it.
    pub(crate) fn closing(mut self) -> Self {
        self.closes = true;
        self
    }

    pub(crate) fn framed(mut self, framing: Framing) -> Self {
        self.closes |= framing == Framing::Close;
        self.framing = framing;
        self
    }

    fn head(&self) -> String {
        let date = authbench::clock::timestamp().strftime("%a, %d %b %Y %H:%M:%S GMT");
        let mut head = format!("HTTP/1.1 {} Answer\r\nDate: {date}\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        // RFC 9110 §8.6: no length where there is no content by definition
        let bare = matches!(self.status, 100..200 | 204 | 304);
        match self.framing {
            Framing::Length if !bare => head.push_str(&format!("Content-Length: {}\r\n", self.body.len())),
            Framing::Chunked => head.push_str("Transfer-Encoding: chunked\r\n"),
            _ => {}
        }
        if self.closes && self.status != 101 {
            head.push_str("Connection: close\r\n");
        }
        head + "\r\n"
    }

    fn content(&self) -> Vec<u8> {
        match self.framing {
            Framing::Chunked if !self.body.is_empty() => {
                let size = format!("{:x}\r\n", self.body.len());
                [size.as_bytes(), &self.body, b"\r\n0\r\n\r\n"].concat()
            }
            Framing::Chunked => b"0\r\n\r\n".to_vec(),
            _ => self.body.clone(),
        }
    }
}

/// What goes back.
pub(crate) enum Reply {
    Whole(Answer),
    /// Half of the body, then the end of the connection.
    Cut(Answer),
    /// The head, then a body that never ends.
    Endless(Answer),
    /// A reset instead of an answer.
    Reset,
    /// Whatever is written here; says whether the connection goes on.
    Raw(Raw),
}

/// Writes what no library would.
pub(crate) type Raw = Box<dyn Fn(&TcpStream) -> bool + Send>;

impl From<Answer> for Reply {
    fn from(answer: Answer) -> Self {
        Self::Whole(answer)
    }
}

/// A server; it ends with this value.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    ends: Arc<AtomicBool>,
}

impl Server {
    /// Answers each request with what `answer` makes of it.
    pub(crate) fn start<R: Into<Reply>>(
        answer: impl Fn(&Request, &mut Connection) -> R + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
        let address = listener.local_addr().expect("has an address");
        let (answer, came) = (Arc::new(answer), AtomicUsize::new(0));
        let ends = Arc::new(AtomicBool::new(false));
        let ended = ends.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if ended.load(Ordering::Relaxed) {
                    break;
                }
                let answer = answer.clone();
                let connection = Connection { number: came.fetch_add(1, Ordering::Relaxed), known: false };
                std::thread::spawn(move || serve(&stream, connection, |request, on| answer(request, on).into()));
            }
        });
        Self { address, ends }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.ends.store(true, Ordering::Relaxed);
        // the loop waits for a connection: this is the last one
        let _ = TcpStream::connect(self.address);
    }
}

fn serve(stream: &TcpStream, mut connection: Connection, answer: impl Fn(&Request, &mut Connection) -> Reply) {
    let _ = stream.set_read_timeout(Some(IDLE));
    let _ = stream.set_nodelay(true);
    let mut reader = BufReader::new(stream);
    while let Some(request) = read(&mut reader) {
        let goes_on = match request {
            Err(bad) => {
                let _ = write(stream, &bad.closing(), false);
                false
            }
            Ok(request) => reply(stream, &answer(&request, &mut connection), request.method == "HEAD"),
        };
        if !goes_on {
            return;
        }
    }
}

/// Reads a request: nothing at the end of the connection, an answer where it cannot be read.
fn read(reader: &mut BufReader<&TcpStream>) -> Option<Result<Request, Answer>> {
    let mut lines = Vec::new();
    loop {
        let mut line = Vec::new();
        reader.by_ref().take(64 * 1024).read_until(b'\n', &mut line).ok().filter(|length| *length > 0)?;
        let line = line.strip_suffix(b"\r\n").map(<[u8]>::to_vec);
        match line {
            Some(line) if line.is_empty() => break,
            // RFC 9110 §5.5: CR, LF and NUL make a field value invalid
            Some(line) if !line.iter().any(|byte| matches!(byte, 0 | b'\r' | b'\n')) => lines.push(line),
            _ => return Some(Err(Answer::json(400, &serde_json::json!({ "error": "bad request" })))),
        }
    }
    let text = |line: &Vec<u8>| line.iter().map(|byte| char::from(*byte)).collect::<String>();
    let first = lines.first().map(text)?;
    let mut words = first.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let split = |line: String| {
        line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim_matches([' ', '\t']).to_owned()))
    };
    let headers: Vec<(String, String)> = lines.iter().skip(1).map(text).filter_map(split).collect();
    // RFC 9112 §5.1, §6.3: no white space before a colon, and one end of the content
    let is_spaced = headers.iter().any(|(name, _)| name.ends_with([' ', '\t']));
    let count = |wanted: &str| headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case(wanted)).count();
    let is_list = |(name, value): &(String, String)| name.eq_ignore_ascii_case("content-length") && value.contains(',');
    let is_ambiguous = count("content-length") > 1 || count("transfer-encoding") > 0 || headers.iter().any(is_list);
    if is_spaced || is_ambiguous {
        return Some(Err(Answer::json(400, &serde_json::json!({ "error": "bad request" }))));
    }
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut request = Request { method, path: path.to_owned(), query: query.to_owned(), headers, body: Vec::new() };
    let length = request.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0_usize);
    request.body = vec![0; length.min(1 << 20)];
    reader.read_exact(&mut request.body).ok()?;
    Some(Ok(request))
}

/// Sends what goes back, and says whether the connection goes on.
fn reply(stream: &TcpStream, reply: &Reply, is_head: bool) -> bool {
    match reply {
        Reply::Whole(answer) => write(stream, answer, is_head).is_ok() && !answer.closes,
        Reply::Cut(answer) => {
            let (head, content) = (answer.head(), answer.content());
            let _ = { stream }.write_all(&[head.as_bytes(), &content[..content.len() / 2]].concat());
            false
        }
        Reply::Endless(answer) => {
            let endless = answer.clone().framed(Framing::Close);
            let _ = write(stream, &endless, is_head);
            while !is_head && { stream }.write_all(&BLOCK).is_ok() {}
            false
        }
        Reply::Raw(write) => write(stream),
        Reply::Reset => {
            let _ = rustix::net::sockopt::set_socket_linger(stream, Some(Duration::ZERO));
            false
        }
    }
}

fn write(mut stream: &TcpStream, answer: &Answer, is_head: bool) -> std::io::Result<()> {
    let content = if is_head { Vec::new() } else { answer.content() };
    stream.write_all(&[answer.head().as_bytes(), &content].concat())
}
