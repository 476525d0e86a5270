//! Delivering: what is due leaves, once.
//!
//! The order that keeps it so: everything up to the point of no return (`offer`), then *sending* and the exact bytes are
//! written down, then they are handed over (`deliver`). A crash before the writing leaves it queued, and nothing was
//! handed over; a crash after it leaves it *sending*, which the next start calls unknown.

use super::pull::{renew, reserve, settle};
use super::{Stop, backoff, blocking};
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::desk::{Desk, DeskError};
use crate::model::{EventKind, OutboxState, Outgoing, OutgoingId, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

const FIRST_PAUSE: Duration = Duration::from_secs(4);
const LONGEST_PAUSE: Duration = Duration::from_secs(1_800);
/// A refusal that is still "not now" after this long, and so many tries, comes back to the agent.
const GIVE_UP: i64 = 2 * 24 * 3_600_000;
const TRIES: u32 = 12;
/// The longest one message may take up to the point of no return, and beyond it.
const OFFER: Duration = Duration::from_secs(120);
const DELIVER: Duration = Duration::from_secs(900);
/// When an unknown is looked for among what was sent, after it became unknown.
const LOOKS: [Duration; 4] =
    [Duration::from_secs(3), Duration::from_secs(30), Duration::from_secs(300), Duration::from_secs(3_600)];

/// The delivering worker of one account: sends what is due until told to stop.
pub async fn run(desk: Arc<Desk>, account: String, sink: Box<dyn Sink>, mut stop: Stop) {
    let mut courier = Courier { desk, account, sink, looks: BTreeMap::new(), end: None, stop: Some(stop.clone()) };
    let mut feed = courier.desk.listen();
    loop {
        // A message being handed over is not interrupted by a stop: its outcome is waited for (bounded by DELIVER, and
        // by the one who stops the workers).
        let next = courier.round().await;
        courier.close_when_idle().await;
        let until = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(60));
        let news = async {
            loop {
                match feed.recv().await {
                    Ok(event)
                        if matches!(event.kind, EventKind::Queued | EventKind::Outgoing)
                            && event.account == courier.account =>
                    {
                        return;
                    }
                    Ok(_) => {}
                    Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => return,
                    Err(tokio::sync::broadcast::error::RecvError::Closed) => std::future::pending().await,
                }
            }
        };
        tokio::select! {
            () = tokio::time::sleep_until(until) => {}
            () = news => {}
            _ = stop.wait_for(|stop| *stop) => break,
        }
    }
    let _ = tokio::time::timeout(Duration::from_secs(2), courier.sink.close()).await;
    settle(&courier.desk, &courier.account).await;
}

/// Sends what is due of one account until nothing is held, queued or sending, or the time is up.
pub async fn deliver_until_done(desk: Arc<Desk>, account: String, sink: Box<dyn Sink>, limit: Duration) {
    let end = Instant::now() + limit;
    let mut courier = Courier { desk, account, sink, looks: BTreeMap::new(), end: Some(end), stop: None };
    loop {
        let next = courier.round().await;
        if nothing_moves(&courier.desk, &courier.account).await || Instant::now() >= end {
            break;
        }
        let until = next.unwrap_or_else(|| Instant::now() + Duration::from_millis(500));
        tokio::time::sleep_until(until.min(end)).await;
    }
    let _ = tokio::time::timeout(Duration::from_secs(2), courier.sink.close()).await;
    settle(&courier.desk, &courier.account).await;
}

/// Waits until others have sent what is held, queued or being sent, or the time is up, or nobody waits any more. Starts
/// nothing itself: one courier an account is what keeps an answer from leaving twice.
pub async fn wait_until_done(desk: Arc<Desk>, limit: Duration, is_waited_for: impl Fn() -> bool) {
    let end = Instant::now() + limit;
    let mut feed = desk.listen();
    loop {
        let looking = desk.clone();
        let moving = blocking(move || looking.moving()).await;
        if matches!(moving, Ok(0)) || Instant::now() >= end || !is_waited_for() {
            return;
        }
        let look = (Instant::now() + Duration::from_millis(500)).min(end);
        // Whatever happens is a reason to look; so is a feed that was missed.
        let _ = tokio::time::timeout_at(look, feed.recv()).await;
    }
}

struct Courier {
    desk: Arc<Desk>,
    account: String,
    sink: Box<dyn Sink>,
    /// How often each unsettled one was looked at, and when it is to be looked at next.
    looks: BTreeMap<OutgoingId, (u32, Instant)>,
    /// No new message is offered after this.
    end: Option<Instant>,
    /// Nor once it is told to stop.
    stop: Option<Stop>,
}

