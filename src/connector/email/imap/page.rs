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
    authserv_id: Option<String>,
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

/// What came of a page.
struct Fetched {
    bodies: BTreeMap<u32, Vec<u8>>,
    /// Why a message has no body here and is not to be asked for again.
    reasons: BTreeMap<u32, String>,
    /// Messages that are there, and were missing in the answer.
    withheld: Vec<u32>,
}

impl Pages {
    /// `own` are our normalised addresses, `authserv_id` the name under which our server vouches for senders.
    pub(super) fn new(own: Vec<String>, authserv_id: Option<String>) -> Pages {
        Pages { own, authserv_id, sent: None, listed: None, page: PAGE, unfetchable: HashMap::new() }
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
        let mut fetched = match self.fetch(session, folder, state.validity, &page, &facts).await {
            Err(Trouble::Refused(why) | Trouble::Answer(why)) => {
                return Err(self.narrow(folder, state.validity, &page, why));
            }
            other => other?,
        };
        self.count_withheld(&session.place, folder, state.validity, &mut fetched)?;
        let items = self.items(session, folder, state.validity, &page, &facts, fetched).await;
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
        while span.to > span.from {
            let bottom = span.to.saturating_sub(PART).max(span.from);
            let mut uids = search_part(session, bottom, span.to).await?;
            // The last part of a whole folder, and fewer than it has: perhaps the others are found the second time.
            if bottom == 1 && !uids.is_empty() && (uids.len() as u64) < u64::from(session.exists) {
                let there = session.last_below(span.to).await?.map_or(0, |(count, _)| count);
                if (uids.len() as u64) < u64::from(there) {
                    tracing::warn!(folder, found = uids.len(), there, "the server's search leaves messages out");
                    uids.extend(search_part(session, bottom, span.to).await?);
                    uids.sort_unstable();
                    uids.dedup();
                }
            }
            if !uids.is_empty() {
                let (folder, validity) = (folder.to_owned(), state.validity);
                return Ok(Some(Listed { folder, validity, bottom, top: span.to, uids }));
            }
            // Nothing there, or an index that lags behind? What is passed over here is never looked at again. And where
            // UIDs are rare there is one step to the next; they can be four thousand millions.
            match session.last_below(span.to).await? {
                Some((_, uid)) if uid >= bottom => {
                    return Err(Trouble::Answer(format!(
                        "{} finds no message in {folder} where there is one (UID {uid})",
                        session.place
                    )));
                }
                Some((_, uid)) if uid >= span.from => span.to = uid + 1,
                _ => span.to = span.from,
            }
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

    /// What the server gives of a page.
    async fn fetch(
        &self,
        session: &mut Session,
        folder: &str,
        validity: u32,
        page: &[u32],
        facts: &BTreeMap<u32, Facts>,
    ) -> Result<Fetched, Trouble> {
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
        let bodies = if wanted.is_empty() { BTreeMap::new() } else { fetch::bodies(session, &wanted).await? };
        let mut withheld: Vec<u32> = wanted.into_iter().filter(|uid| !bodies.contains_key(uid)).collect();
        if !withheld.is_empty() {
            // Removed meanwhile, or kept from us?
            let still = session.search(&format!("UID {}", fetch::set(&withheld))).await?;
            withheld.retain(|uid| still.contains(uid));
        }
        Ok(Fetched { bodies, reasons, withheld })
    }

    /// Messages that are there and missing in an answer that said OK: the server may be able to give them a moment later,
    /// so the page fails, and only after some attempts they are given up, all together.
    fn count_withheld(
        &mut self,
        place: &str,
        folder: &str,
        validity: u32,
        fetched: &mut Fetched,
    ) -> Result<(), Trouble> {
        let mut hopeful = 0;
        for uid in &fetched.withheld {
            let known = self.unfetchable.entry((folder.to_owned(), validity, *uid)).or_insert((0, String::new()));
            *known = (known.0 + 1, "its answer leaves it out".to_owned());
            if known.0 < ATTEMPTS {
                hopeful += 1;
            } else {
                fetched.reasons.insert(*uid, format!("the server does not give its content: {}", known.1));
            }
        }
        if hopeful == 0 {
            return Ok(());
        }
        Err(Trouble::Answer(format!("{place} leaves out {hopeful} of the messages it was asked for in {folder}")))
    }

    /// The messages of a page, in the order of their UIDs. Those that are gone meanwhile are left out.
    async fn items(
        &self,
        session: &mut Session,
        folder: &str,
        validity: u32,
        page: &[u32],
        facts: &BTreeMap<u32, Facts>,
        fetched: Fetched,
    ) -> Vec<Item> {
        let Fetched { mut bodies, mut reasons, .. } = fetched;
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
        items
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
        let pinned = self.authserv_id.clone();
        let parsing =
            tokio::task::spawn_blocking(move || parse::understand_from(raw, &own, pinned.as_deref(), &name, received));
        let reason = match tokio::time::timeout(PARSE_LIMIT, parsing).await {
            Ok(Ok(item)) => return self.as_found_in(folder, item),
            Ok(Err(_)) => "the parser failed on it".to_owned(),
            Err(_) => format!("the parser did not come to an end with it in {} s", PARSE_LIMIT.as_secs()),
        };
        unreadable(reason, folder, uid, received, false, spare)
    }
}

/// The UIDs from `bottom` up to but without `top`, sorted.
async fn search_part(session: &mut Session, bottom: u32, top: u32) -> Result<Vec<u32>, Trouble> {
    let mut uids = session.search(&format!("UID {bottom}:{}", top - 1)).await?;
    // A server may read a set whose end is not there as `n:*` and give its last message.
    uids.retain(|uid| (bottom..top).contains(uid));
    Ok(uids)
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
