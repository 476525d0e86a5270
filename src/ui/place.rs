//! Where an answer goes, and what the channel there allows: who can read it, how long it may be, until when it is taken.

use super::answer_text::begin;
use super::composer::{Composer, Written};
use super::{Load, Screen};
use crate::model::{
    Abilities, Count, Direction, Length, Message, MessageId, Party, ReplyKind, Terms, ThreadId, TimelineEntry,
    Timestamp, Way, WindowLeft,
};

/// Conversations that are offered to answer in.
const OFFERED: usize = 50;
/// How far beyond a limit a text is still counted to the letter.
const BEYOND: usize = 10_000;
/// The most bytes of one counted unit that are looked at; a letter of many more is no letter.
const WIDEST: usize = 16;
const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// Columns of a conversation's title.
const TITLE: usize = 40;

/// What a conversation is called by a message of it: the subject, else how it begins.
fn titled(message: &Message) -> String {
    let title = if message.subject.is_empty() { &message.preview } else { &message.subject };
    super::text::cut(title, TITLE)
}

/// What is known of the time and the number of answers that are left.
#[derive(Debug, Default)]
pub(super) enum Left {
    /// Nothing: the channel has no such limits, or the answer is not there yet.
    #[default]
    Unknown,
    /// So much, or why nothing.
    Known(Result<Option<WindowLeft>, String>),
}

/// Where an answer goes.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// The channel.
    pub channel: String,
    /// What it lets us do; `None` when the account is not configured any more.
    pub abilities: Option<Abilities>,
    /// What an answer that goes `way` is held to.
    pub terms: Terms,
    /// Recipients that are not typed but follow from the message: not every channel has addresses one could write.
    pub to: Option<Vec<Party>>,
    /// Who will be able to read it.
    pub way: Way,
    /// Who could be.
    pub ways: Vec<Way>,
    /// How far the window is open.
    pub left: Left,
    /// What was said when the answer was sent elsewhere than it first would.
    pub moved: String,
}

impl Place {
    /// No subject, no copies: only the text is written.
    pub(super) fn is_plain(&self) -> bool {
        self.abilities.as_ref().is_some_and(|abilities| !abilities.subject)
    }

    /// The length, the limit, and whether it is passed; `None` where there is no limit.
    pub(super) fn measure(&self, lines: &[String]) -> Option<(usize, Length)> {
        let measured = self.terms.lengths.iter().map(|length| (count(lines, length), *length));
        measured.max_by(|(one, a), (other, b)| (one * b.most).cmp(&(other * a.most)))
    }

    /// The length in words: `123 of 500 characters`, `512 of 500 characters: too long by 12`.
    pub(super) fn length(&self, lines: &[String]) -> Option<(bool, String)> {
        let (is, length) = self.measure(lines)?;
        // What exactly is counted is the platform's business; an agent thinks of letters.
        let word = if length.count == Count::Bytes { "bytes" } else { "characters" };
        Some(match is.checked_sub(length.most) {
            Some(over @ 1..BEYOND) => (false, format!("{is} of {} {word}: too long by {over}", length.most)),
            Some(over) if over > 0 => {
                (false, format!("{} {word} at most: too long by more than {BEYOND}", length.most))
            }
            _ => (true, format!("{is} of {} {word}", length.most)),
        })
    }

    /// The window in words: `window closes in 3 h 12 m, 3 of 5 answers left`, or why it is closed.
    pub(super) fn window(&self, now: Timestamp) -> Option<(bool, String)> {
        let Left::Known(known) = &self.left else { return None };
        // What everybody can read may be answered at any time.
        if self.way == Way::Public {
            return None;
        }
        let left = match known {
            Ok(left) => (*left)?,
            Err(why) => return Some((false, format!("closed: {why}"))),
        };
        let (millis, most) = self.terms.extent(left.opens);
        let given = most.unwrap_or_default().saturating_sub(left.answers.unwrap_or_default());
        if let (Some(closes), Some(millis)) = (left.closes, millis)
            && let Err(why) = self.terms.window_left(closes.plus_millis(-millis), left.opens, given, now)
        {
            return Some((false, format!("closed: {why}")));
        }
        let mut words = Vec::new();
        words.extend(left.closes.map(|closes| format!("window closes in {}", span(closes.since(now)))));
        if let (Some(left), Some(most)) = (left.answers, most) {
            words.push(format!("{left} of {most} answers left"));
        }
        Some((true, words.join(", ")))
    }

