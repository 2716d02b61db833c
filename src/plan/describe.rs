//! How steps are described to people.

use crate::check::step::{Alter, Fill, FormAuth, NearPassword};
use crate::observe::Phrase;
use crate::plan::members::with_one_member;
use crate::plan::subject::Resource;

/// What a change to a request is called.
pub(super) fn altered(alter: &Alter, resource: &Resource) -> String {
    match alter {
        Alter::Method(method) => format!("by {method}"),
        Alter::LowerMethod => "its method in lower case".to_owned(),
        Alter::Path(spelling) => format!("path written as {}", shortened(spelling("/path"))),
        Alter::Header(name, fill) => format!("with {name}{}", value(fill)),
        Alter::Replaced(name, fill) => format!("with {name}{}", value(fill)),
        Alter::Without(name) => format!("without {name}"),
        Alter::Query(name, fill) => format!("with ?{name}={}", value(fill).trim_start_matches(": ")),
        Alter::Parameter(at, written) => format!("parameter {} written as {}", at + 1, written("name", "value")),
        Alter::Numbers(other) => format!("{other} for each number in its path"),
        Alter::Body { .. } => "with another body".to_owned(),
        Alter::Content(_) => "with a content".to_owned(),
        Alter::Joined(name, value) => format!("with {value} behind the value of {name}"),
        Alter::Members(_) => "with other values in the body".to_owned(),
        Alter::Member(at, value) => {
            let body = resource.body.as_ref().map_or(&[][..], |(_, body)| body);
            with_one_member(body, *at, *value).map_or_else(
                || format!("with another member {} in the body", at + 1),
                |changed| format!("with {} for {} in the body", changed.text, changed.name),
            )
        }
        Alter::OfForm => "without lines that no form sends".to_owned(),
        Alter::AsForm | Alter::PostedAsForm => "as a form".to_owned(),
        Alter::PostedAsText => "as text/plain".to_owned(),
        Alter::Target(_) => "another path".to_owned(),
        Alter::Source(_) => "from a source of its own".to_owned(),
        Alter::Connection(_) => "over another connection".to_owned(),
        Alter::Validators => "with the entity tag and the date of the good answer".to_owned(),
        Alter::ShownMember(..) => "with one more member".to_owned(),
        Alter::ShownMembersBack(_) => "with the members as they were".to_owned(),
        Alter::AfterMembers => "after it".to_owned(),
        Alter::OtherSource => "headers that name another source".to_owned(),
        Alter::AbsoluteForm => "target in absolute form".to_owned(),
    }
}

/// What of a path fits a line.
fn shortened(path: String) -> String {
    match path.char_indices().nth(60) {
        Some((end, _)) => format!("{}… ({} characters)", &path[..end], path.chars().count()),
        None => path,
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
pub(super) fn client_auth(auth: FormAuth) -> Phrase {
    Phrase::new(match auth {
        FormAuth::Good => "the good client",
        FormAuth::Basic => "the good client by HTTP Basic",
        FormAuth::Post => "the good client by body parameters",
        FormAuth::None => "no client authentication",
        FormAuth::IdOnly => "client_id without a secret",
        FormAuth::WrongBasic => "a wrong secret by HTTP Basic",
        FormAuth::WrongPost => "a wrong secret in the body",
        FormAuth::WrongSecret => "wrong client credentials, as the scenario has the good ones",
        FormAuth::WrongSent => "a wrong secret",
        FormAuth::WrongSentOtherwise => "a wrong secret, sent in another way than the scenario sends the good one",
        FormAuth::ExpendableWrong => "a wrong secret for an expendable client",
        FormAuth::UnknownSent | FormAuth::UnknownClient => "a client that does not exist",
        FormAuth::Both => "HTTP Basic and body parameters at once",
        FormAuth::BothBodyWrong => "HTTP Basic, and a wrong secret in the body",
        FormAuth::Contradicting => "HTTP Basic and another client_id in the body",
        FormAuth::InQuery => "client credentials in the query",
        FormAuth::WrongBearer => "a bearer token that does not exist",
        FormAuth::TwoHeaders => "two Authorization lines",
        FormAuth::Public => "a public client",
        FormAuth::WithoutGrant => "a client without the grant",
        FormAuth::Second => "another client",
        FormAuth::LowScope => "a client with fewer scopes",
        FormAuth::ForeignResourceServer => "a resource server of another audience",
        FormAuth::Special => "a client whose credentials need form encoding",
        FormAuth::EncodedId => "the good client with a percent-encoded character in its identifier",
        FormAuth::SpecialRaw => "the same client without the form encoding",
        FormAuth::Assertion => "a client by a signed assertion",
        FormAuth::ForgedAssertion(_) => "a forged assertion",
        FormAuth::AssertionOfOtherType => "a signed assertion of an unknown type",
        FormAuth::AssertionBesideOther => "a signed assertion beside another client_id",
        FormAuth::SameAssertion => "the same assertion once more",
        FormAuth::Line(_) => "another Authorization line",
        FormAuth::Behind(_) => "the good client behind another scheme name",
        FormAuth::Respelled(_) => "the good client in another spelling of Base64",
        FormAuth::CertificateOfAnother => "the good client with the certificate of another",
        FormAuth::ForgedCertificate(_) => "the good client with a forged certificate",
        FormAuth::OtherSecret(_) => "the good client with another secret",
        FormAuth::NearSecret(NearPassword::Shorter) => "the good client with its secret without the last character",
        FormAuth::NearSecret(NearPassword::Longer) => "the good client with one more character behind its secret",
        FormAuth::NearSecret(NearPassword::OtherCase) => "the good client with its secret in the other case",
        FormAuth::NearSecret(NearPassword::SpaceBehind) => "the good client with a space behind its secret",
        FormAuth::NearSecret(NearPassword::NulBehind | NearPassword::NulAlone) => {
            "the good client with NUL behind its secret"
        }
        FormAuth::SecretBefore(_) => "the good client with its secret and more behind it",
    })
}
