//! The segments: which kind, which one, its customers.

use super::sheet::Content;
use super::{Load, Screen};
use crate::model::{Page, Segment, SegmentKind, SegmentMember};

/// Customers held at most.
const HELD: usize = 1_000;

/// What the view of segments shows.
#[derive(Debug)]
pub(super) struct Segments {
    /// Which kind.
    pub kind: SegmentKind,
    /// All of all kinds.
    all: Vec<Segment>,
    /// The one under the cursor, among those of the kind.
    pub row: usize,
    /// The keys move among the customers.
    pub inside: bool,
    /// The customer under the cursor.
    pub at: usize,
    /// The customers of the segment under the cursor, as far as they came.
    pub members: Vec<SegmentMember>,
    /// Whose these are.
    members_of: Option<(SegmentKind, String)>,
    next: Option<Vec<u8>>,
    asked: Option<(SegmentKind, String)>,
    /// The name to begin at.
    wanted: Option<String>,
}

impl Segments {
    /// Of which nothing came yet.
    pub(super) fn new(kind: SegmentKind, wanted: Option<String>) -> Segments {
        Segments {
            kind,
            all: Vec::new(),
            row: 0,
            inside: false,
            at: 0,
            members: Vec::new(),
            members_of: None,
            next: None,
            asked: None,
            wanted,
        }
    }

    /// The segments of the kind that is shown.
    pub(super) fn shown(&self) -> impl Iterator<Item = &Segment> + Clone {
        let kind = self.kind;
        self.all.iter().filter(move |segment| segment.kind == kind)
    }

    /// The segment under the cursor.
    pub(super) fn segment(&self) -> Option<&Segment> {
        self.shown().nth(self.row)
    }

    /// The customer under the cursor.
    pub(super) fn member(&self) -> Option<&SegmentMember> {
        self.members.get(self.at).filter(|_| self.inside)
    }

    /// True while the customers of the segment under the cursor are on their way.
    pub(super) fn is_loading(&self) -> bool {
        self.asked.is_some()
    }

    /// True when the customers that are held are all.
    pub(super) fn is_whole(&self) -> bool {
        self.next.is_none()
    }

    fn key(&self) -> Option<(SegmentKind, String)> {
        self.segment().map(|segment| (segment.kind, segment.name.clone()))
    }

    /// Asks for the customers of the segment under the cursor, and for more of them near the end. One question at a time.
    fn ask(&mut self) -> Option<Load> {
        if self.asked.is_some() {
            return None;
        }
        let (kind, name) = self.key()?;
        let mut after = None;
        if self.members_of.as_ref().is_some_and(|of| *of == (kind, name.clone())) {
            let near = self.inside && self.at + 20 >= self.members.len() && self.members.len() < HELD;
            after = Some(self.next.clone().filter(|_| near)?);
        }
        self.asked = Some((kind, name.clone()));
        Some(Load::Members { kind, name, after })
    }

    fn take(&mut self, all: Vec<Segment>) {
        let name = self.wanted.take().or_else(|| self.segment().map(|segment| segment.name.clone()));
        self.all = all;
        let place = name.and_then(|name| self.shown().position(|segment| segment.name == name));
        let last = self.shown().count().saturating_sub(1);
        self.row = place.unwrap_or(self.row.min(last));
        // Who is in them may have changed, too.
        self.members_of = None;
    }

    fn take_members(&mut self, key: &(SegmentKind, String), after: Option<&[u8]>, page: Page<SegmentMember>) {
        if self.asked.as_ref() != Some(key) {
            return;
        }
        self.asked = None;
        if self.key().as_ref() != Some(key) {
            return;
        }
        if after.is_none() {
            self.members.clear();
        }
        self.members.extend(page.rows);
        self.next = page.next;
        self.members_of = Some(key.clone());
        self.at = self.at.min(self.members.len().saturating_sub(1));
    }

    fn step(&mut self, rows: isize) {
        let (place, count) = match self.inside {
            true => (&mut self.at, self.members.len()),
            false => {
                let count = self.shown().count();
                (&mut self.row, count)
            }
        };
        let before = *place;
        *place = place.saturating_add_signed(rows).min(count.saturating_sub(1));
        if !self.inside && self.row != before {
            self.other();
        }
    }

