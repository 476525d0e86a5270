//! Every channel against its platform: the real server where it can run here, else a simulator written from the
//! platform's documentation. What all of them must bear is in `contract`.
#![allow(clippy::unwrap_used)]

mod bluesky;
mod contract;
