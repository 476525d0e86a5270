//! A real Synapse, shared by all tests of a run: it takes seconds to start and 120 MB. The first test that needs it
//! starts it; it ends by itself when no test has used it for a while. Every test makes users of its own.

use super::{free_port, missing, until};
use serde_json::{Value, json};
use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// How long it may take to begin, on a machine that does other things too.
const LIMIT: Duration = Duration::from_secs(120);
/// Seconds without use after which it ends.
const IDLE: &str = "90";
const V3: &str = "/_matrix/client/v3";
/// The password of every user.
pub const PASSWORD: &str = "sesame \"open\" ö";

/// A running Synapse.
pub struct Synapse {
    /// Where clients go.
    pub port: u16,
    /// Set for one that is not shared.
    own: Option<(tempfile::TempDir, Child)>,
}

/// Somebody at it.
#[derive(Clone, Debug)]
pub struct User {
    pub id: String,
    pub token: String,
    pub port: u16,
}

fn python() -> Option<PathBuf> {
    let python = PathBuf::from(std::env::var_os("SWITCHBOARD_TEST_PYTHON").unwrap_or_else(|| "python3".into()));
    let there = Command::new(&python).args(["-c", "import synapse"]).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    missing("Synapse (PyPI: matrix-synapse) is not installed for SWITCHBOARD_TEST_PYTHON");
    None
}

fn start(python: &Path, folder: &Path, port: u16, idle: &str, more: &[&str]) -> Child {
    touch(folder);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/synapse.py");
    let mut command = Command::new(python);
    command.arg(script).arg(folder).arg(port.to_string()).arg(idle).args(more);
    // It outlives this test, and must hold nothing of it.
    let (out, err) = (Stdio::null(), Stdio::null());
    let child = command.stdin(Stdio::null()).stdout(out).stderr(err).process_group(0).spawn().unwrap();
    let log = || std::fs::read_to_string(folder.join("out")).unwrap_or_default();
    assert!(until(LIMIT, || answers(port)), "Synapse did not come up:\n{}", log());
    child
}

fn touch(folder: &Path) {
    let _ = std::fs::write(folder.join("used"), "");
}

fn answers(port: u16) -> bool {
    ask(port, "GET", "/_matrix/client/versions", None, None).is_some_and(|(status, _)| status == 200)
}

impl Synapse {
    /// The one all tests share; `None`, after saying why, when this machine has none.
    pub fn shared() -> Option<Synapse> {
        let python = python()?;
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("synapse");
        std::fs::create_dir_all(&folder).unwrap();
        let lock = File::create(folder.join("lock")).unwrap();
        lock.lock().unwrap();
        let place = folder.join("port");
        let known = std::fs::read_to_string(&place).ok().and_then(|text| text.trim().parse().ok());
        let (port, home) = match known.filter(|port| answers(*port)) {
            Some(port) => (port, folder.join(port.to_string())),
            None => {
                let port = free_port();
                // What an earlier one left behind is of no use.
                for old in std::fs::read_dir(&folder).unwrap().flatten().filter(|old| old.path().is_dir()) {
                    let _ = std::fs::remove_dir_all(old.path());
                }
                let home = folder.join(port.to_string());
                std::fs::create_dir_all(&home).unwrap();
                let mut child = start(&python, &home, port, IDLE, &[]);
                // It outlives this process, as a rule; where it does not, it is not left a zombie.
                std::thread::spawn(move || child.wait());
                std::fs::write(&place, port.to_string()).unwrap();
                (port, home)
            }
        };
        touch(&home);
        drop(lock);
        // As long as this test lives, it is in use.
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(Duration::from_secs(15));
                touch(&home);
            }
        });
        Some(Synapse { port, own: None })
    }

    /// One of the test's own, that may be stopped.
    pub fn own() -> Option<Synapse> {
        Synapse::strict(&[])
    }

    /// One of the test's own, where access tokens live only so long, and a user may write only so often.
    pub fn strict(more: &[&str]) -> Option<Synapse> {
        let python = python()?;
        let folder = tempfile::Builder::new().prefix("sb").tempdir().unwrap();
        let port = free_port();
        let child = start(&python, folder.path(), port, "600", more);
        Some(Synapse { port, own: Some((folder, child)) })
    }

    /// Ends one of the test's own.
    pub fn stop(&mut self) {
        let (folder, child) = self.own.as_mut().unwrap();
        std::fs::remove_file(folder.path().join("used")).unwrap();
        child.wait().unwrap();
        assert!(until(LIMIT, || TcpStream::connect(("127.0.0.1", self.port)).is_err()), "Synapse does not end");
    }

    /// Starts it again, with what it has.
    pub fn run(&mut self) {
        let (folder, child) = self.own.as_mut().unwrap();
        *child = start(&python().unwrap(), folder.path(), self.port, "600", &[]);
    }

    /// A new user whose id begins with this name.
    pub fn user(&self, name: &str) -> User {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::SeqCst);
        let since = std::time::UNIX_EPOCH.elapsed().unwrap().as_millis();
        let name = format!("{name}-{since}-{}-{number}", std::process::id());
        let body = json!({ "username": name, "password": PASSWORD, "auth": { "type": "m.login.dummy" } });
        let (status, answer) = ask(self.port, "POST", &format!("{V3}/register"), None, Some(&body)).unwrap();
        assert_eq!(status, 200, "{answer}");
        let text = |key: &str| answer[key].as_str().unwrap().to_owned();
        User { id: text("user_id"), token: text("access_token"), port: self.port }
    }
}

