//! The other readings of a stream: what readers do that do not take it linearly.
//!
//! Almost every stream means the same to every reader, and then nothing runs here. Where an
//! instruction crosses the end of a frame, or array data stands raw between instructions, the
//! readings that may differ are followed too, and those that do differ are reported beside the
//! first: a file is as bad as its worst reading.

use std::collections::HashSet;

use super::{Machine, Watch, fetch::Strings, model::Knowledge};
use crate::{
    facts::{Anomaly, AnomalyKind, End, Facts, Symbol},
    limits::Limits,
    pickle::dialect::{self, Consumed, Follower, READERS},
    source::{Source, Spliced},
};

/// Pieces of one stream that a reader may take; more are a stream made of cut frames.
const MOST_PIECES: usize = 100_000;

/// Units of work for one piece.
const PIECE: u64 = 64;

/// What a plain unpickler is called that does not know of raw array data.
const PLAIN_READER: &str = "pickle.load, which does not skip joblib's inline arrays";

/// The caller that chose Latin-1 for Python 2's strings.
const LATIN_1_READER: &str = "a reader with encoding=\"latin1\"";

/// The host that reads several streams by one unpickler.
const SHARED_READER: &str = "Unpickler.load, called again on the same unpickler";

/// The host that reads each stream by an unpickler of its own.
const OWN_MEMO_READER: &str = "pickle.load, with a new unpickler for each stream";

/// One stream under every reader.
pub struct Reading {
    /// The linear reading: that of `pickle.loads`.
    pub first: Facts,
    /// Readings that differ from it in what they import, call or change.
    pub others: Vec<Facts>,
    /// What one unpickler does that has read the streams before, and kept its memo, or that takes
    /// a nested pickle for a part of the one around it, where that differs. Honest streams differ there too, for nobody reads them so: whoever judges it
    /// decides what it counts for.
    pub shared: Vec<Facts>,
    /// Where some reader's next stream starts, the linear reader's first.
    pub continues: Vec<u64>,
}

/// Follows the streams of one member under every reader.
pub struct Readings<'s, 'k> {
    source: &'s dyn Source,
    knowledge: &'k dyn Knowledge,
    limits: &'s Limits,
    machine: Machine<'s, 'k>,
    /// The machine whose memo goes from stream to stream, once something asks for it.
    shared: Option<Box<Machine<'s, 'k>>>,
    /// Streams that one unpickler would have read, and that `shared` has not.
    behind: Vec<u64>,
    /// Where the first stream starts, once it has been followed.
    beginning: Option<u64>,
    /// Whether the encoding of strings mattered in some stream.
    met_strings: bool,
    /// Whether the readings of one unpickler across cut frames have been followed.
    cuts_followed: bool,
    /// Where the next one of these starts.
    next: Option<u64>,
}

impl<'s, 'k> Readings<'s, 'k> {
    /// Prepares for a member. Nothing is read yet.
    pub fn new(source: &'s dyn Source, knowledge: &'k dyn Knowledge, limits: &'s Limits) -> Self {
        Self {
            source,
            knowledge,
            limits,
            machine: Machine::new(source, knowledge, limits),
            shared: None,
            behind: Vec::new(),
            beginning: None,
            met_strings: false,
            cuts_followed: false,
            next: None,
        }
    }

    /// The same with text and bytes of the linear reading noted that are telling.
    #[must_use]
    pub fn watching(mut self, watch: Watch) -> Self {
        self.machine.watch = watch;
        self
    }

