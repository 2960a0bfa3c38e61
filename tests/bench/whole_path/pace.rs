//! Mentions that come in at a pace.

use crate::feed::send;
use anyhow::Result;
use std::time::{Duration, Instant};
use switchboard_tests::server::Server;

/// How often the pace is kept. Shorter would measure the requests, not the path.
const BEAT: Duration = Duration::from_millis(50);

/// Sends `rate` mentions a second for so long, numbered from `first`; says how many they were.
pub(crate) async fn paced(
    server: &Server,
    rate: f64,
    length: Duration,
    first: usize,
) -> Result<usize> {
    let mut beats = tokio::time::interval(BEAT);
    let begun = Instant::now();
    let mut sent = 0;
    while begun.elapsed() < length {
        beats.tick().await;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive count far below 2^52"
        )]
        let due = (begun.elapsed().as_secs_f64() * rate) as usize;
        send(server, first + sent..first + due, Duration::ZERO).await?;
        sent = due;
    }
    Ok(sent)
}
