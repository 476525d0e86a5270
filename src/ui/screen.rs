//! The screen of one agent: its state, and what happens to it.

use super::composer::Composer;
use super::inbox::Inbox;
use super::layout::{Layout, Pane, inner, layout, too_small};
use super::link::Links;
use super::messages::Messages;
use super::news::News;
use super::palette::Palette;
use super::position::{DraftPosition, Position};
use super::prompt::{Prompt, Question};
use super::scores::{Scores, score_rows};
use super::sheet::{Content, Sheet};
use super::signs::Signs;
use super::timeline::Open;
use super::when::seconds_until;
use super::{Counts, Division, Effect, Load, Msg};
use crate::keymap::{Context, Key, Keymap};
use crate::model::{
    AccountFacts, AccountStatus, Act, Comforts, Compose, CustomerId, Draft, InboxFilter, InboxView, Timestamp,
};
use jiff::tz::TimeZone;
use std::collections::{HashMap, VecDeque};

/// What a screen must know to begin.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Columns of the terminal.
    pub width: u16,
    /// Rows of the terminal.
    pub height: u16,
    /// Who sits here.
    pub agent: String,
    /// The agent's time zone.
    pub zone: TimeZone,
    /// Our accounts.
    pub accounts: Vec<AccountFacts>,
    /// The keys.
    pub keymap: Keymap,
    /// The time.
    pub now: Timestamp,
    /// Answers begin with what they answer, quoted.
    pub quote: bool,
    /// What may be done with the terminal.
    pub comforts: Comforts,
    /// How the agent divided the screen last time.
    pub division: Division,
    /// Where relative paths begin; empty where that is not known.
    pub folder: String,
    /// The program, and what it sends, ends with this screen.
    pub owns: bool,
    /// Where to begin; `None` at the top of the inbox.
    pub position: Option<Position>,
    /// What is wrong with the agent's own files (keys, colours), to be shown first.
    pub warnings: Vec<String>,
}

/// What to do when an act is answered.
#[derive(Debug)]
pub(super) enum Then {
    /// Say what it did, remember how to take it back.
    Say,
    /// What a message sounds like is shown anew.
    Corrected,
    /// Only say what went wrong.
    Quiet,
    /// The draft of what is being written.
    SaveDraft,
    /// What was being written leaves; keep it in case it is taken back.
    Send { compose: Box<Compose>, name: String },
    /// The last of the acts that take something back; what to write again then.
    Undone { said: String, reopen: Option<Box<(Draft, String)>> },
}

/// Something that can be taken back.
#[derive(Debug)]
pub(super) struct Undo {
    /// What was done.
    pub said: String,
    /// What takes it back.
    pub acts: Vec<Act>,
    /// What was being written when it was sent.
    pub reopen: Option<Box<(Compose, String)>>,
}

/// One sentence in the status line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Said {
    /// The sentence.
    pub text: String,
    /// It is about trouble.
    pub trouble: bool,
    /// A countdown goes with it; it stays until then.
    pub leaves: Option<Timestamp>,
}

/// How many things can be taken back.
const UNDO_DEPTH: usize = 50;
const SECOND: i64 = 1_000;

/// One agent's screen. Pure: it learns by [`Screen::update`] and wants by the effects that gives.
#[derive(Debug)]
pub struct Screen {
    pub(super) size: (u16, u16),
    pub(super) agent: String,
    pub(super) zone: TimeZone,
    pub(super) accounts: Vec<AccountFacts>,
    pub(super) keymap: Keymap,
    pub(super) now: Timestamp,
    pub(super) quote: bool,

    pub(super) comforts: Comforts,
    pub(super) links: Links,
    pub(super) news: News,
    pub(super) focus: Pane,
    pub(super) division: Division,
    pub(super) folder: String,
    pub(super) owns: bool,
    /// The division changed; it is kept then.
    pub(super) keep_division_at: Option<Timestamp>,
    pub(super) inbox: Inbox,
    pub(super) open: Option<Open>,
    pub(super) scores: Scores,
    /// What messages sound like is marked.
    pub(super) moods: bool,
    pub(super) composer: Option<Composer>,
    pub(super) sheets: Vec<Sheet>,
    /// The lists a customer was opened from: going back leads there.
    pub(super) aside: Vec<Sheet>,
    /// The draft of what was sent last, and how many of its savings from here were not heard of by then.
    pub(super) sent_draft: Option<(crate::model::DraftId, i32)>,
    pub(super) prompt: Option<Prompt>,
    pub(super) palette: Option<Palette>,
    pub(super) question: Option<Question>,
    /// Something else than an answer was typed, and that was said.
    pub(super) asked_again: bool,
    /// The tour stands over the panes.
    pub(super) tour: bool,
    /// Keys of a sequence that is not complete.
    pub(super) keys: Vec<Key>,

