//! Values that answers hand on: hidden inputs of HTML pages, the tokens that frameworks put into the head, and parameters of redirects.

use super::{contains, parse_json};

/// A parameter of the address that an answer redirects to: of its query, or of its fragment (RFC 6749 §4.1.2, §4.2.2).
pub fn parameter_of_redirect(location: &str, name: &str) -> Option<String> {
    parameters_of_redirect(location).find(|(own, _)| own == name).map(|(_, value)| value)
}

/// All of them with their names.
pub fn parameters_of_redirect(location: &str) -> impl Iterator<Item = (String, String)> {
    let (address, fragment) = location.split_once('#').unwrap_or((location, ""));
    let query = address.split_once('?').map_or("", |(_, query)| query);
    [query, fragment].into_iter().flat_map(|parameters| url::form_urlencoded::parse(parameters.as_bytes()).into_owned())
}

/// Where an answer leads a browser: the address of its redirect, or one with a code or an error (RFC 6749 §4.1.2) that its JSON hands
/// to the script of a page.
pub fn led_to(location: Option<String>, body: &[u8]) -> Option<String> {
    location.or_else(|| {
        let may_hold = |name: &str| contains(body, name.as_bytes());
        let may_lead = body.trim_ascii_start().starts_with(b"{") && (may_hold("code=") || may_hold("error="));
        handed_over(&parse_json(body).filter(|_| may_lead)?)
    })
}

/// The first address with a code or an error among the texts of an object.
fn handed_over(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => {
            let leads = |address: &url::Url| {
                let mut parameters = parameters_of_redirect(address.as_str());
                !address.scheme().is_empty() && parameters.any(|(name, _)| name == "code" || name == "error")
            };
            url::Url::parse(text).ok().filter(leads).map(|_| text.clone())
        }
        serde_json::Value::Object(members) => members.values().find_map(handed_over),
        _ => None,
    }
}

/// The value of an input, or the content of a `meta` element, by its name.
pub fn named_value(page: &str, name: &str) -> Option<String> {
    tags(page).find_map(|tag| {
        let attributes = attributes(tag);
        let attribute = |wanted: &str| attributes.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.clone());
        if attribute("name").or_else(|| attribute("id")).as_deref() != Some(name) {
            return None;
        }
        attribute("value").or_else(|| attribute("content"))
    })
}

/// The text that a script gives a name, of a page or by itself: `"name": "text"`, `name = 'text'`, `of['name'] = 'text'`.
pub fn scripted_value(page: &str, name: &str) -> Option<String> {
    let of_name = |c: char| c.is_alphanumeric() || "_$-".contains(c);
    let is_script = !page.trim_start().starts_with('<');
    let parts = page.split("<script").skip(usize::from(!is_script));
    parts.filter_map(|part| part.split("</script").next()).find_map(|script| {
        script.match_indices(name).find_map(|(at, _)| {
            let (before, after) = (&script[..at], &script[at + name.len()..]);
            if before.ends_with(of_name) || after.starts_with(of_name) {
                return None;
            }
            let after = after.strip_prefix(['"', '\'']).unwrap_or(after).trim_start();
            let after = after.strip_prefix(']').unwrap_or(after).trim_start();
            let value = after.strip_prefix([':', '='])?.trim_start();
            let quote = value.chars().next().filter(|c| ['"', '\''].contains(c))?;
            let text = value[1..].split(quote).next().filter(|text| !text.is_empty())?;
            // escapes are those of JSON; what has others is no such text
            serde_json::from_str(&format!("\"{text}\"")).ok()
        })
    })
}

/// All of them with their names.
pub fn named_values(page: &str) -> impl Iterator<Item = (String, String)> {
    tags(page).filter_map(|tag| {
        let mut attributes = attributes(tag);
        let mut take = |wanted: &str| {
            let at = attributes.iter().position(|(key, _)| key == wanted)?;
            Some(attributes.swap_remove(at).1)
        };
        let name = take("name").or_else(|| take("id"))?;
        Some((name, take("value").or_else(|| take("content"))?))
    })
}

/// Whether a page has a form, and whether that asks for a password.
pub fn form_of(page: &str) -> Option<bool> {
    let is_password = |tag| attributes(tag).iter().any(|(name, value)| name == "type" && is_word(value, "password"));
    let asks = tags(page).any(is_password);
    let is_form = |rest: &str| {
        let name = rest.split(|c: char| c.is_whitespace() || c == '>').next().unwrap_or_default();
        name.eq_ignore_ascii_case("form")
    };
    (asks || page.split('<').skip(1).any(is_form)).then_some(asks)
}

fn is_word(value: &str, word: &str) -> bool {
    value.trim().eq_ignore_ascii_case(word)
}

/// The contents of each tag that may hold a value.
fn tags(page: &str) -> impl Iterator<Item = &str> {
    page.split('<').skip(1).filter_map(|rest| {
        let element = rest.get(..5)?.to_ascii_lowercase();
        let body = match element.as_str() {
            "input" => &rest[5..],
            _ if element.starts_with("meta") => &rest[4..],
            _ => return None,
        };
        Some(body)
    })
}

