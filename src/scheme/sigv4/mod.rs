//! AWS Signature Version 4: in the `Authorization` field, or in the query of a presigned address.

mod chunks;

use crate::observe::{Phrase, Request};
use crate::scheme::forgery::malformed;
use crate::scheme::signing::{
    Chunks, Dialect, Piece, SigningForgeries, SigningParts, canonical_query, encoded_anew, encoded_once, hmac_sha256,
    proven, sha256,
};
use crate::scheme::{Carried, Carrier, CarrierPlace, Forged, Forgery, Occasion, Proof, RequestPart, Reuse, Scheme};

pub(crate) struct SigV4Scheme;

/// The parameter of a presigned address that holds the signature.
const SIGNATURE: &str = "X-Amz-Signature";

impl SigV4Scheme {
    /// Where the signature of a presigned address goes.
    pub(crate) fn in_query() -> Carrier {
        Carrier { place: CarrierPlace::Query(SIGNATURE.to_owned()), prefix: String::new() }
    }
}

impl Scheme for SigV4Scheme {
    fn name(&self) -> &'static str {
        "sigv4"
    }

    fn profile_name(&self) -> &'static str {
        "hmac-signature"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["hmac", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization(SigV4Dialect::ALGORITHM)
    }

    /// Without a request there is nothing to sign.
    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn prove(&self, carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
        proven::<SigV4Dialect>(carrier, proof, occasion)
    }

    fn forgeries(&self) -> &'static [Forgery] {
        SigningForgeries::<SigV4Dialect>::TABLE
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        malformed::behind_prefix(carrier)
    }
}

/// How this scheme writes what it signs.
struct SigV4Dialect;

impl Dialect for SigV4Dialect {
    const ALGORITHM: &'static str = "AWS4-HMAC-SHA256";
    // it has no nonce, and most services hash the body themselves
    const OPTIONAL: &'static [Piece] = &[Piece::Nonce, Piece::Body];
    const HAS_SCOPE: bool = true;

    /// As the SDKs of AWS do: an identifier of the request, so that the signatures of two equal ones differ. A body in chunks is
    /// announced by its length without them.
    fn complete(parts: &mut SigningParts, request: &Request) {
        if parts.credential.chunks_bodies && !request.body.is_empty() {
            chunks::PAYLOAD.clone_into(&mut parts.body);
            parts.chunks = Some(Chunks::of(&request.body));
            let length = request.body.len().to_string();
            for (name, field, value) in [
                ("content-encoding", "Content-Encoding", "aws-chunked"),
                ("x-amz-decoded-content-length", "X-Amz-Decoded-Content-Length", length.as_str()),
            ] {
                parts.send_field(field, value);
                parts.fields.push((name.to_owned(), value.to_owned()));
            }
        }
        if !parts.credential.in_query {
            let id = parts.nonce.clone();
            parts.send_field("amz-sdk-invocation-id", &id);
            parts.fields.push(("amz-sdk-invocation-id".to_owned(), id));
        }
    }

    fn text(parts: &SigningParts) -> String {
        let canonical = canonical(parts);
        let hash = sha256(canonical.as_bytes());
        format!("{}\n{}\n{}\n{hash}", parts.algorithm, time(parts), scope(parts))
    }

    fn key(parts: &SigningParts) -> Vec<u8> {
        let own = &parts.credential;
        let secret = format!("AWS4{}", parts.secret.expose());
        let steps = [day(parts), own.region.clone(), own.service.clone(), "aws4_request".to_owned()];
        steps.iter().fold(secret.into_bytes(), |key, step| hmac_sha256(&key, step.as_bytes()))
    }

