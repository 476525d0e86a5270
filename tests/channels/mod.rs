//! Every channel against its platform: the real server where it can run here, else a simulator written from the
//! platform's documentation. What all of them must bear is in `contract`.
// A platform that refuses answers, and an answer is large.
#![allow(clippy::unwrap_used, clippy::result_large_err)]

mod bluesky;
pub mod contract;
mod declared;
mod discord;
mod line;
pub mod mastodon;
pub mod matrix;
mod meta;
pub mod pushed;
mod qq;
mod reddit;
mod slack;
mod strict;
pub mod telegram;
mod twilio;
mod wechat;
mod wecom;
mod weibo;
mod whatsapp;
mod x;
mod xmpp;
mod youtube;
mod zendesk;

use std::collections::BTreeMap;
use std::path::Path;
use switchboard::connector::{self, AccountSettings, Connector, ConnectorError, PulledPage, Receipt};

/// How a row of `CONNECTORS` is held to the contract.
enum Held {
    /// By these rigs.
    Rigs(&'static [fn() -> Box<dyn contract::Rig>]),
    /// By these rigs, to what is pushed.
    Pushers(&'static [fn() -> Box<dyn pushed::Pusher>]),
    /// Otherwise, and where.
    Otherwise(&'static str),
}

/// One test for each row, and the table that says that none is missing.
macro_rules! held {
    (
        by_rigs { $($name:ident: [$($rig:expr),+];)+ }
        by_pushers { $($pushed:ident: [$($pusher:expr),+];)+ }
        otherwise { $($other:ident: $why:literal;)+ }
    ) => {
        $(
            #[tokio::test]
            async fn $name() {
                for make in [$($rig as fn() -> Box<dyn contract::Rig>),+] {
                    contract::run(make).await;
                }
            }
        )+
        $(
            #[tokio::test]
            async fn $pushed() {
                for make in [$($pusher as fn() -> Box<dyn pushed::Pusher>),+] {
                    pushed::run(make).await;
                }
            }
        )+
        const HELD: &[(&str, Held)] = &[
            $((stringify!($name), Held::Rigs(&[$($rig),+])),)+
            $((stringify!($pushed), Held::Pushers(&[$($pusher),+])),)+
            $((stringify!($other), Held::Otherwise($why)),)+
        ];
    };
}

mod the_contract_holds_for {
    use super::{
        Held, contract, discord, line, mastodon, meta, pushed, qq, reddit, slack, telegram, twilio, wechat, wecom,
        weibo, whatsapp, x, youtube, zendesk,
    };

    held! {
        by_rigs {
        discord: [|| Box::new(discord::Discord::start())];
        facebook: [|| Box::new(meta::Meta::facebook())];
        instagram: [|| Box::new(meta::Meta::comments()), || Box::new(meta::Meta::direct())];
        mastodon: [|| Box::new(mastodon::Mastodon::start())];
        messenger: [|| Box::new(meta::Meta::messenger())];
        reddit: [|| Box::new(reddit::Reddit::new())];
        slack: [|| Box::new(slack::Slack::start())];
        telegram: [|| Box::new(telegram::Telegram::start())];
        twilio: [|| Box::new(twilio::Twilio::new())];
        // What is written to the account is pushed; comments are pulled.
        wechat: [|| Box::new(wechat::Comments::start())];
        wecom: [|| Box::new(wecom::WeCom::start())];
        weibo: [|| Box::new(weibo::Weibo::new())];
        x: [|| Box::new(x::X::public()), || Box::new(x::X::direct())];
        youtube: [|| Box::new(youtube::YouTube::new())];
        zendesk: [|| Box::new(zendesk::Zendesk::new())];
        }
        // These platforms only push: there is nothing to page through.
        by_pushers {
        line: [|| Box::new(line::Line::start())];
        qq: [|| Box::new(qq::Qq::start())];
        whatsapp: [|| Box::new(whatsapp::WhatsApp::start())];
        }
        otherwise {
        bluesky: "the same contract against a real network, in bluesky/mod.rs: one server for all of it";
        demo: "a play without a platform: nothing can fail, and src/connector/demo/tests.rs holds it to its cursor";
        email: "IMAP and SMTP are no HTTP: tests/imap against Dovecot, tests/smtp against a server of faults";
        example: "the template for connectors in files; what it shows is what the other declared ones run on";
        matrix: "a real Synapse, in matrix/: gaps, kills, soft logout, too many calls";
        qzone: "QQ Zone has no API: the row imports a file, src/connector/declared/tests.rs";
        twilio_calls: "nothing is sent; the log is paged through by the rules of twilio, and in twilio/calls.rs";
        xmpp: "a real Prosody, in xmpp/: paging, kills, a forgotten place";
        }
    }

    #[test]
    fn every_row_of_connectors() {
        let mut rows: Vec<_> = switchboard::connector::CONNECTORS.iter().map(|kind| kind.name).collect();
        let mut held: Vec<_> = HELD.iter().map(|(name, _)| *name).collect();
        rows.sort_unstable();
        held.sort_unstable();
        assert_eq!(rows, held, "a connector has no rig, and no reason why");
        for (name, how) in HELD {
            match how {
                Held::Rigs(rigs) => {
                    for make in *rigs {
                        let profile = tempfile::tempdir().unwrap();
                        assert!(make().account(profile.path()).contains(&format!("connector = \"{name}\"")), "{name}");
                    }
                }
                Held::Pushers(pushers) => {
                    for make in *pushers {
                        let profile = tempfile::tempdir().unwrap();
                        assert!(make().account(profile.path()).contains(&format!("connector = \"{name}\"")), "{name}");
                    }
                }
                Held::Otherwise(why) => assert!(why.len() > 20, "{name}"),
            }
        }
    }
}

/// A file that only its owner reads.
pub fn secret_file(profile: &Path, name: &str, secret: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = profile.join(name);
    std::fs::write(&path, secret).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

/// The account `it` of a piece of `config.toml`, or what is wrong with it.
pub fn try_table(text: &str, profile: &Path) -> Result<Box<dyn Connector>, String> {
    let table: toml::Table = text.parse().unwrap_or_else(|error| panic!("{error}: {text}"));
    let table = table["account"][0].as_table().unwrap().clone();
    let connector = table["connector"].as_str().unwrap().to_owned();
    let settings =
        AccountSettings { name: "it".to_owned(), connector: connector.clone(), table, profile: profile.to_owned() };
    (connector::kind(&connector).unwrap().open)(&settings).map_err(|error| error.to_string())
}

/// As [`try_table`], for one that can be used.
pub fn open_table(text: &str, profile: &Path) -> Box<dyn Connector> {
    try_table(text, profile).unwrap_or_else(|error| panic!("{error}"))
}

/// The error of a pull.
pub fn only_error(pulled: Result<PulledPage, ConnectorError>) -> ConnectorError {
    pulled.map(|page| panic!("{page:?}")).unwrap_err()
}

/// The error of a send.
pub fn sink_error(delivered: Result<Receipt, ConnectorError>) -> ConnectorError {
    delivered.map(|receipt| panic!("{receipt:?}")).unwrap_err()
}

/// The fields of a form.
fn form(body: &str) -> BTreeMap<String, String> {
    let uri: axum::http::Uri = format!("http://x/?{body}").parse().unwrap();
    axum::extract::Query::try_from_uri(&uri).map(|query| query.0).unwrap_or_default()
}

/// JSON as an answer.
struct Json(serde_json::Value);

impl axum::response::IntoResponse for Json {
    fn into_response(self) -> axum::response::Response {
        ([("content-type", "application/json; charset=utf-8")], self.0.to_string()).into_response()
    }
}

/// Waits until it holds.
pub async fn until_known(holds: impl Fn() -> bool) {
    let end = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !holds() {
        assert!(std::time::Instant::now() < end, "it never came to hold");
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
}
