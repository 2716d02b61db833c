//! Who can use a refresh token of a client that authenticates. Refresh tokens rotate to protect clients that do not (RFC 9700 §4.14.2);
//! those of the others are for their client alone (RFC 6749 §6, §10.4).

use super::{Halt, Stage};
use crate::check::Check;
use crate::check::step::{RefreshChange, SessionAct, SessionStep, Step};
use crate::drive::login::LoginSession;
use crate::observe::{Evidence, Outcome, RefreshTokenUser};

/// Refreshes that nobody may send with a refresh token of the client, in words. That of another client is the last one: a server may
/// take it for a theft, and end the token.
const OF_OTHERS: [(RefreshChange, &str); 3] = [
    (RefreshChange::NoClientAuthentication, "a refresh without the authentication of the client"),
    (RefreshChange::WrongClientSecret, "a refresh with a wrong secret"),
    (RefreshChange::OtherClient, "a refresh by another client"),
];
/// What to add where no other client was tried.
const ADD_OTHER_CLIENT: &str = "; another client was not tried: add a second credential whose login has a `refresh` by another client at \
                                the same token endpoint";
/// Why nothing was tried.
const NONE_TRIED: &str = "the refresh authenticates its client, and clients that authenticate need no rotation; whether its refresh token \
                          is bound to it was not tried: that needs a `refresh` whose `form` has `grant_type: refresh_token`";

/// What became of refreshes by others, none of which was granted.
#[derive(Default)]
struct RefusedOthers {
    refused: Vec<(RefreshChange, &'static str)>,
    /// What was answered neither by a grant nor by a refusal.
    unclear: Vec<&'static str>,
    /// Whether the client itself could use the refresh token after them.
    lives: bool,
}

impl RefusedOthers {
    /// What keeps the check from its end: the refresh token is bound to its client, or that is not known.
    fn halt(&self) -> Halt {
        if let Some(one) = self.unclear.first() {
            return Halt::Obstacle(format!(
                "whether the refresh token is bound to the client that authenticates is not known: {one} was answered neither by a \
                 grant nor by a refusal"
            ));
        }
        let words: Vec<&str> = self.refused.iter().map(|(_, words)| *words).collect();
        let Some((last, before)) = words.split_last() else { return Halt::Inapplicable(NONE_TRIED.to_owned()) };
        let refused = match before {
            [] => format!("{last} was refused"),
            _ => format!("{} and {last} were refused", before.join(", ")),
        };
        if !self.lives {
            return Halt::Obstacle(format!(
                "whether the refresh token is bound to the client that authenticates is not known: {refused}, but so was a refresh by \
                 the client itself after that"
            ));
        }
        let tried_other = self.refused.iter().any(|(change, _)| *change == RefreshChange::OtherClient);
        let rest = if tried_other { "" } else { ADD_OTHER_CLIENT };
        Halt::Inapplicable(format!(
            "the refresh authenticates its client; {refused}, and a refresh by the client itself was granted after that: refresh tokens \
             that are bound to a client need not rotate{rest}"
        ))
    }
}

/// Whether a check ends with the use of a refresh token after the tolerated overlap: what it says of that depends on who can do so.
/// Where more steps follow, that a used token is accepted is not what the check is about.
fn ends_with_reuse(check: &Check) -> bool {
    let is_wait = |act: SessionAct| matches!(act, SessionAct::AwaitOverlap);
    let is_refresh = |act: SessionAct| matches!(act, SessionAct::Refresh(_));
    match check.steps {
        [.., Step::Session(SessionStep { act: wait, .. }), Step::Session(SessionStep { act: last, .. })] => {
            is_wait(*wait) && is_refresh(*last)
        }
        _ => false,
    }
}

impl Stage<'_> {
    /// Whether the judgement of the check asks who can use a refresh token that was accepted twice.
    pub(super) fn ends_with_reuse(&self) -> bool {
        ends_with_reuse(self.check)
    }

    /// Whether a refresh token that was accepted twice had to be refused the second time, with who else can use it noted.
    ///
    /// # Errors
    /// Where it is bound to a client that authenticates: then it need not rotate. Where that cannot be seen, too.
    pub(super) async fn has_to_rotate(
        &self,
        identity: usize,
        session: &LoginSession,
        evidence: &mut Evidence,
    ) -> Result<(), Halt> {
        if !session.refreshes_for_a_client() {
            return Ok(());
        }
        let mut others = RefusedOthers::default();
        for (change, words) in OF_OTHERS {
            let Some(procedure) = self.prober.subject().changed_refresh(identity, change) else { continue };
            match Box::pin(self.sent_by(session.by(procedure), evidence)).await.map(|told| told.outcome) {
                Ok(Outcome::Granted) => {
                    evidence.refresh_token_user = Some(match change {
                        RefreshChange::OtherClient => RefreshTokenUser::OtherClient,
                        _ => RefreshTokenUser::Anybody(words),
                    });
                    return Ok(());
                }
                Ok(Outcome::Refused) => others.refused.push((change, words)),
                Ok(_) | Err(Halt::Obstacle(_)) => others.unclear.push(words),
                // it has no value that it needs, and was not sent
                Err(Halt::Untestable(_)) => {}
                Err(halt) => return Err(halt),
            }
        }
        if others.unclear.is_empty() && !others.refused.is_empty() {
            // a token that has ended is refused to everybody
            let own = Box::pin(self.sent_by(session.clone(), evidence)).await;
            others.lives = own.is_ok_and(|told| told.outcome == Outcome::Granted);
        }
        Err(others.halt())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::catalogue;

    #[test]
    fn who_can_use_a_refresh_token_is_asked_where_the_judgement_says_it() {
        let asking: Vec<&str> = catalogue().filter(|check| ends_with_reuse(check)).map(|check| check.id).collect();
        assert_eq!(asking, ["refresh.reuse-refused"]);
    }

    #[test]
    fn refusals_bind_a_refresh_token_where_its_client_can_still_use_it() {
        let [bare, wrong, other] = OF_OTHERS;
        for (refused, unclear, lives, applies, text) in [
            (
                vec![bare, wrong, other],
                vec![],
                true,
                false,
                "the client, a refresh with a wrong secret and a refresh by another client were refused",
            ),
            (vec![bare, wrong], vec![], true, false, "add a second credential"),
            (vec![bare], vec![], true, false, "a refresh without the authentication of the client was refused, and"),
            (vec![bare, wrong, other], vec![], false, true, "so was a refresh by the client itself after that"),
            (vec![wrong, other], vec![bare.1], false, true, "neither by a grant nor by a refusal"),
            (vec![], vec![], false, false, "`grant_type: refresh_token`"),
        ] {
            let others = RefusedOthers { refused, unclear, lives };
            let (is_open, why) = match others.halt() {
                Halt::Obstacle(why) => (true, why),
                Halt::Inapplicable(why) => (false, why),
                _ => panic!("{text}"),
            };
            assert_eq!(is_open, applies, "{why}");
            assert!(why.contains(text), "{why}");
            let asks_for_client = why.contains("add a second credential");
            assert_eq!(asks_for_client, lives && !others.refused.contains(&other), "{why}");
        }
    }
}
