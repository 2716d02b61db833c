//! Waits for a point in time without blocking the reactor: a timer descriptor for the coarse part, yielding for the rest.

use std::cell::Cell;
use std::time::{Duration, Instant};

use crate::clock;
use crate::drive::stop::Stop;

/// The margin is what a wake-up takes on this machine, between these bounds.
const MARGIN: (Duration, Duration) = (Duration::from_micros(20), Duration::from_micros(200));
/// Wake-ups that the margin is measured with, and how far ahead each is.
const SAMPLES: usize = 60;
const AHEAD: Duration = Duration::from_micros(200);
/// Below this rest beyond the margin no timer is armed.
const WORTH_ARMING: Duration = Duration::from_micros(20);

/// Between two looks whether the run is to end early.
const LOOK: Duration = Duration::from_millis(100);

/// A timer of one worker.
#[derive(Debug)]
pub(super) struct Timer {
    #[cfg(target_os = "linux")]
    descriptor: Option<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>,
    /// The last part of each wait, which is waited for by yielding; zero where the target needs this processor.
    margin: Cell<Duration>,
    spun: Cell<Duration>,
}

impl Timer {
    #[cfg(target_os = "linux")]
    #[expect(deprecated, reason = "its successor is unsafe; an owned descriptor that nobody else closes is sound here")]
    pub(super) fn new() -> Self {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        // what sleeps of this thread may be late by, which is 50 us otherwise
        let _ = rustix::thread::set_current_timer_slack(std::num::NonZeroU64::new(1));
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
        let descriptor = descriptor.and_then(|descriptor| tokio::io::unix::AsyncFd::new(descriptor).ok());
        Self { descriptor, margin: Cell::default(), spun: Cell::default() }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> Self {
        Self { margin: Cell::default(), spun: Cell::default() }
    }

    /// Measures how late wake-ups are here, and takes the 99th percentile as the margin.
    pub(super) async fn calibrate(&self) {
        let mut late = Vec::with_capacity(SAMPLES);
        for _ in 0..SAMPLES {
            let due = clock::now() + AHEAD;
            self.coarse(AHEAD).await;
            late.push(clock::now().saturating_duration_since(due));
        }
        late.sort_unstable();
        self.margin.set(late[SAMPLES * 99 / 100].clamp(MARGIN.0, MARGIN.1));
    }

    /// Time that was spent yielding, in which this thread had nothing to do.
    pub(super) fn spun(&self) -> Duration {
        self.spun.get()
    }

    /// Returns at the point in time, or as soon after as the machine allows, or when the run is to end; the time then.
    pub(super) async fn wait_until(&self, due: Instant, stop: &Stop) -> Instant {
        let mut now = clock::now();
        while now < due && !stop.is_requested() {
            let (rest, margin) = (due - now, self.margin.get());
            if margin.is_zero() {
                self.coarse(rest.min(LOOK)).await;
                now = clock::now();
            } else if rest > margin + WORTH_ARMING {
                self.coarse((rest - margin).min(LOOK)).await;
                now = clock::now();
            } else {
                now = self.spin(now, due).await;
            }
        }
        now
    }

    async fn spin(&self, from: Instant, due: Instant) -> Instant {
        let mut now = from;
        while now < due {
            tokio::task::yield_now().await;
            now = clock::now();
        }
        self.spun.set(self.spun.get() + (now - from));
        now
    }

    #[cfg(target_os = "linux")]
    async fn coarse(&self, rest: Duration) {
        use rustix::time::{Itimerspec, TimerfdTimerFlags, Timespec, timerfd_settime};
        let Some(descriptor) = &self.descriptor else {
            return tokio::time::sleep(rest).await;
        };
        let once = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec { tv_sec: rest.as_secs().cast_signed(), tv_nsec: i64::from(rest.subsec_nanos()) },
        };
        if timerfd_settime(descriptor.get_ref(), TimerfdTimerFlags::empty(), &once).is_err() {
            return tokio::time::sleep(rest).await;
        }
        while let Ok(mut ready) = descriptor.readable().await {
            let mut expirations = [0; 8];
            let read = ready.try_io(|descriptor| Ok(rustix::io::read(descriptor.get_ref(), &mut expirations)?));
            if read.is_ok() {
                // what was read is over: without this the next wait would return at once
                ready.clear_ready();
                return;
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn coarse(&self, rest: Duration) {
        tokio::time::sleep(rest).await;
    }
}
