//! Secrets at the moment they are needed.

use std::sync::Arc;
use switchboard_config::{Secret, SecretError, SecretReference};

/// The caller's way to environment and disk. Asked at every start of a client, and again for
/// a token that has to be fresh.
#[derive(Clone)]
pub struct Secrets(Arc<Resolve>);

type Resolve = dyn Fn(&SecretReference) -> Result<Secret, SecretError> + Send + Sync;

impl Secrets {
    /// Looks secrets up with `resolve`.
    pub fn new(
        resolve: impl Fn(&SecretReference) -> Result<Secret, SecretError> + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(resolve))
    }

    pub(super) fn resolve(&self, reference: &SecretReference) -> Result<Secret, SecretError> {
        (self.0)(reference)
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Secrets")
    }
}

impl Default for Secrets {
    /// Knows none.
    fn default() -> Self {
        Self::new(|reference| Err(SecretError::Empty(reference.clone())))
    }
}
