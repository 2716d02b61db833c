//! Requests to resources, byte for byte.

use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use url::Url;

use super::outages::Pulse;
use super::{Prober, allowance};
use crate::check::step::{Alter, Fill, OTHER_SOURCE, OtherConnection, RUN_MARK, is_number};
use crate::clock;
use crate::drive::wire::{self, BadDestination, Connection, Destination, Limits};
use crate::observe::{ConnectionOf, Exchange, Outcome, Request, Silence};
use crate::plan::members::with_one_member;
use crate::target::address::host_field;
use crate::target::destination::DestinationKey;

/// The media type of forms.
const FORM: &str = "application/x-www-form-urlencoded";
/// What says who is asking, in every request.
const USER_AGENT: &str = concat!("authbench/", env!("CARGO_PKG_VERSION"));
/// Bytes of the head of a request from which on an answer may come before its end.
const LONG_HEAD: usize = 32 << 10;
/// How often a request is sent that was on its way when the target stopped answering.
const TRIES: usize = 3;

impl Prober {
    /// The request of a resource without any credential.
    pub(super) fn bare_request(&self, resource: usize) -> Request {
        // what is refused without a credential is refused for that, and not for a certificate that was missing too
        let compared = self.subject().good_for(resource);
        let kept = self.kept(resource);
        let path = self.path(resource);
        let resource = &self.subject().resources[resource];
        let mut request = self.plain_request(&resource.method, &path, &kept.lines(&resource.headers));
        if let Some(identity) = compared {
            request.connection = self.subject().connection_beside(identity);
        }
        match &resource.body {
            Some((media, body)) => request.with_body(media, kept.body(media, body)),
            None if resource.writes => request.header("Content-Length", "0"),
            None => request.with_length(),
        }
    }

    /// The path of a resource, with the values that its last `before` kept.
    pub(super) fn path(&self, resource: usize) -> String {
        self.kept(resource)
            .path(self.equipment.base.path().trim_end_matches('/'), &self.subject().resources[resource].path)
    }

    /// A request without a body and a credential.
    pub(super) fn plain_request(&self, method: &str, path: &str, headers: &[(String, String)]) -> Request {
        let base = self.equipment.base.path().trim_end_matches('/');
        let mut request = Request::new(method, &format!("{base}{path}"));
        let host = host_field(&self.equipment.base);
        for (name, value) in [("Host", host.as_str()), ("User-Agent", USER_AGENT), ("Accept", "*/*")] {
            // what the scenario says takes its place
            if !headers.iter().any(|(own, _)| own.eq_ignore_ascii_case(name)) {
                request.push(name, value, false);
            }
        }
        for (name, value) in headers {
            request.push(name, value, false);
        }
        request
    }

    /// Sends a request to the target.
    pub(super) async fn send_to(&self, _resource: usize, request: &Request) -> Exchange {
        let exchange = self.send_at(&self.equipment.base, request).await;
        self.note_nonce(&exchange);
        exchange
    }

    /// Sends a request to the host of an address, on a connection of its own; once more where the target had no time for it.
    pub(super) async fn send_at(&self, url: &Url, request: &Request) -> Exchange {
        // on the heap: whoever sends would carry the room for all that may come of it
        let mut exchange = Box::pin(self.sent_at(url, request)).await;
        if self.pauses.taken(&exchange).await {
            exchange = Box::pin(self.sent_at(url, request)).await;
            self.pauses.count(&exchange);
        }
        exchange
    }

    /// Goes on with the session that the answer to a good write sets in place of the one that it came with, where that has ended by it: one
    /// that lives on may have what belongs to it, such as a CSRF token. Nobody else sends anything then; reads come side by side. Where
    /// the answer refuses, what it sets is the session of nobody: the control that is refused with it logs in anew.
    pub(super) async fn follow(&self, exchange: &Exchange) {
        let Some(answer) = exchange.response().filter(|answer| (200..400).contains(&answer.status)) else { return };
        let logins = &self.equipment.logins;
        if logins.holds_replaced(&exchange.request, answer).await && !self.still_opens(&exchange.request).await {
            logins.follow(&exchange.request, answer).await;
        }
    }

