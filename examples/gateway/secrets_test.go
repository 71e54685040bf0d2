package main

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
)

const (
	readAgain   = `msg="read secrets again" vendor=`
	cannotRead  = `msg="cannot read secrets again, the old ones stay" vendor=`
	shortWarned = `msg="a password is short and can be guessed" variable=`
)

// replaceFile replaces a file atomically, as for mounted secrets.
func replaceFile(t *testing.T, name, text string) {
	t.Helper()
	next := filepath.Join(filepath.Dir(name), "next")
	require.NoError(t, os.WriteFile(next, []byte(text), 0o600))
	require.NoError(t, os.Rename(next, name))
}

// hangUp sends SIGHUP and returns when the log has the message once more.
func (p *process) hangUp(logs string) {
	p.t.Helper()
	before := strings.Count(p.stderr.String(), logs)
	require.NoError(p.t, p.cmd.Process.Signal(syscall.SIGHUP))
	p.eventually("SIGHUP: nothing logged: "+logs, func() bool { return strings.Count(p.stderr.String(), logs) > before })
}

func TestSIGHUPSwapsSecretsUnderLoad(t *testing.T) {
	const (
		both = "canary-in-both-files"
		old  = "canary-in-the-old-file"
		next = "canary-in-the-new-file"

		oldFile, newFile = old + "\n" + both + "\n", both + "\n" + next + "\n"
	)
	file := writeFile(t, oldFile)
	p := start(t, []string{"RELOCK_SECRETS_FILE=" + file})
	require.Equal(t, 200, p.from(old, "before", "", ""))
	require.Equal(t, 401, p.from(next, "before", "", ""))

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
				r, err := relock.NewRequest(t.Context(), p.url+"/webhooks/relock", both, &relock.SessionEnded{Duration: sent.Add(1)})
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
		replaceFile(t, file, newFile)
		p.hangUp(readAgain + "relock")
		replaceFile(t, file, oldFile)
		p.hangUp(readAgain + "relock")
		p.eventually("nobody sends", func() bool { return sent.Load() > before })
	}
	replaceFile(t, file, newFile)
	p.hangUp(readAgain + "relock")
	assert.Equal(t, 401, p.from(old, "after", "", ""), "a removed secret")
	assert.Equal(t, 200, p.from(next, "after", "", ""), "an added secret")
	close(stop)
	wg.Wait()
	t.Log(sent.Load(), "requests")
}

func TestSIGHUPWithABrokenFileKeepsTheOldSecrets(t *testing.T) {
	const secret = "canary-relock-secret"
	file := writeFile(t, secret)
	p := start(t, []string{"RELOCK_SECRETS_FILE=" + file})
	for i, broken := range []string{"", "\n", "canary-new-secret\n\n", " canary-new-secret", "canary-new-\x00secret", "canary-new-secret\n\ncanary", "canary-01234567"} {
		replaceFile(t, file, broken)
		p.hangUp(cannotRead + "relock")
		require.Equal(t, 200, p.from(secret, fmt.Sprint("broken ", i), "", ""))
		require.Equal(t, 401, p.from("canary-new-secret", fmt.Sprint("broken ", i), "", ""))
	}
	require.NoError(t, os.Remove(file))
	p.hangUp(cannotRead + "relock")
	require.Equal(t, 200, p.from(secret, "without a file", "", ""))
	assert.Contains(t, p.stderr.String(), "RELOCK_SECRETS_FILE: cannot read the file")

	replaceFile(t, file, "canary-new-secret")
	p.hangUp(readAgain + "relock")
	require.Equal(t, 200, p.from("canary-new-secret", "mended", "", ""))
	require.Equal(t, 401, p.from(secret, "mended", "", ""))
}

