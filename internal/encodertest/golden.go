package encodertest

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files of the encoders again")

// Golden compares what a makes of Cases with testdata/<vendor>.golden, which has a line for
// each: the name, a tab, and the document. With the flag -update it writes the files.
func Golden(t *testing.T, a Append) {
	files := make(map[string]*bytes.Buffer)
	for _, c := range Cases(t) {
		vendor, _, _ := strings.Cut(c.Name, "/")
		document, err := a(nil, c.Event)
		if refused(err) {
			continue
		}
		require.NoError(t, err, c.Name)
		if files[vendor] == nil {
			files[vendor] = new(bytes.Buffer)
		}
		fmt.Fprintf(files[vendor], "%s\t%s\n", c.Name, document)
	}
	for vendor, got := range files {
		name := filepath.Join("testdata", vendor+".golden")
		if *update {
			require.NoError(t, os.MkdirAll("testdata", 0o755))
			require.NoError(t, os.WriteFile(name, got.Bytes(), 0o644))
		}
		want, err := os.ReadFile(name)
		require.NoError(t, err, "write it with -update")
		assert.Equal(t, strings.Split(string(want), "\n"), strings.Split(got.String(), "\n"), "%s: write it again with -update", name)
	}
}
