//! Killed while customers become one or part: each act is whole or not at all, and no message is lost.

use crate::support::mail;
use crate::support::profile::Profile;
use crate::support::serve::Serve;
use crate::support::until;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use switchboard::desk::{Desk, system_clock};
use switchboard::engine::sled::{Options, SledEngine};
use switchboard::model::{Act, ActId, CustomerId, IdentityId, InboxFilter, InboxView};
use switchboard::store::Store;

const WHO: [&str; 5] = ["ana", "bo", "cem", "di", "eve"];

/// What a customer comes to, without the ids that are made anew each time.
type Shown = (String, Option<&'static str>, u32, Vec<IdentityId>, BTreeSet<String>);

/// Everything about who is who, as the store has it.
struct Graph {
    customers: BTreeSet<Shown>,
    /// Every message with its text and its original, as it was filed.
    messages: BTreeSet<String>,
    whose: BTreeMap<IdentityId, CustomerId>,
    /// The acts that nobody took back.
    standing: BTreeSet<ActId>,
}

/// Opens the profile in this process, checks every record, and works in it.
fn within<T>(profile: &Path, work: impl FnOnce(&Desk) -> T) -> T {
    let (engine, report) = SledEngine::open(profile, Options::default(), &mut |_, _| {}).unwrap();
    assert!(report.damage.is_empty(), "{:?}", report.damage);
    let checked = engine.verify(&mut |_, _| {}).unwrap();
    assert!(checked.is_clean(), "{checked:?}");
    let engine = Arc::new(engine);
    let desk = Desk::new(Store::open(engine.clone()).unwrap(), Vec::new(), system_clock());
    let done = work(&desk);
    drop(desk);
    Arc::into_inner(engine).unwrap().close().unwrap();
    done
}

fn graph(desk: &Desk) -> Graph {
    let mut graph = Graph {
        customers: BTreeSet::new(),
        messages: BTreeSet::new(),
        whose: BTreeMap::new(),
        standing: BTreeSet::new(),
    };
    for row in desk.inbox(InboxView::All, &InboxFilter::default(), None, 100).unwrap().rows {
        let view = desk.customer(row.customer).unwrap().unwrap();
        let timeline = desk.timeline(row.customer, None, 1000).unwrap().rows;
        let messages = timeline.iter().map(|entry| entry.message.id.to_string()).collect();
        let mut identities: Vec<IdentityId> = view.identities.iter().map(|identity| identity.id).collect();
        graph.whose.extend(identities.iter().map(|id| (*id, row.customer)));
        identities.sort();
        let status = row.status.map(|status| status.word());
        graph.customers.insert((row.name, status, row.unread, identities, messages));
        let history = desk.history(row.customer, 1000).unwrap();
        let acts = history.into_iter().filter_map(|line| line.act);
        graph.standing.extend(acts.filter(|act| act.undone.is_none()).map(|act| act.id));
    }
    for stored in desk.store().messages(None, 1000).unwrap() {
        let text = desk.text(&stored).unwrap();
        let original = stored.original().map(|place| desk.store().content(place).unwrap());
        graph.messages.insert(format!("{:?} {text:?} {original:?}", stored.message));
    }
    graph
}

/// How much the journal takes.
fn journal(profile: &Path) -> u64 {
    let files = std::fs::read_dir(profile.join("journal")).unwrap().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|facts| facts.len()).sum()
}

fn copy(from: &Path, to: &Path) {
    let _ = std::fs::remove_dir_all(to);
    assert!(Command::new("cp").arg("-r").arg(from).arg(to).status().unwrap().success());
}

/// Some act or other on who is there now, and the words that do it.
fn any_act(graph: &Graph) -> (Act, Vec<String>) {
    let identity = *fastrand::choice(graph.whose.keys()).unwrap();
    let customer = *fastrand::choice(graph.whose.values()).unwrap();
    let other = *fastrand::choice(graph.whose.values()).unwrap();
    let reason = String::new();
    let (act, words) = match (fastrand::u8(..8), fastrand::choice(&graph.standing)) {
        (0..=1, _) => {
            let act = Act::Split { customer: graph.whose[&identity], identities: vec![identity], reason };
            (act, vec!["split".to_owned(), graph.whose[&identity].to_string(), identity.to_string()])
        }
        (2..=3, _) => {
            let act = Act::MoveIdentity { identity, customer, reason };
            (act, vec!["move".to_owned(), identity.to_string(), customer.to_string()])
        }
        (4..=5, Some(act)) => (Act::Unmerge(*act), vec!["unmerge".to_owned(), act.to_string()]),
        _ => {
            let act = Act::Merge { stays: customer, other, reason };
            (act, vec!["merge".to_owned(), customer.to_string(), other.to_string()])
        }
    };
    (act, words)
}

