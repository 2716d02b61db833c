//! `authbench completions`: completions for a shell.

use clap::Args;
use clap_complete::Shell;

use super::print;
use crate::exit::Exit;

/// Print completions for a shell.
#[derive(Debug, Args)]
#[command(after_help = INSTALL)]
pub(super) struct CompletionsArguments {
    /// The shell.
    #[arg(value_enum)]
    shell: Shell,
}

const INSTALL: &str = "\
Where to write them:
  bash  authbench completions bash > ~/.local/share/bash-completion/completions/authbench
  zsh   authbench completions zsh > \"${fpath[1]}/_authbench\"
  fish  authbench completions fish > ~/.config/fish/completions/authbench.fish";

pub(super) fn run(arguments: &CompletionsArguments) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::command(), "authbench", &mut script);
    print::line(String::from_utf8_lossy(&script).trim_end());
    Exit::Passed
}
