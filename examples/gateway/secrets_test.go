package main_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/accesshook/accesshook/loginradius"
	"github.com/accesshook/accesshook/relock"
	"github.com/accesshook/accesshook/unloc"
	"github.com/accesshook/accesshook/userlock"

	"github.com/accesshook/accesshook/examples/gateway/internal/gatewaytest"
)

const (
	readAgain   = `msg="read secrets again" variable=`
	cannotRead  = `msg="cannot read secrets again, the old ones stay" variable=`
	shortWarned = ` has fewer than 16 bytes and can be guessed"`
)

// hangUp sends SIGHUP and returns when the log has the message once more.
func hangUp(p *gatewaytest.Process, logs string) {
	p.T.Helper()
	before := strings.Count(p.Stderr.String(), logs)
	require.NoError(p.T, p.Cmd.Process.Signal(syscall.SIGHUP))
	p.Eventually("SIGHUP: nothing logged: "+logs, func() bool { return strings.Count(p.Stderr.String(), logs) > before })
}

func TestSIGHUPSwapsSecretsUnderLoad(t *testing.T) {
	const (
		both = "canary-in-both-files"
		old  = "canary-in-the-old-file"
		next = "canary-in-the-new-file"

		oldFile, newFile = old + "\n" + both + "\n", both + "\n" + next + "\n"
	)
	file := gatewaytest.WriteFile(t, oldFile)
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS_FILE=" + file})
	require.Equal(t, 200, p.From(old, "before", "", ""))
	require.Equal(t, 401, p.From(next, "before", "", ""))

	var sent atomic.Int64
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				r, err := relock.NewRequest(t.Context(), p.URL+"/webhooks/relock", both, &relock.SessionEnded{Duration: sent.Add(1)})
				if !assert.NoError(t, err) {
					return
				}
				answer, err := http.DefaultClient.Do(r)
				if !assert.NoError(t, err) {
					return
				}
				_ = answer.Body.Close()
				if !assert.Equal(t, 200, answer.StatusCode) {
					return
				}
			}
		})
	}
	for range 20 {
		before := sent.Load()
		gatewaytest.ReplaceFile(t, file, newFile)
		hangUp(p, readAgain+"RELOCK_SECRETS_FILE")
		gatewaytest.ReplaceFile(t, file, oldFile)
		hangUp(p, readAgain+"RELOCK_SECRETS_FILE")
		p.Eventually("nobody sends", func() bool { return sent.Load() > before })
	}
	gatewaytest.ReplaceFile(t, file, newFile)
	hangUp(p, readAgain+"RELOCK_SECRETS_FILE")
	assert.Equal(t, 401, p.From(old, "after", "", ""), "a removed secret")
	assert.Equal(t, 200, p.From(next, "after", "", ""), "an added secret")
	close(stop)
	wg.Wait()
	t.Log(sent.Load(), "requests")
}

func TestSIGHUPWithABrokenFileKeepsTheOldSecrets(t *testing.T) {
	const secret = "canary-relock-secret"
	file := gatewaytest.WriteFile(t, secret)
	p := gatewaytest.Start(t, []string{"RELOCK_SECRETS_FILE=" + file})
	for i, broken := range []string{"", "\n", "canary-new-secret\n\n", " canary-new-secret", "canary-new-\x00secret", "canary-new-secret\n\ncanary", "canary-01234567"} {
		gatewaytest.ReplaceFile(t, file, broken)
		hangUp(p, cannotRead+"RELOCK_SECRETS_FILE")
		require.Equal(t, 200, p.From(secret, fmt.Sprint("broken ", i), "", ""))
		require.Equal(t, 401, p.From("canary-new-secret", fmt.Sprint("broken ", i), "", ""))
	}
	require.NoError(t, os.Remove(file))
	hangUp(p, cannotRead+"RELOCK_SECRETS_FILE")
	require.Equal(t, 200, p.From(secret, "without a file", "", ""))
	assert.Contains(t, p.Stderr.String(), "RELOCK_SECRETS_FILE: cannot read the file")

	gatewaytest.ReplaceFile(t, file, "canary-new-secret")
	hangUp(p, readAgain+"RELOCK_SECRETS_FILE")
	require.Equal(t, 200, p.From("canary-new-secret", "mended", "", ""))
	require.Equal(t, 401, p.From(secret, "mended", "", ""))
}

