//! The catalogue as code: what must hold, what is sent to find out, and how the answers are judged.

mod api_key;
mod basic;
mod bearer;
mod cause;
mod common;
mod digest;
mod dpop;
mod hmac;
mod httpsig;
mod introspection;
mod judgement;
mod jwt;
mod metadata;
mod mtls;
mod openid;
pub mod page;
pub mod profile;
mod register;
mod revocation;
mod session;
pub mod step;
mod token;
mod verdict;

pub use cause::Explanation;
use judgement::expect;
pub use judgement::{Deviation, Judgement, ObservedCheck};
pub use page::citation::url_of;
pub use step::Step;
pub use verdict::{Level, Severity, Verdict};

/// Version of the catalogue; it grows when a check is added, removed or judges differently.
pub const CATALOGUE_VERSION: u32 = 1;

/// How soon a requirement belongs in a gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// What every API must hold.
    Core,
    /// What a careful one holds.
    Extended,
}

impl Tier {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Core => "core",
            Tier::Extended => "extended",
        }
    }
}

/// How a check comes to its verdict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One answer decides.
    Deterministic,
    /// Something has to be waited for.
    Timed,
    /// Samples decide.
    Statistical,
    /// A listener of authbench decides.
    OutOfBand,
}

impl Mode {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Mode::Deterministic => "deterministic",
            Mode::Timed => "timed",
            Mode::Statistical => "statistical",
            Mode::OutOfBand => "out-of-band",
        }
    }
}

/// What is said about a check to people.
#[derive(Clone, Copy, Debug)]
pub struct Doc {
    /// What is sent.
    pub sends: &'static str,
    /// Why it matters.
    pub matters: &'static str,
    /// How to fix a violation.
    pub fix: &'static str,
}

/// One requirement with its probe.
#[derive(Debug)]
pub struct Check {
    /// Stable id: topic, dot, name.
    pub id: &'static str,
    /// What must hold, in one line.
    pub title: &'static str,
    /// Strength, before the profile.
    pub level: Level,
    /// Impact of a violation of the access part.
    pub severity: Severity,
    /// How soon it belongs in a gate.
    pub tier: Tier,
    /// How it comes to its verdict.
    pub mode: Mode,
    /// Whether it may run against a target that the scenario does not own.
    pub remote_safe: bool,
    /// Whether it is the positive control of its group.
    pub control: bool,
    /// Whether it is about the `Authorization` field or its challenges, and says nothing of a credential elsewhere.
    pub about_authorization: bool,
    /// Whether it is about challenges of the scheme Bearer (RFC 6750 §3), and says nothing of a credential behind another
    /// scheme name.
    pub about_bearer: bool,
    /// Topics that have the same check under a name of their own: where one of them applies, this one does not.
    pub left_to: &'static [&'static str],
    /// Documents and sections; the first is printed with the verdict.
    pub sources: &'static [&'static str],
    /// What is sent, why it matters, how to fix.
    pub doc: Doc,
    /// What is sent.
    pub steps: &'static [Step],
    /// Whether any client error refuses. One check of each topic judges which status that should be: a server whose
    /// refusals have another one deviates once, not in every check.
    pub any_refusal: bool,
    /// Whether answers are compared with each other, so that they are kept whole.
    pub compares_answers: bool,
    /// What a grant to a probe of this check shows, where its step does not say it by itself.
    pub shows: Explanation,
    /// Checks whose violation of the same part at the same resource implies this one's.
    pub implied_by: &'static [&'static str],
    /// How the answers are judged.
    pub expect: fn(&ObservedCheck<'_>) -> Judgement,
    /// The fault of the reference that this check must find.
    pub fault: &'static str,
}

impl Check {
    /// Topic: the id up to its first dot.
    pub fn group(&self) -> &'static str {
        self.id.split_once('.').map_or(self.id, |(group, _)| group)
    }

    /// Whether it is about one of these topics of a scheme. Of client certificates, what they prove at the authorization
    /// server is for schemes that have one, and what they open by themselves is for the others.
    pub fn is_of(&self, topics: &[&str]) -> bool {
        let asks_a_server = self.steps.iter().any(|step| matches!(step, Step::Form(_)));
        let fits = self.group() != "mtls" || asks_a_server == topics.contains(&"token");
        let is_theirs = self.left_to.iter().any(|topic| topics.contains(topic));
        topics.contains(&self.group()) && fits && !is_theirs
    }

    /// Whether it is about the one-time codes of a login: it is planned where the login that checks use has one.
    pub fn needs_one_time_codes(&self) -> bool {
        let is_theirs = |step: &Step| matches!(step, Step::Session(step) if step.act.is_about_codes());
        self.steps.iter().any(is_theirs)
    }

    /// What is sent, why it matters and how to fix it, as one text.
    pub fn help(&self) -> String {
        format!("{} {} {}", self.doc.sends, self.doc.matters, self.doc.fix)
    }
}

