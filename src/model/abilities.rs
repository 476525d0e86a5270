//! What a channel lets us do: how we may answer, how long a text may be and how that is counted, until when, how often.
//! Declared by each connector, shown while writing, and checked before anything is queued.

use super::Timestamp;
use std::collections::BTreeMap;
use unicode_segmentation::UnicodeSegmentation;

/// Who can read an answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(index_only)]
pub enum Way {
    /// Only those in the conversation.
    #[default]
    #[n(0)]
    Direct,
    /// Everybody: a comment, a post.
    #[n(1)]
    Public,
}

impl Way {
    /// The word scripts and screens see.
    pub fn word(self) -> &'static str {
        match self {
            Way::Direct => "direct",
            Way::Public => "public",
        }
    }
}

/// How a channel counts the length of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Count {
    /// Unicode code points.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// UTF-16 code units.
    Utf16,
    /// What a reader takes for one character (UAX #29 extended grapheme clusters).
    Graphemes,
    /// As X counts (twitter-text, version 3): Latin and its like one, everything else and each emoji two, a link 23.
    Weighted,
}

impl Count {
    /// The length of a text.
    pub fn of(self, text: &str) -> usize {
        match self {
            Count::Characters => text.chars().count(),
            Count::Bytes => text.len(),
            Count::Utf16 => text.encode_utf16().count(),
            Count::Graphemes => text.graphemes(true).count(),
            Count::Weighted => weighted(text),
        }
    }

    /// The word for many of what is counted.
    pub fn word(self) -> &'static str {
        match self {
            Count::Bytes => "bytes",
            Count::Utf16 => "UTF-16 units",
            Count::Characters | Count::Graphemes | Count::Weighted => "characters",
        }
    }
}

/// What a link counts, however long it is.
const LINK: usize = 23;

fn weighted(text: &str) -> usize {
    let light = |c: char| matches!(c as u32, 0..=4351 | 8192..=8205 | 8208..=8223 | 8242..=8247);
    let letters = |word: &str| -> usize {
        let one = |grapheme: &str| match grapheme.chars().next() {
            // Joined or coloured pictures count as one of them.
            Some(first) if !light(first) => 2,
            _ => grapheme.chars().map(|c| if light(c) { 1 } else { 2 }).sum(),
        };
        word.graphemes(true).map(one).sum()
    };
    text.split_inclusive(char::is_whitespace)
        .map(|piece| {
            let word = piece.trim_end();
            let is_link = word.starts_with("https://") || word.starts_with("http://");
            letters(&piece[word.len()..]) + if is_link { LINK } else { letters(word) }
        })
        .sum()
}

/// The longest text a channel takes. Where several hold (300 graphemes and 3,000 bytes), all must.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    /// At most so many.
    pub most: usize,
    /// Of these.
    pub count: Count,
}

/// For how long after the customer's last message a channel takes answers, and how many.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Window {
    /// Milliseconds after their last message in the conversation; `None` where only the number counts.
    pub millis: Option<i64>,
    /// Answers to one message of theirs; `None` without such a limit.
    pub answers: Option<u32>,
    /// What else can be done when it is closed: `send an approved template, or write by mail`.
    pub way_out: String,
}

/// What one way of answering is held to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// The longest text; several when the channel counts in several ways.
    pub lengths: Vec<Length>,
    /// Until when answers are taken.
    pub window: Option<Window>,
}

/// Other terms than the usual ones, for some answers: a direct message may be longer than a comment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Apart {
    /// For answers to messages that came this way; to all when `None`.
    pub answers: Option<Way>,
    /// For answers that go this way; for all when `None`.
    pub way: Option<Way>,
    /// For answers to messages whose context has all of these.
    pub needs: Vec<String>,
    /// What holds for them.
    pub terms: Terms,
}

/// What a message of theirs opens, where that is not what every message does. A connector writes it into the message's
/// context under [`Opens::KEY`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opens {
    /// Nothing: it is an event that a platform tells and takes no answers to.
    Nothing,
    /// So many milliseconds, for so many answers: a visit to the menu.
    Only(i64, u32),
}

impl Opens {
    /// Under which it stands in a message's context.
    pub const KEY: &'static str = "opens";

    /// As it stands there.
    pub fn to_text(self) -> String {
        match self {
            Opens::Nothing => "nothing".to_owned(),
            Opens::Only(millis, answers) => format!("{millis} {answers}"),
        }
    }

    /// What a context says of it; `None` where it says nothing.
    pub fn read(context: &BTreeMap<String, String>) -> Option<Opens> {
        let text = context.get(Opens::KEY)?;
        let numbers = text.split_once(' ').and_then(|(millis, answers)| millis.parse().ok().zip(answers.parse().ok()));
        Some(numbers.map_or(Opens::Nothing, |(millis, answers)| Opens::Only(millis, answers)))
    }
}

