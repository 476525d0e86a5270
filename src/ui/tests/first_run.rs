//! The screen before there is an account: keys in, frames and wishes out.

use crate::keymap::Key;
use crate::model::Half;
use crate::theme::{ColorDepth, Theme};
use crate::ui::first_run::{
    Effect, FirstRun, ImportEnd, ImportJob, ImportProgress, Leaving, MailAccount, Msg, SecretPlace,
};
use crate::ui::view_first_run;
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

struct Doorway {
    screen: FirstRun,
    size: (u16, u16),
    /// What was wanted since this was last asked.
    wanted: Vec<Effect>,
}

impl Doorway {
    fn new() -> Doorway {
        Doorway::of(80, 24, false)
    }

    fn of(width: u16, height: u16, has_mail: bool) -> Doorway {
        Doorway { screen: FirstRun::new("/home/lin/profile", has_mail), size: (width, height), wanted: vec![] }
    }

    fn tell(&mut self, msg: Msg) {
        let effects = self.screen.update(msg);
        self.wanted.extend(effects);
    }

    fn keys(&mut self, keys: &str) -> &mut Doorway {
        for key in keys.split(' ').map(|key| key.parse::<Key>().unwrap()) {
            self.tell(Msg::Key(KeyEvent::new(key.code, key.modifiers)));
        }
        self
    }

    fn text(&mut self, text: &str) -> &mut Doorway {
        for letter in text.chars() {
            self.tell(Msg::Key(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)));
        }
        self
    }

    fn take(&mut self) -> Vec<Effect> {
        std::mem::take(&mut self.wanted)
    }

    fn frame(&self) -> String {
        let mut terminal = Terminal::new(TestBackend::new(self.size.0, self.size.1)).unwrap();
        let theme = Theme::load("dark", &[], ColorDepth::True).0;
        terminal.draw(|frame| view_first_run(&self.screen, &theme, frame)).unwrap();
        let buffer = terminal.backend().buffer().clone();
        let row = |y| (0..self.size.0).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        (0..self.size.1).map(|y| row(y).trim_end().to_owned() + "\n").collect()
    }

    #[track_caller]
    fn shows(&self, text: &str) -> &Doorway {
        assert!(self.frame().contains(text), "{text:?} is not shown:\n{}", self.frame());
        self
    }

    #[track_caller]
    fn hides(&self, text: &str) {
        assert!(!self.frame().contains(text), "{text:?} is shown:\n{}", self.frame());
    }

    /// The form of an account, filled in by its address and a command.
    fn with_address(address: &str) -> Doorway {
        let mut doorway = Doorway::new();
        doorway.keys("2").text(address);
        for _ in 0..11 {
            doorway.keys("Down");
        }
        doorway.text("pass show mail").keys("Enter");
        doorway
    }

    /// The trial that was begun.
    #[track_caller]
    fn tried(&mut self) -> (u64, MailAccount) {
        match self.take().as_slice() {
            [Effect::Try(number, account)] => (*number, (**account).clone()),
            other => panic!("{other:?}\n{}", self.frame()),
        }
    }
}

#[test]
fn three_doors_by_number_or_arrows_and_a_way_out() {
    let mut doorway = Doorway::new();
    doorway.shows("▸ 1   Try the demo").shows("2   Add a mail account").shows("3   Import a Maildir or mbox");
    doorway.shows("/home/lin/profile").hides("inbox as it is");
    assert_eq!(doorway.keys("1").take(), [Effect::Leave(Leaving::Demo)]);
    assert_eq!(doorway.keys("Down").shows("▸ 2 ").take_nothing(), []);
    doorway.keys("Enter").shows("Your address").hides("Try the demo");
    doorway.keys("Esc").shows("Try the demo");
    doorway.keys("3").shows("Folder or file");
    assert_eq!(doorway.keys("Esc Up Up q").take(), [Effect::Leave(Leaving::Quit)]);
    assert_eq!(doorway.keys("Esc").take(), [Effect::Leave(Leaving::Quit)]);
    assert_eq!(doorway.keys("2 C-c").take(), [Effect::Leave(Leaving::Quit)], "out of anywhere");
    let mut with_mail = Doorway::of(80, 24, true);
    assert_eq!(with_mail.shows("4   Open the inbox as it is").take_nothing(), []);
    assert_eq!(with_mail.keys("4").take(), [Effect::Leave(Leaving::Open)]);
}

impl Doorway {
    fn take_nothing(&self) -> Vec<Effect> {
        self.wanted.clone()
    }
}

