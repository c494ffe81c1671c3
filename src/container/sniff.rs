//! What a file may be, decided by its first bytes and, for zip, by its last ones.

use std::{borrow::Cow, io, sync::Arc};

use super::{
    FORMATS, Format, Host, Member, MemberKind, embedded, magic, searched, text,
    trial::{self, Verdict},
    wrapper::{self, bare, lzma},
};
use crate::source::{Source, bytes_at, read_range};

/// Bytes read from the start: a tar header, which is the longest thing that is recognised.
pub(super) const HEAD: usize = 512;

/// Bytes read from the start of a tensor storage: enough for every magic but that of tar.
const STORAGE_HEAD: usize = 64;

/// Bytes read from the end: the longest comment of a zip archive and the record before it.
const TAIL: usize = (64 << 10) + 22;

/// One way in which some loader would read a file.
#[derive(Copy, Clone, Debug, PartialEq)]
pub enum Sniffed {
    /// It is opened and members come out.
    Container(&'static Format),
    /// It is unpickled.
    Pickle(Host),
    /// It might be a pickle of protocol 0 or 1, or one in disguise. Only running it can tell: if
    /// it ends in an error before it imports, calls or builds anything, it was none.
    PerhapsPickle,
    /// It is a Python module that a loader runs.
    Source,
    /// No loader finds a pickle in it. The text says what it is instead.
    NoPickle(&'static str),
    /// A Git LFS pointer stands where the file should be.
    LfsPointer,
    /// There is no byte.
    Empty,
}

/// What formats decide by.
pub struct Head<'h> {
    /// The first bytes, up to 512.
    pub bytes: &'h [u8],
    /// The last bytes, up to 64 KiB; empty where they were not read because that would cost more
    /// than it could show.
    pub tail: &'h [u8],
    /// Length of the whole.
    pub length: u64,
    /// Eight bytes at 512, 1024 and so on, where a file may start behind a block of the user's own;
    /// nothing where the end was not read either.
    pub places: &'h [[u8; 8]],
    /// What kind of text the first bytes are, where they are text.
    pub text: Option<&'static str>,
}

impl Head<'_> {
    /// The bytes from `start` on that are held, which for small files are all.
    pub(super) fn from(&self, start: usize) -> &[u8] {
        let before = usize::try_from(self.length).unwrap_or(usize::MAX);
        let in_tail = start.checked_sub(before.saturating_sub(self.tail.len()));
        let tail = in_tail.and_then(|start| self.tail.get(start..));
        tail.or_else(|| self.bytes.get(start..)).unwrap_or_default()
    }
}

/// Every reading of the bytes of a source, its end included. Never empty.
///
/// # Errors
/// As [`Source::read_at`].
pub fn sniff(source: &dyn Source) -> io::Result<Vec<Sniffed>> {
    readings_of(source, (0, HEAD), (true, Asked::Readings)).map(|(readings, _)| readings)
}

/// The same but for what only a search tells, which asks this of what it finds.
pub(super) fn at_sight(source: &dyn Source) -> io::Result<Vec<Sniffed>> {
    readings_of(source, (0, HEAD), (true, Asked::AtSight)).map(|(readings, _)| readings)
}

/// Whether the end of a member counts. That of a stored one does not: a checkpoint has thousands of
/// them, and what reads a zip at the end of a tensor would first have to cut the tensor out.
pub(super) fn is_read_from_end(member: &Member, source: &dyn Source) -> bool {
    member.start == 0 && (member.path.is_empty() || source.contents().is_some())
}

/// Every reading of a member.
pub(super) fn readings(member: &Member, shared: &Arc<dyn Source>) -> io::Result<Vec<Sniffed>> {
    let source = shared.as_ref();
    let with_tail = is_read_from_end(member, source);
    let (head, asked) = match member.kind {
        MemberKind::Storage => (STORAGE_HEAD, Asked::Certainty),
        _ => (HEAD, Asked::Readings),
    };
    let (mut readings, verdict) = readings_of(source, (member.start, head), (with_tail, asked))?;
    match member.kind {
        MemberKind::Unknown => {
            let beginning = read_range(source, member.start, 3).unwrap_or_default();
            let is_usual_lzma = beginning == [0x5d, 0, 0];
            let known = |reading: &Sniffed| match reading {
                Sniffed::NoPickle(_) => false,
                // Almost anything may be that.
                Sniffed::Container(format) => {
                    format.name != text::BASE64.name
                        && !bare::is_bare(format)
                        && (format.name != lzma::FORMAT.name || is_usual_lzma)
                }
                _ => true,
            };
            let is_hiding = || searched::hides_pickle(source, member.start, with_tail);
            // What cannot be read there hides nothing that stands at the beginning.
            if !readings.iter().any(known) && is_hiding().unwrap_or(false) {
                readings.retain(|reading| matches!(reading, Sniffed::Container(_)));
                readings.push(Sniffed::Container(&searched::HIDING));
            }
        }
        MemberKind::Pickle(host) => {
            readings.retain(|reading| matches!(reading, Sniffed::Container(_)));
            readings.insert(0, Sniffed::Pickle(host));
        }
        MemberKind::Source => {
            // A loader may be told to unpickle a record of any name.
            readings.retain(|reading| {
                matches!(reading, Sniffed::Container(_) | Sniffed::Pickle(_))
                    || *reading == Sniffed::PerhapsPickle
            });
            readings.insert(0, Sniffed::Source);
        }
        MemberKind::Storage => {
            // Random numbers begin like a pickle every now and then; what is meant to be loaded
            // begins like one beyond doubt.
            readings.retain(|reading| match reading {
                // What cannot be read is opened, where that is noted.
                Sniffed::Container(format) => {
                    !bare::is_bare(format)
                        && !wrapper::begins_by_chance(shared, format).unwrap_or(false)
                }
                Sniffed::Pickle(_) => verdict == Verdict::Certain,
                _ => false,
            });
            if readings.is_empty() {
                readings.push(Sniffed::NoPickle("tensor storage"));
            }
        }
    }
    Ok(readings)
}

