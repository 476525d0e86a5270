//! One message of a timeline as lines of the screen.

use super::beside::{Beside, beside};
use super::link::linked;
use super::signs::{Signs, label_element};
use super::text::{Piece, Row, count, cut, fit, piece, size, width, wrap};
use super::when;
use crate::command::{Verb, of};
use crate::keymap::{Context, Keymap};
use crate::model::{
    Block as Stretch, BlockKind, Delivery, Direction, Message, OutboxState, Party, TimelineEntry, Timestamp, Trust,
    Way, fold,
};
use crate::theme::Element;
use jiff::tz::TimeZone;

/// Lines of one message that are laid out; the rest is in the original.
const MAX_ROWS: usize = 3_000;

/// Bytes of a text that are laid out: a hostile message may be one line of a megabyte.
const MAX_BYTES: usize = 200_000;
/// Messages of one author that follow each other within so many milliseconds are one run of a chat.
const RUN: i64 = 5 * 60_000;
/// Lines and letters of a message that belongs to such a run.
const SHORT: (usize, usize) = (4, 280);
/// From so many columns the head of a message says who corrected what it sounds like.
const CORRECTED: usize = 56;
/// Recipients that are named.
const MAX_PARTIES: usize = 20;

/// What the lines depend on besides the message.
pub(super) struct Surroundings<'s> {
    /// Columns there are.
    pub columns: usize,
    /// The time, for countdowns.
    pub now: Timestamp,
    /// The agent's zone.
    pub zone: &'s TimeZone,
    /// The message before, if there is one.
    pub before: Option<&'s TimelineEntry>,
    /// The message behind, if there is one.
    pub after: Option<&'s TimelineEntry>,
    /// Quotes and signature are shown.
    pub unfolded: bool,
    /// This agent.
    pub agent: &'s str,
    /// The keys named in the text.
    pub keys: &'s KeyNames,
    /// What messages sound like is marked with these.
    pub moods: Option<Signs>,
    /// Changes of segment, oldest first; those between this message and the one before it are told above it.
    pub moves: &'s [(Timestamp, String)],
    /// Nothing came later than this message: changes since are told below it.
    pub is_latest: bool,
}

/// The keys a timeline names, from the live keymap.
#[derive(Clone, Debug, Default)]
pub(super) struct KeyNames {
    /// Folds and unfolds.
    pub fold: String,
    /// Shows the original.
    pub original: String,
    /// Takes back.
    pub undo: String,
    /// Shows the outbox.
    pub outbox: String,
}

impl KeyNames {
    /// Looks them up; a command without a key is named as `:` takes it.
    pub(super) fn new(keymap: &Keymap) -> KeyNames {
        let name = |verb| keymap.keys_for(Context::Timeline, verb).unwrap_or_else(|| format!(":{}", of(verb).name));
        KeyNames {
            fold: name(Verb::Fold),
            original: name(Verb::Original),
            undo: name(Verb::Undo),
            outbox: name(Verb::Outbox),
        }
    }
}

/// The lines of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Block {
    /// All lines, the day's line first if the day is another one.
    pub rows: Vec<Row>,
    /// How many of them come before the message itself.
    pub lead: usize,
    /// How many empty ones come behind it.
    pub tail: usize,
    /// The message counts down to leaving.
    pub counts_down: bool,
}

/// A party as shown: name and address, or the address.
pub(super) fn party(party: &Party) -> String {
    if party.address.is_empty() {
        party.name.clone()
    } else if party.name.is_empty() || party.name == party.address {
        party.address.clone()
    } else {
        format!("{} <{}>", party.name, party.address)
    }
}

/// Parties as shown, with commas.
pub(super) fn parties(all: &[Party]) -> String {
    all.iter().map(party).collect::<Vec<_>>().join(", ")
}

