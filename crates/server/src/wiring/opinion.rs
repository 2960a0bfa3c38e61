//! Who is asked for a second opinion, as `[classify.opinion]` names them.

use super::Parts;
use super::stages::Reading;
use crate::config::{EncoderFiles, Opinion, Remote};
use crate::exit::Failure;
use crate::secrets::read_file;
use anyhow::Result;
use async_trait::async_trait;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use switchboard_alert::inquiry::Inquiry;
use switchboard_alert::notify::guard::SystemLookup;
use switchboard_classify::encoder::SecondModel;
use switchboard_classify::opinion::stage::{CONSUMER, runner_options};
use switchboard_classify::opinion::{
    Desk, Exchange, LocalAdviser, OpinionStage, RemoteAdviser, Reply,
};
use switchboard_domain::Clock;
use switchboard_stream::log::{Log, LogError, OffsetHome};
use switchboard_stream::topic::{MENTION_CLASSIFIED, MENTION_CLASSIFIED_URGENT, TopicName};

/// Urgent first: a risk in doubt waits for no chatter in doubt.
const TOPICS: [TopicName; 2] = [MENTION_CLASSIFIED_URGENT, MENTION_CLASSIFIED];

/// A model of this process needs some hundredths of a second; those under way together share
/// its one thread.
const ENCODER_TIMEOUT: Duration = Duration::from_secs(2);

/// Retention waits for the stage while it is configured, and for nobody once it is not.
pub(super) async fn register_group(
    log: &dyn Log,
    opinion: Option<&Opinion>,
) -> Result<(), LogError> {
    let mut kept = vec![];
    if opinion.is_some() {
        log.register_group(CONSUMER, &TOPICS).await?;
        kept.push(CONSUMER.to_owned());
    }
    log.keep_groups(CONSUMER, &kept).await
}

impl Parts {
    /// The stage that asks; `None` where nobody is named.
    pub(super) fn opinion(&self) -> Result<Option<Reading>> {
        let Some(opinion) = &self.config.opinion else {
            return Ok(None);
        };
        // The cheaper first: who is not sure passes the question on.
        let local = opinion.encoder.iter();
        let local = local.map(|files| self.local_desk(opinion, files));
        let remote = opinion.remote.iter();
        let desks = local.chain(remote.map(|remote| self.remote_desk(opinion, remote)));
        let stage = OpinionStage {
            desks: desks.collect::<Result<_>>()?,
            classifier: Arc::clone(&self.classifier),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            risk_score_min: opinion.limits.risk_score_min,
            questions_at_once: opinion.limits.questions_at_once,
        };
        Ok(Some(Reading {
            stage: Arc::new(stage),
            group: CONSUMER.to_owned(),
            topics: TOPICS.to_vec(),
            offsets: OffsetHome::Log,
            options: runner_options(crate::VERSION),
        }))
    }

    fn local_desk(&self, opinion: &Opinion, files: &EncoderFiles) -> Result<Desk> {
        let opened = SecondModel::open(&files.folder, &files.head);
        let model =
            opened.map_err(|error| Failure::Usage(format!("`[classify.opinion]`: {error}")))?;
        Ok(Desk::new(
            Arc::new(LocalAdviser::new(Arc::new(model))),
            &opinion.limits.limits(ENCODER_TIMEOUT),
            Arc::clone(&self.clock),
            self.metrics.clone(),
        ))
    }

    fn remote_desk(&self, opinion: &Opinion, remote: &Remote) -> Result<Desk> {
        let environment = self.config.secrets.environment();
        let endpoint = &remote.endpoint;
        let opened = endpoint.open(environment, read_file, Arc::new(SystemLookup));
        let inquiry = opened
            .map_err(|error| Failure::Usage(format!("`[classify.opinion.remote]`: {error}")))?;
        let exchange = GuardedExchange {
            inquiry,
            clock: Arc::clone(&self.clock),
        };
        let adviser = RemoteAdviser::new(remote.model.clone(), Arc::new(exchange));
        Ok(Desk::new(
            Arc::new(adviser),
            &opinion.limits.limits(endpoint.timeout),
            Arc::clone(&self.clock),
            self.metrics.clone(),
        ))
    }
}

/// The one guarded way out of the house, which notifiers take as well.
struct GuardedExchange {
    inquiry: Inquiry,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Exchange for GuardedExchange {
    async fn post(&self, question: &Value) -> Result<Reply, String> {
        let reply = self.inquiry.send(question, self.clock.now()).await?;
        Ok(Reply {
            status: reply.status,
            retry_after: reply.retry_after,
            body: reply.body,
        })
    }
}
