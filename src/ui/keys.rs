//! Keys and pastes: to a question, to the line being typed, to the text being written, or to a command.

use super::Screen;
use super::composer::Stage;
use super::inbox::parse_filter;
use super::prompt::{Choice, Prompt, Purpose, Question};
use crate::command::{Action, Verb, of};
use crate::keymap::{Context, Found, Key};
use crate::model::Act;
use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

impl Screen {
    /// A key was pressed.
    pub(super) fn key(&mut self, event: KeyEvent) {
        if event.kind == KeyEventKind::Release {
            return;
        }
        if self.is_too_small() {
            return self.key_unseen(Key::from(event));
        }
        if std::mem::take(&mut self.tour) {
            return self.touch();
        }
        self.inbox.used = true;
        let key = Key::from(event);
        if self.question.is_some() {
            return self.answer_question(key);
        }
        let context = self.context();
        self.keys.push(key);
        let action = match self.keymap.find(context, &self.keys) {
            Found::Prefix => {
                self.touch();
                return;
            }
            Found::Action(action) => Some(action.clone()),
            Found::Nothing | Found::Off => None,
        };
        let pressed = std::mem::take(&mut self.keys);
        if pressed.len() > 1 {
            self.touch();
        }
        // A sentence stays until the next key, a countdown until it is over.
        if self.said.as_ref().is_some_and(|said| said.leaves.is_none()) {
            self.said = None;
            self.touch();
        }
        match action {
            Some(action) => self.run(&action),
            // Only a key alone is text: an unknown sequence types nothing.
            None if pressed.len() == 1 => self.type_key(context, event),
            None => {}
        }
    }

    /// A key where the window is too small to show what it would do: only leaving is possible. Nothing is asked, since no
    /// question could be read; what is being written stays as a draft.
    fn key_unseen(&mut self, key: Key) {
        let control_c = key.code == KeyCode::Char('c') && key.modifiers == KeyModifiers::CONTROL;
        let leaves = if control_c {
            true
        } else {
            self.keys.push(key);
            match self.keymap.find(self.context(), &self.keys) {
                Found::Prefix => return,
                Found::Action(action) => action.verb == Verb::Quit,
                Found::Nothing | Found::Off => false,
            }
        };
        self.keys.clear();
        if leaves {
            self.leave();
        }
    }

