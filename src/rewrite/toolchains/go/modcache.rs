//! Packages of modules that are not in the build context, but in the user's own module cache: the exact version that
//! go.mod names, or go.sum where go.mod names none. Read only where the user allows it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::gomod::{GoMod, Replace};
use super::program::inside;
use crate::context::BuildContext;
use crate::context::tree::{ImageTree, join};

/// Where the golang images keep modules; here it only tells their packages from others.
const ROOT: &str = "/go/pkg/mod";

/// A module that was looked for.
struct Module {
    /// `/go/pkg/mod/path@version`
    root: String,
    files: Arc<BuildContext>,
}

pub(super) struct ModuleCache<'a> {
    context: Option<&'a BuildContext>,
    /// Path and version of each module that go.mod names.
    requires: Vec<(String, String)>,
    /// From go.sum, for those that go.mod does not name.
    sums: BTreeMap<String, Vec<String>>,
    replaces: Vec<Replace>,
    found: BTreeMap<String, Option<Module>>,
}

pub(super) fn is_inside(dir: &str) -> bool {
    inside(dir, ROOT).is_some()
}

/// `github.com/x/y@v1.0.0/z.go`
pub(super) fn shown(path: &str) -> String {
    inside(path, ROOT).unwrap_or(path).to_string()
}

