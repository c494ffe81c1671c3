//! Local headers: those that the directory leads to, and those that only stand in the file.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    io,
};

use super::{
    super::bits::{u32_le, u64_le},
    directory::Directory,
    record::{
        self, CENTRAL, Claims, DEFERRED, DESCRIPTOR, LOCAL, LOCAL_LENGTH, Local, local_length,
    },
};
use crate::source::{Source, Window, read_range};

/// Bytes of one archive in which unlisted headers are searched, in total. Listed members are
/// stepped over, so only a damaged or odd archive has that many.
const SEARCHED: u64 = 8 << 30;

/// One local header, its data, and what directories say about it.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) local: Local,
    /// Offset behind the data, as far as it can be told.
    pub(super) end: u64,
    /// Offset behind the descriptor that may follow the data.
    pub(super) covered: u64,
    /// Claims of every directory entry that leads here.
    pub(super) listed: Vec<Claims>,
}

/// All members of an archive by the offset of their local header.
#[derive(Debug, Default)]
pub(super) struct Locals {
    pub(super) found: BTreeMap<u64, Found>,
    /// Directory entries whose local header is not where they say.
    pub(super) missing: Vec<Claims>,
    /// Ranges that belong to no member and no directory.
    pub(super) gaps: Vec<(u64, u64)>,
    /// Whether the search ended at a limit.
    pub(super) cut: bool,
}

/// Reads the local headers of an archive, up to `most` of them.
pub(super) fn read(source: &dyn Source, directory: &Directory, most: usize) -> io::Result<Locals> {
    let mut locals = Locals::default();
    for listed in directory.entries.values() {
        let mut any = false;
        for &place in &listed.places {
            any |= locals.list(source, place, &listed.entry.claims)?;
        }
        if !any {
            locals.missing.push(listed.entry.claims.clone());
        }
    }
    let mut search = Search {
        window: Window::new(source),
        searched: 0,
    };
    for gap in locals.uncovered(directory, source.len()) {
        locals.search(&mut search, gap, most)?;
    }
    locals.gaps = locals.uncovered(directory, source.len());
    Ok(locals)
}

/// Reads the local header at `place`. Its name is most likely as long as the listed one.
fn header(source: &dyn Source, place: u64, name: usize) -> io::Result<Option<Local>> {
    let mut bytes = read_range(source, place, LOCAL_LENGTH + name + 64)?;
    if !bytes.starts_with(LOCAL) {
        return Ok(None);
    }
    let Some(needed) = local_length(&bytes) else {
        return Ok(None);
    };
    if needed > bytes.len() {
        bytes = read_range(source, place, needed)?;
    }
    Ok(record::local(&bytes))
}

impl Locals {
    /// Enters what a directory entry leads to; `false` where there is no local header.
    fn list(&mut self, source: &dyn Source, place: u64, claims: &Claims) -> io::Result<bool> {
        if let Entry::Vacant(vacant) = self.found.entry(place) {
            let Some(local) = header(source, place, claims.name.len())? else {
                return Ok(false);
            };
            let end = place.saturating_add(local.length);
            vacant.insert(Found {
                local,
                end,
                covered: end,
                listed: Vec::new(),
            });
        }
        if let Some(found) = self.found.get_mut(&place) {
            let data = place.saturating_add(found.local.length);
            let own = found.local.claims.packed;
            let packed = if claims.packed == 0 {
                own
            } else {
                claims.packed
            };
            found.end = found.end.max(data.saturating_add(packed)).min(source.len());
            found.covered = found.end + descriptor_length(source, &found.local, (data, found.end))?;
            if !found.listed.contains(claims) {
                found.listed.push(claims.clone());
            }
        }
        Ok(true)
    }

