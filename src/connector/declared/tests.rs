#![allow(clippy::unwrap_used)]
use super::*;

#[test]
fn every_shipped_file_is_right_and_has_its_row() {
    for shipped in SHIPPED {
        let file = ConnectorFile::read(&format!("{}.toml", shipped.name), shipped.text)
            .unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(file.name(), shipped.name);
        let kind =
            crate::connector::kind(shipped.name).unwrap_or_else(|| panic!("{} is not in CONNECTORS", shipped.name));
        assert_eq!(kind.doc, file.doc(), "{}", shipped.name);
        assert!(file.help().contains("[[account]]"));
    }
}

/// The mistakes in a file, as `line:column: what`.
fn mistakes(text: &str) -> Vec<String> {
    match ConnectorFile::read("x.toml", text) {
        Ok(_) => Vec::new(),
        Err(error) => error.to_string().lines().map(|line| line.trim_start_matches("x.toml:").to_owned()).collect(),
    }
}

const GOOD: &str = r#"[connector]
name = "desk"
doc = "a desk"
kind = "im"
base_url = "https://api.desk.example"

[secrets.token]
doc = "the token"

[auth]
type = "bearer"

[[stream]]
name = "messages"
path = "/messages"
query = { since = "{since}" }
items = "/messages"
order = "desc"
resume = { from = "/id" }
[stream.map]
id = "/id"
time = "/at"
author_id = "/from"
text = "/text"
context = { ticket = "/ticket" }

[[reply]]
path = "/tickets/{msg.ticket}"
json = { body = "{text}" }
"#;

#[test]
fn all_that_is_wrong_is_said_at_once_with_its_place() {
    assert_eq!(mistakes(GOOD), Vec::<String>::new());
    let bad = GOOD
        .replace("doc = \"a desk\"", "doc = \"a desk\"\ndocs = \"x\"")
        .replace("{since}", "{sinse}")
        .replace("order = \"desc\"", "order = \"newest\"")
        .replace("{msg.ticket}", "{msg.tickt}");
    let said = mistakes(&bad);
    assert_eq!(said.len(), 4, "{said:#?}");
    assert!(said[0].starts_with("4:1: unknown key \"connector.docs\""), "{}", said[0]);
    assert!(said[1].starts_with("17:19: stream.query.since: {sinse} cannot stand here"), "{}", said[1]);
    assert!(said[2].starts_with("19:1: stream.order: \"newest\" is none of asc, desc"), "{}", said[2]);
    assert!(said[3].starts_with("29:1: reply.path: {msg.tickt}") && said[3].contains("{msg.ticket}"), "{}", said[3]);
    assert!(mistakes("[connector\n")[0].starts_with("1:11: "), "{:?}", mistakes("[connector\n"));
}

#[test]
fn the_proof_of_a_call_is_made_of_secrets_that_the_account_names() {
    let proof = |over: &str, secret: &str| {
        let auth = format!(
            "[secrets.app]\ndoc = \"x\"\noptional = true\n\n[auth]\ntype = \"bearer\"\n\n[auth.proof]\nquery = \"proof\"\n{over}\n{secret}\n"
        );
        mistakes(&GOOD.replace("[auth]\ntype = \"bearer\"\n", &auth))
    };
    assert_eq!(proof("over = \"{secret.token}\"", "secret = \"{secret.app}\""), Vec::<String>::new());
    let said = proof("over = \"{secret.token}\"", "secret = \"0a1b2c\"");
    assert!(said.len() == 1 && said[0].contains("does not belong into a connector file"), "{said:?}");
    let said = proof("over = \"{secret.tokn}\"", "secrets = \"{secret.app}\"");
    assert!(said.iter().any(|line| line.contains("{secret.tokn}")), "{said:?}");
    assert!(said.iter().any(|line| line.contains("auth.proof.secret is missing")), "{said:?}");
}

#[test]
fn committing_newest_first_by_page_is_refused() {
    let said = mistakes(&GOOD.replace("{ from = \"/id\" }", "{ from = \"/id\", commit = \"page\" }"));
    assert!(said.len() == 1 && said[0].contains("newest first"), "{said:?}");
    let said = mistakes(&GOOD.replace("order = \"desc\"", "each = \"nothing\""));
    assert!(said.iter().any(|line| line.contains("no stream before this one")), "{said:?}");
}

