//! A real SMTP server (aiosmtpd in Python) that delivers into Dovecot.

use super::dovecot::{Dovecot, PASSWORD};
use super::{free_port, missing};
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// A running relay. Recipients are users at any domain: `ana@shop.example` is Dovecot's `ana`; `nobody@…` is refused.
pub struct Relay {
    child: Child,
    /// Where it listens.
    pub port: u16,
}

/// What the relay asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Nothing.
    Open,
    /// STARTTLS, then the password of `support`.
    Starttls,
}

impl Relay {
    /// Starts one in front of this Dovecot; `None`, after saying why, when there is no aiosmtpd.
    pub fn start(server: &Dovecot, protection: Protection) -> Option<Relay> {
        let python = python()?;
        let port = free_port();
        let secured = protection == Protection::Starttls;
        let settings = serde_json::json!({
            "port": port,
            "lmtp": server.lmtp,
            "largest": 1_000_000,
            "certificate": secured.then(|| server.certificate.display().to_string()),
            "key": secured.then(|| server.key.display().to_string()),
            "password": secured.then_some(PASSWORD),
        });
        let mut child = Command::new(python)
            .args(["-W", "ignore", "-c", include_str!("relay.py")])
            .arg(settings.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "up", "the relay did not come up");
        Some(Relay { child, port })
    }

    /// The `[smtp]` table of an account here.
    pub fn smtp(&self, server: &Dovecot, protection: Protection) -> String {
        match protection {
            Protection::Open => format!("[smtp]\nhost = \"127.0.0.1\"\nport = {}\nsecurity = \"none\"\n", self.port),
            Protection::Starttls => format!(
                "[smtp]\nhost = \"localhost\"\nport = {}\nsecurity = \"starttls\"\nca_file = \"{}\"\nuser = \"support\"\n{}\n",
                self.port,
                server.authority.display(),
                super::account::password(),
            ),
        }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A Python that has aiosmtpd: `SWITCHBOARD_TEST_PYTHON`, else the system's.
fn python() -> Option<String> {
    let python = std::env::var("SWITCHBOARD_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let has = Command::new(&python)
        .args(["-c", "import aiosmtpd"])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !has {
        missing(&format!(
            "{python} has no aiosmtpd (pip install aiosmtpd, and name that Python in SWITCHBOARD_TEST_PYTHON)"
        ));
        return None;
    }
    Some(python)
}
