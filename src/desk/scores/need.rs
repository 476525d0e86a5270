//! What a customer wants now, and which of their past cases wanted the same.

use super::correct::is_theirs;
use crate::desk::{Desk, DeskError};
use crate::model::{Case, MessageId, Timestamp, clean_line};
use crate::score::intent::{Intent, Intents};
use crate::score::{NeedReading, PastCase};

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

    /// Whether a message of theirs is to be read.
    fn wants(&self, id: MessageId, at: Timestamp) -> bool {
        let within = self.opened.is_some_and(|(opened, by)| at >= opened || Some(id) == by);
        let sure = self.found.as_ref().is_some_and(|(intent, ..)| intent.is_sure());
        within && !sure && self.left > 0
    }

    /// What a message wants; the latest sure need counts; where none is, the likeliest.
    fn hear(&mut self, id: MessageId, at: Timestamp, intent: Intent) {
        if intent.is_sure() || self.found.as_ref().is_none_or(|(known, ..)| known.confidence < intent.confidence) {
            self.found = Some((intent, id, at));
        }
    }

    /// What was found.
    pub fn found(&self) -> Option<NeedReading> {
        let (intent, message, at) = self.found.as_ref()?;
        let name = intent.name.to_owned();
        Some(NeedReading { name, confidence: f64::from(intent.confidence), message: *message, at: *at })
    }
}

/// What a subject wants for sure.
fn subject_wants(subject: &str) -> Option<Intent> {
    Intents::shipped().read(subject).filter(Intent::is_sure)
}

impl Desk {
    /// Reads the next message of theirs, by what they wrote in it themselves, if the need may be in it. Without words (the
    /// text is damaged) it says nothing.
    pub(super) fn seek_need(
        &self,
        sought: &mut NeedSought,
        id: MessageId,
        at: Timestamp,
        words: Option<&str>,
    ) -> Result<(), DeskError> {
        if !sought.wants(id, at) {
            return Ok(());
        }
        sought.left -= 1;
        let Some(words) = words else { return Ok(()) };
        let said = Intents::shipped().read(words);
        let intent = match said {
            Some(said) if said.is_sure() => Some(said),
            // Who says all in the subject writes no more than a greeting.
            said => self.store.message(id)?.and_then(|stored| subject_wants(&stored.message.subject)).or(said),
        };
        if let Some(intent) = intent {
            sought.hear(id, at, intent);
        }
        Ok(())
    }

    /// The resolved cases of a customer that were opened with the same need, as far as the latest [`PAST`] go.
    pub(super) fn alike(&self, need: &NeedReading, cases: &[Case]) -> Result<Vec<PastCase>, DeskError> {
        let mut alike = Vec::new();
        let resolved = cases.iter().rev().filter(|case| case.resolved.is_some()).filter_map(|case| case.opened_by);
        for id in resolved.take(PAST).filter(|id| *id != need.message) {
            let Some(stored) = self.store.message(id)?.filter(|stored| is_theirs(&stored.message)) else { continue };
            let Ok(words) = self.own_words(&stored) else { continue };
            let subject = &stored.message.subject;
            let said = Intents::shipped().read(&words).filter(Intent::is_sure);
            let intent = said.or_else(|| subject_wants(subject)).filter(|intent| intent.name == need.name);
            if let Some(intent) = intent {
                let about = about(subject, &words);
                alike.push(PastCase { message: id, about, likeness: f64::from(intent.confidence) });
            }
        }
        Ok(alike)
    }
}

/// A message in one line: its subject or first words.
fn about(subject: &str, words: &str) -> String {
    let subject = clean_line(subject);
    let line = if subject.is_empty() { clean_line(words) } else { subject };
    line.chars().take(ABOUT).collect()
}
