//! The list of cases: a window of pages over a list that may be long.

use super::Load;
use crate::model::{CustomerId, InboxFilter, InboxRow, InboxView, Page};
use std::collections::VecDeque;

/// Rows asked for at once.
pub(super) const PAGE: usize = 100;
/// Rows held at most; pages at the far end are let go beyond it.
const HELD: usize = 1_000;

/// A place in the list, as the store understands it.
type Cursor = Option<Vec<u8>>;

/// What was asked for and is not answered.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Asked {
    Reload,
    More,
    Earlier,
}

/// The inbox as this agent sees it.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    /// Which cases.
    pub view: InboxView,
    /// Narrowed to.
    pub filter: InboxFilter,
    /// The rows held.
    pub rows: Vec<InboxRow>,
    /// Index into `rows`.
    pub selected: usize,
    /// The first row shown.
    pub top: usize,
    /// Something was shown since the view or filter changed.
    pub loaded: bool,
    /// A key was pressed: the cursor is where somebody wants it.
    pub used: bool,
    /// Where each held page begins and how long it is.
    pages: VecDeque<(Cursor, usize)>,
    /// The same of pages let go before the held ones.
    earlier: Vec<(Cursor, usize)>,
    /// Where the list goes on behind the held rows.
    next: Cursor,
    asked: Option<(Asked, Cursor)>,
    /// Something changed while a question was out.
    again: bool,
    /// Where the cursor begins: the row, and who stood there.
    begin: Option<(usize, Option<CustomerId>)>,
}

impl Inbox {
    /// True while rows are on their way.
    pub(super) fn is_loading(&self) -> bool {
        self.asked.is_some()
    }

    /// True when there are rows behind the held ones.
    pub(super) fn has_more(&self) -> bool {
        self.next.is_some()
    }

    /// The row under the cursor.
    pub(super) fn row(&self) -> Option<&InboxRow> {
        self.rows.get(self.selected)
    }

    /// The cursor's row, counted from the top of the list.
    pub(super) fn place(&self) -> usize {
        self.earlier.iter().map(|(_, length)| length).sum::<usize>() + self.selected
    }

    /// The first rows that come put the cursor there.
    pub(super) fn begin_at(&mut self, row: usize, customer: Option<CustomerId>) {
        self.begin = Some((row, customer));
    }

    /// Shows other cases, from the top.
    pub(super) fn show(&mut self, view: InboxView, filter: InboxFilter) -> Option<Load> {
        if (view, &filter) == (self.view, &self.filter) && self.loaded {
            return self.reload();
        }
        (self.view, self.filter) = (view, filter);
        (self.selected, self.top, self.loaded) = (0, 0, false);
        self.pages.clear();
        self.earlier.clear();
        self.next = None;
        self.reload()
    }

    fn load(&mut self, asked: Asked, after: Cursor, limit: usize) -> Load {
        self.asked = Some((asked, after.clone()));
        Load::Inbox { view: self.view, filter: self.filter.clone(), after, limit }
    }

    /// Asks for the held rows anew. One question is out at a time, however much changes.
    pub(super) fn reload(&mut self) -> Option<Load> {
        if self.asked.is_some() {
            self.again = true;
            return None;
        }
        let held: usize = self.pages.iter().map(|(_, length)| length).sum();
        // A little more than up to where the cursor begins.
        let held = self.begin.map_or(held, |(row, _)| held.max(row.saturating_add(PAGE / 2)));
        let after = self.pages.front().and_then(|(after, _)| after.clone());
        Some(self.load(Asked::Reload, after, held.clamp(PAGE, HELD)))
    }

    /// Goes back to the very first rows when they were let go.
    pub(super) fn rewind(&mut self) -> Option<Load> {
        self.selected = 0;
        if self.earlier.is_empty() {
            return None;
        }
        self.earlier.clear();
        self.pages.clear();
        self.reload()
    }

    /// Asks for what lies behind or before the held rows when the cursor is near.
    pub(super) fn near_edge(&mut self) -> Option<Load> {
        if self.asked.is_some() {
            return None;
        }
        if self.selected + PAGE / 4 >= self.rows.len() && self.next.is_some() {
            let after = self.next.clone();
            return Some(self.load(Asked::More, after, PAGE));
        }
        if self.selected < PAGE / 4 {
            let (after, length) = self.earlier.last().cloned()?;
            return Some(self.load(Asked::Earlier, after, length));
        }
        None
    }

