// Says what image config BuildKit's Dockerfile frontend makes of a Dockerfile, without building it.
//
// Reads one JSON object a line: id, text (base64), target, build_args, and bases: the config of each base image by its
// reference as it stands in FROM; an image that is not listed has an empty config. Writes one object a line:
// id and either error or config, in the shape of the OCI image specification.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"github.com/distribution/reference"
	"github.com/moby/buildkit/client/llb/sourceresolver"
	"github.com/moby/buildkit/frontend/dockerfile/dockerfile2llb"
	"github.com/moby/buildkit/frontend/dockerui"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"
	ocispecs "github.com/opencontainers/image-spec/specs-go/v1"
)

type request struct {
	ID        string                     `json:"id"`
	Text      []byte                     `json:"text"`
	Target    string                     `json:"target"`
	BuildArgs map[string]string          `json:"build_args"`
	Bases     map[string]json.RawMessage `json:"bases"`
}

type answer struct {
	ID     string `json:"id"`
	Error  string `json:"error,omitempty"`
	Config any    `json:"config,omitempty"`
}

type resolver map[string]json.RawMessage

func (r resolver) ResolveImageConfig(_ context.Context, ref string, _ sourceresolver.Opt) (string, digest.Digest, []byte, error) {
	config, ok := r[ref]
	if !ok {
		config = json.RawMessage("{}")
	}
	// One layer: an image without any counts as scratch.
	image := fmt.Sprintf(`{"os":"linux","architecture":"amd64","rootfs":{"type":"layers","diff_ids":[%q]},"config":%s}`,
		digest.FromString("layer"), config)
	return ref, digest.FromString(ref), []byte(image), nil
}

func convert(req request) (config any, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("panic: %v", cause)
		}
	}()
	bases := resolver{}
	for name, base := range req.Bases {
		if named, err := reference.ParseNormalizedNamed(name); err == nil {
			bases[reference.TagNameOnly(named).String()] = base
		}
	}
	caps := pb.Caps.CapSet(pb.Caps.All())
	result, err := dockerfile2llb.Dockerfile2LLB(context.Background(), req.Text, dockerfile2llb.ConvertOpt{
		Config:         dockerui.Config{BuildArgs: req.BuildArgs, Target: req.Target},
		MetaResolver:   bases,
		LLBCaps:        &caps,
		TargetPlatform: &ocispecs.Platform{OS: "linux", Architecture: "amd64"},
	})
	if err != nil {
		return nil, err
	}
	return result.Image.Config, nil
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 64<<20)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var req request
		if err := json.Unmarshal(lines.Bytes(), &req); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		reply := answer{ID: req.ID}
		config, err := convert(req)
		if err != nil {
			reply.Error = err.Error()
		} else {
			reply.Config = config
		}
		if err := out.Encode(reply); err != nil {
			os.Exit(1)
		}
	}
}
