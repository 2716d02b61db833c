//! The cookie of a faulty server: it says whose session it is, and nothing in it proves that.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::reference::random::random_text;
use crate::reference::state::{Principal, principal};
use crate::seed::{IDENTITIES, SeedState};

/// The value of a cookie that names a user.
pub(super) fn cookie(user: &str) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "at": random_text(8), "user": user }).to_string())
}

/// Whom a cookie names.
pub(super) fn principal_in(cookie: &str) -> Option<Principal> {
    let json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(cookie).ok()?).ok()?;
    let user = json.get("user")?.as_str()?;
    let mut valid = IDENTITIES.iter().filter(|identity| identity.state == SeedState::Valid);
    valid.find(|identity| identity.name == user).map(principal)
}
