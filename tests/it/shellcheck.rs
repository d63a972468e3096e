//! ShellCheck's findings inside RUN: which, where, in which shell, and what their fixes write.

use unladen::diagnostic::Applicability;
use unladen::fix::{self, FixWish, Outcome};
use unladen::lint;
use unladen::settings::{Profile, Settings};
use unladen::text::SourceFile;

/// `line:column CODE text`, of the findings with a code of ShellCheck.
fn found(text: &str, settings: &Settings) -> Vec<String> {
    let checked = lint::check(SourceFile::new("Dockerfile", text), None, settings);
    let codes = checked.diagnostics.iter().filter(|found| found.rule.starts_with("SC"));
    codes
        .map(|found| {
            let at = checked.source.line_col(found.span.start);
            format!("{}:{} {} {}", at.line, at.column, found.rule, checked.source.slice(found.span))
        })
        .collect()
}

fn of_profile(profile: Profile) -> Settings {
    Settings { profile, ..Settings::default() }
}

fn check_all(profile: Profile, cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(found(text, &of_profile(profile)), *expected, "{text}");
    }
}

#[test]
fn findings_stand_at_their_word_behind_continuations_comments_and_in_heredocs() {
    check_all(
        Profile::Hadolint,
        &[
            ("FROM debian:13\nRUN echo $A\n", &["2:10 SC2086 $A"]),
            (
                "FROM debian:13\nRUN true \\\n  # why\n  && echo é $A \\\n\n  && echo $B\n",
                &["4:13 SC2086 $A", "6:11 SC2086 $B"],
            ),
            ("# escape=`\nFROM debian:13\nRUN true `\n  && echo $A\n", &["4:11 SC2086 $A"]),
            ("FROM debian:13\r\nRUN true \\\r\n  && echo $A\r\n", &["3:11 SC2086 $A"]),
            ("FROM debian:13\nRUN <<EOF\nset -e\ncd /x\necho $A\nEOF\n", &["5:6 SC2086 $A"]),
            ("FROM debian:13\nRUN <<-EOF\n\tset -e\n\techo $A\n\tEOF\n", &["4:7 SC2086 $A"]),
            ("FROM debian:13\nONBUILD RUN echo $A\n", &["2:18 SC2086 $A"]),
            ("FROM debian:13\nRUN --mount=type=cache,target=/x echo $A\n", &["2:39 SC2086 $A"]),
            // No shell is started, or nothing is run.
            ("FROM debian:13\nRUN [\"echo\", \"$A\"]\nCMD echo $A\n", &[]),
        ],
    );
}

#[test]
fn variables_of_the_build_are_known() {
    check_all(
        Profile::Hadolint,
        &[
            ("FROM debian:13\nENV A=1\nRUN echo $A\n", &[]),
            ("FROM debian:13\nARG A\nRUN echo $A\n", &[]),
            ("FROM debian:13 AS x\nENV A=1\nFROM x\nRUN echo $A\n", &[]),
            ("FROM debian:13\nRUN echo \"$http_proxy $other\"\n", &["2:23 SC2154 $other"]),
            ("FROM debian:13\nENV VERSION=1\nRUN echo \"$VERSON\"\n", &["3:11 SC2153 $VERSON"]),
            ("FROM debian:13\nONBUILD RUN echo \"$RTTP_PROXY\"\n", &["2:19 SC2153 $RTTP_PROXY"]),
        ],
    );
}

#[test]
fn the_shell_is_that_of_the_step() {
    check_all(
        Profile::Hadolint,
        &[
            ("FROM debian:13\nRUN [[ -f a ]]\n", &["2:5 SC3010 [[ -f a ]]"]),
            ("FROM debian:13\nSHELL [\"/bin/bash\", \"-c\"]\nRUN [[ -f a ]]\n", &[]),
            ("FROM debian:13\n# hadolint shell=bash\nRUN [[ -f a ]]\n", &[]),
            ("FROM debian:13\nRUN <<EOF\n#!/bin/bash\n[[ -f a ]]\nEOF\n", &[]),
            ("FROM debian:13\nRUN <<EOF\n#!/usr/bin/env bash\n[[ -f a ]]\nEOF\n", &[]),
            ("FROM debian:13\nRUN <<EOF\n#!/usr/bin/python3\nprint($a)\nEOF\n", &[]),
            ("FROM debian:13\nSHELL [\"/bin/sh\", \"-e\", \"-c\"]\nRUN cd /x; ls\n", &[]),
            ("FROM debian:13\nRUN cd /x; ls\n", &["2:5 SC2164 cd /x"]),
            ("FROM mcr.microsoft.com/windows/servercore:ltsc2022\nRUN echo %A% & dir $a\n", &[]),
            ("FROM debian:13\nSHELL [\"pwsh\", \"-c\"]\nRUN echo $a\n", &[]),
        ],
    );
}

