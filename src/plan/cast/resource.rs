//! Requests to resources: which resource, between which controls, under which name.

use super::reasons::{NO_OBJECT, NO_READER, SAME_SOURCE};
use super::{Act, Action, Asker, Caster, Control, Missing, NO_RESOURCES, missing};
use crate::check::step::{
    Alter, Artefact, Compare, DEFAULT_ACCOUNTS, Fill, On, OtherConnection, Send, Want, Who, is_number,
};
use crate::observe::{Description, ForgeryId, media_type_of};
use crate::plan::describe;
use crate::plan::gap::ScopeGap;
use crate::plan::members::with_one_member;
use crate::plan::subject::Resource;

impl Caster<'_> {
    pub(super) fn send(&mut self, index: usize, send: &'static Send) -> Result<(), Missing> {
        if self.subject.resources.is_empty() {
            return self.stand_in(index, send);
        }
        match self.budget(send.exhausts) {
            Err(Missing { why, .. }) if send.optional => {
                self.left_out.get_or_insert(why);
                return Ok(());
            }
            given => given?,
        }
        if let Who::DefaultAccount(row) = send.who
            && self.has_default_account(row)
        {
            return Ok(());
        }
        if self.is_from_elsewhere(send) && self.subject.material.source_header.is_none() {
            return missing(SAME_SOURCE);
        }
        let resources = match send.on {
            On::EachProtected => self.subject.protected().collect(),
            On::EachUsed => self.used()?,
            On::EachUsedOrWritten => self.used_or_written()?,
            On::EachRepeatable => self.repeatable()?,
            on => {
                let found = match on {
                    On::EachWrite => self.writes(send),
                    On::EachScoped | On::EachScopedWrite | On::EachObject => self.guarded(send.on, send.who),
                    On::EachNested => self.nested(),
                    On::EachRight => self.rights(),
                    On::EachContent => self.contents(send.who),
                    On::EachPublic => self.public_ones(),
                    On::EachBesideNothing => self.beside_nothing(send.who),
                    On::EachRoute | On::EachGet | On::EachRead | On::EachPath => self.routes(send),
                    on => self.resource(on, send.who).map(|found| vec![found]),
                };
                match found {
                    // what is compared without a credential needs nobody else's
                    Err(Missing { why, .. }) if send.optional => {
                        self.left_out.get_or_insert(why);
                        return Ok(());
                    }
                    found => found?,
                }
            }
        };
        if resources.is_empty() {
            let missing = self.nothing_protected();
            if send.optional {
                self.left_out.get_or_insert(missing.why);
                return Ok(());
            }
            return Err(missing);
        }
        let is_of_round = matches!(send.on, On::WrittenObject | On::ReadObject | On::ShownWrite | On::ShownState);
        let several = resources.len() > 1 || (is_of_round && self.names_writes);
        for resource in resources {
            if send.alter.iter().any(|alter| changes_nothing(alter, &self.subject.resources[resource])) {
                continue;
            }
            let asker = match self.asker(send.who, resource) {
                Err(Missing { why, .. }) if send.optional => {
                    self.left_out.get_or_insert(why);
                    continue;
                }
                asker => asker?,
            };
            match self.other_connection(send, &asker) {
                Err(Missing { why, .. }) if send.optional => {
                    self.left_out.get_or_insert(why);
                    continue;
                }
                given => given?,
            }
            // what may come of it either way, and is left out where it cannot be made, is no reason to doubt the others
            if !(send.optional && matches!(send.want, Want::Either)) {
                self.twin_of(&asker, resource);
            }
            let counts = match send.counts {
                Some(on) => self.resource(on, send.who)?,
                None => resource,
            };
            self.controls_of(send, resource, counts);
            let mut description = match send.description {
                Some(phrase) => Some(phrase.into()),
                None => self.described(send, resource),
            };
            if several {
                let name = self.subject.resources[resource].name();
                description = Some(match description {
                    Some(what) => Description::new(format!("{name} {what}")).quoting(&what),
                    None => Description::new(name),
                });
            }
            self.check_fills(send.alter.iter().filter_map(filled))?;
            self.push(index, description, Act::Send { asker, resource, counts, send: *send });
        }
        Ok(())
    }

    /// Whether a request comes from another source than those that use up the failure budget.
    fn is_from_elsewhere(&self, send: &Send) -> bool {
        let source = |send: &Send| {
            send.alter.iter().find_map(|alter| match alter {
                Alter::Source(number) => Some(*number),
                _ => None,
            })
        };
        let uses_up = |action: &Action, number: u8| matches!(&action.act, Act::Send { send, .. } if send.exhausts && source(send) == Some(number));
        let is_throttled =
            |number: u8| send.exhausts || self.script.actions.iter().any(|action| uses_up(action, number));
        source(send).is_some_and(|number| !is_throttled(number))
    }

    pub(super) fn compare(&mut self, index: usize, compare: &'static Compare) -> Result<(), Missing> {
        let resource = self.resource(compare.on, compare.one)?;
        let (one, other) = (self.asker(compare.one, resource)?, self.asker(compare.other, resource)?);
        if let Some(identity) = self.subject.good_for(resource) {
            self.control(Control::Use { identity, resource });
        }
        self.push(index, Some(Description::new("two kinds of refusals")), Act::Compare { one, other, resource });
        Ok(())
    }

    /// A probe that expects refusal stands between controls of equal rights; one about rights also between controls of
    /// the principal who lacks them.
    pub(super) fn controls_of(&mut self, send: &Send, resource: usize, counts: usize) {
        // a positive control needs none, but for what it wants refused: a server that has locked everybody out refuses too
        let proves_itself = self.is_control && !matches!(send.want, Want::Denied(_));
        if proves_itself || (matches!(send.want, Want::Either) && send.counts.is_none()) {
            return;
        }
        for resource in [resource, counts] {
            if let Some(identity) = self.subject.good_for(resource).filter(|_| !self.subject.resources[resource].public)
            {
                self.control(Control::Use { identity, resource });
            }
        }
        let gap = match send.who {
            Who::LowScope | Who::ForgedLow(_) => {
                self.subject.scope_gap_at(resource).or_else(|| self.subject.scope_gap(None))
            }
            Who::OtherLowScope => self.subject.other_scope_gap_at(resource),
            Who::LookalikeScope => self.subject.lookalike_gap_at(resource),
            Who::OtherTenant => self.subject.tenant_gap_at(resource).or_else(|| self.subject.tenant_gap()),
            _ => None,
        };
        if let Some(ScopeGap { low, open_to_low: Some(resource), .. }) = gap {
            self.control(Control::Use { identity: low, resource });
        }
        if send.who == Who::OfAccount
            && let Ok((identity, resource)) = self.given_of_account()
        {
            self.control(Control::Use { identity, resource });
        }
        if send.on == On::EachRight
            && let (Some(identity), Some(resource)) = (self.subject.login_identity(), self.of_rights().first().copied())
        {
            self.control(Control::Use { identity, resource });
        }
        if let Some(mixed) = self.subject.mixed_path_at(resource).filter(|_| send.who == Who::OtherOwner) {
            self.control(Control::Use { identity: mixed.low, resource: mixed.own });
        }
    }

    pub(super) fn resource(&self, on: On, who: Who) -> Result<usize, Missing> {
        let subject = self.subject;
        if subject.resources.is_empty() {
            return missing(NO_RESOURCES);
        }
        if let (On::Protected, Who::Account(account) | Who::ForgedAccount(account, _)) = (on, who) {
            return self.open_to_account(account);
        }
        if (on, who) == (On::Protected, Who::OfAccount) {
            return Ok(self.given_of_account()?.1);
        }
        let found = match on {
            On::Protected
            | On::EachProtected
            | On::EachUsed
            | On::EachUsedOrWritten
            | On::EachRepeatable
            | On::EachRoute
            | On::EachPath
            | On::EachRead
            | On::EachGet => {
                return self.main_resource();
            }
            On::Scoped | On::EachScoped => subject.scope_gap(None).map(|gap| gap.resource),
            On::ScopedWrite => subject.scope_gap(Some(true)).map(|gap| gap.resource),
            On::EachScopedWrite => subject.write_gap().map(|gap| gap.resource),
            On::Writable if who == Who::LowScope => subject.write_gap().map(|gap| gap.resource),
            On::Writable => subject.write_gap().map(|gap| gap.resource).or_else(|| {
                let writes = || subject.protected().filter(|at| subject.resources[*at].writes);
                writes().find(|at| subject.reader_of(*at).is_some()).or_else(|| writes().next())
            }),
            On::EachWrite | On::EachContent => subject.protected().find(|at| subject.resources[*at].writes),
            On::ReadBack => self.read_back(),
            On::ShownWrite => self.round.map(|round| round.write).filter(|at| match who {
                Who::LowScope => subject.scope_gap_at(*at).is_some(),
                Who::OtherTenant => subject.tenant_gap_at(*at).is_some(),
                _ => true,
            }),
            On::WrittenObject => self.round.map(|round| round.write),
            On::ShownState | On::ReadObject => self.round.map(|round| round.read),
            On::Public | On::EachPublic => subject.resources.iter().position(|resource| resource.public),
            On::EachBesideNothing => subject.objects_beside_nothing(who).first().copied(),
            On::EachObject | On::EachNested => subject.tenant_gap().map(|gap| gap.resource),
            On::EachRight => self.of_rights().first().copied(),
        };
        match (found, on) {
            (Some(found), _) => Ok(found),
            (None, On::Scoped | On::EachScoped) => Err(self.no_scope_gap(false)),
            (None, On::ScopedWrite | On::EachScopedWrite) => {
                Err(self.nothing_written().unwrap_or_else(|| self.no_scope_gap(true)))
            }
            (None, On::Writable | On::EachWrite | On::EachContent) => match self.nothing_written() {
                Some(why) => Err(why),
                None => Err(self.no_scope_gap(true)),
            },
            (None, On::Public | On::EachPublic) => missing("no resource with `public: true`"),
            (None, On::EachBesideNothing) => missing(NO_OBJECT),
            (None, On::EachObject | On::EachNested) => Err(self.no_tenant_gap()),
            (None, On::ShownWrite | On::ShownState) => Err(self.no_shown_write()),
            (None, On::ReadBack) => {
                self.resource(On::Writable, Who::Good)?;
                missing(NO_READER)
            }
            (None, _) => Err(self.nothing_protected()),
        }
    }

    pub(super) fn main_resource(&self) -> Result<usize, Missing> {
        match self.subject.main_resource() {
            Some(resource) => Ok(resource),
            None => Err(self.nothing_protected()),
        }
    }

    /// What is sent until the target throttles needs to know when it should.
    pub(super) fn budget(&self, exhausts: bool) -> Result<(), Missing> {
        match self.subject.material.failure_budget {
            None if exhausts => missing("no `material.failure_budget`"),
            _ => Ok(()),
        }
    }

    /// What is sent over another connection than that of its credential needs one with a certificate, and another.
    fn other_connection(&self, send: &Send, asker: &Asker) -> Result<(), Missing> {
        let mut wanted = send.alter.iter().filter_map(|alter| match alter {
            Alter::Connection(other) => Some(*other),
            _ => None,
        });
        let Some(other) = wanted.next() else { return Ok(()) };
        let own = asker.identity().map(|identity| self.subject.identities[identity].connection()).unwrap_or_default();
        if own.0.is_none() {
            return missing("the credential has no certificate of its own (`tls`)");
        }
        match other == OtherConnection::OfAnother && self.subject.connection_of_another(&own).is_none() {
            true => missing("no second valid credential with a certificate of its own (`tls`)"),
            false => Ok(()),
        }
    }

    /// The representation that a write would change: the same path if it can be read.
    pub(super) fn read_back(&self) -> Option<usize> {
        self.subject.reader_of(self.resource(On::Writable, Who::Good).ok()?)
    }

    /// What a request is, from who asks and how it is altered; none where each of several says it for itself.
    fn described(&self, send: &Send, resource: usize) -> Option<Description> {
        let scheme = self.subject.scheme;
        let forgery =
            |id: ForgeryId| scheme.forgery(id).map_or_else(|| id.to_string(), |found| found.description.to_string());
        let who = match send.who {
            Who::Anonymous => "no credential".to_owned(),
            Who::Good => "the good credential".to_owned(),
            Who::LowScope => "a valid credential that lacks the scope".to_owned(),
            Who::OtherLowScope => "another valid credential that lacks the scope".to_owned(),
            Who::LookalikeScope => "a valid credential whose scope only looks like the needed one".to_owned(),
            Who::LowWriter => "whoever lacks the scope of the write".to_owned(),
            Who::OtherTenant => "a valid credential of another tenant".to_owned(),
            Who::OtherOwner => "a valid credential of another tenant with an object of its own".to_owned(),
            Who::Second => "a valid credential of another principal".to_owned(),
            Who::OfAccount => "the credential of an account".to_owned(),
            Who::Writer => "whoever may write the object".to_owned(),
            Who::PasswordOfAnother => "the known user with the password of another account".to_owned(),
            Who::Revoked => "a revoked credential".to_owned(),
            Who::Expired => "an expired credential".to_owned(),
            Who::Forged(id) | Who::ForgedAccount(_, id) => forgery(id),
            Who::EachForged(_) => return None,
            Who::ForgedLow(id) => format!("{}, of a principal who lacks the scope", forgery(id)),
            Who::Malformed => "a malformed credential".to_owned(),
            Who::Slot(_) | Who::Refreshed(_) | Who::SlotAlone(_) | Who::IfKept(_) => "the token".to_owned(),
            Who::AnswerCookies => "a cookie of the last answer".to_owned(),
            Who::LoggedIn => "the session of one user".to_owned(),
            Who::OtherLoggedIn => "the session of another user".to_owned(),
            Who::OtherNamedAsLoggedIn => "the session of a user with the name of another in a cookie".to_owned(),
            Who::WithMalformedCookies(_) => "the session with a cookie that does not parse".to_owned(),
            Who::RenewedCookies(_) => "a cookie that an answer set after the logout".to_owned(),
            Who::OtherCookies(_) => "the other cookies of the login".to_owned(),
            Who::UnguardedCookies(..) => "another cookie of the login by itself".to_owned(),
            Who::OfForeignPage => "the good credential, sent by a page of another site".to_owned(),
            Who::WithoutWriteHeaders => "the good credential without its CSRF token".to_owned(),
            Who::WithoutWritePair => "the good credential without its CSRF token and the cookie of it".to_owned(),
            Who::WithEmptyWritePair => "the good credential with an empty CSRF token".to_owned(),
            Who::WithWriteHeadersOf(_) => "the good credential with the CSRF token of somebody else".to_owned(),
            Who::WithWritePairOf(_) => "the good credential with the CSRF token and cookie of somebody else".to_owned(),
            Who::WithEarlierWriteHeaders(_) => "the session with its CSRF token from before the login".to_owned(),
            Who::Account(_) => "the account's own password".to_owned(),
            Who::DefaultAccount(row) => {
                let (user, password) = DEFAULT_ACCOUNTS[row];
                format!("the user {user} with the password {password}")
            }
            Who::Artefact(Artefact::OtherAudienceToken) => "a token for another audience".to_owned(),
            Who::Artefact(Artefact::RefreshToken | Artefact::GrantRefreshToken) => "a refresh token".to_owned(),
            Who::Artefact(Artefact::GrantAccessToken) => "the access token of a grant".to_owned(),
        };
        let resource = &self.subject.resources[resource];
        let altered: Vec<String> = send.alter.iter().map(|alter| describe::altered(alter, resource)).collect();
        let text = if altered.is_empty() { who } else { format!("{who}, {}", altered.join(", ")) };
        let of_table = match send.who {
            Who::Forged(id) | Who::ForgedAccount(_, id) | Who::ForgedLow(id) => scheme.forgery(id),
            _ => None,
        };
        Some(match of_table {
            Some(forgery) => Description::new(text).quoting(&forgery.description.into()),
            None => Description::new(text),
        })
    }
}

