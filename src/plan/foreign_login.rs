//! Logins and logouts that a page of another site makes a browser send, logins that lead to another site or name another host, and
//! logouts without a credential.

use std::sync::Arc;

use super::login::{
    BesideWrites, CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText,
};
use super::query_login::named_texts;
use crate::check::step::{FOREIGN_HOST, FOREIGN_ORIGIN, ForeignHost, ReturnTo};

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
    /// The same login as a page of another site makes a browser send it: what such a page cannot know is left out of the request
    /// with the password, and JSON comes as text. None where no form could send it.
    #[must_use]
    pub fn from_foreign_page(&self) -> Option<Arc<Self>> {
        self.with_password_step(of_foreign_page)
    }

    /// The same with the members of JSON as the fields of a form; none where it is no JSON.
    #[must_use]
    pub fn from_foreign_form(&self) -> Option<Arc<Self>> {
        self.with_password_step(|step| {
            let step = of_foreign_page(step)?;
            let Some(LoginBody::Json(json)) = &step.body else { return None };
            let fields = named_texts(json, "");
            Some(LoginStep { body: Some(LoginBody::Form(fields)), media: None, ..step })
        })
    }

    /// The same login with another request in place of the one with the password.
    fn with_password_step(&self, change: impl FnOnce(&LoginStep) -> Option<LoginStep>) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let mut steps = steps.clone();
        let step = steps.iter_mut().find(|step| step.parts().any(|part| matches!(part, LoginPart::Password)))?;
        *step = change(step)?;
        Some(Arc::new(Self { source: CredentialSource::Requests(steps), ..self.clone() }))
    }

    /// The same, whose logout comes from a page of another site; none where no link and no form could send it.
    #[must_use]
    pub fn with_foreign_logout(&self) -> Option<Arc<Self>> {
        let logout: Option<Vec<LoginStep>> = self.logout.iter().map(of_foreign_page).collect();
        let logout = logout.filter(|steps| !steps.is_empty())?;
        Some(Arc::new(Self { logout, beside_writes: BesideWrites::default(), ..self.clone() }))
    }

    /// The same, whose logout has nothing that only its user has; none where its address has.
    #[must_use]
    pub fn with_bare_logout(&self) -> Option<Arc<Self>> {
        let logout: Option<Vec<LoginStep>> = self.logout.iter().map(without_credential).collect();
        let logout = logout.filter(|steps| !steps.is_empty())?;
        Some(Arc::new(Self { logout, beside_writes: BesideWrites::default(), ..self.clone() }))
    }

    /// The same, whose logout is a link on a page of another site: GET of the address to which the last request of the logout goes
    /// that changes something, or of the last one. None where only the site itself knows that address.
    #[must_use]
    pub fn with_logout_link(&self) -> Option<Arc<Self>> {
        let step = self.logout.iter().rfind(|step| step.method != "GET").or(self.logout.last())?;
        let mut headers = step.headers.clone();
        headers.retain(|(name, text)| !is_of_answers(text) && is_plain(name));
        // what a browser says of a link that is followed (Fetch Metadata Request Headers §2)
        for (name, value) in [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "navigate")] {
            headers.push((name.to_owned(), LoginText::plain(value)));
        }
        let link = LoginStep {
            method: "GET",
            address: without_answers(&step.address)?,
            headers,
            basic: None,
            client: None,
            media: None,
            body: None,
            success: None,
            ..step.clone()
        };
        Some(Arc::new(Self { logout: vec![link], beside_writes: BesideWrites::default(), ..self.clone() }))
    }

    /// The same login, each of whose requests names a foreign host.
    #[must_use]
    pub fn naming_host(&self, place: ForeignHost) -> Option<Arc<Self>> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let steps = steps.iter().map(|step| naming(step, place));
        let source = CredentialSource::Requests(steps.collect());
        Some(Arc::new(Self { source, ..self.clone() }))
    }

    /// The path of the page with the login, with its query, which asks to lead elsewhere afterwards: the first that the login asks
    /// the target for, or where it posts the password; none where neither is known.
    pub fn page_returning_to(&self, site: ReturnTo) -> Option<String> {
        let CredentialSource::Requests(steps) = &self.source else { return None };
        let of_page = || steps.first().filter(|step| step.method == "GET")?.address.known();
        let is_own = |path: &String| path.starts_with('/') && !path.starts_with("//");
        let path = of_page().or_else(|| self.path_for("GET")).filter(is_own)?;
        let path = path.split('#').next().unwrap_or_default();
        Some(format!("{path}{}{}", if path.contains('?') { '&' } else { '?' }, ways_to(site)))
    }

    /// The same login, which asks to lead to another site afterwards.
    #[must_use]
    pub fn returning_to(&self, site: ReturnTo) -> Option<Arc<Self>> {
        let address = address_of(site);
        self.with_password_step(|step| {
            let mut step = step.clone();
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

/// A request that names a foreign host.
pub(super) fn naming(step: &LoginStep, place: ForeignHost) -> LoginStep {
    let (forwarded, page) = (format!("host={FOREIGN_HOST}"), format!("http://{FOREIGN_HOST}/"));
    let fields: &[(&str, &str)] = match place {
        ForeignHost::Host => &[("Host", FOREIGN_HOST)],
        ForeignHost::Forwarded => {
            &[("X-Forwarded-Host", FOREIGN_HOST), ("X-Forwarded-Server", FOREIGN_HOST), ("Forwarded", &forwarded)]
        }
        ForeignHost::Referer => &[("Referer", &page)],
    };
    let mut step = step.clone();
    step.headers.retain(|(own, _)| !fields.iter().any(|(name, _)| own.eq_ignore_ascii_case(name)));
    step.headers.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), LoginText::plain(*value))));
    step
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

