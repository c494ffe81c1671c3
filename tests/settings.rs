//! Configuration, baseline, formats: what the binary does with them.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]
#![cfg(feature = "cli")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

/// `os.system("id")` in protocol 0.
const EVIL: &[u8] = b"cos\nsystem\n(S'id'\ntR.";

/// `os.system("rm")`, else the same.
const WORSE: &[u8] = b"cos\nsystem\n(S'rm'\ntR.";

/// A class of a package that no rule knows.
const OWN: &[u8] = b"cours.model\nNet\n.";

fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The search for a configuration ends here.
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::create_dir(folder.path().join("models")).unwrap();
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

/// Exit status, standard output, standard error.
fn run(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pickscan"));
    let output = command
        .args(arguments)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

const TRUST: &str = "fail-on = 'unfamiliar'
exclude = ['old/']
[[trust]]
symbols = ['ours.model.Net']
paths = ['models/**']
reason = 'our own class'
";

#[test]
fn a_configuration_trusts_and_excludes_and_says_so_everywhere() {
    let folder = folder(&[("models/own.pkl", OWN), ("pickscan.toml", TRUST.as_bytes())]);
    fs::create_dir(folder.path().join("old")).unwrap();
    fs::write(folder.path().join("old/evil.pkl"), EVIL).unwrap();
    let (code, stdout, stderr) = run(folder.path(), &[]);
    assert_eq!((code, stderr.as_str()), (0, ""), "{stdout}");
    let said = "not counted: 1 finding about what pickscan.toml trusts, \
                1 file or folder left out by patterns";
    let sets = "pickscan.toml sets fail-on=unfamiliar";
    let ends = format!("pickscan: {said}\npickscan: {sets}\n");
    assert!(stdout.ends_with(&ends), "{stdout}");
    for format in ["github", "junit", "gitlab", "cyclonedx"] {
        let (code, stdout, _) = run(folder.path(), &["-f", format]);
        assert!(code == 0 && stdout.contains(said), "{format}: {stdout}");
    }
    let (_, stdout, _) = run(folder.path(), &["-f", "markdown"]);
    assert!(stdout.contains("not counted&#58; 1 finding"), "{stdout}");
    for format in ["json", "jsonl", "sarif"] {
        let (code, stdout, _) = run(folder.path(), &["-f", format]);
        let compact = stdout.replace([' ', '\n'], "");
        let counts = "\"baseline\":0,\"configuration\":1,\"excluded\":1}";
        assert!(code == 0 && compact.contains(counts), "{format}: {stdout}");
        assert!(stdout.contains("our own class"), "{format}: {stdout}");
    }
    let (_, stdout, _) = run(folder.path(), &["-q"]);
    assert_eq!(stdout, format!("pickscan: {said}\n"));
    let (code, stdout, _) = run(folder.path(), &["--isolated"]);
    assert!(code == 1 && !stdout.contains("not counted"), "{stdout}");
}

#[test]
fn the_command_line_wins_and_another_configuration_can_be_named() {
    let other: &[u8] = b"[tool.pickscan]\nfail-on = 'never'\n";
    let folder = folder(&[
        ("evil.pkl", EVIL),
        ("pickscan.toml", b"fail-on = 'suspicious'"),
        ("models/pyproject.toml", other),
    ]);
    assert_eq!(run(folder.path(), &[]).0, 1);
    assert_eq!(run(folder.path(), &["--fail-on", "never"]).0, 0);
    let named = ["--config", "models/pyproject.toml"];
    assert_eq!(run(folder.path(), &named).0, 0);
    assert_eq!(
        run(folder.path(), &["--exit-zero", "evil.pkl", "gone"]).0,
        0
    );
    let below = run(&folder.path().join("models"), &["../evil.pkl"]);
    assert_eq!(below.0, 0, "the nearest configuration counts");
}

#[test]
fn a_configuration_beside_a_scanned_file_does_not_count() {
    let folder = folder(&[("models/own.pkl", OWN)]);
    let foreign = "exclude = ['*']\nfail-on = 'never'\n";
    fs::write(folder.path().join("models/pickscan.toml"), foreign).unwrap();
    let (code, stdout, _) = run(folder.path(), &["models", "--fail-on", "unfamiliar"]);
    assert!(
        code == 1 && stdout.contains("own.pkl: unfamiliar"),
        "{stdout}"
    );
}

#[test]
fn a_configuration_of_no_repository_does_not_count_and_is_named() {
    let folder = folder(&[("evil.pkl", EVIL)]);
    fs::remove_dir(folder.path().join(".git")).unwrap();
    // As downloads come: whoever made the model wrote the rest as well.
    for text in ["exclude = ['*']\nfail-on = 'never'\n", "no = toml"] {
        fs::write(folder.path().join("pickscan.toml"), text).unwrap();
        let (code, stdout, stderr) = run(folder.path(), &[]);
        assert_eq!((code, stderr.as_str()), (1, ""), "{stdout}");
        let said = "stray-configuration: pickscan.toml was not used";
        assert!(stdout.contains(said), "{stdout}");
        let (code, stdout, _) = run(folder.path(), &["--isolated"]);
        assert!(code == 1 && !stdout.contains(said), "{stdout}");
    }
    fs::write(folder.path().join("pickscan.toml"), "fail-on = 'never'").unwrap();
    let named = ["--config", "pickscan.toml", "-f"];
    let said = |format| {
        let arguments: Vec<&str> = named.iter().copied().chain([format]).collect();
        let (code, stdout, _) = run(folder.path(), &arguments);
        (code, stdout.contains("fail-on=never"))
    };
    for format in ["text", "json", "jsonl", "sarif"] {
        assert_eq!(said(format), (0, true), "{format}");
    }
}

#[test]
fn a_baseline_without_end_is_refused() {
    let folder = folder(&[("evil.pkl", EVIL)]);
    if Path::new("/dev/zero").exists() {
        let (code, _, stderr) = run(folder.path(), &["--baseline", "/dev/zero"]);
        assert!(code == 2 && stderr.contains("no baseline has"), "{stderr}");
    }
}

#[test]
fn mistakes_in_settings_end_the_run() {
    let folder = folder(&[("evil.pkl", EVIL), ("no.json", b"{}")]);
    let cases: &[(&str, &[&str], &str)] = &[
        ("exclud = []", &[], "unknown field `exclud`"),
        ("exclude = ['a[']", &[], "pickscan.toml: --exclude"),
        ("[limits]\nspeed = 1", &[], "there is no limit `speed`"),
        ("rules = ['gone']", &[], "gone"),
        ("baseline = 'gone.json'", &[], "gone.json"),
        ("fail-on = '\u{9b}2J'", &[], "`\\u{9b}2J` is none of"),
        ("", &["--baseline", "no.json"], "it is not a baseline"),
        ("", &["--config", "gone.toml"], "gone.toml: cannot be read"),
        ("", &["--write-baseline", "no/such/file"], "no/such/file"),
    ];
    for (config, arguments, expected) in cases {
        fs::write(folder.path().join("pickscan.toml"), config).unwrap();
        let (code, stdout, stderr) = run(folder.path(), arguments);
        assert_eq!((code, stdout.as_str()), (2, ""), "{config} {arguments:?}");
        assert!(stderr.contains(expected), "{config}: {stderr}");
    }
}

#[test]
fn what_a_baseline_holds_is_known_and_what_is_new_fails() {
    let folder = folder(&[("a.pkl", EVIL)]);
    let write = ["--write-baseline", "known.json"];
    let (code, stdout, _) = run(folder.path(), &write);
    let known = "known: critical: ";
    assert!(code == 0 && stdout.contains(known), "{code} {stdout}");
    let baseline = ["--baseline", "known.json"];
    let (code, stdout, _) = run(folder.path(), &baseline);
    assert!(
        code == 0 && stdout.contains("a.pkl: dangerous\n"),
        "{stdout}"
    );
    assert!(stdout.contains("known from known.json"), "{stdout}");
    fs::write(folder.path().join("b.pkl"), EVIL).unwrap();
    let (code, stdout, _) = run(folder.path(), &baseline);
    assert!(code == 1 && stdout.contains("b.pkl: dangerous"), "{stdout}");
    fs::remove_file(folder.path().join("b.pkl")).unwrap();
    fs::write(folder.path().join("a.pkl"), WORSE).unwrap();
    assert_eq!(
        run(folder.path(), &baseline).0,
        1,
        "it runs another command"
    );
    fs::write(folder.path().join("a.pkl"), b"N.").unwrap();
    let (code, stdout, _) = run(folder.path(), &baseline);
    assert!(
        code == 0 && stdout.contains("unused-suppression"),
        "{stdout}"
    );
}

#[test]
fn sarif_says_what_is_known_and_what_is_new() {
    let folder = folder(&[("a.pkl", EVIL)]);
    run(folder.path(), &["--write-baseline", "known.json"]);
    fs::write(folder.path().join("b.pkl"), EVIL).unwrap();
    let arguments = ["-f", "sarif", "--baseline", "known.json"];
    let log: Value = serde_json::from_str(&run(folder.path(), &arguments).1).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    let uri = |result: &Value| {
        let physical = &result["locations"][0]["physicalLocation"];
        physical["artifactLocation"]["uri"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    for result in results {
        let suppressed = result["suppressions"].as_array().unwrap().len();
        let expected = match uri(result).as_str() {
            "a.pkl" => ("unchanged", 1),
            _ => ("new", 0),
        };
        let state = result["baselineState"].as_str().unwrap();
        assert_eq!((state, suppressed), expected);
    }
    assert_eq!(uri(&results[0]), "b.pkl", "what counts comes first");
}

#[test]
fn the_exit_status_is_the_same_for_every_format() {
    let folder = folder(&[("a.pkl", EVIL), ("cut.pkl", b"\x80\x04\x95")]);
    for format in [
        "text",
        "json",
        "jsonl",
        "sarif",
        "github",
        "markdown",
        "junit",
        "gitlab",
        "cyclonedx",
    ] {
        let code = |paths: &[&str]| {
            let arguments = [&["-f", format][..], paths].concat();
            run(folder.path(), &arguments).0
        };
        assert_eq!((code(&[]), code(&["gone"])), (1, 2), "{format}");
    }
}

#[test]
fn a_bill_of_materials_holds_digests_and_only_then_is_all_read() {
    let folder = folder(&[("a.pkl", b"N.")]);
    let (_, stdout, _) = run(folder.path(), &["-f", "cyclonedx"]);
    let bom: Value = serde_json::from_str(&stdout).unwrap();
    let content = bom["components"][0]["hashes"][0]["content"]
        .as_str()
        .unwrap();
    assert!(content.starts_with("8b1663da576e3578"), "{content}");
    let (_, stdout, _) = run(folder.path(), &["-f", "json"]);
    assert!(!stdout.contains("sha256"), "{stdout}");
}

#[test]
fn completions_and_manual_are_written() {
    let folder = folder(&[]);
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let (code, stdout, _) = run(folder.path(), &["completions", shell]);
        assert!(code == 0 && stdout.contains("write-baseline"), "{shell}");
    }
    let (code, stdout, _) = run(folder.path(), &["man"]);
    assert!(code == 0 && stdout.contains(".TH pickscan 1"), "{stdout}");
}
