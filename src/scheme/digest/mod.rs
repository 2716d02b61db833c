//! HTTP Digest (RFC 7616): each request proves the password by a hash over a challenge, its method and its URI.

mod response;

use crate::observe::{Challenge, Phrase};
use crate::scheme::forgery::{malformed, values};
use crate::scheme::{Carried, Carrier, Forged, Forgery, ForgeryContext, Occasion, Proof, Reuse, Scheme, Unforgeable};
use crate::secret::Secret;
use response::{Algorithm, DigestFields};

pub(crate) struct DigestScheme;

impl Scheme for DigestScheme {
    fn name(&self) -> &'static str {
        "digest"
    }

    fn profile_name(&self) -> &'static str {
        "digest"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["digest", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::authorization("Digest")
    }

    fn held(&self, value: &Secret, user: &str) -> Proof {
        Proof::Password { user: user.to_owned(), password: value.clone() }
    }

    /// Without a request there is nothing to prove.
    fn carry(&self, _: &Carrier, _: &Proof) -> Vec<Carried> {
        Vec::new()
    }

    fn reuse(&self) -> Reuse {
        Reuse::Once
    }

    fn answers_challenges(&self) -> bool {
        true
    }

    fn prove(&self, carrier: &Carrier, proof: &Proof, occasion: &Occasion<'_>) -> Forged {
        let members = members(proof, occasion)?;
        Ok(vec![carrier.carrying(&members.field(&members.response(), &[]))])
    }

    /// The strongest algorithm that is offered (RFC 7616 §3.7).
    fn challenge(&self, challenges: &[Challenge]) -> Option<Challenge> {
        let offered = challenges.iter().filter(|challenge| challenge.scheme == "digest");
        let known = offered.filter_map(|challenge| Some((Algorithm::of(challenge)?, challenge)));
        known.max_by_key(|(algorithm, _)| *algorithm).map(|(_, challenge)| challenge.clone())
    }

    fn made_up_challenge(&self) -> Option<Challenge> {
        let param = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        let params = vec![
            param("realm", "authbench"),
            param("nonce", "YXV0aGJlbmNo"),
            param("qop", "auth"),
            param("algorithm", "SHA-256"),
        ];
        Some(Challenge { scheme: "digest".to_owned(), params, quoted: Vec::new(), token68: None })
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(Phrase, Vec<Carried>)> {
        malformed::behind_prefix(carrier)
    }
}

/// What a good request says.
fn members(proof: &Proof, occasion: &Occasion<'_>) -> Result<DigestFields, Unforgeable> {
    let challenge = occasion.challenge.ok_or_else(|| Unforgeable("the target sends no Digest challenge".to_owned()))?;
    let missing = |what: &str| Unforgeable(format!("the Digest challenge of the target has no {what}"));
    let param = |name: &str| challenge.param(name).map(str::to_owned).ok_or_else(|| missing(name));
    let algorithm = Algorithm::of(challenge).ok_or_else(|| missing("algorithm that authbench knows"))?;
    let offers = |quality: &str| {
        let offered = challenge.param("qop");
        offered.is_some_and(|offered| offered.split(',').any(|one| one.trim().eq_ignore_ascii_case(quality)))
    };
    if challenge.param("qop").is_some() && !offers("auth") {
        return Err(missing("qop=auth"));
    }
    let user = match proof {
        Proof::Password { user, .. } => user.clone(),
        _ => String::new(),
    };
    Ok(DigestFields {
        user,
        password: proof.secret().to_owned(),
        realm: param("realm")?,
        nonce: param("nonce")?,
        opaque: challenge.param("opaque").map(str::to_owned),
        algorithm_name: challenge.param("algorithm").map(str::to_owned),
        algorithm,
        hashes_user: challenge.param("userhash").is_some_and(|value| value.eq_ignore_ascii_case("true")),
        method: occasion.request.method.clone(),
        uri: String::from_utf8_lossy(&occasion.request.target).into_owned(),
        qop: offers("auth").then_some("auth"),
        count: occasion.count,
        short_count: false,
        cnonce: occasion.random.to_owned(),
    })
}

