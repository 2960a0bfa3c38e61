//! Posts that change tickets.

use super::SqliteStore;
use super::ticket::{find, scope_parameter};
use super::transaction::{Purpose, Write};
use crate::effect::regroup;
use crate::{Regroup, Regrouped, Regroups, StorageError};
use async_trait::async_trait;
use switchboard_domain::access::DepartmentScope;

#[async_trait]
impl Regroups for SqliteStore {
    async fn regroup(
        &self,
        wish: Regroup,
        scope: &DepartmentScope,
    ) -> Result<Regrouped, StorageError> {
        let scope = scope_parameter(scope)?;
        self.write(Purpose::Apply, move |write| {
            apply(write, &wish, scope.as_deref())
        })
        .await
    }
}

fn apply(
    write: &mut Write<'_>,
    wish: &Regroup,
    scope: Option<&str>,
) -> Result<Regrouped, StorageError> {
    let Some(before) = find(write.transaction(), wish.ticket, scope)? else {
        return Ok(Regrouped::NotFound(wish.ticket));
    };
    let other = match regroup::other(&before, &wish.how) {
        Some(id) => find(write.transaction(), id, scope)?,
        None => None,
    };
    regroup::apply(write, &before, other.as_ref(), wish)
}
