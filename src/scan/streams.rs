//! From one member to its streams: where the next pickle starts, and what of data that may be no
//! pickle at all is kept.

use std::{collections::HashSet, sync::Arc};

use super::{
    analyse::{Analysed, Analyst},
    member::{Certainty, PickleMember},
    storages,
};
use crate::{
    container::{Host, Sniffed, is_text, sniff, torch_legacy},
    facts::{AnomalyKind, End},
    limits::Limits,
    pickle::Span,
    report::NoticeKind,
    rules::Ruleset,
    source::{Part, Source, Window, read_range, read_whole},
};

/// What a member holds.
#[derive(Default)]
pub(super) struct Streams {
    /// The pickles, in order.
    pub(super) streams: Vec<Analysed>,
    /// Why the member is taken for no pickle, where it is.
    pub(super) no_pickle: Option<String>,
    /// Why what follows is not looked at, where something does follow.
    pub(super) left_out: Option<String>,
    /// Where a container follows the last pickle.
    pub(super) behind: Option<u64>,
    /// Where bytes follow the last pickle that are nothing else.
    pub(super) trailing: Option<u64>,
    /// Storages of torch behind the pickles.
    pub(super) storages: Vec<Span>,
    /// Bytes behind a pickle that are no pickle: storages, zero bytes up to a boundary.
    pub(super) explained: Vec<Span>,
    /// What the pickles refer to and the member does not hold.
    pub(super) lacking: Vec<(NoticeKind, String)>,
    /// Facts of all streams of the input, counted.
    pub(super) facts: usize,
}

/// What the members before this one have used up of the limits of the input.
pub(super) struct Taken {
    /// Streams, counted.
    pub(super) streams: usize,
    /// Facts, counted.
    pub(super) facts: usize,
}

/// Bytes behind a broken stream that are searched for the start of another.
const RESYNC: u64 = 16 << 20;

/// Shortest stream without a header, in bytes, whose abrupt end is taken for a broken download and
/// not for text that happens to begin with an opcode.
const CONVINCING: u64 = 64;

/// Follows every stream of a member: each that ends at STOP, then the bytes behind it, until the
/// end. A broken stream does not hide what stands behind it.
pub(super) fn follow(
    pickle: &PickleMember,
    ruleset: &Ruleset,
    limits: &Limits,
    taken: Taken,
) -> Streams {
    let source = pickle.source.as_ref();
    let is_remote = source.contents().is_none();
    let whole = is_remote.then(|| read_whole(source, SMALL)).flatten();
    let source = whole.as_ref().map_or(source, |whole| whole);
    let mut analyst = Analyst::new(source, ruleset, limits);
    analyst.numbers_are_tensors = pickle.host == Host::TorchTar;
    let mut found = Streams {
        facts: taken.facts,
        ..Streams::default()
    };
    // A report names the member with every pickle.
    let path_cost = pickle.path.names().iter().map(Vec::len).sum::<usize>() * 8;
    let mut next = Some(pickle.start);
    let mut elsewhere = Vec::new();
    while let Some(offset) = next.filter(|&offset| offset < source.len()) {
        found.left_out = left_out(limits, &taken, &found);
        if found.left_out.is_some() {
            break;
        }
        limits.deadline.spend(path_cost);
        let mut analysed = analyst.stream(offset);
        found.facts = found.facts.saturating_add(analysed.size());
        let end = analysed.end();
        elsewhere.append(&mut analysed.continues);
        if !analysed.is_broken() {
            let between =
                storages::next_pickle(pickle.host, source, &analysed, found.streams.len() + 1);
            found.streams.push(analysed);
            // A stream is at least one byte long, so this ends.
            let reached = between.unwrap_or(end).max(offset + 1);
            found.explain(end, reached);
            next = Some(found.pass_storages(pickle, source, reached));
        } else if found.streams.is_empty() {
            next = first_broken(pickle, (&analyst, analysed), &mut found);
        } else {
            next = later_broken(pickle, (&analyst, analysed), &mut found);
        }
        next = next.and_then(|from| {
            let next = start_of_next(source, from, found.broken_at_end())?;
            if !found.broken_at_end() {
                found.explain(from, next);
            }
            Some(next)
        });
    }
    if let Some(end) = begun_by_text(pickle, &analyst, &found) {
        return Streams {
            no_pickle: Some(format!(
                "text, of which the first {end} bytes read as a pickle that does nothing"
            )),
            facts: found.facts,
            ..Streams::default()
        };
    }
    if let Some(message) = storages::lacking(pickle, &found.streams) {
        found.lacking.push((NoticeKind::MissingStorage, message));
    }
    follow_elsewhere(
        &mut analyst,
        (source.len(), limits.streams),
        elsewhere,
        &mut found,
    );
    found
}

