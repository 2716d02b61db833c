//! Servers that send the content behind the header section of an answer to HEAD, also to whoever has no credential.

use std::net::SocketAddr;

use authbench::check::Verdict;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use super::{PROMPT, against};

const TOKEN: &str = "t-3ad05f7be1924c68";
const ACCOUNT: &str = r#"{"account":"9d20c6b1f3e84a57","mail":"alice.7f3e@example.test"}"#;
const REFUSAL: &str = r#"{"error":"unauthorized"}"#;

/// An answer that ends with its connection.
fn answer(status: &str, media: &str, content: &str) -> String {
    let challenge = if status.starts_with("401") { "WWW-Authenticate: Bearer realm=\"a\"\r\n" } else { "" };
    format!("HTTP/1.1 {status}\r\nConnection: close\r\n{challenge}Content-Type: {media}\r\n\r\n{content}")
}

/// What HEAD without a credential is answered with.
async fn serve(head: &'static (&'static str, &'static str)) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("binds");
    let address = listener.local_addr().expect("has one");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut request, mut space) = (Vec::new(), [0; 4096]);
                while !request.ends_with(b"\r\n\r\n") {
                    match stream.read(&mut space).await {
                        Ok(read) if read > 0 => request.extend_from_slice(&space[..read]),
                        _ => return,
                    }
                }
                let request = String::from_utf8_lossy(&request).into_owned();
                let is_there = request.split(' ').nth(1) == Some("/account");
                let is_head = request.starts_with("HEAD ");
                let answer = match request.contains(&format!("Bearer {TOKEN}")) {
                    _ if !is_there => answer("404 Not Found", "application/json", ""),
                    true if is_head => answer("200 OK", "application/json", ""),
                    true => answer("200 OK", "application/json", ACCOUNT),
                    false if is_head => answer("200 OK", head.0, head.1),
                    false => answer("401 Unauthorized", "application/json", REFUSAL),
                };
                let _ = stream.write_all(answer.as_bytes()).await;
            });
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn content_behind_a_head_is_read() {
    const CHECKS: [&str; 2] = ["common.head-same-decision-as-get", "common.head-without-content"];
    // media type and content of HEAD without a credential, what both checks say of it
    for (head, verdict, says) in [
        (
            &("application/json", ACCOUNT),
            Verdict::Fail,
            ["the content of a good answer follows its header section", "with the content that the good"],
        ),
        (
            &("text/plain", ACCOUNT),
            Verdict::Fail,
            ["its body carries protected content", "with the content that the good"],
        ),
        (&("text/plain", "Log in first"), Verdict::Warn, ["another decision", "follow the header section"]),
    ] {
        let yaml = format!(
            "scheme: bearer\ncredentials: {{ alice: {{ token: \"{TOKEN}\" }} }}\nresources: [{{ request: GET /account }}]\n\
             conformance: {{ include: [{}] }}\n",
            CHECKS.join(", ")
        );
        let ended = against(serve(head).await, &yaml, PROMPT).await;
        let [decision, content] = CHECKS.map(|check| ended.of(check));
        assert_eq!(decision.verdict, verdict, "{head:?}: {} {:?}", decision.summary, decision.deviations);
        let told = format!("{} {:?}", decision.summary, decision.deviations);
        assert!(verdict == Verdict::Warn || told.contains(says[0]), "{head:?}: {told}");
        let told = format!("{} {:?}", content.summary, content.deviations);
        assert!(told.contains(says[1]), "{head:?}: {told}");
    }
}
