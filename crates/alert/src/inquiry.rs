//! Questions to a service of the company, or to one it trusts: one guarded POST each, whose
//! answer is read.

use crate::notify::client::{guarded, in_words, retry_after};
use crate::notify::guard::{Guard, Lookup};
use crate::notify::settings::{parse_url, read_guard};
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use switchboard_config::{Located, Secret, SecretReference, Section};

/// Without a word in the configuration: half of what routing may cost a post at most, and far
/// more than a lookup in a neighbouring building needs.
const TIMEOUT_DEFAULT: Duration = Duration::from_millis(500);

/// A customer's tier changes by the day, not by the minute.
const CACHE_DEFAULT: Duration = Duration::from_mins(15);

/// The longest time for which routing may be made to wait.
const TIMEOUT_MAX: Duration = Duration::from_secs(5);

/// An answer is a few short fields; more is somebody else's page.
const ANSWER_BYTES_MAX: usize = 16 * 1024;

/// `[enrichment]`: where the company's records of its customers can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InquiryConfig {
    /// Where; its time-out is for all questions of a batch.
    pub endpoint: Endpoint,
    /// How long an answer is remembered.
    pub cache_for: Duration,
}

impl InquiryConfig {
    /// Reads the section; `None` when it is not there or cannot be used.
    pub fn read(root: &mut Section<'_>) -> Option<Self> {
        if !root.has("enrichment") {
            return None;
        }
        root.section("enrichment", |section| {
            let cache_for = section.duration_or("cache_for", CACHE_DEFAULT);
            let endpoint = Endpoint::read(section, (TIMEOUT_DEFAULT, TIMEOUT_MAX))?;
            Some(Self {
                endpoint,
                cache_for,
            })
        })
    }
}

/// Where to ask, and what it takes: the keys `url`, `token`, `timeout` and `allow_private`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Where.
    pub url: Url,
    /// What it may reach.
    pub guard: Guard,
    /// For one question.
    pub timeout: Duration,
    /// Sent as a bearer token.
    pub token: Option<SecretReference>,
}

impl Endpoint {
    /// Reads its keys of a section, with the time-out to take by default and the longest
    /// there may be; `None` when there is no address that can be used.
    pub fn read(section: &mut Section<'_>, (default, most): (Duration, Duration)) -> Option<Self> {
        let guard = read_guard(section);
        let timeout = section.duration_or("timeout", default);
        let token = section.secret("token").map(|token| token.value);
        if timeout.is_zero() || timeout > most {
            let seconds = most.as_secs();
            let message = format!("`timeout` must be more than nothing and at most {seconds}s");
            section.problem(&section.place("timeout"), message);
        }
        Some(Self {
            url: read_url(section, &guard)?,
            guard,
            timeout,
            token,
        })
    }

    /// Fetches the secret. `read_file` is the caller's way to the disk.
    ///
    /// # Errors
    /// In words, without the secret.
    pub fn open(
        &self,
        environment: &BTreeMap<String, String>,
        read_file: impl Fn(&Path) -> io::Result<String>,
        lookup: Arc<dyn Lookup>,
    ) -> Result<Inquiry, String> {
        let resolved = self.token.as_ref().map(|reference| {
            let resolved = reference.resolve(environment, &read_file);
            resolved.map_err(|error| format!("`token`: {error}"))
        });
        Ok(Inquiry {
            url: self.url.clone(),
            guard: self.guard.clone(),
            timeout: self.timeout,
            token: resolved.transpose()?,
            lookup,
            http: OnceLock::new(),
        })
    }
}

/// Asks at one address. Redirects are never followed, and addresses are judged as those of
/// notifiers are.
pub struct Inquiry {
    url: Url,
    guard: Guard,
    timeout: Duration,
    token: Option<Secret>,
    lookup: Arc<dyn Lookup>,
    http: OnceLock<reqwest::Client>,
}

/// What came back, whatever its status says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// Of HTTP.
    pub status: u16,
    /// For how long it asked to be left alone.
    pub retry_after: Option<SignedDuration>,
    /// The body, which is no longer than a few fields need.
    pub body: Vec<u8>,
}

impl Inquiry {
    /// The body of the answer; `None` for 404, which says that there is none.
    ///
    /// # Errors
    /// In words, without the question.
    pub async fn ask(&self, question: &Value) -> Result<Option<Vec<u8>>, String> {
        // Nobody here heeds how long to wait, so no time is needed to tell.
        let reply = self.send(question, Timestamp::UNIX_EPOCH).await?;
        match reply.status {
            404 => Ok(None),
            200..=299 => Ok(Some(reply.body)),
            status => Err(format!("HTTP {status}")),
        }
    }

