//! One root cause, one finding: a callable that does several bad things is reported for the worst,
//! and so is a payload.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::evaluate::{FactIndex, Hit};
use super::judgement::Match;
use super::schema::{Effect, Severity};

/// A match, and what it is due to where that is only an effect of a name.
#[derive(Debug)]
pub(super) struct Found {
    pub cause: Option<Cause>,
    /// The payload that it is about, where it is about one and no name.
    pub payload: Option<usize>,
    pub matched: Match,
}

/// The payload that hits are about.
pub(super) fn payload_of(hits: &[Hit]) -> Option<usize> {
    match hits {
        [
            Hit {
                name: None,
                fact: FactIndex::Payload(index),
                ..
            },
        ] => Some(*index),
        _ => None,
    }
}

/// An effect of a name.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) struct Cause {
    name: usize,
    effect: Effect,
}

impl Cause {
    /// What hits of one name have in common: the worst effect.
    pub(super) fn of(hits: &[Hit]) -> Option<Self> {
        let causes = hits.iter().map(|hit| {
            Some(Self {
                name: hit.name?,
                effect: hit.effect?,
            })
        });
        // A hit that is due to something else makes the match one of its own.
        let causes: Option<Vec<Self>> = causes.collect();
        causes?.into_iter().min_by_key(|cause| cause.effect)
    }
}

/// The matches without those that say less of a name than another does.
pub(super) fn distinct(found: Vec<Found>) -> Vec<Match> {
    let mut worst: HashMap<usize, (Severity, Reverse<Effect>)> = HashMap::new();
    for (cause, severity) in found.iter().filter_map(with_severity) {
        let key = (severity, Reverse(cause.effect));
        let known = worst.entry(cause.name).or_insert(key);
        *known = (*known).max(key);
    }
    let mut worst_of_payload: HashMap<usize, Severity> = HashMap::new();
    for found in &found {
        if let Some(payload) = found.payload {
            let known = worst_of_payload.entry(payload);
            let known = known.or_insert(found.matched.severity);
            *known = (*known).max(found.matched.severity);
        }
    }
    let says_most = |found: &Found| {
        let of_name = with_severity(found).is_none_or(|(cause, severity)| {
            worst.get(&cause.name) == Some(&(severity, Reverse(cause.effect)))
        });
        let worst = found.payload.and_then(|it| worst_of_payload.get(&it));
        of_name && worst.is_none_or(|worst| *worst == found.matched.severity)
    };
    let kept = found.into_iter().filter(says_most);
    kept.map(|found| found.matched).collect()
}

fn with_severity(found: &Found) -> Option<(Cause, Severity)> {
    Some((found.cause?, found.matched.severity))
}
