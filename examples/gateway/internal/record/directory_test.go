package record

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// private returns the path of a directory that does not exist.
func private(t *testing.T) string { return filepath.Join(t.TempDir(), "recordings") }

// files returns the names in a directory.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func open(t *testing.T, dir string) *directory {
	t.Helper()
	d, err := openDirectory(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = d.close() })
	return d
}

func TestFilesAreTheirOwnersAlone(t *testing.T) {
	dir := private(t)
	d := open(t, dir)
	at := time.Date(2026, 11, 30, 8, 15, 2, 123456789, time.FixedZone("", 3600))
	require.NoError(t, d.create(at, "userlock", 401, refused, []byte("one")))
	require.NoError(t, d.create(at, "userlock", 401, refused, []byte("two")))
	require.NoError(t, d.create(at, "userlock", 200, named, []byte("three")))
	require.Equal(t, []string{
		"20261130T071502.123Z-userlock-200-warned.http", "20261130T071502.123Z-userlock-401.http", "20261130T071502.124Z-userlock-401.http",
	}, files(t, dir))
	for name, want := range map[string]string{"20261130T071502.123Z-userlock-401.http": "one", "20261130T071502.124Z-userlock-401.http": "two"} {
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, want, string(content))
		info, err := os.Stat(filepath.Join(dir, name))
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o600), info.Mode())
	}
	info, err := os.Stat(dir)
	require.NoError(t, err)
	assert.Equal(t, fs.ModeDir|0o700, info.Mode())
}

func TestDirectoriesThatAreRefused(t *testing.T) {
	parent := t.TempDir()
	at := func(name string) string { return filepath.Join(parent, name) }
	for _, mode := range []fs.FileMode{0o750, 0o701, 0o720} {
		name := at(fmt.Sprintf("%o", mode))
		require.NoError(t, os.Mkdir(name, 0o700))
		require.NoError(t, os.Chmod(name, mode))
	}
	require.NoError(t, os.WriteFile(at("file"), nil, 0o600))
	require.NoError(t, os.Mkdir(at("right"), 0o700))
	require.NoError(t, os.Symlink(at("750"), at("link")))
	for path, want := range map[string]string{
		"750": "others can read the directory or write to it: its mode is 0750, want 0700", "701": "0701", "720": "0720", "link": "0750",
		"file": "not a directory", "file/x": "not a directory", "missing/x": "no such file",
	} {
		assert.ErrorContains(t, Check(at(path)), want, path)
		_, err := openDirectory(at(path))
		assert.Error(t, err, path)
	}
	for _, path := range []string{"right", "new", "new/", "right/new"} {
		assert.NoError(t, Check(at(path)), path)
	}
	assert.NoFileExists(t, at("new"), "Check makes nothing")
	if os.Geteuid() == 0 {
		require.NoError(t, os.Chown(at("right"), 4711, 0))
		assert.EqualError(t, Check(at("right")), "the directory belongs to another user")
		_, err := openDirectory(at("right"))
		assert.EqualError(t, err, "the directory belongs to another user")
	}
}

// Each vendor and kind has room of its own, and gives up its oldest recordings first.
func TestRoom(t *testing.T) {
	dir := private(t)
	d := open(t, dir)
	start := time.Now()
	put := func(i int, vendor string, k kind, size int) {
		t.Helper()
		content := []byte(strings.Repeat("x", size))
		require.NoError(t, d.makeRoom(vendor, k, size))
		require.NoError(t, d.create(start.Add(time.Duration(i)*time.Millisecond), vendor, 400, k, content))
	}
	count := func(part string) int {
		return len(slices.DeleteFunc(files(t, dir), func(name string) bool { return !strings.Contains(name, part) }))
	}
	put(0, "relock", warned, 10)
	put(0, "relock", named, 10)
	put(0, "unloc", refused, 10)
	for i := range maxFiles + 20 {
		put(i, "relock", refused, 10)
	}
	assert.Equal(t, maxFiles, count("relock-400.http"))
	assert.Equal(t, 2, count("relock-400-warned.http"))
	assert.Equal(t, 1, count("unloc"))
	assert.NotContains(t, files(t, dir), start.UTC().Format(timeLayout)+"-relock-400.http")
	assert.Contains(t, files(t, dir), start.Add((maxFiles+19)*time.Millisecond).UTC().Format(timeLayout)+"-relock-400.http")

	for i := range 5 {
		put(1000+i, "relock", refused, maxBytes/3)
	}
	assert.Equal(t, 3, count("relock-400.http"))
	assert.Equal(t, 2, count("relock-400-warned.http"))
}

