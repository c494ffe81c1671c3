//! Honest containers, loaded by the real libraries: what pickscan says they import is what they ask
//! for, no more and no less.
//!
//! `PICKSCAN_PYTHON` names an interpreter that has further libraries: torch, joblib, numpy, the
//! databases.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    path::Path,
};

use pickscan::{
    facts::Symbol,
    rules::Ruleset,
    scan::{Options, Unobserved, scan},
};

/// Benign samples, by what loads them.
const SAMPLES: &[(&str, &[&str])] = &[
    ("zip", &["zip-good.zip", "zip-bzip2.zip", "zip-lzma.zip"]),
    ("tar", &["tar-good.tar"]),
    ("gz", &["good.pkl.gz", "padded.pkl.gz"]),
    ("bz2", &["good.pkl.bz2"]),
    ("xz", &["good.pkl.xz"]),
    ("lzma", &["good.pkl.lzma"]),
    ("sqlite", &["dbm-sqlite-good.sqlite", "sqlite-good.sqlite"]),
    ("pickle", &["carrier-good.pkl", "distributed.metadata"]),
    (
        "npy",
        &[
            "npy-objects.npy",
            "npy-floats.npy",
            "npy-nested-objects.npy",
            "npy-several.npy",
            "npy-version2.npy",
            "npy-version3.npy",
        ],
    ),
    ("npz", &["npz.npz", "npz-compressed.npz"]),
    (
        "joblib",
        &[
            "joblib-raw.joblib",
            "joblib-zlib.joblib",
            "joblib-gzip.joblib",
            "joblib-bz2.joblib",
            "joblib-xz.joblib",
            "joblib-lzma.joblib",
            "joblib-memory-output.pkl",
            "zfile-good.pkl",
        ],
    ),
    (
        "torch",
        &[
            "torch.pt",
            "torch-legacy.pt",
            "torch-legacy-sizes.pt",
            "lightning.ckpt",
        ],
    ),
    ("gdbm", &["gdbm-good.gdbm"]),
];

/// Torch finds its storage classes without asking for them.
fn is_storage(name: &str) -> bool {
    name.starts_with("torch.") && name.ends_with("Storage")
}

/// What each file is said to import, as its pickles spell it.
fn said(paths: &[String]) -> BTreeMap<String, BTreeSet<String>> {
    let inputs: Vec<_> = paths.iter().map(Into::into).collect();
    let report = scan(
        &inputs,
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    let files = report.files.iter().map(|file| {
        let imports = file.streams.iter().flat_map(|stream| &stream.imports);
        let written = imports.filter(|import| !import.resolved);
        let spelled =
            written.filter_map(|import| import.spelled.as_ref().or(import.symbol.as_ref()));
        let names = spelled.map(Symbol::dotted);
        let names = names.map(|name| String::from_utf8(name).unwrap());
        let path = file.path.to_str().unwrap().to_owned();
        (path, names.filter(|name| !is_storage(name)).collect())
    });
    files.collect()
}

#[test]
fn honest_containers_import_what_their_loaders_ask_for() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/oracle/containers.py");
    let script = script.to_str().unwrap();
    let known = support::python_file(script, &["--kinds"], b"");
    let known = String::from_utf8(known).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus/containers");
    let (mut asked, mut paths) = (String::new(), Vec::new());
    for (kind, samples) in SAMPLES {
        if *kind != "pickle" && !known.lines().any(|known| known == *kind) {
            continue;
        }
        for name in *samples {
            let path = folder.join(name).to_str().unwrap().to_owned();
            // What names classes of torch is loaded where torch is.
            if !name.starts_with("distributed") || known.contains("torch") {
                writeln!(asked, "{kind} {path}").unwrap();
                paths.push(path);
            }
        }
    }
    let answer = support::python_file(script, &["--imports"], asked.as_bytes());
    let answer = String::from_utf8(answer).unwrap();
    let said = said(&paths);
    assert_eq!(answer.lines().count(), paths.len());
    for line in answer.lines() {
        let mut parts = line.split('\t').map(str::to_owned);
        let path = parts.next().unwrap();
        let wanted: BTreeSet<String> = parts.filter(|name| !is_storage(name)).collect();
        assert_eq!(said[&path], wanted, "{path}");
    }
}
