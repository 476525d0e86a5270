//! One bot.

use super::api::Api;
use super::file::files;
use super::hook::TelegramHook;
use super::update::{KINDS, items};
use crate::connector::http::Http;
use crate::connector::platform::{Basics, Held, Kind, Platform, Secrets, cursor, json, no_file, now};
use crate::connector::{AccountSettings, ConnectorError, Hook, Item, PulledPage, Receipt, SettingsError};
use crate::model::{Abilities, Count, Length, Outgoing, Timestamp, Way};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const KIND: Kind = Kind {
    channel: "telegram",
    base_url: Some("https://api.telegram.org"),
    needs: &["token"],
    may_have: &["webhook_secret"],
    poll: Duration::from_secs(2),
    shortest_poll: Duration::from_secs(1),
};
/// Updates a page; the API gives at most 100.
const PAGE: usize = 100;
/// The longest text, in UTF-16 units.
const LONGEST: usize = 4_096;
/// The largest file a bot may fetch, in bytes.
const MOST_FILE: usize = 20 << 20;
/// How long Telegram holds a question open until something comes, in seconds.
const LONG_POLL: u64 = 50;
/// After a week without updates Telegram numbers them anew, from anywhere: then the number we have says nothing.
const NUMBERED_ANEW: i64 = 6 * 24 * 3_600_000;
const LIMIT: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Receive {
    #[default]
    Poll,
    Webhook,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Own {
    #[serde(default)]
    receive: Receive,
}

/// How far the bot has come. The offset is also what tells Telegram to forget all before it: only one that is committed
/// is ever sent.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Cursor {
    /// The next update.
    offset: Option<i64>,
    /// When the last one came.
    #[serde(default)]
    at: i64,
}

/// A bot.
pub(super) struct Telegram {
    basics: Basics,
    secrets: Secrets,
    api: Api,
    hook: Option<Arc<TelegramHook>>,
}

impl Telegram {
    /// From its settings. Reaches for nothing.
    pub fn open(account: &AccountSettings) -> Result<Telegram, SettingsError> {
        let (basics, secrets, own) = Basics::read::<Own>(account, &KIND)?;
        let wrong = |problem: String| SettingsError { account: account.name.clone(), problem };
        let http = Http::new(&basics.base_url, basics.chosen, None).map_err(|why| wrong(format!("base_url: {why}")))?;
        let token = secrets.get("token").ok_or_else(|| wrong("has no token".to_owned()))?;
        let hook = match (own.receive, secrets.get("webhook_secret")) {
            (Receive::Webhook, Some(secret)) => Some(Arc::new(TelegramHook { secret })),
            (Receive::Webhook, None) => {
                return Err(wrong("receive = \"webhook\" needs webhook_secret_file, _command or _env".to_owned()));
            }
            (Receive::Poll, Some(_)) => {
                return Err(wrong(
                    "webhook_secret is for receive = \"webhook\"; write that too, or leave it out".to_owned(),
                ));
            }
            (Receive::Poll, None) => None,
        };
        Ok(Telegram { basics, secrets, api: Api { http, token }, hook })
    }

    /// What to ask for: from the committed offset on.
    fn question(&self, cursor: &[u8], limit: usize, timeout: u64) -> Value {
        let cursor: Cursor = cursor::read(cursor);
        let mut question = json!({ "limit": limit, "timeout": timeout, "allowed_updates": KINDS });
        if let Some(offset) = cursor.offset.filter(|_| now().0 - cursor.at < NUMBERED_ANEW) {
            question["offset"] = offset.into();
        }
        question
    }
}

impl Platform for Telegram {
    fn basics(&self) -> &Basics {
        &self.basics
    }

