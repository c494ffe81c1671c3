//! The opcode table against CPython's `pickletools.opcodes`, asked at test time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use pickscan::pickle::{ALL, Effect, Opcode, OperandKind};
use support::python;

const SCRIPT: &str = r#"
import pickletools
for op in pickletools.opcodes:
    names = lambda stack: ",".join(item.name for item in stack)
    print("%s|%d|%d|%s|%s|%s" % (op.name, ord(op.code), op.proto,
          op.arg.name if op.arg else "", names(op.stack_before), names(op.stack_after)))
"#;

/// The kinds of operand, as `pickletools` calls them.
fn operand(name: &str) -> OperandKind {
    match name {
        "" => OperandKind::None,
        "uint1" => OperandKind::U8,
        "uint2" => OperandKind::U16,
        "uint4" => OperandKind::U32,
        "int4" => OperandKind::I32,
        "uint8" => OperandKind::U64,
        "float8" => OperandKind::F64,
        "string1" | "bytes1" | "unicodestring1" | "long1" => OperandKind::Bytes1,
        "bytes4" | "unicodestring4" => OperandKind::Bytes4,
        "string4" | "long4" => OperandKind::SignedBytes4,
        "bytes8" | "unicodestring8" | "bytearray8" => OperandKind::Bytes8,
        "decimalnl_short" => OperandKind::DecimalLine,
        "decimalnl_long" => OperandKind::LongLine,
        "floatnl" => OperandKind::FloatLine,
        "stringnl" => OperandKind::StringLine,
        "unicodestringnl" => OperandKind::UnicodeLine,
        "stringnl_noescape" => OperandKind::NameLine,
        "stringnl_noescape_pair" => OperandKind::NameLines,
        other => panic!("pickletools has an operand `{other}` that the table does not know"),
    }
}

fn count(names: &str) -> u8 {
    u8::try_from(names.split(',').filter(|name| !name.is_empty()).count()).unwrap()
}

fn effect(before: &str, after: &str) -> Effect {
    let below = before.split("mark").next().unwrap();
    let sets_mark = after == "mark";
    Effect {
        pops: count(below),
        to_mark: before.contains("mark"),
        pushes: if sets_mark { 0 } else { count(after) },
        sets_mark,
    }
}

#[test]
fn the_table_is_that_of_pickletools() {
    let output = String::from_utf8(python(SCRIPT, b"")).unwrap();
    let mut seen = Vec::new();
    for line in output.lines() {
        let row: Vec<&str> = line.split('|').collect();
        let opcode = Opcode::from_name(row[0]).unwrap_or_else(|| panic!("no opcode {}", row[0]));
        assert_eq!(opcode.name(), row[0]);
        assert_eq!(opcode.byte().to_string(), row[1], "{line}");
        assert_eq!(Opcode::from_byte(opcode.byte()), Some(opcode));
        assert_eq!(opcode.protocol().to_string(), row[2], "{line}");
        assert_eq!(opcode.operand(), operand(row[3]), "{line}");
        assert_eq!(opcode.effect(), effect(row[4], row[5]), "{line}");
        seen.push(opcode);
    }
    seen.sort();
    let mut ours = ALL.to_vec();
    ours.sort();
    assert_eq!(seen, ours);
}

#[test]
fn the_table_has_68_rows_and_no_other_byte_is_an_opcode() {
    assert_eq!(ALL.len(), 68);
    let known = (0..=255u8).filter_map(Opcode::from_byte).count();
    assert_eq!(known, 68);
}
