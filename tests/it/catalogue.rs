//! The pages made from the catalogue are those of the code. After a change of the catalogue, one command writes them:
//! `AUTHBENCH_BLESS=1 cargo test --test it catalogue::`.

/// Compares a generated file with what generates it, or writes it.
fn compare(file: &str, generated: &str) {
    if std::env::var("AUTHBENCH_BLESS").is_ok_and(|bless| bless == "1") {
        std::fs::write(file, generated).expect("writes");
    }
    let found = std::fs::read_to_string(file).unwrap_or_default();
    let way_out = "AUTHBENCH_BLESS=1 cargo test --test it catalogue::";
    assert!(found == generated, "{file} is not what the catalogue says; to write it: {way_out}");
}

#[test]
fn the_page_of_checks_is_the_catalogue() {
    compare("docs/checks.md", &authbench::check::page::checks());
}

#[test]
fn the_page_of_clauses_is_the_catalogue() {
    compare("docs/coverage.md", &authbench::check::page::coverage());
}
