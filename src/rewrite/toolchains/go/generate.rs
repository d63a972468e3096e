//! `go generate`: what the `//go:generate` lines of the packages named run, and whether that can leave anything but Go
//! sources behind.

use super::GoBuild;
use super::gomod::program_name;
use super::packages::is_path;
use crate::context::tree::{ImageTree, join};

/// Generators that write Go files and nothing else, unless a flag names another file; and what those files import reads
/// nothing and starts nothing. Of others (ent, sqlc, templ) the files would have to be there to be read.
const GO_ONLY: &[&str] = &[
    "bitstringer",
    "counterfeiter",
    "deepcopy-gen",
    "easyjson",
    "enumer",
    "go-bindata",
    "go-bindata-assetfs",
    "go-enum",
    "gofmt",
    "goimports",
    "jsonenums",
    "minimock",
    "mockery",
    "mockgen",
    "moq",
    "qtc",
    "stringer",
    "wire",
];

/// Generators whose files may import anything.
const OTHERS: &[&str] = &[
    "buf",
    "ent",
    "entc",
    "esc",
    "ffjson",
    "fileb0x",
    "goctl",
    "gqlgen",
    "hero",
    "hz",
    "jet",
    "kitex",
    "msgp",
    "oapi-codegen",
    "packr",
    "packr2",
    "pkger",
    "protoc",
    "rice",
    "sqlboiler",
    "sqlc",
    "statik",
    "templ",
    "thrift",
    "vfsgendev",
    "xo",
];

/// A program that makes Go files.
pub(super) fn is_generator(name: &str) -> bool {
    OTHERS.contains(&name) || GO_ONLY.contains(&name)
}

/// Flags of these programs whose value is a file that they write.
const OUTPUTS: &[&str] = &["o", "out", "output", "destination", "dest"];

/// The command leaves Go sources and nothing else; otherwise why that cannot be told.
pub(super) fn leaves(tree: &ImageTree<'_>, build: &GoBuild) -> Result<(), String> {
    let from = build.dir.as_deref().ok_or("its directory is not known")?;
    if build.unsure.is_some() || !tree.gaps.is_empty() || !tree.unknown.is_empty() {
        return Err("its sources are not all known".into());
    }
    let mut dirs = Vec::new();
    let dot = [".".to_string()];
    for package in if build.packages.is_empty() { &dot[..] } else { &build.packages } {
        if !is_path(package) || package.contains(['*', '$', '`']) {
            return Err(format!("what `{package}` names is not known"));
        }
        match package.strip_suffix("...") {
            Some(base) => {
                let all = tree.dirs_under(&join(from, base.trim_end_matches('/')));
                dirs.extend(all.into_iter().filter(|dir| !dir.contains("/vendor/") && !dir.contains("/testdata/")));
            }
            None if package.ends_with(".go") => {
                let file = join(from, package);
                dirs.push(file.rsplit_once('/').map_or(String::new(), |(dir, _)| dir.to_string()));
            }
            None => dirs.push(join(from, package)),
        }
    }
    templates(tree)?;
    for dir in &dirs {
        let names: Vec<String> = tree.files_in(dir).map(|(name, _)| name.to_string()).collect();
        for name in names.iter().filter(|name| name.ends_with(".go")) {
            let path = join(dir, name);
            let text = tree.read(&path).ok_or_else(|| format!("{path} is not there to read"))?;
            for command in directives(&text) {
                of_command(&command, &names)?;
            }
        }
    }
    Ok(())
}

/// The templates of quicktemplate are Go code in the end: none of them may import what reads or starts something, nor a
/// package that nobody would read for it.
fn templates(tree: &ImageTree<'_>) -> Result<(), String> {
    const HARMLESS: &[&str] = &["bytes", "fmt", "html", "math", "sort", "strconv", "strings", "time", "unicode"];
    for (path, _) in tree.under("/").filter(|(path, _)| path.ends_with(".qtpl")) {
        let text = tree.read(path).ok_or_else(|| format!("{path} is not there to read"))?;
        for part in text.split("{%").skip(1).filter_map(|part| part.split("%}").next()) {
            let part = part.trim_start();
            let imports = part.strip_prefix("import").map(|rest| rest.split('"').skip(1).step_by(2));
            let strange =
                |name: &str| !HARMLESS.contains(&name) && !name.starts_with("github.com/valyala/quicktemplate");
            if let Some(name) = imports.into_iter().flatten().find(|name| strange(name)) {
                return Err(format!("{path} imports {name}"));
            }
        }
    }
    Ok(())
}

