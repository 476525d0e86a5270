//! `switchboard account help NAME` of a declared connector, made of its file.

use super::spec::Spec;
use crate::model::Way;

fn span(millis: i64) -> String {
    let units = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1_000, "s")];
    let fits = units.iter().find(|(unit, _)| millis >= *unit && millis % unit == 0);
    fits.map_or_else(|| format!("{millis} ms"), |(unit, word)| format!("{}{word}", millis / unit))
}

/// The page.
pub(super) fn page(spec: &Spec) -> String {
    let name = &spec.name;
    let mut text = format!("{}: {}.\n\n", name, spec.doc.trim_end_matches('.'));
    let mut line = |setting: &str, doc: &str| text.push_str(&format!("{setting:<40} # {doc}\n"));
    line("[[account]]", "in config.toml of the profile");
    line(&format!("name = \"{name}\""), "one short word");
    line(&format!("connector = \"{name}\""), "this connector");
    line("address = \"…\"", "our own id there: what we wrote ourselves is known by it");
    for setting in &spec.settings {
        let example = if setting.example.is_empty() { "…" } else { &setting.example };
        let doc = match (&setting.default, setting.optional) {
            (Some(default), _) if setting.is_switch() => format!("{} (default {default})", setting.doc),
            (Some(default), _) => format!("{} (default \"{default}\")", setting.doc),
            (None, true) => format!("{} (may be left out)", setting.doc),
            (None, false) => setting.doc.clone(),
        };
        let example = if setting.is_switch() { "true".to_owned() } else { format!("\"{example}\"") };
        line(&format!("{} = {example}", setting.name), &doc);
    }
    for secret in &spec.secrets {
        let may = if secret.optional { " (may be left out)" } else { "" };
        line(&format!("{}_command = \"pass show {name}\"", secret.name), &format!("{}{may}", secret.doc));
    }
    line("display_name = \"\"", "the name answers come from, as shown here");
    line("hold = \"10s\"", "undo time before an answer leaves");
    line("base_url = \"…\"", &format!("another server than {}", spec.base_url));
    if spec.auth.iter().any(|auth| auth.refresh.is_some()) {
        line("token_url = \"…\"", "where tokens are given, when base_url does not give them");
    }
    if !spec.secrets.is_empty() {
        text.push_str("\nA secret is named, never written down: instead of NAME_command there may be NAME_env (an environment\nvariable) or NAME_file (a file that only you may read).\n");
    }
    let reads: Vec<String> = spec
        .streams
        .iter()
        .filter(|stream| stream.emit)
        .map(|stream| format!("{} (every {})", stream.intake.name, span(stream.every)))
        .collect();
    let pushed = spec.webhook.iter().flat_map(|webhook| &webhook.takes).map(|take| take.name.clone());
    text.push('\n');
    if !reads.is_empty() {
        text.push_str(&format!("Reads: {}.\n", reads.join(", ")));
    }
    let pushed: Vec<String> = pushed.collect();
    if !pushed.is_empty() {
        text.push_str(&format!("Takes by webhook: {}.\n", pushed.join(", ")));
    }
    for reply in &spec.replies {
        let way = if reply.way == Way::Public { "public: everybody can read it" } else { "direct" };
        let mut facts = vec![way.to_owned()];
        if !reply.given.is_empty() {
            facts.push(format!("if {}", reply.given_words.replace("account.", "")));
        }
        facts.extend(reply.lengths.iter().map(|length| format!("at most {} {}", length.most, length.count.word())));
        if let Some(window) = &reply.window {
            if let Some(millis) = window.millis {
                facts.push(format!("within {} of their last message", span(millis)));
            }
            if let Some(most) = window.answers {
                facts.push(format!("{most} to one message"));
            }
        }
        if reply.first_contact {
            facts.push("also to those who never wrote".to_owned());
        }
        if reply.idempotent.is_none() && reply.verify.is_none() {
            facts.push("one whose outcome is unknown waits for you".to_owned());
        }
        text.push_str(&format!("Answers: {}.\n", facts.join("; ")));
    }
    if spec.replies.is_empty() {
        text.push_str("Answers: none; it only reads.\n");
    }
    for allowance in &spec.limits.allowances {
        let (name, most) = (allowance.name, allowance.most);
        text.push_str(&format!("Budget: {most} {name}s in {}.\n", span(allowance.span)));
    }
    if spec.import.is_some() {
        text.push_str(&format!("Imports: `switchboard import json FILE --account {name}`.\n"));
    }
    if !spec.notes.trim().is_empty() {
        text.push_str(&format!("\n{}\n", spec.notes.trim()));
    }
    text
}
