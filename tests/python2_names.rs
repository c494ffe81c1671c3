//! The embedded Python 2 names against those of the `python3` on this machine.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::process::Command;

use pickscan::machine::model::Knowledge;
use pickscan::rules::Ruleset;

/// Prints each mapped name as `module name new_module new_name`, one a line, as `find_class` maps it.
const SCRIPT: &str = r#"
import _compat_pickle as c
for (module, name), new in sorted(c.NAME_MAPPING.items()):
    print(module, name, *new)
for module, new in sorted(c.IMPORT_MAPPING.items()):
    if (module, "SomeName") not in c.NAME_MAPPING:
        print(module, "SomeName", new, "SomeName")
"#;

#[test]
fn the_names_are_those_of_python3() {
    let Ok(output) = Command::new("python3").args(["-c", SCRIPT]).output() else {
        eprintln!("skipped: there is no python3 here");
        return;
    };
    assert!(output.status.success());
    let rules = Ruleset::builtin();
    let listing = String::from_utf8(output.stdout).unwrap();
    assert!(listing.lines().count() > 100);
    for line in listing.lines() {
        let parts: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        let mapped = rules.python3_name(parts[0], parts[1]);
        let expected = (parts[2].to_vec(), parts[3].to_vec());
        assert_eq!(mapped, Some(expected), "{line}");
    }
}

#[test]
fn other_names_stay_as_they_are() {
    let rules = Ruleset::builtin();
    assert_eq!(rules.python3_name(b"collections", b"OrderedDict"), None);
    // The pair decides, not the dotted name.
    assert_eq!(rules.python3_name(b"", b"__builtin__ xrange"), None);
}
