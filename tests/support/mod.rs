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
use std::sync::atomic::{AtomicU32, Ordering};
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

/// A port of this machine that nothing listens on. It lies below those that the system gives out by itself, so that no
/// connection takes it before it is bound; each process begins elsewhere, and gives none out twice.
pub fn free_port() -> u16 {
    const LOWEST: u32 = 10_000;
    /// So many ports of one process before those of the next.
    const APART: u32 = 53;
    static TAKEN: AtomicU32 = AtomicU32::new(0);
    let range = std::fs::read_to_string("/proc/sys/net/ipv4/ip_local_port_range").unwrap_or_default();
    let above = range.split_whitespace().next().and_then(|first| first.parse().ok()).unwrap_or(32_768_u32);
    assert!(above > LOWEST + 1_000, "the system gives out ports from {above} on; none is left for the tests");
    let begin = std::process::id().wrapping_mul(APART);
    let port = || {
        let number = begin.wrapping_add(TAKEN.fetch_add(1, Ordering::Relaxed));
        u16::try_from(LOWEST + number % (above - LOWEST)).unwrap()
    };
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    std::iter::repeat_with(port).take(1_000).find(is_free).expect("a free port")
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