/// What kind of text a source begins with, where it is text.
pub(super) fn text(source: &dyn Source) -> io::Result<Option<&'static str>> {
    let bytes = bytes_at(source, 0, HEAD)?;
    Ok(magic::text(&bytes, bytes.len() as u64 >= source.len()))
}

/// Whether a source begins like text.
///
/// # Errors
/// As [`Source::read_at`].
pub fn is_text(source: &dyn Source) -> io::Result<bool> {
    text(source).map(|text| text.is_some())
}

/// What is to be found out about the beginning of a member.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Asked {
    /// The readings alone.
    Readings,
    /// Those that the first and the last bytes show.
    AtSight,
    /// Also how sure it is that it is a pickle.
    Certainty,
}

fn readings_of(
    source: &dyn Source,
    (start, head): (u64, usize),
    (with_tail, asked): (bool, Asked),
) -> io::Result<(Vec<Sniffed>, Verdict)> {
    let bytes = bytes_at(source, start, head)?;
    let length = source.len().saturating_sub(start);
    if length == 0 {
        return Ok((vec![Sniffed::Empty], Verdict::Never));
    }
    let kept = (TAIL as u64).min(length);
    let tail = match with_tail && kept > bytes.len() as u64 {
        // An end that cannot be read must not hide what stands at the beginning, which a loader has
        // run by then. Whoever opened the input remembers the error.
        true => bytes_at(source, source.len() - kept, TAIL).unwrap_or_default(),
        false if with_tail => Cow::Borrowed(bytes.as_ref()),
        false => Cow::default(),
    };
    // As with the end: what cannot be read there hides nothing that stands at the beginning.
    let places = match with_tail {
        true => places(source).unwrap_or_default(),
        false => Vec::new(),
    };
    let mut fetch = |offset| read_range(source, start.saturating_add(offset), HEAD);
    let head = Head {
        bytes: &bytes,
        tail: &tail,
        length,
        places: &places,
        text: magic::text(&bytes, bytes.len() as u64 >= length),
    };
    let (mut readings, verdict) = decide(asked, &head, &mut fetch)?;
    if asked == Asked::Readings {
        let ranges = searched::ends(source, start, (with_tail, searched::TEXT_BEGINNING));
        // What cannot be read there hides nothing that stands at the beginning.
        if embedded::is_in(source, &head, &readings, &ranges).unwrap_or(false) {
            readings.retain(|reading| !matches!(reading, Sniffed::NoPickle(_)));
            readings.push(Sniffed::Container(&embedded::FORMAT));
        }
    }
    Ok((readings, verdict))
}

/// The first bytes behind 512, 1024 and so on, where readers of HDF5 look for its signature.
fn places(source: &dyn Source) -> io::Result<Vec<[u8; 8]>> {
    let mut places = Vec::new();
    let mut at = 512;
    while at < source.len() {
        let bytes = bytes_at(source, at, 8)?;
        places.extend(bytes.first_chunk::<8>());
        at = at.saturating_mul(2);
    }
    Ok(places)
}

