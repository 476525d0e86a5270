//! Commands about writing: begin, review, send, keep, throw away.

use super::answer_text::{account_for_strangers, begin};
use super::composer::{Composer, Stage, attachment_name};
use super::prompt::{Choice, Question};
use super::screen::Then;
use super::{Effect, Load, Screen, address};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Act, Compose, CustomerId, Direction, Draft, DraftId, OutgoingId, PHONE, ReplyKind, TimelineEntry};

impl Screen {
    /// Begins to write.
    pub(super) fn write(&mut self, verb: Verb, argument: &str) {
        self.sheets.clear();
        if verb == Verb::Compose {
            let mut compose = Compose::new(ReplyKind::New, None);
            compose.account = account_for_strangers("", &self.accounts);
            if compose.account.is_empty() {
                return self.complain("no account can send: `switchboard account list` shows them");
            }
            match address::parse(argument) {
                Ok(to) => compose.to = to,
                Err(why) => return self.complain(why),
            }
            return self.compose(compose, String::new());
        }
        let Some(id) = self.target() else { return self.complain("choose a customer first") };
        self.focus = super::layout::Pane::Timeline;
        self.open_customer(id, true);
        let drafts = self.open.as_ref().and_then(|open| open.profile.as_ref()).map_or(0, |profile| profile.drafts);
        let loaded = self.open.as_ref().is_some_and(|open| open.loaded && open.profile.is_some());
        if drafts > 0 {
            // What was begun before is offered first.
            self.reply_wanted = Some(verb);
            return self.load(Load::Drafts);
        }
        if loaded {
            self.begin_answer(verb);
        } else {
            // It begins as soon as the messages are there.
            self.reply_wanted = Some(verb);
            self.say("opening …");
        }
    }

    /// The messages came: begins what was wanted.
    pub(super) fn answer_when_loaded(&mut self) {
        let ready = self.open.as_ref().is_some_and(|open| open.loaded && open.profile.is_some());
        if !ready || self.composer.is_some() {
            return;
        }
        if let Some(verb) = self.reply_wanted.take() {
            self.said = None;
            self.write(verb, "");
        }
    }

    /// The message an answer is to: the one under the cursor. Where the cursor only stands at the end, and where it is on
    /// what cannot be answered (a note, a call, a robot), the last of theirs. An answer of ours stands for what it answers.
    fn parent(&self, kind: ReplyKind) -> Option<&TimelineEntry> {
        let open = self.open.as_ref()?;
        let fits = |entry: &&TimelineEntry| {
            let message = &entry.message;
            let call = message.account.is_empty() || message.channel == PHONE;
            message.direction != Direction::Note && message.automated.is_none() && !call
        };
        let theirs = |entry: &&TimelineEntry| fits(entry) && entry.message.direction == Direction::Inbound;
        let chosen = open.entry().filter(fits);
        if kind == ReplyKind::Forward || chosen.is_some_and(|entry| theirs(&entry)) {
            return chosen.or_else(|| open.entries.iter().rev().find(fits));
        }
        let last = open.entries.iter().rev().find(theirs);
        let answered = match chosen.filter(|_| open.selected < open.last_shown()) {
            Some(ours) => {
                let same = |entry: &&TimelineEntry| theirs(entry) && entry.message.thread == ours.message.thread;
                open.entries.iter().rev().find(same).or(Some(ours))
            }
            None => last,
        };
        answered.or(chosen).or_else(|| open.entries.iter().rev().find(fits))
    }

    /// Begins an answer or a note for the open customer.
    pub(super) fn begin_answer(&mut self, verb: Verb) {
        let Some(open) = &self.open else { return };
        let (id, name) = (open.id, open.name().to_owned());
        let seen = open.entries.last().map(|entry| entry.message.id);
        let kind = match verb {
            Verb::Note => {
                let mut compose = Compose::new(ReplyKind::Note, Some(id));
                compose.seen = seen;
                return self.compose(compose, name);
            }
            Verb::ReplyAll => ReplyKind::ReplyAll,
            Verb::Forward => ReplyKind::Forward,
            _ => ReplyKind::Reply,
        };
        let Some(parent) = self.parent(kind) else {
            let keys = self.key_name(Context::Timeline, Verb::Compose);
            let calls = self.open.as_ref().is_some_and(|open| {
                open.entries.iter().any(|entry| entry.message.channel == PHONE && !entry.message.account.is_empty())
            });
            if calls {
                let text =
                    format!("a phone call cannot be answered from here: call them, or {keys} writes a new message");
                return self.complain(text);
            }
            return self.complain(format!("there is no message to answer; {keys} writes a new one"));
        };
        let mut compose = begin(kind, id, parent, &self.accounts, &self.zone, self.quote);
        if kind != ReplyKind::Forward {
            compose.seen = seen;
        }
        if compose.account.is_empty() {
            let channel = &parent.message.channel;
            let text = format!("no account can send by {channel}: `switchboard account list` shows them");
            return self.complain(text);
        }
        self.compose(compose, name);
    }