/// Where the streams end that a text happens to begin with: nothing declares them pickles, they do
/// nothing, and more text follows.
fn begun_by_text(pickle: &PickleMember, analyst: &Analyst<'_, '_>, found: &Streams) -> Option<u64> {
    let source = pickle.source.as_ref();
    let is_idle = |analysed: &Analysed| {
        !analyst.acts(analysed) && !starts_with_proto(source, analysed.facts.offset)
    };
    let end = found.streams.iter().map(Analysed::end).max()?;
    let is_begun = pickle.certainty == Certainty::Perhaps
        && pickle.start == 0
        && source.len() - end.min(source.len()) >= CONVINCING
        && found.streams.iter().all(is_idle)
        && found.left_out.is_none()
        && is_text(source).unwrap_or(false);
    is_begun.then_some(end)
}

/// Longest member that is read at once: what a value says is looked up where it stands, and in a
/// record of a checkpoint that is here and there.
const SMALL: usize = 4 << 20;

/// Why the next stream is not looked at, where it is not.
fn left_out(limits: &Limits, taken: &Taken, found: &Streams) -> Option<String> {
    if limits.deadline.has_passed() {
        return Some(limits.out_of_time());
    }
    let streams = taken.streams.saturating_add(found.streams.len());
    if streams >= limits.streams {
        return Some(format!("more than {} pickles in one file", limits.streams));
    }
    if found.facts >= limits.events {
        let most = limits.events;
        return Some(format!("more than {most} imports and calls in one file"));
    }
    None
}

/// Follows the streams that only some readers come to, because they have taken more than the
/// stream before. That they go there at all is an anomaly of that stream.
fn follow_elsewhere(
    analyst: &mut Analyst<'_, '_>,
    (length, most): (u64, usize),
    mut starts: Vec<u64>,
    found: &mut Streams,
) {
    let seen = found.streams.iter().map(|stream| stream.facts.offset);
    let mut seen: HashSet<u64> = seen.collect();
    while let Some(offset) = starts.pop() {
        if offset >= length || !seen.insert(offset) {
            continue;
        }
        if found.streams.len() >= most {
            found.left_out = Some(format!("more than {most} pickles in one file"));
            return;
        }
        let mut analysed = analyst.stream(offset);
        starts.append(&mut analysed.continues);
        if !analysed.is_broken() || analyst.acts(&analysed) {
            found.streams.push(analysed);
        }
    }
}

impl Streams {
    /// Whether the last stream that was kept is broken.
    fn broken_at_end(&self) -> bool {
        self.streams.last().is_some_and(Analysed::is_broken)
    }

    fn explain(&mut self, start: u64, end: u64) {
        if end > start {
            let length = end - start;
            self.explained.push(Span { start, length });
        }
    }

    /// Where the bytes from `offset` on go on behind the storages that torch wrote there before
    /// version 1.6. They may begin like anything: 640 elements begin like a pickle.
    fn pass_storages(&mut self, pickle: &PickleMember, source: &dyn Source, offset: u64) -> u64 {
        if pickle.host != Host::TorchLegacy {
            return offset;
        }
        let Some(blocks) = storages::behind(source, offset, &self.streams) else {
            return offset;
        };
        self.explain(offset, blocks.end);
        let cut = blocks.cut.map(|message| (NoticeKind::Truncated, message));
        self.lacking.extend(cut);
        self.storages = blocks.spans.iter().map(torch_legacy::elements).collect();
        blocks.end
    }
}

/// Judges a member whose first stream is broken. Returns from where on to look for another.
fn first_broken(
    pickle: &PickleMember,
    (analyst, analysed): (&Analyst<'_, '_>, Analysed),
    found: &mut Streams,
) -> Option<u64> {
    let certain = pickle.certainty == Certainty::Declared
        || starts_with_proto(pickle.source.as_ref(), analysed.facts.offset)
        || analysed.facts.end == End::Limit
        || is_cut_off(pickle, &analysed);
    if certain || analyst.acts(&analysed) {
        let end = analysed.end();
        found.streams.push(analysed);
        return Some(end);
    }
    let reason = analysed
        .facts
        .end_reason
        .as_deref()
        .unwrap_or("it breaks off");
    let end = analysed.end();
    found.no_pickle = Some(format!(
        "read as a pickle without a header, at byte {end} {reason}"
    ));
    None
}

