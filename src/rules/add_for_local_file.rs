//! ADD of plain files.

use super::support::instructions::{is_rooted, renamed, steps, workdir_is_set};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Applicability, Diagnostic, Severity};
use crate::model::{CopySource, SourceKind};
use crate::syntax::Body;

/// What ADD unpacks; anything compressed may be one.
const ARCHIVES: &[&str] = &[
    "tar", "gz", "tgz", "bz2", "tbz", "tbz2", "tb2", "xz", "txz", "zst", "tzst", "lz", "tlz", "lzma", "z", "tz", "tpz",
];

/// Files that nobody packs an archive into.
const PLAIN: &[&str] = &[
    "c",
    "cc",
    "cert",
    "cfg",
    "cmd",
    "conf",
    "config",
    "cpp",
    "crt",
    "cs",
    "css",
    "csv",
    "dat",
    "deb",
    "env",
    "exe",
    "go",
    "h",
    "html",
    "ini",
    "jar",
    "java",
    "js",
    "json",
    "key",
    "list",
    "lock",
    "lua",
    "md",
    "mod",
    "pem",
    "php",
    "pl",
    "plist",
    "properties",
    "ps1",
    "pub",
    "py",
    "rb",
    "repo",
    "rpm",
    "rs",
    "rules",
    "service",
    "sh",
    "sql",
    "sum",
    "toml",
    "ts",
    "txt",
    "war",
    "xml",
    "yaml",
    "yml",
    "zip",
];

pub static RULE: Rule = Rule {
    slug: "add-for-local-file",
    aliases: &["DL3020"],
    summary: "ADD brings a plain file or directory, which COPY does without surprises",
    category: Category::Correctness,
    severity: Severity::Warning,
    fix: FixAvailability::Sometimes,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/add-for-local-file.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for (stage, step, instruction) in steps(cx) {
        let (Body::Add(transfer), Some(copied)) = (&instruction.body, &step.copied) else { continue };
        let local = copied.sources.iter().all(|source| {
            source.kind == SourceKind::Path && source.path.as_deref().is_some_and(|path| !is_archive(path))
        });
        if !local || copied.sources.is_empty() || transfer.sources.is_empty() {
            continue;
        }
        let found = Diagnostic::at(instruction.content, "ADD is used where COPY would do")
            .help("use COPY: ADD also unpacks archives and fetches URLs");
        // COPY does not know the other flags of ADD.
        let flags = instruction
            .flags
            .iter()
            .all(|flag| matches!(flag.name.text.as_str(), "chown" | "chmod" | "link" | "exclude"));
        // COPY to a path that hangs in the air is the next finding.
        let hangs = !is_rooted(&transfer.dest.text) && !workdir_is_set(cx, stage, step.inst);
        // Another build argument may name an archive or a URL.
        let fixed = transfer.sources.iter().all(|word| !word.text.contains('$'));
        let sure = fixed && copied.sources.iter().all(|source| is_no_archive(cx, source));
        let applicability = if sure { Applicability::Safe } else { Applicability::Unsafe };
        out.push(match flags && !hangs {
            true => found.fix(applicability, "Use COPY", vec![renamed(instruction, "COPY")]),
            false => found,
        });
    }
}

fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.').map(|(_, end)| end.to_ascii_lowercase()).unwrap_or_default()
}

fn is_archive(path: &str) -> bool {
    ARCHIVES.contains(&extension(path).as_str())
}

/// Surely nothing that ADD would unpack: it looks at the content, and not into directories.
fn is_no_archive(cx: &Context<'_>, source: &CopySource) -> bool {
    let Some(path) = source.path.as_deref() else { return false };
    let path = path.trim_start_matches("./").trim_start_matches('/');
    let directory = matches!(path, "" | ".")
        || path.ends_with('/')
        || cx.build_context.is_some_and(|context| !context.is_file(path) && context.is_dir(path.trim_end_matches('/')));
    directory || (!path.ends_with(['*', '?', ']']) && PLAIN.contains(&extension(path).as_str()))
}
