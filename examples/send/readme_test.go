package main

import (
	"flag"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var flagInText = regexp.MustCompile("(?:^|[ `(])-([a-z]+(?:-[a-z]+)*)")

// README.md names every flag, and no other.
func TestReadmeNamesEveryFlag(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	named := map[string]bool{"record": false, "l": false} // flags of the gateway and of nc
	for _, found := range flagInText.FindAllStringSubmatch(string(readme), -1) {
		if _, other := named[found[1]]; !other {
			named[found[1]] = true
		}
	}
	new(settings).flags(new(raw)).VisitAll(func(f *flag.Flag) {
		assert.True(t, named[f.Name], "-%s is not in README.md", f.Name)
		delete(named, f.Name)
	})
	for name, ours := range named {
		assert.False(t, ours, "-%s is no flag", name)
	}
}
