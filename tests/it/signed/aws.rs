//! A server that verifies AWS Signature Version 4 as the IAM User Guide describes it. It has no memory of signatures, and needs the
//! session token of temporary credentials.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub(crate) const SECRET: &str = "wJalrXUtnFEMI-test-K7MDENG-bPxRfiCY";
pub(crate) const SESSION: &str = "FwoGZXIvYXdzEBYaD+session/token==";
const SCOPE: &str = "us-east-1/execute-api/aws4_request";

/// Requests that were accepted, whether a refusal shows what was signed, and whether chunks are verified.
#[derive(Default)]
pub(crate) struct AwsServer {
    pub(crate) accepted: AtomicU64,
    pub(crate) shows_the_text: bool,
    /// Whether it reads the content of chunks, and not their signatures.
    pub(crate) believes_chunks: bool,
}

/// Starts it.
pub(crate) async fn serve(server: AwsServer) -> (SocketAddr, Arc<AwsServer>) {
    let server = Arc::new(server);
    let router = Router::new().route("/prod/orders", get(orders).post(orders)).with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, server)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), text.as_bytes()).as_ref().to_vec()
}

fn encoded(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}

/// The pairs of a query, decoded.
fn pairs(uri: &Uri) -> Vec<(String, String)> {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let parts = uri.query().unwrap_or_default().split('&').filter(|pair| !pair.is_empty());
    parts
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(one, other)| (decoded(one), decoded(other)))
        .collect()
}

/// The chunks of a body with their signatures (Amazon S3 API Reference); none where it does not end in an empty chunk.
fn chunks_of(body: &[u8]) -> Option<Vec<(&[u8], &str)>> {
    let mut chunks = Vec::new();
    let mut rest = body;
    loop {
        let end = rest.windows(2).position(|pair| pair == b"\r\n")?;
        let (size, signature) = std::str::from_utf8(&rest[..end]).ok()?.split_once(";chunk-signature=")?;
        let size = usize::from_str_radix(size, 16).ok()?;
        let chunk = rest.get(end + 2..end + 2 + size)?;
        chunks.push((chunk, signature));
        rest = rest.get(end + 2 + size..)?.strip_prefix(b"\r\n")?;
        if size == 0 {
            return rest.is_empty().then_some(chunks);
        }
    }
}

/// Whether the chunks of a body are signed, each with the signature before it.
fn chunks_are_signed(chunks: &[(&[u8], &str)], key: &[u8], time: &str, scope: &str, seed: &str) -> bool {
    let mut before = seed.to_owned();
    chunks.iter().all(|(chunk, signature)| {
        let (none, own) = (hex(&Sha256::digest(b"")), hex(&Sha256::digest(chunk)));
        before = hex(&mac(key, &format!("AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{before}\n{none}\n{own}")));
        before == *signature
    })
}

/// Whether a request is signed; what was signed where it is not.
fn look(server: &AwsServer, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), String> {
    let nothing = String::new;
    let pairs = pairs(uri);
    let of_query = |name: &str| pairs.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone());
    let of_field = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let line = of_field("authorization");
    let member = |name: &str| {
        let rest = line.as_ref()?.strip_prefix("AWS4-HMAC-SHA256 ")?;
        rest.split(", ").find_map(|member| member.strip_prefix(name)?.strip_prefix('=').map(str::to_owned))
    };
    let presigned = of_query("X-Amz-Signature").is_some();
    if presigned && of_query("X-Amz-Algorithm").as_deref() != Some("AWS4-HMAC-SHA256") {
        return Err(nothing());
    }
    let get = |query: &str, name: &str| if presigned { of_query(query) } else { member(name) };
    let credential = get("X-Amz-Credential", "Credential").ok_or_else(nothing)?;
    let names = get("X-Amz-SignedHeaders", "SignedHeaders").ok_or_else(nothing)?;
    let signature = get("X-Amz-Signature", "Signature").ok_or_else(nothing)?;
    let named = |name: &str| if presigned { of_query(name) } else { of_field(name) };
    let time = named("X-Amz-Date").ok_or_else(nothing)?;
    if named("X-Amz-Security-Token").as_deref() != Some(SESSION) {
        return Err(nothing());
    }
    let day = time.get(..8).ok_or_else(nothing)?;
    if credential != format!("AKIDEXAMPLE/{day}/{SCOPE}") || !names.split(';').any(|name| name == "host") {
        return Err(nothing());
    }
    let signed_at = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", &time).map_err(|_| nothing())?;
    let signed_at = jiff::tz::Offset::UTC.to_timestamp(signed_at).map_err(|_| nothing())?.as_second();
    let age = jiff::Timestamp::now().as_second() - signed_at;
    let lives = of_query("X-Amz-Expires").and_then(|life| life.parse().ok()).unwrap_or(300);
    if age > lives || age < -300 {
        return Err(nothing());
    }
    let mut sorted: Vec<String> = pairs
        .iter()
        .filter(|(name, _)| name != "X-Amz-Signature")
        .map(|(name, value)| format!("{}={}", encoded(name), encoded(value)))
        .collect();
    sorted.sort();
    let path: Vec<String> = uri.path().split('/').map(encoded).collect();
    let mut text = format!("{method}\n{}\n{}\n", path.join("/"), sorted.join("&"));
    for name in names.split(';') {
        let authority = uri.authority().map(|authority| authority.as_str().to_owned());
        let value = of_field(name).or(authority.filter(|_| name == "host")).ok_or_else(nothing)?;
        text += &format!("{name}:{}\n", value.split_whitespace().collect::<Vec<_>>().join(" "));
    }
    let said = of_field("x-amz-content-sha256").unwrap_or_else(|| hex(&Sha256::digest(body)));
    text += &format!("\n{names}\n{said}");
    let in_chunks = said == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    if !in_chunks && said != hex(&Sha256::digest(body)) {
        return Err(text);
    }
    let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{day}/{SCOPE}\n{}", hex(&Sha256::digest(&text)));
    let key =
        format!("{day}/{SCOPE}").split('/').fold(format!("AWS4{SECRET}").into_bytes(), |key, step| mac(&key, step));
    if hex(&mac(&key, &to_sign)) != signature {
        return Err(text);
    }
    if !in_chunks {
        return Ok(());
    }
    let Some(chunks) = chunks_of(body) else { return Err(text) };
    let length = chunks.iter().map(|(chunk, _)| chunk.len()).sum::<usize>().to_string();
    let announced = of_field("x-amz-decoded-content-length").as_deref() == Some(&length);
    let scope = format!("{day}/{SCOPE}");
    let signed = server.believes_chunks || chunks_are_signed(&chunks, &key, &time, &scope, &signature);
    if announced && signed { Ok(()) } else { Err(text) }
}

async fn orders(
    State(server): State<Arc<AwsServer>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match look(&server, &method, &uri, &headers, &body) {
        Ok(()) => {
            server.accepted.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "orders": ["7f0c3b1e-lamp-0001", "9a1d4c2f-desk-0002"] })).into_response()
        }
        Err(text) => {
            let text = if server.shows_the_text { text } else { String::new() };
            (StatusCode::FORBIDDEN, format!("<Error><Code>AccessDenied</Code><Text>{text}</Text></Error>\n"))
                .into_response()
        }
    }
}
