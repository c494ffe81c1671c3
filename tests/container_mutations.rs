//! Damaged and tampered containers against Python's own readers: where one of them still gets the
//! malicious pickle out, the input must not pass.
//!
//! The short test runs everywhere; `ROUNDS=10000 cargo test --release --test container_mutations
//! -- --ignored --nocapture` is the long one. Both are the same on every machine for a given number
//! of rounds. `PICKSCAN_PYTHON` names an interpreter that has further libraries to ask: torch,
//! joblib, numpy, zstandard, lz4, the databases.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails, and long runs say what they did"
)]

mod support;

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use pickscan::{
    limits::Limits,
    report::Verdict,
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};
use support::{Random, python_file};

/// Each kind that Python reads, and samples of it that hold the malicious pickle.
const KINDS: &[(&str, &[&str])] = &[
    (
        "zip",
        &[
            "zip-prefix.zip",
            "zip64.zip",
            "zip-duplicate.pt",
            "zip-overlap.zip",
        ],
    ),
    ("tar", &["tar-gnu.tar", "tar-pax.tar", "tar-ustar.tar"]),
    ("gz", &["evil.pkl.gz", "two.pkl.gz"]),
    ("bz2", &["evil.pkl.bz2"]),
    ("xz", &["evil.pkl.xz", "two.pkl.xz"]),
    ("lzma", &["evil.pkl.lzma"]),
    ("zlib", &["evil.pkl.zlib"]),
    ("sqlite", &["dbm-sqlite-evil.sqlite", "sqlite-evil.sqlite"]),
    // The readers of these do not come with every Python.
    ("npy", &["npy-evil.npy", "npy-several-evil.npy"]),
    ("npz", &["npz-evil.npz"]),
    (
        "joblib",
        &[
            "joblib-evil.joblib",
            "joblib-evil-zlib.joblib",
            "joblib-evil-lz4.joblib",
        ],
    ),
    ("zst", &["evil.pkl.zst"]),
    ("lz4", &["evil.pkl.lz4"]),
    ("gdbm", &["gdbm-evil.gdbm"]),
    ("db", &["ndbm-evil.db"]),
    (
        "torch",
        &[
            "torch-evil.pt",
            "torch-legacy-evil.pt",
            "torch-legacy-magic.pt",
            "lightning-evil.ckpt",
        ],
    ),
];

/// Kinds that every Python with its standard library reads.
const ALWAYS: usize = 8;

/// Kinds that no reader can be asked about: they must neither panic nor hang.
const OTHERS: &[(&str, &[&str])] = &[
    ("lz4-linked", &["linked.pkl.lz4"]),
    ("7z", &["7z-evil.7z", "7z-stored.7z"]),
    ("btree", &["btree-evil.bdb"]),
    ("wal", &["sqlite-log.sqlite-wal"]),
    (
        "h5",
        &[
            "hdf5-evil.h5",
            "keras-lambda.h5",
            "hdf5-chunks-evil.h5",
            "hdf5-latest-evil.h5",
            "hdf5-many-evil.h5",
            "hdf5-userblock-evil.h5",
        ],
    ),
    (
        "json",
        &[
            "json-lines.json",
            "json-evil.zip",
            "base64-evil.txt",
            "jsonpickle-evil.json",
            "jsonpickle-escaped.json",
            "keras-import.keras",
        ],
    ),
    (
        "text",
        &[
            "encoded-base85.txt",
            "encoded-twice.txt",
            "yaml-evil.yaml",
            "yaml-tag.yaml",
        ],
    ),
    (
        "arrow",
        &[
            "arrow-evil.arrow",
            "arrow-evil.arrows",
            "parquet-evil.parquet",
        ],
    ),
    (
        "records",
        &[
            "framed-evil.bin",
            "zodb-evil.fs",
            "tfrecord-evil.tfrecord",
            "sequence-evil.seq",
            "appended.png",
        ],
    ),
    (
        "carriers",
        &[
            "carrier-twice.pkl",
            "carrier-json.pkl",
            "carrier-escaped.pkl",
            "carrier-behind.pkl",
        ],
    ),
    (
        "torch-layouts",
        &[
            "torch.pt",
            "torch-legacy-sizes.pt",
            "torch-0.1.pt",
            "torch-package-module.pt",
            "torch-export.pt2",
            "distributed.distcp",
            "served.mar",
            "nemo.nemo",
        ],
    ),
    (
        "joblib-good",
        &["joblib-raw.joblib", "joblib-zlib.joblib", "zfile.pkl"],
    ),
    ("npz-good", &["npz.npz", "npy-several.npy"]),
];

/// Inputs that are scanned at once.
const BATCH: usize = 500;

