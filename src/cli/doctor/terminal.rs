//! The terminal: what it says it is, its size, its colours, and how wide it draws letters.

use super::{Finding, Found, finding};
use crate::theme::ColorDepth;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

/// Letters whose width must be right, and how many columns they take.
const LETTERS: &[(&str, u16)] = &[("é", 1), ("你", 2), ("│", 1)];

/// The letters are drawn for a moment to measure them, unless what is printed is read by a program.
pub(super) fn look(for_a_program: bool) -> Vec<Finding> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let mut findings = vec![finding("terminal", kind(&variable)), finding("colours", colours(&variable))];
    findings.extend(within(&variable).map(|found| finding("terminal, inside", found)));
    if !for_a_program && io::stdin().is_terminal() && io::stdout().is_terminal() {
        findings.push(finding("letters", letters()));
    }
    findings
}

fn kind(variable: &impl Fn(&str) -> Option<String>) -> Found {
    let term = match variable("TERM").as_deref() {
        None => {
            return Found::Wrong(
                "TERM is not set, so colours are guessed; `export TERM=xterm-256color` names a common terminal"
                    .to_owned(),
            );
        }
        Some("dumb") => return Found::Wrong("TERM=dumb cannot show the screen; the verbs work".to_owned()),
        Some(term) => term.to_owned(),
    };
    let size = crossterm::terminal::size().ok().filter(|_| io::stdout().is_terminal());
    match size {
        Some((width, height)) if width < 60 || height < 15 => {
            Found::Wrong(format!("{term}, {width}×{height}: the screen needs 60×15; make the window larger"))
        }
        _ if !is_known(&term, variable) => Found::Note(format!(
            "TERM={term} is not known on this machine; the screen speaks as most terminals understand. If it looks \
             wrong, try TERM=xterm-256color"
        )),
        Some((width, height)) => Found::Well(format!("{term}, {width}×{height}")),
        None => Found::Well(format!("{term}; no terminal is attached just now")),
    }
}

/// The terminal database has an entry.
fn is_known(term: &str, variable: &impl Fn(&str) -> Option<String>) -> bool {
    let Some(first) = term.chars().next().filter(|_| !term.contains('/')) else { return false };
    let mut folders: Vec<PathBuf> = variable("TERMINFO").map(PathBuf::from).into_iter().collect();
    folders.push(crate::config::home().join(".terminfo"));
    folders.extend(variable("TERMINFO_DIRS").iter().flat_map(|dirs| dirs.split(':').map(PathBuf::from)));
    folders.extend(["/etc/terminfo", "/lib/terminfo", "/usr/share/terminfo", "/usr/lib/terminfo"].map(PathBuf::from));
    let letter = [first.to_string(), format!("{:x}", first as u32)];
    let there = folders.iter().flat_map(|folder| letter.iter().map(move |part| folder.join(part).join(term)));
    // Where there is no database at all, nothing is known about it.
    there.into_iter().any(|path| path.exists()) || folders.iter().all(|folder| !folder.exists())
}

fn colours(variable: &impl Fn(&str) -> Option<String>) -> Found {
    let more = "; if your terminal shows more, `export COLORTERM=truecolor`";
    match ColorDepth::from_environment(variable) {
        ColorDepth::None if variable("NO_COLOR").is_some() => Found::Well("none, as NO_COLOR asks".to_owned()),
        ColorDepth::None => Found::Note("none".to_owned()),
        ColorDepth::Sixteen => Found::Note(format!("the terminal's own sixteen{more}")),
        ColorDepth::Indexed => Found::Well(format!("256{more}")),
        ColorDepth::True => Found::Well("24 bits".to_owned()),
    }
}

