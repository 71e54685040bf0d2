package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
)

// explainRequest says why the request in the file of -explain would be accepted or
// refused. The status is 0 if it would be accepted, or was, which a
// recording says that cannot be checked any more; 1 if not, and 2 if it cannot be read.
func explainRequest(_ context.Context, s *settings, stdin io.Reader, stdout io.Writer) (status int, err error) {
	q, err := s.captured(stdin)
	if err != nil {
		return 2, err
	}
	report := explain.Explain(s.vendors[0], q, s.credentials)
	if s.json {
		e := json.NewEncoder(stdout)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		err = e.Encode(report)
	} else {
		err = report.Write(stdout)
	}
	if !report.Accepted && report.Answered != http.StatusOK {
		status = 1
	}
	return status, err
}

// guessVendor takes the vendor of the request of -explain from the request, if -vendor is
// not given.
func (s *settings) guessVendor(r *raw, stdin io.Reader) error {
	if s.explain == "" || r.vendor != "" {
		return nil
	}
	q, err := s.captured(stdin)
	if err != nil {
		return err
	}
	v, why, ok := explain.Guess(q)
	if !ok {
		return errors.New("-explain cannot tell which vendor the request is of: use -vendor")
	}
	r.vendor = v.Name
	s.warnings = append(s.warnings, fmt.Sprintf("the request is taken for one of %s because of %s: -vendor says otherwise", v.Name, why))
	return nil
}

// captured reads the request of -explain, once.
func (s *settings) captured(stdin io.Reader) (*capture.Request, error) {
	if s.request != nil {
		return s.request, nil
	}
	header, err := parseHeaders(s.headers)
	if err != nil {
		return nil, err
	}
	if s.explain != "-" {
		file, err := os.Open(s.explain)
		if err != nil {
			return nil, fmt.Errorf("-explain: %w", err)
		}
		defer file.Close()
		stdin = file
	}
	text, err := io.ReadAll(io.LimitReader(stdin, capture.MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("-explain: %w", err)
	}
	q, err := capture.Read(bytes.NewReader(text))
	switch {
	case errors.Is(err, capture.ErrNotRequest): // a body alone
		q = capture.Body(text, header)
	case err != nil:
		return nil, fmt.Errorf("-explain: %w", err)
	case len(header) > 0:
		return nil, errors.New("-header is for a file with a body alone, and that of -explain has a header")
	}
	s.request = q
	return q, nil
}

// parseHeaders reads the values of -header.
func parseHeaders(lines []string) (http.Header, error) {
	header := make(http.Header)
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return nil, fmt.Errorf("-header %d is not 'Name: value'", i+1)
		}
		header.Add(name, strings.TrimSpace(value))
	}
	return header, nil
}
