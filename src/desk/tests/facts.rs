//! Facts that come with an import: whose they are, twice the same, and what merging does to them.

use super::paper::{MINUTE, NOON, Paper, mail};
use crate::desk::{CustomerRow, OrderRow, OrdersSeen, RatingRow, Whose};
use crate::model::{Act, Currency, InboxView, Money, Timestamp};

fn whose(email: &str) -> Whose {
    Whose { emails: vec![email.to_owned()], ..Whose::default() }
}

fn order(line: u64, email: &str, number: &str, minor: i64) -> OrderRow {
    OrderRow {
        line,
        whose: whose(email),
        shop: String::new(),
        number: number.to_owned(),
        at: Timestamp(NOON - line as i64 * MINUTE),
        total: Money { currency: Currency::from_code("USD").unwrap(), minor },
        status: String::new(),
    }
}

fn rating(line: u64, email: &str, value: u16) -> RatingRow {
    let comment = "so\u{1b}[31m so".to_owned();
    RatingRow { line, whose: whose(email), at: Timestamp(NOON - MINUTE), value, from: 1, of: 5, comment }
}

#[test]
fn orders_of_a_stranger_make_a_customer_without_a_case_and_again_change_nothing() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -3)]);
    let rows = || vec![order(2, "ANA@a.example", "#1", 1_250), order(3, "bo@b.example", "#2", 700)];
    let looked = paper.desk.import_orders("lin", rows(), &mut OrdersSeen::default(), false).unwrap();
    assert_eq!((looked.new, looked.customers), (2, 1));
    assert!(paper.desk.find("bo@b.example").is_err(), "a look writes nothing");
    let report = paper.desk.import_orders("lin", rows(), &mut OrdersSeen::default(), true).unwrap();
    assert_eq!((report.new, report.known, report.customers, report.bad.len()), (2, 0, 1, 0));
    let bo = paper.customer("bo@b.example");
    let view = paper.desk.customer(bo).unwrap().unwrap();
    assert_eq!((view.customer.case, view.customer.unread), (None, 0));
    assert_eq!(view.identities[0].basis.word(), "import");
    assert_eq!(paper.inbox(InboxView::Inbox), ["Ana"], "nothing waits for an answer");
    let before = paper.desk.store().engine().last();
    let again = paper.desk.import_orders("lin", rows(), &mut OrdersSeen::default(), true).unwrap();
    assert_eq!((again.new, again.changed, again.known, again.customers), (0, 0, 2, 0));
    assert_eq!(paper.desk.store().engine().last(), before, "not even a log line");
    let changed = paper
        .desk
        .import_orders("lin", vec![order(3, "bo@b.example", "#2", 0)], &mut OrdersSeen::default(), true)
        .unwrap();
    assert_eq!((changed.changed, changed.new), (1, 0));
    assert_eq!(
        paper
            .desk
            .orders(&paper.desk.known(bo).unwrap())
            .unwrap()
            .iter()
            .map(|order| order.total.minor)
            .collect::<Vec<_>>(),
        [0]
    );
}

#[test]
fn orders_and_ratings_follow_their_identity_through_merge_and_unmerge() {
    let paper = Paper::new();
    paper
        .desk
        .import_orders(
            "lin",
            vec![order(2, "ana@a.example", "1", 5), order(3, "bo@b.example", "2", 7)],
            &mut OrdersSeen::default(),
            true,
        )
        .unwrap();
    paper.desk.import_ratings("lin", vec![rating(2, "bo@b.example", 4)], true).unwrap();
    let again = paper.desk.import_ratings("lin", vec![rating(9, "bo@b.example", 4)], true).unwrap();
    assert_eq!((again.new, again.known), (0, 1));
    let (ana, bo) = (paper.customer("ana@a.example"), paper.customer("bo@b.example"));
    let merged = paper.act(Act::Merge { stays: ana, other: bo, reason: String::new() });
    let numbers = |who| {
        paper
            .desk
            .orders(&paper.desk.known(who).unwrap())
            .unwrap()
            .into_iter()
            .map(|order| order.number)
            .collect::<Vec<_>>()
    };
    assert_eq!(numbers(ana), ["2", "1"], "oldest first");
    assert_eq!(numbers(bo), numbers(ana), "its old id leads there");
    assert_eq!(
        paper.desk.ratings(&paper.desk.known(ana).unwrap()).unwrap()[0].comment,
        "so[31m so",
        "nothing a terminal would act on"
    );
    paper.act(merged.undo[0].clone());
    assert_eq!((numbers(ana), numbers(bo)), (vec!["1".to_owned()], vec!["2".to_owned()]));
    assert_eq!(paper.desk.ratings(&paper.desk.known(ana).unwrap()).unwrap().len(), 0);
}

