//! One-time codes by the time (RFC 6238), and the secrets that they are made of.

use std::time::Duration;

use aws_lc_rs::hmac;
use thiserror::Error;
use url::Url;

use crate::scenario::model::{TotpAlgorithm, TotpFields};
use crate::secret::Secret;

use super::values::Values;

/// Digits of a code, where nothing says otherwise (RFC 4226 §5.3).
const DIGITS: u32 = 6;
/// The time step (RFC 6238 §5.2).
const PERIOD: Duration = Duration::from_secs(30);
/// How long a run waits for codes in all.
const MAX_WAIT: Duration = Duration::from_secs(60 * 60);
/// Bytes of a secret that is no mistake: RFC 4226 §4 asks for 16, and demonstrations have 10.
const SHORTEST: usize = 5;

/// Why a secret makes no codes.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum OneTimeSecretError {
    /// Something that is no digit of Base32.
    #[error("the secret of one-time codes is not Base32 (RFC 4648 §6)")]
    Base32,
    /// Too few bytes.
    #[error("the secret of one-time codes has {0} bytes, expected {SHORTEST} or more")]
    Short(usize),
    /// A URI that is for something else.
    #[error("the `otpauth` URI is for no time-based codes with a `secret`")]
    Uri,
    /// A parameter of the URI, or a key.
    #[error("`{0}` of one-time codes is out of range")]
    Range(&'static str),
}

impl OneTimeSecretError {
    fn help(&self) -> &'static str {
        match self {
            Self::Base32 | Self::Short(_) => {
                "write what the application shows beside its QR code: letters and the digits 2 to 7"
            }
            Self::Uri => "write what the QR code has: `otpauth://totp/NAME?secret=BASE32`",
            Self::Range("digits") => "expected 6, 7 or 8",
            Self::Range("period") => "expected whole seconds from 1s to 1h",
            Self::Range(_) => "expected SHA1, SHA256 or SHA512",
        }
    }
}

/// A secret of one-time codes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneTimeSecret {
    /// The bytes, one character each.
    key: Secret,
    /// How it is written, for whoever masks.
    written: Vec<Secret>,
    digits: u32,
    /// Seconds of a time step.
    period: i64,
    algorithm: TotpAlgorithm,
    /// How long a run waits for codes in all.
    pub max_wait: Duration,
}

/// A time step, counted from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimeStep(pub i64);

impl OneTimeSecret {
    /// From what is written in a credential; a mistake is kept among the values.
    pub(super) fn of(fields: &TotpFields, values: &Values<'_>) -> Option<Self> {
        let written = values.secret(&fields.secret);
        if !values.reads() && !fields.secret.references().is_empty() {
            // nobody sends a code that is made of it
            return Self::read("AAAAAAAAAAAAAAAA", fields).ok();
        }
        let read = Self::read(written.expose(), fields);
        let mistake = |why: &OneTimeSecretError| {
            let error = values.loaded().error(fields.secret.place(), why.to_string());
            values.mistake(error.with_help(why.help()));
        };
        read.inspect_err(mistake).ok()
    }

    fn read(text: &str, fields: &TotpFields) -> Result<Self, OneTimeSecretError> {
        let uri = text.trim_start().to_ascii_lowercase().starts_with("otpauth:").then(|| Self::of_uri(text));
        let of_uri =
            uri.transpose()?.unwrap_or_else(|| OneTimeUri { secret: text.to_owned(), ..OneTimeUri::default() });
        let key = base32(&of_uri.secret).ok_or(OneTimeSecretError::Base32)?;
        if key.len() < SHORTEST {
            return Err(OneTimeSecretError::Short(key.len()));
        }
        let digits = fields.digits.or(of_uri.digits).unwrap_or(DIGITS);
        let period = fields.period.map(|length| length.0).or(of_uri.period).unwrap_or(PERIOD);
        if !(6..=8).contains(&digits) {
            return Err(OneTimeSecretError::Range("digits"));
        }
        if !(1..=3600).contains(&period.as_secs()) || period.subsec_nanos() != 0 {
            return Err(OneTimeSecretError::Range("period"));
        }
        let plain = of_uri.secret.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
        Ok(Self {
            key: Secret::new(key.iter().map(|byte| char::from(*byte)).collect::<String>()),
            written: vec![Secret::new(text), Secret::new(plain.to_ascii_uppercase()), Secret::new(of_uri.secret)],
            digits,
            period: i64::try_from(period.as_secs()).unwrap_or(i64::MAX),
            algorithm: fields.algorithm.or(of_uri.algorithm).unwrap_or_default(),
            max_wait: fields.max_wait.map_or(MAX_WAIT, |length| length.0),
        })
    }