/// As [`parties`], with the many only counted.
fn some_parties(all: &[Party]) -> String {
    match all.len().checked_sub(MAX_PARTIES) {
        Some(more) if more > 0 => format!("{} and {more} more", parties(&all[..MAX_PARTIES])),
        _ => parties(all),
    }
}

/// The part of a text that is laid out, and whether that is all.
fn bounded(text: &str) -> (&str, bool) {
    let end = text.floor_char_boundary(MAX_BYTES);
    (&text[..end], end == text.len())
}

/// The subject without the marks of answering, to see whether a conversation changed its topic.
fn bare_subject(subject: &str) -> &str {
    let mut bare = subject.trim();
    while let Some((mark, rest)) = bare.split_once([':', '：']) {
        let mark = mark.trim().to_lowercase();
        if !matches!(mark.as_str(), "re" | "aw" | "fwd" | "fw" | "wg" | "sv" | "tr" | "rv" | "回复" | "答复" | "转发")
        {
            break;
        }
        bare = rest.trim();
    }
    bare
}

/// One and the same author goes on in the same chat, soon after: no head is needed. Mail has its own, always.
fn goes_on(before: &TimelineEntry, entry: &TimelineEntry, zone: &TimeZone) -> bool {
    let (one, other) = (&before.message, &entry.message);
    let short = |entry: &TimelineEntry| {
        let text = entry.text.as_deref().unwrap_or_default();
        let message = &entry.message;
        text.len() <= SHORT.1 * 4
            && text.lines().count() <= SHORT.0
            && text.chars().count() <= SHORT.1
            && message.attachments.is_empty()
            && message.reply_to.is_none()
            && message.url.is_none()
            && message.automated.is_none()
    };
    one.channel != "email"
        && one.direction != Direction::Note
        && one.direction == other.direction
        && (&one.account, one.thread, one.way, &one.agent) == (&other.account, other.thread, other.way, &other.agent)
        && one.from.address == other.from.address
        && (0..=RUN).contains(&other.at.since(one.at))
        && when::day(one.at, zone) == when::day(other.at, zone)
        && short(before)
        && short(entry)
}

/// Lays a message out.
pub(super) fn block(entry: &TimelineEntry, around: &Surroundings<'_>) -> Block {
    let message = &entry.message;
    let mut block = Block::default();
    let day = when::day(message.at, around.zone);
    if let Some(before) = around.before {
        let between = around.moves.iter().filter(|(at, _)| *at >= before.message.at && *at < message.at);
        block.rows.extend(between.map(|moved| moved_row(moved, around)));
        if !block.rows.is_empty() {
            block.rows.push(Row::new());
        }
        block.lead = block.rows.len();
    }
    if around.before.is_none_or(|before| when::day(before.message.at, around.zone) != day) {
        let text = format!("── {day} ");
        let rest = around.columns.saturating_sub(width(&text));
        block.rows.push(vec![piece(Element::Day, cut(&format!("{text}{}", "─".repeat(rest)), around.columns))]);
        block.lead += 1;
    }
    if message.direction == Direction::Note {
        note(&mut block.rows, entry, around);
    } else {
        mail(&mut block, entry, around);
    }
    if !around.after.is_some_and(|after| goes_on(entry, after, around.zone)) {
        block.rows.push(Row::new());
        block.tail = 1;
    }
    if around.is_latest {
        let since = around.moves.iter().filter(|(at, _)| *at >= message.at);
        let rows = block.rows.len();
        block.rows.extend(since.map(|moved| moved_row(moved, around)));
        block.tail += block.rows.len() - rows;
    }
    block
}

/// A change of segment, on one line between messages.
fn moved_row((at, what): &(Timestamp, String), around: &Surroundings<'_>) -> Row {
    let text = format!("   ∙ {} {} · {what}", when::day(*at, around.zone), when::clock(*at, around.zone));
    vec![piece(Element::Dim, cut(&text, around.columns))]
}

