//! Single events, as a hostile or sloppy server may give them.
#![allow(clippy::unwrap_used)]

use super::cursor::{Cursor, Gap};
use super::settings::{Join, MatrixSettings};
use crate::connector::{AccountSettings, Connector, Incoming, Item, kind};
use crate::model::Timestamp;
use serde_json::{Value, json};
use std::path::PathBuf;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn account(more: &str) -> AccountSettings {
    let text = format!("name = \"chat\"\nconnector = \"matrix\"\nuser = \"@desk:shop.example\"\n{more}");
    let (name, connector) = ("chat".to_owned(), "matrix".to_owned());
    AccountSettings { name, connector, table: text.parse().unwrap(), profile: PathBuf::from("/profile") }
}

fn connector() -> Box<dyn Connector> {
    (kind("matrix").unwrap().open)(&account("password_env = \"X\"")).unwrap()
}

fn event(content: Value) -> Value {
    json!({ "event_id": "$a", "type": "m.room.message", "sender": "@ana:a.example", "origin_server_ts": NOW.0 - 1_000, "content": content })
}

fn read(event: &Value) -> Item {
    connector().parse(event.to_string().into_bytes(), "!room:a.example", NOW)
}

fn message(event: &Value) -> Incoming {
    match read(event) {
        Item::Message(message) => *message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_message_without_words_is_a_dead_letter_and_keeps_its_bytes() {
    let broken =
        [json!({}), json!({ "msgtype": "m.text" }), json!({ "body": 7 }), json!({ "body": null, "format": "x" })];
    for content in broken {
        let event = event(content);
        let Item::Unreadable(dead) = read(&event) else { panic!("{event}") };
        assert_eq!((dead.raw, dead.folder.as_str()), (event.to_string().into_bytes(), "!room:a.example"));
    }
    for raw in [
        "",
        "{\"event_id\": \"$a\", \"type\"",
        "[]",
        "{}",
        "{\"event_id\":\"$a\",\"type\":\"m.room.message\",\"sender\":\"@a:b\"}",
    ] {
        let item = connector().parse(raw.as_bytes().to_vec(), "", NOW);
        assert!(matches!(item, Item::Unreadable(_)), "{raw}");
    }
    let deep = format!("{{\"a\":{}", "[".repeat(100_000));
    assert!(matches!(connector().parse(deep.into_bytes(), "", NOW), Item::Unreadable(_)));
    let long = event(json!({ "body": "x".repeat(300_000) }));
    assert!(matches!(read(&long), Item::Unreadable(_)));
}

#[test]
fn a_clock_that_lies_is_not_believed() {
    for at in [json!(4_070_908_800_000_i64), json!(0), json!(-5), json!("yesterday"), json!(1e300), json!(u64::MAX)] {
        let mut event = event(json!({ "msgtype": "m.text", "body": "hi" }));
        event["origin_server_ts"] = at;
        assert_eq!(message(&event).received, NOW, "{event}");
    }
    assert_eq!(message(&event(json!({ "body": "no type" }))).received, NOW.plus_millis(-1_000));
}

#[test]
fn robots_files_and_emotes_are_what_they_are() {
    assert!(message(&event(json!({ "msgtype": "m.notice", "body": "beep" }))).automated.is_some());
    assert_eq!(message(&event(json!({ "msgtype": "m.emote", "body": "waves" }))).text, "* waves");
    let info = json!({ "mimetype": "image/png", "size": 1234 });
    let picture =
        message(&event(json!({ "msgtype": "m.image", "body": "lamp.png", "url": "mxc://a/b", "info": info })));
    let file = &picture.attachments[0];
    assert_eq!(
        (file.name.as_str(), file.media_type.as_str(), file.size, picture.text.as_str()),
        ("lamp.png", "image/png", 1234, "")
    );
    assert_eq!(picture.preview, "lamp.png");
    let caption = message(&event(
        json!({ "msgtype": "m.image", "body": "broken here", "filename": "lamp.png", "url": "mxc://a/b" }),
    ));
    assert_eq!((caption.text.as_str(), caption.attachments[0].name.as_str()), ("broken here", "lamp.png"));
}

#[test]
fn the_cursor_outlives_a_restart_and_rubbish_begins_anew() {
    let mut cursor = Cursor { since: Some("s1".to_owned()), ..Cursor::default() };
    let (room, from, to) = ("!a".to_owned(), "t1".to_owned(), Some("s0".to_owned()));
    let gap = Gap { room, from, to, horizon: 0, pages: 3, trail: Default::default() };
    assert!(cursor.gap(gap.clone()).is_empty() && cursor.gap(gap).is_empty());
    cursor.saw("!a", "$theirs", false);
    cursor.saw("!a", "$ours", true);
    cursor.saw("!a", "$later", false);
    let mut again = Cursor::from_bytes(&cursor.to_bytes());
    assert_eq!(again, cursor);
    assert!(again.read("!a", "$unheard").is_empty(), "an event we know nothing of proves nothing");
    assert_eq!(again.read("!a", "$later"), ["$ours"], "who has read what came later has read it");
    assert!(again.read("!a", "$later").is_empty());
    assert_eq!(Cursor::from_bytes(b"rubbish"), Cursor::default());
}

#[test]
fn gaps_too_many_are_given_back_and_stay_what_they_are_as_dead_letters() {
    let mut cursor = Cursor::default();
    let gap = |number: usize| Gap { room: format!("!r{number}"), from: "t1".to_owned(), ..Gap::default() };
    let dropped: Vec<Gap> = (0..3_002).flat_map(|number| cursor.gap(gap(number))).collect();
    assert_eq!((dropped, cursor.gaps.len()), (vec![gap(0), gap(1)], 3_000));
    let dead = super::event::left_out(&gap(7), "it is \u{1b}[2Jlong", NOW);
    let Item::Unreadable(first) = &dead else { panic!("{dead:?}") };
    assert!(first.reason.contains("!r7") && !first.reason.contains('\u{1b}'), "{}", first.reason);
    // Looked at again (`dead retry`) it is the same.
    assert_eq!(connector().parse(first.raw.clone(), &first.folder, NOW), dead);
    // Nobody makes one by writing it.
    let mut event = event(json!({ "body": "hi" }));
    event["switchboard_gap"] = json!({ "room": "!r7", "from": "t1" });
    assert_eq!(message(&event).text, "hi");
}

#[test]
fn settings_are_read_strictly_and_the_help_names_them_all() {
    let read = |more: &str| MatrixSettings::read(&account(more)).map_err(|error| error.to_string());
    let settings = read("password_env = \"X\"\njoin = [\"a.example\"]").unwrap();
    assert_eq!((settings.base_url.as_str(), settings.history), ("https://shop.example", 30 * 86_400_000));
    assert!(settings.join.accepts("@ana:a.example") && !settings.join.accepts("@ana:b.example"));
    assert_eq!(read("token_env = \"X\"\njoin = \"none\"").unwrap().join, Join::None);
    assert_eq!(settings.device_id, read("password_env = \"X\"").unwrap().device_id, "it stays");
    for (wrong, said) in [
        ("", "password_command"),
        ("password_env = \"X\"\ntoken_env = \"Y\"", "exactly one"),
        ("password_env = \"X\"\njoin = \"some\"", "join"),
        ("password_env = \"X\"\nhistory = \"10\"", "history"),
    ] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let unknown = read("password = \"hunter2\"").unwrap_err();
    assert!(!unknown.contains("hunter2"), "{unknown}");
    let keys: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
    assert!(keys.len() > 10, "{unknown}");
    for key in keys {
        assert!(super::KIND.help.contains(key), "{key} is not in the help");
    }
}
