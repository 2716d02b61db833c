//! What users read, against the list of words in CONTRIBUTING.md that they do not.

use std::path::{Path, PathBuf};

/// The phrases of the table in CONTRIBUTING.md, each with what to write.
fn phrases() -> Vec<(String, String)> {
    let text = std::fs::read_to_string("CONTRIBUTING.md").expect("is there");
    let (_, table) = text.split_once("| not | write |\n|---|---|\n").expect("has the table");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let cells = rows.map(|row| row.trim_matches('|').split_once(" | ").expect("two columns"));
    let phrases = cells.flat_map(|(not, write)| {
        not.split(',').map(move |phrase| (phrase.trim().to_lowercase(), write.trim().to_owned()))
    });
    phrases.collect()
}

fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).expect("the folder is there") {
        let path = entry.expect("is readable").path();
        if path.is_dir() {
            files.extend(self::files(path.to_str().expect("text"), extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Documentation, help, errors, and what a report says.
fn texts() -> Vec<(String, String)> {
    let mut paths: Vec<PathBuf> = ["README.md", "SECURITY.md"].map(PathBuf::from).to_vec();
    paths.extend(files("docs", "md"));
    paths.extend(files("tests/help", "txt"));
    paths.extend(files("tests/ui", "stderr"));
    paths.extend(files("tests/it/snapshots", "snap").into_iter().filter(|path| is_of_users(path)));
    paths.extend(files("tests/it/untestable/snapshots", "snap"));
    paths.push("reports/sample/report.md".into());
    let read = |path: &Path| std::fs::read_to_string(path).expect("is readable");
    let mut texts: Vec<_> = paths.iter().map(|path| (path.display().to_string(), read(path))).collect();
    // messages of errors, wherever no snapshot has them
    texts.extend(files("src", "rs").iter().map(|path| (path.display().to_string(), messages(&read(path)))));
    texts
}

/// Snapshots of what a user reads; others hold names of faults and of servers.
fn is_of_users(path: &Path) -> bool {
    path.to_str().is_some_and(|path| path.contains("first_contact"))
}

/// The texts of `#[error("…")]` in a source file.
fn messages(source: &str) -> String {
    let after = source.split("#[error(\"").skip(1);
    after.filter_map(|rest| rest.split('"').next()).map(|text| format!("{text}\n")).collect()
}

/// The text in lower case without what is quoted or code: a name is what it is called.
fn prose(line: &str) -> String {
    let mut prose = String::new();
    let mut within = None;
    for c in line.to_lowercase().chars() {
        match within {
            Some(end) if c == end => within = None,
            Some(_) => {}
            None if c == '`' || c == '"' => within = Some(c),
            None => prose.push(c),
        }
    }
    prose
}

fn has(prose: &str, phrase: &str) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '-' || c == '_' || c == '.');
    prose.match_indices(phrase).any(|(at, _)| {
        let (before, after) = (prose[..at].chars().next_back(), prose[at + phrase.len()..].chars().next());
        !(is_word(before) || is_word(after) && after != Some('.'))
    })
}

#[test]
fn users_read_none_of_the_words_that_the_list_bans() {
    let (phrases, mut wrong) = (phrases(), Vec::new());
    assert!(phrases.len() > 25, "{phrases:?}");
    for (file, text) in texts() {
        // an example may show anything, and a line of a user's file is the user's
        let mut in_code = false;
        for (at, line) in text.lines().enumerate() {
            in_code ^= line.trim_start().starts_with("```");
            let of_user = line.trim_start().starts_with(|c: char| c.is_ascii_digit()) && line.contains(" |");
            if in_code || of_user || line.starts_with("expression:") || line.starts_with("source:") {
                continue;
            }
            let prose = prose(line);
            let found = phrases.iter().filter(|(phrase, _)| has(&prose, phrase));
            wrong.extend(found.map(|(phrase, write)| format!("{file}:{}: {phrase:?}; write {write}", at + 1)));
        }
    }
    assert!(wrong.is_empty(), "{} texts:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn words_are_found_where_they_are_words() {
    assert!(has("the figures are", "figures") && has("a figure.", "figure"));
    assert!(!has("configured", "figure") && !has("figure-less", "figure"));
    assert_eq!(prose("A `figure` of \"latency\" X"), "a  of  x");
}
