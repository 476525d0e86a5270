//! The ways in: one process owns a profile, others come to it by a Unix socket in the profile's folder. What platforms push
//! comes in by HTTP ([`webhook`]).
//!
//! A screen that comes in is a seat like the owner's own: bytes in, frames out. A verb that comes in is carried out by the
//! owner, with the client's standard streams. Only the same user may come in. (SSH is to be a third way.)

mod client;
mod connection;
mod door;
pub mod webhook;
mod wire;

pub use client::{Carried, Knocked, carry, knock};
pub use connection::{Host, Sitting, VerbStreams};
pub use door::{Door, DoorError};
pub use wire::{Hello, Message, PROTOCOL, ScreenWanted, VerbWanted, Wanted};
