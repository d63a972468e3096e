//! What compiling a Go program leaves, by the packages that its sources reach: rules/tables/go_std.tsv has what each
//! package of the standard library leaves in the build cache.
//!
//! Measured on 2026-11-21 with go1.27.3: 8 programs that use what they import have 8 to 12 % of the bytes that their
//! packages have in the cache, and modules in 15 programs left 0.6 to 3.5 MB for each module of go.sum.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use rayon::prelude::*;

use super::files::{Placed, inside};
use crate::context::BuildContext;
use crate::context::tree::join;
use crate::diagnostic::Size;
use crate::model::tables;

pub(super) static STD: &str = include_str!("../../rules/tables/go_std.tsv");

/// Sources read at most; whoever has more has a program that this cannot tell.
const MOST_FILES: usize = 3000;

/// A few files are read before the threads have started.
const WORTH_THREADS: usize = 40;

/// What one module leaves in the build cache.
const MODULE: Size = Size { low: 500_000, likely: 1_500_000, high: 4_000_000 };

/// What a program has of the bytes in the cache, in hundredths: low, likely, high.
const PROGRAM: (u64, u64, u64) = (6, 10, 13);

/// A flag of `go build` that stands apart from its value.
const WITH_VALUE: [&str; 18] = [
    "-o",
    "-ldflags",
    "-gcflags",
    "-asmflags",
    "-tags",
    "-mod",
    "-modfile",
    "-p",
    "-buildmode",
    "-installsuffix",
    "-pkgdir",
    "-overlay",
    "-pgo",
    "-toolexec",
    "-C",
    "-compiler",
    "-gccgoflags",
    "-exec",
];

pub(super) struct Weights {
    pub cache: Size,
    pub program: Size,
}

/// What a `go build` in the directory `dir` of the image leaves; `None` where its sources are not there to read.
/// `release` is that of Go, such as 21 for 1.21; `modules` the number of modules in go.sum.
pub(super) fn weigh(
    context: &BuildContext,
    placed: &[Placed],
    dir: &str,
    args: &[&str],
    release: Option<u32>,
) -> Option<Weights> {
    let reach = reach(context, placed, dir, args)?;
    let age = |bytes: u64| (bytes as f64 * share(release)) as u64;
    let known = age(bytes(&reach.std));
    let mut cache = Size { low: known * 9 / 10, likely: known, high: known * 11 / 10 };
    if reach.others {
        // Without go.sum nobody knows how many there are.
        let modules = modules(context, placed, dir).filter(|count| *count > 0)?;
        // What the modules import is not known. Nearly all of them reach what net/http does.
        let mut std = reach.std;
        std.insert("net/http".to_string());
        let more = Size { low: MODULE.low * modules, likely: MODULE.likely * modules, high: MODULE.high * modules };
        let likely = age(bytes(&std));
        cache = Size { low: known * 9 / 10, likely, high: likely * 13 / 10 }.plus(more);
    }
    let (low, likely, high) = PROGRAM;
    let program =
        Size { low: cache.low * low / 100, likely: cache.likely * likely / 100, high: cache.high * high / 100 };
    Some(Weights { cache, program })
}

/// Older compilers wrote less, and the library had less: measured with 1.21, 1.24 and 1.27.
fn share(release: Option<u32>) -> f64 {
    match release {
        Some(release) if release <= 22 => 0.71,
        Some(release) if release <= 25 => 0.93,
        _ => 1.0,
    }
}

/// The modules that the build at `dir` fetches, by its go.sum: none where everything is in the sources. `None` where nobody
/// knows.
pub(super) fn modules(context: &BuildContext, placed: &[Placed], dir: &str) -> Option<u64> {
    let (root, _) = module_of(context, &source_dir(placed, dir)?);
    if context.is_dir(&clean_join(&root, "vendor")) {
        return Some(0);
    }
    let Some(sum) = context.read(&clean_join(&root, "go.sum")) else {
        return context.is_file(&clean_join(&root, "go.mod")).then_some(0);
    };
    Some(sum.lines().filter(|line| !line.contains("/go.mod ") && !line.trim().is_empty()).count() as u64)
}

struct Reach {
    /// Packages of the standard library.
    std: BTreeSet<String>,
    /// There are imports that the context has no sources of.
    others: bool,
}