#[test]
fn what_can_be_guessed_from_an_address_is_there_and_can_be_changed() {
    let mut doorway = Doorway::with_address("Support@shop.example");
    doorway.shows("imap.shop.example").shows("smtp.shop.example").shows("993").shows("587").shows("[starttls]");
    let (_, account) = doorway.keys("Enter").tried();
    assert_eq!((account.name.as_str(), account.user.as_str()), ("support", "Support@shop.example"));
    assert_eq!(account.secret, SecretPlace::Command("pass show mail".into()));
    let smtp = account.smtp.unwrap();
    assert_eq!((smtp.host.as_str(), smtp.port, smtp.security), ("smtp.shop.example", 587, "starttls"));

    // What the agent has changed is kept when the address changes; the port follows the security.
    let mut doorway = Doorway::new();
    doorway.keys("2").text("a@one.example").keys("Down Down Down C-u").text("mail.other.example");
    doorway.keys("Down Down Right Up Up Up Up Up C-u").text("b@two.example");
    doorway.shows("mail.other.example").shows("smtp.two.example").shows("143").shows("[starttls]").hides("one.example");

    // A large provider is known.
    let doorway = Doorway::with_address("ana@gmail.com");
    doorway.shows("imap.gmail.com").shows("app password");
}

#[test]
fn what_is_missing_is_said_where_it_is_missing() {
    let mut doorway = Doorway::new();
    doorway.keys("2 PageDown Enter").shows("! an address looks like").shows("▸ Your address");
    assert_eq!(doorway.take(), []);
    doorway.text("a@shop.example").keys("PageDown Enter").shows("! say where the password is").shows("▸ Command");
    doorway.keys("Up Right").shows("[file]").shows("  File ");
    doorway.keys("Down").text("~/secret").keys("Up Up Up Up C-u").text("x").keys("PageDown Enter");
    doorway.shows("! a port is a number").shows("▸ SMTP port");
    // Without a server it only reads.
    doorway.keys("Up C-u PageDown Enter");
    let (_, account) = doorway.tried();
    assert_eq!((account.smtp, account.secret), (None, SecretPlace::File("~/secret".into())));
}

#[test]
fn a_trial_is_watched_and_what_works_is_written_down() {
    let mut doorway = Doorway::with_address("support@shop.example");
    let (number, account) = doorway.keys("Enter").tried();
    doorway.shows("trying …").shows("imap.shop.example:993, tls");
    let step = |half, what: &str, said: Result<&str, &str>| {
        Msg::Checked(number, half, what.into(), said.map(Into::into).map_err(Into::into))
    };
    doorway.tell(step(Half::Receiving, "reach imap.shop.example:993", Ok("connected")));
    doorway.shows("✓ reach imap.shop.example:993");
    doorway.tell(step(Half::Sending, "log in as support", Ok("accepted\u{1b}[2J")));
    doorway.hides("\u{1b}");
    doorway.tell(Msg::Tried(number, Ok(())));
    assert_eq!(doorway.take(), [Effect::Keep(Box::new(account))]);
    doorway.tell(Msg::Kept(Ok(())));
    doorway.shows("all is well, and written down").shows("▸ o   Open the inbox");
    assert_eq!(doorway.keys("Enter").take(), [Effect::Leave(Leaving::Open)]);
}

#[test]
fn what_is_wrong_is_told_and_the_agent_decides() {
    let mut doorway = Doorway::with_address("support@shop.example");
    let (number, account) = doorway.keys("Enter").tried();
    let why = "the server refuses the password of \"support\"; is it the right one, and does the provider want an app \
               password?";
    doorway.tell(Msg::Checked(number, Half::Receiving, "log in as support".into(), Err(why.into())));
    doorway.tell(Msg::Tried(number, Ok(())));
    doorway.shows("something is wrong").shows("✗ log in as support").shows("is it the right one");
    assert_eq!(doorway.take(), [], "nothing is kept by itself");
    // Again, with another number: what the first still says is old.
    let (again, _) = doorway.keys("r").tried();
    assert_ne!(again, number);
    doorway.tell(Msg::Checked(number, Half::Receiving, "an old step".into(), Ok("x".into())));
    doorway.hides("an old step");
    // Stopped: back in the form with all that was typed.
    assert_eq!(doorway.keys("Esc").take(), [Effect::StopTrying]);
    doorway.shows("support@shop.example").shows("! Stopped. Nothing was written down.");
    doorway.tell(Msg::Tried(again, Ok(())));
    assert_eq!(doorway.take(), [], "its end is nobody's any more");
    // Kept as it is.
    let (third, _) = doorway.keys("PageDown Enter").tried();
    doorway.tell(Msg::Checked(third, Half::Sending, "reach it".into(), Err("no".into())));
    doorway.tell(Msg::Tried(third, Ok(())));
    assert_eq!(doorway.keys("Down Down Enter").take(), [Effect::Keep(Box::new(account))]);
    doorway.tell(Msg::Kept(Err("cannot write config.toml".into())));
    doorway.shows("! cannot write config.toml");
    doorway.keys("k").take();
    doorway.tell(Msg::Kept(Ok(())));
    assert_eq!(doorway.take(), [Effect::Leave(Leaving::Open)]);
    // Leaving in the middle gives the trial up.
    let mut doorway = Doorway::with_address("support@shop.example");
    doorway.keys("Enter").tried();
    assert_eq!(doorway.keys("C-c").take(), [Effect::StopTrying, Effect::Leave(Leaving::Quit)]);
}

