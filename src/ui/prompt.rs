//! The line at the bottom: commands, filters, arguments; and questions that wait for one key.

use super::line_input::LineInput;
use crate::command::{Verb, completions};
use crate::model::{ActId, DeadId, Draft, DraftId, InboxFilter, OutgoingId};

/// What a typed line is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Purpose {
    /// A command by name.
    Command,
    /// Narrowing the inbox; what it was narrowed to before.
    Filter(InboxFilter),
    /// The argument of a command.
    Argument(Verb),
    /// Finding something in the palette.
    Palette,
}

/// A line being typed.
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    /// What for.
    pub purpose: Purpose,
    /// The line.
    pub line: LineInput,
    /// What it was when completion began, and how often it was asked for since.
    completing: Option<(String, usize)>,
}

impl Prompt {
    /// A prompt whose text gives way to the first letter typed.
    pub(super) fn suggesting(purpose: Purpose, text: &str) -> Prompt {
        Prompt { line: LineInput::suggesting(text), ..Prompt::new(purpose, "") }
    }

    /// A prompt with a text to begin with.
    pub(super) fn new(purpose: Purpose, text: &str) -> Prompt {
        Prompt { purpose, line: LineInput::new(text), completing: None }
    }

    /// The next command that fits what was typed.
    pub(super) fn complete(&mut self, forward: bool) {
        if self.purpose != Purpose::Command {
            return;
        }
        let (start, step) = self.completing.clone().unwrap_or_else(|| (self.line.text().trim_start().to_owned(), 0));
        if start.contains(' ') {
            return;
        }
        let names = completions(&start);
        if names.is_empty() {
            return;
        }
        let count = names.len();
        let index = if forward { step % count } else { (step + count.saturating_sub(2) % count) % count };
        self.line.set(names[index].name);
        self.completing = Some((start, index + 1));
    }

    /// The text was typed: completion begins anew.
    pub(super) fn typed(&mut self) {
        self.completing = None;
    }

    /// What was typed when completion began, for the list of names that fit.
    pub(super) fn stem(&self) -> &str {
        self.completing.as_ref().map_or(self.line.text().trim_start(), |(start, _)| start)
    }
}

/// What a question's key does.
#[derive(Clone, Debug)]
pub(super) enum Choice {
    /// Leave; what was typed stays as a draft.
    Quit,
    /// Go on writing.
    KeepWriting,
    /// Keep the draft and close.
    Postpone,
    /// Throw away what was written.
    DiscardText,
    /// Ask once more before the text is thrown away.
    AskDiscard,
    /// Throw a draft away.
    DiscardDraft(DraftId),
    /// Go on with a draft.
    Resume(Box<Draft>, String),
    /// Begin anew although there is a draft.
    BeginAnew(Verb),
    /// Take an outgoing back or give it up.
    CancelOutgoing(OutgoingId),
    /// Send a failed or unknown outgoing again.
    RetryOutgoing(OutgoingId),
    /// Count an outgoing as sent.
    MarkSent(OutgoingId),
    /// Remove a dead letter.
    DiscardDead(DeadId),
    /// Take an act on who is who back.
    Unmerge(ActId),
    /// Do nothing.
    Nothing,
}

/// A question and the keys that answer it. Esc is the last of them.
#[derive(Clone, Debug)]
pub(super) struct Question {
    /// What is asked.
    pub text: String,
    /// Key, word, what it does.
    pub choices: Vec<(char, &'static str, Choice)>,
}

impl Question {
    /// A question for yes or no.
    pub(super) fn yes_no(text: impl Into<String>, yes: Choice) -> Question {
        Question { text: text.into(), choices: vec![('y', "yes", yes), ('n', "no", Choice::Nothing)] }
    }
}
