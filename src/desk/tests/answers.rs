use super::paper::{MINUTE, Paper, mail};
use crate::desk::DeskError;
use crate::model::{
    Act, AttachmentSource, CaseStatus, Compose, Delivery, Direction, Draft, DraftId, OutboxState, OutgoingId, Party,
    ReplyKind,
};

fn party(address: &str) -> Party {
    Party { address: address.to_owned(), name: String::new() }
}

fn state(paper: &Paper, id: OutgoingId) -> OutboxState {
    paper.desk.store().outgoing(id).unwrap().unwrap().outgoing.state
}

fn compose(paper: &Paper, kind: ReplyKind, text: &str) -> Compose {
    Compose { text: text.to_owned(), ..Compose::new(kind, Some(paper.customer("ana@a.example"))) }
}

#[test]
fn a_reply_is_threaded_addressed_and_shown_at_once() {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "Ana <ana@a.example>", -9).subject("Order"),
        mail("2@a", "Ana <ana@a.example>", -8)
            .subject("Re: Order")
            .header("References: <1@a>")
            .header("Reply-To: private@a.example"),
    ]);
    let acted = paper.reply("ana@a.example", "On its way");
    let stored = paper.desk.store().outgoing(acted.outgoing.unwrap()).unwrap().unwrap().outgoing;
    assert_eq!(stored.to, [party("private@a.example")]);
    assert_eq!(stored.subject, "Re: Order");
    assert_eq!(stored.in_reply_to.as_deref(), Some("2@a"));
    assert_eq!(stored.references, ["1@a", "2@a"]);
    assert!(stored.remote_id.ends_with("@shop.example"));
    assert_eq!(stored.state, OutboxState::Held);
    let timeline = paper.timeline("ana@a.example");
    let last = timeline.last().unwrap();
    assert_eq!((last.message.direction, last.message.thread), (Direction::Outbound, timeline[0].message.thread));
    assert_eq!(last.message.delivery, Delivery::Pending);
    let row = paper.row("ana@a.example");
    assert_eq!((row.status, row.unread, row.waiting_since), (Some(CaseStatus::Waiting), 0, None));
}

#[test]
fn reply_all_leaves_us_out_and_nobody_twice() {
    let paper = Paper::new();
    let all = mail("1@a", "ana@a.example", -9)
        .to("support@shop.example, bo@b.example, ANA@a.example")
        .header("Cc: help@shop.example, cy@c.example, bo@b.example");
    paper.receive(&[all]);
    let acted = paper.act(Act::Send(Box::new(compose(&paper, ReplyKind::ReplyAll, "Hello all"))));
    let stored = paper.desk.store().outgoing(acted.outgoing.unwrap()).unwrap().unwrap().outgoing;
    let addresses = |list: &[Party]| list.iter().map(|party| party.address.clone()).collect::<Vec<_>>();
    assert_eq!(addresses(&stored.to), ["ana@a.example", "bo@b.example"]);
    assert_eq!(addresses(&stored.cc), ["cy@c.example"]);
}

#[test]
fn undo_within_the_hold_takes_everything_back() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let before = paper.row("ana@a.example");
    let acted = paper.act(Act::Send(Box::new(Compose { resolve: true, ..compose(&paper, ReplyKind::Reply, "Oops") })));
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Resolved));
    for act in acted.undo {
        paper.act(act);
    }
    let after = paper.row("ana@a.example");
    assert_eq!((after.status, after.unread, after.waiting_since), (before.status, before.unread, before.waiting_since));
    assert_eq!(state(&paper, acted.outgoing.unwrap()), OutboxState::Cancelled);
    assert_eq!(paper.desk.drafts().unwrap()[0].draft.compose.text, "Oops", "the words are not lost");
    paper.pass(MINUTE);
    assert!(paper.desk.due("support").unwrap().0.is_empty(), "and nothing leaves");
    assert!(paper.desk.begin_sending(acted.outgoing.unwrap()).unwrap().is_none());
}

