//! Whether a target keeps up with requests side by side. One that is slow, and not gone, answers a request alone that had no
//! answer in time beside others: then it is asked one request at a time, and none of its checks has to do without an answer.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use tokio::sync::{Mutex, MutexGuard, RwLockReadGuard};

use super::{Prober, allowance};
use crate::drive::wire::{self, Destination};
use crate::observe::{Exchange, Request, Silence};
use crate::scheme::Reuse;

/// Requests that had no answer alone either, before no other is tried so.
const IN_VAIN: u32 = 4;

/// What is known of it.
#[derive(Default)]
pub(super) struct Crowd {
    /// Held by whoever asks a target that is asked one request at a time.
    queue: Mutex<()>,
    is_too_much: AtomicBool,
    in_vain: AtomicU32,
}

impl Crowd {
    /// Waits for its turn where the target is asked one request at a time.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        match self.is_too_much.load(Ordering::Relaxed) {
            true => Some(allowance::apart(self.queue.lock()).await),
            false => None,
        }
    }
}

/// A request may be sent as long as this is held.
pub(super) struct TurnToSend<'a> {
    _alone: Option<MutexGuard<'a, ()>>,
    _open: RwLockReadGuard<'a, ()>,
}

impl Prober {
    /// Waits until nobody looks into an outage, nor asks a target that is asked one request at a time.
    pub(super) async fn turn_to_send(&self) -> TurnToSend<'_> {
        loop {
            let alone = self.crowd.turn().await;
            let open = self.outages.open().await;
            // it may have been found out meanwhile
            if alone.is_some() || !self.asks_one_at_a_time() {
                return TurnToSend { _alone: alone, _open: open };
            }
        }
    }

    /// Whether the target had to be asked one request at a time.
    pub fn asks_one_at_a_time(&self) -> bool {
        self.crowd.is_too_much.load(Ordering::Relaxed)
    }

    /// Sends a request again, alone, that had no answer in time beside others, or a server error; its answer, if it has one now.
    pub(super) async fn alone(&self, destination: &Destination, number: u64, exchange: &Exchange) -> Option<Exchange> {
        let timed_out = matches!(exchange.answer, Err(Silence::TimedOut));
        let broke = exchange.status().is_some_and(|status| matches!(status, 500 | 502..));
        if !(timed_out || broke)
            || self.crowd.in_vain.load(Ordering::Relaxed) >= IN_VAIN
            || !self.outages.was_beside_others(number)
        {
            return None;
        }
        let may_be_repeated = match broke {
            // a check sends it once more anyway
            true => self.subject().scheme.reuse() != Reuse::Once,
            false => self.may_be_repeated(&exchange.request),
        };
        if !may_be_repeated && broke {
            return None;
        }
        if !may_be_repeated {
            self.crowd.is_too_much.store(true, Ordering::Relaxed);
            return None;
        }
        let sent = async {
            let _alone = self.outages.closed().await;
            self.equipment.rate_limit.wait().await;
            wire::send_once(destination, &self.equipment.limits, &exchange.request).await
        };
        // on the heap: this is rare, and every request would carry the room for it
        let sent = allowance::apart(Box::pin(sent)).await;
        self.witness.look_at(&sent);
        self.patience.count(sent.answer.as_ref().err());
        match sent.status() {
            None => {
                self.crowd.in_vain.fetch_add(1, Ordering::Relaxed);
                None
            }
            Some(500 | 502..) if broke => {
                self.crowd.in_vain.fetch_add(1, Ordering::Relaxed);
                None
            }
            Some(_) => {
                self.crowd.is_too_much.store(true, Ordering::Relaxed);
                Some(sent)
            }
        }
    }

    /// Whether a request does the same, and is judged the same, when it comes twice: it is a safe one (RFC 9110 §9.2.1), and
    /// holds nothing that is good once.
    fn may_be_repeated(&self, request: &Request) -> bool {
        let safe = matches!(request.method.as_str(), "GET" | "HEAD" | "OPTIONS");
        safe && self.subject().scheme.reuse() != Reuse::Once
    }
}
