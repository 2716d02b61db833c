//! The values of a scenario: variables and files, read or made up.

use std::cell::RefCell;
use std::collections::BTreeSet;

use crate::file::{Folder, SECRET_LIMIT};
use crate::scenario::{Environment, LoadedScenario, ScenarioError, Template};
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
        match template.resolve(&Remembering { environment, used: &self.used }, &self.folder) {
            Ok(value) => value,
            Err(why) => {
                let error = self.loaded.error(template.place(), why.to_string());
                self.errors.borrow_mut().push(error.with_help(why.help()));
                UNREAD.to_owned()
            }
        }
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
