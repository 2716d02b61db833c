//! The response to a Digest challenge (RFC 7616 §3.4).

use md5::Md5;
use sha2::{Digest as _, Sha256, Sha512_256};

use crate::observe::Challenge;
use crate::scheme::signing::hexadecimal;

/// A hash algorithm of the scheme (RFC 7616 §6.1), in the order of preference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hash {
    Md5,
    Sha512T256,
    Sha256,
}

/// An algorithm: its hash, and whether its key belongs to a session (RFC 7616 §3.4.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Algorithm {
    hash: Hash,
    session: bool,
}

impl Algorithm {
    /// The algorithm of a challenge; MD5 where it names none (RFC 7616 §3.3).
    pub(super) fn of(challenge: &Challenge) -> Option<Self> {
        let name = challenge.param("algorithm").unwrap_or("MD5").to_ascii_uppercase();
        let (hash, session) = name.strip_suffix("-SESS").map_or((name.as_str(), false), |hash| (hash, true));
        let hash = match hash {
            "MD5" => Hash::Md5,
            "SHA-256" => Hash::Sha256,
            "SHA-512-256" => Hash::Sha512T256,
            _ => return None,
        };
        Some(Self { hash, session })
    }

    /// The same hash with a key for the session; none where it has one.
    pub(super) fn for_session(self) -> Option<Self> {
        (!self.session).then_some(Self { session: true, ..self })
    }

    /// The name that a field says (RFC 7616 §6.1).
    pub(super) fn name(self) -> String {
        let hash = match self.hash {
            Hash::Md5 => "MD5",
            Hash::Sha256 => "SHA-256",
            Hash::Sha512T256 => "SHA-512-256",
        };
        format!("{hash}{}", if self.session { "-sess" } else { "" })
    }

    /// `H(data)` in lower-case hexadecimal.
    pub(super) fn hash(self, data: &str) -> String {
        match self.hash {
            Hash::Md5 => hexadecimal(&Md5::digest(data)),
            Hash::Sha256 => hexadecimal(&Sha256::digest(data)),
            Hash::Sha512T256 => hexadecimal(&Sha512_256::digest(data)),
        }
    }
}

/// The members of an `Authorization` field, in the order in which they are written. A forgery changes some of them.
#[derive(Clone, Debug)]
pub(super) struct DigestFields {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    /// As the challenge writes it; absent where it names none.
    pub(super) algorithm_name: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) hashes_user: bool,
    pub(super) method: String,
    pub(super) uri: String,
    /// None for the response without a quality of protection, which RFC 2069 had.
    pub(super) qop: Option<&'static str>,
    pub(super) count: u32,
    /// Whether the count is written without its leading zeros, unlike RFC 7616 §3.4.
    pub(super) short_count: bool,
    pub(super) cnonce: String,
}

impl DigestFields {
    /// `response` (RFC 7616 §3.4.1 to §3.4.3).
    pub(super) fn response(&self) -> String {
        let hash = |text: &str| self.algorithm.hash(text);
        let mut key = hash(&format!("{}:{}:{}", self.user, self.realm, self.password));
        if self.algorithm.session {
            key = hash(&format!("{key}:{}:{}", self.nonce, self.cnonce));
        }
        let request = match self.qop {
            // RFC 7616 §3.4.3; what is asked for has no body where this is forged
            Some("auth-int") => hash(&format!("{}:{}:{}", self.method, self.uri, hash(""))),
            _ => hash(&format!("{}:{}", self.method, self.uri)),
        };
        match self.qop {
            Some(qop) => {
                hash(&format!("{key}:{}:{}:{}:{qop}:{request}", self.nonce, self.written_count(), self.cnonce))
            }
            None => hash(&format!("{key}:{}:{request}", self.nonce)),
        }
    }

    /// The field, without the members that are left out.
    pub(super) fn field(&self, response: &str, left_out: &[&str]) -> String {
        let mut members = self.members(response);
        members.retain(|(name, _)| !left_out.contains(name));
        members.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join(", ")
    }

    fn written_count(&self) -> String {
        if self.short_count { format!("{:x}", self.count) } else { format!("{:08x}", self.count) }
    }

    /// The names and the written values of the field.
    pub(super) fn members(&self, response: &str) -> Vec<(&'static str, String)> {
        let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        let user = match self.hashes_user {
            true => self.algorithm.hash(&format!("{}:{}", self.user, self.realm)),
            false => self.user.clone(),
        };
        let mut members = vec![
            ("username", quoted(&user)),
            ("realm", quoted(&self.realm)),
            ("uri", quoted(&self.uri)),
            ("nonce", quoted(&self.nonce)),
        ];
        if !self.hashes_user && !self.user.is_ascii() {
            let encoded = percent_encoding::utf8_percent_encode(&self.user, percent_encoding::NON_ALPHANUMERIC);
            members[0] = ("username*", format!("UTF-8''{encoded}"));
        }
        members.extend(self.algorithm_name.as_ref().map(|name| ("algorithm", name.clone())));
        if let Some(qop) = self.qop {
            members.push(("nc", self.written_count()));
            members.push(("cnonce", quoted(&self.cnonce)));
            members.push(("qop", qop.to_owned()));
        }
        members.push(("response", quoted(response)));
        members.extend(self.opaque.as_ref().map(|opaque| ("opaque", quoted(opaque))));
        if self.hashes_user {
            members.push(("userhash", "true".to_owned()));
        }
        members
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::parse_challenges;

    fn algorithm(name: &str) -> Algorithm {
        let challenges = parse_challenges([format!("Digest realm=\"r\", algorithm={name}").as_str()]).expect("parses");
        Algorithm::of(&challenges[0]).expect("is known")
    }

    #[test]
    fn responses_are_those_of_the_rfc() {
        // RFC 7616 §3.9.1
        for (name, expected) in [
            ("MD5", "8ca523f5e9506fed4657c9700eebdbec"),
            ("SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"),
        ] {
            let members = DigestFields {
                user: "Mufasa".to_owned(),
                password: "Circle of Life".to_owned(),
                realm: "http-auth@example.org".to_owned(),
                nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v".to_owned(),
                opaque: Some("FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS".to_owned()),
                algorithm_name: Some(name.to_owned()),
                algorithm: algorithm(name),
                hashes_user: false,
                method: "GET".to_owned(),
                uri: "/dir/index.html".to_owned(),
                qop: Some("auth"),
                count: 1,
                short_count: false,
                cnonce: "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ".to_owned(),
            };
            assert_eq!(members.response(), expected, "{name}");
            let field = members.field("r", &["opaque", "cnonce"]);
            assert!(field.ends_with("nc=00000001, qop=auth, response=\"r\"") && !field.contains("opaque"), "{field}");
        }
    }

    #[test]
    fn a_name_outside_ascii_is_encoded_and_a_hashed_one_is_not_shown() {
        let hash = algorithm("SHA-512-256");
        // SHA-512/256 is an algorithm of its own (FIPS 180-4) and neither SHA-256 nor the first half of SHA-512
        assert_eq!(hash.hash("testuser:testrealm"), "4f691ee9508ae45521329ecfd491f7e2774b6fb8602c1486ad949d1c23d8a1f5");
        assert!(algorithm("SHA-256") > hash && hash > algorithm("md5"));
    }
}
