//! Zip archives, as every reader sees them.
//!
//! Python's `zipfile`, torch's miniz, and readers that stream from the front agree on honest
//! archives only. Here the directory, however it is found, and the local headers are read, members
//! are the union of both, and every point on which readers would differ is an anomaly. Checksums,
//! flags and the encryption mark never keep a member from being read. Stored members are not
//! copied: a checkpoint of gigabytes costs its directory and its headers.

mod directory;
mod joined;
mod layout;
mod locals;
mod record;
mod versions;

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    sync::{Arc, LazyLock},
};

use memchr::memmem::Finder;

use self::{
    directory::Directory,
    layout::Layout,
    locals::{Found, Locals},
    versions::Version,
};
use super::{
    AnomalyKind, Format, Head, Opening, ProblemKind, Records, Sniffed, UNKNOWN,
    codec::Codec,
    padding::end_of_zeros,
    sniff::{HEAD, sniff},
    trial,
    wrapper::{bzip2, lzma, xz, zlib, zstd},
};
use crate::source::{Part, Source, read_range};

pub(super) const FORMAT: Format = Format {
    name: "zip",
    matches,
    opener: open,
};

/// Every file is searched for it, so the search is prepared once.
static END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(record::END));

/// A record at the start, or an end record near the end, which is enough for `zipfile`.
fn matches(head: &Head<'_>) -> bool {
    let signatures = [
        record::LOCAL,
        record::CENTRAL,
        record::END,
        record::DESCRIPTOR,
    ];
    let at_start = signatures
        .iter()
        .any(|signature| head.bytes.starts_with(*signature));
    let tail_start = head.length.saturating_sub(head.tail.len() as u64);
    at_start
        || END.find_iter(head.tail).any(|inside| {
            let end = head.tail.get(inside..).and_then(record::end);
            end.is_some_and(|end| record::plausible_end(&end, tail_start + inside as u64))
        })
}

fn open(opening: &mut Opening<'_>) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let most = opening.limits().members;
    let parts = joined::parts(source.as_ref(), most)?;
    if !parts.is_empty() {
        let message = format!("there are {} archives in a row", parts.len());
        opening.anomaly(AnomalyKind::JoinedArchives, 0, message);
        emit_parts(opening, &parts);
        return Ok(());
    }
    let directory = directory::read(source.as_ref(), most)?;
    let locals = locals::read(source.as_ref(), &directory, most)?;
    // What belongs to one of several archives that a pickle carries is not of the last one, which
    // is the one that readers of archives see.
    let mut found = locals.found.values();
    let is_odd = directory.starts.len() > 1 || found.any(|found| found.listed.is_empty());
    if is_odd && is_pickle(source.as_ref())? {
        let parts = joined::carried(source.as_ref(), most)?;
        if !parts.is_empty() {
            emit_parts(opening, &parts);
            return Ok(());
        }
    }
    if directory.cut || locals.cut {
        opening.problem(
            ProblemKind::Limit,
            format!("more than {most} members, or too much between them"),
        );
    }
    if directory.entries.is_empty() && !locals.found.is_empty() {
        opening.problem(ProblemKind::Truncated, "the archive has no directory");
    }
    for claims in &locals.missing {
        let name = String::from_utf8_lossy(&claims.name);
        opening.problem(
            ProblemKind::Damaged,
            format!("member {name:?} is not where the directory says"),
        );
    }
    judge_directory(opening, &directory);
    judge_extents(opening, &locals);
    let layout = Layout::of(names(&locals));
    judge_names(opening, &locals, layout);
    let whole = !directory.entries.is_empty() && locals.missing.is_empty();
    let archive = Archive {
        layout,
        has_directory: !directory.entries.is_empty(),
        // Of what is left of an archive, nobody can say what is missing.
        records: (layout.has_storages() && whole).then(|| Arc::new(records(&locals))),
    };
    for (&at, found) in &locals.found {
        if !archive.emit(opening, (at, found))? {
            return Ok(());
        }
    }
    for &(start, end) in &directory.spans {
        opening.explained(start, end);
    }
    gaps(opening, &locals)
}

/// Whether something begins with the header of a pickle, behind which no reader that streams from
/// the front finds an archive.
fn is_pickle(source: &dyn Source) -> io::Result<bool> {
    let head = read_range(source, 0, HEAD)?;
    Ok(trial::declares_protocol(&head))
}

/// Emits archives that stand one behind the other.
fn emit_parts(opening: &mut Opening<'_>, parts: &[(u64, u64)]) {
    for &part in parts {
        let name = format!("@{}", part.0);
        let member = opening.member.part(opening.source, name, part);
        if !opening.member(member) {
            break;
        }
    }
}