/// Whether sending the same thing twice is recognised by the channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Idempotency {
    /// It is not: an outcome that is not known stays unknown until it is read back, or a person decides.
    #[default]
    None,
    /// It is, for so many milliseconds.
    For(i64),
    /// It is, for ever.
    Forever,
}

/// What a channel lets us do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Abilities {
    /// Ways to answer a message that came privately; empty when nothing can be sent.
    pub direct: Vec<Way>,
    /// Ways to answer a message that everybody can read, the usual one first.
    pub public: Vec<Way>,
    /// The longest text; several when the channel counts in several ways.
    pub lengths: Vec<Length>,
    /// Until when direct answers are taken; public ones always are.
    pub window: Option<Window>,
    /// Where other lengths and windows hold than these two; the first that fits counts.
    pub apart: Vec<Apart>,
    /// Whether sending twice is recognised.
    pub idempotency: Idempotency,
    /// The largest file that may go with an answer, in bytes; `None` where none may.
    pub attachments: Option<u64>,
    /// Somebody who never wrote can be written to.
    pub first_contact: bool,
    /// Messages have subjects, and copies.
    pub subject: bool,
}

/// What an open window leaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowLeft {
    /// When it closes; `None` where only the number counts.
    pub closes: Option<Timestamp>,
    /// Answers that may still be given; `None` without such a limit.
    pub answers: Option<u32>,
    /// What their message opened, where that was less than usual.
    pub opens: Option<Opens>,
}

impl Abilities {
    /// Those of mail: private answers of any length, at any time, to anybody.
    pub fn mail() -> Abilities {
        Abilities {
            direct: vec![Way::Direct],
            attachments: Some(25 << 20),
            first_contact: true,
            subject: true,
            ..Abilities::default()
        }
    }

    /// What an answer that goes `way` is held to, to a message that came by `was` with this context.
    pub fn terms(&self, was: Way, way: Way, context: &BTreeMap<String, String>) -> Terms {
        let fits = |apart: &&Apart| {
            apart.answers.is_none_or(|answers| answers == was)
                && apart.way.is_none_or(|other| other == way)
                && apart.needs.iter().all(|need| context.contains_key(need))
        };
        match self.apart.iter().find(fits) {
            Some(apart) => apart.terms.clone(),
            // What everybody can read has no window: it hangs on the post, not on the conversation.
            None => Terms { lengths: self.lengths.clone(), window: self.window.clone().filter(|_| way == Way::Direct) },
        }
    }
}

impl Terms {
    /// What is too long about a text, in words that name the limit; `None` when it fits.
    pub fn too_long(&self, text: &str) -> Option<String> {
        self.lengths.iter().find_map(|length| {
            let is = length.count.of(text);
            let word = length.count.word();
            (is > length.most).then(|| format!("the text has {is} {word}, this channel takes {}", length.most))
        })
    }

    /// How long a text is and how long it may be, by the limit that is nearest to being reached; `None` without limits.
    pub fn measure(&self, text: &str) -> Option<(usize, Length)> {
        let measured = self.lengths.iter().map(|length| (length.count.of(text), *length));
        measured.max_by(|(one, a), (other, b)| (one * b.most).cmp(&(other * a.most)))
    }

    /// What is left of the window, at `now`, when their last message came at `last`, was answered `answers` times since,
    /// and opened no more than `opens`.
    ///
    /// # Errors
    /// Why it is closed, with the way out.
    pub fn window_left(
        &self,
        last: Timestamp,
        opens: Option<Opens>,
        answers: u32,
        now: Timestamp,
    ) -> Result<Option<WindowLeft>, String> {
        let Some(window) = &self.window else { return Ok(None) };
        let way_out = &window.way_out;
        if opens == Some(Opens::Nothing) {
            return Err(format!("this channel takes answers only after a message of theirs; {way_out}"));
        }
        let (millis, most) = self.extent(opens);
        let what = if opens.is_some() { "visit" } else { "message" };
        let closes = millis.map(|millis| last.plus_millis(millis));
        if closes.is_some_and(|closes| now >= closes) {
            let span = match millis.unwrap_or_default() {
                hours @ 3_600_000.. => format!("{} h", hours / 3_600_000),
                minutes => format!("{} min", minutes / 60_000),
            };
            return Err(format!(
                "this channel takes answers for {span} after their last {what}, and that is over; {way_out}"
            ));
        }
        let left = most.map(|most| most.saturating_sub(answers));
        if left == Some(0) {
            let most = most.unwrap_or_default();
            let (answers, given) = if most == 1 { ("answer", "it is given") } else { ("answers", "they are given") };
            return Err(format!("this channel takes {most} {answers} to one {what} of theirs, and {given}; {way_out}"));
        }
        Ok(Some(WindowLeft { closes, answers: left, opens }))
    }

