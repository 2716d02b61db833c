//! How a user who has forgotten the password sets another one.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::LoginRequests;
use crate::scenario::Template;
use crate::scenario::text::Pointer;

/// How a user who has asked for another password sets one: where the mail is read, and the requests that set the password.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetCompletionFields {
    /// How the mail is read: by exactly one of `command` and `get`.
    pub mail: MailFields,
    /// One request, or several in order, that set the password `{new_password}`. `{reset_token}` stands for the token of the mail,
    /// and `{reset_path}` for the path and the query of its link, such as in `get: "{reset_path}"`; `{/pointer}` also for values
    /// of JSON that the mail was read as. They go on from the answers and cookies of `password_reset`.
    pub request: LoginRequests,
}

/// Where the mail of a password reset is read: by exactly one of `command` and `get`.
///
/// What comes is one word, the token; or a text with links, of which the first one counts that has a parameter whose name ends
/// with `token`, `code`, `key`, `otp` or `ticket` (in its query or behind a `#`): its value is the token. Where no link has one,
/// the token is the last segment of the path of the first link. Until something comes that was not there before the request, it is
/// read again, for ten seconds.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MailFields {
    /// A command without a shell. It prints the link or the token of the latest mail to the user whose user-id the variable
    /// `AUTHBENCH_USERNAME` has, or JSON to which `at` points.
    #[serde(default)]
    pub command: Option<Vec<String>>,
    /// Variables of the command; it gets these, `AUTHBENCH_USERNAME`, PATH and nothing else.
    #[serde(default)]
    pub env: BTreeMap<String, Template>,
    /// Address of a GET whose answer has the latest mail to `{username}`, such as that of a mail catcher: a path on the target, or
    /// absolute.
    #[serde(default)]
    pub get: Option<Template>,
    /// Header lines of that GET.
    #[serde(default)]
    pub headers: BTreeMap<String, Template>,
    /// JSON pointer to the link, the token or the text of the mail, where what comes is JSON.
    #[serde(default)]
    pub at: Option<Pointer>,
}
