//! A request of the evidence as a command: for curl, or byte by byte where curl would send something else. A credential is a
//! variable, for no report knows its value.

use super::escape::line;
use crate::event::EvidenceRecord;
use crate::observe::{RecordedExchange, RecordedHeader};
use crate::secret::MASK;

/// What stands for the address of a target that is started for a run, and is gone after it.
const BASE: &str = "$TARGET";
/// Bytes that a text cannot show.
const UNSEEN: char = '\u{fffd}';

/// How to send a request again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum SentAgain {
    /// With curl.
    Curl(String),
    /// Byte by byte: curl would send something else.
    Raw(String),
    /// With `replay` alone: the record does not hold every byte.
    Replay(&'static str),
}

impl SentAgain {
    /// The word before the command, and the command.
    pub(super) fn row(&self) -> (&'static str, &str) {
        match self {
            SentAgain::Curl(command) => ("curl", command),
            SentAgain::Raw(command) => ("raw", command),
            SentAgain::Replay(why) => ("curl", why),
        }
    }
}

/// How to send a request of a target again.
pub(super) fn sent_again(record: &EvidenceRecord, target: &str) -> SentAgain {
    let exchange = &record.exchange;
    let texts = exchange.request_headers.iter().flat_map(|header| [&header.name, &header.value]);
    let mut texts = texts.chain([&exchange.target, &exchange.method, &exchange.request_body]);
    if texts.clone().any(|text| text.contains(UNSEEN)) {
        return SentAgain::Replay("(none: the request has bytes that no command line can carry; `replay` sends it)");
    }
    if texts.any(|text| text.contains("… (") && text.ends_with(" bytes)")) {
        return SentAgain::Replay("(none: the request is too long for a report; `replay` sends it)");
    }
    let address = Address::of(exchange, target);
    if curl_changes(exchange) { SentAgain::Raw(raw(record, &address)) } else { SentAgain::Curl(curl(record, &address)) }
}

/// Which credential a variable stands for; none where the request carries none.
pub(super) fn variable(record: &EvidenceRecord) -> Option<String> {
    let exchange = &record.exchange;
    let texts = exchange.request_headers.iter().map(|header| &header.value);
    let masked = texts.chain([&exchange.target, &exchange.request_body]).any(|text| text.contains(MASK));
    let name = record.credential.as_deref().map(line);
    match (masked, name, record.forged) {
        (true, Some(name), false) => Some(format!("the credential `{name}` ($CREDENTIAL)")),
        (true, Some(name), true) => {
            Some(format!("a forgery of the credential `{name}` ($CREDENTIAL; `replay` makes it again)"))
        }
        (true, None, _) => Some("$CREDENTIAL stands for a value that `replay` makes again".to_owned()),
        (false, Some(name), true) => Some(format!("a forgery of the credential `{name}`")),
        (false, Some(name), false) => Some(format!("the credential `{name}`")),
        (false, None, _) => None,
    }
}

/// Where a request goes.
struct Address {
    /// Scheme and authority, or [`BASE`].
    origin: String,
    /// Whether the origin says who is asked, so that `Host` need not.
    names_host: bool,
    /// Host and port of a connection; none where the target is gone.
    socket: Option<(String, u16, bool)>,
}

impl Address {
    fn of(exchange: &RecordedExchange, target: &str) -> Self {
        let host = value_of(exchange, "host").unwrap_or_default().to_owned();
        let Ok(url) = exchange.origin.as_deref().unwrap_or(target).parse::<url::Url>() else {
            return Self { origin: BASE.to_owned(), names_host: true, socket: None };
        };
        let own = url.host_str().map(|name| match url.port() {
            Some(port) => format!("{name}:{port}"),
            None => name.to_owned(),
        });
        let socket = url.host_str().zip(url.port_or_known_default());
        let socket = socket.map(|(name, port)| (name.to_owned(), port, url.scheme() == "https"));
        let origin = format!("{}://{}", url.scheme(), own.clone().unwrap_or_default());
        Self { names_host: own.as_deref() == Some(host.as_str()), origin, socket }
    }
}

/// Whether curl would send something else: it writes `Host` and the length itself, and refuses what is no token.
fn curl_changes(exchange: &RecordedExchange) -> bool {
    let token = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b))
    };
    let headers = &exchange.request_headers;
    let times = |name: &str| headers.iter().filter(|header| header.name.eq_ignore_ascii_case(name)).count();
    let odd = |header: &RecordedHeader| {
        let value = &header.value;
        !token(&header.name) || value.trim() != value || value.chars().any(|c| c.is_control())
    };
    !token(&exchange.method)
        || !exchange.target.starts_with('/')
        || exchange
            .target
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || c == '#' || (!c.is_ascii() && c != '·'))
        || times("host") != 1
        || times("content-length") > 1
        || times("transfer-encoding") > 0
        || headers.iter().any(odd)
}

