//! Stories of who is one customer: merging, splitting, moving, and taking each back at any later time.

use super::paper::{MINUTE, Paper, mail};
use crate::model::{Act, ActId, CaseStatus, Compose, CustomerId, InboxView, ProfileEdit, ReplyKind, TimelineEntry};

fn two() -> Paper {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "Ana <ana@a.example>", -30).subject("Order"),
        mail("2@b", "Bo <bo@b.example>", -20).subject("Broken"),
        mail("3@a", "Ana <ana@a.example>", -10).subject("Order"),
    ]);
    paper
}

fn merge(paper: &Paper, stays: &str, other: &str) -> ActId {
    let (stays, other) = (paper.customer(stays), paper.customer(other));
    paper.act(Act::Merge { stays, other, reason: "she said so".to_owned() }).act.unwrap()
}

fn note(paper: &Paper, customer: CustomerId, text: &str) {
    let compose = Compose { text: text.to_owned(), ..Compose::new(ReplyKind::Note, Some(customer)) };
    paper.act(Act::Send(Box::new(compose)));
}

fn texts(rows: &[TimelineEntry]) -> Vec<&str> {
    rows.iter().map(|entry| entry.message.remote_id.as_str()).collect()
}

#[test]
fn a_merge_makes_one_timeline_and_its_undo_two_again() {
    let paper = two();
    let (ana, bo) = (paper.customer("Ana"), paper.customer("Bo"));
    let before = [ana, bo].map(|id| paper.desk.customer(id).unwrap().unwrap());
    let act = merge(&paper, "Ana", "Bo");
    assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
    assert_eq!(texts(&paper.timeline("Ana")), ["1@a", "2@b", "3@a"]);
    let whole = paper.desk.customer(ana).unwrap().unwrap();
    assert_eq!((whole.customer.unread, whole.identities.len()), (3, 2));
    assert_eq!(whole.absorbed, [(bo, "Bo".to_owned())]);
    assert_eq!(paper.customer(&bo.to_string()), ana, "the old id leads to the one it is now");
    assert_eq!(paper.customer("bo@b.example"), ana);
    paper.act(Act::Unmerge(act));
    assert_eq!(texts(&paper.timeline("Ana")), ["1@a", "3@a"]);
    assert_eq!(texts(&paper.timeline("Bo")), ["2@b"]);
    for was in before {
        let mut now = paper.desk.customer(was.customer.id).unwrap().unwrap();
        now.identities.iter_mut().for_each(|identity| identity.home = None);
        assert_eq!(now, was);
    }
    assert!(paper.refused(Act::Unmerge(act)).contains("already"));
}

#[test]
fn nothing_is_lost_in_either_direction() {
    let paper = two();
    let (ana, bo) = (paper.customer("Ana"), paper.customer("Bo"));
    for (id, plan, tag, remark) in [(ana, "gold", "vip", "Careful"), (bo, "silver", "late", "Likes tea")] {
        paper.act(Act::Edit(id, ProfileEdit::Field("plan".to_owned(), plan.to_owned())));
        paper.act(Act::Tag { customer: id, add: vec![tag.to_owned()], remove: vec![] });
        paper.act(Act::Edit(id, ProfileEdit::Notes(remark.to_owned())));
        note(&paper, id, remark);
    }
    paper.act(Act::Edit(bo, ProfileEdit::Name("Bo B.".to_owned())));
    let before = [ana, bo].map(|id| paper.desk.customer(id).unwrap().unwrap().customer);
    let act = merge(&paper, "Ana", "Bo B.");
    let whole = paper.desk.customer(ana).unwrap().unwrap().customer;
    assert_eq!(whole.name, "Bo B.", "the name an agent chose");
    assert_eq!(whole.tags, ["late", "vip"]);
    assert_eq!(whole.notes, "Careful\nLikes tea");
    assert_eq!(whole.fields["plan"], "gold | silver");
    assert_eq!(paper.timeline(&ana.to_string()).len(), 5, "private notes of both");
    // Meanwhile: a tag, a note, a message of Bo's.
    paper.act(Act::Tag { customer: bo, add: vec!["both".to_owned()], remove: vec![] });
    note(&paper, ana, "One of them moved");
    paper.receive(&[mail("4@b", "Bo <bo@b.example>", 1)]);
    paper.act(Act::Unmerge(act));
    let (was_ana, was_bo) = (&before[0], &before[1]);
    let [ana, bo] = [ana, bo].map(|id| paper.desk.customer(id).unwrap().unwrap().customer);
    assert_eq!((&ana.name, &ana.notes, &ana.fields), (&was_ana.name, &was_ana.notes, &was_ana.fields));
    assert_eq!(ana.tags, ["both", "vip"]);
    assert_eq!((&bo.name, &bo.notes, &bo.fields), (&was_bo.name, &was_bo.notes, &was_bo.fields));
    assert_eq!((ana.unread, bo.unread), (2, 2));
    assert_eq!((&ana.last_at, &ana.case), (&was_ana.last_at, &was_ana.case));
    assert_eq!(bo.last_at.0, was_bo.last_at.0 + 21 * MINUTE);
    assert_eq!(texts(&paper.timeline(&bo.id.to_string())), ["2@b", "", "4@b"]);
    assert_eq!(paper.timeline(&ana.id.to_string()).len(), 4, "the note written meanwhile stays with the one it was on");
}

