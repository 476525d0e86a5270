//! Writing verbs: what an agent does by key, by command.

use super::Outcome;
use super::arguments::{
    Assign, Compose as ComposeArgs, Edit, Forward, Note, PriorityOf, Reply, Snooze, Tag, Text, Who,
};
use super::console::Console;
use super::house::{House, Place};
use super::output::{Output, remark};
use crate::command;
use crate::model::{
    Act, Acted, AttachmentSource, Compose, CustomerId, Direction, MessageId, Party, Priority, ProfileEdit, ReplyKind,
    TimelineEntry, Way, clean_line,
};
use anyhow::Context;
use serde_json::json;
use std::io::Read;
use std::path::PathBuf;

const MAX_INPUT: u64 = 1024 * 1024 + 1;

pub(super) fn text(args: Text) -> anyhow::Result<String> {
    let read = |input: &mut dyn Read, what: &str| {
        let mut text = String::new();
        input.take(MAX_INPUT).read_to_string(&mut text).with_context(|| format!("cannot read the text from {what}"))?;
        anyhow::Ok(text)
    };
    match (args.text, args.text_file) {
        (Some(text), _) if text == "-" => read(&mut Console::current().input(), "standard input"),
        (Some(text), _) => Ok(text),
        (None, Some(path)) => {
            let mut file = std::fs::File::open(Console::current().path(&path))
                .with_context(|| format!("cannot read {}", path.display()))?;
            read(&mut file, &path.display().to_string())
        }
        (None, None) => anyhow::bail!("give the text with --text or --text-file"),
    }
}

fn files(paths: Vec<PathBuf>) -> anyhow::Result<Vec<AttachmentSource>> {
    paths
        .into_iter()
        .map(|path| {
            let path = std::path::absolute(Console::current().path(&path))
                .with_context(|| format!("cannot attach {}", path.display()))?;
            let path = path.into_os_string().into_string();
            path.map(AttachmentSource::Path).map_err(|path| anyhow::anyhow!("the path {path:?} is not UTF-8"))
        })
        .collect()
}

/// `ana@example.com` or `Ana Silva <ana@example.com>`.
fn party(text: &str) -> Party {
    match text.trim().rsplit_once('<') {
        Some((name, address)) => Party {
            address: address.trim_end_matches('>').trim().to_owned(),
            name: clean_line(name.trim().trim_matches('"')),
        },
        None => Party { address: text.trim().to_owned(), name: String::new() },
    }
}

/// Does one act and says what came of it.
pub fn act(place: &Place, house: House, act: Act) -> Outcome {
    let acted = house.desk.act(&house.agent, act)?;
    if let Err(error) = tell(place, &house, &acted) {
        // It is done all the same: a script that took this for a failure would do it twice.
        let id = acted.outgoing.map_or_else(String::new, |id| format!(" as {id}"));
        remark(&format!("It is done{id}, but that could not be printed: {error}"));
    }
    house.close()
}

fn tell(place: &Place, house: &House, acted: &Acted) -> Outcome {
    let state = match acted.outgoing {
        Some(id) => house.desk.store().outgoing(id)?.map(|stored| stored.outgoing.state.word()),
        None => None,
    };
    let mut out = Output::new(place.json);
    out.row(
        || match acted.outgoing {
            Some(outgoing) => json!({
                "outgoing": outgoing.to_string(),
                "remote_id": acted.remote_id,
                "state": state,
                "customer": acted.customer.map(|id| id.to_string()),
                "message": acted.message.map(|id| id.to_string()),
                "leaves": acted.leaves.map(|at| at.to_string()),
            }),
            None => json!({
                "customer": acted.customer.map(|id| id.to_string()),
                "message": acted.message.map(|id| id.to_string()),
                "act": acted.act.map(|id| id.to_string()),
                "said": acted.said,
            }),
        },
        || {
            let cancel = acted.outgoing.map(|id| format!("`switchboard outbox --cancel {id}` takes it back"));
            acted.said.replace("Undo takes it back", cancel.as_deref().unwrap_or("Undo takes it back"))
        },
    )?;
    out.finish()?;
    Ok(())
}

fn on(place: &Place, who: &str, make: impl FnOnce(CustomerId) -> Act) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(who)?;
    act(place, house, make(customer.id))
}

pub fn reply(place: &Place, args: Reply) -> Outcome {
    let text = text(args.text)?;
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let kind = if args.all { ReplyKind::ReplyAll } else { ReplyKind::Reply };
    let parent = match &args.channel {
        Some(channel) => Some(last_on(&house, customer.id, channel)?),
        None => args.message.map(|id| id.parse()).transpose().context("--message")?,
    };
    let compose = Compose {
        text,
        account: args.account.unwrap_or_default(),
        thread: args.thread.map(|id| id.parse()).transpose().context("--thread")?,
        parent,
        way: args.way.map(|way| if way == "public" { Way::Public } else { Way::Direct }),
        attachments: files(args.attach)?,
        resolve: args.resolve,
        ..Compose::new(kind, Some(customer.id))
    };
    act(place, house, Act::Send(Box::new(compose)))
}

