//! Text numbers and text escapes against CPython's own readers, asked at test time.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a panic is how a test fails"
)]

mod support;

use pickscan::pickle::number::{self, Number};
use pickscan::pickle::text;
use support::{Random, hex, python};

/// Reads `opcode hex-of-line` lines and prints what both unpicklers of this Python make of each.
const ORACLE: &str = r#"
import io, pickle, struct, sys, warnings
warnings.simplefilter("ignore")

def shown(value):
    if isinstance(value, bool):
        return "bool %d" % value
    if isinstance(value, int):
        return "int %d" % value if -2**63 <= value < 2**63 else "big"
    if isinstance(value, float):
        return "float " + struct.pack(">d", value).hex()
    if isinstance(value, bytes):
        return "bytes " + value.hex()
    return "text " + value.encode("utf-8", "surrogatepass").hex()

def read(unpickler, opcode, line):
    body = opcode + line + b"\n."
    if opcode == b"p":
        body = b"N" + body
    try:
        reader = unpickler(io.BytesIO(body), encoding="bytes")
        value = reader.load()
        if opcode == b"p":
            memo = reader.memo.copy() if hasattr(reader.memo, "copy") else reader.memo
            (value,) = memo
        return shown(value)
    except Exception:
        return "refused"

print(sys.version_info >= (3, 14))
print(getattr(sys.int_info, "default_max_str_digits", 0))
for request in sys.stdin:
    opcode, line = request.rstrip("\n").split(" ")
    line = bytes.fromhex(line)
    for unpickler in (pickle._Unpickler, pickle.Unpickler):
        print(read(unpickler, opcode.encode(), line))
"#;

/// Spellings that are, or were, read differently somewhere.
#[rustfmt::skip]
const SPELLINGS: &[&[u8]] = &[
    b"", b"0", b"1", b"00", b"01", b"000", b"001", b"-0", b"+0", b"+1", b" 0", b" 1", b"0 ",
    b"1 ", b"-1", b"10", b"-10", b"+10", b" 10", b"10 ", b"\t10\r", b"010", b"-010", b"08", b"09",
    b"007", b"0x10", b"0X1f", b"-0x10", b"0x", b"0xg", b"0x_1", b"0x__1", b"0x1_", b"0o17",
    b"0O17", b"0o8", b"0b101", b"0B1", b"0b2", b"1_0", b"1__0", b"_10", b"10_", b"0_0", b"0_7",
    b"00_0", b"0_", b"\0", b"\0a", b"\x005", b"0\0", b"1\0", b"1\0x", b"12\0junk", b"12\0",
    b"\x0012\0", b"12L", b"12LL", b"12l", b"L", b"12\0L", b"12 L", b" 12L", b"0x10L", b"010L",
    b"00L", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775808",
    b"-9223372036854775809", b"0777777777777777777777", b"01777777777777777777777777",
    b"0xffffffffffffffff", b"0x7fffffffffffffff", b"999999999999999999", b"1000000000000000000",
    b"000000000000000000000000000000012", b"--1", b"+-1", b"- 1", b"1.0", b"1e3", b"\xb2",
    b"\xa01", b"1\x0b", b"1\x1c", b"\x0c1", b"1.5", b".5", b"5.", b".", b"-.5e-3", b"1e5", b"1e",
    b"1e+", b"1e400", b"-1e400", b"1e-400", b"inf", b"-inf", b"Infinity", b"infinit", b"nan",
    b"-nan", b"NaN", b"1_0.5", b"1_.5", b"1._5", b"1e1_0", b"_1.5", b"1.5_", b" 1.5", b"1.5 ",
    b"1.5\0", b"1.5\0x", b"0x1p3", b"1.5f", b"4.9406564584124654e-324",
    b"2.2250738585072011e-308", b"1.7976931348623159e308", b"+.5", b"1,5", b"e5", b"i", b"in",
    b"+inf", b"i\0nf", b"inf\0", b"0.1", b"123456789012345678901234567890.5e-10",
];

