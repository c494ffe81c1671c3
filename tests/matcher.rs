//! Rules against facts, with no pickle in sight.
//!
//! Each file in `tests/matcher` holds fragments of rules and, for each case, facts as a machine
//! would hand them over and what must come of them.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pickscan::facts::{
    Anomaly, AnomalyKind, Argument, CallFact, ChangeFact, ChangeKind, End, Facts, ImportFact,
    PayloadFact, PayloadKind, PayloadSummary, Place, Symbol, Target,
};
use pickscan::machine::model::Knowledge;
use pickscan::rules::condition::Condition;
use pickscan::rules::load::{Document, Parsed};
use pickscan::rules::schema::{Confidence, Examples, ModelFile, Rule, Severity, TrustFile};
use pickscan::rules::{Judgement, Ruleset};
use serde::Deserialize;

/// A file of `tests/matcher`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct MatcherFile {
    #[serde(default)]
    models: Vec<ModelFile>,
    #[serde(default)]
    trust: Vec<TrustFile>,
    #[serde(default)]
    detect: BTreeMap<String, Fragment>,
    cases: Vec<Case>,
}

/// The part of a detect rule that decides.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Fragment {
    severity: Severity,
    #[serde(default)]
    message: String,
    when: Condition,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Case {
    name: String,
    #[serde(default)]
    facts: FactsLine,
    /// The trust of each import, in order.
    #[serde(default)]
    imports: Vec<String>,
    /// Each match as `rule symbol`, or `rule` where it has none, in order.
    #[serde(default)]
    matches: Vec<String>,
    /// The messages of the matches, where they are of interest.
    #[serde(default)]
    messages: Vec<String>,
    /// Symbols whose calls are of no further interest.
    #[serde(default)]
    plain: Vec<String>,
    /// Symbols of which that must not be said.
    #[serde(default)]
    not_plain: Vec<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct FactsLine {
    imports: Vec<ImportLine>,
    calls: Vec<CallLine>,
    changes: Vec<ChangeLine>,
    persistent: Vec<ArgumentLine>,
    extensions: Vec<i64>,
    buffers: u64,
    payloads: Vec<(String, String)>,
    anomalies: Vec<String>,
    end: Option<String>,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct ImportLine {
    /// `module:qualname`; nothing where it could not be computed.
    symbol: Option<String>,
    spelled: Option<String>,
    resolved: bool,
    of_instance: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct CallLine {
    callee: TargetLine,
    arguments: Option<Vec<ArgumentLine>>,
    #[serde(default)]
    carried: Vec<String>,
    #[serde(default)]
    chain: Vec<String>,
    #[serde(default)]
    repeated: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct ChangeLine {
    #[serde(default)]
    set_state: bool,
    target: TargetLine,
    value: ArgumentLine,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TargetLine {
    Import(String),
    Module(String),
    Result(Option<String>),
    Instance(Option<String>),
    Persistent,
    Extension(i64),
    Data,
    Unknown,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum ArgumentLine {
    Unknown,
    None,
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(String),
    LongText,
    Bytes(String),
    Tuple(Vec<ArgumentLine>),
    List(Vec<ArgumentLine>),
    Set(Vec<ArgumentLine>),
    Dict(Vec<(ArgumentLine, ArgumentLine)>),
    Object(TargetLine),
    Buffer,
}

fn symbol(line: &str) -> Symbol {
    let (module, name) = line.split_once(':').expect("module:qualname");
    Symbol {
        module: module.into(),
        name: name.into(),
    }
}

fn target(line: &TargetLine) -> Target {
    let optional = |line: &Option<String>| line.as_deref().map(symbol);
    match line {
        TargetLine::Import(line) => Target::Import(symbol(line)),
        TargetLine::Module(module) => Target::Module(module.clone().into_bytes()),
        TargetLine::Result(line) => Target::Result(optional(line)),
        TargetLine::Instance(line) => Target::Instance(optional(line)),
        TargetLine::Persistent => Target::Persistent,
        TargetLine::Extension(code) => Target::Extension(*code),
        TargetLine::Data => Target::Data,
        TargetLine::Unknown => Target::Unknown,
    }
}

fn argument(line: &ArgumentLine) -> Argument {
    let all = |lines: &[ArgumentLine]| lines.iter().map(argument).collect();
    match line {
        ArgumentLine::Unknown => Argument::Unknown,
        ArgumentLine::None => Argument::None,
        ArgumentLine::Bool(value) => Argument::Bool(*value),
        ArgumentLine::Int(value) => Argument::Int(Some(*value)),
        ArgumentLine::Float(value) => Argument::Float(*value),
        ArgumentLine::Text(text) => Argument::Text(Some(text.clone().into_bytes())),
        ArgumentLine::LongText => Argument::Text(None),
        ArgumentLine::Bytes(text) => {
            // One byte for each character, so that any byte can be written.
            let bytes = text.chars().map(|c| u8::try_from(c).expect("Latin-1"));
            Argument::Bytes(Some(bytes.collect()))
        }
        ArgumentLine::Tuple(lines) => Argument::Tuple(all(lines)),
        ArgumentLine::List(lines) => Argument::List(all(lines)),
        ArgumentLine::Set(lines) => Argument::Set(all(lines)),
        ArgumentLine::Dict(pairs) => Argument::Dict(
            pairs
                .iter()
                .map(|(key, value)| (argument(key), argument(value)))
                .collect(),
        ),
        ArgumentLine::Object(line) => Argument::Object(target(line)),
        ArgumentLine::Buffer => Argument::Buffer,
    }
}

/// Facts at made-up offsets: 0, 1, 2 … in the order of the listing, imports before calls.
fn facts(line: &FactsLine) -> Facts {
    let mut offset = 0;
    let mut place = |opcode| {
        offset += 1;
        Place { offset, opcode }
    };
    let imports = line.imports.iter().map(|import| ImportFact {
        place: place("GLOBAL"),
        symbol: import.symbol.as_deref().map(symbol),
        spelled: import.spelled.as_deref().map(symbol),
        resolved: import.resolved,
        of_instance: import.of_instance,
        repeated: 0,
    });
    let imports = imports.collect();
    let calls = line.calls.iter().map(|call| CallFact {
        place: place("REDUCE"),
        callee: target(&call.callee),
        arguments: call
            .arguments
            .as_ref()
            .map(|lines| lines.iter().map(argument).collect()),
        shown: "(shown)".to_owned(),
        carried: call.carried.iter().map(|line| symbol(line)).collect(),
        chain: call.chain.clone(),
        repeated: call.repeated,
    });
    let calls = calls.collect();
    let changes = line.changes.iter().map(|change| ChangeFact {
        place: place("BUILD"),
        kind: match change.set_state {
            true => ChangeKind::SetState,
            false => ChangeKind::Mutate,
        },
        target: target(&change.target),
        value: argument(&change.value),
        shown: "{shown}".to_owned(),
        carried: Vec::new(),
    });
    let changes = changes.collect();
    Facts {
        length: 100,
        protocol: 4,
        end: match line.end.as_deref() {
            None => End::Stop,
            Some("truncated") => End::Truncated,
            Some("error") => End::Error,
            Some(_) => End::Limit,
        },
        end_reason: line.end.as_ref().map(|end| format!("because of {end}")),
        imports,
        calls,
        changes,
        persistent: line
            .persistent
            .iter()
            .map(|id| (place("BINPERSID"), argument(id)))
            .collect(),
        extensions: line
            .extensions
            .iter()
            .map(|code| (place("EXT1"), *code))
            .collect(),
        buffers: (0..line.buffers).map(|_| place("NEXT_BUFFER")).collect(),
        payloads: line
            .payloads
            .iter()
            .map(|(kind, data)| PayloadFact {
                place: place("REDUCE"),
                kind: match kind.as_str() {
                    "source" => PayloadKind::Source,
                    "shell" => PayloadKind::Shell,
                    "code-object" => PayloadKind::CodeObject,
                    _ => PayloadKind::Pickle,
                },
                data: data.clone().into_bytes(),
                summary: PayloadSummary::default(),
            })
            .collect(),
        anomalies: line
            .anomalies
            .iter()
            .map(|name| Anomaly {
                kind: *AnomalyKind::ALL
                    .iter()
                    .find(|kind| kind.name() == name)
                    .expect("a kind of anomaly"),
                offset: place("").offset,
            })
            .collect(),
        ..Facts::default()
    }
}

fn ruleset(file: &MatcherFile) -> Ruleset {
    let document = |parsed| Document {
        path: PathBuf::from("fragment.yml"),
        text: String::new(),
        parsed,
    };
    let models = file.models.iter().cloned().map(Parsed::Models);
    let trust = file.trust.iter().cloned().map(Parsed::Trust);
    let detect = file.detect.iter().map(|(id, fragment)| {
        Parsed::Detect(Box::new(Rule {
            id: id.clone(),
            title: id.clone(),
            severity: fragment.severity,
            confidence: Confidence::High,
            tags: Vec::new(),
            message: fragment.message.clone(),
            why: String::new(),
            what_to_do: String::new(),
            references: Vec::new(),
            when: fragment.when.clone(),
            examples: Examples::default(),
        }))
    });
    let documents: Vec<Document> = models.chain(trust).chain(detect).map(document).collect();
    Ruleset::only(&documents).unwrap_or_else(|error| panic!("{error}"))
}

fn listed(judgement: &Judgement) -> Vec<String> {
    let matches = judgement.matches.iter();
    matches
        .map(|found| match &found.symbol {
            Some(symbol) => format!("{} {symbol}", found.rule.id),
            None => found.rule.id.clone(),
        })
        .collect()
}

fn check(path: &Path, rules: &Ruleset, case: &Case) {
    let name = format!("{}: {}", path.display(), case.name);
    let judgement = rules.evaluate(&facts(&case.facts));
    let imports: Vec<&str> = judgement.imports.iter().map(|trust| trust.name()).collect();
    assert_eq!(imports, case.imports, "imports of {name}");
    assert_eq!(listed(&judgement), case.matches, "matches of {name}");
    if !case.messages.is_empty() {
        let messages: Vec<&str> = judgement
            .matches
            .iter()
            .map(|m| m.message.as_str())
            .collect();
        assert_eq!(messages, case.messages, "messages of {name}");
    }
    for symbol in &case.plain {
        assert!(
            rules.behaviour(symbol.as_bytes()).plain,
            "{symbol} in {name}"
        );
    }
    for symbol in &case.not_plain {
        assert!(
            !rules.behaviour(symbol.as_bytes()).plain,
            "{symbol} in {name}"
        );
    }
}

#[test]
fn every_case_is_judged_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/matcher");
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).unwrap();
        let file: MatcherFile = serde_yaml::from_str(&text).unwrap_or_else(|error| {
            panic!("{}: {error}", path.display());
        });
        let rules = ruleset(&file);
        for case in &file.cases {
            check(&path, &rules, case);
        }
    }
}
