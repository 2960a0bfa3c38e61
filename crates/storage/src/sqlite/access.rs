//! Tokens.

use super::SqliteStore;
use super::transaction::{Purpose, Write};
use super::value::{Place, json, micros};
pub(super) use crate::row::{granted, is_stale, secret_hash as hash};
use crate::{Access, AuditEntry, NewToken, StorageError, TokenInfo};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use subtle::ConstantTimeEq;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;

#[async_trait]
impl Access for SqliteStore {
    async fn create_token(
        &self,
        token: NewToken,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let by = by.clone();
        self.write(Purpose::People, move |write| {
            let created = write
                .prepare(
                    "INSERT INTO token (name, secret_hash, role, departments, created_at, expires_at)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    token.name,
                    hash(&token.secret),
                    token.role.as_str(),
                    json(&token.departments)?,
                    micros(now),
                    token.expires_at.map(micros)
                ])?;
            if created == 1 {
                let detail = granted(token.role, &token.departments)?;
                audit(write, "token.created", format!("token:{}", token.name), detail, by, now);
            }
            Ok(created == 1)
        })
        .await
    }

    async fn list_tokens(&self) -> Result<Vec<TokenInfo>, StorageError> {
        self.read(|snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT name, role, departments, created_at, expires_at, revoked_at, last_used_at
                 FROM token ORDER BY name",
            )?;
            let mut rows = statement.query([])?;
            let mut tokens = vec![];
            while let Some(row) = rows.next()? {
                tokens.push(token_info(row)?);
            }
            Ok(tokens)
        })
        .await
    }

    async fn revoke_token(
        &self,
        name: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (name, by) = (name.to_owned(), by.clone());
        self.write(Purpose::People, move |write| {
            let revoked = write
                .prepare("UPDATE token SET revoked_at = ?2 WHERE name = ?1 AND revoked_at IS NULL")?
                .execute(params![name, micros(now)])?;
            if revoked == 1 {
                audit(
                    write,
                    "token.revoked",
                    format!("token:{name}"),
                    String::new(),
                    by,
                    now,
                );
            }
            Ok(revoked == 1)
        })
        .await
    }

    async fn find_token(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Principal>, StorageError> {
        let hash = hash(secret);
        let found = self.read(move |snapshot| find(snapshot, &hash)).await?;
        let Some(token) = found.filter(|token| works(token, now)) else {
            return Ok(None);
        };
        if is_stale(token.last_used_at, now) {
            self.note_use(&token.name, now).await?;
        }
        Ok(Some(Principal {
            name: token.name,
            role: token.role,
            departments: token.departments,
        }))
    }
}

impl SqliteStore {
    async fn note_use(&self, name: &str, now: Timestamp) -> Result<(), StorageError> {
        let name = name.to_owned();
        self.write(Purpose::People, move |write| {
            write
                .prepare("UPDATE token SET last_used_at = ?2 WHERE name = ?1")?
                .execute(params![name, micros(now)])?;
            Ok(())
        })
        .await
    }
}

/// Looked up by the hash, which an attacker cannot steer towards a stored one; compared again
/// in constant time, so that the index alone lets nobody in.
fn find(
    snapshot: &rusqlite::Connection,
    hash: &[u8; 32],
) -> Result<Option<TokenInfo>, StorageError> {
    let stored: Option<[u8; 32]> = snapshot
        .prepare_cached("SELECT secret_hash FROM token WHERE secret_hash = ?1")?
        .query_row([hash], |row| row.get(0))
        .optional()?;
    if !stored.is_some_and(|stored| stored.ct_eq(hash).into()) {
        return Ok(None);
    }
    let mut statement = snapshot.prepare_cached(
        "SELECT name, role, departments, created_at, expires_at, revoked_at, last_used_at
         FROM token WHERE secret_hash = ?1",
    )?;
    let mut rows = statement.query([hash])?;
    rows.next()?.map(token_info).transpose()
}

fn works(token: &TokenInfo, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| now < expires)
}

fn token_info(row: &Row<'_>) -> Result<TokenInfo, StorageError> {
    let name: String = row.get(0)?;
    let (role, departments): (String, String) = (row.get(1)?, row.get(2)?);
    let place = |column| Place::new("token", column, &name);
    Ok(TokenInfo {
        role: place("role").known(&role, Role::parse(&role))?,
        departments: place("departments").json(&departments)?,
        created_at: place("created_at").instant(row.get(3)?)?,
        expires_at: place("expires_at").optional_instant(row.get(4)?)?,
        revoked_at: place("revoked_at").optional_instant(row.get(5)?)?,
        last_used_at: place("last_used_at").optional_instant(row.get(6)?)?,
        name: name.clone(),
    })
}

/// What a grant says of itself in its audit row.
pub(super) fn audit(
    write: &mut Write<'_>,
    action: &str,
    subject: String,
    detail: String,
    actor: Actor,
    at: Timestamp,
) {
    write.audit(AuditEntry {
        at,
        actor,
        action: action.to_owned(),
        subject,
        detail,
    });
}
