//! The connectors of other places than mail: each against the real server where there is one.

mod matrix;
mod xmpp;
