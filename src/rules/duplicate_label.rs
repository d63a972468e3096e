//! A label that is set twice in a stage.

use std::collections::BTreeMap;

use super::support::instructions::removed;
use super::support::labels::key;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::{Body, KeyValue};

pub static RULE: Rule = Rule {
    slug: "duplicate-label",
    aliases: &[],
    summary: "a label is set twice, so its first value is lost",
    category: Category::Correctness,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/duplicate-label.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        let mut last: BTreeMap<&str, &KeyValue> = BTreeMap::new();
        let mut found = Vec::new();
        for step in stage.steps.iter().rev().filter(|step| !step.onbuild) {
            let Some(instruction) = cx.dockerfile.get(step.inst) else { continue };
            let Body::Label(pairs) = &instruction.body else { continue };
            for pair in pairs.pairs.iter().rev().filter(|pair| !key(pair).contains('$')) {
                let Some(later) = last.get(key(pair)) else {
                    last.insert(key(pair), pair);
                    continue;
                };
                let lost = Diagnostic::at(pair.span, format!("the label `{}` is set again below", key(pair)))
                    .label(later.span, "this value counts")
                    .help("leave one of them out");
                let alone = pairs.pairs.len() == 1;
                found.push(match removed(instruction).filter(|_| alone) {
                    Some(edit) => lost.fix(Applicability::Safe, "Take the lost one out", vec![edit]),
                    None => lost,
                });
            }
        }
        out.extend(found.into_iter().rev());
    }
}
