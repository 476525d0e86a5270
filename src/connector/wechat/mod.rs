//! WeChat: people who write to an Official Account, and comments below its articles
//! (<https://developers.weixin.qq.com/doc/service/en/>).
//!
//! `account` holds it together, `api` makes the calls, `hook` takes what WeChat pushes, `envelope` and `xml` open it,
//! `message` understands it, `people` knows who wrote, `article` and `comment` read comments.
//!
//! ## What this is built on
//!
//! | fact | confirmed by (pages of developers.weixin.qq.com unless said) |
//! | --- | --- |
//! | 5 answers within 48 h of a message; 3 within a minute of a menu click, a follow or a code | `doc/service/en/guide/product/kf/intro.html`, `…/api/customer/message/api_sendcustommessage` |
//! | too long a text is 45002, `content size out of limit` | not in the reference; answers as people had them: `community/develop/doc/000ae00ca68c086ba4b0fb4996bc00` (2023) |
//! | a text has at most 2,048 bytes | nowhere said by WeChat; measured by others: `community/develop/doc/00084e2936c340b9015a753405b800` |
//! | 45015 late, 45047 too many (`out of response count limit`) | `community/develop/doc/0008ea43e34c90b42fec4388d5b000` (45015); both as people had them: csdn.net/luduntao/article/details/79976456 (2018, when 20 answers were allowed, not 5) |
//! | `unionid`: the same person has one for everything bound to one account of the Open Platform; only followers, only where the account is bound | `…/api/usermanage/userinfo` (`/cgi-bin/user/info`, `…/info/batchget`) |
//! | no names since 2021-12-27 | an answer of 2024: `community/develop/doc/0004cc0f3645e8040ad1f2a7f6b000` |
//! | `comment/list`: fields, `count` below 50, no openid for other identities than WeChat's | `doc/service/api/leaving/api_listcomment` |
//! | no order by time, and an answer changes it | `community/minihome/doc/0000e45a934ba0116d60f157161800` |
//! | `comment/reply/add`: fields; 88000, 88001, 88005, 88007, 88008, 88010 | `doc/service/en/api/leaving/api_replycomment`; codes by SDKs that copy the older page |
//! | no list of `msg_data_id`; `msgid` of `getarticletotaldetail` is it, with the number of the article from 1 | `community/develop/doc/000ee6ddde8ab0cab9c4ca12a66000`, `doc/subscription/api/wedata/news/api_getarticletotaldetail` |
//! | one day a call there, else "date range error" | `community/develop/doc/000c06949140c0546984fa31760000` |
//! | `freepublish/batchget`: fields, at most 20 | `doc/service/api/public/api_freepublish_batchget.html` |
//!
//! Not confirmed: that `mid` and `idx` in the address given by `freepublish/batchget` are those that comments want (they are
//! in the address that readers see: segmentfault.com/q/1010000012287406); an article for which they are not is passed over,
//! and comes a day later by the other list. How long an answer to a comment may be, how many calls a day `comment/list`
//! takes.

mod account;
mod api;
mod article;
mod comment;
pub(super) mod envelope;
mod hook;
mod message;
mod people;
mod xml;

pub(super) use xml::Xml;

use super::platform::Account;
use super::{AccountSettings, Connector, ConnectorKind, SettingsError};

/// The row in `CONNECTORS`.
pub const KIND: ConnectorKind = ConnectorKind {
    name: "wechat",
    doc: "a WeChat Official Account: what people write to it and below its articles",
    help: include_str!("help.txt"),
    open,
};

fn open(settings: &AccountSettings) -> Result<Box<dyn Connector>, SettingsError> {
    Ok(Account::boxed(account::WeChat::open(settings)?))
}
