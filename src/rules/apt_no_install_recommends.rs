//! `apt-get install` without `--no-install-recommends` in a layer that ships.

use super::support::{Run, chain, shipping_runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::{Install, Manager, Stage, Step};
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
            let needed = needed(cx, &run, install).join(" and ");
            let help = match needed.is_empty() {
                true => "add --no-install-recommends, and name the recommended packages that you do need".to_string(),
                false => {
                    format!(
                        "add --no-install-recommends and {needed}, which recommendations bring now and this build needs"
                    )
                }
            };
            let mut found = Diagnostic::at(cmd.span, "packages that are merely recommended are installed too")
                .help(help)
                .waste(Waste::Recommends { names: names(install) });
            if run.editable() && !cmd.opaque {
                let mut edits = vec![Edit::insert(install.verb.end, " --no-install-recommends")];
                let mut title = "Add --no-install-recommends".to_string();
                if let (Some(last), false) = (install.packages.last(), needed.is_empty()) {
                    edits.push(Edit::insert(last.span.end, format!(" {}", needed.replace(" and ", " "))));
                    title = format!("{title} and {needed}");
                }
                found = found.fix(Applicability::Unsafe, title, edits);
            }
            out.push(found);
        }
    }
}

/// Recommended packages without which the build stops: the commands of the stage tell.
fn needed(cx: &Context<'_>, run: &Run<'_>, install: &Install) -> Vec<&'static str> {
    let names: Vec<&str> =
        install.packages.iter().filter(|package| package.literal).map(|package| package.name.as_str()).collect();
    let below =
        chain(cx, run.stage).into_iter().filter(|stage| stage.id != run.stage.id).flat_map(|stage| &stage.steps);
    let before: Vec<&Step> = below.chain(run.stage.steps.iter().take(run.index + 1)).collect();
    let missing = |package: &str| {
        let mut installed = before.iter().flat_map(|step| &step.installs).flat_map(|install| &install.packages);
        !installed.any(|other| other.name == package) && size::merely_recommends(&names, package)
    };
    let certificates = run.stage.facts().is_some_and(|facts| facts.ca_certificates);
    let mut needed = Vec::new();
    if !certificates && missing("ca-certificates") && speaks_tls(cx, run.stage) {
        needed.push("ca-certificates");
    }
    // A compiler without the headers and start files of the C library makes no program.
    if missing("libc6-dev") {
        needed.push("libc6-dev");
    }
    needed
}

/// Something fetches by https, or from where only a variable tells, here or in a stage that builds on this one.
fn speaks_tls(cx: &Context<'_>, stage: &Stage) -> bool {
    let fetches = |cmd: &ShellCommand| {
        let variable = cmd.args.iter().any(|arg| arg.text.contains('$'));
        match cmd.name.text.as_str() {
            "curl" | "wget" => variable,
            "git" => variable || cmd.subcommand("submodule").is_some(),
            "go" | "gem" | "bundle" | "composer" | "add-apt-repository" => true,
            _ => false,
        }
    };
    let here = stage.steps.iter().any(|step| {
        let Some(script) = &step.script else { return false };
        let text = cx.dockerfile.get(step.inst).map_or("", |instruction| cx.source.slice(instruction.span));
        text.contains("https:") || script.commands.iter().chain(&script.substitutions).any(fetches)
    });
    let later = stage.children.iter().filter(|child| **child > stage.id).filter_map(|child| cx.model.stage(*child));
    here || later.into_iter().any(|child| speaks_tls(cx, child))
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
