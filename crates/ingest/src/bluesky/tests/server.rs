//! A Jetstream of our own on 127.0.0.1, with a will of its own.

use super::super::filter::Filter;
use super::super::{BlueskySettings, Protocol, Timing};
use futures::{SinkExt, StreamExt};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::server::{ErrorResponse, Request, Response};
use tokio_tungstenite::{WebSocketStream, accept_hdr_async};

/// What the server does with one connection.
#[derive(Clone)]
pub(super) enum Act {
    /// Sends what it has from the asked place on, at most so many frames, and drops the
    /// connection without a word.
    SendAndDrop(usize),
    /// Sends what it has from the asked place on and stays, answering pings.
    SendAndStay,
    /// Sends these frames, whatever was asked, and stays.
    Say(Vec<Message>),
    /// Opens the stream and does nothing any more: reads nothing, answers nothing.
    Freeze,
    /// Refuses the handshake.
    Refuse(u16, &'static str, Option<(&'static str, &'static str)>),
}

pub(super) struct Server {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
    _running: JoinSet<()>,
}

impl Server {
    /// `events` are (place in the stream, frame). After the last act it sends and stays.
    pub(super) async fn start(events: Vec<(u64, String)>, acts: Vec<Act>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("ws://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let mut running = JoinSet::new();
        running.spawn(serve(listener, events, acts.into(), Arc::clone(&asked)));
        Self {
            address,
            asked,
            _running: running,
        }
    }

    /// The path and query of every handshake.
    pub(super) fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }

    /// The cursors of every handshake.
    pub(super) fn cursors(&self) -> Vec<u64> {
        self.asked().iter().map(|asked| cursor_of(asked)).collect()
    }

    /// Looks for `acme`. Silence is told after two polls.
    pub(super) fn settings(&self, protocol: Option<Protocol>) -> BlueskySettings {
        BlueskySettings {
            filter: Filter {
                words: vec!["acme".to_owned()],
                ..Filter::default()
            },
            account: None,
            reposts: true,
            all_deletions: false,
            base_url: self.address.clone(),
            protocol,
            timing: Timing {
                span: Duration::from_millis(250),
                linger: Duration::from_millis(50),
                silence: Duration::from_millis(500),
                connect: Duration::from_secs(5),
            },
        }
    }
}

async fn serve(
    listener: TcpListener,
    events: Vec<(u64, String)>,
    mut acts: VecDeque<Act>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut connections = JoinSet::new();
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        let act = acts.pop_front().unwrap_or(Act::SendAndStay);
        connections.spawn(attend(stream, act, events.clone(), Arc::clone(&asked)));
    }
}

#[expect(clippy::result_large_err, reason = "the shape the library asks for")]
async fn attend(
    stream: TcpStream,
    act: Act,
    events: Vec<(u64, String)>,
    asked: Arc<Mutex<Vec<String>>>,
) {
    let mut uri = String::new();
    let accepted = accept_hdr_async(stream, |request: &Request, response| {
        uri = request.uri().to_string();
        asked.lock().unwrap().push(uri.clone());
        judge(&act, response)
    });
    let Ok(mut socket) = accepted.await else {
        return;
    };
    let from = place_of(cursor_of(&uri), &events);
    let wanted = events.into_iter().filter(|(place, _)| *place >= from);
    let frames = wanted.map(|(_, frame)| Message::text(frame));
    match act {
        Act::SendAndDrop(count) => send(&mut socket, frames.take(count)).await,
        Act::SendAndStay => {
            send(&mut socket, frames).await;
            while socket.next().await.is_some() {}
        }
        Act::Say(frames) => {
            send(&mut socket, frames.into_iter()).await;
            while socket.next().await.is_some() {}
        }
        Act::Freeze => std::future::pending().await,
        Act::Refuse(..) => {}
    }
}

#[expect(clippy::result_large_err, reason = "the shape the library asks for")]
fn judge(act: &Act, mut response: Response) -> Result<Response, ErrorResponse> {
    // As the real one: what was offered is chosen.
    response
        .headers_mut()
        .insert("x-server", "test".parse().unwrap());
    let Act::Refuse(status, body, header) = act else {
        return Ok(response);
    };
    let mut refusal = ErrorResponse::new(Some((*body).to_owned()));
    *refusal.status_mut() = (*status).try_into().unwrap();
    if let Some((name, value)) = header {
        refusal.headers_mut().insert(*name, value.parse().unwrap());
    }
    Err(refusal)
}

async fn send(socket: &mut WebSocketStream<TcpStream>, frames: impl Iterator<Item = Message>) {
    for frame in frames {
        if socket.send(frame).await.is_err() {
            return;
        }
    }
}

/// Numbered events are found by time too, told apart by size; these all lie after it.
fn place_of(cursor: u64, events: &[(u64, String)]) -> u64 {
    const TIMES_FROM: u64 = 1_000_000_000_000_000;
    let by_number = events.iter().all(|(place, _)| *place < TIMES_FROM);
    if by_number && cursor >= TIMES_FROM {
        0
    } else {
        cursor
    }
}

fn cursor_of(uri: &str) -> u64 {
    let cursor = uri
        .split(['?', '&'])
        .find_map(|part| part.strip_prefix("cursor="));
    cursor.unwrap().parse().unwrap()
}
