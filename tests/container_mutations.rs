//! Damaged and tampered containers against Python's own readers: where one of them still gets the
//! malicious pickle out, the input must not pass.
//!
//! The short test runs everywhere; `ROUNDS=10000 cargo test --release --test container_mutations
//! at_length -- --ignored --nocapture` is the long one, and `KINDS=zip,tar` takes only some kinds.
//! Both are the same on every machine for a given number of rounds. `PICKSCAN_PYTHON` names an
//! interpreter that has further libraries to ask: `tests/oracle/kinds.py` says which.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails, and long runs say what they did"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    time::{Duration, Instant},
};

use pickscan::{
    container::{FORMATS, SEARCHED},
    limits::Limits,
    report::Verdict,
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};
use support::{Random, peak_memory, python_file};

/// A kind, what reads it (nothing where no reader can be asked: it must neither panic nor hang), and
/// samples of it that hold the malicious pickle.
type Kind = (&'static str, &'static str, &'static [&'static str]);

const ARCHIVES: &[Kind] = &[
    (
        "zip",
        "zip",
        &[
            "zip-prefix.zip",
            "zip64.zip",
            "zip-duplicate.pt",
            "zip-overlap.zip",
            "zip-evil.zip",
            "zip-descriptor.zip",
            "zip-end-in-comment.zip",
        ],
    ),
    (
        "tar",
        "tar",
        &[
            "tar-gnu.tar",
            "tar-pax.tar",
            "tar-ustar.tar",
            "tar-v7.tar",
            "tar-long-names.tar",
            "tar-pax-path.tar",
        ],
    ),
    ("tar-gz", "tar", &["tar-gz.tar.gz"]),
    (
        "gzip",
        "gz",
        &["evil.pkl.gz", "two.pkl.gz", "padded-two.pkl.gz"],
    ),
    ("bzip2", "bz2", &["evil.pkl.bz2", "two.pkl.bz2"]),
    ("xz", "xz", &["evil.pkl.xz", "two.pkl.xz"]),
    ("lzma", "lzma", &["evil.pkl.lzma"]),
    ("zlib", "zlib", &["evil.pkl.zlib"]),
    (
        "zstd",
        "zst",
        &["evil.pkl.zst", "two.pkl.zst", "skippable.pkl.zst"],
    ),
    (
        "lz4",
        "lz4",
        &["evil.pkl.lz4", "two.pkl.lz4", "skippable.pkl.lz4"],
    ),
    (
        "snappy",
        "snappy",
        &["snappy-evil.bin", "snappy-header-evil.bin"],
    ),
    (
        "snappy-block",
        "snappy-block",
        &["snappy-block-evil.bin", "snappy-block-header-evil.bin"],
    ),
    (
        "lz4-block",
        "lz4-block",
        &["lz4-block-evil.bin", "lz4-block-header-evil.bin"],
    ),
    (
        "deflate",
        "deflate",
        &["deflate-evil.bin", "deflate-header-evil.bin"],
    ),
    (
        "others",
        "",
        &[
            "linked.pkl.lz4",
            "carrier-behind.pkl",
            "padded-two.pkl.xz",
            "zip-joined.zip",
            "zip-directory-inside.zip",
        ],
    ),
    ("7z", "7z", &["7z-evil.7z", "7z-bzip2.7z", "7z-stored.7z"]),
];

const ARRAYS: &[Kind] = &[
    (
        "npy",
        "npy",
        &["npy-evil.npy", "npy-several-evil.npy", "npy-scalar.npy"],
    ),
    ("npz", "npz", &["npz-evil.npz"]),
    (
        "joblib",
        "joblib",
        &[
            "joblib-evil.joblib",
            "joblib-evil-zlib.joblib",
            "joblib-evil-lz4.joblib",
        ],
    ),
    ("joblib-zfile", "joblib", &["zfile.pkl", "zfile-evil.pkl"]),
    (
        "joblib-good",
        "",
        &["joblib-raw.joblib", "joblib-zlib.joblib", "npz.npz"],
    ),
];

