//! Pages: the newest messages of a span, so many as fit, with every one accounted for.

use super::cursor::FolderCursor;
use super::fetch::{self, Facts, MOST_MESSAGE};
use super::session::Session;
use crate::connector::email::parse;
use crate::connector::email::trouble::Trouble;
use crate::connector::{Item, Unreadable};
use crate::model::{Direction, Timestamp};
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// Messages of a page at most.
pub(super) const PAGE: usize = 50;
/// Bytes of a page at most, unless its one message is larger.
const PAGE_BYTES: u64 = 8 * 1024 * 1024;
/// UIDs asked for at a time.
const PART: u32 = 10_000;
/// How often a message that cannot be fetched is tried.
const ATTEMPTS: u32 = 3;
/// For parsing one message.
const PARSE_LIMIT: Duration = Duration::from_secs(20);

/// Takes pages from the selected folder.
pub(super) struct Pages {
    own: Vec<String>,
    /// The folder of sent mail, when there is one.
    pub(super) sent: Option<String>,
    /// UIDs of the span being taken, so that a long walk does not ask for them again with each page.
    listed: Option<Listed>,
    /// Messages of a page at present: one after a page failed, to find the message that does it.
    page: usize,
    /// Messages (folder, UIDVALIDITY, UID) whose body could not be had: how often, and why. After some attempts they
    /// are filed as unreadable with their header, so that one broken message does not hold up all others.
    unfetchable: HashMap<(String, u32, u32), (u32, String)>,
}

/// The UIDs from `bottom` up to but without `top`, the end of the span they belong to.
struct Listed {
    folder: String,
    validity: u32,
    bottom: u32,
    top: u32,
    /// Sorted; taken from the end.
    uids: Vec<u32>,
}

impl Pages {
    /// `own` are our normalised addresses.
    pub(super) fn new(own: Vec<String>) -> Pages {
        Pages { own, sent: None, listed: None, page: PAGE, unfetchable: HashMap::new() }
    }

    /// Forgets what was listed over a connection that is gone.
    pub(super) fn forget(&mut self) {
        self.listed = None;
    }

    /// Takes a page from the newest span of the selected folder and moves its cursor behind it. No UIDs: there was
    /// nothing in the span.
    pub(super) async fn take(
        &mut self,
        session: &mut Session,
        folder: &str,
        state: &mut FolderCursor,
    ) -> Result<(Vec<u32>, Vec<Item>), Trouble> {
        let Some(listed) = self.list_span(session, folder, state).await? else {
            state.take(None, 0);
            return Ok((Vec::new(), Vec::new()));
        };
        let begin = listed.uids.len().saturating_sub(self.page);
        let candidates = listed.uids.get(begin..).unwrap_or_default().to_vec();
        self.listed = Some(listed);
        let facts = match fetch::sizes(session, &candidates).await {
            // A message so broken that not even its size can be told: whole messages may still come.
            Err(Trouble::Refused(_)) => BTreeMap::new(),
            other => other?,
        };
        let page = fitting(&candidates, &facts);
        let items = match self.items(session, folder, state.validity, &page, &facts).await {
            Err(Trouble::Refused(why) | Trouble::Answer(why)) => {
                return Err(self.narrow(folder, state.validity, &page, why));
            }
            other => other?,
        };
        self.page = (self.page * 2).min(PAGE);
        state.done += page.len() as u64;
        self.move_on(state, &page);
        Ok((page, items))
    }

    /// Moves the cursor behind a page.
    fn move_on(&mut self, state: &mut FolderCursor, page: &[u32]) {
        let (Some(mut listed), Some(span)) = (self.listed.take(), state.todo.last().copied()) else { return };
        listed.uids.truncate(listed.uids.len() - page.len());
        let here = listed.uids.len() as u64;
        let last = listed.bottom <= span.from;
        if here == 0 && last {
            state.take(None, 0);
            return;
        }
        // Nothing is between the last UID listed and the bottom of what was listed.
        listed.top = if here == 0 { listed.bottom } else { page.first().copied().unwrap_or(listed.bottom) };
        let left = if last { here } else { span.left.saturating_sub(page.len() as u64).max(here) };
        state.take(Some(listed.top), left);
        self.listed = Some(listed).filter(|listed| !listed.uids.is_empty());
    }

