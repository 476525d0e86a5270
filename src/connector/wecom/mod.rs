//! WeCom customer service, 微信客服 (<https://developer.work.weixin.qq.com/document/path/94638>): people of WeChat who write
//! to a company's service accounts.
//!
//! `account` holds it together, `api` makes the calls, `message` understands what is pulled, `hook` takes the nudge that
//! says there is something to pull.
//!
//! ## What this is built on
//!
//! | fact | confirmed by (pages of developer.work.weixin.qq.com unless said) |
//! | --- | --- |
//! | 5 answers within 48 h of a message, 2,048 bytes a text, `msgid` of at most 32 of `[0-9a-zA-Z_-]` | `document/path/94677` (a copy: kancloud.cn/dabashan/qiwei/2376075) |
//! | `kf/customer/batchget`: at most 100, only who wrote or came within 48 h, else in `invalid_external_userid` | `document/path/95159`, `96429` (2025-11-18) |
//! | `unionid` comes from there when an Official Account or a mini program of the same legal entity is bound under the service's development settings, one at most, and that is itself bound to the WeChat Open Platform | `document/path/95159` with its note on binding |
//! | it is the `unionid` of that account, and so of everything bound to the same account of the Open Platform; a provider of third-party applications gets none, or that of its own | the same |
//! | 95018: the conversation is not with the API | developers.weixin.qq.com/community (`oCJUsw…`), whyiyhw/chatgpt-wechat issue 128 |
//! | 95000, 95004, 95011, 95012, 95017 | the SDK silenceper/wechat, `work/kf/error.go` |
//! | 95001 `send msg count limit`: five answers are out, until they write again | in no page found; in WeCom's answers as logged by langbot-app and others, and in the list of wechaty's puppet |
//!
//! Not confirmed: what a late answer is refused with (95018 by some programs, 95001 by others), the meaning of each `fail_type`, whether a repeated `msgid` is sent
//! twice, for how long messages are kept.

mod account;
mod api;
mod hook;
mod message;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "wecom",
    doc: "WeCom customer service: people of WeChat who write to a company",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::WeCom::open(settings)?))
}
