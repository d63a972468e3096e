//! `go generate`: what the `//go:generate` lines of the packages named run, and whether that can leave anything but Go
//! sources behind.

use super::GoBuild;
use super::gomod::program_name;
use super::packages::is_path;
use crate::context::tree::{ImageTree, join};

/// Generators that write Go files and nothing else, unless a flag names another file.
const GO_ONLY: &[&str] = &[
    "bitstringer",
    "counterfeiter",
    "deepcopy-gen",
    "easyjson",
    "ent",
    "entc",
    "enumer",
    "esc",
    "ffjson",
    "fileb0x",
    "go-bindata",
    "go-bindata-assetfs",
    "go-enum",
    "gofmt",
    "goimports",
    "gomodifytags",
    "gotests",
    "gqlgen",
    "hero",
    "jsonenums",
    "minimock",
    "mockery",
    "mockgen",
    "moq",
    "msgp",
    "oapi-codegen",
    "pkger",
    "protoc-go-inject-tag",
    "qtc",
    "sqlc",
    "statik",
    "stringer",
    "templ",
    "vfsgendev",
    "wire",
];

/// Flags of these programs whose value is a file that they write.
const OUTPUTS: &[&str] = &["o", "out", "output", "destination", "dest"];

/// Files other than Go sources that the command leaves, or why that cannot be told.
pub(super) fn leaves(tree: &ImageTree<'_>, build: &GoBuild) -> Result<Vec<String>, String> {
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
    let mut left = Vec::new();
    for dir in &dirs {
        let names: Vec<String> = tree.files_in(dir).map(|(name, _)| name.to_string()).collect();
        for name in names.iter().filter(|name| name.ends_with(".go")) {
            let path = join(dir, name);
            let text = tree.read(&path).ok_or_else(|| format!("{path} is not there to read"))?;
            for command in directives(&text) {
                left.extend(of_command(&command, dir, &names)?);
            }
        }
    }
    Ok(left)
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

fn of_command(words: &[String], dir: &str, beside: &[String]) -> Result<Vec<String>, String> {
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
        ["go", "fmt" | "vet" | "version", ..] | ["echo" | "true", ..] => return Ok(Vec::new()),
        [name, rest @ ..] => (name.rsplit('/').next().unwrap_or(name).to_string(), rest),
        [] => return Ok(Vec::new()),
    };
    match program.as_str() {
        "protoc" => protoc(args).then(Vec::new).ok_or_else(unknown),
        "swag" => Ok(swag(args, dir)),
        // What its file of the injector imports is in no file of the build, unless it was generated before.
        "wire" if !beside.iter().any(|name| name == "wire_gen.go") => Err(unknown()),
        name if GO_ONLY.contains(&name) && writes_go(args) => Ok(Vec::new()),
        _ => Err(unknown()),
    }
}

/// Every file that the flags name as an output is a Go file or a directory.
fn writes_go(args: &[&str]) -> bool {
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
    const PLUGINS: &[&str] = &[
        "go",
        "go-grpc",
        "go-vtproto",
        "gofast",
        "gogo",
        "gogofast",
        "gogofaster",
        "gogoslick",
        "grpc-gateway",
        "twirp",
    ];
    args.iter().all(|arg| match arg.trim_start_matches('-').split_once('=').map_or(*arg, |(name, _)| name) {
        name if name.contains("_out") => {
            let name = name.trim_start_matches('-');
            PLUGINS.iter().any(|plugin| name == format!("{plugin}_out"))
        }
        name => !name.contains("descriptor_set"),
    })
}

/// `swag init` writes docs.go, and the same as JSON and YAML beside it.
fn swag(args: &[&str], dir: &str) -> Vec<String> {
    let value = |names: [&str; 2]| {
        let at = args.iter().position(|arg| names.contains(arg));
        at.and_then(|at| args.get(at + 1)).map(|value| value.to_string()).or_else(|| {
            args.iter()
                .find_map(|arg| arg.split_once('=').filter(|(name, _)| names.contains(name)))
                .map(|(_, v)| v.into())
        })
    };
    let out = join(dir, &value(["-o", "--output"]).unwrap_or_else(|| "docs".into()));
    ["swagger.json", "swagger.yaml"].iter().map(|name| join(&out, name)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{Cgo, GoKind, Outputs, StaticForced};
    use super::*;
    use crate::context::BuildContext;
    use crate::text::Span;

    fn of(line: &str, packages: &[&str]) -> String {
        let file = format!("package a\n\n{line}\n");
        let context = BuildContext::in_memory(&[("gen/a.go", &file), ("b.go", "package b\n")]);
        let tree = ImageTree::at(&context, "/src");
        let build = GoBuild {
            kind: GoKind::Generate,
            span: Span::default(),
            insert_at: None,
            packages: packages.iter().map(|package| package.to_string()).collect(),
            dir: Some("/src".into()),
            outputs: Outputs::Nothing,
            cgo: Cgo::Default,
            static_forced: StaticForced::No,
            needs_cgo_flag: None,
            pie: false,
            trimpath: false,
            ldflags: None,
            tags: Vec::new(),
            cross: None,
            mod_init: None,
            env_writes: Vec::new(),
            within: None,
            unsure: None,
        };
        match leaves(&tree, &build) {
            Ok(files) => files.join(" "),
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
            ("//go:generate go run -mod=mod entgo.io/ent/cmd/ent generate ./schema", ""),
            ("//go:generate go run -mod mod entgo.io/ent/cmd/ent generate ./schema", "?"),
            ("//go:generate go run ./gen", "?"),
            ("//go:generate go run gen.go", "?"),
            ("//go:generate sh -c \"cat x > y\"", "?"),
            ("//go:generate ./make-data.sh", "?"),
            ("//go:generate npm run build", "?"),
            ("//go:generate wire", "?"),
            ("//go:generate protoc --go_out=. --go-grpc_out=. a.proto", ""),
            ("//go:generate protoc --go_out=. --openapiv2_out=docs a.proto", "?"),
            ("//go:generate swag init -g ../main.go -o ../docs", "/src/docs/swagger.json /src/docs/swagger.yaml"),
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
