//! How truly the paired study measures: against a busy-wait whose length the server measures itself.
//!
//! The reference is asked to hold up its answers by 0, 5, 20 and 100 microseconds, and says for how long it did
//! (`Server-Timing: busy;dur=`). The median of that, over the same pairs, is the truth; the study's interval should hold
//! it. Requests of both sides have the same length and differ in three digits.
//!
//! `cargo bench --bench paired_truth -- [studies] [milliseconds for each wait] [seed]`; 4, 500 and 1 if not named.

mod served;

use std::time::Duration;

use authbench::drive::paired::{self, Contender, Measured, Study};
use authbench::drive::stop::Stop;
use authbench::drive::wire::Limits;
use authbench::observe::Activity;
use authbench::stats::median;
use authbench::stats::paired::{BaselineControl, Series, row};

use served::Served;

/// Busy-waits in microseconds.
const WAITS: [u32; 4] = [0, 5, 20, 100];

/// What one interval came to.
struct Outcome {
    /// Estimate minus truth.
    error: f64,
    half_width: f64,
    /// Whether the interval holds the truth, without the floor and with it.
    covers: (bool, bool),
    /// Pairs a second of measuring.
    pairs: usize,
}

fn main() {
    let mut numbers = std::env::args().skip(1).filter_map(|argument| argument.parse::<u64>().ok());
    let (studies, millis, seed) = (numbers.next(), numbers.next(), numbers.next());
    let (studies, millis, seed) = (studies.unwrap_or(4), millis.unwrap_or(500), seed.unwrap_or(1));
    let mut server = Served::reference();
    let mut outcomes: [Vec<Outcome>; WAITS.len()] = Default::default();
    let mut controls = Vec::new();
    for at in 0..studies {
        let study = Study {
            baseline: waiting(0, &server),
            schemes: WAITS.map(|micros| waiting(micros, &server)).to_vec(),
            destination: server.destination.clone(),
            limits: Limits::default(),
            duration: Duration::from_millis(millis),
            saturation: Duration::ZERO,
            server: None,
            metric: "busy",
            seed: seed + at,
            activity: Activity::default(),
        };
        let measured = paired::run(&study, &Stop::default()).expect("the reference answers");
        let control = BaselineControl::of(&measured.control, seed + at);
        controls.push(measured.control.difference(seed + at).value);
        for (series, outcomes) in measured.schemes.iter().zip(&mut outcomes) {
            outcomes.push(outcome(series, &control, seed + at));
        }
        progress(at, &measured);
    }
    server.child.kill().expect("the reference ends");
    report(&outcomes, &controls, millis);
}

fn waiting(micros: u32, server: &Served) -> Contender {
    let orders = server.orders(format!("+{micros}"));
    Contender { bare: orders.bare.header("X-Authbench-Busy", format!("{micros:03}")), ..orders }
}

fn outcome(series: &Series, control: &BaselineControl, seed: u64) -> Outcome {
    let busy: Vec<f64> = series.pairs.iter().filter_map(|pair| pair.server).collect();
    let truth = median(&busy).expect("the reference says how long it was busy");
    let (plain, wide) = (series.difference(seed), row(series, control, seed).difference_us);
    let holds = |low: f64, high: f64| low <= truth && truth <= high;
    Outcome {
        error: plain.value - truth,
        half_width: (wide.high - wide.low) / 2.0,
        covers: (holds(plain.low, plain.high), holds(wide.low, wide.high)),
        pairs: series.pairs.len(),
    }
}

#[expect(clippy::print_stderr, reason = "a measurement of a minute says that it lives")]
fn progress(at: u64, measured: &Measured) {
    eprintln!("study {}: {:.1} s", at + 1, measured.took.as_secs_f64());
}

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn report(outcomes: &[Vec<Outcome>], controls: &[f64], millis: u64) {
    let middle = |values: Vec<f64>| median(&values).unwrap_or_default();
    let worst = |values: &[f64]| values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    println!("{millis} ms a wait; times in us; error = estimate - the server's own measured wait");
    println!(
        "  wait  studies  pairs   error median  |error| median  worst  half-width  covered without floor  with floor"
    );
    let mut pooled = (0, 0, 0);
    for (wait, outcomes) in WAITS.iter().zip(outcomes) {
        let errors: Vec<f64> = outcomes.iter().map(|outcome| outcome.error).collect();
        let plain = outcomes.iter().filter(|outcome| outcome.covers.0).count();
        let wide = outcomes.iter().filter(|outcome| outcome.covers.1).count();
        pooled = (pooled.0 + outcomes.len(), pooled.1 + plain, pooled.2 + wide);
        println!(
            "{wait:>6}  {:>7}  {:>5}  {:>12.3}  {:>14.3}  {:>5.2}  {:>10.3}  {plain:>21}  {wide:>10}",
            outcomes.len(),
            outcomes.iter().map(|outcome| outcome.pairs).sum::<usize>() / outcomes.len().max(1),
            middle(errors.clone()),
            middle(errors.iter().map(|error| error.abs()).collect()),
            worst(&errors),
            middle(outcomes.iter().map(|outcome| outcome.half_width).collect()),
        );
    }
    println!("pooled: {} of {} without the floor, {} with it", pooled.1, pooled.0, pooled.2);
    println!(
        "A/A: |error| median {:.3}, worst {:.3}",
        middle(controls.iter().map(|value| value.abs()).collect()),
        worst(controls)
    );
}
