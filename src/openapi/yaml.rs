//! Text of a document, written into YAML so that it cannot become anything but text.

/// Characters of a comment, at most.
const COMMENT_LIMIT: usize = 100;

/// A scalar that reads back as this text, in a block or between braces.
pub(super) fn scalar(text: &str) -> String {
    let plain = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "/_.-:=&?~%".contains(c))
        && !text.ends_with(':')
        && !is_word_of_yaml(text);
    if plain { text.to_owned() } else { quoted(text) }
}

/// A value of a block: spaces need no quotes there.
pub(super) fn line(text: &str) -> String {
    let words = text.split(' ');
    let plain = words.clone().all(|word| !word.is_empty() && scalar(word) == word && !word.contains(':'));
    if plain && !is_word_of_yaml(text) { text.to_owned() } else { quoted(text) }
}

/// Text in double quotes.
pub(super) fn quoted(text: &str) -> String {
    json(&serde_json::to_string(text).expect("text is JSON"))
}

/// JSON as a value of YAML. It is no template: what looks like a variable is kept from looking so.
pub(super) fn json(json: &str) -> String {
    printable(json).replace("${", "\\u0024{")
}

/// A text that a scenario takes as a template, and that names no variable.
pub(super) fn plain_text(text: &str) -> String {
    json(&serde_json::to_string(&escaped(text)).expect("text is JSON"))
}

/// JSON whose texts a scenario takes as templates, none of which names a variable.
pub(super) fn plain_json(text: &str) -> String {
    fn walk(value: serde_json::Value) -> serde_json::Value {
        match value {
            serde_json::Value::String(text) => escaped(&text).into(),
            serde_json::Value::Array(items) => items.into_iter().map(walk).collect(),
            serde_json::Value::Object(members) => {
                members.into_iter().map(|(name, member)| (name, walk(member))).collect::<serde_json::Map<_, _>>().into()
            }
            other => other,
        }
    }
    match serde_json::from_str(text) {
        Ok(value) => json(&walk(value).to_string()),
        Err(_) => json(text),
    }
}

/// `$${` stands for `${` in a template.
fn escaped(text: &str) -> String {
    text.replace("${", "$${")
}

/// A template in double quotes: `${` begins a variable.
pub(super) fn template(text: &str) -> String {
    printable(&serde_json::to_string(text).expect("text is JSON"))
}

/// JSON is YAML, but for what YAML calls a line break or cannot print.
fn printable(json: &str) -> String {
    json.chars().fold(String::with_capacity(json.len()), |mut safe, c| {
        match is_printable(c) {
            true => safe.push(c),
            false => safe.extend(format!("\\U{:08X}", u32::from(c)).chars()),
        }
        safe
    })
}

/// Text for a comment: one line, of a bounded length.
pub(super) fn one_line(text: &str) -> String {
    let words: Vec<&str> =
        text.split(|c: char| c.is_whitespace() || !is_printable(c)).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ").replace("${", "$ {");
    match line.char_indices().nth(COMMENT_LIMIT) {
        Some((end, _)) => format!("{}\u{2026}", &line[..end]),
        None => line,
    }
}

fn is_printable(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{85}' | '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fffe}' | '\u{ffff}')
}

/// Words that some readers of YAML take for something else than text.
fn is_word_of_yaml(text: &str) -> bool {
    ["y", "n", "yes", "no", "on", "off", "true", "false", "null"].contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_stays_text() {
        for text in
            ["a", "no", "read:orders", "a: b", "# x", "${X}", "1e3", "0123", "-", "{a}", "a\nb: c", "\u{2028}", "ü", ""]
        {
            for written in [scalar(text), line(text)] {
                let read: std::collections::BTreeMap<String, String> =
                    serde_yaml::from_str(&format!("k: {written}\n")).expect(&written);
                assert_eq!(read["k"], text, "{written}");
                let read: Vec<std::collections::BTreeMap<String, String>> =
                    serde_yaml::from_str(&format!("- {{ k: {} }}\n", scalar(text))).expect(&written);
                assert_eq!(read[0]["k"], text, "{written}");
            }
        }
    }

    #[test]
    fn comments_stay_on_their_line() {
        assert_eq!(one_line("a\r\nb:\u{85}c\u{2028}${X}"), "a b: c $ {X}");
        assert_eq!(one_line(&"x".repeat(500)).chars().count(), COMMENT_LIMIT + 1);
    }
}
