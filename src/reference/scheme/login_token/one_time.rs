//! Logins with a one-time code as the second factor (RFC 6238): in the same request as the password, or in another one.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use axum::extract::State as Shared;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Told, Verifiers, logged_in, passwords};
use crate::clock;
use crate::reference::fault::{Fault, Faults, row, variant};
use crate::reference::random::random_text;
use crate::reference::rejection::Rejection;
use crate::reference::state::{Principal, digest};
use crate::seed::{OTP_PERIOD, OTP_SECRETS};

/// Faults of one-time codes.
pub(crate) const FAULTS: &[Fault] = &[
    row(
        "otp-left-out",
        "login.second-factor-needed",
        "takes a login without a one-time code for one with the right code",
    ),
    variant("otp-empty-taken", "login.second-factor-needed", "takes an empty one-time code for the right one"),
    variant("otp-zeros-taken", "login.second-factor-needed", "takes zeros for the right one-time code"),
    variant("otp-null-taken", "login.second-factor-needed", "takes null for the right one-time code"),
    variant("otp-in-a-list", "login.second-factor-needed", "looks for the right one-time code in an array of them"),
    variant(
        "otp-pending-token-opens",
        "login.second-factor-needed",
        "answers the right password, before the one-time code, with a token that opens resources",
    ),
    row("otp-taken-again", "login.otp-single-use", "takes a one-time code as often as it comes within its time"),
    row("otp-of-any-time", "login.otp-window", "takes one-time codes of ten minutes"),
    variant(
        "otp-window-of-four",
        "login.otp-window",
        "takes one-time codes of four time steps before and after the present",
    ),
    row("otp-no-throttle", "login.otp-guesses-limited", "never slows wrong one-time codes down"),
    variant(
        "otp-throttle-ends-with-password",
        "login.otp-guesses-limited",
        "forgets wrong one-time codes with each right password",
    ),
    row("otp-of-any-user", "login.otp-of-another-user", "takes a one-time code that is right for any user"),
];

/// How long somebody may take between the password and the code.
const PENDING: Duration = Duration::from_secs(60);
/// Logins between the password and the code that are kept; beyond, the oldest ends.
const MOST: usize = 1_000;
/// Characters of the token in between.
const TOKEN: usize = 32;
/// Digits of a code.
const DIGITS: usize = 6;

/// Who has given the password, and until when the code may follow, by the digest of what the login has got.
type PendingLogins = HashMap<[u8; 32], (Arc<Principal>, Instant)>;

/// What is known of one-time codes.
#[derive(Debug, Default)]
pub(crate) struct OneTime {
    /// Time steps whose codes were taken, by their users.
    used: Mutex<HashMap<String, BTreeSet<u64>>>,
    /// Who has sent the password and not the code, by the SHA-256 of the token.
    pending: Mutex<PendingLogins>,
}

#[derive(Deserialize)]
struct WholeLogin {
    username: String,
    password: String,
    #[serde(default, deserialize_with = "present")]
    code: Option<Value>,
}

#[derive(Deserialize)]
struct FirstFactor {
    username: String,
    password: String,
}

#[derive(Deserialize)]
struct SecondFactor {
    mfa_token: String,
    #[serde(default, deserialize_with = "present")]
    code: Option<Value>,
}

/// A member that is there, also as null.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// The endpoints.
pub(super) fn routes() -> Router<Arc<Verifiers>> {
    Router::new()
        .route("/login-token/otp/login", post(whole_login))
        .route("/login-token/otp/password", post(first_factor))
        .route("/login-token/otp/code", post(second_factor))
}

fn refused(error: &'static str) -> Rejection {
    Rejection::new(StatusCode::UNAUTHORIZED, error).with_challenge("Bearer realm=\"orders\"")
}

async fn whole_login(Shared(verifiers): Shared<Arc<Verifiers>>, Json(login): Json<WholeLogin>) -> Told {
    let principal = by_password(&verifiers, &login.username, &login.password)?;
    verified(&verifiers, &principal, login.code.as_ref())?;
    Ok(logged_in(&verifiers, principal))
}

/// Who has given the right password.
fn by_password(verifiers: &Verifiers, user: &str, password: &str) -> Result<Arc<Principal>, Rejection> {
    let principal = passwords::log_in(verifiers, user, password, refused)?;
    if verifiers.state.fault("otp-throttle-ends-with-password") {
        verifiers.state.throttle.succeeded(&format!("otp:{}", principal.name));
    }
    Ok(principal)
}

async fn first_factor(
    Shared(verifiers): Shared<Arc<Verifiers>>,
    Json(login): Json<FirstFactor>,
) -> Result<Json<Value>, Rejection> {
    let principal = by_password(&verifiers, &login.username, &login.password)?;
    let token = match verifiers.state.fault("otp-pending-token-opens") {
        true => verifiers.families.start(principal.clone(), None).access,
        false => random_text(TOKEN),
    };
    let mut pending = verifiers.one_time.pending();
    let now = clock::now();
    pending.retain(|_, (_, ends)| now < *ends);
    if pending.len() >= MOST {
        let oldest = pending.iter().min_by_key(|(_, (_, ends))| *ends).map(|(key, _)| *key);
        oldest.and_then(|key| pending.remove(&key));
    }
    pending.insert(digest(&token), (principal, now + PENDING));
    Ok(Json(json!({ "mfa_token": token })))
}

