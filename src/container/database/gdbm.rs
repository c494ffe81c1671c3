//! GNU dbm (`dbm.gnu`): a directory of buckets, each a table of where keys and values stand.

use std::{collections::BTreeSet, io, sync::Arc};

use super::{
    super::{Format, Opening, ProblemKind, bits::chunk, carve},
    key, offer,
};
use crate::source::{Part, Source, read_range};

pub(in super::super) const FORMAT: Format = Format {
    name: "gdbm",
    matches: |head| layout(head.bytes).is_some(),
    opener: |opening| super::open(opening, open),
};

/// How numbers are written: by which machine, and how wide places in the file are.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
struct Layout {
    big_endian: bool,
    wide: bool,
}

/// The magic number, which is written like every other number.
fn layout(head: &[u8]) -> Option<Layout> {
    let bytes: [u8; 4] = chunk(head, 0)?;
    let (big_endian, magic) = [false, true]
        .map(|big| {
            (
                big,
                if big {
                    u32::from_be_bytes(bytes)
                } else {
                    u32::from_le_bytes(bytes)
                },
            )
        })
        .into_iter()
        .find(|(_, magic)| (0x1357_9acd..=0x1357_9ad1).contains(magic))?;
    // 0x13579ace stands for the width of the machine's own places, which is 64 bits today.
    let wide = match magic {
        0x1357_9acd | 0x1357_9ad0 => false,
        0x1357_9ace => chunk::<4>(head, 12) == Some([0; 4]) || chunk::<4>(head, 8) == Some([0; 4]),
        _ => true,
    };
    Some(Layout { big_endian, wide })
}

impl Layout {
    fn int(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = chunk(bytes, at)?;
        Some(if self.big_endian {
            u32::from_be_bytes(bytes)
        } else {
            u32::from_le_bytes(bytes)
        })
    }

    /// A place in the file.
    fn place(self, bytes: &[u8], at: usize) -> Option<u64> {
        if !self.wide {
            return self.int(bytes, at).map(u64::from);
        }
        let bytes = chunk(bytes, at)?;
        Some(if self.big_endian {
            u64::from_be_bytes(bytes)
        } else {
            u64::from_le_bytes(bytes)
        })
    }

    fn width(self) -> usize {
        if self.wide { 8 } else { 4 }
    }

    /// Offset of the table in a bucket: a count of free blocks, six of them, two numbers.
    fn table(self) -> usize {
        if self.wide { 112 } else { 60 }
    }

    /// Bytes of one entry of the table: hash, start of the key, place, two lengths.
    fn entry(self) -> usize {
        16 + self.width()
    }
}

/// Bytes of a directory or a bucket that are read.
const LONGEST: usize = 16 << 20;

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let head = read_range(source.as_ref(), 0, 64)?;
    let Some(layout) = layout(&head) else {
        return Ok(());
    };
    let end = layout.place(&head, 24 + layout.width());
    if end.is_some_and(|end| end > source.len()) {
        opening.problem(ProblemKind::Truncated, "the database is cut off");
    }
    let Some((directory, bucket_size)) = buckets(source.as_ref(), &head, layout)? else {
        opening.problem(
            ProblemKind::Damaged,
            "the directory of the database is not where it should be",
        );
        carve::carve(opening, (0, source.len()), carve::Text::Anywhere)?;
        return Ok(());
    };
    // Buckets do not overlap, so all of them together are no longer than the file.
    let most = usize::try_from(source.len()).unwrap_or(usize::MAX) / bucket_size + 1;
    if directory.len() > most {
        opening.problem(
            ProblemKind::Damaged,
            "the directory lists more buckets than there is room for",
        );
    }
    for bucket in directory.into_iter().take(most) {
        let bytes = read_range(source.as_ref(), bucket, bucket_size)?;
        if bytes.len() < bucket_size {
            opening.problem(
                ProblemKind::Truncated,
                format!("the bucket at {bucket} is cut off"),
            );
        }
        if !entries(opening, &bytes, layout)? {
            break;
        }
    }
    Ok(())
}

/// The places of the buckets, each once, and their size.
fn buckets(
    source: &dyn Source,
    head: &[u8],
    layout: Layout,
) -> io::Result<Option<(BTreeSet<u64>, usize)>> {
    let width = layout.width();
    let fields = (
        layout.place(head, 8),
        layout.int(head, 8 + width),
        layout.int(head, 16 + width),
    );
    let (Some(directory), Some(length), Some(bucket)) = fields else {
        return Ok(None);
    };
    let (length, bucket) = (length as usize, bucket as usize);
    let sound = directory.saturating_add(length as u64) <= source.len()
        && length > 0
        && length <= LONGEST
        && bucket > layout.table()
        && bucket <= LONGEST;
    if !sound {
        return Ok(None);
    }
    let bytes = read_range(source, directory, length)?;
    let places = bytes
        .chunks_exact(width)
        .filter_map(|place| layout.place(place, 0));
    Ok(Some((
        places.filter(|place| *place < source.len()).collect(),
        bucket,
    )))
}

fn entries(opening: &mut Opening<'_>, bucket: &[u8], layout: Layout) -> io::Result<bool> {
    let source = Arc::clone(opening.source);
    let table = bucket.get(layout.table()..).unwrap_or_default();
    for entry in table.chunks_exact(layout.entry()) {
        let width = layout.width();
        let fields = (
            layout.int(entry, 0),
            layout.place(entry, 8),
            layout.int(entry, 8 + width),
            layout.int(entry, 12 + width),
        );
        let (Some(hash), Some(place), Some(key_length), Some(length)) = fields else {
            continue;
        };
        if hash == u32::MAX || length == 0 {
            continue;
        }
        let (key_length, length) = (u64::from(key_length), u64::from(length));
        let value = place.saturating_add(key_length);
        if value.saturating_add(length) > source.len() {
            opening.problem(
                ProblemKind::Truncated,
                "a value reaches beyond the end of the database",
            );
        }
        if value >= source.len() {
            continue;
        }
        let name = key(&Part::new(Arc::clone(&source), place, key_length))?;
        if !offer(opening, &name, &[(value, length)])? {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_magic_tells_order_and_width() {
        let wide = Some(Layout {
            big_endian: false,
            wide: true,
        });
        assert_eq!(layout(b"\xcf\x9a\x57\x13\0\x10\0\0"), wide);
        let narrow = Some(Layout {
            big_endian: true,
            wide: false,
        });
        assert_eq!(layout(b"\x13\x57\x9a\xcd\0\0\x10\0"), narrow);
        assert_eq!(layout(b"\x13\x57\x9a\xc0"), None);
    }
}