    /// When the words about the window change.
    pub(super) fn changes(&self, now: Timestamp) -> Option<Timestamp> {
        let Left::Known(Ok(Some(WindowLeft { closes: Some(closes), .. }))) = &self.left else { return None };
        match closes.since(now) {
            ..=0 => None,
            rest @ 1..MINUTE => Some(closes.plus_millis(-((rest - 1) / SECOND * SECOND))),
            rest => Some(closes.plus_millis(1 - rest / MINUTE * MINUTE)),
        }
    }

    /// Why the desk would refuse it, with the way out.
    pub(super) fn hindrance(&self, text: &str, lines: &[String], now: Timestamp) -> Option<String> {
        let too_long = match self.length(lines) {
            Some((false, _)) => self.terms.too_long(text),
            _ => None,
        };
        let closed = self.window(now).filter(|(open, _)| !open).map(|(_, why)| why);
        too_long.map(|why| format!("{why}; make it shorter, or send it in two")).or(closed)
    }

    /// Where it goes in a few words: `telegram`, `mastodon, publicly`.
    pub(super) fn words(&self) -> String {
        match self.way {
            Way::Public => format!("{}, publicly", self.channel),
            Way::Direct if self.ways.len() > 1 => format!("{}, directly", self.channel),
            Way::Direct => self.channel.clone(),
        }
    }
}

/// How long a text is as a channel counts it. What is far beyond the limit is not counted on, so that a key costs the
/// same in a text of any length.
fn count(lines: &[String], length: &Length) -> usize {
    let enough = length.most + BEYOND;
    let written = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
    let mut sum = 0;
    for (index, line) in lines[..written].iter().enumerate() {
        let line = if index + 1 == written { line.trim_end() } else { line };
        let looked = &line[..line.floor_char_boundary(enough * WIDEST)];
        sum += length.count.of(looked) + usize::from(index > 0);
        if sum > enough {
            break;
        }
    }
    sum
}

/// A span in words: `2 d 3 h`, `3 h 12 m`, `12 m`, `40 s`.
fn span(millis: i64) -> String {
    match millis {
        ..MINUTE => format!("{} s", (millis + SECOND - 1).max(0) / SECOND),
        MINUTE..HOUR => format!("{} m", millis / MINUTE),
        HOUR..DAY => format!("{} h {} m", millis / HOUR, millis % HOUR / MINUTE),
        _ => format!("{} d {} h", millis / DAY, millis % DAY / HOUR),
    }
}

/// A conversation an answer can go to.
#[derive(Clone, Copy)]
struct Target {
    index: usize,
    thread: ThreadId,
    way: Way,
}

impl Screen {
    /// The way of the message that is answered.
    fn parent_entry(&self, parent: Option<MessageId>) -> Option<&TimelineEntry> {
        let parent = parent?;
        self.open.as_ref()?.entries.iter().find(|entry| entry.message.id == parent)
    }