impl Courier {
    /// Sends everything due and settles what can be settled. Returns when there is something to do next.
    async fn round(&mut self) -> Option<Instant> {
        let (desk, account) = (self.desk.clone(), self.account.clone());
        let due = blocking(move || {
            // Nothing is being handed over now: what still says so is an outcome that could not be written down.
            desk.recover_account(&account)?;
            desk.due(&account)
        })
        .await;
        let (due, next) = match due {
            Ok(found) => found,
            Err(error) => {
                tracing::error!(account = self.account, %error, "reading the outbox");
                return Some(Instant::now() + Duration::from_secs(5));
            }
        };
        for stored in due {
            if self.stop.as_ref().is_some_and(|stop| *stop.borrow()) {
                return None;
            }
            if let Err(error) = self.send(&stored.outgoing).await {
                // The store refused (full disk, most likely). Nothing was handed over that is not written down.
                tracing::error!(account = self.account, %error, "outbox");
                return Some(Instant::now() + Duration::from_secs(5));
            }
        }
        let settled = self.settle().await;
        let now = self.desk.now();
        let later: Option<Instant> =
            next.map(|due| Instant::now() + Duration::from_millis(due.since(now).max(1) as u64));
        // What was delayed in this very round has a time of its own now.
        let (desk, account) = (self.desk.clone(), self.account.clone());
        let delayed = match blocking(move || desk.due(&account)).await {
            Ok((due, _)) if !due.is_empty() => Some(Instant::now()),
            Ok((_, next)) => next.map(|due| Instant::now() + Duration::from_millis(due.since(now).max(1) as u64)),
            Err(_) => None,
        };
        [later, delayed, settled].into_iter().flatten().min()
    }

    async fn close_when_idle(&mut self) {
        let _ = tokio::time::timeout(Duration::from_secs(5), self.sink.close()).await;
    }

    async fn send(&mut self, outgoing: &Outgoing) -> Result<(), DeskError> {
        let id = outgoing.id;
        reserve(&self.desk, &self.account).await?;
        let limit = self.end.map_or(OFFER, |end| OFFER.min(end.saturating_duration_since(Instant::now())));
        let mut offered = in_time(limit, self.sink.offer(outgoing)).await;
        if let Err(ConnectorError::Refresh { .. }) = offered {
            offered = match renew(&self.desk, &self.account).await {
                Ok(()) => in_time(limit, self.sink.offer(outgoing)).await,
                Err(error) => Err(error),
            };
        }
        if let Err(error) = offered {
            return self.not_sent(outgoing, error, outgoing.attempts).await;
        }
        let desk = self.desk.clone();
        let original = match blocking(move || desk.begin_sending(id)).await {
            Ok(Some(original)) => original,
            Ok(None) => {
                // Taken back meanwhile: leave the channel without having handed anything over.
                self.sink.close().await;
                return Ok(());
            }
            Err(error) if error.is_disk_full() => {
                self.sink.close().await;
                return Err(error);
            }
            Err(error) => {
                // Something is wrong with this one: it goes back to the agent, and those behind it go on.
                self.sink.close().await;
                let (desk, reason) = (self.desk.clone(), error.to_string());
                return blocking(move || desk.fail(id, &reason)).await;
            }
        };
        let mut delivered = handed_over(self.sink.deliver(outgoing, &original)).await;
        // A refused token means that nothing was taken.
        if let Err(ConnectorError::Refresh { .. }) = delivered {
            delivered = match renew(&self.desk, &self.account).await {
                Ok(()) => handed_over(self.sink.deliver(outgoing, &original)).await,
                Err(error) => Err(error),
            };
        }
        match delivered {
            Ok(receipt) => {
                let desk = self.desk.clone();
                insist(move || desk.sent(id, &receipt)).await
            }
            Err(error) => self.not_sent(outgoing, error, outgoing.attempts).await,
        }
    }

    async fn not_sent(&mut self, outgoing: &Outgoing, error: ConnectorError, tries: u32) -> Result<(), DeskError> {
        let id = outgoing.id;
        let desk = self.desk.clone();
        let now = desk.now();
        tracing::warn!(account = self.account, %error, "not sent");
        let later = |pause: Duration| now.plus_millis(pause.as_millis() as i64);
        let delay = |reason: String, until: Timestamp| {
            if now.since(outgoing.date) > GIVE_UP && tries >= TRIES {
                let reason = format!("still not taken after two days: {reason}");
                Box::new(move || desk.fail(id, &reason)) as Box<dyn Fn() -> Result<(), DeskError> + Send + Sync>
            } else {
                Box::new(move || desk.delay(id, &reason, until))
            }
        };
        match error {
            ConnectorError::Retry { reason } => {
                let until = later(backoff::pause(tries, FIRST_PAUSE, LONGEST_PAUSE));
                insist(delay(reason, until)).await
            }
            ConnectorError::Wait { reason, until } => insist(delay(reason, until)).await,
            ConnectorError::Reconnect { reason } => {
                let until = later(backoff::pause(tries, Duration::from_secs(30), LONGEST_PAUSE));
                insist(delay(reason, until)).await
            }
            ConnectorError::Duplicate { reason } => {
                let desk = self.desk.clone();
                let receipt = Receipt { said: reason, ..Receipt::default() };
                insist(move || desk.sent(id, &receipt)).await
            }
            // Taken; what becomes of it is told later, as a change of the message.
            ConnectorError::Pending { reason } => {
                let desk = self.desk.clone();
                let receipt = Receipt { said: reason, ..Receipt::default() };
                insist(move || desk.sent(id, &receipt)).await
            }
            // A new token was fetched already, and that is refused too.
            ConnectorError::Refresh { reason } => {
                let until = later(backoff::pause(tries, Duration::from_secs(30), LONGEST_PAUSE));
                insist(delay(reason, until)).await
            }
            ConnectorError::Unknown { reason } => {
                let desk = self.desk.clone();
                self.looks.insert(id, (0, Instant::now() + LOOKS[0]));
                insist(move || desk.unknown(id, &reason)).await
            }
            ConnectorError::Reject { reason }
            | ConnectorError::Gone { reason }
            | ConnectorError::WindowClosed { reason } => {
                let desk = self.desk.clone();
                insist(move || desk.fail(id, &reason)).await
            }
        }
    }

