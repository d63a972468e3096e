//! `apt` in a RUN.

use super::support::calls::{all_runs, commands, editable, output_is_read};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "apt-in-script",
    aliases: &["DL3027"],
    summary: "apt is for people, apt-get for scripts",
    category: Category::Style,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/apt-in-script.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        for cmd in commands(&run).filter(|cmd| cmd.name.text == "apt") {
            let found = Diagnostic::at(cmd.span, "`apt` may change its options and its output at any time")
                .help("use apt-get, or apt-cache");
            let verb = cmd.args.iter().find(|arg| !arg.text.starts_with('-')).filter(|verb| verb.literal);
            let same = verb.is_some_and(|verb| SAME.contains(&verb.text.as_str()));
            let plain = cx.source.slice(cmd.name.span) == "apt" && editable(&run, cmd) && !output_is_read(&run, cmd);
            // apt deletes the packages that it has installed from; so do the official images after apt-get.
            let official = run.stage.facts().is_some() && !cx.source.text.contains("docker-clean");
            let applicability = if official { Applicability::Safe } else { Applicability::Unsafe };
            out.push(match same && plain {
                true => found.fix(applicability, "Use apt-get", vec![Edit::replace(cmd.name.span, "apt-get")]),
                false => found,
            });
        }
    }
}

/// Subcommands that mean the same to both; `upgrade` installs new packages with apt only.
const SAME: &[&str] = &[
    "update",
    "install",
    "reinstall",
    "remove",
    "purge",
    "autoremove",
    "autopurge",
    "clean",
    "autoclean",
    "build-dep",
];
