//! Who may use whom, how large a file may grow, and what only one place may do.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What each room may use beside itself and [`EVERYWHERE`], in the direction of the data.
const MAY_USE: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("file", &[]),
    ("secret", &[]),
    ("shard", &[]),
    ("seed", &[]),
    ("exit", &[]),
    ("stats", &[]),
    ("scenario", &[]),
    ("openapi", &[]),
    ("observe", &["stats"]),
    ("check", &["observe"]),
    ("scheme", &["observe"]),
    ("plan", &["scenario", "check", "scheme", "observe", "seed"]),
    ("target", &["plan", "observe"]),
    ("drive", &["target", "plan", "scheme", "check", "observe", "stats"]),
    ("event", &["observe", "check", "stats"]),
    ("judge", &["event", "plan", "check", "observe", "stats", "scenario"]),
    ("report", &["event", "check", "observe", "stats"]),
    ("reference", &["seed"]),
    (
        "run",
        &[
            "scenario",
            "plan",
            "scheme",
            "target",
            "drive",
            "check",
            "observe",
            "judge",
            "stats",
            "event",
            "reference",
            "exit",
            "seed",
        ],
    ),
    ("merge", &["report", "judge", "event", "check", "observe", "stats", "scenario", "exit"]),
    (
        "cli",
        &[
            "run",
            "merge",
            "scenario",
            "openapi",
            "plan",
            "scheme",
            "target",
            "drive",
            "check",
            "observe",
            "judge",
            "stats",
            "event",
            "report",
            "reference",
            "exit",
            "seed",
        ],
    ),
];

/// What each part of the reference may use of it, from the bottom to the top: only parts that are listed before it.
const REFERENCE_MAY_USE: &[(&str, &[&str])] = &[
    ("answer", &[]),
    ("fault", &[]),
    ("random", &[]),
    ("wait", &[]),
    ("tls", &[]),
    ("throttle", &[]),
    ("jose", &[]),
    ("used", &[]),
    ("nonce", &["random"]),
    ("rejection", &["answer"]),
    ("state", &["fault", "throttle"]),
    ("request", &["state"]),
    ("dpop", &["fault", "jose", "nonce", "used"]),
    ("scheme", &["fault", "jose", "random", "wait", "nonce", "used", "rejection", "state", "request", "dpop"]),
    ("authority", &["fault", "jose", "random", "used", "state", "request", "throttle", "dpop"]),
    ("resource", &["answer", "fault", "wait", "rejection", "state", "request", "scheme"]),
    ("description", &["state"]),
    ("routes", &["random", "jose", "rejection", "state", "scheme", "description"]),
    ("serve", &["answer", "fault", "rejection", "state", "request", "scheme", "resource"]),
    ("registry", &["fault", "scheme", "authority", "resource", "serve"]),
    ("verifier", &["fault", "jose", "random", "state", "request", "scheme", "authority"]),
    ("mod", &["fault", "tls", "state", "dpop", "scheme", "authority", "routes", "serve", "registry", "verifier"]),
    ("hopeless", &["mod"]),
];

/// What every room may use.
const EVERYWHERE: &[&str] = &["clock", "file", "secret", "shard"];

/// Lines of a file; a file that needs more holds more than one idea.
const LINES: usize = 600;

/// What may stand in one place only: the words, the places, why.
const ONE_PLACE: &[(&str, &[&str], &str)] = &[
    ("Instant::now(", &["clock.rs"], "only the clock reads the time"),
    ("SystemTime::now(", &["clock.rs"], "only the clock reads the time"),
    ("Timestamp::now(", &["clock.rs"], "only the clock reads the time"),
    ("env::var", &["cli/"], "only the command line reads the environment"),
    ("env::args", &["cli/"], "only the command line reads arguments"),
    ("println!", &["cli/"], "only the command line prints"),
    (
        "Command::new(",
        &["target/child.rs", "run/start.rs"],
        "only these start processes: of scenarios, and the reference",
    ),
];

/// Ways to read a file that only `file.rs` uses, outside tests; what the kernel shows under `/proc` is no file of a user.
const READS: [&str; 3] = ["fs::read(", "read_to_string(", "File::open("];
/// Where else they stand: descriptors and folders of the process itself, and streams.
const READS_OTHERWISE: [&str; 3] = ["file.rs", "report/file.rs", "run/start.rs"];

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("is readable").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// The room of a source file: the first part of its path below `src`, without `.rs`.
fn room(file: &Path) -> String {
    let below = file.strip_prefix("src").expect("is below src");
    let first = below.iter().next().expect("has a name").to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// Rooms that a file names through `crate::`, test modules left out.
fn uses(text: &str) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let named = code.split("crate::").skip(1).flat_map(|rest| match rest.strip_prefix('{') {
        None => vec![word(rest)],
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(|one| word(one.trim())).collect(),
    });
    named.filter(|word| MAY_USE.iter().any(|(room, _)| room == word)).collect()
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
}

