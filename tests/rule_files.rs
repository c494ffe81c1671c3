//! Rule files of a user: what they add and replace, and how their mistakes are shown.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::path::PathBuf;

use pickscan::facts::{Facts, ImportFact, Place, Symbol};
use pickscan::machine::model::Knowledge;
use pickscan::rules::{Ruleset, Trust};

fn written(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let path = folder.path().to_owned();
    (folder, path)
}

fn errors(name: &str, text: &str) -> String {
    let (_folder, path) = written(&[(name, text)]);
    let error = Ruleset::with(std::slice::from_ref(&path)).unwrap_err();
    error
        .to_string()
        .replace(&format!("{}/", path.display()), "")
}

#[test]
fn a_line_without_end_is_shown_where_it_is_wrong_and_moves_no_cursor() {
    let text = format!(
        "id: {}\u{9b}2J{}[\n",
        "x".repeat(100_000),
        "y".repeat(100_000)
    );
    let shown = errors("rules/a.yml", &text);
    assert!(shown.len() < 2_000, "{} bytes", shown.len());
    assert!(!shown.contains('\u{9b}'), "{shown:?}");
}

/// The trust of one import, and the rules that match it.
fn judged(rules: &Ruleset, module: &str, name: &str) -> (Trust, Vec<String>) {
    let import = ImportFact {
        place: Place {
            offset: 0,
            opcode: "GLOBAL",
        },
        symbol: Some(Symbol {
            module: module.into(),
            name: name.into(),
        }),
        spelled: None,
        resolved: false,
        of_instance: false,
        repeated: 0,
    };
    let judgement = rules.evaluate(&Facts {
        imports: vec![import],
        ..Facts::default()
    });
    let matches = judgement.matches.iter();
    let ids = matches.map(|found| found.rule.id.clone()).collect();
    (*judgement.imports.first().unwrap(), ids)
}

const RULE: &str = "
id: unfamiliar-import
title: Ours
severity: high
confidence: high
message: ours
why: ours
what-to-do: ours
when: { import: { trust: unfamiliar } }
";

#[test]
fn a_mistake_is_shown_with_its_place_and_line() {
    let cases = [
        (
            "a misspelt key",
            "package: p\nentries:\n  - { symbols: [a.b], efects: [network] }\n",
            "rules.yml:3:23: unknown field `efects`",
        ),
        (
            "an unknown effect",
            "package: p\nentries:\n  - { symbols: [a.b], effects: [fly] }\n",
            "rules.yml:3:33: unknown variant `fly`",
        ),
        (
            "a bad pattern",
            "package: p\nentries:\n  - { symbols: [a..b], effects: [network] }\n",
            "rules.yml:3:17: `a..b` has an empty segment\n",
        ),
        (
            "a pattern as trust",
            "library: l\npackages: [l]\nversions: \"1\"\nreason: r\nentries:\n  - { modules: [l], names: [A*] }\n",
            "rules.yml:6:29: trust is exact, but `A*` is a pattern\n",
        ),
        (
            "a bad regular expression",
            "library: l\npackages: [l]\nversions: \"1\"\nreason: r\nentries:\n  - modules: [l]\n    names: [A]\n    only: { state-keys: [\"(\"] }\n",
            "rules.yml:8:26: `(` is no regular expression: unclosed group\n",
        ),
        (
            "a bad verb",
            "package: p\nentries:\n  - symbols: [a.b]\n    effects: [network]\n    does: { call: { callee: 0, arguments: each } }\n",
            "rules.yml:5:43: `each` is not one of `rest`, `unpack-N`",
        ),
        ("no YAML", "package: [\n", "rules.yml:"),
    ];
    for (what, text, expected) in cases {
        let shown = errors("rules.yml", text);
        assert!(shown.starts_with(expected), "{what}:\n{shown}");
        let line = text.lines().last().unwrap();
        assert!(shown.contains(line), "{what}:\n{shown}");
    }
}

#[test]
fn every_file_is_checked_not_only_the_first() {
    let (_folder, path) = written(&[("a.yml", "x: 1"), ("b/c.yaml", "y: 1"), ("d.txt", "z: 1")]);
    let error = Ruleset::with(&[path]).unwrap_err();
    let names: Vec<_> = error
        .problems
        .iter()
        .map(|problem| problem.path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["a.yml", "c.yaml"]);
}

#[test]
fn a_missing_file_is_an_error() {
    let error = Ruleset::with(&[PathBuf::from("/nowhere/rules.yml")]).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("/nowhere/rules.yml: cannot be read: ")
    );
}

