//! What comes out of every container sample, held against `tests/data/containers.txt`.
//!
//! `BLESS=1 cargo test --test containers` rewrites the expectation. Samples are written by
//! `corpus/generate/containers.py`.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a failing helper fails its test"
)]

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use pickscan::{
    container::{Budget, Host, Look, Member, MemberKind, Opened, ProblemKind, Sniffed, look},
    limits::Limits,
    source::{FileSource, MemorySource, Source},
};

/// Everything that a walk through one input shows.
#[derive(Default)]
struct Walk {
    listing: String,
    /// First bytes of every member that some loader unpickles.
    pickles: Vec<Vec<u8>>,
    problems: Vec<ProblemKind>,
}

/// Opens an input as far as it goes, as the scan room does.
fn walk(source: Arc<dyn Source>, limits: &Limits) -> Walk {
    let mut budget = Budget::new(limits);
    let mut work = vec![Member::input(source)];
    let mut walk = Walk::default();
    while let Some(member) = work.pop() {
        let mut opened = Vec::new();
        let Look { source, readings } =
            look(&member, &mut budget, &mut |one| opened.push(one)).unwrap();
        walk.show(&member, source.as_ref(), &readings);
        for reading in &readings {
            if let Sniffed::Container(format) = reading {
                format
                    .open(&member, &source, &mut budget, &mut |one| opened.push(one))
                    .unwrap();
            }
        }
        let mut inside = Vec::new();
        for one in opened {
            match one {
                Opened::Member(member) => inside.push(member),
                Opened::Problem(problem) => {
                    let (kind, message) = (problem.kind, problem.message);
                    writeln!(walk.listing, "    {}: {message}", kind.name()).unwrap();
                    walk.problems.push(kind);
                }
                Opened::Anomaly(anomaly) => {
                    let (kind, at) = (anomaly.kind.name(), anomaly.offset);
                    writeln!(walk.listing, "    {kind} at {at}: {}", anomaly.detail).unwrap();
                }
                Opened::Code(code) => {
                    writeln!(walk.listing, "    code at {}", code.offset).unwrap();
                }
                Opened::Named(named) => {
                    let names = named.symbols.iter().map(|symbol| symbol.dotted());
                    let names: Vec<String> = names
                        .map(|name| String::from_utf8_lossy(&name).into_owned())
                        .collect();
                    let (at, names) = (named.offset, names.join(" or "));
                    writeln!(walk.listing, "    names at {at}: {names}").unwrap();
                }
                Opened::Explained(span) => {
                    assert!(span.end() <= source.len(), "{member:?} {span:?}")
                }
            }
        }
        work.extend(inside.into_iter().rev());
    }
    walk
}

impl Walk {
    fn show(&mut self, member: &Member, source: &dyn Source, readings: &[Sniffed]) {
        let path: Vec<String> = member.path.iter().map(ToString::to_string).collect();
        let path = if path.is_empty() {
            "(file)".to_owned()
        } else {
            path.join("!")
        };
        write!(self.listing, "  {path}").unwrap();
        if member.start > 0 {
            write!(self.listing, " from {}", member.start).unwrap();
        }
        if let (Some(outer), false) = (member.outer, member.path.is_empty()) {
            write!(self.listing, " at {outer}").unwrap();
        }
        let readings_shown: Vec<String> = readings.iter().map(show).collect();
        writeln!(
            self.listing,
            ", {} bytes: {}",
            source.len(),
            readings_shown.join(", ")
        )
        .unwrap();
        if readings
            .iter()
            .any(|reading| matches!(reading, Sniffed::Pickle(_) | Sniffed::PerhapsPickle))
        {
            let mut head = vec![0; 256];
            let length = source.read_at(member.start, &mut head).unwrap();
            head.truncate(length);
            self.pickles.push(head);
        }
    }
}

fn show(reading: &Sniffed) -> String {
    match reading {
        Sniffed::Container(format) => format.name.to_owned(),
        Sniffed::Pickle(host) => format!("pickle ({host:?})"),
        Sniffed::PerhapsPickle => "perhaps a pickle".to_owned(),
        Sniffed::Source => "a module".to_owned(),
        Sniffed::NoPickle(reason) => format!("no pickle ({reason})"),
        Sniffed::LfsPointer => "LFS pointer".to_owned(),
        Sniffed::Empty => "empty".to_owned(),
    }
}

