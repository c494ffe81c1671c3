//! The listing of `pickscan disasm`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod support;

use pickscan::pickle::assembly::assemble;
use pickscan::pickle::disasm::list;
use pickscan::source::{MemorySource, Source};
use support::{Random, python};

fn listing(bytes: &[u8]) -> String {
    let mut out = Vec::new();
    list(&MemorySource::new(bytes), 0, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn assert_listing(assembly: &str, expected: &str) {
    let listed = listing(&assemble(assembly).unwrap());
    let (_, listed) = listed.split_once('\n').unwrap();
    let expected: Vec<&str> = expected
        .lines()
        .skip(1)
        .map(|line| line.get(8..).unwrap_or(""))
        .collect();
    assert_eq!(listed.lines().collect::<Vec<_>>(), expected, "\n{listed}");
}

#[test]
fn a_call_is_listed_with_names_memo_and_marks() {
    assert_listing(
        "PROTO 4\nFRAME auto\nSHORT_BINUNICODE \"os\"\nMEMOIZE\nSHORT_BINUNICODE \"system\"\nSTACK_GLOBAL\nBINPUT 7\n\
         MARK\nSHORT_BINUNICODE \"id\\n\"\nBINGET 0\nPOP\nTUPLE\nREDUCE\nMEMOIZE\nSTOP",
        "
               0  80 04               0  PROTO 4
               2  95 1d0000000000…    0  FRAME 29                                # to 40
              11  8c 026f73           1  SHORT_BINUNICODE 'os'
              15  94                  1  MEMOIZE                                 # memo[0] = 'os'
              16  8c 067379737465…    2  SHORT_BINUNICODE 'system'
              24  93                  1  STACK_GLOBAL                            # os.system
              25  71 07               1  BINPUT 7                                # memo[7] = os.system
              27  28                  1  MARK
              28  8c 0369640a         2    SHORT_BINUNICODE 'id\\n'
              33  68 00               3    BINGET 0                              # memo[0]: 'os'
              35  30                  2    POP
              36  74                  2  TUPLE
              37  52                  1  REDUCE                                  # calls os.system
              38  94                  1  MEMOIZE                                 # memo[2] = os.system(…)
              39  2e                  0  STOP",
    );
}

#[test]
fn text_operands_are_decoded_and_disagreements_are_named() {
    assert_listing(
        "INT \"010\"\nSTRING \"'\\\\x6fs'\"\nPUT \" 1_0\"\nUNICODE \"\\\\u202e\"\nGET \"10\"\nGET \"11\"\nSTACK_GLOBAL\nINST \"a b\" \"c\"\nSTRING \"'\"",
        "
               0  49 3031300a         1  INT 010                                 # readers disagree: C reads 8, Python raises; from 3.14 C reads 10, Python reads 10
               5  53 275c78366673…    2  STRING b'os'
              14  70 20315f300a       2  PUT \\x201_0                             # memo[10] = b'os'
              20  56 5c7532303265…    3  UNICODE '\\u202e'
              28  67 31300a           4  GET 10                                  # memo[10]: b'os'
              32  67 31310a           5  GET 11                                  # memo[11] was never stored: loaders raise here
              36  93                  4  STACK_GLOBAL                            # os.<computed>
              37  69 6120620a630a     5  INST a\\x20b c                           # no mark is set: loaders raise here
              44  53 270a             6  STRING '                                # no valid text: loaders raise here
              47  the data ends here without STOP",
    );
}

#[test]
fn streams_and_what_follows_them_are_told_apart() {
    assert_listing(
        "NONE\nSTOP\nMARK\nPOP\nTUPLE2\nSTOP\nRAW \"\\xff\\x00\"",
        "
               0  4e                  1  NONE
               1  2e                  0  STOP

        pickle 2 at offset 2:
               2  28                  0  MARK
               3  30                  0  POP                                     # pops the mark
               4  86                  1  TUPLE2                                  # too few values on the stack: loaders raise here
               5  2e                  0  STOP

        after the last pickle:
               6  ff 00                  byte 0xff is no opcode: 2 bytes from here on are not decoded",
    );
}

#[test]
fn frames_that_cut_an_instruction_are_named() {
    assert_listing(
        "FRAME 2\nGLOBAL \"os\" \"getpid\"\nBINBYTES length=0x100 \"abc\"",
        "
               0  95 020000000000…    0  FRAME 2                                 # to 11
               9  63 6f730a676574…    1  GLOBAL os getpid                        # crosses the end of the frame at 11
              20  42 000100006162…       the data ends inside BINBYTES: 253 bytes are missing",
    );
}

#[test]
fn no_data_is_a_line_too() {
    assert_listing("", "\n               0  the data ends here without STOP");
}

/// A source of any length in which nothing but the beginning is there.
struct Sparse(&'static [u8], u64);

impl Source for Sparse {
    fn len(&self) -> u64 {
        self.1
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> std::io::Result<usize> {
        if offset >= self.1 {
            return Ok(0);
        }
        assert!(offset < 1 << 20, "a payload was read at {offset}");
        let length = buffer.len().min(1 << 20);
        for (byte, place) in buffer.iter_mut().zip(usize::try_from(offset).unwrap()..) {
            *byte = self.0.get(place).copied().unwrap_or(0);
        }
        Ok(length)
    }
}

#[test]
fn a_payload_of_gigabytes_is_not_read() {
    let source = Sparse(b"\x8e\0\0\0\0\x02\0\0\0", 9 + (2 << 32));
    let mut out = Vec::new();
    list(&source, 0, &mut out).unwrap();
    let listed = String::from_utf8(out).unwrap();
    assert!(listed.contains("BINBYTES8 b'\\x00"), "{listed}");
    assert!(listed.contains("(8589934532 more bytes)"), "{listed}");
    assert!(
        listed.contains("8589934601  the data ends here without STOP"),
        "{listed}"
    );
}

#[test]
fn offsets_and_names_are_those_of_pickletools() {
    let script = "import pickle, pickletools, datetime, sys, os, collections\n\
        value = [{'a': [1, 2.5, None, True, -7, 2**80], 'b': (1, 2, 3, 4)}, datetime.date(2020, 1, 1), 'n\\xe4\\u4f60' * 9,\n\
            b'x' * 300, bytearray(b'y'), {1, 2}, frozenset([3]), os.getpid, collections.OrderedDict(a=1)]\n\
        value.append(value)\n\
        for protocol in range(6):\n\
        \x20   data = pickle.dumps(value, protocol)\n\
        \x20   print(data.hex(), ' '.join('%d:%s' % (at, op.name) for op, _, at in pickletools.genops(data)))\n";
    let output = String::from_utf8(python(script, b"")).unwrap();
    assert_eq!(output.lines().count(), 6);
    for line in output.lines() {
        let (data, expected) = line.split_once(' ').unwrap();
        let listed = listing(&support::unhex(data));
        let ours: Vec<String> = listed
            .lines()
            .skip(1)
            .map(|line| {
                let instruction: String = line.chars().skip(33).collect();
                let name = instruction.split_whitespace().next().unwrap();
                format!("{}:{name}", line.split_whitespace().next().unwrap())
            })
            .collect();
        assert_eq!(ours.join(" "), expected);
        assert!(
            listed.lines().last().unwrap().contains("0  STOP"),
            "{listed}"
        );
        assert!(
            !listed.contains("raise") && !listed.contains("never"),
            "{listed}"
        );
    }
}

#[test]
fn random_bytes_are_listed_without_control_characters() {
    let mut random = Random::new(6);
    for _ in 0..5_000 {
        let length = random.below(60);
        let listed = listing(&random.bytes(length));
        assert!(
            !listed
                .chars()
                .any(|character| character.is_control() && character != '\n')
        );
    }
}
