//! What is done with the login of a credential.

use super::{Act, Caster, Control, Missing, missing};
use crate::check::step::{
    AuthorizationChange, ClientProof, DEFAULT_ACCOUNTS, ExtraScope, ForeignHost, GrantChange, LoginMember,
    LoginRevocation, MalformedGrant, MalformedLogin, MalformedText, NearPassword, NoPassword, NoSession, QueryLogin,
    RedirectionUri, RefreshChange, ReturnTo, SessionAct, SessionStep, UnusableResource, UnusualText, UserOrder, Want,
};
use crate::observe::{Description, Phrase};

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
            | SessionAct::GuessPasswords
            | SessionAct::GuessAtOnce
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
                        | SessionAct::CompareUsers
                        | SessionAct::InQuery(_)
                        | SessionAct::TwoUsers(..)
                );
                let takes = !is_about_users || procedure.is_some_and(|login| login.takes_account());
                has(takes, "the requests of the login do not refer to `{username}` of the credential")?;
            }
            SessionAct::LogOut(_)
            | SessionAct::LogOutFromForeignPage(_)
            | SessionAct::FollowLogoutLink(_)
            | SessionAct::LogOutWithoutSession(..) => {
                has(procedure.is_some_and(|login| !login.logout.is_empty()), "no `logout` in the login")?
            }
            SessionAct::ChangePassword(_) | SessionAct::ChangePasswordWrongly(_) => {
                has(
                    procedure.is_some_and(|login| !login.password_change.is_empty()),
                    "no `password_change` in the login",
                )?;
                let why = "the login does not send `{username}` and `{password}`, or its `password_change` no `{new_password}`";
                has(procedure.is_some_and(|login| login.changes_password()), why)?;
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
            SessionAct::LogInAfter(..) => {
                has(
                    procedure.is_some_and(|login| login.cookie().is_some()),
                    "the credential of the login is no cookie",
                )?;
            }
            _ => {}
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
                LoginMember::User => "no body of the login has the `{username}` as a value of its own",
                LoginMember::Password => "no body of the login has the `{password}` as a value of its own",
            };
            has(takes(UnusualText::Empty), why)?;
            // a form has no values of other types than text
            if !takes(kind) {
                return Ok(());
            }
        }
        if let SessionAct::ChangedGrant(change) = step.act {
            let changes = subject.changed_grant(good, change).is_some();
            // a grant may have no value that a second one could differ from, and a challenge may be its verifier (`plain`)
            if matches!(change, GrantChange::TwoGrants | GrantChange::ChallengeAsVerifier) && !changes {
                return Ok(());
            }
            has(changes, lacking(change))?;
        }
        if let SessionAct::Revoke(_, by) = step.act {
            let named = subject.authorization_server.as_ref().is_some_and(|server| server.revocation.is_some());
            if !named {
                let why = "no `issuer` in the scheme whose metadata name a revocation endpoint";
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
            if matches!(change, AuthorizationChange::Malformed(..)) && !changes(change) {
                return Ok(());
            }
            let why = match change {
                AuthorizationChange::Resource(_) => "no request of the login before the last one has a `resource`",
                AuthorizationChange::ShortChallenge => {
                    "no request of the login before the last one has a `code_challenge`"
                }
                _ => "no request of the login before the last one has a `code_challenge_method`",
            };
            has(changes(change), why)?;
        }
        self.budget(step.act == SessionAct::GuessPasswords)?;
        if let SessionAct::NearPassword(kind) = step.act
            && procedure.is_none_or(|login| login.with_near_password(kind).is_none())
        {
            // a password may have no letter
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

    /// The identity, where writes of its session have header lines of their own.
    pub(super) fn with_write_headers(&self, identity: usize) -> Result<usize, Missing> {
        match self.subject.procedure_of(identity).filter(|login| !login.write_headers.is_empty()) {
            Some(_) => Ok(identity),
            None => missing(
                "no `write_headers` in the login: no write has a CSRF token that could be missing (`session.foreign-page-write-refused` shows whether other sites can write)",
            ),
        }
    }
}

/// What a login has to have, so that the request to its token endpoint can be changed.
fn lacking(change: GrantChange) -> &'static str {
    match change {
        GrantChange::NoType
        | GrantChange::UnknownType
        | GrantChange::TypeTwice
        | GrantChange::TwoTypes
        | GrantChange::TwoGrants
        | GrantChange::Malformed(_) => "no request to a token endpoint in the login",
        GrantChange::WrongGrant => {
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
        GrantChange::OtherRedirectionUri | GrantChange::NoRedirectionUri => {
            "no `redirect_uri` in the last request of the login"
        }
        GrantChange::NoVerifier | GrantChange::WrongVerifier | GrantChange::ChallengeAsVerifier => {
            "no `code_verifier` in the last request of the login"
        }
        GrantChange::NoChallenge | GrantChange::EmptyChallenge => {
            "no `code_challenge` before, and `code_verifier` in, the last request of the login"
        }
        GrantChange::OtherClient => {
            "no second credential with a login that uses a code of another client at the same token endpoint"
        }
    }
}

fn described(act: SessionAct) -> Description {
    let text = match act {
        SessionAct::LogIn(_) | SessionAct::LogInAfter(..) | SessionAct::LogInForMoreScope(_) => "a login",
        SessionAct::LogInLaterIfAlike(..) => "a login in another second",
        SessionAct::LogInWithin(..) => "a login with the cookies of an open session",
        SessionAct::FromForeignPage => "a login that a page of another site sends",
        SessionAct::ReturningTo(site) => {
            return Description::new(format!("a login that is to lead to {}", returning_to(site)));
        }
        SessionAct::PageReturningTo(site) => {
            return Description::new(format!("the page of a login that is to lead to {}", returning_to(site)));
        }
        SessionAct::OtherMethod(method) => {
            return Description::new(format!("{method} where the login posts the password"));
        }
        SessionAct::NamingHost(ForeignHost::Host) => "a login with a foreign Host",
        SessionAct::NamingHost(ForeignHost::Forwarded) => "a login with a foreign host in forwarding fields",
        SessionAct::LogOutFromForeignPage(_) => "a logout that a page of another site sends",
        SessionAct::FollowLogoutLink(_) => "the address of the logout by GET, as a link on another site sends it",
        SessionAct::LogInSecond(_) => "a login of another identity",
        SessionAct::Unusual(member, kind) => unusual(member, kind),
        SessionAct::ObjectMember(user, lack) => {
            let lack = if lack == NoPassword::Null { "with null as the password" } else { "without a password" };
            return Description::new(format!("a login as {user} {lack}"));
        }
        SessionAct::Malformed(kind) => malformed(kind),
        SessionAct::TwoUsers(UserOrder::OwnFirst, _) => "a login with two users, of which the first has the password",
        SessionAct::TwoUsers(UserOrder::OwnLast, _) => "a login with two users, of which the second has the password",
        SessionAct::InQuery(QueryLogin::OwnMethod) => "a login with user and password in the query",
        SessionAct::InQuery(QueryLogin::Get) => "a login by GET",
        SessionAct::CompareUsers => "failed logins of a known user and of unknown ones",
        SessionAct::NearPassword(NearPassword::Shorter) => "a login with the password without its last character",
        SessionAct::NearPassword(NearPassword::Longer) => "a login with one more character behind the password",
        SessionAct::NearPassword(NearPassword::OtherCase) => "a login with the password in the other case",
        SessionAct::NearPassword(NearPassword::SpaceBehind) => "a login with a space behind the password",
        SessionAct::NearPassword(NearPassword::NulBehind) => {
            "a login with NUL and another character behind the password"
        }
        SessionAct::ChangedGrant(GrantChange::NoType) => "a login without grant_type",
        SessionAct::ChangedGrant(GrantChange::UnknownType) => "a login with a grant type that does not exist",
        SessionAct::ChangedGrant(GrantChange::NoClientAuthentication) => {
            "a login without the authentication of its client"
        }
        SessionAct::ChangedGrant(GrantChange::WrongClientSecret) => "a login with a wrong secret of its client",
        SessionAct::NearPassword(NearPassword::NulAlone) => "a login with NUL behind the password",
        SessionAct::WrongPassword | SessionAct::ChangedGrant(GrantChange::WrongPassword) => {
            "a login with a wrong password"
        }
        SessionAct::ChangedGrant(GrantChange::UnknownCode) => "a login with a code that was never issued",
        SessionAct::ChangedGrant(GrantChange::OtherRedirectionUri) => {
            "a login whose code is used with another redirection URI"
        }
        SessionAct::ChangedGrant(GrantChange::NoRedirectionUri) => {
            "a login whose code is used without its redirection URI"
        }
        SessionAct::ChangedGrant(GrantChange::NoVerifier) => "a login whose code is used without its verifier",
        SessionAct::ChangedGrant(GrantChange::WrongVerifier) => "a login whose code is used with a wrong verifier",
        SessionAct::ChangedGrant(GrantChange::NoChallenge) => "a login with a verifier and without a challenge",
        SessionAct::ChangedGrant(GrantChange::EmptyChallenge) => "a login with a verifier and an empty challenge",
        SessionAct::ChangedGrant(GrantChange::ChallengeAsVerifier) => {
            "a login whose code is used with its challenge as the verifier"
        }
        SessionAct::ChangedGrant(GrantChange::OtherClient) => "a login whose code is used by another client",
        SessionAct::ChangedGrant(GrantChange::WrongGrant) => "a login with a wrong code or password",
        SessionAct::ChangedGrant(GrantChange::TypeTwice) => "a login with grant_type twice",
        SessionAct::ChangedGrant(GrantChange::TwoTypes) => "a login with two grant types",
        SessionAct::ChangedGrant(GrantChange::TwoGrants) => "a login with two codes or passwords",
        SessionAct::ChangedGrant(GrantChange::Client(proof)) => proven(proof),
        SessionAct::ChangedGrant(GrantChange::SecretOfOther) => "a login with the secret of another client",
        SessionAct::ChangedGrant(GrantChange::Malformed(kind)) => {
            return Description::new(format!("a token request {}", malformed_grant(kind)));
        }
        SessionAct::RepeatCode(_) => "a code that was used before",
        SessionAct::UseCodeAtOnce => "the same code at the same time",
        SessionAct::AuthorizationRequest(change) => match change {
            AuthorizationChange::Nothing => "the authorization request",
            AuthorizationChange::NoResponseType => "an authorization request without response_type",
            AuthorizationChange::UnknownResponseType => {
                "an authorization request with a response type that does not exist"
            }
            AuthorizationChange::UnknownChallengeMethod => {
                "an authorization request with a challenge method that does not exist"
            }
            AuthorizationChange::ShortChallenge => "an authorization request with a challenge of three characters",
            AuthorizationChange::Resource(UnusableResource::Path) => {
                "an authorization request with a resource that is no absolute URI"
            }
            AuthorizationChange::Resource(UnusableResource::Fragment) => {
                "an authorization request with a fragment in its resource"
            }
            AuthorizationChange::RepeatedParameter => "an authorization request with a parameter twice",
            AuthorizationChange::OwnState => "an authorization request with a state that has to be escaped",
            AuthorizationChange::Malformed(name, text) => {
                let text = malformed_text(text);
                return Description::new(format!("an authorization request whose {name} is {text}"));
            }
        },
        SessionAct::OtherRedirection(uri) => {
            return Description::new(format!("an authorization request with {}", other_redirection(uri)));
        }
        SessionAct::UnknownUser => "a login with a user that does not exist",
        SessionAct::DefaultAccount(row) => {
            let (user, password) = DEFAULT_ACCOUNTS[row];
            return Description::new(format!("a login with the user {user} and the password {password}"));
        }
        SessionAct::GuessPasswords => "a login with a wrong password",
        SessionAct::GuessAtOnce => "logins with wrong passwords at the same time",
        SessionAct::Refresh(_) | SessionAct::RefreshIfAny(_) | SessionAct::TryRefresh(_) => "a refresh",
        SessionAct::RefreshChanged(_, RefreshChange::Malformed(kind)) => {
            return Description::new(format!("a refresh {}", malformed_grant(kind)));
        }
        SessionAct::RefreshChanged(_, change) => changed(change),
        SessionAct::RefreshByCookies(..) => "a refresh by another cookie of the login, and nothing else",
        SessionAct::RefreshAtOnce(_) => "the same refresh at the same time",
        SessionAct::LogOut(_) => "a logout",
        SessionAct::LogOutWithoutSession(_, NoSession::NoCookie) => "the logout without a cookie",
        SessionAct::LogOutWithoutSession(_, NoSession::UnknownCookie) => {
            "the logout with an identifier that was never issued in the cookie of the session"
        }
        SessionAct::PageWithMalformedCookies(_) => "the page of the login with a cookie that does not parse",
        SessionAct::Revoke(_, LoginRevocation::Own) => "its revocation",
        SessionAct::Revoke(_, LoginRevocation::OwnHinted(hint)) => {
            return Description::new(format!("its revocation with token_type_hint={hint}"));
        }
        SessionAct::Revoke(_, LoginRevocation::OwnRefreshToken(None)) => "the revocation of its refresh token",
        SessionAct::Revoke(_, LoginRevocation::OwnRefreshToken(Some(hint))) => {
            return Description::new(format!("the revocation of its refresh token with token_type_hint={hint}"));
        }
        SessionAct::Revoke(_, LoginRevocation::OwnOfUnknown) => "the revocation of a token that was never issued",
        SessionAct::Revoke(_, LoginRevocation::Other) => "its revocation by another client",
        SessionAct::Revoke(_, LoginRevocation::UnknownClient) => {
            "its revocation by a client that nobody has registered"
        }
        SessionAct::ChangePassword(_) => "a password change",
        SessionAct::ChangePasswordWrongly(_) => "a password change without the former password",
        SessionAct::Copy(..) | SessionAct::RefreshToken(..) | SessionAct::IdToken(..) | SessionAct::AwaitOverlap => {
            "nothing"
        }
    };
    Phrase::new(text).into()
}

fn returning_to(site: ReturnTo) -> &'static str {
    match site {
        ReturnTo::Address | ReturnTo::TwoSlashes => "another site",
        ReturnTo::Unreadable => "an address that does not parse",
        ReturnTo::Slashes => "two slashes",
        ReturnTo::PercentSign => "a percent sign",
        ReturnTo::Script => "a script",
        ReturnTo::Long => "a path of 4,096 characters",
    }
}

