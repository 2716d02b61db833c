//! What answers say about the inside of a server.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use memchr::memmem;

use super::{Response, contains};

/// The shortest name of a product that is no word by itself.
const SHORTEST_NAME: usize = 4;

/// Text that says how a server is built; each with what it is.
const MARKERS: &[(&str, &str)] = &[
    ("Traceback (most recent call last)", "a stack trace"),
    ("\tat java.", "a stack trace"),
    ("at Microsoft.AspNetCore", "a stack trace"),
    ("BEGIN failed--compilation aborted", "a stack trace"),
    ("in 'block in ", "a stack trace"),
    (":in `", "a stack trace"),
    ("undefined method `", "an error of its program"),
    ("undefined method '", "an error of its program"),
    ("Can't locate object method", "an error of its program"),
    ("Use of uninitialized value", "an error of its program"),
    ("Uncaught TypeError", "an error of its program"),
    ("invalid memory address or nil pointer", "an error of its program"),
    ("runtime error: ", "an error of its program"),
    ("unsupported operand type", "an error of its program"),
    ("unhashable type: ", "an error of its program"),
    ("missing 1 required positional argument", "an error of its program"),
    ("at JSON.parse (", "a stack trace"),
    ("Cannot read propert", "an error of its program"),
    (" object is not callable", "an error of its program"),
    (" object has no attribute", "an error of its program"),
    (" object is not subscriptable", "an error of its program"),
    (" codec can't decode", "an error of its program"),
    (" object at 0x", "an error of its program"),
    ("is not a function", "an error of its program"),
    ("java.lang.", "an error of its program"),
    ("    at Object.", "a stack trace"),
    ("at org.springframework", "a stack trace"),
    ("goroutine 1 [", "a stack trace"),
    ("stack backtrace:", "a stack trace"),
    ("panicked at ", "a stack trace"),
    ("System.NullReferenceException", "a stack trace"),
    ("node_modules/", "a file path"),
    ("site-packages/", "a file path"),
    ("/usr/local/", "a file path"),
    ("/usr/share/", "a file path"),
    ("/usr/lib/", "a file path"),
    ("/var/lib/", "a file path"),
    ("/var/www/", "a file path"),
    ("/home/", "a file path"),
    ("C:\\\\", "a file path"),
    ("SQLSTATE[", "an SQL error"),
    ("syntax error at or near", "an SQL error"),
    ("You have an error in your SQL syntax", "an SQL error"),
    ("SELECT * FROM", "an SQL statement"),
    ("ORA-0", "an SQL error"),
    ("SQLITE_", "an SQL error"),
    ("sqlite3.", "an SQL error"),
    ("psycopg2.", "an SQL error"),
    ("sqlalchemy.exc", "an SQL error"),
    ("UNIQUE constraint failed", "an SQL error"),
    ("violates unique constraint", "an SQL error"),
    ("no such column: ", "an SQL error"),
    ("MongoServerError", "an error of its database"),
    ("CastError", "an error of its database"),
];
/// Products whose name with a version in a body gives the version away.
const PRODUCTS: [&str; 10] =
    ["nginx", "Apache", "openresty", "Werkzeug", "gunicorn", "Tomcat", "Jetty", "PHP", "Python", "Express"];

/// Any of the markers: most answers have none, and are then done with in one look.
static ANY_MARKER: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(MARKERS.iter().map(|(marker, _)| marker)).ok());

/// What the body of an answer says about the inside of its server. What was sent may be repeated, and says nothing; it is looked at
/// where something was found.
pub fn internals_in(response: &Response, sent: impl Fn() -> Vec<u8>) -> Option<String> {
    let body = String::from_utf8_lossy(&response.body);
    let own = |marker: &str| shows(&body, marker) && !contains(&sent(), marker.as_bytes());
    let has_any = ANY_MARKER.as_ref().is_none_or(|any| any.is_match(&*body));
    if let Some((_, says)) = MARKERS.iter().filter(|_| has_any).find(|(marker, _)| own(marker)) {
        return Some((*says).to_owned());
    }
    let known = PRODUCTS.into_iter().map(str::to_owned);
    let mut products = known.chain(products_of(response));
    let versioned = products.find(|product| has_version(&body, product))?;
    Some(format!("the version of {versioned}"))
}

