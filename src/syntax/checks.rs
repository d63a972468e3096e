//! What BuildKit's instruction parser checks of flags: which there are, how often, and their values.

use super::words::csv_fields;
use super::{Flag, Keyword, SyntaxError};

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Bool,
    Text,
    /// May be given more than once.
    Texts,
}

fn known(keyword: Keyword) -> &'static [(&'static str, Kind)] {
    match keyword {
        Keyword::From => &[("platform", Kind::Text)],
        Keyword::Run => {
            &[("mount", Kind::Texts), ("network", Kind::Text), ("security", Kind::Text), ("device", Kind::Texts)]
        }
        Keyword::Copy => &[
            ("from", Kind::Text),
            ("chown", Kind::Text),
            ("chmod", Kind::Text),
            ("link", Kind::Bool),
            ("parents", Kind::Bool),
            ("exclude", Kind::Texts),
        ],
        Keyword::Add => &[
            ("chown", Kind::Text),
            ("chmod", Kind::Text),
            ("link", Kind::Bool),
            ("keep-git-dir", Kind::Bool),
            ("checksum", Kind::Text),
            ("unpack", Kind::Bool),
            ("exclude", Kind::Texts),
        ],
        Keyword::Healthcheck => &[
            ("interval", Kind::Text),
            ("timeout", Kind::Text),
            ("start-period", Kind::Text),
            ("start-interval", Kind::Text),
            ("retries", Kind::Text),
        ],
        _ => &[],
    }
}

/// Flags that the instruction does not have, that stand twice, or whose value cannot be right.
pub(super) fn flags(keyword: Keyword, flags: &[Flag], errors: &mut Vec<SyntaxError>) {
    // BuildKit never looks at the flags of these.
    if matches!(keyword, Keyword::Arg | Keyword::StopSignal | Keyword::Unknown) {
        return;
    }
    // One bit for each known flag that was there.
    let mut seen = 0_u32;
    for flag in flags {
        let name = flag.name.text.as_str();
        let mut error = |message: String| errors.push(SyntaxError { span: flag.span, message });
        let Some((index, (_, kind))) = known(keyword).iter().enumerate().find(|(_, (known, _))| *known == name) else {
            error(format!("unknown flag: --{name}"));
            continue;
        };
        let before = seen;
        seen |= 1 << index;
        if *kind != Kind::Texts && before == seen {
            error(format!("duplicate flag: --{name}"));
            continue;
        }
        match (kind, &flag.value) {
            (Kind::Bool, None) => {}
            (Kind::Bool, Some(value)) if value.text.is_empty() => error(format!("missing a value on flag --{name}")),
            (Kind::Bool, Some(value)) => {
                if !value.text.eq_ignore_ascii_case("true") && !value.text.eq_ignore_ascii_case("false") {
                    error(format!("flag --{name} is true or false, not {:?}", value.text));
                }
            }
            (_, None) => error(format!("missing a value on flag --{name}")),
            (_, Some(value)) => {
                if let Some(message) = wrong_value(keyword, name, &value.text) {
                    errors.push(SyntaxError { span: value.span, message });
                }
            }
        }
        for field in &flag.fields {
            let value = field.value.as_ref().map_or("", |value| value.text.as_str());
            if field.key.text.eq_ignore_ascii_case("from")
                && value.find('$').is_some_and(|dollar| dollar + 1 != value.len())
            {
                let message = "from= of a mount cannot hold a variable, name a stage instead".to_string();
                errors.push(SyntaxError { span: field.span, message });
            }
        }
    }
}

