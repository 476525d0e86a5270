use super::paper::{MINUTE, Mail, Paper, mail};
use crate::model::{Act, Automated, CaseStatus, Delivery, Direction, InboxView};

#[test]
fn one_customer_an_address_whatever_its_spelling() {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "Ana <Ana@A.example>", -3),
        mail("2@a", "ana@a.example", -2),
        mail("3@b", "bo@b.example", -1),
    ]);
    assert_eq!(paper.inbox(InboxView::Inbox), ["bo@b.example", "Ana"]);
    assert_eq!(paper.row("ana@a.example").unread, 2);
    assert_eq!(paper.timeline("Ana").len(), 2);
}

#[test]
fn the_same_page_twice_changes_nothing() {
    let paper = Paper::new();
    let mails = [mail("1@a", "ana@a.example", -3), mail("2@a", "ana@a.example", -2)];
    assert_eq!(paper.page(&mails, b"c1").new, 2);
    let before = (paper.row("ana@a.example"), paper.desk.store().engine().last());
    let again = paper.page(&mails, b"c1");
    assert_eq!((again.new, again.duplicate), (0, 2));
    assert_eq!(before, (paper.row("ana@a.example"), paper.desk.store().engine().last()), "not even a log line");
}

#[test]
fn a_strangers_mail_with_a_borrowed_id_is_a_mail_of_its_own() {
    let paper = Paper::new();
    let borrowed = Mail { text: "Pay me", ..mail("1@a", "eve@e.example", -1) };
    assert_eq!(paper.receive(&[mail("1@a", "ana@a.example", -3), borrowed]).new, 2);
    assert_eq!(paper.timeline("eve@e.example").len(), 1);
}

#[test]
fn the_cursor_moves_with_the_messages_or_not_at_all() {
    let paper = Paper::new();
    paper.page(&[mail("1@a", "ana@a.example", -3)], b"c1");
    paper.engine.set_full(true);
    let item = paper.desk.connector("support").unwrap().parse(
        mail("2@a", "ana@a.example", -2).raw(),
        "INBOX",
        paper.desk.now(),
    );
    let page = crate::connector::PulledPage { items: vec![item], cursor: b"c2".to_vec(), ..Default::default() };
    let error = paper.desk.ingest("support", page.clone()).unwrap_err();
    assert!(error.is_disk_full());
    assert_eq!(paper.desk.store().cursor("support").unwrap(), b"c1");
    paper.engine.set_full(false);
    assert_eq!(paper.desk.ingest("support", page).unwrap().new, 1);
    assert_eq!(paper.desk.store().cursor("support").unwrap(), b"c2");
}

#[test]
fn robots_and_ourselves_never_become_customers() {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@r", "no-reply@shop.example", -9),
        mail("2@r", "News <news@n.example>", -8).header("List-Id: <news.n.example>"),
        mail("3@r", "help@shop.example", -7).to("support@shop.example"),
        mail("4@r", "MAILER-DAEMON@m.example", -6),
    ]);
    assert_eq!(paper.inbox(InboxView::All), Vec::<String>::new());
    assert_eq!(paper.desk.automated(None, 10).unwrap().rows.len(), 4, "but nothing is dropped");
}

#[test]
fn automatic_mail_of_a_customer_opens_no_case() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    paper.act(Act::Resolve(paper.customer("ana@a.example")));
    paper.pass(MINUTE);
    paper.receive(&[mail("2@a", "ana@a.example", 1).header("Auto-Submitted: auto-replied").subject("Out of office")]);
    let row = paper.row("ana@a.example");
    assert_eq!((row.status, row.unread), (Some(CaseStatus::Resolved), 1), "the unread one is the first");
    let timeline = paper.timeline("ana@a.example");
    assert_eq!(timeline.len(), 2);
    assert_eq!(timeline[1].message.automated, Some(Automated::OutOfOffice));
}

