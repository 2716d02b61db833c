//! Components of signed messages, as a scenario writes them (RFC 9421 §2).

/// Components that are derived of a request (RFC 9421 §2.2).
const DERIVED: [&str; 8] =
    ["@method", "@authority", "@path", "@query", "@query-param", "@request-target", "@scheme", "@target-uri"];

/// What a signature covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    /// A request.
    Request,
    /// An answer, and of its request what `;req` marks (RFC 9421 §2.4).
    Answer,
}

/// What is wrong with a component, and what to write; none where nothing is.
pub(super) fn mistake(written: &str, of: Of) -> Option<(String, String)> {
    let mistake = |text: String, help: &str| Some((text, help.to_owned()));
    let mut parts = Parts { rest: written };
    let name = parts.take_while(|c| c != ';');
    let mut params: Vec<(&str, Option<&str>)> = Vec::new();
    while let Some(param) = parts.next() {
        match param {
            Some((name, _)) if params.iter().any(|(other, _)| *other == name) => {
                return mistake(format!("`{written}` has the parameter {name} twice"), "remove one of them");
            }
            Some(param) => params.push(param),
            None => {
                let form = "parameters are written as `;sf`, `;bs`, `;key=\"member\"` or `;name=\"parameter\"`";
                return mistake(format!("`{written}` is no component"), form);
            }
        }
    }
    let has = |wanted: &str| params.iter().any(|(name, _)| *name == wanted);
    let of_request = of == Of::Request || has("req");
    let is_status = name == "@status" && !of_request;
    let is_known = is_status || (DERIVED.contains(&name) && of_request) || is_field(name);
    if !is_known {
        let only = if name == "@status" { ", and requests have no status" } else { "" };
        let own = if of == Of::Answer { "@status, with `;req` " } else { "" };
        let help = format!("expected one of {own}{}, or the name of a field in lower case", DERIVED.join(", "));
        return mistake(
            format!("`{written}` is no component that authbench knows of {}{only}", part(of, of_request)),
            &help,
        );
    }
    if has("req") && of == Of::Request {
        return mistake(format!("`{written}`: `;req` is for signatures of answers"), "remove `;req`");
    }
    let derived = name.starts_with('@');
    let unfit = params.iter().find(|(param, text)| match (*param, text) {
        ("req", None) => false,
        ("sf" | "bs", None) | ("key", Some(_)) => derived,
        ("name", Some(_)) => name != "@query-param",
        _ => true,
    });
    if let Some((param, _)) = unfit {
        let help = "`;sf`, `;bs` and `;key=\"member\"` are for fields, `;name=\"parameter\"` is for @query-param";
        return mistake(format!("`{written}`: the parameter {param} does not fit {name}"), help);
    }
    if has("bs") && (has("sf") || has("key")) {
        return mistake(format!("`{written}`: `;bs` does not go with `;sf` or `;key`"), "remove one of them");
    }
    if name == "@query-param" && !has("name") {
        return mistake(format!("`{written}` does not name a parameter"), "write `@query-param;name=\"page\"`");
    }
    // RFC 9421 §2.2.8
    let encoded = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "*-._%".contains(c));
    if params.iter().any(|(param, text)| *param == "name" && !text.is_some_and(encoded)) {
        return mistake(
            format!("`{written}`: the name is not percent-encoded"),
            "write a space as `%20`, and others likewise",
        );
    }
    None
}

fn part(of: Of, of_request: bool) -> &'static str {
    match (of, of_request) {
        (Of::Answer, false) => "an answer",
        _ => "a request",
    }
}

fn is_field(name: &str) -> bool {
    let lawful = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c);
    !name.is_empty() && name.chars().all(lawful)
}

/// What is left of a text.
struct Parts<'a> {
    rest: &'a str,
}

impl<'a> Parts<'a> {
    fn take_while(&mut self, is: impl Fn(char) -> bool) -> &'a str {
        let (taken, rest) = self.rest.split_at(self.rest.find(|c| !is(c)).unwrap_or(self.rest.len()));
        self.rest = rest;
        taken
    }

    /// The next parameter with its text; none of both where what follows is no parameter, and nothing at the end.
    fn next(&mut self) -> Option<Option<(&'a str, Option<&'a str>)>> {
        if self.rest.is_empty() {
            return None;
        }
        let Some(rest) = self.rest.strip_prefix(';') else { return Some(None) };
        self.rest = rest;
        let name = self.take_while(|c| c.is_ascii_lowercase());
        if name.is_empty() {
            return Some(None);
        }
        let Some(rest) = self.rest.strip_prefix("=\"") else { return Some(Some((name, None))) };
        self.rest = rest;
        let text = self.take_while(|c| (' '..='~').contains(&c) && c != '"' && c != '\\');
        match self.rest.strip_prefix('"') {
            Some(rest) => {
                self.rest = rest;
                Some(Some((name, Some(text))))
            }
            None => Some(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_fit_their_messages() {
        for (written, request, answer) in [
            ("@method", true, false),
            ("@method;req", false, true),
            ("@status", false, true),
            ("@status;req", false, false),
            ("@query-param;name=\"a%20b\"", true, false),
            ("@query-param;name=\"a\";req", false, true),
            ("@query-param", false, false),
            ("@query-param;name=\"a b\"", false, false),
            ("content-type", true, true),
            ("content-type;req", false, true),
            ("priority;sf", true, true),
            ("priority;key=\"u\"", true, true),
            ("accept;bs", true, true),
            ("accept;bs;sf", false, false),
            ("accept;tr", false, false),
            ("accept;sf;sf", false, false),
            ("accept;sf=\"x\"", false, false),
            ("accept;key", false, false),
            ("accept;key=u", false, false),
            ("accept;key=\"u", false, false),
            ("accept;key=\"u\"x", false, false),
            ("accept;", false, false),
            ("@method;sf", false, false),
            ("@path;name=\"a\"", false, false),
            ("Accept", false, false),
            ("@everything", false, false),
            ("", false, false),
        ] {
            assert_eq!(mistake(written, Of::Request).is_none(), request, "{written}");
            assert_eq!(mistake(written, Of::Answer).is_none(), answer, "{written}");
        }
    }
}
