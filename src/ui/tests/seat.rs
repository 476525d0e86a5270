//! A seat without a terminal: presses keys, carries effects to the fake desk, draws into memory.

use super::desk::{FakeDesk, NOW};
use crate::command::Verb;
use crate::keymap::{Keymap, parse_keys};
use crate::model::{Act, Comforts, Notify, Timestamp};
use crate::theme::{ColorDepth, Theme};
use crate::ui::{Division, Effect, Msg, Position, Screen, Setup, view};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use jiff::tz::TimeZone;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

pub(super) struct FakeSeat {
    pub(super) screen: Screen,
    pub(super) desk: FakeDesk,
    pub(super) now: Timestamp,
    size: (u16, u16),
    /// Effects the desk does not answer (save, sync, wake, quit) and all acts.
    pub(super) log: Vec<Effect>,
    /// Effects that wait while the desk is slow.
    pub(super) waiting: Vec<Effect>,
    pub(super) slow: bool,
}

impl FakeSeat {
    pub(super) fn new(width: u16, height: u16, desk: FakeDesk) -> FakeSeat {
        FakeSeat::with_keys(width, height, desk, "default")
    }

    /// A seat whose agent chose another keymap.
    pub(super) fn with_keys(width: u16, height: u16, desk: FakeDesk, name: &str) -> FakeSeat {
        let (keymap, warnings) = Keymap::load(name, &[]);
        assert_eq!(warnings, []);
        FakeSeat::with_keymap(width, height, desk, keymap)
    }

    pub(super) fn with_keymap(width: u16, height: u16, desk: FakeDesk, keymap: Keymap) -> FakeSeat {
        FakeSeat::with_warnings(width, height, desk, keymap, &[])
    }

    pub(super) fn with_warnings(
        width: u16,
        height: u16,
        desk: FakeDesk,
        keymap: Keymap,
        warnings: &[&str],
    ) -> FakeSeat {
        FakeSeat::with_setup(desk, FakeSeat::setup(width, height, keymap, warnings))
    }

    /// A seat whose agent was there before.
    pub(super) fn beginning_at(width: u16, height: u16, desk: FakeDesk, position: Position) -> FakeSeat {
        let (keymap, _) = Keymap::load("default", &[]);
        let setup = FakeSeat::setup(width, height, keymap, &[]);
        FakeSeat::with_setup(desk, Setup { position: Some(position), ..setup })
    }

    fn setup(width: u16, height: u16, keymap: Keymap, warnings: &[&str]) -> Setup {
        Setup {
            width,
            height,
            agent: "lin".into(),
            zone: TimeZone::UTC,
            // Those of the desk.
            accounts: vec![],
            keymap,
            now: NOW,
            quote: true,
            comforts: Comforts { notify: Notify::Bell, ..Comforts::default() },
            division: Division::default(),
            folder: "/home/lin".into(),
            owns: true,
            position: None,
            warnings: warnings.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    fn with_setup(desk: FakeDesk, setup: Setup) -> FakeSeat {
        let setup = Setup { accounts: desk.accounts.clone(), ..setup };
        let size = (setup.width, setup.height);
        let (screen, effects) = Screen::new(setup);
        let mut seat = FakeSeat { screen, desk, now: NOW, size, log: vec![], waiting: vec![], slow: false };
        seat.carry(effects);
        seat
    }

    pub(super) fn carry(&mut self, effects: Vec<Effect>) {
        self.waiting.extend(effects);
        if !self.slow {
            self.answer();
        }
    }

    /// The desk answers everything that waits.
    pub(super) fn answer(&mut self) {
        let mut steps = 0;
        while !self.waiting.is_empty() {
            steps += 1;
            assert!(steps < 10_000, "the screen asks for ever");
            let effect = self.waiting.remove(0);
            let effects = match &effect {
                Effect::Load(load) => self.screen.update(Msg::Loaded(Box::new(Ok(self.desk.load(load))))),
                Effect::Act(number, act) => {
                    let answer = self.desk.act(act);
                    self.log.push(effect.clone());
                    self.screen.update(Msg::Acted(*number, Box::new(answer)))
                }
                _ => {
                    self.log.push(effect.clone());
                    vec![]
                }
            };
            self.waiting.extend(effects);
        }
    }

    pub(super) fn send(&mut self, msg: Msg) {
        let effects = self.screen.update(msg);
        self.carry(effects);
    }

    /// Presses keys as a keymap writes them.
    pub(super) fn keys(&mut self, keys: &str) -> &mut FakeSeat {
        for key in parse_keys(keys).unwrap() {
            self.send(Msg::Key(KeyEvent::new(key.code, key.modifiers)));
        }
        self
    }

    /// Types a text letter by letter.
    pub(super) fn text(&mut self, text: &str) -> &mut FakeSeat {
        for letter in text.chars() {
            let code = if letter == '\n' { KeyCode::Enter } else { KeyCode::Char(letter) };
            self.send(Msg::Key(KeyEvent::new(code, KeyModifiers::NONE)));
        }
        self
    }

    /// Says a command after `:`, whatever key that is.
    pub(super) fn say(&mut self, line: &str) -> &mut FakeSeat {
        let keys = self.screen.keymap.keys_for(self.screen.context(), Verb::CommandLine).unwrap_or(":".into());
        self.keys(&keys).text(line).keys("Enter")
    }

    pub(super) fn clock(&mut self, millis: i64) {
        self.now = self.now.plus_millis(millis);
        self.send(Msg::Clock(self.now));
    }

    pub(super) fn resize(&mut self, width: u16, height: u16) {
        self.size = (width, height);
        self.send(Msg::Resize(width, height));
    }

    pub(super) fn buffer_in(&self, theme: &Theme) -> Buffer {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        terminal.draw(|frame| view(&self.screen, theme, frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    pub(super) fn buffer(&self) -> Buffer {
        self.buffer_in(&Theme::load("dark", &[], ColorDepth::True).0)
    }

    /// The frame as lines of text.
    pub(super) fn frame(&self) -> String {
        let buffer = self.buffer();
        let mut lines = Vec::new();
        for y in 0..buffer.area.height {
            let mut line = String::new();
            let mut skip = 0;
            for x in 0..buffer.area.width {
                if skip > 0 {
                    skip -= 1;
                    continue;
                }
                let symbol = buffer[(x, y)].symbol();
                skip = crate::ui::text::width(symbol).saturating_sub(1);
                line.push_str(symbol);
            }
            lines.push(line.trim_end().to_owned());
        }
        lines.join("\n")
    }

    #[track_caller]
    pub(super) fn shows(&self, text: &str) {
        let frame = self.frame();
        assert!(frame.contains(text), "`{text}` is not shown:\n{frame}");
    }

    #[track_caller]
    pub(super) fn hides(&self, text: &str) {
        let frame = self.frame();
        assert!(!frame.contains(text), "`{text}` is shown:\n{frame}");
    }

    /// Acts that reached the desk, without the quiet ones (drafts, read marks).
    pub(super) fn acts(&self) -> Vec<&Act> {
        self.desk.done.iter().filter(|act| !matches!(act, Act::SaveDraft(_) | Act::MarkRead(_))).collect()
    }

    pub(super) fn quits(&self) -> bool {
        self.log.contains(&Effect::Quit)
    }
}
