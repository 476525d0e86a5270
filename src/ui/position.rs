//! Where an agent is: customer, pane, cursor, list, and how far what is being written is. It goes along when a window that
//! lost its owner begins anew, so that it begins where it was.

use super::composer::{Composer, Field, Stage};
use super::inbox::{parse_filter, show_filter};
use super::layout::Pane;
use super::sheet::Content;
use super::timeline::Open;
use super::{Load, Screen};
use crate::model::{CustomerId, DraftId, DraftView, InboxView, MessageId};
use minicbor::{Decode, Encode};
use ratatui_textarea::CursorMove;

/// A position is far smaller; a filter is as long as somebody typed it.
const LONGEST: usize = 8 * 1024;

/// Where an agent is. Taken by [`Screen::position`], begun at by `Setup::position`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Encode, Decode)]
pub struct Position {
    /// The inbox's view and filter, as they are typed.
    #[n(0)]
    view: String,
    #[n(1)]
    filter: String,
    /// The inbox's cursor: its row, counted from the top of the list, and who stands there.
    #[n(2)]
    row: u32,
    #[n(3)]
    row_customer: Option<CustomerId>,
    /// The pane with the keys, by its place in [`PANES`].
    #[n(4)]
    pane: u8,
    #[n(5)]
    open: Option<OpenPosition>,
    #[n(6)]
    list: Option<ListPosition>,
    #[n(7)]
    draft: Option<DraftPosition>,
}

/// Where in a customer's messages.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct OpenPosition {
    #[n(0)]
    customer: CustomerId,
    #[n(1)]
    reading: bool,
    /// The message under the cursor, and how many lines of it are above the pane's first.
    #[n(2)]
    message: Option<MessageId>,
    #[n(3)]
    offset: i32,
    /// How many messages were held: so many are asked for.
    #[n(4)]
    held: u32,
    #[n(5)]
    profile_top: u32,
}

/// Which list covered the panes, by its place in [`list`], and its cursor.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
struct ListPosition {
    #[n(0)]
    list: u8,
    #[n(1)]
    row: u32,
}

/// Where in what is being written.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub(super) struct DraftPosition {
    #[n(0)]
    draft: DraftId,
    /// By its place in [`FIELDS`].
    #[n(1)]
    field: u8,
    #[n(2)]
    row: u16,
    #[n(3)]
    column: u16,
    #[n(4)]
    reviewed: bool,
}

const PANES: [Pane; 4] = [Pane::Inbox, Pane::Timeline, Pane::Profile, Pane::Scores];
const FIELDS: [Field; 4] = [Field::To, Field::Cc, Field::Subject, Field::Body];

fn place_of<T: PartialEq>(all: &[T], one: &T) -> u8 {
    all.iter().position(|other| other == one).unwrap_or_default() as u8
}

/// The lists that can be shown again, empty.
fn list(number: u8) -> Option<Content> {
    Some(match number {
        0 => Content::Outbox(Vec::new()),
        1 => Content::Dead(Vec::new()),
        2 => Content::Automated(Vec::new(), None),
        3 => Content::Drafts(Vec::new()),
        _ => return None,
    })
}

impl Position {
    /// As bytes, to be handed on.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Encoding into memory cannot fail.
        minicbor::to_vec(self).unwrap_or_default()
    }

    /// What [`Position::to_bytes`] gave; `None` for anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<Position> {
        if bytes.len() > LONGEST { None } else { minicbor::decode(bytes).ok() }
    }
}

impl Screen {
    /// Where the agent is now.
    pub fn position(&self) -> Position {
        let open = self.open.as_ref().filter(|_| self.focus != Pane::Inbox).map(|open| OpenPosition {
            customer: open.id,
            reading: open.reading,
            message: open.entry().map(|entry| entry.message.id),
            offset: i32::try_from(open.offset()).unwrap_or_default(),
            held: open.entries.len() as u32,
            profile_top: open.profile_top as u32,
        });
        let list = self.sheets.last().and_then(|sheet| {
            let number = (0..).map_while(|number| Some((number, list(number)?)));
            let (number, _) = number.into_iter().find(|(_, content)| content.is_same(&sheet.content))?;
            Some(ListPosition { list: number, row: sheet.selected as u32 })
        });
        Position {
            view: self.inbox.view.word().to_owned(),
            filter: show_filter(&self.inbox.filter, &self.agent),
            row: self.inbox.place() as u32,
            row_customer: self.inbox.row().map(|row| row.customer),
            pane: place_of(&PANES, &self.focus),
            open,
            list,
            draft: self.composer.as_ref().filter(|composer| composer.kept).map(Composer::position),
        }
    }

    /// Begins where another window was.
    pub(super) fn begin_at(&mut self, position: Position) {
        let view = InboxView::from_word(&position.view).unwrap_or_default();
        let filter = parse_filter(&position.filter, &self.agent);
        self.inbox.begin_at(position.row as usize, position.row_customer);
        self.show_inbox(view, filter);
        self.focus = PANES.get(usize::from(position.pane)).copied().unwrap_or_default();
        match position.open {
            Some(at) => {
                let mut open = Open::new(at.customer, &self.keymap);
                open.reading = at.reading;
                open.begin_at(at.message, at.offset as isize, at.held as usize, at.profile_top as usize);
                self.open = Some(open);
                self.ask_open();
            }
            None => self.focus = Pane::Inbox,
        }
        if let Some(draft) = position.draft {
            self.resume_wanted = Some(draft);
            self.load(Load::Drafts);
        } else if let Some((content, row)) = position.list.and_then(|at| Some((list(at.list)?, at.row))) {
            self.open_sheet(content);
            if let Some(sheet) = self.sheets.last_mut() {
                sheet.begin_at = Some(row as usize);
            }
        }
    }

    /// The drafts came: goes on with the one that was being written. False when nothing waited for them.
    pub(super) fn resume_where_it_was(&mut self, drafts: &[DraftView]) -> bool {
        let Some(at) = self.resume_wanted.take().filter(|_| self.composer.is_none()) else { return false };
        let found = drafts.iter().find(|view| view.draft.id == at.draft && view.draft.agent == self.agent);
        if let Some(view) = found.cloned() {
            let pane = self.focus;
            self.resume(view.draft, view.name);
            self.focus = pane;
            if let Some(composer) = &mut self.composer {
                composer.begin_at(&at);
            }
        }
        true
    }
}

impl Composer {
    fn position(&self) -> DraftPosition {
        let at = self.body.cursor();
        let part = |number: usize| u16::try_from(number).unwrap_or(u16::MAX);
        DraftPosition {
            draft: self.draft,
            field: place_of(&FIELDS, &self.field),
            row: part(at.0),
            column: part(at.1),
            reviewed: matches!(self.stage, Stage::Review { .. }),
        }
    }

    fn begin_at(&mut self, at: &DraftPosition) {
        if !self.is_note() {
            self.field = FIELDS.get(usize::from(at.field)).copied().unwrap_or(Field::Body);
        }
        self.body.move_cursor(CursorMove::Jump(at.row, at.column));
        self.show_caret();
        if at.reviewed {
            self.stage = Stage::Review { top: 0, sending: None, moved: None };
        }
    }
}