fn requests() -> Vec<(char, Vec<u8>)> {
    let mut lines: Vec<Vec<u8>> = SPELLINGS.iter().map(|line| line.to_vec()).collect();
    for length in [4299, 4300, 4301] {
        lines.push(vec![b'7'; length]);
        lines.push([b"0x".as_slice(), &vec![b'7'; length]].concat());
        lines.push([&vec![b'0'; length], b"1".as_slice()].concat());
        lines.push(vec![b'0'; length]);
    }
    let mut random = Random::new(1);
    for _ in 0..4000 {
        let length = random.below(7);
        lines.push(
            (0..length)
                .map(|_| *random.pick(b"0011279abfox_+-. \0LLe\t"))
                .collect(),
        );
    }
    let all = lines
        .iter()
        .flat_map(|line| "ILFp".chars().map(|opcode| (opcode, line.clone())));
    // The C unpickler allocates room for every index below the one it is given.
    all.filter(|(opcode, line)| *opcode != 'p' || line.len() < 7)
        .collect()
}

fn text_requests() -> Vec<(char, Vec<u8>)> {
    let mut requests = Vec::new();
    let mut random = Random::new(2);
    for _ in 0..6000 {
        let length = random.below(9);
        let line = |alphabet: &[u8], random: &mut Random| -> Vec<u8> {
            (0..length).map(|_| *random.pick(alphabet)).collect()
        };
        let inner = line(b"\\\\\\x41n07'\"8 \xe9ub\0", &mut random);
        let quote = *random.pick(b"'\"");
        let closing = if random.below(8) == 0 {
            *random.pick(b"'\" x")
        } else {
            quote
        };
        requests.push(('S', [&[quote], inner.as_slice(), &[closing]].concat()));
        let mut escaped = line(b"\\\\uU0d8f\xe9 \0", &mut random);
        if random.below(2) == 0 {
            escaped.extend_from_slice(random.pick::<&[u8]>(&[
                b"\\u0041",
                b"\\ud800x",
                b"\\U0001",
                b"\\uD83D",
                b"\\u00e9",
                b"\\ude00",
            ]));
        }
        requests.push(('V', escaped));
    }
    let fixed: &[&[u8]] = &[
        b"\\U00110000",
        b"\\U0010ffff",
        b"\\U0001F600",
        b"\\ud83d\\ude00",
        b"\\\\u0041",
        b"\\",
        b"\\u",
        b"\\u004",
        b"\\N{DASH}",
    ];
    requests.extend(fixed.iter().map(|line| ('V', line.to_vec())));
    let fixed: &[&[u8]] = &[
        b"'", b"''", b"\"\"", b"'\"", b"", b"'\\777'", b"'\\400'", b"'\\8'", b"'\\x4'", b"'\\'",
        b"'a' ", b"'it's'",
    ];
    requests.extend(fixed.iter().map(|line| ('S', line.to_vec())));
    requests
}

fn ask(requests: &[(char, Vec<u8>)]) -> (bool, bool, Vec<[String; 2]>) {
    let mut input = String::new();
    for (opcode, line) in requests {
        input.push_str(&format!("{opcode} {}\n", hex(line)));
    }
    let output = python(ORACLE, input.as_bytes());
    let output = String::from_utf8(output).unwrap();
    let mut lines = output.lines();
    let decimal = lines.next().unwrap() == "True";
    let limited = lines.next().unwrap() != "0";
    let mut answers = Vec::new();
    while let (Some(python), Some(c)) = (lines.next(), lines.next()) {
        answers.push([python.to_owned(), c.to_owned()]);
    }
    assert_eq!(answers.len(), requests.len());
    (decimal, limited, answers)
}

fn shown(number: Option<Number>) -> String {
    match number {
        None => "refused".to_owned(),
        Some(Number::Bool(value)) => format!("bool {}", u8::from(value)),
        Some(Number::Int(value)) => format!("int {value}"),
        Some(Number::Big) => "big".to_owned(),
        Some(Number::Float(value)) => format!("float {:016x}", value.to_bits()),
    }
}

