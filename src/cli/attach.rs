//! A screen on a profile that another process owns: keys go there, frames come back.

use super::guest::{folder, hello};
use super::house::{Place, runtime};
use super::look::{KEYMAP, THEME};
use crate::seat::{Ends, LocalTerminal, show};
use crate::server::{Knocked, Message, ScreenWanted, Wanted, knock};
use std::io::{Read, Write};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

/// What the environment says about a terminal, and which keys and colours its agent wants.
const TERMINAL: &[&str] = &[
    "TERM",
    "COLORTERM",
    "NO_COLOR",
    "TERM_PROGRAM",
    "TMUX",
    "STY",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "SSH_TTY",
    KEYMAP,
    THEME,
];
/// Values longer than this are not passed on.
const LONG: usize = 256;

/// How an attached screen ended.
pub enum Attached {
    /// There is nobody to attach to.
    Nobody,
    /// The agent left.
    Left,
    /// The owner ended; the agent wants to go on here, where they were.
    TakeOver(Vec<u8>),
}

/// Attaches this terminal to the owner of the profile.
pub fn attach(place: &Place) -> anyhow::Result<Attached> {
    let (width, height) = crossterm::terminal::size()?;
    let known = TERMINAL.iter().filter_map(|name| Some(((*name).to_owned(), place.environment(name)?)));
    let environment = known.filter(|(_, value)| value.len() <= LONG).collect();
    let wanted = ScreenWanted { width, height, environment, folder: folder(), position: place.position() };
    let stream = match knock(&place.profile, hello(place, Wanted::Screen(wanted)))? {
        Knocked::Opened(stream) => stream,
        Knocked::Nobody => return Ok(Attached::Nobody),
        Knocked::Refused(why) => anyhow::bail!(why),
    };
    stream.set_nonblocking(true)?;
    let terminal = LocalTerminal::enter()?;
    let mut typed = keyboard();
    let runtime = runtime()?;
    let end = runtime.block_on(async {
        let (from, to) = UnixStream::from_std(stream)?.into_split();
        relay(from, to, &mut typed).await
    });
    drop(terminal);
    runtime.shutdown_background();
    match end? {
        End::Left(0) => Ok(Attached::Left),
        End::Left(_) => anyhow::bail!("the screen broke; the log of the profile says more"),
        End::OwnerEnded { in_order, position } if goes_on(&mut typed, in_order)? => Ok(Attached::TakeOver(position)),
        End::OwnerEnded { .. } => Ok(Attached::Left),
    }
}

/// The owner ended: does the agent want to go on here? Asked on the ordinary screen, answered by a line.
fn goes_on(typed: &mut mpsc::Receiver<Vec<u8>>, in_order: bool) -> std::io::Result<bool> {
    let mut out = std::io::stdout();
    let what = match in_order {
        true => "The window that owned this profile was closed. What you typed is saved.",
        false => "The process that owned this profile is gone. What you typed is saved but for the last second.",
    };
    write!(out, "{what}\nEnter goes on here, q and Enter leaves: ")?;
    out.flush()?;
    // What was typed before the question is no answer to it.
    while typed.try_recv().is_ok() {}
    let mut line = Vec::new();
    while let Some(bytes) = typed.blocking_recv() {
        line.extend(bytes);
        if line.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
            return Ok(!line.iter().any(|byte| matches!(byte, b'q' | b'Q')));
        }
    }
    Ok(false)
}

enum End {
    Left(u8),
    /// In order, it has said so.
    OwnerEnded {
        in_order: bool,
        position: Vec<u8>,
    },
}

impl End {
    /// The owner ended without a word.
    fn gone() -> End {
        End::OwnerEnded { in_order: false, position: Vec::new() }
    }
}

async fn relay(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    typed: &mut mpsc::Receiver<Vec<u8>>,
) -> anyhow::Result<End> {
    let (frames, shown) = mpsc::channel(1);
    let (say_drawn, mut drawn) = mpsc::channel(1);
    let _showing = show(shown, say_drawn);
    let (say, mut said) = mpsc::channel(4);
    let listening = tokio::spawn(async move {
        let mut frame = Vec::new();
        loop {
            match Message::read_async(&mut from).await {
                // An empty piece ends the frame: it is shown whole.
                Ok(Some(Message::Out(piece))) if piece.is_empty() => {
                    if frames.send(std::mem::take(&mut frame)).await.is_err() {
                        break;
                    }
                }
                Ok(Some(Message::Out(piece))) => frame.extend_from_slice(&piece),
                Ok(Some(Message::Exit(code))) => return drop(say.send(End::Left(code)).await),
                Ok(Some(Message::Leaving(position))) => {
                    return drop(say.send(End::OwnerEnded { in_order: true, position }).await);
                }
                _ => break,
            }
        }
        let _ = say.send(End::gone()).await;
    });
    let mut resized = signal(SignalKind::window_change())?;
    let mut ends = Ends::listen()?;
    let end = loop {
        let message = tokio::select! {
            biased;
            end = said.recv() => break end.unwrap_or_else(End::gone),
            Some(()) = drawn.recv() => Message::Drawn,
            bytes = typed.recv() => match bytes {
                Some(bytes) => Message::Input(bytes),
                // The terminal is gone. The owner notices, and keeps what was typed.
                None => break End::Left(0),
            },
            _ = resized.recv() => match crossterm::terminal::size() {
                Ok((width, height)) => Message::Resize(width, height),
                Err(_) => continue,
            },
            _ = ends.asked() => break End::Left(0),
        };
        if to.write_all(&message.to_bytes()).await.is_err() {
            // Its last words may still be there to be read.
            let last = tokio::time::timeout(Duration::from_secs(1), said.recv()).await;
            break last.ok().flatten().unwrap_or_else(End::gone);
        }
    };
    listening.abort();
    Ok(end)
}

/// What is typed, as it comes. A thread of its own, since reading a terminal blocks.
fn keyboard() -> mpsc::Receiver<Vec<u8>> {
    let (send, receive) = mpsc::channel(16);
    std::thread::spawn(move || {
        let mut buffer = [0; 16 << 10];
        let mut keys = std::io::stdin().lock();
        while let Ok(read @ 1..) = keys.read(&mut buffer) {
            if send.blocking_send(buffer[..read].to_vec()).is_err() {
                break;
            }
        }
    });
    receive
}
