//! The model on small files: what each instruction brings.

use super::*;
use crate::context::BuildContext;
use crate::diagnostic::{Applicability, Diagnostic, Waste};
use crate::model::ModelOptions;
use crate::syntax;
use crate::text::{SourceFile, Span};

fn weigh(text: &str, files: &[(&str, &str)]) -> ImageSize {
    let source = SourceFile::new("Dockerfile", text);
    let file = syntax::parse(&source);
    let model = crate::model::build(&source, &file, &ModelOptions::default());
    let context = BuildContext::in_memory(files);
    let context = (!files.is_empty()).then_some(&context);
    image(&source, &file, &model, context, &SizeOptions::default())
}

/// The parts of the last stage, FROM left out: `kind MB` with one decimal, or `kind ?`.
fn parts(text: &str, files: &[(&str, &str)]) -> String {
    shown(&weigh(text, files))
}

fn shown(size: &ImageSize) -> String {
    let stage = size.shipped().unwrap();
    let part = |part: &Part| match part.cost {
        Some(cost) => format!("{} {:.1}", part.kind.name(), cost.size.likely as f64 / 1e6),
        None => format!("{} ?", part.kind.name()),
    };
    stage.layers.iter().flat_map(|layer| &layer.parts).map(part).collect::<Vec<_>>().join(", ")
}

/// Each of the RUNs on debian:bookworm-slim.
#[track_caller]
fn check_runs(cases: &[(&str, &str)]) {
    for (run, want) in cases {
        assert_eq!(parts(&format!("FROM debian:bookworm-slim\nRUN {run}\n"), &[]), *want, "{run}");
    }
}

#[test]
fn lists_count_where_they_stay() {
    check_runs(&[
        ("apt-get update", "leftover 19.9"),
        ("apt-get update && rm -rf /var/lib/apt/lists/*", ""),
        ("apt-get update && rm -rf /var/lib/apt/lists", ""),
        ("apt-get update\nRUN rm -rf /var/lib/apt/lists/*", "leftover 19.9"),
        ("--mount=type=cache,target=/var/lib/apt apt-get update", ""),
        ("apt-get update\nRUN apt-get update", "leftover 19.9"),
        ("apk add curl", "leftover 1.8, packages 5.3"),
        ("apk add nobody-knows", "leftover 1.8, packages ?"),
        ("apk add --no-cache curl", "packages 5.3"),
        ("apk add --no-cache curl nobody-knows", "packages 5.3, packages ?"),
        ("apk add -t .build gcc && apk del .build", "leftover 1.8"),
        ("apk add --no-cache --virtual .b gcc && apk add --no-cache curl && apk del --no-cache .b", "packages 5.3"),
        ("apk add --no-cache curl make && apk del make", "packages 5.3"),
        ("dnf install -y curl", "leftover 80.0, packages ?"),
        ("dnf install -y curl && dnf clean all", "packages ?"),
    ]);
}

#[test]
fn what_is_only_fetched_to_be_unpacked_is_gone() {
    check_runs(&[
        ("curl -fsSLo /tmp/x.tgz https://x.test/x.tgz", "fetched ?"),
        ("curl -fsSLo /tmp/x.tgz https://x.test/x.tgz && rm /tmp/x.tgz", ""),
        ("wget https://x.test/x.zip && rm *.zip", ""),
        ("git clone https://x.test/x.git", "fetched ?"),
        ("git clone https://x.test/x.git && make -C x && rm -rf x", "unknown ?"),
        ("mkdir -p /app && echo x > /app/x && chmod 755 /app/x", ""),
        ("./install.sh", "unknown ?"),
    ]);
}

#[test]
fn packages_that_are_removed_again_cost_nothing() {
    let megabytes = |run: &str| {
        let size = weigh(&format!("FROM debian:bookworm-slim\nRUN {run}\n"), &[]);
        size.shipped().unwrap().layers.first().map_or(0, |layer| layer.weight().size.likely / 1_000_000)
    };
    let install = "apt-get install -y --no-install-recommends gcc curl";
    let both = megabytes(install);
    let curl = megabytes("apt-get install -y --no-install-recommends curl");
    assert!(both > curl + 50);
    assert_eq!(megabytes(&format!("{install} && apt-get purge -y --auto-remove gcc")), curl);
    let left = megabytes(&format!("{install} && apt-get purge -y gcc"));
    assert!(curl < left && left <= both, "what gcc brought stays: {curl} {left} {both}");
    assert!(megabytes("apt-get install -y git") > megabytes("apt-get install -y --no-install-recommends git"));
}

