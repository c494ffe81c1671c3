//! The other readings of a stream: what readers do that do not take it linearly.
//!
//! Almost every stream means the same to every reader, and then nothing runs here. Where an
//! instruction crosses the end of a frame, or array data stands raw between instructions, the
//! readings that may differ are followed too, and those that do differ are reported beside the
//! first: a file is as bad as its worst reading.

use super::{Machine, model::Knowledge};
use crate::{
    facts::{Anomaly, AnomalyKind, Facts, Symbol},
    limits::Limits,
    pickle::dialect::{self, Reader},
    source::{Source, Spliced},
};

/// Pieces of one stream that a reader may take; more are a stream made of cut frames.
const MOST_PIECES: usize = 100_000;

/// What a plain unpickler is called that does not know of raw array data.
const PLAIN_READER: &str = "pickle.load, which does not skip joblib's inline arrays";

/// Readings of the stream of `first` that differ from it in what they import or call.
///
/// `first` is marked where there are any.
pub fn other_readings(
    source: &dyn Source,
    first: &mut Facts,
    knowledge: &dyn Knowledge,
    limits: &Limits,
) -> Vec<Facts> {
    let mut others = Vec::new();
    if first
        .anomalies
        .iter()
        .any(|anomaly| anomaly.kind == AnomalyKind::FrameMismatch)
    {
        others.extend(frame_readings(source, first, knowledge, limits));
    }
    if first.inline_arrays {
        let mut machine = Machine::new(source, knowledge, limits);
        machine.follows_inline_arrays = false;
        let mut facts = machine.run(first.offset);
        facts.reader = Some(PLAIN_READER);
        if does_more(&facts, first) {
            others.push(facts);
        }
    }
    if !others.is_empty() {
        let anomaly = Anomaly {
            kind: AnomalyKind::ReaderDisagreement,
            offset: first.offset,
        };
        first.anomalies.push(anomaly);
    }
    others
}

fn frame_readings(
    source: &dyn Source,
    first: &Facts,
    knowledge: &dyn Knowledge,
    limits: &Limits,
) -> Vec<Facts> {
    let mut seen = Vec::new();
    let mut readings = Vec::new();
    for reader in Reader::ALL {
        let pieces = dialect::consumed(source, first.offset, reader, MOST_PIECES);
        if pieces.len() <= 1 || seen.contains(&pieces) {
            continue;
        }
        let spliced = Spliced::new(
            source,
            pieces.iter().map(|piece| (piece.start, piece.length)),
        );
        let mut machine = Machine::new(&spliced, knowledge, limits);
        machine.heeds_frames = false;
        let mut facts = machine.run(0);
        move_back(&mut facts, &spliced, first);
        facts.reader = Some(reader.name());
        if differs(&facts, first) {
            readings.push(facts);
        }
        seen.push(pieces);
    }
    readings
}

/// Turns offsets in the spliced bytes into offsets in the member.
fn move_back(facts: &mut Facts, spliced: &Spliced<'_>, first: &Facts) {
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
    facts.offset = first.offset;
    facts.length = first.length;
}

/// Whether a reading imports or calls anything else than another.
fn differs(facts: &Facts, first: &Facts) -> bool {
    let imports = |facts: &Facts| -> Vec<Option<Symbol>> {
        facts
            .imports
            .iter()
            .map(|import| import.symbol.clone())
            .collect()
    };
    let calls = |facts: &Facts| -> Vec<String> {
        facts
            .calls
            .iter()
            .map(|call| format!("{}{}", call.callee, call.shown))
            .collect()
    };
    imports(facts) != imports(first) || calls(facts) != calls(first)
}

/// Whether a reading that runs into array data imports something that could exist: numbers read
/// as opcodes do not spell names.
fn does_more(facts: &Facts, first: &Facts) -> bool {
    let known = |symbol: &Symbol| {
        first
            .imports
            .iter()
            .any(|import| import.symbol.as_ref() == Some(symbol))
    };
    let plausible = |symbol: &Symbol| {
        let dotted = symbol.dotted();
        let legal = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.');
        !symbol.module.is_empty() && dotted.iter().all(legal)
    };
    facts.imports.iter().any(|import| match &import.symbol {
        Some(symbol) => plausible(symbol) && !known(symbol),
        None => true,
    })
}
