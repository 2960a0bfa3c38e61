//! routing/mod
