//! What a customer wants now, and which of their past cases wanted the same.

use super::correct::is_theirs;
use crate::desk::{Desk, DeskError};
use crate::model::{Case, Message, MessageId, Timestamp, clean_line};
use crate::score::intent::{Intent, Intents};
use crate::score::{NeedReading, PastCase};
use crate::store::StoredMessage;

/// Of what they wrote in the open case, the latest so many are read.
const LATEST: usize = 5;
/// Past cases whose first message is read, the latest.
const PAST: usize = 20;
/// Letters of a past case's subject or first words.
const ABOUT: usize = 60;

/// Gathers the need while the messages of a customer go by, the latest first.
pub(super) struct NeedSought {
    opened: Option<(Timestamp, Option<MessageId>)>,
    left: usize,
    found: Option<(Intent, MessageId, Timestamp)>,
}

impl NeedSought {
    /// In the case they have now; there is no need where it is resolved or there is none.
    pub fn of(case: Option<&Case>) -> NeedSought {
        let open = case.filter(|case| case.resolved.is_none());
        NeedSought { opened: open.map(|case| (case.opened, case.opened_by)), left: LATEST, found: None }
    }

    /// Whether a message is to be read.
    fn wants(&self, message: &Message) -> bool {
        let within = self.opened.is_some_and(|(at, by)| message.at >= at || Some(message.id) == by);
        let sure = self.found.as_ref().is_some_and(|(intent, ..)| intent.is_sure());
        within && !sure && self.left > 0 && is_theirs(message)
    }

    /// Takes the latest sure need; where none is, the likeliest.
    fn take(&mut self, intent: Option<Intent>, message: &Message) {
        self.left -= 1;
        let Some(intent) = intent else { return };
        if intent.is_sure() || self.found.as_ref().is_none_or(|(known, ..)| known.confidence < intent.confidence) {
            self.found = Some((intent, message.id, message.at));
        }
    }

    /// What was found.
    pub fn found(&self) -> Option<NeedReading> {
        let (intent, message, at) = self.found.as_ref()?;
        let name = intent.name.to_owned();
        Some(NeedReading { name, confidence: f64::from(intent.confidence), message: *message, at: *at })
    }
}

impl Desk {
    /// Reads the next message, if the need may be in it. A text that is damaged says nothing.
    pub(super) fn seek_need(&self, sought: &mut NeedSought, stored: &StoredMessage) {
        if sought.wants(&stored.message) {
            sought.take(self.intent_of(stored), &stored.message);
        }
    }

    fn intent_of(&self, stored: &StoredMessage) -> Option<Intent> {
        let words = self.own_words(stored).ok()?;
        let shipped = Intents::shipped();
        let said = shipped.read(&words);
        // Who says all in the subject writes no more than a greeting.
        if said.as_ref().is_some_and(Intent::is_sure) {
            return said;
        }
        let subject = shipped.read(&stored.message.subject).filter(Intent::is_sure);
        subject.or(said)
    }

    /// The resolved cases of a customer that were opened with the same need, as far as the latest [`PAST`] go.
    pub(super) fn alike(&self, need: &NeedReading, cases: &[Case]) -> Result<Vec<PastCase>, DeskError> {
        let mut alike = Vec::new();
        let resolved = cases.iter().rev().filter(|case| case.resolved.is_some()).filter_map(|case| case.opened_by);
        for id in resolved.take(PAST).filter(|id| *id != need.message) {
            let Some(stored) = self.store.message(id)?.filter(|stored| is_theirs(&stored.message)) else { continue };
            let intent = self.intent_of(&stored).filter(|intent| intent.is_sure() && intent.name == need.name);
            if let Some(intent) = intent {
                let about = self.about(&stored);
                alike.push(PastCase { message: id, about, likeness: f64::from(intent.confidence) });
            }
        }
        Ok(alike)
    }

    /// A message in one line: its subject or first words.
    fn about(&self, stored: &StoredMessage) -> String {
        let subject = clean_line(&stored.message.subject);
        let line = if subject.is_empty() { clean_line(&self.own_words(stored).unwrap_or_default()) } else { subject };
        line.chars().take(ABOUT).collect()
    }
}
