//! yum without the flag that answers its question.

use super::support::answers::{Questions, RPM_VERBS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "yum-without-yes",
    aliases: &["DL3030"],
    summary: "yum asks whether to go on, and the build stops",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/yum-without-yes.md"),
    check,
};

static QUESTIONS: Questions = Questions {
    managers: &[Manager::Yum],
    verbs: RPM_VERBS,
    prefixes: &["module"],
    answered: |_| false,
    configured: &["assumeyes=", "defaultyes="],
    flag: "-y",
    global: false,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    QUESTIONS.check(cx, out);
}
