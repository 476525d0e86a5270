//! `connector`: the connectors there are, and files that declare them: list, show, check, try, help.

use super::Outcome;
use super::arguments::{ConnectorTry, ConnectorVerb};
use super::console::Console;
use super::house::{House, Place, runtime};
use super::output::{Output, remark};
use crate::connector::declared::{self, ConnectorFile, FileError};
use crate::connector::{self, AccountSettings, Connector, ConnectorError, Item, PulledPage};
use crate::model::{Timestamp, clean_line};
use anyhow::Context;
use serde_json::{Value, json};

/// Calls that `try` makes at most, unless it is told otherwise.
const CALLS: usize = 10;

pub fn run(place: &Place, verb: ConnectorVerb) -> Outcome {
    match verb {
        ConnectorVerb::List => list(place),
        ConnectorVerb::Show { name } => show(place, &name),
        ConnectorVerb::Check { file } => check(place, &Console::current().path(&file)),
        ConnectorVerb::Try(args) => try_out(place, &args),
        ConnectorVerb::Help => {
            let mut out = Output::new(false);
            out.line(declared::LANGUAGE.trim_end())?;
            out.finish()?;
            Ok(())
        }
    }
}

/// What is wrong with a file, a line each; the error says how much.
fn complain(error: &FileError) -> anyhow::Error {
    remark(&error.to_string());
    let count = error.mistakes.len();
    anyhow::anyhow!(
        "{count} {} wrong in {}",
        if count == 1 { "thing is" } else { "things are" },
        clean_line(&error.file)
    )
}

fn list(place: &Place) -> Outcome {
    let mut out = Output::new(place.json);
    let mut row = |name: &str, from: &str, doc: &str| {
        out.row(|| json!({ "connector": name, "from": from, "doc": doc }), || format!("{name}  {doc}  ({from})"))
    };
    let mut wrong = 0;
    let mut own = Vec::new();
    if let Ok(entries) = std::fs::read_dir(declared::folder(&place.profile)) {
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.extension().is_some_and(|ending| ending == "toml") {
                own.push(path);
            }
        }
    }
    own.sort();
    for kind in connector::CONNECTORS {
        let declared = declared::SHIPPED.iter().any(|shipped| shipped.name == kind.name);
        row(kind.name, if declared { "shipped file" } else { "program" }, kind.doc)?;
    }
    for path in own {
        match ConnectorFile::load(&path) {
            Ok(file) => row(file.name(), &path.display().to_string(), file.doc())?,
            Err(error) => {
                wrong += 1;
                remark(&error.to_string());
            }
        }
    }
    out.finish()?;
    anyhow::ensure!(wrong == 0, "{wrong} of the profile's connector files cannot be used");
    Ok(())
}

fn show(place: &Place, name: &str) -> Outcome {
    let mut out = Output::new(false);
    let path = declared::folder(&place.profile).join(format!("{name}.toml"));
    let shipped = declared::SHIPPED.iter().find(|shipped| shipped.name == name);
    match (std::fs::read(&path), shipped) {
        (Ok(bytes), _) => out.line(crate::model::clean_block(&String::from_utf8_lossy(&bytes)).trim_end())?,
        (Err(_), Some(shipped)) => out.line(shipped.text.trim_end())?,
        (Err(_), None) if connector::kind(name).is_some() => {
            anyhow::bail!("\"{name}\" is part of the program; `switchboard account help {name}` explains it")
        }
        (Err(_), None) => anyhow::bail!("there is no connector file \"{name}\"; `switchboard connector list`"),
    }
    out.finish()?;
    Ok(())
}

fn check(place: &Place, path: &std::path::Path) -> Outcome {
    let file = ConnectorFile::load(path).map_err(|error| complain(&error))?;
    let mut out = Output::new(place.json);
    out.row(
        || json!({ "connector": file.name(), "ok": true, "holds": file.summary() }),
        || format!("{}: well written: {}", file.name(), file.summary()),
    )?;
    out.finish()?;
    Ok(())
}

