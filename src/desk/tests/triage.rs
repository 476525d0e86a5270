use super::paper::{MINUTE, Paper, mail};
use crate::model::{Act, CaseStatus, InboxFilter, InboxView, Priority, ProfileEdit, Snooze, Timestamp};

fn three() -> Paper {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "Ana <ana@a.example>", -9),
        mail("2@b", "Bo <bo@b.example>", -8),
        mail("3@c", "Cy <cy@c.example>", -7),
    ]);
    paper
}

#[test]
fn the_urgent_first_then_the_latest_then_those_we_wait_for() {
    let paper = three();
    assert_eq!(paper.inbox(InboxView::Inbox), ["Cy", "Bo", "Ana"]);
    paper.act(Act::Prioritise(paper.customer("Ana"), Priority::Urgent));
    paper.act(Act::Wait(paper.customer("Cy")));
    assert_eq!(paper.inbox(InboxView::Inbox), ["Ana", "Bo", "Cy"]);
    paper.act(Act::Resolve(paper.customer("Bo")));
    assert_eq!(paper.inbox(InboxView::Inbox), ["Ana", "Cy"]);
    assert_eq!(paper.inbox(InboxView::Resolved), ["Bo"]);
    assert_eq!(paper.inbox(InboxView::All), ["Ana", "Cy", "Bo"]);
}

#[test]
fn every_step_of_triage_can_be_taken_back() {
    let paper = three();
    let ana = paper.customer("Ana");
    for act in [
        Act::Resolve(ana),
        Act::Wait(ana),
        Act::Snooze(ana, Snooze::UntilReply),
        Act::Assign(ana, Some("lin".to_owned())),
        Act::Prioritise(ana, Priority::Low),
        Act::Tag { customer: ana, add: vec!["VIP".to_owned()], remove: vec![] },
        Act::Edit(ana, ProfileEdit::Name("Ana S.".to_owned())),
        Act::Edit(ana, ProfileEdit::Field("plan".to_owned(), "gold".to_owned())),
        Act::Edit(ana, ProfileEdit::Language("es".to_owned())),
        Act::Edit(ana, ProfileEdit::Notes("Careful".to_owned())),
    ] {
        let before = paper.desk.customer(ana).unwrap().unwrap().customer;
        let acted = paper.act(act.clone());
        assert_ne!(paper.desk.customer(ana).unwrap().unwrap().customer, before, "{act:?}");
        for undo in acted.undo {
            paper.act(undo);
        }
        assert_eq!(paper.desk.customer(ana).unwrap().unwrap().customer, before, "{act:?}");
    }
}

#[test]
fn a_snooze_ends_at_its_time() {
    let paper = three();
    let ana = paper.customer("Ana");
    let until = paper.desk.now().plus_millis(5 * MINUTE);
    paper.act(Act::Snooze(ana, Snooze::Until(until)));
    paper.pass(4 * MINUTE);
    assert_eq!(paper.desk.wake_snoozed().unwrap(), 0);
    paper.pass(MINUTE);
    assert_eq!(paper.desk.wake_snoozed().unwrap(), 1);
    assert_eq!(paper.row("Ana").status, Some(CaseStatus::Open));
    assert_eq!(paper.desk.wake_snoozed().unwrap(), 0);
    assert!(paper.refused(Act::Snooze(ana, Snooze::Until(Timestamp(1)))).contains("past"));
}

#[test]
fn pages_follow_each_other_without_gap_or_overlap() {
    let paper = Paper::new();
    let names: Vec<&'static str> =
        (0..25).map(|number| &*Box::leak(format!("c{number:02}@x.example").into_boxed_str())).collect();
    for (at, name) in names.iter().enumerate() {
        paper.receive(&[mail(Box::leak(format!("{at}@m").into_boxed_str()), name, at as i64 - 60)]);
    }
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = paper.desk.inbox(InboxView::Inbox, &InboxFilter::default(), after.as_deref(), 10).unwrap();
        found.extend(page.rows.into_iter().map(|row| row.name));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut expected: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    expected.reverse();
    assert_eq!(found, expected);
}

#[test]
fn filters_narrow_by_words_owner_tag_and_unread() {
    let paper = three();
    paper.act(Act::Assign(paper.customer("Bo"), Some("lin".to_owned())));
    paper.act(Act::Tag { customer: paper.customer("Cy"), add: vec!["vip".to_owned()], remove: vec![] });
    paper.act(Act::MarkRead(paper.customer("Ana")));
    let names = |filter: InboxFilter| {
        let page = paper.desk.inbox(InboxView::Inbox, &filter, None, 10).unwrap();
        page.rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    let filter = InboxFilter::default;
    assert_eq!(names(InboxFilter { text: "CY c.example".to_owned(), ..filter() }), ["Cy"]);
    assert_eq!(names(InboxFilter { owner: Some("lin".to_owned()), ..filter() }), ["Bo"]);
    assert_eq!(names(InboxFilter { owner: Some(String::new()), ..filter() }), ["Cy", "Ana"]);
    assert_eq!(names(InboxFilter { tag: Some("vip".to_owned()), ..filter() }), ["Cy"]);
    assert_eq!(names(InboxFilter { unread: true, ..filter() }), ["Cy", "Bo"]);
}

#[test]
fn a_customer_is_found_by_id_address_or_part_of_the_name() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana Silva <ana@a.example>", -9), mail("2@b", "Ana Berg <ab@b.example>", -8)]);
    let silva = paper.customer("ANA@a.example");
    assert_eq!(paper.customer(&silva.to_string()), silva);
    assert_eq!(paper.customer("silva"), silva);
    assert!(paper.desk.find("ana").unwrap_err().to_string().contains("several"));
    assert!(paper.desk.find("nobody").unwrap_err().to_string().contains("no customer"));
}
