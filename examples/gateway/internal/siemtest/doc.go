// Package siemtest tests what the gateway sends to other systems with two of them, which
// run as processes of their own: VictoriaLogs, a log store that takes what Elasticsearch,
// Splunk and OpenTelemetry collectors take, and rsyslog, the relay in front of most SIEMs.
// It has tests only.
//
//	GOBIN=DIR go install github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs@v1.52.1
//	apt-get install rsyslog
//	ACCESSHOOK_SIEM=on ACCESSHOOK_VICTORIA_LOGS=DIR/victoria-logs go test -v ./examples/gateway/internal/siemtest
//
// ACCESSHOOK_VICTORIA_LOGS and ACCESSHOOK_RSYSLOG name the programs; without them,
// victoria-logs and rsyslogd are looked up in PATH. Without a program its tests are
// skipped, but fail where CI is set. Without ACCESSHOOK_SIEM=on all are left out. With
// -artifacts, the logs of all processes stay in the folder that it prints.
package siemtest
