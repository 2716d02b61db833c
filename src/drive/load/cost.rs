//! What the requests of a phase cost the target's process.

use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clock;
use crate::drive::process::ProcessCpu;
use crate::drive::stop::Stop;
use crate::observe::{LoadFigures, TargetCost, grouped};

/// Between two looks whether the run is to end early.
const LOOK: Duration = Duration::from_millis(20);

/// Reads the processor time of the target when the measured time starts, on a thread of its own, and when it has ended.
pub(super) struct Meter {
    server: ProcessCpu,
    before: JoinHandle<Option<f64>>,
}

/// Processor seconds of the target in the measured time; none where its process has ended.
pub(super) struct Metered {
    server: ProcessCpu,
    seconds: Option<f64>,
}

impl Meter {
    pub(super) fn start(server: ProcessCpu, at: Instant, stop: &Stop) -> Self {
        let stop = stop.clone();
        let before = std::thread::spawn(move || {
            while !stop.is_requested() && clock::now() < at {
                std::thread::sleep(at.saturating_duration_since(clock::now()).min(LOOK));
            }
            server.total_seconds()
        });
        Self { server, before }
    }

    /// To be called when the last answer has come.
    pub(super) fn finish(self) -> Metered {
        let after = self.server.total_seconds();
        let before = self.before.join().ok().flatten();
        Metered { server: self.server, seconds: before.zip(after).map(|(before, after)| (after - before).max(0.0)) }
    }
}

impl Metered {
    /// Adds what was read to the figures of the phase, with a line for a reader.
    pub(super) fn tell(&self, figures: &mut LoadFigures) {
        let answered = figures.achieved_rate * figures.duration_s;
        let Some(seconds) = self.seconds else {
            let pid = self.server.pid();
            figures.notes.push(format!(
                "the process {pid} of the target ended during the phase: what a request costs a core is not known"
            ));
            return;
        };
        if seconds <= 0.0 {
            figures.notes.push("the target used less processor time than the system can measure".to_owned());
            return;
        }
        let rate = answered / seconds;
        figures.target_cost = Some(TargetCost { cpu_s: seconds, requests_per_core_second: rate });
        let rate = grouped(rate.round() as u64);
        figures
            .notes
            .push(format!("the target used {seconds:.2} s of processor time: {rate} answers for each core second"));
    }
}
