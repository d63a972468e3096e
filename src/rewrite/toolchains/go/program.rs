//! What a main package and everything it reaches needs: cgo, files, programs. Follows imports through the module,
//! `vendor`, `replace => ./local` and go.work; other modules are judged by the table.

mod evidence;
mod imports;
mod told;
mod traced;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::Arc;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::constraint::{Target, free_tags, name_fits};
use super::data::{data_files, is_data_file};
use super::foreign;
use super::gomod::{self, GoMod};
use super::modcache::{self, ModuleCache};
use super::needs;
use super::packages::module_of;
use super::reach::Source;
use super::source::{self, GoFile};
use super::{Need, NeedKind, Place, Program, Tags};
use crate::context::tree::{ImageTree, Origin, join};
use crate::rewrite::paths::base_name;
use crate::text::Text;
use told::Told;

/// Reads the program whose main package stands in `main_dir`.
///
/// `roots` are directories that a relative path may start from at run time: the final WORKDIR, the module's own.
/// String literals that name a file or directory below one of them count as data that is read.
pub fn analyse(tree: &ImageTree<'_>, main_dir: &str, tags: &Tags, roots: &[String]) -> Program {
    analyse_seen(tree, tree, main_dir, tags, roots)
}

/// `tree` is what the build saw, and `image` what is left of it at the end.
pub fn analyse_seen(
    tree: &ImageTree<'_>,
    image: &ImageTree<'_>,
    main_dir: &str,
    tags: &Tags,
    roots: &[String],
) -> Program {
    let mut reader = follow_all(Reader::new(tree, main_dir, tags), main_dir);
    reader.trace_paths();
    reader.data_in_strings(roots);
    reader.program.data_left = data_files(image, "/", &reader.program.embeds);
    reader.finish()
}

/// What the program is linked against, and why that may be incomplete; its needs at run time are left out.
pub fn linked(tree: &ImageTree<'_>, main_dir: &str, tags: &Tags) -> Program {
    let mut reader = Reader::new(tree, main_dir, tags);
    reader.only_links = true;
    follow_all(reader, main_dir).finish()
}

fn follow_all<'a>(mut reader: Reader<'a>, main_dir: &str) -> Reader<'a> {
    let tree = reader.tree;
    reader.program.gaps.extend(tree.gaps.iter().cloned());
    if !tree.context.complete {
        reader.program.gaps.push("the build context is too large to be listed whole".into());
    }
    reader.module_settings();
    reader.queue.push_back(main_dir.to_string());
    while !reader.queue.is_empty() {
        let queued = std::mem::take(&mut reader.queue);
        let dirs: Vec<String> = queued.into_iter().filter(|dir| reader.seen.insert(dir.clone())).collect();
        for package in reader.read_dirs(dirs) {
            reader.package(package);
        }
    }
    reader.listed_modules();
    reader
}

struct Reader<'a> {
    tree: &'a ImageTree<'a>,
    tags: &'a Tags,
    /// The main module: its directory and go.mod.
    module: Option<(String, GoMod)>,
    /// Module path and directory of every module whose source is in the tree, longest path first.
    local: Vec<(String, String)>,
    /// `vendor` of the module or the workspace.
    vendor: Option<String>,
    /// `<GOPATH>/src` where there is no module.
    gopath: Option<String>,
    /// Modules of which only the user's own module cache has the sources.
    cache: ModuleCache<'a>,
    queue: VecDeque<String>,
    seen: BTreeSet<String>,
    /// Import paths that were followed, from packages of others and from the program's own.
    followed: [BTreeSet<String>; 2],
    only_links: bool,
    /// String literals of the program's own files and where they stand.
    strings: HashMap<Text, Place, RandomState>,
    /// Parts of them that may be paths: of connection strings, commands and formats.
    parts: BTreeMap<Text, Place>,
    unread: BTreeSet<String>,
    /// What packages of others need by themselves, should the program reach it: with the module that it lies in.
    foreign: Vec<(String, Need)>,
    /// One of these is that of certificates.
    foreign_certificates: bool,
    /// Strings of their files that read files and that look like paths of files: with the package.
    foreign_strings: Vec<(String, Text, Place)>,
    /// Every Go file that was read: import path, path, shown path, and whether all of it counts as reached.
    sources: Vec<(String, String, String, bool)>,
    /// A database that is a file is linked in.
    file_database: bool,
    program: Program,
}

