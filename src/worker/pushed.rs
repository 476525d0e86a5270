//! Filing what platforms pushed: deliveries were written down as they came, here they are understood.

use super::pull::Puller;
use super::{StatusBoard, Stop, backoff, blocking};
use crate::connector::{Connector, Hook, Item, MOST_MEETING, Unreadable};
use crate::desk::{Desk, DeskError, IngestReport, Understood};
use crate::model::{Activity, PushedId, Timestamp};
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Notify;

/// Deliveries filed in one commit.
const BATCH: usize = 50;
/// How often is looked without being told.
const ROUND: Duration = Duration::from_secs(30);
/// How often a full disk is looked at again.
const DISK_PAUSE: Duration = Duration::from_secs(5);
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How an account's filing and pulling are woken.
#[derive(Clone, Default)]
pub(super) struct Bells {
    /// Something was pushed.
    pub pushed: Arc<Notify>,
    /// The source has something to pull.
    pub pull: Arc<Notify>,
}

/// What is known of all that is pushed: who is to be woken, and whether anything can come at all.
#[derive(Default)]
pub(super) struct Pushing {
    bells: Mutex<HashMap<String, Bells>>,
    closed: Mutex<Option<String>>,
}

impl Pushing {
    /// Those of a configured account.
    pub fn bells(&self, account: &str) -> Bells {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.entry(account.to_owned()).or_default().clone()
    }

    /// Why nothing can come, if so.
    pub fn set_closed(&self, why: Option<String>) {
        *self.closed.lock().unwrap_or_else(PoisonError::into_inner) = why;
        let bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        bells.values().for_each(|bells| bells.pushed.notify_one());
    }

    fn closed(&self) -> Option<String> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// The filing worker of one account.
pub(super) struct Filer {
    desk: Arc<Desk>,
    account: String,
    hook: Arc<dyn Hook>,
    bells: Bells,
    pushing: Arc<Pushing>,
    status: StatusBoard,
    /// Nothing is pulled: how the account does is ours to say.
    alone: bool,
}

impl Filer {
    /// Beside the puller of an account; `None` when nothing is pushed to it.
    pub fn new(beside: &Puller, connector: &Arc<dyn Connector>, pushing: Arc<Pushing>) -> Option<Filer> {
        Some(Filer {
            desk: beside.desk.clone(),
            account: beside.account.clone(),
            hook: connector.hook()?,
            bells: pushing.bells(&beside.account),
            pushing,
            status: beside.status.clone(),
            alone: connector.source().is_none(),
        })
    }

    /// Files until told to stop.
    pub async fn run(self, mut stop: Stop) {
        tokio::select! {
            () = self.file() => {}
            // A commit that was begun comes to its end.
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }

    async fn file(&self) {
        let mut tries = 0;
        loop {
            match batch(&self.desk, &self.account, &self.hook).await {
                Ok(Some(_)) => {
                    tries = 0;
                    self.well();
                    if self.hook.only_nudges() {
                        self.bells.pull.notify_one();
                    }
                }
                Ok(None) => {
                    tries = 0;
                    self.well();
                    tokio::select! {
                        () = self.bells.pushed.notified() => {}
                        () = tokio::time::sleep(ROUND) => {}
                    }
                }
                Err(error) => {
                    let full = error.is_disk_full();
                    tracing::warn!(account = self.account, %error, "what was pushed cannot be filed yet");
                    let activity = if full { Activity::Paused } else { Activity::BackingOff };
                    self.status.trouble(&self.account, activity, error.to_string(), None);
                    let pause = if full { DISK_PAUSE } else { backoff::pause(tries, FIRST_PAUSE, LONGEST_PAUSE) };
                    tries += 1;
                    tokio::time::sleep(pause).await;
                }
            }
        }
    }

    fn well(&self) {
        match self.pushing.closed().filter(|_| self.alone) {
            Some(why) => self.status.trouble(&self.account, Activity::Stopped, why, None),
            None if self.alone => self.status.well(&self.account, Activity::Watching, self.desk.now()),
            None => {}
        }
    }
}

/// Files what waits for an account, to the end of it.
///
/// # Errors
/// When the store refuses; what is not filed still waits.
pub async fn file_pushed(desk: &Arc<Desk>, account: &str, hook: &Arc<dyn Hook>) -> Result<IngestReport, DeskError> {
    let mut report = IngestReport::default();
    while let Some(filed) = batch(desk, account, hook).await? {
        report += filed;
    }
    Ok(report)
}

/// A delivery as it was written down, or why it cannot be read any more.
type Waiting = (PushedId, Timestamp, Result<Vec<u8>, String>);

/// Files the oldest deliveries that wait. `None` when nothing waits.
async fn batch(desk: &Arc<Desk>, account: &str, hook: &Arc<dyn Hook>) -> Result<Option<IngestReport>, DeskError> {
    let (reader, name) = (desk.clone(), account.to_owned());
    let waiting: Vec<Waiting> = blocking(move || {
        let waiting = reader.pushed(&name, BATCH)?.into_iter().map(|stored| {
            let raw = stored.content.map_or(Ok(Vec::new()), |place| reader.store().content(place));
            (stored.pushed.id, stored.pushed.received, raw.map_err(|error| error.to_string()))
        });
        Ok::<_, DeskError>(waiting.collect())
    })
    .await?;
    if waiting.is_empty() {
        return Ok(None);
    }
    let raws: Vec<&[u8]> = waiting.iter().filter_map(|(_, _, raw)| raw.as_deref().ok()).collect();
    if tokio::time::timeout(MOST_MEETING, hook.meet(&raws)).await.is_err() {
        tracing::warn!(account, "the platform does not say in time who wrote; they are filed without");
    }
    let (desk, account, hook) = (desk.clone(), account.to_owned(), hook.clone());
    blocking(move || {
        let deliveries = waiting.into_iter().map(|(id, received, raw)| {
            let (raw, items) = match raw {
                Ok(raw) => {
                    let items = understand(hook.as_ref(), &raw, received);
                    (raw, items)
                }
                // What is damaged stays so: it must not hold up what comes behind it.
                Err(error) => (id.to_string().into_bytes(), vec![unreadable(error, received)]),
            };
            Understood { id, raw, received, items }
        });
        desk.file_pushed(&account, deliveries.collect()).map(Some)
    })
    .await
}

/// What a delivery says. A panic inside is one dead letter, not the end of the account.
fn understand(hook: &dyn Hook, raw: &[u8], received: Timestamp) -> Vec<Item> {
    catch_unwind(AssertUnwindSafe(|| hook.understand(raw, received)))
        .unwrap_or_else(|_| vec![unreadable("the program broke on it; please report this".to_owned(), received)])
}

fn unreadable(reason: String, received: Timestamp) -> Item {
    Item::Unreadable(Unreadable {
        reason,
        folder: String::new(),
        received,
        hint: String::new(),
        partial: false,
        raw: Vec::new(),
    })
}
