//! Every cell of the table in docs/CONTAINERS.md is a sample that does what its column says.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

use std::{collections::BTreeSet, path::Path};

use pickscan::{
    container::FORMATS,
    limits::Limits,
    report::{FileReport, NoticeKind, Verdict},
    rules::{Ruleset, Severity},
    scan::{Options, Unobserved, scan},
};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The columns, in order, behind the name of the format.
const COLUMNS: [&str; 5] = ["benign", "malicious", "truncated", "bomb", "tampered"];

/// The cells of each row.
fn rows() -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(Path::new(ROOT).join("docs/CONTAINERS.md")).unwrap();
    let table = text
        .lines()
        .skip_while(|line| !line.starts_with("| Format"));
    let table = table.take_while(|line| line.starts_with('|'));
    let lines = table.filter(|line| line.starts_with("| "));
    let cells = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
    let rows: Vec<Vec<String>> = lines.skip(1).map(cells).collect();
    assert!(rows.len() > 20);
    rows
}

/// What stands in backticks.
fn names(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

fn scanned(name: &str, limits: Limits) -> FileReport {
    let path = Path::new(ROOT).join("corpus/containers").join(name);
    let options = Options {
        limits,
        ..Options::default()
    };
    let mut report = scan(&[path], &options, Ruleset::builtin(), &Unobserved);
    report.files.remove(0)
}

/// Whether a sample does what its column says.
fn holds(column: &str, name: &str) -> bool {
    let limits = match column {
        "bomb" => Limits {
            inflated: 6_000_000,
            resident: 4_000_000,
            ..Limits::default()
        },
        _ => Limits::default(),
    };
    let file = scanned(name, limits);
    let verdict = file.verdict();
    let limited = |kind| file.notices.iter().any(|notice| notice.kind == kind);
    match column {
        "benign" => {
            let loud = file
                .findings
                .iter()
                .any(|found| found.severity > Severity::Info);
            let explained = file.accounting.unexplained == 0 && file.accounting.ranges.is_empty();
            matches!(verdict, Verdict::Clean | Verdict::Skipped)
                && !loud
                && !file.is_incomplete()
                && explained
        }
        "malicious" => verdict == Verdict::Dangerous,
        "truncated" => file.is_incomplete(),
        "bomb" => file.is_incomplete() && limited(NoticeKind::Limit),
        _ => matches!(verdict, Verdict::Dangerous | Verdict::Suspicious),
    }
}

#[test]
fn every_cell_holds() {
    let mut wrong = Vec::new();
    for row in rows() {
        for (column, cell) in COLUMNS.iter().zip(&row[2..]) {
            assert!(cell == "–" || !names(cell).is_empty(), "{row:?}");
            for name in names(cell) {
                if !holds(column, name) {
                    wrong.push(format!("{column}: {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_format_has_a_row() {
    let rows = rows();
    let described: BTreeSet<&str> = rows.iter().flat_map(|row| names(&row[1])).collect();
    for format in FORMATS {
        assert!(described.contains(format.name), "{}", format.name);
    }
}

#[test]
fn the_checks_can_fail() {
    assert!(!holds("benign", "zip-evil.zip") && !holds("benign", "torch-cut.pt"));
    assert!(!holds("truncated", "zip-good.zip") && !holds("bomb", "zip-good.zip"));
    assert!(!holds("malicious", "zip-good.zip") && !holds("tampered", "zip-good.zip"));
}

/// Whatever a file is, its bytes add up.
#[test]
fn every_byte_is_accounted_for() {
    let corpus = Path::new(ROOT).join("corpus");
    let report = scan(
        &[corpus],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    assert!(report.files.len() > 900);
    for file in report.files {
        let accounting = &file.accounting;
        let sum = accounting.pickle + accounting.payload + accounting.unexplained;
        assert_eq!(sum, file.size, "{}", file.path.display());
        assert!(accounting.unexplained < file.size.max(1) || file.streams.is_empty());
    }
    let unexplained = |name| scanned(name, Limits::default()).accounting.unexplained;
    assert_eq!(unexplained("zip-prefix.zip"), 15);
    assert_eq!(unexplained("joblib-shape.joblib"), 68);
}

/// Each budget, a sample that exhausts it, and one that the same budget is enough for.
#[test]
fn every_budget_ends_in_incomplete() {
    let all = Limits::default;
    let cases = [
        (
            "depth",
            Limits { depth: 2, ..all() },
            "zip-nested.zip",
            "zip-good.zip",
        ),
        (
            "members",
            Limits {
                members: 2,
                ..all()
            },
            "gdbm-good.gdbm",
            "zip-good.zip",
        ),
        (
            "inflated",
            Limits {
                inflated: 5_000,
                ..all()
            },
            "linked.pkl.lz4",
            "good.pkl.lz4",
        ),
        (
            "ratio",
            Limits {
                ratio: 100,
                ratio_floor: 1_000,
                ..all()
            },
            "bomb.zst",
            "good.pkl.zst",
        ),
        (
            "searched",
            Limits {
                searched: 40,
                ..all()
            },
            "tfrecord-good.tfrecord",
            "zip-good.zip",
        ),
        (
            "resident",
            Limits {
                resident: 1_000,
                ..all()
            },
            "7z-bomb.7z",
            "7z-good.7z",
        ),
        (
            "payload",
            Limits {
                payload: 500,
                ..all()
            },
            "base64-good.txt",
            "base64-zlib.txt",
        ),
        (
            "streams",
            Limits {
                streams: 20,
                ..all()
            },
            "dumb-alone.dat",
            "zip-good.zip",
        ),
    ];
    for (name, limits, exhausting, modest) in cases {
        let file = scanned(exhausting, limits.clone());
        let mut kinds = file.notices.iter().map(|notice| notice.kind);
        assert!(
            kinds.any(|kind| kind == NoticeKind::Limit),
            "{name}: {:?}",
            file.notices
        );
        assert!(file.is_incomplete(), "{name}");
        assert!(!scanned(modest, limits).is_incomplete(), "{name}");
    }
}
