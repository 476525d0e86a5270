use super::paper::{MINUTE, Mail, NOON, Paper, mail};
use crate::desk::{Desk, Marks};
use crate::engine::Engine;
use crate::engine::contract::put;
use crate::model::{Act, Case, CaseStatus, CustomerId, EventKind, ScoreKind, SegmentKind, SentimentLabel, Timestamp};
use crate::score::segment::Settings;
use crate::store::Store;
use std::sync::Arc;

const ANGRY: &str = "This is terrible. I am very angry, the worst service ever.";
const GLAD: &str = "Thank you so much, this is wonderful, great work!";

fn saying(text: &'static str, mail: Mail) -> Mail {
    Mail { text, ..mail }
}

/// Scores whoever something happened to.
fn follow(paper: &Paper, marks: &mut Marks) -> u64 {
    while paper.desk.follow_log(marks).unwrap().more {}
    let mut changed = 0;
    while !marks.is_empty() {
        changed += paper.desk.score_marked(marks, 2, 1_000).unwrap().changed;
    }
    changed
}

/// Scores everybody, so many at a time. How many slices that took.
fn round(desk: &Desk, customers: usize) -> usize {
    let mut slices = 0;
    while desk.round().unwrap().due {
        desk.begin_round(false).unwrap();
        desk.score_on(customers, 1_000).unwrap();
        slices += 1;
    }
    slices
}

/// The same profile, opened anew.
fn anew(paper: &Paper) -> Desk {
    Desk::new(Store::open(paper.engine.clone()).unwrap(), Vec::new(), Arc::new(|| Timestamp(NOON)))
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

/// So many customers with a mail each.
fn many(paper: &Paper, count: usize) {
    for number in 0..count {
        let from = leak(format!("c{number:03}@x.example"));
        let at = -60 * 24 * (number as i64 % 300) - 1;
        paper.receive(&[saying(
            if number % 2 == 0 { ANGRY } else { GLAD },
            mail(leak(format!("{number}@m")), from, at),
        )]);
    }
}

#[test]
fn what_they_wrote_sounds_like_something_and_what_we_wrote_does_not() {
    let paper = Paper::new();
    paper.receive(&[
        saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9)),
        saying(GLAD, mail("2@a", "Ana <ana@a.example>", -8)),
    ]);
    paper.reply("Ana", "I am so angry with us, sorry");
    let labels: Vec<_> =
        paper.timeline("Ana").into_iter().map(|entry| entry.sentiment.map(|sentiment| sentiment.label)).collect();
    assert_eq!(labels, [Some(SentimentLabel::Negative), Some(SentimentLabel::Positive), None]);
}

#[test]
fn an_agent_corrects_a_message_and_takes_it_back() {
    let paper = Paper::new();
    paper.receive(&[saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9))]);
    let message = paper.timeline("Ana")[0].message.id;
    let before = paper.timeline("Ana")[0].sentiment.clone();
    let acted = paper.act(Act::CorrectSentiment { message, label: Some(SentimentLabel::Positive) });
    let said = paper.timeline("Ana")[0].sentiment.clone().unwrap();
    assert_eq!((said.label, said.corrected.as_deref(), said.confidence), (SentimentLabel::Positive, Some("lin"), 100));
    assert!(said.percent >= 80, "{said:?}");
    assert_eq!(acted.customer, Some(paper.customer("Ana")));
    for undo in acted.undo {
        paper.act(undo);
    }
    assert_eq!(paper.timeline("Ana")[0].sentiment, before);
    let refused = paper.refused(Act::CorrectSentiment { message, label: None });
    assert!(refused.contains("nobody has corrected"), "{refused}");
}

#[test]
fn taking_a_second_correction_back_leaves_the_first_with_its_agent() {
    let paper = Paper::new();
    paper.receive(&[saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9))]);
    let message = paper.timeline("Ana")[0].message.id;
    let label = |label| Act::CorrectSentiment { message, label: Some(label) };
    paper.desk.act("bo", label(SentimentLabel::Neutral)).unwrap();
    let acted = paper.act(label(SentimentLabel::Positive));
    paper.act(acted.undo[0].clone());
    let said = paper.timeline("Ana")[0].sentiment.clone().unwrap();
    assert_eq!((said.label, said.corrected.as_deref()), (SentimentLabel::Neutral, Some("bo")));
}

