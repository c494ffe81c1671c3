//! What this process gives up before it reads the first byte of an input.
//!
//! On Linux: Landlock leaves nothing of the file system but reading what is scanned, and no
//! network; seccomp refuses the system calls that a scanner has no use for; core dumps are off.
//! Elsewhere nothing is enforced, and the report says so. This room knows paths, not inputs.
//!
//! [`enter`] must be called before any thread starts: Landlock binds only the thread that asks for
//! it and those that this one starts later.

#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod filter;
#[cfg(target_os = "linux")]
mod linux;
mod probe;

use std::{fmt, path::PathBuf};

pub use probe::{Probe, probes};

/// How much is asked for.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Whatever this system offers.
    #[default]
    Auto,
    /// All of it, or nothing is scanned.
    Require,
    /// Nothing.
    Off,
}

impl Mode {
    /// The modes and their names on the command line.
    pub const NAMES: [(&'static str, Self); 3] = [
        ("auto", Self::Auto),
        ("require", Self::Require),
        ("off", Self::Off),
    ];
}

/// What is enforced from now on, and what is not and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Enforced {
    /// Files can only be read, and only those that are scanned.
    pub files: bool,
    /// System calls that a scanner has no use for are refused.
    pub calls: bool,
    held: Vec<String>,
    missing: Vec<String>,
}

/// A sandbox was required and cannot be had.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "--sandbox require: {0}; scan on a system that has it, or leave out --sandbox to scan with what there is"
)]
pub struct Unavailable(String);

impl fmt::Display for Enforced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.held.as_slice() {
            [] => formatter.write_str("nothing")?,
            held => formatter.write_str(&held.join(", "))?,
        }
        if !self.missing.is_empty() {
            write!(formatter, "; missing: {}", self.missing.join(", "))?;
        }
        Ok(())
    }
}

impl Enforced {
    fn nothing(why: &str) -> Self {
        Self {
            missing: vec![why.to_owned()],
            ..Self::default()
        }
    }

    #[cfg(target_os = "linux")]
    fn add(&mut self, layer: &str, outcome: Result<String, String>) -> bool {
        let worked = outcome.is_ok();
        match outcome {
            Ok(held) => self.held.push(held),
            Err(why) => self.missing.push(format!("{layer} ({why})")),
        }
        worked
    }
}

/// Gives up everything but reading what is at and below `grounds`. Cannot be undone.
///
/// # Errors
/// Where `mode` requires a layer that the system does not grant.
pub fn enter(mode: Mode, grounds: &[PathBuf]) -> Result<Enforced, Unavailable> {
    if mode == Mode::Off {
        return Ok(Enforced::nothing("all of it (--sandbox off)"));
    }
    let enforced = restrict(grounds);
    if mode == Mode::Require && !enforced.missing.is_empty() {
        let missing = enforced.missing.join(", ");
        return Err(Unavailable(format!("this system does not grant {missing}")));
    }
    Ok(enforced)
}

#[cfg(target_os = "linux")]
fn restrict(grounds: &[PathBuf]) -> Enforced {
    let mut enforced = Enforced::default();
    enforced.add("no core dumps", linux::no_core_dumps());
    enforced.files = enforced.add("Landlock", linux::restrict_files(grounds));
    // Last, because it refuses what the others need.
    enforced.calls = enforced.add("seccomp", calls::refuse());
    enforced
}

#[cfg(not(target_os = "linux"))]
fn restrict(_: &[PathBuf]) -> Enforced {
    Enforced::nothing("all of it (pickscan has a sandbox on Linux only)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn off_says_so() {
        let enforced = enter(Mode::Off, &[]).unwrap();
        assert_eq!(
            enforced.to_string(),
            "nothing; missing: all of it (--sandbox off)"
        );
        assert!(!enforced.files && !enforced.calls);
    }
}
