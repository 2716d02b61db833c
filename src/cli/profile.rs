//! `authbench profile`: what the profiles say, one by one or stacked.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::print;
use crate::check::profile::{Effective, NOISE, PROFILES, profile, schemes};
use crate::check::step::Class;
use crate::exit::Exit;
use crate::plan::subject::Tolerances;
use crate::scenario::nearest;

/// Show profiles: which statuses a refusal may have, and how strong requirements are.
#[derive(Debug, Args)]
pub(super) struct ProfileArguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// List all profiles.
    List {
        /// Output format.
        #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_PROFILE_FORMAT")]
        format: Form,
    },
    /// Show a profile, or several combined.
    ///
    /// Of several, the last wins, as in `profile: [fastapi-legacy, oauth21]`. The table does not list access: under every
    /// profile, access that has to be refused and was granted is a failure.
    Show {
        /// Names, the last on top.
        #[arg(required = true)]
        names: Vec<String>,
        /// Output format.
        #[arg(long, value_enum, default_value_t = Form::Text, env = "AUTHBENCH_PROFILE_FORMAT")]
        format: Form,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    Text,
    Json,
}

pub(super) fn run(arguments: &ProfileArguments) -> Exit {
    match &arguments.what {
        What::List { format: Form::Text } => {
            PROFILES.iter().for_each(|profile| print::line(&format!("{:16} {}", profile.name, profile.why)));
        }
        What::List { format: Form::Json } => {
            let all = PROFILES.iter();
            let all = all.map(|one| json!({ "id": one.name, "for": one.why, "extends": one.extends }));
            document(&Value::Array(all.collect()));
        }
        What::Show { names, format } => return show(names, *format),
    }
    Exit::Passed
}

fn document(value: &Value) {
    print::line(&serde_json::to_string_pretty(value).unwrap_or_default());
}

fn show(names: &[String], format: Form) -> Exit {
    if let Some(name) = names.iter().find(|name| profile(name).is_none()) {
        let near = nearest(name, PROFILES.iter().map(|profile| profile.name));
        let help = near
            .map_or_else(|| "`authbench profile list` shows all".to_owned(), |near| format!("did you mean `{near}`?"));
        print::error(&format!("error: there is no profile {name:?}\nhelp: {help}"));
        return Exit::Usage;
    }
    match format {
        Form::Text => print::line(text(names).trim_end()),
        Form::Json => document(&effective(names)),
    }
    Exit::Passed
}

fn of<'a>(names: &'a [String], scheme: &'static str) -> Effective {
    Effective::of(names.iter().map(String::as_str).collect::<Vec<&'a str>>(), scheme)
}

/// The table of status classes: a row for each scheme, with the profile that each cell comes from.
fn effective(names: &[String]) -> Value {
    let top = of(names, "*");
    let statuses = schemes().into_iter().map(|scheme| {
        let classes = Class::ALL.map(|class| {
            let (statuses, by) = of(names, scheme).statuses_by(class);
            (class.name().to_owned(), json!({ "statuses": statuses, "by": by }))
        });
        (scheme.to_owned(), Value::Object(classes.into_iter().collect()))
    });
    let levels =
        top.levels().into_iter().map(|(check, level, by)| json!({ "check": check, "level": level.name(), "by": by }));
    json!({
        "profiles": top.chain().collect::<Vec<_>>(),
        "statuses": Value::Object(statuses.collect()),
        "levels": levels.collect::<Vec<_>>(),
        "switches": {
            "strict_challenges": top.strict_challenges(),
            "noise_counts": !top.is_noise(NOISE[0]),
            "protocol_fails": top.protocol_fails(),
        },
        "tolerances": tolerances().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect::<serde_json::Map<_, _>>(),
    })
}

/// What a scenario tolerates that says nothing: profiles leave it to scenarios.
fn tolerances() -> [(&'static str, String); 6] {
    let default = Tolerances::default();
    let text = |length| humantime::format_duration(length).to_string();
    [
        ("max_leeway", text(default.max_leeway)),
        ("excess_leeway", text(default.excess_leeway)),
        ("revocation_delay", text(default.revocation_delay)),
        ("rotation_delay", text(default.rotation_delay)),
        ("self_contained_life", text(default.self_contained_life)),
        ("max_clock_skew", text(default.max_clock_skew)),
    ]
}

fn text(names: &[String]) -> String {
    let top = of(names, "*");
    let chain: Vec<&str> = top.chain().collect();
    let mut page = format!("{}\n\n{:16}", chain.join(" over "), "a refusal");
    for class in Class::ALL {
        page += &format!("{:16}", class.name());
    }
    for scheme in schemes() {
        page = page.trim_end().to_owned() + &format!("\n{:16}", if scheme == "*" { "any other" } else { scheme });
        for class in Class::ALL {
            let statuses: Vec<String> = of(names, scheme).statuses(class).iter().map(u16::to_string).collect();
            page += &format!("{:16}", statuses.join(" "));
        }
    }
    page = page.trim_end().to_owned() + "\n\nlevels that differ from the catalogue's\n";
    for (check, level, by) in top.levels() {
        page += &format!("  {check:44} {:9} by {by}\n", level.name());
    }
    let strict = if top.strict_challenges() { "a deviation" } else { "accepted" };
    let noise = if top.is_noise(NOISE[0]) { "information" } else { "deviations" };
    let protocol = if top.protocol_fails() { "fail where the level is must" } else { "warn: access alone fails" };
    page += &format!("\nswitches\n  {:44} {strict}\n", "a challenge without parameters");
    page += &format!("  {:44} {noise}\n", "what nearly every server does");
    page += &format!("  {:44} {protocol}\n", "statuses, fields and bodies");
    page += "\ntolerances of a scenario that sets none\n";
    for (name, value) in tolerances() {
        page += &format!("  {name:44} {value}\n");
    }
    page
}
