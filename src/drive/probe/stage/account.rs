//! What is asked for by users who are not logged in: another password in place of one that was forgotten.

use rand::RngExt as _;
use rand::rngs::StdRng;

use super::noting::note;
use super::told::{Told, granted, led_elsewhere};
use super::{Halt, Stage};
use crate::drive::login::Logins;
use crate::observe::Evidence;

/// Characters of a user-id that nobody has, at least.
const SHORTEST: usize = 12;
/// Characters of it, at most.
const LONGEST: usize = 40;

impl Stage<'_> {
    /// Asks for another password for the user of an identity, or for one that nobody has. All answers from the request on that
    /// says who asks are looked at.
    pub(super) async fn ask_for_reset(
        &mut self,
        identity: usize,
        of_nobody: bool,
        evidence: &mut Evidence,
    ) -> Result<Told, Halt> {
        let (_, procedure) = self.login_of(identity)?;
        let user = match of_nobody {
            false => procedure.account.0.clone(),
            true => like(&procedure.account.0, &mut self.rng),
        };
        let asking = procedure.with_user(&user);
        let mut session = Logins::recorded(&asking).patiently();
        let ended = session.ask_for_reset(&self.prober.equipment.logins).await;
        note(session.exchanges(), &asking, evidence);
        let about_user = session.exchanges().get(asking.reset_requests_before_user()..).unwrap_or_default();
        let Some((last, before)) = about_user.split_last() else {
            let why = ended.err().map_or_else(|| "no request was sent".to_owned(), |error| error.to_string());
            return Err(Halt::Obstacle(why));
        };
        let told = match ended {
            Ok(()) => granted(Some(last.clone())),
            Err(error) => led_elsewhere(&error, Some(last.clone()))?,
        };
        Ok(Told { before: before.to_vec(), ..told })
    }
}

/// A user-id in the form of another that nobody has: its first and last character, and its length where that is no short one, for
/// some answers show these of the address to which they send mail; an e-mail address is one of the same domain.
fn like(known: &str, rng: &mut StdRng) -> String {
    let (own, domain) = known.split_once('@').map_or((known, None), |(own, domain)| (own, Some(domain)));
    let count = own.chars().count();
    let length = if (SHORTEST..=LONGEST).contains(&count) { count } else { SHORTEST };
    let mut user: Vec<char> = (0..length).map(|_| char::from(rng.random_range(b'a'..=b'z'))).collect();
    let ends = [(0, own.chars().next()), (length - 1, own.chars().next_back())];
    for (at, end) in ends {
        if let Some(end) = end.filter(char::is_ascii_alphanumeric) {
            user[at] = end;
        }
    }
    let user: String = user.into_iter().collect();
    domain.map_or_else(|| user.clone(), |domain| format!("{user}@{domain}"))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn a_user_that_nobody_has_looks_like_the_known_one() {
        let mut rng = StdRng::seed_from_u64(1);
        for (known, begins, ends, length) in [
            ("alice@app.example", "a", "e@app.example", 12 + "@app.example".len()),
            ("alice", "a", "e", 12),
            ("alice-in-wonderland", "a", "d", 19),
            ("Bob@", "B", "b@", 13),
            ("-x-", "", "", 12),
            ("", "", "", 12),
        ] {
            let (one, other) = (like(known, &mut rng), like(known, &mut rng));
            assert!(one.starts_with(begins) && one.ends_with(ends), "{known}: {one}");
            assert_eq!(one.chars().count(), length, "{known}: {one}");
            assert!(one != other && one != known, "{known}: {one}, {other}");
        }
    }
}