    /// Looks for unknown ones among what was sent, and files copies that are not filed yet.
    async fn settle(&mut self) -> Option<Instant> {
        let (desk, account) = (self.desk.clone(), self.account.clone());
        let rows = match blocking(move || desk.unsettled(&account)).await {
            Ok(rows) => rows,
            Err(error) => {
                tracing::error!(account = self.account, %error, "reading the outbox");
                return None;
            }
        };
        self.looks.retain(|id, _| rows.iter().any(|row| row.outgoing.id == *id));
        let mut next: Option<Instant> = None;
        for row in rows {
            let id = row.outgoing.id;
            let (tries, at) = *self.looks.entry(id).or_insert_with(|| (0, Instant::now()));
            if at > Instant::now() {
                next = Some(next.map_or(at, |next| next.min(at)));
                continue;
            }
            let done = if row.outgoing.state == OutboxState::Unknown {
                self.look_for(&row.outgoing).await
            } else {
                self.file(&row.outgoing).await
            };
            if !done {
                let pause = LOOKS[(tries as usize + 1).min(LOOKS.len() - 1)];
                let at = Instant::now() + pause;
                self.looks.insert(id, (tries + 1, at));
                next = Some(next.map_or(at, |next| next.min(at)));
            }
        }
        next
    }

    async fn look_for(&mut self, outgoing: &Outgoing) -> bool {
        if reserve(&self.desk, &self.account).await.is_err() {
            return false;
        }
        let found = tokio::time::timeout(OFFER, self.sink.find_sent(outgoing)).await;
        let Ok(Ok(Sighting::Sent(remote_id))) = found else { return false };
        let (desk, id) = (self.desk.clone(), outgoing.id);
        let receipt = Receipt { said: "found among what was sent".to_owned(), to_file: false, remote_id };
        insist(move || desk.sent(id, &receipt)).await.is_ok()
    }

    async fn file(&mut self, outgoing: &Outgoing) -> bool {
        let (desk, row) = (self.desk.clone(), outgoing.clone());
        let original = match blocking(move || desk.original_of(&row)).await {
            Ok(original) => original,
            Err(error) => {
                tracing::error!(account = self.account, %error, "filing a copy");
                return false;
            }
        };
        match tokio::time::timeout(OFFER, self.sink.file_sent(&outgoing.remote_id, &original)).await {
            Ok(Ok(())) => {
                let (desk, id) = (self.desk.clone(), outgoing.id);
                insist(move || desk.filed(id)).await.is_ok()
            }
            Ok(Err(error)) => {
                tracing::warn!(account = self.account, %error, "filing a copy");
                false
            }
            Err(_) => false,
        }
    }
}

async fn in_time(
    limit: Duration,
    offer: impl Future<Output = Result<(), ConnectorError>>,
) -> Result<(), ConnectorError> {
    let late = || ConnectorError::Retry { reason: "the server took too long to accept the message".to_owned() };
    tokio::time::timeout(limit, offer).await.unwrap_or_else(|_| Err(late()))
}

async fn handed_over(
    delivery: impl Future<Output = Result<Receipt, ConnectorError>>,
) -> Result<Receipt, ConnectorError> {
    let late = || ConnectorError::Unknown { reason: "the server did not answer in time".to_owned() };
    tokio::time::timeout(DELIVER, delivery).await.unwrap_or_else(|_| Err(late()))
}

/// What happened outside must be written down, however long the store refuses.
async fn insist(write: impl Fn() -> Result<(), DeskError> + Send + Sync + 'static) -> Result<(), DeskError> {
    let write = Arc::new(write);
    for _ in 0..120 {
        let once = write.clone();
        match blocking(move || once()).await {
            Err(error) => {
                tracing::error!(%error, "the outcome of a delivery cannot be written down yet");
                tokio::time::sleep(Duration::from_secs(5)).await;
            }
            Ok(()) => return Ok(()),
        }
    }
    let once = write.clone();
    blocking(move || once()).await
}

async fn nothing_moves(desk: &Arc<Desk>, account: &str) -> bool {
    let (desk, account) = (desk.clone(), account.to_owned());
    blocking(move || {
        // What cannot be read may still move.
        desk.store().undone(10_000).is_ok_and(|undone| {
            !undone.iter().any(|row| row.outgoing.account == account && row.outgoing.state.is_moving())
        })
    })
    .await
}
