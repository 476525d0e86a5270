//! Reading the addresses an agent types into a header field.

use crate::model::Party;

/// Reads `ana@example.com, "Lin, the second" <lin@example.com>`.
///
/// # Errors
/// What is not an address, in words for the agent.
pub(super) fn parse(text: &str) -> Result<Vec<Party>, String> {
    let mut parties = Vec::new();
    for part in split(text) {
        let part = part.trim();
        if part.is_empty() {
            continue;
        }
        let (name, address) = match part.strip_suffix('>').and_then(|part| part.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
            None => ("", part),
        };
        let sound = address.split_once('@').is_some_and(|(local, domain)| {
            !local.is_empty() && !domain.is_empty() && !domain.contains('@') && !domain.starts_with('.')
        });
        if !sound || address.contains(|c: char| c.is_whitespace() || c.is_control() || "<>,;\"".contains(c)) {
            return Err(format!("`{part}` is no address; write name@example.com or Name <name@example.com>"));
        }
        parties.push(Party { address: address.to_owned(), name: name.to_owned() });
    }
    Ok(parties)
}

/// Splits at commas and semicolons that are not inside quotes.
fn split(text: &str) -> Vec<&str> {
    let mut quoted = false;
    text.split(|c: char| {
        quoted ^= c == '"';
        !quoted && (c == ',' || c == ';')
    })
    .collect()
}

/// A party as a field shows it, so that [`parse`] reads it back.
pub(super) fn show(party: &Party) -> String {
    let name = party.name.replace('"', "'");
    match name.as_str() {
        "" => party.address.clone(),
        name if name.contains([',', ';', '<', '>']) => format!("\"{name}\" <{}>", party.address),
        name => format!("{name} <{}>", party.address),
    }
}

/// Parties as a field shows them.
pub(super) fn show_all(parties: &[Party]) -> String {
    parties.iter().map(show).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn addresses_survive_the_field() {
        let all = [("ana@example.com", ""), ("lin@example.com", "Lin, the <second>"), ("k@例え.jp", "山田")]
            .map(|(address, name)| Party { address: address.into(), name: name.into() });
        assert_eq!(parse(&show_all(&all)).unwrap(), all);
        assert_eq!(parse(" ; ,").unwrap(), []);
    }

    #[test]
    fn what_is_no_address_is_named() {
        for text in ["ana", "a@", "@b", "a b@c", "a@b@c", "Ana <ana>", "a@b, nonsense"] {
            assert!(parse(text).unwrap_err().contains("is no address"), "{text}");
        }
    }
}