/// A file of a package, with what was read of it.
struct Read {
    /// In the build stage or in the module cache.
    path: String,
    file: Arc<GoFile>,
    shown: String,
    with_cgo: bool,
    without: bool,
}

/// A directory whose files were read.
#[derive(Default)]
struct Package {
    dir: String,
    /// Those that are part of a build.
    files: Vec<Read>,
    /// Files that could not be read.
    gaps: Vec<String>,
    told: Told,
}

impl<'a> Reader<'a> {
    fn new(tree: &'a ImageTree<'a>, main_dir: &str, tags: &'a Tags) -> Reader<'a> {
        let module = module_of(tree, main_dir);
        let mut local = Vec::new();
        let mut vendor = None;
        if let Some((root, file)) = &module {
            local.push((file.module.clone(), root.clone()));
            let work = workspace(tree, root);
            let mut replaces = file.replaces.clone();
            if let Some((dir, work)) = &work {
                replaces.extend(work.replaces.iter().cloned());
                for used in &work.uses {
                    let dir = join(dir, used);
                    if let Some(text) = tree.read(&join(&dir, "go.mod")) {
                        local.push((gomod::parse(&text).module, dir));
                    }
                }
            }
            for replace in replaces.iter().filter(|replace| replace.is_local()) {
                local.push((replace.old.clone(), join(root, &replace.new)));
            }
            let places = [work.as_ref().map(|(dir, _)| dir), Some(root)];
            vendor = places
                .into_iter()
                .flatten()
                .map(|dir| join(dir, "vendor"))
                .find(|dir| tree.is_file(&join(dir, "modules.txt")));
        }
        let cache = ModuleCache::new(tree, module.as_ref());
        local.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        local.dedup();
        let gopath = main_dir.find("/src/").filter(|_| module.is_none()).and_then(|at| main_dir.get(..at + 4));
        let program = Program { module: module.as_ref().map(|(_, file)| file.module.clone()), ..Program::default() };
        Reader {
            tree,
            tags,
            local,
            vendor,
            cache,
            gopath: gopath.map(String::from),
            module,
            queue: VecDeque::new(),
            seen: BTreeSet::new(),
            followed: Default::default(),
            only_links: false,
            strings: HashMap::default(),
            parts: BTreeMap::new(),
            unread: BTreeSet::new(),
            foreign: Vec::new(),
            foreign_certificates: false,
            foreign_strings: Vec::new(),
            sources: Vec::new(),
            file_database: false,
            program,
        }
    }

    /// A package of others: what it links counts, and what it does by itself; what it is called with is up to the
    /// program.
    fn is_foreign(&self, dir: &str) -> bool {
        let vendored = self.vendor.as_deref().and_then(|vendor| dir.strip_prefix(vendor));
        vendored.is_some_and(|rest| rest.starts_with('/')) || modcache::is_inside(dir)
    }

    /// `godebug netdns=cgo` in go.mod or go.work.
    fn module_settings(&mut self) {
        let Some((root, _)) = &self.module else { return };
        let work = workspace(self.tree, root).map(|(dir, _)| join(&dir, "go.work"));
        for path in work.into_iter().chain([join(root, "go.mod")]) {
            let text = self.tree.read(&path).unwrap_or_default();
            let plain =
                |line: &str| line.split("//").next().is_some_and(|line| source::asks_c_resolver(line).is_some());
            if let Some(line) = text.lines().position(plain) {
                self.program.c_resolver = Some(Place { file: self.tree.shown(&path), line: line as u32 + 1 });
                return;
            }
        }
    }

    /// Nobody knows which machine builds the image, so the program's own files of both kinds count.
    fn targets(&self, cgo: bool, foreign: bool) -> Vec<Target<'a>> {
        let arches: &[&str] = if foreign { &["amd64"] } else { &["amd64", "arm64"] };
        arches.iter().map(|arch| Target { os: "linux", arch, cgo, tags: &self.tags.names }).collect()
    }

