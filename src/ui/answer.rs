//! What comes back: answers to questions, outcomes of acts, changes in the store.

use super::composer::{Composer, Stage};
use super::screen::{Said, Then, Undo};
use super::sheet::Content;
use super::{Load, Loaded, Refusal, Screen};
use crate::command::Verb;
use crate::keymap::Context;
use crate::model::{Act, Acted, Event, EventKind};

impl Screen {
    /// Something was loaded, or could not be.
    pub(super) fn loaded(&mut self, answer: Result<Loaded, String>) {
        self.touch();
        match answer {
            Ok(loaded) => self.take(loaded),
            Err(why) => {
                // It does not say which question failed: all may be asked again.
                self.forget_questions();
                self.drop_comparison();
                self.complain(why);
            }
        }
    }

    /// No answer comes to what was asked; all may be asked again.
    pub(super) fn forget_questions(&mut self) {
        self.inbox.failed();
        self.search_failed();
        self.news.failed();
        (self.timeline_asked, self.profile_asked, self.reply_wanted) = (None, None, None);
        self.scores.forget();
        self.forget_members();
        self.resume_wanted = None;
        (self.counts_asked, self.counts_again, self.timeline_again) = (false, false, false);
        for sheet in &mut self.sheets {
            (sheet.asked, sheet.again) = (false, false);
        }
    }

    fn take(&mut self, loaded: Loaded) {
        match loaded {
            Loaded::Inbox { view, filter, after, page } => {
                if let Some(load) = self.inbox.answer(view, &filter, after, page) {
                    self.load(load);
                }
                self.follow();
            }
            Loaded::Customer(id, profile) => self.take_profile(id, profile),
            Loaded::Timeline { customer, before, page } => {
                self.timeline_asked = None;
                let again = std::mem::take(&mut self.timeline_again);
                match self.open.as_mut().filter(|open| open.id == customer) {
                    Some(open) => {
                        let latest = before.is_none();
                        open.answer(before, page);
                        let found = open.go_on_seeking();
                        if latest {
                            self.ask_window_again();
                        }
                        if again {
                            self.ask_open();
                        }
                        if !found {
                            self.complain("that message is further back than is looked through here");
                        }
                        self.answer_when_loaded();
                    }
                    // The agent went on meanwhile: now the one wanted.
                    None => self.ask_open(),
                }
            }
            Loaded::News(customers) => self.tell_news(&customers),
            Loaded::Search { text, page } => self.found(&text, page),
            Loaded::Counts(counts) => {
                self.counts = counts;
                self.counts_asked = false;
                if std::mem::take(&mut self.counts_again) {
                    self.ask_counts();
                }
            }
            Loaded::Drafts(drafts) => {
                if self.resume_where_it_was(&drafts) {
                    return;
                }
                if let (Some(verb), None) = (self.reply_wanted, &self.composer)
                    && self.sheets.is_empty()
                {
                    self.reply_wanted = None;
                    return self.offer_draft(verb, drafts);
                }
                self.fill(Content::Drafts(drafts));
            }
            Loaded::Outbox(rows) => self.fill(Content::Outbox(rows)),
            Loaded::Dead(rows) => self.fill(Content::Dead(rows)),
            Loaded::Automated { after, page } => {
                let found = self.sheets.iter_mut().find(|sheet| matches!(sheet.content, Content::Automated(..)));
                if let Some(sheet) = found {
                    sheet.take_automated(after, page);
                    if let Some(row) = sheet.begin_at.take() {
                        sheet.selected = row;
                    }
                    (sheet.loaded, sheet.asked) = (true, false);
                }
            }
            Loaded::Window(id, way, left) => self.take_window(id, way, left),
            Loaded::Original(id, text) => self.fill(Content::Original(id, text)),
            Loaded::DeadOriginal(id, text) => self.fill(Content::DeadOriginal(id, text)),
            Loaded::History(id, rows) => self.fill(Content::History(id, rows)),
            Loaded::Compare(comparison) => self.compared(comparison),
            Loaded::Scorecard(id, card) => self.take_scorecard(id, card),
            Loaded::Segments(segments) => self.take_segments(segments),
            Loaded::Members { kind, name, after, page } => self.take_members(kind, &name, after, page),
        }
    }

