//! A message or a private note being written.
//!
//! The two are different types ([`Written`]): what is begun as a note has no recipients to be sent to.

use super::address;
use super::line_input::LineInput;
use super::place::Place;
use crate::model::{
    AttachmentSource, Compose, CustomerId, Draft, DraftId, MessageId, OutgoingId, Party, ReplyKind, ThreadId,
    Timestamp, Way, clean_block,
};
use crossterm::event::KeyEvent;
use ratatui::style::{Modifier, Style};
use ratatui_textarea::{CursorMove, TextArea, WrapMode};

/// A draft is saved so long after its first unsaved change, in milliseconds.
const SAVE_AFTER: i64 = 700;
/// And not more often than this.
const SAVE_EVERY: i64 = 1_000;
/// After the store refused a draft it is offered again so much later.
const SAVE_AGAIN: i64 = 2_000;
/// Saves of two windows less than so much apart may have crossed on their way, in milliseconds.
const CROSSING: i64 = 10_000;
/// Longer texts take no more letters.
const MAX_TEXT: usize = 1_000_000;

/// What is being written.
#[derive(Debug)]
pub(super) enum Written {
    /// For this house only.
    Note,
    /// Something that leaves.
    Mail(Box<Mail>),
}

/// The head of something that leaves.
#[derive(Debug)]
pub(super) struct Mail {
    /// Reply, reply to all, forward or new.
    pub kind: ReplyKind,
    /// The account it leaves through.
    pub account: String,
    /// What it answers.
    pub parent: Option<MessageId>,
    /// The conversation.
    pub thread: Option<ThreadId>,
    /// Recipients as typed.
    pub to: LineInput,
    /// Copies as typed.
    pub cc: LineInput,
    /// Subject as typed.
    pub subject: LineInput,
    /// Files.
    pub attachments: Vec<AttachmentSource>,
    /// The recipients it began with, for channels whose addresses are not typed.
    pub parties: Vec<Party>,
    /// Who shall be able to read it, once that was chosen.
    pub way: Option<Way>,
    /// What the channel allows.
    pub place: Place,
}

/// Where the letters go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    /// Recipients.
    To,
    /// Copies.
    Cc,
    /// Subject.
    Subject,
    /// The text.
    Body,
}

/// How far it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Being typed.
    Writing,
    /// Being looked at before it leaves.
    Review {
        /// First line shown.
        top: usize,
        /// The act that sends it, while it is out. A second one is not sent.
        sending: Option<u64>,
        /// Why it did not leave: the timeline moved. Sending again goes ahead.
        moved: Option<String>,
    },
}

/// Something being written.
#[derive(Debug)]
pub(super) struct Composer {
    /// For whom.
    pub customer: Option<CustomerId>,
    /// Their name.
    pub name: String,
    /// Note or mail.
    pub written: Written,
    /// The text.
    pub body: TextArea<'static>,
    /// Where the letters go.
    pub field: Field,
    /// How far it is.
    pub stage: Stage,
    /// The draft it is kept as.
    pub draft: DraftId,
    /// The draft was saved at least once.
    pub kept: bool,
    /// How often it was saved from here, less how often that was heard of: below nothing somebody else saves it too.
    pub unheard: i32,
    /// Another window has changed the draft since: what is typed here becomes a second one.
    pub elsewhere: bool,
    /// The outgoing it was, sent from here and taken back.
    pub taken_back: Option<OutgoingId>,
    /// The draft this one was copied from then.
    pub copy_of: Option<DraftId>,
    seen: Option<MessageId>,
    /// The text it began with: nothing to lose while it is the same.
    began: String,
    unsaved_since: Option<Timestamp>,
    save_at: Timestamp,
    last_save: Option<Timestamp>,
}

