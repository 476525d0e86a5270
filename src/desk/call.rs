//! Phone calls that an agent files: a message on the customer's timeline like any other, and as immutable.

use super::case::{file_on, new_customer};
use super::graph::Proofs;
use super::{Desk, DeskError};
use crate::identity;
use crate::model::{
    Acted, Basis, Call, Delivery, Direction, Event, EventKind, Message, MessageId, PHONE, Party, ThreadId, Trust, Way,
    clean_block, clean_line,
};
use crate::store::Content;
use std::collections::BTreeMap;

/// The longest text about a call.
const MAX_TEXT: usize = 64 * 1024;
/// The longest ago a call may be filed, and the farthest ahead a clock may be, in milliseconds.
const OLDEST: i64 = 10 * 366 * 86_400_000;
const AHEAD: i64 = 5 * 60_000;
/// Characters of the first words.
const PREVIEW: usize = 200;

impl Desk {
    /// Files a call and moves the case, in one commit.
    pub(super) fn log_call(&self, agent: &str, call: Call) -> Result<Acted, DeskError> {
        let refused = |why: &str| Err(DeskError::Refused(why.to_owned()));
        if call.text.trim().is_empty() {
            return refused("say what the call was about");
        }
        if call.text.len() > MAX_TEXT {
            return refused("the text about the call is longer than 64 kB; keep what matters");
        }
        let _writer = self.write();
        let now = self.now();
        let at = call.at.unwrap_or(now);
        if at.since(now) > AHEAD {
            return refused("the call lies in the future; say when it was with --at");
        }
        if now.since(at) > OLDEST || at.0 < 0 {
            return refused("the call is more than ten years ago; look at the time again");
        }
        let mut customer = self.known(call.customer)?;
        let mut transaction = self.store.begin();
        let mut proofs = Proofs::default();
        let mut side = None;
        if let Some(number) = &call.number {
            let address = phone_number(number).ok_or_else(|| {
                DeskError::Refused(format!(
                    "\"{}\" is no telephone number; write it with its country: +4915112345678",
                    clean_line(number)
                ))
            })?;
            let id = identity::identity_id(PHONE, &address);
            let mut known = match self.store.identity(id)? {
                Some(known) if known.customer != customer.id => {
                    let name = self.store.customer(known.customer)?.map(|other| other.name).unwrap_or_default();
                    return Err(DeskError::Refused(format!(
                        "{address} is the number of {name}; file the call there, or leave the number out"
                    )));
                }
                Some(known) => known,
                None => {
                    let party = Party { address: address.clone(), name: String::new() };
                    let (_, mut identity) = new_customer(PHONE, &party, Basis::Agent, agent, at, now);
                    identity.customer = customer.id;
                    customer.identities.push(id);
                    identity
                }
            };
            match call.direction {
                Direction::Outbound => known.outbound += 1,
                _ => known.inbound += 1,
            }
            transaction.put_identity(&known);
            // Who else has the number is suggested, and nobody is joined by it: an agent may have misheard.
            proofs.note(&mut transaction, &known)?;
            side = Some((id, address));
        }
        let theirs = Party {
            address: side.as_ref().map(|(_, address)| address.clone()).unwrap_or_default(),
            name: customer.name.clone(),
        };
        let ours = Party { address: String::new(), name: clean_line(agent) };
        let inbound = call.direction != Direction::Outbound;
        let (from, to) = if inbound { (theirs, ours) } else { (ours, theirs) };
        let text = clean_block(&call.text);
        let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
        let message = Message {
            id: MessageId::new(),
            identity: side.as_ref().map(|(id, _)| *id),
            channel: PHONE.to_owned(),
            account: String::new(),
            direction: if inbound { Direction::Inbound } else { Direction::Outbound },
            from,
            to: vec![to],
            cc: Vec::new(),
            reply_to: None,
            at,
            received: now,
            subject: format!("phone call, {}", length(call.duration)),
            thread: ThreadId::of(&[PHONE.as_bytes(), &customer.id.0]),
            remote_id: String::new(),
            references: Vec::new(),
            delivery: Delivery::None,
            automated: None,
            attachments: Vec::new(),
            preview: clean_line(&words.chars().take(PREVIEW).collect::<String>()),
            outgoing: None,
            agent: Some(agent.to_owned()),
            folder: String::new(),
            note_of: side.is_none().then_some(customer.id),
            way: Way::Direct,
            context: BTreeMap::from([("seconds".to_owned(), (call.duration / 1_000).to_string())]),
            url: None,
            // An agent heard them.
            trust: Trust::Verified,
        };
        if !customer.channels.iter().any(|channel| channel == PHONE) {
            customer.channels.push(PHONE.to_owned());
            customer.channels.sort();
        }
        let past = file_on(&mut customer, &message, now);
        if inbound {
            // Who filed it has heard it: it waits for an answer, and nobody need read it.
            customer.read_all();
        }
        if let Some(case) = past {
            transaction.put_past_case(customer.id, &case);
        }
        transaction.file_message(&message, Content { text, original: None })?;
        transaction.put_customer(&customer)?;
        proofs.ask(&mut transaction, now)?;
        let mut event = Event::new(EventKind::Noted, now, agent);
        event.customers = vec![customer.id];
        event.messages = vec![message.id];
        event.summary = message.subject.clone();
        self.commit(transaction, event)?;
        Ok(Acted {
            said: "Call filed. It cannot be taken back, as no message can: a note puts it right.".to_owned(),
            customer: Some(customer.id),
            message: Some(message.id),
            ..Acted::default()
        })
    }
}

/// A number as E.164 writes it, without what people put between the digits: `+4915112345678`.
pub(super) fn phone_number(text: &str) -> Option<String> {
    let digits = text.trim().strip_prefix('+')?;
    let plain: String = digits.chars().filter(|c| !matches!(c, ' ' | '-' | '.' | '/' | '(' | ')')).collect();
    let sound = (7..=15).contains(&plain.len()) && plain.bytes().all(|digit| digit.is_ascii_digit());
    (sound && !plain.starts_with('0')).then(|| format!("+{plain}"))
}

/// A length in words: `40 s`, `3 min`, `1 h 5 min`.
fn length(millis: i64) -> String {
    match millis / 1_000 {
        seconds if seconds < 60 => format!("{seconds} s"),
        seconds if seconds < 3_600 => format!("{} min", seconds / 60),
        seconds => format!("{} h {} min", seconds / 3_600, seconds % 3_600 / 60),
    }
}