#[test]
fn undo_that_comes_too_late_changes_nothing() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let acted = paper.reply("ana@a.example", "Gone");
    paper.pass(10_000);
    paper.desk.begin_sending(acted.outgoing.unwrap()).unwrap().unwrap();
    paper.desk.sent(acted.outgoing.unwrap(), &super::taken(false)).unwrap();
    let before = (paper.row("ana@a.example"), paper.desk.store().engine().last());
    for act in acted.undo {
        assert!(paper.refused(act).contains("too late: it was sent already"));
    }
    assert_eq!(before, (paper.row("ana@a.example"), paper.desk.store().engine().last()));
    assert!(paper.desk.drafts().unwrap().is_empty(), "what was sent is not offered to be sent again");
}

#[test]
fn undo_does_not_hide_what_came_meanwhile() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let ana = paper.customer("ana@a.example");
    paper.act(Act::Wait(ana));
    let snoozed = paper.act(Act::Snooze(ana, crate::model::Snooze::UntilReply));
    paper.pass(MINUTE);
    paper.receive(&[mail("2@a", "ana@a.example", 1)]);
    for act in snoozed.undo {
        assert!(paper.refused(act).contains("moved on"));
    }
    assert_eq!(paper.row("ana@a.example").status, Some(CaseStatus::Open));
}

#[test]
fn what_was_taken_back_stays_so_whatever_the_channel_says_later() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    // The worker is asking the server when the agent takes it back.
    paper.act(Act::CancelOutgoing(id));
    paper.desk.delay(id, "timed out", paper.desk.now()).unwrap();
    assert_eq!(state(&paper, id), OutboxState::Cancelled);
    paper.desk.fail(id, "550").unwrap();
    assert_eq!(state(&paper, id), OutboxState::Cancelled);
    assert!(!paper.row("ana@a.example").trouble);
    assert_eq!(paper.row("ana@a.example").last_text, "Hello", "the mail of hers, not the answer");
    assert_eq!(paper.row("ana@a.example").last_direction, Direction::Inbound);
}

#[test]
fn an_answer_to_another_customers_message_is_refused() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9), mail("2@b", "bo@b.example", -8)]);
    let theirs = paper.timeline("bo@b.example")[0].message.id;
    let wrong = Compose { parent: Some(theirs), ..compose(&paper, ReplyKind::Reply, "Hi") };
    assert!(paper.refused(Act::Send(Box::new(wrong))).contains("another customer's"));
}

#[test]
fn an_answer_asked_for_at_our_own_address_goes_to_them() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9).header("Reply-To: help@shop.example")]);
    let id = paper.reply("ana@a.example", "Hi").outgoing.unwrap();
    assert_eq!(paper.desk.store().outgoing(id).unwrap().unwrap().outgoing.to, [party("ana@a.example")]);
}

#[test]
fn held_until_due_then_each_step_once() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    assert!(paper.desk.due("support").unwrap().0.is_empty());
    assert!(paper.desk.begin_sending(id).unwrap().is_none(), "not before its time");
    paper.pass(10_000);
    assert_eq!(paper.desk.outbox(9).unwrap()[0].outgoing.state, OutboxState::Queued);
    let first = paper.desk.begin_sending(id).unwrap().unwrap();
    assert_eq!(state(&paper, id), OutboxState::Sending);
    assert!(paper.desk.begin_sending(id).unwrap().is_none(), "nobody begins it twice");
    assert!(paper.refused(Act::CancelOutgoing(id)).contains("being sent"));
    paper.desk.delay(id, "451 later", paper.desk.now().plus_millis(MINUTE)).unwrap();
    paper.pass(MINUTE);
    assert_eq!(paper.desk.begin_sending(id).unwrap().unwrap(), first, "a second try sends the same bytes");
    paper.desk.sent(id, &super::taken(true)).unwrap();
    let row = paper.desk.store().outgoing(id).unwrap().unwrap().outgoing;
    assert_eq!((row.state, row.attempts, row.to_file), (OutboxState::Sent, 2, true));
    assert_eq!(paper.desk.unsettled("support").unwrap().len(), 1);
    paper.desk.filed(id).unwrap();
    assert!(paper.desk.unsettled("support").unwrap().is_empty());
    assert_eq!(paper.timeline("ana@a.example")[1].message.delivery, Delivery::Sent);
}

