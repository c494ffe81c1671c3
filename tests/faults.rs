//! Every way in which a scan can end early: docs/FAULTS.md has one row for each test here.
//!
//! Whatever happens, the verdict is `incomplete` or worse, the exit status 2 (1 with findings), and
//! what was found before is kept.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]
#![cfg(all(feature = "cli", unix))]

mod support;

use std::{
    ffi::OsStr,
    fs,
    io::{self, BufRead, Read, Write},
    os::unix::{
        ffi::OsStrExt,
        fs::{PermissionsExt, symlink},
    },
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use pickscan::{
    limits::Limits,
    report::{FileReport, NoticeKind, Report, Threshold, Verdict},
    rules::Ruleset,
    scan::{self, Options, Unobserved},
    source::{MemorySource, Source},
};
use support::{folder, pickscan as run};
use tempfile::TempDir;

const PICKSCAN: &str = env!("CARGO_BIN_EXE_pickscan");

/// `os.system("id")` in protocol 0, without the STOP behind it.
const EVIL: &[u8] = b"cos\nsystem\n(S'id'\ntR";

fn scan_with(bytes: &[u8], limits: Limits) -> Report {
    let folder = folder(&[("a.bin", bytes)]);
    let options = Options {
        limits,
        jobs: 1,
        ..Options::default()
    };
    let paths = [folder.path().to_owned()];
    scan::scan(&paths, &options, Ruleset::builtin(), &Unobserved)
}

fn only(report: &Report) -> &FileReport {
    assert_eq!(report.files.len(), 1);
    &report.files[0]
}

/// Everything that is said about why the input is incomplete.
fn reasons(file: &FileReport) -> String {
    let notices = file.notices.iter().map(|notice| notice.message.clone());
    let ends = file.streams.iter().filter_map(|s| s.end_reason.clone());
    notices.chain(ends).collect::<Vec<_>>().join("; ")
}

/// The scan ended early, for that reason; what was found before is kept, and both are told by the
/// exit status.
fn assert_kept(report: &Report, reason: &str) {
    let file = only(report);
    assert!(reasons(file).contains(reason), "{}", reasons(file));
    assert!(file.is_incomplete(), "{reason}: {file:?}");
    assert_eq!(file.verdict(), Verdict::Dangerous, "{reason}: {file:?}");
    assert_eq!(report.exit_code(Threshold::Suspicious), 1, "{reason}");
    assert_eq!(report.exit_code(Threshold::Never), 2, "{reason}");
}

/// The scan ended early, for that reason, before there was anything to find.
fn assert_incomplete(report: &Report, reason: &str) {
    let file = only(report);
    assert!(reasons(file).contains(reason), "{}", reasons(file));
    assert_eq!(file.verdict(), Verdict::Incomplete, "{reason}: {file:?}");
    assert_eq!(report.exit_code(Threshold::Suspicious), 2, "{reason}");
    assert_eq!(report.exit_code(Threshold::Never), 2, "{reason}");
}

/// One row of the table of limits.
struct Row {
    limit: &'static str,
    value: u64,
    input: Vec<u8>,
    reason: &'static str,
}

fn row(limit: &'static str, value: u64, input: Vec<u8>, reason: &'static str) -> Row {
    Row {
        limit,
        value,
        input,
        reason,
    }
}

fn limits_with(name: &str, value: u64) -> Limits {
    let mut table = serde_json::to_value(Limits::default()).unwrap();
    assert!(table.get(name).is_some(), "{name}");
    table[name] = value.into();
    // A small bomb is one only if nothing is small enough to be harmless.
    if ["ratio", "work"].contains(&name) {
        table[format!("{name}-floor")] = 0.into();
    }
    serde_json::from_value(table).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn behind_evil(rest: &[u8]) -> Vec<u8> {
    [EVIL, b"0", rest].concat()
}

/// A tar of files that hold the same.
fn tar(members: usize, content: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    for number in 0..members {
        let mut header = [0; 512];
        let name = format!("{number}.pkl");
        header[..name.len()].copy_from_slice(name.as_bytes());
        header[100..107].copy_from_slice(b"0000644");
        header[124..135].copy_from_slice(format!("{:011o}", content.len()).as_bytes());
        header[156] = b'0';
        header[257..265].copy_from_slice(b"ustar\x0000");
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|&byte| u32::from(byte)).sum();
        header[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
        all.extend(header);
        all.extend(content);
        all.resize(all.len().next_multiple_of(512), 0);
    }
    all.extend([0; 1024]);
    all
}

/// Calls of `functools.partial` around each other: each call of the last one calls all of them.
fn nested_partials(count: usize) -> Vec<u8> {
    let mut pickle = b"cfunctools\npartial\nq\x000cos\nsystem\n".to_vec();
    for _ in 0..count {
        pickle.extend(b"q\x010h\x00h\x01N\x86R");
    }
    pickle.extend(b"q\x01");
    pickle.extend(b"h\x01)R0".repeat(20));
    pickle.push(b'.');
    pickle
}

/// Calls with a tuple of 64 references to a tuple of 64 references to …
fn unfolding_calls() -> Vec<u8> {
    let mut rest = b"(".to_vec();
    rest.extend(b"N".repeat(64));
    rest.extend(b"tq\x00");
    for level in 0..4 {
        rest.extend(b"0(");
        rest.extend([b'h', level].repeat(64));
        rest.extend([b't', b'q', level + 1]);
    }
    rest.extend(b"0cfoo\nbar\nq\x050");
    rest.extend(b"h\x05h\x04\x85R0".repeat(50));
    rest.extend(b"N.");
    behind_evil(&rest)
}

fn rows() -> Vec<Row> {
    let many = b"N".repeat(100);
    let evil = [EVIL, b"."].concat();
    let payload = [b"B\x00\x00\x10\x00", &b"\0".repeat(1 << 20)[..], b"."].concat();
    let zeros = behind_evil(&payload);
    vec![
        row("stack", 50, behind_evil(&many), "limit `stack`"),
        row(
            "memo",
            50,
            behind_evil(&b"N\x94".repeat(100)),
            "limit `memo`",
        ),
        row(
            "events",
            5,
            behind_evil(&b"cos\nsystem\n0".repeat(9)),
            "limit `events`",
        ),
        row("nodes", 50, behind_evil(&b"]".repeat(100)), "limit `nodes`"),
        row("model-steps", 5, nested_partials(8), "limit `model-steps`"),
        row(
            "streams",
            5,
            [EVIL, &b".N".repeat(20), b"."].concat(),
            "more than 5 pickles",
        ),
        row("members", 5, tar(10, &evil), "more than 5 members"),
        row(
            "depth",
            2,
            [&evil[..], &gzip(&gzip(&gzip(&evil)))].concat(),
            "more than 2 deep",
        ),
        row("inflated", 9_000, gzip(&zeros), "more than 9000 bytes"),
        row("ratio", 10, gzip(&zeros), "more than 10 bytes for each"),
        row("work", 50, unfolding_calls(), "more than 50 units of work"),
        row("seconds", 0, [EVIL, b"."].concat(), "more than 0 seconds"),
    ]
}

/// Limits that do not end a scan: what lies beyond them is treated as unknown, is computed again,
/// or is left out of the report, which says so. Each has its own test below or where it is used.
const NOT_ENDING: [&str; 9] = [
    "name",
    "text",
    "payload",
    "computed",
    "ratio-floor",
    "work-floor",
    "resident",
    "stdin",
    "findings",
];

/// Limits of one room, reached by its own tests.
const ELSEWHERE: [&str; 1] = ["searched"];

#[test]
fn every_limit_is_reached_and_fails_closed() {
    for row in rows() {
        let report = scan_with(&row.input, limits_with(row.limit, row.value));
        if row.limit == "seconds" {
            // There was no time to find anything.
            assert_incomplete(&report, row.reason);
        } else {
            assert_kept(&report, row.reason);
        }
    }
}

#[test]
fn no_limit_lacks_a_row() {
    let table = serde_json::to_value(Limits::default()).unwrap();
    let rows: Vec<&str> = rows().iter().map(|row| row.limit).collect();
    for name in table.as_object().unwrap().keys() {
        let name = name.as_str();
        let known = rows.contains(&name) || NOT_ENDING.contains(&name) || ELSEWHERE.contains(&name);
        assert!(known, "{name} has no test");
    }
}

#[test]
fn with_default_limits_the_same_inputs_are_followed_to_their_end() {
    let ends_anyway = ["stack", "memo", "events", "nodes"];
    for row in rows() {
        let report = scan_with(&row.input, Limits::default());
        let incomplete = only(&report).is_incomplete();
        assert_eq!(
            incomplete,
            ends_anyway.contains(&row.limit),
            "{}",
            row.limit
        );
    }
}

/// Found by fuzzing: it was a member one deeper than the limit.
#[test]
fn what_follows_packed_data_is_no_deeper_than_the_limit() {
    let input = gzip(&[&gzip(b"N.")[..], b"and what follows"].concat());
    for (depth, expected) in [(2, true), (3, false)] {
        let report = scan_with(&input, limits_with("depth", depth));
        let said = reasons(only(&report)).contains("nested more than 2 deep");
        assert_eq!(said, expected, "{report:?}");
        assert_eq!(only(&report).is_incomplete(), expected, "{report:?}");
    }
}

#[test]
fn a_name_longer_than_the_limit_is_unknown_and_not_trusted() {
    let limits = limits_with("name", 4);
    let report = scan_with(b"cbuiltins\nlist\n)R.", limits);
    assert!(only(&report).verdict() > Verdict::Clean, "{report:?}");
}

#[test]
fn dropped_findings_are_counted() {
    let input: Vec<u8> = (0..9)
        .flat_map(|number| format!("cos\nsystem\n0cos\nexec{number}\n0").into_bytes())
        .chain(*b"N.")
        .collect();
    let report = scan_with(&input, limits_with("findings", 2));
    let file = only(&report);
    assert_eq!(file.findings.len(), 2);
    let dropped = |kind| kind == NoticeKind::FindingsDropped;
    assert!(file.notices.iter().any(|notice| dropped(notice.kind)));
}

#[test]
fn a_truncated_pickle_is_incomplete_and_what_came_before_is_kept() {
    let report = scan_with(&[b"\x80\x04", EVIL].concat(), Limits::default());
    assert_kept(&report, "the data ends inside the pickle");
}

#[test]
fn an_opcode_that_does_not_exist_is_incomplete_and_what_came_before_is_kept() {
    let report = scan_with(&[b"\x80\x04", EVIL, b"\xff."].concat(), Limits::default());
    assert_kept(&report, "0xff is no opcode");
}

#[test]
fn a_stack_underflow_is_incomplete() {
    let report = scan_with(&[b"\x80\x04", EVIL, b"00."].concat(), Limits::default());
    assert_kept(&report, "too few values");
}

#[test]
fn truncated_compression_is_incomplete_and_what_came_before_is_kept() {
    let noise: Vec<u8> = (0..4096u32)
        .flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes())
        .collect();
    let mut pickle = [EVIL, b"0B\x00\x40\x00\x00"].concat();
    pickle.extend(noise);
    pickle.push(b'.');
    let whole = gzip(&pickle);
    let report = scan_with(&whole[..whole.len() / 2], Limits::default());
    assert_kept(&report, "");
}

/// Found by mutations of the corpus: the stream was reported to end behind the end of its file.
#[test]
fn an_array_that_says_it_is_longer_than_the_file_ends_with_it() {
    let pickle =
        b"\x80\x03cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\0\0\0shapeM\xff\xff\x85\
        X\x05\0\0\0dtypecnumpy\ndtype\nX\x02\0\0\0f8\x85Rub12345678";
    let report = scan_with(pickle, Limits::default());
    let stream = &only(&report).streams[0];
    assert_eq!(
        stream.offset + stream.length,
        pickle.len() as u64,
        "{stream:?}"
    );
    assert!(only(&report).is_incomplete());
}

// ---- sources that fail ----

/// How a source misbehaves.
#[derive(Copy, Clone)]
enum Misbehaviour {
    /// At most so many bytes a call.
    Short(usize),
    /// Every second call is interrupted by a signal.
    Interrupted,
    /// From this offset on the medium cannot be read.
    Broken(u64),
}

struct Misbehaving {
    bytes: Vec<u8>,
    how: Misbehaviour,
    calls: AtomicUsize,
}

impl Source for Misbehaving {
    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let call = self.calls.fetch_add(1, Ordering::Relaxed);
        let start = usize::try_from(offset).unwrap().min(self.bytes.len());
        let mut most = buffer.len();
        match self.how {
            Misbehaviour::Short(bytes) => most = most.min(bytes),
            Misbehaviour::Interrupted if call.is_multiple_of(2) => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            Misbehaviour::Interrupted => {}
            // EIO.
            Misbehaviour::Broken(from) if offset >= from => {
                return Err(io::Error::from_raw_os_error(5));
            }
            Misbehaviour::Broken(from) => {
                most = most.min(usize::try_from(from - offset).unwrap());
            }
        }
        (&self.bytes[start..]).read(&mut buffer[..most])
    }
}