    /// The file is part of the build, or is with other tags where these may be given. Of packages of others only their C
    /// code matters then.
    fn fits(&self, file: &GoFile, target: &Target<'_>, foreign: bool) -> bool {
        const MOST: usize = 6;
        if file.fits(target) || !self.tags.open || (foreign && file.cgo.is_none()) {
            return file.fits(target);
        }
        let free = free_tags(&file.constraints);
        let with = |set: usize| {
            let given = free.iter().enumerate().filter(|(at, _)| set & (1 << at) != 0);
            let tags: Vec<String> = given.map(|(_, tag)| tag.to_string()).collect();
            file.fits(&Target { tags: &tags, ..*target })
        };
        free.len() > MOST || (0..1_usize << free.len()).any(with)
    }

    fn package(&mut self, package: Package) {
        let Package { dir, files, gaps, told } = package;
        let dir = dir.as_str();
        self.program.gaps.extend(gaps);
        if files.is_empty() {
            self.program.gaps.push(format!("no Go file of `{dir}` is known"));
            return;
        }
        self.program.packages.push(dir.to_string());
        for read in &files {
            let symbols = |import: &source::Import| READS_SYMBOLS.contains(&import.path.as_str());
            self.program.own_symbols |= read.file.imports.iter().any(symbols);
            // go/build looks into it, and so may a package of others.
            if read.file.imports("go/build") || read.file.strings.iter().any(|(text, _)| text == "GOPATH") {
                self.program.variables.push("GOPATH".into());
            }
            if let (Some(line), None) = (read.file.c_resolver, &self.program.c_resolver) {
                self.program.c_resolver = Some(Place { file: read.shown.clone(), line });
            }
        }
        self.cgo_of(dir, &files);
        let foreign = self.is_foreign(dir);
        if !self.only_links {
            self.add(told, dir, &files);
            let package = if self.is_main(dir) { "main".into() } else { self.import_path(dir) };
            let assembly = foreign && self.names_in(dir).iter().any(|name| name.ends_with(".s"));
            for read in &files {
                let whole = !foreign || assembly;
                self.sources.push((package.clone(), read.path.clone(), read.shown.clone(), whole));
            }
        }
        for read in files {
            for import in &read.file.imports {
                // In GOPATH and for relative paths it depends on the directory where a path leads.
                let same = self.gopath.is_none() && !import.path.starts_with('.');
                let [own, others] = &mut self.followed;
                let followed = if foreign { others } else { own };
                if same && followed.contains(&import.path) {
                    continue;
                }
                followed.insert(import.path.clone());
                let place = Place { file: read.shown.clone(), line: import.line };
                self.follow(&import.path, dir, place, foreign);
            }
        }
    }