#[test]
fn settings_that_cannot_be_tried_are_said_in_the_form() {
    let mut doorway = Doorway::with_address("support@shop.example");
    let (number, _) = doorway.keys("Enter").tried();
    doorway.tell(Msg::Tried(number, Err("security = \"none\" would send the password unprotected".into())));
    doorway.shows("! security = \"none\"").shows("[ Try it, then keep it ]");
}

#[test]
fn an_import_is_watched_stopped_and_gone_on_with() {
    let mut doorway = Doorway::new();
    doorway.keys("3").text("~/Ma").keys("Tab");
    assert_eq!(doorway.take(), [Effect::Complete("~/Ma".into())]);
    doorway.tell(Msg::Completed("~/Ma".into(), "~/Mail".into(), vec!["Mail/".into(), "Maildir/".into()]));
    doorway.shows("~/Mail").shows("Mail/  Maildir/");
    doorway.tell(Msg::Completed("~/Ma".into(), "~/Other".into(), vec![]));
    doorway.hides("Other");
    doorway.text("dir").keys("Tab");
    doorway.tell(Msg::Completed("~/Maildir".into(), "~/Maildir".into(), vec!["Maildir/".into()]));
    doorway.shows("▸ Your address");
    doorway.keys("Down Enter").shows("! an address looks like");
    doorway.take();
    let job = ImportJob { path: "~/Maildir".into(), address: "me@shop.example".into() };
    assert_eq!(doorway.text("me@shop.example").keys("Enter Enter").take(), [Effect::Import(job.clone())]);
    doorway.tell(Msg::Importing(ImportProgress { read: 1500, new: 1400, done: 420 }));
    doorway.shows("42 %").shows("1500 read, 1400 new");
    assert_eq!(doorway.keys("Esc Esc").take(), [Effect::StopImport], "once");
    doorway.shows("Stopping");
    let end = ImportEnd { read: 2000, new: 1900, duplicate: 99, dead: 1, failed: 0, stopped: true };
    doorway.tell(Msg::Imported(Ok(end)));
    doorway.shows("Stopped: 2000 read, 1900 new").shows("1 not understood").shows("What is in stays");
    assert_eq!(doorway.keys("i").take(), [Effect::Import(job)]);
    doorway.tell(Msg::Imported(Ok(ImportEnd { stopped: false, ..end })));
    doorway.shows("Done: 2000 read");
    assert_eq!(doorway.keys("Enter").take(), [Effect::Leave(Leaving::Open)]);
}

#[test]
fn an_import_that_cannot_begin_says_why_and_keeps_what_was_typed() {
    let mut doorway = Doorway::new();
    doorway.keys("3").text("/tmp/x").keys("Down").text("a@b").keys("Enter Enter");
    doorway.tell(Msg::Imported(Err("/tmp/x is no Maildir: it has neither cur and new nor .eml files".into())));
    doorway.shows("! /tmp/x is no Maildir").shows("a@b");
}

#[test]
fn every_page_fits_small_and_large_terminals_and_long_words() {
    let long = "x".repeat(300);
    for (width, height) in [(60, 15), (80, 24), (160, 50)] {
        let mut doorway = Doorway::of(width, height, true);
        doorway.shows("1 ").shows("Leave");
        doorway.keys("2").text(&format!("{long}@gmail.com"));
        doorway.shows("▸ Your address");
        doorway.keys("PageDown").shows("▸ [ Try it, then keep it ]");
        doorway.keys("Enter").shows("▸ Command").shows("! say where");
        doorway.text(&long).keys("Enter Enter");
        let Some(Effect::Try(number, _)) = doorway.take().pop() else { panic!("{}", doorway.frame()) };
        for (at, half) in [Half::Receiving, Half::Sending].into_iter().enumerate() {
            for step in 0..8 {
                doorway.tell(Msg::Checked(number, half, format!("step {at}.{step} {long}"), Ok(long.clone())));
            }
            doorway.tell(Msg::Checked(number, half, format!("broken {at}"), Err(long.clone())));
        }
        doorway.tell(Msg::Tried(number, Ok(())));
        doorway.shows("k   Keep it as it is").shows("broken 0");
    }
    let tiny = Doorway::of(50, 10, false);
    tiny.shows("needs 60 × 15").shows("Ctrl-C leaves");
}

#[test]
fn in_a_window_too_small_the_doors_open_to_no_key() {
    for (width, height) in [(20, 5), (3, 2), (1, 1)] {
        let mut doorway = Doorway::of(80, 24, false);
        let before = doorway.frame();
        doorway.size = (width, height);
        doorway.tell(Msg::Resize(width, height));
        doorway.keys("1 2 Enter Esc q");
        doorway.tell(Msg::Paste("a@b".into()));
        assert_eq!(doorway.take(), [], "{width} × {height}");
        if width == 20 {
            doorway.shows("Needs 60 × 15,").shows("has 20 × 5.").shows("Ctrl-C leaves.");
        }
        doorway.size = (80, 24);
        doorway.tell(Msg::Resize(80, 24));
        assert_eq!(doorway.frame(), before);
        doorway.tell(Msg::Resize(width, height));
        doorway.keys("C-c");
        assert_eq!(doorway.take(), [Effect::Leave(Leaving::Quit)]);
    }
}
