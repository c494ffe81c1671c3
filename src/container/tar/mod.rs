//! Tar archives of every dialect: v7, ustar, GNU, pax.
//!
//! Readers disagree on where the next header is: where a pax record gives another size than the
//! header, where a link has a size, behind a zero block, behind a damaged header. Every place that
//! some reader would go on at is visited, and members that only some readers see are anomalies.

mod header;

use std::{collections::BTreeSet, io, sync::Arc};

use self::header::{BLOCK, Header, Overrides};
use super::{
    AnomalyKind, Format, Host, Member, MemberKind, Opening, ProblemKind, Sniffed,
    member::MemberName,
    padding::end_of_zeros,
    sniff::{self, sniff},
};
use crate::source::{Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "tar",
    matches,
    opener: open,
};

/// Python and GNU tar decide by the checksum alone; `file` by the magic.
fn matches(head: &super::Head<'_>) -> bool {
    head.bytes.get(257..262) == Some(b"ustar".as_slice())
        || header::is_sound(head.bytes) && Header::parse(head.bytes).is_some()
}

/// Blocks behind the end of an archive, or behind damage, in which headers are searched.
const SEARCHED: u64 = 1 << 16;

/// Bytes of a pax record or a long name that are read.
const LONGEST_RECORD: u64 = 1 << 20;

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let mut archive = Archive {
        source: &source,
        members: Vec::new(),
        ends: Vec::new(),
    };
    let mut pending = BTreeSet::from([(0, false)]);
    let mut visited = BTreeSet::new();
    while let Some((position, hidden)) = pending.pop_first() {
        if !visited.insert(position) {
            continue;
        }
        if visited.len() > opening.limits().members {
            let message = format!("more than {} members", opening.limits().members);
            opening.problem(ProblemKind::Limit, message);
            break;
        }
        for next in archive.walk(opening, position, hidden)? {
            pending.insert(next);
        }
    }
    archive.emit(opening);
    Ok(())
}

struct Archive<'s> {
    source: &'s Arc<dyn Source>,
    members: Vec<Member>,
    /// Where readers stop: only to be reported once.
    ends: Vec<u64>,
}

/// Where a reader goes on, and whether only some do.
type Next = (u64, bool);

