//! Pulling: page after page into the desk, then waiting for more.

use super::{RESTART, StatusBoard, Stop, backoff, blocking};
use crate::connector::{ConnectorError, Ledger, PulledPage, Source};
use crate::desk::{Desk, DeskError, IngestReport};
use crate::model::{Activity, Progress, Timestamp};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;

/// The longest one page may take, all its commands together.
const PAGE: Duration = Duration::from_secs(600);
/// How long a wait for new messages lasts before the source is asked again.
const WAIT: Duration = Duration::from_secs(240);
const FIRST_PAUSE: Duration = Duration::from_secs(2);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How often a full disk is looked at again.
const DISK_PAUSE: Duration = Duration::from_secs(5);
/// Pages one after the other that file nothing, lead to where the walk was already and still claim that there is more.
const IDLE_PAGES: u32 = 3;
/// Places of a walk without news that are remembered; a longer walk is paused, and goes on.
const MOST_PLACES: usize = 10_000;

/// What a whole sync of one account brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SyncReport {
    /// What was filed.
    pub filed: IngestReport,
    /// Why it ended early; `None` when it came to the end of what the server has.
    pub error: Option<String>,
    /// How much is known to wait at the server still; `None` when nobody says.
    pub left: Option<u64>,
}

enum PullError {
    Connector(ConnectorError),
    Desk(DeskError),
}

/// What one page brought.
struct Pulled {
    filed: IngestReport,
    more: bool,
    progress: Option<Progress>,
    /// Where it led to, hashed.
    place: u64,
}

/// Watches for a walk that has no end: connectors notice their platforms' rounds, this notices what they do not.
#[derive(Default)]
struct Walk {
    /// Where it was since it filed something last.
    places: HashSet<u64>,
    idle: u32,
}

impl Walk {
    /// True when it goes round.
    fn note(&mut self, pulled: &Pulled) -> bool {
        let filed = pulled.filed.new + pulled.filed.dead + pulled.filed.changed > 0;
        if !pulled.more || filed {
            *self = Walk::default();
        }
        if !self.places.insert(pulled.place) {
            self.idle += 1;
        }
        let round = pulled.more && (self.idle >= IDLE_PAGES || self.places.len() >= MOST_PLACES);
        if round {
            *self = Walk::default();
        }
        round
    }
}

/// One page from the source into the desk.
async fn page(desk: &Arc<Desk>, account: &str, source: &mut dyn Source) -> Result<Pulled, PullError> {
    let turn = desk.turn(account);
    let _turn = turn.lock().await;
    let (reading, name) = (desk.clone(), account.to_owned());
    let cursor =
        blocking(move || reading.store().cursor(&name)).await.map_err(|error| PullError::Desk(error.into()))?;
    reserve(desk, account).await.map_err(PullError::Desk)?;
    let mut pulled = in_time(source.pull(&cursor)).await;
    if let Err(ConnectorError::Refresh { reason }) = pulled {
        tracing::info!(account, reason, "a new token is fetched");
        pulled = match renew(desk, account).await {
            Ok(()) => in_time(source.pull(&cursor)).await,
            Err(error) => Err(error),
        };
    }
    // A page may have cost more than was written down ahead.
    reserve(desk, account).await.map_err(PullError::Desk)?;
    let pulled = pulled.map_err(PullError::Connector)?;
    let (more, progress) = (pulled.more, pulled.progress);
    let place = if pulled.cursor.is_empty() { &cursor } else { &pulled.cursor };
    let place =
        std::hash::BuildHasher::hash_one(&std::hash::BuildHasherDefault::<std::hash::DefaultHasher>::new(), place);
    let (writing, name) = (desk.clone(), account.to_owned());
    let filed = blocking(move || writing.ingest(&name, pulled)).await.map_err(PullError::Desk)?;
    Ok(Pulled { filed, more, progress, place })
}

async fn in_time(page: impl Future<Output = Result<PulledPage, ConnectorError>>) -> Result<PulledPage, ConnectorError> {
    let late = || ConnectorError::Retry { reason: "the server took too long for one page".to_owned() };
    tokio::time::timeout(PAGE, page).await.unwrap_or_else(|_| Err(late()))
}

