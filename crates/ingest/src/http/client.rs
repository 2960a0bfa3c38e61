//! One GET, and what a failure means to the worker.

use super::address::JudgingResolver;
use super::pace::{self, Pace, retry_after};
use super::settings::HttpSettings;
use super::tls::tls_config;
use crate::connector::ConnectorError;
use reqwest::header::{
    ACCEPT, AUTHORIZATION, ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED,
    LOCATION,
};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode, Url};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use switchboard_domain::Clock;

/// The largest answer that is read. A page of 80 posts with long texts is under 2 MiB, the
/// largest feeds about 10.
pub const BODY_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Requests at once before the rate holds: the pages of one poll.
const BURST: u32 = 10;

/// A wait for one's turn up to this is waited out; a longer one is told to the worker.
const PACE_WAIT_MAX: Duration = Duration::from_secs(2);

/// Speaks to one host for one source.
pub struct HttpClient {
    settings: HttpSettings,
    client: OnceLock<reqwest::Client>,
    pace: Arc<Pace>,
    clock: Arc<dyn Clock>,
}

/// An answer with a body.
#[derive(Clone, Debug)]
pub struct Reply {
    /// As they came.
    pub headers: HeaderMap,
    /// At most [`BODY_BYTES_MAX`] bytes.
    pub body: Vec<u8>,
    /// To send back with the next request of the same address.
    pub validators: Validators,
}

/// What a server said about the version of its answer; empty when it said nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Validators {
    /// `ETag`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    /// `Last-Modified`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
}

impl HttpClient {
    /// Opens nothing: the first request does.
    pub fn new(settings: HttpSettings, clock: Arc<dyn Clock>) -> Self {
        let pace = Pace::shared(&credential(&settings), settings.requests_per_minute, BURST);
        Self {
            settings,
            client: OnceLock::new(),
            pace,
            clock,
        }
    }

