//! `WWW-Authenticate` as it is defined (RFC 9110 §11.6.1): several lines, several challenges in a line, no fixed order.

/// One challenge: an authentication scheme with its parameters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    /// Authentication scheme, in lower case (RFC 9110 §11.1: case-insensitive).
    pub scheme: String,
    /// Parameters: names in lower case, values unquoted, in order.
    pub params: Vec<(String, String)>,
    /// Names of the parameters whose values have quotation marks.
    pub quoted: Vec<String>,
    /// A `token68` instead of parameters.
    pub token68: Option<String>,
}

impl Challenge {
    /// A parameter by its name in lower case.
    pub fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    /// Whether it offers a quality of protection (RFC 7616 §3.3).
    pub fn offers(&self, quality: &str) -> bool {
        self.param("qop").is_some_and(|offered| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(quality)))
    }
}

/// Where a line leaves the grammar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected {expected} at byte {at} of {line:?}")]
pub struct ChallengeError {
    expected: &'static str,
    at: usize,
    line: String,
}

/// All challenges of all lines.
///
/// # Errors
/// Says at which place a line leaves the grammar of RFC 9110 §11.2 and §11.3.
pub fn parse_challenges<'a>(lines: impl IntoIterator<Item = &'a str>) -> Result<Vec<Challenge>, ChallengeError> {
    let mut challenges = Vec::new();
    for line in lines {
        let mut parser = Parser { rest: line, line };
        parser.list(&mut challenges)?;
    }
    Ok(challenges)
}

struct Parser<'a> {
    rest: &'a str,
    line: &'a str,
}

impl Parser<'_> {
    fn list(&mut self, challenges: &mut Vec<Challenge>) -> Result<(), ChallengeError> {
        loop {
            self.skip_commas();
            if self.rest.is_empty() {
                return Ok(());
            }
            let challenge = self.challenge()?;
            challenges.push(challenge);
            self.space();
            if !self.rest.is_empty() && !self.rest.starts_with(',') {
                return Err(self.failure("a comma or the end"));
            }
        }
    }

    fn challenge(&mut self) -> Result<Challenge, ChallengeError> {
        let scheme = self.token().ok_or_else(|| self.failure("an authentication scheme"))?.to_ascii_lowercase();
        let mut challenge = Challenge { scheme, params: Vec::new(), quoted: Vec::new(), token68: None };
        if self.space() == 0 {
            return Ok(challenge);
        }
        if let Some(token68) = self.token68() {
            challenge.token68 = Some(token68);
            return Ok(challenge);
        }
        while let Some((name, value, is_quoted)) = self.param()? {
            challenge.quoted.extend(is_quoted.then(|| name.clone()));
            challenge.params.push((name, value));
            let before = self.rest;
            self.skip_commas();
            // a scheme begins here, not another parameter
            if !self.param_follows() {
                self.rest = before;
                break;
            }
            // RFC 9110 §11.3: commas stand between parameters
            if !before[..before.len() - self.rest.len()].contains(',') {
                return Err(self.failure("a comma"));
            }
        }
        Ok(challenge)
    }

    /// Whether `token BWS "=" ...` follows, and not a new challenge.
    fn param_follows(&self) -> bool {
        let mut ahead = Parser { rest: self.rest, line: self.line };
        if ahead.token().is_none() {
            return false;
        }
        ahead.space();
        ahead.rest.starts_with('=')
    }

    /// Name, value, and whether that has quotation marks.
    fn param(&mut self) -> Result<Option<(String, String, bool)>, ChallengeError> {
        if !self.param_follows() {
            return Ok(None);
        }
        let name = self.token().unwrap_or_default().to_ascii_lowercase();
        self.space();
        self.rest = &self.rest[1..];
        self.space();
        let quoted = self.quoted()?;
        let is_quoted = quoted.is_some();
        let value = match quoted {
            Some(quoted) => quoted,
            None => self.token().ok_or_else(|| self.failure("a parameter value"))?,
        };
        Ok(Some((name, value, is_quoted)))
    }

    fn quoted(&mut self) -> Result<Option<String>, ChallengeError> {
        if !self.rest.starts_with('"') {
            return Ok(None);
        }
        let mut value = String::new();
        let mut chars = self.rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Ok(Some(value));
                }
                '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
                _ => value.push(c),
            }
        }
        Err(self.failure("the end of a quoted string"))
    }

    /// RFC 9110 §11.2: `token68`, only where it stands alone.
    fn token68(&mut self) -> Option<String> {
        let in_token68 = |c: char| c.is_ascii_alphanumeric() || "-._~+/".contains(c);
        let end = self.rest.find(|c| !in_token68(c)).unwrap_or(self.rest.len());
        let padded = end + self.rest[end..].chars().take_while(|c| *c == '=').count();
        let after = self.rest[padded..].trim_start_matches([' ', '\t']);
        if end == 0 || !(after.is_empty() || after.starts_with(',')) {
            return None;
        }
        let token68 = self.rest[..padded].to_owned();
        self.rest = &self.rest[padded..];
        Some(token68)
    }

    fn token(&mut self) -> Option<String> {
        let end = self.rest.find(|c| !is_token_char(c)).unwrap_or(self.rest.len());
        let (token, rest) = self.rest.split_at(end);
        if token.is_empty() {
            return None;
        }
        let token = token.to_owned();
        self.rest = rest;
        Some(token)
    }

    fn space(&mut self) -> usize {
        let trimmed = self.rest.trim_start_matches([' ', '\t']);
        let skipped = self.rest.len() - trimmed.len();
        self.rest = trimmed;
        skipped
    }

    fn skip_commas(&mut self) {
        self.rest = self.rest.trim_start_matches([' ', '\t', ',']);
    }

    fn failure(&self, expected: &'static str) -> ChallengeError {
        ChallengeError { expected, at: self.line.len() - self.rest.len(), line: self.line.to_owned() }
    }
}

/// RFC 9110 §5.6.2.
fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(lines: &[&str]) -> Vec<String> {
        let challenges = parse_challenges(lines.iter().copied()).expect("parses");
        challenges.iter().map(|c| format!("{} {:?} {:?}", c.scheme, c.params, c.token68)).collect()
    }

    #[test]
    fn challenges_parse_in_every_lawful_shape() {
        assert_eq!(shape(&["Bearer"]), ["bearer [] None"]);
        assert_eq!(
            shape(&[r#"BEARER realm="a, b", error=invalid_token"#]),
            [r#"bearer [("realm", "a, b"), ("error", "invalid_token")] None"#]
        );
        assert_eq!(
            shape(&[r#"Basic realm="x\"y", Bearer realm="z" , , Negotiate abc=="#]),
            [r#"basic [("realm", "x\"y")] None"#, r#"bearer [("realm", "z")] None"#, r#"negotiate [] Some("abc==")"#]
        );
        assert_eq!(shape(&["APIKey", "Basic realm=x"]), ["apikey [] None", r#"basic [("realm", "x")] None"#]);
        // RFC 9110 §11.2 allows bad white space around the equals sign
        assert_eq!(shape(&["Basic realm = x"]), [r#"basic [("realm", "x")] None"#]);
    }

    #[test]
    fn what_leaves_the_grammar_is_refused_with_its_place() {
        for line in
            [r#"Bearer realm="open"#, "=x", r#"Bearer realm="a"b"#, r#"Bearer realm="a" error="b""#, r#""quoted""#]
        {
            assert!(parse_challenges([line]).is_err(), "{line}");
        }
    }
}
