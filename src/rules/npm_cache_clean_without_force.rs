//! npm cache clean without --force.

use super::support::answers::stops_the_build;
use super::support::calls::{all_runs, editable};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Stage;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "npm-cache-clean-without-force",
    aliases: &[],
    summary: "npm refuses to clean its cache without --force",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/npm-cache-clean-without-force.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx).filter(|run| !cleans_unforced(cx, run.stage)) {
        for cmd in run.script.commands.iter().filter(|cmd| cmd.name.text == "npm") {
            let words: Vec<_> = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
            let [cache, verb] = words.as_slice() else { continue };
            let cleans = cache.text == "cache" && matches!(verb.text.as_str(), "clean" | "clear" | "rm");
            let plain = cmd.args.iter().all(|arg| arg.literal) && !cmd.has_flag(&["--force", "--help"]);
            if !cleans || !plain || cmd.has_short('f') {
                continue;
            }
            let found = Diagnostic::at(cmd.span, "npm refuses this without --force, and fails").help("add --force");
            out.push(match editable(&run, cmd) {
                true => {
                    let stopped = stops_the_build(&run, cmd);
                    let applicability = if stopped { Applicability::Safe } else { Applicability::Unsafe };
                    found.fix(applicability, "Add --force", vec![Edit::insert(verb.span.end, " --force")])
                }
                false => found,
            });
        }
    }
}

/// npm before 5, which came with node before 8, cleans without a word.
fn cleans_unforced(cx: &Context<'_>, stage: &Stage) -> bool {
    let Some(image) = cx.model.chain(stage.id).last().and_then(|lowest| lowest.image()) else { return false };
    let tag = image.tag.as_ref().map_or("", |tag| tag.text.as_str());
    let major = tag.split(['.', '-']).next().and_then(|major| major.parse::<u32>().ok());
    let old = tag.starts_with("argon") || tag.starts_with("boron");
    image.name().rsplit('/').next() == Some("node") && (old || major.is_some_and(|major| major < 8))
}
