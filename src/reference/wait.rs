//! Busy-waiting, for answers that are held up by a known time.

use std::time::{Duration, Instant};

use crate::clock;

/// Spins, and returns for how long it really did.
pub(crate) fn busy_wait(length: Duration) -> Duration {
    let began: Instant = clock::now();
    while began.elapsed() < length {
        std::hint::spin_loop();
    }
    began.elapsed()
}
