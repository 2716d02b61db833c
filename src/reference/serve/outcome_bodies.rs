//! Bodies of answers that faults send: the data in other shapes, and bodies that do not end as they should.

use std::io::Write as _;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Body;
use axum::http::{HeaderValue, Response, StatusCode, header};
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body_util::Either;
use hyper::body::{Bytes, Frame};
use serde_json::Value;

use super::Sent;
use crate::reference::answer::{self, Answer};

/// Bytes before the data of a padded body.
const PADDING: usize = 1_300_000;
/// Bytes of a piece of a body without an end.
const PIECE: usize = 16 * 1024;

/// How the data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// As to everybody who may have it.
    Same,
    /// Inside another object.
    Wrapped,
    /// In a list.
    InList,
    /// Without one of its members.
    OneMemberShort,
    /// As text/plain.
    Text,
    /// Compressed by gzip (RFC 1952).
    Gzip,
    /// After 1.3 MB of something else.
    Padded,
}

impl Shape {
    /// Puts data into an answer, in place of its body.
    pub(super) fn put(self, data: &Bytes, mut answer: Answer) -> Answer {
        let media_type = if self == Shape::Text { "text/plain" } else { answer::JSON };
        answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
        if self == Shape::Gzip {
            answer.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        answer.map(|_| self.written(data))
    }

    fn written(self, data: &Bytes) -> Bytes {
        match self {
            Shape::Same | Shape::Text => data.clone(),
            Shape::Wrapped => [br#"{"status":"ok","data":"#, &data[..], b"}"].concat().into(),
            Shape::InList => [b"[", &data[..], b"]"].concat().into(),
            Shape::OneMemberShort => without_a_member(data).into(),
            Shape::Gzip => compressed(data).into(),
            Shape::Padded => {
                let padding = "0".repeat(PADDING);
                [br#"{"padding":""#, padding.as_bytes(), br#"","data":"#, &data[..], b"}"].concat().into()
            }
        }
    }
}

/// An object without the first of its members that holds no other values.
fn without_a_member(data: &[u8]) -> Vec<u8> {
    let mut value: Value = serde_json::from_slice(data).unwrap_or_default();
    if let Some(members) = value.as_object_mut() {
        let scalar = members.iter().find(|(_, value)| !value.is_object() && !value.is_array());
        if let Some(name) = scalar.map(|(name, _)| name.clone()) {
            members.remove(&name);
        }
    }
    serde_json::to_vec(&value).unwrap_or_default()
}

fn compressed(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    // writing into memory does not fail
    let _ = encoder.write_all(data);
    encoder.finish().unwrap_or_default()
}

/// 200 with a body that goes on for as long as somebody reads it.
pub(super) fn endless() -> Response<Sent> {
    answer::typed(StatusCode::OK, "text/plain", Bytes::new()).map(|_| broken(BrokenBody::Endless))
}

/// An answer that ends inside its body.
pub(super) fn cut(answer: Answer) -> Response<Sent> {
    let (mut parts, body) = answer.into_parts();
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, broken(BrokenBody::Cut(Some(body.slice(..body.len() / 2)))))
}

/// An answer of which nothing is sent.
pub(super) fn failing() -> Response<Sent> {
    answer::empty(StatusCode::OK).map(|_| broken(BrokenBody::Failed))
}

fn broken(body: BrokenBody) -> Sent {
    Either::Right(Body::new(body))
}

/// A body that does not end as it should.
enum BrokenBody {
    /// It goes on.
    Endless,
    /// It ends after this.
    Cut(Option<Bytes>),
    /// What it held is being sent.
    Sending,
    /// It cannot be read.
    Failed,
}

impl hyper::body::Body for BrokenBody {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, std::io::Error>>> {
        match &mut *self {
            BrokenBody::Endless => Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[b'.'; PIECE]))))),
            BrokenBody::Cut(piece) => match piece.take() {
                Some(piece) => Poll::Ready(Some(Ok(Frame::data(piece)))),
                None => {
                    // hyper sends what it holds while a body has to be waited for, and drops it where a body fails
                    *self = BrokenBody::Sending;
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
            },
            BrokenBody::Sending | BrokenBody::Failed => {
                Poll::Ready(Some(Err(std::io::Error::other("the fault ends this answer"))))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(shape: Shape) -> Bytes {
        shape.written(&Bytes::from_static(br#"{"count":3,"orders":["lamp"]}"#))
    }

    #[test]
    fn shapes_keep_the_data() {
        assert_eq!(written(Shape::Wrapped), &br#"{"status":"ok","data":{"count":3,"orders":["lamp"]}}"#[..]);
        assert_eq!(written(Shape::InList), &br#"[{"count":3,"orders":["lamp"]}]"#[..]);
        assert_eq!(written(Shape::OneMemberShort), &br#"{"orders":["lamp"]}"#[..]);
        assert!(written(Shape::Padded).len() > PADDING && written(Shape::Padded).ends_with(br#"["lamp"]}}"#));
        let mut plain = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&written(Shape::Gzip)[..]), &mut plain)
            .expect("is gzip");
        assert_eq!(plain, written(Shape::Same));
    }
}
