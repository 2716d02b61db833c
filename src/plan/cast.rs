//! Who plays which part in a check, and what each step becomes for one target.

use super::subject::{Login, ScopeGap, State, Subject};
use crate::check::Check;
use crate::check::step::{
    Account, Artefact, Client, ClientAuth, Document, Endpoint, Fetch, Fill, Form, Hook, On, Send, Step, Want, Who,
};
use crate::scheme::Proof;

/// What a check becomes for one target.
#[derive(Clone, Debug, Default)]
pub struct Script {
    /// What is done, in order.
    pub actions: Vec<Action>,
    /// What is asked before and after, to prove that the target still lets somebody in.
    pub controls: Vec<Control>,
}

/// One thing to do.
#[derive(Clone, Debug)]
pub struct Action {
    /// Index of the step in the check.
    pub step: usize,
    /// What it is, for a reader; the driver adds what only it knows.
    pub label: String,
    /// What is done.
    pub act: Act,
}

/// What is done.
#[derive(Clone, Debug)]
pub enum Act {
    /// A request to a resource.
    Send {
        /// Who asks.
        part: Part,
        /// Index of the resource.
        resource: usize,
        /// Index of the resource whose success counts as access.
        counts: usize,
        /// The step.
        send: Send,
    },
    /// A form post.
    Form(Form),
    /// A metadata document.
    Fetch(Fetch),
    /// Obtains a token into a slot.
    Obtain {
        /// The slot.
        slot: &'static str,
        /// Index of the identity whose client asks.
        identity: usize,
        /// Scope to ask for.
        scope: Option<String>,
    },
    /// Revokes the token in a slot.
    Revoke(&'static str),
    /// Waits for the end of the token in a slot.
    AwaitExpiry(&'static str),
    /// Waits for the token in a slot to be refused at a resource.
    AwaitRefusal {
        /// The slot.
        slot: &'static str,
        /// Index of the resource.
        resource: usize,
    },
    /// Calls a hook.
    Hook(Hook),
}

/// Who asks, by index.
#[derive(Clone, Debug)]
pub enum Part {
    /// Nobody.
    Anonymous,
    /// An identity with its good credential.
    Identity(usize),
    /// A lie derived from an identity's credential.
    Forged(usize, &'static str),
    /// All malformed values.
    Malformed,
    /// The token in a slot.
    Slot(&'static str),
    /// A credential that is no identity's, or a lie derived from it.
    Given(Proof, Option<&'static str>),
}

/// What proves that the target still lets somebody in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Control {
    /// An identity uses a resource.
    Use {
        /// Index of the identity.
        identity: usize,
        /// Index of the resource.
        resource: usize,
    },
    /// The good client obtains a token.
    Token,
    /// A live token is introspected as active.
    Introspection,
    /// A token is obtained and revoked.
    Revocation,
}

/// Why a check is not executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Missing(pub String);

fn missing<T>(what: impl Into<String>) -> Result<T, Missing> {
    Err(Missing(what.into()))
}

/// Resolves a check for a target.
///
/// # Errors
/// Says which material is missing.
pub fn script(check: &'static Check, subject: &Subject) -> Result<Script, Missing> {
    if !check.remote_safe && !subject.owned {
        return missing("it writes or disturbs; the scenario does not say `owned: true`");
    }
    let mut caster = Caster { subject, is_control: check.control, script: Script::default() };
    if let Some(state) = caster.declared_state(check) {
        return caster.by_state(check, state);
    }
    for (index, step) in check.steps.iter().enumerate() {
        caster.step(index, step)?;
    }
    Ok(caster.script)
}

struct Caster<'a> {
    subject: &'a Subject,
    /// Whether the check is the positive control itself, which nothing else can prove.
    is_control: bool,
    script: Script,
}

impl Caster<'_> {
    /// Where tokens cannot be obtained, a credential that the scenario declares as expired or revoked takes the place
    /// of one that is made so.
    fn declared_state(&self, check: &Check) -> Option<State> {
        let obtainable = self.subject.identities.iter().any(|identity| matches!(identity.login, Login::Client { .. }));
        let waits = |wanted: fn(&Step) -> bool| check.steps.iter().any(wanted);
        if obtainable {
            None
        } else if waits(|step| matches!(step, Step::AwaitExpiry(_))) {
            Some(State::Expired)
        } else if waits(|step| matches!(step, Step::AwaitRefusal(_))) {
            Some(State::Revoked)
        } else {
            None
        }
    }

    fn by_state(mut self, check: &'static Check, state: State) -> Result<Script, Missing> {
        let word = if state == State::Expired { "expired" } else { "revoked" };
        let identity = self.in_state(state, word)?;
        let resource = self.main_resource()?;
        for (index, step) in check.steps.iter().enumerate() {
            if let Step::Send(send) = step
                && matches!(send.want, Want::Denied(_))
            {
                self.controls_of(send, resource, resource);
                let act = Act::Send { part: Part::Identity(identity), resource, counts: resource, send: *send };
                self.push(index, format!("a credential that is {word}"), act);
            }
        }
        Ok(self.script)
    }

    fn step(&mut self, index: usize, step: &'static Step) -> Result<(), Missing> {
        match step {
            Step::Send(send) => self.send(index, send),
            Step::Form(form) => self.form(index, form),
            Step::Fetch(fetch) => self.fetch(index, fetch),
            Step::Obtain(obtain) => {
                let identity = self.client(obtain.client)?;
                let scope = obtain.scope.map(|fill| self.scope(fill)).transpose()?;
                self.push(index, String::new(), Act::Obtain { slot: obtain.slot, identity, scope });
                Ok(())
            }
            Step::Revoke(slot) => {
                self.endpoint(Endpoint::Revocation)?;
                self.push(index, String::new(), Act::Revoke(slot));
                Ok(())
            }
            Step::AwaitExpiry(slot) => {
                self.push(index, String::new(), Act::AwaitExpiry(slot));
                Ok(())
            }
            Step::AwaitRefusal(slot) => {
                let resource = self.main_resource()?;
                let label = "until it is refused".to_owned();
                self.push(index, label, Act::AwaitRefusal { slot, resource });
                Ok(())
            }
            Step::Hook(hook) => self.hook(index, *hook),
        }
    }

    fn push(&mut self, step: usize, label: String, act: Act) {
        self.script.actions.push(Action { step, label, act });
    }

    fn control(&mut self, control: Control) {
        if !self.script.controls.contains(&control) {
            self.script.controls.push(control);
        }
    }

    fn send(&mut self, index: usize, send: &'static Send) -> Result<(), Missing> {
        let resources = match send.on {
            On::EachProtected => self.subject.protected().collect(),
            _ => vec![self.resource(send.on, send.who)?],
        };
        if resources.is_empty() {
            return missing("no protected resource that a valid credential may use");
        }
        let several = resources.len() > 1;
        for resource in resources {
            let part = self.part(send.who, resource)?;
            let counts = match send.counts {
                Some(on) => self.resource(on, send.who)?,
                None => resource,
            };
            self.controls_of(send, resource, counts);
            let mut label = if send.label.is_empty() { self.label(send) } else { send.label.to_owned() };
            if several {
                label = format!("{} {label}", self.subject.resources[resource].name());
            }
            self.check_fills(send.alter.iter().filter_map(filled))?;
            self.push(index, label, Act::Send { part, resource, counts, send: *send });
        }
        Ok(())
    }

    /// A probe that expects refusal stands between controls of equal rights; one about rights also between controls of
    /// the principal who lacks them.
    fn controls_of(&mut self, send: &Send, resource: usize, counts: usize) {
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
            Who::LowScope | Who::ForgedLow(_) => self.subject.scope_gap(None),
            Who::OtherTenant => self.subject.tenant_gap(),
            _ => None,
        };
        if let Some(ScopeGap { low, open_to_low, .. }) = gap {
            self.control(Control::Use { identity: low, resource: open_to_low });
        }
    }

    fn resource(&self, on: On, who: Who) -> Result<usize, Missing> {
        let subject = self.subject;
        let found = match on {
            On::Protected | On::EachProtected => return self.main_resource(),
            On::Scoped => subject.scope_gap(None).map(|gap| gap.resource),
            On::ScopedWrite => subject.scope_gap(Some(true)).map(|gap| gap.resource),
            On::Writable if who == Who::LowScope => subject.scope_gap(Some(true)).map(|gap| gap.resource),
            On::Writable => subject
                .scope_gap(Some(true))
                .map(|gap| gap.resource)
                .or_else(|| subject.protected().find(|at| subject.resources[*at].writes)),
            On::ReadBack => self.read_back(),
            On::Public => subject.resources.iter().position(|resource| resource.public),
            On::Object => subject.tenant_gap().map(|gap| gap.resource),
        };
        match (found, on) {
            (Some(found), _) => Ok(found),
            (None, On::Scoped) => missing("no valid credential lacks a scope of a protected resource"),
            (None, On::ScopedWrite | On::Writable) if !subject.owned => {
                missing("it writes; the scenario does not say `owned: true`")
            }
            (None, On::ScopedWrite) => missing("no valid credential lacks a scope of a resource with `writes: true`"),
            (None, On::Writable) => missing("no resource with `writes: true`"),
            (None, On::Public) => missing("no resource with `public: true`"),
            (None, On::Object) => missing("no resource with a `tenant`, or no valid credential of another tenant"),
            (None, _) => missing("no resource that fits"),
        }
    }

    fn main_resource(&self) -> Result<usize, Missing> {
        match self.subject.main_resource() {
            Some(resource) => Ok(resource),
            None => missing("no protected resource that a valid credential may read"),
        }
    }

    /// The representation that a write would change: the same path if it can be read.
    fn read_back(&self) -> Option<usize> {
        let subject = self.subject;
        let written = self.resource(On::Writable, Who::Good).ok()?;
        let path = &subject.resources[written].path;
        let readable = |at: &usize| !subject.resources[*at].writes && subject.resources[*at].path == *path;
        subject.protected().find(readable)
    }

    fn part(&self, who: Who, resource: usize) -> Result<Part, Missing> {
        let subject = self.subject;
        let good = || match subject.good_for(resource).or_else(|| subject.good_for(subject.main_resource()?)) {
            Some(good) => Ok(good),
            None => missing("no valid credential"),
        };
        let low = || match subject.scope_gap(None) {
            Some(gap) => Ok(gap.low),
            None => missing("no valid credential lacks a scope of a protected resource"),
        };
        Ok(match who {
            Who::Anonymous => Part::Anonymous,
            Who::Good => Part::Identity(good()?),
            Who::LowScope => Part::Identity(low()?),
            Who::OtherTenant => match subject.tenant_gap() {
                Some(gap) => Part::Identity(gap.low),
                None => return missing("no valid credential of another tenant"),
            },
            Who::Revoked => Part::Identity(self.in_state(State::Revoked, "revoked")?),
            Who::Expired => Part::Identity(self.in_state(State::Expired, "expired")?),
            Who::Forged(name) => Part::Forged(good()?, name),
            Who::ForgedLow(name) => Part::Forged(low()?, name),
            Who::Malformed => Part::Malformed,
            Who::Slot(slot) => Part::Slot(slot),
            Who::Account(account) => Part::Given(self.account(account)?, None),
            Who::ForgedAccount(account, name) => Part::Given(self.account(account)?, Some(name)),
            Who::Artefact(artefact) => Part::Given(self.artefact(artefact)?, None),
        })
    }

    fn in_state(&self, state: State, word: &str) -> Result<usize, Missing> {
        match self.subject.in_state(state) {
            Some(identity) => Ok(identity),
            None => missing(format!("no credential with `state: {word}`")),
        }
    }

    fn account(&self, account: Account) -> Result<Proof, Missing> {
        let found = self.subject.material.accounts.iter().find(|(kind, _, _)| *kind == account);
        let key = match account {
            Account::LongPassword => "long_password_account",
            Account::ColonPassword => "colon_password_account",
            Account::Utf8Password => "utf8_password_account",
        };
        match found {
            Some((_, user, password)) => Ok(Proof::Password { user: user.clone(), password: password.clone() }),
            None => missing(format!("no `material.{key}`")),
        }
    }

    fn artefact(&self, artefact: Artefact) -> Result<Proof, Missing> {
        let material = &self.subject.material;
        let (found, key) = match artefact {
            Artefact::OtherAudienceToken => (&material.other_audience_token, "other_audience_token"),
            Artefact::RefreshToken => (&material.refresh_token, "refresh_token"),
        };
        match found {
            Some(token) => Ok(Proof::Token(token.clone())),
            None => missing(format!("no `material.{key}`")),
        }
    }

    fn client(&self, client: Client) -> Result<usize, Missing> {
        let subject = self.subject;
        let good = match subject.main_resource().and_then(|resource| subject.good_for(resource)) {
            Some(good) => good,
            None => return missing("no client that may use a protected resource"),
        };
        let found = match client {
            Client::Good => Some(good),
            Client::LowScope => subject.scope_gap(None).map(|gap| gap.low),
            Client::Second => subject.second_client(good),
        };
        match found.filter(|at| matches!(subject.identities[*at].login, Login::Client { .. })) {
            Some(found) => Ok(found),
            None => missing("tokens cannot be obtained: no client that fits"),
        }
    }

    fn form(&mut self, index: usize, form: &'static Form) -> Result<(), Missing> {
        self.endpoint(form.endpoint)?;
        self.client(Client::Good)?;
        self.client_auth(form)?;
        self.check_fills(form.params.iter().map(|(_, fill)| *fill))?;
        // what may be answered either way is read for what it does not grant: somebody else must be granted it
        let either = matches!(form.want, Want::Either) && !self.is_control;
        if either || matches!(form.want, Want::Denied(_)) || form.endpoint == Endpoint::Introspection {
            self.control(match form.endpoint {
                Endpoint::Token => Control::Token,
                Endpoint::Introspection => Control::Introspection,
                Endpoint::Revocation => Control::Revocation,
            });
        }
        let label = if form.label.is_empty() { auth_label(form.auth).to_owned() } else { form.label.to_owned() };
        self.push(index, label, Act::Form(*form));
        Ok(())
    }

    fn client_auth(&self, form: &Form) -> Result<(), Missing> {
        let material = &self.subject.material;
        let (there, key) = match form.auth {
            ClientAuth::Public => (material.public_client_id.is_some(), "public_client_id"),
            ClientAuth::WithoutGrant => (material.client_without_grant.is_some(), "client_without_grant"),
            ClientAuth::Special | ClientAuth::SpecialRaw => (material.special_client.is_some(), "special_client"),
            ClientAuth::ForeignResourceServer => {
                (material.foreign_introspection_client.is_some(), "foreign_introspection_client")
            }
            ClientAuth::Second => (self.client(Client::Second).is_ok(), "a second client among `credentials`"),
            _ => (true, ""),
        };
        if there { Ok(()) } else { missing(format!("no {key} in the scenario's material")) }
    }

    fn endpoint(&self, endpoint: Endpoint) -> Result<(), Missing> {
        let Some(server) = &self.subject.authorization_server else {
            return missing("the scheme has no authorization server");
        };
        // with an issuer, endpoints that the scenario does not name are discovered when the run begins
        let (there, key) = match endpoint {
            Endpoint::Token => (server.token.is_some(), "token_url"),
            Endpoint::Introspection => (server.introspection.is_some(), "introspection_url"),
            Endpoint::Revocation => (server.revocation.is_some(), "revocation_url"),
        };
        if there { Ok(()) } else { missing(format!("no `{key}` in the scenario or in the issuer's metadata")) }
    }

    fn fetch(&mut self, index: usize, fetch: &'static Fetch) -> Result<(), Missing> {
        let issuer = self.subject.authorization_server.as_ref().and_then(|server| server.issuer.as_ref());
        if issuer.is_none() {
            return missing("no `issuer` in the scenario");
        }
        if fetch.document == Document::KeySet {
            return missing("the issuer publishes no keys that this scheme uses");
        }
        let label = if fetch.label.is_empty() { "the metadata document".to_owned() } else { fetch.label.to_owned() };
        self.push(index, label, Act::Fetch(*fetch));
        Ok(())
    }

    fn hook(&mut self, index: usize, hook: Hook) -> Result<(), Missing> {
        let hooks = &self.subject.material.hooks;
        let (there, key) = match hook {
            Hook::OutageBegins | Hook::OutageEnds => (hooks.outage.is_some(), "outage"),
            Hook::Revoke => (hooks.revoke.is_some(), "revoke"),
            Hook::Rotate | Hook::AwaitRotation | Hook::RotateBack => (hooks.rotate.is_some(), "rotate"),
        };
        if !there {
            return missing(format!("no `material.hooks.{key}`"));
        }
        self.push(index, String::new(), Act::Hook(hook));
        Ok(())
    }

    fn scope(&self, fill: Fill) -> Result<String, Missing> {
        let subject = self.subject;
        match fill {
            Fill::Text(text) => Ok(text.to_owned()),
            Fill::DisallowedScope => match &subject.material.disallowed_scope {
                Some(scope) => Ok(scope.clone()),
                None => missing("no `material.disallowed_scope`"),
            },
            Fill::LookalikeScope => match subject.material.lookalike_scopes.first() {
                Some(_) => Ok(subject.material.lookalike_scopes.join(" ")),
                None => missing("no `material.lookalike_scopes`"),
            },
            Fill::NeededScope => match subject.scope_gap(None) {
                Some(gap) => {
                    let needed = &subject.resources[gap.resource].scopes;
                    let lacking = needed.difference(&subject.identities[gap.low].scopes);
                    Ok(lacking.cloned().collect::<Vec<_>>().join(" "))
                }
                None => missing("no valid credential lacks a scope of a protected resource"),
            },
            _ => missing("no scope to ask for"),
        }
    }

    fn check_fills(&self, fills: impl IntoIterator<Item = Fill>) -> Result<(), Missing> {
        let material = &self.subject.material;
        for fill in fills {
            match fill {
                Fill::PublicPath => drop(self.resource(On::Public, Who::Good)?),
                Fill::WriteMethod => drop(self.resource(On::Writable, Who::Good)?),
                Fill::NeededScope | Fill::DisallowedScope => drop(self.scope(fill)?),
                Fill::RefreshToken if material.refresh_token.is_none() => {
                    return missing("no `material.refresh_token`");
                }
                Fill::OtherAudienceToken if material.other_audience_token.is_none() => {
                    return missing("no `material.other_audience_token`");
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn label(&self, send: &Send) -> String {
        let scheme = self.subject.scheme;
        let says = |name: &str| scheme.forgery(name).map_or_else(|| name.to_owned(), |lie| lie.says.to_owned());
        let who = match send.who {
            Who::Anonymous => "no credential".to_owned(),
            Who::Good => "the good credential".to_owned(),
            Who::LowScope => "a valid credential that lacks the scope".to_owned(),
            Who::OtherTenant => "a valid credential of another tenant".to_owned(),
            Who::Revoked => "a revoked credential".to_owned(),
            Who::Expired => "an expired credential".to_owned(),
            Who::Forged(name) | Who::ForgedAccount(_, name) => says(name),
            Who::ForgedLow(name) => format!("{}, of a principal who lacks the scope", says(name)),
            Who::Malformed => "a malformed credential".to_owned(),
            Who::Slot(_) => "the token".to_owned(),
            Who::Account(_) => "the account's own password".to_owned(),
            Who::Artefact(Artefact::OtherAudienceToken) => "a token for another audience".to_owned(),
            Who::Artefact(Artefact::RefreshToken) => "a refresh token".to_owned(),
        };
        let altered: Vec<String> = send.alter.iter().map(super::label::altered).collect();
        if altered.is_empty() { who } else { format!("{who}, {}", altered.join(", ")) }
    }
}

fn filled(alter: &crate::check::step::Alter) -> Option<Fill> {
    use crate::check::step::Alter;
    match alter {
        Alter::Header(_, fill) | Alter::Query(_, fill) => Some(*fill),
        _ => None,
    }
}

fn auth_label(auth: ClientAuth) -> &'static str {
    super::label::client_auth(auth)
}
