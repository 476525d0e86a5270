//! The whole way, through the real program: what WeChat pushes is answered, filed, shown, and answered by a person.

use super::simulator::{ANA, APPID, Push, WeChat, closed_push, handshake, open_push};
use crate::channels::contract::Rig;
use crate::channels::strict::seconds;
use crate::channels::wecom::{UNIONID, WeCom};
use crate::support::profile::Profile;
use crate::support::push::push;
use crate::support::serve::Serve;
use crate::support::{free_port, until};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn call(port: u16, method: &str, query: &[(String, String)], body: &[u8]) -> Option<(u16, String)> {
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    push(port, &format!("{method} /hook/it?{}", query.join("&")), &[("content-type", "text/xml")], body)
}

fn deliver(port: u16, push: &Push) -> Option<(u16, String)> {
    call(port, "POST", &push.query, &push.body)
}

#[test]
fn a_message_is_filed_shown_and_answered() {
    let rig = WeChat::start();
    let (profile, port) = (Profile::new(""), free_port());
    let account = rig.account(&profile.path);
    profile.configure(&format!("[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{account}"));
    let serve = Serve::start(&profile);
    let shaken = Some((200, "8475129036127836512".to_owned()));
    assert!(until(LIMIT, || call(port, "GET", &handshake(seconds()), b"") == shaken), "the handshake is not answered");
    let (asked, taken) = (rig.text("订单在哪里？"), Some((200, "success".to_owned())));
    assert_eq!(deliver(port, &closed_push(&asked, APPID, seconds())), taken);
    // WeChat tries again when it did not hear the answer: in another envelope, with another time.
    assert_eq!(deliver(port, &closed_push(&asked, APPID, seconds() + 1)), taken);
    assert_eq!(deliver(port, &open_push(&asked, seconds())), Some((401, String::new())));
    assert_eq!(deliver(port, &closed_push(&asked, "wx0000000000000000", seconds())), Some((401, String::new())));
    assert!(until(LIMIT, || !profile.json(&["inbox"]).is_empty()), "it is not filed");
    let inbox = profile.one(&["inbox"]);
    assert_eq!((&inbox["last_text"], &inbox["unread"]), (&json!("订单在哪里？"), &json!(1)));
    assert_eq!(inbox["address"], ANA);
    profile.ok(&["reply", ANA, "--text", "在路上 😀"]);
    profile.ok(&["outbox", "--wait", "50"]);
    assert_eq!(rig.texts(), ["在路上 😀"]);
    // The sixth answer to one message is refused here, before WeChat refuses it.
    for number in 2..=5 {
        profile.ok(&["reply", ANA, "--text", &format!("{number}")]);
        profile.ok(&["outbox", "--wait", "50"]);
    }
    let said = profile.refused(&["reply", ANA, "--text", "6"]);
    assert!(said.contains("another channel"), "{said}");
    assert_eq!(rig.texts().len(), 5);
    let rows = profile.json(&["webhook"]);
    let mine = rows.iter().find(|row| row["account"] == "it").unwrap();
    assert_eq!((&mine["accepted"], &mine["duplicate"], &mine["queued"]), (&json!(1), &json!(1), &json!(0)));
    // Deliveries that came before the secret was read were turned away too, and came again.
    let mut refused = mine["refused"].as_object().unwrap().clone();
    refused.remove("not_configured");
    assert_eq!(serde_json::Value::Object(refused), json!({ "unsigned": 1, "forged": 1 }), "{rows:?}");
    let shown = profile.json(&["show", ANA]);
    let texts: Vec<Value> =
        shown.iter().flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default()).collect();
    assert_eq!(texts.len(), 6);
    assert!(texts[1..].iter().all(|row| row["direction"] == "outbound"), "{texts:?}");
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    profile.assert_sound();
}

#[test]
fn who_writes_to_the_account_and_to_customer_service_is_one_customer() {
    let (rig, service) = (WeChat::start(), WeCom::start());
    rig.office.lock().unwrap().followers.push((ANA.to_owned(), String::new(), UNIONID.to_owned()));
    let (profile, port) = (Profile::new(""), free_port());
    let other = service.account(&profile.path).replace("name = \"it\"", "name = \"service\"");
    let account = rig.account(&profile.path);
    profile.configure(&format!("[webhook]\nlisten = \"127.0.0.1:{port}\"\n\n{account}\n{other}poll = \"1h\"\n"));
    service.customer_writes("写给客服");
    let serve = Serve::start(&profile);
    let shaken = Some((200, "8475129036127836512".to_owned()));
    assert!(until(LIMIT, || call(port, "GET", &handshake(seconds()), b"") == shaken), "the handshake is not answered");
    let taken = Some((200, "success".to_owned()));
    assert_eq!(deliver(port, &closed_push(&rig.text("写给公众号"), APPID, seconds())), taken);
    let texts = || -> Vec<String> {
        let shown = profile.json(&["show", "安娜"]);
        let messages = shown.iter().flat_map(|row| row["messages"].as_array().cloned().unwrap_or_default());
        messages.map(|message| message["text"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert!(until(LIMIT, || profile.json(&["inbox"]).len() == 1 && texts().len() == 2), "{:?}", texts());
    let (channels, history) = (profile.json(&["inbox"]), profile.json(&["history", "安娜"]));
    assert_eq!(channels.len(), 1, "{channels:?}");
    assert!(
        json!(history).to_string().contains("unionid") || json!(history).to_string().contains(UNIONID),
        "{history:?}"
    );
    assert_eq!(serve.end(Signal::TERM).code, Some(0));
    profile.assert_sound();
}
