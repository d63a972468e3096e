//! A program linked against one C library, copied to an image with another, or none.

use super::support::go::{self, CgoNeed};
use super::support::{Run, chain, inside, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{ImageFacts, Libc, Source, Stage, Step};
use crate::shell::ShellCommand;
use crate::text::Span;

pub static RULE: Rule = Rule {
    slug: "libc-mismatch",
    aliases: &[],
    summary: "a program is linked against a C library that the image it is copied to does not have",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/libc-mismatch.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    go_programs(cx, out);
    other_programs(cx, out);
}

fn go_programs(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if cx.model.commands("go").next().is_none() {
        return;
    }
    for stage in &cx.model.stages {
        for build in go::builds(cx, stage) {
            if !build.makes_program() || !go::links_libc(cx, &build) {
                continue;
            }
            for taken in go::taken(cx, &build) {
                let Some(clash) = clash(cx, stage, taken.stage) else { continue };
                let program = go::program(cx, &build, taken.output);
                let networked = program.as_ref().is_some_and(|program| program.libc.is_some());
                // Pure Go without net and os/user is static whatever cgo says.
                let whole =
                    program.as_ref().is_some_and(|program| program.gaps.is_empty() && program.unread.is_empty());
                let need = go::cgo_need(cx, &build);
                if whole && !networked && need == CgoNeed::None {
                    continue;
                }
                let sure = need == CgoNeed::Needed || networked;
                let Some(copy) = cx.dockerfile.get(taken.step.inst) else { continue };
                let message = match sure {
                    true => format!("this program is linked against {}, and {}", clash.has, clash.lacks),
                    false => {
                        format!("with cgo on this program may be linked against {}, and {}", clash.has, clash.lacks)
                    }
                };
                let found = Diagnostic::at(copy.content, message).label(build.go.span, "built here with cgo").help(
                    match need {
                        CgoNeed::Needed => {
                            "build it on an image with the C library of the final one, or link it statically"
                        }
                        _ => "build it with CGO_ENABLED=0",
                    },
                );
                out.push(match (go::cgo_fix(cx, &build), build.disable_cgo()) {
                    (Some(applicability), Some(edit)) => found.fix(applicability, "Set CGO_ENABLED=0", vec![edit]),
                    _ => found,
                });
            }
        }
    }
}

/// Programs of rustc and of C compilers, which link dynamically unless told otherwise.
fn other_programs(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        for step in stage.steps.iter().filter(|step| !step.onbuild) {
            let Some(copied) = &step.copied else { continue };
            let Source::Stage(from) = copied.from else { continue };
            let Some(from) = cx.model.stage(from) else { continue };
            let Some(clash) = clash(cx, from, stage) else { continue };
            let linked = copied
                .sources
                .iter()
                .filter_map(|source| source.path.as_deref())
                .find_map(|path| linked(cx, from, &format!("/{}", path.trim_start_matches('/'))));
            if let (Some(span), Some(copy)) = (linked, cx.dockerfile.get(step.inst)) {
                out.push(
                    Diagnostic::at(
                        copy.content,
                        format!("this program is linked against {}, and {}", clash.has, clash.lacks),
                    )
                    .label(span, "linked here")
                    .help("link it statically, or take bases of one distribution for both"),
                );
            }
        }
    }
}

/// Where a program with that path is linked dynamically.
fn linked(cx: &Context<'_>, stage: &Stage, path: &str) -> Option<Span> {
    chain(cx, stage).into_iter().flat_map(|stage| runs(cx, stage)).find_map(|run| {
        let spoken = text(cx, &run);
        let found = run.script.commands.iter().find(|cmd| match cmd.name.text.as_str() {
            "cargo" => {
                rust_target(run.step, cmd, spoken)
                    && (path.contains("/target/release/") || path.contains("/target/debug/"))
                    && !path.ends_with('/')
            }
            "gcc" | "g++" | "cc" | "clang" | "clang++" => {
                let output = cmd.flag_value("-o");
                let named = output.is_some_and(|output| {
                    super::support::absolute(
                        run.step,
                        cmd,
                        &crate::shell::ShellWord { text: output, literal: true, ..Default::default() },
                    )
                    .is_some_and(|output| output == path)
                });
                named
                    && !cmd.args.iter().any(|arg| {
                        arg.text.contains("static") || matches!(arg.text.as_str(), "-c" | "-shared" | "-S" | "-E")
                    })
            }
            _ => false,
        })?;
        Some(found.span)
    })
}

/// `cargo build` for the machine's own target, with nothing said about linking.
fn rust_target(step: &Step, cmd: &ShellCommand, text: &str) -> bool {
    let builds = cmd.args.iter().any(|arg| matches!(arg.text.as_str(), "build" | "b"));
    let target = cmd.args.iter().any(|arg| arg.text.starts_with("--target") && !arg.text.starts_with("--target-dir"));
    let set =
        ["CARGO_BUILD_TARGET", "RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].iter().any(|name| step.env.get(name).is_some());
    builds && !target && !set && !text.contains("RUSTFLAGS") && !text.contains("musl")
}

fn text<'a>(cx: &'a Context<'_>, run: &Run<'_>) -> &'a str {
    cx.source.slice(run.instruction.content)
}

struct Clash {
    has: String,
    lacks: String,
}

/// What differs between the C libraries of the stage that links and the stage that runs.
fn clash(cx: &Context<'_>, from: &Stage, to: &Stage) -> Option<Clash> {
    let (one, other) = (from.facts()?, to.facts()?);
    if brings_libc(cx, to) {
        return None;
    }
    let has = name(one)?;
    let here = display(to, other);
    let lacks = match (one.libc, other.libc) {
        (Libc::Glibc, Libc::Musl) => format!("{here} has musl"),
        (Libc::Musl, Libc::Glibc) => format!("{here} has glibc"),
        (Libc::Glibc | Libc::Musl, Libc::None) => format!("{here} has no C library"),
        _ => return None,
    };
    Some(Clash { has, lacks })
}

fn name(facts: &ImageFacts) -> Option<String> {
    match facts.libc {
        Libc::Glibc => Some("glibc".to_string()),
        Libc::Musl => Some("musl".to_string()),
        _ => None,
    }
}

fn display(stage: &Stage, facts: &ImageFacts) -> String {
    stage.image().map_or_else(|| facts.name.clone(), |image| image.text.to_string())
}

/// Someone thought of it: a layer of the other C library is installed, or libraries are copied.
fn brings_libc(cx: &Context<'_>, stage: &Stage) -> bool {
    let compat = ["gcompat", "libc6-compat", "musl", "glibc", "libc6"];
    chain(cx, stage).into_iter().flat_map(|stage| &stage.steps).any(|step| {
        let installed = step
            .installs
            .iter()
            .flat_map(|install| &install.packages)
            .any(|package| compat.contains(&package.name.as_str()));
        let copied = step.copied.as_ref().is_some_and(|copied| {
            let libraries = |path: &str| {
                let path = format!("/{}", path.trim_start_matches('/'));
                ["/lib", "/lib64", "/usr/lib", "/usr/lib64"].iter().any(|dir| inside(&path, dir))
                    || path.contains("ld-linux")
                    || path.contains("ld-musl")
                    || path == "/"
            };
            copied.dest.as_deref().is_none_or(|dest| libraries(dest) && dest != "/")
                || copied.sources.iter().any(|source| source.path.as_deref().is_none_or(libraries))
        });
        let spoken = cx.dockerfile.get(step.inst).is_some_and(|inst| cx.source.slice(inst.content).contains("glibc"));
        installed || copied || spoken
    })
}