    /// Learns what the channel of the answer allows, and asks how long its window is open.
    pub(super) fn settle_place(&mut self) {
        let Some(mail) = self.composer.as_ref().and_then(Composer::mail) else { return };
        let facts = self.accounts.iter().find(|account| account.name == mail.account);
        let (abilities, channel) =
            (facts.map(|facts| facts.abilities.clone()), facts.map(|facts| facts.channel.clone()).unwrap_or_default());
        let answers = matches!(mail.kind, ReplyKind::Reply | ReplyKind::ReplyAll);
        let parent = self.parent_entry(mail.parent).filter(|_| answers).map(|entry| &entry.message);
        let was = parent.map(|message| message.way).unwrap_or_default();
        let context = parent.map(|message| message.context.clone()).unwrap_or_default();
        let ways = match (&abilities, answers, was) {
            (Some(abilities), true, Way::Public) => abilities.public.clone(),
            (Some(abilities), ..) => abilities.direct.clone(),
            (None, ..) => Vec::new(),
        };
        let parent = mail.parent.filter(|_| answers);
        let mut ask = None;
        if let Some(Composer { written: Written::Mail(mail), .. }) = &mut self.composer {
            let place = &mut mail.place;
            (place.channel, place.abilities) = (channel, abilities);
            if !ways.contains(&mail.way.unwrap_or_default()) {
                mail.way = None;
            }
            place.way = mail.way.or(ways.first().copied()).unwrap_or_default();
            place.ways = ways;
            place.terms =
                place.abilities.as_ref().map(|abilities| abilities.terms(was, place.way, &context)).unwrap_or_default();
            ask = parent.filter(|_| place.terms.window.is_some()).map(|parent| Load::Window(parent, place.way));
            place.left = Left::Unknown;
            place.to = (place.is_plain() && answers).then(|| mail.parties.clone());
        }
        if let Some(composer) = &mut self.composer {
            composer.keep_field();
        }
        if let Some(ask) = ask {
            self.load(ask);
        }
    }

    /// Asks again how long the window is open: they wrote, or we answered.
    pub(super) fn ask_window_again(&mut self) {
        let Some(mail) = self.composer.as_ref().and_then(Composer::mail) else { return };
        let (windowed, way) = (mail.place.terms.window.is_some(), mail.place.way);
        let answers = matches!(mail.kind, ReplyKind::Reply | ReplyKind::ReplyAll);
        if let Some(parent) = mail.parent.filter(|_| windowed && answers) {
            self.load(Load::Window(parent, way));
        }
    }

    /// The answer about a window came.
    pub(super) fn take_window(&mut self, id: MessageId, way: Way, left: Result<Option<WindowLeft>, String>) {
        if let Some(Composer { written: Written::Mail(mail), .. }) = &mut self.composer
            && mail.parent == Some(id)
            && mail.place.way == way
        {
            mail.place.left = Left::Known(left);
        }
    }

    /// The conversations of the customer that can be answered, each way of answering by itself, the latest first.
    fn targets(&self) -> Vec<Target> {
        let Some(open) = &self.open else { return Vec::new() };
        let mut found: Vec<Target> = Vec::new();
        for (index, entry) in open.entries.iter().enumerate().rev() {
            let message = &entry.message;
            if message.direction != Direction::Inbound || message.automated.is_some() || found.len() >= OFFERED {
                continue;
            }
            let account = self.accounts.iter().find(|account| account.name == message.account && account.can_send);
            let Some(account) = account else { continue };
            if found.iter().any(|target| target.thread == message.thread) {
                continue;
            }
            let abilities = &account.abilities;
            let ways = if message.way == Way::Public { &abilities.public } else { &abilities.direct };
            found.extend(ways.iter().map(|way| Target { index, thread: message.thread, way: *way }));
        }
        found
    }