    fn carried(parts: &SigningParts, carrier: &Carrier, signature: &str) -> Vec<Carried> {
        if parts.credential.in_query {
            return in_query(parts, carrier, signature);
        }
        let mut carried = Vec::new();
        if parts.has(Piece::Time) {
            carried.push(Carried::beside("X-Amz-Date", time(parts)));
        }
        if parts.says_the_body {
            carried.push(Carried::beside("X-Amz-Content-Sha256", &parts.body));
        }
        carried.extend(
            parts.credential.session_token.iter().map(|token| Carried::header("X-Amz-Security-Token", token.expose())),
        );
        let members = [
            (Piece::KeyId, format!("Credential={}/{}", parts.key_id, scope(parts))),
            (Piece::Fields, format!("SignedHeaders={}", names(parts))),
            (Piece::Signature, format!("Signature={signature}")),
        ];
        let written = members.into_iter().filter(|(piece, _)| parts.has(*piece)).map(|(_, text)| text);
        let text = written.collect::<Vec<_>>().join(", ");
        let carrier = Carrier { prefix: format!("{} ", parts.algorithm), ..carrier.clone() };
        carried.extend(in_chunks(parts, signature));
        carried.push(carrier.carrying(&text));
        carried
    }

    fn body(body: &[u8]) -> String {
        sha256(body)
    }
}

/// The body in chunks; as it is, where a forgery says something else of it.
fn in_chunks(parts: &SigningParts, signature: &str) -> Option<Carried> {
    let chunks = parts.chunks.as_ref()?;
    let (key, time, scope) = (SigV4Dialect::key(parts), time(parts), scope(parts));
    let signer = chunks::ChunkSigner { key: &key, time: &time, scope: &scope };
    let body = match parts.body == chunks::PAYLOAD {
        true => signer.framed(signature, chunks),
        false => chunks.sent.clone(),
    };
    Some(Carried::new(&CarrierPlace::Beside(RequestPart::Body), body))
}

/// A presigned address: everything but the signature is a part of the target.
fn in_query(parts: &SigningParts, carrier: &Carrier, signature: &str) -> Vec<Carried> {
    let beside = CarrierPlace::Beside(RequestPart::Target);
    let sent = parts.sent.iter().rev().find(|one| one.place == beside);
    let target = sent.map_or_else(|| parts.target.clone(), |one| String::from_utf8_lossy(&one.value).into_owned());
    let separator = if target.contains('?') { '&' } else { '?' };
    let target = format!("{target}{separator}{}", parameters(parts));
    let mut carried = vec![Carried::new(&beside, target)];
    if parts.has(Piece::Signature) {
        carried.push(carrier.carrying(signature));
    }
    carried
}

/// The parameters of a presigned address but for the signature.
fn parameters(parts: &SigningParts) -> String {
    let own = &parts.credential;
    let mut pairs = vec![("X-Amz-Algorithm", parts.algorithm.clone())];
    if parts.has(Piece::KeyId) {
        pairs.push(("X-Amz-Credential", format!("{}/{}", parts.key_id, scope(parts))));
    }
    if parts.has(Piece::Time) {
        pairs.push(("X-Amz-Date", time(parts)));
    }
    if parts.has(Piece::Fields) {
        pairs.push(("X-Amz-SignedHeaders", names(parts)));
    }
    pairs.push(("X-Amz-Expires", own.window.as_secs().to_string()));
    pairs.extend(
        own.session_token
            .iter()
            .filter(|_| parts.signs_token)
            .map(|token| ("X-Amz-Security-Token", token.expose().to_owned())),
    );
    let written = pairs.iter().map(|(name, value)| format!("{name}={}", encoded_once(value)));
    written.collect::<Vec<_>>().join("&")
}

/// The canonical request (IAM User Guide, "Create a canonical request").
fn canonical(parts: &SigningParts) -> String {
    let (path, query) = parts.path_and_query();
    let query = match parts.credential.in_query {
        true => canonical_query(&format!("{query}&{}", parameters(parts))),
        false => canonical_query(query),
    };
    let mut lines = vec![parts.method.clone(), canonical_path(parts, path), query];
    lines.extend(fields(parts).into_iter().map(|(name, value)| format!("{name}:{value}")));
    lines.extend([String::new(), names(parts), parts.body.clone()]);
    lines.join("\n")
}