impl Archive<'_> {
    /// Reads the member at `position`, the records before it included.
    fn walk(
        &mut self,
        opening: &mut Opening<'_>,
        position: u64,
        hidden: bool,
    ) -> io::Result<Vec<Next>> {
        let mut at = position;
        let mut overrides = Overrides::default();
        loop {
            if at >= self.source.len() {
                if self.ends.is_empty() {
                    // Tars written to a pipe that broke look like this; readers do not mind.
                    self.ends.push(at);
                }
                return Ok(Vec::new());
            }
            let block = read_range(self.source.as_ref(), at, BLOCK)?;
            let header = Header::parse(&block).filter(|header| header.sound);
            let Some(header) = header else {
                return self.interrupted(opening, (at, &block), hidden);
            };
            opening.explained(at, at + BLOCK as u64);
            if !header.is_record() {
                return self.member(opening, &header, &overrides, (at, hidden));
            }
            let data = at + BLOCK as u64;
            let length = usize::try_from(header.size.min(LONGEST_RECORD)).unwrap_or(0);
            overrides.read(
                header.kind,
                &read_range(self.source.as_ref(), data, length)?,
            );
            at = data.saturating_add(padded(header.size));
            opening.explained(data, at);
        }
    }

    /// What is no header: the end of the archive, or damage. Some readers go on behind either.
    fn interrupted(
        &mut self,
        opening: &mut Opening<'_>,
        (at, block): (u64, &[u8]),
        hidden: bool,
    ) -> io::Result<Vec<Next>> {
        let zero = block.iter().all(|&byte| byte == 0);
        if !zero && !hidden {
            let kind = if block.len() < BLOCK {
                ProblemKind::Truncated
            } else {
                ProblemKind::Damaged
            };
            opening.problem(kind, format!("no tar header at {at}"));
        }
        if !zero && hidden {
            return Ok(Vec::new());
        }
        let mut position = at;
        for _ in 0..SEARCHED {
            position += BLOCK as u64;
            let block = read_range(self.source.as_ref(), position, BLOCK)?;
            if block.is_empty() {
                opening.explained(at, if zero { position } else { at });
                return Ok(Vec::new());
            }
            if zero {
                opening.explained(at, position);
            }
            if Header::parse(&block).is_some_and(|header| header.sound) {
                return Ok(vec![(position, true)]);
            }
            if zero && block.iter().any(|&byte| byte != 0) {
                self.trailing(opening, position);
                return Ok(Vec::new());
            }
        }
        Ok(Vec::new())
    }

    fn trailing(&mut self, opening: &mut Opening<'_>, position: u64) {
        let rest = self.source.len() - position;
        let message = format!("{rest} bytes follow the archive");
        opening.anomaly(AnomalyKind::TrailingData, position, message);
        if !self.is_zip_of_all(opening, position).unwrap_or(false) {
            self.members
                .push(opening.member.stray(self.source, (position, rest)));
        }
    }

    /// Whether a zip follows that readers of zips find at the end of the whole as well.
    fn is_zip_of_all(&self, opening: &Opening<'_>, position: u64) -> io::Result<bool> {
        let begins = read_range(self.source.as_ref(), position, 4)? == b"PK\x03\x04";
        let is_read = sniff::is_read_from_end(opening.member, self.source.as_ref());
        let is_zip = |reading: &Sniffed| matches!(reading, Sniffed::Container(format) if format.name == "zip");
        Ok(begins && is_read && sniff(self.source.as_ref())?.iter().any(is_zip))
    }

    fn member(
        &mut self,
        opening: &mut Opening<'_>,
        header: &Header,
        overrides: &Overrides,
        (at, hidden): (u64, bool),
    ) -> io::Result<Vec<Next>> {
        let data = at + BLOCK as u64;
        let name = overrides
            .name
            .clone()
            .unwrap_or_else(|| header.name.clone());
        let shown = String::from_utf8_lossy(&name).into_owned();
        if hidden {
            let message = format!("{shown:?} stands where most readers do not look");
            opening.anomaly(AnomalyKind::HiddenMember, at, message);
        }
        let mut sizes = vec![overrides.size.unwrap_or(header.size)];
        if overrides
            .size
            .is_some_and(|size| size != header.size && header.size != 0)
        {
            let message = format!(
                "{shown:?}: size {} in the header, {sizes:?} in its pax record",
                header.size
            );
            opening.anomaly(AnomalyKind::SizeMismatch, at, message);
            sizes.push(header.size);
        }
        if header.kind == b'S' || overrides.sparse {
            opening.problem(
                ProblemKind::Unsupported,
                format!("{shown:?} is stored without its holes"),
            );
        }
        let mut nexts = Vec::new();
        for size in sizes {
            if size > 0 {
                self.members
                    .push(opening.member.part(self.source, &name, (data, size)));
            }
            if data.saturating_add(size) > self.source.len() {
                opening.problem(ProblemKind::Truncated, format!("{shown:?} is cut off"));
            }
            let behind = data.saturating_add(padded(size));
            let end = data.saturating_add(size);
            opening.explained(end, end_of_zeros(self.source.as_ref(), end, behind)?);
            if header.is_bodiless() && size > 0 {
                // Python reads the next header right behind this one, others skip the size.
                let message = format!("{shown:?} is a link or a folder with a size");
                opening.anomaly(AnomalyKind::SizeMismatch, at, message);
                let block = read_range(self.source.as_ref(), data, BLOCK)?;
                let bare = Header::parse(&block).is_some_and(|header| header.sound);
                nexts.extend([(data, hidden || !bare), (behind, hidden || bare)]);
            } else {
                nexts.push((behind, hidden || !nexts.is_empty()));
            }
        }
        Ok(nexts)
    }

    fn emit(self, opening: &mut Opening<'_>) {
        let mut seen = BTreeSet::new();
        for member in &self.members {
            let name = member.name().map(MemberName::bytes).unwrap_or_default();
            if !seen.insert(name) {
                let message = format!("{:?} occurs again", String::from_utf8_lossy(name));
                opening.anomaly(AnomalyKind::RepeatedName, 0, message);
            }
        }
        let torch = seen.contains(b"sys_info".as_slice()) && seen.contains(b"pickle".as_slice());
        drop(seen);
        for member in self.members {
            let kind = if torch {
                torch_kind(&member)
            } else {
                MemberKind::Unknown
            };
            if !opening.member(member.with_kind(kind)) {
                return;
            }
        }
    }
}

/// `torch.save` of version 0.1 wrote a tar of four records.
fn torch_kind(member: &Member) -> MemberKind {
    match member.name().map(MemberName::bytes) {
        Some(b"sys_info" | b"pickle") => MemberKind::Pickle(Host::TorchTar),
        Some(b"storages") => MemberKind::Pickle(Host::TorchStorages),
        Some(b"tensors") => MemberKind::Pickle(Host::TorchTensors),
        _ => MemberKind::Unknown,
    }
}

/// A length rounded up to whole blocks.
fn padded(size: u64) -> u64 {
    size.checked_next_multiple_of(BLOCK as u64)
        .unwrap_or(u64::MAX)
}
