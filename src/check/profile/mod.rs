//! Profiles as data: which statuses a refusal may have, and how strong a requirement is. A profile may relax status and
//! level, never access.

use crate::check::Level;
use crate::check::step::Class;

/// One row of a profile: scheme (or `*`), class, statuses.
type Row = (&'static str, Class, &'static [u16]);

/// A profile as it is written down.
#[derive(Debug)]
pub struct Profile {
    /// Name, as scenarios use it.
    pub name: &'static str,
    /// For whom it is.
    pub why: &'static str,
    /// The profile that it extends.
    pub extends: Option<&'static str>,
    /// Statuses by scheme and class.
    statuses: &'static [Row],
    /// Levels by check id.
    levels: &'static [(&'static str, Level)],
    /// Whether a `Bearer` challenge without parameters is a deviation.
    strict_challenges: Option<bool>,
    /// Whether what nearly every server does (see [`NOISE`]) is a deviation; else it is information.
    noise_counts: Option<bool>,
    /// Whether statuses, fields and bodies can fail a check; else they warn, and access alone decides.
    protocol_fails: Option<bool>,
}

/// Checks whose deviations nearly every server shows, and that let nobody in who should not be.
pub const NOISE: &[&str] = &[
    "common.duplicate-credential-header",
    "jwt.iat-future-refused",
    "jwt.compact-form-strict",
    "dpop.proof-encoding-strict",
    "common.version-not-named",
];

use Class::{Insufficient, Invalid, Malformed, Missing};

/// The profile of a scenario that names none.
pub const DEFAULT_PROFILE: &str = "api-key-403";

/// All profiles.
pub const PROFILES: &[Profile] = &[
    Profile {
        name: DEFAULT_PROFILE,
        why: "the default; what the common FastAPI dependency and many gateways do: 403 for a wrong key",
        extends: None,
        statuses: &[
            ("api-key", Missing, &[401, 403]),
            ("api-key", Invalid, &[403]),
            ("api-key", Insufficient, &[403]),
            ("api-key", Malformed, &[400, 403]),
            ("hmac-signature", Missing, &[401, 403]),
            // what is wrong with a signature lacks valid credentials (RFC 9110 §15.5.2), and AWS answers 403
            ("hmac-signature", Invalid, &[401, 403]),
            ("hmac-signature", Insufficient, &[403]),
            ("hmac-signature", Malformed, &[400, 401, 403]),
            // a 401 has to carry a challenge (RFC 9110 §15.5.2), and no authentication scheme is one of cookies
            ("session", Missing, &[401, 403]),
            ("session", Invalid, &[401, 403]),
            ("session", Insufficient, &[403]),
            ("session", Malformed, &[400, 401, 403]),
            // no authentication scheme of HTTP is one of certificates, and nginx answers 400
            ("mtls", Missing, &[400, 401, 403]),
            ("mtls", Invalid, &[400, 401, 403]),
            ("mtls", Insufficient, &[403]),
            ("mtls", Malformed, &[400, 401, 403]),
            ("*", Missing, &[401]),
            ("*", Invalid, &[401]),
            ("*", Insufficient, &[403]),
            ("*", Malformed, &[400, 401]),
        ],
        levels: &[
            ("apikey.invalid-denied", Level::Must),
            // no RFC has them, and a target that breaks fails under every profile
            ("common.malformed-credential-never-5xx", Level::Must),
            ("token.response-pragma", Level::Should),
        ],
        strict_challenges: Some(false),
        noise_counts: Some(false),
        protocol_fails: Some(true),
    },
    Profile {
        name: "strict-rfc",
        why: "RFC 9110 §11.4 and §15.5.2 and RFC 6750 §3.1 to the letter",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[
            ("mtls", Missing, &[400, 401, 403]),
            ("mtls", Invalid, &[400, 401, 403]),
            ("mtls", Insufficient, &[403, 404]),
            ("mtls", Malformed, &[400, 401, 403]),
            ("*", Missing, &[401]),
            ("*", Invalid, &[401]),
            // RFC 9110 §15.5.4: 404 where the resource is to be hidden; RFC 6750 §3.1: 403 for a token
            ("bearer", Insufficient, &[403]),
            ("*", Insufficient, &[403, 404]),
            ("*", Malformed, &[400]),
            ("api-key", Missing, &[401]),
            ("api-key", Invalid, &[401]),
            ("api-key", Insufficient, &[403, 404]),
            ("api-key", Malformed, &[400, 401]),
        ],
        levels: &[("apikey.invalid-denied", Level::Should)],
        strict_challenges: Some(true),
        noise_counts: Some(true),
        protocol_fails: None,
    },
    Profile {
        name: "fastapi-legacy",
        why: "FastAPI before 0.122.0: APIKey and HTTPBearer answer 403 to a missing credential",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[
            ("api-key", Missing, &[403]),
            ("api-key", Invalid, &[403]),
            ("api-key", Insufficient, &[403]),
            ("api-key", Malformed, &[403]),
            ("bearer", Missing, &[403]),
            ("bearer", Invalid, &[401, 403]),
            ("bearer", Insufficient, &[403]),
            ("bearer", Malformed, &[403]),
        ],
        levels: &[],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: None,
    },
    Profile {
        name: "fastapi-current",
        why: "FastAPI 0.122.0 and later: 401 with a challenge for a missing credential, wrong keys as the application says",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[
            ("api-key", Missing, &[401]),
            ("api-key", Invalid, &[403, 401]),
            ("api-key", Insufficient, &[403]),
            ("api-key", Malformed, &[401, 403]),
        ],
        levels: &[],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: None,
    },
    Profile {
        name: "gateway-lenient",
        why: "any refusal will do: only decisions about access are gated",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[
            ("mtls", Missing, &[400, 401, 403]),
            ("mtls", Invalid, &[400, 401, 403]),
            ("mtls", Insufficient, &[403, 401, 404]),
            ("mtls", Malformed, &[400, 401, 403]),
            ("*", Missing, &[401, 403]),
            ("*", Invalid, &[401, 403]),
            ("*", Insufficient, &[403, 401, 404]),
            ("*", Malformed, &[400, 401, 403]),
        ],
        levels: &[],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: Some(false),
    },
    Profile {
        name: "aws-sigv4",
        why: "signed APIs in the style of AWS",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[
            ("hmac-signature", Missing, &[403, 401]),
            ("hmac-signature", Invalid, &[403]),
            ("hmac-signature", Insufficient, &[403]),
            ("hmac-signature", Malformed, &[400, 403]),
        ],
        levels: &[],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: None,
    },
    Profile {
        name: "oauth21",
        why: "the rules of draft-ietf-oauth-v2-1: no token in the query, no password grant, no Pragma",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[],
        levels: &[
            ("bearer.query-token-refused", Level::Must),
            ("token.response-pragma", Level::May),
            ("token.password-grant-disabled", Level::Must),
        ],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: None,
    },
    Profile {
        name: "fapi2",
        why: "deployments of the FAPI 2.0 security profile",
        extends: Some(DEFAULT_PROFILE),
        statuses: &[],
        levels: &[
            ("dpop.jti-replay-refused", Level::Must),
            ("token.assertion-replay-refused", Level::Must),
            ("bearer.query-token-refused", Level::Must),
        ],
        strict_challenges: None,
        noise_counts: None,
        protocol_fails: None,
    },
];

