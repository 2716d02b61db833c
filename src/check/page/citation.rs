//! Where the documents that checks cite can be read.

/// The address of a cited clause, where the document has a stable one.
pub fn url_of(source: &str) -> Option<String> {
    let (document, section) = match source.split_once('§') {
        Some((document, section)) => (document.trim(), Some(section.trim())),
        None => (source.trim(), None),
    };
    if let Some(rest) = document.strip_prefix("RFC ") {
        let number: String = rest.chars().take_while(char::is_ascii_digit).collect();
        let anchor = section.and_then(anchor).unwrap_or_default();
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
    if document.starts_with("AWS SigV4") {
        return Some("https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html".to_owned());
    }
    if document.starts_with("WSTG") {
        return Some("https://owasp.org/www-project-web-security-testing-guide/".to_owned());
    }
    None
}

/// The anchor of a section: appendices have letters. What follows its number is a remark.
fn anchor(section: &str) -> Option<String> {
    let number = section.split(' ').next().filter(|number| !number.is_empty())?;
    let is_appendix = number.starts_with(|c: char| c.is_ascii_uppercase());
    Some(format!("#{}-{number}", if is_appendix { "appendix" } else { "section" }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clauses_have_addresses() {
        assert_eq!(url_of("RFC 6750 §3.1").as_deref(), Some("https://www.rfc-editor.org/rfc/rfc6750.html#section-3.1"));
        for (source, anchor) in [
            ("RFC 6749 §A.14", "rfc6749.html#appendix-A.14"),
            ("RFC 7515 §C", "rfc7515.html#appendix-C"),
            ("RFC 9111 §5.4 (Pragma is deprecated)", "rfc9111.html#section-5.4"),
            ("RFC 6585", "rfc6585.html"),
        ] {
            assert_eq!(url_of(source), Some(format!("https://www.rfc-editor.org/rfc/{anchor}")), "{source}");
        }
        assert_eq!(url_of("CWE-287").as_deref(), Some("https://cwe.mitre.org/data/definitions/287.html"));
        assert_eq!(url_of("a vendor's custom"), None);
    }
}
