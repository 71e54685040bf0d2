// Package encodertest tests the encoders of events: that each writes an event of every
// type as its format wants, whatever the event holds, and shows no secret.
package encodertest

import (
	"encoding/json"
	"errors"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/asim"
	"github.com/accesshook/accesshook/event/cef"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/event/ecs"
	"github.com/accesshook/accesshook/event/ocsf"
	"github.com/accesshook/accesshook/internal/escapetest"
	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"
)

// An Append appends an event to dst as one document without a newline.
type Append = func(dst []byte, e *event.Event) ([]byte, error)

// An Encoder is an Append and what it is called.
type Encoder struct {
	Name   string
	Append Append
}

// Encoders are all that this module has.
var Encoders = []Encoder{
	{"cloudevent", cloudevent.Append},
	{"ecs", ecs.Append},
	{"ocsf", ocsf.Append},
	{"cef", cef.Append},
	{"asim", asim.Append},
}

var payloads = cloudevent.Payloads{
	userlock.Vendor: userlock.Decode, unloc.Vendor: unloc.Decode,
	relock.Vendor: relock.Decode, loginradius.Vendor: loginradius.Decode,
}

// refused reports whether an encoder says that its format has no place for an event.
func refused(err error) bool { return errors.Is(err, asim.ErrNotAuthentication) }

// All fails if one of the Encoders cannot encode e, or encodes it in another way once it
// has been a CloudEvent. Call it with every event that a vendor's Decode accepts.
func All(t testing.TB, e *event.Event) {
	t.Helper()
	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	passed, err := cloudevent.Decode(line, payloads)
	require.NoError(t, err)
	for _, encoder := range Encoders {
		document, err := encoder.Append(nil, e)
		if refused(err) {
			continue
		}
		require.NoError(t, err, encoder.Name)
		requireOneLine(t, document)
		if isObject(document) {
			require.True(t, json.Valid(document), "%s", document)
		}
		again, err := encoder.Append(nil, passed)
		require.NoError(t, err, encoder.Name)
		require.Equal(t, string(document), string(again), encoder.Name)
	}
}

func requireOneLine(t testing.TB, document []byte) {
	t.Helper()
	require.NotEmpty(t, document)
	require.NotContains(t, string(document), "\n")
	escapetest.AssertEscaped(t, document)
}

// isObject tells JSON from other formats. A CloudEvent may have a member twice, in the
// payload as it came.
func isObject(document []byte) bool { return document[0] == '{' }

// Schemas returns the folder with the official schemas of the formats, which
// ACCESSHOOK_SCHEMAS names. If that is empty the test is skipped. If it is not set, the
// same, or the test fails if CI is set.
func Schemas(t testing.TB) string {
	t.Helper()
	folder, ok := os.LookupEnv("ACCESSHOOK_SCHEMAS")
	if folder == "" {
		if os.Getenv("CI") != "" && !ok {
			t.Fatal("ACCESSHOOK_SCHEMAS is not set")
		}
		t.Skip("ACCESSHOOK_SCHEMAS does not name a folder with the official schemas")
	}
	return folder
}
