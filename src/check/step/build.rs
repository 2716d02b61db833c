//! Steps as checks write them.

use super::{
    Accept, Alter, ClientRegistration, ClientRole, Compare, Encoding, Endpoint, Fetch, Fill, FormAuth, FormStep,
    MetadataDocument, Obtain, On, OriginBeside, Send, SessionAct, SessionStep, Step, Want, Who,
};
use crate::observe::{ForgeryId, ForgeryIds, Phrase, StepId};

/// A forgery of the good credential.
pub const fn forged(id: &'static str) -> Who {
    Who::Forged(ForgeryId::new(id))
}

/// Each of these forgeries of the good credential.
pub const fn each_forged(ids: &'static [&'static str]) -> Who {
    Who::EachForged(ForgeryIds::new(ids))
}

/// A request by somebody for something.
pub const fn send(who: Who, on: On) -> Step {
    Step::Send(Send {
        id: None,
        who,
        on,
        alter: &[],
        want: Want::Either,
        counts: None,
        description: None,
        times: 1,
        lasts: false,
        exhausts: false,
        thorough: false,
        followed: false,
        optional: false,
        only_after: None,
        only_differing: None,
    })
}

/// Two kinds of requests whose times are compared.
pub const fn compare(one: Who, other: Who, on: On) -> Step {
    Step::Compare(Compare { one, other, on, want: Want::Either })
}

/// A post to the token endpoint.
pub const fn token(auth: FormAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Token, auth, params)
}

/// A post to the token endpoint for clients with certificates that the metadata name.
pub const fn token_alias(auth: FormAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::TokenAlias, auth, params)
}

/// A post to the introspection endpoint.
pub const fn introspect(auth: FormAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Introspection, auth, params)
}

/// A post to the revocation endpoint.
pub const fn revoke(auth: FormAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Revocation, auth, params)
}

const fn form(endpoint: Endpoint, auth: FormAuth, params: &'static [(&'static str, Fill)]) -> Step {
    Step::Form(FormStep {
        id: None,
        endpoint,
        auth,
        headers: &[],
        origin: None,
        proof: None,
        params,
        method: "POST",
        encoding: Encoding::Form,
        want: Want::Either,
        description: None,
        times: 1,
        exhausts: false,
        optional: false,
        keep: None,
        unhinted: false,
    })
}

/// Fetches a metadata document.
pub const fn fetch(document: MetadataDocument) -> Step {
    Step::Fetch(Fetch { id: None, document, headers: &[], description: None })
}

/// Registers a client at the `registration_endpoint` that the metadata document of the check names.
pub const fn register(registration: ClientRegistration) -> Step {
    fetch(MetadataDocument::Registration(registration))
}

/// Does something with a login.
pub const fn login(act: SessionAct) -> Step {
    Step::Session(SessionStep { id: None, act, want: Want::Either, description: None, optional: false })
}

/// Obtains a token of the good client into a slot.
pub const fn obtain(slot: &'static str) -> Step {
    obtain_as(slot, ClientRole::Good, None)
}

/// Obtains a token of a client, with a scope, into a slot.
pub const fn obtain_as(slot: &'static str, client: ClientRole, scope: Option<Fill>) -> Step {
    Step::Obtain(Obtain { slot, client, scope })
}

impl Step {
    /// Access must be refused by one of these answers.
    pub const fn denied(self, by: &'static [Accept]) -> Step {
        self.want(Want::Denied(by))
    }

    /// Access must be granted.
    pub const fn granted(self) -> Step {
        self.want(Want::Granted)
    }

    /// Access must be granted, and once more: of a credential that works once only, no refusal afterwards shows what has ended it.
    pub const fn lasting(self) -> Step {
        match self.granted() {
            Step::Send(send) => Step::Send(Send { times: 2, lasts: true, ..send }),
            other => other,
        }
    }

    /// Whether it gets a credential from the target, as anybody does who uses it: by a token request, a login or a refresh.
    pub fn obtains(&self) -> bool {
        let is_usual = |act: &SessionAct| {
            matches!(
                act,
                SessionAct::LogIn(_) | SessionAct::LogInSecond(_) | SessionAct::Refresh(_) | SessionAct::Copy(..)
            )
        };
        match self {
            Step::Obtain(_) => true,
            Step::Session(session) => is_usual(&session.act),
            _ => false,
        }
    }

    /// Whether it takes something out of the answer to a login, and sends nothing.
    pub fn only_reads(&self) -> bool {
        let takes = |act: &SessionAct| matches!(act, SessionAct::RefreshToken(..) | SessionAct::IdToken(..));
        matches!(self, Step::Session(session) if takes(&session.act))
    }

    /// Whether what it gets is kept in a slot.
    pub fn obtains_into(&self, slot: &str) -> bool {
        match self {
            Step::Obtain(obtain) => obtain.slot == slot,
            Step::Session(session) => match session.act {
                SessionAct::LogIn(own) | SessionAct::LogInSecond(own) | SessionAct::Refresh(own) => own == slot,
                _ => false,
            },
            _ => false,
        }
    }