// What no recorder has written stays, whatever it is called.
func TestForeignFilesStay(t *testing.T) {
	dir := private(t)
	d := open(t, dir)
	old := time.Now().Add(-2 * maxAge).UTC().Format(timeLayout)
	foreign := []string{"notes.txt", old + "-relock-401.txt", old + "-relock-401.http.bak", "x" + old + "-relock-401.http", old + "-RELOCK-401.http", ".x.tmp", "20261399T071502.123Z-relock-401.http", "." + old + "-relock-401.http.tmp"}
	for _, name := range foreign {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), nil, 0o600))
	}
	require.NoError(t, os.Mkdir(filepath.Join(dir, old+"-relock-401.http"), 0o700))
	require.NoError(t, os.Symlink("notes.txt", filepath.Join(dir, old+"-relock-402.http")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, old+"-relock-403.http"), nil, 0o600))
	ahead := time.Now().Add(2 * maxAge).UTC().Format(timeLayout)
	require.NoError(t, os.WriteFile(filepath.Join(dir, ahead+"-relock-200-warned.http"), nil, 0o600))
	left := "." + old + "-relock-404.http.tmp" // of a process that was killed
	require.NoError(t, os.WriteFile(filepath.Join(dir, left), nil, 0o600))
	require.NoError(t, os.Chtimes(filepath.Join(dir, left), time.Time{}, time.Now().Add(-2*time.Hour)))

	require.NoError(t, d.makeRoom("", refused, 0))
	assert.ElementsMatch(t, append(foreign, old+"-relock-401.http", old+"-relock-402.http"), files(t, dir))
}

// Two gateways may share a directory: each recording is there once and whole.
func TestSharedDirectory(t *testing.T) {
	dir := private(t)
	at := time.Now()
	var wg sync.WaitGroup
	const writers, each = 4, 20
	for w := range writers {
		d := open(t, dir)
		wg.Go(func() {
			for i := range each {
				assert.NoError(t, d.makeRoom("relock", refused, 10))
				assert.NoError(t, d.create(at, "relock", 401, refused, fmt.Appendf(nil, "%d %d", w, i)))
			}
		})
	}
	wg.Wait()
	contents := make(map[string]bool)
	for _, name := range files(t, dir) {
		assert.Regexp(t, fileName, name)
		content, err := os.ReadFile(filepath.Join(dir, name))
		require.NoError(t, err)
		contents[string(content)] = true
	}
	assert.Len(t, contents, writers*each)
}

// Recordings are removed after a day, also while nothing comes.
func TestOldRecordingsAreRemoved(t *testing.T) {
	dir := private(t)
	synctest.Test(t, func(t *testing.T) {
		d := open(t, dir)
		require.NoError(t, d.create(time.Now().Add(-maxAge-time.Second), "relock", 401, refused, nil))
		require.NoError(t, d.create(time.Now(), "relock", 200, warned, nil))
		r := New(Config{Dir: dir, Registry: prometheus.NewRegistry()})
		require.NoError(t, r.Start())
		synctest.Wait()
		assert.Len(t, files(t, dir), 1)
		time.Sleep(maxAge - time.Second)
		synctest.Wait()
		assert.Len(t, files(t, dir), 1)
		time.Sleep(2 * time.Minute)
		synctest.Wait()
		assert.Empty(t, files(t, dir))
		r.Close(t.Context())
	})
}
