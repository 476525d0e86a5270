//! The door by which platforms push, as the configuration asks for it: it may change while the owner is at work.

use super::house::Shared;
use crate::config::WebhookSettings;
use crate::model::clean_line;
use crate::server::webhook::Webhook;
use crate::worker::Board;
use std::sync::Arc;
use tokio::sync::Mutex;

const MISSING: &str = "nothing can be pushed to it: config.toml has no [webhook]; `switchboard help webhook`";

/// That door, open or not.
pub struct Pushes {
    shared: Arc<Shared>,
    board: Board,
    now: Mutex<Now>,
}

/// What is asked for, and what is there.
#[derive(Default)]
struct Now {
    asked: Option<WebhookSettings>,
    open: Option<Webhook>,
}

impl Pushes {
    /// Opens it, if it is asked for. Beside it comes why it cannot be opened. Must be called within a runtime.
    pub fn start(shared: &Arc<Shared>, board: &Board) -> (Arc<Pushes>, Option<String>) {
        let asked = shared.config().webhook.clone();
        let (open, why) = open(shared, board, asked.as_ref());
        let now = Mutex::new(Now { asked, open });
        (Arc::new(Pushes { shared: shared.clone(), board: board.clone(), now }), why)
    }

    /// Opens or closes it, as the configuration asks by now.
    pub async fn follow(&self) {
        let asked = self.shared.config().webhook.clone();
        let mut now = self.now.lock().await;
        if now.asked == asked {
            return;
        }
        if let Some(webhook) = now.open.take() {
            webhook.close().await;
        }
        let (open, why) = open(&self.shared, &self.board, asked.as_ref());
        if let Some(why) = why {
            tracing::error!(why, "the webhook door");
        }
        *now = Now { asked, open };
    }

    /// Closes it: what has come in is answered.
    pub async fn close(&self) {
        if let Some(webhook) = self.now.lock().await.open.take() {
            webhook.close().await;
        }
    }
}

fn open(shared: &Shared, board: &Board, asked: Option<&WebhookSettings>) -> (Option<Webhook>, Option<String>) {
    let Some(asked) = asked else {
        board.set_nothing_pushed(Some(MISSING.to_owned()));
        return (None, None);
    };
    let ringing = board.clone();
    let wake = Arc::new(move |account: &str| ringing.pushed(account));
    match Webhook::open(asked, &shared.desk, shared.tally.clone(), wake) {
        Ok(webhook) => {
            board.set_nothing_pushed(None);
            (Some(webhook), None)
        }
        Err(error) => {
            let why = clean_line(&error.to_string());
            board.set_nothing_pushed(Some(why.clone()));
            (None, Some(why))
        }
    }
}
