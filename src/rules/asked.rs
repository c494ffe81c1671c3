//! What conditions ask of single names, targets, payloads and ends.

use super::condition::{EndKind, PayloadCondition, PayloadName, TargetKind};
use super::names::Named;
use super::pattern::Pattern;
use super::schema::{Effect, Trust, Usage};
use crate::facts::{End, PayloadFact, PayloadKind, Target};

/// What a condition asks of a name.
pub(super) struct NameCondition<'c> {
    pub effect: &'c [Effect],
    pub symbol: &'c [Pattern],
    pub trust: Option<Trust>,
}

impl NameCondition<'_> {
    /// Whether any name will do, and none as well.
    pub(super) fn is_anything(&self) -> bool {
        self.effect.is_empty() && self.symbol.is_empty() && self.trust.is_none()
    }

    /// Whether the name, or its absence, is what is asked for.
    pub(super) fn holds(&self, named: Option<&Named<'_>>) -> bool {
        self.is_anything()
            || named.is_some_and(|named| {
                let mut patterns = self.symbol.iter();
                (self.effect.is_empty() || named.standing.effects().meets(self.effect))
                    && (self.symbol.is_empty() || patterns.any(|p| spelled(named, p)))
                    && self.trust.is_none_or(|trust| named.trust == trust)
            })
    }
}

/// Whether one of the spellings of a name matches.
pub(super) fn spelled(named: &Named<'_>, pattern: &Pattern) -> bool {
    named.spellings.iter().any(|name| pattern.matches(name))
}

/// Whether something called or changed is of one of the kinds.
pub(super) fn is_target(kinds: &[TargetKind], target: &Target, named: Option<&Named<'_>>) -> bool {
    let kind = match target {
        Target::Import(_) => TargetKind::Import,
        Target::Module(_) => TargetKind::Module,
        Target::Result(_) => TargetKind::Result,
        Target::Instance(_) => TargetKind::Instance,
        Target::Persistent => TargetKind::Persistent,
        Target::Extension(_) => TargetKind::Extension,
        Target::Data => TargetKind::Text,
        Target::Unknown => TargetKind::Unknown,
    };
    let trust = named.and_then(|named| named.standing.trust);
    let data_only =
        kind == TargetKind::Import && trust.is_some_and(|trust| trust.usage == Usage::Data);
    kinds.contains(&kind) || (data_only && kinds.contains(&TargetKind::DataOnly))
}

/// Whether a payload is of one of the kinds and says what is asked for.
pub(super) fn payload_is(condition: &PayloadCondition, payload: &PayloadFact) -> bool {
    let kind = match payload.kind {
        PayloadKind::Source => PayloadName::Source,
        PayloadKind::Shell => PayloadName::Shell,
        PayloadKind::CodeObject => PayloadName::CodeObject,
        PayloadKind::Pickle => PayloadName::Pickle,
        PayloadKind::Unread => PayloadName::Unread,
        PayloadKind::Module => PayloadName::Module,
        PayloadKind::Generated => PayloadName::Generated,
    };
    let pattern = condition.pattern.as_ref();
    let unlike = condition.unlike.as_ref();
    let text = || String::from_utf8_lossy(&payload.data);
    (condition.kind.is_empty() || condition.kind.contains(&kind))
        && pattern.is_none_or(|regex| regex.found_in(&text()))
        && unlike.is_none_or(|regex| !regex.matches_whole(&text()))
}

/// Whether a stream ends so.
pub(super) fn is_end(kind: EndKind, end: End) -> bool {
    matches!(
        (kind, end),
        (EndKind::Truncated, End::Truncated)
            | (EndKind::Error, End::Error)
            | (EndKind::Limit, End::Limit)
    )
}
