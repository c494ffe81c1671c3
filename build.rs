//! Turns `rules/**/*.yml` into the tables that are embedded in the binary, so that no YAML is
//! parsed at start-up and no broken rule can be released.

#![allow(
    dead_code,
    missing_docs,
    unreachable_pub,
    reason = "the modules are the library's; the build uses a part of them"
)]
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "this is how a build script talks to cargo, and how it fails"
)]

#[path = "src/facts.rs"]
mod facts;
#[path = "src/machine"]
mod machine {
    pub mod model;
}
#[path = "src/rules"]
mod rules {
    pub mod condition;
    pub mod load;
    pub mod pack;
    pub mod pattern;
    pub mod schema;
    pub mod table;
    pub mod verbs;
}

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use rules::load::{Problem, read};
use rules::pack::Pack;

fn main() -> ExitCode {
    for input in [
        "rules",
        "build.rs",
        "src/rules",
        "src/facts.rs",
        "src/machine/model.rs",
    ] {
        println!("cargo::rerun-if-changed={input}");
    }
    match read(Path::new("rules")).and_then(|documents| Pack::new(&documents)) {
        Ok(pack) => {
            let bytes = postcard::to_stdvec(&pack).expect("a pack can be encoded");
            let folder = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
            std::fs::write(folder.join("rules.bin"), bytes).expect("OUT_DIR can be written");
            ExitCode::SUCCESS
        }
        Err(problems) => report(&problems),
    }
}

/// Shows every problem; cargo prefixes each line, so that line breaks survive.
fn report(problems: &[Problem]) -> ExitCode {
    for problem in problems {
        for line in problem.to_string().lines() {
            println!("cargo::error={line}");
        }
    }
    ExitCode::FAILURE
}
