//! One guest: a greeting, then a verb or a screen.

use super::wire::{Hello, Message, PIECE, PROTOCOL, ScreenWanted, VerbWanted, Wanted};
use crate::seat::{Ended, FarEnd, Line, Typed};
use crossterm::event::Event as Input;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc as blocking;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};

/// A guest that says nothing is not waited for.
const GREETING: Duration = Duration::from_secs(5);
/// How long a client may take none of a verb's output.
const STOPPED: Duration = Duration::from_secs(60);

/// How long the last words to a client may take.
const LAST: Duration = Duration::from_secs(1);

/// What the owner does for its guests.
pub trait Host: Send + Sync + 'static {
    /// Carries a verb out and gives its exit code. Called on a thread of its own; may block.
    fn carry_out(&self, hello: &Hello, wanted: VerbWanted, streams: VerbStreams) -> u8;

    /// Reads the configuration again. May block.
    ///
    /// # Errors
    /// What is wrong with it; all stays as it was.
    fn read_config(&self) -> Result<(), String>;

    /// Why no screens can come in, if so.
    fn without_seats(&self) -> Option<String>;

    /// Seats an agent at a line until it ends.
    fn seat(self: Arc<Self>, hello: Hello, wanted: ScreenWanted, line: Line, stop: watch::Receiver<bool>) -> Sitting;
}

/// A seat at work.
pub type Sitting = Pin<Box<dyn Future<Output = io::Result<Ended>> + Send>>;

/// Welcomes a guest and sees to it until it leaves.
pub(super) async fn welcome(mut stream: UnixStream, host: Arc<dyn Host>, stop: watch::Receiver<bool>) {
    let greeting = tokio::time::timeout(GREETING, Message::read_async(&mut stream)).await;
    let Ok(Ok(Some(Message::Hello(hello)))) = greeting else { return };
    if let Some(why) = unlike(&hello) {
        let _ = stream.write_all(&Message::Refused(why).to_bytes()).await;
        return;
    }
    match hello.wanted.clone() {
        Wanted::Nothing => {
            let _ = stream.write_all(&Message::Started.to_bytes()).await;
        }
        Wanted::Configuration => {
            let read = tokio::task::spawn_blocking(move || host.read_config()).await;
            let answer = match read.unwrap_or_else(|error| Err(error.to_string())) {
                Ok(()) => Message::Started,
                Err(why) => Message::Refused(why),
            };
            let _ = stream.write_all(&answer.to_bytes()).await;
        }
        Wanted::Verb(wanted) => verb(stream, hello, wanted, host, stop).await,
        Wanted::Screen(wanted) => match host.without_seats() {
            None => screen(stream, hello, wanted, host, stop).await,
            Some(why) => {
                let _ = stream.write_all(&Message::Refused(why).to_bytes()).await;
            }
        },
    }
}

fn unlike(hello: &Hello) -> Option<String> {
    let version = env!("CARGO_PKG_VERSION");
    if hello.protocol == PROTOCOL && hello.version == version {
        return None;
    }
    let theirs: String = hello.version.chars().filter(|c| c.is_ascii_graphic()).take(40).collect();
    Some(format!(
        "the profile is owned by switchboard {version}, process {}, and this is {theirs}; end the other one first",
        std::process::id()
    ))
}

/// The standard streams of a client.
pub struct VerbStreams {
    out: Mutex<std::os::unix::net::UnixStream>,
    input: Mutex<InputPieces>,
    gone: Arc<AtomicBool>,
    stopping: Arc<AtomicBool>,
}

struct InputPieces {
    pieces: blocking::Receiver<Vec<u8>>,
    /// What is left of the last piece.
    rest: io::Cursor<Vec<u8>>,
    ended: bool,
}

/// No broken pipe: that is how a reader says that it has enough, and is no error.
fn stopping() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionAborted, "the program that has the profile open is ending")
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::BrokenPipe, "the client is gone")
}

impl VerbStreams {
    fn send(&self, message: &Message) -> io::Result<()> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(gone());
        }
        let sent = message.write(&mut *self.out.lock().unwrap_or_else(PoisonError::into_inner));
        // Half a message may be out: nothing can follow it.
        sent.inspect_err(|_| self.gone.store(true, Ordering::Relaxed))
    }

    /// Prints to the client's standard output.
    ///
    /// # Errors
    /// When the client is gone.
    pub fn out(&self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(PIECE).try_for_each(|piece| self.send(&Message::Out(piece.to_vec())))
    }

    /// Prints to the client's standard error.
    ///
    /// # Errors
    /// When the client is gone.
    pub fn err(&self, bytes: &[u8]) -> io::Result<()> {
        bytes.chunks(PIECE).try_for_each(|piece| self.send(&Message::Err(piece.to_vec())))
    }

    /// Reads from the client's standard input. It is asked for as it is read: what a verb does not want stays with the
    /// client, for whoever reads there next.
    ///
    /// # Errors
    /// When the client is gone.
    pub fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut input = self.input.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            let read = input.rest.read(buffer)?;
            if read > 0 || input.ended || buffer.is_empty() {
                return Ok(read);
            }
            self.send(&Message::WantInput)?;
            let piece = input.pieces.recv().map_err(|_| if self.is_stopping() { stopping() } else { gone() })?;
            input.ended = piece.is_empty();
            input.rest = io::Cursor::new(piece);
        }
    }

    /// Nobody waits for the verb any more, or this program is ending. What a verb has to say of that still reaches a
    /// client that listens.
    pub fn is_gone(&self) -> bool {
        self.gone.load(Ordering::Relaxed) || self.is_stopping()
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}

