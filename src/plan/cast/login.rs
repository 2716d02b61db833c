//! What is done with the login of a credential.

use super::login_described::described;
use super::{Act, Caster, Control, Missing, missing};
use crate::check::step::{
    AuthorizationChange, ClientProof, GrantChange, LoginMember, LoginRevocation, MalformedLogin, NoSession,
    RedirectionUri, RefreshChange, SessionAct, SessionStep, UnusualText, Want,
};
use crate::observe::Description;

impl Caster<'_> {
    pub(super) fn session(&mut self, index: usize, step: &'static SessionStep) -> Result<(), Missing> {
        match self.session_as_given(index, step) {
            Err(Missing { why, .. }) if step.optional => {
                self.left_out.get_or_insert(why);
                Ok(())
            }
            given => given,
        }
    }

    fn session_as_given(&mut self, index: usize, step: &'static SessionStep) -> Result<(), Missing> {
        let subject = self.subject;
        if let SessionAct::OtherMethod(method) = step.act {
            let login = subject.login_identity().and_then(|good| subject.procedure_of(good));
            let may_be_sent = subject.owned || matches!(method, "GET" | "TRACE");
            if !may_be_sent || login.is_none_or(|login| login.path_for(method).is_none()) {
                return Ok(());
            }
        }
        if let SessionAct::PageReturningTo(site) = step.act {
            let login = subject.login_identity().and_then(|good| subject.procedure_of(good));
            if login.is_none_or(|login| login.page_returning_to(site).is_none()) {
                return Ok(());
            }
        }
        let Some(identity) = self.whose_login(step)? else { return Ok(()) };
        let good = subject.login_identity().unwrap_or(identity);
        let procedure = subject.procedure_of(identity);
        let has = |there: bool, what: &str| if there { Ok(()) } else { missing(what) };
        match step.act {
            SessionAct::WrongPassword
            | SessionAct::PageOfRefusal
            | SessionAct::Unusual(..)
            | SessionAct::ObjectMember(..)
            | SessionAct::Malformed(_)
            | SessionAct::InQuery(_)
            | SessionAct::TwoUsers(..)
            | SessionAct::UnknownUser
            | SessionAct::NearPassword(_)
            | SessionAct::ChangedGrant(_)
            | SessionAct::DefaultAccount(_)
            | SessionAct::ReturningTo(_)
            | SessionAct::FromForeignPage
            | SessionAct::FromForeignForm
            | SessionAct::GuessPasswords
            | SessionAct::GuessAtOnce
            | SessionAct::OtherSpelling(_)
            | SessionAct::GuessSpelled(_)
            | SessionAct::GuessForwarded
            | SessionAct::GuessOnceMore
            | SessionAct::TryGuessedAccount
            | SessionAct::TryGuessedElsewhere
            | SessionAct::CompareUsers => {
                let by_code = matches!(step.act, SessionAct::ChangedGrant(_))
                    && procedure.is_some_and(|login| login.uses_a_code());
                let takes_password = procedure.is_some_and(|login| login.takes_password());
                has(
                    by_code || takes_password,
                    "the requests of the login do not refer to `{password}` of the credential",
                )?;
                // a login may have no users
                let is_about_users = matches!(
                    step.act,
                    SessionAct::Unusual(LoginMember::User, _)
                        | SessionAct::ObjectMember(..)
                        | SessionAct::UnknownUser
                        | SessionAct::DefaultAccount(_)
                        | SessionAct::GuessPasswords
                        | SessionAct::GuessAtOnce
                        | SessionAct::OtherSpelling(_)
                        | SessionAct::GuessSpelled(_)
                        | SessionAct::GuessForwarded
                        | SessionAct::GuessOnceMore
                        | SessionAct::TryGuessedAccount
                        | SessionAct::TryGuessedElsewhere
                        | SessionAct::CompareUsers
                        | SessionAct::InQuery(_)
                        | SessionAct::TwoUsers(..)
                );
                let takes = !is_about_users || procedure.is_some_and(|login| login.takes_account());
                has(takes, "the requests of the login do not refer to `{username}` of the credential")?;
            }
            SessionAct::LogOutWholly(_) => {
                has(procedure.is_some_and(|login| !login.logout.is_empty()), "no `logout` in the login")?;
                has(!procedure.is_some_and(|login| login.only_revokes_its_token()), REVOKES_ONE)?;
            }
            SessionAct::LogOut(_)
            | SessionAct::LogOutFromForeignPage(_)
            | SessionAct::LogOutFromForeignPageBare(_)
            | SessionAct::LogOutFromForeignPageAsText(_)
            | SessionAct::FollowLogoutLink(_)
            | SessionAct::LogOutWithoutSession(..) => {
                has(procedure.is_some_and(|login| !login.logout.is_empty()), "no `logout` in the login")?
            }
            SessionAct::ChangePassword(_)
            | SessionAct::ChangePasswordWrongly(_)
            | SessionAct::ChangePasswordWithout(_)
            | SessionAct::ChangePasswordTo(_) => {
                let why = match step.optional {
                    true => "no `password_change` and no `registration` in the login",
                    false => "no `password_change` in the login",
                };
                has(procedure.is_some_and(|login| !login.password_change.is_empty()), why)?;
                let why = "the login does not send `{username}` and `{password}`, or its `password_change` no `{new_password}`";
                has(procedure.is_some_and(|login| login.changes_password()), why)?;
                if let SessionAct::ChangePasswordWithout(lack) = step.act {
                    let goes_without = procedure.is_some_and(|login| login.without_former(lack).is_some());
                    has(goes_without, "the `password_change` sends no `{password}` that it could go without so")?;
                }
            }
            SessionAct::Register
            | SessionAct::RegisterWith(_)
            | SessionAct::RegisterAgain(_)
            | SessionAct::RegisterName(_)
            | SessionAct::RegisterPlain
            | SessionAct::RegisterPlainAgain
            | SessionAct::RegisterRaised(_) => {
                has(procedure.is_some_and(|login| !login.registration.is_empty()), "no `registration` in the login")?;
                let takes = procedure.is_some_and(|login| login.takes_account());
                has(
                    takes,
                    "the requests of the login do not refer to `{username}` and `{password}` of the credential",
                )?;
                let is_of_rights = matches!(
                    step.act,
                    SessionAct::RegisterPlain | SessionAct::RegisterPlainAgain | SessionAct::RegisterRaised(_)
                );
                let sends_code = procedure.is_some_and(|login| login.code_step().is_some());
                has(
                    !is_of_rights || !sends_code,
                    "the login sends a one-time code, and that of a new user is unknown",
                )?;
                if let SessionAct::RegisterRaised(by) = step.act {
                    let raises = procedure.is_some_and(|login| login.registering_with(&by.members(&[])).is_some());
                    has(
                        raises,
                        "no body of the `registration` has `{new_password}` or `{username}` as a member or a field",
                    )?;
                }
            }
            SessionAct::AskForReset | SessionAct::AskForResetOfNobody => {
                has(
                    procedure.is_some_and(|login| !login.password_reset.is_empty()),
                    "no `password_reset` in the login",
                )?;
                let named = procedure.is_some_and(|login| !login.account.0.is_empty());
                has(named, "the credential has no `username`")?;
            }
            act @ (SessionAct::ReadResetMail(_)
            | SessionAct::CompleteReset
            | SessionAct::FormerPassword
            | SessionAct::CompleteResetAgain
            | SessionAct::CompleteExpendableReset
            | SessionAct::GuessResetTokens
            | SessionAct::CompleteAfterGuesses
            | SessionAct::CompleteResetOfOther) => {
                if let Some(why) = subject.lacks_for_reset(good, act) {
                    return missing(&why);
                }
            }
            SessionAct::RefreshIfAny(_) | SessionAct::TryRefresh(_) | SessionAct::RefreshByCookies(..)
                if procedure.is_none_or(|login| login.refresh.is_none()) =>
            {
                return Ok(());
            }
            SessionAct::RefreshChanged(_, change)
                if change.is_beside_login() && subject.changed_refresh(good, change).is_none() =>
            {
                return Ok(());
            }
            SessionAct::Refresh(_)
            | SessionAct::RefreshIfAny(_)
            | SessionAct::RefreshAtOnce(_)
            | SessionAct::RefreshToken(..)
            | SessionAct::RefreshChanged(..) => {
                has(procedure.is_some_and(|login| login.refresh.is_some()), "no `refresh` in the login")?;
            }
            SessionAct::LogInWithoutOpenId(_) => {
                let asks = procedure.is_some_and(|login| login.without_openid().is_some());
                has(asks, "no `scope` with `openid` in the authorization request of the login")?;
            }
            SessionAct::LogInAfter(..) => {
                has(
                    procedure.is_some_and(|login| login.cookie().is_some()),
                    "the credential of the login is no cookie",
                )?;
            }
            _ => {}
        }
        if let SessionAct::LogOutWithoutSession(_, NoSession::NoCredential) = step.act {
            let is_cookie = procedure.is_some_and(|login| login.cookie().is_some());
            has(!is_cookie, "the credential of the login is a cookie (see session.logout-without-cookie-never-5xx)")?;
            let leaves_out = procedure.is_some_and(|login| login.with_bare_logout().is_some());
            has(leaves_out, "the address of the logout has something in it that comes from an answer")?;
        }
        if let SessionAct::RefreshChanged(_, change) = step.act
            && subject.changed_refresh(identity, change).is_none()
        {
            return match change {
                RefreshChange::MoreScope(_) | RefreshChange::LessScope => missing(
                    "no `refresh` in the login that asks a token endpoint (a form with `grant_type: refresh_token`)",
                ),
                RefreshChange::OtherClient => missing(
                    "no second credential whose login has a `refresh` by another client at the same token endpoint",
                ),
                // a client with a key or a certificate has no secret
                RefreshChange::WrongClientSecret
                    if subject.changed_refresh(good, RefreshChange::NoClientAuthentication).is_some() =>
                {
                    Ok(())
                }
                _ => missing(
                    "no client in the login that authenticates: refresh tokens of a public client are used by whoever has them",
                ),
            };
        }
        if matches!(step.act, SessionAct::ObjectMember(..))
            && procedure.is_none_or(|login| login.changed_by(step.act).is_none())
        {
            return Ok(());
        }
        if let SessionAct::Unusual(member, kind) = step.act {
            let takes = |kind| procedure.is_some_and(|login| login.with_unusual(member, kind).is_some());
            let why = match member {
                LoginMember::User => {
                    "no body of the login has the `{username}` as a value of its own, or its address or another value names that user, too"
                }
                LoginMember::Password => "no body of the login has the `{password}` as a value of its own",
            };
            has(takes(UnusualText::Empty), why)?;
            // a form has no values of other types than text
            if !takes(kind) {
                return Ok(());
            }
        }
        if let SessionAct::ChangedGrant(change) = step.act {
            let changes = subject.changed_grant(identity, change).is_some();
            // a grant may have no value that a second one could differ from, and a challenge may be its verifier (`plain`)
            let may_lack = matches!(
                change,
                GrantChange::TwoGrants
                    | GrantChange::ChallengeAsVerifier
                    | GrantChange::PlainWrongVerifier(_)
                    | GrantChange::PlainNoVerifier(_)
                    | GrantChange::PlainVerifier(_)
            );
            if may_lack && !changes {
                return Ok(());
            }
            has(changes, lacking(change))?;
        }
        if let SessionAct::Revoke(_, by) = step.act {
            let named = subject.authorization_server.as_ref().is_some_and(|server| server.revocation.is_some());
            if !named {
                let why = match self.names_issuer_of_tokens() {
                    true => self.lacks_issuer(),
                    false => "no `issuer` in the scheme whose metadata name a revocation endpoint",
                };
                return Err(Missing { may_be_discovered: self.discovers(), ..Missing::of(why) });
            }
            let why = match by {
                LoginRevocation::OwnRefreshToken(_) => {
                    "no `refresh` in the login that sends a refresh token to a token endpoint"
                }
                LoginRevocation::Other => {
                    "no second credential with a login of another client at the same token endpoint"
                }
                _ => "no client in the request of the login to the token endpoint",
            };
            has(subject.revoking(good, by).is_some(), why)?;
        }
        if let SessionAct::OtherRedirection(uri) = step.act {
            let changes = |uri| procedure.is_some_and(|login| login.redirecting_to(uri).is_some());
            has(
                changes(RedirectionUri::OtherHost),
                "no request of the login before the last one has a `redirect_uri`",
            )?;
            // the redirection URI of an app may have no host
            if !changes(uri) {
                return Ok(());
            }
        }
        if let SessionAct::AuthorizationRequest(change) = step.act {
            let changes = |change| procedure.is_some_and(|login| login.authorizing(change).is_some());
            has(
                changes(AuthorizationChange::NoResponseType),
                "no request of the login before the last one has `response_type` and `redirect_uri`, or no redirect brings its code (`{location:code}`)",
            )?;
            // a form has only what is UTF-8
            if matches!(change, AuthorizationChange::Malformed(..) | AuthorizationChange::FaultyElsewhere(_))
                && !changes(change)
            {
                return Ok(());
            }
            let why = match change {
                AuthorizationChange::Resource(_) => "no request of the login before the last one has a `resource`",
                AuthorizationChange::NobodyLoggedIn => {
                    "the authorization request of the login names its user itself, or has a `Cookie` or `Authorization` of its own"
                }
                AuthorizationChange::ShortChallenge => {
                    "no request of the login before the last one has a `code_challenge`"
                }
                AuthorizationChange::UnknownClient
                | AuthorizationChange::UnknownClientElsewhere
                | AuthorizationChange::NoClient => "no request of the login before the last one has a `client_id`",
                _ => "no request of the login before the last one has a `code_challenge_method`",
            };
            let by_certificate = subject.identities[good].certificate.is_some();
            has(changes(change) && !(change == AuthorizationChange::NobodyLoggedIn && by_certificate), why)?;
        }
        if !self.sends_a_code(step.act, identity)? {
            return Ok(());
        }
        self.budget(step.act.is_guessing())?;
        if let SessionAct::NearPassword(kind) = step.act
            && procedure.is_none_or(|login| login.with_near_password(kind).is_none())
        {
            // a password may have no letter
            return Ok(());
        }
        if let SessionAct::OtherSpelling(_) | SessionAct::FromForeignForm = step.act
            && procedure.is_none_or(|login| login.changed_by(step.act).is_none())
        {
            // a user-id may have no letter, and a form is one already
            return Ok(());
        }
        if let SessionAct::RegisterAgain(spelling) = step.act
            && procedure.is_none_or(|login| login.user_spelled(spelling).is_none())
        {
            return Ok(());
        }
        if let SessionAct::DefaultAccount(row) = step.act
            && self.has_default_account(row)
        {
            return Ok(());
        }
        if let SessionAct::TwoUsers(order, _) = step.act {
            let Some(other) = subject.other_user(good).and_then(|other| subject.procedure_of(other)) else {
                return missing("no second valid credential whose login has another `username` and another `password`");
            };
            let takes = procedure.is_some_and(|login| login.with_two_users(order, &other.account.0).is_some());
            has(
                takes,
                "no body of the login has the `{username}` as a value of its own, or it is JSON that takes values from answers",
            )?;
        }
        if let SessionAct::InQuery(kind) = step.act {
            let moves = procedure.is_some_and(|login| login.with_account_in_query(kind).is_some());
            has(moves, "no body of the login has `{username}` and `{password}` as values of its own")?;
        }
        if let SessionAct::Malformed(kind) = step.act {
            let takes = |kind| procedure.is_some_and(|login| login.with_malformed_body(kind).is_some());
            has(
                takes(MalformedLogin::Empty),
                "no body of the login has `{username}` or `{password}` as a value of its own",
            )?;
            // a form has no types, and JSON no percent signs
            if !takes(kind) {
                return Ok(());
            }
        }
        if !self.is_control
            && matches!(step.want, Want::Denied(_))
            && let Some(resource) = subject.main_resource()
        {
            self.control(Control::Use { identity: good, resource });
        }
        let description = step.description.map_or_else(|| described(step.act), Description::from);
        self.push(index, Some(description), Act::Session { identity, step: *step });
        Ok(())
    }

    /// The identity, where something goes along with writes of its session.
    pub(super) fn with_write_headers(&self, identity: usize) -> Result<usize, Missing> {
        match self.subject.procedure_of(identity).filter(|login| !login.beside_writes.is_empty()) {
            Some(_) => Ok(identity),
            None => missing(
                "no `write_headers` or `write_fields` in the login: no write has a CSRF token that could be missing (`session.foreign-page-write-refused` shows whether other sites can write)",
            ),
        }
    }
}