    /// Whether the cookies of a request open the main resource.
    async fn still_opens(&self, request: &Request) -> bool {
        let (Some(main), Some(cookies)) = (self.subject().main_resource(), request.value_of("cookie")) else {
            return false;
        };
        let mut read = self.bare_request(main);
        read.push("Cookie", cookies, true);
        read.connection = request.connection.clone();
        let answer = self.send_to(main, &read).await;
        self.outcome(main, &answer).await == Outcome::Granted
    }

    async fn sent_at(&self, url: &Url, request: &Request) -> Exchange {
        let destination = match self.destination(url, request) {
            Ok(destination) => destination,
            Err(why) => return Exchange::unanswered(request.clone(), Silence::Unreachable(why.to_string())),
        };
        let is_target = url.origin() == self.equipment.base.origin();
        let elsewhere = (!is_target).then(|| {
            let origin = Some(url.origin().ascii_serialization().into());
            Request { origin, ..request.clone() }
        });
        let request = elsewhere.as_ref().unwrap_or(request);
        let mut tries = 0;
        loop {
            if self.outages.are_caused_by(request) {
                let why = "the target stopped answering when this request was sent before, so it was not sent again";
                return Exchange::unanswered(request.clone(), Silence::Unreachable(why.to_owned()));
            }
            let turn = self.turn_to_send().await;
            if let Some(silence) = self.patience.refuses() {
                return Exchange::unanswered(request.clone(), silence);
            }
            if let Some(why) = allowance::over() {
                let silence = Silence::Unreachable(format!("{why}, so this request was not sent"));
                return Exchange::unanswered(request.clone(), silence);
            }
            allowance::apart(self.equipment.rate_limit.wait()).await;
            let limits = self.limits();
            let number = is_target.then(|| self.outages.begins(request));
            let is_last = request.value_of("connection") == Some(b"close");
            let exchange = match is_last {
                true if request.method == "HEAD" => wire::send_to_the_end(&destination, &limits, request).await,
                true if is_long(request) => wire::send_in_pieces(&destination, &limits, request).await,
                _ => wire::send_once(&destination, &limits, request).await,
            };
            number.iter().for_each(|number| self.outages.ends(*number, &exchange));
            self.patience.count(exchange.answer.as_ref().err());
            self.witness.look_at(&exchange);
            let note = |when: &Mutex<Option<Instant>>| {
                *when.lock().unwrap_or_else(PoisonError::into_inner) = Some(clock::now());
            };
            if exchange.status() == Some(202) {
                note(&self.accepted);
            }
            if is_target && !matches!(&*request.method, "GET" | "HEAD" | "OPTIONS" | "TRACE") {
                note(&self.written);
            }
            drop(turn);
            tries += 1;
            // what another request has stopped is asked again when it is back
            let pulse = match number {
                Some(number) if tries < TRIES => self.pulse(number, &exchange).await,
                _ => Pulse::Alive,
            };
            if let (Pulse::Alive, Some(number)) = (pulse, number)
                && let Some(answered) = self.alone(&destination, number, &exchange).await
            {
                return answered;
            }
            if pulse != Pulse::Back || self.outages.are_caused_by(request) {
                return exchange;
            }
        }
    }

    /// Sends a request on a connection that is open to the host of an address, in its turn as any other.
    pub(super) async fn send_on(&self, connection: &mut Connection, url: &Url, request: &Request) -> Exchange {
        let _turn = self.turn_to_send().await;
        allowance::apart(self.equipment.rate_limit.wait()).await;
        let number = (url.origin() == self.equipment.base.origin()).then(|| self.outages.begins(request));
        let exchange = connection.exchange(request).await;
        number.iter().for_each(|number| self.outages.ends(*number, &exchange));
        exchange
    }