#[test]
fn cases_of_both_become_one_and_part_again() {
    let paper = two();
    let (ana, bo) = (paper.customer("Ana"), paper.customer("Bo"));
    paper.act(Act::Assign(bo, Some("mia".to_owned())));
    paper.act(Act::Resolve(ana));
    let act = merge(&paper, "Ana", "Bo");
    let case = paper.desk.customer(ana).unwrap().unwrap().customer.case.unwrap();
    assert_eq!((case.status, case.owner.as_deref()), (CaseStatus::Open, Some("mia")));
    // Answered and resolved while one: both are done.
    paper.act(Act::Resolve(bo));
    assert_eq!(paper.row("Ana").status, Some(CaseStatus::Resolved));
    // Then Ana's address writes again.
    paper.pass(5 * MINUTE);
    paper.receive(&[mail("5@a", "Ana <ana@a.example>", 4)]);
    assert_eq!(paper.row("Ana").status, Some(CaseStatus::Open));
    paper.act(Act::Unmerge(act));
    assert_eq!(paper.row("Ana").status, Some(CaseStatus::Open));
    assert_eq!(paper.row("Bo").status, Some(CaseStatus::Resolved), "nobody there waits");
}

#[test]
fn answers_drafts_and_trouble_go_with_their_identity() {
    let paper = two();
    let (ana, bo) = (paper.customer("Ana"), paper.customer("Bo"));
    let to_bo = paper.timeline("Bo")[0].message.id;
    let act = merge(&paper, "Ana", "Bo");
    let compose = Compose { text: "Here".to_owned(), parent: Some(to_bo), ..Compose::new(ReplyKind::Reply, Some(bo)) };
    let sent = paper.act(Act::Send(Box::new(compose.clone())));
    assert_eq!(sent.customer, Some(ana));
    let draft = crate::model::Draft {
        id: crate::model::DraftId::new(),
        customer: Some(ana),
        compose: Compose { customer: Some(ana), ..compose },
        agent: "lin".to_owned(),
        saved: paper.desk.now(),
    };
    paper.act(Act::SaveDraft(Box::new(draft)));
    let outgoing = sent.outgoing.unwrap();
    paper.pass(20_000);
    paper.desk.begin_sending(outgoing).unwrap().unwrap();
    paper.desk.unknown(outgoing, "the line broke").unwrap();
    assert!(paper.row("Ana").trouble);
    paper.act(Act::Unmerge(act));
    assert!(!paper.row("Ana").trouble && paper.row("Bo").trouble);
    assert_eq!(paper.desk.outbox(10).unwrap()[0].name, "Bo");
    assert_eq!(paper.desk.drafts().unwrap()[0].name, "Bo");
    assert_eq!(paper.desk.customer(bo).unwrap().unwrap().drafts, 1);
    paper.act(Act::MarkSent(outgoing));
    assert!(!paper.row("Bo").trouble);
}

#[test]
fn a_split_makes_a_customer_and_can_be_taken_back_after_more_happened() {
    let paper = two();
    merge(&paper, "Ana", "Bo");
    let ana = paper.customer("Ana");
    let bos = paper.desk.find_identity("bo@b.example", Some(ana), false).unwrap().id;
    let acted = paper.act(Act::Split { customer: ana, identities: vec![bos], reason: String::new() });
    assert_eq!(paper.inbox(InboxView::All), ["Ana", "Bo"]);
    let bo = paper.customer("bo@b.example");
    assert_eq!(texts(&paper.timeline("bo@b.example")), ["2@b"]);
    assert_eq!((paper.row("Ana").unread, paper.row("bo@b.example").unread), (2, 1));
    note(&paper, bo, "On the new one");
    paper.receive(&[mail("6@b", "Bo <bo@b.example>", 2)]);
    paper.act(Act::Unmerge(acted.act.unwrap()));
    assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
    assert_eq!(paper.timeline("Ana").len(), 5, "the note stays to be seen");
    let absorbed = paper.desk.customer(ana).unwrap().unwrap().absorbed;
    assert_eq!(absorbed.len(), 1, "Bo is, and not who was split off for a while: {absorbed:?}");
    assert_eq!(paper.customer(&bo.to_string()), ana);
    assert_eq!(paper.row("Ana").unread, 4);
    assert!(
        paper
            .refused(Act::Split {
                customer: ana,
                identities: paper.desk.customer(ana).unwrap().unwrap().customer.identities,
                reason: String::new()
            })
            .contains("leave one")
    );
}

