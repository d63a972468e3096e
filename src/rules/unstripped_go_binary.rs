//! A Go program that ships with its symbol table and debug information.

use super::support::go::{self, Build};
use super::support::{chain, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity, Waste};
use crate::model::Stage;
use crate::rewrite::toolchains::go::Ldflags;
use crate::rewrite::toolchains::go::build::before_flags;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "unstripped-go-binary",
    aliases: &[],
    summary: "a Go program ships with its symbol table and debug information",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/unstripped-go-binary.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if cx.model.commands("go").next().is_none() || debugged(cx) {
        return;
    }
    for stage in &cx.model.stages {
        if stripped_later(cx, stage) {
            continue;
        }
        for build in go::builds(cx, stage) {
            let stripped =
                build.go.ldflags.as_ref().is_some_and(|flags| flags.strip_s || flags.strip_w || hidden(flags));
            if !build.makes_program() || stripped || build.is_foreign() || !go::ships(cx, &build) || debug_flags(&build)
            {
                continue;
            }
            let found = Diagnostic::at(build.go.span, "the program ships with its symbol table and debug information")
                .help("add -ldflags=\"-s -w\": a third of the size goes, stack traces stay")
                .waste(Waste::DebugInfo(build.run.step.inst));
            out.push(match edit(cx, &build) {
                // What it reads may be its own symbols, which would be gone.
                _ if go::reads_symbols(cx, &build) => found.help(
                    "it reads symbols (debug/elf, debug/dwarf, debug/gosym, plugin): strip it only if not its own",
                ),
                Some(edit) => found.fix(Applicability::Unsafe, "Strip the program with -ldflags=\"-s -w\"", vec![edit]),
                None => found,
            });
        }
    }
}

/// A debugger is part of the file.
fn debugged(cx: &Context<'_>) -> bool {
    ["dlv", "gdb", "delve"].iter().any(|word| cx.source.text.contains(word))
}

fn debug_flags(build: &Build<'_>) -> bool {
    build.command.args.iter().any(|arg| arg.text.contains("-gcflags") || arg.text.contains("-N -l"))
}

/// `strip` and `upx` do it too.
fn stripped_later(cx: &Context<'_>, stage: &Stage) -> bool {
    chain(cx, stage).into_iter().any(|stage| {
        runs(cx, stage).any(|run| {
            run.script.commands.iter().any(|cmd| matches!(cmd.name.text.as_str(), "strip" | "upx" | "objcopy"))
        })
    })
}

/// The flags hold a variable that may well say it.
fn hidden(flags: &Ldflags) -> bool {
    !flags.literal && flags.text.split_whitespace().any(|word| word.starts_with('$'))
}

fn edit(cx: &Context<'_>, build: &Build<'_>) -> Option<Edit> {
    if !build.run.editable() || build.command.opaque {
        return None;
    }
    let Some(flags) = &build.go.ldflags else {
        let goflags = build.run.step.env.get("GOFLAGS").is_some()
            || build
                .command
                .assignments
                .iter()
                .chain(build.command.env.iter())
                .any(|assignment| assignment.name == "GOFLAGS");
        let before = before_flags(build.command)?;
        return (!goflags && before.literal).then(|| Edit::insert(before.span.end, " -ldflags=\"-s -w\""));
    };
    if !flags.takes_more() {
        return None;
    }
    // Into the quotes that are there.
    let text = cx.source.slice(flags.span);
    let quote = text.find(['"', '\''])?;
    let opening = text.get(..quote)?;
    matches!(opening, "" | "-ldflags=" | "--ldflags=")
        .then(|| Edit::insert(flags.span.start + quote as u32 + 1, "-s -w "))
}
