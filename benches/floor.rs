//! The least that can be done with the same bytes: what `benches/speed/compare.py` holds the time
//! of a scan against.
//!
//! ```sh
//! cargo bench --bench floor -- decode FILE     # every instruction decoded, none followed
//! cargo bench --bench floor -- read FOLDER     # every file read, on all cores
//! cargo bench --bench floor -- heads FOLDER    # the first 512 bytes of every file, on all cores
//! ```

#![allow(
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a benchmark that cannot read its input has nothing to say"
)]

use std::fs::File;
use std::hint::black_box;
use std::io::Read;
use std::path::{Path, PathBuf};

use pickscan::pickle::{Decoder, Opcode};
use pickscan::source::FileSource;
use rayon::prelude::*;

/// As much as pickscan reads of a file that holds no pickle.
const HEAD: u64 = 512;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    // `cargo bench` adds a flag of its own.
    let words: Vec<&str> = words
        .iter()
        .map(String::as_str)
        .filter(|word| *word != "--bench")
        .collect();
    match *words.as_slice() {
        ["decode", file] => println!("{} instructions", decode(Path::new(file))),
        ["read", folder] => println!("{} bytes", read(Path::new(folder), u64::MAX)),
        ["heads", folder] => println!("{} bytes", read(Path::new(folder), HEAD)),
        _ => println!("floor decode FILE | read FOLDER | heads FOLDER"),
    }
}

/// Decodes the streams of a file one after another.
fn decode(path: &Path) -> u64 {
    let source = FileSource::open(path).expect("the file opens");
    let mut decoder = Decoder::new(&source, 0);
    let mut instructions = 0;
    while let Ok(instruction) = decoder.advance() {
        instructions += 1;
        if black_box(instruction).opcode == Opcode::Stop && instruction.next >= decoder.length() {
            break;
        }
    }
    instructions
}

/// Reads up to `most` bytes of every file below a folder.
fn read(folder: &Path, most: u64) -> u64 {
    let entries = walkdir::WalkDir::new(folder)
        .into_iter()
        .filter_map(Result::ok);
    let files = entries.filter(|entry| entry.file_type().is_file());
    let paths: Vec<PathBuf> = files.map(walkdir::DirEntry::into_path).collect();
    let lengths = paths.par_iter().map_init(Vec::new, |buffer, path| {
        buffer.clear();
        let file = File::open(path).expect("the file opens");
        let read = file.take(most).read_to_end(buffer);
        black_box(&buffer);
        read.expect("the file can be read") as u64
    });
    lengths.sum()
}
