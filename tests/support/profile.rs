//! A profile in a folder of its own, and the real program run on it.

use serde_json::Value;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// No verb of a test takes longer than this, on a slow machine under load.
const LIMIT: Duration = Duration::from_secs(60);

/// A profile. The folder around it is the program's home.
pub struct Profile {
    home: tempfile::TempDir,
    /// The profile folder.
    pub path: PathBuf,
}

/// What a run of the program came to.
#[derive(Debug)]
pub struct Done {
    /// The exit code; `None` when a signal ended it.
    pub code: Option<i32>,
    /// Standard output, byte for byte.
    pub bytes: Vec<u8>,
    /// Standard error.
    pub err: String,
}

impl Done {
    /// Standard output as text.
    pub fn out(&self) -> String {
        String::from_utf8(self.bytes.clone()).unwrap()
    }

    /// Standard output as JSON lines; anything else on it fails the test.
    pub fn rows(&self) -> Vec<Value> {
        let read = |line: &str| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        self.out().lines().map(read).collect()
    }
}

impl Profile {
    /// A profile with this `config.toml`.
    pub fn new(config: &str) -> Profile {
        let home = tempfile::Builder::new().prefix("sb").tempdir().unwrap();
        let path = home.path().join("profile");
        std::fs::create_dir(&path).unwrap();
        let profile = Profile { home, path };
        profile.configure(config);
        profile
    }

    /// A profile with the account `support`, with these `[imap]` and `[smtp]` tables, and no undo time.
    pub fn with_account(tables: &str) -> Profile {
        Profile::new(&account("0s", tables))
    }

    /// A profile with an account that reaches no server, for imports.
    pub fn offline() -> Profile {
        Profile::with_account("[smtp]\nhost = \"127.0.0.1\"\nport = 9\nsecurity = \"none\"\n")
    }

    /// Writes another `config.toml`.
    pub fn configure(&self, config: &str) {
        std::fs::write(self.path.join("config.toml"), format!("agent = \"lin\"\ntour = false\n{config}")).unwrap();
    }

    /// The folder around the profile, for files of the test.
    pub fn home(&self) -> &Path {
        self.home.path()
    }

    /// The program with these words, not started yet.
    pub fn command(&self, words: &[&str]) -> Command {
        self.command_at(&self.path, words)
    }

    /// As [`Profile::command`], on a profile elsewhere.
    pub fn command_at(&self, path: &Path, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_switchboard"));
        command.arg("--profile").arg(path).args(words).stdin(Stdio::null());
        command.env("HOME", self.home.path()).env("TZ", "UTC").current_dir(self.home.path());
        for name in ["SWITCHBOARD_PROFILE", "XDG_DATA_HOME", "XDG_DOWNLOAD_DIR"] {
            command.env_remove(name);
        }
        command
    }

    /// Runs a verb to its end, however it ends.
    pub fn run(&self, words: &[&str]) -> Done {
        finish(self.command(words))
    }

    /// Runs a verb that must succeed.
    pub fn ok(&self, words: &[&str]) -> Done {
        let done = self.run(words);
        assert_eq!(done.code, Some(0), "{words:?}: {}{}", String::from_utf8_lossy(&done.bytes), done.err);
        done
    }

    /// Runs a verb that must succeed with `--json`.
    pub fn json(&self, words: &[&str]) -> Vec<Value> {
        self.ok(&[words, &["--json"]].concat()).rows()
    }

    /// The one object a verb that must succeed prints with `--json`.
    pub fn one(&self, words: &[&str]) -> Value {
        let mut rows = self.json(words);
        assert_eq!(rows.len(), 1, "{words:?}: {rows:?}");
        rows.remove(0)
    }

    /// Runs a verb that must fail with exit code 1; gives its complaint, which must be one sentence.
    pub fn refused(&self, words: &[&str]) -> String {
        let done = self.run(words);
        assert_eq!(done.code, Some(1), "{words:?}: {done:?}");
        let complaint = done.err.lines().last().unwrap_or_default().to_owned();
        assert!(complaint.starts_with("switchboard: "), "{words:?}: {}", done.err);
        complaint
    }

    /// Imports these originals as a Maildir; gives what `import` printed.
    pub fn import(&self, originals: &[Vec<u8>]) -> Value {
        let folder = tempfile::tempdir_in(self.home.path()).unwrap();
        maildir(folder.path(), originals);
        self.one(&["import", "maildir", folder.path().to_str().unwrap(), "--account", "support"])
    }

    /// All of `export`, in its order.
    pub fn export(&self) -> Vec<Value> {
        self.ok(&["export"]).rows()
    }

    /// The row of an outgoing in `outbox`.
    pub fn outgoing(&self, remote_id: &str) -> Value {
        let rows = self.json(&["outbox"]);
        let found = rows.into_iter().find(|row| row["remote_id"] == remote_id);
        found.unwrap_or_else(|| panic!("{remote_id} is not in the outbox"))
    }

    /// `verify` must find nothing.
    pub fn assert_sound(&self) {
        let report = self.one(&["verify"]);
        assert_eq!((&report["ok"], &report["damage"], &report["differences"]), (&true.into(), &EMPTY, &EMPTY));
    }
}

const EMPTY: Value = Value::Array(Vec::new());

/// The text of an account `support` with these `[imap]` and `[smtp]` tables.
pub fn account(hold: &str, tables: &str) -> String {
    let tables = tables.replace("[imap]", "[account.imap]").replace("[smtp]", "[account.smtp]");
    format!(
        "[[account]]\nname = \"support\"\nconnector = \"email\"\naddress = \"support@shop.example\"\nhold = \"{hold}\"\n{tables}"
    )
}

/// Runs a command to its end. One that does not end fails the test.
pub fn finish(mut command: Command) -> Done {
    end_of(command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
}

/// Waits for the end of a child whose standard output and error are piped.
pub fn end_of(mut child: Child) -> Done {
    let mut out = child.stdout.take().unwrap();
    let mut err = child.stderr.take().unwrap();
    let (out, err) = std::thread::scope(|scope| {
        let out = scope.spawn(move || {
            let mut bytes = Vec::new();
            out.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        let err = scope.spawn(move || {
            let mut bytes = Vec::new();
            err.read_to_end(&mut bytes).map(|_| bytes).unwrap()
        });
        if !super::until(LIMIT, || child.try_wait().unwrap().is_some()) {
            let _ = child.kill();
        }
        (out.join().unwrap(), err.join().unwrap())
    });
    let code = child.wait().unwrap().code();
    Done { code, bytes: out, err: String::from_utf8(err).unwrap() }
}

/// Writes originals as a Maildir: `1.eml`, `2.eml` … in `cur`.
pub fn maildir(folder: &Path, originals: &[Vec<u8>]) {
    std::fs::create_dir_all(folder.join("cur")).unwrap();
    for (at, original) in originals.iter().enumerate() {
        std::fs::write(folder.join(format!("cur/{:04}.eml", at + 1)), original).unwrap();
    }
}

/// Writes originals (with LF line ends) as an mbox.
pub fn mbox(file: &Path, originals: &[Vec<u8>]) {
    let mut out = std::fs::File::create(file).unwrap();
    for original in originals {
        out.write_all(b"From sender@test.example Wed Jul  1 08:00:00 2026\n").unwrap();
        out.write_all(original).unwrap();
        out.write_all(b"\n").unwrap();
    }
}
