//! Every directory that some reader would use.
//!
//! Readers look for the end record from the back and believe the first, the last or the best one
//! they find; they take the directory's place from its offset or count back from the record; some
//! believe the number of entries, some read on while signatures last. So every record and every
//! place is tried, and entries are read while signatures last.

use std::{collections::BTreeMap, io};

use super::record::{
    self, CENTRAL, Central, END, END_LENGTH, END64_LENGTH, End, LOCAL, LOCAL_LENGTH,
    LOCATOR_LENGTH, central, central_length, local_length,
};
use crate::source::{Source, Window, read_range};

/// The longest comment, the end record, and the 64-bit records before it.
pub(super) const TAIL: usize = (64 << 10) + END_LENGTH + 76;

/// One directory entry and where it stands.
#[derive(Debug)]
pub(super) struct Listed {
    pub(super) entry: Central,
    /// Where the local header may be: as the entry says, and shifted by what stands before the
    /// archive.
    pub(super) places: Vec<u64>,
}

/// All directories together.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// Entries by their own offset.
    pub(super) entries: BTreeMap<u64, Listed>,
    /// Start and end of everything that is directory or end record.
    pub(super) spans: Vec<(u64, u64)>,
    /// Where directories with at least one entry start.
    pub(super) starts: Vec<u64>,
    /// An end record whose number of entries is not what its directory holds: both numbers.
    pub(super) miscounted: Option<(u64, u64)>,
    /// Whether there were more entries than wanted.
    pub(super) cut: bool,
}

/// Finds end records in the tail and reads the directories they lead to, up to `most` entries.
pub(super) fn read(source: &dyn Source, most: usize) -> io::Result<Directory> {
    let length = source.len();
    let tail_start = length.saturating_sub(TAIL as u64);
    let tail = read_range(source, tail_start, TAIL)?;
    let mut directory = Directory::default();
    for inside in memchr::memmem::rfind_iter(&tail, END) {
        let bytes = tail.get(inside..).unwrap_or_default();
        let at = tail_start + inside as u64;
        // Python takes a record whose comment reaches beyond the end, and cuts the comment.
        let Some(end) = record::end(bytes) else {
            continue;
        };
        if directory.has_inside(source, at)? {
            continue;
        }
        let behind = at + END_LENGTH as u64;
        let mut count = 0;
        for (start, told) in places(source, at, end)? {
            count = count.max(directory.read_at(source, (start, told), most)?);
        }
        if count > 0 || end.entries == 0 && behind + end.comment <= length {
            directory
                .spans
                .push((at, (behind + end.comment).min(length)));
        }
        directory.spans.extend(wide_spans(source, at)?);
        if count != 0 && count & 0xffff != end.entries && end.entries != 0xffff {
            directory.miscounted = Some((end.entries, count));
        }
    }
    directory.spans.sort_unstable();
    directory.starts.sort_unstable();
    directory.starts.dedup();
    Ok(directory)
}

/// Start of the directory as a reader would take it, and the start that the record tells.
fn places(source: &dyn Source, at: u64, end: End) -> io::Result<Vec<(u64, u64)>> {
    let wide = wide_ends(source, at)?;
    let mut ends = wide.clone();
    ends.push((at, end));
    let mut places = Vec::new();
    for (place, record) in ends {
        places.push((record.offset, record.offset));
        // Counting back from the short record would ignore the 64-bit ones in between.
        if place != at || wide.is_empty() {
            let counted = place.checked_sub(record.size);
            places.extend(counted.map(|start| (start, record.offset)));
        }
    }
    places.sort_unstable();
    places.dedup();
    Ok(places)
}

/// The 64-bit end records that belong to the end record at `at`: where the locator points, and
/// right before the locator, which is where CPython looks.
fn wide_ends(source: &dyn Source, at: u64) -> io::Result<Vec<(u64, End)>> {
    let Some(locator_at) = at.checked_sub(LOCATOR_LENGTH) else {
        return Ok(Vec::new());
    };
    let bytes = read_range(source, locator_at, 20)?;
    let Some(pointed) = record::locator(&bytes) else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for place in [Some(pointed), locator_at.checked_sub(END64_LENGTH)]
        .into_iter()
        .flatten()
    {
        let bytes = read_range(source, place, 56)?;
        found.extend(record::end64(&bytes).map(|end| (place, end)));
    }
    Ok(found)
}

fn wide_spans(source: &dyn Source, at: u64) -> io::Result<Vec<(u64, u64)>> {
    let mut spans: Vec<_> = wide_ends(source, at)?
        .iter()
        .map(|(place, _)| (*place, place.saturating_add(END64_LENGTH)))
        .collect();
    if !spans.is_empty() {
        spans.push((at - LOCATOR_LENGTH, at));
    }
    Ok(spans)
}

impl Directory {
    /// Whether `at` lies in the data of a listed member: an archive that is stored in this one.
    /// Every reader finds the outer end record first, and the inner archive is opened later.
    fn has_inside(&self, source: &dyn Source, at: u64) -> io::Result<bool> {
        let places = self.entries.values().flat_map(|listed| {
            let packed = listed.entry.claims.packed;
            listed.places.iter().map(move |place| (*place, packed))
        });
        let mut before: Vec<_> = places.filter(|(place, _)| *place < at).collect();
        before.sort_unstable();
        for (place, packed) in before.into_iter().rev().take(4) {
            let header = read_range(source, place, LOCAL_LENGTH)?;
            let Some(length) = local_length(&header).filter(|_| header.starts_with(LOCAL)) else {
                continue;
            };
            return Ok(at < place.saturating_add(length as u64).saturating_add(packed));
        }
        Ok(false)
    }

    /// Reads entries at `start` while signatures last, and says how many there are.
    fn read_at(
        &mut self,
        source: &dyn Source,
        (start, told): (u64, u64),
        most: usize,
    ) -> io::Result<u64> {
        let mut window = Window::new(source);
        let mut position = start;
        let mut count = 0;
        loop {
            let fixed = window.at(position, record::CENTRAL_LENGTH)?;
            let Some(needed) = fixed
                .starts_with(CENTRAL)
                .then(|| central_length(fixed))
                .flatten()
            else {
                break;
            };
            let Some(entry) = central(window.at(position, needed)?) else {
                break;
            };
            if !self.entries.contains_key(&position) && self.entries.len() >= most {
                self.cut = true;
                break;
            }
            count += 1;
            let next = position.saturating_add(entry.length);
            let shifted = entry.offset.wrapping_add(start.wrapping_sub(told));
            let listed = self.entries.entry(position);
            let listed = listed.or_insert(Listed {
                entry,
                places: Vec::new(),
            });
            for place in [listed.entry.offset, shifted] {
                if place < source.len() && !listed.places.contains(&place) {
                    listed.places.push(place);
                }
            }
            position = next;
        }
        if count > 0 {
            self.spans.push((start, position));
            self.starts.push(start);
        }
        Ok(count)
    }
}
