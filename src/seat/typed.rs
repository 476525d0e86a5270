//! Bytes from a terminal that is not this process's → keys, pastes and clicks. A key split over two packets is still one.

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use std::time::Duration;
use termina::event as from;

/// Bytes taken in without one key coming out of them; then the rest is rubbish.
const UNFINISHED: usize = 64 << 10;
/// Bytes of one paste that are kept; what a message holds is far less.
const PASTE: usize = 4 << 20;
/// What stands before and after a paste (xterm's bracketed paste, mode 2004).
const BEGINS: &[u8] = b"\x1b[200~";
const ENDS: &[u8] = b"\x1b[201~";
/// An Escape that nothing follows in this time was the key.
const ESCAPE: Duration = Duration::from_millis(40);
/// A paste of which nothing more comes in this time has lost its end.
const STALLED: Duration = Duration::from_secs(5);

/// Reads what one terminal sends.
#[derive(Default)]
pub struct Typed {
    parser: termina::Parser,
    /// Bytes since the last event.
    unfinished: usize,
    /// The end of what came, which may be the beginning of [`BEGINS`].
    held: Vec<u8>,
    /// The paste that is coming in.
    paste: Option<Vec<u8>>,
    /// The last byte was an Escape: a key of its own, or the beginning of one.
    escape: bool,
}

impl Typed {
    /// Takes bytes in; what they complete comes out.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        let mut events = Vec::new();
        let mut held = std::mem::take(&mut self.held);
        held.extend_from_slice(bytes);
        let mut rest: &[u8] = &held;
        loop {
            if let Some(paste) = &mut self.paste {
                // The mark may have come in two parts: the first is at the end of what is kept.
                let from = paste.len().saturating_sub(ENDS.len() - 1);
                paste.extend_from_slice(rest);
                let Some(end) = find(&paste[from..], ENDS).map(|at| from + at) else {
                    // What is beyond all measure is dropped, but for what may be the mark's beginning.
                    if paste.len() > PASTE + ENDS.len() {
                        paste.drain(PASTE..paste.len() - ENDS.len());
                    }
                    break;
                };
                let behind = paste.len() - end - ENDS.len();
                rest = &rest[rest.len() - behind..];
                paste.truncate(end.min(PASTE));
                events.extend(self.pasted());
            }
            let begins = find(rest, BEGINS);
            let keys = begins.unwrap_or_else(|| rest.len() - beginning(rest));
            events.extend(self.keys(&rest[..keys]));
            match begins {
                Some(at) => {
                    self.paste = Some(Vec::new());
                    rest = &rest[at + BEGINS.len()..];
                }
                None => {
                    self.held = rest[keys..].to_vec();
                    break;
                }
            }
        }
        self.escape = self.paste.is_none() && bytes.last() == Some(&0x1b);
        events
    }

    fn keys(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.parser.parse(bytes, true);
        self.unfinished += bytes.len();
        let events = self.events();
        if !events.is_empty() {
            self.unfinished = 0;
        } else if self.unfinished > UNFINISHED {
            self.parser = termina::Parser::default();
            self.unfinished = 0;
        }
        events
    }

    /// The paste as far as it came.
    fn pasted(&mut self) -> Option<Input> {
        let mut bytes = self.paste.take()?;
        // A letter that was cut is left out; what was never text is shown as such.
        if let Err(error) = std::str::from_utf8(&bytes)
            && error.error_len().is_none()
        {
            bytes.truncate(error.valid_up_to());
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        (!text.is_empty()).then_some(Input::Paste(text))
    }

    /// How long to wait for the rest of what has begun; then call [`Typed::settle`]. `None` when nothing has.
    pub fn waits(&self) -> Option<Duration> {
        match (&self.paste, self.escape) {
            (Some(_), _) => Some(STALLED),
            (None, true) => Some(ESCAPE),
            (None, false) => None,
        }
    }

    /// Nothing more came: an Escape was the key itself, and a paste is what came of it.
    pub fn settle(&mut self) -> Vec<Input> {
        self.escape = false;
        let mut events: Vec<Input> = self.pasted().into_iter().collect();
        self.parser.parse(&std::mem::take(&mut self.held), true);
        self.parser.parse(&[], false);
        events.extend(self.events());
        events
    }

    fn events(&mut self) -> Vec<Input> {
        std::iter::from_fn(|| self.parser.pop()).filter_map(input).collect()
    }
}