/// The table of forgeries.
const FORGERIES: &[Forgery] = &[
    Forgery::new("unknown", "a password that was never set", |context| with_password("unknown", context)),
    Forgery::new("truncated", "the password without its last character", |context| with_password("truncated", context)),
    Forgery::new("extended", "the password with one character appended", |context| with_password("extended", context)),
    Forgery::new("case-flipped", "the password with the case of its letters flipped", |context| {
        with_password("case-flipped", context)
    }),
    Forgery::new("middle-changed", "the password with its middle character changed", |context| {
        with_password("middle-changed", context)
    }),
    Forgery::new("without-first", "the password without its first character", |context| {
        with_password("without-first", context)
    }),
    Forgery::new("upper-cased", "the password in upper case", |context| with_password("upper-cased", context)),
    Forgery::new("lower-cased", "the password in lower case", |context| with_password("lower-cased", context)),
    Forgery::new("reversed", "the password reversed", |context| with_password("reversed", context)),
    Forgery::new("doubled", "the password twice over", |context| with_password("doubled", context)),
    Forgery::new("percent-encoded", "the password with each character percent-encoded", |context| {
        with_password("percent-encoded", context)
    }),
    Forgery::new("base64", "the password in Base64", |context| with_password("base64", context)),
    Forgery::new("empty", "an empty password", |context| altered(context, |members| members.password.clear())),
    Forgery::new("unknown-user", "a user that does not exist", |context| {
        altered(context, |members| members.user = "authbench-no-such-user".to_owned())
    }),
    Forgery::new("other-uri", "a response for another URI than that of the request", |context| {
        altered(context, |members| members.uri = "/authbench-another-path".to_owned())
    }),
    Forgery::new("other-method", "a response for another method than that of the request", |context| {
        altered(context, |members| members.method = "AUTHBENCH".to_owned())
    }),
    Forgery::new("replayed", "the field of a good request, sent a second time", |context| altered(context, |_| {})),
    Forgery::new("foreign-nonce", "a nonce that the target never sent", |context| {
        altered(context, |members| members.nonce = "YXV0aGJlbmNoLW5vLXN1Y2gtbm9uY2U=".to_owned())
    }),
    Forgery::new("no-qop", "a response without qop, nc and cnonce", |context| {
        if good(context)?.qop.is_none() {
            return Err(Unforgeable("the target offers no qop".to_owned()));
        }
        altered(context, |members| members.qop = None)
    }),
    Forgery::new("unknown-algorithm", "an algorithm that does not exist", |context| {
        altered(context, |members| members.algorithm_name = Some("AUTHBENCH-256".to_owned()))
    }),
    Forgery::new("session-algorithm", "a correct response by the session variant of the algorithm", |context| {
        // the challenge that is answered is one of the session variant wherever one is offered
        let mut members = good(context)?;
        let session = members.algorithm.for_session();
        members.algorithm = session.ok_or_else(|| Unforgeable("the target offers a session variant".to_owned()))?;
        members.algorithm_name = Some(members.algorithm.name());
        Ok(vec![context.carrier.carrying(&members.field(&members.response(), &[]))])
    }),
    Forgery::new("other-realm", "a correct response for another realm, which it names", |context| {
        altered(context, |members| members.realm = "authbench-another-realm".to_owned())
    }),
    Forgery::new("realm-misnamed", "a good field that names another realm", |context| {
        let members = good(context)?;
        let response = members.response();
        let members = DigestFields { realm: "authbench-another-realm".to_owned(), ..members };
        Ok(vec![context.carrier.carrying(&members.field(&response, &[]))])
    }),
    Forgery::new("qop-unknown", "a correct response with a qop that does not exist", |context| {
        with_quality(context, "authbench")
    }),
    Forgery::new("qop-auth-int", "a correct response with qop=auth-int, which the target does not offer", |context| {
        with_quality(context, "auth-int")
    }),
    Forgery::new("count-short", "a correct response with a count that is no eight digits", |context| {
        if good(context)?.qop.is_none() {
            return Err(Unforgeable("the target offers no qop".to_owned()));
        }
        altered(context, |members| members.short_count = true)
    }),
    Forgery::new("count-zero", "a correct response with a count of no requests", |context| {
        if good(context)?.qop.is_none() {
            return Err(Unforgeable("the target offers no qop".to_owned()));
        }
        altered(context, |members| members.count = 0)
    }),
    Forgery::new("names-upper-case", "the names of the parameters in upper case", |context| {
        written(context, ", ", |name, value| format!("{}={value}", name.to_ascii_uppercase()))
    }),
    Forgery::new("names-spaced", "spaces around the commas and the equals signs", |context| {
        written(context, " , ", |name, value| format!("{name} = {value}"))
    }),
    Forgery::new("names-tabbed", "a tab behind each comma", |context| {
        written(context, ",\t", |name, value| format!("{name}={value}"))
    }),
    Forgery::new("value-escaped", "a backslash before the first character of the realm", |context| {
        written(context, ", ", |name, value| match (name, value.strip_prefix('"')) {
            ("realm", Some(rest)) if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) => {
                format!("{name}=\"\\{rest}")
            }
            _ => format!("{name}={value}"),
        })
    }),
    Forgery::new("response-changed", "a response with one digit changed", |context| {
        let members = good(context)?;
        let response = members.response();
        let (first, rest) = response.split_at(1);
        let other = if first == "0" { "1" } else { "0" };
        Ok(vec![context.carrier.carrying(&members.field(&format!("{other}{rest}"), &[]))])
    }),
    Forgery::new("response-empty", "an empty response", |context| {
        let members = good(context)?;
        Ok(vec![context.carrier.carrying(&members.field("", &[]))])
    }),
    Forgery::new("no-cnonce", "a good field without cnonce", |context| without(context, "cnonce")),
    Forgery::new("no-count", "a good field without nc", |context| without(context, "nc")),
    Forgery::new("no-quality", "a good field without qop, with its nc and cnonce", |context| {
        if good(context)?.qop.is_none() {
            return Err(Unforgeable("the target offers no qop".to_owned()));
        }
        without(context, "qop")
    }),
    Forgery::new("no-nonce", "a good field without nonce", |context| without(context, "nonce")),
    Forgery::new("no-uri", "a good field without uri", |context| without(context, "uri")),
    Forgery::new("no-realm", "a good field without realm", |context| without(context, "realm")),
    Forgery::new("no-response", "a good field without response", |context| without(context, "response")),
];