    fn compose(&mut self, compose: Compose, name: String) {
        self.composer = Some(Composer::new(compose, name, DraftId::new()));
        self.settle_place();
        self.touch();
    }

    /// Goes on with a draft.
    pub(super) fn resume(&mut self, draft: Draft, name: String) {
        self.sheets.clear();
        self.reply_wanted = None;
        if let Some(id) = draft.customer {
            self.focus = super::layout::Pane::Timeline;
            self.open_customer(id, true);
        }
        self.composer = Some(Composer::resume(draft, name));
        self.settle_place();
        self.touch();
    }

    /// Writes again what was sent and taken back.
    pub(super) fn reopen(&mut self, draft: Draft, name: String, taken_back: Option<OutgoingId>) {
        if self.composer.is_none() {
            let mut composer = Composer::resume(draft, name);
            composer.taken_back = taken_back;
            // What was saved before it was sent may be told only now.
            composer.unheard =
                self.sent_draft.filter(|(id, _)| *id == composer.draft).map_or(0, |(_, unheard)| unheard);
            self.composer = Some(composer);
            self.settle_place();
            self.touch();
        }
    }

    /// The drafts came while an answer was wanted: offers the one for this customer.
    pub(super) fn offer_draft(&mut self, verb: Verb, drafts: Vec<crate::model::DraftView>) {
        let id = self.open.as_ref().map(|open| open.id);
        let own = drafts.into_iter().find(|view| {
            view.draft.customer.is_some()
                && view.draft.customer == id
                && view.draft.agent == self.agent
                && (view.draft.compose.kind == ReplyKind::Note) == (verb == Verb::Note)
        });
        let Some(view) = own else { return self.begin_answer(verb) };
        let begins = super::text::cut(view.draft.compose.text.trim().lines().next().unwrap_or_default(), 30);
        self.question = Some(Question {
            text: format!("There is a draft: “{begins}”."),
            choices: vec![
                ('y', "go on with it", Choice::Resume(Box::new(view.draft), view.name)),
                ('n', "begin anew", Choice::BeginAnew(verb)),
                ('q', "neither", Choice::Nothing),
            ],
        });
        self.touch();
    }

    /// Commands while something is written or reviewed.
    pub(super) fn finish_writing(&mut self, verb: Verb, argument: &str) {
        if self.composer.is_none() {
            return self.complain("nothing is being written");
        }
        if self.composer.as_ref().is_some_and(Composer::is_sending) {
            return self.say("it is on its way");
        }
        match verb {
            Verb::Review => self.review(),
            Verb::Editor => self.begin_editor(),
            Verb::Send | Verb::SendResolve => self.send(verb == Verb::SendResolve),
            Verb::Edit => self.choose_stage(Stage::Writing),
            Verb::Attach => self.attach(argument),
            Verb::Channel => self.switch_channel(argument),
            Verb::Way => self.choose_way(argument),
            Verb::Detach => self.detach(),
            Verb::Postpone => self.postpone(),
            Verb::Discard => self.ask_discard(),
            _ => {}
        }
    }

    /// Hands the text to the agent's own editor. The draft is saved before, so that nothing hangs on how that ends.
    fn begin_editor(&mut self) {
        let Some(composer) = self.composer.as_ref().filter(|composer| composer.stage == Stage::Writing) else {
            return self.say("go on writing first");
        };
        let (draft, text) = (composer.draft, composer.text());
        if composer.wants_saving().is_some() || (!composer.kept && composer.has_text()) {
            self.save_draft();
        }
        self.effect(Effect::Edit { draft, text });
    }

    /// The editor ended: its text takes the place of the one before, and is saved.
    pub(super) fn edited(&mut self, result: Result<String, String>) {
        self.touch();
        match (result, &mut self.composer) {
            (Ok(text), Some(composer)) => {
                if composer.replace_text(&text) {
                    self.save_draft();
                }
            }
            (Ok(_), None) => {}
            (Err(why), _) => self.complain(why),
        }
    }

    fn choose_stage(&mut self, stage: Stage) {
        let Some(composer) = &mut self.composer else { return };
        composer.stage = stage;
        self.touch();
    }

