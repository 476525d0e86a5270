//! Mail out over SMTP (RFC 5321, submission RFC 6409).

mod connection;
mod content;
mod repair;
mod sink;

pub(super) use connection::Connection;
pub(super) use repair::Repair;
pub(super) use sink::SmtpSink;
