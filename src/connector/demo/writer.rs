//! Writes a turn of a conversation: the words, and the facts around them.

use super::chance::{chance, number, percent, pick};
use super::person::Person;
use super::phrase::write_out;
use super::plan::Conversation;
use super::settings::Role;
use super::speech::{Script, Speech};

/// One message as the place it comes from would know it, before it takes that place's form.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Written {
    pub id: String,
    /// True when the customer wrote it.
    pub customer: bool,
    pub from: (String, String),
    pub to: (String, String),
    /// Milliseconds since 1970.
    pub at: i64,
    pub subject: String,
    pub text: String,
    /// What it answers, oldest first.
    pub references: Vec<String>,
    /// ISO 639-1.
    pub language: String,
    /// More header lines (mail only), each with its end.
    pub headers: String,
    /// Only the two of us can read it, where others could.
    pub private: bool,
    /// Name of a picture that goes with it.
    pub photo: Option<String>,
    /// Mail addresses that this place has confirmed to be the author's.
    pub confirmed: Vec<String>,
}

/// A conversation with those who have it.
pub(super) struct Scene<'a> {
    pub seed: u64,
    pub conversation: Conversation,
    pub person: &'a Person,
    pub speech: &'a Speech,
}

impl Scene<'_> {
    fn own_seed(&self) -> u64 {
        number(self.seed, &[b"scene", &self.conversation.number.to_le_bytes()])
    }

    fn script(&self) -> &Script {
        &self.speech.script[self.conversation.script]
    }

    /// The customer's name and address in this place.
    pub fn customer(&self) -> (String, String) {
        let role = self.conversation.role;
        let address = match &self.person.second {
            Some((second, address)) if *second == role => address,
            _ => &self.person.address,
        };
        let local = address.split('@').next().unwrap_or_default();
        let public = role == Role::Comments && number(self.seed, &[b"public", address.as_bytes()]) % 10 < 7;
        (if public { local.to_owned() } else { self.person.full.clone() }, address.clone())
    }

    /// They write from their second place.
    pub fn is_elsewhere(&self) -> bool {
        self.conversation.role != self.person.role
    }

    /// The one of us who answers.
    fn agent(&self) -> String {
        pick(&self.speech.agents, &mut chance(self.own_seed(), &[b"agent"])).to_owned()
    }

    /// The words of a slot: the same throughout the conversation.
    pub fn fill(&self, slot: &str) -> String {
        let mut chance = chance(self.own_seed(), &[b"slot", slot.as_bytes()]);
        match slot {
            "order" => format!("TW-{}", 40_000 + chance.u32(..59_999)),
            "invoice" => format!("R-26{:05}", chance.u32(..99_999)),
            "tracking" => format!("TX{:09}", chance.u32(..999_999_999)),
            "price" => {
                let whole = 14 + chance.u32(..170);
                let cents = ["90", "50", "95", "00"][chance.usize(..4)];
                format!("{whole}{}{cents}", self.speech.decimal)
            }
            "days" => (3 + chance.u32(..9)).to_string(),
            "qty" => (12 + 4 * chance.u32(..20)).to_string(),
            "month" => (1 + chance.u32(..12)).to_string(),
            "day" => (1 + chance.u32(..28)).to_string(),
            "first" => self.person.first.clone(),
            "full" => self.person.full.clone(),
            "firm" => self.person.firm.clone().unwrap_or_else(|| {
                pick(&self.speech.firms, &mut chance).split('|').next().unwrap_or_default().to_owned()
            }),
            "agent" => self.agent(),
            "post" => pick(&self.speech.posts, &mut chance).to_owned(),
            _ => self.speech.slots.get(slot).map_or_else(String::new, |list| pick(list, &mut chance).to_owned()),
        }
    }

    /// A sentence of a template, chosen by what it is for.
    pub fn sentence(&self, template: &str, what: &str) -> String {
        let mut chance = chance(self.own_seed(), &[b"sentence", what.as_bytes()]);
        write_out(template, &mut chance, &|slot| self.fill(slot))
    }

    /// A sentence of a list.
    pub fn one_of(&self, list: &[String], what: &str) -> String {
        let template = pick(list, &mut chance(self.own_seed(), &[b"one", what.as_bytes()]));
        self.sentence(template, what)
    }

    /// The id of turn `turn` at the place it comes from.
    pub fn id(&self, turn: u32) -> String {
        let customer = self.script().turn(turn as usize).is_some_and(|(customer, _)| customer);
        self.id_of(&turn.to_string(), customer)
    }

    /// The id of something of this conversation.
    pub fn id_of(&self, what: &str, customer: bool) -> String {
        let role = self.conversation.role;
        let hash = number(self.own_seed(), &[b"id", what.as_bytes()]);
        let domain = match (role, customer) {
            (Role::Mail, true) => self.person.address.split('@').nth(1).unwrap_or("post.example"),
            _ => role.domain(),
        };
        format!("{hash:016x}.{what}@{domain}")
    }

    /// Turn `turn` at this time; `before` is when the turn before was said.
    pub fn turn(&self, turn: u32, at: i64, before: Option<i64>) -> Written {
        let script = self.script();
        let (customer, template) = script.turn(turn as usize).unwrap_or((true, ""));
        let body = self.sentence(template, &format!("turn {turn}"));
        let mut written = self.message(customer, turn, &body, at, before);
        written.id = self.id(turn);
        written.photo = (turn == 0 && script.photo).then(|| format!("IMG_{}.png", 2_000 + self.own_seed() % 7_000));
        written
    }

    /// A message of the conversation after `turns` others.
    pub fn message(&self, customer: bool, turns: u32, body: &str, at: i64, before: Option<i64>) -> Written {
        let role = self.conversation.role;
        let us = (pick_name(role, &self.agent()), role.address().to_owned());
        let them = self.customer();
        let (from, to) = if customer { (them, us) } else { (us, them) };
        let subject = self.sentence(&self.script().subject, "subject");
        let subject = match role {
            Role::Mail if turns > 0 => format!("Re: {subject}"),
            Role::Mail => subject,
            Role::Chat => String::new(),
            Role::Comments => self.fill("post"),
        };
        let text = if role == Role::Mail { self.letter(customer, turns, body, before) } else { body.to_owned() };
        Written {
            id: String::new(),
            customer,
            from,
            to,
            at,
            subject,
            text,
            references: (0..turns).map(|turn| self.id(turn)).collect(),
            language: self.speech.code.clone(),
            headers: String::new(),
            private: false,
            photo: None,
            confirmed: Vec::new(),
        }
    }

    /// A mail's text: greeting, words, closing, sometimes a signature and the mail before.
    fn letter(&self, customer: bool, turns: u32, body: &str, before: Option<i64>) -> String {
        let what = format!("letter {turns}");
        let mut chance = chance(self.own_seed(), &[what.as_bytes()]);
        let (greetings, closings) = if customer {
            (&self.speech.greeting, &self.speech.closing)
        } else {
            (&self.speech.our_greeting, &self.speech.our_closing)
        };
        let mut parts = Vec::new();
        // Later answers of a customer are shorter.
        if !customer || turns == 0 || percent(&mut chance, 50) {
            parts.push(self.one_of(greetings, &format!("greeting {turns}")));
        }
        parts.push(body.to_owned());
        if !customer || turns == 0 || percent(&mut chance, 60) {
            parts.push(self.one_of(closings, &format!("closing {turns}")));
        }
        parts.retain(|part| !part.is_empty());
        let mut text = parts.join("\n\n");
        if customer && percent(&mut chance, 30) {
            let signature = self.one_of(&self.speech.signature, "signature");
            if !signature.is_empty() {
                text.push_str("\n\n");
                text.push_str(&signature);
            }
        }
        if let (Some(before), true) = (before, turns > 0 && percent(&mut chance, 45))
            && let Some((was_customer, template)) = self.script().turn(turns as usize - 1)
        {
            let who = if was_customer { self.customer() } else { (String::new(), Role::Mail.address().to_owned()) };
            let who = if who.0.is_empty() { who.1 } else { format!("{} <{}>", who.0, who.1) };
            let date = crate::model::Timestamp(before).to_jiff().strftime("%Y-%m-%d %H:%M").to_string();
            let line = self.speech.quoted.replace("<date>", &date).replace("<who>", &who);
            let quoted = self.sentence(template, &format!("turn {}", turns - 1));
            let quoted: Vec<String> = quoted.lines().map(|line| format!("> {line}").trim_end().to_owned()).collect();
            text = format!("{text}\n\n{line}\n{}", quoted.join("\n"));
        }
        text
    }
}

/// The name we answer by.
fn pick_name(role: Role, agent: &str) -> String {
    match role {
        Role::Mail => format!("{agent} · Tolva & Wren"),
        _ => "Tolva & Wren".to_owned(),
    }
}
