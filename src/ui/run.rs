//! Running commands: moving about and opening things. Cases are in `triage.rs`, writing in `write.rs`, lists in
//! `lists.rs`.

use super::inbox::show_filter;
use super::layout::Pane;
use super::prompt::{Choice, Prompt, Purpose, Question};
use super::sheet::{Content, Sheet};
use super::{Effect, Screen};
use crate::command::{Action, Group, Takes, Verb, of};
use crate::keymap::Context;
use crate::model::{InboxFilter, InboxView};

impl Screen {
    /// Runs a command.
    pub(super) fn run(&mut self, action: &Action) {
        if self.prompt.is_some() {
            return self.run_in_prompt(action.verb);
        }
        // A key alone asks for what it needs; so do those whose argument may be empty but says something.
        if let Some(why) = self.hindrance(action.verb) {
            return self.complain(why);
        }
        let asks = match of(action.verb).takes {
            Takes::Needed(_) => true,
            Takes::Optional(_) => matches!(action.verb, Verb::Name | Verb::Remark | Verb::Language | Verb::Filter),
            Takes::Nothing => false,
        };
        if asks && action.argument.is_empty() {
            return self.ask_for(action.verb);
        }
        self.run_with(action.verb, &action.argument);
    }

    fn ask_for(&mut self, verb: Verb) {
        let profile = self.open.as_ref().filter(|open| Some(open.id) == self.target()).and_then(|o| o.profile.as_ref());
        let customer = profile.map(|profile| &profile.customer);
        let begin = match verb {
            Verb::Filter => {
                self.sheets.clear();
                let before = self.inbox.filter.clone();
                let text = show_filter(&before, &self.agent);
                self.focus = Pane::Inbox;
                self.prompt = Some(Prompt::suggesting(Purpose::Filter(before), &text));
                return self.touch();
            }
            Verb::Name => customer.map(|customer| customer.name.clone()),
            Verb::Remark => customer.map(|customer| customer.notes.clone()),
            Verb::Language => customer.and_then(|customer| customer.language.clone()),
            _ => None,
        };
        let about_case = matches!(verb, Verb::Snooze | Verb::Assign | Verb::Priority | Verb::Tag)
            || matches!(verb, Verb::Name | Verb::Remark | Verb::Language | Verb::Field);
        if about_case && self.target().is_none() {
            return self.complain("choose a customer first");
        }
        self.ask_argument(verb, &begin.unwrap_or_default());
        if verb == Verb::Assign {
            self.prompt = Some(Prompt::suggesting(Purpose::Argument(verb), "me"));
        }
    }

