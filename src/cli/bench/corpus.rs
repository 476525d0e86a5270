//! The invented mail as a Maildir: the same seed gives the same files.

use super::Plan;
use super::letter::{Letter, SUBJECTS};
use anyhow::Context;
use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

/// The first mail is of 1 January 2024, the last of the end of 2025.
const FROM: u64 = 1_704_067_200;
const SPAN: u64 = 2 * 365 * 24 * 3600;

/// A customer's conversation so far.
#[derive(Clone, Default)]
struct Talk {
    /// Its first and its last mail; none yet when both are 0.
    first: u64,
    last: u64,
    subject: String,
}

/// Writes it; gives the bytes of all originals.
pub(super) fn write(folder: &Path, plan: Plan) -> anyhow::Result<u64> {
    let shown = || format!("cannot write into {}", folder.display());
    let (inbox, sent) = (folder.join("cur"), folder.join(".Sent/cur"));
    fs::create_dir_all(&inbox).and_then(|()| fs::create_dir_all(&sent)).with_context(shown)?;
    let mut chance = fastrand::Rng::with_seed(plan.seed);
    let mut talks = vec![Talk::default(); usize::try_from(plan.customers)?];
    let mut bytes = 0;
    for number in 1..=plan.messages {
        // Everybody writes once; from then on few write much and many write little.
        let customer = if number <= plan.customers {
            number - 1
        } else {
            let share = chance.f64();
            ((share * share * plan.customers as f64) as u64).min(plan.customers - 1)
        };
        let talk = &mut talks[customer as usize];
        let known = talk.last > 0;
        let outbound = known && chance.u8(..100) < 30;
        let answers = (known && (outbound || chance.u8(..100) < 60)).then_some((talk.last, talk.first));
        if answers.is_none() {
            let subject = SUBJECTS[chance.usize(..SUBJECTS.len())];
            *talk =
                Talk { first: number, last: number, subject: format!("{subject} #{}", chance.u32(10_000..999_999)) };
        } else if !talk.subject.starts_with("Re: ") {
            talk.subject.insert_str(0, "Re: ");
        }
        talk.last = number;
        let at = FROM + SPAN / plan.messages * number;
        let written = jiff::Timestamp::from_second(i64::try_from(at)?)?;
        let letter = Letter { customer, outbound, number, answers, subject: &talk.subject, at: written };
        let original = letter.write(&mut chance);
        bytes += original.len() as u64;
        let path = if outbound { &sent } else { &inbox }.join(format!("{at}.M{number:08}.bench:2,S"));
        // The time of the file is when it was received.
        File::create_new(&path)
            .and_then(|mut file| {
                file.write_all(&original)?;
                file.set_modified(UNIX_EPOCH + Duration::from_secs(at))
            })
            .with_context(shown)?;
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::connector::Item;
    use crate::connector::email::import::maildir;
    use crate::connector::email::parse::understand;
    use std::collections::BTreeSet;

    const OWN: &str = "support@shop.example";

    #[test]
    fn every_mail_is_understood_and_the_seed_decides_it() {
        let plan = Plan { messages: 400, customers: 20, seed: 3 };
        let read = |plan| {
            let folder = tempfile::tempdir().unwrap();
            let bytes = write(folder.path(), plan).unwrap();
            let mails: Vec<_> = maildir(folder.path()).unwrap().map(Result::unwrap).collect();
            assert_eq!(bytes, mails.iter().map(|mail| mail.raw.len() as u64).sum::<u64>());
            mails
        };
        let mails = read(plan);
        assert_eq!(mails, read(plan));
        assert_ne!(mails, read(Plan { seed: 4, ..plan }));
        let (mut customers, mut text, mut outbound) = (BTreeSet::new(), 0, 0);
        for mail in mails {
            let Item::Message(message) = understand(mail.raw, &[OWN.to_owned()], &mail.folder, mail.received) else {
                panic!("not understood")
            };
            text += message.text.len();
            if message.from.address == OWN {
                outbound += 1;
            } else {
                customers.insert(message.from.address);
            }
        }
        assert_eq!(customers.len(), 20);
        assert!((500..750).contains(&(text / 400)), "a text has {} bytes", text / 400);
        assert!((60..160).contains(&outbound), "{outbound}");
    }
}
