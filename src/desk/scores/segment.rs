//! Segments: fitted over everybody, every night and when asked for; in between, customers are placed by the last fit.

use crate::desk::{Desk, DeskError, SYSTEM};
use crate::model::{
    CustomerId, Event, EventKind, Page, Rescore, ScoredRow, Segment, SegmentKind, SegmentMember, Timestamp,
};
use crate::score::segment::{self, Fitted, Model, Previous, Settings, Unfit};
use crate::store::StoreError;
use std::collections::BTreeMap;
use std::sync::{PoisonError, TryLockError};

/// Customers whose segments are written in one commit.
const SLICE: usize = 200;

/// What a fit came to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FitReport {
    /// The segments there are now, kind by kind.
    pub segments: Vec<Segment>,
    /// Customers counted.
    pub customers: u64,
    /// Customers left out because a record of theirs is damaged; the log names them.
    pub left_out: u64,
    /// Customers in another segment than before.
    pub moved: u64,
    /// Kinds for which there are no segments, and why.
    pub without: Vec<(SegmentKind, String)>,
    /// How well k-means parts them, -1 to 1.
    pub silhouette: Option<f64>,
    /// How alike two halves are parted, up to 1.
    pub stability: Option<f64>,
    /// It was told to stop: nothing changed.
    pub stopped: bool,
}

/// How far a fit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FitProgress {
    /// Customers counted so far: all of them once it fits.
    pub customers: u64,
    /// The kind that is being fitted, and how far that is, in a thousand; `None` while customers are counted.
    pub fitting: Option<(SegmentKind, u16)>,
}

/// What writing the segments of some customers came to.
#[derive(Default)]
struct Placed {
    moved: u64,
    left_out: u64,
}

/// A model of another version counts for nothing: the next fit makes it anew.
fn model_of(bytes: &[u8]) -> Option<Model> {
    let read = minicbor::decode(bytes);
    read.inspect_err(
        |error| tracing::warn!(%error, "what segments were fitted to cannot be read; they are fitted anew"),
    )
    .ok()
}

impl Desk {
    /// What places customers between two fits.
    pub(super) fn segment_models(&self) -> Result<Vec<Model>, DeskError> {
        let mut models = Vec::with_capacity(SegmentKind::ALL.len());
        for kind in SegmentKind::ALL {
            models.extend(self.store.fit(kind)?.as_deref().and_then(model_of));
        }
        Ok(models)
    }