fn other_redirection(uri: RedirectionUri) -> &'static str {
    match uri {
        RedirectionUri::OtherHost => "a redirection URI on another host",
        RedirectionUri::LongerPath => "one more segment behind its redirection URI",
        RedirectionUri::HostBehind => "a redirection URI whose host begins with the registered one",
        RedirectionUri::OtherPort => "a redirection URI on another port",
        RedirectionUri::LongerQuery => "one more parameter in its redirection URI",
        RedirectionUri::UserBefore => "a user in its redirection URI",
        RedirectionUri::HostAsUser => "a redirection URI on another host, with the registered host as its user",
        RedirectionUri::LongerSegment => "more characters behind the path of its redirection URI",
        RedirectionUri::OtherSlash => "a slash more or less behind the path of its redirection URI",
        RedirectionUri::Fragment => "a fragment in its redirection URI",
        RedirectionUri::SchemeInCapitals => "the scheme of its redirection URI in capitals",
        RedirectionUri::HostInCapitals => "the host of its redirection URI in capitals",
        RedirectionUri::DefaultPort => "the default port in its redirection URI",
        RedirectionUri::DotSegments => "dot segments in its redirection URI",
        RedirectionUri::EncodedDotSegments => "encoded dot segments in its redirection URI",
    }
}

