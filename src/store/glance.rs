//! What the timeline's index keeps of a message, so that scores and counts need not read its row, which lies elsewhere.

use crate::engine::Place;
use crate::model::{Delivery, Direction, Message, MessageId, Timestamp, Trust, Way};
use minicbor::{Decode, Encode};

/// A message at a glance.
#[derive(Clone, Debug, PartialEq, Eq, Encode, Decode)]
pub struct Glance {
    /// Which way it went.
    #[n(0)]
    pub direction: Direction,
    /// The kind of place.
    #[n(1)]
    pub channel: String,
    /// Who can read it.
    #[n(2)]
    pub way: Way,
    /// When the server or we received it.
    #[n(3)]
    pub received: Timestamp,
    /// A robot sent it.
    #[n(4)]
    pub automated: bool,
    /// It was taken back before it left.
    #[n(5)]
    pub cancelled: bool,
    /// It is not from whom it says.
    #[n(6)]
    pub refuted: bool,
    /// An agent of ours wrote it, or wrote it down.
    #[n(7)]
    pub by_agent: bool,
}

impl From<&Message> for Glance {
    fn from(message: &Message) -> Glance {
        Glance {
            direction: message.direction,
            channel: message.channel.clone(),
            way: message.way,
            received: message.received,
            automated: message.automated.is_some(),
            cancelled: message.delivery == Delivery::Cancelled,
            refuted: matches!(message.trust, Trust::Refuted(_)),
            by_agent: message.agent.is_some(),
        }
    }
}

impl Glance {
    /// A person of theirs wrote it to us: no robot, nobody whose sender is refuted, and not an agent, in whose words a call
    /// is noted.
    pub fn is_theirs(&self) -> bool {
        self.direction == Direction::Inbound && !self.by_agent && !self.automated && !self.refuted
    }

    /// It went between them and us: no note, nothing a robot sent, nothing that was taken back or is not from them.
    pub fn is_contact(&self) -> bool {
        self.direction != Direction::Note && !self.automated && !self.cancelled && !self.refuted
    }
}

/// A message on a timeline, at a glance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glanced {
    /// The message.
    pub id: MessageId,
    /// When it was written, as it claims.
    pub at: Timestamp,
    /// What is known of it.
    pub glance: Glance,
    /// Where its text is.
    pub text: Option<Place>,
}
