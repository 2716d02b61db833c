//! A server in a process of its own, and what is asked of it without a credential.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use authbench::drive::paired::Contender;
use authbench::drive::wire::Destination;
use authbench::observe::{Fingerprint, Request};
use authbench::scheme;

/// A server that said where it listens.
pub(crate) struct Served {
    pub(crate) child: Child,
    pub(crate) destination: Destination,
}

impl Served {
    /// The reference.
    pub(crate) fn reference() -> Self {
        let arguments = ["serve", "--port", "0", "--format", "json", "--until-stdin-closes"];
        Self::start(Command::new(env!("CARGO_BIN_EXE_authbench")).args(arguments))
    }

    /// Starts a program whose first line is a JSON object with its `url`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the server starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("it has an output");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it listens");
        let described: serde_json::Value = serde_json::from_str(&line).expect("JSON");
        let url: url::Url = described["url"].as_str().and_then(|url| url.parse().ok()).expect("an address");
        let destination = Destination::of(&url, None, &authbench::target::hosts::AllowedHosts::default())
            .expect("loopback in clear text");
        Self { child, destination }
    }

    /// A request for the orders that are open to everybody.
    pub(crate) fn orders(&self, name: String) -> Contender {
        let none = scheme::find("none").expect("the scheme is registered");
        let host = format!("127.0.0.1:{}", self.destination.port);
        Contender {
            name,
            bare: Request::new("GET", "/none/orders").header("Host", host),
            scheme: none,
            carrier: none.carrier(),
            held: None,
            destination: None,
            asks_each_time: false,
            fingerprint: Fingerprint {
                status: 200,
                content_type: Some("application/json".to_owned()),
                pointer: Some("/orders".to_owned()),
                members: Default::default(),
                text: None,
            },
        }
    }
}
