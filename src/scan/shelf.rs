//! Databases of the `dbm` modules, which consist of several files beside each other.
//!
//! These modules append suffixes to the name that they are given, so here, and nowhere else, the
//! name of a file matters.

use std::{
    collections::HashSet,
    path::{Path, PathBuf},
};

use crate::{
    container::dumb,
    source::{FileSource, Source, read_range},
};

/// What the modules append: `dbm.dumb` the first three, `dbm.ndbm` the others.
const SUFFIXES: [&str; 5] = ["dat", "dir", "bak", "db", "pag"];

/// The two files, either of which may hold the index of a `dbm.dumb` database.
const INDEXES: [&str; 2] = ["dir", "bak"];

/// Bytes of an index that are read.
const LONGEST_INDEX: usize = 64 << 20;

/// The files of the database that is opened by this name.
pub(super) fn files(name: &Path) -> Vec<PathBuf> {
    let files = SUFFIXES.iter().map(|suffix| {
        let mut file = name.as_os_str().to_owned();
        file.push(".");
        file.push(suffix);
        PathBuf::from(file)
    });
    files.filter(|file| file.is_file()).collect()
}

/// The files that say where the values in this one stand.
pub(super) fn indexes(values: &Path) -> Vec<PathBuf> {
    if values.extension().is_none_or(|suffix| suffix != "dat") {
        return Vec::new();
    }
    let indexes = INDEXES.iter().map(|suffix| values.with_extension(suffix));
    indexes.filter(|index| index.is_file()).collect()
}

/// Where the values of a file stand; nothing where it has no index, or one that is none.
pub(super) fn index(values: &Path) -> Vec<dumb::Entry> {
    let (mut all, mut starts) = (Vec::new(), HashSet::new());
    for path in indexes(values) {
        let text = FileSource::open(&path)
            .ok()
            .filter(|source| source.len() <= LONGEST_INDEX as u64)
            .and_then(|source| read_range(&source, 0, LONGEST_INDEX).ok());
        for entry in text.and_then(|text| dumb::index(&text)).unwrap_or_default() {
            // What the older index says of a place that was written to again is out of date.
            if path.extension().is_some_and(|suffix| suffix == "dir")
                || !starts.contains(&entry.start)
            {
                starts.insert(entry.start);
                all.push(entry);
            }
        }
    }
    all
}