/// The customer's last message on a channel, or through an account.
fn last_on(house: &House, customer: CustomerId, name: &str) -> anyhow::Result<MessageId> {
    const PAGE: usize = 500;
    const PAGES: usize = 20;
    let mut before = None;
    for _ in 0..PAGES {
        let page = house.desk.timeline(customer, before.as_deref(), PAGE)?;
        let theirs = |entry: &&TimelineEntry| {
            let message = &entry.message;
            message.direction == Direction::Inbound
                && message.automated.is_none()
                && (message.channel == name || message.account == name)
        };
        if let Some(found) = page.rows.iter().rev().find(theirs) {
            return Ok(found.message.id);
        }
        before = page.next;
        if before.is_none() {
            break;
        }
    }
    anyhow::bail!("this customer has not written by \"{}\"; `switchboard show` names the channels", clean_line(name))
}

pub fn forward(place: &Place, args: Forward) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let id = match args.message {
        Some(id) => id.parse().context("--message")?,
        None => {
            let page = house.desk.timeline(customer.id, None, 100)?;
            let last = page.rows.iter().rev().find(|entry| entry.message.channel != "note");
            last.map(|entry| entry.message.id).context("this customer has no message to hand on")?
        }
    };
    let stored = house.desk.store().message(id)?.with_context(|| format!("there is no message {id}"))?;
    let body = house.desk.text(&stored).map_err(anyhow::Error::msg)?;
    let message = &stored.message;
    let text = format!(
        "{}\n\n---------- Forwarded message ----------\nFrom: {} <{}>\nDate: {}\nSubject: {}\n\n{body}",
        args.text, message.from.name, message.from.address, message.at, message.subject
    );
    let attachments = if args.without_attachments {
        Vec::new()
    } else {
        message.attachments.iter().map(|attachment| AttachmentSource::Message(id, attachment.part)).collect()
    };
    let compose = Compose {
        text: text.trim_start().to_owned(),
        to: args.to.iter().map(|to| party(to)).collect(),
        account: args.account.unwrap_or_default(),
        parent: Some(id),
        attachments,
        ..Compose::new(ReplyKind::Forward, Some(customer.id))
    };
    act(place, house, Act::Send(Box::new(compose)))
}

pub fn compose(place: &Place, args: ComposeArgs) -> Outcome {
    let text = text(args.text)?;
    let house = place.open()?;
    let compose = Compose {
        text,
        account: args.account.unwrap_or_default(),
        to: args.to.iter().map(|to| party(to)).collect(),
        cc: args.cc.iter().map(|cc| party(cc)).collect(),
        subject: args.subject,
        attachments: files(args.attach)?,
        ..Compose::new(ReplyKind::New, None)
    };
    act(place, house, Act::Send(Box::new(compose)))
}

pub fn note(place: &Place, args: Note) -> Outcome {
    let text = text(args.text)?;
    on(place, &args.customer, |id| Act::Send(Box::new(Compose { text, ..Compose::new(ReplyKind::Note, Some(id)) })))
}

pub fn resolve(place: &Place, args: Who) -> Outcome {
    on(place, &args.customer, Act::Resolve)
}

pub fn reopen(place: &Place, args: Who) -> Outcome {
    on(place, &args.customer, Act::Reopen)
}

pub fn wait(place: &Place, args: Who) -> Outcome {
    on(place, &args.customer, Act::Wait)
}

pub fn snooze(place: &Place, args: Snooze) -> Outcome {
    let now = jiff::Timestamp::now().into();
    let time = if args.reply { "reply".to_owned() } else { args.time.or(args.until).unwrap_or_default() };
    let snooze = match time.parse::<jiff::Timestamp>() {
        Ok(at) => crate::model::Snooze::Until(at.into()),
        Err(_) => command::snooze(&time, now, &Console::current().zone())?,
    };
    on(place, &args.customer, |id| Act::Snooze(id, snooze))
}

pub fn assign(place: &Place, args: Assign) -> Outcome {
    // The words that mean nobody, as on the screen and in `inbox --owner none`.
    let owner = args.owner.or(args.to).filter(|owner| !matches!(owner.as_str(), "nobody" | "none" | ""));
    on(place, &args.customer, |id| Act::Assign(id, owner))
}

pub fn tag(place: &Place, args: Tag) -> Outcome {
    let add: Vec<String> = args.tags.into_iter().chain(args.add).collect();
    anyhow::ensure!(!add.is_empty() || !args.remove.is_empty(), "name a tag to add, or one to --remove");
    on(place, &args.customer, |customer| Act::Tag { customer, add, remove: args.remove })
}

pub fn priority(place: &Place, args: PriorityOf) -> Outcome {
    let priority = Priority::from_word(&args.priority).unwrap_or_default();
    on(place, &args.customer, |id| Act::Prioritise(id, priority))
}

pub fn edit(place: &Place, args: Edit) -> Outcome {
    let house = place.open()?;
    let customer = house.customer(&args.customer)?;
    let mut edits: Vec<ProfileEdit> = Vec::new();
    edits.extend(args.name.map(ProfileEdit::Name));
    edits.extend(args.notes.map(ProfileEdit::Notes));
    edits.extend(args.language.map(ProfileEdit::Language));
    for field in args.field {
        let (name, value) =
            field.split_once('=').with_context(|| format!("write the field {field:?} as NAME=VALUE"))?;
        edits.push(ProfileEdit::Field(name.to_owned(), value.to_owned()));
    }
    anyhow::ensure!(!edits.is_empty(), "say what to change: --name, --notes, --language or --field");
    for edit in edits {
        let acted = house.desk.act(&house.agent, Act::Edit(customer.id, edit))?;
        tell(place, &house, &acted)?;
    }
    house.close()
}
