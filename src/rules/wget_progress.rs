//! wget that fills the log with its progress.

use super::support::calls::{all_runs, commands, editable, output_is_read};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Stage;
use crate::shell::ShellCommand;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "wget-progress",
    aliases: &["DL3047"],
    summary: "wget fills the log with its progress",
    category: Category::Style,
    severity: Severity::Info,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: false,
    doc: include_str!("../../rules/wget-progress.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for run in all_runs(cx) {
        let loud: Vec<&ShellCommand> = commands(&run).filter(|cmd| is_loud(cmd)).collect();
        let Some(first) = loud.first() else { continue };
        let found = Diagnostic::at(first.span, "wget writes its progress into the log of the build")
            .help("add -nv or --progress=dot:giga");
        let fits = loud.iter().all(|cmd| cmd.name.literal && editable(&run, cmd) && !output_is_read(&run, cmd));
        out.push(match fits && is_gnu(run.stage) {
            true => {
                let edits = loud.iter().map(|cmd| Edit::insert(cmd.name.span.end, " -nv")).collect();
                found.fix(Applicability::Safe, "Add -nv", edits)
            }
            false => found,
        });
    }
}

/// The wget of busybox knows no `-nv`.
fn is_gnu(stage: &Stage) -> bool {
    stage.facts().is_some_and(|facts| matches!(facts.family.as_str(), "debian" | "ubuntu" | "rhel"))
}

fn is_loud(cmd: &ShellCommand) -> bool {
    let long = ["--progress", "--quiet", "--no-verbose", "--output-file", "--append-output", "--version", "--help"];
    let short = ['q', 'o', 'a', 'V', 'h'].iter().any(|letter| cmd.has_short(*letter));
    let told = cmd.args.iter().any(|arg| arg.text == "-nv" || arg.text.starts_with("-nv"));
    cmd.name.text == "wget" && !cmd.has_flag(&long) && !short && !told
}
