//! The SMTP sink against a real server, and against one that fails at every stage.
#![allow(clippy::unwrap_used)]

mod delivery;
mod faults;

use switchboard::model::{CustomerId, MessageId, OutboxState, Outgoing, OutgoingId, Party, ThreadId, Timestamp};

/// An outgoing to these addresses.
fn outgoing(id: &str, to: &[&str]) -> Outgoing {
    let party = |address: &str| Party { address: address.to_owned(), name: String::new() };
    Outgoing {
        id: OutgoingId::new(),
        account: "support".to_owned(),
        message: MessageId::new(),
        customer: CustomerId::new(),
        thread: ThreadId::new(),
        state: OutboxState::Sending,
        due: Timestamp(0),
        attempts: 1,
        reason: String::new(),
        remote_id: format!("{id}@test.example"),
        from: party("support@shop.example"),
        to: to.iter().map(|address| party(address)).collect(),
        cc: Vec::new(),
        subject: "Question".to_owned(),
        text: "text".to_owned(),
        in_reply_to: None,
        references: Vec::new(),
        attachments: Vec::new(),
        date: Timestamp(0),
        agent: "lin".to_owned(),
        sent: None,
        to_file: false,
        changed: Timestamp(0),
        receipt: String::new(),
        way: switchboard::model::Way::Direct,
        context: Default::default(),
        answers: None,
    }
}
