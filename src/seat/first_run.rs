//! The loop of the screen before there is an account: keys in → update → effects → frames out, at this terminal.

use super::terminal::Terminal;
use super::{any, keyboard};
use crate::theme::Theme;
use crate::ui::first_run::{Effect, FirstRun, Leaving, Msg};
use crate::ui::view_first_run;
use crossterm::event::Event as Input;
use std::io;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Runs until the agent has chosen where to go, or the terminal goes away. `carry` takes effects on and does not wait;
/// what comes of them arrives by `answers`.
///
/// # Errors
/// When the terminal cannot be used.
pub async fn first_run(
    mut screen: FirstRun,
    theme: &Theme,
    mut carry: impl FnMut(Effect),
    mut answers: mpsc::Receiver<Msg>,
) -> io::Result<Leaving> {
    let mut ends = [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()]
        .into_iter()
        .map(signal)
        .collect::<io::Result<Vec<Signal>>>()?;
    let mut terminal = Terminal::enter()?;
    let mut input = keyboard();
    loop {
        if screen.take_dirty() {
            terminal.draw(|frame| view_first_run(&screen, theme, frame))?;
        }
        let msg = tokio::select! {
            event = input.recv() => match event {
                Some(event) => message(event?),
                None => return Ok(Leaving::Quit),
            },
            Some(msg) = answers.recv() => Some(msg),
            () = any(&mut ends) => return Ok(Leaving::Quit),
        };
        for effect in msg.map(|msg| screen.update(msg)).unwrap_or_default() {
            match effect {
                Effect::Leave(leaving) => return Ok(leaving),
                Effect::Redraw => terminal.redraw()?,
                other => carry(other),
            }
        }
    }
}

fn message(input: Input) -> Option<Msg> {
    match input {
        Input::Key(key) => Some(Msg::Key(key)),
        Input::Paste(text) => Some(Msg::Paste(text)),
        Input::Resize(width, height) => Some(Msg::Resize(width, height)),
        _ => None,
    }
}