impl<'a> ModuleCache<'a> {
    pub fn new(tree: &ImageTree<'a>, module: Option<&(String, GoMod)>) -> ModuleCache<'a> {
        let context = module.map(|_| tree.context).filter(|context| context.modules.is_some());
        let mut cache = ModuleCache {
            context,
            requires: Vec::new(),
            sums: BTreeMap::new(),
            replaces: Vec::new(),
            found: BTreeMap::new(),
        };
        if let (Some(_), Some((root, file))) = (context, module) {
            cache.requires =
                file.requires.iter().map(|require| (require.path.clone(), require.version.clone())).collect();
            cache.replaces = file.replaces.iter().filter(|replace| !replace.is_local()).cloned().collect();
            for line in tree.read(&join(root, "go.sum")).unwrap_or_default().lines() {
                let mut words = line.split_whitespace();
                if let (Some(path), Some(version)) = (words.next(), words.next())
                    && !version.ends_with("/go.mod")
                {
                    cache.sums.entry(path.to_string()).or_default().push(version.to_string());
                }
            }
        }
        cache
    }

    pub fn is_used(&self) -> bool {
        self.context.is_some()
    }

    /// The directory of a package, when its module is in the cache.
    pub fn find(&mut self, import: &str) -> Option<String> {
        let context = self.context?;
        let (path, version) = self.module_of(import)?;
        let rest = inside(import, &path)?.to_string();
        if !self.found.contains_key(&path) {
            let replaced = self.replaces.iter().find(|replace| replace.old == path);
            let (from, version) = match replaced.map(|replace| (&replace.new, &replace.version)) {
                Some((new, Some(version))) => (new.clone(), version.clone()),
                Some((_, None)) => return None,
                None => (path.clone(), version),
            };
            let files = context.modules.as_ref().and_then(|modules| modules(&from, &version));
            let module = files.map(|files| Module { root: format!("{ROOT}/{from}@{version}"), files });
            self.found.insert(path.clone(), module);
        }
        let module = self.found.get(&path)?.as_ref()?;
        let below = if rest.is_empty() { String::new() } else { format!("{rest}/") };
        let here = |(file, _): (&str, _)| {
            file.strip_prefix(&below).is_some_and(|name| name.ends_with(".go") && !name.contains('/'))
        };
        module
            .files
            .under(&rest)
            .any(here)
            .then(|| if rest.is_empty() { module.root.clone() } else { join(&module.root, &rest) })
    }

    /// The module that a path lies in, with its version: the longest that go.mod names, else the only one of go.sum.
    fn module_of(&self, import: &str) -> Option<(String, String)> {
        let named = self.requires.iter().filter(|(path, _)| inside(import, path).is_some());
        let summed = self
            .sums
            .iter()
            .filter(|(path, _)| inside(import, path).is_some())
            .map(|(path, versions)| (path, versions.as_slice()));
        let named = named.max_by_key(|(path, _)| path.len());
        let summed = summed.max_by_key(|(path, _)| path.len());
        match (named, summed) {
            // A module inside of another one.
            (Some((path, _)), Some((deeper, versions))) if deeper.len() > path.len() => only(deeper, versions),
            (Some((path, version)), _) => Some((path.clone(), version.clone())),
            (None, Some((path, versions))) => only(path, versions),
            (None, None) => None,
        }
    }

    /// The module of a path of the cache, and the path inside of it.
    pub fn place(&self, path: &str) -> Option<(&BuildContext, String)> {
        if !is_inside(path) {
            return None;
        }
        let modules = self.found.values().flatten();
        let (module, rest) = modules
            .filter_map(|module| Some((module, inside(path, &module.root)?)))
            .max_by_key(|(module, _)| module.root.len())?;
        Some((&module.files, rest.to_string()))
    }

    pub fn import_path(&self, dir: &str) -> Option<String> {
        self.found.iter().find_map(|(path, module)| {
            let rest = inside(dir, &module.as_ref()?.root)?;
            Some(if rest.is_empty() { path.clone() } else { format!("{path}/{rest}") })
        })
    }

    /// `path@version` of every module that has one of these packages.
    pub fn names(&self, read: &[String]) -> Vec<String> {
        let used = |module: &&Module| read.iter().any(|dir| inside(dir, &module.root).is_some());
        self.found.values().flatten().filter(used).map(|module| shown(&module.root)).collect()
    }
}

/// More than one version in go.sum does not tell which is built.
fn only(path: &str, versions: &[String]) -> Option<(String, String)> {
    match versions {
        [version] => Some((path.to_string(), version.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::CgoKind;
    use super::super::program::analyse;
    use crate::context::BuildContext;
    use crate::context::tree::ImageTree;

    /// What of `main` importing `a.io/one` is unread, read from the cache, and has C code.
    fn read(go_mod: &str, go_sum: &str) -> String {
        let mut context = BuildContext::in_memory(&[
            ("go.mod", go_mod),
            ("go.sum", go_sum),
            ("main.go", "package main\nimport \"a.io/one/sub\"\nfunc main() { sub.F() }\n"),
        ]);
        context.modules = Some(Box::new(|path, version| {
            let files: &[(&str, &str)] = match (path, version) {
                ("a.io/one", "v1.0.0") => &[("sub/s.go", "package sub\nimport \"b.io/two\"\n")],
                ("a.io/one", "v2.0.0+incompatible") => &[("other/s.go", "package other\n")],
                ("b.io/two" | "fork.io/two", "v1.5.0") => &[("two.go", "package two\nimport \"C\"\n")],
                ("b.io/two", "v1.6.0") => &[("two.go", "package two\n")],
                _ => return None,
            };
            Some(Arc::new(BuildContext::in_memory(files)))
        }));
        let tree = ImageTree::at(&context, "/src");
        let program = analyse(&tree, "/src", &crate::rewrite::toolchains::go::Tags::default(), &[]);
        let cgo: Vec<String> = program
            .cgo
            .iter()
            .filter(|found| found.kind == CgoKind::ImportC)
            .map(|found| format!("{} ({})", found.what, found.place.as_ref().unwrap().file))
            .collect();
        format!("unread {:?} cached {:?} cgo {cgo:?} gaps {:?}", program.unread, program.cached, program.gaps)
    }

    #[test]
    fn the_exact_version_is_read_or_none() {
        let require = |lines: &str| format!("module x\n\nrequire (\n{lines})\n");
        for (go_mod, go_sum, want) in [
            (
                require("\ta.io/one v1.0.0\n\tb.io/two v1.6.0 // indirect\n"),
                "",
                r#"unread [] cached ["a.io/one@v1.0.0", "b.io/two@v1.6.0"] cgo [] gaps []"#,
            ),
            (
                require("\ta.io/one v1.0.0\n"),
                "b.io/two v1.5.0 h1:x\nb.io/two v1.6.0/go.mod h1:x\n",
                r#"unread [] cached ["a.io/one@v1.0.0", "b.io/two@v1.5.0"] cgo ["b.io/two (b.io/two@v1.5.0/two.go)"] gaps []"#,
            ),
            (
                require("\ta.io/one v1.0.0\n"),
                "b.io/two v1.5.0 h1:x\nb.io/two v1.6.0 h1:x\n",
                r#"unread ["b.io/two"] cached ["a.io/one@v1.0.0"] cgo [] gaps []"#,
            ),
            (require("\ta.io/one v1.1.0\n"), "", r#"unread ["a.io/one"] cached [] cgo [] gaps []"#),
            // The package is not in that version.
            (require("\ta.io/one v2.0.0+incompatible\n"), "", r#"unread ["a.io/one"] cached [] cgo [] gaps []"#),
            (
                format!(
                    "{}replace b.io/two => fork.io/two v1.5.0\n",
                    require("\ta.io/one v1.0.0\n\tb.io/two v1.6.0\n")
                ),
                "",
                r#"unread [] cached ["a.io/one@v1.0.0", "fork.io/two@v1.5.0"] cgo ["b.io/two (fork.io/two@v1.5.0/two.go)"] gaps []"#,
            ),
        ] {
            assert_eq!(read(&go_mod, go_sum), want, "{go_mod}{go_sum}");
        }
    }
}