#[test]
fn what_we_wrote_cannot_be_corrected() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9)]);
    let ours = paper.reply("Ana", "Hello").message.unwrap();
    let refused = paper.refused(Act::CorrectSentiment { message: ours, label: Some(SentimentLabel::Neutral) });
    assert!(refused.contains("only what a customer wrote"), "{refused}");
}

#[test]
fn a_message_marks_its_customer_and_the_inbox_shows_the_mood() {
    let paper = Paper::new();
    round(&paper.desk, 10);
    let mut marks = Marks::default();
    follow(&paper, &mut marks);
    let angry = saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9));
    paper.receive(&[angry, saying(GLAD, mail("2@b", "Bo <bo@b.example>", -8))]);
    assert_eq!(paper.row("Ana").mood, None);
    assert!(paper.desk.scorecard(paper.customer("Ana")).unwrap().stale, "never scored");
    assert_eq!(follow(&paper, &mut marks), 2);
    assert!(paper.row("Ana").mood < Some(0) && paper.row("Bo").mood > Some(0), "{:?}", paper.row("Ana"));
    let card = paper.desk.scorecard(paper.customer("Ana")).unwrap();
    assert!(!card.stale);
    let kinds: Vec<ScoreKind> = card.scores.iter().map(|score| score.kind).collect();
    assert_eq!(kinds, ScoreKind::ALL);
    paper.receive(&[saying(GLAD, mail("3@a", "Ana <ana@a.example>", -1))]);
    assert!(paper.desk.scorecard(paper.customer("Ana")).unwrap().stale, "older than the last message");
    let before = paper.row("Ana").mood;
    follow(&paper, &mut marks);
    assert!(paper.row("Ana").mood > before);
    // Both messages the mood speaks of are quoted with the words that decided.
    let card = paper.desk.scorecard(paper.customer("Ana")).unwrap();
    let reasons: Vec<&str> = card.scores[0].reasons.iter().map(|reason| reason.text.as_str()).collect();
    let quotes = |word: &str| reasons.iter().any(|reason| reason.contains(&format!("\"{word}\"")));
    assert!(quotes("wonderful") && quotes("angry"), "{reasons:?}");
}

#[test]
fn a_correction_moves_the_mood() {
    let paper = Paper::new();
    round(&paper.desk, 10);
    let mut marks = Marks::default();
    paper.receive(&[saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9))]);
    follow(&paper, &mut marks);
    let message = paper.timeline("Ana")[0].message.id;
    paper.act(Act::CorrectSentiment { message, label: Some(SentimentLabel::Positive) });
    follow(&paper, &mut marks);
    assert!(paper.row("Ana").mood > Some(0));
}

#[test]
fn what_did_not_change_is_not_written_again() {
    let paper = Paper::new();
    many(&paper, 5);
    round(&paper.desk, 10);
    let last = paper.desk.store().engine().last();
    let ids: Vec<CustomerId> = paper.desk.store().customers(None, 100).unwrap().iter().map(|c| c.id).collect();
    let rows: Vec<_> = ids.iter().map(|id| paper.desk.store().scored(*id).unwrap().unwrap()).collect();
    let mut marks = Marks::default();
    follow(&paper, &mut marks);
    assert_eq!(paper.desk.store().engine().last(), last, "nothing happened");
    paper.desk.begin_round(true).unwrap();
    round(&paper.desk, 10);
    let again: Vec<_> = ids.iter().map(|id| paper.desk.store().scored(*id).unwrap().unwrap()).collect();
    assert_eq!(again, rows);
}

#[test]
fn reading_marks_nobody_and_a_case_does() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9)]);
    round(&paper.desk, 10);
    let mut marks = Marks::default();
    follow(&paper, &mut marks);
    paper.act(Act::MarkRead(paper.customer("Ana")));
    paper.desk.follow_log(&mut marks).unwrap();
    assert!(marks.is_empty());
    paper.act(Act::Resolve(paper.customer("Ana")));
    paper.desk.follow_log(&mut marks).unwrap();
    assert_eq!(marks.len(), 1);
}