#[test]
fn a_crash_while_sending_is_unknown_and_never_resent_on_its_own() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    paper.desk.begin_sending(id).unwrap().unwrap();
    assert_eq!(paper.desk.recover_outbox().unwrap(), 1);
    assert_eq!(state(&paper, id), OutboxState::Unknown);
    paper.pass(60 * MINUTE);
    assert!(paper.desk.due("support").unwrap().0.is_empty());
    let row = paper.row("ana@a.example");
    assert!(row.trouble && row.status == Some(CaseStatus::Open), "it comes back to the agent");
    paper.act(Act::RetryOutgoing(id));
    assert_eq!(paper.desk.due("support").unwrap().0.len(), 1, "a person may");
}

#[test]
fn what_waited_in_a_restored_backup_is_for_a_person_to_decide() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    assert_eq!(paper.desk.doubt_outbox("restored from a backup").unwrap(), 1);
    paper.pass(MINUTE);
    assert_eq!(state(&paper, id), OutboxState::Unknown);
    assert!(paper.desk.due("support").unwrap().0.is_empty());
    assert!(paper.row("ana@a.example").trouble);
}

#[test]
fn a_clock_put_back_does_not_hold_an_answer_for_a_day() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    paper.pass(-24 * 60 * MINUTE);
    assert_eq!(paper.desk.due("support").unwrap().0.len(), 1);
    assert!(paper.desk.begin_sending(id).unwrap().is_some());
}

#[test]
fn our_own_copy_in_the_sent_folder_is_no_second_message_and_settles_an_unknown() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    let raw = paper.desk.begin_sending(id).unwrap().unwrap();
    paper.desk.unknown(id, "lost").unwrap();
    let item = paper.desk.connector("support").unwrap().parse(raw, "Sent", paper.desk.now());
    let report =
        paper.desk.ingest("support", crate::connector::PulledPage { items: vec![item], ..Default::default() }).unwrap();
    assert_eq!((report.new, report.duplicate), (0, 1));
    assert_eq!(state(&paper, id), OutboxState::Sent);
    assert_eq!(paper.timeline("ana@a.example").len(), 2);
}

#[test]
fn refused_for_good_comes_back_to_the_agent() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let id = paper.reply("ana@a.example", "Hello").outgoing.unwrap();
    paper.desk.begin_sending(id).unwrap().unwrap();
    paper.desk.fail(id, "550 no such user").unwrap();
    let row = paper.row("ana@a.example");
    assert!(row.trouble && row.status == Some(CaseStatus::Open));
    let last = paper.timeline("ana@a.example").pop().unwrap();
    assert_eq!(last.message.delivery, Delivery::Failed("550 no such user".to_owned()));
    assert_eq!(last.outgoing.unwrap().state, OutboxState::Failed);
    paper.act(Act::CancelOutgoing(id));
    assert!(!paper.row("ana@a.example").trouble);
}

#[test]
fn the_second_to_send_is_told_what_came_meanwhile() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9)]);
    let seen = paper.timeline("ana@a.example")[0].message.id;
    paper.pass(MINUTE);
    paper.receive(&[mail("2@a", "Ana <ana@a.example>", 1)]);
    let late = Compose { seen: Some(seen), ..compose(&paper, ReplyKind::Reply, "Hello") };
    let error = paper.desk.act("lin", Act::Send(Box::new(late.clone()))).unwrap_err();
    assert!(matches!(&error, DeskError::Moved(said) if said.contains("Ana wrote")), "{error}");
    assert!(paper.desk.outbox(9).unwrap().is_empty());
    paper.act(Act::Send(Box::new(Compose { seen: None, ..late })));
    assert_eq!(paper.desk.outbox(9).unwrap().len(), 1);
}

#[test]
fn a_note_stays_here() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let before = paper.row("ana@a.example");
    let id = paper.act(Act::Send(Box::new(compose(&paper, ReplyKind::Note, "Careful")))).message.unwrap();
    assert!(paper.desk.outbox(9).unwrap().is_empty());
    assert_eq!(paper.timeline("ana@a.example").pop().unwrap().message.direction, Direction::Note);
    assert_eq!(paper.row("ana@a.example"), before, "a note changes neither case nor last line");
    let answer = Compose { parent: Some(id), ..compose(&paper, ReplyKind::Forward, "x") };
    let answer = Compose { to: vec![party("eve@e.example")], ..answer };
    assert!(paper.refused(Act::Send(Box::new(answer))).contains("private note"));
}