    /// The files of each directory that are part of a build; a gap for each that cannot be read. What one directory
    /// imports decides which come next, so a whole level is read at once, on every core.
    fn read_dirs(&self, dirs: Vec<String>) -> Vec<Package> {
        let mut paths: Vec<(usize, String)> = Vec::new();
        let foreign: Vec<bool> = dirs.iter().map(|dir| self.is_foreign(dir)).collect();
        for (index, dir) in dirs.iter().enumerate() {
            let targets = self.targets(true, foreign.get(index) == Some(&true));
            let mut names = self.names_in(dir);
            names.retain(|name| targets.iter().any(|target| name_fits(name, target)));
            paths.extend(names.iter().map(|name| (index, join(dir, name))));
        }
        let read = |(index, path): &(usize, String)| {
            let parse = if foreign.get(*index) == Some(&true) { source::scan_foreign } else { source::scan };
            let cached = self.cache.place(path);
            let file = match &cached {
                Some((files, inner)) => files.parsed(inner, parse),
                None => self.tree.parsed(path, parse),
            };
            let Some(file) = file else { return (*index, Err(format!("`{path}` could not be read"))) };
            let shown = cached.map_or_else(|| self.tree.shown(path), |_| modcache::shown(path));
            let others = foreign.get(*index) == Some(&true);
            let fits = |cgo: bool| {
                let fits = |target: &Target<'_>| name_fits(base_name(path), target) && self.fits(&file, target, others);
                self.targets(cgo, others).iter().any(fits)
            };
            let (with_cgo, without) = (fits(true), fits(false));
            (*index, Ok(Read { path: path.clone(), file, shown, with_cgo, without }))
        };
        // A few files are read before the threads have started.
        const WORTH_THREADS: usize = 40;
        let many = paths.len() >= WORTH_THREADS;
        let all: Vec<(usize, Result<Read, String>)> = match many {
            true => paths.par_iter().with_min_len(8).map(read).collect(),
            false => paths.iter().map(read).collect(),
        };
        let mut found: Vec<Package> = dirs.into_iter().map(|dir| Package { dir, ..Package::default() }).collect();
        for (index, file) in all {
            let Some(package) = found.get_mut(index) else { continue };
            match file {
                Ok(file) if file.with_cgo || file.without => package.files.push(file),
                Ok(_) => {}
                Err(gap) => package.gaps.push(gap),
            }
        }
        // The main package is read first, and alone.
        if let (Some(only), true, [main]) = (&self.tags.files, self.program.packages.is_empty(), found.as_mut_slice()) {
            let is = |read: &Read, name: &String| base_name(&read.path) == name;
            if only.iter().all(|name| main.files.iter().any(|read| is(read, name))) {
                main.files.retain(|read| only.iter().any(|name| is(read, name)));
            }
        }
        if !self.only_links {
            let tell = |package: &mut Package| package.told = self.told(&package.dir, &package.files);
            if many { found.par_iter_mut().for_each(tell) } else { found.iter_mut().for_each(tell) }
        }
        found
    }

    /// The files of a directory of the tree or of the module cache.
    fn names_in(&self, dir: &str) -> Vec<String> {
        match self.cache.place(dir) {
            Some((files, inner)) => {
                let skip = inner.len() + usize::from(!inner.is_empty());
                let names = files.under(&inner).filter_map(|(path, _)| path.get(skip..));
                names.filter(|name| !name.contains('/')).map(String::from).collect()
            }
            None => self.tree.files_in(dir).map(|(name, _)| name.to_string()).collect(),
        }
    }

    /// The text of a file of the tree or of the module cache.
    fn text_of(&self, path: &str) -> Option<Arc<String>> {
        match self.cache.place(path) {
            Some((files, inner)) => files.text(&inner),
            None => self.tree.text(path),
        }
    }

    fn sources(&self) -> Vec<Source> {
        let source = |(package, path, shown, whole): &(String, String, String, bool)| {
            Some(Source { package: package.clone(), shown: shown.clone(), text: self.text_of(path)?, whole: *whole })
        };
        self.sources.par_iter().filter_map(source).collect()
    }

    fn is_main(&self, dir: &str) -> bool {
        self.program.packages.first().is_some_and(|first| first == dir)
    }

