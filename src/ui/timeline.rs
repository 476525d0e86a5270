//! The customer that is open: messages, profile, and where the agent looks.

use super::Load;
use super::block::{Block, KeyNames, Surroundings, block};
use super::narrow::Narrow;
use super::signs::Signs;
use crate::keymap::Keymap;
use crate::model::{CustomerId, CustomerView, Direction, MessageId, Page, Scorecard, TimelineEntry, Timestamp};
use jiff::tz::TimeZone;
use std::collections::{HashMap, HashSet};

/// Messages asked for at once.
const PAGE: usize = 50;
/// Messages held at most.
const HELD: usize = 400;
/// Messages looked through for those of one conversation before the agent scrolls.
const SEARCHED: usize = 2_000;

/// A customer whose timeline is shown.
#[derive(Debug)]
pub(super) struct Open {
    /// Who.
    pub id: CustomerId,
    /// The profile, when it came.
    pub profile: Option<Box<CustomerView>>,
    /// Scores and segments, when they came.
    pub scores: Option<Box<Scorecard>>,
    /// There is no such customer any more.
    pub gone: bool,
    /// Messages, oldest first.
    pub entries: Vec<TimelineEntry>,
    /// Index into `entries`.
    pub selected: usize,
    /// First line shown, counted over all blocks.
    pub top: usize,
    /// First line of the profile shown.
    pub profile_top: usize,
    /// Which suggestion of the profile is marked.
    pub suggestion: usize,
    /// The first page came.
    pub loaded: bool,
    /// The agent opened it, so what is shown counts as read.
    pub reading: bool,
    /// The newest message when the desk was last told that all is read.
    pub marked_read: Option<MessageId>,
    /// Where older messages are.
    older: Option<Vec<u8>>,
    /// Newer messages than the held ones were let go.
    newer_dropped: bool,
    unfolded: HashSet<MessageId>,
    /// What the messages are narrowed to.
    narrow: Narrow,
    /// One for each entry; `None` is to be laid out.
    blocks: Vec<Option<Block>>,
    /// First line of each block, and the number of lines behind the last.
    starts: Vec<usize>,
    stale: bool,
    columns: usize,
    keys: KeyNames,
    /// Where the cursor's message stood on the screen, to be kept over the next layout.
    anchor: Option<isize>,
    /// When messages were written and what they sound like, from -100 to 100, oldest first.
    pub readings: Vec<(Timestamp, i8)>,
    /// A message that is looked for among older ones.
    sought: Option<MessageId>,
    /// What messages sound like is marked.
    moods: Option<Signs>,
    /// The next layout brings the cursor's message into view.
    show: bool,
    /// The next layout shows what came behind the cursor's message, as far as that stays in view.
    follow_end: bool,
    /// Where to begin, and how many messages to ask for: of the message under the cursor, how many lines are above.
    begin: Option<(Option<MessageId>, isize, usize)>,
}

impl Open {
    /// A customer of whom nothing is loaded yet.
    pub(super) fn new(id: CustomerId, keymap: &Keymap) -> Open {
        Open {
            id,
            profile: None,
            scores: None,
            gone: false,
            entries: Vec::new(),
            selected: 0,
            top: 0,
            profile_top: 0,
            suggestion: 0,
            loaded: false,
            reading: false,
            marked_read: None,
            older: None,
            newer_dropped: false,
            unfolded: HashSet::new(),
            narrow: Narrow::default(),
            blocks: Vec::new(),
            starts: Vec::new(),
            stale: true,
            columns: 0,
            keys: KeyNames::new(keymap),
            anchor: None,
            readings: Vec::new(),
            sought: None,
            moods: None,
            show: true,
            follow_end: false,
            begin: None,
        }
    }

    /// The first messages that come are shown from there.
    pub(super) fn begin_at(&mut self, message: Option<MessageId>, offset: isize, held: usize, profile_top: usize) {
        self.begin = Some((message, offset, held));
        self.profile_top = profile_top;
    }

    /// The name shown: until the profile came, nothing.
    pub(super) fn name(&self) -> &str {
        self.profile.as_ref().map_or("", |profile| profile.customer.name.as_str())
    }

    /// Asks for the latest messages (as many as are held).
    pub(super) fn latest(&self) -> Load {
        let held = self.begin.map_or(self.entries.len(), |(_, _, held)| held);
        Load::Timeline { customer: self.id, before: None, limit: held.clamp(PAGE, HELD) }
    }

