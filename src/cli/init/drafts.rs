//! Scenarios from a document: their names, their variables, and what is reported about them.

use std::path::Path;

use super::error::InitError;
use super::probe::Service;
use super::{InitArguments, Plan};
use crate::openapi::{self, Draft, Method, NoDraft, OpenApiDocument, SecurityScheme, Wishes};
use crate::run::{Launch, Options, prepare};
use crate::scenario::load_text;

/// Characters of a file name, at most.
const NAME_LIMIT: usize = 40;

/// One scenario for each security scheme that can be tested.
pub(super) fn plan(text: &str, file: &Path, arguments: &InitArguments) -> Result<Plan, InitError> {
    let shown = if file == Path::new("-") { "standard input".to_owned() } else { file.display().to_string() };
    let document = openapi::read(text).map_err(|source| InitError::NoDocument { shown: shown.clone(), source })?;
    if document.schemes().is_empty() {
        return Err(InitError::NoSchemes(shown));
    }
    let name = named(&document, file);
    let mut plan = Plan::default();
    plan.told.push(format!("read {shown}: {}, {}", document.generation(), count(document.operations(), "operation")));
    if let Some(address) = document.address() {
        plan.told.push(format!("requests go to {address}, which the document names, unless BASE_URL is set"));
    }
    let first = plan.told.len();
    let several = document.schemes().len() > 1;
    let prefixes: Vec<_> =
        document.schemes().iter().map(|one| (one.id.as_str(), prefix(one, document.schemes()))).collect();
    for scheme in document.schemes() {
        let full_name = if several { format!("{name} ({})", one_line(&scheme.id)) } else { name.clone() };
        let wishes = Wishes {
            source: file.file_name().and_then(std::ffi::OsStr::to_str).filter(|name| *name != "-").unwrap_or(&shown),
            name: &full_name,
            prefixes: &prefixes,
            every: arguments.every_route,
            profile: None,
        };
        let stem = if several { format!("{}-{}", slug(&name), slug(&scheme.id)) } else { slug(&name) };
        match document.draft(scheme, &wishes) {
            Ok(draft) => {
                let draft = probed(&document, scheme, draft, &wishes, arguments, &mut plan)?;
                add(&mut plan, scheme, draft, &stem, arguments)?;
            }
            Err(why @ NoDraft::PartOf(_)) => plan.told.push(format!("{}: {why}", one_line(&scheme.id))),
            Err(why) => plan.told.push(format!("not covered: {}: {why}", one_line(&scheme.id))),
        }
    }
    if plan.files.is_empty() {
        return Err(InitError::NoScenario { shown, reasons: plan.told[first..].join("\n") });
    }
    Ok(plan)
}

/// The same draft under the profile that the running service needs, where there is one to ask.
fn probed(
    document: &OpenApiDocument,
    scheme: &SecurityScheme,
    draft: Draft,
    wishes: &Wishes<'_>,
    arguments: &InitArguments,
    plan: &mut Plan,
) -> Result<Draft, InitError> {
    let Some(address) = &arguments.probe else { return Ok(draft) };
    let failed = |source| InitError::Probe { address: shown_address(address), source };
    let service = Service::at(address).map_err(failed)?;
    let runtime = super::super::runtime().map_err(InitError::Start)?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let seen = runtime.block_on(service.look(&scheme.method, &draft, &variable)).map_err(failed)?;
    let (id, told) = (one_line(&scheme.id), seen.told());
    match seen.profile(&scheme.method) {
        Some(profile) => {
            plan.told.push(format!("{id}: {told}: profile {profile}"));
            let wishes = Wishes { profile: Some((profile, &told)), ..wishes.clone() };
            Ok(document.draft(scheme, &wishes).unwrap_or(draft))
        }
        None if seen.is_open() => {
            let way_out = "the route is open, or its refusals have to be declared (`refusal:`)";
            plan.told.push(format!("{id}: {told}: {way_out}"));
            Ok(draft)
        }
        None if told.is_empty() => {
            plan.told.push(format!("{id}: no route that can be asked for as it is: no profile is chosen"));
            Ok(draft)
        }
        None => {
            plan.told.push(format!("{id}: {told}: no profile takes all of these"));
            Ok(draft)
        }
    }
}

