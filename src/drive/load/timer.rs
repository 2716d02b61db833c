//! Waits for a point in time without blocking the reactor: a timer descriptor for the coarse part, yielding for the rest.

use std::time::{Duration, Instant};

use crate::clock;

/// What a timer descriptor and the scheduler need to wake a task; the rest is waited for by yielding.
const MARGIN: Duration = Duration::from_micros(80);
/// Below this rest no timer is armed.
const WORTH_ARMING: Duration = Duration::from_micros(150);

/// A timer of one worker.
#[derive(Debug)]
pub(super) struct Timer {
    #[cfg(target_os = "linux")]
    descriptor: Option<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>,
}

impl Timer {
    #[cfg(target_os = "linux")]
    #[expect(deprecated, reason = "its successor is unsafe; an owned descriptor that nobody else closes is sound here")]
    pub(super) fn new() -> Self {
        use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
        let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
        let descriptor = timerfd_create(TimerfdClockId::Monotonic, flags).ok();
        Self { descriptor: descriptor.and_then(|descriptor| tokio::io::unix::AsyncFd::new(descriptor).ok()) }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn new() -> Self {
        Self {}
    }

    /// Returns at the point in time, or as soon after as the machine allows.
    pub(super) async fn wait_until(&self, due: Instant) {
        loop {
            let rest = due.saturating_duration_since(clock::now());
            if rest.is_zero() {
                return;
            }
            if rest > WORTH_ARMING {
                self.coarse(rest - MARGIN).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
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
        if let Ok(mut ready) = descriptor.readable().await {
            let mut expirations = [0; 8];
            let _ = ready.try_io(|descriptor| Ok(rustix::io::read(descriptor.get_ref(), &mut expirations)?));
        }
    }

    #[cfg(not(target_os = "linux"))]
    async fn coarse(&self, rest: Duration) {
        tokio::time::sleep(rest).await;
    }
}
