//! Which brand a monitored account belongs to.

use crate::Slug;
use std::collections::{BTreeMap, BTreeSet};

/// Account name (as it stands in mentions) to brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandTable {
    by_account: BTreeMap<String, Slug>,
}

impl BrandTable {
    /// Account names are compared without case.
    pub fn new(accounts: impl IntoIterator<Item = (String, Slug)>) -> Self {
        let by_account = accounts
            .into_iter()
            .map(|(name, brand)| (name.to_lowercase(), brand))
            .collect();
        Self { by_account }
    }

    /// The brand of the first account that belongs to one. An account nobody configured is
    /// a brand of its own, so that a new query works before it is filed; a mention without
    /// any account belongs to `default`.
    pub fn resolve(&self, accounts: &BTreeSet<String>) -> Slug {
        accounts
            .iter()
            .find_map(|account| self.by_account.get(&account.to_lowercase()).cloned())
            .unwrap_or_else(|| Slug::from_any(accounts.first().map_or("", String::as_str)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::configured(&["JetBlue"], "blue")]
    #[case::second_account_is_configured(&["Acme", "jetblue"], "blue")]
    #[case::unknown_stands_for_itself(&["US Airways"], "us-airways")]
    #[case::none(&[], "default")]
    fn resolves(#[case] accounts: &[&str], #[case] want: &str) {
        let table = BrandTable::new([("jetblue".to_owned(), Slug::from_any("blue"))]);
        let accounts = accounts.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(table.resolve(&accounts).as_str(), want);
    }
}
