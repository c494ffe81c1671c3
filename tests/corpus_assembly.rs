//! Samples of the corpus that are written as assembly: `X.pkt` is the source of `X.pkl`.
//!
//! A line `#! extension: EXT` at the top names another extension, or none where it is empty.
//! `BLESS=1` rewrites the binaries and the lines that say what CPython's readers do.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use std::fs;
use std::path::{Path, PathBuf};

use pickscan::pickle::ALL;
use pickscan::pickle::assembly::assemble;
use serde_json::Value;
use support::python_file;

/// What CPython's readers do with bytes; see its docstring.
const ORACLE: &str = "tests/oracle/oracle.py";

/// The CPython whose behaviour the corpus records: framing and integers differ in others.
const RECORDED: &str = "3.11";

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

fn bless() -> bool {
    std::env::var_os("BLESS").is_some_and(|value| value == "1")
}

/// Every file below a folder of the corpus that has the extension, in order.
fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = walkdir::WalkDir::new(corpus().join(folder))
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    found
}

fn twin(source: &Path, text: &str) -> PathBuf {
    let comments = text.lines().take_while(|line| line.starts_with('#'));
    let extension = comments
        .filter_map(|line| line.strip_prefix("#! extension:"))
        .next();
    source.with_extension(extension.map_or("pkl", str::trim))
}

fn built(source: &Path) -> Vec<u8> {
    let text = fs::read_to_string(source).unwrap();
    assemble(&text).unwrap_or_else(|error| panic!("{}: {error}", source.display()))
}

#[test]
fn binaries_are_what_their_texts_say() {
    let mut wrong = Vec::new();
    for source in files("", "pkt") {
        let twin = twin(&source, &fs::read_to_string(&source).unwrap());
        let bytes = built(&source);
        if bless() {
            fs::write(&twin, &bytes).unwrap();
        }
        match fs::read(&twin) {
            Ok(found) if found == bytes => {}
            Ok(_) => wrong.push(format!("{} differs from its text", twin.display())),
            Err(error) => wrong.push(format!("{}: {error}", twin.display())),
        }
    }
    assert!(
        wrong.is_empty(),
        "{}\nBLESS=1 rewrites them",
        wrong.join("\n")
    );
}

#[test]
fn no_binary_of_ours_is_without_its_text() {
    for folder in ["opcodes", "malformed", "malicious"] {
        for binary in files(folder, "pkl") {
            assert!(
                binary.with_extension("pkt").exists(),
                "{} has no text",
                binary.display()
            );
        }
    }
}

#[test]
fn every_text_opens_with_what_it_is() {
    for source in files("", "pkt") {
        let text = fs::read_to_string(&source).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.starts_with("# ") && first.ends_with('.'),
            "{}: {first}",
            source.display()
        );
    }
    for source in [files("opcodes", "pkt"), files("malformed", "pkt")].concat() {
        let text = fs::read_to_string(&source).unwrap();
        let first = text.lines().next().unwrap_or_default();
        assert!(
            first.contains(" Source: "),
            "{} names no source",
            source.display()
        );
    }
}

/// Asks the oracle about files; one object a file, in order.
fn ask(options: &[&str], samples: &[Vec<u8>]) -> Vec<Value> {
    let mut input = Vec::new();
    for sample in samples {
        input.extend_from_slice(&u32::try_from(sample.len()).unwrap().to_le_bytes());
        input.extend_from_slice(sample);
    }
    let output = String::from_utf8(python_file(ORACLE, options, &input)).unwrap();
    let output = without_surrogates(&output);
    let answers: Vec<Value> = output
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(answers.len(), samples.len());
    answers
}

/// Python writes lone surrogates as JSON escapes, which have no place in a Rust string: they become
/// text that looks like the escape.
fn without_surrogates(json: &str) -> String {
    let mut out = String::with_capacity(json.len());
    let mut rest = json;
    while let Some(at) = rest.find('\\') {
        let (before, escape) = rest.split_at(at);
        let (escape, behind) = escape.split_at(2);
        out.push_str(before);
        if escape == "\\u" && behind.starts_with(['d', 'D']) {
            out.push('\\');
        }
        out.push_str(escape);
        rest = behind;
    }
    out + rest
}

fn items(value: &Value) -> &[Value] {
    value.as_array().unwrap()
}

