//! From an item of an answer to messages and what happened to them. Never panics, whatever the item is.
//!
//! The original that is kept is a small envelope: which part of the file understood it, the item byte for byte as the
//! platform wrote it, and of its parent and surroundings what the mapping needs. It can be understood again from that
//! alone. Only what was no JSON (a form, a row of CSV) is kept as the JSON it was read as.

use super::files::files;
use super::place;
use super::predicate::{Facts, Predicate, all};
use super::spec::{Change, Intake, Join, Map, Pick, Spec, TextIs, TimeFormat};
use super::template::plain;
use crate::connector::email::html_text;
use crate::connector::{Changed, Incoming, Item, Unreadable, first_words};
use crate::identity;
use crate::model::{ChangeKind, Direction, Link, LinkKind, Party, Timestamp, Trust, clean_block, clean_line};
use serde_json::value::RawValue;
use serde_json::{Map as Object, Value};
use std::collections::BTreeMap;

/// The largest item understood, in bytes.
const MOST_BYTES: usize = 512 * 1024;
/// Longest id, and longest value of a context, in bytes.
const LONGEST: usize = 512;

/// What is known besides the item.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// `address` and the settings of the account.
    pub settings: BTreeMap<String, String>,
    /// Addresses of ours.
    pub own: Vec<String>,
}

/// An item with what it needs.
#[derive(Clone, Copy)]
pub(super) struct Piece<'a> {
    pub item: &'a Value,
    /// The item as the platform wrote it, where that is JSON.
    pub raw: Option<&'a RawValue>,
    /// Of its parent and surroundings, by pointer.
    pub parent: &'a Value,
    pub around: &'a Value,
    /// What is joined to it: by name, then by pointer.
    pub joined: &'a Value,
}

const NONE: &Value = &Value::Null;

impl<'a> Piece<'a> {
    /// An item that stands alone.
    pub fn alone(item: &'a Value) -> Piece<'a> {
        Piece { item, raw: None, parent: NONE, around: NONE, joined: NONE }
    }
}

impl Piece<'_> {
    /// What a placeholder stands for.
    pub fn value(&self, name: &str, known: &Known) -> Option<Value> {
        if name.starts_with('/') {
            return place::at(self.item, name).cloned();
        }
        if let Some(pointer) = name.strip_prefix("parent").filter(|rest| rest.starts_with('/')) {
            return self.parent.get(pointer).cloned();
        }
        if let Some(pointer) = name.strip_prefix("around").filter(|rest| rest.starts_with('/')) {
            return self.around.get(pointer).cloned();
        }
        if let Some(at) = name.find('/') {
            return self.joined.get(&name[..at])?.get(&name[at..]).cloned();
        }
        known.settings.get(name.strip_prefix("account.")?).cloned().map(Value::String)
    }

    /// Whether conditions hold of it.
    pub fn holds(&self, conditions: &[Predicate], known: &Known) -> bool {
        let near = |name: &str| self.value(name, known).as_ref().and_then(plain);
        all(conditions, &Facts { body: self.item, status: None, header: &|_| None, msg: &|_| None, near: &near })
    }

    /// The first alternative that is there, as text.
    pub fn pick(&self, pick: &Pick, known: &Known) -> Option<String> {
        let value = |name: &str| self.value(name, known);
        pick.iter().find_map(|template| template.fill(&value).as_ref().and_then(plain).filter(|text| !text.is_empty()))
    }
}

/// As [`Piece::pick`]; an alternative that is an address of ours is passed over when there is another: what tells a
/// conversation is the other side, whoever wrote.
fn theirs(piece: &Piece<'_>, pick: &Pick, known: &Known) -> Option<String> {
    let value = |name: &str| piece.value(name, known);
    let found = pick.iter().filter_map(|template| template.fill(&value).as_ref().and_then(plain));
    let mut found: Vec<String> = found.filter(|text| !text.is_empty()).collect();
    let at = found.iter().position(|text| !known.own.contains(text)).unwrap_or(0);
    (at < found.len()).then(|| found.swap_remove(at))
}

/// The values at some pointers, by pointer.
pub(super) fn pruned(value: &Value, pointers: &[String]) -> Value {
    let found = pointers.iter().filter_map(|pointer| Some((pointer.clone(), place::at(value, pointer)?.clone())));
    Value::Object(found.collect())
}

