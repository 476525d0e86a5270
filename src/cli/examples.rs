//! Examples below a verb's `--help` and in its manual page. A test reads each of them as the command line does.

/// A verb (`account add` for one below another), and its examples.
pub const EXAMPLES: &[(&str, &[&str])] = &[
    (
        "inbox",
        &[
            "switchboard inbox",
            "switchboard inbox --view open --owner none",
            "switchboard inbox --tag vip --unread --json",
        ],
    ),
    (
        "show",
        &[
            "switchboard show ana@example.com",
            "switchboard show ana --limit 5 --json",
            "switchboard show ana --channel telegram",
        ],
    ),
    ("original", &["switchboard original ID --out mail.eml", "switchboard original ID --attachment 2 --out label.pdf"]),
    ("log", &["switchboard log --limit 20", "switchboard log --from 4711 --json"]),
    (
        "log call",
        &[
            "switchboard log call ana --direction in --duration 3m --text \"Wants the invoice again.\"",
            "switchboard log call ana --direction out --duration 40s --text \"No answer.\" --at \"2026-11-27 09:30\" --number +4915112345678",
        ],
    ),
    ("export", &["switchboard export", "switchboard export --originals originals"]),
    (
        "reply",
        &[
            "switchboard reply ana@example.com --text \"It is on its way.\" --resolve",
            "switchboard reply ana --text-file answer.txt --attach label.pdf",
            "echo \"Long text\" | switchboard reply ana --text -",
            "switchboard reply ana --channel mastodon --way public --text \"Thank you!\"",
        ],
    ),
    ("forward", &["switchboard forward ana --to warehouse@shop.example --text \"Please look into this.\""]),
    ("compose", &["switchboard compose --to bo@example.com --subject Hello --text \"Hi Bo\""]),
    ("note", &["switchboard note ana --text \"Careful: called twice.\""]),
    ("outbox", &["switchboard outbox", "switchboard outbox --wait 30", "switchboard outbox --retry ID"]),
    ("drafts", &["switchboard drafts", "switchboard drafts --discard ID"]),
    ("resolve", &["switchboard resolve ana@example.com"]),
    (
        "snooze",
        &["switchboard snooze ana 2h", "switchboard snooze ana \"2026-12-01 09:00\"", "switchboard snooze ana --reply"],
    ),
    ("assign", &["switchboard assign ana lin", "switchboard assign ana --nobody"]),
    ("tag", &["switchboard tag ana vip", "switchboard tag ana --add refund --remove vip"]),
    ("priority", &["switchboard priority ana urgent"]),
    ("edit", &["switchboard edit ana --name \"Ana Silva\" --language pt", "switchboard edit ana --field order=4711"]),
    ("merge", &["switchboard merge ana@example.com @ana --reason \"she said so on the phone\""]),
    ("split", &["switchboard split ana ana.work@example.com"]),
    ("move", &["switchboard move info@example.com bo --reason \"it is the shop's\""]),
    ("accept", &["switchboard accept ana@example.com"]),
    (
        "suggestions",
        &["switchboard suggestions", "switchboard suggestions ana --json", "switchboard suggestions --never ID"],
    ),
    ("history", &["switchboard history ana", "switchboard history ana@example.com --json"]),
    ("unmerge", &["switchboard unmerge ACT"]),
    ("sync", &["switchboard sync", "switchboard sync --account support --json"]),
    ("webhook", &["switchboard webhook", "switchboard webhook --json"]),
    (
        "dead",
        &[
            "switchboard dead list",
            "switchboard dead show ID",
            "switchboard dead retry",
            "switchboard dead discard --all",
        ],
    ),
    (
        "import",
        &[
            "switchboard import maildir ~/Maildir --account support",
            "switchboard import mbox archive.mbox --account support",
            "switchboard import json comments.json --map qzone.toml --account qzone",
            "switchboard import orders orders.csv --currency EUR --column id=\"Order no.\" --dry-run",
            "switchboard import customers contacts.vcf",
            "switchboard import ratings csat.csv --scale 1-5",
        ],
    ),
    ("accounts", &["switchboard accounts", "switchboard accounts --account support --json"]),
    ("account", &["switchboard account help email", "switchboard account list", "switchboard account test support"]),
    (
        "account add",
        &[
            "switchboard account add support --address support@shop.example --imap imap.shop.example --smtp smtp.shop.example --user support --password-command \"pass show shop/mail\"",
            "switchboard account add old --address you@shop.example --archive",
            "switchboard account add chat --connector matrix --set user=@support:shop.example --password-command \"pass show shop/matrix\"",
        ],
    ),
    (
        "connector",
        &[
            "switchboard connector list",
            "switchboard connector show example",
            "switchboard connector check desk.toml",
            "switchboard connector try desk.toml --account desk",
        ],
    ),
    (
        "score",
        &[
            "switchboard score show ana@example.com",
            "switchboard score correct 0f3c5a1e9b7d4c2a8e6f1b3d5a7c9e0f negative",
            "switchboard score refresh --all --json",
            "switchboard score layer --undo",
        ],
    ),
    (
        "segment",
        &[
            "switchboard segment list",
            "switchboard segment show champions --json",
            "switchboard segment fit --kmeans 4",
        ],
    ),
    ("backup", &["switchboard backup /mnt/safe/switchboard"]),
    ("restore", &["switchboard --profile ~/new restore /mnt/safe/switchboard"]),
    (
        "score text",
        &[
            "switchboard score text --json < messages.txt",
            "switchboard score text --labels labels.txt < messages.txt",
            "switchboard score text --learn corrections.jsonl --labels gold.jsonl < messages.txt",
        ],
    ),
    (
        "score train",
        &[
            "switchboard score train --data reviews.jsonl tweets.jsonl --out english.weights --weight tweets=2",
            "switchboard score train --model need --data banking77.jsonl clinc150.jsonl --out need.weights",
        ],
    ),
    ("demo", &["switchboard demo", "switchboard demo --seed 12 --speed 4", "switchboard demo --headless --json"]),
    ("doctor", &["switchboard doctor", "switchboard doctor --online", "switchboard doctor --json"]),
    (
        "completions",
        &[
            "switchboard completions bash > ~/.local/share/bash-completion/completions/switchboard",
            "switchboard completions zsh > ~/.zfunc/_switchboard",
            "switchboard completions fish > ~/.config/fish/completions/switchboard.fish",
        ],
    ),
    ("man", &["switchboard man | man -l -", "switchboard man ~/.local/share/man/man1"]),
    ("help", &["switchboard help json", "switchboard help profile", "switchboard help score train"]),
];

