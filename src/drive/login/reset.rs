//! The mail of a password reset: how it is read, and what of it counts.

use std::time::Duration;

use url::Url;

use super::{LoginError, LoginSession, Logins};
use crate::clock;
use crate::drive::control::{ControlAnswer, ControlError, LONGEST_TOKEN};
use crate::plan::reset_completion::MailSource;
use crate::secret::Secret;
use crate::target::hook;

/// How long a mail may take that was asked for.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);
/// Between two looks for it.
const POLL: Duration = Duration::from_millis(250);
/// The variable in which a command gets the user-id.
const USERNAME: &str = "AUTHBENCH_USERNAME";
/// What the name of a parameter ends with that has the token.
const TOKENS: [&str; 5] = ["token", "code", "key", "otp", "ticket"];
/// Characters of a link, at most.
const LONGEST_LINK: usize = 4096;
/// Places of a mail where one may start.
const MOST_STARTS: usize = 1024;
/// Links of a mail that are looked at.
const MOST_LINKS: usize = 64;
/// What ends an address in a text.
const ENDS: [char; 10] = ['"', '\'', '<', '>', '(', ')', '[', ']', '\\', '`'];

/// A mail of a password reset, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadMail {
    /// What proves that it was read.
    pub token: Secret,
    /// Path and query of the link that has the token; none where the token came alone.
    pub path: Option<Secret>,
    /// The hosts of all its links.
    pub hosts: Vec<String>,
    /// Whether it was not there before it was asked for.
    pub is_new: bool,
}

/// Why nothing of what was read counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum NoMail {
    #[error("the JSON that has it has no text at the place that `at` names")]
    NotThere,
    #[error("what has it is JSON: name the place of the link or the token with `at`")]
    PlaceUnknown,
    #[error("it has no link, and is no single word that could be a token")]
    NoToken,
    #[error("its token is longer than {LONGEST_TOKEN} bytes")]
    TooLong,
}

/// What counts of a text that was read.
pub(super) fn mail_in(read: &[u8], at: Option<&str>) -> Result<ReadMail, NoMail> {
    let text = String::from_utf8_lossy(read);
    let json = serde_json::from_str::<serde_json::Value>(&text).ok();
    let text = match (at, json) {
        (Some(at), json) => {
            let found = json.as_ref().and_then(|json| json.pointer(at)?.as_str());
            found.ok_or(NoMail::NotThere)?.to_owned()
        }
        (None, Some(serde_json::Value::String(text))) => text,
        (None, Some(serde_json::Value::Object(_) | serde_json::Value::Array(_))) => return Err(NoMail::PlaceUnknown),
        (None, _) => text.into_owned(),
    };
    let links = links_in(&text);
    let mail = |token: String, link: Option<&Url>| ReadMail {
        token: Secret::new(token),
        path: link.map(|link| Secret::new(&link[url::Position::BeforePath..url::Position::AfterQuery])),
        hosts: links.iter().filter_map(|link| link.host_str().map(str::to_owned)).collect(),
        is_new: true,
    };
    let with_parameter = links.iter().find_map(|link| Some(mail(parameter_of(link)?, Some(link))));
    let by_path = || links.iter().find_map(|link| Some(mail(last_segment_of(link)?, Some(link))));
    let word = text.trim();
    let is_word = links.is_empty() && !word.is_empty() && !word.contains(char::is_whitespace);
    let alone = || is_word.then(|| mail(word.to_owned(), None));
    let mail = with_parameter.or_else(by_path).or_else(alone).ok_or(NoMail::NoToken)?;
    if mail.token.expose().len() > LONGEST_TOKEN {
        return Err(NoMail::TooLong);
    }
    Ok(mail)
}

/// The addresses in a text, in their order.
fn links_in(text: &str) -> Vec<Url> {
    let starts = text.match_indices("://").filter_map(|(at, _)| {
        let scheme = text[..at].rfind(|c: char| !c.is_ascii_alphabetic()).map_or(0, |before| before + 1);
        // what ends there may be a longer character
        let scheme = (scheme..at).find(|from| text.is_char_boundary(*from))?;
        matches!(&*text[scheme..at].to_ascii_lowercase(), "http" | "https").then_some(scheme)
    });
    let links = starts.take(MOST_STARTS).filter_map(|start| {
        let rest = &text[start..];
        let ends = |(_, c): &(usize, char)| c.is_whitespace() || ENDS.contains(c);
        // a longer one is none that a mail has
        let end = rest.char_indices().take(LONGEST_LINK).find(ends);
        let end = end.map_or_else(|| (rest.len() <= LONGEST_LINK).then_some(rest.len()), |(end, _)| Some(end))?;
        let written = rest[..end].trim_end_matches(['.', ',', ';', '!', '?']);
        Url::parse(&written.replace("&amp;", "&")).ok()
    });
    links.take(MOST_LINKS).collect()
}

