//! pip without --no-cache-dir in a layer that ships.

use super::support::calls::editable;
use super::support::downloads::{Downloads, Kept};
use super::support::too_old_for_flag;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::Manager;
use crate::shell::ShellCommand;
use crate::text::Edit;

pub static RULE: Rule = Rule {
    slug: "pip-cache-left",
    aliases: &["DL3042"],
    summary: "what pip downloads stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/pip-cache-left.md"),
    check,
};

static DOWNLOADS: Downloads = Downloads {
    manager: Manager::Pip,
    folders: &["/.cache/pip", "/.cache/uv"],
    folder_flags: &["--cache-dir"],
    folder_variables: &["PIP_CACHE_DIR", "UV_CACHE_DIR"],
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    let text = &cx.source.text;
    // pip.conf or `pip config set global.no-cache-dir true`
    if text.contains("global.no-cache-dir") || text.contains("no-cache-dir =") || text.contains("no-cache-dir=") {
        return;
    }
    let all: Vec<Kept<'_>> =
        DOWNLOADS.kept(cx).into_iter().filter(|kept| !too_old_for_flag(cx, kept.run.stage)).collect();
    // One finding for each RUN, at its first install.
    for group in all.chunk_by(|one, two| one.run.step.inst == two.run.step.inst) {
        let Some(first) = group.first() else { continue };
        let flag = flag_of(first.cmd);
        let found = Diagnostic::at(first.cmd.span, "what pip downloads stays in this layer").help(
            match first.mounted_beside() {
                true => "a mount does not expand ~: write target=/root/.cache/pip".to_string(),
                false => format!("add {flag}, or mount a cache at /root/.cache"),
            },
        );
        let edits: Option<Vec<Edit>> = group.iter().map(|kept| edit(kept)).collect();
        let Some(edits) = edits else {
            out.push(found);
            continue;
        };
        // Somebody else may want what is there.
        let alone = !text.contains(".cache") && !text.contains("PIP_CACHE_DIR");
        let applicability = if alone { Applicability::Safe } else { Applicability::Unsafe };
        out.push(found.fix(applicability, format!("Add {flag}"), edits));
    }
}

fn flag_of(cmd: &ShellCommand) -> &'static str {
    if cmd.name.text == "uv" { "--no-cache" } else { "--no-cache-dir" }
}

fn edit(kept: &Kept<'_>) -> Option<Edit> {
    let verb = kept.cmd.args.iter().find(|arg| arg.text == "install" && arg.literal)?;
    // Of two flags that say where the cache is, the last one wins.
    if kept.cmd.args.iter().any(|arg| arg.text.starts_with("--cache-dir")) {
        return None;
    }
    editable(&kept.run, kept.cmd).then(|| Edit::insert(verb.span.end, format!(" {}", flag_of(kept.cmd))))
}
