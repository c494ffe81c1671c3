//! The hidden `pickscan --sandbox-self-test FILE`: what the sandbox refuses, tried from inside.

use std::{
    io::{self, Write},
    path::Path,
};

use crate::sandbox::{Enforced, probes};

/// Exit status where something that is promised to be refused was not, or the other way round.
const BROKEN: u8 = 2;

/// Tries, and writes one line for each attempt. Returns the exit status.
///
/// # Errors
/// Whatever `out` reports.
pub fn self_test(enforced: &Enforced, granted: &Path, out: &mut dyn Write) -> io::Result<u8> {
    writeln!(out, "sandbox: {enforced}")?;
    let mut status = 0;
    for probe in probes(enforced, granted) {
        let outcome = match &probe.error {
            None => "done".to_owned(),
            Some(error) => format!("refused: {error}"),
        };
        let remark = if probe.is_as_promised() {
            ""
        } else {
            status = BROKEN;
            " -- NOT AS PROMISED"
        };
        writeln!(out, "{}: {outcome}{remark}", probe.what)?;
    }
    Ok(status)
}
