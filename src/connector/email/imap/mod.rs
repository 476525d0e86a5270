//! Mail in over IMAP (RFC 3501), with IDLE (RFC 2177) and CONDSTORE (RFC 7162) where offered.

mod commands;
mod cursor;
mod fetch;
mod folders;
mod line_guard;
mod mutf7;
mod page;
mod sent;
mod session;
mod source;

pub(super) use folders::{list, names, sent_folder};
pub(super) use line_guard::LineGuard;
pub(super) use sent::SentFolder;
pub(super) use session::Session;
pub(super) use source::ImapSource;
