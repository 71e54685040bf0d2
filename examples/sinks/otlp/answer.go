package otlp

import (
	"encoding/json"
	"mime"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/accesshook/accesshook/examples/sinks/internal/post"
)

const protobuf = "application/x-protobuf"

// rejected returns how many records the server did not take. It reports false for an
// answer that is not OTLP, such as a page for people. An empty body is how protobuf writes
// that all were taken; VictoriaLogs leaves out the Content-Type then. JSON is understood
// too: a server should answer in the encoding of the request, and a proxy may not.
func rejected(a *post.Answer) (int64, bool) {
	if len(a.Body) == 0 {
		return 0, true
	}
	var n int64
	mediaType, _, _ := mime.ParseMediaType(a.Header.Get("Content-Type"))
	switch mediaType {
	case protobuf:
		var answer collector.ExportLogsServiceResponse
		if proto.Unmarshal(a.Body, &answer) != nil {
			return 0, false
		}
		n = answer.GetPartialSuccess().GetRejectedLogRecords()
	case "application/json":
		var answer struct {
			PartialSuccess struct {
				Rejected json.Number `json:"rejectedLogRecords"` // a string in protobuf's JSON
			} `json:"partialSuccess"`
		}
		if json.Unmarshal(a.Body, &answer) != nil {
			return 0, false
		}
		if answer.PartialSuccess.Rejected != "" {
			var err error
			if n, err = answer.PartialSuccess.Rejected.Int64(); err != nil {
				return 0, false
			}
		}
	default:
		return 0, false
	}
	return n, n >= 0
}
