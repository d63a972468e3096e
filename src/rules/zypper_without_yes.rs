//! zypper without the flag that answers its question.

use super::support::answers::Questions;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "zypper-without-yes",
    aliases: &["DL3034"],
    summary: "zypper asks whether to go on, and the build stops",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/zypper-without-yes.md"),
    check,
};

static QUESTIONS: Questions = Questions {
    managers: &[Manager::Zypper],
    verbs: &[
        "install",
        "in",
        "remove",
        "rm",
        "source-install",
        "si",
        "patch",
        "update",
        "up",
        "dist-upgrade",
        "dup",
        "install-new-recommends",
        "inr",
    ],
    prefixes: &[],
    answered: |_| false,
    configured: &[],
    flag: "--non-interactive",
    global: true,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    QUESTIONS.check(cx, out);
}
