//! Where `go` puts its programs, against the real `go`: each command runs in a module on disk, and the files that
//! appear must be the ones that were told before. Skipped where Go is not at hand.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::Command;

use unladen::cli::context::load;
use unladen::context::tree::ImageTree;
use unladen::model::{Env, Origin, Variable};
use unladen::rewrite::toolchains::go::Outputs;
use unladen::rewrite::toolchains::go::build::{Scene, read};
use unladen::shell::{Dialect, parse_text};
use unladen::text::{MappedText, SourceFile, Span};

const MAIN: &str = "package main\n\nfunc main() {}\n";

/// Module path, command.
const COMMANDS: &[(&str, &str)] = &[
    ("example.com/acme/widget/v3", "go build"),
    ("example.com/acme/widget/v3", "go build ."),
    ("gopkg.in/thing.v2", "go build"),
    ("example.com/v2", "go build"),
    ("example.com/app.git", "go build"),
    ("example.com/app/v1", "go build"),
    ("v2", "go build"),
    ("foo", "go build ./cmd/server"),
    ("foo", "go build foo/cmd/server"),
    ("foo", "cd cmd/server && go build"),
    ("foo", "go build -C cmd/server"),
    ("foo", "go build -C cmd/server -o app"),
    ("foo", "go -C cmd/server build"),
    ("foo", "go build main.go"),
    ("foo", "go build ./cmd/server/main.go"),
    ("foo", "go build *.go"),
    ("foo", "go build ./..."),
    ("foo", "go build ./cmd/..."),
    ("foo", "go build ./cmd/server/..."),
    ("foo", "go build ./lib"),
    ("foo", "go build -o=app"),
    ("foo", "go build --o app ."),
    ("foo", "go build -o out/x/y/app ."),
    ("foo", "go build -o bin/ ./cmd/..."),
    ("foo", "go build -o bin/ ./..."),
    ("foo", "go build -o dist ./cmd/..."),
    ("foo", "go build -o bin ./cmd/..."),
    ("foo", "go build -o bin ./cmd/server"),
    ("foo", "go build -o dist ./cmd/server"),
    ("foo", "go build -o bin/ ./lib"),
    ("foo", "go build -o bin/ ./cmd/server ./cmd/worker"),
    ("foo", "go build ./cmd/server ./cmd/worker"),
    ("foo", "go build ./cmd/*"),
    ("foo", "go build -o /dev/null ."),
    ("dist", "go build"),
    ("foo", "GOOS=windows go build"),
    ("foo", "GOOS=windows go build -o app ."),
    ("foo", "go install ./cmd/server"),
    ("foo", "go install ./..."),
    ("foo", "go install"),
    ("foo", "GOBIN=$ROOT/out go install ."),
    ("foo", "GOARCH=arm64 go install ./cmd/server"),
    ("foo", "GOBIN=$ROOT/out GOARCH=arm64 go install ."),
    ("foo", "GOFLAGS=-o=named go build ."),
    ("foo", "go build -p 2 -gcflags '-N -l' -tags a,b -buildvcs=false -mod mod -v ."),
    ("foo", "go build -nosuchflag ."),
    ("foo", "go vet ./lib"),
    ("", "go build"),
    ("", "go build main.go"),
    ("", "GO111MODULE=off go build"),
    ("", "go install ./cmd/server"),
];

fn lay_out(root: &Path, module: &str) {
    let files = [
        ("main.go", MAIN),
        ("aaa.go", "package main\n"),
        ("aaa_test.go", "package main\n"),
        ("a_windows.go", "package main\n"),
        ("cmd/server/main.go", MAIN),
        ("cmd/worker/main.go", MAIN),
        ("lib/lib.go", "package lib\n"),
        ("lib/testdata/x.go", MAIN),
        ("nested/go.mod", "module nested\n"),
        ("nested/main.go", MAIN),
        ("dist/index.html", ""),
    ];
    for (path, text) in files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    if !module.is_empty() {
        fs::write(root.join("go.mod"), format!("module {module}\n\ngo 1.20\n")).unwrap();
    }
}

fn listed(root: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut dirs = vec![root.to_path_buf()];
    while let Some(dir) = dirs.pop() {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                dirs.push(path);
            } else {
                found.insert(path.to_str().unwrap().to_string());
            }
        }
    }
    found
}

#[test]
fn programs_appear_where_they_were_told_to() {
    if Command::new("go").arg("version").output().is_err() {
        eprintln!("skipped: go cannot be run");
        return;
    }
    for (module, command) in COMMANDS {
        let place = tempfile::tempdir().unwrap();
        let top = place.path().canonicalize().unwrap();
        let (root, gopath) = (top.join("some-dir"), top.join("gopath"));
        fs::create_dir_all(&root).unwrap();
        fs::create_dir_all(&gopath).unwrap();
        lay_out(&root, module);
        let text = command.replace("$ROOT", top.to_str().unwrap());
        let told = tell(&text, &root, &gopath);
        let before = listed(&top);
        let status = Command::new("sh")
            .args(["-c", &text])
            .current_dir(&root)
            .env("GOPATH", &gopath)
            .env("GOTOOLCHAIN", "local")
            .env("GOPROXY", "off")
            .env("GOWORK", "off")
            .envs(["GOBIN", "GOOS", "GOARCH", "GOFLAGS", "GO111MODULE"].map(|name| (name, "")))
            .output()
            .unwrap();
        let made: BTreeSet<String> = listed(&top).difference(&before).cloned().collect();
        let shown = format!("{command} in {module:?}: {told:?} and {made:?}, {status:?}");
        match &told {
            Outputs::Files(files) => {
                let paths: BTreeSet<String> = files.iter().map(|file| file.path.clone()).collect();
                assert!(status.status.success() && paths == made, "{shown}");
            }
            Outputs::Nothing => assert!(status.status.success() && made.is_empty(), "{shown}"),
            Outputs::Fails(_) => assert!(!status.status.success() && made.is_empty(), "{shown}"),
            Outputs::Unknown(_) => assert!(command.contains("nosuchflag"), "{shown}"),
        }
    }
}

fn tell(text: &str, root: &Path, gopath: &Path) -> Outputs {
    let context = load(&root.join("Dockerfile"), root).unwrap();
    let tree = ImageTree::at(&context, root.to_str().unwrap());
    let mut env = Env::default();
    let gopath = gopath.to_str().unwrap().to_string();
    env.set("GOPATH", Variable { value: Some(gopath), origin: Origin::Base, changeable: false });
    let source = SourceFile::new("Dockerfile", text);
    let mut mapped = MappedText::default();
    mapped.push(&source, Span::new(0, source.len()));
    let script = parse_text(&mapped, Dialect::Posix);
    let scene = Scene { workdir: root.to_str(), env: &env, go_env: &[], tree: Some(&tree), go_version: Some((1, 22)) };
    script.commands.iter().find_map(|command| read(command, &scene)).unwrap().outputs
}