/// What most checks have in common; entries say what is theirs.
const PLAIN: Check = Check {
    id: "",
    title: "",
    level: Level::Practice,
    severity: Severity::Medium,
    tier: Tier::Core,
    mode: Mode::Deterministic,
    remote_safe: true,
    control: false,
    about_authorization: false,
    about_bearer: false,
    left_to: &[],
    sources: &[],
    doc: Doc { sends: "", matters: "", fix: "" },
    steps: &[],
    any_refusal: false,
    compares_answers: false,
    shows: Explanation::Own,
    implied_by: &[],
    expect: expect::wants,
    fault: "",
};

/// The same for checks that ask whether something is refused, and not how.
const REFUSAL: Check = Check { any_refusal: true, ..PLAIN };

/// Topics in the order in which they run, with the schemes (as profiles call them) whose scenarios they apply to.
pub const GROUPS: &[Group] = &[
    Group {
        name: "apikey",
        about: "API keys",
        tables: &[api_key::CHECKS, api_key::carrier::CHECKS, common::timing::API_KEY],
    },
    Group {
        name: "basic",
        about: "HTTP Basic (RFC 7617)",
        tables: &[basic::CHECKS, basic::protocol::CHECKS, common::foreign_page::BASIC, common::timing::BASIC],
    },
    Group { name: "digest", about: "HTTP Digest (RFC 7616)", tables: &[digest::CHECKS, common::foreign_page::DIGEST] },
    Group {
        name: "hmac",
        about: "Requests that are signed with a shared secret (AWS Signature Version 4 among them)",
        tables: &[hmac::CHECKS],
    },
    Group {
        name: "httpsig",
        about: "HTTP message signatures (RFC 9421)",
        tables: &[httpsig::CHECKS, httpsig::reading::CHECKS],
    },
    Group {
        name: "mtls",
        about: "Client certificates (RFC 8705)",
        tables: &[mtls::CHECKS, mtls::tokens::CHECKS, common::foreign_page::MTLS],
    },
    Group {
        name: "dpop",
        about: "Tokens that are bound to keys (RFC 9449)",
        tables: &[dpop::CHECKS, dpop::nonces::CHECKS, dpop::tokens::CHECKS],
    },
    Group {
        name: "session",
        about: "Sessions by cookie (RFC 6265)",
        tables: &[
            session::CHECKS,
            session::identifiers::CHECKS,
            session::returned_cookies::CHECKS,
            session::shown_cookies::CHECKS,
        ],
    },
    Group {
        name: "login",
        about: "Logins and logouts",
        tables: &[
            session::login::CHECKS,
            session::disabled::CHECKS,
            session::demoted::CHECKS,
            session::one_time::CHECKS,
            session::code_guesses::CHECKS,
            session::two_users::CHECKS,
            session::forgotten::CHECKS,
            session::reset_token::CHECKS,
            session::reset_guesses::CHECKS,
            session::completed_reset::CHECKS,
            session::reset_link::CHECKS,
            session::weak_passwords::CHECKS,
            session::registration::CHECKS,
            session::raised::CHECKS,
            session::kept_method::CHECKS,
            session::framed::CHECKS,
            session::stated_life::CHECKS,
            token::short_lived::LOGIN,
            common::hosts::LOGIN,
            common::timing::LOGIN,
            session::reset_time::CHECKS,
            common::login_guesses::CHECKS,
        ],
    },
    Group { name: "refresh", about: "Refresh tokens of logins (RFC 6749 §6)", tables: &[session::refresh::CHECKS] },
    Group {
        name: "grant",
        about: "Token endpoints that logins ask by a grant (RFC 6749 §4.3)",
        tables: &[
            session::grant::CHECKS,
            session::grant_client::CHECKS,
            session::grant_revocation::CHECKS,
            token::client_scheme::LOGIN,
            session::refreshed_scope::CHECKS,
        ],
    },
    Group {
        name: "code",
        about: "Authorization codes of logins (RFC 6749 §4.1)",
        tables: &[
            session::issued_code::CHECKS,
            session::authorization::CHECKS,
            session::asking_client::CHECKS,
            session::faulty_elsewhere::CHECKS,
            session::user_logs_in::CHECKS,
            session::implicit::CHECKS,
            session::published::CHECKS,
            session::plain_challenge::CHECKS,
            session::code::CHECKS,
            session::code_scope::CHECKS,
        ],
    },
    Group {
        name: "openid",
        about: "OpenID Connect, at logins that end with the use of a code",
        tables: &[openid::CHECKS, openid::userinfo::CHECKS],
    },
    Group {
        name: "token",
        about: "OAuth 2.0 token endpoint (RFC 6749)",
        tables: &[
            token::CHECKS,
            token::scopes::CHECKS,
            token::answers::CHECKS,
            token::requests::CHECKS,
            token::malformed::CHECKS,
            token::assertions::CHECKS,
            token::client_authentication::CHECKS,
            token::origins::CHECKS,
            token::short_lived::TOKEN,
            token::client_scheme::TOKEN,
            common::throttling::TOKEN,
            common::timing::TOKEN,
        ],
    },
    Group {
        name: "jwt",
        about: "JSON Web Tokens (RFC 7519, RFC 8725, RFC 9068)",
        tables: &[jwt::signature::CHECKS, jwt::header::CHECKS, jwt::claims::CHECKS, jwt::keys::CHECKS],
    },
    Group {
        name: "bearer",
        about: "Bearer tokens at the API (RFC 6750)",
        tables: &[
            bearer::CHECKS,
            bearer::challenges::CHECKS,
            bearer::methods::CHECKS,
            bearer::resource_metadata::CHECKS,
        ],
    },
    Group {
        name: "introspect",
        about: "Token introspection (RFC 7662)",
        tables: &[introspection::CHECKS, introspection::unusual::INTROSPECTION, token::client_scheme::INTROSPECTION],
    },
    Group {
        name: "revoke",
        about: "Token revocation (RFC 7009)",
        tables: &[revocation::CHECKS, introspection::unusual::REVOCATION, token::client_scheme::REVOCATION],
    },
    Group {
        name: "meta",
        about: "Authorization server metadata (RFC 8414)",
        tables: &[
            metadata::CHECKS,
            metadata::announced::CHECKS,
            metadata::foreign_host::CHECKS,
            mtls::tokens::METADATA,
        ],
    },
    Group {
        name: "register",
        about: "Registration of clients (RFC 7591)",
        tables: &[
            register::CHECKS,
            register::for_itself::CHECKS,
            register::requests::CHECKS,
            register::configuration::CHECKS,
        ],
    },
    Group {
        name: "common",
        about: "Any protected HTTP API",
        tables: &[
            common::CHECKS,
            common::bypasses::CHECKS,
            common::rights::CHECKS,
            common::validation::CHECKS,
            common::answers::CHECKS,
            common::cached_paths::CHECKS,
            common::origin_varies::CHECKS,
            common::echoes::CHECKS,
            common::fields::CHECKS,
            common::throttling::CHECKS,
            common::hosts::CHECKS,
            common::framing::CHECKS,
            common::malformed::CHECKS,
            common::malformed_body::CHECKS,
            common::messages::CHECKS,
            common::oversized::CHECKS,
            common::transport::CHECKS,
            common::survival::CHECKS,
            common::members::CHECKS,
            common::disabled::CHECKS,
        ],
    },
];