#[test]
fn a_round_goes_on_where_it_was_and_scores_everybody_once() {
    let paper = Paper::new();
    many(&paper, 23);
    paper.desk.begin_round(false).unwrap();
    for _ in 0..3 {
        paper.desk.score_on(4, 1_000).unwrap();
    }
    let middle = paper.desk.round().unwrap().rescore;
    assert_eq!((middle.scored, middle.total, middle.done), (12, 23, false));
    // As after a crash: another program on the same store.
    let desk = anew(&paper);
    round(&desk, 4);
    let end = desk.round().unwrap().rescore;
    assert_eq!((end.scored, end.done), (23, true));
    let rows = desk.store().all_scored(None, 100).unwrap();
    assert_eq!(rows.len(), 23);
    for row in rows {
        assert!(!desk.scorecard(row.customer).unwrap().stale);
    }
}

#[test]
fn a_round_stops_when_told_and_goes_on_when_asked() {
    let paper = Paper::new();
    many(&paper, 6);
    paper.desk.begin_round(false).unwrap();
    paper.desk.score_on(2, 1_000).unwrap();
    paper.desk.stop_round("lin").unwrap();
    assert!(!paper.desk.round().unwrap().due);
    assert!(paper.desk.score_on(2, 1_000).unwrap().done);
    assert!(paper.desk.stop_round("lin").unwrap_err().to_string().contains("nobody is being scored"));
    paper.desk.begin_round(false).unwrap();
    assert_eq!(paper.desk.round().unwrap().rescore.scored, 2, "where it was");
    round(&paper.desk, 2);
    assert_eq!(paper.desk.round().unwrap().rescore.scored, 6);
}

#[test]
fn what_happened_while_nobody_was_at_work_is_scored_after_the_start() {
    let paper = Paper::new();
    paper.receive(&[saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9))]);
    round(&paper.desk, 10);
    paper.receive(&[saying(ANGRY, mail("2@b", "Bo <bo@b.example>", -8))]);
    let desk = anew(&paper);
    let mut marks = Marks::default();
    while desk.follow_log(&mut marks).unwrap().more {}
    desk.score_marked(&mut marks, 10, 1_000).unwrap();
    assert!(!desk.scorecard(paper.customer("Bo")).unwrap().stale);
}

/// Corrects so many angry messages to `label`.
fn correct(paper: &Paper, label: SentimentLabel) {
    for stored in paper.desk.store().messages(None, 100).unwrap() {
        if let Ok(text) = paper.desk.text(&stored)
            && text.contains("angry")
        {
            paper.act(Act::CorrectSentiment { message: stored.message.id, label: Some(label) });
        }
    }
}

#[test]
fn corrections_teach_a_layer_that_can_be_switched_off_and_taken_back() {
    let paper = Paper::new();
    many(&paper, 40);
    assert!(!paper.desk.must_learn().unwrap(), "nothing was corrected");
    round(&paper.desk, 100);
    let shipped = paper.desk.score_version();
    correct(&paper, SentimentLabel::Positive);
    assert!(paper.desk.must_learn().unwrap());
    let layer = paper.desk.learn().unwrap().unwrap();
    assert_eq!((layer.number, layer.corrections), (1, 20));
    assert!(!paper.desk.must_learn().unwrap());
    let learned = paper.desk.score_version();
    assert_ne!(learned, shipped);
    let someone = paper.customer("c001@x.example");
    assert!(paper.desk.scorecard(someone).unwrap().stale, "of another version");
    assert_eq!(paper.desk.scorecard(someone).unwrap().taught.learned_from, 20);
    round(&paper.desk, 100);
    assert!(!paper.desk.scorecard(someone).unwrap().stale);

    paper.desk.use_layer("lin", false).unwrap();
    assert_eq!(paper.desk.score_version(), shipped);
    assert!(paper.desk.use_layer("lin", false).is_err());
    paper.desk.use_layer("lin", true).unwrap();
    assert_eq!(paper.desk.score_version(), learned);

    paper.desk.undo_layer("lin").unwrap();
    assert_eq!(paper.desk.score_version(), shipped);
    assert!(!paper.desk.must_learn().unwrap(), "the same corrections are not learned from again");
    assert!(paper.desk.undo_layer("lin").is_err());
    let next = paper.timeline("c001@x.example")[0].message.id;
    paper.act(Act::CorrectSentiment { message: next, label: Some(SentimentLabel::Positive) });
    assert!(paper.desk.must_learn().unwrap(), "the next one is");
    assert_eq!(anew(&paper).learned_view().unwrap().corrections, 21);
}