    fn client(&self) -> Result<&reqwest::Client, ConnectorError> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        let built = build(&self.settings)?;
        Ok(self.client.get_or_init(|| built))
    }

    /// `path` below the base, with its query.
    ///
    /// # Errors
    /// When together they are no address.
    pub fn url(&self, path: &str, query: &[(&str, &str)]) -> Result<Url, ConnectorError> {
        let base = self.settings.base_url.as_str().trim_end_matches('/');
        let mut url =
            Url::parse(&format!("{base}{path}")).map_err(|error| malformed(error.to_string()))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// The answer of an address.
    ///
    /// # Errors
    /// See [`ConnectorError`]; nothing was taken in when there is one.
    pub async fn get(&self, url: Url) -> Result<Reply, ConnectorError> {
        let reply = self.get_if_changed(url, &Validators::default()).await?;
        reply.ok_or_else(|| malformed("304 to a request without conditions".to_owned()))
    }

    /// The answer of an address, or `None` when it is still the one of `validators`.
    ///
    /// # Errors
    /// See [`ConnectorError`].
    pub async fn get_if_changed(
        &self,
        url: Url,
        validators: &Validators,
    ) -> Result<Option<Reply>, ConnectorError> {
        self.settings.reach.judge(&url).map_err(malformed)?;
        self.wait_for_turn().await?;
        let request = self.client()?.get(url.clone()).header(ACCEPT, "*/*");
        let request = self.authorized(request, &url);
        let response = conditional(request, validators).send().await;
        let response = response.map_err(|error| unavailable(&error.without_url()))?;
        if let Some(wait) = pace::exhausted(response.headers(), self.clock.now()) {
            self.pace.close_for(wait);
        }
        if response.status() == StatusCode::NOT_MODIFIED {
            return Ok(None);
        }
        if !response.status().is_success() {
            return Err(self.refusal(&response));
        }
        Ok(Some(read(response).await?))
    }

    async fn wait_for_turn(&self) -> Result<(), ConnectorError> {
        while let Err(wait) = self.pace.take() {
            if wait > PACE_WAIT_MAX {
                return Err(ConnectorError::RateLimited { retry_after: wait });
            }
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// The credential goes to its own host and to no other.
    fn authorized(&self, request: reqwest::RequestBuilder, url: &Url) -> reqwest::RequestBuilder {
        match &self.settings.bearer {
            Some(bearer) if url.origin() == self.settings.base_url.origin() => {
                request.header(AUTHORIZATION, format!("Bearer {}", bearer.0))
            }
            _ => request,
        }
    }

    fn refusal(&self, response: &Response) -> ConnectorError {
        let (status, headers) = (response.status(), response.headers());
        let now = self.clock.now();
        let told = headers.contains_key("retry-after");
        let used_up = pace::exhausted(headers, now).is_some();
        match status {
            StatusCode::TOO_MANY_REQUESTS => self.rate_limited(headers),
            StatusCode::FORBIDDEN if told || used_up => self.rate_limited(headers),
            StatusCode::SERVICE_UNAVAILABLE if told => self.rate_limited(headers),
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => ConnectorError::Unauthorized {
                reason: format!("HTTP {}", status.as_u16()),
            },
            _ if status.is_redirection() => malformed(moved(status, headers)),
            _ if status.is_client_error() && status != StatusCode::REQUEST_TIMEOUT => {
                malformed(format!(
                    "HTTP {}; check the address and the settings",
                    status.as_u16()
                ))
            }
            _ => ConnectorError::Unavailable {
                reason: format!("HTTP {}", status.as_u16()),
            },
        }
    }

    fn rate_limited(&self, headers: &HeaderMap) -> ConnectorError {
        let retry_after = retry_after(headers, self.clock.now());
        self.pace.close_for(retry_after);
        ConnectorError::RateLimited { retry_after }
    }
}

fn build(settings: &HttpSettings) -> Result<reqwest::Client, ConnectorError> {
    let tls = tls_config().map_err(|error| unavailable(&error))?;
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .dns_resolver(Arc::new(JudgingResolver(settings.reach.clone())))
        .redirect(Policy::none())
        .no_proxy()
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(settings.times.connect)
        .read_timeout(settings.times.silence)
        .timeout(settings.times.whole)
        .build()
        .map_err(|error| unavailable(&error))
}

fn moved(status: StatusCode, headers: &HeaderMap) -> String {
    let target = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let target = target.unwrap_or("an address it does not name");
    let shown: String = target.chars().take(200).collect();
    format!(
        "HTTP {}: moved to `{shown}`; put that address into the settings",
        status.as_u16()
    )
}

/// Host and credential, the latter as a hash: it is a key of a map, not a secret.
fn credential(settings: &HttpSettings) -> String {
    let origin = settings.base_url.origin().ascii_serialization();
    let bearer = settings.bearer.as_ref().map_or("", |bearer| &bearer.0);
    format!("{origin} {}", hex::encode(Sha256::digest(bearer)))
}

fn conditional(
    request: reqwest::RequestBuilder,
    validators: &Validators,
) -> reqwest::RequestBuilder {
    let pairs = [
        (IF_NONE_MATCH, &validators.etag),
        (IF_MODIFIED_SINCE, &validators.last_modified),
    ];
    let mut request = request;
    for (name, value) in pairs {
        if let Some(value) = value {
            request = request.header(name, value);
        }
    }
    request
}

async fn read(mut response: Response) -> Result<Reply, ConnectorError> {
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    loop {
        let chunk = response.chunk().await;
        let chunk = chunk.map_err(|error| unavailable(&error.without_url()))?;
        let Some(chunk) = chunk else { break };
        if body.len() + chunk.len() > BODY_BYTES_MAX {
            return Err(malformed(format!("an answer over {BODY_BYTES_MAX} bytes")));
        }
        body.extend_from_slice(&chunk);
    }
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let validators = Validators {
        etag: text(ETAG).map(str::to_owned),
        last_modified: text(LAST_MODIFIED).map(str::to_owned),
    };
    Ok(Reply {
        headers,
        body,
        validators,
    })
}

/// With its causes: reqwest alone says "error sending request".
fn unavailable(error: &(dyn Error + 'static)) -> ConnectorError {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    ConnectorError::Unavailable { reason }
}

const fn malformed(reason: String) -> ConnectorError {
    ConnectorError::Malformed { reason }
}
