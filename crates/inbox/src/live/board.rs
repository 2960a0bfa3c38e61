//! What everybody sees alike, read once a second for all streams together.

use super::Live;
use super::pace::BOARD_INTERVAL;
use crate::queue::{self, Queues};
use crate::state::Inbox;
use std::sync::Arc;
use std::time::Duration;
use switchboard_storage::{IncidentQuery, IncidentRow, StorageError};

/// Incidents that are watched for changes: no company has more open ones at a time, and an
/// older one that changes again is seen when its page is opened.
const INCIDENTS_WATCHED: usize = 20;

/// The board as of the last look. Streams compare it with what they told last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Board {
    /// The queues of all departments; `None` before the first look.
    pub(crate) queues: Option<Arc<Queues>>,
    /// The latest incidents of all brands.
    pub(crate) incidents: Arc<Vec<IncidentRow>>,
}

/// Keeps the board while anybody listens, until the process stops.
pub(crate) async fn run(inbox: &Inbox) {
    let interval = Duration::try_from(BOARD_INTERVAL).unwrap_or_default();
    let stop = &inbox.stop;
    while stop
        .run_until_cancelled(tokio::time::sleep(interval))
        .await
        .is_some()
    {
        if let Err(error) = look(inbox).await {
            tracing::warn!(%error, "queue counts and incidents wait for the store");
        }
    }
}

/// Nobody listens: the board is cleared, so that the next one never sees an old state.
pub(crate) async fn look(inbox: &Inbox) -> Result<(), StorageError> {
    let live: &Live = &inbox.live;
    let board = if live.seats.any() {
        read(inbox).await?
    } else {
        Board::default()
    };
    live.board.send_if_modified(|known| {
        let changed = *known != board;
        *known = board;
        changed
    });
    Ok(())
}

async fn read(inbox: &Inbox) -> Result<Board, StorageError> {
    let all = switchboard_domain::access::DepartmentScope::All;
    let query = IncidentQuery {
        after: None,
        limit: INCIDENTS_WATCHED,
    };
    Ok(Board {
        queues: Some(Arc::new(queue::read(inbox, &all).await?)),
        incidents: Arc::new(inbox.incidents.incidents(query).await?),
    })
}