#[test]
fn a_secret_in_a_file_is_refused_wherever_it_stands() {
    let token = "ghp_16C7e42F292c6912E7710c838347Ae178B4a";
    for (from, to) in [
        ("type = \"bearer\"", format!("type = \"bearer\"\nvalue = \"Bearer {token}\"")),
        ("type = \"bearer\"", "type = \"header\"\nname = \"x-key\"\nvalue = \"hunter2\"".to_owned()),
        ("type = \"bearer\"", "type = \"basic\"\nuser = \"{account.address}\"\npassword = \"hunter2\"".to_owned()),
        ("path = \"/messages\"", format!("path = \"/messages\"\nheaders = {{ x-key = \"{token}\" }}")),
        ("since = \"{since}\"", format!("since = \"{{since}}\", key = \"{token}\"")),
        ("since = \"{since}\"", "since = \"{since}\", api_key = \"hunter2\"".to_owned()),
        ("since = \"{since}\"", "since = \"{since}\", key = \"hunter2\"".to_owned()),
        ("since = \"{since}\"", "since = \"{since}\", pin-token = 40721".to_owned()),
        ("api.desk.example", "api.desk.example/v2?api_key=hunter2".to_owned()),
        ("api.desk.example", "api.desk.example/?x=1#hunter2".to_owned()),
        ("api.desk.example", "me:hunter2@api.desk.example".to_owned()),
        ("api.desk.example", "api.desk.example:hunter2".to_owned()),
        ("path = \"/messages\"", "path = \"/messages?access_token=hunter2&all=1\"".to_owned()),
        ("path = \"/messages\"", format!("path = \"/messages?x={token}\"")),
        // A placeholder beside it makes it no better.
        ("type = \"bearer\"", "type = \"header\"\nname = \"x-key\"\nvalue = \"hunter2{secret.token}\"".to_owned()),
        ("since = \"{since}\"", "since = \"{since}\", api_key = \"hunter2{cursor}\"".to_owned()),
        ("since = \"{since}\"", "since = \"{since}\", api_key = \"{cursor}hunter2\"".to_owned()),
        ("path = \"/messages\"", "path = \"/messages?api_key=hunter2{since}\"".to_owned()),
        ("path = \"/messages\"", "path = \"/messages\"\nheaders = { Cookie = \"{since}; id=hunter2\" }".to_owned()),
        ("body = \"{text}\"", "body = \"{text}\", auth = { password = \"Bearer hunter2{msg.id}\" }".to_owned()),
        ("path = \"/messages\"", "path = \"/messages\"\nheaders = { X-Api-Key = \"hunter2\" }".to_owned()),
        ("path = \"/messages\"", "path = \"/messages\"\nheaders = { Cookie = \"hunter2\" }".to_owned()),
        ("body = \"{text}\"", "body = \"{text}\", auth = { password = \"hunter2\" }".to_owned()),
        (
            "type = \"bearer\"",
            "type = \"bearer\"\n[auth.refresh]\nurl = \"https://a.example/token\"\n\
             form = { client_id = \"desk\", client_secret = \"hunter2\" }"
                .to_owned(),
        ),
        (
            "type = \"bearer\"",
            "type = \"bearer\"\n[auth.refresh]\nurl = \"https://a.example/token?client_secret=hunter2\"".to_owned(),
        ),
        (
            "[auth]",
            "[settings.app_key]\ndoc = \"x\"\n[settings.app_token]\ndoc = \"x\"\ndefault = \"hunter2\"\n[auth]"
                .to_owned(),
        ),
        ("doc = \"the token\"", "doc = \"the token\"\n[secrets]\nother = \"hunter2\"".to_owned()),
    ] {
        let said = mistakes(&GOOD.replace(from, &to));
        assert!(!said.is_empty(), "{to}");
        assert!(!said.iter().any(|line| line.contains(token) || line.contains("hunter2")), "{said:?}");
    }
    let said = mistakes(&GOOD.replace("since = \"{since}\"", "since = \"{since}\", api_key = \"hunter2\""));
    assert!(said.len() == 1 && said[0].starts_with("16:40: stream.query.api_key: a secret"), "{said:?}");
    assert!(said[0].contains("[auth]") && said[0].contains("type = \"query\""), "it says what to write: {said:?}");
    // What is no secret is let through, whatever it is called.
    for (from, to) in [
        ("since = \"{since}\"", "since = \"{since}\", page_token = \"{cursor}\", keys = \"id,at\", with_token = true"),
        (
            "body = \"{text}\"",
            "body = \"{text}\", fields = [{ key = \"status\", value = \"open\" }], quote_token = \"{msg.ticket}\"",
        ),
        ("path = \"/messages\"", "path = \"/messages?token={account.address}&all=1\""),
        ("path = \"/messages\"", "path = \"/messages\"\nheaders = { Authorization = \"Token token={since}\" }"),
        ("path = \"/messages\"", "path = \"/messages\"\nheaders = { Cookie = \"id={since}; page={since}\" }"),
        ("type = \"bearer\"", "type = \"header\"\nname = \"x-auth\"\nvalue = \"DeskBot {secret.token}\""),
    ] {
        assert_eq!(mistakes(&GOOD.replace(from, to)), Vec::<String>::new(), "{to}");
    }
    let said = mistakes(&GOOD.replace("body = \"{text}\"", "body = \"{text}\", key = \"{secret.token}\""));
    assert!(said[0].contains("{secret.token} cannot stand here"), "{said:?}");
}

