//! What corrections teach: a layer on top of the shipped model, learned in the background, kept with the last few before it,
//! switched off and taken back by one command each.

use super::{learned_from, version_of};
use crate::desk::{Desk, DeskError};
use crate::model::{
    Correction, Event, EventKind, Layer, LayerState, LearnedView, MessageId, SentimentLabel, Targets, Taught,
};
use crate::score::sentiment::{self, Label, Reader};
use crate::store::StoreError;
use std::sync::{Arc, PoisonError};

/// Layers kept.
const KEPT: usize = 5;
/// Corrections learned from at most, the latest.
const MOST: usize = 20_000;
const PAGE: usize = 1_000;

/// The model that reads messages now.
pub(in crate::desk) struct Current {
    /// With what was learned; `None` for the shipped one alone.
    learned: Option<(Layer, Reader)>,
    /// Why what was learned is not used, if so.
    trouble: Option<String>,
    /// What cases are to be done in.
    pub targets: Targets,
}

impl Current {
    /// What reads messages.
    pub fn reader(&self) -> &Reader {
        match &self.learned {
            Some((_, reader)) => reader,
            None => Reader::shipped(),
        }
    }

    /// The layer in use.
    pub fn layer(&self) -> Option<&Layer> {
        self.learned.as_ref().map(|(layer, _)| layer)
    }

    /// The version of all that computes scores.
    pub fn version(&self) -> u64 {
        version_of(self.reader(), self.targets)
    }
}

pub(super) fn label_of(label: SentimentLabel) -> Label {
    match label {
        SentimentLabel::Negative => Label::Negative,
        SentimentLabel::Neutral => Label::Neutral,
        SentimentLabel::Positive => Label::Positive,
    }
}

/// What tells a set of corrections from others.
fn print_of(corrections: &[Correction]) -> u64 {
    let rows: Vec<u8> = corrections
        .iter()
        .flat_map(|correction| correction.message.0.into_iter().chain(std::iter::once(correction.label as u8)))
        .collect();
    let digest = MessageId::of(&[b"corrections", &rows]).0;
    // Nought stands for "never".
    digest.first_chunk::<8>().map_or(1, |bytes| u64::from_be_bytes(*bytes)).max(1)
}

