//! Bodies as they are searched: content codings undone within a limit.

use std::borrow::Cow;
use std::io::Read as _;

/// Bytes of a decoded body that are searched; a small answer can unfold into a large one.
const DECODED: u64 = 8 << 20;

/// Undoes the content coding (RFC 9110 §8.4) as far as it is known here; none where it is not.
pub(super) fn decoded<'a>(body: &'a [u8], coding: Option<&[u8]>) -> Option<Cow<'a, [u8]>> {
    let coding = coding.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let mut room = Vec::new();
    // a body that breaks off is searched as far as it goes
    match coding.as_slice() {
        b"" | b"identity" => return Some(Cow::Borrowed(body)),
        b"gzip" | b"x-gzip" => drop(flate2::read::MultiGzDecoder::new(body).take(DECODED).read_to_end(&mut room)),
        b"deflate" => {
            // RFC 9110 §8.4.1.2: the zlib format; some servers leave its wrapper out
            let _ = flate2::read::ZlibDecoder::new(body).take(DECODED).read_to_end(&mut room);
            if room.is_empty() {
                let _ = flate2::read::DeflateDecoder::new(body).take(DECODED).read_to_end(&mut room);
            }
        }
        _ => return None,
    }
    Some(Cow::Owned(room))
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
        assert_eq!(decoded(&gzip, Some(b"gzip")).as_deref(), Some(&b"some data"[..]));
        assert_eq!(decoded(b"plain", None).as_deref(), Some(&b"plain"[..]));
        assert_eq!(decoded(b"plain", Some(b" Identity ")).as_deref(), Some(&b"plain"[..]));
        assert_eq!(decoded(b"\x0b\x02", Some(b"br")), None);
    }
}
