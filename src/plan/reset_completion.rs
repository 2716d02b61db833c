//! How a reset of a forgotten password is completed: where its mail is read, and what sets the password.

use std::sync::Arc;

use super::foreign_login::naming;
use super::login::{LoginPart, LoginProcedure, LoginStep};
use super::subject::Subject;
use crate::check::step::{ForeignHost, SessionAct};
use crate::secret::Secret;

/// What completes a reset.
#[derive(Clone, Debug)]
pub struct ResetCompletion {
    /// Where its mail is read.
    pub mail: MailSource,
    /// JSON pointer to what counts of it, where it is JSON.
    pub at: Option<String>,
    /// What sets the password.
    pub requests: Vec<LoginStep>,
}

/// Where a mail is read.
#[derive(Clone, Debug)]
pub enum MailSource {
    /// A command prints it.
    Command {
        /// Program and arguments.
        argv: Vec<String>,
        /// Its variables.
        env: Vec<(String, Secret)>,
    },
    /// A command that may not be started.
    Forbidden(String),
    /// The answer to a request has it.
    Request(Box<LoginStep>),
}

impl ResetCompletion {
    /// All its requests.
    pub(super) fn steps(&self) -> impl Iterator<Item = &LoginStep> {
        let of_mail = match &self.mail {
            MailSource::Request(step) => Some(&**step),
            MailSource::Command { .. } | MailSource::Forbidden(_) => None,
        };
        of_mail.into_iter().chain(&self.requests)
    }

    /// The values of the variables of its command.
    pub(super) fn variables(&self) -> impl Iterator<Item = &Secret> {
        let env = match &self.mail {
            MailSource::Command { env, .. } => env.as_slice(),
            MailSource::Forbidden(_) | MailSource::Request(_) => &[],
        };
        env.iter().map(|(_, value)| value)
    }

    /// The same, with a command forbidden.
    pub(super) fn without_command(mut self) -> Self {
        if let MailSource::Command { argv, .. } = &self.mail {
            self.mail = MailSource::Forbidden(argv.first().cloned().unwrap_or_default());
        }
        self
    }
}

impl LoginProcedure {
    /// Whether a reset can be asked for and completed.
    pub fn completes_reset(&self) -> bool {
        !self.password_reset.is_empty() && self.reset_completion.is_some()
    }

    /// Whether what completes a reset says whose password it sets.
    pub fn completion_names_user(&self) -> bool {
        let requests = self.reset_completion.iter().flat_map(|completion| &completion.requests);
        requests.flat_map(LoginStep::parts).any(|part| matches!(part, LoginPart::Username))
    }

    /// The program that reads the mail of its resets.
    pub fn mail_program(&self) -> Option<&str> {
        match &self.reset_completion.as_ref()?.mail {
            MailSource::Command { argv, .. } => argv.first().map(String::as_str),
            MailSource::Forbidden(_) | MailSource::Request(_) => None,
        }
    }

    /// The program that would read the mail of its resets, and may not be started.
    pub fn forbidden_mail_program(&self) -> Option<&str> {
        match &self.reset_completion.as_ref()?.mail {
            MailSource::Forbidden(program) => Some(program),
            MailSource::Command { .. } | MailSource::Request(_) => None,
        }
    }

    /// The same login, each request of whose password reset names a foreign host.
    #[must_use]
    pub fn resetting_at(&self, place: ForeignHost) -> Arc<Self> {
        let password_reset = self.password_reset.iter().map(|step| naming(step, place)).collect();
        Arc::new(Self { password_reset, ..self.clone() })
    }
}

