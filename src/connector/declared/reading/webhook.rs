//! `[webhook]`: how a delivery is believed, handshakes, and what is in it.

use super::{Reading, Scope};
use crate::connector::MOST_HOOK_SKEW;
use crate::connector::declared::sheet::Table;
use crate::connector::declared::spec::{Challenge, Proof, Webhook};
use crate::connector::declared::template::{Shape, Template};
use std::collections::BTreeMap;

impl<'t> Reading<'_, 't> {
    /// The door for what a platform pushes.
    pub fn webhook(&mut self, table: Table<'_, 't>) -> Option<Webhook> {
        let proof = match table.table("verify") {
            Some(below) => self.proof(below),
            None => {
                table.wrong("verify", "[webhook.verify] is wanted: without it anybody could write to the inbox");
                None
            }
        };
        let time_header = proof.as_ref().and_then(|(_, time)| time.clone());
        let challenge = table.table("challenge").and_then(|below| self.challenge(below));
        let dedupe = self.pointer_of(&table, "dedupe");
        let answer = table.text("answer").unwrap_or_default();
        let form = table.switch("form").unwrap_or_default();
        let mut takes = Vec::new();
        for (number, below) in table.tables("take").into_iter().enumerate() {
            let name = below.text("name").unwrap_or_else(|| format!("webhook {}", number + 1));
            takes.push(self.intake(&below, &name, &["", "around"]));
            below.end();
        }
        if takes.is_empty() {
            table.wrong("take", "[[webhook.take]] is wanted: what is in a delivery");
        }
        table.end();
        Some(Webhook { proof: proof?.0, time_header, challenge, dedupe, answer, form, takes })
    }

    #[allow(clippy::type_complexity)]
    fn proof(&self, table: Table<'_, 't>) -> Option<(Proof, Option<(String, i64)>)> {
        let secret_scope = self.secret_scope();
        let secret = |key: &'static str| {
            let text = table.must(key);
            let template = self.template(&table, key, &text, &secret_scope)?;
            self.no_secret(&table, key, &template, template.holes().next().is_none());
            Some(template)
        };
        let header = table.must("header").to_lowercase();
        let ts_header = table.text("ts_header").map(|name| name.to_lowercase());
        let skew = table.span_of("max_skew").unwrap_or(MOST_HOOK_SKEW).min(MOST_HOOK_SKEW);
        let kind = table.must("type");
        let proof = match kind.as_str() {
            "hmac" => {
                let sha1 = table.word("alg", &[("sha256", false), ("sha1", true)]).unwrap_or(false);
                let base64 = table.word("encoding", &[("hex", false), ("base64", true)]).unwrap_or(false);
                let prefix = table.text("prefix").unwrap_or_default();
                let over = table.text("over").unwrap_or_else(|| "{body}".to_owned());
                let scope = Scope::default().with(&["body", "ts", "url", "fields"]);
                let over = self.template(&table, "over", &over, &scope);
                if over
                    .as_ref()
                    .is_some_and(|over| !over.holes().any(|hole| matches!(hole.name.as_str(), "body" | "fields")))
                {
                    table.wrong("over", "what is signed must hold {body}, or {fields} of a form");
                }
                over.zip(secret("secret")).map(|(over, secret)| Proof::Hmac {
                    sha1,
                    base64,
                    header,
                    prefix,
                    over,
                    secret,
                })
            }
            "equals" => secret("secret").map(|secret| Proof::Equals { header, secret }),
            "ed25519" => {
                if ts_header.is_none() {
                    table.wrong("ts_header", "is missing: the time is part of what is signed");
                }
                secret("secret").map(|seed| Proof::Ed25519 { header, seed })
            }
            "" => None,
            other => {
                table.wrong("type", format!("\"{other}\" is none of hmac, equals, ed25519"));
                None
            }
        };
        table.end();
        proof.map(|proof| (proof, ts_header.map(|name| (name, skew))))
    }

    fn challenge(&self, table: Table<'_, 't>) -> Option<Challenge> {
        let challenge = if table.value("query").is_some() {
            let give = table.must("query");
            let token_query = table.text("token_query");
            let token = token_query.and_then(|name| {
                let text = table.must("token");
                let template = self.template(&table, "token", &text, &self.secret_scope())?;
                self.no_secret(&table, "token", &template, template.holes().next().is_none());
                Some((name, template))
            });
            Some(Challenge::Query { give, token })
        } else {
            let when = self.predicates(&table, "when");
            let item = Scope::default().roots(&[""]);
            let over = table.must("sign");
            let over = self.template(&table, "sign", &over, &item);
            let answer = Scope::default().roots(&[""]).with(&["signature"]);
            let mut respond = BTreeMap::new();
            if let Some(below) = table.table("respond") {
                for (name, template) in self.named_templates(below, &answer, "a field") {
                    respond.insert(name, Shape::Text(template));
                }
            }
            if when.is_empty() || respond.is_empty() {
                table.wrong("when", "a challenge has a query, or when, sign and respond");
            }
            over.map(|over: Template| Challenge::Signed { when, over, respond: Shape::Object(respond) })
        };
        table.end();
        challenge
    }
}
