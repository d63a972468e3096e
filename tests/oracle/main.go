// The oracle of tests/it/differential.rs: what BuildKit's own parser makes of Dockerfiles.
//
// Reads JSON lines {"id", "text"} from standard input; "text" is base64 when "base64" is true. Prints one JSON line
// per file: {"id", "ok", "stage", "error", "instructions"}. "stage" says who refused: "parser" or "instructions".
package main

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"os"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

type input struct {
	ID     string `json:"id"`
	Text   string `json:"text"`
	Base64 bool   `json:"base64"`
}

type heredoc struct {
	Name    string `json:"name"`
	Expand  bool   `json:"expand"`
	Chomp   bool   `json:"chomp"`
	Content string `json:"content"`
}

type instruction struct {
	Cmd      string    `json:"cmd"`
	Args     []string  `json:"args"`
	Flags    []string  `json:"flags"`
	JSON     bool      `json:"json"`
	Start    int       `json:"start"`
	End      int       `json:"end"`
	Heredocs []heredoc `json:"heredocs"`
	Original string    `json:"original"`
	// The instruction behind ONBUILD.
	Sub *instruction `json:"sub"`
}

type output struct {
	ID           string        `json:"id"`
	OK           bool          `json:"ok"`
	Stage        string        `json:"stage"`
	Error        string        `json:"error"`
	Escape       string        `json:"escape"`
	Dump         string        `json:"dump"`
	Instructions []instruction `json:"instructions"`
}

func convert(node *parser.Node) instruction {
	inst := instruction{
		Cmd: node.Value, Args: []string{}, Flags: []string{}, JSON: node.Attributes["json"],
		Start: node.StartLine, End: node.EndLine, Heredocs: []heredoc{}, Original: node.Original,
	}
	inst.Flags = append(inst.Flags, node.Flags...)
	for arg := node.Next; arg != nil; arg = arg.Next {
		if len(arg.Children) > 0 {
			sub := convert(arg.Children[0])
			inst.Sub = &sub
		} else {
			inst.Args = append(inst.Args, arg.Value)
		}
	}
	for _, doc := range node.Heredocs {
		inst.Heredocs = append(inst.Heredocs, heredoc{doc.Name, doc.Expand, doc.Chomp, doc.Content})
	}
	return inst
}

func read(in input) output {
	out := output{ID: in.ID, Instructions: []instruction{}}
	text := []byte(in.Text)
	if in.Base64 {
		text, _ = base64.StdEncoding.DecodeString(in.Text)
	}
	result, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		out.Stage, out.Error = "parser", err.Error()
		return out
	}
	out.Escape = string(result.EscapeToken)
	dumps := []string{}
	for _, node := range result.AST.Children {
		out.Instructions = append(out.Instructions, convert(node))
		dumps = append(dumps, "("+node.Dump()+")")
	}
	out.Dump = strings.Join(dumps, "\n")
	stages, _, err := instructions.Parse(result.AST, linter.New(&linter.Config{}))
	switch {
	case err != nil:
		out.Stage, out.Error = "instructions", err.Error()
	case len(stages) == 0:
		// The check that follows in dockerfile2llb.
		out.Stage, out.Error = "instructions", "dockerfile contains no stages to build"
	default:
		out.OK = true
	}
	return out
}

func main() {
	reader := bufio.NewReaderSize(os.Stdin, 1<<20)
	writer := bufio.NewWriter(os.Stdout)
	defer writer.Flush()
	decoder := json.NewDecoder(reader)
	encoder := json.NewEncoder(writer)
	encoder.SetEscapeHTML(false)
	for decoder.More() {
		var in input
		if err := decoder.Decode(&in); err != nil {
			os.Stderr.WriteString(err.Error() + "\n")
			os.Exit(1)
		}
		if err := encoder.Encode(read(in)); err != nil {
			os.Exit(1)
		}
	}
}