impl Subject {
    /// What is missing for guesses at the tokens of resets; none where nothing is.
    fn lacks_for_guessed_reset(&self, login: &LoginProcedure) -> Option<String> {
        let material = &self.material;
        let has_token = |part: &LoginPart| matches!(part, LoginPart::ResetToken | LoginPart::ResetPath);
        let sends_token = login.reset_completion.iter().flat_map(|completion| &completion.requests);
        match () {
            () if material.expendable_username.is_none() || material.expendable_password.is_none() => Some(
                "no `material.expendable_username` and `material.expendable_password`, whose resets may be locked"
                    .to_owned(),
            ),
            () if login.code_step().is_some() => Some(
                "the login sends a one-time code, and that of `material.expendable_username` is unknown".to_owned(),
            ),
            () if !sends_token.flat_map(LoginStep::parts).any(has_token) => {
                Some("no `{reset_token}` or `{reset_path}` in the requests of the `reset_completion`".to_owned())
            }
            () => None,
        }
    }

    /// What is missing for a step about resets in the login of an identity.
    pub(super) fn lacks_for_reset(&self, good: usize, act: SessionAct) -> Option<String> {
        let Some(login) = self.procedure_of(good).filter(|login| login.reset_completion.is_some()) else {
            return Some("no `reset_completion` in the login".to_owned());
        };
        if login.password_reset.is_empty() {
            return Some("no `password_reset` in the login".to_owned());
        }
        if let Some(program) = login.forbidden_mail_program() {
            return Some(format!(
                "--no-command or --untrusted forbids starting {program}, which reads the mail of resets"
            ));
        }
        if !matches!(act, SessionAct::ReadResetMail(_)) && !login.takes_account() {
            return Some(
                "the requests of the login do not refer to `{username}` and `{password}` of the credential".to_owned(),
            );
        }
        if matches!(
            act,
            SessionAct::CompleteExpendableReset | SessionAct::GuessResetTokens | SessionAct::CompleteAfterGuesses
        ) {
            return self.lacks_for_guessed_reset(login);
        }
        if act != SessionAct::CompleteResetOfOther {
            return None;
        }
        if !login.completion_names_user() {
            return Some("no request of the `reset_completion` names the user (`{username}`): the token alone says whose password it is".to_owned());
        }
        let other = self.other_user(good).and_then(|other| self.procedure_of(other));
        match other.is_some_and(|other| other.completes_reset()) {
            true => None,
            false => Some("no second valid credential whose login has another `username`, another `password` and a `reset_completion`".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::step::FOREIGN_HOST;
    use crate::plan::changed_login::tests::login_in_test;
    use crate::plan::login::{LoginBody, LoginText};

    #[test]
    fn a_completion_is_read_from_what_is_written() {
        let plain = login_in_test("/login", LoginBody::Form(Vec::new()), ("alice", "pass"));
        let step = plain.steps().next().expect("has one").clone();
        let with = |mail: MailSource, part: LoginPart| {
            let body = LoginBody::Form(vec![("x".to_owned(), LoginText(vec![part]))]);
            let requests = vec![LoginStep { body: Some(body), ..step.clone() }];
            let reset_completion = Some(ResetCompletion { mail, at: None, requests });
            LoginProcedure { password_reset: vec![step.clone()], reset_completion, ..plain.clone() }
        };
        let command = || MailSource::Command { argv: vec!["./mail".to_owned()], env: Vec::new() };
        assert!(!plain.completes_reset() && !plain.completion_names_user());
        let login = Arc::new(with(command(), LoginPart::Username));
        assert!(login.completes_reset() && login.completion_names_user());
        assert_eq!((login.mail_program(), login.forbidden_mail_program()), (Some("./mail"), None));
        let forbidden = login.without_command();
        assert_eq!((forbidden.mail_program(), forbidden.forbidden_mail_program()), (None, Some("./mail")));
        let request = with(MailSource::Request(Box::new(step.clone())), LoginPart::ResetToken);
        assert!(!request.completion_names_user());
        assert_eq!(request.steps().count(), plain.steps().count() + 3);
        let foreign = login.resetting_at(ForeignHost::Host);
        let named = LoginText::plain(FOREIGN_HOST);
        assert!(foreign.password_reset[0].headers.contains(&("Host".to_owned(), named)));
    }
}
