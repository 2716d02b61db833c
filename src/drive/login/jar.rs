//! The cookies of one login (RFC 6265).

use super::LoginSession;
use crate::clock;
use crate::drive::control::ControlAnswer;
use crate::scheme::is_below;
use crate::secret::Secret;

/// Cookies that are kept; a server that sets more is not helped by them.
const MOST: usize = 64;

/// One cookie.
#[derive(Clone, Debug)]
pub(super) struct Cookie {
    pub(super) name: String,
    pub(super) value: Secret,
    pub(super) path: Option<String>,
    /// Seconds that it lasts, where the server says so (RFC 6265 §5.2.2).
    pub(super) max_age: Option<f64>,
}

/// Which of the cookies that are held requests carry.
#[derive(Clone, Debug)]
pub(super) enum SentCookies {
    All,
    None,
    Only(String),
}

/// Cookies that are held.
#[derive(Clone, Debug, Default)]
pub(super) struct Jar(Vec<Cookie>);

impl Jar {
    /// Takes the cookies that an answer sets, and drops those that it ends.
    pub(super) fn take(&mut self, answer: &ControlAnswer) {
        self.take_lines(answer.header_values("set-cookie"));
    }

    /// Takes the cookies of `Set-Cookie` fields, and drops those that they end.
    pub(super) fn take_lines(&mut self, lines: impl Iterator<Item = impl AsRef<str>>) {
        for line in lines {
            let Some((cookie, ended)) = read(line.as_ref()) else { continue };
            self.0.retain(|held| held.name != cookie.name || held.path != cookie.path);
            if !ended && self.0.len() < MOST {
                self.0.push(cookie);
            }
        }
    }

    /// Keeps a cookie that no answer has set, for every path.
    pub(super) fn put(&mut self, name: &str, value: Secret) {
        self.0.push(Cookie { name: name.to_owned(), value, path: Some("/".to_owned()), max_age: None });
    }

    /// Puts another value in place of one, in each cookie that has it.
    pub(super) fn replace(&mut self, value: &Secret, other: &Secret) {
        self.0.iter_mut().filter(|held| held.value == *value).for_each(|held| held.value = other.clone());
    }

    /// The latest cookie of a name.
    pub(super) fn get(&self, name: &str) -> Option<&Cookie> {
        self.0.iter().rev().find(|cookie| cookie.name == name)
    }

    /// All cookies.
    pub(super) fn all(&self) -> &[Cookie] {
        &self.0
    }

    /// The `Cookie` field of a request to a path (RFC 6265 §5.4); none where no cookie goes there.
    pub(super) fn field(&self, path: &str) -> Option<String> {
        let here = self.0.iter().filter(|cookie| cookie.path.as_deref().is_none_or(|own| is_below(own, path)));
        let pairs: Vec<String> = here.map(|cookie| format!("{}={}", cookie.name, cookie.value.expose())).collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

impl LoginSession {
    /// Each cookie that it holds: name, value and the path below which it travels.
    pub fn cookies(&self) -> impl Iterator<Item = (&str, &Secret, Option<&str>)> {
        self.state.jar.all().iter().map(|cookie| (cookie.name.as_str(), &cookie.value, cookie.path.as_deref()))
    }

    /// A copy whose requests carry no cookie; what else they take from answers they keep.
    #[must_use]
    pub fn without_cookies(&self) -> Self {
        let mut changed = self.clone();
        changed.sent_cookies = SentCookies::None;
        changed
    }

    /// A copy whose requests carry one cookie, where it goes, and no other.
    #[must_use]
    pub fn with_cookie_alone(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.sent_cookies = SentCookies::Only(name.to_owned());
        changed
    }

    /// The credential as the cookie of this name, once there is one and where no answer has set that.
    pub(super) fn credential_cookie(&self, name: &str) -> Option<String> {
        let goes = match &self.sent_cookies {
            SentCookies::All => true,
            SentCookies::None => false,
            SentCookies::Only(only) => only == name,
        };
        let token = self.state.token.as_ref().filter(|_| goes && self.state.jar.get(name).is_none())?;
        Some(format!("{name}={}", token.expose()))
    }

    /// The `Cookie` field of its requests to a path.
    pub(super) fn cookie_field(&self, path: &str) -> Option<String> {
        let jar = &self.state.jar;
        match &self.sent_cookies {
            SentCookies::All => jar.field(path),
            SentCookies::None => None,
            SentCookies::Only(name) => Jar(jar.0.iter().filter(|own| own.name == *name).cloned().collect()).field(path),
        }
    }

    /// A copy that has another text in place of its credential, wherever its requests or its cookies hold it.
    #[must_use]
    pub fn with_session_cookie(&self, other: Secret) -> Self {
        let mut changed = self.clone();
        changed.state.replace(self.cookie_left(), other);
        changed
    }
}

/// One `Set-Cookie` field (RFC 6265 §5.2), and whether it ends the cookie.
pub(super) fn read(line: &str) -> Option<(Cookie, bool)> {
    let mut parts = line.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), Secret::new(value.trim()));
    if name.is_empty() || name.chars().any(|c| c.is_control() || c == ' ') || value.has_control_characters() {
        return None;
    }
    let (mut path, mut ended) = (None, value.expose().is_empty());
    let mut max_age = None;
    for part in parts {
        let (key, given) = part.split_once('=').map_or((part, ""), |(key, given)| (key.trim(), given.trim()));
        match key.to_ascii_lowercase().as_str() {
            "path" if given.starts_with('/') => path = Some(given.to_owned()),
            "max-age" => max_age = given.parse::<i64>().ok(),
            "expires" => {
                let end = jiff::fmt::rfc2822::parse(&given.replace('-', " "));
                ended |= end.is_ok_and(|end| end.timestamp().as_second() < clock::unix_seconds());
            }
            _ => {}
        }
    }
    // RFC 6265 §5.3: Max-Age has precedence over Expires
    let ended = max_age.map_or(ended, |age| age <= 0);
    let max_age = max_age.map(|age: i64| age as f64);
    Some((Cookie { name: name.to_owned(), value, path, max_age }, ended))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::login::LoginProcedure;

