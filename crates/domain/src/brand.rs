//! Which brand a monitored account belongs to.

use crate::Slug;
use std::collections::{BTreeMap, BTreeSet};

/// Account name (as it stands in mentions) to brand.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BrandTable {
    by_account: BTreeMap<String, Slug>,
    /// The brand of every account, where there is but one.
    only: Option<Slug>,
}

impl BrandTable {
    /// Account names are compared without case.
    pub fn new(accounts: impl IntoIterator<Item = (String, Slug)>) -> Self {
        let by_account: BTreeMap<_, _> = accounts
            .into_iter()
            .map(|(name, brand)| (name.to_lowercase(), brand))
            .collect();
        let only = only_one(by_account.values());
        Self { by_account, only }
    }

    /// The brand of the first account that belongs to one. An account nobody configured is
    /// a brand of its own, so that a new query works before it is filed. A mention without any
    /// account (feeds and searches have none) belongs to the only brand that has accounts,
    /// else to `default`.
    pub fn resolve(&self, accounts: &BTreeSet<String>) -> Slug {
        accounts
            .iter()
            .find_map(|account| self.by_account.get(&account.to_lowercase()).cloned())
            .or_else(|| accounts.first().map(|account| Slug::from_any(account)))
            .or_else(|| self.only.clone())
            .unwrap_or_else(|| Slug::from_any(""))
    }
}

fn only_one<'a>(mut brands: impl Iterator<Item = &'a Slug>) -> Option<Slug> {
    let first = brands.next()?;
    brands.all(|brand| brand == first).then(|| first.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case::configured(&["JetBlue"], "blue")]
    #[case::second_account_is_configured(&["Acme", "jetblue"], "blue")]
    #[case::unknown_stands_for_itself(&["US Airways"], "us-airways")]
    #[case::none_of_one_brand(&[], "blue")]
    fn resolves(#[case] accounts: &[&str], #[case] want: &str) {
        let table = table(&[("jetblue", "blue"), ("jetblue help", "blue")]);
        let accounts = accounts.iter().map(|&name| name.to_owned()).collect();
        assert_eq!(table.resolve(&accounts).as_str(), want);
    }

    #[rstest]
    #[case::no_brand(&[])]
    #[case::several_brands(&[("jetblue", "blue"), ("delta", "delta")])]
    fn without_an_account_it_takes_one_brand_to_belong_to(#[case] accounts: &[(&str, &str)]) {
        assert_eq!(
            table(accounts).resolve(&BTreeSet::new()).as_str(),
            "default"
        );
    }

    fn table(accounts: &[(&str, &str)]) -> BrandTable {
        let named = |(account, brand): &(&str, &str)| (account.to_string(), Slug::from_any(brand));
        BrandTable::new(accounts.iter().map(named))
    }
}
