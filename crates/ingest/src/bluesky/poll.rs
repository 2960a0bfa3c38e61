//! One poll: what the stream brought since, up to a batch.

use super::cursor::StreamCursor;
use super::event::{Frame, read_frame};
use super::filter::HandedOn;
use super::gather::Gathering;
use super::socket::{EVENT_BYTES_MAX, Refusal, Socket, new_client, open};
use super::{BlueskySettings, Protocol};
use crate::connector::{Batch, Connector, ConnectorError, Cursor};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use switchboard_domain::Clock;
use tokio::time::{Instant, timeout_at};

/// The wait after a stream that broke off with something gained.
const RECONNECT_WAIT: Duration = Duration::from_secs(1);

/// `/subscribe` keeps this much, and begins later than asked for without a word.
const SUBSCRIBE_KEEPS: SignedDuration = SignedDuration::from_hours(36);

/// What is asked for in both protocols.
const COLLECTIONS: [&str; 2] = [super::identity::POST, super::identity::REPOST];

pub(super) struct BlueskyConnector {
    settings: BlueskySettings,
    clock: Arc<dyn Clock>,
    client: Option<reqwest::Client>,
    /// The open stream: taken out during a poll, so that one that is given up leaves nothing
    /// half read behind.
    live: Option<Live>,
    handed_on: HandedOn,
}

/// An open stream, and the place it stands at.
struct Live {
    socket: Socket,
    protocol: Protocol,
    /// The cursor handed out with the last batch: another one asks for another place.
    place: Cursor,
    /// How long nothing was heard while somebody listened.
    silence: Duration,
}

impl BlueskyConnector {
    pub(super) fn new(settings: BlueskySettings, clock: Arc<dyn Clock>) -> Self {
        Self {
            settings,
            clock,
            client: None,
            live: None,
            handed_on: HandedOn::default(),
        }
    }
}

#[async_trait]
impl Connector for BlueskyConnector {
    async fn poll(&mut self, from: Option<&Cursor>) -> Result<Batch, ConnectorError> {
        let start = StreamCursor::read(from, self.clock.now())?;
        let mut live = match self.live.take() {
            Some(live) if from == Some(&live.place) => live,
            _ => self.connect(&start).await?,
        };
        let mut gathering = Gathering::new(&self.settings, &mut self.handed_on, start.clone());
        let ended = listen(&mut live, &mut gathering, &self.settings).await;
        let gained = gathering.gained(&start);
        let batch = gathering.into_batch()?;
        match ended {
            Ok(()) => {
                live.place = batch.next.clone();
                self.live = Some(live);
                Ok(batch)
            }
            Err(error) if gained => {
                tracing::info!(%error, "the stream broke off and is opened again");
                Ok(Batch {
                    poll_after: RECONNECT_WAIT,
                    ..batch
                })
            }
            Err(error) => Err(error),
        }
    }
}

impl BlueskyConnector {
    /// A stream from a little before `start`, in the newest protocol the server speaks.
    async fn connect(&mut self, start: &StreamCursor) -> Result<Live, ConnectorError> {
        let mut refused = String::from("no protocol to try");
        for &protocol in self.settings.protocols() {
            match self.open(protocol, start).await {
                Ok(socket) => {
                    let place = start.write()?;
                    return Ok(Live {
                        socket,
                        protocol,
                        place,
                        silence: Duration::ZERO,
                    });
                }
                Err(Refusal::Error(error)) => return Err(error),
                Err(Refusal::TooOld(told)) => refused = told,
                Err(Refusal::NotServed) => {
                    refused = format!("no `{}` at this address", protocol.path());
                }
            }
        }
        Err(ConnectorError::Malformed { reason: refused })
    }

    async fn open(&mut self, protocol: Protocol, start: &StreamCursor) -> Result<Socket, Refusal> {
        let by_time = start.resume_time().to_string();
        let number = start.resume_number(&self.settings.base_url);
        let by_number = number.filter(|_| protocol == Protocol::Events);
        let Some(number) = by_number else {
            self.warn_of_gap(protocol, start);
            return self.open_at(protocol, &by_time).await;
        };
        match self.open_at(protocol, &number.to_string()).await {
            Err(Refusal::TooOld(told)) => {
                // By time the server begins with the oldest it has.
                tracing::warn!(%told, "a gap in the stream cannot be filled");
                self.open_at(protocol, &by_time).await
            }
            opened => opened,
        }
    }

