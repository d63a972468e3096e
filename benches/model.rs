//! The model of a usual multi-stage file without scripts, of the same file with them, and the look-up of a base image.

use unladen::model::{self, ModelOptions};
use unladen::syntax::{self, ImageRef};
use unladen::text::SourceFile;

const PLAIN: &str = "ARG GO=1.22\nFROM golang:${GO}-alpine AS build\nARG VERSION=dev\nENV CGO_ENABLED=0 GOFLAGS=-trimpath\n\
    WORKDIR /src\nCOPY go.mod go.sum ./\nCOPY . .\nLABEL version=$VERSION\nFROM gcr.io/distroless/static-debian12:nonroot\n\
    ENV PORT=8080 PATH=/app:$PATH\nWORKDIR /app\nCOPY --from=build /src/server ./\nCOPY --from=build /src/static /app/static/\n\
    EXPOSE $PORT\nUSER 1000\nENTRYPOINT [\"/app/server\"]\n";

fn main() {
    divan::main();
}

fn file(text: &str) -> (SourceFile, syntax::Dockerfile) {
    let source = SourceFile::new("Dockerfile", text);
    let file = syntax::parse(&source);
    (source, file)
}

#[divan::bench]
fn without_scripts(bencher: divan::Bencher<'_, '_>) {
    let (source, file) = file(PLAIN);
    bencher.bench(|| model::build(&source, &file, &ModelOptions::default()));
}

#[divan::bench]
fn with_scripts(bencher: divan::Bencher<'_, '_>) {
    let scripts = "RUN apk add --no-cache git && go mod download\nRUN go build -ldflags='-s -w' -o /src/server ./cmd/server\nFROM";
    let (source, file) = file(&PLAIN.replacen("FROM gcr.io", &format!("{scripts} gcr.io"), 1));
    bencher.bench(|| model::build(&source, &file, &ModelOptions::default()));
}

#[divan::bench(args = ["golang:1.22.3-alpine", "docker.io/library/python:3.12-slim", "example.com/nobody/app:1"])]
fn facts(bencher: divan::Bencher<'_, '_>, name: &str) {
    let image = ImageRef::from_text(name);
    bencher.bench(|| model::facts_for(&image));
}
