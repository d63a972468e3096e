//! A Go source file read for what a build and a running program need: package, imports, cgo, constraints, embeds and
//! calls with their arguments. A scanner, not a parser: it knows comments, strings and brackets.

use std::borrow::Cow;

use super::constraint::{Target, comments_fit, names_cgo};

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
    pub strings: Vec<(String, u32)>,
    /// `const name = "text"` outside or inside of functions.
    pub constants: Vec<(String, String)>,
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
}

/// A selector, and the arguments where it is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    /// Import path of the package where the part before the dot is one; `None` for a method or field.
    pub package: Option<String>,
    pub name: String,
    pub args: Option<Vec<Arg>>,
    pub line: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Arg {
    /// A string literal, literals joined by `+`, or `filepath.Join` of such.
    Text(String),
    /// A bare name, perhaps a constant.
    Name(String),
    /// Begins with known text: `"data/" + name`.
    Begins(String),
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

    pub fn imports(&self, path: &str) -> bool {
        self.imports.iter().any(|import| import.path == path)
    }
}

#[derive(Clone, Debug, PartialEq)]
enum Kind<'t> {
    Ident(&'t str),
    Text(Cow<'t, str>),
    Op(char),
    /// The number 0.
    Zero,
    /// Another number, or a character.
    Other,
}

#[derive(Clone, Debug)]
struct Token<'t> {
    kind: Kind<'t>,
    line: u32,
}

impl<'t> Token<'t> {
    fn is(&self, op: char) -> bool {
        self.kind == Kind::Op(op)
    }

    fn ident(&self) -> Option<&'t str> {
        match self.kind {
            Kind::Ident(name) => Some(name),
            _ => None,
        }
    }
}

pub fn scan(text: &str) -> GoFile {
    let (tokens, comments) = tokenize(text, false);
    let (mut file, at) = head(&tokens, &comments);
    body(tokens.get(at..).unwrap_or_default(), &mut file);
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
    if head.imports("plugin") || head.imports("runtime") { scan(text) } else { head }
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
    }
    if let (Some("package"), Some(name)) = (tokens.first().and_then(Token::ident), tokens.get(1)) {
        file.package = name.ident().unwrap_or("").to_string();
        at = 2;
    }
    at = imports(tokens, at, &mut file);
    if let Some(index) = file.imports.iter().position(|import| import.path == "C") {
        let line = file.imports.remove(index).line;
        file.cgo = Some(preamble(comments, line));
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
                    file.imports.push(Import { path: path.to_string(), alias: alias.take(), line: token.line });
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
        file.imports.iter().map(|import| (local_name(import).to_string(), import.path.clone())).collect();
    let dot_import = file.imports.iter().any(|import| import.alias.as_deref() == Some("."));
    let mut depth = 0u32;
    for (at, token) in tokens.iter().enumerate() {
        let ahead = |offset: usize| tokens.get(at + offset);
        match &token.kind {
            Kind::Op('{' | '(') => depth += 1,
            Kind::Op('}' | ')') => depth = depth.saturating_sub(1),
            Kind::Text(text) => file.strings.push((text.to_string(), token.line)),
            Kind::Ident("func") if depth == 0 => {
                let named_main = ahead(1).and_then(Token::ident) == Some("main");
                file.has_main |= named_main && ahead(2).is_some_and(|next| next.is('('));
            }
            Kind::Ident("const") => constants(tokens.get(at + 1..).unwrap_or_default(), &names, file),
            Kind::Ident(name) => {
                let after_dot = at > 0 && tokens.get(at - 1).is_some_and(|before| before.is('.'));
                let called = ahead(1).is_some_and(|next| next.is('('));
                // What other packages have to offer has a capital letter.
                let exported = !name.starts_with(|first: char| first.is_ascii_lowercase());
                if after_dot && exported {
                    let package = at.checked_sub(2).and_then(|index| package_before(tokens, index, &names));
                    if package.is_some() || called {
                        let args = called.then(|| arguments(tokens.get(at + 2..).unwrap_or_default(), &names));
                        file.uses.push(Use { package, name: name.to_string(), args, line: token.line });
                    }
                } else if called && dot_import {
                    let args = Some(arguments(tokens.get(at + 2..).unwrap_or_default(), &names));
                    file.uses.push(Use { package: None, name: name.to_string(), args, line: token.line });
                }
            }
            _ => {}
        }
    }
}