#[test]
fn by_default_only_what_the_shell_of_the_image_lacks_is_reported() {
    check_all(
        Profile::Default,
        &[
            ("FROM debian:13\nRUN [[ -f a ]] || echo {a,b}\n", &["2:5 SC3010 [[ -f a ]]", "2:24 SC3009 {a,b}"]),
            ("FROM alpine:3.22\nRUN [[ -f a ]] || echo {a,b}\n", &["2:24 SC3009 {a,b}"]),
            ("FROM fedora:43\nRUN [[ -f a ]] || echo {a,b}\n", &[]),
            ("FROM example.com/unknown:1\nRUN [[ -f a ]] || echo {a,b}\n", &[]),
            ("FROM debian:13\nRUN echo -n a && echo -e b\n", &["2:23 SC3037 -e"]),
            ("FROM debian:13\nRUN echo $a; cd /x\n", &[]),
        ],
    );
}

#[test]
fn codes_that_are_our_own_work() {
    let cases: &[(&str, &[&str])] = &[
        ("mkdir -p -m 700 a/b", &["2:14 SC2174 -m"]),
        ("mkdir -pm 700 /a/b/", &["2:11 SC2174 -pm"]),
        ("mkdir -p -m 700 a ../b", &[]),
        ("mkdir -m 700 a/b", &[]),
        ("find -name x", &["2:5 SC2185 find"]),
        ("find -L -name x", &["2:5 SC2185 find"]),
        ("find -L . -name x; find /a; find \"$HOME\"; find --help", &[]),
        ("find . | rm", &["2:14 SC2216 rm"]),
        ("yes | rm -i a; a | xargs rm; a | tee b", &[]),
        ("FOO = bar", &["2:5 SC2283 FOO ="]),
        ("echo \"=== a\"; test a = b; [ a = b ]", &[]),
        ("echo \"$RANDOM ${HOSTNAME}\"", &["2:11 SC3028 $RANDOM", "2:19 SC3028 ${HOSTNAME}"]),
        ("echo '$RANDOM' \"\\$UID\" \"${UID:-1}\"; SECONDS=1 && echo \"$SECONDS\"", &[]),
    ];
    for (script, expected) in cases {
        let text = format!("FROM debian:13\nRUN {script}\n");
        let names = ["SC2174", "SC2185", "SC2216", "SC2283", "SC3028"];
        let settings = Settings { select: Some(names.to_vec()), ..Settings::default() };
        assert_eq!(found(&text, &settings), *expected, "{script}");
    }
}

#[test]
fn a_syntax_error_is_reported() {
    let settings = of_profile(Profile::Default);
    let codes = |text: &str| found(text, &settings).iter().map(|line| line[..line.len().min(11)].to_string()).collect();
    let found: Vec<String> = codes("FROM debian:13\nRUN if true; then echo a\n");
    assert!(!found.is_empty() && found.iter().all(|line| line.contains("SC104")), "{found:?}");
    let found: Vec<String> = codes("FROM debian:13\nRUN LOL='a\\'' true\n");
    assert!(found.len() == 1 && found[0].contains("SC1072"), "{found:?}");
}

#[test]
fn comments_profiles_and_severities_take_the_codes() {
    let text =
        "FROM debian:13\n# hadolint ignore=SC2086\nRUN echo $A\n# unladen ignore=sc2086\nRUN echo $B\nRUN echo $C\n";
    assert_eq!(found(text, &of_profile(Profile::Hadolint)), ["6:10 SC2086 $C"]);
    let ignoring = Settings { ignore: vec!["SC2086"], ..of_profile(Profile::Hadolint) };
    assert_eq!(found(text, &ignoring), [] as [&str; 0]);
    let text = "FROM debian:13\nRUN . ./a.sh && . \"$B\"\n";
    assert_eq!(found(text, &of_profile(Profile::Hadolint)), [] as [&str; 0]);
}

#[test]
fn fixes_write_into_the_file_and_come_to_rest() {
    let cases = [
        ("RUN a 2>&1 >/dev/null \\\n && b", "SC2069", "RUN a >/dev/null 2>&1 \\\n && b"),
        (
            "RUN true && \\\n  find . -name *.a \\\n  -delete",
            "SC2061",
            "RUN true && \\\n  find . -name \"*.a\" \\\n  -delete",
        ),
        ("RUN [ \"$a\" == b ]", "SC3014", "RUN [ \"$a\" = b ]"),
        ("RUN a | egrep b", "SC2196", "RUN a | grep -E b"),
        // Only shown: quotes may be wrong.
        ("RUN echo $a", "SC2086", "RUN echo $a"),
        // An edit does not reach across a continuation.
        ("RUN a 2>&1 \\\n >/dev/null", "SC2069", "RUN a 2>&1 \\\n >/dev/null"),
    ];
    for (before, code, after) in cases {
        let settings = Settings { select: Some(vec![code]), ..Settings::default() };
        let wish = FixWish { applicability: Applicability::Unsafe, rewrites: true };
        let source = |text: &str| SourceFile::new("Dockerfile", format!("FROM debian:13\n{text}\n"));
        assert!(!found(&source(before).text, &settings).is_empty(), "{before}");
        let fixed = fix::fix(source(before), None, &settings, wish);
        assert_eq!(fixed.checked.source.text, source(after).text);
        assert!(matches!(fixed.outcome, Outcome::Stable { .. }) && fixed.dropped.is_empty(), "{before}");
    }
}