    /// Runs a command with its argument, which may be empty.
    pub(super) fn run_with(&mut self, verb: Verb, argument: &str) {
        use Verb as V;
        if let Some(why) = self.hindrance(verb) {
            return self.complain(why);
        }
        let context = self.context();
        match verb {
            V::Down | V::Up | V::Top | V::Bottom | V::HalfDown | V::HalfUp | V::PageDown | V::PageUp => {
                self.move_by(verb, context);
            }
            V::Open => self.open_selected(context),
            V::Back => self.back(context),
            V::NextPane | V::PreviousPane => self.next_pane(verb == V::NextPane, context),
            V::NextCase | V::PreviousCase => {
                self.sheets.clear();
                if !self.open_neighbour(verb == V::NextCase) {
                    self.say(if verb == V::NextCase { "this is the last case" } else { "this is the first case" });
                }
            }
            V::View => match InboxView::from_word(argument) {
                Some(view) => {
                    self.sheets.clear();
                    self.focus = Pane::Inbox;
                    let filter = self.inbox.filter.clone();
                    self.show_inbox(view, filter);
                }
                None => self.complain(format!("there is no view `{argument}`; say {}", of(verb).takes.help())),
            },
            V::Filter => {
                self.focus = Pane::Inbox;
                let filter = super::inbox::parse_filter(argument, &self.agent);
                self.show_inbox(self.inbox.view, filter);
            }
            V::Grow | V::Shrink | V::Zoom | V::ResetPanes => self.divide(verb),
            V::Outbox => self.open_sheet(Content::Outbox(Vec::new())),
            V::Dead => self.open_sheet(Content::Dead(Vec::new())),
            V::Automated => self.open_sheet(Content::Automated(Vec::new(), None)),
            V::Accounts => self.open_sheet(Content::Accounts),
            V::Drafts => self.open_sheet(Content::Drafts(Vec::new())),
            V::Segments => self.show_segments(argument),
            V::Scores => self.show_scores(),
            V::Moods => self.switch_moods(argument),
            V::Why => self.explain(context),
            V::Sentiment => self.correct(argument),
            V::Help => self.open_sheet(Content::Help(context)),
            V::Tour => self.show_tour(),
            V::Messages => self.show_messages(),
            V::Resolve
            | V::Reopen
            | V::Wait
            | V::Snooze
            | V::Assign
            | V::Priority
            | V::Tag
            | V::Read
            | V::Unread
            | V::Undo
            | V::Name
            | V::Remark
            | V::Language
            | V::Field => self.triage(verb, argument),
            V::Merge | V::NextSuggestion | V::NeverAgain | V::Split | V::MoveIdentity | V::Accept | V::History => {
                self.people(verb, argument)
            }
            V::Reply | V::ReplyAll | V::Forward | V::Compose | V::Note => self.write(verb, argument),
            V::Editor
            | V::Review
            | V::Send
            | V::SendResolve
            | V::Edit
            | V::Attach
            | V::Channel
            | V::Way
            | V::Detach
            | V::Postpone
            | V::Discard => {
                self.finish_writing(verb, argument);
            }
            V::Fold => self.fold(),
            V::Narrow => self.narrow(argument),
            V::SaveAttachment => self.save_attachment(argument),
            V::Original => self.show_original(),
            V::SaveOriginal => self.save_original(),
            V::Retry | V::Cancel | V::MarkSent | V::Save | V::Delete => self.run_in_list(verb),
            V::CommandLine => {
                self.prompt = Some(Prompt::new(Purpose::Command, ""));
                self.touch();
            }
            V::Copy => self.copy(argument, context),
            V::LogCall => self.log_call(argument),
            V::Palette => self.open_palette(),
            V::Sync => {
                self.effect(Effect::SyncNow);
                self.say("looking for new messages");
            }
            V::Redraw => {
                self.touch();
                self.effect(Effect::Redraw);
            }
            V::Quit => self.quit(),
        }
    }

