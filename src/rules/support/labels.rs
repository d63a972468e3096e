//! LABEL pairs, and what their values may be by the schema of the settings.

use super::instructions::{all, steps, value};
use crate::diagnostic::Diagnostic;
use crate::model::tables;
use crate::rules::Context;
use crate::settings::LabelKind;
use crate::syntax::{Body, Instruction, KeyValue};

const SPDX: &str = include_str!("../../../rules/tables/spdx.tsv");

/// Every LABEL of the file with its pairs and their keys without quotes.
pub fn labels<'a>(cx: &'a Context<'_>) -> impl Iterator<Item = (&'a Instruction, Vec<(&'a str, &'a KeyValue)>)> {
    all(cx).filter_map(|instruction| match &instruction.body {
        Body::Label(pairs) => Some((instruction, pairs.pairs.iter().map(|pair| (key(pair), pair)).collect())),
        _ => None,
    })
}

/// The key without quotes.
pub fn key(pair: &KeyValue) -> &str {
    pair.key.text.trim_matches(['"', '\''])
}

/// The labels that the schema has as `kind` and whose value is not `good`. A value with a variable that is not known
/// is not judged.
pub fn wrong_values(cx: &Context<'_>, kind: LabelKind, what: &str, good: fn(&str) -> bool) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (_, step, instruction) in steps(cx) {
        let Body::Label(pairs) = &instruction.body else { continue };
        for pair in &pairs.pairs {
            let name = key(pair);
            let Some(text) = pair.value.as_ref().and_then(|word| value(cx, &step.env, word)) else { continue };
            if cx.settings.options.label_schema.get(name) == Some(&kind) && !good(&text) {
                let span = pair.value.as_ref().map_or(pair.span, |word| word.span);
                let span = if span.is_empty() { pair.span } else { span };
                found.push(
                    Diagnostic::at(span, format!("the label `{name}` is no {what}"))
                        .help("the label schema of the configuration asks for one"),
                );
            }
        }
    }
    found
}

/// A URI with a scheme, as RFC 3986 has it.
pub fn is_url(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let scheme_good = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    let allowed = |c: char| c.is_ascii_alphanumeric() || "-._~:/?#[]@!$&'()*+,;=%".contains(c);
    scheme_good && rest.chars().all(allowed)
}

/// `2021-03-10T10:26:33Z`, with a fraction and an offset if need be.
pub fn is_rfc3339(text: &str) -> bool {
    let number = |range: std::ops::Range<usize>, low: u32, high: u32| {
        let part = text.get(range).filter(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
        part.and_then(|part| part.parse::<u32>().ok()).is_some_and(|number| (low..=high).contains(&number))
    };
    let byte = |at: usize, wanted: &[u8]| text.as_bytes().get(at).is_some_and(|byte| wanted.contains(byte));
    let date = number(0..4, 0, 9999) && byte(4, b"-") && number(5..7, 1, 12) && byte(7, b"-") && number(8..10, 1, 31);
    let time = byte(10, b"Tt") && number(11..13, 0, 23) && byte(13, b":") && number(14..16, 0, 59);
    if !date || !time || !byte(16, b":") || !number(17..19, 0, 60) {
        return false;
    }
    let rest = text.get(19..).unwrap_or_default();
    let rest = match rest.strip_prefix('.') {
        Some(fraction) => {
            let zone = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
            if zone.len() == fraction.len() {
                return false;
            }
            zone
        }
        None => rest,
    };
    let offset = |rest: &str| {
        let mut parts = rest.split(':').map(|part| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit()));
        parts.next() == Some(true) && parts.next() == Some(true) && parts.next().is_none()
    };
    matches!(rest, "Z" | "z") || rest.strip_prefix(['+', '-']).is_some_and(offset)
}

/// `1.2.3-rc.1+build`, as semver.org has it.
pub fn is_semver(text: &str) -> bool {
    let (text, build) = text.split_once('+').map_or((text, None), |(text, build)| (text, Some(build)));
    let (core, pre) = text.split_once('-').map_or((text, None), |(core, pre)| (core, Some(pre)));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let number = |part: &str| digits(part) && (part == "0" || !part.starts_with('0'));
    let word = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    core.split('.').count() == 3
        && core.split('.').all(number)
        && pre.is_none_or(|pre| pre.split('.').all(|part| word(part) && (!digits(part) || number(part))))
        && build.is_none_or(|build| build.split('.').all(word))
}

/// An id of the SPDX license list.
pub fn is_spdx(text: &str) -> bool {
    tables::lines(SPDX, text).next().is_some()
}

/// 7 or 40 lower-case hex digits.
pub fn is_git_hash(text: &str) -> bool {
    matches!(text.len(), 7 | 40) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// `name@host`, without a display name.
pub fn is_email(text: &str) -> bool {
    let Some((local, host)) = text.rsplit_once('@') else { return false };
    let atom = |part: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c))
    };
    let quoted = local.len() > 2 && local.starts_with('"') && local.ends_with('"');
    let label = |part: &str| {
        let good = part.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
        !part.is_empty() && good && !part.starts_with('-') && !part.ends_with('-')
    };
    let literal = host.starts_with('[') && host.ends_with(']');
    (quoted || local.split('.').all(atom)) && (literal || host.split('.').all(label))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_told_apart() {
        type Good = fn(&str) -> bool;
        let cases: &[(Good, &[&str], &[&str])] = &[
            (
                is_url,
                &["https://example.com/a?b#c", "foo:bar", "http://[::1]:80/"],
                &["", "/x/y", "a b:c", "1:2", "x://a b"],
            ),
            (
                is_rfc3339,
                &["2021-03-10T10:26:33Z", "2021-03-10T10:26:33.564595127+01:00", "2021-03-10t10:26:60z"],
                &[
                    "2021-03-10",
                    "2021-03-10 10:26:33Z",
                    "2021-13-10T10:26:33Z",
                    "2021-03-10T10:26:33",
                    "2021-03-10T10:26:33.Z",
                    "ä021-03-10T10:26:33Z",
                ],
            ),
            (is_semver, &["1.0.0", "1.2.3-rc.1+b.7", "0.0.0"], &["1.0", "v1.0.0", "1.02.3", "1.0.0-", "1.0.0-01", ""]),
            (is_spdx, &["MIT", "BSD-3-Clause", "GPL-2.0+"], &["mit", "MIT OR X", "", "id"]),
            (is_git_hash, &["2dbfae9", "43c572f1272b6b3171dd1db9e41b7027128ce080"], &["2DBFAE9", "2dbfae", "2dbfae91"]),
            (
                is_email,
                &["a@b.c", "a.b+c@d", "\"x y\"@b.c", "a@[127.0.0.1]"],
                &["foo", "A <a@b.c>", "@b", "a@", "a..b@c", "a@-b"],
            ),
        ];
        for (good, right, wrong) in cases {
            for text in *right {
                assert!(good(text), "{text}");
            }
            for text in *wrong {
                assert!(!good(text), "{text}");
            }
        }
    }
}
