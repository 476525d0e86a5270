//! Real servers and faulty ones for the tests to talk to.
#![allow(clippy::unwrap_used, dead_code)]

pub mod account;
pub mod atproto;
pub mod cut_proxy;
pub mod dovecot;
pub mod fault;
pub mod mail;
pub mod profile;
pub mod prosody;
pub mod push;
pub mod relay;
pub mod serve;
pub mod simulator;
pub mod small_disk;
pub mod synapse;
pub mod tls;
pub mod tmux;

use std::net::TcpListener;
use std::time::{Duration, Instant};

/// Something a test needs is not there: fails in CI, elsewhere says so and lets the test end.
pub fn missing(what: &str) {
    assert!(std::env::var_os("CI").is_none(), "{what}; install what the tests need (see README)");
    eprintln!("skipped: {what}");
}

/// The server, or `return` from the test after saying why.
#[macro_export]
macro_rules! need {
    ($server:expr) => {
        match $server {
            Some(server) => server,
            None => return,
        }
    };
}

/// A port of this machine that nothing listens on.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Looks again and again until it holds; says so when it does not within `limit`.
pub fn until(limit: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    loop {
        if holds() {
            return true;
        }
        if Instant::now() > end {
            return false;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
