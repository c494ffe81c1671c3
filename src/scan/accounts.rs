//! What each byte of an input is: pickle, explained by a format, or neither.

use std::collections::BTreeMap;

use super::member::{Bytes, Whose};
use crate::{
    pickle::Span,
    report::{Accounting, MemberPath, Unexplained},
};

/// Ranges that a report lists.
const LISTED: usize = 100;

/// Fewest unexplained bytes in a row that a person is told of.
const TELLING: u64 = 64;

/// What is known of the bytes of every member so far.
#[derive(Default)]
pub(super) struct Accounts {
    members: BTreeMap<Whose, Account>,
}

#[derive(Default)]
struct Account {
    pickles: Vec<Span>,
    explained: Vec<Span>,
}

impl Accounts {
    /// Enters what a container says about the bytes of a member.
    pub(super) fn enter(&mut self, bytes: Bytes) {
        let length = bytes.whose.length;
        let Bytes { whose, explained } = bytes;
        let is_whole = |span: &Span| span.start == 0 && span.length >= length;
        if !whose.path.is_input() && explained.iter().any(is_whole) {
            // Storages by the thousand: nothing to remember.
            return;
        }
        let account = self.members.entry(whose).or_default();
        account.explained.extend(explained);
    }

    /// Enters the pickles of a member, and what stands between and behind them.
    pub(super) fn pickles(
        &mut self,
        whose: Whose,
        pickles: impl Iterator<Item = Span>,
        explained: impl Iterator<Item = Span>,
    ) {
        let account = self.members.entry(whose).or_default();
        account.pickles.extend(pickles);
        account.explained.extend(explained);
    }

    /// The sums for an input of `size` bytes.
    pub(super) fn settle(self, size: u64) -> Accounting {
        let (mut pickle, mut unexplained) = (Vec::new(), Vec::new());
        let mut accounting = Accounting::default();
        for (whose, account) in self.members {
            let gaps = account.gaps(whose.length);
            if let Some(outer) = whose.outer {
                let moved = |span: &Span| Span {
                    start: span.start.saturating_add(outer),
                    length: span.length,
                };
                pickle.extend(account.pickles.iter().map(moved));
                unexplained.extend(gaps.iter().map(moved));
            }
            let room = LISTED.saturating_sub(accounting.ranges.len());
            let listed = gaps.iter().take(room).map(|gap| Unexplained {
                member: whose.path.clone(),
                offset: gap.start,
                length: gap.length,
            });
            accounting.ranges.extend(listed);
        }
        accounting.pickle = covered(&mut pickle, size);
        pickle.append(&mut unexplained);
        accounting.unexplained = covered(&mut pickle, size) - accounting.pickle;
        accounting.payload = size - accounting.pickle - accounting.unexplained;
        accounting
    }
}

impl Account {
    /// What is neither, in order.
    fn gaps(&self, length: u64) -> Vec<Span> {
        let mut spans: Vec<Span> = { self.pickles.iter().chain(&self.explained) }
            .copied()
            .collect();
        spans.sort_unstable_by_key(|span| span.start);
        let (mut gaps, mut reached) = (Vec::new(), 0);
        let end = Span {
            start: length,
            length: 0,
        };
        for span in spans.into_iter().chain([end]) {
            let start = span.start.min(length);
            if start > reached {
                gaps.push(Span {
                    start: reached,
                    length: start - reached,
                });
            }
            reached = reached.max(span.end());
        }
        gaps
    }
}

/// How many of the first `size` bytes at least one of the spans covers.
fn covered(spans: &mut [Span], size: u64) -> u64 {
    spans.sort_unstable_by_key(|span| span.start);
    let (mut sum, mut reached) = (0, 0);
    for span in spans {
        let start = span.start.clamp(reached, size.max(reached));
        let end = span.end().min(size);
        if end > start {
            sum += end - start;
            reached = end;
        }
    }
    sum
}

/// What a person is told of unexplained bytes in a member that holds pickles, where no finding
/// says it.
pub(super) fn remarks(
    accounting: &Accounting,
    told: impl Fn(&MemberPath) -> bool,
) -> Vec<(MemberPath, String)> {
    let telling = accounting
        .ranges
        .iter()
        .filter(|range| range.length >= TELLING);
    telling
        .filter(|range| !told(&range.member))
        .map(|range| {
            let (offset, length) = (range.offset, range.length);
            let message = format!(
                "{length} bytes at {offset} are neither a pickle nor anything that the format explains"
            );
            (range.member.clone(), message)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(start: u64, end: u64) -> Span {
        Span {
            start,
            length: end - start,
        }
    }

    fn whose(path: &[&str], outer: Option<u64>, length: u64) -> Whose {
        let names = path.iter().map(|name| name.as_bytes().to_vec());
        Whose {
            path: MemberPath::new(names),
            outer,
            length,
        }
    }

    #[test]
    fn the_numbers_add_up_and_members_count_where_they_are_stored() {
        let mut accounts = Accounts::default();
        accounts.enter(Bytes {
            whose: whose(&[], Some(0), 100),
            explained: vec![span(0, 10), span(10, 60), span(70, 100)],
        });
        let inner = whose(&["a"], Some(10), 50);
        accounts.pickles(inner, [span(0, 30)].into_iter(), [span(30, 45)].into_iter());
        let packed = whose(&["b"], None, 500);
        accounts.pickles(packed, [span(0, 400)].into_iter(), std::iter::empty());
        let accounting = accounts.settle(100);
        assert_eq!(
            (
                accounting.pickle,
                accounting.payload,
                accounting.unexplained
            ),
            (30, 55, 15)
        );
        let ranges: Vec<_> = { accounting.ranges.iter() }
            .map(|range| (range.member.names().len(), range.offset, range.length))
            .collect();
        assert_eq!(ranges, [(0, 60, 10), (1, 45, 5), (1, 400, 100)]);
    }

    #[test]
    fn spans_that_overlap_count_once() {
        assert_eq!(covered(&mut [span(0, 5), span(3, 8), span(3, 4)], 100), 8);
        assert_eq!(covered(&mut [span(0, 5), span(90, 200)], 100), 15);
        assert_eq!(covered(&mut [span(200, 300)], 100), 0);
    }
}
