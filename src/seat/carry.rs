//! Carrying out what a screen wants, off its own task: loads on one task, acts and everything else on another, each in
//! the order they were asked for.

use super::{memory, save};
use crate::desk::{Desk, DeskError};
use crate::model::{OutboxState, clean_block};
use crate::ui::{Counts, Effect, Load, Loaded, Msg, Refusal, Wanted};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// Effects that may wait. A person does not get there.
const WAITING: usize = 1024;
/// An original is shown up to here.
const SHOWN: usize = 256 * 1024;
const OUTBOX: usize = 200;
/// Lines of a history.
const HISTORY: usize = 500;
/// Customers of a segment in one page.
const MEMBERS: usize = 200;
/// Customers found at once.
const FOUND: usize = 20;
/// What is typed last must be durable before the program ends; a disk that takes longer than this is broken.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// The two tasks of one seat.
pub struct Carrier {
    loads: mpsc::Sender<Effect>,
    acts: mpsc::Sender<Effect>,
    answers: mpsc::Sender<Msg>,
    acting: JoinHandle<()>,
}

impl Carrier {
    /// Starts them; their answers go to `answers`.
    pub fn start(desk: Arc<Desk>, agent: String, folders: Folders, answers: mpsc::Sender<Msg>) -> Carrier {
        let hand = Arc::new(Hand { desk, agent, folders });
        let (loads, mut to_load) = mpsc::channel::<Effect>(WAITING);
        let (acts, mut to_do) = mpsc::channel::<Effect>(WAITING);
        let (loading, load_answers) = (hand.clone(), answers.clone());
        tokio::spawn(async move {
            while let Some(effect) = to_load.recv().await {
                let msg = loading.clone().try_to(effect).await;
                // Nobody hears the answer when the seat has ended.
                if let Some(msg) = msg {
                    let _ = load_answers.send(msg).await;
                }
            }
        });
        let act_answers = answers.clone();
        let acting = tokio::spawn(async move {
            while let Some(effect) = to_do.recv().await {
                if let Some(msg) = hand.clone().try_to(effect).await {
                    // The answer must not hold up the next act when the seat is leaving.
                    let _ = tokio::time::timeout(Duration::from_secs(1), act_answers.send(msg)).await;
                }
            }
        });
        Carrier { loads, acts, answers, acting }
    }

    /// Takes an effect on. Does not wait.
    pub fn take(&self, effect: Effect) {
        let queue = if matches!(effect, Effect::Load(_)) { &self.loads } else { &self.acts };
        if let Err(refused) = queue.try_send(effect) {
            let msg = refusal(&refused.into_inner(), "too much is waiting to be done; try again in a moment");
            let _ = self.answers.try_send(msg);
        }
    }

    /// Waits until every act taken on is done.
    pub async fn finish(self) {
        let Carrier { loads, acts, answers, acting } = self;
        drop((loads, acts, answers));
        if tokio::time::timeout(LAST_WORDS, acting).await.is_err() {
            tracing::error!("the last acts were not done in time");
        }
    }
}

/// Where a seat's files go.
pub struct Folders {
    /// What a screen remembers of its agent.
    pub profile: PathBuf,
    /// What agents save.
    pub downloads: PathBuf,
}

/// What carries one effect out, wherever it runs.
pub(super) struct Hand {
    pub(super) desk: Arc<Desk>,
    pub(super) agent: String,
    pub(super) folders: Folders,
}

/// The answer for what was not done.
fn refusal(effect: &Effect, why: &str) -> Msg {
    let why = why.to_owned();
    match effect {
        Effect::Act(number, _) => Msg::Acted(*number, Box::new(Err(Refusal::Other(why)))),
        Effect::Load(_) => Msg::Loaded(Box::new(Err(why))),
        _ => Msg::Told(Err(why)),
    }
}

impl Hand {
    /// Carries an effect out on a thread that may block. Whatever becomes of it, the screen gets its answer.
    async fn try_to(self: Arc<Self>, effect: Effect) -> Option<Msg> {
        let broken = refusal(&effect, "something went wrong inside; the log of the profile says more");
        match tokio::task::spawn_blocking(move || self.carry_out(effect)).await {
            Ok(msg) => msg,
            Err(error) => {
                tracing::error!(%error, "an effect was not carried out");
                Some(broken)
            }
        }
    }

