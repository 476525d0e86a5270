//! Scores: what can be told of a message from its words alone. Pure: no I/O, no clock; the shipped models are part of
//! the program.
//!
//! - [`sentiment`]: whether a message is glad or angry, in nine languages, and what an agent's corrections change of it.

pub mod sentiment;
