//! Documents of OpenAPI and Swagger: every scenario that is drafted from one is accepted.

use authbench::load_text;
use authbench::openapi::{Wishes, read};

pub(super) const SEEDS: &[&str] = &["tests/openapi"];
pub(super) const WORDS: &[&str] = &[
    "openapi: 3.1.0\n",
    "swagger: '2.0'\n",
    "info: { title: t, version: '1' }\n",
    "servers: [{ url: https://a.test }]\n",
    "paths:\n",
    "  /a:\n",
    "    get:\n",
    "      security: [{ k: [] }]\n",
    "      responses: { '200': { description: ok } }\n",
    "components:\n",
    "  securitySchemes:\n",
    "    k: { type: apiKey, in: header, name: X-K }\n",
    "    b: { type: http, scheme: bearer, bearerFormat: JWT }\n",
    "    a: { type: http, scheme: basic }\n",
    "    o: { type: oauth2, flows: { clientCredentials: { tokenUrl: /t, scopes: { r: r } } } }\n",
    "parameters:",
    "schema: { type: string }",
    "example: ",
    "$ref: '#/components/x'",
    "requestBody:",
    "application/json",
    "multipart/form-data",
    "{\"",
    "\":",
    "}",
    "${V}",
    "~1",
    "%7B",
    "&a ",
    "*a",
];

pub(super) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let document = match read(text) {
        Ok(document) => document,
        Err(error) => {
            assert!(error.to_string().chars().count() < 600, "an error of any length: {error}");
            return;
        }
    };
    for scheme in document.schemes().iter().take(8) {
        for every in [false, true] {
            let wishes = Wishes { source: "openapi.yaml", name: "n", prefixes: &[], every, profile: None };
            let Ok(draft) = document.draft(scheme, &wishes) else { continue };
            if let Err(errors) = load_text("a.yaml".to_owned(), draft.text.clone()) {
                panic!("{}\n{}", errors[0].render(false), draft.text);
            }
        }
    }
}
