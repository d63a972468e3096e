// Says which paths a .dockerignore leaves out, as BuildKit asks it: each line of the input is
// {"text": ".dockerignore", "paths": [...]}, each line of the output {"error": "..."} or {"excluded": [true, ...]}.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"strings"

	"github.com/moby/patternmatcher"
	"github.com/moby/patternmatcher/ignorefile"
)

type question struct {
	Text  string   `json:"text"`
	Paths []string `json:"paths"`
}

type answer struct {
	Error    string `json:"error,omitempty"`
	Excluded []bool `json:"excluded"`
}

func main() {
	in := bufio.NewScanner(os.Stdin)
	in.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for in.Scan() {
		var q question
		if err := json.Unmarshal(in.Bytes(), &q); err != nil {
			log.Fatal(err)
		}
		if err := out.Encode(ask(q)); err != nil {
			log.Fatal(err)
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
}

func ask(q question) answer {
	patterns, err := ignorefile.ReadAll(strings.NewReader(q.Text))
	if err != nil {
		return answer{Error: err.Error()}
	}
	matcher, err := patternmatcher.New(patterns)
	if err != nil {
		return answer{Error: err.Error()}
	}
	excluded := []bool{}
	for _, path := range q.Paths {
		last := false
		info := patternmatcher.MatchInfo{}
		elements := strings.Split(path, "/")
		for i := range elements {
			last, info, err = matcher.MatchesUsingParentResults(strings.Join(elements[:i+1], "/"), info)
			if err != nil {
				return answer{Error: err.Error()}
			}
		}
		excluded = append(excluded, last)
	}
	return answer{Excluded: excluded}
}
