//! What a message sounds like: the model's reading, and over it what an agent said.

use super::layer::Current;
use crate::desk::{Desk, DeskError};
use crate::model::{
    Act, Acted, Correction, Event, EventKind, Message, MessageId, Sentiment, SentimentLabel, own_words, without_closing,
};
use crate::score::sentiment::{Label, Reading};
use crate::store::{Glance, StoredMessage};
use std::borrow::Cow;

/// How happy what an agent called so counts, at least.
const SURE: i8 = 80;
/// Bytes of a text that are looked at; a model reads less.
const MOST: usize = 64 << 10;

fn percent(share: f32) -> i8 {
    (share * 100.0).round().clamp(-100.0, 100.0) as i8
}

/// What they wrote themselves in a text: without what they quote, how they sign, and the manners they close with.
pub(super) fn own(text: &str) -> Cow<'_, str> {
    match own_words(&text[..text.floor_char_boundary(MOST)]) {
        Cow::Borrowed(words) => Cow::Borrowed(without_closing(words)),
        Cow::Owned(words) => Cow::Owned(without_closing(&words).to_owned()),
    }
}

/// A customer wrote it, as far as scores go.
pub(super) fn is_theirs(message: &Message) -> bool {
    Glance::from(message).is_theirs()
}

/// The words that speak for the label; what speaks against it did not decide. All where none does.
fn deciding(reading: &Reading) -> Vec<String> {
    let speaks_for = |weight: f32| match reading.label {
        Label::Negative => weight < 0.0,
        Label::Neutral => true,
        Label::Positive => weight > 0.0,
    };
    let (mut those, others): (Vec<_>, Vec<_>) = reading.words.iter().partition(|word| speaks_for(word.weight));
    if those.is_empty() {
        those = others;
    }
    those.into_iter().map(|word| word.text.clone()).collect()
}

fn read(reading: Reading) -> Sentiment {
    let label = match reading.label {
        Label::Negative => SentimentLabel::Negative,
        Label::Neutral => SentimentLabel::Neutral,
        Label::Positive => SentimentLabel::Positive,
    };
    Sentiment {
        label,
        percent: percent(reading.score),
        confidence: percent(reading.confidence).max(0) as u8,
        corrected: None,
        words: deciding(&reading),
    }
}

/// What an agent said counts; the model's number stays where it says the same.
fn corrected(model: Option<Sentiment>, correction: &Correction) -> Sentiment {
    let agrees = model.filter(|model| model.label == correction.label);
    let (said, words) = agrees.map_or((0, Vec::new()), |model| (model.percent, model.words));
    let percent = match correction.label {
        SentimentLabel::Negative => said.min(-SURE),
        SentimentLabel::Neutral => said.clamp(-20, 20),
        SentimentLabel::Positive => said.max(SURE),
    };
    let by = correction.by.clone();
    Sentiment { label: correction.label, percent, confidence: 100, corrected: Some(by), words }
}

impl Desk {
    /// The text of a message without what it quotes.
    pub(super) fn own_words(&self, stored: &StoredMessage) -> Result<String, String> {
        self.text(stored).map(|text| own(&text).into_owned())
    }

    /// What a message of theirs sounds like, in which they wrote these words, by a reading of them. `None` where the model
    /// cannot tell.
    pub(super) fn sounds_like(
        &self,
        id: MessageId,
        words: Option<&str>,
        reading: impl Fn(&str) -> Option<Reading>,
    ) -> Result<Option<Sentiment>, DeskError> {
        let model = words.and_then(reading).map(read);
        Ok(match self.store.correction(id)? {
            Some(correction) => Some(corrected(model, &correction)),
            None => model,
        })
    }

    /// What a message with this text sounds like, with the words that decided. `None` for what we wrote and for robots, too.
    pub(in crate::desk) fn sentiment_of(
        &self,
        current: &Current,
        message: &Message,
        text: Option<&str>,
    ) -> Result<Option<Sentiment>, DeskError> {
        if !is_theirs(message) {
            return Ok(None);
        }
        self.sounds_like(message.id, text.map(own).as_deref(), |words| current.reader().read(words))
    }