    fn data_in_strings(&mut self, roots: &[String]) {
        let known: BTreeSet<String> = self
            .program
            .needs
            .iter()
            .filter_map(|need| match &need.kind {
                NeedKind::DataFile(path) => Some(path.trim_start_matches("./")),
                _ => None,
            })
            // What lies in the directory of a pattern comes with it.
            .flat_map(|path| [Some(path), path.find('*').and_then(|at| Some(path.get(..at)?.rsplit_once('/')?.0))])
            .flatten()
            .map(String::from)
            .collect();
        // What is opened for writing may be a file that is there to be read.
        let written: Vec<(Text, Place)> = self
            .program
            .needs
            .iter()
            .filter_map(|need| match (&need.kind, &need.place) {
                (NeedKind::WritablePath(path), Some(place)) => Some((path.into(), place.clone())),
                _ => None,
            })
            .collect();
        let foreign = std::mem::take(&mut self.foreign_strings);
        let mut strings: Vec<(&Text, &Place)> = self.strings.iter().collect();
        strings.sort_by_key(|(text, _)| *text);
        let parts = std::mem::take(&mut self.parts);
        let own = strings.into_iter().chain(parts.iter()).chain(written.iter().map(|(text, place)| (text, place)));
        let others = foreign.iter().map(|(package, text, place)| (Some(package), text, place));
        for (package, text, place) in own.map(|(text, place)| (None, text, place)).chain(others) {
            let plain = text.trim_start_matches("./").trim_end_matches('/');
            if plain.trim_matches(['.', '/']).is_empty() || plain.len() > 300 || plain.contains(['\n', '%', ':', '*']) {
                continue;
            }
            if known.contains(plain) || known.contains(text.as_str()) {
                continue;
            }
            let absolute = text.starts_with('/').then(|| "/".to_string());
            let is_data = |root: &String| {
                let path = join(root, plain.trim_start_matches('/'));
                let named = self.tree.is_file(&path) && !path.ends_with(".go") && plain.contains('.');
                named && self.tree.origin(&path) != Some(&Origin::Program)
                    || is_data_file(self.tree, &path)
                    || self.tree.under(&path).any(|(file, _)| {
                        // Tests alone read it, unless the program itself names it.
                        let test = plain.contains("testdata") && !file.ends_with(".go");
                        test || is_data_file(self.tree, file)
                    })
            };
            if roots.iter().chain(&absolute).any(is_data) {
                let need = Need {
                    kind: NeedKind::DataFile(text.to_string()),
                    place: Some(place.clone()),
                    why: format!("the string {text:?} names it"),
                    literal: false,
                    is_path: false,
                    argument: None,
                };
                match package {
                    Some(package) => self.foreign.push((package.clone(), need)),
                    None => self.program.needs.push(need),
                }
            }
        }
    }

    fn finish(mut self) -> Program {
        let tree = self.tree;
        self.program.writes_somewhere = self.program.needs.iter().any(super::needs::writes_somewhere);
        let found = std::mem::take(&mut self.foreign);
        self.program.foreign = foreign::only_reached(found, &|| self.sources());
        // A path that is computed is made of something: of a path of the system among the strings, perhaps.
        let reads = self.program.needs.iter().any(|need| need.is_path) || !self.program.foreign.is_empty();
        self.program.reads_computed = reads || !self.unread.is_empty();
        let path = |text: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+@~".contains(c);
            text.contains('/')
                && text.len() < 200
                && text.chars().all(plain)
                && !text.contains("//")
                && !text.contains("...")
        };
        let mut strings: Vec<(&Text, &Place)> = self.strings.iter().collect();
        strings.sort_by_key(|(text, _)| *text);
        const LOGINS: &[&str] = &["ssh", "netrc", "id_rsa", "id_ed25519", "id_ecdsa", "known_hosts", "git-credentials"];
        let login = |text: &str| text.len() < 200 && LOGINS.iter().any(|word| text.contains(word));
        let logins = strings.iter().filter(|(text, _)| login(text));
        self.program.logins = logins.map(|(text, place)| (text.to_string(), Place::clone(place))).collect();
        let paths = strings.iter().filter(|(text, _)| path(text));
        self.program.paths = paths.map(|(text, place)| (text.to_string(), Place::clone(place))).collect();
        for (text, place) in strings {
            let string = [(text.clone(), place.line)];
            foreign::system_strings(&string, &place.file, &mut self.program.needs, reads);
        }
        let all_known = tree.gaps.is_empty() && tree.unknown.is_empty() && tree.context.complete;
        if all_known && self.program.data_left.is_empty() {
            self.program.foreign.retain(|(_, need)| !need.is_path);
            self.program.needs.retain(|need| !need.is_path);
        }
        let database = self.file_database;
        self.program.needs.retain(|need| database || need.kind != NeedKind::Unknown(needs::DATABASE.into()));
        let letter = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
        for text in self.strings.keys() {
            // `os.ExpandEnv` and its like take `$NAME/x` and `${NAME}/x`.
            let behind = text.split('$').skip(1).filter_map(|rest| {
                let rest = rest.strip_prefix('{').unwrap_or(rest);
                rest.split(|c| !letter(c)).next()
            });
            let whole = Some(text.as_str()).filter(|text| text.chars().all(letter));
            self.program
                .variables
                .extend(whole.into_iter().chain(behind).filter(|name| name.len() > 1).map(String::from));
        }
        self.program.variables.sort();
        self.program.variables.dedup();
        let zones = !self.tags.open && self.tags.may_have("timetzdata");
        self.program.needs.retain(|need| !(zones && need.kind == NeedKind::TimeZones));
        // One need of each kind: a literal one where there is one, the first of these.
        self.program.needs.sort_by_key(|need| !need.literal);
        let mut kinds = BTreeSet::new();
        self.program.needs.retain(|need| kinds.insert(need.kind.clone()));
        self.program.needs.sort_by(|a, b| (&a.kind, !a.literal).cmp(&(&b.kind, !b.literal)));
        self.program.cgo.sort_by(|a, b| (a.kind, &a.what).cmp(&(b.kind, &b.what)));
        self.program.unread = self.unread.into_iter().collect();
        self.program.unknown.sort();
        self.program.unknown.dedup();
        self.program.cached = self.cache.names(&self.program.packages);
        self.program.packages.sort();
        self.program.gaps.dedup();
        self.program
    }
}

