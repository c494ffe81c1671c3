//! What the instructions would do: an abstract machine over values that never runs anything.

pub mod model;
