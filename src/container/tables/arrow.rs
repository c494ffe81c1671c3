//! Arrow and Parquet: tables whose schema may name extension types.
//!
//! Up to version 14.0.0, pyarrow unpickled the metadata of extension types as soon as it read the
//! schema (CVE-2023-47248). Programs keep pickles in columns of bytes or text, too: those are searched
//! for, not followed, and buffers and pages packed by zstd, lz4 or gzip are found by their signatures.

use std::{
    io::{self, Read},
    sync::Arc,
};

use super::{
    Format, Head, Member, Opening, ProblemKind,
    bits::{find, u32_le},
    carve::{Text, carve},
    codec::Codec,
    embedded::{self, Around},
    encoding::Kind,
    input::Input,
    packed,
    wrapper::{gzip, lz4, zstd},
};
use crate::source::{MemorySource, Part, Source, read_range};

/// Files and streams of Arrow's own, Feather among them.
pub(super) const IPC: Format = Format {
    name: "arrow",
    matches: |head| is_file(head, FILE) || is_stream(head),
    opener: open_ipc,
};

/// Parquet.
pub(super) const PARQUET: Format = Format {
    name: "parquet",
    matches: |head| is_file(head, PARQUET_MAGIC),
    opener: open_parquet,
};

const FILE: &[u8] = b"ARROW1";
const PARQUET_MAGIC: &[u8] = b"PAR1";

/// What a message of a stream begins with.
const CONTINUED: &[u8] = b"\xff\xff\xff\xff";

/// The key under which Parquet keeps a schema of Arrow, in base 64.
const SCHEMA: &[u8] = b"ARROW:schema";

/// Largest schema that is looked at, in bytes.
const LARGEST: u32 = 64 << 20;

/// Readers look at the end first, and some at nothing else.
fn is_file(head: &Head<'_>, magic: &[u8]) -> bool {
    head.bytes.starts_with(magic) || head.tail.ends_with(magic)
}

fn is_stream(head: &Head<'_>) -> bool {
    let length = u32_le(head.bytes, 4).unwrap_or(0);
    // A message is padded to eight bytes, and its table begins within the first ones.
    head.bytes.starts_with(CONTINUED)
        && length >= 16
        && length.is_multiple_of(8)
        && u64::from(length) <= head.length
        && u32_le(head.bytes, 8).is_some_and(|root| (4..=256).contains(&root))
}

fn open_ipc(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let length = source.len();
    let end = read_range(source.as_ref(), length.saturating_sub(10), 10)?;
    let is_file = end.ends_with(FILE) || read_range(source.as_ref(), 0, 8)?.starts_with(FILE);
    let start = if is_file { 8 } else { 0 };
    let head = read_range(source.as_ref(), start, 8)?;
    // Before 0.15 nothing but the length stood before a message.
    let old = !head.starts_with(CONTINUED);
    let size = u32_le(&head, if old { 0 } else { 4 }).unwrap_or(0);
    if !schema(opening, (start, size))? {
        return Ok(());
    }
    let first = start.saturating_add(8 + u64::from(size)).min(length);
    if !columns(opening, first)? || !is_file {
        return Ok(());
    }
    if !end.ends_with(FILE) {
        opening.problem(ProblemKind::Truncated, "its end is missing");
        return Ok(());
    }
    // The schema at the end is part of what was searched.
    if u32_le(&end, 0).is_none_or(|size| u64::from(size) > length) {
        opening.problem(
            ProblemKind::Damaged,
            "its last schema is longer than the file",
        );
    }
    Ok(())
}

/// Searches a schema at `start`. `false` means: stop.
fn schema(opening: &mut Opening<'_>, (start, size): (u64, u32)) -> io::Result<bool> {
    let end = start.saturating_add(16 + u64::from(size));
    if size > LARGEST || end > opening.source.len().saturating_add(16) {
        opening.problem(
            ProblemKind::Damaged,
            "its schema is longer than the file or too long",
        );
        return Ok(true);
    }
    carve(opening, (start, end), Text::Anywhere)
}

/// What buffers and pages are packed by, as far as a signature tells.
static PACKED: [&Codec; 3] = [&zstd::CODEC, &lz4::CODEC, &gzip::CODEC];

/// Searches a range for pickles, as they are and in texts. `false` means: stop.
fn search(opening: &mut Opening<'_>, range: (u64, u64)) -> io::Result<bool> {
    Ok(carve(opening, range, Text::Anywhere)? && embedded::search(opening, range, Around::Others)?)
}

