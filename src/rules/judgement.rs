//! What the rules say about one stream.

use std::sync::Arc;

use super::schema::{Rule, Severity, Trust};
use crate::facts::Place;

/// How one stream is judged.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    /// How far each import is trusted, in the order of the facts.
    pub imports: Vec<Trust>,
    /// The matches: the worst first, then in the order of the stream.
    pub matches: Vec<Match>,
    /// Whether judging was told to stop before its end.
    pub cut: bool,
}

/// A rule that matches, once for each symbol of a stream.
#[derive(Clone, Debug)]
pub struct Match {
    /// The rule.
    pub rule: Arc<Rule>,
    /// How bad it is.
    pub severity: Severity,
    /// The first place.
    pub place: Place,
    /// The symbol that it is about.
    pub symbol: Option<String>,
    /// What would happen.
    pub message: String,
    /// Further places, in order.
    pub related: Vec<Place>,
    /// Advisories about the symbol, beyond those of the rule.
    pub references: Vec<String>,
}