    fn type_key(&mut self, context: Context, event: KeyEvent) {
        match context {
            Context::Prompt => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.line.key(event);
                    prompt.typed();
                    self.touch();
                }
                self.filter_as_typed();
                self.search_as_typed();
            }
            Context::Compose => {
                let now = self.now;
                if let Some(composer) = &mut self.composer {
                    if composer.key(event) {
                        composer.changed(now);
                    }
                    self.touch();
                }
            }
            _ => {}
        }
    }

    /// A paste: text where text is typed, nothing elsewhere, so that no pasted letter runs a command.
    pub(super) fn paste(&mut self, text: &str) {
        if self.is_too_small() {
            return;
        }
        if std::mem::take(&mut self.tour) {
            return self.touch();
        }
        if let Some(question) = self.question.take() {
            self.say_what_is_asked(&question);
            self.question = Some(question);
            return;
        }
        match self.context() {
            Context::Prompt => {
                if let Some(prompt) = &mut self.prompt {
                    prompt.line.insert(text.trim_end_matches(['\r', '\n']));
                    prompt.typed();
                    self.touch();
                }
                self.filter_as_typed();
                self.search_as_typed();
            }
            Context::Compose => {
                let now = self.now;
                let Some(composer) = &mut self.composer else { return };
                if composer.paste(text) {
                    composer.changed(now);
                    self.touch();
                } else {
                    self.complain("that is too long for a message (1 MB at most)");
                }
            }
            _ => self.complain("pasted text is ignored here: begin to write first"),
        }
    }

    /// Narrows the inbox with every letter.
    fn filter_as_typed(&mut self) {
        let Some(Prompt { purpose: Purpose::Filter(_), line, .. }) = &self.prompt else { return };
        let filter = parse_filter(line.text(), &self.agent);
        if filter != self.inbox.filter {
            self.show_inbox(self.inbox.view, filter);
        }
    }

    /// A command that moves in or ends the line being typed.
    pub(super) fn run_in_prompt(&mut self, verb: Verb) {
        let Some(mut prompt) = self.prompt.take() else { return };
        self.touch();
        if prompt.purpose == Purpose::Palette {
            if self.run_in_palette(verb) {
                self.prompt = Some(prompt);
            }
            return;
        }
        match verb {
            Verb::Open => return self.finish_prompt(prompt),
            Verb::Back => {
                if let Purpose::Filter(before) = prompt.purpose {
                    self.show_inbox(self.inbox.view, before);
                }
                return;
            }
            Verb::NextPane | Verb::Down => prompt.complete(true),
            Verb::PreviousPane | Verb::Up => prompt.complete(false),
            _ => {}
        }
        self.prompt = Some(prompt);
    }

    fn finish_prompt(&mut self, prompt: Prompt) {
        let text = prompt.line.text().trim().to_owned();
        match prompt.purpose {
            Purpose::Command if text.is_empty() => {}
            Purpose::Command => match Action::parse(&text) {
                Ok(action) => self.run(&action),
                Err(error) => self.complain(error.to_string()),
            },
            Purpose::Filter(_) | Purpose::Palette => {}
            // An empty line is an answer for those that may be empty.
            Purpose::Argument(verb) => self.run_with(verb, &text),
        }
    }

    /// Opens the line for the argument of a command.
    pub(super) fn ask_argument(&mut self, verb: Verb, begin: &str) {
        self.prompt = Some(Prompt::new(Purpose::Argument(verb), begin));
        self.touch();
    }

    /// What the line being typed is for, in words.
    pub(super) fn prompt_label(prompt: &Prompt) -> (String, &'static str) {
        match &prompt.purpose {
            Purpose::Command => (":".to_owned(), ""),
            Purpose::Palette => (String::new(), ""),
            Purpose::Filter(_) => ("/".to_owned(), of(Verb::Filter).takes.help()),
            Purpose::Argument(verb) => (format!("{}: ", of(*verb).name), of(*verb).takes.help()),
        }
    }

    fn answer_question(&mut self, key: Key) {
        let Some(question) = self.question.take() else { return };
        self.touch();
        let letter = key.typed();
        let chosen = match letter {
            Some(letter) => {
                let small = letter.to_lowercase().next().unwrap_or(letter);
                question.choices.iter().find(|(known, ..)| *known == letter || *known == small)
            }
            None if key.code == KeyCode::Esc => question.choices.last(),
            None => None,
        };
        match chosen {
            Some((_, _, choice)) => {
                // What was said about the question is over with it.
                if std::mem::take(&mut self.asked_again) {
                    self.said = None;
                }
                self.choose(choice.clone());
            }
            // No key is lost without a word.
            None => {
                self.say_what_is_asked(&question);
                self.question = Some(question);
            }
        }
    }

    /// Something else was typed while a question waits.
    fn say_what_is_asked(&mut self, question: &Question) {
        let keys: Vec<String> = question.choices.iter().map(|(key, word, _)| format!("{key} ({word})")).collect();
        let (last, first) = keys.split_last().map_or((String::new(), &[][..]), |(last, first)| (last.clone(), first));
        self.asked_again = true;
        self.complain(format!("below is a question: press {} or {last}; Esc is {last} too", first.join(", ")));
    }

    fn choose(&mut self, choice: Choice) {
        use super::screen::Then;
        match choice {
            Choice::Quit => self.leave(),
            Choice::KeepWriting => {
                if let Some(composer) = &mut self.composer {
                    composer.stage = Stage::Writing;
                }
            }
            Choice::Postpone => self.postpone(),
            Choice::DiscardText => self.discard_text(),
            Choice::AskDiscard => self.ask_discard(),
            Choice::DiscardDraft(id) => drop(self.act(Act::DiscardDraft(id), Then::Say)),
            Choice::Resume(draft, name) => self.resume(*draft, name),
            Choice::BeginAnew(verb) => self.begin_answer(verb),
            Choice::CancelOutgoing(id) => drop(self.act(Act::CancelOutgoing(id), Then::Say)),
            Choice::RetryOutgoing(id) => drop(self.act(Act::RetryOutgoing(id), Then::Say)),
            Choice::MarkSent(id) => drop(self.act(Act::MarkSent(id), Then::Say)),
            Choice::DiscardDead(id) => drop(self.act(Act::DiscardDead(id), Then::Say)),
            Choice::Unmerge(id) => drop(self.act(Act::Unmerge(id), Then::Say)),
            Choice::Nothing => {}
        }
    }
}