    /// Another segment is under the cursor.
    fn other(&mut self) {
        self.members.clear();
        (self.members_of, self.next, self.at) = (None, None, 0);
    }
}

impl Screen {
    fn segments(&mut self) -> Option<&mut Segments> {
        match self.sheets.last_mut().map(|sheet| &mut sheet.content) {
            Some(Content::Segments(segments)) => Some(segments),
            _ => None,
        }
    }

    /// Shows the segments of a kind, the cursor on this one.
    pub(super) fn show_segments_at(&mut self, kind: SegmentKind, name: Option<String>) {
        self.open_sheet(Content::Segments(Box::new(Segments::new(kind, name))));
    }

    /// Segments came.
    pub(super) fn take_segments(&mut self, all: Vec<Segment>) {
        let sheet = self.sheets.iter_mut().find(|sheet| matches!(sheet.content, Content::Segments(_)));
        let Some(sheet) = sheet else { return };
        (sheet.loaded, sheet.asked) = (true, false);
        let again = std::mem::take(&mut sheet.again);
        let mut loads = Vec::new();
        if let Content::Segments(segments) = &mut sheet.content {
            segments.take(all);
            loads.extend(segments.ask());
        }
        if again {
            loads.extend(sheet.load());
        }
        loads.into_iter().for_each(|load| self.load(load));
    }

    /// Customers of a segment came; those of one that is no longer under the cursor lead to the next question.
    pub(super) fn take_members(
        &mut self,
        kind: SegmentKind,
        name: &str,
        after: Option<Vec<u8>>,
        page: Page<SegmentMember>,
    ) {
        let sheet = self.sheets.iter_mut().find(|sheet| matches!(sheet.content, Content::Segments(_)));
        let Some(Content::Segments(segments)) = sheet.map(|sheet| &mut sheet.content) else { return };
        segments.take_members(&(kind, name.to_owned()), after.as_deref(), page);
        if let Some(load) = segments.ask() {
            self.load(load);
        }
    }

    /// No answer comes to what was asked about segments.
    pub(super) fn forget_members(&mut self) {
        for sheet in &mut self.sheets {
            if let Content::Segments(segments) = &mut sheet.content {
                segments.asked = None;
            }
        }
    }

    fn ask_members(&mut self) {
        if let Some(load) = self.segments().and_then(Segments::ask) {
            self.load(load);
        }
    }

    /// Moves in the view of segments. False where another list is shown.
    pub(super) fn move_in_segments(&mut self, rows: isize) -> bool {
        let Some(segments) = self.segments() else { return false };
        segments.step(rows);
        self.ask_members();
        true
    }

    /// Enter: among the customers of a segment, then to one.
    pub(super) fn open_in_segments(&mut self) {
        let Some(segments) = self.segments() else { return };
        if !segments.inside {
            if segments.members.is_empty() {
                return self.say("nobody is here");
            }
            segments.inside = true;
            return self.touch();
        }
        let Some(customer) = segments.member().map(|member| member.customer) else { return };
        if self.composer.is_some() {
            return self.complain("finish what you are writing first");
        }
        self.open_from_list(customer);
    }

    /// Back from the customers to the segments. False when the keys are not among customers.
    pub(super) fn leave_members(&mut self) -> bool {
        self.segments().is_some_and(|segments| std::mem::take(&mut segments.inside))
    }

    /// The next kind of segments.
    pub(super) fn next_kind(&mut self, forward: bool) {
        let Some(segments) = self.segments() else { return };
        let at = SegmentKind::ALL.iter().position(|kind| *kind == segments.kind).unwrap_or_default();
        segments.kind =
            SegmentKind::ALL[(at + if forward { 1 } else { SegmentKind::ALL.len() - 1 }) % SegmentKind::ALL.len()];
        (segments.row, segments.inside) = (0, false);
        segments.other();
        self.touch();
        self.ask_members();
    }
}
