//! The loop of the screen before there is an account: keys in → update → effects → frames out, at this terminal.

use super::canvas::Canvas;
use super::ends::Ends;
use super::line::Line;
use super::local::LocalTerminal;
use crate::theme::Theme;
use crate::ui::first_run::{Effect, FirstRun, Leaving, Msg};
use crate::ui::view_first_run;
use crossterm::event::Event as Input;
use std::io;
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
    let mut ends = Ends::listen()?;
    let mut terminal = LocalTerminal::enter()?;
    let Line { mut input, frames, mut drawn, size, .. } = terminal.line()?;
    let mut canvas = Canvas::new(size)?;
    screen.update(Msg::Resize(size.0, size.1));
    // A frame is on its way to the terminal.
    let mut showing = false;
    loop {
        if !showing && screen.take_dirty() {
            let frame = canvas.frame(|frame| view_first_run(&screen, theme, frame))?;
            if !frame.is_empty() {
                if frames.try_send(frame).is_err() {
                    return Ok(Leaving::Quit);
                }
                showing = true;
            }
        }
        let msg = tokio::select! {
            typed = input.recv() => match typed {
                Some(Input::Key(key)) => Some(Msg::Key(key)),
                Some(Input::Paste(text)) => Some(Msg::Paste(text)),
                Some(Input::Resize(width, height)) => {
                    canvas.resize((width, height))?;
                    Some(Msg::Resize(width, height))
                }
                Some(_) => None,
                None => return Ok(Leaving::Quit),
            },
            shown = drawn.recv(), if showing => match shown {
                Some(()) => {
                    showing = false;
                    None
                }
                None => return Ok(Leaving::Quit),
            },
            Some(msg) = answers.recv() => Some(msg),
            _ = ends.asked() => return Ok(Leaving::Quit),
        };
        for effect in msg.map(|msg| screen.update(msg)).unwrap_or_default() {
            match effect {
                Effect::Leave(leaving) => return Ok(leaving),
                Effect::Redraw => canvas.redraw()?,
                other => carry(other),
            }
        }
    }
}
