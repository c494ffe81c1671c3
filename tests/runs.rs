//! Runs of numbers are followed at once, and what ends one inside is noticed as if they were not.

use pickscan::{
    facts::{AnomalyKind, End, Facts},
    limits::Limits,
    machine::Machine,
    rules::Ruleset,
    source::MemorySource,
};

const COUNT: usize = 20;

/// One instruction of each kind that comes in runs.
const NUMBERS: [&[u8]; 4] = [
    b"K\x07",
    b"M\x07\x08",
    b"J\x07\x08\x09\x0a",
    b"G\x3f\xf0\0\0\0\0\0\0",
];

/// A list of so many equal numbers, in a frame that ends so many bytes early.
fn list(number: &[u8], cut: u64) -> Vec<u8> {
    let body = [b"](", number.repeat(COUNT).as_slice(), b"e."].concat();
    let frame = body.len() as u64 - cut;
    [b"\x80\x04\x95", frame.to_le_bytes().as_slice(), &body].concat()
}

fn facts(bytes: &[u8], limits: &Limits) -> Facts {
    let source = MemorySource::new(bytes);
    Machine::new(&source, Ruleset::builtin(), limits).run(0)
}

#[test]
fn a_run_is_followed_to_its_end() {
    for number in NUMBERS {
        let bytes = list(number, 0);
        let facts = facts(&bytes, &Limits::default());
        assert_eq!((facts.end, facts.length), (End::Stop, bytes.len() as u64));
        assert_eq!(facts.anomalies, []);
    }
}

#[test]
fn a_frame_that_ends_inside_a_run_is_an_anomaly_there() {
    for number in NUMBERS {
        let last = list(number, 0).len() - 2 - number.len();
        // The frame ends inside the last number, and behind its opcode at the latest.
        let facts = facts(&list(number, 3), &Limits::default());
        let anomalies = facts.anomalies.iter();
        let found: Vec<_> = anomalies
            .map(|anomaly| (anomaly.kind, anomaly.offset))
            .collect();
        assert_eq!(found, [(AnomalyKind::FrameMismatch, last as u64)]);
        assert_eq!(facts.end, End::Stop);
    }
}

#[test]
fn a_run_that_is_cut_off_is_truncated() {
    for number in NUMBERS {
        let mut bytes = list(number, 0);
        bytes.truncate(bytes.len() - 3);
        let facts = facts(&bytes, &Limits::default());
        assert_eq!(facts.end, End::Truncated);
    }
}

#[test]
fn a_run_beyond_the_limit_of_the_stack_is_incomplete() {
    for number in NUMBERS {
        let limits = Limits {
            stack: COUNT / 2,
            ..Limits::default()
        };
        let facts = facts(&list(number, 0), &limits);
        assert_eq!(facts.end, End::Limit);
    }
}

#[test]
fn imports_of_one_name_are_kept_up_to_a_number_and_counted() {
    let other = b"cos\ngetpid\n0";
    let bytes = [
        b"cfoo\nbar\n0".repeat(1_500).as_slice(),
        other,
        b"cfoo\nbar\n0N.",
    ]
    .concat();
    let facts = facts(&bytes, &Limits::default());
    assert_eq!(facts.imports.len(), 1_001);
    assert_eq!(facts.imports[999].repeated, 501);
    // What comes later is there all the same, at its place.
    let last = &facts.imports[1_000];
    assert_eq!((last.place.offset, last.repeated), (15_000, 0));
    assert!(facts.imports[..999].iter().all(|fact| fact.repeated == 0));
}
