//! The sandbox, tried from inside and through everything that a scan has to do within it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]
#![cfg(all(feature = "cli", target_os = "linux"))]

mod support;

use std::{
    fs,
    os::unix::fs::symlink,
    path::Path,
    process::{Command, Stdio},
};
use support::pickscan as run;

const PICKSCAN: &str = env!("CARGO_BIN_EXE_pickscan");

/// `os.system("id")` in protocol 0.
const EVIL: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// The JSON report of a run that must succeed in scanning.
fn report(folder: &Path, arguments: &[&str]) -> serde_json::Value {
    let output = run(folder, [&["-f", "json"], arguments].concat());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.pkl"), EVIL).unwrap();
    folder
}

/// Kernels and containers differ in what they offer; what they do offer must hold.
fn offered(what: &str) -> bool {
    let folder = folder();
    let report = report(folder.path(), &["a.pkl"]);
    let enforced = report["sandbox"].as_str().unwrap();
    let held = enforced.split("; missing").next().unwrap();
    held.contains(what)
}

#[test]
fn what_is_forbidden_is_refused_from_inside() {
    let folder = folder();
    let output = run(folder.path(), ["--sandbox-self-test", "a.pkl"]);
    let said = text(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    let refused = |what: &str| {
        let lines = said.lines().filter(|line| line.starts_with(what));
        let refusals = lines.filter(|line| line.contains(": refused: "));
        // Once in the first thread and once in one that was started later.
        refusals.count() == 2
    };
    if offered("Landlock") {
        assert!(refused("read /etc/passwd") && refused("list /"), "{said}");
    }
    if offered("seccomp") {
        for what in [
            "create a file",
            "write to what is scanned",
            "remove a file",
            "make a folder",
            "run a program",
            "connect",
            "send a datagram",
        ] {
            assert!(refused(what), "{what}: {said}");
        }
    }
    assert!(said.contains("read what is scanned: done"), "{said}");
}

#[test]
fn without_the_sandbox_the_same_things_work() {
    let folder = folder();
    let arguments = ["--sandbox", "off", "--sandbox-self-test", "a.pkl"];
    let said = text(&run(folder.path(), arguments).stdout);
    for what in ["read /etc/passwd", "create a file", "run a program"] {
        assert!(said.contains(&format!("{what}: done")), "{said}");
    }
}

#[test]
fn every_output_says_what_was_enforced() {
    let folder = folder();
    let enforced = report(folder.path(), &["a.pkl"])["sandbox"].clone();
    assert!(enforced.as_str().unwrap().contains("no core dumps"));
    let output = run(folder.path(), ["-v", "-f", "sarif", "a.pkl"]);
    let sarif: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(sarif["runs"][0]["properties"]["sandbox"], enforced);
    let line = format!("pickscan: sandbox: {}\n", enforced.as_str().unwrap());
    assert_eq!(text(&output.stderr), line);
    let off = report(folder.path(), &["--sandbox", "off", "a.pkl"]);
    assert_eq!(
        off["sandbox"],
        "nothing; missing: all of it (--sandbox off)"
    );
}

#[test]
fn links_are_scanned_wherever_they_lead() {
    let (folder, elsewhere) = (folder(), folder());
    fs::create_dir(elsewhere.path().join("below")).unwrap();
    fs::write(elsewhere.path().join("below/b.pkl"), EVIL).unwrap();
    symlink(
        elsewhere.path().join("a.pkl"),
        folder.path().join("file.pkl"),
    )
    .unwrap();
    symlink(elsewhere.path().join("below"), folder.path().join("linked")).unwrap();
    let verdict = |arguments: &[&str], path: &str| {
        let report = report(folder.path(), arguments);
        let files = report["files"].as_array().unwrap().clone();
        let file = files.iter().find(|file| file["path"] == path);
        file.map(|file| file["verdict"].as_str().unwrap().to_owned())
    };
    let dangerous = Some("dangerous".to_owned());
    assert_eq!(verdict(&[], "file.pkl"), dangerous);
    assert_eq!(verdict(&["."], "a.pkl"), dangerous);
    assert_eq!(verdict(&["file.pkl"], "file.pkl"), dangerous);
    assert_eq!(verdict(&["linked"], "linked/b.pkl"), dangerous);
    assert_eq!(verdict(&["linked/"], "linked/b.pkl"), dangerous);
    assert_eq!(verdict(&["./linked/../file.pkl"], "x"), None);
}

#[test]
fn standard_input_and_output_files_work_inside() {
    let folder = folder();
    for from in ["file", "pipe"] {
        let mut command = Command::new(PICKSCAN);
        let arguments = ["-", "-o", "json=out.json", "-o", "sarif=out.sarif"];
        command.args(arguments).current_dir(folder.path());
        let status = if from == "file" {
            let file = fs::File::open(folder.path().join("a.pkl")).unwrap();
            command.stdin(file).status().unwrap()
        } else {
            let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
            let mut stdin = child.stdin.take().unwrap();
            std::io::Write::write_all(&mut stdin, EVIL).unwrap();
            drop(stdin);
            child.wait().unwrap()
        };
        assert_eq!(status.code(), Some(1), "from a {from}");
        let written = fs::read(folder.path().join("out.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&written).unwrap();
        assert_eq!(report["files"][0]["verdict"], "dangerous");
        assert!(fs::metadata(folder.path().join("out.sarif")).unwrap().len() > 100);
    }
}

#[test]
fn the_other_commands_are_confined_too() {
    let folder = folder();
    for command in ["explain", "disasm"] {
        let output = run(folder.path(), [command, "--sandbox", "auto", "a.pkl"]);
        assert!(text(&output.stdout).contains("system"), "{command}");
    }
}

#[test]
fn what_is_required_and_missing_stops_the_run() {
    let folder = folder();
    let output = run(folder.path(), ["--sandbox", "require", "a.pkl"]);
    let granted = offered("Landlock") && offered("seccomp");
    let expected = if granted { 1 } else { 2 };
    assert_eq!(output.status.code(), Some(expected));
}
