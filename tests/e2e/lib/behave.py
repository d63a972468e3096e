"""Running an image with its own configuration and writing down what it does: status, output, answers to probes."""

import http.client
import json
import os
import re
import socket
import subprocess as sp
import sys
import time

from engine import container_name, sh

CHANGING = [
    r"\d{4}[-/]\d\d[-/]\d\d[ T]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:?\d\d)?",
    r"\b(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d \w+",
    r"\b\d\d:\d\d:\d\d(\.\d+)?\b",
    # Where in the program a line of a stack trace lies: the flags of the build move it.
    r"(?m)(?<=\d) \+0x[0-9a-f]+$",
    # How long something took; servers write it into columns.
    r" *\b\d+(\.\d+)?(ns|µs|us|ms|s)\b",
    # Addresses.
    r"\b0x[0-9a-f]{6,}\b",
    r"\bgoroutine \d+\b",
    r"\bpid\W?\d+\b",
]
# Said by docker's client, sometimes, when a container does not start.
CLIENT = r'(?m)^time="[^"]*" level=error msg="error waiting for container: context canceled"\n?'
OUTPUT = 4000
# Read before it is sorted: lines that come in any order must all be there.
LOG = 1_000_000


def mask(text, spec, most=OUTPUT):
    text = re.sub(CLIENT, "", text)
    for pattern in CHANGING + spec.get("mask", []):
        text = re.sub(pattern, "<masked>", text)
    return text[:most]


def once(engine, tag, spec):
    """What the image does, as plain data that can be compared."""
    if spec.get("mode", "run") == "run":
        return [_run(engine, tag, {**spec, **run}) for run in spec.get("runs", [{}])]
    return _serve(engine, tag, spec)


def _options(spec):
    options = ["--network", spec.get("network", "none")] + spec.get("docker_run", [])
    for name, value in spec.get("env", {}).items():
        options += ["-e", f"{name}={value}"]
    return options


def _run(engine, tag, spec):
    name = container_name("run")
    args = [engine.docker, "run", "--rm", "-i", "--name", name] + _options(spec) + [tag] + spec.get("args", [])
    try:
        done = sh(args, input=spec.get("stdin", ""), timeout=spec.get("timeout", 20))
    except sp.TimeoutExpired:
        sh([engine.docker, "rm", "-f", name])
        return {"still running after": spec.get("timeout", 20)}
    return {"status": done.returncode, "stdout": mask(done.stdout, spec), "stderr": mask(done.stderr, spec)}


def _serve(engine, tag, spec):
    name = container_name("serve")
    started = sh([engine.docker, "run", "-d", "--name", name] + _options(spec) + [tag] + spec.get("args", []))
    result = {}
    try:
        if started.returncode:
            return {"start": mask(started.stderr.strip(), spec)}
        pid = sh([engine.docker, "inspect", "-f", "{{.State.Pid}}", name]).stdout.strip()
        answers = {"up": False}
        if pid not in ("", "0"):
            # Probed from inside its own network namespace: no port is published and no other container is in the way.
            inside = ["nsenter", f"--net=/proc/{pid}/ns/net", sys.executable, os.path.abspath(__file__), pid, str(spec.get("port", 8080))]
            said = sh(inside, input=json.dumps(spec))
            if said.returncode == 0:
                answers = json.loads(said.stdout)
            elif sh([engine.docker, "inspect", "-f", "{{.State.Running}}", name]).stdout.strip() == "true":
                raise RuntimeError(f"probing failed: {said.stderr.strip()[-300:]}")
        result["listens"] = answers["up"]
        if answers["up"]:
            result["answers"] = answers["answers"]
            # Before the signal: what a program says when it stops is said only by one that gets the signal.
            logs = sh([engine.docker, "logs", name])
            start = time.time()
            sh([engine.docker, "stop", "-t", "3", name])
            result["SIGTERM"] = "stops" if time.time() - start < 2.5 else "ignored"
        else:
            state = json.loads(sh([engine.docker, "inspect", "-f", "{{json .State}}", name]).stdout)
            result["status"] = state["ExitCode"] if not state["Running"] else "running, but the port is closed"
            result["error"] = mask(state.get("Error", ""), spec)
            logs = sh([engine.docker, "logs", name])
        # Sorted: several processes or requests at once write their lines in any order.
        for name_, text in (("stdout", logs.stdout), ("stderr", logs.stderr)):
            result[name_] = "\n".join(sorted(mask(text, spec, LOG).split("\n")))[:OUTPUT]
    finally:
        sh([engine.docker, "rm", "-f", name])
    return result


