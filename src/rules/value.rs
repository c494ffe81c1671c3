//! What arguments and states must be.

use std::borrow::Cow;

use super::condition::{EntryCondition, Form, PersistentCondition};
use super::ruleset::Ruleset;
use super::schema::{ArgumentCondition, Only, Position, RegexText, Trust, ValueType};
use super::standing::Kinship;
use crate::facts::{Argument, Symbol, Target};

/// Nested values looked at for one argument. The facts keep only the first elements anyway.
const MAX_NESTED: usize = 10_000;

/// Elements from which on a container cannot be vouched for: the facts keep no more of them.
const MOST_ELEMENTS: usize = 60;

/// Which names a pattern with wildcards reaches.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Every name: what a trusted call may be given.
    Every,
    /// No name that is trusted by its exact spelling: what is bad to hand to a call.
    /// `subprocess.**` does not mean `subprocess.CompletedProcess`.
    Distrusted,
}

/// Judges values by what the rules know of the names in them.
pub(super) struct Values<'r> {
    rules: &'r Ruleset,
}

impl<'r> Values<'r> {
    pub(super) fn new(rules: &'r Ruleset) -> Self {
        Self { rules }
    }

    /// Whether a call is one that its name is trusted for. Arguments that are not known are not.
    pub(super) fn allowed(&self, only: &Only, arguments: Option<&[Argument]>) -> bool {
        if only.asks_nothing_of_arguments() {
            return true;
        }
        let Some(arguments) = arguments else {
            return false;
        };
        let few = |most| arguments.len() <= usize::from(most);
        let enough = |least| arguments.len() >= usize::from(least);
        let as_many = only.max_arguments.is_none_or(few) && only.min_arguments.is_none_or(enough);
        as_many
            && arguments.iter().enumerate().all(|(at, argument)| {
                let own = u8::try_from(at).ok().map(Position::At);
                let condition = own
                    .and_then(|own| only.arguments.get(&own))
                    .or_else(|| only.arguments.get(&Position::Rest));
                condition.is_none_or(|condition| self.holds(condition, argument, Reach::Every))
            })
    }

    /// Whether a state is one that the name of its object is trusted with. The state of an object
    /// with slots is a pair of dicts; anything else cannot be checked, nor can a key that is not
    /// known.
    pub(super) fn state_allowed(&self, only: &Only, state: &Argument) -> bool {
        let pair_allowed = |key: &Argument, value: &Argument| {
            literal(key).is_some_and(|key| {
                let mut patterns = only.state_keys.iter();
                let named = only.state_keys.is_empty()
                    || patterns.any(|pattern| pattern.matches_whole(&key));
                let condition = only.state.get(key.as_ref());
                named
                    && condition.is_none_or(|condition| self.holds(condition, value, Reach::Every))
            })
        };
        let part_allowed = |part: &Argument| match part {
            Argument::None => true,
            Argument::Dict(pairs) => pairs.iter().all(|(key, value)| pair_allowed(key, value)),
            _ => false,
        };
        let object_allowed = |part: &Argument| match part {
            Argument::Object(Target::Instance(Some(symbol)) | Target::Result(Some(symbol))) => {
                let mut patterns = only.state_objects.iter();
                let dotted = symbol.dotted();
                patterns.any(|pattern| pattern.matches(&dotted))
            }
            _ => false,
        };
        (only.state_keys.is_empty() && only.state.is_empty())
            || match state {
                Argument::Tuple(parts) if parts.len() == 2 => parts
                    .iter()
                    .all(|part| part_allowed(part) || object_allowed(part)),
                _ => part_allowed(state),
            }
    }

    /// Whether one of the arguments that the condition is about satisfies it. `carried` are the
    /// imports that went into the arguments anywhere.
    pub(super) fn any_argument(
        &self,
        condition: &ArgumentCondition,
        arguments: Option<&[Argument]>,
        carried: &[Symbol],
    ) -> bool {
        let Some(arguments) = arguments else {
            return self.holds(condition, &Argument::Unknown, Reach::Distrusted)
                || self.carried(condition, carried);
        };
        match condition.position.unwrap_or(Position::Any) {
            Position::At(at) => arguments
                .get(usize::from(at))
                .is_some_and(|argument| self.holds(condition, argument, Reach::Distrusted)),
            Position::Rest | Position::Any => {
                nested(arguments).any(|argument| self.holds(condition, argument, Reach::Distrusted))
                    || self.carried(condition, carried)
            }
        }
    }