/// A moment in one of the formats.
pub(super) fn time(text: &str, format: &TimeFormat) -> Option<Timestamp> {
    let text = text.trim();
    let time = match format {
        TimeFormat::Epoch => Timestamp((text.parse::<f64>().ok()? * 1_000.0) as i64),
        TimeFormat::EpochMillis => Timestamp(text.parse::<f64>().ok()? as i64),
        TimeFormat::Rfc3339 => {
            let zoned = text.parse::<jiff::Timestamp>().or_else(|_| {
                // Facebook writes +0000, without the colon.
                jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text)
            });
            zoned.ok()?.into()
        }
        TimeFormat::Rfc2822 => Timestamp::from(jiff::fmt::rfc2822::parse(text).ok()?.timestamp()),
        TimeFormat::Pattern(pattern) => {
            let zoned = jiff::Timestamp::strptime(pattern, text).ok();
            let civil = || {
                let civil = jiff::civil::DateTime::strptime(pattern, text).ok()?;
                Some(civil.to_zoned(jiff::tz::TimeZone::UTC).ok()?.timestamp())
            };
            zoned.or_else(civil)?.into()
        }
    };
    (0..=Timestamp::MAX.0).contains(&time.0).then_some(time)
}

/// The text of a message, not cleaned.
pub(super) fn words(text: String, is: TextIs) -> String {
    match is {
        TextIs::Html => html_text(&text),
        TextIs::Plain | TextIs::Markdown => text,
    }
}

/// Lists of an answer, by what their elements are known by.
pub(super) struct Joins<'a>(Vec<(&'a Join, BTreeMap<String, &'a Value>)>);

impl<'a> Joins<'a> {
    /// What an answer says besides its items.
    pub fn of(intake: &'a Intake, body: &'a Value) -> Joins<'a> {
        let lists = intake.joins.iter().map(|join| {
            let found = place::items(body, &join.items).unwrap_or_default().into_iter();
            let keyed = found.filter_map(|found| Some((plain(place::at(found.item, &join.key)?)?, found.item)));
            (join, keyed.collect())
        });
        Joins(lists.collect())
    }

    /// What belongs to one item, as far as its mapping needs it.
    pub fn to(&self, piece: &Piece<'_>, intake: &Intake, known: &Known) -> Value {
        let mut joined = Object::new();
        for (join, list) in &self.0 {
            if let Some(found) = piece.pick(&join.value, known).and_then(|value| list.get(&value)) {
                joined.insert(join.name.clone(), pruned(found, &intake.pointers(&join.name)));
            }
        }
        Value::Object(joined)
    }
}

/// The envelope of an item.
pub(super) fn envelope(intake: &Intake, piece: &Piece<'_>) -> Vec<u8> {
    let written = |value: &Value| value.to_string();
    let item = piece.raw.map_or_else(|| written(piece.item), |raw| raw.get().to_owned());
    let mut text = format!("{{\"take\":{},\"item\":{item}", written(&Value::String(intake.name.clone())));
    for (name, value) in [("parent", piece.parent), ("around", piece.around), ("joined", piece.joined)] {
        if value.as_object().is_some_and(|fields| !fields.is_empty()) {
            text.push_str(&format!(",\"{name}\":{}", written(value)));
        }
    }
    text.push('}');
    text.into_bytes()
}

/// An envelope, opened.
pub(super) struct Opened {
    take: String,
    values: [Value; 4],
}

/// Opens an envelope.
pub(super) fn opened(raw: &[u8]) -> Result<Opened, serde_json::Error> {
    let mut whole: Value = serde_json::from_slice(raw)?;
    let take = whole.get("take").and_then(Value::as_str).unwrap_or_default().to_owned();
    let values =
        ["item", "parent", "around", "joined"].map(|key| whole.get_mut(key).map(Value::take).unwrap_or_default());
    Ok(Opened { take, values })
}

impl Opened {
    /// What is in it.
    pub fn piece<'a>(&'a self, raw: &'a [u8]) -> Piece<'a> {
        let [item, parent, around, joined] = &self.values;
        // A list would be taken apart.
        let own = place::raw_items(raw, "/item", 1).filter(|_| !item.is_array()).map(|found| found[0]);
        Piece { item, raw: own, parent, around, joined }
    }
}

