//! RUN right behind RUN.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Step;
use crate::syntax::{Body, Instruction};

pub static RULE: Rule = Rule {
    slug: "consecutive-run",
    aliases: &["DL3059"],
    summary: "two RUN instructions that could be one",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/consecutive-run.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        for pair in stage.steps.windows(2) {
            let [first, second] = pair else { continue };
            let (Some(one), Some(two)) = (short_run(cx, first), short_run(cx, second)) else { continue };
            let flags = |run: &Instruction| -> Vec<String> {
                run.flags.iter().map(|flag| cx.source.slice(flag.span).to_string()).collect()
            };
            if flags(one) == flags(two) {
                out.push(
                    Diagnostic::at(two.content, "this RUN could be part of the one before").help("join them with &&"),
                );
            }
        }
    }
}

/// A RUN of one command.
fn short_run<'a>(cx: &'a Context<'_>, step: &Step) -> Option<&'a Instruction> {
    let instruction = cx.dockerfile.get(step.inst)?;
    let commands = step.script.as_ref().map_or(1, |script| {
        script.commands.iter().chain(&script.substitutions).filter(|cmd| !cmd.name.text.is_empty()).count()
    });
    (matches!(instruction.body, Body::Run(_)) && commands <= 1).then_some(instruction)
}