const TORCH: &[Kind] = &[
    ("torch", "torch", &["torch-evil.pt"]),
    ("lightning", "torch", &["lightning-evil.ckpt"]),
    (
        "torch-legacy",
        "torch",
        &["torch-legacy-evil.pt", "torch-legacy-magic.pt"],
    ),
    (
        "torch-tar",
        "torch",
        &["torch-0.1.pt", "torch-0.1-storages.pt"],
    ),
    (
        "torch-package",
        "package",
        &["torch-package-evil.pt", "torch-package-calls.pt"],
    ),
    ("torch-export", "export", &["torch-export-evil.pt2"]),
    ("distcp", "checkpoint", &["distributed-evil.distcp"]),
    ("distributed", "pickle", &["distributed-evil.metadata"]),
    ("torchserve", "mar", &["served-evil.mar"]),
    ("nemo", "nemo", &["nemo-evil.nemo"]),
    (
        "torch-good",
        "",
        &[
            "torch.pt",
            "torch-legacy-sizes.pt",
            "torch-package-module.pt",
            "torch-export.pt2",
            "distributed.distcp",
        ],
    ),
];

const DATABASES: &[Kind] = &[
    ("dumb", "dumb", &["dumb-evil.dat"]),
    ("gdbm", "gdbm", &["gdbm-evil.gdbm"]),
    ("ndbm", "db", &["ndbm-evil.db"]),
    ("btree", "btree", &["btree-evil.bdb"]),
    (
        "lmdb",
        "lmdb",
        &["lmdb-evil.lmdb", "lmdb-long-evil.lmdb", "lmdb-several.lmdb"],
    ),
    (
        "sqlite",
        "sqlite",
        &["dbm-sqlite-evil.sqlite", "sqlite-evil.sqlite"],
    ),
    ("sqlite-wal", "wal", &["sqlite-log.sqlite-wal"]),
    ("zodb", "zodb", &["zodb-evil.fs", "zodb-zlib-evil.fs"]),
    (
        "hdf5",
        "hdf5",
        &[
            "hdf5-evil.h5",
            "hdf5-chunks-evil.h5",
            "hdf5-latest-evil.h5",
            "hdf5-many-evil.h5",
            "hdf5-userblock-evil.h5",
        ],
    ),
    ("pytables", "tables", &["hdf5-evil.h5"]),
    ("pandas-hdf5", "store", &["pandas-evil.h5.gz"]),
];

const CARRIERS: &[Kind] = &[
    ("keras", "keras", &["keras-lambda.h5", "keras-lambda.keras"]),
    ("keras-import", "", &["keras-import.keras"]),
    ("keras-models", "", &["keras-models-lambda.pkl"]),
    ("saved-model", "", &["saved-model-evil.pb"]),
    ("skops", "skops", &["skops-evil.skops"]),
    (
        "arrow",
        "arrow",
        &[
            "arrow-evil.arrow",
            "arrow-evil.arrows",
            "arrow-evil.feather",
        ],
    ),
    ("parquet", "parquet", &["parquet-evil.parquet"]),
    (
        "arrow-columns",
        "arrow-columns",
        &[
            "columns-bytes-evil.arrow",
            "columns-text-evil.arrow",
            "columns-bytes-evil-lz4.feather",
            "columns-text-evil-zstd.feather",
        ],
    ),
    (
        "parquet-columns",
        "parquet-columns",
        &[
            "columns-bytes-evil-none.parquet",
            "columns-text-evil-none.parquet",
            "columns-bytes-evil-gzip.parquet",
            "columns-text-evil-zstd.parquet",
            "columns-bytes-evil-snappy.parquet",
            "columns-text-evil-brotli.parquet",
            "columns-bytes-evil-lz4.parquet",
            "columns-evil-pages-2.parquet",
        ],
    ),
    (
        "msgpack",
        "msgpack",
        &[
            "msgpack-evil.msgpack",
            "msgpack-second.msgpack",
            "msgpack-scalars.msgpack",
        ],
    ),
    (
        "blosc",
        "blosc",
        &[
            "blosc-blosclz-evil.blosc",
            "blosc-lz4-evil.blosc",
            "blosc-zlib-evil.blosc",
            "blosc-zstd-evil.blosc",
            "blosc-2-blosclz-evil.blosc",
            "blosc-2-lz4-evil.blosc",
            "blosc-2-zlib-evil.blosc",
            "blosc-2-zstd-evil.blosc",
            "blosc-evil.b2frame",
        ],
    ),
    ("length-prefixed", "framed", &["framed-evil.bin"]),
    ("tfrecord", "tfrecord", &["tfrecord-evil.tfrecord"]),
    (
        "sequence-file",
        "",
        &[
            "spark-evil.seq",
            "spark-records.seq",
            "spark-blocks.seq",
            "sequence-evil.seq",
            "sequence-default.seq",
            "sequence-blocks.seq",
        ],
    ),
    ("java-objects", "", &["java-evil.ser"]),
    ("django", "django", &["django-evil.djcache"]),
    ("stable-baselines3", "baselines", &["json-evil.zip"]),
    ("json", "json", &["json-lines.json"]),
    ("jsonpickle", "jsonpickle", &["jsonpickle-evil.json"]),
    (
        "yaml",
        "yaml",
        &[
            "yaml-evil.yaml",
            "yaml-tag.yaml",
            "yaml-key.yaml",
            "yaml-flow.yaml",
        ],
    ),
    ("utf-16", "yaml", &["wide-evil.yaml"]),
    (
        "embedded-text",
        "table",
        &["embedded-evil.csv", "embedded-other.csv"],
    ),
    ("spelled", "table", &["spelled-evil.csv"]),
    ("hydra", "", &["hydra-evil.nemo"]),
    (
        "base64",
        "text",
        &[
            "base64-evil.txt",
            "base64-zlib.txt",
            "base64-underscore.txt",
            "base64-scattered.txt",
        ],
    ),
    (
        "encoded-text",
        "text",
        &[
            "encoded-base85.txt",
            "encoded-ascii85.txt",
            "encoded-base32.txt",
            "encoded-twice.txt",
            "encoded-spaced.txt",
        ],
    ),
    (
        "pickle-in-pickle",
        "carrier",
        &[
            "carrier-bytes.pkl",
            "carrier-text.pkl",
            "carrier-gzip.pkl",
            "carrier-bz2.pkl",
            "carrier-base85.pkl",
            "carrier-hex.pkl",
            "carrier-json.pkl",
            "carrier-escaped.pkl",
        ],
    ),
    (
        "disguises",
        "",
        &[
            "appended.png",
            "appended.safetensors",
            "disguise.gif",
            "disguise.exe",
            "disguise.bmp",
            "unknown-header.bin",
            "unknown-middle.bin",
        ],
    ),
];

