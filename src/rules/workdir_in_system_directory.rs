//! WORKDIR below /proc, /sys or /dev.

use super::support::inside;
use super::support::instructions::{steps, value};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "workdir-in-system-directory",
    aliases: &[],
    summary: "WORKDIR is a directory of the kernel",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/workdir-in-system-directory.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (_, step, instruction) in steps(cx) {
        let Body::Workdir(word) = &instruction.body else { continue };
        let Some(path) = value(cx, &step.env, word) else { continue };
        if ["/proc", "/sys", "/dev"].iter().any(|dir| inside(&path, dir)) {
            out.push(
                Diagnostic::at(word.span, format!("`{path}` is made by the kernel: what is written there is not kept"))
                    .help("use a directory of its own, such as /app"),
            );
        }
    }
}
