//! Writes of a session with the lines of another one: its CSRF token, and the cookies that the token is compared with.

use percent_encoding::percent_decode_str;

use super::{Halt, Stage};
use crate::drive::login::HeldCredential;
use crate::plan::OtherLines;
use crate::scheme::{CarrierPlace, Companion};
use crate::secret::Secret;

/// Why a CSRF token of somebody else shows nothing.
const SAME_FOR_ALL: &str = "what goes along with writes (`write_headers`, `write_fields`) is the same in two sessions: it holds no token of a session";

/// Why no CSRF token is older than its login.
const NOTHING_EARLIER: &str =
    "no answer before the login has what `write_headers` or `write_fields` need: there is no earlier CSRF token";

/// Characters of a token that is in a cookie by no chance.
const LEAST_TOKEN: usize = 12;

impl Stage<'_> {
    /// What goes along with a session that writes with other lines than its own; none where nothing is sent.
    pub(super) fn with_other_lines(
        &self,
        own: &[Companion],
        lines: OtherLines,
    ) -> Result<Option<Vec<Companion>>, Halt> {
        let of_another = |slot: &str| {
            let others = self.kept(slot)?.companions.clone();
            match tell_nothing_of_a_session(own, &others) {
                true => Err(Halt::Inapplicable(SAME_FOR_ALL.to_owned())),
                false => Ok(others),
            }
        };
        Ok(match lines {
            OtherLines::None => Some(replaced(own, &[])),
            OtherLines::NoPair => without_pair(own),
            OtherLines::EmptyPair => with_empty_pair(own),
            OtherLines::Of(slot) => Some(replaced(own, &of_another(slot)?)),
            OtherLines::PairOf(slot) => paired(own, &of_another(slot)?),
        })
    }

    /// What the session in a slot holds, with its lines for writes as they were before its login.
    pub(super) fn with_earlier_lines(&self, slot: &str) -> Result<HeldCredential, Halt> {
        let held = self.slot_held(slot)?;
        let earlier = self.kept_session(slot)?.session.earlier_lines();
        let earlier = earlier.ok_or_else(|| Halt::Inapplicable(NOTHING_EARLIER.to_owned()))?;
        Ok(HeldCredential { companions: replaced(&held.companions, earlier), ..held })
    }
}

/// Whether the lines that go along with writes are the same in two sessions.
fn tell_nothing_of_a_session(own: &[Companion], others: &[Companion]) -> bool {
    let of_writes = |all: &[Companion]| {
        let lines = all.iter().filter(|one| one.writes_only).map(|one| one.value.expose().to_owned());
        lines.collect::<Vec<_>>()
    };
    of_writes(own) == of_writes(others)
}

/// What goes along with a session, with the lines of another one for writes.
fn replaced(own: &[Companion], others: &[Companion]) -> Vec<Companion> {
    let kept = own.iter().filter(|one| !one.writes_only);
    kept.chain(others.iter().filter(|one| one.writes_only)).cloned().collect()
}

/// Whether a line for writes repeats a cookie.
fn repeats(line: &Companion, cookie: &Companion) -> bool {
    let (line, value) = (line.value.expose(), cookie.value.expose());
    let decoded = percent_decode_str(value).decode_utf8_lossy();
    // a cookie may hold the token and its signature
    line.contains(value) || line.contains(&*decoded) || (line.len() >= LEAST_TOKEN && decoded.contains(line))
}

/// Whether it is a cookie that a line for writes of the same session repeats.
fn is_repeated(cookie: &Companion, all: &[Companion]) -> bool {
    let is_cookie = !cookie.writes_only && matches!(cookie.place, CarrierPlace::Cookie(_));
    let is_filled = !cookie.value.expose().is_empty();
    is_cookie && is_filled && all.iter().any(|one| one.writes_only && repeats(one, cookie))
}

/// The cookies of a session that have the token which a line for writes repeats.
fn token_cookies(own: &[Companion]) -> Vec<&Companion> {
    let is_token = |one: &&Companion| one.value.expose().len() >= LEAST_TOKEN && is_repeated(one, own);
    own.iter().filter(is_token).collect()
}

/// What goes along with a session without its lines for writes and the cookies that have the same token; none where no cookie has it.
fn without_pair(own: &[Companion]) -> Option<Vec<Companion>> {
    let tokens = token_cookies(own);
    let is_left = |one: &&Companion| !one.writes_only && !tokens.iter().any(|token| token.place == one.place);
    (!tokens.is_empty()).then(|| own.iter().filter(is_left).cloned().collect())
}

/// The same with nothing in these lines and cookies. A line of another kind stays: some servers look at its name alone.
fn with_empty_pair(own: &[Companion]) -> Option<Vec<Companion>> {
    let tokens = token_cookies(own);
    let is_token = |one: &Companion| match one.writes_only {
        true => tokens.iter().any(|token| repeats(one, token)),
        false => tokens.iter().any(|token| token.place == one.place),
    };
    let emptied = |one: &Companion| match is_token(one) {
        true => Companion { value: Secret::new(""), ..one.clone() },
        false => one.clone(),
    };
    (!tokens.is_empty()).then(|| own.iter().map(emptied).collect())
}

/// What goes along with a session, with the lines of another one for writes and those cookies of that one that they repeat; none where
/// they repeat none.
fn paired(own: &[Companion], others: &[Companion]) -> Option<Vec<Companion>> {
    let taken: Vec<&Companion> = others.iter().filter(|one| is_repeated(one, others)).collect();
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

    fn line(value: &str, writes_only: bool) -> Companion {
        let place = CarrierPlace::Header("X-CSRF".to_owned());
        Companion { place, value: Secret::new(value), path: None, writes_only, with_reads: false }
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
    fn a_token_is_left_out_or_emptied_together_with_the_cookie_that_it_repeats() {
        fn text(all: Vec<Companion>) -> String {
            let of = |one: &Companion| match &one.place {
                CarrierPlace::Cookie(name) => format!("{name}={}", one.value.expose()),
                _ => format!("line={}", one.value.expose()),
            };
            all.iter().map(of).collect::<Vec<_>>().join(" ")
        }
        let token = "b07d3e9a41f8=";
        let named = Companion { place: CarrierPlace::Header("X-By".to_owned()), ..line("fetch", true) };
        let both = [cookie("csrf", "b07d3e9a41f8%3D"), cookie("theme", "dark"), line(token, true), named];
        assert_eq!(without_pair(&both).map(text).as_deref(), Some("theme=dark"));
        assert_eq!(with_empty_pair(&both).map(text).as_deref(), Some("csrf= theme=dark line= line=fetch"));
        for cookies in [[cookie("theme", "dark"), cookie("none", "")], [cookie("part", "b0"), cookie("a", "=")]] {
            let own = [&cookies[..], &[line(token, true)]].concat();
            assert_eq!((without_pair(&own).map(text), with_empty_pair(&own).map(text)), (None, None), "no token");
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
