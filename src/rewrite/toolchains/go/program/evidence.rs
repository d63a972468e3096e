//! Why a program may need cgo: C code, twins of files, plugins, modules of the table.

use super::super::{CgoEvidence, CgoKind, Place, c_code, modules, source};
use super::{OF_LIBC, Read, Reader};
use crate::context::tree::join;
use crate::rewrite::toolchains::go::modules::ModuleFacts;

impl Reader<'_> {
    pub(super) fn cgo_of(&mut self, dir: &str, files: &[Read]) {
        let what = self.import_path(dir);
        if self.facts(&what).is_some_and(|facts| facts.needs.contains(&"pure")) {
            return;
        }
        let names = self.names_in(dir);
        let has_cpp = names.iter().any(|name| name.ends_with(".cpp") || name.ends_with(".cc"));
        let mut with_c = files.iter().filter(|read| read.with_cgo && read.file.cgo.is_some()).peekable();
        if let Some(first) = with_c.peek() {
            let line = first.file.cgo.as_ref().map_or(1, |cgo| cgo.line);
            let place = Some(Place { file: first.shown.clone(), line });
            let mut libraries: Vec<String> =
                with_c.flat_map(|read| read.file.cgo.iter().flat_map(|cgo| cgo.libraries.clone())).collect();
            if has_cpp {
                libraries.push("stdc++".into());
            }
            libraries.sort();
            libraries.dedup();
            libraries.retain(|library| !OF_LIBC.contains(&library.as_str()));
            let facts = self.facts(&what);
            if facts.is_none() {
                self.c_code(dir, &names, files, &what, !libraries.is_empty());
            }
            let packages = facts.map_or_else(Vec::new, |facts| facts.linked(self.tags).0);
            self.program.cgo.push(CgoEvidence { kind: CgoKind::ImportC, what, place, packages, libraries });
        } else if let Some(twin) = files.iter().find(|read| read.with_cgo != read.without) {
            let place = Some(Place { file: twin.shown.clone(), line: 1 });
            self.evidence(CgoKind::Twin, what, place);
        }
        for read in files {
            let opens = |found: &&source::Use| found.package.as_deref() == Some("plugin") && found.name == "Open";
            if let Some(found) = read.file.uses.iter().find(opens) {
                let place = Some(Place { file: read.shown.clone(), line: found.line });
                self.evidence(CgoKind::Plugin, "plugin".into(), place);
            }
        }
    }

    /// Reads the C code of a package: what stands above `import "C"`, and the C files beside it.
    pub(super) fn c_code(&mut self, dir: &str, names: &[String], files: &[Read], what: &str, library: bool) {
        let mut code = String::new();
        let mut place: Option<Place> = None;
        let mut calls: Vec<&str> = Vec::new();
        let mut exports: Vec<&str> = Vec::new();
        for read in files.iter().filter(|read| read.with_cgo) {
            exports.extend(read.file.exports.iter().map(String::as_str));
            calls.extend(read.file.c_calls.iter().map(|(name, _)| name.as_str()));
            if let Some(cgo) = &read.file.cgo {
                code.push_str(&cgo.code);
                place.get_or_insert(Place { file: read.shown.clone(), line: cgo.line });
            }
        }
        for name in names.iter().filter(|name| c_code::is_c_file(name)) {
            let path = join(dir, name);
            match self.text_of(&path) {
                Some(text) if code.len() + text.len() < c_code::MOST => code.push_str(&text),
                _ => calls.push(name),
            }
            code.push('\n');
        }
        if let (Some(unknown), Some(place)) = (c_code::unknown(&code, &calls, &exports, library), place) {
            self.program.c_code.push((format!("the C code of {what} calls {unknown}, which may read files"), place));
        }
    }

    pub(super) fn evidence(&mut self, kind: CgoKind, what: String, place: Option<Place>) {
        self.program.cgo.push(CgoEvidence { kind, what, place, packages: Vec::new(), libraries: Vec::new() });
    }

    /// go.mod lists modules that other modules need; whether the program has them in it is not known, unless all
    /// sources are vendored.
    pub(super) fn listed_modules(&mut self) {
        if self.vendor.is_some() || (self.cache.is_used() && self.unread.is_empty()) {
            return;
        }
        let Some((root, file)) = &self.module else { return };
        let shown = self.tree.shown(&join(root, "go.mod"));
        for require in &file.requires {
            let Some(facts) = modules::find(&require.path).filter(ModuleFacts::needs_cgo) else { continue };
            if self.program.cgo.iter().any(|known| known.what == facts.module) {
                continue;
            }
            let (packages, libraries) = facts.linked(self.tags);
            self.program.cgo.push(CgoEvidence {
                kind: CgoKind::IndirectModule,
                what: require.path.clone(),
                place: Some(Place { file: shown.clone(), line: require.line }),
                packages,
                libraries,
            });
        }
    }
}