/// Why the rest of a login need not end with its logout.
const REVOKES_ONE: &str = "the `logout` of the login revokes its access token alone, which may leave the refresh token alive (RFC 7009 §2.1): add a request with the refresh token (`token: \"{/refresh_token}\"`)";

/// What a login has to have, so that the request to its token endpoint can be changed.
fn lacking(change: GrantChange) -> &'static str {
    match change {
        GrantChange::NoType
        | GrantChange::UnknownType
        | GrantChange::TypeTwice
        | GrantChange::TwoTypes
        | GrantChange::TwoGrants
        | GrantChange::Malformed(_) => "no request to a token endpoint in the login",
        GrantChange::WrongGrant | GrantChange::NoGrant => {
            "no `{password}` in the request of the login to the token endpoint, and no `code` that comes from an answer"
        }
        GrantChange::NoClientAuthentication | GrantChange::WrongClientSecret => {
            "no client in the login that authenticates: what it asks for, anybody may ask for"
        }
        GrantChange::Client(ClientProof::Unknown) => "no client in the request of the login to the token endpoint",
        GrantChange::Client(ClientProof::Nobody | ClientProof::Behind(_)) => {
            "no client in the login that authenticates by HTTP Basic"
        }
        GrantChange::Client(_) => "no client in the login that sends a secret",
        GrantChange::SecretOfOther => {
            "no second credential with a login of another client, which sends a secret, at the same token endpoint"
        }
        GrantChange::WrongPassword => "no `{password}` in the request of the login to the token endpoint",
        GrantChange::UnknownCode => "no `code` in the last request of the login that comes from an answer",
        GrantChange::OtherRegisteredUri => {
            "no `material.other_redirection_uri` that differs from the `redirect_uri` of the login, and is registered for its client, too"
        }
        GrantChange::OtherRedirectionUri | GrantChange::NoRedirectionUri => {
            "no `redirect_uri` in the last request of the login"
        }
        GrantChange::NoVerifier
        | GrantChange::WrongVerifier
        | GrantChange::ChallengeAsVerifier
        | GrantChange::PlainWrongVerifier(_)
        | GrantChange::PlainNoVerifier(_)
        | GrantChange::PlainVerifier(_) => "no `code_verifier` in the last request of the login",
        GrantChange::NoChallenge | GrantChange::EmptyChallenge | GrantChange::NoProofKey => {
            "no `code_challenge` before, and `code_verifier` in, the last request of the login"
        }
        GrantChange::OtherClient => {
            "no second credential with a login that uses a code of another client at the same token endpoint"
        }
    }
}
