//! `npm install` where a lock file is there, which `npm ci` keeps to.

use super::support::calls::editable;
use super::support::runs;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{Action, Copied, Manager, Source};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "npm-install-with-lock",
    aliases: &[],
    summary: "npm install may change what the lock file says",
    category: Category::Reproducibility,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/npm-install-with-lock.md"),
    check,
};

const LOCKS: &[&str] = &["package-lock.json", "npm-shrinkwrap.json"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let Some(copy) =
            stage.steps.iter().position(|step| step.copied.as_ref().is_some_and(|copied| brings_lock(cx, copied)))
        else {
            continue;
        };
        for run in runs(cx, stage).filter(|run| run.index > copy) {
            for cmd in &run.script.commands {
                let call = crate::model::call(cmd).filter(|call| {
                    call.facts.manager == Manager::Npm
                        && call.action == Action::Install
                        && call.operands(cmd).is_empty()
                });
                let Some(verb) = call.and_then(|call| call.verb).and_then(|at| cmd.args.get(at)) else { continue };
                let global =
                    cmd.has_short('g') || cmd.has_flag(&["--global", "--no-package-lock", "--package-lock-only"]);
                if global || !matches!(verb.text.as_str(), "install" | "i" | "in" | "ins" | "inst") {
                    continue;
                }
                let found = Diagnostic::at(cmd.span, "npm install may change what the lock file says")
                    .help("use npm ci: it installs what the lock file lists, or fails");
                let fits = verb.literal && editable(&run, cmd);
                out.push(match fits {
                    true => found.fix(Applicability::Unsafe, "Use npm ci", vec![Edit::replace(verb.span, "ci")]),
                    false => found,
                });
            }
        }
    }
}

fn brings_lock(cx: &Context<'_>, copied: &Copied) -> bool {
    copied.from == Source::Context
        && copied.sources.iter().filter_map(|source| source.path.as_deref()).any(|path| {
            let path = path.trim_start_matches("./").trim_matches('/');
            let name = path.rsplit('/').next().unwrap_or(path);
            let in_context = |dir: &str| {
                cx.build_context.is_some_and(|context| {
                    LOCKS.iter().any(|lock| context.is_file(format!("{dir}/{lock}").trim_start_matches('/')))
                })
            };
            LOCKS.contains(&name)
                || (matches!(path, "" | ".") && in_context(""))
                || (name == "package*.json" && in_context(path.strip_suffix(name).unwrap_or("").trim_end_matches('/')))
        })
}