const CONTEXT: &[(&str, &str)] = &[
    ("main.go", "package main"),
    ("go.mod", "module x"),
    ("data/a", "12345"),
    ("data/b", "123"),
    ("package.json", "{}"),
];

#[test]
fn the_build_context_is_exact() {
    let bytes = |copy: &str| {
        let size = weigh(&format!("FROM scratch\n{copy}\n"), CONTEXT);
        size.shipped().unwrap().total.size
    };
    assert_eq!(bytes("COPY data/ /data/"), Size::exact(8));
    assert_eq!(bytes("COPY data/a data/b /"), Size::exact(8));
    assert_eq!(bytes("COPY . /"), Size::exact(12 + 8 + 8 + 2));
    assert_eq!(bytes("COPY --exclude=data . /"), Size::exact(12 + 8 + 2));
    assert_eq!(bytes("COPY *.go /"), Size::exact(12));
    assert_eq!(bytes("COPY <<EOF /x\nhello\nEOF"), Size::exact(6));
    assert_eq!(weigh("FROM scratch\nCOPY missing /\n", CONTEXT).shipped().unwrap().total.unknown, 1);
}

#[test]
fn files_that_are_changed_later_are_stored_again() {
    let text = "FROM debian:bookworm-slim\nCOPY data /data\nRUN ";
    let again = |run: &str| parts(&format!("{text}{run}"), &[("data/a", &"x".repeat(2_000_000))]);
    assert_eq!(again("chown -R 1000 /data"), "files 2.0, stored-again 2.0");
    assert_eq!(again("chmod -R a+r /"), "files 2.0, stored-again 2.0");
    assert_eq!(again("chown -R 1000 /var/lib"), "files 2.0");
    assert_eq!(again("cp -r /data /copy"), "files 2.0, stored-again 2.0");
}

#[test]
fn what_a_stage_made_is_copied_along() {
    let build = "FROM golang:1.26.8-bookworm AS build\nWORKDIR /src\nCOPY . .\nRUN go build -o /out/app .\n";
    let last = |copy: &str| parts(&format!("{build}FROM scratch\nCOPY --from=build {copy}\n"), CONTEXT);
    assert_eq!(last("/out/app /app"), "copied 1.6");
    assert_eq!(last("/out /"), "copied 1.6");
    assert_eq!(last("/src/data /data"), "copied 0.0");
    assert_eq!(last("/etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/"), "copied 0.2");
    assert_eq!(last("/usr/lib/x /"), "copied ?");
    let whole = weigh(&format!("{build}FROM scratch\nCOPY --from=build / /\n"), CONTEXT);
    assert_eq!(whole.stages[0].total.size, whole.stages[1].total.size);
}

#[test]
fn go_builds_leave_their_caches_but_in_mounts() {
    let run = |run: &str| parts(&format!("FROM golang:1.26.8-bookworm\nCOPY . .\nRUN {run}\n"), CONTEXT);
    assert_eq!(run("go build -o /app ."), "files 0.0, leftover 16.2, program 1.6");
    assert_eq!(run("go build -ldflags='-s -w' -o /app ."), "files 0.0, leftover 16.2, program 1.1");
    assert_eq!(run("--mount=type=cache,target=/root/.cache/go-build go build -o /app ."), "files 0.0, program 1.6");
    assert_eq!(run("go build -o /app . && go clean -cache"), "files 0.0, program 1.6");
}