/// Packages that read the symbols or the debug information of a program.
const READS_SYMBOLS: &[&str] = &["debug/buildinfo", "debug/dwarf", "debug/elf", "debug/gosym"];

/// Libraries of the C library itself.
const OF_LIBC: &[&str] = &["c", "dl", "m", "pthread", "resolv", "rt", "util"];

/// What of `path` stands behind `root`, when it lies in it.
pub(super) fn inside<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(root)?;
    if rest.is_empty() { Some("") } else { rest.strip_prefix('/') }
}

/// A path of the standard library has no dot in its first element.
fn is_standard(path: &str) -> bool {
    path.split('/').next().is_some_and(|first| !first.contains('.'))
}

fn workspace(tree: &ImageTree<'_>, root: &str) -> Option<(String, gomod::GoWork)> {
    let mut dir = root;
    loop {
        if let Some(text) = tree.read(&join(dir, "go.work")) {
            return Some((dir.to_string(), gomod::parse_work(&text)));
        }
        if dir == "/" {
            return None;
        }
        dir = dir.rsplit_once('/').map_or("/", |(parent, _)| if parent.is_empty() { "/" } else { parent });
    }
}

/// In GOPATH each directory above may have a `vendor`.
fn vendor_above(tree: &ImageTree<'_>, from: &str, path: &str) -> Option<String> {
    let mut dir = from;
    while let Some((parent, _)) = dir.rsplit_once('/') {
        let place = join(dir, &format!("vendor/{path}"));
        if tree.files_in(&place).next().is_some() {
            return Some(place);
        }
        dir = parent;
    }
    None
}