fn good(context: &ForgeryContext<'_>) -> Result<DigestFields, Unforgeable> {
    let occasion = context.occasion.ok_or_else(|| Unforgeable("no request to make it for".to_owned()))?;
    members(context.proof, occasion)
}

fn altered(context: &ForgeryContext<'_>, alter: fn(&mut DigestFields)) -> Forged {
    let mut members = good(context)?;
    alter(&mut members);
    Ok(vec![context.carrier.carrying(&members.field(&members.response(), &[]))])
}

/// RFC 9110 §11.4: the same parameters in another spelling.
fn written(context: &ForgeryContext<'_>, between: &str, write: fn(&str, &str) -> String) -> Forged {
    let members = good(context)?;
    let written = members.members(&members.response());
    let written = written.iter().map(|(name, value)| write(name, value)).collect::<Vec<_>>();
    Ok(vec![context.carrier.carrying(&written.join(between))])
}

/// A response with another quality of protection than the one that is offered and answered.
fn with_quality(context: &ForgeryContext<'_>, quality: &'static str) -> Forged {
    let members = good(context)?;
    let challenge = context.occasion.and_then(|occasion| occasion.challenge);
    if members.qop.is_none() || challenge.is_some_and(|challenge| challenge.offers(quality)) {
        return Err(Unforgeable(format!("the target offers no qop, or offers {quality}")));
    }
    let members = DigestFields { qop: Some(quality), ..members };
    Ok(vec![context.carrier.carrying(&members.field(&members.response(), &[]))])
}

fn without(context: &ForgeryContext<'_>, name: &str) -> Forged {
    let members = good(context)?;
    Ok(vec![context.carrier.carrying(&members.field(&members.response(), &[name]))])
}

fn with_password(id: &str, context: &mut ForgeryContext<'_>) -> Forged {
    let forged = values::forged(id, context.proof.secret(), context.rng);
    let forged = forged.ok_or_else(|| Unforgeable("the password offers nothing to change".to_owned()))?;
    let mut members = good(context)?;
    members.password = forged;
    Ok(vec![context.carrier.carrying(&members.field(&members.response(), &[]))])
}