#[test]
fn every_opcode_has_a_sample_that_every_reader_loads() {
    let mut samples = Vec::new();
    for opcode in ALL {
        let name = opcode.name().to_lowercase().replace('_', "-");
        let source = corpus().join("opcodes").join(name).with_extension("pkt");
        let text = fs::read_to_string(&source)
            .unwrap_or_else(|error| panic!("{}: {error}", source.display()));
        let mut names = text.lines().map(|line| line.split(' ').next());
        let used = names.any(|name| name == Some(opcode.name()));
        assert!(used, "{} does not use {}", source.display(), opcode.name());
        samples.push(built(&source));
    }
    assert_eq!(files("opcodes", "pkt").len(), ALL.len());
    for (opcode, answer) in ALL.iter().zip(ask(&[], &samples)) {
        let runs = items(&answer["runs"]);
        assert_eq!(runs.len(), 4, "{answer}");
        let first = &runs[0]["streams"];
        assert_eq!(
            first[0]["end"]["kind"],
            "stop",
            "{}: {answer}",
            opcode.name()
        );
        for run in runs {
            assert_eq!(
                items(&run["streams"]).len(),
                1,
                "{}: {answer}",
                opcode.name()
            );
            assert_eq!(
                run["streams"][0]["end"],
                first[0]["end"],
                "{}",
                opcode.name()
            );
            assert_eq!(
                run["streams"][0]["events"],
                first[0]["events"],
                "{}",
                opcode.name()
            );
        }
    }
}

/// The line of a malformed sample that says what each reader of CPython 3.11 does with it: what it
/// imports, what happens then, and how each stream ends.
const READERS_LINE: &str = "# Readers: ";

#[test]
fn malformed_samples_say_what_each_reader_does() {
    let sources = files("malformed", "pkt");
    assert!(
        sources.len() >= 200,
        "only {} malformed samples",
        sources.len()
    );
    let samples: Vec<Vec<u8>> = sources.iter().map(|source| built(source)).collect();
    let answers = ask(&["--no-buffers"], &samples);
    if !answers[0]["python"].as_str().unwrap().starts_with(RECORDED) {
        eprintln!("not checked: the samples record what CPython {RECORDED} does");
        return;
    }
    for (source, answer) in sources.iter().zip(&answers) {
        let expected = format!("{READERS_LINE}{}", behaviour(answer));
        let text = fs::read_to_string(source).unwrap();
        let found = text.lines().find(|line| line.starts_with(READERS_LINE));
        if bless() && found != Some(&expected) {
            fs::write(source, with_readers(&text, &expected)).unwrap();
            continue;
        }
        let name = source.display();
        assert_eq!(
            found,
            Some(expected.as_str()),
            "{name}: BLESS=1 rewrites it"
        );
    }
}

fn with_readers(text: &str, line: &str) -> String {
    let lines = text.lines();
    let mut lines: Vec<&str> = lines.filter(|old| !old.starts_with(READERS_LINE)).collect();
    lines.insert(1, line);
    lines.join("\n") + "\n"
}

/// Readers that do the same are named together.
fn behaviour(answer: &Value) -> String {
    let mut groups: Vec<(String, Vec<&str>)> = Vec::new();
    for run in items(&answer["runs"]) {
        let reader = run["reader"].as_str().unwrap();
        let did = did(run);
        match groups.iter_mut().find(|(known, _)| *known == did) {
            Some((_, readers)) => readers.push(reader),
            None => groups.push((did, vec![reader])),
        }
    }
    if let [(did, _)] = groups.as_slice() {
        return format!("all: {did}");
    }
    let lines: Vec<String> = groups
        .iter()
        .map(|(did, readers)| format!("{}: {did}", readers.join(" ")))
        .collect();
    lines.join("; ")
}

fn did(run: &Value) -> String {
    if run["status"] != "done" {
        return run["status"].to_string();
    }
    let streams: Vec<String> = items(&run["streams"]).iter().map(stream).collect();
    streams.join(" | ")
}

fn stream(stream: &Value) -> String {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let imports = items(&stream["imports"]).iter().map(|import| {
        format!(
            "import {}.{}",
            text(&import["module"]),
            text(&import["name"])
        )
    });
    let events = items(&stream["events"])
        .iter()
        .map(|event| format!("{} {}", text(&event["kind"]), text(&event["target"])));
    // Not which exception: readers differ in that where they do not in anything else.
    let end = match text(&stream["end"]["kind"]).as_str() {
        "error" => "raise".to_owned(),
        other => other.to_owned(),
    };
    let mut runs: Vec<(String, usize)> = Vec::new();
    for happened in imports.chain(events).chain([end]) {
        match runs.last_mut() {
            Some((last, count)) if *last == happened => *count += 1,
            _ => runs.push((happened, 1)),
        }
    }
    let shown: Vec<String> = runs
        .iter()
        .map(|(happened, count)| match count {
            1 => printable(happened),
            _ => format!("{} x{count}", printable(happened)),
        })
        .collect();
    shown.join(", ")
}

/// A comment must not colour the terminal of whoever reviews it.
fn printable(text: &str) -> String {
    let plain = |character: char| (' '..='~').contains(&character);
    text.chars()
        .map(|character| match plain(character) {
            true => character.to_string(),
            false => character.escape_default().to_string(),
        })
        .collect()
}
