//! The source: one call a pull, from the stream whose turn it is.

use super::access::{Access, now};
use super::mapper::Known;
use super::spec::Stream;
use super::state::{Parent, State};
use super::walk::Walker;
use crate::connector::{ConnectorError, PulledPage, Source};
use futures::future::BoxFuture;
use serde_json::Value;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

/// More in a queue that cannot be read hold up the stream that fills it.
const MOST_FAILED: usize = 500;
/// So often one in a queue is tried in a row before the others come first.
const STUMBLES: u32 = 3;

pub(super) struct DeclaredSource {
    access: Arc<Access>,
    known: Known,
    /// When each stream is read next, in milliseconds since 1970.
    due: Vec<i64>,
    /// Streams by turn: one that failed goes to the end, so that it keeps no other waiting.
    turns: VecDeque<usize>,
    /// The parents that a child stream still has to go through in this round.
    pending: BTreeMap<usize, VecDeque<String>>,
    /// Those of queues that could not be read, the latest last. They hold up nobody else.
    failed: Vec<String>,
    /// The one of a queue that failed last, and how often in a row.
    stumbles: (String, u32),
    /// Set while waiting: a wait that is dropped was cut short because somebody asks for news.
    waiting: bool,
    /// This source among all that ever walked.
    id: u64,
}

impl DeclaredSource {
    pub fn new(access: Arc<Access>, known: Known) -> DeclaredSource {
        let count = access.spec.streams.len();
        DeclaredSource {
            access,
            known,
            due: vec![0; count],
            turns: (0..count).collect(),
            pending: BTreeMap::new(),
            failed: Vec::new(),
            stumbles: Default::default(),
            waiting: false,
            id: fastrand::u64(..),
        }
    }

    /// The stream whose turn it is. One below a queue has its turn as long as there is something in it, and the one that
    /// fills it only when it is empty.
    fn ready(&self, state: &State) -> Option<usize> {
        let (now, streams) = (now().0, &self.access.spec.streams);
        let queue = |number: usize| {
            let above = streams.get(number).and_then(|stream| state.streams.get(&stream.intake.name));
            above.map(|above| above.parents.as_slice()).unwrap_or_default()
        };
        let fresh = |number: usize| queue(number).iter().any(|parent| !self.failed.contains(&parent.id));
        let due = |number: usize| self.due.get(number).is_some_and(|due| *due <= now);
        let has_turn = |number: &usize| match queue_of(streams, *number) {
            // What failed is tried again when the stream is due.
            Some(above) => fresh(above) || (!queue(above).is_empty() && due(*number)),
            None => {
                let fills = (0..streams.len()).any(|below| queue_of(streams, below) == Some(*number));
                due(*number) && !(fills && (fresh(*number) || queue(*number).len() >= MOST_FAILED))
            }
        };
        self.turns.iter().copied().find(has_turn)
    }

    fn rest(&mut self, number: usize) {
        let every = self.access.spec.streams.get(number).map_or(0, |stream| stream.every);
        if let Some(due) = self.due.get_mut(number) {
            *due = now().0.saturating_add(every);
        }
    }

    /// One of a queue could not be read. When that does not pass, the others come first.
    fn stumble(&mut self, number: usize, parent: &str, error: &ConnectorError) {
        let times = if self.stumbles.0 == parent { self.stumbles.1 + 1 } else { 1 };
        self.stumbles = (parent.to_owned(), times);
        let lasts = match error {
            ConnectorError::Retry { .. } => self.stumbles.1 >= STUMBLES,
            ConnectorError::Reject { .. } => true,
            _ => false,
        };
        if lasts {
            self.failed.retain(|failed| failed != parent);
            self.failed.push(parent.to_owned());
            self.rest(number);
        }
    }