    fn abilities(&self) -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            public: vec![Way::Public],
            lengths: vec![Length { most: LONGEST, count: Count::Utf16 }],
            ..Abilities::default()
        }
    }

    fn secrets(&self) -> Vec<(&'static str, &Held)> {
        self.secrets.all().collect()
    }

    fn pulls(&self) -> bool {
        self.hook.is_none()
    }

    async fn pull(&self, at: &[u8]) -> Result<PulledPage, ConnectorError> {
        let question = self.question(at, PAGE, 0);
        let confirmed = question.get("offset").and_then(Value::as_i64);
        let found = self.api.read("getUpdates", question, LIMIT).await?;
        let updates = json::must_list(&found, "")?;
        let mut page = PulledPage { more: updates.len() >= PAGE, ..PulledPage::default() };
        let mut last = None;
        for update in updates {
            let number = json::number(update, "/update_id").ok_or_else(|| ConnectorError::Retry {
                reason: "Telegram gives an update without its number".to_owned(),
            })?;
            if confirmed.is_some_and(|offset| number < offset) {
                let reason = "Telegram gives the same updates again and again".to_owned();
                return Err(ConnectorError::Retry { reason });
            }
            last = last.max(Some(number));
            page.items.extend(items(update, now()));
        }
        if let Some(last) = last {
            page.cursor = cursor::write(&Cursor { offset: Some(last + 1), at: now().0 });
        }
        Ok(page)
    }

    async fn wait(&self, at: &[u8], limit: Duration) -> Result<(), ConnectorError> {
        let seconds = limit.as_secs().min(LONG_POLL);
        let patience = Duration::from_secs(seconds + 15);
        match self.api.read("getUpdates", self.question(at, 1, seconds), patience).await {
            // A pull that somebody asked for meanwhile ends the wait that way; if it is another program, the next says so.
            Err(ConnectorError::Reconnect { .. }) => {
                tokio::time::sleep(self.basics.poll).await;
                Ok(())
            }
            Err(error) => Err(error),
            Ok(_) => Ok(()),
        }
    }

    fn understand(&self, raw: &[u8], received: Timestamp) -> Option<Item> {
        let update: Value = serde_json::from_slice(raw).unwrap_or_default();
        items(&update, received).into_iter().next()
    }

    fn render(&self, outgoing: &Outgoing) -> Result<Vec<u8>, ConnectorError> {
        let number = |key: &str| outgoing.context.get(key).and_then(|text| text.parse::<i64>().ok());
        let chat = number("chat").ok_or_else(|| ConnectorError::Reject {
            reason: "a bot cannot write first; answer a message of theirs".to_owned(),
        })?;
        let mut body = json!({ "chat_id": chat, "text": outgoing.text });
        if let Some(message) = number("message") {
            // A message that is gone by now must not keep the answer from leaving.
            body["reply_parameters"] = json!({ "message_id": message, "allow_sending_without_reply": true });
        }
        if let Some(topic) = number("topic") {
            body["message_thread_id"] = topic.into();
        }
        if let Some(business) = outgoing.context.get("business") {
            body["business_connection_id"] = business.as_str().into();
        }
        Ok(json::bytes(&body))
    }

    async fn offer(&self, _outgoing: &Outgoing) -> Result<(), ConnectorError> {
        self.api.token.get().await.map(|_| ())
    }

    async fn deliver(&self, outgoing: &Outgoing, original: &[u8]) -> Result<Receipt, ConnectorError> {
        let mut sent = self.api.send("sendMessage", original.to_vec()).await;
        if let Err(refused) = &sent
            && let Some(chat) = refused.migrated_to
            && let Ok(mut body) = serde_json::from_slice::<Value>(original)
        {
            // The group has another id by now, in which the old message numbers say nothing. It was not sent.
            body["chat_id"] = chat.into();
            if let Some(body) = body.as_object_mut() {
                body.remove("reply_parameters");
            }
            sent = self.api.send("sendMessage", json::bytes(&body)).await;
        }
        let message = sent.map_err(|refused| refused.error)?;
        let (chat, number) =
            json::id(&message, "/chat/id").zip(json::id(&message, "/message_id")).ok_or_else(|| {
                ConnectorError::Unknown { reason: "Telegram answers without saying which message it made".to_owned() }
            })?;
        let business = outgoing.context.get("business").map_or("", String::as_str);
        let remote_id = super::message::remote_id(business, &chat, &number);
        Ok(Receipt { said: format!("message {number}"), to_file: false, remote_id: Some(remote_id) })
    }

    async fn fetch(&self, raw: &[u8], part: u32) -> Result<Vec<u8>, ConnectorError> {
        let update: Value = serde_json::from_slice(raw).map_err(|_| no_file())?;
        let message = update.get("message").or_else(|| update.get("business_message")).ok_or_else(no_file)?;
        let file = files(message).into_iter().find(|file| file.listed.part == part).ok_or_else(no_file)?;
        if file.listed.size > MOST_FILE as u64 {
            let reason = "Telegram gives bots files of at most 20 MB; look at it in a Telegram app".to_owned();
            return Err(ConnectorError::Reject { reason });
        }
        let found = self.api.read("getFile", json!({ "file_id": file.id }), LIMIT).await?;
        self.api.download(json::text(&found, "/file_path"), MOST_FILE).await
    }

    fn hook(self: &Arc<Self>) -> Option<Arc<dyn Hook>> {
        self.hook.clone().map(|hook| hook as Arc<dyn Hook>)
    }

    async fn greet(&self) -> Result<String, ConnectorError> {
        let me = self.api.read("getMe", json!({}), LIMIT).await?;
        let (name, user) = (json::text(&me, "/first_name"), json::text(&me, "/username"));
        Ok(crate::model::clean_line(&format!("{name}, @{user}")))
    }
}
