//! Hostile connections of HTTP/2, frame by frame (RFC 9113 §4).

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
const ACK: u8 = 1;
const END_HEADERS: u8 = 4;

/// Bytes of the client's connection preface (RFC 9113 §3.4).
const PREFACE: usize = 24;
/// What the library of the client sends in a PING.
const OPAQUE: [u8; 8] = [0x3b, 0x7c, 0xdb, 0x7a, 0x0b, 0x87, 0x16, 0xb4];

/// What floods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flood {
    /// Before the settings of the server.
    PingsFirst,
    Settings,
    Pings,
    Resets,
    Continuations,
    WindowOverflow,
    WindowUpdates,
    ZeroWindow,
    HeaderBomb,
    GoAways,
    Silence,
    EmptyData,
    EndlessData,
    Garbage,
}

impl Flood {
    pub(super) const ALL: [Self; 14] = [
        Self::PingsFirst,
        Self::Settings,
        Self::Pings,
        Self::Resets,
        Self::Continuations,
        Self::WindowOverflow,
        Self::WindowUpdates,
        Self::ZeroWindow,
        Self::HeaderBomb,
        Self::GoAways,
        Self::Silence,
        Self::EmptyData,
        Self::EndlessData,
        Self::Garbage,
    ];

    /// Floods until the client lets go.
    pub(super) fn run(self, mut stream: &TcpStream) -> bool {
        let _ = stream.set_write_timeout(Some(Duration::from_secs(20)));
        let ((pinged, pings), (requested, requests)) = (channel(), channel());
        let reads = stream.try_clone().map(|mut reads| {
            std::thread::spawn(move || {
                let (mut part, mut unread) = ([0; 4096], Vec::new());
                let mut preface = PREFACE;
                while let Ok(read @ 1..) = reads.read(&mut part) {
                    unread.extend_from_slice(&part[..read]);
                    if unread.len() < preface {
                        continue;
                    }
                    unread.drain(..std::mem::take(&mut preface));
                    while let Some(kind) = taken(&mut unread) {
                        let _ = match kind {
                            PING => pinged.send(()),
                            HEADERS => requested.send(()),
                            _ => Ok(()),
                        };
                    }
                }
            })
        });
        let flooded = self.flood(&mut stream, &pings, &requests);
        let ended = flooded.is_err();
        if !ended && let Ok(reads) = reads {
            // what was sent stands as it is until the client ends the connection
            let _ = reads.join();
        }
        false
    }

    fn flood(self, stream: &mut &TcpStream, pings: &Receiver<()>, requests: &Receiver<()>) -> std::io::Result<()> {
        if self == Self::Garbage {
            return stream.write_all(&b"HTTP/1.1 400 Bad Request\r\n\r\n".repeat(1000));
        }
        if self == Self::PingsFirst {
            return again(stream, &frame(PING, 0, 0, &[7; 8]));
        }
        let settings: &[u8] = if self == Self::ZeroWindow { &[0, 4, 0, 0, 0, 0] } else { &[] };
        stream.write_all(&[frame(SETTINGS, 0, 0, settings), frame(SETTINGS, ACK, 0, &[])].concat())?;
        // the client waits for the settings with a PING, unless it has left
        let _ = pings.recv();
        stream.write_all(&frame(PING, ACK, 0, &OPAQUE))?;
        match self {
            Self::Settings => again(stream, &frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
            Self::Pings => again(stream, &frame(PING, 0, 0, &[7; 8])),
            Self::GoAways => again(stream, &frame(GOAWAY, 0, 0, &[0; 8])),
            Self::WindowOverflow => again(stream, &frame(WINDOW_UPDATE, 0, 0, &[0x7f, 0xff, 0xff, 0xff])),
            Self::WindowUpdates => again(stream, &frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 0])),
            Self::ZeroWindow | Self::Silence => Ok(()),
            _ => {
                // until the first request has come, or the client has left
                let _ = requests.recv();
                self.on_streams(stream)
            }
        }
    }

    /// Floods the streams of the first requests.
    fn on_streams(self, stream: &mut &TcpStream) -> std::io::Result<()> {
        // `:status: 200` of the static table (RFC 7541 appendix A)
        let granted = frame(HEADERS, END_HEADERS, 1, &[0x88]);
        match self {
            Self::Resets => again(stream, &frame(RST_STREAM, 0, 1, &[0, 0, 0, 8])),
            Self::Continuations => {
                stream.write_all(&frame(HEADERS, 0, 1, &[0x88]))?;
                again(stream, &frame(CONTINUATION, 0, 1, &[0, 1, b'x', 1, b'y']))
            }
            Self::HeaderBomb => {
                // one field of 4000 bytes goes into the table, and is named again and again
                let value = [&[0x40, 1, b'x', 0x7f, 0xa1, 0x1e][..], &[b'v'; 4000]].concat();
                let fields = [&[0x88][..], &value, &vec![0xbe; 12_000]].concat();
                stream.write_all(&frame(HEADERS, END_HEADERS, 1, &fields))
            }
            Self::EmptyData => {
                stream.write_all(&granted)?;
                again(stream, &frame(DATA, 0, 1, &[]))
            }
            Self::EndlessData => {
                stream.write_all(&granted)?;
                again(stream, &frame(DATA, 0, 1, &[b'.'; 16_000]))
            }
            _ => Ok(()),
        }
    }
}

/// Takes the first frame from what was read, if it is whole; its type (RFC 9113 §4.1).
fn taken(unread: &mut Vec<u8>) -> Option<u8> {
    let (head, _) = unread.split_first_chunk::<9>()?;
    let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
    let kind = head[3];
    (unread.len() >= 9 + length).then(|| unread.drain(..9 + length).for_each(drop))?;
    Some(kind)
}

/// The same frame until the connection ends.
fn again(stream: &mut &TcpStream, frame: &[u8]) -> std::io::Result<()> {
    let block = frame.repeat((16 * 1024 / frame.len()).max(1));
    loop {
        stream.write_all(&block)?;
    }
}

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("is short").to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}