    const fn want(self, want: Want) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { want, ..send }),
            Step::Form(form) => Step::Form(FormStep { want, ..form }),
            Step::Compare(compare) => Step::Compare(Compare { want, ..compare }),
            Step::CompareClients(_) => Step::CompareClients(want),
            Step::Session(session) => Step::Session(SessionStep { want, ..session }),
            other => other,
        }
    }

    /// Gives it an id, so that the judgement of its check finds what came of it.
    pub const fn id(self, id: StepId) -> Step {
        let id = Some(id);
        match self {
            Step::Send(send) => Step::Send(Send { id, ..send }),
            Step::Form(form) => Step::Form(FormStep { id, ..form }),
            Step::Session(session) => Step::Session(SessionStep { id, ..session }),
            Step::Fetch(fetch) => Step::Fetch(Fetch { id, ..fetch }),
            other => other,
        }
    }

    /// Describes what is sent, for people.
    pub const fn called(self, description: &'static str) -> Step {
        let description = Some(Phrase::new(description));
        match self {
            Step::Send(send) => Step::Send(Send { description, ..send }),
            Step::Form(form) => Step::Form(FormStep { description, ..form }),
            Step::Session(session) => Step::Session(SessionStep { description, ..session }),
            Step::Fetch(fetch) => Step::Fetch(Fetch { description, ..fetch }),
            other => other,
        }
    }

    /// Sends it several times.
    pub const fn times(self, times: usize) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { times, ..send }),
            Step::Form(form) => Step::Form(FormStep { times, ..form }),
            other => other,
        }
    }

    /// Sends a form without the `token_type_hint` that the endpoint turned out to need.
    pub const fn unhinted(self) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { unhinted: true, ..form }),
            other => other,
        }
    }

    /// Sends it until the target throttles, or the failure budget of the scenario is used up.
    pub const fn exhausting(self) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { exhausts: true, ..send }),
            Step::Form(form) => Step::Form(FormStep { exhausts: true, ..form }),
            other => other,
        }
    }

    /// Sends it several times, and once on a connection that was authenticated before; what the resource was learned from
    /// is judged with it.
    pub const fn thoroughly(self) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { thorough: true, ..send }),
            other => other,
        }
    }

    /// Sends the good request behind it on the same connection.
    pub const fn followed(self) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { followed: true, ..send }),
            other => other,
        }
    }

    /// Sends it only to a resource where an earlier step was granted.
    pub const fn where_granted(self, step: StepId) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { only_after: Some(step), ..send }),
            other => other,
        }
    }

    /// Sends it only to a resource where the answers to two earlier steps differ, in another second.
    pub const fn where_differing(self, one: StepId, other: StepId) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { only_differing: Some([one, other]), ..send }),
            step => step,
        }
    }

    /// Alters the request; only requests to resources can be altered.
    pub const fn with(self, alter: &'static [Alter]) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { alter, ..send }),
            other => other,
        }
    }

    /// Takes the success of another resource for access.
    pub const fn counting(self, on: On) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { counts: Some(on), ..send }),
            other => other,
        }
    }

    /// Sends a form by another method.
    pub const fn by(self, method: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { method, ..form }),
            other => other,
        }
    }

    /// Writes the parameters of a form in another way.
    pub const fn encoded(self, encoding: Encoding) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { encoding, ..form }),
            other => other,
        }
    }

    /// Leaves a form, a request over another connection, or what is done with a login, out where the scenario lacks what it needs.
    pub const fn if_given(self) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { optional: true, ..send }),
            Step::Form(form) => Step::Form(FormStep { optional: true, ..form }),
            Step::Session(session) => Step::Session(SessionStep { optional: true, ..session }),
            other => other,
        }
    }

    /// Keeps the access token of a form's answer in a slot.
    pub const fn keep(self, slot: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { keep: Some(slot), ..form }),
            other => other,
        }
    }

    /// Sends a form with a proof of possession that is wrong in this way.
    pub const fn with_proof(self, id: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { proof: Some(ForgeryId::new(id)), ..form }),
            other => other,
        }
    }

    /// Adds header lines to the fetch of a document or to a form.
    pub const fn asking(self, headers: &'static [(&'static str, &'static str)]) -> Step {
        match self {
            Step::Fetch(fetch) => Step::Fetch(Fetch { headers, ..fetch }),
            Step::Form(form) => Step::Form(FormStep { headers, ..form }),
            other => other,
        }
    }

    /// From an origin beside one that the target trusts.
    pub const fn from_origin(self, beside: OriginBeside) -> Step {
        match self {
            Step::Form(form) => Step::Form(FormStep { origin: Some(beside), ..form }),
            other => other,
        }
    }

    /// What must come of it.
    pub fn wanted(&self) -> Want {
        match self {
            Step::Send(send) => send.want,
            Step::Form(form) => form.want,
            Step::Compare(compare) => compare.want,
            Step::CompareClients(want) => *want,
            Step::Session(session) => session.want,
            _ => Want::Either,
        }
    }

    /// How many requests it sends, about.
    pub fn probes(&self) -> usize {
        match self {
            Step::Send(Send { who: Who::Malformed, .. }) => 30,
            // a target without faults is not sent it
            Step::Send(Send { only_after: Some(_), .. } | Send { only_differing: Some(_), .. }) => 0,
            Step::Send(send) => send.times,
            Step::Form(form) => form.times,
            _ => 1,
        }
    }

    /// Its part in the check, if it has one.
    pub fn step_id(&self) -> Option<StepId> {
        match self {
            Step::Send(send) => send.id,
            Step::Form(form) => form.id,
            Step::Session(session) => session.id,
            Step::Fetch(fetch) => fetch.id,
            _ => None,
        }
    }
}
