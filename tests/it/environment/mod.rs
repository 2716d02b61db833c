//! What a run leaves to the machine that it runs on: its files, its children, its end by a signal, and who may talk to `serve`.

mod reports;
mod serve;
mod signals;