#[test]
fn numbers_are_read_as_this_python_reads_them() {
    let requests = requests();
    let (decimal, limited, answers) = ask(&requests);
    for ((opcode, line), [python, c]) in requests.iter().zip(&answers) {
        let reading = match opcode {
            'I' => number::int(line),
            'L' => number::long(line),
            'F' => number::float(line),
            _ => number::index(line),
        };
        let (our_python, our_c) = match decimal {
            true => (reading.python_314, reading.c_314),
            false => (reading.python, reading.c),
        };
        for (ours, theirs) in [(our_python, python), (our_c, c)] {
            let negative = matches!(ours, Some(Number::Int(..0)));
            let expected = if *opcode == 'p' && negative {
                "refused".to_owned()
            } else {
                shown(ours)
            };
            let too_long = reading.overlong && limited && theirs == "refused";
            let printed = String::from_utf8_lossy(line);
            assert!(
                expected == *theirs || too_long,
                "{opcode}{printed:?}: {reading:?}, not {theirs}"
            );
        }
        if python != c {
            assert!(
                reading.disagrees(),
                "{opcode}{line:?}: {python} in Python, {c} in C"
            );
        }
    }
}

#[test]
fn text_is_decoded_as_this_python_decodes_it() {
    let requests = text_requests();
    let (_, _, answers) = ask(&requests);
    for ((opcode, line), [python, c]) in requests.iter().zip(&answers) {
        let ours = match opcode {
            'S' => text::string(line).map(|bytes| format!("bytes {}", hex(&bytes))),
            _ => text::unicode(line).map(|bytes| format!("text {}", hex(&bytes))),
        };
        let ours = ours.unwrap_or("refused".to_owned());
        let printed = String::from_utf8_lossy(line);
        assert_eq!([&ours, &ours], [python, c], "{opcode}{printed:?}");
    }
}

#[test]
fn readers_from_3_14_on_take_every_integer_as_decimal() {
    let reading = number::int(b"010");
    assert_eq!(reading.c, Some(Number::Int(8)));
    assert_eq!(reading.python, None);
    assert_eq!(reading.c_314, Some(Number::Int(10)));
    assert_eq!(reading.python_314, Some(Number::Int(10)));
    assert!(number::long(b"0x10L").disagrees());
    assert!(!number::int(b"-17").disagrees());
    assert!(!number::int(b"00").disagrees());
}

#[test]
fn shown_strings_look_as_python_writes_them() {
    let cases: &[&[u8]] = &[
        b"",
        b"plain",
        b"it's",
        b"\"",
        b"'\"",
        b"a\nb\r\t\\",
        b"\x00\x1b[31m\x7f",
        "na\u{ef}ve \u{4f60}\u{597d}".as_bytes(),
        "\u{202e}abc\u{200b}\u{a0}\u{2028}".as_bytes(),
        b"\xed\xa0\x80",
        "\u{1f600}\u{e000}".as_bytes(),
    ];
    let script = "import sys\nfor line in sys.stdin:\n    data = bytes.fromhex(line)\n    print(repr(data).encode().hex())\n    print(repr(data.decode('utf-8', 'surrogatepass')).encode().hex())\n";
    let input: String = cases.iter().map(|case| hex(case) + "\n").collect();
    let output = String::from_utf8(python(script, input.as_bytes())).unwrap();
    let mut lines = output.lines();
    for case in cases {
        assert_eq!(
            hex(text::show_bytes(case, 100).as_bytes()),
            lines.next().unwrap(),
            "{case:?}"
        );
        assert_eq!(
            hex(text::show_text(case, 100).as_bytes()),
            lines.next().unwrap(),
            "{case:?}"
        );
    }
}

#[test]
fn shown_strings_are_shortened_between_characters() {
    assert_eq!(text::show_bytes(b"abcdef", 2), "b'ab'… (4 more bytes)");
    assert_eq!(
        text::show_text("a\u{4f60}".as_bytes(), 2),
        "'a'… (3 more bytes)"
    );
    assert_eq!(text::show_text(b"a\xff\xfe", 5), "'a\\xff\\xfe'");
    assert_eq!(text::show_name(b"os \n", 9), "os\\x20\\n");
}

#[test]
fn text_allows_lone_surrogates_and_nothing_else_that_is_not_utf8() {
    assert!(text::is_text(b"\xed\xa0\x80a\xed\xbf\xbf"));
    assert!(!text::is_text(b"\xff"));
    assert!(!text::is_text(b"\xc0\x80"));
    assert!(!text::is_text(b"\xf4\x90\x80\x80"));
    assert!(!text::is_text(b"\xed\xa0"));
}
