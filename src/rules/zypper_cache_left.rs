//! zypper used in a layer that ships, without `zypper clean` in the same RUN.

use super::support::caches::Cache;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "zypper-cache-left",
    aliases: &["DL3036"],
    summary: "zypper caches stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/zypper-cache-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["zypper"],
    fills: &["install", "in", "update", "up", "dist-upgrade", "dup", "refresh", "ref", "patch", "source-install", "si"],
    unless: &[],
    dirs: &["/var/cache/zypp"],
    cleans: &[("zypper", &["clean", "cc"])],
    update_installs: true,
    message: "what zypper downloads for itself stays in this layer",
    help: "run zypper clean --all in the same RUN, or mount a cache at /var/cache/zypp",
    idle: None,
    leftover: Some("zypper-cache"),
    append: Some(("zypper clean --all", "Run zypper clean --all in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