    /// Takes rows that came; what was asked for another view is left. Gives the next question, if there is one.
    pub(super) fn answer(
        &mut self,
        view: InboxView,
        filter: &InboxFilter,
        after: Cursor,
        page: Page<InboxRow>,
    ) -> Option<Load> {
        let (asked, cursor) = self.asked.take()?;
        if (view, filter) != (self.view, &self.filter) || after != cursor {
            // An answer to an older question: ask what is wanted now.
            self.again = false;
            return self.reload();
        }
        let kept = self.row().map(|row| row.customer);
        let length = page.rows.len();
        match asked {
            Asked::Reload => {
                self.rows = page.rows;
                self.pages = VecDeque::from([(after, length)]);
                self.next = page.next;
            }
            Asked::More => {
                self.rows.extend(page.rows);
                self.pages.push_back((after, length));
                self.next = page.next;
                while self.rows.len() > HELD && self.pages.len() > 1 {
                    let Some((cursor, length)) = self.pages.pop_front() else { break };
                    self.rows.drain(..length.min(self.rows.len()));
                    self.top = self.top.saturating_sub(length);
                    self.selected = self.selected.saturating_sub(length);
                    self.earlier.push((cursor, length));
                }
            }
            Asked::Earlier => {
                self.earlier.pop();
                self.rows.splice(..0, page.rows);
                self.pages.push_front((after, length));
                self.selected += length;
                self.top += length;
                while self.rows.len() > HELD && self.pages.len() > 1 {
                    let Some((cursor, length)) = self.pages.pop_back() else { break };
                    self.rows.truncate(self.rows.len().saturating_sub(length));
                    self.next = cursor;
                }
            }
        }
        // The cursor stays on the same customer; when that one left the list, on the same place.
        if self.loaded
            && self.used
            && let Some(at) = kept.and_then(|id| self.position(id))
        {
            // At the very top it stays there while the cursor is in sight: what comes in is seen.
            self.top = if self.top == 0 { 0 } else { (self.top + at).saturating_sub(self.selected) };
            self.selected = at;
        }
        if let Some((row, customer)) = self.begin.take() {
            self.selected = customer.and_then(|id| self.position(id)).unwrap_or(row);
            self.used = true;
        }
        self.selected = self.selected.min(self.rows.len().saturating_sub(1));
        self.loaded = true;
        if std::mem::take(&mut self.again) { self.reload() } else { None }
    }

    /// A question failed: it may be asked again.
    pub(super) fn failed(&mut self) {
        self.asked = None;
        self.again = false;
    }

    /// Where a customer stands among the held rows.
    pub(super) fn position(&self, id: CustomerId) -> Option<usize> {
        self.rows.iter().position(|row| row.customer == id)
    }

    /// Keeps the cursor in view.
    pub(super) fn scroll(&mut self, height: usize) {
        let height = height.max(1);
        self.top = self.top.min(self.selected).max((self.selected + 1).saturating_sub(height));
        self.top = self.top.min(self.rows.len().saturating_sub(height));
    }
}

/// Reads what an agent types to narrow the inbox: words, `owner:me`, `owner:none`, `owner:lin`, `tag:x`, `unread`.
pub(super) fn parse_filter(text: &str, agent: &str) -> InboxFilter {
    let mut filter = InboxFilter::default();
    let mut words = Vec::new();
    for word in text.split_whitespace() {
        match word.split_once(':') {
            Some(("owner", "me")) => filter.owner = Some(agent.to_owned()),
            Some(("owner", "none")) => filter.owner = Some(String::new()),
            Some(("owner", owner)) if !owner.is_empty() => filter.owner = Some(owner.to_owned()),
            Some(("tag", tag)) if !tag.is_empty() => filter.tag = Some(tag.to_owned()),
            // Still being typed.
            Some(("owner" | "tag", "")) => {}
            _ if word == "unread" => filter.unread = true,
            _ => words.push(word),
        }
    }
    filter.text = words.join(" ");
    filter
}

/// A filter as it is typed; empty for none.
pub(super) fn show_filter(filter: &InboxFilter, agent: &str) -> String {
    let mut words = Vec::new();
    match filter.owner.as_deref() {
        Some("") => words.push("owner:none".to_owned()),
        Some(owner) if owner == agent => words.push("owner:me".to_owned()),
        Some(owner) => words.push(format!("owner:{owner}")),
        None => {}
    }
    words.extend(filter.tag.iter().map(|tag| format!("tag:{tag}")));
    if filter.unread {
        words.push("unread".to_owned());
    }
    if !filter.text.is_empty() {
        words.push(filter.text.clone());
    }
    words.join(" ")
}
