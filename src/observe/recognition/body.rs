//! Bodies as they are searched: content codings undone within a limit.

use std::borrow::Cow;
use std::cell::Cell;
use std::io::Read as _;

/// Bytes of a decoded body that are searched; a small answer can unfold into a large one.
const DECODED: u64 = 2 << 20;

thread_local! {
    /// Room for a decoded body, used again: a target that sends many large ones takes it once.
    static ROOM: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// A body without its content coding.
pub(super) struct Decoded<'a> {
    /// What can be searched: the raw bytes where they cannot be decoded.
    pub(super) bytes: Cow<'a, [u8]>,
    /// Whether that is all of it.
    pub(super) whole: bool,
}

impl Drop for Decoded<'_> {
    fn drop(&mut self) {
        if let Cow::Owned(room) = std::mem::take(&mut self.bytes) {
            ROOM.set(room);
        }
    }
}

/// Undoes the content coding (RFC 9110 §8.4) as far as it is known here.
pub(super) fn decoded<'a>(body: &'a [u8], coding: Option<&[u8]>) -> Decoded<'a> {
    let coding = coding.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let plain = |whole| Decoded { bytes: Cow::Borrowed(body), whole };
    let unfolded = match coding.as_slice() {
        b"" | b"identity" => return plain(true),
        _ if body.is_empty() => return plain(true),
        b"gzip" | b"x-gzip" => unfold(flate2::read::MultiGzDecoder::new(body)),
        // RFC 9110 §8.4.1.2: the zlib format; some servers leave its wrapper out
        b"deflate" => match unfold(flate2::read::ZlibDecoder::new(body)) {
            (bytes, false) if bytes.is_empty() => unfold(flate2::read::DeflateDecoder::new(body)),
            unfolded => unfolded,
        },
        _ => return plain(false),
    };
    match unfolded {
        // what claims a coding and has none is searched as it is
        (bytes, false) if bytes.is_empty() => plain(false),
        (bytes, whole) => Decoded { bytes: Cow::Owned(bytes), whole },
    }
}

/// What comes out of a decoder, and whether that is all.
fn unfold(decoder: impl std::io::Read) -> (Vec<u8>, bool) {
    let mut room = ROOM.take();
    room.clear();
    // at once: what is given back while it grows stays with the allocator for a while, what is not used costs nothing
    room.reserve_exact(usize::try_from(DECODED).unwrap_or_default());
    let ended = decoder.take(DECODED).read_to_end(&mut room).is_ok();
    let whole = ended && (room.len() as u64) < DECODED;
    (room, whole)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn codings_are_undone_and_unknown_ones_are_said_to_be() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        gzip.write_all(b"some data").expect("into memory");
        let gzip = gzip.finish().expect("into memory");
        let cut = &gzip[..gzip.len() - 6];
        for (body, coding, expected, whole) in [
            (&gzip[..], Some("gzip"), &b"some data"[..], true),
            (cut, Some("gzip"), b"some data", false),
            (b"plain", None, b"plain", true),
            (b"plain", Some(" Identity "), b"plain", true),
            // data in clear behind a coding that it does not have is searched too
            (b"plain", Some("gzip"), b"plain", false),
            (b"plain", Some("br"), b"plain", false),
            (b"", Some("gzip"), b"", true),
        ] {
            let decoded = decoded(body, coding.map(str::as_bytes));
            assert_eq!((&*decoded.bytes, decoded.whole), (expected, whole), "{coding:?}");
        }
    }
}