/// The commands of a file, each as its words.
fn directives(text: &str) -> Vec<Vec<String>> {
    let mut names: Vec<(String, Vec<String>)> = Vec::new();
    let mut found = Vec::new();
    for line in text.lines() {
        let rest = line.strip_prefix("//go:generate").filter(|rest| rest.starts_with([' ', '\t']));
        let Some(mut words) = rest.map(words) else { continue };
        if words.first().is_some_and(|word| word == "-command") && words.len() > 2 {
            let rest = words.split_off(2);
            names.push((words.pop().unwrap_or_default(), rest));
            continue;
        }
        if let Some((_, meaning)) = words.first().and_then(|first| names.iter().find(|(name, _)| name == first)) {
            words.splice(..1, meaning.iter().cloned());
        }
        found.push(words);
    }
    found
}

/// Blanks divide, double quotes hold together.
fn words(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (word, after) = match rest.strip_prefix('"').and_then(|inner| inner.split_once('"')) {
            Some(quoted) => quoted,
            None => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        found.push(word.to_string());
        rest = after.trim_start();
    }
    found
}

/// A RUN starts a generator of Go files by its name.
pub(super) fn writes_only_go(name: &str, args: &[String], beside: &[String]) -> bool {
    let words: Vec<String> = std::iter::once(name.to_string()).chain(args.iter().cloned()).collect();
    !matches!(name, "go" | "echo" | "true") && of_command(&words, beside).is_ok()
}

fn of_command(words: &[String], beside: &[String]) -> Result<(), String> {
    let unknown = || format!("what `{}` leaves is not known", words.join(" "));
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let (program, args) = match words.as_slice() {
        ["go", "run", rest @ ..] => {
            let at = rest.iter().position(|word| !word.starts_with('-')).ok_or_else(unknown)?;
            let flags = rest.get(..at).unwrap_or_default();
            // The value of `-mod mod` and its like would be taken for the program.
            if flags.iter().any(|flag| !flag.contains('=') && !matches!(*flag, "-v" | "-x" | "-race")) {
                return Err(unknown());
            }
            let target = rest.get(at).copied().unwrap_or("");
            if is_path(target) || target.ends_with(".go") || !target.contains('.') {
                return Err(unknown());
            }
            let path = target.split('@').next().unwrap_or(target);
            (program_name(path), rest.get(at + 1..).unwrap_or_default())
        }
        ["go", "tool", name, rest @ ..] => (name.rsplit('/').next().unwrap_or(name).to_string(), rest),
        ["go", "fmt" | "vet" | "version", ..] | ["echo" | "true", ..] => return Ok(()),
        [name, rest @ ..] => (name.rsplit('/').next().unwrap_or(name).to_string(), rest),
        [] => return Ok(()),
    };
    match program.as_str() {
        "protoc" => protoc(args).then_some(()).ok_or_else(unknown),
        // `swag fmt` changes comments alone.
        "swag" if args.first() == Some(&"fmt") => Ok(()),
        // What its file of the injector imports is in no file of the build, unless it was generated before.
        "wire" if !beside.iter().any(|name| name == "wire_gen.go") => Err(unknown()),
        name if GO_ONLY.contains(&name) && writes_go(args) => Ok(()),
        _ => Err(unknown()),
    }
}

/// Every file that the flags name as an output is a Go file or a directory.
fn writes_go(args: &[&str]) -> bool {
    // go-bindata then writes a program that reads the files from where they lie.
    if args.iter().any(|arg| matches!(arg.trim_start_matches('-'), "debug" | "dev")) {
        return false;
    }
    let mut rest = args.iter().peekable();
    while let Some(arg) = rest.next() {
        if *arg == ">" || arg.contains('|') {
            return false;
        }
        let Some(flag) = arg.strip_prefix("--").or_else(|| arg.strip_prefix('-')) else { continue };
        let (name, value) = match flag.split_once('=') {
            Some((name, value)) => (name, value),
            None => (flag, rest.peek().map_or("", |next| **next)),
        };
        let file = value.rsplit('/').next().unwrap_or(value);
        if OUTPUTS.contains(&name) && file.contains('.') && !file.ends_with(".go") && !matches!(file, "." | "..") {
            return false;
        }
    }
    true
}

