//! The log of calls, which only reads, declared in `platforms/twilio_calls.toml`.

use super::Twilio;
use super::simulator::{ANA, OWN, PhoneCall};
use crate::channels::contract::{messages, pages};
use crate::channels::{open_table, secret_file, strict};
use crate::support::profile::Profile;
use crate::support::simulator::Fault;
use std::collections::BTreeSet;
use std::path::Path;
use switchboard::connector::{Connector, ConnectorError};
use switchboard::model::{Direction, LinkKind, Timestamp};

impl Twilio {
    fn call(&self, from: &str, to: &str, status: &'static str, duration: Option<&'static str>) {
        let (from, to, at) = (from.to_owned(), to.to_owned(), jiff::Timestamp::now());
        self.world.lock().unwrap().calls.push(PhoneCall { from, to, status, duration, at });
    }

    fn calls_table(&self, profile: &Path) -> String {
        secret_file(profile, "key", "hush");
        format!(
            "[[account]]\nname = \"calls\"\nconnector = \"twilio_calls\"\naddress = \"{OWN}\"\naccount_sid = \"AC1\"\n\
             key_sid = \"SK1\"\nkey_secret_file = \"key\"\nbase_url = \"{}\"\n",
            self.simulator.base
        )
    }
}

fn open(rig: &Twilio) -> (tempfile::TempDir, Box<dyn Connector>) {
    let profile = tempfile::tempdir().unwrap();
    let account = open_table(&rig.calls_table(profile.path()), profile.path());
    (profile, account)
}

#[tokio::test]
async fn a_call_says_who_when_how_long_and_what_became_of_it() {
    let rig = Twilio::new();
    rig.call(ANA, OWN, "completed", Some("192"));
    rig.call(ANA, OWN, "no-answer", None);
    rig.call(OWN, ANA, "busy", Some("0"));
    rig.call(OWN, ANA, "completed", Some("7512"));
    let (_profile, account) = open(&rig);
    let pulled = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    let mut found: Vec<_> = messages(&pulled)
        .into_iter()
        .map(|call| (call.remote_id.clone(), call.direction, call.subject.clone(), call.text.clone()))
        .collect();
    found.sort_by(|a, b| a.0.cmp(&b.0));
    let said: Vec<_> = found.iter().map(|(_, way, subject, text)| (*way, subject.as_str(), text.as_str())).collect();
    assert_eq!(
        said,
        [
            (Direction::Inbound, "phone call, 3 min 12 s", "They called: completed, 3 min 12 s."),
            (Direction::Inbound, "phone call, no-answer", "They called: no-answer."),
            (Direction::Outbound, "phone call, 0 s", "We called: busy, 0 s."),
            (Direction::Outbound, "phone call, 2 h 5 min", "We called: completed, 2 h 5 min."),
        ]
    );
    let calls = messages(&pulled);
    let inbound = calls.iter().find(|call| call.direction == Direction::Inbound).unwrap();
    assert_eq!((inbound.from.address.as_str(), inbound.conversation.as_deref()), (ANA, Some(ANA)));
    assert_eq!((inbound.links[0].kind, inbound.links[0].value.as_str()), (LinkKind::Phone, ANA));
    assert!(account.sink().is_none() && !account.facts().can_send, "it only reads");
    assert_eq!(account.facts().channel, "phone");
    assert!(calls.iter().all(|call| call.conversation.as_deref() == Some(ANA)), "both directions are one conversation");
}

#[tokio::test]
async fn a_log_of_many_pages_comes_whole_wherever_it_is_killed() {
    let rig = Twilio::new();
    (0..40).for_each(|_| rig.call(ANA, OWN, "completed", Some("5")));
    let (_profile, account) = open(&rig);
    let whole = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(messages(&whole).len(), 40);
    for stop in 0..whole.len() {
        let mut source = account.source().unwrap();
        let (mut cursor, mut ids) = (Vec::new(), BTreeSet::new());
        for _ in 0..=stop {
            let page = source.pull(&cursor).await.unwrap();
            ids.extend(messages(std::slice::from_ref(&page)).iter().map(|call| call.remote_id.clone()));
            cursor = if page.cursor.is_empty() { cursor } else { page.cursor };
        }
        rig.call(ANA, OWN, "completed", Some("6"));
        let rest = pages(account.source().unwrap().as_mut(), cursor).await;
        ids.extend(messages(&rest).iter().map(|call| call.remote_id.clone()));
        assert_eq!(ids.len(), rig.world.lock().unwrap().calls.len(), "killed after page {stop}");
    }
}

