//! `authbench explain`: what a check sends, why it matters, how to fix a finding.

use clap::Args;

use super::print;
use crate::check::{find, url_of};
use crate::exit::Exit;
use crate::plan::selection;

/// Explain a check: what is sent, why it matters, how to fix a finding.
#[derive(Debug, Args)]
pub(super) struct ExplainArguments {
    /// Id of the check.
    check: String,
}

pub(super) fn run(arguments: &ExplainArguments) -> Exit {
    let Some(check) = find(&arguments.check) else {
        let way_out = selection::way_out(&arguments.check);
        print::error(&format!("error: no check is called {:?}\nhelp: {way_out}", arguments.check));
        return Exit::Usage;
    };
    print::line(&format!("{}\n{}\n", check.id, check.title));
    print::line(&format!("severity  {}\nlevel     {}\n", check.severity.name(), check.level.name()));
    for (title, text) in
        [("What is sent", check.doc.sends), ("Why it matters", check.doc.matters), ("How to fix it", check.doc.fix)]
    {
        print::line(title);
        print::paragraph(text);
        print::line("");
    }
    print::line("Sources");
    for source in check.sources {
        print::line(format!("  {source}  {}", url_of(source).unwrap_or_default()).trim_end());
    }
    print::line(&format!("\nSee it fail\n  authbench serve --fault {}", check.fault));
    Exit::Passed
}
