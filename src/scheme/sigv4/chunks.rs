//! Bodies in chunks that are signed one by one (Amazon S3 API Reference, "Transferring Payload in Multiple Chunks").

use crate::scheme::signing::{Chunks, hexadecimal, hmac_sha256, sha256};

/// What is said of such a body in the canonical request.
pub(super) const PAYLOAD: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
/// The name of the algorithm of a chunk.
const ALGORITHM: &str = "AWS4-HMAC-SHA256-PAYLOAD";
/// Bytes of a chunk; each but the last has to have 8 KiB or more.
const CHUNK: usize = 64 * 1024;

/// What the signatures of chunks are made with.
pub(super) struct ChunkSigner<'a> {
    pub(super) key: &'a [u8],
    pub(super) time: &'a str,
    pub(super) scope: &'a str,
}

impl ChunkSigner<'_> {
    /// The signatures of the chunks of a body and of the empty one that ends it: each is made of the one before.
    fn signatures(&self, seed: &str, body: &[u8]) -> Vec<String> {
        let mut signatures: Vec<String> = Vec::new();
        for chunk in body.chunks(CHUNK).chain([&[][..]]) {
            let previous = signatures.last().map_or(seed, String::as_str);
            let (time, scope, none) = (self.time, self.scope, sha256(b""));
            let text = format!("{ALGORITHM}\n{time}\n{scope}\n{previous}\n{none}\n{}", sha256(chunk));
            signatures.push(hexadecimal(&hmac_sha256(self.key, text.as_bytes())));
        }
        signatures
    }

    /// A body as it is sent, after the signature of its head.
    pub(super) fn framed(&self, seed: &str, chunks: &Chunks) -> Vec<u8> {
        let mut signatures = self.signatures(seed, &chunks.signed);
        if chunks.alters_signature
            && let Some(first) = signatures.first_mut()
        {
            let other = if first.ends_with('0') { "1" } else { "0" };
            first.replace_range(first.len() - 1.., other);
        }
        let last = signatures.pop().unwrap_or_default();
        let mut framed = Vec::with_capacity(chunks.sent.len() + 256);
        let mut write = |chunk: &[u8], signature: &str| {
            framed.extend_from_slice(format!("{:x};chunk-signature={signature}\r\n", chunk.len()).as_bytes());
            framed.extend_from_slice(chunk);
            framed.extend_from_slice(b"\r\n");
        };
        for (at, chunk) in chunks.sent.chunks(CHUNK).enumerate() {
            write(chunk, signatures.get(at).unwrap_or(&last));
        }
        if !chunks.lacks_last {
            write(&[], &last);
        }
        framed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the reference: 65 KiB in chunks of 64 KiB.
    #[test]
    fn chunks_have_the_signatures_of_the_published_example() {
        let key = ["20130524", "us-east-1", "s3", "aws4_request"]
            .iter()
            .fold(b"AWS4wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY".to_vec(), |key, step| {
                hmac_sha256(&key, step.as_bytes())
            });
        let signer = ChunkSigner { key: &key, time: "20130524T000000Z", scope: "20130524/us-east-1/s3/aws4_request" };
        let seed = "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9";
        let chunks = Chunks::of(&[b'a'; 66_560]);
        let signatures = [
            "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
            "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
            "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
        ];
        assert_eq!(signer.signatures(seed, &chunks.signed), signatures);
        let framed = signer.framed(seed, &chunks);
        assert_eq!(framed.len(), 66_824, "the Content-Length of the example");
        let heads = [0x10000, 0x400, 0].into_iter().zip(signatures);
        for (size, signature) in heads {
            let head = format!("{size:x};chunk-signature={signature}\r\n");
            assert!(framed.windows(head.len()).any(|part| part == head.as_bytes()), "{head}");
        }
    }
}