    /// Why a command would act on something the agent does not see now.
    fn hindrance(&self, verb: Verb) -> Option<&'static str> {
        let group = of(verb).group;
        let begins = matches!(verb, Verb::Reply | Verb::ReplyAll | Verb::Forward | Verb::Note | Verb::Compose);
        let about_customer = matches!(group, Group::Case | Group::Profile) && verb != Verb::Undo;
        let elsewhere = matches!(verb, Verb::NextCase | Verb::PreviousCase | Verb::View | Verb::Filter);
        if self.composer.is_some() && (begins || about_customer || elsewhere || verb == Verb::Undo) {
            return Some("finish what you are writing first, or keep it as a draft");
        }
        let comparing = matches!(self.sheets.last().map(|sheet| &sheet.content), Some(Content::Compare(_)));
        if comparing && verb == Verb::Merge {
            return None;
        }
        if !self.sheets.is_empty() && (about_customer || (begins && verb != Verb::Compose)) {
            return Some("that is about a customer: go back to one first");
        }
        None
    }

    /// The keys of a command here, or how to say it.
    pub(super) fn key_name(&self, context: Context, verb: Verb) -> String {
        self.keymap.keys_for(context, verb).unwrap_or_else(|| format!(":{}", of(verb).name))
    }

    fn move_by(&mut self, verb: Verb, context: Context) {
        let height = self.rows();
        let (half, page) = ((height / 2).max(1) as isize, height.saturating_sub(1).max(1) as isize);
        let rows = match verb {
            Verb::Down => 1,
            Verb::Up => -1,
            Verb::HalfDown => half,
            Verb::HalfUp => -half,
            Verb::PageDown => page,
            Verb::PageUp => -page,
            Verb::Top => isize::MIN,
            _ => isize::MAX,
        };
        self.touch();
        self.move_rows_of(rows, height, context);
    }

    fn move_rows_of(&mut self, rows: isize, height: usize, context: Context) {
        match context {
            Context::List | Context::Why => self.move_in_list(rows, height),
            Context::Review => self.scroll_review(rows),
            Context::Inbox => self.move_in_inbox(rows),
            Context::Profile if self.focus == Pane::Scores => self.move_in_scores(rows),
            Context::Profile => self.move_in_profile(rows),
            Context::Timeline => self.move_in_timeline(rows, height),
            Context::Global | Context::Compose | Context::Prompt => {}
        }
    }

    pub(super) fn move_in_profile(&mut self, rows: isize) {
        if let Some(open) = &mut self.open {
            open.profile_top = open.profile_top.saturating_add_signed(rows).min(500);
        }
    }

    fn move_in_inbox(&mut self, rows: isize) {
        if rows == isize::MIN
            && let Some(load) = self.inbox.rewind()
        {
            self.load(load);
        }
        let last = self.inbox.rows.len().saturating_sub(1);
        self.inbox.selected = self.inbox.selected.saturating_add_signed(rows).min(last);
        self.follow();
    }

    /// Where the timeline is beside the inbox it shows whom the cursor is on, without counting as read.
    pub(super) fn follow(&mut self) {
        if self.focus == Pane::Inbox
            && self.composer.is_none()
            && self.layout().timeline.is_some()
            && let Some(id) = self.inbox.row().map(|row| row.customer)
            && self.open.as_ref().is_none_or(|open| open.id != id)
        {
            self.open_customer(id, false);
        }
    }

    fn move_in_timeline(&mut self, rows: isize, height: usize) {
        let Some(open) = &mut self.open else { return };
        match rows {
            1 | -1 => open.step(rows > 0, height),
            isize::MIN => {
                open.selected = open.first_shown();
                open.show_selected(height);
            }
            isize::MAX if open.latest_dropped() => {
                open.selected = open.last_shown();
                self.ask_open();
            }
            isize::MAX => {
                open.selected = open.last_shown();
                open.show_selected(height);
            }
            rows => open.scroll(rows, height),
        }
    }

    fn open_selected(&mut self, context: Context) {
        match context {
            Context::Inbox => {
                if let Some(id) = self.inbox.row().map(|row| row.customer) {
                    self.focus = Pane::Timeline;
                    self.aside.clear();
                    self.open_customer(id, true);
                }
            }
            Context::Timeline => self.fold(),
            Context::Profile if self.focus == Pane::Scores => self.open_score(),
            Context::List | Context::Why => self.open_in_list(),
            _ => {}
        }
    }

    /// Goes to the row behind or before the open customer's, and opens that one. False when there is none.
    pub(super) fn open_neighbour(&mut self, next: bool) -> bool {
        let current = self.open.as_ref().filter(|_| self.focus != Pane::Inbox).map(|open| open.id);
        let present = current.map(|id| self.inbox.position(id));
        let (at, gone) = match present {
            Some(Some(at)) => (at, false),
            // It left the list (resolved, say): on its place stands the next one.
            Some(None) => (self.inbox.selected, true),
            None => (self.inbox.selected, false),
        };
        let to = match (next, gone) {
            (true, true) => at,
            (true, false) => at + 1,
            (false, _) => at.wrapping_sub(1),
        };
        let Some(id) = self.inbox.rows.get(to).map(|row| row.customer) else { return false };
        self.inbox.selected = to;
        self.focus = Pane::Timeline;
        self.open_customer(id, true);
        true
    }

    fn back(&mut self, context: Context) {
        self.touch();
        match context {
            Context::List if self.leave_members() => {}
            Context::List | Context::Why => drop(self.sheets.pop()),
            Context::Timeline if self.widen() => {}
            Context::Timeline | Context::Profile if self.return_to_list() => {}
            Context::Timeline | Context::Profile => self.focus = Pane::Inbox,
            Context::Compose => self.ask_about_text(),
            Context::Inbox if self.inbox.filter != InboxFilter::default() => {
                self.show_inbox(self.inbox.view, InboxFilter::default());
            }
            Context::Inbox if self.inbox.view != InboxView::default() => {
                self.show_inbox(InboxView::default(), InboxFilter::default());
            }
            Context::Inbox => {
                let text = self.leaving_costs().unwrap_or_else(|| "Leave Switchboard?".to_owned());
                self.question = Some(Question::yes_no(text, Choice::Quit));
            }
            Context::Global | Context::Review | Context::Prompt => {}
        }
    }

    fn next_pane(&mut self, forward: bool, context: Context) {
        self.touch();
        if context == Context::Compose {
            if let Some(composer) = &mut self.composer {
                composer.next_field(forward);
            }
            return;
        }
        if context == Context::List {
            return self.next_kind(forward);
        }
        if matches!(context, Context::Why | Context::Review) {
            return;
        }
        const ORDER: [Pane; 4] = [Pane::Inbox, Pane::Timeline, Pane::Profile, Pane::Scores];
        let at = ORDER.iter().position(|pane| *pane == self.focus).unwrap_or_default();
        let to = ORDER[(at + if forward { 1 } else { ORDER.len() - 1 }) % ORDER.len()];
        if to != Pane::Inbox {
            // What the cursor is on is what one goes to.
            let id = match self.focus {
                Pane::Inbox => self.inbox.row().map(|row| row.customer),
                _ => self.open.as_ref().map(|open| open.id),
            };
            let Some(id) = id else { return self.say("no customer is selected") };
            self.focus = to;
            return self.open_customer(id, true);
        }
        self.focus = to;
    }

    fn fold(&mut self) {
        if let Some(open) = &mut self.open {
            open.fold();
            self.touch();
        }
    }

    /// Shows a list or text over the panes; the same one twice is shown once.
    pub(super) fn open_sheet(&mut self, content: Content) {
        const DEPTH: usize = 8;
        let kind = std::mem::discriminant(&content);
        self.sheets.retain(|sheet| std::mem::discriminant(&sheet.content) != kind);
        if self.sheets.len() == DEPTH {
            self.sheets.remove(0);
        }
        let mut sheet = Sheet::new(content);
        if let Some(load) = sheet.load() {
            self.load(load);
        }
        self.sheets.push(sheet);
        self.touch();
    }

    fn quit(&mut self) {
        if let Some(text) = self.leaving_costs() {
            self.question = Some(Question::yes_no(text, Choice::Quit));
            return self.touch();
        }
        self.leave();
    }

    /// What an agent should know before leaving; `None` when there is nothing.
    fn leaving_costs(&self) -> Option<String> {
        if self.composer.as_ref().is_some_and(super::composer::Composer::has_text) {
            return Some("Leave? What you are writing stays as a draft.".to_owned());
        }
        match self.counts.moving {
            0 => None,
            _ if !self.owns => None,
            1 => Some("Leave? 1 answer has not left yet; it goes next time.".to_owned()),
            more => Some(format!("Leave? {more} answers have not left yet; they go next time.")),
        }
    }

    /// Hands over what was typed and leaves.
    pub(super) fn leave(&mut self) {
        let unsaved = self.composer.as_ref().is_some_and(|composer| {
            composer.has_text() && !composer.is_sending() && (composer.wants_saving().is_some() || !composer.kept)
        });
        if unsaved {
            self.save_draft();
        }
        self.effect(Effect::Quit);
    }
}
