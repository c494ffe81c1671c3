//! What is made to be expensive costs in proportion to its size, or ends at a limit.
//!
//! `tests/tools/pathological.py` writes the inputs. Cost is counted, never timed: units of work (see the
//! limit `work`) and bytes that are allocated. `tests/tools/pathological.sh` measures time and memory.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]

use std::{
    alloc::System,
    collections::BTreeMap,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use pickscan::{
    limits::Limits,
    report::FileReport,
    rules::{Ruleset, load::Document},
    scan::{self, Options, Unobserved},
};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

const SMALL: usize = 5_000;
const LARGE: usize = 4 * SMALL;

/// What one input cost.
#[derive(Debug)]
struct Cost {
    work: u64,
    allocated: usize,
    incomplete: bool,
}

/// As by default, with less of what is allowed whatever the size, so that little inputs reach it.
fn limits() -> Limits {
    Limits {
        work_floor: 1 << 22,
        members: 200,
        model_steps: 1 << 12,
        ..Limits::default()
    }
}

fn scanned(path: PathBuf, limits: Limits) -> FileReport {
    let options = Options {
        limits,
        jobs: 1,
        ..Options::default()
    };
    let mut report = scan::scan(&[path], &options, Ruleset::builtin(), &Unobserved);
    report.files.remove(0)
}

/// What every kind of input costs at a size. The first input pays for what is set up once.
fn costs(folder: &Path, size: usize) -> BTreeMap<String, Cost> {
    let folder = folder.join(size.to_string());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tools/pathological.py");
    let made = Command::new("python3")
        .arg(script)
        .arg(&folder)
        .arg(size.to_string())
        .status();
    assert!(made.unwrap().success());
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    scanned(paths[0].clone(), limits());
    let cost = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let region = Region::new(ALLOCATOR);
        let file = scanned(path, limits());
        let allocated = region.change().bytes_allocated;
        let incomplete = file.is_incomplete();
        let work = file.work;
        (
            name,
            Cost {
                work,
                allocated,
                incomplete,
            },
        )
    };
    paths.into_iter().map(cost).collect()
}

#[test]
fn cost_grows_with_the_size_and_no_faster() {
    let folder = tempfile::tempdir().unwrap();
    let small = costs(folder.path(), SMALL);
    let large = costs(folder.path(), LARGE);
    assert!(small.len() > 100, "{} kinds", small.len());
    let mut reached = 0;
    for (name, large) in &large {
        let small = &small[name];
        // Four times the size, and half as much again for tables that grow in steps.
        let fits = |small: u64, large: u64, free: u64| large <= small * 6 + free;
        let allocated = |cost: &Cost| cost.allocated as u64;
        let linear = fits(small.work, large.work, 1 << 20)
            && fits(allocated(small), allocated(large), 4 << 20);
        // What stops only the larger one is a limit on what such an input may cost.
        let most = limits().work_floor + limits().work * LARGE as u64;
        let stopped = large.incomplete && large.work < 2 * most && large.allocated < 128 << 20;
        assert!(linear || stopped, "{name}: {small:?} {large:?}");
        reached += usize::from(large.incomplete);
    }
    // Some are meant to reach a limit; they are not all stopped by one.
    assert!(
        (5..large.len() / 2).contains(&reached),
        "{reached} reached a limit"
    );
}

/// Nested a thousand deep, of which sixteen are followed.
#[test]
fn archives_in_archives_end_at_a_depth() {
    let mut data = b"N.".to_vec();
    for _ in 0..1_000 {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
        encoder.write_all(&data).unwrap();
        data = encoder.finish().unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.gz");
    fs::write(&path, data).unwrap();
    let file = scanned(path, Limits::default());
    assert!(file.is_incomplete());
    assert!(
        file.notices[0].message.contains("nested more than 16 deep"),
        "{file:?}"
    );
}

fn rule(text: &str) -> Result<Ruleset, String> {
    let document = Document::parse(Path::new("rule.yml"), text).map_err(|one| one.to_string())?;
    Ruleset::only(&[document]).map_err(|error| error.to_string())
}

/// Aliases of aliases would be two to the thirtieth entries.
#[test]
fn a_bomb_of_aliases_is_refused() {
    let mut text = String::from("a0: &a0 [x, x]\n");
    for level in 1..30 {
        let before = level - 1;
        text += &format!("a{level}: &a{level} [*a{before}, *a{before}]\n");
    }
    text += "symbols: *a29\n";
    assert!(rule(&text).is_err());
}

#[test]
fn a_pattern_that_would_be_huge_is_refused_and_bait_is_harmless() {
    let with = |pattern: &str| {
        format!(
            "id: bait\ntitle: Bait\nseverity: low\nconfidence: low\ntags: [security]\nmessage: bait\n\
             why: It is a test.\nwhat-to-do: Nothing.\nreferences: []\n\
             when:\n  payload: {{ kind: [source], pattern: '{pattern}' }}\n\
             examples:\n  match: []\n  no-match: []\n"
        )
    };
    let huge = rule(&with("((a{1000}){1000}){1000}"));
    assert!(huge.is_err());
    let ruleset = rule(&with("(a+)+$")).unwrap();
    let source = [
        b"cbuiltins\nexec\n(S'".to_vec(),
        b"a".repeat(100_000),
        b"b'\ntR.".to_vec(),
    ]
    .concat();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.pkl");
    fs::write(&path, source).unwrap();
    let options = Options::default();
    let report = scan::scan(&[path], &options, &ruleset, &Unobserved);
    let file = &report.files[0];
    assert!(!file.is_incomplete(), "{file:?}");
}
