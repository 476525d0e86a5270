use super::paper::{Paper, mail};

fn threads(paper: &Paper, who: &str) -> Vec<usize> {
    let timeline = paper.timeline(who);
    let mut seen = Vec::new();
    timeline
        .iter()
        .map(|entry| {
            let thread = entry.message.thread;
            seen.iter().position(|known| *known == thread).unwrap_or_else(|| {
                seen.push(thread);
                seen.len() - 1
            })
        })
        .collect()
}

#[test]
fn references_before_in_reply_to_before_subject() {
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "ana@a.example", -90).subject("Order"),
        mail("2@a", "ana@a.example", -80).subject("Something else").header("References: <1@a> <gone@a>"),
        mail("3@a", "ana@a.example", -70).subject("Other words").header("In-Reply-To: <2@a>"),
        mail("4@a", "ana@a.example", -60).subject("RE: order"),
        mail("5@a", "ana@a.example", -50).subject("Invoice"),
    ]);
    assert_eq!(threads(&paper, "ana@a.example"), [0, 0, 0, 0, 1]);
}

#[test]
fn a_subject_ties_only_within_days_and_only_one_customer() {
    let day = 24 * 60;
    let paper = Paper::new();
    paper.receive(&[
        mail("1@a", "ana@a.example", -30 * day).subject("Order"),
        mail("2@a", "ana@a.example", -25 * day).subject("Re: Order"),
        mail("3@a", "ana@a.example", -2 * day).subject("Re: Order"),
        mail("4@b", "bo@b.example", -2 * day).subject("Re: Order"),
    ]);
    assert_eq!(threads(&paper, "ana@a.example"), [0, 0, 1]);
    let (ana, bo) = (paper.timeline("ana@a.example"), paper.timeline("bo@b.example"));
    assert!(ana.iter().all(|entry| entry.message.thread != bo[0].message.thread));
}

#[test]
fn an_answer_that_came_before_what_it_answers_finds_its_thread() {
    let paper = Paper::new();
    paper.receive(&[
        mail("3@a", "ana@a.example", -70).subject("c").header("In-Reply-To: <2@a>"),
        mail("2@a", "ana@a.example", -80).subject("b").header("In-Reply-To: <1@a>"),
        mail("1@a", "ana@a.example", -90).subject("a"),
    ]);
    assert_eq!(threads(&paper, "ana@a.example"), [0, 0, 0]);
}