func TestSIGHUPOfEveryVendor(t *testing.T) {
	const newID = "ab12cd34-0000-47ca-9a27-ca9a27ca9a27"
	relockFile, loginRadiusFile := gatewaytest.WriteFile(t, "canary-relock-old"), gatewaytest.WriteFile(t, "canary-loginradius-old")
	unlocFile, userLockFile := gatewaytest.WriteFile(t, "gate:canary-unloc-password-old"), gatewaytest.WriteFile(t, gatewaytest.CanaryID)
	p := gatewaytest.Start(t, []string{
		"RELOCK_SECRETS_FILE=" + relockFile, "LOGINRADIUS_SECRETS_FILE=" + loginRadiusFile,
		"UNLOC_CREDENTIALS_FILE=" + unlocFile, "USERLOCK_IDS_FILE=" + userLockFile,
	})
	gatewaytest.ReplaceFile(t, relockFile, "canary-relock-new")
	gatewaytest.ReplaceFile(t, loginRadiusFile, "")
	gatewaytest.ReplaceFile(t, unlocFile, "gate:canary-unloc-password-new")
	gatewaytest.ReplaceFile(t, userLockFile, newID)
	hangUp(p, readAgain+"USERLOCK_IDS_FILE")
	p.Eventually("not all were read", func() bool { return strings.Contains(p.Stderr.String(), cannotRead+"LOGINRADIUS_SECRETS_FILE") })

	for id, want := range map[string]int{gatewaytest.CanaryID: 401, newID: 200} {
		status, _ := p.Send(userlock.NewRequest(t.Context(), p.URL+"/webhooks/userlock", id, &userlock.Notification{EventType: "1"}))
		assert.Equal(t, want, status)
	}
	for password, want := range map[string]int{"canary-unloc-password-old": 401, "canary-unloc-password-new": 200} {
		status, _ := p.Send(unloc.NewRequest(t.Context(), p.URL+"/webhooks/unloc", "gate", password, &unloc.AccessEvent{ID: "e", Action: "locked"}))
		assert.Equal(t, want, status)
	}
	assert.Equal(t, 401, p.From("canary-relock-old", "1", "", ""))
	assert.Equal(t, 200, p.From("canary-relock-new", "2", "", ""))
	status, _ := p.Send(loginradius.NewRequest(t.Context(), p.URL+"/webhooks/loginradius", "canary-loginradius-old", &loginradius.Hook{HookName: "login", HookID: "1"}))
	assert.Equal(t, 200, status, "one broken file does not keep the others back, and keeps its own")
}

func TestSIGHUPWithoutFiles(t *testing.T) {
	p := gatewaytest.Start(t, gatewaytest.WithRelock, "-demo")
	hangUp(p, "there are no secrets to read again")
	require.Equal(t, 200, p.From("canary-relock-secret", "after", "", ""))
}

// A SIGHUP during the start does not kill the gateway and is not lost. The file is a
// FIFO, so that the gateway blocks in the middle of its start, and each time it reads the
// file.
func TestSIGHUPDuringTheStart(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	p := gatewaytest.New(t, []string{"RELOCK_SECRETS_FILE=" + fifo})
	give := func(secret string) (w *os.File) {
		p.Eventually("it does not read the file", func() bool {
			var err error
			w, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
			return err == nil
		})
		_, err := w.WriteString(secret)
		require.NoError(t, err)
		return w
	}
	p.Starting()
	t.Cleanup(p.Stop)
	w := give("canary-relock-secret")
	require.NoError(t, p.Cmd.Process.Signal(syscall.SIGHUP))
	require.NoError(t, w.Close())
	p.Started()

	require.NoError(t, give("canary-relock-renewed").Close())
	p.Eventually("SIGHUP got lost", func() bool { return strings.Contains(p.Stderr.String(), readAgain+"RELOCK_SECRETS_FILE") })
	assert.Equal(t, 200, p.From("canary-relock-renewed", "after", "", ""))
	assert.Equal(t, 401, p.From("canary-relock-secret", "after", "", ""))
}

func TestShortPasswordsAreWarnedOf(t *testing.T) {
	for name, test := range map[string]struct {
		variable, value string
		short           bool
	}{
		"Relock, 16 bytes":      {"RELOCK_SECRETS", "canary-012345678", false},
		"LoginRadius, 16 bytes": {"LOGINRADIUS_SECRETS", "canary-012345678", false},
		"Unloc, 15 bytes":       {"UNLOC_CREDENTIALS", "a-user-that-is-long:canary-01234567", true},
		"Unloc, one of two":     {"UNLOC_CREDENTIALS", "u:canary-012345678,v:canary-01234567", true},
		"Unloc, 16 bytes":       {"UNLOC_CREDENTIALS", "u:canary-012345678", false},
		"UserLock":              {"USERLOCK_IDS", gatewaytest.CanaryID, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := gatewaytest.Start(t, []string{test.variable + "=" + test.value})
			p.Stop()
			want := 0
			if test.short {
				want = 1
			}
			assert.Equal(t, want, strings.Count(p.Stderr.String(), shortWarned), "stderr:\n%s", &p.Stderr)
			assert.Equal(t, want, strings.Count(p.Stderr.String(), "level=WARN"))
		})
	}
	t.Run("read again", func(t *testing.T) {
		file := gatewaytest.WriteFile(t, "gate:canary-long-enough")
		p := gatewaytest.Start(t, []string{"UNLOC_CREDENTIALS_FILE=" + file})
		for _, password := range []string{"canary-1", "canary-2"} {
			gatewaytest.ReplaceFile(t, file, "gate:"+password)
			hangUp(p, readAgain+"UNLOC_CREDENTIALS_FILE")
		}
		p.Stop()
		assert.Equal(t, 2, strings.Count(p.Stderr.String(), `msg="UNLOC_CREDENTIALS_FILE: the password of entry 1`+shortWarned))
	})
}
