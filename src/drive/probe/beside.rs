//! Cookies of a login that open a resource without the one that the scenario names: credentials of their own, such as that of
//! "remember me". A forged credential that is sent beside one shows nothing.

use super::Prober;
use crate::drive::login::{self, HeldCredential};
use crate::observe::{Evidence, Outcome};
use crate::scheme::{CarrierPlace, Companion};

impl Prober {
    /// Finds out which cookies of a login are credentials of their own, and leaves them out from then on, where the credential of
    /// the scenario opens the resource without them. Where it does not, the cookie that does.
    pub async fn look_for_other_credentials(&self, identity: usize, resource: usize) -> Option<String> {
        let who = &self.subject().identities[identity];
        if !who.is_obtained() {
            return None;
        }
        let held = self.held(who).await.ok()?;
        let cookies: Vec<Companion> =
            held.companions.iter().filter(|companion| cookie(companion).is_some()).cloned().collect();
        if cookies.is_empty() || !self.do_open(&cookies, resource).await {
            return None;
        }
        let mut others = Vec::new();
        for one in &cookies {
            if self.do_open(std::slice::from_ref(one), resource).await {
                others.extend(cookie(one).map(str::to_owned));
            }
        }
        // none of them alone
        if others.is_empty() {
            others.extend(cookies.iter().filter_map(cookie).map(str::to_owned));
        }
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