fn proven(proof: ClientProof) -> &'static str {
    match proof {
        ClientProof::Basic => "a login whose client authenticates by HTTP Basic alone",
        ClientProof::Body => "a login whose client authenticates in the body alone",
        ClientProof::BasicAndBody => "a login whose client authenticates by HTTP Basic and in the body",
        ClientProof::BasicAndWrongBody => {
            "a login whose client authenticates by HTTP Basic, with a wrong secret in the body"
        }
        ClientProof::BodyAndWrongBasic => {
            "a login whose client authenticates in the body, with a wrong secret by HTTP Basic"
        }
        ClientProof::Nobody => "a login without the HTTP Basic of its client",
        ClientProof::Behind(_) => "a login whose client credentials are behind another scheme name",
        ClientProof::Unknown => "a login of a client that nobody has registered",
    }
}

fn changed(change: RefreshChange) -> &'static str {
    match change {
        RefreshChange::OtherEnd => "a refresh token with another end",
        RefreshChange::Unknown => "a refresh token that was never issued",
        RefreshChange::AccessToken => "the access token as the refresh token",
        RefreshChange::NoClientAuthentication => "the refresh without the authentication of its client",
        RefreshChange::WrongClientSecret => "the refresh with a wrong secret of its client",
        RefreshChange::OtherClient => "the refresh token sent by another client",
        RefreshChange::TypeTwice => "the refresh with grant_type twice",
        RefreshChange::TwoTokens => "the refresh with two refresh tokens",
        RefreshChange::Malformed(_) => "a malformed refresh",
        RefreshChange::MoreScope(ExtraScope::OfAnother) => "the refresh with a scope of another credential",
        RefreshChange::MoreScope(ExtraScope::Invented) => "the refresh with a scope that does not exist",
        RefreshChange::LessScope => "the refresh with a part of the scope",
    }
}

