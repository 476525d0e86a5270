//! The door end to end, through the real program: what Telegram pushes is answered, filed, shown and answered; and it is
//! there once, wherever the owner was killed.

use super::simulator::Telegram;
use crate::channels::contract::Rig;
use crate::support::profile::Profile;
use crate::support::push::push;
use crate::support::serve::Serve;
use crate::support::{free_port, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

const SECRET: &str = "s3cret";
const LIMIT: Duration = Duration::from_secs(30);

/// A profile with the account `it` to which is pushed, and the port of its door.
fn profile(rig: &Telegram) -> (Profile, u16) {
    let (profile, port) = (Profile::new(""), free_port());
    crate::channels::secret_file(&profile.path, "hook.secret", SECRET);
    profile.configure(&format!(
        "[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{}receive = \"webhook\"\nwebhook_secret_file = \"hook.secret\"\n",
        rig.account(&profile.path)
    ));
    (profile, port)
}

fn update(rig: &Telegram, number: usize) -> Value {
    json!({ "update_id": 5_000 + number, "message": rig.message(&format!("number {number} 退款")) })
}

fn deliver(port: u16, secret: &str, update: &Value) -> Option<(u16, String)> {
    let headers = [("x-telegram-bot-api-secret-token", secret), ("content-type", "application/json")];
    push(port, "POST /hook/it", &headers, update.to_string().as_bytes())
}

/// Delivers until it is taken, as Telegram does.
fn insist(port: u16, update: &Value) {
    let taken = until(LIMIT, || deliver(port, SECRET, update).is_some_and(|(status, _)| status == 200));
    assert!(taken, "it is not taken: {update}");
}

/// How often each message is in the export.
fn copies(profile: &Profile) -> BTreeMap<String, usize> {
    let mut copies = BTreeMap::new();
    for row in profile.export() {
        *copies.entry(row["text"].as_str().unwrap().trim().to_owned()).or_insert(0) += 1;
    }
    copies
}

#[test]
fn what_is_pushed_is_filed_shown_and_answered() {
    let rig = Telegram::start();
    let (profile, port) = profile(&rig);
    let serve = Serve::start(&profile);
    let asked = update(&rig, 1);
    insist(port, &asked);
    assert_eq!(deliver(port, SECRET, &asked), Some((200, "{}".to_owned())), "again is well");
    assert_eq!(deliver(port, "guessed", &update(&rig, 2)), Some((401, String::new())));
    assert_eq!(push(port, "POST /hook/nobody", &[], b"{}"), Some((404, String::new())));
    assert!(until(LIMIT, || !profile.json(&["inbox"]).is_empty()), "it is not filed");
    let inbox = profile.one(&["inbox"]);
    assert_eq!((&inbox["last_text"], &inbox["unread"]), (&json!("number 1 退款"), &json!(1)));
    let rows = profile.json(&["webhook"]);
    let mine = rows.iter().find(|row| row["account"] == "it").unwrap();
    assert_eq!((&mine["accepted"], &mine["duplicate"], &mine["queued"]), (&json!(1), &json!(1), &json!(0)));
    // Deliveries that came before the secret was read were turned away too, and came again.
    let mut refused = mine["refused"].as_object().unwrap().clone();
    refused.remove("not_configured");
    assert_eq!(serde_json::Value::Object(refused), json!({ "forged": 1 }), "{rows:?}");
    // The answer goes out by the owner, once, to the message.
    let ana = inbox["address"].as_str().unwrap();
    profile.ok(&["reply", ana, "--text", "on its way 在路上"]);
    profile.ok(&["outbox", "--wait", "50"]);
    assert_eq!(rig.sent(), ["on its way 在路上"]);
    let sent = rig.bot.lock().unwrap().sent[0].clone();
    assert_eq!(sent["reply_parameters"]["message_id"], asked["message"]["message_id"]);
    let shown = profile.json(&["show", ana]).to_vec();
    let texts: Vec<_> = shown.iter().flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default()).collect();
    assert_eq!(texts.iter().map(|row| row["text"].clone()).collect::<Vec<_>>(), ["number 1 退款", "on its way 在路上"]);
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    profile.assert_sound();
}

#[test]
fn killed_after_an_answer_nothing_is_lost_and_nothing_is_there_twice() {
    let rig = Telegram::start();
    let (profile, port) = profile(&rig);
    let mut updates: Vec<Value> = Vec::new();
    let mut unanswered: Vec<usize> = Vec::new();
    let (mut caught, mut rounds, mut left) = (0, 0, 0);
    while caught < 3 && rounds < 25 {
        rounds += 1;
        let serve = Serve::start(&profile);
        let first = updates.len();
        updates.extend((first..first + 40).map(|number| update(&rig, number)));
        let mut waiting = std::mem::take(&mut unanswered);
        waiting.extend(first..updates.len());
        insist(port, &updates[waiting.remove(0)]);
        let (answered, failed) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
        let enough = fastrand::usize(1..30);
        std::thread::scope(|scope| {
            for share in waiting.chunks(waiting.len().div_ceil(4)) {
                let (answered, failed, updates) = (&answered, &failed, &updates);
                scope.spawn(move || {
                    for number in share {
                        match deliver(port, SECRET, &updates[*number]) {
                            Some((200, _)) => {
                                answered.fetch_add(1, Ordering::SeqCst);
                            }
                            _ => failed.lock().unwrap().push(*number),
                        }
                    }
                });
            }
            assert!(until(LIMIT, || answered.load(Ordering::SeqCst) >= enough), "no answers");
            serve.end(Signal::KILL);
        });
        unanswered = failed.into_inner().unwrap();
        // What was answered and not filed when it died.
        let queued = profile.one(&["webhook"])["queued"].as_u64().unwrap();
        left += queued;
        caught += usize::from(queued > 0);
    }
    eprintln!("{left} deliveries were answered and not filed at {rounds} kills");
    assert!(caught >= 3, "no kill came between answer and filing in {rounds} rounds");
    let serve = Serve::start(&profile);
    unanswered.iter().for_each(|number| insist(port, &updates[*number]));
    // Telegram may repeat what it got an answer for, too.
    updates.iter().step_by(17).for_each(|update| insist(port, update));
    let filed = until(LIMIT, || profile.json(&["webhook"])[0]["queued"] == 0);
    assert!(filed, "the queue is not filed");
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    let once: BTreeMap<String, usize> = (0..updates.len()).map(|number| (format!("number {number} 退款"), 1)).collect();
    assert_eq!(copies(&profile), once);
    assert!(profile.json(&["dead", "list"]).is_empty());
    profile.assert_sound();
}
