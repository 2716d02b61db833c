//! A target whose refusals look like its good answers: reported as such, never as granted access, and told apart by `success` and `refusal`.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};

const KEY: &str = "key-0123456789abcdef";

/// Answers everybody with 200 and a page: the orders to the good key, a form to all others.
fn pages() -> std::net::SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("binds");
    let address = listener.local_addr().expect("has one");
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().expect("clones")).lines();
                let mut good = false;
                while let Some(Ok(line)) = lines.next() {
                    good |= line.eq_ignore_ascii_case(&format!("x-api-key: {KEY}"));
                    if line.is_empty() {
                        break;
                    }
                }
                let (kind, page) = if good { ("orders", "<h1>Orders</h1>") } else { ("form", "<h1>Log in</h1>") };
                let length = page.len();
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {length}\r\nX-Page: {kind}\r\nConnection: close\r\n\r\n{page}"
                );
                let _ = (&stream).write_all(answer.as_bytes());
            });
        }
    });
    address
}

async fn results(success: &str) -> Vec<CheckResult> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("scenario.yaml");
    let yaml = format!(
        "authbench: 1\nname: pages\ntarget: {{ url: \"http://{}\" }}\nscheme: api-key\n\
         credentials: {{ a: {{ key: \"${{K:-{KEY}}}\" }} }}\nresources: [{{ request: GET /orders{success} }}]\n",
        pages()
    );
    std::fs::write(&file, yaml).expect("writes");
    let mut options = Options::new(Launch::InProcess);
    options.only = Some(Only::Conformance);
    let ready = prepare(load_paths(&[file]).expect("is a scenario"), Some(&NoVariables), &options).expect("is ready");
    let mut results = Vec::new();
    run(ready, &options, &mut |event| {
        if let Event::CheckFinished(result) = event {
            results.push(*result);
        }
    })
    .await;
    results
}

fn verdict(results: &[CheckResult], id: &str) -> (Verdict, String) {
    let result = results.iter().find(|result| result.id == id).unwrap_or_else(|| panic!("{id} did not run"));
    (result.verdict, result.summary.clone())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_that_look_alike_are_told_and_prove_nothing() {
    let results = results("").await;
    let (missing, told) = verdict(&results, "apikey.missing-denied");
    assert_eq!(missing, Verdict::Inconclusive, "{told}");
    assert!(told.contains("declare `success`"), "{told}");
    let (invalid, told) = verdict(&results, "apikey.invalid-denied");
    assert_eq!(invalid, Verdict::Inconclusive, "{told}");
    assert!(!results.iter().any(|result| result.summary.contains("access was granted")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_declared_text_tells_them_apart() {
    let results = results(", success: { text: <h1>Orders }, refusal: { status: 200, text: Log in }").await;
    let (invalid, told) = verdict(&results, "apikey.invalid-denied");
    // refused, and yet with 200: that is what remains to be said
    assert_eq!(invalid, Verdict::Fail, "{told}");
    assert!(told.contains("refused with 200"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_answer_for_everybody_is_access() {
    // the marks that are declared fit both pages: whoever declares them says that both are success
    let results = results(", success: { status: 200 }").await;
    let (missing, told) = verdict(&results, "apikey.missing-denied");
    assert_eq!(missing, Verdict::Fail, "{told}");
    assert!(told.contains("access was granted"), "{told}");
}