/// Understands an envelope again.
pub(super) fn reopened(
    raw: &[u8],
    spec: &Spec,
    known: &Known,
    received: Timestamp,
) -> Result<(Map, Vec<Item>), String> {
    let opened = opened(raw).map_err(|error| format!("it is no whole JSON ({error})"))?;
    let name = opened.take.as_str();
    let streams = spec.streams.iter().map(|stream| &stream.intake);
    let takes = spec.webhook.iter().flat_map(|webhook| &webhook.takes);
    let intake = streams.chain(takes).chain(&spec.import).find(|intake| intake.name == name);
    let intake =
        intake.ok_or_else(|| format!("the connector file has nothing called \"{}\" any more", clean_line(name)))?;
    Ok((intake.map.clone(), understand(intake, &opened.piece(raw), known, received)))
}

/// What an item says: a message, what happened to one, both, or nothing for those that are not kept.
pub(super) fn understand(intake: &Intake, piece: &Piece<'_>, known: &Known, received: Timestamp) -> Vec<Item> {
    if !piece.holds(&intake.keep, known) {
        return Vec::new();
    }
    let raw = envelope(intake, piece);
    match read(&intake.map, piece, known, received, &raw, &intake.name) {
        Ok(items) => items,
        Err(reason) => {
            let hint: String = piece.item.to_string().chars().take(200).collect();
            let partial = raw.len() > MOST_BYTES;
            let raw = if partial { raw[..MOST_BYTES].to_vec() } else { raw };
            let (folder, hint) = (intake.name.clone(), clean_line(&hint));
            vec![Item::Unreadable(Unreadable { reason, folder, received, hint, partial, raw })]
        }
    }
}

/// A cleaned id; empty when there was nothing in it that can be shown.
fn short(text: String, what: &str) -> Result<String, String> {
    let text = clean_line(&text).trim().to_owned();
    if text.len() > LONGEST {
        return Err(format!("its {what} is longer than {LONGEST} bytes"));
    }
    Ok(text)
}

/// As [`short`], of one that tells something from everything else.
fn telling(text: String, what: &str) -> Result<String, String> {
    let text = short(text, what)?;
    if text.is_empty() { Err(format!("its {what} has nothing in it but control characters")) } else { Ok(text) }
}

/// As [`short`], of one that may as well be left out.
fn maybe(text: Option<String>, what: &str) -> Result<Option<String>, String> {
    Ok(text.map(|text| short(text, what)).transpose()?.filter(|text| !text.is_empty()))
}

fn read(
    map: &Map,
    piece: &Piece<'_>,
    known: &Known,
    received: Timestamp,
    raw: &[u8],
    folder: &str,
) -> Result<Vec<Item>, String> {
    if raw.len() > MOST_BYTES {
        return Err(format!("it has {} kB; at most {} kB are read", raw.len() / 1024, MOST_BYTES / 1024));
    }
    let pick = |from: &Pick| piece.pick(from, known);
    let missing = |what: &str, from: &Pick| {
        let places: Vec<_> = from.iter().flat_map(|template| template.holes()).map(|hole| hole.name.as_str()).collect();
        format!("it has no {what} ({} is missing, or is no text and no whole number)", places.join(", "))
    };
    let id = telling(pick(&map.id).ok_or_else(|| missing("id", &map.id))?, "id")?;
    let at = match pick(&map.time) {
        Some(text) => {
            let at = time(&text, &map.time_format);
            Some(at.ok_or_else(|| format!("its time \"{}\" is not in the format the file says", clean_line(&text)))?)
        }
        None => None,
    };
    if let Some(change) = map.change {
        return changed(map, change, &pick, id, at.unwrap_or(received)).map(|change| vec![change]);
    }
    if !map.deleted.is_empty() && piece.holds(&map.deleted, known) {
        let kind = ChangeKind::Deleted;
        let at = at.unwrap_or(received);
        return Ok(vec![Item::Change(Box::new(Changed {
            remote_id: id,
            key: "deleted".to_owned(),
            kind,
            text: String::new(),
            at,
            by: None,
        }))]);
    }
    let at = at.ok_or_else(|| missing("time", &map.time))?;
    let author = telling(pick(&map.author_id).ok_or_else(|| missing("author", &map.author_id))?, "author")?;
    let name = clean_line(&pick(&map.author_name).unwrap_or_default());
    let text = words(pick(&map.text).unwrap_or_default(), map.text_is);
    let outbound = known.own.contains(&author) || (!map.outbound.is_empty() && piece.holds(&map.outbound, known));
    let direction = if outbound { Direction::Outbound } else { Direction::Inbound };
    let from = Party { address: author, name };
    let mut incoming = Incoming::new(&id, direction, from, at, &text, raw.to_vec());
    incoming.received = received;
    incoming.folder = folder.to_owned();
    incoming.way = map.way;
    incoming.trust = Trust::Verified;
    incoming.handle = pick(&map.handle).map(|handle| clean_line(&handle)).filter(|handle| !handle.is_empty());
    if let Some(address) = maybe(pick(&map.to), "recipient")? {
        incoming.to = vec![Party { address, name: String::new() }];
    }
    incoming.subject = clean_line(&pick(&map.subject).unwrap_or_default());
    incoming.conversation = maybe(theirs(piece, &map.thread, known), "thread")?;
    incoming.references = maybe(pick(&map.parent), "parent")?.into_iter().collect();
    incoming.url = pick(&map.url).map(|url| clean_line(&url)).filter(|url| url.starts_with("https://"));
    incoming.links = links(map, &pick);
    incoming.attachments = files(map, piece, known).into_iter().map(|file| file.listed).collect();
    for (name, from) in &map.context {
        if let Some(value) = maybe(theirs(piece, from, known), name)? {
            incoming.context.insert(name.clone(), value);
        }
    }
    let word = super::account::way_word(map.way);
    incoming.context.insert("way".to_owned(), word.to_owned());
    if let Some(thread) = &incoming.conversation {
        incoming.context.insert("thread".to_owned(), thread.clone());
    }
    let (new, time_text) = (incoming.text.clone(), pick(&map.time));
    let mut items = vec![Item::Message(Box::new(incoming))];
    let happened = |key: String, kind: ChangeKind, text: String, at: Timestamp| {
        Item::Change(Box::new(Changed { remote_id: id.clone(), key, kind, text, at, by: None }))
    };
    if let Some(edited) = pick(&map.edited)
        && Some(&edited) != time_text.as_ref()
        && edited != "false"
    {
        let when = time(&edited, &map.time_format).unwrap_or(received);
        let kind = ChangeKind::Edited { preview: first_words(&new) };
        items.push(happened(format!("edited:{}", short(edited, "edit")?), kind, new, when));
    }
    if let Some(count) = pick(&map.likes).and_then(|likes| likes.parse::<u64>().ok()).filter(|count| *count > 0) {
        items.push(happened(format!("likes:{count}"), ChangeKind::Likes { count }, String::new(), received));
    }
    Ok(items)
}