/// What to mind inside tmux and screen.
fn within(variable: &impl Fn(&str) -> Option<String>) -> Option<Found> {
    let term = variable("TERM").unwrap_or_default();
    let multiplexed = term.starts_with("tmux") || term.starts_with("screen");
    if variable("TMUX").is_some() {
        return Some(match (multiplexed, variable("COLORTERM")) {
            (false, _) => Found::Note(format!(
                "tmux, with TERM={term}: write `set -g default-terminal tmux-256color` into ~/.tmux.conf"
            )),
            (true, None) => Found::Note(
                "tmux without 24-bit colours: write `set -as terminal-features ',*:RGB'` into ~/.tmux.conf, and \
                 `export COLORTERM=truecolor`"
                    .to_owned(),
            ),
            (true, Some(_)) => Found::Well("tmux; with `set -g escape-time 20` Esc is not waited for".to_owned()),
        });
    }
    variable("STY")
        .map(|_| Found::Note("screen: it shows 256 colours at most, and needs `screen -U` for UTF-8".to_owned()))
}

/// Draws some letters and asks the terminal where its cursor is then.
fn letters() -> Found {
    let Ok(()) = crossterm::terminal::enable_raw_mode() else {
        return Found::Note("could not be measured".to_owned());
    };
    let measured = LETTERS.iter().map(|(letter, _)| measure(letter)).collect::<io::Result<Vec<u16>>>();
    let _ = crossterm::terminal::disable_raw_mode();
    let Ok(measured) = measured else {
        return Found::Note("the terminal does not say where its cursor is, so they could not be measured".to_owned());
    };
    let wrong: Vec<String> = LETTERS
        .iter()
        .zip(measured)
        .filter(|((_, columns), measured)| columns != measured)
        .map(|((letter, columns), measured)| format!("{letter} takes {measured} columns instead of {columns}"))
        .collect();
    if wrong.is_empty() {
        return Found::Well("of all scripts have the right width".to_owned());
    }
    Found::Wrong(format!("{}: is the terminal set to UTF-8, and not to wide or double letters?", wrong.join(", ")))
}

fn measure(letter: &str) -> io::Result<u16> {
    let mut out = io::stdout();
    write!(out, "\r{letter}")?;
    out.flush()?;
    let place = crossterm::cursor::position();
    write!(out, "\r\x1b[K")?;
    out.flush()?;
    place.map(|(column, _)| column)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn with<'a>(pairs: &'a [(&'a str, &'a str)]) -> impl Fn(&str) -> Option<String> + 'a {
        |name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
    }

    #[test]
    fn what_the_terminal_is_and_what_to_do_is_said() {
        assert!(matches!(kind(&with(&[])), Found::Wrong(said) if said.contains("export TERM=")));
        assert!(matches!(kind(&with(&[("TERM", "dumb")])), Found::Wrong(_)));
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("o")).unwrap();
        std::fs::write(folder.path().join("o/odd-term"), "").unwrap();
        let own = folder.path().to_str().unwrap();
        assert!(matches!(kind(&with(&[("TERM", "odd-weird"), ("TERMINFO", own)])), Found::Note(said)
            if said.contains("TERM=xterm-256color")));
        assert!(!matches!(kind(&with(&[("TERM", "odd-term"), ("TERMINFO", own)])), Found::Note(_)));
    }

    #[test]
    fn inside_tmux_and_screen_the_line_to_write_is_named() {
        let tmux = |more: &[(&str, &str)]| within(&with(&[&[("TMUX", "/tmp/x")], more].concat()));
        assert!(matches!(tmux(&[("TERM", "xterm")]), Some(Found::Note(said)) if said.contains("default-terminal")));
        assert!(matches!(tmux(&[("TERM", "tmux-256color")]), Some(Found::Note(said)) if said.contains("RGB")));
        assert!(matches!(tmux(&[("TERM", "tmux-256color"), ("COLORTERM", "truecolor")]), Some(Found::Well(_))));
        assert!(within(&with(&[("TERM", "xterm")])).is_none());
        assert!(within(&with(&[("STY", "1")])).is_some());
    }
}
