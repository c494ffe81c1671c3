//! The binary itself: exit status, messages and bytes on standard output for good and bad input.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]
#![cfg(feature = "cli")]

mod support;

use std::{
    fs::{self, File},
    io::{Read, Write},
    path::Path,
    process::{Command, Output, Stdio},
};

use support::{folder, pickscan};

const PICKSCAN: &str = env!("CARGO_BIN_EXE_pickscan");

/// `os.system("id")` in protocol 0.
const EVIL: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

/// `{"a": [1, 2]}` in protocol 4.
const GOOD: &[u8] = b"\x80\x04\x95\x10\0\0\0\0\0\0\0}\x94\x8c\x01a\x94]\x94(K\x01K\x02es.";

/// Exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = pickscan(folder, arguments.iter().copied());
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The verdict of each file by the JSON report.
fn verdicts(folder: &Path, arguments: &[&str]) -> (i32, Vec<(String, String)>) {
    let output = pickscan(folder, ["-f", "json"].iter().chain(arguments).copied());
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let verdict = |file: &serde_json::Value| {
        let word = |key: &str| file[key].as_str().unwrap().to_owned();
        (word("path"), word("verdict"))
    };
    let files = report["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(verdict)
        .collect();
    (output.status.code().unwrap(), files)
}

fn piped(bytes: &[u8], arguments: &[&str]) -> Output {
    let mut command = Command::new(PICKSCAN);
    let command = command.args(arguments).stdin(Stdio::piped());
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn a_clean_run_is_one_quiet_line() {
    let folder = folder(&[("a.pkl", GOOD), ("b.pkl", GOOD)]);
    let (code, stdout, stderr) = run(folder.path(), &[]);
    assert_eq!(stdout, "pickscan: 2 clean in 2 files, 54 bytes\n");
    assert_eq!((code, stderr.as_str()), (0, ""));
    let (code, stdout, _) = run(folder.path(), &["-q"]);
    assert_eq!((code, stdout.as_str()), (0, ""));
}

#[test]
fn a_finding_says_what_where_why_and_what_to_do() {
    let folder = folder(&[("a.pkl", EVIL), ("b.pkl", GOOD)]);
    let (code, stdout, _) = run(folder.path(), &[]);
    assert_eq!(code, 1);
    let parts = [
        "a.pkl: dangerous",
        "critical: ",
        "where byte 0, GLOBAL",
        "why ",
        "do ",
    ];
    let mut rest = stdout.as_str();
    for part in parts {
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("no `{part}` in {rest}"));
        rest = &rest[at + part.len()..];
    }
    assert!(
        stdout.ends_with("pickscan: 1 dangerous, 1 clean in 2 files, 48 bytes\n"),
        "{stdout}"
    );
}

#[test]
fn nothing_is_said_twice() {
    // Two files, the first with the same command in two pickles, the second cut off behind it.
    let twice = [EVIL, EVIL].concat();
    let cut = [b"\x80\x04", EVIL.strip_suffix(b".").unwrap(), b"\xff"].concat();
    let folder = folder(&[("a.pkl", &twice), ("b.pkl", &cut)]);
    let (_, stdout, _) = run(folder.path(), &[]);
    let count = |part: &str| stdout.matches(part).count();
    assert_eq!(count("a.pkl"), 1, "{stdout}");
    assert_eq!(count("would run a command"), 2, "{stdout}");
    assert_eq!(count("    why   Loading the file starts"), 1, "{stdout}");
    assert_eq!(count("0xff is no opcode"), 1, "{stdout}");
    let prose = stdout.lines().filter(|line| line.starts_with("    "));
    assert!(
        prose.clone().count() > 10 && prose.clone().all(|line| line.len() <= 100),
        "{stdout}"
    );
}

#[test]
fn the_threshold_decides_the_exit_status() {
    let folder = folder(&[("evil", EVIL), ("own", b"c__main__\nThing\n.")]);
    assert_eq!(run(folder.path(), &["evil", "--fail-on", "never"]).0, 0);
    assert_eq!(run(folder.path(), &["evil", "--fail-on", "dangerous"]).0, 1);
    assert_eq!(run(folder.path(), &["own"]).0, 0);
    assert_eq!(run(folder.path(), &["own", "--fail-on", "unfamiliar"]).0, 1);
}

#[test]
fn an_empty_file_holds_no_pickle() {
    let folder = folder(&[("empty.pkl", b"")]);
    let (code, files) = verdicts(folder.path(), &["empty.pkl"]);
    assert_eq!(
        (code, files),
        (0, vec![("empty.pkl".to_owned(), "skipped".to_owned())])
    );
    assert!(
        run(folder.path(), &["-v"])
            .1
            .contains("holds no pickle: it is empty")
    );
}

#[test]
fn text_and_other_formats_hold_no_pickle() {
    let folder = folder(&[
        ("notes.txt", b"cat\ndog\nelephant\n"),
        ("numbers.txt", b"I want this\n"),
        // Services of a Java archive: line after line reads as GLOBAL, the first as INST.
        (
            "services",
            b"com.example.google.cloud.storage.Provider\ncom.example.google.cloud.auth.Provider\n\
              com.example.Plain\ncom.example.Other\n",
        ),
        (
            "more-services",
            b"io.example.sdk.Provider\nio.example.sdk.Other\n",
        ),
        // A licence: PERSID, then GLOBAL.
        (
            "LICENSE.txt",
            b"Permission is hereby granted, free of charge, to any person obtaining a\ncopy\n\
              of this software and associated documentation files\n",
        ),
        // Italian and Russian text in old encodings: BININT2 and GLOBAL, EXT1.
        ("translation", b"Macchina locale"),
        (
            "russian.txt",
            b"\x82 \xe3\xe2\xe0\xa5 \xa2\xa5\xe7\xa5\xe0\n",
        ),
        ("image.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"),
    ]);
    let (code, files) = verdicts(folder.path(), &[]);
    assert!(
        files.iter().all(|(_, verdict)| verdict == "skipped"),
        "{files:?}"
    );
    assert_eq!(code, 0);
}

/// Text may begin so, too; but here the loader has imported and run something when it gives up.
#[test]
fn imports_that_run_something_count_before_the_break() {
    let folder = folder(&[
        ("opens-a-browser", b"cantigravity\nfly\n"),
        (
            "behind-others",
            b"cmy.own\nThing\ncantigravity\nfly\nnonsense",
        ),
        ("calls-an-extension", b"\x82\x20)R\xe3\xe2"),
    ]);
    let (code, files) = verdicts(folder.path(), &[]);
    let found = |(_, verdict): &(String, String)| verdict == "dangerous" || verdict == "suspicious";
    assert!(files.iter().all(found), "{files:?}");
    assert_eq!(code, 1);
}

#[test]
fn what_breaks_off_is_never_clean() {
    let folder = folder(&[("cut.pkl", &GOOD[..20])]);
    let (code, files) = verdicts(folder.path(), &[]);
    assert!(
        code > 0 && !["clean", "skipped"].contains(&files[0].1.as_str()),
        "{code} {files:?}"
    );
}

#[test]
fn every_stream_of_a_file_counts_and_an_error_hides_none() {
    let broken: &[u8] = b"\x80\x02]q\0\xff\xff";
    let evil: &[u8] = b"\x80\x02cos\nsystem\nX\x02\0\0\0id\x85R.";
    let folder = folder(&[
        ("three", &[GOOD, GOOD, EVIL].concat()),
        ("behind-an-error", &[GOOD, broken, evil].concat()),
    ]);
    let (code, files) = verdicts(folder.path(), &[]);
    assert!(
        files.iter().all(|(_, verdict)| verdict == "dangerous"),
        "{files:?}"
    );
    assert_eq!(code, 1);
}

#[test]
fn standard_input_is_a_pipe_or_a_file() {
    let output = piped(&[GOOD, EVIL].concat(), &["-"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("where byte 27, GLOBAL")
    );
    assert_eq!(piped(b"", &["-"]).status.code(), Some(0));
    let folder = folder(&[("evil", EVIL)]);
    let mut command = Command::new(PICKSCAN);
    let file = File::open(folder.path().join("evil")).unwrap();
    assert_eq!(
        command.arg("-").stdin(file).output().unwrap().status.code(),
        Some(1)
    );
}

#[test]
fn more_standard_input_than_is_kept_is_incomplete() {
    let output = piped(&[GOOD; 4].concat(), &["-", "--limit", "stdin=54"]);
    assert_eq!(output.status.code(), Some(2));
    let stdout = String::from_utf8(output.stdout).unwrap();
    assert!(stdout.contains("limit: more than 54 bytes"), "{stdout}");
}

#[test]
fn a_path_that_does_not_exist_is_said() {
    let folder = folder(&[("a.pkl", GOOD)]);
    let (code, stdout, _) = run(folder.path(), &["a.pkl", "gone.pkl"]);
    assert!(
        stdout.contains("gone.pkl: incomplete\n  missing: does not exist"),
        "{stdout}"
    );
    assert_eq!(code, 2);
}

#[test]
fn findings_win_over_what_could_not_be_scanned() {
    let folder = folder(&[("evil", EVIL)]);
    assert_eq!(run(folder.path(), &["gone", "evil"]).0, 1);
}

#[test]
fn a_command_line_that_is_not_understood_is_refused() {
    let folder = folder(&[]);
    for arguments in [
        &["--no-such-flag"][..],
        &["--fail-on", "sometimes"],
        &["--format", "poem"],
        &["--limit", "speed=3"],
        &["--exclude", "a["],
        &["-o", "json=-", "-o", "text=-"],
        &["-o", "no/such/folder/out"],
        &["--rules", "no-such-rules"],
    ] {
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{arguments:?}");
        assert!(
            !stderr.is_empty() && !stderr.contains("panicked"),
            "{stderr}"
        );
    }
    assert_eq!(run(folder.path(), &["--help"]).0, 0);
    assert_eq!(run(folder.path(), &["--version"]).0, 0);
}

#[test]
fn output_goes_where_it_is_sent() {
    let folder = folder(&[("a.pkl", GOOD)]);
    let arguments = [
        "a.pkl",
        "-o",
        "json=out.json",
        "-o",
        "sarif=out.sarif",
        "-o",
        "text",
    ];
    let (_, stdout, _) = run(folder.path(), &arguments);
    assert!(stdout.starts_with("pickscan: 1 clean"), "{stdout}");
    for (name, key) in [("out.json", "schema"), ("out.sarif", "$schema")] {
        let bytes = fs::read(folder.path().join(name)).unwrap();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert!(value.get(key).is_some(), "{name}");
    }
    let (_, stdout, stderr) = run(folder.path(), &["a.pkl", "-f", "json", "-o", "out.json"]);
    assert_eq!(
        (stdout.as_str(), stderr.as_str()),
        ("", "pickscan: 1 clean in 1 file, 27 bytes\n")
    );
}

#[test]
fn output_is_the_same_for_any_number_of_jobs() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..60 {
        let bytes = if number % 7 == 0 { EVIL } else { GOOD };
        fs::write(folder.path().join(format!("{number}.pkl")), bytes).unwrap();
    }
    for format in ["text", "json", "sarif"] {
        let one = pickscan(folder.path(), ["-f", format, "--jobs", "1"]);
        for jobs in ["2", "16"] {
            let many = pickscan(folder.path(), ["-f", format, "--jobs", jobs]);
            assert!(one.stdout == many.stdout, "{format} with {jobs} jobs");
        }
    }
}

#[test]
fn a_reader_that_leaves_early_does_not_change_the_exit_status() {
    let folder = tempfile::tempdir().unwrap();
    for number in 0..400 {
        fs::write(folder.path().join(format!("{number}.pkl")), EVIL).unwrap();
    }
    let mut command = Command::new(PICKSCAN);
    let command = command
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 16];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
}