fn reach(context: &BuildContext, placed: &[Placed], dir: &str, args: &[&str]) -> Option<Reach> {
    let from = source_dir(placed, dir)?;
    let (root, module) = module_of(context, &from);
    let mut waiting: Vec<String> = Vec::new();
    for arg in packages(args) {
        if let Some(start) = arg.strip_suffix("...") {
            let below = below_root(start.trim_end_matches('/'), &from, &root, &module)?;
            let sources = context.under(&below).filter(|(path, _)| is_source(path) && !path.contains("/vendor/"));
            waiting.extend(sources.map(|(path, _)| parent(path).to_string()));
        } else if arg.ends_with(".go") {
            waiting.push(parent(&clean_join(&from, arg)).to_string());
        } else {
            waiting.push(below_root(arg, &from, &root, &module)?);
        }
    }
    let mut seen = BTreeSet::new();
    let mut known: HashSet<String> = HashSet::new();
    let mut reach = Reach { std: BTreeSet::new(), others: false };
    // Every program has it.
    reach.std.insert("runtime".to_string());
    let mut files = 0;
    // What one directory imports decides which come next, so a whole level is read at once, on every core.
    while !waiting.is_empty() {
        let level = std::mem::take(&mut waiting).into_iter().filter(|dir| seen.insert(dir.clone()));
        let sources: Vec<&str> = level.flat_map(|dir| sources_in(context, dir)).collect();
        files += sources.len();
        if files > MOST_FILES {
            return None;
        }
        let read: Vec<Arc<Imports>> = if sources.len() < WORTH_THREADS {
            sources.iter().filter_map(|path| context.parsed(path, imports)).collect()
        } else {
            sources.par_iter().with_min_len(8).filter_map(|path| context.parsed(path, imports)).collect()
        };
        for import in read.iter().flat_map(|imports| &imports.0) {
            if known.contains(import) {
                continue;
            }
            known.insert(import.clone());
            if tables::lines(STD, import).next().is_some() {
                reach.std.insert(import.clone());
            } else if let Some(below) = strip_module(import, &module) {
                waiting.push(clean_join(&root, below));
            } else {
                let vendored = clean_join(&root, &format!("vendor/{import}"));
                if context.is_dir(&vendored) { waiting.push(vendored) } else { reach.others |= import != "C" }
            }
        }
    }
    (files > 0).then_some(reach)
}

fn sources_in(context: &BuildContext, dir: String) -> Vec<&str> {
    context.under(&dir).map(|(path, _)| path).filter(|path| is_source(path) && parent(path) == dir).collect()
}

/// The packages that the command names; none stands for the directory itself.
fn packages<'a>(args: &[&'a str]) -> Vec<&'a str> {
    let mut found = Vec::new();
    let mut args = args.iter().skip(1);
    while let Some(arg) = args.next() {
        if WITH_VALUE.contains(arg) {
            args.next();
        } else if !arg.starts_with('-') {
            found.push(*arg);
        }
    }
    if found.is_empty() { vec!["."] } else { found }
}

/// The directory of the context that lies at a directory of the image.
fn source_dir(placed: &[Placed], dir: &str) -> Option<String> {
    placed.iter().rev().find_map(|thing| {
        let from = thing.context.as_deref()?;
        if [".go", "go.mod", "go.sum"].iter().any(|end| from.ends_with(end)) {
            // `COPY main.go ./`, `COPY *.go ./`, `COPY go.mod go.sum ./`
            let here = [parent(&thing.path), thing.path.as_str()].contains(&dir.trim_end_matches('/'));
            return here.then(|| parent(from).to_string());
        }
        let rest = dir.strip_prefix(thing.path.trim_end_matches('/')).filter(|_| inside(dir, &thing.path))?;
        Some(clean_join(from, rest.trim_start_matches('/')))
    })
}

/// Where go.mod lies, and what it calls the module. Without one it is the directory itself.
fn module_of(context: &BuildContext, dir: &str) -> (String, String) {
    let mut at = dir.to_string();
    loop {
        let path = clean_join(&at, "go.mod");
        if let Some(text) = context.read(&path) {
            let name = text.lines().find_map(|line| line.trim().strip_prefix("module "));
            return (at, name.unwrap_or("").trim().trim_matches('"').to_string());
        }
        if at.is_empty() {
            return (dir.to_string(), String::new());
        }
        at = parent(&at).to_string();
    }
}

/// The directory of the context that a package argument means.
fn below_root(arg: &str, from: &str, root: &str, module: &str) -> Option<String> {
    match strip_module(arg, module) {
        _ if arg.is_empty() || arg.starts_with('.') => Some(clean_join(from, arg)),
        Some(rest) => Some(clean_join(root, rest)),
        None => None,
    }
}

fn strip_module<'a>(import: &'a str, module: &str) -> Option<&'a str> {
    let rest = import.strip_prefix(module).filter(|_| !module.is_empty())?;
    rest.strip_prefix('/').or(rest.is_empty().then_some(""))
}