/// A request as a form or a link of another site makes a browser send it; none where its method needs the consent of the target, or
/// it has fields that need it (Fetch, CORS protocol).
fn of_foreign_page(step: &LoginStep) -> Option<LoginStep> {
    if !matches!(step.method, "GET" | "POST") || step.basic.is_some() || step.client.is_some() {
        return None;
    }
    let mut step = LoginStep { address: without_answers(&step.address)?, ..step.clone() };
    step.headers.retain(|(name, text)| !is_of_answers(text) && is_plain(name));
    for (name, value) in [("Origin", FOREIGN_ORIGIN), ("Sec-Fetch-Site", "cross-site")] {
        step.headers.push((name.to_owned(), LoginText::plain(value)));
    }
    match &mut step.body {
        Some(LoginBody::Form(fields)) => fields.retain(|(_, text)| !is_of_answers(text)),
        Some(LoginBody::Json(json)) => {
            if let LoginJson::Object(members) = json {
                members.retain(|(_, item)| !matches!(item, LoginJson::Text(text) if is_of_answers(text)));
            }
            step.media = Some("text/plain");
        }
        Some(LoginBody::Malformed(_)) => return None,
        None => {}
    }
    Some(step)
}

/// A request without what comes from answers, and without the password; none where its address has any of it.
fn without_credential(step: &LoginStep) -> Option<LoginStep> {
    let is_of_user = |text: &LoginText| is_of_answers(text) || text.0.contains(&LoginPart::Password);
    if is_of_user(&step.address) {
        return None;
    }
    let mut step = step.clone();
    step.headers.retain(|(_, text)| !is_of_user(text));
    step.basic = step.basic.filter(|(user, password)| !is_of_user(user) && !is_of_user(password));
    match &mut step.body {
        Some(LoginBody::Form(fields)) => fields.retain(|(_, text)| !is_of_user(text)),
        Some(LoginBody::Json(LoginJson::Object(members))) => {
            members.retain(|(_, item)| !matches!(item, LoginJson::Text(text) if is_of_user(text)));
        }
        _ => {}
    }
    Some(step)
}

/// An address without those parameters that only the site itself can read; none where its path has one.
fn without_answers(address: &LoginText) -> Option<LoginText> {
    if !is_of_answers(address) {
        return Some(address.clone());
    }
    // the path, and then each parameter
    let mut pieces: Vec<Vec<LoginPart>> = vec![Vec::new()];
    for part in &address.0 {
        let LoginPart::Plain(text) = part else {
            pieces.last_mut()?.push(part.clone());
            continue;
        };
        for (at, piece) in text.split_inclusive(['?', '&']).enumerate() {
            if at > 0 {
                pieces.push(Vec::new());
            }
            pieces.last_mut()?.push(LoginPart::Plain(piece.to_owned()));
        }
        if text.ends_with(['?', '&']) {
            pieces.push(Vec::new());
        }
    }
    let has_answers = |piece: &Vec<LoginPart>| piece.iter().any(is_an_answer);
    if pieces.first().is_none_or(has_answers) {
        return None;
    }
    pieces.retain(|piece| !has_answers(piece));
    let mut parts = pieces.concat();
    if let Some(LoginPart::Plain(last)) = parts.last_mut() {
        last.truncate(last.trim_end_matches(['?', '&']).len());
    }
    Some(LoginText(parts))
}

