//! Where links lead, and whether their text says so.

/// Most links listed.
const MAX_LINKS: usize = 200;
/// Longest address listed, in characters.
const MAX_HREF: usize = 2_000;

/// The links of a page, numbered from 1.
#[derive(Default)]
pub(super) struct Links {
    listed: Vec<String>,
    left_out: usize,
}

impl Links {
    /// Notes a link with this text; the mark to set behind it, if it needs one.
    pub(super) fn note(&mut self, href: &str, text: &str) -> Option<String> {
        let href: String = href.chars().filter(|c| !c.is_whitespace() && !c.is_control()).take(MAX_HREF).collect();
        if href.is_empty() || href.starts_with('#') || same(&href, text) {
            return None;
        }
        let mut line = href.clone();
        if let Some(claimed) = claimed_host(text)
            && let real = host(&href)
            && !real.is_some_and(|real| related(&real, &claimed))
        {
            line.push_str(&format!("  ⚠ leads there, but its text says {claimed}"));
        }
        let number = match self.listed.iter().position(|listed| *listed == line) {
            Some(at) => at + 1,
            None if self.listed.len() >= MAX_LINKS => {
                self.left_out += 1;
                return None;
            }
            None => {
                self.listed.push(line);
                self.listed.len()
            }
        };
        Some(format!(" [{number}]"))
    }

    /// The list for the end of the text; empty without links.
    pub(super) fn list(&self) -> String {
        let mut list = String::new();
        for (at, line) in self.listed.iter().enumerate() {
            list.push_str(&format!("\n[{}] {line}", at + 1));
        }
        if self.left_out > 0 {
            list.push_str(&format!("\n… and {} more links", self.left_out));
        }
        list
    }
}

/// True when the text is the address itself.
fn same(href: &str, text: &str) -> bool {
    let bare = |s: &str| {
        let s = s.trim();
        let s =
            ["https://", "http://", "mailto:", "tel:"].iter().find_map(|scheme| s.strip_prefix(scheme)).unwrap_or(s);
        s.trim_end_matches('/').to_lowercase()
    };
    bare(href) == bare(text)
}

/// The host of an absolute address, in lower case; of `mailto:` the domain.
fn host(href: &str) -> Option<String> {
    let lower = href.to_lowercase();
    if let Some(address) = lower.strip_prefix("mailto:") {
        let address = address.split('?').next().unwrap_or_default();
        return address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    }
    // Browsers take backslashes for slashes.
    let lower = lower.replace('\\', "/");
    let (_, rest) = lower.split_once("//")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    Some(host.split(':').next().unwrap_or_default().to_owned())
}

/// The host a link's text seems to name, in lower case.
fn claimed_host(text: &str) -> Option<String> {
    let word = text.split_whitespace().find(|word| word.contains('.'))?;
    let lower = word.to_lowercase();
    let rest = lower.split_once("//").map_or(lower.as_str(), |(_, rest)| rest);
    let rest = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let rest = rest.rsplit_once('@').map_or(rest, |(_, domain)| domain);
    let host = rest.split(':').next().unwrap_or_default().trim_matches(|c: char| !c.is_alphanumeric());
    let (_, last) = host.rsplit_once('.')?;
    let sound =
        host.split('.').all(|label| !label.is_empty() && label.chars().all(|c| c.is_alphanumeric() || c == '-'));
    (sound && last.chars().count() >= 2 && last.chars().all(char::is_alphabetic) && !is_file_ending(last))
        .then(|| host.to_owned())
}

/// File names look like hosts; these endings are no top-level domains.
fn is_file_ending(last: &str) -> bool {
    matches!(
        last,
        "pdf" | "doc" | "docx" | "xls" | "xlsx" | "txt" | "png" | "jpg" | "jpeg" | "html" | "htm" | "csv" | "php"
    )
}

/// True when one is the other, or a name below it.
fn related(real: &str, claimed: &str) -> bool {
    let bare = |host: &str| host.strip_prefix("www.").unwrap_or(host).to_owned();
    let (real, claimed) = (bare(real), bare(claimed));
    // `bank.example` may lead to `login.bank.example`; `bank.example.evil.example` may not call itself `bank.example`.
    real == claimed || real.ends_with(&format!(".{claimed}"))
}
