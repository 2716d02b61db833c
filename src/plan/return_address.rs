//! Logins that ask to lead to another site afterwards.

use std::sync::Arc;

use super::foreign_login::pieces_of;
use super::login::{CredentialSource, LoginBody, LoginPart, LoginProcedure, LoginStep, LoginText};
use crate::check::step::{FOREIGN_ORIGIN, ReturnTo};

/// Names of parameters that say where a login leads.
const WAYS: [&str; 18] = [
    "next",
    "return_to",
    "returnTo",
    "return",
    "returnUrl",
    "ReturnUrl",
    "redirect",
    "redirect_to",
    "redirect_uri",
    "redirect_url",
    "url",
    "continue",
    "goto",
    "target",
    "came_from",
    "rd",
    "destination",
    "redirectUrl",
];

/// What the name of a field ends with that says where a login leads, in small letters and without what joins its words; that of
/// OAuth (`redirect_uri`) is none.
const ENDS_OF_WAYS: [&str; 26] = [
    "next",
    "nexturl",
    "nextpage",
    "return",
    "returnto",
    "returnurl",
    "returnpath",
    "redirect",
    "redirectto",
    "redirecturl",
    "goto",
    "continue",
    "continueto",
    "camefrom",
    "back",
    "backto",
    "backurl",
    "dest",
    "destination",
    "destinationurl",
    "url",
    "target",
    "targeturl",
    "service",
    "rd",
    "forwardurl",
];

/// Whether a field says by its name where a login leads, whatever is before that: `login_nexturl`, `user[return_to]`, `nextUrl`.
fn is_named_way(name: &str) -> bool {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for c in name.chars() {
        if !c.is_ascii_alphanumeric() || (was_small && c.is_ascii_uppercase()) {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        was_small = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    (0..words.len()).any(|at| ENDS_OF_WAYS.contains(&words[at..].concat().as_str()))
}

/// Whether a field says where a login leads: a path, or what has the name of one and no other value of its own.
fn is_way(name: &str, text: &LoginText) -> bool {
    let is_account = |part: &LoginPart| matches!(part, LoginPart::Username | LoginPart::Password);
    match text.whole() {
        Some(text) if text.starts_with('/') => true,
        Some(text) => (text.is_empty() || text.contains("://")) && is_named_way(name),
        None => is_named_way(name) && !text.0.iter().any(is_account),
    }
}

impl LoginProcedure {
    /// The path of the page with the login, with its query, which asks to lead elsewhere afterwards: the first that the login asks
    /// the target for, or where it posts the password; none where neither is known.
    pub fn page_returning_to(&self, site: ReturnTo) -> Option<String> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let of_page = || steps.first().filter(|step| step.method == "GET")?.address.known();
        let is_own = |path: &String| path.starts_with('/') && !path.starts_with("//");
        let path = of_page().or_else(|| self.path_for("GET")).filter(is_own)?;
        let path = path.split('#').next().unwrap_or_default();
        let path = leading(&LoginText::plain(path), &address_of(site)).known()?;
        Some(format!("{path}{}{}", if path.contains('?') { '&' } else { '?' }, ways_to(site)))
    }

    /// The same login, which asks to lead to another site afterwards.
    #[must_use]
    pub fn returning_to(&self, site: ReturnTo) -> Option<Arc<Self>> {
        let address = address_of(site);
        self.with_password_step(|step| {
            let mut step = LoginStep { address: leading(&step.address, &address), ..step.clone() };
            let has_query =
                step.address.0.iter().any(|part| matches!(part, LoginPart::Plain(text) if text.contains('?')));
            let ways = ways_to(site);
            step.address.0.push(LoginPart::Plain(format!("{}{ways}", if has_query { '&' } else { '?' })));
            if let Some(LoginBody::Form(fields)) = &mut step.body {
                fields.retain(|(name, _)| !WAYS.contains(&name.as_str()));
                for (_, text) in fields.iter_mut().filter(|(name, text)| is_way(name, text)) {
                    *text = LoginText::plain(&address);
                }
                fields.extend(WAYS.map(|way| (way.to_owned(), LoginText::plain(&address))));
            }
            Some(step)
        })
    }
}

/// An address whose own parameters that lead somewhere lead there: a server may read the first of several with one name.
fn leading(address: &LoginText, to: &str) -> LoginText {
    let mut pieces = pieces_of(address);
    for piece in pieces.iter_mut().skip(1) {
        if let Some(led) = led(piece, to) {
            *piece = vec![LoginPart::Plain(led)];
        }
    }
    LoginText(pieces.concat())
}

/// A parameter that leads there; none where it leads nowhere by itself.
fn led(piece: &[LoginPart], to: &str) -> Option<String> {
    let (LoginPart::Plain(first), rest) = piece.split_first()? else { return None };
    let (name, start) = first.split_once('=')?;
    let ends = |text: &str| if text.ends_with('&') { "&" } else { "" };
    let (end, value) = match rest {
        [] => {
            let value = url::form_urlencoded::parse(start.trim_end_matches('&').as_bytes()).next();
            (ends(start), LoginText::plain(value.map_or_else(String::new, |(value, _)| value.into_owned())))
        }
        [.., LoginPart::Plain(last)] => (ends(last), LoginText(rest.to_vec())),
        _ => ("", LoginText(rest.to_vec())),
    };
    let encoded: String = url::form_urlencoded::byte_serialize(to.as_bytes()).collect();
    is_way(name, &value).then(|| format!("{name}={encoded}{end}"))
}

fn address_of(site: ReturnTo) -> String {
    match site {
        ReturnTo::Address => format!("{FOREIGN_ORIGIN}/"),
        ReturnTo::Unreadable => "http://[authbench".to_owned(),
        ReturnTo::TwoSlashes => format!("//{}/", foreign_site()),
        ReturnTo::Backslash => format!("/\\{}/", foreign_site()),
        ReturnTo::TabBetween => format!("/\t/{}/", foreign_site()),
        ReturnTo::Slashes => "//".to_owned(),
        ReturnTo::PercentSign => "%".to_owned(),
        ReturnTo::Script => "javascript:authbench".to_owned(),
        ReturnTo::Long => format!("/{}", "a".repeat(4095)),
    }
}

/// The host of the other site.
fn foreign_site() -> &'static str {
    &FOREIGN_ORIGIN["https://".len()..]
}