    async fn page(&mut self, cursor: &[u8]) -> Result<PulledPage, ConnectorError> {
        if std::mem::take(&mut self.waiting) {
            self.due.fill(0);
        }
        let mut state = State::read(cursor);
        loop {
            let Some(number) = self.ready(&state) else { return Ok(PulledPage::default()) };
            let access = self.access.clone();
            let Some(stream) = access.spec.streams.get(number) else { return Ok(PulledPage::default()) };
            let stepped = match stream.each {
                None => self.plain(&access, number, stream, &mut state).await.map(Some),
                Some(_) => self.child(&access, number, stream, &mut state).await,
            };
            match stepped {
                // Nothing to be asked in this round.
                Ok(None) => continue,
                Ok(Some(mut page)) => {
                    page.cursor = state.to_bytes();
                    page.more = self.ready(&state).is_some();
                    return Ok(page);
                }
                Err(error) => {
                    self.turns.retain(|turn| *turn != number);
                    self.turns.push_back(number);
                    return Err(error);
                }
            }
        }
    }

    /// A stream of its own.
    async fn plain(
        &mut self,
        access: &Access,
        number: usize,
        stream: &Stream,
        state: &mut State,
    ) -> Result<PulledPage, ConnectorError> {
        let children: Vec<&Stream> = access
            .spec
            .streams
            .iter()
            .filter(|child| child.each.as_ref().is_some_and(|(parent, _)| *parent == number))
            .collect();
        let mut needed: Vec<String> = children.iter().flat_map(|child| child.of_parent.iter().cloned()).collect();
        needed.sort();
        needed.dedup();
        let limits = children.iter().filter_map(|child| child.each.as_ref()).map(|(_, parents)| parents);
        let limits = limits.max_by_key(|parents| parents.max_age);
        let queue = limits.is_some_and(|limits| limits.queue);
        let oldest = limits.filter(|_| !queue).map(|limits| now().plus_millis(-limits.max_age));
        let kept = state.streams.entry(stream.intake.name.clone()).or_default();
        let changed = limits.and_then(|limits| limits.changed.as_deref());
        let walker = Walker { access, known: &self.known, stream, for_children: &needed, changed, by: self.id };
        let mut step = walker.step(&mut kept.spot, &Value::Null, oldest).await?;
        if let Some(limits) = limits {
            for parent in step.parents {
                match kept.parents.iter_mut().find(|known| known.id == parent.id) {
                    Some(known) => *known = parent,
                    None => kept.parents.push(parent),
                }
            }
            if queue {
                // The one that changed first is looked at first.
                kept.parents.sort_by(|a, b| a.at.cmp(&b.at).then_with(|| a.id.cmp(&b.id)));
                if step.done && !step.old {
                    self.rest(number);
                }
                return Ok(PulledPage { items: step.items, ..PulledPage::default() });
            }
            kept.parents.retain(|parent| oldest.is_none_or(|oldest| parent.at >= oldest.0));
            kept.parents.sort_by(|a, b| b.at.cmp(&a.at).then_with(|| a.id.cmp(&b.id)));
            // Older ones than fit end the walk.
            if kept.parents.len() >= limits.most && !step.done {
                kept.spot.walk = None;
                step.done = true;
            }
            kept.parents.truncate(limits.most);
        }
        if step.done && !step.old {
            self.rest(number);
        }
        Ok(PulledPage { items: step.items, ..PulledPage::default() })
    }