/// Searches columns from `start` on. `false` means: stop.
fn columns(opening: &mut Opening<'_>, start: u64) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let deadline = opening.limits().deadline.clone();
    let all = (start, opening.searched(source.len()));
    if !search(opening, all)? {
        return Ok(false);
    }
    let mut room = true;
    let complete = packed::each(source.as_ref(), all, &deadline, &mut |at, codec| {
        let is_known = PACKED.iter().any(|known| known.name == codec.name);
        room = !is_known || unpacked(opening, at, codec)?;
        Ok(room)
    })?;
    if !complete {
        opening.problem(ProblemKind::Limit, "it took too long to search it");
    }
    Ok(room && complete)
}

/// Searches what a packed buffer or page at `at` holds. `false` means: stop.
fn unpacked(opening: &mut Opening<'_>, at: u64, codec: &Codec) -> io::Result<bool> {
    let rest = opening.source.len().saturating_sub(at);
    let part = Part::new(Arc::clone(opening.source), at, rest);
    let most = opening.limits().resident as u64;
    let mut data = Vec::new();
    // What came out before an error counts.
    let decompressor = (codec.begin)(Input::new(Arc::new(part)), None);
    let outcome = decompressor.and_then(|packed| packed.take(most).read_to_end(&mut data));
    // A signature of three bytes may well stand there by chance.
    if let Err(error) = outcome
        && codec.name != gzip::CODEC.name
    {
        let message = format!(
            "{} at byte {at}: decompression stopped: {error}",
            codec.name
        );
        opening.problem(ProblemKind::Damaged, message);
    }
    if !opening.budget.inflatable().take(data.len() as u64) || data.len() as u64 == most {
        opening.problem(
            ProblemKind::Limit,
            "its columns were not unpacked to their end",
        );
        return Ok(false);
    }
    opening
        .limits()
        .deadline
        .spend(data.len().saturating_mul(4));
    opening.limits().deadline.allow(data.len() as u64);
    let name = format!("{}@{at}", codec.name);
    within(opening, name, data, search)
}

/// Searches what came out of some bytes of the file. `false` means: stop.
fn within(
    opening: &mut Opening<'_>,
    name: String,
    data: Vec<u8>,
    search: fn(&mut Opening<'_>, (u64, u64)) -> io::Result<bool>,
) -> io::Result<bool> {
    let decoded: Arc<dyn Source> = Arc::new(MemorySource::new(data));
    let path = opening.member.inside(name);
    let member = Member::found(path, Arc::clone(&decoded), None);
    let mut inner = Opening {
        member: &member,
        source: &decoded,
        budget: opening.budget,
        emit: opening.emit,
    };
    search(&mut inner, (0, decoded.len()))
}

fn open_parquet(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let length = source.len();
    let end = read_range(source.as_ref(), length.saturating_sub(8), 8)?;
    let size = u32_le(&end, 0).unwrap_or(0);
    if !end.ends_with(PARQUET_MAGIC) || u64::from(size) > length {
        opening.problem(ProblemKind::Truncated, "its end is missing");
        return Ok(());
    }
    if size > LARGEST {
        let message = format!("its schema has more than {LARGEST} bytes");
        opening.problem(ProblemKind::Limit, message);
        return Ok(());
    }
    let start = length.saturating_sub(8 + u64::from(size));
    let footer = read_range(source.as_ref(), start, usize::try_from(size).unwrap_or(0))?;
    // The schema is part of what is searched.
    if !columns(opening, 0)? {
        return Ok(());
    }
    let mut from = 0;
    while let Some(found) = footer.get(from..).and_then(|rest| find(rest, SCHEMA)) {
        from += found + SCHEMA.len();
        // The type and the length of the value stand between.
        let value = footer.get(from..).unwrap_or_default();
        let value = (0..8).filter_map(|skipped| value.get(skipped..));
        let mut values = value.map(|value| {
            let end = value.iter().position(|byte| !Kind::Base64.has(*byte));
            end.and_then(|end| value.get(..end)).unwrap_or(value)
        });
        let text = values.find(|value| value.starts_with(b"/////") || value.len() > 64);
        let Some(data) = text.and_then(|text| Kind::Base64.decoded(text)) else {
            continue;
        };
        let name = format!("schema@{}", start + from as u64);
        let carved: fn(&mut Opening<'_>, (u64, u64)) -> io::Result<bool> =
            |inner, all| carve(inner, all, Text::Anywhere);
        if !within(opening, name, data, carved)? {
            return Ok(());
        }
    }
    Ok(())
}