    fn take_profile(&mut self, id: crate::model::CustomerId, profile: Option<Box<crate::model::CustomerView>>) {
        self.profile_asked = None;
        match self.open.as_mut().filter(|open| open.id == id) {
            Some(open) => {
                open.gone = profile.is_none();
                // It turned out to be another: that one is shown from now on.
                let now = profile.as_ref().map(|profile| profile.customer.id).filter(|now| *now != id);
                open.take_profile(profile);
                if let Some(now) = now {
                    open.id = now;
                    return self.ask_open();
                }
                self.answer_when_loaded();
            }
            None => self.ask_profile(),
        }
    }

    /// Gives what came to the sheet that asked for it; what nobody asks for any more is left.
    fn fill(&mut self, content: Content) {
        let Some(sheet) = self.sheets.iter_mut().find(|sheet| sheet.asked && sheet.content.is_same(&content)) else {
            return;
        };
        sheet.content = content;
        sheet.lines = (Vec::new(), 0);
        (sheet.loaded, sheet.asked) = (true, false);
        if let Some(row) = sheet.begin_at.take() {
            sheet.selected = row;
        }
        if std::mem::take(&mut sheet.again)
            && let Some(load) = sheet.load()
        {
            self.load(load);
        }
    }

    /// An act was done, or refused.
    pub(super) fn acted(&mut self, number: u64, answer: Result<Acted, Refusal>) {
        let Some(then) = self.acts.remove(&number) else { return };
        self.touch();
        match (answer, then) {
            (Ok(_), Then::SaveDraft) if self.composer.is_none() => self.ask_profile_again(),
            (Ok(_), Then::Quiet | Then::SaveDraft) => {}
            (Ok(acted), Then::Corrected) => {
                self.say_done(&acted);
                self.remember_acted(acted, None);
                // What was corrected is seen at once, whatever else the desk tells.
                self.ask_open();
            }
            (Ok(acted), Then::Say) => {
                self.say_done(&acted);
                self.remember_acted(acted, None);
            }
            (Ok(acted), Then::Send { mut compose, name }) => {
                // Taken back and sent again, the newest message the agent saw is this very one.
                compose.seen = acted.message.or(compose.seen);
                // Taken back, it is a draft again: that one is gone on with.
                compose.draft = acted.undo.iter().find_map(|act| match act {
                    Act::SaveDraft(draft) => Some(draft.id),
                    _ => None,
                });
                let (customer, resolved) = (acted.customer.or(compose.customer), compose.resolve);
                self.written(customer, resolved);
                self.said = Some(Said { text: acted.said.clone(), trouble: false, leaves: acted.leaves });
                self.remember_acted(acted, Some(Box::new((*compose, name))));
            }
            (Ok(acted), Then::Undone { said, reopen }) => {
                let what = if acted.said.is_empty() { said } else { acted.said };
                self.said = Some(Said { text: format!("taken back: {what}"), ..Said::default() });
                if let Some(reopen) = reopen {
                    self.reopen(reopen.0, reopen.1, acted.outgoing);
                }
            }
            (Err(refusal), then) => self.refused(number, refusal, &then),
        }
    }

    fn say_done(&mut self, acted: &Acted) {
        self.said = Some(Said { text: acted.said.clone(), trouble: false, leaves: acted.leaves });
    }

    fn remember_acted(&mut self, acted: Acted, reopen: Option<Box<(crate::model::Compose, String)>>) {
        if !acted.undo.is_empty() {
            self.remember(Undo { said: acted.said, acts: acted.undo, reopen });
        }
    }

    fn refused(&mut self, number: u64, refusal: Refusal, then: &Then) {
        let now = self.now;
        if let Some(composer) = &mut self.composer {
            match (then, &mut composer.stage) {
                (Then::SaveDraft, _) => composer.not_saved(now),
                (Then::Send { .. }, Stage::Review { sending, moved, .. }) if *sending == Some(number) => {
                    *sending = None;
                    if let Refusal::Moved(why) = &refusal {
                        *moved = Some(why.clone());
                    }
                }
                _ => {}
            }
        }
        match refusal {
            Refusal::Moved(why) => {
                let send = self.key_name(Context::Review, Verb::Send);
                self.complain(format!("{why} · {send} sends all the same"));
                self.ask_open();
            }
            Refusal::Other(why) if matches!(then, Then::SaveDraft) => {
                self.complain(format!("the draft is not saved: {why}"));
            }
            Refusal::Other(why) => self.complain(why),
        }
    }

