//! Answers to system calls, compiled to the program that the kernel asks before each of them.
//!
//! The kernel runs the program once for each call that it knows when it is installed, and again at
//! each call whose answer depends on an argument, `openat` among them. A list of a few hundred
//! comparisons would cost more than scanning a small file. So calls that stand next to each other
//! and get the same answer are one range, and the program is a binary search over the ranges: some
//! nine comparisons a call.

use std::collections::BTreeMap;

use seccompiler::{BpfProgram, sock_filter};

/// What a call gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It is executed.
    Allow,
    /// It fails with this error.
    Refuse(u32),
    /// It fails with this error where one of the tests holds.
    RefuseWhere(u32, Vec<Test>),
}

/// Something about the lower half of an argument, given by its number. All flags and requests that
/// are looked at fit there; the kernel ignores the upper half of them.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Test {
    /// One of these bits is set.
    AnyOf(u32, u32),
    /// None of these bits is set.
    NoneOf(u32, u32),
    /// It is this number.
    Is(u32, u32),
}

/// Answers by number of the call; a range reaches up to the next one.
#[derive(Clone, Debug)]
pub(super) struct Answers(BTreeMap<u32, Answer>);

/// Where the parts of the kernel's `struct seccomp_data` stand.
const NUMBER: u32 = 0;
const ARCHITECTURE: u32 = 4;
const ARGUMENTS: u32 = 16;

/// Instructions, as `linux/bpf_common.h` puts them together.
const LOAD: u16 = 0x20;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_FROM_ON: u16 = 0x35;
const JUMP_IF_ANY: u16 = 0x45;
const RETURN: u16 = 0x06;

/// Results, of `linux/seccomp.h`.
const ALLOW: u32 = 0x7fff_0000;
const ERROR: u32 = 0x0005_0000;
const KILL: u32 = 0x8000_0000;

impl Answers {
    /// Every call is allowed.
    pub(super) fn allow_all() -> Self {
        Self(BTreeMap::from([(0, Answer::Allow)]))
    }

    /// Sets the answer to one call.
    pub(super) fn set(&mut self, call: u32, answer: Answer) {
        let behind = self.to(call + 1).clone();
        self.0.insert(call + 1, behind);
        self.0.insert(call, answer);
    }

    /// Sets the answer to every call from `first` on.
    #[cfg(any(target_arch = "x86_64", test))]
    pub(super) fn set_from(&mut self, first: u32, answer: Answer) {
        self.0.split_off(&first);
        self.0.insert(first, answer);
    }

    /// The answer to a call.
    pub(super) fn to(&self, call: u32) -> &Answer {
        let (_, answer) = self
            .0
            .range(..=call)
            .next_back()
            .unwrap_or((&0, &Answer::Allow));
        answer
    }

    /// The program for an architecture, given by its number in `linux/audit.h`. Calls of any other
    /// have other numbers, so making one ends the process.
    pub(super) fn compile(&self, architecture: u32) -> BpfProgram {
        let mut ranges: Vec<(u32, &Answer)> = Vec::new();
        for (&first, answer) in &self.0 {
            if ranges.last().is_none_or(|(_, before)| *before != answer) {
                ranges.push((first, answer));
            }
        }
        let mut program = vec![
            statement(LOAD, ARCHITECTURE),
            jump(JUMP_IF_EQUAL, architecture, (1, 0)),
            statement(RETURN, KILL),
            statement(LOAD, NUMBER),
        ];
        program.extend(search(&ranges));
        program
    }
}

/// Finds the range of the call's number, and what it gets.
fn search(ranges: &[(u32, &Answer)]) -> BpfProgram {
    let (lower, upper) = ranges.split_at(ranges.len() / 2);
    let Some(&(first, answer)) = upper.first() else {
        return vec![statement(RETURN, ALLOW)];
    };
    if lower.is_empty() {
        return leaf(answer);
    }
    let lower = search(lower);
    let mut program = match u8::try_from(lower.len()) {
        Ok(length) => vec![jump(JUMP_FROM_ON, first, (length, 0))],
        // A conditional jump reaches no further.
        Err(_) => vec![
            jump(JUMP_FROM_ON, first, (0, 1)),
            statement(JUMP, u32::try_from(lower.len()).unwrap_or(u32::MAX)),
        ],
    };
    program.extend(lower);
    program.extend(search(upper));
    program
}

