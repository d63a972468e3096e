//! Instructions in different cases.

use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::syntax::Keyword;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "consistent-instruction-casing",
    aliases: &["ConsistentInstructionCasing"],
    summary: "an instruction is written in another case than most",
    category: Category::Style,
    severity: Severity::Style,
    fix: FixAvailability::Always,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/consistent-instruction-casing.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let known = |keyword: Keyword| keyword != Keyword::Unknown;
    let names = || cx.dockerfile.instructions().map(|(_, inst)| inst).filter(|inst| known(inst.keyword));
    let lower = names().filter(|inst| is_lower(&inst.name.text)).count();
    let upper = names().filter(|inst| is_upper(&inst.name.text)).count();
    let (word, to_lower) = if lower > upper { ("lower", true) } else { ("upper", false) };
    for instruction in names() {
        let name = &instruction.name;
        let good = if to_lower { is_lower(&name.text) } else { is_upper(&name.text) };
        if good || cx.source.slice(name.span) != name.text {
            continue;
        }
        let wanted = if to_lower { name.text.to_ascii_lowercase() } else { name.text.to_ascii_uppercase() };
        out.push(
            Diagnostic::at(name.span, format!("`{}` is not in {word} case, as most instructions are", name.text))
                .help(format!("write `{wanted}`"))
                .fix(Applicability::Safe, format!("Write `{wanted}`"), vec![Edit::replace(name.span, wanted)]),
        );
    }
}

fn is_lower(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_lowercase())
}

fn is_upper(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_uppercase())
}
