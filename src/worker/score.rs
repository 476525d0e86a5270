//! Scoring: whoever something happened to is scored within a second; everybody after another model; segments at night; what
//! corrections teach once an agent pauses. All of it in small slices off the screen's task, one at a time, and never while
//! much is coming in.

use super::{Stop, backoff, blocking};
use crate::desk::{Desk, DeskError, FitProgress, FitReport, Marks, News, Sliced};
use crate::model::{Progress, SegmentKind, Timestamp, WorkerStatus, count};
use jiff::tz::TimeZone;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{broadcast, watch};
use tokio::task::JoinHandle;
use tokio::time::Instant;

/// What happened within this time is scored together.
const GATHER: Duration = Duration::from_millis(500);
/// The first screen comes first.
const START: Duration = Duration::from_secs(1);
/// How often is looked without being told.
const ROUND: Duration = Duration::from_secs(30);
/// Customers and messages of one slice.
const CUSTOMERS: usize = 100;
const MESSAGES: u64 = 1_000;
/// So many messages or rows at once are an import: its customers wait until it pauses for [`CALM`], at most for [`LONGEST_IMPORT`].
const MANY: u64 = 200;
const CALM: Duration = Duration::from_secs(2);
const LONGEST_IMPORT: Duration = Duration::from_secs(60);
/// Corrections are learned from once none was made for so long.
const PAUSE: Duration = Duration::from_secs(3);
/// Segments are fitted once a day, after this hour here.
const NIGHT: i8 = 3;
/// How often is looked whether a fit is over, and how long after one that failed it is tried again.
const LOOK: Duration = Duration::from_millis(200);
/// Before a night is over segments are fitted again when so many customers, and as many as were fitted, had something happen to
/// them: after the first import, for instance.
const GROWN: u64 = 20;
const FIT_AGAIN: Duration = Duration::from_secs(3_600);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// How scoring is doing, for those who look.
pub(super) type Board = watch::Sender<WorkerStatus>;

/// Runs until told to stop.
pub(super) async fn run(desk: Arc<Desk>, board: Board, stop: Stop) {
    let scorer = Scorer {
        feed: desk.listen(),
        desk,
        board,
        stop,
        marks: Marks::default(),
        imported: None,
        corrected: None,
        fitting: None,
        fit_again: Instant::now(),
        marked: 0,
        since_fit: 0,
        left_out: 0,
    };
    scorer.run().await;
}

/// It broke and is started again in a while.
pub(super) fn broke(board: &Board, now: Timestamp) {
    board.send_modify(|status| {
        status.doing = "backing-off";
        status.progress = None;
        status.trouble = "it broke and is started again; the log of the profile says more".to_owned();
        status.next = Some(now.plus_millis(super::RESTART.as_millis() as i64));
    });
}

struct Scorer {
    desk: Arc<Desk>,
    feed: broadcast::Receiver<Arc<crate::model::Event>>,
    board: Board,
    stop: Stop,
    marks: Marks,
    /// Much is coming in: since when, and when the last of it came.
    imported: Option<(Instant, Instant)>,
    /// When the last correction was made that was not learned from.
    corrected: Option<Instant>,
    /// Segments are being fitted.
    fitting: Option<JoinHandle<Result<FitReport, DeskError>>>,
    /// Not before then.
    fit_again: Instant,
    /// How many of those that are marked together were scored by now.
    marked: u64,
    /// Customers whose scores changed since the last fit because something happened to them.
    since_fit: u64,
    /// Customers left out of the last fit.
    left_out: u64,
}

/// What there was to do.
enum Did {
    /// Something; there may be more.
    Some,
    /// Nothing until something happens, or until this time.
    Nothing(Option<Instant>),
}

