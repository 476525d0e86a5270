//! A real terminal: a shell in a private tmux, ended with the test.

use super::{missing, until};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

/// What the shell asks with.
pub const PROMPT: &str = "ready>";
/// How long a screen may take to show what it should, on a loaded machine.
pub const LIMIT: Duration = Duration::from_secs(20);

/// A terminal with a shell in it.
pub struct Tmux {
    folder: tempfile::TempDir,
}

impl Tmux {
    /// Starts one of this size; `None`, after saying why, when there is no tmux.
    pub fn start(columns: u16, rows: u16) -> Option<Tmux> {
        if Command::new("tmux").arg("-V").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            missing("tmux is not installed");
            return None;
        }
        let tmux = Tmux { folder: tempfile::Builder::new().prefix("sb").tempdir().unwrap() };
        let (columns, rows) = (columns.to_string(), rows.to_string());
        let shell = format!("exec env PS1='{PROMPT} ' ENV= sh -i");
        tmux.run(&["new-session", "-d", "-x", &columns, "-y", &rows, &shell]);
        // A lone Escape is not waited for: Alt and a key stay together all the same.
        tmux.run(&["set-option", "-s", "escape-time", "0"]);
        tmux.wait_for(PROMPT);
        Some(tmux)
    }

    /// Runs a tmux command; gives what it printed.
    pub fn run(&self, words: &[&str]) -> String {
        let done = Command::new("tmux")
            .args(["-L", "proof", "-f", "/dev/null", "-u"])
            .args(words)
            .env("TMUX_TMPDIR", self.folder.path())
            .env_remove("TMUX")
            .env("LC_ALL", "C.UTF-8")
            .env("TERM", "xterm-256color")
            .output()
            .unwrap();
        assert!(done.status.success(), "tmux {words:?}: {}", String::from_utf8_lossy(&done.stderr));
        String::from_utf8(done.stdout).unwrap()
    }

    /// What stands on the terminal.
    pub fn screen(&self) -> String {
        self.run(&["capture-pane", "-p"])
    }

    /// Presses keys, by tmux's names: `r`, `Enter`, `M-Enter`.
    pub fn keys(&self, keys: &[&str]) {
        self.run(&[&["send-keys"], keys].concat());
    }

    /// Types a text.
    pub fn text(&self, text: &str) {
        self.run(&["send-keys", "-l", text]);
    }

    /// Waits until this text stands on the terminal.
    pub fn wait_for(&self, text: &str) {
        let there = until(LIMIT, || self.screen().contains(text));
        assert!(there, "{text:?} does not appear:\n{}", self.screen());
    }

    /// Waits until all of these stand on one line.
    pub fn wait_for_line(&self, words: &[&str]) {
        let has = |screen: &str| screen.lines().any(|line| words.iter().all(|word| line.contains(word)));
        assert!(until(LIMIT, || has(&self.screen())), "{words:?} do not appear on a line:\n{}", self.screen());
    }

    /// Waits until this text stands there no more.
    pub fn wait_without(&self, text: &str) {
        let gone = until(LIMIT, || !self.screen().contains(text));
        assert!(gone, "{text:?} does not go away:\n{}", self.screen());
    }

    /// Starts the screen on a profile. When it has ended, the shell prints `ended CODE`.
    pub fn open(&self, home: &Path, profile: &Path) {
        self.open_with(Path::new(env!("CARGO_BIN_EXE_switchboard")), home, profile);
    }

    /// As [`Tmux::open`], with this copy of the program.
    pub fn open_with(&self, program: &Path, home: &Path, profile: &Path) {
        let (program, home, profile) = (program.display(), home.display(), profile.display());
        // The file names the process, so that a test can end exactly this one.
        let script = format!(
            "HOME={home} TZ=UTC sh -c 'echo $$ >{home}/pid; exec {program} --profile {profile}'; printf '\\nended %s\\n' $?\n"
        );
        std::fs::write(format!("{home}/open"), script).unwrap();
        self.text(&format!(". {home}/open"));
        self.keys(&["Enter"]);
    }

    /// Waits until the screen has ended with this exit code and the terminal is the shell's again.
    pub fn wait_for_end(&self, code: i32) {
        self.wait_for(&format!("ended {code}"));
        let flags = self.run(&["display-message", "-p", "#{alternate_on} #{cursor_flag} #{bracket_paste_flag}"]);
        let mut flags = flags.split_whitespace();
        assert_eq!((flags.next(), flags.next()), (Some("0"), Some("1")), "the main screen, with its cursor");
        // The shell reads lines again and shows what is typed.
        self.text("echo still $((40 + 2))");
        self.keys(&["Enter"]);
        self.wait_for("still 42");
        assert!(self.screen().contains("echo still $((40 + 2))"), "typing is shown:\n{}", self.screen());
    }
}

impl Drop for Tmux {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let screen = Command::new("tmux")
                .args(["-L", "proof", "capture-pane", "-p"])
                .env("TMUX_TMPDIR", self.folder.path())
                .output();
            eprintln!("the terminal:\n{}", String::from_utf8_lossy(&screen.map(|s| s.stdout).unwrap_or_default()));
        }
        // The server of this socket is this test's own.
        let _ = Command::new("tmux")
            .args(["-L", "proof", "kill-server"])
            .env("TMUX_TMPDIR", self.folder.path())
            .stderr(Stdio::null())
            .status();
    }
}
