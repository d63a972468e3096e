//! What holds for every input: nothing panics, no byte is lost, every part lies where it belongs.

use proptest::prelude::*;
use unladen::syntax::{
    self, Body, Command, Dockerfile, Flag, ImageRef, Instruction, Item, KeyValue, Keyword, Word, shell_text,
};
use unladen::text::{SourceFile, Span};

use crate::parse::corpus_files;

/// Parses and checks everything that must hold of any file.
pub fn check_tree(bytes: &[u8]) -> (SourceFile, Dockerfile) {
    let source = SourceFile::from_bytes("Dockerfile", bytes.to_vec());
    let file = syntax::parse(&source);
    assert_eq!(file.print(&source), bytes, "the printed tree is not the file");
    let mut at = 0;
    for item in &file.items {
        let span = item.span();
        assert_eq!(span.start, at, "a gap before {span:?}");
        assert!(span.end > span.start, "an empty item {span:?}");
        let whole_lines = span.end == source.len() || source.text.as_bytes()[span.end as usize - 1] == b'\n';
        assert!(whole_lines, "an item ends inside a line: {span:?}");
        at = span.end;
        match item {
            Item::Instruction(instruction) => check_instruction(&source, instruction),
            Item::Directive(directive) => {
                check_word(&source, &directive.name, span);
                check_word(&source, &directive.value, span);
            }
            Item::Comment(_) => assert!(source.slice(span).contains('#')),
            Item::Blank(_) => assert!(source.slice(span).trim_start_matches('\u{feff}').trim().is_empty()),
        }
    }
    assert_eq!(at, source.len(), "the items end before the file");
    for error in &file.errors {
        assert!(error.span.end <= source.len() && error.span.start <= error.span.end);
        assert!(source.text.get(error.span.range()).is_some(), "an error inside a character: {:?}", error.span);
        assert!(!error.message.is_empty());
    }
    assert!(file.errors.is_sorted_by_key(|error| error.span.start));
    let mut at = 0;
    for token in syntax::tokens(&file, &source) {
        assert!(token.span.start == at && token.span.end > at, "{token:?} does not follow {at}");
        assert!(source.text.get(token.span.range()).is_some(), "{token:?} is not between characters");
        at = token.span.end;
    }
    assert_eq!(at, source.len(), "the tokens end before the file");
    (source, file)
}

fn inside(source: &SourceFile, span: Span, outer: Span) {
    assert!(span.start <= span.end && outer.contains(span), "{span:?} is not inside {outer:?}");
    assert!(source.text.get(span.range()).is_some(), "{span:?} is not between characters");
}

fn check_word(source: &SourceFile, word: &Word, outer: Span) {
    inside(source, word.span, outer);
}

/// The word's text is the file's, but for continuations.
fn check_exact(source: &SourceFile, inst: &Instruction, word: &Word, outer: Span) {
    check_word(source, word, outer);
    assert_eq!(shell_text(source, inst, word.span).text, word.text, "at {:?}", word.span);
}

fn ordered<'a>(spans: impl IntoIterator<Item = &'a Span>) {
    let mut at = 0;
    for span in spans {
        assert!(span.start >= at, "{span:?} stands before {at}");
        at = span.end;
    }
}

fn check_instruction(source: &SourceFile, inst: &Instruction) {
    inside(source, inst.content, inst.span);
    inside(source, inst.args, inst.content);
    check_exact(source, inst, &inst.name, inst.content);
    assert!(inst.name.span.end <= inst.args.start);
    assert_eq!(inst.name.span.start, inst.content.start);
    for flag in &inst.flags {
        check_flag(source, flag, inst.content);
    }
    ordered(inst.flags.iter().map(|flag| &flag.span).chain([&inst.args]));
    ordered(&inst.comments);
    for comment in &inst.comments {
        inside(source, *comment, inst.span);
        assert!(source.slice(*comment).starts_with('#') && !source.slice(*comment).contains('\n'));
    }
    ordered(&inst.pieces);
    for piece in &inst.pieces {
        assert!(!piece.is_empty() && !source.slice(*piece).contains('\n'));
        assert!(!inst.comments.iter().any(|comment| comment.overlaps(*piece)));
    }
    ordered(inst.heredocs.iter().map(|doc| &doc.marker));
    ordered(inst.heredocs.iter().flat_map(|doc| [&doc.body, &doc.end]));
    for doc in &inst.heredocs {
        inside(source, doc.marker, inst.content);
        inside(source, doc.body, inst.span);
        inside(source, doc.end, inst.span);
        assert!(doc.marker.end <= doc.body.start);
        assert!(source.slice(doc.end).trim_start_matches('\t') == if doc.end.is_empty() { "" } else { &doc.name });
    }
    check_body(source, inst);
}