    /// Whether an attribute in a state satisfies the condition. The state of an object with slots
    /// is a pair of dicts.
    pub(super) fn any_entry(&self, condition: &EntryCondition, state: &Argument) -> bool {
        let parts = match state {
            Argument::Tuple(parts) => parts.as_slice(),
            state => std::slice::from_ref(state),
        };
        let pairs = parts.iter().flat_map(|part| match part {
            Argument::Dict(pairs) => pairs.as_slice(),
            _ => &[],
        });
        let mut pairs = pairs.map(|(key, value)| (literal(key), value));
        pairs.any(|(key, value)| {
            key.is_some_and(|key| condition.name.matches_whole(&key))
                && self.holds(&condition.value, value, Reach::Distrusted)
        })
    }

    /// Whether a persistent id is one that the condition is about.
    pub(super) fn persistent(&self, condition: &PersistentCondition, id: &Argument) -> bool {
        let typed = ArgumentCondition {
            types: condition.types.clone(),
            ..ArgumentCondition::default()
        };
        let mut known = condition.except.iter();
        self.holds(&typed, id, Reach::Every)
            && (condition.form.is_empty() || self.has_form(&condition.form, id))
            && !known.any(|form| self.has_form(form, id))
    }

    /// Whether a value is a tuple with everything in its place.
    fn has_form(&self, form: &Form, value: &Argument) -> bool {
        let Argument::Tuple(parts) = value else {
            return false;
        };
        form.iter().all(|(position, condition)| match position {
            Position::At(at) => parts
                .get(usize::from(*at))
                .is_some_and(|part| self.holds(condition, part, Reach::Every)),
            Position::Rest | Position::Any => {
                let fixed = form.keys().filter_map(|key| match key {
                    Position::At(at) => Some(usize::from(*at) + 1),
                    _ => None,
                });
                let mut rest = parts.iter().skip(fixed.max().unwrap_or(0));
                rest.all(|part| self.holds(condition, part, Reach::Every))
            }
        })
    }

    /// Whether the condition is about imports and one of those carried satisfies it.
    fn carried(&self, condition: &ArgumentCondition, carried: &[Symbol]) -> bool {
        condition
            .position
            .is_none_or(|position| position == Position::Any)
            && carried.iter().any(|symbol| {
                let import = Argument::Object(Target::Import(symbol.clone()));
                self.holds(condition, &import, Reach::Distrusted)
            })
    }

    /// Whether a value satisfies every key of a condition.
    pub(super) fn holds(
        &self,
        condition: &ArgumentCondition,
        value: &Argument,
        reach: Reach,
    ) -> bool {
        let types = &condition.types;
        if condition.inside
            && let Some(mut inner) = elements(value)
        {
            return inner.len() < MOST_ELEMENTS
                && inner.all(|inner| self.holds(condition, inner, reach));
        }
        let of_type = types.is_empty() || types.iter().any(|kind| self.is(*kind, value));
        let matches =
            |pattern: &RegexText| literal(value).is_some_and(|text| pattern.matches_whole(&text));
        of_type
            && condition.pattern.as_ref().is_none_or(matches)
            && self.named(condition, value, reach)
    }