#[test]
fn bad_rows_are_named_and_the_rest_goes_in() {
    let paper = Paper::new();
    let mut rows = vec![
        order(2, "not an address", "1", 1),
        order(3, "support@shop.example", "2", 1),
        order(4, "no-reply@a.example", "3", 1),
        order(5, "ana@a.example", "", 1),
        order(6, "ana@a.example", "6", 1),
    ];
    rows.push(OrderRow { at: Timestamp(NOON + 2 * 86_400_000), ..order(7, "ana@a.example", "7", 1) });
    rows.push(OrderRow { whose: Whose::default(), ..order(8, "", "8", 1) });
    let report = paper.desk.import_orders("lin", rows, &mut OrdersSeen::default(), true).unwrap();
    assert_eq!(report.new, 1);
    assert_eq!(report.bad.iter().map(|(line, _)| *line).collect::<Vec<_>>(), [2, 3, 4, 5, 7, 8], "{:?}", report.bad);
    let out_of = paper.desk.import_ratings("lin", vec![rating(2, "ana@a.example", 6)], true).unwrap();
    assert!(out_of.bad[0].1.contains("not within 1 to 5"), "{:?}", out_of.bad);
}

#[test]
fn a_customer_is_completed_and_what_is_there_stays_unless_replaced() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "ana@a.example", -3)]);
    let row = |plan: &str| CustomerRow {
        line: 2,
        whose: Whose {
            phones: vec!["+49 151 12345678".to_owned(), "0151 1".to_owned()],
            key: "C-7".to_owned(),
            name: "Ana Silva".to_owned(),
            ..whose("ana@a.example")
        },
        since: None,
        language: "pt".to_owned(),
        tags: vec!["vip".to_owned()],
        fields: vec![("plan".to_owned(), plan.to_owned())],
    };
    let first = paper.desk.import_customers("lin", vec![row("gold")], false, true).unwrap();
    assert_eq!((first.new, first.changed, first.customers, first.left_out.len()), (0, 1, 0, 1));
    let ana = paper.desk.customer(paper.customer("Ana Silva")).unwrap().unwrap();
    assert_eq!((ana.customer.tags.clone(), ana.customer.language.as_deref()), (vec!["vip".to_owned()], Some("pt")));
    let mut channels: Vec<&str> = ana.identities.iter().map(|identity| identity.channel.as_str()).collect();
    channels.sort_unstable();
    assert_eq!(channels, ["crm", "email", "phone"]);
    let again = paper.desk.import_customers("lin", vec![row("gold")], false, true).unwrap();
    assert_eq!((again.known, again.changed, again.kept), (1, 0, 0));
    let kept = paper.desk.import_customers("lin", vec![row("free")], false, true).unwrap();
    assert_eq!((kept.known, kept.changed, kept.kept), (1, 0, 1));
    let replaced = paper.desk.import_customers("lin", vec![row("free")], true, true).unwrap();
    assert_eq!((replaced.changed, replaced.kept), (1, 0));
    // An order by the key alone finds her.
    let by_key = OrderRow { whose: Whose { key: "C-7".to_owned(), ..Whose::default() }, ..order(2, "", "1", 5) };
    assert_eq!(paper.desk.import_orders("lin", vec![by_key], &mut OrdersSeen::default(), true).unwrap().customers, 0);
    assert_eq!(paper.desk.orders(&ana.customer).unwrap().len(), 1);
}