/// Where `what` begins in `bytes`.
fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

/// How many of the last bytes may be the beginning of [`BEGINS`].
fn beginning(bytes: &[u8]) -> usize {
    (1..BEGINS.len()).rev().find(|length| bytes.ends_with(&BEGINS[..*length])).unwrap_or(0)
}

fn input(event: termina::Event) -> Option<Input> {
    Some(match event {
        termina::Event::Key(key) => Input::Key(KeyEvent {
            code: code(key.code)?,
            modifiers: modifiers(key.modifiers),
            kind: match key.kind {
                from::KeyEventKind::Press => KeyEventKind::Press,
                from::KeyEventKind::Repeat => KeyEventKind::Repeat,
                from::KeyEventKind::Release => KeyEventKind::Release,
            },
            state: KeyEventState::NONE,
        }),
        termina::Event::Mouse(mouse) => Input::Mouse(MouseEvent {
            kind: click(mouse.kind),
            column: mouse.column,
            row: mouse.row,
            modifiers: modifiers(mouse.modifiers),
        }),
        termina::Event::Paste(text) => Input::Paste(text),
        _ => return None,
    })
}

fn modifiers(held: from::Modifiers) -> KeyModifiers {
    const SAME: [(from::Modifiers, KeyModifiers); 3] = [
        (from::Modifiers::SHIFT, KeyModifiers::SHIFT),
        (from::Modifiers::ALT, KeyModifiers::ALT),
        (from::Modifiers::CONTROL, KeyModifiers::CONTROL),
    ];
    SAME.into_iter().filter(|(one, _)| held.contains(*one)).map(|(_, other)| other).collect()
}

fn code(code: from::KeyCode) -> Option<KeyCode> {
    Some(match code {
        from::KeyCode::Char(c) => KeyCode::Char(c),
        from::KeyCode::Enter => KeyCode::Enter,
        from::KeyCode::Backspace => KeyCode::Backspace,
        from::KeyCode::Tab => KeyCode::Tab,
        from::KeyCode::BackTab => KeyCode::BackTab,
        from::KeyCode::Escape => KeyCode::Esc,
        from::KeyCode::Left => KeyCode::Left,
        from::KeyCode::Right => KeyCode::Right,
        from::KeyCode::Up => KeyCode::Up,
        from::KeyCode::Down => KeyCode::Down,
        from::KeyCode::Home => KeyCode::Home,
        from::KeyCode::End => KeyCode::End,
        from::KeyCode::PageUp => KeyCode::PageUp,
        from::KeyCode::PageDown => KeyCode::PageDown,
        from::KeyCode::Insert => KeyCode::Insert,
        from::KeyCode::Delete => KeyCode::Delete,
        from::KeyCode::Function(number) => KeyCode::F(number),
        _ => return None,
    })
}

fn button(button: from::MouseButton) -> MouseButton {
    match button {
        from::MouseButton::Left => MouseButton::Left,
        from::MouseButton::Right => MouseButton::Right,
        from::MouseButton::Middle => MouseButton::Middle,
    }
}

