//! Amounts of money, exact: whole minor units and a currency. No floats, and nothing is converted.

use std::fmt;

/// A currency by its code of three letters (ISO 4217): `USD`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
#[cbor(transparent)]
pub struct Currency(
    #[n(0)]
    #[cbor(with = "minicbor::bytes")]
    [u8; 3],
);

impl Currency {
    /// The currency of a code, in either case; `None` when it is not three letters.
    pub fn from_code(code: &str) -> Option<Currency> {
        let letters: [u8; 3] = code.trim().as_bytes().try_into().ok()?;
        letters.iter().all(u8::is_ascii_alphabetic).then(|| Currency(letters.map(|letter| letter.to_ascii_uppercase())))
    }

    /// The code: `USD`.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("???")
    }

    /// How many decimal digits its minor unit has (ISO 4217, list one, column "minor unit").
    pub fn digits(&self) -> u32 {
        match self.code() {
            "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
            | "VUV" | "XAF" | "XOF" | "XPF" => 0,
            "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
            "CLF" | "UYW" => 4,
            _ => 2,
        }
    }

    /// The sign it goes by where that is only one currency's; the code otherwise.
    fn sign(&self) -> Option<&'static str> {
        match self.code() {
            "USD" => Some("$"),
            "EUR" => Some("€"),
            "GBP" => Some("£"),
            "INR" => Some("₹"),
            "KRW" => Some("₩"),
            _ => None,
        }
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Currency({})", self.code())
    }
}

/// An amount in whole minor units (cents) of a currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, minicbor::Encode, minicbor::Decode)]
pub struct Money {
    /// Of what.
    #[n(0)]
    pub currency: Currency,
    /// How many minor units; negative for what was paid back.
    #[n(1)]
    pub minor: i64,
}

/// Why a text is no amount.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum AmountError {
    /// Not digits with at most one sign of the decimal.
    #[error("\"{0}\" is no amount; write 1234.50")]
    Unreadable(String),
    /// It may be two amounts.
    #[error("\"{0}\" may be {1} or {2}; write it with its cents, or without a mark between thousands")]
    Ambiguous(String, String, String),
    /// More digits after the point than the currency has.
    #[error("\"{0}\" has more decimals than {1} has")]
    TooFine(String, Currency),
    /// More than can be counted.
    #[error("\"{0}\" is more than can be counted")]
    TooLarge(String),
}

impl Money {
    /// Reads a decimal exactly: `1234.5`, `-3`, `1,234.50`, `1.234,50`, `1 234,50`, `$12.00`. One mark alone before three
    /// digits (`1.234`) may mean either and is refused, unless the currency has three decimals or none.
    ///
    /// # Errors
    /// [`AmountError`], with the text as it came.
    pub fn parse(text: &str, currency: Currency) -> Result<Money, AmountError> {
        let shown: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
        let unreadable = || AmountError::Unreadable(shown.clone());
        let mut rest = text.trim();
        let mut negative = false;
        if let Some(inner) = rest.strip_prefix('(').and_then(|inner| inner.strip_suffix(')')) {
            // Bookkeepers write what was paid back in brackets.
            (rest, negative) = (inner, true);
        }
        // The sign of the currency or its code may stand on either side; minus before or after it.
        for _ in 0..2 {
            rest = rest.trim();
            if let Some(after) = rest.strip_prefix(['-', '\u{2212}']) {
                if negative {
                    return Err(unreadable());
                }
                (rest, negative) = (after, true);
            }
            for sign in [currency.code()].into_iter().chain(currency.sign()).chain(shared_sign(currency)) {
                rest = rest.trim();
                rest = rest.strip_prefix(sign).or_else(|| rest.strip_suffix(sign)).unwrap_or(rest);
            }
        }
        let rest = rest.trim();
        if rest.is_empty() || rest.len() > 60 || !rest.starts_with(|c: char| c.is_ascii_digit() || c == '.' || c == ',')
        {
            return Err(unreadable());
        }
        let digits = currency.digits();
        let is_space = |c: char| matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\'' | '\u{2019}' | '_');
        let (points, commas) = (rest.matches('.').count(), rest.matches(',').count());
        let (thousands, decimal) = match (points, commas) {
            (0, 0) => (None, None),
            (1, 0) | (0, 1) => {
                let mark = if points == 1 { '.' } else { ',' };
                let (whole, after) = rest.split_once(mark).unwrap_or((rest, ""));
                let like_thousands = after.len() == 3
                    && (1..=3).contains(&whole.len())
                    && !whole.starts_with('0')
                    && !whole.contains(is_space);
                match digits {
                    _ if !like_thousands => (None, Some(mark)),
                    0 => (Some(mark), None),
                    3 | 4 if mark == '.' => (None, Some(mark)),
                    _ => {
                        return Err(AmountError::Ambiguous(
                            shown.clone(),
                            format!("{whole}{after}"),
                            format!("{whole}.{after}"),
                        ));
                    }
                }
            }
            (_, 0) => (Some('.'), None),
            (0, _) => (Some(','), None),
            _ if rest.rfind('.') > rest.rfind(',') => (Some(','), Some('.')),
            _ => (Some('.'), Some(',')),
        };
        let (whole, after) = match decimal {
            Some(mark) if rest.matches(mark).count() > 1 => return Err(unreadable()),
            Some(mark) => rest.split_once(mark).unwrap_or((rest, "")),
            None => (rest, ""),
        };
        let groups: Vec<&str> = whole.split(|c: char| Some(c) == thousands || is_space(c)).collect();
        let grouped = groups.len() > 1;
        let sound = groups.iter().enumerate().all(|(at, group)| {
            group.bytes().all(|byte| byte.is_ascii_digit())
                && (!grouped || if at == 0 { (1..=3).contains(&group.len()) } else { group.len() == 3 })
        });
        let after_sound = after.bytes().all(|byte| byte.is_ascii_digit());
        if !sound || !after_sound || (whole.is_empty() && after.is_empty()) {
            return Err(unreadable());
        }
        let after = after.trim_end_matches('0');
        if after.len() > digits as usize {
            return Err(AmountError::TooFine(shown, currency));
        }
        let number = format!("{}{after:0<width$}", groups.concat(), width = digits as usize);
        let number: i64 = if number.is_empty() { 0 } else { number.parse().unwrap_or(i64::MAX) };
        if number > MOST {
            return Err(AmountError::TooLarge(shown));
        }
        Ok(Money { currency, minor: if negative { -number } else { number } })
    }
}