#[test]
fn an_identity_moves_and_moves_on_and_each_move_can_be_taken_back_first() {
    for first in [0, 1] {
        let paper = two();
        paper.receive(&[mail("7@c", "Cy <cy@c.example>", -5), mail("8@d", "Di <di@d.example>", -4)]);
        merge(&paper, "Ana", "Di");
        let (ana, bo, cy) = (paper.customer("Ana"), paper.customer("Bo"), paper.customer("Cy"));
        let di = paper.desk.find_identity("di@d.example", Some(ana), false).unwrap();
        let go = |to| {
            let act = Act::MoveIdentity { identity: di.id, customer: to, reason: String::new() };
            paper.act(act).act.unwrap()
        };
        let moves = [go(bo), go(cy)];
        assert_eq!(texts(&paper.timeline("Cy")), ["7@c", "8@d"]);
        paper.act(Act::Unmerge(moves[first]));
        paper.act(Act::Unmerge(moves[1 - first]));
        assert_eq!(texts(&paper.timeline("Ana")), ["1@a", "3@a", "8@d"], "{first}");
        assert_eq!(texts(&paper.timeline("Cy")), ["7@c"], "{first}");
        assert_eq!(texts(&paper.timeline("Bo")), ["2@b"], "{first}");
        assert_eq!(paper.row("Bo").unread, 1);
    }
}

#[test]
fn history_says_who_when_and_why() {
    let paper = two();
    let act = merge(&paper, "Ana", "Bo");
    paper.pass(MINUTE);
    paper.act(Act::Unmerge(act));
    for who in ["Ana", "Bo"] {
        let lines = paper.desk.history(paper.customer(who), 10).unwrap();
        assert_eq!(lines.len(), 2, "{lines:?}");
        assert!(lines[0].summary.starts_with("taken back: Bo and Ana are one customer"), "{lines:?}");
        assert!(lines[1].summary.contains("she said so"), "{lines:?}");
        assert_eq!((lines[1].by.as_str(), lines[1].act.as_ref().unwrap().id), ("lin", act));
        assert_eq!(lines[1].act.as_ref().unwrap().undone.as_ref().unwrap().by, "lin");
    }
}

mod proofs {
    use super::super::paper::{NOON, Paper, mail};
    use crate::connector::{Incoming, Item, PulledPage};
    use crate::model::{Act, Direction, InboxView, Link, LinkKind, Party, Timestamp, Trust, Verdict};

    /// A message of somebody on the account's channel, with what the channel says of them.
    fn message(id: &str, address: &str, name: &str, links: Vec<Link>, trust: Trust, text: &str) -> Item {
        let from = Party { address: address.to_owned(), name: name.to_owned() };
        let mut incoming =
            Incoming::new(id, Direction::Inbound, from, Timestamp(NOON - 1000), text, id.as_bytes().to_vec());
        incoming.links = links;
        incoming.trust = trust;
        Item::Message(Box::new(incoming))
    }

    fn phone(proven: bool) -> Vec<Link> {
        vec![Link { kind: LinkKind::Phone, value: "+4915112345678".to_owned(), proven }]
    }

    fn receive(paper: &Paper, items: Vec<Item>) {
        paper.desk.ingest("support", PulledPage { items, ..PulledPage::default() }).unwrap();
    }

