//! Bodies in chunks with a signature each, which is made of the one before.

use aws_lc_rs::hmac;
use sha2::{Digest as _, Sha256};

use super::hexadecimal;
use crate::reference::scheme::hmac::faults;
use crate::reference::state::ReferenceState;

/// What a client says of such a body.
pub(super) const PAYLOAD: &str = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
/// Hexadecimal digits of the size of a chunk, at most.
const SIZE_DIGITS: usize = 8;

/// What the signatures of chunks are verified with.
pub(super) struct ChunkVerifier<'a> {
    pub(super) key: &'a hmac::Key,
    /// The time of the request, and the scope of the key.
    pub(super) dated: (&'a str, &'a str),
    /// The signature of the head.
    pub(super) seed: &'a str,
}

impl ChunkVerifier<'_> {
    /// Whether every chunk has its signature, the last one is empty, and the content has its length.
    pub(super) fn accepts(&self, state: &ReferenceState, body: &[u8], length: usize) -> bool {
        let (mut rest, mut previous, mut content) = (body, self.seed.to_owned(), 0);
        while !rest.is_empty() {
            let Some((chunk, signature, behind)) = next(rest) else { return false };
            let expected = self.signature(&previous, chunk);
            if !state.fault("chunk-signatures-ignored") && !faults::compare(state, &expected, signature) {
                return false;
            }
            if chunk.is_empty() {
                return behind.is_empty() && content == length;
            }
            content += chunk.len();
            (rest, previous) = (behind, expected);
        }
        state.fault("last-chunk-optional") && content == length
    }

    fn signature(&self, previous: &str, chunk: &[u8]) -> String {
        let ((time, scope), none) = (self.dated, hexadecimal(&Sha256::digest(b"")));
        let text = format!(
            "AWS4-HMAC-SHA256-PAYLOAD\n{time}\n{scope}\n{previous}\n{none}\n{}",
            hexadecimal(&Sha256::digest(chunk))
        );
        hexadecimal(hmac::sign(self.key, text.as_bytes()).as_ref())
    }
}

/// The content of the next chunk, its signature, and what is behind it; none where it is no chunk.
fn next(body: &[u8]) -> Option<(&[u8], &str, &[u8])> {
    let end = body.windows(2).position(|pair| pair == b"\r\n")?;
    let head = std::str::from_utf8(&body[..end]).ok()?;
    let (size, signature) = head.split_once(";chunk-signature=")?;
    let is_size = (1..=SIZE_DIGITS).contains(&size.len()) && size.bytes().all(|byte| byte.is_ascii_hexdigit());
    let size = usize::from_str_radix(size, 16).ok().filter(|_| is_size)?;
    let chunk = body.get(end + 2..)?.get(..size)?;
    let behind = body[end + 2 + size..].strip_prefix(b"\r\n")?;
    Some((chunk, signature, behind))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::reference::fault::Faults;
    use crate::reference::state::KeyLocation;

    fn state(fault: Option<&str>) -> ReferenceState {
        ReferenceState::new(Faults::new(fault), KeyLocation::Header("X-API-Key".to_owned()), Duration::ZERO, false)
    }

    /// The example of the Amazon S3 API Reference.
    fn body() -> Vec<u8> {
        let signed = [
            (65_536, "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648"),
            (1024, "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497"),
            (0, "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9"),
        ];
        let chunk = |(size, signature): (usize, &str)| {
            let head = format!("{size:x};chunk-signature={signature}\r\n").into_bytes();
            [head, vec![b'a'; size], b"\r\n".to_vec()].concat()
        };
        signed.into_iter().flat_map(chunk).collect()
    }

    fn accepts(body: &[u8], fault: Option<&str>) -> bool {
        let key = super::super::derived_key(
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            ["20130524", "us-east-1", "s3", "aws4_request"],
        );
        let verifier = ChunkVerifier {
            key: &key,
            dated: ("20130524T000000Z", "20130524/us-east-1/s3/aws4_request"),
            seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
        };
        verifier.accepts(&state(fault), body, 66_560)
    }

    #[test]
    fn the_published_example_is_accepted_and_nothing_else() {
        let body = body();
        assert!(accepts(&body, None));
        let last = body.len() - "0;chunk-signature=\r\n\r\n".len() - 64;
        let changed = |at: usize| {
            let mut changed = body.clone();
            changed[at] ^= 1;
            changed
        };
        let (in_chunk, in_signature) = (1000, 30);
        for (wrong, fault) in [
            (changed(in_chunk), "chunk-signatures-ignored"),
            (changed(in_signature), "chunk-signatures-ignored"),
            (body[..last].to_vec(), "last-chunk-optional"),
        ] {
            assert!(!accepts(&wrong, None));
            assert!(accepts(&wrong, Some(fault)), "{fault}");
        }
        for wrong in [
            &b""[..],
            b"x",
            &body[1..],
            &body[..body.len() - 2],
            &[&body[..], b"0"].concat(),
            b"ffffffff;chunk-signature=00\r\n",
        ] {
            assert!(!accepts(wrong, None));
        }
    }
}
