//! How steps are described to people.

use crate::check::step::{Alter, ClientAuth, Fill};
use crate::observe::Phrase;

/// What a change to a request is called.
pub(super) fn altered(alter: &Alter) -> String {
    match alter {
        Alter::Method(method) => format!("by {method}"),
        Alter::Path(spelling) => format!("path written as {}", spelling("/path")),
        Alter::Header(name, fill) => format!("with {name}{}", value(fill)),
        Alter::Query(name, fill) => format!("with ?{name}={}", value(fill).trim_start_matches(": ")),
        Alter::Body(media, _) => format!("with a body of {media}"),
        Alter::Target(_) => "another path".to_owned(),
        Alter::Source(_) => "from a source of its own".to_owned(),
        Alter::AbsoluteForm => "target in absolute form".to_owned(),
    }
}

fn value(fill: &Fill) -> String {
    match fill {
        Fill::Text(text) if text.len() <= 40 => format!(": {text}"),
        Fill::Bytes(count) => format!(" of {count} bytes"),
        _ => String::new(),
    }
}

/// How a client of a form authenticates.
pub(super) fn client_auth(auth: ClientAuth) -> Phrase {
    Phrase::new(match auth {
        ClientAuth::Good => "the good client",
        ClientAuth::Basic => "the good client by HTTP Basic",
        ClientAuth::Post => "the good client by body parameters",
        ClientAuth::None => "no client authentication",
        ClientAuth::IdOnly => "client_id without a secret",
        ClientAuth::WrongBasic => "a wrong secret by HTTP Basic",
        ClientAuth::WrongPost => "a wrong secret in the body",
        ClientAuth::ExpendableWrong => "a wrong secret for an expendable client",
        ClientAuth::UnknownClient => "a client that does not exist",
        ClientAuth::Both => "HTTP Basic and body parameters at once",
        ClientAuth::BothBodyWrong => "HTTP Basic, and a wrong secret in the body",
        ClientAuth::Contradicting => "HTTP Basic and another client_id in the body",
        ClientAuth::InQuery => "client credentials in the query",
        ClientAuth::WrongBearer => "a bearer token that does not exist",
        ClientAuth::TwoHeaders => "two Authorization lines",
        ClientAuth::Public => "a public client",
        ClientAuth::WithoutGrant => "a client without the grant",
        ClientAuth::Second => "another client",
        ClientAuth::LowScope => "a client with fewer scopes",
        ClientAuth::ForeignResourceServer => "a resource server of another audience",
        ClientAuth::Special => "a client whose credentials need form encoding",
        ClientAuth::SpecialRaw => "the same client without the form encoding",
        ClientAuth::Assertion => "the good client by a signed assertion",
        ClientAuth::ForgedAssertion(_) => "a forged assertion",
        ClientAuth::SameAssertion => "the same assertion once more",
        ClientAuth::Line(_) => "another Authorization line",
        ClientAuth::OtherSecret(_) => "the good client with another secret",
    })
}
