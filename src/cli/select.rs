//! Which scenarios of those that were named run.

use clap::Args;

use super::print;
use crate::exit::Exit;
use crate::plan::selection::Pattern;
use crate::scenario::{LoadedScenario, nearest};
use crate::scheme::SCHEMES;

/// What a command line selects among scenarios.
#[derive(Clone, Debug, Args)]
pub(super) struct Selecting {
    /// Run only scenarios with this tag; repeatable.
    #[arg(long = "tag", value_name = "TAG", env = "AUTHBENCH_TAG", value_delimiter = ',', help_heading = "What runs")]
    tags: Vec<String>,
    /// Leave out scenarios with this tag; repeatable.
    #[arg(
        long = "skip-tag",
        value_name = "TAG",
        env = "AUTHBENCH_SKIP_TAG",
        value_delimiter = ',',
        help_heading = "What runs"
    )]
    skip_tags: Vec<String>,
    /// Run only scenarios whose name or file matches; `*` stands for any text; repeatable.
    #[arg(
        short = 'k',
        long = "filter",
        value_name = "GLOB",
        env = "AUTHBENCH_FILTER",
        value_delimiter = ',',
        help_heading = "What runs"
    )]
    filters: Vec<String>,
    /// Run only scenarios of this scheme; repeatable.
    #[arg(
        long = "scheme",
        value_name = "SCHEME",
        env = "AUTHBENCH_SCHEME",
        value_delimiter = ',',
        help_heading = "What runs"
    )]
    schemes: Vec<String>,
}

impl Selecting {
    /// Whether anything is left out.
    pub(super) fn narrows(&self) -> bool {
        [&self.tags, &self.skip_tags, &self.filters, &self.schemes].iter().any(|words| !words.is_empty())
    }

    /// The scenarios that are selected.
    pub(super) fn of(&self, loaded: Vec<LoadedScenario>) -> Result<Vec<LoadedScenario>, Exit> {
        let names = || SCHEMES.iter().map(|scheme| scheme.name());
        if let Some(unknown) = self.schemes.iter().find(|scheme| !names().any(|name| name == scheme.as_str())) {
            let help = nearest(unknown, names()).map_or_else(
                || "`authbench list schemes` shows all".to_owned(),
                |near| format!("did you mean `{near}`?"),
            );
            print::error(&format!("error: no scheme is called {unknown:?}\nhelp: {help}"));
            return Err(Exit::Usage);
        }
        let count = loaded.len();
        let filters: Vec<_> = self.filters.iter().map(|filter| Pattern::new(filter)).collect();
        let left: Vec<_> = loaded.into_iter().filter(|one| self.selects(one, &filters)).collect();
        if left.is_empty() && count > 0 {
            let help = "`authbench list scenarios PATHS…` shows names and files";
            print::error(&format!("error: none of {count} scenarios is selected by {}\nhelp: {help}", self.words()));
            return Err(Exit::NothingSelected);
        }
        Ok(left)
    }

    fn selects(&self, loaded: &LoadedScenario, filters: &[Pattern]) -> bool {
        let scenario = &loaded.scenario;
        let tagged = |tags: &[String]| scenario.tags.iter().any(|tag| tags.contains(tag));
        let stem = std::path::Path::new(&loaded.file).file_name().and_then(std::ffi::OsStr::to_str).unwrap_or_default();
        let named = |filter: &Pattern| [&scenario.name, &loaded.file, stem].iter().any(|text| filter.matches(text));
        (self.tags.is_empty() || tagged(&self.tags))
            && !tagged(&self.skip_tags)
            && (filters.is_empty() || filters.iter().any(named))
            && (self.schemes.is_empty() || self.schemes.iter().any(|scheme| scheme == scenario.scheme.name()))
    }

    /// The options as they would be written.
    fn words(&self) -> String {
        let options = [
            ("--tag", &self.tags),
            ("--skip-tag", &self.skip_tags),
            ("--filter", &self.filters),
            ("--scheme", &self.schemes),
        ];
        let words = options.iter().flat_map(|(name, values)| values.iter().map(move |value| format!("{name} {value}")));
        words.collect::<Vec<_>>().join(", ")
    }
}
