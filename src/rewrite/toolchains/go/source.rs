//! A Go source file read for what a build and a running program need: package, imports, cgo, constraints, embeds and
//! calls with their arguments. A scanner, not a parser: it knows comments, strings and brackets.

use std::collections::HashSet;
use std::sync::Arc;

use foldhash::fast::RandomState;

use super::constraint::{Target, comments_fit, names_cgo};
use super::tokens::{Kind, Token, tokenize};
use crate::text::Text;

#[derive(Clone, Debug, Default)]
pub struct GoFile {
    pub package: String,
    pub imports: Vec<Import>,
    /// `import "C"`.
    pub cgo: Option<CgoImport>,
    /// The comment lines before the package clause that choose when the file is built.
    pub constraints: Vec<String>,
    /// Pattern and line of each `//go:embed`.
    pub embeds: Vec<(String, u32)>,
    pub has_main: bool,
    /// `x.Name` and `x.Name(…)` in the order of the file.
    pub uses: Vec<Use>,
    /// String literals with their lines, imports left out.
    pub strings: Vec<(Text, u32)>,
    /// `const name = "text"` outside or inside of functions.
    pub constants: Vec<(String, String)>,
    /// `C.name(…)`: the name and its line.
    pub c_calls: Vec<(String, u32)>,
    /// Lines that give a `Path` to something other than a URL: perhaps to an `exec.Cmd`.
    pub paths_set: Vec<u32>,
    /// What a field `Dir` is given, and the line: perhaps that of an `exec.Cmd`.
    pub dirs_set: Vec<(Arg, u32)>,
    /// Names of variables and parameters, sorted: a constant that is called the same may not be what is meant.
    pub variables: Vec<Text>,
    /// Names that C code may call since Go has them: `//export name`.
    pub exports: Vec<String>,
    /// The first line that asks for the resolver of the C library: a string with `netdns=cgo`, or `//go:debug netdns=cgo`.
    pub c_resolver: Option<u32>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub path: String,
    /// As written: a name, `.` or `_`.
    pub alias: Option<String>,
    pub line: u32,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CgoImport {
    pub line: u32,
    /// From `#cgo LDFLAGS: -lfoo` and `#cgo pkg-config: foo`.
    pub libraries: Vec<String>,
    /// `#cgo LDFLAGS: -static`
    pub links_statically: bool,
    /// The C text above the import, without its comment signs and `#cgo` lines.
    pub code: String,
}

/// A selector, and the arguments where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Import path of the package where the part before the dot is one; `None` for a method or field.
    pub package: Option<Arc<str>>,
    pub name: Text,
    pub args: Option<Vec<Arg>>,
    /// `x.Name{Field: value}`: the fields that are given by name.
    pub fields: Option<Vec<Field>>,
    /// `*x.Name`, or what a function returns: a type, not a value of it.
    pub is_type: bool,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    pub name: Text,
    pub value: Arg,
    /// The value comes from a call.
    pub calls: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A string literal, literals joined by `+`, or `filepath.Join` of such.
    Text(Text),
    /// A bare name, perhaps a constant.
    Name(Text),
    /// Begins with known text: `"data/" + name`.
    Begins(Text),
    /// `os.Args[0]`: the program itself.
    Own,
    Other,
}

impl GoFile {
    /// Whether the file is part of a build for the target. Its name is judged apart (`constraint::name_fits`).
    pub fn fits(&self, target: &Target<'_>) -> bool {
        (target.cgo || self.cgo.is_none()) && comments_fit(&self.constraints, target).unwrap_or(true)
    }

    pub fn names_cgo(&self) -> bool {
        names_cgo(&self.constraints)
    }

    /// A variable or a parameter has the name.
    pub fn has_variable(&self, name: &str) -> bool {
        self.variables.binary_search_by(|known| known.as_str().cmp(name)).is_ok()
    }

    pub fn imports(&self, path: &str) -> bool {
        self.imports.iter().any(|import| import.path == path)
    }
}

pub fn scan(text: &str) -> GoFile {
    let (tokens, comments) = tokenize(text, false);
    let (mut file, at) = head(&tokens, &comments);
    body(tokens.get(at..).unwrap_or_default(), &mut file);
    if let Some((_, line)) = file.strings.iter().find(|(text, _)| asks_c_resolver(text).is_some()) {
        file.c_resolver = Some(*line);
    }
    file
}

