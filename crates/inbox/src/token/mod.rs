//! API tokens, for administrators.

pub(crate) mod create;
pub(crate) mod list;
pub(crate) mod revoke;

#[cfg(test)]
mod tests;