fn filled(alter: &Alter) -> Option<Fill> {
    match alter {
        Alter::Header(_, fill) | Alter::Replaced(_, fill) | Alter::Query(_, fill) | Alter::Target(fill) => Some(*fill),
        _ => None,
    }
}

/// Whether a resource has nothing that a change of this kind would change.
fn changes_nothing(alter: &Alter, resource: &Resource) -> bool {
    let (path, query) = resource.path.split_once('?').unwrap_or((&resource.path, ""));
    match alter {
        Alter::Members(_) | Alter::AsForm => !has_members(resource),
        Alter::PostedAsForm => resource.method != "POST" || !has_members(resource),
        Alter::PostedAsText => {
            let is_other = |(media, body): &(String, Vec<u8>)| {
                !body.is_empty() && !media_type_of(Some(media.as_bytes())).eq_ignore_ascii_case(b"text/plain")
            };
            resource.method != "POST" || !resource.body.as_ref().is_some_and(is_other)
        }
        Alter::Member(at, value) => {
            let body = resource.body.as_ref().map_or(&[][..], |(_, body)| body);
            with_one_member(body, *at, *value).is_none()
        }
        Alter::Parameter(at, _) => query.split('&').filter(|pair| !pair.is_empty()).nth(*at).is_none(),
        Alter::Numbers(_) => !path.split('/').any(is_number),
        // an address that does not exist is answered like its success
        Alter::Path(_) => resource.success.as_ref().is_some_and(|success| success.status >= Some(400)),
        _ => false,
    }
}

