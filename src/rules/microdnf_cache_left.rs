//! microdnf used in a layer that ships, without `microdnf clean all` in the same RUN.

use super::support::caches::{Cache, RPM_FILLS};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};

pub static RULE: Rule = Rule {
    slug: "microdnf-cache-left",
    aliases: &["DL3040"],
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
    fills: RPM_FILLS,
    unless: &[],
    dirs: &["/var/cache/yum", "/var/cache/dnf", "/var/cache/libdnf5"],
    cleans: &[("microdnf", &["clean"])],
    update_installs: true,
    message: "what microdnf downloads for itself stays in this layer",
    help: "run microdnf clean all in the same RUN",
    idle: None,
    leftover: Some("dnf-cache"),
    append: Some(("microdnf clean all", "Run microdnf clean all in the same RUN")),
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    CACHE.check(cx, out);
}