/// The storages in an archive.
fn records(locals: &Locals) -> Records {
    let mut records = Records::default();
    for found in locals.found.values() {
        for claims in found.listed.iter().chain([&found.local.claims]) {
            records.enter(&claims.name, claims.unpacked);
        }
    }
    records
}

fn names(locals: &Locals) -> impl Iterator<Item = &[u8]> {
    locals.found.values().flat_map(|found| {
        let listed = found.listed.iter().map(|claims| claims.name.as_slice());
        listed.chain([found.local.claims.name.as_slice()])
    })
}

fn judge_directory(opening: &mut Opening<'_>, directory: &Directory) {
    if let Some((told, counted)) = directory.miscounted {
        let message =
            format!("the end record tells of {told} members, the directory has {counted}");
        opening.anomaly(
            AnomalyKind::DirectoryMismatch,
            directory.starts.first().copied().unwrap_or(0),
            message,
        );
    }
    if let [first, .., last] = directory.starts.as_slice() {
        let message = format!("one directory starts at {first}, another at {last}");
        opening.anomaly(AnomalyKind::DirectoryMismatch, *last, message);
    }
}

/// Finds names that more than one member has and, where torch's reader, which ignores case, would
/// be confused, names that differ only in case.
fn judge_names(opening: &mut Opening<'_>, locals: &Locals, layout: Layout) {
    let mut spellings: BTreeMap<Vec<u8>, BTreeSet<&[u8]>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for (&at, found) in &locals.found {
        let own: BTreeSet<&[u8]> = match found.listed.as_slice() {
            [] => [found.local.claims.name.as_slice()].into(),
            listed => listed.iter().map(|claims| claims.name.as_slice()).collect(),
        };
        for name in own {
            let shown = String::from_utf8_lossy(name);
            if !seen.insert(name) {
                let message = format!("{shown:?} occurs again");
                opening.anomaly(AnomalyKind::DuplicateName, at, message);
            }
            let variants = spellings.entry(name.to_ascii_lowercase()).or_default();
            if variants.insert(name) && variants.len() > 1 && layout == Layout::Torch {
                let message = format!("{shown:?} occurs in another spelling");
                opening.anomaly(AnomalyKind::CaseVariantName, at, message);
            }
        }
    }
}

fn judge_extents(opening: &mut Opening<'_>, locals: &Locals) {
    let mut reached = 0;
    for (&at, found) in &locals.found {
        if at < reached {
            let message = format!("a member starts at {at}, inside one that ends at {reached}");
            opening.anomaly(AnomalyKind::OverlappingMembers, at, message);
        }
        reached = reached.max(found.end);
    }
}

/// What is known of an archive as a whole.
struct Archive {
    layout: Layout,
    has_directory: bool,
    records: Option<Arc<Records>>,
}