/// Whether a text has something that only the site itself can read.
pub(super) fn is_of_answers(text: &LoginText) -> bool {
    text.0.iter().any(is_an_answer)
}

fn is_an_answer(part: &LoginPart) -> bool {
    matches!(
        part,
        LoginPart::Pointer(_)
            | LoginPart::Header(_)
            | LoginPart::Cookie(_)
            | LoginPart::Input(_)
            | LoginPart::Location(_)
            | LoginPart::Token
    )
}

/// Whether a form of another site sends a field by itself.
fn is_plain(name: &str) -> bool {
    ["accept", "accept-language", "user-agent"].iter().any(|plain| name.eq_ignore_ascii_case(plain))
}

#[cfg(test)]
mod tests {
    use super::super::changed_login::tests::login_in_test;
    use super::*;

    fn text(part: LoginPart) -> LoginText {
        LoginText(vec![part])
    }

    fn form() -> LoginBody {
        LoginBody::Form(vec![
            ("csrf".to_owned(), text(LoginPart::Input("csrf".to_owned()))),
            ("user".to_owned(), text(LoginPart::Username)),
            ("next".to_owned(), LoginText::plain("/home")),
            ("password".to_owned(), text(LoginPart::Password)),
        ])
    }

    fn step_of(login: &LoginProcedure) -> &LoginStep {
        let CredentialSource::Requests(steps) = &login.source else { panic!("requests") };
        &steps[0]
    }

    #[test]
    fn a_page_of_another_site_knows_no_token_and_sends_no_json() {
        let login = login_in_test("/login", form(), ("alice", "pass"));
        let foreign = login.from_foreign_page().expect("a form can send it");
        let Some(LoginBody::Form(fields)) = &step_of(&foreign).body else { panic!("a form") };
        assert_eq!(fields.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>(), ["user", "next", "password"]);
        let named: Vec<&str> = step_of(&foreign).headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!((named, step_of(&foreign).media), (vec!["Origin", "Sec-Fetch-Site"], None));

        let member = |name: &str, part| (name.to_owned(), LoginJson::Text(text(part)));
        let json = LoginJson::Object(vec![member("u", LoginPart::Username), member("p", LoginPart::Password)]);
        let login = login_in_test("/login", LoginBody::Json(json), ("alice", "pass"));
        assert_eq!(step_of(&login.from_foreign_page().expect("as text")).media, Some("text/plain"));
    }

    #[test]
    fn each_request_of_a_login_names_the_foreign_host_and_no_other() {
        let mut login = login_in_test("/login", form(), ("alice", "pass"));
        let CredentialSource::Requests(steps) = &mut login.source else { panic!("requests") };
        steps[0].headers = vec![("host".to_owned(), LoginText::plain("app.example"))];
        steps.push(steps[0].clone());
        for (place, expected) in [
            (ForeignHost::Host, vec!["Host"]),
            (ForeignHost::Forwarded, vec!["host", "X-Forwarded-Host", "X-Forwarded-Server", "Forwarded"]),
        ] {
            let naming = login.naming_host(place).expect("has requests");
            let CredentialSource::Requests(steps) = &naming.source else { panic!("requests") };
            for step in steps {
                let names: Vec<&str> = step.headers.iter().map(|(name, _)| name.as_str()).collect();
                assert_eq!(names, expected);
            }
        }
    }

