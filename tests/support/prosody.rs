//! A real Prosody of one's own: private folder, free ports, its own certificate. Ends with the test.

use super::{free_port, missing, tls, until};
use base64::Engine;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The password of every user.
pub const PASSWORD: &str = "sesame \"open\" ö";
const LIMIT: Duration = Duration::from_secs(30);

/// A running Prosody for `localhost` with the users `support`, `ana` and `bo`.
pub struct Prosody {
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// Plain, with STARTTLS.
    pub port: u16,
    /// TLS.
    pub tls: u16,
    /// The authority to trust.
    pub authority: PathBuf,
}

impl Prosody {
    /// Starts one; `None`, after saying why, when this machine has no Prosody.
    pub fn start() -> Option<Prosody> {
        if Command::new("prosodyctl").arg("about").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            missing("prosody is not installed (Debian: prosody)");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("sb").tempdir().unwrap();
        let authority = tls::make(folder.path())?.authority;
        let (port, tls) = (free_port(), free_port());
        let path = folder.path().display();
        std::fs::create_dir(folder.path().join("data")).unwrap();
        let config = format!(
            r#"run_as_root = true
pidfile = "{path}/pid"
data_path = "{path}/data"
interfaces = {{ "127.0.0.1" }}
c2s_ports = {{ {port} }}
c2s_direct_tls_ports = {{ {tls} }}
s2s_ports = {{ }}
http_ports = {{ }}
https_ports = {{ }}
modules_enabled = {{ "roster"; "saslauth"; "tls"; "disco"; "carbons"; "ping"; "offline"; "mam"; "posix"; "smacks" }}
modules_disabled = {{ "s2s" }}
allow_unencrypted_plain_auth = true
c2s_require_encryption = false
authentication = "internal_hashed"
storage = "internal"
default_archive_policy = true
archive_expires_after = "never"
log = {{ info = "{path}/log" }}
ssl = {{ key = "{path}/key.pem"; certificate = "{path}/cert.pem" }}
VirtualHost "localhost"
"#
        );
        std::fs::write(folder.path().join("prosody.cfg.lua"), config).unwrap();
        let mut server = Prosody { folder, child: None, port, tls, authority };
        for user in ["support", "ana", "bo"] {
            let arguments = ["register", user, "localhost", PASSWORD];
            let done = Command::new("prosodyctl")
                .arg("--root")
                .arg("--config")
                .arg(server.config())
                .args(arguments)
                .output()
                .unwrap();
            assert!(done.status.success(), "prosodyctl: {}", String::from_utf8_lossy(&done.stdout));
        }
        server.run();
        Some(server)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("prosody.cfg.lua")
    }

    /// Starts it again after [`Prosody::stop`].
    pub fn run(&mut self) {
        let mut command = Command::new("prosody");
        command.arg("--root").arg("--config").arg(self.config()).arg("-F");
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        self.child = Some(child);
        let ports = [self.port, self.tls];
        let up = until(LIMIT, || ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()));
        assert!(up, "prosody did not come up:\n{}", self.log());
    }

    /// Ends it and all its connections.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let process = rustix::process::Pid::from_raw(child.id() as i32).unwrap();
        rustix::process::kill_process(process, rustix::process::Signal::TERM).unwrap();
        if !until(Duration::from_secs(10), || child.try_wait().unwrap().is_some()) {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Forgets all that was archived for a user.
    pub fn forget_archive(&self, user: &str) {
        let data = self.folder.path().join("data/localhost");
        for folder in std::fs::read_dir(data).unwrap().flatten().map(|entry| entry.path()) {
            for ending in ["list", "lidx", "xlst"] {
                let file = folder.join(format!("{user}.{ending}"));
                if folder.to_string_lossy().contains("archive") && file.exists() {
                    std::fs::remove_file(file).unwrap();
                }
            }
        }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Somebody's client.
    pub fn client(&self, user: &str) -> Client {
        Client::sign_in(self.port, user)
    }
}

impl Drop for Prosody {
    fn drop(&mut self) {
        self.stop();
    }
}

/// A client that says just what it is told to.
pub struct Client {
    stream: TcpStream,
    seen: String,
    number: u32,
}

impl Client {
    fn sign_in(port: u16, user: &str) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(200))).unwrap();
        let mut client = Client { stream, seen: String::new(), number: 0 };
        let open = "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
        client.says(open);
        client.waits_for("</stream:features>");
        let plain = base64::engine::general_purpose::STANDARD.encode(format!("\0{user}\0{PASSWORD}"));
        client.says(&format!("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>{plain}</auth>"));
        client.waits_for("<success");
        client.says(open);
        client.waits_for("</stream:features>");
        client.says("<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
        client.waits_for("</iq>");
        client.says("<presence/>");
        client.settles();
        client
    }

    /// Sends this.
    pub fn says(&mut self, stanza: &str) {
        self.seen.clear();
        self.stream.write_all(stanza.as_bytes()).unwrap();
    }

    /// Reads until this came; gives all that came since the last [`Client::says`].
    pub fn waits_for(&mut self, text: &str) -> String {
        let end = Instant::now() + LIMIT;
        let mut buffer = [0; 8192];
        while !self.seen.contains(text) {
            assert!(Instant::now() < end, "{text} does not come: {}", self.seen);
            match self.stream.read(&mut buffer) {
                Ok(0) => panic!("the server hangs up: {}", self.seen),
                Ok(count) => self.seen.push_str(&String::from_utf8_lossy(&buffer[..count])),
                Err(_) => {}
            }
        }
        self.seen.clone()
    }

    /// Waits until the server has taken all that was said.
    pub fn settles(&mut self) {
        self.number += 1;
        let id = format!("settled{}", self.number);
        self.stream
            .write_all(format!("<iq type='get' id='{id}'><ping xmlns='urn:xmpp:ping'/></iq>").as_bytes())
            .unwrap();
        self.waits_for(&id);
    }

    /// Writes to `support`.
    pub fn writes(&mut self, id: &str, text: &str) {
        let hint = "<store xmlns='urn:xmpp:hints'/>";
        self.says(&format!(
            "<message to='support@localhost' type='chat' id='{id}'><body>{text}</body>{hint}</message>"
        ));
    }

    /// Says something about a message, to `support`.
    pub fn tells(&mut self, payload: &str) {
        let hint = "<store xmlns='urn:xmpp:hints'/>";
        self.says(&format!(
            "<message to='support@localhost' type='chat' id='t{}'>{payload}{hint}</message>",
            fastrand::u32(..)
        ));
    }
}
