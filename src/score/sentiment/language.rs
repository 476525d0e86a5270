//! Which of the languages that can be read a text is in, and that it is in none of them.
//!
//! The script decides where it can. For Latin letters a small linear model over pieces of words does, trained on the same data
//! as the others and on a hand-written list of other languages' everyday words.

use super::Language;
use super::lexicon::Fnv;
use super::token::is_invisible;
use super::weights::Weights;
use std::hash::Hasher;

/// Languages in Latin letters, in the order of the model's classes; the last class is any other.
pub const LATIN: [Language; 7] = [
    Language::English,
    Language::French,
    Language::German,
    Language::Hindi,
    Language::Italian,
    Language::Portuguese,
    Language::Spanish,
];

/// Classes of the language model.
pub const CLASSES: usize = LATIN.len() + 1;

/// Letters that are counted by script.
const LETTERS: usize = 2_000;
/// How much of a text is looked at where letters are Latin, in letters.
const ENOUGH: usize = 160;
/// The longest piece of a word, in letters.
const PIECE: usize = 4;
/// A text in another language than ours is refused from this likelihood on.
const OTHER: f32 = 0.5;

/// What letters say that none of our languages writes: so much for a text of nothing but words with such letters. A name with
/// one (Łukasz, Bjørn) in a message of some length says little.
const FOREIGN: f32 = 5.0;

/// What a turned question or exclamation mark says for Spanish: nobody else writes one.
const TURNED: f32 = 3.0;

/// What a text is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guess {
    /// A language that can be read.
    Known(Language),
    /// One that cannot.
    Unknown,
    /// Nothing is written in it, neither letters nor signs.
    Nothing,
}

/// Guesses the language of a text's beginning.
pub fn guess(text: &str, model: &Weights) -> Guess {
    if text.is_ascii() {
        return ascii(text, model);
    }
    let mut count = Scripts::default();
    for letter in text.chars().take(LETTERS) {
        count.add(letter);
    }
    let letters = count.latin + count.han + count.kana + count.arabic + count.devanagari + count.other;
    if letters == 0 {
        return if count.signs > 0 { Guess::Known(Language::Signs) } else { Guess::Nothing };
    }
    // A name or a product in another script does not decide; a Chinese character says as much as three letters.
    let weigh = |found: usize, by: usize| found * by * 2 > letters;
    if count.kana >= 2 && count.kana * 8 >= count.han {
        return Guess::Unknown;
    }
    if count.han * 20 > letters * 3 {
        return Guess::Known(Language::Chinese);
    }
    if weigh(count.arabic, 1) {
        // Letters that Persian and Urdu have and Arabic has not.
        return if count.persian * 12 > count.arabic { Guess::Unknown } else { Guess::Known(Language::Arabic) };
    }
    if weigh(count.devanagari, 1) {
        return Guess::Known(Language::Hindi);
    }
    if weigh(count.latin, 1) { latin(text, model) } else { Guess::Unknown }
}

/// The same for a text of nothing but ASCII, where there is nothing to count.
fn ascii(text: &str, model: &Weights) -> Guess {
    let begin = &text.as_bytes()[..text.len().min(LETTERS)];
    if begin.iter().any(u8::is_ascii_alphabetic) {
        latin(text, model)
    } else if begin.iter().any(u8::is_ascii_graphic) {
        Guess::Known(Language::Signs)
    } else {
        Guess::Nothing
    }
}

#[derive(Default)]
struct Scripts {
    latin: usize,
    han: usize,
    kana: usize,
    arabic: usize,
    persian: usize,
    devanagari: usize,
    other: usize,
    signs: usize,
}

impl Scripts {
    fn add(&mut self, letter: char) {
        let counter = match letter {
            'a'..='z' | 'A'..='Z' | '\u{C0}'..='\u{24F}' | '\u{1E00}'..='\u{1EFF}' => &mut self.latin,
            '\u{4E00}'..='\u{9FFF}' | '\u{3400}'..='\u{4DBF}' | '\u{F900}'..='\u{FAFF}' | '\u{20000}'..='\u{323AF}' => {
                &mut self.han
            }
            '\u{3041}'..='\u{30FA}' | '\u{30FD}'..='\u{30FF}' | '\u{FF66}'..='\u{FF9F}' => &mut self.kana,
            '\u{620}'..='\u{64A}' | '\u{66E}'..='\u{6D3}' | '\u{FB50}'..='\u{FDFF}' | '\u{FE70}'..='\u{FEFC}' => {
                self.persian +=
                    usize::from(matches!(letter, 'پ' | 'چ' | 'ژ' | 'گ' | 'ک' | 'ی' | 'ے' | 'ہ' | 'ٹ' | 'ں' | 'ڑ'));
                &mut self.arabic
            }
            '\u{904}'..='\u{939}' | '\u{958}'..='\u{961}' => &mut self.devanagari,
            letter if letter.is_alphabetic() => &mut self.other,
            letter if letter.is_control() || letter.is_whitespace() || is_invisible(letter) => return,
            _ => &mut self.signs,
        };
        *counter += 1;
    }
}

