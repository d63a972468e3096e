//! Which declarations of the packages of others a program can reach: a graph of names, wider than that of the calls.
//!
//! A function is reached when something reached names it, a method as soon as its type is. What runs by itself (`init`,
//! calls in variables), what the program's own packages name, and what hides behind `//go:linkname`, `//export` and
//! assembly is reached from the start. Names that only look the same make the graph wider, never narrower.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use foldhash::fast::RandomState;
use rayon::prelude::*;

use super::source::{self, Import};
use super::tokens::{Kind, Token, tokenize};

/// A Go file that is part of the program.
pub(super) struct Source {
    /// Import path of its package.
    pub package: String,
    pub shown: String,
    pub text: Arc<String>,
    /// Everything in it counts as reached.
    pub whole: bool,
}

/// A declaration at the top of a file, or one line of a block of them.
struct Decl<'t> {
    first: u32,
    last: u32,
    names: Vec<&'t str>,
    /// Everything that it may mean: places among the `uses` of its file.
    uses: Vec<u32>,
    root: bool,
}

/// The declarations of a file.
struct File<'t> {
    decls: Vec<Decl<'t>>,
    /// Its own package first, then those that its declarations speak of.
    paths: Vec<String>,
    /// Package and name of everything that one of its declarations may mean; the package is an index into `paths`.
    uses: Vec<(usize, &'t str)>,
}

/// For each file by its shown path: the lines that can be reached.
pub(super) struct Reached(HashMap<String, Vec<(u32, u32, bool)>>);

impl Reached {
    /// A line outside of every declaration that was understood is taken for one that is reached.
    pub fn has(&self, file: &str, line: u32) -> bool {
        let Some(decls) = self.0.get(file) else { return true };
        let mut here = decls.iter().filter(|(first, last, _)| (*first..=*last).contains(&line)).peekable();
        here.peek().is_none() || here.any(|(.., reached)| *reached)
    }
}

pub(super) fn reached(files: &[Source]) -> Reached {
    let read: Vec<File<'_>> = files.par_iter().map(decls).collect();
    // Packages are numbered, so that a name of one is found without reading its path again.
    let mut packages: HashMap<&str, u32, RandomState> = HashMap::default();
    let mut number = |path| -> u32 {
        let next = packages.len() as u32;
        *packages.entry(path).or_insert(next)
    };
    let paths: Vec<Vec<u32>> =
        read.iter().map(|file| file.paths.iter().map(|path| number(path.as_str())).collect()).collect();
    let mut named: HashMap<(u32, &str), Vec<(usize, usize)>, RandomState> = HashMap::default();
    let mut queue: Vec<(usize, usize)> = Vec::new();
    let mut seen: Vec<Vec<bool>> = Vec::new();
    for (index, (file, paths)) in read.iter().zip(&paths).enumerate() {
        let package = paths.first().copied().unwrap_or_default();
        for (at, decl) in file.decls.iter().enumerate() {
            for name in &decl.names {
                named.entry((package, name)).or_default().push((index, at));
            }
            if decl.root {
                queue.push((index, at));
            }
        }
        seen.push(file.decls.iter().map(|decl| decl.root).collect());
    }
    let mut followed: Vec<Vec<bool>> = read.iter().map(|file| vec![false; file.uses.len()]).collect();
    while let Some((index, at)) = queue.pop() {
        let (Some(file), Some(paths), Some(followed)) = (read.get(index), paths.get(index), followed.get_mut(index))
        else {
            continue;
        };
        for at in file.decls.get(at).map_or(&[][..], |decl| &decl.uses) {
            let at = *at as usize;
            let (Some((package, name)), Some(followed)) = (file.uses.get(at), followed.get_mut(at)) else { continue };
            if std::mem::replace(followed, true) {
                continue;
            }
            // Whoever names it first reaches all that is called so.
            let package = paths.get(*package).copied().unwrap_or_default();
            for (index, at) in named.remove(&(package, *name)).into_iter().flatten() {
                if let Some(seen) = seen.get_mut(index).and_then(|seen| seen.get_mut(at))
                    && !std::mem::replace(seen, true)
                {
                    queue.push((index, at));
                }
            }
        }
    }
    let mut all = HashMap::new();
    for (file, (File { decls, .. }, seen)) in files.iter().zip(read.iter().zip(seen)) {
        let lines = decls.iter().zip(seen).map(|(decl, seen)| (decl.first, decl.last, seen));
        all.insert(file.shown.clone(), lines.collect());
    }
    Reached(all)
}

