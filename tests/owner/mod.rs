//! One process owns a profile; verbs and screens of others come in by its door.

mod scores;
mod screens;
mod service;
mod verbs;