impl Composer {
    /// Begins to write what `compose` says; its text is there already.
    pub(super) fn new(compose: Compose, name: String, draft: DraftId) -> Composer {
        let mut body = TextArea::new(compose.text.lines().map(str::to_owned).collect());
        body.set_wrap_mode(WrapMode::WordOrGlyph);
        body.set_max_histories(200);
        // No colours here: the theme's are put on when it is drawn.
        body.set_cursor_line_style(Style::new());
        body.set_selection_style(Style::new().add_modifier(Modifier::UNDERLINED));
        body.move_cursor(CursorMove::Top);
        let written = match compose.kind {
            ReplyKind::Note => Written::Note,
            kind => Written::Mail(Box::new(Mail {
                kind,
                account: compose.account,
                parent: compose.parent,
                thread: compose.thread,
                to: LineInput::new(address::show_all(&compose.to)),
                cc: LineInput::new(address::show_all(&compose.cc)),
                subject: LineInput::new(compose.subject),
                attachments: compose.attachments,
                parties: compose.to,
                way: compose.way,
                place: Place::default(),
            })),
        };
        let field = match &written {
            Written::Mail(mail) if mail.edits_head() && mail.to.text().is_empty() => Field::To,
            Written::Mail(mail) if mail.edits_head() && mail.subject.text().is_empty() => Field::Subject,
            _ => Field::Body,
        };
        let mut composer = Composer {
            customer: compose.customer,
            name,
            written,
            body,
            field,
            stage: Stage::Writing,
            draft,
            kept: false,
            unheard: 0,
            elsewhere: false,
            taken_back: None,
            copy_of: None,
            seen: compose.seen,
            began: String::new(),
            unsaved_since: None,
            save_at: Timestamp::default(),
            last_save: None,
        };
        composer.began = composer.text();
        composer.show_caret();
        composer
    }

    /// Goes on with a draft.
    pub(super) fn resume(draft: Draft, name: String) -> Composer {
        let mut composer = Composer::new(draft.compose, name, draft.id);
        composer.kept = true;
        // All of it was typed.
        composer.began = String::new();
        composer.body.move_cursor(CursorMove::Top);
        composer
    }

    /// It is on its way: nothing more can be changed.
    pub(super) fn is_sending(&self) -> bool {
        matches!(self.stage, Stage::Review { sending: Some(_), .. })
    }

    /// True for a private note.
    pub(super) fn is_note(&self) -> bool {
        matches!(self.written, Written::Note)
    }

    /// The head, when it leaves.
    pub(super) fn mail(&self) -> Option<&Mail> {
        match &self.written {
            Written::Note => None,
            Written::Mail(mail) => Some(mail),
        }
    }

    /// The text as it leaves: no spaces and empty lines at the end.
    pub(super) fn text(&self) -> String {
        self.body.lines().join("\n").trim_end().to_owned()
    }

    /// Something was typed or attached that would be missed.
    pub(super) fn has_text(&self) -> bool {
        let text = self.text();
        let head = self.mail().is_some_and(|mail| {
            mail.kind == ReplyKind::New && !(mail.to.text().is_empty() && mail.subject.text().is_empty())
        });
        head || (!text.trim().is_empty() && text != self.began)
    }

    /// What the desk gets. `resolve`: the case too; `seen` is left out once the agent was told that the timeline moved.
    ///
    /// # Errors
    /// What must be put right first, in words for the agent.
    pub(super) fn to_compose(&self, resolve: bool) -> Result<Compose, String> {
        if self.text().trim().is_empty() {
            return Err("there is no text yet".to_owned());
        }
        let mut compose = self.snapshot();
        if let Written::Mail(mail) = &self.written {
            if !mail.place.is_plain() {
                compose.to = address::parse(mail.to.text()).map_err(|why| format!("To: {why}"))?;
                compose.cc = address::parse(mail.cc.text()).map_err(|why| format!("Cc: {why}"))?;
            }
            if compose.to.is_empty() {
                return Err("To: say who shall get it".to_owned());
            }
        }
        compose.resolve = resolve && compose.customer.is_some();
        let moved = matches!(self.stage, Stage::Review { moved: Some(_), .. });
        compose.seen = self.seen.filter(|_| !moved);
        compose.draft = self.kept.then_some(self.draft);
        Ok(compose)
    }

    /// What the draft keeps: all as far as it can be read. An address that is not finished stays as typed.
    pub(super) fn snapshot(&self) -> Compose {
        let kind = self.mail().map_or(ReplyKind::Note, |mail| mail.kind);
        let mut compose = Compose::new(kind, self.customer);
        compose.text = self.text();
        compose.seen = self.seen;
        if let Written::Mail(mail) = &self.written {
            let parties = |line: &LineInput| address::parse(line.text()).unwrap_or_else(|_| as_typed(line));
            compose.account = mail.account.clone();
            compose.parent = mail.parent;
            compose.thread = mail.thread;
            compose.way = mail.way;
            match (&mail.place.to, mail.place.is_plain()) {
                (Some(to), _) => compose.to = to.clone(),
                // An address of such a place is what the place calls one.
                (None, true) => compose.to = as_typed(&mail.to),
                (None, false) => {
                    compose.to = parties(&mail.to);
                    compose.cc = parties(&mail.cc);
                    compose.subject = mail.subject.text().trim().to_owned();
                }
            }
            compose.attachments = mail.attachments.clone();
        }
        compose
    }

