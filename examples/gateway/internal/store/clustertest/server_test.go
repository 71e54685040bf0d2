//go:build unix

package clustertest

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// A server is a NATS server, as a process.
type server struct {
	t                      *testing.T
	name                   string
	binary, config         string
	env                    []string // beside that of the test
	client, route, monitor string   // addresses
	log                    string   // file

	cmd    *exec.Cmd
	exited chan struct{} // closed once it has
}

func (s *server) start() {
	s.t.Helper()
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	require.NoError(s.t, err)
	defer log.Close() // the process has its own
	s.cmd = exec.Command(s.binary, "-c", s.config)
	s.cmd.Env = append(os.Environ(), s.env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	require.NoError(s.t, s.cmd.Start())
	exited := make(chan struct{})
	s.exited = exited
	go func(cmd *exec.Cmd) {
		defer close(exited)
		_ = cmd.Wait()
	}(s.cmd)
}

func (s *server) signal(sig syscall.Signal) {
	s.t.Helper()
	require.NoError(s.t, s.cmd.Process.Signal(sig))
}

// kill kills the server, also a paused one, or one that is not running.
func (s *server) kill() {
	if s.cmd == nil {
		return
	}
	_ = s.cmd.Process.Kill()
	<-s.exited
}

func (s *server) pause()  { s.signal(syscall.SIGSTOP) }
func (s *server) resume() { s.signal(syscall.SIGCONT) }

// leave has the server give its work to the others, send its clients away, and exit.
func (s *server) leave() {
	s.t.Helper()
	s.signal(syscall.SIGUSR2)
	select {
	case <-s.exited:
	case <-time.After(patience):
		s.kill()
		require.Fail(s.t, "the server does not stop", s.name)
	}
}

// get reads a page of the monitoring port, and reports whether it was answered 200.
func (s *server) get(path string, into any) bool {
	client := http.Client{Timeout: time.Second}
	answer, err := client.Get("http://" + s.monitor + path)
	if err != nil {
		return false
	}
	defer answer.Body.Close()
	return answer.StatusCode == http.StatusOK && json.NewDecoder(answer.Body).Decode(into) == nil
}

// healthy reports whether the server has caught up with the others.
func (s *server) healthy() bool { return s.get("/healthz", new(struct{})) }

// users returns the users of the open connections.
func (s *server) users() (users []string) {
	var page struct {
		Connections []struct {
			User string `json:"authorized_user"`
		}
	}
	s.get("/connz?auth=true", &page)
	for _, c := range page.Connections {
		users = append(users, c.User)
	}
	return users
}

// configure writes the configuration. The others are reached through the proxies alone:
// the address that the server would tell them is a dead one.
func (s *server) configure(dir, certFile, keyFile string, peers []*proxy) {
	s.t.Helper()
	tls := fmt.Sprintf(`tls { cert_file: %q, key_file: %q, ca_file: %q, timeout: 10 }`, certFile, keyFile, certFile)
	routes := make([]string, len(peers))
	for i, p := range peers {
		routes[i] = fmt.Sprintf("%q", "nats-route://route:canary-route@"+p.Addr().String())
	}
	text := fmt.Sprintf(`
server_name: %s
listen: %q
http: %q
%s
lame_duck_grace_period: "1s"
lame_duck_duration: "30s"
jetstream { store_dir: %q, max_file_store: 1TB }
cluster {
	name: test
	listen: %q
	advertise: "127.0.0.1:1"
	authorization { user: route, password: canary-route, timeout: 10 }
	%s
	routes: [ %s ]
}
accounts {
	APP { jetstream: enabled, users: [
		{ user: gateway-0, password: %[9]s }, { user: gateway-1, password: %[9]s }, { user: test, password: %[9]s } ] }
	SYS { users: [ { user: sys, password: %[9]s } ] }
}
system_account: SYS
`, s.name, s.client, s.monitor, tls, filepath.Join(dir, s.name), s.route, tls, strings.Join(routes, ", "), password)
	require.NoError(s.t, os.WriteFile(s.config, []byte(text), 0o600))
}

const password = "canary-nats"

// unusedAddress returns an address that nobody listens on, and that no connection gets
// while the server is away: it is below the ports that the system gives out.
func unusedAddress(t *testing.T) string {
	t.Helper()
	for range 1000 {
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", nextPort.Add(1)))
		if err == nil {
			require.NoError(t, l.Close())
			return l.Addr().String()
		}
	}
	require.Fail(t, "no port is free")
	return ""
}
