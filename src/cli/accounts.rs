//! `accounts`: how every account is doing, from the workers of the process that owns the profile.

use super::arguments::Accounts;
use super::house::Place;
use super::output::{Output, remark};
use super::{Outcome, form};
use crate::model::{AccountStatus, Timestamp, WorkerStatus};
use crate::worker::StatusBoard;

pub fn run(place: &Place, args: &Accounts) -> Outcome {
    let house = place.open()?;
    let names = house.accounts(&args.account)?;
    let board = place.shared().and_then(|shared| shared.board.get());
    let workers = board.map_or_else(|| vec![WorkerStatus::idle("scores")], |board| board.workers());
    let (running, all) = match board {
        Some(board) => (true, board.status().now()),
        // Nobody is at work: what is known without workers is what was spent.
        None => (false, StatusBoard::new(names.iter().cloned()).now()),
    };
    let now = house.desk.now();
    let mut out = Output::new(place.json);
    for name in &names {
        let Some(mut status) = all.iter().find(|status| status.name == *name).cloned() else { continue };
        let ledger = house.desk.connector(name).and_then(|connector| connector.ledger());
        if let Some((left, until)) = ledger.and_then(|ledger| ledger.left(now)) {
            (status.budget, status.budget_until) = (left, until);
        }
        let facts = house.desk.account(name);
        let channel = facts.as_ref().map_or("", |facts| facts.channel.as_str());
        let json = || {
            let mut value = form::account_status(&status, channel, running);
            value["workers"] = workers.iter().map(|worker| form::worker(worker, running)).collect();
            value
        };
        out.row(json, || line(&status, channel, running))?;
    }
    if running && !place.json {
        workers.iter().try_for_each(|worker| out.line(&worker_line(worker)))?;
    }
    out.finish()?;
    if !running {
        remark("No screen and no `switchboard serve` has the profile: nobody pulls at the moment.");
    }
    house.close()
}

fn worker_line(status: &WorkerStatus) -> String {
    let mut words = vec![format!("{}  {}", status.name, status.doing)];
    words.extend(status.progress.map(|progress| format!("{} of {}", progress.done, progress.total)));
    words.extend(status.last_success.map(|at| format!("last success {at}")));
    words.extend(status.next.map(|at| format!("again {at}")));
    if !status.trouble.is_empty() {
        words.push(status.trouble.clone());
    }
    words.join(" · ")
}

fn line(status: &AccountStatus, channel: &str, running: bool) -> String {
    let time = |at: Timestamp| at.to_string();
    let mut words = vec![format!("{}  {channel}  {}", status.name, form::doing(status, running))];
    words.extend(status.last_success.map(|at| format!("last success {}", time(at))));
    words.extend(status.next.map(|at| format!("next pull {}", time(at))));
    words.extend(status.backlog.map(|backlog| format!("{backlog} wait there")));
    if !status.budget.is_empty() {
        let until = status.budget_until.map(|at| format!(" until {}", time(at))).unwrap_or_default();
        words.push(format!("budget {}{until}", status.budget));
    }
    if !status.trouble.is_empty() {
        words.push(status.trouble.clone());
    }
    words.join(" · ")
}
