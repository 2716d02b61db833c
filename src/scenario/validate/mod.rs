//! Rules that types cannot say.

mod components;
mod credential;
mod kept;
mod resource;
mod signing;

use super::model;
use super::model::{Arrivals, LoadPhase, SchemeFields, TargetFields};
use super::text::HttpVersion;
use super::{At, LoadedScenario, ScenarioError};

/// The longest that a phase of load or a study may take: what is longer is a typing error.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(7 * 24 * 60 * 60);

/// Everything that is wrong with a scenario by itself.
pub(super) fn mistakes(loaded: &LoadedScenario) -> Vec<ScenarioError> {
    let scenario = &loaded.scenario;
    let mut mistakes = Vec::new();
    if *scenario.authbench != 1 {
        let error = loaded.error(scenario.authbench.place, format!("format {} is not known", *scenario.authbench));
        mistakes.push(error.with_help("this authbench reads format 1"));
    }
    target(loaded, &mut mistakes);
    scheme(loaded, &mut mistakes);
    for (name, credential) in &scenario.credentials {
        credential::fits(loaded, name, credential, &mut mistakes);
    }
    credential::logins(loaded, &mut mistakes);
    for case in &scenario.cases {
        if let Some(with) = &case.with
            && !scenario.credentials.contains_key(with)
            && !scenario.credentials.is_empty()
        {
            let near = super::error::nearest(with, scenario.credentials.keys().map(String::as_str));
            let help =
                near.map_or_else(|| "name one of `credentials`".to_owned(), |near| format!("did you mean `{near}`?"));
            mistakes.push(loaded.error(case.place, format!("there is no credential `{with}`")).with_help(help));
        }
    }
    waivers(loaded, &mut mistakes);
    phases(loaded, &mut mistakes);
    super::thresholds::mistakes(loaded, &mut mistakes);
    resource::fit(loaded, &mut mistakes);
    mistakes
}

fn target(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    let scenario = &loaded.scenario;
    let TargetFields { reference, url, command, .. } = &scenario.target.value.0;
    let place = scenario.target.place;
    match (reference, url, command) {
        (Some(_), None, None) | (None, Some(_), _) => {}
        (None, None, Some(command)) => {
            if !command.run.iter().any(|argument| argument.contains("{port}")) {
                let error = loaded.error(place, "a command without `url` needs {port} among its arguments");
                mistakes.push(error.with_help("add `url:`, or pass {port} to the service"));
            }
        }
        _ => {
            let error = loaded.error(place, "a target is `reference`, a `url`, or a `command`");
            mistakes.push(error.with_help("write `target: reference` or `target: { url: … }`"));
        }
    }
    let begins_as_an_address = |text: &str| {
        let text = text.trim_start().to_ascii_lowercase();
        ["http://", "https://"].iter().any(|start| text.starts_with(start)) || text.contains("${")
    };
    if let Some(url) = url.as_ref().filter(|url| !begins_as_an_address(url.written())) {
        let error = loaded.error(url.place(), "an address of a target starts with `http://` or `https://`");
        mistakes.push(error.with_help("write the scheme before the host, as in `https://api.example.test`"));
    }
    for origin in &scenario.target.value.0.owned_origins {
        let text = origin.written();
        let is_read = text.contains("${") || url::Url::parse(text).is_ok_and(|url| url.has_host());
        if !begins_as_an_address(text) || !is_read {
            let error = loaded.error(origin.place(), "an address in `owned_origins` has a scheme and a host");
            mistakes.push(error.with_help("write it as in `https://login.example.test`"));
        }
    }
    if let Some(pid) = &scenario.target.value.0.pid
        && (reference.is_some() || command.is_some())
    {
        let error = loaded.error(pid.place(), "`pid` is for a target that authbench does not start");
        mistakes.push(error.with_help("remove `pid`: the process that authbench starts is known to it"));
    }
    if let Some(tls) = &scenario.target.value.0.tls {
        let groups = &tls.key_exchange;
        if groups.iter().enumerate().any(|(at, group)| groups[..at].contains(group)) {
            let error = loaded.error(tls.place, "`key_exchange` names a group twice");
            mistakes.push(error.with_help("name each group once, the preferred one first"));
        }
        let (there, missing) = match (&tls.certificate, &tls.key) {
            (Some(_), None) => ("certificate", "key"),
            (None, Some(_)) => ("key", "certificate"),
            _ => ("", ""),
        };
        if !missing.is_empty() {
            let error = loaded.error(tls.place, format!("`tls` has a `{there}` and no `{missing}`"));
            mistakes.push(error.with_help(format!("add `{missing}:` with a file in PEM, relative to the scenario")));
        }
    }
    if reference.is_none() {
        let needed: [(&str, bool); 2] = [
            ("resources", scenario.resources.is_empty() && !has_authorization_server(scenario)),
            ("credentials", scenario.credentials.is_empty() && scenario.scheme.name() != "none"),
        ];
        for (key, missing) in needed {
            if missing {
                let error = loaded.error(place, format!("a target that is not the reference needs `{key}`"));
                mistakes.push(error.with_help(format!("add `{key}:`; scenarios/examples/ shows how")));
            }
        }
    }
}