fn changed(
    map: &Map,
    change: Change,
    pick: &dyn Fn(&Pick) -> Option<String>,
    remote_id: String,
    at: Timestamp,
) -> Result<Item, String> {
    let text = words(pick(&map.text).unwrap_or_default(), map.text_is);
    let mut body = String::new();
    let (word, kind) = match change {
        Change::Edited => {
            body = clean_block(&text);
            ("edited", ChangeKind::Edited { preview: first_words(&body) })
        }
        Change::Deleted => ("deleted", ChangeKind::Deleted),
        Change::Delivered => ("delivered", ChangeKind::Delivered),
        Change::Read => ("read", ChangeKind::Read),
        Change::Failed => {
            let reason = pick(&map.reason).unwrap_or_else(|| "the platform did not deliver it".to_owned());
            ("failed", ChangeKind::Failed { reason: clean_line(&reason) })
        }
        Change::Reaction => ("reaction", ChangeKind::Reaction { symbol: clean_line(&text), added: !text.is_empty() }),
    };
    let author = maybe(pick(&map.author_id), "author")?;
    let key = match change {
        Change::Edited | Change::Reaction => {
            format!(
                "{word}:{}:{}:{}",
                at.0,
                author.as_deref().unwrap_or_default(),
                blake3::hash(text.as_bytes()).to_hex()
            )
        }
        _ => word.to_owned(),
    };
    let name = clean_line(&pick(&map.author_name).unwrap_or_default());
    let by = author.map(|address| Party { address, name });
    Ok(Item::Change(Box::new(Changed { remote_id, key, kind, text: body, at, by })))
}

fn links(map: &Map, pick: &dyn Fn(&Pick) -> Option<String>) -> Vec<Link> {
    let mut links = Vec::new();
    if let Some(email) = pick(&map.email).map(|email| identity::normalise_address(&clean_line(&email)))
        && identity::is_deliverable("email", &email)
    {
        links.push(Link { kind: LinkKind::Email, value: email, proven: map.proven });
    }
    if let Some(phone) = pick(&map.phone) {
        let value: String = phone.chars().filter(|c| c.is_ascii_digit() || *c == '+').collect();
        let digits = value.strip_prefix('+').unwrap_or_default();
        if (7..=15).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit()) {
            links.push(Link { kind: LinkKind::Phone, value, proven: map.proven });
        }
    }
    links
}
