//! What COPY and ADD bring: exact bytes from the build context, and what is known of other stages and images.

use super::files::{self, Placed};
use super::layers::{Around, Ground};
use super::{Kind, Part};
use crate::context::BuildContext;
use crate::context::tree::{CopyFlags, resolve};
use crate::diagnostic::{Basis, Cost, Size};
use crate::model::{self, Copied, Source, SourceKind, Step, tables};
use crate::syntax::{Instruction, Keyword};

pub(super) static PATHS: &str = include_str!("../../rules/tables/known_paths.tsv");

/// Files of the context that are named when they are larger.
const LARGE: u64 = 1_000_000;

/// What BuildKit takes for false.
const NO: [&str; 6] = ["false", "False", "FALSE", "f", "F", "0"];

pub(super) fn parts(
    around: &Around<'_>,
    step: &Step,
    inst: &Instruction,
    copied: &Copied,
    ground: &mut Ground,
    before: &[Ground],
) -> Vec<Part> {
    let dest = copied.dest.clone();
    let mut parts = Vec::new();
    for (at, source) in copied.sources.iter().enumerate() {
        let path = source.path.as_deref();
        let (found, context) = match (source.kind, &copied.from) {
            (SourceKind::Heredoc, _) => (vec![heredoc(inst, path)], None),
            (SourceKind::Url | SourceKind::Git, _) => {
                let what = path.map_or("a download".to_string(), |path| format!("download of {}", last(path)));
                (vec![Part { kind: Kind::Fetched, ..Part::unknown(what) }], None)
            }
            (SourceKind::Path, Source::Context) => {
                let found = from_context(around, inst, step, path);
                (found, path.map(|path| if path == "." { String::new() } else { path.to_string() }))
            }
            (SourceKind::Path, Source::Stage(id)) => {
                let name = around.model.stage(*id).and_then(|stage| stage.name.as_ref());
                let name = name.map_or_else(|| format!("stage {}", id.0), |name| name.text.to_string());
                (from_stage(around, before.get(id.0), path, &name), None)
            }
            (SourceKind::Path, Source::Image(image)) => (from_image(path, &image.text), None),
            (SourceKind::Path, _) => {
                (vec![Part { kind: Kind::Copied, ..Part::unknown("files of another image") }], None)
            }
        };
        let target = copied.landing(at).filter(|_| !is_directory(around, path, copied)).or_else(|| dest.clone());
        if let Some(path) = target {
            place(ground, path, &found, context);
        }
        parts.extend(found);
    }
    merge(parts)
}

/// A directory gives its content, so what lies at the destination is not named after it.
fn is_directory(around: &Around<'_>, path: Option<&str>, copied: &Copied) -> bool {
    match (around.context, path, &copied.from) {
        (_, Some("."), _) => true,
        (Some(context), Some(path), Source::Context) => !context.is_file(path),
        _ => false,
    }
}

fn place(ground: &mut Ground, path: String, parts: &[Part], context: Option<String>) {
    let mut cost: Option<Cost> = None;
    let mut compressed = 0;
    for part in parts {
        compressed += part.compressed;
        cost = match (cost, part.cost) {
            (Some(sum), Some(one)) => Some(Cost { size: sum.size.plus(one.size), basis: sum.basis.min(one.basis) }),
            (sum, one) => sum.or(one),
        };
    }
    if parts.iter().any(|part| part.cost.is_none()) {
        ground.placed.push(Placed { path: path.clone(), cost: None, compressed: 0, context: None, somewhere: false });
    }
    if cost.is_some() {
        ground.placed.push(Placed { path, cost, compressed, context, somewhere: false });
    }
}

/// Several sources of the same kind are one part.
fn merge(parts: Vec<Part>) -> Vec<Part> {
    let mut merged: Vec<Part> = Vec::new();
    for part in parts {
        match merged.last_mut() {
            Some(last) if last.kind == part.kind && last.kind == Kind::Files => {
                if let (Some(one), Some(other)) = (last.cost, part.cost) {
                    last.cost = Some(Cost { size: one.size.plus(other.size), basis: one.basis.min(other.basis) });
                    last.compressed += part.compressed;
                    if !last.what.ends_with('…') {
                        last.what.push_str(", …");
                    }
                    continue;
                }
                merged.push(part);
            }
            _ => merged.push(part),
        }
    }
    merged
}

