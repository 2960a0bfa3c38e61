//! A WebSocket to Jetstream. The handshake goes through the HTTP client, so that TLS is that
//! of every other connector.

use super::{Protocol, Timing};
use crate::connector::ConnectorError;
use crate::http::{retry_after, tls_config};
use futures::{SinkExt, StreamExt};
use jiff::Timestamp;
use reqwest::header::{CONNECTION, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY};
use reqwest::header::{SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response, StatusCode, Upgraded, Url};
use std::error::Error;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{Bytes, Message};

/// What the server is asked to leave out. The largest record of the network is 1 MiB; a post
/// is 3,000 bytes of text and some names.
pub(super) const EVENT_BYTES_MAX: usize = 256 * 1024;

/// What is read at all. Larger than what was asked for, so that one such event ends the
/// connection only when the server does not do as asked.
const MESSAGE_BYTES_MAX: usize = 4 * EVENT_BYTES_MAX;

/// Bytes of a refusal that are read.
const REFUSAL_BYTES_MAX: usize = 4 * 1024;

/// Characters of a server's words that are shown.
const SHOWN_CHARACTERS_MAX: usize = 200;

/// An open stream.
pub(super) struct Socket {
    stream: WebSocketStream<Upgraded>,
    /// Frames of any kind since it was opened.
    pub(super) heard: u64,
}

/// Why no stream was opened.
pub(super) enum Refusal {
    /// The server does not know this protocol.
    NotServed,
    /// The place asked for is older than what the server keeps.
    TooOld(String),
    /// Anything else.
    Error(ConnectorError),
}

pub(super) fn new_client(timing: &Timing) -> Result<reqwest::Client, ConnectorError> {
    let tls = tls_config().map_err(|error| unavailable(&error))?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(Policy::none())
        .no_proxy()
        // Over HTTP/2 there is no upgrade.
        .http1_only()
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(timing.connect)
        .build()
        .map_err(|error| unavailable(&error))
}

/// Opens a stream at `url` (`http` or `https`).
pub(super) async fn open(
    client: &reqwest::Client,
    url: Url,
    protocol: Protocol,
    timing: &Timing,
    now: Timestamp,
) -> Result<Socket, Refusal> {
    let opening = tokio::time::timeout(timing.connect, shake_hands(client, url, protocol, now));
    let opened = opening.await.map_err(|_elapsed| {
        let seconds = timing.connect.as_secs();
        let reason = format!("no stream within {seconds} s");
        Refusal::Error(ConnectorError::Unavailable { reason })
    })??;
    let config = WebSocketConfig::default()
        .max_message_size(Some(MESSAGE_BYTES_MAX))
        .max_frame_size(Some(MESSAGE_BYTES_MAX));
    let stream = WebSocketStream::from_raw_socket(opened, Role::Client, Some(config)).await;
    Ok(Socket { stream, heard: 0 })
}

impl Socket {
    /// The next frame with something in it. Giving up waiting loses nothing.
    pub(super) async fn next(&mut self) -> Result<Bytes, ConnectorError> {
        loop {
            let Some(message) = self.stream.next().await else {
                return Err(closed("the server closed the stream"));
            };
            self.heard += 1;
            match message {
                Ok(Message::Text(text)) => return Ok(text.into()),
                Ok(Message::Binary(bytes)) => return Ok(bytes),
                Ok(Message::Close(frame)) => {
                    let reason = frame.map(|frame| shown(&frame.reason)).unwrap_or_default();
                    return Err(closed(&format!("the server closed the stream: `{reason}`")));
                }
                // A pong goes out by itself with the next read.
                Ok(_) => {}
                Err(error) => return Err(unavailable(&error)),
            }
        }
    }

    /// Asks whether anybody is there.
    pub(super) async fn ping(&mut self) -> Result<(), ConnectorError> {
        let ping = self.stream.send(Message::Ping(Bytes::new()));
        ping.await.map_err(|error| unavailable(&error))
    }
}

async fn shake_hands(
    client: &reqwest::Client,
    url: Url,
    protocol: Protocol,
    now: Timestamp,
) -> Result<Upgraded, Refusal> {
    let key = generate_key();
    let response = request(client, url, protocol, &key).send().await;
    let response = response.map_err(|error| Refusal::Error(unavailable(&error.without_url())))?;
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        return Err(refusal(response, now).await);
    }
    let accepted = response.headers().get(SEC_WEBSOCKET_ACCEPT);
    if accepted.is_none_or(|accepted| accepted != derive_accept_key(key.as_bytes()).as_str()) {
        return Err(Refusal::Error(malformed(
            "no WebSocket server answered".to_owned(),
        )));
    }
    let upgraded = response.upgrade().await;
    upgraded.map_err(|error| Refusal::Error(unavailable(&error.without_url())))
}

fn request(client: &reqwest::Client, url: Url, protocol: Protocol, key: &str) -> RequestBuilder {
    let request = client
        .get(url)
        .header(CONNECTION, "Upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, "13")
        .header(SEC_WEBSOCKET_KEY, key);
    match protocol {
        Protocol::Events => request.header(SEC_WEBSOCKET_PROTOCOL, "xrpc.v1.json"),
        Protocol::Subscribe => request,
    }
}

async fn refusal(response: Response, now: Timestamp) -> Refusal {
    let status = response.status();
    let retry_after = retry_after(response.headers(), now);
    let words = read_refusal(response).await;
    let told = format!("HTTP {}: `{}`", status.as_u16(), shown(&words));
    let error = match status {
        StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED | StatusCode::NOT_IMPLEMENTED => {
            return Refusal::NotServed;
        }
        StatusCode::BAD_REQUEST if words.contains("CursorTooOld") => return Refusal::TooOld(told),
        StatusCode::TOO_MANY_REQUESTS => ConnectorError::RateLimited { retry_after },
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            ConnectorError::Unauthorized { reason: told }
        }
        _ if status.is_client_error() => malformed(told),
        _ => closed(&told),
    };
    Refusal::Error(error)
}

async fn read_refusal(mut response: Response) -> String {
    let mut body = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        let room = REFUSAL_BYTES_MAX - body.len();
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if body.len() == REFUSAL_BYTES_MAX {
            break;
        }
    }
    String::from_utf8_lossy(&body).into_owned()
}

fn shown(text: &str) -> String {
    let visible = text.chars().filter(|character| !character.is_control());
    visible.take(SHOWN_CHARACTERS_MAX).collect()
}

/// With its causes: the outermost says little.
fn unavailable(error: &(dyn Error + 'static)) -> ConnectorError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    ConnectorError::Unavailable { reason }
}

fn closed(reason: &str) -> ConnectorError {
    ConnectorError::Unavailable {
        reason: reason.to_owned(),
    }
}

const fn malformed(reason: String) -> ConnectorError {
    ConnectorError::Malformed { reason }
}
