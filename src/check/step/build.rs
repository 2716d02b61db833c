//! Steps as checks write them.

use super::{
    Accept, Alter, Client, ClientAuth, Compare, Document, Encoding, Endpoint, Fetch, Fill, Form, Obtain, On, Send,
    Step, Want, Who,
};

/// A request by somebody for something.
pub const fn send(who: Who, on: On) -> Step {
    Step::Send(Send {
        who,
        on,
        alter: &[],
        want: Want::Either,
        counts: None,
        label: "",
        times: 1,
        exhausts: false,
        thorough: false,
    })
}

/// Two kinds of requests whose times are compared.
pub const fn compare(one: Who, other: Who, on: On) -> Step {
    Step::Compare(Compare { one, other, on, want: Want::Either })
}

/// A post to the token endpoint.
pub const fn token(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Token, auth, params)
}

/// A post to the introspection endpoint.
pub const fn introspect(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Introspection, auth, params)
}

/// A post to the revocation endpoint.
pub const fn revoke(auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    form(Endpoint::Revocation, auth, params)
}

const fn form(endpoint: Endpoint, auth: ClientAuth, params: &'static [(&'static str, Fill)]) -> Step {
    Step::Form(Form {
        endpoint,
        auth,
        params,
        method: "POST",
        encoding: Encoding::Form,
        want: Want::Either,
        label: "",
        times: 1,
        exhausts: false,
        keep: None,
    })
}

/// Fetches a metadata document.
pub const fn fetch(document: Document) -> Step {
    Step::Fetch(Fetch { document, headers: &[], label: "" })
}

/// Obtains a token of the good client into a slot.
pub const fn obtain(slot: &'static str) -> Step {
    obtain_as(slot, Client::Good, None)
}

/// Obtains a token of a client, with a scope, into a slot.
pub const fn obtain_as(slot: &'static str, client: Client, scope: Option<Fill>) -> Step {
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

    const fn want(self, want: Want) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { want, ..send }),
            Step::Form(form) => Step::Form(Form { want, ..form }),
            Step::Compare(compare) => Step::Compare(Compare { want, ..compare }),
            other => other,
        }
    }

    /// Names what is sent.
    pub const fn called(self, label: &'static str) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { label, ..send }),
            Step::Form(form) => Step::Form(Form { label, ..form }),
            Step::Fetch(fetch) => Step::Fetch(Fetch { label, ..fetch }),
            other => other,
        }
    }

    /// Sends it several times.
    pub const fn times(self, times: usize) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { times, ..send }),
            Step::Form(form) => Step::Form(Form { times, ..form }),
            other => other,
        }
    }

    /// Sends it until the target throttles, or the failure budget of the scenario is used up.
    pub const fn exhausting(self) -> Step {
        match self {
            Step::Send(send) => Step::Send(Send { exhausts: true, ..send }),
            Step::Form(form) => Step::Form(Form { exhausts: true, ..form }),
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
            Step::Form(form) => Step::Form(Form { method, ..form }),
            other => other,
        }
    }

    /// Writes the parameters of a form in another way.
    pub const fn encoded(self, encoding: Encoding) -> Step {
        match self {
            Step::Form(form) => Step::Form(Form { encoding, ..form }),
            other => other,
        }
    }

    /// Keeps the access token of a form's answer in a slot.
    pub const fn keep(self, slot: &'static str) -> Step {
        match self {
            Step::Form(form) => Step::Form(Form { keep: Some(slot), ..form }),
            other => other,
        }
    }

    /// Adds header lines to the fetch of a document.
    pub const fn asking(self, headers: &'static [(&'static str, &'static str)]) -> Step {
        match self {
            Step::Fetch(fetch) => Step::Fetch(Fetch { headers, ..fetch }),
            other => other,
        }
    }

    /// What must come of it.
    pub fn wanted(&self) -> Want {
        match self {
            Step::Send(send) => send.want,
            Step::Form(form) => form.want,
            Step::Compare(compare) => compare.want,
            _ => Want::Either,
        }
    }

    /// How many requests it sends, about.
    pub fn probes(&self) -> usize {
        match self {
            Step::Send(Send { who: Who::Malformed, .. }) => 30,
            Step::Send(send) => send.times,
            Step::Form(form) => form.times,
            _ => 1,
        }
    }

    /// What it is called.
    pub fn label(&self) -> &'static str {
        match self {
            Step::Send(send) => send.label,
            Step::Form(form) => form.label,
            Step::Fetch(fetch) => fetch.label,
            _ => "",
        }
    }
}
