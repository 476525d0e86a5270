//! Checks that simulators make: a field too many, one too few, one of the wrong type.

use serde_json::Value;

/// What a field must be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Is {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// True or false.
    Flag,
    /// A list.
    List,
    /// An object.
    Object,
}

impl Is {
    /// True when the value is one.
    pub fn holds(self, value: &Value) -> bool {
        match self {
            Is::Text => value.is_string(),
            Is::Whole => value.is_i64() || value.is_u64(),
            Is::Flag => value.is_boolean(),
            Is::List => value.is_array(),
            Is::Object => value.is_object(),
        }
    }
}

/// Holds an object to its fields; the last of each says whether it must be there.
pub fn object(value: &Value, fields: &[(&str, Is, bool)]) -> Result<(), String> {
    let object = value.as_object().ok_or_else(|| "an object is expected".to_owned())?;
    for (name, value) in object {
        match fields.iter().find(|(known, _, _)| known == name) {
            None => return Err(format!("unknown field {name}")),
            Some((_, is, _)) if !is.holds(value) => return Err(format!("field {name} must be {is:?}")),
            Some(_) => {}
        }
    }
    match fields.iter().find(|(name, _, must)| *must && !object.contains_key(*name)) {
        Some((name, _, _)) => Err(format!("field {name} is missing")),
        None => Ok(()),
    }
}

/// Holds a query to its parameters; the last of each says whether it must be there.
pub fn query(query: &[(String, String)], parameters: &[(&str, bool)]) -> Result<(), String> {
    if let Some((name, _)) = query.iter().find(|(name, _)| !parameters.iter().any(|(known, _)| known == name)) {
        return Err(format!("unknown parameter {name}"));
    }
    match parameters.iter().find(|(name, must)| *must && !query.iter().any(|(known, _)| known == name)) {
        Some((name, _)) => Err(format!("parameter {name} is missing")),
        None => Ok(()),
    }
}

/// The first parameter with this name.
pub fn parameter<'a>(query: &'a [(String, String)], name: &str) -> Option<&'a str> {
    query.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
}

/// Seconds since 1970.
pub fn seconds() -> i64 {
    jiff::Timestamp::now().as_second()
}
