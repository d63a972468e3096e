//! What SHELL says beside the name of a shell.

use super::case::Case;

/// A shell and nothing else: no `env A=1`, no tini around it, no text of its own, no file that it reads first.
pub(super) fn is_plain(case: &Case<'_>, words: &[String]) -> bool {
    let Some((first, options)) = words.split_first() else { return true };
    let name = super::paths::base_name(first);
    let option = |word: &String| match word.strip_prefix('-').or_else(|| word.strip_prefix('+')) {
        Some(letters) => word.starts_with("--no") || letters.chars().all(|letter| "cefhilnoruvxE".contains(letter)),
        None => matches!(word.as_str(), "pipefail" | "errexit" | "nounset" | "xtrace"),
    };
    let reads_first = name == "bash" && case.stage.config.env.iter().any(|(name, _)| name == "BASH_ENV");
    matches!(name, "sh" | "ash" | "bash" | "dash") && options.iter().all(option) && !reads_first
}

/// `bash -lc`: what /etc/profile sets is in force for the command.
pub(super) fn is_login(word: &str) -> bool {
    let bundle = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    word == "--login" || bundle.is_some_and(|letters| letters.contains(['l', 'i']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn login_shells() {
        for (word, want) in [("-lc", true), ("--login", true), ("-ic", true), ("-c", false), ("pipefail", false)] {
            assert_eq!(is_login(word), want, "{word}");
        }
    }
}
