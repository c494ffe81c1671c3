//! pickscan reads Python pickles without running any of them and says what they would do.
//!
//! The rooms, in reading order. Bytes become members ([`source`], [`container`]), members become
//! instructions ([`pickle`]), instructions become a trace ([`machine`]), a trace becomes facts
//! ([`facts`]), facts meet [`rules`], matches become a [`report`],
//! which [`output`] writes. [`scan`] drives all of it.

#[cfg(feature = "cli")]
pub mod cli;
#[cfg(feature = "cli")]
pub mod config;
pub mod container;
pub mod facts;
pub mod limits;
pub mod machine;
pub mod output;
mod parallel;
pub mod payload;
pub mod pickle;
pub mod report;
pub mod rules;
#[cfg(feature = "cli")]
pub mod sandbox;
pub mod scan;
mod show;
pub mod source;
pub mod suppress;