    /// Carries an effect out, here and now.
    pub(super) fn carry_out(&self, effect: Effect) -> Option<Msg> {
        match effect {
            Effect::Load(load) => {
                let loaded = self.load(load).map_err(|error| error.to_string());
                Some(Msg::Loaded(Box::new(loaded)))
            }
            Effect::Act(number, act) => {
                let acted = self.desk.act(&self.agent, *act).map_err(|error| match error {
                    DeskError::Moved(said) => Refusal::Moved(said),
                    other => Refusal::Other(other.to_string()),
                });
                Some(Msg::Acted(number, Box::new(acted)))
            }
            Effect::SaveAttachment(message, part) => Some(Msg::Saved(
                self.desk
                    .attachment(message, part)
                    .map_err(|error| error.to_string())
                    .and_then(|(attachment, bytes)| self.save(&attachment.name, "attachment", &bytes)),
            )),
            Effect::SaveOriginal(message) => {
                Some(Msg::Saved(self.desk.original(message).map_err(|error| error.to_string()).and_then(
                    |(message, bytes)| self.save(&format!("{}.eml", message.subject), "message.eml", &bytes),
                )))
            }
            Effect::SaveDead(dead) => Some(Msg::Saved(
                self.desk
                    .dead_original(dead)
                    .map_err(|error| error.to_string())
                    .and_then(|(_, bytes)| self.save(&format!("{dead}.eml"), "dead.eml", &bytes)),
            )),
            Effect::RetryDead(dead) => Some(Msg::Told(
                self.desk
                    .retry_dead(&self.agent, dead)
                    .map(|report| {
                        if report.dead == 0 { "Understood now, and filed." } else { "Still not understood." }.to_owned()
                    })
                    .map_err(|error| error.to_string()),
            )),
            Effect::KeepDivision(division) => {
                let kept = memory::keep(&self.folders.profile, &self.agent, &division);
                kept.err().map(|error| Msg::Told(Err(format!("how the panes are divided is not kept: {error}"))))
            }
            // The seat's own loop sees to these.
            Effect::SyncNow
            | Effect::Pull(_)
            | Effect::Redraw
            | Effect::WakeAt(_)
            | Effect::Copy(_)
            | Effect::Edit { .. }
            | Effect::Notify { .. }
            | Effect::Quit => None,
        }
    }

    fn save(&self, name: &str, otherwise: &str, bytes: &[u8]) -> Result<String, String> {
        let folder: &Path = &self.folders.downloads;
        let path = save::save(folder, name, otherwise, bytes)
            .map_err(|error| format!("cannot save into {}: {error}", folder.display()))?;
        Ok(path.display().to_string())
    }

    fn load(&self, load: Load) -> Result<Loaded, DeskError> {
        let desk = &self.desk;
        Ok(match load {
            Load::Inbox { view, filter, after, limit } => {
                let page = desk.inbox(view, &filter, after.as_deref(), limit)?;
                Loaded::Inbox { view, filter, after, page }
            }
            Load::Customer(id) => Loaded::Customer(id, desk.customer(id)?.map(Box::new)),
            Load::Timeline { customer, before, limit } => {
                let page = desk.timeline(customer, before.as_deref(), limit)?;
                Loaded::Timeline { customer, before, page }
            }
            Load::Outbox => Loaded::Outbox(desk.outbox(OUTBOX)?),
            Load::Dead => Loaded::Dead(desk.dead()?.into_iter().map(|stored| stored.dead).collect()),
            Load::Automated { after } => {
                let page = desk.automated(after.as_deref(), 100)?;
                Loaded::Automated { after, page }
            }
            Load::Drafts => Loaded::Drafts(desk.drafts()?),
            Load::Original(id) => Loaded::Original(id, shown(&desk.original(id)?.1)),
            Load::DeadOriginal(id) => Loaded::DeadOriginal(id, shown(&desk.dead_original(id)?.1)),
            Load::Compare { customer, other } => {
                let other = match other {
                    Wanted::Customer(id) => id,
                    Wanted::Named(text) => desk.find(&text)?.customer.id,
                };
                Loaded::Compare(Box::new(desk.compare(customer, other)?))
            }
            Load::Scorecard(id) => Loaded::Scorecard(
                id,
                match desk.scorecard(id) {
                    Ok(card) => Some(Box::new(card)),
                    Err(DeskError::NotFound(_)) => None,
                    Err(error) => return Err(error),
                },
            ),
            Load::Segments => Loaded::Segments(desk.segments()?),
            Load::Members { kind, name, after } => {
                let page = desk.segment_members(kind, &name, after.as_deref(), MEMBERS)?;
                Loaded::Members { kind, name, after, page }
            }
            Load::History(id) => Loaded::History(id, desk.history(id, HISTORY)?),
            Load::News(ids) => {
                let mut customers = Vec::new();
                for id in ids {
                    let id = desk.store().root(id).map_err(DeskError::from)?;
                    customers.extend(desk.store().customer(id).map_err(DeskError::from)?);
                }
                Loaded::News(customers)
            }
            Load::Search { text, after } => {
                let page = desk.search(&text, after.as_deref(), FOUND)?;
                Loaded::Search { text, page }
            }
            Load::Counts => Loaded::Counts(self.counts()?),
            Load::Window(id, way) => Loaded::Window(id, way, desk.window_of(id, way)?),
        })
    }

    fn counts(&self) -> Result<Counts, DeskError> {
        let mut counts = Counts::default();
        for stored in self.desk.store().undone(10_000).map_err(DeskError::from)? {
            match stored.outgoing.state {
                OutboxState::Failed => counts.failed += 1,
                OutboxState::Unknown => counts.unknown += 1,
                state if state.is_moving() => counts.moving += 1,
                _ => {}
            }
        }
        counts.dead = self.desk.store().dead(10_000).map_err(DeskError::from)?.len() as u32;
        counts.drafts = self.desk.store().drafts(1_000).map_err(DeskError::from)?.len() as u32;
        Ok(counts)
    }
}

fn shown(bytes: &[u8]) -> String {
    let mut text = clean_block(&String::from_utf8_lossy(&bytes[..bytes.len().min(SHOWN)]));
    if bytes.len() > SHOWN {
        text.push_str("\n… cut here; the whole is in the file when you save it");
    }
    text
}