fn check_flag(source: &SourceFile, flag: &Flag, outer: Span) {
    inside(source, flag.span, outer);
    check_word(source, &flag.name, flag.span);
    if let Some(value) = &flag.value {
        check_word(source, value, flag.span);
        assert!(flag.name.span.end <= value.span.start);
        for field in &flag.fields {
            inside(source, field.span, value.span);
            check_word(source, &field.key, field.span);
            if let Some(value) = &field.value {
                check_word(source, value, field.span);
            }
        }
        ordered(flag.fields.iter().map(|field| &field.span));
    }
}

fn check_pairs(source: &SourceFile, inst: &Instruction, pairs: &[KeyValue]) {
    ordered(pairs.iter().map(|pair| &pair.span));
    for pair in pairs {
        inside(source, pair.span, inst.args);
        check_exact(source, inst, &pair.key, pair.span);
        if let Some(value) = &pair.value {
            check_exact(source, inst, value, pair.span);
        }
    }
}

fn check_command(source: &SourceFile, inst: &Instruction, command: &Command) {
    match command {
        Command::Shell(span) => {
            inside(source, *span, inst.args);
            let mapped = shell_text(source, inst, *span);
            for (index, ch) in mapped.text.char_indices() {
                let back = mapped.span(index..index + ch.len_utf8());
                assert_eq!(source.slice(back), ch.to_string(), "the text does not lead back");
                if index > 2000 {
                    break;
                }
            }
        }
        Command::Exec { span, words } => {
            inside(source, *span, inst.args);
            check_strings(source, words, *span);
        }
    }
}

fn check_strings(source: &SourceFile, words: &[Word], outer: Span) {
    ordered(words.iter().map(|word| &word.span));
    for word in words {
        check_word(source, word, outer);
        let text = source.slice(word.span);
        assert!(text.starts_with('"') && text.ends_with('"'), "{text}");
    }
}

fn check_list(source: &SourceFile, inst: &Instruction, words: &[Word], json: bool) {
    match json {
        true => check_strings(source, words, inst.args),
        false => {
            ordered(words.iter().map(|word| &word.span));
            words.iter().for_each(|word| check_exact(source, inst, word, inst.args));
        }
    }
}

fn check_body(source: &SourceFile, inst: &Instruction) {
    match &inst.body {
        Body::From { image, alias } => {
            inside(source, image.span, inst.args);
            check_image(source, inst, image);
            if let Some(alias) = alias {
                check_exact(source, inst, alias, inst.args);
                assert!(image.span.end < alias.span.start);
            }
        }
        Body::Run(command) | Body::Cmd(command) | Body::Entrypoint(command) => check_command(source, inst, command),
        Body::Shell(words) => check_list(source, inst, words, true),
        Body::Copy(transfer) | Body::Add(transfer) => {
            let mut words = transfer.sources.clone();
            words.push(transfer.dest.clone());
            assert!(words.len() > 1);
            check_list(source, inst, &words, transfer.json);
        }
        Body::Env(list) | Body::Label(list) => check_pairs(source, inst, &list.pairs),
        Body::Arg(pairs) => check_pairs(source, inst, pairs),
        Body::Workdir(word) | Body::User(word) | Body::StopSignal(word) | Body::Maintainer(word) => {
            check_exact(source, inst, word, inst.args);
        }
        Body::Expose(words) => check_list(source, inst, words, false),
        Body::Volume { paths, json } => check_list(source, inst, paths, *json),
        Body::HealthcheckNone(word) => check_exact(source, inst, word, inst.args),
        Body::HealthcheckCmd { cmd, command } => {
            check_exact(source, inst, cmd, inst.args);
            check_command(source, inst, command);
        }
        Body::Onbuild(inner) => {
            inside(source, inner.content, inst.content);
            assert_eq!(inner.content.start, inst.args.start);
            check_instruction(source, inner);
        }
        Body::Invalid => {}
    }
    assert!(inst.keyword != Keyword::Unknown || matches!(inst.body, Body::Invalid));
}

fn check_image(source: &SourceFile, inst: &Instruction, image: &ImageRef) {
    let parts = [&image.registry, &Some(image.repository.clone()), &image.tag, &image.digest];
    ordered(parts.iter().filter_map(|part| part.as_ref().map(|word| &word.span)));
    for part in parts.into_iter().flatten() {
        check_exact(source, inst, part, image.span);
    }
}

#[test]
fn every_corpus_file_prints_back_with_all_parts_in_place() {
    let Some(files) = corpus_files() else { return };
    for (_, text) in &files {
        check_tree(text);
        // The same file as Windows editors save it.
        let text = String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\n', "\r\n");
        check_tree(format!("\u{feff}{text}").as_bytes());
    }
    eprintln!("{} corpus files, each also with CRLF and BOM", files.len());
}