fn decide(
    asked: Asked,
    head: &Head<'_>,
    fetch: trial::Fetch<'_>,
) -> io::Result<(Vec<Sniffed>, Verdict)> {
    let mut readings: Vec<Sniffed> = FORMATS
        .iter()
        .filter(|format| (format.matches)(head))
        .map(Sniffed::Container)
        .collect();
    // What declares a protocol is a pickle, whatever follows, so most need no trial.
    if asked != Asked::Certainty && readings.is_empty() && trial::declares_protocol(head.bytes) {
        readings.push(Sniffed::Pickle(host(head.bytes)));
        return Ok((readings, Verdict::Likely));
    }
    let trial = trial::walk(head, fetch)?;
    // Who knows persistent ids (torch) looks for its own containers first.
    let plausible = readings.is_empty() || !trial.persistent;
    match trial.verdict {
        Verdict::Likely | Verdict::Certain if plausible => {
            readings.push(Sniffed::Pickle(host(head.bytes)))
        }
        Verdict::Perhaps if plausible => readings.push(Sniffed::PerhapsPickle),
        _ => {}
    }
    if readings.is_empty() {
        readings.push(if is_lfs_pointer(head) {
            Sniffed::LfsPointer
        } else {
            Sniffed::NoPickle(reason(head))
        });
    }
    Ok((readings, trial.verdict))
}

/// What bytes are called that are of no known kind.
pub const UNKNOWN: &str = "binary data";

/// The specification of Git LFS caps a pointer at this many bytes.
const LONGEST_POINTER: u64 = 1024;

fn is_lfs_pointer(head: &Head<'_>) -> bool {
    head.length < LONGEST_POINTER
        && head
            .bytes
            .starts_with(b"version https://git-lfs.github.com/spec/")
}

fn reason(head: &Head<'_>) -> &'static str {
    magic::recognise(head.bytes, head.length)
        .or(head.text)
        .unwrap_or(UNKNOWN)
}

/// The magic number that `torch.save` wrote as a pickle of its own before 1.6, behind whatever
/// protocol and frame its `pickle_protocol` made of it.
const TORCH_LEGACY: &[u8; 13] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.";

fn host(bytes: &[u8]) -> Host {
    let beginning = bytes.get(..32).unwrap_or(bytes);
    let mut places = beginning.windows(TORCH_LEGACY.len());
    match places.any(|bytes| bytes == TORCH_LEGACY) {
        true => Host::TorchLegacy,
        false => Host::Plain,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::MemorySource;

    fn names(bytes: &[u8]) -> Vec<String> {
        let readings = sniff(&MemorySource::new(bytes)).unwrap();
        readings
            .iter()
            .map(|reading| match reading {
                Sniffed::Container(format) => format.name.to_owned(),
                other => format!("{other:?}"),
            })
            .collect()
    }

    #[test]
    fn nothing_and_pointers_stand_alone() {
        assert_eq!(names(b""), ["Empty"]);
        let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n";
        assert_eq!(names(pointer), ["LfsPointer"]);
    }

    #[test]
    fn reasons_name_the_format() {
        assert_eq!(
            names(b"\x7fELF\x02\x01\x01\0"),
            [r#"NoPickle("ELF program")"#]
        );
        assert_eq!(names(b"import os\n"), [r#"NoPickle("text")"#]);
        assert_eq!(names(b"\0\0\0\0"), [r#"NoPickle("binary data")"#]);
    }

    #[test]
    fn a_pickle_in_the_guise_of_an_image_is_a_pickle() {
        assert_eq!(
            names(b"GIF89a\x01\0\x01cos\nsystem\n(S'id'\ntR."),
            ["Pickle(Plain)"]
        );
    }

    /// What a storage of these bytes is opened as.
    fn storage(bytes: &[u8]) -> Vec<Sniffed> {
        let source: Arc<dyn Source> = Arc::new(MemorySource::new(bytes));
        let member = Member::input(Arc::clone(&source)).with_kind(MemberKind::Storage);
        readings(&member, &source).unwrap()
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let level = flate2::Compression::default();
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), level);
        std::io::Write::write_all(&mut encoder, bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn a_storage_that_begins_like_packed_data_by_chance_is_numbers() {
        let numbers: Vec<u8> = (0..4000_u32)
            .map(|number| (number.wrapping_mul(2_654_435_761) >> 24) as u8)
            .collect();
        let packed = zlib(&numbers);
        let by_chance = [&packed[..200], &numbers].concat();
        assert_eq!(storage(&by_chance), [Sniffed::NoPickle("tensor storage")]);
        // Whole, it hides whatever stands in it.
        assert_ne!(storage(&packed), [Sniffed::NoPickle("tensor storage")]);
    }

    #[test]
    fn a_packed_pickle_in_a_storage_is_opened_even_if_it_breaks() {
        let numbers = [0xa7; 300];
        for pickle in [&b"cos\ngetpid\n(tR."[..], b"\x80\x04]\x94."] {
            let packed = zlib(&[pickle, &numbers].concat());
            for end in [packed.len(), packed.len() - 4] {
                let found = storage(&[&packed[..end], &numbers].concat());
                assert!(
                    matches!(found.as_slice(), [Sniffed::Container(_)]),
                    "{found:?}"
                );
            }
        }
    }

    #[test]
    fn torch_before_1_6_is_known_by_its_magic_pickle() {
        let magic = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.";
        assert_eq!(names(magic), ["Pickle(TorchLegacy)"]);
    }
}
