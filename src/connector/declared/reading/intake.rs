//! Streams and mappings: what is read, in which order, and how an item becomes a message.

use super::request::{WAYS, pointers_below};
use super::{Reading, Scope};
use crate::connector::declared::sheet::Table;
use crate::connector::declared::spec::{
    Ask, Change, Compare, Files, Intake, Join, Map, Next, Page, Parents, Pick, Resume, Stream, TextIs, TimeFormat,
};
use crate::connector::declared::template::Template;

/// How often a stream is read when it does not say.
const EVERY: i64 = 5 * 60_000;
/// Pages of one walk when nothing is said.
const PAGES: u64 = 200;

impl<'t> Reading<'_, 't> {
    /// All streams, in their order.
    pub fn streams(&mut self, tables: Vec<Table<'_, 't>>) -> Vec<Stream> {
        let mut streams: Vec<Stream> = Vec::new();
        for table in tables {
            let stream = self.stream(&table, &streams);
            table.end();
            streams.push(stream);
        }
        // What a child needs of its parent is kept from the parent's items.
        streams
    }

    fn stream(&mut self, table: &Table<'_, 't>, before: &[Stream]) -> Stream {
        let name = table.must("name");
        if before.iter().any(|other| other.intake.name == name) {
            table.wrong("name", format!("two streams are called \"{name}\""));
        }
        let parent = table.text("each");
        let parents = table.table("parents");
        let each = parent.as_ref().and_then(|wanted| {
            let found = before.iter().position(|other| other.intake.name == *wanted && other.each.is_none());
            if found.is_none() {
                table.wrong("each", format!("\"{wanted}\" is no stream before this one that has no parent itself"));
            }
            let parents = match parents {
                Some(below) => self.parents(below),
                None => {
                    table
                        .wrong("each", "parents = { max_age = \"30d\", max = 200 } is wanted, or it grows without end");
                    None
                }
            };
            let queued = found.filter(|found| {
                before
                    .iter()
                    .any(|other| other.each.as_ref().is_some_and(|(above, limits)| above == found && limits.queue))
            });
            if queued.is_some()
                || (parents.as_ref().is_some_and(|limits| limits.queue)
                    && before.iter().any(|other| other.each.as_ref().is_some_and(|(above, _)| Some(*above) == found)))
            {
                table.wrong("each", "a queue has one stream below it: a second one would find it empty");
            }
            found.zip(parents)
        });
        let start = table.span_of("start");
        let mut scope = self.account.clone().with(&["since", "cursor"]);
        if start.is_some() {
            scope = scope.with(&["start"]);
        }
        if parent.is_some() {
            scope = scope.roots(&["parent"]);
        }
        let request = self.request(table, &scope, "read", "GET");
        let roots: &[&str] = if parent.is_some() { &["", "around", "parent"] } else { &["", "around"] };
        let newest_first = table.word("order", &[("asc", false), ("desc", true)]).unwrap_or(false);
        let (resume, commit_page) = self.resume(table, newest_first, roots);
        let page = self.page(table, &resume);
        let every = table.span_of("every").unwrap_or(EVERY).max(5_000);
        let emit = table.switch("emit").unwrap_or(true);
        let intake = self.intake(table, &name, roots);
        let mut of_parent = pointers_below(&request, "parent");
        of_parent.extend(intake.pointers("parent"));
        of_parent.sort();
        of_parent.dedup();
        Stream { request, every, newest_first, resume, start, page, each, of_parent, emit, commit_page, intake }
    }

    fn parents(&self, table: Table<'_, 't>) -> Option<Parents> {
        let queue = table.switch("queue").unwrap_or_default();
        let max_age = table.span_of("max_age").or(queue.then_some(i64::MAX));
        if max_age.is_none() {
            table.wrong("max_age", "a span is wanted, or the stream grows without end: max_age = \"30d\"");
        }
        let most = table.count("max").unwrap_or(200).clamp(1, 1_000) as usize;
        let changed = self.pointer_of(&table, "changed");
        if queue && changed.is_some() {
            table.wrong("changed", "what is in a queue has changed; leave it out");
        }
        table.end();
        Some(Parents { max_age: max_age?, most, changed, queue })
    }

    fn resume(&self, table: &Table<'_, 't>, newest_first: bool, roots: &[&str]) -> (Resume, bool) {
        let Some(below) = table.table("resume") else { return (Resume::None, false) };
        let scope = self.account.clone().roots(roots);
        let commit = below.word("commit", &[("page", true), ("walk", false)]);
        if commit == Some(true) && newest_first {
            below.wrong(
                "commit",
                "newest first cannot be committed by page: what a crash leaves in the middle would be lost; leave it out",
            );
        }
        let cursor = self.pointer_of(&below, "cursor");
        let resume = match cursor {
            Some(cursor) => Resume::Cursor(cursor),
            None => Resume::Mark {
                from: self.pick_must(&below, "from", &scope),
                compare: below
                    .word("compare", &[("number", Compare::Number), ("text", Compare::Text), ("time", Compare::Time)])
                    .unwrap_or(Compare::Number),
                overlap: below.span_of("overlap").unwrap_or(0),
                add: below.number("add").unwrap_or(0),
            },
        };
        below.end();
        (resume, commit.unwrap_or(!newest_first))
    }

    fn page(&self, table: &Table<'_, 't>, resume: &Resume) -> Page {
        let one =
            Page { next: Next::None, stop_if: Vec::new(), stop_unless: Vec::new(), size: None, most: 1, first: 1 };
        let Some(below) = table.table("page") else {
            // A cursor of the platform is followed as long as it moves.
            return match resume {
                Resume::Cursor(_) => Page { next: Next::Again, most: PAGES as u32, first: PAGES as u32, ..one },
                _ => one,
            };
        };
        let from = self.pointer_of(&below, "from");
        let add = below.number("add").unwrap_or(0);
        let needed = || {
            if from.is_none() {
                below.wrong("from", "a JSON pointer to what is wanted there");
            }
            from.clone().unwrap_or_default()
        };
        let kind = below.must("type");
        let next = match kind.as_str() {
            "none" | "" => Next::None,
            "cursor" => Next::Cursor(needed()),
            "url" => Next::Url(needed()),
            "link" => Next::Link,
            "offset" => Next::Offset,
            "number" => Next::Number(add.max(1)),
            "last" => Next::Last(needed(), add),
            "again" => Next::Again,
            other => {
                let known = "none, cursor, url, link, offset, number, last, again";
                below.wrong("type", format!("\"{other}\" is none of {known}"));
                Next::None
            }
        };
        let stop_if = self.predicates(&below, "stop_if");
        let stop_unless = self.predicates(&below, "stop_unless");
        let again_needs = matches!(next, Next::Again) && stop_if.is_empty() && stop_unless.is_empty();
        if again_needs && !matches!(resume, Resume::Cursor(_)) {
            below.wrong("type", "\"again\" needs stop_if or stop_unless");
        }
        let most = below.count("max_pages").unwrap_or(PAGES).clamp(1, 10_000) as u32;
        let first = below.count("first_pages").map_or(most, |first| first.clamp(1, u64::from(most)) as u32);
        let size = below.count("size").and_then(|size| usize::try_from(size).ok());
        below.end();
        Page { next, stop_if, stop_unless, size, most, first }
    }

    /// Items and their mapping.
    pub fn intake(&mut self, table: &Table<'_, 't>, name: &str, roots: &[&str]) -> Intake {
        let items = table.text("items").unwrap_or_default();
        self.pointer(table, "items", &items);
        let mut scope = self.account.clone().roots(roots);
        let joins = self.joins(table, &scope);
        let names: Vec<&str> = joins.iter().map(|join| join.name.as_str()).collect();
        scope = scope.roots(&names);
        let keep = self.predicates_of(table, "keep", &scope);
        let change = table.word(
            "change",
            &[
                ("edited", Change::Edited),
                ("deleted", Change::Deleted),
                ("delivered", Change::Delivered),
                ("read", Change::Read),
                ("failed", Change::Failed),
                ("reaction", Change::Reaction),
            ],
        );
        let mut map = match table.table("map") {
            Some(below) => self.map(below, &scope, change.is_some()),
            None => {
                table.wrong("map", format!("[{}.map] is wanted", table.path));
                Map::nothing()
            }
        };
        map.change = change;
        self.context.extend(map.context.keys().cloned());
        Intake { name: name.to_owned(), items, keep, joins, map }
    }

    /// `[stream.join.NAME]`: what the answer says once for several items.
    fn joins(&self, table: &Table<'_, 't>, scope: &Scope) -> Vec<Join> {
        let Some(below) = table.table("join") else { return Vec::new() };
        let mut joins = Vec::new();
        for (name, span, value) in below.all() {
            if !super::is_name(name) || ["parent", "around", "account", "secret", "msg"].contains(&name) {
                self.sheet.wrong(
                    &span,
                    format!("\"{name}\": {}, and not parent, around, account, secret or msg", super::NAME),
                );
            }
            let Some(fields) = value.get_ref().as_table() else {
                self.sheet.wrong(&span, format!("join.{name}: a table with items, key and value is wanted"));
                continue;
            };
            let join = Table::new(self.sheet, fields, span, &format!("{}.{name}", below.path));
            let (items, key) = (join.must("items"), join.must("key"));
            self.pointer(&join, "items", &items);
            self.pointer(&join, "key", &key);
            let value = self.pick_must(&join, "value", scope);
            join.end();
            joins.push(Join { name: name.to_owned(), items, key, value });
        }
        joins
    }

    fn map(&self, table: Table<'_, 't>, scope: &Scope, is_change: bool) -> Map {
        let pick = |key| self.pick(&table, key, scope);
        let must = |key| if is_change { self.pick(&table, key, scope) } else { self.pick_must(&table, key, scope) };
        let mut map = Map {
            id: self.pick_must(&table, "id", scope),
            time: must("time"),
            time_format: self.time_format(&table),
            author_id: must("author_id"),
            author_name: pick("author_name"),
            handle: pick("handle"),
            to: pick("to"),
            text: must("text"),
            text_is: self.text_is(&table),
            subject: pick("subject"),
            thread: pick("thread"),
            parent: pick("parent"),
            url: pick("url"),
            email: pick("email"),
            phone: pick("phone"),
            proven: table.switch("proven").unwrap_or_default(),
            edited: pick("edited"),
            likes: pick("likes"),
            reason: pick("reason"),
            deleted: self.predicates_of(&table, "deleted", scope),
            outbound: self.predicates_of(&table, "outbound", scope),
            way: table.word("way", &WAYS).unwrap_or(self.way),
            ..Map::nothing()
        };
        if let Some(below) = table.table("context") {
            for (name, span, _) in below.all() {
                if !super::is_name(name) || ["id", "thread", "way"].contains(&name) {
                    self.sheet.wrong(&span, format!("\"{name}\": {}, and not id, thread or way", super::NAME));
                }
            }
            let names: Vec<String> = below.all().map(|(name, ..)| name.to_owned()).collect();
            for name in names {
                let picked = self.pick_any(&below, &name, scope);
                map.context.insert(name, picked);
            }
        }
        map.files = table.table("attachments").map(|below| {
            let files = self.files(&below, scope);
            below.end();
            files
        });
        table.end();
        map
    }

    /// Where attachments are listed, and how they are fetched.
    fn files(&self, table: &Table<'_, 't>, item: &Scope) -> Files {
        let ask = table.table("ask").and_then(|below| {
            let (path, url) = (below.must("path"), below.must("url"));
            if !path.starts_with('/') && !path.is_empty() {
                below.wrong("path", "a path begins with \"/\" and goes below base_url");
            }
            let path = self.template(&below, "path", &path, item);
            self.pointer(&below, "url", &url);
            below.end();
            path.map(|path| Ask { path, url })
        });
        let mut items = table.texts("items");
        if items.is_empty() {
            items.push(String::new());
        }
        let hosts = table.texts("hosts");
        for host in &hosts {
            let plain = host.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || ".-".contains(c));
            if !plain || !host.contains('.') {
                table.wrong("hosts", format!("\"{host}\" is no name of a host; write \"files.desk.example\""));
            }
        }
        let files = Files {
            items,
            url: if ask.is_some() { Vec::new() } else { self.pick_must(table, "url", item) },
            ask,
            signed: table.switch("auth").unwrap_or_default(),
            hosts,
            name: self.pick(table, "name", item),
            kind: self.pick(table, "type", item),
            size: self.pick(table, "size", item),
        };
        for pointer in &files.items {
            self.pointer(table, "items", pointer);
        }
        files
    }

    /// What a time looks like.
    pub fn time_format(&self, table: &Table<'_, 't>) -> TimeFormat {
        match table.text("time_format").as_deref() {
            None | Some("rfc3339") => TimeFormat::Rfc3339,
            Some("epoch") => TimeFormat::Epoch,
            Some("epoch_ms") => TimeFormat::EpochMillis,
            Some("rfc2822") => TimeFormat::Rfc2822,
            Some(pattern) if pattern.contains('%') => TimeFormat::Pattern(pattern.to_owned()),
            Some(other) => {
                let what = "epoch, epoch_ms, rfc3339, rfc2822 or a pattern as strptime has it";
                table.wrong("time_format", format!("\"{other}\" is none of {what}"));
                TimeFormat::Rfc3339
            }
        }
    }

    /// What a text is written in.
    pub fn text_is(&self, table: &Table<'_, 't>) -> TextIs {
        let words = [("plain", TextIs::Plain), ("html", TextIs::Html), ("markdown", TextIs::Markdown)];
        table.word("text_is", &words).unwrap_or(TextIs::Plain)
    }

    /// A value with its alternatives: pointers, or texts with placeholders.
    pub fn pick(&self, table: &Table<'_, 't>, key: &'static str, scope: &Scope) -> Pick {
        let texts = table.texts(key);
        self.picked(table, key, texts, scope)
    }

    fn pick_any(&self, table: &Table<'_, 't>, key: &str, scope: &Scope) -> Pick {
        let cell = table.all().find(|(name, ..)| *name == key).map(|(.., cell)| cell);
        let texts = match cell.map(toml::Spanned::get_ref) {
            Some(toml::de::DeValue::String(text)) => vec![text.to_string()],
            Some(toml::de::DeValue::Array(list)) => {
                list.iter().filter_map(|cell| cell.get_ref().as_str().map(str::to_owned)).collect()
            }
            _ => Vec::new(),
        };
        if texts.is_empty() {
            table.wrong(key, "a pointer, a text with placeholders, or a list of them is wanted");
        }
        self.picked(table, key, texts, scope)
    }

    fn picked(&self, table: &Table<'_, 't>, key: &str, texts: Vec<String>, scope: &Scope) -> Pick {
        let mut picked = Vec::new();
        for text in texts {
            // A pointer is the short form of one placeholder.
            let is_pointer = text.starts_with('/') && !text.contains(['{', '}']);
            let template = if is_pointer { format!("{{{text}:text}}") } else { text };
            let template = match is_pointer && template.contains("://") {
                true => None,
                false => self.template(table, key, &template, scope),
            };
            picked.extend(template);
        }
        picked
    }

    /// One that must be there.
    pub fn pick_must(&self, table: &Table<'_, 't>, key: &'static str, scope: &Scope) -> Pick {
        let picked = self.pick(table, key, scope);
        if picked.is_empty() {
            table.wrong(key, "is missing: a pointer (\"/id\"), a text with placeholders, or a list of them");
        }
        picked
    }
}