async fn second_factor(Shared(verifiers): Shared<Arc<Verifiers>>, Json(login): Json<SecondFactor>) -> Told {
    let key = digest(&login.mfa_token);
    let known = verifiers.one_time.pending().get(&key).filter(|(_, ends)| clock::now() < *ends).cloned();
    let (principal, _) = known.ok_or_else(|| refused("invalid_mfa_token"))?;
    verified(&verifiers, &principal, login.code.as_ref())?;
    verifiers.one_time.pending().remove(&key);
    Ok(logged_in(&verifiers, principal))
}

/// Whether a code is the right one of somebody whose password was verified. Wrong ones are counted, whatever login they come with
/// (RFC 4226 §7.3).
fn verified(verifiers: &Verifiers, principal: &Principal, code: Option<&Value>) -> Result<(), Rejection> {
    let (state, counted) = (&verifiers.state, format!("otp:{}", principal.name));
    if let Some(seconds) = state.throttle.wait(&counted).filter(|_| !state.fault("otp-no-throttle")) {
        return Err(Rejection::throttled(seconds));
    }
    let is_right = match code {
        None => state.fault("otp-left-out"),
        Some(Value::Null) => state.fault("otp-null-taken"),
        Some(Value::String(code)) => {
            (code.is_empty() && state.fault("otp-empty-taken"))
                || (code == "000000" && state.fault("otp-zeros-taken"))
                || verifiers.one_time.takes(&principal.name, code, &state.faults)
        }
        Some(Value::Array(codes)) if state.fault("otp-in-a-list") => {
            let mut codes = codes.iter().filter_map(Value::as_str);
            codes.any(|code| verifiers.one_time.takes(&principal.name, code, &state.faults))
        }
        Some(_) => return Err(Rejection::new(StatusCode::UNPROCESSABLE_ENTITY, "code_is_no_text")),
    };
    if !is_right {
        state.throttle.failed(&counted);
        return Err(refused("invalid_code"));
    }
    state.throttle.succeeded(&counted);
    Ok(())
}

impl OneTime {
    fn pending(&self) -> MutexGuard<'_, PendingLogins> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a code of a user, once; of the present time step, and of one before and after it.
    fn takes(&self, user: &str, code: &str, faults: &Faults) -> bool {
        let now = u64::try_from(clock::unix_seconds()).unwrap_or_default() / OTP_PERIOD;
        let beside = match () {
            () if faults.on("otp-of-any-time") => 600 / OTP_PERIOD,
            () if faults.on("otp-window-of-four") => 4,
            () => 1,
        };
        let secrets = OTP_SECRETS.iter().filter(|(name, ..)| *name == user || faults.on("otp-of-any-user"));
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let used = used.entry(user.to_owned()).or_default();
        // what no window reaches need not be remembered
        *used = used.split_off(&now.saturating_sub(beside));
        let mut fitting = secrets.flat_map(|(_, key, _)| {
            (now.saturating_sub(beside)..=now + beside).filter(move |step| one_time_code(*key, *step) == code)
        });
        fitting.any(|step| used.insert(step) || faults.on("otp-taken-again"))
    }
}

/// The code of a time step (RFC 4226 §5.3).
fn one_time_code(key: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let at = usize::from(tag.as_ref()[19] & 15);
    let [a, b, c, d] = [0, 1, 2, 3].map(|by| u32::from(tag.as_ref()[at + by]));
    let number = (a & 127) << 24 | b << 16 | c << 8 | d;
    let digits = format!("{number:010}");
    digits[digits.len() - DIGITS..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_taken_once_and_within_its_time() {
        // RFC 4226 §D
        for (step, code) in [(0, "755224"), (1, "287082"), (9, "520489")] {
            assert_eq!(one_time_code(b"12345678901234567890", step), code);
        }
        let now = u64::try_from(clock::unix_seconds()).expect("is after 1970") / OTP_PERIOD;
        let (user, key, _) = OTP_SECRETS[0];
        let code = |step| one_time_code(key, step);
        // far enough from the ends of the windows that the clock may go on
        for (fault, step, uses) in [
            ("", now, [true, false]),
            ("otp-taken-again", now, [true, true]),
            ("", now - 60, [false, false]),
            ("otp-of-any-time", now - 60, [true, false]),
        ] {
            let (one_time, faults) = (OneTime::default(), Faults::new([fault]));
            assert_eq!([(); 2].map(|()| one_time.takes(user, &code(step), &faults)), uses, "{fault}");
        }
        let other = one_time_code(OTP_SECRETS[1].1, now);
        assert!(!OneTime::default().takes(user, &other, &Faults::default()));
        assert!(OneTime::default().takes(user, &other, &Faults::new(["otp-of-any-user"])));
    }
}
