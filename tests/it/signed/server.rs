//! A server for signed requests, written from docs/signatures.md alone. It refuses with 403 and a body of text.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use axum::body::Bytes;
use axum::extract::{OriginalUri, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::json;
use sha2::{Digest as _, Sha256};

pub(crate) const SECRET: &str = "alice-Signing-Secret-2kV8mT6x";

/// What the server keeps, and the rules that it keeps to.
pub(crate) struct SignatureServer {
    pub(crate) keeps_nonces: bool,
    pub(crate) hashes_bodies: bool,
    pub(crate) compares_times: bool,
    pub(crate) needs_the_host: bool,
    pub(crate) signs_the_query: bool,
    pub(crate) tells_the_expected: bool,
    pub(crate) accepted: AtomicU64,
    pub(crate) nonces: Mutex<BTreeSet<String>>,
}

impl Default for SignatureServer {
    fn default() -> Self {
        Self {
            keeps_nonces: true,
            hashes_bodies: true,
            compares_times: true,
            needs_the_host: true,
            signs_the_query: true,
            tells_the_expected: false,
            accepted: AtomicU64::new(0),
            nonces: Mutex::default(),
        }
    }
}

/// Starts it.
pub(crate) async fn serve(server: SignatureServer) -> (SocketAddr, Arc<SignatureServer>) {
    let server = Arc::new(server);
    let router = Router::new().route("/orders", get(orders).post(orders)).with_state(server.clone());
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move { axum::serve(listener, router).await });
    (address, server)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Why a request is refused: in words, and the signature that was expected.
type Refusal = (&'static str, String);

impl SignatureServer {
    fn look(&self, method: &Method, uri: &Uri, headers: &HeaderMap, body: &[u8]) -> Result<(), Refusal> {
        let no = |why: &'static str| (why, String::new());
        let mut lines = headers.get_all(header::AUTHORIZATION).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(no("one field is needed")) };
        let line = line.to_str().map_err(|_| no("no text"))?;
        let rest = line.strip_prefix("HMAC-SHA256 ").ok_or(no("another scheme"))?;
        let members: BTreeMap<&str, &str> = rest
            .split(", ")
            .filter_map(|member| member.split_once('='))
            .map(|(name, value)| (name, value.trim_matches('"')))
            .collect();
        let get = |name: &str| members.get(name).copied().ok_or(no("a member is missing"));
        let (key_id, time, nonce) = (get("keyid")?, get("time")?, get("nonce")?);
        let (fields, digest, signature) = (get("fields")?, get("body")?, get("signature")?);
        if key_id != "alice" {
            return Err(no("who is that"));
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970").as_secs() as i64;
        let signed_at = time.parse::<i64>().unwrap_or_default();
        if self.compares_times && (now - signed_at).abs() > 60 {
            return Err(no("too old"));
        }
        let names: Vec<&str> = fields.split(';').filter(|name| !name.is_empty()).collect();
        if self.needs_the_host && !names.contains(&"host") {
            return Err(no("the host is not signed"));
        }
        let mut text = format!("HMAC-SHA256\n{key_id}\n{time}\n{nonce}\n{method}\n{}\n", uri.path());
        let mut pairs: Vec<(String, String)> =
            uri.query().unwrap_or_default().split('&').filter_map(canonical).collect();
        pairs.sort();
        if self.signs_the_query {
            text += &pairs.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("&");
        } else if method == Method::GET {
            text += "page=1";
        }
        text.push('\n');
        for name in names {
            let authority = uri.authority().map(|authority| authority.as_str());
            let of_field = || headers.get(name).and_then(|value| value.to_str().ok());
            let value = if name == "host" { of_field().or(authority) } else { of_field() };
            let value = value.ok_or(no("a signed field is not there"))?;
            text += &format!("{name}:{}\n", value.trim());
        }
        text += &format!("{fields}\n{digest}");
        if self.hashes_bodies && hex(&Sha256::digest(body)) != digest {
            return Err(no("another body"));
        }
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let expected = hex(hmac::sign(&key, text.as_bytes()).as_ref());
        if expected != signature {
            return Err(("another signature", expected));
        }
        let fresh = self.nonces.lock().expect("is free").insert(nonce.to_owned());
        if self.keeps_nonces && !fresh {
            return Err(no("once more"));
        }
        Ok(())
    }
}

/// A pair of the query with its encoding made the one of the documentation.
fn canonical(pair: &str) -> Option<(String, String)> {
    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
    (!pair.is_empty()).then(|| (anew(name), anew(value)))
}

fn anew(text: &str) -> String {
    let mut out = String::new();
    for byte in percent_encoding::percent_decode_str(text) {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            other => out += &format!("%{other:02X}"),
        }
    }
    out
}

async fn orders(
    State(server): State<Arc<SignatureServer>>,
    method: Method,
    OriginalUri(uri): OriginalUri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    match server.look(&method, &uri, &headers, &body) {
        Ok(()) => {
            server.accepted.fetch_add(1, Ordering::Relaxed);
            Json(json!({ "orders": ["7f0c3b1e-lamp-0001", "9a1d4c2f-desk-0002"] })).into_response()
        }
        Err((why, expected)) => {
            let more = if server.tells_the_expected { format!(", expected {expected}") } else { String::new() };
            (StatusCode::FORBIDDEN, format!("denied: {why}{more}\n")).into_response()
        }
    }
}
