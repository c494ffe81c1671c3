//! Facts meet rules: which rules match a stream, where, and how far its imports are trusted.

use std::collections::HashMap;
use std::sync::Arc;

use super::asked::{NameCondition, is_end, is_target, payload_is, spelled};
use super::causes::{self, Cause, Found};
use super::condition::{
    CallCondition, ChangeCondition, Condition, FactKinds, ImportCondition, PayloadCondition,
    TargetKind,
};
use super::judgement::{Judgement, Match};
use super::message;
use super::names::{Answers, Named, Names};
use super::pattern::Pattern;
use super::ruleset::Ruleset;
use super::schema::{Effect, Rule, Severity, Trust};
use super::value::Values;
use crate::facts::{
    AnomalyKind, CallFact, ChangeFact, ChangeKind, Facts, PayloadFact, PayloadKind, Place,
};

/// Further places kept for one match: more do not help a reader.
const MAX_RELATED: usize = 16;

/// Matches of one rule in one stream. A stream with more names than this is hostile, and the
/// thousandth finding says nothing new.
const MAX_MATCHES: usize = 1_000;

/// A fact that satisfies a condition.
#[derive(Copy, Clone, Debug)]
pub(super) struct Hit {
    pub place: Place,
    /// Index of the name that it is about.
    pub name: Option<usize>,
    pub fact: FactIndex,
    /// The worst effect of the name that a rule asks for, where it asks for nothing else.
    pub effect: Option<Effect>,
}

/// Which fact.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum FactIndex {
    Import(usize),
    Call(usize),
    Change(usize),
    Persistent(usize),
    Extension(i64),
    Buffer,
    Anomaly(AnomalyKind),
    Container(usize),
    Payload(usize),
    End,
}

/// Whether a condition holds, and where.
#[derive(Default)]
struct Outcome {
    holds: bool,
    hits: Vec<Hit>,
    related: Vec<Place>,
}

impl From<Vec<Hit>> for Outcome {
    fn from(hits: Vec<Hit>) -> Self {
        Self {
            holds: !hits.is_empty(),
            hits,
            related: Vec::new(),
        }
    }
}

/// One stream that is being judged.
pub(super) struct Evaluation<'e> {
    pub facts: &'e Facts,
    rules: &'e Ruleset,
    pub names: Names<'e>,
    values: Values<'e>,
    /// The worst finding so far about each name.
    found: Vec<Option<Severity>>,
    /// Says when to stop.
    stop: &'e dyn Fn() -> bool,
}

/// Facts held against a condition between two questions whether to stop.
const PACE: usize = 4096;

impl Ruleset {
    /// Judges one stream.
    pub fn evaluate(&self, facts: &Facts) -> Judgement {
        self.evaluate_until(facts, &|| false)
    }

    /// Judges one stream, until it is told to stop: matches found by then are given, and
    /// [`Judgement::cut`] says that there may be more.
    pub fn evaluate_until(&self, facts: &Facts, stop: &dyn Fn() -> bool) -> Judgement {
        let present = FactKinds::of(facts);
        let asked = self.asked.iter();
        let mut asked = asked.filter(|(needs, _)| needs.meet(present)).peekable();
        // Most pickles hold nothing but data.
        if facts.imports.is_empty() && asked.peek().is_none() {
            return Judgement {
                cut: stop(),
                ..Judgement::default()
            };
        }
        let names = Names::new(self, facts);
        let mut evaluation = Evaluation {
            facts,
            found: vec![None; names.list.len()],
            rules: self,
            names,
            values: Values::new(self),
            stop,
        };
        let mut judgement = Judgement {
            imports: evaluation.initial_trust(),
            matches: Vec::new(),
            cut: false,
        };
        let mut found = Vec::new();
        for (_, rule) in asked {
            found.extend(evaluation.apply(rule, &mut judgement));
        }
        judgement.cut = stop();
        judgement.matches = causes::distinct(found);
        let order = |matched: &Match| (std::cmp::Reverse(matched.severity), matched.place);
        judgement.matches.sort_by_key(order);
        judgement
    }
}