fn scan_misbehaving(bytes: &[u8], how: Misbehaviour) -> Report {
    let source = Misbehaving {
        bytes: bytes.to_vec(),
        how,
        calls: AtomicUsize::new(0),
    };
    let ruleset = Ruleset::builtin();
    scan::scan_source("a".into(), Arc::new(source), &Options::default(), ruleset)
}

fn scan_memory(bytes: &[u8]) -> Report {
    let source = Arc::new(MemorySource::new(bytes.to_vec()));
    scan::scan_source("a".into(), source, &Options::default(), Ruleset::builtin())
}

/// The container samples that hold anything.
fn containers() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let mut all: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_none_or(|extension| extension != "txt"))
        .filter(|path| (1..64 << 10).contains(&fs::metadata(path).unwrap().len()))
        .map(|path| (path.display().to_string(), fs::read(&path).unwrap()))
        .collect();
    all.sort();
    all
}

#[test]
fn short_reads_and_interruptions_change_nothing() {
    for (name, bytes) in containers() {
        let expected = format!("{:?}", without_work(scan_memory(&bytes)));
        for how in [Misbehaviour::Short(7), Misbehaviour::Interrupted] {
            let report = format!("{:?}", without_work(scan_misbehaving(&bytes, how)));
            assert_eq!(report, expected, "{name}");
        }
    }
}

