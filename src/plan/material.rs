//! Which members of `material` a scheme uses: those that a check of its topics asks for. What it cannot use is a mistake.

use std::collections::BTreeSet;

use crate::check::step::{
    Alter, Artefact, Endpoint, Fill, FormAuth, GrantChange, Hook, MetadataDocument, PeculiarAccount, Send, SessionAct,
    Step, Who,
};
use crate::scenario::model::{AccessToken, DeclaredMaterial, LoginSource, Scheme as DeclaredScheme, SchemeFields};
use crate::scenario::{LoadedScenario, Position, ScenarioError, Template};
use crate::scheme::{self, Scheme};

/// Members that sign tokens, or wait for who reads them.
const OF_TOKENS: [&str; 4] = ["issuer_key", "second_key", "second_issuer_key", "listener"];

/// Members that are written and that no part of the scenario uses.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let scenario = &loaded.scenario;
    // a file that compares schemes alone has none of its own
    let compares_only = scenario.scheme.place == Position::default();
    let name = super::resolve::registered(&scenario.scheme);
    let Some(scheme) = scheme::find(name) else { return Vec::new() };
    let mut used = used_by(scheme);
    let studied = scenario.overhead.iter().flat_map(|overhead| &overhead.schemes);
    let mints = |scheme: &DeclaredScheme| matches!(scheme.0, SchemeFields::Jwt(_));
    if studied.filter_map(|side| side.value.0.scheme.as_ref()).any(mints) {
        used.insert("issuer_key");
    }
    let own = scenario.credentials.values().filter_map(|credential| match &credential.login.as_ref()?.value.0 {
        LoginSource::Own(login) => Some(&**login),
        LoginSource::Named(_) => None,
    });
    // the metadata of the issuer of bearer tokens are judged, and with them those of the resource that they are for
    if matches!(&scenario.scheme.0, SchemeFields::Bearer(bearer) if bearer.issuer.is_some()) {
        used.insert("resource_identifier");
    }
    // logins, and the token endpoint of such a login, are judged as well
    for login in own.chain(scenario.logins.values()) {
        used.extend(used_by_topic(if login.client.is_some() { "token" } else { "login" }));
    }
    let written = written(&scenario.material);
    let unused = written.into_iter().filter(|(member, _)| !used.contains(member));
    let named = scenario.scheme.value.name();
    let mistakes = unused.map(|(member, place)| {
        let place = if place == Position::default() { place_of(member, loaded) } else { place };
        let of = if compares_only { "the studied schemes".to_owned() } else { format!("the scheme {named}") };
        let binds = matches!(&scenario.scheme.0, SchemeFields::OAuth2ClientCredentials(of) if of.dpop.is_some());
        let error = match binds && !compares_only && OF_TOKENS.contains(&member) {
            true => {
                format!("`material.{member}` is of no use beside `dpop`: tokens that are bound to a key are not forged")
            }
            false => format!("`material.{member}` is of no use to {of}"),
        };
        loaded.error(place, error).with_help(way_out(member, &scenario.scheme, &used))
    });
    mistakes.collect()
}

/// Where a member is written that has no place of its own: its key, behind that of `material`.
fn place_of(member: &str, loaded: &LoadedScenario) -> Position {
    let start = loaded.scenario.material.place;
    let key = format!("{}:", member.rsplit('.').next().unwrap_or(member));
    let lines = loaded.source.lines().enumerate().skip(start.line.saturating_sub(1));
    let mut found = lines.filter_map(|(at, line)| Some(Position { line: at + 1, column: line.find(&key)? + 1 }));
    found.next().unwrap_or(start)
}

fn way_out(member: &str, scheme: &DeclaredScheme, used: &BTreeSet<&'static str>) -> String {
    if let SchemeFields::OAuth2ClientCredentials(oauth2) = &scheme.0
        && oauth2.access_token == AccessToken::Opaque
        && oauth2.dpop.is_none()
        && OF_TOKENS.contains(&member)
    {
        return "remove it, or add `access_token: jwt` to the scheme where its tokens are JWTs".to_owned();
    }
    match used.len() {
        0 => "remove it: nothing in `material` is of use here".to_owned(),
        _ => format!("remove it; of use are {}", used.iter().copied().collect::<Vec<_>>().join(", ")),
    }
}

