//! Cookies of a login that open a resource without the one that the scenario names: credentials of their own, such as that of
//! "remember me". A forged credential that is sent beside one shows nothing.

use std::sync::Arc;

use super::Prober;
use crate::drive::control::ControlError;
use crate::drive::login::{self, HeldCredential};
use crate::observe::{Evidence, Outcome};
use crate::plan::login::LoginProcedure;
use crate::plan::subject::{Identity, Login};
use crate::scheme::{CarrierPlace, Companion};

impl Prober {
    /// Finds out which cookies of a login are credentials of their own, and leaves them out from then on, where the credential of
    /// the scenario opens the resource without them. Where it does not, the cookie that does.
    ///
    /// What opened the resource once may be good once: some servers end all sessions of a user where such a cookie comes again. So
    /// whatever is asked after a grant is asked with a login of its own.
    pub async fn look_for_other_credentials(&self, identity: usize, resource: usize) -> Option<String> {
        let who = &self.subject().identities[identity];
        let Login::Procedure(procedure) = &who.login else { return None };
        let mut held = self.held(who).await.ok()?;
        let cookies: Vec<Companion> =
            held.companions.iter().filter(|companion| cookie(companion).is_some()).cloned().collect();
        if cookies.is_empty() || !self.do_open(&cookies, resource).await {
            return None;
        }
        let names: Vec<String> = cookies.iter().filter_map(cookie).map(str::to_owned).collect();
        let (mut openers, mut is_used) = (Vec::new(), true);
        for name in to_ask_alone(&names) {
            if is_used {
                held = self.held_anew(who, procedure).await.ok()?;
            }
            let one = held.companions.iter().find(|companion| cookie(companion) == Some(name));
            is_used = match one.cloned() {
                Some(one) => self.do_open(&[one], resource).await,
                None => false,
            };
            if is_used {
                openers.push(name.clone());
            }
        }
        if is_used {
            held = self.held_anew(who, procedure).await.ok()?;
        }
        let others = others_among(names, openers);
        let all = held.companions.clone();
        let alone = HeldCredential { companions: without(all, &others), ..held.clone() };
        match self.knock_with(&alone, resource).await {
            Outcome::Granted => {
                self.other_credentials.get_or_init(|| others);
                None
            }
            // once more, beside a control: what is refused by chance is no reason to test nothing
            Outcome::Refused
                if self.knock_with(&held, resource).await == Outcome::Granted
                    && self.knock_with(&alone, resource).await == Outcome::Refused =>
            {
                // whatever takes the place of the named one would be let in by another
                self.other_credentials.get_or_init(|| others).first().cloned()
            }
            _ => None,
        }
    }

    /// What a new login of an identity gives, which takes the place of what was held.
    async fn held_anew(&self, who: &Identity, login: &Arc<LoginProcedure>) -> Result<HeldCredential, ControlError> {
        let (session, held, due) = self.equipment.logins.separate(&who.name, login).await?;
        self.equipment.logins.keep(&who.name, (session, due)).await;
        Ok(HeldCredential { connection: Some(who.connection()), ..held })
    }

    /// What a good request means that carries what is given.
    async fn knock_with(&self, held: &HeldCredential, resource: usize) -> Outcome {
        let request = self.good_request(held, resource, &mut Evidence::default()).await;
        let exchange = self.send_to(resource, &request).await;
        self.outcome(resource, &exchange).await
    }

    /// Whether cookies open a resource by themselves.
    async fn do_open(&self, cookies: &[Companion], resource: usize) -> bool {
        let mut request = self.bare_request(resource);
        login::accompany(cookies, &mut request);
        let exchange = self.send_to(resource, &request).await;
        self.outcome(resource, &exchange).await == Outcome::Granted
    }

    /// Names of the cookies that are credentials of their own; none where there is none, or where nobody asked.
    pub fn other_credentials(&self) -> &[String] {
        self.other_credentials.get().map(Vec::as_slice).unwrap_or_default()
    }

    /// All cookies that are held beside a credential, where one of them is a credential of its own.
    pub(super) fn others_of(&self, held: &HeldCredential) -> Vec<Companion> {
        let cookies = || held.companions.iter().filter(|companion| cookie(companion).is_some());
        let is_other = |companion: &Companion| {
            cookie(companion).is_some_and(|name| self.other_credentials().iter().any(|other| other == name))
        };
        match cookies().any(is_other) {
            true => cookies().cloned().collect(),
            false => Vec::new(),
        }
    }

    /// What is held, without credentials of another kind.
    pub(super) fn without_others(&self, held: HeldCredential) -> HeldCredential {
        HeldCredential { companions: without(held.companions, self.other_credentials()), ..held }
    }
}

fn cookie(companion: &Companion) -> Option<&str> {
    match &companion.place {
        CarrierPlace::Cookie(name) => Some(name),
        _ => None,
    }
}

fn without(mut companions: Vec<Companion>, names: &[String]) -> Vec<Companion> {
    companions.retain(|companion| cookie(companion).is_none_or(|name| !names.iter().any(|other| other == name)));
    companions
}

/// The cookies that are asked about one by one, where all of them together open a resource: a single one was asked already.
fn to_ask_alone(names: &[String]) -> &[String] {
    if names.len() > 1 { names } else { &[] }
}

/// Those that are credentials of their own, of cookies that open a resource together: those that open it by themselves, or all where
/// none of them does.
fn others_among(names: Vec<String>, openers: Vec<String>) -> Vec<String> {
    if openers.is_empty() { names } else { openers }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cookies_that_open_by_themselves_are_credentials_of_their_own() {
        for (names, openers, asked, others) in [
            (&["remember"][..], &[][..], 0, &["remember"][..]),
            (&["csrf", "remember"], &["remember"], 2, &["remember"]),
            (&["a", "b"], &["a", "b"], 2, &["a", "b"]),
            (&["selector", "validator"], &[], 2, &["selector", "validator"]),
        ] {
            let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
            assert_eq!(to_ask_alone(&owned(names)).len(), asked, "{names:?}");
            assert_eq!(others_among(owned(names), owned(openers)), owned(others), "{names:?} {openers:?}");
        }
    }
}