    /// Follows the stream at `offset`. Streams are asked for in the order of the member.
    pub fn stream(&mut self, offset: u64) -> Reading {
        let first = self.machine.run(offset);
        let mut reading = Reading {
            continues: ends_of(&first, self.machine.frame_end),
            first,
            others: Vec::new(),
            shared: Vec::new(),
        };
        if has(&reading.first, AnomalyKind::FrameMismatch) {
            self.follow_frames(&mut reading);
        }
        if self.machine.met_strings {
            self.follow_latin_1(&mut reading);
        }
        if reading.first.inline_arrays {
            self.follow_plainly(&mut reading);
        }
        self.follow_shared(&mut reading);
        if !reading.others.is_empty() {
            let anomaly = Anomaly {
                kind: AnomalyKind::ReaderDisagreement,
                offset,
            };
            reading.first.anomalies.push(anomaly);
        }
        reading
    }

    fn follow_frames(&self, reading: &mut Reading) {
        let mut seen = Vec::new();
        for (reader, name) in READERS {
            let offset = reading.first.offset;
            if self.limits.deadline.has_passed() {
                return;
            }
            let taken = dialect::consumed(self.source, offset, reader, MOST_PIECES);
            self.spend_on(&taken);
            continue_at(reading, taken.next);
            if taken.ranges.len() <= 1 || seen.contains(&taken.ranges) {
                continue;
            }
            let pieces = taken.ranges.iter().map(|piece| (piece.start, piece.length));
            let spliced = Spliced::new(self.source, pieces);
            let (facts, met_strings) = self.spliced(&spliced, Strings::Utf8, &reading.first);
            keep(reading, facts, name);
            if met_strings {
                let (facts, _) = self.spliced(&spliced, Strings::Latin1, &reading.first);
                keep(reading, facts, LATIN_1_READER);
            }
            seen.push(taken.ranges);
        }
    }

    /// Takes what following a reader has cost from what the input may cost.
    fn spend_on(&self, taken: &Consumed) {
        let bytes: u64 = taken.ranges.iter().map(|piece| piece.length).sum();
        let units = bytes.saturating_add(taken.ranges.len() as u64 * PIECE);
        self.limits
            .deadline
            .spend(usize::try_from(units).unwrap_or(usize::MAX));
    }

    /// What the joined pieces mean, and whether the encoding of strings matters there.
    fn spliced(
        &self,
        spliced: &Spliced<&dyn Source>,
        strings: Strings,
        first: &Facts,
    ) -> (Facts, bool) {
        let mut machine = Machine::new(spliced, self.knowledge, self.limits);
        machine.heeds_frames = false;
        machine.strings = strings;
        let mut facts = machine.run(0);
        move_back(&mut facts, spliced);
        (facts.offset, facts.length) = (first.offset, first.length);
        (facts, machine.met_strings)
    }

    fn follow_latin_1(&mut self, reading: &mut Reading) {
        self.met_strings = true;
        let mut machine = Machine::new(self.source, self.knowledge, self.limits);
        machine.strings = Strings::Latin1;
        let facts = machine.run(reading.first.offset);
        for next in ends_of(&facts, machine.frame_end) {
            continue_at(reading, Some(next));
        }
        keep(reading, facts, LATIN_1_READER);
    }

    fn follow_plainly(&mut self, reading: &mut Reading) {
        let mut machine = Machine::new(self.source, self.knowledge, self.limits);
        machine.follows_inline_arrays = false;
        let mut facts = machine.run(reading.first.offset);
        facts.reader = Some(PLAIN_READER);
        if does_more(&facts, &reading.first) {
            reading.others.push(facts);
        } else if differs(&facts, &reading.first) {
            // A nested pickle read with the memo of the one around it is nobody's program.
            reading.shared.push(facts);
        }
    }

