//! Keeps a mistake of authbench in one check: whatever panics is caught, shown, and counted.

use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};

use thiserror::Error;
use tokio::task::JoinError;

/// What authbench itself failed with.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Crash {
    /// A broken invariant.
    #[error("authbench failed inside this check, please report it: {0}")]
    Panicked(String),
    /// The task was ended from outside.
    #[error("the check was cancelled before it came to its end")]
    Cancelled,
}

impl From<JoinError> for Crash {
    fn from(error: JoinError) -> Self {
        error.try_into_panic().map_or(Crash::Cancelled, |panic| Crash::Panicked(message(panic.as_ref())))
    }
}

/// The first line of what a panic says.
fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    text.and_then(|text| text.lines().next()).unwrap_or("no message").to_owned()
}

/// Calls a function; a panic is an error.
pub(super) fn caught<T>(call: impl FnOnce() -> T) -> Result<T, Crash> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|panic| Crash::Panicked(message(panic.as_ref())))
}

/// A future on a task of its own that ends with this value, whatever it does.
pub(super) struct Isolated<T>(tokio::task::JoinHandle<T>);

impl<T: Send + 'static> Isolated<T> {
    /// Starts it.
    pub(super) fn start(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(future))
    }

    /// Waits for it.
    pub(super) async fn end(&mut self) -> Result<T, Crash> {
        (&mut self.0).await.map_err(Crash::from)
    }
}

impl<T> Drop for Isolated<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_an_error_that_says_what_was_broken() {
        let expected = |text: &str| Err(Crash::Panicked(text.to_owned()));
        assert_eq!(Isolated::start(async { 1 }).end().await, Ok(1));
        assert_eq!(Isolated::<()>::start(async { panic!("no slot {}", 3) }).end().await, expected("no slot 3"));
        assert_eq!(caught::<()>(|| panic!("no slot\nat all")), expected("no slot"));
        let mut endless = Isolated::start(std::future::pending::<()>());
        endless.0.abort();
        assert_eq!(endless.end().await, Err(Crash::Cancelled));
    }
}
