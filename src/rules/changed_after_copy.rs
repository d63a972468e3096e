//! RUN chmod or chown of what a COPY before it brought.

use super::support::effects::{HEAVY, How, Thing, is_light, touched_before};
use super::support::instructions::removed;
use super::support::{Run, inside, layers_ship, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::{Copied, Source, SourceKind, Stage, Step};
use crate::shell::ShellCommand;
use crate::syntax::{Body, Instruction, Item};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "changed-after-copy",
    aliases: &[],
    summary: "a RUN changes mode or owner of what COPY brought, which stores it a second time",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/changed-after-copy.md"),
    check,
};

/// Below this, in bytes, a copied file is not worth a word.
const LIGHT: u64 = 100_000;

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in cx.model.stages.iter().filter(|stage| layers_ship(cx.model, stage)) {
        for run in runs(cx, stage) {
            for touched in touched_before(&run).into_iter().filter(|touched| touched.how == How::Changed) {
                let Thing::Path(path) = &touched.what else { continue };
                let Some((step, copy)) = copied_before(cx, stage, &run, path, touched.tree) else { continue };
                let Some(cmd) = run.script.commands.iter().find(|cmd| cmd.span == touched.span) else { continue };
                if is_so_already(cx, step, cmd, touched.tree) {
                    continue;
                }
                let (flag, value) = flag_for(cmd);
                let found = Diagnostic::at(
                    touched.span,
                    format!("what {} brought is stored a second time, for its new {value}", copy.name.text),
                )
                .label(copy.content, "copied here")
                .help(format!("give {} {flag}=… instead: the layer of this RUN holds every byte again", copy.name.text))
                .waste(Waste::Layer(step.inst));
                out.push(match moved_into_copy(cx, &run, step, copy, cmd, path, touched.tree) {
                    Some(edits) => found.fix(Applicability::Unsafe, format!("Use {flag} of {}", copy.name.text), edits),
                    None => found,
                });
                break;
            }
        }
    }
}

/// The file is executable in the context already: then its mode stays, and the layer holds nothing new.
fn is_so_already(cx: &Context<'_>, step: &Step, cmd: &ShellCommand, tree: bool) -> bool {
    let (Some(context), Some(copied)) = (cx.build_context, &step.copied) else { return false };
    let mode = cmd.args.iter().find(|arg| !arg.text.starts_with('-')).map_or("", |arg| arg.text.as_str());
    let wants = matches!(mode, "+x" | "a+x" | "u+x" | "ug+x" | "ugo+x" | "+rx" | "a+rx" | "755" | "0755");
    let executable = |path: &str| context.files.get(path.trim_start_matches("./")).is_some_and(|file| file.executable);
    let mut sources = copied.sources.iter().map(|source| source.path.as_deref());
    cmd.name.text == "chmod"
        && wants
        && !tree
        && copied.from == Source::Context
        && sources.all(|path| path.is_some_and(executable))
}

fn flag_for(cmd: &ShellCommand) -> (&'static str, &'static str) {
    if cmd.name.text == "chmod" { ("--chmod", "mode") } else { ("--chown", "owner") }
}

/// The last COPY or ADD before the RUN that brought what is changed, when it weighs something.
fn copied_before<'a>(
    cx: &'a Context<'_>,
    stage: &'a Stage,
    run: &Run<'_>,
    path: &str,
    tree: bool,
) -> Option<(&'a Step, &'a Instruction)> {
    stage.steps.iter().take(run.index).rev().filter(|step| !step.onbuild).find_map(|step| {
        let copied = step.copied.as_ref()?;
        let instruction = cx.dockerfile.get(step.inst)?;
        brings(cx, copied, path, tree).then_some((step, instruction))
    })
}

fn brings(cx: &Context<'_>, copied: &Copied, path: &str, tree: bool) -> bool {
    (0..copied.sources.len()).any(|index| {
        let Some(source) = copied.sources.get(index).filter(|source| source.kind == SourceKind::Path) else {
            return false;
        };
        let Some(name) = source.path.as_deref() else { return false };
        let file = copied.landing(index);
        let directory = is_directory(cx, copied, name);
        let hit = match (&file, directory) {
            // The content of a directory goes into the destination.
            (_, true) => tree && copied.dest.as_deref().is_some_and(|dest| inside(dest, path) && path != "/"),
            (Some(file), false) => file == path || (tree && inside(file, path)),
            (None, false) => false,
        };
        hit && weighs(cx, copied, name, directory)
    })
}