/// The file up to its first declaration: package, constraints, imports, cgo. That is enough to tell what is built.
pub fn scan_head(text: &str) -> GoFile {
    let (tokens, comments) = tokenize(text, true);
    head(&tokens, &comments).0
}

/// A file of a package of others: whole only where its calls may matter.
pub fn scan_foreign(text: &str) -> GoFile {
    let head = scan_head(text);
    let whole = head.cgo.is_some() || head.imports.iter().any(|import| matters(&import.path, text));
    if whole { scan(text) } else { head }
}

/// Packages that read files, start programs or ask the system, and where nearly everything imports them, the names
/// that say so.
fn matters(path: &str, text: &str) -> bool {
    let names = |words: &[&str]| words.iter().any(|word| text.contains(word));
    match path {
        "archive/zip"
        | "go/build"
        | "go/importer"
        | "go/parser"
        | "golang.org/x/sys/execabs"
        | "golang.org/x/sys/unix"
        | "io/ioutil"
        | "mime"
        | "os"
        | "os/exec"
        | "os/user"
        | "path/filepath"
        | "plugin"
        | "runtime"
        | "syscall" => true,
        "crypto/tls" => names(&["LoadX509KeyPair"]),
        "html/template" | "text/template" => names(&["ParseFiles", "ParseGlob"]),
        "net" => names(&["LookupPort"]),
        "net/http" => names(&["http.Dir", "ServeFile"]),
        "time" => names(&["LoadLocation"]),
        _ => false,
    }
}

