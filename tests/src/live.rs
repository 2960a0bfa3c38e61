//! A listener to live updates: which numbers it has heard of.

use crate::Server;
use crate::server::{PATIENCE, http};
use anyhow::{Context, Result, ensure};
use reqwest::Response;
use serde_json::Value;

/// One stream of server-sent events.
pub struct Listener {
    response: Response,
    unread: Vec<u8>,
    /// Everything up to this number was told.
    pub told: u64,
    /// How often the server said that it cannot tell what lies between.
    pub resyncs: usize,
}

impl Listener {
    /// Listens from that number on.
    ///
    /// # Errors
    /// When the server refuses.
    pub async fn open(server: &Server, after: u64) -> Result<Self> {
        let url = format!("{}/api/v1/live?after={after}", server.url);
        let response = http().get(url).bearer_auth(server.token()).send().await?;
        let status = response.status();
        ensure!(status.is_success(), "live: {status}");
        Ok(Self {
            response,
            unread: vec![],
            told: after,
            resyncs: 0,
        })
    }

    /// Listens until it has heard of everything up to `number`.
    ///
    /// # Errors
    /// When the stream ends, leaves something out, or takes too long.
    pub async fn hear_up_to(&mut self, number: u64) -> Result<()> {
        let hearing = async {
            while self.told < number {
                let event = self.next().await?;
                self.take(&event)?;
            }
            Ok(())
        };
        let heard = tokio::time::timeout(PATIENCE, hearing).await;
        heard.unwrap_or_else(|_| Err(anyhow::anyhow!("{number} was never told")))
    }

    fn take(&mut self, event: &str) -> Result<()> {
        let field = |name: &str| {
            let mut lines = event.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        };
        match field("event") {
            Some("changes") => {
                let data: Value = serde_json::from_str(field("data").context("data")?)?;
                let number = |key: &str| data[key].as_u64().context("a number");
                let (from, to) = (number("from")?, number("to")?);
                ensure!(
                    from == self.told + 1,
                    "told up to {}, and then from {from}",
                    self.told
                );
                self.told = to;
            }
            Some("resync") => {
                let data: Value = serde_json::from_str(field("data").context("data")?)?;
                self.told = data["number"].as_u64().context("a number")?;
                self.resyncs += 1;
            }
            // A sign of life also says up to where nothing concerns the listener.
            _ => {
                if let Some(number) = field("id") {
                    self.told = self.told.max(number.parse()?);
                }
            }
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<String> {
        loop {
            let end = self.unread.windows(2).position(|two| two == b"\n\n");
            if let Some(end) = end {
                let event: Vec<u8> = self.unread.drain(..end + 2).collect();
                return Ok(String::from_utf8(event)?);
            }
            let bytes = self.response.chunk().await?.context("the stream ended")?;
            self.unread.extend_from_slice(&bytes);
        }
    }
}
