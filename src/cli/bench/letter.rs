//! One invented mail: headers as mail programs write them, and a text of about 600 bytes.

use fastrand::Rng;
use std::fmt::Write;

/// Who writes, about what, and what it answers.
pub(super) struct Letter<'a> {
    /// The customer's number.
    pub customer: u64,
    /// Our answer, not the customer's mail.
    pub outbound: bool,
    /// This mail's number, which is its Message-ID.
    pub number: u64,
    /// The number of the mail it answers, and of the first of the conversation.
    pub answers: Option<(u64, u64)>,
    pub subject: &'a str,
    /// When it was written.
    pub at: jiff::Timestamp,
}

const OURS: &str = "The Cup Shop <support@shop.example>";
const GIVEN: &[&str] = &[
    "Ana", "Bo", "Chen", "Dilara", "Emre", "Fatima", "Grace", "Hiro", "Ines", "Jonas", "Katya", "Liam", "Mei", "Noor",
    "Olu", "Paula", "Quinn", "Rosa", "Sven", "Tomás", "Uma", "Viktor", "Wen", "Ximena", "Yuki", "Zoë",
];
const FAMILY: &[&str] = &[
    "Almeida", "Bauer", "Costa", "Díaz", "Eriksen", "Fischer", "García", "Haddad", "Ito", "Jensen", "Kowalski",
    "Lopez", "Müller", "Nowak", "Okafor", "Petrov", "Rossi", "Silva", "Tanaka", "Usman", "Vogel", "Wang", "Yilmaz",
    "Zhang",
];
const DOMAINS: &[&str] = &["mail.example", "post.example", "inbox.example", "works.example", "studio.example"];

pub(super) const SUBJECTS: &[&str] = &[
    "Where is my order",
    "Broken on arrival",
    "Invoice for",
    "Change of address for",
    "Refund of",
    "Question about",
    "Wrong colour in",
    "Delivery date of",
    "Gift wrapping for",
    "Cancel",
    "Missing parts in",
    "Discount on",
];

const SENTENCES: &[&str] = &[
    "I ordered # on the website some days ago and have not heard anything since.",
    "The parcel arrived this morning, but two of the cups were broken and the box was wet.",
    "Could you tell me when # will leave your warehouse, please?",
    "The tracking page has said the same thing since Tuesday.",
    "I have moved meanwhile; please send it to Rua das Flores # instead.",
    "Our bookkeeping needs an invoice with the number # on it and the address of the company.",
    "I would rather have my money back than wait for another three weeks.",
    "The colour looks quite different from the picture in your shop.",
    "We are very happy with the first delivery and would like forty more of the same kind.",
    "Is there a discount for schools, and how would we apply for it?",
    "My neighbour took the parcel but gave it back to the driver by mistake.",
    "You can reach me by phone between nine and eleven, the number is +351 21 # #.",
    "Attached to the parcel was a note that the carrier could not find the house.",
    "I tried to pay with another card, and the page only said that something went wrong.",
    "Please cancel the second item of # and keep the rest as it is.",
    "The lid does not fit, whichever way I turn it.",
    "It is meant as a present for my mother, who turns seventy on Saturday.",
    "Your colleague promised a call back last week, which never came.",
    "Would it be possible to add a card with a few words to # before it leaves?",
    "I have read the terms twice and still do not understand who pays for the return.",
];
const ANSWERS: &[&str] = &[
    "Thank you for writing to us, and sorry that you had to wait.",
    "We have looked into # and found where it got stuck.",
    "A new parcel leaves our warehouse tomorrow before noon, without any cost to you.",
    "The refund of # was started today; banks take two or three days for it.",
    "I have changed the address and asked the carrier to confirm it.",
    "You do not have to send the broken pieces back, a photo is enough.",
    "The invoice is on its way to you in a separate mail with the reference #.",
    "Please tell us whether the lid fits if you turn the seal around first.",
    "I have put a note on your account so that my colleagues know about it.",
    "If anything else comes up, just answer this mail and it reaches us all.",
];

