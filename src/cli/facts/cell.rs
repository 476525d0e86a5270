//! Cells read exactly, or refused: dates, scales, lists.

use crate::model::{Timestamp, clean_line};

/// A time: RFC 3339; a day, or a day and a time of day, in UTC; seconds or milliseconds since 1970. What may be one day or
/// another (`03/04/2026`) is refused.
pub fn time(text: &str) -> Result<Timestamp, String> {
    let text = text.trim();
    let shown = || clean_line(&text.chars().take(40).collect::<String>());
    if text.is_empty() {
        return Err("it has no date".to_owned());
    }
    if text.len() > 40 {
        return Err(format!("\"{}\" is no date", shown()));
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let number: i64 = text.parse().map_err(|_| format!("\"{}\" is no date", shown()))?;
        return match text.len() {
            9 | 10 => Ok(Timestamp(number * 1_000)),
            12 | 13 => Ok(Timestamp(number)),
            // 20261127 is a day to some, and a second of 1970 to others.
            _ => Err(format!("\"{}\" may be a day or a count of seconds; write 2026-11-27", shown())),
        };
    }
    if let Ok(time) = text.parse::<jiff::Timestamp>() {
        return Ok(Timestamp::from(time));
    }
    // Shops write `2026-11-27 09:30:00 +0100`.
    let spaced = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S %z", text);
    if let Some(time) = spaced.ok().and_then(|parsed| parsed.to_timestamp().ok()) {
        return Ok(Timestamp::from(time));
    }
    let plain = text.strip_suffix(" UTC").unwrap_or(text);
    let begins_with_a_year =
        plain.as_bytes().get(4) == Some(&b'-') && plain.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if begins_with_a_year {
        let at = plain
            .parse::<jiff::civil::DateTime>()
            .or_else(|_| plain.parse::<jiff::civil::Date>().map(jiff::civil::Date::into))
            .or_else(|_| jiff::civil::DateTime::strptime("%Y-%m-%d %H:%M", plain));
        if let Some(time) = at.ok().and_then(|at| at.to_zoned(jiff::tz::TimeZone::UTC).ok()) {
            return Ok(Timestamp::from(time.timestamp()));
        }
    }
    let slashed = text.contains(['/', '.']) && text.bytes().any(|byte| byte.is_ascii_digit());
    let why = if slashed { "may be one day or another" } else { "is no date" };
    Err(format!("\"{}\" {why}; write 2026-11-27 or 2026-11-27T09:30:00Z", shown()))
}

/// The worst and the best there is to give: `1-5`; a number alone is the best of those from 1.
pub fn scale(text: &str) -> Result<(u16, u16), String> {
    let text = text.trim();
    let number = |part: &str| {
        part.trim().parse::<u16>().map_err(|_| format!("\"{}\" is no scale; write 1-5 or 0-10", clean_line(text)))
    };
    let (from, of) = match text.split_once('-') {
        Some((from, of)) => (number(from)?, number(of)?),
        None => (1, number(text)?),
    };
    if from >= of || of > 1_000 {
        return Err(format!("\"{}\" is no scale; write 1-5 or 0-10", clean_line(text)));
    }
    Ok((from, of))
}

/// A rating: `4`, `4.0`, `4/5`. The second is the best there was to give, where it is said.
pub fn rating(text: &str) -> Result<(u16, Option<u16>), String> {
    let shown = || clean_line(&text.chars().take(40).collect::<String>());
    let number = |part: &str| {
        let part = part.trim();
        let whole = part
            .split_once('.')
            .map_or(Some(part), |(whole, rest)| rest.bytes().all(|byte| byte == b'0').then_some(whole));
        whole
            .and_then(|whole| whole.parse::<u16>().ok())
            .ok_or_else(|| format!("\"{}\" is no rating; write a whole number", shown()))
    };
    match text.split_once('/') {
        Some((value, of)) => Ok((number(value)?, Some(number(of)?))),
        None => Ok((number(text)?, None)),
    }
}