/// Whether the body of a resource is an object of JSON with members.
fn has_members(resource: &Resource) -> bool {
    let json = |body: &[u8]| serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(body);
    resource.body.as_ref().is_some_and(|(_, body)| json(body).is_ok_and(|members| !members.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::cast::script;
    use crate::plan::resolve;
    use crate::plan::subject::Subject;
    use crate::plan::values::Values;
    use crate::scenario::{NoVariables, load_text};

    fn subject(owned: bool, resources: &[&str]) -> Subject {
        subject_of(owned, "a: { key: \"0123456789abcdef\" }", resources)
    }

    fn subject_of(owned: bool, credentials: &str, resources: &[&str]) -> Subject {
        let resources: String = resources.iter().map(|resource| format!("  - {{ {resource} }}\n")).collect();
        let text = format!(
            "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\", owned: {owned} }}\nscheme: api-key\n\
             credentials: {{ {credentials} }}\nresources:\n{resources}"
        );
        let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
        let values = Values::reading(&loaded, &NoVariables);
        resolve::subject(&loaded, &values)
    }

    /// The resources that the steps of a check of this kind visit, each once; none where the check is not tested.
    fn visited(check: &str, on: On, subject: &Subject) -> Option<Vec<String>> {
        let check = crate::check::find(check).expect("is in the catalogue");
        let script = script(check, subject).ok()?;
        let mut names: Vec<String> = Vec::new();
        for action in &script.actions {
            if let Act::Send { resource, send, .. } = &action.act
                && send.on == on
                && !names.contains(&subject.resources[*resource].name())
            {
                names.push(subject.resources[*resource].name());
            }
        }
        Some(names)
    }

    #[test]
    fn what_is_read_by_post_alone_takes_the_place_of_what_is_read_by_get() {
        const VALIDATED: &str = "common.auth-before-input-validation";
        let (call, write) =
            ("request: POST /rpc, json: { method: list }", "request: POST /orders, writes: true, json: {}");
        let read = "request: GET /orders";
        for (owned, resources, reads, contents) in [
            (true, &[call][..], vec!["POST /rpc"], vec!["POST /rpc"]),
            (false, &[call], vec!["POST /rpc"], vec!["POST /rpc"]),
            (true, &[call, write], vec!["POST /rpc"], vec!["POST /orders", "POST /rpc"]),
            // nobody may write to what is not owned
            (false, &[call, write], vec!["POST /rpc"], vec!["POST /rpc"]),
            (true, &[call, read, write], vec!["GET /orders"], vec!["POST /orders", "POST /rpc"]),
            (false, &[read], vec!["GET /orders"], vec![]),
        ] {
            let subject = subject(owned, resources);
            let seen = |on| visited(VALIDATED, on, &subject).expect("is tested");
            assert_eq!(seen(On::EachRead), reads, "{owned} {resources:?}");
            assert_eq!(seen(On::EachContent), contents, "{owned} {resources:?}");
        }
        for check in ["common.foreign-host-not-reflected", "common.conditions-after-auth"] {
            assert_eq!(
                visited(check, On::EachRead, &subject(true, &[call])),
                Some(vec!["POST /rpc".to_owned()]),
                "{check}"
            );
            assert_eq!(visited(check, On::EachRead, &subject(true, &[write])), None, "{check}: nothing is read");
        }
    }

    #[test]
    fn a_request_is_replayed_at_each_resource_before_the_next_and_at_none_that_nobody_sets_up_again() {
        let resources = [
            "request: GET /orders",
            "request: GET /orders/1",
            "request: POST /orders, writes: true, json: {}",
            "request: PUT /orders/1, writes: true, json: {}",
            "request: DELETE /orders/1, writes: true, before: [{ request: PUT /orders/1 }]",
            "request: DELETE /orders/2, writes: true",
        ];
        for (owned, asked) in [(true, &[0, 1, 2, 3, 4][..]), (false, &[0, 1])] {
            let subject = subject_of(owned, "a: { key: k1 }", &resources);
            let check = crate::check::find("hmac.replay-denied").expect("is in the catalogue");
            let script = script(check, &subject).expect("is tested");
            let sent = script.actions.iter().filter_map(|action| match &action.act {
                Act::Send { resource, .. } => Some((*resource, action.step)),
                _ => None,
            });
            let sent: Vec<(usize, usize)> = sent.collect();
            let resources = sent.chunks(2).map(|pair| pair[0].0).collect::<std::collections::BTreeSet<usize>>();
            assert!(sent.chunks(2).all(|pair| pair[0].0 == pair[1].0 && pair[0].1 < pair[1].1), "{sent:?}");
            assert_eq!(resources.into_iter().collect::<Vec<_>>(), asked);
            assert_eq!(script.not_visited, if owned { vec![5] } else { vec![] });
        }
    }

    #[test]
    fn a_second_principal_needs_a_source_of_its_own() {
        let why = |material: &str| {
            let text = format!(
                "authbench: 1\nname: a\ntarget: {{ url: \"http://127.0.0.1:1\", owned: true }}\nscheme: api-key\n\
                 credentials: {{ a: {{ key: \"0123456789abcdef\" }}, b: {{ key: \"fedcba9876543210\" }} }}\n\
                 material: {{ failure_budget: 3{material} }}\nresources: [{{ request: GET /orders }}]\n"
            );
            let loaded = load_text("a.yaml".to_owned(), text).expect("is a scenario");
            let subject = resolve::subject(&loaded, &Values::reading(&loaded, &NoVariables));
            let check = crate::check::find("common.throttle-is-per-principal").expect("is in the catalogue");
            script(check, &subject).err().map(|missing| missing.why)
        };
        assert_eq!(why("").as_deref(), Some(SAME_SOURCE));
        assert_eq!(why(", source_header: X-Source"), None);
    }

    #[test]
    fn the_source_that_is_throttled_goes_on_without_a_header_that_names_it() {
        let text = "authbench: 1\nname: a\ntarget: { url: \"http://127.0.0.1:1\", owned: true }\nscheme: api-key\n\
                    credentials: { a: { key: \"0123456789abcdef\" } }\nmaterial: { failure_budget: 3 }\n\
                    resources: [{ request: GET /orders }]\n";
        let loaded = load_text("a.yaml".to_owned(), text.to_owned()).expect("is a scenario");
        let subject = resolve::subject(&loaded, &Values::reading(&loaded, &NoVariables));
        let check = crate::check::find("common.failed-auth-throttled").expect("is in the catalogue");
        let script = script(check, &subject).expect("is tested");
        assert_eq!(script.actions.len(), check.steps.len());
    }

    #[test]
    fn a_body_is_posted_as_another_media_type_where_forms_can_send_it() {
        for (resource, as_text, as_form) in [
            ("request: POST /orders, writes: true, json: { item: lamp }", true, true),
            ("request: POST /orders, writes: true, json: [lamp]", true, false),
            ("request: POST /orders, writes: true, form: { item: lamp }", true, false),
            ("request: POST /orders, writes: true", false, false),
            ("request: PUT /orders/1, writes: true, json: { item: lamp }", false, false),
        ] {
            let subject = subject(true, &[resource]);
            let changes = |alter| !changes_nothing(&alter, &subject.resources[0]);
            assert_eq!((changes(Alter::PostedAsText), changes(Alter::PostedAsForm)), (as_text, as_form), "{resource}");
        }
    }

    #[test]
    fn each_right_is_asked_for_by_whoever_lacks_it_and_what_is_left_out_is_named() {
        const LEVELS: &str = "a: { key: k1, scopes: [read] }, b: { key: k2, scopes: [read, write] }, \
                              c: { key: k3, scopes: [read, write, admin] }";
        let subject = subject_of(
            true,
            LEVELS,
            &[
                "request: GET /orders, scopes: [read]",
                "request: POST /orders, writes: true, scopes: [write]",
                "request: GET /users, scopes: [admin]",
                "request: DELETE /users/1, writes: true, scopes: [admin]",
                "request: DELETE /orders/1, writes: true, scopes: [write], before: [{ request: POST /orders }]",
            ],
        );
        let check = crate::check::find("apikey.scope-enforced").expect("is in the catalogue");
        let script = script(check, &subject).expect("is tested");
        let name = |at: &usize| subject.resources[*at].name();
        let asked: Vec<(String, &str)> = script
            .actions
            .iter()
            .filter_map(|action| match &action.act {
                Act::Send { asker, resource, .. } => {
                    Some((name(resource), subject.identities[asker.identity()?].name.as_str()))
                }
                _ => None,
            })
            .collect();
        // the one with the right to write is not sent as the one without it, and two lack the right to read the users
        let expected = [("GET /users", "a"), ("POST /orders", "a"), ("DELETE /orders/1", "a"), ("GET /users", "b")];
        assert_eq!(asked, expected.map(|(resource, who)| (resource.to_owned(), who)));
        assert_eq!(script.not_visited.iter().map(name).collect::<Vec<_>>(), ["DELETE /users/1"]);
        let overridden = visited("common.method-override-header-ignored", On::EachScopedWrite, &subject);
        assert_eq!(overridden.expect("is tested"), ["POST /orders", "DELETE /orders/1"]);
    }
}