#[test]
fn nobody_is_joined_by_a_shared_number_and_two_that_a_row_joins_are_asked_about() {
    let paper = Paper::new();
    let row = |line, email: &str, key: &str| CustomerRow {
        line,
        whose: Whose { phones: vec!["+4915112345678".to_owned()], key: key.to_owned(), ..whose(email) },
        ..CustomerRow::default()
    };
    let rows = vec![row(2, "ana@a.example", ""), row(3, "bo@a.example", "B")];
    assert_eq!(paper.desk.import_customers("lin", rows, false, true).unwrap().customers, 2);
    assert_ne!(paper.customer("ana@a.example"), paper.customer("bo@a.example"));
    // Said at every import, not at the first alone.
    for _ in 0..3 {
        let rows = vec![row(2, "ana@a.example", ""), row(3, "bo@a.example", "B")];
        let again = paper.desk.import_customers("lin", rows, false, true).unwrap();
        assert_eq!((again.known, again.changed), (2, 0));
        let [(line, why)] = again.left_out.as_slice() else { panic!("{:?}", again.left_out) };
        assert_eq!(*line, 3);
        assert!(why.contains("+4915112345678 is the number of ana@a.example"), "{why}");
    }
    let both = paper.desk.import_customers("lin", vec![row(4, "ana@a.example", "B")], false, true).unwrap();
    assert!(both.bad[0].1.contains("are two customers; if they are one: switchboard merge"), "{:?}", both.bad);
}

#[test]
fn a_status_nobody_knows_is_said_once_a_word() {
    let paper = Paper::new();
    let mut seen = OrdersSeen::default();
    let mut file = |line: u64, status: &str| {
        let row = OrderRow { status: status.to_owned(), ..order(line, "ana@a.example", &line.to_string(), 1) };
        paper.desk.import_orders("lin", vec![row], &mut seen, true).unwrap();
    };
    [(2, "CA"), (3, "paid"), (4, "NY"), (5, "CA")].into_iter().for_each(|(line, status)| file(line, status));
    (6..306).for_each(|line| file(line, &format!("S{line}")));
    let said = seen.unknown_statuses();
    assert_eq!(said.len(), 101);
    assert_eq!(said[0], (2, "nobody knows the status \"CA\", in 2 rows; such an order counts".to_owned()));
    assert!(said.iter().any(|(line, why)| *line == 4 && why.contains("\"NY\", in 1 row;")), "{said:?}");
    assert!(said[100].0 == 104 && said[100].1.contains("in 202 rows"), "{:?}", said[100]);
    assert_eq!(paper.desk.orders(&paper.desk.known(paper.customer("ana@a.example")).unwrap()).unwrap().len(), 304);
}

#[test]
fn a_dry_run_finds_the_same_bad_rows_as_the_import_batch_by_batch() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Cy <cy@a.example>", -3)]);
    let phone = |number: &str| vec![number.to_owned()];
    // One content; whose it is alone differs.
    let row = |line: u64, number: &str, whose: Whose| OrderRow { line, whose, ..order(2, "", number, 1) };
    let both = || Whose { phones: phone("+4915112345678"), key: "A-1".to_owned(), ..whose("ana@a.example") };
    let rows = [
        row(2, "1", both()),
        row(3, "1", Whose { key: "A-1".to_owned(), ..Whose::default() }),
        row(4, "1", Whose { phones: phone("+4915112345678"), ..Whose::default() }),
        row(5, "1", Whose { emails: vec!["new@a.example".to_owned(), "ana@a.example".to_owned()], ..Whose::default() }),
        row(6, "1", Whose { phones: phone("+4915112345678"), ..whose("bo@a.example") }),
        row(7, "1", whose("cy@a.example")),
        row(8, "2", Whose { key: "C-1".to_owned(), ..whose("cy@a.example") }),
        row(9, "2", Whose { key: "C-1".to_owned(), ..Whose::default() }),
        row(10, "2", whose("ana@a.example")),
    ];
    let bad = |batch: usize, write: bool| {
        let mut seen = OrdersSeen::default();
        let mut lines = Vec::new();
        for batch in rows.chunks(batch) {
            let report = paper.desk.import_orders("lin", batch.to_vec(), &mut seen, write).unwrap();
            lines.extend(report.bad.iter().map(|(line, _)| *line));
        }
        lines
    };
    assert_eq!(bad(1, false), [6, 7, 10]);
    assert_eq!(bad(4, false), [6, 7, 10]);
    assert_eq!(bad(1, true), [6, 7, 10]);
    assert_eq!(bad(9, true), [6, 7, 10], "and the same again");
}