/// Gets the account a new token.
pub(super) async fn renew(desk: &Arc<Desk>, account: &str) -> Result<(), ConnectorError> {
    match desk.connector(account) {
        Some(connector) => connector.refresh().await,
        None => Err(ConnectorError::Reconnect { reason: "the account is not configured any more".to_owned() }),
    }
}

/// Writes down what the account is about to spend, where that must outlive a kill.
pub(super) async fn reserve(desk: &Arc<Desk>, account: &str) -> Result<(), DeskError> {
    write_ledger(desk, account, |ledger, now| ledger.ahead(now)).await
}

/// Writes down what the account has spent, to the unit: at a clean end.
pub(super) async fn settle(desk: &Arc<Desk>, account: &str) {
    if let Err(error) = write_ledger(desk, account, |ledger, _| ledger.to_bytes()).await {
        tracing::error!(account, %error, "what was spent cannot be written down");
    }
}

async fn write_ledger(
    desk: &Arc<Desk>,
    account: &str,
    what: impl Fn(&Ledger, Timestamp) -> Option<Vec<u8>>,
) -> Result<(), DeskError> {
    let Some(ledger) = desk.connector(account).and_then(|connector| connector.ledger()) else { return Ok(()) };
    let Some(bytes) = what(&ledger, desk.now()) else { return Ok(()) };
    let (writing, name, written) = (desk.clone(), account.to_owned(), bytes.clone());
    blocking(move || writing.keep_ledger(&name, &written)).await?;
    ledger.kept(&bytes);
    Ok(())
}

fn going_round() -> ConnectorError {
    ConnectorError::Retry { reason: "the server offers the same page again and again".to_owned() }
}

/// Pulls an account to the end of what its server has, then returns.
pub async fn sync(
    desk: &Arc<Desk>,
    account: &str,
    source: &mut dyn Source,
    mut told: impl FnMut(Progress, IngestReport),
) -> SyncReport {
    let mut report = SyncReport::default();
    let mut walk = Walk::default();
    let mut tries = 0;
    loop {
        match page(desk, account, source).await {
            Ok(pulled) => {
                let round = walk.note(&pulled);
                let Pulled { filed, more, progress, .. } = pulled;
                report.filed += filed;
                tries = 0;
                if let Some(progress) = progress {
                    report.left = (progress.total > 0).then(|| progress.total.saturating_sub(progress.done));
                    told(progress, report.filed);
                }
                if !more {
                    break;
                }
                if round {
                    report.error = Some(going_round().to_string());
                    break;
                }
            }
            // A connection may break once or twice on the way; what was filed so far stays filed.
            Err(PullError::Connector(ConnectorError::Retry { reason })) if tries < 2 => {
                tracing::warn!(account, reason, "pull, trying again");
                tries += 1;
                tokio::time::sleep(backoff::pause(tries, Duration::from_millis(300), LONGEST_PAUSE)).await;
            }
            Err(PullError::Connector(error)) => {
                report.error = Some(error.to_string());
                break;
            }
            Err(PullError::Desk(error)) => {
                report.error = Some(error.to_string());
                break;
            }
        }
    }
    source.close().await;
    settle(desk, account).await;
    report
}

/// The pulling worker of one account.
#[derive(Clone)]
pub struct Puller {
    pub desk: Arc<Desk>,
    pub account: String,
    pub status: StatusBoard,
    pub nudge: Arc<Notify>,
    /// Rung when the platform says that there is something to pull. While in trouble it is not heard before that is over.
    pub own: Arc<Notify>,
}

impl Puller {
    /// Pulls until told to stop. Trouble is shown, waited out and tried again.
    pub async fn run(self, mut source: Box<dyn Source>, mut stop: Stop) {
        tokio::select! {
            () = self.pull(source.as_mut()) => {}
            // Dropping a pull half way loses nothing: its cursor has not moved.
            _ = stop.wait_for(|stop| *stop) => {}
        }
        let _ = tokio::time::timeout(Duration::from_secs(2), source.close()).await;
        settle(&self.desk, &self.account).await;
    }

