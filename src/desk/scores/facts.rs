//! The facts of one customer, gathered from the tables.

use super::correct::own;
use super::layer::Current;
use super::need::NeedSought;
use crate::desk::{Desk, DeskError};
use crate::model::{Case, Customer, Direction, Event, EventKind, MessageId, Targets, Timestamp};
use crate::score::{CaseFacts, Contact, Facts, History, MAX_CONTACTS, MAX_FELT};
use crate::store::{Glance, Glanced};
use jiff::tz::TimeZone;
use std::borrow::Cow;

const PAGE: usize = 500;
/// Messages looked at to find [`MAX_CONTACTS`] that are contacts.
const LOOK: usize = 2 * MAX_CONTACTS;
/// Cases before the present one.
const CASES: usize = 500;
/// Lines of the history looked at for cases that were opened again.
const LINES: usize = 500;

/// A customer's facts, and what they took to gather.
pub(super) struct Gathered {
    pub history: History,
    /// Messages looked at.
    pub messages: u32,
    /// The latest time anything of it was received.
    pub covers: Timestamp,
}

impl Desk {
    /// Gathers the facts of a customer. Without a model no text is read, and no contact has a sentiment: that is enough to
    /// know what all customers together are like.
    pub(super) fn gather(
        &self,
        customer: &Customer,
        current: Option<&Current>,
        now: Timestamp,
    ) -> Result<Gathered, DeskError> {
        let parts = self.parts(customer);
        let mut facts = Facts { since: Some(customer.first_at), ..Facts::default() };
        let mut sought = NeedSought::of(customer.case.as_ref().filter(|_| current.is_some()));
        let (mut before, mut messages, mut covers) = (None, 0, Timestamp(0));
        let mut latest = Vec::new();
        while messages < LOOK && facts.contacts.len() < MAX_CONTACTS {
            let page = self.store.glances(&parts, before.as_deref(), PAGE.min(LOOK - messages))?;
            messages += page.rows.len();
            for Glanced { id, at, glance, text } in page.rows {
                covers = covers.max(glance.received);
                if !glance.is_contact() {
                    continue;
                }
                let sentiment = match current.filter(|_| glance.is_theirs()) {
                    Some(current) => {
                        // A text that is damaged says nothing; the timeline says that it is.
                        let text = self.text_at(text).ok();
                        let words = text.as_deref().map(own);
                        self.seek_need(&mut sought, id, at, words.as_deref())?;
                        let heard = self.sounds_like(id, words.as_deref(), |words| current.reader().skim(words))?;
                        if heard.is_some() && at <= now && latest.len() < MAX_FELT {
                            latest.push((id, words.map(Cow::into_owned)));
                        }
                        heard
                    }
                    None => None,
                };
                let Glance { direction, channel, way, .. } = glance;
                facts.contacts.push(Contact { message: id, at, direction, channel, way, sentiment });
            }
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        let (cases, events) = self.cases(customer)?;
        let targets = current.map_or(Targets::ORDINARY, |current| current.targets);
        facts.cases = case_facts(&cases, &events, &facts.contacts, targets);
        facts.need = sought.found();
        // What is no need resembles nothing: no past case has to be read.
        if let Some(need) = facts.need.as_ref().filter(|need| need.is_need(now)) {
            facts.alike = self.alike(need, &cases)?;
        }
        facts.orders = self.orders(customer)?;
        facts.ratings = self.ratings(customer)?;
        facts.offset_minutes = offset_minutes(now);
        let mut history = History::new(customer.id, now, facts);
        if let Some(current) = current {
            self.name_words(current, &mut history, &latest)?;
        }
        Ok(Gathered { history, messages: messages as u32, covers })
    }

    /// Reads the messages whose words are quoted once more, for the words. A message that is not among the latest is quoted
    /// without.
    fn name_words(
        &self,
        current: &Current,
        history: &mut History,
        latest: &[(MessageId, Option<String>)],
    ) -> Result<(), DeskError> {
        for id in history.quoted() {
            let Some((_, words)) = latest.iter().find(|(known, _)| *known == id) else { continue };
            if let Some(heard) = self.sounds_like(id, words.as_deref(), |words| current.reader().read(words))? {
                history.hear(id, heard);
            }
        }
        Ok(())
    }

    /// The cases of a customer and of all who turned out to be this one, in order, and what happened to them.
    fn cases(&self, customer: &Customer) -> Result<(Vec<Case>, Vec<Event>), DeskError> {
        let mut cases: Vec<Case> = Vec::new();
        let mut events: Vec<Event> = Vec::new();
        for id in std::iter::once(&customer.id).chain(&customer.absorbed) {
            cases.extend(self.store.past_cases(*id, CASES)?);
            events.extend(self.store.history(*id, LINES)?);
        }
        cases.extend(customer.case.clone());
        cases.sort_by_key(|case| case.opened);
        cases.dedup_by_key(|case| case.opened);
        Ok((cases, events))
    }
}

fn case_facts(cases: &[Case], events: &[Event], contacts: &[Contact], targets: Targets) -> Vec<CaseFacts> {
    let ends: Vec<Timestamp> = cases.iter().skip(1).map(|case| case.opened).chain([Timestamp::MAX]).collect();
    let facts = cases.iter().zip(ends).map(|(case, end)| {
        let within = |at: Timestamp| at >= case.opened && at < end;
        let answers = contacts.iter().filter(|contact| contact.direction == Direction::Outbound);
        CaseFacts {
            opened: case.opened,
            opened_by: case.opened_by,
            first_reply: answers.map(|contact| contact.at).filter(|at| within(*at)).min(),
            resolved: case.resolved,
            reopened: events.iter().filter(|event| was_reopened(event) && within(event.at)).map(|e| e.at).collect(),
            targets,
        }
    });
    facts.collect()
}

/// An agent opened a resolved case again.
fn was_reopened(event: &Event) -> bool {
    match &event.case {
        Some(change) => change.is_reopening(),
        // Written before events said it in a field of their own: there is only the sentence. This is the one place that
        // reads it; a sentence written from now on may say what it likes.
        None => {
            let said = &event.summary;
            event.kind == EventKind::Case && said.starts_with("resolved ") && said.contains("→ open ")
        }
    }
}

/// What this machine's clock adds to UTC.
fn offset_minutes(now: Timestamp) -> i16 {
    (TimeZone::system().to_offset(now.to_jiff()).seconds() / 60) as i16
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{CaseChange, CaseStatus};

    #[test]
    fn a_case_was_opened_again_when_the_event_says_so_and_old_ones_say_it_in_words() {
        let event = |summary: &str, case: Option<CaseChange>| {
            let mut event = Event::new(EventKind::Case, Timestamp(0), "lin");
            (event.summary, event.case) = (summary.to_owned(), case);
            event
        };
        let change = |from, to, undo| Some(CaseChange { from: Some(from), to: Some(to), undo });
        use CaseStatus::{Open, Resolved, Waiting};
        assert!(was_reopened(&event("whatever it is called then", change(Resolved, Open, false))));
        // Somebody may be called what looks like it.
        assert!(!was_reopened(&event("resolved (→ open up, normal) → waiting", change(Resolved, Waiting, false))));
        assert!(!was_reopened(&event("undo: resolved → open", change(Resolved, Open, true))));
        assert!(was_reopened(&event("resolved (lin, normal) → open (lin, normal)", None)));
        assert!(!was_reopened(&event("undo: resolved → open", None)));
        assert!(!was_reopened(&event("open (lin, normal) → resolved (lin, normal)", None)));
    }
}