#[test]
fn a_damaged_layer_is_named_and_the_shipped_model_reads() {
    let paper = Paper::new();
    many(&paper, 40);
    let shipped = paper.desk.score_version();
    correct(&paper, SentimentLabel::Positive);
    paper.desk.learn().unwrap().unwrap();
    let mut layer = paper.desk.store().layers(1).unwrap().remove(0);
    let mut transaction = paper.desk.store().begin();
    layer.corrections = 20;
    transaction.put_layer(&layer, b"not a layer".to_vec());
    transaction.commit(&crate::model::Event::new(EventKind::Learned, Timestamp(NOON), "test")).unwrap();
    let desk = anew(&paper);
    assert_eq!(desk.score_version(), shipped);
    let view = desk.learned_view().unwrap();
    assert!(view.trouble.as_deref().is_some_and(|why| why.contains("shipped model")), "{view:?}");
    assert_eq!(view.corrections, 20, "nothing is lost");
    assert!(desk.must_learn().unwrap(), "it is learned again");
    desk.learn().unwrap().unwrap();
    assert_eq!(desk.learned_view().unwrap().trouble, None);
}

/// An agent may have switched it off: nothing switches it on by itself.
#[test]
fn which_layer_is_in_use_cannot_be_read_and_it_stays_off() {
    let paper = Paper::new();
    many(&paper, 40);
    let shipped = paper.desk.score_version();
    correct(&paper, SentimentLabel::Positive);
    paper.desk.learn().unwrap().unwrap();
    paper.desk.use_layer("lin", false).unwrap();
    let damaged = || {
        paper.engine.commit(put(b"SL", b"\xff")).unwrap();
        anew(&paper)
    };
    let desk = damaged();
    assert_eq!(desk.score_version(), shipped);
    let view = desk.learned_view().unwrap();
    assert!(view.off && view.trouble.as_deref().is_some_and(|why| why.contains("score layer --on")), "{view:?}");
    assert!(desk.scorecard(paper.customer("c001@x.example")).unwrap().taught.off);
    assert!(desk.undo_layer("lin").unwrap_err().to_string().contains("nothing to take back"));
    assert!(desk.must_learn().unwrap());
    desk.learn().unwrap().unwrap();
    let view = desk.learned_view().unwrap();
    assert!(view.off && view.layer.is_none() && view.trouble.is_none(), "{view:?}");
    desk.use_layer("lin", true).unwrap();
    assert_ne!(desk.score_version(), shipped);
    // Either way an agent says how it is to be.
    for on in [false, true] {
        let desk = damaged();
        desk.use_layer("lin", on).unwrap();
        desk.learn().unwrap().unwrap();
        let view = desk.learned_view().unwrap();
        assert_eq!((view.off, view.layer.is_some(), view.trouble), (!on, on, None));
    }
}

#[test]
fn a_card_and_the_layer_say_the_same_of_what_was_taught() {
    let paper = Paper::new();
    many(&paper, 102);
    let someone = paper.customer("c001@x.example");
    let said = || (paper.desk.scorecard(someone).unwrap().taught, paper.desk.learned_view().unwrap().taught());
    paper.desk.use_layer("lin", false).unwrap();
    let (card, layer) = said();
    assert!(card.off && card == layer, "off, with nothing learned: {card:?} {layer:?}");
    assert!(card.words().contains("no corrections yet") && card.words().contains("switched off"), "{}", card.words());
    paper.desk.use_layer("lin", true).unwrap();
    let messages: Vec<_> =
        paper.desk.store().messages(None, 102).unwrap().iter().map(|stored| stored.message.id).collect();
    for (made, message) in messages.into_iter().enumerate() {
        if made >= 99 {
            let card = said().0;
            assert_eq!((card.made, card.more), (made.min(100) as u32, made > 100), "not more than are read");
        }
        paper.act(Act::CorrectSentiment { message, label: Some(SentimentLabel::Positive) });
    }
    assert!(said().0.words().starts_with("more than 100 corrections, "), "{}", said().0.words());
}

