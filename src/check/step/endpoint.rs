//! Requests to the endpoints of an authorization server, and tokens obtained from it.

use super::{ClientRegistration, ConfigurationRequest, Fill, NearPassword, OriginBeside, Want};
use crate::observe::{ForgeryId, Phrase, StepId};

/// Endpoints of an authorization server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Endpoint {
    /// RFC 6749 §3.2.
    Token,
    /// RFC 7662 §2.
    Introspection,
    /// RFC 7009 §2.
    Revocation,
    /// The token endpoint for clients with certificates that the metadata name (RFC 8705 §5).
    TokenAlias,
}

impl Endpoint {
    /// Whether it answers with tokens.
    pub fn issues_tokens(self) -> bool {
        matches!(self, Endpoint::Token | Endpoint::TokenAlias)
    }
}

/// How the client of a form authenticates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum FormAuth {
    /// As the scenario says, with the good client; at the introspection endpoint with the resource server's client.
    Good,
    /// HTTP Basic with the good client (RFC 6749 §2.3.1).
    Basic,
    /// Parameters in the body with the good client (RFC 6749 §2.3.1).
    Post,
    /// Not at all.
    None,
    /// Only `client_id` in the body.
    IdOnly,
    /// HTTP Basic with a wrong secret.
    WrongBasic,
    /// Body parameters with a wrong secret.
    WrongPost,
    /// As the scenario says, with a wrong secret, or with an assertion that no key signed.
    WrongSecret,
    /// A wrong secret, in the body where the scenario has the good one there, and else by HTTP Basic.
    WrongSent,
    /// A wrong secret, by HTTP Basic where the scenario has the good one in the body, and else in the body.
    WrongSentOtherwise,
    /// HTTP Basic with a wrong secret for a client that may be locked out.
    ExpendableWrong,
    /// A client that does not exist, whose secret is sent like that of `WrongSent`.
    UnknownSent,
    /// HTTP Basic with a client that does not exist.
    UnknownClient,
    /// HTTP Basic and body parameters at once.
    Both,
    /// HTTP Basic with the good client, a wrong secret in the body.
    BothBodyWrong,
    /// HTTP Basic with the good client, another `client_id` in the body.
    Contradicting,
    /// Identifier and secret only in the query of the URL.
    InQuery,
    /// A bearer token that does not exist.
    WrongBearer,
    /// HTTP Basic with two `Authorization` lines.
    TwoHeaders,
    /// The public client, by `client_id`.
    Public,
    /// A confidential client that may not use the client credentials grant.
    WithoutGrant,
    /// Another client than the good one, entitled to tokens of its own.
    Second,
    /// The client of the credential with too few scopes.
    LowScope,
    /// A resource server of another audience.
    ForeignResourceServer,
    /// HTTP Basic with a client whose identifier and secret need form encoding, encoded.
    Special,
    /// The same without the form encoding.
    SpecialRaw,
    /// HTTP Basic with the good client, the first character of its identifier percent-encoded.
    EncodedId,
    /// A fresh assertion that the good client's key signs (RFC 7523 §2.2).
    Assertion,
    /// A forgery about such an assertion.
    ForgedAssertion(ForgeryId),
    /// A fresh assertion under a `client_assertion_type` that no server has.
    AssertionOfOtherType,
    /// A fresh assertion beside a `client_id` of somebody else (RFC 7521 §4.2).
    AssertionBesideOther,
    /// The assertion of the step before, byte for byte.
    SameAssertion,
    /// This `Authorization` line and nothing else.
    Line(&'static str),
    /// The value of HTTP Basic with the good client behind this text in place of `Basic` and a space.
    Behind(&'static str),
    /// HTTP Basic with the good client, whose Base64 is spelled in another way.
    Respelled(BasicSpelling),
    /// HTTP Basic with the good client and this secret.
    OtherSecret(&'static str),
    /// HTTP Basic with the good client and its secret, and this behind it.
    SecretBefore(&'static str),
    /// The good client as the scenario says, with nearly its secret.
    NearSecret(NearPassword),
    /// The good client by `client_id`, on a connection that presents the certificate of another client (RFC 8705 §2).
    CertificateOfAnother,
    /// The good client by `client_id`, on a connection that presents a forgery of its certificate.
    ForgedCertificate(ForgeryId),
}

impl FormAuth {
    /// Whether it is authenticated by an assertion whatever the scenario says.
    pub fn is_assertion(self) -> bool {
        matches!(
            self,
            Self::Assertion
                | Self::AssertionOfOtherType
                | Self::AssertionBesideOther
                | Self::ForgedAssertion(_)
                | Self::SameAssertion
        )
    }
}

/// Other spellings of the good value of HTTP Basic than the one of RFC 4648 §4.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BasicSpelling {
    /// Without its padding (§3.2).
    Unpadded,
    /// With more padding than there may be (§3.3).
    OverPadded,
    /// With bits set that belong to no byte (§3.5).
    LeftOverBits,
    /// With a character outside the alphabet inside it (§3.3).
    JunkInside,
    /// With characters outside the alphabet behind it (§3.3).
    JunkBehind,
    /// With a word behind it (RFC 9110 §11.4).
    WordBehind,
}

impl BasicSpelling {
    /// Whether only a value with padding can be spelled so.
    pub fn needs_padding(self) -> bool {
        matches!(self, Self::Unpadded | Self::LeftOverBits)
    }
}

/// How the parameters of a form are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// `application/x-www-form-urlencoded` in the body.
    Form,
    /// JSON in the body.
    Json,
    /// A multipart body (RFC 7578).
    Multipart,
    /// Form encoding in the body, labelled as multipart, without a boundary.
    NoBoundary,
    /// Form encoding in the body, labelled as plain text.
    Mislabelled,
    /// Form encoding in the query of the URL, no body.
    Query,
    /// A form whose values of the step are written as they stand: whatever is percent-encoded is so already.
    AsItStands,
}

/// A form post to an endpoint of the authorization server.
#[derive(Clone, Copy, Debug)]
pub struct FormStep {
    /// Its part in the check, where the judgement needs to know it.
    pub id: Option<StepId>,
    /// Where.
    pub endpoint: Endpoint,
    /// By whom.
    pub auth: FormAuth,
    /// Added header lines.
    pub headers: &'static [(&'static str, &'static str)],
    /// Its origin beside one that the target trusts; nothing is sent where none is known, or where that is not allowed itself.
    pub origin: Option<OriginBeside>,
    /// What is wrong with the proof of possession, where tokens are bound to keys (RFC 9449 §5); it is good where nothing is.
    pub proof: Option<ForgeryId>,
    /// Parameters beside those of client authentication.
    pub params: &'static [(&'static str, Fill)],
    /// Method; a form is posted unless this says otherwise.
    pub method: &'static str,
    /// How the parameters are written.
    pub encoding: Encoding,
    /// What must come of it: a token, an introspection answer, or 200 at the revocation endpoint is access granted.
    pub want: Want,
    /// What is sent; derived where there is none.
    pub description: Option<Phrase>,
    /// How often it is sent.
    pub times: usize,
    /// Whether it is left out where the scenario lacks what it needs, and the rest of the check is played.
    pub optional: bool,
    /// Whether it is sent until the endpoint throttles, or the failure budget of the scenario is used up.
    pub exhausts: bool,
    /// Slot for the access token that comes back.
    pub keep: Option<&'static str>,
    /// Whether it travels without the `token_type_hint` that the endpoint turned out to need.
    pub unhinted: bool,
}