    /// Sends the answer to another conversation of the customer: the next one, or the latest of a channel or account.
    pub(super) fn switch_channel(&mut self, wanted: &str) {
        let Some(composer) = &self.composer else { return };
        let Some(mail) = composer.mail() else { return self.say("a private note goes nowhere") };
        if !matches!(mail.kind, ReplyKind::Reply | ReplyKind::ReplyAll) {
            return self.switch_account(wanted);
        }
        let Some(open) = &self.open else { return };
        let kind = mail.kind;
        let targets = self.targets();
        let is_now = |target: &Target| Some(target.thread) == mail.thread && target.way == mail.place.way;
        let fits = |target: &&Target| {
            let message = &open.entries[target.index].message;
            wanted.is_empty() || message.channel == wanted || message.account == wanted
        };
        let at = targets.iter().position(is_now);
        let next = match (wanted.is_empty(), at) {
            (true, Some(at)) => targets.get((at + 1) % targets.len()),
            _ => targets.iter().find(fits),
        };
        let Some(target) = next.copied().filter(|target| wanted.is_empty() || !is_now(target)) else {
            let name = &composer.name;
            return match wanted {
                "" => self.say(format!("{name} has no conversation to answer in")),
                _ if at.is_some() && targets.iter().any(|t| fits(&t)) => self.say("that is where it goes already"),
                _ => self.complain(format!("{name} has not written by `{wanted}` lately")),
            };
        };
        if at.is_some_and(|at| targets.len() == 1 && at == 0) {
            let text = format!("{} has no other conversation to answer in", composer.name);
            return self.say(text);
        }
        let mut compose = begin(kind, open.id, &open.entries[target.index], &self.accounts, &self.zone, self.quote);
        compose.way = Some(target.way);
        let was = mail.place.words();
        let title = |index: usize| titled(&open.entries[index].message);
        let (goes, went) = (title(target.index), at.and_then(|at| targets.get(at)).map(|now| title(now.index)));
        let (name, now) = (composer.name.clone(), self.now);
        if let Some(composer) = &mut self.composer {
            composer.move_to(compose, now);
        }
        self.settle_place();
        let Some(Composer { written: Written::Mail(mail), .. }) = &mut self.composer else { return };
        let place = mail.place.words();
        let said = match went {
            // The same place: what differs is the conversation.
            Some(went) if place == was => {
                format!("answers {name} in \u{201c}{goes}\u{201d}, was: \u{201c}{went}\u{201d}")
            }
            _ => format!("answers {name} on {place}, was: {was}"),
        };
        mail.place.moved = said.clone();
        self.say(said);
    }

    /// A new message: from another account that may write to somebody who never wrote.
    fn switch_account(&mut self, wanted: &str) {
        let Some(mail) = self.composer.as_ref().and_then(Composer::mail) else { return };
        let able: Vec<&str> = self
            .accounts
            .iter()
            .filter(|account| account.can_send && account.abilities.first_contact)
            .filter(|account| wanted.is_empty() || account.name == wanted || account.channel == wanted)
            .map(|account| account.name.as_str())
            .collect();
        let at = able.iter().position(|name| *name == mail.account);
        let next = able.get(at.map_or(0, |at| (at + 1) % able.len())).filter(|name| **name != mail.account);
        let Some(next) = next.map(|name| (*name).to_owned()) else {
            return self.say("no other account can write to somebody who never wrote");
        };
        let (was, now) = (mail.account.clone(), self.now);
        if let Some(composer) = &mut self.composer {
            if let Written::Mail(mail) = &mut composer.written {
                mail.account = next.clone();
            }
            composer.changed(now);
        }
        self.settle_place();
        self.say(format!("leaves through {next}, was: {was}"));
    }

    /// Chooses who can read the answer.
    pub(super) fn choose_way(&mut self, wanted: &str) {
        let Some(composer) = &self.composer else { return };
        let Some(mail) = composer.mail() else { return self.say("a private note is read by nobody outside") };
        let ways = &mail.place.ways;
        let way = match wanted {
            "" => ways.iter().copied().find(|way| *way != mail.place.way),
            word => match [Way::Direct, Way::Public].into_iter().find(|way| way.word() == word) {
                Some(way) => Some(way).filter(|way| ways.contains(way)),
                None => return self.complain(format!("`{word}` is no way to answer; say public or direct")),
            },
        };
        let Some(way) = way else {
            let now = if mail.place.way == Way::Public { "publicly" } else { "directly" };
            return self.say(format!("here one can only answer {now}"));
        };
        let now = self.now;
        if let Some(composer) = &mut self.composer {
            if let Written::Mail(mail) = &mut composer.written {
                mail.way = Some(way);
                mail.place.way = way;
            }
            composer.changed(now);
        }
        self.say(match way {
            Way::Public => "public reply: everybody can read this",
            Way::Direct => "direct message: only they can read this",
        });
    }
}