fn latin(text: &str, model: &Weights) -> Guess {
    let (mut sums, mut count) = ([0_i32; CLASSES], 0_u32);
    hashes(text, |hash| {
        count += 1;
        for (sum, weight) in sums.iter_mut().zip(model.of(hash)) {
            *sum += i32::from(*weight);
        }
    });
    let share = model.scale / (count.max(1) as f32).sqrt();
    let mut likely = [0.0_f32; CLASSES];
    for (class, likely) in likely.iter_mut().enumerate() {
        *likely = sums[class] as f32 * share + model.bias.get(class).copied().unwrap_or_default();
    }
    let is_plain = text.is_ascii();
    if !is_plain {
        likely[CLASSES - 1] += FOREIGN * foreign(text);
    }
    if !is_plain
        && text.contains(['¿', '¡'])
        && let Some(spanish) = LATIN.iter().position(|language| *language == Language::Spanish)
    {
        likely[spanish] += TURNED;
    }
    let most = likely.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let total: f32 = likely.iter().map(|sum| (sum - most).exp()).sum();
    let of = |class: usize| (likely[class] - most).exp() / total;
    if of(CLASSES - 1) >= OTHER {
        return Guess::Unknown;
    }
    let best = (0..LATIN.len()).fold(0, |best, class| if likely[class] > likely[best] { class } else { best });
    Guess::Known(LATIN[best])
}

/// The share of a text's words that have letters none of [`LATIN`]'s languages writes.
fn foreign(text: &str) -> f32 {
    let words = text.split(|letter: char| !letter.is_alphabetic()).filter(|word| !word.is_empty()).take(60);
    let (all, foreign) =
        words.fold((0, 0), |(all, foreign), word| (all + 1, foreign + usize::from(word.chars().any(is_foreign))));
    foreign as f32 / all.max(1) as f32
}

/// A Latin letter of other languages than [`LATIN`]'s: Nordic, Baltic, Slavic, Romanian, Hungarian, Turkish, Vietnamese. Hindi in
/// Latin letters may have ā, ī, ū.
fn is_foreign(letter: char) -> bool {
    matches!(letter,
        'å' | 'ø' | 'þ' | 'ð' | 'ý' | 'Å' | 'Ø' | 'Þ' | 'Ð' | 'Ý' | 'Ă'..='ď' | 'Đ' | 'đ' | 'ė'..='ě' | 'ğ' | 'Ğ' | 'ĩ'
        | 'į' | 'Į' | 'İ' | 'ı' | 'ķ' | 'Ķ' | 'Ĺ'..='ň' | 'Ő' | 'ő' | 'Ŕ'..='ť' | 'Ů'..='ų' | 'Ź'..='ž' | 'ơ' | 'Ơ' | 'ư'
        | 'Ư' | 'Ș'..='ț' | '\u{1EA0}'..='\u{1EF9}')
}

/// Hands over the hashes of the words and the pieces of words of a text, without links, names and topics.
pub fn hashes(text: &str, mut take: impl FnMut(u32)) {
    let mut letters = 0;
    let mut framed = String::new();
    for piece in text.split_whitespace().take(60) {
        if piece.starts_with(['@', '#']) || is_link(piece) {
            continue;
        }
        for word in
            piece.split(|letter: char| !letter.is_alphabetic() && letter != '\'').filter(|word| !word.is_empty())
        {
            framed.clear();
            framed.push(' ');
            framed.extend(word.chars().take(24).flat_map(char::to_lowercase));
            framed.push(' ');
            take(hash(1, framed.as_bytes()));
            let edges: Edges = Edges::of(&framed);
            let edges = edges.as_slice();
            for begin in 0..edges.len().saturating_sub(1) {
                // Each piece is the one before it and a letter more.
                let mut piece = seeded(2);
                for letter in edges[begin..].windows(2).take(PIECE) {
                    piece.write(&framed.as_bytes()[letter[0] as usize..letter[1] as usize]);
                    take(mixed(&piece));
                }
            }
            letters += edges.len();
        }
        if letters >= ENOUGH {
            break;
        }
    }
}

fn is_link(piece: &str) -> bool {
    piece == "http" || (piece.contains(':') && piece.contains("://"))
}

/// Where the letters of a short text begin, and its end.
struct Edges([u8; 32], usize);

impl Edges {
    fn of(text: &str) -> Edges {
        let mut edges = Edges([0; 32], 0);
        for at in text.char_indices().map(|(at, _)| at).chain([text.len()]) {
            if let (Some(slot), Ok(at)) = (edges.0.get_mut(edges.1), u8::try_from(at)) {
                *slot = at;
                edges.1 += 1;
            }
        }
        edges
    }

    fn as_slice(&self) -> &[u8] {
        &self.0[..self.1]
    }
}

fn hash(seed: u8, bytes: &[u8]) -> u32 {
    let mut hasher = seeded(seed);
    hasher.write(bytes);
    mixed(&hasher)
}

fn seeded(seed: u8) -> Fnv {
    let mut hasher = Fnv::default();
    hasher.write(&[seed]);
    hasher
}

fn mixed(hasher: &Fnv) -> u32 {
    let hash = hasher.finish();
    (hash ^ (hash >> 32) ^ (hash >> 17)) as u32
}
