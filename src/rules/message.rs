//! A match in words: placeholders of messages, places, references.

use std::sync::Arc;

use super::evaluate::{Evaluation, FactIndex, Hit, at, related};
use super::judgement::Match;
use super::names::Named;
use super::schema::Rule;
use crate::facts::{Argument, CallFact, PayloadFact, PayloadKind, Target};

/// Characters of a payload or state that a message shows.
const MAX_DETAIL: usize = 200;

/// The match of a rule on the hits of one symbol, which are in the order of the stream.
pub(super) fn matched(
    evaluation: &Evaluation<'_>,
    rule: &Arc<Rule>,
    hits: &[Hit],
    further: &[crate::facts::Place],
) -> Match {
    let place = hits
        .first()
        .map_or(at(evaluation.facts.offset), |hit| hit.place);
    let named = hits.first().and_then(|hit| evaluation.names.get(hit.name));
    let call = call_of(evaluation, hits, named);
    let call_place = call.map(|call| call.place);
    let places = hits.iter().map(|hit| hit.place);
    let places = places.chain(call_place).chain(further.iter().copied());
    let model = named.and_then(|named| named.standing.model);
    Match {
        rule: Arc::clone(rule),
        severity: rule.severity,
        place,
        symbol: named.map(Named::shown),
        message: Words {
            evaluation,
            hits,
            named,
            call,
        }
        .message(rule),
        related: related(place, places),
        references: model
            .map(|model| model.references.lines().map(str::to_owned).collect())
            .unwrap_or_default(),
    }
}

/// The call that a match is about: one of its hits, else the first call of its symbol.
fn call_of<'e>(
    evaluation: &Evaluation<'e>,
    hits: &[Hit],
    named: Option<&Named<'_>>,
) -> Option<&'e CallFact> {
    let hit = hits.iter().find_map(|hit| match hit.fact {
        FactIndex::Call(index) => Some(index),
        _ => None,
    });
    let index = hit.or_else(|| named?.first_call)?;
    evaluation.facts.calls.get(index)
}

/// What a message is made from.
struct Words<'w, 'e> {
    evaluation: &'w Evaluation<'e>,
    hits: &'w [Hit],
    named: Option<&'w Named<'e>>,
    call: Option<&'w CallFact>,
}

impl Words<'_, '_> {
    fn message(&self, rule: &Rule) -> String {
        let names_call = ["{arguments}", "{call}"]
            .iter()
            .any(|placeholder| rule.message.contains(placeholder));
        let shown = self.shown();
        let mut message = match (&shown, names_call) {
            // The sentence is about a call that does not happen in this stream.
            (None, true) => format!("names {}, without calling it here", self.symbol()),
            _ => filled(&rule.message, |placeholder| match placeholder {
                "symbol" => Some(self.symbol()),
                "arguments" => shown.clone(),
                "call" => shown.as_deref().map(|shown| self.call(shown)),
                "chain" => Some(self.chain()),
                "target" => Some(self.target()),
                "detail" => Some(self.detail()),
                _ => None,
            }),
        };
        let note = self.note();
        if !note.is_empty() && !rule.message.contains("{detail}") {
            message.push_str(". ");
            message.push_str(note);
        }
        message
    }

    fn symbol(&self) -> String {
        let shown = self
            .named
            .map(Named::shown)
            .or_else(|| self.payload_callee());
        shown.unwrap_or_else(|| "something that cannot be named".to_owned())
    }

    /// A call as Python would write it; what is written to something, behind its name.
    fn call(&self, shown: &str) -> String {
        let is_change = matches!(
            self.hits.first().map(|hit| hit.fact),
            Some(FactIndex::Change(_))
        );
        match shown
            .strip_prefix('(')
            .and_then(|inner| inner.strip_suffix(')'))
        {
            Some(inner) if !is_change => {
                let only = inner.strip_suffix(',').unwrap_or(inner);
                format!("{}({only})", self.symbol())
            }
            _ => format!("{}: {shown}", self.symbol()),
        }
    }

    /// What the payload that a match is about was handed to.
    fn payload_callee(&self) -> Option<String> {
        let mut facts = self.hits.iter().map(|hit| hit.fact);
        facts.find(|fact| matches!(fact, FactIndex::Payload(_)))?;
        let place = self.hits.first()?.place;
        let mut calls = self.evaluation.facts.calls.iter().rev();
        let call = calls.find(|call| call.place == place)?;
        let symbol = call.callee.symbol()?;
        Some(String::from_utf8_lossy(&symbol.dotted()).into_owned())
    }

    fn note(&self) -> &str {
        let model = self.named.and_then(|named| named.standing.model);
        model.map_or("", |model| model.note.as_ref())
    }

    /// The arguments, or the state or value of a change.
    fn shown(&self) -> Option<String> {
        let first = self.hits.first().map(|hit| hit.fact);
        if let Some(FactIndex::Change(index)) = first {
            let change = self.evaluation.facts.changes.get(index);
            return change.map(|change| change.shown.clone());
        }
        self.call.map(|call| call.shown.clone())
    }

    fn chain(&self) -> String {
        match self.call {
            Some(call) if !call.chain.is_empty() => call.chain.join(" -> "),
            _ => self.symbol(),
        }
    }