    async fn open_at(&mut self, protocol: Protocol, cursor: &str) -> Result<Socket, Refusal> {
        let client = self.client().map_err(Refusal::Error)?;
        let url = stream_url(&self.settings, protocol, cursor).map_err(Refusal::Error)?;
        open(
            &client,
            url,
            protocol,
            &self.settings.timing,
            self.clock.now(),
        )
        .await
    }

    /// Cheap to clone; made at the first connection, since it reads certificates from disk.
    fn client(&mut self) -> Result<reqwest::Client, ConnectorError> {
        let client = match self.client.take() {
            Some(client) => client,
            None => new_client(&self.settings.timing)?,
        };
        self.client = Some(client.clone());
        Ok(client)
    }

    fn warn_of_gap(&self, protocol: Protocol, start: &StreamCursor) {
        let since = Timestamp::from_microsecond(start.time_us).unwrap_or(Timestamp::MIN);
        let age = self.clock.now().duration_since(since);
        if protocol == Protocol::Subscribe && age > SUBSCRIBE_KEEPS {
            tracing::warn!(%since, "the server keeps 36 hours; what came before them is lost");
        }
    }
}

/// Takes frames until the batch is full, its first find has waited long enough, or the poll
/// has lasted its time. Reading is paced by this: what is not read waits with the server.
async fn listen(
    live: &mut Live,
    gathering: &mut Gathering<'_>,
    settings: &BlueskySettings,
) -> Result<(), ConnectorError> {
    let timing = &settings.timing;
    let heard = live.socket.heard;
    let deadline = Instant::now() + timing.span;
    let mut until = deadline;
    while !gathering.is_full() {
        let Ok(frame) = timeout_at(until, live.socket.next()).await else {
            break;
        };
        take_frame(&frame?, live.protocol, gathering)?;
        if until == deadline && gathering.has_found() {
            until = deadline.min(Instant::now() + timing.linger);
        }
    }
    if live.socket.heard != heard {
        live.silence = Duration::ZERO;
        return Ok(());
    }
    live.silence += timing.span;
    if live.silence >= timing.silence {
        let seconds = live.silence.as_secs();
        let reason = format!("nothing heard for {seconds} s, not even an answer to a ping");
        return Err(ConnectorError::Unavailable { reason });
    }
    live.socket.ping().await
}

fn take_frame(
    bytes: &[u8],
    protocol: Protocol,
    gathering: &mut Gathering<'_>,
) -> Result<(), ConnectorError> {
    let value: Value = match serde_json::from_slice(bytes) {
        Ok(value) => value,
        Err(error) => {
            gathering.set_aside(bytes, &format!("no JSON: {error}"));
            return Ok(());
        }
    };
    match read_frame(&value) {
        Some(Frame::Event(event)) => gathering.take(&event, &value),
        Some(Frame::Notice(notice)) => tracing::warn!(%notice, ?protocol, "Jetstream says"),
        Some(Frame::End(reason)) => {
            let reason = format!("the server ended the stream: {reason}");
            return Err(ConnectorError::Unavailable { reason });
        }
        None => gathering.set_aside(bytes, "no frame of Jetstream"),
    }
    Ok(())
}

fn stream_url(
    settings: &BlueskySettings,
    protocol: Protocol,
    cursor: &str,
) -> Result<Url, ConnectorError> {
    let base = settings.base_url.trim_end_matches('/');
    // The handshake is an HTTP request, and `ws` in an address means just that.
    let address = format!("http{}{}", base.trim_start_matches("ws"), protocol.path());
    let mut url = Url::parse(&address).map_err(|error| ConnectorError::Malformed {
        reason: format!("`{base}`: {error}"),
    })?;
    let mut query = url.query_pairs_mut();
    for collection in &COLLECTIONS[..if settings.reposts { 2 } else { 1 }] {
        query.append_pair(protocol.collections(), collection);
    }
    if protocol == Protocol::Events {
        query.append_pair("kinds", "commit");
    }
    query.append_pair("maxMessageSizeBytes", &EVENT_BYTES_MAX.to_string());
    query.append_pair("cursor", cursor);
    drop(query);
    Ok(url)
}