fn try_out(place: &Place, args: &ConnectorTry) -> Outcome {
    let path = Console::current().path(&args.file);
    let file = ConnectorFile::load(&path).map_err(|error| complain(&error))?;
    let house = place.open()?;
    let settings = house.config.accounts.iter().find(|account| account.name == args.account);
    let settings = settings.with_context(|| {
        format!(
            "there is no account \"{}\" in config.toml; `switchboard account help` says how to add one",
            args.account
        )
    })?;
    let settings = AccountSettings { connector: file.name().to_owned(), ..settings.clone() };
    let connector = file.open(&settings)?;
    let mut out = Output::new(place.json);
    if let Some(delivery) = &args.delivery {
        let raw = std::fs::read(Console::current().path(delivery))
            .with_context(|| format!("cannot read {}", delivery.display()))?;
        let hook = connector.hook().context("the file has no [webhook]: there are no deliveries to try")?;
        for item in hook.understand(&raw, house.desk.now()) {
            print(&mut out, &item)?;
        }
        out.finish()?;
        return house.close();
    }
    let mut source =
        connector.source().context("the file has no [[stream]]; try a recorded delivery with --delivery")?;
    let runtime = runtime()?;
    let spent = Spent::begin(&house, connector.as_ref(), &args.account);
    let mut cursor = Vec::new();
    let mut shown = 0;
    let mut outcome = Ok(());
    for _ in 0..args.calls.unwrap_or(CALLS) {
        let mut pulled = runtime.block_on(source.pull(&cursor));
        if let Err(ConnectorError::Refresh { .. }) = pulled {
            pulled = runtime.block_on(connector.refresh()).and_then(|()| runtime.block_on(source.pull(&cursor)));
        }
        match pulled {
            Ok(PulledPage { items, cursor: next, more, .. }) => {
                for item in &items {
                    print(&mut out, item)?;
                }
                shown += items.len();
                if !next.is_empty() {
                    cursor = next;
                }
                if !more {
                    break;
                }
            }
            Err(error) => {
                outcome = Err(anyhow::anyhow!("{error}"));
                break;
            }
        }
    }
    spent.end(&house, connector.as_ref())?;
    out.finish()?;
    remark(&format!("{shown} shown; nothing was filed."));
    house.close()?;
    outcome
}

/// Calls that are tried count like all others.
struct Spent {
    account: String,
}

impl Spent {
    fn begin(house: &House, connector: &dyn Connector, account: &str) -> Spent {
        let live = house.desk.connector(account).and_then(|live| live.ledger());
        if let (Some(ours), Some(bytes)) = (connector.ledger(), live.and_then(|live| live.to_bytes())) {
            ours.restore(&bytes);
        }
        Spent { account: account.to_owned() }
    }

    fn end(self, house: &House, connector: &dyn Connector) -> Outcome {
        let Some(bytes) = connector.ledger().and_then(|ledger| ledger.to_bytes()) else { return Ok(()) };
        if let Some(live) = house.desk.connector(&self.account).and_then(|live| live.ledger()) {
            live.restore(&bytes);
        }
        house.desk.keep_ledger(&self.account, &bytes)?;
        Ok(())
    }
}

fn shown(at: Timestamp) -> String {
    at.to_string()
}

fn print(out: &mut Output, item: &Item) -> Outcome {
    let (value, text): (Value, String) = match item {
        Item::Message(message) => {
            let files: Vec<&str> = message.attachments.iter().map(|file| file.name.as_str()).collect();
            let direction = match message.direction {
                crate::model::Direction::Outbound => "outbound",
                _ => "inbound",
            };
            let value = json!({
                "kind": "message", "remote_id": message.remote_id, "at": message.at.map(shown), "direction": direction,
                "way": message.way.word(), "from": message.from.address, "name": message.from.name,
                "handle": message.handle, "thread": message.conversation, "answers": message.references,
                "subject": message.subject, "text": message.text, "attachments": files, "url": message.url,
                "context": message.context, "stream": message.folder,
            });
            let name = if message.from.name.is_empty() { &message.from.address } else { &message.from.name };
            let at = message.at.map(shown).unwrap_or_default();
            (value, format!("{at}  {direction}  {name}  {}", message.preview))
        }
        Item::Change(change) => {
            let value = json!({
                "kind": change.kind.word(), "remote_id": change.remote_id, "key": change.key, "at": shown(change.at),
                "text": change.text,
            });
            (value, format!("{}  {}  of {}", shown(change.at), change.kind.word(), change.remote_id))
        }
        Item::Unreadable(dead) => {
            let value = json!({ "kind": "dead", "reason": dead.reason, "stream": dead.folder, "hint": dead.hint });
            (value, format!("not understood: {}: {}", dead.reason, dead.hint))
        }
    };
    out.row(|| value, || text)?;
    Ok(())
}
