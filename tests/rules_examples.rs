//! Every example of every detect rule, through the real scan: the rule finds what it says it finds, and nothing in
//! what it says it does not. A rule without a sample that it finds is a rule that nobody has seen work.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use pickscan::{
    machine::model::{CallArguments, Knowledge, Model},
    report::{FileReport, Verdict},
    rules::{Ruleset, schema::Effect},
    scan::{Options, Unobserved, scan},
};

/// Endings that a sample may have; the examples leave them out.
const ENDINGS: &[&str] = &[
    "pkl", "pt", "pth", "npy", "joblib", "zip", "tar", "bin", "distcp",
];

fn sample(id: &str) -> Option<PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    ENDINGS
        .iter()
        .map(|ending| corpus.join(format!("{id}.{ending}")))
        .find(|path| path.is_file())
}

/// What the rules find in a sample; nothing where the sample does not exist.
fn found(id: &str) -> Option<Vec<String>> {
    let path = sample(id)?;
    let report = scan(
        &[path],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    let findings = report.files.iter().flat_map(|file| &file.findings);
    Some(findings.map(|finding| finding.rule.to_string()).collect())
}

#[test]
fn every_example_holds() {
    let mut wrong = Vec::new();
    for rule in Ruleset::builtin().rules() {
        let examples = &rule.examples;
        if examples.matching.is_empty() {
            wrong.push(format!("{}: no sample exercises it", rule.id));
        }
        let wanted = examples.matching.iter().map(|id| (id, true));
        let unwanted = examples.no_match.iter().map(|id| (id, false));
        for (id, expected) in wanted.chain(unwanted) {
            match found(id) {
                None => wrong.push(format!("{}: corpus/{id} does not exist", rule.id)),
                Some(rules) if rules.contains(&rule.id) != expected => {
                    wrong.push(format!("{}: {id} gives {rules:?}", rule.id));
                }
                Some(_) => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The verbs of models, and how callers pass arguments on. What no honest pickler calls has no
/// harmless sample: `false`.
const VERBS: &[(&str, bool)] = &[
    ("import-module", true),
    ("import-from", true),
    ("locate", true),
    ("get-attribute", true),
    ("set-attribute", true),
    ("attribute-getter", true),
    ("item-getter", true),
    ("method-caller", true),
    ("get-item", true),
    ("set-item", true),
    ("namespace", false),
    ("call-rest", true),
    ("call-unpack", true),
    ("call-each", true),
    ("call-map", true),
    ("call-unknown", true),
    ("call-keyword", true),
    ("partial", true),
    ("return", true),
    ("load-pickle", true),
    ("hold-bytes", true),
    ("run-code", false),
    ("run-generated", false),
    ("run-command", false),
    ("make-class", true),
    ("make-instance", true),
    ("register-extension", false),
    ("inline-array", true),
    ("build-text", true),
    ("make-code", true),
];

fn verb(model: &Model) -> &'static str {
    match model {
        Model::ImportModule { .. } => "import-module",
        Model::ImportFrom { .. } => "import-from",
        Model::Locate { .. } => "locate",
        Model::GetAttribute { .. } => "get-attribute",
        Model::SetAttribute { .. } => "set-attribute",
        Model::AttributeGetter => "attribute-getter",
        Model::ItemGetter => "item-getter",
        Model::MethodCaller => "method-caller",
        Model::GetItem { .. } => "get-item",
        Model::SetItem { .. } => "set-item",
        Model::Namespace { .. } => "namespace",
        Model::Call { arguments, .. } => match arguments {
            CallArguments::Rest | CallArguments::None => "call-rest",
            CallArguments::Unpack(_) => "call-unpack",
            CallArguments::Each(_) => "call-each",
            CallArguments::Map(_) => "call-map",
            CallArguments::Unknown => "call-unknown",
        },
        Model::CallKeyword { .. } => "call-keyword",
        Model::Partial { .. } => "partial",
        Model::Return { .. } => "return",
        Model::LoadPickle { .. } => "load-pickle",
        Model::HoldBytes { .. } => "hold-bytes",
        Model::RunCode { .. } => "run-code",
        Model::RunGenerated { .. } => "run-generated",
        Model::RunCommand { .. } => "run-command",
        Model::MakeClass { .. } => "make-class",
        Model::InlineArray { .. } => "inline-array",
        Model::MakeInstance { .. } => "make-instance",
        Model::RegisterExtension { .. } => "register-extension",
        Model::BuildText { .. } => "build-text",
        Model::MakeCode => "make-code",
        Model::Generic => "generic",
    }
}

/// The samples below a folder of the corpus that are judged as the folder says.
fn judged(folder: &str, verdicts: &[Verdict]) -> Vec<FileReport> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus");
    let report = scan(
        &[corpus.join(folder)],
        &Options::default(),
        Ruleset::builtin(),
        &Unobserved,
    );
    let files = report.files.into_iter();
    files
        .filter(|file| verdicts.contains(&file.verdict()))
        .collect()
}

/// The verbs that samples call.
fn called(files: &[FileReport]) -> BTreeMap<&'static str, &Path> {
    let mut found = BTreeMap::new();
    for file in files {
        let calls = file.streams.iter().flat_map(|stream| &stream.calls);
        for symbol in calls.filter_map(|call| call.callee.symbol()) {
            if let Some(model) = Ruleset::builtin().behaviour(&symbol.dotted()).model {
                found.entry(verb(model)).or_insert(file.path.as_path());
            }
        }
    }
    found
}

#[test]
fn every_verb_of_models_is_called_for_good_and_for_bad() {
    let harmful = judged("malicious", &[Verdict::Dangerous, Verdict::Suspicious]);
    let harmless = judged("benign", &[Verdict::Clean, Verdict::Unfamiliar]);
    let (bad, good) = (called(&harmful), called(&harmless));
    let mut wrong = Vec::new();
    for (verb, honest) in VERBS {
        if !bad.contains_key(verb) {
            wrong.push(format!("{verb}: no harmful sample calls it"));
        }
        match good.get(verb) {
            None if *honest => wrong.push(format!("{verb}: no harmless sample calls it")),
            Some(path) if !honest => wrong.push(format!("{verb}: {} calls it", path.display())),
            _ => {}
        }
    }
    let known: BTreeSet<&str> = VERBS.iter().map(|(verb, _)| *verb).collect();
    let unknown = bad
        .keys()
        .chain(good.keys())
        .filter(|verb| !known.contains(**verb));
    wrong.extend(unknown.map(|verb| format!("{verb}: it is not in the list of verbs")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Effects that are not harmful by themselves: what a name of them does is judged by its calls.
const BY_CALLS: &[Effect] = &[Effect::BuildText, Effect::Inert];

#[test]
fn every_effect_is_found_in_a_sample() {
    let all = [Verdict::Dangerous, Verdict::Suspicious, Verdict::Clean];
    let harmful = judged("malicious", &all);
    let findings = harmful.iter().flat_map(|file| &file.findings);
    let symbols = findings.filter_map(|finding| finding.symbol.as_deref());
    let found: BTreeSet<Effect> = symbols
        .flat_map(|symbol| Ruleset::builtin().effects(symbol.as_bytes()).iter())
        .collect();
    let missing: Vec<&str> = Effect::ALL
        .iter()
        .filter(|effect| !found.contains(effect) && !BY_CALLS.contains(effect))
        .map(|effect| effect.name())
        .collect();
    assert!(missing.is_empty(), "no finding is about {missing:?}");
}
