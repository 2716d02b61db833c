//! `authbench man`: manual pages in roff.

use std::path::{Path, PathBuf};

use clap::Args;

use super::print;
use crate::exit::Exit;
use crate::report::write_for_all;

/// Print a manual page, or write all of them into a folder.
#[derive(Debug, Args)]
#[command(after_help = "To read a page: authbench man run | man -l -")]
pub(super) struct ManArguments {
    /// Command whose page is printed (default: authbench itself).
    command: Option<String>,
    /// Folder into which every page is written.
    #[arg(long, value_name = "DIR", conflicts_with = "command", env = "AUTHBENCH_MAN_OUT")]
    out: Option<PathBuf>,
}

pub(super) fn run(arguments: &ManArguments) -> Exit {
    let pages = pages();
    match (&arguments.out, &arguments.command) {
        (Some(folder), _) => write(folder, &pages),
        (None, asked) => {
            let wanted = asked.as_ref().map_or_else(|| "authbench".to_owned(), |name| format!("authbench-{name}"));
            match pages.iter().find(|(name, _)| *name == wanted) {
                Some((_, page)) => {
                    print::line(String::from_utf8_lossy(page).trim_end());
                    Exit::Passed
                }
                None => {
                    print::error(&format!("error: no command is called {:?}", asked.as_deref().unwrap_or_default()));
                    print::error("help: `authbench --help` lists the commands");
                    Exit::Usage
                }
            }
        }
    }
}

/// The page of the program and one for each of its commands, by name.
fn pages() -> Vec<(String, Vec<u8>)> {
    let mut program = super::command();
    // names the commands in full: authbench-run
    program.build();
    let commands = program.get_subcommands().filter(|command| command.get_name() != "help");
    let all = std::iter::once(&program).chain(commands);
    all.map(|command| (command.get_display_name().unwrap_or("authbench").to_owned(), page(command.clone()))).collect()
}

fn page(command: clap::Command) -> Vec<u8> {
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page).expect("memory takes what is written to it");
    page
}

fn write(folder: &Path, pages: &[(String, Vec<u8>)]) -> Exit {
    if let Err(error) = std::fs::create_dir_all(folder) {
        print::error(&format!("error: failed to create folder {}: {error}", folder.display()));
        return Exit::Broken;
    }
    for (name, page) in pages {
        if let Err(error) = write_for_all(&folder.join(format!("{name}.1")), page) {
            print::error(&format!("error: failed to {error}"));
            return Exit::Broken;
        }
    }
    Exit::Passed
}