impl Scorer {
    async fn run(mut self) {
        let mut tries = 0;
        // What was left undone before the start.
        self.corrected = Some(Instant::now());
        tokio::select! {
            () = tokio::time::sleep(START) => {}
            _ = self.stop.wait_for(|stop| *stop) => return,
        }
        while !*self.stop.borrow() {
            let pause = match self.step().await {
                Ok(Did::Some) => {
                    tries = 0;
                    // Others have their turn.
                    tokio::task::yield_now().await;
                    continue;
                }
                Ok(Did::Nothing(until)) => {
                    tries = 0;
                    if self.fitting.is_none() {
                        self.rest();
                    }
                    self.wait(until).await;
                    continue;
                }
                Err(error) => {
                    tracing::warn!(%error, "scoring");
                    let pause = backoff::pause(tries, FIRST_PAUSE, LONGEST_PAUSE);
                    tries += 1;
                    let next = self.desk.now().plus_millis(pause.as_millis() as i64);
                    self.show(|status| {
                        status.doing = "backing-off";
                        status.progress = None;
                        status.trouble = error.to_string();
                        status.next = Some(next);
                    });
                    pause
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                _ = self.stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Waits until something happens, and a moment longer for what comes with it.
    async fn wait(&mut self, until: Option<Instant>) {
        let latest = Instant::now() + ROUND;
        let until = until.map_or(latest, |until| until.min(latest));
        let mut stop = self.stop.clone();
        let closed = tokio::select! {
            told = self.feed.recv() => matches!(told, Err(broadcast::error::RecvError::Closed)),
            () = tokio::time::sleep_until(until) => return,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let until = if closed { until } else { Instant::now() + GATHER };
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        // What it was is in the log.
        while matches!(self.feed.try_recv(), Ok(_) | Err(broadcast::error::TryRecvError::Lagged(_))) {}
    }

    /// Does the next thing there is to do.
    async fn step(&mut self) -> Result<Did, DeskError> {
        self.follow().await?;
        let now = Instant::now();
        if let Some(calm) = self.busy_until(now) {
            // A pull and an import come first: the disk and the writer's lock are theirs.
            return Ok(Did::Nothing(Some(calm)));
        }
        if !self.marks.is_empty() {
            self.score_marked().await?;
            return Ok(Did::Some);
        }
        if let Some(since) = self.corrected {
            if now < since + PAUSE {
                return Ok(Did::Nothing(Some(since + PAUSE)));
            }
            self.learn().await?;
            self.corrected = None;
            return Ok(Did::Some);
        }
        if self.fit_when_due().await? {
            return Ok(Did::Nothing(Some(now + LOOK)));
        }
        self.go_on().await
    }

    /// Follows the log to its end.
    async fn follow(&mut self) -> Result<(), DeskError> {
        loop {
            let (desk, mut marks) = (self.desk.clone(), std::mem::take(&mut self.marks));
            let (followed, marks) = blocking(move || (desk.follow_log(&mut marks), marks)).await;
            self.marks = marks;
            let News { arrivals, corrected, more } = followed?;
            let now = Instant::now();
            if arrivals >= MANY || (arrivals > 0 && self.imported.is_some()) {
                self.imported = Some((self.imported.map_or(now, |(since, _)| since), now));
            }
            if corrected {
                self.corrected = Some(now);
            }
            if !more || *self.stop.borrow() {
                return Ok(());
            }
        }
    }

    /// When it is calm enough, if it is not now.
    fn busy_until(&mut self, now: Instant) -> Option<Instant> {
        let (since, last) = self.imported?;
        let calm = (last + CALM).min(since + LONGEST_IMPORT);
        if calm > now {
            return Some(calm);
        }
        self.imported = None;
        None
    }

    async fn score_marked(&mut self) -> Result<(), DeskError> {
        let before = self.marks.len() as u64;
        self.doing("scoring", Some(Progress { done: self.marked, total: self.marked + before }));
        let (desk, mut marks) = (self.desk.clone(), std::mem::take(&mut self.marks));
        let (scored, marks) = blocking(move || (desk.score_marked(&mut marks, CUSTOMERS, MESSAGES), marks)).await;
        self.marks = marks;
        let left = self.marks.len() as u64;
        self.marked = if left == 0 { 0 } else { self.marked + (before - left) };
        let scored = scored?;
        self.since_fit += scored.changed;
        self.note(scored);
        Ok(())
    }

    async fn learn(&mut self) -> Result<(), DeskError> {
        let desk = self.desk.clone();
        if blocking(move || desk.must_learn()).await? {
            self.doing("learning", None);
            let desk = self.desk.clone();
            blocking(move || desk.learn()).await?;
        }
        Ok(())
    }

    /// Begins to fit segments where a night has passed since they were, and sees to what came of it. News are scored
    /// meanwhile. True while it is at it.
    async fn fit_when_due(&mut self) -> Result<bool, DeskError> {
        let Some(fitting) = self.fitting.take_if(|fitting| fitting.is_finished()) else {
            if self.fitting.is_none() && self.fit_again <= Instant::now() && self.is_fit_due().await? {
                self.since_fit = 0;
                self.fitting = Some(self.fit());
            }
            if self.fitting.is_some() {
                let progress = self.board.borrow().progress;
                self.doing("fitting", progress);
            }
            return Ok(self.fitting.is_some());
        };
        match fitting.await {
            Ok(Ok(report)) if report.stopped => {}
            Ok(Ok(report)) => {
                self.left_out = report.left_out;
                // What time alone changed is computed once a day.
                let desk = self.desk.clone();
                blocking(move || desk.begin_round(true)).await?;
            }
            failed => {
                let why = match failed {
                    Ok(Err(error)) => error.to_string(),
                    _ => "it broke; the log of the profile says more".to_owned(),
                };
                tracing::error!(why, "segments were not fitted");
                self.fit_again = Instant::now() + FIT_AGAIN;
                self.show(|status| status.trouble = format!("segments were not fitted: {why}"));
            }
        }
        Ok(false)
    }

    async fn is_fit_due(&self) -> Result<bool, DeskError> {
        let (desk, since) = (self.desk.clone(), self.since_fit);
        blocking(move || {
            if desk.is_placing() {
                // Somebody asked for it, and it is about to be over.
                return Ok(false);
            }
            if night_of(desk.fitted_at()?) < night_of(desk.now()) {
                return Ok(true);
            }
            if since < GROWN {
                return Ok(false);
            }
            let segments = desk.segments()?;
            let fitted = segments.iter().filter(|segment| segment.kind == SegmentKind::Rfm).map(|segment| segment.size);
            Ok(since >= fitted.map(u64::from).sum())
        })
        .await
    }

    /// Fits segments on a thread of its own.
    fn fit(&self) -> JoinHandle<Result<FitReport, DeskError>> {
        self.doing("fitting", None);
        let (desk, board, stop) = (self.desk.clone(), self.board.clone(), self.stop.clone());
        tokio::task::spawn_blocking(move || {
            desk.fit_segments(&Default::default(), &mut |FitProgress { customers, fitting }| {
                // While it fits: as if so many customers were through.
                let progress = match fitting {
                    Some((_, share)) => Progress { done: customers * u64::from(share) / 1_000, total: customers },
                    None => Progress { done: customers, total: 0 },
                };
                show(&board, |status| {
                    if status.doing == "fitting" {
                        status.progress = Some(progress);
                    }
                });
                !*stop.borrow()
            })
        })
    }

    /// Goes on with scoring everybody, where that is due.
    async fn go_on(&mut self) -> Result<Did, DeskError> {
        let desk = self.desk.clone();
        let round = blocking(move || {
            let round = desk.round()?;
            if round.due && (round.rescore.done || round.rescore.version != desk.score_version()) {
                desk.begin_round(false)?;
                return desk.round();
            }
            Ok::<_, DeskError>(round)
        })
        .await?;
        if !round.due {
            return Ok(Did::Nothing(None));
        }
        self.doing("scoring", Some(Progress { done: round.rescore.scored, total: round.rescore.total }));
        if round.rescore.scored == 0 {
            // Whoever could not be scored before has another try.
            let trouble = match self.left_out {
                0 => String::new(),
                some => format!(
                    "{} left out of the segments: a record is damaged; the log names them",
                    count(some, "customer was", "customers were")
                ),
            };
            self.show(|status| status.trouble = trouble);
        }
        let begun = Instant::now();
        let desk = self.desk.clone();
        let sliced = blocking(move || desk.score_on(CUSTOMERS, MESSAGES)).await?;
        self.note(sliced);
        // A fifth of the time is everybody else's, however large the round is.
        tokio::time::sleep(begun.elapsed() / 4).await;
        Ok(Did::Some)
    }

    fn note(&self, sliced: Sliced) {
        let now = self.desk.now();
        self.show(|status| {
            if sliced.failed > 0 {
                let failed = count(sliced.failed, "customer", "customers");
                status.trouble = format!("the scores of {failed} cannot be computed; the log says why");
            } else {
                status.last_success = Some(now);
            }
        });
    }

    fn rest(&self) {
        self.show(|status| {
            if status.doing == "backing-off" {
                status.trouble = String::new();
            }
            status.doing = "idle";
            status.progress = None;
            status.next = None;
        });
    }

    fn doing(&self, doing: &'static str, progress: Option<Progress>) {
        self.show(|status| {
            if status.doing == "backing-off" {
                status.trouble = String::new();
            }
            status.doing = doing;
            status.progress = progress;
            status.next = None;
        });
    }

    fn show(&self, change: impl FnOnce(&mut WorkerStatus)) {
        show(&self.board, change);
    }
}

fn show(board: &Board, change: impl FnOnce(&mut WorkerStatus)) {
    board.send_if_modified(|status| {
        let before = status.clone();
        change(status);
        *status != before
    });
}

/// The number of the night a time is in: they change at [`NIGHT`] here.
fn night_of(at: Timestamp) -> i64 {
    let here = at.plus_millis(-i64::from(NIGHT) * 3_600_000).to_jiff().to_zoned(TimeZone::system());
    let day = jiff::civil::date(1970, 1, 1).until(here.date());
    day.map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests;
