//! What is done with the login of a credential, in words.

use crate::check::step::{
    AuthorizationChange, ChosenPassword, ClientProof, CodeChange, DEFAULT_ACCOUNTS, ExtraScope, ForeignHost,
    GrantChange, LoginMember, LoginRevocation, MalformedGrant, MalformedLogin, MalformedText, NearPassword, NoFormer,
    NoPassword, NoSession, PlainMethod, QueryLogin, RedirectionUri, RefreshChange, RegisteredName, RequestFault,
    ReturnTo, SessionAct, UnusableResource, UnusualText, UserOrder, UserSpelling,
};
use crate::observe::{Description, Phrase};

/// What a step sends that its check does not describe.
pub(super) fn described(act: SessionAct) -> Description {
    let text = match act {
        SessionAct::LogIn(_) | SessionAct::LogInAfter(..) | SessionAct::LogInForMoreScope(_) => "a login",
        SessionAct::LogInOfPublicClient(_) => "a login of a public client",
        SessionAct::LogInWithoutOpenId(_) => "a login that asks neither for openid nor for claims",
        SessionAct::AskUserInfo(_) => "the UserInfo endpoint",
        SessionAct::LogInAskingForMore(_) => {
            "a login whose authorization request asks for a scope that its credential lacks"
        }
        SessionAct::LogInLaterIfAlike(..) => "a login in another second",
        SessionAct::LogInWithin(..) => "a login with the cookies of an open session",
        SessionAct::FromForeignPage => "a login that a page of another site sends",
        SessionAct::FromForeignForm => "a login that a page of another site sends, as a form",
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
        SessionAct::NamingHost(ForeignHost::Referer) => "a login from a page of a foreign host",
        SessionAct::NamingHost(ForeignHost::Forwarded) => "a login with a foreign host in forwarding fields",
        SessionAct::LogOutFromForeignPageBare(_) => "a logout that a page of another site sends, without a cookie",
        SessionAct::LogOutFromForeignPage(_) => "a logout that a page of another site sends",
        SessionAct::LogOutFromForeignPageAsText(_) => "a logout that a page of another site sends as text/plain",
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
        SessionAct::BeforeCode => "what a login has got before its one-time code",
        SessionAct::ChangedCode(change) => return with_code(change),
        SessionAct::TryCodeAccount => "the login of the account whose codes are guessed at, with its next code",
        SessionAct::GuessCodes => "a login with the right password and a wrong one-time code",
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
        SessionAct::ChangedGrant(GrantChange::OtherRegisteredUri) => {
            "a login whose code is used with the other redirection URI of its client"
        }
        SessionAct::ChangedGrant(GrantChange::NoRedirectionUri) => {
            "a login whose code is used without its redirection URI"
        }
        SessionAct::ChangedGrant(GrantChange::NoVerifier) => "a login whose code is used without its verifier",
        SessionAct::ChangedGrant(GrantChange::WrongVerifier) => "a login whose code is used with a wrong verifier",
        SessionAct::ChangedGrant(GrantChange::NoChallenge) => "a login with a verifier and without a challenge",
        SessionAct::ChangedGrant(GrantChange::NoProofKey) => "a login of a public client without a proof key",
        SessionAct::ChangedGrant(GrantChange::EmptyChallenge) => "a login with a verifier and an empty challenge",
        SessionAct::ChangedGrant(GrantChange::ChallengeAsVerifier) => {
            "a login whose code is used with its challenge as the verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainWrongVerifier(PlainMethod::Unnamed)) => {
            "a login with a challenge without a method, whose code is used with a wrong verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainNoVerifier(PlainMethod::Unnamed)) => {
            "a login with a challenge without a method, whose code is used without a verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainWrongVerifier(PlainMethod::Named)) => {
            "a login with a challenge of the method plain, whose code is used with a wrong verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainNoVerifier(PlainMethod::Named)) => {
            "a login with a challenge of the method plain, whose code is used without a verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainVerifier(PlainMethod::Unnamed)) => {
            "a login with a challenge without a method, whose code is used with the challenge as the verifier"
        }
        SessionAct::ChangedGrant(GrantChange::PlainVerifier(PlainMethod::Named)) => {
            "a login with a challenge of the method plain, whose code is used with the challenge as the verifier"
        }
        SessionAct::ChangedGrant(GrantChange::OtherClient) => "a login whose code is used by another client",
        SessionAct::ChangedGrant(GrantChange::WrongGrant) => "a login with a wrong code or password",
        SessionAct::ChangedGrant(GrantChange::NoGrant) => "a token request without its code or password",
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
            AuthorizationChange::NobodyLoggedIn => "an authorization request of somebody who has not logged in",
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
            AuthorizationChange::Implicit => "an authorization request with response_type=token",
            AuthorizationChange::UnknownClient => "an authorization request of a client that nobody has registered",
            AuthorizationChange::UnknownClientElsewhere => {
                "an authorization request of a client that nobody has registered, with a redirection URI on another host"
            }
            AuthorizationChange::FaultyElsewhere(RequestFault::NoResponseType) => {
                "an authorization request without response_type, with a redirection URI on another host"
            }
            AuthorizationChange::FaultyElsewhere(RequestFault::UnknownResponseType) => {
                "an authorization request with a response type that does not exist and a redirection URI on another host"
            }
            AuthorizationChange::FaultyElsewhere(RequestFault::UnknownScope) => {
                "an authorization request with a scope that does not exist and a redirection URI on another host"
            }
            AuthorizationChange::NoClient => "an authorization request without client_id",
            AuthorizationChange::Malformed(name, text) => {
                let text = malformed_text(text);
                return Description::new(format!("an authorization request whose {name} is {text}"));
            }
        },
        SessionAct::OtherRedirection(uri) => {
            return Description::new(format!("an authorization request with {}", other_redirection(uri)));
        }
        SessionAct::PageOfRefusal => "the page that a refused login leads to",
        SessionAct::UnknownUser => "a login with a user that does not exist",
        SessionAct::DefaultAccount(row) => {
            let (user, password) = DEFAULT_ACCOUNTS[row];
            return Description::new(format!("a login with the user {user} and the password {password}"));
        }
        SessionAct::GuessPasswords => "a login with a wrong password",
        SessionAct::OtherSpelling(UserSpelling::OtherCase) => "a login with the user-id in the other case",
        SessionAct::OtherSpelling(UserSpelling::SpaceBehind) => "a login with a space behind the user-id",
        SessionAct::GuessSpelled(UserSpelling::OtherCase) => {
            "a login with a wrong password and the user-id in the other case"
        }
        SessionAct::GuessSpelled(UserSpelling::SpaceBehind) => {
            "a login with a wrong password and a space behind the user-id"
        }
        SessionAct::GuessForwarded => "a login with a wrong password and headers that name another source",
        SessionAct::GuessOnceMore => "a login with a wrong password, once more",
        SessionAct::TryGuessedElsewhere => {
            "a login of that account with its right password and headers that name another source"
        }
        SessionAct::TryGuessedAccount => "a login of that account with its right password",
        SessionAct::GuessAtOnce => "logins with wrong passwords at the same time",
        SessionAct::TryLogIn => "the login with the right password",
        SessionAct::Refresh(_) | SessionAct::RefreshIfAny(_) | SessionAct::TryRefresh(_) => "a refresh",
        SessionAct::RefreshChanged(_, RefreshChange::Malformed(kind)) => {
            return Description::new(format!("a refresh {}", malformed_grant(kind)));
        }
        SessionAct::RefreshChanged(_, change) => changed(change),
        SessionAct::RefreshByCookies(..) => "a refresh by another cookie of the login, and nothing else",
        SessionAct::RefreshAtOnce(_) => "the same refresh at the same time",
        SessionAct::LogOut(_) | SessionAct::LogOutWholly(_) => "a logout",
        SessionAct::LogOutWithoutSession(_, NoSession::NoCookie) => "the logout without a cookie",
        SessionAct::LogOutWithoutSession(_, NoSession::UnknownCookie) => {
            "the logout with an identifier that was never issued in the cookie of the session"
        }
        SessionAct::LogOutWithoutSession(_, NoSession::NoCredential) => "the logout without a credential",
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
        SessionAct::ChangePasswordWithout(NoFormer::Missing) => "a password change that leaves the former password out",
        SessionAct::ChangePasswordWithout(NoFormer::Empty) => "a password change with an empty former password",
        SessionAct::ChangePasswordWithout(NoFormer::Null) => "a password change with null as the former password",
        SessionAct::ChangePasswordTo(chosen) => {
            return Description::new(format!("a password change to {}", chosen_password(chosen)));
        }
        SessionAct::Register => "a registration of a new user",
        SessionAct::RegisterWith(chosen) => {
            return Description::new(format!("a registration with {}", chosen_password(chosen)));
        }
        SessionAct::RegisterAgain(None) => "a registration of the user who has an account",
        SessionAct::RegisterAgain(Some(UserSpelling::OtherCase)) => {
            "a registration of the user who has an account, in the other case"
        }
        SessionAct::RegisterAgain(Some(UserSpelling::SpaceBehind)) => {
            "a registration of the user who has an account, with a space behind the user-id"
        }
        SessionAct::RegisterPlainAgain => "a registration of one more user",
        SessionAct::RegisterPlain => "a registration of a new user, whose rights are looked at",
        SessionAct::RegisterRaised(by) => {
            return Description::new(format!("a registration with {}", by.described()));
        }
        SessionAct::RegisterName(RegisteredName::New) => "a registration of a new name",
        SessionAct::RegisterName(RegisteredName::Taken) => "a registration of a name that is taken",
        SessionAct::AskForReset => "a password reset of the user",
        SessionAct::ReadResetMail(None) => "a password reset whose mail is read",
        SessionAct::ReadResetMail(Some(ForeignHost::Host)) => {
            "a password reset with a foreign Host, whose mail is read"
        }
        SessionAct::ReadResetMail(Some(ForeignHost::Forwarded)) => {
            "a password reset with a foreign host in forwarding fields, whose mail is read"
        }
        SessionAct::ReadResetMail(Some(ForeignHost::Referer)) => {
            "a password reset from a page of a foreign host, whose mail is read"
        }
        SessionAct::CompleteReset => "a password reset that is completed",
        SessionAct::FormerPassword => "a login with the password from before the reset",
        SessionAct::CompleteExpendableReset => "a password reset of the account that may be locked, which is completed",
        SessionAct::GuessResetTokens => "a completion of a password reset with a wrong token",
        SessionAct::CompleteAfterGuesses => "a completion with the right token after the wrong ones",
        SessionAct::CompleteResetAgain => "another completion with the same token",
        SessionAct::CompleteResetOfOther => "a completion with the token of another user",
        SessionAct::AskForResetOfNobody => "a password reset of a user that does not exist",
        SessionAct::Copy(..) | SessionAct::RefreshToken(..) | SessionAct::IdToken(..) | SessionAct::AwaitOverlap => {
            "nothing"
        }
    };
    Phrase::new(text).into()
}

