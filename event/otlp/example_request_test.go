package otlp_test

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/logs/v1"
	"google.golang.org/protobuf/proto"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/event/otlp"
)

// A service without the SDK sends the records itself.
func ExampleAppendRequest() {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		request := new(collector.ExportLogsServiceRequest)
		if err := proto.Unmarshal(body, request); err != nil {
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		for _, record := range request.ResourceLogs[0].ScopeLogs[0].LogRecords {
			fmt.Println(r.URL.Path, record.EventName)
		}
	}))
	defer server.Close()

	record, err := otlp.Append(nil, &event.Event{ID: "55f0b9", Vendor: "unloc", Type: event.LockUnlocked})
	if err != nil {
		fmt.Println(err)
		return
	}
	body := otlp.AppendRequest(nil, otlp.Resource{"service.name": "gate"}, record)
	resp, err := http.Post(server.URL+"/v1/logs", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer resp.Body.Close()
	fmt.Println(resp.StatusCode)
	// Output:
	// /v1/logs accesshook.lock.unlocked
	// 200
}