impl Drop for Synapse {
    fn drop(&mut self) {
        if let Some((folder, child)) = &mut self.own {
            let _ = std::fs::remove_file(folder.path().join("used"));
            let _ = child.wait();
        }
    }
}

impl User {
    /// A call that must succeed.
    pub fn ok(&self, method: &str, path: &str, body: Value) -> Value {
        let (status, answer) = self.call(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    /// Any call under `/v3`; a null body is none.
    pub fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
        let body = Some(&body).filter(|body| !body.is_null());
        ask(self.port, method, &format!("{V3}{path}"), Some(&self.token), body).expect("Synapse does not answer")
    }

    /// A new room with these in it as guests.
    pub fn room(&self, name: &str, guests: &[&str]) -> String {
        let body = json!({ "preset": "private_chat", "name": name, "invite": guests, "is_direct": guests.len() == 1 });
        self.ok("POST", "/createRoom", body)["room_id"].as_str().unwrap().to_owned()
    }

    /// Goes into a room.
    pub fn join(&self, room: &str) {
        self.ok("POST", &format!("/join/{}", encode(room)), json!({}));
    }

    /// Sends an event; gives its id.
    pub fn send(&self, room: &str, kind: &str, content: Value) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let transaction = format!("t{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::SeqCst));
        let path = format!("/rooms/{}/send/{kind}/{transaction}", encode(room));
        self.ok("PUT", &path, content)["event_id"].as_str().unwrap().to_owned()
    }

    /// Says something.
    pub fn says(&self, room: &str, text: &str) -> String {
        self.send(room, "m.room.message", json!({ "msgtype": "m.text", "body": text }))
    }

    /// Takes an event away.
    pub fn redact(&self, room: &str, event: &str) -> String {
        let path = format!("/rooms/{}/redact/{}/r{}", encode(room), encode(event), encode(event));
        self.ok("PUT", &path, json!({}))["event_id"].as_str().unwrap().to_owned()
    }

    /// The newest messages of a room, newest first.
    pub fn reads(&self, room: &str) -> Vec<Value> {
        let path = format!("/rooms/{}/messages?dir=b&limit=100", encode(room));
        self.ok("GET", &path, Value::Null)["chunk"].as_array().unwrap().clone()
    }
}

/// With `%XX` for all that has a meaning in a path.
pub fn encode(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// One call; `None` when nobody answers.
fn ask(port: u16, method: &str, path: &str, token: Option<&str>, body: Option<&Value>) -> Option<(u16, Value)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(LIMIT)).ok()?;
    let body = body.map(Value::to_string).unwrap_or_default();
    let token = token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: localhost\r\n{token}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let text = String::from_utf8_lossy(&answer);
    let (head, body) = text.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, serde_json::from_str(body).unwrap_or(Value::Null)))
}
