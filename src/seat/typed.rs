//! Bytes from a terminal that is not this process's → keys, pastes and clicks. A key split over two packets is still one.

use crossterm::event::{
    Event as Input, KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MouseButton, MouseEvent,
    MouseEventKind,
};
use termina::event as from;

/// Bytes taken in without one key coming out of them; then the rest is rubbish, or a paste beyond all measure.
const UNFINISHED: usize = 4 << 20;

/// Reads what one terminal sends.
#[derive(Default)]
pub struct Typed {
    parser: termina::Parser,
    /// Bytes since the last event.
    unfinished: usize,
    /// The last byte was an Escape: a key of its own, or the beginning of one.
    escape: bool,
}

impl Typed {
    /// Takes bytes in; what they complete comes out.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<Input> {
        self.parser.parse(bytes, true);
        self.escape = bytes.last() == Some(&0x1b);
        self.unfinished += bytes.len();
        let events = self.events();
        if !events.is_empty() {
            self.unfinished = 0;
        } else if self.unfinished > UNFINISHED {
            *self = Typed::default();
        }
        events
    }

    /// An Escape may be waiting for the rest of a key; if none comes soon, call [`Typed::settle`].
    pub fn waits(&self) -> bool {
        self.escape
    }

    /// Nothing more came: an Escape was the key itself.
    pub fn settle(&mut self) -> Vec<Input> {
        self.escape = false;
        self.parser.parse(&[], false);
        self.events()
    }

    fn events(&mut self) -> Vec<Input> {
        std::iter::from_fn(|| self.parser.pop()).filter_map(input).collect()
    }
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
        assert!(typed.waits());
        assert_eq!(typed.settle(), [key(KeyCode::Esc, KeyModifiers::NONE)]);
        assert!(!typed.waits());
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

    #[test]
    fn rubbish_without_end_is_forgotten() {
        let mut typed = Typed::default();
        typed.take(b"\x1b[200~");
        assert_eq!(typed.take(&vec![b'x'; UNFINISHED]), []);
        assert_eq!(typed.take(b"q").last(), Some(&key(KeyCode::Char('q'), KeyModifiers::NONE)), "keys count again");
    }
}
