//! Clear text on the port of a target that is asked over TLS: refused in several ways, redirected, left without an answer, and served.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use authbench::check::Verdict;
use authbench::event::{CheckResult, Event};
use authbench::reference::{self, Config, ReferenceServer};
use authbench::run::{Launch, Only, Options, prepare, run};
use authbench::scenario::{NoVariables, load_paths};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

const CHECK: &str = "common.plain-http-refused";
/// How long an answer may take that comes, on a machine with other work.
const LONG: Duration = Duration::from_secs(60);

/// What a server does with clear text on the port of TLS.
#[derive(Clone, Copy, Debug)]
enum ClearText {
    Answered(&'static str),
    Closed,
    LeftAlone,
    /// Passed on to another server, which speaks no TLS.
    Served(SocketAddr),
}

/// A server whose TLS is that of the reference, and whose clear text is treated in some way.
async fn front(over_tls: SocketAddr, clear_text: ClearText) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("binds");
    let address = listener.local_addr().expect("has an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut first = [0];
                stream.peek(&mut first).await.ok()?;
                let upstream = match (first[0], clear_text) {
                    (22, _) => over_tls,
                    (_, ClearText::Served(at)) => at,
                    (_, ClearText::Closed) => return None,
                    (_, ClearText::LeftAlone) => std::future::pending().await,
                    (_, ClearText::Answered(answer)) => {
                        let _ = stream.read(&mut [0; 8192]).await;
                        stream.write_all(answer.as_bytes()).await.ok()?;
                        return stream.shutdown().await.ok();
                    }
                };
                let mut server = TcpStream::connect(upstream).await.ok()?;
                tokio::io::copy_bidirectional(&mut stream, &mut server).await.ok().map(drop)
            });
        }
    });
    address
}

async fn started(tls: bool) -> ReferenceServer {
    reference::start(Config { tls, ..Config::default() }).await.expect("starts")
}

async fn judged(target: &str, ca: Option<&str>, time_limit: Duration) -> CheckResult {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("a.yaml");
    std::fs::write(folder.path().join("ca.pem"), ca.unwrap_or_default()).expect("writes");
    let key = authbench::seed::IDENTITIES[0].api_key;
    let text = format!(
        "authbench: 1\nname: a\ntarget: {target}\nscheme: {{ api-key: {{ header: X-API-Key }} }}\n\
         credentials: {{ service: {{ key: {key} }} }}\nresources: [{{ request: GET /api-key/orders }}]\n\
         conformance: {{ include: [{CHECK}] }}\n"
    );
    std::fs::write(&file, text).expect("writes");
    let options = Options { only: Some(Only::Conformance), time_limit, ..Options::new(Launch::InProcess) };
    let ready = prepare(load_paths(&[file]).expect("reads"), Some(&NoVariables), &options).expect("is ready");
    let mut found = None;
    let mut take = |event| {
        if let Event::CheckFinished(result) = event {
            found = Some(*result).filter(|result| result.id == CHECK).or(found.take());
        }
    };
    Box::pin(run(ready, &options, &mut take)).await;
    found.expect("the check ran")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clear_text_is_refused_redirected_or_served() {
    let (secure, plain) = (started(true).await, started(false).await);
    let bad = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
    let moved = "HTTP/1.1 301 Moved Permanently\r\nLocation: https://127.0.0.1/api-key/orders\r\nContent-Length: 0\r\n\
                 Connection: close\r\n\r\n";
    for (clear_text, expected) in [
        (ClearText::Answered(bad), Verdict::Pass),
        (ClearText::Closed, Verdict::Pass),
        (ClearText::Answered(moved), Verdict::Warn),
        (ClearText::LeftAlone, Verdict::Inconclusive),
        (ClearText::Served(plain.addr()), Verdict::Fail),
    ] {
        let address = front(secure.addr(), clear_text).await;
        let target = format!("{{ url: \"https://{address}\", owned: true, tls: {{ ca: ca.pem }} }}");
        // short where an answer never comes
        let time_limit = if matches!(clear_text, ClearText::LeftAlone) { Duration::from_secs(2) } else { LONG };
        let result = judged(&target, secure.certificate(), time_limit).await;
        assert_eq!(result.verdict, expected, "{clear_text:?}: {}", result.summary);
    }
    let result = judged(&format!("{{ url: \"{}\", owned: true }}", plain.url()), None, LONG).await;
    assert_eq!(result.verdict, Verdict::NotApplicable, "{}", result.summary);
}
