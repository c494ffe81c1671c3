//! From a place in a source to what the rules say: the only file that knows machine and rules.

use crate::{
    container::{self, Code, Named},
    facts::{
        Anomaly, AnomalyKind, Argument, ContainerFact, End, Facts, ImportFact, PayloadFact,
        PayloadKind, Place, Symbol, Target,
    },
    limits::{Deadline, Limits},
    machine::{Reading, Readings, Watch},
    payload,
    pickle::Span,
    rules::{Judgement, Match, Ruleset, Severity},
    source::Source,
};

/// One stream and what the rules say about it.
pub(super) struct Analysed {
    pub(super) facts: Facts,
    pub(super) judgement: Judgement,
    /// The readings of other readers, where they do something else.
    pub(super) others: Vec<Analysed>,
    /// Where some reader's next stream starts.
    pub(super) continues: Vec<u64>,
}

/// What the rules say about a container that contradicts itself.
pub(super) fn container(anomaly: ContainerFact, ruleset: &Ruleset) -> Vec<Match> {
    let facts = Facts {
        container: vec![anomaly],
        ..Facts::default()
    };
    ruleset.evaluate(&facts).matches
}

/// What the rules say about code that a loader would run, outside of any pickle.
pub(super) fn code(code: Code, ruleset: &Ruleset) -> Vec<Match> {
    let Code { kind, offset, data } = code;
    let summary = payload::summarize(kind, &data);
    let facts = Facts {
        payloads: vec![PayloadFact {
            place: Place { offset, opcode: "" },
            kind,
            data,
            summary,
        }],
        ..Facts::default()
    };
    ruleset.evaluate(&facts).matches
}

/// What the rules say about something that the reader of a text would import and call: where the
/// name can be understood in several ways, the worst of them. Readers of such texts ask for names
/// of their own package and of their users' projects all the time, so only what is harmful counts.
pub(super) fn named(named: Named, ruleset: &Ruleset) -> Vec<Match> {
    let Named {
        offset,
        symbols,
        expression,
    } = named;
    let place = Place { offset, opcode: "" };
    let imports = symbols.into_iter().map(|symbol| ImportFact {
        place,
        symbol: Some(symbol),
        spelled: None,
        resolved: false,
        of_instance: false,
        repeated: 0,
    });
    let imports = imports.map(|import| Facts {
        imports: vec![import],
        ..Facts::default()
    });
    let source = expression.map(|data| Facts {
        payloads: vec![PayloadFact {
            place,
            kind: PayloadKind::Source,
            summary: payload::summarize(PayloadKind::Source, &data),
            data,
        }],
        ..Facts::default()
    });
    let found = imports.chain(source).map(|facts| {
        let mut found = ruleset.evaluate(&facts).matches;
        found.retain(|found| found.severity >= Severity::High);
        found
    });
    let worst = |found: &Vec<Match>| found.iter().map(|found| found.severity).max();
    found.max_by_key(worst).unwrap_or_default()
}

/// Follows the streams of one member, which may share a memo.
pub(super) struct Analyst<'s, 'k> {
    readings: Readings<'s, 'k>,
    ruleset: &'k Ruleset,
    limits: &'s Limits,
    /// Whether the host takes a number for a tensor of its own, and for nothing else.
    pub(super) numbers_are_tensors: bool,
}

/// Units of work for a stream that holds nothing.
const STREAM: usize = 1024;

impl<'s, 'k> Analyst<'s, 'k> {
    pub(super) fn new(source: &'s dyn Source, ruleset: &'k Ruleset, limits: &'s Limits) -> Self {
        Self {
            readings: Readings::new(source, ruleset, limits).watching(Watch {
                shortest: container::SHORTEST_CARRIED,
                head: container::CARRIED_HEAD,
                is_telling: container::may_carry,
            }),
            ruleset,
            limits,
            numbers_are_tensors: false,
        }
    }

    /// Follows the stream at `offset` under every reader that may differ, and judges it.
    pub(super) fn stream(&mut self, offset: u64) -> Analysed {
        self.limits.deadline.spend(STREAM);
        let Reading {
            mut first,
            mut others,
            shared,
            continues,
        } = self.readings.stream(offset);
        // With a memo of other streams, honest streams seem to import all kinds of names.
        let known = others.len();
        others.extend(shared.into_iter().filter(|facts| self.is_dangerous(facts)));
        if others.len() > known {
            let kind = AnomalyKind::ReaderDisagreement;
            first.anomalies.push(Anomaly { kind, offset });
        }
        let others = others.into_iter().map(|facts| self.judged(facts)).collect();
        Analysed {
            others,
            continues,
            ..self.judged(first)
        }
    }

    fn is_dangerous(&self, facts: &Facts) -> bool {
        let found = self.evaluate(facts).matches;
        found.iter().any(|found| found.severity >= Severity::High)
    }

    /// What was seen until the input had had its time is judged nevertheless, and that may take as
    /// long again.
    fn evaluate(&self, facts: &Facts) -> Judgement {
        let deadline = Deadline::after(self.limits.seconds);
        self.ruleset
            .evaluate_until(facts, &|| deadline.has_passed())
    }

    fn judged(&self, mut facts: Facts) -> Analysed {
        if self.numbers_are_tensors {
            let is_number = |id: &Argument| matches!(id, Argument::Int(_));
            facts.persistent.retain(|(_, id)| !is_number(id));
        }
        let judgement = self.evaluate(&facts);
        if judgement.cut && facts.end == End::Stop {
            facts.end = End::Limit;
            facts.end_reason = Some("judging it reached the limit `seconds`".to_owned());
        }
        Analysed {
            facts,
            judgement,
            others: Vec::new(),
            continues: Vec::new(),
        }
    }