/// A profile by its name.
pub fn profile(name: &str) -> Option<&'static Profile> {
    PROFILES.iter().find(|profile| profile.name == name)
}

/// Schemes that profiles tell apart, and `*` for any other, in the order in which they are first named.
pub fn schemes() -> Vec<&'static str> {
    let mut schemes = Vec::new();
    for (scheme, ..) in PROFILES.iter().flat_map(|profile| profile.statuses) {
        if !schemes.contains(scheme) && *scheme != "*" {
            schemes.push(*scheme);
        }
    }
    schemes.push("*");
    schemes
}

/// A stack of profiles, resolved for the scheme under test.
#[derive(Clone, Debug)]
pub struct Effective {
    /// Profiles from the last named to the root, each before those that it extends.
    chain: Vec<&'static Profile>,
    scheme: &'static str,
}

impl Effective {
    /// Resolves names, the last one first, for a scheme under test as profiles call it (`api-key`, `basic`, `bearer`,
    /// `hmac-signature`). Unknown names are left out: scenarios are validated before.
    pub fn of<'a>(
        names: impl IntoIterator<Item = &'a str, IntoIter: DoubleEndedIterator>,
        scheme: &'static str,
    ) -> Self {
        let mut chain: Vec<&'static Profile> = Vec::new();
        for name in names.into_iter().rev().chain([DEFAULT_PROFILE]) {
            let mut next = profile(name);
            while let Some(profile) = next {
                if profile.extends.is_some() {
                    chain.push(profile);
                }
                next = profile.extends.and_then(self::profile);
            }
        }
        chain.extend(profile(DEFAULT_PROFILE));
        Self { chain, scheme }
    }

    /// Name of the profile on top.
    pub fn name(&self) -> &'static str {
        self.chain.first().map_or(DEFAULT_PROFILE, |profile| profile.name)
    }

    /// Names from the profile on top to the root.
    pub fn chain(&self) -> impl Iterator<Item = &'static str> {
        self.chain.iter().map(|profile| profile.name)
    }

    /// Statuses of a class: own entry, own `*`, then the parent's the same way.
    pub fn statuses(&self, class: Class) -> &'static [u16] {
        self.statuses_by(class).0
    }

    /// Statuses of a class, with the name of the profile that says so.
    pub fn statuses_by(&self, class: Class) -> (&'static [u16], &'static str) {
        for profile in &self.chain {
            for wanted in [self.scheme, "*"] {
                let row = profile.statuses.iter().find(|(scheme, of, _)| *scheme == wanted && *of == class);
                if let Some((_, _, statuses)) = row {
                    return (statuses, profile.name);
                }
            }
        }
        unreachable!("the root profile has a row for every class")
    }

    /// Levels that differ from the catalogue's, each with the name of the profile that says so, in order of ids.
    pub fn levels(&self) -> Vec<(&'static str, Level, &'static str)> {
        let mut levels: Vec<(&str, Level, &str)> = Vec::new();
        for profile in &self.chain {
            for (check, level) in profile.levels {
                if !levels.iter().any(|(known, ..)| known == check) {
                    levels.push((check, *level, profile.name));
                }
            }
        }
        levels.sort_by_key(|(check, ..)| *check);
        levels
    }

    /// Level of a check under this profile.
    pub fn level(&self, id: &str, own: Level) -> Level {
        let overrides = self.chain.iter().flat_map(|profile| profile.levels);
        overrides.into_iter().find(|(other, _)| *other == id).map_or(own, |(_, level)| *level)
    }

    /// Whether a `Bearer` challenge without parameters is a deviation.
    pub fn strict_challenges(&self) -> bool {
        self.chain.iter().find_map(|profile| profile.strict_challenges).unwrap_or(false)
    }

    /// Level that a profile of this stack gives to a check, with the name of the profile; that on top stands for the root, which
    /// is a part of each.
    pub fn level_by(&self, id: &str) -> Option<(Level, &'static str)> {
        let given = |profile: &&'static Profile| -> Option<(Level, &'static str)> {
            let level = profile.levels.iter().find(|(other, _)| *other == id)?;
            Some((level.1, if profile.extends.is_some() { profile.name } else { self.name() }))
        };
        self.chain.iter().find_map(given)
    }

    /// Whether statuses, fields and bodies can fail a check.
    pub fn protocol_fails(&self) -> bool {
        self.chain.iter().find_map(|profile| profile.protocol_fails).unwrap_or(true)
    }

    /// Whether a deviation of this check is information only.
    pub fn is_noise(&self, id: &str) -> bool {
        !self.chain.iter().find_map(|profile| profile.noise_counts).unwrap_or(false) && NOISE.contains(&id)
    }

    /// Whether the RFCs to the letter take a status for a class under this scheme.
    pub fn rfc_takes(&self, class: Class, status: u16) -> bool {
        Effective::of(["strict-rfc"], self.scheme).statuses(class).contains(&status)
    }

    /// Which profiles take a status for a class that this one does not take, for a reader: those that take it alone, and
    /// those that take what this one takes as well.
    pub fn takers(&self, class: Class, status: u16) -> Option<String> {
        let own = self.statuses(class);
        let (mut both, mut other) = (Vec::new(), Vec::new());
        for profile in PROFILES {
            let statuses = Effective::of([profile.name], self.scheme).statuses(class);
            if statuses.contains(&status) {
                let takes_own = own.iter().all(|one| statuses.contains(one));
                if takes_own { &mut both } else { &mut other }.push(profile.name);
            }
        }
        let take = |names: &[&str], what: &str| match names {
            [] => None,
            [one] => Some(format!("{one} takes {what}")),
            [first @ .., last] => Some(format!("{} and {last} take {what}", first.join(", "))),
        };
        let told: Vec<String> =
            [take(&other, &status.to_string()), take(&both, "both")].into_iter().flatten().collect();
        (!told.is_empty()).then(|| told.join("; "))
    }

    /// One line on where this profile departs from RFC 9110 for the scheme under test, if it does.
    pub fn departure(&self) -> Option<String> {
        let invalid = self.statuses(Class::Invalid);
        // RFC 9110 knows no authentication scheme of cookies, and none of certificates
        if invalid == [401] || matches!(self.scheme, "session" | "mtls") {
            return None;
        }
        let statuses: Vec<String> = invalid.iter().map(u16::to_string).collect();
        Some(format!(
            "profile {} expects {} for an invalid credential; RFC 9110 §11.4 suggests 401 with a challenge \
             (profile: strict-rfc checks that)",
            self.name(),
            statuses.join(" or ")
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_resolve_by_scheme_then_star_then_parent() {
        for (profile, scheme, class, expected) in [
            ("api-key-403", "api-key", Invalid, &[403][..]),
            ("api-key-403", "bearer", Invalid, &[401]),
            ("strict-rfc", "api-key", Invalid, &[401]),
            ("strict-rfc", "basic", Malformed, &[400]),
            ("fastapi-legacy", "bearer", Missing, &[403]),
            ("fastapi-legacy", "basic", Missing, &[401]),
            // the own `*` of a child comes before the parent's own entry
            ("gateway-lenient", "api-key", Invalid, &[401, 403]),
        ] {
            assert_eq!(Effective::of([profile], scheme).statuses(class), expected, "{profile} {scheme} {class:?}");
        }
    }

    #[test]
    fn of_stacked_profiles_the_last_wins() {
        let stacked = Effective::of(["fastapi-legacy", "oauth21"], "bearer");
        assert_eq!(stacked.name(), "oauth21");
        assert_eq!(stacked.statuses(Missing), [403]);
        assert_eq!(stacked.level("token.response-pragma", Level::Should), Level::May);
        assert_eq!(stacked.level("apikey.invalid-denied", Level::Practice), Level::Must);
    }

    #[test]
    fn the_default_says_where_it_departs_from_the_rfc() {
        assert!(Effective::of([], "api-key").departure().is_some_and(|line| line.contains("RFC 9110 §11.4")));
        assert_eq!(Effective::of(["strict-rfc"], "api-key").departure(), None);
        assert_eq!(Effective::of([], "basic").departure(), None);
    }

    #[test]
    fn a_profile_speaks_of_refusals_only() {
        for profile in PROFILES {
            for (scheme, class, statuses) in profile.statuses {
                let refuses = !statuses.is_empty() && statuses.iter().all(|status| (400..500).contains(status));
                assert!(refuses, "{}: {scheme} {class:?} {statuses:?}", profile.name);
            }
            for (check, _) in profile.levels {
                assert!(crate::check::page::is_known(check), "{}: nobody knows {check}", profile.name);
            }
        }
    }

    #[test]
    fn a_status_that_other_profiles_take_names_them() {
        for (profile, scheme, class, status, expected) in [
            (
                "api-key-403",
                "api-key",
                Invalid,
                401,
                Some("strict-rfc takes 401; fastapi-current and gateway-lenient take both"),
            ),
            ("api-key-403", "bearer", Invalid, 403, Some("fastapi-legacy and gateway-lenient take both")),
            ("strict-rfc", "basic", Missing, 403, Some("gateway-lenient takes both")),
            ("api-key-403", "basic", Invalid, 418, None),
        ] {
            let effective = Effective::of([profile], scheme);
            assert_eq!(effective.takers(class, status).as_deref(), expected, "{profile} {scheme} {status}");
        }
        assert!(Effective::of([], "api-key").rfc_takes(Invalid, 401));
        assert!(!Effective::of([], "bearer").rfc_takes(Missing, 403));
    }

    #[test]
    fn switches_are_those_of_the_profile_on_top() {
        let (default, strict) = (Effective::of([], "bearer"), Effective::of(["strict-rfc"], "bearer"));
        let lenient = Effective::of(["strict-rfc", "gateway-lenient"], "bearer");
        assert!(default.protocol_fails() && strict.protocol_fails() && !lenient.protocol_fails());
        assert!(NOISE.iter().all(|id| default.is_noise(id) && !strict.is_noise(id)));
        assert!(NOISE.iter().all(|id| crate::check::find(id).is_some()));
        assert!(!default.is_noise("apikey.invalid-denied"));
    }

    #[test]
    fn of_the_effective_table_every_cell_says_where_it_comes_from() {
        let stacked = Effective::of(["fastapi-legacy", "oauth21"], "bearer");
        assert_eq!(stacked.chain().collect::<Vec<_>>(), ["oauth21", "fastapi-legacy", "api-key-403"]);
        assert_eq!(stacked.statuses_by(Missing), (&[403][..], "fastapi-legacy"));
        assert!(stacked.levels().contains(&("apikey.invalid-denied", Level::Must, "api-key-403")));
        // whoever uses it need not know the root
        let of_current = Effective::of(["fastapi-current"], "bearer");
        let given = of_current.level_by("common.malformed-credential-never-5xx");
        assert_eq!(given, Some((Level::Must, "fastapi-current")));
        assert!(stacked.levels().is_sorted());
    }

    #[test]
    fn every_profile_extends_one_that_exists() {
        for profile in PROFILES {
            assert!(profile.extends.is_none_or(|parent| super::profile(parent).is_some()), "{}", profile.name);
        }
    }
}
