//! `webhook`: where platforms push to, what came, what was turned away.

use super::Outcome;
use super::house::Place;
use super::output::{Output, remark};
use crate::server::webhook::{AccountTally, Tally};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// More than this is "more".
const COUNTED: usize = 100_000;

pub fn run(place: &Place) -> Outcome {
    let house = place.open()?;
    let tally: Arc<Tally> = place.shared().map(|shared| shared.tally.clone()).unwrap_or_default();
    let open = tally.address();
    let mut out = Output::new(place.json);
    let mut any = false;
    for facts in house.desk.accounts().iter() {
        let pushes = house.desk.connector(&facts.name).is_some_and(|connector| connector.hook().is_some());
        if !pushes {
            continue;
        }
        any = true;
        let url = house.config.webhook.as_ref().map(|settings| settings.url(&facts.name));
        let queued = house.desk.store().count_pushed(&facts.name, COUNTED)?;
        let came = tally.of(Some(&facts.name));
        out.row(
            || row(Some(&facts.name), url.as_deref(), open, queued, &came),
            || format!("{}  {}\n  {}", facts.name, url.as_deref().unwrap_or("no [webhook]"), words(queued, &came)),
        )?;
    }
    let strangers = tally.of(None);
    if strangers != AccountTally::default() {
        out.row(|| row(None, None, open, 0, &strangers), || format!("no account\n  {}", words(0, &strangers)))?;
    }
    match open {
        // A script has it in `listening`, or in that there is no line.
        _ if place.json => {}
        Some(address) => remark(&format!("Listening at {address}.")),
        None if !any => remark("No account is of a kind that a platform pushes to; `switchboard help webhook`."),
        None => remark("Nobody listens now: `switchboard serve` does, with [webhook] in config.toml."),
    }
    out.finish()?;
    house.close()
}

fn row(
    account: Option<&str>,
    url: Option<&str>,
    open: Option<SocketAddr>,
    queued: usize,
    came: &AccountTally,
) -> Value {
    json!({
        "account": account,
        "url": url,
        "listening": open.map(|address| address.to_string()),
        "queued": queued,
        "accepted": came.accepted,
        "duplicate": came.duplicate,
        "challenges": came.challenge,
        "refused": came.refused,
        "last": came.last.map(|time| time.to_string()),
    })
}

fn words(queued: usize, came: &AccountTally) -> String {
    let mut text = format!("{} accepted, {} again, {queued} to be filed", came.accepted, came.duplicate);
    for (kind, count) in &came.refused {
        text.push_str(&format!(", {count} {}", kind.replace('_', " ")));
    }
    text
}