    /// Limits of an exchange: no longer than the check has time.
    pub(super) fn limits(&self) -> Limits {
        let limits = self.equipment.limits;
        allowance::left().map_or(limits, |left| limits.within(limits.time.min(left)))
    }

    /// An address that stands for a source of this run alone (RFC 1918), so that runs do not use up each other's budget.
    pub(super) fn source(&self, number: u8) -> String {
        let seed = self.equipment.seed.to_le_bytes();
        format!("10.{}.{}.{number}", seed[0], seed[1])
    }

    /// Where a request goes: the connections of its credential, where it presents a certificate.
    pub(super) fn destination(&self, url: &Url, request: &Request) -> Result<Destination, BadDestination> {
        let trust = &self.equipment.trust;
        let tls = match url.origin() == self.equipment.base.origin() {
            true => trust.for_connection(&request.connection),
            false => trust.for_issuers_on(&request.connection),
        };
        let name = || request.connection.0.as_deref().unwrap_or_default().to_owned();
        let tls = tls.ok_or_else(|| BadDestination::NoCertificate(name()))?;
        let key = DestinationKey::of(url, tls.identity);
        let known = key.as_ref().and_then(|key| self.destinations.lock().ok()?.get(key).cloned());
        if let Some(known) = known {
            return Ok(known);
        }
        let destination = Destination::of(url, Some(tls), &self.equipment.hosts)?;
        if let Ok(mut known) = self.destinations.lock() {
            known.insert(destination.key(), destination.clone());
        }
        Ok(destination)
    }

