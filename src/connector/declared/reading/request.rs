//! Calls: what is asked, and what an answer to a message looks like.

use super::{Reading, Scope};
use crate::connector::declared::sheet::{Table, Value as Cell, integer};
use crate::connector::declared::spec::{BodyShape, Reply, Request, Sent, Verify};
use crate::connector::declared::template::{Shape, Template};
use crate::model::{Count, Length, Way, Window};
use serde_json::Value;
use toml::de::DeValue;

/// How deep JSON in a file may be.
const DEEPEST: usize = 20;

pub(super) const WAYS: [(&str, Way); 2] = [("public", Way::Public), ("direct", Way::Direct)];

impl<'t> Reading<'_, 't> {
    /// A value that is written as text where it goes.
    fn written(&self, cell: &Cell<'t>, scope: &Scope, at: &str) -> Option<Template> {
        let text = match cell.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Boolean(on) => on.to_string(),
            other => match integer(other) {
                Some(number) => number.to_string(),
                None => {
                    self.sheet.wrong(&cell.span(), format!("{at}: text, a whole number or true/false is wanted"));
                    return None;
                }
            },
        };
        self.checked(cell, &text, scope, at)
    }

    fn checked(&self, cell: &Cell<'t>, text: &str, scope: &Scope, at: &str) -> Option<Template> {
        let template = match Template::read(text) {
            Ok(template) => template,
            Err(why) => {
                self.sheet.wrong(&cell.span(), format!("{at}: {why}"));
                return None;
            }
        };
        if let Some(why) = scope.lacks(&template) {
            self.sheet.wrong(&cell.span(), format!("{at}: {why}"));
        }
        if super::looks_secret(&template.words()) {
            let why = if scope.takes_secrets() { super::IN_FILE } else { super::IN_CALL };
            self.sheet.wrong(&cell.span(), format!("{at}: {why}"));
        }
        Some(template)
    }

    /// Refuses a secret written out where a parameter, a header or a field is called like one.
    fn no_literal(&self, cell: &Cell<'t>, name: &str, template: &Template, scope: &Scope, at: &str, in_json: bool) {
        let is_flag = matches!(cell.get_ref(), DeValue::Boolean(_));
        let literal = super::is_written_out(template) && !is_flag;
        if literal && super::is_secret_name(name, in_json) && !super::looks_secret(&template.words()) {
            let why = if scope.takes_secrets() { super::IN_FILE } else { super::IN_CALL };
            self.sheet.wrong(&cell.span(), format!("{at}.{name}: {why}"));
        }
    }

    /// Names with values: a query, headers.
    pub fn named_templates(&self, table: Table<'_, 't>, scope: &Scope, what: &str) -> Vec<(String, Template)> {
        let mut list = Vec::new();
        for (name, span, cell) in table.all() {
            if what == "a header" && !name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_') {
                self.sheet.wrong(&span, format!("\"{name}\" is no name of {what}"));
            }
            if let Some(template) = self.written(cell, scope, &format!("{}.{name}", table.path)) {
                self.no_literal(cell, name, &template, scope, &table.path, false);
                list.push((name.to_owned(), template));
            }
        }
        list
    }

    fn shape(&self, cell: &Cell<'t>, scope: &Scope, at: &str, deep: usize) -> Option<Shape> {
        if deep > DEEPEST {
            self.sheet.wrong(&cell.span(), format!("{at}: nested too deep"));
            return None;
        }
        Some(match cell.get_ref() {
            DeValue::String(text) => Shape::Text(self.checked(cell, text, scope, at)?),
            DeValue::Boolean(on) => Shape::Plain(Value::Bool(*on)),
            DeValue::Array(list) => {
                Shape::List(list.iter().filter_map(|cell| self.shape(cell, scope, at, deep + 1)).collect())
            }
            DeValue::Table(table) => {
                let field = |(name, cell): (&toml::Spanned<std::borrow::Cow<'_, str>>, &Cell<'t>)| {
                    let shape = self.shape(cell, scope, at, deep + 1)?;
                    if let Shape::Text(template) = &shape {
                        self.no_literal(cell, name.get_ref(), template, scope, at, true);
                    }
                    Some((name.get_ref().to_string(), shape))
                };
                Shape::Object(table.iter().filter_map(field).collect())
            }
            DeValue::Float(number) => Shape::Plain(Value::from(number.as_str().parse::<f64>().ok()?)),
            other => match integer(other) {
                Some(number) => Shape::Plain(Value::from(number)),
                None => {
                    self.sheet.wrong(&cell.span(), format!("{at}: text, numbers, true/false, lists and tables alone"));
                    return None;
                }
            },
        })
    }

    /// JSON or a form.
    pub fn body(&self, table: &Table<'_, 't>, scope: &Scope) -> BodyShape {
        let json = table.value("json");
        let form = table.table("form");
        if json.is_some() && form.is_some() {
            table.wrong("form", "either json or form");
        }
        if let Some(cell) = json {
            let at = format!("{}.json", table.path);
            return self.shape(cell, scope, &at, 0).map_or(BodyShape::None, BodyShape::Json);
        }
        match form {
            Some(form) => BodyShape::Form(self.named_templates(form, scope, "a field").into_iter().collect()),
            None => BodyShape::None,
        }
    }

    /// What a table says of a call; its own keys are marked as known.
    pub fn request(&self, table: &Table<'_, 't>, scope: &Scope, budget: &'static str, method: &str) -> Request {
        let methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];
        let method = table.text("method").unwrap_or_else(|| method.to_owned());
        if !methods.contains(&method.as_str()) {
            table.wrong("method", format!("\"{method}\" is none of {}", methods.join(", ")));
        }
        let path = table.must("path");
        if !path.starts_with('/') && !path.is_empty() {
            table.wrong("path", "a path begins with \"/\" and goes below base_url");
        }
        if super::has_secret_parameter(&path)
            || super::looks_secret(path.split_once('?').map_or("", |(_, query)| query))
        {
            table.wrong("path", super::IN_CALL);
        }
        let path = self.template(table, "path", &path, scope);
        let query = table.table("query").map(|below| self.named_templates(below, scope, "a parameter"));
        let headers = table.table("headers").map(|below| self.named_templates(below, scope, "a header"));
        let body = self.body(table, scope);
        let budget = table
            .word("budget", &[("read", "read"), ("write", "write"), ("unit", "unit")])
            .unwrap_or_else(|| if self.budgets.contains("unit") { "unit" } else { budget });
        let units = table.count("cost").unwrap_or(1);
        Request {
            method,
            path: path.unwrap_or_default(),
            query: query.unwrap_or_default(),
            headers: headers.unwrap_or_default(),
            body,
            cost: self.budgets.contains(budget).then_some((budget, units)),
        }
    }

    /// `[[reply]]`.
    pub fn reply(&self, table: Table<'_, 't>) -> Option<Reply> {
        let context: Vec<String> = self.context.iter().map(|name| format!("msg.{name}")).collect();
        let context: Vec<&str> = context.iter().map(String::as_str).collect();
        let scope = self
            .account
            .clone()
            .with(&["text", "key", "key_number", "key_uuid", "to", "to_name", "now", "msg.id", "msg.thread", "msg.way"])
            .with(&context);
        let request = self.request(&table, &scope, "write", "POST");
        let way = table.word("way", &WAYS).unwrap_or(self.way);
        let answers = match table.text("answers").as_deref() {
            None => Some(way),
            Some("any") => None,
            Some(_) => table.word("answers", &WAYS),
        };
        let given = self.predicates_of(&table, "if", &self.account);
        if given.iter().any(|predicate| predicate.setting().is_none()) {
            table.wrong("if", "only settings of the account are looked at here: \"account.NAME = word\"");
        }
        let given_words = table.texts("if").join(" and ");
        let when = self.predicates(&table, "when");
        for predicate in &when {
            let name = predicate.selector.strip_prefix("msg.");
            let known = |name: &str| {
                let name = if name == "age" { "at" } else { name };
                self.context.contains(name) || ["id", "thread", "way"].contains(&name)
            };
            if !name.is_some_and(known) {
                table.wrong(
                    "when",
                    format!("\"{}\" is not kept of any message; a map's context names what is", predicate.selector),
                );
            }
        }
        let needs = table.texts("needs");
        for name in &needs {
            if !self.context.contains(name) {
                table.wrong("needs", format!("\"{name}\" is in no map's context"));
            }
        }
        let counts = [
            ("chars", Count::Characters),
            ("bytes", Count::Bytes),
            ("utf16", Count::Utf16),
            ("graphemes", Count::Graphemes),
        ];
        let count = table.word("count", &counts).unwrap_or(Count::Characters);
        let most = table.count("max").and_then(|most| usize::try_from(most).ok());
        let lengths = most.map(|most| Length { most, count }).into_iter().collect();
        let millis = table.span_of("window");
        let answers_most = table.count("per_window").and_then(|most| u32::try_from(most).ok());
        let way_out = table.text("way_out").unwrap_or_else(|| "write by another channel".to_owned());
        let window =
            (millis.is_some() || answers_most.is_some()).then_some(Window { millis, answers: answers_most, way_out });
        let idempotent = table.text("idempotent_for").and_then(|text| match text.as_str() {
            "ever" => Some(i64::MAX),
            text => {
                let span = crate::connector::declared::sheet::span_millis(text);
                if span.is_none() {
                    table.wrong("idempotent_for", "write a span (\"1h\") or \"ever\"");
                }
                span
            }
        });
        let keyed = ["key", "key_number", "key_uuid"].iter().any(|name| uses(&request, name));
        if idempotent.is_some() && !keyed {
            table.wrong("idempotent_for", "the call holds no {key}, so the platform cannot know it again");
        }
        let mut sent = self.pointer_of(&table, "sent_id").map(|id| Sent { items: String::new(), keep: Vec::new(), id });
        if let Some(below) = table.table("sent") {
            let (items, id) = (below.must("items"), below.must("id"));
            self.pointer(&below, "items", &items);
            self.pointer(&below, "id", &id);
            sent = Some(Sent { items, keep: self.predicates(&below, "keep"), id });
            below.end();
        }
        let first_contact = table.switch("first_contact").unwrap_or_default();
        let verify = table.table("verify").map(|below| self.verify(below, &scope));
        table.end();
        Some(Reply {
            given,
            given_words,
            answers,
            way,
            when,
            needs,
            request,
            sent,
            idempotent,
            lengths,
            window,
            first_contact,
            verify,
        })
    }

    fn verify(&self, table: Table<'_, 't>, scope: &Scope) -> Verify {
        let request = self.request(&table, scope, "read", "GET");
        let item = self.account.clone().roots(&[""]);
        let items = table.must("items");
        self.pointer(&table, "items", &items.replace("/*", ""));
        let verify = Verify {
            request,
            items,
            from: self.pick(&table, "from", &item),
            text: self.pick_must(&table, "text", &item),
            id: self.pick(&table, "id", &item),
            time: self.pick(&table, "time", &item),
            time_format: self.time_format(&table),
            text_is: self.text_is(&table),
        };
        table.end();
        verify
    }
}

/// Whether a call holds a placeholder.
fn uses(request: &Request, name: &str) -> bool {
    let mut found = false;
    let mut look = |template: &Template| found |= template.holes().any(|hole| hole.name == name);
    look(&request.path);
    request.query.iter().chain(&request.headers).for_each(|(_, template)| look(template));
    match &request.body {
        BodyShape::None => {}
        BodyShape::Json(shape) => shape.each(&mut look),
        BodyShape::Form(fields) => fields.values().for_each(look),
    }
    found
}

/// The placeholders of a call.
pub(super) fn pointers_below(request: &Request, root: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut look = |template: &Template| {
        found.extend(template.holes().filter_map(|hole| hole.name.strip_prefix(root)).map(str::to_owned));
    };
    look(&request.path);
    request.query.iter().chain(&request.headers).for_each(|(_, template)| look(template));
    match &request.body {
        BodyShape::None => {}
        BodyShape::Json(shape) => shape.each(&mut look),
        BodyShape::Form(fields) => fields.values().for_each(look),
    }
    found
}
