//! The locale: whether programs here agree on UTF-8.

/// The variable that counts, and what it says; `None` when none is set. (POSIX, "Internationalization Variables")
pub fn set(variable: impl Fn(&str) -> Option<String>) -> Option<(&'static str, String)> {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"];
    names.into_iter().find_map(|name| Some((name, variable(name).filter(|value| !value.is_empty())?)))
}

/// What to say where the locale is not UTF-8.
pub fn trouble(variable: impl Fn(&str) -> Option<String>) -> Option<String> {
    let (what, name) = match set(variable) {
        Some((_, value)) if value.to_lowercase().replace('-', "").contains("utf8") => return None,
        Some((name, value)) => (format!("{name}={value} is not UTF-8"), name),
        None => ("no UTF-8 locale is set".to_owned(), "LANG"),
    };
    Some(format!("{what}: if letters look wrong, `export {name}=C.UTF-8`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(pairs: &[(&str, &str)]) -> Option<String> {
        trouble(|name| pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn the_variable_that_counts_is_named_with_what_to_write() {
        assert_eq!(with(&[("LANG", "de_DE.UTF-8")]), None);
        assert_eq!(with(&[("LC_ALL", ""), ("LANG", "C.utf8")]), None);
        let said = with(&[("LC_ALL", "POSIX"), ("LANG", "C.UTF-8")]).unwrap_or_default();
        assert!(said.contains("LC_ALL=POSIX") && said.contains("export LC_ALL=C.UTF-8"), "{said}");
        assert!(with(&[]).unwrap_or_default().contains("export LANG=C.UTF-8"));
    }
}