    /// The UIDs at the top of the folder's newest span; `None` when the span has none. They are asked for in parts,
    /// because the parser reads an answer anew with every few kilobytes that come.
    async fn list_span(
        &mut self,
        session: &mut Session,
        folder: &str,
        state: &mut FolderCursor,
    ) -> Result<Option<Listed>, Trouble> {
        let Some(span) = state.todo.last_mut() else { return Ok(None) };
        let kept = self.listed.take().filter(|listed| {
            listed.folder == folder
                && listed.validity == state.validity
                && listed.top == span.to
                && listed.bottom >= span.from
        });
        if kept.is_some() {
            return Ok(kept);
        }
        let mut part = PART;
        while span.to > span.from {
            let bottom = span.to.saturating_sub(part).max(span.from);
            let mut uids = session.search(&format!("UID {bottom}:{}", span.to - 1)).await?;
            // A server may read a set whose end is not there as `n:*` and give its last message.
            uids.retain(|uid| (bottom..span.to).contains(uid));
            if !uids.is_empty() {
                let (folder, validity) = (folder.to_owned(), state.validity);
                return Ok(Some(Listed { folder, validity, bottom, top: span.to, uids }));
            }
            span.to = bottom;
            // Where UIDs are rare, great steps; they can be four thousand millions.
            part = part.saturating_mul(4);
        }
        Ok(None)
    }

    /// After a page failed for what is in it: the next pages are of one message, and one message that fails is named.
    fn narrow(&mut self, folder: &str, validity: u32, page: &[u32], why: String) -> Trouble {
        self.listed = None;
        self.page = 1;
        if let [uid] = page {
            let known = self.unfetchable.entry((folder.to_owned(), validity, *uid)).or_insert((0, String::new()));
            *known = (known.0 + 1, why.clone());
        }
        Trouble::Answer(why)
    }

    /// The messages of a page, in the order of their UIDs. Those that are gone meanwhile are left out.
    async fn items(
        &mut self,
        session: &mut Session,
        folder: &str,
        validity: u32,
        page: &[u32],
        facts: &BTreeMap<u32, Facts>,
    ) -> Result<Vec<Item>, Trouble> {
        let mut reasons: BTreeMap<u32, String> = BTreeMap::new();
        let mut wanted = Vec::new();
        for uid in page {
            let size = facts.get(uid).map_or(0, |facts| facts.size);
            let failed = self.unfetchable.get(&(folder.to_owned(), validity, *uid));
            if size > MOST_MESSAGE {
                let size = size / 1024 / 1024;
                reasons.insert(*uid, format!("larger than 50 MB ({size} MB): only its header was taken"));
            } else if let Some((_, why)) = failed.filter(|(times, _)| *times >= ATTEMPTS) {
                reasons.insert(*uid, format!("the server does not give its content: {why}"));
            } else {
                wanted.push(*uid);
            }
        }
        let mut bodies = if wanted.is_empty() { BTreeMap::new() } else { fetch::bodies(session, &wanted).await? };
        let absent: Vec<u32> = wanted.iter().copied().filter(|uid| !bodies.contains_key(uid)).collect();
        if !absent.is_empty() {
            // Removed meanwhile, or kept from us? Only the latter is worth a dead letter.
            let still = session.search(&format!("UID {}", fetch::set(&absent))).await?;
            for uid in still.into_iter().filter(|uid| absent.contains(uid)) {
                reasons.insert(uid, "the server does not give its content".to_owned());
            }
        }
        let mut headers = BTreeMap::new();
        for uid in reasons.keys() {
            // One by one: a header that cannot be had must not keep the others away.
            if let Ok(found) = fetch::headers(session, &[*uid]).await {
                headers.extend(found);
            }
        }
        let mut items = Vec::with_capacity(page.len());
        for uid in page {
            let received = facts.get(uid).map_or_else(fetch::now, |facts| facts.received);
            if let Some(reason) = reasons.remove(uid) {
                // Without even a header, a line that says which message it is: nothing would tell two such apart.
                let raw = headers.remove(uid).unwrap_or_else(|| {
                    format!("Message {uid} of folder {folder} (UIDVALIDITY {validity}) could not be had.\r\n")
                        .into_bytes()
                });
                items.push(unreadable(reason, folder, *uid, received, true, raw));
            } else if let Some(raw) = bodies.remove(uid) {
                items.push(self.understand(raw, folder, *uid, received).await);
            }
        }
        Ok(items)
    }

