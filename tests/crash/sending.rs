//! Killed while sending: what was acknowledged is never lost and never leaves twice.

use crate::support::fault::{Fault, FaultServer, Stage};
use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::until;
use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// Longer than it takes a run to reach any stage on a loaded machine.
const LIMIT: Duration = Duration::from_secs(20);

fn deliver(profile: &Profile) -> Child {
    let mut command = profile.command(&["outbox", "--wait", "20"]);
    command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// The state of every outgoing by its remote id.
fn states(profile: &Profile) -> BTreeMap<String, String> {
    let text = |row: &serde_json::Value, name: &str| row[name].as_str().unwrap().to_owned();
    profile.json(&["outbox"]).iter().map(|row| (text(row, "remote_id"), text(row, "state"))).collect()
}

#[test]
fn killed_at_every_stage_each_answer_leaves_at_most_once_and_none_is_lost() {
    let server = FaultServer::start(Fault::None);
    // No answer to wait for is given up before the kill.
    let profile = Profile::with_account(&server.smtp().replace("\"1s\"", "\"60s\""));
    profile.import(&mail::numbered(0..1));
    let stages = [Stage::Greeting, Stage::Ehlo, Stage::Mail, Stage::Rcpt, Stage::Data, Stage::Content, Stage::Dot];
    let mut acknowledged: Vec<String> = Vec::new();
    let (mut kills, mut round) = (0, 0);
    // How long a run takes that nobody disturbs, as known so far.
    let mut whole = Duration::from_millis(800);
    while kills < 18 && round < 40 {
        let reply = profile.one(&["reply", "ana@test.example", "--text", &format!("answer {round}")]);
        acknowledged.push(reply["remote_id"].as_str().unwrap().to_owned());
        // Every stage in turn by hanging there; then, with a server that is well, at any moment.
        let hang = stages.get(round).map(|stage| Fault::Hang(*stage));
        server.set(hang.unwrap_or(Fault::None));
        let hits = server.hits();
        let mut child = deliver(&profile);
        let started = Instant::now();
        let ended = match hang {
            Some(fault) => {
                assert!(until(LIMIT, || server.hits() > hits), "{fault:?} was not reached");
                false
            }
            // The moment between the server's word and ours.
            None if round % 3 == 0 => {
                let newest = acknowledged.last().unwrap();
                assert!(until(LIMIT, || server.count(newest) > 0), "{newest} does not leave");
                child.try_wait().unwrap().is_some()
            }
            None => until(whole.mul_f64(fastrand::f64()), || child.try_wait().unwrap().is_some()),
        };
        if ended {
            whole = started.elapsed();
        } else {
            child.kill().unwrap();
            kills += 1;
        }
        child.wait().unwrap();
        round += 1;
        let states = states(&profile);
        for id in &acknowledged {
            let (count, state) = (server.count(id), states[id].as_str());
            assert!(count <= 1, "{id} left {count} times in round {round}");
            assert!(state != "sent" || count == 1, "{id} is called sent and never left");
            assert!(count == 0 || state != "queued", "{id} left and would leave again");
        }
    }
    assert_eq!(kills, 18, "in {round} rounds");
    server.set(Fault::None);
    let done = profile.run(&["outbox", "--wait", "20", "--json"]);
    assert_eq!(done.code, Some(0), "{done:?}");
    let mut unknown = 0;
    let states = states(&profile);
    for id in &acknowledged {
        match states[id].as_str() {
            "sent" => assert_eq!(server.count(id), 1, "{id}"),
            "unknown" => {
                assert!(server.count(id) <= 1, "{id}");
                unknown += 1;
            }
            other => panic!("{id} is {other}"),
        }
    }
    eprintln!("killed {kills} times in {round} rounds, {unknown} of {} unknown", acknowledged.len());
    assert!(unknown >= 2, "those killed at the content and at the dot: {unknown}");
    assert!(server.taken().len() <= acknowledged.len(), "nothing leaves that nobody wrote");
    profile.assert_sound();
}