    /// The answer, with a status of any kind. `now` is what a date in `Retry-After` is counted
    /// from.
    ///
    /// # Errors
    /// When there is none, or it is too long; in words, without the question.
    pub async fn send(&self, question: &Value, now: Timestamp) -> Result<Reply, String> {
        let mut request = self.http()?.post(self.url.clone()).json(question);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose().trim());
        }
        let sent = request.send().await;
        let mut response = sent.map_err(|error| in_words(&error.without_url()))?;
        let status = response.status().as_u16();
        let retry_after = retry_after(response.headers(), now);
        let mut body = vec![];
        while let Some(chunk) = response.chunk().await.map_err(|error| in_words(&error))? {
            if body.len() + chunk.len() > ANSWER_BYTES_MAX {
                return Err(format!("the answer has more than {ANSWER_BYTES_MAX} bytes"));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply {
            status,
            retry_after,
            body,
        })
    }

    fn http(&self) -> Result<&reqwest::Client, String> {
        if let Some(http) = self.http.get() {
            return Ok(http);
        }
        let lookup = Arc::clone(&self.lookup);
        let built = guarded(&self.url, &self.guard, lookup, self.timeout)?;
        Ok(self.http.get_or_init(|| built))
    }
}

fn read_url(section: &mut Section<'_>, guard: &Guard) -> Option<Url> {
    if !section.has("url") {
        section.required::<String>("url");
        return None;
    }
    let Located { value, place } = section.located::<String>("url")?;
    match parse_url(&value, guard) {
        Ok(url) => Some(url),
        Err(reason) => {
            section.problem(&place, format!("`url`: {reason}"));
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::notify::guard::SystemLookup;
    use rstest::rstest;
    use std::io::{BufRead, BufReader, Read, Write};
    use std::net::TcpListener;
    use std::thread::JoinHandle;

    /// Answers one request; gives its head and body.
    fn service(answer: String) -> (Url, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let served = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = BufReader::new(stream.try_clone().unwrap());
            let mut asked = String::new();
            while !asked.ends_with("\r\n\r\n") {
                request.read_line(&mut asked).unwrap();
            }
            let length = asked.to_lowercase();
            let length = length.split("content-length: ").nth(1).unwrap();
            let length = length.lines().next().unwrap().parse().unwrap();
            let mut body = vec![0; length];
            request.read_exact(&mut body).unwrap();
            // Whoever refuses a long answer hangs up in the middle of it.
            let _sent = stream.write_all(answer.as_bytes());
            asked + std::str::from_utf8(&body).unwrap()
        });
        let url = format!("http://{address}/authors");
        (Url::parse(&url).unwrap(), served)
    }

    fn inquiry(url: Url, allowed: &[&str]) -> Inquiry {
        let allowed = allowed.iter().map(|network| network.parse().unwrap());
        let endpoint = Endpoint {
            url,
            guard: Guard::new(allowed.collect()),
            timeout: TIMEOUT_MAX,
            token: Some(SecretReference::Environment("TOKEN".into())),
        };
        let environment = [("TOKEN".to_owned(), "hush".to_owned())].into();
        let no_file = |_: &Path| Err(io::Error::other("no files here"));
        endpoint
            .open(&environment, no_file, Arc::new(SystemLookup))
            .unwrap()
    }

    fn answer(head: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {head}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}")
    }

    #[rstest]
    #[case::known(answer("200 OK", "{}"), Ok(Some("{}")))]
    #[case::stranger(answer("404 Not Found", "none"), Ok(None))]
    #[case::broken(answer("500 Oh", ""), Err("HTTP 500"))]
    #[case::elsewhere(answer("302 Found\r\nlocation: http://10.0.0.1/", ""), Err("HTTP 302"))]
    #[case::too_long(answer("200 OK", &"x".repeat(ANSWER_BYTES_MAX + 1)), Err("more than 16384"))]
    #[tokio::test]
    async fn asks_and_reads(#[case] answer: String, #[case] want: Result<Option<&str>, &str>) {
        let (url, served) = service(answer);
        let question = serde_json::json!({ "id": "ann" });
        let told = inquiry(url, &["127.0.0.1/32"]).ask(&question).await;
        match (&told, want) {
            (Ok(told), Ok(want)) => assert_eq!(told.as_deref(), want.map(str::as_bytes)),
            (Err(reason), Err(part)) => assert!(reason.contains(part), "{reason}"),
            _ => panic!("{told:?}, not {want:?}"),
        }
        let asked = served.join().unwrap();
        assert!(asked.contains("authorization: Bearer hush"), "{asked}");
        assert!(asked.ends_with(r#"{"id":"ann"}"#), "{asked}");
    }

    #[tokio::test]
    async fn a_refusal_is_read_whole_where_it_matters() {
        let head = "429 Too Many\r\nretry-after: 17";
        let (url, served) = service(answer(head, "later"));
        let inquiry = inquiry(url, &["127.0.0.1/32"]);
        let question = serde_json::json!({});
        let sent = inquiry.send(&question, Timestamp::UNIX_EPOCH);
        let want = Reply {
            status: 429,
            retry_after: Some(SignedDuration::from_secs(17)),
            body: b"later".to_vec(),
        };
        assert_eq!(sent.await.unwrap(), want);
        served.join().unwrap();
    }

    #[tokio::test]
    async fn reaches_no_address_that_is_not_allowed() {
        let url = Url::parse("http://127.0.0.1:9/authors").unwrap();
        let told = inquiry(url, &[]).ask(&serde_json::json!({})).await;
        let reason = told.unwrap_err();
        assert!(
            reason.contains("127.0.0.1 is not a public address"),
            "{reason}"
        );
    }
}
