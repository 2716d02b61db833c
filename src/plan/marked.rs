//! Texts of logins that are edited as texts, although parts of them are only known when they are sent.

use super::login::{LoginPart, LoginText};
use crate::secret::Secret;

/// The first of the characters that mark a part: of an area that means nothing (Unicode, private use), which no address has.
const FIRST_MARK: u32 = 0xe000;

/// The text with a mark in place of each part that is not known beforehand.
pub(super) fn marked(text: &LoginText) -> String {
    let mut marks = (FIRST_MARK..).filter_map(char::from_u32);
    let mut marked = String::new();
    for part in &text.0 {
        match part {
            LoginPart::Plain(text) => marked.push_str(text),
            LoginPart::Private(text) => marked.push_str(text.expose()),
            _ => marked.extend(marks.next()),
        }
    }
    marked
}

/// Whether a part of a marked text is not known beforehand.
pub(super) fn has_mark(text: &str) -> bool {
    text.chars().any(|c| (FIRST_MARK..0xf900).contains(&u32::from(c)))
}

/// The text as it is after it was edited with its marks; none where the edit changes nothing.
pub(super) fn edited(text: &LoginText, edit: impl FnOnce(&str) -> Option<String>) -> Option<LoginText> {
    let edited = edit(&marked(text))?;
    let is_private = text.0.iter().any(|part| matches!(part, LoginPart::Private(_)));
    let known = |text: String| match is_private {
        true => LoginPart::Private(Secret::new(text)),
        false => LoginPart::Plain(text),
    };
    let unknown: Vec<&LoginPart> =
        text.0.iter().filter(|part| !matches!(part, LoginPart::Plain(_) | LoginPart::Private(_))).collect();
    let (mut parts, mut before) = (Vec::new(), String::new());
    for c in edited.chars() {
        let at = u32::from(c).checked_sub(FIRST_MARK).and_then(|at| usize::try_from(at).ok());
        match at.and_then(|at| unknown.get(at)) {
            None => before.push(c),
            Some(part) => {
                if !before.is_empty() {
                    parts.push(known(std::mem::take(&mut before)));
                }
                parts.push((*part).clone());
            }
        }
    }
    if !before.is_empty() {
        parts.push(known(before));
    }
    Some(LoginText(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_known_stays_where_it_is() {
        let text = LoginText(vec![
            LoginPart::Plain("/a?client_id=".to_owned()),
            LoginPart::Username,
            LoginPart::Plain("&x=".to_owned()),
            LoginPart::Password,
        ]);
        assert!(has_mark(&marked(&text)) && !has_mark("/a?client_id=app"));
        assert!(edited(&text, |_| None).is_none());
        let changed = edited(&text, |marked| Some(marked.replace("&x=", "&y=1&x="))).expect("is changed");
        let [LoginPart::Plain(before), LoginPart::Username, LoginPart::Plain(between), LoginPart::Password] =
            changed.0.as_slice()
        else {
            panic!("four parts");
        };
        assert_eq!((before.as_str(), between.as_str()), ("/a?client_id=", "&y=1&x="));
        let dropped = edited(&text, |marked| marked.split_once('&').map(|(before, _)| before.to_owned()));
        assert!(matches!(dropped.expect("is changed").0.as_slice(), [LoginPart::Plain(_), LoginPart::Username]));
    }
}