/// What stands below a verb's help.
pub fn below(examples: &[&str]) -> String {
    let mut text = "Examples:".to_owned();
    for example in examples {
        text.push_str("\n  ");
        text.push_str(example);
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::cli::verbs;

    /// The words of a line as a shell has them: quotes keep spaces, a pipe begins another command.
    fn split(line: &str) -> Vec<String> {
        let mut words = vec![String::new()];
        let mut quoted = false;
        for letter in line.chars() {
            match letter {
                '"' => quoted = !quoted,
                ' ' if !quoted => words.push(String::new()),
                other => words.last_mut().unwrap().push(other),
            }
        }
        words
    }

    #[test]
    fn every_example_can_be_read() {
        for (verb, examples) in EXAMPLES {
            for example in *examples {
                let words = split(example);
                let begin = words.iter().position(|word| word == "switchboard").unwrap();
                let own: Vec<_> =
                    words[begin..].iter().take_while(|word| !["|", ">", "<"].contains(&word.as_str())).collect();
                let read = verbs::words().try_get_matches_from(own);
                assert!(read.is_ok(), "{example}: {}", read.unwrap_err());
                let named: Vec<&str> = verb.split(' ').collect();
                let mut at = &read.unwrap();
                for name in named {
                    let (found, below) = at.subcommand().unwrap();
                    assert_eq!(found, name, "{example} stands under another verb");
                    at = below;
                }
                if matches!(*verb, "account" | "connector") {
                    break;
                }
            }
        }
    }
}