fn wrong_value(keyword: Keyword, name: &str, value: &str) -> Option<String> {
    match (keyword, name) {
        (Keyword::Run, "network") if !matches!(value, "default" | "none" | "host") => {
            Some(format!("network mode {value:?} is none of default, none, host"))
        }
        (Keyword::Run, "security") if !matches!(value, "insecure" | "sandbox") => {
            Some(format!("security mode {value:?} is neither sandbox nor insecure"))
        }
        (Keyword::Run, "mount") if csv_fields(value, 0).is_none() => {
            Some("the fields of the mount cannot be read".to_string())
        }
        (Keyword::Run, "device") => wrong_device(value),
        (Keyword::Healthcheck, "retries") if !value.is_empty() => match value.parse::<i32>() {
            Ok(retries) if retries >= 0 => None,
            _ => Some(format!("retries is no number from 0 up: {value:?}")),
        },
        (Keyword::Healthcheck, _) if name != "retries" && !value.is_empty() => match duration(value) {
            None => Some(format!("no duration such as 30s: {value:?}")),
            Some(nanoseconds) if nanoseconds != 0.0 && nanoseconds < 1e6 => {
                Some(format!("{name} is less than a millisecond"))
            }
            _ => None,
        },
        _ => None,
    }
}

fn wrong_device(value: &str) -> Option<String> {
    let Some(fields) = csv_fields(value, 0) else {
        return Some("the fields of the device cannot be read".to_string());
    };
    let mut named = false;
    for (start, end) in fields {
        let field = value.get(start..end).unwrap_or("");
        let (key, value) = match field.split_once('=') {
            Some((key, value)) => (key, Some(value)),
            None => (field, None),
        };
        match (key.to_ascii_lowercase().as_str(), value) {
            ("required", None) => {}
            (
                "required",
                Some("1" | "t" | "T" | "TRUE" | "true" | "True" | "0" | "f" | "F" | "FALSE" | "false" | "False"),
            ) => {}
            ("required", Some(value)) => return Some(format!("required is true or false, not {value:?}")),
            ("name", Some(_)) if named => return Some("the device has two names".to_string()),
            _ if named => return Some(format!("unexpected field of a device: {field:?}")),
            (_, Some(value)) if key.eq_ignore_ascii_case("name") => named = !value.is_empty(),
            _ => named = !field.is_empty(),
        }
    }
    None
}

/// Nanoseconds, as Go's `time.ParseDuration` reads them: `1h30m`, `1.5s`, `-2ms`, `0`.
fn duration(text: &str) -> Option<f64> {
    let (sign, mut rest) = match text.as_bytes().first()? {
        b'-' => (-1.0, text.get(1..)?),
        b'+' => (1.0, text.get(1..)?),
        _ => (1.0, text),
    };
    if rest == "0" {
        return Some(0.0);
    }
    if rest.is_empty() {
        return None;
    }
    let mut total = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|ch: char| !ch.is_ascii_digit() && ch != '.').unwrap_or(rest.len());
        let number = rest.get(..digits)?;
        if !number.bytes().any(|byte| byte.is_ascii_digit()) || number.matches('.').count() > 1 {
            return None;
        }
        rest = rest.get(digits..)?;
        let letters = rest.find(|ch: char| ch.is_ascii_digit() || ch == '.').unwrap_or(rest.len());
        let unit = match rest.get(..letters)? {
            "ns" => 1.0,
            "us" | "µs" | "μs" => 1e3,
            "ms" => 1e6,
            "s" => 1e9,
            "m" => 60e9,
            "h" => 3600e9,
            _ => return None,
        };
        rest = rest.get(letters..)?;
        total += format!("0{number}").parse::<f64>().ok()? * unit;
        if total >= 9_223_372_036_854_775_808.0 {
            return None;
        }
    }
    Some(sign * total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_those_of_go() {
        for (text, nanoseconds) in [
            ("30s", Some(30e9)),
            ("1h30m", Some(5400e9)),
            ("1.5s", Some(1.5e9)),
            (".5s", Some(0.5e9)),
            ("5.s", Some(5e9)),
            ("0", Some(0.0)),
            ("-2ms", Some(-2e6)),
            ("30", None),
            ("s", None),
            ("", None),
            ("-", None),
            ("1d", None),
            ("1 s", None),
            ("3000000h", None),
        ] {
            assert_eq!(duration(text), nanoseconds, "{text}");
        }
    }
}
