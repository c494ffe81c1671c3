//! Patterns over dotted names, and an index that finds the patterns of a name without trying all.
//!
//! `*` stands for any run of characters inside one segment. `**` is a segment of its own and
//! stands for one or more segments; at the end also for none, so that `subprocess.**` covers the
//! module itself, which `import_module("subprocess")` yields.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize};

use super::table::{Numbers, Strings, Table, number};

/// The most segments a name may have to be looked up. Python's own deepest names have about
/// twelve; a longer one is a way to make scanners work, and stays unknown.
pub const MAX_SEGMENTS: usize = 64;

/// A dotted name, in which `*` and `**` may stand for others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Pattern(String);

impl Pattern {
    /// Checks the spelling of a pattern.
    ///
    /// # Errors
    /// What is wrong with it, for the author of the rule.
    pub fn new(text: &str) -> Result<Self, String> {
        if text.split('.').count() > MAX_SEGMENTS {
            return Err(format!("`{text}` has more than {MAX_SEGMENTS} segments"));
        }
        for segment in text.split('.') {
            if segment.is_empty() {
                return Err(format!("`{text}` has an empty segment"));
            }
            if segment.contains("**") && segment != "**" {
                return Err(format!("`**` must be a whole segment in `{text}`"));
            }
            if segment.chars().any(char::is_whitespace) {
                return Err(format!("`{text}` contains a blank"));
            }
        }
        Ok(Self(text.to_owned()))
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it names one symbol.
    pub fn is_exact(&self) -> bool {
        !self.0.contains('*')
    }

    /// Whether the name matches.
    pub fn matches(&self, symbol: &[u8]) -> bool {
        if self.is_exact() {
            return self.0.as_bytes() == symbol;
        }
        // Most names are refused here, before anything is allocated.
        let literal = literals(self).max_by_key(|literal| literal.len());
        let spelled = literal.is_none_or(|literal| {
            let mut windows = symbol.windows(literal.len());
            windows.any(|window| window == literal.as_bytes())
        });
        spelled && segments(symbol).is_some_and(|segments| matches(self.0.as_bytes(), &segments))
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// Checked where a person wrote it; the built-in rules were checked when the binary was built.
impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = deserializer.is_human_readable();
        let text = String::deserialize(deserializer)?;
        if written {
            Self::new(&text).map_err(serde::de::Error::custom)
        } else {
            Ok(Self(text))
        }
    }
}

/// The segments of a name; nothing where there are too many.
pub(crate) fn segments(symbol: &[u8]) -> Option<Vec<&[u8]>> {
    let segments: Vec<&[u8]> = symbol
        .split(|&byte| byte == b'.')
        .take(MAX_SEGMENTS + 1)
        .collect();
    (segments.len() <= MAX_SEGMENTS).then_some(segments)
}

/// Whether the segments match the pattern. One pass with a step back to the last `**`: a `**`
/// further left can never need more than it took.
fn matches(pattern: &[u8], segments: &[&[u8]]) -> bool {
    let parts: Vec<&[u8]> = pattern.split(|&byte| byte == b'.').collect();
    let (mut part, mut at) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    loop {
        let fits = match (parts.get(part), segments.get(at)) {
            (None, None) => return true,
            (Some(&b"**"), _) if part + 1 == parts.len() => return true,
            (Some(&b"**"), Some(_)) => {
                retry = Some((part + 1, at + 1));
                true
            }
            (Some(glob), Some(segment)) => segment_matches(glob, segment),
            (_, None) => return false,
            (None, Some(_)) => false,
        };
        if fits {
            (part, at) = (part + 1, at + 1);
        } else if let Some((from, taken)) = retry {
            (part, at) = (from, taken + 1);
            retry = Some((from, taken + 1));
        } else {
            return false;
        }
    }
}

/// Whether one segment matches a glob with `*`.
fn segment_matches(glob: &[u8], segment: &[u8]) -> bool {
    let mut pieces = glob.split(|&byte| byte == b'*');
    let Some(mut rest) = pieces.next().and_then(|head| segment.strip_prefix(head)) else {
        return false;
    };
    let Some(tail) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let found = (0..=rest.len())
            .filter_map(|start| rest.get(start..))
            .find_map(|from| from.strip_prefix(piece));
        match found {
            Some(after) => rest = after,
            None => return false,
        }
    }
    rest.ends_with(tail)
}

/// Patterns with a number each, filed under their rarest literal segment.
///
/// A name is compared only with the patterns filed under one of its own segments, and with the few
/// that have no literal segment.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct PatternIndex<'a> {
    #[serde(borrow)]
    patterns: Strings<'a>,
    #[serde(borrow)]
    values: Numbers<'a>,
    /// The bucket of each literal segment; bucket 0 holds the patterns without one.
    #[serde(borrow)]
    anchors: Table<'a>,
    /// Where each bucket ends.
    #[serde(borrow)]
    ends: Numbers<'a>,
}

