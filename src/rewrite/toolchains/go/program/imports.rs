//! Where an import leads: to a package of the tree or of the module cache, to a row of the table, or to nothing that was
//! read.

use super::super::{CgoEvidence, CgoKind, Need, NeedKind, Place, modules};
use super::{Reader, inside, is_standard, needs_resolver, vendor_above};
use crate::context::tree::join;
use crate::rewrite::toolchains::go::modules::ModuleFacts;

impl Reader<'_> {
    pub(super) fn follow(&mut self, path: &str, from: &str, place: Place, foreign: bool) {
        // A module that is replaced by another one is that other one.
        let replaced = self.replaced(path);
        let facts = if is_standard(path) { None } else { self.facts(path) };
        if let Some(facts) = &facts {
            self.by_table(path, facts, &place, foreign);
        }
        if !foreign && matches!(path, "go/build" | "go/importer") {
            let kind = NeedKind::Program("go".into());
            let why = format!("{path} asks the toolchain");
            self.program.needs.push(Need {
                kind,
                place: Some(place.clone()),
                why,
                literal: false,
                is_path: false,
                argument: None,
            });
        }
        self.file_database |= ["sqlite", "duckdb", "ramsql"].iter().any(|name| path.contains(name));
        if path.starts_with("./") || path.starts_with("../") {
            self.queue.push_back(join(from, path));
            return;
        }
        for (module, dir) in &self.local {
            if let Some(rest) = inside(path, module) {
                self.queue.push_back(join(dir, rest));
                return;
            }
        }
        let roots = self.vendor.iter().chain(&self.gopath).map(|root| join(root, path));
        let near = self.gopath.as_ref().and_then(|_| vendor_above(self.tree, from, path));
        if let Some(dir) = near.into_iter().chain(roots).find(|dir| self.tree.files_in(dir).next().is_some()) {
            self.queue.push_back(dir);
            return;
        }
        if !is_standard(path)
            && let Some(dir) = self.cache.find(path)
        {
            self.queue.push_back(dir);
            return;
        }
        if needs_resolver(path) && self.program.libc.is_none() {
            self.program.libc = Some(place.clone());
        }
        if !is_standard(path) {
            let module = self.module_of(path);
            let known = modules::find_unread(replaced.as_deref().unwrap_or(path), module.is_some());
            if let Some(more) = known.as_ref().filter(|known| facts.as_ref() != Some(known)) {
                self.by_table(path, more, &place, foreign);
            }
            if known.as_ref().is_some_and(|facts| !facts.takes_no_paths()) {
                self.program.takes_paths.push(path.to_string());
            }
            let name = replaced.unwrap_or_else(|| module.unwrap_or_else(|| path.to_string()));
            if known.is_none() {
                self.program.unknown.push(name.clone());
            }
            self.unread.insert(name);
        }
    }

    /// What the table says of an imported package.
    pub(super) fn by_table(&mut self, path: &str, facts: &ModuleFacts, place: &Place, foreign: bool) {
        if facts.needs_cgo() && !self.program.cgo.iter().any(|known| known.what == facts.module) {
            let (packages, libraries) = facts.linked(self.tags);
            self.program.cgo.push(CgoEvidence {
                kind: CgoKind::Module,
                what: facts.module.to_string(),
                place: Some(place.clone()),
                packages,
                libraries,
            });
        }
        // What the text of a script starts, only its interpreter sees.
        let interprets = path.starts_with("mvdan.cc/sh/") && (path.ends_with("/interp") || path.ends_with("/shell"));
        if interprets && !self.only_links {
            let kind = NeedKind::MayStart(format!("what the shell text that {path} runs starts is not known"));
            let why = format!("import of {path}");
            let need = Need { kind, place: Some(place.clone()), why, literal: true, is_path: false, argument: None };
            match foreign {
                true => self.foreign.push((path.to_string(), need)),
                false => self.program.needs.push(need),
            }
        }
        for need in facts.needs.iter().filter(|_| !self.only_links) {
            let kind = match need.split_once(':') {
                Some(("exec", "sh")) => NeedKind::Shell,
                Some(("exec", "?")) => NeedKind::Unknown(format!("the programs that {path} starts")),
                Some(("exec", program)) => NeedKind::Program(program.to_string()),
                // A dependency's own use of a framework says nothing of this program's directories.
                Some(("data", _)) if foreign && !facts.is_of_sources() => continue,
                Some(("data", data)) => NeedKind::DataFile(data.to_string()),
                _ => match *need {
                    "certs" => NeedKind::CaCertificates,
                    "tz" => NeedKind::TimeZones,
                    "temp" => NeedKind::TempDir,
                    "users" => NeedKind::Users,
                    "mime" => NeedKind::MimeTypes,
                    "services" => NeedKind::Services,
                    "accounts" => NeedKind::Accounts,
                    _ => continue,
                },
            };
            let why = format!("import of {path}");
            let need = Need { kind, place: Some(place.clone()), why, literal: false, is_path: false, argument: None };
            // What a package of others imports it may never call.
            match need.kind {
                // What its code names it may read, as that of a package which was read here.
                NeedKind::DataFile(_) | NeedKind::Accounts if facts.is_of_sources() => {
                    self.foreign.push((path.to_string(), need));
                }
                NeedKind::Shell | NeedKind::Program(_) if foreign => self.foreign.push((path.to_string(), need)),
                NeedKind::Unknown(_) if foreign => {
                    let kind = NeedKind::MayStart("which ones is computed".into());
                    self.foreign.push((path.to_string(), Need { kind, ..need }));
                }
                _ => self.program.needs.push(need),
            }
        }
    }

    /// What the table says of a package.
    pub(super) fn facts(&self, path: &str) -> Option<ModuleFacts> {
        modules::find(self.replaced(path).as_deref().unwrap_or(path))
    }

    /// The path under which `replace` has it fetched, where that is another module.
    pub(super) fn replaced(&self, path: &str) -> Option<String> {
        let replaces = self.module.iter().flat_map(|(_, file)| &file.replaces);
        let own = replaces.filter(|replace| !replace.is_local() && replace.old != replace.new);
        own.filter_map(|replace| Some((replace, inside(path, &replace.old)?)))
            .max_by_key(|(replace, _)| replace.old.len())
            .map(
                |(replace, rest)| if rest.is_empty() { replace.new.clone() } else { format!("{}/{rest}", replace.new) },
            )
    }

    /// The import path of a directory, for messages and the table.
    pub(super) fn import_path(&self, dir: &str) -> String {
        let roots = self.vendor.iter().chain(&self.gopath);
        for root in roots {
            if let Some(rest) = dir.strip_prefix(&format!("{root}/")) {
                return rest.rsplit("/vendor/").next().unwrap_or(rest).to_string();
            }
        }
        if let Some(path) = self.cache.import_path(dir) {
            return path;
        }
        for (module, root) in &self.local {
            if let Some(rest) = inside(dir, root) {
                return if rest.is_empty() { module.clone() } else { format!("{module}/{rest}") };
            }
        }
        dir.to_string()
    }

    /// The required module that a path lies in.
    fn module_of(&self, path: &str) -> Option<String> {
        let requires = self.module.iter().flat_map(|(_, file)| &file.requires);
        let found = requires.filter(|require| inside(path, &require.path).is_some()).max_by_key(|r| r.path.len());
        found.map(|require| require.path.clone())
    }
}
