//! Names of variables and images as they are written.

use crate::syntax::ImageRef;

/// The variable stands in the text as `$NAME`, `${NAME}` or with a pattern, and not only as `${NAME:-word}` and its like,
/// which say themselves what to take when it is not set.
pub fn is_bare(text: &str, name: &str) -> bool {
    text.match_indices('$').any(|(at, _)| {
        let rest = text.get(at + 1..).unwrap_or_default();
        if let Some(inner) = rest.strip_prefix('{') {
            let after = inner.strip_prefix(name).and_then(|after| after.chars().next());
            return matches!(after, Some('}' | '#' | '%' | '/'));
        }
        let after = rest.strip_prefix(name).map(|after| after.chars().next());
        after.is_some_and(|next| next.is_none_or(|next| !next.is_ascii_alphanumeric() && next != '_'))
    })
}

/// The name that was probably meant: at most two letters differ, and fewer than a third.
pub fn nearest<'a>(name: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let scored = names.into_iter().map(|other| (distance(name, other), other));
    let (distance, best) = scored.min_by_key(|(distance, _)| *distance)?;
    (distance <= 2 && distance * 3 < name.chars().count().max(4)).then_some(best)
}

/// How many letters must be put in, taken out or changed; two letters that changed places count as two.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().flat_map(char::to_lowercase).collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, letter) in a.chars().flat_map(char::to_lowercase).enumerate() {
        let mut before = i;
        let mut next = vec![i + 1];
        for (other, above) in b.iter().zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((before + usize::from(letter != *other)).min(above + 1).min(left + 1));
            before = *above;
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

/// The text can be the name of an image.
pub fn is_reference(text: &str) -> bool {
    let image = ImageRef::from_text(text);
    let part = |text: &str| {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '_' | '-');
        let edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        !text.is_empty() && text.chars().all(good) && text.starts_with(edge) && text.ends_with(edge)
    };
    let tag = |text: &str| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        (1..=128).contains(&text.len()) && text.chars().all(good) && !text.starts_with(['.', '-'])
    };
    image.repository.text.split('/').all(part)
        && image.tag.as_ref().is_none_or(|word| tag(&word.text))
        && image.digest.as_ref().is_none_or(|word| word.text.split_once(':').is_some_and(|(_, hash)| hash.len() >= 32))
        && image.registry.as_ref().is_none_or(|word| !word.text.is_empty() && !word.text.contains(char::is_whitespace))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names_are_found_and_others_are_not() {
        let names = ["VERSION", "DEST", "TARGETARCH"];
        for (name, near) in [
            ("VERISON", Some("VERSION")),
            ("DSET", None),
            ("TARGETARC", Some("TARGETARCH")),
            ("HOME", None),
            ("A", None),
        ] {
            assert_eq!(nearest(name, names), near, "{name}");
        }
    }

    #[test]
    fn only_variables_without_a_word_of_their_own_are_bare() {
        for (text, bare) in
            [("$A", true), ("${A}", true), ("${A%x}", true), ("$A_B", false), ("${A:-x}", false), ("${A:+x}$A/b", true)]
        {
            assert_eq!(is_bare(text, "A"), bare, "{text}");
        }
    }

    #[test]
    fn references_are_told_from_other_text() {
        for text in ["debian", "debian:13", "r.io:5000/a/b:1", "a@sha256:0000000000000000000000000000000000000000"] {
            assert!(is_reference(text), "{text}");
        }
        for text in ["", "debian:", "/a", "a//b", "a:b c", "-a", "Debian/"] {
            assert!(!is_reference(text), "{text}");
        }
    }
}