fn curl(record: &EvidenceRecord, address: &Address) -> String {
    let exchange = &record.exchange;
    let mut words = vec!["curl -i".to_owned()];
    let has_body = !exchange.request_body.is_empty();
    match exchange.method.as_str() {
        "GET" if !has_body => {}
        "HEAD" => words.push("--head".to_owned()),
        method => words.push(format!("-X {method}")),
    }
    // a path that curl would shorten is sent as it is
    if exchange.target.contains("/.") || exchange.target.starts_with("//") {
        words.push("--path-as-is".to_owned());
    }
    // brackets and braces are ranges and lists to curl
    if exchange.target.contains(['[', ']', '{', '}']) {
        words.push("--globoff".to_owned());
    }
    let mut variables = Variables::default();
    words.push(variables.quoted(&format!("{}{}", address.origin, exchange.target), address.origin == BASE));
    if record.certificate_of.is_some() {
        words.push("--cert \"$CERTIFICATE\" --key \"$PRIVATE_KEY\"".to_owned());
    }
    for header in &exchange.request_headers {
        let name = header.name.to_ascii_lowercase();
        let own = ["content-length", "user-agent"].contains(&name.as_str())
            || (name == "accept" && header.value == "*/*")
            || (name == "host" && address.names_host);
        if own {
            continue;
        }
        let text = if header.value.is_empty() {
            format!("{};", header.name)
        } else {
            format!("{}: {}", header.name, header.value)
        };
        words.push(format!("-H {}", variables.quoted(&text, false)));
    }
    if has_body {
        words.push(format!("--data-raw {}", variables.quoted(&exchange.request_body, false)));
        if value_of(exchange, "content-type").is_none() {
            words.push("-H 'Content-Type:'".to_owned());
        }
    }
    words.join(" ")
}

/// Bytes for a connection: `printf` writes them, and a program that changes none of them carries them.
fn raw(record: &EvidenceRecord, address: &Address) -> String {
    let exchange = &record.exchange;
    let mut lines = vec![format!("{} {} HTTP/1.1", exchange.method, exchange.target)];
    lines.extend(exchange.request_headers.iter().map(|header| format!("{}: {}", header.name, header.value)));
    let text = format!("{}\r\n\r\n{}", lines.join("\r\n"), exchange.request_body);
    let (mut format, mut arguments, mut variables) = (String::new(), Vec::new(), Variables::default());
    for (at, part) in text.split(MASK).enumerate() {
        if at > 0 {
            format.push_str("%s");
            arguments.push(format!(" \"{}\"", variables.next()));
        }
        for c in part.chars() {
            match c {
                '%' => format.push_str("%%"),
                '\\' => format.push_str("\\\\"),
                '\r' => format.push_str("\\r"),
                '\n' => format.push_str("\\n"),
                '\'' => format.push_str("\\047"),
                c if c.is_ascii() && !c.is_ascii_control() => format.push(c),
                c => c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| format.push_str(&format!("\\{byte:03o}"))),
            }
        }
    }
    let carried = match &address.socket {
        Some((host, port, true)) => format!("openssl s_client -quiet -connect {host}:{port}"),
        Some((host, port, false)) => format!("nc {host} {port}"),
        None => "nc \"$HOST\" \"$PORT\"".to_owned(),
    };
    format!("printf '{format}'{} | {carried}", arguments.concat())
}

/// Variables for what is masked, in the order in which a request has it.
#[derive(Default)]
struct Variables(usize);

impl Variables {
    fn next(&mut self) -> String {
        self.0 += 1;
        if self.0 == 1 { "$CREDENTIAL".to_owned() } else { format!("${{CREDENTIAL_{}}}", self.0) }
    }

    /// A word of a shell; what is masked is a variable in it, and `opens` keeps the variable at its start.
    fn quoted(&mut self, text: &str, opens: bool) -> String {
        if !text.contains(MASK) && !opens {
            return format!("'{}'", line(text).replace('\'', r"'\''"));
        }
        let (start, text) = if opens { (BASE, text.strip_prefix(BASE).unwrap_or(text)) } else { ("", text) };
        let mut quoted = start.to_owned();
        for (at, part) in line(text).split(MASK).enumerate() {
            if at > 0 {
                quoted.push_str(&self.next());
            }
            for c in part.chars() {
                // what a shell reads between double quotes (POSIX 2.2.3)
                if matches!(c, '$' | '`' | '"' | '\\' | '!') {
                    quoted.push('\\');
                }
                quoted.push(c);
            }
        }
        format!("\"{quoted}\"")
    }
}

