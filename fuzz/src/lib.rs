//! What the fuzz targets do with bytes, and what must hold for any bytes at all.
//!
//! `tests/fuzz_smoke.rs` includes this file and runs the same on the corpus and on mutations of it,
//! with stable Rust.

use std::{fs, path::PathBuf, sync::Arc};

use pickscan::{
    container::{self, Budget, FORMATS, Member, Opened, Sniffed},
    facts::{End, Facts},
    limits::Limits,
    machine::Readings,
    output::{self, Format, Rendering},
    pickle::{
        Decoder, Opcode, Operand,
        assembly::{assemble, disassemble},
        disasm,
    },
    report::{FileReport, NoticeKind, Report, Verdict},
    rules::{Ruleset, Trust, load::Document},
    scan::{self, Options, Unobserved},
    source::{MemorySource, Source},
};

/// A target: its name and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// Every target.
pub const TARGETS: &[Target] = &[
    ("decode", decode),
    ("machine", machine),
    ("assembly", assembly),
    ("wrappers", wrappers),
    ("zip", zip),
    ("tar", tar),
    ("npy", npy),
    ("containers", containers),
    ("rules", rules),
    ("config", config),
    ("scan", scan),
    ("jobs", jobs),
];

/// Small enough for thousands of inputs a second, and small enough to be reached.
pub fn small_limits() -> Limits {
    Limits {
        stack: 1 << 16,
        memo: 1 << 16,
        events: 1 << 10,
        nodes: 1 << 16,
        payload: 1 << 16,
        computed: 1 << 16,
        model_steps: 1 << 12,
        streams: 64,
        members: 64,
        depth: 6,
        inflated: 1 << 20,
        resident: 1 << 19,
        findings: 50,
        seconds: 20,
        ..Limits::default()
    }
}

fn in_memory(data: &[u8]) -> Arc<dyn Source> {
    Arc::new(MemorySource::new(data.to_vec()))
}

/// Instructions follow one another without gaps, and end.
pub fn decode(data: &[u8]) {
    let source = MemorySource::new(data.to_vec());
    let mut decoder = Decoder::new(&source, 0);
    let mut expected = 0;
    while let Ok(instruction) = decoder.advance() {
        assert_eq!(instruction.offset, expected);
        assert!(instruction.next > instruction.offset);
        assert!(instruction.next <= data.len() as u64);
        assert_eq!(
            opcode_at(data, instruction.offset),
            Some(instruction.opcode)
        );
        let inside = |span: pickscan::pickle::Span| {
            assert!(span.start > instruction.offset && span.end() <= instruction.next);
        };
        match instruction.operand {
            Operand::Span(span) => inside(span),
            Operand::Spans(one, other) => {
                inside(one);
                inside(other);
            }
            _ => {}
        }
        expected = instruction.next;
    }
    assert_eq!(decoder.position(), expected);
}

fn opcode_at(data: &[u8], offset: u64) -> Option<Opcode> {
    let index = usize::try_from(offset).ok()?;
    Opcode::from_byte(*data.get(index)?)
}

/// Every fact has a place, and the instruction of the fact stands there.
pub fn machine(data: &[u8]) {
    let source = MemorySource::new(data.to_vec());
    let limits = small_limits().starting_now();
    let mut readings = Readings::new(&source, Ruleset::builtin(), &limits);
    let mut offset = 0;
    for _ in 0..8 {
        let reading = readings.stream(offset);
        check_facts(&reading.first, data, &limits);
        for other in reading.others.iter().chain(&reading.shared) {
            check_facts(other, data, &limits);
        }
        let judgement = Ruleset::builtin().evaluate(&reading.first);
        assert_eq!(judgement.imports.len(), reading.first.imports.len());
        match reading.continues.first() {
            Some(&next) if next > offset && next < data.len() as u64 => offset = next,
            _ => break,
        }
    }
}

