//! microdnf used in a layer that ships, without `microdnf clean all` in the same RUN.

use super::support::caches::Cache;
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "microdnf-cache-left",
    aliases: &[],
    summary: "microdnf caches stay in a layer that ships",
    category: Category::Size,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/microdnf-cache-left.md"),
    check,
};

static CACHE: Cache = Cache {
    programs: &["microdnf"],
    fills: &["install", "update", "upgrade", "reinstall", "module", "makecache"],
    unless: &[],
    dirs: &["/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"],
    cleans: &[("microdnf", &["clean"]), ("dnf", &["clean"]), ("yum", &["clean"])],
    update_installs: true,
    message: "what microdnf downloads for itself stays in this layer",
    help: "run microdnf clean all in the same RUN",
    leftover: "dnf-cache",
    append: Some(("microdnf clean all", "Run microdnf clean all in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
