//! How much processor time a process and its descendants have used, where the system says so. A server that forks its
//! workers does its work in them.

/// Processes of one server that are counted: more is no server, and takes longer to read than it is worth.
const MOST: usize = 512;

/// A process whose processor time is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProcessCpu {
    pid: u32,
    /// When it started, by the clock of the system: its number may be given to another one.
    started: u64,
}

/// What the system says of a process (`/proc/PID/stat`).
struct Stat {
    started: u64,
    /// Ticks of the clock: of its own threads, those that ended as well, and of children that ended and were waited for.
    ticks: u64,
}

impl ProcessCpu {
    /// The process with this id, where it is there and is no zombie.
    pub fn of(pid: u32) -> Option<Self> {
        stat(pid).map(|stat| Self { pid, started: stat.started })
    }

    /// Its id.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Whether it is still there.
    pub fn is_there(&self) -> bool {
        Self::of(self.pid) == Some(*self)
    }

    /// Itself and its descendants; nothing where it has ended.
    fn family(&self) -> Vec<u32> {
        let mut family = if self.is_there() { vec![self.pid] } else { Vec::new() };
        let mut at = 0;
        while at < family.len() && family.len() < MOST {
            for thread in threads(family[at]) {
                let children = of_kernel(&format!("{}/task/{thread}/children", family[at])).unwrap_or_default();
                family.extend(children.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()));
            }
            at += 1;
        }
        family
    }

    /// Seconds that the threads which are there have run, to the nanosecond; what ended is not counted. For short spans.
    pub(super) fn seconds(&self) -> Option<f64> {
        let mut nanoseconds = 0_u64;
        for pid in self.family() {
            for thread in threads(pid) {
                // a thread may end between the listing and the reading
                let Some(text) = of_kernel(&format!("{pid}/task/{thread}/schedstat")) else { continue };
                nanoseconds += text.split_whitespace().next()?.parse::<u64>().ok()?;
            }
        }
        (nanoseconds > 0).then_some(nanoseconds as f64 / 1e9)
    }

    /// Seconds that it has used with all that it started, also what ended since, to a tick of the clock. For long spans.
    pub(super) fn total_seconds(&self) -> Option<f64> {
        let family = self.family();
        let ticks: u64 = family.iter().filter_map(|pid| stat(*pid)).map(|stat| stat.ticks).sum();
        (!family.is_empty()).then_some(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
    }
}

/// What the kernel says below `/proc`.
fn of_kernel(below: &str) -> Option<String> {
    std::fs::read_to_string(format!("/proc/{below}")).ok()
}

fn threads(pid: u32) -> Vec<u32> {
    let entries = std::fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten();
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok()).collect()
}

fn stat(pid: u32) -> Option<Stat> {
    let text = of_kernel(&format!("{pid}/stat"))?;
    // the name of the program, which may hold anything, ends with the last bracket
    let fields: Vec<&str> = text.rsplit_once(')')?.1.split_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    let ended = matches!(*fields.first()?, "Z" | "X");
    let ticks = (11..15).map(number).sum::<Option<u64>>()?;
    number(19).filter(|_| !ended).map(|started| Stat { started, ticks })
}
