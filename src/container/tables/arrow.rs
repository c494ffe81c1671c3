//! Files and streams of Arrow's own: the schema, and behind it buffers.

use std::{io, sync::Arc};

use super::{
    super::{
        Format, Head, Opening, ProblemKind,
        bits::u32_le,
        carve::{Text, carve},
    },
    LARGEST, columns, is_file,
};
use crate::source::read_range;

/// Files and streams of Arrow's own, Feather among them.
pub(in super::super) const FORMAT: Format = Format {
    name: "arrow",
    matches: |head| is_file(head, FILE) || is_stream(head),
    opener: open_ipc,
};

const FILE: &[u8] = b"ARROW1";

/// What a message of a stream begins with.
const CONTINUED: &[u8] = b"\xff\xff\xff\xff";

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