    pub(super) said: Option<Said>,
    pub(super) notice: Option<String>,
    pub(super) messages: Messages,
    pub(super) status: Vec<AccountStatus>,
    pub(super) counts: Counts,

    pub(super) undo: VecDeque<Undo>,
    pub(super) acts: HashMap<u64, Then>,
    next_act: u64,
    /// Whose timeline was asked for and is not answered. One question at a time, so a held key does not flood the desk.
    pub(super) timeline_asked: Option<CustomerId>,
    pub(super) profile_asked: Option<CustomerId>,
    pub(super) timeline_again: bool,
    pub(super) counts_asked: bool,
    pub(super) counts_again: bool,
    /// A reply waits for the list of drafts.
    pub(super) reply_wanted: Option<crate::command::Verb>,
    /// A draft to go on with waits for the list of drafts.
    pub(super) resume_wanted: Option<DraftPosition>,
    /// When the seat was last asked to wake this screen.
    wake: Option<Timestamp>,
    effects: Vec<Effect>,
    dirty: bool,
}

impl Screen {
    /// An empty screen, and what it wants first.
    pub fn new(setup: Setup) -> (Screen, Vec<Effect>) {
        let said = setup.warnings.first().map(|first| Said {
            text: match setup.warnings.len() {
                1 => first.clone(),
                // In front, so that a narrow line does not cut it off.
                more => format!("{more} remarks (`:messages` shows them): {first}"),
            },
            trouble: true,
            leaves: None,
        });
        let mut screen = Screen {
            size: (setup.width, setup.height),
            agent: setup.agent,
            zone: setup.zone,
            accounts: setup.accounts,
            keymap: setup.keymap,
            now: setup.now,
            quote: setup.quote,
            comforts: setup.comforts,
            links: Links::default(),
            news: News::default(),
            focus: Pane::Inbox,
            division: setup.division,
            folder: setup.folder,
            owns: setup.owns,
            keep_division_at: None,
            inbox: Inbox::default(),
            open: None,
            scores: Scores::default(),
            moods: setup.comforts.moods,
            composer: None,
            sheets: Vec::new(),
            aside: Vec::new(),
            sent_draft: None,
            prompt: None,
            palette: None,
            question: None,
            asked_again: false,
            tour: false,
            keys: Vec::new(),
            said,
            notice: None,
            messages: Messages::default(),
            status: Vec::new(),
            counts: Counts::default(),
            undo: VecDeque::new(),
            acts: HashMap::new(),
            next_act: 1,
            timeline_asked: None,
            profile_asked: None,
            timeline_again: false,
            counts_asked: false,
            counts_again: false,
            reply_wanted: None,
            resume_wanted: None,
            wake: None,
            effects: Vec::new(),
            dirty: true,
        };
        if setup.warnings.len() > 1 {
            setup.warnings.iter().rev().for_each(|text| screen.messages.keep(setup.now, text));
        }
        match setup.position {
            Some(position) => {
                if screen.said.is_none() {
                    screen.say(if screen.owns {
                        "This window owns the profile now; this is where you were."
                    } else {
                        "Another window owns the profile now; this is where you were."
                    });
                }
                screen.begin_at(position);
            }
            None => screen.show_inbox(InboxView::default(), InboxFilter::default()),
        }
        screen.ask_counts();
        let effects = screen.settle();
        (screen, effects)
    }

    /// Goes on where the line broke, on another terminal: the same customer, the same place, the same draft.
    pub fn move_to(mut self: Box<Self>, setup: Setup) -> (Screen, Vec<Effect>) {
        self.size = (setup.width, setup.height);
        (self.zone, self.accounts, self.keymap, self.now) = (setup.zone, setup.accounts, setup.keymap, setup.now);
        self.comforts = setup.comforts;
        (self.folder, self.owns) = (setup.folder, setup.owns);
        self.keys.clear();
        self.forget_questions();
        self.wake = None;
        match setup.warnings.first() {
            Some(first) => self.complain(first.clone()),
            None => self.say("The line broke; this is where you were."),
        }
        self.reload_all();
        let effects = self.settle();
        (*self, effects)
    }