    /// Asks for older messages when the agent is near the oldest held.
    pub(super) fn near_edge(&self) -> Option<Load> {
        let most = if self.narrow == Narrow::All { usize::MAX } else { SEARCHED };
        if self.sought.is_some() && self.entries.len() < SEARCHED {
            return Some(Load::Timeline { customer: self.id, before: Some(self.older.clone()?), limit: PAGE });
        }
        let near = self.loaded && (self.selected == 0 || self.top < 20) && self.entries.len() < most;
        let before = self.older.clone().filter(|_| near)?;
        Some(Load::Timeline { customer: self.id, before: Some(before), limit: PAGE })
    }

    /// True when `G` must load the latest again.
    pub(super) fn latest_dropped(&self) -> bool {
        self.newer_dropped
    }

    /// The message under the cursor.
    pub(super) fn entry(&self) -> Option<&TimelineEntry> {
        self.entries.get(self.selected)
    }

    /// Takes messages that came.
    pub(super) fn answer(&mut self, before: Option<Vec<u8>>, page: Page<TimelineEntry>) {
        if before.is_some() {
            if before == self.older {
                self.prepend(page);
            }
            self.read_moods();
            return;
        }
        let begin = self.begin.take();
        let kept = begin.map_or_else(|| self.entry().map(|entry| entry.message.id), |(message, ..)| message);
        let anchor = begin.map_or_else(|| self.offset(), |(_, offset, _)| offset);
        let at_end = self.selected >= self.last_shown();
        let newest = self.entries.last().map(|entry| entry.message.id);
        self.replace(page.rows);
        self.older = page.next;
        self.newer_dropped = false;
        let last = self.last_shown();
        // What this agent wrote just now comes into view; what others write does not move the agent's eyes.
        let wrote = self
            .entries
            .last()
            .is_some_and(|entry| entry.message.direction != Direction::Inbound && Some(entry.message.id) != newest);
        let position = kept.and_then(|id| self.entries.iter().position(|entry| entry.message.id == id));
        match position {
            Some(position) if begin.is_some() || !(at_end && wrote) => {
                self.selected = position;
                self.anchor = Some(anchor);
                self.follow_end = at_end && begin.is_none();
                self.show &= begin.is_none();
            }
            _ => {
                self.selected = last;
                self.show = true;
            }
        }
        (self.loaded, self.stale) = (true, true);
        self.read_moods();
    }

    fn read_moods(&mut self) {
        let readings =
            self.entries.iter().filter_map(|entry| Some((entry.message.at, entry.sentiment.as_ref()?.percent)));
        self.readings = readings.collect();
    }

    /// Takes the profile; the timeline is laid out anew where it tells other changes of segment.
    pub(super) fn take_profile(&mut self, profile: Option<Box<CustomerView>>) {
        let moves = |profile: &Option<Box<CustomerView>>| profile.as_ref().map(|profile| profile.moves.len());
        let others = moves(&self.profile).unwrap_or_default() != moves(&profile).unwrap_or_default();
        self.profile = profile;
        if others {
            self.blocks.clear();
            self.anchor = Some(self.offset());
            self.stale = true;
        }
    }

    /// Marks what messages sound like, or not.
    pub(super) fn mark_moods(&mut self, moods: Option<Signs>) {
        if self.moods != moods {
            self.moods = moods;
            self.blocks.clear();
            self.anchor = Some(self.offset());
            self.stale = true;
        }
    }

    /// Goes to a message, and looks for it among older ones when it is not held. False when it is not there.
    pub(super) fn seek(&mut self, id: MessageId) -> bool {
        let Some(index) = self.entries.iter().position(|entry| entry.message.id == id) else {
            self.sought = Some(id);
            return self.loaded && self.older.is_some() && self.entries.len() < SEARCHED;
        };
        if !self.narrow.shows(&self.entries[index]) {
            self.set_narrow(Narrow::All);
        }
        (self.selected, self.sought) = (index, None);
        (self.show, self.stale) = (true, true);
        true
    }

    /// Goes on looking for a message. False when it was looked for everywhere and not found.
    pub(super) fn go_on_seeking(&mut self) -> bool {
        let Some(id) = self.sought else { return true };
        let found = self.seek(id);
        if !found {
            self.sought = None;
        }
        found
    }

    /// How far the first line shown is from the beginning of the cursor's message.
    pub(super) fn offset(&self) -> isize {
        self.top as isize - self.starts.get(self.selected).copied().unwrap_or_default() as isize
    }

    /// Takes other entries, and keeps the lines of those that are as they were: laying out is what costs.
    fn replace(&mut self, rows: Vec<TimelineEntry>) {
        let before = std::mem::replace(&mut self.entries, rows);
        let mut blocks = std::mem::take(&mut self.blocks);
        blocks.resize_with(before.len(), || None);
        let places: HashMap<MessageId, usize> =
            before.iter().enumerate().map(|(index, entry)| (entry.message.id, index)).collect();
        let narrow = &self.narrow;
        // A message is drawn by its neighbours, too.
        let around = |entries: &[TimelineEntry], index: usize| {
            let before = entries[..index].iter().rev().find(|entry| narrow.shows(entry)).map(|entry| entry.message.id);
            let after = entries[index + 1..].iter().find(|entry| narrow.shows(entry)).map(|entry| entry.message.id);
            (before, after)
        };
        self.blocks = self
            .entries
            .iter()
            .enumerate()
            .map(|(index, entry)| {
                let old = *places.get(&entry.message.id)?;
                let same = before[old] == *entry && around(&before, old) == around(&self.entries, index);
                if same { blocks[old].take() } else { None }
            })
            .collect();
    }

