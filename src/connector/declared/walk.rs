//! One page of a walk: what is asked, what came, and whether there is more.
//!
//! Newest first, the watermark moves when the walk is over and not before: a crash half way loses nothing. The walk
//! itself is kept with each page, so that the calls made so far are not made again.

use super::access::{Access, now};
use super::mapper::{Joins, Known, Piece, pruned, understand};
use super::place;
use super::predicate::{Facts, all};
use super::spec::{Next, Resume, Stream};
use super::state::{Parent, Spot, Walk, compare, moved};
use super::template::plain;
use crate::connector::http::Answer;
use crate::connector::{ConnectorError, Item, Unreadable};
use crate::model::{Timestamp, clean_line};
use serde_json::Value;
use std::cmp::Ordering;

/// How far before the last good answer a stream begins anew whose cursor the platform lost, in milliseconds.
const LOST: i64 = 3_600_000;

/// What one page brought.
pub(super) struct Step {
    pub items: Vec<Item>,
    /// What it holds for the streams below.
    pub parents: Vec<Parent>,
    /// The walk is over.
    pub done: bool,
    /// It was begun before this source: what came since is not known yet.
    pub old: bool,
}

/// What went wrong with one page.
enum Trouble {
    /// The platform answered so.
    Said(ConnectorError),
    /// Anything else.
    Other(ConnectorError),
}

impl From<ConnectorError> for Trouble {
    fn from(error: ConnectorError) -> Trouble {
        Trouble::Other(error)
    }
}

impl From<Trouble> for ConnectorError {
    fn from(trouble: Trouble) -> ConnectorError {
        match trouble {
            Trouble::Said(error) | Trouble::Other(error) => error,
        }
    }
}

/// Who walks.
pub(super) struct Walker<'a> {
    pub access: &'a Access,
    pub known: &'a Known,
    pub stream: &'a Stream,
    /// What the streams below need of this one's items.
    pub for_children: &'a [String],
    /// What tells that there is something new below an item.
    pub changed: Option<&'a str>,
    /// Which source this is.
    pub by: u64,
}

