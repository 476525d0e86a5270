//! When, not what: pulling, delivering, waking snoozed cases, scoring. One task an account and a way, so that one account's
//! trouble never slows another.

mod backoff;
mod deliver;
mod foreman;
mod housekeeping;
mod pull;
mod pushed;
mod score;
mod status;

pub use deliver::{deliver_until_done, wait_until_done};
pub use pull::{SyncReport, sync};
pub use pushed::file_pushed;
pub use status::StatusBoard;

use crate::desk::Desk;
use crate::model::WorkerStatus;
use foreman::Foreman;
use pushed::Pushing;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

/// All workers of a desk.
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    board: Board,
}

/// What others see of the workers, and how they ask for a pull.
#[derive(Clone)]
pub struct Board {
    status: StatusBoard,
    nudge: Arc<Notify>,
    pushing: Arc<Pushing>,
    notices: watch::Sender<Notices>,
    scoring: score::Board,
}

/// What is to be said about the house until it is over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notices {
    /// Why nothing can be stored.
    pub full: Option<String>,
    /// Why the configuration is not the one that was written.
    pub configuration: Option<String>,
}

impl Notices {
    /// The one to say first.
    pub fn first(&self) -> Option<&String> {
        self.full.as_ref().or(self.configuration.as_ref())
    }
}

impl Board {
    /// How the accounts are doing, as it changes.
    pub fn status(&self) -> &StatusBoard {
        &self.status
    }

    /// What is to be said about the house, as it changes.
    pub fn notices(&self) -> watch::Receiver<Notices> {
        self.notices.subscribe()
    }

    /// How the workers are doing that are no account's.
    pub fn workers(&self) -> Vec<WorkerStatus> {
        vec![self.scoring.borrow().clone()]
    }

    /// How scoring is doing, as it changes.
    pub fn scoring(&self) -> watch::Receiver<WorkerStatus> {
        self.scoring.subscribe()
    }

    /// What is wrong with the configuration, if anything.
    pub fn set_misconfigured(&self, sentence: Option<String>) {
        self.notices
            .send_if_modified(|notices| std::mem::replace(&mut notices.configuration, sentence.clone()) != sentence);
    }

    /// Something was pushed to an account and is written down: it is filed now.
    pub fn pushed(&self, account: &str) {
        self.pushing.bells(account).pushed.notify_one();
    }

    /// Why nothing can be pushed, if so: shown with the accounts that get everything in that way.
    pub fn set_nothing_pushed(&self, why: Option<String>) {
        self.pushing.set_closed(why);
    }

    /// Pulls all accounts now.
    pub fn pull_now(&self) {
        self.status.wish(None);
        self.nudge.notify_waiters();
    }

    /// Pulls one account now.
    pub fn pull(&self, account: &str) {
        self.status.wish(Some(account));
        self.nudge.notify_waiters();
    }
}

/// Told to every worker: `true` means stop.
pub(crate) type Stop = watch::Receiver<bool>;

impl Workers {
    /// Starts a pulling and a delivering worker for every account, the housekeeping and the scoring. They follow the desk's accounts
    /// as these change.
    pub fn start(desk: &Arc<Desk>) -> Workers {
        let (stop, stopped) = watch::channel(false);
        let notices = watch::Sender::new(Notices::default());
        let status = StatusBoard::new(desk.accounts().iter().map(|facts| facts.name.clone()));
        let nudge = Arc::new(Notify::new());
        let mut tasks = JoinSet::new();
        let pushing = Arc::<Pushing>::default();
        let (own, told) = (pushing.clone(), status.clone());
        let foreman = Foreman { desk: desk.clone(), status: told, nudge: nudge.clone(), pushing: own };
        tasks.spawn(foreman.lead(stopped.clone()));
        let (house, ends, told) = (desk.clone(), stopped.clone(), notices.clone());
        tasks.spawn(keep_running(
            move || Some(housekeeping::run(house.clone(), told.clone(), ends.clone())),
            || {},
            stopped.clone(),
        ));
        let scoring = watch::Sender::new(WorkerStatus::idle("scores"));
        let (scored, told, ends) = (desk.clone(), scoring.clone(), stopped.clone());
        let (broken, clock) = (scoring.clone(), desk.clone());
        tasks.spawn(keep_running(
            move || Some(score::run(scored.clone(), told.clone(), ends.clone())),
            move || score::broke(&broken, clock.now()),
            stopped,
        ));
        Workers { stop, tasks, board: Board { status, nudge, pushing, notices, scoring } }
    }

    /// What others see of them.
    pub fn board(&self) -> &Board {
        &self.board
    }

    /// Stops all workers; each finishes the commit it is in. What does not end within 5 s is dropped, which loses
    /// nothing: it has not been acknowledged.
    pub async fn stop(mut self) {
        // An error only says that all have ended already.
        let _ = self.stop.send(true);
        let all = async { while self.tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(Duration::from_secs(5), all).await;
    }
}

/// How long after a worker broke it is started again.
pub(crate) const RESTART: Duration = Duration::from_secs(10);

/// Runs a worker, and starts it again when it panics: one bad page must not end an account in silence. `make` gives
/// `None` when there is nothing to run.
async fn keep_running<W: Future<Output = ()> + Send + 'static>(
    mut make: impl FnMut() -> Option<W>,
    broke: impl Fn(),
    mut stop: Stop,
) {
    while let Some(work) = make() {
        let mut running = JoinSet::new();
        running.spawn(work);
        match running.join_next().await {
            Some(Err(error)) if error.is_panic() => {
                tracing::error!(%error, "a worker broke and is started again");
                broke();
            }
            _ => return,
        }
        tokio::select! {
            () = tokio::time::sleep(RESTART) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// Runs a use case off the async tasks. A panic inside is passed on.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is going down; nobody waits for the answer any more.
            Err(_) => std::future::pending().await,
        },
    }
}
