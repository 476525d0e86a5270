//! The streams of the verb that runs on this thread: this process's own, or those of a client whose verb the owner of the
//! profile carries out.

use crate::server::VerbStreams;
use jiff::tz::TimeZone;
use std::cell::{Cell, RefCell};
use std::io::{self, IsTerminal, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

thread_local! {
    // A verb runs on one thread from beginning to end, so this is no state of anybody else.
    static CONSOLE: RefCell<Console> = const { RefCell::new(Console(None)) };
    static HAS_READ: Cell<bool> = const { Cell::new(false) };
    // Remarks are kept here while a screen is on the terminal.
    static KEPT: RefCell<Option<Vec<u8>>> = const { RefCell::new(None) };
}

/// Where a verb reads and prints.
#[derive(Clone)]
pub struct Console(Option<Arc<Remote>>);

/// A client's.
pub struct Remote {
    /// Its standard streams.
    pub streams: VerbStreams,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// Its standard output is a terminal.
    pub out_is_terminal: bool,
    /// Its standard error is a terminal.
    pub err_is_terminal: bool,
    /// Its process.
    pub process: u32,
    /// Its time zone.
    pub zone: TimeZone,
}

impl Console {
    /// The one of this thread.
    pub fn current() -> Console {
        CONSOLE.with(|console| console.borrow().clone())
    }

    /// Runs a verb with a client's streams.
    pub fn lend<T>(remote: Remote, verb: impl FnOnce() -> T) -> T {
        struct Return;
        impl Drop for Return {
            fn drop(&mut self) {
                CONSOLE.with(|console| *console.borrow_mut() = Console(None));
            }
        }
        CONSOLE.with(|console| *console.borrow_mut() = Console(Some(Arc::new(remote))));
        let _return = Return;
        verb()
    }

    /// Works while a screen is on the terminal: what would go to standard error is given back instead.
    pub fn beside_a_screen<T>(work: impl FnOnce() -> T) -> (T, String) {
        KEPT.with(|kept| *kept.borrow_mut() = Some(Vec::new()));
        let done = work();
        let kept = KEPT.with(|kept| kept.borrow_mut().take()).unwrap_or_default();
        (done, String::from_utf8_lossy(&kept).into_owned())
    }

    /// Keeps a remark, if a screen is on the terminal.
    fn keep(bytes: &[u8]) -> bool {
        KEPT.with(|kept| kept.borrow_mut().as_mut().map(|kept| kept.extend_from_slice(bytes)).is_some())
    }

    /// Prints to standard output.
    pub fn out(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.0 {
            Some(remote) => remote.streams.out(bytes),
            None => io::stdout().write_all(bytes).and_then(|()| io::stdout().flush()),
        }
    }

    /// Prints to standard error.
    pub fn err(&self, bytes: &[u8]) -> io::Result<()> {
        match &self.0 {
            Some(remote) => remote.streams.err(bytes),
            None if Console::keep(bytes) => Ok(()),
            None => io::stderr().write_all(bytes),
        }
    }

    /// Standard input.
    pub fn input(&self) -> Box<dyn Read + '_> {
        match &self.0 {
            Some(remote) => Box::new(RemoteInput(remote)),
            None => {
                HAS_READ.set(true);
                Box::new(io::stdin().lock())
            }
        }
    }

    /// This process's standard input has been read from: the verb cannot begin anew.
    pub fn has_read() -> bool {
        HAS_READ.get()
    }

    pub fn out_is_terminal(&self) -> bool {
        self.0.as_ref().map_or_else(|| io::stdout().is_terminal(), |remote| remote.out_is_terminal)
    }

    pub fn err_is_terminal(&self) -> bool {
        let own = || KEPT.with(|kept| kept.borrow().is_none()) && io::stderr().is_terminal();
        self.0.as_ref().map_or_else(own, |remote| remote.err_is_terminal)
    }

    /// The time zone times are shown in.
    pub fn zone(&self) -> TimeZone {
        self.0.as_ref().map_or_else(TimeZone::system, |remote| remote.zone.clone())
    }

    /// False when whoever asked has gone.
    pub fn is_waited_for(&self) -> bool {
        self.0.as_ref().is_none_or(|remote| !remote.streams.is_gone())
    }

    /// A path as it was given, seen from where it was given.
    pub fn path(&self, given: &Path) -> PathBuf {
        match &self.0 {
            Some(remote) => theirs(remote, given),
            None => given.to_owned(),
        }
    }
}

/// `/dev/stdin` and the like mean the client's open files, not ours.
fn theirs(remote: &Remote, given: &Path) -> PathBuf {
    let files = || PathBuf::from(format!("/proc/{}/fd", remote.process));
    match given.to_str() {
        Some("/dev/stdin") => files().join("0"),
        Some("/dev/stdout") => files().join("1"),
        Some("/dev/stderr") => files().join("2"),
        _ => match given.strip_prefix("/dev/fd").or_else(|_| given.strip_prefix("/proc/self/fd")) {
            Ok(number) => files().join(number),
            Err(_) => remote.folder.join(given),
        },
    }
}

struct RemoteInput<'a>(&'a Remote);

impl Read for RemoteInput<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.streams.read(buffer)
    }
}