#[test]
fn every_generated_file_prints_back_with_all_parts_in_place() {
    for text in crate::differential::generated_files(30_000, 7) {
        check_tree(&text);
    }
}

#[test]
fn every_prefix_of_a_file_prints_back() {
    let text = "# escape=\\\nARG V=1 W\nFROM --platform=$P r.io:1/x:${V:-2} AS b\nRUN --mount='type=cache,target=/x' \\\n # c\n\n \
                a <<-EOF && b\n\tbody\n\tEOF\nCOPY --from=b [\"a\\u00e4\", \"b\"]\nONBUILD COPY <<'X' /é\nX\nENV a=\"b c\" d\\ e=f\n";
    for end in 0..=text.len() {
        check_tree(&text.as_bytes()[..end]);
    }
}

#[test]
fn long_input_takes_linear_time() {
    let many = 100_000;
    let inputs = [
        format!("FROM a\nRUN {}", "x \\\n".repeat(many)),
        format!("FROM a\nRUN {}", "x \\\n# c\n\n".repeat(many)),
        format!("FROM a\nENV {}", "k=\"v w\" \\\n".repeat(many)),
        format!("FROM a\nCOPY {}", "<<A \\\n".repeat(many)),
        format!("FROM a\nRUN {}\n", "<<A ".repeat(20_000)) + &"A\n".repeat(20_000),
        format!("FROM a\nRUN {}\n", "x ".repeat(500_000)),
        format!("FROM a\nENV {}\n", "a=b ".repeat(250_000)),
        format!("FROM a\nCOPY {}\n", "a ".repeat(500_000)),
        format!("FROM a\nCMD [{}\"\"]\n", "\"\\u00e4\",".repeat(100_000)),
        format!("FROM a\nCMD {}\n", "[".repeat(1_000_000)),
        format!("FROM a\nCMD [{}\n", "{\"a\":".repeat(200_000)),
        format!("FROM a\nRUN <<{}\n", "${a:-".repeat(200_000)),
        format!("FROM a\nRUN {} <<A\n", "\"$\"".repeat(300_000)),
        format!("FROM a\nCOPY {} a b\n", "--x=\"y\" ".repeat(1000)),
        format!("FROM a\nCOPY {} a b\n", "--link ".repeat(140_000)),
        format!("FROM a\nRUN {} a\n", "--mount=a=b,c ".repeat(70_000)),
        format!("FROM a\nRUN --mount={} a\n", "a=b,c,".repeat(160_000)),
        format!("FROM a\n{}\n", "ONBUILD ".repeat(130_000)),
        format!("FROM a\n{}", "\\\n".repeat(500_000)),
        format!("FROM {}\n", "${a:-".repeat(200_000)),
        format!("{}\n", "a".repeat(1_000_000)),
        "\n".repeat(1_000_000),
        "#\n".repeat(500_000),
        "FROM a\n".repeat(150_000),
        "x\n".repeat(500_000),
        "FROM a\nRUN <<A\n".to_string() + &"x\n".repeat(500_000),
    ];
    for input in inputs {
        let source = SourceFile::new("Dockerfile", input);
        let start = std::time::Instant::now();
        let file = syntax::parse(&source);
        assert_eq!(file.print(&source), source.text.as_bytes());
        for (_, inst) in file.instructions() {
            shell_text(&source, inst, inst.args);
        }
        assert!(!syntax::tokens(&file, &source).is_empty());
        let head: String = source.text.chars().take(30).collect();
        // Far above what a debug build needs on a busy machine, far below what a quadratic step would take.
        assert!(start.elapsed().as_secs() < 10, "{head:?} took {:?}", start.elapsed());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2000) })]

    #[test]
    fn random_bytes_print_back(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        check_tree(&bytes);
    }

    #[test]
    fn random_text_of_the_language_prints_back(
        text in "(FROM|RUN|COPY|ENV|ONBUILD|CMD|HEALTHCHECK|LABEL|[\\\\`\"'#=<>$\\[\\]{}, \t\r\n:@/-]|<<-?E|\nE\n|--m=|\\\\\n|é|\u{a0}|[aE]){0,120}"
    ) {
        check_tree(text.as_bytes());
    }

    #[test]
    fn image_references_of_any_text_have_their_parts_in_place(text in "[a-zA-Z0-9.:/@${}\"'é_-]{0,40}") {
        let image = ImageRef::from_text(&text);
        for part in [&image.registry, &Some(image.repository.clone()), &image.tag, &image.digest].into_iter().flatten() {
            prop_assert_eq!(&text[part.span.range()], &part.text);
        }
    }
}