fn leaf(answer: &Answer) -> BpfProgram {
    let (error, tests) = match answer {
        Answer::Allow => (0, [].as_slice()),
        Answer::Refuse(error) => return vec![statement(RETURN, ERROR | error)],
        Answer::RefuseWhere(error, tests) => (*error, tests.as_slice()),
    };
    let mut program = Vec::new();
    for test in tests {
        let (argument, condition) = match *test {
            Test::AnyOf(argument, bits) => (argument, jump(JUMP_IF_ANY, bits, (0, 1))),
            Test::NoneOf(argument, bits) => (argument, jump(JUMP_IF_ANY, bits, (1, 0))),
            Test::Is(argument, number) => (argument, jump(JUMP_IF_EQUAL, number, (0, 1))),
        };
        program.push(statement(LOAD, ARGUMENTS + 8 * argument));
        program.push(condition);
        program.push(statement(RETURN, ERROR | error));
    }
    program.push(statement(RETURN, ALLOW));
    program
}

fn statement(code: u16, k: u32) -> sock_filter {
    jump(code, k, (0, 0))
}

/// `jt` and `jf` say how many instructions are left out where the comparison holds, and where not.
fn jump(code: u16, k: u32, (jt, jf): (u8, u8)) -> sock_filter {
    sock_filter { code, jt, jf, k }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: u32 = 0xc000_003e;

    /// What the kernel does with a program.
    fn run(program: &[sock_filter], architecture: u32, call: u32, arguments: [u32; 3]) -> u32 {
        let (mut at, mut held) = (0, 0);
        loop {
            let sock_filter { code, jt, jf, k } = program[at].clone();
            let holds = match code {
                LOAD => {
                    held = match k {
                        NUMBER => call,
                        ARCHITECTURE => architecture,
                        _ => arguments[(k - ARGUMENTS) as usize / 8],
                    };
                    false
                }
                JUMP => {
                    at += k as usize;
                    false
                }
                JUMP_IF_EQUAL => held == k,
                JUMP_FROM_ON => held >= k,
                JUMP_IF_ANY => held & k != 0,
                RETURN => return k,
                _ => panic!("no such instruction: {code:#x}"),
            };
            at += 1 + usize::from(if holds { jt } else { jf });
        }
    }

    #[test]
    fn each_call_gets_its_answer() {
        let mut answers = Answers::allow_all();
        // So many that some jumps are long ones.
        for call in (0..900).filter(|call| call % 3 == 0) {
            answers.set(call, Answer::Refuse(1));
        }
        answers.set(4, Answer::Refuse(38));
        answers.set(
            7,
            Answer::RefuseWhere(1, vec![Test::AnyOf(1, 6), Test::Is(2, 9)]),
        );
        answers.set(8, Answer::RefuseWhere(1, vec![Test::NoneOf(0, 4)]));
        answers.set_from(1000, Answer::Refuse(1));
        let program = answers.compile(HERE);
        assert!(program.iter().any(|instruction| instruction.code == JUMP));
        for call in (0..1100).chain([0x4000_0000, u32::MAX]) {
            for arguments in [[0, 0, 0], [4, 2, 0], [5, 0, 9], [8, 9, 8]] {
                let refused = match answers.to(call) {
                    Answer::Allow => None,
                    Answer::Refuse(error) => Some(*error),
                    Answer::RefuseWhere(error, tests) => {
                        let holds = |test: &Test| match *test {
                            Test::AnyOf(at, bits) => arguments[at as usize] & bits != 0,
                            Test::NoneOf(at, bits) => arguments[at as usize] & bits == 0,
                            Test::Is(at, number) => arguments[at as usize] == number,
                        };
                        tests.iter().any(holds).then_some(*error)
                    }
                };
                let expected = refused.map_or(ALLOW, |error| ERROR | error);
                assert_eq!(
                    run(&program, HERE, call, arguments),
                    expected,
                    "{call} {arguments:?}"
                );
            }
        }
        assert_eq!(answers.to(4), &Answer::Refuse(38));
        assert_eq!(answers.to(5), &Answer::Allow);
        assert_eq!(answers.to(u32::MAX), &Answer::Refuse(1));
        assert_eq!(run(&program, HERE + 1, 5, [0; 3]), KILL);
    }
}