#[test]
fn a_fit_that_is_cut_off_while_it_is_written_is_due_again() {
    let paper = Paper::new();
    many(&paper, 60);
    let fit = || paper.desk.fit_segments(&Settings::default(), &mut |_| true);
    // What was fitted is written, whom it places is not.
    paper.engine.fail_commit(2);
    fit().unwrap_err();
    assert!(!paper.desk.segments().unwrap().is_empty());
    assert_eq!(anew(&paper).fitted_at().unwrap(), Timestamp(0));
    fit().unwrap();
    assert_eq!(paper.desk.fitted_at().unwrap(), Timestamp(NOON));
    // Also when it was made before on the same day.
    paper.engine.fail_commit(2);
    fit().unwrap_err();
    assert_eq!(anew(&paper).fitted_at().unwrap(), Timestamp(0));
    fit().unwrap();
    assert_eq!(anew(&paper).fitted_at().unwrap(), Timestamp(NOON), "with nobody moved");
}

#[test]
fn a_kind_with_too_few_customers_keeps_its_segments_and_who_is_in_them() {
    let paper = Paper::new();
    many(&paper, 31);
    let fit = || paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap();
    fit();
    let someone = paper.customer("c030@x.example");
    let kinds = || -> Vec<SegmentKind> {
        paper.desk.scorecard(someone).unwrap().segments.iter().map(|(kind, _)| *kind).collect()
    };
    let before = kinds();
    assert!(before.contains(&SegmentKind::KMeans), "{before:?}");
    for (stays, other) in [("c001@x.example", "c002@x.example"), ("c003@x.example", "c004@x.example")] {
        let (stays, other) = (paper.customer(stays), paper.customer(other));
        paper.act(Act::Merge { stays, other, reason: String::new() });
    }
    let report = fit();
    assert!(report.without.iter().any(|(kind, _)| *kind == SegmentKind::KMeans), "{:?}", report.without);
    assert!(report.segments.iter().any(|segment| segment.kind == SegmentKind::KMeans), "they are listed still");
    assert_eq!(kinds(), before);
}

#[test]
fn who_has_a_damaged_record_is_left_out_of_a_fit_and_counted() {
    let paper = Paper::new();
    many(&paper, 60);
    paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap();
    let (bad, badly_scored) = (paper.customer("c001@x.example"), paper.customer("c002@x.example"));
    paper.engine.commit(put(&[b"k".as_slice(), &bad.0, b"00000000"].concat(), b"\xff")).unwrap();
    paper.engine.commit(put(&[b"Sc".as_slice(), &badly_scored.0].concat(), b"\xff")).unwrap();
    let report = paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap();
    assert_eq!((report.customers, report.left_out), (59, 2));
    assert_eq!(paper.desk.fitted_at().unwrap(), Timestamp(NOON));
    // Nor does the customer's own row end a fit or a round for those behind it.
    let gone = paper.customer("c003@x.example");
    paper.engine.commit(put(&[b"c".as_slice(), &gone.0].concat(), b"\xff")).unwrap();
    let report = paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap();
    assert_eq!((report.customers, report.left_out), (58, 3));
    paper.desk.begin_round(true).unwrap();
    let (mut failed, mut seen) = (0, 0);
    loop {
        let sliced = paper.desk.score_on(7, 1_000).unwrap();
        (failed, seen) = (failed + sliced.failed, seen + sliced.customers);
        if sliced.done {
            break;
        }
    }
    assert_eq!((failed, seen), (3, 60));
}