    /// Whether a broken stream does something before it breaks: see
    /// [`Analysed::acts_before_nonsense`].
    pub(super) fn acts(&self, analysed: &Analysed) -> bool {
        analysed.acts_before_nonsense(self.ruleset)
    }

    /// Adds an anomaly that only the member shows, and judges again.
    pub(super) fn add(&self, analysed: &mut Analysed, kind: AnomalyKind, offset: u64) {
        analysed.facts.anomalies.push(Anomaly { kind, offset });
        analysed.judgement = self.evaluate(&analysed.facts);
    }
}

impl Analysed {
    /// How much is known about it, counted in facts; other readings count too.
    pub(super) fn size(&self) -> usize {
        let facts = &self.facts;
        let own = [
            facts.imports.len(),
            facts.calls.len(),
            facts.changes.len(),
            facts.persistent.len(),
            facts.extensions.len(),
            facts.buffers.len(),
        ];
        let others = self.others.iter().map(Self::size);
        own.into_iter().chain(others).sum()
    }

    /// The bytes of the stream.
    pub(super) fn span(&self) -> Span {
        Span {
            start: self.facts.offset,
            length: self.facts.length,
        }
    }

    /// The offset behind the stream.
    pub(super) fn end(&self) -> u64 {
        self.facts.offset.saturating_add(self.facts.length)
    }

    pub(super) fn is_broken(&self) -> bool {
        self.facts.end != End::Stop
    }

    /// Whether a loader does something at least suspicious before the stream breaks, or uses
    /// an import.
    ///
    /// Where arbitrary data is read as a pickle, its first import names something that no loader
    /// can import: at a name that is no UTF-8 text, holds blanks, or cannot be that of
    /// a module, loading ends with an exception. What the data seems to do behind that place
    /// counts for nothing; nor does the break itself, nor an extension code that nothing uses: a
    /// loader that does not know it raises, and text in old encodings begins so.
    fn acts_before_nonsense(&self, ruleset: &Ruleset) -> bool {
        let imports = &self.facts.imports;
        let is_nonsense = |import: &&ImportFact| is_nonsense(import) || self.is_cut_off(import);
        let nonsense = imports.iter().find(is_nonsense);
        let until = nonsense.map_or(self.end(), |import| import.place.offset);
        let counts = |found: &&Match| found.place.offset < until && !self.only_names(found);
        let mut found = self.judgement.matches.iter().filter(counts);
        let acts = if self.is_lines() {
            found.any(|found| found.severity >= Severity::High && self.reaches(found, ruleset))
        } else {
            found.any(|found| found.severity >= Severity::Medium) || self.uses_imports_before(until)
        };
        let others = || self.others.iter();
        acts || others().any(|other| other.acts_before_nonsense(ruleset))
    }

    /// Whether it calls an import, or imports something after its first instruction: text often
    /// begins like a GLOBAL.
    fn uses_imports_before(&self, until: u64) -> bool {
        let mut calls = self.facts.calls.iter();
        let mut imports = self.facts.imports.iter();
        calls.any(|call| call.place.offset < until && matches!(call.callee, Target::Import(_)))
            || imports.any(|import| (self.facts.offset + 1..until).contains(&import.place.offset))
    }

    /// Whether an import is the last thing in data that ends before its name does.
    fn is_cut_off(&self, import: &ImportFact) -> bool {
        let unnamed = |symbol: &Symbol| symbol.name.is_empty();
        self.facts.end == End::Truncated
            && !import.resolved
            && import.symbol.as_ref().is_some_and(unnamed)
            && self.facts.imports.last() == Some(import)
            && { self.facts.calls.iter() }.all(|call| call.place.offset < import.place.offset)
    }

    /// Whether a finding is about an extension code and nothing that is done with it.
    fn only_names(&self, found: &Match) -> bool {
        let mut extensions = self.facts.extensions.iter();
        extensions.any(|(place, _)| *place == found.place)
    }

    /// Whether it is nothing but GLOBALs and INSTs one behind the other, as lists of names are
    /// when each line begins with a `c`.
    fn is_lines(&self) -> bool {
        let mut imports = self.facts.imports.iter();
        let behind = imports.try_fold(self.facts.offset, |at, import| {
            let symbol = import.spelled.as_ref().or(import.symbol.as_ref())?;
            let length = symbol.module.len() + symbol.name.len() + "c\n\n".len();
            (at == import.place.offset).then_some(at + length as u64)
        });
        behind.is_some() && !self.facts.imports.is_empty()
    }

    /// Whether a finding is about an import from a package that the rules know, so that the
    /// import itself may succeed.
    fn reaches(&self, found: &Match, ruleset: &Ruleset) -> bool {
        let mut imports = self.facts.imports.iter();
        imports.any(|import| {
            let symbol = import.symbol.as_ref();
            import.place == found.place
                && symbol.is_some_and(|symbol| ruleset.knows_package(&symbol.module))
        })
    }
}

fn is_nonsense(import: &ImportFact) -> bool {
    let plain = |name: &[u8], fits: fn(char) -> bool| {
        std::str::from_utf8(name).is_ok_and(|name| name.chars().all(fits))
    };
    let in_module = |char: char| char.is_alphanumeric() || "_.-".contains(char);
    let symbol = import.symbol.as_ref();
    symbol.is_some_and(|symbol| {
        !plain(&symbol.module, in_module)
            || !plain(&symbol.name, |char| {
                !char.is_control() && !char.is_whitespace()
            })
    })
}
