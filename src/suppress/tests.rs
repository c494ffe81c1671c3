use super::*;
use crate::{
    report::{FileReport, Threshold},
    rules::Severity,
};

const TODAY: Date = Date {
    year: 2026,
    month: 11,
    day: 22,
};

fn report(severity: Severity) -> Report {
    let file = FileReport {
        path: "models/a.pt".into(),
        findings: vec![Finding::example(severity)],
        ..FileReport::default()
    };
    Report {
        working_directory: "/work".into(),
        files: vec![file],
        ..Report::default()
    }
}

fn entry(glob: &str) -> TrustedSymbols {
    let glob = globset::Glob::new(glob).unwrap();
    TrustedSymbols {
        place: "pickscan.toml, trust entry 1".to_owned(),
        symbols: vec!["os.system".to_owned()],
        root: "/work".into(),
        paths: Some(globset::GlobSet::builder().add(glob).build().unwrap()),
        rules: Vec::new(),
        reason: "ours".to_owned(),
        expires: None,
    }
}

/// Exit status and the kinds of remarks.
fn outcome(trusted: TrustedSymbols, severity: Severity) -> (u8, Vec<&'static str>) {
    let mut report = report(severity);
    let suppressions = Suppressions {
        trusted: vec![trusted],
        baseline: None,
    };
    suppressions.apply(&mut report, &[".".into()], TODAY);
    let kinds = report.notices.iter().map(|notice| notice.kind.name());
    (report.exit_code(Threshold::Suspicious), kinds.collect())
}

#[test]
fn trust_is_by_symbol_and_path() {
    assert_eq!(outcome(entry("models/**"), Severity::Medium), (0, vec![]));
    assert_eq!(
        outcome(entry("other/**"), Severity::Medium),
        (1, vec!["unused-suppression"])
    );
    let other = TrustedSymbols {
        symbols: vec!["os.systems".to_owned()],
        ..entry("models/**")
    };
    assert_eq!(
        outcome(other, Severity::Medium),
        (1, vec!["unused-suppression"])
    );
}

#[test]
fn harm_is_silenced_only_by_its_rule() {
    assert_eq!(outcome(entry("**"), Severity::High).0, 1);
    let named = TrustedSymbols {
        rules: vec!["os-command".to_owned()],
        ..entry("**")
    };
    assert_eq!(outcome(named, Severity::High), (0, vec![]));
    let another = TrustedSymbols {
        rules: vec!["network".to_owned()],
        ..entry("**")
    };
    assert_eq!(outcome(another, Severity::Medium).0, 1);
}

#[test]
fn an_entry_holds_on_its_last_day_and_not_after() {
    let until = |day| TrustedSymbols {
        expires: Some(Date { day, ..TODAY }),
        ..entry("**")
    };
    assert_eq!(outcome(until(22), Severity::Medium), (0, vec![]));
    let expected = (1, vec!["expired-suppression"]);
    assert_eq!(outcome(until(21), Severity::Medium), expected);
}

fn against_baseline(before: &Report, now: &mut Report, named: &str) -> u8 {
    let mut bytes = Vec::new();
    Baseline::of(before).write(&mut bytes).unwrap();
    let baseline = Baseline::parse(std::str::from_utf8(&bytes).unwrap()).unwrap();
    let suppressions = Suppressions {
        trusted: Vec::new(),
        baseline: Some(("b.json".into(), baseline)),
    };
    suppressions.apply(now, &[named.into()], TODAY);
    now.exit_code(Threshold::Unfamiliar)
}

#[test]
fn what_is_known_does_not_fail_wherever_it_has_moved_to() {
    let before = report(Severity::High);
    let mut now = report(Severity::High);
    now.files[0].findings[0].location.offset = 999;
    assert_eq!(against_baseline(&before, &mut now, "."), 0);
    assert_eq!(now.suppressed().known, 1);
    assert!(now.notices.is_empty());
}

#[test]
fn what_has_become_worse_is_new() {
    let mut worse = report(Severity::High);
    assert_eq!(against_baseline(&report(Severity::Low), &mut worse, "."), 1);
    let mut other = report(Severity::High);
    other.files[0].findings[0].message = "would run the command ('rm',)".to_owned();
    assert_eq!(
        against_baseline(&report(Severity::High), &mut other, "."),
        1
    );
    let mut unfamiliar = report(Severity::Low);
    unfamiliar.files[0].findings[0].message = "with other words".to_owned();
    let before = report(Severity::Low);
    assert_eq!(against_baseline(&before, &mut unfamiliar, "."), 0);
}

#[test]
fn what_is_gone_is_said_where_it_was_looked_for() {
    let before = report(Severity::High);
    let remarks = |named: &str| {
        let mut now = Report {
            working_directory: "/work".into(),
            ..Report::default()
        };
        against_baseline(&before, &mut now, named);
        now.notices.len()
    };
    assert_eq!(remarks("."), 1);
    assert_eq!(remarks("other/b.pt"), 0);
}

#[test]
fn a_file_that_is_no_baseline_is_refused() {
    let error = |text: &str| Baseline::parse(text).unwrap_err().to_string();
    assert!(error("[]").starts_with("it is not a baseline"));
    let newer = r#"{"schema": "pickscan-baseline/2", "version": "9", "findings": []}"#;
    assert!(error(newer).contains("pickscan-baseline/2"));
}