#[test]
fn of_a_bad_row_nothing_is_taken() {
    let paper = Paper::new();
    let before = paper.desk.store().engine().last();
    let long = "x".repeat(201);
    let row = CustomerRow { line: 2, whose: whose("ana@a.example"), ..CustomerRow::default() };
    let key = CustomerRow { whose: Whose { key: long.clone(), ..row.whose.clone() }, ..row.clone() };
    let language = CustomerRow { language: "english".to_owned(), ..row };
    let report = paper.desk.import_customers("lin", vec![key, language], true, true).unwrap();
    assert_eq!((report.bad.len(), report.customers), (2, 0), "{report:?}");
    let number = OrderRow { number: long, ..order(2, "ana@a.example", "", 1) };
    let report = paper.desk.import_orders("lin", vec![number], &mut OrdersSeen::default(), true).unwrap();
    assert_eq!((report.bad.len(), report.customers), (1, 0), "{report:?}");
    assert!(paper.desk.find("ana@a.example").is_err());
    assert_eq!(paper.desk.store().engine().last(), before);
}

#[test]
fn what_there_is_no_room_for_is_said_with_its_line_and_the_rest_is_taken() {
    let paper = Paper::new();
    let row = || CustomerRow {
        line: 7,
        whose: Whose { name: "n".repeat(300), ..whose("ana@a.example") },
        tags: (0..120).map(|number| format!("tag{number}")).collect(),
        fields: (0..=100).map(|number| (format!("field{number:03}"), "x".repeat(2_001))).collect(),
        ..CustomerRow::default()
    };
    for known in [0, 1] {
        let report = paper.desk.import_customers("lin", vec![row()], false, true).unwrap();
        assert_eq!((report.bad.len(), report.known, report.kept), (0, known, 0), "{:?}", report.bad);
        assert!(report.left_out.iter().all(|(line, _)| *line == 7));
        let said = |words: &str| report.left_out.iter().filter(|(_, why)| why.contains(words)).count();
        assert_eq!((said("20 tags"), said("the field field100: a customer has at most 100 fields")), (1, 1));
        assert_eq!((said("is cut to 2000 letters"), said("the name is cut to 200 letters")), (100, 1));
    }
    let ana = paper.desk.customer(paper.customer("ana@a.example")).unwrap().unwrap().customer;
    assert_eq!((ana.tags.len(), ana.fields.len(), ana.name.len()), (100, 100, 200));
    let many = Whose { emails: (0..60).map(|number| format!("a{number}@b.example")).collect(), ..Whose::default() };
    let row = CustomerRow { line: 8, whose: many, ..CustomerRow::default() };
    let report = paper.desk.import_customers("lin", vec![row], false, true).unwrap();
    assert!(report.left_out[0].1.contains("of 60 mail addresses the first 50 are taken"), "{:?}", report.left_out);
}