/// A mail of this customer's, each at a time of its own.
fn letter(who: usize, number: usize) -> Vec<u8> {
    let name = WHO[who];
    let raw = mail::plain(&format!("{name}{number}"), &format!("About {number}"), "Please answer.\n");
    let raw =
        String::from_utf8(raw).unwrap().replace("Ana <ana@test.example>", &format!("{name} <{name}@test.example>"));
    raw.replace("10:00:00", &format!("1{number}:{who}0:00")).into_bytes()
}

#[test]
fn killed_while_customers_merge_split_and_part_each_act_is_whole_or_not_at_all() {
    let profile = Profile::offline();
    let letters: Vec<_> = (0..WHO.len()).flat_map(|who| (0..3).map(move |number| letter(who, number))).collect();
    profile.import(&letters);
    profile.ok(&["note", "ana@test.example", "--text", "a note of Ana's"]);
    profile.ok(&["reply", "bo@test.example", "--text", "an answer to Bo"]);
    profile.ok(&["resolve", "cem@test.example"]);
    let first = within(&profile.path, graph);
    assert_eq!((first.customers.len(), first.messages.len()), (WHO.len(), letters.len() + 2));

    let twin = profile.home().join("twin");
    let (mut kills, mut rounds, mut done, mut undone) = (0, 0, 0, 0);
    let mut whole = Duration::from_millis(150);
    while kills < 30 && rounds < 120 {
        rounds += 1;
        // More happens that nobody disturbs.
        let before = within(&profile.path, |desk| {
            (0..3).for_each(|_| drop(desk.act("lin", any_act(&graph(desk)).0)));
            graph(desk)
        });
        let (act, words) = any_act(&before);
        // What becomes of it when nobody disturbs.
        copy(&profile.path, &twin);
        let undisturbed = within(&twin, |desk| desk.act("lin", act.clone()).ok().map(|_| graph(desk)));
        let Some(expected) = undisturbed else { continue };
        // Killed itself, or the owner that carries it out.
        let serve = (rounds % 4 == 0).then(|| Serve::start(&profile));
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let (started, written) = (Instant::now(), journal(&profile.path));
        let mut child = profile.command(&words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // At any moment, or at the one when it begins to be written down.
        let moment = if rounds % 2 == 0 { whole * 3 } else { whole.mul_f64(fastrand::f64() * 1.2) };
        let mut ended = false;
        while !ended && started.elapsed() < moment && (rounds % 2 == 1 || journal(&profile.path) == written) {
            ended = child.try_wait().unwrap().is_some();
        }
        if ended {
            whole = started.elapsed();
        } else {
            kills += 1;
        }
        match serve {
            Some(serve) => {
                serve.end(rustix::process::Signal::KILL);
                assert!(until(Duration::from_secs(20), || child.try_wait().unwrap().is_some()), "the client hangs");
            }
            None => drop(child.kill()),
        }
        let code = child.wait().unwrap().code();
        let after = within(&profile.path, graph);
        assert_eq!(after.messages, first.messages, "{words:?}: a message is lost, doubled or changed");
        let is_whole = after.customers == expected.customers;
        let (was, now, wanted) = (&before.customers, &after.customers, &expected.customers);
        assert!(is_whole || now == was, "{words:?} is half done:\n{was:#?}\n{now:#?}\n{wanted:#?}");
        assert!(is_whole || code != Some(0), "{words:?} said that it was done");
        if was != wanted {
            done += usize::from(is_whole);
            undone += usize::from(!is_whole);
        }
    }
    eprintln!("killed {kills} times in {rounds} rounds: {done} acts whole, {undone} not at all");
    assert_eq!(kills, 30, "in {rounds} rounds");

    // All can still be taken back, in any order, and everybody has what was theirs.
    within(&profile.path, |desk| {
        while let Some(act) = fastrand::choice(graph(desk).standing) {
            desk.act("lin", Act::Unmerge(act)).unwrap();
        }
    });
    let last = within(&profile.path, graph);
    assert_eq!(last.messages, first.messages);
    // What was open is open again; what was not may have to be looked at once more, and is never hidden.
    assert_eq!(last.customers.len(), first.customers.len());
    for (was, is) in first.customers.iter().zip(&last.customers) {
        assert_eq!((&was.0, was.2, &was.3, &was.4), (&is.0, is.2, &is.3, &is.4));
        assert!(was.1 != Some("open") || is.1 == Some("open"), "{} was open and is {:?}", was.0, is.1);
    }
    profile.assert_sound();
}
