//! Who a bearer secret belongs to: the one check behind every HTTP listener.

use crate::StorageError;
use crate::access::Access;
use jiff::Timestamp;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::sync::Arc;
use subtle::ConstantTimeEq;
use switchboard_domain::access::{Principal, Role};

/// Name under which the program's own command line acts.
pub const LOCAL_NAME: &str = "local";

/// Turns a bearer secret into the principal it stands for.
#[derive(Clone)]
pub struct Authenticator {
    access: Arc<dyn Access>,
    local: Option<[u8; 32]>,
}

impl Authenticator {
    /// `local_secret` is drawn anew for every run and lies in the data directory: who can
    /// read that file is an administrator. `None` or empty text switches it off.
    pub fn new(access: Arc<dyn Access>, local_secret: Option<String>) -> Self {
        let local = local_secret
            .filter(|secret| !secret.is_empty())
            .map(|secret| digest(&secret));
        Self { access, local }
    }

    /// The principal, or `None` when the secret is unknown, expired or revoked at `now`.
    ///
    /// # Errors
    /// When the store cannot answer: then nobody is let in.
    pub async fn authenticate(
        &self,
        bearer: &str,
        now: Timestamp,
    ) -> Result<Option<Principal>, StorageError> {
        if self.is_local(bearer) {
            return Ok(Some(local_principal()));
        }
        self.access.find_token(bearer, now).await
    }

    /// Compares hashes, in constant time: neither the length nor a common prefix shows.
    fn is_local(&self, bearer: &str) -> bool {
        self.local
            .is_some_and(|local| local.ct_eq(&digest(bearer)).into())
    }
}

fn digest(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}

fn local_principal() -> Principal {
    Principal {
        name: LOCAL_NAME.to_owned(),
        role: Role::Admin,
        departments: BTreeSet::new(),
    }
}
