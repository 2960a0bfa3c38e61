//! Users.

use super::SqliteStore;
use super::access::{audit, granted};
use super::session::{end_sessions, take_back_links};
use super::transaction::{Purpose, Write};
use super::value::{Place, json, micros};
use crate::{PasswordHash, People, Person, SessionId, StorageError, User};
use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{OptionalExtension, Row, params};
use switchboard_domain::access::Role;
use switchboard_domain::ticket::Actor;

#[async_trait]
impl People for SqliteStore {
    async fn create_user(
        &self,
        user: User,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let by = by.clone();
        self.write(Purpose::People, move |write| {
            let created = write
                .prepare(
                    "INSERT INTO user (name, role, departments, created_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT DO NOTHING",
                )?
                .execute(params![
                    user.name,
                    user.role.as_str(),
                    json(&user.departments)?,
                    micros(now)
                ])?;
            if created == 1 {
                let detail = granted(user.role, &user.departments)?;
                note(write, "user.created", &user.name, detail, by, now);
            }
            Ok(created == 1)
        })
        .await
    }

    async fn list_people(&self) -> Result<Vec<Person>, StorageError> {
        self.read(|snapshot| {
            let mut statement = snapshot.prepare_cached(
                "SELECT name, role, departments, created_at, disabled_at,
                        password_hash IS NOT NULL
                 FROM user ORDER BY name",
            )?;
            let mut rows = statement.query([])?;
            let mut people = vec![];
            while let Some(row) = rows.next()? {
                people.push(person(row)?);
            }
            Ok(people)
        })
        .await
    }

    async fn find_password(&self, name: &str) -> Result<Option<PasswordHash>, StorageError> {
        let name = name.to_owned();
        self.read(move |snapshot| {
            let found: Option<Option<String>> = snapshot
                .prepare_cached(
                    "SELECT password_hash FROM user WHERE name = ?1 AND disabled_at IS NULL",
                )?
                .query_row([name], |row| row.get(0))
                .optional()?;
            Ok(found.flatten().map(PasswordHash::new))
        })
        .await
    }

    async fn set_password(
        &self,
        name: &str,
        password: PasswordHash,
        keep: Option<SessionId>,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (name, by) = (name.to_owned(), by.clone());
        self.write(Purpose::People, move |write| {
            let changed = write
                .prepare("UPDATE user SET password_hash = ?2 WHERE name = ?1")?
                .execute(params![name, password.expose()])?;
            if changed == 1 {
                end_sessions(write, &name, keep)?;
                take_back_links(write, &name)?;
                note(
                    write,
                    "user.password_changed",
                    &name,
                    String::new(),
                    by,
                    now,
                );
            }
            Ok(changed == 1)
        })
        .await
    }

    async fn set_disabled(
        &self,
        name: &str,
        disabled: bool,
        by: &Actor,
        now: Timestamp,
    ) -> Result<bool, StorageError> {
        let (name, by) = (name.to_owned(), by.clone());
        self.write(Purpose::People, move |write| {
            let changed = write
                .prepare(
                    "UPDATE user SET disabled_at = ?2
                     WHERE name = ?1 AND (disabled_at IS NULL) = (?2 IS NOT NULL)",
                )?
                .execute(params![name, disabled.then(|| micros(now))])?;
            if changed == 1 {
                end_sessions(write, &name, None)?;
                take_back_links(write, &name)?;
                let action = if disabled {
                    "user.disabled"
                } else {
                    "user.enabled"
                };
                note(write, action, &name, String::new(), by, now);
            }
            Ok(changed == 1)
        })
        .await
    }

    async fn set_role(&self, user: User, by: &Actor, now: Timestamp) -> Result<bool, StorageError> {
        let by = by.clone();
        self.write(Purpose::People, move |write| {
            let changed = write
                .prepare("UPDATE user SET role = ?2, departments = ?3 WHERE name = ?1")?
                .execute(params![
                    user.name,
                    user.role.as_str(),
                    json(&user.departments)?
                ])?;
            if changed == 1 {
                end_sessions(write, &user.name, None)?;
                let detail = granted(user.role, &user.departments)?;
                note(write, "user.role_changed", &user.name, detail, by, now);
            }
            Ok(changed == 1)
        })
        .await
    }
}

fn person(row: &Row<'_>) -> Result<Person, StorageError> {
    let name: String = row.get(0)?;
    let (role, departments): (String, String) = (row.get(1)?, row.get(2)?);
    let place = |column| Place::new("user", column, &name);
    Ok(Person {
        created_at: place("created_at").instant(row.get(3)?)?,
        disabled_at: place("disabled_at").optional_instant(row.get(4)?)?,
        has_password: row.get(5)?,
        user: User {
            role: place("role").known(&role, Role::parse(&role))?,
            departments: place("departments").json(&departments)?,
            name: name.clone(),
        },
    })
}

fn note(
    write: &mut Write<'_>,
    action: &str,
    name: &str,
    detail: String,
    by: Actor,
    now: Timestamp,
) {
    audit(write, action, format!("user:{name}"), detail, by, now);
}