#[test]
fn colours_are_for_terminals() {
    let folder = folder(&[("a.pkl", EVIL)]);
    assert!(!run(folder.path(), &[]).1.contains('\u{1b}'));
    assert!(
        !run(folder.path(), &["--color", "never"])
            .1
            .contains('\u{1b}')
    );
    assert!(
        run(folder.path(), &["--color", "always"])
            .1
            .contains("\u{1b}[1;31mdangerous")
    );
}

#[test]
fn sparse_files_cost_nothing() {
    let folder = folder(&[("zeros", b""), ("behind", GOOD), ("inside", b"")]);
    let size = 3 << 30;
    let open = |name| {
        let mut options = fs::OpenOptions::new();
        options.write(true).open(folder.path().join(name)).unwrap()
    };
    open("zeros").set_len(size).unwrap();
    open("behind").set_len(size).unwrap();
    let mut inside = open("inside");
    inside.write_all(b"\x80\x04\x8e").unwrap();
    inside.write_all(&(size - 12).to_le_bytes()).unwrap();
    inside.set_len(size - 1).unwrap();
    std::io::Seek::seek(&mut inside, std::io::SeekFrom::End(0)).unwrap();
    inside.write_all(b".").unwrap();
    let output = pickscan(folder.path(), ["-f", "json", "zeros", "behind", "inside"]);
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let files = report["files"].as_array().unwrap();
    let words: Vec<&str> = files
        .iter()
        .map(|file| file["verdict"].as_str().unwrap())
        .collect();
    assert_eq!((words[0], words[2]), ("skipped", "clean"));
    assert!(
        ["clean", "unfamiliar", "suspicious"].contains(&words[1]),
        "{words:?}"
    );
    // What is read tells more than a clock, which tells how busy the machine is as well.
    for file in files {
        assert!(file["bytes_read"].as_u64().unwrap() < 1 << 20, "{file}");
    }
}