/// A choice that follows from a number alone.
fn of(list: &'static [&'static str], number: u64) -> &'static str {
    list.get((number % list.len().max(1) as u64) as usize).copied().unwrap_or_default()
}

impl Letter<'_> {
    /// The original, byte for byte, with CRLF.
    pub(super) fn write(&self, chance: &mut Rng) -> Vec<u8> {
        let (given, family) = (of(GIVEN, self.customer), of(FAMILY, self.customer / 26));
        let theirs = format!("customer{}@{}", self.customer, of(DOMAINS, self.customer));
        let name = format!("{given} {family}");
        let (from, to) = if self.outbound {
            (OURS.to_owned(), format!("{} <{theirs}>", encoded(&name)))
        } else {
            (format!("{} <{theirs}>", encoded(&name)), OURS.to_owned())
        };
        let date = self.at.strftime("%a, %d %b %Y %H:%M:%S +0000");
        let mut mail = String::with_capacity(1600);
        // Writing into a string cannot fail.
        let _ = write!(
            mail,
            "Return-Path: <{theirs}>\nReceived: from mx{}.{} by in.shop.example with ESMTPS id {:012x}\n\
             \tfor <support@shop.example>; {date}\nFrom: {from}\nTo: {to}\nSubject: {}\nDate: {date}\n\
             Message-ID: <{:x}.bench@{}>\n",
            chance.u8(1..9),
            of(DOMAINS, self.customer),
            chance.u64(..) >> 16,
            self.subject,
            self.number,
            of(DOMAINS, self.customer),
        );
        if let Some((last, first)) = self.answers {
            let id = |number: u64| format!("<{number:x}.bench@{}>", of(DOMAINS, self.customer));
            let _ = write!(mail, "In-Reply-To: {}\nReferences: {}", id(last), id(first));
            let _ = if last == first { writeln!(mail) } else { writeln!(mail, " {}", id(last)) };
        }
        let text = self.text(given, &name, chance);
        // One mail in twenty is HTML only.
        let html = !self.outbound && self.number.is_multiple_of(20);
        let kind = if html { "html" } else { "plain" };
        let _ = write!(
            mail,
            "MIME-Version: 1.0\nContent-Type: text/{kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n"
        );
        if html {
            let body = text.replace("\n\n", "</p>\n<p>");
            let _ = writeln!(mail, "<html><body>\n<p>{body}</p>\n</body></html>");
        } else {
            mail.push_str(&text);
        }
        mail.replace('\n', "\r\n").into_bytes()
    }

    fn text(&self, given: &str, name: &str, chance: &mut Rng) -> String {
        let (list, sign) = if self.outbound { (ANSWERS, "The Cup Shop") } else { (SENTENCES, name) };
        let mut text = if self.outbound { format!("Dear {given},\n\n") } else { "Hello,\n\n".to_owned() };
        let wanted = chance.usize(350..=850);
        let (mut column, mut paragraph) = (0, 0);
        while text.len() < wanted {
            for part in list[chance.usize(..list.len())].split(' ') {
                let word = if part.contains('#') { part.replace('#', &number(chance)) } else { part.to_owned() };
                if column + word.len() > 72 {
                    text.push('\n');
                    column = 0;
                } else if column > 0 {
                    text.push(' ');
                    column += 1;
                }
                column += word.len();
                text.push_str(&word);
            }
            paragraph += 1;
            if paragraph % 3 == 0 {
                text.push_str("\n\n");
                column = 0;
            }
        }
        let _ = write!(text, "\n\nKind regards\n{sign}\n");
        text
    }
}

fn number(chance: &mut Rng) -> String {
    chance.u32(10_000..999_999).to_string()
}

/// A display name as a header carries it.
fn encoded(name: &str) -> String {
    if name.is_ascii() {
        return name.to_owned();
    }
    let bytes: String = name.bytes().map(|byte| format!("={byte:02X}")).collect();
    format!("=?utf-8?Q?{bytes}?=")
}