fn malformed_grant(kind: MalformedGrant) -> String {
    let text = match kind {
        MalformedGrant::Grant(text) => {
            return format!("whose grant (code, refresh token or scope) is {}", malformed_text(text));
        }
        MalformedGrant::Client(text) => return format!("whose client is {}", malformed_text(text)),
        MalformedGrant::Grants => "with a list of grants (`code[]`, `refresh_token[]` or `scope[]`)",
        MalformedGrant::Clients => "with a list of clients (`client_id[]`)",
        MalformedGrant::BasicWithNul => "of a client with NUL, by HTTP Basic",
        MalformedGrant::BasicUnread => "with HTTP Basic that is no Base64",
        MalformedGrant::Json => "as JSON",
        MalformedGrant::Multipart => "in parts (multipart/form-data)",
        MalformedGrant::NoMediaType => "without Content-Type",
    };
    text.to_owned()
}

fn malformed_text(text: MalformedText) -> &'static str {
    match text {
        MalformedText::Nul => "a text with NUL",
        MalformedText::NotUtf8 => "no UTF-8",
        MalformedText::PercentSign => "a percent sign that encodes nothing",
        MalformedText::Long => "8,192 characters long",
        MalformedText::Address => "an address that does not parse",
        MalformedText::Word => "the word authbench",
        MalformedText::Character => "one character",
        MalformedText::Empty => "empty",
    }
}