/// Members that checks of a scheme use.
fn used_by(scheme: &dyn Scheme) -> BTreeSet<&'static str> {
    let topics = scheme.groups();
    let has_server = topics.contains(&"token");
    let checks = crate::check::catalogue().filter(|check| check.is_of(topics));
    let steps = checks.flat_map(|check| check.steps);
    // what only an authorization server is asked for is not sent where the scheme has none
    let sent = steps.filter(|step| has_server || !matches!(step, Step::Form(_) | Step::Obtain(_) | Step::Revoke(_)));
    let mut used: BTreeSet<&'static str> = sent.flat_map(wanted_by).collect();
    if topics.contains(&"jwt") {
        used.extend(OF_TOKENS);
    }
    if scheme.proves_in_handshake() {
        used.insert("client_ca");
    }
    if used.iter().any(|member| member.starts_with("hooks.")) {
        used.insert("hooks.env");
    }
    if used.contains("failure_budget") {
        used.insert("source_header");
    }
    used
}

/// Members that checks of a topic use.
fn used_by_topic(topic: &str) -> impl Iterator<Item = &'static str> {
    crate::check::catalogue()
        .filter(move |check| check.group() == topic)
        .flat_map(|check| check.steps)
        .flat_map(wanted_by)
}

/// Members that a step uses.
fn wanted_by(step: &Step) -> Vec<&'static str> {
    match step {
        Step::Send(send) => of_send(send),
        Step::Compare(compare) => [compare.one, compare.other].into_iter().filter_map(of_asker).collect(),
        Step::Form(form) => {
            let params = form.params.iter().filter_map(|(_, fill)| of_fill(*fill));
            let of_endpoint = (form.endpoint == Endpoint::Introspection).then_some("introspection_client");
            let budget = form.exhausts.then_some("failure_budget");
            let origin = form.origin.map(|_| "trusted_origins");
            params.chain(of_client(form.auth)).chain(of_endpoint).chain(budget).chain(origin).collect()
        }
        Step::Session(session) if matches!(session.act, SessionAct::GuessPasswords | SessionAct::GuessResetTokens) => {
            vec!["failure_budget", "expendable_username", "expendable_password"]
        }
        Step::Session(session) if session.act == SessionAct::ChangedGrant(GrantChange::OtherRegisteredUri) => {
            vec!["other_redirection_uri"]
        }
        Step::Session(session) if session.act == SessionAct::GuessCodes => {
            vec!["failure_budget", "expendable_code_account"]
        }
        Step::Fetch(fetch) if fetch.document == MetadataDocument::ProtectedResource => vec!["resource_identifier"],
        Step::Obtain(obtain) => obtain.scope.and_then(of_fill).into_iter().collect(),
        Step::Given(_, artefact) => vec![of_artefact(*artefact)],
        Step::Hook(hook) => vec![match hook {
            Hook::OutageBegins | Hook::OutageEnds => "hooks.outage",
            Hook::Revoke => "hooks.revoke",
            Hook::Disable(_) | Hook::Enable(_) => "hooks.disable",
            Hook::Demote | Hook::Promote => "hooks.demote",
            Hook::Rotate | Hook::AwaitRotation | Hook::RotateBack => "hooks.rotate",
        }],
        _ => Vec::new(),
    }
}

fn of_send(send: &Send) -> Vec<&'static str> {
    let altered = send.alter.iter().filter_map(|alter| match alter {
        Alter::Source(_) => Some("source_header"),
        Alter::Header(_, fill) | Alter::Replaced(_, fill) | Alter::Query(_, fill) | Alter::Target(fill) => {
            of_fill(*fill)
        }
        _ => None,
    });
    altered.chain(of_asker(send.who)).chain(send.exhausts.then_some("failure_budget")).collect()
}

fn of_asker(who: Who) -> Option<&'static str> {
    match who {
        Who::Account(account) | Who::ForgedAccount(account, _) => Some(match account {
            PeculiarAccount::LongPassword => "long_password_account",
            PeculiarAccount::ColonPassword => "colon_password_account",
            PeculiarAccount::Utf8Password => "utf8_password_account",
        }),
        Who::Artefact(artefact) => Some(of_artefact(artefact)),
        _ => None,
    }
}

fn of_artefact(artefact: Artefact) -> &'static str {
    match artefact {
        Artefact::OtherAudienceToken => "other_audience_token",
        Artefact::RefreshToken => "refresh_token",
        Artefact::GrantRefreshToken | Artefact::GrantAccessToken => "refresh_grant",
    }
}

