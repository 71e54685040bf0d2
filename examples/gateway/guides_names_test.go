//go:build unix

package main_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// No command on a guide is left out: each is ours and is run, or is marked as the vendor's.
func TestGuideBlocksAreClassified(t *testing.T) {
	for _, g := range guides(t) {
		servers := 0
		for _, b := range g.blocks {
			switch b.language {
			case "sh":
				if b.isServer() {
					servers++
				}
			case "text", "go":
			case "powershell", "console":
				assert.True(t, strings.HasPrefix(b.above, atTheVendor), "%s:%d: the line above does not begin with %q", g.file, b.line, atTheVendor)
				continue
			default:
				assert.Fail(t, "a block of no known class", "%s:%d: %q", g.file, b.line, b.language)
			}
			assert.False(t, strings.HasPrefix(b.above, atTheVendor), "%s:%d is not the vendor's", g.file, b.line)
		}
		assert.GreaterOrEqual(t, servers, 2, "%s: the gateway and a program", g.file)
		assert.True(t, slices.ContainsFunc(g.blocks, block.isProgram), "%s has no program", g.file)
	}
}

// Lines of Go are those of an Example, which its package compiles and runs.
func TestGuideSnippetsAreExamples(t *testing.T) {
	for _, g := range guides(t) {
		files, err := filepath.Glob("../../" + g.vendor + "/example*_test.go")
		require.NoError(t, err)
		below, err := filepath.Glob("../../" + g.vendor + "/*/example*_test.go")
		require.NoError(t, err)
		var code strings.Builder
		for _, file := range append(files, below...) {
			code.WriteString(unindented(readPage(t, file)))
		}
		for _, b := range g.blocks {
			if b.language != "go" || b.isProgram() {
				continue
			}
			for part := range strings.SplitSeq(b.text, "// …\n") {
				assert.True(t, strings.Contains(code.String(), unindented(part)), "%s:%d: no Example has these lines:\n%s", g.file, b.line, part)
			}
		}
	}
}

// unindented is text without indentation.
func unindented(text string) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSpace(line)
	}
	return strings.Join(lines, "\n")
}

// Guides name no flag that the programs do not have.
func TestGuideFlags(t *testing.T) {
	built, err := programs()
	require.NoError(t, err)
	known := make(map[string]bool)
	for _, program := range built {
		help, err := exec.CommandContext(t.Context(), program, "-help").CombinedOutput()
		require.NoError(t, err, "%s", help)
		for _, name := range regexp.MustCompile(`(?m)^  (-[a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
			known[name[1]] = true
		}
	}
	for _, g := range guides(t) {
		for _, code := range codes(g.prose()) {
			if name, _, _ := strings.Cut(code, " "); strings.HasPrefix(name, "-") {
				assert.True(t, known[name], "%s: %s is no flag", g.file, name)
			}
		}
	}
}

var (
	packageName = regexp.MustCompile(`^(event|verify|durable|(userlock|unloc|relock|loginradius)(api)?)\.[A-Z][A-Za-z.]*$`)
	modulePath  = "github.com/accesshook/accesshook/"
)

// Guides name nothing that the packages do not have.
func TestGuideNames(t *testing.T) {
	documented := make(map[string]bool)
	for _, g := range guides(t) {
		for _, code := range codes(g.prose()) {
			if packageName.MatchString(code) {
				documented[code] = true
			}
		}
	}
	require.NotEmpty(t, documented)
	for code := range documented {
		name, symbol, _ := strings.Cut(code, ".")
		path := name
		if vendor, ok := strings.CutSuffix(name, "api"); ok {
			path = vendor + "/" + name
		} else if name == "durable" {
			path = "event/durable"
		}
		doc := exec.CommandContext(t.Context(), "go", "doc", modulePath+path+"."+symbol)
		doc.Dir = "../.."
		out, err := doc.CombinedOutput()
		assert.NoError(t, err, "%s: %s", code, out)
	}
}

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
)

// Links lead to files and headings that exist, on every page.
func TestLinks(t *testing.T) {
	pages, err := filepath.Glob("../../*.md")
	require.NoError(t, err)
	for _, pattern := range []string{"../../docs/*.md", "../*.md"} {
		more, err := filepath.Glob(pattern)
		require.NoError(t, err)
		pages = append(pages, more...)
	}
	require.Greater(t, len(pages), 6)
	for _, page := range pages {
		for _, found := range link.FindAllStringSubmatch(readPage(t, page), -1) {
			target, anchor, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, ":") {
				continue // elsewhere
			}
			file := page
			if target != "" {
				file = filepath.Join(filepath.Dir(page), target)
			}
			_, err := os.Stat(file)
			if assert.NoError(t, err, page) && anchor != "" {
				assert.Contains(t, anchors(readPage(t, file)), anchor, "%s: %s", page, found[1])
			}
		}
	}
}

// anchors returns those that GitHub makes of the headings of a page.
func anchors(page string) (all []string) {
	for _, found := range heading.FindAllStringSubmatch(page, -1) {
		var anchor strings.Builder
		for _, r := range strings.ToLower(found[1]) {
			switch {
			case r == ' ':
				anchor.WriteByte('-')
			case r == '-' || r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r):
				anchor.WriteRune(r)
			}
		}
		all = append(all, anchor.String())
	}
	return all
}