/// The source is a directory, by its name or by what stands in the context.
fn is_directory(cx: &Context<'_>, copied: &Copied, path: &str) -> bool {
    let plain = path.trim_start_matches("./").trim_matches('/');
    matches!(plain, "" | ".")
        || path.ends_with('/')
        || (copied.from == Source::Context && cx.build_context.is_some_and(|context| context.is_dir(plain)))
}

fn weighs(cx: &Context<'_>, copied: &Copied, path: &str, directory: bool) -> bool {
    let plain = path.trim_start_matches("./").trim_matches('/');
    if let (Some(context), Source::Context) = (cx.build_context, &copied.from) {
        return match directory {
            true => {
                context.under(if plain == "." { "" } else { plain }).map(|(_, file)| file.size).sum::<u64>() > LIGHT
            }
            false => {
                let target = context.followed(plain);
                target.and_then(|target| context.files.get(&target)).is_none_or(|file| file.size > LIGHT)
            }
        };
    }
    // Programs are copied from other stages; a file of the context is mostly a script.
    let heavy = HEAVY.iter().any(|ending| plain.ends_with(ending)) || copied.from != Source::Context;
    directory || (heavy && !is_light(plain))
}

/// The change as a flag of the COPY right before, when the RUN does nothing else.
fn moved_into_copy(
    cx: &Context<'_>,
    run: &Run<'_>,
    step: &Step,
    copy: &Instruction,
    cmd: &ShellCommand,
    path: &str,
    tree: bool,
) -> Option<Vec<Edit>> {
    let between = step.inst.0 as usize + 1..run.step.inst.0 as usize;
    let adjacent = cx.dockerfile.items.get(between)?.iter().all(|item| matches!(item, Item::Blank(_)));
    let alone = run.script.commands.len() == 1 && run.editable() && cmd.redirects.is_empty() && cmd.wrappers.is_empty();
    let Body::Copy(transfer) = &copy.body else { return None };
    let words: Vec<_> = cmd.args.iter().filter(|arg| !arg.text.starts_with('-')).collect();
    let [value, _] = words.as_slice() else { return None };
    let (flag, _) = flag_for(cmd);
    let copied = step.copied.as_ref()?;
    let whole = match tree {
        true => copied.dest.as_deref() == Some(path),
        false => transfer.sources.len() == 1 && copied.landing(0).as_deref() == Some(path),
    };
    // `+x` depends on the mode that is there; a tree has files and directories of different modes.
    let fits = match cmd.name.text.as_str() {
        "chmod" => !tree && value.text.len() >= 3 && value.text.bytes().all(|byte| matches!(byte, b'0'..=b'7')),
        "chown" => true,
        _ => false,
    };
    let plain =
        value.literal && transfer.sources.len() == 1 && copy.heredocs.is_empty() && !cmd.has_flag(&["--reference"]);
    if !(adjacent && alone && whole && fits && plain) || copy.flag(flag.trim_start_matches('-')).is_some() {
        return None;
    }
    let insert = Edit::insert(copy.name.span.end, format!(" {flag}={}", value.text));
    Some(vec![insert, removed(run.instruction)?])
}

#[cfg(test)]
mod tests {
    use crate::context::BuildContext;
    use crate::lint;
    use crate::settings::Settings;
    use crate::text::SourceFile;

    #[test]
    fn a_file_that_is_executable_in_the_context_gets_no_new_mode() {
        let (script, data) = (format!("#!/bin/sh\n{}", "x".repeat(200_000)), "x".repeat(200_000));
        let context = BuildContext::in_memory(&[("script", script.as_str()), ("data", data.as_str())]);
        for (source, command, found) in [
            ("script", "chmod +x", 0),
            ("script", "chmod 755", 0),
            ("script", "chmod 700", 1),
            ("script", "chown app", 1),
            ("data", "chmod +x", 1),
        ] {
            let text = format!("FROM debian:13\nCOPY {source} /app\nRUN {command} /app\n");
            let settings = Settings { select: Some(vec![super::RULE.slug]), ..Settings::default() };
            let checked = lint::check(SourceFile::new("Dockerfile", text.as_str()), Some(&context), &settings);
            assert_eq!(checked.diagnostics.len(), found, "{text}");
        }
    }
}
