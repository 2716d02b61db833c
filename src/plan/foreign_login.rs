//! Logins and logouts that a page of another site makes a browser send, logins that name another host, and logouts without a
//! credential.

use std::sync::Arc;

use super::login::{
    BesideWrites, CredentialSource, LoginBody, LoginJson, LoginPart, LoginProcedure, LoginStep, LoginText,
};
use super::query_login::named_texts;
use crate::check::step::{FOREIGN_HOST, FOREIGN_ORIGIN, ForeignHost};

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
    pub(super) fn with_password_step(&self, change: impl FnOnce(&LoginStep) -> Option<LoginStep>) -> Option<Arc<Self>> {
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

    /// The same, whose forms come as text, with which some servers ask for no token; none where it has no form.
    #[must_use]
    pub fn with_foreign_logout_as_text(&self) -> Option<Arc<Self>> {
        let mut login = Self::clone(&*self.with_foreign_logout()?);
        let is_form =
            |step: &&mut LoginStep| step.method == "POST" && matches!(step.body, None | Some(LoginBody::Form(_)));
        let mut has_forms = false;
        for step in login.logout.iter_mut().filter(is_form) {
            has_forms = true;
            step.body.get_or_insert_with(|| LoginBody::Form(Vec::new()));
            step.media = Some("text/plain");
        }
        has_forms.then(|| Arc::new(login))
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
    let mut pieces = pieces_of(address);
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

/// The path of an address, and then each parameter, each with what parts it from the next.
pub(super) fn pieces_of(address: &LoginText) -> Vec<Vec<LoginPart>> {
    let mut pieces: Vec<Vec<LoginPart>> = Vec::new();
    let mut last = Vec::new();
    for part in &address.0 {
        let LoginPart::Plain(text) = part else {
            last.push(part.clone());
            continue;
        };
        for (at, piece) in text.split_inclusive(['?', '&']).enumerate() {
            if at > 0 {
                pieces.push(std::mem::take(&mut last));
            }
            last.push(LoginPart::Plain(piece.to_owned()));
        }
        if text.ends_with(['?', '&']) {
            pieces.push(std::mem::take(&mut last));
        }
    }
    pieces.push(last);
    pieces
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
pub(super) mod tests {
    use super::super::changed_login::tests::login_in_test;
    use super::*;

    pub(crate) fn text(part: LoginPart) -> LoginText {
        LoginText(vec![part])
    }

    pub(crate) fn form() -> LoginBody {
        LoginBody::Form(vec![
            ("csrf".to_owned(), text(LoginPart::Input("csrf".to_owned()))),
            ("user".to_owned(), text(LoginPart::Username)),
            ("next".to_owned(), LoginText::plain("/home")),
            ("password".to_owned(), text(LoginPart::Password)),
        ])
    }

    pub(crate) fn step_of(login: &LoginProcedure) -> &LoginStep {
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
            let as_text = login.with_foreign_logout_as_text();
            assert_eq!(as_text.is_some(), method == "POST", "{method}");
            assert!(as_text.is_none_or(|login| login.logout[0].media == Some("text/plain")));
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
}
