//! apt-get without the flag that answers its question.

use super::support::answers::Questions;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "apt-without-yes",
    aliases: &["DL3014"],
    summary: "apt-get asks whether to go on, and the build stops",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apt-without-yes.md"),
    check,
};

static QUESTIONS: Questions = Questions {
    managers: &[Manager::Apt],
    verbs: &[
        "install",
        "reinstall",
        "build-dep",
        "satisfy",
        "upgrade",
        "dist-upgrade",
        "full-upgrade",
        "safe-upgrade",
        "remove",
        "purge",
        "autoremove",
        "autopurge",
    ],
    prefixes: &[],
    answered: answers,
    configured: &["apt::get::assume-yes"],
    flag: "-y",
    global: false,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    QUESTIONS.check(cx, out);
}

/// Two of quiet, or options that answer, or nothing is changed.
fn answers(cmd: &ShellCommand) -> bool {
    let quiet: usize = cmd.args.iter().map(|arg| quietness(&arg.text)).sum();
    let says = |text: &str| {
        matches!(text, "--assume-no" | "-s" | "--simulate" | "--dry-run" | "--just-print" | "--print-uris")
            || text.to_ascii_lowercase().contains("apt::get::assume-yes=")
    };
    quiet >= 2 || cmd.args.iter().any(|arg| says(&arg.text))
}

fn quietness(text: &str) -> usize {
    match text {
        "--quiet" => 1,
        _ => match text.strip_prefix("-q=").or_else(|| text.strip_prefix("--quiet=")) {
            Some(level) => level.parse().unwrap_or(0),
            None if text.starts_with("--") || !text.starts_with('-') => 0,
            None => text.bytes().filter(|byte| *byte == b'q').count(),
        },
    }
}