#[test]
fn go_builds_are_weighed_by_what_their_sources_reach() {
    let import = |names: &str| format!("package main\nimport ({names})\nfunc main() {{}}\n");
    let (web, tool) = (import("\"fmt\";\n\"net/http\"\n"), import("\"example.com/x/lib\"\n"));
    let lib = "package lib\nimport \"encoding/json\"\n";
    let parts_of = |dockerfile: &str, sum: &str| {
        let sources = [
            ("go.mod", "module example.com/x\n"),
            ("main.go", &*web),
            ("cmd/tool/main.go", &*tool),
            ("cmd/tool/main_test.go", &*web),
            ("cmd/other/main.go", "package main\nimport \"example.com/far/away\"\n"),
            ("lib/lib.go", lib),
            ("go.sum", sum),
        ];
        parts(dockerfile, &sources)
    };
    let weigh =
        |build: &str, sum: &str| parts_of(&format!("FROM golang:1.27\nWORKDIR /src\nCOPY . .\nRUN {build}\n"), sum);
    for (build, want) in [
        ("go build -o /app .", "files 0.0, leftover 84.9, program 8.5"),
        ("go build -ldflags '-s -w' -o /app .", "files 0.0, leftover 84.9, program 5.7"),
        ("go build -o /app ./cmd/tool", "files 0.0, leftover 39.9, program 4.0"),
        ("go build -o /app example.com/x/cmd/tool", "files 0.0, leftover 39.9, program 4.0"),
        ("cd cmd/tool && go build -o /app main.go", "files 0.0, leftover 39.9, program 4.0"),
        ("go build -o /app example.org/else", "files 0.0, leftover 87.0, program 8.0"),
    ] {
        assert_eq!(weigh(build, ""), want, "{build}");
    }
    let two = "a v1 h1:x\na v1/go.mod h1:x\nb v1 h1:x\n";
    assert_eq!(weigh("go build -o /app ./cmd/other", two), "files 0.0, leftover 12.0, leftover 87.9, program 8.8");
    let below = |dockerfile: &str| {
        let import = "package main\nimport \"example.com/far/away\"\n";
        parts(dockerfile, &[("src/go.mod", "module example.com/y\n"), ("src/go.sum", two), ("src/main.go", import)])
    };
    let (sub, apart) = (
        "COPY src /y\nWORKDIR /y\n",
        "WORKDIR /y\nCOPY src/go.mod src/go.sum ./\nRUN go mod download\nCOPY src/*.go ./\n",
    );
    assert_eq!(
        below(&format!("FROM golang:1.27\n{sub}RUN go build\n")),
        "files 0.0, leftover 12.0, leftover 87.9, program 8.8"
    );
    assert_eq!(
        below(&format!("FROM golang:1.27\n{apart}RUN go build\n")),
        "files 0.0, leftover 12.0, files 0.0, leftover 87.9, program 8.8"
    );
    let old = "FROM golang:1.21-alpine\nWORKDIR /src\nCOPY *.go go.mod ./\nRUN go build -o /app\n";
    assert_eq!(parts_of(old, ""), "files 0.0, leftover 60.3, program 6.0");
}

#[test]
fn stages_stand_on_each_other() {
    let size = weigh("FROM debian:bookworm-slim AS base\nRUN apt-get update\nFROM base\nRUN ./x\n", &[]);
    let (first, last) = (&size.stages[0].total, &size.stages[1].total);
    assert_eq!(first.size, last.size);
    assert_eq!((first.unknown, last.unknown), (0, 1));
    assert_eq!(weigh("FROM scratch\n", &[]).shipped().unwrap().total.size, Size::default());
    assert_eq!(weigh("FROM example.test/x\nRUN apt-get update\n", &[]).shipped().unwrap().total.unknown, 1);
}

fn priced(text: &str, at: &str, waste: Waste) -> Option<Cost> {
    let source = SourceFile::new("Dockerfile", text);
    let file = syntax::parse(&source);
    let model = crate::model::build(&source, &file, &ModelOptions::default());
    let size = image(&source, &file, &model, None, &SizeOptions::default());
    let start = text.find(at).unwrap() as u32;
    let found = Diagnostic::at(Span::new(start, start + at.len() as u32), "x").waste(waste);
    price(&file, &model, &size, &found)
}

