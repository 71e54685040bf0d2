package sink_test

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

// A receiver keeps what it gets, and says to all that it has taken it.
type receiver struct {
	mu   sync.Mutex
	text strings.Builder
}

func (r *receiver) add(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.text.WriteString(text)
}

func (r *receiver) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.text.String()
}

// overHTTP answers with this body, and takes only this header.
func (r *receiver) overHTTP(t *testing.T, path, header, value, answer string) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		assert.NoError(t, err)
		assert.Equal(t, path, q.URL.Path)
		if q.Header.Get(header) != value {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		r.add(string(body))
		_, _ = io.WriteString(w, answer)
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// overTCP keeps what comes over TCP.
func (r *receiver) overTCP(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				for in := bufio.NewReader(c); ; {
					b, err := in.ReadByte()
					if err != nil {
						return
					}
					r.add(string(b))
				}
			}()
		}
	}()
	return "tcp://" + l.Addr().String()
}

// five returns a receiver for each kind of sink, with the flags and variables for them.
func five(t *testing.T) (receivers map[string]*receiver, env, args []string) {
	receivers = map[string]*receiver{"hec": {}, "otlp": {}, "syslog": {}, "forward": {}}
	env = []string{
		"HEC_TOKEN=canary-token", "OTLP_HEADERS=x-api-key=canary-key,authorization=Basic canary", "FORWARD_AUTHORIZATION=Bearer canary-forward",
	}
	args = []string{
		"-hec", receivers["hec"].overHTTP(t, "/services/collector/event", "Authorization", "Splunk canary-token", `{"text":"Success","code":0}`),
		"-otlp", receivers["otlp"].overHTTP(t, "/v1/logs", "X-Api-Key", "canary-key", ""),
		"-syslog", receivers["syslog"].overTCP(t),
		"-forward", receivers["forward"].overHTTP(t, "/in", "Authorization", "Bearer canary-forward", "") + "/in",
	}
	return receivers, env, args
}

// forms are what each kind of sink sends.
var forms = map[string]string{
	"hec": `"class_uid":`, "otlp": "accesshook.id", "syslog": "CEF:0|", "forward": `"specversion":"1.0"`,
}

var testID = regexp.MustCompile(`has the ID (\S+) and`)

func TestTestSinksOfEveryKind(t *testing.T) {
	receivers, env, args := five(t)
	status, stdout, stderr := gatewaytest.RunToEnd(t, env, append([]string{"test-sinks"}, args...)...)
	assert.Zero(t, status, "%s%s", stdout, stderr)
	id := testID.FindStringSubmatch(stdout)
	require.NotNil(t, id, stdout)
	p := gatewaytest.New(t, nil) // for its patience
	for name, r := range receivers {
		p.Eventually(name+" has not got the event", func() bool { return strings.Contains(r.String(), id[1]) })
		assert.Contains(t, r.String(), forms[name], name)
		assert.Regexp(t, `(?m)^`+name+` +taken `, stdout)
	}
	gatewaytest.RequireNoSecret(t, stdout, stderr)

	// One that fails does not keep the others back.
	status, stdout, _ = gatewaytest.RunToEnd(t, append(env[1:], "HEC_TOKEN=canary-old"), append([]string{"test-sinks"}, args...)...)
	assert.Equal(t, 1, status)
	assert.Regexp(t, `(?m)^hec +failed .*401 Unauthorized`, stdout)
	assert.Equal(t, 3, strings.Count(stdout, " taken "), stdout)
	gatewaytest.RequireNoSecret(t, stdout)
}

// While one sink is down, the others and standard output get every event.
func TestOneSinkOfFiveIsDown(t *testing.T) {
	for name, where := range map[string][]string{"queue": {"-queue", "1000"}, "store": {"-data", t.TempDir()}} {
		t.Run(name, func(t *testing.T) {
			e := newElastic(t)
			e.set(func() { e.down = true })
			receivers, env, args := five(t)
			args = append(append(args, where...), "-demo", "-demo-fast", "-elasticsearch", e.URL, "-hec-format", "ecs")
			p := gatewaytest.Start(t, env, args...)
			p.Eventually("the demo has not ended", func() bool { return strings.Contains(p.Stderr.String(), "every event was sent") })
			sent := demoSent(p)
			want := printed(p, sent)
			for sink, r := range receivers {
				p.RequireMetrics(p.URL, map[string]float64{
					`accesshook_sink_events_total{result="taken",sink="` + sink + `"}`:  float64(sent),
					`accesshook_sink_events_total{result="failed",sink="` + sink + `"}`: 0,
				})
				p.Eventually(sink+" has not got all", func() bool {
					text := r.String()
					for _, id := range want {
						if !strings.Contains(text, id) {
							return false
						}
					}
					return true
				})
			}
			assert.Contains(t, receivers["hec"].String(), `"ecs":{"version":`)
			assert.Empty(t, e.ids(t))
			p.RequireMetrics(p.URL, map[string]float64{`accesshook_sink_failing{kind="connection",sink="elasticsearch"}`: 1})

			e.set(func() { e.down = false })
			p.Eventually("the one that was down has not got all", e.has(sent))
			assert.Equal(t, want, e.ids(t))
			assert.Zero(t, e.again)
		})
	}
}