/// The same as a query: under each name, but for what would be longer than servers read.
fn ways_to(site: ReturnTo) -> String {
    let encoded: String = url::form_urlencoded::byte_serialize(address_of(site).as_bytes()).collect();
    let names = if site == ReturnTo::Long { &WAYS[..1] } else { &WAYS };
    names.iter().map(|way| format!("{way}={encoded}")).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::super::changed_login::tests::login_in_test;
    use super::super::foreign_login::tests::{form, step_of, text};
    use super::*;

    #[test]
    fn the_page_of_a_login_is_asked_where_its_address_is_known() {
        let mut login = login_in_test("/login?x=1", form(), ("alice", "pass"));
        let page = |login: &LoginProcedure, site| login.page_returning_to(site);
        let asked = page(&login, ReturnTo::PercentSign).expect("where it posts the password");
        assert!(asked.starts_with("/login?next=%25&return_to=%25&"), "{asked}");
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        let first = LoginStep { method: "GET", address: LoginText::plain("/in?a=1"), body: None, ..steps[0].clone() };
        steps.insert(0, first);
        let asked = page(&login, ReturnTo::Long).expect("is known");
        assert!(asked.starts_with("/in?a=1&next=%2Faaa") && !asked.contains("return_to"), "{asked}");
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        steps[0].address = LoginText::plain("https://id.example/in");
        assert!(page(&login, ReturnTo::Slashes).is_none(), "it is at another host");
    }

    #[test]
    fn a_field_leads_somewhere_by_its_name_or_its_value() {
        let input = || text(LoginPart::Input("field".to_owned()));
        for (name, own, leads) in [
            ("login_nexturl", input(), true),
            ("user[return_to]", input(), true),
            ("loginReturnUrl", input(), true),
            ("_target", input(), true),
            ("NEXT", input(), true),
            ("BackURL", input(), true),
            ("came-from", LoginText::plain(""), true),
            ("login_url", LoginText::plain("https://app.example/home"), true),
            ("afterwards", LoginText::plain("/home"), true),
            ("afterwards", input(), false),
            ("redirect_uri", input(), false),
            ("feedback", input(), false),
            ("csrf", input(), false),
            ("login_service", LoginText::plain("mail"), false),
            ("url", text(LoginPart::Username), false),
        ] {
            assert_eq!(is_way(name, &own), leads, "{name}");
        }
        let LoginBody::Form(mut fields) = form() else { panic!("a form") };
        fields.push(("login_nexturl".to_owned(), text(LoginPart::Input("login_nexturl".to_owned()))));
        let asking =
            login_in_test("/login", LoginBody::Form(fields), ("alice", "pass")).returning_to(ReturnTo::Address);
        let asking = asking.expect("it takes a password");
        let Some(LoginBody::Form(fields)) = &step_of(&asking).body else { panic!("a form") };
        let value = |wanted: &str| fields.iter().find(|(name, _)| name == wanted).map(|(_, text)| text.whole());
        assert_eq!(value("login_nexturl"), Some(Some("https://authbench.example/")));
        assert_eq!(value("csrf"), Some(None), "what the page gives stays");
    }

    #[test]
    fn a_login_has_the_other_site_in_its_address_and_in_its_form() {
        let LoginBody::Form(mut fields) = form() else { panic!("a form") };
        fields.push(("afterwards".to_owned(), LoginText::plain("/home")));
        let login = login_in_test("/login?x=1", LoginBody::Form(fields), ("alice", "pass"));
        for (site, address, encoded) in [
            (ReturnTo::Address, "https://authbench.example/", "https%3A%2F%2Fauthbench.example%2F"),
            (ReturnTo::TwoSlashes, "//authbench.example/", "%2F%2Fauthbench.example%2F"),
            (ReturnTo::Backslash, "/\\authbench.example/", "%2F%5Cauthbench.example%2F"),
            (ReturnTo::TabBetween, "/\t/authbench.example/", "%2F%09%2Fauthbench.example%2F"),
        ] {
            let asking = login.returning_to(site).expect("it takes a password");
            let LoginPart::Plain(query) = step_of(&asking).address.0.last().expect("a query") else {
                panic!("is plain")
            };
            assert!(query.starts_with(&format!("&next={encoded}&")), "{query}");
            let Some(LoginBody::Form(fields)) = &step_of(&asking).body else { panic!("a form") };
            for way in ["next", "afterwards"] {
                let to: Vec<_> = fields.iter().filter(|(name, _)| name == way).map(|(_, text)| text.whole()).collect();
                assert_eq!(to, [Some(address)], "{way}");
            }
        }
    }

    #[test]
    fn what_leads_somewhere_by_itself_leads_there() {
        let input = || LoginPart::Input("next".to_owned());
        let plain = |text: &str| LoginPart::Plain(text.to_owned());
        for (parts, expected) in [
            (vec![plain("/in")], "/in"),
            (vec![plain("/in?a=1&url=")], "/in?a=1&url=%2F%2Fo"),
            (vec![plain("/in?project=demo")], "/in?project=demo"),
            (vec![plain("/in?next=%2Fhome&a=1")], "/in?next=%2F%2Fo&a=1"),
            (vec![plain("/in?service=mail&after=/home")], "/in?service=mail&after=%2F%2Fo"),
            (vec![plain("/in?next="), input(), plain("&a=1")], "/in?next=%2F%2Fo&a=1"),
            (vec![plain("/in?a=1&next="), input()], "/in?a=1&next=%2F%2Fo"),
            (vec![plain("/in?user="), LoginPart::Username], "/in?user=+"),
        ] {
            let led = leading(&LoginText(parts), "//o");
            let shown = led.0.iter().map(|part| match part {
                LoginPart::Plain(text) => text.as_str(),
                _ => "+",
            });
            assert_eq!(shown.collect::<String>(), expected);
        }
    }
}