    async fn pull(&self, source: &mut dyn Source) {
        let mut tries = 0;
        let mut walk = Walk::default();
        self.status.doing(&self.account, Activity::Connecting, None);
        loop {
            match page(&self.desk, &self.account, source).await {
                Ok(pulled) if walk.note(&pulled) => self.trouble(going_round(), &mut tries).await,
                Ok(Pulled { more: true, progress, filed, .. }) => {
                    // A page without news is no sign that a round has ended.
                    tries = if filed.new > 0 { 0 } else { tries };
                    self.status.well(&self.account, Activity::Pulling, self.desk.now());
                    self.status.doing(&self.account, Activity::Pulling, progress);
                }
                Ok(Pulled { more: false, .. }) => {
                    tries = 0;
                    self.status.well(&self.account, Activity::Watching, self.desk.now());
                    self.tell_budget();
                    if let Err(error) = self.watch(source).await {
                        self.trouble(error, &mut tries).await;
                    }
                }
                Err(PullError::Connector(error)) => self.trouble(error, &mut tries).await,
                Err(PullError::Desk(error)) if error.is_disk_full() => self.wait_for_room(error).await,
                Err(PullError::Desk(error)) => {
                    let error = ConnectorError::Retry { reason: error.to_string() };
                    self.trouble(error, &mut tries).await;
                }
            }
        }
    }

    fn tell_budget(&self) {
        let ledger = self.desk.connector(&self.account).and_then(|connector| connector.ledger());
        if let Some((left, until)) = ledger.and_then(|ledger| ledger.left(self.desk.now())) {
            self.status.budget(&self.account, left, until);
        }
    }

    async fn watch(&self, source: &mut dyn Source) -> Result<(), ConnectorError> {
        let (reading, name) = (self.desk.clone(), self.account.clone());
        let cursor = blocking(move || reading.store().cursor(&name)).await;
        let cursor = cursor.map_err(|error| ConnectorError::Retry { reason: error.to_string() })?;
        self.status.next(&self.account, self.desk.now().plus_millis(WAIT.as_millis() as i64));
        tokio::select! {
            outcome = source.wait(&cursor, WAIT) => outcome,
            () = self.nudged() => Ok(()),
            () = self.own.notified() => Ok(()),
        }
    }

    /// Until somebody wants this account pulled now.
    async fn nudged(&self) {
        loop {
            let nudge = self.nudge.notified();
            tokio::pin!(nudge);
            // Registered before looking, so that nothing falls between.
            nudge.as_mut().enable();
            if self.status.take_wish(&self.account) {
                return;
            }
            nudge.await;
        }
    }

    /// A use case failed in a way that should not be: shown, and tried again.
    pub fn broke(&self) {
        let next = self.desk.now().plus_millis(RESTART.as_millis() as i64);
        let trouble = "something went wrong inside; the log of the profile says more".to_owned();
        self.status.trouble(&self.account, Activity::BackingOff, trouble, Some(next));
    }

    async fn trouble(&self, error: ConnectorError, tries: &mut u32) {
        let now = self.desk.now();
        let pause = match &error {
            ConnectorError::Wait { until, .. } => {
                Duration::from_millis(until.since(now).clamp(1_000, 86_400_000) as u64)
            }
            // A person must act; looking again now and then notices when it was done.
            ConnectorError::Reconnect { .. } => backoff::pause(*tries, Duration::from_secs(30), LONGEST_PAUSE),
            _ => backoff::pause(*tries, FIRST_PAUSE, LONGEST_PAUSE),
        };
        *tries += 1;
        tracing::warn!(account = self.account, %error, "pull");
        let activity = match error {
            ConnectorError::Reconnect { .. } => Activity::Stopped,
            _ => Activity::BackingOff,
        };
        let next = now.plus_millis(pause.as_millis() as i64);
        self.status.trouble(&self.account, activity, error.to_string(), Some(next));
        self.tell_budget();
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = self.nudged() => {}
        }
    }

    async fn wait_for_room(&self, error: DeskError) {
        self.status.trouble(&self.account, Activity::Paused, error.to_string(), None);
        loop {
            tokio::time::sleep(DISK_PAUSE).await;
            let looking = self.desk.clone();
            if blocking(move || looking.store().engine().room()).await.is_ok() {
                return;
            }
        }
    }
}
