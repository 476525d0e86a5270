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
    Shipped { name: "reddit", text: include_str!("platforms/reddit.toml") },
    Shipped { name: "weibo", text: include_str!("platforms/weibo.toml") },
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