/// Whether there is something to test without any resource: the endpoints of an authorization server.
fn has_authorization_server(scenario: &model::Scenario) -> bool {
    matches!(scenario.scheme.value.0, SchemeFields::OAuth2ClientCredentials(_))
}

fn scheme(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    let scenario = &loaded.scenario;
    if let SchemeFields::OAuth2ClientCredentials(oauth2) = &scenario.scheme.value.0 {
        // the reference knows its own
        let is_known = scenario.target.reference.is_some() && oauth2.token_url.is_none();
        if oauth2.assertion_rules == model::AssertionRules::Rfc7523bis && oauth2.issuer.is_none() && !is_known {
            let text = "`assertion_rules: rfc7523bis` needs `issuer`: it is the audience of assertions";
            let error = loaded.error(scenario.scheme.place, text);
            mistakes.push(error.with_help("add `issuer:` to the scheme, exactly as in the metadata of the server"));
        }
    }
    if scenario.scheme.place == super::Position::default() && scenario.overhead.is_none() {
        let error = loaded.error(scenario.target.place, "the key `scheme` is missing");
        mistakes.push(error.with_help("add `scheme: …` beside `target`"));
    }
    let has_credentials = !scenario.credentials.is_empty();
    signing::mistakes(loaded, (scenario.scheme.place, &scenario.scheme.value.0), has_credentials, mistakes);
    for side in scenario.overhead.iter().flat_map(|overhead| &overhead.schemes) {
        if let Some(scheme) = &side.value.0.scheme {
            signing::mistakes(loaded, (side.place, &scheme.0), !side.value.0.credentials.is_empty(), mistakes);
        }
    }
    match &scenario.scheme.value.0 {
        SchemeFields::ApiKey(key) => {
            let places = [&key.header, &key.query, &key.cookie].into_iter().flatten().count();
            if places > 1 {
                mistakes.push(loaded.error(scenario.scheme.place, "choose exactly one of header, query, cookie"));
            }
            if key.prefix.is_some() && (key.query.is_some() || key.cookie.is_some()) {
                let error = loaded.error(scenario.scheme.place, "`prefix` stands before a key in a header");
                mistakes.push(error.with_help("remove `prefix`, or name a `header`"));
            }
        }
        SchemeFields::Bearer(model::Bearer { header: Some(_), cookie: Some(_), .. })
        | SchemeFields::Jwt(model::Jwt { header: Some(_), cookie: Some(_), .. }) => {
            mistakes.push(loaded.error(scenario.scheme.place, "choose exactly one of header and cookie"));
        }
        SchemeFields::OAuth2ClientCredentials(oauth2)
            if scenario.target.reference.is_none() && oauth2.token_url.is_none() && oauth2.issuer.is_none() =>
        {
            let error = loaded.error(scenario.scheme.place, "the token endpoint is not known");
            mistakes.push(error.with_help("add `token_url:`, or `issuer:` to read it from the metadata"));
        }
        SchemeFields::OAuth2ClientCredentials(oauth2)
            if scenario.target.reference.is_some()
                && oauth2.dpop.is_some()
                && oauth2.access_token != model::AccessToken::Opaque =>
        {
            let error = loaded.error(scenario.scheme.place, "the reference binds opaque tokens to keys, and no JWTs");
            mistakes.push(error.with_help("remove `access_token`"));
        }
        SchemeFields::SigV4(sigv4) if scenario.target.reference.is_none() => {
            let missing = [("region", &sigv4.region), ("service", &sigv4.service)];
            for (name, _) in missing.into_iter().filter(|(_, value)| value.is_none()) {
                let error = loaded.error(scenario.scheme.place, format!("the scheme sigv4 needs a {name}"));
                mistakes.push(error.with_help(format!("write `sigv4: {{ {name}: … }}`")));
            }
        }
        SchemeFields::OAuth2ClientCredentials(oauth2) if credential::by_certificate(oauth2.client_auth) => {
            let elsewhere = oauth2.token_url.as_ref().is_some_and(|url| url.written().starts_with("https:"));
            let url = scenario.target.url.as_ref().filter(|_| oauth2.issuer.is_none() && !elsewhere);
            if let Some(url) = url.filter(|url| url.written().starts_with("http:")) {
                let text = "clients that authenticate by certificates need a target that speaks TLS";
                let error = loaded.error(url.place(), text);
                mistakes.push(error.with_help("write an address that starts with `https:`"));
            }
        }
        SchemeFields::Mtls(_) => {
            let tls = scenario.target.tls.as_ref().filter(|tls| tls.certificate.is_some());
            if let Some(tls) = tls {
                let error = loaded.error(tls.place, "under the scheme mtls each credential has its own certificate");
                mistakes.push(error.with_help("move `certificate` and `key` to `tls` of the credentials"));
            }
            let url = scenario.target.url.as_ref();
            if let Some(url) = url.filter(|url| url.written().starts_with("http:")) {
                let error = loaded.error(url.place(), "the scheme mtls needs a target that speaks TLS");
                mistakes.push(error.with_help("write an address that starts with `https:`"));
            }
        }
        _ => {}
    }
}

