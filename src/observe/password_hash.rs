//! Hashes of passwords in what a server answers: whoever has one can guess at it offline.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;

/// How a hash begins, what it is called, and the fewest characters of it.
const FORMS: [(&str, &str, usize); 24] = [
    ("$2a$", "bcrypt", 60),
    ("$2b$", "bcrypt", 60),
    ("$2y$", "bcrypt", 60),
    ("$argon2", "Argon2", 50),
    ("$scrypt$", "scrypt", 50),
    ("scrypt:", "scrypt", 60),
    ("$pbkdf2", "PBKDF2", 40),
    ("pbkdf2:", "PBKDF2", 50),
    ("pbkdf2_sha", "PBKDF2", 50),
    ("bcrypt_sha256$", "bcrypt", 60),
    ("$6$", "SHA-512-crypt", 90),
    ("$5$", "SHA-256-crypt", 47),
    ("$y$", "yescrypt", 50),
    ("$apr1$", "MD5-crypt", 30),
    ("{SSHA}", "salted SHA-1", 34),
    ("{SSHA512}", "salted SHA-512", 90),
    ("{PBKDF2", "PBKDF2", 40),
    ("$wp$2y$", "bcrypt", 60),
    ("$P$", "phpass", 34),
    ("$S$", "SHA-512 of Drupal", 55),
    ("md5$", "salted MD5", 38),
    ("sha1$", "salted SHA-1", 47),
    ("sha256$", "salted SHA-256", 72),
    ("sha512$", "salted SHA-512", 136),
];

/// The first hash of a password in a body, with the name of its form. In JSON a slash may be escaped.
pub fn password_hash_in(body: &[u8]) -> Option<(&'static str, &str)> {
    let text = match std::str::from_utf8(body) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&body[..error.valid_up_to()]).unwrap_or_default(),
    };
    let begun = STARTS.as_ref()?.find_overlapping_iter(text);
    begun.filter_map(|start| hash_at(text, start.start(), &FORMS[start.pattern().as_usize()])).next()
}

/// All beginnings, looked for at once: bodies may be of a megabyte.
static STARTS: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| AhoCorasick::new(FORMS.map(|(start, ..)| start)).ok());

/// The hash that begins there.
fn hash_at<'a>(
    text: &'a str,
    at: usize,
    (_, name, shortest): &(&str, &'static str, usize),
) -> Option<(&'static str, &'a str)> {
    let before = text[..at].chars().next_back();
    let goes_on = |c: char| c.is_ascii_alphanumeric() || "$./+=,_:{}-\\".contains(c);
    let end = text[at..].find(|c: char| !goes_on(c)).map_or(text.len(), |length| at + length);
    let hash = &text[at..end];
    let alone = !before.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') && !is_of_address(&text[..at]);
    (alone && hash.len() >= *shortest).then_some((*name, hash))
}

/// Whether what comes before belongs to the query of an address: what is a parameter of a link is a token, however it was made.
fn is_of_address(before: &str) -> bool {
    let begun = before.rfind(|c: char| c.is_whitespace() || "\"'<>`".contains(c)).map_or(0, |at| at + 1);
    let word = &before[begun..];
    word.ends_with('=') && word.contains('/') && word.contains('?')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_of_passwords_are_told_from_other_texts() {
        let bcrypt = "$2b$12$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
        let werkzeug = format!("scrypt:32768:8:1$h8LzXc3Tn0yWb2Qd${}", "0123456789abcdef".repeat(8));
        let django = "pbkdf2_sha256$870000$MHKWmbRbbMYR0d$4ZcnUqQdgPEUhDBT2BpzL3HRMkWAuH8kPNaGuHdkP4E=";
        let argon = "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b3dWRYb8sQYSLEhXkNH+FyiV5c";
        let roundup = "{PBKDF2S5}250000$lXJOSUmpFWKsNcbY2xvj/A$pB7r6kQ0Zy1mT3vX9cWf5hJ8dL2sNaEu4gHiKoRqYxU";
        let sha = "sha1$b9a7b1e2$1$da39a3ee5e6b4b0d3255bfef95601890afd80709";
        let phpass = "$P$B55D6LjfHDkINU5wF.v2BuuzO0/XPk/";
        let drupal = "$S$DkIkdKLIvRK0iVHm99X7B/M8QC17E1Tp/kMOd1Ie8V/PgWjtAZld";
        let digest = |name: &str, length: usize| format!("{{\"p\":\"{name}$s${}\"}}", "0a".repeat(length / 2));
        let wordpress = "$wp$2y$10$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW";
        for (body, expected) in [
            (format!("{{\"password\":\"{bcrypt}\"}}"), Some(("bcrypt", bcrypt.to_owned()))),
            (format!("{{\"hash\":\"{werkzeug}\"}}"), Some(("scrypt", werkzeug.clone()))),
            (format!("<td>{django}</td>"), Some(("PBKDF2", django.to_owned()))),
            (format!("{{\"p\":\"{}\"}}", argon.replace('/', "\\/")), Some(("Argon2", argon.replace('/', "\\/")))),
            (format!("{{\"p\":\"{roundup}\"}}"), Some(("PBKDF2", roundup.to_owned()))),
            (format!("{{\"p\":\"{sha}\"}}"), Some(("salted SHA-1", sha.to_owned()))),
            (format!("{{\"p\":\"{wordpress}\"}}"), Some(("bcrypt", wordpress.to_owned()))),
            (format!("{{\"p\":\"{phpass}\"}}"), Some(("phpass", phpass.to_owned()))),
            (format!("{{\"p\":\"{drupal}\"}}"), Some(("SHA-512 of Drupal", drupal.to_owned()))),
            (digest("md5", 32), Some(("salted MD5", format!("md5$s${}", "0a".repeat(16))))),
            (digest("sha256", 64), Some(("salted SHA-256", format!("sha256$s${}", "0a".repeat(32))))),
            (digest("sha512", 128), Some(("salted SHA-512", format!("sha512$s${}", "0a".repeat(64))))),
            (digest("my_sha256", 64), None),
            ("{\"etag\":\"sha1$3f9c\"}".to_owned(), None),
            (format!("{{\"p\":\"{}\"}}", &bcrypt[..40]), None),
            (format!("{{\"p\":\"x{bcrypt}\"}}"), None),
            (format!("{{\"invite\":\"https://a.test/new?id=1&token={bcrypt}\"}}"), None),
            (format!("password={bcrypt}"), Some(("bcrypt", bcrypt.to_owned()))),
            ("{\"password\":\"pbkdf2: is a function that derives keys\"}".to_owned(), None),
            ("{\"cost\":\"$5$ and $6$ a month\"}".to_owned(), None),
        ] {
            let found = password_hash_in(body.as_bytes()).map(|(name, hash)| (name, hash.to_owned()));
            assert_eq!(found, expected, "{body}");
        }
    }

    #[test]
    fn a_hash_before_bytes_that_are_no_text_is_found() {
        let mut body = b"$2y$10$EixZaYVK1fsbw1ZfbX3OXePaWxn96p36WQoeG6Lruj3vjPGga31lW ".to_vec();
        body.push(0xff);
        assert_eq!(password_hash_in(&body).map(|(name, _)| name), Some("bcrypt"));
    }
}
