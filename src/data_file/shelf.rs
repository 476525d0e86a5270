//! Files of one kind by name, the built-in ones and the agent's own, and which begins with which.

use super::{OwnFile, Reader, Warning};
use toml::de::DeTable;

/// Files that inherit one another at most.
const MAX_LAYERS: usize = 16;

/// All files of one kind that are built in.
pub(crate) struct Shelf {
    /// What one is called: `keymap`, `theme`. They lie in the folder of that name with an s.
    pub kind: &'static str,
    /// Name and text. The first is the usual one.
    pub built_in: &'static [(&'static str, &'static str)],
}

/// One file of several that are laid over one another.
pub(crate) struct Layer<'t> {
    /// To go on reading it.
    pub reader: Reader<'t>,
    /// Its sections.
    pub table: DeTable<'t>,
}

/// Where a file comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Source<'t> {
    own: Option<&'t OwnFile>,
    name: &'t str,
    text: &'t str,
}

impl Shelf {
    /// All names there are.
    pub(crate) fn names<'t>(&self, own: &'t [OwnFile]) -> Vec<&'t str> {
        let mut names: Vec<&str> = self.built_in.iter().map(|(name, _)| *name).collect();
        names.extend(own.iter().map(|file| file.name.as_str()).filter(|own| self.built_in(own).is_none()));
        names
    }

    /// The files that make up `name`, the one to begin with first. An own file comes over the built-in one of its name,
    /// else over the usual one, unless it says `inherit = "…"`. Where that leads nowhere or in a circle, there is a warning
    /// and the usual one is begun with: whatever an agent writes, there are keys and colours.
    pub(crate) fn layers<'t>(&self, name: &str, own: &'t [OwnFile]) -> (Vec<Layer<'t>>, Vec<Warning>) {
        let mut warnings = Vec::new();
        let mut layers: Vec<Layer<'t>> = Vec::new();
        let mut seen: Vec<Source<'t>> = Vec::new();
        let mut next = self.own(name, own).or_else(|| self.built_in(name));
        if next.is_none() {
            warnings.push(Warning { place: None, what: self.no_such(name, own) });
            next = self.usual();
        }
        while let Some(file) = next {
            seen.push(file);
            let (mut reader, mut table) = match file.own {
                Some(own) => Reader::of(own),
                None => Reader::new(format!("{}s/{}.toml", self.kind, file.name), file.text),
            };
            // What a file begins with when it does not say.
            let begins = if file.own.is_some() { self.built_in(file.name).or_else(|| self.usual()) } else { None };
            next = match table.remove("inherit") {
                None => begins,
                Some(value) => match reader.string("inherit", &value) {
                    None => begins,
                    Some(parent) => self.parent(file, parent, &seen, own).unwrap_or_else(|why| {
                        reader.warn(value.span(), why);
                        begins.or_else(|| self.usual())
                    }),
                },
            };
            next = next.filter(|file| !seen.contains(file));
            layers.push(Layer { reader, table });
        }
        layers.reverse();
        (layers, warnings)
    }

    /// The file that `parent` means in `file`.
    fn parent<'t>(
        &self,
        file: Source<'t>,
        parent: &str,
        seen: &[Source<'t>],
        own: &'t [OwnFile],
    ) -> Result<Option<Source<'t>>, String> {
        // By its own name a file means the built-in one.
        let theirs = if parent == file.name { None } else { self.own(parent, own) };
        let built_in = self.built_in(parent);
        match (theirs, built_in) {
            (Some(theirs), _) if !seen.contains(&theirs) && seen.len() < MAX_LAYERS => Ok(Some(theirs)),
            // A built-in file does not know of the agent's, so it is no circle.
            (Some(_), Some(built_in)) if file.own.is_none() => Ok(Some(built_in)),
            (Some(theirs), _) if seen.contains(&theirs) => {
                let from = seen.iter().position(|known| *known == theirs).unwrap_or(0);
                let names: Vec<&str> = seen[from..].iter().map(|file| file.name).chain([theirs.name]).collect();
                Err(format!("they inherit in a circle: {}", names.join(" → ")))
            }
            (Some(_), _) => Err(format!("more than {MAX_LAYERS} files inherit one another")),
            (None, Some(built_in)) => Ok(Some(built_in)),
            (None, None) if parent == file.name => Err(format!("`{parent}` cannot inherit itself")),
            (None, None) => Err(self.no_such(parent, own)),
        }
    }

    fn no_such(&self, name: &str, own: &[OwnFile]) -> String {
        format!("there is no {} `{name}`; there are {}", self.kind, self.names(own).join(", "))
    }

    fn own<'t>(&self, name: &str, own: &'t [OwnFile]) -> Option<Source<'t>> {
        let file = own.iter().find(|file| file.name == name)?;
        Some(Source { own: Some(file), name: &file.name, text: &file.text })
    }

    fn built_in(&self, name: &str) -> Option<Source<'static>> {
        let (name, text) = self.built_in.iter().find(|(known, _)| *known == name)?;
        Some(Source { own: None, name, text })
    }

    fn usual(&self) -> Option<Source<'static>> {
        self.built_in.first().map(|(name, text)| Source { own: None, name, text })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHELF: Shelf =
        Shelf { kind: "keymap", built_in: &[("default", "a = 1"), ("mutt", "inherit = \"default\"\nb = 1")] };

    /// The letters the files say, in the order they are laid over one another, and what is wrong.
    fn layers(name: &str, own: &[(&str, &str)]) -> (String, Vec<String>) {
        let own: Vec<OwnFile> =
            own.iter().map(|(name, text)| OwnFile::new(name, &format!("{name}.toml"), text)).collect();
        let (layers, mut warnings) = SHELF.layers(name, &own);
        let mut letters = String::new();
        for layer in layers {
            letters.extend(layer.table.keys().map(|key| key.get_ref().as_ref()));
            warnings.extend(layer.reader.warnings());
        }
        (letters, warnings.iter().map(Warning::to_string).collect())
    }

    #[test]
    fn an_own_file_comes_over_the_built_in_one_or_what_it_inherits() {
        assert_eq!(layers("mutt", &[]), ("ab".to_owned(), vec![]));
        assert_eq!(layers("mutt", &[("mutt", "c = 1")]), ("abc".to_owned(), vec![]));
        assert_eq!(layers("mutt", &[("mutt", "inherit = \"mutt\"\nc = 1")]), ("abc".to_owned(), vec![]));
        assert_eq!(layers("mutt", &[("mutt", "inherit = \"default\"\nc = 1")]), ("ac".to_owned(), vec![]));
        assert_eq!(layers("mine", &[("mine", "c = 1")]), ("ac".to_owned(), vec![]));
        assert_eq!(layers("mine", &[("mine", "inherit = \"mutt\"\nc = 1"), ("default", "d = 1")]).0, "adbc");
        // Who keeps changes in `default` may begin it with another preset.
        assert_eq!(layers("default", &[("default", "inherit = \"mutt\"\nc = 1")]), ("abc".to_owned(), vec![]));
    }

    #[test]
    fn circles_and_names_that_do_not_exist_are_said_and_leave_the_usual_ones() {
        let (letters, said) = layers("x", &[("x", "inherit = \"y\"\nc = 1"), ("y", "inherit = \"x\"\nd = 1")]);
        assert_eq!(letters, "adc");
        assert_eq!(said, ["y.toml:1:11: they inherit in a circle: x → y → x"]);
        let (letters, said) = layers("x", &[("x", "inherit = \"x\"\nc = 1")]);
        assert_eq!((letters.as_str(), said), ("ac", vec!["x.toml:1:11: `x` cannot inherit itself".to_owned()]));
        let (letters, said) = layers("x", &[("x", "c = 1\ninherit = \"vim\"")]);
        assert_eq!(letters, "ac");
        assert_eq!(said, ["x.toml:2:11: there is no keymap `vim`; there are default, mutt, x"]);
        assert_eq!(
            layers("vim", &[]),
            ("a".to_owned(), vec!["there is no keymap `vim`; there are default, mutt".to_owned()])
        );
        assert_eq!(layers("x", &[("x", "inherit = 7\nc = 1")]).1, ["x.toml:1:11: `inherit` must be a text in quotes"]);
    }

    #[test]
    fn a_long_line_of_files_ends() {
        let names: Vec<String> = (0..50).map(|n| format!("f{n}")).collect();
        let texts: Vec<String> = (0..50).map(|n| format!("inherit = \"f{}\"", n + 1)).collect();
        let own: Vec<(&str, &str)> = names.iter().map(String::as_str).zip(texts.iter().map(String::as_str)).collect();
        let (letters, said) = layers("f0", &own);
        assert_eq!(letters, "a");
        assert_eq!(said, ["f15.toml:1:11: more than 16 files inherit one another"]);
    }
}
