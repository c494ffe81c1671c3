//! Every cap of the scanner: its default, its unit, and the attack it stops.
//!
//! Reaching a cap never ends in `clean`: the stream or member is reported as `incomplete`, with
//! everything that was seen before the cap.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use serde::{Deserialize, Serialize};

/// Caps on work, memory, depth and output. Build one with [`Limits::default`] and change fields.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Limits {
    /// Values on the stack of one stream, counted. Stops a pickle of ten million pushes per
    /// megabyte from taking eight times its size in memory.
    pub stack: usize,
    /// Entries in the memo of one stream, counted. CPython allocates twice the largest index.
    pub memo: usize,
    /// Imports, calls, changes and the like kept for one stream, and for all streams of one input,
    /// counted. One costs about forty bytes while it is followed and some hundreds in the report.
    pub events: usize,
    /// Containers and objects of one stream that are remembered, counted (sixteen to thirty-two
    /// bytes each): containers of mere data are forgotten after a while.
    pub nodes: usize,
    /// Bytes of one text line, name or number that is fetched to be read. Longer ones are unknown.
    pub text: usize,
    /// Bytes of code, command or nested pickle that are taken out of a literal to be looked at.
    pub payload: usize,
    /// Bytes of text computed by modelled calls in one stream, in total. Stops `"x" * 10**9`.
    pub computed: usize,
    /// Calls made by modelled calls in one member, counted. The instructions' own calls are not: they
    /// are as many as the input has bytes for.
    pub model_steps: usize,
    /// Streams followed in one input, counted. Stops a file of a million one-byte pickles.
    pub streams: usize,
    /// Members followed in one input, counted, nested ones included.
    pub members: usize,
    /// How deep members may nest: a pickle in a gzip in a zip is three.
    pub depth: usize,
    /// Bytes produced by decompression for one input, in total.
    pub inflated: u64,
    /// Output bytes for each input byte of one decompression, once past [`Limits::ratio_floor`].
    pub ratio: u64,
    /// Bytes a decompression may produce before its ratio is looked at: small bombs are harmless.
    pub ratio_floor: u64,
    /// Bytes of one decompressed member that are kept in memory; going back further decompresses
    /// again.
    pub resident: usize,
    /// Bytes of standard input that are kept in memory.
    pub stdin: u64,
    /// Findings kept for one input; the worst are kept.
    pub findings: usize,
    /// Seconds spent on one input. Stops whatever no other limit has thought of; generous, because
    /// a slow disk is no attack.
    pub seconds: u64,
    /// When the current input has had its time; set by [`Limits::starting_now`].
    #[serde(skip)]
    pub deadline: Deadline,
}

/// When to stop whatever one is doing. A part of [`Limits`], so that it reaches every loop that
/// has limits.
#[derive(Clone, Debug, Default)]
pub struct Deadline {
    until: Option<Instant>,
    told: Option<Arc<AtomicBool>>,
}

impl PartialEq for Deadline {
    /// Limits are the same limits whenever they were started.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Deadline {}

impl Deadline {
    /// One that passes when `told` becomes true, as a handler of signals does.
    pub fn when_told(told: Arc<AtomicBool>) -> Self {
        Self {
            until: None,
            told: Some(told),
        }
    }

    /// Whether it is time to stop. Costs some tens of nanoseconds.
    pub fn has_passed(&self) -> bool {
        self.was_told() || self.until.is_some_and(|until| Instant::now() >= until)
    }

    /// Whether the whole run was told to stop.
    pub fn was_told(&self) -> bool {
        let told = self.told.as_ref();
        told.is_some_and(|told| told.load(Ordering::Relaxed))
    }
}

impl Limits {
    /// The same limits with the clock of one input running.
    pub fn starting_now(&self) -> Self {
        let mut limits = self.clone();
        limits.deadline.until = Instant::now().checked_add(Duration::from_secs(self.seconds));
        limits
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            stack: 64 << 20,
            memo: 64 << 20,
            events: 2 << 20,
            nodes: 64 << 20,
            text: 1 << 20,
            payload: 256 << 20,
            computed: 16 << 20,
            model_steps: 1 << 20,
            streams: 100_000,
            members: 100_000,
            depth: 16,
            inflated: 16 << 30,
            ratio: 2_000,
            ratio_floor: 64 << 20,
            resident: 64 << 20,
            stdin: 4 << 30,
            findings: 1_000,
            seconds: 300,
            deadline: Deadline::default(),
        }
    }
}