/// Only plugins that write Go files.
fn protoc(args: &[&str]) -> bool {
    const PLUGINS: &[&str] =
        &["go", "go-grpc", "gofast", "gogo", "gogofast", "gogofaster", "gogoslick", "grpc-gateway"];
    args.iter().all(|arg| match arg.trim_start_matches('-').split_once('=').map_or(*arg, |(name, _)| name) {
        name if name.contains("_out") => {
            let name = name.trim_start_matches('-');
            PLUGINS.iter().any(|plugin| name == format!("{plugin}_out"))
        }
        name => !name.contains("descriptor_set"),
    })
}

/// `swag init` writes a package `docs`, and JSON and YAML whose names depend on its version: where its Go file lies.
pub(super) fn swagger(args: &[String], dir: &str) -> Option<String> {
    if !args.first().is_some_and(|verb| matches!(verb.as_str(), "init" | "i")) {
        return None;
    }
    let names = ["-o", "--output"];
    let next = args.iter().position(|arg| names.contains(&arg.as_str())).and_then(|at| args.get(at + 1).cloned());
    let joined = || {
        let pair = args.iter().find_map(|arg| arg.split_once('=').filter(|(name, _)| names.contains(name)));
        pair.map(|(_, value)| value.to_string())
    };
    Some(join(&join(dir, &next.or_else(joined).unwrap_or_else(|| "docs".into())), "docs.go"))
}

#[cfg(test)]
mod tests {
    use super::super::GoKind;
    use super::*;
    use crate::context::BuildContext;
    use crate::text::Span;

    fn of(line: &str, packages: &[&str]) -> String {
        let file = format!("package a\n\n{line}\n");
        let context = BuildContext::in_memory(&[("gen/a.go", &file), ("b.go", "package b\n")]);
        let tree = ImageTree::at(&context, "/src");
        let build = GoBuild {
            packages: packages.iter().map(|package| package.to_string()).collect(),
            dir: Some("/src".into()),
            ..super::super::build::empty(GoKind::Generate, Span::default(), None)
        };
        match leaves(&tree, &build) {
            Ok(()) => String::new(),
            Err(_) => "?".into(),
        }
    }

    #[test]
    fn generators_of_go_files_leave_nothing_else() {
        for (line, want) in [
            ("", ""),
            ("// go:generate ./make-data.sh", ""),
            ("//go:generate stringer -type=Kind", ""),
            ("//go:generate mockgen -source=a.go -destination=mocks/a.go", ""),
            ("//go:generate mockgen -source=a.go -destination mocks/a.json", "?"),
            ("//go:generate go run github.com/valyala/quicktemplate/qtc", ""),
            ("//go:generate go run -mod=mod github.com/dmarkham/enumer -type=Kind", ""),
            ("//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate ./schema", "?"),
            ("//go:generate go-bindata -debug -o data.go web", "?"),
            ("//go:generate go run -mod mod entgo.io/ent/cmd/ent generate ./schema", "?"),
            ("//go:generate go run ./gen", "?"),
            ("//go:generate go run gen.go", "?"),
            ("//go:generate sh -c \"cat x > y\"", "?"),
            ("//go:generate ./make-data.sh", "?"),
            ("//go:generate npm run build", "?"),
            ("//go:generate wire", "?"),
            ("//go:generate protoc --go_out=. --go-grpc_out=. a.proto", ""),
            ("//go:generate protoc --go_out=. --openapiv2_out=docs a.proto", "?"),
            ("//go:generate swag init -g ../main.go -o ../docs", "?"),
            ("//go:generate swag fmt", ""),
            ("//go:generate -command s stringer -type=X\n//go:generate s", ""),
            ("//go:generate -command s ./x.sh\n//go:generate s", "?"),
        ] {
            assert_eq!(of(line, &["./..."]), want, "{line}");
        }
        for (packages, want) in [
            (&[][..], ""),
            (&["."][..], ""),
            (&["./gen"][..], "?"),
            (&["./gen/a.go"][..], "?"),
            (&["x.io/gen"][..], "?"),
        ] {
            assert_eq!(of("//go:generate ./x.sh", packages), want, "{packages:?}");
        }
    }
}