impl Intake {
    /// Every pointer that is followed from a root: `parent`, `around`, what is joined.
    pub fn pointers(&self, root: &str) -> Vec<String> {
        let conditions = self.keep.iter().chain(&self.map.deleted).chain(&self.map.outbound);
        let named = conditions.filter_map(|condition| condition.selector.strip_prefix(root));
        let joins = self.joins.iter().flat_map(|join| &join.value).flat_map(Template::holes);
        let joins = joins.filter_map(|hole| hole.name.strip_prefix(root));
        let below = named.chain(joins).filter(|rest| rest.starts_with('/')).map(str::to_owned);
        below.chain(self.map.pointers(root)).collect()
    }
}

impl Map {
    /// Every pointer that is followed from a root: `parent`, `around`, what is joined.
    fn pointers(&self, root: &str) -> Vec<String> {
        let single = [
            &self.id,
            &self.time,
            &self.author_id,
            &self.author_name,
            &self.handle,
            &self.to,
            &self.text,
            &self.subject,
            &self.thread,
            &self.parent,
            &self.url,
            &self.email,
            &self.phone,
            &self.edited,
            &self.likes,
            &self.reason,
        ];
        let files = self.files.iter().flat_map(|files| [&files.url, &files.name, &files.kind, &files.size]);
        let picks = single.into_iter().chain(self.context.values()).chain(files);
        let asks = self.files.iter().filter_map(|files| files.ask.as_ref()).map(|ask| &ask.path);
        let templates = picks.flat_map(|pick: &Pick| pick.iter()).chain(asks);
        let holes = templates.flat_map(Template::holes);
        holes
            .filter_map(|hole| hole.name.strip_prefix(root))
            .filter(|rest| rest.starts_with('/'))
            .map(str::to_owned)
            .collect()
    }

    /// Empty.
    pub fn nothing() -> Map {
        Map {
            id: Vec::new(),
            time: Vec::new(),
            time_format: TimeFormat::Rfc3339,
            author_id: Vec::new(),
            author_name: Vec::new(),
            handle: Vec::new(),
            to: Vec::new(),
            text: Vec::new(),
            text_is: TextIs::Plain,
            subject: Vec::new(),
            thread: Vec::new(),
            parent: Vec::new(),
            url: Vec::new(),
            email: Vec::new(),
            phone: Vec::new(),
            proven: false,
            edited: Vec::new(),
            likes: Vec::new(),
            reason: Vec::new(),
            deleted: Vec::new(),
            outbound: Vec::new(),
            way: crate::model::Way::Direct,
            context: std::collections::BTreeMap::new(),
            files: None,
            change: None,
        }
    }
}
