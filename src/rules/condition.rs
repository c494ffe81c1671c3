//! When a detect rule matches: the conditions as their authors write them.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize};

use super::pattern::Pattern;
use super::schema::{ArgumentCondition, Effect, Position, RegexText, Trust, ValueType};
use crate::facts::{AnomalyKind, ContainerAnomalyKind, End, Facts};

/// A condition over the facts of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Condition {
    /// At least one holds.
    Any(Vec<Condition>),
    /// Each holds.
    All(Vec<Condition>),
    /// It does not hold.
    Not(Box<Condition>),
    /// Something is imported.
    Import(ImportCondition),
    /// Something is called.
    Call(CallCondition),
    /// An object is given a state.
    SetState(ChangeCondition),
    /// Something is changed that is not a fresh list, dict or set.
    Mutate(ChangeCondition),
    /// The host is asked for an object.
    PersistentLoad(PersistentCondition),
    /// The extension registry is used.
    Extension(Always),
    /// An out-of-band buffer is asked for.
    Buffer(Always),
    /// The stream is irregular.
    Anomaly(AnomalyCondition),
    /// A container contradicts itself.
    Container(ContainerCondition),
    /// A call would run code or a command.
    Payload(PayloadCondition),
    /// The stream does not end at STOP.
    End(Vec<EndKind>),
}

/// No further condition: `{}`.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Always {}

/// Which imports. Every key that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ImportCondition {
    /// With one of these effects, and judged when named.
    #[serde(default)]
    pub effect: Vec<Effect>,
    /// Of one of these names. A pattern does not reach exactly trusted names; a name does.
    #[serde(default)]
    pub symbol: Vec<Pattern>,
    /// Trusted in this way, and not already found by a rule of the same or a higher severity.
    pub trust: Option<Trust>,
    /// Whether module or name could not be computed.
    #[serde(default)]
    pub unresolved: bool,
}

/// Which calls. Every key that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct CallCondition {
    /// The callee has one of these effects.
    #[serde(default)]
    pub effect: Vec<Effect>,
    /// The callee has one of these names.
    #[serde(default)]
    pub symbol: Vec<Pattern>,
    /// The callee does not have, or come from, one of these names.
    #[serde(default)]
    pub except: Vec<Pattern>,
    /// The callee is trusted in this way.
    pub trust: Option<Trust>,
    /// The callee is one of these. Where it is not given, effect, symbol and trust are those of
    /// an import.
    #[serde(default)]
    pub callee: Vec<TargetKind>,
    /// An argument satisfies this.
    pub argument: Option<ArgumentCondition>,
    /// The call, or a state given to an instance, is not one for which the name is trusted.
    #[serde(default)]
    pub fails_only: bool,
}

/// Which changes. Every key that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ChangeCondition {
    /// What is changed is one of these.
    #[serde(default)]
    pub target: Vec<TargetKind>,
    /// It has, or comes from, one of these names.
    #[serde(default)]
    pub symbol: Vec<Pattern>,
    /// It has, or comes from, a name with one of these effects.
    #[serde(default)]
    pub effect: Vec<Effect>,
    /// It has, or comes from, a name that is trusted in this way.
    pub trust: Option<Trust>,
    /// The state, value or key satisfies this.
    pub value: Option<ArgumentCondition>,
    /// An attribute in the state satisfies this.
    pub entry: Option<EntryCondition>,
}

/// Which attributes of a state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct EntryCondition {
    /// The name of the attribute matches this as a whole.
    pub name: RegexText,
    /// Its value satisfies this.
    #[serde(default)]
    pub value: ArgumentCondition,
}

/// What is called or changed.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TargetKind {
    /// Something imported.
    Import,
    /// An imported module.
    Module,
    /// The result of a call.
    Result,
    /// An instance of a class.
    Instance,
    /// An object that the host's `persistent_load` returns.
    Persistent,
    /// Something from the extension registry.
    Extension,
    /// Something imported that is trusted only as a value.
    DataOnly,
    /// A literal or a container.
    #[serde(alias = "data")]
    Text,
    /// Not known.
    Unknown,
}

/// Which persistent ids.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PersistentCondition {
    /// The id has one of these types; any where none is given.
    #[serde(default, rename = "type")]
    pub types: Vec<ValueType>,
    /// The id is a tuple of this form.
    #[serde(default)]
    pub form: Form,
    /// It is no tuple of any of these forms.
    #[serde(default)]
    pub except: Vec<Form>,
}

/// What must stand where in a tuple. Positions that are not given may hold anything.
pub type Form = BTreeMap<Position, ArgumentCondition>;

/// Which irregularities.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct AnomalyCondition {
    /// One of these.
    pub kind: Vec<AnomalyName>,
}

/// Which irregularities of a container.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct ContainerCondition {
    /// One of these.
    pub kind: Vec<ContainerAnomalyName>,
}

// A name in a rule file that must be that of a kind of irregularity.
macro_rules! names {
    ($(#[$doc:meta])* $name:ident of $kind:ident) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Whether it is the name of `kind`.
            pub fn is(&self, kind: $kind) -> bool {
                self.0 == kind.name()
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let name = String::deserialize(deserializer)?;
                if $kind::ALL.iter().any(|kind| kind.name() == name) {
                    return Ok(Self(name));
                }
                let known: Vec<&str> = $kind::ALL.iter().map(|kind| kind.name()).collect();
                Err(serde::de::Error::custom(format!(
                    "no anomaly is called `{name}`; there are {}",
                    known.join(", ")
                )))
            }
        }
    };
}