/// Joins two paths of the context, which begin without a slash.
fn clean_join(dir: &str, path: &str) -> String {
    join(&format!("/{dir}"), path.trim_start_matches('/')).trim_start_matches('/').to_string()
}

fn parent(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(parent, _)| parent)
}

fn is_source(path: &str) -> bool {
    let Some(name) = path.strip_suffix(".go") else { return false };
    let elsewhere = ["_test", "_windows", "_darwin", "_js", "_wasm", "_plan9", "_freebsd", "_arm64", "_386", "_arm"];
    !elsewhere.iter().any(|end| name.ends_with(end))
}

/// The bytes of packages and all that they need, each once.
fn bytes(names: &BTreeSet<String>) -> u64 {
    let rows: Vec<&str> = STD.lines().skip(1).collect();
    let mut taken = vec![false; rows.len()];
    let number = |name: &String| rows.binary_search_by(|row| row.split('\t').next().unwrap_or("").cmp(name)).ok();
    let mut waiting: Vec<usize> = names.iter().filter_map(number).collect();
    let mut sum = 0;
    while let Some(at) = waiting.pop() {
        let (Some(row), Some(taken)) = (rows.get(at), taken.get_mut(at)) else { continue };
        if std::mem::replace(taken, true) {
            continue;
        }
        let mut cells = row.split('\t').skip(1);
        sum += cells.next().and_then(|cell| cell.parse().ok()).unwrap_or(0);
        let needs = cells.next().unwrap_or("").split(' ').filter_map(|cell| cell.parse::<usize>().ok());
        waiting.extend(needs);
    }
    sum
}

/// The import paths of a source file; none of one that no build on Linux takes.
struct Imports(Vec<String>);

fn imports(text: &str) -> Imports {
    let mut found = Vec::new();
    let (mut comment, mut list) = (false, false);
    for line in text.lines() {
        let mut line = line.trim();
        if comment {
            let Some((_, rest)) = line.split_once("*/") else { continue };
            (comment, line) = (false, rest.trim());
        }
        if let Some(constraint) = line.strip_prefix("//go:build ") {
            if ["ignore", "windows", "darwin", "js", "tools", "!linux"].contains(&constraint.trim()) {
                return Imports(Vec::new());
            }
            continue;
        }
        if let Some((before, rest)) = line.split_once("/*")
            && !before.contains('"')
        {
            comment = !rest.contains("*/");
            line = before.trim();
        }
        if line.is_empty() || line.starts_with("//") || line.starts_with("package ") {
            continue;
        }
        if let Some(rest) = line.strip_prefix("import") {
            list = rest.trim_start().starts_with('(');
            line = rest.trim_start().trim_start_matches('(');
        } else if !list {
            break;
        }
        let mut parts = line.split(['"', '`']);
        if let (Some(_), Some(path)) = (parts.next(), parts.next()) {
            found.push(path.to_string());
        }
        if line.contains(')') {
            list = false;
        }
    }
    Imports(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn imports_are_read_in_every_form() {
        for (text, want) in [
            ("package main\n\nfunc main() {}\n", ""),
            ("package main\nimport \"fmt\"\nimport m \"net/http\"\nvar x = \"y\"\n", "fmt net/http"),
            (
                "// a\npackage main\nimport (\n\t\"fmt\" // \"no\"\n\t_ \"embed\"\n)\nfunc f() { x(\"z\") }\n",
                "fmt embed",
            ),
            ("package p\n/*\n#include <x.h>\nimport \"no\"\n*/\nimport \"C\"\nimport (\"a\")\n", "C a"),
            ("//go:build ignore\n\npackage main\nimport \"fmt\"\n", ""),
            ("/* one */ package p\nimport `os`\n", "os"),
        ] {
            assert_eq!(imports(text).0.join(" "), want, "{text}");
        }
    }

    #[test]
    fn the_closure_counts_each_package_once() {
        let of = |names: &[&str]| bytes(&names.iter().map(|name| name.to_string()).collect());
        assert_eq!(of(&["net/http"]), of(&["net/http", "fmt", "os"]));
        assert!(of(&["runtime"]) < of(&["fmt"]) && of(&["fmt"]) < of(&["encoding/json"]));
        assert_eq!(of(&["no/such"]), 0);
    }

    #[test]
    fn packages_are_told_from_flags() {
        for (args, want) in [
            ("build", "."),
            ("build -o /app -ldflags=-s ./cmd/x", "./cmd/x"),
            ("build -v -tags a,b main.go util.go", "main.go util.go"),
            ("install ./...", "./..."),
        ] {
            assert_eq!(packages(&args.split(' ').collect::<Vec<_>>()).join(" "), want, "{args}");
        }
    }
}