    /// Something changed in the store: asks again for what is shown and touched.
    pub(super) fn changed(&mut self, event: &Event) {
        use EventKind as K;
        self.notice_news(event);
        let now = self.now;
        let is_this = |composer: &&mut Composer| Some(composer.draft) == event.draft;
        let is_copied = |composer: &Composer| event.draft.is_some() && composer.copy_of == event.draft;
        let was_copied = self.composer.as_ref().is_some_and(is_copied);
        if let Some(composer) = self.composer.as_mut().filter(is_this) {
            match event.kind {
                // Our own typing, saved.
                K::Draft if composer.unheard > 0 => {
                    composer.unheard -= 1;
                    return;
                }
                K::Draft => {
                    if composer.changed_elsewhere(now) {
                        self.save_draft();
                        self.complain("another window writes this draft too: yours is a second draft now");
                    } else {
                        self.complain("another window writes this draft too: typing here begins a second one");
                    }
                    return;
                }
                // The news of our own sending may come later than our taking it back.
                K::Queued if event.outgoing.is_some() && event.outgoing == composer.taken_back => {}
                K::Queued | K::Noted if !composer.is_sending() => {
                    self.complain("this was sent from another window; what you see here is a copy");
                }
                _ => {}
            }
        } else if event.kind == K::Draft
            && let Some((draft, unheard)) = self.sent_draft.as_mut()
            && Some(*draft) == event.draft
        {
            *unheard = (*unheard - 1).max(0);
        } else if was_copied && matches!(event.kind, K::Queued | K::Noted) {
            self.complain("the draft this was copied from was sent from another window");
        }
        // Scores of many are computed at once: only those in sight matter.
        let in_sight = match event.kind {
            K::Scored | K::Segment | K::Learned => self.is_listed(&event.customers),
            kind => kind != K::Draft && !event.customers.is_empty(),
        };
        if in_sight && let Some(load) = self.inbox.reload() {
            self.load(load);
        }
        if self.open.as_ref().is_some_and(|open| event.customers.contains(&open.id)) {
            match event.kind {
                K::Ingested | K::Queued | K::Outgoing | K::Noted | K::Identity => self.ask_open(),
                K::Scored | K::Corrected | K::Segment => self.ask_open(),
                // Below: it is about everybody.
                K::Learned => {}
                K::Case | K::Profile | K::Draft | K::Dead | K::Read => self.ask_profile_again(),
            }
        }
        if event.kind == K::Learned {
            self.ask_open();
        }
        if matches!(event.kind, K::Queued | K::Outgoing | K::Draft | K::Dead | K::Noted)
            || event.outgoing.is_some()
            || !event.dead.is_empty()
        {
            self.ask_counts();
        }
        self.reload_sheets(|content| match content {
            Content::Outbox(_) => event.outgoing.is_some(),
            Content::Dead(_) => event.kind == K::Dead || !event.dead.is_empty(),
            Content::Automated(..) => event.kind == K::Ingested && !event.messages.is_empty(),
            Content::Drafts(_) => matches!(event.kind, K::Draft | K::Queued | K::Noted),
            Content::Compare(comparing) => event.customers.contains(&comparing.customer),
            Content::History(id, _) => event.customers.contains(id),
            Content::Original(..) | Content::DeadOriginal(..) | Content::Messages(_) | Content::Help(_) => false,
            Content::Segments(_) => event.kind == K::Segment,
            Content::Accounts | Content::Trouble(_) | Content::Why(_) => false,
        });
    }

    /// The profile that is out may be older than the change: it is asked for once more.
    pub(super) fn ask_profile_again(&mut self) {
        let Some(id) = self.open.as_ref().map(|open| open.id) else { return };
        self.profile_asked = Some(id);
        self.load(Load::Customer(id));
    }

    fn reload_sheets(&mut self, touched: impl Fn(&Content) -> bool) {
        // What is put aside is asked for when it is shown again.
        self.aside.iter_mut().filter(|sheet| touched(&sheet.content)).for_each(|sheet| sheet.again = true);
        let loads: Vec<Load> = self
            .sheets
            .iter_mut()
            .filter(|sheet| touched(&sheet.content))
            .filter_map(super::sheet::Sheet::load)
            .collect();
        for load in loads {
            self.load(load);
        }
    }

    /// Changes were missed: asks again for all that is shown.
    pub(super) fn reload_all(&mut self) {
        if let Some(load) = self.inbox.reload() {
            self.load(load);
        }
        self.ask_open();
        self.ask_counts();
        self.reload_sheets(|_| true);
    }
}

impl Composer {
    /// Why it did not leave, if the timeline moved.
    pub(super) fn moved(&self) -> Option<&str> {
        match &self.stage {
            Stage::Review { moved, .. } => moved.as_deref(),
            Stage::Writing => None,
        }
    }
}
