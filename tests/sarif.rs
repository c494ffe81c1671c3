//! Every SARIF log that the binary writes is valid by the official schema.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test may fail; helpers outside test functions are not covered by clippy.toml"
)]
#![cfg(feature = "cli")]

use std::{fs, path::Path, process::Command};

use serde_json::Value;

fn schema() -> Value {
    let text = fs::read_to_string("tests/data/sarif-2.1.0.schema.json").unwrap();
    // The published pattern has a stray bracket, which strict engines refuse.
    let published = r"^[a-zA-Z]{2}|^[a-zA-Z]{2}-[a-zA-Z]{2}]?$";
    assert!(
        text.contains(published),
        "the schema was mended: remove this"
    );
    serde_json::from_str(&text.replace(published, "^[a-zA-Z]{2}(-[a-zA-Z]{2})?$")).unwrap()
}

fn log(folder: &Path) -> Value {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pickscan"));
    let output = command
        .args(["-f", "sarif", ".", "gone"])
        .current_dir(folder)
        .output()
        .unwrap();
    serde_json::from_slice(&output.stdout).unwrap()
}

fn check(log: &Value) {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(log)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
}

#[test]
fn the_check_can_fail() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let wrong = serde_json::json!({"version": "2.1.0", "runs": [{"tool": {}}]});
    assert!(!validator.is_valid(&wrong));
}

#[test]
fn hostile_names_and_broken_files_make_valid_logs() {
    let folder = tempfile::tempdir().unwrap();
    let evil: &[u8] = b"cos\nsystem\n(S'id'\ntR.";
    let hostile = b"cos\nsystem\n(S'[a](http://b) {0} \x1b[31m'\ntR.";
    let files: &[(&str, &[u8])] = &[
        ("plain.pkl", evil),
        ("a b#c?d%e.pkl", evil),
        ("[x](y).pkl", hostile),
        ("cut.pkl", b"\x80\x04\x95"),
        ("empty.pkl", b""),
        ("model \u{202e}é.pkl", evil),
    ];
    for (name, bytes) in files {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    let log = log(folder.path());
    check(&log);
    let run = &log["runs"][0];
    assert_eq!(run["invocations"][0]["executionSuccessful"], false);
    let results = run["results"].as_array().unwrap();
    let mut fingerprints: Vec<&str> = Vec::new();
    for result in results {
        fingerprints.push(
            result["partialFingerprints"]["pickscan/v1"]
                .as_str()
                .unwrap(),
        );
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        let text = result["message"]["text"].as_str().unwrap();
        assert!(!text.contains("](") && !text.contains('\u{1b}') && !text.contains('\u{202e}'));
        assert!(text.contains(" @ "), "{text}");
    }
    let count = fingerprints.len();
    fingerprints.sort_unstable();
    fingerprints.dedup();
    assert_eq!(fingerprints.len(), count, "fingerprints are unique");
}

#[test]
fn the_corpus_makes_a_valid_log() {
    let corpus = Path::new("corpus");
    check(&log(corpus));
}
