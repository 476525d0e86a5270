//! The connector files that are part of the program.

use crate::connector::ConnectorKind;

/// A shipped file: its name and its text.
pub struct Shipped {
    /// The word in `config.toml`.
    pub name: &'static str,
    /// The file.
    pub text: &'static str,
}

/// All of them.
pub const SHIPPED: &[Shipped] = &[
    Shipped { name: "example", text: include_str!("platforms/example.toml") },
    Shipped { name: "facebook", text: include_str!("platforms/facebook.toml") },
    Shipped { name: "instagram", text: include_str!("platforms/instagram.toml") },
    Shipped { name: "line", text: include_str!("platforms/line.toml") },
    Shipped { name: "messenger", text: include_str!("platforms/messenger.toml") },
    Shipped { name: "qq", text: include_str!("platforms/qq.toml") },
    Shipped { name: "qzone", text: include_str!("platforms/qzone.toml") },
    Shipped { name: "reddit", text: include_str!("platforms/reddit.toml") },
    Shipped { name: "twilio", text: include_str!("platforms/twilio.toml") },
    Shipped { name: "twilio_calls", text: include_str!("platforms/twilio_calls.toml") },
    Shipped { name: "weibo", text: include_str!("platforms/weibo.toml") },
    Shipped { name: "whatsapp", text: include_str!("platforms/whatsapp.toml") },
    Shipped { name: "youtube", text: include_str!("platforms/youtube.toml") },
    Shipped { name: "zendesk", text: include_str!("platforms/zendesk.toml") },
];

const fn row(name: &'static str, doc: &'static str) -> ConnectorKind {
    // Its help is made of its file.
    ConnectorKind { name, doc, help: "", open: super::open }
}

/// Reddit, for `CONNECTORS`.
pub const REDDIT: ConnectorKind = row("reddit", "replies, mentions and private messages on Reddit");
/// Weibo, for `CONNECTORS`.
pub const WEIBO: ConnectorKind = row("weibo", "comments and mentions on Weibo");
/// The template, for `CONNECTORS`.
pub const EXAMPLE: ConnectorKind = row("example", "a template for connectors of your own, with every key explained");
/// LINE, for `CONNECTORS`.
pub const LINE: ConnectorKind = row("line", "messages to a LINE official account");
/// QQ, for `CONNECTORS`.
pub const QQ: ConnectorKind = row("qq", "messages to a QQ bot, from people and from groups that call it");
/// Twilio, for `CONNECTORS`.
pub const TWILIO: ConnectorKind = row("twilio", "text messages (SMS) of a Twilio number");
/// Calls of a Twilio number, for `CONNECTORS`.
pub const TWILIO_CALLS: ConnectorKind =
    row("twilio_calls", "phone calls to and from a Twilio number: who, when, how long, what became of it");
/// Zendesk, for `CONNECTORS`.
pub const ZENDESK: ConnectorKind = row("zendesk", "public comments of Zendesk tickets");
/// QQ Zone, for `CONNECTORS`.
pub const QZONE: ConnectorKind = row("qzone", "comments exported from QQ Zone, which can no longer be read");
/// WhatsApp, for `CONNECTORS`.
pub const WHATSAPP: ConnectorKind = row("whatsapp", "messages to a WhatsApp business number (Cloud API)");
/// YouTube, for `CONNECTORS`.
pub const YOUTUBE: ConnectorKind = row("youtube", "comments below the videos of a YouTube channel");
/// Comments of a Facebook Page, for `CONNECTORS`.
pub const FACEBOOK: ConnectorKind = row("facebook", "comments below the posts of a Facebook Page");
/// Messenger, for `CONNECTORS`.
pub const MESSENGER: ConnectorKind = row("messenger", "messages to a Facebook Page (Messenger)");
/// Instagram, for `CONNECTORS`.
pub const INSTAGRAM: ConnectorKind = row("instagram", "comments and direct messages on Instagram");