#[test]
fn an_alias_bomb_is_refused() {
    let mut text = String::from("package: p\nversions: &a0 [x, x, x, x, x, x, x, x, x]\n");
    for level in 1..12 {
        let aliases = vec![format!("*a{}", level - 1); 9].join(", ");
        text.push_str(&format!("k{level}: &a{level} [{aliases}]\n"));
    }
    assert!(!errors("bomb.yml", &text).is_empty());
}

#[test]
fn two_rules_of_one_id_are_refused() {
    let (_folder, path) = written(&[("a.yml", RULE), ("b.yml", RULE)]);
    let error = Ruleset::with(&[path]).unwrap_err().to_string();
    assert!(
        error.contains("another rule has the id `unfamiliar-import`"),
        "{error}"
    );
}

#[test]
fn user_rules_replace_and_add() {
    let trust = "library: ours\npackages: [ours]\nversions: \"1\"\nreason: ours\nentries:\n  - { modules: [ours], names: [Model] }\n  - { modules: [os], names: [system] }\n";
    let models =
        "package: ours\nentries:\n  - { symbols: [collections.OrderedDict], effects: [network] }\n";
    let (_folder, path) = written(&[("r.yml", RULE), ("t/t.yml", trust), ("m.yml", models)]);
    let builtin = Ruleset::builtin();
    let rules = Ruleset::with(&[path]).unwrap();

    assert_eq!(rules.rules().len(), builtin.rules().len());
    assert_eq!(rules.rule("unfamiliar-import").unwrap().title, "Ours");
    assert_ne!(rules.digest(), builtin.digest());

    assert_eq!(judged(&rules, "ours", "Model"), (Trust::Trusted, vec![]));
    assert_eq!(judged(&rules, "os", "system"), (Trust::Trusted, vec![]));
    assert_eq!(judged(&rules, "posix", "system"), (Trust::Trusted, vec![]));
    assert_eq!(judged(&rules, "ours", "Other").0, Trust::Unknown);
    assert_eq!(judged(&rules, "theirs", "Other").0, Trust::Dangerous);
    assert_eq!(
        judged(&rules, "collections", "OrderedDict").0,
        Trust::Dangerous
    );
    assert!(!rules.behaviour(b"collections.OrderedDict").plain);
}

#[test]
fn the_builtin_rules_know_the_common_names() {
    let rules = Ruleset::builtin();
    for (module, name) in [
        ("collections", "OrderedDict"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("torch._utils", "_rebuild_tensor_v2"),
        ("copy_reg", "_reconstructor"),
    ] {
        assert_eq!(
            judged(rules, module, name).0,
            Trust::Trusted,
            "{module}.{name}"
        );
    }
    for (module, name) in [
        ("os", "system"),
        ("nt", "system"),
        ("random", "_os.system"),
        ("builtins", "eval.__call__"),
    ] {
        assert_eq!(
            judged(rules, module, name).0,
            Trust::Dangerous,
            "{module}.{name}"
        );
    }
    assert_eq!(judged(rules, "__main__", "Model").0, Trust::Unfamiliar);
    assert_eq!(judged(rules, "collections", "unheard_of").0, Trust::Unknown);
    assert_eq!(rules.digest().len(), 64);
}

#[test]
fn lists_and_shows() {
    let rules = Ruleset::builtin();
    let list = rules.list();
    assert!(list.contains("os-command"));
    assert!(list.contains(rules.digest()));
    assert!(rules.show("os-command").unwrap().contains("Why"));
    assert!(
        rules
            .show("posix.system")
            .unwrap()
            .contains("another name of os.system")
    );
    assert!(
        rules
            .show("collections.OrderedDict")
            .unwrap()
            .contains("Trusted")
    );
    assert_eq!(rules.show("no-such-rule"), None);
}

#[test]
fn lists_of_packages_are_sorted_and_name_each_once() {
    let packages = "listed-packages:\n  ours: [zlib2, alib, a.b]\n  others: [alib]\n";
    let (_folder, path) = written(&[("packages.yml", packages)]);
    let problems = pickscan::rules::lint(&path);
    let mut messages: Vec<_> = problems.iter().map(|problem| &problem.message).collect();
    messages.sort();
    assert_eq!(messages.len(), 4, "{messages:?}");
    let beginnings = [
        "`a.b` does not belong",
        "`a.b` is no top-level",
        "`alib` does not belong",
        "`alib` is known",
    ];
    for (message, beginning) in messages.iter().zip(beginnings) {
        assert!(message.starts_with(beginning), "{message}");
    }
}
