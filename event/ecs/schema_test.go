package ecs_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/internal/encodertest"
	"github.com/accesshook/accesshook/internal/encodertest/ecsschema"
)

func TestSchema(t *testing.T) {
	schema := ecsschema.Read(t)
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
			schema.Check(t, encodertest.JSON(t, document))
		})
	}
	t.Run("refuses", func(t *testing.T) { testSchemaRefuses(t, schema) })
	t.Run("everything", func(t *testing.T) {
		for _, typ := range append(event.Types(), "acme.own") {
			for _, vendor := range []string{"userlock", "acme"} {
				e := everything(vendor, typ)
				document, err := ecs.Encoder{Payload: true}.Append(nil, e)
				require.NoError(t, err)
				schema.Check(t, encodertest.JSON(t, document))
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

// What the check is good for.
func testSchemaRefuses(t *testing.T, schema ecsschema.Schema) {
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
			assert.True(t, encodertest.Fails(t, func(t testing.TB) { schema.Check(t, o) }))
		})
	}
}
