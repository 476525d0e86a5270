//! Mail from files: Maildir and mbox.