/// The uses of a file while its declarations are read: each once, and once in a declaration.
#[derive(Default)]
struct Uses<'t> {
    known: HashMap<(usize, &'t str), u32, RandomState>,
    list: Vec<(usize, &'t str)>,
    /// The last declaration that has each.
    taken: Vec<usize>,
    decl: usize,
}

impl<'t> Uses<'t> {
    /// A new declaration begins.
    fn begin(&mut self) {
        self.decl += 1;
    }

    fn add(&mut self, package: usize, name: &'t str, uses: &mut Vec<u32>) {
        let next = self.list.len() as u32;
        let at = *self.known.entry((package, name)).or_insert(next);
        if at == next {
            self.list.push((package, name));
            self.taken.push(0);
        }
        if let Some(taken) = self.taken.get_mut(at as usize)
            && *taken != self.decl
        {
            *taken = self.decl;
            uses.push(at);
        }
    }
}

fn decls(file: &Source) -> File<'_> {
    let (text, whole) = (file.text.as_str(), file.whole);
    let imports = source::scan_head(text).imports;
    let (tokens, comments) = tokenize(text, false);
    let mut paths = vec![file.package.clone()];
    let scope = Scope::new(&imports, &tokens, &mut paths);
    let mut uses = Uses::default();
    let mut found = Vec::new();
    let mut at = 0;
    let mut depth = 0u32;
    while let Some(token) = tokens.get(at) {
        match &token.kind {
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Ident(verb @ ("func" | "type" | "var" | "const")) if depth == 0 => {
                let end = at + length(tokens.get(at..).unwrap_or_default());
                let body = tokens.get(at + 1..end).unwrap_or_default();
                match body.first() {
                    Some(open) if open.is('(') && *verb != "func" => {
                        let inner = body.get(1..body.len().saturating_sub(1)).unwrap_or_default();
                        let mut start = 0;
                        while start < inner.len() {
                            let rest = inner.get(start..).unwrap_or_default();
                            let size = length(rest).max(1);
                            found.extend(decl(verb, rest.get(..size).unwrap_or_default(), &scope, &mut uses));
                            start += size;
                        }
                    }
                    _ => found.extend(decl(verb, body, &scope, &mut uses)),
                }
                at = end;
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    for (comment, line) in comments {
        let mut hidden: Vec<(usize, &str)> = Vec::new();
        let mut words = comment.split_whitespace();
        match words.next() {
            Some("//go:linkname") => {
                hidden.extend(words.next().map(|local| (0, local)));
                if let Some((package, name)) = words.next().and_then(|target| target.rsplit_once('.')) {
                    paths.push(package.to_string());
                    hidden.push((paths.len() - 1, name));
                }
            }
            Some("//export") => hidden.extend(words.next().map(|name| (0, name))),
            _ => continue,
        }
        let mut own = Vec::new();
        uses.begin();
        hidden.into_iter().for_each(|(package, name)| uses.add(package, name, &mut own));
        found.push(Decl { first: line, last: line, names: Vec::new(), uses: own, root: true });
    }
    if whole {
        found.iter_mut().for_each(|decl| decl.root = true);
    }
    File { decls: found, paths, uses: uses.list }
}

/// The tokens up to the `;` that ends what begins with the first one.
fn length(tokens: &[Token<'_>]) -> usize {
    let mut depth = 0u32;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') => depth = depth.saturating_sub(1),
            Kind::Op(';') if depth == 0 => return at + 1,
            _ => {}
        }
    }
    tokens.len()
}

/// What the names before a dot stand for in a file.
struct Scope {
    names: Vec<(String, usize)>,
    /// Packages whose name in the file is not known, and those that a dot imports.
    unsure: Vec<usize>,
    dotted: Vec<usize>,
}

impl Scope {
    fn new(imports: &[Import], tokens: &[Token<'_>], paths: &mut Vec<String>) -> Scope {
        let mut scope = Scope { names: Vec::new(), unsure: Vec::new(), dotted: Vec::new() };
        let owners: HashSet<&str, RandomState> = tokens
            .windows(2)
            .filter(|pair| pair.get(1).is_some_and(|dot| dot.is('.')))
            .filter_map(|pair| pair.first().and_then(Token::ident))
            .collect();
        for import in imports {
            let name = source::local_name(import);
            let index = paths.len();
            paths.push(import.path.clone());
            match import.alias.as_deref() {
                Some("_") => {}
                Some(".") => scope.dotted.push(index),
                None if !owners.contains(name) => scope.unsure.push(index),
                _ => scope.names.push((name.to_string(), index)),
            }
        }
        scope
    }
}

fn decl<'t>(verb: &str, tokens: &[Token<'t>], scope: &Scope, uses: &mut Uses<'t>) -> Option<Decl<'t>> {
    let (first, last) = (tokens.first()?.line, tokens.last()?.line);
    let mut names = Vec::new();
    let mut root = false;
    match (verb, tokens.first()) {
        ("func", Some(open)) if open.is('(') => {
            // `(r *Type[K])`: the last name before a bracket or the end.
            let receiver = tokens.iter().skip(1).take_while(|token| !token.is(')') && !token.is('['));
            names.extend(receiver.filter_map(Token::ident).last());
            root = names.is_empty();
        }
        ("func", Some(name)) => {
            names.extend(name.ident());
            root = name.ident() == Some("init");
        }
        ("var", _) => {
            names = listed(tokens);
            root = tokens.iter().any(|token| token.is('(')) || names.contains(&"_");
        }
        _ => names = listed(tokens),
    }
    let mut own = Vec::new();
    uses.begin();
    let (mut owner, mut dot) = (None, false);
    for token in tokens {
        let Some(name) = token.ident() else {
            // `owner.`: anything else before the dot is no name of a package.
            let here = token.is('.');
            if !here || dot {
                owner = None;
            }
            dot = here;
            continue;
        };
        if dot {
            match scope.names.iter().find(|(local, _)| Some(local.as_str()) == owner) {
                Some((_, path)) => uses.add(*path, name, &mut own),
                None => scope.unsure.iter().for_each(|path| uses.add(*path, name, &mut own)),
            }
        } else {
            uses.add(0, name, &mut own);
            scope.dotted.iter().for_each(|path| uses.add(*path, name, &mut own));
        }
        (owner, dot) = (Some(name), false);
    }
    Some(Decl { first, last, names, uses: own, root })
}

/// `a` of `a = 1`, `a` and `b` of `a, b int`.
fn listed<'t>(tokens: &[Token<'t>]) -> Vec<&'t str> {
    let mut names = Vec::new();
    for pair in tokens.chunks(2) {
        names.extend(pair.first().and_then(Token::ident));
        if !pair.get(1).is_some_and(|token| token.is(',')) {
            break;
        }
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether the line of `lib` with `HERE` is reached by a program whose main package has this text.
    fn is_reached(lib: &str, main: &str) -> bool {
        let file = |package: &str, text: &str, whole: bool| Source {
            package: package.into(),
            shown: format!("{package}.go"),
            text: Arc::new(text.into()),
            whole,
        };
        let line = lib.lines().position(|line| line.contains("HERE")).unwrap() as u32 + 1;
        let main = format!("package main\nimport \"a.io/go-lib\"\nfunc main() {{ {main} }}\n");
        let files = [file("main", &main, true), file("a.io/go-lib", &format!("package lib\n{lib}"), false)];
        reached(&files).has("a.io/go-lib.go", line + 1)
    }

    #[test]
    fn what_nothing_names_is_not_reached() {
        for (lib, main, want) in [
            ("func Run() { HERE() }", "lib.Other()", false),
            ("func Run() { HERE() }", "lib.Run()", true),
            ("func Run() { HERE() }", "f := lib.Run\nf()", true),
            ("func Other() { run() }\nfunc run() { HERE() }", "lib.Other()", true),
            ("func Other() { run() }\nfunc run() { HERE() }", "lib.More()", false),
            ("func init() { HERE() }", "", true),
            ("var x = func() int { return HERE() }()", "", true),
            ("var run = HERE", "lib.Other()", false),
            ("var run = HERE\nfunc Do() { run() }", "lib.Do()", true),
            ("var (\n\ta = f()\n\tb = HERE\n)\nfunc f() {}", "", false),
            ("type Cmd struct{}\nfunc (c *Cmd) Start() { HERE() }", "", false),
            (
                "type Cmd struct{}\nfunc (c *Cmd) Start() { HERE() }\nfunc New() *Cmd { return nil }",
                "lib.New().Start()",
                true,
            ),
            ("type Set[K any] struct{}\nfunc (s Set[K]) Start() { HERE() }", "var s lib.Set[int]", true),
            ("type A struct{ b B }\ntype B struct{}\nfunc (B) Start() { HERE() }", "var _ lib.A", true),
            ("const Dir = \"HERE\"", "lib.Run()", false),
            ("const (\n\tX = 1\n\tDir = \"HERE\"\n)", "print(lib.Dir)", true),
            ("//go:linkname run runtime.x\nfunc run() { HERE() }", "", true),
            ("func run() { HERE() }\n//export run\n", "", true),
        ] {
            assert_eq!(is_reached(lib, main), want, "{lib} | {main}");
        }
    }
}
