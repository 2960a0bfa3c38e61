//! A server on 127.0.0.1 that answers as the test says, however wrong that is.

use super::{HttpSettings, Reach, TimeLimits};
use reqwest::Url;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

type Answer = Arc<dyn Fn(&str) -> Option<Vec<u8>> + Send + Sync>;

/// Ends with the test.
pub(crate) struct Server {
    pub(crate) base_url: Url,
    requests: Arc<Mutex<Vec<String>>>,
    _running: JoinSet<()>,
}

impl Server {
    /// `answer` gets the head of each request and gives the bytes to send back before the
    /// connection is closed; with `None` the server says nothing and stays.
    pub(crate) async fn start(
        answer: impl Fn(&str) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(Mutex::new(Vec::new()));
        let mut running = JoinSet::new();
        running.spawn(serve(listener, Arc::new(answer), requests.clone()));
        Self {
            base_url: Url::parse(&base_url).unwrap(),
            requests,
            _running: running,
        }
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }

    /// Speaks to this server, and does not wait long for it.
    pub(crate) fn settings(&self) -> HttpSettings {
        HttpSettings {
            base_url: self.base_url.clone(),
            reach: Reach::Configured,
            bearer: None,
            requests_per_minute: 6000,
            times: TimeLimits {
                connect: Duration::from_secs(1),
                silence: Duration::from_millis(200),
                whole: Duration::from_secs(2),
            },
        }
    }
}

async fn serve(listener: TcpListener, answer: Answer, requests: Arc<Mutex<Vec<String>>>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        connections.spawn(converse(stream, answer.clone(), requests.clone()));
    }
}

async fn converse(mut stream: TcpStream, answer: Answer, requests: Arc<Mutex<Vec<String>>>) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => return,
        }
    }
    let head = String::from_utf8(head).unwrap();
    requests.lock().unwrap().push(head.clone());
    match answer(&head) {
        Some(bytes) => {
            let _closed = stream.write_all(&bytes).await;
        }
        None => std::future::pending().await,
    }
}

/// A whole answer; `headers` are lines without their ends.
pub(crate) fn answer(status: &str, headers: &[&str], body: &[u8]) -> Vec<u8> {
    let mut head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {}\r\n",
        body.len()
    );
    for header in headers {
        head.push_str(header);
        head.push_str("\r\n");
    }
    [head.as_bytes(), b"\r\n", body].concat()
}