    /// One `Pickler` may write several streams that share its memo: where a stream works only with
    /// the memo of those before it, that is what it means.
    fn follow_shared(&mut self, reading: &mut Reading) {
        let offset = reading.first.offset;
        if self.next.is_some_and(|next| next != offset) {
            return;
        }
        let beginning = *self.beginning.get_or_insert(offset);
        if has(&reading.first, AnomalyKind::FrameMismatch) && !self.cuts_followed {
            self.cuts_followed = true;
            self.follow_shared_cuts(beginning, reading);
        }
        if offset != beginning && self.machine.read_memo {
            let (mut facts, frame_end) = self.run_shared(offset);
            if reading.first.memo_missing && !facts.memo_missing {
                reading.continues = ends_of(&facts, frame_end);
                let mut alone = std::mem::replace(&mut reading.first, facts);
                // Another value in the memo, or another encoding, may have led elsewhere before.
                let known: HashSet<Deed> = deeds(&reading.first).collect();
                if deeds(&alone).any(|deed| !known.contains(&deed)) {
                    alone.reader = Some(OWN_MEMO_READER);
                    reading.shared.push(alone);
                }
            } else if differs(&facts, &reading.first) {
                for next in ends_of(&facts, frame_end) {
                    continue_at(reading, Some(next));
                }
                facts.reader = Some(SHARED_READER);
                reading.shared.push(facts);
            }
        } else {
            self.behind.push(offset);
        }
        // Behind a broken stream nothing is in order any more.
        self.next = Some(reading.continues.first().copied().unwrap_or(u64::MAX));
    }

    fn run_shared(&mut self, offset: u64) -> (Facts, u64) {
        let machine = self.shared.get_or_insert_with(|| {
            let machine = Machine::new(self.source, self.knowledge, self.limits);
            let mut machine = Box::new(machine);
            machine.keeps_memo = true;
            machine.watch = self.machine.watch;
            if self.met_strings {
                machine.strings = Strings::Latin1;
            }
            machine
        });
        for behind in self.behind.drain(..) {
            machine.run(behind);
        }
        let facts = machine.run(offset);
        (facts, machine.frame_end)
    }

    /// Where a frame is cut, or STOP leaves some of it, one unpickler goes on in its own buffer.
    /// Its readings are followed to the end of the member at once.
    fn follow_shared_cuts(&mut self, beginning: u64, reading: &mut Reading) {
        for (reader, _) in READERS {
            let mut follower = Follower::new(self.source, beginning, reader);
            let (mut pieces, mut starts, mut length) = (Vec::new(), vec![0], 0);
            loop {
                let taken = follower.stream(MOST_PIECES - pieces.len());
                self.spend_on(&taken);
                length += taken.ranges.iter().map(|piece| piece.length).sum::<u64>();
                pieces.extend(taken.ranges);
                let full = pieces.len() >= MOST_PIECES || starts.len() >= self.limits.streams;
                if taken.next.is_none() || full || self.limits.deadline.has_passed() {
                    break;
                }
                starts.push(length);
            }
            let pieces = pieces.iter().map(|piece| (piece.start, piece.length));
            let spliced = Spliced::new(self.source, pieces);
            let mut machine = Machine::new(&spliced, self.knowledge, self.limits);
            machine.heeds_frames = false;
            machine.keeps_memo = true;
            for start in starts {
                let mut facts = machine.run(start);
                move_back(&mut facts, &spliced);
                facts.reader = Some(SHARED_READER);
                reading.shared.push(facts);
            }
        }
        self.follow_shared_frames(beginning, reading);
    }

    /// As pure Python reads: behind STOP it goes on where the frame ends.
    fn follow_shared_frames(&self, beginning: u64, reading: &mut Reading) {
        let mut machine = Machine::new(self.source, self.knowledge, self.limits);
        machine.keeps_memo = true;
        let mut start = beginning;
        for _ in 0..self.limits.streams {
            let mut facts = machine.run(start);
            let end = facts.offset.saturating_add(facts.length);
            start = match machine.frame_end {
                u64::MAX => end,
                frame_end => frame_end.max(end),
            };
            let stopped = facts.end == End::Stop;
            facts.reader = Some(SHARED_READER);
            reading.shared.push(facts);
            if !stopped || start >= self.source.len() {
                return;
            }
        }
    }
}

/// Adds a place where some reader's next stream starts.
fn continue_at(reading: &mut Reading, next: Option<u64>) {
    let known = &reading.continues;
    let next = next.filter(|next| !known.contains(next));
    reading.continues.extend(next);
}

