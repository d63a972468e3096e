//! dnf without the flag that answers its question.

use super::support::answers::{Questions, RPM_VERBS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;
use crate::settings::Profile;

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
    let first = out.len();
    QUESTIONS.check(cx, out);
    if cx.settings.profile != Profile::Hadolint {
        let found = out.split_off(first);
        out.extend(found.into_iter().filter(|found| !never_asks(cx, found)));
    }
}

/// The microdnf of Enterprise Linux 8 and 9 takes yes for granted, and knows `-y` only to do nothing.
fn never_asks(cx: &Context<'_>, found: &Diagnostic) -> bool {
    let stage = cx.dockerfile.at(found.span.start).and_then(|inst| cx.model.stage_of(inst));
    let facts = stage.and_then(|stage| stage.facts());
    let old = facts
        .is_some_and(|facts| facts.family == "rhel" && matches!(facts.libc_version.as_deref(), Some("2.28" | "2.34")));
    old && found.message.starts_with("microdnf ")
}

const INSTALLS: &[&str] = &["install", "groupinstall", "localinstall"];