fn of_fill(fill: Fill) -> Option<&'static str> {
    match fill {
        Fill::DisallowedScope | Fill::OwnAndDisallowedScope => Some("disallowed_scope"),
        Fill::LookalikeScope => Some("lookalike_scopes"),
        Fill::RefreshToken => Some("refresh_token"),
        Fill::OtherAudienceToken => Some("other_audience_token"),
        Fill::AcceptSignature => Some("answer_key"),
        Fill::OriginBeside(_) => Some("trusted_origins"),
        _ => None,
    }
}

fn of_client(auth: FormAuth) -> Option<&'static str> {
    match auth {
        FormAuth::Public => Some("public_client_id"),
        FormAuth::ExpendableWrong => Some("expendable_client_id"),
        FormAuth::WithoutGrant => Some("client_without_grant"),
        FormAuth::Special | FormAuth::SpecialRaw => Some("special_client"),
        FormAuth::ForeignResourceServer => Some("foreign_introspection_client"),
        FormAuth::ForgedCertificate(_) => Some("client_ca"),
        _ => None,
    }
}

/// Members that a scenario writes, with their places where they have one of their own.
fn written(material: &DeclaredMaterial) -> Vec<(&'static str, Position)> {
    let text = |template: &Option<Template>| template.as_ref().map(Template::place);
    let nowhere = |there: bool| there.then(Position::default);
    let client = |client: &Option<crate::scenario::model::Client>| client.as_ref().map(|one| one.client_id.place());
    let account = |account: &Option<crate::scenario::model::Account>| account.as_ref().map(|one| one.username.place());
    let hooks = &material.hooks;
    let members = [
        ("introspection_client", client(&material.introspection_client)),
        ("foreign_introspection_client", client(&material.foreign_introspection_client)),
        ("public_client_id", text(&material.public_client_id)),
        ("other_redirection_uri", text(&material.other_redirection_uri)),
        ("client_without_grant", client(&material.client_without_grant)),
        ("special_client", client(&material.special_client)),
        ("disallowed_scope", nowhere(material.disallowed_scope.is_some())),
        ("lookalike_scopes", nowhere(!material.lookalike_scopes.is_empty())),
        ("other_audience_token", text(&material.other_audience_token)),
        ("refresh_token", text(&material.refresh_token)),
        ("failure_budget", nowhere(material.failure_budget.is_some())),
        ("source_header", nowhere(material.source_header.is_some())),
        ("trusted_origins", material.trusted_origins.first().map(Template::place)),
        ("expendable_client_id", text(&material.expendable_client_id)),
        ("expendable_username", text(&material.expendable_username)),
        ("expendable_password", text(&material.expendable_password)),
        ("expendable_code_account", material.expendable_code_account.as_ref().map(|account| account.username.place())),
        ("resource_identifier", text(&material.resource_identifier)),
        ("refresh_grant", material.refresh_grant.as_ref().map(|grant| grant.refresh_token.place())),
        ("long_password_account", account(&material.long_password_account)),
        ("colon_password_account", account(&material.colon_password_account)),
        ("utf8_password_account", account(&material.utf8_password_account)),
        ("client_ca", material.client_ca.as_ref().map(|ca| ca.place)),
        ("answer_key", material.answer_key.as_ref().map(|key| key.place)),
        ("issuer_key", material.issuer_key.as_ref().map(|key| key.place)),
        ("second_key", material.second_key.as_ref().map(|key| key.place)),
        ("second_issuer_key", material.second_issuer_key.as_ref().map(|key| key.place)),
        ("listener", material.listener.as_ref().map(|listener| listener.url.place())),
        ("hooks.revoke", nowhere(hooks.revoke.is_some())),
        ("hooks.rotate", nowhere(hooks.rotate.is_some())),
        ("hooks.outage", nowhere(hooks.outage.is_some())),
        ("hooks.disable", nowhere(hooks.disable.is_some())),
        ("hooks.demote", nowhere(hooks.demote.is_some())),
        ("hooks.env", nowhere(!hooks.env.is_empty())),
    ];
    members.into_iter().filter_map(|(member, place)| Some((member, place?))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_use_what_their_checks_ask_for() {
        let used = |name: &str| used_by(scheme::find(name).expect("is registered"));
        assert!(used("none").iter().all(|member| !OF_TOKENS.contains(member)));
        for (name, member, expected) in [
            ("api-key", "hooks.rotate", true),
            ("api-key", "issuer_key", false),
            ("api-key", "introspection_client", false),
            ("basic", "long_password_account", true),
            ("bearer", "long_password_account", false),
            ("bearer", "introspection_client", false),
            ("jwt", "issuer_key", true),
            ("jwt", "other_audience_token", true),
            ("oauth2-client-credentials", "introspection_client", true),
            ("oauth2-client-credentials", "issuer_key", false),
            ("oauth2-client-credentials-jwt", "issuer_key", true),
            ("http-signature", "answer_key", true),
            ("hmac", "answer_key", false),
        ] {
            assert_eq!(used(name).contains(member), expected, "{name} and {member}");
        }
    }

    #[test]
    fn a_resource_of_bearer_tokens_has_metadata_where_their_issuer_has() {
        for (scheme, expected) in [("bearer: { issuer: /as }", 0), ("bearer: { prefix: Bearer }", 1)] {
            let text = format!(
                "authbench: 1\nname: all\ntarget: reference\nscheme:\n  {scheme}\nmaterial: {{ resource_identifier: /a }}\n"
            );
            let loaded = crate::scenario::load_text("all.yaml".to_owned(), text).expect("is a scenario");
            assert_eq!(mistakes(&loaded).len(), expected, "{scheme}");
        }
    }

    #[test]
    fn keys_of_tokens_that_are_bound_are_of_no_use_for_the_reason_that_is_said() {
        for (fields, reason) in
            [("dpop: {}, access_token: jwt", "beside `dpop`"), ("access_token: opaque", "to the scheme")]
        {
            let text = format!(
                "authbench: 1\nname: all\ntarget: {{ url: \"http://127.0.0.1:1\" }}\nscheme:\n  \
                 oauth2-client-credentials: {{ token_url: \"http://127.0.0.1:1/t\", {fields} }}\n\
                 credentials: {{ a: {{ client_id: a, client_secret: b }} }}\n\
                 material: {{ issuer_key: {{ secret: a }} }}\nresources: [{{ request: GET /a }}]\n"
            );
            let loaded = crate::scenario::load_text("all.yaml".to_owned(), text).expect("is a scenario");
            let found: Vec<String> = mistakes(&loaded).iter().map(ToString::to_string).collect();
            assert!(found.len() == 1 && found[0].contains(reason), "{fields}: {found:?}");
        }
    }

    #[test]
    fn every_member_is_of_use_to_some_scheme() {
        let text = "authbench: 1\nname: all\ntarget: reference\nscheme: bearer\nmaterial:\n  \
            introspection_client: { client_id: a, client_secret: b }\n  \
            foreign_introspection_client: { client_id: a, client_secret: b }\n  public_client_id: a\n  \
            other_redirection_uri: a\n  client_without_grant: { client_id: a, client_secret: b }\n  special_client: { client_id: a, client_secret: b }\n  \
            disallowed_scope: a\n  lookalike_scopes: [a]\n  other_audience_token: a\n  refresh_token: a\n  failure_budget: 5\n  \
            source_header: X-A\n  trusted_origins: [\"https://a.test\"]\n  expendable_client_id: a\n  expendable_username: a\n  expendable_password: a\n  expendable_code_account: { username: a, password: b, totp: AAAAAAAAAAAAAAAA }\n  resource_identifier: /a\n  \
            refresh_grant: { refresh_token: a, access_token: b }\n  long_password_account: { username: a, password: b }\n  \
            colon_password_account: { username: a, password: b }\n  utf8_password_account: { username: a, password: b }\n  \
            client_ca: { certificate: a, key: b }\n  answer_key: { secret: a }\n  issuer_key: { secret: a }\n  second_key: { secret: a }\n  second_issuer_key: { secret: a, issuer: b }\n  \
            listener: { bind: \"127.0.0.1:0\", url: \"http://127.0.0.1\" }\n  \
            hooks: { revoke: [a], rotate: [a], outage: [a], disable: [a], demote: [a], env: { A: b } }\n";
        let loaded = crate::scenario::load_text("all.yaml".to_owned(), text.to_owned()).expect("is a scenario");
        let members: BTreeSet<&str> =
            written(&loaded.scenario.material).into_iter().map(|(member, _)| member).collect();
        assert_eq!(members.len(), 34, "each member has a row");
        let used: BTreeSet<&str> = scheme::SCHEMES.iter().flat_map(|scheme| used_by(*scheme)).collect();
        let unused: Vec<&&str> = members.difference(&used).collect();
        assert_eq!(unused, [&"hooks.revoke"], "no check calls it");
        assert!(used.is_subset(&members));
    }
}