impl Walker<'_> {
    /// Takes the next page. The spot is as it was when this fails.
    ///
    /// A place that the platform no longer knows (an expired page token, a cursor of a deleted index) is given up: the
    /// walk begins anew from the watermark, and what is known already changes nothing.
    ///
    /// # Errors
    /// By the file's error table, and when the platform goes round in circles.
    pub async fn step(
        &self,
        spot: &mut Spot,
        parent: &Value,
        oldest: Option<Timestamp>,
    ) -> Result<Step, ConnectorError> {
        let own_cursor = matches!(self.stream.resume, Resume::Cursor(_));
        let at_a_place =
            spot.walk.as_ref().is_some_and(|walk| walk.cursor.is_some()) || (own_cursor && spot.mark.is_some());
        // Not again and again: then it is no lost place.
        let long_ago = now().plus_millis(-LOST).0;
        let may = at_a_place && spot.walk.as_ref().and_then(|walk| walk.anew).is_none_or(|anew| anew < long_ago);
        match self.page(spot, parent, oldest).await {
            Err(Trouble::Said(ConnectorError::Reject { .. } | ConnectorError::Gone { .. })) if may => {
                let walk = Walk { by: self.by, anew: Some(now().0), ..Walk::default() };
                let mut fresh = Spot { walk: Some(walk), ..spot.clone() };
                if own_cursor {
                    fresh.mark = None;
                }
                let step = self.page(&mut fresh, parent, oldest).await.map_err(ConnectorError::from)?;
                tracing::info!(stream = self.stream.intake.name, "the platform lost the place; the walk begins anew");
                *spot = fresh;
                Ok(step)
            }
            other => other.map_err(ConnectorError::from),
        }
    }

    async fn page(&self, spot: &mut Spot, parent: &Value, oldest: Option<Timestamp>) -> Result<Step, Trouble> {
        let stream = self.stream;
        let mut walk = spot.walk.clone().unwrap_or_else(|| Walk { by: self.by, ..Walk::default() });
        let since = self.since(spot, &walk);
        let cursor = self.cursor(spot, &walk);
        // Only for the very first call: later ones say where they stand.
        let start = stream.start.filter(|_| cursor.is_none() && since.is_none()).map(|span| {
            spot.asked.map_or_else(|| now().plus_millis(-span), |asked| Timestamp(asked).plus_millis(-LOST))
        });
        let value = |name: &str| match name {
            "since" => since.clone().map(Value::String),
            "cursor" => cursor.clone().map(Value::String),
            "start" => start.map(|start| Value::String(start.to_string())),
            _ => match name.strip_prefix("parent") {
                Some(pointer) => parent.get(pointer).cloned(),
                None => self.access.setting(name),
            },
        };
        let mut filled = self.access.fill(&stream.request, &value)?;
        let by_url = matches!(stream.page.next, Next::Url(_) | Next::Link);
        if by_url && let Some(url) = &cursor {
            (filled.path, filled.query) = (below_base(url, &filled.path), Vec::new());
        }
        let answer = self.access.ask(filled).await?;
        let body = self.access.judge(&answer).map_err(Trouble::Said)?;
        let received = now();
        if matches!(stream.resume, Resume::Cursor(_)) && stream.start.is_some() {
            spot.asked = Some(received.0);
        }
        let found = place::items(&body, &stream.intake.items);
        let found = found.ok_or_else(|| ConnectorError::Retry {
            reason: format!("the answer has no {} (stream {})", stream.intake.items, stream.intake.name),
        })?;
        let (count, last) = (found.len(), found.last().map(|found| found.item.clone()));
        let raw = place::raw_items(&answer.body, &stream.intake.items, count).unwrap_or_default();
        let joins = Joins::of(&stream.intake, &body);
        let beside = stream.intake.pointers("around");
        let (mut items, mut parents) = (Vec::new(), Vec::new());
        let mut reached = false;
        for (number, found) in found.into_iter().enumerate() {
            let around = pruned(found.around, &beside);
            let alone = Piece { raw: raw.get(number).copied(), parent, around: &around, ..Piece::alone(found.item) };
            let joined = joins.to(&alone, &stream.intake, self.known);
            let piece = Piece { joined: &joined, ..alone };
            if let Resume::Mark { from, compare: how, overlap, .. } = &stream.resume
                && let Some(value) = piece.pick(from, self.known)
            {
                if stream.newest_first
                    && let Some(mark) = &spot.mark
                {
                    let floor = moved(mark, *how, *overlap, 0);
                    if compare(&value, &floor, *how) != Ordering::Greater {
                        // Known since the last walk; so is all that comes after it.
                        reached = true;
                        continue;
                    }
                }
                if walk.top.as_ref().is_none_or(|top| compare(&value, top, *how) == Ordering::Greater) {
                    walk.top = Some(value);
                }
            }
            if !self.for_children.is_empty() && piece.holds(&stream.intake.keep, self.known) {
                match self.parent(&piece) {
                    Some(at) if stream.newest_first && oldest.is_some_and(|oldest| at.at < oldest.0) => {
                        parents.push(at);
                        reached = true;
                        continue;
                    }
                    Some(kept) => parents.push(kept),
                    None => items.push(self.unreadable(&piece, received)),
                }
            }
            if stream.emit {
                items.extend(understand(&stream.intake, &piece, self.known, received));
            }
        }
        walk.pages += 1;
        walk.items += count as u64;
        let next = self.next(&walk, &cursor, &answer, &body, count, last.as_ref());
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let (none, status) = (&|_: &str| None, Some(answer.status));
        let facts = Facts { body: &body, status, header: &header, msg: none, near: none };
        let page = &stream.page;
        let told_to_stop = (!page.stop_if.is_empty() && all(&page.stop_if, &facts))
            || (!page.stop_unless.is_empty() && !all(&page.stop_unless, &facts));
        let far_enough = spot.mark.is_none() && !spot.done && walk.pages >= page.first;
        let done = reached || told_to_stop || next.is_none() || far_enough;
        let own_cursor = matches!(stream.resume, Resume::Cursor(_));
        if !done {
            let says_more = !page.stop_if.is_empty() || !page.stop_unless.is_empty();
            let hash = hashed(next.as_deref().unwrap_or_default());
            let again = next == cursor || walk.seen.contains(&hash);
            // The same call again is what "again" means, as long as the watermark moves.
            let stands = match (&page.next, &stream.resume) {
                (Next::Again, Resume::Mark { .. }) => walk.top.is_none() || walk.top == spot.mark,
                _ => again,
            };
            if stands && own_cursor && !says_more {
                return Ok(self.finish(spot, walk, items, parents, next));
            }
            if stands {
                spot.walk = None;
                return Err(Trouble::Other(ConnectorError::Retry {
                    reason: format!("the server offers the same page again and again (stream {})", stream.intake.name),
                }));
            }
            if walk.pages >= page.most {
                spot.walk = None;
                return Err(Trouble::Other(ConnectorError::Retry {
                    reason: format!("the server had no end after {} pages (stream {})", page.most, stream.intake.name),
                }));
            }
            walk.seen.push(hash);
            walk.cursor = next.clone();
            if own_cursor {
                spot.mark = next;
            } else if stream.commit_page {
                // The walk's own first watermark still says what is asked for.
                if matches!(page.next, Next::Again) {
                    (spot.mark, walk.seen) = (walk.top.clone().or(spot.mark.take()), Vec::new());
                }
            }
            spot.walk = Some(walk);
            return Ok(Step { items, parents, done: false, old: false });
        }
        Ok(self.finish(spot, walk, items, parents, next))
    }

    /// The end of a walk: now the watermark moves.
    fn finish(
        &self,
        spot: &mut Spot,
        walk: Walk,
        items: Vec<Item>,
        parents: Vec<Parent>,
        next: Option<String>,
    ) -> Step {
        let old = walk.by != self.by;
        match &self.stream.resume {
            Resume::None => {}
            Resume::Cursor(_) => spot.mark = next.or(spot.mark.take()),
            Resume::Mark { compare: how, .. } => {
                let further =
                    |top: &String| spot.mark.as_ref().is_none_or(|mark| compare(top, mark, *how) == Ordering::Greater);
                if let Some(top) = walk.top.filter(further) {
                    spot.mark = Some(top);
                }
            }
        }
        spot.walk = None;
        spot.done = true;
        Step { items, parents, done: true, old }
    }

    fn since(&self, spot: &Spot, _walk: &Walk) -> Option<String> {
        let Resume::Mark { compare: how, overlap, add, .. } = &self.stream.resume else { return spot.mark.clone() };
        spot.mark.as_ref().map(|mark| moved(mark, *how, *overlap, *add))
    }

    fn cursor(&self, spot: &Spot, walk: &Walk) -> Option<String> {
        if walk.cursor.is_some() {
            return walk.cursor.clone();
        }
        match (&self.stream.resume, &self.stream.page.next) {
            // The loop variable starts at the stored cursor.
            (Resume::Cursor(_), _) => spot.mark.clone(),
            (_, Next::Offset) => Some("0".to_owned()),
            (_, Next::Number(_)) => Some("1".to_owned()),
            _ => None,
        }
    }

    /// What the next page is asked with; `None` at the end.
    fn next(
        &self,
        walk: &Walk,
        cursor: &Option<String>,
        answer: &Answer,
        body: &Value,
        count: usize,
        last: Option<&Value>,
    ) -> Option<String> {
        let page = &self.stream.page;
        let text = |pointer: &str| place::at(body, pointer).and_then(plain).filter(|text| !text.is_empty());
        let short = count == 0 || page.size.is_some_and(|size| count < size);
        match &page.next {
            Next::None => match &self.stream.resume {
                Resume::Cursor(pointer) => text(pointer),
                _ => None,
            },
            Next::Again => match &self.stream.resume {
                Resume::Cursor(pointer) => text(pointer),
                _ => Some(String::new()),
            },
            Next::Cursor(pointer) | Next::Url(pointer) => text(pointer),
            Next::Link => answer.header("link").and_then(next_link),
            Next::Offset => (!short).then(|| walk.items.to_string()),
            Next::Number(add) => {
                let number: i64 = cursor.as_ref().and_then(|cursor| cursor.parse().ok()).unwrap_or(1);
                (!short).then(|| number.saturating_add(*add).to_string())
            }
            Next::Last(pointer, add) => {
                let value = place::at(last?, pointer).and_then(plain).filter(|_| !short)?;
                Some(match (add, value.parse::<i128>()) {
                    (0, _) | (_, Err(_)) => value,
                    (add, Ok(number)) => (number + i128::from(*add)).to_string(),
                })
            }
        }
    }

    /// What the streams below need of an item; `None` when it has no id or no time.
    fn parent(&self, piece: &Piece<'_>) -> Option<Parent> {
        let map = &self.stream.intake.map;
        let id = piece.pick(&map.id, self.known)?;
        let at = super::mapper::time(&piece.pick(&map.time, self.known)?, &map.time_format)?.0;
        let changed = self.changed.and_then(|pointer| place::at(piece.item, pointer)).and_then(plain);
        Some(Parent { id, at, of: pruned(piece.item, self.for_children), changed })
    }

    /// Something below which cannot be looked.
    fn unreadable(&self, piece: &Piece<'_>, received: Timestamp) -> Item {
        let hint: String = piece.item.to_string().chars().take(200).collect();
        Item::Unreadable(Unreadable {
            reason: "it has no id or no time, so that what is below it cannot be asked for".to_owned(),
            folder: self.stream.intake.name.clone(),
            received,
            hint: clean_line(&hint),
            partial: false,
            raw: super::mapper::envelope(&self.stream.intake, piece),
        })
    }
}

fn hashed(text: &str) -> u32 {
    let hash = blake3::hash(text.as_bytes());
    let mut four = [0; 4];
    four.copy_from_slice(&hash.as_bytes()[..4]);
    u32::from_be_bytes(four)
}

/// A link to the next page as a call makes it. One with its own host is checked by the client; a relative one stands
/// below the host, not below the path of the last call.
fn below_base(url: &str, path: &str) -> String {
    if url.starts_with('?') {
        return format!("{}{url}", path.split('?').next().unwrap_or(path));
    }
    url.to_owned()
}

/// The `rel="next"` of a `Link` header (RFC 8288).
fn next_link(header: &str) -> Option<String> {
    header.split(",").find_map(|link| {
        let (url, rest) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = rest.split(';').any(|part| matches!(part.trim(), "rel=\"next\"" | "rel=next"));
        is_next.then(|| url.to_owned())
    })
}
