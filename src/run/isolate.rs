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
    #[error("the check was cancelled before it finished")]
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
    use crate::check::Verdict;
    use crate::event::{CheckResult, Event, ScenarioFinished};
    use crate::exit::Exit;
    use crate::run::{Launch, Only, Options, prepare, run};

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

    struct Empty;
    impl crate::scenario::Environment for Empty {
        fn variable(&self, _: &str) -> Option<String> {
            None
        }
    }

    /// The end of a run whose authbench fails in a check: side by side with others, or alone.
    async fn failing_in(check: &'static str) -> (Exit, Vec<CheckResult>, ScenarioFinished) {
        let yaml = "authbench: 1\nname: a\ntarget: { reference: { token_lifetime: 3s } }\nscheme: api-key\n\
                    conformance: { include: [apikey.valid-accepted, apikey.invalid-denied, apikey.missing-denied] }\n";
        let options = Options {
            only: Some(Only::Conformance),
            inconclusive: Exit::Passed,
            fails_in: Some(check),
            ..Options::new(Launch::InProcess)
        };
        let loaded = crate::scenario::load_text("a.yaml".to_owned(), yaml.to_owned()).expect("is a scenario");
        let ready = prepare(vec![loaded], Some(&Empty), &options).expect("is ready");
        let (mut results, mut finished) = (Vec::new(), None);
        let exit = run(ready, &options, &mut |event| match event {
            Event::CheckFinished(result) => results.push(*result),
            Event::ScenarioFinished(end) => finished = Some(end),
            _ => {}
        })
        .await;
        (exit, results, finished.expect("the scenario ended"))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn a_check_that_authbench_fails_in_is_shown_and_counts() {
        for check in ["apikey.invalid-denied", "apikey.valid-accepted"] {
            let (exit, results, finished) = failing_in(check).await;
            // whatever inconclusive ends are to count as
            assert_eq!(exit, Exit::Inconclusive, "{check}");
            let failed = results.iter().find(|result| result.id == check).expect("is shown");
            assert_eq!(failed.verdict, Verdict::Inconclusive, "{check}: {}", failed.summary);
            assert!(
                failed.summary.ends_with(&format!("please report it: a rehearsal in {check}")),
                "{}",
                failed.summary
            );
            assert_eq!((finished.applicable, finished.executed), (3, 2), "{check}");
        }
    }
}
