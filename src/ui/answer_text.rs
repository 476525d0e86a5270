//! What an answer begins with: to whom, about what, and the quoted text.

use super::{beside, block, when};
use crate::model::{
    AccountFacts, AttachmentSource, BlockKind, Compose, CustomerId, Direction, Message, Party, ReplyKind,
    TimelineEntry, fold,
};
use jiff::tz::TimeZone;

/// Lines of the parent that are quoted at most.
const QUOTED_LINES: usize = 200;

/// An answer to, or a forward of, a message. What the agent sees in the review is what leaves, so the recipients, the
/// subject and the account are written out here.
pub(super) fn begin(
    kind: ReplyKind,
    customer: CustomerId,
    entry: &TimelineEntry,
    accounts: &[AccountFacts],
    zone: &TimeZone,
    quote: bool,
) -> Compose {
    let parent = &entry.message;
    let mut compose = Compose::new(kind, Some(customer));
    compose.account = match kind {
        ReplyKind::Forward => account_for_strangers(&parent.account, accounts),
        _ => account_for(&parent.account, &parent.channel, accounts),
    };
    compose.parent = Some(parent.id);
    // What it says now; what was removed is not repeated.
    let text = beside::newest(entry).unwrap_or_default();
    if kind == ReplyKind::Forward {
        // It goes to somebody else, so it opens its own conversation with them.
        compose.customer = None;
        compose.subject = prefixed("Fwd: ", &parent.subject);
        compose.attachments =
            parent.attachments.iter().map(|file| AttachmentSource::Message(parent.id, file.part)).collect();
        compose.text = format!(
            "\n\n---------- Forwarded message ----------\nFrom: {}\nDate: {}\nSubject: {}\nTo: {}\n\n{text}",
            block::party(&parent.from),
            when::full(parent.at, zone),
            parent.subject,
            block::parties(&parent.to),
        );
        return compose;
    }
    compose.thread = Some(parent.thread);
    let like_mail = accounts.iter().find(|account| account.name == compose.account).is_none_or(|a| a.abilities.subject);
    if like_mail {
        compose.subject = prefixed("Re: ", &parent.subject);
    }
    (compose.to, compose.cc) = recipients(parent, kind == ReplyKind::ReplyAll, accounts);
    if !like_mail {
        compose.cc.clear();
    }
    if quote && like_mail && parent.direction == Direction::Inbound {
        let quoted: Vec<String> = new_text(text)
            .lines()
            .take(QUOTED_LINES)
            // Our own warning about a link is for the agent, not for the customer.
            .map(|line| line.split_once("  \u{26a0} leads there").map_or(line, |(link, _)| link))
            .map(|line| if line.is_empty() { ">".to_owned() } else { format!("> {line}") })
            .collect();
        if !quoted.is_empty() {
            let who = if parent.from.name.is_empty() { &parent.from.address } else { &parent.from.name };
            compose.text = format!("\n\nOn {}, {who} wrote:\n{}", when::full(parent.at, zone), quoted.join("\n"));
        }
    }
    compose
}

/// Only what is new in a message: what it quotes and how it is signed is not quoted again.
fn new_text(text: &str) -> String {
    let lines: Vec<String> =
        fold(text).into_iter().filter(|block| block.kind == BlockKind::Text).flat_map(|block| block.lines).collect();
    lines.join("\n").trim().to_owned()
}

/// The account of the message when it can send, else the first of its channel that can: no other reaches that address.
fn account_for(name: &str, channel: &str, accounts: &[AccountFacts]) -> String {
    let own = accounts.iter().find(|account| account.name == name && account.can_send);
    let same = || accounts.iter().find(|account| account.channel == channel && account.can_send);
    own.or_else(same).map(|account| account.name.clone()).unwrap_or_default()
}

/// The account of the message when it may write to somebody who never wrote, else the first that may.
pub(super) fn account_for_strangers(name: &str, accounts: &[AccountFacts]) -> String {
    let able = |account: &&AccountFacts| account.can_send && account.abilities.first_contact;
    let own = accounts.iter().filter(able).find(|account| account.name == name);
    own.or_else(|| accounts.iter().find(able)).map(|account| account.name.clone()).unwrap_or_default()
}

fn prefixed(mark: &str, subject: &str) -> String {
    let has = subject.get(..mark.len() - 1).is_some_and(|start| start.eq_ignore_ascii_case(mark.trim_end()));
    if has { subject.to_owned() } else { format!("{mark}{subject}").trim_end().to_owned() }
}

/// Who gets an answer: the one who wrote (where they ask for answers), or whom we wrote to; with `all`, everybody else
/// who was on it, without ourselves.
fn recipients(parent: &Message, all: bool, accounts: &[AccountFacts]) -> (Vec<Party>, Vec<Party>) {
    let ours = |party: &Party| {
        let address = party.address.to_lowercase();
        accounts.iter().any(|account| account.own.contains(&address) || account.address.to_lowercase() == address)
    };
    let mut to = match parent.direction {
        // An answer asked for at one of our own addresses would never reach them.
        Direction::Inbound => {
            vec![parent.reply_to.clone().filter(|party| !ours(party)).unwrap_or_else(|| parent.from.clone())]
        }
        _ => parent.to.clone(),
    };
    let mut cc = Vec::new();
    if all {
        let known =
            |list: &[Party], party: &Party| list.iter().any(|other| other.address.eq_ignore_ascii_case(&party.address));
        if parent.direction == Direction::Inbound {
            for party in &parent.to {
                if !ours(party) && !known(&to, party) {
                    to.push(party.clone());
                }
            }
        }
        for party in &parent.cc {
            if !ours(party) && !known(&to, party) && !known(&cc, party) {
                cc.push(party.clone());
            }
        }
    }
    (to, cc)
}