/// A private note: in its own frame, named in words.
fn note(rows: &mut Vec<Row>, entry: &TimelineEntry, around: &Surroundings<'_>) {
    let message = &entry.message;
    let columns = around.columns.max(12);
    let by = message.agent.as_deref().unwrap_or(&message.from.name);
    let head = format!("╔═ NOTE · private, stays here · {by} · {} ", when::clock(message.at, around.zone));
    let head = cut(&head, columns - 1);
    let fill = "═".repeat((columns - 1).saturating_sub(width(&head)));
    rows.push(vec![piece(Element::Note, format!("{head}{fill}╗"))]);
    match &entry.text {
        Ok(text) => {
            for line in bounded(text).0.trim_end().lines().take(MAX_ROWS) {
                for part in wrap(line, columns - 4) {
                    rows.push(vec![
                        piece(Element::Note, "║ "),
                        piece(Element::NoteText, fit(&part, columns - 4)),
                        piece(Element::Note, " ║"),
                    ]);
                }
            }
        }
        Err(why) => rows.push(vec![
            piece(Element::Note, "║ "),
            piece(Element::Error, fit(&format!("cannot be shown: {why}"), columns - 4)),
            piece(Element::Note, " ║"),
        ]),
    }
    rows.push(vec![piece(Element::Note, format!("╚{}╝", "═".repeat(columns - 2)))]);
}

/// A message from or to the customer.
fn mail(block: &mut Block, entry: &TimelineEntry, around: &Surroundings<'_>) {
    let message = &entry.message;
    let own = message.direction == Direction::Outbound;
    let edge = match (own, message.automated.is_some()) {
        (true, _) => Element::Outbound,
        (false, true) => Element::Automated,
        (false, false) => Element::Inbound,
    };
    // Our own messages stand to the right and have a double edge: told apart without colours too.
    let (indent, bar) = if own { ("    ", "║ ") } else { ("", "│ ") };
    let columns = around.columns.saturating_sub(width(indent) + width(bar)).max(10);
    let rows = &mut block.rows;
    let mut line = |pieces: Row| {
        let mut row = vec![piece(edge, format!("{indent}{bar}"))];
        row.extend(pieces);
        rows.push(row);
    };

    if around.before.is_some_and(|before| goes_on(before, entry, around.zone)) {
        let mut row = vec![piece(Element::Dim, format!("· {}", when::clock(message.at, around.zone)))];
        row.extend(mood(entry, around, true));
        line(row);
    } else {
        line(head(entry, own, edge, columns, around));
        // Where the head has no room for it beside who wrote.
        if columns < CORRECTED && entry.sentiment.as_ref().is_some_and(|sentiment| sentiment.corrected.is_some()) {
            line(mood(entry, around, true).into_iter().collect());
        }
        facts(&mut line, message, own, columns, around);
    }
    let sum = beside(entry);
    if let Some((at, by)) = sum.deleted {
        deleted(&mut line, at, by, columns, around);
    }
    if sum.deleted.is_none() || around.unfolded {
        let newest = sum.versions.last().map_or(&entry.text, |version| version.text);
        match newest {
            Ok(text) => body(&mut line, text, around, columns, message.automated.is_some() || sum.deleted.is_some()),
            Err(why) => line(vec![piece(Element::Error, cut(&format!("cannot be shown: {why}"), columns))]),
        }
    }
    edited(&mut line, &sum, columns, around);
    for (index, attachment) in message.attachments.iter().take(100).enumerate() {
        let about = format!("  {}, {}", attachment.media_type, size(attachment.size));
        let name = cut(&attachment.name, columns.saturating_sub(width(&about) + 6).max(6));
        line(vec![
            piece(Element::Attachment, format!("@{} {name}", index + 1)),
            piece(Element::Dim, cut(&about, columns.saturating_sub(width(&name) + 4))),
        ]);
    }
    if let Some(url) = &message.url {
        for row in linked(url, wrap(url, columns - 2), Element::Dim).into_iter().take(4) {
            line(std::iter::once(piece(Element::Dim, "↗ ")).chain(row).collect());
        }
    }
    let liked = sum.liked();
    if !liked.is_empty() {
        line(vec![piece(Element::Strong, cut(&liked, columns))]);
    }
    if let Some(at) = sum.hidden {
        let text = format!("◌ HIDDEN from the public since {}", when::short(at, around.now, around.zone));
        line(vec![piece(Element::Warning, cut(&text, columns))]);
    }
    if own {
        for (element, text) in delivery(entry, &sum, around) {
            for part in wrap(&text, columns).into_iter().take(4) {
                line(vec![piece(element, part)]);
            }
        }
        block.counts_down = entry.outgoing.as_ref().is_some_and(|out| out.state == OutboxState::Held);
    }
}

