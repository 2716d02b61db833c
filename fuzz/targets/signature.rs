//! `Signature-Input`, `Signature` and `Content-Digest` of answers: what nobody signed never verifies.

use std::sync::Arc;
use std::time::Duration;

use authbench::observe::{AnswerSignature, Exchange, Request, Response, Silence};
use authbench::scheme::httpsig::{AnswerRules, Component};
use authbench::scheme::jose::{Alg, SigningKey, VerificationKey};

pub(super) const WORDS: &[&str] = &[
    "sig1=",
    "sig1=:",
    "(\"@status\")",
    "\"@method\";req",
    "\"@query-param\";name=\"q\";req",
    "\"content-digest\"",
    "\"content-digest\";key=\"sha-256\"",
    "\"a\";sf",
    "\"a\";bs",
    ";created=1",
    ";expires=1",
    ";keyid=\"k\"",
    ";alg=\"hmac-sha256\"",
    ";nonce=\"n\"",
    "sha-256=:",
    ":=",
    ", ",
    "()",
    "?1",
    "@1",
    "%\"a\"",
    "1.5",
    "\n",
];

pub(super) fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let names = ["Signature-Input", "Signature", "Content-Digest", "A"];
    let lines = names.into_iter().zip(text.splitn(names.len(), '\n'));
    let headers = lines.map(|(name, line)| (name.to_owned(), line.as_bytes().to_vec())).collect();
    let response = Response { status: 200, headers, body: Vec::new(), truncated: false };
    let request = Request::new("GET", "/?q=1").header("Host", "api.example.test").header("A", "b=1");
    let exchange = Exchange { answer: Ok(response), ..Exchange::unanswered(request, Silence::Closed) };
    for kid in [None, Some("k".to_owned())] {
        let secret = SigningKey::secret(b"a secret that no input knows", Alg::HS256, kid);
        let rules = AnswerRules {
            key: Arc::new(VerificationKey::of(&secret)),
            components: vec![Component::named("@status")],
            window: Duration::from_secs(u64::MAX),
            over_tls: true,
        };
        let verified = rules.verify(&exchange, 0);
        assert!(verified.is_some_and(|signature| signature != AnswerSignature::Good), "{text}");
    }
}