fn samples() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    // The expected verdicts of the whole scanner lie beside the samples.
    paths.retain(|path| path.extension().is_none_or(|suffix| suffix != "txt"));
    paths.sort();
    paths
}

fn file_name(path: &Path) -> &str {
    path.file_name().unwrap().to_str().unwrap()
}

fn sample(name: &str) -> Arc<dyn Source> {
    let path = samples()
        .into_iter()
        .find(|path| file_name(path) == name)
        .unwrap();
    Arc::new(FileSource::open(&path).unwrap())
}

/// Small enough that the bombs among the samples go off.
fn small() -> Limits {
    Limits {
        inflated: 6_000_000,
        ..Limits::default()
    }
}

/// The marker in every malicious sample.
const EVIL: &[u8] = b"cos\ngetpid\n";

fn finds_evil(walk: &Walk) -> bool {
    walk.pickles
        .iter()
        .any(|head| head.windows(EVIL.len()).any(|window| window == EVIL))
}

#[test]
fn every_sample_opens_as_expected() {
    let mut listing = String::new();
    for path in samples() {
        let source = Arc::new(FileSource::open(&path).unwrap());
        writeln!(
            listing,
            "{}\n{}",
            file_name(&path),
            walk(source, &small()).listing
        )
        .unwrap();
    }
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/containers.txt");
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&expected, &listing).unwrap();
    }
    let expected = std::fs::read_to_string(&expected).unwrap_or_default();
    for (actual, expected) in listing.split("\n\n").zip(expected.split("\n\n")) {
        assert_eq!(actual, expected);
    }
    assert_eq!(listing.len(), expected.len(), "samples were added: bless");
}

/// The malicious pickle of each of these runs in some loader, so it has to come to light.
#[test]
fn tampering_hides_nothing() {
    let spared = [
        // What these hide stands behind another pickle, or is packed as no Python unpacks it.
        "zip-descriptor.zip",
        "zip-wide-disagrees.zip",
        "zip-method-1.zip",
        "zip-method-6.zip",
        "zip-method-9.zip",
        "zip-method-77.zip",
        "zip-method-98.zip",
        // Nothing is hidden in these.
        "zip-plain.zip",
        "zip-encrypted.zip",
        "zip-aes.zip",
        "zip-bzip2.zip",
        "zip-lzma.zip",
        "tar-again.tar",
    ];
    for path in samples() {
        let name = file_name(&path);
        let hostile = ["zip", "tar-", "evil.", "trailing.", "disguise.", "zfile"];
        let marks = ["-good", "-cut", "-bomb"];
        if marks.iter().any(|mark| name.contains(mark))
            || spared.contains(&name)
            || !hostile.iter().any(|start| name.starts_with(start))
        {
            continue;
        }
        let walk = walk(
            Arc::new(FileSource::open(&path).unwrap()),
            &Limits::default(),
        );
        assert!(finds_evil(&walk), "{name}\n{}", walk.listing);
    }
}

#[test]
fn the_ratio_is_limited() {
    let limits = Limits {
        ratio: 100,
        ratio_floor: 1000,
        ..Limits::default()
    };
    assert_eq!(
        walk(sample("bomb.gz"), &limits).problems,
        [ProblemKind::Limit]
    );
    assert_eq!(walk(sample("good.pkl.gz"), &limits).problems, []);
}

#[test]
fn depth_and_members_are_limited() {
    let limits = Limits {
        depth: 2,
        ..Limits::default()
    };
    assert_eq!(
        walk(sample("zip-nested.zip"), &limits).problems,
        [ProblemKind::Limit]
    );
    let limits = Limits {
        depth: 3,
        ..Limits::default()
    };
    assert_eq!(walk(sample("zip-nested.zip"), &limits).problems, []);
    let limits = Limits {
        members: 1,
        ..Limits::default()
    };
    assert!(
        walk(sample("zip-plain.zip"), &limits)
            .problems
            .contains(&ProblemKind::Limit)
    );
}

