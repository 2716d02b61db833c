//! Writes of a session with the lines of another one: its CSRF token, and the cookies that the token is compared with.

use percent_encoding::percent_decode_str;

use super::{Halt, Stage};
use crate::drive::login::HeldCredential;
use crate::scheme::{CarrierPlace, Companion};

/// Why a CSRF token of somebody else shows nothing.
pub(super) const SAME_FOR_ALL: &str =
    "the `write_headers` of two sessions are the same: they hold no token of a session";

/// Why no CSRF token is older than its login.
const NOTHING_EARLIER: &str =
    "no answer before the login has what `write_headers` need: there is no earlier CSRF token";

/// Characters of a token that is in a cookie by no chance.
const LEAST_TOKEN: usize = 12;

impl Stage<'_> {
    /// What the session in a slot holds, with its lines for writes as they were before its login.
    pub(super) fn with_earlier_lines(&self, slot: &str) -> Result<HeldCredential, Halt> {
        let held = self.slot_held(slot)?;
        let earlier = self.kept_session(slot)?.session.earlier_lines();
        let earlier = earlier.ok_or_else(|| Halt::Inapplicable(NOTHING_EARLIER.to_owned()))?;
        Ok(HeldCredential { companions: replaced(&held.companions, earlier), ..held })
    }
}

/// Whether the lines that go along with writes are the same in two sessions.
pub(super) fn tell_nothing_of_a_session(own: &[Companion], others: &[Companion]) -> bool {
    let of_writes = |all: &[Companion]| {
        let lines = all.iter().filter(|one| one.writes_only).map(|one| one.value.expose().to_owned());
        lines.collect::<Vec<_>>()
    };
    of_writes(own) == of_writes(others)
}

/// What goes along with a session, with the lines of another one for writes.
pub(super) fn replaced(own: &[Companion], others: &[Companion]) -> Vec<Companion> {
    let kept = own.iter().filter(|one| !one.writes_only);
    kept.chain(others.iter().filter(|one| one.writes_only)).cloned().collect()
}

/// The same with those cookies of the other session that its lines repeat; none where they repeat none.
pub(super) fn paired(own: &[Companion], others: &[Companion]) -> Option<Vec<Companion>> {
    let lines = || others.iter().filter(|one| one.writes_only);
    let is_repeated = |cookie: &Companion| {
        let value = cookie.value.expose();
        let decoded = percent_decode_str(value).decode_utf8_lossy();
        // a cookie may hold the token and its signature
        let repeats = |line: &str| {
            line.contains(value) || line.contains(&*decoded) || (line.len() >= LEAST_TOKEN && decoded.contains(line))
        };
        !value.is_empty() && lines().any(|line| repeats(line.value.expose()))
    };
    let is_cookie = |one: &&Companion| !one.writes_only && matches!(one.place, CarrierPlace::Cookie(_));
    let taken: Vec<&Companion> = others.iter().filter(is_cookie).filter(|cookie| is_repeated(cookie)).collect();
    if taken.is_empty() {
        return None;
    }
    let mut all = replaced(own, others);
    all.retain(|one| one.writes_only || !taken.iter().any(|cookie| cookie.place == one.place));
    all.extend(taken.into_iter().cloned());
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::secret::Secret;

    fn line(value: &str, writes_only: bool) -> Companion {
        let place = CarrierPlace::Header("X-CSRF".to_owned());
        Companion { place, value: Secret::new(value), path: None, writes_only }
    }

    fn cookie(name: &str, value: &str) -> Companion {
        Companion { place: CarrierPlace::Cookie(name.to_owned()), ..line(value, false) }
    }

    #[test]
    fn lines_that_are_the_same_for_all_tell_nothing_of_a_session() {
        for (one, other, expected) in [
            (line("a", true), line("a", true), true),
            (line("a", true), line("b", true), false),
            // what every request has is no token of a write
            (line("a", false), line("b", false), true),
        ] {
            assert_eq!(tell_nothing_of_a_session(&[one], &[other]), expected);
        }
    }

    #[test]
    fn cookies_that_the_lines_repeat_come_with_them() {
        let own = [cookie("csrf", "own%3D"), cookie("theme", "dark"), line("own=", true)];
        let told = |others: &[Companion]| {
            let paired = paired(&own, others)?;
            let text = |one: &Companion| match &one.place {
                CarrierPlace::Cookie(name) => format!("{name}={}", one.value.expose()),
                _ => one.value.expose().to_owned(),
            };
            Some(paired.iter().map(text).collect::<Vec<_>>().join(" "))
        };
        let others = [cookie("csrf", "other%3D"), cookie("remember", "secret"), line("other=", true)];
        assert_eq!(told(&others).as_deref(), Some("theme=dark other= csrf=other%3D"));
        let signed = [cookie("csrf", "b07d3e9a41f8.9c51e0"), line("b07d3e9a41f8", true)];
        assert_eq!(told(&signed).as_deref(), Some("theme=dark b07d3e9a41f8 csrf=b07d3e9a41f8.9c51e0"));
        assert_eq!(told(&[cookie("remember", "secret"), line("other=", true)]), None, "no cookie is repeated");
        assert_eq!(told(&[cookie("csrf", ""), line("other=", true)]), None, "an empty cookie is in every line");
    }
}
