//! dnf without the flag that answers its question.

use super::support::answers::{Questions, RPM_VERBS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "dnf-without-yes",
    aliases: &["DL3038"],
    summary: "dnf asks whether to go on, and the build stops",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/dnf-without-yes.md"),
    check,
};

static QUESTIONS: Questions = Questions {
    managers: &[Manager::Dnf, Manager::Microdnf, Manager::Tdnf],
    verbs: RPM_VERBS,
    prefixes: &["module"],
    // Older releases of microdnf never ask; newer ones are dnf. Only what hadolint reports is reported.
    answered: |cmd| cmd.name.text == "microdnf" && !INSTALLS.iter().any(|verb| cmd.subcommand(verb).is_some()),
    configured: &["assumeyes=", "defaultyes="],
    flag: "-y",
    global: false,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    QUESTIONS.check(cx, out);
}

const INSTALLS: &[&str] = &["install", "groupinstall", "localinstall"];