/// Parts of a cell with several values. How many are taken is said where they are.
pub fn list(text: &str, marks: &[char]) -> Vec<String> {
    text.split(marks).map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// The mail addresses of a cell, and the name the first named one comes with: `ana@a.example; "Silva, Ana" <a@b.example>`
/// (RFC 5322, section 3.4, as people paste it). What is none of these is left as it is, to be refused by name.
pub fn mailboxes(text: &str) -> (Vec<String>, String) {
    let (mut addresses, mut name) = (Vec::new(), String::new());
    // `Silva, Ana <a@b.example>` without quotes: what has no address belongs to what follows.
    let mut before = String::new();
    for part in mailbox_parts(text) {
        let Some((words, rest)) = part.rsplit_once('<').filter(|(_, rest)| rest.contains('>')) else {
            if part.contains('@') {
                addresses.extend(part.split_whitespace().map(str::to_owned));
            } else {
                before.push_str(part.trim());
                before.push_str(", ");
            }
            continue;
        };
        let (address, more) = rest.split_once('>').unwrap_or((rest, ""));
        let words = format!("{before}{}", words.trim().trim_matches(['"', '\'']).trim());
        before.clear();
        if name.is_empty() {
            name = words.trim().to_owned();
        }
        addresses.push(address.trim().to_owned());
        addresses.extend(more.split_whitespace().map(str::to_owned));
    }
    addresses.extend(before.split(", ").filter(|part| !part.is_empty()).map(str::to_owned));
    (addresses, name)
}

/// What stands between commas and semicolons outside quotes and brackets.
fn mailbox_parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let (mut quoted, mut bracketed) = (false, false);
    for c in text.chars() {
        match c {
            '"' if !bracketed => quoted = !quoted,
            '<' if !quoted => bracketed = true,
            '>' if !quoted => bracketed = false,
            _ => {}
        }
        match parts.last_mut() {
            Some(part) if quoted || bracketed || !matches!(c, ',' | ';') => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_what_may_be_two_is_refused() {
        for (text, millis) in [
            ("2026-11-27", 1_795_737_600_000),
            ("2026-11-27T09:30:00Z", 1_795_771_800_000),
            ("2026-11-27T10:30:00+01:00", 1_795_771_800_000),
            ("2026-11-27 10:30:00 +0100", 1_795_771_800_000),
            ("2026-11-27 09:30", 1_795_771_800_000),
            ("2026-11-27 09:30:00 UTC", 1_795_771_800_000),
            ("1795771800", 1_795_771_800_000),
            ("1795771800000", 1_795_771_800_000),
        ] {
            assert_eq!(time(text), Ok(Timestamp(millis)), "{text}");
        }
        for text in
            ["", "03/04/2026", "27.11.2026", "20261127", "yesterday", "2026-13-01", "2026-02-30", "1e9", "२०२६-११-२७"]
        {
            assert!(time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn scales_and_ratings() {
        assert_eq!(scale("1-5"), Ok((1, 5)));
        assert_eq!(scale("10"), Ok((1, 10)));
        assert!(scale("5-1").is_err() && scale("five").is_err());
        assert_eq!(rating("4"), Ok((4, None)));
        assert_eq!(rating("4.0 / 5"), Ok((4, Some(5))));
        assert!(rating("4.5").is_err() && rating("-1").is_err() && rating("good").is_err());
    }

    #[test]
    fn mail_addresses_come_with_and_without_names() {
        for (text, addresses, name) in [
            ("ana@a.example", "ana@a.example", ""),
            (
                "ana@a.example; bo@b.example,c@c.example d@d.example",
                "ana@a.example bo@b.example c@c.example d@d.example",
                "",
            ),
            ("Ana Silva <ana@a.example>", "ana@a.example", "Ana Silva"),
            ("\"Silva, Ana\" <ana@a.example>, bo@b.example", "ana@a.example bo@b.example", "Silva, Ana"),
            ("Silva, Ana <ana@a.example>", "ana@a.example", "Silva, Ana"),
            ("<ana@a.example>; Bo <bo@b.example>", "ana@a.example bo@b.example", "Bo"),
            ("Ana", "Ana", ""),
            ("ana@a.example, nonsense", "ana@a.example nonsense", ""),
            ("\"unclosed <ana@a.example>", "ana@a.example", "unclosed"),
            ("", "", ""),
        ] {
            let (found, who) = mailboxes(text);
            assert_eq!((found.join(" ").as_str(), who.as_str()), (addresses, name), "{text}");
        }
    }
}