#[test]
fn findings_cost_what_the_model_says_of_their_instruction() {
    let text = "FROM debian:bookworm-slim\nRUN apt-get update && apt-get install -y git\nRUN apt-get update\n";
    let of = |at: &str, waste: Waste| priced(text, at, waste).map(|cost| cost.size.likely / 1_000_000);
    assert_eq!(of("apt-get install", Waste::Leftover("apt-lists")), Some(19));
    // The second update finds the lists that the first one left.
    assert_eq!(of("apt-get update\n", Waste::Leftover("apt-lists")), None);
    assert!(of("apt-get install", Waste::Recommends { names: vec!["git".into()] }).unwrap() > 5);
    let base = Waste::Base { from: "golang:1.26.8-bookworm".into(), to: "scratch".into() };
    assert_eq!(of("FROM", base), Some(833));
    assert!(of("FROM", Waste::Packages { manager: "apt", names: vec!["git".into()] }).unwrap() > 50);
}

#[test]
fn a_purge_removes_what_it_names_unless_it_removes_the_rest_too() {
    let cost = |purge: &str| {
        let text = format!("FROM debian:bookworm\nRUN apt-get install -y gcc\nRUN {purge}\n");
        let waste = Waste::Packages { manager: "apt", names: vec!["build-essential".into(), "gcc".into()] };
        priced(&text, "RUN apt-get p", waste).map_or(0, |cost| cost.size.likely / 1_000_000)
    };
    assert_eq!(cost("apt-get purge -y build-essential gcc"), 0);
    assert!(cost("apt-get purge -y --auto-remove build-essential gcc") > 200);
    assert!(cost("apt-get purge -y build-essential gcc && apt-get autoremove -y") > 200);
}

#[test]
fn what_is_not_known_has_no_number() {
    let unknown = [
        Waste::Leftover("no-such-thing"),
        Waste::Base { from: "example.com/x:1".into(), to: "scratch".into() },
        Waste::Packages { manager: "apt", names: vec!["curl".into(), "no-such-package".into()] },
        Waste::Packages { manager: "apk", names: vec!["curl".into()] },
    ];
    for waste in unknown {
        assert_eq!(priced("FROM debian:12\nRUN x\n", "RUN", waste.clone()), None, "{waste:?}");
    }
}

#[test]
fn bytes_that_findings_share_count_once() {
    let text = "FROM debian:bookworm-slim\nRUN apt-get update\nRUN apt-get install -y curl\n";
    let source = SourceFile::new("Dockerfile", text);
    let file = syntax::parse(&source);
    let model = crate::model::build(&source, &file, &ModelOptions::default());
    let size = image(&source, &file, &model, None, &SizeOptions::default());
    let finding = |waste: Waste| {
        let mut found = Diagnostic::at(Span::new(30, 40), "x").waste(waste);
        found.cost = price(&file, &model, &size, &found);
        found
    };
    let lists = finding(Waste::Leftover("apt-lists"));
    let one = savings(&file, &model, &size, std::slice::from_ref(&lists)).findings;
    assert_eq!(one.likely, 19_865_023);
    assert_eq!(savings(&file, &model, &size, &[lists.clone(), lists.clone()]).findings, one);
    let base = finding(Waste::Base { from: "golang:1.26.8-bookworm".into(), to: "scratch".into() });
    let all = savings(&file, &model, &size, &[lists, base]).findings.likely;
    // Never more than the image weighs.
    assert_eq!(all, size.shipped().unwrap().total.size.likely);
}

#[test]
fn a_link_that_copy_names_weighs_what_it_leads_to() {
    let big = "x".repeat(2_000_000);
    let mut context =
        BuildContext::in_memory(&[("d/big", big.as_str()), ("l", ""), ("d/m", ""), ("out", ""), ("dl", "")]);
    for (link, to) in [("l", "d/m"), ("d/m", "./big"), ("out", "../elsewhere"), ("dl", "/d")] {
        context.files.get_mut(link).unwrap().symlink = true;
        context.links.insert(link.to_string(), to.to_string());
    }
    for (line, expected) in [
        ("COPY l /a", "files 2.0"),
        ("COPY d/m /a", "files 2.0"),
        ("COPY d /a", "files 2.0"),
        ("COPY dl /a", "files 2.0"),
        ("COPY out /a", "files ?"),
    ] {
        let text = format!("FROM scratch\n{line}\n");
        let source = SourceFile::new("Dockerfile", text.as_str());
        let file = syntax::parse(&source);
        let model = crate::model::build(&source, &file, &ModelOptions::default());
        let size = image(&source, &file, &model, Some(&context), &SizeOptions::default());
        assert_eq!(shown(&size), expected, "{line}");
    }
}

