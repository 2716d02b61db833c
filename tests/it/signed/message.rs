//! HTTP message signatures by what they cover.

use crate::binary::{authbench, told};

#[test]
fn the_address_of_the_target_is_covered_as_a_whole_too() {
    for (tls, components) in [
        ("false", r#"["@method", "@target-uri"]"#),
        ("true", r#"["@method", "@target-uri"]"#),
        ("true", r#"["@method", "@scheme", "@authority", "@path", "@query"]"#),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = format!(
            "authbench: 1\nname: whole\ntarget: {{ reference: {{ tls: {tls} }} }}\n\
             scheme: {{ http-signature: {{ components: {components} }} }}\n\
             conformance: {{ include: [httpsig.valid-accepted, httpsig.component-tamper-refused, common.protected-route-denies-anonymous] }}\n"
        );
        std::fs::write(folder.path().join("a.yaml"), scenario).expect("writes");
        let output = authbench(folder.path()).args(["run", "a.yaml", "--seed", "1"]).output().expect("runs");
        let said = told(&output);
        assert_eq!(output.status.code(), Some(0), "{tls} {components}: {said}");
        assert!(said.contains("3 pass"), "{tls} {components}: {said}");
    }
}
