//! What comes back to the control plane, or why nothing does.

use std::sync::Arc;

use super::ControlError;
use crate::drive::wire::tunnel::refusal;
use crate::target::proxy::{Proxy, answers_for_itself};
use crate::target::trust::Distrust;

/// Bytes of an answer that are read.
const BODY_LIMIT: usize = 1 << 20;

/// Status and body of an answer, no longer than a limit.
///
/// # Errors
/// When there is none, it is that of a proxy, or it is too long.
pub(super) async fn read(
    answer: Result<reqwest::Response, reqwest::Error>,
    proxy: Option<&Arc<Proxy>>,
) -> Result<(u16, Vec<u8>), ControlError> {
    let silence = |error: reqwest::Error| match (was_closed(&error), error.is_timeout() && !error.is_connect()) {
        (true, _) => ControlError::Closed,
        (false, true) => ControlError::TimedOut,
        (false, false) => ControlError::Unreachable(root_cause(&error.without_url())),
    };
    let mut response = answer.map_err(silence)?;
    let status = response.status().as_u16();
    let proxy_status = response.headers().get("proxy-status").and_then(|value| value.to_str().ok()).unwrap_or_default();
    if let Some(proxy) = proxy.filter(|_| answers_for_itself(status, proxy_status)) {
        return Err(ControlError::Unreachable(refusal(proxy, status)));
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(silence)? {
        body.extend_from_slice(&chunk);
        if body.len() > BODY_LIMIT {
            return Err(ControlError::Unusable(format!("an answer of more than {BODY_LIMIT} bytes")));
        }
    }
    Ok((status, body))
}

/// Whether a connection that was there was closed before the answer.
fn was_closed(error: &reqwest::Error) -> bool {
    if error.is_connect() || error.is_timeout() {
        return false;
    }
    let mut causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.any(|cause| {
        let ended = |error: &std::io::Error| {
            matches!(error.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::UnexpectedEof)
        };
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_incomplete_message)
            || cause.downcast_ref::<std::io::Error>().is_some_and(ended)
    })
}

fn root_cause(error: &(dyn std::error::Error + 'static)) -> String {
    if let Some(distrust) = Distrust::within(error) {
        return distrust.to_string();
    }
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