fn value_of<'a>(exchange: &'a RecordedExchange, name: &str) -> Option<&'a str> {
    let header = exchange.request_headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
    Some(&header.value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Role;
    use crate::observe::{Marks, Outcome};

    fn record(method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> EvidenceRecord {
        let header =
            |(name, value): &(&str, &str)| RecordedHeader { name: (*name).to_owned(), value: (*value).to_owned() };
        EvidenceRecord {
            role: Role::Probe,
            label: "a probe".to_owned(),
            credential: Some("service".to_owned()),
            forged: false,
            certificate_of: None,
            outcome: Outcome::Granted,
            exchange: RecordedExchange {
                origin: None,
                method: method.to_owned(),
                target: target.to_owned(),
                request_headers: headers.iter().map(header).collect(),
                request_body: body.to_owned(),
                status: Some(200),
                response_headers: Vec::new(),
                response_body: String::new(),
                silence: None,
                took_us: 1,
                marks: Marks::default(),
            },
        }
    }

    fn command(record: &EvidenceRecord, target: &str) -> String {
        let again = sent_again(record, target);
        let (word, command) = again.row();
        format!("{word} {command}").replacen("curl curl", "curl", 1)
    }

    #[test]
    fn a_credential_is_a_variable() {
        let host = ("Host", "api.example.test");
        let plain = record("GET", "/orders", &[host, ("Authorization", "Bearer ···"), ("Accept", "*/*")], "");
        assert_eq!(
            command(&plain, "https://api.example.test/"),
            r#"curl -i 'https://api.example.test/orders' -H "Authorization: Bearer $CREDENTIAL""#
        );
        assert_eq!(variable(&plain).as_deref(), Some("the credential `service` ($CREDENTIAL)"));
        let forged = EvidenceRecord { forged: true, ..plain.clone() };
        assert_eq!(
            variable(&forged).as_deref(),
            Some("a forgery of the credential `service` ($CREDENTIAL; `replay` makes it again)")
        );
        let certificate = EvidenceRecord { forged: true, ..record("GET", "/orders", &[host], "") };
        assert_eq!(variable(&certificate).as_deref(), Some("a forgery of the credential `service`"));
        let posted = record("POST", "/o?key=···", &[("Host", "h:1"), ("X-CSRF", "···")], "a='$x'");
        assert_eq!(
            command(&posted, "reference"),
            r#"curl -i -X POST "$TARGET/o?key=$CREDENTIAL" -H "X-CSRF: ${CREDENTIAL_2}" --data-raw 'a='\''$x'\''' -H 'Content-Type:'"#
        );
    }

    #[test]
    fn what_curl_would_change_is_sent_as_it_is() {
        let twice = record("GET", "/a", &[("Host", "h"), ("host", "i"), ("X", "···")], "");
        assert_eq!(
            command(&twice, "https://h"),
            r#"raw printf 'GET /a HTTP/1.1\r\nHost: h\r\nhost: i\r\nX: %s\r\n\r\n' "$CREDENTIAL" | openssl s_client -quiet -connect h:443"#
        );
        let spaced = record("GET", "/a b%20'", &[("Host", "h:80")], "");
        assert_eq!(
            command(&spaced, "http://h:8080"),
            r"raw printf 'GET /a b%%20\047 HTTP/1.1\r\nHost: h:80\r\n\r\n' | nc h 8080"
        );
        let dotted = record("HEAD", "/a/../b", &[("Host", "h")], "");
        assert_eq!(command(&dotted, "http://h"), "curl -i --head --path-as-is 'http://h/a/../b'");
        let bracketed = record("GET", "/a?[=1", &[("Host", "h")], "");
        assert_eq!(command(&bracketed, "http://h"), "curl -i --globoff 'http://h/a?[=1'");
        let unseen = record("GET", "/a", &[("Host", "h"), ("X", "a\u{fffd}")], "");
        assert!(matches!(sent_again(&unseen, "http://h"), SentAgain::Replay(_)));
        let long = record("GET", "/a", &[("Host", "h"), ("X", "aaa… (4096 bytes)")], "");
        assert!(matches!(sent_again(&long, "http://h"), SentAgain::Replay(_)));
    }
}