async fn verb(
    stream: UnixStream,
    hello: Hello,
    wanted: VerbWanted,
    host: Arc<dyn Host>,
    mut stop: watch::Receiver<bool>,
) {
    let Ok(stream) = stream.into_std() else { return };
    let (Ok(()), Ok(out)) = (stream.set_nonblocking(false), stream.try_clone()) else { return };
    // A client that was stopped must not hold up a verb for ever: it may hold what others need.
    let Ok(()) = stream.set_write_timeout(Some(STOPPED)) else { return };
    let (gone, stopping) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let (give, pieces) = blocking::sync_channel(4);
    let (listening, ending) = (gone.clone(), stopping.clone());
    // Ends when the client closes, or when the socket is shut down below.
    let Ok(closing) = stream.try_clone() else { return };
    std::thread::spawn(move || {
        let mut stream = stream;
        while let Ok(Some(Message::Input(piece))) = Message::read(&mut stream) {
            if give.send(piece).is_err() {
                break;
            }
        }
        // It may be ourselves who listen no more.
        listening.fetch_or(!ending.load(Ordering::Relaxed), Ordering::Relaxed);
    });
    let input = InputPieces { pieces, rest: io::Cursor::default(), ended: false };
    let streams =
        VerbStreams { out: Mutex::new(out), input: Mutex::new(input), gone: gone.clone(), stopping: stopping.clone() };
    let (said, done) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        if streams.send(&Message::Started).is_ok() {
            let mut end = streams.out.lock().ok().and_then(|out| out.try_clone().ok());
            let code = host.carry_out(&hello, wanted, streams);
            // Who did not get all of it must not take it for the whole: without an exit code it is lost.
            if let Some(end) = end.as_mut().filter(|_| !gone.load(Ordering::Relaxed)) {
                let _ = Message::Exit(code).write(end);
            }
        }
        let _ = said.send(());
    });
    let mut done = std::pin::pin!(done);
    tokio::select! {
        _ = &mut done => {}
        // Long verbs look whether anybody waits; short ones come to their end.
        () = async { drop(stop.wait_for(|stop| *stop).await) } => {
            stopping.store(true, Ordering::Relaxed);
            // A verb that waits for input waits no more.
            let _ = closing.shutdown(std::net::Shutdown::Read);
            // A client that does not read is not waited for.
            if tokio::time::timeout(LAST, &mut done).await.is_err() {
                let _ = closing.shutdown(std::net::Shutdown::Both);
                let _ = done.await;
            }
        }
    }
    let _ = closing.shutdown(std::net::Shutdown::Both);
}

async fn screen(
    stream: UnixStream,
    hello: Hello,
    wanted: ScreenWanted,
    host: Arc<dyn Host>,
    stop: watch::Receiver<bool>,
) {
    let (from, mut to) = stream.into_split();
    if to.write_all(&Message::Started.to_bytes()).await.is_err() {
        return;
    }
    let (line, FarEnd { input, frames, drawn }) = Line::new((wanted.width, wanted.height));
    let reading = tokio::spawn(read(from, input, drawn));
    let writing = tokio::spawn(write(to, frames));
    let ended = host.seat(hello, wanted, line, stop).await;
    reading.abort();
    let abort = writing.abort_handle();
    // A client that does not read is not waited for.
    let Ok(Ok(mut to)) = tokio::time::timeout(LAST, writing).await else { return abort.abort() };
    let last = match ended {
        Ok(Ended::Told(position)) => Message::Leaving(position.to_bytes()),
        Ok(_) => Message::Exit(0),
        Err(error) => {
            tracing::error!(%error, "a seat");
            Message::Exit(1)
        }
    };
    let _ = tokio::time::timeout(LAST, to.write_all(&last.to_bytes())).await;
}

/// What the client sends: keys, sizes, and that a frame was drawn. Ends with the connection.
async fn read(mut from: OwnedReadHalf, input: mpsc::Sender<Input>, drawn: mpsc::Sender<()>) {
    let (give, mut messages) = mpsc::channel(4);
    // A read that was given up half way would lose what it had; so it is never given up.
    let reading = tokio::spawn(async move {
        while let Ok(Some(message)) = Message::read_async(&mut from).await {
            if give.send(message).await.is_err() {
                break;
            }
        }
    });
    let mut typed = Typed::default();
    loop {
        let pause = typed.waits().unwrap_or(Duration::MAX);
        let mut ended = false;
        let events = match tokio::time::timeout(pause, messages.recv()).await {
            Err(_) => typed.settle(),
            Ok(Some(Message::Input(bytes))) => typed.take(&bytes),
            Ok(Some(Message::Resize(width, height))) => vec![Input::Resize(width, height)],
            Ok(Some(Message::Drawn)) => {
                // A full channel says the same already.
                let _ = drawn.try_send(());
                continue;
            }
            // The line broke, perhaps within a paste: what came of it is kept.
            Ok(_) => {
                ended = true;
                typed.settle()
            }
        };
        for event in events {
            if input.send(event).await.is_err() {
                ended = true;
                break;
            }
        }
        if ended {
            return reading.abort();
        }
    }
}

async fn write(mut to: OwnedWriteHalf, mut frames: mpsc::Receiver<Vec<u8>>) -> OwnedWriteHalf {
    while let Some(frame) = frames.recv().await {
        for piece in frame.chunks(PIECE) {
            if to.write_all(&Message::Out(piece.to_vec()).to_bytes()).await.is_err() {
                return to;
            }
        }
        // An empty piece ends the frame.
        if to.write_all(&Message::Out(Vec::new()).to_bytes()).await.is_err() {
            return to;
        }
    }
    to
}