    fn prepend(&mut self, page: Page<TimelineEntry>) {
        self.anchor = Some(self.offset());
        self.selected += page.rows.len();
        self.older = page.next;
        // The first of the held ones has another before it now.
        if let Some(first) = self.blocks.first_mut() {
            *first = None;
        }
        self.blocks.splice(..0, page.rows.iter().map(|_| None));
        self.entries.splice(..0, page.rows);
        let keep = HELD.max(self.selected + 1);
        self.newer_dropped |= self.entries.len() > keep;
        self.entries.truncate(keep);
        self.blocks.truncate(keep);
        self.stale = true;
    }

    /// Lines of all blocks.
    pub(super) fn lines(&self) -> usize {
        self.starts.last().copied().unwrap_or_default()
    }

    /// Lays out what is not laid out yet, for a pane of this size.
    pub(super) fn lay_out(&mut self, (columns, height): (usize, usize), now: Timestamp, zone: &TimeZone, agent: &str) {
        if self.stale || columns != self.columns {
            if !self.stale {
                self.anchor = Some(self.offset());
            }
            if columns != self.columns {
                self.blocks.clear();
            }
            (self.stale, self.columns) = (false, columns);
            self.blocks.resize_with(self.entries.len(), || None);
            for index in 0..self.entries.len() {
                if self.blocks[index].is_none() {
                    self.blocks[index] = Some(self.make(index, now, zone, agent));
                }
            }
            self.starts.clear();
            let mut at = 0;
            for block in &self.blocks {
                self.starts.push(at);
                at += block.as_ref().map_or(0, |block| block.rows.len());
            }
            self.starts.push(at);
            if let Some(offset) = self.anchor.take() {
                self.top = self.starts.get(self.selected).copied().unwrap_or_default().saturating_add_signed(offset);
            }
        }
        if std::mem::take(&mut self.follow_end) {
            let (start, _) = self.span(self.selected);
            self.top = self.top.max(start.min(self.lines().saturating_sub(height)));
        }
        if std::mem::take(&mut self.show) {
            self.show_selected(height);
        }
        self.bound(height);
    }

    fn make(&self, index: usize, now: Timestamp, zone: &TimeZone, agent: &str) -> Block {
        let entry = &self.entries[index];
        if !self.narrow.shows(entry) {
            return Block::default();
        }
        let after = self.entries[index + 1..].iter().find(|entry| self.narrow.shows(entry));
        // Between messages of one channel alone they would stand where they did not happen.
        let moves = match (&self.narrow, &self.profile) {
            (Narrow::All, Some(profile)) => profile.moves.as_slice(),
            _ => &[],
        };
        let around = Surroundings {
            columns: self.columns,
            now,
            zone,
            before: self.entries[..index].iter().rev().find(|entry| self.narrow.shows(entry)),
            after,
            moves,
            is_latest: after.is_none() && !self.newer_dropped,
            unfolded: self.unfolded.contains(&entry.message.id),
            agent,
            keys: &self.keys,
            moods: self.moods,
        };
        block(entry, &around)
    }

    /// True when a message counts down to leaving.
    pub(super) fn counts_down(&self) -> bool {
        self.blocks.iter().flatten().any(|block| block.counts_down)
    }

    /// Moves the countdowns on.
    pub(super) fn tick(&mut self, now: Timestamp, zone: &TimeZone, agent: &str) {
        for index in 0..self.blocks.len().min(self.entries.len()) {
            let Some(lines) = self.blocks[index].as_ref().filter(|block| block.counts_down).map(|b| b.rows.len())
            else {
                continue;
            };
            let block = self.make(index, now, zone, agent);
            if block.rows.len() != lines {
                self.anchor = Some(self.offset());
                self.stale = true;
            }
            self.blocks[index] = Some(block);
        }
    }

    /// The blocks that touch these lines: index, first line, block.
    pub(super) fn visible(&self, top: usize, height: usize) -> impl Iterator<Item = (usize, usize, &Block)> {
        let first = self.starts.partition_point(|start| *start <= top).saturating_sub(1);
        self.blocks
            .iter()
            .enumerate()
            .skip(first)
            .filter_map(|(index, block)| Some((index, *self.starts.get(index)?, block.as_ref()?)))
            .take_while(move |(_, start, _)| *start < top + height)
    }