#[test]
fn segments_are_fitted_and_a_change_is_a_line_of_the_history() {
    let paper = Paper::new();
    many(&paper, 60);
    let report = paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap();
    assert_eq!((report.customers, report.moved), (60, 0), "the first fit moves nobody");
    round(&paper.desk, 100);
    let segments = paper.desk.segments().unwrap();
    let rfm: Vec<_> = segments.iter().filter(|segment| segment.kind == SegmentKind::Rfm).collect();
    assert_eq!(rfm.iter().map(|segment| segment.size).sum::<u32>(), 60);
    let mut members = Vec::new();
    for segment in &rfm {
        let mut after = None;
        loop {
            let page = paper.desk.segment_members(segment.kind, &segment.name, after.as_deref(), 7).unwrap();
            members.extend(page.rows.iter().map(|member| member.customer));
            after = page.next;
            if after.is_none() {
                break;
            }
        }
    }
    members.sort_unstable();
    members.dedup();
    assert_eq!(members.len(), 60, "everybody is in one");

    let old = paper.customer("c059@x.example");
    let before = paper.desk.scorecard(old).unwrap().segments;
    for number in 0..9 {
        paper.receive(&[mail(leak(format!("again{number}@m")), "c059@x.example", -60 * 24 * number)]);
    }
    let mut marks = Marks::default();
    follow(&paper, &mut marks);
    let after = paper.desk.scorecard(old).unwrap().segments;
    assert_ne!(before, after);
    let lines = paper.desk.history(old, 10).unwrap();
    let line = lines.iter().find(|line| line.kind == EventKind::Segment).unwrap();
    assert!(line.summary.contains("segment (rfm)") && line.summary.contains('→'), "{}", line.summary);
}

#[test]
fn a_fit_that_is_stopped_changes_nothing() {
    let paper = Paper::new();
    many(&paper, 60);
    let last = paper.desk.store().engine().last();
    assert!(paper.desk.fit_segments(&Settings::default(), &mut |_| false).unwrap().stopped);
    // Wherever it is told to: while customers are counted, in the midst of a kind, and at the very end.
    let mut asked = 0;
    assert!(!paper.desk.fit_segments(&Settings::default(), &mut |_| true).unwrap().stopped);
    let fitted = paper.desk.store().engine().last();
    assert!(fitted > last);
    let mut kinds = Vec::new();
    paper
        .desk
        .fit_segments(&Settings::default(), &mut |progress| {
            asked += 1;
            kinds.extend(progress.fitting.map(|(kind, _)| kind));
            true
        })
        .unwrap();
    assert!(kinds.contains(&SegmentKind::KMeans) && kinds.contains(&SegmentKind::Dbscan), "{kinds:?}");
    let last = paper.desk.store().engine().last();
    for stop in 1..=asked {
        let mut left = stop;
        let report = paper.desk.fit_segments(&Settings::default(), &mut |_| {
            left -= 1;
            left > 0
        });
        assert!(report.unwrap().stopped, "at {stop} of {asked}");
    }
    assert_eq!(paper.desk.store().engine().last(), last);
}

#[test]
fn after_a_merge_one_customer_has_the_scores_of_both() {
    let paper = Paper::new();
    paper.receive(&[
        saying(ANGRY, mail("1@a", "Ana <ana@a.example>", -9)),
        saying(GLAD, mail("2@b", "Bo <bo@b.example>", -8)),
    ]);
    round(&paper.desk, 10);
    let (ana, bo) = (paper.customer("Ana"), paper.customer("Bo"));
    let acted = paper.act(Act::Merge { stays: ana, other: bo, reason: String::new() });
    let mut marks = Marks::default();
    follow(&paper, &mut marks);
    assert_eq!(paper.desk.store().scored(bo).unwrap(), None);
    assert_eq!(paper.desk.store().scored(ana).unwrap().unwrap().messages, 2);
    assert_eq!(paper.desk.scorecard(bo).unwrap().customer, ana, "its id leads there");
    paper.act(acted.undo[0].clone());
    follow(&paper, &mut marks);
    assert_eq!(paper.desk.store().scored(bo).unwrap().unwrap().messages, 1);
    assert_eq!(paper.desk.store().scored(ana).unwrap().unwrap().messages, 1);
}

#[test]
fn cases_opened_again_count_as_effort() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -9)]);
    let ana = paper.customer("Ana");
    let is_open = |case: Option<Case>| case.is_some_and(|case| case.status == CaseStatus::Open);
    paper.act(Act::Resolve(ana));
    paper.pass(1);
    paper.act(Act::Reopen(ana));
    assert!(is_open(paper.desk.customer(ana).unwrap().unwrap().customer.case));
    paper.pass(1);
    paper.act(Act::Resolve(ana));
    paper.pass(1);
    paper.desk.score_customer(ana).unwrap();
    let card = paper.desk.scorecard(ana).unwrap();
    let effort = card.scores.iter().find(|score| score.kind == ScoreKind::Effort).unwrap();
    let said: Vec<&str> = effort.reasons.iter().map(|reason| reason.text.as_str()).collect();
    assert!(said.iter().any(|text| text.contains("again") || text.contains("reopen")), "{said:?}");
}