/// More calls of the operating system are more work.
fn without_work(mut report: Report) -> FileReport {
    let mut file = report.files.remove(0);
    file.work = 0;
    file
}

#[test]
fn a_read_error_anywhere_is_incomplete_and_what_came_before_is_kept() {
    let long = [EVIL, b"0B\0\0\x04\0", &b"x".repeat(0x40000), b"0N."].concat();
    for from in [0, 1, 30, 4096, 0x40000] {
        let report = scan_misbehaving(&long, Misbehaviour::Broken(from));
        if from >= 4096 {
            assert_kept(&report, "");
        }
        assert!(only(&report).is_incomplete(), "{from}: {report:?}");
        assert_eq!(report.exit_code(Threshold::Never), 2, "{from}");
    }
    for (name, bytes) in containers() {
        let from = bytes.len() as u64 / 2;
        let report = scan_misbehaving(&bytes, Misbehaviour::Broken(from));
        assert!(only(&report).is_incomplete(), "{name}");
    }
}

// ---- the rest needs the binary ----

fn json(output: &Output) -> serde_json::Value {
    let text = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {text}"))
}

/// Verdict and kinds of notice of one file.
fn said(report: &serde_json::Value, path: &str) -> (String, Vec<String>) {
    let files = report["files"].as_array().unwrap();
    let file = files.iter().find(|file| file["path"] == path);
    let file = file.unwrap_or_else(|| panic!("{path} is not in {report}"));
    let notices = file["notices"].as_array().unwrap().iter();
    let kinds = notices.map(|notice| notice["kind"].as_str().unwrap().to_owned());
    (
        file["verdict"].as_str().unwrap().to_owned(),
        kinds.collect(),
    )
}