    /// Whether the keys of a condition that are about names hold.
    fn named(&self, condition: &ArgumentCondition, value: &Argument, reach: Reach) -> bool {
        let asked = !condition.symbol.is_empty()
            || !condition.effect.is_empty()
            || condition.trust.is_some();
        if !asked {
            return true;
        }
        let symbol = match value {
            Argument::Object(Target::Import(symbol)) => Some(symbol.dotted()),
            Argument::Object(Target::Module(module)) => Some(module.clone()),
            Argument::Object(target) if !condition.types.is_empty() => {
                target.symbol().map(Symbol::dotted)
            }
            _ => None,
        };
        let Some(symbol) = symbol else {
            return false;
        };
        let spellings = self.rules.spellings(&symbol);
        let standing = self.rules.standing(&symbol);
        let spared = reach == Reach::Distrusted && standing.trust.is_some();
        let mut patterns = condition.symbol.iter();
        let named = condition.symbol.is_empty()
            || patterns.any(|pattern| {
                (pattern.is_exact() || !spared)
                    && spellings.iter().any(|name| pattern.matches(name))
            });
        let effect = &condition.effect;
        named
            && (effect.is_empty() || standing.effects().meets(effect))
            && condition
                .trust
                .is_none_or(|trust| trust == self.trust(&symbol))
    }

    /// How far a name is trusted as a value.
    fn trust(&self, symbol: &[u8]) -> Trust {
        let standing = self.rules.standing(symbol);
        match standing.kinship {
            _ if standing.is_harmful() => Trust::Dangerous,
            Kinship::Itself => Trust::Trusted,
            Kinship::Stranger => standing.trust_of_stranger(false),
            _ => Trust::Unknown,
        }
    }

    /// Whether a value has a type.
    fn is(&self, kind: ValueType, value: &Argument) -> bool {
        match (kind, value) {
            (ValueType::Text, Argument::Text(_))
            | (ValueType::Bytes, Argument::Bytes(_))
            | (ValueType::Int, Argument::Int(_))
            | (ValueType::Float, Argument::Float(_))
            | (ValueType::Bool, Argument::Bool(_))
            | (ValueType::None, Argument::None)
            | (ValueType::Tuple, Argument::Tuple(_))
            | (ValueType::List, Argument::List(_))
            | (ValueType::Dict, Argument::Dict(_))
            | (ValueType::Set, Argument::Set(_))
            | (ValueType::Buffer, Argument::Buffer)
            | (ValueType::Unknown, Argument::Unknown | Argument::Object(Target::Unknown))
            | (ValueType::Import, Argument::Object(Target::Import(_)))
            | (ValueType::Module, Argument::Object(Target::Module(_)))
            | (ValueType::Instance, Argument::Object(Target::Instance(_) | Target::Result(_)))
            | (ValueType::Persistent, Argument::Object(Target::Persistent))
            | (ValueType::Extension, Argument::Object(Target::Extension(_))) => true,
            (ValueType::Class, Argument::Object(Target::Import(symbol))) => {
                !self.rules.standing(&symbol.dotted()).is_modelled()
            }
            _ => false,
        }
    }
}

/// What a container holds, keys and values alike.
fn elements(value: &Argument) -> Option<std::vec::IntoIter<&Argument>> {
    let elements: Vec<&Argument> = match value {
        Argument::Tuple(inner) | Argument::List(inner) | Argument::Set(inner) => {
            inner.iter().collect()
        }
        Argument::Dict(pairs) => pairs.iter().flat_map(|(key, value)| [key, value]).collect(),
        _ => return None,
    };
    Some(elements.into_iter())
}

/// The values and everything inside them.
fn nested(values: &[Argument]) -> impl Iterator<Item = &Argument> {
    let mut waiting: Vec<&Argument> = values.iter().rev().collect();
    std::iter::from_fn(move || {
        let value = waiting.pop()?;
        match value {
            Argument::Tuple(inner) | Argument::List(inner) | Argument::Set(inner) => {
                waiting.extend(inner.iter().rev());
            }
            Argument::Dict(pairs) => {
                waiting.extend(pairs.iter().rev().flat_map(|(key, value)| [value, key]));
            }
            _ => {}
        }
        Some(value)
    })
    .take(MAX_NESTED)
}

/// Text or bytes as text: a regular expression sees one character for each byte of bytes.
pub(super) fn literal(value: &Argument) -> Option<Cow<'_, str>> {
    match value {
        Argument::Text(Some(text)) => Some(String::from_utf8_lossy(text)),
        Argument::Bytes(Some(bytes)) => Some(Cow::Owned(
            bytes.iter().map(|&byte| char::from(byte)).collect(),
        )),
        _ => None,
    }
}
