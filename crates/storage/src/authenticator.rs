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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::{NewToken, TokenInfo};
    use async_trait::async_trait;
    use rstest::rstest;
    use switchboard_domain::ticket::Actor;

    /// Knows one token.
    struct OneToken;

    #[async_trait]
    impl Access for OneToken {
        async fn create_token(&self, _: NewToken, _: &Actor, _: Timestamp) -> Answer<bool> {
            Ok(false)
        }
        async fn list_tokens(&self) -> Answer<Vec<TokenInfo>> {
            Ok(vec![])
        }
        async fn revoke_token(&self, _: &str, _: &Actor, _: Timestamp) -> Answer<bool> {
            Ok(false)
        }
        async fn find_token(&self, secret: &str, _: Timestamp) -> Answer<Option<Principal>> {
            let name = "ci".to_owned();
            let ci = Principal {
                name,
                role: Role::Ingest,
                departments: BTreeSet::new(),
            };
            Ok((secret == "swb_1").then_some(ci))
        }
    }

    type Answer<T> = Result<T, StorageError>;

    #[rstest]
    #[case::of_this_run(Some("s3cret"), "s3cret", Some("local"))]
    #[case::a_prefix_of_it(Some("s3cret"), "s3cre", None)]
    #[case::more_than_it(Some("s3cret"), "s3cret ", None)]
    #[case::none_is_set(None, "s3cret", None)]
    #[case::empty_is_no_secret(Some(""), "", None)]
    #[case::a_token(Some("s3cret"), "swb_1", Some("ci"))]
    #[tokio::test]
    async fn whose_secret(
        #[case] local: Option<&str>,
        #[case] bearer: &str,
        #[case] want: Option<&str>,
    ) {
        let authenticator = Authenticator::new(Arc::new(OneToken), local.map(str::to_owned));
        let found = authenticator
            .authenticate(bearer, Timestamp::UNIX_EPOCH)
            .await
            .unwrap();
        assert_eq!(
            found.as_ref().map(|principal| principal.name.as_str()),
            want
        );
        if want == Some("local") {
            assert_eq!(found.unwrap().role, Role::Admin);
        }
    }
}
