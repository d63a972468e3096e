//! A Go program that is linked against the C library of its builder, where nothing says that it needs one.

use super::support::go::{self, Build, CgoNeed};
use super::support::layers_ship;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Libc, Stage};
use crate::rewrite::toolchains::go::Cgo;

pub static RULE: Rule = Rule {
    slug: "cgo-not-disabled",
    aliases: &[],
    summary: "a Go program is built with cgo, which ties it to the C library of its builder",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/cgo-not-disabled.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    if cx.model.commands("go").next().is_none() {
        return;
    }
    for stage in &cx.model.stages {
        for build in go::builds(cx, stage) {
            let default = build.go.cgo == Cgo::Default && build.makes_program() && go::links_libc(cx, &build);
            if !default || go::cgo_need(cx, &build) == CgoNeed::Needed || go::is_static_anyway(cx, &build) {
                continue;
            }
            if let Some(found) = elsewhere(cx, &build).or_else(|| here(cx, stage, &build)) {
                let found = found.help("build with CGO_ENABLED=0, if nothing in the program needs C");
                out.push(match (go::cgo_fix(cx, &build), build.disable_cgo()) {
                    (Some(applicability), Some(edit)) => found.fix(applicability, "Set CGO_ENABLED=0", vec![edit]),
                    _ => found,
                });
            }
        }
    }
}

/// The program is copied to an image with another C library, or none.
fn elsewhere(cx: &Context<'_>, build: &Build<'_>) -> Option<Diagnostic> {
    let own = build.run.stage.facts()?;
    let taken = go::taken(cx, build)
        .into_iter()
        .find(|taken| taken.stage.facts().is_some_and(|facts| facts.libc != own.libc && facts.libc != Libc::Unknown))?;
    let step = cx.dockerfile.get(taken.step.inst)?;
    Some(
        Diagnostic::at(build.go.span, "cgo is on, so the program may need the C library of this image")
            .label(step.content, "and is copied to an image without it"),
    )
}

/// The program ships in the image that built it: with cgo off it could leave.
fn here(cx: &Context<'_>, stage: &Stage, build: &Build<'_>) -> Option<Diagnostic> {
    (layers_ship(cx.model, stage) && !build.is_foreign()).then(|| {
        Diagnostic::at(build.go.span, "cgo is on, so the program runs only beside the C library of this image")
    })
}