    /// The form in which QR codes have a secret.
    fn of_uri(text: &str) -> Result<OneTimeUri, OneTimeSecretError> {
        let url = Url::parse(text.trim()).map_err(|_| OneTimeSecretError::Uri)?;
        if url.host_str() != Some("totp") {
            return Err(OneTimeSecretError::Uri);
        }
        let mut uri = OneTimeUri::default();
        for (name, value) in url.query_pairs() {
            let number = |name| value.parse().map_err(|_| OneTimeSecretError::Range(name));
            match &*name.to_ascii_lowercase() {
                "secret" => uri.secret = value.into_owned(),
                "digits" => uri.digits = Some(number("digits")?),
                "period" => uri.period = Some(Duration::from_secs(number("period")?.into())),
                "algorithm" => {
                    uri.algorithm = Some(match &*value.to_ascii_uppercase().replace('-', "") {
                        "SHA1" => TotpAlgorithm::Sha1,
                        "SHA256" => TotpAlgorithm::Sha256,
                        "SHA512" => TotpAlgorithm::Sha512,
                        _ => return Err(OneTimeSecretError::Range("algorithm")),
                    });
                }
                _ => {}
            }
        }
        if uri.secret.is_empty() { Err(OneTimeSecretError::Uri) } else { Ok(uri) }
    }

    /// What of it is not to be shown.
    pub fn secrets(&self) -> impl Iterator<Item = &Secret> {
        self.written.iter()
    }

    /// Digits of a code.
    pub fn digits(&self) -> usize {
        self.digits as usize
    }

    /// The time step.
    pub fn period(&self) -> Duration {
        Duration::from_secs(self.period.unsigned_abs())
    }

    /// The step of a time, and what is left of it.
    pub fn step_at(&self, time: jiff::Timestamp) -> (TimeStep, Duration) {
        let (seconds, part) = (time.as_second(), time.subsec_nanosecond().unsigned_abs());
        let gone = Duration::new(seconds.rem_euclid(self.period).unsigned_abs(), part);
        (TimeStep(seconds.div_euclid(self.period)), self.period().saturating_sub(gone))
    }

    /// Steps in a length of time, rounded up.
    pub fn steps_in(&self, length: Duration) -> i64 {
        i64::try_from(length.as_secs().div_ceil(self.period.unsigned_abs())).unwrap_or(i64::MAX)
    }

    /// The code of a step (RFC 6238 §4.2, RFC 4226 §5.3).
    pub fn code(&self, step: TimeStep) -> Secret {
        let algorithm = match self.algorithm {
            TotpAlgorithm::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            TotpAlgorithm::Sha256 => hmac::HMAC_SHA256,
            TotpAlgorithm::Sha512 => hmac::HMAC_SHA512,
        };
        let key: Vec<u8> = self.key.expose().chars().filter_map(|c| u8::try_from(c).ok()).collect();
        let tag = hmac::sign(&hmac::Key::new(algorithm, &key), &step.0.to_be_bytes());
        let tag = tag.as_ref();
        let offset = usize::from(tag.last().copied().unwrap_or_default() & 0xf);
        let number = tag[offset..offset + 4].iter().fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
        let code = (number & 0x7fff_ffff) % 10_u32.pow(self.digits);
        Secret::new(format!("{code:0width$}", width = self.digits()))
    }

    /// Whether a text is a code of a step, or of one so many steps beside it.
    pub fn is_near(&self, text: &str, step: TimeStep, beside: i64) -> bool {
        (-beside..=beside).any(|by| self.code(TimeStep(step.0 + by)).expose() == text)
    }

    /// The step with this distance from another one whose code differs from those around that; further away where it does not.
    pub fn differing(&self, from: TimeStep, distance: i64) -> TimeStep {
        let further = distance.signum();
        let steps = (0..).map(|by| TimeStep(from.0 + distance + by * further));
        let differs = |step: &TimeStep| !self.is_near(self.code(*step).expose(), from, 2);
        steps.take(8).find(differs).unwrap_or(TimeStep(from.0 + distance))
    }
}

/// What an `otpauth` URI says.
#[derive(Default)]
struct OneTimeUri {
    secret: String,
    digits: Option<u32>,
    period: Option<Duration>,
    algorithm: Option<TotpAlgorithm>,
}

