//! `apt-get install` without `--no-install-recommends` in a layer that ships.

use super::support::shipping_runs;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::{Install, Manager};
use crate::settings::Profile;
use crate::shell::ShellCommand;
use crate::size;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "apt-no-install-recommends",
    aliases: &["DL3015"],
    summary: "apt-get install pulls in recommended packages",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/apt-no-install-recommends.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // Some files switch it off once for all, by a line in /etc/apt/apt.conf.d.
    if cx.source.text.to_ascii_lowercase().contains("install-recommends \"") {
        return;
    }
    for run in shipping_runs(cx) {
        for install in run.step.installs.iter().filter(|install| install.manager == Manager::Apt) {
            let Some(cmd) = run.script.commands.get(install.command) else { continue };
            let apt = matches!(cmd.name.text.as_str(), "apt-get" | "apt");
            if !apt || cmd.subcommand("install").is_none() || install.packages.is_empty() || decided(cmd) {
                continue;
            }
            // hadolint goes by the flag alone.
            let nothing = install.packages.iter().all(|package| package.literal)
                && size::recommend_nothing(&install.packages.iter().map(|it| it.name.as_str()).collect::<Vec<_>>());
            if nothing && cx.settings.profile != Profile::Hadolint {
                continue;
            }
            let mut found = Diagnostic::at(cmd.span, "packages that are merely recommended are installed too")
                .help("add --no-install-recommends, and name the recommended packages that you do need")
                .waste(Waste::Recommends { names: names(install) });
            if run.editable() && !cmd.opaque {
                let edit = Edit::insert(install.verb.end, " --no-install-recommends");
                found = found.fix(Applicability::Unsafe, "Add --no-install-recommends", vec![edit]);
            }
            out.push(found);
        }
    }
}

/// The command says itself what it wants of recommended packages.
fn decided(cmd: &ShellCommand) -> bool {
    cmd.args.iter().any(|arg| {
        let text = arg.text.to_ascii_lowercase();
        text.contains("install-recommends")
    })
}

fn names(install: &Install) -> Vec<String> {
    install.packages.iter().filter(|package| package.literal).map(|package| package.name.clone()).collect()
}
