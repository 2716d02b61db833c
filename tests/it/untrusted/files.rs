//! Files: regular ones of bounded size, and nothing of them in an error that is no scenario.

use super::{ended, folder, refused};
use crate::binary::{authbench, told};
use crate::environment::{in_time, pipe};

/// A secret that stands in files which are no scenarios.
const SECRET: &str = "hunter2-0123456789abcdef";
const START: &str = "authbench: 1\nname: n\ntarget: { url: \"http://127.0.0.1:9\" }\nscheme: api-key\n\
    credentials: { a: { key: \"${KEY:-k}\" } }\nresources: [{ request: GET /a }]\n";

#[test]
fn pipes_and_devices_are_refused_wherever_a_file_is_named() {
    let folder = folder(&[]);
    pipe(&folder.path().join("pipe"));
    let target = |tls: &str| START.replace(" }\nscheme", &format!(", tls: {{ ca: {tls} }} }}\nscheme"));
    for (special, kind) in [("/dev/zero", "a device"), ("./pipe", "a pipe"), (".", "a folder")] {
        let says = format!("expected a regular file, found {kind}");
        let key = START.replace("${KEY:-k}", &format!("${{file:{special}}}"));
        let jwt = START
            .replace("api-key", "{ jwt: { issuer: i, audience: a } }")
            .replace("key: \"${KEY:-k}\"", "claims: { sub: a }")
            + &format!("material: {{ issuer_key: {{ file: {special} }} }}\n");
        for (what, yaml, place) in [
            ("waivers", format!("{START}conformance: {{ waivers_file: {special} }}\n"), "a.yaml:7:"),
            ("ca", target(special), "a.yaml:3:"),
            ("secret", key, "a.yaml:5:"),
            ("key", jwt, "a.yaml:7:"),
            (
                "pool",
                format!("{START}load: [{{ name: l, rate: 1/s, duration: 1s, pool: {{ file: {special} }} }}]\n"),
                "a.yaml:7:",
            ),
        ] {
            std::fs::write(folder.path().join("a.yaml"), &yaml).expect("writes");
            let output = ended(folder.path(), &["run", "a.yaml"], &[]);
            assert!(told(&output).contains(place), "{what} {special}: {}", told(&output));
            refused(&output, &[&says]);
        }
        if special == "." {
            // a folder of scenarios, records or runs is what these commands expect
            continue;
        }
        for arguments in [
            vec!["run", special],
            vec!["check", special],
            vec!["run", "a.yaml", "--waivers", special],
            vec!["render", special],
            vec!["merge", "--expect", "1", special],
            vec!["compare", special, special],
            vec!["init", "--from", special, "--out", "out"],
        ] {
            std::fs::write(folder.path().join("a.yaml"), START).expect("writes");
            let output = ended(folder.path(), &arguments, &[]);
            refused(&output, &[&says, special]);
        }
    }
}

#[test]
fn what_is_too_long_is_not_read() {
    let folder = folder(&[("a.yaml", &format!("{START}conformance: {{ waivers_file: long }}\n"))]);
    let long = std::fs::File::create(folder.path().join("long")).expect("creates");
    long.set_len(64 << 30).expect("is sparse");
    refused(&ended(folder.path(), &["run", "a.yaml"], &[]), &["a.yaml:7:", "expected 1 MiB at most"]);
    refused(&ended(folder.path(), &["render", "long"], &[]), &["expected 1 GiB at most"]);
}

#[test]
fn errors_quote_nothing_of_files_that_are_no_scenarios() {
    let files = [
        ("plain", format!("root:{SECRET}:0:0\n")),
        ("tab", format!("\t{SECRET}\n")),
        ("json", format!("{{\"private_key\": \"{SECRET}\", \"{SECRET}\": {{\"event\": 1}}}}")),
        ("event", format!("{{\"event\": \"{SECRET}\"}}")),
        ("newer", format!("{{\"format\": 99, \"version\": \"{SECRET}\"}}")),
        ("twice", format!("{SECRET}: 1\n{SECRET}: 2\n")),
        ("tag", format!("a: !{SECRET} b\n")),
        ("alias", format!("a: *{SECRET}\n")),
        ("pem", format!("-----BEGIN {SECRET}\n")),
        ("kty", format!("{{\"kty\": \"{SECRET}\"}}")),
    ];
    let folder = folder(&files.iter().map(|(name, text)| (*name, text.as_str())).collect::<Vec<_>>());
    let own = |name: &str, yaml: String| {
        let named = format!("{name}.yaml");
        std::fs::write(folder.path().join(&named), yaml).expect("writes");
        named
    };
    for (name, _) in &files {
        let waivers = own("waivers", format!("{START}conformance: {{ waivers_file: {name} }}\n"));
        let url = own("url", START.replace("http://127.0.0.1:9", &format!("${{file:{name}}}")));
        let ca = own("ca", START.replace(" }\nscheme", &format!(", tls: {{ ca: {name} }} }}\nscheme")));
        let signing = START
            .replace("api-key", "{ jwt: { issuer: i, audience: a } }")
            .replace("key: \"${KEY:-k}\"", "claims: { sub: a }");
        let key = own("key", format!("{signing}material: {{ issuer_key: {{ file: {name}, alg: ES256 }} }}\n"));
        for arguments in [
            vec!["run", name],
            vec!["check", name],
            vec!["run", &waivers],
            vec!["run", &url],
            vec!["run", &ca],
            vec!["run", &key],
            vec!["run", "a.yaml", "--waivers", name],
            vec!["render", name],
            vec!["merge", "--expect", "1", name],
            vec!["compare", name, name],
            vec!["init", "--from", name, "--out", "out"],
        ] {
            std::fs::write(folder.path().join("a.yaml"), START).expect("writes");
            let output = ended(folder.path(), &arguments, &[]);
            assert_ne!(output.status.code(), Some(0), "{arguments:?}: {}", told(&output));
            assert!(!told(&output).contains("hunter2"), "{arguments:?}: {}", told(&output));
        }
    }
}