#[cfg(unix)]
mod unix {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt, os::unix::fs::symlink};

    use super::*;

    #[test]
    fn links_lead_to_files_and_dangling_ones_are_said() {
        let folder = folder(&[("target", EVIL)]);
        fs::create_dir(folder.path().join("in")).unwrap();
        symlink("../target", folder.path().join("in/link")).unwrap();
        symlink("gone", folder.path().join("in/dangling")).unwrap();
        symlink("..", folder.path().join("in/up")).unwrap();
        let (code, files) = verdicts(folder.path(), &["in"]);
        let words: Vec<&str> = files.iter().map(|(_, verdict)| verdict.as_str()).collect();
        assert_eq!((code, words), (1, vec!["skipped", "dangerous", "skipped"]));
        let (code, stdout, _) = run(folder.path(), &["in/dangling"]);
        assert!(
            stdout.contains("missing: is a symbolic link that leads nowhere"),
            "{stdout}"
        );
        assert_eq!(code, 2);
    }

    #[test]
    fn links_that_lead_in_a_circle_are_unreadable() {
        let folder = folder(&[]);
        symlink("circle", folder.path().join("circle")).unwrap();
        let (code, stdout, _) = run(folder.path(), &["circle"]);
        assert!(stdout.contains("unreadable: cannot be read"), "{stdout}");
        assert_eq!(code, 2);
    }

    #[test]
    fn a_pipe_with_a_name_is_never_opened() {
        let folder = folder(&[("a.pkl", GOOD)]);
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let (code, stdout, _) = run(folder.path(), &[]);
        assert!(
            stdout.contains("pipe: skipped\n  special-file: is a named pipe"),
            "{stdout}"
        );
        assert_eq!(code, 0);
        let (code, stdout, _) = run(folder.path(), &["pipe"]);
        assert!(stdout.contains("pipe it into `pickscan -`"), "{stdout}");
        assert_eq!(code, 2);
    }

    #[test]
    fn names_that_are_not_utf8_survive() {
        let folder = folder(&[]);
        let name = OsStr::from_bytes(b"a\xff\x1b[31m.pkl");
        fs::write(folder.path().join(name), EVIL).unwrap();
        let (code, stdout, _) = run(folder.path(), &[]);
        assert!(
            stdout.starts_with("a\\xff\\x1b[31m.pkl: dangerous"),
            "{stdout}"
        );
        assert_eq!(code, 1);
        let output = pickscan(folder.path(), ["-f", "json"]);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["files"][0]["path_hex"], "61ff1b5b33316d2e706b6c");
        assert!(
            run(folder.path(), &["-f", "sarif"])
                .1
                .contains("a%FF%1B%5B31m.pkl")
        );
        let named = Command::new(PICKSCAN)
            .arg(folder.path().join(name))
            .output()
            .unwrap();
        assert_eq!(named.status.code(), Some(1));
    }

    fn mode(path: &Path, mode: u32) {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    /// The command as a user who is not root, or nothing where that cannot be had.
    fn as_nobody(folder: &Path) -> Option<Command> {
        let unreadable = folder.join("closed");
        if fs::read_dir(&unreadable).is_err() {
            return Some(Command::new(PICKSCAN));
        }
        let arguments = ["--reuid=65534", "--regid=65534", "--clear-groups"];
        let mut command = Command::new("setpriv");
        let works = command
            .args(arguments)
            .arg("true")
            .status()
            .is_ok_and(|code| code.success());
        // Nobody may not enter the folder that the binary was built in. Another process makes the
        // copy: while this one had it open for writing, a test beside could start a process that
        // inherits it, and the system refuses to run a program that is open for writing.
        let binary = folder.join("pickscan");
        let mut copy = Command::new("cp");
        let copied = works && copy.arg(PICKSCAN).arg(&binary).status().unwrap().success();
        copied.then(|| mode(&binary, 0o755))?;
        let mut command = Command::new("setpriv");
        command.args(arguments).arg(binary);
        Some(command)
    }

    #[test]
    fn a_folder_without_permission_is_incomplete() {
        let folder = folder(&[("a.pkl", GOOD)]);
        fs::create_dir(folder.path().join("closed")).unwrap();
        fs::write(folder.path().join("closed/evil.pkl"), EVIL).unwrap();
        // Whatever the umask of whoever runs the tests.
        mode(folder.path(), 0o755);
        mode(&folder.path().join("a.pkl"), 0o644);
        mode(&folder.path().join("closed"), 0);
        let Some(mut command) = as_nobody(folder.path()) else {
            return;
        };
        let command = command.args(["a.pkl", "closed"]).current_dir(folder.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let stdout = String::from_utf8(output.stdout).unwrap();
        mode(&folder.path().join("closed"), 0o755);
        assert!(
            stdout.contains("closed: incomplete\n  unreadable: cannot be read"),
            "{stdout}"
        );
        assert_eq!(output.status.code(), Some(2));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        if !Path::new("/dev/full").exists() {
            return;
        }
        let folder = folder(&[("a.pkl", GOOD)]);
        let (code, _, stderr) = run(folder.path(), &["-o", "/dev/full"]);
        assert!(stderr.contains("cannot write the report"), "{stderr}");
        assert_eq!(code, 2);
    }
}

#[test]
fn rules_are_listed_shown_and_checked() {
    let folder = folder(&[("bad.yml", b"id: [\n")]);
    let (code, stdout, _) = run(folder.path(), &["rules", "list"]);
    assert!(code == 0 && stdout.contains("os-command"), "{stdout}");
    let (code, stdout, _) = run(folder.path(), &["rules", "show", "os-command"]);
    assert!(code == 0 && stdout.contains("What to do"), "{stdout}");
    let (code, _, stderr) = run(folder.path(), &["rules", "show", "no-such-rule"]);
    assert!(code == 2 && stderr.contains("no-such-rule"), "{stderr}");
    let (code, stdout, _) = run(folder.path(), &["rules", "lint", "bad.yml"]);
    assert!(code == 1 && stdout.contains("bad.yml"), "{code} {stdout}");
}

#[test]
fn one_file_is_disassembled_and_explained() {
    let folder = folder(&[("evil", EVIL), ("text", b"hello\n")]);
    let (code, stdout, _) = run(folder.path(), &["disasm", "evil"]);
    assert!(code == 0 && stdout.contains("REDUCE"), "{stdout}");
    let (code, stdout, _) = run(folder.path(), &["explain", "evil"]);
    assert!(code == 0 && stdout.contains("os.system('id')"), "{stdout}");
    assert_eq!(run(folder.path(), &["disasm", "text"]).0, 2);
    assert_eq!(run(folder.path(), &["disasm", "gone"]).0, 2);
    for command in ["explain", "disasm"] {
        let (code, _, stderr) = run(folder.path(), &[command, "."]);
        assert!(code == 2 && stderr.contains("is a folder"), "{stderr}");
    }
    let (code, _, stderr) = run(folder.path(), &["explain", "evil", "--member", "a"]);
    assert!(
        code == 2 && stderr.contains("no pickle in a member"),
        "{stderr}"
    );
}

#[test]
fn a_git_lfs_pointer_is_not_taken_for_a_file_without_pickles() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    let folder = folder(&[("model.pt", pointer)]);
    let (status, files) = verdicts(folder.path(), &["model.pt"]);
    assert_eq!(status, 2);
    assert_eq!(files, [("model.pt".to_owned(), "incomplete".to_owned())]);
    let (_, text, _) = run(folder.path(), &["model.pt"]);
    assert!(text.contains("not scanned: a Git LFS pointer"), "{text}");
}

#[test]
fn a_shelf_is_scanned_by_the_name_it_is_opened_by() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let files = ["dat", "dir", "bak"].map(|suffix| {
        (
            suffix,
            fs::read(corpus.join(format!("dumb-evil.{suffix}"))).unwrap(),
        )
    });
    let folder = tempfile::tempdir().unwrap();
    for (suffix, bytes) in &files {
        fs::write(folder.path().join(format!("shelf.{suffix}")), bytes).unwrap();
    }
    for name in ["shelf", "shelf.dat"] {
        let (status, text, _) = run(folder.path(), &["--sandbox=require", "-f", "json", name]);
        assert_eq!(status, 1, "{text}");
        let report: serde_json::Value = serde_json::from_str(&text).unwrap();
        let finding = &report["files"][0]["findings"][0];
        assert_eq!(report["files"][0]["path"], "shelf.dat");
        assert_eq!(finding["member"], "evil", "{name}");
    }
    let (status, _, errors) = run(folder.path(), &["shel"]);
    assert_eq!(status, 2, "{errors}");
}
