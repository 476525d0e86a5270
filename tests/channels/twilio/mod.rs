//! Twilio, declared in `platforms/twilio.toml`, against a simulator.

mod calls;
mod simulator;

use super::contract::{Rig, answer, messages, open, pages};
use super::{secret_file, sink_error};
use crate::support::simulator::{Fault, Simulator};
use simulator::{ANA, OWN, Shared};
use std::path::Path;
use switchboard::connector::ConnectorError;
use switchboard::model::LinkKind;

pub struct Twilio {
    world: Shared,
    simulator: Simulator,
}

impl Twilio {
    pub fn new() -> Twilio {
        let world = Shared::default();
        Twilio { simulator: Simulator::start(simulator::router(world.clone())), world }
    }
}

impl Rig for Twilio {
    fn simulator(&self) -> &Simulator {
        &self.simulator
    }

    fn account(&self, profile: &Path) -> String {
        secret_file(profile, "key", "hush");
        format!(
            "[[account]]\nname = \"it\"\nconnector = \"twilio\"\naddress = \"{OWN}\"\naccount_sid = \"AC1\"\n\
             key_sid = \"SK1\"\nkey_secret_file = \"key\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }

    fn customer_writes(&self, text: &str) {
        self.world.lock().unwrap().add(ANA, OWN, text);
    }

    fn sent(&self) -> Vec<String> {
        let world = self.world.lock().unwrap();
        world.messages.iter().filter(|message| message.from == OWN).map(|message| message.body.clone()).collect()
    }

    fn reading(&self) -> &'static str {
        "GET /2010-04-01/Accounts/AC1/Messages.json"
    }

    fn sending(&self) -> &'static str {
        "POST /2010-04-01/Accounts/AC1/Messages.json"
    }

    fn too_many(&self) -> Fault {
        let body = r#"{"code":20429,"message":"Too Many Requests","more_info":"https://www.twilio.com/docs/errors/20429","status":429}"#;
        Fault::Instead(429, vec![], body.to_owned())
    }

    fn empty_page(&self) -> Result<&'static str, &'static str> {
        Ok("/messages")
    }

    fn long_ids(&self) -> Result<(), &'static str> {
        Err("sids are text: two letters and 32 hexadecimal digits")
    }
}

#[tokio::test]
async fn a_number_is_proof_and_stop_is_heeded() {
    let rig = Twilio::new();
    rig.customer_writes("STOP");
    let account = open(&rig);
    let pulled = pages(account.connector.source().unwrap().as_mut(), Vec::new()).await;
    let stop = messages(&pulled)[0];
    let link = &stop.links[0];
    assert_eq!((link.kind, link.value.as_str(), link.proven), (LinkKind::Phone, ANA, true));
    let outgoing = answer(account.connector.as_ref(), stop, "Sorry to see you go");
    let mut sink = account.connector.sink().unwrap();
    let refused = sink_error(sink.deliver(&outgoing, &account.connector.render(&outgoing, &[]).unwrap()).await);
    assert!(matches!(&refused, ConnectorError::Gone { reason } if reason.contains("STOP")), "{refused:?}");
    let mut wrong = outgoing.clone();
    wrong.to[0].address = "12".to_owned();
    let refused = sink_error(sink.deliver(&wrong, &account.connector.render(&wrong, &[]).unwrap()).await);
    assert!(matches!(refused, ConnectorError::Reject { .. }), "{refused:?}");
}
