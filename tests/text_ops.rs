//! Text that pickles compute, against CPython, which computes the same calls in one batch.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use pickscan::{
    facts::{Argument, Facts},
    limits::Limits,
    machine::Machine,
    rules::Ruleset,
    source::MemorySource,
};
use serde_json::{Value, json};
use support::{hex, python, unhex};

/// What the stream passes to `check.show`.
fn shown(facts: &Facts) -> Argument {
    let show = facts
        .calls
        .iter()
        .find(|call| {
            call.callee
                .symbol()
                .is_some_and(|symbol| symbol.dotted() == b"check.show")
        })
        .unwrap();
    show.arguments.as_ref().unwrap()[0].clone()
}

/// As the script writes results; nothing where any part is not known.
fn canonical(argument: &Argument) -> Option<Value> {
    let all = |items: &[Argument]| items.iter().map(canonical).collect::<Option<Vec<_>>>();
    Some(match argument {
        Argument::None => json!(["None"]),
        Argument::Bool(true) => json!(["True"]),
        Argument::Bool(false) => json!(["False"]),
        Argument::Int(int) => json!(["int", (*int)?.to_string()]),
        Argument::Float(float) => json!(["float", hex(&float.to_be_bytes())]),
        Argument::Text(text) => json!(["text", hex(text.as_ref()?)]),
        Argument::Bytes(bytes) => json!(["bytes", hex(bytes.as_ref()?)]),
        Argument::Tuple(items) => json!(["tuple", all(items)?]),
        Argument::List(items) => json!(["list", all(items)?]),
        Argument::Set(items) => {
            let mut items = all(items)?;
            items.sort_by_key(|item| item.to_string());
            json!(["set", items])
        }
        Argument::Dict(pairs) => {
            let pairs = pairs
                .iter()
                .map(|(key, value)| Some(json!([canonical(key)?, canonical(value)?])));
            json!(["dict", pairs.collect::<Option<Vec<_>>>()?])
        }
        Argument::Object(_) | Argument::Unknown | Argument::Buffer => return None,
    })
}

#[test]
fn computed_text_is_that_of_cpython_or_not_known() {
    let printed = python(include_str!("text_ops/cases.py"), b"");
    let printed = String::from_utf8(printed).unwrap();
    let limits = Limits::default();
    let (mut wrong, mut known, mut raised) = (Vec::new(), 0, 0);
    for line in printed.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        let source = MemorySource::new(unhex(case["pickle"].as_str().unwrap()));
        let facts = Machine::new(&source, Ruleset::builtin(), &limits).run(0);
        let result = canonical(&shown(&facts));
        let expected = &case["result"];
        if expected[0] == "raises" {
            // What comes after is never reached.
            raised += 1;
            continue;
        }
        match &result {
            Some(result) if result == expected => known += 1,
            None if case["unknown"] == true => {}
            _ => wrong.push(format!("{}: {result:?}, CPython {expected}", case["call"])),
        }
    }
    assert!(
        wrong.is_empty(),
        "{} wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
    println!("{known} known, {raised} raise");
    assert!(known > 1500, "{known} results known");
}
