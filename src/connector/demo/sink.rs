//! The sink: most messages are delivered, some after a while; one is refused for good, and one is unknown.

use super::chance::number;
use super::later;
use super::mailroom::Fate;
use super::settings::Role;
use super::world::World;
use crate::connector::{ConnectorError, Receipt, Sighting, Sink};
use crate::model::Outgoing;
use futures::future::BoxFuture;
use std::sync::Arc;
use std::time::Duration;

pub(super) struct DemoSink {
    pub world: Arc<World>,
}

impl DemoSink {
    async fn hand_over(&mut self, outgoing: &Outgoing) -> Result<Receipt, ConnectorError> {
        let world = &self.world;
        let role = world.settings.role;
        let hash = number(world.seed(), &[outgoing.remote_id.as_bytes()]);
        let pause = world.settings.real(150 + (hash % 1_400) as i64);
        tokio::time::sleep(Duration::from_millis(pause.max(0) as u64)).await;
        let fate = world.mailroom().fate(outgoing);
        match fate {
            Fate::Taken => {
                let person = outgoing.to.first().and_then(|party| world.plan().cast.at(&party.address));
                let person = person.map(|at| &world.plan().cast.people[at as usize]);
                let here = (world.seed(), role, world.now());
                world.mailroom().take(outgoing, here, person, world.speeches, |millis| world.settings.real(millis));
                let real = |millis| world.settings.real(millis);
                let changes = later::to_ours(world.seed(), role, &outgoing.remote_id, world.now(), real);
                world.mailroom().expect(changes);
                world.news.notify_waiters();
                let said = match role {
                    Role::Mail => format!("250 2.0.0 Ok: queued as {:08X}", hash as u32),
                    _ => "delivered".to_owned(),
                };
                Ok(Receipt { said, ..Receipt::default() })
            }
            Fate::Refused => Err(match role {
                Role::Mail => ConnectorError::Reject {
                    reason: "the recipient's mailbox is full (552 5.2.2); try again later or reach them another way"
                        .to_owned(),
                },
                Role::Chat => {
                    ConnectorError::Gone { reason: "they take no messages from shops at the moment".to_owned() }
                }
                Role::Comments => ConnectorError::WindowClosed {
                    reason: "the comments under this post are paused; write to them directly".to_owned(),
                },
            }),
            Fate::Lost => Err(ConnectorError::Unknown {
                reason: "the line broke after the last byte: nobody said whether the message was taken".to_owned(),
            }),
        }
    }
}

impl Sink for DemoSink {
    fn offer<'a>(&'a mut self, outgoing: &'a Outgoing) -> BoxFuture<'a, Result<(), ConnectorError>> {
        Box::pin(async move {
            if outgoing.to.is_empty() {
                return Err(ConnectorError::Reject { reason: "the message has no recipient".to_owned() });
            }
            Ok(())
        })
    }

    fn deliver<'a>(
        &'a mut self,
        outgoing: &'a Outgoing,
        _original: &'a [u8],
    ) -> BoxFuture<'a, Result<Receipt, ConnectorError>> {
        Box::pin(self.hand_over(outgoing))
    }

    fn find_sent<'a>(&'a mut self, _outgoing: &'a Outgoing) -> BoxFuture<'a, Result<Sighting, ConnectorError>> {
        // The unknown one stays unknown until a person decides: that is what the demo shows.
        Box::pin(async { Ok(Sighting::CannotTell) })
    }
}
