//! The world an account sees: its past, its stream of new messages, and the mailroom where answers are made.

use super::cursor::Cursor;
use super::live::Stream;
use super::mailroom::{Mailroom, News};
use super::plan::{Kind, Moment, Plan};
use super::settings::{DemoSettings, Role};
use super::speech::Speech;
use super::writer::{Scene, Written};
use super::{later, letter, post, robot};
use crate::connector::email::parse;
use crate::connector::{Item, PulledPage};
use crate::model::{Progress, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use tokio::sync::Notify;

/// Items of the past on the first page, which is there at once, and on the others.
const FIRST_PAGE: usize = 60;
const PAGE: usize = 200;
/// Live messages on one page.
const LIVE_PAGE: usize = 40;

/// What the time is.
pub(super) type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

pub(super) struct World {
    pub settings: DemoSettings,
    pub speeches: &'static [Speech],
    plan: OnceLock<Plan>,
    /// When this run of the program began.
    run: i64,
    clock: Clock,
    stream: Mutex<Stream>,
    mailroom: Mutex<Mailroom>,
    /// Rings when an answer is to come.
    pub news: Notify,
}

impl World {
    pub fn new(settings: DemoSettings, speeches: &'static [Speech], clock: Clock) -> World {
        World {
            settings,
            speeches,
            plan: OnceLock::new(),
            run: clock(),
            clock,
            stream: Mutex::default(),
            mailroom: Mutex::default(),
            news: Notify::new(),
        }
    }

    pub fn now(&self) -> i64 {
        (self.clock)()
    }

    pub fn seed(&self) -> u64 {
        u64::from(self.settings.seed)
    }

    pub fn plan(&self) -> &Plan {
        let settings = &self.settings;
        self.plan.get_or_init(|| Plan::new(self.seed(), settings.customers, settings.history, self.speeches))
    }

    pub fn mailroom(&self) -> MutexGuard<'_, Mailroom> {
        self.mailroom.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The cursor read; what cannot be read begins anew, and what is known already is known by its id.
    pub fn cursor(&self, bytes: &[u8]) -> Cursor {
        let fresh = Cursor { start: self.run, run: self.run, ..Cursor::default() };
        Cursor::from_bytes(bytes).unwrap_or(fresh).in_run(self.run)
    }

    /// The next page after a cursor: answers and live messages that have come, then the past, the latest first.
    pub fn page(&self, bytes: &[u8]) -> PulledPage {
        let mut cursor = self.cursor(bytes);
        let now = self.now();
        let mut items = self.past(&mut cursor);
        let live = items.len();
        while items.len() < live + LIVE_PAGE
            && let Some((at, item)) = self.live(&cursor)
            && at <= now
        {
            items.push(item);
            cursor.live += 1;
        }
        for arrived in self.mailroom().arrived(cursor.answers, now) {
            items.push(match &arrived.news {
                News::Answer(original) => self.item(original.clone(), true, arrived.at),
                News::Change(change) => Item::Change(change.clone()),
            });
            cursor.answers += 1;
        }
        let total = self.plan().moments(self.settings.role).len() as u64;
        let more = u64::from(cursor.past) < total || self.next(&cursor).is_some_and(|at| at <= now);
        cursor.at_rest = !more && self.next(&cursor).is_none();
        let progress = Some(Progress { done: u64::from(cursor.past), total });
        PulledPage { items, cursor: cursor.to_bytes(), more, progress }
    }

    /// When something comes after this cursor, in milliseconds since 1970; `None` for nothing that is known of yet.
    pub fn next(&self, cursor: &Cursor) -> Option<i64> {
        let live = self.live_at(cursor);
        let answer = self.mailroom().next(cursor.answers);
        live.into_iter().chain(answer).min()
    }

    fn past(&self, cursor: &mut Cursor) -> Vec<Item> {
        let moments = self.plan().moments(self.settings.role);
        let rest = moments.get(cursor.past as usize..).unwrap_or_default();
        let size = if cursor.past == 0 { FIRST_PAGE } else { PAGE };
        let page = &rest[..rest.len().min(size)];
        cursor.past += page.len() as u32;
        page.iter().rev().flat_map(|moment| self.moment(moment, cursor.start)).collect()
    }

    fn scene(&self, conversation: &'_ super::plan::Conversation) -> Scene<'_> {
        let person = &self.plan().cast.people[conversation.person as usize];
        Scene { seed: self.seed(), conversation: conversation.clone(), person, speech: &self.speeches[person.speech] }
    }

    /// Something of the past, and what has happened to it since.
    fn moment(&self, moment: &Moment, start: i64) -> Vec<Item> {
        let at = start + moment.at;
        let scene = || self.scene(&self.plan().conversations[moment.conversation as usize]);
        let item = match moment.kind {
            Kind::Turn(turn) => {
                let scene = scene();
                let mut written = scene.turn(turn, at, moment.before.map(|before| start + before));
                if turn == 0 && scene.is_elsewhere() && scene.person.role == Role::Mail {
                    // Signed with the address they have elsewhere: no proof, but worth a look.
                    written.text = format!("{}\n– {} · {}", written.text, scene.person.full, scene.person.address);
                }
                let mut items = vec![self.item(self.original(&written), written.customer, at)];
                let changes = later::happened(self.seed(), self.settings.role, &written, |millis| millis);
                items.extend(changes.into_iter().map(|change| Item::Change(Box::new(change))));
                return items;
            }
            Kind::LastWord(turns) => {
                let scene = scene();
                let body = scene.one_of(&scene.speech.last_word, "last word");
                let mut written = scene.message(false, turns, &body, at, None);
                written.id = scene.id_of("last", false);
                self.item(self.original(&written), false, at)
            }
            Kind::Away(turn) => self.item(robot::away(&scene(), turn, at), true, at),
            Kind::Bounce(turn) => self.item(robot::bounce(&scene(), turn, at), true, at),
            Kind::Newsletter(which) => self.item(robot::newsletter(self.seed(), which, at, self.speeches), true, at),
            Kind::Broken => self.item(robot::broken(), true, at),
        };
        vec![item]
    }

    /// When the next live message comes.
    fn live_at(&self, cursor: &Cursor) -> Option<i64> {
        let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
        let mut after = |index: u32| {
            let (seed, role) = (self.seed(), self.settings.role);
            stream.get(index, seed, role, self.plan(), self.speeches).map(|arrival| arrival.after)
        };
        let before = cursor.live_before.checked_sub(1).and_then(&mut after).unwrap_or(0);
        let next = after(cursor.live)?;
        let end = i64::from(self.settings.live_seconds) * 1_000;
        (end == 0 || next - before <= end).then(|| cursor.run + self.settings.real(next - before))
    }

    /// The next live message, and when it comes.
    fn live(&self, cursor: &Cursor) -> Option<(i64, Item)> {
        let at = self.live_at(cursor)?;
        let arrival = {
            let mut stream = self.stream.lock().unwrap_or_else(PoisonError::into_inner);
            stream.get(cursor.live, self.seed(), self.settings.role, self.plan(), self.speeches)?.clone()
        };
        if arrival.newsletter {
            return Some((
                at,
                self.item(robot::newsletter(self.seed(), 1_000 + cursor.live, at, self.speeches), true, at),
            ));
        }
        let scene = self.scene(&arrival.conversation);
        let written = if arrival.nudge {
            let body = scene.one_of(&scene.speech.nudge, "nudge");
            let mut written = scene.message(true, 1, &body, at, None);
            written.id = scene.id_of("nudge", true);
            written
        } else {
            scene.turn(0, at, None)
        };
        let mut written = written;
        if scene.is_elsewhere() && scene.person.role == Role::Mail {
            // They have just confirmed there who they are: the two customers turn out to be one while you watch.
            written.confirmed = vec![scene.person.address.clone()];
        }
        // A nudge is a message of its own and nothing more; of others something may be heard later.
        if !arrival.nudge {
            let changes =
                later::happened(self.seed(), self.settings.role, &written, |millis| self.settings.real(millis));
            self.mailroom().expect(changes);
        }
        Some((at, self.item(self.original(&written), true, at)))
    }

    fn original(&self, written: &Written) -> Vec<u8> {
        if self.settings.role == Role::Mail { letter::original(written) } else { post::original(written) }
    }

    fn item(&self, original: Vec<u8>, customer: bool, at: i64) -> Item {
        let folder = match (self.settings.role, customer) {
            (Role::Mail, true) => "INBOX",
            (Role::Mail, false) => "Sent",
            (Role::Chat, _) => "chat",
            (Role::Comments, _) => "comments",
        };
        self.parse(original, folder, Timestamp(at + 1_000))
    }

    /// Understands an original of this place.
    pub fn parse(&self, original: Vec<u8>, folder: &str, received: Timestamp) -> Item {
        match self.settings.role {
            Role::Mail => {
                let own = [Role::Mail.address().to_owned()];
                parse::understand_from(original, &own, Some(letter::SERVER), folder, received)
            }
            role => post::understand(original, role, folder, received),
        }
    }
}
