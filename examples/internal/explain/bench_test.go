package explain_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/accesshook/accesshook/examples/internal/capture"
	"github.com/accesshook/accesshook/examples/internal/explain"
)

func BenchmarkQuick(b *testing.B) {
	for name, q := range map[string]*capture.Request{
		"relock":      capture.Body([]byte(alert), http.Header{"X-Relock-Signature": {strings.Repeat("0", 64)}}),
		"loginradius": capture.Body([]byte(`{"a":"`+strings.Repeat("é", 1<<19)+`"}`), http.Header{"Signature": {strings.Repeat("0", 64)}}),
		"unloc":       capture.Body([]byte(unlocked), http.Header{"Authorization": {"Basic eDp5"}}),
		"userlock":    capture.Body([]byte(notification("x")), nil),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				explain.Quick(vendor(b, name), q, given(""))
			}
		})
	}
}