#[test]
fn an_answer_reopens_what_was_resolved_and_wakes_what_was_snoozed() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let ana = paper.customer("ana@a.example");
    paper.act(Act::Assign(ana, Some("lin".to_owned())));
    paper.act(Act::Resolve(ana));
    paper.pass(2 * MINUTE);
    paper.receive(&[mail("2@a", "ana@a.example", 1)]);
    let row = paper.row("ana@a.example");
    assert_eq!((row.status, row.owner.as_deref()), (Some(CaseStatus::Open), Some("lin")));
    assert_eq!(paper.desk.store().past_cases(ana, 9).unwrap().len(), 1);

    paper.act(Act::Snooze(ana, crate::model::Snooze::UntilReply));
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Snoozed));
    paper.pass(2 * MINUTE);
    paper.receive(&[mail("3@a", "ana@a.example", 3)]);
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Open));
}

/// A mailbox may be read newest first, oldest first, Sent before Inbox: what comes out is the same.
#[test]
fn the_order_of_reading_does_not_matter() {
    let mails = [
        mail("1@a", "ana@a.example", -90).subject("Order"),
        mail("2@s", "support@shop.example", -80).to("ana@a.example").subject("Re: Order").header("In-Reply-To: <1@a>"),
        mail("3@a", "ana@a.example", -70).subject("Re: Order").header("In-Reply-To: <2@s>"),
        mail("4@a", "ana@a.example", -60).subject("Re: Order").header("In-Reply-To: <3@a>"),
        mail("5@b", "bo@b.example", -50).subject("Hi"),
        mail("6@s", "support@shop.example", -40).to("bo@b.example").subject("Re: Hi").header("References: <5@b>"),
    ];
    let orders: [[usize; 6]; 6] = [
        [0, 1, 2, 3, 4, 5],
        [5, 4, 3, 2, 1, 0],
        [1, 5, 0, 2, 3, 4],
        [3, 0, 4, 1, 5, 2],
        [2, 3, 1, 0, 5, 4],
        [3, 2, 0, 5, 1, 4],
    ];
    for order in orders {
        let paper = Paper::new();
        let mails: Vec<Mail> = order.iter().map(|at| mails[*at].clone()).collect();
        paper.receive(&mails);
        let (ana, bo) = (paper.row("ana@a.example"), paper.row("bo@b.example"));
        assert_eq!((ana.status, ana.unread), (Some(CaseStatus::Open), 2), "{order:?}");
        assert_eq!((bo.status, bo.unread), (Some(CaseStatus::Waiting), 0), "{order:?}");
        let timeline = paper.timeline("ana@a.example");
        let ids: Vec<_> = timeline.iter().map(|entry| entry.message.remote_id.as_str()).collect();
        assert_eq!(ids, ["1@a", "2@s", "3@a", "4@a"], "{order:?}");
        assert!(timeline.iter().all(|entry| entry.message.thread == timeline[0].message.thread), "{order:?}");
        assert_eq!(timeline[1].message.direction, Direction::Outbound);
    }
}

#[test]
fn a_bounce_marks_the_message_that_bounced() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let sent = paper.reply("ana@a.example", "Hello Ana");
    paper.desk.begin_sending(sent.outgoing.unwrap()).unwrap().unwrap();
    paper.desk.sent(sent.outgoing.unwrap(), &super::taken(false)).unwrap();
    let id = sent.remote_id.unwrap();
    let bounce = format!(
        "Message-ID: <b@m>\r\nFrom: MAILER-DAEMON@m.example\r\nTo: support@shop.example\r\nSubject: Undelivered\r\n\
         Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n\r\n\
         --b\r\n\r\nSorry.\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
         Reporting-MTA: dns; m.example\r\n\r\nFinal-Recipient: rfc822; ana@a.example\r\nAction: failed\r\nStatus: 5.1.1\r\n\
         Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n\r\n\
         --b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <{id}>\r\nFrom: support@shop.example\r\n\r\nHello\r\n--b--\r\n"
    );
    let item = paper.desk.connector("support").unwrap().parse(bounce.into_bytes(), "INBOX", paper.desk.now());
    let page = crate::connector::PulledPage { items: vec![item], ..Default::default() };
    assert_eq!(paper.desk.ingest("support", page).unwrap().new, 1);
    let timeline = paper.timeline("ana@a.example");
    let answer = timeline.iter().find(|entry| entry.message.remote_id == id).unwrap();
    assert!(matches!(&answer.message.delivery, Delivery::Bounced(why) if why.contains("no such user")));
    assert!(paper.row("ana@a.example").trouble);
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Waiting), "a bounce opens no case");
    assert_eq!(paper.desk.store().past_cases(paper.customer("ana@a.example"), 9).unwrap(), []);
    let found = paper.desk.text(&paper.desk.store().message(answer.message.id).unwrap().unwrap());
    assert_eq!(found.unwrap(), "Hello Ana", "marking it did not lose its text");
}

