//! `--limit NAME=VALUE`. The names are the fields of [`Limits`], so a new one needs nothing here.

use std::io::{self, Write};

use serde_json::{Map, Value};

use crate::limits::Limits;

/// The limits with one of them changed.
pub(super) fn changed(limits: &Limits, change: &str) -> Result<Limits, String> {
    let (name, value) = change
        .split_once('=')
        .ok_or_else(|| format!("`{change}` has no `=`; write NAME=VALUE, as in inflated=1Gi"))?;
    let mut table = table(limits)?;
    let slot = table.get_mut(name).ok_or_else(|| unknown(name, limits))?;
    let number = number(value)
        .ok_or_else(|| format!("`{value}` is no number; write 1000, 64k, 16Mi or the like"))?;
    *slot = Value::from(number);
    serde_json::from_value(Value::Object(table)).map_err(|error| format!("{name}: {error}"))
}

/// Writes every limit with its default.
pub(super) fn list(writer: &mut dyn Write) -> io::Result<()> {
    for (name, value) in table(&Limits::default()).map_err(io::Error::other)? {
        writeln!(writer, "{name:<16} {value}")?;
    }
    Ok(())
}

fn table(limits: &Limits) -> Result<Map<String, Value>, String> {
    match serde_json::to_value(limits) {
        Ok(Value::Object(table)) => Ok(table),
        Ok(_) => Err("the limits are no table".to_owned()),
        Err(error) => Err(error.to_string()),
    }
}

fn unknown(name: &str, limits: &Limits) -> String {
    let names: Vec<String> = table(limits)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, _)| name)
        .collect();
    format!(
        "there is no limit `{name}`; the limits are {}",
        names.join(", ")
    )
}

/// A number with an optional unit: `k`, `M`, `G`, `T` are powers of 1000, with an `i` of 1024.
fn number(text: &str) -> Option<u64> {
    let digits_end = text
        .find(|c: char| !c.is_ascii_digit() && c != '_')
        .unwrap_or(text.len());
    let (digits, unit) = text.split_at_checked(digits_end)?;
    let number: u64 = digits.replace('_', "").parse().ok()?;
    let base: u64 = if unit.ends_with('i') { 1024 } else { 1000 };
    let power = match unit.trim_end_matches('i') {
        "" if unit.is_empty() => 0,
        "k" | "K" => 1,
        "M" => 2,
        "G" => 3,
        "T" => 4,
        _ => return None,
    };
    number.checked_mul(base.pow(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        let cases = [
            ("1000", 1000),
            ("64k", 64_000),
            ("16Mi", 16 << 20),
            ("1_000", 1000),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        for text in ["", "k", "1x", "-1", "1i", "99999999999999T"] {
            assert_eq!(number(text), None, "{text}");
        }
    }

    #[test]
    fn a_field_is_changed_by_its_name() {
        let limits = changed(&Limits::default(), "ratio-floor=1Ki").unwrap();
        assert_eq!(
            limits,
            Limits {
                ratio_floor: 1024,
                ..Limits::default()
            }
        );
        let error = changed(&limits, "speed=1").unwrap_err();
        assert!(
            error.contains("no limit `speed`") && error.contains("inflated"),
            "{error}"
        );
    }
}
