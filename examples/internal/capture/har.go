package capture

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// The parts of a HAR 1.2 file that matter here, see
// http://www.softwareishard.com/blog/har-12-spec/.
type (
	harFile struct {
		Log *struct {
			Entries few[harEntry] `json:"entries"`
		} `json:"log"`
		harEntry
	}
	harEntry struct {
		Request *harRequest `json:"request"`
	}
	harRequest struct {
		Method      string        `json:"method"`
		URL         string        `json:"url"`
		HTTPVersion string        `json:"httpVersion"`
		Headers     few[harField] `json:"headers"`
		PostData    *struct {
			MimeType string          `json:"mimeType"`
			Text     *string         `json:"text"`
			Encoding string          `json:"encoding"`
			Params   json.RawMessage `json:"params"`
		} `json:"postData"`
	}
	harField struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
)

// few is a list of at most maxFields elements: small ones in JSON take many times their
// size in memory.
type few[T any] []T

func (l *few[T]) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return err // null
	}
	for d.More() {
		if len(*l) == maxFields {
			return errMany
		}
		var v T
		if err := d.Decode(&v); err != nil {
			return err
		}
		*l = append(*l, v)
	}
	return nil
}

var errMany = fmt.Errorf("capture: a list of the HAR file has more than %d elements", maxFields)

// readHAR reads a HAR file, or one entry of it.
func (q *Request) readHAR(data []byte) error {
	var file harFile
	if err := json.Unmarshal(data, &file); errors.Is(err, errMany) {
		return errMany
	} else if err != nil || file.Log == nil && file.Request == nil {
		return ErrNotRequest
	}
	if file.Log == nil {
		return q.fromHAR(file.Request)
	}
	var all, posts []*harRequest
	for _, e := range file.Log.Entries {
		if e.Request == nil {
			continue
		}
		all = append(all, e.Request)
		if e.Request.Method == http.MethodPost {
			posts = append(posts, e.Request)
		}
	}
	switch {
	case len(posts) == 1:
		return q.fromHAR(posts[0])
	case len(all) == 1:
		return q.fromHAR(all[0])
	case len(all) == 0:
		return errors.New("capture: the HAR file has no request")
	}
	return fmt.Errorf("capture: the HAR file has %d requests. Keep the entry of one:%s", len(all), listed(all))
}

// listed names some requests, without what may be secret in a URL.
func listed(all []*harRequest) string {
	const most = 20
	var b strings.Builder
	for i, r := range all {
		if i == most {
			b.WriteString("\n  …")
			break
		}
		where := "?"
		if u, err := url.Parse(r.URL); err == nil {
			where = (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
		}
		fmt.Fprintf(&b, "\n  %s %s", visible(r.Method, 16), visible(where, 200))
	}
	return b.String()
}

// visible shortens s, and escapes what a terminal would obey.
func visible(s string, most int) string {
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "") + "…"
	}
	return strings.Trim(strconv.Quote(s), `"`)
}

func (q *Request) fromHAR(r *harRequest) error {
	q.Method, q.Target, q.Proto = r.Method, r.URL, r.HTTPVersion
	for _, f := range r.Headers {
		if strings.HasPrefix(f.Name, ":") {
			q.pseudo(f.Name + ":" + f.Value)
			continue
		}
		if !fieldName.MatchString(f.Name) {
			q.odd("A header field has no valid name and is left out.")
			continue
		}
		values := strings.Split(f.Value, "\n") // how browsers write repeated fields
		if len(values) > maxFields {
			return errMany
		}
		for _, value := range values {
			q.add(f.Name, strings.Trim(value, " \t\r"))
		}
	}
	if err := q.harBody(r); err != nil {
		return err
	}
	if n := q.Header["Content-Length"]; len(n) == 1 && n[0] != strconv.Itoa(len(q.Body)) && len(q.Header["Transfer-Encoding"]) == 0 {
		q.odd("The body has %d bytes, and Content-Length says otherwise: HAR has text, so a tool has changed what is not UTF-8.", len(q.Body))
	}
	return nil
}

func (q *Request) harBody(r *harRequest) error {
	switch p := r.PostData; {
	case p == nil:
		if slices.Contains([]string{http.MethodPost, http.MethodPut}, r.Method) {
			q.odd("The HAR file has no body of the request.")
		}
	case p.Text == nil || *p.Text == "" && len(p.Params) > len("[]"):
		q.odd("The HAR file has the body as parameters of a form and not as it was sent.")
	case strings.EqualFold(p.Encoding, "base64"):
		body, err := base64.StdEncoding.DecodeString(*p.Text)
		if err != nil {
			return errors.New("capture: the body of the HAR file is not base64")
		}
		q.Body = body
	default:
		q.Body = []byte(*p.Text)
	}
	return nil
}