    /// Changes a request as a step says.
    pub(super) fn alter(&self, request: &mut Request, alter: &Alter, fill: &dyn Fn(Fill) -> String) {
        match alter {
            Alter::Method(method) => {
                request.method = (*method).to_owned();
                *request = request.clone().with_length();
            }
            Alter::LowerMethod => request.method.make_ascii_lowercase(),
            Alter::Path(spelling) => {
                let target = String::from_utf8_lossy(&request.target).into_owned();
                let (path, query) = target.split_once('?').map_or((target.as_str(), None), |(p, q)| (p, Some(q)));
                let path = spelling(path).replace(RUN_MARK, &self.run_mark);
                let sign = if path.contains('?') { '&' } else { '?' };
                let query = query.map(|query| format!("{sign}{query}")).unwrap_or_default();
                request.target = format!("{path}{query}").into_bytes();
            }
            Alter::Header(name, value) => request.push(name, fill(*value), false),
            Alter::Replaced(name, value) => {
                request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
                request.push(name, fill(*value), false);
            }
            Alter::Without(name) => request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name)),
            Alter::Query(name, value) => request.push_query(name, &fill(*value)),
            Alter::Parameter(at, written) => {
                let target = String::from_utf8_lossy(&request.target).into_owned();
                let (path, query) = target.split_once('?').unwrap_or((&target, ""));
                let changed = query.split('&').enumerate().map(|(place, pair)| match place == *at {
                    true => {
                        pair.split_once('=').map_or_else(|| written(pair, ""), |(name, value)| written(name, value))
                    }
                    false => pair.to_owned(),
                });
                request.target = format!("{path}?{}", changed.collect::<Vec<_>>().join("&")).into_bytes();
            }
            Alter::Numbers(other) => {
                let target = String::from_utf8_lossy(&request.target).into_owned();
                let path = target.split('?').next().unwrap_or_default();
                let changed = path.split('/').map(|segment| if is_number(segment) { *other } else { segment });
                let changed = changed.collect::<Vec<_>>().join("/");
                request.target = format!("{changed}{}", &target[path.len()..]).into_bytes();
            }
            Alter::Body { json, form } => {
                let media = request.value_of("content-type").unwrap_or_default().to_ascii_lowercase();
                let (media, body) = match media.starts_with(FORM.as_bytes()) {
                    true => (FORM, *form),
                    false => ("application/json", *json),
                };
                *request = request.clone().with_body(media, body);
            }
            Alter::Content(json) if request.body.is_empty() => {
                *request = request.clone().with_body("application/json", *json);
            }
            Alter::Content(_) => {}
            Alter::Joined(name, value) => {
                let lines = request.headers.iter_mut().filter(|line| line.name.eq_ignore_ascii_case(name));
                lines.for_each(|line| line.value.extend(format!(", {value}").into_bytes()));
            }
            Alter::Members(value) => {
                if let Ok(serde_json::Value::Object(mut members)) = serde_json::from_slice(&request.body) {
                    members.iter_mut().for_each(|(_, member)| *member = value(member));
                    let media = request.value_of("content-type").unwrap_or_default();
                    let media = String::from_utf8_lossy(media).into_owned();
                    *request = request.clone().with_body(&media, serde_json::Value::Object(members).to_string());
                }
            }
            Alter::Member(at, value) => {
                if let Some(changed) = with_one_member(&request.body, *at, *value) {
                    let media = request.value_of("content-type").unwrap_or_default();
                    let media = String::from_utf8_lossy(media).into_owned();
                    *request = request.clone().with_body(&media, changed.json);
                }
            }
            Alter::OfForm => {
                let declared = |name: &str, value: &[u8]| {
                    let mut lines = self.subject().resources.iter().flat_map(|resource| &resource.headers);
                    lines.any(|(own, text)| own.eq_ignore_ascii_case(name) && text.as_bytes() == value)
                };
                request.headers.retain(|line| is_of_forms(&line.name) || !declared(&line.name, &line.value));
            }
            Alter::PostedAsText => *request = request.clone().with_body("text/plain", request.body.clone()),
            Alter::AsForm | Alter::PostedAsForm => {
                if let Ok(serde_json::Value::Object(members)) = serde_json::from_slice(&request.body) {
                    *request = request.clone().with_body(FORM, as_form(&members));
                }
            }
            Alter::Target(path) => {
                let base = self.equipment.base.path().trim_end_matches('/');
                request.target = format!("{base}{}", fill(*path)).into_bytes();
            }
            Alter::Source(number) => {
                if let Some(name) = &self.subject().material.source_header {
                    request.push(name, self.source(*number), false);
                }
            }
            Alter::OtherSource => {
                for (name, value) in OTHER_SOURCE {
                    request.headers.retain(|header| !header.name.eq_ignore_ascii_case(name));
                    request.push(name, *value, false);
                }
            }
            Alter::Connection(OtherConnection::WithoutCertificate) => request.connection = ConnectionOf::default(),
            Alter::Connection(OtherConnection::OfAnother) => {
                request.connection = self.subject().connection_of_another(&request.connection).unwrap_or_default();
            }
            // the step knows them
            Alter::Validators | Alter::ShownMember(..) | Alter::ShownMembersBack(_) | Alter::AfterMembers => {}
            Alter::AbsoluteForm => {
                let origin = self.equipment.base.origin().ascii_serialization();
                let target = String::from_utf8_lossy(&request.target).into_owned();
                request.target = format!("{origin}{target}").into_bytes();
            }
        }
    }
}

/// Whether the head of a request is longer than many servers take.
fn is_long(request: &Request) -> bool {
    let lines = request.headers.iter().map(|line| line.name.len() + line.value.len());
    request.target.len() + lines.sum::<usize>() > LONG_HEAD
}

/// Header lines that a form of another site sends (Fetch, "CORS-safelisted request-header", and what browsers add by themselves).
fn is_of_forms(name: &str) -> bool {
    ["accept", "accept-language", "content-type", "host", "user-agent"].iter().any(|own| name.eq_ignore_ascii_case(own))
}

/// Members as fields: texts as they are, other values as JSON has them.
fn as_form(members: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, member) in members {
        match member {
            serde_json::Value::String(text) => form.append_pair(name, text),
            other => form.append_pair(name, &other.to_string()),
        };
    }
    form.finish()
}
