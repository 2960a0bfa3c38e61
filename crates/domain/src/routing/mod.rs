//! Who owns a post: the routing table, pure and explained.
//!
//! [`route`] takes the [`Facts`] of one post and returns a [`Decision`]: the first row that
//! matches wins, the fallback department takes what no row wants, and every row leaves a
//! verdict in the [`Explanation`].
//!
//! | module | holds |
//! |---|---|
//! | [`facts`] | what a row may look at |
//! | [`row`] | one row as it is written, and its columns |
//! | [`table`] | rows checked and compiled: [`RoutingTable`] |
//! | [`condition`] | the `when` of a row, in CEL |
//! | [`decide`] | [`route`] itself |
//! | [`priority`] | the score and its reasons |
//! | [`explanation`] | what was tried and why it did or did not match |
//! | [`analysis`] | holes, overlaps and unreachable rows of a table |
//!
//! A new column is a [`Column`] variant, its field in [`Row`] and [`Facts`], and its arm in
//! `index`, which the compiler asks for. A new variable of `when` is one line in `condition`.

pub mod analysis;
pub mod condition;
pub mod decide;
pub mod explanation;
pub mod facts;
mod index;
pub mod priority;
pub mod row;
mod scope;
pub mod table;

pub use analysis::{Analysis, KnownNames, Unreachable, analyse};
pub use decide::{Decision, route};
pub use explanation::{Explanation, HelperRow, RowVerdict, Verdict, explain_lines};
pub use facts::{AuthorTier, Facts};
pub use priority::Priority;
pub use row::{Column, Row, RowPriority};
pub use table::{RoutingTable, TableProblem};