#[test]
fn a_record_of_torch_is_a_pickle_whatever_it_looks_like() {
    let source: Arc<dyn Source> = sample("torch.pt");
    let mut budget = Budget::new(&Limits::default());
    let input = Member::input(Arc::clone(&source));
    let look = look(&input, &mut budget, &mut |_| ()).unwrap();
    let Sniffed::Container(format) = look.readings[0] else {
        panic!("{:?}", look.readings)
    };
    let mut kinds = Vec::new();
    let mut collect = |one| match one {
        Opened::Member(member) => kinds.push(member.kind),
        Opened::Problem(problem) => panic!("{problem:?}"),
        Opened::Anomaly(anomaly) => panic!("{anomaly:?}"),
        Opened::Code(_) | Opened::Named(_) | Opened::Explained(_) => (),
    };
    format
        .open(&input, &look.source, &mut budget, &mut collect)
        .unwrap();
    assert!(kinds.contains(&MemberKind::Pickle(Host::Torch)));
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == MemberKind::Storage)
            .count(),
        2
    );
}

/// A decompressed member too large for memory is read in any order, through windows that come
/// and go.
#[test]
fn a_large_member_is_read_back_and_forth() {
    let length: u32 = 8 << 20;
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    for number in 0..length / 4 {
        std::io::Write::write_all(&mut packer, &number.to_le_bytes()).unwrap();
    }
    let packed: Arc<dyn Source> = Arc::new(MemorySource::new(packer.finish().unwrap()));
    let mut budget = Budget::new(&Limits {
        resident: 2 << 20,
        ..Limits::default()
    });
    let input = Member::input(Arc::clone(&packed));
    let look = look(&input, &mut budget, &mut |_| ()).unwrap();
    let Sniffed::Container(format) = look.readings[0] else {
        panic!("{:?}", look.readings)
    };
    let mut members = Vec::new();
    let mut collect = |one| {
        if let Opened::Member(member) = one {
            members.push(member);
        }
    };
    format
        .open(&input, &look.source, &mut budget, &mut collect)
        .unwrap();
    let look = pickscan::container::look(&members[0], &mut budget, &mut |_| ()).unwrap();
    assert_eq!(look.source.len(), u64::from(length));
    for offset in [length - 4, 0, length / 2, 4 << 20, length - 8, 300 << 10, 8] {
        let bytes =
            pickscan::source::read_range(look.source.as_ref(), u64::from(offset), 4).unwrap();
        assert_eq!(bytes, (offset / 4).to_le_bytes(), "at {offset}");
    }
}

/// Flips, cuts and splices bytes of every sample: nothing panics, nothing takes long.
#[test]
fn mutations_neither_panic_nor_hang() {
    let rounds: usize = std::env::var("ROUNDS").map_or(40, |rounds| rounds.parse().unwrap());
    let limits = Limits {
        inflated: 1 << 20,
        members: 300,
        ..Limits::default()
    };
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for path in samples() {
        let original = std::fs::read(&path).unwrap();
        // Bombs take their time on purpose, and what mutates is the same as in the others.
        let rounds = if file_name(&path).contains("bomb") {
            1
        } else {
            rounds
        };
        for round in 0..rounds {
            let bytes = random.mutate(&original);
            let begun = Instant::now();
            let outcome = std::panic::catch_unwind(|| {
                walk(Arc::new(MemorySource::new(bytes.clone())), &limits);
            });
            let slow = begun.elapsed() > Duration::from_secs(30);
            if outcome.is_err() || slow {
                let kept = std::env::temp_dir().join(format!("mutation-{round}"));
                std::fs::write(&kept, &bytes).unwrap();
                panic!(
                    "{} round {round}, kept as {}",
                    path.display(),
                    kept.display()
                );
            }
        }
    }
}

/// xorshift64*: enough for choosing places, the same everywhere.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let value = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33;
        usize::try_from(value).unwrap() % bound.max(1)
    }

    fn mutate(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 => bytes.truncate(at),
                1 => bytes.insert(at.min(bytes.len()), self.0.to_le_bytes()[0]),
                2 => {
                    let end = (at + self.below(64)).min(bytes.len());
                    let piece = bytes[at.min(end)..end].to_vec();
                    bytes.splice(at.min(bytes.len())..at.min(bytes.len()), piece);
                }
                3 if at + 4 <= bytes.len() => bytes[at..at + 4].fill(0xff),
                _ if at < bytes.len() => bytes[at] ^= 1 << self.below(8),
                _ => {}
            }
        }
        bytes
    }
}