    /// Takes in what happened, and gives what is wanted now. The effects are to be carried out in their order, acts one
    /// after the other.
    pub fn update(&mut self, msg: Msg) -> Vec<Effect> {
        match msg {
            Msg::Key(key) => self.key(key),
            Msg::Edited(result) => self.edited(result),
            Msg::Mouse(event) => self.mouse(event),
            Msg::Paste(text) => self.paste(&text),
            Msg::Resize(width, height) => {
                self.dirty |= self.size != (width, height);
                self.size = (width, height);
                if self.is_too_small() {
                    // What a first key began would be ended by one that cannot be seen.
                    self.keys.clear();
                }
            }
            Msg::Loaded(answer) => self.loaded(*answer),
            Msg::Acted(number, answer) => self.acted(number, *answer),
            Msg::Changed(event) => self.changed(&event),
            Msg::Lagged => self.reload_all(),
            Msg::Status(status) => {
                self.dirty |= self.status != status;
                self.status = status;
            }
            Msg::Accounts(accounts) => {
                if self.accounts != accounts {
                    self.accounts = accounts;
                    self.settle_place();
                    self.dirty = true;
                }
            }
            Msg::Notice(notice) => {
                self.dirty |= self.notice != notice;
                self.notice = notice;
            }
            Msg::Clock(now) => self.clock(now),
            Msg::Saved(result) => match result {
                Ok(path) => self.say(format!("saved as {path}")),
                Err(why) => self.complain(why),
            },
            Msg::Told(Ok(said)) => self.say(said),
            Msg::Told(Err(why)) => self.complain(why),
        }
        self.settle()
    }

    /// The terminal is going away (hang-up, end of the program): what was typed and not saved yet is handed over.
    pub fn hang_up(&mut self) -> Vec<Effect> {
        if self.composer.as_ref().and_then(Composer::wants_saving).is_some() {
            self.save_draft();
        }
        self.keep_division();
        self.settle()
    }

    /// Hands the division over to be kept, if it changed.
    fn keep_division(&mut self) {
        if self.keep_division_at.take().is_some() {
            self.effects.push(Effect::KeepDivision(self.division));
        }
    }