fn waivers(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    for waiver in &loaded.scenario.conformance.waivers {
        super::waivers::tell_mistakes(waiver, &mut |message, help| {
            mistakes.push(loaded.error(waiver.place, message).with_help(help));
        });
    }
}

fn phases(loaded: &LoadedScenario, mistakes: &mut Vec<ScenarioError>) {
    for phase in &loaded.scenario.load {
        let sum: f64 = phase.mix.values().map(|share| share.0).sum();
        if !phase.mix.is_empty() && (sum - 1.0).abs() > 1e-6 {
            let error = loaded.error(phase.place, format!("the mix adds up to {:.1}%", sum * 100.0));
            mistakes.push(error.with_help("make the shares add up to 100%"));
        }
        let scenario = &loaded.scenario;
        let alone = scenario.target.value.0.reference.is_none() && has_authorization_server(scenario);
        if alone && scenario.resources.is_empty() {
            let text =
                format!("the load phase `{}` has nothing to ask for: the scenario has no `resources`", phase.name);
            mistakes.push(loaded.error(phase.place, text).with_help("add `resources:`, or remove the phase"));
        }
        shape(loaded, phase, mistakes);
        if phase.connections == Some(0) || phase.connections.is_some_and(|count| count > 10_000) {
            mistakes.push(loaded.error(phase.place, "`connections` is between 1 and 10000"));
        }
        streams(loaded, phase, mistakes);
        if phase.duration.0.is_zero() {
            mistakes.push(loaded.error(phase.place, "`duration` must be greater than 0"));
        }
        if phase.duration.0 > LONGEST || phase.warmup.is_some_and(|warmup| warmup.0 > LONGEST) {
            mistakes.push(loaded.error(phase.place, "`duration` and `warmup` must be at most 7 days"));
        }
    }
}

/// Streams are a thing of HTTP/2.
fn streams(loaded: &LoadedScenario, phase: &At<LoadPhase>, mistakes: &mut Vec<ScenarioError>) {
    let Some(streams) = phase.streams else { return };
    if phase.http == HttpVersion::One {
        let error = loaded.error(phase.place, "a connection of HTTP/1.1 has no `streams`");
        mistakes.push(error.with_help("add `http: 2`, or take more `connections` instead"));
    }
    if streams == 0 || streams.saturating_mul(phase.connections.unwrap_or(1)) > 10_000 {
        let error = loaded.error(phase.place, "`streams` are at least 1, and at most 10000 over all connections");
        mistakes.push(error.with_help("the default is 10; targets rarely allow more than 100 to 250 a connection"));
    }
}

/// What a phase says about its rate has to fit together.
fn shape(loaded: &LoadedScenario, phase: &At<LoadPhase>, mistakes: &mut Vec<ScenarioError>) {
    let mut wrong = |message: &str| mistakes.push(loaded.error(phase.place, message));
    let searches = phase.capacity.is_some();
    if phase.to.is_some() && phase.rate.is_none() && !searches {
        wrong("a ramp needs the `rate` that it starts with");
    }
    if phase.steps.is_some_and(|steps| !(2..=1000).contains(&steps)) {
        wrong("`steps` is between 2 and 1000");
    }
    if phase.steps.is_some() && (phase.to.is_none() || searches) {
        wrong("`steps` go from `rate` to `to`; a search of the capacity finds its own");
    }
    if phase.to.is_some() && phase.arrivals == Arrivals::Poisson && !searches {
        wrong("random arrivals have one rate: keep one of `to` and `arrivals: poisson`");
    }
    if phase.timeout.is_some_and(|timeout| timeout.0.is_zero()) {
        wrong("`timeout` must be greater than 0");
    }
}