    /// Done writing: shows what leaves. What must be put right is said first.
    fn review(&mut self) {
        let Some(composer) = &self.composer else { return };
        if composer.elsewhere {
            return self.say_changed_elsewhere();
        }
        match composer.to_compose(false) {
            Ok(compose) => {
                let hindered =
                    composer.place().and_then(|place| place.hindrance(&compose.text, composer.body.lines(), self.now));
                if let Some(why) = hindered {
                    return self.complain(why);
                }
                if composer.wants_saving().is_some() {
                    self.save_draft();
                }
                self.choose_stage(Stage::Review { top: 0, sending: None, moved: None });
            }
            Err(why) => self.complain(why),
        }
    }

    /// What is here is older than what another window wrote: it must not leave in its place.
    fn say_changed_elsewhere(&mut self) {
        let keys = self.key_name(Context::Inbox, Verb::Drafts);
        self.complain(format!(
            "another window has changed this draft: close this and open it again ({keys}), or type here for a second one"
        ));
    }

    fn send(&mut self, resolve: bool) {
        let Some(composer) = &self.composer else { return };
        // Only what was reviewed leaves, and only once.
        let Stage::Review { sending: None, .. } = composer.stage else { return };
        if composer.elsewhere {
            return self.say_changed_elsewhere();
        }
        let name = composer.name.clone();
        match composer.to_compose(resolve) {
            Ok(compose) => {
                let then = Then::Send { compose: Box::new(compose.clone()), name };
                let number = self.act(Act::Send(Box::new(compose)), then);
                if let Some(Composer { stage: Stage::Review { sending, .. }, .. }) = &mut self.composer {
                    *sending = Some(number);
                }
                self.touch();
            }
            Err(why) => self.complain(why),
        }
    }

    fn attach(&mut self, path: &str) {
        let now = self.now;
        let Some(composer) = &mut self.composer else { return };
        // Seen from where the agent is, which need not be where the desk is.
        let path = match path.starts_with(['/', '~']) || self.folder.is_empty() {
            true => path.to_owned(),
            false => format!("{}/{path}", self.folder.trim_end_matches('/')),
        };
        match composer.attach(&path) {
            Ok(()) => {
                composer.changed(now);
                self.say(format!("attached {path}; it is read when the message is sent"));
            }
            Err(why) => self.complain(why),
        }
    }

    fn detach(&mut self) {
        let now = self.now;
        let Some(composer) = &mut self.composer else { return };
        match composer.detach() {
            Some(source) => {
                composer.changed(now);
                self.say(format!("{} is not attached any more", attachment_name(&source)));
            }
            None => self.say("nothing is attached"),
        }
    }

    /// Keeps the draft and closes.
    pub(super) fn postpone(&mut self) {
        let Some(composer) = &self.composer else { return };
        if composer.wants_saving().is_some() || (!composer.kept && composer.has_text()) {
            self.save_draft();
        }
        self.composer = None;
        // While writing, the profile was not asked for with every save.
        self.ask_profile_again();
        let keys = self.key_name(Context::Inbox, Verb::Drafts);
        self.say(format!("kept as a draft; {keys} lists drafts"));
    }

    /// Esc while writing: an untouched text just closes.
    pub(super) fn ask_about_text(&mut self) {
        let Some(composer) = &self.composer else { return };
        if !composer.has_text() {
            return self.discard_text();
        }
        self.question = Some(Question {
            text: "Keep this text?".to_owned(),
            choices: vec![
                ('p', "as a draft", Choice::Postpone),
                ('n', "throw away", Choice::AskDiscard),
                ('k', "keep writing", Choice::KeepWriting),
            ],
        });
    }

    pub(super) fn ask_discard(&mut self) {
        let Some(composer) = &self.composer else { return };
        if !composer.has_text() {
            return self.discard_text();
        }
        self.question = Some(Question::yes_no("Throw this text away for good?", Choice::DiscardText));
        self.touch();
    }

    /// Closes without keeping anything.
    pub(super) fn discard_text(&mut self) {
        let Some(composer) = self.composer.take() else { return };
        self.touch();
        // What another window writes in is not ours to throw away.
        if composer.kept && !composer.elsewhere {
            self.act(Act::DiscardDraft(composer.draft), Then::Quiet);
            self.say("thrown away");
        }
    }

    /// Scrolls the review.
    pub(super) fn scroll_review(&mut self, rows: isize) {
        if let Some(Composer { stage: Stage::Review { top, .. }, .. }) = &mut self.composer {
            *top = top.saturating_add_signed(rows);
        }
    }

    /// The case goes on when what was written is on its way.
    pub(super) fn written(&mut self, customer: Option<CustomerId>, resolved: bool) {
        self.sent_draft = self.composer.take().map(|composer| (composer.draft, composer.unheard));
        self.touch();
        if resolved && customer.is_some() && self.open.as_ref().map(|open| open.id) == customer {
            self.go_on();
        }
    }
}
