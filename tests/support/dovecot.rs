//! A real Dovecot of one's own: private folder, free ports, its own certificate. Ends with the test.

use super::{free_port, missing, tls, until};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// The password of every user.
pub const PASSWORD: &str = "sesame \"open\" \\ ö";
/// How long it may take to begin and to end.
const LIMIT: Duration = Duration::from_secs(20);

/// A running Dovecot with the users `support`, `ana` and `bo`.
pub struct Dovecot {
    folder: tempfile::TempDir,
    child: Option<Child>,
    /// Plain and STARTTLS.
    pub imap: u16,
    /// TLS.
    pub imaps: u16,
    /// For deliveries.
    pub lmtp: u16,
    /// The authority to trust.
    pub authority: PathBuf,
    /// The server's certificate and key, for other servers.
    pub certificate: PathBuf,
    pub key: PathBuf,
}

impl Dovecot {
    /// Starts one; `None`, after saying why, when this machine has no Dovecot.
    pub fn start() -> Option<Dovecot> {
        Dovecot::start_with("")
    }

    /// Starts one with more lines of configuration.
    pub fn start_with(more: &str) -> Option<Dovecot> {
        if Command::new("dovecot").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            missing("dovecot is not installed (Debian: dovecot-imapd dovecot-lmtpd)");
            return None;
        }
        if !rustix::process::geteuid().is_root() {
            missing("dovecot is only started by root");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("sb").tempdir().unwrap();
        let path = folder.path();
        // Dovecot's processes run as other users and must get through.
        chmod(path, 0o755);
        let certificates = tls::make(path)?;
        let mut server = Dovecot {
            child: None,
            imap: free_port(),
            imaps: free_port(),
            lmtp: free_port(),
            authority: certificates.authority,
            certificate: certificates.certificate,
            key: certificates.key,
            folder,
        };
        std::fs::create_dir(server.folder.path().join("mail")).unwrap();
        chmod(&server.folder.path().join("mail"), 0o777);
        let users: String = ["support", "ana", "bo"].map(|user| format!("{user}:{{PLAIN}}{PASSWORD}\n")).concat();
        std::fs::write(server.folder.path().join("users"), users).unwrap();
        std::fs::write(server.config(), server.configuration(more)).unwrap();
        server.run();
        Some(server)
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("dovecot.conf")
    }

    fn configuration(&self, more: &str) -> String {
        let (folder, imap, imaps, lmtp) = (self.folder.path().display(), self.imap, self.imaps, self.lmtp);
        format!(
            r#"base_dir = {folder}/run
log_path = {folder}/log
protocols = imap lmtp
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
mail_location = maildir:{folder}/mail/%n
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
first_valid_gid = 1
mail_max_userip_connections = 100
mailbox_list_index = no
passdb {{
  driver = passwd-file
  args = username_format=%n {folder}/users
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={folder}/mail/%n
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox Sent {{
    auto = subscribe
    special_use = \Sent
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {lmtp}
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@localhost
}}
{more}
"#
        )
    }

    /// Starts it again after [`Dovecot::stop`].
    pub fn run(&mut self) {
        let child = Command::new("dovecot")
            .args(["-F", "-c"])
            .arg(self.config())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .unwrap();
        self.child = Some(child);
        let ports = [self.imap, self.imaps, self.lmtp];
        let up = until(LIMIT, || ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_ok()));
        assert!(up, "dovecot did not come up:\n{}", self.log());
    }

    /// Ends it and all its connections, at once: a polite end takes it some seconds.
    pub fn stop(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let group = i32::try_from(child.id()).ok().and_then(rustix::process::Pid::from_raw).unwrap();
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        let _ = child.wait();
        let ports = [self.imap, self.imaps, self.lmtp];
        let down = until(LIMIT, || ports.iter().all(|port| TcpStream::connect(("127.0.0.1", *port)).is_err()));
        assert!(down, "dovecot does not end");
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// Where a user's mail is.
    pub fn maildir(&self, user: &str) -> PathBuf {
        self.folder.path().join("mail").join(user)
    }

    /// Runs `doveadm` and gives what it printed.
    pub fn doveadm(&self, arguments: &[&str], input: &[u8]) -> String {
        let mut child = Command::new("doveadm")
            .arg("-c")
            .arg(self.config())
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input).unwrap();
        let done = child.wait_with_output().unwrap();
        assert!(done.status.success(), "doveadm {arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// Delivers a message by LMTP, as a mail server would.
    pub fn deliver(&self, user: &str, raw: &[u8]) {
        self.deliver_all(user, &[raw.to_vec()]);
    }

    /// Delivers messages, in this order.
    pub fn deliver_all(&self, user: &str, messages: &[Vec<u8>]) {
        let stream = TcpStream::connect(("127.0.0.1", self.lmtp)).unwrap();
        stream.set_read_timeout(Some(LIMIT)).unwrap();
        let mut lmtp = BufReader::new(stream);
        expect(&mut lmtp, "220");
        say(&mut lmtp, b"LHLO test\r\n", "250");
        for raw in messages {
            say(&mut lmtp, b"MAIL FROM:<sender@test.example>\r\n", "250");
            say(&mut lmtp, format!("RCPT TO:<{user}>\r\n").as_bytes(), "250");
            say(&mut lmtp, b"DATA\r\n", "354");
            let mut content = Vec::new();
            for line in raw.split_inclusive(|byte| *byte == b'\n') {
                if line.starts_with(b".") {
                    content.push(b'.');
                }
                content.extend_from_slice(line);
            }
            content.extend_from_slice(if raw.ends_with(b"\n") { b".\r\n" } else { b"\r\n.\r\n" });
            say(&mut lmtp, &content, "250");
        }
    }

    /// Puts a message into a folder, as another mail program would.
    pub fn append(&self, user: &str, folder: &str, raw: &[u8]) {
        self.doveadm(&["save", "-u", user, "-m", folder], raw);
    }

    /// UIDs of a folder, and the flags of each message: `3 \Seen`.
    pub fn flags(&self, user: &str, folder: &str) -> Vec<String> {
        self.fetch(user, folder, "uid flags", &["ALL"])
    }

    /// How many messages of a folder match a search (`doveadm search` words).
    pub fn count(&self, user: &str, folder: &str, query: &[&str]) -> usize {
        self.fetch(user, folder, "uid", query).len()
    }

    fn fetch(&self, user: &str, folder: &str, fields: &str, query: &[&str]) -> Vec<String> {
        let arguments = [&["-f", "flow", "fetch", "-u", user, fields, "mailbox", folder], query].concat();
        self.doveadm(&arguments, b"").lines().map(str::to_owned).filter(|line| !line.is_empty()).collect()
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("dovecot's log:\n{}", self.log());
        }
    }
}

fn chmod(path: &std::path::Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn say(lmtp: &mut BufReader<TcpStream>, line: &[u8], code: &str) {
    lmtp.get_mut().write_all(line).unwrap();
    expect(lmtp, code);
}

fn expect(lmtp: &mut impl BufRead, code: &str) {
    loop {
        let mut line = String::new();
        lmtp.read_line(&mut line).unwrap();
        assert!(line.starts_with(code), "LMTP: wanted {code}, got {line}");
        if line.as_bytes().get(3) != Some(&b'-') {
            return;
        }
    }
}
