//! A process that owns a profile without a screen, and screens attached to it by raw frames.

use super::profile::{Done, Profile, end_of};
use super::until;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use switchboard::server::{Hello, Knocked, Message, PROTOCOL, ScreenWanted, Wanted, knock};

/// How long a loaded machine may take.
const LIMIT: Duration = Duration::from_secs(20);

/// `serve` on a profile, ended with the test.
pub struct Serve(Option<Child>);

impl Serve {
    /// Starts it and waits until it answers.
    pub fn start(profile: &Profile) -> Serve {
        let mut command = profile.command(&["serve"]);
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let serve = Serve(Some(child));
        assert!(until(LIMIT, || answers(&profile.path)), "it does not begin to serve");
        serve
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.0.as_ref().unwrap().id()
    }

    /// Sends it a signal and waits for its end.
    pub fn end(mut self, signal: rustix::process::Signal) -> Done {
        let child = self.0.take().unwrap();
        let process = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
        rustix::process::kill_process(process, signal).unwrap();
        end_of(child)
    }
}

impl Drop for Serve {
    fn drop(&mut self) {
        if let Some(mut child) = self.0.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// A greeting as this program sends it.
pub fn hello(agent: &str, wanted: Wanted) -> Hello {
    Hello {
        protocol: PROTOCOL,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        agent: agent.to_owned(),
        zone: "UTC".to_owned(),
        process: std::process::id(),
        wanted,
    }
}

/// True when somebody answers at the door.
pub fn answers(profile: &Path) -> bool {
    matches!(knock(profile, hello("", Wanted::Nothing)), Ok(Knocked::Opened(_)))
}

/// A screen without a terminal: what it is sent is kept as text without the escapes.
pub struct RawScreen {
    /// One writes at a time: a frame must not land within another.
    stream: Arc<Mutex<UnixStream>>,
    seen: Arc<Mutex<Seen>>,
}

#[derive(Default)]
struct Seen {
    bytes: Vec<u8>,
    frames: usize,
    end: Option<Option<Message>>,
}

impl RawScreen {
    /// Attaches one that reads and says that it drew.
    pub fn attach(profile: &Path, agent: &str, size: (u16, u16)) -> RawScreen {
        let screen = RawScreen::attach_deaf(profile, agent, size);
        let mut stream = screen.stream.lock().unwrap().try_clone().unwrap();
        let answers = screen.stream.clone();
        let seen = screen.seen.clone();
        std::thread::spawn(move || {
            loop {
                match Message::read(&mut stream) {
                    Ok(Some(Message::Out(piece))) if piece.is_empty() => {
                        seen.lock().unwrap().frames += 1;
                        if Message::Drawn.write(&mut *answers.lock().unwrap()).is_err() {
                            seen.lock().unwrap().end = Some(None);
                            return;
                        }
                    }
                    Ok(Some(Message::Out(piece))) => seen.lock().unwrap().bytes.extend(piece),
                    Ok(last) => return seen.lock().unwrap().end = Some(last),
                    Err(_) => return seen.lock().unwrap().end = Some(None),
                }
            }
        });
        screen
    }

    /// Attaches one that reads nothing.
    pub fn attach_deaf(profile: &Path, agent: &str, (width, height): (u16, u16)) -> RawScreen {
        let environment = [("TERM", "xterm-256color"), ("LANG", "C.UTF-8")];
        let environment = environment.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let wanted =
            Wanted::Screen(ScreenWanted { width, height, environment, folder: "/".to_owned(), position: Vec::new() });
        match knock(profile, hello(agent, wanted)).unwrap() {
            Knocked::Opened(stream) => RawScreen { stream: Arc::new(Mutex::new(stream)), seen: Arc::default() },
            Knocked::Nobody => panic!("nobody answers"),
            Knocked::Refused(why) => panic!("{why}"),
        }
    }

    /// Bytes it was sent and has not read.
    pub fn waiting(&self) -> u64 {
        rustix::io::ioctl_fionread(&*self.stream.lock().unwrap()).unwrap()
    }

    /// Sends bytes as a terminal would.
    pub fn types(&self, bytes: &[u8]) {
        Message::Input(bytes.to_vec()).write(&mut *self.stream.lock().unwrap()).unwrap();
    }

    /// The terminal has another size.
    pub fn resize(&self, width: u16, height: u16) {
        Message::Resize(width, height).write(&mut *self.stream.lock().unwrap()).unwrap();
    }

    /// Sends whatever.
    pub fn sends(&self, bytes: &[u8]) {
        let _ = self.stream.lock().unwrap().write_all(bytes);
    }

    /// What was drawn so far, as text.
    pub fn text(&self) -> String {
        plain(&self.seen.lock().unwrap().bytes)
    }

    /// Frames drawn so far.
    pub fn frames(&self) -> usize {
        self.seen.lock().unwrap().frames
    }

    /// Forgets what was drawn so far.
    pub fn forget(&self) {
        self.seen.lock().unwrap().bytes.clear();
    }

    /// Waits until this was drawn.
    pub fn wait_for(&self, text: &str) {
        assert!(until(LIMIT, || self.text().contains(text)), "{text:?} is not drawn: {}", self.text());
    }

    /// Waits for the owner's last word; `None` when it said nothing.
    pub fn wait_for_end(&self) -> Option<Message> {
        assert!(until(LIMIT, || self.seen.lock().unwrap().end.is_some()), "it does not end");
        self.seen.lock().unwrap().end.clone().unwrap()
    }

    /// Cuts the line.
    pub fn cut(self) {
        let _ = self.stream.lock().unwrap().shutdown(std::net::Shutdown::Both);
    }
}

/// Text without escape sequences. Moves of the cursor become line ends.
fn plain(bytes: &[u8]) -> String {
    let mut out = String::new();
    let text = String::from_utf8_lossy(bytes);
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' => {
                if chars.next() == Some('[') {
                    let end = chars.by_ref().find(|c| ('@'..='~').contains(c));
                    if end == Some('H') {
                        out.push('\n');
                    }
                }
            }
            other => out.push(other),
        }
    }
    out
}
