//! What keys cost on the line to the terminal, at 80×24 in 24-bit colours: over a slow line a key must not move a whole
//! screen.

use super::desk::{customer, message};
use super::{FakeDesk, FakeSeat};
use crate::model::Direction;
use crate::seat::Canvas;
use crate::theme::{ColorDepth, Theme};
use crate::ui::view;

fn words(chance: &mut fastrand::Rng, count: usize) -> String {
    const WORDS: &[&str] = &[
        "order", "parcel", "tent", "since", "Monday", "the", "arrived", "not", "please", "invoice", "blue", "rucksack",
        "a", "returned", "thank", "you", "it", "is", "still", "missing", "Kind", "regards", "waiting", "für", "und",
    ];
    (0..count).map(|_| WORDS[chance.usize(..WORDS.len())]).collect::<Vec<_>>().join(" ")
}

/// A seat with a terminal at the other end of a line.
struct Wire {
    seat: FakeSeat,
    canvas: Canvas,
    theme: Theme,
}

impl Wire {
    fn new(keys: &str) -> Wire {
        let mut desk = FakeDesk::empty();
        let mut chance = fastrand::Rng::with_seed(7);
        for n in 0..200_i64 {
            let name = format!("{} {}", words(&mut chance, 1), words(&mut chance, 1));
            let entries = (0..6).map(|day| {
                let direction = if day % 2 == 0 { Direction::Inbound } else { Direction::Outbound };
                let lines = if day == 2 { 30 } else { 3 };
                let text: Vec<String> = (0..lines).map(|_| words(&mut chance, 9)).collect();
                message(&name, direction, (day - 6) * 3_600_000 - n * 60_000, "My order", &text.join("\n"))
            });
            let entries = entries.collect();
            desk.customers.push(customer(&format!("{name} {n}"), entries));
        }
        let mut seat = FakeSeat::new(80, 24, desk);
        if !keys.is_empty() {
            seat.keys(keys);
        }
        let theme = Theme::load("dark", &[], ColorDepth::True).0;
        let mut wire = Wire { seat, canvas: Canvas::new((80, 24)).unwrap(), theme };
        wire.sent();
        wire
    }

    /// Bytes of the next frame.
    fn sent(&mut self) -> usize {
        self.canvas.frame(|frame| view(&self.seat.screen, &self.theme, frame)).unwrap().len()
    }

    /// Bytes each of these keys costs, in order.
    fn keys(&mut self, keys: &str, times: usize) -> Vec<usize> {
        let press = |wire: &mut Wire| {
            wire.seat.keys(keys);
            wire.sent()
        };
        (0..times).map(|_| press(self)).collect()
    }
}

/// The middle one and the largest.
fn of(mut sizes: Vec<usize>) -> (usize, usize) {
    sizes.sort_unstable();
    (sizes[sizes.len() / 2], sizes[sizes.len() - 1])
}

#[test]
fn a_key_costs_little_on_the_line() {
    let mut wire = Wire::new("");
    wire.canvas.redraw().unwrap();
    let whole = wire.sent();
    assert_eq!(wire.sent(), 0, "nothing changed, nothing is said");
    // What is done, bytes of the middle one, bytes of the worst one.
    let rows: &[(&str, Vec<usize>, usize, usize)] = &[
        ("j in the inbox", Wire::new("").keys("j", 15), 450, 500),
        ("j at the foot of the inbox, which scrolls", Wire::new("C-d C-d C-d").keys("j", 15), 650, 750),
        ("C-d in the inbox", Wire::new("").keys("C-d", 8), 2_500, 3_000),
        ("j in a timeline", Wire::new("Enter g g").keys("j", 15), 450, 2_500),
        ("k in a timeline", Wire::new("Enter").keys("k", 15), 450, 2_500),
        ("a letter of a message", Wire::new("Enter r").keys("x", 30), 80, 130),
        ("a letter of a search", Wire::new("C-k").keys("e", 5), 2_000, 2_500),
        ("a wider pane does not fit: a word about it", Wire::new("").keys(">", 2), 300, 300),
    ];
    println!("{whole:>6}          the whole inbox");
    let mut dear = Vec::new();
    for (what, sizes, middle, most) in rows {
        let (half, worst) = of(sizes.clone());
        println!("{half:>6} ({worst:>5})  {what}");
        if half > *middle || worst > *most {
            dear.push(*what);
        }
    }
    assert!(dear.is_empty(), "dearer than they were: {dear:?}");
}

/// A terminal of its own, fed with the bytes alone, shows the same as the screen: after any keys, at any size, however
/// much was moved instead of drawn.
#[test]
fn what_the_terminal_shows_is_what_the_screen_is() {
    use ratatui::style::{Color, Modifier};
    let some = |number: u16| std::num::NonZero::new(number).unwrap();
    let keys = ["j", "k", "C-d", "C-u", "Enter", "q", "J", "K", "G", "g g", "Tab", "o", "z", ">", "?", "Esc", "C-k"];
    for seed in 0..4 {
        let mut chance = fastrand::Rng::with_seed(seed);
        let mut wire = Wire::new("");
        wire.canvas.redraw().unwrap();
        let mut terminal = vt100::Parser::new(some(24), some(80), 0);
        for step in 0..40 {
            if chance.u8(..) < 6 {
                let size = *chance.choice(&[(80, 24), (120, 30), (160, 40), (60, 15)]).unwrap();
                wire.seat.resize(size.0, size.1);
                wire.canvas.resize(size).unwrap();
                terminal.screen_mut().set_size(some(size.1), some(size.0));
            } else {
                wire.seat.keys(chance.choice(&keys).unwrap());
            }
            let bytes = wire.canvas.frame(|frame| view(&wire.seat.screen, &wire.theme, frame)).unwrap();
            terminal.process(&bytes);
            let wanted = wire.seat.buffer_in(&wire.theme);
            for y in 0..wanted.area.height {
                for x in 0..wanted.area.width {
                    let (cell, shown) = (&wanted[(x, y)], terminal.screen().cell(y, x).unwrap());
                    if shown.is_wide_continuation() {
                        continue;
                    }
                    let place = format!("seed {seed}, step {step}, {x},{y}");
                    let symbol = if shown.has_contents() { shown.contents() } else { " " };
                    assert_eq!(symbol, cell.symbol(), "{place}\n{}", terminal.screen().contents());
                    let colour = |colour: Color| match colour {
                        Color::Rgb(r, g, b) => vt100::Color::Rgb(r, g, b),
                        _ => vt100::Color::Default,
                    };
                    assert_eq!(shown.bgcolor(), colour(cell.bg), "{place}");
                    if cell.symbol() != " " {
                        assert_eq!(shown.fgcolor(), colour(cell.fg), "{place}");
                        assert_eq!(shown.bold(), cell.modifier.contains(Modifier::BOLD), "{place}");
                    }
                }
            }
        }
    }
}
