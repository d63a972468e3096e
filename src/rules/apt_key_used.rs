//! apt-key, which newer releases do not have any more.

use super::support::calls::{all_runs, commands};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "apt-key-used",
    aliases: &[],
    summary: "apt-key is gone from the newest releases of Debian and Ubuntu",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apt-key-used.md"),
    check,
};

/// The last releases that have it.
const OLDER: &[&str] = &[
    "wheezy", "jessie", "stretch", "buster", "bullseye", "bookworm", "precise", "trusty", "xenial", "bionic", "focal",
    "jammy", "noble", "7", "8", "9", "10", "11", "12", "12.04", "14.04", "16.04", "18.04", "20.04", "22.04", "24.04",
];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        // Where the release is not known, or is one that has it, the build works.
        let Some(release) = run.stage.facts().and_then(|facts| facts.release.as_deref()) else { continue };
        let debian = run.stage.facts().is_some_and(|facts| matches!(facts.family.as_str(), "debian" | "ubuntu"));
        if !debian || OLDER.contains(&release) {
            continue;
        }
        for cmd in commands(&run).filter(|cmd| cmd.name.text == "apt-key" && !cmd.conditional) {
            out.push(
                Diagnostic::at(cmd.span, format!("{release} has no apt-key"))
                    .help("store the key as /etc/apt/keyrings/NAME.asc and name it in the source: [signed-by=…]"),
            );
        }
    }
}
