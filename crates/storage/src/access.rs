//! Tokens: which programs may come in, with which role, for which departments.

pub use crate::authenticator::Authenticator;

use crate::StorageError;
use async_trait::async_trait;
use jiff::Timestamp;
use std::collections::BTreeSet;
use switchboard_domain::Slug;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;

/// What every token's secret begins with, so that scanners and people recognise one.
pub const TOKEN_PREFIX: &str = "swb_";

/// Random bytes behind the prefix: 160 bits cannot be guessed, so a plain hash is enough.
pub const TOKEN_SECRET_BYTES: usize = 20;

/// The tokens. Every change leaves an audit row.
#[async_trait]
pub trait Access: Send + Sync {
    /// Keeps the hash of the secret and nothing else of it. `false` when the name is taken,
    /// also by a revoked token: names stand in events and audit rows.
    async fn create_token(
        &self,
        token: NewToken,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// By name, revoked and expired ones too.
    async fn list_tokens(&self) -> Result<Vec<TokenInfo>, StorageError>;

    /// At once and for good. `false` when there is no such token that still works.
    async fn revoke_token(
        &self,
        name: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError>;

    /// Whose secret it is; `None` when unknown, expired or revoked at `now`.
    async fn find_token(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Principal>, StorageError>;
}

/// A token's secret from random bytes: [`TOKEN_PREFIX`] and 40 hexadecimal digits.
pub fn token_secret(random: &[u8; TOKEN_SECRET_BYTES]) -> String {
    format!("{TOKEN_PREFIX}{}", hex::encode(random))
}

/// A token to be.
#[derive(Clone, PartialEq, Eq)]
pub struct NewToken {
    /// What stands in events and audit rows.
    pub name: String,
    /// What it is trusted with.
    pub role: Role,
    /// Whose tickets an agent or viewer sees.
    pub departments: BTreeSet<Slug>,
    /// See [`token_secret`]; shown once to its owner and never stored.
    pub secret: String,
    /// From when on it no longer works; `None` for never.
    pub expires_at: Option<Timestamp>,
}

/// A token as lists show it, without anything of its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenInfo {
    /// Its name.
    pub name: String,
    /// What it is trusted with.
    pub role: Role,
    /// Whose tickets an agent or viewer sees.
    pub departments: BTreeSet<Slug>,
    /// When it was made.
    pub created_at: Timestamp,
    /// From when on it no longer works.
    pub expires_at: Option<Timestamp>,
    /// Since when it no longer works.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}
