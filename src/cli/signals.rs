//! SIGINT and SIGTERM end a scan early, with a report of what was done.
//!
//! Inputs that were not looked at are `incomplete` in that report, so the exit status is 1 or 2. A
//! second signal ends the process at once.

use std::io;

use crate::limits::Deadline;

/// Exit status where the process is ended by a second signal: 128 + SIGINT, as shells have it.
#[cfg(unix)]
const ENDED: i32 = 130;

#[cfg(unix)]
pub(super) fn stop_when_told() -> io::Result<Deadline> {
    use signal_hook::{
        consts::{SIGINT, SIGTERM},
        flag,
    };
    use std::sync::Arc;
    let told = Arc::default();
    for signal in [SIGINT, SIGTERM] {
        // In this order: the first signal finds the flag down and raises it.
        flag::register_conditional_shutdown(signal, ENDED, Arc::clone(&told))?;
        flag::register(signal, Arc::clone(&told))?;
    }
    Ok(Deadline::when_told(told))
}

/// Elsewhere the process is ended by the system.
#[cfg(not(unix))]
pub(super) fn stop_when_told() -> io::Result<Deadline> {
    Ok(Deadline::default())
}
