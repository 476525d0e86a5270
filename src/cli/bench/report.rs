//! The figures for a person to read.

use serde_json::Value;

/// One line a figure.
pub(super) fn lines(figures: &Value) -> Vec<String> {
    let at = |path: &str| figures.pointer(path).and_then(Value::as_f64).unwrap_or_default();
    let whole = |path: &str| format!("{:.0}", at(path));
    let short = |name: &str| {
        let [cpu50, cpu99, wall50, wall99] = ["cpu_p50_us", "cpu_p99_us", "wall_p50_us", "wall_p99_us"]
            .map(|field| at(&format!("/{name}/{field}")) / 1000.0);
        format!("{cpu50:.3} / {cpu99:.3} ms CPU, {wall50:.3} / {wall99:.3} ms in all (half / 99 of 100)")
    };
    let long = |name: &str| {
        let [wall, cpu, rate, peak] = ["seconds", "cpu_seconds", "messages_per_cpu_second", "peak_mb"]
            .map(|field| at(&format!("/{name}/{field}")));
        format!("{wall:.1} s, {cpu:.1} s CPU ({rate:.0} messages a CPU second), {peak:.0} MB at the peak")
    };
    let opening = |name: &str| {
        let [wall, cpu, resident] =
            ["seconds", "cpu_seconds", "resident_mb"].map(|field| at(&format!("/{name}/{field}")));
        format!("{wall:.2} s, {cpu:.2} s CPU, {resident:.0} MB resident")
    };
    let disk = |name: &str| {
        let [journal, state, total] =
            ["journal_mb", "state_mb", "total_mb"].map(|field| at(&format!("/{name}/{field}")));
        format!("{total:.0} MB (journal {journal:.0}, state {state:.0})")
    };
    let rows = [
        ("mail", format!("{} MB of originals", whole("/originals_mb"))),
        ("import", long("import")),
        ("first start", opening("first_start")),
        ("start", opening("start")),
        ("key to frame", short("key_to_frame")),
        ("key to answer", short("key_to_answer")),
        ("bytes for a key", format!("{} / {}", whole("/bytes_per_key/p50"), whole("/bytes_per_key/p99"))),
        ("inbox, first page", short("inbox_first_page")),
        ("inbox, other page", short("inbox_page")),
        ("timeline page", short("timeline_page")),
        ("memory at work", format!("{} MB resident, {} MB at the peak", whole("/resident_mb"), whole("/peak_mb"))),
        ("disk", disk("disk")),
        ("verify", long("verify")),
        ("rebuild", long("rebuild")),
        ("disk after it", disk("disk_rebuilt")),
        ("scores", long("score")),
        ("scores again", long("rescore")),
        ("disk with scores", disk("disk_scored")),
    ];
    let head = format!("{} messages of {} customers", whole("/messages"), whole("/customers"));
    std::iter::once(head).chain(rows.map(|(name, text)| format!("  {name:<18} {text}"))).collect()
}