fn kinds() -> impl Iterator<Item = &'static Kind> {
    [ARCHIVES, ARRAYS, TORCH, DATABASES, CARRIERS]
        .into_iter()
        .flatten()
}

/// Inputs that are scanned at once.
const BATCH: usize = 500;

/// Seconds that one batch may take, in a build without optimisation on a busy machine.
const SLOWEST: u64 = 120;

/// Bytes of memory that a process may have needed at most.
const MEMORY: u64 = 1 << 30;

/// The files of a sample: what is mutated, by the suffix that it has.
fn sample(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let data = fs::read(folder.join(name)).unwrap();
    let (stem, suffix) = name.split_once('.').unwrap();
    if let Some(suffix) = suffix.strip_suffix("h5.gz").map(|_| "h5") {
        // The checksum of the wrapper would hide what is inside.
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(data.as_slice());
        reader.read_to_end(&mut unpacked).unwrap();
        return vec![(suffix.to_owned(), unpacked)];
    }
    let mut files = vec![(suffix.to_owned(), data)];
    if suffix == "dat" {
        let index = fs::read(folder.join(format!("{stem}.dir"))).unwrap();
        files.push(("dir".to_owned(), index));
    }
    files
}

fn mutated(random: &mut Random, original: &[u8]) -> Vec<u8> {
    let mut bytes = original.to_vec();
    for _ in 0..=random.below(3) {
        if bytes.is_empty() {
            return bytes;
        }
        let at = random.below(bytes.len());
        let end = (at + 1 + random.below(64)).min(bytes.len());
        match random.below(9) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.next().to_le_bytes()[0]),
            2 => {
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            3 => bytes[at..end.min(at + 4)].fill(0xff),
            4 => bytes[at..end.min(at + 8)].fill(0),
            5 => drop(bytes.drain(at..end)),
            6 => bytes[at] = random.next().to_le_bytes()[0],
            7 => bytes.extend_from_slice(&original[..original.len().min(at)]),
            _ => bytes[at] ^= 1 << random.below(8),
        }
    }
    bytes
}

/// Writes mutations and returns them by number: the first file of each.
fn written(
    inside: &Path,
    random: &mut Random,
    samples: &[Vec<(String, Vec<u8>)>],
    numbers: std::ops::Range<usize>,
) -> BTreeMap<usize, PathBuf> {
    fs::create_dir(inside).unwrap();
    let mut paths = BTreeMap::new();
    for number in numbers {
        let files = &samples[random.below(samples.len())];
        let damaged = random.below(files.len());
        for (place, (suffix, original)) in files.iter().enumerate() {
            let path = inside.join(format!("{number}.{suffix}"));
            let bytes = match place == damaged {
                true => mutated(random, original),
                false => original.clone(),
            };
            fs::write(&path, bytes).unwrap();
            paths.entry(number).or_insert(path);
        }
    }
    paths
}