/// Keeps the reading of another reader, where it differs.
fn keep(reading: &mut Reading, mut facts: Facts, reader: &'static str) {
    if differs(&facts, &reading.first) {
        facts.reader = Some(reader);
        reading.others.push(facts);
    }
}

/// Where the linear reader goes on, and a pure-Python one, which has taken the whole frame.
fn ends_of(facts: &Facts, frame_end: u64) -> Vec<u64> {
    if facts.end != End::Stop {
        return Vec::new();
    }
    let end = facts.offset.saturating_add(facts.length);
    let behind_frame = (frame_end != u64::MAX && frame_end > end).then_some(frame_end);
    std::iter::once(end).chain(behind_frame).collect()
}

fn has(facts: &Facts, kind: AnomalyKind) -> bool {
    facts.anomalies.iter().any(|anomaly| anomaly.kind == kind)
}

/// Turns offsets in the spliced bytes into offsets in the member.
fn move_back(facts: &mut Facts, spliced: &Spliced<&dyn Source>) {
    let origin = |offset: &mut u64| *offset = spliced.origin(*offset);
    facts
        .imports
        .iter_mut()
        .for_each(|fact| origin(&mut fact.place.offset));
    facts
        .calls
        .iter_mut()
        .for_each(|fact| origin(&mut fact.place.offset));
    facts
        .changes
        .iter_mut()
        .for_each(|fact| origin(&mut fact.place.offset));
    facts
        .payloads
        .iter_mut()
        .for_each(|fact| origin(&mut fact.place.offset));
    facts
        .persistent
        .iter_mut()
        .for_each(|fact| origin(&mut fact.0.offset));
    facts
        .extensions
        .iter_mut()
        .for_each(|fact| origin(&mut fact.0.offset));
    facts
        .buffers
        .iter_mut()
        .for_each(|place| origin(&mut place.offset));
    facts
        .anomalies
        .iter_mut()
        .for_each(|anomaly| origin(&mut anomaly.offset));
    origin(&mut facts.offset);
}

/// Something that a reading does, by which it is told from others.
#[derive(PartialEq, Eq, Hash)]
enum Deed<'f> {
    Import(&'f Option<Symbol>),
    Call(String),
    Change(String),
}

fn deeds(facts: &Facts) -> impl Iterator<Item = Deed<'_>> {
    let imports = facts.imports.iter();
    let calls = facts.calls.iter();
    let changes = facts.changes.iter();
    imports
        .map(|import| Deed::Import(&import.symbol))
        .chain(calls.map(|call| Deed::Call(format!("{}{}", call.callee, call.shown))))
        .chain(changes.map(|change| Deed::Change(format!("{}{}", change.target, change.shown))))
}

/// Whether a reading imports, calls or changes anything else than another.
fn differs(facts: &Facts, first: &Facts) -> bool {
    !deeds(facts).eq(deeds(first))
}

/// Whether a reading that runs into array data imports something there that could exist: numbers
/// read as opcodes do not spell names. Where the first reading imports something at the same
/// instruction, that stands in a nested pickle, and its name came from another memo.
fn does_more(facts: &Facts, first: &Facts) -> bool {
    let symbols = first.imports.iter().filter_map(|fact| fact.symbol.as_ref());
    let known: HashSet<&Symbol> = symbols.collect();
    let places: HashSet<u64> = first.imports.iter().map(|fact| fact.place.offset).collect();
    let mut imports = facts
        .imports
        .iter()
        .filter(|fact| !places.contains(&fact.place.offset));
    imports.any(|import| match &import.symbol {
        Some(symbol) if known.contains(symbol) => false,
        Some(symbol) => {
            let dotted = symbol.dotted();
            let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
            !symbol.module.is_empty() && dotted.iter().all(legal)
        }
        // What computes a name out of numbers read as opcodes does so by chance.
        None => false,
    })
}