    /// True when what is shown changed since this was last asked: only then a frame is worth drawing.
    pub fn take_dirty(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// Nothing can be shown in a window of this size.
    pub(super) fn is_too_small(&self) -> bool {
        too_small(self.size.0, self.size.1)
    }

    /// Something changed on the screen.
    pub(super) fn touch(&mut self) {
        self.dirty = true;
    }

    /// The time moved on: countdowns and ages change, and what was typed is saved.
    fn clock(&mut self, now: Timestamp) {
        let before = std::mem::replace(&mut self.now, now);
        // The seat forgot when to wake us: it is asked again below.
        self.wake = None;
        self.dirty |= before.0.div_euclid(60 * SECOND) != now.0.div_euclid(60 * SECOND);
        if let Some(leaves) = self.said.as_ref().and_then(|said| said.leaves) {
            self.dirty |= seconds_until(leaves, before) != seconds_until(leaves, now);
            if leaves <= now {
                self.said = None;
                self.dirty = true;
            }
        }
        if let Some(open) = self.open.as_mut().filter(|open| open.counts_down())
            && before.0.div_euclid(SECOND) != now.0.div_euclid(SECOND)
        {
            open.tick(now, &self.zone, &self.agent);
            self.dirty = true;
        }
        if let Some(place) = self.composer.as_ref().and_then(Composer::place) {
            self.dirty |= place.changes(before).is_some_and(|at| at <= now);
        }
        if self.composer.as_ref().and_then(Composer::wants_saving).is_some_and(|at| at <= now) {
            self.save_draft();
        }
        if self.keep_division_at.is_some_and(|at| at <= now) {
            self.keep_division();
        }
    }

    /// Saves what is being written, now.
    pub(super) fn save_draft(&mut self) {
        let Some(composer) = self.composer.as_mut() else { return };
        let draft = composer.save(&self.agent, self.now);
        self.act(Act::SaveDraft(Box::new(draft)), Then::SaveDraft);
    }

    /// Lays out what changed, asks to be woken if something must happen at a time, and hands out the effects.
    fn settle(&mut self) -> Vec<Effect> {
        let places = self.layout();
        if let (Some(area), Some(open)) = (places.timeline, self.open.as_mut()) {
            let inside = inner(area);
            // One column is the cursor's edge.
            let size = (usize::from(inside.width.saturating_sub(2)), usize::from(inside.height));
            open.mark_moods(self.moods.then_some(Signs { plain: self.comforts.plain }));
            open.lay_out(size, self.now, &self.zone, &self.agent);
        }
        if let Some(area) = places.inbox {
            self.inbox.scroll(usize::from(inner(area).height));
        }
        let body = inner(places.body);
        if let Some(sheet) = self.sheets.last_mut() {
            sheet.lay_out(usize::from(body.width).max(2));
            sheet.scroll(usize::from(body.height));
        }
        let said = self.said.as_ref().map(|said| said.text.as_str());
        self.messages.look(self.now, said, self.notice.as_deref());
        self.number_links();
        self.mark_read();
        self.ask_more();
        self.ask_news();
        self.ask_wake();
        std::mem::take(&mut self.effects)
    }

    /// Links that come into view get their numbers.
    fn number_links(&mut self) {
        let Some(open) = self.open.as_ref().filter(|_| self.comforts.links) else { return };
        for target in open.links(usize::from(self.size.1)) {
            self.links.number(target);
        }
    }

    /// Where the links lead that are in view, by their numbers.
    pub fn links(&self) -> HashMap<u32, String> {
        let open = self.open.as_ref().filter(|_| self.comforts.links);
        let targets = open.into_iter().flat_map(|open| open.links(usize::from(self.size.1)));
        targets.filter_map(|target| Some((self.links.of(target)?, target.to_string()))).collect()
    }

    fn ask_wake(&mut self) {
        let draft = self.composer.as_ref().and_then(Composer::wants_saving);
        let window = self.composer.as_ref().and_then(Composer::place).and_then(|place| place.changes(self.now));
        let mut at = draft.into_iter().chain(self.keep_division_at).chain(self.news.due()).chain(window).min();
        let counting = self.said.as_ref().is_some_and(|said| said.leaves.is_some())
            || self.open.as_ref().is_some_and(Open::counts_down);
        if counting {
            let next_second = Timestamp((self.now.0.div_euclid(SECOND) + 1) * SECOND);
            at = Some(at.map_or(next_second, |at| at.min(next_second)));
        }
        if let Some(at) = at
            && self.wake.is_none_or(|asked| asked <= self.now || at < asked)
        {
            self.wake = Some(at);
            self.effects.push(Effect::WakeAt(at));
        }
    }

    /// Where everything stands now.
    pub(super) fn layout(&self) -> Layout {
        let layout = layout(self.size.0, self.size.1, self.focus, self.composer.is_some(), &self.division);
        let layout = self.scorecard().map_or(layout, |card| layout.with_scores(score_rows(card)));
        if self.has_moods() { layout.with_chart() } else { layout }
    }

    /// Rows inside the frame of the pane that has the keys.
    pub(super) fn rows(&self) -> usize {
        let places = self.layout();
        let area = match self.focus {
            Pane::Timeline if self.sheets.is_empty() => places.timeline.unwrap_or(places.body),
            _ => places.body,
        };
        usize::from(inner(area).height).max(1)
    }

    /// Where keys are pressed now.
    pub(super) fn context(&self) -> Context {
        use super::composer::Stage;
        if self.prompt.is_some() {
            return Context::Prompt;
        }
        if let Some(sheet) = self.sheets.last() {
            return if matches!(sheet.content, Content::Why(_)) { Context::Why } else { Context::List };
        }
        match (&self.composer, self.focus) {
            (Some(composer), _) if composer.stage == Stage::Writing => Context::Compose,
            (Some(_), _) => Context::Review,
            (None, Pane::Inbox) => Context::Inbox,
            (None, Pane::Timeline) => Context::Timeline,
            (None, Pane::Profile | Pane::Scores) => Context::Profile,
        }
    }

    /// Wants something.
    pub(super) fn effect(&mut self, effect: Effect) {
        self.effects.push(effect);
    }

    /// Asks for something.
    pub(super) fn load(&mut self, load: Load) {
        self.effects.push(Effect::Load(load));
    }

    /// Wants something done.
    pub(super) fn act(&mut self, act: Act, then: Then) -> u64 {
        let number = self.next_act;
        self.next_act += 1;
        self.acts.insert(number, then);
        self.effects.push(Effect::Act(number, Box::new(act)));
        number
    }

    /// Says one sentence.
    pub(super) fn say(&mut self, text: impl Into<String>) {
        self.said = Some(Said { text: text.into(), ..Said::default() });
        self.dirty = true;
    }

    /// Says what went wrong.
    pub(super) fn complain(&mut self, text: impl Into<String>) {
        self.said = Some(Said { text: text.into(), trouble: true, leaves: None });
        self.dirty = true;
    }

    /// Remembers how to take something back.
    pub(super) fn remember(&mut self, undo: Undo) {
        if self.undo.len() == UNDO_DEPTH {
            self.undo.pop_front();
        }
        self.undo.push_back(undo);
    }
}