/// The path encoded once more than it is in the request line; by Amazon S3 alone it is neither normalised nor encoded again.
fn canonical_path(parts: &SigningParts, path: &str) -> String {
    if parts.credential.service == "s3" {
        return path.split('/').map(encoded_anew).collect::<Vec<_>>().join("/");
    }
    let path = if parts.normalizes { normalized(path) } else { path.to_owned() };
    path.split('/').map(encoded_once).collect::<Vec<_>>().join("/")
}

/// A path without empty segments and dots (RFC 3986 §5.2.4).
fn normalized(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            segment => kept.push(segment),
        }
    }
    let end = if path.ends_with('/') && !kept.is_empty() { "/" } else { "" };
    format!("/{}{end}", kept.join("/"))
}

/// The signed fields in the order of their names, with the values of each joined and their whitespace made one space.
fn fields(parts: &SigningParts) -> Vec<(String, String)> {
    let mut fields: Vec<(String, String)> = Vec::new();
    let mut add = |name: &str, value: &str| {
        let value = value.split_whitespace().collect::<Vec<_>>().join(" ");
        match fields.iter_mut().find(|(other, _)| other == name) {
            Some((_, values)) => *values = format!("{values},{value}"),
            None => fields.push((name.to_owned(), value)),
        }
    };
    parts.fields.iter().for_each(|(name, value)| add(name, value));
    if !parts.credential.in_query && !parts.fields.is_empty() {
        add("x-amz-date", &time(parts));
        if parts.says_the_body {
            add("x-amz-content-sha256", &parts.body);
        }
        if let Some(token) = parts.credential.session_token.as_ref().filter(|_| parts.signs_token) {
            add("x-amz-security-token", token.expose());
        }
    }
    fields.sort();
    fields
}

fn names(parts: &SigningParts) -> String {
    fields(parts).into_iter().map(|(name, _)| name).collect::<Vec<_>>().join(";")
}

/// The time in the basic format of ISO 8601.
fn time(parts: &SigningParts) -> String {
    parts.time.map_or_else(|| written(parts.at, "%Y%m%dT%H%M%SZ"), str::to_owned)
}

fn day(parts: &SigningParts) -> String {
    written(parts.at + parts.scope_offset, "%Y%m%d")
}

fn scope(parts: &SigningParts) -> String {
    let own = &parts.credential;
    format!("{}/{}/{}/aws4_request", day(parts), own.region, own.service)
}

