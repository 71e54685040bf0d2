package event_test

import (
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/accesshook/accesshook/event"
)

// tree is an error with any list of errors below it, nil ones too.
type tree []error

func (tree) Error() string     { return "tree" }
func (t tree) Unwrap() []error { return t }

func TestIsPermanent(t *testing.T) {
	var (
		plain = errors.New("plain")
		perm  = event.Permanent(io.EOF)
		away  = event.Unavailable(plain, time.Second)
	)
	tests := map[string]struct {
		err  error
		want bool
	}{
		"nil":                       {nil, false},
		"plain":                     {plain, false},
		"marked":                    {perm, true},
		"wrapped":                   {fmt.Errorf("w: %w", perm), true},
		"wrapped twice":             {fmt.Errorf("v: %w", fmt.Errorf("w: %w", perm)), true},
		"wrapped as text":           {fmt.Errorf("w: %v", perm), false},
		"wrapped plain":             {fmt.Errorf("w: %w", plain), false},
		"marked twice":              {event.Permanent(perm), true},
		"all joined are":            {errors.Join(perm, event.Permanent(plain)), true},
		"one joined":                {errors.Join(perm), true},
		"one of the joined is not":  {errors.Join(perm, plain), false},
		"first of the joined isn't": {errors.Join(plain, perm), false},
		"last of three isn't":       {errors.Join(perm, perm, plain), false},
		"joined and then marked":    {event.Permanent(errors.Join(plain, io.EOF)), true},
		"joined and then wrapped":   {fmt.Errorf("w: %w", errors.Join(perm, perm)), true},
		"nested, all are":           {errors.Join(perm, errors.Join(perm, fmt.Errorf("w: %w", perm))), true},
		"nested, one is not":        {errors.Join(perm, errors.Join(perm, fmt.Errorf("w: %w", plain))), false},
		"nested in a marked one":    {errors.Join(perm, event.Permanent(errors.Join(plain, plain))), true},
		"two wrapped by fmt":        {fmt.Errorf("%w, %w", perm, perm), true},
		"one of two wrapped by fmt": {fmt.Errorf("%w, %w", perm, plain), false},
		"nils among the joined":     {tree{nil, perm, nil}, true},
		"only nils joined":          {tree{nil, nil}, false},
		"nothing joined":            {tree{}, false},
		"joined with nothing":       {errors.Join(perm, tree{}), false},
		"a passing one":             {away, false},
		"permanent and passing":     {errors.Join(perm, away), false},
		"a panic":                   {&event.PanicError{Value: "x"}, false},
		"a panic with a marked one": {&event.PanicError{Value: perm}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) { assert.Equal(t, tt.want, event.IsPermanent(tt.err)) })
	}
}

func TestIsUnavailable(t *testing.T) {
	var (
		plain = errors.New("plain")
		perm  = event.Permanent(io.EOF)
		away  = event.Unavailable(plain, 2*time.Second)
		long  = event.Unavailable(plain, 5*time.Second)
		none  = event.Unavailable(plain, 0)
	)
	tests := map[string]struct {
		err   error
		after time.Duration
		want  bool
	}{
		"nil":                   {nil, 0, false},
		"plain":                 {plain, 0, false},
		"marked":                {away, 2 * time.Second, true},
		"no time":               {none, 0, true},
		"negative time":         {event.Unavailable(plain, -time.Second), 0, true},
		"parts of a second":     {event.Unavailable(plain, 1500*time.Millisecond), 1500 * time.Millisecond, true},
		"wrapped":               {fmt.Errorf("w: %w", away), 2 * time.Second, true},
		"wrapped as text":       {fmt.Errorf("w: %v", away), 0, false},
		"marked twice":          {event.Unavailable(long, time.Second), 5 * time.Second, true},
		"marked twice, shorter": {event.Unavailable(away, 3*time.Second), 3 * time.Second, true},
		"one of the joined":     {errors.Join(plain, away, perm), 2 * time.Second, true},
		"none of the joined":    {errors.Join(plain, perm), 0, false},
		"the longest, first":    {errors.Join(long, away, none), 5 * time.Second, true},
		"the longest, last":     {errors.Join(none, away, long), 5 * time.Second, true},
		"nested":                {errors.Join(plain, fmt.Errorf("w: %w", errors.Join(plain, long))), 5 * time.Second, true},
		"around the joined":     {event.Unavailable(errors.Join(away, long), time.Second), 5 * time.Second, true},
		"two wrapped by fmt":    {fmt.Errorf("%w, %w", plain, away), 2 * time.Second, true},
		"nils among the joined": {tree{nil, away, nil}, 2 * time.Second, true},
		"nothing joined":        {tree{}, 0, false},
		"permanent":             {perm, 0, false},
		"in a permanent one":    {event.Permanent(away), 2 * time.Second, true},
		"a panic with one":      {&event.PanicError{Value: away}, 0, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			after, ok := event.IsUnavailable(tt.err)
			assert.Equal(t, tt.want, ok)
			assert.Equal(t, tt.after, after)
		})
	}
}

func TestMarkedErrorsStayWhatTheyAre(t *testing.T) {
	for name, err := range map[string]error{
		"Permanent":   event.Permanent(io.EOF),
		"Unavailable": event.Unavailable(io.EOF, time.Second),
	} {
		t.Run(name, func(t *testing.T) {
			assert.ErrorIs(t, err, io.EOF)
			assert.Equal(t, io.EOF.Error(), err.Error())
		})
	}
}

func TestMarkedNilIsNil(t *testing.T) {
	// As an interface, not as a pointer in one: callers compare with nil.
	assert.True(t, event.Permanent(nil) == nil)
	assert.True(t, event.Unavailable(nil, time.Second) == nil)
}