/// Scans mutations and returns the numbers of those that pass, and how long it took.
fn passing(inside: &Path, kind: &str) -> (BTreeSet<usize>, Duration) {
    let options = Options {
        limits: Limits {
            inflated: 8 << 20,
            members: 2000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let begun = Instant::now();
    let report = scan(
        &[inside.to_owned()],
        &options,
        Ruleset::builtin(),
        &Unobserved,
    );
    let taken = begun.elapsed();
    assert!(taken.as_secs() < SLOWEST, "{kind}: {taken:?} for a batch");
    let (mut seen, mut stopped) = (BTreeSet::new(), BTreeSet::new());
    for file in report.files {
        let panicked = file
            .notices
            .iter()
            .any(|notice| notice.kind.name() == "panic");
        assert!(!panicked, "{}: {:?}", file.path.display(), file.notices);
        let name = file.path.file_name().unwrap().to_str().unwrap();
        let number: usize = name.split('.').next().unwrap().parse().unwrap();
        seen.insert(number);
        if file.verdict() > Verdict::Unfamiliar {
            stopped.insert(number);
        }
    }
    (&seen - &stopped, taken)
}

fn script() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/containers.py")
}

/// The kinds of readers that the interpreter at hand has.
fn readers() -> BTreeSet<String> {
    let answer = python_file(script().to_str().unwrap(), &["--kinds"], b"");
    let answer = String::from_utf8(answer).unwrap();
    answer.lines().map(str::to_owned).collect()
}

/// The script of the oracle, at work while the next mutations are scanned.
struct Oracle {
    child: Child,
    questions: ChildStdin,
    answers: BufReader<ChildStdout>,
    asked: usize,
}

impl Oracle {
    fn start() -> Self {
        let program = std::env::var_os("PICKSCAN_PYTHON").unwrap_or("python3".into());
        let mut command = Command::new(program);
        command.arg("-I").arg(script());
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let questions = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap());
        Self {
            child,
            questions,
            answers,
            asked: 0,
        }
    }

    /// Asks about a batch; what is asked at once fits into a pipe.
    fn ask<'a>(&mut self, reader: &str, paths: impl Iterator<Item = &'a PathBuf>) {
        let mut lines = String::new();
        for path in paths {
            writeln!(lines, "{reader} {}", path.display()).unwrap();
            self.asked += 1;
        }
        self.questions.write_all(lines.as_bytes()).unwrap();
        self.questions.flush().unwrap();
    }

    /// The files of the last batch that still lead to the malicious pickle.
    fn leading(&mut self) -> Vec<PathBuf> {
        let mut leading = Vec::new();
        for _ in 0..std::mem::take(&mut self.asked) {
            let mut line = String::new();
            assert!(self.answers.read_line(&mut line).unwrap() > 0, "no answer");
            let (answer, path) = line.trim_end().split_once('\t').unwrap();
            if answer == "+" {
                leading.push(path.into());
            }
        }
        leading
    }

    fn stop(mut self) {
        drop(self.questions);
        assert!(self.child.wait().unwrap().success());
    }
}

/// What became of the mutations of one kind.
#[derive(Default)]
struct Outcome {
    scanning: Duration,
    passed: usize,
    leading: usize,
    missed: Vec<PathBuf>,
}

/// Scans mutations of one kind and asks its reader about all of them.
fn held((kind, reader, samples): &Kind, asked: bool, rounds: usize) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let samples: Vec<_> = samples.iter().map(|name| sample(name)).collect();
    let seed = kind.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut random = Random::new(seed);
    let mut outcome = Outcome::default();
    let mut oracle = asked.then(Oracle::start);
    let mut before: Option<(PathBuf, BTreeSet<PathBuf>)> = None;
    for start in (0..rounds).step_by(BATCH) {
        let inside = folder.path().join(start.to_string());
        let numbers = start..rounds.min(start + BATCH);
        let paths = written(&inside, &mut random, &samples, numbers);
        let (passing, taken) = passing(&inside, kind);
        outcome.scanning += taken;
        outcome.passed += passing.len();
        let passing = passing.iter().map(|number| paths[number].clone());
        let passing: BTreeSet<PathBuf> = passing.collect();
        settle(&mut outcome, oracle.as_mut(), before.take());
        if let Some(oracle) = &mut oracle {
            oracle.ask(reader, paths.values());
        }
        before = Some((inside, passing));
    }
    settle(&mut outcome, oracle.as_mut(), before);
    if let Some(oracle) = oracle {
        oracle.stop();
    }
    if !outcome.missed.is_empty() {
        println!("{kind}: kept in {}", folder.keep().display());
    }
    outcome
}

