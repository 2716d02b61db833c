//! Logins and refreshes in other seconds than those before them. Some servers make a token of nothing but the user, the client and the
//! time in seconds (a JWT without `jti`, RFC 7519 §4.1.7): two of one second are the same, and where each has to be new, the second
//! request breaks.

use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::{LoginError, Logins};
use crate::clock;
use crate::drive::control::ControlError;
use crate::drive::probe::allowance;

/// After this the clock of a server shows another second.
pub const ANOTHER_SECOND: Duration = Duration::from_millis(1100);
/// How often a wait begins again because somebody has logged in meanwhile who keeps no distance.
const MOST_WAITS: usize = 3;

/// How far logins and refreshes of a session keep from the others of the target.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Distance {
    /// They come when they come: those of load, and those whose times or number are judged.
    #[default]
    Any,
    /// More than a second where the target was seen to need that.
    WhereNeeded,
    /// More than a second.
    Always,
}

/// What may be the same after another login or refresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Renewed {
    /// The credential of a login.
    Login,
    /// The credential of a refresh.
    Credential,
    /// The refresh token of a refresh.
    RefreshToken,
}

/// The turns of all logins and refreshes of one target.
#[derive(Default)]
pub(super) struct Turns {
    /// Held alone by whoever keeps a distance, and together by the others.
    lane: RwLock<()>,
    /// The end of the last login or refresh that may have given a token.
    last: Mutex<Option<Instant>>,
    /// Whether one broke that came soon after another one.
    broke: AtomicBool,
    /// Whether such a one worked in another second.
    needed: AtomicBool,
    /// What stays the same in another second, too, by the identities.
    constant: Mutex<HashSet<(Renewed, String)>>,
}

impl Turns {
    fn last(&self) -> Option<Instant> {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keeps_apart(&self, distance: Distance) -> bool {
        match distance {
            Distance::Any => false,
            Distance::WhereNeeded => self.needed.load(Ordering::Relaxed),
            Distance::Always => true,
        }
    }

    async fn take(&self, distance: Distance) -> LoginTurn<'_> {
        let lane = match (distance, self.keeps_apart(distance)) {
            (Distance::Any, _) => Lane::None,
            (_, false) => Lane::Shared { _held: allowance::apart(self.lane.read()).await },
            (_, true) => {
                let held = allowance::apart(self.lane.write()).await;
                for _ in 0..MOST_WAITS {
                    let until = self.last().map(|last| clock::after(last, ANOTHER_SECOND));
                    let Some(until) = until.filter(|until| *until > clock::now()) else { break };
                    let _shown = allowance::shown("another second before a login", Some(ANOTHER_SECOND));
                    allowance::apart(tokio::time::sleep_until(until.into())).await;
                }
                Lane::Alone { _held: held }
            }
        };
        LoginTurn { turns: self, lane, distance, began: clock::now() }
    }

    /// Takes note of how a login or refresh ended.
    fn note(&self, (distance, began): (Distance, Instant), is_alone: bool, end: End) {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let comes_soon = last.is_some_and(|last| clock::after(last, ANOTHER_SECOND) > began);
        if end != End::Refused {
            *last = Some(clock::now());
        }
        drop(last);
        match end {
            End::Broke if is_alone => self.broke.store(false, Ordering::Relaxed),
            End::Broke if comes_soon && distance != Distance::Any => self.broke.store(true, Ordering::Relaxed),
            End::Refused | End::Other if is_alone && self.broke.swap(false, Ordering::Relaxed) => {
                self.needed.store(true, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// How a login or refresh ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// The server broke.
    Broke,
    /// It was refused by a status that says so: it gave no token.
    Refused,
    Other,
}

impl End {
    fn of<T>(ended: &Result<T, ControlError>) -> Self {
        match ended {
            Err(error) if is_break(error) => Self::Broke,
            Err(ControlError::Login(LoginError::Refused { status: 400.., .. })) => Self::Refused,
            _ => Self::Other,
        }
    }
}

/// Whether the server broke on a request of a login or refresh.
pub fn is_break(error: &ControlError) -> bool {
    matches!(error, ControlError::Login(LoginError::Refused { status: 500.., .. }))
}

enum Lane<'a> {
    None,
    Shared { _held: RwLockReadGuard<'a, ()> },
    Alone { _held: RwLockWriteGuard<'a, ()> },
}

/// The right to log in or to refresh now.
pub struct LoginTurn<'a> {
    turns: &'a Turns,
    lane: Lane<'a>,
    distance: Distance,
    began: Instant,
}

impl LoginTurn<'_> {
    /// Ends it with what came of it.
    pub(super) fn end<T>(self, ended: Result<T, ControlError>) -> Result<T, ControlError> {
        let is_alone = matches!(self.lane, Lane::Alone { .. });
        self.turns.note((self.distance, self.began), is_alone, End::of(&ended));
        ended
    }
}

impl Logins {
    /// The right to log in or to refresh, as far from the others as this. Whoever holds it may have sessions of any distance log in.
    pub async fn turn(&self, distance: Distance) -> LoginTurn<'_> {
        self.turns.take(distance).await
    }

    /// Whether something is known to be the same after each login or refresh of an identity, in whatever second.
    pub fn is_constant(&self, renewed: Renewed, name: &str) -> bool {
        let constant = self.turns.constant.lock().unwrap_or_else(PoisonError::into_inner);
        constant.contains(&(renewed, name.to_owned()))
    }

    /// Takes note of that.
    pub fn note_constant(&self, renewed: Renewed, name: &str) {
        let mut constant = self.turns.constant.lock().unwrap_or_else(PoisonError::into_inner);
        constant.insert((renewed, name.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_needs_another_second_where_what_broke_soon_after_a_login_works_later() {
        use Distance::{Any, WhereNeeded};
        // how each login ends: whether it comes soon, and how far it keeps from the others
        for (ends, expected) in [
            (
                &[(End::Other, false, WhereNeeded), (End::Broke, false, WhereNeeded), (End::Other, true, WhereNeeded)]
                    [..],
                true,
            ),
            (
                &[
                    (End::Other, false, WhereNeeded),
                    (End::Broke, false, WhereNeeded),
                    (End::Refused, true, WhereNeeded),
                ],
                true,
            ),
            // it breaks by itself
            (
                &[(End::Other, false, WhereNeeded), (End::Broke, false, WhereNeeded), (End::Broke, true, WhereNeeded)],
                false,
            ),
            // no token came before it
            (
                &[
                    (End::Refused, false, WhereNeeded),
                    (End::Broke, false, WhereNeeded),
                    (End::Other, true, WhereNeeded),
                ],
                false,
            ),
            // several at once may well break
            (&[(End::Other, false, Any), (End::Broke, false, Any), (End::Other, true, WhereNeeded)], false),
        ] {
            let turns = Turns::default();
            for (end, is_alone, distance) in ends {
                turns.note((*distance, clock::now()), *is_alone, *end);
            }
            assert_eq!(turns.keeps_apart(WhereNeeded), expected, "{ends:?}");
            assert!(!turns.keeps_apart(Any), "{ends:?}");
        }
    }
}
