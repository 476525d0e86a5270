//! Single messages and settings.
#![allow(clippy::unwrap_used)]

use super::cursor::Cursor;
use super::settings::XmppSettings;
use crate::connector::{AccountSettings, Connector, Item, kind};
use crate::model::Timestamp;
use std::path::PathBuf;

const NOW: Timestamp = Timestamp(1_790_000_000_000);

fn account(more: &str) -> AccountSettings {
    let text = format!("name = \"chat\"\nconnector = \"xmpp\"\nuser = \"desk@shop.example\"\n{more}");
    let (name, connector) = ("chat".to_owned(), "xmpp".to_owned());
    AccountSettings { name, connector, table: text.parse().unwrap(), profile: PathBuf::from("/profile") }
}

fn connector() -> Box<dyn Connector> {
    (kind("xmpp").unwrap().open)(&account("password_env = \"X\"")).unwrap()
}

fn read(inside: &str) -> Item {
    let message = format!(
        "<message xmlns='jabber:client' from='ana@a.example/x' to='desk@shop.example' type='chat' id='1'>{inside}</message>"
    );
    connector().parse(message.into_bytes(), "", NOW)
}

#[test]
fn an_answer_is_shown_without_the_quote_in_it() {
    let quoted = "<body>&gt; where?\nhere</body><reply xmlns='urn:xmpp:reply:0' to='desk@shop.example/y' id='ours'/>\
                  <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='9'/></fallback>";
    let Item::Message(message) = read(quoted) else { panic!("no message") };
    assert_eq!((message.text.as_str(), &message.references[..]), ("here", &["ours".to_owned()][..]));
    let Item::Message(file) = read(
        "<body>https://a.example/l/lamp.png?x=1</body><x xmlns='jabber:x:oob'><url>https://a.example/l/lamp.png?x=1</url></x>",
    ) else {
        panic!("no message")
    };
    assert_eq!((file.text.as_str(), file.attachments[0].name.as_str()), ("", "lamp.png"));
}

#[test]
fn what_is_no_message_is_a_dead_letter() {
    for raw in ["", "<message", "<message xmlns='jabber:client'/>", "&#0;"] {
        assert!(matches!(connector().parse(raw.as_bytes().to_vec(), "", NOW), Item::Unreadable(_)), "{raw}");
    }
}

#[test]
fn reactions_are_told_by_what_changed() {
    let mut cursor = Cursor::default();
    let set = |symbols: &[&str]| symbols.iter().map(|symbol| (*symbol).to_owned()).collect::<Vec<_>>();
    assert_eq!(cursor.react("ana", "m", set(&["a", "b"])), [("a".to_owned(), true), ("b".to_owned(), true)]);
    assert!(Cursor::from_bytes(&cursor.to_bytes()).react("ana", "m", set(&["a", "b"])).is_empty());
    assert_eq!(cursor.react("ana", "m", set(&[])), [("a".to_owned(), false), ("b".to_owned(), false)]);
    assert_eq!(Cursor::from_bytes(b"rubbish"), Cursor::default());
}

#[test]
fn settings_are_read_strictly_and_the_help_names_them_all() {
    let read = |more: &str| XmppSettings::read(&account(more)).map_err(|error| error.to_string());
    assert_eq!(read("password_env = \"X\"\nserver = \"[::1]:99\"").unwrap().server, Some(("::1".to_owned(), 99)));
    for (wrong, said) in [
        ("", "password_command"),
        ("password_env = \"X\"\nsecurity = \"none\"", "this machine"),
        ("password_env = \"X\"\nserver = \"shop.example\"\nsecurity = \"none\"", "this machine"),
        ("password_env = \"X\"\nhold = \"x\"", "hold"),
    ] {
        let error = read(wrong).unwrap_err();
        assert!(error.contains(said), "{error}");
    }
    let unknown = read("password = \"hunter2\"").unwrap_err();
    assert!(!unknown.contains("hunter2"), "{unknown}");
    let keys: Vec<&str> = unknown.split('`').skip(3).step_by(2).collect();
    assert!(keys.len() > 8, "{unknown}");
    for key in keys {
        assert!(super::KIND.help.contains(key), "{key} is not in the help");
    }
}
