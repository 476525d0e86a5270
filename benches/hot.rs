//! The hot paths one by one, for whoever works on them: `cargo bench`, or `cargo bench -- timeline` for some of them.
//! `switchboard bench` measures the whole program, at any size.
#![allow(clippy::unwrap_used)]

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard::connector::email::parse::understand;
use switchboard::connector::{Item, PulledPage};
use switchboard::desk::{Desk, system_clock};
use switchboard::engine::sled::{Options, SledEngine};
use switchboard::keymap::Keymap;
use switchboard::model::{CustomerId, InboxFilter, InboxView, Timestamp, clean_block};
use switchboard::seat::BareSeat;
use switchboard::store::Store;
use switchboard::theme::{ColorDepth, Theme};

/// Each path is measured for about so long.
const LONG: Duration = Duration::from_secs(2);
const CUSTOMERS: u64 = 400;
const MAILS: u64 = 8_000;

/// What to measure, from the command line.
struct Bench {
    wanted: Vec<String>,
}

impl Bench {
    /// Does the work again and again and prints what one took.
    fn path<T>(&self, name: &str, mut work: impl FnMut(u64) -> T) {
        if !self.wanted.is_empty() && !self.wanted.iter().any(|wanted| name.contains(wanted)) {
            return;
        }
        (0..3).for_each(|number| drop(black_box(work(number))));
        let (begun, mut took) = (Instant::now(), Vec::new());
        while begun.elapsed() < LONG {
            let before = Instant::now();
            drop(black_box(work(3 + took.len() as u64)));
            took.push(before.elapsed());
        }
        took.sort_unstable();
        let at = |share: usize| took[(took.len() - 1) * share / 100];
        println!("{name:<24} {:>10.1?} half, {:>10.1?} 99 of 100, {} times", at(50), at(99), took.len());
    }
}

fn mail(number: u64) -> Vec<u8> {
    let customer = number % CUSTOMERS;
    let text = "The parcel arrived this morning, but two of the cups were broken and the box was wet.\r\n\
        Could you tell me when the new ones leave your warehouse, please?\r\n\r\n";
    format!(
        "Received: from mx.post.example by in.shop.example; Tue, 3 Nov 2026 10:00:00 +0000\r\n\
         From: Customer {customer} <customer{customer}@post.example>\r\nTo: support@shop.example\r\n\
         Subject: Order {number}\r\nDate: Tue, 3 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@post.example>\r\n\
         MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello,\r\n\r\n{}Kind regards\r\n",
        text.repeat(4)
    )
    .into_bytes()
}

fn parse(number: u64) -> Item {
    let own = ["support@shop.example".to_owned()];
    understand(mail(number), &own, "INBOX", Timestamp(1_780_000_000_000 + number as i64 * 60_000))
}

fn page(numbers: std::ops::Range<u64>) -> PulledPage {
    PulledPage { items: numbers.map(parse).collect(), ..PulledPage::default() }
}

fn main() {
    let wanted = std::env::args().skip(1).filter(|argument| !argument.starts_with('-')).collect();
    let bench = Bench { wanted };
    bench.path("parse a mail", parse);
    let stranger = "Grüße aus 東京 \u{1b}[31mred\u{1b}[0m a\u{200b}b \u{202e}cba\u{202c} 👩‍🚀\n".repeat(20);
    bench.path("clean 1 kB of text", |_| clean_block(&stranger));

    let folder = tempfile::tempdir().unwrap();
    let (engine, _) = SledEngine::open(folder.path(), Options::default(), &mut |_, _| {}).unwrap();
    let desk = Arc::new(Desk::new(Store::open(Arc::new(engine)).unwrap(), Vec::new(), system_clock()));
    for first in (0..MAILS).step_by(500) {
        desk.ingest("support", page(first..first + 500)).unwrap();
    }
    let mut next = MAILS;
    bench.path("ingest 100 parsed mails", |_| {
        next += 100;
        desk.ingest("support", page(next - 100..next)).unwrap()
    });
    let everybody: Vec<CustomerId> =
        desk.store().customers(None, 500).unwrap().iter().map(|customer| customer.id).collect();
    let nothing = InboxFilter::default();
    bench.path("inbox page", |_| desk.inbox(InboxView::Inbox, &nothing, None, 100).unwrap());
    bench
        .path("timeline page", |number| desk.timeline(everybody[number as usize % everybody.len()], None, 50).unwrap());

    let (theme, _) = Theme::load("dark", &[], ColorDepth::True);
    let mut seat = BareSeat::new(desk, Keymap::load("default", &[]).0, theme, (120, 40)).unwrap();
    seat.settle().unwrap();
    let mut press = |letter| seat.press(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::NONE)).unwrap();
    bench.path("key to frame, inbox", |number| press(if number % 2 == 0 { 'j' } else { 'k' }));
    press('l');
    bench.path("key to frame, timeline", |number| press(if number % 2 == 0 { 'j' } else { 'k' }));
}
