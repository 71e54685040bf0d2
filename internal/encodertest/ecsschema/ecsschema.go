// Package ecsschema checks documents against the Elastic Common Schema, for the tests of
// what writes them.
package ecsschema

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/internal/encodertest"
)

type object = map[string]any

// A Schema is what the schema says about each field.
type Schema map[string]field

// A field is what the schema says about one.
type field struct {
	Type      string
	Normalize []string
	Pattern   string
	Required  bool
	Allowed   []struct {
		Name     string
		Expected []string `yaml:"expected_event_types"`
	} `yaml:"allowed_values"`
	Expected []string `yaml:"expected_values"`
}

// Read reads the schema of version [ecs.Version], as [encodertest.Schemas] finds it.
func Read(t testing.TB) Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(encodertest.Schemas(t), "ecs-"+ecs.Version, "ecs_flat.yml"))
	require.NoError(t, err)
	var schema Schema
	require.NoError(t, yaml.Unmarshal(text, &schema))
	require.Equal(t, "ip", schema["source.ip"].Type)
	require.NotEmpty(t, schema["event.category"].Allowed)
	return schema
}

// Check reports an error for each field of a document that is not as the schema says: one
// that is unknown, missing, of another type, or has a value that is not allowed.
func (s Schema) Check(t testing.TB, document map[string]any) {
	t.Helper()
	seen := make(map[string]bool)
	var walk func(prefix string, o object)
	walk = func(prefix string, o object) {
		for name, v := range o {
			path := prefix + name
			seen[path] = true
			f, known := s[path]
			switch v := v.(type) {
			case object:
				if path == "labels" {
					for name, v := range v { // keywords, by the schema's text
						assert.IsType(t, "", v, name)
						assert.NotContains(t, name, ".")
					}
				} else if path != "accesshook" {
					assert.False(t, known, path) // no field of the schema that we use is an object
					walk(path+".", v)
				}
			case []any:
				require.True(t, known, path)
				assert.Contains(t, f.Normalize, "array", path)
				for _, element := range v {
					checkValue(t, path, f, element)
				}
			default:
				require.True(t, known, path)
				assert.NotContains(t, f.Normalize, "array", path)
				checkValue(t, path, f, v)
			}
		}
	}
	walk("", document)
	for path, f := range s {
		assert.False(t, f.Required && !seen[path], path)
	}
	s.checkTypes(t, document)
}

func checkValue(t testing.TB, path string, f field, v any) {
	t.Helper()
	if f.Type == "long" {
		number, ok := v.(float64)
		assert.True(t, ok && number == float64(int64(number)), path)
		return
	}
	text, ok := v.(string)
	require.True(t, ok, path)
	switch f.Type {
	case "keyword", "match_only_text", "constant_keyword":
	case "date":
		_, err := time.Parse(time.RFC3339, text)
		assert.NoError(t, err, path)
	case "ip":
		a, err := netip.ParseAddr(text)
		assert.NoError(t, err, path)
		assert.Empty(t, a.Zone(), path)
	default:
		t.Errorf("%s: a string for a %s", path, f.Type)
	}
	if f.Pattern != "" {
		assert.Regexp(t, regexp.MustCompile(f.Pattern), text, path)
	}
	allowed := slices.Clone(f.Expected)
	for _, a := range f.Allowed {
		allowed = append(allowed, a.Name)
	}
	if len(allowed) > 0 {
		assert.Contains(t, allowed, text, path)
	}
}

// checkTypes checks that each event.type is one that each event.category expects.
func (s Schema) checkTypes(t testing.TB, document object) {
	t.Helper()
	event, _ := document["event"].(object)
	categories, _ := event["category"].([]any)
	types, _ := event["type"].([]any)
	assert.NotEmpty(t, types)
	for _, allowed := range s["event.category"].Allowed {
		if slices.Contains(categories, any(allowed.Name)) {
			for _, typ := range types {
				assert.Contains(t, allowed.Expected, typ, allowed.Name)
			}
		}
	}
}