    /// Ranges covered neither by members (with the descriptor behind them) nor by the directory.
    fn uncovered(&self, directory: &Directory, length: u64) -> Vec<(u64, u64)> {
        let members = self.found.iter().map(|(at, found)| (*at, found.covered));
        let mut spans: Vec<_> = members.chain(directory.spans.iter().copied()).collect();
        spans.sort_unstable();
        let mut gaps = Vec::new();
        let mut reached = 0;
        for (start, end) in spans {
            if start > reached {
                gaps.push((reached, start));
            }
            reached = reached.max(end);
        }
        if length > reached {
            gaps.push((reached, length));
        }
        gaps
    }

    /// Enters every local header that starts in a gap.
    fn search(
        &mut self,
        search: &mut Search<'_>,
        (start, end): (u64, u64),
        most: usize,
    ) -> io::Result<()> {
        let mut position = start;
        while let Some(at) = search.next((position, end), &[LOCAL])? {
            if self.found.len() >= most {
                self.cut = true;
                return Ok(());
            }
            position = at + 4;
            let source = search.window.source();
            // Programs that read archives hold the signature; no reader finds a member without a name.
            let named = header(source, at, 64)?.filter(|local| !local.claims.name.is_empty());
            let Some(local) = named else {
                continue;
            };
            let data = at.saturating_add(local.length);
            let own = data.saturating_add(local.claims.packed);
            let known = !local.claims.deferred() && own <= end;
            let behind = if known {
                own
            } else {
                search.data_end((data, end))?
            };
            let covered = behind + descriptor_length(source, &local, (data, behind))?;
            position = position.max(covered);
            self.found.insert(
                at,
                Found {
                    local,
                    end: behind,
                    covered,
                    listed: Vec::new(),
                },
            );
        }
        self.cut |= search.searched >= SEARCHED;
        Ok(())
    }
}

/// Length of the record that repeats checksum and sizes behind the data, where there is one.
fn descriptor_length(
    source: &dyn Source,
    local: &Local,
    (data, end): (u64, u64),
) -> io::Result<u64> {
    if local.claims.flags & DEFERRED == 0 {
        return Ok(0);
    }
    let bytes = read_range(source, end, 24)?;
    let (signature, fields) = match bytes.strip_prefix(DESCRIPTOR) {
        Some(fields) => (4, fields),
        None => (0, bytes.as_slice()),
    };
    let length = end.saturating_sub(data);
    Ok(match () {
        () if u32_le(fields, 4).map(u64::from) == Some(length) => signature + 12,
        () if u64_le(fields, 4) == Some(length) => signature + 20,
        () => 0,
    })
}

/// A search for signatures that does not read anything twice.
struct Search<'s> {
    window: Window<'s>,
    searched: u64,
}

impl Search<'_> {
    /// Where data of unknown length ends: before a descriptor that names just this length, else
    /// before the next record.
    fn data_end(&mut self, (data, end): (u64, u64)) -> io::Result<u64> {
        let mut position = data;
        while let Some(at) = self.next((position, end), &[DESCRIPTOR, LOCAL, CENTRAL])? {
            let bytes = self.window.at(at, 24)?;
            let length = at - data;
            let described =
                u32_le(bytes, 8).map(u64::from) == Some(length) || u64_le(bytes, 8) == Some(length);
            if described || !bytes.starts_with(DESCRIPTOR) {
                return Ok(at);
            }
            position = at + 4;
        }
        Ok(end)
    }

    /// Where the first of some signatures stands.
    fn next(
        &mut self,
        (start, end): (u64, u64),
        signatures: &[&[u8; 4]],
    ) -> io::Result<Option<u64>> {
        let mut position = start;
        while position < end && self.searched < SEARCHED {
            let bytes = self.window.at(position, 4)?;
            let found = memchr::memmem::find_iter(bytes, b"PK").find(|&inside| {
                let rest = bytes.get(inside..).unwrap_or_default();
                signatures
                    .iter()
                    .any(|signature| rest.starts_with(*signature))
            });
            // A signature may lie across two windows.
            let step = found.unwrap_or(bytes.len().saturating_sub(3)) as u64;
            self.searched += step;
            position += step;
            if found.is_some() {
                return Ok((position < end).then_some(position));
            }
            if step == 0 {
                break;
            }
        }
        Ok(None)
    }
}
