//go:build unix

package siemtest

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A victoriaLogs is a log store that runs. It keeps its data and its ports when it is
// stopped and started again.
type victoriaLogs struct {
	daemon
	http, syslog string // where it listens
}

// wayField is the field of a record that says which way it took into the store.
const wayField = "way"

// startVictoriaLogs starts an empty store.
func startVictoriaLogs(t *testing.T) *victoriaLogs {
	t.Helper()
	v := &victoriaLogs{http: unusedAddress(t), syslog: unusedAddress(t)}
	v.daemon = daemon{
		t: t, log: logFile(t, "victoria-logs"),
		command: []string{
			program(t, "ACCESSHOOK_VICTORIA_LOGS", "victoria-logs"),
			"-storageDataPath=" + t.TempDir(), "-retentionPeriod=100y", "-memory.allowedBytes=200MB",
			"-httpListenAddr=" + v.http, "-syslog.listenAddr.tcp=" + v.syslog, `-syslog.extraFields.tcp={"` + wayField + `":"syslog"}`,
		},
		ready: func() bool {
			answer, err := http.Get("http://" + v.http + "/health")
			if err != nil {
				return false
			}
			defer answer.Body.Close()
			return answer.StatusCode == http.StatusOK && accepts(v.syslog)
		},
	}
	v.start()
	return v
}

// insert returns the URL of a path that takes records. The parameters say how they are
// read: https://docs.victoriametrics.com/victorialogs/data-ingestion/#http-parameters.
func (v *victoriaLogs) insert(path, way string, parameters ...string) string {
	query := url.Values{"extra_fields": {wayField + "=" + way}}
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	return "http://" + v.http + path + "?" + query.Encode()
}

// A record is what the store has of an event.
type record map[string]string

// query returns the records for a query in LogsQL, of all that was answered.
func (v *victoriaLogs) query(logsQL string) (records []record) {
	v.t.Helper()
	v.post("/internal/force_flush", nil) // what has come is found at once
	answer := v.post("/select/logsql/query", url.Values{"query": {logsQL}})
	for line := range strings.Lines(answer) {
		var r record
		require.NoError(v.t, json.Unmarshal([]byte(line), &r), "%s", line)
		records = append(records, r)
	}
	return records
}

func (v *victoriaLogs) post(path string, form url.Values) string {
	v.t.Helper()
	answer, err := http.PostForm("http://"+v.http+path, form)
	require.NoError(v.t, err)
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	require.NoError(v.t, err)
	require.Equal(v.t, http.StatusOK, answer.StatusCode, "%s", body)
	return string(body)
}