impl Desk {
    /// The model that reads messages now. A layer that cannot be read is left out, and said to be.
    pub(in crate::desk) fn current(&self) -> Arc<Current> {
        if let Some(current) = self.scoring.current.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return current.clone();
        }
        // Held while it is looked up: what is learned meanwhile must not be passed over.
        let mut place = self.scoring.current.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(current) = place.as_ref() {
            return current.clone();
        }
        let learned = match self.layer_state() {
            Ok((_, Some(damage))) => Some(Err(format!(
                "whether it is switched off cannot be read, so it stays off until `switchboard score layer --on` ({damage})"
            ))),
            Ok((state, None)) => state.number.filter(|_| !state.off).map(|number| self.learned(number)),
            Err(error) => Some(Err(error.to_string())),
        };
        let (learned, trouble) = match learned {
            Some(learned) => match learned {
                Ok(learned) => (Some(learned), None),
                Err(why) => {
                    tracing::warn!(why, "the learned layer is not used");
                    (
                        None,
                        Some(format!("what was learned from corrections is not used, the shipped model reads: {why}")),
                    )
                }
            },
            None => (None, None),
        };
        let targets = *self.scoring.targets.read().unwrap_or_else(PoisonError::into_inner);
        let targets = targets.unwrap_or(Targets::ORDINARY);
        let current = Arc::new(Current { learned, trouble, targets });
        *place = Some(current.clone());
        current
    }

    /// Which layer is in use, and why that is not known, if so. A row that cannot be read is made anew by what is learned
    /// next; until somebody says otherwise it is switched off then, as an agent may have had it.
    fn layer_state(&self) -> Result<(LayerState, Option<StoreError>), DeskError> {
        match self.store.layer_state() {
            Err(error) if error.is_damaged() => {
                let last = self.store.layers(1)?.first().map_or(0, |layer| layer.number);
                Ok((LayerState { last, off: true, ..LayerState::default() }, Some(error)))
            }
            state => Ok((state?, None)),
        }
    }

    /// Whether what is learned is switched off.
    pub(super) fn is_layer_off(&self) -> Result<bool, DeskError> {
        Ok(self.layer_state()?.0.off)
    }

    fn learned(&self, number: u64) -> Result<(Layer, Reader), String> {
        let kept = self.store.layer(number).map_err(|error| error.to_string())?;
        let (layer, weights) = kept.ok_or_else(|| format!("layer {number} is not there"))?;
        let read = sentiment::Layer::from_bytes(&weights).map_err(|error| error.to_string())?;
        if !read.fits(Reader::shipped()) {
            return Err("it was learned on top of another model; it is learned again".to_owned());
        }
        Ok((layer, Reader::with_layer(read)))
    }

    /// Cases are to be done in this from now on. Scores made for other targets are stale, and computed anew.
    pub fn set_targets(&self, targets: Targets) {
        *self.scoring.targets.write().unwrap_or_else(PoisonError::into_inner) = Some(targets);
        self.forget_current();
    }

    /// The model is looked up anew the next time.
    fn forget_current(&self) {
        *self.scoring.current.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The version of all that computes scores: a score of another one is stale.
    pub fn score_version(&self) -> u64 {
        self.current().version()
    }

    /// How what was learned from corrections is doing.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn learned_view(&self) -> Result<LearnedView, DeskError> {
        let current = self.current();
        Ok(LearnedView {
            layer: current.layer().cloned(),
            off: self.is_layer_off()?,
            corrections: self.all_corrections()?.len() as u32,
            begins_at: sentiment::FEWEST as u32,
            kept: self.store.layers(KEPT)?.iter().map(|layer| layer.number).collect(),
            trouble: current.trouble.clone(),
            version: current.version(),
        })
    }

    /// The latest corrections, in the order of their messages.
    fn all_corrections(&self) -> Result<Vec<Correction>, DeskError> {
        let mut all: Vec<Correction> = Vec::new();
        loop {
            let page = self.store.corrections(all.last().map(|last| last.message), PAGE)?;
            if page.is_empty() {
                break;
            }
            all.extend(page);
        }
        if all.len() > MOST {
            all.sort_by_key(|correction| (correction.at, correction.message));
            all.drain(..all.len() - MOST);
            all.sort_by_key(|correction| correction.message);
        }
        Ok(all)
    }

    /// Whether corrections changed since they were last learned from, or what was learned cannot be used.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn must_learn(&self) -> Result<bool, DeskError> {
        let ((state, _), all) = (self.layer_state()?, self.all_corrections()?);
        if all.is_empty() && state.learned_from == 0 {
            return Ok(false);
        }
        Ok(state.learned_from != print_of(&all) || self.current().trouble.is_some())
    }

    /// Learns from all corrections, and reads messages with that from now on. Takes a second for a thousand of them.
    ///
    /// # Errors
    /// When the store refuses; what was learned before goes on then.
    pub fn learn(&self) -> Result<Option<Layer>, DeskError> {
        let mut all = self.all_corrections()?;
        let print = print_of(&all);
        all.sort_by_key(|correction| (correction.at, correction.message));
        let mut examples = Vec::with_capacity(all.len());
        for correction in &all {
            if let Some(stored) = self.store.message(correction.message)?
                // A text that is damaged teaches nothing.
                && let Ok(text) = self.own_words(&stored)
            {
                examples.push((text, label_of(correction.label)));
            }
        }
        let learned = sentiment::Layer::learn(Reader::shipped(), &examples);
        let _writer = self.write();
        self.store.engine().room().map_err(StoreError::from)?;
        let (mut state, damage) = self.layer_state()?;
        let mut transaction = self.store.begin();
        let layer = learned.map(|learned| {
            let layer = Layer { number: state.last + 1, corrections: learned.len() as u32, at: self.now() };
            transaction.put_layer(&layer, learned.to_bytes());
            layer
        });
        if layer.is_some() {
            for old in self.store.layers(usize::MAX)?.iter().skip(KEPT - 1) {
                transaction.delete_layer(old.number);
            }
        }
        state.number = layer.as_ref().map(|layer| layer.number);
        state.last = state.number.unwrap_or(state.last);
        state.learned_from = print;
        transaction.put_layer_state(&state);
        let mut event = Event::new(EventKind::Learned, self.now(), crate::desk::SYSTEM);
        event.summary = match &layer {
            Some(layer) => format!("sentiment layer {}: {}", layer.number, learned_from(layer)),
            None => {
                let made = all.len() as u32;
                Taught { made, begins_at: sentiment::FEWEST as u32, ..Taught::default() }.words()
            }
        };
        if damage.is_some() {
            event.summary.push_str("; switched off, as whether it was cannot be read");
        }
        self.commit(transaction, event)?;
        self.forget_current();
        Ok(layer)
    }

    /// Reads messages with what was learned, or with the shipped model alone.
    ///
    /// # Errors
    /// [`DeskError::Refused`] when it is so already.
    pub fn use_layer(&self, agent: &str, on: bool) -> Result<String, DeskError> {
        let _writer = self.write();
        let (mut state, damage) = self.layer_state()?;
        // Where it is not known, either is news.
        if damage.is_none() && state.off != on {
            let how = if on { "on" } else { "off" };
            return Err(DeskError::Refused(format!("what was learned from corrections is {how} already")));
        }
        state.off = !on;
        let said = match on {
            true if damage.is_some() => {
                "What is learned from corrections is used again; the worker and `switchboard score refresh` learn it anew."
            }
            true => "What was learned from corrections is used again.",
            false => "The shipped model reads alone; what was learned is kept.",
        };
        self.put_layer_state(agent, &state, None, said)
    }

    /// Goes back to the layer before the one in use, or to the shipped model when there is none. The same corrections are not
    /// learned from again; the next one is.
    ///
    /// # Errors
    /// [`DeskError::Refused`] when nothing was learned.
    pub fn undo_layer(&self, agent: &str) -> Result<String, DeskError> {
        let _writer = self.write();
        let (mut state, _) = self.layer_state()?;
        let Some(number) = state.number else {
            return Err(DeskError::Refused("nothing learned is in use; there is nothing to take back".to_owned()));
        };
        let before = self.store.layers(usize::MAX)?.into_iter().find(|layer| layer.number < number);
        state.number = before.as_ref().map(|layer| layer.number);
        let said = match &before {
            Some(layer) => format!("Back to layer {}, {}.", layer.number, learned_from(layer)),
            None => "Back to the shipped model; corrections stay, and the next one is learned from.".to_owned(),
        };
        // It was not wanted: a later step back must not lead to it.
        self.put_layer_state(agent, &state, Some(number), &said)
    }

    fn put_layer_state(
        &self,
        agent: &str,
        state: &LayerState,
        rejected: Option<u64>,
        said: &str,
    ) -> Result<String, DeskError> {
        let mut transaction = self.store.begin();
        if let Some(number) = rejected {
            transaction.delete_layer(number);
        }
        transaction.put_layer_state(state);
        let mut event = Event::new(EventKind::Learned, self.now(), agent);
        event.summary = said.trim_end_matches('.').to_lowercase();
        self.commit(transaction, event)?;
        self.forget_current();
        Ok(said.to_owned())
    }
}
