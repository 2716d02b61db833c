//! Checks that write to one place side by side: each waits for the others before it does what would disturb them.

use std::sync::Arc;

use tokio::sync::watch;

/// A place at a meeting; whoever leaves it is waited for no longer.
pub struct Seat {
    /// How often each has met the others.
    met: Arc<watch::Sender<Vec<usize>>>,
    at: usize,
}

impl Seat {
    /// Places for so many.
    pub fn several(many: usize) -> Vec<Seat> {
        let met = Arc::new(watch::Sender::new(vec![0; many]));
        (0..many).map(|at| Seat { met: met.clone(), at }).collect()
    }

    /// Has met the others so often, without a wait for them: they wait for this one before they meet once more.
    pub fn is_ahead(&self, meetings: usize) {
        self.met.send_modify(|met| met[self.at] = meetings);
    }

    /// Waits until all others are as far as this one.
    pub(super) async fn meet(&self) {
        let mut others = self.met.subscribe();
        let mut times = 0;
        self.met.send_modify(|met| {
            met[self.at] += 1;
            times = met[self.at];
        });
        // it ends with its last seat, and this is one
        let _ = others.wait_for(|met| met.iter().all(|other| *other >= times)).await;
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.met.send_modify(|met| met[self.at] = usize::MAX);
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;
    use std::task::{Context, Waker};

    use super::Seat;

    /// Whether it meets the others without waiting.
    fn meets(seat: &Seat) -> bool {
        pin!(seat.meet()).poll(&mut Context::from_waker(Waker::noop())).is_ready()
    }

    #[test]
    fn nobody_goes_on_before_all_are_there() {
        let seats = Seat::several(2);
        assert!(!meets(&seats[0]), "the other is not there");
        assert!(meets(&seats[1]), "both are there");
        assert!(!meets(&seats[1]), "one is a meeting ahead");
        assert!(meets(&seats[0]), "both have met twice");
    }

    #[test]
    fn who_is_ahead_is_waited_for_when_the_others_have_caught_up() {
        let mut seats = Seat::several(2);
        seats[1].is_ahead(1);
        assert!(meets(&seats[0]), "the other has met once");
        assert!(!meets(&seats[0]), "and not twice");
        drop(seats.pop());
        assert!(meets(&seats[0]));
    }

    #[test]
    fn who_leaves_is_not_waited_for() {
        let mut seats = Seat::several(2);
        drop(seats.pop());
        assert!(meets(&seats[0]));
    }

    #[test]
    fn who_is_alone_meets_at_once() {
        assert!(meets(&Seat::several(1)[0]));
    }
}