fn written(seconds: i64, format: &str) -> String {
    let at = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    at.strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::observe::Request;
    use crate::scheme::signing::{SigningCredential, parts};
    use crate::secret::Secret;

    /// The request of a case of the suite.
    fn request(text: &str) -> Request {
        let (head, body) = text.split_once("\n\n").unwrap_or((text.trim_end(), ""));
        let mut lines = head.split('\n');
        let (start, _) = lines.next().and_then(|line| line.rsplit_once(' ')).expect("a request line");
        let (method, target) = start.split_once(' ').expect("a method");
        let mut request = Request::new(method, target);
        for line in lines {
            match line.split_once(':').filter(|_| !line.starts_with(' ')) {
                Some((name, value)) => request.push(name, value, false),
                // a folded line goes on with the value before it
                None => request.headers.last_mut().expect("a field").value.extend(line.as_bytes()),
            }
        }
        request.body = body.as_bytes().to_vec();
        request
    }

    fn parts_of(case: &Value, in_query: bool) -> SigningParts {
        let text = |name: &str| case[name].as_str().unwrap_or_default();
        let request = request(text("request"));
        let credential = SigningCredential {
            region: "us-east-1".to_owned(),
            service: "service".to_owned(),
            session_token: case["session_token"].as_str().map(Secret::new),
            in_query,
            window: std::time::Duration::from_secs(3600),
            ..SigningCredential::new(text("access_key"), Secret::new(text("secret_key")))
        };
        let proof = Proof::Signing(Arc::new(credential));
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "" };
        let mut parts = parts::<SigV4Dialect>(&proof, &occasion).expect("can be signed");
        let field = |header: &crate::observe::Header| {
            (header.name.to_ascii_lowercase(), String::from_utf8_lossy(&header.value).into_owned())
        };
        parts.fields = request.headers.iter().map(field).collect();
        parts.at = 1_440_938_160;
        parts.says_the_body = case["signs_body"] == true;
        parts.signs_token = case["signs_token"] == true;
        parts.normalizes = case["normalizes"] == true;
        parts
    }

    #[test]
    fn canonical_requests_and_signatures_are_those_of_the_suite() {
        let suite: Value = serde_json::from_str(include_str!("../../../tests/vectors/sigv4.json")).expect("JSON");
        let cases = suite["cases"].as_array().expect("cases");
        assert_eq!(cases.len(), 38);
        for case in cases {
            for (in_query, canonical_of, signed) in
                [(false, "header_canonical", "header_signed"), (true, "query_canonical", "query_signed")]
            {
                let (parts, name) = (parts_of(case, in_query), &case["name"]);
                assert_eq!(canonical(&parts), case[canonical_of].as_str().expect("text"), "{name} {canonical_of}");
                let signature = SigV4Dialect::signature(&parts);
                let signed = case[signed].as_str().expect("text");
                let marks = [format!("Signature={signature}\n"), format!("Signature={signature} ")];
                let ends = marks.iter().any(|mark| format!("{signed}\n").contains(mark));
                assert!(
                    ends || signed.contains(&format!("X-Amz-Signature={signature}")),
                    "{name}: {signature} in {signed}"
                );
            }
        }
    }

    /// The example of the Amazon S3 API Reference: the signature of the head, of which that of the first chunk is made.
    #[test]
    fn a_body_in_chunks_is_announced_as_in_the_published_example() {
        let credential = SigningCredential {
            region: "us-east-1".to_owned(),
            service: "s3".to_owned(),
            chunks_bodies: true,
            ..SigningCredential::new("AKIAIOSFODNN7EXAMPLE", Secret::new("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"))
        };
        let proof = Proof::Signing(Arc::new(credential));
        let mut request = Request::new("PUT", "/examplebucket/chunkObject.txt").header("Host", "s3.amazonaws.com");
        request.body = vec![b'a'; 66_560];
        let occasion = Occasion { request: &request, challenge: None, count: 1, random: "" };
        let mut parts = parts::<SigV4Dialect>(&proof, &occasion).expect("can be signed");
        // the example signs two more fields, and no identifier
        parts.fields.retain(|(name, _)| name != "amz-sdk-invocation-id");
        parts.fields.push(("content-length".to_owned(), "66824".to_owned()));
        parts.fields.push(("x-amz-storage-class".to_owned(), "REDUCED_REDUNDANCY".to_owned()));
        parts.at = 1_369_353_600;
        let signature = SigV4Dialect::signature(&parts);
        assert_eq!(signature, "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9");
        let carried = SigV4Dialect::carried(&parts, &SigV4Scheme.carrier(), &signature);
        carried.iter().for_each(|one| one.apply(&mut request));
        assert_eq!(request.value_of("content-length"), Some(&b"66824"[..]));
        let end = "0;chunk-signature=b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9\r\n\r\n";
        assert!(request.body.ends_with(end.as_bytes()));
    }

    #[test]
    fn a_presigned_address_has_the_parameters_of_the_suite() {
        let suite: Value = serde_json::from_str(include_str!("../../../tests/vectors/sigv4.json")).expect("JSON");
        let cases = suite["cases"].as_array().expect("cases").iter();
        // the suite writes the parameters after its own ones, in this order
        let vanilla = cases.clone().find(|case| case["name"] == "get-vanilla").expect("is there");
        let parts = parts_of(vanilla, true);
        let carried = SigV4Dialect::carried(&parts, &SigV4Scheme::in_query(), &SigV4Dialect::signature(&parts));
        let mut request = request(vanilla["request"].as_str().expect("text"));
        carried.iter().for_each(|one| one.apply(&mut request));
        let line = format!("GET {} HTTP/1.1", String::from_utf8_lossy(&request.target));
        assert_eq!(vanilla["query_signed"].as_str().and_then(|text| text.lines().next()), Some(line.as_str()));
    }
}
