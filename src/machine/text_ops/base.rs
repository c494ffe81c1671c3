//! Hexadecimal digits, base 32, base 64 and base 85, as `binascii` and `base64` of CPython read
//! and write them.

use data_encoding::{BASE32, BASE32HEX, BASE64, BASE64_NOPAD, Specification};

pub(super) fn hex(bytes: &[u8]) -> Vec<u8> {
    data_encoding::HEXLOWER.encode(bytes).into_bytes()
}

pub(super) fn hex_upper(bytes: &[u8]) -> Vec<u8> {
    data_encoding::HEXUPPER.encode(bytes).into_bytes()
}

pub(super) fn unhex(digits: &[u8]) -> Option<Vec<u8>> {
    data_encoding::HEXLOWER_PERMISSIVE.decode(digits).ok()
}

/// `bytes.fromhex`: spaces may stand between the pairs of digits.
pub(super) fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, behind)) = rest.split_first() {
        if matches!(first, b'\t'..=b'\r' | b' ') {
            rest = behind;
            continue;
        }
        let (pair, behind) = rest.split_at_checked(2)?;
        digits.extend_from_slice(pair);
        rest = behind;
    }
    unhex(&digits)
}

pub(super) fn encode_base64(bytes: &[u8]) -> Vec<u8> {
    BASE64.encode(bytes).into_bytes()
}

/// `base64.encodebytes`: lines of 57 bytes, each with a line feed.
pub(super) fn encode_base64_lines(bytes: &[u8]) -> Vec<u8> {
    let lines = bytes.chunks(57);
    lines
        .flat_map(|line| [encode_base64(line), b"\n".to_vec()].concat())
        .collect()
}

/// `binascii.a2b_base64`: whatever is no digit is skipped, and a pad that completes a group ends
/// the data.
pub(super) fn decode_base64(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    let mut pads = 0;
    let mut padded = false;
    for &byte in text {
        match byte {
            b'=' => {
                let place = digits.len() % 4;
                pads += usize::from(place >= 2);
                if place >= 2 && place + pads >= 4 {
                    padded = true;
                    break;
                }
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' => {
                pads = 0;
                digits.push(byte);
            }
            _ => {}
        }
    }
    if !padded && digits.len() % 4 != 0 {
        return None;
    }
    lenient(BASE64_NOPAD.specification(), &digits)
}

/// CPython ignores the bits behind the last byte.
fn lenient(mut specification: Specification, digits: &[u8]) -> Option<Vec<u8>> {
    specification.check_trailing_bits = false;
    specification.encoding().ok()?.decode(digits).ok()
}

/// With other digits in place of `+` and `/`.
pub(super) fn translate(text: &mut [u8], from: [u8; 2], to: [u8; 2]) {
    let [from_plus, from_slash] = from;
    let [to_plus, to_slash] = to;
    for byte in text {
        // As `bytes.maketrans` does, a later pair wins.
        if *byte == from_slash {
            *byte = to_slash;
        } else if *byte == from_plus {
            *byte = to_plus;
        }
    }
}

/// Which alphabet of base 32.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Alphabet32 {
    Standard,
    ExtendedHex,
}

pub(super) fn decode_base32(text: &[u8], alphabet: Alphabet32) -> Option<Vec<u8>> {
    let specification = match alphabet {
        Alphabet32::Standard => BASE32.specification(),
        Alphabet32::ExtendedHex => BASE32HEX.specification(),
    };
    lenient(specification, text)
}

const GIT85: &[u8; 85] =
    b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const ZMQ85: &[u8; 85] =
    b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";

/// Which spelling of base 85.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Alphabet85 {
    /// `base64.b85decode`.
    Git,
    /// `base64.z85decode`.
    Zmq,
}

pub(super) fn decode_base85(text: &[u8], alphabet: Alphabet85) -> Option<Vec<u8>> {
    let alphabet = match alphabet {
        Alphabet85::Git => GIT85,
        Alphabet85::Zmq => ZMQ85,
    };
    let digits = text.iter().map(|byte| {
        let place = alphabet.iter().position(|digit| digit == byte)?;
        u64::try_from(place).ok()
    });
    groups_of_85(&digits.collect::<Option<Vec<u64>>>()?)
}

/// `base64.a85decode` with its defaults.
pub(super) fn decode_ascii85(text: &[u8]) -> Option<Vec<u8>> {
    let mut digits = Vec::with_capacity(text.len());
    for &byte in text {
        match byte {
            b'!'..=b'u' => digits.push(u64::from(byte - b'!')),
            b'z' if digits.len() % 5 == 0 => digits.extend([0; 5]),
            b' ' | b'\t' | b'\n' | b'\r' | 0x0b => {}
            _ => return None,
        }
    }
    groups_of_85(&digits)
}

/// Five digits are four bytes; the last group is filled up with the highest digit, and as many
/// bytes are cut off.
fn groups_of_85(digits: &[u64]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(digits.len());
    for group in digits.chunks(5) {
        let missing = 5 - group.len();
        let filled = group.iter().chain(std::iter::repeat_n(&84, missing));
        let value = filled.fold(0u64, |value, digit| value * 85 + digit);
        let four = u32::try_from(value).ok()?.to_be_bytes();
        bytes.extend_from_slice(four.get(..4 - missing.min(4))?);
    }
    Some(bytes)
}