#[test]
fn an_archive_that_add_leaves_packed_weighs_what_it_is() {
    let packed = "x".repeat(2_000_000);
    let files = [("t.tar.gz", packed.as_str()), ("t.bin", packed.as_str())];
    for (line, expected) in [
        ("ADD t.tar.gz /a/", ("files 6.0", 2_000_000)),
        ("ADD --unpack=false t.tar.gz /a/", ("files 2.0", 2_000_000)),
        ("ADD --unpack=true t.tar.gz /a/", ("files 6.0", 2_000_000)),
        ("COPY t.tar.gz /a/", ("files 2.0", 2_000_000)),
        ("COPY t.bin /a/", ("files 2.0", 740_740)),
    ] {
        let size = weigh(&format!("FROM scratch\n{line}\n"), &files);
        let compressed = size.shipped().unwrap().total.compressed;
        assert_eq!((shown(&size).as_str(), compressed), expected, "{line}");
    }
}

#[test]
fn fixes_of_another_stage_save_nothing_of_the_image() {
    for (last, saved) in [("FROM debian:bookworm-slim", 0), ("FROM a", 19_865_023), ("FROM a AS b\nFROM b", 19_865_023)]
    {
        let text = format!("FROM debian:bookworm-slim AS a\nRUN apt-get update\n{last}\nCMD [\"sh\"]\n");
        let source = SourceFile::new("Dockerfile", text.as_str());
        let file = syntax::parse(&source);
        let model = crate::model::build(&source, &file, &ModelOptions::default());
        let size = image(&source, &file, &model, None, &SizeOptions::default());
        let mut found = Diagnostic::at(Span::new(36, 40), "x").waste(Waste::Leftover("apt-lists"));
        found.cost = price(&file, &model, &size, &found);
        let found = found.fix(Applicability::Unsafe, "x", Vec::new());
        assert_eq!(savings(&file, &model, &size, &[found]).fixes.likely, saved, "{text}");
    }
}

#[test]
fn files_of_a_pattern_have_their_whole_names() {
    let big = "x".repeat(2_000_000);
    let files = [("a/big.bin", big.as_str()), ("a/old.bin", big.as_str()), ("sparse.bin", big.as_str()), ("b", "x")];
    for (line, expected) in [
        ("COPY a/*.bin /x/", "2 files of a/*.bin, among them big.bin 2 MB, old.bin 2 MB"),
        ("COPY *.bin b /x/", "1 file of *.bin, …"),
        ("COPY a /x/", "2 files of a, among them big.bin 2 MB, old.bin 2 MB"),
    ] {
        let size = weigh(&format!("FROM scratch\n{line}\n"), &files);
        let parts: Vec<&str> = size.stages[0].layers[0].parts.iter().map(|part| part.what.as_str()).collect();
        assert_eq!(parts, [expected], "{line}");
    }
}

#[test]
fn copies_of_mounted_and_of_copied_files_count() {
    let big = "x".repeat(2_000_000);
    for (lines, expected) in [
        ("RUN --mount=type=bind,target=/s cp /s/big /x", "copied ?"),
        ("RUN --mount=type=bind,source=big,target=/s cp /s /x", "copied ?"),
        (
            "RUN --mount=type=cache,target=/g go build -o /g/x . && cp /g/x /x",
            "leftover 70.0, leftover 87.0, stored-again 8.0",
        ),
        ("COPY big /a\nRUN cp /a /c\nRUN mv /c /d", "files 2.0, stored-again 2.0, stored-again 2.0"),
        ("COPY big /a\nRUN mv /a /d", "files 2.0, stored-again 2.0"),
        ("COPY big /a\nRUN chown 1 /a\nRUN chmod 700 /a", "files 2.0, stored-again 2.0, stored-again 2.0"),
    ] {
        assert_eq!(parts(&format!("FROM scratch\n{lines}\n"), &[("big", big.as_str())]), expected, "{lines}");
    }
}