    /// A key that is text. True when something changed that must be kept.
    pub(super) fn key(&mut self, key: KeyEvent) -> bool {
        match self.line() {
            Some(line) => line.key(key),
            None => {
                let full = self.body.lines().iter().map(|line| line.len() + 1).sum::<usize>() > MAX_TEXT;
                let adds = matches!(key.code, crossterm::event::KeyCode::Char(_) | crossterm::event::KeyCode::Enter);
                !(full && adds) && self.body.input(key)
            }
        }
    }

    /// A paste. False when there is no room for it.
    pub(super) fn paste(&mut self, text: &str) -> bool {
        if let Some(line) = self.line() {
            line.insert(text);
            return true;
        }
        let held: usize = self.body.lines().iter().map(|line| line.len() + 1).sum();
        if held + text.len() > MAX_TEXT {
            return false;
        }
        // A terminal's Enter is a carriage return, also inside a paste.
        self.body.insert_str(clean_block(&text.replace("\r\n", "\n").replace('\r', "\n")))
    }

    /// Puts another text in place of this one. False when it is the same.
    pub(super) fn replace_text(&mut self, text: &str) -> bool {
        let clean = clean_block(&text.replace("\r\n", "\n"));
        let text = clean[..clean.floor_char_boundary(MAX_TEXT)].trim_end();
        if text == self.text() {
            return false;
        }
        self.body.select_all();
        self.body.cut();
        self.body.insert_str(text);
        self.field = Field::Body;
        self.show_caret();
        true
    }

    /// The header field that takes the letters.
    fn line(&mut self) -> Option<&mut LineInput> {
        let Written::Mail(mail) = &mut self.written else { return None };
        match self.field {
            Field::To => Some(&mut mail.to),
            Field::Cc => Some(&mut mail.cc),
            Field::Subject => Some(&mut mail.subject),
            Field::Body => None,
        }
    }

    /// Goes to the next or previous field.
    pub(super) fn next_field(&mut self, forward: bool) {
        let fields = self.fields();
        let at = fields.iter().position(|field| *field == self.field).unwrap_or(fields.len() - 1);
        self.field = fields[(at + if forward { 1 } else { fields.len() - 1 }) % fields.len()];
        self.show_caret();
    }

