package main_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A guide is a page of docs that leads from an account at a vendor to the first event. Its
// fenced blocks are classified by their language:
//
//	sh                   our commands, which the test runs in order. A block that begins
//	                     with the line "# first terminal" starts a server, which runs until
//	                     the next one starts
//	text                 what the commands before it show, with … for anything
//	go                   a whole program, which is built, or lines of a compiled Example, with
//	                     "// …" for those between
//	powershell, console  the vendor's commands: the line above the block says so
type guide struct {
	file   string // its path
	vendor string
	lines  []string
	blocks []block
}

type block struct {
	line     int // number of the first line of its text
	language string
	text     string // whole lines
	above    string // the last line before it that is not blank
}

const (
	firstTerminal = "# first terminal"
	atTheVendor   = "At the vendor"
)

// guides are all of docs that are about one vendor.
func guides(t *testing.T) (all []*guide) {
	t.Helper()
	for _, vendor := range []string{"userlock", "unloc", "relock", "loginradius"} {
		g := &guide{file: filepath.Join("../../docs", vendor+".md"), vendor: vendor}
		g.lines = strings.Split(readPage(t, g.file), "\n")
		g.blocks = blocks(t, g.lines)
		all = append(all, g)
	}
	return all
}

func readPage(t *testing.T, file string) string {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return string(content)
}

// blocks returns the fenced blocks of a page.
func blocks(t *testing.T, lines []string) (all []block) {
	t.Helper()
	var open *block
	above := ""
	for i, line := range lines {
		language, isFence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case isFence && open != nil:
			require.Empty(t, language, "line %d: the end of a block with a language", i+1)
			all, open, above = append(all, *open), nil, ""
		case isFence:
			open = &block{line: i + 2, language: language, above: above}
		case open != nil:
			open.text += line + "\n"
		case strings.TrimSpace(line) != "":
			above = line
		}
	}
	require.Nil(t, open, "a block without an end")
	return all
}

// isServer reports whether the block starts a server.
func (b block) isServer() bool { return strings.HasPrefix(b.text, firstTerminal+"\n") }

// isProgram reports whether the block is a whole program.
func (b block) isProgram() bool { return strings.HasPrefix(b.text, "package main\n") }

// prose returns the page without its blocks, with a blank line for each of their lines.
func (g *guide) prose() string {
	var text bytes.Buffer
	inside := false
	for _, line := range g.lines {
		isFence := strings.HasPrefix(strings.TrimSpace(line), "```")
		if !isFence && !inside {
			text.WriteString(line)
		}
		text.WriteByte('\n')
		if isFence {
			inside = !inside
		}
	}
	return text.String()
}

var (
	timeOfDay  = regexp.MustCompile(`\d\d:\d\d:\d\d`)
	whiteSpace = regexp.MustCompile(` +`)
)

// shown is a pattern for a line that a block of text shows.
func shown(line string) *regexp.Regexp {
	pattern := regexp.QuoteMeta(strings.TrimSpace(line))
	pattern = strings.ReplaceAll(pattern, "…", ".*")
	pattern = timeOfDay.ReplaceAllString(pattern, `\d\d:\d\d:\d\d`)
	pattern = whiteSpace.ReplaceAllString(pattern, ` +`)
	return regexp.MustCompile(`(?m)^\s*` + pattern + `\s*$`)
}