fn add(
    plan: &mut Plan,
    scheme: &SecurityScheme,
    draft: Draft,
    stem: &str,
    arguments: &InitArguments,
) -> Result<(), InitError> {
    let file = free_name(stem, plan);
    let path = arguments.out.join(&file).display().to_string();
    // what is written has to be accepted when it is read
    let mistakes = load_text(path.clone(), draft.text.clone())
        .and_then(|loaded| prepare(vec![loaded], None, &Options::new(Launch::InProcess)).map(drop));
    if let Err(mistakes) = mistakes {
        let mistake = mistakes.first().map(ToString::to_string).unwrap_or_default();
        return Err(InitError::Draft { scheme: one_line(&scheme.id), mistake });
    }
    let mut comments = if draft.unsure == 0 { String::new() } else { format!(", {} more as comments", draft.unsure) };
    if draft.fill_in > 0 {
        comments.push_str(&format!(", {} to fill in", count(draft.fill_in, "line")));
    }
    plan.told.push(format!(
        "{}: scheme {}: {}{comments}",
        one_line(&scheme.id),
        draft.scheme,
        count(draft.resources, "protected route")
    ));
    plan.files.push((file, draft.text));
    let address = match &arguments.probe {
        // what was probed is what comes next
        Some(probed) if is_shown_whole(probed) => Some(format!("BASE_URL={probed}")),
        Some(_) => Some("BASE_URL=http://\u{2026}".to_owned()),
        None if draft.address_is_known => None,
        None => Some("BASE_URL=http://\u{2026}".to_owned()),
    };
    let variables = draft.variables.iter().chain(&draft.beside).map(|variable| format!("{variable}=\u{2026}"));
    let words = address.into_iter().chain(variables).chain([format!("authbench run {path}")]);
    plan.next.push(words.collect::<Vec<_>>().join(" "));
    Ok(())
}

/// Whether an address has nothing but a host and a port: what else is in it may be secret, or be read by a shell.
fn is_shown_whole(address: &str) -> bool {
    let url = url::Url::parse(address).ok().filter(url::Url::has_host);
    let plain = address.chars().all(|c| c.is_ascii_alphanumeric() || ":/.-[]".contains(c));
    plain && url.is_some_and(|url| url.path() == "/" && url.username().is_empty() && url.password().is_none())
}

/// Host and port of an address: what else is in it may be secret.
fn shown_address(address: &str) -> String {
    let url = url::Url::parse(address).ok().filter(url::Url::has_host);
    url.map_or_else(|| "the service".to_owned(), |url| crate::target::address::authority(&url))
}

/// The document's title, else the name of its file.
fn named(document: &OpenApiDocument, file: &Path) -> String {
    let stem = file.file_stem().and_then(std::ffi::OsStr::to_str).filter(|stem| *stem != "-").unwrap_or("api");
    if document.title().is_empty() { one_line(stem) } else { document.title().to_owned() }
}

/// What the variables of a scheme begin with where another scheme has the same kind of secret.
fn prefix(scheme: &SecurityScheme, all: &[SecurityScheme]) -> String {
    let kind = |scheme: &SecurityScheme| std::mem::discriminant::<Method>(&scheme.method);
    if all.iter().filter(|other| kind(other) == kind(scheme)).count() < 2 {
        return String::new();
    }
    let name = slug(&scheme.id).replace('-', "_").to_uppercase();
    // a name cannot begin with a digit
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("S{name}_") } else { format!("{name}_") }
}

/// Small letters, digits and dashes; `apiKey` as `api-key`, but `oAuth2` as `oauth2`.
fn slug(text: &str) -> String {
    let mut slug = String::new();
    let mut small = 0;
    for c in text.chars() {
        if c.is_ascii_uppercase() && small > 1 {
            slug.push('-');
        }
        small = match c {
            'a'..='z' | '0'..='9' => small + 1,
            'A'..='Z' => usize::from(small > 1 || slug.is_empty() || slug.ends_with('-')),
            _ => 0,
        };
        slug.push(if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' });
    }
    let parts: Vec<&str> = slug.split('-').filter(|part| !part.is_empty()).collect();
    let slug: String = parts.join("-").chars().take(NAME_LIMIT).collect();
    if slug.is_empty() { "api".to_owned() } else { slug.trim_end_matches('-').to_owned() }
}

fn free_name(stem: &str, plan: &Plan) -> String {
    let taken = |name: &String| plan.files.iter().any(|(file, _)| file == name);
    let numbered = (2..).map(|number| format!("{stem}-{number}.yaml"));
    let mut names = std::iter::once(format!("{stem}.yaml")).chain(numbered);
    names.find(|name| !taken(name)).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(60).collect()
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_become_file_names() {
        for (title, expected) in [
            ("Orders API", "orders-api"),
            ("APIKeyHeader", "apikey-header"),
            ("oAuth2", "oauth2"),
            ("PagerDuty API", "pager-duty-api"),
            ("petstore_auth", "petstore-auth"),
            ("../../etc/passwd", "etc-passwd"),
            ("\u{fc}\u{fc}", "api"),
            ("", "api"),
        ] {
            assert_eq!(slug(title), expected);
        }
        assert!(slug(&"long ".repeat(50)).len() <= NAME_LIMIT);
    }
}
