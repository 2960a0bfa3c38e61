//! The two listeners.

use super::Parts;
use crate::arguments::Role;
use crate::ops::{self, Ops};
use crate::randomness;
use crate::serve::serve;
use anyhow::{Context, Result};
use axum::Router;
use std::net::SocketAddr;
use std::sync::Arc;
use switchboard_ingest::receive::Receiver;
use tokio::net::TcpListener;

/// Listens, with an error that names the address and the way out.
pub(crate) async fn listen(address: SocketAddr, flag: &str) -> Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}: choose another address with {flag}"))
}

impl Parts {
    pub(super) fn serve(&self, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.lifecycle.stop.soft.clone();
        self.lifecycle.start(name, serve(listener, router, stop));
    }

    pub(super) fn serve_late(&self, name: &'static str, listener: TcpListener, router: Router) {
        let stop = self.lifecycle.late_stop.clone();
        self.lifecycle
            .start_late(name, serve(listener, router, stop));
    }

    /// Ingest's and inbox's routes on one listener, by role; starts what inbox's need.
    pub(super) fn api(&self) -> Router {
        let mut router = Router::new();
        if self.has(Role::Ingest) {
            router = router.merge(switchboard_ingest::receive::router(self.receiver()));
        }
        if self.has(Role::Inbox) {
            let (whole, updates) = switchboard_inbox::service(self.inbox(), router);
            router = whole;
            self.lifecycle.start("live", async move {
                updates.run().await;
                Ok(())
            });
        }
        router
    }

    fn receiver(&self) -> Receiver {
        Receiver {
            log: self.log(),
            authenticator: self.authenticator.clone(),
            idempotency_keys: Arc::clone(&self.store.idempotency_keys),
            metrics: self.metrics.clone(),
            clock: Arc::clone(&self.clock),
            limits: self.config.ingest.limits.clone(),
            backlog_group: switchboard_classify::stage::CONSUMER.to_owned(),
        }
    }

    fn inbox(&self) -> switchboard_inbox::Parts {
        switchboard_inbox::Parts {
            tickets: Arc::clone(&self.store.tickets),
            access: Arc::clone(&self.store.access),
            people: Arc::clone(&self.store.people),
            profiles: Arc::clone(&self.store.profiles),
            sessions: Arc::clone(&self.store.sessions),
            incidents: Arc::clone(&self.store.incidents),
            dead_letters: Arc::clone(&self.store.dead_letters),
            log: self.log(),
            clock: Arc::clone(&self.clock),
            metrics: self.metrics.clone(),
            authenticator: self.authenticator.clone(),
            ownership: Arc::clone(&self.ownership.inbox),
            documents: if self.has(Role::Ingest) {
                vec![switchboard_ingest::receive::OPENAPI]
            } else {
                vec![]
            },
            stop: self.lifecycle.stop.soft.clone(),
            run_id: hex::encode(randomness::bytes::<4>()),
            config: self.config.inbox.clone(),
            entropy: randomness::bytes::<32>,
        }
    }

    pub(super) fn ops(&self) -> Router {
        ops::router(Ops {
            metrics: self.metrics.clone(),
            lifecycle: self.lifecycle.clone(),
            log: self.log(),
            tickets: Arc::clone(&self.store.tickets),
            data_dir: self.config.server.data_dir.clone(),
        })
    }
}
