//! What rules ask of a stage as a whole.

use super::chain;
use crate::diagnostic::Diagnostic;
use crate::model::{Stage, Step};
use crate::rules::Context;
use crate::syntax::{Instruction, Keyword};

/// The second and later instructions of the kind in each stage.
pub fn repeated(cx: &Context<'_>, keyword: Keyword) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for stage in &cx.model.stages {
        let mut all = of_kind(cx, stage, keyword).map(|(_, instruction)| instruction);
        let Some(first) = all.next() else { continue };
        for instruction in all {
            let name = instruction.name.text.to_ascii_uppercase();
            found.push(
                Diagnostic::at(instruction.content, format!("the stage has another {name} already"))
                    .label(first.content, "the first one")
                    .help(format!("only the last {name} of a stage counts; keep one")),
            );
        }
    }
    found
}

/// The instructions of the kind that the stage itself holds, without those of ONBUILD.
pub fn of_kind<'a>(
    cx: &'a Context<'_>,
    stage: &'a Stage,
    keyword: Keyword,
) -> impl DoubleEndedIterator<Item = (&'a Step, &'a Instruction)> {
    let steps = stage.steps.iter().filter_map(|step| Some((step, cx.dockerfile.get(step.inst)?)));
    steps.filter(move |(_, instruction)| instruction.keyword == keyword)
}

/// The last instruction of the kind in the stage, or in the closest of the stages that it stands on.
pub fn last_in_chain<'a>(
    cx: &'a Context<'_>,
    stage: &'a Stage,
    keyword: Keyword,
) -> Option<(&'a Step, &'a Instruction)> {
    chain(cx, stage).into_iter().rev().find_map(|stage| of_kind(cx, stage, keyword).next_back())
}
