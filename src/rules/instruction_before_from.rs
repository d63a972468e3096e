//! An instruction before the first FROM.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::syntax::Keyword;

pub static RULE: Rule = Rule {
    slug: "instruction-before-from",
    aliases: &["DL3061"],
    summary: "only ARG may stand before the first FROM",
    category: Category::Correctness,
    severity: Severity::Error,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/instruction-before-from.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let before = cx.dockerfile.instructions().map(|(_, inst)| inst).take_while(|inst| inst.keyword != Keyword::From);
    for instruction in before.filter(|inst| !matches!(inst.keyword, Keyword::Arg | Keyword::Unknown)) {
        let name = instruction.name.text.to_ascii_uppercase();
        out.push(
            Diagnostic::at(instruction.content, format!("{name} stands before the first FROM"))
                .help("move it behind FROM; only ARG may stand before"),
        );
    }
}
