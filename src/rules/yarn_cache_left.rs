//! yarn without `yarn cache clean` in a layer that ships.

use super::support::downloads::Downloads;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::model::Manager;

pub static RULE: Rule = Rule {
    slug: "yarn-cache-left",
    aliases: &["DL3060"],
    summary: "what yarn downloads stays in a layer that ships",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/yarn-cache-left.md"),
    check,
};

static DOWNLOADS: Downloads = Downloads {
    manager: Manager::Yarn,
    folders: &["/.cache/yarn", "/usr/local/share/.cache", "/.yarn"],
    folder_flags: &["--cache-folder"],
    folder_variables: &["YARN_CACHE_FOLDER"],
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    // From version 2 on the cache can be where programs are run from.
    let modern = ["corepack", "--immutable", ".yarnrc.yml", "yarn set version", "workspaces focus", ".yarn/", ".pnp."];
    if modern.iter().any(|text| cx.source.text.contains(text)) {
        return;
    }
    for kept in DOWNLOADS.kept(cx) {
        out.push(
            Diagnostic::at(kept.cmd.span, "what yarn downloads stays in this layer")
                .help("run yarn cache clean in the same RUN, or mount a cache and name it with --cache-folder"),
        );
    }
}
