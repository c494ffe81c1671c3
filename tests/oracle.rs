//! CPython as the oracle: over the pickles of the corpus, what any of its readers asks for must be
//! known to pickscan, and nothing that breaks may be called clean.
//!
//! Generated streams are held against the same oracle in `laboratory`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    dead_code,
    reason = "a panic is how a test fails; the modules are the laboratory's"
)]

#[path = "laboratory/compare.rs"]
mod compare;
#[path = "laboratory/generate.rs"]
mod generate;
#[path = "laboratory/mutate.rs"]
mod mutate;
#[path = "laboratory/ours.rs"]
mod ours;
#[path = "laboratory/readers.rs"]
mod readers;
mod support;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ours::{Ours, ours, ours_knowing};
use pickscan::facts::End;
use pickscan::limits::Limits;
use pickscan::report::Verdict;
use pickscan::rules::Ruleset;
use pickscan::scan::{self, Options};
use pickscan::source::{FileSource, read_range};
use readers::{Answer, Interpreter};
use support::Random;

/// Longest member that is handed to the readers, in bytes.
const LONGEST: u64 = 16 << 20;

/// Streams that are scanned as files.
const SCANNED: usize = 1_500;

/// Where a pickle of the corpus is, and its bytes.
type Sample = (String, Vec<u8>);

/// Every pickle below a folder of the corpus, those inside containers too.
fn pickles(folder: &str) -> Vec<Sample> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("corpus")
        .join(folder);
    let entries = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter();
    let files = entries
        .map(Result::unwrap)
        .filter(|entry| entry.file_type().is_file());
    let made = |path: &PathBuf| {
        !path.extension().is_some_and(|found| {
            ["pkt", "md", "py", "csv", "json"]
                .iter()
                .any(|&text| found == text)
        })
    };
    let paths = files.map(walkdir::DirEntry::into_path).filter(made);
    paths.flat_map(|path| pickles_of(&path)).collect()
}

fn pickles_of(path: &Path) -> Vec<Sample> {
    let source = Arc::new(FileSource::open(path).unwrap());
    let (members, _) = scan::pickles(source, &Limits::default());
    let read = |member: scan::PickleMember| {
        let length = member
            .source
            .len()
            .saturating_sub(member.start)
            .min(LONGEST);
        let bytes = read_range(member.source.as_ref(), member.start, length as usize).unwrap();
        (
            format!("{} {:?} at {}", path.display(), member.path, member.start),
            bytes,
        )
    };
    members.into_iter().map(read).collect()
}

fn ask(interpreter: &mut Interpreter, samples: &[Sample]) -> Vec<Answer> {
    let inputs: Vec<Vec<u8>> = samples.iter().map(|(_, bytes)| bytes.clone()).collect();
    interpreter.ask(&inputs)
}

