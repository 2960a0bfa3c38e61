//! Users.

use super::PostgresStore;
use super::access::audit;
use super::failure::Fault;
use super::session::{end_sessions, take_back_links};
use super::value::{Place, json, micros};
use super::work::{Isolation, Work};
use crate::effect::Purpose;
use crate::row::granted;
use crate::{PasswordHash, People, Person, SessionId, StorageError, User};
use async_trait::async_trait;
use jiff::Timestamp;
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;
use tokio_postgres::Row;

#[async_trait]
impl People for PostgresStore {
    async fn create_user(
        &self,
        user: User,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = create(&mut work, user, by, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn list_people(&self) -> Result<Vec<Person>, StorageError> {
        let found = self
            .read(
                "SELECT name, role, departments, created_at, disabled_at,
                        password_hash IS NOT NULL
                 FROM \"user\" ORDER BY name",
                &[],
            )
            .await?;
        let people: Result<Vec<_>, Fault> = found.iter().map(person).collect();
        Ok(people?)
    }

    async fn find_password(&self, name: &str) -> Result<Option<PasswordHash>, StorageError> {
        let found = self
            .read_opt(
                "SELECT password_hash FROM \"user\" WHERE name = $1 AND disabled_at IS NULL",
                &[&name],
            )
            .await?;
        let hash: Option<Option<String>> = found
            .map(|row| row.try_get(0))
            .transpose()
            .map_err(Fault::from)?;
        Ok(hash.flatten().map(PasswordHash::new))
    }

    async fn set_password(
        &self,
        name: &str,
        password: PasswordHash,
        keep: Option<SessionId>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = async {
            let changed = work
                .execute(
                    "UPDATE \"user\" SET password_hash = $2 WHERE name = $1",
                    &[&name, &password.expose()],
                )
                .await?;
            if changed == 1 {
                end_sessions(&work, name, keep).await?;
                take_back_links(&work, name).await?;
                note(
                    &mut work,
                    "user.password_changed",
                    name,
                    String::new(),
                    by,
                    now,
                );
            }
            Ok(changed == 1)
        }
        .await;
        Ok(work.settle(outcome).await?)
    }

    async fn set_disabled(
        &self,
        name: &str,
        disabled: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = set_disabled(&mut work, name, disabled, by, now).await;
        Ok(work.settle(outcome).await?)
    }

    async fn set_role(&self, user: User, by: &Actor, now: Timestamp) -> Result<bool, StorageError> {
        let mut work = self
            .write(Purpose::People, Isolation::ReadCommitted)
            .await?;
        let outcome = set_role(&mut work, &user, by, now).await;
        Ok(work.settle(outcome).await?)
    }
}

async fn create(work: &mut Work, user: User, by: &Actor, now: Timestamp) -> Result<bool, Fault> {
    let created = work
        .execute(
            "INSERT INTO \"user\" (name, role, departments, created_at) VALUES ($1, $2, $3, $4)
             ON CONFLICT DO NOTHING",
            &[
                &user.name,
                &user.role.as_str(),
                &json(&user.departments)?,
                &micros(now),
            ],
        )
        .await?;
    if created == 1 {
        let detail = granted(user.role, &user.departments)?;
        note(work, "user.created", &user.name, detail, by, now);
    }
    Ok(created == 1)
}

async fn set_disabled(
    work: &mut Work,
    name: &str,
    disabled: bool,
    by: &Actor,
    now: Timestamp,
) -> Result<bool, Fault> {
    let changed = work
        .execute(
            "UPDATE \"user\" SET disabled_at = $2
             WHERE name = $1 AND (disabled_at IS NULL) = ($2::bigint IS NOT NULL)",
            &[&name, &disabled.then(|| micros(now))],
        )
        .await?;
    if changed == 1 {
        end_sessions(work, name, None).await?;
        take_back_links(work, name).await?;
        let action = if disabled {
            "user.disabled"
        } else {
            "user.enabled"
        };
        note(work, action, name, String::new(), by, now);
    }
    Ok(changed == 1)
}

async fn set_role(work: &mut Work, user: &User, by: &Actor, now: Timestamp) -> Result<bool, Fault> {
    let changed = work
        .execute(
            "UPDATE \"user\" SET role = $2, departments = $3 WHERE name = $1",
            &[&user.name, &user.role.as_str(), &json(&user.departments)?],
        )
        .await?;
    if changed == 1 {
        end_sessions(work, &user.name, None).await?;
        let detail = granted(user.role, &user.departments)?;
        note(work, "user.role_changed", &user.name, detail, by, now);
    }
    Ok(changed == 1)
}

fn person(row: &Row) -> Result<Person, Fault> {
    let name: String = row.try_get(0)?;
    let (role, departments): (&str, &str) = (row.try_get(1)?, row.try_get(2)?);
    let place = |column| Place::new("user", column, &name);
    Ok(Person {
        created_at: place("created_at").instant(row.try_get(3)?)?,
        disabled_at: place("disabled_at").optional_instant(row.try_get(4)?)?,
        has_password: row.try_get(5)?,
        user: User {
            role: place("role").known(role, Role::parse(role))?,
            departments: place("departments").json(departments)?,
            name: name.clone(),
        },
    })
}

fn note(work: &mut Work, action: &str, name: &str, detail: String, by: &Actor, now: Timestamp) {
    audit(work, action, format!("user:{name}"), detail, by, now);
}