    /// How long, in milliseconds, and for how many answers the window is open after a message that opens so much; `None`
    /// for what is not limited.
    pub fn extent(&self, opens: Option<Opens>) -> (Option<i64>, Option<u32>) {
        match (opens, &self.window) {
            (Some(Opens::Only(millis, answers)), _) => (Some(millis), Some(answers)),
            (None, Some(window)) => (window.millis, window.answers),
            _ => (None, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_channel_counts_in_its_own_way() {
        let family = "👨\u{200d}👩\u{200d}👧!";
        let counts = [Count::Characters, Count::Bytes, Count::Utf16, Count::Graphemes].map(|count| count.of(family));
        assert_eq!(counts, [6, 19, 9, 2]);
    }

    #[test]
    fn x_weighs_letters_and_counts_links_alike() {
        for (text, weight) in [
            ("hello", 5),
            ("退款", 4),
            ("👨\u{200d}👩\u{200d}👧!", 3),
            ("see https://shop.example/a/very/long/path now", 31),
            ("é\nü", 3),
        ] {
            assert_eq!(Count::Weighted.of(text), weight, "{text}");
        }
    }

    #[test]
    fn the_limit_nearest_to_being_reached_is_shown_and_the_one_passed_is_named() {
        let both = [(5, Count::Graphemes), (10, Count::Bytes)].map(|(most, count)| Length { most, count });
        let abilities = Terms { lengths: both.to_vec(), ..Terms::default() };
        assert_eq!(abilities.measure("abcd").map(|(is, length)| (is, length.most)), Some((4, 5)));
        assert_eq!(abilities.measure("退款啊").map(|(is, length)| (is, length.most)), Some((9, 10)));
        assert_eq!(abilities.too_long("退款啊"), None);
        assert!(abilities.too_long("退款退款").is_some_and(|said| said.contains("12 bytes") && said.contains("10")));
    }

    #[test]
    fn a_window_closes_by_time_and_by_number() {
        let window = Window { millis: Some(48 * 3_600_000), answers: Some(5), way_out: "write by mail".to_owned() };
        let terms = Terms { window: Some(window), ..Terms::default() };
        let hour = |hours: i64| Timestamp(hours * 3_600_000);
        assert_eq!(
            terms.window_left(hour(0), None, 2, hour(47)),
            Ok(Some(WindowLeft { closes: Some(hour(48)), answers: Some(3), opens: None }))
        );
        let late = terms.window_left(hour(0), None, 0, hour(48));
        assert!(late.is_err_and(|said| said.contains("48 h") && said.contains("mail")));
        assert!(terms.window_left(hour(0), None, 5, hour(1)).is_err_and(|said| said.contains("5 answers")));
        let visit = Opens::read(&BTreeMap::from([(Opens::KEY.to_owned(), Opens::Only(60_000, 3).to_text())]));
        let left = WindowLeft { closes: Some(Timestamp(60_000)), answers: Some(1), opens: visit };
        assert_eq!(terms.window_left(hour(0), visit, 2, Timestamp(59_999)), Ok(Some(left)));
        assert!(terms.window_left(hour(0), visit, 0, Timestamp(60_000)).is_err_and(|said| said.contains("1 min")));
        assert!(terms.window_left(hour(0), Some(Opens::Nothing), 0, hour(0)).is_err());
        assert_eq!(Opens::read(&BTreeMap::from([(Opens::KEY.to_owned(), "rubbish".to_owned())])), Some(Opens::Nothing));
    }

    #[test]
    fn each_way_has_its_own_terms() {
        let length = |most| vec![Length { most, count: Count::Characters }];
        let apart = |answers, way, need: &str, most| Apart {
            answers,
            way,
            needs: need.split_whitespace().map(str::to_owned).collect(),
            terms: Terms { lengths: length(most), window: None },
        };
        let abilities = Abilities {
            lengths: length(280),
            apart: vec![
                apart(None, None, "group", 5),
                apart(Some(Way::Public), Some(Way::Direct), "", 1_000),
                apart(None, Some(Way::Direct), "", 10_000),
            ],
            ..Abilities::default()
        };
        let none = BTreeMap::new();
        let most = |was, way| abilities.terms(was, way, &none).lengths[0].most;
        assert_eq!(most(Way::Public, Way::Public), 280);
        assert_eq!(most(Way::Public, Way::Direct), 1_000);
        assert_eq!(most(Way::Direct, Way::Direct), 10_000);
        let group = BTreeMap::from([("group".to_owned(), "7".to_owned())]);
        assert_eq!(abilities.terms(Way::Direct, Way::Direct, &group).lengths[0].most, 5);
    }
}