#[test]
fn no_reader_of_the_corpus_knows_more_than_pickscan() {
    let mut interpreter = Interpreter::default();
    let samples = pickles("");
    assert!(samples.len() > 500, "only {} pickles", samples.len());
    let answers = ask(&mut interpreter, &samples);
    let mut wrong = Vec::new();
    for ((name, bytes), answer) in samples.iter().zip(&answers) {
        let mut missing = compare::missing(&ours(bytes), answer, &interpreter);
        let modelled = ours_knowing(bytes, Ruleset::builtin());
        let imports = answer
            .imports
            .iter()
            .filter(|asked| !modelled.has_import(asked));
        missing.extend(imports.map(|asked| format!("with models, {asked:?}")));
        if !missing.is_empty() {
            wrong.push(format!(
                "{name}: {}\n{}",
                missing.join("; "),
                compare::listing(bytes)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// The converse, on honest files: nothing is said to be imported that no reader imports. Files that
/// no plain unpickler reads to the end (joblib's arrays stand between opcodes) say nothing here.
#[test]
fn nothing_is_made_up_about_honest_files() {
    let mut interpreter = Interpreter::default();
    let samples = pickles("benign");
    let answers = ask(&mut interpreter, &samples);
    let mut wrong = Vec::new();
    let mut checked = 0;
    for ((name, bytes), answer) in samples.iter().zip(&answers) {
        if reaches_stop(answer) {
            checked += 1;
            let surplus = compare::surplus(&ours(bytes), &[answer]);
            wrong.extend(
                surplus
                    .into_iter()
                    .map(|symbol| format!("{name}: {symbol}")),
            );
        }
    }
    assert!(checked > 100, "only {checked} honest pickles");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn reaches_stop(answer: &Answer) -> bool {
    let outcomes = answer.outcomes.as_ref();
    outcomes.is_some_and(|runs| runs.iter().any(|run| run.starts_with('s')))
}

/// What a scan of files says about generated streams, against what readers do with them.
#[test]
fn what_breaks_is_never_clean_and_what_ran_is_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = Random::new(77);
    let inputs: Vec<Vec<u8>> = (0..SCANNED)
        .map(|_| mutate::input(&mut random, &[]))
        .collect();
    for (index, bytes) in inputs.iter().enumerate() {
        fs::write(folder.path().join(format!("{index:05}")), bytes).unwrap();
    }
    let options = Options::default();
    let report = scan::scan(
        &[folder.path().to_path_buf()],
        &options,
        Ruleset::builtin(),
        &scan::Unobserved,
    );
    let answers = Interpreter::default().ask(&inputs);
    assert_eq!(report.files.len(), inputs.len());
    let (mut broken, mut disagreeing) = (0, 0);
    for ((file, bytes), answer) in report.files.iter().zip(&inputs).zip(&answers) {
        let known: Ours = ours(bytes);
        let verdict = file.verdict();
        let shown = compare::listing(bytes);
        if known.ends.first() != Some(&End::Stop) {
            broken += 1;
            assert_ne!(verdict, Verdict::Clean, "{}\n{shown}", bytes.escape_ascii());
        }
        if answer
            .imports
            .iter()
            .any(|asked| asked.module == b"os" && asked.name == b"system")
        {
            assert_eq!(
                verdict,
                Verdict::Dangerous,
                "{}\n{shown}",
                bytes.escape_ascii()
            );
        }
        // Lines of text may look like a lone GLOBAL.
        let is_text = bytes.iter().all(|byte| matches!(byte, b'\n' | b' '..=b'~'));
        if disagree(answer) && !is_text {
            disagreeing += 1;
            assert!(
                verdict >= Verdict::Unfamiliar,
                "{verdict:?} {}\n{shown}",
                bytes.escape_ascii()
            );
        }
    }
    assert!(broken > SCANNED / 10, "only {broken} streams broke");
    assert!(
        disagreeing > 10,
        "readers disagree on {disagreeing} streams"
    );
}

/// Whether readers of the bytes, all with the same encoding and a memo of their own, import
/// different things.
fn disagree(answer: &Answer) -> bool {
    const PLAIN_RUNS: u32 = 0b11_1111;
    let Some(outcomes) = &answer.outcomes else {
        return false;
    };
    // A real reader raises where it imports such a name, and the file may well be no pickle.
    let odd = |name: &[u8]| name.is_empty() || name.iter().any(u8::is_ascii_control);
    if answer
        .imports
        .iter()
        .any(|asked| odd(&asked.module) || odd(&asked.name))
    {
        return false;
    }
    let ran = outcomes.iter().enumerate().filter(|(_, run)| *run != "-");
    let ran = ran.fold(0, |mask, (bit, _)| mask | 1 << bit) & PLAIN_RUNS;
    let mut imports: std::collections::BTreeMap<(&[u8], &[u8]), u32> =
        std::collections::BTreeMap::new();
    for asked in &answer.imports {
        *imports.entry((&asked.module, &asked.name)).or_default() |= asked.runs;
    }
    imports
        .values()
        .any(|runs| runs & PLAIN_RUNS != 0 && runs & ran != ran)
}