impl Archive {
    /// Emits every version of one member that some reader would see. `false` means: stop.
    fn emit(&self, opening: &mut Opening<'_>, (at, found): (u64, &Found)) -> io::Result<bool> {
        let data = at.saturating_add(found.local.length);
        opening.explained(at, data);
        opening.explained(found.end, found.covered);
        if found.listed.is_empty() && self.has_directory {
            let name = String::from_utf8_lossy(&found.local.claims.name);
            opening.anomaly(
                AnomalyKind::HiddenMember,
                at,
                format!("{name:?} is not in the directory"),
            );
        }
        for (kind, message) in versions::disagreements(found) {
            opening.anomaly(kind, at, message);
        }
        for version in versions::of(found, data) {
            if !self.emit_version(opening, &version)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn emit_version(&self, opening: &mut Opening<'_>, version: &Version) -> io::Result<bool> {
        if version.length == 0 {
            return Ok(true);
        }
        let range = (version.start, version.length);
        let shown = String::from_utf8_lossy(&version.name).into_owned();
        let codec = match codec(version.method) {
            Method::Stored => None,
            Method::Packed(codec) => Some(codec),
            Method::Encrypted => {
                opening.problem(ProblemKind::Encrypted, format!("{shown:?} is encrypted"));
                return Ok(true);
            }
            Method::Unsupported(name) => {
                let message = format!("{shown:?} is compressed by {name}");
                opening.problem(ProblemKind::Unsupported, message);
                return Ok(true);
            }
        };
        let member = match codec {
            None => opening.member.part(opening.source, &version.name, range),
            Some(codec) => {
                let part = Part::new(Arc::clone(opening.source), version.start, version.length);
                let packed = opening.member.packed(Arc::new(part), &version.name, codec);
                packed.held(range)
            }
        };
        let member = member
            .with_recorded(version.recorded)
            .with_records(self.records_for(&version.name))
            .with_kind(self.layout.kind(&version.name));
        if version.flags & record::ENCRYPTED != 0 && !readable(opening, &member, version)? {
            opening.problem(ProblemKind::Encrypted, format!("{shown:?} is encrypted"));
            return Ok(true);
        }
        Ok(opening.member(member))
    }

    /// The storages of a pickle, where its reader needs them to be there: tensors that TorchScript
    /// keeps as examples have none.
    fn records_for(&self, name: &[u8]) -> Option<&Arc<Records>> {
        let needs = self.layout == Layout::Package || name.ends_with(b"/data.pkl");
        self.records.as_ref().filter(|_| needs)
    }
}

/// How a member is stored (APPNOTE 4.4.5).
enum Method {
    Stored,
    Packed(&'static Codec),
    Encrypted,
    Unsupported(String),
}

fn codec(method: u16) -> Method {
    let name = match method {
        0 => return Method::Stored,
        8 => return Method::Packed(&zlib::DEFLATE),
        12 => return Method::Packed(&bzip2::CODEC),
        14 => return Method::Packed(&lzma::IN_ZIP),
        93 => return Method::Packed(&zstd::CODEC),
        95 => return Method::Packed(&xz::CODEC),
        99 => return Method::Encrypted,
        1 => "shrinking",
        2..=5 => "reducing",
        6 => "imploding",
        9 => "deflate64",
        98 => "PPMd",
        other => return Method::Unsupported(format!("method {other}")),
    };
    Method::Unsupported(format!(
        "{name} (method {method}), which Python does not read either"
    ))
}

/// Whether a member marked as encrypted can be read nevertheless: its checksum is right, or it is
/// unmistakably a pickle or a container.
fn readable(
    opening: &mut Opening<'_>,
    member: &super::Member,
    version: &Version,
) -> io::Result<bool> {
    let mut quiet = Quiet::default();
    let source = member.unpack(opening.budget, &mut |opened| quiet.note(&opened))?;
    if version.method == 0 {
        member.verify(source.as_ref(), &mut |opened| quiet.note(&opened))?;
    }
    let telling = sniff(source.as_ref())?.iter().any(|reading| match reading {
        Sniffed::Container(_) | Sniffed::Pickle(_) => true,
        Sniffed::NoPickle(reason) => *reason != UNKNOWN,
        _ => false,
    });
    let plain = !quiet.complaint || telling;
    if plain {
        let shown = String::from_utf8_lossy(&version.name);
        let message = format!("{shown:?} is marked as encrypted but can be read");
        opening.anomaly(AnomalyKind::FalselyEncrypted, version.start, message);
    }
    Ok(plain)
}

/// Remembers only whether anything was wrong.
#[derive(Default)]
struct Quiet {
    complaint: bool,
}

impl Quiet {
    fn note(&mut self, opened: &super::Opened) {
        self.complaint |= !matches!(opened, super::Opened::Explained(_));
    }
}

/// Looks at what belongs to no member. No zip reader does; but whatever else reads the file might.
fn gaps(opening: &mut Opening<'_>, locals: &Locals) -> io::Result<()> {
    let source = Arc::clone(opening.source);
    let length = source.len();
    let prefix = locals.gaps.iter().find(|(start, _)| *start == 0);
    if let Some(&(_, end)) = prefix {
        let before = Part::new(Arc::clone(&source), 0, end);
        if !matches!(sniff(&before)?.as_slice(), [Sniffed::NoPickle(_)]) {
            // The archive lies inside something that is read as such: a pickle that carries it.
            return Ok(());
        }
        let message = format!("{end} bytes stand before the archive");
        opening.anomaly(AnomalyKind::PrefixData, 0, message);
    }
    for &(start, end) in locals.gaps.iter().filter(|(start, _)| *start != 0) {
        let padded = end_of_zeros(source.as_ref(), start, end)?;
        opening.explained(start, padded);
        if padded == end {
            continue;
        }
        let start = padded;
        let kind = if end == length {
            AnomalyKind::TrailingData
        } else {
            AnomalyKind::GapData
        };
        opening.anomaly(
            kind,
            start,
            format!("{} bytes belong to no member", end - start),
        );
        let member = opening.member.stray(&source, (start, end - start));
        if !opening.member(member) {
            break;
        }
    }
    Ok(())
}