/// A metadata document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MetadataDocument {
    /// RFC 8414 §3, below `/.well-known/`.
    AuthorizationServer,
    /// The same at the place that path-appending implementations use.
    AuthorizationServerAppended,
    /// RFC 9728 §3.
    ProtectedResource,
    /// OpenID Connect Discovery 1.0 §4.
    OpenIdConfiguration,
    /// The first of RFC 8414 §3 and OpenID Connect Discovery 1.0 §4 that is there.
    Discovered,
    /// RFC 9728 §3.1, at the place of the protected resource that is read.
    OfMainResource,
    /// The same at the place of the whole host.
    OfHost,
    /// The address that the last challenge names (RFC 9728 §5.1); nothing is sent where it names none.
    NamedByChallenge,
    /// RFC 7517 §5, at the `jwks_uri` of the metadata.
    KeySet,
    /// No document: what answers at an address that the document of the check names; nothing is sent where it names none, or one
    /// on another origin than the issuer and the target.
    Announced(Announced),
    /// No document: a registration of a client at the `registration_endpoint` that the document of the check names (RFC 7591 §3.1);
    /// nothing is sent where it names none, or one on another origin than the issuer and the target.
    Registration(ClientRegistration),
    /// No document: a request at the `registration_client_uri` of the first client that the check has registered and kept (RFC 7592 §2);
    /// nothing is sent where nobody was registered.
    Configuration(ConfigurationRequest),
}

/// An address that metadata name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Announced {
    /// The member that names it.
    pub member: &'static str,
    /// By which method it has to answer: by POST, an empty form is sent.
    pub method: &'static str,
}

/// Fetches a metadata document.
#[derive(Clone, Copy, Debug)]
pub struct Fetch {
    /// Its part in the check, where the judgement needs to know it.
    pub id: Option<StepId>,
    /// Which.
    pub document: MetadataDocument,
    /// Added header lines.
    pub headers: &'static [(&'static str, &'static str)],
    /// What is sent; derived where there is none.
    pub description: Option<Phrase>,
}

/// Obtains an access token into a slot.
#[derive(Clone, Copy, Debug)]
pub struct Obtain {
    /// The slot.
    pub slot: &'static str,
    /// Whose token.
    pub client: ClientRole,
    /// The scope that is asked for.
    pub scope: Option<Fill>,
}

/// Clients of the client credentials grant, by their part in a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRole {
    /// The client of the good credential.
    Good,
    /// The client of the credential with too few scopes.
    LowScope,
    /// Another client than the good one.
    Second,
}
