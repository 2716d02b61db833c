//! The values of a scenario: variables and files, read or made up.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::file::{Folder, SECRET_LIMIT};
use crate::scenario::text::path_mistake;
use crate::scenario::{Environment, LoadedScenario, NoVariables, ScenarioError, Template, TemplateError, ValueError};
use crate::secret::Secret;

/// What stands for a value that is not read.
const UNREAD: &str = "unread";

/// Reads the values of a scenario, or gives others in their place.
pub struct Values<'a> {
    loaded: &'a LoadedScenario,
    /// None: no variable and no file is read.
    environment: Option<&'a dyn Environment>,
    folder: Folder,
    errors: RefCell<Vec<ScenarioError>>,
    /// What is private about keys that were read.
    noted: RefCell<Vec<Secret>>,
    /// Names of the variables that were read; where nothing is read, of those without a default.
    used: RefCell<BTreeSet<String>>,
}

/// An environment that remembers what was read of it.
struct Remembering<'a> {
    environment: &'a dyn Environment,
    used: &'a RefCell<BTreeSet<String>>,
}

impl Environment for Remembering<'_> {
    fn variable(&self, name: &str) -> Option<String> {
        let value = self.environment.variable(name);
        if value.is_some() && self.allows(name) {
            self.used.borrow_mut().insert(name.to_owned());
        }
        value
    }

    fn allows(&self, name: &str) -> bool {
        self.environment.allows(name)
    }
}

impl<'a> Values<'a> {
    /// Reads variables and files.
    pub fn reading(loaded: &'a LoadedScenario, environment: &'a dyn Environment) -> Self {
        Self { environment: Some(environment), ..Self::blind(loaded) }
    }

    /// Reads nothing.
    pub fn blind(loaded: &'a LoadedScenario) -> Self {
        let (errors, noted, used) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { loaded, environment: None, folder: loaded.folder(), errors, noted, used }
    }

    /// The value of a template; a mistake is kept until [`Values::finish`].
    pub fn text(&self, template: &Template) -> String {
        let Some(environment) = self.environment else {
            self.used.borrow_mut().extend(template.variables());
            return if template.written().contains("${") { UNREAD.to_owned() } else { template.written().to_owned() };
        };
        self.read(template, environment).unwrap_or_else(|| UNREAD.to_owned())
    }

    /// The value of a template, if it has one.
    fn read(&self, template: &Template, environment: &dyn Environment) -> Option<String> {
        let read = template.resolve(&Remembering { environment, used: &self.used }, &self.folder);
        let mistake = |why: &TemplateError| {
            self.mistake(self.loaded.error(template.place(), why.to_string()).with_help(why.help()));
        };
        read.inspect_err(mistake).ok()
    }

    /// The path of a request. Where nothing is read, a path that names a variable or a file stays as it is written.
    pub(super) fn request_path(&self, template: &Template) -> String {
        let has_references = !template.references().is_empty();
        let path = match self.environment {
            None if has_references => {
                self.used.borrow_mut().extend(template.variables());
                None
            }
            None => self.read(template, &NoVariables),
            Some(environment) => self.read(template, environment),
        };
        let Some(path) = path else { return template.written().to_owned() };
        let (message, help) = match path_mistake(&path) {
            None => return path,
            Some(ValueError::Path) => (
                "the path does not start with `/`",
                "write `/` before the value, as in `GET /${VAR}`, or start the value with `/`",
            ),
            Some(_) => (
                "the path contains white space or a control character, which no request line can carry",
                "remove it from the value, or percent-encode it: a space is `%20`",
            ),
        };
        self.mistake(self.loaded.error(template.place(), message).with_help(help));
        path
    }

    /// The value of a template that is a secret.
    pub(super) fn secret(&self, template: &Template) -> Secret {
        Secret::new(self.text(template))
    }

    /// The value of a template that is sent as a credential: control characters in it are a mistake.
    pub(super) fn credential(&self, template: &Template) -> Secret {
        let secret = self.secret(template);
        if secret.has_control_characters() {
            let error = self
                .loaded
                .error(template.place(), "the value contains a control character, which a request cannot carry");
            self.mistake(error.with_help("remove it; often it is a line break at the end of a variable"));
        }
        secret
    }

    /// The value of a template that is sent in a header field: line breaks in it are a mistake.
    pub(super) fn line(&self, template: &Template) -> String {
        let text = self.text(template);
        // RFC 9110 section 5.5: a tab is white space
        if text.chars().any(|c| c.is_control() && c != '\t') && template.written().contains("${") {
            let error = self
                .loaded
                .error(template.place(), "the value contains a control character, which no header can carry");
            self.mistake(error.with_help("remove it; often it is a line break at the end of a variable"));
        }
        text
    }

    /// The text of a file that a value names, relative to the scenario; nothing where nothing is read.
    pub fn file(&self, path: &Template) -> Option<String> {
        self.environment?;
        let written = self.text(path);
        match self.folder.text(&written, SECRET_LIMIT) {
            Ok(text) => Some(text.trim_end_matches(['\r', '\n']).to_owned()),
            Err(why) => {
                let shown = path.written();
                self.mistake(self.loaded.error(path.place(), format!("the file {shown} cannot be read: {why}")));
                None
            }
        }
    }

