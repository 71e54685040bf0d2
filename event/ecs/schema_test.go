package ecs_test

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

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/internal/encodertest"
)

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

func readSchema(t *testing.T) map[string]field {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(encodertest.Schemas(t), "ecs-"+ecs.Version, "ecs_flat.yml"))
	require.NoError(t, err)
	var schema map[string]field
	require.NoError(t, yaml.Unmarshal(text, &schema))
	require.Equal(t, "ip", schema["source.ip"].Type)
	require.NotEmpty(t, schema["event.category"].Allowed)
	return schema
}

func TestSchema(t *testing.T) {
	schema := readSchema(t)
	required := 0
	for _, f := range schema {
		if f.Required {
			required++
		}
	}
	require.Equal(t, 2, required) // @timestamp and ecs.version
	for _, c := range encodertest.Cases(t) {
		t.Run(c.Name, func(t *testing.T) {
			document, err := ecs.Append(nil, c.Event)
			require.NoError(t, err)
			check(t, schema, encodertest.JSON(t, document))
		})
	}
	t.Run("refuses", func(t *testing.T) { testSchemaRefuses(t, schema) })
	t.Run("everything", func(t *testing.T) {
		for _, typ := range append(event.Types(), "acme.own") {
			for _, vendor := range []string{"userlock", "acme"} {
				e := everything(vendor, typ)
				document, err := ecs.Encoder{Payload: true}.Append(nil, e)
				require.NoError(t, err)
				check(t, schema, encodertest.JSON(t, document))
			}
		}
	})
}

// everything returns an event with all fields.
func everything(vendor string, typ event.Type) *event.Event {
	return &event.Event{
		ID: "i", Vendor: vendor, Source: "s", Type: typ, VendorType: "v", Time: time.Now(), Received: time.Now(),
		Outcome: event.OutcomeSuccess, Severity: event.SeverityHigh, Reason: "r",
		User:     event.User{ID: "i", Name: "n", FullName: "f", Domain: "d", Email: "e", Phone: "p"},
		Session:  event.Session{ID: "i", Type: "t", Expires: time.Now(), Duration: time.Hour},
		Device:   event.Device{ID: "i", Name: "n", Type: "t", OS: "o", Browser: "b"},
		Lock:     event.Lock{ID: "i", Name: "n", KeyID: "k"},
		Client:   event.Client{Address: netip.MustParseAddr("::ffff:192.0.2.1"), MAC: "aa:bb:cc:dd:ee:ff", Name: "n", UserAgent: "u"},
		Location: event.Location{Country: "Norway", CountryCode: "NO", City: "c", Timezone: "t"},
		Payload:  map[string]int{"a": 1},
	}
}

func check(t testing.TB, schema map[string]field, document object) {
	t.Helper()
	seen := make(map[string]bool)
	var walk func(prefix string, o object)
	walk = func(prefix string, o object) {
		for name, v := range o {
			path := prefix + name
			seen[path] = true
			f, known := schema[path]
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
	for path, f := range schema {
		assert.False(t, f.Required && !seen[path], path)
	}
	checkTypes(t, schema, document)
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
func checkTypes(t testing.TB, schema map[string]field, document object) {
	t.Helper()
	categories, _ := at(document, "event", "category").([]any)
	types, _ := at(document, "event", "type").([]any)
	assert.NotEmpty(t, types)
	for _, allowed := range schema["event.category"].Allowed {
		if slices.Contains(categories, any(allowed.Name)) {
			for _, typ := range types {
				assert.Contains(t, allowed.Expected, typ, allowed.Name)
			}
		}
	}
}

// What the check is good for.
func testSchemaRefuses(t *testing.T, schema map[string]field) {
	for name, change := range map[string]func(object){
		"unknown field":         func(o object) { o["event"].(object)["nothing"] = "x" },
		"unknown object":        func(o object) { o["nothing"] = object{"x": "y"} },
		"no timestamp":          func(o object) { delete(o, "@timestamp") },
		"time":                  func(o object) { o["@timestamp"] = "yesterday" },
		"address":               func(o object) { o["client"] = object{"ip": "fe80::1%eth0"} },
		"MAC":                   func(o object) { o["source"] = object{"mac": "aa:bb:cc:dd:ee:ff"} },
		"no array":              func(o object) { o["related"] = object{"user": "ada"} },
		"array":                 func(o object) { o["user"] = object{"name": []any{"ada"}} },
		"value":                 func(o object) { o["event"].(object)["outcome"] = "denied" },
		"category":              func(o object) { o["event"].(object)["category"] = []any{"door"} },
		"type of the category":  func(o object) { o["event"].(object)["category"] = []any{"authentication", "file"} },
		"number":                func(o object) { o["event"].(object)["severity"] = "73" },
		"system of the host":    func(o object) { o["host"] = object{"os": object{"type": "dos"}} },
		"label that is no text": func(o object) { o["labels"] = object{"a": 1.0} },
	} {
		t.Run(name, func(t *testing.T) {
			document, err := ecs.Append(nil, everything("userlock", event.SessionStarted))
			require.NoError(t, err)
			o := encodertest.JSON(t, document)
			change(o)
			assert.True(t, encodertest.Fails(t, func(t testing.TB) { check(t, schema, o) }))
		})
	}
}