    #[test]
    fn a_new_identity_with_a_proven_key_joins_whoever_has_it() {
        let paper = Paper::new();
        receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("2", "a.silva@w.example", "A. S.", phone(true), Trust::Verified, "Me again")]);
        assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
        let view = paper.desk.customer(paper.customer("Ana")).unwrap().unwrap();
        assert_eq!(view.identities.len(), 2);
        assert_eq!(view.identities[1].basis.word(), "proof");
        let history = paper.desk.history(view.customer.id, 10).unwrap();
        assert!(history[0].summary.contains("+4915112345678"), "{history:?}");
        assert_eq!(history[0].by, "switchboard");
    }

    #[test]
    fn two_on_one_page_meet_as_well() {
        let paper = Paper::new();
        let items = [("1", "ana@a.example", "Ana"), ("2", "as@w.example", "AS")]
            .map(|(id, address, name)| message(id, address, name, phone(true), Trust::Verified, "Hi"));
        receive(&paper, items.into());
        assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
    }

    #[test]
    fn two_customers_that_turn_out_to_be_one_are_merged_and_an_agent_may_part_them_for_good() {
        let paper = Paper::new();
        receive(&paper, vec![message("1", "ana@a.example", "Ana", vec![], Trust::Verified, "Hi")]);
        receive(&paper, vec![message("2", "as@w.example", "AS", phone(true), Trust::Verified, "Hi")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 2);
        receive(&paper, vec![message("3", "ana@a.example", "Ana", phone(true), Trust::Verified, "My number")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 1);
        let ana = paper.customer("ana@a.example");
        let history = paper.desk.history(ana, 10).unwrap();
        let act = history[0].act.clone().unwrap();
        assert_eq!((act.done.by.as_str(), act.evidence.len()), ("switchboard", 1));
        paper.act(Act::Unmerge(act.id));
        assert_eq!(paper.inbox(InboxView::All).len(), 2);
        receive(&paper, vec![message("4", "ana@a.example", "Ana", phone(true), Trust::Verified, "Again")]);
        let mut mail = phone(true);
        mail.push(Link { kind: LinkKind::Crm, value: "zendesk:1".to_owned(), proven: true });
        receive(&paper, vec![message("5", "ana@a.example", "Ana", mail, Trust::Verified, "Again")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 2, "what an agent parted stays apart");
    }

    #[test]
    fn a_claimed_key_and_a_name_join_nobody_but_are_suggested() {
        let paper = Paper::new();
        receive(&paper, vec![message("1", "ana@a.example", "Ana Silva", phone(true), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("2", "other@w.example", "Ana Silva", phone(false), Trust::Verified, "Hi")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 2);
        let ana = paper.customer("ana@a.example");
        let view = paper.desk.customer(ana).unwrap().unwrap();
        let [suggestion] = view.suggestions.as_slice() else { panic!("{:?}", view.suggestions) };
        assert!((70..100).contains(&suggestion.suggestion.likelihood), "{suggestion:?}");
        let words: Vec<&str> = suggestion.suggestion.evidence.iter().map(|one| one.words.as_str()).collect();
        assert_eq!(
            words,
            ["both have the number +4915112345678; nobody vouches for one of them", "both are called Ana Silva"]
        );
        let acted = paper.act(Act::NeverSuggest(suggestion.suggestion.id));
        assert!(paper.desk.customer(ana).unwrap().unwrap().suggestions.is_empty());
        for undo in acted.undo {
            paper.act(undo);
        }
        let acted = paper.act(Act::AcceptSuggestion(suggestion.suggestion.id, None));
        assert_eq!(acted.customer, Some(ana));
        assert_eq!(paper.inbox(InboxView::All).len(), 1);
        for undo in acted.undo {
            paper.act(undo);
        }
        let decided = paper.desk.store().suggestion(suggestion.suggestion.id).unwrap().unwrap();
        assert!(matches!(decided.verdict, Verdict::Never(_)), "{decided:?}");
    }

    /// Notes a call with a number.
    fn call(paper: &Paper, customer: crate::model::CustomerId, number: &str) {
        let call = crate::model::Call {
            customer,
            direction: Direction::Inbound,
            at: None,
            duration: 60_000,
            number: Some(number.to_owned()),
            text: "Asked about the order".to_owned(),
        };
        paper.act(Act::LogCall(Box::new(call)));
    }

    #[test]
    fn the_number_of_a_call_is_asked_about_and_joins_nobody() {
        for (proven, least) in [(false, 55), (true, 75)] {
            let paper = Paper::new();
            receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(proven), Trust::Verified, "Hi")]);
            receive(&paper, vec![message("2", "bo@b.example", "Bo", vec![], Trust::Verified, "Hi")]);
            let bo = paper.customer("bo@b.example");
            call(&paper, bo, "+49 151 1234-5678");
            assert_eq!(paper.inbox(InboxView::All).len(), 2, "two customers still");
            let view = paper.desk.customer(bo).unwrap().unwrap();
            let [suggestion] = view.suggestions.as_slice() else { panic!("{:?}", view.suggestions) };
            assert_eq!(suggestion.name, "Ana");
            assert!(suggestion.suggestion.likelihood >= least, "{suggestion:?}");
        }
    }

    /// A number that an agent heard or a file named is not proven by that, whoever writes from it later.
    #[test]
    fn a_number_that_was_noted_takes_nobody_in_later() {
        let paper = Paper::new();
        receive(&paper, vec![message("2", "bo@b.example", "Bo", vec![], Trust::Verified, "Hi")]);
        let bo = paper.customer("bo@b.example");
        call(&paper, bo, "+4915112345678");
        receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("3", "ana@c.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        assert_eq!(paper.customer("ana@a.example"), paper.customer("ana@c.example"), "what channels vouch for");
        assert_ne!(paper.customer("ana@a.example"), bo);
        assert_eq!(paper.desk.customer(bo).unwrap().unwrap().suggestions.len(), 1, "it is asked about");
    }

    #[test]
    fn an_address_in_a_message_is_evidence_and_many_of_a_name_are_none() {
        let paper = Paper::new();
        receive(&paper, vec![message("1", "ana@a.example", "Ana", vec![], Trust::Verified, "Hi")]);
        let text = "I wrote from ana@a.example before";
        receive(&paper, vec![message("2", "x17@w.example", "Blue Fox", vec![], Trust::Verified, text)]);
        let view = paper.desk.customer(paper.customer("ana@a.example")).unwrap().unwrap();
        assert_eq!(view.suggestions.len(), 1);
        assert_eq!(view.suggestions[0].suggestion.likelihood, 60);
        let paper = Paper::new();
        for number in 0..12 {
            let id = number.to_string();
            let address = format!("w{number}x@w.example");
            receive(&paper, vec![message(&id, &address, "Wei Zhang", vec![], Trust::Verified, "Hi")]);
        }
        let (last, _) = paper.desk.suggestions(None, 1000).unwrap();
        assert!(last.len() <= 3, "{}", last.len());
    }

    const FAIL: &str = "Authentication-Results: mx.shop.example; dmarc=fail header.from=a.example";
    const PASS: &str = "Authentication-Results: mx.shop.example; dmarc=pass header.from=a.example";

    #[test]
    fn mail_that_fails_is_kept_beside_the_customer_until_an_agent_accepts_it() {
        let paper = Paper::new();
        paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9).header(PASS)]);
        paper.receive(&[mail("2@evil", "Chief <ana@a.example>", -8).header(FAIL).subject("Pay now")]);
        assert_eq!(paper.inbox(InboxView::All), ["Ana"], "a forger names nobody");
        let view = paper.desk.customer(paper.customer("Ana")).unwrap().unwrap();
        let states: Vec<&str> = view.identities.iter().map(|identity| identity.standing()).collect();
        assert_eq!(states, ["verified", "suspect"]);
        assert_eq!(paper.timeline("Ana").len(), 2, "nothing is lost");
        assert!(matches!(paper.timeline("Ana")[1].message.trust, Trust::Refuted(_)));
        let suspect = paper.desk.find_identity("ana@a.example", None, true).unwrap();
        // It can be taken away …
        let split = Act::Split { customer: view.customer.id, identities: vec![suspect.id], reason: String::new() };
        let acted = paper.act(split);
        assert_eq!(paper.timeline("Ana").len(), 1);
        paper.act(acted.undo[0].clone());
        assert_eq!(paper.timeline("Ana").len(), 2);
        // … or let in, and thrown out again.
        let acted = paper.act(Act::Accept(suspect.id));
        assert_eq!(paper.desk.find_identity(&suspect.id.to_string(), None, false).unwrap().standing(), "accepted");
        paper.act(acted.undo[0].clone());
        assert!(paper.desk.store().identity(suspect.id).unwrap().unwrap().is_suspect());
    }

    #[test]
    fn a_claim_that_comes_first_waits_for_the_real_one_and_names_nobody() {
        let paper = Paper::new();
        paper.receive(&[mail("2@evil", "Chief <ana@a.example>", -8).header(FAIL)]);
        paper.receive(&[mail("1@a", "Ana <ana@a.example>", -7).header(PASS)]);
        assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
        assert_eq!(paper.timeline("Ana").len(), 2);
    }

    #[test]
    fn a_suspect_that_is_let_in_is_known_by_its_links_at_once_and_thrown_out_no_more() {
        let paper = Paper::new();
        let refuted = || Trust::Refuted("dmarc=fail".to_owned());
        receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("2", "bo@b.example", "Bo", vec![], Trust::Verified, "Hi")]);
        let text = "I also write from bo@b.example";
        receive(&paper, vec![message("3", "eve@e.example", "Eve", phone(true), refuted(), text)]);
        assert_eq!(paper.inbox(InboxView::All).len(), 3);
        let suspect = paper.desk.find_identity("eve@e.example", None, true).unwrap();
        let acted = paper.act(Act::Accept(suspect.id));
        assert!(acted.said.contains("+4915112345678"), "{}", acted.said);
        assert_eq!(paper.inbox(InboxView::All).len(), 2, "the proven number makes her Ana");
        let (suggested, _) = paper.desk.suggestions(None, 10).unwrap();
        assert_eq!(suggested.len(), 1, "and what she wrote of is suggested: {suggested:?}");
        // Both are taken back together, and nothing of it is left.
        acted.undo.into_iter().for_each(|undo| drop(paper.act(undo)));
        assert_eq!(paper.inbox(InboxView::All).len(), 3);
        assert!(paper.desk.suggestions(None, 10).unwrap().0.is_empty());
        receive(&paper, vec![message("4", "cy@c.example", "Cy", phone(true), Trust::Verified, "Hi")]);
        assert_eq!(paper.customer("cy@c.example"), paper.customer("ana@a.example"));
        let eve = paper.desk.find_identity("eve@e.example", None, true).unwrap();
        assert!(eve.is_suspect() && eve.customer != paper.customer("ana@a.example"));
    }

    /// Ana and Bo, two customers, and a suspect whose number is Ana's.
    fn suspected() -> Paper {
        let paper = Paper::new();
        let refuted = Trust::Refuted("dmarc=fail".to_owned());
        receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("2", "bo@b.example", "Bo", page(), Trust::Verified, "Hi")]);
        receive(&paper, vec![message("3", "eve@e.example", "Eve", phone(true), refuted, "Hi")]);
        paper
    }

    fn page() -> Vec<Link> {
        vec![Link { kind: LinkKind::Crm, value: "zendesk:1".to_owned(), proven: true }]
    }

    fn eve(paper: &Paper) -> crate::model::Identity {
        paper.desk.find_identity("eve@e.example", None, true).unwrap()
    }

    /// Customers with the messages of each, and every message as it is kept.
    fn whole(paper: &Paper) -> (Vec<Vec<String>>, Vec<String>) {
        let names = ["ana@a.example", "bo@b.example"].map(|who| paper.customer(who));
        let all = names.into_iter().chain([eve(paper).customer]);
        let ids = |who: crate::model::CustomerId| {
            let rows = paper.desk.timeline(who, None, 100).unwrap().rows;
            rows.into_iter().map(|entry| entry.message.remote_id).collect()
        };
        let kept = paper.desk.store().messages(None, 1000).unwrap();
        let kept = kept.iter().map(|stored| format!("{:?} {:?}", stored.message, paper.desk.text(stored)));
        (all.map(ids).collect(), kept.collect())
    }

    #[test]
    fn a_suspect_is_thrown_out_with_all_it_proved_however_much_later_and_may_be_let_in_again() {
        let paper = suspected();
        let before = whole(&paper);
        let acted = paper.act(Act::Accept(eve(&paper).id));
        assert_eq!(paper.inbox(InboxView::All).len(), 2, "{}", acted.said);
        let act = acted.act.unwrap();
        assert_eq!(acted.undo, [Act::Unmerge(act)], "one act, which `u` takes back too");
        // Much later, from the history, by the act alone.
        paper.pass(90 * 86_400_000);
        paper.act(Act::Tag { customer: paper.customer("ana@a.example"), add: vec!["vip".to_owned()], remove: vec![] });
        let undone = paper.act(Act::Unmerge(act));
        assert!(undone.said.contains("are two customers again"), "{}", undone.said);
        assert_eq!(whole(&paper), before, "each has its own, and not one message is another");
        assert!(eve(&paper).is_suspect());
        let history = paper.desk.history(paper.customer("ana@a.example"), 10).unwrap();
        let merge = history.iter().filter_map(|line| line.act.clone()).find(|one| one.kind.word() == "merge").unwrap();
        assert_eq!(merge.undone.as_ref().unwrap().by, "lin", "the merge says that it was taken back, and by whom");
        assert!(paper.refused(Act::Unmerge(merge.id)).contains("already"));
        assert!(paper.refused(Act::Unmerge(act)).contains("already"));
        // Let in again it proves the same again, and that can be taken back as well.
        let again = paper.act(Act::Accept(eve(&paper).id));
        assert_eq!(paper.inbox(InboxView::All).len(), 2, "{}", again.said);
        again.undo.into_iter().for_each(|undo| drop(paper.act(undo)));
        assert_eq!(whole(&paper), before);
    }

    #[test]
    fn what_an_accepted_suspect_proved_later_goes_with_it_and_what_others_did_since_stays() {
        // A second proof by the suspect itself.
        let paper = suspected();
        let act = paper.act(Act::Accept(eve(&paper).id)).act.unwrap();
        let refuted = || Trust::Refuted("dmarc=fail".to_owned());
        receive(&paper, vec![message("4", "eve@e.example", "Eve", page(), refuted(), "And I am Bo")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 1);
        paper.act(Act::Unmerge(act));
        let (theirs, _) = whole(&paper);
        assert_eq!(theirs, [vec!["1"], vec!["2"], vec!["3", "4"]]);

        // An agent took the merge back and made another one: that one stays.
        let paper = suspected();
        let act = paper.act(Act::Accept(eve(&paper).id)).act.unwrap();
        let (ana, other) = (paper.customer("ana@a.example"), eve(&paper).home());
        let lines = paper.desk.history(ana, 10).unwrap();
        let merge = lines.iter().filter_map(|line| line.act.clone()).find(|one| one.kind.word() == "merge").unwrap();
        paper.act(Act::Unmerge(merge.id));
        paper.act(Act::Merge { stays: ana, other, reason: "she said so".to_owned() });
        paper.act(Act::Unmerge(act));
        assert_eq!(eve(&paper).customer, ana, "the agent's merge");
        assert!(eve(&paper).is_suspect());

        // Two that the suspect made one, and that proved it themselves since.
        let paper = suspected();
        let act = paper.act(Act::Accept(eve(&paper).id)).act.unwrap();
        receive(&paper, vec![message("4", "eve@e.example", "Eve", page(), refuted(), "And I am Bo")]);
        receive(&paper, vec![message("5", "bo@b.example", "Bo", phone(true), Trust::Verified, "My number")]);
        let said = paper.act(Act::Unmerge(act)).said;
        assert!(said.contains("Proven all the same"), "{said}");
        assert_eq!(paper.customer("ana@a.example"), paper.customer("bo@b.example"));
        assert_ne!(eve(&paper).customer, paper.customer("ana@a.example"));
    }

    /// Who came in by an accepted suspect's key parts from it, too, and takes nobody along.
    #[test]
    fn who_joined_by_an_accepted_suspects_key_parts_from_it() {
        for also_ana in [false, true] {
            let paper = suspected();
            let act = paper.act(Act::Accept(eve(&paper).id)).act.unwrap();
            let refuted = Trust::Refuted("dmarc=fail".to_owned());
            let own = || vec![Link { kind: LinkKind::Crm, value: "zendesk:2".to_owned(), proven: true }];
            receive(&paper, vec![message("4", "eve@e.example", "Eve", own(), refuted, "My page")]);
            let links = if also_ana { phone(true) } else { own() };
            receive(&paper, vec![message("5", "frank@f.example", "Frank", links, Trust::Verified, "Hello")]);
            let together = |paper: &Paper| paper.customer("frank@f.example") == eve(paper).customer;
            assert!(together(&paper), "it holds while the suspect is believed");
            paper.act(Act::Unmerge(act));
            assert!(!together(&paper), "{also_ana}");
            assert_ne!(eve(&paper).customer, paper.customer("ana@a.example"), "{also_ana}");
        }
    }

    #[test]
    fn a_suspect_proves_nothing() {
        let paper = Paper::new();
        receive(&paper, vec![message("1", "ana@a.example", "Ana", phone(true), Trust::Verified, "Hi")]);
        let refuted = Trust::Refuted("dmarc=fail".to_owned());
        receive(&paper, vec![message("2", "eve@e.example", "Eve", phone(true), refuted, "from ana@a.example")]);
        assert_eq!(paper.inbox(InboxView::All).len(), 2);
        assert!(paper.desk.suggestions(None, 100).unwrap().0.is_empty());
    }
}