    /// All segments, kind by kind, the largest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn segments(&self) -> Result<Vec<Segment>, DeskError> {
        let mut segments = self.store.segments()?;
        segments.sort_by(|one, other| {
            (one.kind, std::cmp::Reverse(one.size), &one.name).cmp(&(
                other.kind,
                std::cmp::Reverse(other.size),
                &other.name,
            ))
        });
        Ok(segments)
    }

    /// The customers of a segment, in the order they were made, at most `limit`; `next` leads on.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn segment_members(
        &self,
        kind: SegmentKind,
        name: &str,
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Page<SegmentMember>, DeskError> {
        let after = after.and_then(CustomerId::from_slice);
        let ids = self.store.segment_members(kind, name, after, limit)?;
        let next = ids.last().filter(|_| ids.len() >= limit).map(|last| last.0.to_vec());
        let mut rows = Vec::with_capacity(ids.len());
        for id in ids {
            // One that turned out to be another since is scored in a moment.
            if let Some(customer) = self.store.customer(id)?.filter(|customer| customer.merged_into.is_none()) {
                let scored = self.store.scored(id)?.filter(|row| row.last != Timestamp(0));
                rows.push(SegmentMember {
                    standing: scored.map(|row| (row.last, row.count)),
                    customer: id,
                    name: customer.name,
                    address: customer.address,
                    last_at: customer.last_at,
                    mood: customer.mood,
                });
            }
        }
        Ok(Page { rows, next })
    }

    /// Counts everybody and fits all segments anew. Whoever is in another one than before has a line in their history.
    /// `go_on` hears how far it is, every few milliseconds, and says whether to go on: until the first row is written a no
    /// leaves all as it was. It counts as done ([`Desk::fitted_at`]) in the commit that writes the last row, so that one cut
    /// off before is due again.
    ///
    /// # Errors
    /// When the store refuses. What is committed by then stays, and the fit is due again.
    pub fn fit_segments(
        &self,
        settings: &Settings,
        go_on: &mut dyn FnMut(FitProgress) -> bool,
    ) -> Result<FitReport, DeskError> {
        let stopped = FitReport { stopped: true, ..FitReport::default() };
        let counted = self.count_everybody(&mut |customers| go_on(FitProgress { customers, fitting: None }))?;
        let Some(everybody) = counted else { return Ok(stopped) };
        let now = self.now();
        let counted = everybody.rows.len() as u64;
        let mut report = FitReport { customers: counted, left_out: everybody.left_out, ..FitReport::default() };
        let before = self.store.segments()?;
        let mut fits: Vec<Fitted> = Vec::new();
        for kind in SegmentKind::ALL {
            let model = self.store.fit(kind)?.as_deref().and_then(model_of);
            let previous = Previous { model: model.as_ref(), segments: &before };
            let mut watch = |share| go_on(FitProgress { customers: counted, fitting: Some((kind, share)) });
            match segment::fit(kind, &everybody.rows, now, previous, settings, &mut watch) {
                Ok(fitted) => {
                    report.silhouette = report.silhouette.or(fitted.silhouette);
                    report.stability = report.stability.or(fitted.stability);
                    fits.push(fitted);
                }
                Err(Unfit::Stopped) => return Ok(stopped),
                Err(unfit @ (Unfit::TooFew { .. } | Unfit::NoGroups)) => report.without.push((kind, unfit.to_string())),
                Err(unfit @ Unfit::Setting(_)) => return Err(DeskError::Refused(unfit.to_string())),
            }
        }
        let mut names: BTreeMap<CustomerId, Vec<(SegmentKind, String)>> = BTreeMap::new();
        for fitted in &fits {
            for (customer, at) in &fitted.members {
                if let Some(segment) = fitted.segments.get(*at as usize) {
                    names.entry(*customer).or_default().push((segment.kind, segment.name.clone()));
                }
            }
        }
        if !go_on(FitProgress { customers: counted, fitting: None }) {
            return Ok(stopped);
        }
        let _whole = self.scoring.placing.lock().unwrap_or_else(PoisonError::into_inner);
        self.put_fits(&fits, minicbor::to_vec(&everybody.tally).unwrap_or_default(), now)?;
        let kinds: Vec<SegmentKind> = fits.iter().map(|fitted| fitted.model.kind()).collect();
        let all: Vec<(CustomerId, Vec<(SegmentKind, String)>)> = names.into_iter().collect();
        let mut slices = all.chunks(SLICE).peekable();
        loop {
            let some = slices.next().unwrap_or_default();
            let is_last = slices.peek().is_none();
            let placed = self.place(some, &kinds, Some(now).filter(|_| is_last))?;
            report.moved += placed.moved;
            report.left_out += placed.left_out;
            if is_last {
                break;
            }
        }
        report.segments = self.segments()?;
        Ok(report)
    }

    /// Keeps what was fitted. Until everybody is placed no fit counts as done.
    fn put_fits(&self, fits: &[Fitted], tally: Vec<u8>, now: Timestamp) -> Result<(), DeskError> {
        let _turn = self.scoring.turn();
        let _writer = self.write();
        self.store.engine().room().map_err(StoreError::from)?;
        let mut transaction = self.store.begin();
        for fitted in fits {
            let kind = fitted.model.kind();
            transaction.put_segments(kind, &fitted.segments)?;
            transaction.put_fit(kind, minicbor::to_vec(&fitted.model).unwrap_or_default());
        }
        transaction.put_tally(tally);
        let rescore = Rescore { fitted: Timestamp(0), ..self.rescore()? };
        transaction.put_rescore(&rescore);
        let mut event = Event::new(EventKind::Segment, now, SYSTEM);
        let count: usize = fits.iter().map(|fitted| fitted.segments.len()).sum();
        event.summary = format!("{count} segments fitted");
        self.commit(transaction, event)?;
        self.forget_peers();
        Ok(())
    }

    /// Writes the segments of some customers, where they are others than before; those of kinds that were not fitted this
    /// time stay. With the last of them the fit is done.
    fn place(
        &self,
        some: &[(CustomerId, Vec<(SegmentKind, String)>)],
        kinds: &[SegmentKind],
        done: Option<Timestamp>,
    ) -> Result<Placed, DeskError> {
        let _turn = self.scoring.turn();
        let _writer = self.write();
        let mut transaction = self.store.begin();
        let mut event = Event::new(EventKind::Segment, self.now(), SYSTEM);
        let mut placed = Placed::default();
        for (id, segments) in some {
            let known = self.store.customer(*id).and_then(|customer| Ok((customer, self.store.scored(*id)?)));
            let (customer, old) = match known {
                Ok(known) => known,
                // What one row has wrong must not keep the others from their segments.
                Err(error) if error.is_damaged() => {
                    tracing::error!(customer = %id, %error, "a customer is in no segment");
                    placed.left_out += 1;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            if customer.is_none_or(|customer| customer.merged_into.is_some()) {
                continue;
            }
            let mut segments = segments.clone();
            let kept = old.iter().flat_map(|old| &old.segments).filter(|(kind, _)| !kinds.contains(kind));
            segments.extend(kept.cloned());
            segments.sort_by_key(|(kind, _)| *kind);
            if old.as_ref().is_some_and(|old| old.segments == segments) {
                continue;
            }
            let row = ScoredRow {
                segments,
                ..old.clone().unwrap_or_else(|| ScoredRow {
                    customer: *id,
                    scores: Vec::new(),
                    segments: Vec::new(),
                    version: 0,
                    at: event.at,
                    covers: Timestamp(0),
                    messages: 0,
                    last: Timestamp(0),
                    count: 0,
                    // Nothing is scored yet.
                    outdated: 1,
                })
            };
            if let Some(moved) = self.moved_segment(&row, old.as_ref()) {
                transaction.put_history(&moved);
                placed.moved += 1;
            }
            transaction.put_scored(&row)?;
            event.customers.push(*id);
        }
        event.summary = format!("segments of {} customers", event.customers.len());
        if let Some(fitted) = done {
            transaction.put_rescore(&Rescore { fitted, ..self.rescore()? });
            event.summary.push_str("; all are placed");
        }
        if !transaction.is_empty() {
            self.commit(transaction, event)?;
        }
        Ok(placed)
    }

    /// When segments were last fitted; 0 for never, and while the last fit is not wholly written.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn fitted_at(&self) -> Result<Timestamp, DeskError> {
        Ok(self.store.rescore()?.unwrap_or_default().fitted)
    }

    /// Whether a fit is being written at the moment.
    pub fn is_placing(&self) -> bool {
        matches!(self.scoring.placing.try_lock(), Err(TryLockError::WouldBlock))
    }
}
