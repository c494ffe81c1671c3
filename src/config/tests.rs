use super::*;

const WHOLE: &str = r#"
exclude = ["tests/data/"]
fail-on = "dangerous"
rules = ["security/rules"]
baseline = "known.json"
[limits]
inflated = "1Gi"
members = 10
[[trust]]
symbols = ["ours.model.Net"]
paths = ["models/**"]
reason = "our own class, reviewed"
expires = 2027-01-31
"#;

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    // The search ends here, whatever stands above.
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::create_dir_all(folder.path().join("sub/deep")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn found(folder: &Path) -> Option<String> {
    match discover(folder).unwrap() {
        Found::Config(config) => Some(config.exclude.first().cloned().unwrap_or_default()),
        _ => None,
    }
}

fn problem(text: &str) -> String {
    let folder = folder(&[("pickscan.toml", text)]);
    discover(folder.path()).unwrap_err().to_string()
}

#[test]
fn all_keys_are_read_and_paths_start_from_the_folder() {
    let folder = folder(&[("pickscan.toml", WHOLE)]);
    let Found::Config(config) = discover(&folder.path().join("sub/deep")).unwrap() else {
        panic!("nothing found");
    };
    assert_eq!(config.fail_on, Some(Threshold::Dangerous));
    assert_eq!(config.rules, [folder.path().join("security/rules")]);
    assert_eq!(config.baseline, Some(folder.path().join("known.json")));
    assert_eq!(config.limits, ["inflated=1Gi", "members=10"]);
    let entry = &config.trusted[0];
    assert_eq!(entry.expires.unwrap().to_string(), "2027-01-31");
    assert_eq!(entry.root, folder.path());
}

#[test]
fn the_nearest_one_counts_and_names_have_an_order() {
    let all = folder(&[
        ("pyproject.toml", "[tool.pickscan]\nexclude = ['project']"),
        (".pickscan.toml", "exclude = ['hidden']"),
        ("pickscan.toml", "exclude = ['plain']"),
        ("sub/pyproject.toml", "[project]\nname = 'x'"),
    ]);
    let sub = all.path().join("sub/deep");
    assert_eq!(found(&sub).as_deref(), Some("plain"));
    fs::remove_file(all.path().join("pickscan.toml")).unwrap();
    assert_eq!(found(&sub).as_deref(), Some("hidden"));
    fs::remove_file(all.path().join(".pickscan.toml")).unwrap();
    assert_eq!(found(&sub).as_deref(), Some("project"));
    fs::create_dir(all.path().join("sub/.git")).unwrap();
    assert_eq!(
        found(&sub),
        None,
        "the root of a repository ends the search"
    );
}

#[test]
fn outside_of_a_repository_none_counts_whatever_it_says() {
    let cases = [
        ("pickscan.toml", "exclude = ['*']", true),
        ("pickscan.toml", "exclude = [", true),
        ("pyproject.toml", "[tool.pickscan]\nfail-on = 'never'", true),
        ("pyproject.toml", "[project]\nname = 'x'", false),
        ("pyproject.toml", "[", false),
    ];
    for (name, text, expected) in cases {
        let folder = folder(&[(name, text)]);
        fs::remove_dir(folder.path().join(".git")).unwrap();
        for from in ["sub/deep", ""] {
            let stray = match discover(&folder.path().join(from)).unwrap() {
                Found::Stray(path) => path == folder.path().join(name),
                _ => false,
            };
            assert_eq!(stray, expected, "{name} {text}");
        }
    }
}

#[test]
fn mistakes_are_named() {
    let cases = [
        ("exclud = []", "unknown field `exclud`"),
        ("fail-on = 'often'", "`often` is none of"),
        ("[limits]\ndepth = true", "`depth` must be a number"),
        ("[[trust]]\nsymbols = ['a.B']", "missing field `reason`"),
        ("[[trust]]\nsymbols = ['a.B']\nreason = ' '", "say why"),
        (
            "[[trust]]\nsymbols = ['a.*']\nreason = 'x'",
            "trust is exact",
        ),
        (
            "[[trust]]\nsymbols = []\nreason = 'x'",
            "`symbols` is empty",
        ),
        (
            "[[trust]]\nsymbols = ['a.B']\nreason = 'x'\npaths = ['a[']",
            "`a[` is not understood",
        ),
        (
            "[[trust]]\nsymbols = ['a.B']\nreason = 'x'\nexpires = 12:00:00",
            "write a day",
        ),
    ];
    for (text, expected) in cases {
        let problem = problem(text);
        assert!(problem.contains(expected), "{text}: {problem}");
    }
}

#[test]
fn a_project_without_the_table_is_no_configuration_when_named() {
    let folder = folder(&[("pyproject.toml", "[project]\nname = 'x'")]);
    let error = load(&folder.path().join("pyproject.toml")).unwrap_err();
    assert!(error.to_string().ends_with("has no table [tool.pickscan]"));
}
