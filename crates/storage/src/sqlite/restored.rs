//! What a store has to be told after it was restored.

use super::transaction::Purpose;
use super::{SqliteStore, migration};
use crate::{AuditEntry, StorageError};

impl SqliteStore {
    /// What counted in the log `before` counts in `after` from now on: the same records under
    /// another name. `deed` says in the audit who did so.
    ///
    /// # Errors
    /// When it cannot be written; nothing has changed then.
    pub async fn follow_log(
        &self,
        before: &str,
        after: &str,
        deed: AuditEntry,
    ) -> Result<(), StorageError> {
        let (before, after) = (before.to_owned(), after.to_owned());
        self.write(Purpose::People, move |write| {
            for statement in [
                "UPDATE consumer_offset SET incarnation = ?2 WHERE incarnation = ?1",
                "UPDATE dead_letter_resolution SET incarnation = ?2 WHERE incarnation = ?1",
            ] {
                write.prepare(statement)?.execute([&before, &after])?;
            }
            write.audit(deed);
            Ok(())
        })
        .await
    }
}

/// Whether this program can work on a store whose last migration is this one.
pub fn knows_migration(name: &str) -> bool {
    migration::names().any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Audit as _, Offsets as _, SqliteOptions};
    use jiff::Timestamp;
    use switchboard_domain::ticket::Actor;
    use switchboard_telemetry::Metrics;

    fn open(dir: &tempfile::TempDir) -> SqliteStore {
        SqliteStore::open(SqliteOptions {
            dir: dir.path().to_owned(),
            writer: "test".into(),
            metrics: Metrics::new("test").unwrap(),
        })
        .unwrap()
    }

    fn deed() -> AuditEntry {
        AuditEntry {
            at: Timestamp::UNIX_EPOCH,
            actor: Actor::System("cli".into()),
            action: "restored".into(),
            subject: "log:new".into(),
            detail: String::new(),
        }
    }

    #[tokio::test]
    async fn what_counted_in_the_old_log_counts_in_the_new_one() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        let insert = "INSERT INTO consumer_offset VALUES
                          ('route', 'mention.classified', 0, 7, 'old', 'hash'),
                          ('route', 'mention.classified', 1, 3, 'third', 'hash');
                      INSERT INTO dead_letter_resolution VALUES ('old', 2, 5, 'dropped', 'ann', 0)";
        let write = |write: &mut super::super::transaction::Write<'_>| {
            write.transaction().execute_batch(insert)?;
            Ok(())
        };
        store.write(Purpose::People, write).await.unwrap();
        store.follow_log("old", "new", deed()).await.unwrap();
        let found = |partition| store.load_offset("route", "mention.classified", partition);
        let moved = found(0).await.unwrap().unwrap();
        assert_eq!((&*moved.incarnation, moved.next), ("new", 7));
        let other = found(1).await.unwrap().unwrap();
        assert_eq!(other.incarnation, "third", "a third log is left alone");
        let count = "SELECT count(*) FROM dead_letter_resolution WHERE incarnation = 'new'";
        let resolved =
            store.read(|read| Ok(read.query_row(count, [], |row| row.get::<_, i64>(0))?));
        assert_eq!(resolved.await.unwrap(), 1);
        assert_eq!(store.verify().await.unwrap().unsealed, 1);
    }

    #[test]
    fn the_migrations_of_a_newer_program_are_not_known() {
        assert!(knows_migration("20261122010000_create_tickets"));
        assert!(!knows_migration("29990101000000_create_something"));
    }
}
