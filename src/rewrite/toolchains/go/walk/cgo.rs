//! What a script does to CGO_ENABLED other than setting it.

use super::makefile;
use crate::shell::{Assignment, ShellCommand, ShellWord};

/// `unset CGO_ENABLED`, `env -u CGO_ENABLED`, `env -i`: what was set outside has no effect any more. Only assignments
/// and what prints the variable are understood.
pub(super) fn takes_away(text: &str) -> bool {
    let lines = || text.lines().filter(|line| !line.trim_start().starts_with('#'));
    let clears = |line: &str| line.contains("env -i ") || line.contains("env - ") || line.contains("--ignore-env");
    let hides = |line: &str| {
        line.match_indices("CGO_ENABLED").any(|(at, name)| {
            let before = line.get(..at).unwrap_or("").trim_end_matches(['"', '\'']);
            let after = line.get(at + name.len()..).unwrap_or("");
            let printed = before.ends_with(['$', '{', '(', '!']) || before.trim_end().ends_with("env");
            !after.starts_with('=') && !printed && !before.trim_end().ends_with("export")
        })
    };
    lines().any(|line| clears(line) || hides(line))
}

/// What stands in front of the command itself is still in force.
pub(super) fn forget(command: &mut ShellCommand) {
    let value = ShellWord { text: makefile::UNKNOWN.into(), literal: false, ..command.name.clone() };
    let set = Assignment { span: command.name.span, name: "CGO_ENABLED".into(), value };
    std::sync::Arc::make_mut(&mut command.env).push(set);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_assignments_are_understood() {
        for (text, want) in [
            ("unset CGO_ENABLED; go build", true),
            ("env -u CGO_ENABLED go build", true),
            ("env --unset=CGO_ENABLED go build", true),
            ("env -i PATH=$PATH go build", true),
            ("CGO_ENABLED=0 go build", false),
            ("export CGO_ENABLED=0", false),
            ("echo $CGO_ENABLED ${CGO_ENABLED:-1} && go env CGO_ENABLED", false),
            ("# unset CGO_ENABLED", false),
        ] {
            assert_eq!(takes_away(text), want, "{text}");
        }
    }
}
