//! A notifier's client against a server of our own that misbehaves.

#![expect(clippy::unwrap_used, reason = "a test stops where it fails")]

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use rstest::rstest;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;
use switchboard_alert::notify::client::{Answer, Client, Delivery, Post};
use switchboard_alert::notify::guard::{Guard, Lookup, SystemLookup};
use switchboard_domain::{Clock, ManualClock};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinSet;

/// Answers one connection after another with the next of its answers; keeps what came.
struct Server {
    address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    _tasks: JoinSet<()>,
}

/// An answer that never comes.
const SILENCE: &str = "";

impl Server {
    async fn start(address: &str, answers: &[&str]) -> Self {
        let listener = TcpListener::bind((address, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let answers: Vec<String> = answers.iter().map(ToString::to_string).collect();
        let kept = Arc::clone(&requests);
        tasks.spawn(async move {
            let mut silent = vec![];
            for answer in answers {
                let (mut stream, _) = listener.accept().await.unwrap();
                let mut request = vec![0; 4_096];
                let length = stream.read(&mut request).await.unwrap_or(0);
                let request = String::from_utf8_lossy(&request[..length]).into_owned();
                kept.lock().unwrap().push(request);
                if answer == SILENCE {
                    silent.push(stream);
                    continue;
                }
                let _gone = stream.write_all(answer.as_bytes()).await;
            }
            std::future::pending::<()>().await;
        });
        Self {
            address,
            requests,
            _tasks: tasks,
        }
    }

    fn url(&self) -> Url {
        Url::parse(&format!("http://{}/hook", self.address)).unwrap()
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn clock() -> Arc<dyn Clock> {
    let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
    Arc::new(ManualClock::new(now))
}

fn guard(allowed: &[&str]) -> Guard {
    let networks = allowed.iter().map(|network| network.parse().unwrap());
    Guard::new(networks.collect())
}

fn client(url: Url) -> Client {
    let timeout = Duration::from_millis(500);
    Client::new(
        url,
        guard(&["127.0.0.0/8"]),
        Arc::new(SystemLookup),
        clock(),
    )
    .with_timeout(timeout)
}

fn message() -> Post {
    Post {
        headers: vec![("webhook-id", "incident-1-crisis".to_owned())],
        body: b"{\"v\":1}".to_vec(),
    }
}

fn later(reason: &str, seconds: Option<i64>) -> Answer {
    Answer::Later(reason.to_owned(), seconds.map(SignedDuration::from_secs))
}

#[rstest]
#[case::ok("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok", Answer::Taken)]
#[case::half_a_body("HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\nok", Answer::Taken)]
#[case::asks_in_seconds(
    "HTTP/1.1 429 Slow down\r\nretry-after: 30\r\ncontent-length: 0\r\n\r\n",
    later("HTTP 429", Some(30))
)]
#[case::asks_by_date(
    "HTTP/1.1 429 Slow down\r\nretry-after: Sun, 01 Mar 2026 08:00:45 GMT\r\ncontent-length: 0\r\n\r\n",
    later("HTTP 429", Some(45))
)]
#[case::broken(
    "HTTP/1.1 500 Oops\r\ncontent-length: 0\r\n\r\n",
    later("HTTP 500", None)
)]
#[tokio::test]
async fn what_it_makes_of_an_answer(#[case] answer: &str, #[case] want: Answer) {
    let server = Server::start("127.0.0.1", &[answer]).await;
    assert_eq!(client(server.url()).post(&message()).await, want);
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(
        requests[0].starts_with("POST /hook HTTP/1.1\r\n"),
        "{requests:?}"
    );
    assert!(requests[0].contains("webhook-id: incident-1-crisis\r\n"));
    assert!(requests[0].contains("content-type: application/json\r\n"));
}

#[rstest]
#[case::silence(SILENCE)]
#[case::half_a_head("HTTP/1.1 200 OK\r\nconte")]
#[case::garbage("!\r\n\r\n")]
#[tokio::test]
async fn a_broken_answer_is_tried_again_and_names_no_address(#[case] answer: &str) {
    let server = Server::start("127.0.0.1", &[answer]).await;
    let answer = client(server.url()).post(&message()).await;
    let Answer::Later(reason, None) = answer else {
        panic!("{answer:?}");
    };
    assert!(
        !reason.contains("hook"),
        "the address may be a secret: {reason}"
    );
}

#[tokio::test]
async fn nobody_there_is_tried_again() {
    let free = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let url = Url::parse(&format!("http://{free}/hook")).unwrap();
    let answer = client(url).post(&message()).await;
    assert!(matches!(answer, Answer::Later(..)), "{answer:?}");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let inner = Server::start("127.0.0.1", &["HTTP/1.1 200 OK\r\n\r\n"]).await;
    let moved = format!(
        "HTTP/1.1 302 Found\r\nlocation: {}\r\ncontent-length: 0\r\n\r\n",
        inner.url()
    );
    let server = Server::start("127.0.0.1", &[&moved]).await;
    let answer = client(server.url()).post(&message()).await;
    let Answer::Refused(reason) = answer else {
        panic!("{answer:?}");
    };
    assert!(reason.contains("redirects are not followed"), "{reason}");
    assert_eq!(inner.requests(), Vec::<String>::new());
}

/// A name server under an attacker's hand: the first answer is harmless.
struct Rebinding(Mutex<Vec<IpAddr>>);

#[async_trait]
impl Lookup for Rebinding {
    async fn lookup(&self, _name: &str) -> io::Result<Vec<IpAddr>> {
        Ok(vec![self.0.lock().unwrap().remove(0)])
    }
}

#[tokio::test]
async fn a_name_that_changes_its_mind_finds_nobody() {
    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
    let allowed = Server::start("127.0.0.2", &[OK]).await;
    let port = allowed.address.port();
    let inner = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    let addresses = ["127.0.0.2", "127.0.0.1"].map(|ip| ip.parse().unwrap());
    let lookup = Arc::new(Rebinding(Mutex::new(addresses.to_vec())));
    let url = Url::parse(&format!("http://hooks.example:{port}/hook")).unwrap();
    let client = Client::new(
        url,
        guard(&["127.0.0.2/32"]),
        Arc::clone(&lookup) as _,
        clock(),
    );
    assert_eq!(client.post(&message()).await, Answer::Taken);
    assert_eq!(lookup.0.lock().unwrap().len(), 1, "one look a message");
    let answer = client.post(&message()).await;
    let Answer::Refused(reason) = answer else {
        panic!("{answer:?}");
    };
    assert!(
        reason.contains("127.0.0.1 is not a public address"),
        "{reason}"
    );
    let knock = tokio::time::timeout(Duration::from_millis(50), inner.accept());
    assert!(knock.await.is_err(), "nobody came to the private address");
}

#[rstest]
#[case::loopback("https://127.0.0.1:8443/")]
#[case::name_of_loopback("https://localhost/")]
#[case::metadata("https://169.254.169.254/latest/meta-data")]
#[tokio::test]
async fn what_is_private_is_not_knocked_at(#[case] url: &str) {
    let url = Url::parse(url).unwrap();
    let client = Client::new(url, guard(&[]), Arc::new(SystemLookup), clock());
    let answer = client.post(&message()).await;
    let Answer::Refused(reason) = answer else {
        panic!("{answer:?}");
    };
    assert!(reason.contains("is not a public address"), "{reason}");
}
