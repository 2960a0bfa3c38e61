//! The suite every backend must pass, against the log in a file.

#![expect(clippy::unwrap_used, reason = "tests: a failure is a panic")]

use async_trait::async_trait;
use std::sync::{Arc, Mutex};
use switchboard_stream::Log;
use switchboard_stream::backend::embedded::{EmbeddedLog, EmbeddedOptions};
use switchboard_stream::parity::{Backend, CASES};

struct Embedded {
    dir: tempfile::TempDir,
    open: Mutex<Option<Arc<EmbeddedLog>>>,
}

#[async_trait]
impl Backend for Embedded {
    async fn open(&self) -> Arc<dyn Log> {
        let options = EmbeddedOptions::new(self.dir.path(), [1; 16]);
        let log = Arc::new(EmbeddedLog::open(&options).unwrap());
        *self.open.lock().unwrap() = Some(Arc::clone(&log));
        log
    }

    async fn close(&self, log: Arc<dyn Log>) {
        drop(log);
        let log = self.open.lock().unwrap().take().unwrap();
        log.close().await.unwrap();
    }
}

#[tokio::test]
async fn the_embedded_log_keeps_every_promise() {
    for (name, case) in CASES {
        tracing::info!(name, "parity");
        let dir = tempfile::tempdir().unwrap();
        let backend = Embedded {
            dir,
            open: Mutex::new(None),
        };
        let checked = tokio::time::timeout(std::time::Duration::from_mins(1), case(&backend)).await;
        assert!(checked.is_ok(), "`{name}` hangs");
    }
}