/// The bytes of Base32 (RFC 4648 §6), as people copy it: in groups, in small letters, and without padding.
fn base32(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0_u32);
    for digit in text.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'=' | b'\t')) {
        let value = match digit.to_ascii_uppercase() {
            letter @ b'A'..=b'Z' => letter - b'A',
            digit @ b'2'..=b'7' => digit - b'2' + 26,
            _ => return None,
        };
        held = held << 5 | u32::from(value);
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push((held >> bits & 0xff) as u8);
        }
    }
    Some(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// A secret as a scenario writes it.
    pub(crate) fn secret(
        text: &str,
        digits: u32,
        algorithm: TotpAlgorithm,
    ) -> Result<OneTimeSecret, OneTimeSecretError> {
        let fields = serde_yaml::from_str(&format!("{{ secret: x, digits: {digits} }}")).expect("are fields");
        OneTimeSecret::read(text, &TotpFields { algorithm: Some(algorithm), ..fields })
    }

    #[test]
    fn codes_are_those_of_the_appendix() {
        // RFC 6238 §B; the errata say that each hash function has a key of its own length
        let base32 = [
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZA",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQGEZDGNA",
        ];
        let algorithms = [TotpAlgorithm::Sha1, TotpAlgorithm::Sha256, TotpAlgorithm::Sha512];
        for (time, codes) in [
            (59, ["94287082", "46119246", "90693936"]),
            (1_111_111_109, ["07081804", "68084774", "25091201"]),
            (1_111_111_111, ["14050471", "67062674", "99943326"]),
            (1_234_567_890, ["89005924", "91819424", "93441116"]),
            (2_000_000_000, ["69279037", "90698825", "38618901"]),
            (20_000_000_000, ["65353130", "77737706", "47863826"]),
        ] {
            for ((text, algorithm), code) in base32.iter().zip(algorithms).zip(codes) {
                let secret = secret(text, 8, algorithm).expect("is a secret");
                let (step, _) = secret.step_at(jiff::Timestamp::from_second(time).expect("is a time"));
                assert_eq!(secret.code(step).expose(), code, "{time} {algorithm:?}");
            }
        }
        // RFC 4226 §D: codes by a counter
        let secret = secret(base32[0], 6, TotpAlgorithm::Sha1).expect("is a secret");
        let codes = [0, 1, 2, 9].map(|count| secret.code(TimeStep(count)).expose().to_owned());
        assert_eq!(codes, ["755224", "287082", "359152", "520489"]);
    }

    #[test]
    fn a_secret_is_read_as_people_copy_it() {
        let plain = secret("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", 6, TotpAlgorithm::Sha1).expect("is a secret");
        for text in [
            "gezd gnbv gy3t qojq gezd gnbv gy3t qojq",
            "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ======",
            "otpauth://totp/App:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=App",
        ] {
            let read = secret(text, 6, TotpAlgorithm::Sha1).expect("is a secret");
            assert_eq!(read.code(TimeStep(7)), plain.code(TimeStep(7)), "{text}");
            assert!(read.secrets().any(|secret| secret.expose() == text));
        }
        let uri = "otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&digits=8&period=60&algorithm=SHA-256";
        let fields: TotpFields = serde_yaml::from_str("{ secret: x, period: 45s }").expect("are fields");
        let read = OneTimeSecret::read(uri, &fields).expect("is a secret");
        // a key that is written counts
        assert_eq!((read.digits(), read.period().as_secs(), read.algorithm), (8, 45, TotpAlgorithm::Sha256));
        for (text, error) in [
            ("GEZDGNBVGY3TQOJ1", OneTimeSecretError::Base32),
            ("GEZA", OneTimeSecretError::Short(2)),
            ("otpauth://hotp/a?secret=GEZDGNBVGY3TQOJQ", OneTimeSecretError::Uri),
            ("otpauth://totp/a?issuer=App", OneTimeSecretError::Uri),
            ("otpauth://totp/a?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5", OneTimeSecretError::Range("algorithm")),
        ] {
            assert_eq!(OneTimeSecret::read(text, &fields), Err(error), "{text}");
        }
        assert_eq!(secret("GEZDGNBVGY3TQOJQ", 5, TotpAlgorithm::Sha1), Err(OneTimeSecretError::Range("digits")));
    }

    #[test]
    fn steps_end_with_their_period() {
        let secret = secret("GEZDGNBVGY3TQOJQ", 6, TotpAlgorithm::Sha1).expect("is a secret");
        let at = |milliseconds| secret.step_at(jiff::Timestamp::from_millisecond(milliseconds).expect("is a time"));
        assert_eq!(at(59_000), (TimeStep(1), Duration::from_secs(1)));
        assert_eq!(at(60_000), (TimeStep(2), Duration::from_secs(30)));
        assert_eq!(at(60_250), (TimeStep(2), Duration::from_millis(29_750)));
        assert_eq!((secret.steps_in(Duration::from_secs(360)), secret.steps_in(Duration::from_secs(361))), (12, 13));
        for distance in [-3, 3, -12] {
            let step = secret.differing(TimeStep(100), distance);
            assert!((step.0 - 100) * distance.signum() >= distance.abs());
            assert!(!secret.is_near(secret.code(step).expose(), TimeStep(100), 2));
        }
    }
}
