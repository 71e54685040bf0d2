package verify

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// AllOf returns a [Verifier] that accepts what every one of the verifiers
// accepts. Its label joins theirs with " + ". It panics if one of them is nil.
func AllOf(first, second Verifier, more ...Verifier) Verifier {
	return allOf(nonNil(first, second, more))
}

// AnyOf returns a [Verifier] that accepts what at least one of the verifiers
// accepts, under the label of the first that does. It is as weak as the weakest
// of them: it is for moving from one credential to another. It panics if one of
// them is nil.
func AnyOf(first, second Verifier, more ...Verifier) Verifier {
	return anyOf(nonNil(first, second, more))
}

func nonNil(first, second Verifier, more []Verifier) []Verifier {
	all := append([]Verifier{first, second}, more...)
	for i, v := range all {
		if v == nil {
			panic(fmt.Sprintf("verify: verifier %d is nil", i+1))
		}
	}
	return all
}

type allOf []Verifier

func (a allOf) Precheck(r *http.Request) error {
	for _, v := range a {
		if _, _, err := precheck(v, r); err != nil {
			return err
		}
	}
	return nil
}

func (a allOf) Verify(r *http.Request, body []byte) (by string, err error) {
	by, _, err = a.VerifyBody(r, body)
	return by, err
}

func (a allOf) VerifyBody(r *http.Request, body []byte) (by string, masked []byte, err error) {
	labels := make([]string, 0, len(a))
	masked = body
	for _, v := range a {
		// All see the body as it came, since one may sign what another masks.
		// Only a second one that masks works on what the first has left.
		label, m, err := verifyBody(v, r, body)
		if err == nil && !same(m, body) && !same(masked, body) {
			_, m, err = verifyBody(v, r, masked)
		}
		if err != nil {
			return "", nil, err
		}
		if !same(m, body) {
			masked = m
		}
		labels = append(labels, label)
	}
	return strings.Join(labels, " + "), masked, nil
}

func same(a, b []byte) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }

func (a allOf) Challenge() string { return firstChallenge(a) }

type anyOf []Verifier

func (a anyOf) Precheck(r *http.Request) error {
	var errs []error
	for _, v := range a {
		_, _, err := precheck(v, r)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

func (a anyOf) Verify(r *http.Request, body []byte) (by string, err error) {
	by, _, err = a.VerifyBody(r, body)
	return by, err
}

func (a anyOf) VerifyBody(r *http.Request, body []byte) (by string, masked []byte, err error) {
	var errs []error
	for _, v := range a {
		by, masked, err := verifyBody(v, r, body)
		if err == nil {
			return by, masked, nil
		}
		errs = append(errs, err)
	}
	return "", nil, errors.Join(errs...)
}

func (a anyOf) Challenge() string { return firstChallenge(a) }

func firstChallenge(vs []Verifier) string {
	for _, v := range vs {
		if c := challenge(v); c != "" {
			return c
		}
	}
	return ""
}
