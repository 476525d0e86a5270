//! The one who measures: runs the steps one after the other, each in a process of its own, and gathers their figures.

use super::Plan;
use super::step::{Step, USABLE};
use super::usage::{rounded, seconds};
use super::workplace::Workplace;
use crate::cli::output::remark;
use crate::seat::Ends;
use anyhow::Context;
use serde_json::{Map, Value, json};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// Starts measured after the first; the middle one counts.
const STARTS: usize = 5;

/// Measures one size. On Ctrl-C, and when told to end, the process under way is ended first.
pub(super) async fn measure(workplace: &Workplace, plan: Plan) -> anyhow::Result<Value> {
    let mut runner = Runner { workplace, plan, ends: Ends::listen()? };
    let mail = runner.step(Step::Invent, "inventing the mail").await?.figures;
    let import = runner.step(Step::Import, "importing it").await?.figures;
    let first = runner.step(Step::Start, "opening for the first time").await?;
    let mut starts = Vec::new();
    for _ in 0..STARTS {
        starts.push(runner.step(Step::Start, "opening").await?);
    }
    let disk = runner.disk()?;
    let work = runner.step(Step::Work, "pressing keys and reading pages").await?.figures;
    let verify = runner.step(Step::Verify, "verifying").await?.figures;
    let rebuild = runner.step(Step::Rebuild, "rebuilding").await?.figures;
    let rebuilt = runner.disk()?;
    let score = runner.step(Step::Score, "scoring everybody").await?.figures;
    let scored = runner.disk()?;
    let rescore = runner.step(Step::Rescore, "scoring everybody again").await?.figures;
    starts.sort_by_key(|start| start.usable);
    let middle = starts.swap_remove(STARTS / 2);
    let mut figures = Map::new();
    let Plan { messages, customers, seed } = plan;
    figures.insert("messages".to_owned(), json!(messages));
    figures.insert("customers".to_owned(), json!(customers));
    figures.insert("seed".to_owned(), json!(seed));
    figures.insert("originals_mb".to_owned(), json!(mb(mail["bytes"].as_u64().unwrap_or_default())));
    figures.insert("import".to_owned(), import);
    figures.insert("first_start".to_owned(), first.figures());
    figures.insert("start".to_owned(), middle.figures());
    if let Value::Object(work) = work {
        figures.extend(work);
    }
    figures.insert("disk".to_owned(), disk);
    figures.insert("verify".to_owned(), verify);
    figures.insert("rebuild".to_owned(), rebuild);
    figures.insert("disk_rebuilt".to_owned(), rebuilt);
    figures.insert("score".to_owned(), score);
    figures.insert("rescore".to_owned(), rescore);
    figures.insert("disk_scored".to_owned(), scored);
    Ok(Value::Object(figures))
}

fn mb(bytes: u64) -> f64 {
    rounded(bytes as f64 / f64::from(1 << 20), 10.0)
}

struct Runner<'a> {
    workplace: &'a Workplace,
    plan: Plan,
    ends: Ends,
}

/// What a step came to.
struct Done {
    /// From starting the process until it said that its screen is there.
    usable: Duration,
    figures: Value,
}

impl Done {
    fn figures(self) -> Value {
        let Value::Object(mut figures) = self.figures else { return Value::Null };
        figures.insert("seconds".to_owned(), json!(seconds(self.usable)));
        Value::Object(figures)
    }
}

impl Runner<'_> {
    async fn step(&mut self, step: Step, doing: &str) -> anyhow::Result<Done> {
        remark(&format!("{} messages: {doing}", self.plan.messages));
        let begun = Instant::now();
        let mut child = self.start(step)?;
        let ended = tokio::select! {
            done = listen(&mut child, begun) => done,
            _ = self.ends.asked() => Err(anyhow::anyhow!("interrupted")),
        };
        // However it came: nobody works in the folder when it is removed.
        if ended.is_err() {
            let _ = child.kill().await;
        }
        ended.with_context(|| format!("the bench did not get through \"{doing}\""))
    }

    fn start(&self, step: Step) -> anyhow::Result<Child> {
        let program = std::env::current_exe().context("cannot find this program's own file")?;
        let Plan { messages, customers, seed } = self.plan;
        Command::new(program)
            .args(["bench", "--step", step.name(), "--dir"])
            .arg(self.workplace.path())
            .args(["--messages", &messages.to_string(), "--customers", &customers.to_string()])
            .args(["--seed", &seed.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start a step")
    }

    fn disk(&self) -> anyhow::Result<Value> {
        let (journal, state) = (self.workplace.disk("journal")?, self.workplace.disk("state")?);
        Ok(json!({ "journal_mb": mb(journal), "state_mb": mb(state), "total_mb": mb(journal + state) }))
    }
}

/// Reads what a step says until it ends well.
async fn listen(child: &mut Child, begun: Instant) -> anyhow::Result<Done> {
    let out = child.stdout.take().context("a step has no output")?;
    let mut lines = BufReader::new(out).lines();
    let (mut usable, mut figures) = (Duration::ZERO, Value::Null);
    while let Some(line) = lines.next_line().await? {
        if line == USABLE {
            usable = begun.elapsed();
        } else {
            figures = serde_json::from_str(&line)?;
        }
    }
    // Its standard input is closed by waiting, which would end it: by now it has said all.
    let status = child.wait().await?;
    anyhow::ensure!(figures.is_object(), "the step ended early ({status})");
    Ok(Done { usable, figures })
}