fn heredoc(inst: &Instruction, marker: Option<&str>) -> Part {
    let name = marker.unwrap_or_default().trim_start_matches(['<', '-']).trim_matches(['"', '\'']);
    let body = inst.heredocs.iter().find(|heredoc| heredoc.name == name);
    let bytes = body.map_or(0, |heredoc| u64::from(heredoc.body.end - heredoc.body.start));
    Part::new(Kind::Files, "text of the Dockerfile", Cost { size: Size::exact(bytes), basis: Basis::Measured })
}

fn from_context(around: &Around<'_>, inst: &Instruction, step: &Step, path: Option<&str>) -> Vec<Part> {
    let (Some(context), Some(path)) = (around.context, path) else {
        let what = path.map_or("files of the build context".to_string(), |path| format!("{path} of the build context"));
        return vec![Part { kind: Kind::Files, ..Part::unknown(what) }];
    };
    let Some(Listed { bytes, compressed, count, large }) = listed(context, inst, step, path) else {
        let what = match context.files.get(path).is_some_and(|file| file.symlink) {
            true => format!("{path}, a link to what is not in the build context"),
            false => format!("{path}, which is not in the build context"),
        };
        return vec![Part { kind: Kind::Files, ..Part::unknown(what) }];
    };
    let unpacks =
        inst.flag("unpack").and_then(|flag| flag.value.as_ref()).is_none_or(|value| !NO.contains(&&*value.text));
    if inst.keyword == Keyword::Add && unpacks && is_archive(path) {
        // ADD unpacks it; gzip makes source and programs three times smaller.
        let packed = !path.ends_with(".tar");
        let size = match packed {
            true => Size { low: bytes, likely: bytes * 3, high: bytes * 8 },
            false => Size { low: bytes / 2, likely: bytes, high: bytes },
        };
        let part = Part::new(Kind::Files, format!("{}, unpacked", last(path)), Cost { size, basis: Basis::Estimated });
        return vec![part.compressed(if packed { bytes } else { bytes / 3 })];
    }
    let pattern = path.contains(['*', '?', '[']);
    let mut what = match (path, count) {
        (".", 1) => "1 file of the build context".to_string(),
        (".", _) => format!("{count} files of the build context"),
        (_, 1) if pattern => format!("1 file of {path}"),
        (_, 1) => last(path).to_string(),
        _ => format!("{count} files of {path}"),
    };
    if count > 1 && !large.is_empty() {
        let names: Vec<String> =
            large.iter().map(|(name, bytes)| format!("{name} {:.0} MB", *bytes as f64 / 1e6)).collect();
        what.push_str(&format!(", among them {}", names.join(", ")));
    }
    let part = Part::new(Kind::Files, what, Cost { size: Size::exact(bytes), basis: Basis::Measured });
    let mut parts = vec![part.compressed(compressed)];
    if !context.complete {
        parts.push(Part { kind: Kind::Files, ..Part::unknown("the build context could not be listed to its end") });
    }
    parts
}

/// The files that a source of the context stands for.
struct Listed {
    bytes: u64,
    compressed: u64,
    count: usize,
    /// Whole directories at the top of the source, or single files.
    large: Vec<(String, u64)>,
}

