//! One POST, and what a failure means.

use super::guard::{Guard, GuardedResolver, Lookup, Refusal};
use async_trait::async_trait;
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{StatusCode, Url};
use rustls::{ClientConfig, RootCertStore};
use std::error::Error;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use switchboard_domain::Clock;

/// For a connection: a channel in another continent needs a fraction of it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// For an answer's head. Within the runner's time-out of one attempt, with the rest of it.
pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);

/// No channel is left alone for longer than a request is news.
const RETRY_AFTER_MAX: SignedDuration = SignedDuration::from_hours(24);

/// As services of models say it beside the standard header, and more exactly.
const RETRY_AFTER_MS: &str = "retry-after-ms";

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    /// Beside the content type, which is JSON.
    pub headers: Vec<(&'static str, String)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What became of one attempt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The channel took it.
    Taken,
    /// It will never take it; why, and what to do.
    Refused(String),
    /// It may take it later; why, and for how long it asked to be left alone.
    Later(String, Option<SignedDuration>),
}

/// Carries messages to one channel.
#[async_trait]
pub trait Delivery: Send + Sync {
    /// Tries once. May be dropped when it takes too long, and is then called again.
    async fn post(&self, post: &Post) -> Answer;
}

/// Speaks to one address. Redirects are never followed, no proxy is taken from the
/// environment, and an answer's body is never read: its status says everything.
pub struct Client {
    url: Url,
    guard: Guard,
    lookup: Arc<dyn Lookup>,
    clock: Arc<dyn Clock>,
    timeout: Duration,
    http: OnceLock<reqwest::Client>,
}

impl Client {
    /// Opens nothing: the first request does.
    pub fn new(url: Url, guard: Guard, lookup: Arc<dyn Lookup>, clock: Arc<dyn Clock>) -> Self {
        Self {
            url,
            guard,
            lookup,
            clock,
            timeout: ANSWER_TIMEOUT,
            http: OnceLock::new(),
        }
    }

    /// Waits so long for an answer instead of [`ANSWER_TIMEOUT`].
    #[must_use]
    pub const fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    fn http(&self) -> Result<&reqwest::Client, Answer> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let reach = self.guard.judge(&self.url);
        let resolver = GuardedResolver {
            guard: self.guard.clone(),
            reach: reach.map_err(|refusal| refused(&refusal))?,
            lookup: Arc::clone(&self.lookup),
        };
        let built = build(resolver, self.timeout)
            .map_err(|error| Answer::Later(in_words(&*error), None))?;
        Ok(self.http.get_or_init(|| built))
    }
}

#[async_trait]
impl Delivery for Client {
    async fn post(&self, post: &Post) -> Answer {
        let http = match self.http() {
            Ok(http) => http,
            Err(answer) => return answer,
        };
        let mut request = http
            .post(self.url.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(post.body.clone());
        for (name, value) in &post.headers {
            request = request.header(*name, value);
        }
        match request.send().await {
            Ok(response) => judge(response.status(), response.headers(), self.clock.now()),
            Err(error) => failed(&error.without_url()),
        }
    }
}

/// A client that reaches this address as far as the guard allows it.
pub(crate) fn guarded(
    url: &Url,
    guard: &Guard,
    lookup: Arc<dyn Lookup>,
    timeout: Duration,
) -> Result<reqwest::Client, String> {
    let reach = guard.judge(url).map_err(|refusal| refusal.to_string())?;
    let resolver = GuardedResolver {
        guard: guard.clone(),
        reach,
        lookup,
    };
    build(resolver, timeout).map_err(|error| in_words(&*error))
}

fn build(resolver: GuardedResolver, timeout: Duration) -> Result<reqwest::Client, Box<dyn Error>> {
    let client = reqwest::Client::builder()
        .tls_backend_preconfigured(tls_config()?)
        .dns_resolver(Arc::new(resolver))
        .redirect(Policy::none())
        .no_proxy()
        // Messages are rare: each looks its name up anew, and is judged anew.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("switchboard/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(timeout)
        .build()?;
    Ok(client)
}

/// rustls with `ring` and the machine's own certificates; the twin of the one in `ingest`,
/// which stages may not share.
fn tls_config() -> Result<ClientConfig, rustls::Error> {
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "a certificate of this machine cannot be read");
    }
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(found.certs);
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

fn judge(status: StatusCode, headers: &HeaderMap, now: Timestamp) -> Answer {
    let reason = format!("HTTP {}", status.as_u16());
    if status.is_success() {
        return Answer::Taken;
    }
    if status.is_redirection() {
        let way_out = "redirects are not followed; put the final address into the configuration";
        return Answer::Refused(format!("{reason}: {way_out}"));
    }
    let passing = matches!(status.as_u16(), 408 | 425 | 429);
    if status.is_client_error() && !passing {
        let way_out = "the channel refuses the message or the address; see docs/notifications.md";
        return Answer::Refused(format!("{reason}: {way_out}"));
    }
    Answer::Later(reason, retry_after(headers, now))
}