fn check_facts(facts: &Facts, data: &[u8], limits: &Limits) {
    assert!(facts.imports.len() <= limits.events);
    assert!(facts.calls.len() <= limits.events);
    assert!(facts.changes.len() <= limits.events);
    assert_eq!(facts.end == End::Stop, facts.end_reason.is_none());
    for import in &facts.imports {
        let opcode = opcode_at(data, import.place.offset);
        assert_eq!(opcode.map(Opcode::name), Some(import.place.opcode));
        let importing = [Opcode::Global, Opcode::Inst, Opcode::StackGlobal];
        let calling = [
            Opcode::Reduce,
            Opcode::Obj,
            Opcode::Newobj,
            Opcode::NewobjEx,
            Opcode::Build,
            Opcode::Inst,
        ];
        let expected: &[Opcode] = if import.resolved {
            &calling
        } else {
            &importing
        };
        assert!(
            opcode.is_some_and(|opcode| expected.contains(&opcode)),
            "{import:?}"
        );
        let longest = import.symbol.as_ref().map_or(0, |symbol| symbol.name.len());
        assert!(longest <= limits.name);
    }
    for place in facts.calls.iter().map(|call| call.place) {
        assert_eq!(
            opcode_at(data, place.offset).map(Opcode::name),
            Some(place.opcode)
        );
    }
}

/// Bytes become text and the same bytes again; and any text is refused or becomes bytes that do.
pub fn assembly(data: &[u8]) {
    let text = disassemble(data);
    assert!(text.is_ascii());
    assert_eq!(assemble(&text).as_deref(), Ok(data));
    let mut listing = Vec::new();
    let listed = disasm::list(&MemorySource::new(data.to_vec()), 0, &mut listing);
    assert!(listed.is_ok());
    // A short text can ask for a long run: that is its author's wish, and no input of a scan.
    if let Ok(text) = std::str::from_utf8(data)
        && !text.contains('*')
        && !text.contains("REPEAT")
        && let Ok(bytes) = assemble(text)
    {
        assert_eq!(
            assemble(&disassemble(&bytes)).as_deref(),
            Ok(bytes.as_slice())
        );
    }
}

/// Opens bytes as one of the formats, whatever they look like.
fn open_as(names: &[&str], data: &[u8]) {
    let limits = small_limits().starting_now();
    for format in FORMATS.iter().filter(|format| names.contains(&format.name)) {
        let source = in_memory(data);
        let member = Member::input(Arc::clone(&source));
        let mut budget = Budget::new(&limits);
        let mut members = 0;
        let outcome = format.open(&member, &source, &mut budget, &mut |opened| {
            if let Opened::Explained(span) = &opened {
                assert!(span.end() <= source.len());
            }
            members += usize::from(matches!(opened, Opened::Member(_)));
        });
        assert!(outcome.is_ok(), "memory can always be read");
        assert!(members <= limits.members);
    }
}

/// gzip, zlib, bzip2, xz, lzma and joblib's first format. The first byte says which.
pub fn wrappers(data: &[u8]) {
    const NAMES: [&str; 6] = ["gzip", "zlib", "bzip2", "xz", "lzma", "joblib-zfile"];
    let Some((&first, rest)) = data.split_first() else {
        return;
    };
    let name = NAMES[usize::from(first) % NAMES.len()];
    assert!(FORMATS.iter().any(|format| format.name == name), "{name}");
    open_as(&[name], rest);
    walk(rest);
}

/// Zip archives.
pub fn zip(data: &[u8]) {
    open_as(&["zip"], data);
    walk(data);
}

/// Tar archives.
pub fn tar(data: &[u8]) {
    open_as(&["tar"], data);
    walk(data);
}

/// numpy's files.
pub fn npy(data: &[u8]) {
    open_as(&["npy"], data);
    walk(data);
}

/// Whatever the bytes look like, with everything inside.
pub fn containers(data: &[u8]) {
    walk(data);
}

fn walk(data: &[u8]) {
    let limits = small_limits().starting_now();
    let mut budget = Budget::new(&limits);
    let mut work = vec![Member::input(in_memory(data))];
    let mut looked_at = 0;
    while let Some(member) = work.pop() {
        looked_at += 1;
        assert!(looked_at <= limits.members + 1);
        assert!(member.path.len() <= limits.depth);
        let mut emit = |opened| {
            if let Opened::Member(member) = opened {
                work.push(member);
            }
        };
        let Ok(look) = container::look(&member, &mut budget, &mut emit) else {
            continue;
        };
        assert!(!look.readings.is_empty());
        for reading in look.readings {
            if let Sniffed::Container(format) = reading {
                // Going back in what was decompressed may reach the limit.
                let _ = format.open(&member, &look.source, &mut budget, &mut emit);
            }
        }
    }
}

/// Rules in YAML: refused with a reason, or usable.
pub fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match Document::parse(&PathBuf::from("rules.yml"), text) {
        Err(problem) => assert!(!problem.message.is_empty()),
        Ok(document) => {
            if let Ok(ruleset) = Ruleset::only(&[document]) {
                let source = in_memory(b"\x80\x02cos\ngetpid\n)R.");
                scan::scan_source("a".into(), source, &options(), &ruleset);
            }
        }
    }
}

