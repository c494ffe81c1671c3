//! What the bytes say: opcodes, operands, instructions, and their text form.
//!
//! This room does not know what is dangerous, nor what instructions do to a stack.

pub mod assembly;
mod decode;
pub mod dialect;
pub mod disasm;
pub mod number;
mod opcode;
pub mod text;

pub use decode::{
    DecodeError, DecodeErrorKind, Decoder, Instruction, Operand, Refusal, Span, decode_at,
    decode_operand,
};
pub use opcode::{ALL, Arm, Effect, Opcode, OperandKind, dispatch};
