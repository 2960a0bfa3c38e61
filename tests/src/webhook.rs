//! A receiver of webhooks, or a service that is asked: answers as told, keeps what came.

use crate::server::PATIENCE;
use anyhow::{Context, Result, bail};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// How often a condition is looked at while it is waited for.
const LOOK_INTERVAL: Duration = Duration::from_millis(20);

/// Runs until it is dropped.
pub struct Receiver {
    /// Where it is reached.
    pub url: String,
    calls: Arc<Mutex<Vec<Call>>>,
    open: watch::Sender<bool>,
    _tasks: JoinSet<()>,
}

/// One POST.
#[derive(Clone, Debug)]
pub struct Call {
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    /// As it came.
    pub body: Vec<u8>,
}

impl Call {
    /// The body as JSON.
    ///
    /// # Errors
    /// When it is none.
    pub fn json(&self) -> Result<Value> {
        Ok(serde_json::from_slice(&self.body)?)
    }

    /// That header's value; empty when it is missing.
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

impl Receiver {
    /// Answers the first calls with these statuses, all others with 200.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start(first_statuses: &[u16]) -> Result<Self> {
        let receiver = Self::held(first_statuses, String::new()).await?;
        receiver.release();
        Ok(receiver)
    }

    /// As [`Receiver::start`], with that body in every answer, and no answer before
    /// [`Receiver::release`].
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn held(first_statuses: &[u16], body: String) -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/hook", listener.local_addr()?);
        let calls = Arc::new(Mutex::new(Vec::new()));
        let mut statuses: VecDeque<u16> = first_statuses.iter().copied().collect();
        let kept = Arc::clone(&calls);
        let (open, mut opened) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let status = statuses.pop_front().unwrap_or(200);
                let mut stream = BufReader::new(stream);
                let Ok(call) = read(&mut stream).await else {
                    continue;
                };
                let released = opened.wait_for(|is_open| *is_open).await.is_ok();
                if released && answer(stream, status, &body).await.is_ok() {
                    kept.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push(call);
                }
            }
        });
        Ok(Self {
            url,
            calls,
            open,
            _tasks: tasks,
        })
    }

    /// From now on calls are answered, those that wait too.
    pub fn release(&self) {
        self.open.send_replace(true);
    }

    /// What came so far.
    pub fn calls(&self) -> Vec<Call> {
        self.calls
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Waits until so many calls came.
    ///
    /// # Errors
    /// When they do not come.
    pub async fn wait_for(&self, count: usize) -> Result<Vec<Call>> {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        loop {
            let calls = self.calls();
            if calls.len() >= count {
                return Ok(calls);
            }
            if tokio::time::Instant::now() > deadline {
                bail!("{} of {count} calls came: {calls:?}", calls.len());
            }
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

async fn read(stream: &mut BufReader<TcpStream>) -> Result<Call> {
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.push((name.to_lowercase(), value.trim().to_owned()));
        }
    }
    let mut call = Call {
        headers,
        body: vec![],
    };
    let length = call.header("content-length");
    let length: usize = length.parse().context("no content-length")?;
    call.body = vec![0; length];
    stream.read_exact(&mut call.body).await?;
    Ok(call)
}

/// One request a connection is enough: the client takes a new one when this one closes.
async fn answer(mut stream: BufReader<TcpStream>, status: u16, body: &str) -> Result<()> {
    let length = body.len();
    let head =
        format!("HTTP/1.1 {status} Told\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n");
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    Ok(stream.flush().await?)
}