func TestSIGHUPOfEveryVendor(t *testing.T) {
	const newID = "ab12cd34-0000-47ca-9a27-ca9a27ca9a27"
	relockFile, loginRadiusFile := writeFile(t, "canary-relock-old"), writeFile(t, "canary-loginradius-old")
	unlocFile, userLockFile := writeFile(t, "gate:canary-unloc-password-old"), writeFile(t, canaryID)
	p := start(t, []string{
		"RELOCK_SECRETS_FILE=" + relockFile, "LOGINRADIUS_SECRETS_FILE=" + loginRadiusFile,
		"UNLOC_CREDENTIALS_FILE=" + unlocFile, "USERLOCK_IDS_FILE=" + userLockFile,
	})
	replaceFile(t, relockFile, "canary-relock-new")
	replaceFile(t, loginRadiusFile, "")
	replaceFile(t, unlocFile, "gate:canary-unloc-password-new")
	replaceFile(t, userLockFile, newID)
	p.hangUp(readAgain + "userlock")
	p.eventually("not all were read", func() bool { return strings.Contains(p.stderr.String(), cannotRead+"loginradius") })

	for id, want := range map[string]int{canaryID: 401, newID: 200} {
		status, _ := p.send(userlock.NewRequest(t.Context(), p.url+"/webhooks/userlock", id, &userlock.Notification{EventType: "1"}))
		assert.Equal(t, want, status)
	}
	for password, want := range map[string]int{"canary-unloc-password-old": 401, "canary-unloc-password-new": 200} {
		status, _ := p.send(unloc.NewRequest(t.Context(), p.url+"/webhooks/unloc", "gate", password, &unloc.AccessEvent{ID: "e", Action: "locked"}))
		assert.Equal(t, want, status)
	}
	assert.Equal(t, 401, p.from("canary-relock-old", "1", "", ""))
	assert.Equal(t, 200, p.from("canary-relock-new", "2", "", ""))
	status, _ := p.send(loginradius.NewRequest(t.Context(), p.url+"/webhooks/loginradius", "canary-loginradius-old", &loginradius.Hook{HookName: "login", HookID: "1"}))
	assert.Equal(t, 200, status, "one broken file does not keep the others back, and keeps its own")
}

func TestSIGHUPWithoutFiles(t *testing.T) {
	p := start(t, []string{"RELOCK_SECRETS=canary-relock-secret"}, "-demo")
	p.hangUp("there are no secrets to read again")
	require.Equal(t, 200, p.from("canary-relock-secret", "after", "", ""))
}

// A SIGHUP during the start does not kill the gateway and is not lost. The file is a
// FIFO, so that the gateway blocks in the middle of its start, and each time it reads the
// file.
func TestSIGHUPDuringTheStart(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	require.NoError(t, syscall.Mkfifo(fifo, 0o600))
	p := newProcess(t, []string{"RELOCK_SECRETS_FILE=" + fifo})
	give := func(secret string) (w *os.File) {
		p.eventually("it does not read the file", func() bool {
			var err error
			w, err = os.OpenFile(fifo, os.O_WRONLY|syscall.O_NONBLOCK, 0) // fails while nobody reads
			return err == nil
		})
		_, err := w.WriteString(secret)
		require.NoError(t, err)
		return w
	}
	p.starting()
	t.Cleanup(p.stop)
	w := give("canary-relock-secret")
	require.NoError(t, p.cmd.Process.Signal(syscall.SIGHUP))
	require.NoError(t, w.Close())
	p.started()

	require.NoError(t, give("canary-relock-renewed").Close())
	p.eventually("SIGHUP got lost", func() bool { return strings.Contains(p.stderr.String(), readAgain+"relock") })
	assert.Equal(t, 200, p.from("canary-relock-renewed", "after", "", ""))
	assert.Equal(t, 401, p.from("canary-relock-secret", "after", "", ""))
}

func TestShortPasswordsAreWarnedOfOnce(t *testing.T) {
	for name, test := range map[string]struct {
		variable, value string
		short           bool
	}{
		"Relock, 16 bytes":      {"RELOCK_SECRETS", "canary-012345678", false},
		"LoginRadius, 16 bytes": {"LOGINRADIUS_SECRETS", "canary-012345678", false},
		"Unloc, 15 bytes":       {"UNLOC_CREDENTIALS", "a-user-that-is-long:canary-01234567", true},
		"Unloc, one of two":     {"UNLOC_CREDENTIALS", "u:canary-012345678,v:canary-01234567", true},
		"Unloc, 16 bytes":       {"UNLOC_CREDENTIALS", "u:canary-012345678", false},
		"UserLock":              {"USERLOCK_IDS", canaryID, false},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, []string{test.variable + "=" + test.value})
			p.stop()
			want := 0
			if test.short {
				want = 1
			}
			assert.Equal(t, want, strings.Count(p.stderr.String(), shortWarned+test.variable+" "), "stderr:\n%s", &p.stderr)
			assert.Equal(t, want, strings.Count(p.stderr.String(), "level=WARN"))
		})
	}
	t.Run("read again", func(t *testing.T) {
		file := writeFile(t, "gate:canary-long-enough")
		p := start(t, []string{"UNLOC_CREDENTIALS_FILE=" + file})
		for _, password := range []string{"canary-1", "canary-2"} {
			replaceFile(t, file, "gate:"+password)
			p.hangUp(readAgain + "unloc")
		}
		p.stop()
		assert.Equal(t, 1, strings.Count(p.stderr.String(), shortWarned+"UNLOC_CREDENTIALS_FILE "))
	})
}
