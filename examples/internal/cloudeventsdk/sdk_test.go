package cloudeventsdk

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"testing"
	"time"

	sdk "github.com/cloudevents/sdk-go/v2"
	"github.com/cloudevents/sdk-go/v2/binding"
	"github.com/cloudevents/sdk-go/v2/binding/format"
	cehttp "github.com/cloudevents/sdk-go/v2/protocol/http"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/cloudevent"
	"github.com/accesshook/accesshook/internal/escapetest"
)

var sameAddr = cmpopts.EquateComparable(netip.Addr{})

// events returns one of each type, and one with hostile text wherever a vendor's text goes.
func events() map[string]*event.Event {
	all := make(map[string]*event.Event)
	for i, typ := range append(event.Types(), "badge.lost") {
		all[string(typ)] = &event.Event{
			ID: fmt.Sprintf("id-%d", i), Vendor: "acme", Source: "north", Type: typ, VendorType: "v",
			Time:     time.Date(2026, 5, 14, 8, 31, 7, 5000, time.UTC).Add(time.Duration(i) * time.Hour),
			Received: time.Date(2026, 7, 14, 8, 31, 7, 0, time.UTC), Outcome: typ.Outcome(), Severity: typ.Severity(),
			User: event.User{Name: "aokoye", FullName: "Ada Okoye"}, Client: event.Client{Address: netip.MustParseAddr("192.0.2.7")},
			Device: event.Device{ID: "device 1"}, Session: event.Session{Duration: 1500 * time.Millisecond},
		}
	}
	all["least"] = &event.Event{ID: "least", Vendor: "acme"}
	hostile := &event.Event{
		ID: escapetest.Text + ` "%41\`, Vendor: "acme", Type: "badge." + escapetest.Text + ` "%`, VendorType: escapetest.Text,
		Reason: "\xff\"}\r\nce-id: b", Time: time.Date(0, 1, 1, 0, 0, 0, 1, time.UTC),
	}
	escapetest.Fill(&hostile.User)
	escapetest.Fill(&hostile.Device)
	escapetest.Fill(&hostile.Lock)
	escapetest.Fill(&hostile.Location)
	all["hostile"] = hostile
	return all
}

// throughLine returns e as [cloudevent.Decode] gives it back.
func throughLine(t *testing.T, e *event.Event) (line []byte, again *event.Event) {
	line, err := cloudevent.Encode(e)
	require.NoError(t, err)
	again, err = cloudevent.Decode(line, nil)
	require.NoError(t, err)
	return line, again
}

func TestSDKReadsBothModes(t *testing.T) {
	var got *sdk.Event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = sdk.NewEventFromHTTPRequest(r); err == nil {
			err = got.Validate()
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	defer server.Close()

	for name, e := range events() {
		t.Run(name, func(t *testing.T) {
			send := func(req *http.Request, err error) *sdk.Event {
				require.NoError(t, err)
				resp, err := server.Client().Do(req)
				require.NoError(t, err)
				defer resp.Body.Close()
				require.Equal(t, http.StatusOK, resp.StatusCode)
				return got
			}
			line, want := throughLine(t, e)

			req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL, bytes.NewReader(line))
			require.NoError(t, err)
			req.Header.Set("Content-Type", cloudevent.ContentType)
			structured := send(req, nil)
			binary := send(cloudevent.NewRequest(t.Context(), server.URL, e))

			for mode, read := range map[string]*sdk.Event{"structured": structured, "binary": binary} {
				assert.Equal(t, "1.0", read.SpecVersion(), mode)
				assert.Equal(t, "application/json", read.DataContentType(), mode)
				assert.True(t, e.Time.Equal(read.Time()), "%s: %v", mode, read.Time())
				assert.Empty(t, read.Extensions(), mode)
				var data event.Event
				require.NoError(t, read.DataAs(&data), mode)
				data.ID = want.ID // an attribute
				assert.Empty(t, cmp.Diff(want, &data, sameAddr), mode)
			}
			assert.Equal(t, structured.Source(), binary.Source())
			// The SDK does not decode what the binding has encoded in a header.
			for attribute, values := range map[string][2]string{
				"id": {structured.ID(), binary.ID()}, "type": {structured.Type(), binary.Type()}, "subject": {structured.Subject(), binary.Subject()},
			} {
				decoded, err := url.PathUnescape(values[1])
				require.NoError(t, err, attribute)
				assert.Equal(t, values[0], decoded, attribute)
			}
			if name != "hostile" {
				assert.Equal(t, e.ID, binary.ID())
				assert.Equal(t, "accesshook."+string(e.Type), binary.Type())
			}

			// What the SDK writes of it again is read.
			again, err := format.JSON.Marshal(structured)
			require.NoError(t, err)
			decoded, err := cloudevent.Decode(again, nil)
			require.NoError(t, err)
			assert.Empty(t, cmp.Diff(want, decoded, sameAddr))
		})
	}
}

func TestSDKSendsBothModes(t *testing.T) {
	var got *event.Event
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var err error
		if got, err = cloudevent.DecodeRequest(r, nil); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
		}
	}))
	defer server.Close()
	client, err := sdk.NewClientHTTP(cehttp.WithTarget(server.URL), cehttp.WithClient(*server.Client()))
	require.NoError(t, err)

	for name, e := range events() {
		if name == "hostile" {
			continue // the SDK writes a "%" of a header as it is
		}
		t.Run(name, func(t *testing.T) {
			line, want := throughLine(t, e)
			var ce sdk.Event
			require.NoError(t, format.JSON.Unmarshal(line, &ce))
			for mode, choose := range map[string]func(context.Context) context.Context{
				"structured": binding.WithForceStructured, "binary": binding.WithForceBinary,
			} {
				got = nil
				result := client.Send(choose(t.Context()), ce)
				require.True(t, sdk.IsACK(result), "%s: %v", mode, result)
				assert.Empty(t, cmp.Diff(want, got, sameAddr), mode)
			}
		})
	}
}
