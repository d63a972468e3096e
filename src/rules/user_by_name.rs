//! USER by name.

use super::support::calls::resolved;
use super::support::instructions::{steps, value};
use super::support::{chain, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Stage;
use crate::syntax::{Body, InstId};
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "user-by-name",
    aliases: &["DL3066"],
    summary: "USER is a name, which Kubernetes cannot tell from root",
    category: Category::Security,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/user-by-name.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let Body::User(word) = &instruction.body else { continue };
        // A value that is not known here may be a number.
        let Some(user) = value(cx, &step.env, word).filter(|_| !stage.windows) else { continue };
        let name = user.split(':').next().unwrap_or(&user);
        if !name.is_empty() && !name.bytes().all(|byte| byte.is_ascii_digit()) {
            let found = Diagnostic::at(word.span, format!("the user `{name}` is no number"))
                .help("Kubernetes' runAsNonRoot only accepts users by number, as in `USER 1000`");
            let number = made_with(cx, stage, step.inst, name).filter(|_| word.text == user && !step.onbuild);
            out.push(match number {
                Some(number) => {
                    let edit = Edit::replace(word.span, user.replacen(name, &number, 1));
                    found.fix(Applicability::Unsafe, format!("Use its number, {number}"), vec![edit])
                }
                None => found,
            });
        }
    }
}

/// The number that the file itself gives the user; `None` where it gives none, or several.
fn made_with(cx: &Context<'_>, stage: &Stage, before: InstId, name: &str) -> Option<String> {
    let mut numbers = Vec::new();
    for stage in chain(cx, stage) {
        for run in runs(cx, stage).filter(|run| run.step.inst < before) {
            for cmd in run.script.commands.iter().filter(|cmd| makes_users(&cmd.name.text)) {
                let cmd = resolved(&run, cmd);
                let number = ["-u", "--uid"].iter().find_map(|flag| cmd.flag_value(flag));
                if cmd.args.iter().any(|arg| arg.text == name) {
                    numbers.push(number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))?);
                }
            }
        }
    }
    numbers.dedup();
    match numbers.as_slice() {
        [number] => Some(number.clone()),
        _ => None,
    }
}

fn makes_users(program: &str) -> bool {
    matches!(program, "useradd" | "adduser" | "usermod")
}
