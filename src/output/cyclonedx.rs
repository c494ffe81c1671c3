//! A bill of materials of models: CycloneDX 1.6, JSON.
//!
//! Each input that is a model is a component with its digest, its format and what loading it
//! imports; each finding is a vulnerability of it. No serial number and no time: the same files
//! give the same bytes.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use serde::Serialize;
use serde_json::{Value, json};

use super::{escape::visible, words};
use crate::{
    report::{FileReport, Finding, Report, RuleInfo, Suppression, Verdict},
    rules::Severity,
};

/// Why an input holds no pickle, where it is a model all the same.
const OTHER_MODELS: &[&str] = &["safetensors", "GGUF", "GGML"];

#[derive(Serialize)]
struct Bom {
    #[serde(rename = "$schema")]
    schema: &'static str,
    #[serde(rename = "bomFormat")]
    format: &'static str,
    #[serde(rename = "specVersion")]
    spec_version: &'static str,
    version: u32,
    metadata: Value,
    components: Vec<Component>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    vulnerabilities: Vec<Value>,
}

#[derive(Serialize)]
struct Component {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(rename = "bom-ref")]
    reference: String,
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    properties: Vec<Property>,
}

#[derive(Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
struct Property {
    name: String,
    value: String,
}

/// Writes the report.
pub(super) fn write(report: &Report, writer: &mut dyn Write) -> io::Result<()> {
    let models = || {
        report
            .files
            .iter()
            .enumerate()
            .filter(|(_, file)| is_model(file))
    };
    let noted = |finding: &&Finding| finding.severity > Severity::Info;
    let vulnerabilities = models().flat_map(|(index, file)| {
        let findings = file.findings.iter().filter(noted);
        findings.map(move |finding| vulnerability(report, (index, file), finding))
    });
    let bom = Bom {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        format: "CycloneDX",
        spec_version: "1.6",
        version: 1,
        metadata: metadata(report),
        components: models()
            .map(|(index, file)| component(index, file))
            .collect(),
        vulnerabilities: vulnerabilities.collect(),
    };
    serde_json::to_writer_pretty(&mut *writer, &bom)?;
    writeln!(writer)
}

fn is_model(file: &FileReport) -> bool {
    let other = file.skipped.as_deref();
    file.verdict() != Verdict::Skipped
        || !file.findings.is_empty()
        || other.is_some_and(|why| OTHER_MODELS.contains(&why))
}

fn metadata(report: &Report) -> Value {
    let left_out = report.files.iter().filter(|file| !is_model(file)).count();
    let mut properties = vec![
        property("pickscan:rules", report.rules_digest.clone()),
        property("pickscan:inputs-without-model", left_out.to_string()),
    ];
    let remarks = words::run_remarks(report).into_iter();
    properties.extend(remarks.map(|remark| property("pickscan:remark", remark)));
    json!({
        "tools": {"components": [{
            "type": "application",
            "name": "pickscan",
            "version": env!("CARGO_PKG_VERSION"),
        }]},
        "properties": properties,
    })
}

fn component(index: usize, file: &FileReport) -> Component {
    let digest = file.sha256.as_ref();
    let hash = digest.map(|digest| Hash {
        alg: "SHA-256",
        content: digest.clone(),
    });
    let mut properties = vec![
        property("pickscan:verdict", file.verdict().name().to_owned()),
        property("pickscan:size", file.size.to_string()),
    ];
    let format = file.skipped.as_deref().unwrap_or(file.format);
    if !format.is_empty() {
        properties.push(property("pickscan:format", visible(format.as_bytes())));
    }
    let remarks = words::loud_remarks(file);
    properties.extend(remarks.map(|remark| property("pickscan:not-scanned", remark)));
    properties.extend(imports(file));
    Component {
        kind: "machine-learning-model",
        reference: reference(index),
        name: words::path(file),
        hashes: hash.into_iter().collect(),
        properties,
    }
}

/// Each name once, with the word for its trust.
fn imports(file: &FileReport) -> impl Iterator<Item = Property> {
    let imports = file.streams.iter().flat_map(|stream| &stream.imports);
    let names: BTreeSet<_> = imports
        .map(|import| {
            let symbol = import.symbol.as_ref();
            let name = symbol.map(|symbol| visible(&symbol.dotted()));
            let name = name.unwrap_or_else(|| "(computed, not known)".to_owned());
            (name, import.trust.name())
        })
        .collect();
    let properties = names.into_iter();
    properties.map(|(name, trust)| property(&format!("pickscan:import:{trust}"), name))
}

fn vulnerability(report: &Report, (index, file): (usize, &FileReport), finding: &Finding) -> Value {
    let unknown = RuleInfo::default();
    let rule = report.rule(finding).unwrap_or(&unknown);
    let place = words::location(file, &finding.location);
    let message = visible(finding.message.as_bytes());
    let source = json!({"name": "pickscan"});
    let advisories: Vec<Value> = rule
        .references
        .iter()
        .map(|url| json!({ "url": url }))
        .collect();
    let mut value = json!({
        "bom-ref": format!("{}/{}", reference(index), report.fingerprint(file, finding)),
        "id": finding.rule,
        "source": source,
        "ratings": [{"source": source, "severity": finding.severity.name(), "method": "other"}],
        "cwes": cwes(rule),
        "description": format!("{message} in {place}"),
        "detail": rule.why.trim(),
        "recommendation": rule.what_to_do.trim(),
        "advisories": advisories,
        "affects": [{"ref": reference(index)}],
    });
    if let (Some(suppression), Some(fields)) = (&finding.suppression, value.as_object_mut()) {
        let state = match suppression {
            Suppression::Known => "in_triage",
            Suppression::Trusted { .. } => "false_positive",
        };
        let detail = suppression.reason();
        fields.insert(
            "analysis".to_owned(),
            json!({"state": state, "detail": detail}),
        );
    }
    value
}

fn cwes(rule: &RuleInfo) -> Vec<u32> {
    let tags = rule.tags.iter();
    tags.filter_map(|tag| tag.strip_prefix("external/cwe/cwe-")?.parse().ok())
        .collect()
}

fn reference(index: usize) -> String {
    format!("input-{index}")
}

fn property(name: &str, value: String) -> Property {
    Property {
        name: name.to_owned(),
        value,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::example;

    #[test]
    fn models_are_components_with_digest_format_and_imports() {
        let mut report = example::report();
        report.files[0].sha256 = Some("ab".repeat(32));
        let skipped = FileReport {
            skipped: Some("text".to_owned()),
            ..FileReport::default()
        };
        report.files.push(skipped);
        let mut bytes = Vec::new();
        write(&report, &mut bytes).unwrap();
        let bom: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(bom["components"].as_array().unwrap().len(), 3);
        let model = &bom["components"][0];
        assert_eq!(model["type"], "machine-learning-model");
        assert_eq!(model["hashes"][0]["content"], "ab".repeat(32));
        let properties = model["properties"].as_array().unwrap();
        let has =
            |name: &str, value: &str| properties.contains(&json!({"name": name, "value": value}));
        assert!(has("pickscan:format", "zip"));
        assert!(has("pickscan:import:dangerous", "os.system"));
        let vulnerability = &bom["vulnerabilities"][0];
        assert_eq!(vulnerability["affects"][0]["ref"], model["bom-ref"]);
        assert_eq!(vulnerability["cwes"], json!([502]));
    }
}