/// What the head of a message goes on with: what it is about, who else got it, what is unusual.
fn facts(line: &mut impl FnMut(Row), message: &Message, own: bool, columns: usize, around: &Surroundings<'_>) {
    let changed = around.before.is_none_or(|before| {
        let before = &before.message;
        before.thread != message.thread || bare_subject(&before.subject) != bare_subject(&message.subject)
    });
    if changed && !message.subject.is_empty() {
        let label = match message.channel.as_str() {
            "email" => "Subject: ",
            _ if message.way == Way::Public => "Under: ",
            _ => "About: ",
        };
        line(vec![
            piece(Element::Dim, label),
            piece(Element::Subject, cut(&message.subject, columns.saturating_sub(label.len()))),
        ]);
    }
    // Who else got it matters; that we did goes without saying, and so does who is on the other side of a chat.
    if (own && (changed || message.channel == "email")) || message.to.len() > 1 {
        line(vec![piece(Element::Dim, cut(&format!("To: {}", some_parties(&message.to)), columns))]);
    }
    if !message.cc.is_empty() {
        line(vec![piece(Element::Dim, cut(&format!("Cc: {}", some_parties(&message.cc)), columns))]);
    }
    if let Some(reply_to) = &message.reply_to {
        let text = format!("! Reply-To differs: answers go to {}", party(reply_to));
        // Never cut: where an answer goes must be readable.
        for part in wrap(&text, columns).into_iter().take(8) {
            line(vec![piece(Element::Warning, part)]);
        }
    }
    if let Trust::Refuted(why) = &message.trust {
        for part in wrap(&format!("! SUSPECT: not from {}: {why}", message.from.address), columns).into_iter().take(4) {
            line(vec![piece(Element::Error, part)]);
        }
    }
    if let Some(automated) = message.automated {
        line(vec![piece(Element::Automated, format!("AUTOMATED · {}", automated.word()))]);
    }
}

/// That it was removed: what it said is folded away, and never lost.
fn deleted(line: &mut impl FnMut(Row), at: Timestamp, by: Option<&Party>, columns: usize, around: &Surroundings<'_>) {
    let who = match by {
        Some(by) if !by.name.is_empty() => format!("by {}", cut(&by.name, 24)),
        _ => "by its author".to_owned(),
    };
    let fold = &around.keys.fold;
    let what = if around.unfolded { "it said".to_owned() } else { format!("{fold} shows what it said") };
    let text = format!("✗ DELETED {who}, {} · {what}", when::short(at, around.now, around.zone));
    for part in wrap(&text, columns) {
        line(vec![piece(Element::Warning, part)]);
    }
}