    /// The links in view.
    pub(super) fn links(&self, height: usize) -> impl Iterator<Item = &std::sync::Arc<str>> {
        let shown = self.top..self.top + height;
        self.visible(self.top, height).flat_map(move |(_, start, block)| {
            let rows = block.rows.iter().enumerate().filter({
                let shown = shown.clone();
                move |(offset, _)| shown.contains(&(start + offset))
            });
            rows.flat_map(|(_, row)| row.iter().filter_map(|piece| piece.link.as_ref()))
        })
    }

    fn span(&self, index: usize) -> (usize, usize) {
        let start = self.starts.get(index).copied().unwrap_or_default();
        (start, self.starts.get(index + 1).copied().unwrap_or(start))
    }

    /// Brings the cursor's message into view: all of it if it fits, else its beginning.
    pub(super) fn show_selected(&mut self, height: usize) {
        let (start, end) = self.span(self.selected);
        if end.saturating_sub(start) >= height || start < self.top {
            self.top = start;
        } else if end > self.top + height {
            self.top = end - height;
        }
        self.bound(height);
    }

    /// Does not scroll past the end.
    pub(super) fn bound(&mut self, height: usize) {
        self.top = self.top.min(self.lines().saturating_sub(height));
    }

    /// One step down or up: first through a message that is longer than the pane, then to the next one.
    pub(super) fn step(&mut self, down: bool, height: usize) {
        const LINES: usize = 3;
        let (start, end) = self.span(self.selected);
        // The empty line behind a message need not be seen.
        let tail = self.blocks.get(self.selected).and_then(Option::as_ref).map_or(0, |block| block.tail);
        let end = end.saturating_sub(tail);
        if down && end > self.top + height && start <= self.top + height {
            self.top = (self.top + LINES).min(end - height);
        } else if !down && start < self.top {
            self.top = self.top.saturating_sub(LINES).max(start);
        } else if down && let Some(next) = self.next_shown() {
            self.selected = next;
            self.show_selected(height);
        } else if !down && let Some(before) = self.previous_shown() {
            self.selected = before;
            let (start, end) = self.span(self.selected);
            if start < self.top {
                // From below one comes upon its end.
                self.top = start.max(end.saturating_sub(height));
            }
            self.bound(height);
        }
    }

    /// Scrolls by lines; the cursor follows into view.
    pub(super) fn scroll(&mut self, lines: isize, height: usize) {
        self.top = self.top.saturating_add_signed(lines);
        self.bound(height);
        let last_line = self.lines().saturating_sub(1);
        let at_edge = if lines > 0 { self.top + height > last_line } else { self.top == 0 };
        let line = match (at_edge, lines > 0) {
            (true, true) => last_line,
            (true, false) => 0,
            (false, _) => self.top + height / 3,
        };
        let index = self.starts.partition_point(|start| *start <= line).saturating_sub(1);
        self.selected = index.min(self.last_shown());
    }

    /// What the messages are narrowed to.
    pub(super) fn narrow(&self) -> &Narrow {
        &self.narrow
    }

    /// Narrows to one conversation or channel, or shows all again. The cursor stays on its message, which is among them.
    pub(super) fn set_narrow(&mut self, narrow: Narrow) {
        self.narrow = narrow;
        if self.entry().is_some_and(|entry| !self.narrow.shows(entry)) {
            self.selected = self.last_shown();
        }
        self.blocks.clear();
        (self.stale, self.show) = (true, true);
    }

    /// The first message that is shown.
    pub(super) fn first_shown(&self) -> usize {
        self.entries.iter().position(|entry| self.narrow.shows(entry)).unwrap_or_default()
    }

    /// The last message that is shown.
    pub(super) fn last_shown(&self) -> usize {
        let last = self.entries.iter().rposition(|entry| self.narrow.shows(entry));
        last.unwrap_or_else(|| self.entries.len().saturating_sub(1))
    }

    fn next_shown(&self) -> Option<usize> {
        (self.selected + 1..self.entries.len()).find(|index| self.narrow.shows(&self.entries[*index]))
    }

    fn previous_shown(&self) -> Option<usize> {
        (0..self.selected).rev().find(|index| self.narrow.shows(&self.entries[*index]))
    }

    /// Folds or unfolds the message under the cursor.
    pub(super) fn fold(&mut self) {
        let Some(id) = self.entry().map(|entry| entry.message.id) else { return };
        if !self.unfolded.remove(&id) {
            self.unfolded.insert(id);
        }
        self.anchor = Some(self.offset());
        if let Some(block) = self.blocks.get_mut(self.selected) {
            *block = None;
        }
        self.stale = true;
    }
}