def compare(engine, before, after, spec):
    """(same, notes, what the original did, what the rewritten did)."""
    beside = spec.get("beside")
    if not beside:
        return _compare(engine, before, after, spec)
    # A database, say: both run in its network namespace, which has no way out either.
    name = container_name("beside")
    started = sh([engine.docker, "run", "-d", "--name", name, "--network", "none"] + beside.get("docker_run", []) + [beside["image"]])
    try:
        if started.returncode:
            raise RuntimeError(f"{beside['image']} does not start: {started.stderr.strip()[-300:]}")
        _wait_for(engine, name, beside)
        return _compare(engine, before, after, {**spec, "network": f"container:{name}"})
    finally:
        sh([engine.docker, "rm", "-f", name])


def _wait_for(engine, name, beside):
    until = time.time() + beside.get("wait", 60)
    while sh([engine.docker, "exec", name] + beside["ready"]).returncode:
        if time.time() > until:
            raise RuntimeError(f"{beside['image']} is not ready: {sh([engine.docker, 'logs', name]).stderr[-300:]}")
        time.sleep(0.3)


def _compare(engine, before, after, spec):
    old, new = once(engine, before, spec), once(engine, after, spec)
    notes = []
    if isinstance(old, dict) and old.get("SIGTERM") != new.get("SIGTERM") and "SIGTERM" in old and "SIGTERM" in new:
        notes.append(f"SIGTERM: {old['SIGTERM']} -> {new['SIGTERM']}")
        old.pop("SIGTERM"), new.pop("SIGTERM")
    if old != new and old != once(engine, before, spec):
        notes.append("the original differs from itself: numbers masked")
        numbers = lambda value: re.sub(r"\d+", "#", json.dumps(value, sort_keys=True))
        return numbers(old) == numbers(new), notes, old, new
    return old == new, notes, old, new


def ran_well(result):
    """Whether a single image did what its spec is about, without another to compare it with."""
    if isinstance(result, list):
        return all(run.get("status") == 0 for run in result)
    return bool(result.get("listens"))


def _request(port, probe, spec):
    method = next(key for key in ("get", "post", "put", "delete", "head", "patch") if key in probe)
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        body = probe.get("body")
        connection.request(method.upper(), probe[method], body=body, headers=probe.get("headers", {}))
        answer = connection.getresponse()
        headers = {key: answer.getheader(key) for key in ("content-type", "location") if answer.getheader(key)}
        text = answer.read().decode("utf8", "replace")
        return {"request": f"{method} {probe[method]}", "status": answer.status, "headers": headers, "body": mask(text, spec)}
    except Exception as error:  # the server under test may answer nonsense: that is its answer
        return {"request": f"{method} {probe[method]}", "error": f"{type(error).__name__}: {mask(str(error), spec)}"}
    finally:
        connection.close()


def _raw(port, text, spec):
    try:
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.settimeout(3)
            connection.sendall(text.encode())
            said = b""
            while len(said) < OUTPUT and (part := connection.recv(4096)):
                said += part
        return {"sent": text, "answer": mask(said.decode("utf8", "replace"), spec)}
    except Exception as error:
        return {"sent": text, "error": f"{type(error).__name__}: {error}"}


def _probe(pid, port):
    spec = json.load(sys.stdin)
    up, until = False, time.time() + spec.get("wait", 8)
    while time.time() < until and os.path.exists(f"/proc/{pid}") and not up:
        try:
            socket.create_connection(("127.0.0.1", port), 0.3).close()
            up = True
        except OSError:
            time.sleep(0.05)
    probes = spec.get("probes", [{"get": "/"}]) if up else []
    answers = [_raw(port, probe["tcp"], spec) if "tcp" in probe else _request(port, probe, spec) for probe in probes]
    print(json.dumps({"up": up, "answers": answers}))


if __name__ == "__main__":
    _probe(int(sys.argv[1]), int(sys.argv[2]))
