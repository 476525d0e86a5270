//! What is printed, and how.

use super::console::Console;
use crate::model::{clean_block, clean_line};
use std::io;

/// Data waits until there is this much of it.
const BUFFER: usize = 32 << 10;

/// Prints lines of data to standard output.
pub struct Output {
    console: Console,
    buffer: Vec<u8>,
    /// JSON was asked for.
    pub json: bool,
}

impl Output {
    pub fn new(json: bool) -> Output {
        Output { console: Console::current(), buffer: Vec::new(), json }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.console.out(&std::mem::take(&mut self.buffer))
    }

    /// One JSON object on one line.
    pub fn object(&mut self, value: &serde_json::Value) -> io::Result<()> {
        let mut line = serde_json::to_vec(value)?;
        line.push(b'\n');
        self.write(&line)
    }

    /// One line of text.
    pub fn line(&mut self, text: &str) -> io::Result<()> {
        self.write(text.as_bytes())?;
        self.write(b"\n")
    }

    /// `value` when JSON was asked for, else `text`.
    pub fn row(&mut self, value: impl FnOnce() -> serde_json::Value, text: impl FnOnce() -> String) -> io::Result<()> {
        if self.json { self.object(&value()) } else { self.line(&text()) }
    }

    /// Bytes as they are. Refused where a terminal would act on them.
    pub fn bytes(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.console.out_is_terminal() {
            let text = clean_block(&String::from_utf8_lossy(bytes));
            return self.line(&text);
        }
        self.write(bytes)
    }

    /// Must be called at the end: what cannot be written is an error, not silence.
    pub fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

/// One remark to standard error.
pub fn remark(text: &str) {
    // Without standard error there is nobody to tell.
    let _ = Console::current().err(format!("{}\n", clean_block(text)).as_bytes());
}

/// An error as one sentence to standard error.
pub fn complain(error: &anyhow::Error) {
    // Many errors name their cause in their own words already.
    let mut text = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        if !text.contains(&cause) {
            text = format!("{text}: {cause}");
        }
    }
    remark(&format!("switchboard: {}", clean_line(&text)));
}

/// A reader that went away (`| head`) is no error.
pub fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
            || cause
                .downcast_ref::<serde_json::Error>()
                .is_some_and(|error| error.io_error_kind() == Some(io::ErrorKind::BrokenPipe))
    })
}

/// A progress line on standard error, on a terminal only, at most some times a second.
pub struct Meter {
    console: Console,
    last: std::time::Instant,
    shown: bool,
    on: bool,
}

impl Meter {
    pub fn new() -> Meter {
        let console = Console::current();
        Meter { last: std::time::Instant::now(), shown: false, on: console.err_is_terminal(), console }
    }

    /// Shows how far it is.
    pub fn show(&mut self, text: impl FnOnce() -> String) {
        if self.on && self.last.elapsed().as_millis() > 200 {
            self.last = std::time::Instant::now();
            self.shown = true;
            let _ = self.console.err(format!("\r{}\x1b[K", clean_line(&text())).as_bytes());
        }
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        if self.shown {
            let _ = self.console.err(b"\r\x1b[K");
        }
    }
}