#[test]
fn a_new_message_makes_a_customer_we_wait_for() {
    let paper = Paper::new();
    let new = Compose {
        to: vec![party("dan@d.example")],
        subject: "Hello".to_owned(),
        text: "Hi".to_owned(),
        ..Compose::new(ReplyKind::New, None)
    };
    paper.act(Act::Send(Box::new(new)));
    assert_eq!(paper.row("dan@d.example").status, Some(CaseStatus::Waiting));
}

#[test]
fn what_cannot_be_sent_is_refused_while_the_agent_looks() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    assert!(paper.refused(Act::Send(Box::new(compose(&paper, ReplyKind::Reply, " \n")))).contains("nothing in it"));
    for address in ["nobody", "a b@c.example", "a@b.example\r\nBcc: x@y.example", "a@b.example>,<c@d.example"] {
        let bad = Compose { to: vec![party(address)], ..compose(&paper, ReplyKind::Reply, "Hi") };
        assert!(paper.refused(Act::Send(Box::new(bad))).contains("not an address"), "{address:?}");
    }
    let missing = AttachmentSource::Path("/does/not/exist".to_owned());
    let bad = Compose { attachments: vec![missing], ..compose(&paper, ReplyKind::Reply, "Hi") };
    assert!(paper.refused(Act::Send(Box::new(bad))).contains("cannot attach"));
    assert!(paper.desk.outbox(9).unwrap().is_empty());
}

#[test]
fn attachments_go_along_and_can_be_read_back() {
    let paper = Paper::holding(0);
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("Rechnung 2026.pdf");
    std::fs::write(&path, b"%PDF-1.7 \x00\xff").unwrap();
    let source = AttachmentSource::Path(path.display().to_string());
    let acted = paper
        .act(Act::Send(Box::new(Compose { attachments: vec![source], ..compose(&paper, ReplyKind::Reply, "Here") })));
    std::fs::remove_file(&path).unwrap();
    let raw = paper.desk.begin_sending(acted.outgoing.unwrap()).unwrap().unwrap();
    assert!(String::from_utf8_lossy(&raw).contains("Rechnung"));
    let message = acted.message.unwrap();
    let (listed, bytes) = paper.desk.attachment(message, 0).unwrap();
    assert_eq!((listed.name.as_str(), bytes.as_slice()), ("Rechnung 2026.pdf", &b"%PDF-1.7 \x00\xff"[..]));
}

#[test]
fn a_draft_is_gone_in_the_commit_that_sends_it() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -9)]);
    let draft = Draft {
        id: DraftId::new(),
        customer: Some(paper.customer("ana@a.example")),
        compose: compose(&paper, ReplyKind::Reply, "Hel"),
        agent: "lin".to_owned(),
        saved: paper.desk.now(),
    };
    paper.act(Act::SaveDraft(Box::new(draft.clone())));
    assert_eq!(paper.desk.drafts().unwrap().len(), 1);
    let before = paper.desk.store().engine().last();
    paper.act(Act::Send(Box::new(Compose { draft: Some(draft.id), ..compose(&paper, ReplyKind::Reply, "Hello") })));
    assert!(paper.desk.drafts().unwrap().is_empty());
    assert_eq!(paper.desk.store().engine().last(), before + 1, "one commit");
    // Open in another window still, it does not leave again, neither as an answer nor as a note.
    for kind in [ReplyKind::Reply, ReplyKind::Note, ReplyKind::Forward] {
        let again =
            Compose { draft: Some(draft.id), to: vec![party("bo@b.example")], ..compose(&paper, kind, "Hello") };
        let refused = paper.desk.act("lin", Act::Send(Box::new(again))).unwrap_err();
        assert!(refused.to_string().contains("another window"), "{refused}");
    }
    assert_eq!(paper.desk.store().engine().last(), before + 1, "nothing was done");
}