    #[test]
    fn an_address_of_another_site_has_no_token_in_its_query() {
        let token = || LoginPart::Input("csrf".to_owned());
        let plain = |text: &str| LoginPart::Plain(text.to_owned());
        for (parts, expected) in [
            (vec![plain("/out")], Some("/out")),
            (vec![plain("/out?a=1&csrf="), token()], Some("/out?a=1")),
            (vec![plain("/out?csrf="), token()], Some("/out")),
            (vec![plain("/out?csrf="), token(), plain("&a=1")], Some("/out?a=1")),
            (vec![plain("/out/"), token(), plain("?a=1")], None),
        ] {
            let left = without_answers(&LoginText(parts)).map(|text| {
                let plain = text.0.iter().map(|part| match part {
                    LoginPart::Plain(text) => text.as_str(),
                    _ => "answer",
                });
                plain.collect::<String>()
            });
            assert_eq!(left.as_deref(), expected);
        }
    }

    #[test]
    fn a_logout_by_delete_comes_from_no_other_site() {
        let mut login = login_in_test("/login", form(), ("alice", "pass"));
        assert!(login.with_foreign_logout().is_none(), "there is none");
        let logout = step_of(&login).clone();
        for (method, comes) in [("POST", true), ("GET", true), ("DELETE", false)] {
            login.logout = vec![LoginStep { method, ..logout.clone() }];
            assert_eq!(login.with_foreign_logout().is_some(), comes, "{method}");
        }
    }

    #[test]
    fn a_logout_without_a_credential_has_nothing_of_an_answer() {
        let mut login = login_in_test("/login", form(), ("alice", "pass"));
        assert!(login.with_bare_logout().is_none(), "there is none");
        let token = || LoginText(vec![LoginPart::Plain("Bearer ".to_owned()), LoginPart::Token]);
        let logout = LoginStep {
            headers: vec![("Authorization".to_owned(), token()), ("Accept".to_owned(), LoginText::plain("a/b"))],
            body: Some(LoginBody::Form(vec![
                ("token".to_owned(), LoginText(vec![LoginPart::Token])),
                ("everywhere".to_owned(), LoginText::plain("1")),
            ])),
            ..step_of(&login).clone()
        };
        login.logout = vec![logout.clone()];
        let bare = login.with_bare_logout().expect("its address is known");
        let [step] = bare.logout.as_slice() else { panic!("one request") };
        let Some(LoginBody::Form(fields)) = &step.body else { panic!("a form") };
        let names = |pairs: &[(String, LoginText)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        assert_eq!((names(&step.headers), names(fields)), (vec!["Accept".to_owned()], vec!["everywhere".to_owned()]));
        login.logout = vec![LoginStep { address: token(), ..logout }];
        assert!(login.with_bare_logout().is_none());
    }

    #[test]
    fn a_link_to_the_logout_has_no_body_and_no_token() {
        let mut login = login_in_test("/login", form(), ("alice", "pass"));
        assert!(login.with_logout_link().is_none(), "there is none");
        let token = || text(LoginPart::Cookie("csrf".to_owned()));
        let headers = vec![("X-CSRF".to_owned(), token()), ("Accept".to_owned(), LoginText::plain("text/html"))];
        let out = LoginStep { address: LoginText::plain("/out"), headers, ..step_of(&login).clone() };
        let page = LoginStep { method: "GET", address: LoginText::plain("/page"), body: None, ..out.clone() };
        let hidden = LoginStep {
            address: LoginText(vec![LoginPart::Plain("/out/".to_owned()), token().0[0].clone()]),
            ..out.clone()
        };
        let delete = LoginStep { method: "DELETE", ..out.clone() };
        for (steps, address) in [
            (vec![out.clone()], Some("/out")),
            (vec![page.clone(), out.clone()], Some("/out")),
            (vec![out.clone(), page.clone()], Some("/out")),
            (vec![page.clone()], Some("/page")),
            (vec![delete], Some("/out")),
            (vec![hidden], None),
        ] {
            login.logout = steps;
            let link = login.with_logout_link();
            let link = link.as_ref().map(|login| &login.logout[0]);
            assert_eq!(link.and_then(|step| step.address.known()).as_deref(), address);
            let Some(link) = link else { continue };
            let named: Vec<&str> = link.headers.iter().map(|(name, _)| name.as_str()).collect();
            assert_eq!((link.method, link.body.is_some()), ("GET", false));
            assert_eq!(named, ["Accept", "Sec-Fetch-Site", "Sec-Fetch-Mode"]);
        }
    }

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
}
