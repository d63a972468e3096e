//! An archive that a RUN fetches and unpacks, and does not delete.

use super::support::effects::{self, How, Thing};
use super::support::{Run, absolute, can_append, chained, shipping_runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::shell::{ShellCommand, ShellWord};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "archive-left",
    aliases: &[],
    summary: "an archive is downloaded and unpacked, and both stay in the layer",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/archive-left.md"),
    check,
};

const ENDINGS: &[&str] =
    &[".7z", ".bz2", ".gz", ".tar", ".tbz", ".tbz2", ".tgz", ".txz", ".xz", ".zip", ".zst", ".whl", ".jar"];

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in shipping_runs(cx).filter(|run| !run.step.onbuild) {
        for made in effects::made(&run) {
            let Thing::Path(path) = &made.what else { continue };
            let fetched =
                command_at(&run, made.span).is_some_and(|(_, cmd)| matches!(cmd.name.text.as_str(), "curl" | "wget"));
            if !fetched || !ENDINGS.iter().any(|ending| path.ends_with(ending)) || deleted_later(cx, &run, path) {
                continue;
            }
            let unpacked = run.script.commands.iter().enumerate().find_map(|(index, cmd)| {
                let word = unpacks(&run, cmd, path)?;
                (cmd.span.start > made.span.start).then_some((index, cmd, word))
            });
            let Some((index, cmd, word)) = unpacked else { continue };
            let name = path.rsplit('/').next().unwrap_or(path);
            let found =
                Diagnostic::at(cmd.span, format!("`{name}` stays in the layer beside what is unpacked from it"))
                    .label(made.span, "fetched here")
                    .help("delete it in the same RUN, or pipe the download into the program that unpacks it");
            // Nothing behind it speaks of the file.
            let mut rest = run.script.commands.iter().skip(index + 1);
            let free = rest.all(|later| later.args.iter().all(|arg| !arg.text.contains(name)));
            out.push(match free && can_append(cx, &run, index) {
                true => {
                    let command = format!("rm {}", cx.source.slice(word.span));
                    let edit = Edit::insert(cmd.span.end, chained(cx, run.instruction, cmd.span.end, &command));
                    found.fix(Applicability::Unsafe, format!("Delete {name} once it is unpacked"), vec![edit])
                }
                false => found,
            });
        }
    }
}

fn command_at<'a>(run: &Run<'a>, span: crate::text::Span) -> Option<(usize, &'a ShellCommand)> {
    run.script.commands.iter().enumerate().find(|(_, cmd)| cmd.span == span)
}

/// The word of tar or unzip that names the archive.
fn unpacks<'c>(run: &Run<'_>, cmd: &'c ShellCommand, path: &str) -> Option<&'c ShellWord> {
    let first = cmd.args.first().map_or("", |arg| arg.text.trim_start_matches('-'));
    let extracts = match cmd.name.text.as_str() {
        "tar" | "bsdtar" => !first.starts_with(['c', 't', 'r', 'u']) || cmd.has_flag(&["--extract"]),
        "unzip" => !cmd.has_flag(&["-l", "-t", "-v", "-Z"]),
        _ => false,
    };
    cmd.args.iter().find(|arg| extracts && absolute(run.step, cmd, arg).as_deref() == Some(path))
}

/// A later command deletes it, or may do so; what a later RUN deletes is the business of other rules.
fn deleted_later(cx: &Context<'_>, run: &Run<'_>, path: &str) -> bool {
    let made = Thing::Path(path.to_string());
    let vague = |cmd: &ShellCommand| {
        matches!(cmd.name.text.as_str(), "rm" | "find" | "mv")
            && (cmd.opaque || cmd.conditional || cmd.args.iter().any(|arg| absolute(run.step, cmd, arg).is_none()))
    };
    run.script.commands.iter().any(vague)
        || super::support::runs(cx, run.stage).filter(|later| later.index > run.index).any(|later| {
            effects::touched_before(&later)
                .iter()
                .any(|touched| touched.how != How::Changed && effects::hits(touched, &made))
        })
}