#[test]
fn one_number_in_a_file_is_one_order_and_the_file_again_changes_nothing() {
    let paper = Paper::new();
    let rows = || {
        vec![
            order(2, "ana@a.example", "#1", 500),
            OrderRow { at: Timestamp(NOON - 2 * MINUTE), ..order(3, "bo@b.example", "#1", 500) },
            OrderRow { at: Timestamp(NOON - 2 * MINUTE), ..order(4, "ana@a.example", "#1", 700) },
            OrderRow { at: Timestamp(NOON - 2 * MINUTE), ..order(5, "ana@a.example", "#1", 500) },
        ]
    };
    for write in [false, true, true] {
        // In two batches, as a long file comes.
        let (mut seen, mut report) = (OrdersSeen::default(), crate::desk::FactsReport::default());
        let mut rows = rows();
        let rest = rows.split_off(1);
        for some in [rows, rest] {
            report += paper.desk.import_orders("lin", some, &mut seen, write).unwrap();
        }
        let lines: Vec<u64> = report.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4], "{:?}", report.bad);
        assert!(report.bad[0].1.contains("is in line 2 already, for another customer"), "{:?}", report.bad);
        assert!(report.bad[1].1.contains("is in line 2 already, with another"), "{:?}", report.bad);
        assert_eq!(report.changed, 0, "nothing flips");
    }
    assert!(paper.desk.find("bo@b.example").is_err(), "nothing of a bad row is taken");
    let orders = paper.desk.orders(&paper.desk.known(paper.customer("ana@a.example")).unwrap()).unwrap();
    assert_eq!(orders.iter().map(|order| order.total.minor).collect::<Vec<_>>(), [500]);
}

#[test]
fn how_an_order_ended_is_kept_and_an_unknown_word_is_said() {
    use crate::model::OrderStatus;
    let paper = Paper::new();
    let row = |line, number: &str, status: &str| OrderRow {
        status: status.to_owned(),
        ..order(line, "ana@a.example", number, 5)
    };
    let rows = vec![
        row(2, "1", "Refunded"),
        row(3, "2", "wc-cancelled"),
        row(4, "3", "RETURNED"),
        row(5, "4", "voided"),
        row(6, "5", "partially_refunded"),
        row(7, "6", "storniert"),
        row(8, "7", ""),
    ];
    let mut seen = OrdersSeen::default();
    let report = paper.desk.import_orders("lin", rows, &mut seen, true).unwrap();
    assert_eq!((report.new, report.bad.len(), report.left_out.len()), (7, 0, 0));
    let said = "nobody knows the status \"storniert\", in 1 row; such an order counts";
    assert_eq!(seen.unknown_statuses(), [(7, said.to_owned())]);
    let mut orders = paper.desk.orders(&paper.desk.known(paper.customer("ana@a.example")).unwrap()).unwrap();
    orders.sort_by(|one, other| one.number.cmp(&other.number));
    let found: Vec<OrderStatus> = orders.iter().map(|order| order.status).collect();
    use OrderStatus::{Cancelled, Refunded, Returned, Standing, Void};
    assert_eq!(found, [Refunded, Cancelled, Returned, Void, Standing, Standing, Standing]);
    // A later file says it was called off.
    let later = paper.desk.import_orders("lin", vec![row(8, "7", "cancelled")], &mut OrdersSeen::default(), true);
    assert_eq!(later.unwrap().changed, 1);
}

/// What is shown is never passed off as new when there is something newer: a message, an order, another amount of one, a rating.
#[test]
fn scores_are_stale_once_there_is_something_newer() {
    let paper = Paper::new();
    paper.receive(&[mail("1@a", "Ana <ana@a.example>", -3)]);
    let ana = paper.customer("ana@a.example");
    let stale = || paper.desk.scorecard(ana).unwrap().stale;
    let fresh = || {
        assert!(stale());
        paper.desk.score_customer(ana).unwrap();
        assert!(!stale());
    };
    fresh();
    paper.receive(&[mail("2@a", "Ana <ana@a.example>", -2)]);
    fresh();
    paper
        .desk
        .import_orders("lin", vec![order(2, "ana@a.example", "#1", 1_250)], &mut OrdersSeen::default(), true)
        .unwrap();
    fresh();
    paper
        .desk
        .import_orders("lin", vec![order(2, "ana@a.example", "#1", 900)], &mut OrdersSeen::default(), true)
        .unwrap();
    fresh();
    paper.desk.import_ratings("lin", vec![rating(2, "ana@a.example", 5)], true).unwrap();
    fresh();
    // Of somebody else it says nothing.
    paper
        .desk
        .import_orders("lin", vec![order(3, "bo@b.example", "#2", 700)], &mut OrdersSeen::default(), true)
        .unwrap();
    assert!(!stale());
}