#[test]
fn an_untrusted_scenario_reads_no_file_outside_its_folder() {
    let outer =
        folder(&[("secret", SECRET), ("scenarios/own", "k-0123456789abcdef"), ("waivers.yaml", "waivers: []\n")]);
    let inside = outer.path().join("scenarios");
    std::os::unix::fs::symlink("../secret", inside.join("link")).expect("links");
    let scenario = |key: &str| START.replace("${KEY:-k}", &format!("${{file:{key}}}"));
    let run = |arguments: &[&str]| {
        let common = ["--untrusted", "--base-url", "http://127.0.0.1:9"];
        ended(outer.path(), &[&["run", "scenarios/a.yaml"][..], arguments, &common].concat(), &[])
    };
    let outside = "expected a file inside the scenario's folder";
    let absolute = outer.path().join("secret").display().to_string();
    for key in ["../secret", "link", absolute.as_str()] {
        std::fs::write(inside.join("a.yaml"), scenario(key)).expect("writes");
        let output = run(&[]);
        refused(&output, &["a.yaml:5:", outside]);
        assert!(!told(&output).contains("hunter2"), "{}", told(&output));
    }
    std::fs::write(inside.join("a.yaml"), format!("{START}conformance: {{ waivers_file: ../waivers.yaml }}\n"))
        .expect("writes");
    refused(&run(&[]), &["a.yaml:7:", outside]);
    std::fs::remove_file(inside.join("a.yaml")).expect("removes");
    std::os::unix::fs::symlink("../secret", inside.join("a.yaml")).expect("links");
    refused(&run(&[]), &["a.yaml", outside]);
    // nothing listens there: it came so far that it was tried
    std::fs::remove_file(inside.join("a.yaml")).expect("removes");
    for key in ["own", "../scenarios/own"] {
        std::fs::write(inside.join("a.yaml"), scenario(key)).expect("writes");
        assert_eq!(run(&[]).status.code(), Some(3), "{key}: {}", told(&run(&[])));
    }
}

/// The most memory that a process has had, in KiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("has a peak");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

#[test]
fn output_of_commands_is_bounded() {
    let folder = folder(&[]);
    pipe(&folder.path().join("written"));
    // once the last byte is in the pipe, all but 64 KiB were read
    let script = "head -c 400000000 /dev/zero; echo all > written; exec cat written";
    let yaml = format!(
        "authbench: 1\nname: n\ntarget: {{ command: {{ run: [sh, -c, \"{script}\", \"{{port}}\"], ready: /, timeout: 600s }} }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: k-0123456789abcdef }} }}\nresources: [{{ request: GET /a }}]\n"
    );
    std::fs::write(folder.path().join("a.yaml"), yaml).expect("writes");
    let mut command = authbench(folder.path());
    let mut running = command.args(["run", "a.yaml", "--quiet"]).spawn().expect("starts");
    let written = folder.path().join("written");
    assert_eq!(in_time("the last byte", move || std::fs::read(written).expect("reads")), b"all\n");
    let peak = peak(running.id());
    running.kill().expect("kills");
    running.wait().expect("ends");
    assert!(peak < 150_000, "{peak} KiB");
}

#[test]
fn a_hook_that_prints_without_end_is_ended() {
    let folder = folder(&[(
        "a.yaml",
        "authbench: 1\nname: hooks\ntarget: { reference: { strict: true } }\nscheme: api-key\n\
         material: { hooks: { rotate: [sh, -c, \"cat /dev/zero\"] } }\n",
    )]);
    let output = ended(folder.path(), &["run", "a.yaml", "--check", "apikey.*", "--verbose"], &[]);
    assert!(told(&output).contains("the hook sh printed more than 64 KiB"), "{}", told(&output));
}
