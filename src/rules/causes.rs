//! One root cause, one finding: a callable that does several bad things is reported for the worst.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::evaluate::Hit;
use super::judgement::Match;
use super::schema::{Effect, Severity};

/// A match, and what it is due to where that is only an effect of a name.
#[derive(Debug)]
pub(super) struct Found {
    pub cause: Option<Cause>,
    pub matched: Match,
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
    let says_most = |found: &Found| {
        with_severity(found).is_none_or(|(cause, severity)| {
            worst.get(&cause.name) == Some(&(severity, Reverse(cause.effect)))
        })
    };
    let kept = found.into_iter().filter(says_most);
    kept.map(|found| found.matched).collect()
}

fn with_severity(found: &Found) -> Option<(Cause, Severity)> {
    Some((found.cause?, found.matched.severity))
}