/// The parameter of a link that has the token by its name: of its query, or behind its `#`.
fn parameter_of(link: &Url) -> Option<String> {
    let fragment = link.fragment().unwrap_or_default();
    let behind = fragment.split_once('?').map_or(fragment, |(_, query)| query);
    let of_fragment = url::form_urlencoded::parse(behind.as_bytes());
    let mut all = link.query_pairs().chain(of_fragment);
    let has_token = |name: &str| TOKENS.iter().any(|end| name.to_ascii_lowercase().ends_with(end));
    all.find(|(name, value)| has_token(name) && !value.is_empty()).map(|(_, value)| value.into_owned())
}

/// The last segment of the path of a link, or of the path that is behind its `#`.
fn last_segment_of(link: &Url) -> Option<String> {
    let fragment = link.fragment().filter(|fragment| fragment.contains('/'));
    let path = fragment.unwrap_or_else(|| link.path());
    let last = path.split('?').next()?.split('/').rfind(|segment| !segment.is_empty())?;
    Some(percent_encoding::percent_decode_str(last).decode_utf8_lossy().into_owned())
}

impl LoginSession {
    /// Asks for another password in place of one that was forgotten, and reads the mail that comes for it. What is done with the
    /// mail goes on from there.
    ///
    /// # Errors
    /// When a request is not answered as a success, or no mail can be read.
    pub async fn ask_for_mail(&mut self, logins: &Logins) -> Result<ReadMail, ControlError> {
        self.note_mail_before(logins).await;
        self.ask_for_reset(logins).await?;
        self.read_mail(logins).await
    }

    /// Notes the mail that is there before another one is asked for. A command is for what was asked for alone.
    async fn note_mail_before(&self, logins: &Logins) {
        let source = self.procedure.reset_completion.as_ref().map(|completion| &completion.mail);
        if let Some(MailSource::Request(_)) = source
            && let Ok((_, mail)) = self.mail_now(logins).await
        {
            logins.is_new_mail(&mail.token);
        }
    }