fn unusual(member: LoginMember, kind: UnusualText) -> &'static str {
    use LoginMember::{Password, User};
    match (member, kind) {
        (User, UnusualText::Empty) => "a login with an empty user",
        (User, UnusualText::Sql) => "a login with SQL as the user",
        (User, UnusualText::Operator) => "a login with an operator of a document database as the user",
        (User, UnusualText::True) => "a login with true as the user",
        (User, UnusualText::Null) => "a login with null as the user",
        (Password, UnusualText::Empty) => "a login with an empty password",
        (Password, UnusualText::Sql) => "a login with SQL as the password",
        (Password, UnusualText::Operator) => "a login with an operator of a document database as the password",
        (Password, UnusualText::True) => "a login with true as the password",
        (Password, UnusualText::Null) => "a login with null as the password",
    }
}

fn malformed(kind: MalformedLogin) -> &'static str {
    use LoginMember::{Password, User};
    match kind {
        MalformedLogin::Array => "a login with an array in place of an object",
        MalformedLogin::Text => "a login with a text in place of an object",
        MalformedLogin::Null => "a login with null in place of an object",
        MalformedLogin::Empty => "a login with an empty body",
        MalformedLogin::Broken => "a login with JSON that ends too early",
        MalformedLogin::Deep => "a login that is nested deeply",
        MalformedLogin::Number(User) => "a login with a number as the user",
        MalformedLogin::Number(Password) => "a login with a number as the password",
        MalformedLogin::List(User) => "a login with an array as the user",
        MalformedLogin::List(Password) => "a login with an array as the password",
        MalformedLogin::Object(User) => "a login with an object as the user",
        MalformedLogin::Object(Password) => "a login with an object as the password",
        MalformedLogin::Missing(User) => "a login without a user",
        MalformedLogin::Missing(Password) => "a login without a password",
        MalformedLogin::Bare => "a login with nothing but user and password",
        MalformedLogin::Surrogate(User) => "a login with half of a UTF-16 pair as the user",
        MalformedLogin::Surrogate(Password) => "a login with half of a UTF-16 pair as the password",
        MalformedLogin::Nul(User) => "a login whose user ends with NUL",
        MalformedLogin::Nul(Password) => "a login whose password ends with NUL",
        MalformedLogin::PercentSign => "a login with a percent sign that encodes nothing",
        MalformedLogin::NotUtf8 => "a login with a password that is not UTF-8",
        MalformedLogin::RawByte => "a login with a byte that is not encoded",
        MalformedLogin::UnknownCharset => "a login in a charset that does not exist",
        MalformedLogin::NoBoundary => "a login in parts without a boundary",
        MalformedLogin::FalseGzip => "a login that is said to be gzip and is not",
        MalformedLogin::NumberInJson => "a login as JSON with a number as the password",
    }
}
