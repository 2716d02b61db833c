//! What the documentation says is so: its scenarios are accepted, its commands and options exist, its links lead
//! somewhere.

use std::path::{Path, PathBuf};

use authbench::run::{Launch, Options, prepare};
use authbench::scenario::load_text;

fn pages() -> Vec<(PathBuf, String)> {
    let mut pages = vec!["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "SECURITY.md"]
        .into_iter()
        .map(PathBuf::from)
        .collect::<Vec<_>>();
    let docs = std::fs::read_dir("docs").expect("the folder is there");
    pages.extend(docs.map(|entry| entry.expect("is readable").path()));
    pages.retain(|page| page.extension().is_some_and(|extension| extension == "md"));
    pages.sort();
    assert!(pages.len() > 5);
    pages.into_iter().map(|page| (page.clone(), std::fs::read_to_string(&page).expect("is readable"))).collect()
}

/// Blocks of one kind.
fn blocks<'a>(text: &'a str, kind: &str) -> Vec<&'a str> {
    let fence = format!("```{kind}\n");
    text.split(fence.as_str()).skip(1).filter_map(|rest| rest.split("```").next()).collect()
}

#[test]
fn scenarios_in_the_documentation_are_accepted() {
    let mut count = 0;
    for (page, text) in pages() {
        for block in blocks(&text, "yaml").into_iter().filter(|block| block.contains("authbench: 1")) {
            count += 1;
            let loaded = load_text(page.display().to_string(), block.to_owned());
            let ready = loaded.and_then(|one| prepare(vec![one], None, &Options::new(Launch::InProcess)).map(drop));
            if let Err(errors) = ready {
                panic!("{}\n{}", page.display(), errors[0].render(false));
            }
        }
    }
    assert!(count > 5, "{count}");
}

/// Command lines of authbench, in blocks and between backticks.
fn command_lines(text: &str) -> Vec<String> {
    let inline = text.split('`').filter(|part| part.starts_with("authbench ") && !part.contains('\n'));
    let in_blocks = blocks(text, "console").into_iter().flat_map(str::lines).filter_map(|line| line.strip_prefix("$ "));
    let parts = inline.chain(in_blocks).flat_map(|line| line.split(['|', ';', '&', '>']));
    let from_its_name = |part: &str| part.find("authbench ").map(|at| part[at..].to_owned());
    parts.filter_map(from_its_name).collect()
}

#[test]
fn commands_in_the_documentation_exist() {
    let program = authbench::cli::command();
    let mut count = 0;
    for (page, text) in pages() {
        for line in command_lines(&text) {
            count += 1;
            let mut words = line.split_whitespace().skip(1);
            let name = words.next().unwrap_or_default();
            if name == "COMMAND" {
                continue;
            }
            let command = program.get_subcommands().find(|command| command.get_name() == name);
            let command = command.unwrap_or_else(|| panic!("{}: no command of `{line}`", page.display()));
            for option in words.filter_map(|word| word.strip_prefix("--")) {
                let option = option.split('=').next().unwrap_or_default();
                let known = option == "help" || command.get_arguments().any(|known| known.get_long() == Some(option));
                assert!(known, "{}: no option --{option} of `{line}`", page.display());
            }
        }
    }
    assert!(count > 20, "{count}");
}

#[test]
fn checks_in_the_documentation_exist_or_are_known_to_be_missing() {
    let groups: Vec<&str> = authbench::check::GROUPS.iter().map(|group| group.name).collect();
    for (page, text) in pages() {
        for id in text.split('`').filter(|part| part.contains('.') && !part.contains([' ', '/', '*', '(', '…'])) {
            if groups.contains(&id.split('.').next().unwrap_or_default()) {
                assert!(authbench::check::page::is_known(id), "{}: no check {id}", page.display());
            }
        }
    }
}

#[test]
fn links_lead_to_files() {
    for (page, text) in pages() {
        let folder = page.parent().unwrap_or(Path::new("."));
        let targets = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for target in targets.filter(|target| !target.contains("://")) {
            let file = target.split('#').next().unwrap_or_default();
            assert!(file.is_empty() || folder.join(file).exists(), "{}: {target}", page.display());
        }
    }
}

#[test]
fn what_the_table_of_hardening_names_exists() {
    let text = std::fs::read_to_string("docs/hardening.md").expect("is there");
    let rows = text
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| point") && !line.starts_with("| target"));
    let mut count = 0;
    for row in rows {
        for named in row.split('`').skip(1).step_by(2).filter(|named| named.contains('/') && !named.contains(' ')) {
            let there = Path::new(named).exists() || Path::new("src").join(named).exists();
            assert!(there, "{named} is not there: {row}");
            count += 1;
        }
    }
    assert!(count > 40, "{count}");
}

#[test]
fn the_table_of_hardening_has_every_fuzz_target() {
    let text = std::fs::read_to_string("docs/hardening.md").expect("is there");
    for folder in std::fs::read_dir("fuzz/corpus").expect("is there") {
        let name = folder.expect("is readable").file_name().to_string_lossy().into_owned();
        assert!(text.contains(&format!("\n| `{name}` | ")), "no row of {name}");
    }
}
