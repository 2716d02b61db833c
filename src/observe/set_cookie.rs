//! What a `Set-Cookie` field says (RFC 6265 §5.2).

use std::borrow::Cow;
use std::time::Duration;

use super::Request;
use crate::clock;
use crate::secret::Secret;

/// One cookie as an answer sets it.
#[derive(Clone, Debug)]
pub struct SetCookie {
    /// Its name.
    pub name: String,
    /// Its value, as it is sent back.
    pub value: Secret,
    /// Attributes in order, with their names in lower case.
    attributes: Vec<(String, String)>,
}

impl SetCookie {
    /// Reads a field value; none where it has no name.
    pub fn read(line: &str) -> Option<Self> {
        let mut parts = line.split(';');
        let (name, value) = parts.next()?.split_once('=')?;
        let name = name.trim();
        let pair = |part: &str| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (name.trim().to_ascii_lowercase(), value.trim().to_owned())
        };
        let attributes = parts.map(pair).collect();
        (!name.is_empty()).then(|| Self { name: name.to_owned(), value: Secret::new(value.trim()), attributes })
    }

    /// The value of an attribute, by its name in any case: the last one counts (RFC 6265 §5.3). Empty where it has none.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let mut own = self.attributes.iter().rev().filter(|(own, _)| own.eq_ignore_ascii_case(name));
        own.next().map(|(_, value)| value.as_str())
    }

    /// How long a browser keeps it from now on, as it says: Max-Age before Expires (RFC 6265 §5.3). None where it ends with the
    /// browser, and where it says nothing that is read.
    pub fn lives(&self) -> Option<Duration> {
        let seconds = self.attribute("Max-Age").and_then(|age| age.parse::<u64>().ok());
        let until = || {
            // some write the date with hyphens (RFC 6265 §5.1.1)
            let date = jiff::fmt::rfc2822::parse(&self.attribute("Expires")?.replace('-', " ")).ok()?;
            u64::try_from(date.timestamp().as_second() - clock::timestamp().as_second()).ok()
        };
        seconds.or_else(until).map(Duration::from_secs)
    }

    /// Whether it says that requests of every site carry it.
    pub fn is_for_all_sites(&self) -> bool {
        self.attribute("SameSite").is_some_and(|sites| sites.eq_ignore_ascii_case("none"))
    }
}

impl Request {
    /// The name of the first cookie that it carries; empty where it carries none.
    pub fn cookie_name(&self) -> Cow<'_, str> {
        let pairs = self.value_of("cookie").unwrap_or_default();
        let name = pairs.split(|byte| *byte == b'=').next().unwrap_or_default();
        String::from_utf8_lossy(name.trim_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_any_case_and_the_last_one_counts() {
        let read = |line: &str| SetCookie::read(line).expect("a cookie");
        let cookie = read(" sid = a=b ; path=/; HTTPONLY; SameSite=Lax ;samesite=None");
        assert_eq!((cookie.name.as_str(), cookie.value.expose()), ("sid", "a=b"));
        assert_eq!((cookie.attribute("HttpOnly"), cookie.attribute("Path")), (Some(""), Some("/")));
        assert_eq!(cookie.attribute("Secure"), None);
        assert!(cookie.is_for_all_sites() && !read("sid=1; SameSite=Strict").is_for_all_sites());
        assert!(SetCookie::read("nonsense; Path=/").is_none() && SetCookie::read("=x").is_none());
    }
}
