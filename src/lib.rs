//! pickscan reads Python pickles without running any of them and says what they would do.
//!
//! The rooms, in reading order. Bytes become members ([`source`], [`container`]), members become
//! instructions ([`pickle`]), instructions become a trace ([`machine`]), a trace becomes facts
//! ([`facts`]), facts meet [`rules`], matches become a [`report`].

pub mod container;
pub mod facts;
pub mod limits;
pub mod machine;
pub mod pickle;
pub mod rules;
mod show;
pub mod source;
