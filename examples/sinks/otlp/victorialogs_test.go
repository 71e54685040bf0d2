package otlp_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/event"
	"github.com/accesshook/accesshook/examples/sinks/otlp"
	"github.com/accesshook/accesshook/internal/encodertest"
)

// A running VictoriaLogs has every event, with its user, address, outcome and time.
func TestVictoriaLogs(t *testing.T) {
	if os.Getenv("ACCESSHOOK_SIEM") != "on" {
		t.Skip("ACCESSHOOK_SIEM is not on")
	}
	server := startVictoriaLogs(t)
	var events []*event.Event
	for _, c := range encodertest.Cases(t) {
		e := c.Event.Clone()
		e.ID = c.Name // some have the same
		events = append(events, e)
	}
	sink, err := otlp.New(otlp.Config{URL: server + "/insert/opentelemetry", MaxEvents: 10})
	require.NoError(t, err)
	defer sink.Close()
	for _, err := range sink.Send(t.Context(), events) {
		require.NoError(t, err)
	}

	stored := make(map[string]map[string]string)
	postForm(t, server+"/internal/force_flush", nil)
	found := json.NewDecoder(bytes.NewReader(postForm(t, server+"/select/logsql/query", url.Values{"query": {"service.name:=accesshook"}})))
	for found.More() {
		var record map[string]string
		require.NoError(t, found.Decode(&record))
		require.NotContains(t, stored, record["log.record.uid"], "twice")
		stored[record["log.record.uid"]] = record
	}
	assert.Len(t, stored, len(events))
	for _, e := range events {
		record := stored[e.Vendor+"/"+e.Source+"/"+e.ID]
		require.NotNil(t, record, "%v", e)
		at, err := time.Parse(time.RFC3339Nano, record["_time"])
		require.NoError(t, err)
		assert.True(t, e.Time.Equal(at), "%v: %v", e, at)
		address := ""
		if e.Client.Address.IsValid() {
			address = e.Client.Address.String()
		}
		assert.Equal(t, address, record["client.address"])
		assert.Equal(t, e.User.Name, record["user.name"])
		assert.Equal(t, e.User.ID, record["user.id"])
		assert.Equal(t, e.Outcome.String(), record["accesshook.outcome"])
		assert.Equal(t, e.Severity.String(), record["severity_text"])
		assert.Equal(t, "accesshook."+string(e.Type), record["event_name"])
		assert.NotEmpty(t, record["_msg"])
	}
}

// startVictoriaLogs returns the URL of an empty store that runs until the end of the test.
func startVictoriaLogs(t *testing.T) string {
	program, err := exec.LookPath(cmp.Or(os.Getenv("ACCESSHOOK_VICTORIA_LOGS"), "victoria-logs"))
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	log := new(bytes.Buffer)
	command := exec.Command(program, "-storageDataPath="+t.TempDir(), "-httpListenAddr="+address, "-retentionPeriod=100y", "-memory.allowedBytes=100MB")
	command.Stdout, command.Stderr = log, log
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_ = command.Wait()
		if t.Failed() {
			t.Logf("%.10000s", log)
		}
	})
	require.Eventually(t, func() bool {
		answer, err := http.Get("http://" + address + "/health")
		if err != nil {
			return false
		}
		defer answer.Body.Close()
		return answer.StatusCode == http.StatusOK
	}, time.Minute, 50*time.Millisecond)
	return "http://" + address
}

func postForm(t *testing.T, target string, form url.Values) []byte {
	t.Helper()
	answer, err := http.PostForm(target, form)
	require.NoError(t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, answer.StatusCode, "%s", body)
	return body
}
