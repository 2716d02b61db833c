//! As many requests as the server can answer, for the processor time that one of them takes it.

use std::time::Duration;

use super::contender::{Contender, SampleFailure};
use super::socket::Socket;
use crate::clock;
use crate::drive::process::ProcessCpu;
use crate::drive::wire::{Destination, Limits};
use crate::observe::Silence;
use crate::scheme::{Reuse, Turn};

/// Connections with a request in flight each.
const CONNECTIONS: usize = 16;

/// Keeps a server busy with one scheme for a while: answers, and the processor seconds that they took its process, where
/// those can be read. Blocks.
///
/// # Errors
/// When the scheme is not accepted, or answers do not come.
pub fn saturate(
    scheme: &Contender,
    destination: &Destination,
    limits: Limits,
    server: &ProcessCpu,
    length: Duration,
) -> Result<Option<(u64, f64)>, SampleFailure> {
    let destination = scheme.destination.as_ref().unwrap_or(destination);
    let mut sockets = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        let mut socket = Socket::open(destination, limits).map_err(SampleFailure::Silent)?;
        // one answer each before the count begins: connecting is no part of it
        let turn = scheme.turn(&mut socket)?;
        socket.exchange(&scheme.prepare(&turn, destination)).map_err(SampleFailure::Silent)?;
        scheme.accepts(&socket.response().ok_or(SampleFailure::Silent(Silence::Closed))?)?;
        sockets.push((socket, turn));
    }
    let before = server.seconds();
    let answers = busy((scheme, destination), &mut sockets, length, limits.time)?;
    Ok(before.zip(server.seconds()).map(|(before, after)| (answers, after - before)))
}

fn busy(
    (scheme, destination): (&Contender, &Destination),
    sockets: &mut [(Socket, Turn)],
    length: Duration,
    patience: Duration,
) -> Result<u64, SampleFailure> {
    // what is made once is sent again and again; what is made for each request is made here
    let kept = (scheme.scheme.reuse() == Reuse::WhileHeld).then(|| scheme.prepare(&Turn::of(None), destination));
    let send = |(socket, turn): &mut (Socket, Turn)| match &kept {
        Some(bytes) => socket.send(bytes),
        None => socket.send(&scheme.prepare(turn, destination)),
    };
    for socket in sockets.iter_mut() {
        send(socket).map_err(SampleFailure::Silent)?;
    }
    let (began, mut answers, mut in_flight) = (clock::now(), 0, sockets.len());
    let mut waiting = vec![true; sockets.len()];
    while in_flight > 0 {
        let over = began.elapsed() >= length;
        if began.elapsed() >= length + patience {
            return Err(SampleFailure::Silent(Silence::TimedOut));
        }
        for (socket, waiting) in sockets.iter_mut().zip(&mut waiting).filter(|(_, waiting)| **waiting) {
            if !socket.0.poll().map_err(SampleFailure::Silent)? {
                continue;
            }
            scheme.accepts(&socket.0.response().ok_or(SampleFailure::Silent(Silence::Closed))?)?;
            answers += 1;
            match over {
                false => send(socket).map_err(SampleFailure::Silent)?,
                true => {
                    *waiting = false;
                    in_flight -= 1;
                }
            }
        }
    }
    Ok(answers)
}