#[test]
fn the_need_of_an_open_case_is_named_with_its_message_and_the_past_case_like_it() {
    let paper = Paper::new();
    let need = |who: &str| {
        round(&paper.desk, 10);
        let mut marks = Marks::default();
        follow(&paper, &mut marks);
        let card = paper.desk.scorecard(paper.customer(who)).unwrap();
        card.scores.into_iter().find(|score| score.kind == ScoreKind::Need).unwrap()
    };
    let ana = |text, id, at| saying(text, mail(id, "Ana <ana@a.example>", at));
    paper.receive(&[ana("I sent the coat back. When do I get my money back?", "1@a", -900).subject("The coat")]);
    let first = paper.timeline("Ana")[0].message.id;
    paper.desk.act("lin", Act::Resolve(paper.customer("Ana"))).unwrap();
    let none = need("Ana");
    assert_eq!(none.value, None, "nothing is wanted in a case that is resolved");
    assert!(none.reasons[0].text.contains("no case is open"), "{none:?}");
    paper.receive(&[
        ana("Hello, could I please have a refund for the lamp?", "2@a", -3),
        ana("Thanks a lot, have a nice weekend!", "3@a", -2),
    ]);
    let found = need("Ana");
    assert!(found.shown.starts_with("refund ") && found.value.unwrap() >= 0.7, "{found:?}");
    let asked =
        paper.timeline("Ana").iter().map(|entry| entry.message.clone()).find(|one| one.remote_id.contains("2@a"));
    assert_eq!(found.reasons[0].message, asked.map(|one| one.id));
    assert!(found.reasons[0].text.contains("refund"), "{found:?}");
    assert_eq!(found.reasons[1].message, Some(first), "{found:?}");
    assert!(found.reasons[1].text.contains("The coat"), "{found:?}");

    paper.receive(&[
        saying("Wo ist mein Paket? Ich warte seit einer Woche.", mail("1@b", "Bo <bo@b.example>", -5)),
        saying("Hello", mail("1@c", "Cy <cy@c.example>", -5)),
    ]);
    for who in ["Bo", "Cy"] {
        let none = need(who);
        assert_eq!((none.value, none.reasons[0].text.as_str()), (None, "no need was recognised in what they wrote"));
    }
}

#[test]
fn scores_are_out_of_date_after_an_import_until_they_are_computed_anew() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -30), mail("2@b", "Bo <bo@b.example>", -20)]);
    let (ana, bo) = (paper.customer("ana@a.example"), paper.customer("bo@b.example"));
    let stale = |who| paper.desk.scorecard(who).unwrap().stale;
    let score = || [ana, bo].map(|who| paper.desk.score_customer(who).unwrap());
    score();
    assert!(!stale(ana) && !stale(bo));
    let order = |email: &str| crate::desk::OrderRow {
        line: 2,
        whose: crate::desk::Whose { emails: vec![email.to_owned()], ..Default::default() },
        shop: String::new(),
        number: "1".to_owned(),
        at: Timestamp(NOON - MINUTE),
        total: crate::model::Money { currency: crate::model::Currency::from_code("USD").unwrap(), minor: 500 },
        status: String::new(),
    };
    let import = |email: &str| {
        paper.desk.import_orders("lin", vec![order(email)], &mut crate::desk::OrdersSeen::default(), true).unwrap()
    };
    import("ana@a.example");
    assert!(stale(ana) && !stale(bo), "hers alone");
    paper.desk.score_customer(ana).unwrap();
    assert!(!stale(ana));
    // The same again changes nothing; another owner concerns both.
    import("ana@a.example");
    assert!(!stale(ana));
    import("bo@b.example");
    assert!(stale(ana) && stale(bo));
    score();
    assert!(!stale(ana) && !stale(bo));
    let rating = crate::desk::RatingRow {
        line: 2,
        whose: crate::desk::Whose { emails: vec!["bo@b.example".to_owned()], ..Default::default() },
        at: Timestamp(NOON - MINUTE),
        value: 4,
        from: 1,
        of: 5,
        comment: String::new(),
    };
    paper.desk.import_ratings("lin", vec![rating], true).unwrap();
    assert!(stale(bo) && !stale(ana));
}