    fn jar(lines: &[&str]) -> Jar {
        let headers = lines.iter().map(|line| ("Set-Cookie".to_owned(), line.as_bytes().to_vec())).collect();
        let mut jar = Jar::default();
        jar.take(&ControlAnswer { status: 200, headers, body: Vec::new(), took: Default::default() });
        jar
    }

    #[test]
    fn a_credential_that_an_answer_gave_travels_in_the_cookie_of_the_scheme() {
        let session = |lines: &[&str], sent: SentCookies, token: Option<&str>| {
            let mut session = LoginSession::new(std::sync::Arc::new(LoginProcedure::in_test(Vec::new())));
            session.state.jar = jar(lines);
            session.state.token = token.map(Secret::new);
            session.sent_cookies = sent;
            session
        };
        for (lines, sent, token, cookie) in [
            (&[][..], SentCookies::All, Some("t"), Some("sid=t")),
            (&["a=1"], SentCookies::Only("sid".to_owned()), Some("t"), Some("sid=t")),
            // before the login, without cookies, and where the server has set it itself
            (&[], SentCookies::All, None, None),
            (&[], SentCookies::None, Some("t"), None),
            (&[], SentCookies::Only("a".to_owned()), Some("t"), None),
            (&["sid=own"], SentCookies::All, Some("t"), None),
        ] {
            let shown = format!("{lines:?} {sent:?} {token:?}");
            assert_eq!(session(lines, sent, token).credential_cookie("sid").as_deref(), cookie, "{shown}");
        }
    }

    #[test]
    fn cookies_are_kept_sent_and_ended() {
        for (lines, path, field) in [
            (&["sid=abc; Path=/; HttpOnly; Secure; SameSite=Lax"][..], "/orders", Some("sid=abc")),
            (&["a=1; Path=/", "b=2; Path=/admin"], "/orders", Some("a=1")),
            (&["a=1; Path=/", "b=2; Path=/admin"], "/admin/x", Some("a=1; b=2")),
            (&["a=1", "a=2"], "/", Some("a=2")),
            (&["a=1", "a=; Max-Age=0"], "/", None),
            (&["a=1", "a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"], "/", None),
            (&["a=1; Max-Age=60; Expires=Thu, 01-Jan-1970 00:00:00 GMT"], "/", Some("a=1")),
            (&["a=x=y=="], "/", Some("a=x=y==")),
            (&["nonsense", "=x", "a b=c"], "/", None),
        ] {
            assert_eq!(jar(lines).field(path).as_deref(), field, "{lines:?}");
        }
    }
}
