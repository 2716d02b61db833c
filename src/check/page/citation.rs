//! Where the documents that checks cite can be read.

/// The address of a cited clause, where the document has a stable one.
pub fn url_of(source: &str) -> Option<String> {
    let (document, section) = match source.split_once('§') {
        Some((document, section)) => (document.trim(), Some(section.trim())),
        None => (source.trim(), None),
    };
    if let Some(number) = document.strip_prefix("RFC ") {
        let anchor = section.map(|section| format!("#section-{section}")).unwrap_or_default();
        return Some(format!("https://www.rfc-editor.org/rfc/rfc{number}.html{anchor}"));
    }
    if let Some(number) = document.strip_prefix("CWE-") {
        return Some(format!("https://cwe.mitre.org/data/definitions/{number}.html"));
    }
    if document.starts_with("ASVS") {
        return Some("https://owasp.org/www-project-application-security-verification-standard/".to_owned());
    }
    if let Some(rest) = document.strip_prefix("OWASP API") {
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        return Some(format!("https://owasp.org/API-Security/editions/2023/en/0x11-t10/#api{number}"));
    }
    if document.starts_with("WSTG") {
        return Some("https://owasp.org/www-project-web-security-testing-guide/".to_owned());
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_have_addresses() {
        assert_eq!(url_of("RFC 6750 §3.1").as_deref(), Some("https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1"));
        assert_eq!(url_of("CWE-287").as_deref(), Some("https://cwe.mitre.org/data/definitions/287.html"));
        assert_eq!(url_of("a vendor's custom"), None);
    }
}