#[test]
fn a_base_url_is_public_and_https() {
    for base in
        ["http://api.desk.example", "https://127.0.0.1", "https://10.0.0.1", "https://u:p@api.desk.example", "ftp://x"]
    {
        let said = mistakes(&GOOD.replace("https://api.desk.example", base));
        assert!(said.len() == 1 && said[0].starts_with("5:1: connector.base_url"), "{base}: {said:?}");
    }
}

#[test]
fn the_language_text_names_every_key_of_the_template() {
    let template = SHIPPED.iter().find(|shipped| shipped.name == "example").unwrap().text;
    for line in template.lines().filter(|line| !line.trim_start().starts_with(['#', '['])) {
        if let Some((key, _)) = line.split_once(" = ") {
            assert!(LANGUAGE.contains(key.trim()), "{key} is not in language.txt");
        }
    }
}

mod never_panics {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<u64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            ".*".prop_map(Value::from),
        ];
        let key = prop_oneof![Just("id"), Just("created_at"), Just("author"), Just("body"), Just("files"), Just("x")];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                    .prop_map(|fields| Value::Object(fields.into_iter().collect())),
            ]
        })
    }

    fn account() -> Box<dyn crate::connector::Connector> {
        let text = "name = \"x\"\nconnector = \"example\"\naddress = \"1\"\ndesk = \"1\"\ntoken_env = \"NONE\"\n";
        let shipped = SHIPPED.iter().find(|shipped| shipped.name == "example").unwrap();
        let settings = AccountSettings {
            name: "x".to_owned(),
            connector: "example".to_owned(),
            table: text.parse().unwrap(),
            profile: PathBuf::from("/nowhere"),
        };
        ConnectorFile::read("example.toml", shipped.text).unwrap().open(&settings).unwrap()
    }

    proptest! {
        #[test]
        fn any_text_as_a_file(text in ".{0,400}") {
            let _ = ConnectorFile::read("x.toml", &text);
        }

        #[test]
        fn any_value_for_any_key(line in 0usize..29, value in r#"("[^"\n]{0,40}"|[0-9]{1,20}|true|\[.{0,10}\]|\{.{0,20}\})"#) {
            let mut lines: Vec<String> = GOOD.lines().map(str::to_owned).collect();
            if let Some(line) = lines.get_mut(line)
                && let Some((key, _)) = line.clone().split_once(" = ")
            {
                *line = format!("{key} = {value}");
            }
            let _ = ConnectorFile::read("x.toml", &lines.join("\n"));
        }

        #[test]
        fn any_json_as_an_item(item in any_json(), parent in any_json()) {
            let connector = account();
            for take in ["messages", "pushed", "import", "nothing"] {
                let raw = json!({ "take": take, "item": item, "parent": parent }).to_string().into_bytes();
                let _ = connector.parse(raw, "", crate::model::Timestamp(0));
            }
            let hook = connector.hook().unwrap();
            let _ = hook.understand(json!({ "events": item }).to_string().as_bytes(), crate::model::Timestamp(0));
        }
    }
}
