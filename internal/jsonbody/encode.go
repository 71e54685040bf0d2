package jsonbody

import (
	stdjson "encoding/json"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/accesshook/accesshook/event"
)

var (
	masked = json.JoinOptions(lenient, json.Deterministic(true))
	clear  = json.JoinOptions(masked, json.WithMarshalers(json.MarshalToFunc(reveal)))
)

// Marshal encodes v, with secrets masked and the members of maps in order.
func Marshal(v any) ([]byte, error) { return json.Marshal(v, masked) }

// MarshalClear is Marshal with secrets in clear, for requests that play the
// vendor. A secret that was masked before stays masked.
func MarshalClear(v any) ([]byte, error) { return json.Marshal(v, clear) }

func reveal(enc *jsontext.Encoder, s event.Secret) error {
	value, ok := s.Reveal()
	if !ok {
		return enc.WriteToken(jsontext.String(s.String()))
	}
	return enc.WriteToken(jsontext.String(value))
}

// Canonical puts raw values into the form in which they come back after having
// been encoded and decoded: without white space, with the shortest strings.
// Numbers keep their digits. Its result shares no memory with raw.
func Canonical(raw stdjson.RawMessage) stdjson.RawMessage {
	if raw == nil {
		return nil
	}
	out, err := jsontext.AppendFormat(nil, []byte(raw), lenient)
	if err != nil {
		return nil
	}
	return out
}