/// The largest amount, in the smallest unit: ten million million euros. Thousands of them can be added up.
const MOST: i64 = 1_000_000_000_000_000;

/// Signs that several currencies go by.
fn shared_sign(currency: Currency) -> Option<&'static str> {
    match currency.code() {
        "AUD" | "CAD" | "NZD" | "SGD" | "HKD" | "MXN" | "TWD" => Some("$"),
        "CNY" | "JPY" => Some("¥"),
        _ => None,
    }
}

/// With its sign or code, and cents only where there are any: `$612`, `$1,234.50`, `1,200 JPY`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.currency.digits();
        let unit = 10_u64.pow(digits);
        let size = self.minor.unsigned_abs();
        let (whole, rest) = (size / unit, size % unit);
        let plain = whole.to_string();
        let mut number = String::new();
        for (at, digit) in plain.chars().enumerate() {
            if at > 0 && (plain.len() - at).is_multiple_of(3) {
                number.push(',');
            }
            number.push(digit);
        }
        if rest > 0 {
            number.push_str(&format!(".{rest:0width$}", width = digits as usize));
        }
        let minus = if self.minor < 0 { "-" } else { "" };
        match self.currency.sign() {
            Some(sign) => write!(f, "{minus}{sign}{number}"),
            None => write!(f, "{minus}{number} {}", self.currency),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str, code: &str) -> Result<i64, AmountError> {
        Money::parse(text, Currency::from_code(code).unwrap()).map(|money| money.minor)
    }

    #[test]
    fn amounts_are_read_exactly_in_the_ways_people_write_them() {
        for (text, code, minor) in [
            ("0.1", "USD", 10),
            ("1234.5", "USD", 123_450),
            ("1,234.50", "USD", 123_450),
            ("1.234,50", "EUR", 123_450),
            ("1 234,50 €", "EUR", 123_450),
            ("1'234.50", "CHF", 123_450),
            ("$12.00", "USD", 1_200),
            ("-$12.00", "USD", -1_200),
            ("(3.20)", "USD", -320),
            ("USD 7", "USD", 700),
            (".5", "USD", 50),
            ("12.3400", "USD", 1_234),
            ("1,234,567", "USD", 123_456_700),
            ("1.234", "JPY", 1_234),
            ("1.234", "KWD", 1_234),
            ("0.500", "USD", 50),
            ("10000000000000.00", "USD", MOST),
        ] {
            assert_eq!(read(text, code), Ok(minor), "{text} {code}");
        }
    }

    #[test]
    fn what_may_be_two_amounts_or_none_is_refused() {
        assert!(matches!(read("1.234", "USD"), Err(AmountError::Ambiguous(..))));
        assert!(matches!(read("1,234", "EUR"), Err(AmountError::Ambiguous(..))));
        assert!(matches!(read("1.2345", "USD"), Err(AmountError::TooFine(..))));
        for large in ["10000000000000.01", "92233720368547758.07", "92233720368547758.08"] {
            assert!(matches!(read(large, "USD"), Err(AmountError::TooLarge(_))), "{large}");
        }
        for text in ["", "abc", "1.2.3", "1,23,4", "1e5", "--1", "12 34", "NaN", "1.234.5", "€5", "١٢"] {
            assert!(read(text, "USD").is_err(), "{text}");
        }
    }

    #[test]
    fn amounts_are_shown_as_they_are_said() {
        let shown = |minor, code| Money { minor, currency: Currency::from_code(code).unwrap() }.to_string();
        assert_eq!(shown(61_200, "usd"), "$612");
        assert_eq!(shown(-123_450, "USD"), "-$1,234.50");
        assert_eq!(shown(1_200, "JPY"), "1,200 JPY");
        assert_eq!(shown(1_205, "KWD"), "1.205 KWD");
        assert_eq!(shown(i64::MIN, "CHF"), "-92,233,720,368,547,758.08 CHF");
    }
}
