//! From the package arguments of a `go` command to directories, and the names that Go gives their programs.

use super::constraint::{Target, name_fits};
use super::gomod::{self, GoMod};
use super::source;
use crate::context::tree::{ImageTree, join};

/// A package that a command names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Package {
    /// As the command names it, or relative to its directory for those that a pattern brought.
    pub written: String,
    /// Directory in the build stage.
    pub dir: Option<String>,
    /// Name of the program; `None` when go.mod would have to tell and is not there to read.
    pub name: Option<String>,
    /// `package main`; `None` when its files are not there to read.
    pub is_main: Option<bool>,
}

/// Where a module, or GOPATH, puts the packages.
#[derive(Clone, Debug)]
pub struct Layout<'a> {
    pub tree: Option<&'a ImageTree<'a>>,
    /// The directory of the command.
    pub dir: &'a str,
    /// `Some`: packages are found there and not through modules (`GO111MODULE=off`).
    pub gopath: Option<&'a str>,
    pub target: Target<'a>,
}

/// The packages of the arguments (none stands for `.`), or why they cannot be told.
pub fn resolve(args: &[String], layout: &Layout<'_>) -> Result<Vec<Package>, String> {
    if args.first().is_some_and(|arg| arg.ends_with(".go")) {
        return files(args, layout);
    }
    let mut found: Vec<Package> = Vec::new();
    let dot = [".".to_string()];
    for arg in if args.is_empty() { &dot } else { args } {
        if arg.contains("...") {
            found.extend(pattern(arg, layout)?);
        } else if arg.contains(['*', '?', '[']) {
            // The shell expands it.
            let tree = layout.tree.ok_or_else(|| format!("what `{arg}` matches without the build context"))?;
            let wanted = join(layout.dir, arg);
            let dirs = tree.dirs_under("/");
            let matching: Vec<&String> =
                dirs.iter().filter(|dir| crate::context::glob::matches(&wanted, dir)).collect();
            if matching.is_empty() {
                return Err(format!("`{arg}` matches nothing that is known"));
            }
            found.extend(matching.into_iter().map(|dir| in_dir(dir, arg, layout)));
        } else {
            found.push(one(arg, layout)?);
        }
    }
    let mut seen = Vec::new();
    found.retain(|package| {
        let key = package.dir.clone().unwrap_or_else(|| package.written.clone());
        let new = !seen.contains(&key);
        seen.push(key);
        new
    });
    Ok(found)
}

/// `go build main.go util.go`: named after the first file that is part of the build.
fn files(args: &[String], layout: &Layout<'_>) -> Result<Vec<Package>, String> {
    let mut names: Vec<String> = Vec::new();
    for arg in args {
        if !arg.contains(['*', '?', '[']) {
            names.push(arg.clone());
            continue;
        }
        let tree = layout.tree.ok_or_else(|| format!("the first file of `{arg}` without the build context"))?;
        let path = join(layout.dir, arg);
        let (dir, pattern) = path.rsplit_once('/').unwrap_or(("", &path));
        let dir = if dir.is_empty() { "/" } else { dir };
        let before = names.len();
        names.extend(
            tree.files_in(dir)
                .filter(|(name, _)| crate::context::glob::matches(pattern, name))
                .map(|(name, _)| join(dir, name)),
        );
        if names.len() == before {
            return Err(format!("`{arg}` matches nothing that is known"));
        }
    }
    let base = |path: &str| path.rsplit('/').next().unwrap_or(path).to_string();
    // Constraints do not count for files that are named; tests are kept apart.
    let fitting: Vec<&String> = names.iter().filter(|name| !name.ends_with("_test.go")).collect();
    let text = |name: &str| layout.tree.and_then(|tree| tree.read(&join(layout.dir, name)));
    // Files of cgo are a list of their own in Go, behind the others.
    let plain = fitting.iter().find(|name| text(name).is_none_or(|text| source::scan_head(&text).cgo.is_none()));
    let Some(first) = plain.or(fitting.first()) else { return Err("no file of the list is built".into()) };
    let dir = join(layout.dir, first);
    let dir = dir.rsplit_once('/').map_or("/", |(dir, _)| if dir.is_empty() { "/" } else { dir }).to_string();
    let is_main = text(first).map(|text| source::scan_head(&text).package == "main");
    let name = base(first).trim_end_matches(".go").to_string();
    Ok(vec![Package { written: args.join(" "), dir: Some(dir), name: Some(name), is_main }])
}

fn one(arg: &str, layout: &Layout<'_>) -> Result<Package, String> {
    if is_path(arg) {
        return Ok(in_dir(&join(layout.dir, arg), arg, layout));
    }
    if let Some((path, _version)) = arg.split_once('@') {
        let name = gomod::program_name(path);
        return Ok(Package { written: arg.into(), dir: None, name: Some(name), is_main: None });
    }
    if matches!(arg, "all" | "std" | "cmd") {
        return Err(format!("what `{arg}` names"));
    }
    let dir = match (layout.gopath, layout.tree) {
        (Some(gopath), _) => Some(format!("{gopath}/src/{arg}")),
        (None, Some(tree)) => module_of(tree, layout.dir).and_then(|(root, module)| {
            let rest = arg.strip_prefix(&module.module)?;
            (rest.is_empty() || rest.starts_with('/')).then(|| join(&root, rest.trim_start_matches('/')))
        }),
        (None, None) => None,
    };
    if let Some(dir) = dir {
        return Ok(Package { name: Some(gomod::program_name(arg)), ..in_dir(&dir, arg, layout) });
    }
    Ok(Package { written: arg.into(), dir: None, name: Some(gomod::program_name(arg)), is_main: None })
}

