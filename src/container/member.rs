//! One byte range that may hold pickles, and how it came to light.

use std::{fmt, io, sync::Arc};

use super::{Anomaly, AnomalyKind, Budget, Opened, Records, codec::Codec, inflate};
use crate::{
    pickle::Span,
    source::{Part, Source, read_range},
};

/// The name of a member as its container spells it: bytes, not necessarily text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct MemberName(Arc<[u8]>);

impl MemberName {
    /// Takes the bytes of a name.
    pub fn new(bytes: impl AsRef<[u8]>) -> Self {
        Self(bytes.as_ref().into())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Shows what is not UTF-8 as U+FFFD and escapes what would change a terminal or a log line.
impl fmt::Display for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use fmt::Write;
        for char in String::from_utf8_lossy(&self.0).chars() {
            if char.is_control() {
                write!(f, "{}", char.escape_default())?;
            } else {
                f.write_char(char)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for MemberName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// How the loader that is expected to read a pickle reads. A hint for messages: what a pickle
/// would do is always the union over all loaders.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// `pickle.load` and everything that calls it.
    Plain,
    /// A record of `torch.save`'s zip layout.
    Torch,
    /// One of the five pickles of `torch.save` before 1.6.
    TorchLegacy,
    /// `pickle` in the tar of torch 0.1: its persistent ids are the numbers of tensors.
    TorchTar,
    /// `storages` in the tar of torch 0.1: pickles with raw numbers between them.
    TorchStorages,
    /// `tensors` in the tar of torch 0.1: pickles with sizes and strides between them.
    TorchTensors,
    /// The payload of an `.npy` file of object dtype.
    Numpy,
    /// A joblib file: arrays stand between the opcodes.
    Joblib,
    /// A value of a shelf.
    Shelve,
}

/// What a container knows about a member.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Hash)]
pub enum MemberKind {
    /// Nothing: [`super::look`] decides by content.
    Unknown,
    /// A loader unpickles it from [`Member::start`] on, whatever it looks like.
    Pickle(Host),
    /// Raw numbers that a loader copies. Only its head is looked at, for what is hidden there.
    Storage,
    /// A Python module that a loader runs.
    Source,
}

/// Checks that the container recorded for a member.
#[derive(Copy, Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recorded {
    /// Length in bytes once unpacked.
    pub(super) size: Option<u64>,
    /// CRC-32 of the unpacked bytes.
    pub(super) crc: Option<u32>,
}

/// Compressed bytes and what decompresses them.
#[derive(Clone)]
pub(super) struct Packed {
    pub(super) input: Arc<dyn Source>,
    pub(super) codec: &'static Codec,
    /// Offset of the first of these bytes in the input of the scan, where they stand there as
    /// they are.
    pub(super) outer: Option<u64>,
}

#[derive(Clone)]
enum Content {
    Plain(Arc<dyn Source>),
    Packed(Packed),
}

/// One byte range that may hold pickles.
#[derive(Clone)]
pub struct Member {
    /// Names from the outermost container inwards; empty for the input itself.
    pub path: Vec<MemberName>,
    /// Where in the member's source reading starts. What stands before is explained already.
    pub start: u64,
    /// Offset of the source's first byte in the input, where the member is stored there as it is.
    pub outer: Option<u64>,
    /// What the container knows about it.
    pub kind: MemberKind,
    /// The storages beside it, where it is a pickle in a checkpoint of torch.
    pub records: Option<Arc<Records>>,
    /// Where its bytes stand in the source of the member that it was found in, packed or not.
    pub held: Option<Span>,
    /// Whether it is what a format does not account for: a gap, what follows the end.
    pub stray: bool,
    /// Where it starts in the member that it follows the streams of.
    behind: Option<u64>,
    content: Content,
    recorded: Recorded,
}

/// Stored members up to this many bytes are read a second time to compare their checksum.
const CHECKED: u64 = 16 << 20;

impl Member {
    /// The input itself.
    pub fn input(source: Arc<dyn Source>) -> Self {
        Self {
            path: Vec::new(),
            start: 0,
            outer: Some(0),
            kind: MemberKind::Unknown,
            records: None,
            held: None,
            stray: false,
            behind: None,
            content: Content::Plain(source),
            recorded: Recorded::default(),
        }
    }

    /// Bytes found inside another member: a nested pickle, what follows the last stream.
    pub fn found(path: Vec<MemberName>, source: Arc<dyn Source>, outer: Option<u64>) -> Self {
        Self {
            path,
            outer,
            ..Self::input(source)
        }
    }

    /// The bytes `start .. start + length` of this member's `source`, under a further name.
    pub(super) fn part(
        &self,
        source: &Arc<dyn Source>,
        name: impl AsRef<[u8]>,
        (start, length): (u64, u64),
    ) -> Self {
        let part: Arc<dyn Source> = Arc::new(Part::new(Arc::clone(source), start, length));
        let outer = self.outer.map(|outer| outer.saturating_add(start));
        let length = length.min(source.len().saturating_sub(start));
        Self {
            held: Some(Span { start, length }),
            ..Self::found(self.inside(name), part, outer)
        }
    }

    /// Bytes of this member's `source` that its format does not account for.
    pub(super) fn stray(&self, source: &Arc<dyn Source>, (start, length): (u64, u64)) -> Self {
        let stray = self.part(source, format!("@{start}"), (start, length));
        Self {
            stray: true,
            ..stray
        }
    }

    /// A tensor storage in this member's `source`. Only its beginning is looked at.
    pub fn storage(&self, source: &Arc<dyn Source>, span: Span) -> Self {
        let name = format!("storage@{}", span.start);
        let range = (span.start, span.length);
        self.part(source, name, range)
            .with_kind(MemberKind::Storage)
    }

    /// The same bytes, read as `kind` from `start` on.
    pub(super) fn starting_at(
        &self,
        source: &Arc<dyn Source>,
        start: u64,
        kind: MemberKind,
    ) -> Self {
        Self {
            start,
            kind,
            behind: self.behind,
            ..Self::found(self.path.clone(), Arc::clone(source), self.outer)
        }
    }

    /// What follows the last stream of this member, to be looked at like a file of its own:
    /// arrays in an `.npy` file, a second container. `source` is that of [`super::Look`]. However
    /// many follow one another, they are members of the same member.
    pub fn behind(&self, source: &Arc<dyn Source>, offset: u64) -> Self {
        let rest = source.len().saturating_sub(offset);
        let at = self.behind.unwrap_or(0).saturating_add(offset);
        let mut member = self.part(source, format!("@{at}"), (offset, rest));
        if self.behind.is_some() {
            // In the place of this one, not inside it.
            let own = member.path.len().saturating_sub(2);
            member.path.remove(own);
        }
        Self {
            behind: Some(at),
            stray: true,
            ..member
        }
    }

    /// Whether the member is just these bytes.
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let Content::Plain(source) = &self.content else {
            return false;
        };
        source.len() == bytes.len() as u64
            && read_range(source.as_ref(), 0, bytes.len()).is_ok_and(|held| held == bytes)
    }

    /// Compressed bytes of this member under a further name.
    pub(super) fn packed(
        &self,
        input: Arc<dyn Source>,
        name: impl AsRef<[u8]>,
        codec: &'static Codec,
    ) -> Self {
        Self {
            path: self.inside(name),
            start: 0,
            outer: None,
            kind: MemberKind::Unknown,
            records: None,
            held: None,
            stray: false,
            behind: None,
            content: Content::Packed(Packed {
                input,
                codec,
                outer: self.outer,
            }),
            recorded: Recorded::default(),
        }
    }

    /// The same at this place in the input of the scan.
    pub(super) fn with_outer(mut self, outer: Option<u64>) -> Self {
        self.outer = outer;
        self
    }

    pub(super) fn with_kind(mut self, kind: MemberKind) -> Self {
        self.kind = kind;
        self
    }

    pub(super) fn with_records(mut self, records: Option<&Arc<Records>>) -> Self {
        self.records = records.map(Arc::clone);
        self
    }

    /// The same packed member with the place of its bytes in the container's source.
    pub(super) fn held(mut self, (start, length): (u64, u64)) -> Self {
        self.held = Some(Span { start, length });
        if let Content::Packed(packed) = &mut self.content {
            packed.outer = packed.outer.map(|outer| outer.saturating_add(start));
        }
        self
    }

    pub(super) fn with_recorded(mut self, recorded: Recorded) -> Self {
        self.recorded = recorded;
        self
    }

    pub(super) fn inside(&self, name: impl AsRef<[u8]>) -> Vec<MemberName> {
        let mut path = self.path.clone();
        path.push(MemberName::new(name));
        path
    }

    /// The name inside the innermost container; nothing for the input itself.
    pub fn name(&self) -> Option<&MemberName> {
        self.path.last()
    }

    pub(super) fn unpack(
        &self,
        budget: &mut Budget,
        emit: &mut dyn FnMut(Opened),
    ) -> io::Result<Arc<dyn Source>> {
        match &self.content {
            Content::Plain(source) => Ok(Arc::clone(source)),
            Content::Packed(packed) => inflate::inflate(self, packed, self.recorded, budget, emit),
        }
    }

    /// Compares a stored pickle with its recorded checksum. Decompressed members were compared
    /// while they were decompressed.
    pub(super) fn verify(
        &self,
        source: &dyn Source,
        emit: &mut dyn FnMut(Opened),
    ) -> io::Result<()> {
        let (Content::Plain(_), Some(crc)) = (&self.content, self.recorded.crc) else {
            return Ok(());
        };
        if source.len() > CHECKED {
            return Ok(());
        }
        let length = usize::try_from(source.len()).unwrap_or(0);
        let bytes = read_range(source, 0, length)?;
        let mut actual = flate2::Crc::new();
        actual.update(&bytes);
        if actual.sum() != crc {
            emit(Opened::Anomaly(checksum_mismatch(crc, actual.sum())));
        }
        Ok(())
    }
}

/// The anomaly of a wrong CRC-32.
pub(super) fn checksum_mismatch(recorded: u32, actual: u32) -> Anomaly {
    Anomaly {
        kind: AnomalyKind::ChecksumMismatch,
        offset: 0,
        detail: format!("recorded CRC-32 {recorded:08x}, actual {actual:08x}"),
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member")
            .field("path", &self.path)
            .field("start", &self.start)
            .field("outer", &self.outer)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}
