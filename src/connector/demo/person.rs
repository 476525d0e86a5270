//! The cast: invented people with names that fit their language, each at home in one place, a few in two.

use super::chance::{chance, percent, pick};
use super::settings::Role;
use super::speech::Speech;
use std::collections::HashMap;

/// New faces that may turn up while the demo runs.
const STRANGERS: u32 = 2_000;

/// Their mailbox is full: what is sent there fails.
pub const FULL: &str = "nora.finch@full.example";
/// Their server never says whether it took a mail: what is sent there is unknown.
pub const FOG: &str = "tilda.brandt@fog.example";
/// Answers at once.
pub const FRIEND: &str = "sam.okafor@post.example";
/// The first of the cast, who are the same with each seed: name and address.
const FIRST: [(&str, &str, &str); 3] =
    [("Nora", "Nora Finch", FULL), ("Tilda", "Tilda Brandt", FOG), ("Sam", "Sam Okafor", FRIEND)];

/// Somebody who writes to us.
#[derive(Clone, Debug)]
pub(super) struct Person {
    /// Index into the languages.
    pub speech: usize,
    /// What friends say.
    pub first: String,
    /// The whole name.
    pub full: String,
    /// Where they are at home.
    pub role: Role,
    /// Their address there.
    pub address: String,
    /// The company they write for.
    pub firm: Option<String>,
    /// The second place they write from, without saying so by their address.
    pub second: Option<(Role, String)>,
}

/// Everybody.
pub(super) struct Cast {
    pub people: Vec<Person>,
    /// The first so many are customers already; the others are yet to come.
    pub known: u32,
    by_address: HashMap<String, u32>,
}

impl Cast {
    /// Everybody there is with this seed.
    pub fn new(seed: u64, known: u32, speeches: &[Speech]) -> Cast {
        let mut cast = Cast { people: Vec::new(), known, by_address: HashMap::new() };
        for index in 0..known + STRANGERS {
            let mut person = person(seed, index, speeches);
            person.address = cast.claim(index, &person.address);
            if let Some((_, address)) = &mut person.second {
                *address = cast.claim(index, address);
            }
            cast.people.push(person);
        }
        cast
    }

    /// Who writes from this address.
    pub fn at(&self, address: &str) -> Option<u32> {
        self.by_address.get(&address.trim().to_lowercase()).copied()
    }

    /// An address nobody has yet.
    fn claim(&mut self, index: u32, wanted: &str) -> String {
        let (local, domain) = wanted.split_once('@').unwrap_or((wanted, "post.example"));
        let mut address = wanted.to_owned();
        let mut number = 50 + index % 50;
        while self.by_address.contains_key(&address) {
            address = format!("{local}{number}@{domain}");
            number += 1;
        }
        self.by_address.insert(address.clone(), index);
        address
    }
}

/// `名|latin`, or one for both.
fn halves(name: &str) -> (&str, String) {
    match name.split_once('|') {
        Some((shown, latin)) => (shown, latin.to_owned()),
        None => (name, plain(name)),
    }
}

/// The letters of a name as addresses have them.
fn plain(name: &str) -> String {
    let mut plain = String::new();
    for letter in name.to_lowercase().chars() {
        match letter {
            'ä' => plain.push_str("ae"),
            'ö' => plain.push_str("oe"),
            'ü' => plain.push_str("ue"),
            'ß' => plain.push_str("ss"),
            'á' | 'à' | 'â' => plain.push('a'),
            'é' | 'è' | 'ê' => plain.push('e'),
            'í' => plain.push('i'),
            'ó' => plain.push('o'),
            'ú' => plain.push('u'),
            'ñ' => plain.push('n'),
            'a'..='z' | '0'..='9' => plain.push(letter),
            _ => {}
        }
    }
    plain
}

fn person(seed: u64, index: u32, speeches: &[Speech]) -> Person {
    if let Some((first, full, address)) = FIRST.get(index as usize) {
        return Person {
            speech: 0,
            first: (*first).to_owned(),
            full: (*full).to_owned(),
            role: Role::Mail,
            address: (*address).to_owned(),
            firm: None,
            second: None,
        };
    }
    let mut chance = chance(seed, &[b"person", &index.to_le_bytes()]);
    let whole: u32 = speeches.iter().map(|speech| speech.share).sum();
    let mut ticket = chance.u32(..whole.max(1));
    let mut language = 0;
    for (at, speech) in speeches.iter().enumerate() {
        if ticket < speech.share {
            language = at;
            break;
        }
        ticket -= speech.share;
    }
    let speech = &speeches[language];
    let (given, given_latin) = halves(pick(&speech.given, &mut chance));
    let (family, family_latin) = halves(pick(&speech.family, &mut chance));
    let full = match &speech.family_first {
        Some(between) => format!("{family}{between}{given}"),
        None => format!("{given} {family}"),
    };
    let first = if speech.family_first.is_some() { full.clone() } else { given.to_owned() };
    let role = match chance.u32(..100) {
        0..58 => Role::Mail,
        58..84 => Role::Chat,
        _ => Role::Comments,
    };
    let firm = (role == Role::Mail && percent(&mut chance, 9)).then(|| pick(&speech.firms, &mut chance).to_owned());
    let firm = firm.filter(|firm| !firm.is_empty());
    let domain = match &firm {
        Some(firm) => firm.split_once('|').map_or("office.example", |(_, domain)| domain).to_owned(),
        None => pick(&speech.domains, &mut chance).to_owned(),
    };
    let firm = firm.map(|firm| firm.split('|').next().unwrap_or_default().to_owned());
    let address = |role: Role, chance: &mut fastrand::Rng| match role {
        Role::Mail => {
            let initial = given_latin.chars().next().unwrap_or('x');
            let local = match chance.u32(..4) {
                0 => format!("{given_latin}.{family_latin}"),
                1 => format!("{initial}.{family_latin}"),
                2 => format!("{given_latin}{}", chance.u32(60..99)),
                _ => format!("{family_latin}.{given_latin}"),
            };
            format!("{local}@{domain}")
        }
        Role::Chat => format!("{given_latin}.{family_latin}@{}", Role::Chat.domain()),
        Role::Comments => {
            let local = match chance.u32(..4) {
                0 => format!("{given_latin}_{}", chance.u32(1..99)),
                1 => format!("the.{given_latin}"),
                2 => format!("{family_latin}{}", chance.u32(1..400)),
                _ => format!("{given_latin}_{family_latin}"),
            };
            format!("{local}@{}", Role::Comments.domain())
        }
    };
    let home = address(role, &mut chance);
    let other = Role::ALL.into_iter().find(|other| *other != role).unwrap_or(Role::Chat);
    let second = (firm.is_none() && index % 40 == 11).then(|| (other, address(other, &mut chance)));
    Person { speech: language, first, full, role, address: home, firm, second }
}