/// Whether the member is a pickle without a header that lacks its end.
fn is_cut_off(pickle: &PickleMember, analysed: &Analysed) -> bool {
    pickle.certainty >= Certainty::Likely
        && analysed.facts.end == End::Truncated
        && analysed.facts.length >= CONVINCING
}

/// Judges what follows good streams and is no good stream: another pickle that is broken, or just
/// bytes. Returns from where on to look for another.
fn later_broken(
    pickle: &PickleMember,
    (analyst, analysed): (&Analyst<'_, '_>, Analysed),
    found: &mut Streams,
) -> Option<u64> {
    let offset = analysed.facts.offset;
    let is_pickle = starts_with_proto(pickle.source.as_ref(), offset)
        || analysed.facts.end == End::Limit
        || analyst.acts(&analysed);
    if is_pickle {
        let end = analysed.end();
        found.streams.push(analysed);
        return Some(end);
    }
    // Behind a broken stream everything is unexplained, and the input is incomplete anyway.
    let expected = found.broken_at_end() || is_explained(pickle, offset);
    if !expected && begins_container(pickle, offset) {
        found.behind = Some(offset);
        return None;
    }
    if let Some(last) = found.streams.last_mut().filter(|_| !expected) {
        analyst.add(last, AnomalyKind::TrailingData, offset);
        found.trailing = Some(offset);
    }
    None
}

/// Whether the bytes from `offset` to the end are accounted for.
fn is_explained(pickle: &PickleMember, offset: u64) -> bool {
    let mut explained = pickle.explained.clone();
    explained.sort_by_key(|span| span.start);
    let covered = explained.iter().fold(offset, |covered, span| {
        if span.start <= covered {
            covered.max(span.end())
        } else {
            covered
        }
    });
    covered >= pickle.source.len()
}

/// Whether the bytes from `offset` on begin like a container: another array, packed data.
fn begins_container(pickle: &PickleMember, offset: u64) -> bool {
    let rest = Part::new(Arc::clone(&pickle.source), offset, u64::MAX);
    let readings = sniff(&rest).unwrap_or_default();
    // A zip at the end of the input is known already.
    let is_new = |reading: &Sniffed| match reading {
        Sniffed::Container(format) => !(pickle.path.is_input() && format.name == "zip"),
        _ => false,
    };
    readings.iter().any(is_new)
}

/// Whether the bytes are PROTO with a protocol that exists, which nothing but a pickle starts with.
fn starts_with_proto(source: &dyn Source, offset: u64) -> bool {
    let mut window = Window::new(source);
    window.at(offset, 2).is_ok_and(is_proto)
}

fn is_proto(bytes: &[u8]) -> bool {
    matches!(bytes, [0x80, 0..=5, ..])
}

/// Boundary at which `dbm.dumb` starts each value, behind zero bytes.
const BLOCK: u64 = 512;

/// Behind zero bytes up to the next boundary, where there are any and nothing else.
fn behind_padding(source: &dyn Source, from: u64) -> u64 {
    let boundary = from.next_multiple_of(BLOCK);
    let length = usize::try_from(boundary - from).unwrap_or(0);
    let padding = read_range(source, from, length).unwrap_or_default();
    if padding.iter().all(|&byte| byte == 0) {
        from + padding.len() as u64
    } else {
        from
    }
}

/// Where the next stream starts: at once or behind padding; behind a broken one at the next PROTO.
fn start_of_next(source: &dyn Source, from: u64, behind_broken: bool) -> Option<u64> {
    if from >= source.len() {
        return None;
    }
    if !behind_broken {
        return Some(behind_padding(source, from));
    }
    let mut window = Window::new(source);
    let mut offset = from;
    while offset < from.saturating_add(RESYNC) {
        let bytes = window.at(offset, 2).ok()?;
        if bytes.len() < 2 {
            return None;
        }
        if let Some(found) = bytes.windows(2).position(is_proto) {
            return Some(offset.saturating_add(found as u64));
        }
        // The last byte may be the first half of a PROTO.
        offset = offset.saturating_add(bytes.len() as u64 - 1);
    }
    None
}