/// A topic of the catalogue.
#[derive(Debug)]
pub struct Group {
    /// Prefix of its ids.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    tables: &'static [&'static [Check]],
}

impl Group {
    /// Its checks: the positive control first.
    pub fn checks(&self) -> impl Iterator<Item = &'static Check> + Clone + use<> {
        let tables = self.tables;
        tables.iter().flat_map(|table| table.iter())
    }
}

/// All checks in the order in which they run.
pub fn catalogue() -> impl Iterator<Item = &'static Check> + Clone {
    GROUPS.iter().flat_map(Group::checks)
}

/// A check by its id.
pub fn find(id: &str) -> Option<&'static Check> {
    catalogue().find(|check| check.id == id)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn entries_are_whole() {
        let mut ids = BTreeSet::new();
        let mut faults = BTreeSet::new();
        for check in catalogue() {
            assert!(ids.insert(check.id), "{} occurs twice", check.id);
            assert!(faults.insert(check.fault), "{}: fault {} occurs twice", check.id, check.fault);
            assert!(!check.fault.is_empty() && !check.title.is_empty() && !check.steps.is_empty(), "{}", check.id);
            assert!(!check.sources.is_empty(), "{} cites nothing", check.id);
            for part in [check.doc.sends, check.doc.matters, check.doc.fix] {
                assert!(part.len() > 20 && part.ends_with('.'), "{}: {part:?} is no sentence", check.id);
            }
        }
    }

    #[test]
    fn what_implies_a_check_is_in_the_catalogue_and_is_not_implied_by_it() {
        for check in catalogue() {
            for id in check.implied_by {
                let other = find(id).unwrap_or_else(|| panic!("{}: there is no check {id}", check.id));
                assert!(other.id != check.id && !other.implied_by.contains(&check.id), "{} and {id}", check.id);
            }
        }
    }

    #[test]
    fn ids_of_steps_are_unique_within_a_check() {
        for check in catalogue() {
            let mut ids = BTreeSet::new();
            for id in check.steps.iter().filter_map(Step::step_id) {
                assert!(ids.insert(id), "{}: two steps are called {id:?}", check.id);
            }
        }
    }

    #[test]
    fn groups_hold_their_own_and_begin_with_their_control() {
        for group in GROUPS {
            for (index, check) in group.checks().enumerate() {
                assert_eq!(check.group(), group.name);
                assert!(!check.control || index == 0, "{} is a control and not the first", check.id);
            }
        }
    }
}
