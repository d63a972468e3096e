//! A whole root file system copied.

use super::support::instructions::all;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::{Base, Source};
use crate::syntax::Body;

pub static RULE: Rule = Rule {
    slug: "whole-root-copied",
    aliases: &["DL3067"],
    summary: "a whole root file system is copied into another",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/whole-root-copied.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for instruction in all(cx) {
        let Body::Copy(transfer) = &instruction.body else { continue };
        let root = |text: &str| text.trim_matches(['"', '\'']) == "/";
        if instruction.flag("from").is_none()
            || !root(&transfer.dest.text)
            || !transfer.sources.iter().any(|source| root(&source.text))
            || onto_scratch(cx, instruction.content.start)
        {
            continue;
        }
        out.push(
            Diagnostic::at(instruction.content, "the whole root file system of the other stage is copied")
                .help("copy what the image needs, or start from the stage"),
        );
    }
}

/// Onto an empty image, and from a stage that is itself one: that is how layers are put together into one.
fn onto_scratch(cx: &Context<'_>, at: u32) -> bool {
    let step = cx.model.stages.iter().flat_map(|stage| stage.steps.iter().map(move |step| (stage, step)));
    step.into_iter().any(|(stage, step)| {
        let here = cx.dockerfile.get(step.inst).is_some_and(|inst| inst.content.start == at);
        let from_scratch = match step.copied.as_ref().map(|copied| &copied.from) {
            Some(Source::Stage(id)) => {
                cx.model.chain(*id).last().is_some_and(|bottom| matches!(bottom.base, Base::Scratch))
            }
            _ => false,
        };
        here && from_scratch && matches!(stage.base, Base::Scratch)
    })
}