/// `Retry-After`, in seconds or as a date, or `retry-after-ms`, which some send beside it.
pub(crate) fn retry_after(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    let told = |name: &str| Some(headers.get(name)?.to_str().ok()?.trim());
    let milliseconds = told(RETRY_AFTER_MS).and_then(|told| told.parse::<u32>().ok());
    let wait = match (milliseconds, told(RETRY_AFTER.as_str())) {
        (Some(milliseconds), _) => SignedDuration::from_millis(milliseconds.into()),
        (None, told) => seconds_or_date(told?, now)?,
    };
    Some(wait.clamp(SignedDuration::ZERO, RETRY_AFTER_MAX))
}

fn seconds_or_date(told: &str, now: Timestamp) -> Option<SignedDuration> {
    if let Ok(seconds) = told.parse::<u32>() {
        return Some(SignedDuration::from_secs(seconds.into()));
    }
    let date = DateTimeParser::new().relaxed_weekday(true);
    let date = date.parse_timestamp(told).ok()?;
    Some(date.duration_since(now))
}

/// A refusal of the resolver lies deep in the error of a connection.
fn failed(error: &(dyn Error + 'static)) -> Answer {
    let mut cause = Some(error);
    while let Some(inner) = cause {
        if let Some(refusal) = inner.downcast_ref::<Refusal>() {
            return refused(refusal);
        }
        cause = inner.source();
    }
    Answer::Later(in_words(error), None)
}

fn refused(refusal: &Refusal) -> Answer {
    Answer::Refused(format!("the address may not be reached: {refusal}"))
}

/// With its causes: reqwest alone says "error sending request".
pub(crate) fn in_words(error: &(dyn Error + 'static)) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        reason = format!("{reason}: {inner}");
        cause = inner.source();
    }
    reason
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::ok(200, Answer::Taken)]
    #[case::accepted(202, Answer::Taken)]
    #[case::too_slow(408, Answer::Later("HTTP 408".into(), None))]
    #[case::too_early(425, Answer::Later("HTTP 425".into(), None))]
    #[case::too_many(429, Answer::Later("HTTP 429".into(), None))]
    #[case::broken(500, Answer::Later("HTTP 500".into(), None))]
    #[case::away(503, Answer::Later("HTTP 503".into(), None))]
    fn what_a_status_means(#[case] status: u16, #[case] want: Answer) {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = judge(status, &HeaderMap::new(), Timestamp::UNIX_EPOCH);
        assert_eq!(answer, want);
    }

    #[rstest]
    #[case(301)]
    #[case(302)]
    #[case(307)]
    #[case(400)]
    #[case(401)]
    #[case(403)]
    #[case(404)]
    #[case(410)]
    #[case(413)]
    fn these_are_for_ever(#[case] status: u16) {
        let status = StatusCode::from_u16(status).unwrap();
        let answer = judge(status, &HeaderMap::new(), Timestamp::UNIX_EPOCH);
        assert!(matches!(answer, Answer::Refused(_)), "{answer:?}");
    }

    #[rstest]
    #[case::seconds("17", Some(17))]
    #[case::date("Sun, 01 Mar 2026 08:02:00 GMT", Some(120))]
    #[case::date_gone_by("Sun, 01 Mar 2026 07:00:00 GMT", Some(0))]
    #[case::a_year("31536000", Some(86_400))]
    #[case::negative("-5", None)]
    #[case::nonsense("soon", None)]
    fn each_dialect_of_retry_after(#[case] value: &str, #[case] seconds: Option<i64>) {
        let now: Timestamp = "2026-03-01T08:00:00Z".parse().unwrap();
        let headers = HeaderMap::from_iter([(RETRY_AFTER, value.parse().unwrap())]);
        let wait = retry_after(&headers, now).map(|wait| wait.as_secs());
        assert_eq!(wait, seconds);
    }

    #[rstest]
    #[case::beside_seconds("1500", Some("2"), Some(1_500))]
    #[case::alone("1500", None, Some(1_500))]
    #[case::no_number("1.5", Some("2"), Some(2_000))]
    #[case::no_number_alone("1.5", None, None)]
    fn milliseconds_are_more_exact(
        #[case] milliseconds: &str,
        #[case] seconds: Option<&str>,
        #[case] want: Option<i128>,
    ) {
        let mut headers = HeaderMap::new();
        headers.insert(RETRY_AFTER_MS, milliseconds.parse().unwrap());
        if let Some(seconds) = seconds {
            headers.insert(RETRY_AFTER, seconds.parse().unwrap());
        }
        let wait = retry_after(&headers, Timestamp::UNIX_EPOCH);
        assert_eq!(wait.map(|wait| wait.as_millis()), want);
    }
}
