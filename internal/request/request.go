// Package request makes requests as vendors send them.
package request

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
)

// Post returns a POST request with a JSON body: a payload of bytes as it is, any
// other as encode makes it. GetBody is set, so that it can be sent again.
func Post(ctx context.Context, url string, payload any, encode func(payload any) ([]byte, error)) (*http.Request, error) {
	var body []byte
	var err error
	switch p := payload.(type) {
	case []byte:
		body = p
	case json.RawMessage:
		body = p
	default:
		if body, err = encode(pointer(payload)); err != nil {
			return nil, err
		}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	return r, nil
}

// pointer returns a pointer to a copy of a struct, and anything else as it is, but
// nil for a nil pointer.
func pointer(v any) any {
	value := reflect.ValueOf(v)
	switch {
	case value.Kind() == reflect.Struct:
		p := reflect.New(value.Type())
		p.Elem().Set(value)
		return p.Interface()
	case value.Kind() == reflect.Pointer && value.IsNil():
		return nil
	default:
		return v
	}
}

// Body returns the body of a request that Post has made.
func Body(r *http.Request) []byte {
	rc, err := r.GetBody()
	if err != nil {
		return nil
	}
	body, _ := io.ReadAll(rc) // of a bytes.Reader
	return body
}
