//! Assembly text and bytes: each is the other's mirror, for honest, hostile and random bytes.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "a panic is how a test fails"
)]

mod support;

use pickscan::pickle::assembly::{assemble, disassemble};
use pickscan::pickle::{ALL, Opcode, OperandKind};
use support::Random;

fn assert_mirrored(bytes: &[u8]) {
    let text = disassemble(bytes);
    match assemble(&text) {
        Ok(back) => assert_eq!(back, bytes, "\n{text}"),
        Err(error) => panic!("{bytes:?} became\n{text}\nwhich does not assemble: {error}"),
    }
    assert!(text.is_ascii());
}

/// Operand bytes that fit the kind most of the time.
fn operand(kind: OperandKind, random: &mut Random) -> Vec<u8> {
    let length = random.below(20);
    let payload = random.bytes(length);
    let length = length as u8;
    let line = |random: &mut Random| -> Vec<u8> {
        let mut line: Vec<u8> = (0..random.below(9))
            .map(|_| *random.pick(b"0'\"ax\\\t_\xff\0L.-"))
            .collect();
        line.push(b'\n');
        line
    };
    match kind {
        OperandKind::None => Vec::new(),
        OperandKind::U8 => random.bytes(1),
        OperandKind::U16 => random.bytes(2),
        OperandKind::U32 | OperandKind::I32 => random.bytes(4),
        OperandKind::U64 | OperandKind::F64 => random.bytes(8),
        OperandKind::Bytes1 => [&[length], payload.as_slice()].concat(),
        OperandKind::Bytes4 | OperandKind::SignedBytes4 => {
            [&[length, 0, 0, 0], payload.as_slice()].concat()
        }
        OperandKind::Bytes8 => [&[length, 0, 0, 0, 0, 0, 0, 0], payload.as_slice()].concat(),
        OperandKind::NameLines => [line(random), line(random)].concat(),
        _ => line(random),
    }
}

fn stream(random: &mut Random) -> Vec<u8> {
    let mut bytes = Vec::new();
    for _ in 0..random.below(30) {
        let opcode = *random.pick(ALL);
        bytes.push(opcode.byte());
        bytes.extend(operand(opcode.operand(), random));
    }
    // Now and then a byte is changed or the end is missing.
    if random.below(2) == 0 && !bytes.is_empty() {
        let at = random.below(bytes.len());
        bytes[at] = random.next() as u8;
    }
    if random.below(4) == 0 && !bytes.is_empty() {
        bytes.truncate(random.below(bytes.len()));
    }
    bytes
}

#[test]
fn every_opcode_is_mirrored() {
    let mut random = Random::new(3);
    for &opcode in ALL {
        for _ in 0..200 {
            let bytes = [vec![opcode.byte()], operand(opcode.operand(), &mut random)].concat();
            let text = disassemble(&bytes);
            assert!(text.starts_with(opcode.name()), "{text}");
            assert_eq!(text.lines().count(), 1, "{text}");
            assert_mirrored(&bytes);
            for end in 0..bytes.len() {
                assert_mirrored(&bytes[..end]);
            }
        }
    }
}

#[test]
fn any_bytes_are_mirrored() {
    let mut random = Random::new(4);
    for _ in 0..20_000 {
        assert_mirrored(&stream(&mut random));
        let length = random.below(40);
        assert_mirrored(&random.bytes(length));
    }
}

#[test]
fn long_integers_are_written_as_python_writes_them() {
    for (value, bytes) in [
        ("0", &b"\x8a\x00"[..]),
        ("1", b"\x8a\x01\x01"),
        ("-1", b"\x8a\x01\xff"),
        ("127", b"\x8a\x01\x7f"),
        ("128", b"\x8a\x02\x80\x00"),
        ("-128", b"\x8a\x01\x80"),
        ("-129", b"\x8a\x02\x7f\xff"),
        ("255", b"\x8a\x02\xff\x00"),
        ("-256", b"\x8a\x02\x00\xff"),
        (
            "0x7fffffffffffffff",
            b"\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f",
        ),
        ("0x8000000000000000", b"\x8a\x09\0\0\0\0\0\0\0\x80\0"),
    ] {
        assert_eq!(
            assemble(&format!("LONG1 {value}")).unwrap(),
            bytes,
            "{value}"
        );
    }
}

#[test]
fn a_frame_counts_itself() {
    let text = "PROTO 4\nFRAME auto\nNONE\nPOP\nFRAME auto\nEMPTY_LIST\nSTOP\nNONE\nSTOP";
    let expected = b"\x80\x04\x95\x02\0\0\0\0\0\0\0N0\x95\x02\0\0\0\0\0\0\0].N.";
    assert_eq!(assemble(text).unwrap(), expected);
}

#[test]
fn directives_write_what_no_writer_would() {
    let text = "REPEAT 2 { # twice\n NONE\n REPEAT 3 {\n POP\n }\n}\nRAW \"\\xff\" * 3\n\
                BINBYTES length=0x100 \"a\\n\\\"\" # claims more\nBINSTRING length=-1 \"\"\n\
                BINFLOAT bits 0x7ff8000000000001";
    let expected = b"N000N000\xff\xff\xffB\0\x01\0\0a\n\"T\xff\xff\xff\xffG\x7f\xf8\0\0\0\0\0\x01";
    assert_eq!(assemble(text).unwrap(), expected);
}

#[test]
fn the_line_of_a_mistake_is_named() {
    for (text, line, part) in [
        ("NONE\nNOPE", 2, "`NOPE` is neither"),
        ("BININT1 256", 1, "does not fit"),
        ("BININT1", 1, "integer is expected"),
        ("BININT1 1 2", 1, "too many"),
        ("GLOBAL \"os\"", 1, "missing"),
        ("GLOBAL os system", 1, "double quotes"),
        ("UNICODE \"a\\nb\"", 1, "newline"),
        ("UNICODE \"\u{e9}\"", 1, "\\xNN"),
        ("UNICODE \"a", 1, "not closed"),
        ("UNICODE \"\\q\"", 1, "escapes are"),
        ("UNICODE \"\\x4\"", 1, "two hexadecimal"),
        ("SHORT_BINBYTES length=256 \"\"", 1, "does not fit"),
        ("}", 1, "without"),
        ("REPEAT 2 {\nNONE", 2, "not closed"),
        ("REPEAT 2 {\nFRAME auto\n}\nSTOP", 3, "inside"),
        ("REPEAT 4294967295 {\nNONE\n}", 3, "more than"),
        ("\"os\"", 1, "not with a string"),
        ("BINFLOAT x", 1, "no number"),
    ] {
        let error = assemble(text).unwrap_err();
        assert_eq!(error.line, line, "{error}");
        assert!(error.message.contains(part), "{error}");
    }
}

#[test]
fn every_opcode_has_its_own_line_in_a_listing_of_all() {
    let mut random = Random::new(5);
    let mut bytes = Vec::new();
    for &opcode in ALL.iter().filter(|&&opcode| opcode != Opcode::Stop) {
        bytes.push(opcode.byte());
        bytes.extend(operand(opcode.operand(), &mut random));
    }
    let names: Vec<String> = disassemble(&bytes)
        .lines()
        .map(|line| line.split(' ').next().unwrap().to_owned())
        .collect();
    let expected: Vec<&str> = ALL
        .iter()
        .filter(|&&opcode| opcode != Opcode::Stop)
        .map(|opcode| opcode.name())
        .collect();
    assert_eq!(names, expected);
}