fn listed(context: &BuildContext, inst: &Instruction, step: &Step, path: &str) -> Option<Listed> {
    let root = if path == "." { "" } else { path.trim_end_matches('/') };
    // A link that is named is followed; one inside a directory stays a link.
    let target;
    let root = if context.files.get(root).is_some_and(|file| file.symlink) {
        target = context.followed(root)?;
        target.as_str()
    } else {
        root
    };
    if let Some(file) = context.files.get(root) {
        return Some(Listed {
            bytes: file.size,
            compressed: files::compressed(root, file.size),
            count: 1,
            large: Vec::new(),
        });
    }
    let plain = inst.flag("exclude").is_none();
    // Of a pattern, the directory that it stands in.
    let above = match root.find(['*', '?', '[']) {
        Some(at) => root.get(..at).and_then(|head| head.rfind('/')).map_or(0, |slash| slash + 1),
        None => root.len(),
    };
    let mut tops: Vec<(String, u64)> = Vec::new();
    let (mut bytes, mut compressed, mut count) = (0, 0, 0);
    let mut add = |name: &str, size: u64| {
        bytes += size;
        compressed += files::compressed(name, size);
        count += 1;
        let rest = name.get(above..).unwrap_or(name).trim_start_matches('/');
        let top = rest.split('/').next().unwrap_or(rest);
        match tops.last_mut() {
            Some((last, sum)) if last == top => *sum += size,
            _ => tops.push((top.to_string(), size)),
        }
    };
    if plain && context.is_dir(root) {
        for (name, file) in context.under(root) {
            if name == ".git/HEAD" {
                add(name, context.git_bytes());
            } else if !file.symlink {
                add(name, file.size);
            }
        }
    } else {
        let excludes = inst.flags.iter().filter(|flag| flag.name.text == "exclude");
        let excludes = excludes.filter_map(|flag| flag.value.as_ref().map(|value| value.text.to_string())).collect();
        let flags = CopyFlags { parents: false, excludes };
        let workdir = step.workdir.as_deref().unwrap_or("/");
        let found = resolve(context, &[path], "/x/", workdir, &flags, &|_| Some(true)).ok()?;
        for copied in found {
            let size = context.files.get(&copied.from).filter(|file| !file.symlink).map_or(0, |file| file.size);
            add(&copied.from, if copied.from == ".git/HEAD" { context.git_bytes() } else { size });
        }
    }
    tops.retain(|(_, bytes)| *bytes >= LARGE);
    tops.sort_by_key(|(_, bytes)| std::cmp::Reverse(*bytes));
    tops.truncate(3);
    Some(Listed { bytes, compressed, count, large: tops })
}

fn is_archive(path: &str) -> bool {
    [".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz"].iter().any(|ending| path.ends_with(ending))
}

fn from_stage(around: &Around<'_>, stage: Option<&Ground>, path: Option<&str>, name: &str) -> Vec<Part> {
    let (Some(ground), Some(path)) = (stage, path) else {
        return vec![Part { kind: Kind::Copied, ..Part::unknown(format!("files of {name}")) }];
    };
    let what = format!("{path} of {name}");
    if path == "/" {
        let total = ground.total;
        let part = Part::new(Kind::Copied, what, Cost { size: total.size, basis: total.basis });
        let mut parts = vec![part.compressed(total.compressed)];
        if total.unknown > 0 {
            parts.push(Part { kind: Kind::Copied, ..Part::unknown(format!("unknown parts of {name}")) });
        }
        return parts;
    }
    // A pattern takes what its directory holds.
    let wanted = match path.find(['*', '?', '[']) {
        Some(at) => path.get(..at).and_then(|head| head.rsplit_once('/')).map_or("/", |(directory, _)| directory),
        None => path,
    };
    let found = files::at(&ground.placed, wanted, around.context);
    let mut parts = Vec::new();
    if let Some(cost) = found.cost {
        parts.push(Part::new(Kind::Copied, what.clone(), cost).compressed(found.compressed));
    }
    if parts.is_empty() && !found.unknown {
        parts.extend(well_known(path, &what));
    }
    if found.unknown || parts.is_empty() {
        let what = if parts.is_empty() { what } else { format!("more of {what}") };
        parts.push(Part { kind: Kind::Copied, ..Part::unknown(what) });
    }
    parts
}

fn from_image(path: Option<&str>, image: &str) -> Vec<Part> {
    let Some(path) = path else {
        return vec![Part { kind: Kind::Copied, ..Part::unknown(format!("files of {image}")) }];
    };
    let what = format!("{path} of {image}");
    let whole = || {
        let (name, tag) = super::name_and_tag(image);
        super::base::image(&model::canonical_name(name), tag)
    };
    if path == "/"
        && let Some(found) = whole()
    {
        return vec![Part::new(Kind::Copied, what, found.cost).compressed(found.compressed)];
    }
    match well_known(path, &what) {
        Some(part) => vec![part],
        None => vec![Part { kind: Kind::Copied, ..Part::unknown(what) }],
    }
}

/// Certificates, time zones and the like: a row of known_paths.tsv.
fn well_known(path: &str, what: &str) -> Option<Part> {
    let path = path.trim_end_matches('/');
    let row = tables::lines(PATHS, path).next()?;
    let bytes: u64 = row.split('\t').nth(1)?.parse().ok()?;
    let size = Size { low: bytes / 2, likely: bytes, high: bytes * 2 };
    Some(Part::new(Kind::Copied, what, Cost { size, basis: Basis::Table }))
}

fn last(path: &str) -> &str {
    let path = path.split(['?', '#']).next().unwrap_or(path).trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}
