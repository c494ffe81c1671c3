//! What is bad, what is trusted and what a callable does, as data.
//!
//! Rules are YAML ([`schema`]). The built-in ones are turned into tables when the binary is built
//! (`pack.rs`, `build.rs`); others are read at run time ([`load`]). A [`Ruleset`] tells the machine
//! what it must know about names and judges the [facts](crate::facts) of a stream. This room has
//! never heard of opcodes or of bytes of a file.

mod asked;
mod causes;
pub mod condition;
mod evaluate;
mod judgement;
mod lint;
pub mod load;
mod message;
mod names;
mod pack;
pub mod pattern;
mod ruleset;
pub mod schema;
mod show;
mod standing;
mod table;
mod value;
pub mod verbs;
mod weights_only;

pub use judgement::{Judgement, Match};
pub use lint::lint;
pub use load::Problem;
pub use ruleset::{RulesError, Ruleset};
pub use schema::{Rule, Severity, Trust};
pub use show::Counts;
pub use weights_only::WeightsOnly;