    /// What messages sound like, in their order; `None` where nobody can tell.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn sentiments(&self, messages: &[StoredMessage]) -> Result<Vec<Option<Sentiment>>, DeskError> {
        let current = self.current();
        let read = |stored: &StoredMessage| {
            let text = if is_theirs(&stored.message) { self.text(stored).ok() } else { None };
            self.sentiment_of(&current, &stored.message, text.as_deref())
        };
        messages.iter().map(read).collect()
    }

    pub(in crate::desk) fn correct_sentiment(
        &self,
        agent: &str,
        id: MessageId,
        label: Option<SentimentLabel>,
    ) -> Result<Acted, DeskError> {
        let correction = label.map(|label| Correction { message: id, label, by: agent.to_owned(), at: self.now() });
        self.put_correction(agent, id, correction)
    }

    /// Puts the correction of a message in the place of the one there was.
    pub(in crate::desk) fn put_correction(
        &self,
        agent: &str,
        id: MessageId,
        correction: Option<Correction>,
    ) -> Result<Acted, DeskError> {
        let _writer = self.write();
        let stored = self.store.message(id)?;
        let stored = stored.ok_or_else(|| DeskError::NotFound(format!("there is no message {id}")))?;
        if !is_theirs(&stored.message) {
            let why =
                "only what a customer wrote sounds like something; this is ours, a robot's, or not from its sender";
            return Err(DeskError::Refused(why.to_owned()));
        }
        let before = self.store.correction(id)?;
        if before.is_none() && correction.is_none() {
            return Err(DeskError::Refused("nobody has corrected this message".to_owned()));
        }
        let mut transaction = self.store.begin();
        match &correction {
            Some(correction) => transaction.put_correction(correction),
            None => transaction.delete_correction(id),
        }
        let mut event = Event::new(EventKind::Corrected, self.now(), agent);
        event.messages = vec![id];
        if let Some(identity) = stored.message.identity
            && let Some(identity) = self.store.identity(identity)?
        {
            event.customers = vec![self.store.root(identity.customer)?];
        }
        let customer = event.customers.first().copied();
        let word = |correction: &Option<Correction>| match correction {
            Some(correction) => correction.label.word(),
            None => "as the model reads it",
        };
        event.summary = format!("sentiment {} → {}", word(&before), word(&correction));
        let said = match &correction {
            Some(correction) => format!("Corrected: {}.", correction.label.word()),
            None => "The correction is taken back.".to_owned(),
        };
        self.commit(transaction, event)?;
        let undo = vec![Act::RestoreCorrection(id, before)];
        Ok(Acted { said, undo, customer, message: Some(id), ..Acted::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::sentiment::Reader;

    #[test]
    fn only_words_that_speak_for_the_label_are_named() {
        let text = "Thank you, but it is broken, useless and the worst";
        let Some(reading) = Reader::shipped().read(text) else { panic!("it is English") };
        assert!(reading.words.iter().any(|word| word.weight > 0.0), "{:?}", reading.words);
        let read = read(reading);
        assert_eq!(read.label, SentimentLabel::Negative);
        assert!(
            read.words.contains(&"worst".to_owned()) && !read.words.contains(&"thank".to_owned()),
            "{:?}",
            read.words
        );
    }

    #[test]
    fn what_is_quoted_does_not_count() {
        let text =
            "Thank you!\n\nOn Tue, 1 Jul 2026 at 10:00, Shop <shop@x.example> wrote:\n> we are angry and sorry\n";
        assert_eq!(own(text).trim(), "Thank you!");
        assert_eq!(own("no quote").trim(), "no quote");
        assert_eq!(own(&"長".repeat(MOST)).trim().len() % 3, 0, "cut between letters");
    }
}