/// Takes the answers about a batch in.
fn settle(
    outcome: &mut Outcome,
    oracle: Option<&mut Oracle>,
    batch: Option<(PathBuf, BTreeSet<PathBuf>)>,
) {
    let Some((inside, passing)) = batch else {
        return;
    };
    let leading = oracle.map(Oracle::leading).unwrap_or_default();
    outcome.leading += leading.len();
    let missed = leading.into_iter().filter(|path| passing.contains(path));
    let before = outcome.missed.len();
    outcome.missed.extend(missed);
    if outcome.missed.len() == before {
        fs::remove_dir_all(inside).unwrap();
    }
}

/// Bytes of memory that this process needed at most since the last call, where the system says so.
fn peak() -> Option<u64> {
    let kilobytes = peak_memory()?;
    fs::write("/proc/self/clear_refs", "5").ok()?;
    Some(kilobytes << 10)
}

fn hold(rounds: usize) {
    let readers = readers();
    let chosen = std::env::var("KINDS").ok();
    let is_chosen = |kind: &str| {
        let mut names = chosen.iter().flat_map(|chosen| chosen.split(','));
        chosen.is_none() || names.any(|name| name == kind)
    };
    println!(
        "| Kind | Rounds | Still loadable | Pass | Pass and loadable | Peak, MiB | Scanning, s |"
    );
    println!("|---|---|---|---|---|---|---|");
    let mut missed = Vec::new();
    for kind in kinds().filter(|kind| is_chosen(kind.0)) {
        let asked = readers.contains(kind.1);
        peak();
        let outcome = held(kind, asked, rounds);
        let peak = peak();
        let count = |number: usize| match asked {
            true => number.to_string(),
            false => "–".to_owned(),
        };
        println!(
            "| `{}` | {rounds} | {} | {} | {} | {} | {} |",
            kind.0,
            count(outcome.leading),
            outcome.passed,
            count(outcome.missed.len()),
            peak.map_or("–".to_owned(), |bytes| (bytes >> 20).to_string()),
            outcome.scanning.as_secs()
        );
        assert!(peak.is_none_or(|bytes| bytes < MEMORY), "{}", kind.0);
        // A reader that never says yes is no oracle.
        assert!(
            !asked || rounds < BATCH || outcome.leading > 0,
            "{}",
            kind.0
        );
        missed.extend(outcome.missed);
    }
    assert!(missed.is_empty(), "Python reads what passes: {missed:#?}");
}

#[test]
fn no_mutation_passes_that_python_reads() {
    hold(60);
}

#[test]
#[ignore = "takes long; ROUNDS says how many mutations of each kind"]
fn no_mutation_passes_that_python_reads_at_length() {
    let rounds = std::env::var("ROUNDS").map_or(10_000, |rounds| rounds.parse().unwrap());
    hold(rounds);
}

/// The oracle is no oracle if it never says yes.
#[test]
fn python_reads_the_samples_themselves() {
    let readers = readers();
    let copies = tempfile::tempdir().unwrap();
    let mut refused = Vec::new();
    for (kind, reader, samples) in kinds().filter(|kind| readers.contains(kind.1)) {
        let mut oracle = Oracle::start();
        let mut paths = Vec::new();
        for (number, name) in samples.iter().enumerate() {
            for (suffix, bytes) in sample(name).iter().rev() {
                let path = copies.path().join(format!("{kind}-{number}.{suffix}"));
                fs::write(&path, bytes).unwrap();
                paths.retain(|known: &PathBuf| known.with_extension("") != path.with_extension(""));
                paths.push(path);
            }
        }
        oracle.ask(reader, paths.iter());
        let leading = oracle.leading();
        refused.extend(paths.into_iter().filter(|path| !leading.contains(path)));
        oracle.stop();
    }
    assert!(refused.is_empty(), "{refused:#?}");
}

/// Whatever is opened is also damaged.
#[test]
fn every_format_is_mutated() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let paths: Vec<PathBuf> = kinds()
        .flat_map(|kind| kind.2)
        .map(|name| folder.join(name))
        .collect();
    let report = scan(&paths, &Options::default(), Ruleset::builtin(), &Unobserved);
    let formats: BTreeSet<&str> = report
        .files
        .iter()
        .flat_map(|file| file.format.split('+'))
        .collect();
    for format in FORMATS.iter().chain(SEARCHED) {
        assert!(
            formats.contains(format.name),
            "{}: {formats:?}",
            format.name
        );
    }
}