/// Configurations: refused with a reason, or usable.
pub fn config(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    for name in ["pickscan.toml", "pyproject.toml"] {
        let path = folder.path().join(name);
        if fs::write(&path, data).is_ok()
            && let Err(error) = pickscan::config::load(&path)
        {
            assert!(!error.to_string().is_empty());
        }
    }
}

fn options() -> Options {
    Options {
        limits: small_limits(),
        jobs: 1,
        ..Options::default()
    }
}

/// Everything at once: what a user runs.
pub fn scan(data: &[u8]) {
    let report = scan_once(data);
    let again = scan::scan_source("a".into(), in_memory(data), &options(), Ruleset::builtin());
    assert_eq!(json(&report), json(&again));
}

/// As [`scan`], without doing it again.
pub fn scan_once(data: &[u8]) -> Report {
    let report = scan::scan_source("a".into(), in_memory(data), &options(), Ruleset::builtin());
    let [file] = report.files.as_slice() else {
        panic!("one input has one report");
    };
    check_file(file, data);
    report
}

/// What holds for the report of any input.
pub fn check_file(file: &FileReport, data: &[u8]) {
    let limits = small_limits();
    assert!(
        file.notices
            .iter()
            .all(|notice| notice.kind != NoticeKind::Panic),
        "{file:?}"
    );
    assert!(file.findings.len() <= limits.findings);
    let verdict = file.verdict();
    assert!(verdict != Verdict::Clean || !file.is_incomplete());
    assert!(verdict != Verdict::Skipped || file.streams.is_empty());
    for stream in &file.streams {
        if verdict == Verdict::Clean {
            let trusted = |import: &pickscan::report::ImportReport| import.trust == Trust::Trusted;
            assert!(stream.imports.iter().all(trusted), "{stream:?}");
        }
        // Other readers may take pieces of the input in an order of their own.
        if stream.member.is_input() && stream.reader.is_none() {
            let end = stream.offset.saturating_add(stream.length);
            assert!(end <= data.len() as u64, "{stream:?}");
        }
    }
    if verdict == Verdict::Clean && matches!(data, [0x80, ..]) {
        check_names(file, data);
    }
}

/// What a pickle of a clean file names in so many words is among the imports of the report.
fn check_names(file: &FileReport, data: &[u8]) {
    let source = MemorySource::new(data.to_vec());
    let mut decoder = Decoder::new(&source, 0);
    let imports: Vec<_> = file
        .streams
        .iter()
        .flat_map(|stream| &stream.imports)
        .collect();
    while let Ok(instruction) = decoder.advance() {
        if let (Opcode::Global, Operand::Spans(..)) = (instruction.opcode, instruction.operand) {
            let known = imports
                .iter()
                .any(|import| import.place.offset == instruction.offset);
            assert!(known, "the import at {} is missing", instruction.offset);
        }
        // Bytes that a joblib wrapper skips are no instructions.
        if matches!(
            instruction.opcode,
            Opcode::Stop | Opcode::Build | Opcode::Frame
        ) {
            return;
        }
    }
}

/// Several files, by one job and by several: the same report in every format.
pub fn jobs(data: &[u8]) {
    let Ok(folder) = tempfile::tempdir() else {
        return;
    };
    let parts = data.chunks(data.len() / 5 + 1);
    for (number, part) in parts.enumerate() {
        if fs::write(folder.path().join(format!("{number}.pkl")), part).is_err() {
            return;
        }
    }
    let scan = |jobs| {
        let options = Options { jobs, ..options() };
        let paths = [folder.path().to_owned()];
        scan::scan(&paths, &options, Ruleset::builtin(), &Unobserved)
    };
    let (alone, together) = (scan(1), scan(3));
    assert_eq!(json(&alone), json(&together));
    for format in [Format::Sarif, Format::Text] {
        assert_eq!(written(&alone, format), written(&together, format));
    }
}

fn json(report: &Report) -> Vec<u8> {
    written(report, Format::Json)
}

fn written(report: &Report, format: Format) -> Vec<u8> {
    let mut out = Vec::new();
    let rendering = Rendering {
        format,
        ..Rendering::default()
    };
    let outcome = output::write(report, rendering, &mut out);
    assert!(outcome.is_ok());
    out
}