/// The name of each import in its file, and its path.
type Names = Vec<(String, String)>;

/// The import that the name at `index` stands for, when nothing selects that name in turn.
fn package_before(tokens: &[Token<'_>], index: usize, names: &Names) -> Option<String> {
    let name = tokens.get(index)?.ident()?;
    if index > 0 && tokens.get(index - 1).is_some_and(|before| before.is('.')) {
        return None;
    }
    names.iter().find(|(local, _)| local == name).map(|(_, path)| path.clone())
}

/// The name that an import has in its file. Without an alias that is the package's own, which is nearly always the
/// last element without its version: `gopkg.in/yaml.v3` is yaml, `github.com/x/go-y` may be y.
fn local_name(import: &Import) -> &str {
    if let Some(alias) = &import.alias {
        return alias;
    }
    let mut last = import.path.rsplit('/').next().unwrap_or("");
    if last.len() > 1 && last.starts_with('v') && last.bytes().skip(1).all(|c| c.is_ascii_digit()) {
        last = import.path.rsplit('/').nth(1).unwrap_or(last);
    }
    let last = last.split(".v").next().unwrap_or(last);
    let last = last.strip_prefix("go-").unwrap_or(last);
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
                file.constants.push((name.to_string(), text));
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

fn argument(tokens: &[Token<'_>], names: &Names) -> Arg {
    if let [package, dot, args, open, index, _close] = tokens
        && package.ident() == Some("os")
        && (dot.is('.') && args.ident() == Some("Args"))
        && (open.is('[') && index.kind == Kind::Zero)
    {
        return Arg::Own;
    }
    let mut text = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        match &token.kind {
            Kind::Text(part) => {
                text.push_str(part);
                at += 1;
            }
            Kind::Ident(name) => {
                if tokens.len() == 1 {
                    return Arg::Name(name.to_string());
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

fn begins(text: String) -> Arg {
    if text.is_empty() { Arg::Other } else { Arg::Begins(text) }
}

/// `filepath.Join("a", "b")` and `path.Join` as the whole expression.
fn joined(tokens: &[Token<'_>], names: &Names) -> Option<Arg> {
    let [package, dot, join, open, .., close] = tokens else { return None };
    let path = package_before(std::slice::from_ref(package), 0, names)?;
    if !dot.is('.') || join.ident() != Some("Join") || !open.is('(') || !close.is(')') {
        return None;
    }
    if path != "path/filepath" && path != "path" {
        return None;
    }
    let mut parts = Vec::new();
    for arg in arguments(tokens.get(4..)?, names) {
        match arg {
            Arg::Text(part) => parts.push(part),
            _ if parts.is_empty() => return Some(Arg::Other),
            _ => return Some(Arg::Begins(parts.join("/") + "/")),
        }
    }
    Some(Arg::Text(crate::context::dockerignore::clean(&parts.join("/"))))
}

/// Tokens, and comments with the line on which they begin. Line ends become `;` where Go puts one.
fn tokenize(text: &str, head_only: bool) -> (Vec<Token<'_>>, Vec<(&str, u32)>) {
    let bytes = text.as_bytes();
    let mut tokens: Vec<Token<'_>> = Vec::with_capacity(if head_only { 32 } else { text.len() / 5 });
    let mut comments = Vec::new();
    let mut line = 1;
    let mut at = if text.starts_with('\u{feff}') { 3 } else { 0 };
    while let Some(byte) = bytes.get(at).copied() {
        let rest = bytes.get(at..).unwrap_or_default();
        let start = at;
        match byte {
            b'\n' => {
                end_line(&mut tokens, line);
                line += 1;
                at += 1;
            }
            b' ' | b'\t' | b'\r' => at += 1,
            b'/' if rest.starts_with(b"//") => {
                at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                comments.push((text.get(start..at).unwrap_or("").trim_end(), line));
            }
            b'/' if rest.starts_with(b"/*") => {
                let end = memchr::memmem::find(rest.get(2..).unwrap_or_default(), b"*/");
                at += end.map_or(rest.len(), |end| end + 4);
                let comment = text.get(start..at).unwrap_or("");
                let lines = memchr::memchr_iter(b'\n', comment.as_bytes()).count() as u32;
                if lines > 0 {
                    end_line(&mut tokens, line);
                }
                comments.push((comment, line));
                line += lines;
            }
            b'`' => {
                let end = memchr::memchr(b'`', rest.get(1..).unwrap_or_default()).unwrap_or(rest.len());
                let inner = text.get(start + 1..start + 1 + end).unwrap_or("");
                at += end + 2;
                let lines = inner.matches('\n').count() as u32;
                tokens.push(Token { kind: Kind::Text(inner.into()), line });
                line += lines;
            }
            b'"' | b'\'' => {
                let end = quoted(rest, byte);
                at += end;
                let inner = text.get(start + 1..at.saturating_sub(1)).unwrap_or("");
                let kind = if byte == b'"' { Kind::Text(unescape(inner)) } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            b'0'..=b'9' => {
                at += rest.iter().take_while(|c| c.is_ascii_alphanumeric() || matches!(**c, b'_' | b'.')).count();
                let kind = if text.get(start..at) == Some("0") { Kind::Zero } else { Kind::Other };
                tokens.push(Token { kind, line });
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'_' | 0x80.. => {
                at += rest.iter().take_while(|c| c.is_ascii_alphanumeric() || **c == b'_' || **c >= 0x80).count();
                let name = text.get(start..at).unwrap_or("");
                // Imports stand before every declaration.
                if head_only && matches!(name, "const" | "func" | "type" | "var") {
                    break;
                }
                tokens.push(Token { kind: Kind::Ident(name), line });
            }
            other => {
                at += 1;
                tokens.push(Token { kind: Kind::Op(other as char), line });
            }
        }
    }
    end_line(&mut tokens, line);
    (tokens, comments)
}

/// The semicolon that Go puts at the end of a line behind a name, a literal or a closing bracket.
fn end_line(tokens: &mut Vec<Token<'_>>, line: u32) {
    let ends = tokens.last().is_some_and(|token| match &token.kind {
        Kind::Op(op) => matches!(op, ')' | ']' | '}'),
        _ => true,
    });
    if ends {
        tokens.push(Token { kind: Kind::Op(';'), line });
    }
}

/// Length of a quoted literal with its quotes; one that is not closed ends at its line.
fn quoted(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while let Some(byte) = rest.get(at).copied() {
        match byte {
            b'\\' => at += 1,
            b'\n' => return at,
            _ if byte == quote => return at + 1,
            _ => {}
        }
        at += 1;
    }
    rest.len()
}

fn unescape(text: &str) -> Cow<'_, str> {
    if memchr::memchr(b'\\', text.as_bytes()).is_none() {
        return text.into();
    }
    let mut out = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match rest.next() {
            Some('n') => out.push('\n'),
            Some('t') => out.push('\t'),
            Some('r') => out.push('\r'),
            Some(digits @ ('x' | 'u' | 'U')) => {
                let count = match digits {
                    'x' => 2,
                    'u' => 4,
                    _ => 8,
                };
                let code: String = rest.by_ref().take(count).collect();
                out.push(u32::from_str_radix(&code, 16).ok().and_then(char::from_u32).unwrap_or('\u{fffd}'));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    out.into()
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
                        Arg::Name(name) => name.clone(),
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
        assert_eq!(file.strings, [("not/an/import".to_string(), 11)]);
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