fn click(kind: from::MouseEventKind) -> MouseEventKind {
    match kind {
        from::MouseEventKind::Down(which) => MouseEventKind::Down(button(which)),
        from::MouseEventKind::Up(which) => MouseEventKind::Up(button(which)),
        from::MouseEventKind::Drag(which) => MouseEventKind::Drag(button(which)),
        from::MouseEventKind::Moved => MouseEventKind::Moved,
        from::MouseEventKind::ScrollDown => MouseEventKind::ScrollDown,
        from::MouseEventKind::ScrollUp => MouseEventKind::ScrollUp,
        from::MouseEventKind::ScrollLeft => MouseEventKind::ScrollLeft,
        from::MouseEventKind::ScrollRight => MouseEventKind::ScrollRight,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
        Input::Key(KeyEvent::new(code, modifiers))
    }

    #[test]
    fn a_key_in_two_packets_is_one_key() {
        let mut typed = Typed::default();
        for cut in [&b"\x1b"[..], b"\x1b[", b"\x1b[1;", b"\x1b[1;5"] {
            let whole = b"\x1b[1;5A";
            assert_eq!(typed.take(cut), []);
            assert_eq!(typed.take(&whole[cut.len()..]), [key(KeyCode::Up, KeyModifiers::CONTROL)]);
        }
        let letter = "界".as_bytes();
        assert_eq!(typed.take(&letter[..1]), []);
        assert_eq!(typed.take(&letter[1..]), [key(KeyCode::Char('界'), KeyModifiers::NONE)]);
    }

    #[test]
    fn an_escape_alone_is_a_key_once_nothing_follows() {
        let mut typed = Typed::default();
        assert_eq!(typed.take(b"j\x1b"), [key(KeyCode::Char('j'), KeyModifiers::NONE)]);
        assert_eq!(typed.waits(), Some(ESCAPE));
        assert_eq!(typed.settle(), [key(KeyCode::Esc, KeyModifiers::NONE)]);
        assert_eq!(typed.waits(), None);
        assert_eq!(typed.take(b"\x1bq"), [key(KeyCode::Char('q'), KeyModifiers::ALT)], "with Alt");
    }

    #[test]
    fn every_function_key_is_itself() {
        let sent = ["OP", "OQ", "OR", "OS", "[15~", "[17~", "[18~", "[19~", "[20~", "[21~", "[23~", "[24~"];
        for (number, bytes) in (1..).zip(sent) {
            let got = Typed::default().take(format!("\x1b{bytes}").as_bytes());
            assert_eq!(got, [key(KeyCode::F(number), KeyModifiers::NONE)], "{bytes}");
        }
    }

    #[test]
    fn many_keys_in_one_packet_are_all_there() {
        let got = Typed::default().take("hi 你好\r\x03".as_bytes());
        assert_eq!(got.len(), 7);
        assert_eq!(got[5], key(KeyCode::Enter, KeyModifiers::NONE));
        assert_eq!(got[6], key(KeyCode::Char('c'), KeyModifiers::CONTROL));
    }

    #[test]
    fn a_paste_comes_whole_and_keys_within_it_are_text() {
        let mut typed = Typed::default();
        assert_eq!(typed.take(b"\x1b[200~one\x1b[A"), []);
        let got = typed.take(b"two\x1b[201~x");
        assert_eq!(got.len(), 2, "{got:?}");
        assert!(matches!(&got[0], Input::Paste(text) if text.starts_with("one") && text.ends_with("two")));
    }

    fn text(events: &[Input]) -> String {
        events.iter().map(|event| if let Input::Paste(text) = event { text.as_str() } else { "?" }).collect()
    }

    #[test]
    fn a_paste_in_any_two_packets_comes_whole() {
        let whole = "j\x1b[200~über\x1b[Aß\x1b[20\x1b[201~k".as_bytes();
        for cut in 0..=whole.len() {
            let mut typed = Typed::default();
            let mut events = typed.take(&whole[..cut]);
            events.extend(typed.take(&whole[cut..]));
            assert_eq!(events.len(), 3, "cut at {cut}: {events:?}");
            assert_eq!(text(&events[1..2]), "über\u{1b}[Aß\u{1b}[20");
            assert_eq!(typed.waits(), None);
        }
    }

    #[test]
    fn a_paste_that_loses_its_end_is_kept_as_far_as_it_came() {
        let mut typed = Typed::default();
        let bytes = "\x1b[200~written with care, 你好".as_bytes();
        assert_eq!(typed.take(&bytes[..bytes.len() - 1]), [], "cut within a letter");
        assert_eq!(typed.waits(), Some(STALLED));
        assert_eq!(text(&typed.settle()), "written with care, 你");
        assert_eq!(typed.take(b"q"), [key(KeyCode::Char('q'), KeyModifiers::NONE)], "keys count again");
    }

    #[test]
    fn a_paste_beyond_all_measure_is_cut_and_its_rest_is_no_key() {
        let mut typed = Typed::default();
        typed.take(b"\x1b[200~");
        for _ in 0..100 {
            assert_eq!(typed.take(&[b'q'; 100_000]), []);
        }
        let events = typed.take(b"qq\x1b[201~j");
        assert_eq!(text(&events[..1]).len(), PASTE);
        assert_eq!(events[1..], [key(KeyCode::Char('j'), KeyModifiers::NONE)]);
    }

    #[test]
    fn rubbish_without_end_is_forgotten() {
        let mut typed = Typed::default();
        typed.take(b"\x1b]");
        assert_eq!(typed.take(&vec![b'x'; UNFINISHED]), []);
        assert_eq!(typed.take(b"q").last(), Some(&key(KeyCode::Char('q'), KeyModifiers::NONE)), "keys count again");
    }
}