/// Seconds that one batch may take, in a build without optimisation on a busy machine.
const SLOWEST: u64 = 120;

fn sample(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    fs::read(folder.join(name)).unwrap()
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

/// Scans mutations of one kind and returns those that pass.
fn passing(folder: &Path, (kind, samples): (&str, &[&str]), rounds: usize) -> Vec<PathBuf> {
    let samples: Vec<Vec<u8>> = samples.iter().map(|name| sample(name)).collect();
    let seed = kind.bytes().fold(7_u64, |seed, byte| {
        seed.wrapping_mul(31).wrapping_add(u64::from(byte))
    });
    let mut random = Random::new(seed);
    let options = Options {
        limits: Limits {
            inflated: 8 << 20,
            members: 2000,
            ..Limits::default()
        },
        ..Options::default()
    };
    let mut passing = Vec::new();
    for batch in 0..rounds.div_ceil(BATCH) {
        let inside = folder.join(format!("{kind}-{batch}"));
        fs::create_dir(&inside).unwrap();
        for round in 0..BATCH.min(rounds - batch * BATCH) {
            let original = random.below(samples.len());
            let bytes = mutated(&mut random, &samples[original]);
            fs::write(inside.join(format!("{round}")), bytes).unwrap();
        }
        let begun = Instant::now();
        let report = scan(&[inside], &options, Ruleset::builtin(), &Unobserved);
        assert!(
            begun.elapsed().as_secs() < SLOWEST,
            "{kind}: batch {batch} hangs"
        );
        for file in report.files {
            let panicked = file
                .notices
                .iter()
                .any(|notice| notice.kind.name() == "panic");
            assert!(!panicked, "{}: {:?}", file.path.display(), file.notices);
            if file.verdict() <= Verdict::Unfamiliar {
                passing.push(file.path);
            } else {
                fs::remove_file(file.path).unwrap();
            }
        }
    }
    passing
}

/// Runs the script of the oracle.
fn oracle(options: &[&str], input: &str) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/containers.py");
    let answer = python_file(script.to_str().unwrap(), options, input.as_bytes());
    String::from_utf8(answer).unwrap()
}

/// The kinds that the interpreter at hand can be asked about.
fn judged() -> Vec<(&'static str, &'static [&'static str])> {
    let known = oracle(&["--kinds"], "");
    let is_known = |kind: &str| known.lines().any(|known| known == kind);
    assert!(KINDS[..ALWAYS].iter().all(|(kind, _)| is_known(kind)));
    let kinds = KINDS.iter().filter(|(kind, _)| is_known(kind));
    kinds.copied().collect()
}

fn hold(rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    let mut asked = String::new();
    let judged = judged();
    for kind in KINDS {
        let begun = Instant::now();
        let passing = passing(folder.path(), *kind, rounds);
        let is_judged = judged.contains(kind);
        println!(
            "{}: {rounds} mutations in {:?}, {} pass; {}",
            kind.0,
            begun.elapsed(),
            passing.len(),
            if is_judged { "asked" } else { "no reader" }
        );
        for path in passing.iter().filter(|_| is_judged) {
            writeln!(asked, "{} {}", kind.0, path.display()).unwrap();
        }
    }
    let missed = oracle(&[], &asked);
    if !missed.is_empty() {
        let kept = folder.keep();
        panic!(
            "Python reads what passes, kept in {}:\n{missed}",
            kept.display()
        );
    }
    for kind in OTHERS {
        let folder = tempfile::tempdir().unwrap();
        let begun = Instant::now();
        let passing = passing(folder.path(), *kind, rounds).len();
        println!(
            "{}: {rounds} mutations in {:?}, {passing} pass; no reader",
            kind.0,
            begun.elapsed()
        );
    }
}

#[test]
fn no_mutation_passes_that_python_reads() {
    hold(120);
}

#[test]
#[ignore = "takes minutes; ROUNDS says how many mutations of each kind"]
fn no_mutation_passes_that_python_reads_at_length() {
    let rounds = std::env::var("ROUNDS").map_or(10_000, |rounds| rounds.parse().unwrap());
    hold(rounds);
}

/// The oracle is no oracle if it never says yes.
#[test]
fn python_reads_the_samples_themselves() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let mut asked = String::new();
    let copies = tempfile::tempdir().unwrap();
    for (kind, samples) in judged() {
        for name in samples {
            // Some readers want another suffix, and get a link beside the file.
            let copy = copies.path().join(format!("{kind}-{name}"));
            fs::copy(folder.join(name), &copy).unwrap();
            writeln!(asked, "{kind} {}", copy.display()).unwrap();
        }
    }
    let read = oracle(&[], &asked);
    assert_eq!(read.lines().count(), asked.lines().count(), "{read}");
}