mod any_order {
    use super::super::paper::{MINUTE, Paper, mail};
    use crate::model::{
        Act, ActId, CaseStatus, Compose, CustomerId, Direction, InboxFilter, InboxView, MessageId, ReplyKind,
    };
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[derive(Clone, Debug)]
    enum Step {
        Merge(usize, usize),
        Split(usize, usize),
        Move(usize, usize),
        /// One of the acts so far is taken back.
        Undo(prop::sample::Index),
        /// A message of this address comes in.
        Arrive(usize),
        /// The last message of this address is answered.
        Reply(usize),
        Note(usize),
        Resolve(usize),
        Wait(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..8_usize, 0..8_usize).prop_map(|(one, other)| Step::Merge(one, other)),
            (0..8_usize, 0..8_usize).prop_map(|(who, which)| Step::Split(who, which)),
            (0..8_usize, 0..8_usize).prop_map(|(which, to)| Step::Move(which, to)),
        ]
    }

    /// As [`step`], with all that goes on meanwhile.
    fn busy_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => step(),
            2 => any::<prop::sample::Index>().prop_map(Step::Undo),
            3 => (0..4_usize).prop_map(Step::Arrive),
            2 => (0..4_usize).prop_map(Step::Reply),
            1 => (0..8_usize).prop_map(Step::Note),
            1 => (0..8_usize).prop_map(Step::Resolve),
            1 => (0..8_usize).prop_map(Step::Wait),
        ]
    }

    /// Every message as it was filed.
    fn filed(paper: &Paper) -> BTreeMap<MessageId, String> {
        let store = paper.desk.store();
        let messages = store.messages(None, 1000).unwrap();
        let row = |stored: &crate::store::StoredMessage| {
            let original = stored.original().map(|place| store.content(place).unwrap());
            format!("{:?} {:?} {original:?}", stored.message, paper.desk.text(stored))
        };
        messages.iter().map(|stored| (stored.message.id, row(stored))).collect()
    }

    /// Whose each message is: what an export says of customers.
    fn whose(paper: &Paper) -> BTreeMap<MessageId, CustomerId> {
        let store = paper.desk.store();
        let messages = store.messages(None, 1000).unwrap();
        let whose = |stored: &crate::store::StoredMessage| match stored.message.identity {
            Some(identity) => store.identity(identity).unwrap().unwrap().customer,
            None => store.root(stored.message.note_of.unwrap()).unwrap(),
        };
        messages.iter().map(|stored| (stored.message.id, whose(stored))).collect()
    }

    type Row = (u32, i64, String, Option<CaseStatus>, BTreeSet<MessageId>);

    /// The rows of the inbox, with the messages of each timeline.
    fn rows(paper: &Paper) -> BTreeMap<CustomerId, Row> {
        let page = paper.desk.inbox(InboxView::All, &InboxFilter::default(), None, 100).unwrap();
        let row = |row: crate::model::InboxRow| {
            let timeline = paper.desk.timeline(row.customer, None, 1000).unwrap().rows;
            assert!(timeline.is_sorted_by_key(|entry| entry.message.at), "in the order of time");
            let theirs = timeline.iter().filter(|entry| entry.message.direction != Direction::Note);
            let theirs = theirs.map(|entry| entry.message.id).collect();
            (row.customer, (row.unread, row.last_at.0, row.last_text, row.status, theirs))
        };
        page.rows.into_iter().map(row).collect()
    }

    const WHO: [&str; 4] = ["ana@a.example", "bo@b.example", "cy@c.example", "di@d.example"];

    fn four() -> Paper {
        let paper = Paper::new();
        for (at, who) in WHO.iter().enumerate() {
            let ids: [&'static str; 2] = [["1a", "1b"], ["2a", "2b"], ["3a", "3b"], ["4a", "4b"]][at];
            paper.receive(&[mail(ids[0], who, -50 + at as i64), mail(ids[1], who, -20 + at as i64)]);
        }
        paper
    }

    /// The act a step asks for, of those on the graph and on cases.
    fn asked(paper: &Paper, step: &Step, acts: &[ActId]) -> Option<Act> {
        let customers: Vec<CustomerId> = rows(paper).into_keys().collect();
        let of = |at: &usize| customers[at % customers.len()];
        let identity = |at: &usize| paper.desk.find_identity(WHO[at % 4], None, false).unwrap();
        let reason = String::new();
        Some(match step {
            Step::Merge(one, other) => Act::Merge { stays: of(one), other: of(other), reason },
            Step::Split(who, which) => Act::Split { customer: of(who), identities: vec![identity(which).id], reason },
            Step::Move(which, to) => Act::MoveIdentity { identity: identity(which).id, customer: of(to), reason },
            Step::Undo(index) if acts.is_empty() => return Some(Act::Unmerge(ActId::of(&[&[index.index(9) as u8]]))),
            Step::Undo(index) => Act::Unmerge(acts[index.index(acts.len())]),
            Step::Reply(which) => {
                let identity = identity(which);
                let last = paper.desk.store().timeline(&[identity.id.0], None, 50).unwrap().rows;
                let last = last.iter().find(|stored| stored.message.direction == Direction::Inbound)?;
                let reply = Compose::new(ReplyKind::Reply, Some(identity.customer));
                let parent = Some(last.message.id);
                Act::Send(Box::new(Compose { text: "An answer".to_owned(), parent, ..reply }))
            }
            Step::Note(who) => {
                let note = Compose::new(ReplyKind::Note, Some(of(who)));
                Act::Send(Box::new(Compose { text: "A note".to_owned(), ..note }))
            }
            Step::Resolve(who) => Act::Resolve(of(who)),
            Step::Wait(who) => Act::Wait(of(who)),
            Step::Arrive(_) => return None,
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
        #[test]
        fn when_all_is_taken_back_everything_is_as_it_was(
            steps in prop::collection::vec(step(), 1..7),
            order in prop::collection::vec(any::<prop::sample::Index>(), 7),
        ) {
            let paper = four();
            let (messages, theirs, shown) = (filed(&paper), whose(&paper), rows(&paper));
            let mut acts: Vec<ActId> = Vec::new();
            for step in steps {
                // What makes no sense is refused, and changes nothing.
                if let Ok(acted) = paper.desk.act("lin", asked(&paper, &step, &acts).unwrap()) {
                    acts.extend(acted.act);
                }
                let now = rows(&paper);
                prop_assert_eq!(now.values().map(|row| row.4.len()).sum::<usize>(), 8, "every message on one timeline");
                prop_assert_eq!(now.values().map(|row| row.0).sum::<u32>(), 8, "unread of both");
                paper.pass(MINUTE);
            }
            for index in order {
                if acts.is_empty() {
                    break;
                }
                let act = acts.remove(index.index(acts.len()));
                paper.act(Act::Unmerge(act));
            }
            prop_assert_eq!(filed(&paper), messages);
            prop_assert_eq!(whose(&paper), theirs);
            prop_assert_eq!(rows(&paper), shown);
        }

        #[test]
        fn whatever_goes_on_meanwhile_no_message_is_lost_and_all_go_home(
            steps in prop::collection::vec(busy_step(), 1..16),
            order in prop::collection::vec(any::<prop::sample::Index>(), 16),
        ) {
            let paper = four();
            // Whose each message is while every address is with its own.
            let mut home: BTreeMap<&str, CustomerId> = BTreeMap::new();
            for who in WHO {
                home.insert(who, paper.customer(who));
            }
            let mut acts: Vec<ActId> = Vec::new();
            for (number, step) in steps.iter().enumerate() {
                let (before, unread) = (filed(&paper), rows(&paper).values().map(|row| row.0).sum::<u32>());
                match (step, asked(&paper, step, &acts)) {
                    (Step::Arrive(which), _) => {
                        let id: &'static str = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9", "ma", "mb",
                            "mc", "md", "me", "mf"][number];
                        paper.receive(&[mail(id, WHO[*which], number as i64)]);
                        prop_assert_eq!(filed(&paper).len(), before.len() + 1);
                        let opened = rows(&paper)[&paper.customer(WHO[*which])].3;
                        prop_assert_eq!(opened, Some(CaseStatus::Open), "who writes is open");
                    }
                    (step, Some(act)) => {
                        if let Ok(acted) = paper.desk.act("lin", act.clone()) {
                            match act {
                                Act::Unmerge(act) => acts.retain(|known| *known != act),
                                _ => acts.extend(acted.act),
                            }
                            if matches!(step, Step::Merge(..) | Step::Split(..) | Step::Move(..) | Step::Undo(_)) {
                                prop_assert_eq!(&filed(&paper), &before, "an act on the graph changes no message");
                                let now = rows(&paper).values().map(|row| row.0).sum::<u32>();
                                prop_assert_eq!(now, unread, "nor what is unread");
                            }
                        }
                    }
                    (_, None) => {}
                }
                let (messages, rows) = (filed(&paper), rows(&paper));
                prop_assert!(before.keys().all(|id| messages.contains_key(id)), "nothing is lost");
                let notes = paper.desk.store().messages(None, 1000).unwrap();
                let notes = notes.iter().filter(|stored| stored.message.direction == Direction::Note).count();
                let on_timelines: usize = rows.values().map(|row| row.4.len()).sum();
                prop_assert_eq!(on_timelines + notes, messages.len(), "every message on one timeline");
                paper.pass(MINUTE);
            }
            let before = filed(&paper);
            for index in order {
                if acts.is_empty() {
                    break;
                }
                let act = acts.remove(index.index(acts.len()));
                paper.act(Act::Unmerge(act));
            }
            prop_assert_eq!(&filed(&paper), &before);
            let now = rows(&paper);
            for (who, home) in home {
                let identity = paper.desk.find_identity(who, None, false).unwrap();
                prop_assert_eq!(identity.customer, home, "every address is home");
                let timeline = paper.desk.store().timeline(&[identity.id.0], None, 1000).unwrap().rows;
                let theirs: BTreeSet<MessageId> = timeline.iter().map(|stored| stored.message.id).collect();
                prop_assert_eq!(&now[&home].4, &theirs, "with its messages, and no others");
            }
        }
    }
}
