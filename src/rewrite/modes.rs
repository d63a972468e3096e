//! Directories that a RUN opens to others: COPY makes the one that it names anew, with the usual mode.

use super::case::Case;
use super::effects::{Effect, Kind};
use super::paths::within;
use super::placed::of_transfer;
use crate::text::Span;

/// What becomes of the mode of a directory that is copied.
pub(super) enum Mode {
    /// `COPY --chmod` gives it again.
    Given(String),
    /// It is set by this command, and no COPY can give it.
    Lost(Span),
}

/// The mode of a directory in which others than its owner may write.
pub(super) fn opened(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> Option<Mode> {
    let (effect, recursive) = effects.iter().rev().find_map(|effect| {
        let Kind::Mode(dirs) = &effect.kind else { return None };
        let recursive = effect.cmd.has_short('R') || effect.cmd.has_flag(&["--recursive"]);
        let hit = dirs.iter().any(|dir| dir == path || recursive && within(path, dir));
        hit.then_some((effect, recursive))
    })?;
    let mode = effect.cmd.args.iter().find(|arg| !arg.text.starts_with("--") && !is_flag(&arg.text))?;
    let mode = mode.text.as_str();
    if !lets_others_write(mode) {
        return None;
    }
    let octal = mode.bytes().all(|c| c.is_ascii_digit());
    match octal && (recursive || is_empty(case, effects, path)) {
        true => Some(Mode::Given(mode.to_string())),
        false => Some(Mode::Lost(effect.cmd.span)),
    }
}

/// `-R`, but not `-w`.
fn is_flag(text: &str) -> bool {
    text.strip_prefix('-').is_some_and(|rest| rest.chars().all(|c| "Rcvf".contains(c)))
}

/// `777`, `1777`, `a+rwX`, `g=u`; not `755`, `u+w` or `go-w`.
fn lets_others_write(mode: &str) -> bool {
    if !mode.is_empty() && mode.bytes().all(|c| c.is_ascii_digit()) {
        return mode.bytes().rev().take(2).any(|digit| digit & 2 != 0);
    }
    mode.split(',').any(|clause| {
        let Some(at) = clause.find(['+', '-', '=']) else { return false };
        let (who, rest) = clause.split_at(at);
        let only_owner = !who.is_empty() && who.chars().all(|c| c == 'u');
        !only_owner && !rest.starts_with('-') && rest.contains(['w', 'u'])
    })
}

/// Nothing in the file puts anything into the directory.
fn is_empty(case: &Case<'_>, effects: &[Effect<'_>], path: &str) -> bool {
    let copied = case.steps().any(|(step, inst)| {
        of_transfer(case, step, inst).map_or(true, |all| all.iter().any(|placed| within(&placed.path, path)))
    });
    let of_context = case.tree().is_some_and(|tree| tree.under(path).next().is_some());
    let made = effects.iter().any(|effect| match &effect.kind {
        Kind::Write(paths) => paths.iter().any(|made| within(made, path)),
        Kind::Make(paths) => paths.iter().any(|made| made != path && within(made, path)),
        _ => false,
    });
    !copied && !of_context && !made
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_tell_who_may_write() {
        for (mode, want) in [
            ("777", true),
            ("1777", true),
            ("0770", true),
            ("755", false),
            ("0700", false),
            ("+x", false),
            ("a+rwX", true),
            ("g=u", true),
            ("u+w", false),
            ("go-w", false),
            ("u+x,o+w", true),
            ("ugo+rwx", true),
            ("", false),
        ] {
            assert_eq!(lets_others_write(mode), want, "{mode}");
        }
    }
}
