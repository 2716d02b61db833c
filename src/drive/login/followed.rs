//! Sessions whose identifier changes with the answer to a write, followed as a browser follows them (RFC 6265 §5.3).

use std::sync::PoisonError;
use std::time::Duration;

use super::jar::read;
use super::{LoginSession, Logins};
use crate::clock;
use crate::observe::{Request, Response};
use crate::secret::Secret;

/// How long an account is waited for that somebody else looks at.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

/// A cookie of a request that its answer replaces.
#[derive(Debug)]
struct Replaced {
    was: Secret,
    becomes: Secret,
}

/// What the answer makes of a cookie that its request carried, where that is another value.
fn replaced(request: &Request, answer: &Response, name: &str) -> Option<Replaced> {
    let carried = String::from_utf8_lossy(request.value_of("cookie")?);
    let mut pairs = carried.split(';').filter_map(|pair| pair.trim().split_once('='));
    let was = pairs.find(|(own, _)| *own == name).map(|(_, value)| Secret::new(value))?;
    let lines: Vec<_> = answer.header_values("set-cookie").collect();
    let (cookie, ended) = lines.iter().filter_map(|line| read(line)).rfind(|(cookie, _)| cookie.name == name)?;
    (!ended && cookie.value != was).then_some(Replaced { was, becomes: cookie.value })
}

impl Logins {
    /// Whether somebody holds the session that a request carried and its answer replaces.
    pub async fn holds_replaced(&self, request: &Request, answer: &Response) -> bool {
        let mut holds = false;
        self.with_each_session(|session| holds |= session.replaced_by(request, answer).is_some()).await;
        holds
    }

    /// Goes on with the session that an answer sets in place of the one that its request carried, for whoever holds that.
    pub async fn follow(&self, request: &Request, answer: &Response) {
        self.with_each_session(|session| session.follow(self, request, answer)).await;
    }

    async fn with_each_session(&self, mut look: impl FnMut(&mut LoginSession)) {
        let accounts: Vec<_> = {
            let accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
            accounts.values().cloned().collect()
        };
        for account in accounts {
            // who logs in for so long holds nothing that a request could have carried
            let Ok(mut account) = tokio::time::timeout(LONGEST_WAIT, account.lock()).await else { continue };
            account.session.iter_mut().for_each(&mut look);
        }
    }
}

impl LoginSession {
    fn replaced_by(&self, request: &Request, answer: &Response) -> Option<Replaced> {
        let token = self.held()?.token.as_ref()?;
        let replaced = replaced(request, answer, self.procedure().cookie()?)?;
        (replaced.was == token.value).then_some(replaced)
    }

    fn follow(&mut self, logins: &Logins, request: &Request, answer: &Response) {
        let Some(replaced) = self.replaced_by(request, answer) else { return };
        let former = self.state.clone();
        self.state.jar.take_lines(answer.header_values("set-cookie"));
        match self.token(replaced.becomes, clock::now()).ok().and_then(|token| self.hold(logins, token).ok()) {
            Some(held) => self.have(held),
            // what is no credential takes the place of none
            None => self.state = former,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_replaced_by_another_value_that_lives() {
        let answer = |line: &str| Response {
            status: 200,
            headers: vec![("Set-Cookie".to_owned(), line.as_bytes().to_vec())],
            body: Vec::new(),
            truncated: false,
        };
        let bare = Request::new("POST", "/");
        assert!(replaced(&bare, &answer("sid=latter2"), "sid").is_none(), "nothing was carried");
        let request = bare.credential_header("Cookie", "theme=dark; sid=former1");
        for (line, expected) in [
            ("sid=latter2; Path=/; HttpOnly", Some("latter2")),
            ("sid=former1; Path=/", None),
            ("sid=; Max-Age=0", None),
            ("sid=latter2; Max-Age=0", None),
            ("other=latter2", None),
        ] {
            let found = replaced(&request, &answer(line), "sid");
            assert_eq!(found.as_ref().map(|one| one.becomes.expose()), expected, "{line}");
            assert!(found.is_none_or(|one| one.was.expose() == "former1"), "{line}");
        }
    }
}