#[test]
fn what_cannot_be_understood_is_kept_whole_and_can_be_tried_again() {
    let paper = Paper::new();
    let rubbish: Vec<u8> = (0..=255).cycle().take(3000).collect();
    let item = paper.desk.connector("support").unwrap().parse(rubbish.clone(), "INBOX", paper.desk.now());
    let page = crate::connector::PulledPage { items: vec![item], ..Default::default() };
    assert_eq!(paper.desk.ingest("support", page.clone()).unwrap().dead, 1);
    assert_eq!(paper.desk.ingest("support", page).unwrap().duplicate, 1, "once is enough");
    let dead = paper.desk.dead().unwrap();
    assert_eq!(paper.desk.dead_original(dead[0].dead.id).unwrap().1, rubbish);
    assert_eq!(paper.desk.retry_dead("lin", dead[0].dead.id).unwrap().dead, 1);
    assert_eq!(paper.desk.dead().unwrap()[0].dead.tries, 1);
    paper.act(Act::DiscardDead(dead[0].dead.id));
    assert!(paper.desk.dead().unwrap().is_empty());
}

#[test]
fn impossible_dates_do_not_hide_a_message() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let future = String::from_utf8(mail("2@a", "ana@a.example", -1).raw()).unwrap();
    let future = future.replace("2026", "2099");
    let item = paper.desk.connector("support").unwrap().parse(future.into_bytes(), "INBOX", paper.desk.now());
    paper.desk.ingest("support", crate::connector::PulledPage { items: vec![item], ..Default::default() }).unwrap();
    let timeline = paper.timeline("ana@a.example");
    assert_eq!(timeline.len(), 2);
    assert!(timeline[1].message.at <= paper.desk.now());
}

fn at(mail: &Mail, received: i64) -> crate::connector::PulledPage {
    let received = crate::model::Timestamp(super::paper::NOON + received * MINUTE);
    let facts =
        crate::connector::email::parse::understand(mail.raw(), &["support@shop.example".to_owned()], "INBOX", received);
    crate::connector::PulledPage { items: vec![facts], ..Default::default() }
}

#[test]
fn a_slow_clock_does_not_hide_what_came_after_our_answer() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -30)]);
    paper.reply("ana@a.example", "Done");
    paper.act(Act::Resolve(paper.customer("ana@a.example")));
    paper.pass(5 * MINUTE);
    // Written before our answer, as it says; here five minutes after it.
    paper.desk.ingest("support", at(&mail("2@a", "ana@a.example", -20), 5)).unwrap();
    let row = paper.row("ana@a.example");
    assert_eq!((row.status, row.unread), (Some(CaseStatus::Open), 1));
}

#[test]
fn a_web_form_speaks_for_the_one_in_reply_to() {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@f", "Shop form <no-reply@forms.example>", -9).header("Reply-To: Ana <ana@a.example>"),
        mail("2@f", "no-reply@forms.example", -8),
    ]);
    assert_eq!(paper.inbox(InboxView::All), ["Ana"]);
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Open));
}

#[test]
fn a_support_address_that_is_a_group_still_has_customers() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)
        .header("List-Post: <mailto:Support@shop.example>")
        .header("List-Id: <support.shop.example>")]);
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Open));
}

#[test]
fn a_header_alone_is_no_message() {
    let paper = Paper::new();
    let unreadable = crate::connector::Unreadable {
        reason: "larger than 50 MB".to_owned(),
        folder: "INBOX".to_owned(),
        received: paper.desk.now(),
        hint: String::new(),
        partial: true,
        raw: mail("1@a", "ana@a.example", -9).raw(),
    };
    let page = crate::connector::PulledPage {
        items: vec![crate::connector::Item::Unreadable(unreadable)],
        ..Default::default()
    };
    paper.desk.ingest("support", page).unwrap();
    let id = paper.desk.dead().unwrap()[0].dead.id;
    assert!(paper.desk.retry_dead("lin", id).unwrap_err().to_string().contains("only its head"));
    assert_eq!(paper.desk.dead().unwrap().len(), 1, "it stays on the list");
}