    /// Certificates or a key in PEM: the value itself, such as that of a variable, or the file that it names, relative to the
    /// scenario. Nothing where nothing is read.
    pub fn pem(&self, written: &Template) -> Option<Vec<u8>> {
        self.environment?;
        let value = self.text(written);
        if value.trim_start().starts_with("-----BEGIN ") {
            return Some(value.into_bytes());
        }
        let read = self.folder.bytes(&value, SECRET_LIMIT);
        // what stands for a path may be no path: it is shown as it is written
        read.map_err(|why| {
            let shown = written.written();
            self.mistake(self.loaded.error(written.place(), format!("the file {shown} cannot be read: {why}")));
        })
        .ok()
    }

    /// Names of the variables whose values the scenario has got.
    pub fn used(&self) -> BTreeSet<String> {
        self.used.borrow().clone()
    }

    /// The scenario.
    pub(super) fn loaded(&self) -> &LoadedScenario {
        self.loaded
    }

    /// Whether variables and files are read.
    pub fn reads(&self) -> bool {
        self.environment.is_some()
    }

    /// Keeps a secret that is no value by itself, for the scrubber.
    pub(super) fn note(&self, secret: Secret) {
        self.noted.borrow_mut().push(secret);
    }

    /// What was kept so.
    pub(super) fn take_noted(&self) -> Vec<Secret> {
        self.noted.take()
    }

    /// Keeps a mistake until [`Values::finish`].
    pub(super) fn mistake(&self, error: ScenarioError) {
        self.errors.borrow_mut().push(error);
    }

    /// All mistakes that were met.
    ///
    /// # Errors
    /// When there are any.
    pub fn finish(self) -> Result<(), Vec<ScenarioError>> {
        let errors = self.errors.into_inner();
        if errors.is_empty() { Ok(()) } else { Err(errors) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::resolve;
    use crate::plan::subject::Login;
    use crate::scenario::load_text;

    struct Fixed;
    impl Environment for Fixed {
        fn variable(&self, name: &str) -> Option<String> {
            let value = match name {
                "ID" => "42",
                "PATH" => "/orders?page=1",
                "RELATIVE" => "orders",
                "SPACE" => "a b",
                "BREAK" => "a\r\nX-Role: admin",
                _ => return None,
            };
            Some(value.to_owned())
        }
    }

    fn scenario(path: &str) -> LoadedScenario {
        let text = format!(
            "authbench: 1\nname: a\ntarget: reference\nscheme: api-key\n\
             resources:\n  - request: 'GET {path}'\n"
        );
        load_text("a.yaml".to_owned(), text).expect("is a scenario")
    }

    #[test]
    fn paths_have_the_values_of_their_variables_or_a_mistake_with_its_place() {
        let expected_message = |path: &str, message: &str| {
            let loaded = scenario(path);
            let values = Values::reading(&loaded, &Fixed);
            values.request_path(&loaded.scenario.resources[0].request.path);
            let errors = values.finish().expect_err(path);
            assert_eq!(errors.len(), 1, "{path}");
            assert!(errors[0].message.contains(message), "{path}: {}", errors[0].message);
            assert_eq!(errors[0].place.map(|place| (place.line, place.column)), Some((6, 14)), "{path}");
            assert!(errors[0].help.is_some(), "{path}");
        };
        for (path, message) in [
            ("/a/${NONE}", "the variable NONE is unset"),
            ("/a/${file:none}", "the file none cannot be read"),
            ("${RELATIVE}", "does not start with `/`"),
            ("${NONE:-orders}", "does not start with `/`"),
            ("/a/${SPACE}", "white space or a control character"),
            ("/a/${BREAK}", "white space or a control character"),
            ("/a/${NONE:-b c}", "white space or a control character"),
        ] {
            expected_message(path, message);
        }
        for (path, read, blind) in [
            ("/a/b?c=d", "/a/b?c=d", "/a/b?c=d"),
            ("/account/${ID}/x", "/account/42/x", "/account/${ID}/x"),
            ("/a/${NONE:-b}/${ID}", "/a/b/42", "/a/${NONE:-b}/${ID}"),
            ("${PATH}", "/orders?page=1", "${PATH}"),
            ("/v1${PATH}", "/v1/orders?page=1", "/v1${PATH}"),
            ("/a/$${ID}", "/a/${ID}", "/a/${ID}"),
        ] {
            let loaded = scenario(path);
            let template = &loaded.scenario.resources[0].request.path;
            for (values, expected) in [(Values::reading(&loaded, &Fixed), read), (Values::blind(&loaded), blind)] {
                assert_eq!(values.request_path(template), expected, "{path}");
                values.finish().expect(path);
            }
        }
    }

    #[test]
    fn claims_have_the_values_of_their_variables() {
        let text = "authbench: 1\nname: a\ntarget: { url: \"https://api.test\" }\nscheme: { jwt: { alg: HS256 } }\n\
                    material: { issuer_key: { secret: 0123456789abcdef0123456789abcdef } }\n\
                    credentials:\n  a: { claims: { sub: \"user-${ID}\", admin: false, groups: [\"${NONE:-staff}\", \"\"] } }\n\
                    resources: [{ request: GET /a }]\n";
        let loaded = load_text("a.yaml".to_owned(), text.to_owned()).expect("is a scenario");
        let values = Values::reading(&loaded, &Fixed);
        let subject = resolve::subject(&loaded, &values);
        let Login::Minted { claims } = &subject.identities[0].login else { panic!("claims") };
        let expected = serde_json::json!([["admin", false], ["groups", ["staff", ""]], ["sub", "user-42"]]);
        assert_eq!(serde_json::to_value(claims).expect("is JSON"), expected);
    }
}
