package encodertest

import "testing"

// Fails reports whether a check fails, such as that against a schema for a document that
// is not valid. The check may call Helper, Errorf and FailNow, as testify does.
func Fails(t testing.TB, check func(testing.TB)) (failed bool) {
	t.Helper()
	f := &failing{TB: t}
	defer func() {
		if r := recover(); r != nil && r != f {
			panic(r)
		}
		failed = f.failed
	}()
	check(f)
	return f.failed
}

type failing struct {
	testing.TB
	failed bool
}

func (f *failing) Errorf(string, ...any) { f.failed = true }

func (f *failing) FailNow() {
	f.failed = true
	panic(f)
}