    /// A stream below each thing that another one found. `None` when there is nothing to be asked.
    async fn child(
        &mut self,
        access: &Access,
        number: usize,
        stream: &Stream,
        state: &mut State,
    ) -> Result<Option<PulledPage>, ConnectorError> {
        let Some((above, limits)) = &stream.each else { return Ok(None) };
        let Some(above) = access.spec.streams.get(*above) else { return Ok(None) };
        let parents: Vec<Parent> =
            state.streams.get(&above.intake.name).map(|kept| kept.parents.clone()).unwrap_or_default();
        let kept = state.streams.entry(stream.intake.name.clone()).or_default();
        // State goes with its parent.
        kept.below.retain(|id, _| parents.iter().any(|parent| parent.id == *id));
        let news = |parent: &&Parent| {
            let below = kept.below.get(&parent.id);
            parent.changed.is_none()
                || below.is_none_or(|below| below.changed != parent.changed || below.walk.is_some())
        };
        let mut queued = VecDeque::new();
        if limits.queue {
            let place = |parent: &&Parent| self.failed.iter().position(|failed| *failed == parent.id);
            let next =
                parents.iter().find(|parent| place(parent).is_none()).or_else(|| parents.iter().min_by_key(place));
            queued.extend(next.map(|parent| parent.id.clone()));
            self.pending.remove(&number);
        }
        self.pending.entry(number).or_insert_with(|| match limits.queue {
            true => queued,
            false => parents.iter().filter(news).map(|parent| parent.id.clone()).collect(),
        });
        let parent = loop {
            let Some(first) = self.pending.get(&number).and_then(VecDeque::front) else {
                self.pending.remove(&number);
                self.rest(number);
                return Ok(None);
            };
            match parents.iter().find(|parent| parent.id == *first) {
                Some(parent) => break parent,
                None => {
                    self.pending.entry(number).or_default().pop_front();
                }
            }
        };
        let spot = kept.below.entry(parent.id.clone()).or_default();
        let walker = Walker { access, known: &self.known, stream, for_children: &[], changed: None, by: self.id };
        let step = match walker.step(spot, &parent.of, None).await {
            Ok(step) => step,
            // What was deleted meanwhile has no comments any more.
            Err(ConnectorError::Gone { .. }) => {
                spot.changed = parent.changed.clone();
                super::walk::Step { items: Vec::new(), parents: Vec::new(), done: true, old: false }
            }
            Err(error) => {
                if limits.queue {
                    self.stumble(number, &parent.id, &error);
                    return Err(error);
                }
                // The others first, next time.
                let pending = self.pending.entry(number).or_default();
                if let Some(failed) = pending.pop_front() {
                    pending.push_back(failed);
                }
                return Err(error);
            }
        };
        if step.done && !step.old {
            spot.changed = parent.changed.clone();
            let pending = self.pending.entry(number).or_default();
            pending.pop_front();
            if pending.is_empty() {
                self.pending.remove(&number);
                self.rest(number);
            }
            if limits.queue {
                self.failed.retain(|failed| *failed != parent.id);
                kept.below.remove(&parent.id);
                if let Some(above) = state.streams.get_mut(&above.intake.name) {
                    above.parents.retain(|waiting| waiting.id != parent.id);
                }
            }
        }
        Ok(Some(PulledPage { items: step.items, ..PulledPage::default() }))
    }
}

/// The stream that fills the queue which this one empties.
fn queue_of(streams: &[Stream], number: usize) -> Option<usize> {
    let (above, limits) = streams.get(number)?.each.as_ref()?;
    limits.queue.then_some(*above)
}

impl Source for DeclaredSource {
    fn pull<'a>(&'a mut self, cursor: &'a [u8]) -> BoxFuture<'a, Result<PulledPage, ConnectorError>> {
        Box::pin(self.page(cursor))
    }

    fn wait<'a>(&'a mut self, _cursor: &'a [u8], limit: Duration) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            self.waiting = true;
            let streams = &self.access.spec.streams;
            // A queue is only waited for when something in it failed.
            let waits = |number: usize| queue_of(streams, number).is_none() || !self.failed.is_empty();
            let due = self.due.iter().enumerate().filter(|(number, _)| waits(*number));
            let next = due.map(|(_, due)| *due).min().unwrap_or(i64::MAX);
            let pause = u64::try_from(next.saturating_sub(now().0)).unwrap_or(0);
            tokio::time::sleep(Duration::from_millis(pause).min(limit)).await;
            self.waiting = false;
            Ok(())
        })
    }
}
