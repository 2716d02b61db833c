//! One exchange over a stream that is open already, whatever carries its bytes.

use tokio::io::{AsyncRead, AsyncWrite};

use super::super::Limits;
use super::{AnswerOfStream, Form, greet};
use crate::observe::Silence;

/// What came back of one exchange.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerOver {
    /// Status code.
    pub status: u16,
    /// Body, cut at the limit.
    pub body: Vec<u8>,
    /// Whether the body was cut.
    pub truncated: bool,
    /// Nanoseconds that the target says it spent on authentication.
    pub auth_ns: Option<u64>,
}

/// Exchanges settings, sends a request and reads its answer.
///
/// # Errors
/// Why there is no whole answer.
pub async fn exchange_over<S>(stream: S, limits: Limits, form: &Form) -> Result<AnswerOver, Silence>
where
    S: AsyncRead + AsyncWrite + Unpin + 'static,
{
    let mut opened = greet(stream, &limits).await?;
    let mut answer = AnswerOfStream::new(limits);
    let ended = {
        let mut exchange = std::pin::pin!(answer.exchange(&mut opened.sender, form));
        tokio::select! {
            biased;
            ended = &mut exchange => ended,
            // why the connection ended is reported to its streams
            () = &mut opened.driver => exchange.await,
        }
    };
    ended.map_err(|failure| failure.silence)?;
    let answer = answer.answer();
    let (status, auth_ns) = (answer.status, answer.auth_ns);
    Ok(AnswerOver { status, body: answer.body.to_vec(), truncated: answer.truncated, auth_ns })
}