#[test]
fn a_file_without_permission_is_incomplete() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let path = folder.path().join("a.pkl");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::File::open(&path).is_ok() {
        // The super-user reads everything, but nothing at the end of a link that loops.
        fs::remove_file(&path).unwrap();
        symlink("a.pkl", &path).unwrap();
    }
    for arguments in [&["-f", "json", "a.pkl"][..], &["-f", "json"]] {
        let output = run(folder.path(), arguments);
        assert_eq!(output.status.code(), Some(2));
        let (verdict, _) = said(&json(&output), "a.pkl");
        assert_eq!(verdict, "incomplete");
    }
}

#[test]
fn pipes_and_devices_are_never_waited_for() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let fifo = folder.path().join("fifo.pkl");
    let made = Command::new("mkfifo").arg(&fifo).status().unwrap();
    assert!(made.success());
    symlink("/dev/zero", folder.path().join("zero.pkl")).unwrap();
    let output = run(folder.path(), ["-f", "json"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0), "{report}");
    assert_eq!(said(&report, "fifo.pkl").1, ["special-file"]);
    assert_eq!(said(&report, "zero.pkl").1, ["special-file"]);
    let output = run(folder.path(), ["-f", "json", "fifo.pkl", "/dev/zero"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(said(&json(&output), "fifo.pkl").1, ["not-a-file"]);
}

/// What a walk took for a file is a pipe when it is opened.
#[test]
fn a_file_that_became_a_pipe_is_unreadable_and_not_waited_for() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let path = folder.path().join("a.pkl");
    let found = scan::find(&[folder.path().to_owned()], &Options::default().excludes);
    fs::remove_file(&path).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(&path)
            .status()
            .unwrap()
            .success()
    );
    let report = scan::scan_found(found, &Options::default(), Ruleset::builtin(), &Unobserved);
    assert_eq!(only(&report).notices[0].kind, NoticeKind::Unreadable);
    assert_incomplete(&report, "");
}

