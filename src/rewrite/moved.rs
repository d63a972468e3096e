//! Programs that are found by PATH in a directory that the final stage's PATH has not: they move to one that it has.

use super::case::Case;
use super::layout::{Parts, stays_in_path};
use super::paths::{STANDARD_PATH, base_name, parent};
use super::render::StageCopy;
use crate::syntax::Body;

/// Lets what is looked up in PATH be found: `/go/bin/app` becomes `/usr/local/bin/app`, and stays where it was as well
/// where something names it by its path.
pub(super) fn into_path(parts: &Parts<'_, '_>, copies: &mut Vec<StageCopy>) {
    let case = parts.case;
    let mut by_path = parts.found.by_path.clone();
    for built in &parts.found.others {
        let name = base_name(&built.path);
        if parts.needs.by_name.iter().any(|program| program == name) {
            by_path.push((name.to_string(), built.path.clone()));
        }
    }
    // Those that lie beside one of them are as little found where they are.
    for built in &parts.found.others {
        let beside = by_path.iter().any(|(_, path)| parent(path) == parent(&built.path));
        if beside && !by_path.iter().any(|(_, path)| *path == built.path) {
            by_path.push((base_name(&built.path).to_string(), built.path.clone()));
        }
    }
    for (name, path) in &by_path {
        if STANDARD_PATH.contains(&parent(path)) || stays_in_path(case, parent(path)) {
            continue;
        }
        let stays = is_named(case, path);
        let to = format!("/usr/local/bin/{name}");
        match copies.iter_mut().find(|copy| copy.from == *path) {
            Some(copy) if !stays => copy.to = to,
            _ => copies.push(StageCopy { from: path.clone(), to, chown: None, chmod: None }),
        }
        if stays && !copies.iter().any(|copy| copy.to == *path) {
            copies.push(StageCopy { from: path.clone(), to: path.clone(), chown: None, chmod: None });
        }
    }
}

/// An instruction that stays, or a file of the build context that a program, an engine or a cluster reads, has this path.
pub(super) fn is_named(case: &Case<'_>, path: &str) -> bool {
    let has = |text: &str| {
        text.match_indices(path).any(|(at, _)| {
            let next = text.get(at + path.len()..).and_then(|rest| rest.chars().next());
            !next.is_some_and(|next| next.is_ascii_alphanumeric() || "-_.".contains(next))
        })
    };
    let stays = |body: &Body| !matches!(body, Body::Run(_) | Body::Copy(_) | Body::Add(_));
    if case.steps().any(|(_, inst)| stays(&inst.body) && has(case.source.slice(inst.span))) {
        return true;
    }
    const KINDS: &[&str] = &["conf", "env", "go", "json", "py", "service", "sh", "toml", "yaml", "yml"];
    let read = |file: &str| {
        let name = base_name(file);
        let kind = name.rsplit_once('.').map_or("", |(_, kind)| kind);
        let plain = (!name.contains('.') || KINDS.contains(&kind)) && !name.to_ascii_lowercase().contains("dockerfile");
        plain && !file.starts_with("vendor/") && !file.contains("node_modules/") && !name.ends_with("_test.go")
    };
    let Some(context) = case.context else { return false };
    let files = context.files.iter().filter(|(file, info)| info.size < 1_000_000 && read(file));
    super::compose::texts(context).any(|text| has(&text))
        || files.filter_map(|(file, _)| context.text(file)).any(|text| has(&text))
}
