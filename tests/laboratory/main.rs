//! The differential laboratory: pickscan against every CPython of the machine.
//!
//! A stream that some reader reads must not hold an import or a call that pickscan does not report.
//! Streams are generated from a seed; a difference is made as small as it goes and written down as
//! assembly, to become a sample of the corpus. `docs/LABORATORY.md` says how to run it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a panic is how a test fails, and the laboratory talks to whoever runs it"
)]

mod compare;
mod generate;
mod mutate;
mod ours;
mod readers;
mod shrink;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use ours::{Ours, ours};
use pickscan::facts::End;
use pickscan::pickle::assembly::disassemble;
use readers::{Answer, Interpreter};
use support::Random;

/// Streams that are asked about at once.
const BATCH: usize = 2000;

/// Differences after which a run stops: they are mostly one.
const ENOUGH: usize = 12;

/// Bytes of a name that is counted.
const LONGEST_NAME: usize = 60;

/// Streams of the run in the test suite.
const SHORT_RUN: usize = 20_000;

#[test]
fn no_reader_knows_more_than_pickscan() {
    let mut laboratory = Laboratory::new(vec![Interpreter::default()]);
    laboratory.run(1, SHORT_RUN);
    laboratory.conclude();
}

/// `PICKSCAN_LAB_STREAMS` streams from `PICKSCAN_LAB_SEED` on under every CPython, or the files
/// that `PICKSCAN_LAB_FILES` names (a folder, or paths separated by colons). A run that was cut
/// short goes on with `PICKSCAN_LAB_FROM`, a multiple of the batch. Inputs of which pickscan reports
/// an import that no reader performs are written to the folder `PICKSCAN_LAB_KEEP`.
#[test]
#[ignore = "long; docs/LABORATORY.md has the command"]
fn laboratory() {
    let mut laboratory = Laboratory::new(Interpreter::all());
    match std::env::var_os("PICKSCAN_LAB_FILES") {
        Some(files) => laboratory.files(&std::env::split_paths(&files).collect::<Vec<_>>()),
        None => laboratory.run(
            number("PICKSCAN_LAB_SEED", 1) as u64,
            number("PICKSCAN_LAB_STREAMS", 100_000),
        ),
    }
    laboratory.conclude();
}

fn number(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |value| value.parse().expect("a number"))
}

struct Laboratory {
    interpreters: Vec<Interpreter>,
    tally: BTreeMap<String, u64>,
    surplus: BTreeMap<String, u64>,
    inputs: u64,
    differences: Vec<String>,
    started: Instant,
}

impl Laboratory {
    fn new(interpreters: Vec<Interpreter>) -> Self {
        let versions: Vec<&str> = interpreters
            .iter()
            .map(|one| one.version.as_str())
            .collect();
        println!("readers of CPython {}", versions.join(", "));
        Self {
            interpreters,
            tally: BTreeMap::new(),
            surplus: BTreeMap::new(),
            inputs: 0,
            differences: Vec::new(),
            started: Instant::now(),
        }
    }

    /// Generated streams: each batch has a seed of its own, so that any part can be run again.
    fn run(&mut self, seed: u64, streams: usize) {
        let corpus = corpus();
        let mut done = number("PICKSCAN_LAB_FROM", 0);
        while done < streams && self.differences.len() < ENOUGH {
            let count = BATCH.min(streams - done);
            let mut random = Random::new(seed.wrapping_mul(1 << 24).wrapping_add(done as u64));
            let inputs: Vec<Vec<u8>> = (0..count)
                .map(|_| mutate::input(&mut random, &corpus))
                .collect();
            self.check(&inputs);
            done += count;
            if done.is_multiple_of(50 * BATCH) {
                self.report_progress();
            }
        }
    }

    fn files(&mut self, paths: &[PathBuf]) {
        let entries = paths
            .iter()
            .flat_map(walkdir::WalkDir::new)
            .map(Result::unwrap);
        let files = entries.filter(|entry| entry.file_type().is_file());
        let inputs: Vec<Vec<u8>> = files
            .map(|entry| std::fs::read(entry.path()).unwrap())
            .collect();
        for batch in inputs.chunks(BATCH) {
            self.check(batch);
        }
    }

    /// Asks every interpreter and pickscan about the inputs, and compares.
    fn check(&mut self, inputs: &[Vec<u8>]) {
        let (answers, known) = std::thread::scope(|scope| {
            let asked: Vec<_> = self
                .interpreters
                .iter_mut()
                .map(|interpreter| scope.spawn(|| interpreter.ask(inputs)))
                .collect();
            let known: Vec<Ours> = inputs.iter().map(|bytes| ours(bytes)).collect();
            let answers: Vec<Vec<Answer>> = asked
                .into_iter()
                .map(|asked| asked.join().unwrap())
                .collect();
            (answers, known)
        });
        for (index, known) in known.iter().enumerate() {
            let answers: Vec<&Answer> = answers.iter().map(|answers| &answers[index]).collect();
            if self.count(known, &answers)
                && let Some(folder) = std::env::var_os("PICKSCAN_LAB_KEEP")
            {
                let name = format!("{:07}.pkl", self.inputs);
                std::fs::write(PathBuf::from(folder).join(name), &inputs[index]).unwrap();
            }
            for (number, answer) in answers.iter().enumerate() {
                let missing = compare::missing(known, answer, &self.interpreters[number]);
                if !missing.is_empty() && self.differences.len() < ENOUGH {
                    self.difference(number, &inputs[index], &missing);
                    break;
                }
            }
        }
    }

