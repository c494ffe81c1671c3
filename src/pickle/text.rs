//! Text operands: escapes of STRING and UNICODE.
