package jsonbody_test

import (
	"encoding/json"
	"errors"
	"net/netip"
	"strings"
	"time"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/internal/jsonbody"
)

// A document has a field of every kind.
type document struct {
	String  string         `json:"string,omitzero"`
	Named   named          `json:"named,omitzero"`
	Text    event.Text     `json:"text,omitzero"`
	Bool    bool           `json:"bool,omitzero"`
	Int     int            `json:"int,omitzero"`
	Int8    int8           `json:"int8,omitzero"`
	Int16   int16          `json:"int16,omitzero"`
	Int32   int32          `json:"int32,omitzero"`
	Int64   int64          `json:"int64,omitzero"`
	Uint    uint           `json:"uint,omitzero"`
	Uint8   uint8          `json:"uint8,omitzero"`
	Uint16  uint16         `json:"uint16,omitzero"`
	Uint32  uint32         `json:"uint32,omitzero"`
	Uint64  uint64         `json:"uint64,omitzero"`
	Float32 float32        `json:"float32,omitzero"`
	Float64 float64        `json:"float64,omitzero"`
	Time    time.Time      `json:"time,omitzero"`
	Secret  event.Secret   `json:"secret,omitzero"`
	Secrets []event.Secret `json:"secrets,omitzero"`
	Hidden  *event.Secret  `json:"hidden,omitzero"`

	Raw      json.RawMessage   `json:"raw,omitzero"`
	Place    jsonbody.Place    `json:"place,omitzero"`
	Struct   city              `json:"struct,omitzero"`
	Scalar   address           `json:"scalar,omitzero"`
	Pointer  *city             `json:"pointer,omitzero"`
	Number   *int              `json:"number,omitzero"`
	Strings  []string          `json:"strings,omitzero"`
	Ints     []int             `json:"ints,omitzero"`
	Times    []time.Time       `json:"times,omitzero"`
	Structs  []city            `json:"structs,omitzero"`
	Scalars  []address         `json:"scalars,omitzero"`
	Pointers []*city           `json:"pointers,omitzero"`
	Lists    [][]int           `json:"lists,omitzero"`
	ByName   map[string]string `json:"byName,omitzero"`
	Kept     kept              `json:"kept,omitzero"`
	Misfits  misfits           `json:"misfits,omitzero"`

	Letters letters        `json:"letters,omitzero"` // UnmarshalJSON
	Address netip.Addr     `json:"address,omitzero"` // UnmarshalText
	Any     any            `json:"any,omitzero"`
	Bytes   []byte         `json:"bytes,omitzero"`
	Counts  map[string]int `json:"counts,omitzero"`

	embedded
	Left string `json:"-"`

	Extra map[string]json.RawMessage `json:",embed"`
}

type named string

type city struct {
	Name string `json:"name,omitzero"`
	Zip  int    `json:"zip,omitzero"`
}

type address struct {
	Type  string `json:"type,omitzero"`
	Value string `json:"value,omitzero" accesshook:"scalar"`
}

type kept struct {
	ID    string                     `json:"id,omitzero"`
	Extra map[string]json.RawMessage `json:",embed"`
}

type misfits struct {
	ID    string                     `json:"id,omitzero"`
	Pin   event.Secret               `json:"pin,omitzero"`
	Extra map[string]json.RawMessage `json:",embed" accesshook:"misfits"`
}

type embedded struct {
	Inner string `json:"inner,omitzero"`
}

// letters reads and writes itself: a string in lower case.
type letters struct{ text string }

var errLetters = errors.New("not letters")

func (l *letters) UnmarshalJSON(value []byte) error {
	l.text = "half" // what a failed attempt leaves behind must not show
	var text string
	if err := json.Unmarshal(value, &text); err != nil {
		return err
	}
	if text != strings.ToLower(text) {
		return errLetters
	}
	l.text = text
	return nil
}

func (l *letters) MarshalJSON() ([]byte, error) { return json.Marshal(l.text) }

func w(path, want, got string) event.Warning { return event.Warning{Path: path, Want: want, Got: got} }

var noon = time.Date(2024, 5, 14, 12, 0, 0, 0, time.UTC)