impl PatternIndex<'static> {
    /// An index of the patterns.
    pub(crate) fn new(patterns: &[(Pattern, u32)]) -> Self {
        let mut uses: BTreeMap<&str, usize> = BTreeMap::new();
        for segment in patterns.iter().flat_map(|(pattern, _)| literals(pattern)) {
            *uses.entry(segment).or_default() += 1;
        }
        let mut buckets: BTreeMap<&str, Vec<&(Pattern, u32)>> = BTreeMap::new();
        buckets.insert("", Vec::new());
        for entry in patterns {
            let anchor = literals(&entry.0)
                .min_by_key(|segment| uses.get(segment))
                .unwrap_or("");
            buckets.entry(anchor).or_default().push(entry);
        }
        let mut filed = 0;
        let ends = buckets.values().map(|bucket| {
            filed += bucket.len();
            number(filed)
        });
        Self {
            ends: ends.collect(),
            anchors: Table::new(
                &(0_u32..)
                    .zip(buckets.keys())
                    .map(|(bucket, anchor)| ((*anchor).to_owned(), bucket))
                    .collect(),
            ),
            patterns: buckets
                .values()
                .flatten()
                .map(|(pattern, _)| pattern.as_str())
                .collect(),
            values: buckets
                .values()
                .flatten()
                .map(|(_, value)| *value)
                .collect(),
        }
    }
}

impl PatternIndex<'_> {
    /// The number of the most specific pattern that matches: the one with the most literal
    /// characters, and that count.
    pub(crate) fn best(&self, symbol: &[u8]) -> Option<(usize, u32)> {
        let segments = segments(symbol)?;
        let mut best: Option<(usize, u32)> = None;
        let anchors = segments
            .iter()
            .filter_map(|segment| self.anchors.get(segment));
        for bucket in std::iter::once(0).chain(anchors) {
            let start = match bucket.checked_sub(1) {
                Some(before) => self.ends.get(before as usize)?,
                None => 0,
            };
            for index in start..self.ends.get(bucket as usize)? {
                let pattern = self.patterns.get(index as usize)?;
                let literal = pattern.iter().filter(|&&byte| byte != b'*').count();
                if best.is_none_or(|(most, _)| literal > most) && matches(pattern, &segments) {
                    best = Some((literal, self.values.get(index as usize)?));
                }
            }
        }
        best
    }

    /// How many patterns there are.
    pub(crate) fn len(&self) -> usize {
        self.patterns.len()
    }
}

/// The segments of a pattern in which nothing stands for anything else.
fn literals(pattern: &Pattern) -> impl Iterator<Item = &str> {
    pattern
        .as_str()
        .split('.')
        .filter(|segment| !segment.contains('*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(text: &str) -> Pattern {
        Pattern::new(text).unwrap()
    }

    #[test]
    fn a_star_stays_inside_its_segment() {
        for (text, name, expected) in [
            ("os.exec*", "os.execve", true),
            ("os.exec*", "os.exec", true),
            ("os.exec*", "os.execve.__call__", false),
            ("os.*exec*e", "os.posix_execve", true),
            ("os.*exec*e", "os.posix_execv", false),
            ("_sysconfigdata*.x", "_sysconfigdata_linux.x", true),
            ("a*a", "a", false),
            ("a**", "a", false),
        ] {
            let matched = Pattern::new(text).is_ok_and(|p| p.matches(name.as_bytes()));
            assert_eq!(matched, expected, "{text} {name}");
        }
    }

    #[test]
    fn two_stars_cross_segments() {
        for (text, name, expected) in [
            ("subprocess.**", "subprocess", true),
            ("subprocess.**", "subprocess.a.b.c", true),
            ("subprocess.**", "subprocess2.a", false),
            ("**.os.system", "os.system", false),
            ("**.os.system", "a.b.os.system", true),
            ("**.__main__.**", "__main__.A", false),
            ("**.__main__.**", "pip.__main__", true),
            ("**.__main__.**", "pip.__main__.main", true),
            ("asyncio.**._start", "asyncio._start", false),
            ("asyncio.**._start", "asyncio.a.b._start", true),
            ("a.**.b.**.c", "a.x.b.b.y.b.c", true),
            ("a.**.b.**.c", "a.x.b.c", false),
            ("**", "a", true),
        ] {
            assert_eq!(
                pattern(text).matches(name.as_bytes()),
                expected,
                "{text} {name}"
            );
        }
    }

    #[test]
    fn the_index_agrees_with_trying_every_pattern_and_prefers_the_most_specific() {
        let texts = ["a.**", "a.b.*", "**.z", "*x.**", "a.b.c*", "**.b.**"];
        let patterns: Vec<_> = (0..).zip(texts).map(|(n, t)| (pattern(t), n)).collect();
        let index = PatternIndex::new(&patterns);
        for name in [
            "a", "a.b", "a.b.c", "a.b.d", "q.z", "ax.q", "q.b", "q", "a.b.cz.z",
        ] {
            let any = patterns.iter().any(|(p, _)| p.matches(name.as_bytes()));
            assert_eq!(index.best(name.as_bytes()).is_some(), any, "{name}");
        }
        assert_eq!(index.best(b"a.b.cz"), Some((5, 4)));
        assert_eq!(index.best(b"a.b.d"), Some((4, 1)));
    }

    #[test]
    fn a_name_with_too_many_segments_matches_nothing() {
        let long = vec!["a"; MAX_SEGMENTS + 1].join(".");
        assert!(!pattern("a.**").matches(long.as_bytes()));
    }

    #[test]
    fn bad_spellings_are_refused() {
        for text in ["", "a..b", ".a", "a.b**", "a b"] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
