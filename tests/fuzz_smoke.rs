//! The bodies of the fuzz targets with stable Rust: on every file of the corpus, and on mutations of
//! them. `fuzz/` is what finds new ways; this holds what must stay true.

#![cfg(feature = "cli")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "a panic is how a test fails; the bodies are shared with the fuzz targets"
)]

#[path = "../fuzz/src/lib.rs"]
mod bodies;
mod support;

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use bodies::TARGETS;
use pickscan::{pickle::ALL, report::FileReport};
use support::{Random, peak_memory};

/// Longer files of the corpus say nothing more, and a mutation there mostly hits a payload.
const LONGEST: u64 = 16 << 10;

/// Mutations of which each target gets its share.
const MUTATIONS: usize = 3_000;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files below some folders, in the order of their names.
fn files(folders: &[&str]) -> Vec<Vec<u8>> {
    let paths: Vec<PathBuf> = folders
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(root().join(folder)).sort_by_file_name())
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file())
        .filter(|entry| entry.metadata().unwrap().len() <= LONGEST)
        .map(walkdir::DirEntry::into_path)
        .collect();
    paths.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// What a target begins with.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    match target {
        "rules" => files(&["rules/detect", "rules/trust"]),
        "config" => files(&["tests/data/config"]),
        "wrappers" => {
            let numbered = |(number, bytes): (usize, Vec<u8>)| [vec![number as u8], bytes].concat();
            let files = files(&["corpus/containers", "fuzz/regressions"]);
            files.into_iter().enumerate().map(numbered).collect()
        }
        _ => files(&["corpus", "fuzz/regressions"]),
    }
}

/// One to eight changes: bytes, runs, pieces of another input, a cut.
fn mutated(random: &mut Random, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).clone();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        match random.below(7) {
            0 if at < bytes.len() => bytes[at] = random.next() as u8,
            1 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
            2 => bytes.insert(at, random.pick(ALL).byte()),
            3 => bytes.truncate(at),
            4 => {
                let end = (at + random.below(32)).min(bytes.len());
                bytes.drain(at..end);
            }
            5 => {
                let other = random.pick(seeds);
                let from = random.below(other.len() + 1);
                let to = (from + random.below(200)).min(other.len());
                bytes.splice(at..at, other[from..to].iter().copied());
            }
            6 if bytes.len() > at + 8 => {
                let number = *random.pick(&[0, 1, 0x7f, 0xff, 0x7fff_ffff, 0xffff_ffff, u64::MAX]);
                let width = *random.pick(&[1, 2, 4, 8]);
                bytes[at..at + width].copy_from_slice(&number.to_le_bytes()[..width]);
            }
            _ => {}
        }
    }
    bytes
}

#[test]
fn the_corpus_holds_what_must_hold_for_any_bytes() {
    for (name, target) in TARGETS.iter().filter(|(name, _)| *name != "jobs") {
        for seed in seeds(name) {
            target(&seed);
        }
    }
}

#[test]
fn mutations_hold_it_too() {
    let mut random = Random::new(7);
    for (name, target) in TARGETS {
        let seeds = seeds(name);
        // Those that write files are slower.
        let share = if ["jobs", "config"].contains(name) {
            40
        } else {
            4
        };
        for _ in 0..MUTATIONS / share {
            target(&mutated(&mut random, &seeds));
        }
    }
}

/// `PICKSCAN_INPUTS` inputs (a million) from `PICKSCAN_SEED` on through the whole scanner.
#[test]
#[ignore = "long; docs/FORTRESS.md has the command"]
fn a_million_inputs() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
    };
    let (count, seed) = (
        number("PICKSCAN_INPUTS", 1_000_000),
        number("PICKSCAN_SEED", 1),
    );
    let seeds = seeds("scan");
    let started = Instant::now();
    let mut slowest = (std::time::Duration::ZERO, 0);
    let mut verdicts = BTreeMap::new();
    for one in 0..count {
        let mut random = Random::new(seed.wrapping_mul(1 << 32).wrapping_add(one));
        let input = match random.below(4) {
            0 => random_input(&mut random),
            _ => mutated(&mut random, &seeds),
        };
        let begun = Instant::now();
        let report = bodies::scan_once(&input);
        for file in &report.files {
            assert!(!out_of_time(file), "input {one}: {file:?}");
            *verdicts.entry(file.verdict().name()).or_insert(0_u64) += 1;
        }
        slowest = slowest.max((begun.elapsed(), one));
        if (one + 1) % 50_000 == 0 {
            println!(
                "{} inputs in {:?}; slowest {slowest:?}; {verdicts:?}; peak memory {:?} kB",
                one + 1,
                started.elapsed(),
                peak_memory()
            );
        }
    }
    println!(
        "{count} inputs in {:?}; slowest {slowest:?}; {verdicts:?}; peak memory {:?} kB",
        started.elapsed(),
        peak_memory()
    );
    assert!(peak_memory().is_none_or(|peak| peak < MOST_MEMORY));
}

/// What no run may take, in kB: the rules, the seeds, and what one input of 16 KiB may cost.
const MOST_MEMORY: u64 = 256 << 10;

/// Whether following or judging an input was ended by the clock.
fn out_of_time(file: &FileReport) -> bool {
    let notices = file.notices.iter().map(|notice| notice.message.as_str());
    let streams = file
        .streams
        .iter()
        .filter_map(|stream| stream.end_reason.as_deref());
    notices
        .chain(streams)
        .any(|message| message.contains("limit `seconds`"))
}

/// Bytes by chance, or opcodes by chance.
fn random_input(random: &mut Random) -> Vec<u8> {
    let length = random.below(400);
    match random.below(2) {
        0 => random.bytes(length),
        _ => (0..length)
            .map(|_| match random.below(3) {
                0 => random.next() as u8,
                _ => random.pick(ALL).byte(),
            })
            .collect(),
    }
}

/// `fuzz/pickle.dict` is written from the table of opcodes: `BLESS=1` rewrites it.
#[test]
fn the_dictionary_is_that_of_the_opcode_table() {
    let mut dictionary =
        String::from("# Written by tests/fuzz_smoke.rs from the table of opcodes.\n");
    for opcode in ALL {
        writeln!(dictionary, "{}=\"\\x{:02x}\"", opcode.name(), opcode.byte()).unwrap();
    }
    let further: [(&str, &[u8]); 14] = [
        ("proto_2", b"\x80\x02"),
        ("proto_4", b"\x80\x04"),
        ("getattr", b"cbuiltins\ngetattr\n"),
        ("system", b"cos\nsystem\n"),
        ("partial", b"cfunctools\npartial\n"),
        ("loads", b"cpickle\nloads\n"),
        ("exec", b"cbuiltins\nexec\n"),
        ("wrapper", b"cjoblib.numpy_pickle\nNumpyArrayWrapper\n"),
        ("frame", b"\x95\x08\0\0\0\0\0\0\0"),
        ("zip_local", b"PK\x03\x04"),
        ("zip_central", b"PK\x01\x02"),
        ("zip_end", b"PK\x05\x06"),
        ("gzip", b"\x1f\x8b\x08"),
        ("npy", b"\x93NUMPY\x01\0"),
    ];
    for (name, bytes) in further {
        let shown: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        writeln!(dictionary, "{name}=\"{shown}\"").unwrap();
    }
    let path = root().join("fuzz/pickle.dict");
    if std::env::var_os("BLESS").is_some() {
        fs::write(&path, &dictionary).unwrap();
    }
    assert_eq!(fs::read_to_string(&path).unwrap(), dictionary);
}