/// Whether a text has a marker. A path is none of a file where it is a part of an address, or an attribute of a page: links of an
/// error page lead to places of the site.
fn shows(body: &str, marker: &str) -> bool {
    memmem::find_iter(body.as_bytes(), marker).any(|at| {
        let before = &body[..at];
        let goes_on = before.ends_with(|c: char| c.is_ascii_alphanumeric() || "./-_".contains(c));
        let is_attribute = before.trim_end_matches(['"', '\'']).ends_with('=');
        !marker.starts_with('/') || !(goes_on || is_attribute)
    })
}

/// Names of products in the fields that name them (RFC 9110 §10.2.4).
fn products_of(response: &Response) -> impl Iterator<Item = String> {
    let fields = ["server", "x-powered-by"].into_iter().filter_map(|name| response.header(name));
    let words = fields.flat_map(|field| {
        let words = field.split([' ', ',', '(', ')']).map(|word| word.split('/').next().unwrap_or_default().to_owned());
        words.collect::<Vec<_>>()
    });
    words.filter(|name| name.len() >= SHORTEST_NAME && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-'))
}

/// Whether a text has the name with a version behind it, such as `nginx/1.22` or `CherryPy 18.8`.
fn has_version(body: &str, product: &str) -> bool {
    memmem::find_iter(body.as_bytes(), product).any(|at| {
        let alone = body[..at].chars().next_back().is_none_or(|before| !before.is_ascii_alphanumeric());
        let behind = &body[at + product.len()..];
        let rest = behind.get(1..).unwrap_or_default().trim_start_matches(|c: char| c.is_ascii_digit());
        let begins = |text: Option<&str>| text.is_some_and(|text| text.starts_with(|c: char| c.is_ascii_digit()));
        let is_number = begins(behind.get(1..));
        // behind a space a number may count something else
        alone && is_number && (behind.starts_with('/') || (behind.starts_with(' ') && begins(rest.strip_prefix('.'))))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(server: &str, body: &str, sent: &str) -> Option<String> {
        let headers = vec![("server".to_owned(), server.as_bytes().to_vec())];
        internals_in(&Response { status: 500, headers, body: body.as_bytes().to_vec(), truncated: false }, || {
            sent.into()
        })
    }

    #[test]
    fn versions_stack_traces_and_paths_are_internals() {
        for (server, body, expected) in [
            ("", "<hr>nginx/1.22.1</hr>", Some("the version of nginx")),
            ("", "Traceback (most recent call last):", Some("a stack trace")),
            ("", "in /usr/local/lib/python3", Some("a file path")),
            ("CherryPy/18.8.0", "Powered by CherryPy 18.8.0", Some("the version of CherryPy")),
            ("Icinga/r2.13", "nothing", None),
            ("", "PHP/8", Some("the version of PHP")),
            ("Monit", "Monit 5 minutes ago", None),
            ("Monit", "NoMonit 5.3", None),
            ("a b", "a 1.2", None),
            ("", "'NoneType' object is not callable", Some("an error of its program")),
            ("", "&#39;NoneType&#39; object has no attribute &#39;encode&#39;", Some("an error of its program")),
            ("", "in /home/app/main.php on line 3", Some("a file path")),
            ("", "{\"path\":\"/home/app/main.js\"}", Some("a file path")),
            ("", "<a href=\"/home/\">back</a>", None),
            ("", "<a href='/home/start'>", None),
            ("", "https://shop.example/home/", None),
            ("", "undefined method `unpack' for nil:NilClass", Some("an error of its program")),
            ("", "app.rb:12:in `block in <main>'", Some("a stack trace")),
            ("", "SQLITE_ERROR: no such column: nam", Some("an SQL error")),
            ("", "an error", None),
        ] {
            assert_eq!(says(server, body, "GET / HTTP/1.1").as_deref(), expected, "{server}: {body}");
        }
    }

    #[test]
    fn what_was_sent_is_no_internal() {
        assert_eq!(says("", "no such file: /home/x", "GET /?file=/home/x HTTP/1.1"), None);
    }
}