    fn target(&self) -> String {
        let facts = self.evaluation.facts;
        let target = self.hits.iter().find_map(|hit| match hit.fact {
            FactIndex::Change(index) => facts.changes.get(index).map(|change| &change.target),
            FactIndex::Call(index) => facts.calls.get(index).map(|call| &call.callee),
            _ => None,
        });
        target.map_or_else(|| self.symbol(), described)
    }

    /// What is special about the first hit.
    fn detail(&self) -> String {
        let facts = self.evaluation.facts;
        let facts_hit = || self.hits.iter().map(|hit| hit.fact);
        let payload = facts_hit().find(|fact| matches!(fact, FactIndex::Payload(_)));
        match payload.or_else(|| facts_hit().next()) {
            Some(FactIndex::Anomaly(kind)) => kind.sentence().to_owned(),
            Some(FactIndex::Container(index)) => {
                let anomaly = facts.container.get(index);
                anomaly.map_or_else(String::new, |anomaly| {
                    anomaly.detail.chars().take(MAX_DETAIL).collect()
                })
            }
            Some(FactIndex::Extension(code)) => format!("extension code {code}"),
            Some(FactIndex::Buffer) => "an out-of-band buffer".to_owned(),
            Some(FactIndex::End) => facts
                .end_reason
                .clone()
                .unwrap_or_else(|| facts.end.name().to_owned()),
            Some(FactIndex::Payload(index)) => facts
                .payloads
                .get(index)
                .map_or_else(String::new, payload_detail),
            Some(FactIndex::Persistent(index)) => {
                let id = facts.persistent.get(index).map(|(_, id)| id);
                match id.map(|id| (id, super::value::literal(id))) {
                    Some((_, Some(id))) => excerpt(id.as_bytes()),
                    Some((id @ Argument::Tuple(_), None)) => {
                        id.to_string().chars().take(MAX_DETAIL).collect()
                    }
                    _ => "an id that is no text".to_owned(),
                }
            }
            _ if self.note().is_empty() => self.named_reason(),
            _ => self.note().to_owned(),
        }
    }

    /// Why the name is trusted only under conditions.
    fn named_reason(&self) -> String {
        let trust = self.named.and_then(|named| named.standing.trust);
        trust.map_or_else(String::new, |trust| trust.reason.to_string())
    }
}

/// What is called or changed, in words.
fn described(target: &Target) -> String {
    let name = target
        .symbol()
        .map(|symbol| String::from_utf8_lossy(&symbol.dotted()).into_owned());
    match (target, name) {
        (Target::Import(_), Some(name)) => name,
        (Target::Module(module), _) => format!("the module {}", String::from_utf8_lossy(module)),
        (Target::Result(_), Some(name)) => format!("the result of {name}"),
        (Target::Result(_), None) => "the result of a call".to_owned(),
        (Target::Instance(_), Some(name)) => format!("an instance of {name}"),
        (Target::Instance(_), None) => "an instance".to_owned(),
        (Target::Persistent, _) => "an object that the loading program supplies".to_owned(),
        (Target::Extension(code), _) => format!("the object with extension code {code}"),
        (Target::Data, _) => "a plain value".to_owned(),
        _ => "something that cannot be followed".to_owned(),
    }
}

/// What a payload is, how it begins and what it says. Bytecode is not for the reader's eyes.
fn payload_detail(payload: &PayloadFact) -> String {
    let mut detail = payload_name(payload.kind).to_owned();
    if payload.kind != PayloadKind::CodeObject {
        detail.push_str(": ");
        detail.push_str(&excerpt(&payload.data));
    }
    if let Some(sentence) = payload.summary.sentence() {
        detail.push_str(" (it ");
        detail.push_str(&sentence);
        detail.push(')');
    }
    detail
}

fn payload_name(kind: PayloadKind) -> &'static str {
    match kind {
        PayloadKind::Source => "source text",
        PayloadKind::Shell => "command",
        PayloadKind::CodeObject => "code object",
        PayloadKind::Pickle => "pickle",
        PayloadKind::Unread => "a pickle that cannot be read here",
        PayloadKind::Module => "a Python module",
        PayloadKind::Generated => "generated source text",
    }
}

/// The beginning of a payload on one line.
fn excerpt(data: &[u8]) -> String {
    let text = String::from_utf8_lossy(data);
    let mut shown: String = text
        .chars()
        .take(MAX_DETAIL)
        .collect::<String>()
        .escape_debug()
        .collect();
    if text.chars().nth(MAX_DETAIL).is_some() {
        shown.push('…');
    }
    shown
}

/// The text with each `{placeholder}` replaced; what has no value stays as it is. What is filled
/// in comes from the scanned file and is not looked at again.
fn filled(text: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        match after.split_once('}') {
            Some((placeholder, behind)) => {
                match value(placeholder) {
                    Some(value) => filled.push_str(&value),
                    None => filled.push_str(&format!("{{{placeholder}}}")),
                }
                rest = behind;
            }
            None => {
                filled.push('{');
                rest = after;
            }
        }
    }
    filled.push_str(rest);
    filled
}
