//! Every cap of the scanner: its default, its unit, and the attack it stops.
//!
//! Reaching a cap never ends in `clean`: the stream or member is reported as `incomplete`, with
//! everything that was seen before the cap.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
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
    /// Bytes of the module, and of the qualified name, of an import. Longer ones are unknown, which is
    /// never trusted. Stops a name that is given once and imported a million times.
    pub name: usize,
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
    /// Bytes that are searched for pickles in one file whose structure is not followed, such as
    /// HDF5.
    pub searched: u64,
    /// Bytes of standard input that are kept in memory.
    pub stdin: u64,
    /// Findings kept for one input; the worst are kept.
    pub findings: usize,
    /// Units of work for each byte of one input, decompressed ones included, once past
    /// [`Limits::work_floor`]. A unit is about what following a byte of instructions or copying a few
    /// bytes costs. Stops what is short and unfolds, or is gone through again and again, after a time
    /// that grows with the input and no faster.
    pub work: u64,
    /// Units of work on one input before they are held against its size.
    pub work_floor: u64,
    /// Seconds spent on one input, and then on judging what was seen. Stops whatever no other limit has thought of; generous, because
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
    work: Option<Arc<Work>>,
}

/// Work that one input causes, in units.
#[derive(Debug)]
struct Work {
    spent: AtomicU64,
    allowed: AtomicU64,
    per_byte: u64,
}

/// Units that are taken or added at once: far from where the counter would overflow.
const MOST_AT_ONCE: u64 = 1 << 56;

/// Why to stop.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// The whole run was told to.
    Told,
    /// The input has had its time.
    Seconds,
    /// The input asks for more work than one of its size may.
    Work,
}

impl Stop {
    /// The limit that was reached, by its name.
    pub fn limit(self) -> &'static str {
        match self {
            Self::Work => "work",
            Self::Told | Self::Seconds => "seconds",
        }
    }
}

impl Work {
    fn is_used_up(&self) -> bool {
        self.spent.load(Ordering::Relaxed) > self.allowed.load(Ordering::Relaxed)
    }
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
            told: Some(told),
            ..Self::default()
        }
    }

    /// One that passes after so many seconds.
    pub fn after(seconds: u64) -> Self {
        Self {
            until: Instant::now().checked_add(Duration::from_secs(seconds)),
            ..Self::default()
        }
    }

    /// Why it is time to stop, where it is. Costs some tens of nanoseconds.
    pub fn passed(&self) -> Option<Stop> {
        if self.was_told() {
            return Some(Stop::Told);
        }
        let work = self.work.as_ref();
        if work.is_some_and(|work| work.is_used_up()) {
            return Some(Stop::Work);
        }
        let late = self.until.is_some_and(|until| Instant::now() >= until);
        late.then_some(Stop::Seconds)
    }

    /// Whether it is time to stop.
    pub fn has_passed(&self) -> bool {
        self.passed().is_some()
    }

    /// Takes units of work from what is left, which may bring the deadline about.
    pub fn spend(&self, units: usize) {
        if let Some(work) = &self.work {
            let units = u64::try_from(units).map_or(MOST_AT_ONCE, |units| units.min(MOST_AT_ONCE));
            work.spent.fetch_add(units, Ordering::Relaxed);
        }
    }

    /// Adds what so many further bytes of the input may cost.
    pub fn allow(&self, bytes: u64) {
        if let Some(work) = &self.work {
            let units = bytes.saturating_mul(work.per_byte).min(MOST_AT_ONCE);
            work.allowed.fetch_add(units, Ordering::Relaxed);
        }
    }

    /// Units of work so far.
    pub fn spent(&self) -> u64 {
        let work = self.work.as_ref();
        work.map_or(0, |work| work.spent.load(Ordering::Relaxed))
    }

    /// Whether the whole run was told to stop.
    pub fn was_told(&self) -> bool {
        let told = self.told.as_ref();
        told.is_some_and(|told| told.load(Ordering::Relaxed))
    }
}

impl Limits {
    /// The same limits with the clock of one input running, and its work counted.
    pub fn starting_now(&self) -> Self {
        let mut limits = self.clone();
        limits.deadline.until = Deadline::after(self.seconds).until;
        limits.deadline.work = Some(Arc::new(Work {
            spent: AtomicU64::new(0),
            allowed: AtomicU64::new(self.work_floor.min(MOST_AT_ONCE)),
            per_byte: self.work,
        }));
        limits
    }

    /// What is said where the deadline of an input has passed.
    pub fn out_of_time(&self) -> String {
        match self.deadline.passed() {
            Some(Stop::Told) => "the run was told to stop".to_owned(),
            Some(Stop::Work) => format!(
                "looking at it costs more than {} units of work for each byte; raise the limit `work` to go on for longer",
                self.work
            ),
            Some(Stop::Seconds) | None => format!(
                "looking at it took more than {} seconds; raise the limit `seconds` to go on for longer",
                self.seconds
            ),
        }
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
            name: 1024,
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
            searched: 4 << 30,
            stdin: 4 << 30,
            findings: 1_000,
            work: 256,
            work_floor: 1 << 30,
            seconds: 300,
            deadline: Deadline::default(),
        }
    }
}