#[test]
fn a_file_that_vanished_between_walk_and_open_is_incomplete() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let found = scan::find(&[folder.path().to_owned()], &Options::default().excludes);
    fs::remove_file(folder.path().join("a.pkl")).unwrap();
    let report = scan::scan_found(found, &Options::default(), Ruleset::builtin(), &Unobserved);
    assert_eq!(only(&report).notices[0].kind, NoticeKind::Unreadable);
    assert_incomplete(&report, "");
}

/// A name that is given to a link after the walk leads to what the sandbox does not grant.
#[test]
fn a_file_that_became_a_link_leads_nowhere() {
    let (folder, mut child) = busy(1);
    let last = folder.path().join("z.pkl");
    let elsewhere = tempfile::tempdir().unwrap();
    let secret = elsewhere.path().join("secret");
    fs::write(&secret, b"N.").unwrap();
    if !wait_for_sandbox(&mut child).contains("Landlock") {
        child.kill().unwrap();
        child.wait().unwrap();
        return;
    }
    fs::remove_file(&last).unwrap();
    symlink(&secret, &last).unwrap();
    let mut text = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut text).unwrap();
    let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(said(&report, "z.pkl").1, ["unreadable"]);
    assert_eq!(said(&report, "z.pkl").0, "incomplete");
    assert_eq!(said(&report, "a.pkl").0, "dangerous");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn loops_of_links_end() {
    let folder = folder(&[("a.pkl", b"N.")]);
    symlink("one", folder.path().join("two")).unwrap();
    symlink("two", folder.path().join("one")).unwrap();
    symlink(".", folder.path().join("self")).unwrap();
    let output = run(folder.path(), ["-f", "json"]);
    let report = json(&output);
    assert_eq!(said(&report, "self").1, ["linked-folder"]);
    assert_eq!(said(&report, "one").0, "incomplete");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn ten_thousand_files_in_one_folder() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..10_000 {
        fs::write(folder.path().join(format!("{number}.pkl")), b"N.").unwrap();
    }
    let output = run(folder.path(), ["-f", "json", "-j", "2"]);
    let report = json(&output);
    assert_eq!(output.status.code(), Some(0));
    assert_eq!(report["summary"]["clean"], 10_000);
}