/// Whether a file of the image imports the package or one below it: it is a library then, of which `go get` leaves no
/// program.
pub fn is_imported(tree: &ImageTree<'_>, package: &str) -> bool {
    let fits = |import: &str| import.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    let mut files = tree.under("/").filter(|(path, _)| path.ends_with(".go"));
    files.any(|(path, _)| {
        tree.parsed(path, source::scan).is_some_and(|file| file.imports.iter().any(|import| fits(&import.path)))
    })
}

pub fn is_path(arg: &str) -> bool {
    arg == "." || arg == ".." || arg.starts_with("./") || arg.starts_with("../") || arg.starts_with('/')
}

fn in_dir(dir: &str, written: &str, layout: &Layout<'_>) -> Package {
    let name = import_path(dir, layout).map(|path| gomod::program_name(&path));
    // Without go.mod to read, the last element of a directory below the module's own still tells the name.
    let guessed = || {
        let last = written.trim_end_matches('/').rsplit('/').next().unwrap_or("");
        let inner = written.trim_start_matches("../").trim_start_matches("./");
        let below = inner.contains('/') || written.starts_with("./") && written.len() > 2;
        (below && !last.is_empty() && !last.starts_with('.') && !last.starts_with('v')).then(|| last.to_string())
    };
    let name = if layout.tree.is_none() { name.or_else(guessed) } else { name };
    let is_main = layout.tree.and_then(|tree| package_of(tree, dir, &layout.target)).map(|package| package == "main");
    Package { written: written.to_string(), dir: Some(dir.to_string()), name, is_main }
}

/// The import path of a directory, by the module around it or by GOPATH.
fn import_path(dir: &str, layout: &Layout<'_>) -> Option<String> {
    if let Some(gopath) = layout.gopath {
        // Outside of GOPATH a directory stands for itself.
        let inside = dir.strip_prefix(&format!("{gopath}/src/")).unwrap_or(dir);
        return Some(inside.trim_start_matches('/').to_string()).filter(|path| !path.is_empty());
    }
    let (root, module) = module_of(layout.tree?, dir)?;
    if module.module.is_empty() {
        return None;
    }
    let rest = dir.strip_prefix(&root).unwrap_or("").trim_matches('/');
    Some(if rest.is_empty() { module.module } else { format!("{}/{rest}", module.module) })
}

/// The module around a directory: where its go.mod stands, and what it says.
pub fn module_of(tree: &ImageTree<'_>, dir: &str) -> Option<(String, GoMod)> {
    let mut dir = dir;
    loop {
        let path = join(dir, "go.mod");
        if tree.is_file(&path) {
            return Some((dir.to_string(), gomod::parse(&tree.read(&path)?)));
        }
        if dir == "/" {
            return None;
        }
        dir = dir.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
    }
}

/// The package clause of the files of a directory that are built; `None` when there are none.
pub fn package_of(tree: &ImageTree<'_>, dir: &str, target: &Target<'_>) -> Option<String> {
    tree.files_in(dir)
        .filter(|(name, _)| name_fits(name, target))
        .filter_map(|(name, _)| tree.read(&join(dir, name)))
        .map(|text| source::scan_head(&text))
        .find(|file| file.fits(target))
        .map(|file| file.package)
}

/// The directories of all main packages from this one down, but those of `vendor` and of tests.
pub fn mains_below(tree: &ImageTree<'_>, root: &str, target: &Target<'_>) -> Vec<String> {
    let skipped = |dir: &String| {
        let rest = dir.strip_prefix(root).unwrap_or(dir);
        rest.split('/').any(|part| matches!(part, "vendor" | "testdata") || part.starts_with(['_', '.']))
    };
    let mut dirs: Vec<String> = tree.dirs_under(root).into_iter().chain([root.to_string()]).collect();
    dirs.retain(|dir| !skipped(dir) && package_of(tree, dir, target).as_deref() == Some("main"));
    dirs.sort();
    dirs.dedup();
    dirs
}

/// `./...`, `./cmd/...`, `example.com/app/...`
fn pattern(arg: &str, layout: &Layout<'_>) -> Result<Vec<Package>, String> {
    let tree = layout.tree.ok_or_else(|| format!("which packages `{arg}` names without the build context"))?;
    let Some(base) = arg.strip_suffix("...").map(|base| base.trim_end_matches('/')) else {
        return Err(format!("which packages `{arg}` names"));
    };
    let base = if base.is_empty() && arg.starts_with('.') { "." } else { base };
    if base.contains("...") || base.is_empty() || !(arg.ends_with("/...") || base == ".") {
        return Err(format!("which packages `{arg}` names"));
    }
    let root = one(base, layout)?.dir.ok_or_else(|| format!("where `{arg}` is"))?;
    if tree.is_dir(&root) != Some(true) {
        return Err(format!("`{root}` is not there"));
    }
    let mut found = Vec::new();
    let mut skipped: Vec<String> = Vec::new();
    for dir in tree.dirs_under(&root) {
        if skipped.iter().any(|other| dir.starts_with(other)) {
            continue;
        }
        let name = dir.rsplit('/').next().unwrap_or("");
        let hidden = name.starts_with(['.', '_']) || matches!(name, "testdata" | "vendor");
        if dir != root && (hidden || tree.is_file(&join(&dir, "go.mod"))) {
            skipped.push(format!("{dir}/"));
            continue;
        }
        if package_of(tree, &dir, &layout.target).is_some() {
            let rest = dir.strip_prefix(layout.dir).unwrap_or(&dir).trim_start_matches('/');
            found.push(in_dir(&dir, &format!("./{rest}"), layout));
        }
    }
    if found.is_empty() { Err(format!("`{arg}` matches no package that is known")) } else { Ok(found) }
}
