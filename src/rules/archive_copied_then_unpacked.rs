//! An archive copied and then unpacked.

use super::support::{Run, runs};
use super::{Category, Context, FixAvailability, Rule};
use crate::diagnostic::{Diagnostic, Severity};
use crate::shell::ShellCommand;
use crate::syntax::Body;

/// What ADD unpacks by itself.
const ARCHIVES: &[&str] = &[
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz",
    ".tbz2",
    ".tb2",
    ".tar.xz",
    ".txz",
    ".tar.zst",
    ".tzst",
    ".tar.lz",
    ".tlz",
    ".tar.lzma",
    ".tar.z",
    ".tpz",
    ".gz",
    ".bz2",
    ".xz",
    ".z",
    ".lz",
    ".lzma",
    ".zst",
];

pub static RULE: Rule = Rule {
    slug: "archive-copied-then-unpacked",
    aliases: &["DL3010"],
    summary: "an archive is copied and then unpacked: both stay in the image",
    category: Category::Size,
    severity: Severity::Info,
    fix: FixAvailability::None,
    since: "0.1.0",
    default: true,
    doc: include_str!("../../rules/archive-copied-then-unpacked.md"),
    check,
};

fn check(cx: &Context<'_>, out: &mut Vec<Diagnostic>) {
    for stage in &cx.model.stages {
        for (index, (_, instruction)) in stage.instructions(cx.dockerfile).enumerate() {
            let Body::Copy(transfer) = &instruction.body else { continue };
            if instruction.flag("from").is_some() {
                continue;
            }
            let dest = file_name(&transfer.dest.text);
            let names: Vec<&str> = transfer
                .sources
                .iter()
                .map(|source| file_name(&source.text))
                .filter(|name| is_archive(name))
                .flat_map(|name| [Some(name), Some(dest).filter(|dest| is_archive(dest))])
                .flatten()
                .collect();
            let later = runs(cx, stage).filter(|run| run.index > index);
            let unpacked = later.into_iter().find_map(|run| unpacks(&run, &names).map(|cmd| cmd.span));
            if let Some(span) = unpacked.filter(|_| !names.is_empty()) {
                out.push(
                    Diagnostic::at(
                        instruction.content,
                        "the archive stays in the image beside what is unpacked from it",
                    )
                    .label(span, "unpacked here")
                    .help("use ADD, which unpacks local archives, or a bind mount: RUN --mount=type=bind"),
                );
            }
        }
    }
}

fn file_name(path: &str) -> &str {
    path.trim_matches(['"', '\'']).rsplit(['/', '\\']).next().unwrap_or(path)
}

fn is_archive(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    ARCHIVES.iter().any(|end| name.ends_with(end)) && !name.contains(['*', '?'])
}

fn unpacks<'a>(run: &Run<'a>, names: &[&str]) -> Option<&'a ShellCommand> {
    run.script.commands.iter().find(|cmd| {
        let args = || cmd.args.iter().map(|arg| arg.text.as_str());
        let unpacking = match cmd.name.text.as_str() {
            "tar" | "bsdtar" => args().enumerate().any(|(index, arg)| {
                let bundle = arg.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
                let old_style =
                    Some(arg).filter(|arg| index == 0 && arg.bytes().all(|byte| byte.is_ascii_alphabetic()));
                arg == "--extract" || arg == "--get" || bundle.or(old_style).is_some_and(|flags| flags.contains('x'))
            }),
            "gunzip" | "bunzip2" | "unxz" | "unlzma" | "unzip" | "uncompress" | "zcat" | "gzcat" | "zgz" | "unzstd" => {
                true
            }
            "gzip" | "bzip2" | "xz" => args().any(|arg| arg.starts_with('-') && arg.contains('d')),
            _ => false,
        };
        unpacking && args().any(|arg| names.contains(&file_name(arg)))
    })
}