#[tokio::test]
async fn a_call_that_goes_on_is_filed_when_it_is_over() {
    let rig = Twilio::new();
    rig.call(ANA, OWN, "in-progress", None);
    // Another one comes and goes meanwhile: the watermark moves past the first.
    rig.call("+16505550000", OWN, "completed", Some("3"));
    let (_profile, account) = open(&rig);
    let first = pages(account.source().unwrap().as_mut(), Vec::new()).await;
    assert_eq!(messages(&first).len(), 1);
    {
        let mut world = rig.world.lock().unwrap();
        (world.calls[0].status, world.calls[0].duration) = ("completed", Some("3600"));
    }
    let cursor = first.iter().rev().find(|page| !page.cursor.is_empty()).unwrap().cursor.clone();
    let second = pages(account.source().unwrap().as_mut(), cursor).await;
    assert!(messages(&second).iter().any(|call| call.text.contains("1 h")), "{second:?}");
}

#[tokio::test]
async fn too_many_calls_are_waited_for() {
    let rig = Twilio::new();
    let (_profile, account) = open(&rig);
    let body = r#"{"code":20429,"message":"Too Many Requests","status":429}"#;
    rig.simulator.faults.next("GET", Fault::Instead(429, vec![], body.to_owned()));
    let refused = crate::channels::only_error(account.source().unwrap().pull(&[]).await);
    let ConnectorError::Wait { until, .. } = refused else { panic!("{refused:?}") };
    assert!(until > Timestamp(strict::seconds() * 1_000));
}

/// Through the real program: the call stands on the timeline of the number, beside its text messages, and cannot be
/// answered through the account that read it.
#[test]
fn a_call_stands_on_the_timeline_of_its_number_and_cannot_be_answered() {
    let rig = Twilio::new();
    rig.call(ANA, OWN, "completed", Some("65"));
    let profile = Profile::new("");
    let calls = rig.calls_table(&profile.path);
    profile.configure(&calls);
    profile.ok(&["sync"]);
    let inbox = profile.one(&["inbox"]);
    assert_eq!((&inbox["address"], &inbox["last_text"]), (&ANA.into(), &"They called: completed, 1 min 5 s.".into()));
    let none = profile.refused(&["reply", ANA, "--text", "Sorry we missed you"]);
    assert!(none.contains("no message to answer"), "{none}");
    let through = profile.refused(&["reply", ANA, "--account", "calls", "--text", "Sorry we missed you"]);
    assert!(through.contains("no message to answer") || through.contains("only reads"), "{through}");
    let first = profile.refused(&[
        "compose",
        "--account",
        "calls",
        "--to",
        ANA,
        "--subject",
        "x",
        "--text",
        "Sorry we missed you",
    ]);
    assert!(first.contains("the account \"calls\" only reads"), "{first}");
    // The text messages of the same number are the same customer's, and those are answered.
    let texts = calls.replace("\"calls\"", "\"texts\"").replace("twilio_calls", "twilio");
    rig.world.lock().unwrap().add(ANA, OWN, "call me back");
    profile.configure(&format!("{calls}{texts}"));
    profile.ok(&["sync"]);
    assert_eq!(profile.json(&["inbox"]).len(), 1, "one number, one customer");
    profile.ok(&["reply", ANA, "--text", "We will"]);
    profile.ok(&["outbox", "--wait", "30"]);
    assert_eq!(rig.world.lock().unwrap().messages.last().unwrap().body, "We will");
    profile.assert_sound();
}
