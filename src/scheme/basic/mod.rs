//! User-id and password (RFC 7617).

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE};

use crate::scheme::forgery::values;
use crate::scheme::{Carried, Carrier, Draft, Forged, Forgery, Proof, Scheme, Unforgeable};

pub(crate) struct Basic;

impl Scheme for Basic {
    fn name(&self) -> &'static str {
        "basic"
    }

    fn profile_name(&self) -> &'static str {
        "basic"
    }

    fn groups(&self) -> &'static [&'static str] {
        &["basic", "common"]
    }

    fn carrier(&self) -> Carrier {
        Carrier::Header("Authorization".to_owned())
    }

    fn carry(&self, carrier: &Carrier, proof: &Proof) -> Vec<Carried> {
        vec![Carried::new(carrier, credentials(user_of(proof), proof.secret()))]
    }

    fn forgeries(&self) -> &'static [Forgery] {
        FORGERIES
    }

    fn malformed(&self, carrier: &Carrier) -> Vec<(String, Vec<Carried>)> {
        crate::scheme::forgery::malformed::after_scheme("Basic", carrier)
    }
}

fn user_of(proof: &Proof) -> &str {
    match proof {
        Proof::Password { user, .. } => user,
        Proof::Key(_) | Proof::Token(_) => "",
    }
}

/// RFC 7617 §2: `Basic` and the Base64 of user-id, colon, password, in UTF-8.
fn credentials(user: &str, password: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{user}:{password}")))
}

/// The table of lies.
const FORGERIES: &[Forgery] = &[
    lie("unknown", "a well-formed password that was never issued", |draft| tell("unknown", draft)),
    lie("truncated", "the password without its last character", |draft| tell("truncated", draft)),
    lie("without-first", "the password without its first character", |draft| tell("without-first", draft)),
    lie("extended", "the password with one character appended", |draft| tell("extended", draft)),
    lie("middle-changed", "the password with its middle character changed", |draft| tell("middle-changed", draft)),
    lie("case-flipped", "the password with the case of its letters flipped", |draft| tell("case-flipped", draft)),
    lie("upper-cased", "the password in upper case", |draft| tell("upper-cased", draft)),
    lie("lower-cased", "the password in lower case", |draft| tell("lower-cased", draft)),
    lie("reversed", "the password reversed", |draft| tell("reversed", draft)),
    lie("doubled", "the password twice over", |draft| tell("doubled", draft)),
    lie("percent-encoded", "the password with each character percent-encoded", |draft| tell("percent-encoded", draft)),
    lie("base64", "the password in Base64", |draft| tell("base64", draft)),
    lie("empty", "an empty password", |draft| password(draft, Some(String::new()))),
    lie("unknown-user", "a user that does not exist", |draft| {
        Ok(vec![Carried::new(draft.carrier, credentials("authbench-no-such-user", draft.proof.secret()))])
    }),
    lie("until-last-colon", "the password up to its last colon", |draft| {
        let told = draft.proof.secret().rsplit_once(':').map(|(start, _)| start.to_owned());
        password(draft, told)
    }),
    lie("latin-1", "the password in Latin-1", |draft| {
        // what Latin-1 does not have stands as a question mark
        let byte = |c: char| u8::try_from(u32::from(c)).unwrap_or(b'?');
        let bytes = format!("{}:{}", user_of(draft.proof), draft.proof.secret()).chars().map(byte).collect::<Vec<_>>();
        Ok(vec![Carried::new(draft.carrier, format!("Basic {}", STANDARD.encode(bytes)))])
    }),
    lie("no-colon", "Base64 of a text without a colon", |draft| {
        value(draft, &STANDARD.encode("authbench-without-colon"))
    }),
    lie("bad-base64", "a value that is no Base64", |draft| value(draft, "!!not-base64!!")),
    lie("base64url", "Base64 in the alphabet of URLs", |draft| value(draft, &URL_SAFE.encode("authbench>>>???:x~~~"))),
    lie("no-padding", "Base64 without its padding", |draft| value(draft, &STANDARD_NO_PAD.encode("authbench:x"))),
    lie("control-characters", "control characters in the user-id", |draft| {
        value(draft, &STANDARD.encode("auth\u{1}bench:x"))
    }),
    lie("word-after", "a word after the good value", |draft| {
        let good = credentials(user_of(draft.proof), draft.proof.secret());
        Ok(vec![Carried::new(draft.carrier, format!("{good} extra"))])
    }),
    lie("junk-after", "characters outside Base64 after the good value", |draft| {
        let good = credentials(user_of(draft.proof), draft.proof.secret());
        Ok(vec![Carried::new(draft.carrier, format!("{good}!!!!"))])
    }),
    lie("nul-after", "the good password with a NUL behind it", |draft| {
        let told = format!("{}\0", draft.proof.secret());
        password(draft, Some(told))
    }),
    lie("first-72-bytes", "the first 72 bytes of the password", |draft| password(draft, first(draft, ""))),
    lie("first-72-and-tail", "the first 72 bytes of the password and another tail", |draft| {
        password(draft, first(draft, "-another"))
    }),
];

const fn lie(name: &'static str, says: &'static str, forge: fn(&mut Draft<'_>) -> Forged) -> Forgery {
    Forgery { name, says, forge }
}

fn tell(name: &str, draft: &mut Draft<'_>) -> Forged {
    let told = values::tell(name, draft.proof.secret(), draft.rng);
    password(draft, told)
}

fn password(draft: &Draft<'_>, told: Option<String>) -> Forged {
    let told = told.ok_or_else(|| Unforgeable("the password offers nothing to change".to_owned()))?;
    Ok(vec![Carried::new(draft.carrier, credentials(user_of(draft.proof), &told))])
}

fn value(draft: &Draft<'_>, value: &str) -> Forged {
    Ok(vec![Carried::new(draft.carrier, format!("Basic {value}"))])
}

fn first(draft: &Draft<'_>, tail: &str) -> Option<String> {
    let good = draft.proof.secret();
    let start = good.get(..72)?;
    (good.len() > 72).then(|| format!("{start}{tail}"))
}
