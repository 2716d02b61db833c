//! Masks literal credentials in the text of a scenario, so that an error may show the line it speaks of.

/// Keys of a scenario whose values are secrets wherever they stand. They are not those of an exchange: the key
/// `access_token` names a kind of token.
const SECRET_KEYS: [&str; 7] =
    ["key", "token", "password", "client_secret", "other_audience_token", "refresh_token", "secret"];

/// Sections in which every value is a secret unless its key is one of [`OPEN_KEYS`].
const SECRET_SECTIONS: [&str; 3] = ["credentials:", "logins:", "material:"];

/// Keys of those sections whose values may be shown.
const OPEN_KEYS: [&str; 33] = [
    "scopes",
    "tenant",
    "state",
    "client_id",
    "username",
    "public_client_id",
    "other_redirection_uri",
    "disallowed_scope",
    "lookalike_scopes",
    "trusted_origins",
    "file",
    "kid",
    "alg",
    "revoke",
    "rotate",
    "outage",
    "login",
    "get",
    "post",
    "put",
    "patch",
    "delete",
    "token_url",
    "client_auth",
    "scope",
    "expires_in",
    "expires_in_ms",
    "expires_at",
    "lifetime",
    "digits",
    "period",
    "algorithm",
    "max_wait",
];

/// The text with literal credentials replaced, byte for byte, by stars; `${…}` may stay.
pub(super) fn masked(source: &str) -> String {
    let mut clean = String::with_capacity(source.len());
    let mut in_section = false;
    for line in source.split_inclusive('\n') {
        if line.starts_with(|first: char| !first.is_whitespace() && first != '#') {
            in_section = SECRET_SECTIONS.iter().any(|section| line.starts_with(section));
        }
        let line = masked_line(line);
        clean.push_str(&if in_section { masked_in_section(line) } else { line });
    }
    clean
}

/// What follows a key that is none of the open ones; a line without a key, as of a list or a block of text, whole.
fn masked_in_section(mut line: String) -> String {
    if !line.contains(':') {
        let start = line.find(|c: char| !c.is_whitespace() && c != '-').unwrap_or(line.len());
        star(&mut line, start, |text| !text.starts_with(['{', '[', '}', ']', '#']));
        return line;
    }
    let mut from = 0;
    while let Some(colon) = line[from..].find(": ").map(|at| at + from) {
        from = colon + 2;
        let key = line[..colon].rsplit(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
        if !OPEN_KEYS.contains(&key) {
            star(&mut line, from, |text| !text.starts_with(['{', '[', '|', '>', '&', '*', '#']));
        }
    }
    line
}

/// Replaces the scalar at an offset, where it is none that may stay.
fn star(line: &mut String, start: usize, secret: fn(&str) -> bool) {
    let end = line[start..].find([',', '}', '\n', '\r']).map_or(line.len(), |end| start + end);
    let text = &line[start..end];
    if !text.trim().is_empty() && !text.trim_start_matches(['"', '\'']).starts_with("${") && secret(text) {
        line.replace_range(start..end, &"*".repeat(end - start));
    }
}

fn masked_line(line: &str) -> String {
    let mut clean = line.to_owned();
    if let Some(start) = clean.find("://").map(|at| at + 3)
        && let Some(length) =
            clean[start..].find('@').filter(|length| !clean[start..start + length].contains(['/', ' ']))
    {
        clean.replace_range(start..start + length, &"*".repeat(length));
    }
    for name in SECRET_KEYS {
        let mut from = 0;
        while let Some(at) = clean[from..].find(&format!("{name}:")).map(|at| at + from) {
            let value = at + name.len() + 1;
            from = value;
            let whole_word = !clean[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
            if !whole_word {
                continue;
            }
            let start = value + (clean[value..].len() - clean[value..].trim_start().len());
            let end = clean[start..].find([',', '}', '\n', '\r']).map_or(clean.len(), |end| start + end);
            let text = clean[start..end].trim_matches(['"', '\'', ' ']);
            // a whole `${VAR}` is no secret; a default, or what lacks its end, may be one
            let raw = &clean[start..end];
            let variable = raw.trim_start_matches(['"', '\'']).starts_with("${")
                && clean[end..].starts_with('}')
                && !raw.ends_with(['"', '\'', ' '])
                && !raw.contains(":-");
            if !text.is_empty() && !variable && !text.starts_with('{') {
                clean.replace_range(start..end, &"*".repeat(end - start));
            }
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn literal_credentials_are_masked_and_variables_are_not() {
        for (line, expected) in [
            ("  live: { key: sk-123, scopes: [a] }", "  live: { key: ******, scopes: [a] }"),
            ("  password: \"pa ss\"", "  password: *******"),
            ("  live: { key: \"${KEY}\" }", "  live: { key: \"${KEY}\" }"),
            ("scheme: { api-key: { header: X } }", "scheme: { api-key: { header: X } }"),
        ] {
            assert_eq!(masked_line(line), expected);
        }
    }

    #[test]
    fn whatever_stands_where_credentials_belong_is_masked() {
        for (text, expected) in [
            ("credentials:\n  a: hunter2\nname: x y\n", "credentials:\n  a: *******\nname: x y\n"),
            ("credentials: { a: hunter2 }\n", "credentials: { a: ********}\n"),
            ("credentials:\n  - hunter2\n", "credentials:\n  - *******\n"),
            (
                "credentials:\n  a: { scopes: [r], secrt: hunter2 }\n",
                "credentials:\n  a: { scopes: [r], secrt: ********}\n",
            ),
            ("credentials:\n  a:\n    key: |\n      hunter2\n", "credentials:\n  a:\n    key: *\n      *******\n"),
            ("credentials:\n  a: \"${A}\"\n", "credentials:\n  a: \"${A}\"\n"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
