//! Old mail comes in: where it is, whose it is, how far it is.

use super::form::{Field, Form, Pressed, Value};
use super::menu::{Choice, Menu};
use super::{Effect, FirstRun, Leaving, Page};
use crate::model::clean_line;
use crossterm::event::{KeyCode, KeyEvent};

/// What is to be imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportJob {
    /// The folder or file, as typed: may begin with `~/`.
    pub path: String,
    /// The address that is ours.
    pub address: String,
}

/// How far an import is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportProgress {
    /// Messages read.
    pub read: u64,
    /// Of them new.
    pub new: u64,
    /// How much of the whole is done, in a thousand.
    pub done: u16,
}

/// How an import ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportEnd {
    /// Messages read.
    pub read: u64,
    /// Of them new.
    pub new: u64,
    /// Known already.
    pub duplicate: u64,
    /// Not understood; kept as dead letters.
    pub dead: u64,
    /// Files that could not be read.
    pub failed: u64,
    /// The agent has stopped it before its end.
    pub stopped: bool,
}

const PATH: usize = 0;
const ADDRESS: usize = 1;

/// Where and whose.
#[derive(Debug)]
pub(in crate::ui) struct ImportForm {
    pub form: Form,
    /// Names that go on with what was typed.
    pub names: Vec<String>,
}

/// An import under way, or at its end.
#[derive(Debug)]
pub(in crate::ui) struct Running {
    pub job: ImportJob,
    pub progress: ImportProgress,
    pub end: Option<ImportEnd>,
    /// The agent wants it to end.
    pub stopping: bool,
    pub menu: Menu<Next>,
}

/// What to do while it runs and after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ui) enum Next {
    Stop,
    Open,
    GoOn,
}

impl Running {
    /// Still under way.
    pub(super) fn is_running(&self) -> bool {
        self.end.is_none()
    }
}

impl ImportForm {
    pub(super) fn new() -> ImportForm {
        let fields = vec![
            Field::line("Folder or file", "A Maildir, a folder of .eml files, or an mbox: ~/Maildir. Tab completes."),
            Field::line("Your address", "Mail from it counts as written by you. Others can be added later as aliases."),
        ];
        ImportForm { form: Form::new("Import", fields), names: Vec::new() }
    }

    /// How the path goes on.
    pub(super) fn completed(&mut self, typed: &str, text: &str, names: Vec<String>) {
        let field = &mut self.form.fields[PATH];
        // The agent may have typed on.
        let Value::Line(line) = &mut field.value else { return };
        if line.text() != typed {
            return;
        }
        if text == typed && names.len() < 2 {
            self.form.at = ADDRESS;
            return;
        }
        line.set(text);
        self.names = if names.len() < 2 { Vec::new() } else { names.iter().map(|name| clean_line(name)).collect() };
    }
}

impl FirstRun {
    /// A key in the form of an import.
    pub(super) fn in_the_import(&mut self, key: KeyEvent) {
        let form = &mut self.import.form;
        let text = |field: usize, form: &Form| form.fields[field].text().to_owned();
        if key.code == KeyCode::Tab && form.at == PATH && !text(PATH, form).is_empty() {
            let Value::Line(line) = &form.fields[PATH].value else { return };
            return self.effects.push(Effect::Complete(line.text().to_owned()));
        }
        self.import.names.clear();
        match form.key(key) {
            Pressed::Back => self.page = Page::Doors,
            Pressed::Done => {
                let (path, address) = (text(PATH, form), text(ADDRESS, form));
                if path.is_empty() {
                    form.at = PATH;
                    self.said = Some("say where the mail is".to_owned());
                } else if !address.contains('@') {
                    form.at = ADDRESS;
                    self.said = Some("an address looks like you@example.com".to_owned());
                } else {
                    self.begin_import(ImportJob { path, address });
                }
            }
            Pressed::Changed(_) | Pressed::Nothing => {}
        }
    }

    fn begin_import(&mut self, job: ImportJob) {
        self.effects.push(Effect::Import(job.clone()));
        let stop = Choice { key: 's', label: "Stop; what is in stays", doc: "", value: Next::Stop };
        let menu = Menu::new(vec![stop]);
        let progress = ImportProgress::default();
        self.page = Page::Importing(Box::new(Running { job, progress, end: None, stopping: false, menu }));
    }

    /// The import ended.
    pub(super) fn imported(&mut self, result: Result<ImportEnd, String>) {
        let Page::Importing(running) = &mut self.page else { return };
        match result {
            Ok(end) => {
                let open = Choice { key: 'o', label: "Open the inbox", doc: "", value: Next::Open };
                let again = Choice { key: 'i', label: "Go on importing", doc: "", value: Next::GoOn };
                running.menu = Menu::new(if end.stopped { vec![again, open] } else { vec![open] });
                running.end = Some(end);
            }
            Err(why) => {
                self.page = Page::Import;
                self.said = Some(clean_line(&why));
            }
        }
    }

    /// A key while the import runs, or after it.
    pub(super) fn at_the_importing(&mut self, key: KeyEvent) {
        let Page::Importing(running) = &mut self.page else { return };
        let next = match key.code {
            KeyCode::Esc if running.is_running() => Some(Next::Stop),
            KeyCode::Esc => Some(Next::Open),
            _ => running.menu.key(key),
        };
        match next {
            Some(Next::Stop) if !running.stopping => {
                running.stopping = true;
                self.effects.push(Effect::StopImport);
            }
            Some(Next::Stop) | None => {}
            Some(Next::Open) => self.effects.push(Effect::Leave(Leaving::Open)),
            Some(Next::GoOn) => {
                let job = running.job.clone();
                self.begin_import(job);
            }
        }
    }
}
