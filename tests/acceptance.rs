//! What a newcomer tries first: a folder of honest checkpoints and data frames written by the real
//! libraries, and five malicious files of different kinds. `EXPECTED.csv` in each folder says what
//! every file is and which verdict it must get.

use std::{fs, path::Path, process::Command};

use pickscan::{
    report::{FileReport, Report},
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/corpus/acceptance");

fn scanned(folder: &Path) -> Report {
    scan(
        &[folder.to_owned()],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    )
}

fn verdict<'r>(report: &'r Report, name: &str) -> &'r str {
    let named = |file: &&FileReport| file.path.file_name().is_some_and(|found| found == name);
    let file = report.files.iter().find(named);
    file.map_or("not scanned", |file| file.verdict().name())
}

#[test]
fn every_file_gets_the_verdict_that_it_must_get() {
    let mut wrong = Vec::new();
    let mut seen = 0;
    for folder in ["honest", "malicious"] {
        let folder = Path::new(FOLDER).join(folder);
        let report = scanned(&folder);
        let expected =
            fs::read_to_string(folder.join("EXPECTED.csv")).expect("a table of verdicts");
        for row in expected.lines().skip(1) {
            let mut cells = row.split(',');
            let (Some(name), Some(wanted)) = (cells.next(), cells.next()) else {
                panic!("a row needs a name and a verdict: {row}");
            };
            seen += 1;
            let found = verdict(&report, name);
            if found != wanted {
                wrong.push(format!("{name}: {found} instead of {wanted}"));
            }
        }
    }
    assert_eq!(seen, 25);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_exit_status_tells_the_folders_apart() {
    let run = |folders: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pickscan"));
        command.current_dir(FOLDER).args(folders);
        let output = command.output().expect("pickscan runs");
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned(),
        )
    };
    let (status, text) = run(&["honest", "malicious"]);
    assert_eq!(status, Some(1), "{text}");
    assert!(text.contains("5 dangerous"), "{text}");
    let (status, text) = run(&["honest"]);
    assert_eq!(status, Some(0), "{text}");
    assert!(
        !text.contains("dangerous") && !text.contains("suspicious"),
        "{text}"
    );
}