/// That it was written anew, and unfolded what it said before.
fn edited(line: &mut impl FnMut(Row), sum: &Beside<'_>, columns: usize, around: &Surroundings<'_>) {
    let Some((last, earlier)) = sum.versions.split_last().filter(|(_, earlier)| !earlier.is_empty()) else { return };
    let short = |at| when::short(at, around.now, around.zone);
    let number = count(earlier.len() as u64, "earlier text", "earlier texts");
    let folded = if around.unfolded { String::new() } else { format!(" ({} shows)", around.keys.fold) };
    let text = format!("✎ edited {} · {number}{folded}", short(last.since));
    line(vec![piece(Element::Folded, cut(&text, columns))]);
    if !around.unfolded {
        return;
    }
    let mut left = MAX_ROWS;
    for version in earlier.iter().rev() {
        line(vec![piece(Element::Dim, cut(&format!("┄ since {} it said", short(version.since)), columns))]);
        let (text, _) = bounded(version.text.as_deref().unwrap_or("(this text cannot be shown)").trim_end());
        for part in text.lines().flat_map(|text| wrap(text, columns)) {
            if left == 0 {
                return;
            }
            left -= 1;
            line(vec![piece(Element::Quote, part)]);
        }
    }
}

/// What a message sounds like, and who corrected that; nothing where there is no reading.
fn mood(entry: &TimelineEntry, around: &Surroundings<'_>, by: bool) -> Option<Piece> {
    let (signs, sentiment) = (around.moods?, entry.sentiment.as_ref()?);
    let by = match sentiment.corrected.as_ref().filter(|_| by) {
        Some(agent) if agent == around.agent => " corrected by you".to_owned(),
        Some(agent) => format!(" corrected by {}", cut(agent, 16)),
        None => String::new(),
    };
    Some(piece(label_element(sentiment.label), format!(" {}{by}", signs.label(sentiment.label))))
}

/// Who, which way, when.
fn head(entry: &TimelineEntry, own: bool, edge: Element, columns: usize, around: &Surroundings<'_>) -> Row {
    let message = &entry.message;
    let mood = mood(entry, around, columns >= CORRECTED);
    let mooded = mood.as_ref().map_or(0, |piece| width(&piece.text));
    let clock = when::clock(message.at, around.zone);
    let who = match (&message.agent, own) {
        (Some(agent), true) if agent == around.agent => format!("→ you ({agent})"),
        (Some(agent), true) => format!("→ {agent}"),
        (None, true) => format!("→ us, {}", party(&message.from)),
        // A long name must not push the address out of sight: that is who it really is.
        (_, false) if message.from.name.is_empty() => format!("← {}", message.from.address),
        // A call without its number.
        (_, false) if message.from.address.is_empty() => format!("← {}", message.from.name),
        (_, false) => {
            let address = format!(" <{}>", message.from.address);
            let room = columns.saturating_sub(width(&address) + width(&clock) + mooded + 3).max(4);
            format!("← {}{address}", cut(&message.from.name, room))
        }
    };
    let about = format!(" {}{}{}", message.channel, if message.account.is_empty() { "" } else { "/" }, message.account);
    // Who can read it is never cut off.
    let public = if message.way == Way::Public { " PUBLIC" } else { "" };
    let room = columns.saturating_sub(width(&clock) + width(public) + mooded + 1);
    let who = cut(&who, room);
    let about = cut(&about, room.saturating_sub(width(&who)));
    let gap = columns.saturating_sub(width(&who) + width(&about) + width(public) + mooded + width(&clock));
    let mut row = vec![piece(edge, who), piece(Element::Dim, about), piece(Element::Warning, public)];
    if let Some(mood) = mood {
        row.push(piece(Element::Dim, " ".repeat(gap.saturating_sub(1))));
        row.push(mood);
        row.push(piece(Element::Dim, format!("{}{clock}", " ".repeat(gap.min(1)))));
    } else {
        row.push(piece(Element::Dim, format!("{}{clock}", " ".repeat(gap))));
    }
    row
}