    /// Reads the mail that was asked for, as soon as it is there; one that was there before where no other comes.
    async fn read_mail(&mut self, logins: &Logins) -> Result<ReadMail, ControlError> {
        let began = clock::now();
        loop {
            let read = self.mail_now(logins).await;
            let is_new = read.as_ref().is_ok_and(|(_, mail)| logins.is_new_mail(&mail.token));
            if is_new || clock::now().saturating_duration_since(began) > ARRIVES_WITHIN {
                let (answer, mail) = read?;
                self.state.take_mail(answer, mail.clone());
                return Ok(ReadMail { is_new, ..mail });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The mail that can be read now. Its source gets no cookie of the target, and gives none to it.
    async fn mail_now(&self, logins: &Logins) -> Result<(ControlAnswer, ReadMail), ControlError> {
        let Some(completion) = &self.procedure.reset_completion else {
            return Err(ControlError::Unusable("the login has no `reset_completion`".to_owned()));
        };
        let failed = |why: String| ControlError::Login(LoginError::Mail(why));
        let answer = match &completion.mail {
            MailSource::Command { argv, env } => {
                let user = Secret::new(&self.procedure.account.0);
                let env: Vec<_> = env.iter().cloned().chain([(USERNAME.to_owned(), user)]).collect();
                let printed = hook::call(&logins.spawner, (argv, &[]), &env, "").await;
                let body = printed.map_err(|error| failed(error.to_string()))?;
                ControlAnswer { status: 200, headers: Vec::new(), body, took: Duration::ZERO }
            }
            MailSource::Forbidden(program) => {
                return Err(failed(format!("--no-command or --untrusted forbids starting {program}")));
            }
            MailSource::Request(step) => {
                let mut reader = Self::new(self.procedure.clone());
                let asked = reader.step(logins, step, "the request for the mail").await;
                asked.map_err(|error| failed(error.to_string()))?;
                reader.state.latest().cloned().ok_or_else(|| failed("no answer".to_owned()))?
            }
        };
        let mail = mail_in(&answer.body, completion.at.as_deref()).map_err(|error| failed(error.to_string()))?;
        Ok((answer, mail))
    }

    /// Sets the password of the user who has the mail.
    ///
    /// # Errors
    /// When a request is not answered as a success.
    pub(super) async fn complete_reset(&mut self, logins: &Logins, new: Secret) -> Result<(), ControlError> {
        let procedure = self.procedure.clone();
        self.begin();
        self.state.new_password = Some(new);
        let requests = procedure.reset_completion.iter().flat_map(|completion| &completion.requests);
        for (at, step) in requests.enumerate() {
            let name = format!("request {} of the completion of the password reset", at + 1);
            self.step(logins, step, &name).await?;
        }
        Ok(())
    }
}

impl Logins {
    /// Whether a mail has come that none had the token of before; it has from now on.
    fn is_new_mail(&self, token: &Secret) -> bool {
        let mut seen = self.mails.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.insert(token.expose().to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_token_of_a_mail_is_found_in_links_and_alone() {
        for (read, at, token, path) in [
            ("7f3a-9c\n", None, "7f3a-9c", None),
            ("\"7f3a-9c\"", None, "7f3a-9c", None),
            ("123456", None, "123456", None),
            (r#"{"uid":"MQ","token":"7f3a"}"#, Some("/token"), "7f3a", None),
            ("https://app.example/reset?uid=MQ&token=a%2Bb\n", None, "a+b", Some("/reset?uid=MQ&token=a%2Bb")),
            (
                "Hello,\r\nsee <https://app.example/> or <https://app.example/r?reset_password_token=x1>.",
                None,
                "x1",
                Some("/r?reset_password_token=x1"),
            ),
            ("<a href=\"http://app.example:8080/r?user=alice&amp;Key=x2\">", None, "x2", Some("/r?user=alice&Key=x2")),
            ("https://app.example/reset/MQ/cq1-7f3a/.", None, "cq1-7f3a", Some("/reset/MQ/cq1-7f3a/")),
            ("https://app.example/#/reset?token=x3", None, "x3", Some("/")),
            ("https://app.example/#/reset/x4", None, "x4", Some("/")),
            (r#"{"m":[{"text":"go to http://a.example/r/x5 now"}]}"#, Some("/m/0/text"), "x5", Some("/r/x5")),
            ("ähttps://a.example/r/x6ä", None, "x6ä", Some("/r/x6%C3%A4")),
        ] {
            let mail = mail_in(read.as_bytes(), at).unwrap_or_else(|error| panic!("{read}: {error}"));
            assert_eq!(mail.token.expose(), token, "{read}");
            assert_eq!(mail.path.as_ref().map(Secret::expose), path, "{read}");
        }
        let two = "http://one.example/ http://two.example/r?token=x";
        assert_eq!(
            mail_in(two.as_bytes(), None).map(|mail| mail.hosts),
            Ok(vec!["one.example".into(), "two.example".into()])
        );
    }

    #[test]
    fn whatever_is_read_has_a_token_that_is_in_it_or_none() {
        let mail = "ä <a href=\"HTTPS://ä.example/r/ö?x=&amp;key=%C3%A4%ZZ#/t?code=é\">://</a> http:// \u{2028}https://[::1/ ö";
        for cut in 0..mail.len() {
            for part in [&mail.as_bytes()[..cut], &mail.as_bytes()[cut..]] {
                let read = mail_in(part, None);
                assert!(read.as_ref().map_or(true, |mail| !mail.token.expose().is_empty()), "{cut}: {read:?}");
            }
        }
        assert_eq!(mail_in("http://x".repeat(20_000).as_bytes(), None), Err(NoMail::TooLong), "one word");
        assert_eq!(links_in(&"http://a.example/x ".repeat(MOST_LINKS + 1)).len(), MOST_LINKS);
    }

    #[test]
    fn what_has_no_token_says_what_is_missing() {
        for (read, at, expected) in [
            ("", None, NoMail::NoToken),
            ("no mail for you", None, NoMail::NoToken),
            ("https://app.example/", None, NoMail::NoToken),
            (r#"{"token":"x"}"#, None, NoMail::PlaceUnknown),
            (r#"{"token":7}"#, Some("/token"), NoMail::NotThere),
            ("x", Some("/token"), NoMail::NotThere),
        ] {
            assert_eq!(mail_in(read.as_bytes(), at), Err(expected), "{read}");
        }
        assert_eq!(mail_in("x".repeat(LONGEST_TOKEN + 1).as_bytes(), None), Err(NoMail::TooLong));
    }
}
