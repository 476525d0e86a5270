//! The signals that ask this process to end.

use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Waits for any of them: SIGTERM, SIGHUP, SIGINT.
pub struct Ends {
    terminate: Signal,
    hang_up: Signal,
    interrupt: Signal,
}

/// Which one came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// To end, or the terminal is gone.
    End,
    /// An interrupt, which may be meant for a program that has the terminal.
    Interrupt,
}

impl Ends {
    /// From here on these signals end nothing by themselves. Must be called within a runtime.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn listen() -> io::Result<Ends> {
        Ok(Ends {
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// The next of them. May be given up without losing one.
    pub async fn asked(&mut self) -> Asked {
        tokio::select! {
            _ = self.terminate.recv() => Asked::End,
            _ = self.hang_up.recv() => Asked::End,
            _ = self.interrupt.recv() => Asked::Interrupt,
        }
    }
}