/// Attributes up to the end of the tag, with their names in lower case.
fn attributes(tag: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = tag;
    loop {
        rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
        if rest.is_empty() || rest.starts_with('>') {
            return found;
        }
        let end = rest.find(|c: char| c.is_whitespace() || matches!(c, '=' | '>' | '/')).unwrap_or(rest.len());
        let name = rest[..end].to_ascii_lowercase();
        rest = rest[end..].trim_start();
        let mut value = String::new();
        if let Some(after) = rest.strip_prefix('=') {
            let after = after.trim_start();
            let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''));
            let (raw, remaining) = match quote {
                Some(quote) => after[1..].split_once(quote).unwrap_or((&after[1..], "")),
                None => after.split_at(after.find(|c: char| c.is_whitespace() || c == '>').unwrap_or(after.len())),
            };
            value = unescaped(raw);
            rest = remaining;
        } else if end == 0 {
            // a sign that belongs to no attribute
            rest = rest.get(1..).unwrap_or_default();
        }
        found.push((name, value));
    }
}

/// A text without its character references: numeric ones, and those of the characters that pages escape. What one of them stands for
/// is no part of another.
fn unescaped(text: &str) -> String {
    /// Characters of the longest reference that is read.
    const LONGEST: usize = 10;
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        plain.push_str(&rest[..at]);
        rest = &rest[at..];
        let end = rest.bytes().take(LONGEST + 1).position(|byte| byte == b';');
        let reference = end.map(|end| &rest[1..end]);
        let (character, behind) = match reference.and_then(character_of) {
            Some(character) => (character, reference.map_or(1, str::len) + 2),
            None => ('&', 1),
        };
        plain.push(character);
        rest = &rest[behind..];
    }
    plain.push_str(rest);
    plain
}

fn character_of(reference: &str) -> Option<char> {
    match reference {
        "quot" => Some('"'),
        "apos" => Some('\''),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "plus" => Some('+'),
        "equals" => Some('='),
        "sol" => Some('/'),
        _ => {
            let number = reference.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            code.ok().and_then(char::from_u32)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_led_by_a_redirect_or_by_an_address_in_json() {
        let location = || Some("/login?next=%2Fa".to_owned());
        for (location, body, expected) in [
            (location(), r#"{"to":"https://app.test/cb?code=1"}"#, Some("/login?next=%2Fa")),
            (
                None,
                r#"{"redirect_to":"https://app.test/cb?code=1&state=x"}"#,
                Some("https://app.test/cb?code=1&state=x"),
            ),
            (None, r#"{"data":{"url":"app:/cb?error=access_denied"}}"#, Some("app:/cb?error=access_denied")),
            (None, r#"{"url":"https://app.test/cb#code=1"}"#, Some("https://app.test/cb#code=1")),
            // an address of something else, and a code that is no parameter of one
            (None, r#"{"next":"https://app.test/orders?page=2"}"#, None),
            (None, r#"{"help":"https://app.test/errors/code=7"}"#, None),
            (None, r#"{"code":"1"}"#, None),
            (None, "https://app.test/cb?code=1", None),
        ] {
            assert_eq!(led_to(location, body.as_bytes()).as_deref(), expected, "{body}");
        }
    }

    #[test]
    fn a_script_gives_names_their_texts() {
        let page = |script: &str| format!("<html><p>csrf: \"no\"</p><script nonce=a>{script}</script>");
        for (text, expected) in [
            (page(r#"render({"user":"csrf","csrf": "a-1"})"#), Some("a-1")),
            (page("window.csrf = 'a-1';"), Some("a-1")),
            (page("var csrf='a-1'"), Some("a-1")),
            (page(r#"{"csrf":"a\u002d1"}"#), Some("a-1")),
            (page("site['csrf'] = 'a-1'"), Some("a-1")),
            (page(r#"{"csrf_header":"no","x_csrf":"no","csrf":5,"csrf":""}"#), None),
            ("define({ csrf: 'a-1' })".to_owned(), Some("a-1")),
            ("<html><p>csrf: \"no\"</p>".to_owned(), None),
        ] {
            assert_eq!(scripted_value(&text, "csrf").as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_form_is_found_with_what_it_asks_for() {
        for (page, expected) in [
            ("<form method=post><input type=\"password\" name=p></form>", Some(true)),
            ("<FORM><INPUT name=p TYPE=Password>", Some(true)),
            ("<input type='password'>", Some(true)),
            ("<form action=/consent><button>Allow</button></form>", Some(false)),
            ("<p>type=password</p><input type=text>", None),
            ("<format>", None),
            ("{\"form\": true}", None),
        ] {
            assert_eq!(form_of(page), expected, "{page}");
        }
    }

    #[test]
    fn values_are_found_however_pages_are_written() {
        for (page, expected) in [
            (r#"<form><input type="hidden" name="csrf" value="abc+/="></form>"#, Some("abc+/=")),
            ("<INPUT value='a&amp;b' name=csrf />", Some("a&b")),
            ("<input name=csrf value='a&#38;b&#x26;c&#38;amp;d&x;&#xD800;&'>", Some("a&b&c&amp;d&x;&#xD800;&")),
            (r#"<meta name="csrf" content="xyz">"#, Some("xyz")),
            (r#"<input name="other" value="no"><input name="csrf" value="yes">"#, Some("yes")),
            (r#"<input name="csrf" disabled value=plain>"#, Some("plain")),
            (r#"<input name="other" value="csrf">"#, None),
            ("<input name=\"csrf\" value=\"cut", Some("cut")),
            ("<input =\"\" name=csrf value=v>", Some("v")),
            ("<inpu", None),
        ] {
            assert_eq!(named_value(page, "csrf").as_deref(), expected, "{page}");
            let all: Vec<_> = named_values(page).filter(|(name, _)| name == "csrf").map(|(_, value)| value).collect();
            assert_eq!(all, expected.into_iter().collect::<Vec<_>>(), "{page}");
        }
    }
}