impl Evaluation<'_> {
    /// How far each import is trusted before any rule has matched. A harmful name that no rule is
    /// about stays unknown.
    fn initial_trust(&self) -> Vec<Trust> {
        let trust = |name: Option<usize>| self.names.get(name).map(|named| named.trust);
        let imports = self.names.imports.iter();
        imports
            .map(|[name, spelled]| match (trust(*name), trust(*spelled)) {
                (None, _) => Trust::Unknown,
                (Some(name), spelled) => name.max(spelled.unwrap_or(name)).min(Trust::Unknown),
            })
            .collect()
    }

    /// What a rule finds.
    fn apply(&mut self, rule: &Arc<Rule>, judgement: &mut Judgement) -> Vec<Found> {
        let outcome = self.outcome(&rule.when, rule.severity);
        if !outcome.holds {
            return Vec::new();
        }
        for hit in &outcome.hits {
            // What Python 2 called by another name is one import, and found once.
            let both = match hit.fact {
                FactIndex::Import(index) => self.names.imports.get(index).copied(),
                _ => None,
            };
            for name in both.unwrap_or([hit.name, None]).into_iter().flatten() {
                if let Some(worst) = self.found.get_mut(name) {
                    *worst = (*worst).max(Some(rule.severity));
                }
            }
            if let FactIndex::Import(index) = hit.fact
                && let Some(trust) = judgement.imports.get_mut(index)
            {
                *trust = (*trust).max(trust_after(rule.severity));
            }
        }
        let groups = self.grouped(&outcome.hits);
        let groups = groups.iter().take(MAX_MATCHES);
        let found = groups.map(|hits| Found {
            cause: Cause::of(hits),
            payload: causes::payload_of(hits),
            matched: message::matched(self, rule, hits, &outcome.related),
        });
        found.collect()
    }

    /// The hits of each symbol, or of each kind of anomaly; one empty group where a rule holds
    /// although nothing satisfies it, such as `not`.
    fn grouped(&self, hits: &[Hit]) -> Vec<Vec<Hit>> {
        if hits.is_empty() {
            return vec![Vec::new()];
        }
        let mut groups: HashMap<_, Vec<Hit>> = HashMap::new();
        for hit in hits {
            let named = self.names.get(hit.name);
            let name = named.and_then(|named| named.spellings.first().map(Vec::as_slice));
            let anomaly = match hit.fact {
                FactIndex::Anomaly(kind) => Some(kind),
                _ => None,
            };
            groups.entry((name, anomaly)).or_default().push(*hit);
        }
        let mut groups: Vec<_> = groups.into_iter().collect();
        for (_, group) in &mut groups {
            group.sort_by_key(|hit| hit.place);
        }
        // The key decides between groups at one place: findings must not depend on a hash.
        groups.sort_by_key(|(key, group)| (group.first().map(|hit| hit.place), *key));
        groups.into_iter().map(|(_, group)| group).collect()
    }

    fn outcome(&self, condition: &Condition, severity: Severity) -> Outcome {
        match condition {
            Condition::Any(conditions) => {
                let mut outcome = Outcome::default();
                for condition in conditions {
                    let part = self.outcome(condition, severity);
                    outcome.holds |= part.holds;
                    outcome.hits.extend(part.hits);
                    outcome.related.extend(part.related);
                }
                outcome
            }
            Condition::All(conditions) => self.all(conditions, severity),
            Condition::Not(condition) => Outcome {
                holds: !self.outcome(condition, severity).holds,
                ..Outcome::default()
            },
            Condition::Import(import) => self.imports(import, severity).into(),
            Condition::Call(call) => self.calls(call).into(),
            Condition::SetState(change) => self.changes(change, ChangeKind::SetState).into(),
            Condition::Mutate(change) => self.changes(change, ChangeKind::Mutate).into(),
            _ => self.others(condition).into(),
        }
    }

    /// All must hold; the finding is about what satisfies the first.
    fn all(&self, conditions: &[Condition], severity: Severity) -> Outcome {
        let mut outcome = Outcome {
            holds: true,
            ..Outcome::default()
        };
        for condition in conditions {
            let part = self.outcome(condition, severity);
            if !part.holds {
                return Outcome::default();
            }
            if outcome.hits.is_empty() {
                outcome.hits = part.hits;
            } else {
                let places = part.hits.iter().map(|hit| hit.place);
                outcome.related.extend(places.take(MAX_RELATED));
            }
            outcome.related.extend(part.related);
        }
        outcome
    }

    /// Whether to stop, asked now and then.
    fn is_over(&self, index: usize) -> bool {
        index.is_multiple_of(PACE) && (self.stop)()
    }

    fn imports(&self, condition: &ImportCondition, severity: Severity) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut answers = Answers::default();
        let facts = self.facts.imports.iter().zip(&self.names.imports);
        for (index, (import, names)) in facts.enumerate() {
            if self.is_over(index) {
                break;
            }
            if condition.unresolved && import.symbol.is_some() {
                continue;
            }
            let names_asked = !condition.effect.is_empty()
                || !condition.symbol.is_empty()
                || condition.trust.is_some();
            let satisfying = names.iter().copied().flatten().find(|&name| {
                answers.about(name, || self.import_satisfies(condition, name, severity))
            });
            if satisfying.is_some() || !names_asked {
                let [first, _] = names;
                let name = satisfying.or(*first);
                hits.push(Hit {
                    place: import.place,
                    name,
                    fact: FactIndex::Import(index),
                    effect: self.worst_effect(&condition.effect, name),
                });
            }
        }
        hits
    }

    fn import_satisfies(
        &self,
        condition: &ImportCondition,
        name: usize,
        severity: Severity,
    ) -> bool {
        let Some(named) = self.names.list.get(name) else {
            return false;
        };
        let standing = &named.standing;
        let effect = condition.effect.is_empty()
            || (standing.is_harmful() && standing.effects().meets(&condition.effect));
        let exactly_trusted = standing.trust.is_some();
        let reaches = |pattern: &&Pattern| pattern.is_exact() || !exactly_trusted;
        let mut patterns = condition.symbol.iter().filter(reaches);
        let symbol = condition.symbol.is_empty() || patterns.any(|pattern| spelled(named, pattern));
        let unfound = || {
            let found = self.found.get(name).copied().flatten();
            !named.misused && found.is_none_or(|worst| worst < severity)
        };
        effect
            && symbol
            && condition
                .trust
                .is_none_or(|trust| named.trust.min(Trust::Unknown) == trust && unfound())
    }

    fn calls(&self, condition: &CallCondition) -> Vec<Hit> {
        let mut hits = Vec::new();
        let mut answers = Answers::default();
        let facts = self.facts.calls.iter().zip(&self.names.calls);
        for (index, (call, name)) in facts.enumerate() {
            if self.is_over(index) {
                break;
            }
            let failing = self.names.failing_calls.get(index).copied();
            let fits = !condition.fails_only || failing.unwrap_or_default();
            if fits && self.call_satisfies(condition, call, *name, &mut answers) {
                let plain = condition.argument.is_none() && !condition.fails_only;
                let effects = if plain {
                    condition.effect.as_slice()
                } else {
                    &[]
                };
                hits.push(Hit {
                    place: call.place,
                    name: *name,
                    fact: FactIndex::Call(index),
                    effect: self.worst_effect(effects, *name),
                });
            }
        }
        if condition.fails_only {
            hits.extend(self.failing_states(condition));
        }
        hits
    }

    /// The worst of these effects that a name has.
    fn worst_effect(&self, effects: &[Effect], name: Option<usize>) -> Option<Effect> {
        let own = self.names.get(name)?.standing.effects();
        own.iter().find(|effect| effects.contains(effect))
    }

    /// States that their objects are not trusted with.
    fn failing_states(&self, condition: &CallCondition) -> impl Iterator<Item = Hit> {
        let changes = self.facts.changes.iter().zip(&self.names.changes);
        let failing = changes.zip(&self.names.failing_changes).enumerate();
        let failing = failing.filter(|(_, (_, failing))| **failing);
        failing.filter_map(move |(index, ((change, name), _))| {
            let asked = NameCondition {
                effect: &condition.effect,
                symbol: &condition.symbol,
                trust: None,
            };
            let asked = asked.holds(self.names.get(*name));
            let argument = condition.argument.as_ref().is_none_or(|argument| {
                let state = std::slice::from_ref(&change.value);
                self.values
                    .any_argument(argument, Some(state), &change.carried)
            });
            (asked && argument).then_some(Hit {
                place: change.place,
                name: *name,
                fact: FactIndex::Change(index),
                effect: None,
            })
        })
    }

    fn call_satisfies(
        &self,
        condition: &CallCondition,
        call: &CallFact,
        name: Option<usize>,
        answers: &mut Answers,
    ) -> bool {
        let named = self.names.get(name);
        let asked = NameCondition {
            effect: &condition.effect,
            symbol: &condition.symbol,
            trust: condition.trust,
        };
        let callee = if condition.callee.is_empty() {
            asked.is_anything() || is_target(&[TargetKind::Import], &call.callee, named)
        } else {
            is_target(&condition.callee, &call.callee, named)
        };
        let argument = || {
            condition.argument.as_ref().is_none_or(|argument| {
                let arguments = call.arguments.as_deref();
                self.values.any_argument(argument, arguments, &call.carried)
            })
        };
        let fits = |named: &Named<'_>| {
            let mut except = condition.except.iter();
            !except.any(|pattern| spelled(named, pattern)) && asked.holds(Some(named))
        };
        let name_fits = match name.zip(named) {
            Some((name, named)) => answers.about(name, || fits(named)),
            None => asked.is_anything(),
        };
        callee && name_fits && argument()
    }

    fn changes(&self, condition: &ChangeCondition, kind: ChangeKind) -> Vec<Hit> {
        let facts = self.facts.changes.iter().zip(&self.names.changes);
        facts
            .enumerate()
            .take_while(|(index, _)| !self.is_over(*index))
            .filter(|(_, (change, name))| {
                change.kind == kind && self.change_satisfies(condition, change, **name)
            })
            .map(|(index, (change, name))| Hit {
                place: change.place,
                name: *name,
                fact: FactIndex::Change(index),
                effect: None,
            })
            .collect()
    }

    fn change_satisfies(
        &self,
        condition: &ChangeCondition,
        change: &ChangeFact,
        name: Option<usize>,
    ) -> bool {
        let named = self.names.get(name);
        let target =
            condition.target.is_empty() || is_target(&condition.target, &change.target, named);
        let asked = NameCondition {
            effect: &condition.effect,
            symbol: &condition.symbol,
            trust: condition.trust,
        };
        let value = condition.value.as_ref().is_none_or(|value| {
            let values = std::slice::from_ref(&change.value);
            self.values
                .any_argument(value, Some(values), &change.carried)
        });
        let entry = condition.entry.as_ref();
        let entry = entry.is_none_or(|entry| self.values.any_entry(entry, &change.value));
        target && asked.holds(named) && value && entry
    }

    fn payload_satisfies(&self, condition: &PayloadCondition, payload: &PayloadFact) -> bool {
        let effect = condition.effect.is_empty()
            || payload.summary.symbols().any(|symbol| {
                let standing = self.rules.standing(symbol.as_bytes());
                standing.is_harmful() && standing.effects().meets(&condition.effect)
            });
        let mut symbols = payload.summary.symbols();
        let symbol = condition.symbol.is_empty()
            || symbols.any(|symbol| {
                let spellings = self.rules.spellings(symbol.as_bytes());
                let mut patterns = condition.symbol.iter();
                patterns.any(|pattern| spellings.iter().any(|name| pattern.matches(name)))
            });
        let contacts = !condition.contacts || !payload.summary.contacts.is_empty();
        effect && symbol && contacts && payload_is(condition, payload)
    }

    /// The name of what makes a code object of its parts: one finding is about both.
    fn maker_of(&self, payload: &PayloadFact) -> Option<usize> {
        if payload.kind != PayloadKind::CodeObject {
            return None;
        }
        // Calls are in the order of the stream.
        let offset = payload.place.offset;
        let calls = &self.facts.calls;
        let behind = calls.partition_point(|call| call.place.offset <= offset);
        let last = behind.checked_sub(1)?;
        let called_here = calls.get(last)?.place.offset == offset;
        self.names.calls.get(last).copied()?.filter(|_| called_here)
    }

    /// Conditions that are not about names.
    fn others(&self, condition: &Condition) -> Vec<Hit> {
        let facts = self.facts;
        let hit = |place, fact| Hit {
            place,
            name: None,
            fact,
            effect: None,
        };
        match condition {
            Condition::PersistentLoad(asked) => {
                let is_asked = |id| self.values.persistent(asked, id);
                let ids = facts.persistent.iter().enumerate();
                ids.filter(|(_, (_, id))| is_asked(id))
                    .map(|(index, (place, _))| hit(*place, FactIndex::Persistent(index)))
                    .collect()
            }
            Condition::Extension(_) => {
                let extensions = facts.extensions.iter();
                extensions
                    .map(|(place, code)| hit(*place, FactIndex::Extension(*code)))
                    .collect()
            }
            Condition::Buffer(_) => {
                let buffers = facts.buffers.iter();
                buffers
                    .map(|place| hit(*place, FactIndex::Buffer))
                    .collect()
            }
            Condition::Anomaly(asked) => {
                let is_asked = |kind| asked.kind.iter().any(|name| name.is(kind));
                let anomalies = facts.anomalies.iter();
                let anomalies = anomalies.filter(|anomaly| is_asked(anomaly.kind));
                anomalies
                    .map(|anomaly| hit(at(anomaly.offset), FactIndex::Anomaly(anomaly.kind)))
                    .collect()
            }
            Condition::Container(asked) => {
                let is_asked = |kind| asked.kind.iter().any(|name| name.is(kind));
                let found = facts.container.iter().enumerate();
                let found = found.filter(|(_, anomaly)| is_asked(anomaly.kind));
                found
                    .map(|(index, found)| hit(at(found.offset), FactIndex::Container(index)))
                    .collect()
            }
            Condition::Payload(asked) => {
                let payloads = facts.payloads.iter().enumerate();
                let payloads =
                    payloads.filter(|(_, payload)| self.payload_satisfies(asked, payload));
                payloads
                    .map(|(index, payload)| Hit {
                        name: self.maker_of(payload),
                        ..hit(payload.place, FactIndex::Payload(index))
                    })
                    .collect()
            }
            Condition::End(kinds) => {
                let end = at(facts.offset.saturating_add(facts.length));
                let ends = kinds.iter().filter(|kind| is_end(**kind, facts.end));
                ends.map(|_| hit(end, FactIndex::End)).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A place at which there is no instruction to name.
pub(super) fn at(offset: u64) -> Place {
    Place { offset, opcode: "" }
}

/// The least that an import is distrusted for which a rule of this severity matches.
fn trust_after(severity: Severity) -> Trust {
    match severity {
        Severity::Info => Trust::Trusted,
        Severity::Low => Trust::Unfamiliar,
        Severity::Medium => Trust::Unknown,
        Severity::High | Severity::Critical => Trust::Dangerous,
    }
}

/// The first further places, each once.
pub(super) fn related(first: Place, places: impl Iterator<Item = Place>) -> Vec<Place> {
    let mut related: Vec<Place> = places.filter(|place| *place != first).collect();
    related.sort_unstable();
    related.dedup();
    related.truncate(MAX_RELATED);
    related
}