    /// The fields there are to write in; the text is always the last.
    fn fields(&self) -> &'static [Field] {
        match &self.written {
            Written::Note => &[Field::Body],
            Written::Mail(mail) if mail.place.to.is_some() => &[Field::Body],
            Written::Mail(mail) if mail.place.is_plain() => &[Field::To, Field::Body],
            Written::Mail(_) => &[Field::To, Field::Cc, Field::Subject, Field::Body],
        }
    }

    /// The letters go where there is a field for them.
    pub(super) fn keep_field(&mut self) {
        if !self.fields().contains(&self.field) {
            self.field = Field::Body;
            self.show_caret();
        }
    }

    /// Answers another message instead: the head is that one's, the text stays. What was quoted and not written goes.
    pub(super) fn move_to(&mut self, compose: Compose, now: Timestamp) {
        let fresh = Composer::new(compose, self.name.clone(), self.draft);
        let text = self.text();
        let written = text.strip_suffix(&self.began).filter(|_| !self.began.is_empty()).unwrap_or(&text).trim_end();
        let text = match (written.is_empty(), fresh.began.is_empty()) {
            (true, _) => fresh.began.clone(),
            (false, true) => written.to_owned(),
            (false, false) => format!("{written}{}", fresh.began),
        };
        let attachments = match &mut self.written {
            Written::Mail(mail) => std::mem::take(&mut mail.attachments),
            Written::Note => Vec::new(),
        };
        self.written = fresh.written;
        if let Written::Mail(mail) = &mut self.written {
            mail.attachments = attachments;
        }
        self.began = fresh.began;
        let field = self.field;
        if self.replace_text(&text) && written.is_empty() {
            self.body.move_cursor(CursorMove::Top);
        }
        self.field = field;
        self.changed(now);
    }

    /// Where it goes, when it leaves.
    pub(super) fn place(&self) -> Option<&Place> {
        self.mail().map(|mail| &mail.place)
    }

    /// The caret of the text shows only while the letters go there.
    pub(super) fn show_caret(&mut self) {
        let caret = if self.field == Field::Body { Modifier::REVERSED } else { Modifier::empty() };
        self.body.set_cursor_style(Style::new().add_modifier(caret));
    }

    /// Attaches a file of this machine, as typed.
    ///
    /// # Errors
    /// When it cannot have one.
    pub(super) fn attach(&mut self, path: &str) -> Result<(), String> {
        let Written::Mail(mail) = &mut self.written else {
            return Err("a private note has no attachments".to_owned());
        };
        mail.attachments.push(AttachmentSource::Path(path.to_owned()));
        Ok(())
    }

    /// Takes the last attachment off; its name, if there was one.
    pub(super) fn detach(&mut self) -> Option<AttachmentSource> {
        match &mut self.written {
            Written::Note => None,
            Written::Mail(mail) => mail.attachments.pop(),
        }
    }

    /// Something changed that must be kept.
    pub(super) fn changed(&mut self, now: Timestamp) {
        if self.unsaved_since.is_none() {
            self.unsaved_since = Some(now);
            let soon = now.plus_millis(SAVE_AFTER);
            self.save_at = self.last_save.map_or(soon, |last| soon.max(last.plus_millis(SAVE_EVERY)));
        }
    }

    /// When the draft wants to be saved, if it does. Not while it is on its way: a draft saved behind the answer would
    /// stay when that has left.
    pub(super) fn wants_saving(&self) -> Option<Timestamp> {
        self.unsaved_since.filter(|_| !self.is_sending()).map(|_| self.save_at)
    }

    /// Another window saved the draft. True when there is something here that may be in no draft any more: not saved yet, or
    /// saved at the same moment.
    pub(super) fn changed_elsewhere(&mut self, now: Timestamp) -> bool {
        self.elsewhere = true;
        let crossed = self.last_save.is_some_and(|last| now.since(last) < CROSSING);
        self.wants_saving().is_some() || (crossed && !self.is_sending())
    }

    /// The draft to save now, with this as its time.
    pub(super) fn save(&mut self, agent: &str, now: Timestamp) -> Draft {
        if std::mem::take(&mut self.elsewhere) {
            // Neither window writes over the other.
            // What is taken away leaves a new id.
            self.copy_of = Some(std::mem::take(&mut self.draft));
            self.unheard = 0;
        }
        self.unsaved_since = None;
        self.last_save = Some(now);
        self.kept = true;
        self.unheard += 1;
        Draft { id: self.draft, customer: self.customer, compose: self.snapshot(), agent: agent.to_owned(), saved: now }
    }

    /// The store refused the draft: it is still to be saved.
    pub(super) fn not_saved(&mut self, now: Timestamp) {
        // Nothing of it may be in the store yet.
        self.kept = false;
        self.unsaved_since = Some(now);
        self.save_at = now.plus_millis(SAVE_AGAIN);
    }

    /// The words on its frame.
    pub(super) fn title(&self) -> String {
        let Written::Mail(mail) = &self.written else {
            return format!("PRIVATE NOTE about {} – stays here", self.name);
        };
        match mail.kind {
            ReplyKind::Reply | ReplyKind::ReplyAll if mail.place.way == Way::Public => {
                format!("PUBLIC REPLY to {}: everybody can read this", self.name)
            }
            ReplyKind::ReplyAll => format!("Reply to all · {}", self.name),
            ReplyKind::Forward => "Forward".to_owned(),
            ReplyKind::New => "New message".to_owned(),
            ReplyKind::Reply | ReplyKind::Note => format!("Reply to {}", self.name),
        }
    }
}

impl Mail {
    /// New and forwarded messages begin with the head; answers know it already.
    pub(super) fn edits_head(&self) -> bool {
        matches!(self.kind, ReplyKind::New | ReplyKind::Forward)
    }
}

/// A recipient as it was typed.
fn as_typed(line: &LineInput) -> Vec<Party> {
    let address = line.text().trim().to_owned();
    if address.is_empty() { Vec::new() } else { vec![Party { address, name: String::new() }] }
}

/// A file as the agent knows it.
pub(super) fn attachment_name(source: &AttachmentSource) -> String {
    match source {
        AttachmentSource::Path(path) => path.clone(),
        AttachmentSource::Message(_, part) => format!("part {part} of the forwarded message"),
    }
}
