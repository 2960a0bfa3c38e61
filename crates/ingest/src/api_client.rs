//! A small client of our own HTTP API, for the command line.
//!
//! It tells apart what a script must tell apart: a server that is not there
//! ([`ApiError::Unreachable`]), one that has no room now ([`ApiError::Busy`]), and one that
//! says no ([`ApiError::Refused`]).

use crate::http::tls_config;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use std::time::Duration;

/// A server on the same network answers a connection in milliseconds.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// Longer than any answer of ours takes: long polls wait 30 s at most.
const REQUEST_WAIT_MAX: Duration = Duration::from_mins(1);

/// The largest answer that is read: a page of 200 full tickets is a tenth of it.
const RESPONSE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A server's address and the token to use there.
#[derive(Clone)]
pub struct ApiClient {
    http: reqwest::Client,
    base: String,
    token: Option<String>,
}

/// Why there is no answer to use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The address cannot be one of ours.
    #[error("`{url}` is not an address such as `http://127.0.0.1:8080`: {reason}")]
    InvalidUrl {
        /// What was given.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody answered.
    #[error("no answer from {url}: {reason}; is `switchboard run` running there?")]
    Unreachable {
        /// Who was asked.
        url: String,
        /// What happened.
        reason: String,
    },
    /// 503: the same request may succeed later.
    #[error("{message}")]
    Busy {
        /// What the server asks for, if it does.
        retry_after: Option<Duration>,
        /// The server's words.
        message: String,
    },
    /// The server understood, and says no.
    #[error("{message} (HTTP {status})")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's word for programs, if it gave one.
        code: Option<String>,
        /// The server's words.
        message: String,
    },
}

impl ApiError {
    /// The command line's exit code: 2 usage, 4 unreachable, 1 everything else.
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::InvalidUrl { .. } => 2,
            Self::Unreachable { .. } | Self::Busy { .. } => 4,
            Self::Refused { .. } => 1,
        }
    }
}

/// Status, headers and JSON (null when it is none), good or bad.
pub(crate) struct ApiAnswer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl ApiClient {
    /// A client of the server at `base_url`, which has no path of its own.
    pub fn new(base_url: &str, token: Option<String>) -> Result<Self, ApiError> {
        let invalid = |reason: String| ApiError::InvalidUrl {
            url: base_url.to_owned(),
            reason,
        };
        let url = reqwest::Url::parse(base_url).map_err(|error| invalid(error.to_string()))?;
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return Err(invalid("only http and https are built in".to_owned()));
        }
        let tls = tls_config().map_err(|error| invalid(error.to_string()))?;
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls)
            .connect_timeout(CONNECT_WAIT_MAX)
            .timeout(REQUEST_WAIT_MAX)
            // The token goes where it was sent, and nowhere else.
            .redirect(Policy::none())
            .no_proxy()
            .build()
            .map_err(|error| invalid(error.to_string()))?;
        Ok(Self {
            http,
            base: base_url.trim_end_matches('/').to_owned(),
            token,
        })
    }

    /// `GET path`; the path begins with `/` and carries its query.
    pub async fn get_json(&self, path: &str) -> Result<Value, ApiError> {
        self.request(Method::GET, path, &[], Vec::new())
            .await?
            .into_success()
    }

    /// `POST path` with a JSON body.
    pub async fn post_json(&self, path: &str, body: &Value) -> Result<Value, ApiError> {
        let headers = [(CONTENT_TYPE.as_str(), "application/json")];
        let body = body.to_string().into_bytes();
        self.request(Method::POST, path, &headers, body)
            .await?
            .into_success()
    }

    /// Any answer but 503.
    pub(crate) async fn request(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<ApiAnswer, ApiError> {
        let mut request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let response = request
            .send()
            .await
            .map_err(|error| self.unreachable(&error))?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = self.read(response).await?;
        if status == StatusCode::SERVICE_UNAVAILABLE {
            let message = message_of(&body, status.as_u16());
            return Err(ApiError::Busy {
                retry_after: retry_after(&headers),
                message,
            });
        }
        Ok(ApiAnswer {
            status: status.as_u16(),
            body,
        })
    }

    async fn read(&self, mut response: reqwest::Response) -> Result<Value, ApiError> {
        let mut bytes = Vec::new();
        while let Some(chunk) = response
            .chunk()
            .await
            .map_err(|error| self.unreachable(&error))?
        {
            if bytes.len() + chunk.len() > RESPONSE_BYTES_MAX {
                let reason = format!("the answer is over {RESPONSE_BYTES_MAX} bytes");
                return Err(ApiError::Unreachable {
                    url: self.base.clone(),
                    reason,
                });
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(serde_json::from_slice(&bytes).unwrap_or_default())
    }

    fn unreachable(&self, error: &reqwest::Error) -> ApiError {
        let mut reason = String::new();
        let mut source: Option<&dyn std::error::Error> = Some(error);
        // The innermost cause is the one that helps: `connection refused`.
        while let Some(cause) = source {
            reason = cause.to_string();
            source = cause.source();
        }
        ApiError::Unreachable {
            url: self.base.clone(),
            reason,
        }
    }
}

impl ApiAnswer {
    fn into_success(self) -> Result<Value, ApiError> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        Err(self.into_refusal())
    }

    pub(crate) fn into_refusal(self) -> ApiError {
        ApiError::Refused {
            status: self.status,
            code: self.body["code"].as_str().map(str::to_owned),
            message: message_of(&self.body, self.status),
        }
    }
}

fn message_of(body: &Value, status: u16) -> String {
    body["detail"].as_str().map_or_else(
        || format!("the server answered HTTP {status} without a reason"),
        str::to_owned,
    )
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;
    use serde_json::json;

    #[rstest]
    #[case::a_problem(json!({ "code": "unauthorized", "detail": "send a token" }), Some("unauthorized"), "send a token (HTTP 404)")]
    #[case::a_proxy(
        Value::Null,
        None,
        "the server answered HTTP 404 without a reason (HTTP 404)"
    )]
    fn a_refusal_carries_the_server_s_words(
        #[case] body: Value,
        #[case] code: Option<&str>,
        #[case] message: &str,
    ) {
        let refusal = ApiAnswer { status: 404, body }.into_refusal();
        assert_eq!(refusal.to_string(), message);
        assert!(
            matches!(&refusal, ApiError::Refused { code: told, .. } if told.as_deref() == code)
        );
    }
}
