//! Tokens.

use super::PostgresStore;
use super::failure::Fault;
use super::value::{Place, json, micros};
use super::work::{Isolation, Work};
use crate::effect::Purpose;
use crate::row::{granted, is_stale, secret_hash};
use crate::{Access, AuditEntry, NewToken, StorageError, TokenInfo};
use async_trait::async_trait;
use jiff::Timestamp;
use subtle::ConstantTimeEq;
use switchboard_domain::access::{Principal, Role};
use switchboard_domain::ticket::Actor;
use tokio_postgres::Row;

#[async_trait]
impl Access for PostgresStore {
    async fn create_token(
        &self,
        token: NewToken,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = create(&mut work, token, by, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn list_tokens(&self) -> Result<Vec<TokenInfo>, StorageError> {
        let found = self
            .read(&format!("SELECT {COLUMNS} FROM token ORDER BY name"), &[])
            .await?;
        let tokens: Result<Vec<_>, Fault> = found.iter().map(token_info).collect();
        Ok(tokens?)
    }

    async fn revoke_token(
        &self,
        name: &str,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = revoke(&mut work, name, by, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn find_token(
        &self,
        secret: &str,
        now: Timestamp,
    ) -> Result<Option<Principal>, StorageError> {
        let hash = secret_hash(secret);
        let statement = format!("SELECT {COLUMNS}, secret_hash FROM token WHERE secret_hash = $1");
        let Some(row) = self.read_opt(&statement, &[&hash.as_slice()]).await? else {
            return Ok(None);
        };
        let token = token_info(&row)?;
        let stored: &[u8] = row.try_get(7).map_err(Fault::from)?;
        // Looked up by the hash, which an attacker cannot steer towards a stored one; compared
        // again in constant time, so that the index alone lets nobody in.
        if !bool::from(stored.ct_eq(&hash)) || !works(&token, now) {
            return Ok(None);
        }
        if is_stale(token.last_used_at, now) {
            let note = "UPDATE token SET last_used_at = $2 WHERE name = $1";
            self.execute(note, &[&token.name, &micros(now)]).await?;
        }
        Ok(Some(Principal {
            name: token.name,
            role: token.role,
            departments: token.departments,
        }))
    }
}

const COLUMNS: &str = "name, role, departments, created_at, expires_at, revoked_at, last_used_at";

async fn create(
    work: &mut Work,
    token: NewToken,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, Fault> {
    let created = work
        .execute(
            "INSERT INTO token (name, secret_hash, role, departments, created_at, expires_at)
             VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
            &[
                &token.name,
                &secret_hash(&token.secret).as_slice(),
                &token.role.as_str(),
                &json(&token.departments)?,
                &micros(now),
                &token.expires_at.map(micros),
            ],
        )
        .await?;
    if created == 1 {
        let detail = granted(token.role, &token.departments)?;
        let subject = format!("token:{}", token.name);
        audit(work, "token.created", subject, detail, by, now);
    }
    Ok(created == 1)
}

async fn revoke(work: &mut Work, name: &str, by: &Actor, now: Timestamp) -> Result<bool, Fault> {
    let revoked = work
        .execute(
            "UPDATE token SET revoked_at = $2 WHERE name = $1 AND revoked_at IS NULL",
            &[&name, &micros(now)],
        )
        .await?;
    if revoked == 1 {
        let subject = format!("token:{name}");
        audit(work, "token.revoked", subject, String::new(), by, now);
    }
    Ok(revoked == 1)
}

fn works(token: &TokenInfo, now: Timestamp) -> bool {
    token.revoked_at.is_none() && token.expires_at.is_none_or(|expires| now < expires)
}

fn token_info(row: &Row) -> Result<TokenInfo, Fault> {
    let name: String = row.try_get(0)?;
    let (role, departments): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
    let place = |column| Place::new("token", column, &name);
    Ok(TokenInfo {
        role: place("role").known(role, Role::parse(role))?,
        departments: place("departments").json(departments)?,
        created_at: place("created_at").instant(row.try_get(3)?)?,
        expires_at: place("expires_at").optional_instant(row.try_get(4)?)?,
        revoked_at: place("revoked_at").optional_instant(row.try_get(5)?)?,
        last_used_at: place("last_used_at").optional_instant(row.try_get(6)?)?,
        name: name.clone(),
    })
}

pub(super) fn audit(
    work: &mut Work,
    action: &str,
    subject: String,
    detail: String,
    actor: &Actor,
    at: Timestamp,
) {
    work.audit(AuditEntry {
        at,
        actor: actor.clone(),
        action: action.to_owned(),
        subject,
        detail,
    });
}