#[test]
fn hostile_names_do_not_break_reports() {
    let folder = tempfile::tempdir().unwrap();
    let names: [&[u8]; 4] = [
        b"new\nline.pkl",
        b"\xff\xfe.pkl",
        b"\x1b[2J.pkl",
        "\u{202e}lkp.exe".as_bytes(),
    ];
    for name in names {
        let path = folder.path().join(PathBuf::from(OsStr::from_bytes(name)));
        fs::write(path, [EVIL, b"."].concat()).unwrap();
    }
    for format in pickscan::output::Format::ALL.iter().map(|one| one.name()) {
        let output = run(folder.path(), ["-f", format]);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(
            !text.contains('\x1b') && !text.contains("new\nline"),
            "{text}"
        );
        match format {
            "text" | "github" | "markdown" | "junit" => {
                assert!(!text.contains('\u{202e}'), "{format}: {text}");
            }
            "jsonl" => {}
            _ => {
                serde_json::from_str::<serde_json::Value>(&text).unwrap();
            }
        }
    }
}

#[test]
fn a_full_disk_is_an_error_and_the_other_outputs_are_written() {
    if !Path::new("/dev/full").exists() {
        return;
    }
    let folder = folder(&[("a.pkl", b"N.")]);
    let arguments = ["-o", "json=/dev/full", "-o", "sarif=out.sarif", "a.pkl"];
    let output = run(folder.path(), arguments);
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("cannot write the report"), "{said}");
    assert!(fs::metadata(folder.path().join("out.sarif")).unwrap().len() > 100);
}

#[test]
fn a_reader_that_went_away_is_no_error() {
    let evil = [EVIL, b"."].concat();
    let folder = folder(&[("a.pkl", &evil)]);
    let mut child = Command::new(PICKSCAN)
        .args(["-f", "json", "a.pkl"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

#[test]
fn a_closed_standard_error_is_no_panic() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let mut command = Command::new(PICKSCAN);
    command.args(["-v", "a.pkl"]).current_dir(folder.path());
    command.stdin(Stdio::null()).stdout(Stdio::null());
    command.stderr(fs::File::options().write(true).open("/dev/full").unwrap());
    assert_eq!(command.status().unwrap().code(), Some(0));
}

/// A run over one evil file, so many that take long, and `z.pkl`, which holds nothing.
fn busy(files: usize) -> (TempDir, Child) {
    let evil = [EVIL, b"."].concat();
    let folder = folder(&[("a.pkl", &evil), ("z.pkl", b"N.")]);
    for number in 0..files {
        let file = fs::File::create(folder.path().join(format!("b{number}.pkl"))).unwrap();
        (&file).write_all(b"\x80\x04]\x94(").unwrap();
        (&file).write_all(&b"K\x01".repeat(4 << 20)).unwrap();
        (&file).write_all(b"e.").unwrap();
    }
    let child = Command::new(PICKSCAN)
        .args(["-v", "-f", "json", "-j", "1", "."])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    (folder, child)
}

/// The line that says what was enforced: the walk is over by then, and nothing was read.
fn wait_for_sandbox(child: &mut Child) -> String {
    let mut line = String::new();
    let mut said = io::BufReader::new(child.stderr.take().unwrap());
    said.read_line(&mut line).unwrap();
    // Whatever else is said must not fill the pipe.
    std::thread::spawn(move || io::copy(&mut said, &mut io::sink()));
    line
}

#[test]
fn a_signal_ends_the_run_with_a_report_of_what_was_done() {
    for signal in ["-INT", "-TERM"] {
        let (_folder, mut child) = busy(64);
        wait_for_sandbox(&mut child);
        std::thread::sleep(Duration::from_millis(1000));
        let number = child.id().to_string();
        let sent = Command::new("kill").args([signal, &number]).status();
        assert!(sent.unwrap().success());
        let mut text = Vec::new();
        child.stdout.take().unwrap().read_to_end(&mut text).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&text).unwrap();
        // The first input was done by then and stays found; the last was never begun.
        assert_eq!(said(&report, "a.pkl").0, "dangerous");
        assert_eq!(said(&report, "z.pkl").1, ["interrupted"]);
        assert_eq!(said(&report, "z.pkl").0, "incomplete");
        assert_eq!(child.wait().unwrap().code(), Some(1));
    }
}