fn head(tokens: &[Token<'_>], comments: &[(&str, u32)]) -> (GoFile, usize) {
    let mut file = GoFile::default();
    let mut at = 0;
    let package_line = tokens.iter().find(|token| token.ident() == Some("package")).map_or(u32::MAX, |t| t.line);
    for (comment, line) in comments {
        if *line < package_line && (comment.starts_with("//go:build") || comment.contains("+build")) {
            file.constraints.push(comment.trim_end().to_string());
        }
        if let Some(patterns) = comment.strip_prefix("//go:embed ").or_else(|| comment.strip_prefix("//go:embed\t")) {
            file.embeds.extend(embed_patterns(patterns).into_iter().map(|pattern| (pattern, *line)));
        }
        if let Some(name) = comment.strip_prefix("//export ") {
            file.exports.push(name.trim().to_string());
        }
        if comment.starts_with("//go:debug") && asks_c_resolver(comment).is_some() {
            file.c_resolver = Some(1);
        }
    }
    if let (Some("package"), Some(name)) = (tokens.first().and_then(Token::ident), tokens.get(1)) {
        file.package = name.ident().unwrap_or("").to_string();
        at = 2;
    }
    at = imports(tokens, at, &mut file);
    if let Some(index) = file.imports.iter().position(|import| import.path == "C") {
        let line = file.imports.remove(index).line;
        let code = c_code(comments, line, package_line);
        file.cgo = Some(CgoImport { code, ..preamble(comments, line) });
    }
    (file, at)
}

/// The import declarations; where they end.
fn imports(tokens: &[Token<'_>], mut at: usize, file: &mut GoFile) -> usize {
    loop {
        while tokens.get(at).is_some_and(|token| token.is(';')) {
            at += 1;
        }
        if tokens.get(at).and_then(Token::ident) != Some("import") {
            return at;
        }
        at += 1;
        let block = tokens.get(at).is_some_and(|token| token.is('('));
        if block {
            at += 1;
        }
        let mut alias = None;
        while let Some(token) = tokens.get(at) {
            at += 1;
            match &token.kind {
                Kind::Ident(name) => alias = Some(name.to_string()),
                Kind::Op('.') => alias = Some(".".into()),
                Kind::Text(path) => {
                    file.imports.push(Import { path: path.text().into_owned(), alias: alias.take(), line: token.line });
                    if !block {
                        break;
                    }
                }
                Kind::Op(';') => {}
                Kind::Op(')') if block => break,
                _ => return at,
            }
        }
    }
}

/// What the `#cgo` lines of the file ask of the linker.
fn preamble(comments: &[(&str, u32)], line: u32) -> CgoImport {
    let mut found = CgoImport { line, ..CgoImport::default() };
    for text in comments.iter().flat_map(|(comment, _)| comment.lines()) {
        let text = text.trim_start_matches('/').trim_start_matches(['*', ' ', '\t']);
        let Some((head, value)) = text.strip_prefix("#cgo").and_then(|rest| rest.split_once(':')) else { continue };
        match head.split_whitespace().last() {
            Some("LDFLAGS") => {
                for flag in value.split_whitespace() {
                    match flag.strip_prefix("-l") {
                        Some(library) => found.libraries.push(library.to_string()),
                        None => found.links_statically |= flag == "-static",
                    }
                }
            }
            Some("pkg-config") => {
                found.libraries.extend(value.split_whitespace().filter(|word| !word.starts_with('-')).map(String::from))
            }
            _ => {}
        }
    }
    found.libraries.sort();
    found.libraries.dedup();
    found
}

/// The comment right above `import "C"`; in a block of imports it may stand above the block.
fn c_code(comments: &[(&str, u32)], line: u32, package_line: u32) -> String {
    let last_line = |text: &str, line: u32| line + text.matches('\n').count() as u32;
    let above = || comments.iter().rev().filter(|(_, at)| *at < line && *at > package_line);
    let mut next = line;
    let near: Vec<&(&str, u32)> = above()
        .take_while(|(text, at)| {
            let touches = last_line(text, *at) + 1 >= next;
            next = *at;
            touches
        })
        .collect();
    let mut found = if near.is_empty() { above().collect() } else { near };
    found.reverse();
    let mut code = String::new();
    for (text, _) in found {
        let inner = match text.strip_prefix("/*") {
            Some(block) => block.strip_suffix("*/").unwrap_or(block),
            None => text.strip_prefix("//").unwrap_or(text),
        };
        for line in inner.lines().filter(|line| !line.trim_start().starts_with("#cgo")) {
            code.push_str(line);
            code.push('\n');
        }
    }
    code
}

/// Where a text has `netdns=cgo`, also with a level of messages: `netdns=cgo+1`, `netdns=1+cgo`.
pub fn asks_c_resolver(text: &str) -> Option<usize> {
    const NAME: &str = "netdns=";
    // Nearly every string of a program is asked.
    if text.len() < NAME.len() || memchr::memchr(b'=', text.as_bytes()).is_none() {
        return None;
    }
    text.match_indices(NAME).map(|(at, _)| at).find(|at| {
        let rest = text.get(at + NAME.len()..).unwrap_or("");
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '+').unwrap_or(rest.len());
        rest.get(..end).unwrap_or("").split('+').any(|part| part == "cgo")
    })
}

fn embed_patterns(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while let Some(first) = rest.chars().next() {
        let (pattern, after) = match first {
            '"' | '`' => rest.get(1..).unwrap_or("").split_once(first).unwrap_or((rest, "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        found.push(pattern.strip_prefix("all:").unwrap_or(pattern).to_string());
        rest = after.trim_start();
    }
    found
}

/// Selectors, strings, constants and `func main` of everything behind the imports.
fn body(tokens: &[Token<'_>], file: &mut GoFile) {
    let names: Names =
        file.imports.iter().map(|import| (local_name(import).to_string(), import.path.as_str().into())).collect();
    let dotted = |import: &&Import| import.alias.as_deref() == Some(".");
    let dot_imports: Vec<Arc<str>> =
        file.imports.iter().filter(dotted).map(|import| import.path.as_str().into()).collect();
    let mut depth = 0u32;
    let mut variables: HashSet<&str, RandomState> = HashSet::default();
    for (at, token) in tokens.iter().enumerate() {
        let ahead = |offset: usize| tokens.get(at + offset);
        match token.kind {
            Kind::Op('{') => depth += 1,
            Kind::Op('(') => {
                depth += 1;
                if is_signature(tokens, at) {
                    let inner = tokens.iter().skip(at + 1).take_while(|token| !token.is(')'));
                    variables.extend(inner.filter_map(Token::ident));
                }
            }
            Kind::Op('}' | ')') => depth = depth.saturating_sub(1),
            Kind::Text(text) => file.strings.push((text.text().into(), token.line)),
            Kind::Ident("func") if depth == 0 => {
                let named_main = ahead(1).and_then(Token::ident) == Some("main");
                file.has_main |= named_main && ahead(2).is_some_and(|next| next.is('('));
            }
            Kind::Ident("var") => variables.extend(ahead(1).and_then(Token::ident)),
            Kind::Ident("const") => constants(tokens.get(at + 1..).unwrap_or_default(), &names, file),
            Kind::Ident(name) => {
                let after_dot = at > 0 && tokens.get(at - 1).is_some_and(|before| before.is('.'));
                let next = ahead(1).map_or(' ', Token::op);
                // Most names are neither selected, called nor assigned to.
                if !after_dot && !matches!(next, '(' | ':') {
                    continue;
                }
                let called = next == '(';
                // What other packages have to offer has a capital letter.
                let exported = !name.starts_with(|first: char| first.is_ascii_lowercase());
                let owner = at.checked_sub(2).and_then(|index| tokens.get(index)).and_then(Token::ident);
                if after_dot && called && owner == Some("C") && file.cgo.is_some() {
                    file.c_calls.push((name.to_string(), token.line));
                }
                // `name :=`, `name, err :=`
                if next == ':' && ahead(2).is_some_and(|next| next.is('=')) {
                    let mut index = at;
                    while let Some(left) = tokens.get(index).and_then(Token::ident) {
                        variables.insert(left);
                        match index.checked_sub(2) {
                            Some(next) if tokens.get(index - 1).is_some_and(|comma| comma.is(',')) => index = next,
                            _ => break,
                        }
                    }
                }
                let assigned = next == '=' && !ahead(2).is_some_and(|next| next.is('='));
                let of_url = || owner.is_some_and(|owner| owner == "u" || owner.to_ascii_lowercase().ends_with("url"));
                if after_dot && assigned && name == "Path" && !of_url() {
                    file.paths_set.push(token.line);
                }
                if after_dot && assigned && name == "Dir" {
                    let value = tokens.get(at + 2..).unwrap_or_default();
                    let end = value.iter().position(|token| token.is(';')).unwrap_or(value.len());
                    file.dirs_set.push((argument(value.get(..end).unwrap_or_default(), &names), token.line));
                }
                let found = || Use {
                    package: None,
                    name: name.into(),
                    args: called.then(|| arguments(tokens.get(at + 2..).unwrap_or_default(), &names)),
                    fields: None,
                    is_type: false,
                    line: token.line,
                };
                if after_dot && exported {
                    let package = at.checked_sub(2).and_then(|index| package_before(tokens, index, &names));
                    if package.is_some() || called || super::calls::takes_path(name) {
                        let before = at.checked_sub(3).and_then(|index| tokens.get(index));
                        let is_type = before.is_some_and(|token| token.is('*') || token.is(')'));
                        let literal = package.is_some() && !is_type && next == '{';
                        let fields = literal.then(|| fields(tokens.get(at + 2..).unwrap_or_default(), &names));
                        file.uses.push(Use { package, fields, is_type, ..found() });
                    }
                } else if called && exported && !after_dot {
                    let uses = dot_imports.iter().map(|path| Use { package: Some(path.clone()), ..found() });
                    file.uses.extend(uses);
                }
            }
            _ => {}
        }
    }
    file.variables = variables.into_iter().map(Text::from).collect();
    file.variables.sort_unstable();
}

/// Whether the parenthesis opens the parameters of a function: `func (`, `func f(`, `func (r T) f(`.
fn is_signature(tokens: &[Token<'_>], at: usize) -> bool {
    let before = |steps: usize| at.checked_sub(steps).and_then(|index| tokens.get(index));
    let func = |token: Option<&Token<'_>>| token.and_then(Token::ident) == Some("func");
    func(before(1))
        || (before(1).is_some_and(|token| token.ident().is_some())
            && (func(before(2)) || before(2).is_some_and(|token| token.is(')'))))
}

/// The name of each import in its file, and its path.
pub(super) type Names = Vec<(String, Arc<str>)>;

/// The import that the name at `index` stands for, when nothing selects that name in turn.
pub(super) fn package_before(tokens: &[Token<'_>], index: usize, names: &Names) -> Option<Arc<str>> {
    let name = tokens.get(index)?.ident()?;
    if index > 0 && tokens.get(index - 1).is_some_and(|before| before.is('.')) {
        return None;
    }
    names.iter().find(|(local, _)| local == name).map(|(_, path)| path.clone())
}

/// The name that an import has in its file. Without an alias that is the package's own, which is nearly always the
/// last element without its version: `gopkg.in/yaml.v3` is yaml, `github.com/x/go-y` may be y.
pub(super) fn local_name(import: &Import) -> &str {
    if let Some(alias) = &import.alias {
        return alias;
    }
    let mut last = import.path.rsplit('/').next().unwrap_or("");
    if last.len() > 1 && last.starts_with('v') && last.bytes().skip(1).all(|c| c.is_ascii_digit()) {
        last = import.path.rsplit('/').nth(1).unwrap_or(last);
    }
    let last = last.split(".v").next().unwrap_or(last);
    let last = last.strip_prefix("go-").or(last.strip_prefix("go.")).unwrap_or(last);
    last.strip_suffix("-go").or(last.strip_suffix(".go")).unwrap_or(last)
}

/// `name = "text"` of one constant or of a block.
fn constants(tokens: &[Token<'_>], names: &Names, file: &mut GoFile) {
    let block = tokens.first().is_some_and(|token| token.is('('));
    let mut at = usize::from(block);
    while let Some(name) = tokens.get(at).and_then(Token::ident) {
        // `const name string = "text"`
        let typed = usize::from(tokens.get(at + 1).and_then(Token::ident).is_some());
        if tokens.get(at + 1 + typed).is_some_and(|token| token.is('=')) {
            let rest = tokens.get(at + 2 + typed..).unwrap_or_default();
            let value = rest.iter().take_while(|token| !token.is(';') && !token.is(')')).count();
            if let Arg::Text(text) = argument(rest.get(..value).unwrap_or_default(), names) {
                file.constants.push((name.to_string(), text.into()));
            }
        }
        if !block {
            return;
        }
        while tokens.get(at).is_some_and(|token| !token.is(';') && !token.is(')')) {
            at += 1;
        }
        while tokens.get(at).is_some_and(|token| token.is(';')) {
            at += 1;
        }
    }
}

/// The arguments of a call, from behind its parenthesis on.
fn arguments(tokens: &[Token<'_>], names: &Names) -> Vec<Arg> {
    let mut found = Vec::new();
    let mut depth = 0u32;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        let here = |start: usize| tokens.get(start..at).unwrap_or_default();
        match token.kind {
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') if depth > 0 => depth -= 1,
            Kind::Op(')' | ']' | '}') => {
                if !here(start).is_empty() {
                    found.push(argument(here(start), names));
                }
                break;
            }
            Kind::Op(',') if depth == 0 => {
                found.push(argument(here(start), names));
                start = at + 1;
            }
            _ => {}
        }
    }
    found
}

/// The fields of a composite literal, from behind its brace on.
fn fields(tokens: &[Token<'_>], names: &Names) -> Vec<Field> {
    let mut found = Vec::new();
    let mut depth = 0u32;
    let mut start = 0;
    for (at, token) in tokens.iter().enumerate() {
        match token.kind {
            Kind::Op('(' | '[' | '{') => depth += 1,
            Kind::Op(')' | ']' | '}') if depth > 0 => depth -= 1,
            Kind::Op(op @ (',' | '}')) if depth == 0 => {
                if let [name, colon, value @ ..] = tokens.get(start..at).unwrap_or_default()
                    && let (Some(name), true, false) = (name.ident(), colon.is(':'), value.is_empty())
                {
                    let calls = value.iter().any(|token| token.is('('));
                    found.push(Field { name: name.into(), value: argument(value, names), calls });
                }
                start = at + 1;
                if op == '}' {
                    break;
                }
            }
            Kind::Op(')' | ']') => break,
            _ => {}
        }
    }
    found
}

fn argument(tokens: &[Token<'_>], names: &Names) -> Arg {
    if let [package, dot, args, open, index, _close] = tokens
        && package.ident() == Some("os")
        && (dot.is('.') && args.ident() == Some("Args"))
        && (open.is('[') && index.kind == Kind::Zero)
    {
        return Arg::Own;
    }
    let mut text = Text::default();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match token.kind {
            Kind::Text(part) => {
                text.push_str(&part.text());
                at += 1;
            }
            Kind::Ident(name) => {
                if tokens.len() == 1 {
                    return Arg::Name(name.into());
                }
                match joined(tokens.get(at..).unwrap_or_default(), names) {
                    Some(path) if at == 0 => return path,
                    _ => return begins(text),
                }
            }
            _ => return begins(text),
        }
        match tokens.get(at) {
            None => return Arg::Text(text),
            Some(next) if next.is('+') => at += 1,
            Some(_) => return begins(text),
        }
    }
    begins(text)
}

fn begins(text: Text) -> Arg {
    if text.is_empty() { Arg::Other } else { Arg::Begins(text) }
}

/// `filepath.Join("a", "b")` and `path.Join` as the whole expression.
fn joined(tokens: &[Token<'_>], names: &Names) -> Option<Arg> {
    let [package, dot, join, open, .., close] = tokens else { return None };
    let path = package_before(std::slice::from_ref(package), 0, names)?;
    if !dot.is('.') || join.ident() != Some("Join") || !open.is('(') || !close.is(')') {
        return None;
    }
    if !matches!(&*path, "path/filepath" | "path") {
        return None;
    }
    let mut parts = Vec::new();
    for arg in arguments(tokens.get(4..)?, names) {
        match arg {
            Arg::Text(part) => parts.push(part),
            _ if parts.is_empty() => return Some(Arg::Other),
            _ => return Some(Arg::Begins((parts.join("/") + "/").into())),
        }
    }
    Some(Arg::Text(crate::context::dockerignore::clean(&parts.join("/")).into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> Vec<String> {
        scan(text)
            .uses
            .iter()
            .filter_map(|found| {
                let args: Vec<String> = found
                    .args
                    .as_ref()?
                    .iter()
                    .map(|arg| match arg {
                        Arg::Text(text) => format!("{text:?}"),
                        Arg::Name(name) => name.to_string(),
                        Arg::Begins(text) => format!("{text:?}+"),
                        Arg::Own => "own".into(),
                        Arg::Other => "?".into(),
                    })
                    .collect();
                let package = found.package.as_deref().unwrap_or("");
                Some(format!("{}:{package}.{}({})", found.line, found.name, args.join(" ")))
            })
            .collect()
    }

    #[test]
    fn imports_keep_alias_and_line() {
        let file = scan(
            "// Copyright\n\npackage main // x\nimport \"fmt\"\nimport (\n\t. \"a/b\"\n\t_ \"c/d\" // why\n\n\tx `e/f`\n)\n\
             var s = \"not/an/import\"\nfunc main() {}\n",
        );
        let got: Vec<_> = file.imports.iter().map(|i| (i.path.as_str(), i.alias.as_deref(), i.line)).collect();
        assert_eq!(got, [("fmt", None, 4), ("a/b", Some("."), 6), ("c/d", Some("_"), 7), ("e/f", Some("x"), 9)]);
        assert_eq!(file.package, "main");
        assert!(file.has_main);
        assert_eq!(file.strings, [(Text::from("not/an/import"), 11)]);
    }

    #[test]
    fn comments_and_strings_hide_code() {
        let file = scan(
            "package a\n/* import \"C\" */\n// func main() {}\nvar x = `func main() {}\nimport \"C\"`\nvar y = 'a'\n\
             func (t T) main() {}\nfunc b() { main() }\n",
        );
        assert!(!file.has_main && file.cgo.is_none() && file.imports.is_empty());
    }

    #[test]
    fn cgo_lines_name_libraries() {
        let file = scan(
            "package a\n\n/*\n#cgo linux LDFLAGS: -lfoo -L. -static\n#cgo pkg-config: vips --static\n#include <x.h>\n*/\n\
             import \"C\"\nimport \"os\"\n",
        );
        let cgo = file.cgo.unwrap();
        assert_eq!((cgo.line, cgo.links_statically), (8, true));
        assert_eq!(cgo.libraries, ["foo", "vips"]);
        let file = scan("package a\n\n// #cgo LDFLAGS: -lsqlite3\nimport \"C\"\n");
        assert_eq!(file.cgo.unwrap().libraries, ["sqlite3"]);
    }

    #[test]
    fn calls_have_their_arguments() {
        let head = "package main\nimport (\n\"net/http\"\n\"html/template\"\n\"path/filepath\"\n\"os\"\n)\n";
        let check = |code: &str, want: &[&str]| {
            assert_eq!(calls(&format!("{head}func f() {{\n{code}\n}}\n")), want, "{code}");
        };
        check(r#"http.ServeFile(w, r, "a.html")"#, &["9:net/http.ServeFile(w r \"a.html\")"]);
        check(
            r#"http.Handle("/", http.FileServer(http.Dir("./static")))"#,
            &["9:net/http.Handle(\"/\" ?)", "9:net/http.FileServer(?)", "9:net/http.Dir(\"./static\")"],
        );
        check(
            "template.Must(template.New(\"x\").\n\tParseFiles(\"a\", \"b\" + \"c\"))",
            &["9:html/template.Must(?)", "9:html/template.New(\"x\")", "10:.ParseFiles(\"a\" \"bc\")"],
        );
        check(
            r#"os.Open(filepath.Join("a", "b.txt"))"#,
            &["9:os.Open(\"a/b.txt\")", "9:path/filepath.Join(\"a\" \"b.txt\")"],
        );
        check(r#"os.Open("data/" + name); os.Open(name)"#, &["9:os.Open(\"data/\"+)", "9:os.Open(name)"]);
        check(r#"r.Static("/a", "./b"); s.os.Open("x")"#, &["9:.Static(\"/a\" \"./b\")", "9:.Open(\"x\")"]);
        check("os.StartProcess(os.Args[0], os.Args[1])", &["9:os.StartProcess(own ?)"]);
        check("os.Open(\n\"a\",\n)", &["9:os.Open(\"a\")"]);
    }

    #[test]
    fn embeds_constraints_and_constants_are_found() {
        let file = scan(
            "//go:build linux && !cgo\n// +build linux\n\npackage a\n\nimport \"embed\"\n\n//go:embed a/*.html \"b c\" all:d\n\
             var f embed.FS\nconst dir = \"x\"\nconst (\n\tone = \"a\" + \"b\"\n\ttwo string = \"c\"\n\tn = 3\n)\n",
        );
        let patterns: Vec<_> = file.embeds.iter().map(|(pattern, line)| (pattern.as_str(), *line)).collect();
        assert_eq!(patterns, [("a/*.html", 8), ("b c", 8), ("d", 8)]);
        assert_eq!(file.constraints, ["//go:build linux && !cgo", "// +build linux"]);
        let constants: Vec<_> = file.constants.iter().map(|(n, v)| format!("{n}={v}")).collect();
        assert_eq!(constants, ["dir=x", "one=ab", "two=c"]);
        assert!(file.names_cgo());
    }

    #[test]
    fn the_head_of_a_file_is_what_the_whole_file_says() {
        for text in [
            "//go:build !cgo\n\npackage a\n\n/*\nconst char *x;\n#cgo LDFLAGS: -lz\nfunc\n*/\nimport \"C\"\nimport \"os\"\n\nvar x = 1\n",
            "/*\nfunc f\n*/\npackage b\nimport (\n\t\"a\"\n\tx \"b\"\n)\ntype T struct{}\n//go:embed x\n",
            "package c\nfunc main() {}\n",
        ] {
            let (head, whole) = (scan_head(text), scan(text));
            assert_eq!(
                (&head.package, &head.imports, &head.cgo),
                (&whole.package, &whole.imports, &whole.cgo),
                "{text}"
            );
            assert_eq!(head.constraints, whole.constraints, "{text}");
        }
    }

    #[test]
    fn broken_files_do_not_panic() {
        for text in ["", "package", "import (", "package a\nvar x = \"", "package a\n/*", "`", "'", "\u{feff}package a"]
        {
            scan_head(text);
            scan(text);
        }
    }
}