names! {
    /// The name of a kind of anomaly of a stream.
    AnomalyName of AnomalyKind
}
names! {
    /// The name of a kind of anomaly of a container.
    ContainerAnomalyName of ContainerAnomalyKind
}

/// Which payloads. Every key that is given must hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct PayloadCondition {
    /// One of these kinds; any where none is given.
    #[serde(default)]
    pub kind: Vec<PayloadName>,
    /// Found anywhere in the payload, which is read as UTF-8 as far as it is.
    pub pattern: Option<RegexText>,
    /// Not of this form: the payload as a whole does not match.
    pub unlike: Option<RegexText>,
    /// It uses a name with one of these effects, harmful when named.
    #[serde(default)]
    pub effect: Vec<Effect>,
    /// It uses one of these names.
    #[serde(default)]
    pub symbol: Vec<Pattern>,
    /// It names an address.
    #[serde(default)]
    pub contacts: bool,
}

/// The name of a kind of payload.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PayloadName {
    /// Python source text.
    Source,
    /// A command.
    Shell,
    /// A marshalled code object.
    CodeObject,
    /// A pickle.
    Pickle,
    /// What a loader of pickles reads, where that cannot be told.
    Unread,
    /// A Python module that a loader runs when it imports it.
    Module,
    /// Source text that a library generated and runs again.
    Generated,
}

/// An end other than STOP.
#[derive(Copy, Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EndKind {
    /// The data ends first.
    Truncated,
    /// Loaders raise.
    Error,
    /// A limit of the scanner.
    Limit,
}

/// A set of kinds of facts. Most streams have facts of few kinds, and most rules are about others.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub struct FactKinds(u16);

impl FactKinds {
    const NONE: Self = Self(0);
    /// No kind in particular: also a stream without facts will do.
    pub(super) const ANY: Self = Self(u16::MAX);
    const IMPORT: Self = Self(1);
    const CALL: Self = Self(1 << 1);
    const CHANGE: Self = Self(1 << 2);
    const PERSISTENT: Self = Self(1 << 3);
    const EXTENSION: Self = Self(1 << 4);
    const BUFFER: Self = Self(1 << 5);
    const ANOMALY: Self = Self(1 << 6);
    const CONTAINER: Self = Self(1 << 7);
    const PAYLOAD: Self = Self(1 << 8);
    const END: Self = Self(1 << 9);
    /// What every stream has.
    const EVERY_STREAM: Self = Self(1 << 15);

    /// The kinds of facts that a stream has.
    pub fn of(facts: &Facts) -> Self {
        let has = [
            (Self::IMPORT, !facts.imports.is_empty()),
            (Self::CALL, !facts.calls.is_empty()),
            (Self::CHANGE, !facts.changes.is_empty()),
            (Self::PERSISTENT, !facts.persistent.is_empty()),
            (Self::EXTENSION, !facts.extensions.is_empty()),
            (Self::BUFFER, !facts.buffers.is_empty()),
            (Self::ANOMALY, !facts.anomalies.is_empty()),
            (Self::CONTAINER, !facts.container.is_empty()),
            (Self::PAYLOAD, !facts.payloads.is_empty()),
            (Self::END, facts.end != End::Stop),
        ];
        let present = has.into_iter().filter(|(_, has)| *has);
        present
            .map(|(kind, _)| kind)
            .fold(Self::EVERY_STREAM, Self::or)
    }

    /// Whether some kind is in both.
    pub fn meet(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

impl Condition {
    /// Whether the condition, or one inside it, asks how far an import is trusted.
    pub fn asks_trust(&self) -> bool {
        match self {
            Self::Any(all) | Self::All(all) => all.iter().any(Self::asks_trust),
            Self::Not(condition) => condition.asks_trust(),
            Self::Import(import) => import.trust.is_some(),
            _ => false,
        }
    }

    /// Kinds of facts of which a stream must have at least one for the condition to hold.
    pub fn needs(&self) -> FactKinds {
        match self {
            Self::Any(all) => all
                .iter()
                .map(Self::needs)
                .fold(FactKinds::NONE, FactKinds::or),
            // Each of the conditions must hold, so what any one of them needs is needed.
            Self::All(all) => {
                let needs = all.iter().map(Self::needs);
                needs
                    .min_by_key(|needs| needs.0.count_ones())
                    .unwrap_or(FactKinds::ANY)
            }
            Self::Not(_) => FactKinds::ANY,
            Self::Import(_) => FactKinds::IMPORT,
            Self::Call(call) if call.fails_only => FactKinds::CALL.or(FactKinds::CHANGE),
            Self::Call(_) => FactKinds::CALL,
            Self::SetState(_) | Self::Mutate(_) => FactKinds::CHANGE,
            Self::PersistentLoad(_) => FactKinds::PERSISTENT,
            Self::Extension(_) => FactKinds::EXTENSION,
            Self::Buffer(_) => FactKinds::BUFFER,
            Self::Anomaly(_) => FactKinds::ANOMALY,
            Self::Container(_) => FactKinds::CONTAINER,
            Self::Payload(_) => FactKinds::PAYLOAD,
            Self::End(_) => FactKinds::END,
        }
    }
}