fn chosen_password(chosen: ChosenPassword) -> &'static str {
    match chosen {
        ChosenPassword::Good | ChosenPassword::Another => "a password that is long and not common",
        ChosenPassword::Short => "a password of seven characters",
        ChosenPassword::Common => "a common password",
    }
}

fn returning_to(site: ReturnTo) -> &'static str {
    match site {
        ReturnTo::Address | ReturnTo::TwoSlashes | ReturnTo::Backslash | ReturnTo::TabBetween => "another site",
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
        RefreshChange::NoToken => "the refresh without a refresh token",
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

fn with_code(change: CodeChange) -> Description {
    let text = match change {
        CodeChange::Again => "a login with a one-time code that was used before",
        CodeChange::Missing => "a login without its one-time code",
        CodeChange::Empty => "a login with an empty one-time code",
        CodeChange::Zeros => "a login with zeros as its one-time code",
        CodeChange::Null => "a login with null as its one-time code",
        CodeChange::List => "a login with an array of one-time codes, of which the last is right",
        CodeChange::Beside(distance @ ..0) => {
            return Description::new(format!("a login with the one-time code of {} time steps ago", -distance));
        }
        CodeChange::Beside(distance) => {
            return Description::new(format!("a login with the one-time code of {distance} time steps ahead"));
        }
        CodeChange::Ago(seconds) => {
            return Description::new(format!("a login with a one-time code that ended {} minutes ago", seconds / 60));
        }
        CodeChange::OfAnother => "a login with the one-time code of another user",
    };
    Description::from(Phrase::new(text))
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
        MalformedLogin::Nul(User) => "a login whose user has NUL inside",
        MalformedLogin::Nul(Password) => "a login whose password has NUL inside",
        MalformedLogin::PercentSign => "a login with a percent sign that encodes nothing",
        MalformedLogin::NotUtf8 => "a login with a password that is not UTF-8",
        MalformedLogin::RawByte => "a login with a byte that is not encoded",
        MalformedLogin::UnknownCharset => "a login in a charset that does not exist",
        MalformedLogin::NoBoundary => "a login in parts without a boundary",
        MalformedLogin::FalseGzip => "a login that is said to be gzip and is not",
        MalformedLogin::NumberInJson => "a login as JSON with a number as the password",
    }
}
