//! What this process may open: a phase that needs more is not started, and its target is not blamed.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Descriptors that a run needs beside the connections of a phase: reports, the control plane, timers, children.
const BESIDE: u64 = 64;

/// Why this process cannot open the connections of a phase.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TooMany {
    #[error(
        "{connections} connections need {needed} open files, and this process may have {allowed}: raise the limit (`ulimit -n`), or \
         lower `connections`"
    )]
    Descriptors { connections: u64, needed: u64, allowed: u64 },
    #[error(
        "{connections} connections to one address need as many local ports, and this machine has {ports}: widen \
         net.ipv4.ip_local_port_range, or lower `connections`"
    )]
    Ports { connections: u64, ports: u64 },
}

/// Whether so many connections can be open at a time. The limit of open files is raised to what is allowed.
///
/// # Errors
/// Says what there is too little of.
pub(super) fn enough_for(connections: usize) -> Result<(), TooMany> {
    // Linux, ip-sysctl
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").ok();
    enough(connections as u64, raised(), range.and_then(|text| ports(&text)))
}

fn enough(connections: u64, allowed: Option<u64>, ports: Option<u64>) -> Result<(), TooMany> {
    let needed = connections.saturating_add(BESIDE);
    if let Some(allowed) = allowed.filter(|allowed| *allowed < needed) {
        return Err(TooMany::Descriptors { connections, needed, allowed });
    }
    ports.filter(|ports| *ports < connections).map_or(Ok(()), |ports| Err(TooMany::Ports { connections, ports }))
}

/// How many files this process may have open, once it has asked for as many as it may; none where there is no limit.
fn raised() -> Option<u64> {
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current != limit.maximum {
        let before = limit.current;
        limit.current = limit.maximum;
        if setrlimit(Resource::Nofile, limit).is_err() {
            limit.current = before;
        }
    }
    limit.current
}

/// How many ports there are between the ends of a range.
fn ports(range: &str) -> Option<u64> {
    let mut ends = range.split_whitespace().map(str::parse::<u64>);
    let (low, high) = (ends.next()?.ok()?, ends.next()?.ok()?);
    (high >= low).then(|| high - low + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_too_little_of_is_said() {
        assert_eq!(enough(100, Some(1024), Some(28_232)), Ok(()));
        assert_eq!(enough(100, None, None), Ok(()));
        let descriptors = TooMany::Descriptors { connections: 1000, needed: 1064, allowed: 1024 };
        assert_eq!(enough(1000, Some(1024), Some(28_232)), Err(descriptors));
        assert_eq!(enough(30_000, None, Some(28_232)), Err(TooMany::Ports { connections: 30_000, ports: 28_232 }));
    }

    #[test]
    fn a_range_of_ports_is_counted() {
        assert_eq!(ports("32768\t60999\n"), Some(28_232));
        assert_eq!(ports("unknown"), None);
    }
}
