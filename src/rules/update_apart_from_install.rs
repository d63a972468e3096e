//! `apt-get update` in one RUN and the install in a later one: the layer cache serves an old index.

use super::support::caches::subcommand;
use super::support::{Run, merge, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;

pub static RULE: Rule = Rule {
    slug: "update-apart-from-install",
    aliases: &[],
    summary: "apt-get update stands in another RUN than the install that needs it",
    category: Category::Cache,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/update-apart-from-install.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let runs: Vec<Run<'_>> = runs(cx, stage).collect();
        for (index, run) in runs.iter().enumerate() {
            let Some(update) = run.script.commands.iter().find(|cmd| does(cmd, &["update"])) else { continue };
            // A cache mount is shared by later RUNs and never stale in this way.
            if run.script.commands.iter().any(installs) || run.mounted("/var/lib/apt/lists") {
                continue;
            }
            let Some((install_at, install)) = reliant(&runs, index) else { continue };
            let found = Diagnostic::at(update.span, "the index is fetched apart from the install that reads it")
                .label(install.span, "installed here, from an index that the layer cache may have kept for months")
                .help("run apt-get update and apt-get install in one RUN");
            let group = runs.get(index..=last_reliant(&runs, install_at)).unwrap_or_default();
            out.push(match merge::merge(cx, group) {
                Some((applicability, edits)) => found.fix(applicability, "Merge the RUN instructions", edits),
                None => found,
            });
        }
    }
}

/// The first later RUN with an apt command, when that command installs without an index of its own.
fn reliant<'a>(runs: &'a [Run<'_>], update: usize) -> Option<(usize, &'a ShellCommand)> {
    let (index, run) = runs
        .iter()
        .enumerate()
        .skip(update + 1)
        .find(|(_, run)| run.script.commands.iter().any(|cmd| installs(cmd) || does(cmd, &["update"])))?;
    let first = run.script.commands.iter().find(|cmd| installs(cmd) || does(cmd, &["update"]))?;
    installs(first).then_some((index, first))
}

/// The last of the RUNs beside each other that read this index: one left apart would read an old one as before, and
/// nothing would be reported any more.
fn last_reliant(runs: &[Run<'_>], first: usize) -> usize {
    let later = runs.iter().enumerate().skip(first + 1);
    let reads = |run: &Run<'_>| {
        let mut commands = run.script.commands.iter();
        commands.find(|cmd| installs(cmd) || does(cmd, &["update"])).is_some_and(installs)
    };
    later.take_while(|(_, run)| reads(run)).last().map_or(first, |(index, _)| index)
}

fn does(cmd: &ShellCommand, verbs: &[&str]) -> bool {
    matches!(cmd.name.text.as_str(), "apt-get" | "apt" | "aptitude")
        && subcommand(cmd).is_some_and(|verb| verbs.contains(&verb))
}

fn installs(cmd: &ShellCommand) -> bool {
    does(cmd, &["install", "build-dep", "upgrade", "dist-upgrade", "full-upgrade"])
}