    /// Anybody can write our address into From. Only what lies in the Sent folder counts as ours; elsewhere it is a
    /// message that came in.
    fn as_found_in(&self, folder: &str, mut item: Item) -> Item {
        if let Item::Message(message) = &mut item
            && self.sent.as_deref() != Some(folder)
        {
            message.direction = Direction::Inbound;
        }
        item
    }

    /// Has a message parsed, off this task and for a limited time. Whatever happens, the original is kept.
    async fn understand(&self, raw: Vec<u8>, folder: &str, uid: u32, received: Timestamp) -> Item {
        let (spare, own, name) = (raw.clone(), self.own.clone(), folder.to_owned());
        let parsing = tokio::task::spawn_blocking(move || parse::understand(raw, &own, &name, received));
        let reason = match tokio::time::timeout(PARSE_LIMIT, parsing).await {
            Ok(Ok(item)) => return self.as_found_in(folder, item),
            Ok(Err(_)) => "the parser failed on it".to_owned(),
            Err(_) => format!("the parser did not come to an end with it in {} s", PARSE_LIMIT.as_secs()),
        };
        unreadable(reason, folder, uid, received, false, spare)
    }
}

/// As many of the newest as fit into a page, sorted; at least one.
fn fitting(candidates: &[u32], facts: &BTreeMap<u32, Facts>) -> Vec<u32> {
    let mut bytes = 0;
    let mut page: Vec<u32> = Vec::new();
    for uid in candidates.iter().rev() {
        let size = facts.get(uid).map_or(0, |facts| if facts.size > MOST_MESSAGE { 0 } else { facts.size });
        bytes += size;
        if bytes > PAGE_BYTES && !page.is_empty() {
            break;
        }
        page.push(*uid);
    }
    page.reverse();
    page
}

fn unreadable(reason: String, folder: &str, uid: u32, received: Timestamp, partial: bool, raw: Vec<u8>) -> Item {
    let hint = format!("message {uid} of folder {}", crate::model::clean_line(folder));
    Item::Unreadable(Unreadable { reason, folder: folder.to_owned(), received, hint, partial, raw })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_ends_before_it_is_too_large_but_has_at_least_one_message() {
        let sized = |sizes: &[u64]| -> BTreeMap<u32, Facts> {
            (1..).zip(sizes).map(|(uid, size)| (uid, Facts { size: *size, received: Timestamp(0) })).collect()
        };
        const MB: u64 = 1024 * 1024;
        assert_eq!(fitting(&[1, 2, 3], &sized(&[MB, 4 * MB, 4 * MB])), [2, 3]);
        assert_eq!(fitting(&[1, 2], &sized(&[1, 40 * MB])), [2], "one that is larger than a page comes alone");
        // Of a message that is too large only the header is taken.
        assert_eq!(fitting(&[1, 2, 3], &sized(&[MB, 60 * MB, MB])), [1, 2, 3]);
        // Size unknown: taken, and what comes is bounded elsewhere.
        assert_eq!(fitting(&[1, 2, 9], &sized(&[MB, MB])), [1, 2, 9]);
    }
}
