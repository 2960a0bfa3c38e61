//! Recorded traffic of the real platforms, in place, through the connectors' mapping and
//! through their polls. The recordings are third parties' posts and no part of this
//! repository: without them every test says so and passes.
//!
//! What is expected is counted without the mapping: by what the platforms' documents say an
//! endpoint answers, and by a plain look into its JSON.

#[cfg(test)]
mod mapping;
#[cfg(test)]
mod recording;
#[cfg(test)]
mod replay;
