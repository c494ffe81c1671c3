//! Makes an input that shows a difference as small as it can be made without losing it.

use std::time::{Duration, Instant};

/// Time for one difference.
const LONGEST: Duration = Duration::from_secs(20);

/// The smallest input found for which `shows` still holds. `shows` answers for many inputs at once,
/// because asking the readers costs a round trip.
pub(crate) fn shrink(bytes: &[u8], mut shows: impl FnMut(&[Vec<u8>]) -> Vec<bool>) -> Vec<u8> {
    let mut best = bytes.to_vec();
    let started = Instant::now();
    while started.elapsed() < LONGEST {
        let smaller = candidates(&best);
        let verdicts = shows(&smaller);
        let kept = smaller
            .into_iter()
            .zip(verdicts)
            .filter(|(_, shows)| *shows);
        match kept
            .map(|(candidate, _)| candidate)
            .min_by_key(|candidate| cost(candidate))
        {
            Some(candidate) if cost(&candidate) < cost(&best) => best = candidate,
            _ => break,
        }
    }
    best
}

/// Short before simple: bytes that are easy to read count less.
fn cost(bytes: &[u8]) -> usize {
    let hard = bytes.iter().filter(|byte| !byte.is_ascii_graphic()).count();
    bytes.len() * 4 + hard
}

/// Inputs with a range cut out, or with a size in them made smaller by what was cut out behind it.
fn candidates(bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    let mut length = bytes.len().div_ceil(2);
    // All candidates are held at once; a long input is cut coarsely first.
    while length > bytes.len() / 512 {
        let step = if bytes.len() > 2000 {
            length
        } else {
            1.max(length / 4)
        };
        for start in (0..bytes.len()).step_by(step) {
            let end = (start + length).min(bytes.len());
            let cut = [&bytes[..start], &bytes[end..]].concat();
            if bytes.len() <= 400 {
                found.extend(with_smaller_sizes(&cut, start, end - start));
            }
            found.push(cut);
        }
        length /= 2;
    }
    found
}

fn with_smaller_sizes(cut: &[u8], before: usize, by: usize) -> Vec<Vec<u8>> {
    let mut found = Vec::new();
    for at in 0..before.min(cut.len()) {
        if usize::from(cut[at]) >= by
            && matches!(
                cut.get(at.wrapping_sub(1)),
                Some(0x95 | b'B' | b'C' | b'X' | 0x8c | b'U' | b'T' | 0x8d | 0x8e | 0x96)
            )
        {
            let mut smaller = cut.to_vec();
            smaller[at] -= u8::try_from(by).unwrap_or(0);
            found.push(smaller);
        }
    }
    found
}