/// The text with quotes and signature folded.
fn body(line: &mut impl FnMut(Row), text: &str, around: &Surroundings<'_>, columns: usize, automated: bool) {
    let (unfolded, keys) = (around.unfolded, around.keys);
    let plain = if automated { Element::Automated } else { Element::Text };
    let (text, mut all) = bounded(text.trim_end());
    let stretches = fold(text);
    // A message that is nothing but a quote (handed on, say) is what was written.
    let written =
        |stretch: &Stretch| stretch.kind == BlockKind::Text && stretch.lines.iter().any(|line| !line.trim().is_empty());
    let unfolded = unfolded || !stretches.iter().any(written);
    let mut left = MAX_ROWS;
    'text: for stretch in stretches {
        let (element, word) = match stretch.kind {
            BlockKind::Text => (plain, ""),
            BlockKind::Quote { .. } => (Element::Quote, "quoted"),
            BlockKind::Signature => (Element::Quote, "of signature"),
        };
        let lines = &stretch.lines;
        if !word.is_empty() && !unfolded {
            let number = lines.iter().filter(|line| !line.trim().is_empty()).count() as u64;
            let text = match word {
                "quoted" => format!("⋯ {} ({} unfolds)", count(number, "quoted line", "quoted lines"), keys.fold),
                _ => format!("⋯ {} ({} unfolds)", count(number, "line of signature", "lines of signature"), keys.fold),
            };
            line(vec![piece(Element::Folded, cut(&text, columns))]);
            continue;
        }
        // Empty lines at the edges of a stretch say nothing.
        let trimmed = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(0, |last| last + 1);
        for text in &lines[..trimmed] {
            for part in linked(text, wrap(text, columns), element) {
                if left == 0 {
                    all = false;
                    break 'text;
                }
                left -= 1;
                line(part);
            }
        }
    }
    if !all {
        let text = format!("⋯ it goes on: {} shows the original", keys.original);
        line(vec![piece(Element::Folded, cut(&text, columns))]);
    }
}

/// What is known of its delivery, in words.
fn delivery(entry: &TimelineEntry, sum: &Beside<'_>, around: &Surroundings<'_>) -> Vec<(Element, String)> {
    if let Some((at, why)) = sum.failed {
        let when = when::short(at, around.now, around.zone);
        return vec![(Element::Error, format!("✗ FAILED {when}, after the channel had taken it: {why}"))];
    }
    if let Some(arrived) = sum.arrived(around.now, around.zone) {
        return vec![(Element::Good, arrived)];
    }
    if let Some(outgoing) = &entry.outgoing {
        let outbox = || format!("decide in the outbox: {}", around.keys.outbox);
        let waits = |text: String| {
            let reason = if outgoing.reason.is_empty() { String::new() } else { format!(": {}", outgoing.reason) };
            format!("{text}{reason}")
        };
        match outgoing.state {
            OutboxState::Held => {
                let seconds = when::seconds_until(outgoing.due, around.now);
                return vec![(
                    Element::Warning,
                    format!("… leaves in {seconds} s · {} takes it back", around.keys.undo),
                )];
            }
            OutboxState::Queued => return vec![(Element::Dim, waits("… queued".to_owned()))],
            OutboxState::Sending => return vec![(Element::Dim, "… sending".to_owned())],
            OutboxState::Failed => {
                return vec![(Element::Error, waits("✗ FAILED".to_owned())), (Element::Dim, outbox())];
            }
            OutboxState::Unknown => {
                return vec![
                    (Element::Error, waits("? UNKNOWN whether it arrived".to_owned())),
                    (Element::Dim, outbox()),
                ];
            }
            OutboxState::Sent | OutboxState::Cancelled => {}
        }
    }
    match &entry.message.delivery {
        Delivery::None => Vec::new(),
        Delivery::Pending => vec![(Element::Dim, "… in the outbox".to_owned())],
        Delivery::Sent => vec![(Element::Good, "✓ sent".to_owned())],
        Delivery::Failed(why) => vec![(Element::Error, format!("✗ FAILED: {why}"))],
        Delivery::Unknown(why) => vec![(Element::Error, format!("? UNKNOWN whether it arrived: {why}"))],
        Delivery::Bounced(why) => vec![(Element::Error, format!("✗ BOUNCED, it came back: {why}"))],
        Delivery::Cancelled => vec![(Element::Dim, "○ taken back, it never left".to_owned())],
    }
}
