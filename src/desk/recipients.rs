//! What is answered, through which account, and to whom.

use super::{Desk, DeskError};
use crate::identity;
use crate::model::{AccountFacts, Compose, Delivery, Direction, Message, PHONE, Party, ReplyKind, clean_line};
use crate::store::StoredMessage;

/// Recipients of one message.
const MAX_RECIPIENTS: usize = 100;
/// How far back the message to answer is looked for.
const LOOK_BACK: usize = 500;

impl Desk {
    /// The message that is answered or handed on.
    pub(super) fn parent(&self, compose: &Compose) -> Result<Option<StoredMessage>, DeskError> {
        if compose.kind == ReplyKind::New {
            return Ok(None);
        }
        if let Some(id) = compose.parent {
            let parent = self.store.message(id)?;
            let parent = parent.ok_or_else(|| DeskError::NotFound(format!("there is no message {id}")))?;
            if parent.message.direction == Direction::Note {
                return Err(DeskError::Refused("a private note cannot be answered or handed on".to_owned()));
            }
            if parent.message.channel == PHONE {
                return Err(DeskError::Refused(
                    "a phone call cannot be answered from here: call, or answer another message".to_owned(),
                ));
            }
            return Ok(Some(parent));
        }
        let customer = compose.customer.ok_or_else(|| DeskError::Refused("an answer needs a customer".to_owned()))?;
        let parts = self.parts(&self.known(customer)?);
        let thread = compose.thread.map(|thread| self.store.thread(thread)).transpose()?;
        let recent = self.store.timeline(&parts, None, LOOK_BACK)?.rows;
        let fits = |stored: &&StoredMessage| {
            let message = &stored.message;
            message.direction != Direction::Note
                && message.channel != PHONE
                && !matches!(message.delivery, Delivery::Cancelled)
                && thread.is_none_or(|thread| self.store.thread(message.thread).is_ok_and(|own| own == thread))
        };
        let wanted: [fn(&Message) -> bool; 3] = [
            |message| message.direction == Direction::Inbound && message.automated.is_none(),
            |message| message.direction == Direction::Outbound,
            |_| true,
        ];
        for want in wanted {
            if let Some(found) = recent.iter().filter(fits).find(|stored| want(&stored.message)) {
                return Ok(Some(found.clone()));
            }
        }
        Err(DeskError::NotFound(match compose.thread {
            Some(thread) => format!("this customer has no message in the thread {thread}"),
            None => "this customer has no message to answer; compose a new one".to_owned(),
        }))
    }

    /// The account it leaves through.
    pub(super) fn sending_account(
        &self,
        compose: &Compose,
        parent: Option<&StoredMessage>,
    ) -> Result<AccountFacts, DeskError> {
        if !compose.account.is_empty() {
            let account = self.account(&compose.account).ok_or_else(|| {
                DeskError::NotFound(format!("there is no account \"{}\"; `switchboard account list`", compose.account))
            })?;
            let answers = matches!(compose.kind, ReplyKind::Reply | ReplyKind::ReplyAll) && compose.to.is_empty();
            if let Some(parent) = parent.filter(|parent| answers && parent.message.channel != account.channel) {
                return Err(DeskError::Refused(format!(
                    "that message came by {}, and the account \"{}\" writes by {}; answer a message of theirs there \
                     (`switchboard reply --channel {}`)",
                    parent.message.channel, account.name, account.channel, account.channel
                )));
            }
            return if account.can_send {
                Ok(account)
            } else {
                Err(DeskError::Refused(match account.channel.as_str() {
                    "email" => format!("the account \"{}\" has no [account.smtp]: it cannot send", account.name),
                    _ => format!(
                        "the account \"{}\" only reads: nothing can be sent through it; choose another with --account",
                        account.name
                    ),
                }))
            };
        }
        let used = parent.map(|parent| parent.message.account.as_str());
        // Whoever answers can only do so where the message came from, or by another account of the same channel.
        let channel = parent.filter(|_| compose.to.is_empty()).map(|parent| parent.message.channel.as_str());
        let able = |account: &&AccountFacts| account.can_send && channel.is_none_or(|name| account.channel == name);
        used.and_then(|name| self.account(name))
            .filter(|account| account.can_send)
            .or_else(|| self.accounts().iter().find(able).cloned())
            .ok_or_else(|| match channel {
                None | Some("email") => DeskError::Refused("no account can send; add [account.smtp] to one".to_owned()),
                Some(channel) => DeskError::Refused(format!("no account can send by {channel}")),
            })
    }

    /// Whom it goes to, and who gets a copy.
    pub(super) fn recipients(
        &self,
        compose: &Compose,
        parent: Option<&StoredMessage>,
        account: &AccountFacts,
    ) -> Result<(Vec<Party>, Vec<Party>), DeskError> {
        let (mut to, mut cc) = (compose.to.clone(), compose.cc.clone());
        if let (true, Some(parent)) = (to.is_empty(), parent) {
            let message = &parent.message;
            match (compose.kind, message.direction) {
                (ReplyKind::Reply | ReplyKind::ReplyAll, Direction::Inbound) => {
                    // An answer asked for at one of our own addresses would never reach them.
                    let asked = message.reply_to.clone().filter(|party| !self.is_own(party));
                    to.push(asked.unwrap_or_else(|| message.from.clone()));
                    if compose.kind == ReplyKind::ReplyAll {
                        to.extend(message.to.iter().cloned());
                        if cc.is_empty() {
                            cc.extend(message.cc.iter().cloned());
                        }
                    }
                }
                (ReplyKind::Reply | ReplyKind::ReplyAll, _) => {
                    to.extend(message.to.iter().cloned());
                    if compose.kind == ReplyKind::ReplyAll && cc.is_empty() {
                        cc.extend(message.cc.iter().cloned());
                    }
                }
                _ => {}
            }
            self.leave_out_ourselves(&mut to, &mut cc);
        }
        if to.is_empty()
            && compose.kind == ReplyKind::New
            && let Some(customer) = compose.customer
        {
            let customer = self.known(customer)?;
            to.push(Party { address: customer.address.clone(), name: customer.name.clone() });
        }
        if to.is_empty() {
            return Err(DeskError::Refused("there is nobody to send it to; name a recipient".to_owned()));
        }
        if to.len() + cc.len() > MAX_RECIPIENTS {
            return Err(DeskError::Refused(format!("more than {MAX_RECIPIENTS} recipients; write to fewer at a time")));
        }
        for party in to.iter_mut().chain(cc.iter_mut()) {
            party.address = party.address.trim().to_owned();
            party.name = clean_line(&party.name);
            if !identity::is_deliverable(&account.channel, &party.address) {
                return Err(DeskError::Refused(format!(
                    "\"{}\" is not an address of the channel {}",
                    clean_line(&party.address),
                    account.channel
                )));
            }
        }
        Ok((to, cc))
    }

    fn is_own(&self, party: &Party) -> bool {
        let address = identity::normalise_address(&party.address);
        self.accounts().iter().any(|account| account.own.contains(&address))
    }

    fn leave_out_ourselves(&self, to: &mut Vec<Party>, cc: &mut Vec<Party>) {
        let own = |party: &Party| self.is_own(party);
        let mut seen = std::collections::BTreeSet::new();
        let mut fresh = |party: &Party| seen.insert(identity::normalise_address(&party.address));
        let first = to.first().cloned();
        to.retain(|party| !own(party) && fresh(party));
        cc.retain(|party| !own(party) && fresh(party));
        if to.is_empty() {
            // Somebody wrote from one of our own addresses: then that is where the answer goes.
            to.extend(first);
        }
    }
}