/// Standard packages that are net or os/user, or import them: with cgo on they call the resolver of the C library.
fn needs_resolver(path: &str) -> bool {
    const ON_NET: [&str; 6] = ["crypto/tls", "crypto/x509", "expvar", "log/syslog", "mime/multipart", "os/user"];
    let pure = matches!(path, "net/url" | "net/netip" | "net/http/internal/ascii");
    path == "net" || (path.starts_with("net/") && !pure) || ON_NET.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::BuildContext;

    fn read(files: &[(&str, &str)], main: &str, tags: &[&str]) -> Program {
        let context = BuildContext::in_memory(files);
        let tree = ImageTree::at(&context, "/src");
        let tags = Tags { names: tags.iter().map(|tag| tag.to_string()).collect(), ..Tags::default() };
        analyse(&tree, main, &tags, &["/src".into()])
    }

    fn cgo(program: &Program) -> Vec<String> {
        program.cgo.iter().map(|found| format!("{:?} {}", found.kind, found.what)).collect()
    }

    const MAIN: &str = "package main\nimport _ \"x/app/db\"\nfunc main() {}\n";

    #[test]
    fn cgo_counts_only_where_the_program_reaches() {
        let base = [("go.mod", "module x/app\n"), ("main.go", MAIN)];
        let with = |more: &[(&str, &str)]| {
            let files: Vec<(&str, &str)> = base.iter().chain(more).copied().collect();
            cgo(&read(&files, "/src", &[]))
        };
        assert_eq!(with(&[("db/a.go", "package db\n")]), Vec::<String>::new());
        assert_eq!(with(&[("db/a.go", "package db\nimport \"C\"\n")]), ["ImportC x/app/db"]);
        assert_eq!(
            with(&[("db/a.go", "package db\n"), ("db/a_test.go", "package db\nimport \"C\"")]),
            Vec::<String>::new()
        );
        assert_eq!(
            with(&[("db/a.go", "package db\n"), ("other/b.go", "package b\nimport \"C\"")]),
            Vec::<String>::new()
        );
        assert_eq!(
            with(&[("db/a.go", "package db\n"), ("db/b_windows.go", "package db\nimport \"C\"")]),
            Vec::<String>::new()
        );
        assert_eq!(
            with(&[("db/a.go", "//go:build cgo\n\npackage db\n"), ("db/b.go", "//go:build !cgo\n\npackage db\n")]),
            ["Twin x/app/db"]
        );
        assert_eq!(
            with(&[("db/a.go", "package db\nimport \"plugin\"\nvar _, _ = plugin.Open(p)\n")]),
            ["Plugin plugin"]
        );
        assert_eq!(
            with(&[("db/a.go", "package db\nimport \"github.com/mattn/go-sqlite3\"\n")]),
            ["Module github.com/mattn/go-sqlite3"]
        );
        assert_eq!(with(&[("db/a.go", "package db\nimport \"modernc.org/sqlite\"\n")]), Vec::<String>::new());
        assert_eq!(
            with(&[("db/a.go", "//go:build kafka\n\npackage db\nimport \"C\"\n"), ("db/b.go", "package db")]),
            Vec::<String>::new()
        );
    }

    #[test]
    fn libraries_count_where_they_are_linked() {
        let main = "package main\nimport \"github.com/confluentinc/confluent-kafka-go/v2/kafka\"\n// #cgo LDFLAGS: -lm -lfoo\nimport \"C\"\n";
        let linked = |tags: &[&str]| -> Vec<Vec<String>> {
            let program = read(&[("go.mod", "module x/app\n"), ("main.go", main)], "/src", tags);
            program.cgo.into_iter().map(|found| found.libraries).collect()
        };
        assert_eq!(linked(&["musl"]), [vec!["foo".to_string()], vec![]]);
        assert_eq!(linked(&["dynamic"]), [vec!["foo".to_string()], vec!["rdkafka".into()]]);
    }

    #[test]
    fn modules_of_go_mod_are_possible_until_they_are_read() {
        let sqlite =
            "module x/app\nrequire (\n\tgorm.io/gorm v1.0.0\n\tgithub.com/mattn/go-sqlite3 v1.14.0 // indirect\n)\n";
        let main = "package main\nimport \"gorm.io/gorm\"\nfunc main() {}\n";
        let program = read(&[("go.mod", sqlite), ("main.go", main)], "/src", &[]);
        assert_eq!(cgo(&program), ["IndirectModule github.com/mattn/go-sqlite3"]);
        assert_eq!(program.cgo[0].place, Some(Place { file: "go.mod".into(), line: 4 }));
        assert_eq!(program.unread, ["gorm.io/gorm"]);
        let vendored = [
            ("go.mod", sqlite),
            ("main.go", main),
            ("vendor/modules.txt", "# gorm.io/gorm v1.0.0\n"),
            ("vendor/gorm.io/gorm/gorm.go", "package gorm\nimport \"os\"\nfunc f() { os.Open(x) }\n"),
        ];
        let program = read(&vendored, "/src", &[]);
        assert_eq!((cgo(&program), program.unread.len(), program.needs.len()), (Vec::new(), 0, 0));
    }

    #[test]
    fn imports_are_followed_through_replace_and_workspace() {
        let main = "package main\nimport (\n\"y/lib\"\n\"z/other/sub\"\n)\nfunc main() {}\n";
        let program = read(
            &[
                ("app/go.mod", "module x/app\nreplace y/lib => ../lib\n"),
                ("app/main.go", main),
                ("lib/lib.go", "package lib\nimport \"C\"\n"),
                ("go.work", "go 1.22\nuse (\n\t./app\n\t./other\n)\n"),
                ("other/go.mod", "module z/other\n"),
                ("other/sub/s.go", "package sub\nimport \"os\"\nfunc f() { os.ReadFile(\"a.txt\") }\n"),
            ],
            "/src/app",
            &[],
        );
        assert_eq!(cgo(&program), ["ImportC y/lib"]);
        assert_eq!(program.packages, ["/src/app", "/src/lib", "/src/other/sub"]);
        assert_eq!(program.needs.len(), 1);
        assert!(program.gaps.is_empty());
    }

    #[test]
    fn a_package_that_is_not_there_is_a_gap() {
        let program = read(&[("go.mod", "module x/app\n"), ("main.go", MAIN)], "/src", &[]);
        assert_eq!(program.gaps, ["no Go file of `/src/db` is known"]);
    }

    #[test]
    fn gopath_programs_are_read_too() {
        let context = BuildContext::in_memory(&[
            ("main.go", "package main\nimport (\n\"a.com/app/x\"\n\"b.com/y\"\n\"c.com/z\"\n)\n"),
            ("x/x.go", "package x\n"),
            ("vendor/b.com/y/y.go", "package y\nimport \"C\"\n"),
        ]);
        let tree = ImageTree::at(&context, "/go/src/a.com/app");
        let program = analyse(&tree, "/go/src/a.com/app", &Tags::default(), &[]);
        assert_eq!(cgo(&program), ["ImportC b.com/y"]);
        assert_eq!(program.unread, ["c.com/z"]);
    }

    #[test]
    fn strings_that_name_files_count_as_data() {
        let main = "package main\nimport \"app.io/conf\"\nfunc main() { conf.Load(\"./config/app.toml\"); x(\"web\", \"lib\", \"nope\") }\n";
        let program = read(
            &[
                ("go.mod", "module x/app\n"),
                ("main.go", main),
                ("config/app.toml", ""),
                ("web/index.html", ""),
                ("lib/lib.go", "package lib"),
            ],
            "/src",
            &[],
        );
        let data: Vec<_> = program.needs.iter().map(|need| (&need.kind, need.literal)).collect();
        let file = |path: &str| NeedKind::DataFile(path.into());
        assert_eq!(data, [(&file("./config/app.toml"), false), (&file("web"), false)]);
    }

    #[test]
    fn computed_paths_matter_only_where_files_are_left() {
        let main = "package main\nimport \"os\"\nfunc main() { os.Open(os.Args[1]) }\n";
        let shell = "package main\nimport \"os/exec\"\nfunc f(p string) { exec.Command(p) }\n";
        let mut files = vec![("go.mod", "module x/app\n"), ("main.go", main), ("README.md", "")];
        assert_eq!(read(&files, "/src", &[]).needs, []);
        files.push(("config.yml", ""));
        let program = read(&files, "/src", &[]);
        assert_eq!((program.needs.len(), program.data_left), (1, vec!["/src/config.yml".to_string()]));
        assert_eq!(read(&[("go.mod", "module x/app\n"), ("main.go", shell)], "/src", &[]).needs.len(), 1);
    }

    #[test]
    fn embedded_files_and_notes_are_not_left_over() {
        let main = "package main\nimport \"embed\"\n//go:embed web/*.html static\nvar f embed.FS\n";
        let context = BuildContext::in_memory(&[
            ("go.mod", "module x/app\n"),
            ("main.go", main),
            ("web/a.html", ""),
            ("web/b.css", ""),
            ("static/deep/c.js", ""),
            ("README.md", ""),
            ("LICENSE", ""),
            ("Dockerfile", ""),
            (".github/workflows/a.yml", ""),
            ("config.yml", ""),
            ("posts/first.md", ""),
            ("license.html", ""),
            ("docker-compose.dev.yml", ""),
            ("Dockerfile.dev", ""),
            ("cloudbuild-push.yaml", ""),
            ("sqlc.yaml", ""),
            ("uploads/.gitkeep", ""),
        ]);
        let tree = ImageTree::at(&context, "/src");
        let program = analyse(&tree, "/src", &Tags::default(), &["/src".into()]);
        assert_eq!(
            data_files(&tree, "/src", &program.embeds),
            ["/src/config.yml", "/src/license.html", "/src/posts/first.md", "/src/uploads/.gitkeep", "/src/web/b.css"]
        );
    }
}
