//! The company's records of its customers, as `[enrichment]` names them.

use super::Parts;
use crate::exit::Failure;
use crate::secrets::read_file;
use anyhow::Result;
use async_trait::async_trait;
use jiff::SignedDuration;
use serde::Deserialize;
use std::sync::Arc;
use switchboard_alert::inquiry::Inquiry;
use switchboard_alert::notify::guard::SystemLookup;
use switchboard_domain::routing::AuthorTier;
use switchboard_route::enrich::{Asked, Directory, Told};
use switchboard_route::{Authors, Enricher};

impl Parts {
    /// Who an author is, as far as this installation can tell.
    pub(super) fn authors(&self) -> Result<Authors> {
        Ok(Authors {
            own: Arc::clone(&self.config.own_accounts),
            records: self.records()?,
        })
    }

    fn records(&self) -> Result<Option<Arc<Enricher>>> {
        let Some(config) = &self.config.enrichment else {
            return Ok(None);
        };
        let environment = self.config.secrets.environment();
        let endpoint = &config.endpoint;
        let inquiry = endpoint.open(environment, read_file, Arc::new(SystemLookup));
        let inquiry =
            inquiry.map_err(|error| Failure::Usage(format!("`[enrichment]`: {error}")))?;
        let cache_for = SignedDuration::try_from(config.cache_for);
        Ok(Some(Arc::new(Enricher::new(
            Arc::new(Records(inquiry)),
            (endpoint.timeout, cache_for.unwrap_or(SignedDuration::MAX)),
            Arc::clone(&self.clock),
            self.metrics.clone(),
        ))))
    }
}

struct Records(Inquiry);

/// The answer's body; what else stands in it is of no concern.
#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    tier: Option<String>,
    #[serde(default)]
    customer: Option<String>,
}

#[async_trait]
impl Directory for Records {
    async fn ask(&self, asked: &Asked) -> Result<Told, String> {
        let question = serde_json::json!({
            "platform": asked.platform,
            "id_scope": asked.id_scope,
            "id": asked.author.id,
            "handle": asked.author.handle,
        });
        match self.0.ask(&question).await? {
            Some(body) => told(&body),
            None => Ok(Told::default()),
        }
    }
}

fn told(body: &[u8]) -> Result<Told, String> {
    let answer: Answer =
        serde_json::from_slice(body).map_err(|error| format!("the answer is no JSON: {error}"))?;
    let tier = match answer.tier {
        Some(name) => {
            let unknown = || format!("the answer names an unknown tier (known: {})", tiers());
            Some(AuthorTier::parse(&name).ok_or_else(unknown)?)
        }
        // Who is a customer and nothing else is just that.
        None => answer.customer.is_some().then_some(AuthorTier::Customer),
    };
    Ok(Told {
        tier,
        customer: answer.customer,
    })
}

fn tiers() -> String {
    AuthorTier::ALL.map(AuthorTier::as_str).join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::tier(r#"{"tier":"vip"}"#, Ok((Some(AuthorTier::Vip), None)))]
    #[case::customer(r#"{"customer":"C-17"}"#, Ok((Some(AuthorTier::Customer), Some("C-17"))))]
    #[case::nothing("{}", Ok((None, None)))]
    #[case::more(r#"{"tier":"standard","since":2019}"#, Ok((Some(AuthorTier::Standard), None)))]
    #[case::unknown_tier(r#"{"tier":"gold"}"#, Err("unknown tier"))]
    #[case::page("<html>", Err("no JSON"))]
    fn reads_an_answer(
        #[case] body: &str,
        #[case] want: Result<(Option<AuthorTier>, Option<&str>), &str>,
    ) {
        match (told(body.as_bytes()), want) {
            (Ok(told), Ok((tier, customer))) => {
                assert_eq!((told.tier, told.customer.as_deref()), (tier, customer));
            }
            (Err(error), Err(part)) => assert!(error.contains(part), "{error}"),
            (told, want) => panic!("{told:?}, not {want:?}"),
        }
    }
}
