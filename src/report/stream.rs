//! What one pickle does, as far as readers of reports ask for it.

use super::MemberPath;
use crate::{
    facts::{
        AnomalyKind, CallFact, ChangeFact, ChangeKind, End, Facts, ImportFact, Place, Symbol,
        Target,
    },
    rules::Trust,
};

/// One pickle.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamReport {
    /// The member it is in.
    pub member: MemberPath,
    /// Offset of its first opcode in the member.
    pub offset: u64,
    /// Length in bytes, STOP included.
    pub length: u64,
    /// Highest protocol declared; 0 where none is.
    pub protocol: u8,
    /// The reader that reads it so, where readers differ.
    pub reader: Option<&'static str>,
    /// How it ended.
    pub end: End,
    /// Why, where it did not end at STOP.
    pub end_reason: Option<String>,
    /// What it imports, in order.
    pub imports: Vec<ImportReport>,
    /// What it calls, in order; calls of what is plainly trusted are left out.
    pub calls: Vec<CallReport>,
    /// What it changes after it was made, in order.
    pub changes: Vec<ChangeReport>,
    /// Its irregularities.
    pub anomalies: Vec<AnomalyReport>,
}

/// One import.
#[derive(Clone, Debug, PartialEq)]
pub struct ImportReport {
    /// Where.
    pub place: Place,
    /// What; nothing where module or name could not be computed.
    pub symbol: Option<Symbol>,
    /// The spelling in the stream, where it is a Python 2 name.
    pub spelled: Option<Symbol>,
    /// Whether a modelled call obtained it rather than an importing opcode.
    pub resolved: bool,
    /// Whether it is trusted.
    pub trust: Trust,
    /// Further imports of the same name in the same way that were counted but not kept.
    pub repeated: u64,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct CallReport {
    /// Where.
    pub place: Place,
    /// What is called.
    pub callee: Target,
    /// As Python would write the arguments, shortened.
    pub arguments: String,
    /// How the callee was obtained, outermost last.
    pub chain: Vec<String>,
    /// Further calls of the same callee that were counted but not kept.
    pub repeated: u64,
}

/// One change of an object.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeReport {
    /// Where.
    pub place: Place,
    /// How.
    pub kind: ChangeKind,
    /// What is changed.
    pub target: Target,
    /// As Python would write the value, shortened.
    pub value: String,
}

/// One irregularity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnomalyReport {
    /// Which.
    pub kind: AnomalyKind,
    /// Offset in the member.
    pub offset: u64,
}

impl StreamReport {
    /// Keeps of the facts what reports show. `trust` is parallel to the imports of `facts`.
    pub fn new(member: MemberPath, facts: Facts, trust: &[Trust]) -> Self {
        // A missing judgement must never read as trust.
        let trust = trust
            .iter()
            .copied()
            .chain(std::iter::repeat(Trust::Unknown));
        let anomaly = |fact: &crate::facts::Anomaly| AnomalyReport {
            kind: fact.kind,
            offset: fact.offset,
        };
        Self {
            member,
            offset: facts.offset,
            length: facts.length,
            protocol: facts.protocol,
            reader: facts.reader,
            end: facts.end,
            end_reason: facts.end_reason,
            anomalies: facts.anomalies.iter().map(anomaly).collect(),
            imports: facts
                .imports
                .into_iter()
                .zip(trust)
                .map(ImportReport::new)
                .collect(),
            changes: facts.changes.into_iter().map(ChangeReport::new).collect(),
            calls: facts.calls.into_iter().map(CallReport::new).collect(),
        }
    }

    /// Whether it does not end at STOP.
    pub fn is_broken(&self) -> bool {
        self.end != End::Stop
    }
}

impl ImportReport {
    fn new((fact, trust): (ImportFact, Trust)) -> Self {
        let ImportFact {
            place,
            symbol,
            spelled,
            resolved,
            repeated,
            ..
        } = fact;
        Self {
            place,
            symbol,
            spelled,
            resolved,
            trust,
            repeated,
        }
    }
}

impl ChangeReport {
    fn new(fact: ChangeFact) -> Self {
        let ChangeFact {
            place,
            kind,
            target,
            shown,
            ..
        } = fact;
        Self {
            place,
            kind,
            target,
            value: shown,
        }
    }
}

impl CallReport {
    fn new(fact: CallFact) -> Self {
        let CallFact {
            place,
            callee,
            shown,
            chain,
            repeated,
            ..
        } = fact;
        Self {
            place,
            callee,
            arguments: shown,
            chain,
            repeated,
        }
    }
}

#[cfg(test)]
impl Default for StreamReport {
    fn default() -> Self {
        Self {
            member: MemberPath::default(),
            offset: 0,
            length: 0,
            protocol: 0,
            reader: None,
            end: End::Stop,
            end_reason: None,
            imports: Vec::new(),
            calls: Vec::new(),
            changes: Vec::new(),
            anomalies: Vec::new(),
        }
    }
}
