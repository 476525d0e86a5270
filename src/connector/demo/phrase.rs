//! Templates become sentences: `{one|another}` chooses, `<slot>` is filled in. Braces may stand within braces.

/// Writes a template out. `fill` gives the words of a slot.
pub(super) fn write_out(template: &str, chance: &mut fastrand::Rng, fill: &dyn Fn(&str) -> String) -> String {
    let mut text = String::with_capacity(template.len());
    write_into(&mut text, template, chance, fill);
    text
}

fn write_into(text: &mut String, template: &str, chance: &mut fastrand::Rng, fill: &dyn Fn(&str) -> String) {
    let mut rest = template;
    while let Some(at) = rest.find(['{', '<']) {
        text.push_str(&rest[..at]);
        let open = &rest[at..];
        if open.starts_with('{') {
            let (choices, length) = choices(open);
            if let Some(choice) = choices.get(chance.usize(..choices.len().max(1))) {
                write_into(text, choice, chance, fill);
            }
            rest = &open[length..];
        } else {
            let end = open.find('>').unwrap_or(open.len() - 1);
            text.push_str(&fill(&open[1..end]));
            rest = &open[end + 1..];
        }
    }
    text.push_str(rest);
}

/// The choices of a group that opens at the start, and its length with both braces.
fn choices(group: &str) -> (Vec<&str>, usize) {
    let (mut depth, mut from, mut found) = (0, 1, Vec::new());
    for (at, byte) in group.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'|' if depth == 1 => {
                found.push(&group[from..at]);
                from = at + 1;
            }
            b'}' if depth == 1 => {
                found.push(&group[from..at]);
                return (found, at + 1);
            }
            b'}' => depth -= 1,
            _ => {}
        }
    }
    (found, group.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_choose_and_slots_are_filled() {
        let mut seen = std::collections::BTreeSet::new();
        for seed in 0..50 {
            let mut chance = fastrand::Rng::with_seed(seed);
            seen.insert(write_out("{Hi|Hello {dear|good}} <who>!", &mut chance, &|slot| slot.to_uppercase()));
        }
        let seen: Vec<_> = seen.into_iter().collect();
        assert_eq!(seen, ["Hello dear WHO!", "Hello good WHO!", "Hi WHO!"]);
    }
}
