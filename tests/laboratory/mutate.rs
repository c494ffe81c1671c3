//! What is done to a stream of whole instructions: frames around them, and damage.

use crate::generate::{Generator, NUMBERS};
use crate::support::Random;

/// Above this the C unpickler reads instead of peeking.
const PREFETCH: usize = 128 << 10;

/// One input: a stream, or several, framed and damaged or not. `corpus` holds real files, pieces of
/// which are spliced in.
pub(crate) fn input(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let streams = match random.below(10) {
        0 => 2,
        1 => 3,
        _ => 1,
    };
    let mut bytes = Vec::new();
    for _ in 0..streams {
        bytes.extend(stream(random));
    }
    for _ in 0..[0, 0, 0, 0, 1, 1, 3][random.below(7)] {
        damage(&mut bytes, random, corpus);
    }
    bytes.truncate(4 * PREFETCH);
    bytes
}

fn stream(random: &mut Random) -> Vec<u8> {
    let most = [4, 8, 8, 16, 40][random.below(5)];
    let mut generator = Generator::new(random, 2);
    generator.stream(most);
    let mut instructions = generator.instructions;
    if random.below(600) == 0 {
        let at = random.below(instructions.len() + 1);
        instructions.insert(at, long_payload(random));
    }
    match random.below(10) {
        0..6 => {}
        6..9 => frame(&mut instructions, random),
        _ => {
            frame(&mut instructions, random);
            frame(&mut instructions, random);
        }
    }
    instructions.concat()
}

/// Bytes that make what follows lie behind what the C unpickler peeks at; taken off the stack again.
fn long_payload(random: &mut Random) -> Vec<u8> {
    let length = [4096, 8192, 65_536, PREFETCH][random.below(4)] - 64 + random.below(128);
    let mut bytes = b"B".to_vec();
    bytes.extend((length as u32).to_le_bytes());
    bytes.resize(bytes.len() + length, 0);
    bytes.push(b'0');
    bytes
}

/// Puts a frame before some instructions: right half of the time, else cut, overlong, empty, huge.
fn frame(instructions: &mut Vec<Vec<u8>>, random: &mut Random) {
    let start = random.below(instructions.len() + 1);
    let end = if random.below(3) == 0 {
        instructions.len()
    } else {
        start + random.below(instructions.len() - start + 1)
    };
    let size: usize = instructions[start..end].iter().map(Vec::len).sum();
    let size = match random.below(12) {
        0..5 => size as u64,
        5..8 => (size + random.below(5)).saturating_sub(random.below(10)) as u64,
        8 | 9 => random.below(size + 4) as u64,
        10 => 0,
        _ => *random.pick(&[1 << 20, PREFETCH as u64, u64::MAX, 1 << 63, 400]),
    };
    let frame = [&[0x95], &size.to_le_bytes()[..]].concat();
    instructions.insert(start, frame);
}

fn damage(bytes: &mut Vec<u8>, random: &mut Random, corpus: &[Vec<u8>]) {
    if bytes.is_empty() {
        return;
    }
    let at = random.below(bytes.len());
    match random.below(12) {
        0 => bytes.truncate(at),
        1 => bytes[at] = random.next() as u8,
        2 => bytes[at] = bytes[at].wrapping_add(1),
        3 => bytes[at] = bytes[at].wrapping_sub(1),
        4 => drop(bytes.remove(at)),
        5 => bytes.insert(at, *random.pick(b"(0.tR\x94\x93\x85b)]}aN2\n\0h")),
        6 => {
            let end = (at + 1 + random.below(12)).min(bytes.len());
            let copy = bytes[at..end].to_vec();
            let to = random.below(bytes.len());
            bytes.splice(to..to, copy);
        }
        7 => drop(bytes.drain(at..(at + 1 + random.below(6)).min(bytes.len()))),
        8 => splice(bytes, random, corpus),
        9 => number(bytes, random),
        10 => {
            let more = stream(random);
            bytes.splice(at..at, more);
        }
        _ => swap_size(bytes, random),
    }
}

/// A piece of a real file, at random or in front.
fn splice(bytes: &mut Vec<u8>, random: &mut Random, corpus: &[Vec<u8>]) {
    let Some(file) = corpus.get(random.below(corpus.len().max(1))) else {
        return;
    };
    let start = if random.below(2) == 0 {
        0
    } else {
        random.below(file.len() + 1)
    };
    let end = (start + random.below(400)).min(file.len());
    let to = if random.below(2) == 0 {
        0
    } else {
        random.below(bytes.len() + 1)
    };
    bytes.splice(to..to, file[start..end].iter().copied());
}

/// Another number in place of a line.
fn number(bytes: &mut Vec<u8>, random: &mut Random) {
    let lines: Vec<usize> = (0..bytes.len()).filter(|&at| bytes[at] == b'\n').collect();
    if lines.is_empty() {
        return;
    }
    let end = *random.pick(&lines);
    let start = end.saturating_sub(1 + random.below(3));
    let number = *random.pick(&NUMBERS);
    bytes.splice(start..end, number.iter().copied());
}

/// A size that does not fit what follows.
fn swap_size(bytes: &mut [u8], random: &mut Random) {
    let sized = |at: &usize| {
        matches!(
            bytes[*at],
            0x95 | b'B' | b'C' | b'X' | 0x8c | b'U' | b'T' | 0x96 | 0x8d | 0x8e
        )
    };
    let places: Vec<usize> = (0..bytes.len()).filter(sized).collect();
    if places.is_empty() {
        return;
    }
    let at = *random.pick(&places) + 1;
    if let Some(byte) = bytes.get_mut(at) {
        let shift = random.below(16) as u8;
        *byte = if random.below(2) == 0 {
            byte.wrapping_add(shift)
        } else {
            byte.wrapping_sub(shift)
        };
    }
}