#[test]
fn rooms_use_only_what_they_may() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let room = room(&file);
        if matches!(room.as_str(), "lib" | "main") {
            continue;
        }
        let (_, allowed) = MAY_USE
            .iter()
            .find(|(name, _)| *name == room)
            .unwrap_or_else(|| panic!("{room} is new: say what it may use"));
        let text = std::fs::read_to_string(&file).expect("is readable");
        let forbidden = uses(&text)
            .into_iter()
            .filter(|used| *used != room && !allowed.contains(&used.as_str()) && !EVERYWHERE.contains(&used.as_str()));
        wrong.extend(forbidden.map(|used| format!("{} uses {used}", file.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The part of the reference that a file belongs to, and whether `super` is the reference there.
fn part(file: &Path) -> (String, bool) {
    let below = file.strip_prefix("src/reference").expect("is below the reference");
    let first = below.iter().next().expect("has a name").to_string_lossy();
    let is_root = below.components().count() == 1 || (below.components().count() == 2 && below.ends_with("mod.rs"));
    (first.trim_end_matches(".rs").to_owned(), is_root)
}

/// Parts of the reference that a file names, test modules left out; what the reference itself defines counts as `mod`.
fn parts_used(text: &str, is_root: bool, is_mod: bool) -> BTreeSet<String> {
    let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let after = |prefix: &str| code.split(prefix).skip(1).map(str::to_owned).collect::<Vec<_>>();
    let mut rests = after("crate::reference::");
    match (is_mod, is_root) {
        (true, _) => rests.extend(REFERENCE_MAY_USE.iter().flat_map(|(part, _)| {
            let named = code.contains(&format!(" {part}::")) || code.contains(&format!("({part}::"));
            named.then(|| (*part).to_owned())
        })),
        (false, true) => rests.extend(after("super::")),
        (false, false) => {}
    }
    let named = rests.iter().flat_map(|rest| match rest.strip_prefix('{') {
        None => vec![word(rest)],
        Some(list) => list.split('}').next().unwrap_or_default().split(',').map(|one| word(one.trim())).collect(),
    });
    let known = |word: &String| REFERENCE_MAY_USE.iter().any(|(part, _)| part == word);
    named.filter(|word| !word.is_empty()).map(|word| if known(&word) { word } else { "mod".to_owned() }).collect()
}

#[test]
fn the_reference_is_used_in_one_direction() {
    let mut wrong = Vec::new();
    for (at, (part, uses)) in REFERENCE_MAY_USE.iter().enumerate() {
        let below = |used: &str| REFERENCE_MAY_USE[..at].iter().any(|(other, _)| *other == used);
        let above = uses.iter().filter(|used| !below(used));
        wrong.extend(above.map(|used| format!("{part} is listed before {used}, which it may use")));
    }
    for file in rust_files(Path::new("src/reference")) {
        let (part, is_root) = part(&file);
        let (_, allowed) = REFERENCE_MAY_USE
            .iter()
            .find(|(name, _)| *name == part)
            .unwrap_or_else(|| panic!("{part} is new: write what it may use"));
        let text = std::fs::read_to_string(&file).expect("is readable");
        let used = parts_used(&text, is_root, part == "mod").into_iter();
        let forbidden = used.filter(|used| *used != part && !allowed.contains(&used.as_str()));
        wrong.extend(forbidden.map(|used| format!("{} uses {used}", file.display())));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_file_holds_one_idea() {
    let mut large = Vec::new();
    for file in [rust_files(Path::new("src")), rust_files(Path::new("tests"))].concat() {
        let lines = std::fs::read_to_string(&file).expect("is readable").lines().count();
        if lines > LINES {
            large.push(format!("{} has {lines} lines", file.display()));
        }
    }
    assert!(large.is_empty(), "{}", large.join("\n"));
}

#[test]
fn some_things_are_done_in_one_place() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let text = std::fs::read_to_string(&file).expect("is readable");
        let below = file.strip_prefix("src").expect("is below src").to_string_lossy().into_owned();
        for (words, places, why) in ONE_PLACE {
            if text.contains(words) && !places.iter().any(|place| below.starts_with(place)) {
                wrong.push(format!("{}: {words} stands here; {why}", file.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn files_are_read_in_one_place() {
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let below = file.strip_prefix("src").expect("is below src").to_string_lossy().into_owned();
        if READS_OTHERWISE.contains(&below.as_str()) {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("is readable");
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let read = |line: &&str| READS.iter().any(|way| line.contains(way)) && !line.contains("\"/proc/");
        wrong.extend(
            text.lines().filter(read).map(|line| format!("{below}: {}; read it with crate::file", line.trim())),
        );
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The error types of all `Result<…>` in a text.
fn error_types(text: &str) -> Vec<String> {
    let starts = text.match_indices("Result<").map(|(at, found)| at + found.len());
    starts.filter_map(|start| error_type(&text[start..])).collect()
}

/// The second argument of a list of generic arguments, up to the bracket that closes it.
fn error_type(arguments: &str) -> Option<String> {
    let (mut depth, mut second, mut before) = (0, None, ' ');
    for (at, c) in arguments.char_indices() {
        match c {
            '<' | '(' | '[' => depth += 1,
            // not the arrow of a function type
            '>' | ')' | ']' if !(c == '>' && before == '-') => {
                if depth == 0 {
                    return second.map(|start: usize| arguments[start..at].trim().to_owned());
                }
                depth -= 1;
            }
            ',' if depth == 0 => second = Some(at + 1),
            _ => {}
        }
        before = c;
    }
    None
}

#[test]
fn errors_have_types() {
    assert_eq!(error_types("-> Result<Vec<(u8, u8)>, String> { Result<fn() -> u8, Error>"), ["String", "Error"]);
    let mut wrong = Vec::new();
    for file in rust_files(Path::new("src")) {
        let below = file.strip_prefix("src").expect("is below src").to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&file).expect("is readable");
        let text = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
        let texts = error_types(text).iter().any(|error| error == "String") || text.contains("type Err = String");
        if texts {
            wrong.push(format!("{below}: a Result has a String for an error; give it a type with thiserror"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The names of the types that a file makes public.
fn public_types(text: &str) -> Vec<String> {
    let declared = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("pub")?;
        let rest = if rest.starts_with('(') { rest.split_once(')')?.1 } else { rest };
        let kinds = [" struct ", " enum ", " trait ", " type "];
        kinds.iter().find_map(|kind| rest.strip_prefix(kind)).map(word).filter(|name| !name.is_empty())
    });
    declared.collect()
}

#[test]
fn no_two_public_types_share_a_name() {
    let mut files_of: std::collections::BTreeMap<String, Vec<String>> = std::collections::BTreeMap::new();
    for file in rust_files(Path::new("src")) {
        for name in public_types(&std::fs::read_to_string(&file).expect("is readable")) {
            files_of.entry(name).or_default().push(file.display().to_string());
        }
    }
    let shared = files_of.iter().filter(|(_, files)| files.len() > 1);
    let shared: Vec<String> = shared.map(|(name, files)| format!("{name}: {}", files.join(", "))).collect();
    assert!(shared.is_empty(), "these types share a name, choose another:\n{}", shared.join("\n"));
}

/// That nothing but `Display` reads them is asserted beside the types, where the compiler sees a trait too many.
#[test]
fn texts_for_people_cannot_be_compared() {
    let text = std::fs::read_to_string("src/observe/description.rs").expect("is there");
    let code = text.split("#[cfg(test)]").next().expect("has a start");
    for (name, inner) in [("Phrase", "&'static str"), ("Description", "String, Vec<&'static str>")] {
        assert!(code.contains(&format!("pub struct {name}({inner});")), "the field of {name} is private");
    }
    for derived in code.lines().filter(|line| line.starts_with("#[derive(")) {
        let forbidden = ["PartialEq", "PartialOrd", "Hash", "Deref"];
        assert!(!forbidden.iter().any(|one| derived.contains(one)), "{derived}: code could compare a description");
    }
    for read in ["-> &str", "-> &'static str", "-> String", "for str", "AsRef", "Borrow", "Deref"] {
        assert!(!code.contains(read), "{read}: code could read a description");
    }
}

#[test]
fn the_architecture_fits_on_a_page() {
    let lines = std::fs::read_to_string("ARCHITECTURE.md").expect("is there").lines().count();
    assert!(lines <= 80, "ARCHITECTURE.md has {lines} lines, 80 are enough");
}

#[test]
fn the_two_commands_stand_in_the_readme() {
    let readme = std::fs::read_to_string("README.md").expect("is there");
    assert!(readme.contains("cargo run --release -- run scenarios/") && readme.contains("cargo test"));
}
