"""Comparing two images without running them: the configuration, and whether the program can start at all."""

import os
import re
import shlex

import elf

# Only builds read these; the rewritten image may lack them. GOLANG_VERSION and the rest come from the golang images.
BUILD_ONLY = re.compile(
    r"^(GO111MODULE|GOPROXY|GOPRIVATE|GOSUMDB|GONOSUMDB|GONOPROXY|GOFLAGS|GOOS|GOARCH|GOARM|GOARM64|GOAMD64|CGO_.*|CC|CXX"
    r"|GOCACHE|GOMODCACHE|GOTOOLCHAIN|GOBIN|GOPATH|GOLANG_VERSION|DEBIAN_FRONTEND)$"
)
LIBRARIES = ["/lib", "/usr/lib", "/lib64", "/usr/lib64", "/usr/local/lib", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu"]


def env(config):
    return dict(pair.split("=", 1) for pair in config.get("Env") or [])


def words(command):
    """Exec form, and shell form where the shell would do nothing but split words: the words; else None."""
    command = command or []
    # A shell that reads its profile (-l) or prints what it runs (-x) does more.
    if re.fullmatch(r"/bin/(sh|ash|bash)( -[eu]+| -[eu]*o (pipefail|errexit|nounset))* -[eu]*c", " ".join(command[:-1])):
        text = re.sub(r"^exec\s+", "", command[-1].strip())
        if re.search(r"[$`|&;<>()*?\[\]~#=!{}\\]", text):
            return None
        return shlex.split(text)
    return command


def user(config):
    name = config.get("User") or ""
    return "root" if name in ("", "0", "root", "0:0", "root:root") else name


def in_exec_form(old, new):
    """`HEALTHCHECK CMD /app health` that became `CMD ["/app", "health"]`, and nothing else of it."""
    test, other = old.get("Test") or [], new.get("Test") or []
    shell = test[:1] == ["CMD-SHELL"] and len(test) == 2 and other[:1] == ["CMD"]
    same = {key: old[key] for key in old if key != "Test"} == {key: new[key] for key in new if key != "Test"}
    return shell and same and words(["/bin/sh", "-c", test[1]]) == other[1:]


def config_delta(before, after):
    """(list of what may not differ but does, list of notes on what differs and may)."""
    wrong, notes = [], []
    for key, empty in [("ExposedPorts", {}), ("Labels", {}), ("Volumes", {}), ("StopSignal", ""), ("Healthcheck", None), ("OnBuild", [])]:
        old, new = before.get(key) or empty, after.get(key) or empty
        if key == "Healthcheck" and old and new and in_exec_form(old, new):
            notes.append("HEALTHCHECK in exec form")
        elif old != new:
            wrong.append(f"{key}: {old} -> {new}")
    if user(before) != user(after):
        wrong.append(f"User: {before.get('User')!r} -> {after.get('User')!r}")
    if (before.get("WorkingDir") or "/") != (after.get("WorkingDir") or "/"):
        wrong.append(f"WorkingDir: {before.get('WorkingDir')!r} -> {after.get('WorkingDir')!r}")
    for key in ("Entrypoint", "Cmd"):
        old, new = before.get(key) or [], after.get(key) or []
        if old == new:
            continue
        if words(old) is not None and words(old) == words(new):
            notes.append(f"{key.upper()} in exec form")
        else:
            wrong.append(f"{key}: {old} -> {new}")
    old, new = env(before), env(after)
    for name in sorted(set(old) | set(new)):
        if old.get(name) == new.get(name):
            continue
        if name not in new and BUILD_ONLY.match(name):
            continue
        if name == "SSL_CERT_FILE" and name not in old:
            notes.append("SSL_CERT_FILE set by the base")
        elif name == "PATH":
            lost = [part for part in old.get(name, "").split(":") if part not in new.get(name, "").split(":")]
            if any(not part.startswith(("/go/", "/usr/local/go/")) for part in lost):
                wrong.append(f"PATH loses {lost}")
        else:
            wrong.append(f"Env {name}: {old.get(name)!r} -> {new.get(name)!r}")
    return wrong, notes


def find_program(files, config, name):
    """The path that starting `name` would execute, or None."""
    cwd = config.get("WorkingDir") or "/"
    if "/" in name:
        return files.resolve(os.path.join(cwd, name))
    path = env(config).get("PATH") or "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    for folder in path.split(":"):
        found = files.resolve(os.path.join(folder or "/", name))
        if found and (files.mode(found) or 0) & 0o111:
            return found
    return None


def startable(files, config):
    """What keeps the image's own command (and health check) from starting, as a list of sentences."""
    wrong = []
    command = (config.get("Entrypoint") or []) + (config.get("Cmd") or [])
    starts = [("command", command)] if command else []
    health = (config.get("Healthcheck") or {}).get("Test") or []
    if health[:1] == ["CMD"]:
        starts.append(("health check", health[1:]))
    elif health[:1] == ["CMD-SHELL"]:
        starts.append(("health check", ["/bin/sh", "-c", health[1]]))
    for what, words_ in starts:
        wrong += [f"{what}: {problem}" for problem in missing_for(files, config, words_)]
    return wrong


def missing_for(files, config, command):
    program = find_program(files, config, command[0])
    if program is None:
        return [f"{command[0]} is not there"]
    problems = program_problems(files, program)
    plain = words(command)
    if command[:2] == ["/bin/sh", "-c"] and plain and not problems and not re.match(r"^(exec|cd|export|set|echo)$", plain[0]):
        inner = find_program(files, config, plain[0])
        problems += [f"{plain[0]} is not there"] if inner is None else program_problems(files, inner)
    return problems


def program_problems(files, program, seen=None):
    seen = set() if seen is None else seen
    if program in seen:
        return []
    seen.add(program)
    data = files.read(program)
    if data is None:
        return [f"{program} cannot be read"]
    if not (files.mode(program) or 0) & 0o111 and len(seen) == 1:
        return [f"{program} is not executable"]
    if data[:2] == b"#!":
        interpreter = data[2:].split(b"\n", 1)[0].split()[0].decode()
        found = files.resolve(interpreter)
        return [f"{program} wants {interpreter}"] if found is None else program_problems(files, found, seen)
    read = elf.read(data)
    if read is None:
        return []
    interpreter, needed, paths = read
    problems = []
    if interpreter and files.resolve(interpreter) is None:
        problems.append(f"{program} wants {interpreter}")
    for library in needed:
        folders = [path.replace("$ORIGIN", os.path.dirname(program)) for path in paths] + LIBRARIES
        found = next((f for f in (files.resolve(f"{folder}/{library}") for folder in folders) if f), None)
        if found is None:
            problems.append(f"{program} wants {library}")
        else:
            problems += program_problems(files, found, seen)
    return problems