    /// Counts what became of an input. Whether pickscan reports an import that no reader performs.
    fn count(&mut self, known: &Ours, answers: &[&Answer]) -> bool {
        self.inputs += 1;
        let outcomes: Vec<&Vec<String>> = answers
            .iter()
            .filter_map(|answer| answer.outcomes.as_ref())
            .collect();
        let mut runs = outcomes
            .iter()
            .flat_map(|runs| runs.iter())
            .filter(|run| *run != "-");
        let stopped = runs.clone().any(|run| run.starts_with('s'));
        let failed = runs.any(|run| run.starts_with('e'));
        let theirs = match (stopped, failed) {
            (true, false) => "every reader reaches STOP",
            (false, true) => "every reader raises",
            _ => "some readers reach STOP and others raise",
        };
        let mut add = |name: &str| *self.tally.entry(name.to_owned()).or_default() += 1;
        add(theirs);
        if outcomes.len() < answers.len() {
            add("an interpreter died or took too long");
        }
        if known.readings > 0 {
            add("pickscan follows further readings");
        }
        if known.limited {
            add("pickscan reaches a limit");
        }
        if answers.iter().any(|answer| !answer.imports.is_empty()) {
            add("something is imported");
        }
        if known.unknown {
            add("pickscan meets a name or a callable it does not know");
        }
        let broken = known.ends.iter().any(|end| *end != End::Stop);
        if !broken && !stopped {
            add("pickscan reaches STOP, no reader does");
        }
        let surplus = compare::surplus(known, answers);
        if !surplus.is_empty() {
            add("pickscan reports an import that no reader performs");
            for mut symbol in surplus {
                // Pieces of real files make names of many kilobytes, and a run makes thousands.
                symbol.truncate(symbol.floor_char_boundary(LONGEST_NAME));
                *self.surplus.entry(symbol).or_default() += 1;
            }
            return true;
        }
        false
    }

    fn difference(&mut self, interpreter: usize, input: &[u8], missing: &[String]) {
        let interpreter = &mut self.interpreters[interpreter];
        let smallest = shrink::shrink(input, |candidates| {
            let answers = interpreter.ask(candidates);
            let pairs = candidates.iter().zip(&answers);
            pairs
                .map(|(bytes, answer)| {
                    !compare::missing(&ours(bytes), answer, interpreter).is_empty()
                })
                .collect()
        });
        let answer = interpreter.ask(std::slice::from_ref(&smallest));
        let still = compare::missing(&ours(&smallest), &answer[0], interpreter);
        let text = format!(
            "# Missing: {}.\n# Of {} bytes: {}\n# {}\n{}",
            still.join("; "),
            input.len(),
            missing.join("; "),
            smallest.escape_ascii(),
            disassemble(&smallest),
        );
        println!("{text}\n{}", compare::listing(&smallest));
        let folder = folder();
        std::fs::create_dir_all(&folder).unwrap();
        let number = self.differences.len();
        std::fs::write(folder.join(format!("difference-{number}.pkt")), &text).unwrap();
        std::fs::write(folder.join(format!("difference-{number}.whole")), input).unwrap();
        self.differences.push(text);
    }

    fn report_progress(&self) {
        let seconds = self.started.elapsed().as_secs_f64();
        let rate = self.inputs as f64 / seconds;
        println!(
            "{} streams in {seconds:.0} s ({rate:.0}/s), {} differences",
            self.inputs,
            self.differences.len()
        );
    }

    /// Prints the figures, and fails where a reader knew more.
    fn conclude(self) {
        self.report_progress();
        for (outcome, count) in &self.tally {
            println!("{count:>10} {outcome}");
        }
        let mut surplus: Vec<_> = self.surplus.into_iter().collect();
        surplus.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        for (symbol, count) in surplus.iter().take(20) {
            println!("{count:>10} surplus: {symbol}");
        }
        assert!(
            self.differences.is_empty(),
            "{} differences, in {}:\n{}",
            self.differences.len(),
            folder().display(),
            self.differences.join("\n")
        );
    }
}

/// Where differences are written.
fn folder() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_TMPDIR").map(PathBuf::from);
    target
        .unwrap_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")))
        .join("laboratory")
}

/// Pickles of the corpus, to take pieces from.
fn corpus() -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let entries = walkdir::WalkDir::new(folder)
        .sort_by_file_name()
        .into_iter()
        .map(Result::unwrap);
    let small = |entry: &walkdir::DirEntry| {
        entry.file_type().is_file()
            && entry.path().extension().is_none_or(|extension| {
                extension != "pkt" && extension != "md" && extension != "py"
            })
            && entry.metadata().unwrap().len() < 20_000
    };
    entries
        .filter(small)
        .map(|entry| std::fs::read(entry.path()).unwrap())
        .collect()
}
